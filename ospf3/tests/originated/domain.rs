//! Routers that originate and compute routes, without any protocol between them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use ospf3::lsa::{ExternalLsa, LinkLsa, LsaBody};
use ospf3::lsdb::Lsdb;
use ospf3::originate::{
    self, AreaKind, Attachment, Description, Originator, Part, Rival, Routes, Translates,
    Translator, TranslatorRole, Wanted,
};
use ospf3::route::{self, Externals, Input, Route, RouterRoute, RoutingTable, Rules};
use ospf3::{
    AreaId, InterfaceId, LinkStateId, LsType, Lsa, LsaKey, RouterId, ScopeId, SequenceNumber,
};

use crate::oracle::{self, Path};
use crate::plan::{End, Kind, Link, NodeId, Plan};

const NOW: Duration = Duration::from_secs(1);

/// A database and what changed there: a link's is everybody's on the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Link(usize),
    Area(AreaId),
    As,
}

#[derive(Debug, Clone)]
struct Router {
    originator: Originator,
    table: RoutingTable,
    translators: BTreeMap<AreaId, Translator>,
    told: BTreeSet<(ScopeId, LsaKey)>,
    parts: BTreeSet<Part>,
    /// LSAs that the table has yet to take in.
    changed: BTreeSet<(ScopeId, LsaKey)>,
    routers: BTreeMap<RouterId, RouterRoute>,
    /// Those that are up, with their costs.
    virtual_links: BTreeMap<usize, u16>,
}

pub(crate) struct Domain {
    pub(crate) plan: Plan,
    routers: BTreeMap<NodeId, Router>,
    databases: BTreeMap<Place, Lsdb>,
    nothing: Lsdb,
}

impl Domain {
    pub(crate) fn new(plan: &Plan) -> Self {
        let databases = BTreeMap::new();
        Self { plan: plan.clone(), routers: BTreeMap::new(), databases, nothing: Lsdb::new() }
    }

    /// Lets all routers follow the plan and each other, until nothing changes.
    pub(crate) fn settle(&mut self) {
        self.boot();
        for router in self.routers.values_mut() {
            router.parts.insert(Part::All);
        }
        for _ in 0..200 {
            let mut changed = false;
            for node in self.routers.keys().copied().collect::<Vec<_>>() {
                changed |= self.step(node);
            }
            if !changed {
                return;
            }
        }
        panic!("the routers do not come to an end");
    }

    /// Routers come and go. What those had told that are gone is let go of.
    fn boot(&mut self) {
        for node in 0..self.plan.nodes.len() {
            let up = self.plan.nodes[node].up;
            if up && !self.routers.contains_key(&node) {
                let router = Router {
                    originator: Originator::new(),
                    table: RoutingTable::new(Rules::default()),
                    translators: BTreeMap::new(),
                    told: BTreeSet::new(),
                    parts: BTreeSet::new(),
                    changed: BTreeSet::new(),
                    routers: BTreeMap::new(),
                    virtual_links: BTreeMap::new(),
                };
                self.routers.insert(node, router);
            } else if !up && let Some(router) = self.routers.remove(&node) {
                for (scope, key) in router.told {
                    self.install(node, Wanted { scope, key, body: None });
                }
            }
        }
    }

