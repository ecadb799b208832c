//! How an instance and its interfaces are configured (RFC 2328 §C, RFC 5340 §C).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use ipnet::IpNet;

use crate::auth::SecurityAssociations;
use crate::id::{AddressFamily, AreaId, InstanceId, RouterId};
use crate::options::Options;
use crate::originate::{AreaKind, Range, StubRouter};

/// What is configured for an instance as a whole. Interfaces have an [`InterfaceConfig`] each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceConfig {
    /// The router's number, unique in the routing domain.
    pub router_id: RouterId,
    /// The number of the instance on its links; the address family follows from it (RFC 5838 §2.1).
    pub instance_id: InstanceId,
    /// Set the AF-bit and ask for it (RFC 5838 §2.2, §2.4). Families other than IPv6 unicast do so always.
    pub address_families: bool,
    /// The areas. Those of interfaces that are not here are normal ones without ranges.
    pub areas: BTreeMap<AreaId, AreaConfig>,
    /// Keep other routers' traffic away (RFC 6987).
    pub stub_router: StubRouter,
    /// As above with the largest metrics, for so long after the start (RFC 6987 §1).
    pub stub_router_after_start: Duration,
    /// RFC1583Compatibility (RFC 2328 §16.4.1).
    pub rfc1583_compatibility: bool,
    /// How many next hops a route has at most.
    pub maximum_paths: usize,
    /// When routes are computed after a change.
    pub spf_delay: SpfDelay,
    /// How often LSAs are originated and taken.
    pub intervals: LsaIntervals,
    /// How fast Link State Updates are sent on an interface.
    pub pacing: Pacing,
    /// How much others may make the instance remember.
    pub limits: Limits,
    /// Graceful restart (RFC 5187).
    pub graceful_restart: GracefulRestart,
    /// Above all such numbers of earlier runs of this router: seconds since 1970, or a count of its starts. Authenticated packets
    /// are numbered from it on (RFC 7166 §4.1).
    pub boot_count: u32,
    /// The router's name, told with its capabilities in Router-Information-LSAs (RFC 7770, RFC 5642); `None`: none
    /// are originated.
    pub hostname: Option<String>,
}

impl InstanceConfig {
    /// The defaults of the RFCs, for a router in no area.
    pub fn new(router_id: RouterId) -> Self {
        Self {
            router_id,
            instance_id: InstanceId::BASE_IPV6_UNICAST,
            address_families: false,
            areas: BTreeMap::new(),
            stub_router: StubRouter::Off,
            stub_router_after_start: Duration::ZERO,
            rfc1583_compatibility: false,
            maximum_paths: 64,
            spf_delay: SpfDelay::default(),
            intervals: LsaIntervals::default(),
            pacing: Pacing::default(),
            limits: Limits::default(),
            graceful_restart: GracefulRestart::default(),
            boot_count: 0,
            hostname: None,
        }
    }

    /// The family of the instance's routes; instance numbers that are not assigned count as IPv6 unicast.
    pub const fn family(&self) -> AddressFamily {
        match AddressFamily::of(self.instance_id) {
            Some(family) => family,
            None => AddressFamily::Ipv6Unicast,
        }
    }

    /// Whether the AF-bit is set.
    pub(crate) const fn sets_address_family_bit(&self) -> bool {
        self.address_families || !matches!(self.family(), AddressFamily::Ipv6Unicast)
    }

    pub(crate) fn kind(&self, area: AreaId) -> AreaKind {
        self.areas.get(&area).map(|area| area.kind.clone()).unwrap_or_default()
    }

    /// What Hellos and Database Description packets of an interface say (RFC 5340 §A.2, RFC 5838 §2.2, RFC 7166 §2.1).
    pub(crate) fn hello_options(&self, interface: &InterfaceConfig) -> Options {
        let kind = self.kind(interface.area());
        let bits = [
            (self.family() == AddressFamily::Ipv6Unicast, Options::V6),
            (kind.takes_externals(), Options::E),
            (matches!(kind, AreaKind::Nssa(_)), Options::N),
            (self.sets_address_family_bit(), Options::AF),
            (interface.authentication.longest_trailer() > 0, Options::AT),
        ];
        let set = bits.into_iter().filter(|(set, _)| *set);
        set.fold(Options::R, |options, (_, bit)| options | bit)
    }

    /// Whether LSAs of AS scope are flooded on an interface (RFC 5340 §4.5.2).
    pub(crate) fn floods_as_scope(&self, interface: &InterfaceConfig) -> bool {
        !interface.network.is_virtual() && self.kind(interface.area()).takes_externals()
    }
}

