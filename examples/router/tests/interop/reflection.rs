//! Route reflection (RFC 4456) with BIRD and FRR on both sides.

use testbed::bird::Bird;
use testbed::{Frr, PATIENCE, wait_for};

use crate::lan::{Lan, address, frr_config, routes, session, wait_frr_networks, wait_networks};

const AS: u32 = 65000;
const BOTH_WAYS: &str = "import all; export all;";

/// Waits for a route that a reflector has passed on: who brought it into the AS, and over which clusters it came.
#[track_caller]
fn wait_reflected(bird: &Bird, net: &str, protocol: &str, originator: u8, clusters: &[&str]) {
    let wanted = (address(originator), clusters.join(" "));
    wait_for(PATIENCE, format!("{} has {net} reflected as {wanted:?}", bird.name()), || {
        let route = bird.wait_route(net, protocol);
        let seen = (
            route.attribute("originator_id").to_owned(),
            route.attribute("cluster_list").to_owned(),
        );
        if seen == wanted { Ok(()) } else { Err(format!("{route:?}")) }
    });
}

#[track_caller]
fn wait_frr_reflected(frr: &mut Frr, net: &str, from: u8, originator: u8, clusters: &[&str]) {
    let wanted = (address(originator), clusters.join(" "));
    wait_for(PATIENCE, format!("bgpd has {net} reflected as {wanted:?}"), || {
        let route = frr.wait_route(net, &address(from));
        let seen = (route.originator_id.clone(), route.cluster_list.join(" "));
        if seen == wanted { Ok(()) } else { Err(format!("{route:?}")) }
    });
}

/// RFC 4456 §6: what comes from a client goes to all, what comes from a non-client goes to clients, what comes from
/// outside and what is our own goes to all.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn a_reflector_tells_clients_all_and_others_what_clients_say() {
    let lan = Lan::new();
    let inside = |name: &str, number: u8, options: &str| {
        session(name, (1, AS), (number, AS), options, BOTH_WAYS)
    };
    let config = |nets: &[&str]| {
        routes(nets)
            + &inside("c2", 2, "rr client;")
            + &inside("c3", 3, "rr client;")
            + &inside("n4", 4, "")
            + &inside("n5", 5, "")
            + &session("e6", (1, AS), (6, 65009), "", BOTH_WAYS)
    };
    let router = lan.router("r", 1, &config(&["10.1.0.0/24"]));
    let bird = |name: &str, number: u8, asn: u32, nets: &[&str], export: &str| {
        let channel = format!("import all; export {export};");
        let up = session("r", (number, asn), (1, AS), "", &channel);
        lan.bird(name, number, &(routes(nets) + &up))
    };
    let c2 = bird("c2", 2, AS, &["10.2.0.0/24", "10.9.0.0/24"], "all");
    let n4 = bird("n4", 4, AS, &["10.4.0.0/24"], "all");
    let e6 = bird("e6", 6, 65009, &["10.6.0.0/24"], "all");
    let frr = |name: &str, number: u8, global: &str, nets: &[&str], lines: &[&str]| {
        let config = frr_config((number, AS), "", &[(1, AS, lines)], nets);
        lan.frr(name, number, &(global.to_owned() + &config))
    };
    let longer = "route-map longer permit 10\n match ip address prefix-list nine\n \
                  set as-path prepend 64999\nroute-map longer permit 20\n\
                  ip prefix-list nine permit 10.9.0.0/24\n";
    let mut c3 = frr("c3", 3, longer, &["10.3.0.0/24", "10.9.0.0/24"], &["route-map longer out"]);
    let mut n5 = frr("n5", 5, "", &["10.5.0.0/24"], &[]);

    let all = ["10.1.0.0/24", "10.3.0.0/24", "10.4.0.0/24", "10.5.0.0/24", "10.6.0.0/24"];
    wait_networks(&c2, "r", &all);
    wait_networks(
        &n4,
        "r",
        &["10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24", "10.6.0.0/24", "10.9.0.0/24"],
    );
    wait_frr_networks(
        &mut c3,
        &[
            "10.1.0.0/24",
            "10.2.0.0/24",
            "10.3.0.0/24",
            "10.4.0.0/24",
            "10.5.0.0/24",
            "10.6.0.0/24",
            "10.9.0.0/24",
        ],
    );
    wait_frr_networks(
        &mut n5,
        &["10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24", "10.5.0.0/24", "10.6.0.0/24", "10.9.0.0/24"],
    );
    // To another AS nothing says how routes went inside.
    let outside = e6.wait_route("10.2.0.0/24", "r");
    assert_eq!(outside.attribute("originator_id"), "", "{outside:?}");
    assert_eq!(outside.attribute("cluster_list"), "", "{outside:?}");

    let cluster = address(1);
    wait_reflected(&c2, "10.3.0.0/24", "r", 3, &[&cluster]);
    wait_reflected(&c2, "10.5.0.0/24", "r", 5, &[&cluster]);
    wait_reflected(&n4, "10.9.0.0/24", "r", 2, &[&cluster]);
    wait_frr_reflected(&mut c3, "10.2.0.0/24", 1, 2, &[&cluster]);
    wait_frr_reflected(&mut n5, "10.3.0.0/24", 1, 3, &[&cluster]);
    // Routes from outside are not reflected but announced; both keep the next hop.
    for (net, hop, originator) in [
        ("10.6.0.0/24", "10.0.0.6", ""),
        ("10.1.0.0/24", "10.0.0.1", ""),
        ("10.3.0.0/24", "10.0.0.3", "10.0.0.3"),
    ] {
        let route = c2.wait_route(net, "r");
        assert_eq!(route.attribute("next_hop"), hop, "{route:?}");
        assert_eq!(route.attribute("originator_id"), originator, "{route:?}");
    }

    // The best path goes, and the other one takes its place, with its own originator.
    assert!(c2.configure(&fs_without(&c2, "route 10.9.0.0/24 blackhole; ")).success);
    wait_reflected(&n4, "10.9.0.0/24", "r", 3, &[&cluster]);
    wait_reflected(&c2, "10.9.0.0/24", "r", 3, &[&cluster]);
    assert_eq!(c2.wait_route("10.9.0.0/24", "r").attribute("as_path"), "64999");

    // A client goes, and all that it said.
    c2.birdc("disable r").assert_ends(9, "r");
    wait_networks(&n4, "r", &["10.1.0.0/24", "10.3.0.0/24", "10.6.0.0/24", "10.9.0.0/24"]);
    router.wait_no_route("10.2.0.0/24");
    wait_frr_networks(
        &mut n5,
        &["10.1.0.0/24", "10.3.0.0/24", "10.5.0.0/24", "10.6.0.0/24", "10.9.0.0/24"],
    );
}

