//! What must hold when a network has come to rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use ospf3::lsdb::Lsdb;
use ospf3::route::Route;
use ospf3::{AreaId, LsType, LsaHeader, LsaKey, ScopeId};

use crate::network::Network;
use crate::oracle::{self, Path};
use crate::plan::NodeId;

/// What a database holds: the newest instances, those at MaxAge apart.
type Contents = BTreeMap<LsaKey, (i32, u16, u16)>;

fn contents(lsdb: &Lsdb, now: Duration) -> Contents {
    let live = lsdb.iter().map(|(key, entry)| (*key, entry.header(now)));
    let live = live.filter(|(_, header)| !header.is_max_age());
    let instance = |header: LsaHeader| (header.sequence.0, header.checksum, header.length);
    live.map(|(key, header)| (key, instance(header))).collect()
}

impl Network {
    fn lsdb(&self, node: NodeId, scope: ScopeId) -> Contents {
        let router = self.routers[node].as_ref();
        let lsdb = router.and_then(|router| router.instance.lsdb(scope));
        lsdb.map(|lsdb| contents(lsdb, self.now)).unwrap_or_default()
    }

    /// The routers that are up, in groups of those that reach each other through some areas.
    fn groups(&self, areas: &BTreeSet<AreaId>) -> Vec<Vec<NodeId>> {
        let mut groups: Vec<BTreeSet<NodeId>> = Vec::new();
        for (number, link) in self.plan.links.iter().enumerate() {
            if !areas.contains(&link.area) {
                continue;
            }
            for end in &link.ends {
                let heard = self.plan.links[number].ends.iter().filter(|other| {
                    other.up && end.up && other.part == end.part && self.plan.nodes[other.node].up
                });
                let group: BTreeSet<NodeId> = heard.map(|other| other.node).collect();
                let (with, without): (Vec<_>, Vec<_>) =
                    groups.into_iter().partition(|other| !other.is_disjoint(&group));
                groups = without;
                groups.push(with.into_iter().flatten().chain(group).collect());
            }
        }
        groups
            .into_iter()
            .filter(|group| !group.is_empty())
            .map(|group| group.into_iter().collect())
            .collect()
    }

    /// All databases of an area are equal, and so are those of the AS.
    pub(crate) fn check_databases(&self) {
        let areas: BTreeSet<AreaId> = self.plan.links.iter().map(|link| link.area).collect();
        let mut scopes: Vec<(ScopeId, BTreeSet<AreaId>)> =
            areas.iter().map(|area| (ScopeId::Area(*area), BTreeSet::from([*area]))).collect();
        let flooded = areas.into_iter().filter(|area| self.plan.kind(*area).takes_externals());
        scopes.push((ScopeId::As, flooded.collect()));
        for (scope, areas) in scopes {
            for group in self.groups(&areas) {
                let first = self.lsdb(group[0], scope);
                for node in group.iter().filter(|_| scope != ScopeId::As) {
                    let told = first.keys().any(|key| {
                        key.ls_type == LsType::ROUTER
                            && key.advertising_router == self.plan.router_id(*node)
                    });
                    assert!(told, "{scope:?} has no Router-LSA of node {node}");
                }
                for node in &group[1..] {
                    let other = self.lsdb(*node, scope);
                    assert!(
                        first == other,
                        "{scope:?} of {} and {node}\n{}",
                        group[0],
                        difference(&first, &other)
                    );
                }
            }
        }
    }

    /// Every routing table is as the network has it, and so is what was told of it.
    pub(crate) fn check_routes(&self) {
        for (node, expected) in oracle::tables(&self.plan) {
            let router = self.routers[node].as_ref().expect("it is up");
            let table: BTreeMap<_, _> = router
                .instance
                .routes()
                .routes()
                .map(|(prefix, route)| (prefix, route.clone()))
                .collect();
            assert!(table == router.kernel, "node {node} told of other routes than it has");
            let actual: BTreeMap<_, _> =
                table.iter().map(|(prefix, route)| (*prefix, path(route))).collect();
            if actual == expected {
                continue;
            }
            let mut text = format!("the routes of node {node}:\n");
            let prefixes: BTreeSet<_> = actual.keys().chain(expected.keys()).collect();
            for prefix in
                prefixes.into_iter().filter(|prefix| actual.get(prefix) != expected.get(prefix))
            {
                let (is, should) = (actual.get(prefix), expected.get(prefix));
                writeln!(text, "{prefix}\n  is        {is:?}\n  should be {should:?}")
                    .expect("a string");
            }
            panic!("{text}");
        }
    }

    /// At rest there are Hellos, and what refreshing takes.
    pub(crate) fn check_quiet(&mut self) {
        const MINUTES: u64 = 5;
        for router in self.routers.iter_mut().flatten() {
            (router.sent, router.hellos) = (0, 0);
        }
        self.run(Duration::from_secs(MINUTES * 60));
        for node in 0..self.routers.len() {
            let Some(router) = &self.routers[node] else { continue };
            let neighbors = router.neighbors.len() as u64;
            let interfaces = self.plan.ends_of(node).count() + self.plan.virtual_links.len();
            // On an NBMA link each neighbour has Hellos of its own.
            let hellos = (neighbors + interfaces as u64) * MINUTES * 6 + neighbors + 1;
            assert!(
                router.hellos <= hellos,
                "node {node} sent {} Hellos in {MINUTES} minutes",
                router.hellos
            );
            // Each LSA is refreshed once at most, and that is flooded and acknowledged once with each neighbour.
            let lsas: usize = router.instance.lsdbs().map(|(_, lsdb)| lsdb.len()).sum();
            let refreshes = (2 * lsas as u64 + 4) * (neighbors + 1);
            let others = router.sent - router.hellos;
            assert!(
                others <= refreshes,
                "node {node} sent {others} packets in {MINUTES} minutes, for {lsas} LSAs"
            );
        }
    }
}

fn path(route: &Route) -> Path {
    Path {
        kind: route.kind,
        area: route.area,
        cost: route.cost,
        type2_cost: route.type2_cost,
        tag: route.tag,
        hops: route.next_hops.iter().copied().collect(),
    }
}

fn difference(one: &Contents, other: &Contents) -> String {
    let mut text = String::new();
    let keys: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    for key in keys.into_iter().filter(|key| one.get(key) != other.get(key)) {
        writeln!(text, "{key}: {:x?} {:x?}", one.get(key), other.get(key)).expect("a string");
    }
    text
}
