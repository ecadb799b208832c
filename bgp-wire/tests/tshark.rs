//! What we encode, read by Wireshark's dissector: an opinion that shares no code with ours.
//!
//! Each case is bytes we wrote and the fields tshark has to find in them; `tshark -G fields` lists their
//! names. A field that occurs several times is shown with commas. Whatever tshark warns of fails a case.
//!
//! ```text
//! cargo test -p bgp-wire --test tshark -- --ignored
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use bgp_wire::{
    AddPathDirection, Afi, Aggregator, Aigp, AsPathBuilder, Attribute, Capabilities, Capability,
    Community, Context, Destination, EthernetSegmentId, EvpnLabel, EvpnRoute, ExtendedCommunity,
    ExtendedNextHopEncoding, Family, FlowComponentType, FlowOperator, FlowSpecBuilder,
    GracefulRestart, GracefulRestartFamily, LabelStack, LargeCommunity, MacAddress, Message,
    NextHop, Notification, NotificationCode, Open, Origin, PathAttributes, PrefixSid,
    RefreshSubtype, RouteDistinguisher, RouteRefresh, RouteTargetMembership, Safi, SegmentKind,
    UpdateWriter, subcode,
};
use bytes::{Bytes, BytesMut};
use ipnet::IpNet;

#[path = "tshark/pcap.rs"]
mod pcap;

/// Bytes of one or more messages, and what tshark has to say of them.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    fields: Vec<(&'static str, String)>,
}

fn case(name: &'static str, bytes: impl AsRef<[u8]>, fields: &[(&'static str, &str)]) -> Case {
    let fields = fields.iter().map(|(field, value)| (*field, (*value).to_owned())).collect();
    Case { name, bytes: bytes.as_ref().to_vec(), fields }
}

/// These stand in the answer for every case.
const TYPE: &str = "bgp.type";
const STREAM: &str = "tcp.stream";
const SEVERITY: &str = "_ws.expert.severity";
const COMPLAINT: &str = "_ws.expert.message";
const MALFORMED: &str = "_ws.malformed";
/// Experts' severities from here on are warnings and errors.
const WARNING: u32 = 0x60_0000;

const ATTRIBUTES: &str = "bgp.update.path_attribute.type_code";
const PREFIX: &str = "bgp.nlri_prefix";
const LENGTH: &str = "bgp.prefix_length";
const PATH_ID: &str = "bgp.nlri_path_id";
const WITHDRAWN: &str = "bgp.withdrawn_prefix";
const REACH_V4: &str = "bgp.mp_reach_nlri_ipv4_prefix";
const REACH_V6: &str = "bgp.mp_reach_nlri_ipv6_prefix";
const REACH_AFI: &str = "bgp.update.path_attribute.mp_reach_nlri.afi";
const REACH_SAFI: &str = "bgp.update.path_attribute.mp_reach_nlri.safi";
const UNREACH_V6: &str = "bgp.mp_unreach_nlri_ipv6_prefix";
const UNREACH_AFI: &str = "bgp.update.path_attribute.mp_unreach_nlri.afi";
const NEXT_HOP: &str = "bgp.update.path_attribute.next_hop";
const NEXT_HOP_V6: &str = "bgp.update.path_attribute.mp_reach_nlri.next_hop.ipv6";
const LINK_LOCAL: &str = "bgp.update.path_attribute.mp_reach_nlri.next_hop.ipv6.link_local";
const SEGMENT: &str = "bgp.update.path_attribute.as_path_segment.type";
const AS2: &str = "bgp.update.path_attribute.as_path_segment.as2";
const AS4: &str = "bgp.update.path_attribute.as_path_segment.as4";

