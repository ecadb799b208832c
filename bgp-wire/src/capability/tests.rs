#![allow(clippy::indexing_slicing)]

use alloc::string::{String, ToString};
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::iana::Safi;

fn decode(octets: &[u8]) -> Capabilities {
    let mut list = Capabilities::default();
    list.decode(&Bytes::copy_from_slice(octets)).expect("well formed");
    list
}

/// The only one of a list, with its code and length before `value`
fn one(code: u8, value: &[u8]) -> Capability {
    let mut octets = vec![code, u8::try_from(value.len()).expect("short")];
    octets.extend_from_slice(value);
    let list = decode(&octets);
    assert_eq!(list.to_bytes(), octets, "written as it was read");
    list.iter().next().cloned().expect("one")
}

fn is_raw(code: u8, value: &[u8]) -> bool {
    matches!(one(code, value), Capability::Unknown { .. })
}

/// Octets, and what an operator reads
#[test]
fn they_print_as_operators_read_them() {
    let texts: [(u8, &[u8], &str); 24] = [
        (1, &[0, 2, 0, 1], "multiprotocol ipv6"),
        (2, &[], "route refresh"),
        (
            3,
            &[0, 1, 0, 1, 2, 64, 3, 9, 1],
            "outbound route filtering ipv4 address-prefix send/receive 9 receive",
        ),
        (5, &[0, 1, 0, 1, 0, 2], "extended next hop ipv4 via ipv6"),
        (6, &[], "extended message"),
        (9, &[2], "role route-server-client"),
        (9, &[5], "role 5"),
        (64, &[0x80, 120, 0, 1, 1, 0x80], "graceful restart 120 s, restarted, ipv4 (forwarding)"),
        (64, &[0x40, 9, 0, 2, 1, 0], "graceful restart 9 s, notification, ipv6"),
        (65, &[0xfa, 0x56, 0xea, 0], "4-octet AS 4200000000"),
        (69, &[0, 1, 1, 1, 0, 2, 1, 3], "add-path ipv4 receive, ipv6 send/receive"),
        (70, &[], "enhanced route refresh"),
        (
            71,
            &[0, 1, 1, 0x80, 1, 0, 0, 0, 2, 1, 0, 0, 14, 16],
            "long-lived graceful restart ipv4 (forwarding) 65536 s, ipv6 3600 s",
        ),
        (73, b"\x03lab\x0bexample.net", "FQDN lab.example.net"),
        (73, b"\x02\x1bb\x00", "FQDN \\u{1b}b"),
        (75, b"\x07FRR \"9\"", "software version \"FRR \\\"9\\\"\""),
        (76, &[0, 1, 1, 0, 5], "paths limit ipv4 5"),
        (77, &[], "link-local next hop"),
        (7, &[0, 0, 1], "BGPsec 0x000001"),
        (67, &[], "dynamic capability"),
        (68, &[0x80], "multisession 0x80"),
        (128, &[], "pre-standard route refresh"),
        (130, &[0, 1], "pre-standard outbound route filtering 0x0001"),
        (200, &[7], "capability 200 0x07"),
    ];
    for (code, value, text) in texts {
        assert_eq!(one(code, value).to_string(), text);
    }
    let list = decode(&[2, 0, 70, 0]);
    assert_eq!(list.to_string(), "route refresh; enhanced route refresh");
}

/// RFC 5492 §4: equal ones are as one, and unequal ones stand beside each other.
#[test]
fn rfc5492_4_multiple_instances() {
    let list = decode(&[1, 4, 0, 1, 0, 1, 2, 0, 1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1, 2, 0]);
    assert_eq!(list.iter().count(), 5);
    let families = [Family::IPV4_UNICAST, Family::IPV4_UNICAST, Family::IPV6_UNICAST];
    assert!(list.families().eq(families));
}

/// A value that does not parse is kept as it is.
#[test]
fn malformed_values_are_kept() {
    let malformed: [(u8, &[u8]); 24] = [
        (3, &[0, 1, 0, 1]),
        (3, &[0, 1, 0, 1, 1]),
        (3, &[0, 1, 0, 1, 1, 64]),
        (3, &[0, 1, 0, 1, 1, 64, 3, 0]),
        (5, &[0, 1, 1, 1, 0, 2]), // a SAFI of more than one octet
        (6, &[0]),
        (9, &[]),
        (9, &[3, 3]),
        (70, &[0]),
        (71, &[0, 1, 1, 0x80, 0, 0]),
        (71, &[0, 1, 1, 0x80, 0, 0, 1, 0]),
        (73, &[]),
        (73, b"\x03la"),
        (73, b"\x03lab"),
        (73, b"\x03lab\x02n"),
        (73, b"\x03lab\x00n"),
        (73, b"\x02\xc3\x28\x00"), // not UTF-8
        (75, &[]),
        (75, b"\x05FRR"),
        (75, b"\x02FRR"),
        (75, b"\x01\xff"),
        (76, &[0, 1, 1, 0]),
        (76, &[0]),
        (77, &[0]),
    ];
    for (code, value) in malformed {
        assert!(is_raw(code, value), "{code} {value:?}");
    }
}

