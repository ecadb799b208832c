#![allow(clippy::indexing_slicing)]

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt::{Debug, Display};
use core::str::FromStr;

use proptest::prelude::*;

use super::*;

/// Prints as the text, and is read from it.
fn is<T>(value: T, text: &str)
where
    T: Copy + Debug + Display + PartialEq + FromStr<Err = ParseCommunityError>,
{
    assert_eq!(value.to_string(), text);
    assert_eq!(format!("{value:?}"), text);
    assert_eq!(text.parse(), Ok(value), "{text}");
}

/// Offset of the error, and what was expected
fn error<T: Debug + FromStr<Err = ParseCommunityError>>(text: &str) -> (usize, &'static str) {
    let error = text.parse::<T>().expect_err(text);
    (error.offset, error.expected)
}

#[test]
fn standard_communities() {
    is(Community::new(65000, 100), "65000:100");
    is(Community(0), "0:0");
    is(Community(u32::MAX), "65535:65535");
}

/// RFC 8326 §4.1, RFC 7611 §2.1, RFC 9494, RFC 7999 §2, RFC 1997, RFC 3765 §2
#[test]
fn well_known_communities_have_names() {
    for (high, low, name) in [
        (65535, 0, "graceful-shutdown"),
        (65535, 1, "accept-own"),
        (65535, 6, "llgr-stale"),
        (65535, 7, "no-llgr"),
        (65535, 666, "blackhole"),
        (65535, 65281, "no-export"),
        (65535, 65282, "no-advertise"),
        (65535, 65283, "no-export-subconfed"),
        (65535, 65284, "nopeer"),
    ] {
        let community = Community::new(high, low);
        // The plain form stays in numbers.
        is(community, &format!("{high}:{low}"));
        assert_eq!((community.name(), format!("{community:#}")), (Some(name), name.into()));
        let shouted = name.to_uppercase().replace('-', "_");
        assert_eq!((name.parse(), shouted.parse()), (Ok(community), Ok(community)));
    }
    assert_eq!(format!("{:#}", Community::new(65000, 1)), "65000:1");
    let named = (0..=u16::MAX).filter(|low| Community::new(65535, *low).name().is_some());
    assert_eq!(named.count(), 15);
}

#[test]
fn large_communities() {
    is(LargeCommunity { global: 65001, local1: 1, local2: 2 }, "65001:1:2");
    let all = u32::MAX;
    let text = "4294967295:4294967295:4294967295";
    is(LargeCommunity { global: all, local1: all, local2: all }, text);
}

/// "MUST NOT contain leading zeros"; no signs either
#[test]
fn rfc8092_5_canonical_representation() {
    for (text, offset) in [
        ("", 0),
        ("065001:1:2", 0),
        ("65001:01:2", 6),
        ("65001:1:+2", 8),
        ("65001:1:00", 8),
        ("65001:1:-0", 8),
        ("65001:1:", 8),
        ("4294967296:1:2", 0),
        (" 65001:1:2", 0),
    ] {
        let expected = (offset, "a number up to 4294967295");
        assert_eq!(error::<LargeCommunity>(text), expected, "{text}");
    }
    assert_eq!(error::<LargeCommunity>("65001:1"), (7, "a colon"));
    assert_eq!(error::<LargeCommunity>("1:2:3:4"), (5, "the end"));
}

#[test]
fn flaws_of_standard_communities_are_told() {
    let first = "a number up to 65535 or the name of a well-known community";
    for text in ["", "65536:1", "no-exports", "no export", "нет:1", ":1"] {
        assert_eq!(error::<Community>(text), (0, first), "{text}");
    }
    assert_eq!(error::<Community>("1"), (1, "a colon"));
    assert_eq!(error::<Community>("1:65536"), (2, "a number up to 65535"));
    assert_eq!(error::<Community>("1:2:3"), (3, "the end"));
}

