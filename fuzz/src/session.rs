//! Target of bgp-fsm.

use std::collections::BTreeMap;
use std::time::Duration;

use bgp_fsm::{
    Action, ConnectionId, Endpoints, Event, Forwarding, Recorder, Replay, RestartConfig,
    SessionConfig, Shutdown, State,
};
use bgp_wire::{
    AddPathDirection, AddressPrefixChange, Capability, Context, Family, GracefulRestart,
    GracefulRestartFamily, LongLivedFamily, Message, MessageType, Open, Orf, OrfDirection,
    OrfSupport, OrfType, OrfUpdate, Role, WhenToRefresh, split_frame,
};
use bytes::{Bytes, BytesMut};

/// One session, led by the octets: each says what happens next, from a start to bytes of the neighbour.
///
/// Whatever is sent is a message; each call gives a bounded number of things; deadlines are met by
/// `handle_timeout`; and the record of it all gives the same outputs again.
pub fn session(data: &[u8]) {
    let (session, outputs) = Run::new(data).run();
    let mut replay = Replay::new(session.record().to_vec()).expect("a record");
    let mut again = Outputs::default();
    while let Some(step) = replay.step().expect("whole") {
        again.transmit.extend(step.transmit);
        again.actions.extend(step.actions);
        again.events.extend(step.events);
    }
    assert_eq!(outputs, again);
    assert_eq!(format!("{:?}", *session), format!("{:?}", replay.session()));
}

/// A record, damaged or not: it never makes a session panic.
pub fn record(data: &[u8]) {
    let Ok(mut replay) = Replay::new(data.to_vec()) else { return };
    while let Ok(Some(_)) = replay.step() {}
    let _ = replay.session().status(Duration::ZERO).to_string();
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Outputs {
    transmit: Vec<(ConnectionId, Bytes)>,
    actions: Vec<Action>,
    events: Vec<Event>,
}

struct Run<'a> {
    data: &'a [u8],
    session: Recorder,
    now: Duration,
    /// What each connection has received and not yet taken
    connections: BTreeMap<ConnectionId, BytesMut>,
    dialled: Option<ConnectionId>,
    /// After the next step the host polls an action at most, and nothing else.
    busy: bool,
    outputs: Outputs,
}

/// Things that one call may give: each connection at most says a few words and closes.
const MOST: usize = 1000;

impl<'a> Run<'a> {
    fn new(data: &'a [u8]) -> Self {
        let mut run = Self {
            data,
            session: Recorder::new(SessionConfig::new(1, None, [192, 0, 2, 1].into()), 1),
            now: Duration::ZERO,
            connections: BTreeMap::new(),
            dialled: None,
            busy: false,
            outputs: Outputs::default(),
        };
        let bits = run.octet();
        let remote_as = [None, Some(65002), Some(65001), Some(4_200_000_000)];
        let remote_as = remote_as.get(usize::from(bits & 3)).copied().flatten();
        let mut config = SessionConfig::new(65001, remote_as, [192, 0, 2, 1].into());
        config.passive = bits & 4 != 0;
        config.extended_message = bits & 8 != 0;
        config.four_octet_as = bits & 16 == 0;
        config.capabilities = bits & 32 == 0;
        if bits & 64 != 0 {
            config.delay_open_time = Duration::from_secs(7);
        }
        if bits & 128 != 0 {
            config.families.push(Family::IPV6_UNICAST.into());
        }
        run.features(&mut config);
        run.session = Recorder::new(config, u64::from(bits));
        run
    }

    /// Two octets more of configuration.
    fn features(&mut self, config: &mut SessionConfig) {
        let (bits, more) = (self.octet(), self.octet());
        config.unnumbered = bits & 1 != 0;
        config.strict_role = bits & 2 != 0;
        config.role = (bits & 4 != 0).then_some(Role(bits >> 5));
        config.enhanced_refresh = bits & 8 != 0;
        if bits & 16 != 0 {
            config.notification_limit = (1, Duration::from_secs(60));
        }
        for family in &mut config.families {
            family.filters = (more & 1 != 0).then_some(OrfDirection::BOTH);
            family.add_path = (more & 2 != 0).then_some(AddPathDirection::BOTH);
            family.forwarding = (more & 4 != 0).then_some(Forwarding::Preserved);
            family.long_lived_stale_time = (more & 8 != 0).then_some(Duration::from_secs(50));
        }
        let notification = more & 32 != 0;
        let restart = RestartConfig { notification, ..RestartConfig::default() };
        config.graceful_restart = (more & 16 != 0).then_some(restart);
        config.long_lived = (more & 64 != 0).then_some((Duration::ZERO, Duration::from_secs(40)));
        config.automatic_start = more & 128 == 0;
        config.filter_limit = 4;
    }

