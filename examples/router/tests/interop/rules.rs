//! Rules between neighbours: confederations, roles, filters; and what is refused without a policy.

use testbed::{PATIENCE, wait_for};

use crate::lan::{Lan, address, frr_config, routes, session, wait_networks};
use crate::random::Random;
use crate::twin::{ByNetwork, NUMBERS, Twins, attributes_of};

const ALL: &str = "import all; export all;";

/// RFC 5065: Member-ASes 65001 (ours), 65002 (BIRD) and 65003 (FRR) of the confederation 100; 65006 and 65007 outside.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn a_confederation_with_bird_and_frr() {
    let lan = Lan::new();
    let member = "confederation 100; confederation member yes;";
    let outside = "confederation 100;";
    let router = lan.router(
        "r",
        1,
        &(routes(&["10.1.0.0/24"])
            + &session("b", (1, 65001), (2, 65002), member, ALL)
            + &session("f", (1, 65001), (3, 65003), member, ALL)
            + &session("e6", (1, 65001), (6, 65006), outside, ALL)),
    );
    let preferred =
        "import all; export filter { if net = 10.2.0.0/24 then bgp_local_pref = 333; accept; };";
    let bird = lan.bird(
        "b",
        2,
        &(routes(&["10.2.0.0/24"])
            + &session("r", (2, 65002), (1, 65001), member, preferred)
            + &session("e7", (2, 65002), (7, 65007), outside, ALL)),
    );
    let global = " bgp confederation identifier 100\n bgp confederation peers 65001 65002";
    let config = frr_config((3, 65003), global, &[(1, 65001, &[])], &["10.3.0.0/24"]);
    let mut frr = lan.frr("f", 3, &config);
    let six = lan.bird(
        "e6",
        6,
        &(routes(&["10.6.0.0/24"]) + &session("r", (6, 65006), (1, 100), "", ALL)),
    );
    let seven = lan.bird(
        "e7",
        7,
        &(routes(&["10.7.0.0/24"]) + &session("b", (7, 65007), (2, 100), "", ALL)),
    );

    let on_router = [
        ("10.2.0.0/24", "b", "(65002)", "333"),
        ("10.3.0.0/24", "f", "(65003)", "100"),
        ("10.6.0.0/24", "e6", "65006", "100"),
        ("10.7.0.0/24", "b", "(65002) 65007", "100"),
    ];
    for (net, from, path, preference) in on_router {
        let route = router.wait_route(net, from);
        assert_eq!(route.attribute("as_path"), path, "{route:?}");
        assert_eq!(route.attribute("local_pref"), preference, "{route:?}");
    }
    for (net, path) in [
        ("10.1.0.0/24", "(65001)"),
        ("10.3.0.0/24", "(65001 65003)"),
        ("10.6.0.0/24", "(65001) 65006"),
    ] {
        let route = bird.wait_route(net, "r");
        assert_eq!(route.attribute("as_path"), path, "{route:?}");
    }
    for (net, path) in [
        ("10.1.0.0/24", "(65001)"),
        ("10.2.0.0/24", "(65001 65002)"),
        ("10.7.0.0/24", "(65001 65002) 65007"),
    ] {
        let route = frr.wait_route(net, &address(1));
        assert_eq!(route.as_path, path, "{route:?}");
        assert!(route.valid, "{route:?}");
    }
    // Outside, the confederation is one AS, and nothing of its inside is seen.
    for (bird, from, net, path) in [
        (&six, "r", "10.1.0.0/24", "100"),
        (&six, "r", "10.2.0.0/24", "100"),
        (&six, "r", "10.3.0.0/24", "100"),
        (&six, "r", "10.7.0.0/24", "100 65007"),
        (&seven, "b", "10.1.0.0/24", "100"),
        (&seven, "b", "10.6.0.0/24", "100 65006"),
    ] {
        let route = bird.wait_route(net, from);
        assert_eq!(route.attribute("as_path"), path, "{route:?}");
    }
    six.birdc("disable r");
    bird.wait_no_route("10.6.0.0/24");
    seven.wait_no_route("10.6.0.0/24");
}

