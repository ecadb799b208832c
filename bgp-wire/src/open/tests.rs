#![allow(clippy::indexing_slicing)]

use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::{
    AddPathDirection, CapabilityCode, ExtendedNextHopEncoding, Family, GracefulRestart,
    GracefulRestartFamily, Message,
};

fn body(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn round_trip(open: &Open) {
    let bytes = Message::Open(open.clone()).to_bytes();
    assert_eq!(Open::decode(&bytes.slice(19..)).as_ref(), Ok(open));
}

#[test]
fn every_capability_comes_back() {
    let capabilities = [
        Capability::Multiprotocol(Family::IPV4_UNICAST),
        Capability::RouteRefresh,
        Capability::ExtendedMessage,
        Capability::ExtendedNextHop(smallvec::smallvec![ExtendedNextHopEncoding {
            family: Family::IPV4_UNICAST,
            next_hop: crate::Afi::IPV6
        }]),
        Capability::GracefulRestart(GracefulRestart {
            restarted: true,
            notification: false,
            restart_time: 120,
            families: smallvec::smallvec![GracefulRestartFamily {
                family: Family::IPV6_UNICAST,
                forwarding: true
            }],
        }),
        Capability::FourOctetAs(4_200_000_000),
        Capability::AddPath(smallvec::smallvec![(Family::IPV4_UNICAST, AddPathDirection::BOTH)]),
        Capability::Unknown {
            code: crate::CapabilityCode(200),
            value: Bytes::from_static(b"\x03lab\0"),
        },
    ];
    round_trip(&Open::new(
        4_200_000_000,
        90,
        Ipv4Addr::new(192, 0, 2, 1),
        capabilities.into_iter().collect(),
    ));
}

#[test]
fn many_capabilities_use_extended_parameters() {
    let capabilities: Capabilities = (0..40)
        .map(|i| Capability::Unknown {
            code: crate::CapabilityCode(200 + i),
            value: Bytes::from(alloc::vec![i; 9]),
        })
        .collect();
    let open = Open::new(65001, 90, Ipv4Addr::new(192, 0, 2, 1), capabilities);
    assert_eq!(Message::Open(open.clone()).to_bytes().get(28..30), Some(&[255, 255][..]));
    round_trip(&open);
}

/// Code, subcode and data of the NOTIFICATION.
fn refusal(bytes: &[u8]) -> Option<(u8, u8, Vec<u8>)> {
    let notification = Open::decode(&body(bytes)).err()?.notification();
    Some((notification.code.0, notification.subcode, notification.data.to_vec()))
}

fn refused(subcode: u8) -> Option<(u8, u8, Vec<u8>)> {
    Some((2, subcode, Vec::new()))
}

/// AS 65001, hold time 90, 192.0.2.1, without capabilities
const GOOD: [u8; 10] = [4, 0xfd, 0xe9, 0, 90, 192, 0, 2, 1, 0];

/// The same with other octets from `at` on.
fn with(at: usize, octets: &[u8]) -> Vec<u8> {
    let mut bytes = GOOD.to_vec();
    bytes.truncate(at);
    bytes.extend_from_slice(octets);
    bytes.extend(GOOD.iter().skip(at + octets.len()));
    bytes
}

/// The data is "the largest, locally-supported version number less than the version the remote BGP peer bid
/// … or … the smallest, locally-supported version number": there is but one.
#[test]
fn rfc4271_6_2_unsupported_version_number() {
    for version in (0..=255).filter(|version| *version != 4) {
        assert_eq!(refusal(&with(0, &[version])), Some((2, 1, Vec::from([0, 4]))));
    }
    // The rest of another version's OPEN may look like anything.
    assert_eq!(refusal(&[3]), Some((2, 1, Vec::from([0, 4]))));
}

/// RFC 7607 §2
#[test]
fn rfc4271_6_2_bad_peer_as() {
    assert_eq!(refusal(&with(1, &[0, 0])), refused(2));
    let capability = |asn: u8| [8, 2, 6, 65, 4, 0, 0, 0, asn];
    assert_eq!(refusal(&with(9, &capability(0))), refused(2));
    assert_eq!(refusal(&with(9, &capability(1))), None);
    let mut zero = with(1, &[0, 0]);
    zero.truncate(9);
    zero.extend(capability(1));
    assert_eq!(refusal(&zero), refused(2));
}

/// "An implementation MUST reject Hold Time values of one or two seconds."
#[test]
fn rfc4271_6_2_unacceptable_hold_time() {
    for (seconds, expected) in [(0, None), (1, refused(6)), (2, refused(6)), (3, None)] {
        assert_eq!(refusal(&with(3, &[0, seconds])), expected);
    }
    assert_eq!(refusal(&with(3, &[255, 255])), None);
}

/// RFC 6286 §2.1: any number but zero
#[test]
fn rfc4271_6_2_bad_bgp_identifier() {
    assert_eq!(refusal(&with(5, &[0; 4])), refused(3));
    for identifier in [[0, 0, 0, 1], [224, 0, 0, 1], [255; 4]] {
        assert_eq!(refusal(&with(5, &identifier)), None);
    }
}

#[test]
fn rfc4271_6_2_unsupported_optional_parameter() {
    for kind in (0..=254).filter(|kind| *kind != 2) {
        assert_eq!(refusal(&with(9, &[3, kind, 1, 0])), refused(4));
    }
    // Behind a good one, and with the lengths of RFC 9072
    assert_eq!(refusal(&with(9, &[7, 2, 2, 2, 0, 9, 1, 0])), refused(4));
    assert_eq!(refusal(&with(9, &[7, 2, 2, 2, 0, 255, 1, 0])), refused(4));
    assert_eq!(refusal(&with(9, &[255, 255, 0, 4, 255, 0, 1, 0])), refused(4));
    assert_eq!(refusal(&with(9, &[255, 255, 0, 4, 9, 0, 1, 0])), refused(4));
}

/// "recognized, but is malformed": 0 (Unspecific)
#[test]
fn rfc4271_6_2_malformed_optional_parameter() {
    for parameters in [
        &[1][..],                // fewer than said
        &[0, 9],                 // more than said
        &[1, 2],                 // a type without length
        &[2, 2, 1],              // a parameter that is cut off
        &[3, 2, 1, 65],          // a capability without length
        &[4, 2, 2, 65, 4],       // a capability that is cut off
        &[255],                  // RFC 9072: without the lengths
        &[255, 255, 0],          //
        &[255, 255, 0, 1],       //
        &[255, 255, 0, 2, 2, 0], //
        &[255, 255, 0, 3, 2, 0, 1],
    ] {
        assert_eq!(refusal(&with(9, parameters)), refused(0), "{parameters:?}");
    }
    for length in 1..9 {
        assert_eq!(refusal(GOOD.get(..length).unwrap_or_default()), refused(0));
    }
}

/// RFC 5492 §5
#[test]
fn rfc5492_5_unsupported_capability() {
    let capabilities = Capabilities::from_iter([Capability::FourOctetAs(0)]).to_bytes();
    let notification = OpenError::MissingCapability { capabilities }.notification();
    let data = Bytes::from_static(&[65, 4, 0, 0, 0, 0]);
    assert_eq!((notification.code.0, notification.subcode, notification.data), (2, 7, data));
}

/// "MUST accept an OPEN message that uses the encoding of this specification even if the length … is 255 or
/// less"; the short length "MUST be ignored on receipt", but is not zero.
#[test]
fn rfc9072_2_extended_parameters_are_read() {
    let expected = Capabilities::from_iter([Capability::RouteRefresh]);
    for short in [1, 100, 255] {
        let parameters = [short, 255, 0, 5, 2, 0, 2, 2, 0];
        let open = Open::decode(&body(&with(9, &parameters)));
        assert_eq!(open.map(|open| open.capabilities).as_ref(), Ok(&expected));
    }
    // "If the value of this field is zero, no Optional Parameters are present."
    assert_eq!(refusal(&with(9, &[255, 255, 0, 0])), None);
    // With a short length of zero there is nothing behind it, whatever it looks like.
    assert_eq!(refusal(&with(9, &[0, 255, 0, 5, 2, 0, 2, 2, 0])), refused(0));
}

/// Lengths of 255 octets and less "SHOULD be used without alteration"; longer ones "MUST be encoded" so.
#[test]
fn rfc9072_2_extended_parameters_are_written_when_needed() {
    // Four capabilities of 63 octets with their headers, and another: 253 octets fit beside the parameter's header.
    let capabilities = |last: usize| -> Capabilities {
        let unknown = |length| Capability::Unknown {
            code: crate::CapabilityCode(200),
            value: Bytes::from(alloc::vec![7; length]),
        };
        [61, 61, 61, last].into_iter().map(unknown).collect()
    };
    for (last, parameters) in [(62, &[255, 2, 253][..]), (63, &[255, 255, 1, 1, 2, 0, 254])] {
        let open = Open::new(65001, 90, Ipv4Addr::new(192, 0, 2, 1), capabilities(last));
        let bytes = Message::Open(open.clone()).to_bytes();
        assert!(bytes[28..].starts_with(parameters));
        round_trip(&open);
    }
}

/// "MUST be prepared to accept an OPEN message that contains multiple Capabilities Optional Parameters"
#[test]
fn rfc5492_4_several_parameters() {
    for parameters in [
        &[12, 2, 2, 2, 0, 2, 0, 2, 4, 6, 0, 70, 0][..],
        &[255, 255, 0, 15, 2, 0, 2, 2, 0, 2, 0, 0, 2, 0, 4, 6, 0, 70, 0],
    ] {
        let open = Open::decode(&body(&with(9, parameters))).expect("well formed");
        let text = alloc::string::ToString::to_string(&open.capabilities);
        assert_eq!(text, "route refresh; extended message; enhanced route refresh");
    }
}

/// "MUST ignore that capability. In particular, the Unsupported Capability NOTIFICATION message MUST NOT be
/// generated."
#[test]
fn rfc5492_3_unknown_capabilities_are_no_error() {
    for code in 0..=255 {
        assert_eq!(refusal(&with(9, &[6, 2, 4, code, 2, 0xff, 0xff])), None, "{code}");
    }
}

/// What does not parse is as if it were not known.
#[test]
fn rfc5492_3_capabilities_that_do_not_parse_are_ignored() {
    for value in [
        &[1, 3, 0, 1, 0][..],
        &[1, 5, 0, 1, 0, 1, 0],
        &[65, 3, 0, 0, 1],
        &[2, 1, 0],
        &[64, 1, 0],
        &[64, 3, 0, 0, 1],
        &[5, 5, 0, 1, 0, 1, 0],
        &[69, 3, 0, 1, 1],
        // RFC 7911 §4: with another direction all of it counts as not understood
        &[69, 8, 0, 1, 1, 3, 0, 2, 1, 4],
        &[69, 4, 0, 1, 1, 0],
    ] {
        let mut parameters = Vec::from([u8::try_from(value.len() + 2).unwrap_or(0), 2]);
        parameters.push(u8::try_from(value.len()).unwrap_or(0));
        parameters.extend_from_slice(value);
        let open = Open::decode(&body(&with(9, &parameters))).expect("well formed");
        let kept: Vec<_> = open.capabilities.iter().collect();
        assert!(matches!(kept[..], [Capability::Unknown { .. }]), "{kept:?}");
        round_trip(&open);
    }
}

/// "MUST ignore all but the last instance"
#[test]
fn rfc4724_3_the_last_graceful_restart_capability_counts() {
    let open = Open::decode(&body(&with(9, &[10, 2, 8, 64, 2, 0, 7, 64, 2, 0x80, 9])));
    let open = open.expect("well formed");
    let restart = open.capabilities.graceful_restart();
    assert_eq!(restart.map(|restart| (restart.restarted, restart.restart_time)), Some((true, 9)));
}

/// Lists that one capability cannot hold, and capabilities that one OPEN cannot hold, are cut between entries.
#[test]
fn too_much_is_cut_where_it_can_be_read() {
    let family = |i: u16| Family { afi: crate::Afi(i), safi: crate::Safi(1) };
    let forwarding = true;
    let entries = |most: u16| 0..most;
    let long = |capability: Capability| {
        let open = Open::new(1, 90, Ipv4Addr::new(1, 1, 1, 1), [capability].into_iter().collect());
        let bytes = Message::Open(open).to_bytes();
        let open = Open::decode(&bytes.slice(19..)).expect("well formed");
        open.capabilities.iter().next().cloned().expect("there")
    };
    let add_path = |most| {
        Capability::AddPath(entries(most).map(|i| (family(i), AddPathDirection::SEND)).collect())
    };
    assert_eq!(long(add_path(100)), add_path(63));
    let next_hop = crate::Afi::IPV6;
    let extended = |most| {
        let list = entries(most).map(|i| ExtendedNextHopEncoding { family: family(i), next_hop });
        Capability::ExtendedNextHop(list.collect())
    };
    assert_eq!(long(extended(100)), extended(42));
    let graceful = |most| {
        let list = entries(most).map(|i| GracefulRestartFamily { family: family(i), forwarding });
        Capability::GracefulRestart(GracefulRestart {
            restarted: false,
            notification: true,
            restart_time: 4095,
            families: list.collect(),
        })
    };
    assert_eq!(long(graceful(100)), graceful(63));
    let unknown = |length| Capability::Unknown {
        code: crate::CapabilityCode(200),
        value: Bytes::from(alloc::vec![7; length]),
    };
    assert_eq!(long(unknown(300)), unknown(255));
    let many = core::iter::repeat_n(unknown(255), 20).chain([Capability::RouteRefresh]);
    let open = Open::new(1, 90, Ipv4Addr::new(1, 1, 1, 1), many.collect());
    let bytes = Message::Open(open).to_bytes();
    assert!(bytes.len() <= 4096);
    let open = Open::decode(&bytes.slice(19..)).expect("well formed");
    assert_eq!(open.capabilities.iter().count(), 15 + 1);
    assert!(open.capabilities.contains(&Capability::RouteRefresh));
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Open::decode(&body(&bytes));
    }

    #[test]
    fn never_panics_behind_a_good_start(parameters in prop::collection::vec(any::<u8>(), 0..255)) {
        let mut bytes: Vec<u8> = [4, 0, 1, 0, 90, 1, 1, 1, 1].to_vec();
        bytes.push(u8::try_from(parameters.len() + 2).unwrap_or(0));
        bytes.extend([2, u8::try_from(parameters.len()).unwrap_or(0)]);
        bytes.extend(parameters);
        if let Ok(open) = Open::decode(&body(&bytes)) {
            round_trip(&open);
        }
    }
}

/// RFC 6793 §4.1: whatever else there is no room for
#[test]
fn the_4_octet_as_capability_is_never_left_out() {
    let others = (0..16).map(|i| Capability::Unknown {
        code: CapabilityCode(200 + i),
        value: Bytes::from(alloc::vec![0; if i < 15 { 253 } else { 232 }]),
    });
    let open = Open::new(4_200_000_000, 90, [1, 1, 1, 1].into(), others.collect());
    let bytes = crate::Message::Open(open).to_bytes();
    assert!(bytes.len() <= MAX_LENGTH);
    let again = Open::decode(&bytes.slice(19..)).expect("well formed");
    assert_eq!((again.asn(), again.capabilities.iter().count()), (4_200_000_000, 16));
}
