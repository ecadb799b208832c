//! Router-LSAs and Network-LSAs.

use super::*;
use crate::lsa::{NetworkLsa, RouterFlags, RouterLink, RouterLinkType, RouterLsa};

const BASE: Options = Options::from_bits(0x13);

fn link(link_type: RouterLinkType, metric: u16, ids: [u32; 3]) -> RouterLink {
    let [interface, neighbor_interface, neighbor] = ids;
    RouterLink {
        link_type,
        metric,
        interface_id: InterfaceId(interface),
        neighbor_interface_id: InterfaceId(neighbor_interface),
        neighbor_router_id: RouterId(neighbor),
    }
}

impl World {
    fn router_lsas(&self, area: AreaId) -> Vec<(u32, RouterLsa)> {
        let lsas = self.told(ScopeId::Area(area), LsType::ROUTER).into_iter();
        let body = |(id, body)| match body {
            LsaBody::Router(lsa) => (id, lsa),
            other => panic!("{other:?}"),
        };
        lsas.map(body).collect()
    }

    fn router_lsa(&self, area: AreaId) -> RouterLsa {
        let mut lsas = self.router_lsas(area);
        assert_eq!(lsas.len(), 1);
        assert_eq!(lsas[0].0, 0);
        lsas.remove(0).1
    }

    fn links(&self, area: AreaId) -> Vec<RouterLink> {
        self.router_lsa(area).links
    }
}

fn backbone() -> World {
    World::new(&[AreaId::BACKBONE])
}

/// RFC 5340 §4.4.3.2, Point-to-point interfaces
#[test]
fn point_to_point_interfaces() {
    let mut world = backbone();
    world.interface(3, AreaId::BACKBONE, Attachment::PointToPoint, &[], &[7]);
    world.interface(4, AreaId::BACKBONE, Attachment::PointToPoint, &[], &[]);
    let links = [link(RouterLinkType::POINT_TO_POINT, 10, [3, 107, 7])];
    assert_eq!(world.links(AreaId::BACKBONE), links);
}

/// RFC 5340 §4.4.3.2, Point-to-Multipoint interfaces
#[test]
fn point_to_multipoint_interfaces() {
    let mut world = backbone();
    let interface =
        world.interface(3, AreaId::BACKBONE, Attachment::PointToMultipoint, &[], &[9, 7]);
    interface.cost = 11;
    let links = [
        link(RouterLinkType::POINT_TO_POINT, 11, [3, 107, 7]),
        link(RouterLinkType::POINT_TO_POINT, 11, [3, 109, 9]),
    ];
    assert_eq!(world.links(AreaId::BACKBONE), links);
}

/// RFC 5340 §4.4.3.2, Broadcast and NBMA interfaces
#[test]
fn broadcast_and_nbma_interfaces() {
    let transit = |router: u32, interface: u32| {
        Attachment::Transit(Some((RouterId(router), InterfaceId(interface))))
    };
    let cases = [
        // Fully adjacent to the Designated Router.
        (transit(7, 107), &[7, 9][..], Some([3, 107, 7])),
        // Not to that one.
        (transit(7, 107), &[9], None),
        // The Designated Router, fully adjacent to another.
        (transit(5, 3), &[9], Some([3, 3, 5])),
        (transit(5, 3), &[], None),
        // None is elected.
        (Attachment::Transit(None), &[7, 9], None),
    ];
    for (attachment, neighbors, ids) in cases {
        let mut world = backbone();
        world.interface(3, AreaId::BACKBONE, attachment, &[], neighbors);
        let links: Vec<_> =
            ids.map(|ids| link(RouterLinkType::TRANSIT, 10, ids)).into_iter().collect();
        assert_eq!(world.links(AreaId::BACKBONE), links, "{attachment:?} {neighbors:?}");
    }
}

/// RFC 5340 §4.4.3.2, Virtual links, and RFC 2328 §12.4.1, bit V
#[test]
fn virtual_links() {
    let mut world = World::attached(&[AreaId::BACKBONE, AREA_1]);
    world.area(AREA_1).virtual_links = true;
    let transit = Attachment::Virtual { transit: AREA_1 };
    world.interface(200, AreaId::BACKBONE, transit, &[], &[]).cost = 30;
    assert_eq!(world.links(AreaId::BACKBONE), []);
    assert_eq!(world.router_lsa(AREA_1).flags, RouterFlags::B);

    world.interface(200, AreaId::BACKBONE, transit, &[], &[7]).cost = 30;
    assert_eq!(world.links(AreaId::BACKBONE), [link(RouterLinkType::VIRTUAL, 30, [200, 107, 7])]);
    assert_eq!(world.router_lsa(AREA_1).flags, RouterFlags::B | RouterFlags::V);
    assert_eq!(world.router_lsa(AreaId::BACKBONE).flags, RouterFlags::B);
    // RFC 5340 §4.4.3.8
    assert_eq!(world.told(ScopeId::Link(InterfaceId(200)), LsType::LINK), []);
}

