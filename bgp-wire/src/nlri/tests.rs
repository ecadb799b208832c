use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use core::net::{Ipv4Addr, Ipv6Addr};

use bytes::BytesMut;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::*;
use crate::iana::Safi;
use crate::{
    EthernetSegmentId, EvpnLabel, EvpnRoute, EvpnRouteType, ExtendedCommunity, FlowComponent,
    FlowComponentType, FlowOperator, FlowSpec, FlowSpecBuilder, LabelStack, MacAddress,
    RouteDistinguisher, RouteTargetMembership,
};

fn decode(family: Family, bytes: &[u8], add_path: bool) -> Result<Vec<IpNet>, usize> {
    let form = Form { add_path, ..Form::default() };
    Nlri::decode_form(family, bytes, form).map(|nlri| nlri.prefixes().collect())
}

#[test]
fn bits_behind_the_length_mean_nothing() {
    let nets = decode(Family::IPV4_UNICAST, &[0, 9, 10, 255, 32, 192, 0, 2, 1], false);
    let texts: Vec<_> = nets.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(texts, ["0.0.0.0/0", "10.128.0.0/9", "192.0.2.1/32"]);
}

#[test]
fn a_prefix_too_long_or_cut_off_is_an_error_with_its_place() {
    assert_eq!(decode(Family::IPV4_UNICAST, &[8, 10, 33, 1, 2, 3, 4, 5], false), Err(2));
    assert_eq!(decode(Family::IPV6_UNICAST, &[129], false), Err(0));
    assert_eq!(decode(Family::IPV4_UNICAST, &[8, 10, 24, 10, 0], false), Err(2));
    assert_eq!(decode(Family::IPV4_UNICAST, &[0, 0, 0], true), Err(0));
}

#[test]
fn path_identifiers_are_read() {
    let bytes = [0, 0, 0, 7, 8, 10];
    let form = Form { add_path: true, ..Form::default() };
    let nlri = Nlri::decode_form(Family::IPV4_UNICAST, &bytes, form).expect("well formed");
    let net = "10.0.0.0/8".parse().expect("a prefix");
    assert_eq!(nlri.prefixes().next_with_path_id(), Some((Some(7), net)));
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64), add_path: bool, v6: bool) {
        let family = if v6 { Family::IPV6_UNICAST } else { Family::IPV4_UNICAST };
        let _ = decode(family, &bytes, add_path);
    }

    #[test]
    fn what_is_encoded_comes_back(parts in prop::collection::vec((any::<u128>(), 0u8..=128), 0..20)) {
        let v6 = parts.iter().filter_map(|(a, l)| Ipv6Net::new(Ipv6Addr::from(*a), *l).ok());
        let nets: Vec<IpNet> = v6.map(|net| IpNet::V6(net.trunc())).collect();
        let mut out = BytesMut::new();
        nets.iter().for_each(|net| encode_prefix(net, &mut out));
        prop_assert_eq!(decode(Family::IPV6_UNICAST, &out, false), Ok(nets));
        let v4 = parts.iter().filter_map(|(a, l)| Ipv4Net::new(Ipv4Addr::from(*a as u32), *l / 4).ok());
        let nets: Vec<IpNet> = v4.map(|net| IpNet::V4(net.trunc())).collect();
        let mut out = BytesMut::new();
        nets.iter().for_each(|net| encode_prefix(net, &mut out));
        prop_assert_eq!(decode(Family::IPV4_UNICAST, &out, false), Ok(nets));
    }
}

// ---- all families ----

fn texts(family: Family, bytes: &[u8], form: Form) -> Result<Vec<alloc::string::String>, usize> {
    let nlri = Nlri::decode_form(family, bytes, form)?;
    Ok(nlri.destinations().map(|(_, destination)| destination.to_string()).collect())
}

fn plain(family: Family, bytes: &[u8]) -> Result<Vec<alloc::string::String>, usize> {
    texts(family, bytes, Form::default())
}

const RD: [u8; 8] = [0, 0, 0xfd, 0xe8, 0, 0, 0, 1];

