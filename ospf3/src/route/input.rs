//! What the routing table is calculated from.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::Ipv6Addr;
use core::time::Duration;

use ipnet::IpNet;

use crate::lsdb::Lsdb;
use crate::{AddressFamily, AreaId, InterfaceId, RouterId};

/// What the routing table is calculated from: the link state databases as they are now, and what the router knows of
/// its links without them. All of it is borrowed or small, and made anew for each call.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// The time, from which the ages of LSAs follow.
    pub now: Duration,
    /// The calculating router.
    pub router_id: RouterId,
    /// Which prefixes the instance is about.
    pub family: AddressFamily,
    /// The areas that the router is actively attached to. With more than one it is an area border router, and looks at
    /// inter-area LSAs of the backbone only (RFC 2328 §16.2).
    pub areas: BTreeMap<AreaId, Area<'a>>,
    /// The LSAs of the whole AS.
    pub as_lsdb: &'a Lsdb,
    /// The router's interfaces that are up, with virtual links. One that is not here may still be named by the router's
    /// own router-LSAs; what lies behind it has no next hop then.
    pub interfaces: BTreeMap<InterfaceId, Interface<'a>>,
}

/// An attached area.
#[derive(Debug, Clone)]
pub struct Area<'a> {
    /// Its LSAs.
    pub lsdb: &'a Lsdb,
    /// Which LSAs tell it of routes from outside the AS.
    pub externals: Externals,
    /// ImportSummaries: its border routers tell it of other areas' prefixes. Without, this router, being a border router,
    /// takes no default route from the area's NSSA-LSAs (RFC 3101 §2.5 step 3).
    pub imports_summaries: bool,
    /// The area's configured address ranges, told or hidden: inter-area LSAs for one that is active are ignored
    /// (RFC 2328 §16.2 step 3).
    pub ranges: Vec<IpNet>,
}

/// Which LSAs tell an area of routes from outside the AS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Externals {
    /// AS-external-LSAs: a normal area.
    #[default]
    AsExternal,
    /// None: a stub area.
    Stub,
    /// NSSA-LSAs: a not so stubby area (RFC 3101).
    Nssa,
}

/// An interface that is up.
#[derive(Debug, Clone)]
pub struct Interface<'a> {
    /// Its area; the backbone for a virtual link.
    pub area: AreaId,
    /// The LSAs of its link; `None` for a virtual link.
    pub lsdb: Option<&'a Lsdb>,
    /// The router's addresses there with the lengths of their prefixes, host bits and all: other addresses of these prefixes are
    /// on the link, so that forwarding addresses among them are next hops.
    pub prefixes: Vec<IpNet>,
    /// The neighbours whose Hellos are heard (state 2-Way or better). An address of a Link-LSA is preferred to theirs.
    pub neighbors: Vec<Neighbor>,
}

/// A neighbour on a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbor {
    /// Who it is.
    pub router_id: RouterId,
    /// The Interface ID of its Hellos.
    pub interface_id: InterfaceId,
    /// Where its Hellos come from.
    pub address: Ipv6Addr,
}

/// What may be chosen about the calculation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// RFC1583Compatibility: paths to an AS boundary router are compared by cost alone (RFC 2328 §16.4.1). RFC 5340 §4.8.5
    /// wants it off, and has no such parameter; it is for domains that were there before.
    pub rfc1583_compatibility: bool,
    /// How many next hops a route has at most: those that come first in their order. At least 1.
    pub maximum_paths: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self { rfc1583_compatibility: false, maximum_paths: 64 }
    }
}
