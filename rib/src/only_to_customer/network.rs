//! Random networks of ASes, some of which leak: what is refused, kept back and taken against an oracle that
//! knows nothing of the attribute, only who is whose provider and who plays by the rules on which session.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use bgp_wire::{AsPath, Context, Update, split_frame};
use bytes::BytesMut;
use ipnet::IpNet;
use proptest::prelude::*;

use super::*;
use crate::{AcceptAll, ChannelConfig, Origination, Rib, RouteSource, SourceId, TableId};

const AS_BASE: u32 = 65000;
const MOST_NODES: usize = 7;
/// Rounds in which every session moves all it has. Paths get no longer than there are nodes.
const MOST_ROUNDS: usize = 50;

/// What one end of a session is to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Transit,
    RouteServer,
    Lateral,
}

/// A session. `upper` is the provider or the route server, where there is one.
#[derive(Debug, Clone)]
struct Link {
    upper: usize,
    lower: usize,
    kind: Kind,
    /// Whether the upper and the lower end know their role.
    roles: [bool; 2],
}

/// Which way a route goes over a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Flat,
    Down,
}

#[derive(Debug, Clone, Default)]
struct Plan {
    nodes: usize,
    links: Vec<Link>,
}

impl Plan {
    fn link(&self, from: usize, to: usize) -> &Link {
        let joins = |link: &&Link| [(from, to), (to, from)].contains(&(link.upper, link.lower));
        self.links.iter().find(joins).expect("neighbours")
    }

    fn way(&self, from: usize, to: usize) -> Way {
        let link = self.link(from, to);
        match link.kind {
            Kind::Lateral => Way::Flat,
            Kind::Transit | Kind::RouteServer if link.upper == from => Way::Down,
            Kind::Transit | Kind::RouteServer => Way::Up,
        }
    }

    /// Whether `node` plays by the rules on its session with `other`.
    fn has_role(&self, node: usize, other: usize) -> bool {
        let link = self.link(node, other);
        link.roles[usize::from(link.lower == node)]
    }

    fn role(&self, node: usize, other: usize) -> Option<Role> {
        let link = self.link(node, other);
        self.has_role(node, other).then_some(match (link.kind, link.upper == node) {
            (Kind::Transit, true) => Role::PROVIDER,
            (Kind::Transit, false) => Role::CUSTOMER,
            (Kind::RouteServer, true) => Role::ROUTE_SERVER,
            (Kind::RouteServer, false) => Role::ROUTE_SERVER_CLIENT,
            (Kind::Lateral, _) => Role::PEER,
        })
    }

    /// Whether a route that went this way, its origin first, was for customers only from some AS on, and one of
    /// the two there said so.
    fn is_marked(&self, nodes: &[usize]) -> bool {
        nodes.windows(2).any(|hop| {
            let [from, to] = [hop[0], hop[1]];
            self.way(from, to) != Way::Up && (self.has_role(from, to) || self.has_role(to, from))
        })
    }

    /// Whether the last hop of such a route leaks it, for all that one of its ends can know.
    fn leaks(&self, nodes: &[usize]) -> bool {
        let [before @ .., to] = nodes else { return false };
        before.last().is_some_and(|from| self.way(*from, *to) != Way::Down)
            && self.is_marked(before)
    }

    /// Whether the last hop is not taken: the sender does not send, or the receiver refuses.
    fn is_prevented(&self, nodes: &[usize]) -> bool {
        let [.., from, to] = nodes else { return false };
        (self.has_role(*from, *to) || self.has_role(*to, *from)) && self.leaks(nodes)
    }

    /// Up, at most one flat hop, down.
    fn is_valley_free(&self, nodes: &[usize]) -> bool {
        let ways: Vec<Way> = nodes.windows(2).map(|hop| self.way(hop[0], hop[1])).collect();
        ways.windows(2).all(|pair| pair[0] == Way::Up || pair[1] == Way::Down)
    }
}

struct Node {
    rib: Rib,
    table: TableId,
    own: SourceId,
    sources: BTreeMap<usize, SourceId>,
}

struct Network {
    plan: Plan,
    nodes: Vec<Node>,
    up: BTreeSet<(usize, usize)>,
    originated: BTreeSet<usize>,
    leaks: u32,
}

fn asn(node: usize) -> u32 {
    AS_BASE + u32::try_from(node).expect("few")
}

fn net(node: usize) -> IpNet {
    let octet = u8::try_from(node).expect("few");
    IpNet::new(IpAddr::from([10, octet, 0, 0]), 16).expect("a prefix")
}

fn address(node: usize) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, u8::try_from(node).expect("few") + 1)
}

/// The way of a route: its origin first, and `to` last.
fn nodes_of(path: AsPath<'_>, to: usize) -> Vec<usize> {
    let mut nodes: Vec<usize> =
        path.asns().map(|asn| usize::try_from(asn - AS_BASE).expect("few")).collect();
    nodes.reverse();
    nodes.push(to);
    nodes
}

