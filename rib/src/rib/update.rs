//! Routes in: what a neighbour's UPDATE does to the tables.

use core::net::Ipv4Addr;
use core::time::Duration;

use bgp_wire::{Family, Nlri, Update};
use ipnet::IpNet;
use smallvec::SmallVec;

use super::{Best, Rib, UpdateOutcome};
use crate::attributes::AttributeStore;
use crate::channel::{ChannelStatistics, Source, SourceId};
use crate::decision::{Candidate, Rules, best_path};
use crate::import::{import_attributes, is_usable};
use crate::next_hop::{NextHopKey, NextHops};
use crate::only_to_customer::{self, Ingress, Leak};
use crate::policy::Policy;
use crate::route::Route;
use crate::table::{Path, Set, Table, TableId};

impl Rib {
    /// Puts in an UPDATE of a neighbour whose session is up. Families without a channel are left out.
    pub fn handle_update(
        &mut self,
        now: Duration,
        from: SourceId,
        update: &Update,
        policy: &mut dyn Policy,
    ) -> UpdateOutcome {
        for unreach in update.unreach() {
            let Some(table) = self.table_of(from, unreach.family) else { continue };
            self.withdraw_all(from, table, unreach.nlri);
        }
        let mut outcome = UpdateOutcome::default();
        if update.reach().next().is_none() {
            return outcome;
        }
        let mut scratch = core::mem::take(&mut self.scratch);
        let Some(peer) = self.source(from).and_then(|source| source.peer.as_ref()) else {
            return outcome;
        };
        let interface = peer.interface;
        let attributes = import_attributes(
            peer,
            update.canonical_attributes(&mut scratch.canonical),
            &mut scratch.edited,
        );
        let usable = is_usable(peer, attributes);
        let ingress = only_to_customer::ingress(peer, attributes);
        for reach in update.reach() {
            let Some(table) = self.table_of(from, reach.family) else { continue };
            if !usable {
                self.reject_all(from, table, reach.nlri);
                continue;
            }
            let covered = only_to_customer::covers(reach.family);
            let attributes = match ingress {
                Ingress::Leak(only_to_customer) if covered => {
                    let before = outcome.leak.map_or(0, |leak| leak.routes);
                    let routes = before + self.reject_all(from, table, reach.nlri);
                    outcome.leak = Some(Leak { only_to_customer, routes });
                    continue;
                }
                Ingress::Add(asn) if covered => {
                    only_to_customer::write_with(attributes, asn, &mut scratch.marked);
                    scratch.marked.view()
                }
                _ => attributes,
            };
            // Families without next hops are none of a table's.
            let Some(next_hop) = reach.next_hop else { continue };
            let next_hop = self.next_hops.intern(NextHopKey { next_hop, interface });
            let id = self.attributes.intern(attributes, next_hop, &mut self.next_hops);
            if self.accept_all(Path::new(id, from, now), table, reach.nlri, policy) {
                outcome.limit_exceeded = Some(reach.family);
            }
            self.attributes.sweep(id, &mut self.next_hops);
        }
        self.scratch = scratch;
        outcome
    }

    fn table_of(&self, source: SourceId, family: Family) -> Option<TableId> {
        let channels = &self.source(source)?.channels;
        channels
            .iter()
            .find(|channel| channel.config.family == family)
            .map(|channel| channel.config.table)
    }

    fn withdraw_all(&mut self, from: SourceId, table: TableId, nlri: Nlri<'_>) {
        let (mut received, mut removed) = (0, 0);
        for net in nlri.prefixes() {
            received += 1;
            removed += u64::from(self.remove_path(table, &net, from));
        }
        self.count(from, table, |statistics| {
            statistics.import_withdraws += received;
            statistics.import_withdraws_accepted += removed;
            statistics.import_withdraws_ignored += received - removed;
        });
    }

    /// Routes that cannot be used: they replace what was there before by nothing. Returns how many.
    fn reject_all(&mut self, from: SourceId, table: TableId, nlri: Nlri<'_>) -> u32 {
        let mut received = 0;
        for net in nlri.prefixes() {
            received += 1;
            self.remove_path(table, &net, from);
        }
        self.count(from, table, |statistics| {
            statistics.import_updates += u64::from(received);
            statistics.import_updates_rejected += u64::from(received);
        });
        received
    }