/// Runs tshark over all cases at once; the answer has one row of `fields` for each message.
fn dissect(cases: &[Case], fields: &[&str]) -> Vec<Vec<String>> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tshark.pcap");
    let capture = pcap::file(cases.iter().map(|case| &case.bytes[..]));
    std::fs::write(&file, capture).expect("a file can be written");
    let mut command = Command::new("tshark");
    command.arg("-r").arg(&file).args(["-Y", "bgp", "-T", "fields"]);
    command.args(["-E", "separator=|", "-E", "occurrence=a", "-E", "aggregator=,"]);
    // The checksums are checked so that the capture itself is above suspicion.
    command.args(["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.stdin(Stdio::null()).output().expect("tshark has to be installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tshark: {errors}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
}

/// Asserts that tshark sees in every case what it has to, and nothing to complain of.
fn check(cases: &[Case]) {
    let mut fields = vec![STREAM, TYPE, SEVERITY, COMPLAINT, MALFORMED];
    let special: BTreeSet<_> =
        cases.iter().flat_map(|case| &case.fields).map(|one| one.0).collect();
    fields.extend(special.into_iter().filter(|field| *field != TYPE));
    let rows = dissect(cases, &fields);
    let mut wrong = String::new();
    for (stream, case) in cases.iter().enumerate() {
        let rows: Vec<_> = rows.iter().filter(|row| row[0] == stream.to_string()).collect();
        if rows.is_empty() {
            let _ = writeln!(wrong, "{}: tshark sees no BGP message", case.name);
        }
        let value = |field| {
            let column = fields.iter().position(|one| *one == field).expect("asked for");
            let values = rows.iter().map(|row| &row[column][..]).filter(|value| !value.is_empty());
            values.collect::<Vec<_>>().join(",")
        };
        let severities = value(SEVERITY);
        let severities = severities.split(',').filter_map(|number| number.parse::<u32>().ok());
        if severities.max() >= Some(WARNING) || !value(MALFORMED).is_empty() {
            let _ = writeln!(wrong, "{}: {} {}", case.name, value(COMPLAINT), value(MALFORMED));
        }
        for (field, wanted) in &case.fields {
            let found = value(field);
            if found != *wanted {
                let _ = writeln!(wrong, "{}: {field} is {found:?}, not {wanted:?}", case.name);
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn wide() -> Context {
    Context { four_octet_as: true, ..Context::default() }
}

/// What `write` writes for a session of `context`.
fn update(context: &Context, write: impl FnOnce(&mut UpdateWriter<'_>)) -> BytesMut {
    let mut out = BytesMut::new();
    write(&mut UpdateWriter::new(&mut out, context));
    out
}

fn announce(
    context: &Context,
    attributes: &PathAttributes,
    family: Family,
    next_hop: &str,
    nets: &[&str],
) -> BytesMut {
    let next_hop = match next_hop.parse().expect("an address") {
        std::net::IpAddr::V4(address) => NextHop::V4(address),
        std::net::IpAddr::V6(address) => NextHop::V6(address, None),
    };
    let nets = nets.iter().map(|net| net.parse::<IpNet>().expect("a prefix"));
    update(context, |writer| {
        writer.announce(attributes.view(), family, &next_hop, nets).expect("room");
    })
}

fn sequence(asns: impl IntoIterator<Item = u32>) -> AsPathBuilder {
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, asns);
    path
}

/// ORIGIN and AS_PATH.
fn plain() -> PathAttributes {
    let mut attributes = PathAttributes::default();
    attributes.origin(Origin::Igp).as_path(&sequence([64496, 4_200_000_000]));
    attributes
}

/// Every attribute the builder knows.
fn rich() -> PathAttributes {
    let mut path = sequence([64496, 4_200_000_000]);
    path.segment(SegmentKind::Set, [64501, 64502]);
    let router = "192.0.2.99".parse().expect("an address");
    let mut attributes = PathAttributes::default();
    attributes
        .origin(Origin::Incomplete)
        .as_path(&path)
        .med(50)
        .local_pref(200)
        .atomic_aggregate()
        .aggregator(Aggregator { asn: 4_200_000_000, router })
        .communities([Community::new(64500, 7), Community::NO_EXPORT])
        .originator_id(router)
        .cluster_list(["192.0.2.97", "192.0.2.98"].map(|id| id.parse().expect("an address")))
        .extended_communities([ExtendedCommunity([0, 2, 0xfb, 0xf4, 0, 0, 0, 7])])
        .large_communities([LargeCommunity { global: 64500, local1: 1, local2: 2 }]);
    attributes
}

fn sessions() -> Vec<Case> {
    let families = [Family::IPV4_UNICAST, Family::IPV6_UNICAST];
    let capabilities: Capabilities = [
        Capability::Multiprotocol(Family::IPV4_UNICAST),
        Capability::Multiprotocol(Family::IPV6_UNICAST),
        Capability::RouteRefresh,
        Capability::ExtendedNextHop(
            [ExtendedNextHopEncoding { family: Family::IPV4_UNICAST, next_hop: Afi::IPV6 }]
                .into_iter()
                .collect(),
        ),
        Capability::ExtendedMessage,
        Capability::GracefulRestart(GracefulRestart {
            restarted: true,
            notification: true,
            restart_time: 120,
            families: families
                .map(|family| GracefulRestartFamily { family, forwarding: true })
                .into_iter()
                .collect(),
        }),
        Capability::AddPath(
            families.map(|family| (family, AddPathDirection::BOTH)).into_iter().collect(),
        ),
    ]
    .into_iter()
    .collect();
    let identifier = "192.0.2.1".parse().expect("an address");
    let open = Message::Open(Open::new(4_200_000_000, 90, identifier, capabilities));
    let small = Message::Open(Open::new(64496, 0, identifier, Capabilities::default()));
    let text = "planned work until 14:00";
    let data = [&[24], text.as_bytes()].concat();
    let shutdown = Notification::with_data(
        NotificationCode::CEASE,
        subcode::cease::ADMINISTRATIVE_SHUTDOWN,
        Bytes::from(data),
    );
    let expired = Notification::new(NotificationCode::HOLD_TIMER_EXPIRED, 0);
    let refresh =
        |family, subtype| Message::RouteRefresh(RouteRefresh::new(family, subtype)).to_bytes();
    vec![
        case(
            "OPEN",
            open.to_bytes(),
            &[
                (TYPE, "1"),
                ("bgp.open.myas", "23456"),
                ("bgp.open.holdtime", "90"),
                ("bgp.open.identifier", "192.0.2.1"),
                ("bgp.cap.type", "1,1,2,5,6,64,69,65"),
                ("bgp.cap.mp.afi", "1,2"),
                ("bgp.cap.mp.safi", "1,1"),
                ("bgp.cap.enh.afi", "1"),
                ("bgp.cap.enh.nhafi", "2"),
                ("bgp.cap.gr.timers.restart_time", "120"),
                ("bgp.cap.gr.afi", "1,2"),
                ("bgp.cap.ap.sendreceive", "3,3"),
                ("bgp.cap.4as", "4200000000"),
            ],
        ),
        case(
            "OPEN without capabilities",
            small.to_bytes(),
            &[(TYPE, "1"), ("bgp.open.myas", "64496"), ("bgp.open.opt.len", "0")],
        ),
        case("KEEPALIVE", Message::Keepalive.to_bytes(), &[(TYPE, "4")]),
        case(
            "a shutdown communication",
            Message::Notification(shutdown).to_bytes(),
            &[
                (TYPE, "3"),
                ("bgp.notify.major_error", "6"),
                ("bgp.notify.minor_error_cease", "2"),
                ("bgp.notify.communication", text),
            ],
        ),
        case(
            "the hold timer has expired",
            Message::Notification(expired).to_bytes(),
            &[
                (TYPE, "3"),
                ("bgp.notify.major_error", "4"),
                ("bgp.notify.minor_error_expired", "0"),
            ],
        ),
        case(
            "a request for the routes",
            refresh(Family::IPV6_UNICAST, RefreshSubtype::REQUEST),
            &[
                (TYPE, "5"),
                ("bgp.route_refresh.afi", "2"),
                ("bgp.route_refresh.subtype", "0"),
                ("bgp.route_refresh.safi", "1"),
            ],
        ),
        case(
            "the end of a refresh",
            refresh(Family::IPV4_UNICAST, RefreshSubtype::END),
            &[("bgp.route_refresh.afi", "1"), ("bgp.route_refresh.subtype", "2")],
        ),
    ]
}

fn ipv4_routes() -> Vec<Case> {
    // tshark guesses whether there are path identifiers, wrongly where a default route follows others.
    let nets = ["198.51.100.0/24", "203.0.113.128/25", "198.18.0.0/15"];
    let family = Family::IPV4_UNICAST;
    let withdrawn = |context: &Context| {
        let nets = nets.map(|net| net.parse::<IpNet>().expect("a prefix"));
        update(context, |writer| writer.withdraw(family, nets))
    };
    let add_path = Context { add_path: [family].into_iter().collect(), ..wide() };
    vec![
        case(
            "all attributes",
            announce(&wide(), &rich(), family, "192.0.2.1", &nets),
            &[
                (TYPE, "2"),
                (ATTRIBUTES, "1,2,3,4,5,6,7,8,9,10,16,32"),
                (PREFIX, "198.51.100.0,203.0.113.128,198.18.0.0"),
                (LENGTH, "24,25,15"),
                (NEXT_HOP, "192.0.2.1"),
                ("bgp.update.path_attribute.origin", "2"),
                (SEGMENT, "2,1"),
                (AS4, "64496,4200000000,64501,64502"),
                ("bgp.update.path_attribute.multi_exit_disc", "50"),
                ("bgp.update.path_attribute.local_pref", "200"),
                ("bgp.update.path_attribute.aggregator_as", "4200000000"),
                ("bgp.update.path_attribute.aggregator_origin", "192.0.2.99"),
                ("bgp.update.path_attribute.community_as", "64500"),
                ("bgp.update.path_attribute.community_value", "7"),
                ("bgp.update.path_attribute.community_wellknown", "0xffffff01"),
                ("bgp.update.path_attribute.originator_id", "192.0.2.99"),
                ("bgp.path_attribute.cluster_id", "192.0.2.97,192.0.2.98"),
                ("bgp.ext_com.stype_tr_as2", "0x02"),
                ("bgp.ext_com.value_as2", "64500"),
                ("bgp.large_communities.ga", "64500"),
                ("bgp.large_communities.ldp1", "1"),
                ("bgp.large_communities.ldp2", "2"),
            ],
        ),
        case(
            "2-octet AS",
            announce(&Context::default(), &rich(), family, "192.0.2.1", &nets),
            &[
                (ATTRIBUTES, "1,2,3,4,5,6,7,8,9,10,16,17,18,32"),
                (AS2, "64496,23456,64501,64502"),
                (AS4, "64496,4200000000,64501,64502"),
                (PREFIX, "198.51.100.0,203.0.113.128,198.18.0.0"),
            ],
        ),
        case(
            "a default route",
            announce(&wide(), &plain(), family, "192.0.2.1", &["0.0.0.0/0"]),
            &[(PREFIX, "0.0.0.0"), (LENGTH, "0")],
        ),
        case(
            "withdrawals",
            withdrawn(&wide()),
            &[
                (TYPE, "2"),
                (WITHDRAWN, "198.51.100.0,203.0.113.128,198.18.0.0"),
                (LENGTH, "24,25,15"),
                (ATTRIBUTES, ""),
            ],
        ),
        case(
            "end of RIB",
            update(&wide(), |writer| writer.end_of_rib(family)),
            &[(TYPE, "2"), ("bgp.length", "23")],
        ),
        case(
            "IPv6 next hop",
            announce(&wide(), &plain(), family, "2001:db8::1", &nets),
            &[
                (ATTRIBUTES, "14,1,2"),
                (REACH_AFI, "1"),
                (NEXT_HOP_V6, "2001:db8::1"),
                (REACH_V4, "198.51.100.0,203.0.113.128,198.18.0.0"),
                (LENGTH, "24,25,15"),
            ],
        ),
        case(
            "path identifiers",
            announce(&add_path, &plain(), family, "192.0.2.1", &nets),
            &[
                (ATTRIBUTES, "1,2,3"),
                (PREFIX, "198.51.100.0,203.0.113.128,198.18.0.0"),
                (LENGTH, "24,25,15"),
                (PATH_ID, "1,1,1"),
            ],
        ),
    ]
}

fn ipv6_routes() -> Vec<Case> {
    let nets = ["2001:db8:1::/48", "2001:db8:2:8000::/49", "::/0"];
    let family = Family::IPV6_UNICAST;
    let parsed = nets.map(|net| net.parse::<IpNet>().expect("a prefix"));
    let address = |text: &str| text.parse().expect("an address");
    let both = NextHop::V6(address("2001:db8::1"), Some(address("fe80::1")));
    let link_local = update(&wide(), |writer| {
        writer.announce(plain().view(), family, &both, parsed).expect("room");
    });
    vec![
        case(
            "IPv6",
            announce(&wide(), &rich(), family, "2001:db8::1", &nets),
            &[
                (TYPE, "2"),
                (ATTRIBUTES, "14,1,2,4,5,6,7,8,9,10,16,32"),
                (REACH_AFI, "2"),
                (NEXT_HOP_V6, "2001:db8::1"),
                (REACH_V6, "2001:db8:1::,2001:db8:2:8000::,::"),
                (LENGTH, "48,49,0"),
            ],
        ),
        case(
            "IPv6 with a link-local next hop too",
            link_local,
            &[
                (NEXT_HOP_V6, "2001:db8::1"),
                (LINK_LOCAL, "fe80::1"),
                (REACH_V6, "2001:db8:1::,2001:db8:2:8000::,::"),
            ],
        ),
        case(
            "IPv6 via IPv4",
            announce(&wide(), &plain(), family, "192.0.2.1", &nets),
            &[(NEXT_HOP_V6, "::ffff:192.0.2.1"), (REACH_V6, "2001:db8:1::,2001:db8:2:8000::,::")],
        ),
        case(
            "IPv6 withdrawals",
            update(&wide(), |writer| writer.withdraw(family, parsed)),
            &[
                (ATTRIBUTES, "15"),
                (UNREACH_AFI, "2"),
                (UNREACH_V6, "2001:db8:1::,2001:db8:2:8000::,::"),
                (LENGTH, "48,49,0"),
            ],
        ),
        case(
            "end of the IPv6 RIB",
            update(&wide(), |writer| writer.end_of_rib(family)),
            &[(ATTRIBUTES, "15"), (UNREACH_AFI, "2"), (UNREACH_V6, "")],
        ),
    ]
}

/// Messages of several segments, and paths of several segments. Extended messages are missing: tshark 4.0
/// takes a length above 4,096 for an error.
fn long() -> Vec<Case> {
    let family = Family::IPV4_UNICAST;
    let nets: Vec<_> = (0..2000).map(|n: u32| format!("10.{}.{}.0/24", n >> 8, n & 255)).collect();
    let nets: Vec<&str> = nets.iter().map(String::as_str).collect();
    let addresses: Vec<&str> = nets.iter().filter_map(|net| net.strip_suffix("/24")).collect();
    let asns: Vec<u32> = (0..300).map(|n| 4_200_000_000 + n).collect();
    let mut path = sequence(asns.iter().copied());
    path.segment(SegmentKind::ConfedSequence, [65101, 65102]);
    path.segment(SegmentKind::ConfedSet, [65103]);
    let mut attributes = PathAttributes::default();
    attributes.origin(Origin::Egp).as_path(&path);
    let mut wanted: Vec<String> = asns.iter().map(u32::to_string).collect();
    wanted.extend(["65101", "65102", "65103"].map(str::to_owned));
    vec![
        case(
            "two messages",
            announce(&wide(), &plain(), family, "192.0.2.1", &nets),
            &[(TYPE, "2,2"), (PREFIX, &addresses.join(","))],
        ),
        case(
            "a long path",
            announce(&wide(), &attributes, family, "192.0.2.1", &nets[..1]),
            &[(SEGMENT, "2,2,3,4"), (AS4, &wanted.join(","))],
        ),
    ]
}

/// A route of each family beside unicast: announced, and withdrawn.
fn other_families() -> Vec<Case> {
    let rd = RouteDistinguisher::two_octet_as(64500, 1);
    let labels: LabelStack = [100].into_iter().collect();
    let mut flows = [FlowSpecBuilder::ipv4(), FlowSpecBuilder::ipv6()];
    for flow in &mut flows {
        let at_least = FlowOperator::numeric(">=", 137).expect("an operator");
        let at_most = FlowOperator::numeric("<=", 139).expect("an operator").and();
        flow.operators(FlowComponentType::DESTINATION_PORT, [at_least, at_most])
            .operators(FlowComponentType::TCP_FLAGS, [FlowOperator::bitmask(0x12, true, false)]);
    }
    let mac_ip = EvpnRoute::MacIpAdvertisement {
        rd,
        esi: EthernetSegmentId::default(),
        ethernet_tag: 7,
        mac: MacAddress([0, 0, 0x5e, 0, 0x53, 1]),
        ip: Some("192.0.2.7".parse().expect("an address")),
        label1: EvpnLabel::mpls(100),
        label2: None,
    };
    let target = ExtendedCommunity([0, 2, 0xfb, 0xf4, 0, 0, 0, 7]);
    // tshark expects labels in SAFI 129; BIRD, as we do, none.
    let known = |family: &Family| !matches!(family.safi, Safi::UNICAST | Safi::VPN_MULTICAST);
    let others = Family::KNOWN.into_iter().filter(known);
    let mut cases = Vec::new();
    for family in others {
        let ipv6 = family.afi == Afi::IPV6;
        let flow = flows[usize::from(ipv6)].view();
        let prefix = if ipv6 { "2001:db8:1::/48" } else { "198.51.100.0/24" };
        let prefix = prefix.parse().expect("a prefix");
        let route = match family.safi {
            Safi::MULTICAST => Destination::Prefix(prefix),
            Safi::LABELLED => Destination::Labelled { labels: labels.clone(), prefix },
            Safi::VPN => Destination::LabelledVpn { labels: labels.clone(), rd, prefix },
            Safi::FLOW_SPEC => Destination::FlowSpec(flow),
            Safi::VPN_FLOW_SPEC => Destination::VpnFlowSpec { rd, flow },
            Safi::EVPN => Destination::Evpn(mac_ip),
            _ => Destination::RouteTarget(RouteTargetMembership::new(64500, target)),
        };
        let hop = if ipv6 { "2001:db8::1" } else { "192.0.2.1" };
        let hop = NextHop::from(hop.parse::<std::net::IpAddr>().expect("an address"));
        let announced = update(&wide(), |writer| {
            let (view, routes) = (plain(), [route.clone()]);
            match family.safi {
                Safi::FLOW_SPEC | Safi::VPN_FLOW_SPEC => {
                    writer.announce_without_next_hop(view.view(), family, routes)
                }
                _ => writer.announce(view.view(), family, &hop, routes),
            }
            .expect("room");
        });
        let withdrawn = update(&wide(), |writer| writer.withdraw(family, [route]));
        let (afi, safi) = (family.afi.0.to_string(), family.safi.0.to_string());
        cases.push(case(
            "a route of another family",
            announced,
            &[(TYPE, "2"), (ATTRIBUTES, "14,1,2"), (REACH_AFI, &afi), (REACH_SAFI, &safi)],
        ));
        cases.push(case(
            "a withdrawal of another family",
            withdrawn,
            &[(TYPE, "2"), (ATTRIBUTES, "15"), (UNREACH_AFI, &afi)],
        ));
    }
    cases
}

/// Attributes that only some families, or few networks, have.
fn rare_attributes() -> Vec<Case> {
    let mut attributes = plain();
    let aigp = [1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 100];
    attributes
        .put(&Attribute::Aigp(Aigp::new(&aigp)))
        .put(&Attribute::OnlyToCustomer(64500))
        .put(&Attribute::PrefixSid(PrefixSid::new(&[1, 0, 7, 0, 0, 0, 0, 0, 0, 42])));
    vec![case(
        "AIGP, OTC and prefix SID",
        announce(&wide(), &attributes, Family::IPV4_UNICAST, "192.0.2.1", &["198.51.100.0/24"]),
        &[(ATTRIBUTES, "1,2,3,26,35,40"), (PREFIX, "198.51.100.0")],
    )]
}

#[test]
#[ignore = "needs tshark"]
fn tshark_reads_what_we_write() {
    check(
        &[sessions(), ipv4_routes(), ipv6_routes(), long(), other_families(), rare_attributes()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>(),
    );
}
