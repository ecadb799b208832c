//! What has to hold of a network at rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use bgp_wire::Role;
use ipnet::IpNet;
use rib::{DecisionStep, NextHopKey, PathView};

use crate::address::owner;
use crate::network::Network;
use crate::plan::{Plan, Reach};

/// A path, without what depends on the past: its age, and the number that it came with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    best: bool,
    source: String,
    as_path: Vec<u32>,
    attributes: Vec<u8>,
    next_hop: Option<String>,
    metric: Option<u32>,
    stale: bool,
    filtered: bool,
}

impl Row {
    fn show(&self) -> String {
        let Self { best, source, as_path, attributes, next_hop, metric, stale, filtered } = self;
        let hex: String = attributes.iter().map(|octet| format!("{octet:02x}")).collect();
        let next_hop = next_hop.as_deref().unwrap_or("none");
        let marks = (best, stale, filtered);
        format!("\n  {source} {as_path:?} {next_hop} {metric:?} {marks:?} {hex}")
    }
}

/// What a node has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct View {
    tables: Vec<BTreeMap<IpNet, Vec<Row>>>,
    /// By session: routes told
    told: BTreeMap<usize, Vec<u32>>,
    next_hops: BTreeSet<String>,
    attribute_sets: usize,
    path_identifiers: usize,
}

fn show(key: NextHopKey) -> String {
    format!("{:?} on {:?}", key.next_hop, key.interface)
}

impl Network {
    fn row(&self, node: usize, path: &PathView<'_>) -> Row {
        let router = self.nodes[node].as_ref().expect("it is up");
        let (source, _) = router.rib.source_info(path.source()).expect("a source");
        Row {
            best: path.best,
            source: source.to_owned(),
            as_path: path.attributes().as_path().asns().collect(),
            attributes: path.attributes().bytes().to_vec(),
            next_hop: path.next_hop().map(show),
            metric: path.metric(),
            stale: path.is_stale(),
            filtered: path.is_filtered(),
        }
    }

    /// All nodes that are up.
    pub(crate) fn view(&self) -> BTreeMap<usize, View> {
        let mut views = BTreeMap::new();
        for (node, router) in self.nodes.iter().enumerate() {
            let Some(router) = router else { continue };
            let mut tables = Vec::new();
            for table in &router.tables {
                let nets = router.rib.networks(*table).map(|net| {
                    let step = net.explain().map(|explanation| explanation.step);
                    assert_ne!(step, Some(DecisionStep::Order), "{} at {node}", net.net);
                    let mut rows: Vec<Row> =
                        net.paths().map(|path| self.row(node, &path)).collect();
                    rows.sort_unstable();
                    (net.net, rows)
                });
                tables.push(nets.collect());
                let backlog = router.rib.backlog(*table);
                assert_eq!(backlog, 0, "{node} has changes that nobody has read");
            }
            let told = router.neighbours.iter().map(|(session, neighbour)| {
                let told =
                    router.tables.iter().map(|table| router.rib.told(neighbour.source, *table));
                (*session, told.collect())
            });
            let view = View {
                tables,
                told: told.collect(),
                next_hops: router.rib.next_hops().map(|(_, key)| show(key)).collect(),
                attribute_sets: router.rib.attribute_sets(),
                path_identifiers: router.rib.path_identifiers(),
            };
            views.insert(node, view);
        }
        views
    }

    /// The first node on a packet's way that has a route of its own, or where it ends otherwise.
    fn walk(&self, from: usize, net: IpNet) -> Result<usize, String> {
        let mut way = vec![from];
        loop {
            let node = way[way.len() - 1];
            let Some(router) = &self.nodes[node] else { return Err(format!("{way:?}: down")) };
            let table = router.table(&self.plan, net);
            let found = router.rib.longest_match(table, net.addr(), net.prefix_len());
            let Some(path) = found.and_then(|found| found.paths().find(|path| path.best)) else {
                return Err(format!("{way:?}: no route"));
            };
            let Some(key) = path.next_hop() else { return Ok(node) };
            let hop = self.igp.hop(&self.plan, node, owner(&key.next_hop));
            assert_eq!(path.metric(), hop.map(|hop| hop.metric), "{net} at {node}: {key:?}");
            let Some(hop) = hop else { return Err(format!("{way:?}: {key:?} is not there")) };
            assert!(!way.contains(&hop.node), "{net}: a loop, {way:?} and {}", hop.node);
            way.push(hop.node);
        }
    }

    /// Packets from everywhere to every network: no loops, and they come to an origin if there is a way.
    pub(crate) fn check_forwarding(&self) {
        let mut origins: BTreeMap<IpNet, Vec<usize>> = BTreeMap::new();
        for (node, net) in self.plan.routes.keys().filter(|(node, _)| self.plan.nodes[*node].up) {
            origins.entry(*net).or_default().push(*node);
        }
        for (net, origins) in origins {
            let reached = reachable(self, &origins);
            for from in (0..self.nodes.len()).filter(|node| self.plan.nodes[*node].up) {
                let end = self.walk(from, net);
                if let Ok(end) = &end {
                    assert!(origins.contains(end), "{net} from {from} ends at {end}");
                }
                if let Some(reached) = &reached {
                    let is_reached = reached.contains(&from);
                    assert_eq!(
                        end.is_ok(),
                        is_reached,
                        "{net} of {origins:?} from {from}: {end:?}"
                    );
                }
            }
        }
    }

