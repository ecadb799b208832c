use alloc::string::ToString;
use alloc::vec::Vec;

use super::*;
use crate::id::InterfaceId;
use crate::options::Options;

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

mod random;
