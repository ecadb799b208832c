//! What a router's own LSAs are made from: its areas, interfaces and external routes as they are at one moment.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use ipnet::IpNet;

use crate::lsa::{ExternalLsa, ExternalMetricType, LinkLsa, RestartReason};
use crate::route::{Route, RouterRoute};
use crate::{AddressFamily, AreaId, InterfaceId, RouterId};

/// The state of a router that its own LSAs tell of.
///
/// Whoever keeps that state fills one in and gives it to [`Originator::update`](super::Originator::update). What is
/// large is borrowed.
#[derive(Clone, Copy)]
pub struct Description<'a> {
    /// What concerns the router as a whole.
    pub router: &'a Router,
    /// All areas that are configured; the backbone too where a virtual link is.
    pub areas: &'a BTreeMap<AreaId, Area>,
    /// All interfaces, virtual links among them.
    pub interfaces: &'a BTreeMap<InterfaceId, Interface>,
    /// What this router takes part in telling from outside the AS.
    pub externals: &'a BTreeMap<ExternalKey, External>,
    /// The routing table as it is now.
    pub routes: &'a dyn Routes,
}

impl fmt::Debug for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Description")
            .field("router", self.router)
            .field("areas", self.areas)
            .field("interfaces", self.interfaces)
            .field("externals", &self.externals.len())
            .finish_non_exhaustive()
    }
}

/// What concerns the router as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Router {
    /// Its number: the Advertising Router of all LSAs.
    pub router_id: RouterId,
    /// Which prefixes the instance is about.
    pub family: AddressFamily,
    /// Set the AF bit in LSAs (RFC 5838 §2.2); always so for families other than IPv6 unicast.
    pub address_families: bool,
    /// How long an LSA may be, in octets with its header: what fits a Link State Update of the smallest MTU. What
    /// does not fit is told in several LSAs, where the kind allows it.
    pub lsa_size: usize,
    /// Keep other routers' traffic away (RFC 6987).
    pub stub: StubRouter,
    /// What a Router-Information-LSA tells into each area (RFC 7770); `None`: there is none.
    pub information: Option<Information>,
    /// The restart that is announced on all links (RFC 5187, RFC 3623 §2.1).
    pub grace: Option<Grace>,
}

/// What a stub router does against transit traffic (RFC 6987).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StubRouter {
    /// Nothing: it is no stub router.
    #[default]
    Off,
    /// Each link to another router costs MaxLinkMetric: used as the last resort only (§2).
    MaxLinkMetric,
    /// The R-bit is clear: no traffic goes through it (§2.1). Its own prefixes are still reached.
    NotRouting,
}

/// What a Router-Information-LSA tells (RFC 7770 §2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Information {
    /// The router can restart with the help of its neighbours (§2.4, bit 0).
    pub graceful_restart: bool,
    /// The router helps neighbours that restart (§2.4, bit 1).
    pub graceful_restart_helper: bool,
    /// The router's name (RFC 5642), at most 255 octets.
    pub hostname: Option<String>,
}

/// What a Grace-LSA tells (RFC 3623 §B, RFC 5187 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// How long neighbours shall wait, in seconds.
    pub period: u32,
    /// Why.
    pub reason: RestartReason,
}

/// An area as this router is configured for it, and what was found out about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Area {
    /// Normal, stub or not so stubby.
    pub kind: AreaKind,
    /// How the area's own prefixes are condensed for other areas (RFC 2328 §C.2). Ranges may lie within each other; the
    /// longest counts.
    pub ranges: BTreeMap<IpNet, Range>,
    /// Prefixes of hosts that are directly attached, with their costs (RFC 5340 §C.7).
    pub hosts: BTreeMap<IpNet, u16>,
    /// Virtual links of this router are configured through it, whether they are up or not.
    pub virtual_links: bool,
    /// TransitCapability: the area carries a virtual link, of any two routers (RFC 2328 §6, §16.1).
    pub transit: bool,
}