/// Octets and text of every kind
#[test]
fn extended_communities() {
    let texts = [
        // RFC 4360 §4, §5, RFC 5668 §2
        ([0, 2, 0xfd, 0xe8, 0, 0, 0, 1], "rt:65000:1"),
        ([1, 2, 192, 0, 2, 1, 0, 7], "rt:192.0.2.1:7"),
        ([2, 2, 0, 3, 0xd, 0x40, 0, 5], "rt:200000:5"),
        ([2, 2, 0, 0, 0xfd, 0xe8, 0, 5], "rt:65000L:5"),
        ([0, 3, 0xfd, 0xe8, 0xff, 0xff, 0xff, 0xff], "ro:65000:4294967295"),
        ([1, 3, 192, 0, 2, 1, 0, 7], "ro:192.0.2.1:7"),
        ([2, 3, 0, 3, 0xd, 0x40, 0, 5], "ro:200000:5"),
        // RFC 4577 §4.2.4, §4.2.6
        ([0, 5, 0, 0, 0, 0, 0, 0], "ospf-domain-id:0:0"),
        ([1, 5, 192, 0, 2, 1, 2, 0], "ospf-domain-id:192.0.2.1:512"),
        ([1, 7, 192, 0, 2, 1, 0, 0], "ospf-router-id:192.0.2.1"),
        ([3, 6, 0, 0, 0, 1, 5, 1], "ospf-route-type:0.0.0.1:5:1"),
        // RFC 10005: 1 Gbit/s
        ([0x40, 4, 0xfd, 0xe8, 0x4c, 0xee, 0x6b, 0x28], "link-bandwidth:65000:125000000"),
        ([0, 4, 0, 1, 0x3f, 0, 0, 0], "transitive-link-bandwidth:1:0.5"),
        ([0x40, 4, 0, 1, 0x7f, 0x80, 0, 0], "link-bandwidth:1:inf"),
        // RFC 9012 §4.3, §4.1, RFC 9830 §3
        ([3, 11, 0, 0, 0, 0, 0, 100], "color:100"),
        ([3, 11, 0xc0, 0, 0, 0, 0, 100], "color:3:100"),
        ([3, 12, 0, 0, 0, 0, 0, 8], "encapsulation:vxlan"),
        ([3, 12, 0, 0, 0, 0, 1, 0], "encapsulation:256"),
        // RFC 7432 §7.8
        ([3, 13, 0, 0, 0, 0, 0, 0], "default-gateway"),
        // RFC 8955 §7
        ([0x80, 6, 0xfd, 0xe8, 0, 0, 0, 0], "traffic-rate-bytes:65000:0"),
        ([0x80, 12, 0, 0, 0x44, 0x7a, 0, 0], "traffic-rate-packets:0:1000"),
        ([0x80, 7, 0, 0, 0, 0, 0, 0], "traffic-action:none"),
        ([0x80, 7, 0, 0, 0, 0, 0, 1], "traffic-action:terminal"),
        ([0x80, 7, 0, 0, 0, 0, 0, 2], "traffic-action:sample"),
        ([0x80, 7, 0, 0, 0, 0, 0, 3], "traffic-action:sample-terminal"),
        ([0x80, 8, 0xfd, 0xe8, 0, 0, 0, 1], "rt-redirect:65000:1"),
        ([0x81, 8, 192, 0, 2, 1, 0, 7], "rt-redirect:192.0.2.1:7"),
        ([0x82, 8, 0, 3, 0xd, 0x40, 0, 5], "rt-redirect:200000:5"),
        ([0x80, 9, 0, 0, 0, 0, 0, 46], "traffic-marking:46"),
        ([1, 12, 192, 0, 2, 1, 0, 0], "redirect-to-ip:192.0.2.1"),
        ([1, 12, 192, 0, 2, 1, 0, 1], "redirect-to-ip:192.0.2.1:copy"),
        ([8, 0, 0, 0, 0, 0, 0, 0], "redirect-to-next-hop"),
        ([8, 0, 0, 0, 0, 0, 0, 1], "redirect-to-next-hop:copy"),
        // RFC 7432 §7, RFC 9135 §8.1, RFC 8584 §2.2
        ([6, 0, 0, 0, 0, 0, 1, 0], "mac-mobility:256"),
        ([6, 0, 1, 0, 0, 0, 0, 7], "mac-mobility:7:sticky"),
        ([6, 1, 0, 0, 0, 0xff, 0xff, 0xff], "esi-label:16777215"),
        ([6, 1, 1, 0, 0, 0, 0, 16], "esi-label:16:single-active"),
        ([6, 2, 0, 0, 0x5e, 0, 0x53, 1], "es-import:00:00:5e:00:53:01"),
        ([6, 3, 0, 0, 0x5e, 0, 0x53, 1], "router-mac:00:00:5e:00:53:01"),
        ([6, 6, 1, 0x40, 0, 0, 0, 0], "df-election:1:0x4000"),
        // RFC 8097 §2
        ([0x43, 0, 0, 0, 0, 0, 0, 0], "origin-validation-state:valid"),
        ([0x43, 0, 0, 0, 0, 0, 0, 1], "origin-validation-state:not-found"),
        ([0x43, 0, 0, 0, 0, 0, 0, 2], "origin-validation-state:invalid"),
        ([0x90, 0x91, 0, 0, 0, 0, 0, 1], "generic:0x90910000:0x1"),
    ];
    for (octets, text) in texts {
        is(ExtendedCommunity(octets), text);
    }
}

