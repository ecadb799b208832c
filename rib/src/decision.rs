//! The decision process: which of several paths to a network is the best, and why (RFC 4271 §9.1, RFC 4456 §9).
//!
//! Routes of all protocols are compared: first by preference; among equals, one whose next hop can be reached
//! wins; then protocols stand in a fixed order ([`Candidate::kind`]); what is left is of one protocol and
//! compared by its own rules:
//!
//! | BGP | OSPF (RFC 2328 §11, §16.4) | static, device, kernel |
//! |---|---|---|
//! | not long-lived stale (RFC 9494 §4.4) | inside the area, other areas, type 1, type 2 | lowest cost to the next hop |
//! | highest weight | type 2: lowest metric outside | lowest metric |
//! | highest LOCAL_PREF (RFC 4271 §9.1.1) | lowest metric inside | |
//! | lowest AIGP metric plus cost (RFC 7311 §4.1) | | |
//! | shortest AS_PATH (RFC 4271 §9.1.2.2 a) | | |
//! | lowest ORIGIN (b) | | |
//! | lowest MULTI_EXIT_DISC (c) | | |
//! | eBGP (d; RFC 5065 §5.3: a confederation is internal) | | |
//! | lowest cost to the next hop (e) | | |
//! | [`Age`], where wanted (RFC 5004) | | |
//! | lowest ORIGINATOR_ID or BGP identifier (f, RFC 4456 §9) | | |
//! | shortest CLUSTER_LIST (RFC 4456 §9) | | |
//! | lowest address of the neighbour (g) | | |
//! | lowest path identifier (RFC 7911) | | |
//!
//! Of paths that are equal in all this the first of the list is the best.
//!
//! A step keeps those that are best in it, and only those go on. This is not a comparison of two paths repeated:
//! MULTI_EXIT_DISC counts between paths of one neighbouring AS only, so that A may beat B, B beat C and C beat A.
//! There is no order of paths, and none is offered: never `Ord`. What others call deterministic MED comes of
//! itself: the order of the candidates has no influence.
//!
//! # What others do
//!
//! Seen with sessions of BIRD 2.0.12 and FRR 8.4.4, but for what is marked "manual": that is from their manuals.
//!
//! | | here | BIRD | FRR |
//! |---|---|---|---|
//! | next hop unreachable | after preference; [`Rules::reachable_first`] | after preference, before stale | never used |
//! | long-lived stale | before LOCAL_PREF | same | same |
//! | weight | before LOCAL_PREF | none (manual) | before LOCAL_PREF (manual) |
//! | own routes | other protocols, by preference | same | after LOCAL_PREF (manual) |
//! | AIGP | a path without loses | not tried | off; only where both have it (manual) |
//! | MED | in the whole set | pair by pair: the loser by MED may win; `deterministic med` | as here, in the one case tried |
//! | eBGP against eBGP | identifier; [`Age`] | identifier; `prefer older` (manual) | existing; `compare-routerid` (manual) |
//! | CLUSTER_LIST | after the identifier | same | same |
//! | address at last | lower | lower | lower, though its manual says higher |

use core::fmt;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use crate::facts::{AttributeFacts, Marks};
use crate::route::RouteSource;

mod explain;
mod multipath;
mod packed;
mod steps;

pub use self::explain::{Explanation, Loss, explain, ranking};
pub use self::multipath::{Multipath, PathMatch, equal_paths};
pub(crate) use self::packed::before_med;

/// One of several paths to the same network, and what is known of where it came from.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Preference among protocols: higher wins, before anything else
    pub preference: u32,
    /// The kind of protocol. Of equal preference they stand in the order of BIRD's default preferences: device,
    /// static, OSPF, BGP, kernel
    pub kind: RouteSource,
    /// Its attributes; [`AttributeFacts::NONE`] for other protocols than BGP
    pub facts: &'a AttributeFacts,
    /// Higher wins, before LOCAL_PREF: a number of this router alone
    pub weight: u16,
    /// Learned by iBGP
    pub internal: bool,
    /// Learned from another member AS of our confederation: counts as internal (RFC 5065 §5.3)
    pub confederation: bool,
    /// Kept by long-lived graceful restart although its neighbour is gone (RFC 9494 §4.2); also LLGR_STALE among
    /// its communities makes it stale
    pub stale: bool,
    /// Is the best path by the last decision ([`Age::Existing`])
    pub existing: bool,
    /// Cost of reaching the next hop; `None`: it cannot be reached
    pub igp_metric: Option<u32>,
    /// OSPF: the metric inside the domain. Other protocols but BGP: a metric of theirs
    pub metric: u32,
    /// OSPF: the metric of type 2
    pub metric2: u32,
    /// Stands for a missing MULTI_EXIT_DISC: 0 in RFC 4271 §9.1.2.2 c
    pub default_med: u32,
    /// BGP identifier of the neighbour
    pub router_id: Ipv4Addr,
    /// Address of the neighbour; `None` for routes of the host itself
    pub address: Option<IpAddr>,
    /// Received path identifier, 0 for none (RFC 7911)
    pub path_id: u32,
    /// When the path was last changed
    pub since: Duration,
}

