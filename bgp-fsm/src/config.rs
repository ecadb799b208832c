//! What is configured for a neighbour.

use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::time::Duration;

use bgp_wire::{AddPathDirection, Capabilities, CapabilityCode, Family, OrfDirection, Role};

/// Configuration of a [`crate::Session`]. [`SessionConfig::new`] fills in what BIRD takes by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionConfig {
    /// Our AS; in a confederation what the neighbour is to see of it (RFC 5065 §4)
    pub local_as: u32,
    /// Which AS the neighbour may have
    pub remote_as: RemoteAs,
    /// The neighbour's AS is another one, but in our confederation (RFC 5065): it is told what neighbours inside
    /// are told
    pub confederation_member: bool,
    /// LOCAL_PREF is taken from an external neighbour too, for a network of many ASes (RFC 7938); otherwise it is
    /// discarded (RFC 7606 §7.5)
    pub allow_local_pref: bool,
    /// AIGP is taken from an external neighbour too; otherwise it is discarded (RFC 7311 §3.3)
    pub allow_aigp: bool,
    /// Our BGP identifier
    pub router_id: Ipv4Addr,
    /// HoldTime that is proposed: 0, or at least 3 s; whole seconds
    pub hold_time: Duration,
    /// The shortest HoldTime that is accepted of the neighbour; 0 is always
    pub least_hold_time: Duration,
    /// HoldTimer until the OPEN comes (RFC 4271 §8.2.2: a large value, 4 min); zero: no limit
    pub startup_hold_time: Duration,
    /// SendHoldTime (RFC 9687): how long a connection may take nothing; `None`: 8 min, or twice the HoldTime if
    /// that is more; zero: no limit; always more than the HoldTime. Needs [`Session::handle_blocked`](crate::Session::handle_blocked)
    pub send_hold_time: Option<Duration>,
    /// KeepaliveTime, from 1 s to a third of the negotiated HoldTime; that third where not given
    pub keepalive_time: Option<Duration>,
    /// ConnectRetryTime: how long an attempt to connect may take; at least 1 s
    pub connect_retry_time: Duration,
    /// Pause before dialling: the first time, and, with at least 1 s, each time again
    pub connect_delay_time: Duration,
    /// DampPeerOscillations: IdleHoldTime doubles while errors follow each other. Else it is always the first of
    /// `idle_hold_time`
    pub damp_peer_oscillations: bool,
    /// IdleHoldTime after the first failure, and the most it grows to
    pub idle_hold_time: (Duration, Duration),
    /// Failures so far apart do not make IdleHoldTime grow
    pub error_forget_time: Duration,
    /// AllowAutomaticStart: begin anew by itself after an error
    pub automatic_start: bool,
    /// DelayOpenTime; zero: the OPEN is sent at once
    pub delay_open_time: Duration,
    /// PassiveTcpEstablishment: wait for the neighbour to connect
    pub passive: bool,
    /// The neighbour's address is not configured but learned: see
    /// [`Session::handle_neighbor`](crate::Session::handle_neighbor)
    pub unnumbered: bool,
    /// How many NOTIFICATIONs may be sent at once, and how long it takes until one more may be. Where there are
    /// too many, connections are closed without a word
    pub notification_limit: (u32, Duration),
    /// Families that are offered, and what for each
    pub families: Vec<FamilyConfig>,
    /// Offer messages up to 65,535 octets (RFC 8654)
    pub extended_message: bool,
    /// Offer route refresh (RFC 2918)
    pub route_refresh: bool,
    /// Offer enhanced route refresh (RFC 7313)
    pub enhanced_refresh: bool,
    /// How long the neighbour may take from BoRR to EoRR (RFC 7313 §4)
    pub refresh_time: Duration,
    /// Offer 4-octet AS numbers (RFC 6793)
    pub four_octet_as: bool,
    /// What we are to the neighbour (RFC 9234); external sessions only
    pub role: Option<Role>,
    /// Refuse a neighbour that does not tell its role (RFC 9234 §4.2: strict mode)
    pub strict_role: bool,
    /// Graceful restart (RFC 4724): `None` does not offer it, and lets go of routes when a session ends
    pub graceful_restart: Option<RestartConfig>,
    /// Long-lived graceful restart (RFC 9494), which needs graceful restart: the bounds between which the
    /// neighbour's Long-lived Stale Time is taken. `None` does not offer it
    pub long_lived: Option<(Duration, Duration)>,
    /// Outbound route filters that the neighbour may have put up at a time; more end the session
    pub filter_limit: usize,
    /// Capabilities that the neighbour has to have (RFC 5492 §3). See also [`FamilyConfig::required`]
    pub required: Vec<CapabilityCode>,
    /// Offered besides: the FQDN, the software version, or what the host knows and this crate does not
    pub other_capabilities: Capabilities,
    /// Send capabilities at all (RFC 5492). When the neighbour refuses them the next attempt goes without
    pub capabilities: bool,
}

/// Which AS a neighbour may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemoteAs {
    /// This one
    Is(u32),
    /// Any but ours
    External,
    /// Ours
    Internal,
    /// Any
    Any,
}

impl RemoteAs {
    pub(crate) const fn accepts(self, asn: u32, ours: u32) -> bool {
        match self {
            Self::Is(expected) => asn == expected,
            Self::External => asn != ours,
            Self::Internal => asn == ours,
            Self::Any => true,
        }
    }
}

