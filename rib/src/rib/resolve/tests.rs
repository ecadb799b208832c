//! Random tables and changes: what is known of next hops equals what a slow, recursive computation says, and so do the
//! best paths and what a watcher has seen.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::Family;
use ipnet::IpNet;
use proptest::prelude::*;

use super::*;
use crate::{
    AcceptAll, ChannelConfig, ExtraAttributes, IgpTable, IgpTables, Origination, PeerConfig,
    WatcherId,
};

mod cases;

/// Kind and preference of the sources. The last two differ by the cost of next hops alone.
const SOURCES: [(RouteSource, u32); 5] = [
    (RouteSource::Device, 240),
    (RouteSource::Static, 200),
    (RouteSource::Static, 150),
    (RouteSource::Bgp, 100),
    (RouteSource::Bgp, 100),
];
/// Two tables of IPv4 and one of IPv6.
const NETS: [&[&str]; 3] = [
    &["10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.1.1.1/32", "20.0.0.0/8", "0.0.0.0/0"],
    &["10.0.0.0/8", "10.1.1.0/24", "20.0.0.1/32", "0.0.0.0/0"],
    &["2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::1/128", "::/0"],
];
const ADDRESSES: [&str; 7] =
    ["10.1.1.1", "10.1.2.1", "10.2.0.1", "20.0.0.1", "30.0.0.1", "2001:db8:1::1", "2001:db8:2::1"];

fn net(table: usize, index: usize) -> IpNet {
    let nets = NETS[table];
    nets[index % nets.len()].parse().expect("a prefix")
}

fn address(index: usize) -> IpAddr {
    ADDRESSES[index].parse().expect("an address")
}

/// Where a route leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Device(u32),
    Direct(usize, u32),
    /// Address; which of the two IPv4 tables, where it is one of IPv4; whether default routes count.
    LookedUp(usize, usize, bool),
    Drop(Destination),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spec {
    target: Target,
    metric: Option<u32>,
}

#[derive(Debug, Clone)]
enum Step {
    Set(usize, usize, usize, Spec),
    Withdraw(usize, usize, usize),
    /// What the host says of a direct next hop.
    Host(usize, Option<u32>),
    Local(Vec<usize>),
    Work(usize),
    Watch,
}