    fn octet(&mut self) -> u8 {
        let (first, rest) = self.data.split_first().map_or((0, self.data), |(a, b)| (*a, b));
        self.data = rest;
        first
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.data.split_at(count.min(self.data.len()));
        self.data = rest;
        head
    }

    /// One of the connections.
    fn connection(&mut self) -> Option<ConnectionId> {
        let choice = usize::from(self.octet());
        let count = self.connections.len();
        self.connections.keys().nth(choice.checked_rem(count)?).copied()
    }

    fn run(mut self) -> (Recorder, Outputs) {
        while !self.data.is_empty() {
            let busy = std::mem::take(&mut self.busy);
            self.step();
            if busy || self.busy {
                self.take_action();
            } else {
                self.drain();
            }
        }
        self.drain();
        (self.session, self.outputs)
    }

    fn step(&mut self) {
        let ends = Endpoints {
            local: ([192, 0, 2, 1], 179).into(),
            remote: ([192, 0, 2, 2], 40000).into(),
        };
        match self.octet() % 20 {
            0 => self.session.start(self.now),
            1 => {
                let reasons = [
                    Shutdown::AdministrativeShutdown,
                    Shutdown::MaximumPrefixes(None),
                    Shutdown::LinkDown,
                ];
                let choice = usize::from(self.octet()) % reasons.len();
                if let Some(why) = reasons.get(choice) {
                    self.session.stop(self.now, *why);
                }
            }
            2 => self.session.reset(self.now, Shutdown::AdministrativeReset),
            3 => {
                if let Some(id) = self.dialled.take() {
                    self.connections.insert(id, BytesMut::new());
                    self.session.handle_connected(self.now, id, ends);
                }
            }
            4 => {
                if let Some(id) = self.dialled.take() {
                    self.session.handle_connect_failed(self.now, id, "refused");
                }
            }
            5 => {
                if let Some(id) = self.session.handle_accepted(self.now, ends) {
                    self.connections.insert(id, BytesMut::new());
                }
            }
            6 => {
                if let Some(id) = self.connection() {
                    self.connections.remove(&id);
                    self.session.handle_disconnected(self.now, id);
                }
            }
            7 => {
                let count = usize::from(self.octet());
                let bytes = self.take(count);
                self.input(bytes);
            }
            8 | 9 => {
                let message = self.message();
                self.input(&message);
            }
            10 => {
                let tenths = u64::from(self.octet());
                self.now += Duration::from_millis(tenths * 100);
                self.timeout();
            }
            11 => {
                // To the next deadline
                self.now = self.session.poll_timeout().map_or(self.now, |next| next.max(self.now));
                self.timeout();
            }
            // What is not asked for
            12 => self.session.handle_disconnected(self.now, ConnectionId(99)),
            13 => self.busy = true,
            14 => {
                let address = [None, Some([192, 0, 2, 2].into()), Some([192, 0, 2, 3].into())];
                let choice = usize::from(self.octet()) % address.len();
                self.session.handle_neighbor(self.now, address.get(choice).copied().flatten());
            }
            15 => {
                if let Some(id) = self.connection() {
                    match self.octet() % 3 {
                        0 => self.session.handle_blocked(self.now, id),
                        1 => self.session.handle_written(self.now, id),
                        _ => self.session.handle_backlog(self.now, id),
                    }
                }
            }
            16 => {
                let restarted = self.octet() & 1 != 0;
                self.session.set_restarted(restarted);
            }
            17 => {
                let filters = vec![Orf::AddressPrefix(vec![AddressPrefixChange::RemoveAll])];
                let update = OrfUpdate { when: WhenToRefresh::IMMEDIATE, filters };
                let _ = self.session.change_filters(self.now, Family::IPV4_UNICAST, update);
            }
            _ => {
                let _ = self.session.request_refresh(self.now, Family::IPV4_UNICAST);
                let messages = u32::from(self.octet());
                self.session.update_sent(self.now, messages);
            }
        }
    }

