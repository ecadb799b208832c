//! Capabilities (RFC 5492).

use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use smallvec::SmallVec;

use crate::iana::{Afi, CapabilityCode, Family, registry};
use crate::orf::OrfType;

mod codec;
mod list;
mod text;

pub use list::Capabilities;

/// One capability. Those that are not known, and known ones whose value does not parse, are kept as
/// [`Capability::Unknown`]: RFC 5492 §3 wants them ignored.
///
/// Texts and lists for which its 255 octets have no room are cut: texts between characters, lists between
/// entries.
///
/// ```
/// use bgp_wire::{Capabilities, Capability, Role};
///
/// let list = Capabilities::from_iter([Capability::RouteRefresh, Capability::Role(Role::PROVIDER)]);
/// assert_eq!(list.to_bytes()[..], [2, 0, 9, 1, 0]);
/// assert_eq!(list.to_string(), "route refresh; role provider");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// RFC 4760 §8
    Multiprotocol(Family),
    /// RFC 2918
    RouteRefresh,
    /// RFC 5291 §5
    Orf(Vec<OrfSupport>),
    /// RFC 8950
    ExtendedNextHop(SmallVec<[ExtendedNextHopEncoding; 2]>),
    /// RFC 8654
    ExtendedMessage,
    /// RFC 9234 §4.1
    Role(Role),
    /// RFC 4724
    GracefulRestart(GracefulRestart),
    /// RFC 6793
    FourOctetAs(u32),
    /// RFC 7911
    AddPath(SmallVec<[(Family, AddPathDirection); 2]>),
    /// RFC 7313 §3.1
    EnhancedRouteRefresh,
    /// RFC 9494; without [`Capability::GracefulRestart`] it has no effect
    LongLivedGracefulRestart(Vec<LongLivedFamily>),
    /// draft-walton-bgp-hostname-capability
    Fqdn {
        /// Name of the host
        host: Box<str>,
        /// Domain of the host; may be empty
        domain: Box<str>,
    },
    /// draft-abraitis-bgp-version-capability
    SoftwareVersion(Box<str>),
    /// draft-abraitis-idr-addpath-paths-limit: how many paths of a prefix are wanted
    PathsLimit(SmallVec<[(Family, u16); 2]>),
    /// draft-ietf-idr-linklocal-capability
    LinkLocalNextHop,
    /// Any other
    Unknown {
        /// Its code
        code: CapabilityCode,
        /// Its value, at most 255 octets
        value: Bytes,
    },
}

/// Prefixes of `family` may have next hops of AFI `next_hop` (RFC 8950 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExtendedNextHopEncoding {
    /// Family of the prefixes
    pub family: Family,
    /// AFI of the next hop
    pub next_hop: Afi,
}

/// Value of the graceful restart capability (RFC 4724 §3).
///
/// ```
/// use bgp_wire::{Capability, Family, GracefulRestart, GracefulRestartFamily};
/// let kept = GracefulRestartFamily { family: Family::IPV4_UNICAST, forwarding: true };
/// let restart = GracefulRestart {
///     restarted: true,
///     notification: false,
///     restart_time: 120,
///     families: [kept].into_iter().collect(),
/// };
/// let text = Capability::GracefulRestart(restart).to_string();
/// assert_eq!(text, "graceful restart 120 s, restarted, ipv4 (forwarding)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GracefulRestart {
    /// The R bit: the speaker has restarted.
    pub restarted: bool,
    /// The N bit: also when a NOTIFICATION is sent (RFC 8538 §2).
    pub notification: bool,
    /// Seconds until the session should be back, at most 4095
    pub restart_time: u16,
    /// Families concerned
    pub families: SmallVec<[GracefulRestartFamily; 2]>,
}

/// A family in [`GracefulRestart`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GracefulRestartFamily {
    /// The family
    pub family: Family,
    /// The F bit: forwarding state was preserved.
    pub forwarding: bool,
}

/// A family in [`Capability::LongLivedGracefulRestart`] (RFC 9494).
///
/// ```
/// use bgp_wire::{Capability, Family, LongLivedFamily};
/// let kept = LongLivedFamily { family: Family::IPV4_UNICAST, forwarding: false, stale_time: 3600 };
/// let text = Capability::LongLivedGracefulRestart(vec![kept]).to_string();
/// assert_eq!(text, "long-lived graceful restart ipv4 3600 s");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LongLivedFamily {
    /// The family
    pub family: Family,
    /// The F bit: forwarding state was preserved.
    pub forwarding: bool,
    /// Long-lived Stale Time in seconds, of which 24 bits are written; beyond them stands the largest.
    pub stale_time: u32,
}