/// What is configured for an area (RFC 2328 §C.2, RFC 5340 §C.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AreaConfig {
    /// Normal, stub or not so stubby.
    pub kind: AreaKind,
    /// How the area's own prefixes are condensed for other areas.
    pub ranges: BTreeMap<IpNet, Range>,
    /// Prefixes of hosts that are directly attached, with their costs (RFC 5340 §C.7).
    pub hosts: BTreeMap<IpNet, u16>,
}

/// When the routing table is computed after a change (RFC 8405 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpfDelay {
    /// INITIAL_SPF_DELAY: after a change in quiet times.
    pub initial: Duration,
    /// SHORT_SPF_DELAY: after further changes.
    pub short: Duration,
    /// LONG_SPF_DELAY: when changes do not end.
    pub long: Duration,
    /// TIME_TO_LEARN_INTERVAL: how long changes count as those of one failure.
    pub time_to_learn: Duration,
    /// HOLDDOWN_INTERVAL: after so long without a change, times are quiet again.
    pub holddown: Duration,
}

impl Default for SpfDelay {
    /// The values of RFC 8405 §6.
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(50),
            short: Duration::from_millis(200),
            long: Duration::from_secs(5),
            time_to_learn: Duration::from_millis(500),
            holddown: Duration::from_secs(10),
        }
    }
}

/// How often an LSA is originated and taken (RFC 2328 §B).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LsaIntervals {
    /// MinLSArrival: of one LSA, instances that come sooner one after another are not taken.
    pub min_ls_arrival: Duration,
    /// MinLSInterval: of one LSA, instances are originated no sooner one after another, once changes go on. The first
    /// changes after a pause are told after `initial`, then after twice that, and so on up to this.
    pub min_ls_interval: Duration,
    /// The least time between two instances of an LSA of ours. Less than MinLSArrival of the neighbours is of no use: they
    /// do not take the second before it is retransmitted.
    pub initial: Duration,
    /// LSRefreshTime: how old our LSAs get; each up to a tenth less, so that they are not refreshed all at once.
    pub ls_refresh_time: Duration,
}

impl Default for LsaIntervals {
    fn default() -> Self {
        Self {
            min_ls_arrival: Duration::from_secs(1),
            min_ls_interval: Duration::from_secs(5),
            initial: Duration::from_secs(1),
            ls_refresh_time: Duration::from_secs(1800),
        }
    }
}

/// How fast Link State Updates are sent on an interface: `packets` in each `interval`. Hellos, acknowledgments and
/// the packets of the database exchange are not held back (RFC 4222 §2 (1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pacing {
    /// How many, at least 1.
    pub packets: u32,
    /// In which time; zero: no limit.
    pub interval: Duration,
}

impl Default for Pacing {
    fn default() -> Self {
        Self { packets: 50, interval: Duration::from_millis(10) }
    }
}

/// How much others may make the instance remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// LSAs of other routers in all databases together.
    pub lsas: usize,
    /// Octets of all of these.
    pub octets: usize,
    /// Neighbours on all interfaces together.
    pub neighbors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lsas: 1_000_000, octets: 512 << 20, neighbors: 10_000 }
    }
}

/// Graceful restart (RFC 5187, RFC 3623).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GracefulRestart {
    /// Help neighbours that restart (RFC 3623 §3).
    pub helper: bool,
    /// RestartHelperStrictLSAChecking: stop helping when the topology changes (RFC 3623 §B.2).
    pub strict_lsa_checking: bool,
    /// The longest grace period that is granted.
    pub longest: Duration,
    /// The grace period asked for when this router restarts, in seconds (RFC 3623 §B.1).
    pub period: u16,
}

impl Default for GracefulRestart {
    fn default() -> Self {
        Self {
            helper: true,
            strict_lsa_checking: true,
            longest: Duration::from_secs(1800),
            period: 120,
        }
    }
}

