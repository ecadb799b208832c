//! Where routes come from and go to: protocol instances and their channels.

use alloc::boxed::Box;
use alloc::string::String;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use bgp_wire::{Context, Family, NextHop, Role};
use ipnet::IpNet;
use smallvec::SmallVec;

use crate::damping::{Damping, DampingConfig};
use crate::next_hop::IgpTables;
use crate::options::{
    AigpSession, AnnounceOptions, Confederation, LocalAs, MissingLinkLocal, ReceiveOptions,
    SessionKind,
};
use crate::policy::Filter;
use crate::route::RouteSource;
use crate::table::{Table, TableId};

/// Number of a protocol instance in its [`crate::Rib`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub(crate) u16);

impl SourceId {
    /// Of no instance.
    pub(crate) const NONE: Self = Self(u16::MAX);
}

/// When an option about next hops applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NextHopMode {
    /// Never
    #[default]
    Never,
    /// To all routes
    Always,
    /// To routes learned by iBGP
    Internal,
    /// To routes learned by eBGP, also within a confederation
    External,
}

impl NextHopMode {
    /// For a route learned on a session of `kind`; `None`: it is the host's own.
    pub(crate) const fn applies(self, kind: Option<SessionKind>) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Internal => matches!(kind, Some(SessionKind::Internal)),
            Self::External => {
                matches!(kind, Some(SessionKind::External | SessionKind::Confederation))
            }
        }
    }
}

/// A neighbour whose session is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerConfig {
    /// Our AS; in a confederation our Member-AS
    pub local_as: u32,
    /// The neighbour's AS
    pub remote_as: u32,
    /// Our BGP identifier
    pub router_id: Ipv4Addr,
    /// The neighbour's BGP identifier
    pub remote_id: Ipv4Addr,
    /// Our end of the connection
    pub local_address: IpAddr,
    /// The neighbour's end of the connection
    pub address: IpAddr,
    /// Index of the interface that joins us, when the neighbour is directly connected
    pub interface: Option<u32>,
    /// Networks of that interface: which next hops lie on the common link (RFC 4271 §5.1.3, §6.3)
    pub link: SmallVec<[IpNet; 2]>,
    /// We are in a confederation (RFC 5065)
    pub confederation: Option<Confederation>,
    /// The session shows another AS than [`PeerConfig::local_as`] (RFC 7705)
    pub as_migration: Option<LocalAs>,
    /// A client of ours as a route reflector (RFC 4456)
    pub reflector_client: bool,
    /// CLUSTER_ID of ours (RFC 4456)
    pub cluster_id: Ipv4Addr,
    /// Those that we have on other sessions: routes that carry one have come back
    pub other_cluster_ids: SmallVec<[Ipv4Addr; 1]>,
    /// A client of ours as a route server: AS_PATH, MULTI_EXIT_DISC and next hop stay (RFC 7947)
    pub route_server_client: bool,
    /// Our role towards the neighbour, as negotiated: with it go the rules of RFC 9234 §5 against route leaks.
    /// They are for external neighbours alone. Roles that are not known have no rules
    pub role: Option<Role>,
    /// How often our AS may stand in a received AS_PATH; [`u8::MAX`]: that is not asked
    pub allow_local_as: u8,
    /// Routes whose path has an AS_SET or AS_CONFED_SET are taken and told. RFC 9774 §3 wants that off
    pub allow_as_sets: bool,
    /// LOCAL_PREF goes to and comes from an external neighbour too, for a network of many ASes (RFC 7938)
    pub allow_local_pref: bool,
    /// The neighbour announced the capability: it may be told routes with LLGR_STALE (RFC 9494 §4.3)
    pub long_lived_graceful_restart: bool,
    /// An external neighbour without a policy tells and is told nothing (RFC 8212)
    pub requires_policy: bool,
    /// What is taken from it
    pub receive: ReceiveOptions,
    /// What it is told
    pub announce: AnnounceOptions,
    /// LOCAL_PREF of received routes that have none
    pub default_local_pref: u32,
    /// What a missing MULTI_EXIT_DISC counts as
    pub default_med: u32,
    /// Both know enhanced route refresh (RFC 7313): what is told anew stands between two markers
    pub enhanced_refresh: bool,
    /// The format of what we send
    pub send: Context,
}

