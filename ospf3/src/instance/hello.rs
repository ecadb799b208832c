//! Hellos: what is received and what is sent (RFC 2328 §9.5, §10.5; RFC 5340 §4.2.1.1, §4.2.2.1).

use alloc::vec::Vec;
use core::net::Ipv6Addr;
use core::time::Duration;

use crate::config::NetworkType;
use crate::id::{InterfaceId, RouterId};
use crate::instance::Instance;
use crate::instance::adjacency::seconds;
use crate::instance::counters::InputError;
use crate::instance::event::Event;
use crate::instance::output::Task;
use crate::interface::fsm::InterfaceInput;
use crate::interface::{Interface, InterfaceState};
use crate::neighbor::fsm::NeighborInput;
use crate::neighbor::{Heard, Neighbor, NeighborState};
use crate::packet::hello::{Hello, Parameters};
use crate::timer::Timer;

/// Hellos for the sake of new neighbours are no more frequent than this.
const GREETING_INTERVAL: Duration = Duration::from_secs(1);

impl Instance {
    /// Takes a Hello, whose header has been checked (RFC 2328 §10.5).
    pub(crate) fn receive_hello(
        &mut self,
        at: InterfaceId,
        (id, source): (RouterId, Ipv6Addr),
        hello: &Hello,
    ) -> Result<(), InputError> {
        self.check_hello(at, id, source, hello)?;
        let before = self.meet(at, id, source, hello)?;
        self.neighbor_event(at, id, NeighborInput::HelloReceived);
        if !hello.neighbors.contains(&self.config.router_id) {
            self.one_way(at, id);
            self.answer_hello(at, id, source);
            return Ok(());
        }
        self.resume_office(at, hello);
        self.neighbor_event(at, id, NeighborInput::TwoWayReceived);
        self.answer_hello(at, id, source);
        let Some(interface) = self.interfaces.get(&at) else { return Ok(()) };
        if interface.config.network.is_multi_access() {
            let waiting = interface.state == InterfaceState::Waiting;
            if let Some(input) = tells(id, before.as_ref(), hello, waiting) {
                self.scheduled.push_back((at, input));
            }
        }
        Ok(())
    }

    fn check_hello(
        &mut self,
        at: InterfaceId,
        id: RouterId,
        source: Ipv6Addr,
        hello: &Hello,
    ) -> Result<(), InputError> {
        let none = InputError::NoInterface { interface: at };
        let interface = self.interfaces.get(&at).ok_or(none)?;
        hello.check(&Parameters {
            instance_id: self.config.instance_id,
            hello_interval: interface.config.hello_interval,
            router_dead_interval: interface.config.router_dead_interval,
            options: self.config.hello_options(&interface.config),
        })?;
        let configured = &interface.config.neighbors;
        if interface.config.configured_only && !configured.contains_key(&source) {
            return Err(InputError::NotConfigured { router_id: id });
        }
        let Some(neighbor) = interface.neighbors.get(&id) else {
            if self.neighbors >= self.config.limits.neighbors {
                self.events.push(Event::TooManyNeighbors { interface: at });
                return Err(InputError::TooManyNeighbors);
            }
            return Ok(());
        };
        // Two routers with one Router ID: the one that was there first stays, as long as it is heard.
        let since = self.now.saturating_sub(neighbor.hello.at);
        let interval = seconds(interface.config.hello_interval);
        let heard_lately = since < interval + interval / 2;
        let elsewhere = neighbor.address != source && !interface.config.network.is_virtual();
        if elsewhere && heard_lately {
            self.events.push(Event::DuplicateRouterId { interface: Some(at), router_id: id });
            return Err(InputError::DuplicateRouterId { router_id: id });
        }
        if elsewhere {
            self.neighbor_event(at, id, NeighborInput::KillNbr);
        }
        Ok(())
    }

    /// Finds or makes the neighbour, and writes down what it says. Gives what it said before.
    fn meet(
        &mut self,
        at: InterfaceId,
        id: RouterId,
        source: Ipv6Addr,
        hello: &Hello,
    ) -> Result<Option<Heard>, InputError> {
        let none = InputError::NoInterface { interface: at };
        let interface = self.interfaces.get_mut(&at).ok_or(none)?;
        let heard = Heard::of(hello, self.now);
        if let Some(neighbor) = interface.neighbors.get_mut(&id) {
            let before = core::mem::replace(&mut neighbor.hello, heard);
            if before.interface_id != heard.interface_id {
                self.own_changed();
            }
            return Ok(Some(before));
        }
        let mut neighbor = Neighbor::new(id, source, heard);
        if interface.attempts.remove(&source) {
            neighbor.state = NeighborState::Attempt;
        }
        interface.neighbors.insert(id, neighbor);
        self.neighbors += 1;
        self.greet(at);
        Ok(None)
    }

    /// A new neighbour need not wait for the next Hello to know that it was heard.
    fn greet(&mut self, at: InterfaceId) {
        let now = self.now;
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let late =
            interface.greeted.is_none_or(|last| now.saturating_sub(last) >= GREETING_INTERVAL);
        if interface.uses_multicast() && late {
            interface.greeted = Some(now);
            interface.hellos.multicast = true;
            self.output.insert(Task::Hello(at));
        }
    }

