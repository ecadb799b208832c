use alloc::string::ToString;
use alloc::vec::Vec;

use bytes::{BufMut, Bytes, BytesMut};
use proptest::prelude::*;

use super::*;
use crate::capability::{AddPathDirection, Capabilities, Capability};
use crate::iana::Family;
use crate::open::Open;

fn any_bytes(most: usize) -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..most).prop_map(Bytes::from)
}

fn any_peer() -> impl Strategy<Value = PeerHeader> {
    let header = (0u8..5, any::<u8>(), any::<u64>(), any::<[u8; 16]>(), any::<[u32; 4]>());
    header.prop_map(|(kind, flags, distinguisher, raw_address, [asn, id, time, micro])| {
        PeerHeader {
            peer_type: PeerType(kind),
            flags: PeerFlags(flags),
            distinguisher,
            raw_address,
            asn,
            bgp_id: id.into(),
            timestamp: time,
            microseconds: micro,
        }
    })
}

fn any_tlvs() -> impl Strategy<Value = Tlvs> {
    prop::collection::vec((0u16..6, any_bytes(12)), 0..5)
        .prop_map(|list| list.into_iter().collect())
}

fn any_open() -> impl Strategy<Value = Bytes> {
    let directions = prop::collection::vec((any::<bool>(), 1u8..4), 0..3);
    (1u32.., directions).prop_map(|(asn, directions)| open(asn, &directions))
}

/// An OPEN with add-path capabilities: whether of IPv6, and the direction
fn open(asn: u32, directions: &[(bool, u8)]) -> Bytes {
    let mut capabilities = Capabilities::default();
    for (ipv6, direction) in directions {
        let family = if *ipv6 { Family::IPV6_UNICAST } else { Family::IPV4_UNICAST };
        let list = [(family, AddPathDirection(*direction))].into_iter().collect();
        capabilities.push(Capability::AddPath(list));
    }
    crate::Message::Open(Open::new(asn, 90, [192, 0, 2, 1].into(), capabilities)).to_bytes()
}

fn any_peer_up() -> impl Strategy<Value = PeerUp> {
    let ports = any::<[u16; 2]>();
    (any_peer(), any::<[u8; 16]>(), ports, any_open(), any_open(), any_tlvs()).prop_map(
        |(peer, raw_local_address, [local_port, remote_port], sent, received, information)| {
            PeerUp {
                peer,
                raw_local_address,
                local_port,
                remote_port,
                sent_open: sent,
                received_open: received,
                information,
            }
        },
    )
}

fn any_reason() -> impl Strategy<Value = PeerDownReason> {
    prop_oneof![
        any_bytes(30).prop_map(PeerDownReason::LocalNotification),
        any::<u16>().prop_map(PeerDownReason::LocalEvent),
        any_bytes(30).prop_map(PeerDownReason::RemoteNotification),
        Just(PeerDownReason::RemoteNoNotification),
        Just(PeerDownReason::DeConfigured),
        any_tlvs().prop_map(PeerDownReason::LocalInformation),
        (7u8.., any_bytes(9)).prop_map(|(code, data)| PeerDownReason::Unknown { code, data }),
    ]
}

fn any_message() -> impl Strategy<Value = Message> {
    prop_oneof![
        (any_peer(), any_bytes(60))
            .prop_map(|(peer, update)| Message::RouteMonitoring(RouteMonitoring { peer, update })),
        (any_peer(), any_tlvs()).prop_map(|(peer, statistics)| {
            Message::StatisticsReport(StatisticsReport { peer, statistics })
        }),
        (any_peer(), any_reason())
            .prop_map(|(peer, reason)| Message::PeerDown(PeerDown { peer, reason })),
        any_peer_up().prop_map(Message::PeerUp),
        any_tlvs().prop_map(|information| Message::Initiation(Initiation { information })),
        any_tlvs().prop_map(|information| Message::Termination(Termination { information })),
        (any_peer(), any_tlvs())
            .prop_map(|(peer, tlvs)| Message::RouteMirroring(RouteMirroring { peer, tlvs })),
        (7u8.., any_bytes(30)).prop_map(|(kind, body)| {
            Message::Unknown(UnknownMessage { kind: MessageType(kind), body })
        }),
    ]
}