fn target() -> impl Strategy<Value = Target> {
    let dropped = [Destination::Blackhole, Destination::Unreachable, Destination::Prohibit];
    prop_oneof![
        2 => (1u32..3).prop_map(Target::Device),
        2 => (0..ADDRESSES.len(), 1u32..3).prop_map(|(a, i)| Target::Direct(a, i)),
        6 => (0..ADDRESSES.len(), 0..2usize, any::<bool>())
            .prop_map(|(a, table, default)| Target::LookedUp(a, table, default)),
        1 => prop::sample::select(Vec::from(dropped)).prop_map(Target::Drop),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let spec = (target(), prop::option::of(1u32..4));
    let spec = spec.prop_map(|(target, metric)| Spec { target, metric });
    prop_oneof![
        8 => (0..SOURCES.len(), 0..3usize, 0..6usize, spec)
            .prop_map(|(source, table, net, spec)| Step::Set(source, table, net, spec)),
        4 => (0..SOURCES.len(), 0..3usize, 0..6usize)
            .prop_map(|(source, table, net)| Step::Withdraw(source, table, net)),
        1 => (0..ADDRESSES.len(), prop::option::of(0u32..3))
            .prop_map(|(address, metric)| Step::Host(address, metric)),
        1 => prop::collection::vec(0..ADDRESSES.len(), 0..2).prop_map(Step::Local),
        3 => (1..80usize).prop_map(Step::Work),
        1 => Just(Step::Watch),
    ]
}

/// What a watcher knows of a network: its source and gateways.
type Seen = BTreeMap<(usize, IpNet), (SourceId, Vec<Gateway>)>;

struct World {
    rib: Rib,
    tables: Vec<TableId>,
    sources: Vec<SourceId>,
    routes: BTreeMap<(usize, IpNet, usize), Spec>,
    host: BTreeMap<IpAddr, Option<u32>>,
    local: Vec<IpAddr>,
    watchers: Vec<WatcherId>,
    seen: Seen,
}

impl World {
    fn new() -> Self {
        let mut rib = Rib::new(5);
        let tables = Vec::from([
            rib.add_table("igp4", Family::IPV4_UNICAST),
            rib.add_table("master4", Family::IPV4_UNICAST),
            rib.add_table("master6", Family::IPV6_UNICAST),
        ]);
        let source = |(kind, preference): &(_, _)| rib.add_source("s", *kind, *preference);
        let sources = SOURCES.iter().map(source).collect();
        let watch = |table: &TableId| rib.watch(*table, false).expect("it is there");
        let watchers = tables.iter().map(watch).collect();
        Self {
            rib,
            tables,
            sources,
            routes: BTreeMap::new(),
            host: BTreeMap::new(),
            local: Vec::new(),
            watchers,
            seen: Seen::new(),
        }
    }

    fn key(&self, target: Target) -> Option<NextHopKey> {
        match target {
            Target::Device(_) | Target::Drop(_) => None,
            Target::Direct(index, interface) => {
                Some(NextHopKey::direct(address(index).into(), Some(interface)))
            }
            Target::LookedUp(index, table, default_route) => {
                let address = address(index);
                let table = self.tables[if address.is_ipv4() { table } else { 2 }];
                let igp = Some(IgpTable { table, default_route });
                Some(NextHopKey { next_hop: address.into(), interface: None, igp })
            }
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Set(source, table, index, spec) => {
                let net = net(table, index);
                let mut extra = ExtraAttributes::default();
                if let Some(metric) = spec.metric {
                    extra.set_number(ExtraCode::OSPF_METRIC1, metric);
                }
                if let Target::Device(index) = spec.target {
                    extra.set_number(ExtraCode::INTERFACE, index);
                }
                let destination = match spec.target {
                    Target::Drop(destination) => destination,
                    _ => Destination::Unicast,
                };
                let next_hop = self.key(spec.target);
                let route = Origination { next_hop, destination, extra, ..Origination::default() };
                let (from, id) = (self.sources[source], self.tables[table]);
                self.rib.originate(Duration::ZERO, from, id, net, &route, &mut AcceptAll);
                self.routes.insert((table, net, source), spec);
            }
            Step::Withdraw(source, table, index) => {
                let net = net(table, index);
                let there = self.rib.withdraw(self.sources[source], self.tables[table], &net);
                assert_eq!(there, self.routes.remove(&(table, net, source)).is_some());
            }
            Step::Host(index, metric) => {
                self.host.insert(address(index), metric);
                let all: Vec<_> = self.rib.next_hops().collect();
                for (id, key) in all {
                    if key.igp.is_none() && key.next_hop.address() == address(index) {
                        self.rib.set_next_hop(id, metric);
                    }
                }
            }
            Step::Local(indices) => {
                self.local = indices.into_iter().map(address).collect();
                self.rib.set_local_addresses(self.local.iter().copied());
            }
            Step::Work(budget) => {
                self.rib.work(Duration::ZERO, budget, &mut AcceptAll);
            }
            Step::Watch => self.watch(),
        }
        while let Some((id, key)) = self.rib.poll_next_hop() {
            self.rib.set_next_hop(id, self.answer(&key));
        }
    }

    /// Reads what the watchers are told.
    fn watch(&mut self) {
        for (index, watcher) in self.watchers.iter().enumerate() {
            while let Some(change) = self.rib.poll_change(*watcher) {
                let state = state(&self.rib, change.table, &change.net);
                match state {
                    Some(state) => self.seen.insert((index, change.net), state),
                    None => self.seen.remove(&(index, change.net)),
                };
            }
        }
    }

    fn answer(&self, key: &NextHopKey) -> Option<u32> {
        self.host.get(&key.next_hop.address()).copied().unwrap_or(Some(0))
    }

    /// Looks up from scratch, as the documentation says it.
    fn slow(&self, key: &NextHopKey, steps: usize) -> Resolution {
        let Some(igp) = key.igp else {
            let at_hand = |metric| Resolution::at_hand(key, metric);
            return self.answer(key).map_or_else(Resolution::unreachable, at_hand);
        };
        let mut nothing = Resolution::unreachable();
        let to = key.next_hop.address();
        let table = self.tables.iter().position(|table| *table == igp.table).expect("ours");
        let nets = self.routes.keys().filter(|(at, net, _)| *at == table && net.contains(&to));
        let Some(net) = nets.map(|(_, net, _)| *net).max_by_key(IpNet::prefix_len) else {
            return nothing;
        };
        nothing.rests_on = Some((igp.table, net));
        if steps == 0 || self.local.contains(&to) || (net.prefix_len() == 0 && !igp.default_route) {
            return nothing;
        }
        let paths = || {
            let here = self.routes.iter().filter(move |((at, n, _), _)| (*at, *n) == (table, net));
            here.map(|((_, _, source), spec)| (*source, *spec))
        };
        let looked_up = |spec: &Spec| matches!(spec.target, Target::LookedUp(..));
        let plain = paths().filter(|(_, spec)| !looked_up(spec)).min_by_key(|(source, spec)| {
            let metric = self.key(spec.target).map_or(Some(0), |key| self.answer(&key));
            (!SOURCES[*source].1, metric.is_none(), metric, *source)
        });
        let other = paths()
            .filter(|(source, _)| SOURCES[*source].0 != RouteSource::Bgp)
            .min_by_key(|(source, _)| (!SOURCES[*source].1, *source));
        let Some((source, spec)) = plain.or(other) else { return nothing };
        let device = (SOURCES[source].0 == RouteSource::Device).then_some(0);
        let own = device.or(spec.metric);
        let cost = own.unwrap_or(1 << 31);
        let rests_on = nothing.rests_on;
        let mut found = match spec.target {
            Target::Drop(Destination::Unreachable) => nothing,
            Target::Drop(destination) => {
                let mut dropped = nothing;
                (dropped.destination, dropped.metric) = (destination, Some(cost));
                dropped
            }
            Target::Device(interface) => {
                Resolution::via([Gateway { address: to, interface: Some(interface) }], cost)
            }
            Target::Direct(..) => {
                self.slow(&self.key(spec.target).expect("it has one"), 0).at_cost(cost)
            }
            Target::LookedUp(..) => {
                let next = self.slow(&self.key(spec.target).expect("it has one"), steps - 1);
                own.map_or_else(|| next.clone(), |cost| next.at_cost(cost))
            }
        };
        found.rests_on = rests_on;
        found
    }

    fn check(&mut self) {
        while self.rib.work(Duration::ZERO, 50, &mut AcceptAll) {}
        for (_, key) in self.rib.next_hops() {
            let found = self.rib.resolution(&key).expect("it is in use");
            assert_eq!(found, &self.slow(&key, MOST_LOOKUPS), "{key:?} in {:?}", self.routes);
        }
        let mut best = BTreeMap::new();
        for ((table, net, source), spec) in &self.routes {
            let metric =
                self.key(spec.target).map_or(Some(0), |key| self.slow(&key, MOST_LOOKUPS).metric);
            let rank = (!SOURCES[*source].1, metric.is_none(), metric);
            let least = best.entry((*table, *net)).or_insert(rank);
            *least = (*least).min(rank);
        }
        for ((table, net), rank) in &best {
            let view = self.rib.lookup(self.tables[*table], net).expect("it has a path");
            let path = view.paths().next().expect("it has a path");
            let found = (!path.preference(), path.metric().is_none(), path.metric());
            assert_eq!(&found, rank, "best of {net} in {table}");
        }
        self.watch();
        let now = |(table, net): &(usize, IpNet)| {
            Some(((*table, *net), state(&self.rib, self.tables[*table], net)?))
        };
        assert_eq!(self.seen, best.keys().filter_map(now).collect::<Seen>());
    }
}

/// What a watcher wants to know of a network.
fn state(rib: &Rib, table: TableId, net: &IpNet) -> Option<(SourceId, Vec<Gateway>)> {
    let path = rib.lookup(table, net)?.paths().next()?;
    let gateways = path.resolution().map(|found| found.gateways().to_vec());
    Some((path.source(), gateways.unwrap_or_default()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn every_history_ends_as_if_all_was_looked_up_afresh(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for (at, step) in steps.into_iter().enumerate() {
            world.take(step);
            if at % 8 == 7 {
                world.check();
            }
        }
        world.check();
        for (table, net, source) in world.routes.keys() {
            world.rib.withdraw(world.sources[*source], world.tables[*table], net);
        }
        prop_assert_eq!(world.rib.attribute_sets(), 0);
        prop_assert_eq!(world.rib.next_hops().count(), 0);
        prop_assert!(world.tables.iter().all(|table| !world.rib.next_hops.follows(*table)));
        while world.rib.work(Duration::ZERO, 1, &mut AcceptAll) {}
        prop_assert!(!world.rib.has_work());
    }
}
