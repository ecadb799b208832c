//! Routing tables against the oracle.

mod cases;
mod oracle;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

use ipnet::IpNet;

use super::*;
use crate::random::seeds;
use oracle::{Oracle, Tables};
use world::{ROOT, World};

fn tables(table: &RoutingTable, input: &Input<'_>) -> Tables {
    let routes = table.routes().map(|(prefix, route)| (prefix, route.clone())).collect();
    let mut routers = BTreeMap::new();
    for area in input.areas.keys() {
        for (router, route) in table.routers(*area) {
            assert_eq!((route.kind, route.area), (RouteKind::IntraArea, *area));
            routers.insert((*area, router), (route.cost, route.next_hops.to_vec()));
        }
    }
    let boundaries = table
        .boundary_routers()
        .map(|(router, r)| (router, (r.kind, r.area, r.cost, r.next_hops.to_vec())))
        .collect();
    let transit = input.areas.keys().filter(|area| table.is_transit(**area)).copied().collect();
    Tables { routes, routers, boundaries, transit }
}

fn changed(old: &BTreeMap<IpNet, Route>, new: &BTreeMap<IpNet, Route>) -> Vec<IpNet> {
    let all: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    all.into_iter().filter(|prefix| old.get(prefix) != new.get(prefix)).copied().collect()
}

/// Counts how often something of interest was there, so that a test which never meets it is found out.
#[derive(Debug, Default)]
struct Seen {
    kinds: BTreeMap<RouteKind, usize>,
    several: usize,
    own: usize,
    transit: usize,
    incremental: usize,
}

impl Seen {
    fn count(&mut self, tables: &Tables, changed: &Changed) {
        for route in tables.routes.values() {
            *self.kinds.entry(route.kind).or_default() += 1;
            self.several += usize::from(route.next_hops.len() > 1);
            self.own += usize::from(route.next_hops.is_empty());
        }
        self.transit += tables.transit.len();
        let is_incremental = |(_, run): &&(_, _)| matches!(run, crate::spf::Run::Incremental(_));
        self.incremental += changed.runs.iter().filter(is_incremental).count();
    }
}

fn rules(seed: u64) -> Rules {
    Rules {
        rfc1583_compatibility: seed.is_multiple_of(5),
        maximum_paths: if seed.is_multiple_of(7) { 2 } else { 64 },
    }
}

fn history(seed: u64, seen: &mut Seen) {
    let rules = rules(seed);
    let mut world = World::new(seed);
    let mut table = RoutingTable::new(rules);
    let mut old = BTreeMap::new();
    let mut pending = BTreeSet::new();
    for round in 0..30 {
        let input = world.input();
        world.emptied.iter().for_each(|scope| table.forget(*scope));
        let done = table.update(&input, &pending);
        let found = tables(&table, &input);
        let wanted = Oracle { input: &input, rules }.run();
        assert_eq!(found, wanted, "CAUSEWAY_SEED={seed}, round {round}");
        assert_eq!(
            done.prefixes,
            changed(&old, &found.routes),
            "CAUSEWAY_SEED={seed}, round {round}"
        );
        let mut fresh = RoutingTable::new(rules);
        fresh.update(&input, &BTreeSet::new());
        assert_eq!(tables(&fresh, &input), wanted, "CAUSEWAY_SEED={seed}, round {round}");
        explain(&table, &input, seed);
        seen.count(&found, &done);
        old = found.routes;
        let settled = table.update(&input, &pending);
        assert_eq!(settled, Changed::default(), "CAUSEWAY_SEED={seed}, round {round}: told again");
        pending = world.changes();
    }
}

/// Each explanation is a path over LSAs that are there, and its costs add up.
fn explain(table: &RoutingTable, input: &Input<'_>, seed: u64) {
    for (prefix, route) in table.routes() {
        let explanation = table.explain(input, prefix).expect("there is a route");
        assert_eq!(&explanation.route, route);
        assert!(!explanation.paths.is_empty(), "CAUSEWAY_SEED={seed}: {prefix}");
        let told: BTreeSet<_> = explanation.paths.iter().map(|path| path.told_by).collect();
        assert_eq!(told.into_iter().collect::<Vec<_>>(), table.origins(prefix));
        for path in &explanation.paths {
            let (scope, key) = path.told_by;
            let lsdb = match scope {
                ScopeId::As => input.as_lsdb,
                ScopeId::Area(area) => input.areas[&area].lsdb,
                ScopeId::Link(_) => panic!("no prefix is told on a link"),
            };
            assert!(lsdb.get(&key).is_some(), "CAUSEWAY_SEED={seed}: {prefix}: {key}");
            let [first, .., last] = &path.vertices[..] else {
                // A prefix of the root itself, or beyond one.
                assert_eq!(path.vertices.len(), 1, "CAUSEWAY_SEED={seed}: {prefix}");
                let own = route.next_hops.is_empty() || path.forwarding.is_some();
                assert!(own, "CAUSEWAY_SEED={seed}: {prefix}");
                continue;
            };
            assert_eq!((first.vertex, first.cost), (Vertex::Router(ROOT), 0));
            assert!(last.cost <= route.cost, "CAUSEWAY_SEED={seed}: {prefix}");
            for step in path.vertices.windows(2) {
                assert!(step[0].cost <= step[1].cost);
                let there = input.areas[&path.area].lsdb;
                assert!(!step[1].lsas.is_empty());
                assert!(step[1].lsas.iter().all(|key| there.get(key).is_some()));
            }
        }
    }
}

#[test]
fn tables_are_those_of_the_oracle_through_random_changes() {
    let mut seen = Seen::default();
    let seeds = seeds(40);
    let all = seeds.clone().count() > 10;
    for seed in seeds {
        history(seed, &mut seen);
    }
    std::eprintln!("{seen:?}");
    assert!(!all || seen.kinds.len() == 4 && seen.kinds.values().all(|count| *count > 100));
    assert!(!all || seen.several > 100 && seen.own > 100 && seen.transit > 100);
    assert!(!all || seen.incremental > 100);
}

#[test]
fn changes_of_prefixes_need_no_shortest_paths() {
    for seed in seeds(20) {
        let rules = rules(seed);
        let mut world = World::new(seed);
        let mut table = RoutingTable::new(rules);
        table.update(&world.input(), &BTreeSet::new());
        for round in 0..30 {
            let pending = BTreeSet::from([world.change_prefixes()]);
            let input = world.input();
            let done = table.update(&input, &pending);
            assert_eq!(done.runs, [], "CAUSEWAY_SEED={seed}, round {round}");
            let wanted = Oracle { input: &input, rules }.run();
            assert_eq!(tables(&table, &input), wanted, "CAUSEWAY_SEED={seed}, round {round}");
        }
    }
}