/// A message with any type and body
fn raw(kind: u8, body: &[u8]) -> Bytes {
    let mut out = BytesMut::from(&[VERSION][..]);
    out.put_u32(u32::try_from(body.len() + HEADER_LENGTH).expect("short"));
    out.put_u8(kind);
    out.put_slice(body);
    out.freeze()
}

/// Reads a message, and all that it shows. What is written again reads the same.
fn read(bytes: Bytes) -> Result<Message, BmpError> {
    let message = Message::decode(bytes.clone())?;
    // Nothing is lost, not even what is reserved.
    assert_eq!(message.to_bytes(), bytes);
    if let Some(peer) = message.peer() {
        let _ = (peer.address(), peer.is_post_policy(), peer.is_adj_rib_out(), peer.is_filtered());
    }
    match &message {
        Message::RouteMonitoring(monitoring) => {
            drop(monitoring.decode_update(&monitoring.peer.context()));
        }
        Message::StatisticsReport(report) => {
            let _ = report
                .iter()
                .filter(|one| one.number().is_some() || one.family().is_some())
                .count();
        }
        Message::PeerDown(down) => drop(down.reason.notification()),
        Message::PeerUp(up) => drop((up.local_address(), up.context(&up.peer))),
        Message::Termination(termination) => drop(termination.reason()),
        Message::RouteMirroring(mirroring) => {
            let _ = (mirroring.message(), mirroring.information());
        }
        Message::Initiation(_) | Message::Unknown(_) => {}
    }
    Ok(message)
}

proptest! {
    #[test]
    fn what_is_encoded_comes_back(messages in prop::collection::vec(any_message(), 0..6)) {
        let mut stream = BytesMut::new();
        messages.iter().for_each(|message| message.encode(&mut stream));
        for message in messages {
            let bytes = split_message(&mut stream).expect("framing").expect("whole");
            prop_assert_eq!(read(bytes), Ok(message));
        }
        prop_assert!(stream.is_empty());
    }

    #[test]
    fn random_bodies_never_panic(kind in 0u8..8, body in prop::collection::vec(any::<u8>(), 0..120)) {
        let _ = read(raw(kind, &body));
    }

    #[test]
    fn mutated_messages_never_panic(
        message in any_message(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = message.to_bytes().to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            if let Some(octet) = bytes.get_mut(at) {
                *octet = value;
            }
        }
        let _ = read(Bytes::from(bytes.clone()));
        let _ = split_message(&mut BytesMut::from(&bytes[..]));
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(read(Bytes::from(bytes)).is_err());
    }

    #[test]
    fn random_bytes_never_panic(bytes in any_bytes(80)) {
        let _ = (split_message(&mut BytesMut::from(&bytes[..])), read(bytes));
    }
}

#[test]
fn a_message_is_taken_when_it_is_whole() {
    let whole = raw(4, &[0, 2, 0, 1, b'r']);
    let mut buffer = BytesMut::new();
    for octet in &whole {
        assert_eq!(split_message(&mut buffer), Ok(None));
        buffer.put_u8(*octet);
    }
    assert_eq!(split_message(&mut buffer), Ok(Some(whole)));
    assert_eq!(split_message(&mut buffer), Ok(None));
}

/// A header that is wrong is refused before the rest comes, and nothing is taken.
#[test]
fn headers_that_are_wrong() {
    let error = |bytes: &[u8]| {
        let mut buffer = BytesMut::from(bytes);
        let error = split_message(&mut buffer).expect_err("refused");
        assert_eq!(buffer, bytes);
        error
    };
    assert_eq!(error(&[0]), BmpError::Version { version: 0 });
    assert_eq!(error(&[3, 0, 0, 0, 5]), BmpError::BadLength { length: 5 });
    assert_eq!(error(&[3, 0, 0x10, 0, 1]), BmpError::BadLength { length: 0x10_0001 });
    let most = [3, 0, 0x10, 0, 0];
    assert_eq!(split_message(&mut BytesMut::from(&most[..])), Ok(None));
}

