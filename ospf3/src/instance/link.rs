//! Events of interfaces, and what they do (RFC 2328 §9.2 to §9.4).

use alloc::vec::Vec;
use core::net::Ipv6Addr;
use core::time::Duration;

use crate::config::{InterfaceConfig, NetworkType};
use crate::id::InterfaceId;
use crate::instance::Instance;
use crate::instance::adjacency::seconds;
use crate::instance::event::{Event, InterfaceEvent};
use crate::instance::output::Task;
use crate::interface::election::{Elected, elect};
use crate::interface::fsm::{InterfaceInput, Step, transition};
use crate::interface::{Interface, InterfaceState};
use crate::neighbor::NeighborState;
use crate::neighbor::fsm::NeighborInput;
use crate::scope::ScopeId;
use crate::timer::Timer;

impl Instance {
    /// Configures an interface, or configures it otherwise; `None` takes it away. What was agreed with neighbours is kept
    /// where it can be: adjacencies end when the area, the kind of network or whether it is passive changes.
    ///
    /// An interface begins in state Down: [`InterfaceEvent::Up`] has to be told anew after the first configuration. A
    /// virtual link has a number of its own, and comes up by itself.
    pub fn configure_interface(
        &mut self,
        now: Duration,
        id: InterfaceId,
        config: Option<InterfaceConfig>,
    ) {
        self.advance(now);
        match config {
            None => self.remove_interface(id),
            Some(config) => self.set_interface(id, config),
        }
        self.settle();
    }

    fn remove_interface(&mut self, id: InterfaceId) {
        self.interface_event(id, InterfaceInput::InterfaceDown);
        let Some(interface) = self.interfaces.remove(&id) else { return };
        let area = interface.area();
        self.own_area_changed(area);
        if !self.areas().contains(&area) {
            self.drop_database(ScopeId::Area(area));
        }
    }

    fn set_interface(&mut self, id: InterfaceId, config: InterfaceConfig) {
        let Some(interface) = self.interfaces.get_mut(&id) else {
            self.databases.create(ScopeId::Area(config.area()));
            self.interfaces.insert(id, Interface::new(id, config, self.now));
            self.own_interface_changed(id);
            return;
        };
        if !interface.config.keeps_adjacencies(&config) {
            let (link, looped) = (interface.link.clone(), interface.looped);
            self.remove_interface(id);
            self.databases.create(ScopeId::Area(config.area()));
            let mut interface = Interface::new(id, config, self.now);
            (interface.link, interface.looped) = (link, looped);
            self.interfaces.insert(id, interface);
            self.bring_up(id);
            return;
        }
        let before = core::mem::replace(&mut interface.config, config);
        let neighbors: Vec<_> = interface.neighbors.keys().copied().collect();
        if before.priority != interface.config.priority {
            self.scheduled.push_back((id, InterfaceInput::NeighborChange));
        }
        if before.hello_interval != interface.config.hello_interval && interface.state.is_active() {
            self.timers.set(Timer::Hello(id), self.now);
        }
        for neighbor in neighbors {
            self.update_bfd(id, neighbor);
        }
        self.own_interface_changed(id);
    }

    /// Tells what has happened to a link. One that is not configured is passed over.
    pub fn handle_interface(&mut self, now: Duration, id: InterfaceId, event: InterfaceEvent) {
        self.advance(now);
        if let Some(interface) = self.interfaces.get_mut(&id) {
            match event {
                InterfaceEvent::Up(link) => {
                    interface.link = Some(link);
                    self.bring_up(id);
                }
                InterfaceEvent::Down => {
                    interface.link = None;
                    self.interface_event(id, InterfaceInput::InterfaceDown);
                }
                InterfaceEvent::LoopInd => {
                    interface.looped = true;
                    self.interface_event(id, InterfaceInput::LoopInd);
                }
                InterfaceEvent::UnloopInd => {
                    interface.looped = false;
                    self.interface_event(id, InterfaceInput::UnloopInd);
                    self.bring_up(id);
                }
            }
            self.own_interface_changed(id);
        }
        self.settle();
    }

    /// Brings an interface into the state that follows from its link and its configuration.
    pub(crate) fn bring_up(&mut self, id: InterfaceId) {
        let Some(interface) = self.interfaces.get(&id) else { return };
        let silent = interface.looped
            || interface.config.passive
            || interface.config.network == NetworkType::Loopback;
        let works = match interface.config.network {
            NetworkType::VirtualLink { .. } => interface.path.is_some(),
            _ => interface.link.is_some(),
        };
        let input = match (works, silent) {
            (false, _) => return,
            (true, false) => InterfaceInput::InterfaceUp,
            (true, true) if interface.state == InterfaceState::Loopback => return,
            (true, true) => InterfaceInput::LoopInd,
        };
        self.interface_event(id, input);
    }

