//! Several paths of a network (RFC 7911): BIRD, the router and FRR in a row, and the router as a reflector.

use std::collections::BTreeMap;

use testbed::bird::{Bird, Route};
use testbed::{Frr, PATIENCE, wait_for};

use crate::lan::{Lan, address, frr_config, routes, session, wait_networks};

const ALL: &str = "import all; export all;";
const PATHS: &str = "import all; export all; add paths on;";

/// Two static routes to one network, of a colour each.
fn two_paths(net: &str, first: &str, second: &str) -> String {
    let one = |name: &str, preference: u32, colour: &str| {
        format!(
            "protocol static {name} {{ ipv4 {{ preference {preference}; }};
                 route {net} blackhole {{ bgp_community.add({colour}); }}; }}\n"
        )
    };
    one("one", 200, first) + &one("two", 190, second)
}

/// Waits until the communities of the paths to a network, from one protocol, are just these.
#[track_caller]
fn wait_paths(bird: &Bird, net: &str, protocol: &str, wanted: &[&str]) -> Vec<Route> {
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    wait_for(PATIENCE, format!("{} has the paths {wanted:?} to {net}", bird.name()), || {
        let routes = bird.routes(&format!("{net} protocol {protocol}"));
        let mut seen: Vec<&str> = routes.iter().map(|route| route.attribute("community")).collect();
        seen.sort_unstable();
        if seen == wanted { Ok(()) } else { Err(format!("{seen:?}")) }
    });
    bird.routes(&format!("{net} protocol {protocol}"))
}

/// Waits until bgpd has paths to a network with just these communities; gives their identifiers.
#[track_caller]
fn wait_frr_paths(frr: &mut Frr, net: &str, from: u8, wanted: &[&str]) -> BTreeMap<String, u32> {
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    wait_for(PATIENCE, format!("bgpd has the paths {wanted:?} to {net}"), || {
        let mut paths = frr.paths(net)?;
        paths.retain(|path| path.peer == address(from));
        let mut seen: Vec<&str> = paths.iter().map(|path| path.communities.as_str()).collect();
        seen.sort_unstable();
        if seen != wanted {
            return Err(format!("{paths:?}"));
        }
        let ids: BTreeMap<String, u32> =
            paths.iter().map(|path| (path.communities.clone(), path.path_id)).collect();
        let mut different: Vec<u32> = ids.values().copied().collect();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), wanted.len(), "identifiers twice: {ids:?}");
        Ok(ids)
    })
}