/// The kinds of area.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AreaKind {
    /// AS-external-LSAs are flooded in it.
    #[default]
    Normal,
    /// A stub area (RFC 2328 §3.6).
    Stub(Stub),
    /// A not so stubby area (RFC 3101).
    Nssa(Nssa),
}

impl AreaKind {
    /// ExternalRoutingCapability: AS-external-LSAs are flooded in it (RFC 2328 §6).
    pub const fn takes_externals(&self) -> bool {
        matches!(self, Self::Normal)
    }

    /// ImportSummaries: prefixes of other areas are told in it (RFC 5340 §C.2).
    pub const fn imports_summaries(&self) -> bool {
        match self {
            Self::Normal => true,
            Self::Stub(stub) => stub.import_summaries,
            Self::Nssa(nssa) => nssa.import_summaries,
        }
    }
}

/// What is configured of a stub area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stub {
    /// StubDefaultCost: the cost of the default route a border router tells (RFC 2328 §C.2).
    pub default_cost: u32,
    /// Tell prefixes of other areas; without, the area is totally stubby.
    pub import_summaries: bool,
}

impl Default for Stub {
    fn default() -> Self {
        Self { default_cost: 1, import_summaries: true }
    }
}

/// What is configured of a not so stubby area (RFC 3101 §D), and whether this router translates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nssa {
    /// Tell prefixes of other areas; without, a border router's default route is an inter-area route (§2.7).
    pub import_summaries: bool,
    /// The default route that a border router tells; `None`: it tells none, unless `import_summaries` is off.
    pub default_metric: Option<Metric>,
    /// How NSSA-LSAs are condensed when they are translated (§2.2).
    pub ranges: BTreeMap<IpNet, NssaRange>,
    /// Tell this router's external routes in it. A border router may do without: there is its default route.
    pub import_externals: bool,
    /// NSSATranslatorRole is Always: the Nt-bit is set (§3.1).
    pub always_translates: bool,
    /// What [`Translator`](super::Translator) says of it.
    pub translates: Translates,
}

impl Default for Nssa {
    fn default() -> Self {
        Self {
            import_summaries: true,
            default_metric: Some(Metric::type2(1)),
            ranges: BTreeMap::new(),
            import_externals: true,
            always_translates: false,
            translates: Translates::No,
        }
    }
}

/// Whether this router translates an NSSA's LSAs into AS-external-LSAs (RFC 3101 §3.1, §3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Translates {
    /// It does not.
    #[default]
    No,
    /// It no longer does: what is translated one to one stays as long as its NSSA-LSA does, and until another router tells of
    /// the prefix; nothing is added and no range is told (§3.3).
    NoMore,
    /// It does.
    Yes,
}

/// A range of an area's prefixes (RFC 2328 §C.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Advertise: one route stands for all. Without, they are hidden (DoNotAdvertise).
    pub advertise: bool,
    /// The cost it is told with; `None`: the largest of those within (RFC 2328 §12.4.3).
    pub cost: Option<u32>,
}

impl Default for Range {
    fn default() -> Self {
        Self { advertise: true, cost: None }
    }
}

/// A Type-7 address range (RFC 3101 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NssaRange {
    /// Advertise: one AS-external-LSA stands for all. Without, they are not translated.
    pub advertise: bool,
    /// The tag it is told with.
    pub tag: Option<u32>,
}

impl Default for NssaRange {
    fn default() -> Self {
        Self { advertise: true, tag: None }
    }
}

/// An interface as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its area; the backbone for a virtual link.
    pub area: AreaId,
    /// What it is attached to, or that it is down.
    pub attachment: Attachment,
    /// The output cost; for a virtual link the cost of the path to its other end.
    pub cost: u16,
    /// The Router Priority, told in the Link-LSA.
    pub priority: u8,
    /// What neighbours shall take for next hop: the link-local address, or the IPv4 address in an IPv4 family
    /// (RFC 5838 §2.5).
    pub address: IpAddr,
    /// Its addresses with the lengths of their prefixes, host bits and all. Link-local ones are passed over; so are those
    /// of another address family.
    pub prefixes: BTreeSet<IpNet>,
    /// LinkLSASuppression (RFC 5340 §C.3); without effect on broadcast and NBMA links.
    pub suppress_link_lsa: bool,
    /// All its fully adjacent neighbours, by their Router IDs. Those of whom the restart of RFC 3623 says that they
    /// count as full are among them.
    pub neighbors: BTreeMap<RouterId, Neighbor>,
}

