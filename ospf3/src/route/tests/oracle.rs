//! The routing table the slow way: the steps of RFC 2328 §16 one after the other, each by reading all LSAs there are.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::vec::Vec;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::lsa::{
    ExternalLsa, ExternalMetricType, LS_INFINITY, LsaKey, MAX_AGE, RouterFlags, RouterLink,
    RouterLinkType,
};
use crate::lsdb::Lsdb;
use crate::route::{Externals, Input, NextHop, Route, RouteKind, Rules};
use crate::spf::Vertex;
use crate::{
    AddressFamily, AreaId, InterfaceId, LinkStateId, LsType, LsaBody, Options, Prefix,
    PrefixOptions, RouterId,
};

/// A hop while paths are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hop {
    Own,
    Real(NextHop),
    Virtual(InterfaceId),
}

type Hops = BTreeSet<Hop>;

/// A path to a vertex, and what the vertex is if it is a router.
#[derive(Debug, Clone)]
struct Reached {
    cost: u32,
    hops: Hops,
    flags: RouterFlags,
}

/// A routing table entry while it is found.
#[derive(Debug, Clone)]
struct Entry {
    kind: RouteKind,
    area: AreaId,
    cost: u32,
    hops: Hops,
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tables {
    pub(super) routes: BTreeMap<IpNet, Route>,
    /// By area and router: cost and next hops.
    pub(super) routers: BTreeMap<(AreaId, RouterId), (u32, Vec<NextHop>)>,
    pub(super) boundaries: BTreeMap<RouterId, (RouteKind, AreaId, u32, Vec<NextHop>)>,
    pub(super) transit: BTreeSet<AreaId>,
}

pub(super) struct Oracle<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) rules: Rules,
}

fn bodies<'a>(
    input: &'a Input<'_>,
    lsdb: &'a Lsdb,
) -> impl Iterator<Item = (LsaKey, LsaBody)> + 'a {
    (lsdb.iter())
        .filter(|(_, entry)| entry.age(input.now) < MAX_AGE)
        .filter_map(|(key, entry)| Some((*key, entry.lsa.body().ok()?)))
}