/// RFC 9234 with BIRD in every role.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn roles_with_bird() {
    let lan = Lan::new();
    let role = |role: &str| format!("local role {role};");
    let router = lan.router(
        "r",
        1,
        &(routes(&["10.1.0.0/24"])
            + &session("up", (1, 65001), (2, 65002), &role("customer"), ALL)
            + &session("side", (1, 65001), (3, 65003), &role("peer"), ALL)
            + &session("down", (1, 65001), (4, 65004), &role("provider"), ALL)
            + &session("wrong", (1, 65001), (5, 65005), &role("customer"), ALL)
            + &session("strict", (1, 65001), (6, 65006), &(role("peer") + "require roles;"), ALL)),
    );
    let start = |name: &str, number: u8, options: &str| {
        let net = format!("10.{number}.0.0/24");
        let asn = 65000 + u32::from(number);
        let up = session("r", (number, asn), (1, 65001), options, ALL);
        lan.bird(name, number, &(routes(&[&net]) + &up))
    };
    let up = start("up", 2, &role("provider"));
    let side = start("side", 3, &role("peer"));
    let down = start("down", 4, &role("customer"));
    let _wrong = start("wrong", 5, &role("customer"));
    let _strict = start("strict", 6, "");

    // Customers get all; providers and peers what is our own or our customers'.
    wait_networks(&down, "r", &["10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24"]);
    wait_networks(&up, "r", &["10.1.0.0/24", "10.4.0.0/24"]);
    wait_networks(&side, "r", &["10.1.0.0/24", "10.4.0.0/24"]);
    for (net, session, otc) in [
        ("10.2.0.0/24", "up", "65002"),
        ("10.3.0.0/24", "side", "65003"),
        ("10.4.0.0/24", "down", ""),
    ] {
        let route = router.wait_route(net, session);
        assert_eq!(route.attribute("otc"), otc, "{route:?}");
    }
    for (bird, net, otc) in [
        (&down, "10.1.0.0/24", "65001"),
        (&down, "10.2.0.0/24", "65002"),
        (&side, "10.4.0.0/24", "65001"),
        (&up, "10.4.0.0/24", ""),
    ] {
        let route = bird.wait_route(net, "r");
        assert_eq!(route.attribute("otc"), otc, "{route:?}");
    }
    for (session, ours, theirs) in
        [("up", "customer", "provider"), ("side", "peer", "peer"), ("down", "provider", "customer")]
    {
        let reply = router.birdc(&format!("show protocols all {session}"));
        let roles: Vec<&str> =
            reply.lines.iter().filter_map(|line| line.text.trim().strip_prefix("Role: ")).collect();
        assert_eq!(roles, [ours, theirs]);
    }
    for session in ["wrong", "strict"] {
        wait_for(PATIENCE, format!("{session} is refused"), || {
            let protocol = router.protocol(session);
            let refused = protocol.info.to_lowercase().contains("role mismatch");
            if refused { Ok(()) } else { Err(protocol.to_string()) }
        });
        assert!(!router.protocol(session).is_established());
    }
}