    /// Runs the import filter and sets the paths; true when the import limit was passed.
    fn accept_all(
        &mut self,
        path: Path,
        table: TableId,
        nlri: Nlri<'_>,
        policy: &mut dyn Policy,
    ) -> bool {
        let from = path.source;
        let Some(channel) = self.source(from).and_then(|source| source.channel(table)) else {
            return false;
        };
        let config = &channel.config;
        let (filter, limit) = (config.import, config.import_limit.unwrap_or(u32::MAX));
        let blocks = config.import_limit_blocks;
        let mut routes = channel.routes;
        let mut counted = ChannelStatistics::default();
        let mut exceeded = false;
        for net in nlri.prefixes() {
            counted.import_updates += 1;
            if !self.passes(filter, &path, table, net, policy) {
                counted.import_updates_filtered += 1;
                routes -= u32::from(self.remove_path(table, &net, from));
                continue;
            }
            if routes >= limit && self.find_path(table, &net, from).is_none() {
                exceeded = true;
                if blocks {
                    counted.import_updates_rejected += 1;
                    continue;
                }
            }
            match self.set_path(table, &net, path) {
                SetPath::Same => counted.import_updates_ignored += 1,
                SetPath::Added => {
                    routes += 1;
                    counted.import_updates_accepted += 1;
                }
                SetPath::Replaced => counted.import_updates_accepted += 1,
            }
        }
        self.count(from, table, |statistics| {
            statistics.import_updates += counted.import_updates;
            statistics.import_updates_rejected += counted.import_updates_rejected;
            statistics.import_updates_filtered += counted.import_updates_filtered;
            statistics.import_updates_ignored += counted.import_updates_ignored;
            statistics.import_updates_accepted += counted.import_updates_accepted;
        });
        exceeded
    }

    fn passes(
        &self,
        filter: crate::Filter,
        path: &Path,
        table: TableId,
        net: IpNet,
        policy: &mut dyn Policy,
    ) -> bool {
        let Some(source) = self.source(path.source) else { return false };
        filter.accepts(policy, || Route {
            net,
            source: source.kind,
            protocol: &source.name,
            from: source.peer.as_ref().map(|peer| peer.address),
            preference: source.preference(table),
            attributes: self.attributes.view(path.attributes),
        })
    }

    fn find_path(&self, table: TableId, net: &IpNet, source: SourceId) -> Option<&Path> {
        let table = self.tables.get(usize::from(table.0))?;
        table.path_of(table.find(net)?, source)
    }

    pub(super) fn count(
        &mut self,
        source: SourceId,
        table: TableId,
        change: impl FnOnce(&mut ChannelStatistics),
    ) {
        if let Some(channel) = self.source_mut(source).and_then(|source| source.channel_mut(table))
        {
            change(&mut channel.statistics);
        }
    }

    pub(super) fn set_path(&mut self, table_id: TableId, net: &IpNet, path: Path) -> SetPath {
        let Some(table) = self.tables.get_mut(usize::from(table_id.0)) else {
            return SetPath::Same;
        };
        let Some(slot) = table.find_or_insert(net) else { return SetPath::Same };
        let before = best_of(table, slot);
        if table.path_of(slot, path.source).is_some_and(|old| old.attributes == path.attributes) {
            return SetPath::Same;
        }
        self.attributes.retain(path.attributes);
        let result = match table.set(slot, path) {
            Some(Set::Replaced(old)) => {
                // Before the old attributes go, since their number could be used anew.
                self.settle(table_id, slot, before);
                self.attributes.release(old, &mut self.next_hops);
                return SetPath::Replaced;
            }
            _ => SetPath::Added,
        };
        if let Some(channel) =
            self.source_mut(path.source).and_then(|source| source.channel_mut(table_id))
        {
            channel.routes += 1;
        }
        self.settle(table_id, slot, before);
        result
    }

