//! Both sides dial at once (RFC 4271 §6.8): all interleavings of what then happens.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use core::time::Duration;
use std::collections::HashSet;
use std::hash::DefaultHasher;

use bgp_wire::Family;
use bytes::{Bytes, BytesMut};

use super::scripted::ends;
use crate::{Action, ConnectionId, Event, Session, SessionConfig, State, Timer};

/// On its way.
#[derive(Debug, Clone)]
enum Sent {
    Message(Bytes),
    Close,
}

/// Wire 0 is dialled by side 0, wire 1 by side 1.
#[derive(Debug, Clone, Default)]
struct Wire {
    ids: [Option<ConnectionId>; 2],
    /// Whether each side has heard that it is up.
    up: [bool; 2],
    to: [VecDeque<Sent>; 2],
}

#[derive(Debug, Clone)]
struct World {
    sessions: [Session; 2],
    now: [Duration; 2],
    wires: [Wire; 2],
    /// Both wires were up on both sides before any message arrived.
    simultaneous: bool,
    arrived: bool,
}

/// What may happen next.
#[derive(Debug, Clone, Copy)]
enum Choice {
    Up(usize, usize),
    Arrive(usize, usize),
    DelayOpenTimer(usize),
}

impl World {
    fn new(ids: [u8; 2], delay_open: [u64; 2]) -> Self {
        let sessions = [0, 1].map(|side| {
            let asn = [65001, 65002];
            let id = [10, 0, 0, ids[side]].into();
            let mut config = SessionConfig::new(asn[side], Some(asn[1 - side]), id);
            config.connect_delay_time = Duration::ZERO;
            config.delay_open_time = Duration::from_secs(delay_open[side]);
            config.families = Vec::from([Family::IPV4_UNICAST.into()]);
            let mut session = Session::new(config, 1);
            session.start(Duration::ZERO);
            session
        });
        let mut world = Self {
            sessions,
            now: [Duration::ZERO; 2],
            wires: Default::default(),
            simultaneous: false,
            arrived: false,
        };
        world.poll();
        world
    }

    fn poll(&mut self) {
        for side in 0..2 {
            while let Some((id, bytes)) = self.sessions[side].poll_transmit() {
                self.wire_of(side, id).to[1 - side].push_back(Sent::Message(bytes));
            }
            while let Some(action) = self.sessions[side].poll_action() {
                match action {
                    Action::Connect(id) => self.wires[side].ids[side] = Some(id),
                    Action::Close(id) => {
                        let wire = self.wire_of(side, id);
                        wire.ids[side] = None;
                        wire.to[1 - side].push_back(Sent::Close);
                    }
                }
            }
            let mut up = self.sessions[side].established().is_some();
            let events: Vec<_> = core::iter::from_fn(|| self.sessions[side].poll_event()).collect();
            for event in events.iter().rev() {
                match event {
                    Event::Established(_) => assert!(up),
                    Event::Down { .. } => up = false,
                    _ => {}
                }
            }
        }
    }

    fn wire_of(&mut self, side: usize, id: ConnectionId) -> &mut Wire {
        let found = self.wires.iter_mut().find(|wire| wire.ids[side] == Some(id));
        found.expect("every number belongs to a connection until it is closed")
    }

    fn choices(&self) -> Vec<Choice> {
        let mut choices = Vec::new();
        for side in 0..2 {
            for (index, wire) in self.wires.iter().enumerate() {
                if !wire.up[side] {
                    choices.push(Choice::Up(index, side));
                } else if !wire.to[side].is_empty() {
                    choices.push(Choice::Arrive(index, side));
                }
            }
            let session = &self.sessions[side];
            if session.connections.iter().any(|one| one.timers.is_running(Timer::DelayOpen)) {
                choices.push(Choice::DelayOpenTimer(side));
            }
        }
        choices
    }

    fn choose(&mut self, choice: Choice) {
        match choice {
            Choice::Up(index, side) => {
                let wire = &mut self.wires[index];
                wire.up[side] = true;
                if index == side {
                    if let Some(id) = wire.ids[side] {
                        self.sessions[side].handle_connected(self.now[side], id, ends());
                    }
                } else {
                    wire.ids[side] = self.sessions[side].handle_accepted(self.now[side], ends());
                    if wire.ids[side].is_none() {
                        wire.to[1 - side].push_back(Sent::Close);
                    }
                }
                let all = self.wires.iter().all(|wire| wire.up == [true; 2]);
                self.simultaneous |= all && !self.arrived;
            }
            Choice::Arrive(index, side) => {
                self.arrived = true;
                let wire = &mut self.wires[index];
                let sent = wire.to[side].pop_front();
                let Some(id) = wire.ids[side] else { return };
                let (now, session) = (self.now[side], &mut self.sessions[side]);
                match sent {
                    Some(Sent::Message(bytes)) => {
                        session.handle_input(now, id, &mut BytesMut::from(&bytes[..]));
                    }
                    _ => session.handle_disconnected(now, id),
                }
            }
            Choice::DelayOpenTimer(side) => {
                // Sessions share no clock.
                let timers = self.sessions[side].connections.iter();
                let first = timers.filter_map(|one| one.timers.at(Timer::DelayOpen)).min();
                self.now[side] = first.unwrap_or_default().max(self.now[side]);
                self.sessions[side].handle_timeout(self.now[side]);
            }
        }
        self.poll();
    }

    /// Nothing is on its way any more.
    fn check(&self, dominant: usize) {
        let open: Vec<_> =
            (0..2).filter(|index| self.wires[*index].ids.iter().any(Option::is_some)).collect();
        assert_eq!(open.len(), 1, "one connection is left: {self:#?}");
        for side in 0..2 {
            assert_eq!(self.sessions[side].state(), State::Established, "{self:#?}");
            let id = self.sessions[side].established().map(|(id, _)| id);
            assert_eq!(self.wires[open[0]].ids[side], id, "{self:#?}");
        }
        // A connection whose OPEN is held back is none that could collide.
        let delayed = |session: &Session| !session.config().delay_open_time.is_zero();
        if self.simultaneous && !self.sessions.iter().any(delayed) {
            assert_eq!(open[0], dominant, "that of the higher identifier: {self:#?}");
        }
    }
}

/// Depth first, each state once. Tells how many states nothing can happen in.
fn explore(ids: [u8; 2], delay_open: [u64; 2]) -> usize {
    let dominant = usize::from(ids[1] > ids[0]);
    let mut stack = Vec::from([World::new(ids, delay_open)]);
    let (mut seen, mut ends) = (HashSet::new(), 0);
    while let Some(world) = stack.pop() {
        let mut hasher = DefaultHasher::new();
        std::format!("{world:?}").hash(&mut hasher);
        if !seen.insert(hasher.finish()) {
            continue;
        }
        let choices = world.choices();
        if choices.is_empty() {
            world.check(dominant);
            ends += 1;
        }
        for choice in choices {
            let mut next = world.clone();
            next.choose(choice);
            stack.push(next);
        }
    }
    ends
}

#[test]
fn one_connection_is_left_in_all_interleavings() {
    assert!(explore([1, 2], [0, 0]) > 1);
    assert!(explore([2, 1], [0, 0]) > 1);
}

#[test]
fn one_connection_is_left_when_an_open_is_delayed() {
    assert!(explore([1, 2], [0, 5]) > 1);
    assert!(explore([2, 1], [0, 5]) > 1);
}