/// RFC 5340 §4.4.3.2: interfaces that are down, looped back, or of another area
#[test]
fn interfaces_that_are_not_described() {
    let mut world = backbone();
    world.interface(1, AreaId::BACKBONE, Attachment::Loopback, &["2001:db8::1/128"], &[]);
    world.interface(2, AreaId::BACKBONE, Attachment::Passive, &["2001:db8:2::1/64"], &[]);
    world.interface(3, AreaId::BACKBONE, Attachment::Down, &[], &[]);
    assert_eq!(world.links(AreaId::BACKBONE), []);
    world.areas.insert(AREA_1, Area::default());
    world.interface(4, AREA_1, Attachment::PointToPoint, &[], &[7]);
    assert_eq!(world.links(AreaId::BACKBONE), []);
    assert_eq!(world.links(AREA_1).len(), 1);
}

/// An area without interfaces that are up is told nothing.
#[test]
fn areas_that_are_not_attached() {
    let mut world = World::new(&[AreaId::BACKBONE, AREA_1]);
    assert_eq!(world.desired(), BTreeMap::new());
    world.interface(3, AreaId::BACKBONE, Attachment::Down, &["2001:db8::1/64"], &[]);
    world.external("2001:db8:e::/48", Metric::type2(1));
    assert_eq!(world.desired(), BTreeMap::new());
}

/// RFC 2328 §12.4.1: bit B of a router attached to two areas, also without the backbone
#[test]
fn the_bit_b() {
    let flags = |world: &World, area| world.router_lsa(area).flags;
    assert_eq!(flags(&World::attached(&[AREA_1]), AREA_1), RouterFlags::NONE);
    let mut world = World::attached(&[AREA_1, AREA_2]);
    assert_eq!(flags(&world, AREA_1), RouterFlags::B);
    assert_eq!(flags(&world, AREA_2), RouterFlags::B);
    world.interface(101, AREA_2, Attachment::Down, &[], &[]);
    assert_eq!(flags(&world, AREA_1), RouterFlags::NONE);
    // The backbone counts, be the virtual link up or not: without the bit it never is.
    world.area(AREA_1).virtual_links = true;
    assert_eq!(flags(&world, AREA_1), RouterFlags::B);
}

/// RFC 2328 §12.4.1: bit E, never in a stub area; RFC 3101 §3.1: of all NSSA border routers
#[test]
fn the_bit_e() {
    let flags = |world: &World, area| world.router_lsa(area).flags;
    let mut world = World::attached(&[AreaId::BACKBONE, AREA_1, AREA_2]);
    world.area(AREA_1).kind = AreaKind::Stub(Stub::default());
    assert_eq!(flags(&world, AreaId::BACKBONE), RouterFlags::B);
    world.external("2001:db8:e::/48", Metric::type2(1));
    assert_eq!(flags(&world, AreaId::BACKBONE), RouterFlags::B | RouterFlags::E);
    assert_eq!(flags(&world, AREA_1), RouterFlags::B);
    world.externals.clear();
    world.nssa(AREA_2);
    assert_eq!(flags(&world, AreaId::BACKBONE), RouterFlags::B | RouterFlags::E);
    assert_eq!(flags(&world, AREA_2), RouterFlags::B | RouterFlags::E);
    assert_eq!(flags(&world, AREA_1), RouterFlags::B);
}

/// RFC 3101 §3.1: bit Nt in the NSSA, of a border router that always translates
#[test]
fn the_bit_nt() {
    let mut world = World::attached(&[AreaId::BACKBONE, AREA_1]);
    world.nssa(AREA_1).always_translates = true;
    let flags = RouterFlags::B | RouterFlags::E;
    assert_eq!(world.router_lsa(AREA_1).flags, flags | RouterFlags::NT);
    assert_eq!(world.router_lsa(AreaId::BACKBONE).flags, flags);
    world.interfaces.remove(&InterfaceId(100));
    assert_eq!(world.router_lsa(AREA_1).flags, RouterFlags::NONE);
}