impl PeerConfig {
    /// A neighbour in another AS, everything else as usual; BGP identifiers are taken from IPv4 addresses.
    pub fn external(local_as: u32, remote_as: u32, local_address: IpAddr, address: IpAddr) -> Self {
        let identifier = |address| match address {
            IpAddr::V4(address) => address,
            IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
        };
        Self {
            local_as,
            remote_as,
            router_id: identifier(local_address),
            remote_id: identifier(address),
            local_address,
            address,
            interface: None,
            link: SmallVec::new(),
            confederation: None,
            as_migration: None,
            reflector_client: false,
            cluster_id: identifier(local_address),
            other_cluster_ids: SmallVec::new(),
            route_server_client: false,
            role: None,
            allow_local_as: 0,
            allow_as_sets: true,
            allow_local_pref: false,
            long_lived_graceful_restart: false,
            requires_policy: true,
            receive: ReceiveOptions::default(),
            announce: AnnounceOptions::default(),
            default_local_pref: 100,
            default_med: 0,
            enhanced_refresh: false,
            send: Context { four_octet_as: true, ..Context::default() },
        }
    }

    /// Whether the session is iBGP.
    pub const fn is_internal(&self) -> bool {
        self.local_as == self.remote_as
    }

    /// How the neighbour stands to us.
    pub const fn kind(&self) -> SessionKind {
        match self.confederation {
            _ if self.is_internal() => SessionKind::Internal,
            Some(Confederation { member: true, .. }) => SessionKind::Confederation,
            _ => SessionKind::External,
        }
    }

    /// Our AS as neighbours outside see it, whatever this session shows (RFC 5065 §4).
    pub(crate) const fn outside_as(&self) -> u32 {
        match self.confederation {
            Some(confederation) => confederation.identifier,
            None => self.local_as,
        }
    }

    /// Our AS as this neighbour sees it.
    pub(crate) const fn shown_as(&self) -> u32 {
        match (self.kind(), self.as_migration) {
            (SessionKind::External, Some(migration)) => migration.asn,
            (SessionKind::External, None) => self.outside_as(),
            _ => self.local_as,
        }
    }
}

/// The most routes that a channel may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limit {
    /// How many routes
    pub most: u32,
    /// What happens beyond
    pub action: LimitAction,
}

/// What happens beyond a [`Limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitAction {
    /// It is reported, once until there are fewer again.
    Warn,
    /// It is reported, and further routes are left out.
    Block,
    /// It is reported; the host restarts the session.
    Restart,
    /// It is reported; the host ends the session for good.
    Disable,
}

impl LimitAction {
    /// Its name in a configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Block => "block",
            Self::Restart => "restart",
            Self::Disable => "disable",
        }
    }
}

/// Which routes a [`Limit`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitKind {
    /// All that are received, refused ones too where they are kept
    Receive,
    /// Those that the import filter lets pass
    Import,
    /// Those that the neighbour is told
    Export,
}

impl LimitKind {
    /// Its name in a configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Import => "import",
            Self::Export => "export",
        }
    }
}

/// A [`Limit`] was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitPassed {
    /// The channel's family
    pub family: Family,
    /// Which limit
    pub kind: LimitKind,
    /// What it says
    pub limit: Limit,
}

/// Which paths to a network a neighbour is told (RFC 7911), on sessions that have path identifiers for the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AddPath {
    /// The best one
    #[default]
    Off,
    /// All
    All,
    /// So many: the best, what would be best without it, and so on
    Best(u16),
    /// The best, and those that are as good up to the cost of the next hop
    Equal,
}

