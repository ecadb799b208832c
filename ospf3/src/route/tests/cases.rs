//! What the RFCs say, one thing at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use std::vec::Vec;

use ipnet::IpNet;

use crate::lsa::{
    InterAreaPrefixLsa, IntraAreaPrefix, IntraAreaPrefixLsa, LinkLsa, LsaKey, NetworkLsa,
    RouterFlags, RouterLink, RouterLinkType, RouterLsa, widen,
};
use crate::lsdb::Lsdb;
use crate::route::{
    Area, Externals, Input, Interface, Neighbor, RouteKind, RoutingTable, Rules, ShortestPaths,
    shortest_paths,
};
use crate::spf::{FirstHop, Run, Vertex};
use crate::{
    AddressFamily, AreaId, InterfaceId, LinkStateId, LsType, Lsa, LsaBody, Options, Prefix,
    RouterId, ScopeId, SequenceNumber,
};

const BACKBONE: AreaId = AreaId::BACKBONE;
const AREA_1: AreaId = AreaId(1);

/// Databases of a router with number 1, whose interfaces have the numbers of the routers they lead to.
struct Net {
    family: AddressFamily,
    areas: BTreeMap<AreaId, Lsdb>,
    links: BTreeMap<u32, (AreaId, Lsdb)>,
    as_lsdb: Lsdb,
    table: RoutingTable,
    changed: BTreeSet<(ScopeId, LsaKey)>,
}

fn key(ls_type: LsType, router: u32, number: u32) -> LsaKey {
    LsaKey { ls_type, advertising_router: RouterId(router), link_state_id: LinkStateId(number) }
}

fn address(router: u32) -> Ipv6Addr {
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, router as u16)
}

/// A link of a router to another; each numbers its interfaces by the routers they lead to.
fn link(link_type: RouterLinkType, from: u32, to: u32, metric: u16) -> RouterLink {
    RouterLink {
        link_type,
        metric,
        interface_id: InterfaceId(to),
        neighbor_interface_id: InterfaceId(from),
        neighbor_router_id: RouterId(to),
    }
}

fn point_to_point(from: u32, to: u32, metric: u16) -> RouterLink {
    link(RouterLinkType::POINT_TO_POINT, from, to, metric)
}

fn prefix(net: &str) -> Prefix {
    match net.parse::<IpNet>().expect("a prefix") {
        IpNet::V4(net) => Prefix::v4(net.addr(), net.prefix_len()),
        IpNet::V6(net) => Prefix::v6(net.addr(), net.prefix_len()),
    }
}

impl Net {
    fn new(areas: &[AreaId]) -> Self {
        Self {
            family: AddressFamily::Ipv6Unicast,
            areas: areas.iter().map(|id| (*id, Lsdb::new())).collect(),
            links: BTreeMap::new(),
            as_lsdb: Lsdb::new(),
            table: RoutingTable::new(Rules::default()),
            changed: BTreeSet::new(),
        }
    }

    fn add(&mut self, scope: ScopeId, key: LsaKey, body: &LsaBody) {
        let lsa = Lsa::new(0, key, SequenceNumber::INITIAL, body).expect("it is short");
        let lsdb = match scope {
            ScopeId::Area(id) => self.areas.get_mut(&id),
            ScopeId::Link(id) => self.links.get_mut(&id.0).map(|(_, lsdb)| lsdb),
            ScopeId::As => Some(&mut self.as_lsdb),
        };
        lsdb.expect("it is there").install(Duration::ZERO, lsa);
        self.changed.insert((scope, key));
    }

    fn router(&mut self, area: AreaId, router: u32, flags: RouterFlags, links: Vec<RouterLink>) {
        let options = Options::V6 | Options::R;
        self.router_with(area, (router, 0), flags, options, links);
    }

    fn router_with(
        &mut self,
        area: AreaId,
        (router, number): (u32, u32),
        flags: RouterFlags,
        options: Options,
        links: Vec<RouterLink>,
    ) {
        let body = LsaBody::Router(RouterLsa { flags, options, links });
        self.add(ScopeId::Area(area), key(LsType::ROUTER, router, number), &body);
    }

    fn prefix(&mut self, area: AreaId, referenced: LsaKey, net: &str, metric: u16) {
        let prefixes = std::vec![IntraAreaPrefix { prefix: prefix(net), metric }];
        let key = key(LsType::INTRA_AREA_PREFIX, referenced.advertising_router.0, 0);
        let body = LsaBody::IntraAreaPrefix(IntraAreaPrefixLsa { referenced, prefixes });
        self.add(ScopeId::Area(area), key, &body);
    }

    fn interface(&mut self, area: AreaId, to: u32) {
        self.links.insert(to, (area, Lsdb::new()));
    }

