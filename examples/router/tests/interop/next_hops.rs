//! Next hops that are looked up in a table, with what BIRD makes of the same configuration: run with
//! `ROUTER_BIN=/usr/sbin/bird` the same rows come out.

use testbed::bird::{Bird, SOON, header};
use testbed::{Lab, PATIENCE, wait_for};

use crate::ours::{bird_stands_in, start_bird, start_router};

/// The routes that the peer announces, with their next hops.
const ANNOUNCED: &[(&str, &str)] = &[
    ("10.2.0.0/24", "10.0.0.2"),
    ("10.2.1.0/24", "192.0.2.1"),
    ("10.2.2.0/24", "192.0.2.129"),
    ("10.2.3.0/24", "198.51.100.1"),
    ("10.2.4.0/24", "100.64.0.1"),
    ("10.2.5.0/24", "198.18.0.1"),
    ("10.2.6.0/24", "10.2.0.1"),
    ("10.2.7.0/24", "203.0.113.1"),
];

/// An internal neighbour whose next hops are looked up in `igp4`, with `more` in there.
fn configuration(more: &str) -> String {
    header("10.0.0.1")
        + &format!(
            "ipv4 table igp4;
             protocol direct {{ ipv4 {{ table igp4; }}; }}
             protocol static ways {{
                 ipv4 {{ table igp4; }};
                 route 192.0.2.0/25 via 10.0.0.2;
                 route 192.0.2.128/25 blackhole;
                 route 198.51.100.0/24 unreachable;
                 route 198.18.0.0/15 via 10.0.0.3;
                 route 203.0.113.0/24 recursive 192.0.2.1;
                 {more}
             }}
             protocol bgp p {{
                 local 10.0.0.1 as 65001;
                 neighbor 10.0.0.2 as 65001;
                 {SOON}
                 ipv4 {{ import all; export none; igp table igp4; }};
             }}"
        )
}

/// Network, what becomes of packets, the gateways and the cost.
fn rows(router: &Bird) -> Vec<String> {
    let row = |route: testbed::bird::Route| {
        let cost = route.info.split(']').next().unwrap_or_default();
        let cost = cost.split(" [").next().unwrap_or_default();
        // BIRD 2.0.12 shows (100/-) for a route that says so, and (100) where there is none.
        let cost = if route.kind == "unreachable" { "" } else { cost };
        format!("{} {} {} {cost}", route.net, route.kind, route.gateways.join(" "))
    };
    let mut rows: Vec<String> =
        router.routes("table master4 protocol p").into_iter().map(row).collect();
    rows.sort();
    rows
}

#[track_caller]
fn wait_rows(router: &Bird, expected: &[String]) {
    wait_for(PATIENCE, format!("the routes are {expected:#?}"), || {
        let seen = rows(router);
        if seen == expected { Ok(()) } else { Err(format!("{seen:#?}")) }
    });
}

#[test]
#[ignore = "needs root and bird2; run by .ci/run"]
fn next_hops_are_looked_up_as_in_bird() {
    let lab = Lab::new();
    let (r, p) = (lab.node("r"), lab.node("p"));
    lab.link(&r, &p);
    r.addresses(&p, &["10.0.0.1/24"]);
    p.addresses(&r, &["10.0.0.2/24"]);
    let router = start_router(&lab, &r, &configuration(""));
    let routes: String =
        ANNOUNCED.iter().map(|(net, _)| format!("route {net} blackhole;")).collect();
    let next_hops: String = ANNOUNCED
        .iter()
        .map(|(net, next_hop)| format!("if net = {net} then bgp_next_hop = {next_hop};"))
        .collect();
    let peer = format!(
        "protocol static s4 {{ ipv4; {routes} }}
         protocol bgp r {{
             local 10.0.0.2 as 65001;
             neighbor 10.0.0.1 as 65001;
             {SOON}
             ipv4 {{ import all; export filter {{ {next_hops} accept; }}; }};
         }}"
    );
    let _peer = start_bird(&lab, &p, &(header("10.0.0.2") + &peer));
    router.wait_established("p");

    let mut expected = [
        "10.2.0.0/24 unicast via 10.0.0.2 on to_p (100)",
        "10.2.1.0/24 unicast via 10.0.0.2 on to_p (100/?)",
        "10.2.2.0/24 blackhole  (100/?)",
        "10.2.3.0/24 unreachable  ",
        "10.2.4.0/24 unreachable  ",
        "10.2.5.0/24 unicast via 10.0.0.3 on to_p (100/?)",
        "10.2.6.0/24 unreachable  ",
        // One look-up leads to another: not in BIRD.
        "10.2.7.0/24 unicast via 10.0.0.2 on to_p (100/?)",
    ]
    .map(str::to_owned);
    if bird_stands_in() {
        expected[7] = "10.2.7.0/24 unreachable  ".into();
    }
    wait_rows(&router, &expected);

    // A default route is as good as others, and a longer one better.
    let more = "route 0.0.0.0/0 via 10.0.0.4; route 192.0.2.0/30 via 10.0.0.5;";
    assert!(router.configure(&configuration(more)).success);
    expected[1] = "10.2.1.0/24 unicast via 10.0.0.5 on to_p (100/?)".into();
    expected[4] = "10.2.4.0/24 unicast via 10.0.0.4 on to_p (100/?)".into();
    expected[6] = "10.2.6.0/24 unicast via 10.0.0.4 on to_p (100/?)".into();
    if !bird_stands_in() {
        expected[7] = "10.2.7.0/24 unicast via 10.0.0.5 on to_p (100/?)".into();
    }
    wait_rows(&router, &expected);
}