/// What is configured for an interface (RFC 2328 §C.3, RFC 5340 §C.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceConfig {
    /// Its area; without effect on a virtual link, which is of the backbone.
    pub area: AreaId,
    /// What it is attached to.
    pub network: NetworkType,
    /// Its prefixes are told, but no packet is sent or taken.
    pub passive: bool,
    /// Interface output cost, at least 1; without effect on a virtual link.
    pub cost: u16,
    /// Router Priority; with 0 it does not become Designated Router.
    pub priority: u8,
    /// HelloInterval, in seconds.
    pub hello_interval: u16,
    /// RouterDeadInterval, in seconds.
    pub router_dead_interval: u16,
    /// PollInterval of neighbours that are down, on networks without broadcast, in seconds (RFC 5340 §C.5).
    pub poll_interval: u16,
    /// How long it stays in state Waiting; `None`: RouterDeadInterval (RFC 2328 §9).
    pub wait: Option<Duration>,
    /// RxmtInterval.
    pub retransmit_interval: Duration,
    /// InfTransDelay, in seconds, at least 1.
    pub transmit_delay: u16,
    /// Take Database Description packets whatever their Interface MTU.
    pub ignore_mtu: bool,
    /// The longest IPv6 packet to send, in octets; `None`: the link's MTU.
    pub packet_length: Option<u16>,
    /// The keys that packets are authenticated with (RFC 7166); without any they are not.
    pub authentication: SecurityAssociations,
    /// Ask for BFD sessions with neighbours.
    pub bfd: bool,
    /// On networks without broadcast: the neighbours. With `PointToMultipoint`, none means that all are found by
    /// multicast.
    pub neighbors: BTreeMap<Ipv6Addr, ConfiguredNeighbor>,
    /// Take Hellos from configured neighbours only.
    pub configured_only: bool,
    /// LinkLSASuppression (RFC 5340 §C.3); without effect on broadcast and NBMA links.
    pub suppress_link_lsa: bool,
}

impl InterfaceConfig {
    /// The RFC's sample values (RFC 5340 §C.3), for an interface of this area.
    pub fn new(area: AreaId, network: NetworkType) -> Self {
        Self {
            area,
            network,
            passive: false,
            cost: 10,
            priority: 1,
            hello_interval: 10,
            router_dead_interval: 40,
            poll_interval: 120,
            wait: None,
            retransmit_interval: Duration::from_secs(5),
            transmit_delay: 1,
            ignore_mtu: false,
            packet_length: None,
            authentication: SecurityAssociations::default(),
            bfd: false,
            neighbors: BTreeMap::new(),
            configured_only: false,
            suppress_link_lsa: false,
        }
    }

    /// The area that its packets belong to.
    pub const fn area(&self) -> AreaId {
        match self.network {
            NetworkType::VirtualLink { .. } => AreaId::BACKBONE,
            _ => self.area,
        }
    }

    /// Whether it may be told without new adjacencies: what was agreed with neighbours is the same.
    pub(crate) fn keeps_adjacencies(&self, new: &Self) -> bool {
        (self.area, self.network, self.passive) == (new.area, new.network, new.passive)
    }
}

/// What an interface is attached to (RFC 2328 §1.2, §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NetworkType {
    /// Any number of routers, reached by multicast.
    Broadcast,
    /// One other router.
    PointToPoint,
    /// NBMA: any number of routers, all of which reach one another, without multicast.
    NonBroadcast,
    /// Any number of routers, each as if on a link of its own.
    PointToMultipoint,
    /// The router itself.
    Loopback,
    /// A link of the backbone through another area (RFC 2328 §15).
    VirtualLink {
        /// The area.
        transit: AreaId,
        /// The other end.
        neighbor: RouterId,
    },
}

impl NetworkType {
    /// Whether there is a Designated Router.
    pub const fn is_multi_access(self) -> bool {
        matches!(self, Self::Broadcast | Self::NonBroadcast)
    }

    /// Whether it is a virtual link.
    pub const fn is_virtual(self) -> bool {
        matches!(self, Self::VirtualLink { .. })
    }
}

/// A neighbour on a network without broadcast (RFC 5340 §C.5, §C.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfiguredNeighbor {
    /// It may become Designated Router.
    pub eligible: bool,
}

/// What an interface is, as the system has it. The caller tells it with
/// [`InterfaceEvent::Up`](crate::InterfaceEvent::Up), anew when something of it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The address that packets are sent from; not used on a virtual link.
    pub link_local: Ipv6Addr,
    /// The largest IPv6 packet, in octets.
    pub mtu: u16,
    /// Its addresses with the lengths of their prefixes, host bits and all: those of the instance's family are told.
    pub prefixes: BTreeSet<IpNet>,
}

impl Link {
    /// The next hop for others: the link-local address; for IPv4 the first IPv4 address if there is one
    /// (RFC 5838 §2.5).
    pub(crate) fn next_hop(&self, family: AddressFamily) -> IpAddr {
        let ipv4 = || self.prefixes.iter().find(|prefix| matches!(prefix, IpNet::V4(_)));
        match family.is_ipv4() {
            true => ipv4().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpNet::addr),
            false => IpAddr::V6(self.link_local),
        }
    }
}