#[track_caller]
fn change(bird: &Bird, from: &str, to: &str) {
    let text = std::fs::read_to_string(bird.config()).expect("it has a configuration");
    assert!(text.contains(from), "{from} is not in {text}");
    assert!(bird.configure(&text.replace(from, to)).success);
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn several_paths_pass_between_bird_and_frr() {
    let lan = Lan::new();
    let router = lan.router(
        "r",
        1,
        &(session("b", (1, 65001), (2, 65002), "", PATHS)
            + &session("f", (1, 65001), (3, 65003), "", PATHS)),
    );
    let bird = lan.bird(
        "b",
        2,
        &(two_paths("10.2.0.0/24", "(2,1)", "(2,2)")
            + &session("r", (2, 65002), (1, 65001), "", PATHS)),
    );
    // FRR has its paths from two neighbours.
    let feeder = |name: &str, number: u8, colour: &str| {
        let asn = 65000 + u32::from(number);
        let up = session("f", (number, asn), (3, 65003), "", "import none; export all;");
        let own = format!(
            "protocol static own {{ ipv4; route 10.3.0.0/24 blackhole {{ bgp_community.add({colour}); }}; }}\n"
        );
        lan.bird(name, number, &(own + &up))
    };
    let config = frr_config(
        (3, 65003),
        "",
        &[(1, 65001, &["addpath-tx-all-paths"]), (5, 65005, &[]), (6, 65006, &[])],
        &[],
    );
    let mut frr = lan.frr("f", 3, &config);
    let five = feeder("x5", 5, "(3,5)");
    let _six = feeder("x6", 6, "(3,6)");

    let ids = wait_frr_paths(&mut frr, "10.2.0.0/24", 1, &["2:1", "2:2"]);
    assert!(ids.values().all(|id| *id != 0), "paths without an identifier: {ids:?}");
    wait_paths(&router, "10.2.0.0/24", "b", &["(2,1)", "(2,2)"]);
    wait_paths(&router, "10.3.0.0/24", "f", &["(3,5)", "(3,6)"]);
    let shown = wait_paths(&bird, "10.3.0.0/24", "r", &["(3,5)", "(3,6)"]);
    assert_eq!(shown.iter().filter(|route| route.best).count(), 1, "{shown:?}");
    let reply = router.birdc("show protocols all b").text();
    let both = "      ADD-PATH\n        RX: ipv4\n        TX: ipv4";
    assert_eq!(reply.matches(both).count(), 2, "ours and theirs in {reply}");

    // Replaced: the same identifier, another colour. The other path is left alone.
    change(&bird, "(2,2)", "(2,22)");
    let after = wait_frr_paths(&mut frr, "10.2.0.0/24", 1, &["2:1", "2:22"]);
    assert_eq!((after["2:1"], after["2:22"]), (ids["2:1"], ids["2:2"]));
    change(&five, "(3,5)", "(3,55)");
    wait_paths(&bird, "10.3.0.0/24", "r", &["(3,55)", "(3,6)"]);

    // One is withdrawn, the best; then it is back.
    bird.birdc("disable one");
    let after = wait_frr_paths(&mut frr, "10.2.0.0/24", 1, &["2:22"]);
    assert_eq!(after["2:22"], ids["2:2"]);
    bird.birdc("enable one");
    wait_frr_paths(&mut frr, "10.2.0.0/24", 1, &["2:1", "2:22"]);
    five.birdc("disable f");
    wait_paths(&bird, "10.3.0.0/24", "r", &["(3,6)"]);
    wait_paths(&router, "10.3.0.0/24", "f", &["(3,6)"]);
    five.birdc("enable f");
    wait_paths(&bird, "10.3.0.0/24", "r", &["(3,55)", "(3,6)"]);

    // A session goes and nothing of it is left; it comes and nothing is there twice.
    router.birdc("disable b");
    wait_frr_paths(&mut frr, "10.2.0.0/24", 1, &[]);
    wait_networks(&router, "b", &[]);
    router.birdc("enable b");
    wait_frr_paths(&mut frr, "10.2.0.0/24", 1, &["2:1", "2:22"]);
    router.birdc("restart f");
    router.wait_established("f");
    wait_frr_paths(&mut frr, "10.2.0.0/24", 1, &["2:1", "2:22"]);
    wait_paths(&bird, "10.3.0.0/24", "r", &["(3,55)", "(3,6)"]);
}

/// Paths go only where one says `tx` and the other `rx`.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn the_directions_of_several_paths_are_negotiated() {
    let lan = Lan::new();
    let channel = |paths: &str| format!("{ALL} add paths {paths};");
    let own = two_paths("10.1.0.0/24", "(1,1)", "(1,2)");
    let sessions = [(2, "tx"), (3, "rx"), (4, "tx"), (5, "on")].map(|(number, paths)| {
        session(
            &format!("b{number}"),
            (1, 65001),
            (number, 65000 + u32::from(number)),
            "",
            &channel(paths),
        )
    });
    let router = lan.router("r", 1, &("".to_owned() + &statics() + &sessions.concat()));
    // Both paths of the router come from a neighbour.
    let start = |number: u8, paths: &str, more: &str| {
        let name = format!("b{number}");
        let up = session("r", (number, 65000 + u32::from(number)), (1, 65001), "", &channel(paths));
        lan.bird(&name, number, &(more.to_owned() + &up))
    };
    let two = start(2, "rx", "");
    let _three = start(3, "tx", &own);
    let four = start(4, "tx", &own.replace("10.1.", "10.4."));
    let five = start(5, "off", "");
    wait_paths(&router, "10.1.0.0/24", "b3", &["(1,1)", "(1,2)"]);
    wait_paths(&two, "10.1.0.0/24", "r", &["(1,1)", "(1,2)"]);
    // One way, tx meets tx: the best alone.
    wait_paths(&router, "10.4.0.0/24", "b4", &["(1,1)"]);
    wait_paths(&four, "10.1.0.0/24", "r", &["(1,1)"]);
    wait_paths(&five, "10.1.0.0/24", "r", &["(1,1)"]);
    wait_networks(&five, "r", &["10.1.0.0/24", "10.4.0.0/24", "10.5.0.0/24"]);
}

