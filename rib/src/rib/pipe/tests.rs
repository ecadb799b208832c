//! Against the definition: a route stands wherever a way through pipes leads that enters no table twice.

use std::collections::{BTreeMap, BTreeSet};

use bgp_wire::Family;
use proptest::prelude::*;

use super::*;
use crate::Origination;
use crate::policy::{Edited, Verdict};
use crate::route::{Route, RouteSource};

const TABLES: usize = 4;
const PIPES: usize = 5;
const NETS: u8 = 3;
const SOURCES: usize = 2;

fn net(index: u8) -> IpNet {
    IpNet::new(std::net::IpAddr::from([10, index, 0, 0]), 16).expect("short enough")
}

/// Filter `n` refuses network `n - 1`, and adds 1 to the preference of others when `n` is above 1.
struct Filters;

impl Policy for Filters {
    fn run(&mut self, filter: u32, route: &Route<'_>, edited: &mut Edited) -> Verdict {
        match passes(filter, route.net, route.preference) {
            None => Verdict::Reject,
            Some(preference) if preference == route.preference => Verdict::Accept,
            Some(preference) => {
                edited.copy_from(route);
                edited.preference = preference;
                Verdict::Change
            }
        }
    }
}

fn passes(filter: u32, of: IpNet, preference: u32) -> Option<u32> {
    let refused = filter.checked_sub(1).and_then(|index| u8::try_from(index).ok()).map(net);
    (refused != Some(of)).then_some(preference + u32::from(filter > 1))
}

fn filter(number: u32) -> Filter {
    if number == 0 { Filter::All } else { Filter::Run(number) }
}

#[derive(Debug, Clone, Copy)]
struct PipeModel {
    tables: [usize; 2],
    filters: [u32; 2],
}

#[derive(Debug, Clone)]
enum Step {
    Pipe(usize, Option<PipeModel>),
    Route { source: usize, table: usize, net: u8, preference: Option<u32> },
    Work,
}

fn step() -> impl Strategy<Value = Step> {
    let tables = (0..TABLES, 1..TABLES).prop_map(|(one, by)| [one, (one + by) % TABLES]);
    let pipe =
        (tables, [0u32..4, 0u32..4]).prop_map(|(tables, filters)| PipeModel { tables, filters });
    prop_oneof![
        3 => (0..PIPES, prop::option::weighted(0.8, pipe)).prop_map(|(at, pipe)| Step::Pipe(at, pipe)),
        6 => (0..SOURCES, 0..TABLES, 0..NETS, prop::option::weighted(0.7, 1u32..3)).prop_map(
            |(source, table, net, preference)| Step::Route { source, table, net, preference }
        ),
        3 => Just(Step::Work),
    ]
}

/// Where a path stands, and which way it came: source, pipes. And its preference.
type Found = BTreeMap<(usize, IpNet, usize, Vec<usize>), u32>;

struct World {
    rib: Rib,
    tables: Vec<TableId>,
    sources: Vec<SourceId>,
    pipe_sources: Vec<SourceId>,
    pipes: [Option<PipeModel>; PIPES],
    routes: BTreeMap<(usize, usize, IpNet), u32>,
}

