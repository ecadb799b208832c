use alloc::string::ToString;
use alloc::vec::Vec;

use super::*;
use crate::error::LsaError;
use crate::id::InterfaceId;
use crate::lsa::{LinkStateId, LsType, Lsa, LsaBody, LsaHeader, LsaKey, SequenceNumber};
use crate::options::Options;
use crate::tlv::Tlv;

const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const ALL_SPF_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 5);

/// Every field with octets of its own, so that none can be taken for another.
const HELLO: [u8; 44] = [
    3, 1, 0, 44, // version, type, length
    192, 0, 2, 1, // Router ID
    0, 0, 1, 2, // Area ID
    0, 0, 64, 0, // checksum, Instance ID
    0x11, 0x12, 0x13, 0x14, // Interface ID
    0x21, 0x80, 0x01, 0x13, // priority, Options
    0x31, 0x32, 0x33, 0x34, // HelloInterval, RouterDeadInterval
    192, 0, 2, 3, // Designated Router
    192, 0, 2, 4, // Backup Designated Router
    192, 0, 2, 5, 192, 0, 2, 6, // neighbours
];

fn hello() -> Packet {
    Packet {
        router_id: RouterId::from([192, 0, 2, 1]),
        area_id: AreaId::from([0, 0, 1, 2]),
        instance_id: InstanceId(64),
        body: PacketBody::Hello(Hello {
            interface_id: InterfaceId(0x1112_1314),
            router_priority: 0x21,
            options: Options::from_bits(0x0080_0113),
            hello_interval: 0x3132,
            router_dead_interval: 0x3334,
            designated_router: RouterId::from([192, 0, 2, 3]),
            backup_designated_router: RouterId::from([192, 0, 2, 4]),
            neighbors: Vec::from([[192, 0, 2, 5], [192, 0, 2, 6]].map(RouterId::from)),
        }),
    }
}

fn without_checksum(packet: &Packet) -> BytesMut {
    let mut out = BytesMut::new();
    packet.encode_without_checksum(&mut out).expect("short enough");
    out
}

fn with_octet(data: &[u8], at: usize, value: u8) -> Vec<u8> {
    let mut data = Vec::from(data);
    *data.get_mut(at).expect("within") = value;
    data
}

#[test]
fn each_field_in_its_place() {
    assert_eq!(Packet::decode(&HELLO), Ok((hello(), &[][..])));
    assert_eq!(without_checksum(&hello()), HELLO[..]);
    let header = Header {
        packet_type: PacketType::HELLO,
        length: 44,
        router_id: RouterId::from([192, 0, 2, 1]),
        area_id: AreaId::from([0, 0, 1, 2]),
        checksum: 0xabcd,
        instance_id: InstanceId(64),
    };
    let summed = with_octet(&with_octet(&HELLO, 12, 0xab), 13, 0xcd);
    assert_eq!(Header::decode(&summed), Ok(header));
}

#[test]
fn encoding_appends() {
    let mut out = BytesMut::from(&b"before"[..]);
    hello().encode(SOURCE, ALL_SPF_ROUTERS, &mut out).expect("short enough");
    let packet = out.strip_prefix(b"before").expect("still there");
    assert_eq!(checksum::verify(packet, SOURCE, ALL_SPF_ROUTERS), Ok(()));
    assert_eq!(Packet::decode(packet), Ok((hello(), &[][..])));
}

#[test]
fn packets_may_be_as_long_as_the_field_can_say() {
    let other = |length| Packet {
        body: PacketBody::Other {
            packet_type: PacketType(6),
            body: Bytes::from(alloc::vec![7; length]),
        },
        ..hello()
    };
    let longest = without_checksum(&other(65535 - 16));
    assert_eq!(Packet::decode(&longest), Ok((other(65535 - 16), &[][..])));
    let too_long = Err(PacketTooLong { length: 65536 });
    let mut out = BytesMut::from(&b"before"[..]);
    assert_eq!(other(65536 - 16).encode(SOURCE, ALL_SPF_ROUTERS, &mut out), too_long);
    assert_eq!(other(65536 - 16).encode_without_checksum(&mut out), too_long);
    assert_eq!(out, b"before"[..]);
    assert_eq!(PacketTooLong { length: 65536 }.to_string(), "a packet of 65536 octets is too long");
}

#[test]
fn types_without_a_variant_are_kept() {
    for number in (0..=255).filter(|number| !(1..=5).contains(number)) {
        let data = with_octet(&HELLO, 1, number);
        let (packet, trailer) = Packet::decode(&data).expect("a header and any body");
        let body = Bytes::copy_from_slice(data.get(16..).expect("a body"));
        assert_eq!(packet.body, PacketBody::Other { packet_type: PacketType(number), body });
        assert!(trailer.is_empty());
        assert_eq!(without_checksum(&packet), data);
    }
    assert_eq!(PacketType::LINK_STATE_REQUEST.to_string(), "Link State Request");
    assert_eq!(PacketType(6).to_string(), "packet type 6");
    assert_eq!((1..=5).filter_map(|number| PacketType(number).name()).count(), 5);
    assert_eq!((PacketType(0).name(), PacketType(6).name()), (None, None));
}

