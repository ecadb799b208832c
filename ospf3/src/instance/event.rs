//! What an instance tells its host.

use alloc::collections::{BTreeMap, BTreeSet};
use core::net::Ipv6Addr;

use ipnet::IpNet;

use crate::config::Link;
use crate::id::{InterfaceId, RouterId};
use crate::interface::InterfaceState;
use crate::neighbor::NeighborState;
use crate::route::Route;

/// What happened to a link, in [`Instance::handle_interface`](crate::Instance::handle_interface).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InterfaceEvent {
    /// InterfaceUp: it works; also told again when something of the link has changed (RFC 2328 §9.2).
    Up(Link),
    /// InterfaceDown: it no longer works.
    Down,
    /// LoopInd: it is looped back to itself.
    LoopInd,
    /// UnloopInd: it no longer is.
    UnloopInd,
}

/// What an instance tells its host.
///
/// What was not polled is replaced by what is newer: there is one event at most for each interface, neighbour, prefix
/// and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An interface's state has changed. As [`InterfaceState::Dr`] and [`InterfaceState::Backup`] it must hear what is sent
    /// to [`ALL_D_ROUTERS`](crate::ALL_D_ROUTERS).
    Interface {
        /// Which.
        interface: InterfaceId,
        /// Its state at the last such event.
        from: InterfaceState,
        /// Its state.
        to: InterfaceState,
    },
    /// A neighbour's state has changed; one that is Down is forgotten.
    Neighbor {
        /// The interface it is on.
        interface: InterfaceId,
        /// Who it is.
        router_id: RouterId,
        /// Its state at the last such event.
        from: NeighborState,
        /// Its state.
        to: NeighborState,
        /// Why its state is lower than before.
        why: Option<Setback>,
    },
    /// The route to a prefix has changed; `None`: there is none any more.
    Route {
        /// The prefix.
        prefix: IpNet,
        /// The new route.
        route: Option<Route>,
    },
    /// A BFD session with a neighbour is wanted, or no longer. When it goes down, call
    /// [`Instance::handle_bfd_down`](crate::Instance::handle_bfd_down).
    Bfd {
        /// The interface the neighbour is on.
        interface: InterfaceId,
        /// The neighbour's address.
        address: Ipv6Addr,
        /// Whether it is wanted.
        wanted: bool,
    },
    /// The databases are as large as [`Limits`](crate::config::Limits) allows and take no new LSAs; or, with `false`, they
    /// do so again.
    Overload(bool),
    /// There are as many neighbours as the limit allows; one more was heard.
    TooManyNeighbors {
        /// Where it was heard.
        interface: InterfaceId,
    },
    /// Another router has this router's Router ID, or that of a neighbour on the same link.
    DuplicateRouterId {
        /// Where it was heard; `None`: its LSAs come by way of others.
        interface: Option<InterfaceId>,
        /// The Router ID.
        router_id: RouterId,
    },
    /// This router helps a neighbour to restart, or has ceased to (RFC 3623 §3).
    Helper {
        /// The interface the neighbour is on.
        interface: InterfaceId,
        /// Who restarts.
        router_id: RouterId,
        /// How it stands.
        status: HelperStatus,
    },
    /// This router's own graceful restart is over (RFC 3623 §2.2, §2.3).
    RestartEnded {
        /// Whether all adjacencies are there again.
        completed: bool,
    },
}

/// Why a neighbour's state went back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Setback {
    /// No Hello for RouterDeadInterval (InactivityTimer).
    Inactivity,
    /// A Hello without us among the neighbours (1-WayReceived).
    OneWay,
    /// A Database Description packet out of sequence (SeqNumberMismatch).
    SeqNumberMismatch,
    /// A request for an LSA that is not there (BadLSReq).
    BadLsReq,
    /// There is no adjacency any more: another Designated Router (AdjOK?).
    NotAdjacent,
    /// The interface went down, or was taken away, or is configured otherwise (KillNbr).
    Interface,
    /// BFD, or another lower layer, has said so (LLDown).
    LowerLayer,
}

