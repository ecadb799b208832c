//! What is configured for a neighbour.

use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::time::Duration;

use bgp_wire::{AS_TRANS, Afi, Capabilities, Capability, ExtendedNextHopEncoding, Family, Open};

/// Configuration of a [`crate::Session`]. [`SessionConfig::new`] fills in what BIRD takes by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionConfig {
    /// Our AS
    pub local_as: u32,
    /// The neighbour's AS; `None`: any but ours
    pub remote_as: Option<u32>,
    /// Our BGP identifier
    pub router_id: Ipv4Addr,
    /// HoldTime that is proposed: 0, or at least 3 s; whole seconds
    pub hold_time: Duration,
    /// HoldTimer until the OPEN comes (RFC 4271 §8.2.2: a large value, 4 min); zero: no limit
    pub startup_hold_time: Duration,
    /// KeepaliveTime, from 1 s to a third of the negotiated HoldTime; that third where not given
    pub keepalive_time: Option<Duration>,
    /// ConnectRetryTime: how long an attempt to connect may take; at least 1 s
    pub connect_retry_time: Duration,
    /// Pause before dialling: the first time, and, with at least 1 s, each time again
    pub connect_delay_time: Duration,
    /// IdleHoldTime after the first failure, and the most it grows to (DampPeerOscillations)
    pub idle_hold_time: (Duration, Duration),
    /// Failures so far apart do not make IdleHoldTime grow
    pub error_forget_time: Duration,
    /// DelayOpenTime; zero: the OPEN is sent at once
    pub delay_open_time: Duration,
    /// PassiveTcpEstablishment: wait for the neighbour to connect
    pub passive: bool,
    /// Families that are offered
    pub families: Vec<Family>,
    /// Families that may have IPv6 next hops although their own are IPv4 (RFC 8950)
    pub extended_next_hop: Vec<Family>,
    /// Offer messages up to 65,535 octets (RFC 8654)
    pub extended_message: bool,
    /// Offer route refresh (RFC 2918)
    pub route_refresh: bool,
    /// Offer 4-octet AS numbers (RFC 6793)
    pub four_octet_as: bool,
    /// Send capabilities at all (RFC 5492). When the neighbour refuses them the next attempt goes without
    pub capabilities: bool,
}

impl SessionConfig {
    /// IPv4 unicast with a neighbour of AS `remote_as` (`None`: any AS but ours).
    pub fn new(local_as: u32, remote_as: Option<u32>, router_id: Ipv4Addr) -> Self {
        Self {
            local_as,
            remote_as,
            router_id,
            hold_time: Duration::from_secs(240),
            startup_hold_time: Duration::from_secs(240),
            keepalive_time: None,
            connect_retry_time: Duration::from_secs(120),
            connect_delay_time: Duration::from_secs(5),
            idle_hold_time: (Duration::from_secs(60), Duration::from_secs(300)),
            error_forget_time: Duration::from_secs(300),
            delay_open_time: Duration::ZERO,
            passive: false,
            families: alloc::vec![Family::IPV4_UNICAST],
            extended_next_hop: Vec::new(),
            extended_message: false,
            route_refresh: true,
            four_octet_as: true,
            capabilities: true,
        }
    }

    /// The OPEN that is sent; without capabilities when the neighbour has refused them.
    pub(crate) fn open(&self, capabilities: bool) -> Open {
        let capabilities = if self.capabilities && capabilities {
            self.capabilities()
        } else {
            Capabilities::default()
        };
        Open {
            my_as: u16::try_from(self.local_as).unwrap_or(AS_TRANS),
            hold_time: u16::try_from(self.hold_time.as_secs()).unwrap_or(u16::MAX),
            bgp_identifier: self.router_id,
            capabilities,
        }
    }

    fn capabilities(&self) -> Capabilities {
        let mut list: Capabilities =
            self.families.iter().copied().map(Capability::Multiprotocol).collect();
        if self.route_refresh {
            list.push(Capability::RouteRefresh);
        }
        if !self.extended_next_hop.is_empty() {
            let encoding =
                |&family: &Family| ExtendedNextHopEncoding { family, next_hop: Afi::IPV6 };
            let encodings = self.extended_next_hop.iter().map(encoding).collect();
            list.push(Capability::ExtendedNextHop(encodings));
        }
        if self.extended_message {
            list.push(Capability::ExtendedMessage);
        }
        if self.four_octet_as {
            list.push(Capability::FourOctetAs(self.local_as));
        }
        list
    }
}
