//! A route as a filter sees it.

use core::fmt;
use core::net::IpAddr;

use bgp_wire::AttributesRef;
use ipnet::IpNet;

use crate::extra::ExtraRef;
use crate::next_hop::NextHopKey;

/// What kind of protocol a route came from (BIRD's `source`, values `RTS_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RouteSource {
    /// Configured by hand.
    Static,
    /// A directly connected network.
    Device,
    /// Learned from a BGP peer.
    Bgp,
    /// OSPF, inside the area.
    Ospf,
    /// OSPF, from another area.
    OspfIa,
    /// OSPF, from outside, with a metric of type 1.
    OspfExt1,
    /// OSPF, from outside, with a metric of type 2.
    OspfExt2,
    /// Found in the kernel's table, where somebody else had put it.
    Inherit,
}

impl RouteSource {
    /// Name of the constant in the filter language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Static => "RTS_STATIC",
            Self::Device => "RTS_DEVICE",
            Self::Bgp => "RTS_BGP",
            Self::Ospf => "RTS_OSPF",
            Self::OspfIa => "RTS_OSPF_IA",
            Self::OspfExt1 => "RTS_OSPF_EXT1",
            Self::OspfExt2 => "RTS_OSPF_EXT2",
            Self::Inherit => "RTS_INHERIT",
        }
    }
}

impl fmt::Display for RouteSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What becomes of packets to a network (BIRD's `dest`, values `RTD_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Destination {
    /// They are sent on.
    #[default]
    Unicast,
    /// They are dropped.
    Blackhole,
    /// They are dropped, and the sender is told that nobody is there.
    Unreachable,
    /// They are dropped, and the sender is told that it may not.
    Prohibit,
}

impl Destination {
    /// Name of the constant in the filter language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unicast => "RTD_UNICAST",
            Self::Blackhole => "RTD_BLACKHOLE",
            Self::Unreachable => "RTD_UNREACHABLE",
            Self::Prohibit => "RTD_PROHIBIT",
        }
    }
}

/// A view on one route, made for the length of a filter run.
#[derive(Debug, Clone, Copy)]
pub struct Route<'a> {
    /// The network that it leads to
    pub net: IpNet,
    /// Kind of the protocol it came from
    pub source: RouteSource,
    /// Name of the protocol instance it came from
    pub protocol: &'a str,
    /// The neighbour that announced it, if any did
    pub from: Option<IpAddr>,
    /// Preference among protocols: higher wins
    pub preference: u32,
    /// What becomes of packets
    pub destination: Destination,
    /// Where it leads, if not to a network at hand
    pub next_hop: Option<NextHopKey>,
    /// BGP path attributes in canonical form; empty for routes of other protocols
    pub attributes: AttributesRef<'a>,
    /// Other attributes
    pub extra: ExtraRef<'a>,
}

impl Route<'_> {
    /// A route to `net` that the host has of itself, without any attributes.
    pub fn local(net: IpNet, source: RouteSource, protocol: &str, preference: u32) -> Route<'_> {
        Route {
            net,
            source,
            protocol,
            from: None,
            preference,
            destination: Destination::Unicast,
            next_hop: None,
            attributes: AttributesRef::default(),
            extra: ExtraRef::default(),
        }
    }
}
