//! What a configuration file says, checked and with names resolved.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bgp_wire::Role;
use ipnet::IpNet;
use policy::{Diagnostics, FilterId, Program};
use rib::Limit;

/// A whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `log` statements, in order.
    pub log: Vec<LogTarget>,
    /// `router id`, if given.
    pub router_id: Option<Ipv4Addr>,
    /// All filters of the file, compiled.
    pub program: Arc<Program>,
    /// Tables: `master4`, `master6` and those declared.
    pub tables: Vec<TableConfig>,
    /// Protocol instances in the order of the file (templates are merged into them).
    pub protocols: Vec<ProtocolConfig>,
    /// What may not mean what was meant.
    pub warnings: Diagnostics,
}

/// A routing table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableConfig {
    /// Its name.
    pub name: String,
    /// The address family of its networks.
    pub family: AddressFamily,
}

/// Address family of a channel or table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AddressFamily {
    /// `ipv4`
    Ipv4,
    /// `ipv6`
    Ipv6,
}

/// Where log lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogTarget {
    /// Destination.
    pub to: LogDestination,
    /// Classes written there.
    pub classes: LogClasses,
}

/// Destination of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogDestination {
    /// `log stderr`
    Stderr,
    /// `log "FILE"`, with an optional size limit and backup file.
    File {
        /// Path of the log file.
        path: PathBuf,
        /// `"FILE" LIMIT "BACKUP"`: rotate when the file is larger than LIMIT bytes.
        rotate: Option<(u64, PathBuf)>,
    },
    /// `log syslog [name N]`
    Syslog {
        /// Program name given to syslog.
        name: Option<String>,
    },
}

/// A set of BIRD's log classes (`debug trace info remote warning error auth fatal bug`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogClasses(pub u16);

/// One protocol instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtocolConfig {
    /// Its name (made up as BIRD does where none is given: `device1`, `bgp1`, …).
    pub name: String,
    /// `disabled [bool]`
    pub disabled: bool,
    /// `description "…"`
    pub description: Option<String>,
    /// The protocol and what belongs to it alone.
    pub kind: ProtocolKind,
}

/// Kinds of protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolKind {
    /// `protocol device`
    Device {
        /// `scan time`
        scan_time: Duration,
    },
    /// `protocol direct`
    Direct {
        /// Channels that are turned on.
        channels: Vec<ChannelConfig>,
        /// `interface "pattern", -"pattern"`: empty means all.
        interfaces: Vec<InterfacePattern>,
    },
    /// `protocol static`
    Static {
        /// The one channel.
        channel: ChannelConfig,
        /// Its routes.
        routes: Vec<StaticRoute>,
    },
    /// `protocol bgp`
    Bgp(Box<BgpConfig>),
}

/// An interface name with shell wildcards; `-"x"` excludes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfacePattern {
    /// The pattern.
    pub pattern: String,
    /// Whether a match excludes the interface.
    pub exclude: bool,
}

/// A filter as referred to by `import` or `export`. Two are equal when they mean the same.
#[derive(Debug, Clone)]
pub enum FilterRef {
    /// `all`
    All,
    /// `none`
    None,
    /// `filter NAME`, `filter { … }` or `where …`
    Filter {
        /// Which one in `Config::program`.
        id: FilterId,
        /// Its name; `None` is shown as `(unnamed)`.
        name: Option<String>,
        /// Identity of its meaning: equal texts (after `define` and functions are resolved) give
        /// equal values, so a reconfiguration sees what really changed.
        fingerprint: u64,
    },
}

impl PartialEq for FilterRef {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, Self::All) | (Self::None, Self::None) => true,
            (
                Self::Filter { name, fingerprint, .. },
                Self::Filter { name: other_name, fingerprint: other_fingerprint, .. },
            ) => name == other_name && fingerprint == other_fingerprint,
            _ => false,
        }
    }
}

impl Eq for FilterRef {}

/// A channel: the tie between a protocol and a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelConfig {
    /// Its family.
    pub family: AddressFamily,
    /// Name of the table.
    pub table: String,
    /// `preference`; the protocol's own default where not given (direct 240, static 200, BGP 100).
    pub preference: u32,
    /// `import`
    pub import: FilterRef,
    /// `export`
    pub export: FilterRef,
    /// `receive limit N [action A]`
    pub receive_limit: Option<Limit>,
    /// `import limit N [action A]`
    pub import_limit: Option<Limit>,
    /// `export limit N [action A]`
    pub export_limit: Option<Limit>,
    /// `import keep filtered`
    pub import_keep_filtered: bool,
    /// `import table`
    pub import_table: bool,
    /// `graceful restart`; the protocol's own mode where not given
    pub graceful_restart: Option<bool>,
    /// `long lived graceful restart`; the protocol's own mode where not given
    pub long_lived: Option<bool>,
    /// `long lived stale time`; the protocol's where not given
    pub long_lived_stale_time: Option<Duration>,
    /// `add paths`: we tell several
    pub add_paths_tx: bool,
    /// `add paths`: we take several
    pub add_paths_rx: bool,
    /// `next hop self`
    pub next_hop_self: NextHopMode,
    /// `next hop keep`
    pub next_hop_keep: NextHopMode,
    /// `next hop address A`
    pub next_hop_address: Option<IpAddr>,
    /// `extended next hop`
    pub extended_next_hop: bool,
    /// `gateway direct|recursive`; `None` where not given: recursive for neighbours over several hops
    pub gateway_recursive: Option<bool>,
    /// `igp table`, by the family of the table: where next hops are looked up
    pub igp_tables: BTreeMap<AddressFamily, String>,
}

