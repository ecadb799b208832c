//! What every routing table should be, computed from the network itself: no LSA is looked at, no database, no packet.
//!
//! Within an area by Bellman and Ford's algorithm. Between areas by what each border router has to tell, over and over
//! until nothing changes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use ospf3::lsa::{ExternalMetricType, LS_INFINITY};
use ospf3::originate::{AreaKind, Metric, StubRouter};
use ospf3::route::{NextHop, RouteKind};
use ospf3::{AreaId, InterfaceId, RouterId};

use crate::plan::{Kind, NodeId, Plan};

/// A route, with next hops in order. It has none where the prefix is the router's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) kind: RouteKind,
    pub(crate) area: AreaId,
    pub(crate) cost: u32,
    pub(crate) type2_cost: Option<u32>,
    pub(crate) tag: Option<u32>,
    pub(crate) hops: BTreeSet<NextHop>,
}

pub(crate) type Table = BTreeMap<IpNet, Path>;

/// The cost from a router, and the first hops.
type Way = (u32, BTreeSet<NextHop>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Vertex {
    Node(NodeId),
    /// A link that is a transit network, and which part of it.
    Network(usize, usize),
}

/// How an edge is left.
#[derive(Debug, Clone, Copy)]
enum Exit {
    Link(usize),
    /// Into the network, or out of it.
    Network(usize),
    Virtual,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    from: Vertex,
    to: Vertex,
    cost: u32,
    exit: Exit,
}

/// The next hop over a virtual link, until a transit area's border routers say how it goes on (RFC 2328 §16.3).
const UNRESOLVED: NextHop = NextHop { interface: InterfaceId(u32::MAX), address: None };

/// What a border router tells an area, by area.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Told {
    prefixes: BTreeMap<(AreaId, IpNet), u32>,
    routers: BTreeMap<(AreaId, NodeId), u32>,
    /// AS-external routes, with forwarding addresses.
    externals: BTreeMap<IpNet, Outside>,
}

/// A route to somewhere outside, as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Outside {
    metric: Metric,
    tag: Option<u32>,
    forwarding: Option<IpAddr>,
    propagate: bool,
}

/// All about one node.
#[derive(Debug, Clone, Default)]
struct View {
    attached: BTreeSet<AreaId>,
    border: bool,
    boundary: bool,
    /// By area and node.
    ways: BTreeMap<AreaId, BTreeMap<NodeId, Way>>,
    intra: Table,
    table: Table,
    /// Ways to AS boundary routers.
    boundaries: BTreeMap<NodeId, Vec<Path>>,
    /// Whose NSSA routes the table's rest on.
    installed: BTreeSet<(IpNet, AreaId, NodeId)>,
    told: Told,
}

pub(crate) struct Oracle<'a> {
    plan: &'a Plan,
    views: Vec<View>,
}

/// The routing tables of all nodes that are up.
pub(crate) fn tables(plan: &Plan) -> BTreeMap<NodeId, Table> {
    let mut oracle = Oracle { plan, views: vec![View::default(); plan.nodes.len()] };
    oracle.run();
    let up = oracle.views.into_iter().enumerate().filter(|(node, _)| plan.nodes[*node].up);
    up.map(|(node, view)| (node, view.table)).collect()
}

