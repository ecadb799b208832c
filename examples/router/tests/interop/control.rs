//! The control socket, through the real `birdc` and byte by byte.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use testbed::bird::{Bird, Reply, Route, SOON, header};
use testbed::{Lab, PATIENCE, wait_for};

use crate::ours::{start_bird, start_router};

/// The router's configuration, which tests add to. Its session is `p`.
fn configuration() -> String {
    header("10.0.0.1")
        + &format!(
            "protocol static s4 {{ ipv4; route 10.1.0.0/24 blackhole; route 10.1.1.0/24 unreachable; }}
             protocol bgp p {{
                 description \"The peer\";
                 local 10.0.0.1 as 65001;
                 neighbor 10.0.0.2 as 65002;
                 {SOON}
                 ipv4 {{ import all; export where net ~ [ 10.1.0.0/24 ]; import limit 100 action block; }};
             }}\n"
        )
}

/// The router with an established session to BIRD, which announces two routes.
struct Scene {
    router: Bird,
    peer: Bird,
    lab: Lab,
}

impl Scene {
    #[track_caller]
    fn new() -> Self {
        let lab = Lab::new();
        let (r, p) = (lab.node("r"), lab.node("p"));
        lab.link(&r, &p);
        r.addresses(&p, &["10.0.0.1/24"]);
        p.addresses(&r, &["10.0.0.2/24"]);
        let router = start_router(&lab, &r, &configuration());
        let config = header("10.0.0.2")
            + &format!(
                "protocol static s4 {{
                     ipv4;
                     route 10.2.0.0/24 blackhole;
                     route 10.2.1.0/24 blackhole {{ bgp_community.add((65002,9)); }};
                 }}
                 protocol bgp r {{
                     local 10.0.0.2 as 65002;
                     neighbor 10.0.0.1 as 65001;
                     {SOON}
                     ipv4 {{ import all; export all; }};
                 }}"
            );
        let peer = start_bird(&lab, &p, &config);
        router.wait_count("protocol p", 2);
        peer.wait_count("protocol r", 1);
        Self { router, peer, lab }
    }
}

/// Asserts that one of the lines begins so.
#[track_caller]
fn assert_line(reply: &Reply, start: &str) {
    let found = reply.lines.iter().any(|line| line.text.starts_with(start));
    assert!(found, "no line begins with {start:?} in\n{}", reply.text());
}

/// Asserts that a message begins with `FILE:LINE:COLUMN `.
#[track_caller]
fn assert_points_at(message: &str, file: &Path, line: usize) {
    let place = format!("{}:{line}:", file.display());
    let rest = message.strip_prefix(&place);
    let rest = rest.unwrap_or_else(|| panic!("{message:?} does not begin with {place}"));
    let (column, text) = rest.split_once(' ').unwrap_or((rest, ""));
    assert!(column.trim_end_matches(':').parse::<u32>().is_ok(), "no column in {message:?}");
    assert!(!text.is_empty(), "nothing is said in {message:?}");
}

