//! A network in virtual time: what happens, and what becomes of it.

mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use bgp_fsm::{ConnectionId, Event, Stale};
use bytes::Bytes;
use ipnet::IpNet;

use crate::address::owner;
use crate::igp::Igp;
use crate::node::{Router, Start, channel_config, peer_config};
use crate::plan::Plan;
use crate::random::Random;

use self::wire::{Payload, Wire};

/// Nothing has happened for so long: longer than any delay, pause of a slow reader, or interval.
const QUIET: Duration = Duration::from_secs(12);
/// At rest by then, or never.
const LONGEST: Duration = Duration::from_secs(900);

/// What is going to happen.
#[derive(Debug, Clone)]
enum Happening {
    /// A timer of a session
    Session {
        node: usize,
        session: usize,
    },
    /// A node looks at its tables.
    Flush {
        node: usize,
    },
    /// Bytes, or the end of a connection, come to the other end of a wire.
    Deliver {
        wire: u64,
        from: usize,
    },
    /// Somebody dials.
    Dialled {
        session: usize,
        side: usize,
        id: ConnectionId,
        boot: u64,
    },
    /// The answer comes.
    Answered {
        session: usize,
        side: usize,
        id: ConnectionId,
        boot: u64,
        wire: Option<u64>,
    },
    /// A node hears of changes of the IGP.
    Igp {
        node: usize,
    },
    /// An end of a session sees that its link is gone.
    Carrier {
        session: usize,
        side: usize,
    },
    Boot {
        node: usize,
    },
}

/// A network that does not come to rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unrest {
    pub(crate) updates: u64,
    /// What is not as it should be, where no messages are the reason
    pub(crate) missing: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) plan: Plan,
    pub(crate) now: Duration,
    pub(crate) random: Random,
    pub(crate) nodes: Vec<Option<Router>>,
    /// How often each node was started
    boots: Vec<u64>,
    pub(crate) igp: Igp,
    queue: BTreeMap<(Duration, u64), Happening>,
    count: u64,
    wires: BTreeMap<u64, Wire>,
    /// UPDATEs sent
    pub(crate) updates: u64,
    last: Duration,
    /// Sessions are not to come up again.
    pub(crate) over: bool,
}

impl Network {
    pub(crate) fn start(plan: &Plan, seed: u64) -> Self {
        let count = plan.nodes.len();
        let mut network = Self {
            igp: Igp::new(plan),
            plan: plan.clone(),
            now: Duration::ZERO,
            random: Random::new(seed),
            nodes: (0..count).map(|_| None).collect(),
            boots: vec![0; count],
            queue: BTreeMap::new(),
            count: 0,
            wires: BTreeMap::new(),
            updates: 0,
            last: Duration::ZERO,
            over: false,
        };
        for node in (0..count).filter(|node| plan.nodes[*node].up) {
            network.boot(node, Start::Fresh);
        }
        network
    }

    fn schedule(&mut self, after: Duration, what: Happening) {
        self.count += 1;
        self.queue.insert((self.now + after, self.count), what);
    }

    fn soon(&mut self, most: usize, what: Happening) {
        let after = self.random.millis(most);
        self.schedule(after, what);
    }

    fn boot(&mut self, node: usize, start: Start) {
        self.boots[node] += 1;
        self.last = self.now;
        let seed = self.random.number();
        let router = Router::new(&self.plan, node, self.now, start, seed);
        let sessions: Vec<usize> = router.neighbours.keys().copied().collect();
        self.nodes[node] = Some(router);
        sessions.into_iter().for_each(|session| self.pump(node, session));
    }

    /// The process ends without a word, and a new one starts after a while.
    pub(crate) fn restart(&mut self, node: usize, after: Duration) {
        if self.nodes[node].take().is_none() {
            return;
        }
        self.last = self.now;
        self.schedule(after, Happening::Boot { node });
        // Mostly the system closes its connections, but not when it goes down as a whole.
        if self.random.percent(60) {
            let boot = self.boots[node];
            let wires = self.wires.iter().flat_map(|(id, wire)| [(*id, wire, 0), (*id, wire, 1)]);
            let own = wires.filter(|(_, wire, side)| {
                wire.ends[*side].1 == boot && self.node_of(wire.session, *side) == node
            });
            for (id, side) in own.map(|(id, _, side)| (id, side)).collect::<Vec<_>>() {
                self.send(id, side, Payload::End);
            }
        }
    }