fn kind(octets: [u8; 8]) -> ExtendedCommunityKind {
    ExtendedCommunity(octets).decode()
}

/// What is reserved "MUST be ignored" where the meaning is asked for, and stays where the octets are.
#[test]
fn reserved_bits_do_not_change_the_meaning() {
    for (octets, meaning, text) in [
        (
            [0x80, 9, 1, 2, 3, 4, 5, 0xee],
            ExtendedCommunityKind::TrafficMarking { dscp: 46 },
            "generic:0x80090102:0x30405ee",
        ),
        (
            [0x80, 7, 0, 0, 0, 0, 0, 5],
            ExtendedCommunityKind::TrafficAction { sample: false, terminal: true },
            "generic:0x80070000:0x5",
        ),
        ([3, 13, 0, 0, 0, 0, 0, 1], ExtendedCommunityKind::DefaultGateway, "generic:0x30d0000:0x1"),
        (
            [3, 11, 0x20, 1, 0, 0, 0, 9],
            ExtendedCommunityKind::Color { color_only: 0, color: 9 },
            "generic:0x30b2001:0x9",
        ),
        (
            [0x43, 0, 1, 0, 0, 0, 0, 2],
            ExtendedCommunityKind::OriginValidationState(OriginValidationState::Invalid),
            "generic:0x43000100:0x2",
        ),
        (
            [6, 6, 0xe1, 0, 0, 9, 9, 9],
            ExtendedCommunityKind::DfElection { algorithm: 1, capabilities: 0 },
            "generic:0x606e100:0x90909",
        ),
    ] {
        assert_eq!(kind(octets), meaning);
        is(ExtendedCommunity(octets), text);
    }
}

/// "On decoding, negative values MUST be treated as zero."
#[test]
fn rfc8955_7_1_negative_rates() {
    let octets = [0x80, 6, 0, 1, 0xc4, 0x7a, 0, 0];
    let zero = ExtendedCommunityKind::TrafficRateBytes { asn: 1, rate: 0.0 };
    assert_eq!(kind(octets), zero);
    is(ExtendedCommunity(octets), "generic:0x80060001:0xc47a0000");
    // "On encoding, the traffic-rate MUST NOT be negative."
    for rate in [-1.0, -0.0, f32::NAN, f32::NEG_INFINITY] {
        let written = ExtendedCommunityKind::TrafficRateBytes { asn: 1, rate };
        assert_eq!(ExtendedCommunity::from(written), zero.into());
    }
    for text in ["traffic-rate-bytes:1:-1", "traffic-rate-bytes:1:nan", "traffic-rate-bytes:1:-0"] {
        assert_eq!(error::<ExtendedCommunity>(text), (21, "a rate that is not negative"));
    }
}

/// What is no number says nothing.
#[test]
fn a_rate_that_is_no_number_is_kept_raw() {
    for octets in [[0x80, 12, 0, 1, 0x7f, 0xc0, 0, 1], [0x40, 4, 0, 1, 0xff, 0x80, 0, 1]] {
        assert_eq!(kind(octets), ExtendedCommunityKind::Other(ExtendedCommunity(octets)));
    }
}

/// Numbers that their fields cannot hold lose their upper bits, and touch nothing beside them.
#[test]
fn fields_keep_within_their_bits() {
    use ExtendedCommunityKind as Kind;
    for (kind, octets) in [
        (Kind::EsiLabel { single_active: false, label: u32::MAX }, [6, 1, 0, 0, 0, 255, 255, 255]),
        (Kind::TrafficMarking { dscp: 255 }, [0x80, 9, 0, 0, 0, 0, 0, 63]),
        (Kind::DfElection { algorithm: 255, capabilities: 0 }, [6, 6, 31, 0, 0, 0, 0, 0]),
        (Kind::Color { color_only: 255, color: 0 }, [3, 11, 0xc0, 0, 0, 0, 0, 0]),
    ] {
        assert_eq!(ExtendedCommunity::from(kind), ExtendedCommunity(octets));
    }
}