impl World {
    fn new() -> Self {
        let mut rib = Rib::new(1);
        let table =
            |rib: &mut Rib, name: &usize| rib.add_table(&name.to_string(), Family::IPV4_UNICAST);
        let tables = (0..TABLES).map(|name| table(&mut rib, &name)).collect();
        let mut source = |name: String| rib.add_source(&name, RouteSource::Static, 100);
        let sources = (0..SOURCES).map(|name| source(format!("static{name}"))).collect();
        let pipe_sources = (0..PIPES).map(|name| source(format!("pipe{name}"))).collect();
        Self { rib, tables, sources, pipe_sources, pipes: [None; PIPES], routes: BTreeMap::new() }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Pipe(at, pipe) => {
                self.pipes[at] = pipe;
                let source = self.pipe_sources[at];
                match pipe {
                    None => self.rib.remove_pipe(source),
                    Some(PipeModel { tables: [table, peer], filters: [import, export] }) => {
                        let config = PipeConfig {
                            table: self.tables[table],
                            peer: self.tables[peer],
                            import: filter(import),
                            export: filter(export),
                        };
                        assert!(self.rib.set_pipe(source, &config));
                    }
                }
            }
            Step::Route { source, table, net: at, preference } => {
                let (of, into, net) = (self.sources[source], self.tables[table], net(at));
                match preference {
                    Some(preference) => {
                        let channel = ChannelConfig {
                            preference,
                            ..ChannelConfig::new(into, Family::IPV4_UNICAST)
                        };
                        self.rib.set_channel(of, channel);
                        let route = Origination::default();
                        self.rib.originate(Duration::ZERO, of, into, net, &route, &mut Filters);
                        self.routes.insert((source, table, net), preference);
                    }
                    None => {
                        self.rib.withdraw(of, into, &net);
                        self.routes.remove(&(source, table, net));
                    }
                }
            }
            Step::Work => self.settle(),
        }
    }

    fn settle(&mut self) {
        let mut rounds = 0;
        while self.rib.work(Duration::ZERO, 5, &mut Filters) {
            rounds += 1;
            assert!(rounds < 1000, "it does not end");
        }
    }

    /// By walking each way.
    fn expected(&self) -> Found {
        let mut found = Found::new();
        for ((source, table, net), preference) in &self.routes {
            self.walk(
                &mut found,
                (*table, *net, *source, Vec::new()),
                *preference,
                &BTreeSet::from([*table]),
            );
        }
        found
    }

    fn walk(
        &self,
        found: &mut Found,
        at: (usize, IpNet, usize, Vec<usize>),
        preference: u32,
        seen: &BTreeSet<usize>,
    ) {
        let (table, net, source, way) = &at;
        for (index, pipe) in self.pipes.iter().enumerate() {
            let Some(PipeModel { tables: [one, other], filters: [import, export] }) = pipe else {
                continue;
            };
            for (from, to, filter) in [(one, other, export), (other, one, import)] {
                if from != table || seen.contains(to) {
                    continue;
                }
                if let Some(preference) = passes(*filter, *net, preference) {
                    let way = way.iter().copied().chain([index]).collect();
                    let seen = seen.iter().copied().chain([*to]).collect();
                    self.walk(found, (*to, *net, *source, way), preference, &seen);
                }
            }
        }
        found.insert(at, preference);
    }

    fn found(&self) -> Found {
        let mut found = Found::new();
        for (index, table) in self.tables.iter().enumerate() {
            for view in self.rib.networks(*table) {
                for path in view.paths() {
                    let source = self.sources.iter().position(|id| *id == path.source());
                    let mut way = Vec::new();
                    let mut key = self.rib.path_ids.key(path.local_id(), path.source());
                    while let Some((pipe, taken)) = key.pipe {
                        way.insert(
                            0,
                            self.pipe_sources.iter().position(|id| *id == pipe).expect("a pipe"),
                        );
                        key = self.rib.path_ids.key(taken, path.source());
                    }
                    let at = (index, view.net, source.expect("a source"), way);
                    assert_eq!(found.insert(at, path.preference()), None);
                }
            }
        }
        found
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn routes_stand_where_ways_lead(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.settle();
        prop_assert_eq!(world.found(), world.expected());
        let counted: u32 = world.pipe_sources.iter().flat_map(|pipe| world.tables.iter().map(|table| world.rib.routes_of(*pipe, *table).0)).sum();
        prop_assert_eq!(usize::try_from(counted), Ok(world.found().keys().filter(|at| !at.3.is_empty()).count()));
        // When the routes go, what came by pipes goes.
        for (source, table, net) in world.routes.keys().copied().collect::<Vec<_>>() {
            world.rib.withdraw(world.sources[source], world.tables[table], &net);
        }
        world.settle();
        for table in &world.tables {
            prop_assert_eq!(world.rib.size(*table), (0, 0));
        }
        prop_assert_eq!((world.rib.attribute_sets(), world.rib.path_identifiers()), (0, 0));
    }
}
