//! Limits, routes that were refused, and new import filters, beside a BIRD of the same configuration.

use testbed::bird::{Bird, SOON, header};
use testbed::{PATIENCE, wait_for};

use crate::lan::{Lan, frr_config, routes, session, wait_networks};
use crate::twin::{NUMBERS, Twins};

const FIVE: [&str; 5] = ["10.2.0.0/24", "10.2.1.0/24", "10.2.2.0/24", "10.2.3.0/24", "10.2.4.0/24"];

/// The session `p` of both twins to 10.0.0.2.
fn twins_with(options: &str, channel: &str) -> String {
    routes(&["10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24"])
        + &format!(
            "protocol bgp p {{
                 local OWN as 65001;
                 neighbor 10.0.0.2 as 65002;
                 {SOON}
                 hold time 9;
                 {options}
                 ipv4 {{ {channel} }};
             }}\n"
        )
}

/// Of a BIRD at 10.0.0.2 with a session to each twin.
fn feeding(nets: &[&str], options: &str) -> String {
    let up = |number: u8| {
        let name = format!("t{number}");
        session(&name, (2, 65002), (number, 65001), options, "import all; export all;")
    };
    routes(nets) + &up(NUMBERS[0]) + &up(NUMBERS[1])
}

fn feeder(lan: &Lan, nets: &[&str]) -> Bird {
    lan.bird("p", 2, &feeding(nets, ""))
}

/// Gives it another configuration.
#[track_caller]
fn feed(peer: &Bird, nets: &[&str], options: &str) {
    let reply = peer.configure(&(header("10.0.0.2") + &feeding(nets, options)));
    assert!(matches!(reply.code(), 3 | 4), "{reply:?}");
}