impl Network {
    fn new(plan: Plan) -> Self {
        let node = |_| {
            let mut rib = Rib::new(5);
            let table = rib.add_table("master4", Family::IPV4_UNICAST);
            let own = rib.add_source("static1", RouteSource::Static, 200);
            Node { rib, table, own, sources: BTreeMap::new() }
        };
        let nodes = (0..plan.nodes).map(node).collect();
        let mut network =
            Self { plan, nodes, up: BTreeSet::new(), originated: BTreeSet::new(), leaks: 0 };
        for link in network.plan.links.clone() {
            network.set_link(&link, true);
        }
        network
    }

    fn set_link(&mut self, link: &Link, up: bool) {
        for (node, other) in [(link.upper, link.lower), (link.lower, link.upper)] {
            let role = self.plan.role(node, other);
            let Node { rib, table, sources, .. } = &mut self.nodes[node];
            let source = *sources
                .entry(other)
                .or_insert_with(|| rib.add_source(&asn(other).to_string(), RouteSource::Bgp, 100));
            if !up {
                rib.peer_down(source, &[]);
                self.up.remove(&(node, other));
            } else if self.up.insert((node, other)) {
                let ends = [node, other].map(|node| IpAddr::from(address(node)));
                let config = PeerConfig::external(asn(node), asn(other), ends[0], ends[1]);
                let channel = ChannelConfig::new(*table, Family::IPV4_UNICAST);
                rib.peer_up(source, PeerConfig { role, ..config }, [channel]);
            }
        }
    }

    fn originate(&mut self, index: usize, present: bool) {
        let Node { rib, table, own, .. } = &mut self.nodes[index];
        if present {
            rib.originate(
                Duration::ZERO,
                *own,
                *table,
                net(index),
                &Origination::default(),
                &mut AcceptAll,
            );
            self.originated.insert(index);
        } else {
            rib.withdraw(*own, *table, &net(index));
            self.originated.remove(&index);
        }
    }

    /// Moves one chunk of messages over a session; false when there is none.
    fn deliver(&mut self, from: usize, to: usize) -> bool {
        if !self.up.contains(&(from, to)) {
            return false;
        }
        let sender = &mut self.nodes[from];
        let Some(chunk) =
            sender.rib.poll_update(Duration::ZERO, sender.sources[&to], &mut AcceptAll)
        else {
            return false;
        };
        let context = Context { four_octet_as: true, ..Context::default() };
        let mut bytes = BytesMut::from(&chunk.bytes[..]);
        while let Some(frame) = split_frame(&mut bytes, &context).expect("well formed") {
            self.receive(from, to, &Update::decode(frame.body, &context));
        }
        true
    }

    /// Puts a message in, and holds what is said of it against the way that its routes have come.
    fn receive(&mut self, from: usize, to: usize, update: &Update) {
        let routes: usize = update.reach().map(|reach| reach.nlri.prefixes().count()).sum();
        let way = nodes_of(update.attributes().as_path(), to);
        let looped = way[..way.len() - 1].contains(&to);
        let leaked = routes > 0 && self.plan.leaks(&way);
        assert!(!leaked || !self.plan.has_role(from, to), "{from} sent {way:?}");
        let receiver = &mut self.nodes[to];
        let source = receiver.sources[&from];
        let outcome = receiver.rib.handle_update(Duration::ZERO, source, update, &mut AcceptAll);
        let refused = leaked && !looped && self.plan.has_role(to, from);
        let told = outcome.leak.map(|leak| usize::try_from(leak.routes).expect("few"));
        assert_eq!(told, refused.then_some(routes), "{to} received {way:?}");
        self.leaks += u32::from(refused);
        self.check_tables();
    }

    /// All ways in the table of `node`.
    fn ways(&self, node: usize) -> Vec<Vec<usize>> {
        let Node { rib, table, own, .. } = &self.nodes[node];
        let paths = rib.networks(*table).flat_map(|net| net.paths());
        let foreign = paths.filter(|path| path.source() != *own);
        foreign.map(|path| nodes_of(path.attributes().as_path(), node)).collect()
    }

    /// At no time a leak that somebody could have noticed is in a table, wherever on its way it was one.
    fn check_tables(&self) {
        for node in 0..self.plan.nodes {
            for way in self.ways(node) {
                for length in 0..=way.len() {
                    assert!(!self.plan.is_prevented(&way[..length]), "{node} has {way:?}");
                }
            }
        }
    }

    fn settle(&mut self) {
        let sessions: Vec<(usize, usize)> = self.up.iter().copied().collect();
        for _ in 0..MOST_ROUNDS {
            let mut quiet = true;
            for (from, to) in &sessions {
                while self.deliver(*from, *to) {
                    quiet = false;
                }
            }
            if quiet {
                return;
            }
        }
        panic!("it does not settle");
    }

    /// The way by which each node should have a route of `origin`: the shortest ones first, and of equal
    /// ones that through the neighbour with the lowest identifier.
    fn slow_ways(&self, origin: usize) -> BTreeMap<usize, Vec<usize>> {
        let mut best = BTreeMap::from([(origin, Vec::from([origin]))]);
        for _ in 0..self.plan.nodes {
            let known = best.clone();
            for (from, to) in &self.up {
                let Some(way) = known.get(from) else { continue };
                let way: Vec<usize> = way.iter().chain([to]).copied().collect();
                if !known.contains_key(to) && !self.plan.is_prevented(&way) {
                    // The sessions are in order of `from`.
                    best.entry(*to).or_insert(way);
                }
            }
        }
        best
    }