/// The configuration of a BIRD without a part of it.
fn fs_without(bird: &Bird, part: &str) -> String {
    let text = std::fs::read_to_string(bird.config()).expect("it has a configuration");
    assert!(text.contains(part), "{part} is not in {text}");
    text.replace(part, "")
}

/// Clients 4 and 5 of a cluster of two reflectors, ours at 1 and another at 2.
struct Cluster {
    ours: Bird,
    one: Bird,
    two: Bird,
}

const CLUSTER: &str = "10.0.0.100";

impl Cluster {
    fn new(lan: &Lan) -> Self {
        let client = |name: &str, number: u8| {
            session(
                name,
                (1, AS),
                (number, AS),
                &format!("rr client; rr cluster id {CLUSTER};"),
                BOTH_WAYS,
            )
        };
        let config =
            client("c4", 4) + &client("c5", 5) + &session("twin", (1, AS), (2, AS), "", BOTH_WAYS);
        let ours = lan.router("r1", 1, &config);
        let start = |name: &str, number: u8, net: &str| {
            let up = |to: &str, at: u8| session(to, (number, AS), (at, AS), "", BOTH_WAYS);
            lan.bird(name, number, &(routes(&[net]) + &up("r1", 1) + &up("r2", 2)))
        };
        let (one, two) = (start("c4", 4, "10.4.0.0/24"), start("c5", 5, "10.5.0.0/24"));
        Self { ours, one, two }
    }