/// What [`Capability::Orf`] says about a family (RFC 5291 §5).
///
/// ```
/// use bgp_wire::{Capability, Family, OrfDirection, OrfSupport, OrfType};
/// let types = [(OrfType::ADDRESS_PREFIX, OrfDirection::SEND)].into_iter().collect();
/// let support = OrfSupport { family: Family::IPV4_UNICAST, types };
/// let text = Capability::Orf(vec![support]).to_string();
/// assert_eq!(text, "outbound route filtering ipv4 address-prefix send");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrfSupport {
    /// The family
    pub family: Family,
    /// Kinds of filter, and which way they go
    pub types: SmallVec<[(OrfType, OrfDirection); 2]>,
}

/// Send/Receive field of the add-path capability (RFC 7911 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddPathDirection(pub u8);

impl AddPathDirection {
    /// Able to receive several paths
    pub const RECEIVE: Self = Self(1);
    /// Able to send several paths
    pub const SEND: Self = Self(2);
    /// Able to do both
    pub const BOTH: Self = Self(3);
}

registry! {
    /// Send/Receive field of the ORF capability (RFC 5291 §5).
    OrfDirection(u8) {
        /// Willing to receive filters
        RECEIVE = 1, "receive";
        /// Would like to send filters
        SEND = 2, "send";
        /// Both
        BOTH = 3, "send/receive";
    }
}

registry! {
    /// What the sender's AS is on an external session (RFC 9234 §4.1).
    Role(u8) {
        /// A transit provider of the other AS
        PROVIDER = 0, "provider";
        /// A route server, of which the other AS is a client
        ROUTE_SERVER = 1, "route-server";
        /// A client of the route server that the other AS is
        ROUTE_SERVER_CLIENT = 2, "route-server-client";
        /// A transit customer of the other AS
        CUSTOMER = 3, "customer";
        /// A lateral peer
        PEER = 4, "peer";
    }
}

impl Role {
    /// Whether a session may be between the two (RFC 9234 §4.2). Roles that are not known go with none.
    ///
    /// ```
    /// use bgp_wire::Role;
    /// assert!(Role::PROVIDER.agrees_with(Role::CUSTOMER));
    /// assert!(!Role::PROVIDER.agrees_with(Role::PROVIDER));
    /// ```
    pub const fn agrees_with(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::PROVIDER, Self::CUSTOMER)
                | (Self::CUSTOMER, Self::PROVIDER)
                | (Self::ROUTE_SERVER, Self::ROUTE_SERVER_CLIENT)
                | (Self::ROUTE_SERVER_CLIENT, Self::ROUTE_SERVER)
                | (Self::PEER, Self::PEER)
        )
    }
}

impl Capability {
    /// Its code.
    pub const fn code(&self) -> CapabilityCode {
        match self {
            Self::Multiprotocol(_) => CapabilityCode::MULTIPROTOCOL,
            Self::RouteRefresh => CapabilityCode::ROUTE_REFRESH,
            Self::Orf(_) => CapabilityCode::ORF,
            Self::ExtendedNextHop(_) => CapabilityCode::EXTENDED_NEXT_HOP,
            Self::ExtendedMessage => CapabilityCode::EXTENDED_MESSAGE,
            Self::Role(_) => CapabilityCode::ROLE,
            Self::GracefulRestart(_) => CapabilityCode::GRACEFUL_RESTART,
            Self::FourOctetAs(_) => CapabilityCode::FOUR_OCTET_AS,
            Self::AddPath(_) => CapabilityCode::ADD_PATH,
            Self::EnhancedRouteRefresh => CapabilityCode::ENHANCED_ROUTE_REFRESH,
            Self::LongLivedGracefulRestart(_) => CapabilityCode::LONG_LIVED_GRACEFUL_RESTART,
            Self::Fqdn { .. } => CapabilityCode::FQDN,
            Self::SoftwareVersion(_) => CapabilityCode::SOFTWARE_VERSION,
            Self::PathsLimit(_) => CapabilityCode::PATHS_LIMIT,
            Self::LinkLocalNextHop => CapabilityCode::LINK_LOCAL_NEXT_HOP,
            Self::Unknown { code, .. } => *code,
        }
    }
}

#[cfg(test)]
mod tests;