/// What a neighbour and a table exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelConfig {
    /// The table
    pub table: TableId,
    /// The family
    pub family: Family,
    /// Preference of the routes among protocols
    pub preference: u32,
    /// What is taken from the neighbour
    pub import: Filter,
    /// What the neighbour is told
    pub export: Filter,
    /// Most routes that are received
    pub receive_limit: Option<Limit>,
    /// `import` was not configured (RFC 8212)
    pub without_import_policy: bool,
    /// `export` was not configured (RFC 8212)
    pub without_export_policy: bool,
    /// Most routes taken from the neighbour
    pub import_limit: Option<Limit>,
    /// Most routes that the neighbour is told
    pub export_limit: Option<Limit>,
    /// Routes that the import filter refuses stay in the table, to be looked at only
    pub keep_filtered: bool,
    /// Routes are also kept as they were received, so that another import filter needs no refresh
    pub keep_received: bool,
    /// Which paths the neighbour is told
    pub add_path: AddPath,
    /// Keep routes from use that come and go too often (RFC 2439); not for internal neighbours. The end of a session
    /// does not count, and ends their history
    pub damping: Option<DampingConfig>,
    /// Tell the neighbour a default route of our own, and no other (`default-originate` elsewhere)
    pub default_originate: bool,
    /// How long the neighbour is told nothing new after it was told something (RFC 4271 §9.2.1.1)
    pub min_route_advertisement_interval: Duration,
    /// What "self" is as a next hop; our end of the connection where not given. Where that does not suit the
    /// family, routes that need it are not announced
    pub own_next_hop: Option<NextHop>,
    /// Announce ourselves as next hop
    pub next_hop_self: NextHopMode,
    /// Keep the received next hop
    pub next_hop_keep: NextHopMode,
    /// Next hops of an external neighbour need not lie on the common link (RFC 4271 §6.3 b): BIRD's
    /// `gateway recursive`. Where [`PeerConfig::link`] has no networks that is not asked anyway
    pub any_next_hop: bool,
    /// Which received IPv6 next hops count with their global address alone, although they have a link-local one
    pub next_hop_prefer_global: NextHopMode,
    /// What stands in for a link-local address that is not known
    pub missing_link_local: MissingLinkLocal,
    /// IPv4 routes may have IPv6 next hops (RFC 8950), and IPv6 routes IPv4 ones (RFC 4798 §2)
    pub extended_next_hop: bool,
    /// Use of the accumulated IGP metric (RFC 7311)
    pub aigp: AigpSession,
    /// The session is about to be shut down (RFC 8326 §4.2): routes of an external neighbour get the community
    /// GRACEFUL_SHUTDOWN and LOCAL_PREF 0, what is announced to it gets the community. Towards a neighbour inside
    /// that holds for routes of the host itself
    pub graceful_shutdown: bool,
    /// Where received next hops are looked up. Routes that are there already keep theirs when that changes
    pub igp_tables: IgpTables,
}

impl ChannelConfig {
    /// A channel that lets everything pass, with preference 100.
    pub const fn new(table: TableId, family: Family) -> Self {
        Self {
            table,
            family,
            preference: 100,
            import: Filter::All,
            export: Filter::All,
            receive_limit: None,
            without_import_policy: false,
            without_export_policy: false,
            import_limit: None,
            export_limit: None,
            keep_filtered: false,
            keep_received: false,
            add_path: AddPath::Off,
            damping: None,
            default_originate: false,
            min_route_advertisement_interval: Duration::ZERO,
            own_next_hop: None,
            next_hop_self: NextHopMode::Never,
            next_hop_keep: NextHopMode::Never,
            any_next_hop: false,
            next_hop_prefer_global: NextHopMode::Never,
            missing_link_local: MissingLinkLocal::Ignore,
            extended_next_hop: false,
            aigp: AigpSession::Usual,
            graceful_shutdown: false,
            igp_tables: IgpTables { ipv4: None, ipv6: None },
        }
    }

    /// The filter that decides what is taken from `peer`.
    pub(crate) const fn import_filter(&self, peer: &PeerConfig) -> Filter {
        if self.without_import_policy && is_default_reject(peer) {
            return Filter::None;
        }
        self.import
    }

    /// The filter that decides what `peer` is told.
    pub(crate) const fn export_filter(&self, peer: &PeerConfig) -> Filter {
        if self.without_export_policy && is_default_reject(peer) {
            return Filter::None;
        }
        self.export
    }
}

/// RFC 8212 §3: nothing passes without a policy.
const fn is_default_reject(peer: &PeerConfig) -> bool {
    peer.requires_policy && matches!(peer.kind(), SessionKind::External)
}