    /// What the plan says of nodes and links has changed.
    pub(crate) fn follow_topology(&mut self) {
        self.last = self.now;
        self.igp = Igp::new(&self.plan);
        for node in 0..self.nodes.len() {
            self.soon(900, Happening::Igp { node });
            match (self.plan.nodes[node].up, self.nodes[node].is_some()) {
                (false, true) => self.nodes[node] = None,
                // It may be on its way after a restart.
                (true, false) if !self.is_booting(node) => self.boot(node, Start::Cold),
                _ => {}
            }
        }
        for session in 0..self.plan.sessions.len() {
            if self.plan.sessions[session].transport.link().is_some() && !self.joined(session) {
                for side in 0..2 {
                    if self.random.percent(70) {
                        self.soon(500, Happening::Carrier { session, side });
                    }
                }
            }
        }
        let stalled = self.wires.iter().filter(|(_, wire)| wire.stalled).map(|(id, _)| *id);
        for id in stalled.collect::<Vec<_>>() {
            if self.wires.get(&id).is_some_and(|wire| self.joined(wire.session)) {
                self.wires.get_mut(&id).expect("it is there").stalled = false;
                for from in 0..2 {
                    self.soon(300, Happening::Deliver { wire: id, from });
                }
            }
        }
    }

    fn is_booting(&self, node: usize) -> bool {
        self.queue
            .values()
            .any(|one| matches!(one, Happening::Boot { node: other } if *other == node))
    }

    /// Whether packets get from one end of a session to the other.
    pub(crate) fn joined(&self, session: usize) -> bool {
        let session = &self.plan.sessions[session];
        let [a, b] = [session.ends[0].node, session.ends[1].node];
        let up = self.plan.nodes[a].up && self.plan.nodes[b].up;
        up && match session.transport.link() {
            Some(link) => self.plan.links[link].joins(a, b),
            None => self.igp.distance(a, b).is_some() && self.igp.distance(b, a).is_some(),
        }
    }

    fn node_of(&self, session: usize, side: usize) -> usize {
        self.plan.sessions[session].ends[side].node
    }

    /// Something was done to it: it is not at rest.
    pub(crate) const fn disturb(&mut self) {
        self.last = self.now;
    }

    /// Lets a session act on what it was told.
    pub(crate) fn with_session(
        &mut self,
        node: usize,
        session: usize,
        act: impl FnOnce(&mut bgp_fsm::Session, Duration),
    ) {
        let now = self.now;
        let router = self.nodes[node].as_mut();
        if let Some(neighbour) = router.and_then(|router| router.neighbours.get_mut(&session)) {
            act(&mut neighbour.session, now);
            self.pump(node, session);
        }
    }

    /// Takes out of a session what it has, and sees to it that it is looked at in time.
    fn pump(&mut self, node: usize, session: usize) {
        loop {
            let now = self.now;
            let mut busy = false;
            let router = self.nodes[node].as_mut().expect("it is up");
            let neighbour = router.neighbours.get_mut(&session).expect("it has the session");
            for (id, connection) in &mut neighbour.connections {
                if !connection.received.is_empty() {
                    neighbour.session.handle_input(now, *id, &mut connection.received);
                }
            }
            let side = neighbour.side;
            let mut sent = Vec::new();
            while let Some((id, bytes)) = neighbour.session.poll_transmit() {
                let connection = neighbour.connections.get(&id);
                sent.extend(connection.and_then(|one| one.wire).map(|wire| (wire, bytes)));
            }
            let mut actions = Vec::new();
            while let Some(action) = neighbour.session.poll_action() {
                actions.push(action);
            }
            busy |= !sent.is_empty() || !actions.is_empty();
            for (wire, bytes) in sent {
                self.send(wire, side, Payload::Bytes(bytes));
            }
            for action in actions {
                self.act(node, session, side, action);
            }
            while let Some(event) = self.poll_event(node, session) {
                self.handle_event(node, session, event);
                busy = true;
            }
            if !busy {
                break;
            }
        }
        let router = self.nodes[node].as_mut().expect("it is up");
        let neighbour = router.neighbours.get_mut(&session).expect("it has the session");
        let at = neighbour.session.poll_timeout();
        if let Some(at) = at.filter(|at| neighbour.wake.is_none_or(|wake| *at < wake)) {
            neighbour.wake = Some(at);
            self.schedule(at.saturating_sub(self.now), Happening::Session { node, session });
        }
        self.touch(node);
    }

    /// The node looks at its tables before long.
    pub(crate) fn touch(&mut self, node: usize) {
        let after = self.random.millis(20);
        let at = self.now + after;
        let Some(router) = &mut self.nodes[node] else { return };
        if router.flush.is_none_or(|known| at < known) {
            router.flush = Some(at);
            self.schedule(after, Happening::Flush { node });
        }
    }