/// Network, protocol and kind of each route.
fn summary(routes: &[Route]) -> Vec<(&str, &str, &str)> {
    routes
        .iter()
        .map(|route| (route.net.as_str(), route.protocol.as_str(), route.kind.as_str()))
        .collect()
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn birdc_shows_the_status() {
    let scene = Scene::new();
    let reply = scene.router.birdc("show status");
    assert!(reply.success);
    assert!(reply.greeting.starts_with("BIRD "), "{}", reply.greeting);
    assert!(reply.greeting.ends_with(" ready."), "{}", reply.greeting);
    let codes: Vec<u16> = reply.lines.iter().map(|line| line.code).collect();
    assert_eq!(codes, [1000, 1011, 1011, 1011, 1011, 1011, 13]);
    let starts = [
        "BIRD ",
        "Router ID is 10.0.0.1",
        "Hostname is ",
        "Current server time is 2",
        "Last reboot on 2",
        "Last reconfiguration on 2",
        "Daemon is up and running",
    ];
    for (line, start) in reply.lines.iter().zip(starts) {
        assert!(line.text.starts_with(start), "{line:?} does not begin with {start:?}");
    }
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn birdc_shows_protocols() {
    let scene = Scene::new();
    let reply = scene.router.birdc("show protocols");
    assert!(reply.success);
    assert_eq!(
        reply.lines_with(2002),
        ["Name       Proto      Table      State  Since         Info"]
    );
    let rows = reply.lines_with(1002);
    let starts = [
        "device1    Device     ---        up     ",
        "s4         Static     master4    up     ",
        "p          BGP        ---        up     ",
    ];
    assert_eq!(rows.len(), starts.len(), "{rows:?}");
    for (row, start) in rows.iter().zip(starts) {
        assert!(row.starts_with(start), "{row:?} does not begin with {start:?}");
        // `12:34:56.789`, and two blanks.
        let since = row.get(40..54).unwrap_or_default().as_bytes();
        let shape: Vec<u8> =
            since.iter().map(|c| if c.is_ascii_digit() { b'0' } else { *c }).collect();
        assert_eq!(shape, b"00:00:00.000  ", "{row:?}");
    }
    assert_eq!(rows[2].get(54..).map(str::trim_end), Some("Established"));

    let one = scene.router.birdc("show protocols p");
    assert_eq!(one.lines_with(1002).len(), 1, "{one:?}");
    scene.router.birdc("show protocols nobody").assert_ends(9001, "syntax error");
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn birdc_shows_protocols_in_full() {
    let scene = Scene::new();
    let reply = scene.router.birdc("show protocols all p");
    assert!(reply.success);
    for start in [
        "  Description:    The peer",
        "  BGP state:          Established",
        "    Neighbor address: 10.0.0.2",
        "    Neighbor AS:      65002",
        "    Local AS:         65001",
        "    Neighbor ID:      10.0.0.2",
        "    Local capabilities",
        "    Neighbor capabilities",
        "      Multiprotocol",
        "        AF announced: ipv4",
        "      Route refresh",
        "      4-octet AS numbers",
        "    Session:          external AS4",
        "    Source address:   10.0.0.1",
        "    Hold timer:       ",
        "    Keepalive timer:  ",
        "  Channel ipv4",
        "    State:          UP",
        "    Table:          master4",
        "    Preference:     100",
        "    Input filter:   ACCEPT",
        "    Output filter:  (unnamed)",
        "    Import limit:   100",
        "      Action:       block",
        "    Routes:         2 imported, 1 exported, 2 preferred",
        "    Route change stats:     received   rejected   filtered    ignored   accepted",
        "      Import updates:              2          0          0          0          2",
        "      Import withdraws:            0          0        ---          0          0",
        "      Export updates:   ",
        "      Export withdraws:            0        ---        ---        ---          0",
        "    BGP Next hop:   10.0.0.1",
    ] {
        assert_line(&reply, start);
    }
    // The row of exports ends with what was told to the peer.
    let row = reply.lines.iter().find(|line| line.text.starts_with("      Export updates:"));
    let row: Vec<&str> = row.map(|row| row.text.split_whitespace().collect()).unwrap_or_default();
    assert_eq!((row.len(), row.last()), (7, Some(&"1")), "{row:?}");

    let all = scene.router.birdc("show protocols all");
    assert_eq!(all.lines_with(1002).len(), 3, "{all:?}");
    assert_line(&all, "  Channel ipv4");
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn birdc_shows_routes() {
    let scene = Scene::new();
    let router = &scene.router;
    let statics = [("10.1.0.0/24", "s4", "blackhole"), ("10.1.1.0/24", "s4", "unreachable")];
    let learned = [("10.2.0.0/24", "p", "unicast"), ("10.2.1.0/24", "p", "unicast")];
    let everything = [statics, learned].concat();

    assert_eq!(summary(&router.routes("table master4")), everything);
    assert_eq!(summary(&router.routes("")), everything);
    assert_eq!(summary(&router.routes("protocol s4")), statics);
    assert_eq!(summary(&router.routes("protocol p")), learned);
    assert_eq!(summary(&router.routes("for 10.2.1.77")), learned[1..]);
    assert_eq!(summary(&router.routes("for 10.2.1.0/25")), learned[1..]);
    assert_eq!(summary(&router.routes("10.1.0.0/24")), statics[..1]);
    assert_eq!(summary(&router.routes("where net ~ [ 10.2.0.0/16+ ]")), learned);
    assert_eq!(summary(&router.routes("table master6")), []);
    router.birdc("show route for 192.0.2.1").assert_ends(8001, "Network not found");
    router.birdc("show route 10.2.0.0/25").assert_ends(8001, "Network not found");
    router.birdc("show route table nowhere").assert_ends(9001, "syntax error");

    // The lines as they are.
    let reply = router.birdc("show route");
    let lines = reply.lines_with(1007);
    assert_eq!(lines[0], "Table master4:");
    assert!(lines[1].starts_with("10.1.0.0/24          blackhole [s4 "), "{}", lines[1]);
    assert!(lines[1].ends_with("] * (200)"), "{}", lines[1]);
    assert!(lines[3].starts_with("10.2.0.0/24          unicast [p "), "{}", lines[3]);
    assert!(lines[3].ends_with("] * (100) [AS65002i]"), "{}", lines[3]);
    assert_eq!(lines[4], "\tvia 10.0.0.2 on to_p");

    // And with their attributes.
    let reply = router.birdc("show route 10.2.1.0/24 all");
    let lines: Vec<(u16, &str)> =
        reply.lines.iter().map(|line| (line.code, line.text.trim_end())).skip(3).collect();
    assert_eq!(
        lines,
        [
            (1008, "\tType: BGP univ"),
            (1012, "\tBGP.origin: IGP"),
            (1012, "\tBGP.as_path: 65002"),
            (1012, "\tBGP.next_hop: 10.0.0.2"),
            (1012, "\tBGP.local_pref: 100"),
            (1012, "\tBGP.community: (65002,9)"),
        ]
    );
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn birdc_counts_routes() {
    let scene = Scene::new();
    let reply = scene.router.birdc("show route count");
    assert_eq!(
        reply.lines_with(1007),
        [
            "4 of 4 routes for 4 networks in table master4",
            "0 of 0 routes for 0 networks in table master6",
        ]
    );
    reply.assert_ends(14, "Total: 4 of 4 routes for 4 networks in 2 tables");

    let reply = scene.router.birdc("show route table master4 count");
    assert_eq!(reply.lines_with(1007), ["4 of 4 routes for 4 networks in table master4"]);
    let reply = scene.router.birdc("show route protocol p count");
    // For how many networks is open: BIRD 2.0.12 counts those of others too.
    assert_line(&reply, "2 of 4 routes for ");
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn configure_adds_a_route_and_leaves_the_session_alone() {
    let scene = Scene::new();
    let since = scene.router.wait_established("p");
    let file = scene.router.config().display().to_string();

    let added = configuration()
        .replace("[ 10.1.0.0/24 ]", "[ 10.1.0.0/16+ ]")
        .replace("ipv4; route 10.1.0.0/24", "ipv4; route 10.1.7.0/24 blackhole; route 10.1.0.0/24");
    let reply = scene.router.configure(&added);
    assert!(reply.success);
    assert_eq!(reply.lines_with(2), [format!("Reading configuration from {file}")]);
    assert!(matches!(reply.code(), 3 | 4), "{reply:?}");
    scene.router.wait_route("10.1.7.0/24", "s4");
    scene.peer.wait_route("10.1.7.0/24", "r");

    // And away again.
    assert!(scene.router.configure(&configuration()).success);
    scene.router.wait_no_route("10.1.7.0/24");
    scene.peer.wait_no_route("10.1.7.0/24");

    for (bird, session) in [(&scene.router, "p"), (&scene.peer, "r")] {
        let now = bird.protocol(session);
        assert!(now.is_established(), "{now}");
    }
    let now = scene.router.protocol("p");
    assert!(now.is_session_since(&since), "the session was made anew: {now}, was since {since}");
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn configure_adds_and_removes_protocols() {
    let scene = Scene::new();
    let since = scene.router.wait_established("p");
    let more = configuration() + "protocol static more { ipv4; route 10.9.0.0/24 blackhole; }\n";
    scene.router.configure(&more);
    scene.router.wait_route("10.9.0.0/24", "more");

    scene.router.configure(&configuration());
    scene.router.wait_no_route("10.9.0.0/24");
    let now = scene.router.protocol("p");
    assert!(now.is_session_since(&since), "the session was made anew: {now}, was since {since}");
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn a_wrong_configuration_is_refused_with_its_place_and_the_old_one_stays() {
    let mut scene = Scene::new();
    let since = scene.router.wait_established("p");
    let wrong = configuration()
        + "protocol static extra { ipv4; route 10.9.0.0/24 blackhole; }\n"
        + "protocol nonsense n { }\n";
    let line = wrong.lines().count();

    // Only checked, as another file.
    let file = scene.lab.file("wrong.conf");
    fs::write(&file, &wrong).expect("a file can be written");
    let reply = scene.router.birdc(&format!("configure check \"{}\"", file.display()));
    assert!(!reply.success);
    assert_eq!(reply.lines_with(2), [format!("Reading configuration from {}", file.display())]);
    reply.assert_ends(8002, "");
    assert_points_at(reply.lines_with(8002)[0], &file, line);

    // For real.
    let reply = scene.router.configure(&wrong);
    assert!(!reply.success);
    reply.assert_ends(8002, "");
    assert_points_at(reply.lines_with(8002)[0], scene.router.config(), line);

    // A file that is not there.
    let gone = scene.lab.file("gone.conf");
    let reply = scene.router.birdc(&format!("configure check \"{}\"", gone.display()));
    reply.assert_ends(8002, &gone.display().to_string());

    scene.router.assert_running();
    scene.router.birdc("show route 10.9.0.0/24").assert_ends(8001, "Network not found");
    assert_eq!(scene.router.count("table master4"), 4);
    let now = scene.router.protocol("p");
    assert!(now.is_session_since(&since), "{now}, was since {since}");

    // A right one is only judged by `check`, and taken without.
    let right = configuration() + "protocol static extra { ipv4; route 10.9.0.0/24 blackhole; }\n";
    fs::write(&file, right).expect("a file can be written");
    let reply = scene.router.birdc(&format!("configure check \"{}\"", file.display()));
    reply.assert_ends(20, "Configuration OK");
    scene.router.birdc("show route 10.9.0.0/24").assert_ends(8001, "Network not found");
    let reply = scene.router.birdc(&format!("configure \"{}\"", file.display()));
    assert!(reply.success, "{reply:?}");
    scene.router.wait_route("10.9.0.0/24", "extra");
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn a_protocol_is_disabled_enabled_and_restarted() {
    let scene = Scene::new();
    let (router, peer) = (&scene.router, &scene.peer);

    router.birdc("disable p").assert_ends(9, "p: disabled");
    router.wait_no_route("10.2.0.0/24");
    peer.wait_no_route("10.1.0.0/24");
    router.wait_not_established("p");
    router.birdc("disable p").assert_ends(8, "p: already disabled");

    router.birdc("enable p").assert_ends(11, "p: enabled");
    let since = router.wait_established("p");
    router.wait_route("10.2.0.0/24", "p");
    peer.wait_route("10.1.0.0/24", "r");
    router.birdc("enable p").assert_ends(10, "p: already enabled");

    router.birdc("restart p").assert_ends(12, "p: restarted");
    wait_for(PATIENCE, "a new session", || {
        let now = router.protocol("p");
        let is_new = now.is_established() && !now.is_session_since(&since);
        if is_new { Ok(()) } else { Err(now.to_string()) }
    });
    router.wait_route("10.2.0.0/24", "p");

    // The same for a protocol without peers.
    router.birdc("disable s4").assert_ends(9, "s4: disabled");
    router.wait_no_route("10.1.0.0/24");
    peer.wait_no_route("10.1.0.0/24");
    router.birdc("enable s4").assert_ends(11, "s4: enabled");
    peer.wait_route("10.1.0.0/24", "r");
    router.birdc("disable nobody").assert_ends(9001, "syntax error");
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn down_ends_the_router_and_tidies_up() {
    let mut scene = Scene::new();
    let pid = fs::read_to_string(scene.router.pid_file()).expect("there is a pid file");
    assert_eq!(pid.trim(), scene.router.id().to_string());

    scene.router.birdc("down").assert_ends(7, "Shutdown requested");
    let status = scene.router.wait_exit();
    assert_eq!(status.code(), Some(0));
    assert!(!scene.router.socket().exists(), "the socket is left");
    assert!(!scene.router.pid_file().exists(), "the pid file is left");
    scene.peer.wait_no_route("10.1.0.0/24");
    // RFC 4486: it said why.
    let last = scene.peer.protocol("r").info;
    assert!(last.contains("Administrative shutdown"), "the peer was told: {last}");
}

/// A connection to the control socket without `birdc`.
struct Raw(BufReader<UnixStream>);

impl Raw {
    fn connect(router: &Bird) -> Self {
        let stream = UnixStream::connect(router.socket()).expect("the socket takes connections");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket has a time-out");
        Self(BufReader::new(stream))
    }

    /// One whole answer: up to a line with a code and a blank.
    #[track_caller]
    fn answer(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let length = self.0.read_line(&mut line).expect("an answer");
            assert!(length > 0 && line.ends_with('\n'), "cut off after {lines:?}");
            let last = line.as_bytes().get(4) == Some(&b' ') && !line.starts_with(' ');
            lines.push(line.trim_end_matches('\n').to_owned());
            if last {
                return lines;
            }
        }
    }

    #[track_caller]
    fn ask(&mut self, command: &str) -> Vec<String> {
        let stream = self.0.get_mut();
        stream.write_all(format!("{command}\n").as_bytes()).expect("a command can be sent");
        self.answer()
    }
}

#[test]
#[ignore = "needs root, bird2 and frr; run by .ci/run"]
fn answers_are_framed_as_bird_frames_them() {
    let scene = Scene::new();
    let mut raw = Raw::connect(&scene.router);
    let greeting = raw.answer();
    assert!(greeting.len() == 1 && greeting[0].starts_with("0001 BIRD "), "{greeting:?}");

    let status = raw.ask("show status");
    let fronts: Vec<&str> = status.iter().map(|line| &line[..1]).collect();
    assert_eq!(fronts, ["1", "1", " ", " ", " ", " ", "0"], "{status:?}");
    assert!(status[0].starts_with("1000-BIRD "));
    assert!(status[1].starts_with("1011-Router ID is 10.0.0.1"));
    assert_eq!(status[6], "0013 Daemon is up and running");

    let protocols = raw.ask("show protocols");
    assert!(protocols[0].starts_with("2002-Name "), "{protocols:?}");
    assert!(protocols[1].starts_with("1002-device1 "), "{protocols:?}");
    assert!(protocols[2].starts_with(" s4 "), "{protocols:?}");
    assert_eq!(protocols.last().map(String::as_str), Some("0000 "));

    // A carriage return is dropped, and any number of commands take their turn.
    let routes = raw.ask("show route table master4\r");
    assert_eq!(routes[0], "1007-Table master4:");
    assert!(routes[1].starts_with(" 10.1.0.0/24 "), "{routes:?}");
    assert_eq!(routes.last().map(String::as_str), Some("0000 "));
    assert_eq!(raw.ask("show route for 192.0.2.1"), ["8001 Network not found"]);
    assert!(raw.ask("nonsense")[0].starts_with("9001 syntax error"));

    assert_eq!(raw.ask("restrict"), ["0016 Access restricted"]);
    assert_eq!(raw.ask("disable p"), ["8007 Access denied"]);
    assert_eq!(raw.ask("down"), ["8007 Access denied"]);
    // A table that was asked for by name is named even when it is empty.
    assert_eq!(raw.ask("show route table master6"), ["1007-Table master6:", "0000 "]);

    // A line without end is refused, or the connection closed, and nobody else feels it.
    let mut raw = Raw::connect(&scene.router);
    raw.answer();
    let sent = raw.0.get_mut().write_all("x".repeat(5000).as_bytes());
    let mut answer = String::new();
    if sent.and_then(|()| raw.0.read_line(&mut answer)).is_ok_and(|length| length > 0) {
        assert_eq!(answer, "9000 Command too long\n");
    }
    assert!(scene.router.birdc("show status").success);
}
