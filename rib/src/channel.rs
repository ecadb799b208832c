//! Where routes come from and go to: protocol instances and their channels.

use alloc::boxed::Box;
use alloc::string::String;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use bgp_wire::{Context, Family, NextHop, Role};
use smallvec::SmallVec;

use crate::policy::Filter;
use crate::route::RouteSource;
use crate::table::{Table, TableId};

/// Number of a protocol instance in its [`crate::Rib`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub(crate) u16);

impl SourceId {
    /// Of no instance.
    pub(crate) const NONE: Self = Self(u16::MAX);
    /// Of more than one.
    pub(crate) const ANY: Self = Self(u16::MAX - 1);
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
    /// To routes learned by eBGP
    External,
}

impl NextHopMode {
    pub(crate) const fn applies(self, internal: bool) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Internal => internal,
            Self::External => !internal,
        }
    }
}

/// A neighbour whose session is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerConfig {
    /// Our AS on this session
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
    /// A client of ours as a route reflector (RFC 4456)
    pub reflector_client: bool,
    /// CLUSTER_ID of ours (RFC 4456)
    pub cluster_id: Ipv4Addr,
    /// A client of ours as a route server: AS_PATH, MULTI_EXIT_DISC and next hop stay (RFC 7947)
    pub route_server_client: bool,
    /// Our role towards the neighbour, as negotiated: with it go the rules of RFC 9234 §5 against route leaks.
    /// iBGP has none, and inside a confederation it is better left out. Roles that are not known have no rules
    pub role: Option<Role>,
    /// How often our AS may stand in a received AS_PATH
    pub allow_local_as: u8,
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
            reflector_client: false,
            cluster_id: identifier(local_address),
            route_server_client: false,
            role: None,
            allow_local_as: 0,
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
    /// How long the neighbour is told nothing new after it was told something (RFC 4271 §9.2.1.1)
    pub min_route_advertisement_interval: Duration,
    /// What "self" is as a next hop; our end of the connection where not given. Where that does not suit the
    /// family, routes that need it are not announced
    pub own_next_hop: Option<NextHop>,
    /// Announce ourselves as next hop
    pub next_hop_self: NextHopMode,
    /// Keep the received next hop
    pub next_hop_keep: NextHopMode,
    /// IPv4 routes may have IPv6 next hops (RFC 8950)
    pub extended_next_hop: bool,
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
            import_limit: None,
            export_limit: None,
            keep_filtered: false,
            keep_received: false,
            add_path: AddPath::Off,
            min_route_advertisement_interval: Duration::ZERO,
            own_next_hop: None,
            next_hop_self: NextHopMode::Never,
            next_hop_keep: NextHopMode::Never,
            extended_next_hop: false,
        }
    }
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
    /// Whether these are all of the session.
    pub(crate) has_all_received: bool,
    /// The update group, for a channel of a neighbour.
    pub(crate) group: Option<u32>,
}

impl Channel {
    pub(crate) fn new(config: ChannelConfig) -> Self {
        Self {
            config,
            statistics: ChannelStatistics::default(),
            routes: 0,
            filtered: 0,
            preferred: 0,
            reported: SmallVec::new(),
            received: None,
            has_all_received: false,
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
    /// Differs when what is said of its routes may be another thing than before.
    pub(crate) generation: u16,
    /// Whether the session is up.
    pub(crate) up: bool,
    pub(crate) channels: SmallVec<[Channel; 2]>,
}

impl Source {
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

    pub(crate) fn is_internal(&self) -> bool {
        self.peer.as_ref().is_some_and(PeerConfig::is_internal)
    }
}