impl<'a> Candidate<'a> {
    /// One whose next hop is at hand, and everything else unknown.
    pub const fn new(kind: RouteSource, preference: u32, facts: &'a AttributeFacts) -> Self {
        Self {
            preference,
            kind,
            facts,
            weight: 0,
            internal: false,
            confederation: false,
            stale: false,
            existing: false,
            igp_metric: Some(0),
            metric: 0,
            metric2: 0,
            default_med: 0,
            router_id: Ipv4Addr::UNSPECIFIED,
            address: None,
            path_id: 0,
            since: Duration::ZERO,
        }
    }

    const fn is_internal(&self) -> bool {
        self.internal || self.confederation
    }

    const fn is_stale(&self) -> bool {
        self.stale || self.facts.marks.intersects(Marks::LLGR_STALE)
    }

    fn identifier(&self) -> Ipv4Addr {
        self.facts.originator_id.unwrap_or(self.router_id)
    }

    fn med(&self, rules: &Rules) -> u32 {
        let missing = if rules.missing_med_worst { u32::MAX } else { self.default_med };
        self.facts.med.unwrap_or(missing)
    }

    fn path_length(&self, rules: &Rules) -> u16 {
        if !rules.as_path_length {
            return 0;
        }
        let confederation =
            if rules.count_confederation { self.facts.confederation_length } else { 0 };
        self.facts.path_length.saturating_add(confederation)
    }

    fn interior_cost(&self, rules: &Rules) -> u32 {
        if rules.igp_metric { self.igp_metric.unwrap_or(u32::MAX) } else { 0 }
    }
}

/// Protocols that share their rules of comparison, the better ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Device,
    Static,
    Ospf,
    Bgp,
    Inherit,
}

const fn class(kind: RouteSource) -> Class {
    match kind {
        RouteSource::Device => Class::Device,
        RouteSource::Static => Class::Static,
        RouteSource::Bgp => Class::Bgp,
        RouteSource::Ospf | RouteSource::OspfIa | RouteSource::OspfExt1 | RouteSource::OspfExt2 => {
            Class::Ospf
        }
        RouteSource::Inherit => Class::Inherit,
    }
}

/// Which steps are taken, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    /// A path whose next hop cannot be reached loses even against one of lower preference, so that it is the best
    /// only where there is nothing else (RFC 4271 §9.1.2.1). Else preference comes first, as in BIRD: then a
    /// network may have an unreachable path of one protocol as its best while another protocol has one that works
    pub reachable_first: bool,
    /// Compare AIGP metrics (RFC 7311). Sessions without AIGP drop the attribute before it comes here
    pub aigp: bool,
    /// Compare the length of AS_PATH
    pub as_path_length: bool,
    /// Confederation segments count for the length of AS_PATH, against RFC 5065 §5.3, 3 (FRR's
    /// `bestpath as-path confed`)
    pub count_confederation: bool,
    /// Compare MULTI_EXIT_DISC also between paths of different neighbour ASes
    pub always_compare_med: bool,
    /// A missing MULTI_EXIT_DISC is the highest; [`Candidate::default_med`] has no influence then
    pub missing_med_worst: bool,
    /// Compare the cost of reaching the next hop
    pub igp_metric: bool,
    /// What is preferred among eBGP paths before their identifiers are compared
    pub age: Age,
}

impl Default for Rules {
    /// As the RFCs write it, with preference before everything.
    fn default() -> Self {
        Self {
            reachable_first: false,
            aigp: true,
            as_path_length: true,
            count_confederation: false,
            always_compare_med: false,
            missing_med_worst: false,
            igp_metric: true,
            age: Age::Ignored,
        }
    }
}