impl From<u32> for RemoteAs {
    fn from(asn: u32) -> Self {
        Self::Is(asn)
    }
}

/// `None`: any AS but ours.
impl From<Option<u32>> for RemoteAs {
    fn from(asn: Option<u32>) -> Self {
        asn.map_or(Self::External, Self::Is)
    }
}

/// What is offered for an address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FamilyConfig {
    /// The family
    pub family: Family,
    /// Its routes may have IPv6 next hops although their own are IPv4 (RFC 8950)
    pub extended_next_hop: bool,
    /// Several paths of a prefix (RFC 7911)
    pub add_path: Option<AddPathDirection>,
    /// How many paths of a prefix are wanted (draft-abraitis-idr-addpath-paths-limit)
    pub paths_limit: Option<u16>,
    /// Outbound route filters by address prefix (RFC 5292)
    pub filters: Option<OrfDirection>,
    /// Our forwarding goes on while we restart (RFC 4724). `None`: the neighbour need not keep our routes; we
    /// keep its routes anyway, where graceful restart is offered at all
    pub forwarding: Option<Forwarding>,
    /// Long-lived Stale Time: how long the neighbour is to keep our routes after that (RFC 9494); whole seconds,
    /// at most 16,777,215
    pub long_lived_stale_time: Option<Duration>,
    /// Refuse a neighbour without it
    pub required: bool,
}

/// What became of the forwarding of a family when this speaker restarted (the F bit of RFC 4724 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Forwarding {
    /// It has gone on.
    Preserved,
    /// It has stopped: the neighbour is to forget our routes.
    Lost,
}

impl FamilyConfig {
    /// The family alone.
    pub const fn new(family: Family) -> Self {
        Self {
            family,
            extended_next_hop: false,
            add_path: None,
            paths_limit: None,
            filters: None,
            forwarding: None,
            long_lived_stale_time: None,
            required: false,
        }
    }
}

impl From<Family> for FamilyConfig {
    fn from(family: Family) -> Self {
        Self::new(family)
    }
}

/// Graceful restart (RFC 4724, RFC 8538).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RestartConfig {
    /// Restart Time: how long our restart may take; whole seconds, at most 4,095
    pub restart_time: Duration,
    /// Bounds between which the neighbour's Restart Time is taken
    pub neighbor_restart_time: (Duration, Duration),
    /// Stale timer: how long routes are kept for the End-of-RIB of a neighbour that is back (RFC 8538 §4.1)
    pub stale_time: Duration,
    /// The N bit: keep routes also when a NOTIFICATION ended the session (RFC 8538)
    pub notification: bool,
    /// [`Shutdown::AdministrativeReset`](crate::Shutdown::AdministrativeReset) is a Hard Reset (RFC 8538 §5.1)
    pub hard_reset: bool,
}

impl Default for RestartConfig {
    fn default() -> Self {
        Self {
            restart_time: Duration::from_secs(120),
            neighbor_restart_time: (Duration::ZERO, Duration::from_secs(4095)),
            stale_time: Duration::from_secs(180),
            notification: true,
            hard_reset: false,
        }
    }
}

impl SessionConfig {
    /// IPv4 unicast with a neighbour of AS `remote_as`.
    pub fn new(local_as: u32, remote_as: impl Into<RemoteAs>, router_id: Ipv4Addr) -> Self {
        Self {
            local_as,
            remote_as: remote_as.into(),
            confederation_member: false,
            allow_local_pref: false,
            allow_aigp: false,
            router_id,
            hold_time: Duration::from_secs(240),
            least_hold_time: Duration::from_secs(3),
            startup_hold_time: Duration::from_secs(240),
            send_hold_time: None,
            keepalive_time: None,
            connect_retry_time: Duration::from_secs(120),
            connect_delay_time: Duration::from_secs(5),
            damp_peer_oscillations: true,
            idle_hold_time: (Duration::from_secs(60), Duration::from_secs(300)),
            error_forget_time: Duration::from_secs(300),
            automatic_start: true,
            delay_open_time: Duration::ZERO,
            passive: false,
            unnumbered: false,
            notification_limit: (10, Duration::from_secs(5)),
            families: alloc::vec![Family::IPV4_UNICAST.into()],
            extended_message: false,
            route_refresh: true,
            enhanced_refresh: true,
            refresh_time: Duration::from_secs(600),
            four_octet_as: true,
            role: None,
            strict_role: false,
            graceful_restart: None,
            long_lived: None,
            filter_limit: 10_000,
            required: Vec::new(),
            other_capabilities: Capabilities::default(),
            capabilities: true,
        }
    }

    /// SendHoldTime for a session with this HoldTime (RFC 9687); `None`: no limit.
    pub(crate) fn send_hold_time(&self, hold_time: Duration) -> Option<Duration> {
        const LEAST: Duration = Duration::from_secs(8 * 60);
        let time = self.send_hold_time.unwrap_or((hold_time * 2).max(LEAST));
        // RFC 9687 §4.4: greater than HoldTime
        let more = hold_time + Duration::from_secs(1);
        let time = if time.is_zero() { time } else { time.max(more) };
        // Without a HoldTime there are no KEEPALIVEs that would have to get through.
        Some(time).filter(|time| !time.is_zero() && !hold_time.is_zero())
    }
}