/// Those that only have a name are raw; so is an ORF capability of before RFC 5291.
#[test]
fn those_with_a_name_only_are_kept() {
    for code in [7, 8, 67, 68, 74, 128, 130] {
        assert!(CapabilityCode(code).name().is_some());
        assert!(is_raw(code, &[0, 1, 0, 1]));
    }
}

#[test]
fn rfc5291_5_outbound_route_filtering() {
    let list = decode(&[3, 14, 0, 1, 0, 1, 1, 64, 1, 0, 2, 0, 1, 1, 64, 2]);
    let prefixes = OrfType::ADDRESS_PREFIX;
    assert_eq!(list.orf(Family::IPV4_UNICAST, prefixes), Some(OrfDirection::RECEIVE));
    assert_eq!(list.orf(Family::IPV6_UNICAST, prefixes), Some(OrfDirection::SEND));
    assert_eq!(list.orf(Family::IPV4_UNICAST, OrfType(9)), None);
}

#[test]
fn rfc8538_2_notification_bit() {
    let list = decode(&[64, 2, 0x40, 0]);
    let restart = list.graceful_restart().expect("there");
    assert!(restart.notification && !restart.restarted);
}

/// Table 2, all pairs
#[test]
fn rfc9234_4_2_role_correctness() {
    let allowed = [(0, 3), (3, 0), (1, 2), (2, 1), (4, 4)];
    for local in 0..=255 {
        for remote in 0..=255 {
            let agree = Role(local).agrees_with(Role(remote));
            assert_eq!(agree, allowed.contains(&(local, remote)), "{local} {remote}");
        }
    }
}

/// "multiple but identical" are one; "not all of them have the same value": refused
#[test]
fn rfc9234_4_2_several_roles() {
    for (roles, role, conflicting) in [
        (&[][..], None, false),
        (&[3], Some(Role::CUSTOMER), false),
        (&[3, 3, 3], Some(Role::CUSTOMER), false),
        (&[3, 3, 0], Some(Role::CUSTOMER), true),
        (&[0, 9], Some(Role::PROVIDER), true),
    ] {
        let list: Capabilities = roles.iter().map(|role| Capability::Role(Role(*role))).collect();
        assert_eq!((list.role(), list.has_conflicting_roles()), (role, conflicting));
    }
}

/// "MUST be advertised in conjunction with" graceful restart, else it is ignored.
#[test]
fn rfc9494_only_with_graceful_restart() {
    let long_lived = [71, 7, 0, 1, 1, 0, 0, 0, 9, 71, 7, 0, 1, 1, 0x80, 0, 1, 0];
    assert_eq!(decode(&long_lived).long_lived_graceful_restart(), None);
    let both = [&[64, 2, 0, 0], &long_lived[..]].concat();
    let expected =
        LongLivedFamily { family: Family::IPV4_UNICAST, forwarding: true, stale_time: 256 };
    assert_eq!(decode(&both).long_lived_graceful_restart(), Some(&[expected][..]));
}

#[test]
fn others_are_found() {
    let list = decode(b"\x49\x05\x01a\x02bc\x4b\x02\x01x\x4c\x05\x00\x01\x01\x00\x07");
    assert_eq!(list.fqdn(), Some(("a", "bc")));
    assert_eq!(list.software_version(), Some("x"));
    assert_eq!(list.paths_limit(Family::IPV4_UNICAST), Some(7));
    assert_eq!(list.paths_limit(Family::IPV6_UNICAST), None);
    let none = Capabilities::default();
    assert_eq!((none.fqdn(), none.software_version(), none.role()), (None, None, None));
}

/// What the value has no room for is left out, between characters and entries.
#[test]
fn too_much_is_cut_where_it_can_be_read() {
    let cut = |capability: Capability| {
        let octets = Capabilities::from_iter([capability]).to_bytes();
        assert_eq!(octets.len(), 2 + usize::from(octets[1]));
        decode(&octets).iter().next().cloned().expect("there")
    };
    let family = Family::IPV4_UNICAST;
    // 254 octets have no room for the half of the last character.
    let version = |characters| Capability::SoftwareVersion("ä".repeat(characters).into());
    assert_eq!(cut(version(200)), version(127));
    let fqdn = |host: usize, domain: usize| Capability::Fqdn {
        host: "h".repeat(host).into(),
        domain: "d".repeat(domain).into(),
    };
    for (host, domain) in [(300, 300), (253, 0), (200, 60), (0, 260)] {
        let host_left = host.min(253);
        assert_eq!(cut(fqdn(host, domain)), fqdn(host_left, domain.min(253 - host_left)));
    }
    let stale = |stale_time| {
        Capability::LongLivedGracefulRestart(vec![LongLivedFamily {
            family,
            forwarding: false,
            stale_time,
        }])
    };
    assert_eq!(cut(stale(u32::MAX)), stale(0x00ff_ffff));
    let long_lived = |count| {
        let entry = LongLivedFamily { family, forwarding: true, stale_time: 1 };
        Capability::LongLivedGracefulRestart(vec![entry; count])
    };
    assert_eq!(cut(long_lived(100)), long_lived(36));
    let limits = |count| Capability::PathsLimit((0..count).map(|limit| (family, limit)).collect());
    assert_eq!(cut(limits(100)), limits(51));
    let orf = |counts: &[usize]| {
        let entry = (OrfType::ADDRESS_PREFIX, OrfDirection::BOTH);
        let support =
            |count: &usize| OrfSupport { family, types: smallvec::smallvec![entry; *count] };
        Capability::Orf(counts.iter().map(support).collect())
    };
    assert_eq!(cut(orf(&[300])), orf(&[125]));
    assert_eq!(cut(orf(&[10, 10, 200, 1])), orf(&[10, 10, 100]));
}