impl Oracle<'_> {
    pub(super) fn run(&self) -> Tables {
        let areas: BTreeMap<AreaId, BTreeMap<Vertex, Reached>> =
            self.input.areas.keys().map(|id| (*id, self.area(*id))).collect();
        let transit = areas
            .iter()
            .filter(|(_, area)| area.values().any(|r| r.flags.contains(RouterFlags::V)))
            .map(|(id, _)| *id)
            .collect::<BTreeSet<_>>();
        let mut table = self.intra(&areas);
        let ranges = self.active_ranges(&table);
        let mut routers = self.routers(&areas);
        self.inter(&areas, &ranges, &mut table, &mut routers);
        if self.input.areas.len() > 1 {
            self.through_transit_areas(&areas, &transit, &mut table, &mut routers);
        }
        let mut routes: BTreeMap<IpNet, Route> = BTreeMap::new();
        for (prefix, entry) in table {
            if let Some(next_hops) = self.finish(&entry.hops) {
                let Entry { kind, area, cost, .. } = entry;
                routes.insert(
                    prefix,
                    Route { kind, area, cost, type2_cost: None, tag: None, next_hops },
                );
            }
        }
        routers.retain(|_, entry| self.finish(&entry.hops).is_some());
        let boundaries = self.boundaries(&routers);
        self.external(&areas, &boundaries, &mut routes);
        let list = |hops: &Hops| self.finish(hops).map(|hops| hops.to_vec());
        let mut by_area = BTreeMap::new();
        for (id, area) in &areas {
            for (vertex, reached) in area {
                if let (Vertex::Router(router), Some(hops)) = (vertex, list(&reached.hops)) {
                    by_area.insert((*id, *router), (reached.cost, hops));
                }
            }
        }
        let boundaries = (boundaries.into_iter())
            .filter_map(|(router, e)| Some((router, (e.kind, e.area, e.cost, list(&e.hops)?))))
            .collect();
        Tables { routes, routers: by_area, boundaries, transit }
    }

    fn finish(&self, hops: &Hops) -> Option<Arc<[NextHop]>> {
        if hops.contains(&Hop::Own) {
            return Some(Arc::from(Vec::new()));
        }
        let real = hops.iter().filter_map(|hop| match hop {
            Hop::Real(hop) => Some(*hop),
            _ => None,
        });
        let list: Vec<_> = real.take(self.rules.maximum_paths).collect();
        Some(Arc::from(list)).filter(|hops: &Arc<[_]>| !hops.is_empty())
    }

    // §16.1

    fn lsdb(&self, area: AreaId) -> &Lsdb {
        self.input.areas[&area].lsdb
    }

    fn router_lsas(
        &self,
        area: AreaId,
        router: RouterId,
    ) -> Option<(RouterFlags, Options, Vec<RouterLink>)> {
        let mut found: Option<(RouterFlags, Options, Vec<RouterLink>)> = None;
        for (key, body) in bodies(self.input, self.lsdb(area)) {
            if let (true, LsaBody::Router(lsa)) = (key.advertising_router == router, body) {
                match &mut found {
                    // Those with smaller Link State IDs come first.
                    Some((_, _, links)) => links.extend(lsa.links),
                    None => found = Some((lsa.flags, lsa.options, lsa.links)),
                }
            }
        }
        found.filter(|(_, options, _)| {
            self.input.family != AddressFamily::Ipv6Unicast
                || options.contains(Options::V6)
                || router == self.input.router_id
        })
    }

    /// The links in a vertex's LSAs.
    fn links(
        &self,
        area: AreaId,
        vertex: Vertex,
    ) -> Option<Vec<(Vertex, u16, Option<RouterLink>)>> {
        match vertex {
            Vertex::Router(router) => {
                let (_, _, links) = self.router_lsas(area, router)?;
                Some(
                    (links.into_iter())
                        .filter_map(|link| {
                            let to = match link.link_type {
                                RouterLinkType::TRANSIT => Vertex::Network(
                                    link.neighbor_router_id,
                                    link.neighbor_interface_id,
                                ),
                                RouterLinkType::POINT_TO_POINT | RouterLinkType::VIRTUAL => {
                                    Vertex::Router(link.neighbor_router_id)
                                }
                                _ => return None,
                            };
                            Some((to, link.metric, Some(link)))
                        })
                        .collect(),
                )
            }
            Vertex::Network(router, interface) => {
                let key = LsaKey {
                    ls_type: LsType::NETWORK,
                    advertising_router: router,
                    link_state_id: LinkStateId(interface.0),
                };
                bodies(self.input, self.lsdb(area)).find_map(|(there, body)| match body {
                    LsaBody::Network(lsa) if there == key => Some(
                        lsa.attached_routers
                            .into_iter()
                            .map(|router| (Vertex::Router(router), 0, None))
                            .collect(),
                    ),
                    _ => None,
                })
            }
        }
    }

    fn address(&self, ours: InterfaceId, router: RouterId, theirs: InterfaceId) -> Option<IpAddr> {
        let interface = self.input.interfaces.get(&ours)?;
        let told = interface.lsdb.and_then(|lsdb| {
            bodies(self.input, lsdb).find_map(|(key, body)| match body {
                LsaBody::Link(lsa)
                    if key.advertising_router == router && key.link_state_id.0 == theirs.0 =>
                {
                    Some(lsa.link_local_address)
                }
                _ => None,
            })
        });
        if let Some(told) = told {
            let octets = told.octets();
            if octets[0] == 0xfe && octets[1] & 0xc0 == 0x80 {
                return Some(told.into());
            }
            if self.input.family.is_ipv4() && octets[..4] != [0; 4] && octets[4..] == [0; 12] {
                return Some(Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]).into());
            }
        }
        let heard = || interface.neighbors.iter().filter(|n| n.router_id == router);
        let exact = heard().find(|neighbor| neighbor.interface_id == theirs);
        exact.or_else(|| heard().next()).map(|neighbor| neighbor.address.into())
    }

    /// The hops by one link from a vertex to another (§16.1.1).
    fn hops(
        &self,
        area: AreaId,
        (from, hops): (Vertex, &Hops),
        to: Vertex,
        link: Option<&RouterLink>,
    ) -> Hops {
        let mut found = Hops::new();
        if let (Some(link), true) = (link, from == Vertex::Router(self.input.router_id)) {
            let ours = link.interface_id;
            let hop = match link.link_type {
                RouterLinkType::VIRTUAL => Some(Hop::Virtual(ours)),
                RouterLinkType::TRANSIT => (self.input.interfaces.contains_key(&ours))
                    .then_some(Hop::Real(NextHop { interface: ours, address: None })),
                _ => self
                    .address(ours, link.neighbor_router_id, link.neighbor_interface_id)
                    .map(|address| Hop::Real(NextHop { interface: ours, address: Some(address) })),
            };
            found.extend(hop);
            return found;
        }
        for hop in hops {
            match (hop, from, to) {
                (
                    Hop::Real(NextHop { interface, address: None }),
                    Vertex::Network(..),
                    Vertex::Router(router),
                ) => {
                    for (back, _, link) in self.links(area, to).into_iter().flatten() {
                        if let (true, Some(link)) = (back == from, link) {
                            let address = self.address(*interface, router, link.interface_id);
                            found.extend(address.map(|address| {
                                Hop::Real(NextHop { interface: *interface, address: Some(address) })
                            }));
                        }
                    }
                }
                _ => {
                    found.insert(*hop);
                }
            }
        }
        found
    }

    fn area(&self, area: AreaId) -> BTreeMap<Vertex, Reached> {
        let root = Vertex::Router(self.input.router_id);
        let mut vertices = BTreeSet::new();
        for (key, body) in bodies(self.input, self.lsdb(area)) {
            match body {
                LsaBody::Router(_) => {
                    vertices.insert(Vertex::Router(key.advertising_router));
                }
                LsaBody::Network(_) => {
                    let interface = InterfaceId(key.link_state_id.0);
                    vertices.insert(Vertex::Network(key.advertising_router, interface));
                }
                _ => {}
            }
        }
        let all: BTreeMap<_, _> =
            vertices.iter().filter_map(|v| Some((*v, self.links(area, *v)?))).collect();
        let mut links = Vec::new();
        for (from, there) in &all {
            // A router whose R-bit is clear is reached and not passed (RFC 5340 §4.8.1 with erratum 2078).
            let passed = match from {
                Vertex::Router(router) if from != &root => {
                    self.router_lsas(area, *router).is_some_and(|(_, o, _)| o.contains(Options::R))
                }
                _ => true,
            };
            for (to, cost, link) in there {
                let back = all.get(to).is_some_and(|back| back.iter().any(|(v, ..)| v == from));
                if passed && back && to != from {
                    links.push((*from, *to, *cost, *link));
                }
            }
        }
        let step = |(cost, level): (u32, u32), from: &Vertex, more: u16| match (more, from) {
            (0, Vertex::Router(_)) => (cost, level + 1),
            (0, Vertex::Network(..)) => (cost, level),
            (more, _) => (cost + u32::from(more), 0),
        };
        let mut keys = BTreeMap::from([(root, (0, 0))]);
        loop {
            let before = keys.clone();
            for (from, to, cost, _) in &links {
                if let Some(key) = before.get(from).map(|key| step(*key, from, *cost)) {
                    let there = keys.entry(*to).or_insert(key);
                    *there = key.min(*there);
                }
            }
            if before == keys {
                break;
            }
        }
        let mut hops: BTreeMap<Vertex, Hops> = keys.keys().map(|v| (*v, Hops::new())).collect();
        hops.insert(root, Hops::from([Hop::Own]));
        loop {
            let before = hops.clone();
            for (from, to, cost, link) in &links {
                let Some(key) = keys.get(from) else { continue };
                if keys.get(to) == Some(&step(*key, from, *cost)) && *to != root {
                    let more = self.hops(area, (*from, &before[from]), *to, link.as_ref());
                    hops.entry(*to).or_default().extend(more);
                }
            }
            if before == hops {
                break;
            }
        }
        (hops.into_iter())
            .map(|(vertex, hops)| {
                let flags = match vertex {
                    Vertex::Router(router) => {
                        self.router_lsas(area, router).map_or(RouterFlags::NONE, |(f, ..)| f)
                    }
                    Vertex::Network(..) => RouterFlags::NONE,
                };
                (vertex, Reached { cost: keys[&vertex].0, hops, flags })
            })
            .collect()
    }

    fn prefix(&self, prefix: &Prefix) -> Option<IpNet> {
        if prefix.options.contains(PrefixOptions::NU) {
            return None;
        }
        if self.input.family.is_ipv4() {
            let net = Ipv4Net::new(prefix.ipv4(), prefix.length).ok()?;
            return Some(IpNet::V4(net.trunc()));
        }
        let net = Ipv6Net::new(prefix.address, prefix.length).ok()?.trunc();
        let link_local: Ipv6Net = "fe80::/10".parse().expect("a prefix");
        (!link_local.contains(&net)).then_some(IpNet::V6(net))
    }

    fn intra(&self, areas: &BTreeMap<AreaId, BTreeMap<Vertex, Reached>>) -> BTreeMap<IpNet, Entry> {
        let mut table: BTreeMap<IpNet, Entry> = BTreeMap::new();
        // From the largest area number on: others must be cheaper to take its place.
        for (id, area) in areas.iter().rev() {
            for (_, body) in bodies(self.input, self.lsdb(*id)) {
                let LsaBody::IntraAreaPrefix(lsa) = body else { continue };
                let vertex = match lsa.referenced.ls_type {
                    LsType::ROUTER => Vertex::Router(lsa.referenced.advertising_router),
                    LsType::NETWORK => Vertex::Network(
                        lsa.referenced.advertising_router,
                        InterfaceId(lsa.referenced.link_state_id.0),
                    ),
                    _ => continue,
                };
                let Some(reached) = area.get(&vertex) else { continue };
                for told in lsa.prefixes {
                    let Some(prefix) = self.prefix(&told.prefix) else { continue };
                    let cost = reached.cost + u32::from(told.metric);
                    let hops = reached.hops.clone();
                    let new = Entry { kind: RouteKind::IntraArea, area: *id, cost, hops };
                    match table.get_mut(&prefix) {
                        Some(old) if old.cost < cost => {}
                        Some(old) if old.cost == cost && old.area == *id => {
                            old.hops.extend(new.hops);
                        }
                        Some(old) if old.cost == cost => {}
                        _ => {
                            table.insert(prefix, new);
                        }
                    }
                }
            }
        }
        table
    }

    fn active_ranges(&self, table: &BTreeMap<IpNet, Entry>) -> BTreeSet<IpNet> {
        let mut active = BTreeSet::new();
        for (id, area) in &self.input.areas {
            for range in &area.ranges {
                let within = |(prefix, entry): (&IpNet, &Entry)| {
                    let usable = self.finish(&entry.hops).is_some();
                    entry.area == *id && range.contains(prefix) && usable
                };
                if table.iter().any(within) {
                    active.insert(*range);
                }
            }
        }
        active
    }

    /// The entries for AS boundary routers within areas.
    fn routers(
        &self,
        areas: &BTreeMap<AreaId, BTreeMap<Vertex, Reached>>,
    ) -> BTreeMap<(AreaId, RouterId), Entry> {
        let mut all = BTreeMap::new();
        for (id, area) in areas {
            for (vertex, reached) in area {
                if let (Vertex::Router(router), true) =
                    (vertex, reached.flags.contains(RouterFlags::E))
                {
                    let (cost, hops) = (reached.cost, reached.hops.clone());
                    let entry = Entry { kind: RouteKind::IntraArea, area: *id, cost, hops };
                    all.insert((*id, *router), entry);
                }
            }
        }
        all
    }

    // §16.2

    /// What an inter-area LSA tells, by its border router: the cost and hops of the path.
    fn summary(
        &self,
        area: &BTreeMap<Vertex, Reached>,
        key: &LsaKey,
        metric: u32,
    ) -> Option<(u32, Hops)> {
        if metric == LS_INFINITY || key.advertising_router == self.input.router_id {
            return None;
        }
        let border = area.get(&Vertex::Router(key.advertising_router))?;
        border.flags.contains(RouterFlags::B).then(|| (border.cost + metric, border.hops.clone()))
    }

    fn inter(
        &self,
        areas: &BTreeMap<AreaId, BTreeMap<Vertex, Reached>>,
        ranges: &BTreeSet<IpNet>,
        table: &mut BTreeMap<IpNet, Entry>,
        routers: &mut BTreeMap<(AreaId, RouterId), Entry>,
    ) {
        let id = match self.input.areas.keys().collect::<Vec<_>>()[..] {
            [] => return,
            [only] => *only,
            _ => AreaId::BACKBONE,
        };
        let Some(area) = areas.get(&id) else { return };
        for (key, body) in bodies(self.input, self.lsdb(id)) {
            match body {
                LsaBody::InterAreaPrefix(lsa) => {
                    let path = self.summary(area, &key, lsa.metric);
                    if let (Some(prefix), Some(path)) = (self.prefix(&lsa.prefix), path)
                        && !ranges.contains(&prefix)
                    {
                        install(table, prefix, id, path);
                    }
                }
                LsaBody::InterAreaRouter(lsa) => {
                    if let Some(path) = self.summary(area, &key, lsa.metric) {
                        install(routers, (id, lsa.destination_router), id, path);
                    }
                }
                _ => {}
            }
        }
    }

    // §16.3

    fn through_transit_areas(
        &self,
        areas: &BTreeMap<AreaId, BTreeMap<Vertex, Reached>>,
        transit: &BTreeSet<AreaId>,
        table: &mut BTreeMap<IpNet, Entry>,
        routers: &mut BTreeMap<(AreaId, RouterId), Entry>,
    ) {
        for id in transit.iter().filter(|id| **id != AreaId::BACKBONE) {
            for (key, body) in bodies(self.input, self.lsdb(*id)) {
                let (metric, entry) = match body {
                    LsaBody::InterAreaPrefix(lsa) => {
                        let Some(prefix) = self.prefix(&lsa.prefix) else { continue };
                        (lsa.metric, table.get_mut(&prefix))
                    }
                    LsaBody::InterAreaRouter(lsa) => {
                        let destination = (AreaId::BACKBONE, lsa.destination_router);
                        (lsa.metric, routers.get_mut(&destination))
                    }
                    _ => continue,
                };
                let Some(entry) = entry.filter(|entry| entry.area == AreaId::BACKBONE) else {
                    continue;
                };
                let Some((cost, hops)) = self.summary(&areas[id], &key, metric) else { continue };
                if cost < entry.cost {
                    entry.cost = cost;
                    entry.hops = hops;
                } else if cost == entry.cost {
                    entry.hops.extend(hops);
                }
            }
        }
    }

    // §16.4

    /// Whether paths are of the sort that is preferred (§16.4.1).
    fn is_preferred(&self, kind: RouteKind, area: AreaId) -> bool {
        kind == RouteKind::IntraArea && area != AreaId::BACKBONE
    }

    fn takes_as_external(&self, area: AreaId) -> bool {
        self.input.areas[&area].externals == Externals::AsExternal
    }

    fn boundaries(
        &self,
        routers: &BTreeMap<(AreaId, RouterId), Entry>,
    ) -> BTreeMap<RouterId, Entry> {
        let names: BTreeSet<_> = routers.keys().map(|(_, router)| *router).collect();
        let mut all = BTreeMap::new();
        for name in names {
            let mut entries: Vec<_> = (routers.iter())
                .filter(|((area, router), _)| *router == name && self.takes_as_external(*area))
                .map(|(_, entry)| entry)
                .collect();
            let preferred = |entry: &&Entry| self.is_preferred(entry.kind, entry.area);
            if !self.rules.rfc1583_compatibility && entries.iter().any(preferred) {
                entries.retain(preferred);
            }
            let Some(least) = entries.iter().map(|entry| entry.cost).min() else { continue };
            entries.retain(|entry| entry.cost == least);
            if let Some(entry) = entries.into_iter().max_by_key(|entry| entry.area) {
                all.insert(name, entry.clone());
            }
        }
        all
    }

    fn external(
        &self,
        areas: &BTreeMap<AreaId, BTreeMap<Vertex, Reached>>,
        boundaries: &BTreeMap<RouterId, Entry>,
        routes: &mut BTreeMap<IpNet, Route>,
    ) {
        let internal = routes.clone();
        let mut paths: BTreeMap<IpNet, Vec<External>> = BTreeMap::new();
        for (key, body) in bodies(self.input, self.input.as_lsdb) {
            if let LsaBody::AsExternal(lsa) = body
                && let Some(way) = boundaries.get(&key.advertising_router)
                && let Some((prefix, path)) =
                    self.external_path(&internal, key, &lsa, None, way.clone())
            {
                paths.entry(prefix).or_default().push(path);
            }
        }
        for (id, area) in &self.input.areas {
            for (key, body) in bodies(self.input, area.lsdb) {
                let LsaBody::Nssa(lsa) = body else { continue };
                if area.externals != Externals::Nssa {
                    continue;
                }
                let is_border = self.input.areas.len() > 1;
                let p_bit = lsa.prefix.options.contains(PrefixOptions::P);
                if lsa.prefix.length == 0 && is_border && (!p_bit || !area.imports_summaries) {
                    continue;
                }
                let Some(router) = areas[id].get(&Vertex::Router(key.advertising_router)) else {
                    continue;
                };
                if !router.flags.contains(RouterFlags::E) {
                    continue;
                }
                let way = Entry {
                    kind: RouteKind::IntraArea,
                    area: *id,
                    cost: router.cost,
                    hops: router.hops.clone(),
                };
                if let Some((prefix, path)) =
                    self.external_path(&internal, key, &lsa, Some(*id), way)
                {
                    paths.entry(prefix).or_default().push(path);
                }
            }
        }
        for (prefix, mut paths) in paths {
            if internal.contains_key(&prefix) {
                continue;
            }
            self.prefer(&mut paths);
            paths.sort_by_key(|path| std::cmp::Reverse(path.rank));
            let mut hops = BTreeSet::new();
            paths.iter().for_each(|path| hops.extend(path.hops.iter().copied()));
            let next_hops: Vec<_> = hops.into_iter().take(self.rules.maximum_paths).collect();
            let best = &paths[0];
            let route = Route {
                kind: best.kind,
                area: best.area,
                cost: best.cost,
                type2_cost: best.type2_cost,
                tag: best.tag,
                next_hops: next_hops.into(),
            };
            routes.insert(prefix, route);
        }
    }

    fn external_path(
        &self,
        internal: &BTreeMap<IpNet, Route>,
        key: LsaKey,
        lsa: &ExternalLsa,
        nssa: Option<AreaId>,
        way: Entry,
    ) -> Option<(IpNet, External)> {
        if lsa.metric == LS_INFINITY || key.advertising_router == self.input.router_id {
            return None;
        }
        let prefix = self.prefix(&lsa.prefix)?;
        let mut hops = self.finish(&way.hops)?.to_vec();
        let (mut kind, mut area, mut distance) = (way.kind, way.area, way.cost);
        if let Some(address) = lsa.forwarding_address {
            let octets = address.octets();
            let address: IpAddr = if self.input.family.is_ipv4() {
                Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]).into()
            } else {
                address.into()
            };
            let around = internal.iter().filter(|(prefix, _)| prefix.contains(&address));
            let (_, route) = around.max_by_key(|(prefix, _)| prefix.prefix_len())?;
            let fits = match nssa {
                None => self.takes_as_external(route.area),
                Some(id) => route.kind == RouteKind::IntraArea && route.area == id,
            };
            if !fits {
                return None;
            }
            let through =
                |hop: &NextHop| NextHop { address: hop.address.or(Some(address)), ..*hop };
            hops = route.next_hops.iter().map(through).collect();
            if hops.is_empty() {
                hops.push(self.on_own_link(address)?);
            }
            (kind, area, distance) = (route.kind, route.area, route.cost);
        }
        let preferred = self.is_preferred(kind, area);
        let (kind, cost, type2_cost) = match lsa.metric_type {
            ExternalMetricType::Type1 => (RouteKind::ExternalType1, distance + lsa.metric, None),
            ExternalMetricType::Type2 => (RouteKind::ExternalType2, distance, Some(lsa.metric)),
        };
        let p_bit = lsa.prefix.options.contains(PrefixOptions::P);
        let rank = match nssa {
            Some(_) if p_bit => 2,
            None => 1,
            Some(_) => 0,
        };
        let rank = (rank, key.advertising_router, std::cmp::Reverse(key.link_state_id));
        let (tag, forwarding) = (lsa.tag, lsa.forwarding_address);
        let path =
            External { kind, area, cost, type2_cost, tag, hops, preferred, forwarding, rank };
        Some((prefix, path))
    }

    /// An address on a link of the router's, by the longest prefix of its own addresses.
    fn on_own_link(&self, address: IpAddr) -> Option<NextHop> {
        let mut best: Option<(u8, IpNet, InterfaceId)> = None;
        for (interface, there) in &self.input.interfaces {
            for own in &there.prefixes {
                if own.addr() == address {
                    return None;
                }
                if own.contains(&address) {
                    best = best.max(Some((own.prefix_len(), *own, *interface)));
                }
            }
        }
        best.map(|(_, _, interface)| NextHop { interface, address: Some(address) })
    }

    /// §16.4 step 6, with RFC 3101 §2.5 step 6.
    fn prefer(&self, paths: &mut Vec<External>) {
        if paths.iter().any(|path| path.kind == RouteKind::ExternalType1) {
            paths.retain(|path| path.kind == RouteKind::ExternalType1);
        }
        let least = paths.iter().map(|path| path.type2_cost).min();
        paths.retain(|path| Some(path.type2_cost) == least);
        if !self.rules.rfc1583_compatibility && paths.iter().any(|path| path.preferred) {
            paths.retain(|path| path.preferred);
        }
        let least = paths.iter().map(|path| path.cost).min();
        paths.retain(|path| Some(path.cost) == least);
        let all = paths.clone();
        paths.retain(|path| {
            let same = |other: &&External| {
                path.forwarding.is_some() && other.forwarding == path.forwarding
            };
            all.iter().filter(same).all(|other| other.rank <= path.rank)
        });
    }
}

/// A path out of the AS.
#[derive(Debug, Clone)]
struct External {
    kind: RouteKind,
    area: AreaId,
    cost: u32,
    type2_cost: Option<u32>,
    tag: Option<u32>,
    hops: Vec<NextHop>,
    preferred: bool,
    forwarding: Option<std::net::Ipv6Addr>,
    rank: (u8, RouterId, std::cmp::Reverse<LinkStateId>),
}

/// §16.2 steps 5 to 7.
fn install<K: Ord>(table: &mut BTreeMap<K, Entry>, to: K, area: AreaId, (cost, hops): (u32, Hops)) {
    match table.get_mut(&to) {
        Some(old) if old.kind == RouteKind::IntraArea || old.cost < cost => {}
        Some(old) if old.cost == cost => old.hops.extend(hops),
        _ => {
            table.insert(to, Entry { kind: RouteKind::InterArea, area, cost, hops });
        }
    }
}