/// Without a policy an external session is refused (RFC 8212), in the same place as BIRD does; what runs goes on.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn an_external_channel_needs_a_policy() {
    let lan = Lan::new();
    let config = |channel: &str, asn: u32| {
        format!(
            "protocol bgp p {{ local OWN as 65001; neighbor 10.0.0.2 as {asn}; {} ipv4 {{ {channel} }}; }}\n",
            testbed::bird::SOON
        )
    };
    let twins = Twins::start(&lan, &config(ALL, 65002));
    let up =
        NUMBERS.map(|number| session(&format!("t{number}"), (2, 65002), (number, 65001), "", ALL));
    let _peer = lan.bird("p", 2, &(routes(&["10.2.0.0/24"]) + &up.concat()));
    for (twin, number) in twins.each() {
        wait_networks(twin, "p", &["10.2.0.0/24"]);
        let since = twin.wait_established("p");
        for channel in ["", "import all;", "export all;"] {
            let text = testbed::bird::header(&address(number))
                + &config(channel, 65002).replace("OWN", &address(number));
            let reply = twin.configure(&text);
            assert_eq!(reply.code(), 8002, "{} with {channel:?}: {reply:?}", twin.name());
        }
        assert!(twin.protocol("p").is_session_since(&since));
        // Inside nothing has to be said.
        let text = testbed::bird::header(&address(number))
            + &config("", 65001).replace("OWN", &address(number));
        assert!(matches!(twin.configure(&text).code(), 3 | 4), "{}", twin.name());
    }
}

/// RFC 7606 §7.5 has LOCAL_PREF of a neighbour in another AS discarded, unless both sides have agreed that they are one
/// network.
#[test]
#[ignore = "needs root and bird2; run by .ci/run"]
fn local_pref_goes_between_ases_where_it_is_allowed() {
    let lan = Lan::new();
    let preferring = |preference| {
        format!("import all; export filter {{ bgp_local_pref = {preference}; accept; }};")
    };
    let allowed = "allow bgp_local_pref;";
    let router = lan.router(
        "r",
        1,
        &(routes(&["10.1.0.0/24"])
            + &session("b", (1, 65001), (2, 65002), allowed, &preferring(444))
            + &session("c", (1, 65001), (3, 65003), "", &preferring(444))),
    );
    for (name, number, options, preferences) in
        [("b", 2, allowed, ["333", "444"]), ("c", 3, "", ["100", "100"])]
    {
        let own = format!("10.{number}.0.0/24");
        let config = routes(&[&own])
            + &session(
                "r",
                (number, 65000 + u32::from(number)),
                (1, 65001),
                options,
                &preferring(333),
            );
        let bird = lan.bird(name, number, &config);
        let route = router.wait_route(&own, name);
        assert_eq!(route.attribute("local_pref"), preferences[0], "{route:?}");
        let route = bird.wait_route("10.1.0.0/24", "r");
        assert_eq!(route.attribute("local_pref"), preferences[1], "{route:?}");
    }
}

const FILTERS: &str = "
    define MINE = 65001;
    filter incoming {
        if net.len > 28 then reject;
        if bgp_path ~ [= * 666 * =] then reject;
        bgp_local_pref = 100 + bgp_path.len;
        bgp_community.delete([(65001, *)]);
        if (65002, 7) ~ bgp_community then { bgp_local_pref = 50; bgp_community.add((MINE, 50)); }
        if bgp_origin = ORIGIN_INCOMPLETE then bgp_med = 77;
        case bgp_path.last {
            300..399: bgp_ext_community.add((rt, 65001, 300));
            400: bgp_large_community.add((65001, 4, 0));
            else: bgp_large_community.add((65001, 0, bgp_path.last));
        }
        bgp_large_community.filter([(65001, *, *), (65002, 1..5, *)]);
        accept;
    }
    filter outgoing {
        if source !~ [ RTS_BGP, RTS_STATIC ] then reject;
        if bgp_local_pref = 50 then bgp_path.prepend(MINE);
        if defined(bgp_med) then bgp_med = bgp_med + 1;
        bgp_community.add((MINE, bgp_path.len));
        if bgp_path.len > 4 then { bgp_path.delete([500..599]); bgp_community.filter([(MINE, *)]); }
        bgp_ext_community.delete([(ro, 65002, *), (ro, 65003, 3..9)]);
        accept;
    }
    ";

