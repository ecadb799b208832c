//! Two sessions over byte pipes that delay, split and break, under a virtual clock. Everything follows from
//! one seed: `CAUSEWAY_SEED` runs that seed alone.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;
use std::println;

use bgp_wire::{
    AddPathDirection, CapabilityCode, Context, Family, Notification, OrfDirection, Role,
    UpdateWriter,
};
use bytes::{Bytes, BytesMut};

use crate::{
    Action, ConnectionId, Endpoints, Event, FamilyConfig, Forwarding, Negotiated, Recorder,
    RemoteAs, Replay, RestartConfig, SessionConfig, State,
};

const SEEDS: usize = 10_000;

const FAMILIES: [Family; 2] = [Family::IPV4_UNICAST, Family::IPV6_UNICAST];

/// SplitMix64
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// What makes no difference to whether the session comes up.
fn features(config: &mut SessionConfig, random: &mut Random) {
    config.enhanced_refresh = random.chance(50);
    for family in &mut config.families {
        if random.chance(40) {
            family.add_path = Some(AddPathDirection(1 + random.below(3) as u8));
        }
        if random.chance(40) {
            family.filters = Some(OrfDirection(1 + random.below(3) as u8));
        }
        if random.chance(60) {
            let fates = [Forwarding::Preserved, Forwarding::Preserved, Forwarding::Lost];
            family.forwarding = Some(random.pick(&fates));
            family.long_lived_stale_time = Some(Duration::from_secs(random.below(500)));
        }
    }
    if random.chance(60) {
        let mut restart = RestartConfig { notification: random.chance(50), ..Default::default() };
        restart.restart_time = Duration::from_secs(random.pick(&[0, 10, 120]));
        config.graceful_restart = Some(restart);
    }
    if random.chance(50) {
        config.long_lived = Some((Duration::ZERO, Duration::from_secs(300)));
    }
    if random.chance(20) {
        config.notification_limit = (1, Duration::from_secs(30));
    }
}

/// Makes the two disagree; gives code and subcode of the NOTIFICATION that says so.
fn spoil(configs: &mut [SessionConfig; 2], random: &mut Random) -> (u8, u8) {
    let [one, two] = configs;
    match random.below(6) {
        0 => {
            one.remote_as = RemoteAs::Is(65_009);
            (2, 2)
        }
        1 => {
            (one.remote_as, two.remote_as) = (RemoteAs::Internal, RemoteAs::Any);
            (2, 2)
        }
        2 => {
            one.families = Vec::from([FAMILIES[0].into()]);
            two.families = Vec::from([FAMILIES[1].into()]);
            (2, 7)
        }
        3 => {
            one.required.push(CapabilityCode::FQDN);
            (2, 7)
        }
        4 => {
            (one.role, two.role) = (Some(Role::PROVIDER), Some(Role::PEER));
            (2, 11)
        }
        _ => {
            (one.role, one.strict_role) = (Some(Role::CUSTOMER), true);
            (2, 11)
        }
    }
}

/// What happens at a time.
enum Happening {
    Accept,
    Connected,
    ConnectFails,
    Bytes(usize, Bytes),
    Disconnected(usize),
}

/// A TCP connection between the two; side 0 or 1 is the index everywhere.
struct Wire {
    dialler: usize,
    ids: [Option<ConnectionId>; 2],
    /// When the next bytes to each side may arrive, so that they stay in order.
    earliest: [Duration; 2],
    buffers: [BytesMut; 2],
    broken: bool,
}

/// What a session has given, in order.
type Outputs = (Vec<(ConnectionId, Bytes)>, Vec<Action>, Vec<Event>);

struct Network {
    now: Duration,
    random: Random,
    sessions: [Recorder; 2],
    /// What each has given, in the order in which it was polled.
    outputs: [Outputs; 2],
    wires: Vec<Wire>,
    happenings: BTreeMap<(Duration, u64), (usize, Happening)>,
    sequence: u64,
    /// No faults after this.
    calm: Duration,
    /// What the two disagree about: how the side that finds out says so.
    wrong: Option<(u8, u8)>,
    up: [Vec<Negotiated>; 2],
    /// UPDATEs sent and received on the established session.
    updates: [[u32; 2]; 2],
    last_down: Duration,
}