/// Lines of `show protocols all` on which both have to agree. What a channel counts as offered for export differs: the
/// router does not offer a route to whom it came from.
fn agreed(line: &str) -> bool {
    !["Export updates:", "Export withdraws:", "Import updates:", "Import withdraws:"]
        .iter()
        .any(|row| line.trim_start().starts_with(row))
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn limits_warn_and_block_as_those_of_bird() {
    let lan = Lan::new();
    let config = |limit: &str| twins_with("", &format!("import all; export all; {limit}"));
    let twins = Twins::start(&lan, &config("import limit 3 action warn;"));
    let peer = feeder(&lan, &FIVE);
    twins.wait_same("show protocols all p", "5 imported, 3 exported", agreed);
    twins.wait_same("show protocols all p", "Import limit:   3 [HIT]", agreed);

    for (limit, hit, counted) in [
        ("import limit 3 action block;", "Import limit:   3 [HIT]", "3 imported, 3 exported"),
        ("receive limit 3 action block;", "Receive limit:  3 [HIT]", "3 imported, 3 exported"),
        ("export limit 2 action block;", "Export limit:   2 [HIT]", "5 imported, 2 exported"),
        ("export limit 2 action warn;", "Export limit:   2 [HIT]", "5 imported, 3 exported"),
    ] {
        twins.configure(&config(limit));
        twins.birdc("restart p");
        twins.wait_same("show protocols all p", hit, agreed);
        twins.wait_same("show protocols all p", counted, agreed);
    }
    wait_networks(&peer, "t1", &["10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24"]);

    // Room again
    twins.configure(&config("import limit 3 action block;"));
    twins.birdc("restart p");
    twins.wait_same("show protocols all p", "3 imported", agreed);
    feed(&peer, &[], "");
    // BIRD goes on to say that the limit is hit, until a route comes.
    let but_limit = |line: &str| agreed(line) && !line.contains("Import limit:");
    twins.wait_same("show protocols all p", "0 imported", but_limit);
    let reply = twins.ours.birdc("show protocols all p").text();
    assert!(reply.contains("Import limit:   3\n"), "{reply}");
    feed(&peer, &FIVE[..3], "");
    // BIRD 2.0.12 still counts those that it has blocked, and takes none.
    wait_networks(&twins.ours, "p", &FIVE[..3]);
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn limits_restart_and_disable_as_those_of_bird() {
    let lan = Lan::new();
    let config = |limit: &str| twins_with("", &format!("import all; export all; {limit}"));
    let twins = Twins::start(&lan, &config("import limit 3 action disable;"));
    let _peer = feeder(&lan, &FIVE);
    for limit in ["import limit 3", "receive limit 4", "export limit 2"] {
        twins.configure(&config(&format!("{limit} action disable;")));
        twins.birdc("enable p");
        for (twin, _) in twins.each() {
            wait_for(PATIENCE, format!("p of {} is down by `{limit}`", twin.name()), || {
                let protocol = twin.protocol("p");
                if protocol.state == "down" { Ok(()) } else { Err(protocol.to_string()) }
            });
            wait_networks(twin, "p", &[]);
        }
    }
    twins.wait_same("show protocols p", "down", |line| line.starts_with("p "));

    // Over and over again
    twins.configure(&config("import limit 3 action restart;"));
    twins.birdc("enable p");
    for (twin, _) in twins.each() {
        for _ in 0..2 {
            wait_for(PATIENCE, format!("p of {} restarts", twin.name()), || {
                let protocol = twin.protocol("p");
                let waits = protocol.state == "start" && protocol.info.contains("limit");
                if waits { Ok(()) } else { Err(protocol.to_string()) }
            });
            wait_for(PATIENCE, format!("p of {} tries again", twin.name()), || {
                let protocol = twin.protocol("p");
                if protocol.info.contains("Idle") { Err(protocol.to_string()) } else { Ok(()) }
            });
        }
    }
    // With room it stays up.
    twins.configure(&config("import limit 5 action restart;"));
    for (twin, _) in twins.each() {
        wait_networks(twin, "p", &FIVE);
        twin.wait_established("p");
    }
}

/// Routes that the import filter refuses, or a limit keeps out, are there to be looked at.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn filtered_routes_are_shown_as_bird_shows_them() {
    let lan = Lan::new();
    let config = |more: &str| {
        let refuse = "import where net !~ [ 10.2.1.0/24, 10.2.3.0/24, 10.1.1.0/24 ];";
        twins_with("", &format!("{refuse} export all; import keep filtered; {more}"))
    };
    let twins = Twins::start(&lan, &config(""));
    let peer = feeder(&lan, &[&FIVE[..], &["10.1.1.0/24"]].concat());
    twins.wait_same(
        "show protocols all p",
        "3 imported, 3 filtered, 3 exported, 3 preferred",
        agreed,
    );
    let all = |_: &str| true;
    for (command, part) in [
        ("filtered", "10.2.1.0/24          unicast [p TIME] * (100) [AS65002i]"),
        ("filtered all", "BGP.as_path: 65002"),
        ("filtered count", "3 of 3 routes for 3 networks in table master4"),
        ("filtered protocol p count", "3 of 3 routes for 3 networks"),
        ("filtered table master6", "Table master6:"),
        ("filtered protocol own", ""),
        ("10.2.1.0/24", "Network not found"),
        ("10.2.1.0/24 filtered", "10.2.1.0/24 "),
        ("10.2.0.0/24 filtered", "Network not found"),
        ("10.1.1.0/24", "blackhole [own TIME] * (200)"),
        ("10.1.1.0/24 filtered all", "unicast [p TIME] (100) [AS65002i]"),
        ("for 10.2.1.7", "Network not found"),
        ("where net ~ [ 10.2.0.0/16+ ] filtered", "10.2.3.0/24"),
        ("primary filtered", "9001 Incompatible show route options"),
        ("count", "6 of 6 routes for 6 networks in table master4"),
        ("protocol p count", "3 of 6 routes for 6 networks in table master4"),
        ("primary count", "6 of 6 routes for 6 networks"),
        ("where net ~ [ 10.2.0.0/16+ ] count", "3 of 6 routes for 6 networks"),
    ] {
        twins.wait_same(&format!("show route {command}"), part, all);
    }
    let told: Vec<String> = peer.routes("protocol t1").into_iter().map(|route| route.net).collect();
    assert!(!told.contains(&"10.2.1.0/24".to_owned()), "{told:?}");

    // What the import limit keeps out is like filtered, what the receive limit keeps out is forgotten.
    for (limit, counted) in [
        ("import limit 1 action block;", "1 imported, 5 filtered"),
        ("receive limit 4 action block;", "[HIT]"),
    ] {
        twins.configure(&config(limit));
        twins.birdc("restart p");
        twins.wait_same("show protocols all p", counted, agreed);
        twins.wait_same("show route filtered count", "routes for", all);
    }
}

/// A new import filter takes effect on routes that are there already: from the table of received ones where it is
/// kept, else by asking the neighbour, else by a new session.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn a_new_import_filter_is_put_to_all_routes() {
    let lan = Lan::new();
    let colour = |colour: &str| {
        format!(
            "import filter {{ if net = 10.2.4.0/24 then reject; bgp_community.add((1,{colour})); accept; }}; export all;"
        )
    };
    let kept = "enable route refresh off;";
    let table = |number: &str| twins_with(kept, &(colour(number) + " import table on;"));
    let twins = Twins::start(&lan, &table("1"));
    let peer = feeder(&lan, &FIVE);
    let mut frr =
        lan.frr("f", 3, &frr_config((3, 65003), "", &[(1, 65001, &[])], &["10.3.0.0/24"]));
    let coloured = |wanted: &str| {
        for (twin, _) in twins.each() {
            wait_for(PATIENCE, format!("{} has coloured all {wanted}", twin.name()), || {
                let routes = twin.routes("protocol p");
                let right = routes.iter().all(|route| route.attribute("community") == wanted);
                if right && routes.len() == 4 { Ok(()) } else { Err(format!("{routes:?}")) }
            });
        }
    };
    coloured("(1,1)");
    let since = twins.each().map(|(twin, _)| twin.wait_established("p"));
    let withdraws = peer.statistic("t1", "Import withdraws");
    twins.configure(&table("2"));
    coloured("(1,2)");
    for ((twin, _), since) in twins.each().into_iter().zip(&since) {
        let protocol = twin.protocol("p");
        assert!(protocol.is_session_since(since), "{}: {protocol}", twin.name());
    }
    assert_eq!(peer.statistic("t1", "Import withdraws"), withdraws);

    // Neither table nor refresh: BIRD asks even where it would not answer itself.
    feed(&peer, &FIVE, kept);
    twins.configure(&twins_with(kept, &colour("3")));
    coloured("(1,3)");
    let since = twins.each().map(|(twin, _)| twin.wait_established("p"));
    twins.configure(&twins_with(kept, &colour("4")));
    coloured("(1,4)");
    for ((twin, _), since) in twins.each().into_iter().zip(&since) {
        assert!(!twin.protocol("p").is_session_since(since), "{}", twin.name());
    }

    // By (enhanced) refresh, from BIRD and FRR
    let with_frr = |number: &str| {
        twins_with("", &colour(number))
            + &twins_with("", &colour(number))
                .replace("bgp p", "bgp f")
                .replace("10.0.0.2 as 65002", "10.0.0.3 as 65003")
                .split_once("protocol bgp f")
                .map(|(_, rest)| format!("protocol bgp f{rest}"))
                .unwrap_or_default()
    };
    feed(&peer, &FIVE, "");
    twins.configure(&with_frr("5"));
    coloured("(1,5)");
    let ours = &twins.ours;
    frr.wait_established("10.0.0.1");
    ours.wait_route("10.3.0.0/24", "f");
    let since = [ours.wait_established("p"), ours.wait_established("f")];
    twins.configure(&with_frr("6"));
    coloured("(1,6)");
    wait_for(PATIENCE, "FRR's route has the new colour", || {
        let route = ours.wait_route("10.3.0.0/24", "f");
        if route.attribute("community") == "(1,6)" { Ok(()) } else { Err(format!("{route:?}")) }
    });
    for (session, since) in ["p", "f"].into_iter().zip(&since) {
        let protocol = ours.protocol(session);
        assert!(protocol.is_session_since(since), "{protocol}");
    }

    // The other way: they ask us, and nothing is lost or told twice for good.
    peer.birdc("reload in t1");
    frr.vtysh(&["clear bgp ipv4 unicast 10.0.0.1 soft in"]);
    wait_networks(&peer, "t1", &["10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24", "10.3.0.0/24"]);
    wait_for(PATIENCE, "bgpd still has all", || {
        let count = frr.networks("ipv4")?.len();
        if count == 8 { Ok(()) } else { Err(count.to_string()) }
    });
    assert!(ours.protocol("p").is_session_since(&since[0]));
}