#[test]
fn what_is_malformed() {
    let error = |kind, body: &[u8]| read(raw(kind, body)).err();
    let cut_off = |what, offset| Some(BmpError::CutOff { what, offset });
    let peer = |rest: &[u8]| [&[0; 42][..], rest].concat();
    assert_eq!(error(0, &[0; 41]), cut_off("timestamp", 44));
    assert_eq!(error(4, &[0, 1, 0]), cut_off("TLV length", 8));
    assert_eq!(error(5, &[0, 1, 0, 2, 9]), cut_off("TLV value", 10));
    assert_eq!(error(2, &peer(&[])), cut_off("reason", 48));
    assert_eq!(error(2, &peer(&[2, 0])), cut_off("event", 49));
    assert_eq!(error(2, &peer(&[2, 0, 0, 0])), Some(BmpError::Trailing { offset: 51 }));
    let count = Some(BmpError::StatsCount { count: 2, there: 1, offset: 48 });
    assert_eq!(error(1, &peer(&[0, 0, 0, 2, 0, 7, 0, 0])), count);
    let up = |open: &[u8]| error(3, &peer(&[&[0; 20][..], open].concat()));
    assert_eq!(up(&[0xff; 16]), cut_off("sent OPEN", 84));
    assert_eq!(up(&[&[0xff; 16][..], &[0, 29]].concat()), cut_off("sent OPEN", 68));
    assert_eq!(up(&open(1, &[])), cut_off("received OPEN", 68 + open(1, &[]).len()));
}

/// What the two OPENs agree on (RFC 7911 §4), for the direction that is told (RFC 8671 §4).
#[test]
fn path_identifiers_as_negotiated() {
    let context = |sent: &[(bool, u8)], received: &[(bool, u8)], flags, peer_type| {
        let mut peer = PeerHeader::new([192, 0, 2, 1].into(), 1, [192, 0, 2, 1].into());
        peer.flags = flags;
        peer.peer_type = peer_type;
        let local = [192, 0, 2, 2].into();
        let up = PeerUp::new(peer, local, open(2, sent), open(1, received));
        up.context(&peer).expect("two OPENs").add_path.to_vec()
    };
    let (inward, out) = (PeerFlags::default(), PeerFlags::ADJ_RIB_OUT);
    let (v4, global) = (Family::IPV4_UNICAST, PeerType::GLOBAL_INSTANCE);
    assert_eq!(context(&[(false, 1)], &[(false, 2)], inward, global), [v4]);
    assert_eq!(context(&[(false, 1)], &[(false, 2)], out, global), []);
    assert_eq!(context(&[(false, 2)], &[(false, 1)], out, global), [v4]);
    assert_eq!(context(&[(false, 2)], &[(false, 3)], inward, global), []);
    assert_eq!(context(&[(true, 3)], &[(false, 3)], inward, global), []);
    // RFC 9069 §5.2: the direction means nothing.
    let table = PeerType::LOC_RIB_INSTANCE;
    assert_eq!(context(&[(false, 1)], &[(false, 1)], PeerFlags::FILTERED, table), [v4]);
}

