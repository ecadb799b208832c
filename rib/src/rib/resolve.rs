//! Next hops: how packets reach them, and what follows for the routes that use them (RFC 4271 §9.1.2.1).

use alloc::collections::BTreeSet;
use core::net::IpAddr;

use bgp_wire::NextHop;
use smallvec::SmallVec;

use super::Rib;
use super::path::Field;
use crate::attributes::AttributeSet;
use crate::channel::SourceId;
use crate::decision::{Candidate, best_path};
use crate::extra::{ExtraCode, ExtraRef};
use crate::next_hop::{Difference, Gateway, Lookups, NextHopId, NextHopKey, Resolution};
use crate::route::{Destination, RouteSource};
use crate::table::{Path, TableId};

/// How often one next hop may lead to another.
const MOST_LOOKUPS: usize = 8;
/// What looking up a next hop, or deciding a network anew, costs beside looking at a network in passing.
const EFFORT: usize = 32;

/// What is kept between two calls of [`Rib::work`].
#[derive(Debug, Clone, Default)]
pub(super) struct Resolver {
    walk: Option<Walk>,
    /// Addresses of ours: no next hop can be one of them.
    local: BTreeSet<IpAddr>,
    decided: u64,
}

/// A walk over all tables for routes whose next hops have changed: the place where it goes on.
#[derive(Debug, Clone, Copy, Default)]
struct Walk {
    table: usize,
    slot: u32,
}

/// The cost of a route of another protocol, where it says one.
fn metric_of(set: &AttributeSet<'_>) -> Option<u32> {
    let number = |code| set.extra.number(code);
    let device = || (set.head.kind == RouteSource::Device).then_some(0);
    number(ExtraCode::IGP_METRIC)
        .or_else(device)
        .or_else(|| number(ExtraCode::OSPF_METRIC1))
        .or_else(|| number(ExtraCode::RIP_METRIC))
        .or_else(|| number(ExtraCode::BABEL_METRIC))
}

/// A next hop on a link. RFC 2545 §2: its link-local address is the one for packets.
fn on_link(key: &NextHopKey, extra: ExtraRef<'_>) -> Gateway {
    let interface = extra.number(ExtraCode::INTERFACE);
    let address = match key.next_hop {
        NextHop::V6(_, Some(link_local)) if interface.is_some() => link_local.into(),
        next_hop => next_hop.address(),
    };
    Gateway { address, interface }
}

