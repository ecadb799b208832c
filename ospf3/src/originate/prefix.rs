//! Prefixes as they are configured and routed, and as LSAs hold them.

use core::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::AddressFamily;
use crate::lsa::{Prefix, PrefixOptions, widen};

/// Whether a prefix may be told at all: it is of the instance's address family (RFC 5838 §2.3), and not link-local.
pub(super) fn conforms(family: AddressFamily, net: IpNet) -> bool {
    match net {
        IpNet::V4(_) => family.is_ipv4(),
        IpNet::V6(net) => !family.is_ipv4() && !net.addr().is_unicast_link_local(),
    }
}

/// Whether packets for a prefix may be forwarded to an address: no link-local one (RFC 5340 §4.4.3.6), and one that says
/// anything.
pub(super) fn is_forwarding(address: IpAddr, net: IpNet) -> bool {
    let link_local = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    !link_local && !address.is_unspecified() && address.is_ipv4() == net.addr().is_ipv4()
}

/// The prefix that all others lie in.
pub(super) fn default_route(family: AddressFamily) -> IpNet {
    if family.is_ipv4() { IpNet::V4(Ipv4Net::default()) } else { IpNet::V6(Ipv6Net::default()) }
}

/// As LSAs hold it: host bits cleared, without options.
pub(super) fn encode(net: IpNet) -> Prefix {
    match net {
        IpNet::V4(net) => Prefix::v4(net.addr(), net.prefix_len()),
        IpNet::V6(net) => Prefix::v6(net.addr(), net.prefix_len()),
    }
}

/// A prefix with host bits cleared, and the LA-bit where it is one address (RFC 5340 §A.4.1.1).
pub(super) fn of_link(net: IpNet) -> Prefix {
    let prefix = encode(net);
    if net.prefix_len() == net.max_prefix_len() { prefix.with(PrefixOptions::LA) } else { prefix }
}

/// An interface's address alone.
pub(super) fn host(net: IpNet) -> Prefix {
    encode(IpNet::from(net.addr())).with(PrefixOptions::LA)
}

/// As LSAs hold it: an IPv4 address in the first 32 bits.
pub(super) fn address(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => widen(address),
        IpAddr::V6(address) => address,
    }
}

/// What an LSA holds, if it may be told in the family.
pub(crate) fn decode(family: AddressFamily, prefix: &Prefix) -> Option<IpNet> {
    let net = if family.is_ipv4() {
        IpNet::new(prefix.ipv4().into(), prefix.length)
    } else {
        IpNet::new(prefix.address.into(), prefix.length)
    };
    net.ok().map(|net| net.trunc()).filter(|net| conforms(family, *net))
}

/// Octets of a prefix in an LSA: with its length, options and metric.
pub(super) fn size(prefix: &Prefix) -> usize {
    4 + usize::from(prefix.length).div_ceil(32) * 4
}