/// RFC 7854 §4.2, RFC 9069 §4.2
/// Of a family that is there twice, in one capability or in two, the first counts.
#[test]
fn path_identifiers_of_families_that_are_there_twice() {
    let (v4, v6) = (Family::IPV4_UNICAST, Family::IPV6_UNICAST);
    let (send, receive) = (AddPathDirection::SEND, AddPathDirection::RECEIVE);
    let open = |lists: &[&[(Family, AddPathDirection)]]| {
        let list = |list: &&[_]| Capability::AddPath(list.iter().copied().collect());
        let capabilities: Capabilities = lists.iter().map(list).collect();
        crate::Message::Open(Open::new(1, 90, [1; 4].into(), capabilities)).to_bytes()
    };
    let received = open(&[&[(v4, send), (v4, receive)], &[(v6, receive)], &[(v6, send)]]);
    let sent = open(&[&[(v6, receive), (v4, receive)]]);
    let peer = PeerHeader::new([192, 0, 2, 1].into(), 1, [1; 4].into());
    let up = PeerUp::new(peer, [192, 0, 2, 2].into(), sent, received);
    let context = up.context(&peer).expect("OPENs");
    assert_eq!(context.add_path.as_slice(), [v4]);
}

#[test]
fn flags_of_the_peer_header() {
    let mut peer = PeerHeader::new("2001:db8::1".parse().expect("an address"), 1, [0; 4].into());
    peer.flags |= PeerFlags::TWO_OCTET_AS;
    assert_eq!(peer.address().map(|a| a.to_string()).as_deref(), Some("2001:db8::1"));
    assert!(!peer.context().four_octet_as);
    peer.flags = PeerFlags::default();
    assert!(peer.address().is_some_and(|a| a.is_ipv4()) && peer.context().four_octet_as);
    peer.flags = PeerFlags(0xff);
    assert!(peer.is_post_policy() && peer.is_adj_rib_out() && !peer.is_filtered());
    peer.peer_type = PeerType::LOC_RIB_INSTANCE;
    assert!(!peer.is_post_policy() && !peer.is_adj_rib_out() && peer.is_filtered());
    assert!(peer.address().is_none() && peer.context().four_octet_as);
}

/// All messages and reasons by their numbers
#[test]
fn every_type_is_known() {
    let peer = |rest: &[u8]| [&[0; 42][..], rest].concat();
    let opens = [&[0; 20][..], &open(1, &[]), &open(2, &[])].concat();
    let bodies =
        [peer(&[]), peer(&[0; 4]), peer(&[4]), peer(&opens), peer(&[]), peer(&[]), peer(&[])];
    for (kind, body) in (0u8..).zip(bodies) {
        // The fifth and the sixth have no peer.
        let body = if matches!(kind, 4 | 5) { Vec::new() } else { body };
        let message = read(raw(kind, &body)).expect("well formed");
        assert!(!matches!(message, Message::Unknown(_)) && message.kind() == MessageType(kind));
    }
    for (code, data) in [(1, 21), (2, 2), (3, 21), (4, 0), (5, 0), (6, 4)] {
        let data = &alloc::vec![0; data];
        let message = read(raw(2, &peer(&[&[code][..], data].concat()))).expect("well formed");
        let Message::PeerDown(down) = message else { panic!("{message:?}") };
        assert!(!matches!(down.reason, PeerDownReason::Unknown { .. }), "{code}");
        assert_eq!(down.reason.code(), code);
        assert_eq!(down.reason.notification().is_some(), matches!(code, 1 | 3));
    }
    // What should have nothing behind it is kept with what it has.
    let message = read(raw(2, &peer(&[4, 9]))).expect("well formed");
    let Message::PeerDown(down) = message else { panic!("{message:?}") };
    assert!(matches!(down.reason, PeerDownReason::Unknown { code: 4, .. }));
}

#[test]
fn statistics_of_all_lengths() {
    let one = |value: &[u8]| {
        let kind = StatType::FAMILY_LOC_RIB;
        let statistic = Statistic { kind, value };
        (statistic.number(), statistic.family().is_some())
    };
    assert_eq!(one(&[0, 0, 1, 0]), (Some(256), false));
    assert_eq!(one(&[0, 0, 0, 0, 0, 0, 1, 0]), (Some(256), false));
    assert_eq!(one(&[0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0]), (Some(256), true));
    assert_eq!(one(&[1]), (None, false));
    assert_eq!(StatType::ADJ_RIB_IN.to_string(), "routes in Adj-RIBs-In");
}