impl<'a> Field<'a> {
    /// The path of a slot over which next hops are reached. It does not depend on what any next hop that is looked up
    /// has turned out to be, so what is found depends on the routes alone and looking up comes to an end: paths
    /// that need no look-up come before those that do, and among the latter the cost of next hops does not count.
    /// As in BIRD, a route of BGP whose own next hop is looked up carries no other one.
    fn carrier(&self, slot: u32) -> Option<&'a Path> {
        let is_looked_up = |path: &Path| {
            let key = self.next_hops.key(self.attributes.next_hop(path.attributes));
            key.is_some_and(|key| key.igp.is_some())
        };
        let is_bgp = |path: &Path| {
            self.attributes.head(path.attributes).is_some_and(|head| head.kind == RouteSource::Bgp)
        };
        let mut usable = self.table.paths(slot).filter(|path| path.flags.is_usable());
        if let (Some(only), None) = (usable.next(), usable.next()) {
            return (!is_looked_up(only) || !is_bgp(only)).then_some(only);
        }
        let (paths, candidates) = self.candidates(slot);
        let mut all: SmallVec<[(&Path, Candidate<'_>); 8]> =
            paths.into_iter().zip(candidates).collect();
        if all.iter().any(|(path, _)| !is_looked_up(path)) {
            all.retain(|(path, _)| !is_looked_up(path));
        } else {
            all.retain(|(path, _)| !is_bgp(path));
            all.iter_mut().for_each(|(_, candidate)| candidate.igp_metric = Some(0));
        }
        // The order in the slot is a matter of history.
        all.sort_unstable_by_key(|(path, _)| path.id);
        let (paths, candidates): (SmallVec<[&Path; 8]>, SmallVec<[Candidate<'_>; 8]>) =
            all.into_iter().unzip();
        let (best, _) = best_path(&candidates, self.rules)?;
        paths.get(best).copied()
    }
}

impl Rib {
    /// A next hop that has come into use and of which [`Rib::set_next_hop`] may be told. Those that are looked up in a
    /// table are not among them.
    pub fn poll_next_hop(&mut self) -> Option<(NextHopId, NextHopKey)> {
        loop {
            let id = self.next_hops.pop_fresh()?;
            if let Some(key) = self.next_hops.key(id) {
                return Some((id, key));
            }
        }
    }

    /// All next hops in use.
    pub fn next_hops(&self) -> impl Iterator<Item = (NextHopId, NextHopKey)> + '_ {
        self.next_hops.iter()
    }

    /// How packets reach a next hop, if some route uses it.
    pub fn resolution(&self, key: &NextHopKey) -> Option<&Resolution> {
        self.next_hops.resolution(self.next_hops.find(key)?)
    }

    /// Says what it costs to reach a next hop that is not looked up in a table; `None`: it cannot be reached. It is
    /// its own gateway. [`Rib::work`] decides the routes anew that use it.
    pub fn set_next_hop(&mut self, id: NextHopId, metric: Option<u32>) {
        let Some(key) = self.next_hops.key(id) else { return };
        let at_hand = |metric| Resolution::at_hand(&key, metric);
        self.set_resolution(id, metric.map_or_else(Resolution::unreachable, at_hand));
    }

    /// The same, with all that the host knows of how packets reach it.
    pub fn set_resolution(&mut self, id: NextHopId, resolution: Resolution) {
        if self.next_hops.key(id).is_some_and(|key| key.igp.is_none()) {
            self.next_hops.set_resolution(id, resolution);
        }
    }

    /// The addresses of the host itself, all of them: a next hop that is looked up and is one of them cannot be
    /// reached, nor can one that leads there. [`Rib::work`] does what follows.
    pub fn set_local_addresses(&mut self, addresses: impl IntoIterator<Item = IpAddr>) {
        let addresses = addresses.into_iter().collect();
        if self.resolver.local != addresses {
            self.resolver.local = addresses;
            self.next_hops.note_all();
        }
    }

    /// Looks up next hops again where routes have changed that lead to them, and decides those routes anew whose next
    /// hops have changed. One walk over the tables serves all next hops that changed before it began. Where
    /// packets go another way although the best route stays, watchers are told of it and neighbours are not. Returns
    /// what is left of the budget.
    pub(super) fn follow_next_hops(&mut self, budget: usize) -> usize {
        let mut left = budget;
        while left > 0 {
            if let Some(id) = self.next_hops.pop_stale() {
                self.look_up_again(id);
                left = left.saturating_sub(EFFORT);
            } else if self.resolver.walk.is_some() {
                left = self.walk(left);
            } else if self.next_hops.begin_walk() {
                self.resolver.walk = Some(Walk::default());
            } else {
                break;
            }
        }
        left
    }

    /// Whether [`Rib::follow_next_hops`] may have something to do.
    pub(super) fn follows_next_hops(&self) -> bool {
        self.resolver.walk.is_some() || self.next_hops.has_work()
    }

    /// Networks that have been decided anew because of their next hops, since the beginning.
    pub const fn decided_anew(&self) -> u64 {
        self.resolver.decided
    }

    /// The number of a next hop that a neighbour has announced.
    pub(super) fn intern_next_hop(
        &mut self,
        from: SourceId,
        table: TableId,
        next_hop: NextHop,
        interface: Option<u32>,
    ) -> NextHopId {
        let tables = self.channel(from, table).map(|channel| channel.config.igp_tables);
        self.intern_and_look_up(tables.unwrap_or_default().key(next_hop, interface))
    }

    /// The number of a next hop. One that is new is looked up at once, so that its first routes are decided rightly.
    pub(super) fn intern_and_look_up(&mut self, key: NextHopKey) -> NextHopId {
        let id = self.next_hops.intern(key);
        if self.next_hops.take_new(id) {
            self.look_up_again(id);
        }
        id
    }

    fn look_up_again(&mut self, id: NextHopId) {
        let Some(key) = self.next_hops.key(id) else { return };
        let (resolution, lookups) = self.look_up(&key);
        self.next_hops.follow(id, lookups);
        self.next_hops.set_resolution(id, resolution);
    }

    /// How packets reach `key`, and what was looked up for it.
    ///
    /// The longest network with a route decides, whatever its route is good for. A route to a network at hand, or one
    /// whose own next hop is not looked up, is the end; else that next hop is looked up in turn. The metric is that
    /// of the first route that has one.
    pub(super) fn look_up(&self, key: &NextHopKey) -> (Resolution, Lookups) {
        let mut lookups = Lookups::new();
        let mut resolution = Resolution::unreachable();
        let (mut metric, mut key) = (None, *key);
        for _ in 0..MOST_LOOKUPS {
            let Some(igp) = key.igp else { break };
            let address = key.next_hop.address();
            if !lookups.contains(&(igp.table, address)) {
                lookups.push((igp.table, address));
            }
            let Some(field) = self.field(igp.table) else { break };
            let longest = if address.is_ipv4() { 32 } else { 128 };
            let Some(slot) = field.table.longest_match(address, longest) else { break };
            let Some(net) = field.table.net(slot) else { break };
            resolution.rests_on = resolution.rests_on.or(Some((igp.table, net)));
            let allowed = igp.default_route || net.prefix_len() > 0;
            if !allowed || self.resolver.local.contains(&address) {
                break;
            }
            let carrier = field.carrier(slot);
            let Some(set) = carrier.and_then(|path| field.attributes.get(path.attributes)) else {
                break;
            };
            metric = metric.or(metric_of(&set));
            let cost = metric.unwrap_or(Resolution::UNKNOWN_METRIC);
            let next = field.next_hops.key(set.head.next_hop);
            match (set.head.destination, next) {
                (Destination::Unicast, Some(next)) if next.igp.is_some() => key = next,
                (Destination::Unicast, _) => {
                    let rests_on = resolution.rests_on;
                    let found = field.next_hops.resolution(set.head.next_hop);
                    let at_hand = || Resolution::via([on_link(&key, set.extra)], cost);
                    resolution = found.map_or_else(at_hand, |found| found.at_cost(cost));
                    resolution.rests_on = rests_on;
                    break;
                }
                (Destination::Unreachable, _) => break,
                (dropped, _) => {
                    resolution.destination = dropped;
                    resolution.metric = Some(cost);
                    break;
                }
            }
        }
        (resolution, lookups)
    }

    /// Goes on with the walk; returns what is left of the budget.
    fn walk(&mut self, mut left: usize) -> usize {
        while let Some(Walk { table, slot }) = self.resolver.walk {
            let Some(at) = self.tables.get(table) else {
                self.resolver.walk = None;
                self.next_hops.end_walk();
                break;
            };
            if slot >= at.slots() {
                self.resolver.walk = Some(Walk { table: table + 1, slot: 0 });
                continue;
            }
            if left == 0 {
                break;
            }
            let most = u32::try_from(left).unwrap_or(u32::MAX);
            let end = at.slots().min(slot.saturating_add(most));
            let is_concerned = |slot: &u32| {
                let mut usable = at.paths(*slot).filter(|path| path.flags.is_usable());
                usable.any(|path| self.difference(path).is_some())
            };
            let found = (slot..end).find(is_concerned);
            let next = found.map_or(end, |found| found + 1);
            left = left.saturating_sub((next - slot) as usize);
            self.resolver.walk = Some(Walk { table, slot: next });
            if let Some(found) = found {
                left = left.saturating_sub(EFFORT);
                self.decide_anew(table, found);
            }
        }
        left
    }

    /// What the walk has come for.
    fn difference(&self, path: &Path) -> Option<Difference> {
        self.next_hops.walked(self.attributes.next_hop(path.attributes))
    }

    fn decide_anew(&mut self, index: usize, slot: u32) {
        self.settle_cost(TableId(u16::try_from(index).unwrap_or(u16::MAX)), slot);
        self.resolver.decided += 1;
        let best = self.tables.get(index).and_then(|table| table.best(slot));
        if best.and_then(|best| self.difference(best)) == Some(Difference::Gateway)
            && let Some(table) = self.tables.get_mut(index)
        {
            table.log.push_rerouted(slot);
        }
    }
}

#[cfg(test)]
mod tests;