/// When an option about next hops applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NextHopMode {
    /// Off.
    #[default]
    No,
    /// For all routes.
    All,
    /// For routes learned from iBGP peers.
    Ibgp,
    /// For routes learned from eBGP peers.
    Ebgp,
}

/// What is made of a neighbour's restart, and of our own (RFC 4724, 9494).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RestartMode {
    /// Nothing
    Off,
    /// The neighbour's routes are kept while it restarts; ours need not be
    Aware,
    /// Both
    On,
}

/// A static route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticRoute {
    /// Destination.
    pub net: IpNet,
    /// What is done with packets.
    pub target: RouteTarget,
}

/// What a route does with packets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RouteTarget {
    /// `via A[%if]`, several times for a multipath route
    Via(Vec<Gateway>),
    /// `via "eth0"`
    Device(String),
    /// `recursive A`
    Recursive(IpAddr),
    /// `blackhole` or `drop`
    Blackhole,
    /// `unreachable` or `reject`
    Unreachable,
    /// `prohibit`
    Prohibit,
}

/// One gateway of a route.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Gateway {
    /// Its address.
    pub address: IpAddr,
    /// `%if` or `dev "if"`, needed for link-local addresses.
    pub interface: Option<String>,
    /// `onlink`
    pub onlink: bool,
    /// `weight`, 1 to 256
    pub weight: u16,
}

/// A BGP protocol instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BgpConfig {
    /// `local ADDR` or `source address ADDR`
    pub local_address: Option<IpAddr>,
    /// `local … as N`
    pub local_as: u32,
    /// `local … port N`, default 179
    pub local_port: u16,
    /// `neighbor ADDR[%if]`
    pub neighbor_address: IpAddr,
    /// `neighbor … as N`, `internal` (equals `local_as`) or `external` (`None`: any other AS)
    pub neighbor_as: Option<u32>,
    /// `neighbor … port N`, default 179
    pub neighbor_port: u16,
    /// `%if` of the neighbour or `interface "if"`
    pub interface: Option<String>,
    /// `multihop [N]`: hops allowed, `None` when direct. Bare `multihop` is 64; iBGP defaults to 64.
    pub multihop: Option<u8>,
    /// `passive`
    pub passive: bool,
    /// `strict bind`
    pub strict_bind: bool,
    /// `rr client`
    pub rr_client: bool,
    /// `rr cluster id`
    pub cluster_id: Option<Ipv4Addr>,
    /// `rs client`
    pub rs_client: bool,
    /// `hold time`, default 240 s
    pub hold_time: Duration,
    /// `startup hold time`, default 240 s
    pub startup_hold_time: Duration,
    /// `keepalive time`; a third of the negotiated hold time where not given
    pub keepalive_time: Option<Duration>,
    /// `connect retry time`, default 120 s
    pub connect_retry_time: Duration,
    /// `connect delay time`, default 5 s
    pub connect_delay_time: Duration,
    /// `error wait time MIN, MAX`, default 60 s, 300 s
    pub error_wait_time: (Duration, Duration),
    /// `error forget time`, default 300 s
    pub error_forget_time: Duration,
    /// `disable after error`
    pub disable_after_error: bool,
    /// `enable route refresh`, default on
    pub enable_route_refresh: bool,
    /// `enable as4`, default on
    pub enable_as4: bool,
    /// `enable extended messages`, default off
    pub enable_extended_messages: bool,
    /// `capabilities`, default on
    pub capabilities: bool,
    /// `graceful restart`, default aware
    pub graceful_restart: RestartMode,
    /// `graceful restart time`, default 120 s
    pub graceful_restart_time: Duration,
    /// `long lived graceful restart`, default aware
    pub long_lived: RestartMode,
    /// `long lived stale time`, default 3600 s
    pub long_lived_stale_time: Duration,
    /// `min|max long lived stale time`: the bounds of the neighbour's
    pub long_lived_bounds: (Duration, Duration),
    /// `local role`
    pub local_role: Option<Role>,
    /// `require roles`
    pub require_roles: bool,
    /// `confederation N`: the identifier that neighbours outside see
    pub confederation: Option<u32>,
    /// `confederation member`: the neighbour is in it too
    pub confederation_member: bool,
    /// `interpret communities`, default on
    pub interpret_communities: bool,
    /// `allow as sets`, default on
    pub allow_as_sets: bool,
    /// `allow bgp_local_pref`, default off
    pub allow_local_pref: bool,
    /// `allow bgp_med`, default off
    pub allow_med: bool,
    /// `enforce first as`, default off
    pub enforce_first_as: bool,
    /// `prefer older`, default off
    pub prefer_older: bool,
    /// `allow local as [N]`: how often the own AS may stand in a path
    pub allow_local_as: u8,
    /// `default bgp_local_pref`, default 100
    pub default_local_pref: u32,
    /// `default bgp_med`
    pub default_med: Option<u32>,
    /// `path metric`, default on: compare AS path lengths
    pub path_metric: bool,
    /// `med metric`, default off: compare MED between different neighbour ASes
    pub med_metric: bool,
    /// `igp metric`, default on
    pub igp_metric: bool,
    /// Channels.
    pub channels: Vec<ChannelConfig>,
}
