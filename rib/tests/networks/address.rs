//! Addresses that say whose they are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bgp_wire::NextHop;
use ipnet::IpNet;

/// Whose an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Of this node, wherever it is reached
    Loopback(usize),
    /// Of a node on a link
    Link { link: usize, node: usize },
}

fn octet(number: usize) -> u8 {
    u8::try_from(number).expect("networks are small")
}

fn word(number: usize) -> u16 {
    u16::try_from(number).expect("networks are small")
}

/// Also its BGP identifier.
pub(crate) fn loopback(node: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 255, 0, octet(node + 1))
}

pub(crate) fn loopback6(node: usize) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, 0xff, 0, 0, 0, 0, 0, word(node + 1))
}

pub(crate) fn on_link(link: usize, node: usize) -> Ipv4Addr {
    Ipv4Addr::new(172, 16, octet(link), octet(node + 1))
}

pub(crate) fn on_link6(link: usize, node: usize) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, 1, word(link), 0, 0, 0, 0, word(node + 1))
}

pub(crate) fn link_local(link: usize, node: usize) -> Ipv6Addr {
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, word(link), word(node + 1))
}

/// The networks of a link.
pub(crate) fn networks(link: usize) -> [IpNet; 2] {
    let net = |address: IpAddr, length| IpNet::new(address, length).expect("a length").trunc();
    [net(on_link(link, 0).into(), 24), net(on_link6(link, 0).into(), 64)]
}

/// A network that a node may announce.
pub(crate) fn net4(node: usize, number: usize) -> IpNet {
    IpNet::new(Ipv4Addr::new(10, octet(node), octet(number), 0).into(), 24).expect("a length")
}

pub(crate) fn net6(node: usize, number: usize) -> IpNet {
    let address = Ipv6Addr::new(0xfd42, word(node), word(number), 0, 0, 0, 0, 0);
    IpNet::new(address.into(), 48).expect("a length")
}

pub(crate) fn owner(next_hop: &NextHop) -> Owner {
    match next_hop.address() {
        IpAddr::V4(address) => match address.octets() {
            [10, 255, 0, node] => Owner::Loopback(usize::from(node) - 1),
            [172, 16, link, node] => Owner::Link { link: link.into(), node: usize::from(node) - 1 },
            _ => panic!("{address} is nobody's"),
        },
        IpAddr::V6(address) => match address.segments() {
            [0xfd00, 0xff, .., node] => Owner::Loopback(usize::from(node) - 1),
            [0xfd00, 1, link, .., node] | [0xfe80, .., link, node] => {
                Owner::Link { link: link.into(), node: usize::from(node) - 1 }
            }
            _ => panic!("{address} is nobody's"),
        },
    }
}