/// "greater than the largest specified value (2)"
#[test]
fn rfc8097_2_unknown_states_mean_nothing() {
    let octets = [0x43, 0, 0, 0, 0, 0, 0, 3];
    assert_eq!(kind(octets), ExtendedCommunityKind::Other(ExtendedCommunity(octets)));
    is(ExtendedCommunity(octets), "generic:0x43000000:0x3");
    assert!(!ExtendedCommunity(octets).is_transitive());
}

/// Types 8000, 8001 and 8005 are "treated as if" they were 0306, 0107 and 0005.
#[test]
fn rfc4577_4_2_6_types_of_before() {
    for (before, now) in [
        ([0x80, 0, 0, 0, 0, 1, 5, 1], [3, 6, 0, 0, 0, 1, 5, 1]),
        ([0x80, 1, 1, 2, 3, 4, 0, 0], [1, 7, 1, 2, 3, 4, 0, 0]),
        ([0x80, 5, 0, 1, 0, 0, 0, 2], [0, 5, 0, 1, 0, 0, 0, 2]),
    ] {
        assert_eq!(kind(before), kind(now));
        assert!(ExtendedCommunity(before).to_string().starts_with("generic:"));
    }
}

/// Route targets of RFC 4360 §4 are transitive ones.
#[test]
fn others_of_the_same_sub_type_are_no_route_targets() {
    for octets in [[0x40, 2, 0, 1, 0, 0, 0, 1], [0x41, 3, 0, 1, 0, 0, 0, 1]] {
        assert!(matches!(kind(octets), ExtendedCommunityKind::Other(_)));
    }
}

#[test]
fn flaws_of_extended_communities_are_told() {
    let kind = "the kind of an extended community";
    let admin = "an AS number or an IPv4 address";
    for (text, offset, expected) in [
        ("", 0, kind),
        ("65000:1", 0, kind),
        ("RT:65000:1", 0, kind),
        ("rt", 2, "a colon"),
        ("rt:", 3, admin),
        ("rt:L:1", 3, admin),
        ("rt:x:1", 3, admin),
        ("rt:4294967296:1", 3, admin),
        ("rt:65000", 8, "a colon"),
        ("rt:65000:4294967296", 9, "a number up to 4294967295"),
        ("rt:200000:65536", 10, "a number up to 65535"),
        ("rt:65000L:65536", 10, "a number up to 65535"),
        ("rt:192.0.2.256:1", 3, "an IPv4 address"),
        ("rt:192.0.2.1:65536", 13, "a number up to 65535"),
        ("rt:65000:1:2", 10, "the end"),
        ("ospf-router-id:1", 15, "an IPv4 address"),
        ("ospf-route-type:0.0.0.1:256:0", 24, "a number up to 255"),
        ("color:4:1", 6, "a number up to 3 before the color"),
        ("color:", 6, "a number up to 4294967295"),
        ("encapsulation:vlxan", 14, "a tunnel type: a number up to 65535 or a name"),
        ("default-gateway:1", 15, "the end"),
        ("traffic-action:all", 15, "none, sample, terminal or sample-terminal"),
        ("traffic-marking:64", 16, "a number up to 63"),
        ("redirect-to-ip:192.0.2.1:kopie", 24, "the end"),
        ("redirect-to-next-hop:kopie", 20, "the end"),
        ("esi-label:16777216", 10, "a number up to 16777215"),
        ("es-import:00:00:5e:00:53", 10, "a MAC address"),
        ("es-import:00:00:5e:00:53:+1", 10, "a MAC address"),
        ("es-import:00:00:5e:00:53:010", 10, "a MAC address"),
        ("df-election:32:0x0", 12, "a number up to 31"),
        ("df-election:1:0x10000", 14, "a hexadecimal number of 16 bits"),
        ("origin-validation-state:unknown", 24, "valid, not-found or invalid"),
        ("generic:1:2", 8, "a hexadecimal number of 32 bits"),
        ("generic:0x1:0x100000000", 12, "a hexadecimal number of 32 bits"),
        ("generic:0x+1:0x1", 8, "a hexadecimal number of 32 bits"),
    ] {
        assert_eq!(error::<ExtendedCommunity>(text), (offset, expected), "{text}");
    }
}

