//! What the calculation finds: routes to prefixes and to routers.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use crate::lsa::LsaKey;
use crate::spf::{Run, Vertex};
use crate::{AreaId, InterfaceId, Options, ScopeId};

/// The kinds of path, the most preferred first (RFC 2328 §11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteKind {
    /// To a prefix of an attached area.
    IntraArea,
    /// To a prefix of another area.
    InterArea,
    /// To a prefix outside the AS; its metric is in the unit of link costs.
    ExternalType1,
    /// To a prefix outside the AS; its metric is larger than any path within the AS.
    ExternalType2,
}

/// Where packets go next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NextHop {
    /// The interface they leave by.
    pub interface: InterfaceId,
    /// The next router; `None`: the destination is on the link itself (RFC 5340 §4.8.2). It may be a link-local IPv6
    /// address in an IPv4 family too, where the neighbour tells no other (RFC 5838 §2.5).
    pub address: Option<IpAddr>,
}

/// A route to a prefix (RFC 2328 §11). All its paths are of one kind, cost and area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its kind.
    pub kind: RouteKind,
    /// The area of its paths; of an external route, that of the paths to the AS boundary router or forwarding address.
    pub area: AreaId,
    /// The cost in the unit of link costs. Of an external route of type 1 the metric is included, of one of type 2 it
    /// is not.
    pub cost: u32,
    /// The metric of an external route of type 2.
    pub type2_cost: Option<u32>,
    /// The External Route Tag.
    pub tag: Option<u32>,
    /// Where packets go, in order. Empty: the prefix is this router's own, told in its own LSAs.
    pub next_hops: Arc<[NextHop]>,
}

/// A route to another router of an area, or to an AS boundary router of another area (RFC 5340 §4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterRoute {
    /// Intra-area or inter-area.
    pub kind: RouteKind,
    /// The area of its paths.
    pub area: AreaId,
    /// The cost.
    pub cost: u32,
    /// Where packets go, in order.
    pub next_hops: Arc<[NextHop]>,
    /// The options of its router-LSA, or of the inter-area-router-LSA that told of it.
    pub options: Options,
    /// Bit B: it is an area border router. Never of an inter-area route.
    pub area_border: bool,
    /// Bit E: it is an AS boundary router. Always of an inter-area route.
    pub as_boundary: bool,
    /// Bit V: it is the end of a virtual link through the area.
    pub virtual_link: bool,
    /// Bit Nt: it translates NSSA-LSAs always (RFC 3101 §3.1).
    pub nssa_translator: bool,
}

/// The other end of a virtual link, as it is reached through the transit area (RFC 2328 §15, RFC 5340 §4.8.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualNeighbor {
    /// The cost of the virtual link.
    pub cost: u32,
    /// Where its packets go.
    pub next_hops: Arc<[NextHop]>,
    /// The first address that the neighbour tells in the transit area's intra-area-prefix-LSAs (LA-bit); without one
    /// the link cannot be used.
    pub address: Option<Ipv6Addr>,
}

/// What an update changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    /// The prefixes whose routes came, went or are different, in order.
    pub prefixes: Vec<IpNet>,
    /// The areas in which a route to a router came, went or is different, or TransitCapability changed, in order.
    pub areas: Vec<AreaId>,
    /// How the shortest paths were found, area by area where it was needed.
    pub runs: Vec<(AreaId, Run)>,
}

/// Why a route is as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The route.
    pub route: Route,
    /// The paths it is made from: one for each LSA that tells of the prefix with the cost that won.
    pub paths: Vec<Path>,
}

/// One path of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The LSA that tells of the prefix, and where it is.
    pub told_by: (ScopeId, LsaKey),
    /// The prefix by which a forwarding address is reached, where there is one.
    pub forwarding: Option<IpNet>,
    /// Of a path out of the AS: the LSA that tells of the forwarding address's prefix, or of the AS boundary router
    /// where that is in another area.
    pub by_way_of: Option<(ScopeId, LsaKey)>,
    /// The area that the packets go through first.
    pub area: AreaId,
    /// One of the shortest paths through that area, from this router to the vertex that tells of the prefix (or border
    /// router, or AS boundary router). Of several the one through the vertices that come first.
    pub vertices: Vec<Step>,
}

/// A vertex on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which it is.
    pub vertex: Vertex,
    /// The cost from this router to it.
    pub cost: u32,
    /// The router-LSAs, or the network-LSA, that it rests on.
    pub lsas: Vec<LsaKey>,
}