/// RFC 7166 §4.1, RFC 5613 §2
#[test]
fn what_follows_the_packet_is_handed_back() {
    let mut data = Vec::from(HELLO);
    data.extend_from_slice(&[1, 2, 3]);
    assert_eq!(Packet::decode(&data), Ok((hello(), &[1, 2, 3][..])));
}

/// RFC 5340 §A.3.1: the field after the Instance ID
#[test]
fn the_reserved_field_is_ignored() {
    assert_eq!(Packet::decode(&with_octet(&HELLO, 15, 0xff)), Ok((hello(), &[][..])));
}

/// RFC 5340 §4.2.2
#[test]
fn only_version_3() {
    for version in (0..=255).filter(|version| *version != 3) {
        let error = PacketError::UnsupportedVersion { version };
        assert_eq!(Packet::decode(&with_octet(&HELLO, 0, version)), Err(error));
        assert_eq!(Header::decode(&[version]), Err(error));
    }
}

#[test]
fn the_packet_length_is_checked() {
    for length in (0..16).chain([45, 255]) {
        let error = PacketError::BadLength { length: u16::from(length), available: 44 };
        assert_eq!(Header::decode(&with_octet(&HELLO, 3, length)), Err(error));
        assert_eq!(Packet::decode(&with_octet(&HELLO, 3, length)), Err(error));
    }
}

/// Where each field of [`HELLO`] starts.
const FIELDS: [(usize, &str, usize); 16] = [
    (0, "Version", 1),
    (1, "Type", 1),
    (2, "Packet length", 2),
    (4, "Router ID", 4),
    (8, "Area ID", 4),
    (12, "Checksum", 2),
    (14, "Instance ID", 1),
    (15, "reserved", 1),
    (16, "Interface ID", 4),
    (20, "Rtr Priority", 1),
    (21, "Options", 3),
    (24, "HelloInterval", 2),
    (26, "RouterDeadInterval", 2),
    (28, "Designated Router ID", 4),
    (32, "Backup Designated Router ID", 4),
    (36, "", 0),
];

/// The error of a packet that ends at `end`, inside of one of [`FIELDS`].
fn cut_off(end: usize) -> PacketError {
    let (offset, what, needed) = *FIELDS
        .iter()
        .find(|(offset, _, needed)| (*offset..offset + needed).contains(&end))
        .expect("in a field");
    PacketError::Truncated { what, offset, needed, available: end - offset }
}

#[test]
fn data_cut_off_anywhere() {
    for end in 0..HELLO.len() {
        let error = match end {
            ..16 => cut_off(end),
            _ => PacketError::BadLength { length: 44, available: end },
        };
        let data = HELLO.get(..end).expect("within");
        assert_eq!(Header::decode(data), Err(error), "{end}");
        assert_eq!(Packet::decode(data), Err(error), "{end}");
        assert_eq!(checksum::verify(data, SOURCE, ALL_SPF_ROUTERS), Err(error), "{end}");
    }
}

/// The data is all there, but the Packet length says less: what is beyond it is not the packet's.
#[test]
fn packets_cut_off_anywhere() {
    for end in 16..HELLO.len() {
        let data = with_octet(&HELLO, 3, u8::try_from(end).expect("small"));
        let decoded = Packet::decode(&data);
        match (end, end % 4) {
            (..36, _) => assert_eq!(decoded, Err(cut_off(end))),
            (_, 0) => {
                let (packet, trailer) = decoded.expect("whole neighbours");
                let PacketBody::Hello(hello) = packet.body else { panic!("a Hello") };
                assert_eq!(hello.neighbors.len(), (end - 36) / 4);
                assert_eq!(trailer.len(), HELLO.len() - end);
            }
            (_, count) => {
                let error =
                    PacketError::TrailingBytes { what: "Hello", offset: end - count, count };
                assert_eq!(decoded, Err(error));
            }
        }
    }
}

