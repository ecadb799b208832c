//! Packets that BIRD and FRR sent: see testdata/README.md.

use std::net::Ipv6Addr;
use std::time::Duration;

use bytes::BytesMut;
use ospf3::auth::{Algorithm, SecurityAssociation, SecurityAssociations};
use ospf3::hello::{HelloMismatch, Parameters};
use ospf3::{
    AreaId, Datagram, Header, Hello, InstanceId, InterfaceId, Options, Packet, PacketBody,
    RouterId, checksum,
};

macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!("../testdata/", $name, ".bin"))
    };
}

const BIRD_BROADCAST: &str = "fe80::e8f6:55ff:febf:bcc";
const BIRD_AUTHENTICATED: &str = "fe80::c8ee:c8ff:fe69:c999";
const BIRD_NSSA: &str = "fe80::2875:d6ff:fed8:b4e9";
const FRR_NSSA: &str = "fe80::b4dd:28ff:fe5e:491c";
const ALL_SPF_ROUTERS: &str = "ff02::5";
const ALL_D_ROUTERS: &str = "ff02::6";

const BASE: InstanceId = InstanceId::BASE_IPV6_UNICAST;

fn address(text: &str) -> Ipv6Addr {
    text.parse().expect("an address")
}

fn router(last: u8) -> RouterId {
    RouterId::from([192, 0, 2, last])
}

fn packet(router_id: RouterId, area: u8, instance_id: InstanceId, body: PacketBody) -> Packet {
    Packet { router_id, area_id: AreaId::from([0, 0, 0, area]), instance_id, body }
}

fn decode(data: &[u8]) -> Packet {
    let (packet, trailer) = Packet::decode(data).expect("well-formed");
    assert!(trailer.is_empty());
    packet
}

fn decode_hello(data: &[u8]) -> Hello {
    match Packet::decode(data) {
        Ok((Packet { body: PacketBody::Hello(hello), .. }, _)) => hello,
        other => panic!("{other:?}"),
    }
}

/// Its checksum is right, it reads as expected, and is written as it was read.
fn check(data: &[u8], source: &str, destination: &str, expected: &Packet) {
    let (source, destination) = (address(source), address(destination));
    assert_eq!(checksum::verify(data, source, destination), Ok(()));
    assert_eq!(decode(data), *expected);
    let mut again = BytesMut::new();
    expected.encode(source, destination, &mut again).expect("short enough");
    assert_eq!(again, data);
}

fn bird_broadcast() -> Hello {
    Hello {
        interface_id: InterfaceId(2),
        router_priority: 7,
        options: Options::V6 | Options::E | Options::R | Options::AF,
        hello_interval: 5,
        router_dead_interval: 20,
        designated_router: RouterId::NONE,
        backup_designated_router: RouterId::NONE,
        neighbors: vec![],
    }
}

fn frr_alone() -> Hello {
    Hello {
        interface_id: InterfaceId(2),
        router_priority: 5,
        options: Options::V6 | Options::N | Options::R,
        hello_interval: 10,
        router_dead_interval: 40,
        designated_router: RouterId::NONE,
        backup_designated_router: RouterId::NONE,
        neighbors: vec![],
    }
}

#[test]
fn bird_hello_alone() {
    let expected = packet(router(1), 0, BASE, PacketBody::Hello(bird_broadcast()));
    check(captured!("bird/hello_alone"), BIRD_BROADCAST, ALL_SPF_ROUTERS, &expected);
}

#[test]
fn bird_hello_full() {
    let hello = Hello {
        designated_router: router(1),
        backup_designated_router: router(2),
        neighbors: vec![router(2)],
        ..bird_broadcast()
    };
    let expected = packet(router(1), 0, BASE, PacketBody::Hello(hello));
    check(captured!("bird/hello_full"), BIRD_BROADCAST, ALL_SPF_ROUTERS, &expected);
}

#[test]
fn bird_hello_ipv4() {
    let hello = Hello {
        interface_id: InterfaceId(2),
        router_priority: 1,
        options: Options::E | Options::R | Options::AF,
        hello_interval: 2,
        router_dead_interval: 9,
        neighbors: vec![router(2)],
        ..bird_broadcast()
    };
    let expected = packet(router(1), 0, InstanceId(64), PacketBody::Hello(hello));
    check(captured!("bird/hello_ipv4"), BIRD_BROADCAST, ALL_SPF_ROUTERS, &expected);
}

