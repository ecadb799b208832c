//! Intra-Area-Prefix-LSAs.

use super::*;
use crate::lsa::{IntraAreaPrefix, IntraAreaPrefixLsa, PrefixOptions};

const OF_ROUTER: LsaKey =
    LsaKey { ls_type: LsType::ROUTER, advertising_router: SELF, link_state_id: LinkStateId(0) };
const OF_NETWORK: LsaKey =
    LsaKey { ls_type: LsType::NETWORK, advertising_router: SELF, link_state_id: LinkStateId(3) };
const DESIGNATED: Attachment = Attachment::Transit(Some((SELF, InterfaceId(3))));
const NOT_DESIGNATED: Attachment = Attachment::Transit(Some((RouterId(7), InterfaceId(107))));

impl World {
    /// The prefixes told with a reference, with their options and metrics.
    fn prefixes(&self, area: AreaId, referenced: LsaKey) -> Vec<(Prefix, u16)> {
        let lsas = self.told(ScopeId::Area(area), LsType::INTRA_AREA_PREFIX).into_iter();
        let these = lsas.filter_map(|(_, body)| match body {
            LsaBody::IntraAreaPrefix(lsa) if lsa.referenced == referenced => Some(lsa.prefixes),
            LsaBody::IntraAreaPrefix(_) => None,
            other => panic!("{other:?}"),
        });
        these.flatten().map(|IntraAreaPrefix { prefix, metric }| (prefix, metric)).collect()
    }
}

fn backbone(attachment: Attachment, prefixes: &[&str], neighbors: &[u32]) -> World {
    let mut world = World::new(&[AreaId::BACKBONE]);
    world.interface(3, AreaId::BACKBONE, attachment, prefixes, neighbors);
    world
}

fn own(text: &str) -> Prefix {
    prefix(text).with(PrefixOptions::LA)
}

/// RFC 5340 §4.4.3.9: prefixes of links that are no transit links, with the interface's cost
#[test]
fn stub_links() {
    let prefixes =
        ["2001:db8:1::5/64", "2001:db8:1::6/64", "2001:db8:2::5/64", "fe80::5/64", "192.0.2.1/24"];
    let told = [(prefix("2001:db8:1::/64"), 10), (prefix("2001:db8:2::/64"), 10)];
    let cases = [
        (Attachment::Passive, &[][..]),
        (Attachment::PointToPoint, &[]),
        (Attachment::PointToPoint, &[7]),
        (Attachment::Transit(None), &[]),
        // Alone on the link, or not adjacent to the Designated Router.
        (DESIGNATED, &[]),
        (NOT_DESIGNATED, &[]),
    ];
    for (attachment, neighbors) in cases {
        let world = backbone(attachment, &prefixes, neighbors);
        assert_eq!(world.prefixes(AreaId::BACKBONE, OF_ROUTER), told, "{attachment:?}");
        assert_eq!(world.prefixes(AreaId::BACKBONE, OF_NETWORK), []);
    }
    let world = backbone(Attachment::Down, &prefixes, &[]);
    assert_eq!(world.told(BACKBONE, LsType::INTRA_AREA_PREFIX), []);
}

/// RFC 5340 §4.4.3.9: point-to-multipoint interfaces and those in state Loopback
#[test]
fn addresses_of_their_own() {
    for attachment in [Attachment::PointToMultipoint, Attachment::Loopback] {
        let world = backbone(attachment, &["2001:db8:1::5/64", "2001:db8:2::5/128"], &[7]);
        let told = [(own("2001:db8:1::5/128"), 0), (own("2001:db8:2::5/128"), 0)];
        assert_eq!(world.prefixes(AreaId::BACKBONE, OF_ROUTER), told);
    }
}

/// RFC 5340 §4.4.3.9: those of a transit link are told with it, those with the LA-bit with the router
#[test]
fn transit_links() {
    for attachment in [DESIGNATED, NOT_DESIGNATED] {
        let world = backbone(attachment, &["2001:db8:1::5/64", "2001:db8:5::5/128"], &[7]);
        let told = world.prefixes(AreaId::BACKBONE, OF_ROUTER);
        assert_eq!(told, [(own("2001:db8:5::5/128"), 10)]);
        let with_link = world.prefixes(AreaId::BACKBONE, OF_NETWORK);
        let expected = (attachment == DESIGNATED).then(|| (prefix("2001:db8:1::/64"), 0));
        assert_eq!(with_link, expected.into_iter().collect::<Vec<_>>());
    }
}