    /// A message with the right header, of any type, around the octets that follow.
    fn message(&mut self) -> Vec<u8> {
        let (kind, length) = (self.octet(), usize::from(self.octet()));
        let body = match kind % 8 {
            0..=5 => self.take(length).to_vec(),
            // An OPEN that is likely to be accepted
            _ => {
                let capabilities = capabilities().into_iter().take(length % 10).collect();
                let open = Open::new(65002, 9, [192, 0, 2, 2].into(), capabilities);
                return Message::Open(open).to_bytes().to_vec();
            }
        };
        let mut bytes = vec![0xff; 16];
        bytes.extend(u16::try_from(body.len() + 19).unwrap_or(u16::MAX).to_be_bytes());
        bytes.push(kind % 8);
        bytes.extend(body);
        bytes
    }

    fn input(&mut self, bytes: &[u8]) {
        let Some(id) = self.connection() else { return };
        let Some(buffer) = self.connections.get_mut(&id) else { return };
        buffer.extend_from_slice(bytes);
        self.session.handle_input(self.now, id, buffer);
    }

    /// A deadline that has come is gone after a few calls.
    fn timeout(&mut self) {
        for _ in 0..10 {
            self.session.handle_timeout(self.now);
            self.drain();
            if self.session.poll_timeout().is_none_or(|next| next > self.now) {
                return;
            }
        }
        panic!("handle_timeout does not meet the deadline");
    }

    fn drain(&mut self) {
        let mut count = 0;
        let mut within_bounds = || {
            count += 1;
            assert!(count < MOST, "one call gave too much");
        };
        while let Some((id, bytes)) = self.session.poll_transmit() {
            within_bounds();
            check_transmit(&bytes);
            self.outputs.transmit.push((id, bytes));
        }
        while self.take_action() {
            within_bounds();
        }
        while let Some(event) = self.session.poll_event() {
            within_bounds();
            self.outputs.events.push(event);
        }
        let state = self.session.state();
        assert_eq!(state == State::Established, self.session.established().is_some());
        let _ = self.session.status(self.now).to_string();
    }

    /// Tells whether there was one.
    fn take_action(&mut self) -> bool {
        let Some(action) = self.session.poll_action() else { return false };
        match action {
            Action::Connect(id) => {
                assert!(!self.connections.contains_key(&id), "a number is used twice");
                self.dialled = Some(id);
            }
            Action::Close(id) => {
                self.connections.remove(&id);
                self.dialled = self.dialled.filter(|dialled| *dialled != id);
            }
        }
        self.outputs.actions.push(action);
        true
    }
}

/// What a neighbour offers, of which an input takes the first few.
fn capabilities() -> [Capability; 9] {
    let family = Family::IPV4_UNICAST;
    let types = [(OrfType::ADDRESS_PREFIX, OrfDirection::BOTH)].into_iter().collect();
    let restart = GracefulRestart {
        restarted: false,
        notification: true,
        restart_time: 20,
        families: [GracefulRestartFamily { family, forwarding: true }].into_iter().collect(),
    };
    let long_lived = LongLivedFamily { family, forwarding: true, stale_time: 30 };
    [
        Capability::Multiprotocol(family),
        Capability::FourOctetAs(65002),
        Capability::GracefulRestart(restart),
        Capability::LongLivedGracefulRestart(vec![long_lived]),
        Capability::EnhancedRouteRefresh,
        Capability::RouteRefresh,
        Capability::Orf(vec![OrfSupport { family, types }]),
        Capability::ExtendedMessage,
        Capability::AddPath([(family, AddPathDirection::BOTH)].into_iter().collect()),
    ]
}

/// Whole messages, of types that a session sends by itself.
fn check_transmit(bytes: &[u8]) {
    let context = Context { extended_message: true, ..Context::default() };
    let mut buffer = BytesMut::from(bytes);
    while let Some(frame) = split_frame(&mut buffer, &context).expect("framing") {
        assert_ne!(frame.kind, MessageType::UPDATE);
        assert!(Message::decode(&frame, &context).is_ok(), "{frame:?}");
    }
    assert!(buffer.is_empty());
}
