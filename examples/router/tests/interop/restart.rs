//! Routes that outlive a session: graceful restart (RFC 4724) and its long-lived form (RFC 9494).

use testbed::bird::{Bird, Route, SOON};
use testbed::{PATIENCE, wait_for};

use crate::lan::{Lan, address, frr_config, routes, session, wait_networks};
use crate::twin::{NUMBERS, Twins};

const ALL: &str = "import all; export all;";

/// A line of `show protocols all`, without blanks around it.
fn has_line(bird: &Bird, protocol: &str, start: &str) -> bool {
    let reply = bird.birdc(&format!("show protocols all {protocol}"));
    reply.lines.iter().any(|line| line.text.trim().starts_with(start))
}

#[track_caller]
fn wait_line(bird: &Bird, protocol: &str, start: &str) {
    wait_for(PATIENCE, format!("{} shows {start:?} for {protocol}", bird.name()), || {
        let reply = bird.birdc(&format!("show protocols all {protocol}"));
        let found = reply.lines.iter().any(|line| line.text.trim().starts_with(start));
        if found { Ok(()) } else { Err(reply.text()) }
    });
}

#[track_caller]
fn wait_no_line(bird: &Bird, protocol: &str, start: &str) {
    wait_for(PATIENCE, format!("{} no longer shows {start:?} for {protocol}", bird.name()), || {
        let reply = bird.birdc(&format!("show protocols all {protocol}"));
        let found = reply.lines.iter().any(|line| line.text.trim().starts_with(start));
        if found { Err(reply.text()) } else { Ok(()) }
    });
}

/// Waits until a route of a protocol is as wanted.
#[track_caller]
fn wait_until(bird: &Bird, net: &str, protocol: &str, what: &str, suits: impl Fn(&Route) -> bool) {
    wait_for(PATIENCE, format!("{net} of {protocol} on {} is {what}", bird.name()), || {
        let route = bird.wait_route(net, protocol);
        if suits(&route) { Ok(()) } else { Err(format!("{route:?}")) }
    });
}

/// Writes another configuration without saying so: for a daemon that does not run.
fn rewrite(bird: &Bird, from: &str, to: &str) {
    let text = std::fs::read_to_string(bird.config()).expect("it has a configuration");
    assert!(text.contains(from), "{from} is not in {text}");
    std::fs::write(bird.config(), text.replace(from, to)).expect("a configuration can be written");
}

/// An observer of the router, in another AS: whether routes were ever withdrawn.
fn observer(lan: &Lan, options: &str) -> Bird {
    lan.bird("o", 9, &session("r", (9, 65009), (1, 65001), options, "import all; export none;"))
}