#[test]
fn rfc8277_2_2_one_label() {
    let field = [48, 0, 6, 0x41, 10, 0, 0, 24, 0, 0, 0x11];
    let expected = ["10.0.0.0/24 label 100", "0.0.0.0/0 label 1"];
    assert_eq!(plain(Family::IPV4_LABELLED, &field).as_deref(), Ok(&expected.map(Into::into)[..]));
    // "the S bit … be ignored on reception"
    let field = [48, 0, 6, 0x40, 10, 0, 0];
    assert_eq!(plain(Family::IPV4_LABELLED, &field), Ok(vec!["10.0.0.0/24 label 100".into()]));
    // Not even where an octet of the prefix looks like the bottom of a stack
    let field = [&[112, 0, 6, 0x40][..], &[0, 0, 0xfd, 0xe9, 0, 0, 0, 1], &[10, 0, 0]].concat();
    assert_eq!(plain(Family::IPV4_VPN, &field), Ok(vec!["65001:1:10.0.0.0/24 label 100".into()]));
    let field = [48, 0, 0, 0, 10, 0, 1];
    assert_eq!(plain(Family::IPV4_LABELLED, &field), Ok(vec!["10.0.1.0/24 label 0".into()]));
    assert_eq!(plain(Family::IPV4_LABELLED, &[23, 0, 6, 0x41]), Err(0));
    assert_eq!(plain(Family::IPV4_LABELLED, &[57, 0, 6, 0x41, 1, 2, 3, 4, 5]), Err(0));
    assert_eq!(plain(Family::IPV4_LABELLED, &[48, 0, 6, 0x41, 10, 0]), Err(0));
}

#[test]
fn rfc8277_2_3_several_labels() {
    let field = [56, 0, 6, 0x40, 0, 0xc, 0x81, 10];
    let expected = Ok(vec!["10.0.0.0/8 label 100/200".into()]);
    assert_eq!(plain(Family::IPV4_LABELLED, &field), expected);
    // "failure to set the S bit in the last label will make it impossible to parse the NLRI correctly"
    let field = [72, 0, 6, 0x40, 0, 0xc, 0x80, 10, 0, 0];
    assert_eq!(plain(Family::IPV4_LABELLED, &field), Err(0));
}

#[test]
fn rfc8277_2_4_withdrawn_labels_mean_nothing() {
    let form = Form { labels: Labels::Compatibility, ..Form::default() };
    for compatibility in [[0x80, 0, 0], [0, 0, 0], [0, 6, 0x40]] {
        let field = [&[32][..], &compatibility, &[10]].concat();
        let expected = Ok(vec!["10.0.0.0/8".into()]);
        assert_eq!(texts(Family::IPV4_LABELLED, &field, form), expected);
    }
    let mut out = BytesMut::new();
    let destination = Destination::Labelled {
        labels: [100, 200].into_iter().collect(),
        prefix: "10.0.0.0/8".parse().expect("a prefix"),
    };
    assert_eq!(destination.encode_nlri(Family::IPV4_LABELLED, true, &mut out), Ok(()));
    assert_eq!(out[..], [32, 0x80, 0, 0, 10]);
}

#[test]
fn rfc4364_4_3_4_vpn_prefixes() {
    let field = [&[96, 0, 6, 0x41][..], &RD, &[10]].concat();
    assert_eq!(plain(Family::IPV4_VPN, &field), Ok(vec!["65000:1:10.0.0.0/8 label 100".into()]));
    let field = [&[120, 0, 6, 0x41][..], &RD, &[0x20, 1, 0xd, 0xb8]].concat();
    assert_eq!(plain(Family::IPV6_VPN, &field), Ok(vec!["65000:1:2001:db8::/32 label 100".into()]));
    let field = [&[72][..], &RD, &[10]].concat();
    assert_eq!(plain(Family::IPV4_VPN_MULTICAST, &field), Ok(vec!["65000:1:10.0.0.0/8".into()]));
    assert_eq!(plain(Family::IPV4_VPN_MULTICAST, &[63, 0, 0, 0, 0, 0, 0, 0, 0]), Err(0));
}

