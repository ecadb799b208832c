//! What is configured with one neighbour beyond what RFC 4271 says of all of them.

/// How a neighbour stands to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// In our AS, or our Member-AS: iBGP
    Internal,
    /// In another Member-AS of our confederation (RFC 5065)
    Confederation,
    /// In another AS: eBGP
    External,
}

impl SessionKind {
    /// Whether neither an AS boundary nor that of a confederation lies between: RFC 5065 §5.3 treats its routes as
    /// internal ones.
    pub const fn is_inside(self) -> bool {
        !matches!(self, Self::External)
    }
}

/// We are in a confederation (RFC 5065); [`crate::PeerConfig::local_as`] is our Member-AS number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Confederation {
    /// AS Confederation Identifier: what neighbours outside see
    pub identifier: u32,
    /// The neighbour belongs to it too. One with our own Member-AS number does in any case
    pub member: bool,
}

/// The session shows another AS than the router's (RFC 7705 §3, "Local AS"). For external neighbours alone; where
/// the session came up with the router's own AS it is left out (§3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LocalAs {
    /// What the neighbour sees, from OPEN on
    pub asn: u32,
    /// "No Prepend Inbound": received routes do not get it in front
    pub no_prepend_inbound: bool,
    /// "Replace Old AS": announced routes get this one alone, without the router's behind it
    pub replace_old_as: bool,
}

/// AS numbers for private use in announced paths (RFC 6996). The neighbour's own number stays always, so that it
/// sees its loops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RemovePrivateAs {
    /// They stay.
    #[default]
    Never,
    /// They are taken out of paths that hold no others.
    IfAll,
    /// They are taken out.
    Always,
    /// Paths that hold no others get our AS in their place.
    ReplaceIfAll,
    /// Our AS stands in their place.
    Replace,
}

/// What is said where a third party's link-local address would belong into the next hop (RFC 2545 §3), and is not
/// known. BIRD 1.6 calls this `missing lladdr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MissingLinkLocal {
    /// The global address alone
    #[default]
    Ignore,
    /// Our own next hop
    OwnNextHop,
    /// Nothing: the route is not announced
    Drop,
}

/// AIGP_SESSION and AIGP_ORIGINATE (RFC 7311 §3.3, §3.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AigpSession {
    /// Enabled inside the AS and the confederation, disabled outside
    #[default]
    Usual,
    /// Disabled: the attribute is neither sent nor taken
    Disabled,
    /// Enabled
    Enabled,
    /// Enabled, and the host's own routes get the attribute with the cost of reaching their next hop
    Originate,
}

impl AigpSession {
    pub(crate) const fn is_enabled(self, kind: SessionKind) -> bool {
        match self {
            Self::Usual => kind.is_inside(),
            Self::Disabled => false,
            Self::Enabled | Self::Originate => true,
        }
    }
}

/// Which received routes are taken, and what becomes of their attributes before a filter sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ReceiveOptions {
    /// The first AS of a path is the neighbour's (RFC 4271 §6.3). Off: a route server's routes have others
    /// (RFC 7947 §2.2.2.2)
    pub enforce_first_as: bool,
    /// Most ASes in a path, counted as the decision process counts them
    pub most_as_hops: Option<u32>,
    /// MULTI_EXIT_DISC is removed (RFC 4271 §5.1.4)
    pub remove_med: bool,
    /// Routes of external neighbours with the community GRACEFUL_SHUTDOWN get LOCAL_PREF 0 (RFC 8326 §4.1)
    pub honor_graceful_shutdown: bool,
    /// Routes of external neighbours with the community BLACKHOLE get NO_EXPORT (RFC 7999 §3.2). Whether such a
    /// route is taken at all, its length above all, is for the import filter to say (§3.3), as in BIRD and FRR
    pub confine_blackhole: bool,
}

/// Which routes are announced, and with which attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AnnounceOptions {
    /// Received routes obey NO_EXPORT, NO_ADVERTISE, NO_EXPORT_SUBCONFED (RFC 1997), NOPEER and BLACKHOLE. A route
    /// server may turn this off (RFC 7947 §2.2.4)
    pub interpret_communities: bool,
    /// The neighbour is a bilateral peer: received routes with NOPEER are not for it (RFC 3765 §2)
    pub bilateral_peer: bool,
    /// Received routes with BLACKHOLE leave our AS (RFC 7999 §3.2)
    pub blackhole: bool,
    /// Long-lived stale routes also go to neighbours inside that do not have the capability: with NO_EXPORT and
    /// LOCAL_PREF 0 (RFC 9494 §4.6)
    pub llgr_partial_deployment: bool,
    /// Routes of a client are told to the other clients of its cluster (RFC 4456 §6); off where clients are fully
    /// meshed
    pub client_to_client: bool,
    /// External neighbours get MULTI_EXIT_DISC of routes of others too: BIRD's `allow bgp_med`
    pub allow_med: bool,
    /// AS_PATH stays as it is towards an external neighbour
    pub as_path_unchanged: bool,
    /// The neighbour's AS in a path is replaced by ours, so that its other sites take the route
    pub as_override: bool,
    /// AS numbers for private use
    pub remove_private_as: RemovePrivateAs,
    /// External neighbours may get the address of another router on the common link as next hop
    /// (RFC 4271 §5.1.3)
    pub third_party_next_hop: bool,
}

impl Default for AnnounceOptions {
    fn default() -> Self {
        Self {
            interpret_communities: true,
            bilateral_peer: false,
            blackhole: false,
            llgr_partial_deployment: false,
            client_to_client: true,
            allow_med: false,
            as_path_unchanged: false,
            as_override: false,
            remove_private_as: RemovePrivateAs::Never,
            third_party_next_hop: true,
        }
    }
}