    fn poll_event(&mut self, node: usize, session: usize) -> Option<Event> {
        self.nodes[node].as_mut()?.neighbours.get_mut(&session)?.session.poll_event()
    }

    fn handle_event(&mut self, node: usize, session: usize, event: Event) {
        let (plan, now) = (&self.plan, self.now);
        let router = self.nodes[node].as_mut().expect("it is up");
        let neighbour = router.neighbours.get_mut(&session).expect("it has the session");
        let (source, side) = (neighbour.source, neighbour.side);
        match event {
            Event::Established(negotiated) => {
                let peer = peer_config(plan, session, side, &negotiated);
                let tables = plan.families.iter().zip(&router.tables);
                let tables = tables.filter(|(family, _)| negotiated.families.contains(family));
                let channels = tables
                    .map(|(family, table)| channel_config(plan, session, side, *family, *table));
                router.rib.peer_up(source, peer, channels);
                router.deferral.handle_established(session, &negotiated);
            }
            Event::Update(update) => {
                assert!(update.flaws().is_empty(), "a flaw: {:?}", update.flaws());
                router.rib.handle_update(now, source, &update, &mut router.rules);
                if let Some(family) = update.end_of_rib() {
                    router.deferral.handle_end_of_rib(session, family);
                }
            }
            Event::RouteRefresh(refresh) => router.rib.handle_route_refresh(source, refresh.family),
            Event::Filters(..) => panic!("nobody has offered them"),
            Event::Stale(family, Stale::Mark) => router.rib.mark_stale(source, family),
            Event::Stale(family, Stale::LongLived) => router.rib.long_lived(source, family),
            Event::Stale(family, Stale::Sweep) => router.rib.sweep(source, family),
            Event::Down { reason, retained } => {
                assert!(
                    !matches!(reason, bgp_fsm::DownReason::Malformed(_)),
                    "{node} over {session}: {reason}"
                );
                router.rib.peer_down(source, &retained);
                retained.iter().for_each(|family| router.rib.mark_stale(source, *family));
                // Dialling in vain is no activity.
                if !matches!(reason, bgp_fsm::DownReason::ConnectFailed(_)) {
                    self.last = now;
                }
                return;
            }
        }
        self.last = now;
    }

    /// What the tables of a node want of others, and the other way round.
    fn flush(&mut self, node: usize) {
        let now = self.now;
        let Some(router) = &mut self.nodes[node] else { return };
        if router.flush.is_none_or(|at| at > now) {
            return;
        }
        router.flush = None;
        router.rib.handle_timeout(now);
        router.deferral.handle_timeout(now);
        while router.deferral.poll_ready().is_some() {}
        if router.deferral.is_over() {
            for neighbour in router.neighbours.values_mut() {
                neighbour.session.set_restarted(false);
            }
        }
        let budget = 1 + self.random.below(200);
        let mut sent: Vec<(u64, usize, Bytes)> = Vec::new();
        loop {
            while let Some((id, key)) = router.rib.poll_next_hop() {
                let hop = self.igp.hop(&self.plan, node, owner(&key.next_hop));
                router.rib.set_next_hop(id, hop.map(|hop| hop.metric));
            }
            if router.rib.work(now, budget, &mut router.rules) {
                continue;
            }
            let before = sent.len();
            for neighbour in router.neighbours.values_mut() {
                let Some((id, _)) = neighbour.session.established() else { continue };
                let connection = neighbour.connections.get(&id);
                let Some(id) = connection.and_then(|connection| connection.wire) else { continue };
                let Some(wire) = self.wires.get(&id) else { continue };
                let waiting = sent.iter().filter(|(other, ..)| *other == id).count();
                // What it has not been told waits in the tables.
                if !router.deferral.is_over()
                    || wire.way[neighbour.side].len() + waiting >= wire.window
                {
                    continue;
                }
                let chunk = router.rib.poll_update(now, neighbour.source, &mut router.rules);
                if let Some(chunk) = chunk {
                    neighbour.session.update_sent(now, chunk.messages);
                    self.updates += u64::from(chunk.messages);
                    sent.push((id, neighbour.side, chunk.bytes));
                }
            }
            if sent.len() == before {
                break;
            }
        }
        let timeouts = [router.rib.poll_timeout(), router.deferral.poll_timeout()];
        if let Some(at) = timeouts.into_iter().flatten().filter(|at| *at > now).min() {
            router.flush = Some(at);
            self.schedule(at - now, Happening::Flush { node });
        }
        for (wire, side, bytes) in sent {
            self.last = now;
            self.send(wire, side, Payload::Bytes(bytes));
        }
    }

