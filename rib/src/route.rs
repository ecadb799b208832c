//! A route as a filter sees it.

use core::fmt;
use core::net::IpAddr;

use bgp_wire::AttributesRef;
use ipnet::IpNet;

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

/// A view on one route, made for the length of a filter run.
#[derive(Debug, Clone, Copy)]
pub struct Route<'a> {
    /// The destination.
    pub net: IpNet,
    /// Kind of the protocol it came from.
    pub source: RouteSource,
    /// Name of the protocol instance it came from.
    pub protocol: &'a str,
    /// The neighbour that announced it, if any did.
    pub from: Option<IpAddr>,
    /// Preference among protocols: higher wins.
    pub preference: u32,
    /// BGP path attributes in canonical form; empty for routes of other protocols.
    pub attributes: AttributesRef<'a>,
}