/// What the age of eBGP paths means, once all before their BGP identifiers is equal.
///
/// Whatever is chosen, paths with the lowest identifier are not passed over for the sake of age when the path that
/// age prefers has that identifier too: between parallel sessions of two routers the addresses decide
/// (RFC 5004 §3). Paths of confederations have no part in it.
///
/// With [`Age::Existing`] and [`Age::Oldest`] the result depends on the past, not on the candidates' order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Age {
    /// Nothing: the lowest identifier wins (RFC 4271 §9.1.2.2 f, FRR's `bestpath compare-routerid`)
    #[default]
    Ignored,
    /// The best path by the last decision stays (RFC 5004, BIRD's `prefer older`, FRR's default)
    Existing,
    /// The path that has been there for the longest time
    Oldest,
}

/// A step of the decision process, in the order of the default [`Rules`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DecisionStep {
    /// There was one path only.
    OnlyPath,
    /// The protocol's preference
    Preference,
    /// The next hop of the others cannot be reached (RFC 4271 §9.1.2.1).
    Reachability,
    /// Kinds of protocols in their fixed order
    Protocol,
    /// Kept by long-lived graceful restart (RFC 9494 §4.4)
    LongLivedStale,
    /// The router's own weight
    Weight,
    /// LOCAL_PREF (RFC 4271 §9.1.1)
    LocalPref,
    /// AIGP (RFC 7311 §4.1)
    Aigp,
    /// Length of AS_PATH (RFC 4271 §9.1.2.2 a)
    AsPathLength,
    /// ORIGIN (RFC 4271 §9.1.2.2 b)
    Origin,
    /// MULTI_EXIT_DISC (RFC 4271 §9.1.2.2 c)
    MultiExitDisc,
    /// eBGP before iBGP (RFC 4271 §9.1.2.2 d)
    External,
    /// OSPF's type of path (RFC 2328 §11)
    OspfPathType,
    /// OSPF's metric of type 2 (RFC 2328 §16.4, 6 b)
    OspfMetric2,
    /// Cost of reaching the next hop (RFC 4271 §9.1.2.2 e)
    IgpMetric,
    /// The metric of another protocol than BGP
    Metric,
    /// The existing or the oldest eBGP path (RFC 5004)
    Age,
    /// BGP identifier, or ORIGINATOR_ID (RFC 4271 §9.1.2.2 f, RFC 4456 §9)
    RouterId,
    /// Length of CLUSTER_LIST (RFC 4456 §9)
    ClusterListLength,
    /// Address of the neighbour (RFC 4271 §9.1.2.2 g)
    PeerAddress,
    /// Path identifier of the neighbour (RFC 7911)
    PathId,
    /// Equal in everything: the first one of the list
    Order,
}

impl DecisionStep {
    /// What is better about a path that wins by it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::OnlyPath => "only path",
            Self::Preference => "higher preference",
            Self::Reachability => "next hop can be reached",
            Self::Protocol => "protocol goes before the other",
            Self::LongLivedStale => "not long-lived stale",
            Self::Weight => "higher weight",
            Self::LocalPref => "higher LOCAL_PREF",
            Self::Aigp => "lower AIGP metric",
            Self::AsPathLength => "shorter AS_PATH",
            Self::Origin => "lower ORIGIN",
            Self::MultiExitDisc => "lower MULTI_EXIT_DISC",
            Self::External => "external",
            Self::OspfPathType => "better type of OSPF path",
            Self::OspfMetric2 => "lower OSPF metric of type 2",
            Self::IgpMetric => "lower cost to the next hop",
            Self::Metric => "lower metric",
            Self::Age => "older",
            Self::RouterId => "lower router identifier",
            Self::ClusterListLength => "shorter CLUSTER_LIST",
            Self::PeerAddress => "lower neighbor address",
            Self::PathId => "lower path identifier",
            Self::Order => "first of equal paths",
        }
    }
}

impl fmt::Display for DecisionStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

/// Chooses the best of `candidates`: its index and the step that left it alone.
///
/// ```
/// use rib::{AttributeFacts, Candidate, DecisionStep, RouteSource, Rules, best_path};
///
/// let far = Candidate::new(RouteSource::Bgp, 100, &AttributeFacts::NONE);
/// let paths = [Candidate { igp_metric: Some(20), ..far }, Candidate { igp_metric: Some(10), ..far }];
/// assert_eq!(best_path(&paths, &Rules::default()), Some((1, DecisionStep::IgpMetric)));
/// ```
pub fn best_path(candidates: &[Candidate<'_>], rules: &Rules) -> Option<(usize, DecisionStep)> {
    match candidates {
        [] => None,
        [_] => Some((0, DecisionStep::OnlyPath)),
        _ => packed::best(candidates, rules).or_else(|| steps::best(candidates, rules)),
    }
}

#[cfg(test)]
mod tests;