impl Oracle<'_> {
    fn up(&self) -> impl Iterator<Item = NodeId> + use<> {
        let up: Vec<_> =
            (0..self.plan.nodes.len()).filter(|node| self.plan.nodes[*node].up).collect();
        up.into_iter()
    }

    fn run(&mut self) {
        for node in self.up() {
            self.attach(node);
        }
        let areas: BTreeSet<AreaId> =
            self.views.iter().flat_map(|view| view.attached.clone()).collect();
        // Virtual links lead through the other areas.
        for area in areas.iter().filter(|area| **area != AreaId::BACKBONE) {
            self.within(*area);
        }
        self.attach_by_virtual_links();
        self.within(AreaId::BACKBONE);
        for _ in 0..100 {
            let before: Vec<Told> = self.views.iter().map(|view| view.told.clone()).collect();
            for node in self.up() {
                self.between(node);
            }
            for node in self.up() {
                self.views[node].told = self.tell(node);
            }
            if before.iter().eq(self.views.iter().map(|view| &view.told)) {
                return;
            }
        }
        panic!("the border routers do not come to an end");
    }

    fn attach(&mut self, node: NodeId) {
        let ends = self.plan.ends_of(node).filter(|(_, _, end)| end.up);
        let mut attached: BTreeSet<AreaId> = ends.map(|(_, link, _)| link.area).collect();
        attached.insert(self.plan.nodes[node].home);
        self.views[node].attached = attached;
        self.classify(node);
    }

    fn classify(&mut self, node: NodeId) {
        let view = &mut self.views[node];
        let virtual_end = self
            .plan
            .virtual_links
            .iter()
            .any(|link| link.ends.contains(&node) && view.attached.contains(&link.transit));
        let backbone = virtual_end && !view.attached.contains(&AreaId::BACKBONE);
        view.border = view.attached.len() + usize::from(backbone) > 1;
        let nssa =
            view.attached.iter().any(|area| matches!(self.plan.kind(*area), AreaKind::Nssa(_)));
        view.boundary = !self.plan.nodes[node].externals.is_empty() || view.border && nssa;
    }

    /// What a virtual link costs from one of its ends: only so much that a link can say it.
    fn virtual_cost(&self, from: NodeId, to: NodeId, transit: AreaId) -> Option<u32> {
        let (cost, _) = self.views[from].ways.get(&transit)?.get(&to)?;
        Some(*cost).filter(|cost| *cost <= 0xffff)
    }

    /// The virtual links whose ends reach each other.
    fn virtual_ways(&self) -> Vec<(NodeId, NodeId, AreaId, u32)> {
        let mut ways = Vec::new();
        for link in &self.plan.virtual_links {
            let [one, other] = link.ends;
            let there = self.virtual_cost(one, other, link.transit);
            let back = self.virtual_cost(other, one, link.transit);
            if let (Some(there), Some(back)) = (there, back) {
                ways.push((one, other, link.transit, there));
                ways.push((other, one, link.transit, back));
            }
        }
        ways
    }

    /// An end of a virtual link that is up is attached to the backbone, whether anybody is heard there or not.
    fn attach_by_virtual_links(&mut self) {
        for link in &self.plan.virtual_links {
            let [one, other] = link.ends;
            for (from, to) in [(one, other), (other, one)] {
                if self.virtual_cost(from, to, link.transit).is_some() {
                    self.views[from].attached.insert(AreaId::BACKBONE);
                    self.classify(from);
                }
            }
        }
    }

    /// Whether an end is part of a transit network.
    fn is_transit(&self, link: usize, part: usize) -> bool {
        let link = &self.plan.links[link];
        let ends: Vec<_> = self.heard(link, part).collect();
        let eligible = ends.iter().any(|(_, priority)| *priority > 0);
        matches!(link.kind, Kind::Broadcast | Kind::NonBroadcast) && ends.len() > 1 && eligible
    }

    fn heard<'b>(
        &'b self,
        link: &'b crate::plan::Link,
        part: usize,
    ) -> impl Iterator<Item = (NodeId, u8)> + 'b {
        let ends = link.ends.iter();
        let heard = move |end: &&crate::plan::End| {
            end.up && end.part == part && self.plan.nodes[end.node].up
        };
        ends.filter(heard).map(|end| (end.node, end.priority))
    }

    fn cost(&self, node: NodeId, cost: u16) -> u32 {
        match self.plan.nodes[node].stub {
            StubRouter::MaxLinkMetric => 0xffff,
            StubRouter::Off | StubRouter::NotRouting => u32::from(cost),
        }
    }

    fn edges(&self, area: AreaId) -> Vec<Edge> {
        let mut edges = Vec::new();
        for (number, link) in
            self.plan.links.iter().enumerate().filter(|(_, link)| link.area == area)
        {
            let up = |node: NodeId| self.plan.nodes[node].up;
            for end in link.ends.iter().filter(|end| end.up && up(end.node)) {
                let from = Vertex::Node(end.node);
                let cost = self.cost(end.node, end.cost);
                if self.is_transit(number, end.part) {
                    let network = Vertex::Network(number, end.part);
                    let exit = Exit::Network(number);
                    edges.push(Edge { from, to: network, cost, exit });
                    edges.push(Edge { from: network, to: from, cost: 0, exit });
                } else if matches!(link.kind, Kind::PointToPoint | Kind::PointToMultipoint) {
                    for (to, _) in self.heard(link, end.part).filter(|(to, _)| *to != end.node) {
                        let to = Vertex::Node(to);
                        edges.push(Edge { from, to, cost, exit: Exit::Link(number) });
                    }
                }
            }
        }
        if area == AreaId::BACKBONE {
            for (from, to, _, cost) in self.virtual_ways() {
                let cost = match self.plan.nodes[from].stub {
                    StubRouter::MaxLinkMetric => 0xffff,
                    StubRouter::Off | StubRouter::NotRouting => cost,
                };
                let (from, to) = (Vertex::Node(from), Vertex::Node(to));
                edges.push(Edge { from, to, cost, exit: Exit::Virtual });
            }
        }
        edges
    }

    /// The shortest paths and intra-area routes of an area.
    fn within(&mut self, area: AreaId) {
        let edges = self.edges(area);
        for node in self.up() {
            if !self.views[node].attached.contains(&area) {
                continue;
            }
            let ways = self.shortest_paths(&edges, node);
            self.prefixes_within(area, node, &ways);
            let nodes = ways.into_iter().filter_map(|(vertex, way)| match vertex {
                Vertex::Node(to) => Some((to, way)),
                Vertex::Network(_, _) => None,
            });
            self.views[node].ways.insert(area, nodes.collect());
        }
    }

    fn shortest_paths(&self, edges: &[Edge], root: NodeId) -> BTreeMap<Vertex, Way> {
        let root = Vertex::Node(root);
        let passes = |vertex: Vertex| match vertex {
            Vertex::Node(node) => {
                vertex == root || self.plan.nodes[node].stub != StubRouter::NotRouting
            }
            Vertex::Network(_, _) => true,
        };
        let mut costs = BTreeMap::from([(root, 0_u32)]);
        let mut changed = true;
        while changed {
            changed = false;
            for edge in edges.iter().filter(|edge| passes(edge.from)) {
                let Some(cost) = costs.get(&edge.from).map(|cost| cost + edge.cost) else {
                    continue;
                };
                if costs.get(&edge.to).is_none_or(|known| cost < *known) {
                    costs.insert(edge.to, cost);
                    changed = true;
                }
            }
        }
        let mut hops: BTreeMap<Vertex, BTreeSet<NextHop>> = BTreeMap::new();
        changed = true;
        while changed {
            changed = false;
            for edge in edges.iter().filter(|edge| passes(edge.from) && edge.to != root) {
                let tight = costs
                    .get(&edge.from)
                    .is_some_and(|cost| costs.get(&edge.to) == Some(&(cost + edge.cost)));
                if !tight {
                    continue;
                }
                let more = self.first_hops(root, edge, hops.get(&edge.from));
                let known = hops.entry(edge.to).or_default();
                let count = known.len();
                known.extend(more);
                changed |= known.len() > count;
            }
        }
        let way = |(vertex, cost)| (vertex, (cost, hops.get(&vertex).cloned().unwrap_or_default()));
        costs.into_iter().map(way).collect()
    }

    /// The first hops over a tight edge.
    fn first_hops(
        &self,
        root: Vertex,
        edge: &Edge,
        before: Option<&BTreeSet<NextHop>>,
    ) -> BTreeSet<NextHop> {
        let Vertex::Node(own) = root else { panic!("a root is a node") };
        let address = |link| match edge.to {
            Vertex::Node(to) => Some(self.plan.next_hop(link, to)),
            Vertex::Network(_, _) => None,
        };
        if edge.from == root {
            return match edge.exit {
                Exit::Link(link) | Exit::Network(link) => {
                    let interface = self.plan.interface(link, own);
                    BTreeSet::from([NextHop { interface, address: address(link) }])
                }
                Exit::Virtual => BTreeSet::from([UNRESOLVED]),
            };
        }
        let before = before.into_iter().flatten().copied();
        before
            .map(|hop| match (hop.address, edge.exit) {
                _ if hop == UNRESOLVED => hop,
                // On a link of the root's own, the one that the edge leaves.
                (None, Exit::Network(link)) => NextHop { address: address(link), ..hop },
                _ => hop,
            })
            .collect()
    }

    /// Routes to the prefixes of an area: of routers and of transit networks.
    fn prefixes_within(&mut self, area: AreaId, node: NodeId, ways: &BTreeMap<Vertex, Way>) {
        let mut prefixes: Vec<(IpNet, Vertex, u32)> = Vec::new();
        for to in self.up() {
            let vertex = Vertex::Node(to);
            if self.plan.nodes[to].home == area && self.views[to].attached.contains(&area) {
                prefixes.push((self.plan.loopback(to), vertex, 0));
            }
            let ends = self
                .plan
                .ends_of(to)
                .filter(|(_, link, end)| link.area == area && end.up && end.numbered);
            for (number, link, end) in ends {
                if link.kind == Kind::PointToMultipoint {
                    let host = IpNet::from(self.plan.address(number, to).addr());
                    prefixes.push((host, vertex, 0));
                } else if !self.is_transit(number, end.part) {
                    prefixes.push((self.plan.prefix(number), vertex, u32::from(end.cost)));
                }
            }
        }
        for vertex in ways.keys() {
            if let Vertex::Network(number, part) = vertex {
                let ends = self.plan.links[*number].ends.iter();
                let mut up = ends.filter(|end| {
                    end.up && end.part == *part && self.plan.nodes[end.node].up && end.numbered
                });
                if up.next().is_some() {
                    prefixes.push((self.plan.prefix(*number), *vertex, 0));
                }
            }
        }
        for (prefix, vertex, metric) in prefixes {
            let Some((cost, hops)) = ways.get(&vertex) else { continue };
            let path = Path {
                kind: RouteKind::IntraArea,
                area,
                cost: cost + metric,
                type2_cost: None,
                tag: None,
                hops: hops.clone(),
            };
            offer(&mut self.views[node].intra, prefix, path);
        }
    }

    /// Inter-area and external routes, and ways to boundary routers, from what the others tell.
    fn between(&mut self, node: NodeId) {
        let mut table = self.views[node].intra.clone();
        let view = &self.views[node];
        let mut boundaries: BTreeMap<NodeId, Vec<Path>> = BTreeMap::new();
        for (area, ways) in &view.ways {
            for (to, (cost, hops)) in ways {
                let stub = matches!(self.plan.kind(*area), AreaKind::Stub(_));
                if *to != node && self.views[*to].boundary && !stub {
                    let path = plain(RouteKind::IntraArea, *area, *cost, hops.clone());
                    boundaries.entry(*to).or_default().push(path);
                }
            }
        }
        // RFC 2328 §16.2: border routers look at the backbone only.
        let from = if view.attached.len() > 1 {
            view.attached.get(&AreaId::BACKBONE)
        } else {
            view.attached.first()
        };
        if let Some(area) = from {
            self.inter_area(node, *area, &mut table, &mut boundaries);
        }
        self.transit_areas(node, &mut table, &mut boundaries);
        table.retain(|_, path| is_resolved(path));
        for paths in boundaries.values_mut() {
            paths.retain_mut(is_resolved);
        }
        let installed = self.externals(node, &mut table, &boundaries);
        self.views[node].installed = installed;
        self.views[node].table = table;
        self.views[node].boundaries = boundaries;
    }

    /// The border routers of an area that a node reaches there.
    fn border_routers(&self, node: NodeId, area: AreaId) -> Vec<(NodeId, Way)> {
        let ways = self.views[node].ways.get(&area).into_iter().flatten();
        ways.filter(|(to, _)| **to != node && self.views[**to].border)
            .map(|(to, way)| (*to, way.clone()))
            .collect()
    }

    fn inter_area(
        &self,
        node: NodeId,
        area: AreaId,
        table: &mut Table,
        boundaries: &mut BTreeMap<NodeId, Vec<Path>>,
    ) {
        let mut inter: Table = BTreeMap::new();
        let mut routers: BTreeMap<NodeId, Path> = BTreeMap::new();
        for (border, (cost, hops)) in self.border_routers(node, area) {
            let told = &self.views[border].told;
            let path =
                |metric: &u32| plain(RouteKind::InterArea, area, cost + metric, hops.clone());
            for ((_, prefix), metric) in told.prefixes.iter().filter(|((to, _), _)| *to == area) {
                if !self.is_active_range(node, *prefix) {
                    offer(&mut inter, *prefix, path(metric));
                }
            }
            for ((_, router), metric) in told.routers.iter().filter(|((to, _), _)| *to == area) {
                if *router != node {
                    offer(&mut routers, *router, path(metric));
                }
            }
        }
        for (prefix, path) in inter {
            table.entry(prefix).or_insert(path);
        }
        for (router, path) in routers {
            let known = boundaries.entry(router).or_default();
            if !known.iter().any(|known| known.area == area) {
                known.push(path);
            }
        }
    }

    /// RFC 2328 §16.2 step 3
    fn is_active_range(&self, node: NodeId, prefix: IpNet) -> bool {
        let view = &self.views[node];
        self.plan.nodes[node].ranges.iter().any(|(area, ranges)| {
            ranges.contains_key(&prefix)
                && view.intra.iter().any(|(net, path)| path.area == *area && prefix.contains(net))
        })
    }

    /// RFC 2328 §16.3
    fn transit_areas(
        &self,
        node: NodeId,
        table: &mut Table,
        boundaries: &mut BTreeMap<NodeId, Vec<Path>>,
    ) {
        let view = &self.views[node];
        if !view.border {
            return;
        }
        for area in view.attached.iter().filter(|area| self.is_transit_area(node, **area)) {
            for (border, (cost, hops)) in self.border_routers(node, *area) {
                let told = &self.views[border].told;
                for ((_, prefix), metric) in told.prefixes.iter().filter(|((to, _), _)| to == area)
                {
                    let backbone = |path: &&mut Path| path.area == AreaId::BACKBONE;
                    if let Some(path) = table.get_mut(prefix).filter(backbone) {
                        improve(path, cost + metric, &hops);
                    }
                }
                for ((_, router), metric) in told.routers.iter().filter(|((to, _), _)| to == area) {
                    let paths = boundaries.get_mut(router).into_iter().flatten();
                    for path in paths.filter(|path| path.area == AreaId::BACKBONE) {
                        improve(path, cost + metric, &hops);
                    }
                }
            }
        }
    }

    /// Whether there is a virtual link through an area, between two routers that the node reaches there.
    fn is_transit_area(&self, node: NodeId, area: AreaId) -> bool {
        let reached = |to: &NodeId| {
            self.views[node].ways.get(&area).is_some_and(|ways| ways.contains_key(to))
        };
        self.virtual_ways()
            .iter()
            .any(|(from, to, transit, _)| *transit == area && reached(from) && reached(to))
    }

    /// RFC 2328 §16.4, RFC 3101 §2.5
    fn externals(
        &self,
        node: NodeId,
        table: &mut Table,
        boundaries: &BTreeMap<NodeId, Vec<Path>>,
    ) -> BTreeSet<(IpNet, AreaId, NodeId)> {
        let view = &self.views[node];
        let within = table.clone();
        let mut best: BTreeMap<IpNet, Best> = BTreeMap::new();
        let takes = |area: &AreaId| self.plan.kind(*area).takes_externals();
        if view.attached.iter().any(takes) {
            for other in self.up().filter(|other| *other != node) {
                // Where its LSAs come to.
                let Some(paths) = boundaries.get(&other) else { continue };
                let usable: Vec<_> = paths.iter().filter(|path| takes(&path.area)).collect();
                let Some(asbr) = preferred(&usable) else { continue };
                for (prefix, outside) in &self.views[other].told.externals {
                    let by = match outside.forwarding {
                        None => Some(asbr.clone()),
                        Some(address) => longest(&within, address).filter(|path| takes(&path.area)),
                    };
                    if let Some(by) = by {
                        consider(&mut best, *prefix, outside, by, None);
                    }
                }
            }
        }
        for area in &view.attached {
            let AreaKind::Nssa(nssa) = self.plan.kind(*area) else { continue };
            for (other, (cost, hops)) in view.ways.get(area).into_iter().flatten() {
                if *other == node {
                    continue;
                }
                for (prefix, outside) in self.nssa_routes(*other, *area) {
                    let default = prefix.prefix_len() == 0;
                    if default
                        && view.attached.len() > 1
                        && (!outside.propagate || !nssa.import_summaries)
                    {
                        continue;
                    }
                    let by = match outside.forwarding {
                        None => Some(plain(RouteKind::IntraArea, *area, *cost, hops.clone())),
                        Some(address) => longest(&within, address)
                            .filter(|path| path.kind == RouteKind::IntraArea && path.area == *area),
                    };
                    if let Some(by) = by {
                        consider(&mut best, prefix, &outside, by, Some((*area, *other)));
                    }
                }
            }
        }
        let mut installed = BTreeSet::new();
        for (prefix, (_, path, from)) in best {
            if let std::collections::btree_map::Entry::Vacant(entry) = table.entry(prefix) {
                entry.insert(path);
                installed.extend(from.into_iter().map(|(area, other)| (prefix, area, other)));
            }
        }
        installed
    }

    /// What a node tells an NSSA of the outside.
    fn nssa_routes(&self, node: NodeId, area: AreaId) -> BTreeMap<IpNet, Outside> {
        let view = &self.views[node];
        let AreaKind::Nssa(nssa) = self.plan.kind(area) else { return BTreeMap::new() };
        let told = view.attached.iter().any(|area| self.plan.kind(*area).takes_externals());
        let mut routes = BTreeMap::new();
        for (key, external) in &self.plan.nodes[node].externals {
            let propagate = external.propagate && !told;
            let own = (self.plan.nodes[node].home == area).then(|| self.plan.loopback(node).addr());
            let forwarding = if propagate { own } else { None };
            if propagate && forwarding.is_none() {
                continue;
            }
            let outside =
                Outside { metric: external.metric, tag: external.tag, forwarding, propagate };
            routes.insert(key.prefix, outside);
        }
        if let Some(metric) = nssa.default_metric
            && view.border
            && nssa.import_summaries
        {
            let outside = Outside { metric, tag: None, forwarding: None, propagate: false };
            routes.entry(self.plan.default_route()).or_insert(outside);
        }
        routes
    }

    /// RFC 3101 §3.1
    fn translates(&self, node: NodeId, area: AreaId) -> bool {
        let view = &self.views[node];
        let backbone = view.boundaries.iter().filter(|(_, paths)| {
            paths.iter().any(|path| self.plan.kind(path.area).takes_externals())
        });
        let transit: BTreeSet<NodeId> = backbone.map(|(other, _)| *other).collect();
        let mut rivals = self.border_routers(node, area).into_iter().map(|(other, _)| other);
        let own = self.plan.router_id(node);
        view.border
            && !rivals.any(|other| transit.contains(&other) && self.plan.router_id(other) > own)
    }

    /// What a node tells the others, given its table.
    fn tell(&self, node: NodeId) -> Told {
        let view = &self.views[node];
        let mut told = Told::default();
        if view.attached.iter().any(|area| self.plan.kind(*area).takes_externals()) {
            for (key, external) in &self.plan.nodes[node].externals {
                let outside = Outside {
                    metric: external.metric,
                    tag: external.tag,
                    forwarding: external.forwarding_address,
                    propagate: false,
                };
                told.externals.insert(key.prefix, outside);
            }
            self.translate(node, &mut told);
        }
        if view.border {
            for area in &view.attached {
                self.tell_area(node, *area, &mut told);
            }
        }
        told
    }

    /// RFC 3101 §3.2: of several routes to one prefix, one.
    fn translate(&self, node: NodeId, told: &mut Told) {
        let mut translated: BTreeMap<IpNet, (Metric, std::cmp::Reverse<RouterId>, Outside)> =
            BTreeMap::new();
        for (prefix, area, other) in &self.views[node].installed {
            let Some(outside) = self.nssa_routes(*other, *area).remove(prefix) else { continue };
            if !outside.propagate || !self.translates(node, *area) {
                continue;
            }
            let other = std::cmp::Reverse(self.plan.router_id(*other));
            let known = translated.get(prefix);
            if known.is_none_or(|known| (outside.metric, other) < (known.0, known.1)) {
                translated.insert(*prefix, (outside.metric, other, outside));
            }
        }
        for (prefix, (_, _, outside)) in translated {
            let path = &self.views[node].table[&prefix];
            let metric = match outside.metric.metric_type {
                ExternalMetricType::Type1 => Metric::type1(path.cost),
                ExternalMetricType::Type2 => outside.metric,
            };
            if told.externals.get(&prefix).is_none_or(|own| metric < own.metric) {
                told.externals.insert(prefix, outside);
            }
        }
    }

    /// RFC 2328 §12.4.3
    fn tell_area(&self, node: NodeId, to: AreaId, told: &mut Told) {
        let view = &self.views[node];
        let kind = self.plan.kind(to);
        if kind.imports_summaries() {
            for (prefix, path) in &view.table {
                if !self.may_be_told(node, to, path) {
                    continue;
                }
                let transit = self.is_transit_area(node, to);
                let condensed = path.kind == RouteKind::IntraArea
                    && !(path.area == AreaId::BACKBONE && transit);
                let ranges = self.plan.nodes[node].ranges.get(&path.area).filter(|_| condensed);
                let ranges = ranges.into_iter().flatten();
                let around = ranges.filter(|(range, _)| range.contains(prefix));
                let range = around.max_by_key(|(range, _)| range.prefix_len());
                match range {
                    None => least(told, to, *prefix, path.cost),
                    Some((range, how)) if how.advertise => {
                        let known = told.prefixes.entry((to, *range)).or_insert(0);
                        *known = how.cost.unwrap_or((*known).max(path.cost));
                    }
                    Some(_) => {}
                }
            }
        }
        let default = self.plan.default_route();
        match &kind {
            AreaKind::Normal => {}
            AreaKind::Stub(stub) => {
                told.prefixes.insert((to, default), stub.default_cost);
            }
            AreaKind::Nssa(nssa) if !nssa.import_summaries => {
                let cost = nssa.default_metric.map_or(1, |metric| metric.cost);
                told.prefixes.insert((to, default), cost);
            }
            AreaKind::Nssa(_) => {}
        }
        if kind.takes_externals() {
            for (router, paths) in &view.boundaries {
                let takes = |path: &&Path| self.plan.kind(path.area).takes_externals();
                let usable: Vec<_> = paths.iter().filter(takes).collect();
                let Some(path) = preferred(&usable) else { continue };
                if self.may_be_told(node, to, path) {
                    told.routers.insert((to, *router), path.cost);
                }
            }
        }
    }

    fn may_be_told(&self, node: NodeId, to: AreaId, path: &Path) -> bool {
        let of_kind = match path.kind {
            RouteKind::IntraArea => true,
            RouteKind::InterArea => to != AreaId::BACKBONE,
            RouteKind::ExternalType1 | RouteKind::ExternalType2 => false,
        };
        let back = |hop: &NextHop| self.area_of(node, hop.interface) == Some(to);
        of_kind && path.area != to && path.cost < LS_INFINITY && !path.hops.iter().any(back)
    }

    fn area_of(&self, node: NodeId, interface: InterfaceId) -> Option<AreaId> {
        let mut ends = self.plan.ends_of(node);
        ends.find(|(link, _, _)| self.plan.interface(*link, node) == interface)
            .map(|(_, link, _)| link.area)
    }
}