const QUICK: &str = "graceful restart on; graceful restart time 3;";
const SLOW: &str = "graceful restart on; graceful restart time 30;";

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn routes_of_a_bird_that_restarts_stay() {
    let lan = Lan::new();
    let router = lan.router(
        "r",
        1,
        &(session("p", (1, 65001), (2, 65002), SLOW, ALL)
            + &session("o", (1, 65001), (9, 65009), "", ALL)),
    );
    let mut peer = lan.bird(
        "p",
        2,
        &(routes(&["10.2.0.0/24", "10.2.1.0/24"])
            + &session("r", (2, 65002), (1, 65001), SLOW, ALL)),
    );
    let observer = observer(&lan, "");
    wait_networks(&observer, "r", &["10.2.0.0/24", "10.2.1.0/24"]);

    peer.kill();
    router.wait_not_established("p");
    for line in [
        "Neighbor graceful restart active",
        "Restart timer:",
        "State:          START",
        "Routes:         2 imported, 0 exported, 2 preferred",
        "Neighbor GR:    Regular",
    ] {
        wait_line(&router, "p", line);
    }
    assert!(router.wait_route("10.2.0.0/24", "p").best, "it is used as before");
    rewrite(&peer, "route 10.2.1.0/24 blackhole; ", "");
    peer.recover();
    router.wait_established("p");
    assert!(has_line(&router, "p", "Restart recovery"));
    assert!(has_line(&router, "p", "AF preserved: ipv4"));
    // End-of-RIB: what was not told again goes.
    router.wait_no_route("10.2.1.0/24");
    wait_networks(&observer, "r", &["10.2.0.0/24"]);
    wait_no_line(&router, "p", "Neighbor GR:");
    assert_eq!(observer.statistic("r", "Import withdraws"), 1, "the other one was withdrawn too");

    // And once more, with a shorter restart time.
    peer.kill();
    router.wait_not_established("p");
    rewrite(&peer, SLOW, QUICK);
    peer.start_again();
    router.wait_established("p");
    wait_no_line(&router, "p", "Neighbor GR:");
    assert_eq!(observer.statistic("r", "Import withdraws"), 1);

    // It does not come back in time.
    peer.kill();
    router.wait_not_established("p");
    wait_networks(&router, "p", &["10.2.0.0/24"]);
    router.wait_no_route("10.2.0.0/24");
    wait_networks(&observer, "r", &[]);
    assert!(!has_line(&router, "p", "Neighbor graceful restart active"));
    assert!(has_line(&router, "p", "State:          DOWN"));
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn routes_of_an_frr_that_restarts_stay() {
    let lan = Lan::new();
    let router = lan.router(
        "r",
        1,
        &(session("p", (1, 65001), (2, 65002), SLOW, ALL)
            + &session("o", (1, 65001), (9, 65009), "", ALL)),
    );
    let config = frr_config(
        (2, 65002),
        " bgp graceful-restart\n bgp graceful-restart preserve-fw-state\n \
         bgp graceful-restart restart-time 4",
        &[(1, 65001, &[])],
        &["10.2.0.0/24"],
    );
    let mut peer = lan.frr("p", 2, &config);
    let observer = observer(&lan, "");
    wait_networks(&observer, "r", &["10.2.0.0/24"]);

    // A network that is only in the memory of bgpd does not come back with it.
    peer.vtysh(&[
        "configure",
        "router bgp 65002",
        "address-family ipv4 unicast",
        "network 10.2.1.0/24",
    ]);
    wait_networks(&observer, "r", &["10.2.0.0/24", "10.2.1.0/24"]);
    peer.kill();
    router.wait_not_established("p");
    wait_line(&router, "p", "Neighbor GR:    Regular");
    wait_networks(&router, "p", &["10.2.0.0/24", "10.2.1.0/24"]);
    peer.start_again();
    router.wait_established("p");
    router.wait_no_route("10.2.1.0/24");
    wait_no_line(&router, "p", "Neighbor GR:");
    wait_networks(&observer, "r", &["10.2.0.0/24"]);
    assert_eq!(observer.statistic("r", "Import withdraws"), 1, "the other one was withdrawn too");

    peer.kill();
    router.wait_not_established("p");
    wait_networks(&router, "p", &["10.2.0.0/24"]);
    router.wait_no_route("10.2.0.0/24");
}

/// After the restart time routes are long-lived stale: least preferred, with LLGR_STALE, told only to who knows what
/// that means, and gone at last.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn routes_of_a_bird_that_stays_away_turn_long_lived_stale() {
    let lan = Lan::new();
    let long = "graceful restart on; graceful restart time 2; long lived graceful restart on; \
                long lived stale time 5;";
    let router = lan.router(
        "r",
        1,
        &(session("p", (1, 65001), (2, 65002), long, ALL)
            + &session("q", (1, 65001), (3, 65003), "", ALL)
            + &session("o", (1, 65001), (9, 65009), "", ALL)
            + &session("n", (1, 65001), (8, 65008), "", ALL)),
    );
    let mut peer = lan.bird(
        "p",
        2,
        &("protocol static own { ipv4; route 10.2.0.0/24 blackhole; route 10.2.2.0/24 blackhole;
             route 10.2.1.0/24 blackhole { bgp_community.add((65535,7)); }; }"
            .to_owned()
            + &session("r", (2, 65002), (1, 65001), long, ALL)),
    );
    // A worse path to the first network
    let worse = "import none; export filter { bgp_path.prepend(65003); accept; };";
    let _other = lan.bird(
        "q",
        3,
        &(routes(&["10.2.0.0/24"]) + &session("r", (3, 65003), (1, 65001), "", worse)),
    );
    // Both know graceful restart, one of them the long-lived form.
    let observer = observer(&lan, "");
    let without = "long lived graceful restart off;";
    let plain = lan.bird(
        "n",
        8,
        &session("r", (8, 65008), (1, 65001), without, "import all; export none;"),
    );
    let everything = ["10.2.0.0/24", "10.2.1.0/24", "10.2.2.0/24"];
    wait_networks(&observer, "r", &everything);
    wait_networks(&plain, "r", &everything);
    router.wait_route("10.2.0.0/24", "q");
    assert!(router.wait_route("10.2.0.0/24", "p").best);

    let is_stale = |route: &Route| route.attribute("community").contains("(65535,6)");
    peer.kill();
    router.wait_not_established("p");
    // RFC 9494 §4.3
    wait_until(&router, "10.2.2.0/24", "p", "long-lived stale", is_stale);
    wait_line(&router, "p", "Neighbor GR:    Long-lived");
    wait_line(&router, "p", "LL stale timer:");
    let route = router.wait_route("10.2.2.0/24", "p");
    assert_eq!(route.info, "(100s) [AS65002i]");
    assert!(route.best, "it is the only one");
    let route = router.wait_route("10.2.0.0/24", "p");
    assert!(is_stale(&route) && !route.best, "{route:?}");
    assert!(router.wait_route("10.2.0.0/24", "q").best, "the longer path is fresh");
    router.wait_no_route("10.2.1.0/24");
    wait_until(&observer, "10.2.2.0/24", "r", "long-lived stale", is_stale);
    wait_until(&observer, "10.2.0.0/24", "r", "that of q", |route| {
        route.attribute("as_path") == "65001 65003 65003"
    });
    wait_networks(&observer, "r", &["10.2.0.0/24", "10.2.2.0/24"]);
    wait_networks(&plain, "r", &["10.2.0.0/24"]);

    // It is back, and has told all: nothing is stale any more.
    peer.recover();
    router.wait_established("p");
    wait_until(&router, "10.2.2.0/24", "p", "fresh", |route| !is_stale(route));
    wait_until(&observer, "10.2.2.0/24", "r", "fresh", |route| !is_stale(route));
    wait_until(&router, "10.2.0.0/24", "p", "the best again", |route| route.best);
    wait_networks(&plain, "r", &everything);
    wait_no_line(&router, "p", "Neighbor GR:");

    // It does not come back any more.
    peer.kill();
    wait_until(&router, "10.2.2.0/24", "p", "long-lived stale", is_stale);
    router.wait_no_route("10.2.2.0/24");
    wait_networks(&router, "p", &[]);
    wait_networks(&observer, "r", &["10.2.0.0/24"]);
    assert!(!has_line(&router, "p", "Neighbor graceful restart active"));
}

