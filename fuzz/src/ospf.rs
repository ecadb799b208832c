//! OSPFv3 packets.

use core::net::Ipv6Addr;

use bytes::BytesMut;
use ospf3::{Header, Packet, checksum};

/// What is decoded is written back as it was; what is written has a checksum that verifies.
pub fn ospf_packet(data: &[u8]) {
    let source = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    let destination = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 5);
    let _ = checksum::verify(data, source, destination);
    let Ok((packet, trailer)) = Packet::decode(data) else { return };
    let header = Header::decode(data).expect("a packet has a header");
    assert_eq!(usize::from(header.length) + trailer.len(), data.len());
    let mut out = BytesMut::new();
    packet.encode(source, destination, &mut out).expect("it was not too long before");
    assert_eq!(checksum::verify(&out, source, destination), Ok(()));
    let (again, rest) = Packet::decode(&out).expect("what is written can be read");
    assert_eq!((again, rest), (packet, &[][..]));
}
