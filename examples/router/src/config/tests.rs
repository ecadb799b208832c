use std::net::IpAddr;
use std::time::Duration;

use super::*;

fn read(text: &str) -> Result<Config, ConfigError> {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let files = Files(
        [
            file("bird.conf", text),
            file("peers/b.conf", "define B = A;"),
            file("peers/a.conf", "define A = 7;"),
        ]
        .into(),
    );
    parse("bird.conf", &files)
}

fn good(text: &str) -> Config {
    read(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The whole message about a bad text.
fn bad(text: &str) -> String {
    match read(text) {
        Ok(_) => panic!("taken: {text}"),
        Err(error) => error.to_string(),
    }
}

fn bgp(config: &Config) -> &BgpConfig {
    let found = config.protocols.iter().find_map(|protocol| match &protocol.kind {
        ProtocolKind::Bgp(bgp) => Some(bgp),
        _ => None,
    });
    found.expect("a BGP instance")
}

#[test]
fn a_whole_file() {
    let config = good(
        r#"
# As in DN42's sample
log "/var/log/bird.log" { warning, error }; log stderr all;
define OWNAS = 4242420000;
define OWNIP = 172.20.0.1;
define OWNNETSET = [ 172.20.0.0/27+ ];
router id OWNIP;
ipv4 table t4;
protocol device { scan time 10; }
protocol direct { ipv4; interface "eth*", -"eth9"; };
protocol static own { ipv4 { table t4; }; route 172.20.0.0/27 reject; route 10.0.0.0/8 via 192.0.2.1 weight 2 via 192.0.2.2; }
filter f { if net ~ OWNNETSET && source ~ [RTS_STATIC, RTS_BGP] then accept; reject; }
template bgp peers {
    local as OWNAS;
    path metric on;
    ipv4 { import filter f; export where net ~ OWNNETSET; import limit 9000 action block; };
    ipv6 { import all; export none; };
}
protocol bgp up from peers {
    description "Upstream";
    neighbor fe80::1%eth0 as 65002;
    hold time 90; passive; enable extended messages on;
    ipv4 { extended next hop on; next hop self ebgp; };
}
"#,
    );
    assert_eq!(config.router_id, Some("172.20.0.1".parse().expect("an address")));
    let names: Vec<_> = config.protocols.iter().map(|protocol| protocol.name.as_str()).collect();
    assert_eq!(names, ["device1", "direct1", "own", "up"]);
    assert_eq!(config.log.len(), 2);
    let bgp = bgp(&config);
    assert_eq!((bgp.local_as, bgp.neighbor_as), (4_242_420_000, Some(65002)));
    assert_eq!(bgp.interface.as_deref(), Some("eth0"));
    assert_eq!((bgp.hold_time, bgp.passive, bgp.multihop), (Duration::from_secs(90), true, None));
    let [ipv4, ipv6] = bgp.channels.as_slice() else { panic!("{:?}", bgp.channels) };
    assert!(ipv4.extended_next_hop && ipv4.next_hop_self == NextHopMode::Ebgp);
    assert_eq!(ipv4.import_limit, Some(rib::Limit { most: 9000, action: rib::LimitAction::Block }));
    assert!(matches!(&ipv4.import, FilterRef::Filter { name: Some(name), .. } if name == "f"));
    assert!(matches!(&ipv4.export, FilterRef::Filter { name: None, .. }));
    assert_eq!((&ipv6.import, &ipv6.export), (&FilterRef::All, &FilterRef::None));
    let ProtocolKind::Static { channel, routes } = &config.protocols[2].kind else {
        panic!("no static")
    };
    assert_eq!((channel.table.as_str(), channel.preference), ("t4", 200));
    assert_eq!(routes[0].target, RouteTarget::Unreachable);
    assert!(
        matches!(&routes[1].target, RouteTarget::Via(gateways) if gateways.len() == 2 && gateways[0].weight == 2)
    );
}

#[test]
fn defaults_are_those_of_bird() {
    let config = good("protocol bgp { local as 1; neighbor 192.0.2.1 as 1; ipv4; }");
    let bgp = bgp(&config);
    assert_eq!((bgp.local_port, bgp.neighbor_port, bgp.multihop), (179, 179, Some(64)));
    assert_eq!((bgp.hold_time.as_secs(), bgp.connect_retry_time.as_secs()), (240, 120));
    assert_eq!((bgp.error_wait_time.0.as_secs(), bgp.error_wait_time.1.as_secs()), (60, 300));
    assert!(bgp.enable_route_refresh && bgp.enable_as4 && !bgp.enable_extended_messages);
    assert_eq!(
        (&bgp.channels[0].import, &bgp.channels[0].export),
        (&FilterRef::All, &FilterRef::None)
    );
    assert_eq!(bgp.channels[0].preference, 100);
}

#[test]
fn files_are_included_in_order() {
    let config = good(
        "include \"peers/*.conf\";\nprotocol bgp { local as B; neighbor 192.0.2.1 internal; ipv4; }",
    );
    assert_eq!(bgp(&config).local_as, 7);
    assert!(bad("include \"nowhere.conf\";").contains("there is no file nowhere.conf"));
}

#[test]
fn an_error_has_its_line_and_a_caret() {
    let text =
        "router id 192.0.2.1;\nprotocol static {\n\tipv4;\n\troute 10.0.0.5/24 blackhole;\n}\n";
    assert_eq!(
        bad(text),
        "bird.conf:4:8: 10.0.0.5/24 has bits set behind its length\n    4 | \troute 10.0.0.5/24 blackhole;\n      | \t      \
         ^^^^^^^^^^^\n      = maybe you wanted 10.0.0.0/24\n"
    );
}

#[test]
fn all_errors_are_told_at_once() {
    let message = bad(
        "foo bar;\nlog stderr { nothing };\nrouter id 10.0.0.1;\nprotocol rip { x; { y; } };\n",
    );
    let places: Vec<_> =
        message.lines().filter_map(|line| line.strip_prefix("bird.conf:")).collect();
    assert_eq!(places.len(), 3, "{message}");
    assert!(
        places[0].starts_with("1:1: ")
            && places[1].starts_with("2:14: ")
            && places[2].starts_with("4:10: ")
    );
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let peer =
        |body: &str| format!("protocol bgp p {{ local as 1; neighbor 192.0.2.1 as 2; {body} }}");
    let cases = [
        (peer("ipv4 { import all; };"), "needs an export policy (RFC 8212)"),
        (peer("ipv4 { import all; export all; }; ipv4;"), "stands here twice"),
        (peer(""), "there is no channel"),
        (peer("rr client; ipv4 { import all; export all; };"), "only an internal neighbor"),
        (peer("hold time 2; ipv4 { import all; export all; };"), "hold time"),
        (peer("ipv4 { table master6; import all; export all; };"), "other address family"),
        (peer("ipv4 { import filter nosuch; export all; };"), "no filter `nosuch`"),
        ("protocol bgp { neighbor 192.0.2.1 as 2; ipv4; }".into(), "local AS is missing"),
        ("protocol bgp { local as 1; ipv4; }".into(), "neighbor is missing"),
        ("protocol bgp { local as 1; neighbor fe80::1 as 1; ipv4; }".into(), "needs an interface"),
        ("protocol static { route 10.0.0.0/8 blackhole; }".into(), "needs a channel"),
        ("protocol static { ipv6; route 10.0.0.0/8 blackhole; }".into(), "another family"),
        ("protocol device x {} protocol device x {}".into(), "defined already"),
        ("protocol kernel { ipv4; }".into(), "not supported yet"),
        ("protocol bgp from nosuch { }".into(), "no template `nosuch`"),
        ("define A = [ 10.0.0.0/8, 2001:db8::/32 ];".into(), "mixes IPv4 and IPv6"),
        (peer("require roles; ipv4 { import all; export all; };"), "needs a `local role`"),
        (
            peer("confederation member; ipv4 { import all; export all; };"),
            "needs the `confederation`",
        ),
        ("define A = 1; define A = 2;".into(), "defined already"),
    ];
    for (text, wanted) in cases {
        let message = bad(&text);
        assert!(message.contains(wanted), "{text}\n{message}");
    }
}

#[test]
fn equal_filters_are_equal_wherever_they_stand() {
    let text = |extra: &str| {
        format!(
            "{extra} define S = [ 10.0.0.0/8+ ]; protocol bgp {{ local as 1; neighbor 192.0.2.1 as 2; \
             ipv4 {{ import all; export where net ~ S; }}; }}"
        )
    };
    let (one, two) = (good(&text("")), good(&text("filter g { accept; }")));
    assert_eq!(one.protocols, two.protocols);
    let other = good(&text("").replace("10.0.0.0/8+", "10.0.0.0/9+"));
    assert_ne!(one.protocols, other.protocols);
}

#[test]
fn restarts_roles_and_rules() {
    let config = good(
        "protocol bgp { local as 65001; neighbor 192.0.2.1 as 65002; graceful restart; graceful restart time 90; \
         long lived graceful restart on; long lived stale time 7200; local role customer; require roles; \
         confederation 64500; confederation member; interpret communities off; allow bgp_med; enforce first as; \
         deterministic med; ipv4 { import all; export all; graceful restart off; add paths tx; import table; \
         import keep filtered; receive limit 5 action warn; export limit 7; long lived stale time 60; }; }",
    );
    let bgp = bgp(&config);
    assert_eq!((bgp.graceful_restart, bgp.long_lived), (RestartMode::On, RestartMode::On));
    assert_eq!(bgp.graceful_restart_time, Duration::from_secs(90));
    assert_eq!(bgp.long_lived_stale_time, Duration::from_secs(7200));
    assert_eq!((bgp.local_role, bgp.require_roles), (Some(bgp_wire::Role::CUSTOMER), true));
    assert_eq!((bgp.confederation, bgp.confederation_member), (Some(64500), true));
    assert!(!bgp.interpret_communities && bgp.allow_med && bgp.enforce_first_as);
    let ipv4 = &bgp.channels[0];
    assert_eq!((ipv4.graceful_restart, ipv4.long_lived), (Some(false), None));
    assert_eq!(ipv4.long_lived_stale_time, Some(Duration::from_secs(60)));
    assert!(ipv4.add_paths_tx && !ipv4.add_paths_rx);
    assert!(ipv4.import_table && ipv4.import_keep_filtered);
    let limit = |most, action| Some(rib::Limit { most, action });
    assert_eq!(ipv4.receive_limit, limit(5, rib::LimitAction::Warn));
    assert_eq!(ipv4.export_limit, limit(7, rib::LimitAction::Disable));
}

#[test]
fn endpoints_have_many_forms() {
    let config = good(
        "protocol bgp { local 127.0.0.1 port 1790 as 1; neighbor 127.0.0.2 port 1791 external; multihop 3; strict bind; \
         ipv4 { import all; export all; }; }",
    );
    let bgp = bgp(&config);
    assert_eq!(bgp.local_address, Some(IpAddr::from([127, 0, 0, 1])));
    assert_eq!((bgp.local_port, bgp.neighbor_port, bgp.neighbor_as), (1790, 1791, None));
    assert_eq!((bgp.multihop, bgp.strict_bind), (Some(3), true));
}

#[test]
fn igp_tables_are_given_by_family() {
    let config = good(
        "ipv4 table igp4; ipv6 table igp6;
         protocol static { ipv4; igp table igp4; route 10.0.0.0/8 recursive 192.0.2.1; }
         protocol bgp { local as 1; neighbor 192.0.2.2 as 1;
           ipv4 { igp table igp4; igp table igp6; gateway recursive; }; }",
    );
    let channel = &bgp(&config).channels[0];
    let both = [(AddressFamily::Ipv4, "igp4"), (AddressFamily::Ipv6, "igp6")];
    let both = both.map(|(family, name)| (family, name.to_owned()));
    assert_eq!(channel.igp_tables, both.clone().into());
    assert_eq!(channel.gateway_recursive, Some(true));
    let ProtocolKind::Static { channel, .. } = &config.protocols[0].kind else {
        panic!("the first one is static")
    };
    assert_eq!(channel.igp_tables, both[..1].iter().cloned().collect());
    assert!(bad("protocol static { ipv4; igp table t; }").contains("there is no table `t`"));
}
