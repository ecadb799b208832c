//! Events of neighbours, and what they do (RFC 2328 §10.2, §10.3).

use crate::id::{InterfaceId, RouterId};
use crate::instance::Instance;
use crate::instance::event::{Event, Setback};
use crate::instance::output::Task;
use crate::interface::fsm::InterfaceInput;
use crate::neighbor::NeighborState;
use crate::neighbor::fsm::{Facts, NeighborInput, Step, transition};
use crate::scope::ScopeId;
use crate::timer::Timer;

impl Instance {
    /// Executes the state machine of a neighbour.
    pub(crate) fn neighbor_event(&mut self, at: InterfaceId, id: RouterId, input: NeighborInput) {
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let adjacency = interface.should_be_adjacent(id);
        let Some(neighbor) = interface.neighbors.get_mut(&id) else { return };
        let facts = Facts { adjacency, nothing_to_request: neighbor.requests.is_empty() };
        let from = neighbor.state;
        let (to, steps) = transition(from, input, facts);
        neighbor.state = to;
        for step in steps {
            self.neighbor_step(at, id, *step);
        }
        if from != to {
            self.neighbor_changed(at, id, (from, to), setback(input));
        }
    }

    /// As [`Instance::neighbor_event`], for all neighbours of an interface from a state on.
    pub(crate) fn neighbors_event(
        &mut self,
        at: InterfaceId,
        least: NeighborState,
        input: NeighborInput,
    ) {
        let Some(interface) = self.interfaces.get(&at) else { return };
        let concerned: alloc::vec::Vec<RouterId> = interface
            .neighbors
            .values()
            .filter(|neighbor| neighbor.state >= least)
            .map(|neighbor| neighbor.router_id)
            .collect();
        for id in concerned {
            self.neighbor_event(at, id, input);
        }
    }

    fn neighbor_step(&mut self, at: InterfaceId, id: RouterId, step: Step) {
        let now = self.now;
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let Some(neighbor) = interface.neighbors.get_mut(&id) else { return };
        match step {
            Step::SendHello => {
                interface.hellos.to.insert(neighbor.address);
                self.output.insert(Task::Hello(at));
            }
            Step::StartInactivity => {
                let dead = interface.config.router_dead_interval;
                self.timers.set(Timer::Inactivity(at, id), now + seconds(dead));
            }
            Step::StopInactivity => self.timers.stop(Timer::Inactivity(at, id)),
            Step::ClearLists => self.clear_lists(at, id),
            Step::Negotiate => self.negotiate(at, id),
            Step::ListDatabase => self.list_database(at, id),
            Step::SendRequests => self.ask_next(at, id),
        }
    }

    fn clear_lists(&mut self, at: InterfaceId, id: RouterId) {
        if let Some(neighbor) = self.neighbor_mut(at, id) {
            neighbor.clear_lists();
        }
        for timer in [
            Timer::DescriptionRetransmit(at, id),
            Timer::DescriptionRelease(at, id),
            Timer::RequestRetransmit(at, id),
            Timer::Retransmit(at, id),
        ] {
            self.timers.stop(timer);
        }
        for task in Task::of_neighbor(at, id) {
            self.output.remove(&task);
        }
        self.sweep_all = true;
    }

    /// Begins the exchange of Database Description packets (RFC 2328 §10.3, Init with 2-WayReceived).
    fn negotiate(&mut self, at: InterfaceId, id: RouterId) {
        let draw = self.jitter.next();
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let options = self.config.hello_options(&interface.config);
        let mtu = interface.interface_mtu();
        let retransmit = interface.config.retransmit_interval;
        let Some(neighbor) = interface.neighbors.get_mut(&id) else { return };
        if neighbor.exchange.sequence == 0 {
            // RFC 2328 §10.3: some unique value, at first.
            neighbor.exchange.sequence = (draw >> 33) as u32;
        }
        neighbor.exchange.begin(options, mtu);
        self.output.insert(Task::Description(at, id));
        self.timers.set(Timer::DescriptionRetransmit(at, id), self.now + retransmit);
    }

