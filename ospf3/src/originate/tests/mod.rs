//! What is originated, clause by clause of the RFCs, and part by part against all at once.

mod border;
mod externals;
mod incremental;
mod links;
mod prefixes;
mod routers;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

use ipnet::IpNet;

use super::*;
use crate::lsa::{ExternalLsa, LinkLsa, LinkStateId, LsType, LsaBody, LsaKey, Prefix};
use crate::route::{NextHop, Route, RouteKind, RouterRoute};
use crate::{AddressFamily, AreaId, InterfaceId, Options, RouterId, ScopeId};

const SELF: RouterId = RouterId(5);
const BACKBONE: ScopeId = ScopeId::Area(AreaId::BACKBONE);
const AREA_1: AreaId = AreaId(1);
const AREA_2: AreaId = AreaId(2);

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

fn prefix(text: &str) -> Prefix {
    prefix::encode(net(text))
}

/// A description that is owned, of router 5.
#[derive(Debug, Clone)]
struct World {
    router: Router,
    areas: BTreeMap<AreaId, Area>,
    interfaces: BTreeMap<InterfaceId, Interface>,
    externals: BTreeMap<ExternalKey, External>,
    table: Table,
}

impl World {
    /// With these areas, all normal, and no interface.
    fn new(areas: &[AreaId]) -> Self {
        Self {
            router: Router {
                router_id: SELF,
                family: AddressFamily::Ipv6Unicast,
                address_families: false,
                lsa_size: 1400,
                stub: StubRouter::Off,
                information: None,
                grace: None,
            },
            areas: areas.iter().map(|area| (*area, Area::default())).collect(),
            interfaces: BTreeMap::new(),
            externals: BTreeMap::new(),
            table: Table::default(),
        }
    }

    /// With an interface in each of these areas: number 100 in the first, 101 in the next, and so on.
    fn attached(areas: &[AreaId]) -> Self {
        let mut world = Self::new(areas);
        for (id, area) in (100..).zip(areas) {
            world.interface(id, *area, Attachment::PointToPoint, &[], &[]);
        }
        world
    }

    /// An interface of cost 10, with neighbours whose Interface IDs are a hundred more than their Router IDs.
    fn interface(
        &mut self,
        id: u32,
        area: AreaId,
        attachment: Attachment,
        prefixes: &[&str],
        neighbors: &[u32],
    ) -> &mut Interface {
        let neighbor = |id: &u32| {
            let interface_id = InterfaceId(id + 100);
            (RouterId(*id), Neighbor { interface_id, link_lsa: None })
        };
        let interface = Interface {
            area,
            attachment,
            cost: 10,
            priority: 1,
            address: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 5).into(),
            prefixes: prefixes.iter().map(|prefix| net(prefix)).collect(),
            suppress_link_lsa: false,
            neighbors: neighbors.iter().map(neighbor).collect(),
        };
        self.interfaces.entry(InterfaceId(id)).insert_entry(interface).into_mut()
    }

    fn external(&mut self, prefix: &str, metric: Metric) -> &mut External {
        let external = External { metric, tag: None, forwarding_address: None, propagate: true };
        let key = ExternalKey { prefix: net(prefix), path: 0 };
        self.externals.entry(key).insert_entry(external).into_mut()
    }

    fn area(&mut self, area: AreaId) -> &mut Area {
        self.areas.get_mut(&area).expect("configured")
    }

    fn nssa(&mut self, area: AreaId) -> &mut Nssa {
        let area = self.area(area);
        if !matches!(area.kind, AreaKind::Nssa(_)) {
            area.kind = AreaKind::Nssa(Nssa::default());
        }
        let AreaKind::Nssa(nssa) = &mut area.kind else { panic!("just set") };
        nssa
    }

    fn description(&self) -> Description<'_> {
        Description {
            router: &self.router,
            areas: &self.areas,
            interfaces: &self.interfaces,
            externals: &self.externals,
            routes: &self.table,
        }
    }

    fn desired(&self) -> BTreeMap<(ScopeId, LsaKey), LsaBody> {
        desired(&self.description())
    }

    /// What is told in a scope by LSAs of a type, by Link State ID.
    fn told(&self, scope: ScopeId, ls_type: LsType) -> Vec<(u32, LsaBody)> {
        let all = self.desired().into_iter();
        let these = all.filter(|((of, key), _)| *of == scope && key.ls_type == ls_type);
        these
            .map(|((_, key), body)| {
                assert_eq!(key.advertising_router, SELF);
                (key.link_state_id.0, body)
            })
            .collect()
    }

    /// The only LSA of a type.
    fn only(&self, scope: ScopeId, ls_type: LsType) -> (u32, LsaBody) {
        let mut told = self.told(scope, ls_type);
        assert_eq!(told.len(), 1, "{told:?}");
        told.remove(0)
    }
}

fn link_lsa(prefixes: &[Prefix]) -> Option<LinkLsa> {
    Some(LinkLsa {
        router_priority: 1,
        options: Options::V6 | Options::E | Options::R,
        link_local_address: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 9),
        prefixes: prefixes.to_vec(),
    })
}

/// LSAs of other routers.
type Told = Vec<(RouterId, ExternalLsa)>;

/// A routing table that is said, not computed.
#[derive(Debug, Clone, Default)]
struct Table {
    routes: BTreeMap<IpNet, Route>,
    routers: BTreeMap<RouterId, RouterRoute>,
    /// External LSAs of others that are reached: of the AS, or of an NSSA. Those of NSSAs are installed where the route is
    /// by that area.
    externals: BTreeMap<(Option<AreaId>, IpNet), Told>,
}

impl Table {
    fn add(&mut self, to: &str, kind: RouteKind, area: AreaId, cost: u32, interface: u32) {
        let next_hops = hops(interface);
        let (type2_cost, tag) = (None, None);
        let route = Route { kind, area, cost, type2_cost, tag, next_hops };
        self.routes.insert(net(to), route);
    }

    fn add_router(&mut self, id: u32, kind: RouteKind, area: AreaId, cost: u32, interface: u32) {
        let route = RouterRoute {
            kind,
            area,
            cost,
            next_hops: hops(interface),
            options: Options::V6 | Options::E | Options::R,
            area_border: false,
            as_boundary: true,
            virtual_link: false,
            nssa_translator: false,
        };
        self.routers.insert(RouterId(id), route);
    }
}

fn hops(interface: u32) -> Arc<[NextHop]> {
    Arc::from([NextHop { interface: InterfaceId(interface), address: None }])
}

impl Routes for Table {
    fn route(&self, prefix: IpNet) -> Option<&Route> {
        self.routes.get(&prefix)
    }

    fn routes_within(&self, prefix: IpNet) -> Box<dyn Iterator<Item = (IpNet, &Route)> + '_> {
        let all = self.routes.iter().map(|(net, route)| (*net, route));
        Box::new(all.filter(move |(net, _)| prefix.contains(net)))
    }

    fn boundary_router(&self, router: RouterId) -> Option<RouterRoute> {
        self.routers.get(&router).cloned()
    }

    fn boundary_routers(&self) -> Box<dyn Iterator<Item = RouterId> + '_> {
        Box::new(self.routers.keys().copied())
    }

    fn installed_nssa_lsas(&self, area: AreaId, prefix: IpNet) -> Told {
        match self.routes.get(&prefix) {
            Some(route) if route.area == area => self.external_lsas(Some(area), prefix),
            _ => Vec::new(),
        }
    }

    fn external_lsas(&self, area: Option<AreaId>, prefix: IpNet) -> Told {
        self.externals.get(&(area, prefix)).cloned().unwrap_or_default()
    }
}