/// RFC 5340 §4.4.3.9: the Designated Router collects the Link-LSAs' prefixes
#[test]
fn prefixes_of_link_lsas() {
    let mut world = backbone(DESIGNATED, &["2001:db8:1::5/64"], &[7, 9]);
    let interface = world.interfaces.get_mut(&InterfaceId(3)).expect("there");
    let of_7 = [
        prefix("2001:db8:1::/64").with(PrefixOptions::P),
        prefix("2001:db8:7::/64"),
        prefix("2001:db8:77::/64").with(PrefixOptions::NU),
        prefix("2001:db8:7::7/128").with(PrefixOptions::LA),
        prefix("fe80::/64"),
    ];
    let of_9 = [prefix("2001:db8:7::/64").with(PrefixOptions(0x80)), prefix("2001:db8:9::/48")];
    interface.neighbors.get_mut(&RouterId(7)).expect("there").link_lsa = link_lsa(&of_7);
    interface.neighbors.get_mut(&RouterId(9)).expect("there").link_lsa = link_lsa(&of_9);
    let told = [
        (prefix("2001:db8:1::/64").with(PrefixOptions::P), 0),
        (prefix("2001:db8:7::/64").with(PrefixOptions(0x80)), 0),
        (prefix("2001:db8:9::/48"), 0),
    ];
    assert_eq!(world.prefixes(AreaId::BACKBONE, OF_NETWORK), told);
    // The Link State ID that comes first is the interface's.
    assert_eq!(world.only(BACKBONE, LsType::INTRA_AREA_PREFIX).0, 3);
    assert_eq!(world.prefixes(AreaId::BACKBONE, OF_ROUTER), []);
}

/// RFC 5838 §2.3: prefixes that are not of the address family
#[test]
fn prefixes_of_another_family() {
    let mut world = backbone(DESIGNATED, &["192.0.2.5/24", "2001:db8::5/64"], &[7]);
    world.router.family = AddressFamily::Ipv4Unicast;
    let interface = world.interfaces.get_mut(&InterfaceId(3)).expect("there");
    let of_7 = [prefix("198.51.100.0/24"), prefix("2001:db8::/64")];
    interface.neighbors.get_mut(&RouterId(7)).expect("there").link_lsa = link_lsa(&of_7);
    let told = [(prefix("192.0.2.0/24"), 0), (prefix("198.51.100.0/24"), 0)];
    assert_eq!(world.prefixes(AreaId::BACKBONE, OF_NETWORK), told);
}

/// RFC 5340 §4.4.3.9: directly attached hosts (§C.7)
#[test]
fn hosts() {
    let mut world = backbone(Attachment::PointToPoint, &["2001:db8:1::5/64"], &[]);
    world.area(AreaId::BACKBONE).hosts =
        BTreeMap::from([(net("2001:db8:f::1/128"), 4), (net("192.0.2.1/32"), 4)]);
    let told = [(prefix("2001:db8:1::/64"), 10), (prefix("2001:db8:f::1/128"), 4)];
    assert_eq!(world.prefixes(AreaId::BACKBONE, OF_ROUTER), told);
}

/// One prefix on two links: the cheaper counts.
#[test]
fn one_prefix_twice() {
    let mut world = backbone(Attachment::PointToPoint, &["2001:db8:1::5/64"], &[]);
    world.interface(4, AreaId::BACKBONE, Attachment::Passive, &["2001:db8:1::6/64"], &[]).cost = 3;
    let told = world.prefixes(AreaId::BACKBONE, OF_ROUTER);
    assert_eq!(told, [(prefix("2001:db8:1::/64"), 3)]);
}

/// RFC 5340 §4.4.3.9: an address for the other end of a virtual link
#[test]
fn transit_areas_of_virtual_links() {
    let told = |world: &World| world.prefixes(AREA_1, OF_ROUTER);
    let mut world = World::attached(&[AREA_1]);
    world.interface(3, AREA_1, NOT_DESIGNATED, &["2001:db8:1::5/64"], &[7]);
    assert_eq!(told(&world), []);
    world.area(AREA_1).virtual_links = true;
    assert_eq!(told(&world), [(own("2001:db8:1::5/128"), 0)]);
    // One that is told anyway will do.
    world.interface(4, AREA_1, Attachment::Loopback, &["2001:db8::5/128"], &[]);
    assert_eq!(told(&world), [(own("2001:db8::5/128"), 0)]);
    // There is none in the area: one of another.
    world.interface(3, AREA_1, NOT_DESIGNATED, &["fe80::1/64"], &[7]);
    world.interface(4, AreaId::BACKBONE, Attachment::Passive, &["2001:db8:9::5/64"], &[]);
    assert_eq!(told(&world), [(own("2001:db8:9::5/128"), 0)]);
    // RFC 5838 §2.8
    world.router.family = AddressFamily::Ipv4Unicast;
    assert_eq!(told(&world), []);
}

/// RFC 5340 §4.4.3.9: spread across several LSAs, with the router's first one of number 0
#[test]
fn what_does_not_fit_one_lsa() {
    let mut world = World::new(&[AreaId::BACKBONE]);
    // 32 octets, and two prefixes of 12.
    world.router.lsa_size = 32 + 24 + 11;
    for id in 1..=5 {
        let text = alloc::format!("2001:db8:{id}::5/64");
        world.interface(id, AreaId::BACKBONE, Attachment::Passive, &[&text], &[]);
    }
    let told = world.told(BACKBONE, LsType::INTRA_AREA_PREFIX);
    let counts: Vec<_> = told
        .iter()
        .map(|(id, body)| match body {
            LsaBody::IntraAreaPrefix(IntraAreaPrefixLsa { prefixes, .. }) => (*id, prefixes.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts, [(0, 2), (0x8000_0000, 2), (0x8000_0001, 1)]);
    assert_eq!(world.prefixes(AreaId::BACKBONE, OF_ROUTER).len(), 5);
}