    /// Lists what the neighbour is told of: the databases of the link, the area and the AS (RFC 2328 §10.3, ExStart with
    /// NegotiationDone; RFC 5340 §4.5.3).
    fn list_database(&mut self, at: InterfaceId, id: RouterId) {
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let area = interface.area();
        let mut scopes = alloc::vec![ScopeId::Link(at), ScopeId::Area(area)];
        if self.config.floods_as_scope(&interface.config) {
            scopes.push(ScopeId::As);
        }
        let Some(neighbor) = interface.neighbors.get_mut(&id) else { return };
        for lsdb in scopes.into_iter().filter_map(|scope| self.databases.get(scope)) {
            for (key, entry) in lsdb.iter() {
                if entry.age(self.now) < crate::lsa::MAX_AGE {
                    neighbor.exchange.summary.insert(*key);
                } else {
                    neighbor.retransmission.add(&entry.header(self.now));
                    neighbor.updates.insert(*key);
                }
            }
        }
        if !neighbor.updates.is_empty() {
            self.output.insert(Task::Updates(at, id));
        }
    }

    /// What follows from a neighbour's new state, besides the steps of the table.
    fn neighbor_changed(
        &mut self,
        at: InterfaceId,
        id: RouterId,
        (from, to): (NeighborState, NeighborState),
        why: Option<Setback>,
    ) {
        let now = self.now;
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let dead = seconds(interface.config.router_dead_interval);
        let Some(neighbor) = interface.neighbors.get_mut(&id) else { return };
        neighbor.since = now;
        let why = why.filter(|_| to < from);
        self.events.push(Event::Neighbor { interface: at, router_id: id, from, to, why });
        match (from.is_exchanging(), to.is_exchanging()) {
            (false, true) => self.exchanging += 1,
            (true, false) => {
                self.exchanging -= 1;
                self.sweep_all |= self.exchanging == 0;
            }
            _ => {}
        }
        if to >= NeighborState::Loading {
            self.timers.stop(Timer::DescriptionRetransmit(at, id));
            if !neighbor.exchange.master && from == NeighborState::Exchange {
                self.timers.set(Timer::DescriptionRelease(at, id), now + dead);
            }
        }
        if (from >= NeighborState::TwoWay) != (to >= NeighborState::TwoWay) {
            self.scheduled.push_back((at, InterfaceInput::NeighborChange));
            self.routes_changed();
        }
        if (from == NeighborState::Full) != (to == NeighborState::Full) {
            self.own_interface_changed(at);
        }
        if to == NeighborState::Full {
            self.timers.stop(Timer::RequestRetransmit(at, id));
            self.neighbor_is_full();
        }
        self.update_bfd(at, id);
        if to == NeighborState::Down {
            self.forget_neighbor(at, id);
        }
    }

    /// Asks for a BFD session with a neighbour in state 2-Way or higher, or lets go of it (RFC 5882 §10.1).
    pub(crate) fn update_bfd(&mut self, at: InterfaceId, id: RouterId) {
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let asks = interface.config.bfd && !interface.config.network.is_virtual();
        let Some(neighbor) = interface.neighbors.get_mut(&id) else { return };
        let wanted = asks && neighbor.state >= NeighborState::TwoWay;
        if wanted != neighbor.bfd {
            neighbor.bfd = wanted;
            let address = neighbor.address;
            self.events.push(Event::Bfd { interface: at, address, wanted });
        }
    }

    /// Forgets a neighbour that is Down.
    fn forget_neighbor(&mut self, at: InterfaceId, id: RouterId) {
        self.clear_lists(at, id);
        self.timers.stop(Timer::Inactivity(at, id));
        self.end_help(at, id, None);
        if let Some(interface) = self.interfaces.get_mut(&at)
            && interface.neighbors.remove(&id).is_some()
        {
            self.neighbors -= 1;
        }
    }
}

/// Why a state is lower than before, by the event that made it so.
const fn setback(input: NeighborInput) -> Option<Setback> {
    Some(match input {
        NeighborInput::InactivityTimer => Setback::Inactivity,
        NeighborInput::OneWayReceived => Setback::OneWay,
        NeighborInput::SeqNumberMismatch => Setback::SeqNumberMismatch,
        NeighborInput::BadLsReq => Setback::BadLsReq,
        NeighborInput::AdjOk => Setback::NotAdjacent,
        NeighborInput::KillNbr => Setback::Interface,
        NeighborInput::LlDown => Setback::LowerLayer,
        _ => return None,
    })
}

/// A time that is configured in seconds.
pub(crate) const fn seconds(seconds: u16) -> core::time::Duration {
    core::time::Duration::from_secs(seconds as u64)
}
