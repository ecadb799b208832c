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
}

impl RouteSource {
    /// Name of the constant in the filter language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Static => "RTS_STATIC",
            Self::Device => "RTS_DEVICE",
            Self::Bgp => "RTS_BGP",
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
