//! How sessions come up, stay up and come back.

use std::fmt::Write;
use std::time::Duration;

use testbed::bird::{Bird, SOON, header};
use testbed::{Lab, Node, PATIENCE, holds_for, wait_for};

use crate::ours::{start_bird, start_router};
use crate::speaker::{Heard, KEEPALIVE, Message, NOTIFICATION, OPEN, Speaker, message, open};

/// Two machines, 10.0.0.1 and 10.0.0.2, on one cable.
fn pair(lab: &Lab, a: &str, b: &str) -> (Node, Node) {
    let (a, b) = (lab.node(a), lab.node(b));
    lab.link(&a, &b);
    a.addresses(&b, &["10.0.0.1/24"]);
    b.addresses(&a, &["10.0.0.2/24"]);
    (a, b)
}

/// AS 65001 or 65002 of a [`pair`], with a route of its own, active on its session `peer`.
fn side(number: u8) -> String {
    let other = 3 - number;
    header(&format!("10.0.0.{number}"))
        + &format!(
            "protocol static s4 {{ ipv4; route 10.{number}.0.0/24 blackhole; }}
             protocol bgp peer {{
                 local 10.0.0.{number} as 6500{number};
                 neighbor 10.0.0.{other} as 6500{other};
                 {SOON}
                 ipv4 {{ import all; export all; }};
             }}"
        )
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn routes_of_a_killed_peer_vanish_and_come_back_with_it() {
    let lab = Lab::new();
    let (r, p) = pair(&lab, "r", "p");
    let router = start_router(&lab, &r, &side(1));
    let mut peer = start_bird(&lab, &p, &side(2));
    router.wait_route("10.2.0.0/24", "peer");

    peer.kill();
    router.wait_no_route("10.2.0.0/24");
    router.wait_not_established("peer");
    assert_eq!(router.count("table master4"), 1, "the router keeps its own route");

    peer.start_again();
    router.wait_established("peer");
    router.wait_route("10.2.0.0/24", "peer");
    peer.wait_route("10.1.0.0/24", "peer");
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn routes_of_a_killed_router_vanish_at_its_peer_and_come_back_with_it() {
    let lab = Lab::new();
    let (r, p) = pair(&lab, "r", "p");
    let mut router = start_router(&lab, &r, &side(1));
    let peer = start_bird(&lab, &p, &side(2));
    peer.wait_route("10.1.0.0/24", "peer");

    // It leaves its socket and its pid file behind, which must not keep it from starting.
    router.kill();
    peer.wait_no_route("10.1.0.0/24");

    router.start_again();
    peer.wait_route("10.1.0.0/24", "peer");
    router.wait_route("10.2.0.0/24", "peer");
}

/// Asserts that each session still is the one that was established at that time.
fn unchanged<'a>(
    sessions: impl IntoIterator<Item = (&'a Bird, &'a str, &'a String)>,
) -> Result<(), String> {
    for (bird, session, since) in sessions {
        let now = bird.protocol(session);
        if !now.is_session_since(since) {
            return Err(format!("{}: {now}; was since {since}", bird.name()));
        }
    }
    Ok(())
}

/// Both sides dial, three times. Whatever collides on the way, one connection remains, and it stays.
#[track_caller]
fn assert_one_session(sides: [&Bird; 2], nodes: [&Node; 2]) {
    let one_connection = || match nodes.map(Node::bgp_connections) {
        [1, 1] => Ok(()),
        counts => Err(format!("{counts:?} TCP connections")),
    };
    for round in 1..=3 {
        for side in sides {
            side.wait_established("peer");
        }
        // The one that lost may still be on its way out.
        wait_for(PATIENCE, format!("round {round}: one connection remains"), one_connection);
        let [a, b] = sides.map(|side| side.wait_established("peer"));
        // Longer than the time between two attempts to connect.
        holds_for(Duration::from_secs(3), format!("round {round}: one session stays"), || {
            unchanged([(sides[0], "peer", &a), (sides[1], "peer", &b)])?;
            one_connection()
        });
        // Both dial again, at about the same time.
        for command in ["disable peer", "enable peer"] {
            for side in sides {
                side.birdc(command);
            }
        }
    }
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn two_routers_that_dial_each_other_end_with_one_session() {
    let lab = Lab::new();
    let (a, b) = pair(&lab, "a", "b");
    let sides = [start_router(&lab, &a, &side(1)), start_router(&lab, &b, &side(2))];
    assert_one_session([&sides[0], &sides[1]], [&a, &b]);
    sides[0].wait_route("10.2.0.0/24", "peer");
    sides[1].wait_route("10.1.0.0/24", "peer");
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn router_and_bird_that_dial_each_other_end_with_one_session() {
    let lab = Lab::new();
    let (r, p) = pair(&lab, "r", "p");
    let (router, peer) = (start_router(&lab, &r, &side(1)), start_bird(&lab, &p, &side(2)));
    assert_one_session([&router, &peer], [&r, &p]);
    router.wait_route("10.2.0.0/24", "peer");
    peer.wait_route("10.1.0.0/24", "peer");
}

/// A collision made on purpose: the peer takes the router's connection and dials one of its own,
/// and says OPEN on both. Gives the connections, the router's first, when both OPENs are said.
fn collide(p: &Node, id: [u8; 4]) -> (Speaker, Speaker) {
    let mut routers = Speaker::listen(p, "10.0.0.2:179");
    routers.expect(OPEN);
    let mut peers = Speaker::dial(p, "10.0.0.1:179");
    peers.expect(OPEN);
    routers.say(&open(4, 65002, 90, id));
    routers.expect(KEEPALIVE);
    peers.say(&open(4, 65002, 90, id));
    (routers, peers)
}

/// RFC 4271 §6.8 with RFC 4486: the connection is closed with Cease, Connection Collision
/// Resolution.
#[track_caller]
fn assert_lost(speaker: &mut Speaker) {
    let heard = speaker.hear_control();
    let Heard::Message(Message { kind: NOTIFICATION, body }) = heard else {
        panic!("expected NOTIFICATION 6/7, got {heard:?}");
    };
    assert_eq!(body.get(..2), Some([6, 7].as_slice()));
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn of_two_connections_that_of_the_higher_identifier_remains_when_it_is_the_peers() {
    let lab = Lab::new();
    let (r, p) = pair(&lab, "r", "p");
    let router = start_router(&lab, &r, &side(1));
    let (mut routers, mut peers) = collide(&p, [10, 0, 0, 2]);
    assert_lost(&mut routers);
    peers.expect(KEEPALIVE);
    peers.say(&message(KEEPALIVE, &[]));
    router.wait_established("peer");
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn of_two_connections_that_of_the_higher_identifier_remains_when_it_is_the_routers() {
    let lab = Lab::new();
    let (r, p) = pair(&lab, "r", "p");
    let router = start_router(&lab, &r, &side(1));
    let (mut routers, mut peers) = collide(&p, [9, 0, 0, 2]);
    assert_lost(&mut peers);
    routers.say(&message(KEEPALIVE, &[]));
    router.wait_established("peer");
}

/// How many routes flow while a short hold time runs.
const MANY: u32 = 50_000;

fn many_routes() -> String {
    (0..MANY).fold(String::new(), |mut text, index| {
        let [_, high, middle, low] = index.to_be_bytes();
        let _ = writeln!(text, "route 100.{}.{middle}.{low}/32 blackhole;", 64 + high);
        text
    })
}

/// The router, AS 65000, in the middle of its peers `a`, `b` and `c`, BIRDs of AS 65001 to 65003, all
/// with a short hold time. `a` has many routes in its protocol `many`, disabled at first; `b` is told
/// all that the router knows, `c` nothing.
struct Star {
    router: Bird,
    a: Bird,
    b: Bird,
    c: Bird,
    _lab: Lab,
}

impl Star {
    #[track_caller]
    fn new() -> Self {
        const NAMES: [&str; 3] = ["a", "b", "c"];
        let lab = Lab::new();
        let r = lab.node("r");
        let timers = format!("{SOON} hold time 3; keepalive time 1;");
        let mut config = header("10.0.0.1");
        for (number, name) in (1..).zip(NAMES) {
            let export = if name == "c" { "none" } else { "all" };
            let _ = writeln!(
                config,
                "protocol bgp {name} {{
                     local 10.0.{number}.1 as 65000;
                     neighbor 10.0.{number}.2 as 6500{number};
                     {timers}
                     ipv4 {{ import all; export {export}; }};
                 }}"
            );
        }
        let nodes = NAMES.map(|name| lab.node(name));
        for (number, node) in (1..).zip(&nodes) {
            lab.link(node, &r);
            node.addresses(&r, &[&format!("10.0.{number}.2/24")]);
            r.addresses(node, &[&format!("10.0.{number}.1/24")]);
        }
        let router = start_router(&lab, &r, &config);
        let mut number = 0;
        let [a, b, c] = nodes.map(|node| {
            number += 1;
            let routes = if number == 1 { many_routes() } else { String::new() };
            let config = header(&format!("10.0.{number}.2"))
                + &format!(
                    "protocol static many {{ disabled; ipv4; {routes} }}
                     protocol bgp r {{
                         local 10.0.{number}.2 as 6500{number};
                         neighbor 10.0.{number}.1 as 65000;
                         {timers}
                         ipv4 {{ import all; export all; }};
                     }}"
                );
            start_bird(&lab, &node, &config)
        });
        Self { router, a, b, c, _lab: lab }
    }

    /// Both ends of each session.
    fn sessions(&self) -> [(&Bird, &'static str); 6] {
        let Self { router, a, b, c, .. } = self;
        [(router, "a"), (router, "b"), (router, "c"), (a, "r"), (b, "r"), (c, "r")]
    }
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn keepalives_do_not_wait_behind_fifty_thousand_routes() {
    let star = Star::new();
    let sessions = star.sessions();
    let since = sessions.map(|(bird, session)| bird.wait_established(session));
    let still_there = || {
        unchanged(sessions.iter().zip(&since).map(|((bird, name), since)| (*bird, *name, since)))
    };

    // The routes come and go again and again, for more than two hold times. An UPDATE is as good as
    // a KEEPALIVE to who gets it, so it is `c` that hears nothing but KEEPALIVEs.
    let mut announced = false;
    holds_for(Duration::from_secs(7), "the sessions stay", || {
        let wanted = if announced { MANY as usize } else { 0 };
        if star.b.count("protocol r") == wanted {
            star.a.birdc(if announced { "disable many" } else { "enable many" });
            announced = !announced;
        }
        still_there()
    });
    if !announced {
        star.a.birdc("enable many");
    }
    star.router.wait_count("protocol a", MANY as usize);
    star.b.wait_count("protocol r", MANY as usize);
    still_there().expect("the same sessions at the end");
    assert_eq!(told(&star.c), (0, 0), "`c` heard more than KEEPALIVEs");
}

/// How many networks a peer was told, and how many it was told to forget.
#[track_caller]
fn told(peer: &Bird) -> (u64, u64) {
    (peer.statistic("r", "Import updates"), peer.statistic("r", "Import withdraws"))
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn a_peer_is_told_nothing_about_its_own_routes() {
    let star = Star::new();
    for (bird, session) in star.sessions() {
        bird.wait_established(session);
    }
    star.a.birdc("enable many");
    star.b.wait_count("protocol r", MANY as usize);
    star.a.birdc("disable many");
    star.b.wait_count("protocol r", 0);
    let many = u64::from(MANY);
    assert_eq!(told(&star.b), (many, many), "each network once, and once that it is gone");
    // Nothing was advertised to `a`, so there is nothing to withdraw from it either.
    assert_eq!(told(&star.a), (0, 0), "updates and withdrawals told to `a`");
}