/// What an interface is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    /// State Down: it tells nothing.
    Down,
    /// State Loopback, or a loopback interface: its addresses are hosts (RFC 5340 §4.4.3.9).
    Loopback,
    /// No neighbours are looked for: its prefixes are told and no more.
    Passive,
    /// One neighbour.
    PointToPoint,
    /// Some neighbours, each told as if alone.
    PointToMultipoint,
    /// A broadcast or NBMA link with the Designated Router that this router takes for it, and the Interface ID that one's
    /// Hellos have (this router's own if it is the one).
    Transit(Option<(RouterId, InterfaceId)>),
    /// A virtual link through an area.
    Virtual {
        /// The area.
        transit: AreaId,
    },
}

/// A fully adjacent neighbour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbor {
    /// The Interface ID of its Hellos.
    pub interface_id: InterfaceId,
    /// Its Link-LSA for this link, of that Link State ID; `None`: it has not come.
    pub link_lsa: Option<LinkLsa>,
}

/// Which external route: the prefix, and a number that tells several routes to one prefix apart. With one route to each,
/// the number is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalKey {
    /// Where it leads.
    pub prefix: IpNet,
    /// Which of those that lead there.
    pub path: u32,
}

/// A route from outside the AS that this router tells of (RFC 2328 §12.4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct External {
    /// Its metric and the metric's type.
    pub metric: Metric,
    /// The External Route Tag.
    pub tag: Option<u32>,
    /// Where packets for it shall be sent; `None`: to this router.
    pub forwarding_address: Option<IpAddr>,
    /// In an NSSA: the P-bit, that border routers shall tell the other areas (RFC 3101 §2.4).
    pub propagate: bool,
}

/// An external metric (RFC 2328 §2.3). Of two the one that is less is preferred (RFC 2328 §16.4 step 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Metric {
    /// How it compares with costs within the AS.
    pub metric_type: ExternalMetricType,
    /// The cost, 24 bits.
    pub cost: u32,
}

impl Metric {
    /// In the unit of link costs.
    pub const fn type1(cost: u32) -> Self {
        Self { metric_type: ExternalMetricType::Type1, cost }
    }

    /// Larger than any way within the AS.
    pub const fn type2(cost: u32) -> Self {
        Self { metric_type: ExternalMetricType::Type2, cost }
    }
}

/// What of the routing table is told to others.
pub trait Routes {
    /// The route to exactly this prefix.
    fn route(&self, prefix: IpNet) -> Option<&Route>;

    /// Those to prefixes that lie within another, itself among them, in order.
    fn routes_within(&self, prefix: IpNet) -> Box<dyn Iterator<Item = (IpNet, &Route)> + '_>;

    /// The preferred route to an AS boundary router, of those by areas that take AS-external-LSAs (RFC 2328 §16.4
    /// step 3, RFC 3101 §2.5 step 3).
    fn boundary_router(&self, router: RouterId) -> Option<RouterRoute>;

    /// All AS boundary routers for which there is one, in order.
    fn boundary_routers(&self) -> Box<dyn Iterator<Item = RouterId> + '_>;

    /// The NSSA-LSAs of other routers that the route to exactly this prefix rests on, with their advertising
    /// routers (RFC 3101 §3.2: those that are installed).
    fn installed_nssa_lsas(&self, area: AreaId, prefix: IpNet) -> Vec<(RouterId, ExternalLsa)>;

    /// The external LSAs of other routers that are reached, for exactly this prefix: of the AS (`None`), or of an
    /// NSSA.
    fn external_lsas(&self, area: Option<AreaId>, prefix: IpNet) -> Vec<(RouterId, ExternalLsa)>;
}