    /// A router computes its routes and originates what follows from them. Whether anything changed.
    fn step(&mut self, node: NodeId) -> bool {
        let mut router = self.routers.remove(&node).expect("it is up");
        let input = self.input(node, &router);
        let changes = router.table.update(&input, &std::mem::take(&mut router.changed));
        let prefixes = changes.prefixes.iter().map(|prefix| Part::Prefix(*prefix));
        router.parts.extend(prefixes.chain(changes.areas.iter().map(|area| Part::Area(*area))));
        let routers: BTreeMap<_, _> = router.table.boundary_routers().collect();
        let before = std::mem::replace(&mut router.routers, routers);
        for id in before.keys().chain(router.routers.keys()) {
            if before.get(id) != router.routers.get(id) {
                router.parts.insert(Part::BoundaryRouter(*id));
            }
        }
        let virtual_links = self.virtual_links(node, &router.table, &input);
        drop(input);
        if virtual_links != router.virtual_links {
            router.parts.insert(Part::Area(AreaId::BACKBONE));
            router.virtual_links.clone_from(&virtual_links);
        }
        self.elect_translators(node, &mut router);
        let parts = std::mem::take(&mut router.parts);
        let all = parts.contains(&Part::All);
        let described = self.described(node, &router, &virtual_links);
        let routes = View { domain: self, node, table: &router.table };
        let description = Description {
            router: &described.router,
            areas: &described.areas,
            interfaces: &described.interfaces,
            externals: &self.plan.nodes[node].externals,
            routes: &routes,
        };
        let wanted = router.originator.update(&description, parts);
        let complete = originate::desired(&description);
        for wanted in &wanted {
            let place = (wanted.scope, wanted.key);
            match &wanted.body {
                Some(_) => router.told.insert(place),
                None => router.told.remove(&place),
            };
        }
        if all {
            // What is spread over several LSAs may be spread otherwise.
            let spread = [LsType::ROUTER, LsType::INTRA_AREA_PREFIX];
            let alone = |(_, key): &&(ScopeId, LsaKey)| !spread.contains(&key.ls_type);
            let (told, complete) =
                (router.told.iter().filter(alone).count(), complete.keys().filter(alone).count());
            assert_eq!(told, complete, "node {node} tells other than it should");
        }
        self.routers.insert(node, router);
        let mut changed = false;
        for wanted in wanted {
            changed |= self.install(node, wanted);
        }
        changed
    }

    /// Puts an LSA into its database, or takes it out, and tells all whom that concerns.
    fn install(&mut self, node: NodeId, wanted: Wanted) -> bool {
        let Wanted { scope, key, body } = wanted;
        let place = match scope {
            ScopeId::Link(interface) => match self.link_of(node, interface) {
                Some(link) => Place::Link(link),
                None => return false,
            },
            ScopeId::Area(area) => Place::Area(area),
            ScopeId::As => Place::As,
        };
        let lsdb = self.databases.entry(place).or_default();
        let before = lsdb.get(&key).map(|entry| entry.lsa.clone());
        let changed = match body {
            Some(body) => {
                let sequence = SequenceNumber::INITIAL;
                let lsa = Lsa::new(0, key, sequence, &body).expect("it fits");
                let changed = before.as_ref() != Some(&lsa);
                lsdb.install(NOW, lsa);
                changed
            }
            None => lsdb.remove(&key).is_some(),
        };
        if !changed {
            return false;
        }
        let after = self.databases.get(&place).and_then(|lsdb| lsdb.get(&key));
        let lsa = after.map(|entry| entry.lsa.clone()).or(before);
        let body = lsa.and_then(|lsa| lsa.body().ok());
        for (other, router) in &mut self.routers {
            let scope = match place {
                Place::Link(link) => ScopeId::Link(self.plan.interface(link, *other)),
                Place::Area(_) | Place::As => scope,
            };
            router.changed.insert((scope, key));
            if let Place::Link(link) = place {
                router.parts.insert(Part::Area(self.plan.links[link].area));
            }
            if let Some(LsaBody::Nssa(lsa) | LsaBody::AsExternal(lsa)) = &body {
                router.parts.insert(Part::Prefix(net(&self.plan, lsa)));
            }
        }
        true
    }

    fn link_of(&self, node: NodeId, interface: InterfaceId) -> Option<usize> {
        let mut ends = self.plan.ends_of(node);
        ends.find(|(link, _, _)| self.plan.interface(*link, node) == interface)
            .map(|(link, _, _)| link)
    }

    fn lsdb(&self, place: Place) -> &Lsdb {
        self.databases.get(&place).unwrap_or(&self.nothing)
    }