    fn igp_changed(&mut self, node: usize) {
        let Some(router) = &mut self.nodes[node] else { return };
        for (id, key) in router.rib.next_hops().collect::<Vec<_>>() {
            let hop = self.igp.hop(&self.plan, node, owner(&key.next_hop));
            router.rib.set_next_hop(id, hop.map(|hop| hop.metric));
        }
        self.last = self.now;
        self.touch(node);
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Session { node, session } => {
                let now = self.now;
                let router = self.nodes[node].as_mut();
                let neighbour = router.and_then(|router| router.neighbours.get_mut(&session));
                let Some(neighbour) = neighbour else { return };
                if neighbour.wake.is_some_and(|wake| wake <= now) {
                    neighbour.wake = None;
                    neighbour.session.handle_timeout(now);
                    self.pump(node, session);
                }
            }
            Happening::Flush { node } => self.flush(node),
            Happening::Deliver { wire, from } => self.deliver(wire, from),
            Happening::Dialled { session, side, id, boot } => self.dialled(session, side, id, boot),
            Happening::Answered { session, side, id, boot, wire } => {
                self.answered(session, side, id, boot, wire);
            }
            Happening::Igp { node } => self.igp_changed(node),
            Happening::Carrier { session, side } => self.carrier(session, side),
            Happening::Boot { node } => {
                if self.plan.nodes[node].up && self.nodes[node].is_none() {
                    self.boot(node, Start::Graceful);
                }
            }
        }
    }

    fn step(&mut self) -> bool {
        let Some(((at, _), what)) = self.queue.pop_first() else { return false };
        self.now = at;
        self.happen(what);
        true
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while self.queue.first_key_value().is_some_and(|((at, _), _)| *at <= until) {
            self.step();
        }
        self.now = until;
    }

    /// Lets time pass until nothing happens any more but KEEPALIVEs.
    pub(crate) fn settle(&mut self, most_updates: u64) -> Result<(), Unrest> {
        let (start, before) = (self.now, self.updates);
        loop {
            let updates = self.updates - before;
            if updates > most_updates {
                return Err(Unrest { updates, missing: None });
            }
            if self.now >= self.last + QUIET {
                let missing = self.missing();
                if missing.is_none() {
                    return Ok(());
                }
                if self.now > start + LONGEST {
                    return Err(Unrest { updates, missing });
                }
            } else if self.now > start + LONGEST {
                return Err(Unrest { updates, missing: None });
            }
            if !self.step() {
                return Ok(());
            }
        }
    }

    /// A session that should be up or down and is not, or one whose routes are kept for now.
    fn missing(&self) -> Option<String> {
        for (node, router) in self.nodes.iter().enumerate().filter(|one| self.plan.nodes[one.0].up)
        {
            let begins = router.as_ref().is_none_or(|router| !router.deferral.is_over());
            if begins {
                return Some(format!("node {node} has not begun"));
            }
        }
        for (number, session) in self.plan.sessions.iter().enumerate() {
            let wanted = self.joined(number) && !self.over;
            for end in &session.ends {
                let router = self.nodes[end.node].as_ref();
                let neighbour = router.and_then(|router| router.neighbours.get(&number));
                let up = neighbour.is_some_and(|one| one.session.established().is_some());
                if up != wanted {
                    return Some(format!("session {number} at {}: up is {up}", end.node));
                }
                let Some(neighbour) = neighbour else { continue };
                let stale = |family| neighbour.session.stale_time_left(family, self.now).is_some();
                if self.plan.families.iter().any(|family| stale(*family)) {
                    return Some(format!("session {number} at {}: stale routes", end.node));
                }
            }
        }
        None
    }

    /// Whether all sessions of a node are up.
    pub(crate) fn is_speaking(&self, node: usize) -> bool {
        self.nodes[node].as_ref().is_some_and(|router| {
            router.neighbours.values().all(|one| one.session.established().is_some())
        })
    }

    /// A node does not announce a network any more.
    pub(crate) fn withdraw(&mut self, node: usize, net: IpNet) {
        self.disturb();
        self.plan.routes.remove(&(node, net));
        if let Some(router) = &mut self.nodes[node] {
            router.withdraw(&self.plan, net);
            self.touch(node);
        }
    }

    /// Ends all sessions, and withdraws everything.
    pub(crate) fn end(&mut self) {
        self.over = true;
        self.disturb();
        for session in 0..self.plan.sessions.len() {
            for side in 0..2 {
                let node = self.node_of(session, side);
                self.with_session(node, session, |session, now| {
                    session.stop(now, bgp_fsm::Shutdown::AdministrativeShutdown);
                });
            }
        }
        for (node, net) in self.plan.routes.keys().copied().collect::<Vec<_>>() {
            self.withdraw(node, net);
        }
    }
}