/// The router is killed and recovers: its neighbours keep what it said, what it only passed on as well, until it has
/// told all again.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn neighbours_keep_the_routes_of_the_router_while_it_restarts() {
    let lan = Lan::new();
    let mut router = lan.router(
        "r",
        1,
        &(routes(&["10.1.0.0/24", "10.1.1.0/24"])
            + &session("b", (1, 65001), (2, 65002), SLOW, ALL)
            + &session("f", (1, 65001), (3, 65003), SLOW, ALL)
            // It comes back last.
            + &session("far", (1, 65001), (4, 65004), &format!("{SLOW} passive;"), ALL)),
    );
    let helper = lan.bird(
        "b",
        2,
        &(session("r", (2, 65002), (1, 65001), "", ALL)
            + &session("o", (2, 65002), (9, 65009), "", ALL)),
    );
    let watcher =
        lan.bird("o", 9, &session("b", (9, 65009), (2, 65002), "", "import all; export none;"));
    let global = " bgp graceful-restart";
    let mut frr = lan.frr("f", 3, &frr_config((3, 65003), global, &[(1, 65001, &[])], &[]));
    let far = lan.bird(
        "far",
        4,
        &(routes(&["10.4.0.0/24"])
            + &session("r", (4, 65004), (1, 65001), "connect delay time 3;", ALL)),
    );
    let before = ["10.1.0.0/24", "10.1.1.0/24", "10.4.0.0/24"];
    wait_networks(&watcher, "b", &before);
    for net in before {
        frr.wait_route(net, &address(1));
    }

    router.kill();
    helper.wait_not_established("r");
    wait_line(&helper, "r", "Neighbor graceful restart active");
    wait_networks(&helper, "r", &before);
    wait_for(PATIENCE, "bgpd keeps the route as stale", || {
        let paths = frr.paths("10.4.0.0/24")?;
        if paths.iter().any(|path| path.stale) { Ok(()) } else { Err(format!("{paths:?}")) }
    });
    rewrite(&router, "route 10.1.1.0/24 blackhole; ", "");
    router.recover();
    helper.wait_established("r");
    assert!(has_line(&helper, "r", "Restart recovery"));
    far.wait_established("r");
    // What it does not have any more is swept, with End-of-RIB.
    wait_networks(&watcher, "b", &["10.1.0.0/24", "10.4.0.0/24"]);
    wait_no_line(&helper, "r", "Neighbor graceful restart active");
    assert_eq!(watcher.statistic("b", "Import withdraws"), 1, "more than one was withdrawn");
    wait_for(PATIENCE, "bgpd has fresh routes", || {
        let (gone, kept) = (frr.paths("10.1.1.0/24")?, frr.paths("10.4.0.0/24")?);
        let fresh = kept.len() == 1 && kept.iter().all(|path| !path.stale);
        if gone.is_empty() && fresh { Ok(()) } else { Err(format!("{gone:?} {kept:?}")) }
    });
    let log = router.log();
    assert!(
        log.contains("Graceful restart started") && log.contains("Graceful restart done"),
        "{log}"
    );
}