/// RFC 5701 §3, RFC 8956 §6.1
#[test]
fn ipv6_extended_communities() {
    let address = "2001:db8::1".parse().expect("an address");
    let new = |sub, number| Ipv6ExtendedCommunity::new(0, sub, address, number);
    is(Ipv6ExtendedCommunity::route_target(address, 7), "rt:[2001:db8::1]:7");
    is(Ipv6ExtendedCommunity::route_origin(address, 65535), "ro:[2001:db8::1]:65535");
    is(new(0x0d, 7), "rt-redirect:[2001:db8::1]:7");
    is(new(0x0c, 0), "redirect-to-ip:[2001:db8::1]");
    is(new(0x0c, 1), "redirect-to-ip:[2001:db8::1]:copy");
    is(new(0x0c, 2), "generic:0x000c20010db80000000000000000000000010002");
    let other = Ipv6ExtendedCommunity::new(0x40, 2, address, 7);
    is(other, "generic:0x400220010db80000000000000000000000010007");
    assert_eq!((other.is_transitive(), other.address(), other.number()), (false, address, 7));
    assert_eq!(new(2, 7).0[..4], [0, 2, 0x20, 1]);
}

#[test]
fn flaws_of_ipv6_extended_communities_are_told() {
    let address = "an IPv6 address in brackets";
    for (text, offset, expected) in [
        ("", 0, "rt, ro, rt-redirect, redirect-to-ip or generic"),
        ("rt", 2, "a colon"),
        ("rt:2001:db8::1:7", 3, address),
        ("rt:[2001:db8::1:7", 3, address),
        ("rt:[192.0.2.1]:7", 3, address),
        ("rt:[::]", 7, "a colon"),
        ("rt:[::]:65536", 8, "a number up to 65535"),
        ("rt:[::]:1:", 9, "the end"),
        ("generic:0x00", 8, "0x and 40 hexadecimal digits"),
        ("generic:0xä", 8, "0x and 40 hexadecimal digits"),
    ] {
        assert_eq!(error::<Ipv6ExtendedCommunity>(text), (offset, expected), "{text}");
    }
}

fn any_administrator() -> impl Strategy<Value = Administrator> {
    prop_oneof![
        any::<(u16, u32)>().prop_map(|(asn, number)| Administrator::TwoOctetAs { asn, number }),
        any::<([u8; 4], u16)>()
            .prop_map(|(address, number)| Administrator::Ipv4 { address: address.into(), number }),
        (prop_oneof![any::<u32>(), 0u32..70000], any::<u16>())
            .prop_map(|(asn, number)| Administrator::FourOctetAs { asn, number }),
    ]
}

fn any_rate() -> impl Strategy<Value = f32> {
    any::<u32>()
        .prop_map(|bits| f32::from_bits(bits & 0x7fff_ffff))
        .prop_filter("NaN", |rate| !rate.is_nan())
}

fn any_kind() -> impl Strategy<Value = ExtendedCommunityKind> {
    use ExtendedCommunityKind as Kind;
    let rate = || (any::<u16>(), any_rate());
    let of_administrator = (0u8..4, any_administrator()).prop_map(|(kind, of)| match kind {
        0 => Kind::RouteTarget(of),
        1 => Kind::RouteOrigin(of),
        2 => Kind::OspfDomainId(of),
        _ => Kind::RtRedirect(of),
    });
    let of_address =
        any::<([u8; 4], u8, u8, bool)>().prop_map(|(address, a, b, copy)| match a % 3 {
            0 => Kind::OspfRouterId(address.into()),
            1 => Kind::OspfRouteType { area: address.into(), route_type: a, options: b },
            _ => Kind::RedirectToIp { address: address.into(), copy },
        });
    let of_number = any::<(u8, u32, bool, bool)>().prop_map(|(kind, n, a, b)| match kind % 10 {
        0 => Kind::Color { color_only: kind >> 6, color: n },
        1 => Kind::Encapsulation(TunnelType((n & 0xff) as u16)),
        2 => Kind::TrafficAction { sample: a, terminal: b },
        3 => Kind::TrafficMarking { dscp: (n & 0x3f) as u8 },
        4 => Kind::RedirectToNextHop { copy: a },
        5 => Kind::MacMobility { sticky: a, sequence: n },
        6 => Kind::EsiLabel { single_active: a, label: n & 0xff_ffff },
        7 => Kind::DfElection { algorithm: kind & 0x1f, capabilities: (n & 0xffff) as u16 },
        8 => Kind::DefaultGateway,
        _ => Kind::OriginValidationState(match n % 3 {
            0 => OriginValidationState::Valid,
            1 => OriginValidationState::NotFound,
            _ => OriginValidationState::Invalid,
        }),
    });
    prop_oneof![
        of_administrator,
        of_address,
        of_number,
        (any::<bool>(), rate()).prop_map(|(transitive, (asn, rate))| Kind::LinkBandwidth {
            transitive,
            asn,
            rate
        }),
        rate().prop_map(|(asn, rate)| Kind::TrafficRateBytes { asn, rate }),
        rate().prop_map(|(asn, rate)| Kind::TrafficRatePackets { asn, rate }),
        any::<[u8; 6]>().prop_map(|octets| Kind::EsImport(MacAddress(octets))),
        any::<[u8; 6]>().prop_map(|octets| Kind::RouterMac(MacAddress(octets))),
    ]
}