impl Network {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let common = random.pick(&FAMILIES);
        let passive = random.below(4);
        let configs = [0, 1].map(|side| {
            let (own, other) = ([65001, 4_200_000_001][side], [4_200_000_001, 65001][side]);
            let id = [10 + random.below(3) as u8, 0, 0, side as u8];
            let mut config = SessionConfig::new(own, Some(other), id.into());
            config.hold_time = Duration::from_secs(random.pick(&[0, 3, 9, 90, 240]));
            config.families = FAMILIES.map(FamilyConfig::new).into();
            if random.chance(30) {
                config.families = Vec::from([common.into()]);
            }
            config.passive = side as u64 == passive;
            config.extended_message = random.chance(50);
            config.route_refresh = random.chance(50);
            if random.chance(50) {
                config.families[0].extended_next_hop = true;
            }
            if random.chance(30) {
                config.delay_open_time = Duration::from_secs(1 + random.below(10));
            }
            if random.chance(30) {
                config.connect_delay_time = Duration::ZERO;
            }
            config.connect_retry_time = Duration::from_secs(5 + random.below(30));
            features(&mut config, &mut random);
            config
        });
        let mut configs = configs;
        let wrong = random.chance(25).then(|| spoil(&mut configs, &mut random));
        let [first, second] = configs;
        let calm = Duration::from_secs(random.below(300));
        Self {
            now: Duration::ZERO,
            sessions: [Recorder::new(first, random.next()), Recorder::new(second, random.next())],
            outputs: Default::default(),
            random,
            wires: Vec::new(),
            happenings: BTreeMap::new(),
            sequence: 0,
            calm,
            wrong,
            up: [Vec::new(), Vec::new()],
            updates: [[0; 2]; 2],
            last_down: Duration::ZERO,
        }
    }

    fn delay(&mut self) -> Duration {
        Duration::from_millis(self.random.below(800))
    }

    fn faulty(&mut self, percent: u64) -> bool {
        self.now < self.calm && self.random.chance(percent)
    }

    fn schedule(&mut self, at: Duration, wire: usize, happening: Happening) {
        self.sequence += 1;
        self.happenings.insert((at, self.sequence), (wire, happening));
    }

    /// Never before what is on its way to the same side already.
    fn schedule_for(&mut self, wire: usize, side: usize, happening: Happening) {
        let at = (self.now + self.delay()).max(self.wires[wire].earliest[side]);
        self.wires[wire].earliest[side] = at;
        self.schedule(at, wire, happening);
    }

    fn dial(&mut self, side: usize, id: ConnectionId) {
        let wire = self.wires.len();
        let mut ids = [None; 2];
        ids[side] = Some(id);
        self.wires.push(Wire {
            dialler: side,
            ids,
            earliest: [self.now; 2],
            buffers: [BytesMut::new(), BytesMut::new()],
            broken: false,
        });
        if self.faulty(20) {
            self.schedule_for(wire, side, Happening::ConnectFails);
        } else {
            self.schedule_for(wire, side, Happening::Connected);
            self.schedule_for(wire, 1 - side, Happening::Accept);
        }
    }

    fn ends(wire: usize, dialler: bool) -> Endpoints {
        let port = 1024 + u16::try_from(wire % 60_000).expect("small");
        let (near, far) = (([192, 0, 2, 1], port).into(), ([192, 0, 2, 2], 179).into());
        if dialler {
            Endpoints { local: near, remote: far }
        } else {
            Endpoints { local: far, remote: near }
        }
    }

    /// Both ends learn of it at their own time; what is on its way is lost.
    fn break_wire(&mut self, wire: usize) {
        self.wires[wire].broken = true;
        for side in 0..2 {
            let at = self.now + self.delay();
            self.schedule(at, wire, Happening::Disconnected(side));
        }
    }

    fn happen(&mut self, wire: usize, happening: Happening) {
        let (now, dialler) = (self.now, self.wires[wire].dialler);
        match happening {
            Happening::Accept => {
                let side = 1 - dialler;
                match self.sessions[side].handle_accepted(now, Self::ends(wire, false)) {
                    Some(id) => self.wires[wire].ids[side] = Some(id),
                    None => self.schedule_for(wire, dialler, Happening::Disconnected(dialler)),
                }
            }
            Happening::Connected => {
                if let Some(id) = self.wires[wire].ids[dialler] {
                    self.sessions[dialler].handle_connected(now, id, Self::ends(wire, true));
                }
            }
            Happening::ConnectFails => {
                if let Some(id) = self.wires[wire].ids[dialler] {
                    self.sessions[dialler].handle_connect_failed(now, id, "refused");
                }
            }
            Happening::Bytes(side, bytes) => {
                if let Some(id) = self.wires[wire].ids[side].filter(|_| !self.wires[wire].broken) {
                    self.wires[wire].buffers[side].extend_from_slice(&bytes);
                    let buffer = &mut self.wires[wire].buffers[side];
                    self.sessions[side].handle_input(now, id, buffer);
                }
                if self.faulty(2) {
                    self.break_wire(wire);
                }
            }
            Happening::Disconnected(side) => {
                if let Some(id) = self.wires[wire].ids[side] {
                    self.sessions[side].handle_disconnected(now, id);
                }
            }
        }
    }

    fn poll(&mut self, side: usize) {
        while let Some((id, bytes)) = self.sessions[side].poll_transmit() {
            self.outputs[side].0.push((id, bytes.clone()));
            self.send(side, id, bytes);
        }
        while let Some(action) = self.sessions[side].poll_action() {
            self.outputs[side].1.push(action);
            match action {
                Action::Connect(id) => self.dial(side, id),
                Action::Close(id) => {
                    let wire = self.wire_of(side, id);
                    self.wires[wire].ids[side] = None;
                    self.schedule_for(wire, 1 - side, Happening::Disconnected(1 - side));
                }
            }
        }
        while let Some(event) = self.sessions[side].poll_event() {
            self.outputs[side].2.push(event.clone());
            match event {
                Event::Established(negotiated) => {
                    self.up[side].push(*negotiated);
                    self.updates[side] = [0, 0];
                    self.write_updates(side);
                }
                Event::Update(_) => self.updates[side][1] += 1,
                Event::Down { .. } => self.last_down = self.now,
                Event::RouteRefresh(_) | Event::Filters(..) | Event::Stale(..) => {}
            }
        }
    }

    fn wire_of(&self, side: usize, id: ConnectionId) -> usize {
        let found = self.wires.iter().position(|wire| wire.ids[side] == Some(id));
        found.expect("every number belongs to a connection until it is closed")
    }

    fn send(&mut self, side: usize, id: ConnectionId, mut bytes: Bytes) {
        let wire = self.wire_of(side, id);
        while !bytes.is_empty() {
            let length = 1 + self.random.below(bytes.len() as u64) as usize;
            let part = bytes.split_to(length);
            self.schedule_for(wire, 1 - side, Happening::Bytes(1 - side, part));
        }
    }

    fn write_updates(&mut self, side: usize) {
        let Some((id, negotiated)) = self.sessions[side].established() else { return };
        let mut out = BytesMut::new();
        let rounds = 1 + self.random.below(3) as u32;
        for _ in 0..rounds {
            for family in &negotiated.families {
                UpdateWriter::new(&mut out, &negotiated.send).end_of_rib(*family);
            }
        }
        let count = rounds * negotiated.families.len() as u32;
        self.send(side, id, out.freeze());
        self.sessions[side].update_sent(self.now, count);
        self.updates[side][0] = count;
    }

    fn run(&mut self, until: Duration) {
        for side in 0..2 {
            self.sessions[side].start(self.now);
        }
        loop {
            self.poll(0);
            self.poll(1);
            let timers = self.sessions.iter().filter_map(|one| one.poll_timeout());
            let first = self.happenings.keys().next().map(|(at, _)| *at);
            // Without keepalives there comes a time when nothing is left to happen.
            let next = timers.chain(first).min().filter(|next| *next <= until);
            let Some(next) = next else { return };
            self.now = next.max(self.now);
            if self.is_quiet() {
                return;
            }
            if first == Some(next)
                && let Some((_, (wire, happening))) = self.happenings.pop_first()
            {
                self.happen(wire, happening);
            } else {
                self.sessions.iter_mut().for_each(|session| session.handle_timeout(self.now));
            }
        }
    }

    /// Nothing has gone wrong for so long that nothing will.
    fn is_quiet(&self) -> bool {
        let quiet = Duration::from_secs(300);
        let since = self.last_down.max(self.calm);
        self.now > since + quiet
            && self.sessions.iter().all(|one| one.uptime(self.now).is_some_and(|up| up > quiet))
    }

    /// They never come up, and say why: the side that has found out, and, unless a fault ate it, the other.
    fn check_wrong(&self, code: (u8, u8)) {
        let mut told = 0;
        for side in 0..2 {
            assert_eq!(self.sessions[side].statistics().established, 0, "side {side}");
            let statistics = self.sessions[side].statistics();
            for last in [&statistics.last_sent, &statistics.last_received] {
                let code_of = |last: &(Notification, Duration)| (last.0.code.0, last.0.subcode);
                told += usize::from(last.as_ref().is_some_and(|last| code_of(last) == code));
            }
        }
        assert!(
            told >= 2,
            "sent and received: {:?}",
            self.sessions.each_ref().map(|s| s.last_error())
        );
    }

    /// Both sides are up on the same connection, agree on everything, and have been for a while.
    fn check(&self) {
        if let Some(code) = self.wrong {
            return self.check_wrong(code);
        }
        let ends = [0, 1].map(|side| {
            assert_eq!(self.sessions[side].state(), State::Established, "side {side}");
            let (id, negotiated) = self.sessions[side].established().expect("established");
            assert_eq!(self.up[side].last(), Some(negotiated));
            (self.wire_of(side, id), negotiated)
        });
        let [(first, a), (second, b)] = ends;
        assert_eq!(first, second, "one connection, not two");
        assert_eq!((&a.local, &a.remote), (&b.remote, &b.local));
        // What one sends the other takes (RFC 8654 §4: also where only one of them offered long messages).
        for (from, to) in [(a, b), (b, a)] {
            assert!(to.receive.extended_message || !from.send.extended_message);
            let extended_message = to.receive.extended_message;
            assert_eq!(bgp_wire::Context { extended_message, ..from.send.clone() }, to.receive);
        }
        assert_eq!(a.hold_time, b.hold_time);
        assert_eq!((&a.families, a.route_refresh), (&b.families, b.route_refresh));
        assert_eq!(a.extended_next_hop, b.extended_next_hop);
        assert_eq!(a.enhanced_refresh, b.enhanced_refresh);
        assert_eq!(a.graceful_restart.is_some(), b.graceful_restart.is_some());
        assert_eq!(a.survives_notification(), b.survives_notification());
        assert_eq!((&a.filters_sent, &a.filters_received), (&b.filters_received, &b.filters_sent));
        for (session, negotiated) in self.sessions.iter().zip([a, b]) {
            for family in &negotiated.families {
                assert!(session.end_of_rib_received(*family));
                assert_eq!(session.stale_time_left(*family, self.now), None, "all is told");
            }
        }
        let swapped = Endpoints { local: b.endpoints.remote, remote: b.endpoints.local };
        assert_eq!(a.endpoints, swapped);
        let open = |wire: &&Wire| wire.ids.iter().any(Option::is_some);
        assert_eq!(self.wires.iter().filter(open).count(), 1, "others are closed");
        for side in 0..2 {
            assert_eq!(self.updates[side][1], self.updates[1 - side][0], "all UPDATEs arrive");
        }
        assert!(self.last_down < Duration::from_secs(2000), "stays up");
        assert!(self.last_down < self.calm + Duration::from_secs(1500), "comes up soon");
        assert_ne!(a.send, Context::default(), "4-octet AS");
    }
}