/// The router and BIRD with the same configuration show the same while their neighbour is away.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn what_is_shown_of_a_neighbour_that_is_away_is_what_bird_shows() {
    let lan = Lan::new();
    let long = "graceful restart on; graceful restart time 3; long lived graceful restart on; \
                long lived stale time 4;";
    let config = format!(
        "protocol bgp p {{ local OWN as 65001; neighbor 10.0.0.2 as 65002; {SOON} {long} ipv4 {{ {ALL} }}; }}\n"
    );
    let twins = Twins::start(&lan, &config);
    let up = NUMBERS
        .map(|number| session(&format!("t{number}"), (2, 65002), (number, 65001), long, ALL));
    let own = "protocol static own { ipv4; route 10.2.0.0/24 blackhole;
                   route 10.2.1.0/24 blackhole { bgp_community.add((65535,7)); }; }\n";
    let mut peer = lan.bird("p", 2, &(own.to_owned() + &up.concat()));
    // Not the state of the session and its last error: they go up and down. Nor what forwarding is preserved: BIRD
    // says so only when it recovers.
    let steady = |line: &str| {
        let parts = [
            "capabilities",
            "      ",
            "Session:",
            "Channel",
            "State:",
            "Table:",
            "filter:",
            "Routes:",
            "Neighbor GR:",
            "graceful restart active",
        ];
        parts.iter().any(|part| line.contains(part))
            && ![
                "updates:",
                "withdraws:",
                "stats:",
                "timer:",
                "error:",
                "state:",
                "p  ",
                "preserved:",
            ]
            .iter()
            .any(|part| line.contains(part))
    };
    let all = |_: &str| true;
    twins.wait_same("show protocols all p", "LL stale time: 4", steady);
    twins.wait_same("show route all protocol p", "BGP.community: (65535,7)", all);
    peer.kill();
    twins.wait_same("show protocols all p", "Neighbor graceful restart active", steady);
    twins.wait_same("show protocols all p", "Neighbor GR:    Regular", steady);
    twins.wait_same("show route all protocol p", "* (100) [AS65002i]", all);
    twins.wait_same("show protocols all p", "Neighbor GR:    Long-lived", steady);
    twins.wait_same("show route all protocol p", "* (100s) [AS65002i]", all);
    twins.wait_same("show protocols all p", "LL stale timer:", |line| {
        steady(line) || line.contains("LL stale timer:")
    });
    for (twin, _) in twins.each() {
        wait_networks(twin, "p", &[]);
    }
    peer.recover();
    twins.wait_same("show protocols all p", "Restart recovery", steady);
    twins.wait_same("show route all protocol p", "BGP.community: (65535,7)", all);
}
