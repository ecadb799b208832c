//! An interface (RFC 2328 §9): its state machine, the election of the Designated Router, its neighbours, and what it is yet
//! to send.

pub(crate) mod election;
pub(crate) mod fsm;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::Ipv6Addr;
use core::time::Duration;

pub use fsm::InterfaceState;

use crate::config::{InterfaceConfig, Link, NetworkType};
use crate::flood::pacing::Budget;
use crate::id::{AreaId, InterfaceId, RouterId};
use crate::instance::counters::Counters;
use crate::lsa::{LsaHeader, LsaKey};
use crate::neighbor::{Neighbor, NeighborState};
use crate::packet::longest;
use election::{Candidate, Elected};

/// AllSPFRouters: all routers of a link that speak OSPF hear what is sent there (RFC 5340 §A.1).
pub const ALL_SPF_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 5);
/// AllDRouters: the Designated Router and its Backup hear what is sent there (RFC 5340 §A.1).
pub const ALL_D_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 6);

/// The smallest MTU of IPv6: what is assumed where no other is known.
pub(crate) const LEAST_MTU: u16 = 1280;

/// A connection between the router and a link, or a virtual link.
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    pub(crate) id: InterfaceId,
    pub(crate) config: InterfaceConfig,
    /// What the system says of it; `None`: it does not work.
    pub(crate) link: Option<Link>,
    pub(crate) looped: bool,
    pub(crate) state: InterfaceState,
    pub(crate) since: Duration,
    pub(crate) elected: Elected,
    pub(crate) neighbors: BTreeMap<RouterId, Neighbor>,
    /// Configured neighbours that are tried, but have not been heard (RFC 2328 §10.1: Attempt).
    pub(crate) attempts: BTreeSet<Ipv6Addr>,
    /// Hellos that are to be sent.
    pub(crate) hellos: Hellos,
    /// When a Hello was sent for the sake of a new neighbour.
    pub(crate) greeted: Option<Duration>,
    /// LSAs to be flooded, where multicast is used.
    pub(crate) flood: BTreeSet<LsaKey>,
    /// Delayed acknowledgments.
    pub(crate) acknowledgments: BTreeMap<LsaKey, LsaHeader>,
    pub(crate) budget: Budget,
    /// Of a virtual link: how the other end is reached.
    pub(crate) path: Option<VirtualPath>,
    pub(crate) counters: Counters,
}

/// How the other end of a virtual link is reached (RFC 2328 §15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VirtualPath {
    pub(crate) source: Ipv6Addr,
    pub(crate) destination: Ipv6Addr,
    /// The interface of the first next hop.
    pub(crate) interface: InterfaceId,
    pub(crate) cost: u16,
}

/// Which Hellos are to be sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hellos {
    pub(crate) multicast: bool,
    pub(crate) to: BTreeSet<Ipv6Addr>,
}

impl Interface {
    pub(crate) fn new(id: InterfaceId, config: InterfaceConfig, now: Duration) -> Self {
        Self {
            id,
            config,
            link: None,
            looped: false,
            state: InterfaceState::Down,
            since: now,
            elected: Elected::default(),
            neighbors: BTreeMap::new(),
            attempts: BTreeSet::new(),
            hellos: Hellos::default(),
            greeted: None,
            flood: BTreeSet::new(),
            acknowledgments: BTreeMap::new(),
            budget: Budget::default(),
            path: None,
            counters: Counters::default(),
        }
    }

    pub(crate) const fn area(&self) -> AreaId {
        self.config.area()
    }

    pub(crate) fn facts(&self) -> fsm::Facts {
        fsm::Facts {
            multi_access: self.config.network.is_multi_access(),
            nbma: self.config.network == NetworkType::NonBroadcast,
            eligible: self.config.priority > 0,
        }
    }

    /// Whether packets for all go to a multicast address.
    pub(crate) fn uses_multicast(&self) -> bool {
        match self.config.network {
            NetworkType::Broadcast | NetworkType::PointToPoint => true,
            NetworkType::PointToMultipoint => self.config.neighbors.is_empty(),
            NetworkType::NonBroadcast | NetworkType::Loopback | NetworkType::VirtualLink { .. } => {
                false
            }
        }
    }

    /// Where packets are sent from (RFC 5340 §4.2.1, §4.1.2).
    pub(crate) fn source(&self) -> Option<Ipv6Addr> {
        match self.config.network {
            NetworkType::VirtualLink { .. } => self.path.map(|path| path.source),
            _ => self.link.as_ref().map(|link| link.link_local),
        }
    }

    /// Where floods and delayed acknowledgments go (RFC 2328 §13.3 (5), §13.5).
    pub(crate) fn flood_destination(&self) -> Ipv6Addr {
        match (self.config.network, self.state) {
            (NetworkType::Broadcast, InterfaceState::DrOther) => ALL_D_ROUTERS,
            _ => ALL_SPF_ROUTERS,
        }
    }

    /// The Interface MTU of Database Description packets (RFC 2328 §10.8).
    pub(crate) fn interface_mtu(&self) -> u16 {
        if self.config.network.is_virtual() { 0 } else { self.mtu() }
    }

    /// The largest IPv6 packet it takes.
    pub(crate) fn mtu(&self) -> u16 {
        self.link.as_ref().map_or(LEAST_MTU, |link| link.mtu.max(LEAST_MTU))
    }

    /// The longest OSPF packet to send, in octets, with `trailer` octets after it.
    pub(crate) fn longest_packet(&self, trailer: usize) -> usize {
        let most = if self.config.network.is_virtual() { LEAST_MTU } else { self.mtu() };
        longest(self.config.packet_length.map_or(most, |l| l.clamp(LEAST_MTU, most)), trailer)
    }

    pub(crate) fn is_designated(&self) -> bool {
        matches!(self.state, InterfaceState::Dr | InterfaceState::Backup)
    }

    /// Whether an adjacency should be there (RFC 2328 §10.4).
    pub(crate) fn should_be_adjacent(&self, neighbor: RouterId) -> bool {
        !self.config.network.is_multi_access()
            || self.is_designated()
            || self.elected.designated_router == neighbor
            || self.elected.backup_designated_router == neighbor
    }

    /// What its Hellos say of the router itself, and what those of its neighbours say of them (RFC 2328 §9.4).
    pub(crate) fn candidates(&self, router_id: RouterId) -> (Candidate, Vec<Candidate>) {
        let calculating = Candidate {
            router_id,
            priority: self.config.priority,
            designated_router: self.elected.designated_router,
            backup_designated_router: self.elected.backup_designated_router,
        };
        let bidirectional = self
            .neighbors
            .values()
            .filter(|neighbor| neighbor.state >= NeighborState::TwoWay || neighbor.help.is_some());
        (calculating, bidirectional.map(Neighbor::candidate).collect())
    }

    /// Forgets what belongs to the state above Down (RFC 2328 §9.3: "All interface variables are reset").
    pub(crate) fn reset(&mut self) {
        self.elected = Elected::default();
        self.attempts.clear();
        self.hellos = Hellos::default();
        self.greeted = None;
        self.flood.clear();
        self.acknowledgments.clear();
    }
}