/// What was recorded gives the same, byte for byte.
fn check_replay(network: &Network) {
    for (session, outputs) in network.sessions.iter().zip(&network.outputs) {
        let mut replay = Replay::new(session.record().to_vec()).expect("a record");
        let mut again = (Vec::new(), Vec::new(), Vec::new());
        while let Some(step) = replay.step().expect("whole") {
            again.0.extend(step.transmit);
            again.1.extend(step.actions);
            again.2.extend(step.events);
        }
        assert_eq!(&again, outputs);
        let [session, again] = [&**session, replay.session()].map(|one| std::format!("{one:?}"));
        assert_eq!(session, again);
    }
}

fn run(seed: u64) {
    let run = || {
        let mut network = Network::new(seed);
        network.run(Duration::from_secs(2500));
        network.check();
        check_replay(&network);
    };
    if let Err(panic) = std::panic::catch_unwind(run) {
        println!("failed with CAUSEWAY_SEED={seed}");
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn every_seed_ends_established() {
    match std::env::var("CAUSEWAY_SEED") {
        Ok(seed) => run(seed.parse().expect("a number")),
        Err(_) => {
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            std::thread::scope(|scope| {
                for first in 0..threads {
                    scope.spawn(move || {
                        (first..SEEDS).step_by(threads).for_each(|seed| run(seed as u64));
                    });
                }
            });
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let trace = || {
        let mut network = Network::new(7);
        network.run(Duration::from_secs(1000));
        std::format!("{:?}", network.sessions)
    };
    assert_eq!(trace(), trace());
}