/// Lets go of next hops over virtual links; whether anything is left.
fn is_resolved(path: &mut Path) -> bool {
    !path.hops.remove(&UNRESOLVED) || !path.hops.is_empty()
}

fn plain(kind: RouteKind, area: AreaId, cost: u32, hops: BTreeSet<NextHop>) -> Path {
    Path { kind, area, cost, type2_cost: None, tag: None, hops }
}

/// The cheaper path, or both.
fn offer<K: Ord>(table: &mut BTreeMap<K, Path>, to: K, path: Path) {
    match table.entry(to) {
        std::collections::btree_map::Entry::Vacant(entry) => {
            entry.insert(path);
        }
        std::collections::btree_map::Entry::Occupied(mut entry) => {
            let known = entry.get_mut();
            if path.cost < known.cost {
                *known = path;
            } else if path.cost == known.cost && path.hops.is_empty() {
                // The router's own prefix: packets need not go anywhere else.
                known.hops.clear();
            } else if path.cost == known.cost && !known.hops.is_empty() {
                known.hops.extend(path.hops);
            }
        }
    }
}

fn improve(path: &mut Path, cost: u32, hops: &BTreeSet<NextHop>) {
    if cost < path.cost {
        (path.cost, path.hops) = (cost, hops.clone());
    } else if cost == path.cost {
        path.hops.extend(hops.iter().copied());
    }
}