    fn update(&mut self) -> Vec<(AreaId, Run)> {
        let areas = self.areas.iter().map(|(id, lsdb)| {
            let externals = Externals::AsExternal;
            (*id, Area { lsdb, externals, imports_summaries: true, ranges: Vec::new() })
        });
        let interfaces = self.links.iter().map(|(to, (area, lsdb))| {
            let (router_id, interface_id) = (RouterId(*to), InterfaceId(1));
            let neighbor = Neighbor { router_id, interface_id, address: address(*to) };
            let (area, neighbors) = (*area, std::vec![neighbor]);
            (
                InterfaceId(*to),
                Interface { area, lsdb: Some(lsdb), prefixes: Vec::new(), neighbors },
            )
        });
        let input = Input {
            now: Duration::ZERO,
            router_id: RouterId(1),
            family: self.family,
            areas: areas.collect(),
            as_lsdb: &self.as_lsdb,
            interfaces: interfaces.collect(),
        };
        self.table.update(&input, &std::mem::take(&mut self.changed)).runs
    }

    /// Kind, area, cost and next hops of a route.
    fn route(&self, net: &str) -> Option<(RouteKind, AreaId, u32, Vec<(u32, Option<IpAddr>)>)> {
        let route = self.table.route(net.parse().expect("a prefix"))?;
        let hops = route.next_hops.iter().map(|hop| (hop.interface.0, hop.address));
        Some((route.kind, route.area, route.cost, hops.collect()))
    }
}

fn to(router: u32) -> (u32, Option<IpAddr>) {
    (router, Some(address(router).into()))
}

/// RFC 2328 §16.3, Figure 17.
#[test]
fn a_transit_area_has_a_shorter_path_than_its_virtual_link() {
    let (b, bv) = (RouterFlags::B, RouterFlags::B | RouterFlags::V);
    let mut net = Net::new(&[BACKBONE, AREA_1]);
    net.interface(AREA_1, 2);
    net.interface(AREA_1, 3);
    let tree = [(1, 2), (1, 3), (2, 4), (3, 5)];
    for (router, flags) in
        [(1, bv), (2, RouterFlags::NONE), (3, RouterFlags::NONE), (4, bv), (5, b)]
    {
        let ends = tree.iter().filter(|(one, other)| *one == router || *other == router);
        let links = ends.map(|(one, other)| point_to_point(router, one + other - router, 1));
        net.router(AREA_1, router, flags, links.collect());
    }
    let n1 = |metric| RouterLink {
        link_type: RouterLinkType::TRANSIT,
        metric,
        interface_id: InterfaceId(9),
        neighbor_interface_id: InterfaceId(9),
        neighbor_router_id: RouterId(4),
    };
    let virtual_link = |from, to| link(RouterLinkType::VIRTUAL, from, to, 2);
    net.router(BACKBONE, 1, b, std::vec![virtual_link(1, 4)]);
    net.router(BACKBONE, 4, b, std::vec![virtual_link(4, 1), n1(100)]);
    net.router(BACKBONE, 5, b, std::vec![n1(20)]);
    let attached_routers = std::vec![RouterId(4), RouterId(5)];
    let body = LsaBody::Network(NetworkLsa { options: Options::NONE, attached_routers });
    let network = key(LsType::NETWORK, 4, 9);
    net.add(ScopeId::Area(BACKBONE), network, &body);
    net.prefix(BACKBONE, network, "2001:db8:1::/64", 0);
    net.update();
    // The virtual link's next hop is nobody's until the transit area's summaries are looked at.
    assert!(net.table.is_transit(AREA_1) && !net.table.is_transit(BACKBONE));
    assert_eq!(net.route("2001:db8:1::/64"), None);
    for (router, metric) in [(4, 100), (5, 20)] {
        let body = LsaBody::InterAreaPrefix(InterAreaPrefixLsa {
            metric,
            prefix: prefix("2001:db8:1::/64"),
        });
        net.add(ScopeId::Area(AREA_1), key(LsType::INTER_AREA_PREFIX, router, 0), &body);
    }
    assert_eq!(net.update(), []);
    let route = (RouteKind::IntraArea, BACKBONE, 22, std::vec![to(3)]);
    assert_eq!(net.route("2001:db8:1::/64"), Some(route));
}