    /// On networks without broadcast a Hello may be answered by one (RFC 2328 §9.5.1): a router that is not eligible answers
    /// those that are. A virtual neighbour, or one on a point-to-multipoint network, is answered when it is new.
    fn answer_hello(&mut self, at: InterfaceId, id: RouterId, source: Ipv6Addr) {
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let Some(neighbor) = interface.neighbors.get(&id) else { return };
        let answers = match interface.config.network {
            NetworkType::NonBroadcast if interface.config.priority == 0 => {
                let roles = interface.elected;
                let has_role =
                    [roles.designated_router, roles.backup_designated_router].contains(&id);
                neighbor.hello.priority > 0 && !has_role
            }
            _ => !interface.uses_multicast() && neighbor.since == self.now,
        };
        if answers {
            interface.hellos.to.insert(source);
            self.output.insert(Task::Hello(at));
        }
    }

    /// The Hello Timer has fired: Hellos to all who are to get one now (RFC 2328 §9.5).
    pub(crate) fn hello_timer(&mut self, at: InterfaceId) {
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        if !interface.state.is_active() {
            return;
        }
        let interval = seconds(interface.config.hello_interval.max(1));
        self.timers.set(Timer::Hello(at), self.now + interval);
        if interface.uses_multicast() {
            interface.hellos.multicast = true;
        } else {
            let to = periodic(interface);
            interface.hellos.to.extend(to);
        }
        self.output.insert(Task::Hello(at));
    }

    /// PollInterval is over: Hellos to configured neighbours that are Down (RFC 2328 §9.5.1).
    pub(crate) fn poll_timer(&mut self, at: InterfaceId) {
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        if !interface.state.is_active() {
            return;
        }
        self.timers.set(Timer::Poll(at), self.now + seconds(interface.config.poll_interval.max(1)));
        let concerned = concerned(interface);
        let down: Vec<_> = interface
            .config
            .neighbors
            .iter()
            .filter(|(address, neighbor)| {
                concerned(neighbor.eligible) && is_down(interface, address)
            })
            .map(|(address, _)| *address)
            .collect();
        interface.hellos.to.extend(down);
        self.output.insert(Task::Hello(at));
    }

    /// What the interface says in its Hellos (RFC 2328 §9.5, RFC 5340 §4.2.1.1).
    pub(crate) fn hello(&self, interface: &Interface) -> Hello {
        Hello {
            interface_id: interface.id,
            router_priority: interface.config.priority,
            options: self.config.hello_options(&interface.config),
            hello_interval: interface.config.hello_interval,
            router_dead_interval: interface.config.router_dead_interval,
            designated_router: interface.elected.designated_router,
            backup_designated_router: interface.elected.backup_designated_router,
            neighbors: interface
                .neighbors
                .values()
                .filter(|neighbor| neighbor.state >= NeighborState::Init)
                .map(|neighbor| neighbor.router_id)
                .collect(),
        }
    }
}

/// Which event of the interface a Hello leads to (RFC 2328 §10.5).
fn tells(
    id: RouterId,
    before: Option<&Heard>,
    hello: &Hello,
    waiting: bool,
) -> Option<InterfaceInput> {
    let designated = hello.designated_router == id;
    let backup = hello.backup_designated_router == id;
    let alone = designated && hello.backup_designated_router == RouterId::NONE;
    if waiting && (alone || backup) {
        return Some(InterfaceInput::BackupSeen);
    }
    // One that is new makes itself known by coming into 2-Way.
    let before = before?;
    let changed = before.priority != hello.router_priority
        || (before.designated_router == id) != designated
        || (before.backup_designated_router == id) != backup;
    changed.then_some(InterfaceInput::NeighborChange)
}

/// Which configured neighbours get periodic Hellos on an NBMA network, by whether they are eligible (RFC 2328 §9.5.1).
fn concerned(interface: &Interface) -> impl Fn(bool) -> bool + use<> {
    let (eligible, designated) = (interface.config.priority > 0, interface.is_designated());
    let nbma = interface.config.network == NetworkType::NonBroadcast;
    move |other_eligible| !nbma || (eligible && (other_eligible || designated))
}

fn is_down(interface: &Interface, address: &Ipv6Addr) -> bool {
    !interface.attempts.contains(address)
        && !interface.neighbors.values().any(|neighbor| neighbor.address == *address)
}

/// Who gets a Hello each HelloInterval, where they are not sent by multicast (RFC 2328 §9.5, §9.5.1).
fn periodic(interface: &Interface) -> Vec<Ipv6Addr> {
    let concerned = concerned(interface);
    let nbma = interface.config.network == NetworkType::NonBroadcast;
    let mut to: Vec<Ipv6Addr> = interface.path.iter().map(|path| path.destination).collect();
    let configured = interface.config.neighbors.iter();
    to.extend(
        configured
            .filter(|(address, neighbor)| {
                concerned(neighbor.eligible) && !(nbma && is_down(interface, address))
            })
            .map(|(address, _)| *address),
    );
    let roles = interface.elected;
    to.extend(
        interface
            .neighbors
            .values()
            .filter(|neighbor| {
                let eligible = neighbor.hello.priority > 0;
                let has_role = [roles.designated_router, roles.backup_designated_router]
                    .contains(&neighbor.router_id);
                concerned(eligible) || (interface.config.priority == 0 && has_role)
            })
            .filter(|_| !interface.config.network.is_virtual())
            .map(|neighbor| neighbor.address),
    );
    to
}