/// How it stands with the help for a neighbour that restarts (RFC 3623 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HelperStatus {
    /// The neighbour counts as fully adjacent although it is not.
    Helping,
    /// The neighbour has restarted (§3.2).
    Completed,
    /// The grace period is over (§3.2).
    TimedOut,
    /// The topology has changed (§3.2).
    TopologyChanged,
    /// The interface or the configuration has changed.
    Ended,
}

/// Which event a newer one replaces. The order is the order of polling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Interface(InterfaceId),
    Neighbor(InterfaceId, RouterId),
    Bfd(InterfaceId, Ipv6Addr),
    Helper(InterfaceId, RouterId),
    Overload,
    TooManyNeighbors(InterfaceId),
    DuplicateRouterId(Option<InterfaceId>, RouterId),
    RestartEnded,
}

/// The events that wait to be polled.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events {
    waiting: BTreeMap<Key, Event>,
    routes: BTreeSet<IpNet>,
}

impl Events {
    pub(crate) fn push(&mut self, mut event: Event) {
        let key = match &event {
            Event::Interface { interface, .. } => Key::Interface(*interface),
            Event::Neighbor { interface, router_id, .. } => Key::Neighbor(*interface, *router_id),
            Event::Bfd { interface, address, .. } => Key::Bfd(*interface, *address),
            Event::Helper { interface, router_id, .. } => Key::Helper(*interface, *router_id),
            Event::Overload(_) => Key::Overload,
            Event::TooManyNeighbors { interface } => Key::TooManyNeighbors(*interface),
            Event::DuplicateRouterId { interface, router_id } => {
                Key::DuplicateRouterId(*interface, *router_id)
            }
            Event::RestartEnded { .. } => Key::RestartEnded,
            Event::Route { prefix, .. } => {
                self.routes.insert(*prefix);
                return;
            }
        };
        // Two changes that were not polled are told as one.
        match (self.waiting.get(&key), &mut event) {
            (Some(Event::Interface { from: first, .. }), Event::Interface { from, .. }) => {
                *from = *first;
            }
            (Some(Event::Neighbor { from: first, .. }), Event::Neighbor { from, .. }) => {
                *from = *first;
            }
            _ => {}
        }
        self.waiting.insert(key, event);
    }

    pub(crate) fn route_changed(&mut self, prefix: IpNet) {
        self.routes.insert(prefix);
    }

    /// The next event that is no route.
    pub(crate) fn pop(&mut self) -> Option<Event> {
        self.waiting.pop_first().map(|(_, event)| event)
    }

    /// The next prefix whose route has changed.
    pub(crate) fn pop_route(&mut self) -> Option<IpNet> {
        self.routes.pop_first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use InterfaceState::{Down, Dr, Waiting};

    #[test]
    fn what_was_not_polled_is_replaced() {
        let mut events = Events::default();
        let interface = InterfaceId(1);
        let change = |from, to| Event::Interface { interface, from, to };
        events.push(Event::Overload(true));
        events.push(change(Down, Waiting));
        events.push(Event::Overload(false));
        events.push(change(Waiting, Dr));
        assert_eq!(events.pop(), Some(change(Down, Dr)));
        assert_eq!(events.pop(), Some(Event::Overload(false)));
        assert_eq!(events.pop(), None);
        events.push(change(Dr, Down));
        assert_eq!(events.pop(), Some(change(Dr, Down)));
    }

    #[test]
    fn prefixes_are_told_once() {
        let mut events = Events::default();
        let prefix = "2001:db8::/32".parse().expect("a prefix");
        events.route_changed(prefix);
        events.push(Event::Route { prefix, route: None });
        assert_eq!(
            (events.pop(), events.pop_route(), events.pop_route()),
            (None, Some(prefix), None)
        );
    }
}
