//! Routes of both families with BIRD and with FRR, over IPv4 and over link-local addresses.

use testbed::bird::{Bird, Route, SOON, header};
use testbed::{Frr, Lab, Node, Release};

use crate::ours::{start_bird, start_router};

const ROUTER: &[&str] = &["10.0.0.1/24", "fd00::1/64", "fe80::1/64"];
const PEER: &[&str] = &["10.0.0.2/24", "fd00::2/64", "fe80::2/64"];

/// The router `r` and a peer `p` on one cable.
fn pair(lab: &Lab, router: &[&str], peer: &[&str]) -> (Node, Node) {
    let (r, p) = (lab.node("r"), lab.node("p"));
    lab.link(&r, &p);
    r.addresses(&p, router);
    p.addresses(&r, peer);
    (r, p)
}

/// AS 65001 with a session that carries both families over IPv4.
fn router_with_both_families() -> String {
    header("10.0.0.1")
        + &format!(
            "protocol static s4 {{ ipv4; route 10.1.0.0/24 blackhole; route 10.1.1.0/24 blackhole; }}
             protocol static s6 {{ ipv6; route 2001:db8:1::/48 blackhole; }}
             protocol bgp p {{
                 local 10.0.0.1 as 65001;
                 neighbor 10.0.0.2 as 65002;
                 {SOON}
                 ipv4 {{ import all; export all; }};
                 ipv6 {{ import all; export all; next hop address fd00::1; }};
             }}"
        )
}

/// AS 65001 with a session between link-local addresses that carries IPv4.
fn router_with_link_local_session() -> String {
    header("10.0.0.1")
        + &format!(
            "protocol static s4 {{ ipv4; route 10.1.0.0/24 blackhole; }}
             protocol bgp p {{
                 local fe80::1 as 65001;
                 neighbor fe80::2%to_p as 65002;
                 {SOON}
                 ipv4 {{ import all; export all; extended next hop on; }};
             }}"
        )
}

/// Asserts on a route that came over BGP.
#[track_caller]
fn assert_learned(route: &Route, as_path: &str, via: &str) {
    assert_eq!(route.kind, "unicast", "{route:?}");
    assert_eq!(route.route_type, "BGP univ", "{route:?}");
    assert!(route.best, "{route:?}");
    assert_eq!(route.gateways, [format!("via {via}")], "{route:?}");
    assert_eq!(route.attribute("as_path"), as_path, "{route:?}");
    assert_eq!(route.attribute("origin"), "IGP", "{route:?}");
    assert_eq!(route.attribute("local_pref"), "100", "{route:?}");
}