    fn heard<'a>(&'a self, link: &'a Link, end: &'a End) -> impl Iterator<Item = &'a End> {
        link.ends.iter().filter(move |other| {
            other.node != end.node
                && other.up
                && end.up
                && other.part == end.part
                && self.plan.nodes[other.node].up
        })
    }

    fn attached(&self, node: NodeId) -> BTreeSet<AreaId> {
        let ends = self.plan.ends_of(node).filter(|(_, _, end)| end.up);
        ends.map(|(_, link, _)| link.area).chain([self.plan.nodes[node].home]).collect()
    }

    fn input<'a>(&'a self, node: NodeId, router: &Router) -> Input<'a> {
        let mut attached = self.attached(node);
        let mut interfaces = BTreeMap::new();
        for (number, link, end) in self.plan.ends_of(node).filter(|(_, _, end)| end.up) {
            let neighbor = |other: &End| route::Neighbor {
                router_id: self.plan.router_id(other.node),
                interface_id: self.plan.interface(number, other.node),
                address: self.plan.link_local(number, other.node),
            };
            let interface = route::Interface {
                area: link.area,
                lsdb: Some(self.lsdb(Place::Link(number))),
                prefixes: end
                    .numbered
                    .then(|| self.plan.address(number, node))
                    .into_iter()
                    .collect(),
                neighbors: self.heard(link, end).map(neighbor).collect(),
            };
            interfaces.insert(self.plan.interface(number, node), interface);
        }
        for (number, link) in self.plan.virtual_links.iter().enumerate() {
            let place = link.ends.iter().position(|end| *end == node);
            let up = place.is_some_and(|place| {
                let other = self.plan.router_id(link.ends[1 - place]);
                attached.contains(&link.transit)
                    && router
                        .table
                        .router(link.transit, other)
                        .is_some_and(|route| route.area_border && route.cost <= 0xffff)
            });
            if up {
                let (area, lsdb) = (AreaId::BACKBONE, None);
                let interface =
                    route::Interface { area, lsdb, prefixes: Vec::new(), neighbors: Vec::new() };
                interfaces.insert(self.plan.virtual_interface(number), interface);
            }
        }
        if interfaces.values().any(|interface| interface.area == AreaId::BACKBONE) {
            attached.insert(AreaId::BACKBONE);
        }
        let area = |id: AreaId| {
            let kind = self.plan.kind(id);
            let externals = match kind {
                AreaKind::Normal => Externals::AsExternal,
                AreaKind::Stub(_) => Externals::Stub,
                AreaKind::Nssa(_) => Externals::Nssa,
            };
            let ranges = self.plan.nodes[node].ranges.get(&id).into_iter().flatten();
            let area = route::Area {
                lsdb: self.lsdb(Place::Area(id)),
                externals,
                imports_summaries: kind.imports_summaries(),
                ranges: ranges.map(|(range, _)| *range).collect(),
            };
            (id, area)
        };
        Input {
            now: NOW,
            router_id: self.plan.router_id(node),
            family: self.plan.family,
            areas: attached.into_iter().map(area).collect(),
            as_lsdb: self.lsdb(Place::As),
            interfaces,
        }
    }

    /// The virtual links of a router that are up, with their costs.
    fn virtual_links(
        &self,
        node: NodeId,
        table: &RoutingTable,
        input: &Input<'_>,
    ) -> BTreeMap<usize, u16> {
        let links = self.plan.virtual_links.iter().enumerate();
        let cost = |(number, link): (usize, &crate::plan::VirtualLink)| {
            let place = link.ends.iter().position(|end| *end == node)?;
            let other = self.plan.router_id(link.ends[1 - place]);
            let neighbor = table.virtual_neighbor(input, link.transit, other)?;
            assert!(neighbor.address.is_some(), "node {node} does not know where {other} is");
            assert!(table.own_address(input, link.transit).is_some());
            Some((number, u16::try_from(neighbor.cost).ok()?))
        };
        links.filter_map(cost).collect()
    }

    fn elect_translators(&self, node: NodeId, router: &mut Router) {
        for area in self.attached(node) {
            if !matches!(self.plan.kind(area), AreaKind::Nssa(_)) {
                continue;
            }
            let own = self.plan.router_id(node);
            let table = &router.table;
            let others = table.routers(area).filter(|(id, route)| {
                *id != own && route.area_border && table.boundary_router(*id).is_some()
            });
            let rivals: Vec<_> =
                others.map(|(router_id, _)| Rival { router_id, always: false }).collect();
            let role = TranslatorRole { always: false, stability: Duration::ZERO };
            let border = self.attached(node).len() > 1;
            let translator = router.translators.entry(area).or_default();
            // What has once translated goes on as far as it may: here it ends at once.
            *translator = Translator::default();
            translator.update(NOW, role, own, border, rivals);
        }
    }

    fn described(
        &self,
        node: NodeId,
        router: &Router,
        virtual_links: &BTreeMap<usize, u16>,
    ) -> Described {
        let plan = &self.plan;
        let mut areas = BTreeMap::new();
        for id in plan.areas_of(node) {
            let mut kind = plan.kind(id);
            if let AreaKind::Nssa(nssa) = &mut kind {
                let translator = router.translators.get(&id);
                nssa.translates = translator.map_or(Translates::No, Translator::translates);
            }
            let through =
                |link: &crate::plan::VirtualLink| link.ends.contains(&node) && link.transit == id;
            let area = originate::Area {
                kind,
                ranges: plan.nodes[node].ranges.get(&id).cloned().unwrap_or_default(),
                hosts: BTreeMap::new(),
                virtual_links: plan.virtual_links.iter().any(through),
                transit: router.table.is_transit(id),
            };
            areas.insert(id, area);
        }
        let mut interfaces = BTreeMap::new();
        let loopback = plan.loopback(node);
        let blank = originate::Interface {
            area: plan.nodes[node].home,
            attachment: Attachment::Loopback,
            cost: 1,
            priority: 1,
            address: loopback.addr(),
            prefixes: BTreeSet::from([loopback]),
            suppress_link_lsa: false,
            neighbors: BTreeMap::new(),
        };
        interfaces.insert(Plan::LOOPBACK, blank.clone());
        for (number, link, end) in plan.ends_of(node) {
            let interface = self.interface(node, number, link, end);
            interfaces.insert(plan.interface(number, node), interface);
        }
        for (number, link) in plan.virtual_links.iter().enumerate() {
            let Some(place) = link.ends.iter().position(|end| *end == node) else { continue };
            let cost = virtual_links.get(&number);
            let transit = link.transit;
            let interface_id = plan.virtual_interface(number);
            let other = plan.router_id(link.ends[1 - place]);
            let neighbor = originate::Neighbor { interface_id, link_lsa: None };
            let interface = originate::Interface {
                area: AreaId::BACKBONE,
                attachment: cost.map_or(Attachment::Down, |_| Attachment::Virtual { transit }),
                cost: cost.copied().unwrap_or(1),
                prefixes: BTreeSet::new(),
                neighbors: cost.map(|_| (other, neighbor)).into_iter().collect(),
                ..blank.clone()
            };
            interfaces.insert(interface_id, interface);
        }
        let router = originate::Router {
            router_id: plan.router_id(node),
            family: plan.family,
            address_families: false,
            // Small, so that there are several of each.
            lsa_size: 90,
            stub: plan.nodes[node].stub,
            information: None,
            grace: None,
        };
        Described { router, areas, interfaces }
    }

    fn interface(
        &self,
        node: NodeId,
        number: usize,
        link: &Link,
        end: &End,
    ) -> originate::Interface {
        let plan = &self.plan;
        let others: Vec<&End> = self.heard(link, end).collect();
        let all = others.iter().copied().chain([end]).filter(|end| end.priority > 0);
        let designated = all.map(|end| end.node).max_by_key(|node| plan.router_id(*node));
        let multi_access = matches!(link.kind, Kind::Broadcast | Kind::NonBroadcast);
        let full = |other: &&&End| {
            !multi_access || designated == Some(node) || designated == Some(other.node)
        };
        let neighbor = |other: &&End| {
            let interface_id = plan.interface(number, other.node);
            let link_lsa = self.link_lsa(number, other.node);
            (plan.router_id(other.node), originate::Neighbor { interface_id, link_lsa })
        };
        let attachment = match link.kind {
            _ if !end.up => Attachment::Down,
            Kind::PointToPoint => Attachment::PointToPoint,
            Kind::PointToMultipoint => Attachment::PointToMultipoint,
            Kind::Broadcast | Kind::NonBroadcast => Attachment::Transit(
                designated.map(|of| (plan.router_id(of), plan.interface(number, of))),
            ),
        };
        let unnumbered = plan.family.is_ipv4() && !end.numbered;
        let address = if unnumbered {
            IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED)
        } else {
            plan.next_hop(number, node)
        };
        originate::Interface {
            area: link.area,
            attachment,
            cost: end.cost,
            priority: end.priority,
            address,
            prefixes: end.numbered.then(|| plan.address(number, node)).into_iter().collect(),
            suppress_link_lsa: false,
            neighbors: others.iter().filter(full).map(neighbor).collect(),
        }
    }

    fn link_lsa(&self, link: usize, node: NodeId) -> Option<LinkLsa> {
        let key = LsaKey {
            ls_type: LsType::LINK,
            advertising_router: self.plan.router_id(node),
            link_state_id: LinkStateId(self.plan.interface(link, node).0),
        };
        match self.lsdb(Place::Link(link)).get(&key)?.lsa.body() {
            Ok(LsaBody::Link(lsa)) => Some(lsa),
            other => panic!("{other:?}"),
        }
    }

    /// Every routing table is as the network has it.
    pub(crate) fn check(&self) {
        for (node, expected) in oracle::tables(&self.plan) {
            let table = &self.routers[&node].table;
            let actual: BTreeMap<IpNet, Path> =
                table.routes().map(|(prefix, route)| (prefix, path(route))).collect();
            for prefix in actual.keys().chain(expected.keys()) {
                let (is, should) = (actual.get(prefix), expected.get(prefix));
                assert!(
                    is == should,
                    "node {node}: {prefix}\n  is        {is:?}\n  should be {should:?}"
                );
            }
        }
    }
}