    fn check(&self) {
        for node in 0..self.plan.nodes {
            let Node { rib, table, own, .. } = &self.nodes[node];
            let found: BTreeMap<IpNet, Vec<usize>> = rib
                .networks(*table)
                .filter_map(|net| {
                    let best = net.paths().next()?;
                    let own = (best.source() == *own).then(|| Vec::from([node]));
                    let way = || nodes_of(best.attributes().as_path(), node);
                    Some((net.net, own.unwrap_or_else(way)))
                })
                .collect();
            let ways = self
                .originated
                .iter()
                .filter_map(|origin| Some((net(*origin), self.slow_ways(*origin).remove(&node)?)));
            assert_eq!(found, ways.collect(), "table of {node}");
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Originate(usize, bool),
    Link(prop::sample::Index, bool),
    Deliver(prop::sample::Index, bool),
}

/// A network. `leaky`: some ASes have no roles at all, and some sessions of the others have none.
fn plan(leaky: bool) -> impl Strategy<Value = Plan> {
    let role = move || prop::bool::weighted(if leaky { 0.85 } else { 1.0 });
    let kind = prop_oneof![
        4 => Just(Some(Kind::Transit)),
        1 => Just(Some(Kind::RouteServer)),
        2 => Just(Some(Kind::Lateral)),
        4 => Just(None),
    ];
    let pairs = MOST_NODES * (MOST_NODES - 1) / 2;
    (
        3..=MOST_NODES,
        prop::collection::vec((kind, role(), role()), pairs),
        prop::collection::vec(prop::bool::weighted(if leaky { 0.3 } else { 0.0 }), MOST_NODES),
    )
        .prop_map(|(nodes, drawn, leakers)| {
            let pairs = (0..nodes).flat_map(|lower| (0..lower).map(move |upper| (upper, lower)));
            let links = pairs.zip(drawn).filter_map(|((upper, lower), (kind, above, below))| {
                let roles = [above && !leakers[upper], below && !leakers[lower]];
                Some(Link { upper, lower, kind: kind?, roles })
            });
            Plan { nodes, links: links.collect() }
        })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = any::<prop::sample::Index>;
    let step = prop_oneof![
        2 => (0..MOST_NODES, prop::bool::weighted(0.8)).prop_map(|(node, up)| Step::Originate(node, up)),
        1 => (index(), any::<bool>()).prop_map(|(link, up)| Step::Link(link, up)),
        12 => (index(), any::<bool>()).prop_map(|(link, down)| Step::Deliver(link, down)),
    ];
    prop::collection::vec(step, 0..80)
}

fn run(plan: Plan, steps: Vec<Step>) -> Network {
    let mut network = Network::new(plan);
    for step in steps {
        match step {
            Step::Originate(node, present) if node < network.plan.nodes => {
                network.originate(node, present);
            }
            Step::Link(link, up) if !network.plan.links.is_empty() => {
                let link = link.get(&network.plan.links).clone();
                network.set_link(&link, up);
            }
            Step::Deliver(link, down) if !network.plan.links.is_empty() => {
                let Link { upper, lower, .. } = *link.get(&network.plan.links);
                let (from, to) = if down { (upper, lower) } else { (lower, upper) };
                network.deliver(from, to);
            }
            _ => {}
        }
    }
    network.settle();
    network.check();
    network
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn rfc9234_5_no_leak_that_can_be_noticed_is_taken(plan in plan(true), steps in steps()) {
        run(plan, steps);
    }

    /// Where all have roles nobody sends a leak either, and all ways are as the roles want them.
    #[test]
    fn rfc9234_5_where_all_have_roles_nothing_leaks(plan in plan(false), steps in steps()) {
        let network = run(plan, steps);
        prop_assert_eq!(network.leaks, 0);
        for node in 0..network.plan.nodes {
            for way in network.ways(node) {
                prop_assert!(network.plan.is_valley_free(&way), "{} has {:?}", node, way);
            }
        }
    }
}

/// Two providers and a customer that passes on everything, by hand: the leak goes up to the second provider, which
/// refuses it, and would have been taken there without roles.
#[test]
fn rfc9234_5_a_leak_between_two_providers() {
    for upper_roles in [true, false] {
        let link = |upper, roles| Link { upper, lower: 2, kind: Kind::Transit, roles };
        let links = Vec::from([0, 1].map(|upper| link(upper, [upper_roles, false])));
        let mut network = Network::new(Plan { nodes: 3, links });
        network.originate(0, true);
        network.settle();
        network.check();
        assert_eq!(network.leaks, u32::from(upper_roles));
        let taken = [Vec::from([0, 2, 1])];
        assert_eq!(network.ways(1), if upper_roles { &[] } else { &taken[..] });
    }
}