/// Networks of a table, sorted.
fn networks(bird: &Bird, table: &str) -> Vec<String> {
    let mut nets: Vec<String> =
        bird.routes(&format!("table {table}")).into_iter().map(|route| route.net).collect();
    nets.sort();
    nets
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn both_families_pass_both_ways_between_router_and_bird() {
    let lab = Lab::new();
    let (r, p) = pair(&lab, ROUTER, PEER);
    let router = start_router(&lab, &r, &router_with_both_families());
    let peer = start_bird(
        &lab,
        &p,
        &(header("10.0.0.2")
            + &format!(
                "protocol static s4 {{ ipv4; route 10.2.0.0/24 blackhole; route 10.2.1.0/24 blackhole; }}
                 protocol static s6 {{ ipv6; route 2001:db8:2::/48 blackhole; }}
                 protocol bgp r {{
                     local 10.0.0.2 as 65002;
                     neighbor 10.0.0.1 as 65001;
                     {SOON}
                     ipv4 {{ import all; export all; }};
                     ipv6 {{ import all; export all; next hop address fd00::2; }};
                 }}"
            )),
    );
    router.wait_established("p");
    peer.wait_established("r");

    for net in ["10.2.0.0/24", "10.2.1.0/24"] {
        let route = router.wait_route(net, "p");
        assert_learned(&route, "65002", "10.0.0.2 on to_p");
        assert_eq!(route.attribute("next_hop"), "10.0.0.2");
        assert_eq!(route.info, "(100) [AS65002i]");
    }
    let route = router.wait_route("2001:db8:2::/48", "p");
    assert_learned(&route, "65002", "fd00::2 on to_p");
    assert!(route.attribute("next_hop").starts_with("fd00::2"), "{route:?}");
    assert_eq!(route.from.as_deref(), Some("10.0.0.2"));

    for net in ["10.1.0.0/24", "10.1.1.0/24"] {
        let route = peer.wait_route(net, "r");
        assert_learned(&route, "65001", "10.0.0.1 on to_r");
        assert_eq!(route.attribute("next_hop"), "10.0.0.1");
    }
    let route = peer.wait_route("2001:db8:1::/48", "r");
    assert_learned(&route, "65001", "fd00::1 on to_r");
    assert!(route.attribute("next_hop").starts_with("fd00::1"), "{route:?}");

    for table in ["master4", "master6"] {
        assert_eq!(networks(&router, table), networks(&peer, table), "{table}");
    }
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn both_families_pass_both_ways_between_router_and_frr() {
    let lab = Lab::new();
    let (r, p) = pair(&lab, ROUTER, PEER);
    let router = start_router(&lab, &r, &router_with_both_families());
    let mut peer = Frr::start(
        &lab,
        &p,
        "route-map coloured permit 10
           set community 65002:9 65002:10
           set large-community 65002:1:2
           set extcommunity rt 65002:7
           set metric 77
           set origin egp
         router bgp 65002
           bgp router-id 10.0.0.2
           no bgp ebgp-requires-policy
           no bgp network import-check
           no bgp default ipv4-unicast
           neighbor 10.0.0.1 remote-as 65001
           neighbor 10.0.0.1 timers connect 1
           neighbor 10.0.0.1 advertisement-interval 0
           address-family ipv4 unicast
             network 10.2.0.0/24
             network 10.2.1.0/24 route-map coloured
             neighbor 10.0.0.1 activate
           exit-address-family
           address-family ipv6 unicast
             network 2001:db8:2::/48
             neighbor 10.0.0.1 activate
           exit-address-family
        ",
        Release::Debian,
    );
    router.wait_established("p");
    peer.wait_established("10.0.0.1");

    let route = router.wait_route("10.2.0.0/24", "p");
    assert_learned(&route, "65002", "10.0.0.2 on to_p");
    assert_eq!(route.attribute("next_hop"), "10.0.0.2");
    assert_eq!(route.attribute("med"), "0");
    let route = router.wait_route("10.2.1.0/24", "p");
    assert_eq!(route.attribute("origin"), "EGP");
    assert_eq!(route.attribute("med"), "77");
    assert_eq!(route.attribute("community"), "(65002,9) (65002,10)");
    assert_eq!(route.attribute("ext_community"), "(rt, 65002, 7)");
    assert_eq!(route.attribute("large_community"), "(65002, 1, 2)");
    let route = router.wait_route("2001:db8:2::/48", "p");
    assert_learned(&route, "65002", "fd00::2 on to_p");
    assert_eq!(route.attribute("next_hop"), "fd00::2 fe80::2");

    for net in ["10.1.0.0/24", "10.1.1.0/24"] {
        let route = peer.wait_route(net, "10.0.0.1");
        assert!(route.valid, "{route:?}");
        assert_eq!((route.as_path.as_str(), route.origin.as_str()), ("65001", "IGP"));
        assert_eq!(route.next_hops, ["10.0.0.1"]);
    }
    let route = peer.wait_route("2001:db8:1::/48", "10.0.0.1");
    assert!(route.valid, "{route:?}");
    assert_eq!((route.as_path.as_str(), route.origin.as_str()), ("65001", "IGP"));
    assert_eq!(route.next_hops.first().map(String::as_str), Some("fd00::1"), "{route:?}");

    for (family, table) in [("ipv4", "master4"), ("ipv6", "master6")] {
        let mut nets = peer.networks(family).expect("bgpd answers");
        nets.sort();
        assert_eq!(networks(&router, table), nets, "{table}");
    }
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn ipv4_routes_have_ipv6_next_hops_on_a_link_local_session_with_bird() {
    let lab = Lab::new();
    let (r, p) = pair(&lab, &["fe80::1/64"], &["fe80::2/64"]);
    let router = start_router(&lab, &r, &router_with_link_local_session());
    let peer = start_bird(
        &lab,
        &p,
        &(header("10.0.0.2")
            + &format!(
                "protocol static s4 {{ ipv4; route 10.2.0.0/24 blackhole; }}
                 protocol bgp r {{
                     local fe80::2 as 65002;
                     neighbor fe80::1%to_r as 65001;
                     {SOON}
                     ipv4 {{ import all; export all; extended next hop on; }};
                 }}"
            )),
    );
    router.wait_established("p");
    peer.wait_established("r");
    assert_learned(&router.wait_route("10.2.0.0/24", "p"), "65002", "fe80::2 on to_p");
    assert_learned(&peer.wait_route("10.1.0.0/24", "r"), "65001", "fe80::1 on to_r");
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn ipv4_routes_have_ipv6_next_hops_on_a_link_local_session_with_frr() {
    let lab = Lab::new();
    let (r, p) = pair(&lab, &["fe80::1/64"], &["fe80::2/64"]);
    let router = start_router(&lab, &r, &router_with_link_local_session());
    let mut peer = Frr::start(
        &lab,
        &p,
        "router bgp 65002
           bgp router-id 10.0.0.2
           no bgp ebgp-requires-policy
           no bgp network import-check
           no bgp default ipv4-unicast
           neighbor fe80::1 remote-as 65001
           neighbor fe80::1 interface to_r
           neighbor fe80::1 timers connect 1
           neighbor fe80::1 advertisement-interval 0
           neighbor fe80::1 capability extended-nexthop
           address-family ipv4 unicast
             network 10.2.0.0/24
             neighbor fe80::1 activate
           exit-address-family
        ",
        Release::Debian,
    );
    router.wait_established("p");
    peer.wait_established("fe80::1");
    assert_learned(&router.wait_route("10.2.0.0/24", "p"), "65002", "fe80::2 on to_p");
    let route = peer.wait_route("10.1.0.0/24", "fe80::1");
    assert!(route.valid, "{route:?}");
    assert_eq!(route.as_path, "65001");
    assert_eq!(route.gateway, "fe80::1", "{route:?}");
}