/// 300 routes with attributes of every kind, as `protocol static` has them.
fn made_routes(random: &mut Random) -> String {
    let mut made = String::new();
    for index in 0..300 {
        let length = [24, 24, 24, 28, 30][random.range(0, 5) as usize];
        made += &format!("route 10.{}.{}.0/{length} blackhole {{ ", 100 + index / 256, index % 256);
        let origins = ["IGP", "EGP", "INCOMPLETE"];
        made += &format!("bgp_origin = ORIGIN_{}; ", origins[random.range(0, 3) as usize]);
        for asn in random
            .several(0, 6, |random| if random.one_in(12) { 666 } else { random.range(290, 600) })
        {
            made += &format!("bgp_path.prepend({asn}); ");
        }
        if random.one_in(3) {
            made += &format!("bgp_med = {}; ", random.range(0, 1000));
        }
        for value in random.several(0, 5, |random| {
            format!("({}, {})", random.range(65001, 65004), random.range(0, 12))
        }) {
            made += &format!("bgp_community.add({value}); ");
        }
        for value in random.several(0, 4, |random| {
            let kind = if random.one_in(2) { "rt" } else { "ro" };
            format!("({kind}, {}, {})", random.range(65001, 65004), random.range(0, 12))
        }) {
            made += &format!("bgp_ext_community.add({value}); ");
        }
        for value in random.several(0, 4, |random| {
            format!(
                "({}, {}, {})",
                random.range(65001, 65004),
                random.range(0, 8),
                random.range(0, 9)
            )
        }) {
            made += &format!("bgp_large_community.add({value}); ");
        }
        made += "};\n";
    }
    made
}

/// Filters that change what they let pass: the same file, the same routes in the table and on the other side.
#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn filters_make_the_same_of_routes_as_those_of_bird() {
    let made = made_routes(&mut Random::from_environment());
    let lan = Lan::new();
    let with_med =
        "import none; export filter { if defined(bgp_med) then bgp_med = bgp_med; accept; };";
    let up = NUMBERS
        .map(|number| session(&format!("t{number}"), (2, 65002), (number, 65001), "", with_med));
    let _peer =
        lan.bird("p", 2, &(format!("protocol static own {{ ipv4; {made} }}\n") + &up.concat()));
    let to = |name: &str, number: u8, asn: u32, channel: &str| {
        format!(
            "protocol bgp {name} {{ local OWN as 65001; neighbor {} as {asn}; {} ipv4 {{ {channel} }}; }}\n",
            address(number),
            testbed::bird::SOON
        )
    };
    let both = "import none; export filter outgoing;";
    let twins = Twins::start(
        &lan,
        &(FILTERS.to_owned()
            + &routes(&["10.1.0.0/24"])
            + &to("p", 2, 65002, "import filter incoming; export none;")
            + &to("e", 3, 65003, both)
            + &to("i", 4, 65001, &(both.to_owned() + "next hop self;"))),
    );
    let observe = |name: &str, number: u8, asn: u32| {
        let up = NUMBERS.map(|twin| {
            session(
                &format!("t{twin}"),
                (number, asn),
                (twin, 65001),
                "",
                "import all; export none;",
            )
        });
        lan.bird(name, number, &up.concat())
    };
    let (external, internal) = (observe("e", 3, 65003), observe("i", 4, 65001));

    let same = |what: &str, of: &dyn Fn(u8) -> ByNetwork| {
        wait_for(PATIENCE, format!("{what}: the same twice"), || {
            let [ours, bird] = NUMBERS.map(of);
            if bird.len() > 100 && ours == bird {
                return Ok(());
            }
            let differs = bird.iter().find(|(net, route)| ours.get(*net) != Some(route));
            let ours_of = differs.and_then(|(net, _)| ours.get(net));
            Err(format!("{} and {} routes; {differs:?} is {ours_of:?}", ours.len(), bird.len()))
        });
    };
    same("tables", &|number| {
        let twin = if number == NUMBERS[0] { &twins.ours } else { &twins.bird };
        attributes_of(twin, "p", number)
    });
    same("told another AS", &|number| attributes_of(&external, &format!("t{number}"), number));
    same("told inside", &|number| attributes_of(&internal, &format!("t{number}"), number));
}