/// RFC 5340 §4.4.3.1, RFC 5838 §2.2
#[test]
fn options_of_an_area() {
    let mut world = World::attached(&[AreaId::BACKBONE, AREA_1, AREA_2]);
    world.area(AREA_1).kind = AreaKind::Stub(Stub::default());
    world.nssa(AREA_2);
    let options = |world: &World| {
        [AreaId::BACKBONE, AREA_1, AREA_2].map(|area| world.router_lsa(area).options)
    };
    let (v6, e, n, r, af) = (Options::V6, Options::E, Options::N, Options::R, Options::AF);
    assert_eq!(options(&world), [v6 | e | r, v6 | r, v6 | n | r]);
    world.router.address_families = true;
    assert_eq!(options(&world), [v6 | e | r | af, v6 | r | af, v6 | n | r | af]);
    world.router.family = AddressFamily::Ipv4Unicast;
    world.router.address_families = false;
    assert_eq!(options(&world), [e | r | af, r | af, n | r | af]);
}

/// RFC 6987 §2, §2.1
#[test]
fn stub_routers() {
    let mut world = backbone();
    world.interface(3, AreaId::BACKBONE, Attachment::PointToPoint, &["2001:db8:3::1/64"], &[7]);
    world.router.stub = StubRouter::MaxLinkMetric;
    let lsa = world.router_lsa(AreaId::BACKBONE);
    assert_eq!(lsa.links, [link(RouterLinkType::POINT_TO_POINT, 0xffff, [3, 107, 7])]);
    assert_eq!(lsa.options, BASE);
    world.router.stub = StubRouter::NotRouting;
    let lsa = world.router_lsa(AreaId::BACKBONE);
    assert_eq!(lsa.links, [link(RouterLinkType::POINT_TO_POINT, 10, [3, 107, 7])]);
    assert_eq!(lsa.options, BASE.without(Options::R));
    // Its prefixes are reached as before.
    let LsaBody::IntraAreaPrefix(lsa) = world.only(BACKBONE, LsType::INTRA_AREA_PREFIX).1 else {
        panic!("another body");
    };
    assert_eq!(lsa.prefixes[0].metric, 10);
}

/// RFC 5340 §4.4.3.2: several Router-LSAs, each with an integral number of links
#[test]
fn what_does_not_fit_one_lsa() {
    let mut world = backbone();
    // 24 octets and three links.
    world.router.lsa_size = 24 + 3 * 16 + 15;
    for id in 1..=7 {
        world.interface(id, AreaId::BACKBONE, Attachment::PointToPoint, &[], &[id + 10]);
    }
    let fragments = |world: &World| -> Vec<(u32, Vec<u32>)> {
        let lsas = world.router_lsas(AreaId::BACKBONE).into_iter();
        lsas.map(|(id, lsa)| (id, lsa.links.iter().map(|link| link.interface_id.0).collect()))
            .collect()
    };
    assert_eq!(fragments(&world), [(0, vec![1, 2, 3]), (1, vec![4, 5, 6]), (2, vec![7])]);
    world.external("2001:db8:e::/48", Metric::type2(1));
    for (_, lsa) in world.router_lsas(AreaId::BACKBONE) {
        assert_eq!((lsa.flags, lsa.options), (RouterFlags::E, BASE));
    }
}

/// RFC 5340 §4.4.3.3
#[test]
fn network_lsas() {
    let mut world = backbone();
    let transit = Attachment::Transit(Some((SELF, InterfaceId(3))));
    let interface = world.interface(3, AreaId::BACKBONE, transit, &[], &[9, 4]);
    let mut of_neighbor = link_lsa(&[]).expect("one");
    of_neighbor.options = Options::DC;
    interface.neighbors.get_mut(&RouterId(9)).expect("there").link_lsa = Some(of_neighbor);
    let lsa = NetworkLsa {
        options: BASE | Options::DC,
        attached_routers: vec![SELF, RouterId(4), RouterId(9)],
    };
    assert_eq!(world.only(BACKBONE, LsType::NETWORK), (3, LsaBody::Network(lsa)));
    // Without others, or where another is the Designated Router.
    world.interface(3, AreaId::BACKBONE, transit, &[], &[]);
    assert_eq!(world.told(BACKBONE, LsType::NETWORK), []);
    let other = Attachment::Transit(Some((RouterId(9), InterfaceId(109))));
    world.interface(3, AreaId::BACKBONE, other, &[], &[4, 9]);
    assert_eq!(world.told(BACKBONE, LsType::NETWORK), []);
}