    /// Both reflectors tell the clients about each other, and take nothing from one another but what is not of
    /// their cluster.
    fn check(&self, lan: &Lan) {
        let Self { ours, one, two } = self;
        for reflector in ["r1", "r2"] {
            wait_reflected(one, "10.5.0.0/24", reflector, 5, &[CLUSTER]);
            wait_reflected(two, "10.4.0.0/24", reflector, 4, &[CLUSTER]);
        }
        // A route from outside the cluster comes by way of the other reflector as well.
        let far = lan.bird(
            "n6",
            6,
            &(routes(&["10.6.0.0/24"]) + &session("r2", (6, AS), (2, AS), "", BOTH_WAYS)),
        );
        wait_reflected(one, "10.6.0.0/24", "r2", 6, &[CLUSTER]);
        wait_reflected(&far, "10.4.0.0/24", "r2", 4, &[CLUSTER]);
        ours.wait_established("twin");
        wait_networks(ours, "c4", &["10.4.0.0/24"]);
        wait_networks(ours, "c5", &["10.5.0.0/24"]);
        wait_networks(ours, "twin", &[]);

        // A client loses one of the two: the other reflector is enough.
        one.birdc("disable r2").assert_ends(9, "r2");
        wait_networks(two, "r2", &["10.6.0.0/24"]);
        wait_reflected(two, "10.4.0.0/24", "r1", 4, &[CLUSTER]);
        // A route that is gone is gone everywhere, and does not go round.
        assert!(one.configure(&fs_without(one, "route 10.4.0.0/24 blackhole; ")).success);
        for bird in [ours, two, &far] {
            bird.wait_no_route("10.4.0.0/24");
        }
    }
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn two_reflectors_of_a_cluster_the_other_one_bird() {
    let lan = Lan::new();
    let cluster = Cluster::new(&lan);
    let client = |name: &str, number: u8| {
        let options = format!("rr client; rr cluster id {CLUSTER};");
        session(name, (2, AS), (number, AS), &options, BOTH_WAYS)
    };
    let config = client("c4", 4)
        + &client("c5", 5)
        + &session("n6", (2, AS), (6, AS), &format!("rr cluster id {CLUSTER};"), BOTH_WAYS)
        + &session("twin", (2, AS), (1, AS), &format!("rr cluster id {CLUSTER};"), BOTH_WAYS);
    // It looks for its cluster in what clients say only, so the clients' routes come to it over us as well.
    let other = lan.bird("r2", 2, &config);
    cluster.check(&lan);
    wait_networks(&other, "twin", &["10.5.0.0/24"]);
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn two_reflectors_of_a_cluster_the_other_one_frr() {
    let lan = Lan::new();
    let cluster = Cluster::new(&lan);
    let client: &[&str] = &["route-reflector-client"];
    let config = frr_config(
        (2, AS),
        &format!(" bgp cluster-id {CLUSTER}"),
        &[(4, AS, client), (5, AS, client), (6, AS, &[]), (1, AS, &[])],
        &[],
    );
    let mut other = lan.frr("r2", 2, &config);
    cluster.check(&lan);
    // The one outside is gone by now.
    wait_frr_networks(&mut other, &["10.5.0.0/24"]);
}

/// Our router at 1 as a client of reflectors in different clusters, beside a client that is BIRD.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn the_router_is_a_client_of_bird_and_of_frr() {
    let lan = Lan::new();
    let up = |number: u8| {
        session("b2", (number, AS), (2, AS), "", BOTH_WAYS)
            + &session("f3", (number, AS), (3, AS), "", BOTH_WAYS)
    };
    let router = lan.router("r", 1, &(routes(&["10.1.0.0/24"]) + &up(1)));
    let other = lan.bird("c4", 4, &(routes(&["10.4.0.0/24"]) + &up(4)));
    let down = |number: u8| {
        let name = format!("c{number}");
        session(&name, (2, AS), (number, AS), "rr client; rr cluster id 10.0.0.22;", BOTH_WAYS)
    };
    let between = session("f3", (2, AS), (3, AS), "rr cluster id 10.0.0.22;", BOTH_WAYS);
    let bird = lan.bird("b2", 2, &(down(1) + &down(4) + &between));
    let client: &[&str] = &["route-reflector-client"];
    let mut frr = lan.frr(
        "f3",
        3,
        &frr_config((3, AS), "", &[(1, AS, client), (4, AS, client), (2, AS, &[])], &[]),
    );
    wait_reflected(&router, "10.4.0.0/24", "b2", 4, &["10.0.0.22"]);
    wait_reflected(&router, "10.4.0.0/24", "f3", 4, &["10.0.0.3"]);
    wait_reflected(&other, "10.1.0.0/24", "b2", 1, &["10.0.0.22"]);
    wait_reflected(&other, "10.1.0.0/24", "f3", 1, &["10.0.0.3"]);

    // Each reflector loses the router, and has its route from the other one, which would tell it to us: our own
    // ORIGINATOR_ID keeps it away.
    frr.vtysh(&["configure", "router bgp 65000", "neighbor 10.0.0.1 shutdown"]);
    router.wait_not_established("f3");
    let by_way = frr.wait_route("10.1.0.0/24", "10.0.0.2");
    assert_eq!(
        (by_way.originator_id.as_str(), by_way.cluster_list.join(" ").as_str()),
        ("10.0.0.1", "10.0.0.22")
    );
    frr.vtysh(&["configure", "router bgp 65000", "no neighbor 10.0.0.1 shutdown"]);
    router.wait_established("f3");
    wait_reflected(&router, "10.4.0.0/24", "f3", 4, &["10.0.0.3"]);
    for reflector in ["b2", "f3"] {
        wait_networks(&router, reflector, &["10.4.0.0/24"]);
    }
    bird.wait_established("c1");

    // A route that changes comes with its new attributes; one that goes is gone.
    let text = std::fs::read_to_string(other.config()).expect("it has a configuration");
    let coloured = text.replace(
        "route 10.4.0.0/24 blackhole;",
        "route 10.4.0.0/24 blackhole { bgp_community.add((1,2)); };",
    );
    assert!(other.configure(&coloured).success);
    for reflector in ["b2", "f3"] {
        wait_for(PATIENCE, format!("the router has the community from {reflector}"), || {
            let route = router.wait_route("10.4.0.0/24", reflector);
            if route.attribute("community") == "(1,2)" { Ok(()) } else { Err(format!("{route:?}")) }
        });
    }
    assert!(other.configure(&text.replace("route 10.4.0.0/24 blackhole; ", "")).success);
    router.wait_no_route("10.4.0.0/24");
}

/// `next hop self` on a reflector: on reflected routes too where it is said for all.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn next_hop_self_and_reflection() {
    let lan = Lan::new();
    let client = |name: &str, number: u8, mode: &str| {
        let channel = format!("import all; export all; {mode}");
        session(name, (1, AS), (number, AS), "rr client;", &channel)
    };
    let config = client("c2", 2, "next hop self;")
        + &client("c3", 3, "next hop self ebgp;")
        + &client("c4", 4, "next hop self ibgp;")
        + &client("f5", 5, "next hop self;")
        + &session("e6", (1, AS), (6, 65009), "", BOTH_WAYS);
    let _router = lan.router("r", 1, &config);
    let start = |name: &str, number: u8, asn: u32, net: &str| {
        let up = session("r", (number, asn), (1, AS), "", BOTH_WAYS);
        lan.bird(name, number, &(routes(&[net]) + &up))
    };
    let c2 = start("c2", 2, AS, "10.2.0.0/24");
    let c3 = start("c3", 3, AS, "10.3.0.0/24");
    let c4 = start("c4", 4, AS, "10.4.0.0/24");
    let _e6 = start("e6", 6, 65009, "10.6.0.0/24");
    let mut f5 = lan.frr("f5", 5, &frr_config((5, AS), "", &[(1, AS, &[])], &["10.5.0.0/24"]));
    for (bird, reflected, outside) in [
        (&c2, "10.0.0.1", "10.0.0.1"),
        (&c3, "10.0.0.5", "10.0.0.1"),
        (&c4, "10.0.0.1", "10.0.0.6"),
    ] {
        for (net, hop) in [("10.5.0.0/24", reflected), ("10.6.0.0/24", outside)] {
            let route = bird.wait_route(net, "r");
            assert_eq!(route.attribute("next_hop"), hop, "{} {route:?}", bird.name());
        }
        assert_eq!(bird.wait_route("10.5.0.0/24", "r").attribute("originator_id"), "10.0.0.5");
    }
    for net in ["10.2.0.0/24", "10.6.0.0/24"] {
        let route = f5.wait_route(net, "10.0.0.1");
        assert_eq!(route.next_hops, ["10.0.0.1"], "{route:?}");
    }
}
