//! Link-LSAs, Grace-LSAs and Router Information LSAs.

use alloc::string::{String, ToString};
use core::net::Ipv4Addr;

use bytes::Bytes;

use super::*;
use crate::lsa::{
    GraceLsa, InformationalCapabilities, PrefixOptions, RestartReason, RouterInformationLsa, Tlv,
    widen,
};

const LINK: ScopeId = ScopeId::Link(InterfaceId(3));

/// RFC 5340 §4.4.3.8
#[test]
fn a_link_lsa() {
    let mut world = World::new(&[AreaId::BACKBONE]);
    let prefixes =
        ["2001:db8:1::5/64", "2001:db8:1::6/64", "fe80::5/64", "2001:db8::5/128", "10.0.0.5/8"];
    let interface = world.interface(3, AreaId::BACKBONE, Attachment::Transit(None), &prefixes, &[]);
    interface.priority = 7;
    let lsa = LinkLsa {
        router_priority: 7,
        options: Options::V6 | Options::E | Options::R,
        link_local_address: "fe80::5".parse().expect("address"),
        prefixes: vec![
            prefix("2001:db8::5/128").with(PrefixOptions::LA),
            prefix("2001:db8:1::/64"),
        ],
    };
    assert_eq!(world.only(LINK, LsType::LINK), (3, LsaBody::Link(lsa)));
}

/// RFC 5340 §4.4.3.8: on each link on which there may be two routers; LinkLSASuppression
#[test]
fn which_links_have_one() {
    let told = |attachment, suppress| {
        let mut world = World::new(&[AreaId::BACKBONE]);
        world.interface(3, AreaId::BACKBONE, attachment, &[], &[]).suppress_link_lsa = suppress;
        world.told(LINK, LsType::LINK).len()
    };
    let cases = [
        (Attachment::Transit(None), 1, 1),
        (Attachment::PointToPoint, 1, 0),
        (Attachment::PointToMultipoint, 1, 0),
        (Attachment::Passive, 0, 0),
        (Attachment::Loopback, 0, 0),
        (Attachment::Down, 0, 0),
        (Attachment::Virtual { transit: AREA_1 }, 0, 0),
    ];
    for (attachment, plain, suppressed) in cases {
        assert_eq!(told(attachment, false), plain, "{attachment:?}");
        assert_eq!(told(attachment, true), suppressed, "{attachment:?}");
    }
}

/// RFC 5838 §2.3, §2.5
#[test]
fn a_link_lsa_of_ipv4() {
    let mut world = World::new(&[AreaId::BACKBONE]);
    world.router.family = AddressFamily::Ipv4Unicast;
    let prefixes = ["192.0.2.5/24", "2001:db8::5/64", "198.51.100.1/32"];
    let address = Ipv4Addr::new(192, 0, 2, 5);
    world.interface(3, AreaId::BACKBONE, Attachment::PointToPoint, &prefixes, &[]).address =
        address.into();
    let LsaBody::Link(lsa) = world.only(LINK, LsType::LINK).1 else { panic!("another body") };
    assert_eq!(lsa.link_local_address, widen(address));
    let own = prefix("198.51.100.1/32").with(PrefixOptions::LA);
    assert_eq!(lsa.prefixes, [prefix("192.0.2.0/24"), own]);
}

/// RFC 5187 §2.2
#[test]
fn grace_lsas() {
    let mut world = World::new(&[AreaId::BACKBONE]);
    world.interface(3, AreaId::BACKBONE, Attachment::PointToPoint, &[], &[7]);
    world.interface(4, AreaId::BACKBONE, Attachment::Passive, &[], &[]);
    assert_eq!(world.told(LINK, LsType::GRACE), []);
    world.router.grace = Some(Grace { period: 90, reason: RestartReason::SOFTWARE_UPGRADE });
    let lsa =
        GraceLsa { grace_period: 90, reason: RestartReason::SOFTWARE_UPGRADE, others: Vec::new() };
    assert_eq!(world.only(LINK, LsType::GRACE), (3, LsaBody::Grace(lsa)));
    assert_eq!(world.told(ScopeId::Link(InterfaceId(4)), LsType::GRACE), []);
}

/// RFC 7770 §2, RFC 5642 §3.1
#[test]
fn router_information() {
    let mut world = World::attached(&[AreaId::BACKBONE, AREA_1]);
    assert_eq!(world.told(BACKBONE, LsType::ROUTER_INFORMATION_AREA), []);
    let hostname = Some("r5".to_string());
    world.router.information =
        Some(Information { graceful_restart_helper: true, hostname, ..Information::default() });
    let mut lsa = RouterInformationLsa::new(
        InformationalCapabilities::GRACEFUL_RESTART_HELPER | InformationalCapabilities::STUB_ROUTER,
    );
    lsa.tlvs.push(Tlv { tlv_type: 7, value: Bytes::from_static(b"r5") });
    for scope in [BACKBONE, ScopeId::Area(AREA_1)] {
        let told = world.only(scope, LsType::ROUTER_INFORMATION_AREA);
        assert_eq!(told, (0, LsaBody::RouterInformation(lsa.clone())));
    }
    // A name that is none, and one that is too long.
    let names = [(String::new(), None), ("x".repeat(300), Some(255))];
    for (name, length) in names {
        let hostname = Some(name);
        world.router.information = Some(Information { hostname, ..Information::default() });
        let LsaBody::RouterInformation(lsa) =
            world.only(BACKBONE, LsType::ROUTER_INFORMATION_AREA).1
        else {
            panic!("another body");
        };
        assert_eq!(lsa.tlvs.get(1).map(|tlv| tlv.value.len()), length);
    }
}
