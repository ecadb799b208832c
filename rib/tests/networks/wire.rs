//! Connections: bytes on their way, dialling, and what breaks.

use std::collections::VecDeque;
use std::time::Duration;

use bgp_fsm::{Action, ConnectionId, Endpoints};
use bytes::Bytes;

use super::{Happening, Network};
use crate::node::{Connection, endpoints};

#[derive(Debug)]
pub(super) enum Payload {
    Bytes(Bytes),
    End,
}

/// A connection: for each direction what is under way.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) session: usize,
    /// The number that each end has for it, and which life of the node
    pub(super) ends: [(ConnectionId, u64); 2],
    pub(super) way: [VecDeque<(Duration, Payload)>; 2],
    pub(super) delay: Duration,
    pub(super) window: usize,
    pub(super) stalled: bool,
}

impl Network {
    pub(super) fn act(&mut self, node: usize, session: usize, side: usize, action: Action) {
        let boot = self.boots[node];
        let router = self.nodes[node].as_mut().expect("it is up");
        let neighbour = router.neighbours.get_mut(&session).expect("it has the session");
        match action {
            Action::Connect(id) => {
                neighbour.connections.insert(id, Connection::default());
                self.soon(100, Happening::Dialled { session, side, id, boot });
            }
            Action::Close(id) => {
                let connection = neighbour.connections.remove(&id);
                if let Some(wire) = connection.and_then(|connection| connection.wire) {
                    self.send(wire, side, Payload::End);
                }
            }
        }
    }

    pub(super) fn send(&mut self, id: u64, from: usize, payload: Payload) {
        let jitter = self.random.millis(30);
        let Some(wire) = self.wires.get_mut(&id) else { return };
        let end = &self.plan.sessions[wire.session].ends[1 - from];
        let mut delay = wire.delay + jitter;
        if end.slow && matches!(payload, Payload::Bytes(_)) {
            delay += Duration::from_millis(300 + self.random.below(1200) as u64);
        }
        let last = wire.way[from].back().map_or(self.now, |(at, _)| *at);
        // What is slow takes its time for each message.
        let base = if end.slow { last.max(self.now) } else { self.now };
        let at = (base + delay).max(last);
        wire.way[from].push_back((at, payload));
        self.schedule(at - self.now, Happening::Deliver { wire: id, from });
    }

    pub(super) fn deliver(&mut self, id: u64, from: usize) {
        let Some(session) = self.wires.get(&id).map(|wire| wire.session) else { return };
        let joined = self.joined(session);
        let (sender, node) = (self.node_of(session, from), self.node_of(session, 1 - from));
        let wire = self.wires.get_mut(&id).expect("it is there");
        if !joined {
            wire.stalled = true;
            return;
        }
        let (connection, boot) = wire.ends[1 - from];
        let alive = self.boots[node] == boot;
        let mut came = Vec::new();
        while wire.way[from].front().is_some_and(|(at, _)| *at <= self.now) {
            came.extend(wire.way[from].pop_front().map(|(_, payload)| payload));
        }
        if came.is_empty() {
            return;
        }
        // The sender has room again.
        self.touch(sender);
        let router = self.nodes[node].as_mut().filter(|_| alive);
        let neighbour = router.and_then(|router| router.neighbours.get_mut(&session));
        let Some(neighbour) =
            neighbour.filter(|neighbour| neighbour.connections.contains_key(&connection))
        else {
            // Nobody is there: the host says so, if it is there itself.
            if self.plan.nodes[node].up {
                let reset = self.now + Duration::from_millis(10);
                let wire = self.wires.get_mut(&id).expect("it is there");
                if !wire.way[1 - from].iter().any(|(_, payload)| matches!(payload, Payload::End)) {
                    wire.way[1 - from].clear();
                    wire.way[1 - from].push_back((reset, Payload::End));
                    let what = Happening::Deliver { wire: id, from: 1 - from };
                    self.schedule(Duration::from_millis(10), what);
                }
            }
            return;
        };
        let mut ended = false;
        for payload in came {
            match payload {
                Payload::Bytes(bytes) => {
                    let place = neighbour.connections.get_mut(&connection).expect("it is there");
                    place.received.extend_from_slice(&bytes);
                }
                Payload::End => ended = true,
            }
        }
        self.pump(node, session);
        if ended {
            self.with_session(node, session, |session, now| {
                session.handle_disconnected(now, connection);
            });
            self.wires.remove(&id);
        }
    }

