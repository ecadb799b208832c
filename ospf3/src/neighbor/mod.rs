//! A neighbour (RFC 2328 §10): its state machine, the exchange of databases with it, and what it is yet to be sent.

pub(crate) mod exchange;
pub(crate) mod fsm;
pub(crate) mod requests;

use alloc::collections::{BTreeMap, BTreeSet};
use core::net::Ipv6Addr;
use core::time::Duration;

pub use fsm::NeighborState;

use crate::auth::ReplayProtection;
use crate::flood::retransmission::RetransmissionList;
use crate::id::{InterfaceId, RouterId};
use crate::interface::election::Candidate;
use crate::lsa::{LsaHeader, LsaKey};
use crate::options::Options;
use crate::packet::hello::Hello;
use exchange::Exchange;
use requests::Requests;

/// A conversation with another router on an interface.
#[derive(Debug, Clone)]
pub(crate) struct Neighbor {
    pub(crate) router_id: RouterId,
    /// Where its Hellos come from; of a virtual neighbour, what the routing table says.
    pub(crate) address: Ipv6Addr,
    pub(crate) state: NeighborState,
    /// When it came into its state.
    pub(crate) since: Duration,
    pub(crate) hello: Heard,
    pub(crate) exchange: Exchange,
    pub(crate) requests: Requests,
    pub(crate) retransmission: RetransmissionList,
    /// LSAs to be sent to it alone: answers to requests, retransmissions, newer copies; all, on networks without
    /// multicast.
    pub(crate) updates: BTreeSet<LsaKey>,
    /// Acknowledgments to be sent to it alone.
    pub(crate) acknowledgments: BTreeMap<LsaKey, LsaHeader>,
    /// When newer copies were sent back to it (RFC 2328 §13 (8)): not again within MinLSArrival.
    pub(crate) sent_back: BTreeMap<LsaKey, Duration>,
    /// It restarts, and we help.
    pub(crate) help: Option<Help>,
    /// A BFD session with it was asked for.
    pub(crate) bfd: bool,
    /// Which of its authenticated packets came last.
    pub(crate) replay: ReplayProtection,
}

/// What its last Hello said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) at: Duration,
    pub(crate) interface_id: InterfaceId,
    pub(crate) priority: u8,
    pub(crate) options: Options,
    pub(crate) designated_router: RouterId,
    pub(crate) backup_designated_router: RouterId,
}

impl Heard {
    pub(crate) const fn of(hello: &Hello, at: Duration) -> Self {
        Self {
            at,
            interface_id: hello.interface_id,
            priority: hello.router_priority,
            options: hello.options,
            designated_router: hello.designated_router,
            backup_designated_router: hello.backup_designated_router,
        }
    }
}

/// The help for a neighbour that restarts (RFC 3623 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Help {
    /// When the grace period ends.
    pub(crate) until: Duration,
    /// What it was for the election before: it stays what it was meanwhile (RFC 3623 §3.1).
    pub(crate) candidate: Candidate,
}

impl Neighbor {
    pub(crate) fn new(router_id: RouterId, address: Ipv6Addr, hello: Heard) -> Self {
        Self {
            router_id,
            address,
            state: NeighborState::Down,
            since: hello.at,
            hello,
            exchange: Exchange::default(),
            requests: Requests::default(),
            retransmission: RetransmissionList::default(),
            updates: BTreeSet::new(),
            acknowledgments: BTreeMap::new(),
            sent_back: BTreeMap::new(),
            help: None,
            bfd: false,
            replay: ReplayProtection::default(),
        }
    }

    /// What it says of itself, for the election.
    pub(crate) fn candidate(&self) -> Candidate {
        self.help.map_or(self.told_candidate(), |help| help.candidate)
    }

    const fn told_candidate(&self) -> Candidate {
        Candidate {
            router_id: self.router_id,
            priority: self.hello.priority,
            designated_router: self.hello.designated_router,
            backup_designated_router: self.hello.backup_designated_router,
        }
    }

    /// Whether LSAs are flooded to it (RFC 2328 §13.3 (1a)).
    pub(crate) fn takes_floods(&self) -> bool {
        self.state >= NeighborState::Exchange
    }

    /// Whether the adjacency is told in our LSAs: it is full, or we help it restart.
    pub(crate) fn counts_as_full(&self) -> bool {
        self.state == NeighborState::Full || self.help.is_some()
    }

    /// Empties all lists of LSAs (RFC 2328 §10.3).
    pub(crate) fn clear_lists(&mut self) {
        self.exchange.clear();
        self.requests.clear();
        self.retransmission.clear();
        self.updates.clear();
        self.acknowledgments.clear();
        self.sent_back.clear();
    }
}