/// Octets of which the first two are often those of a kind that is known
fn any_octets() -> impl Strategy<Value = [u8; 8]> {
    let kinds = vec![0u8, 1, 2, 3, 6, 8, 0x40, 0x43, 0x80, 0x81, 0x82];
    let zeros = any::<[bool; 6]>();
    (any::<[u8; 8]>(), proptest::sample::select(kinds), 0u8..14, zeros, any::<bool>()).prop_map(
        |(mut octets, kind, sub, zeros, known)| {
            if known {
                octets[..2].copy_from_slice(&[kind, sub]);
                for (octet, zero) in octets[2..].iter_mut().zip(zeros) {
                    *octet *= u8::from(!zero);
                }
            }
            octets
        },
    )
}

/// What can be read is the value of the text that it prints.
fn reads_again<T>(text: &str)
where
    T: Copy + Debug + Display + PartialEq + FromStr<Err = ParseCommunityError>,
{
    match text.parse::<T>() {
        Ok(value) => assert_eq!(value.to_string().parse(), Ok(value)),
        Err(error) => assert!(error.offset <= text.len() && text.is_char_boundary(error.offset)),
    }
}

proptest! {
    #[test]
    fn standard_communities_are_read_as_printed(community: u32) {
        let community = Community(community);
        prop_assert_eq!(community.to_string().parse(), Ok(community));
        prop_assert_eq!(format!("{community:#}").parse(), Ok(community));
    }

    #[test]
    fn large_communities_are_read_as_printed(global: u32, local1: u32, local2: u32) {
        let community = LargeCommunity { global, local1, local2 };
        prop_assert_eq!(community.to_string().parse(), Ok(community));
    }

    #[test]
    fn extended_communities_are_read_as_printed(octets in any_octets()) {
        let community = ExtendedCommunity(octets);
        prop_assert_eq!(community.to_string().parse(), Ok(community));
    }

    /// What is decoded from what was made means the same, and has a text of its own.
    #[test]
    fn kinds_come_back(kind in any_kind()) {
        let community = ExtendedCommunity::from(kind);
        prop_assert_eq!(community.decode(), kind);
        prop_assert_eq!(community.to_string(), kind.to_string());
        prop_assert!(!community.to_string().starts_with("generic"));
        prop_assert_eq!(community.to_string().parse(), Ok(community));
    }

    /// Written once more, the meaning stays.
    #[test]
    fn meanings_are_stable(octets in any_octets()) {
        let kind = ExtendedCommunity(octets).decode();
        prop_assert_eq!(ExtendedCommunity::from(kind).decode(), kind);
    }

    #[test]
    fn ipv6_extended_communities_are_read_as_printed(
        octets: [u8; 20],
        sub in prop_oneof![0u8..16, any::<u8>()],
        small: bool,
    ) {
        let mut octets = octets;
        if small {
            octets[..2].copy_from_slice(&[0, sub]);
            octets[18] = 0;
            octets[19] &= 1;
        }
        let community = Ipv6ExtendedCommunity(octets);
        prop_assert_eq!(community.to_string().parse(), Ok(community));
    }

    #[test]
    fn texts_never_panic(text in "(rt|ro|generic|color|esi-label|es-import|df-election)?[:0-9a-fxL.\\[\\]ä-]{0,30}") {
        reads_again::<Community>(&text);
        reads_again::<LargeCommunity>(&text);
        reads_again::<ExtendedCommunity>(&text);
        reads_again::<Ipv6ExtendedCommunity>(&text);
    }

    #[test]
    fn mutated_texts_never_panic(octets in any_octets(), at: prop::sample::Index, by: char) {
        let text: Vec<char> = ExtendedCommunity(octets).to_string().chars().collect();
        let at = at.index(text.len());
        let text: String = text[..at].iter().chain([&by]).chain(&text[at + 1..]).collect();
        reads_again::<ExtendedCommunity>(&text);
    }
}