    /// A connection is made, if the other side takes it.
    pub(super) fn dialled(&mut self, session: usize, side: usize, id: ConnectionId, boot: u64) {
        let there = self.node_of(session, 1 - side);
        if !self.joined(session) {
            // No answer: ConnectRetryTimer has to do.
            return;
        }
        self.count += 1;
        let number = self.count;
        let ends = endpoints(&self.plan.sessions[session], side, number);
        let mirrored = Endpoints { local: ends.remote, remote: ends.local };
        let now = self.now;
        let router = self.nodes[there].as_mut();
        let neighbour = router.and_then(|router| router.neighbours.get_mut(&session));
        let accepted = neighbour.and_then(|neighbour| {
            let accepted = neighbour.session.handle_accepted(now, mirrored)?;
            let connection = Connection { wire: Some(number), ..Connection::default() };
            neighbour.connections.insert(accepted, connection);
            Some(accepted)
        });
        if let Some(accepted) = accepted {
            let mut ends = [(id, boot), (accepted, self.boots[there])];
            if side == 1 {
                ends.swap(0, 1);
            }
            let delay = self.random.millis(40);
            let window = 1 + self.random.below(6);
            let way = [VecDeque::new(), VecDeque::new()];
            let wire = Wire { session, ends, way, delay, window, stalled: false };
            self.wires.insert(number, wire);
        }
        let wire = accepted.map(|_| number);
        // Whatever is sent there comes behind the answer.
        let answered = Happening::Answered { session, side, id, boot, wire };
        self.schedule(Duration::ZERO, answered);
        if self.nodes[there].is_some() {
            self.pump(there, session);
        }
    }

    pub(super) fn answered(
        &mut self,
        session: usize,
        side: usize,
        id: ConnectionId,
        boot: u64,
        wire: Option<u64>,
    ) {
        let node = self.node_of(session, side);
        let alive = self.boots[node] == boot;
        let router = self.nodes[node].as_mut().filter(|_| alive);
        let neighbour = router.and_then(|router| router.neighbours.get_mut(&session));
        let connection = neighbour.and_then(|neighbour| neighbour.connections.get_mut(&id));
        match (connection, wire) {
            (Some(connection), Some(number)) => {
                connection.wire = Some(number);
                let ends = endpoints(&self.plan.sessions[session], side, number);
                self.with_session(node, session, |session, now| {
                    session.handle_connected(now, id, ends);
                });
            }
            (Some(_), None) => self.with_session(node, session, |session, now| {
                session.handle_connect_failed(now, id, "refused");
            }),
            // It has given up meanwhile.
            (None, Some(number)) => self.send(number, side, Payload::End),
            (None, None) => {}
        }
    }

    /// The link is gone: all connections of this end over it fail.
    pub(super) fn carrier(&mut self, session: usize, side: usize) {
        if self.joined(session) {
            return;
        }
        self.break_connections(session, side);
    }

    /// All connections of one end of a session end as if they were reset.
    pub(crate) fn break_connections(&mut self, session: usize, side: usize) {
        let node = self.node_of(session, side);
        let router = self.nodes[node].as_ref();
        let neighbour = router.and_then(|router| router.neighbours.get(&session));
        let ids: Vec<ConnectionId> =
            neighbour.map(|one| one.connections.keys().copied().collect()).unwrap_or_default();
        for id in ids {
            self.with_session(node, session, |session, now| session.handle_disconnected(now, id));
        }
    }
}
