//! A session against a neighbour whose every byte the test writes.

use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::{
    Context, Family, Message, Notification, NotificationCode, Open, UpdateWriter, split_frame,
};
use bytes::{Bytes, BytesMut};

use crate::offer::Refused;
use crate::{Action, ConnectionId, DownReason, Endpoints, Event, Session, SessionConfig, State};

pub(super) const LOCAL_AS: u32 = 65001;
pub(super) const REMOTE_AS: u32 = 65002;

pub(super) fn ends() -> Endpoints {
    Endpoints { local: ([192, 0, 2, 1], 179).into(), remote: ([192, 0, 2, 2], 40000).into() }
}

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn config() -> SessionConfig {
    let mut config = SessionConfig::new(LOCAL_AS, Some(REMOTE_AS), [192, 0, 2, 1].into());
    config.families = Vec::from([Family::IPV4_UNICAST.into()]);
    config
}

/// What the neighbour has in its OPEN by default.
pub(super) fn open() -> Open {
    let mut config = SessionConfig::new(REMOTE_AS, None, [192, 0, 2, 2].into());
    config.extended_message = true;
    config.enhanced_refresh = false;
    config.open(&Refused::Nothing, false)
}

/// A neighbour of [`config`] with these families, whose OPEN the tests change.
pub(super) fn neighbor(families: &[Family]) -> SessionConfig {
    let mut config = SessionConfig::new(REMOTE_AS, None, [192, 0, 2, 2].into());
    config.families = families.iter().map(|family| (*family).into()).collect();
    config
}

/// The OPEN of a speaker that has not restarted.
pub(super) fn open_of(config: &SessionConfig) -> Open {
    config.open(&Refused::Nothing, false)
}

/// The End-of-RIB marker (RFC 4724 §2).
pub(super) fn end_of_rib(family: Family) -> Vec<u8> {
    let mut out = BytesMut::new();
    UpdateWriter::new(&mut out, &Context::default()).end_of_rib(family);
    out.to_vec()
}

/// A message whose body the test writes.
pub(super) fn raw(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::from([0xff; 16]);
    bytes.extend(u16::try_from(19 + body.len()).expect("short").to_be_bytes());
    bytes.push(kind);
    bytes.extend(body);
    bytes
}

pub(super) fn cease(subcode: u8) -> Message {
    Message::Notification(Notification::new(NotificationCode::CEASE, subcode))
}

pub(super) struct Scripted {
    pub(super) session: Session,
    pub(super) now: Duration,
    pub(super) id: ConnectionId,
    /// What was sent on any connection and not looked at yet.
    pub(super) sent: Vec<Message>,
    pub(super) events: Vec<Event>,
    pub(super) actions: Vec<Action>,
}

impl Scripted {
    /// Started, and nothing more.
    pub(super) fn started(config: SessionConfig) -> Self {
        let mut session = Session::new(config, 3);
        session.start(Duration::ZERO);
        let mut scripted = Self {
            session,
            now: Duration::ZERO,
            id: ConnectionId(0),
            sent: Vec::new(),
            events: Vec::new(),
            actions: Vec::new(),
        };
        scripted.poll();
        scripted
    }

    /// With a connection that the neighbour has made.
    pub(super) fn accepted(config: SessionConfig) -> Self {
        let mut scripted = Self::started(config);
        scripted.accept();
        scripted
    }

    /// Where the session has `state`, one of the last three.
    pub(super) fn in_state(state: State, config: SessionConfig) -> Self {
        let mut scripted = Self::accepted(config);
        if state >= State::OpenConfirm {
            scripted.receive(&Message::Open(open()));
        }
        if state >= State::Established {
            scripted.receive(&Message::Keepalive);
        }
        assert_eq!(scripted.session.state(), state);
        scripted.sent.clear();
        scripted
    }

    /// With a session to a neighbour that has sent this OPEN.
    pub(super) fn established(config: SessionConfig, open: &Open) -> Self {
        let mut scripted = Self::started(config);
        scripted.establish(open);
        scripted
    }

    /// The neighbour connects and comes up with this OPEN.
    pub(super) fn establish(&mut self, open: &Open) {
        self.accept();
        self.receive(&Message::Open(open.clone()));
        self.receive(&Message::Keepalive);
        assert_eq!(self.session.state(), State::Established);
        self.sent.clear();
    }

    /// The connection breaks.
    pub(super) fn lose(&mut self) {
        self.session.handle_disconnected(self.now, self.id);
        self.poll();
    }

    /// Time passes, and timers take effect.
    pub(super) fn pass(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }

    /// What has happened since this was called last.
    pub(super) fn take_events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }

    pub(super) fn accept(&mut self) {
        self.id = self.session.handle_accepted(self.now, ends()).expect("not refused");
        self.poll();
    }

    pub(super) fn receive(&mut self, message: &Message) {
        self.receive_bytes(&message.to_bytes());
    }

    /// What is left of them.
    pub(super) fn receive_bytes(&mut self, bytes: &[u8]) -> Bytes {
        let mut buffer = BytesMut::from(bytes);
        self.session.handle_input(self.now, self.id, &mut buffer);
        self.poll();
        buffer.freeze()
    }

    pub(super) fn poll(&mut self) {
        while let Some((_, bytes)) = self.session.poll_transmit() {
            let mut bytes = BytesMut::from(&bytes[..]);
            let context = Context::default();
            let frame = split_frame(&mut bytes, &context).expect("well-formed").expect("whole");
            assert!(bytes.is_empty(), "one message at a time");
            self.sent.push(Message::decode(&frame, &context).expect("well-formed"));
        }
        self.actions.extend(core::iter::from_fn(|| self.session.poll_action()));
        self.events.extend(core::iter::from_fn(|| self.session.poll_event()));
    }

    /// Lets all timers take effect until `at`.
    pub(super) fn run_until(&mut self, at: Duration) {
        while let Some(next) = self.session.poll_timeout().filter(|next| *next <= at) {
            self.now = next.max(self.now);
            self.session.handle_timeout(self.now);
            self.poll();
        }
        self.now = at;
    }

    /// Lets the next timer take effect.
    pub(super) fn next_timeout(&mut self) -> Duration {
        self.now = self.session.poll_timeout().expect("a timer runs").max(self.now);
        self.session.handle_timeout(self.now);
        self.poll();
        self.now
    }

    /// The last [`Event::Down`]: why, and what stays.
    pub(super) fn down(&self) -> (&DownReason, &[Family]) {
        match self.events.iter().rev().find(|event| matches!(event, Event::Down { .. })) {
            Some(Event::Down { reason, retained }) => (reason, retained),
            _ => panic!("{:?}", self.events),
        }
    }

    /// The connection was closed with this NOTIFICATION as the last word.
    pub(super) fn closed_with(&mut self) -> Notification {
        assert!(self.actions.contains(&Action::Close(self.id)), "{:?}", self.actions);
        match self.sent.pop() {
            Some(Message::Notification(notification)) => notification,
            other => panic!("{other:?} instead of a NOTIFICATION"),
        }
    }
}

pub(super) fn code(notification: &Notification) -> (u8, u8, Vec<u8>) {
    (notification.code.0, notification.subcode, notification.data.to_vec())
}