#[test]
fn errors_say_what_and_where() {
    let texts = [
        (cut_off(30), "Designated Router ID at offset 28 is cut off: 2 of 4 octets"),
        (
            PacketError::TrailingBytes { what: "Hello", offset: 40, count: 3 },
            "3 octets too many after Hello at offset 40",
        ),
        (PacketError::UnsupportedVersion { version: 2 }, "unsupported version 2"),
        (
            PacketError::BadLength { length: 44, available: 43 },
            "bad packet length 44 in 43 octets of data",
        ),
        (
            PacketError::BadChecksum { found: 0xab, expected: 0xcdef },
            "bad checksum 0x00ab, expected 0xcdef",
        ),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
}

/// A body of this type after the header of [`HELLO`].
fn with_body(packet_type: PacketType, body: &[u8]) -> Vec<u8> {
    let data = [&HELLO[..16], body].concat();
    let [high, low] = u16::try_from(data.len()).expect("short").to_be_bytes();
    with_octet(&with_octet(&with_octet(&data, 1, packet_type.0), 2, high), 3, low)
}

/// RFC 5340 §A.3.3, §A.4.2
#[test]
fn database_description() {
    let data = with_body(
        PacketType::DATABASE_DESCRIPTION,
        &[
            0, 0x80, 0x01, 0x13, // Options
            0x21, 0x22, 0, 0x17, // Interface MTU, flags
            0x31, 0x32, 0x33, 0x34, // DD sequence number
            0x01, 0x02, 0x20, 0x01, // LS age, LS type
            0x41, 0x42, 0x43, 0x44, // Link State ID
            192, 0, 2, 3, // Advertising Router
            0x80, 0, 0, 0x01, // LS sequence number
            0x51, 0x52, 0x61, 0x62, // LS checksum, length
        ],
    );
    let flags = DatabaseDescriptionFlags::I
        | DatabaseDescriptionFlags::M
        | DatabaseDescriptionFlags::MS
        | DatabaseDescriptionFlags::M6;
    let header = LsaHeader {
        age: 0x0102,
        key: LsaKey {
            ls_type: LsType::ROUTER,
            advertising_router: RouterId::from([192, 0, 2, 3]),
            link_state_id: LinkStateId(0x4142_4344),
        },
        sequence: SequenceNumber::INITIAL,
        checksum: 0x5152,
        length: 0x6162,
    };
    let expected = DatabaseDescription {
        options: Options::from_bits(0x0080_0113),
        interface_mtu: 0x2122,
        flags,
        sequence_number: 0x3132_3334,
        headers: Vec::from([header]),
    };
    let expected = Packet { body: PacketBody::DatabaseDescription(expected), ..hello() };
    assert_eq!(Packet::decode(&data), Ok((expected.clone(), &[][..])));
    assert_eq!(without_checksum(&expected), data);
    assert_eq!(alloc::format!("{flags:?}"), "DatabaseDescriptionFlags(MS|M|I|M6)");
    assert!(!flags.without(DatabaseDescriptionFlags::M).contains(DatabaseDescriptionFlags::M));

    let acknowledgment = with_body(PacketType::LINK_STATE_ACKNOWLEDGMENT, &data[28..]);
    let headers = Vec::from([header]);
    let body = PacketBody::LinkStateAcknowledgment(LinkStateAcknowledgment { headers });
    let expected = Packet { body, ..hello() };
    assert_eq!(Packet::decode(&acknowledgment), Ok((expected.clone(), &[][..])));
    assert_eq!(without_checksum(&expected), acknowledgment);
    let long = with_body(PacketType::LINK_STATE_ACKNOWLEDGMENT, &data[27..]);
    let what = "Link State Acknowledgment";
    let error = PacketError::TrailingBytes { what, offset: 36, count: 1 };
    assert_eq!(Packet::decode(&long), Err(error));
}

/// RFC 5340 §A.3.4
#[test]
fn link_state_request() {
    let octets = [0, 0, 0x20, 0x02, 0x41, 0x42, 0x43, 0x44, 192, 0, 2, 3];
    let data = with_body(PacketType::LINK_STATE_REQUEST, &octets);
    let key = LsaKey {
        ls_type: LsType::NETWORK,
        advertising_router: RouterId::from([192, 0, 2, 3]),
        link_state_id: LinkStateId(0x4142_4344),
    };
    let body = PacketBody::LinkStateRequest(LinkStateRequest { keys: Vec::from([key]) });
    let expected = Packet { body, ..hello() };
    assert_eq!(Packet::decode(&data), Ok((expected.clone(), &[][..])));
    assert_eq!(without_checksum(&expected), data);
}

/// RFC 5340 §A.3.5: the number of LSAs, and as many as there are.
#[test]
fn updates_with_another_count() {
    let key = LsaKey {
        ls_type: LsType::NETWORK,
        advertising_router: RouterId(1),
        link_state_id: LinkStateId(1),
    };
    let body = LsaBody::Unknown(Bytes::from_static(&[0; 4]));
    let lsa = Lsa::new(1, key, SequenceNumber::INITIAL, &body).expect("short");
    let mut builder = LinkStateUpdate::builder(0);
    assert!(builder.push(&lsa, 1), "one always fits");
    assert!(!builder.push(&lsa, 1));
    let packet = Packet { body: PacketBody::LinkStateUpdate(builder.build()), ..hello() };
    let data = without_checksum(&packet);
    assert_eq!(data[16..20], [0, 0, 0, 1]);
    let lsas = |count: [u8; 4]| {
        let mut data = data.to_vec();
        data[16..20].copy_from_slice(&count);
        match Packet::decode(&data) {
            Ok((Packet { body: PacketBody::LinkStateUpdate(update), .. }, _)) => {
                assert_eq!(update.count(), u32::from_be_bytes(count));
                update.lsas().collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(lsas([0, 0, 0, 1]), [Ok(lsa.clone())]);
    // More than there are, or than there can be: said once.
    let missing = LsaError::Truncated { what: "LS age", offset: 0, needed: 2, available: 0 };
    assert_eq!(lsas([0, 0, 0, 2]), [Ok(lsa.clone()), Err(missing)]);
    assert_eq!(lsas([0xff; 4]), [Ok(lsa), Err(missing)]);
    let trailing = LsaError::TrailingBytes { what: "LSAs", offset: 0, count: 24 };
    assert_eq!(lsas([0; 4]), [Err(trailing)]);
}

/// RFC 5613 §2.1, §2.2: only Hello and Database Description packets have a block, and only with the L bit.
#[test]
fn datagrams_are_taken_apart() {
    let after = [0xab, 0xcd, 0, 2, 1, 2, 3, 4, 0xee];
    let l = |data: &[u8], at: usize| with_octet(data, at, data[at] | 0x02);
    let description = with_body(PacketType::DATABASE_DESCRIPTION, &[0; 12]);
    let request = with_body(PacketType::LINK_STATE_REQUEST, &[0xff; 12]);
    let cases = [
        (HELLO.to_vec(), None),
        (l(&HELLO, 22), Some(8)),
        (description.clone(), None),
        (l(&description, 18), Some(8)),
        (request, None),
    ];
    for (packet, block) in cases {
        let data = [&packet[..], &after].concat();
        let datagram = Datagram::split(&data).expect("a packet");
        assert_eq!(datagram.packet, packet);
        let (expected, trailer) = after.split_at(block.unwrap_or(0));
        assert_eq!(datagram.link_local_signaling, block.map(|_| expected));
        assert_eq!(datagram.trailer, trailer);
        // A block that is longer than what is there is none.
        let cut = Datagram::split(&data[..data.len() - 2]).expect("a packet");
        assert_eq!((cut.link_local_signaling, cut.trailer), (None, &after[..7]));
    }
}

/// RFC 5613 §2.2, §2.4; RFC 5838 §2.7
#[test]
fn link_local_signaling() {
    let octets = [
        0, 0, 0, 5, // LLS checksum, LLS Data Length
        0, 1, 0, 4, 0x11, 0x12, 0x13, 0x14, // Extended Options and Flags
        0, 17, 0, 4, 0x21, 0x22, 0x23, 0x24, // IPv6 MTU
    ];
    let mut block = LinkLocalSignaling::default();
    block.push_word(LinkLocalSignaling::EXTENDED_OPTIONS, 0x1112_1314);
    block.push_word(LinkLocalSignaling::IPV6_MTU, 0x2122_2324);
    assert_eq!(block.extended_options(), Some(0x1112_1314));
    assert_eq!(block.ipv6_mtu(), Some(0x2122_2324));
    assert_eq!(LinkLocalSignaling::decode(&octets, true), Ok(block.clone()));
    let mut out = BytesMut::new();
    block.encode(true, &mut out);
    assert_eq!(out, octets[..]);
    let wrong = LinkLocalSignalingError::BadChecksum { found: 0 };
    assert_eq!(LinkLocalSignaling::decode(&octets, false), Err(wrong));
    assert_eq!(wrong.to_string(), "bad checksum 0x0000 of the LLS block");
    let long = [&octets[..], &[0]].concat();
    let error = PacketError::TrailingBytes { what: "LLS block", offset: 20, count: 1 };
    let error = LinkLocalSignalingError::Malformed(error);
    assert_eq!(LinkLocalSignaling::decode(&long, true), Err(error));
    // Of another length it says nothing.
    let mut short = LinkLocalSignaling::default();
    short.tlvs.push(Tlv { tlv_type: 1, value: Bytes::from_static(&[1, 2, 3]) });
    assert_eq!(short.extended_options(), None);
}

/// RFC 8200 §3: 40 octets of IPv6 header.
#[test]
fn what_goes_over_a_link_in_one_piece() {
    assert_eq!((longest(1500, 0), longest(1500, 48)), (1460, 1412));
    assert_eq!((longest(40, 1), longest(0, 0)), (0, 0));
    assert_eq!(LinkStateRequest::room(0), 0);
}

mod random;