/// RFC 7166 §4.1, §4.2: no checksum, and 48 octets of trailer that the Packet length does not count.
#[test]
fn bird_hello_authenticated() {
    let data = captured!("bird/hello_authenticated");
    let (received, trailer) = Packet::decode(data).expect("well-formed");
    let hello = Hello {
        interface_id: InterfaceId(3),
        router_priority: 1,
        options: Options::V6 | Options::E | Options::R | Options::AF | Options::AT,
        hello_interval: 10,
        router_dead_interval: 40,
        neighbors: vec![router(2)],
        ..bird_broadcast()
    };
    assert_eq!(received, packet(router(1), 1, BASE, PacketBody::Hello(hello)));
    assert_eq!((trailer.len(), trailer.get(..4)), (48, Some(&[0, 1, 0, 48][..])));
    let mut again = BytesMut::new();
    received.encode_without_checksum(&mut again).expect("short enough");
    assert_eq!(data.strip_suffix(trailer), Some(&again[..]));
    let header = Header::decode(data).expect("well-formed");
    assert_eq!((header.length, header.checksum), (40, 0));
    let (source, destination) = (address(BIRD_AUTHENTICATED), address(ALL_SPF_ROUTERS));
    let association = SecurityAssociation::new(1, Algorithm::HmacSha256, "secret");
    let datagram = Datagram::split(data).expect("well-formed");
    let associations = SecurityAssociations::from_iter([association.clone()]);
    let verified = associations.verify(Duration::ZERO, source, &datagram).expect("authentic");
    association.sign(verified.sequence_number, source, &mut again);
    assert_eq!(again, data[..]);
    assert!(checksum::verify(data, source, destination).is_err());
}

#[test]
fn hellos_of_an_nssa() {
    let frr = packet(router(3), 2, BASE, PacketBody::Hello(frr_alone()));
    check(captured!("frr/hello_alone"), FRR_NSSA, ALL_SPF_ROUTERS, &frr);

    let hello = Hello { designated_router: router(3), neighbors: vec![router(1)], ..frr_alone() };
    let frr = packet(router(3), 2, BASE, PacketBody::Hello(hello));
    check(captured!("frr/hello_nssa"), FRR_NSSA, ALL_SPF_ROUTERS, &frr);

    let hello = Hello {
        interface_id: InterfaceId(4),
        router_priority: 0,
        options: Options::V6 | Options::N | Options::R | Options::AF,
        designated_router: router(3),
        neighbors: vec![router(3)],
        ..frr_alone()
    };
    let bird = packet(router(1), 2, BASE, PacketBody::Hello(hello));
    check(captured!("bird/hello_nssa"), BIRD_NSSA, ALL_SPF_ROUTERS, &bird);
}

/// These two became neighbours; the routers of another area or timing would not have.
#[test]
fn bird_and_frr_agree() {
    let bird = decode_hello(captured!("bird/hello_nssa"));
    let frr = decode_hello(captured!("frr/hello_nssa"));
    let parameters = |hello: &Hello| Parameters {
        instance_id: BASE,
        hello_interval: hello.hello_interval,
        router_dead_interval: hello.router_dead_interval,
        options: hello.options,
    };
    assert_eq!(frr.check(&parameters(&bird)), Ok(()));
    assert_eq!(bird.check(&parameters(&frr)), Ok(()));
    let other = decode_hello(captured!("bird/hello_full"));
    let mismatch = HelloMismatch::HelloInterval { expected: 10, received: 5 };
    assert_eq!(other.check(&parameters(&frr)), Err(mismatch));
}

/// What a packet of each type says is looked at where there are more of them: here that it is written as it was read.
#[test]
fn other_types() {
    let captured: [(&[u8], _, _, _); 4] = [
        (captured!("bird/database_description"), router(1), BIRD_NSSA, FRR_NSSA),
        (captured!("frr/link_state_request"), router(3), FRR_NSSA, BIRD_NSSA),
        (captured!("frr/link_state_update"), router(3), FRR_NSSA, ALL_SPF_ROUTERS),
        (captured!("bird/link_state_acknowledgment"), router(1), BIRD_NSSA, ALL_D_ROUTERS),
    ];
    for (data, sender, source, destination) in captured {
        let expected = packet(sender, 2, BASE, decode(data).body);
        check(data, source, destination, &expected);
    }
}