/// The examples of RFC 8955 §4.3 and RFC 8956 §3.8 (where Table 1 has a slip of one digit: bb for b8)
#[test]
fn rfc8955_4_3_examples() {
    let hex = |text: &str| -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(|digit| *digit != b' ').collect();
        let pair = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok();
        digits.chunks(2).filter_map(pair).collect()
    };
    for (family, bytes, text) in [
        (
            Family::IPV4_FLOW_SPEC,
            "0b 01 18 c0 00 02 03 81 06 04 81 19",
            "dst 192.0.2.0/24; proto = 6; port = 25",
        ),
        (
            Family::IPV4_FLOW_SPEC,
            "12 01 18 c0 00 02 02 18 cb 00 71 04 03 89 45 8b 91 1f 90",
            "dst 192.0.2.0/24; src 203.0.113.0/24; port >= 137 && <= 139 || = 8080",
        ),
        (
            Family::IPV4_FLOW_SPEC,
            "09 01 20 c0 00 02 01 0c 80 05",
            "dst 192.0.2.1/32; fragment any 0x5",
        ),
        (
            Family::IPV6_FLOW_SPEC,
            "12 01 20 00 20 01 0d b8 02 68 40 12 34 56 78 9a 03 81 06",
            "dst 2001:db8::/32; src ::1234:5678:9a00:0/64-104; proto = 6",
        ),
        (
            Family::IPV6_FLOW_SPEC,
            "0f 01 20 00 20 01 0d b8 02 68 41 24 68 ac f1 34",
            "dst 2001:db8::/32; src ::1234:5678:9a00:0/65-104",
        ),
    ] {
        let bytes = hex(bytes);
        assert_eq!(plain(family, &bytes), Ok(vec![text.into()]), "{text}");
        let nlri = Nlri::decode(family, &bytes, &Context::default()).expect("well formed");
        let mut out = BytesMut::new();
        for (_, destination) in nlri.destinations() {
            assert_eq!(destination.encode_nlri(family, false, &mut out), Ok(()));
        }
        assert_eq!(out[..], bytes);
    }
}

/// RFC 8955 §4.2: order, unknown types, and what does not parse
#[test]
fn rfc8955_4_2_malformed_flow_specifications() {
    for value in [
        &[][..],                    // no component
        &[4, 0x81, 25, 3, 0x81, 6], // order
        &[3, 0x81, 6, 3, 0x81, 6],  // twice
        &[0, 0x81, 6],              // unknown
        &[13, 0x81, 6],             // IPv6 alone
        &[3],                       // no operator
        &[3, 0x01, 6],              // no end
        &[3, 0x91, 6],              // cut off
        &[1, 33, 1, 2, 3, 4, 5],    // too long
        &[1, 24, 10, 0],            // cut off
    ] {
        let field = [&[u8::try_from(value.len()).unwrap_or(0)][..], value].concat();
        assert_eq!(plain(Family::IPV4_FLOW_SPEC, &field), Err(0), "{value:?}");
    }
    // RFC 8956 §3.1: offset < length < 129
    for value in [&[1, 32, 32][..], &[1, 32, 40], &[1, 129, 0], &[1, 0, 1]] {
        let mut field = vec![u8::try_from(value.len() + 17).unwrap_or(0)];
        field.extend_from_slice(value);
        field.extend([0; 17]);
        assert_eq!(plain(Family::IPV6_FLOW_SPEC, &field), Err(0), "{value:?}");
    }
}

/// RFC 8955 §4.1: 240 is where the length gets two octets
#[test]
fn rfc8955_4_1_length() {
    for (count, header) in [(119, 1), (120, 2), (2000, 2)] {
        let mut flow = FlowSpecBuilder::ipv4();
        let one = FlowOperator { bits: 1, value: 7 };
        flow.operators(FlowComponentType::PORT, core::iter::repeat_n(one, count));
        let length = 1 + 2 * count;
        assert_eq!(flow.view().bytes().len(), length);
        let mut out = BytesMut::new();
        let written =
            Destination::FlowSpec(flow.view()).encode_nlri(Family::IPV4_FLOW_SPEC, false, &mut out);
        assert_eq!(written, Ok(()));
        assert_eq!(out.len(), header + length);
        let nlri =
            Nlri::decode(Family::IPV4_FLOW_SPEC, &out, &Context::default()).expect("well formed");
        let list: Vec<_> = nlri.destinations().map(|(_, destination)| destination).collect();
        assert_eq!(list, [Destination::FlowSpec(flow.view())]);
    }
    // More than 4,095 octets no length field can count.
    let mut flow = FlowSpecBuilder::ipv4();
    let one = FlowOperator { bits: 1, value: 7 };
    flow.operators(FlowComponentType::PORT, core::iter::repeat_n(one, 2048));
    let mut out = BytesMut::new();
    let written =
        Destination::FlowSpec(flow.view()).encode_nlri(Family::IPV4_FLOW_SPEC, false, &mut out);
    assert_eq!(written, Err(NotEncoded::Impossible));
    assert!(out.is_empty());
}