fn statics() -> String {
    routes(&["10.5.0.0/24"])
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn a_reflector_gives_its_clients_all_paths() {
    const AS: u32 = 65000;
    const NET: &str = "10.9.0.0/24";
    let lan = Lan::new();
    // The table has no route to the network of the link.
    let client = |name: &str, number: u8, paths: &str| {
        let channel = format!("{ALL} gateway direct; add paths {paths};");
        session(name, (1, AS), (number, AS), "rr client;", &channel)
    };
    let _router = lan.router(
        "r",
        1,
        &(client("c2", 2, "tx")
            + &client("f3", 3, "tx")
            + &client("s4", 4, "tx")
            + &client("s5", 5, "off")
            + &session("e6", (1, AS), (6, 65006), "", ALL)),
    );
    let source = |name: &str, number: u8, asn: u32, paths: &str| {
        let channel = format!("{ALL} add paths {paths};");
        let own = format!(
            "protocol static own {{ ipv4; route {NET} blackhole {{ bgp_community.add((9,{number})); }}; }}\n"
        );
        lan.bird(name, number, &(own + &session("r", (number, asn), (1, AS), "", &channel)))
    };
    let mut f3 = lan.frr("f3", 3, &frr_config((3, AS), "", &[(1, AS, &[])], &[]));
    let c2 = lan.bird("c2", 2, &session("r", (2, AS), (1, AS), "", "import all; add paths rx;"));
    let s4 = source("s4", 4, AS, "rx");
    let s5 = source("s5", 5, AS, "off");
    let e6 = source("e6", 6, 65006, "off");

    let shown = wait_paths(&c2, NET, "r", &["(9,4)", "(9,5)", "(9,6)"]);
    for route in &shown {
        let expected = match route.attribute("community") {
            "(9,4)" => ["10.0.0.4", "10.0.0.1"],
            "(9,5)" => ["10.0.0.5", "10.0.0.1"],
            _ => ["", ""],
        };
        let seen = [route.attribute("originator_id"), route.attribute("cluster_list")];
        assert_eq!(seen, expected, "{route:?}");
    }
    let ids = wait_frr_paths(&mut f3, NET, 1, &["9:4", "9:5", "9:6"]);
    // Nobody gets its own path back; who takes one path gets the best.
    wait_paths(&s4, NET, "r", &["(9,5)", "(9,6)"]);
    wait_paths(&s5, NET, "r", &["(9,4)"]);
    wait_paths(&e6, NET, "r", &["(9,4)"]);

    s4.birdc("disable own");
    let after = wait_frr_paths(&mut f3, NET, 1, &["9:5", "9:6"]);
    assert_eq!((after["9:5"], after["9:6"]), (ids["9:5"], ids["9:6"]));
    wait_paths(&c2, NET, "r", &["(9,5)", "(9,6)"]);
    wait_paths(&e6, NET, "r", &["(9,5)"]);
    change(&s5, "(9,5)", "(9,55)");
    let after = wait_frr_paths(&mut f3, NET, 1, &["9:55", "9:6"]);
    assert_eq!(after["9:55"], ids["9:5"], "a path that is replaced keeps its identifier");
    s5.birdc("disable r");
    e6.birdc("disable r");
    wait_paths(&c2, NET, "r", &[]);
    wait_frr_paths(&mut f3, NET, 1, &[]);
}