    pub(super) fn remove_path(&mut self, table_id: TableId, net: &IpNet, source: SourceId) -> bool {
        let Some(table) = self.tables.get(usize::from(table_id.0)) else { return false };
        table.find(net).is_some_and(|slot| self.remove_from_slot(table_id, slot, source))
    }

    fn remove_from_slot(&mut self, table_id: TableId, slot: u32, source: SourceId) -> bool {
        let Some(table) = self.tables.get_mut(usize::from(table_id.0)) else { return false };
        let before = best_of(table, slot);
        let Some(old) = table.remove(slot, source) else { return false };
        if let Some(channel) =
            self.source_mut(source).and_then(|source| source.channel_mut(table_id))
        {
            channel.routes -= 1;
        }
        self.settle(table_id, slot, before);
        self.attributes.release(old, &mut self.next_hops);
        true
    }

    /// Removes all routes of `source` from a table.
    pub(super) fn flush(&mut self, source: SourceId, table: TableId) {
        let Some(channel) = self.source(source).and_then(|source| source.channel(table)) else {
            return;
        };
        let mut left = channel.routes;
        let slots = self.tables.get(usize::from(table.0)).map_or(0, Table::slots);
        for slot in 0..slots {
            if left == 0 {
                break;
            }
            left -= u32::from(self.remove_from_slot(table, slot, source));
        }
    }

    /// Decides anew which path of a slot is the best, and notes it where that changes something.
    pub(super) fn settle(&mut self, table_id: TableId, slot: u32, before: Best) {
        let Some(table) = self.tables.get_mut(usize::from(table_id.0)) else { return };
        if table.paths(slot).nth(1).is_some() {
            let best = decide(
                table,
                table_id,
                slot,
                &self.sources,
                &self.attributes,
                &self.next_hops,
                &self.rules,
            );
            if let Some(best) = best {
                table.promote(slot, best);
            }
        }
        let after = best_of(table, slot);
        if before == after {
            return;
        }
        table.log.push(slot);
        if after.is_none() && !table.log.has_readers() {
            table.free_if_empty(slot);
        }
        if before.map(|best| best.0) != after.map(|best| best.0) {
            for (best, step) in [(before, -1), (after, 1)] {
                let source = best.and_then(|(source, _)| self.source_mut(source));
                if let Some(channel) = source.and_then(|source| source.channel_mut(table_id)) {
                    channel.preferred = channel.preferred.saturating_add_signed(step);
                }
            }
        }
    }
}

/// What [`Rib::set_path`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SetPath {
    Same,
    Added,
    Replaced,
}

pub(super) fn best_of(table: &Table, slot: u32) -> Best {
    table.best(slot).map(|path| (path.source, path.attributes))
}

/// Runs the decision process over the paths of a slot.
fn decide(
    table: &Table,
    table_id: TableId,
    slot: u32,
    sources: &[Option<Source>],
    attributes: &AttributeStore,
    next_hops: &NextHops,
    rules: &Rules,
) -> Option<SourceId> {
    let paths = table.paths(slot).filter_map(|path| {
        let source = sources.get(usize::from(path.source.0))?.as_ref()?;
        let candidate = candidate(source, table_id, path, attributes, next_hops)?;
        Some((path.source, candidate))
    });
    let (ids, candidates): (SmallVec<[SourceId; 8]>, SmallVec<[Candidate<'_>; 8]>) = paths.unzip();
    let (best, _) = best_path(&candidates, rules)?;
    ids.get(best).copied()
}

fn candidate<'a>(
    source: &Source,
    table: TableId,
    path: &Path,
    attributes: &'a AttributeStore,
    next_hops: &NextHops,
) -> Option<Candidate<'a>> {
    let peer = source.peer.as_ref();
    Some(Candidate {
        preference: source.preference(table),
        facts: attributes.facts(path.attributes)?,
        internal: source.is_internal(),
        igp_metric: next_hops.metric(attributes.next_hop(path.attributes)),
        default_med: peer.map_or(0, |peer| peer.default_med),
        router_id: peer.map_or(Ipv4Addr::UNSPECIFIED, |peer| peer.remote_id),
        address: peer.map(|peer| peer.address),
    })
}