#[test]
fn a_flow_specification_is_built_in_order() {
    let mut flow = FlowSpecBuilder::ipv6();
    flow.operators(FlowComponentType::FLOW_LABEL, [FlowOperator { bits: 1, value: 5 }])
        .operators(FlowComponentType::TCP_FLAGS, [FlowOperator::bitmask(2, true, false)])
        .prefix(FlowComponentType::DESTINATION_PREFIX, "2001:db8::/32".parse().expect("a prefix"))
        .pattern(FlowComponentType::SOURCE_PREFIX, "::1:0:0/104".parse().expect("a prefix"), 64)
        .operators(FlowComponentType::TCP_FLAGS, [FlowOperator::bitmask(0x12, false, true).and()])
        .prefix(FlowComponentType::DESTINATION_PREFIX, "10.0.0.0/8".parse().expect("a prefix"));
    let text = "dst 2001:db8::/32; src ::1:0:0/64-104; tcp flags not any 0x12; label = 5";
    assert_eq!(flow.view().to_string(), text);
    assert_eq!(FlowSpec::new(true, flow.view().bytes()), Some(flow.view()));
    // RFC 8956 §3.7: "SHOULD be encoded as 4-octet quantities"
    assert!(flow.view().bytes().ends_with(&[13, 0xa1, 0, 0, 0, 5]));
}