/// RFC 5838 §2.5
#[test]
fn next_hops_of_ipv4_are_ipv4_where_the_neighbor_tells_such_an_address() {
    let mut net = Net::new(&[BACKBONE]);
    net.family = AddressFamily::Ipv4Unicast;
    net.interface(BACKBONE, 2);
    net.router(BACKBONE, 1, RouterFlags::NONE, std::vec![point_to_point(1, 2, 10)]);
    net.router(BACKBONE, 2, RouterFlags::NONE, std::vec![point_to_point(2, 1, 10)]);
    net.prefix(BACKBONE, key(LsType::ROUTER, 2, 0), "192.0.2.0/24", 1);
    net.update();
    let hops = |net: &Net| net.route("192.0.2.0/24").expect("a route").3;
    assert_eq!(hops(&net), [to(2)]);
    let ipv4 = Ipv4Addr::new(198, 51, 100, 2);
    for (told, wanted) in [
        (widen(ipv4), (2, Some(ipv4.into()))),
        (address(77), (2, Some(address(77).into()))),
        (Ipv6Addr::UNSPECIFIED, to(2)),
        (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), to(2)),
    ] {
        let body = LsaBody::Link(LinkLsa {
            router_priority: 1,
            options: Options::NONE,
            link_local_address: told,
            prefixes: Vec::new(),
        });
        net.add(ScopeId::Link(InterfaceId(2)), key(LsType::LINK, 2, 1), &body);
        assert_eq!(net.update(), [], "addresses need no shortest paths");
        assert_eq!(hops(&net), [wanted], "{told}");
    }
}

/// RFC 5340 §A.4.3, §4.8.1: the links of all, and the bits of the first.
#[test]
fn several_router_lsas_are_as_one() {
    let mut net = Net::new(&[BACKBONE]);
    let (v6, r) = (Options::V6, Options::R);
    net.interface(BACKBONE, 2);
    net.router(BACKBONE, 1, RouterFlags::NONE, std::vec![point_to_point(1, 2, 1)]);
    net.router(BACKBONE, 3, RouterFlags::NONE, std::vec![point_to_point(3, 2, 1)]);
    let links = std::vec![point_to_point(2, 1, 1)];
    net.router_with(BACKBONE, (2, 7), RouterFlags::E, v6 | r, links);
    net.update();
    let is = |net: &Net, router| {
        let route = net.table.router(BACKBONE, RouterId(router))?;
        Some((route.cost, route.as_boundary))
    };
    assert_eq!((is(&net, 2), is(&net, 3)), (Some((1, true)), None));
    let links = std::vec![point_to_point(2, 3, 1)];
    net.router_with(BACKBONE, (2, 5), RouterFlags::NONE, v6 | r, links.clone());
    net.update();
    assert_eq!((is(&net, 2), is(&net, 3)), (Some((1, false)), Some((2, false))));
    // Only bits change.
    net.router_with(BACKBONE, (2, 5), RouterFlags::E | RouterFlags::B, v6 | r, links.clone());
    assert_eq!(net.update(), []);
    assert_eq!(is(&net, 2), Some((1, true)));
    // Without the R-bit it is reached and not passed; without the V6-bit it is not there.
    net.router_with(BACKBONE, (2, 5), RouterFlags::NONE, v6, links.clone());
    net.update();
    assert_eq!((is(&net, 2), is(&net, 3)), (Some((1, false)), None));
    net.router_with(BACKBONE, (2, 5), RouterFlags::NONE, r, links);
    net.update();
    assert_eq!((is(&net, 2), is(&net, 3)), (None, None));
}

#[test]
fn shortest_paths_begin_at_any_router() {
    let mut net = Net::new(&[BACKBONE]);
    net.router(BACKBONE, 1, RouterFlags::NONE, std::vec![point_to_point(1, 2, 1)]);
    let links = std::vec![point_to_point(2, 1, 5), point_to_point(2, 3, 7)];
    net.router(BACKBONE, 2, RouterFlags::NONE, links);
    net.router(BACKBONE, 3, RouterFlags::NONE, std::vec![point_to_point(3, 2, 1)]);
    let (now, family) = (Duration::ZERO, AddressFamily::Ipv6Unicast);
    let paths = |root| {
        let tree = shortest_paths(&net.areas[&BACKBONE], now, family, RouterId(root));
        let cost = |paths: &ShortestPaths| (paths.cost, paths.first_hops.clone());
        let all = tree.vertices.iter().map(|(vertex, paths)| (*vertex, cost(paths)));
        all.collect::<Vec<_>>()
    };
    let router = |id| Vertex::Router(RouterId(id));
    let hop =
        |from, to| std::vec![FirstHop::Neighbor(InterfaceId(to), RouterId(to), InterfaceId(from))];
    let own = || std::vec![FirstHop::Own];
    let wanted =
        [(router(1), (0, own())), (router(2), (1, hop(1, 2))), (router(3), (8, hop(1, 2)))];
    assert_eq!(paths(1), wanted);
    let wanted =
        [(router(1), (6, hop(3, 2))), (router(2), (1, hop(3, 2))), (router(3), (0, own()))];
    assert_eq!(paths(3), wanted);
    assert_eq!(paths(9), [(router(9), (0, own()))]);
}