fn least(told: &mut Told, to: AreaId, prefix: IpNet, cost: u32) {
    let known = told.prefixes.entry((to, prefix)).or_insert(cost);
    *known = cost.min(*known);
}

/// RFC 2328 §16.4.1: less is preferred.
fn class(path: &Path) -> u8 {
    match path.kind {
        RouteKind::IntraArea if path.area != AreaId::BACKBONE => 0,
        _ => 1,
    }
}

/// Of several ways to a boundary router, by areas.
fn preferred<'a>(paths: &[&'a Path]) -> Option<&'a Path> {
    paths.iter().copied().min_by_key(|path| (class(path), path.cost, std::cmp::Reverse(path.area)))
}

fn longest(table: &Table, address: IpAddr) -> Option<Path> {
    let around = table.iter().filter(|(prefix, _)| prefix.contains(&address));
    around.max_by_key(|(prefix, _)| prefix.prefix_len()).map(|(_, path)| path.clone())
}

/// RFC 2328 §16.4 step 6: less is preferred.
type External = (ExternalMetricType, u32, u8, u32);

/// The rank, the path, and whose NSSA routes it rests on.
type Best = (External, Path, Vec<(AreaId, NodeId)>);

fn consider(
    best: &mut BTreeMap<IpNet, Best>,
    prefix: IpNet,
    outside: &Outside,
    by: Path,
    from: Option<(AreaId, NodeId)>,
) {
    let Metric { metric_type, cost: metric } = outside.metric;
    let (rank, path) = match metric_type {
        ExternalMetricType::Type1 => {
            let cost = by.cost + metric;
            let kind = RouteKind::ExternalType1;
            ((metric_type, 0, class(&by), cost), Path { kind, cost, tag: outside.tag, ..by })
        }
        ExternalMetricType::Type2 => {
            let rank = (metric_type, metric, class(&by), by.cost);
            let kind = RouteKind::ExternalType2;
            (rank, Path { kind, type2_cost: Some(metric), tag: outside.tag, ..by })
        }
    };
    match best.get_mut(&prefix) {
        Some((known, ..)) if *known < rank => {}
        Some((known, so_far, all)) if *known == rank => {
            so_far.hops.extend(path.hops);
            all.extend(from);
        }
        _ => {
            best.insert(prefix, (rank, path, from.into_iter().collect()));
        }
    }
}