    /// Executes the state machine of an interface.
    pub(crate) fn interface_event(&mut self, at: InterfaceId, input: InterfaceInput) {
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let from = interface.state;
        let (to, steps) = transition(from, input, interface.facts());
        interface.state = to;
        for step in steps {
            self.interface_step(at, *step);
        }
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let to = interface.state;
        if from != to {
            interface.since = self.now;
            self.events.push(Event::Interface { interface: at, from, to });
            self.routes_changed();
            self.own_interface_changed(at);
        }
    }

    fn interface_step(&mut self, at: InterfaceId, step: Step) {
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        match step {
            Step::StartHello => {
                self.timers.set(Timer::Hello(at), self.now);
                if interface.config.network == NetworkType::NonBroadcast {
                    self.timers.set(Timer::Poll(at), self.now);
                }
            }
            Step::StartWait => {
                let dead = seconds(interface.config.router_dead_interval);
                let wait = interface.config.wait.unwrap_or(dead);
                self.timers.set(Timer::Wait(at), self.now + wait);
            }
            Step::StartEligible => self.start_configured(at, true),
            Step::Elect => self.elect(at),
            Step::Reset => self.reset_interface(at),
            Step::StartActiveInterface => {
                let dead = seconds(interface.config.router_dead_interval);
                self.timers.set(Timer::ActiveInterface(at), self.now + dead);
            }
            Step::Up => {
                self.timers.stop(Timer::ActiveInterface(at));
                self.interface_event(at, InterfaceInput::InterfaceUp);
            }
        }
    }

    /// Event Start for the configured neighbours that may become Designated Router, or for those that may not: they are
    /// sent Hellos often, for RouterDeadInterval.
    fn start_configured(&mut self, at: InterfaceId, eligible: bool) {
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let heard = |address: &Ipv6Addr| {
            interface.neighbors.values().any(|neighbor| neighbor.address == *address)
        };
        let started: Vec<_> = interface
            .config
            .neighbors
            .iter()
            .filter(|(address, neighbor)| neighbor.eligible == eligible && !heard(address))
            .map(|(address, _)| *address)
            .collect();
        if started.is_empty() {
            return;
        }
        interface.attempts.extend(&started);
        interface.hellos.to.extend(started);
        let dead = seconds(interface.config.router_dead_interval);
        self.timers.set(Timer::Attempt(at), self.now + dead);
        self.output.insert(Task::Hello(at));
    }

    /// "All interface variables are reset, and interface timers disabled. All neighbor connections are destroyed"
    /// (RFC 2328 §9.3).
    fn reset_interface(&mut self, at: InterfaceId) {
        self.neighbors_event(at, NeighborState::Down, NeighborInput::KillNbr);
        if let Some(interface) = self.interfaces.get_mut(&at) {
            interface.reset();
        }
        for timer in [
            Timer::Hello(at),
            Timer::Wait(at),
            Timer::ActiveInterface(at),
            Timer::Poll(at),
            Timer::Attempt(at),
            Timer::DelayedAck(at),
            Timer::Pacing(at),
        ] {
            self.timers.stop(timer);
        }
        for task in Task::of_interface(at) {
            self.output.remove(&task);
        }
        self.drop_database(ScopeId::Link(at));
    }

    /// Calculates the Designated Router and its Backup, and the interface's state (RFC 2328 §9.4).
    fn elect(&mut self, at: InterfaceId) {
        let router_id = self.config.router_id;
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let before = interface.elected;
        let was_designated = interface.is_designated();
        let (calculating, neighbors) = interface.candidates(router_id);
        let elected = elect(calculating, &neighbors);
        let Elected { designated_router, backup_designated_router } = elected;
        interface.elected = elected;
        interface.state = if designated_router == router_id {
            InterfaceState::Dr
        } else if backup_designated_router == router_id {
            InterfaceState::Backup
        } else {
            InterfaceState::DrOther
        };
        self.timers.stop(Timer::Wait(at));
        let newly = interface.is_designated() && !was_designated;
        if newly && interface.config.network == NetworkType::NonBroadcast {
            self.start_configured(at, false);
        }
        if elected != before {
            self.neighbors_event(at, NeighborState::TwoWay, NeighborInput::AdjOk);
            self.own_interface_changed(at);
        }
    }
}
