//! A BGP speaker that announces routes to a daemon, and then keeps silent.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use bgp_wire::{
    Capabilities, Capability, Context, Family, Message, NextHop, Open, PathAttributes, UpdateWriter,
};
use bytes::BytesMut;
use ipnet::IpNet;
use testbed::{Node, PATIENCE};

/// The AS of the speaker, and of the daemon.
pub(crate) const AS: u32 = 64500;
/// Its address, and its port.
pub(crate) const ADDRESS: &str = "10.9.0.2";
pub(crate) const PORT: u16 = 1790;

/// A route that it announces.
#[derive(Debug, Clone)]
pub(crate) struct Announced {
    pub(crate) net: IpNet,
    pub(crate) next_hop: NextHop,
    pub(crate) attributes: PathAttributes,
}

/// Listens on `node`, and announces `routes` to who comes. The session lasts as long as what the thread gives back.
pub(crate) fn start(node: &Node, routes: Vec<Announced>) -> JoinHandle<TcpStream> {
    let listener = node.inside(|| TcpListener::bind((ADDRESS, PORT)).expect("a free port"));
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket has a timeout");
        stream.write_all(&opening()).expect("the daemon is there");
        // Its OPEN and its KEEPALIVE.
        message(&mut stream);
        message(&mut stream);
        stream.write_all(&updates(&routes)).expect("the daemon is there");
        stream
    })
}

/// OPEN, without a hold time, and KEEPALIVE.
fn opening() -> BytesMut {
    let capabilities = [
        Capability::Multiprotocol(Family::IPV4_UNICAST),
        Capability::Multiprotocol(Family::IPV6_UNICAST),
        Capability::FourOctetAs(AS),
    ];
    let address = ADDRESS.parse().expect("an address");
    let mut out = BytesMut::new();
    let open = Open::new(AS, 0, address, capabilities.into_iter().collect::<Capabilities>());
    Message::Open(open).encode(&mut out);
    Message::Keepalive.encode(&mut out);
    out
}

fn updates(routes: &[Announced]) -> BytesMut {
    let context = Context { four_octet_as: true, ..Context::default() };
    let mut out = BytesMut::new();
    let mut writer = UpdateWriter::new(&mut out, &context);
    for route in routes {
        let family =
            if route.net.addr().is_ipv4() { Family::IPV4_UNICAST } else { Family::IPV6_UNICAST };
        writer
            .announce(route.attributes.view(), family, &route.next_hop, [route.net])
            .expect("a route fits into a message");
    }
    out
}

fn message(stream: &mut TcpStream) {
    let mut header = [0; bgp_wire::HEADER_LENGTH];
    stream.read_exact(&mut header).expect("a message");
    let length = usize::from(u16::from_be_bytes([header[16], header[17]]));
    stream.read_exact(&mut vec![0; length - header.len()]).expect("a whole message");
}