    /// After all sessions have ended and everything is withdrawn.
    pub(crate) fn check_leftovers(&self) {
        for (node, router) in self.nodes.iter().enumerate() {
            let Some(router) = router else { continue };
            let sizes: Vec<_> = router.tables.iter().map(|table| router.rib.size(*table)).collect();
            let left = (
                router.rib.attribute_sets(),
                router.rib.next_hops().count(),
                router.rib.path_identifiers(),
            );
            assert!(sizes.iter().all(|size| *size == (0, 0)), "{node} has {sizes:?}");
            assert_eq!(left, (0, 0, 0), "{node}: attribute sets, next hops, path identifiers");
        }
    }
}

/// The nodes that have to reach one of `origins`.
fn reachable(network: &Network, origins: &[usize]) -> Option<BTreeSet<usize>> {
    let plan = &network.plan;
    match plan.reach {
        Reach::Unknown => None,
        Reach::ConnectedWhenWhole if !plan.is_whole() => None,
        Reach::Connected | Reach::ConnectedWhenWhole => {
            let domain = |node: usize| plan.nodes[node].domain;
            let start: Vec<(usize, BTreeSet<u32>)> =
                origins.iter().map(|node| (*node, BTreeSet::from([domain(*node)]))).collect();
            let states = spread(&start, |(node, domains)| {
                let links = plan.links.iter();
                let links = links.filter(|link| link.of(node).is_some_and(|one| one.up));
                let others = links.flat_map(|link| &link.attached).filter(|one| one.up);
                let others = others.map(|one| one.node).filter(|other| {
                    plan.nodes[*other].up
                        && (domain(*other) == domain(node) || !domains.contains(&domain(*other)))
                });
                others.map(|other| (other, with(&domains, domain(other)))).collect()
            });
            Some(states.into_iter().map(|(node, _)| node).collect())
        }
        Reach::ValleyFree => {
            // From the origin: up to providers, over one session between peers, down to customers.
            let start: Vec<(usize, bool)> = origins.iter().map(|node| (*node, true)).collect();
            let states = spread(&start, |(node, from_customer)| {
                let hops = sessions_of(network, node).filter_map(|(other, role)| match role {
                    Some(Role::CUSTOMER) if from_customer => Some((other, true)),
                    Some(Role::PEER) if from_customer => Some((other, false)),
                    Some(Role::PROVIDER) => Some((other, false)),
                    _ => None,
                });
                hops.collect()
            });
            Some(states.into_iter().map(|(node, _)| node).collect())
        }
        Reach::AsPath => {
            let start = origins.iter().map(|node| (*node, BTreeSet::from([plan.nodes[*node].asn])));
            let states = spread(&start.collect::<Vec<_>>(), |(node, ases)| {
                let others = sessions_of(network, node).map(|(other, _)| other);
                let others = others.filter(|other| !ases.contains(&plan.nodes[*other].asn));
                others.map(|other| (other, with(&ases, plan.nodes[other].asn))).collect()
            });
            Some(states.into_iter().map(|(node, _)| node).collect())
        }
    }
}

/// The neighbours of a node with sessions that are up, and what the node is to them.
fn sessions_of(network: &Network, node: usize) -> impl Iterator<Item = (usize, Option<Role>)> + '_ {
    let sessions = network.plan.sessions.iter().enumerate();
    let joined = sessions.filter(|(number, _)| network.joined(*number));
    joined.filter_map(move |(_, session)| {
        let side = session.ends.iter().position(|end| end.node == node)?;
        Some((session.ends[1 - side].node, session.ends[side].role))
    })
}

fn with(set: &BTreeSet<u32>, one: u32) -> BTreeSet<u32> {
    set.iter().copied().chain([one]).collect()
}

fn spread<T: Ord + Clone>(start: &[T], next: impl Fn(T) -> Vec<T>) -> BTreeSet<T> {
    let mut reached: BTreeSet<T> = start.iter().cloned().collect();
    let mut left: Vec<T> = start.to_vec();
    while let Some(one) = left.pop() {
        left.extend(next(one).into_iter().filter(|other| reached.insert(other.clone())));
    }
    reached
}

/// Compares a network with one that was started as it is now.
pub(crate) fn assert_same(changed: &BTreeMap<usize, View>, fresh: &BTreeMap<usize, View>) {
    assert!(changed.keys().eq(fresh.keys()), "the same nodes are up");
    let mut said = String::new();
    for ((node, one), other) in changed.iter().zip(fresh.values()) {
        for (table, (one, other)) in one.tables.iter().zip(&other.tables).enumerate() {
            for net in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
                let rows = |table: &BTreeMap<IpNet, Vec<Row>>| {
                    table.get(net).map(|rows| rows.iter().map(Row::show).collect::<String>())
                };
                if one.get(net) != other.get(net) {
                    let (one, other) = (rows(one), rows(other));
                    let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
                    writeln!(said, "{net} at {node}, table {table}:\n changed{one}\n fresh{other}")
                        .expect("room");
                }
            }
        }
        let rest = |view: &View| {
            let View { told, next_hops, attribute_sets, path_identifiers, .. } = view;
            format!(
                "told {told:?}, next hops {next_hops:?}, {attribute_sets} attribute sets, {path_identifiers} path identifiers"
            )
        };
        if said.is_empty() && one != other {
            writeln!(said, "{node}:\n  changed {}\n  fresh   {}", rest(one), rest(other))
                .expect("room");
        }
    }
    assert!(said.is_empty(), "other than afresh:\n{said}");
}

/// The most UPDATEs that a network may need for what has happened to it: a storm has more.
pub(crate) fn most_updates(plan: &Plan, events: usize) -> u64 {
    (2_000 + 40 * plan.sessions.len() * plan.routes.len().max(8) * (events + 1)) as u64
}
