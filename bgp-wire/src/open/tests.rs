use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::{
    AddPathDirection, ExtendedNextHopEncoding, Family, GracefulRestart, GracefulRestartFamily,
    Message,
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
            code: crate::CapabilityCode(73),
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

#[test]
fn each_flaw_has_its_error() {
    let good = [4, 0xfd, 0xe9, 0, 90, 192, 0, 2, 1, 0];
    assert!(Open::decode(&body(&good)).is_ok());
    let with = |at: usize, value: u8| {
        let mut bytes = good;
        if let Some(byte) = bytes.get_mut(at) {
            *byte = value;
        }
        Open::decode(&body(&bytes)).err()
    };
    assert_eq!(with(0, 3), Some(OpenError::UnsupportedVersion { version: 3 }));
    assert_eq!(with(4, 1), Some(OpenError::UnacceptableHoldTime { seconds: 1 }));
    assert_eq!(with(4, 2), Some(OpenError::UnacceptableHoldTime { seconds: 2 }));
    assert_eq!(with(4, 0), None);
    assert_eq!(with(9, 4), Some(OpenError::Malformed { offset: 10 }));
    let zero_as = Open::decode(&body(&[4, 0, 0, 0, 90, 192, 0, 2, 1, 0]));
    assert_eq!(zero_as, Err(OpenError::BadPeerAs { asn: 0 }));
    let zero_id = Open::decode(&body(&[4, 0, 1, 0, 90, 0, 0, 0, 0, 0]));
    assert_eq!(zero_id, Err(OpenError::BadBgpIdentifier { identifier: Ipv4Addr::UNSPECIFIED }));
    let authentication = Open::decode(&body(&[4, 0, 1, 0, 90, 1, 1, 1, 1, 3, 1, 1, 0]));
    assert_eq!(authentication, Err(OpenError::UnsupportedOptionalParameter { kind: 1 }));
}

#[test]
fn an_unsupported_version_names_ours() {
    let notification = OpenError::UnsupportedVersion { version: 3 }.notification();
    assert_eq!(
        (notification.code.0, notification.subcode, &notification.data[..]),
        (2, 1, &[0, 4][..])
    );
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