struct Described {
    router: originate::Router,
    areas: BTreeMap<AreaId, originate::Area>,
    interfaces: BTreeMap<InterfaceId, originate::Interface>,
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

fn net(plan: &Plan, lsa: &ExternalLsa) -> IpNet {
    let prefix = lsa.prefix;
    let net = if plan.family.is_ipv4() {
        IpNet::new(prefix.ipv4().into(), prefix.length)
    } else {
        IpNet::new(prefix.address.into(), prefix.length)
    };
    net.expect("a length")
}

/// The routing table as it is described.
struct View<'a> {
    domain: &'a Domain,
    node: NodeId,
    table: &'a RoutingTable,
}

impl View<'_> {
    fn lsas(
        &self,
        from: Vec<(ScopeId, LsaKey)>,
        area: Option<AreaId>,
    ) -> Vec<(RouterId, ExternalLsa)> {
        let own = self.domain.plan.router_id(self.node);
        let (scope, place, ls_type) = match area {
            Some(area) => (ScopeId::Area(area), Place::Area(area), LsType::NSSA),
            None => (ScopeId::As, Place::As, LsType::AS_EXTERNAL),
        };
        let these = from.into_iter().filter(|(of, key)| {
            *of == scope && key.ls_type == ls_type && key.advertising_router != own
        });
        let lsa = |(_, key): (ScopeId, LsaKey)| match self.domain.lsdb(place).get(&key)?.lsa.body()
        {
            Ok(LsaBody::Nssa(lsa) | LsaBody::AsExternal(lsa)) => {
                Some((key.advertising_router, lsa))
            }
            other => panic!("{other:?}"),
        };
        these.filter_map(lsa).collect()
    }
}

impl Routes for View<'_> {
    fn route(&self, prefix: IpNet) -> Option<&Route> {
        self.table.route(prefix)
    }

    fn routes_within(&self, prefix: IpNet) -> Box<dyn Iterator<Item = (IpNet, &Route)> + '_> {
        Box::new(self.table.routes_within(prefix))
    }

    fn boundary_router(&self, router: RouterId) -> Option<RouterRoute> {
        self.table.boundary_router(router)
    }

    fn boundary_routers(&self) -> Box<dyn Iterator<Item = RouterId> + '_> {
        Box::new(self.table.boundary_routers().map(|(router, _)| router))
    }

    fn installed_nssa_lsas(&self, area: AreaId, prefix: IpNet) -> Vec<(RouterId, ExternalLsa)> {
        self.lsas(self.table.origins(prefix), Some(area))
    }

    fn external_lsas(&self, area: Option<AreaId>, prefix: IpNet) -> Vec<(RouterId, ExternalLsa)> {
        let mut lsas = self.lsas(self.table.told_by(prefix), area);
        lsas.retain(|(router, _)| match area {
            Some(area) => self.table.router(area, *router).is_some(),
            None => self.table.boundary_router(*router).is_some(),
        });
        lsas
    }
}