fn any_family() -> impl Strategy<Value = Family> {
    any::<(u16, u8)>().prop_map(|(afi, safi)| Family { afi: Afi(afi), safi: Safi(safi) })
}

fn few<T: core::fmt::Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(item, 0..5)
}

fn any_text() -> impl Strategy<Value = Box<str>> {
    any::<String>().prop_map(|text| {
        let end = text.floor_char_boundary(100);
        text[..end].into()
    })
}

fn any_restart() -> impl Strategy<Value = GracefulRestart> {
    let families = few((any_family(), any::<bool>())).prop_map(|list| {
        list.into_iter()
            .map(|(family, forwarding)| GracefulRestartFamily { family, forwarding })
            .collect()
    });
    (any::<(bool, bool)>(), 0u16..4096, families).prop_map(
        |((restarted, notification), restart_time, families)| GracefulRestart {
            restarted,
            notification,
            restart_time,
            families,
        },
    )
}

fn any_capability() -> impl Strategy<Value = Capability> {
    let next_hop = (any_family(), any::<u16>())
        .prop_map(|(family, afi)| ExtendedNextHopEncoding { family, next_hop: Afi(afi) });
    let orf = (any_family(), few(any::<(u8, u8)>())).prop_map(|(family, types)| OrfSupport {
        family,
        types: types.into_iter().map(|(kind, way)| (OrfType(kind), OrfDirection(way))).collect(),
    });
    let long_lived = (any_family(), any::<bool>(), 0u32..1 << 24).prop_map(
        |(family, forwarding, stale_time)| LongLivedFamily { family, forwarding, stale_time },
    );
    let add_path = (any_family(), (1u8..4).prop_map(AddPathDirection));
    prop_oneof![
        any_family().prop_map(Capability::Multiprotocol),
        Just(Capability::RouteRefresh),
        few(orf).prop_map(Capability::Orf),
        few(next_hop).prop_map(|list| Capability::ExtendedNextHop(list.into())),
        Just(Capability::ExtendedMessage),
        any::<u8>().prop_map(|role| Capability::Role(Role(role))),
        any_restart().prop_map(Capability::GracefulRestart),
        any::<u32>().prop_map(Capability::FourOctetAs),
        few(add_path).prop_map(|list| Capability::AddPath(list.into())),
        Just(Capability::EnhancedRouteRefresh),
        few(long_lived).prop_map(Capability::LongLivedGracefulRestart),
        (any_text(), any_text()).prop_map(|(host, domain)| Capability::Fqdn { host, domain }),
        any_text().prop_map(Capability::SoftwareVersion),
        few((any_family(), any::<u16>())).prop_map(|list| Capability::PathsLimit(list.into())),
        Just(Capability::LinkLocalNextHop),
        (200u8.., few(any::<u8>())).prop_map(|(code, value)| Capability::Unknown {
            code: CapabilityCode(code),
            value: value.into(),
        }),
    ]
}

proptest! {
    #[test]
    fn values_come_back(list in few(any_capability())) {
        let list: Capabilities = list.into_iter().collect();
        prop_assert_eq!(decode(&list.to_bytes()), list);
    }

    /// Also the value of a code that is known, whatever it is.
    #[test]
    fn octets_come_back(
        code in prop_oneof![1u8..10, 64u8..78, any::<u8>()],
        value in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut octets = vec![code, u8::try_from(value.len()).expect("short")];
        octets.extend(value);
        let list = decode(&octets);
        let _ = list.to_string();
        prop_assert_eq!(list.to_bytes().len(), octets.len());
        prop_assert_eq!(decode(&list.to_bytes()), list);
    }

    #[test]
    fn never_panics(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut list = Capabilities::default();
        let _ = list.decode(&Bytes::from(octets));
        let _ = (list.to_string(), list.role(), list.has_conflicting_roles());
    }
}