/// Counters of a channel since its session came up, as BIRD shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChannelStatistics {
    /// Routes received
    pub import_updates: u64,
    /// Of these: not usable (loops, leaks, the limit)
    pub import_updates_rejected: u64,
    /// Of these: refused by the import filter
    pub import_updates_filtered: u64,
    /// Of these: nothing new
    pub import_updates_ignored: u64,
    /// Of these: now in the table
    pub import_updates_accepted: u64,
    /// Withdrawals received
    pub import_withdraws: u64,
    /// Of these: of routes that were not there
    pub import_withdraws_ignored: u64,
    /// Of these: removed from the table
    pub import_withdraws_accepted: u64,
    /// Routes announced
    pub export_updates: u64,
    /// Withdrawals announced
    pub export_withdraws: u64,
}

/// A route of a neighbour: its network and path identifier.
pub(crate) type ReceivedRoute = (IpNet, Option<u32>);

/// A channel at work.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) config: ChannelConfig,
    pub(crate) statistics: ChannelStatistics,
    /// Routes of the source in the table that the filter has let pass.
    pub(crate) routes: u32,
    /// Routes that it has not, and that are kept.
    pub(crate) filtered: u32,
    /// Of `routes`: best ones.
    pub(crate) preferred: u32,
    /// The limits that are passed and were reported.
    pub(crate) reported: SmallVec<[LimitKind; 2]>,
    /// Routes as they were received.
    pub(crate) received: Option<Box<Table>>,
    /// Which routes come and go.
    pub(crate) damping: Option<Box<Damping<ReceivedRoute>>>,
    /// The update group, for a channel of a neighbour.
    pub(crate) group: Option<u32>,
}

impl Channel {
    pub(crate) fn new(config: ChannelConfig) -> Self {
        Self {
            statistics: ChannelStatistics::default(),
            routes: 0,
            filtered: 0,
            preferred: 0,
            reported: SmallVec::new(),
            received: None,
            damping: config.damping.and_then(|damping| Damping::new(damping).ok()).map(Box::new),
            config,
            group: None,
        }
    }

    /// The number that counts towards a limit.
    fn counted(&self, kind: LimitKind) -> u32 {
        match kind {
            LimitKind::Receive => self.routes + self.filtered,
            LimitKind::Import | LimitKind::Export => self.routes,
        }
    }

    /// Whether one more route is too many; and whether that is to be reported.
    pub(crate) fn one_more(&mut self, kind: LimitKind) -> Option<(Limit, bool)> {
        let limit = match kind {
            LimitKind::Receive => self.config.receive_limit,
            LimitKind::Import => self.config.import_limit,
            LimitKind::Export => self.config.export_limit,
        }?;
        if self.counted(kind) < limit.most {
            self.reported.retain(|other| *other != kind);
            return None;
        }
        let fresh = !self.reported.contains(&kind);
        if fresh {
            self.reported.push(kind);
        }
        Some((limit, fresh))
    }
}

/// A protocol instance.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) kind: RouteSource,
    pub(crate) preference: u32,
    /// The neighbour; it stays while its routes do.
    pub(crate) peer: Option<PeerConfig>,
    /// Whether the session is up.
    pub(crate) up: bool,
    pub(crate) channels: SmallVec<[Channel; 2]>,
}

impl Source {
    /// Of a route that nobody has announced.
    pub(crate) fn own() -> Self {
        Self {
            name: String::new(),
            kind: RouteSource::Static,
            preference: 0,
            peer: None,
            up: false,
            channels: SmallVec::new(),
        }
    }

    pub(crate) fn channel(&self, table: TableId) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.config.table == table)
    }

    pub(crate) fn channel_mut(&mut self, table: TableId) -> Option<&mut Channel> {
        self.channels.iter_mut().find(|channel| channel.config.table == table)
    }

    /// Preference of its routes in `table`.
    pub(crate) fn preference(&self, table: TableId) -> u32 {
        self.channel(table).map_or(self.preference, |channel| channel.config.preference)
    }

    /// How the neighbour stands to us; `None`: the routes are the host's own.
    pub(crate) fn session_kind(&self) -> Option<SessionKind> {
        self.peer.as_ref().map(PeerConfig::kind)
    }
}