fn esi() -> EthernetSegmentId {
    EthernetSegmentId([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
}

/// One of each type, in the lengths that RFC 7432 §7 and RFC 9136 §3.1 say
#[test]
fn rfc7432_7_route_types() {
    let rd = RouteDistinguisher(RD);
    let (mac, v4, v6) = (MacAddress([2, 0, 0, 0, 0, 1]), [192, 0, 2, 1], [0x20; 16]);
    let prefix = |text: &str| text.parse().expect("a prefix");
    let label = EvpnLabel::mpls(100);
    let mac_ip = |ip, label2| EvpnRoute::MacIpAdvertisement {
        rd,
        esi: esi(),
        ethernet_tag: 7,
        mac,
        ip,
        label1: label,
        label2,
    };
    let ip_prefix = |net: &str, gateway| EvpnRoute::IpPrefix {
        rd,
        esi: esi(),
        ethernet_tag: 7,
        prefix: prefix(net),
        gateway,
        label: EvpnLabel::vni(0x12_3456),
    };
    for (route, length, text) in [
        (
            EvpnRoute::EthernetAutoDiscovery { rd, esi: esi(), ethernet_tag: 7, label },
            25,
            "[1][65000:1][00:01:02:03:04:05:06:07:08:09][7] label 1601",
        ),
        (
            mac_ip(None, None),
            33,
            "[2][65000:1][7][02:00:00:00:00:01] esi 00:01:02:03:04:05:06:07:08:09 label 1601",
        ),
        (
            mac_ip(Some(v4.into()), Some(label)),
            40,
            "[2][65000:1][7][02:00:00:00:00:01][192.0.2.1] esi 00:01:02:03:04:05:06:07:08:09 label 1601/1601",
        ),
        (
            EvpnRoute::InclusiveMulticastEthernetTag { rd, ethernet_tag: 7, originator: v4.into() },
            17,
            "[3][65000:1][7][192.0.2.1]",
        ),
        (
            EvpnRoute::EthernetSegment { rd, esi: esi(), originator: v6.into() },
            35,
            "[4][65000:1][00:01:02:03:04:05:06:07:08:09][2020:2020:2020:2020:2020:2020:2020:2020]",
        ),
        (
            ip_prefix("10.0.0.0/8", v4.into()),
            34,
            "[5][65000:1][7][10.0.0.0/8] esi 00:01:02:03:04:05:06:07:08:09 gateway 192.0.2.1 label 1193046",
        ),
        (
            ip_prefix("2001:db8::/32", core::net::IpAddr::from([0; 16])),
            58,
            "[5][65000:1][7][2001:db8::/32] esi 00:01:02:03:04:05:06:07:08:09 gateway :: label 1193046",
        ),
        (EvpnRoute::Unknown { kind: EvpnRouteType(9), value: &[0xab, 1] }, 2, "[9]ab01"),
    ] {
        let mut out = BytesMut::new();
        assert_eq!(Destination::Evpn(route).encode_nlri(Family::EVPN, false, &mut out), Ok(()));
        assert_eq!((out[0], out[1], out.len()), (route.kind().0, length, usize::from(length) + 2));
        let nlri = Nlri::decode(Family::EVPN, &out, &Context::default()).expect("well formed");
        let list: Vec<_> = nlri.destinations().map(|(_, destination)| destination).collect();
        assert_eq!(list, [Destination::Evpn(route)]);
        assert_eq!(route.to_string(), text);
        // Cut off, and one octet too many
        for length in 1..out.len() {
            assert_eq!(plain(Family::EVPN, &out[..length]), Err(0), "{text}");
        }
        if !matches!(route, EvpnRoute::Unknown { .. }) {
            let mut long = out.to_vec();
            long[1] += 1;
            long.push(0);
            assert_eq!(plain(Family::EVPN, &long), Err(0), "{text}");
        }
    }
}

/// RFC 4684 §4
#[test]
fn rfc4684_4_route_target_membership() {
    let target = ExtendedCommunity([0, 2, 0xfd, 0xe8, 0, 0, 0, 1]);
    let whole = RouteTargetMembership::new(65001, target);
    let part = RouteTargetMembership::prefix(65001, target, 16);
    let field = [
        &[0, 96, 0, 0, 0xfd, 0xe9][..],
        &target.0,
        &[48, 0, 0, 0xfd, 0xe9, 0, 2, 32, 0, 0, 0xfd, 0xe9],
    ]
    .concat();
    let nlri =
        Nlri::decode(Family::ROUTE_TARGET, &field, &Context::default()).expect("well formed");
    let any = RouteTargetMembership::prefix(65001, target, 0);
    let list: Vec<_> = nlri.destinations().map(|(_, destination)| destination).collect();
    let expected = [RouteTargetMembership::DEFAULT, whole, part, any];
    assert_eq!(list, expected.map(Destination::RouteTarget));
    let texts: Vec<_> = list.iter().map(ToString::to_string).collect();
    assert_eq!(texts.first().map(|text| &text[..]), Some("default"));
    assert_eq!(texts.get(1).map(|text| &text[..]), Some("65001 rt:65000:1"));
    for length in [1, 31, 97, 255] {
        let field = [&[length][..], &[0; 32]].concat();
        assert_eq!(plain(Family::ROUTE_TARGET, &field), Err(0));
    }
    let other = ExtendedCommunity([0, 2, 0xfd, 0xe8, 0, 0, 0, 2]);
    let wanted = |member: RouteTargetMembership| [member.matches(target), member.matches(other)];
    assert_eq!(wanted(whole), [true, false]);
    assert_eq!([wanted(part), wanted(any)], [[true, true]; 2]);
    assert_eq!(wanted(RouteTargetMembership::DEFAULT), [true, true]);
}

#[test]
fn route_distinguishers_as_text() {
    for (octets, text) in [
        ([0, 0, 0xfd, 0xe8, 0, 0, 0, 1], "65000:1"),
        ([0, 1, 192, 0, 2, 1, 0, 7], "192.0.2.1:7"),
        ([0, 2, 0xfa, 0x56, 0xea, 0, 0, 9], "4200000000:9"),
        ([0, 2, 0, 0, 0xfd, 0xe8, 0, 1], "65000L:1"),
        ([0, 3, 0, 0, 0, 0, 0, 1], "0x0003000000000001"),
        ([1, 0, 0, 0, 0, 0, 0, 1], "0x0100000000000001"),
    ] {
        let rd = RouteDistinguisher(octets);
        assert_eq!((rd.to_string().as_str(), text.parse()), (text, Ok(rd)));
    }
    for text in [
        "",
        "1",
        ":",
        "1:",
        ":1",
        "65000:4294967296",
        "70000:65536",
        "1:-1",
        "+1:1",
        "0x1",
        "1.2.3:4",
        "L:1",
    ] {
        assert!(text.parse::<RouteDistinguisher>().is_err(), "{text}");
    }
}

fn any_net(ipv6: bool) -> impl Strategy<Value = IpNet> {
    (any::<u128>(), 0u8..=128).prop_filter_map("too long", move |(bits, length)| {
        Some(if ipv6 {
            IpNet::V6(Ipv6Net::new(Ipv6Addr::from(bits), length).ok()?.trunc())
        } else {
            IpNet::V4(Ipv4Net::new(Ipv4Addr::from(bits as u32), length / 4).ok()?.trunc())
        })
    })
}

proptest! {
    /// decode(encode(x)) = x for labels, distinguishers, prefixes, path identifiers.
    #[test]
    fn labelled_routes_come_back(
        ipv6: bool,
        id in any::<Option<u32>>(),
        (kind, rd) in (0u8..3, any::<[u8; 6]>()),
        labels in prop::collection::vec(1u32..0x8_0000, 1..3),
        (v4, v6) in (any_net(false), any_net(true)),
    ) {
        let labels: LabelStack = labels.into_iter().collect();
        let [a, b, c, d, e, f] = rd;
        let rd = RouteDistinguisher([0, kind, a, b, c, d, e, f]);
        let prefix = if ipv6 { v6 } else { v4 };
        let afi = if ipv6 { Afi::IPV6 } else { Afi::IPV4 };
        let list = [
            (Safi::UNICAST, Destination::Prefix(prefix)),
            (Safi::MULTICAST, Destination::Prefix(prefix)),
            (Safi::LABELLED, Destination::Labelled { labels: labels.clone(), prefix }),
            (Safi::VPN, Destination::LabelledVpn { labels, rd, prefix }),
            (Safi::VPN_MULTICAST, Destination::Vpn { rd, prefix }),
        ];
        let form = Form { add_path: id.is_some(), ..Form::default() };
        for (safi, destination) in list {
            let family = Family { afi, safi };
            let mut out = BytesMut::new();
            id.iter().for_each(|id| out.extend_from_slice(&id.to_be_bytes()));
            prop_assert_eq!(destination.encode_nlri(family, false, &mut out), Ok(()));
            let nlri = Nlri::decode_form(family, &out, form).expect("well formed");
            prop_assert_eq!(nlri.destinations().collect::<Vec<_>>(), [(id, destination)]);
        }
    }

    /// decode(encode(x)) = x, and the text of distinguishers parses back.
    #[test]
    fn flow_specifications_come_back(
        ipv6: bool,
        nets in (any_net(false), any_net(true)),
        lists in prop::collection::vec((3u8..14, prop::collection::vec((0u8..8, any::<bool>(), any::<u64>(), 0u32..64), 1..5)), 1..6),
        rd in any::<[u8; 8]>(),
    ) {
        let mut flow = if ipv6 { FlowSpecBuilder::ipv6() } else { FlowSpecBuilder::ipv4() };
        flow.prefix(FlowComponentType::SOURCE_PREFIX, nets.0).prefix(FlowComponentType::SOURCE_PREFIX, nets.1);
        let mut expected = std::collections::BTreeMap::new();
        for (kind, list) in lists {
            let mut list: Vec<_> = list
                .into_iter()
                .map(|(bits, and, value, shift)| FlowOperator { bits: bits | if and { 0x40 } else { 0 }, value: value >> shift })
                .collect();
            flow.operators(FlowComponentType(kind), list.clone());
            if let Some(first) = list.first_mut() {
                first.bits &= 7;
            }
            if kind != 13 || ipv6 {
                expected.insert(kind, list);
            }
        }
        let view = FlowSpec::new(ipv6, flow.view().bytes()).expect("well formed");
        let mut found = std::collections::BTreeMap::new();
        for component in view.components() {
            match component {
                FlowComponent::Prefix { prefix, .. } => prop_assert_eq!(prefix, if ipv6 { nets.1 } else { nets.0 }),
                FlowComponent::Operators { kind, operators } => {
                    found.insert(kind.0, operators.iter().collect::<Vec<_>>());
                }
            }
        }
        prop_assert_eq!(found, expected);
        let family = Family { afi: if ipv6 { Afi::IPV6 } else { Afi::IPV4 }, safi: Safi::VPN_FLOW_SPEC };
        let destination = Destination::VpnFlowSpec { rd: RouteDistinguisher(rd), flow: view };
        let mut out = BytesMut::new();
        prop_assert_eq!(destination.encode_nlri(family, false, &mut out), Ok(()));
        let nlri = Nlri::decode(family, &out, &Context::default()).expect("well formed");
        prop_assert_eq!(nlri.destinations().map(|(_, one)| one).collect::<Vec<_>>(), [destination]);
        let rd = RouteDistinguisher(rd);
        prop_assert_eq!(rd.to_string().parse(), Ok(rd));
    }

    /// Random octets of every family, in every form.
    #[test]
    fn no_family_panics(
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        choice in 0..Family::KNOWN.len(),
        [add_path, withdrawn] in any::<[bool; 2]>(),
    ) {
        let form = Form { add_path, labels: if withdrawn { Labels::Compatibility } else { Labels::Kept } };
        let _ = texts(Family::KNOWN[choice], &bytes, form);
    }
}

/// More prefixes than any message has
#[test]
fn a_long_field_is_counted() {
    let zeros = alloc::vec![0; 70_000];
    let nlri =
        Nlri::decode(Family::IPV4_UNICAST, &zeros, &Context::default()).expect("well formed");
    assert_eq!((nlri.prefixes().len(), nlri.prefixes().count()), (70_000, 70_000));
}
