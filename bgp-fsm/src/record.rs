//! Runs of a session, written down and run again.
//!
//! A record is the configuration, the seed, and every call with its time and arguments; what the session did is
//! not in it, since it follows. An input takes a few octets and those that the neighbour sent.

mod codec;
mod config;
mod filters;
mod input;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::ops::Deref;
use core::time::Duration;

use bgp_wire::{Family, OrfUpdate};
use bytes::{Bytes, BytesMut};
use thiserror::Error;

use self::codec::{Reader, Writer};
pub use self::input::Input;
use crate::config::SessionConfig;
use crate::error::ConnectError;
use crate::event::{Action, ConnectionId, Endpoints, Event, Shutdown};
use crate::session::Session;

/// The first octets of a record, the last of them its version.
const MAGIC: &[u8] = b"bgp-fsm\x01";

/// A [`Session`] that writes down what is done to it. It has the same verbs, and is read as a session is.
///
/// ```
/// use bgp_fsm::{Recorder, Replay, Session, SessionConfig, Shutdown};
/// use core::time::Duration;
///
/// let config = SessionConfig::new(65001, 65002, "192.0.2.1".parse()?);
/// let mut session = Recorder::new(config, 1);
/// session.start(Duration::ZERO);
/// session.stop(Duration::from_secs(3), Shutdown::DeConfigured);
///
/// let mut replay = Replay::new(session.record().to_vec())?;
/// while let Some(step) = replay.step()? {
///     println!("{:?}: {} -> {:?}", step.now, step.input, step.events);
/// }
/// assert_eq!(replay.session().state(), session.state());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Recorder {
    session: Session,
    log: Writer,
    now: Duration,
    /// Octets of each connection that were put in and left there.
    left: BTreeMap<ConnectionId, usize>,
    polled: Polls,
}

/// How often each `poll_*` has given something since the last input: it decides how much of the next is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Polls {
    transmit: u64,
    actions: u64,
    events: u64,
}

impl Deref for Recorder {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Recorder {
    /// As [`Session::new`].
    pub fn new(config: impl Into<Arc<SessionConfig>>, seed: u64) -> Self {
        let config = config.into();
        let mut log = Writer::default();
        log.octets(MAGIC);
        log.number(seed);
        config::write(&mut log, &config);
        let session = Session::new(config, seed);
        let (left, polled) = (BTreeMap::new(), Polls::default());
        Self { session, log, now: Duration::ZERO, left, polled }
    }

    /// What was recorded so far, or since [`Recorder::take_record`]: the content of a file for [`Replay::new`].
    pub fn record(&self) -> &[u8] {
        self.log.as_bytes()
    }

    /// What was recorded since this was called last, to be written behind what it gave before: a record of a long
    /// run need not stay in memory, as it grows with all that the neighbour sends.
    pub fn take_record(&mut self) -> Vec<u8> {
        self.log.take()
    }

    /// The session, no longer recorded.
    pub fn into_session(self) -> Session {
        self.session
    }

    fn input(&mut self, now: Duration, input: &Input) {
        let polls = core::mem::take(&mut self.polled);
        // Nearly always all was polled.
        let (transmit, actions, events) = self.session.waiting();
        let all = transmit + actions + events == 0;
        self.log.octet(input.code() | if all { 0 } else { input::PARTLY_POLLED });
        if !all {
            self.log.number(polls.transmit);
            self.log.number(polls.actions);
            self.log.number(polls.events);
        }
        self.log.duration(now.saturating_sub(self.now));
        self.now = self.now.max(now);
        input.write(&mut self.log);
    }

    /// See [`Session::start`].
    pub fn start(&mut self, now: Duration) {
        self.input(now, &Input::Start);
        self.session.start(now);
    }

    /// See [`Session::stop`].
    pub fn stop(&mut self, now: Duration, why: Shutdown) {
        self.stop_saying(now, why, "");
    }

    /// See [`Session::stop_saying`].
    pub fn stop_saying(&mut self, now: Duration, why: Shutdown, communication: &str) {
        self.input(now, &Input::Stop(why, communication.into()));
        self.session.stop_saying(now, why, communication);
    }

    /// See [`Session::reset`].
    pub fn reset(&mut self, now: Duration, why: Shutdown) {
        self.reset_saying(now, why, "");
    }

    /// See [`Session::reset_saying`].
    pub fn reset_saying(&mut self, now: Duration, why: Shutdown, communication: &str) {
        self.input(now, &Input::Reset(why, communication.into()));
        self.session.reset_saying(now, why, communication);
    }

    /// See [`Session::set_restarted`].
    pub fn set_restarted(&mut self, restarted: bool) {
        self.input(self.now, &Input::SetRestarted(restarted));
        self.session.set_restarted(restarted);
    }

    /// See [`Session::handle_connected`].
    pub fn handle_connected(&mut self, now: Duration, id: ConnectionId, ends: Endpoints) {
        self.input(now, &Input::Connected(id, ends));
        self.session.handle_connected(now, id, ends);
    }

    /// See [`Session::handle_connect_failed`].
    pub fn handle_connect_failed(
        &mut self,
        now: Duration,
        id: ConnectionId,
        reason: impl Into<ConnectError>,
    ) {
        let reason = reason.into();
        self.input(now, &Input::ConnectFailed(id, String::from(&*reason.0)));
        self.session.handle_connect_failed(now, id, reason);
    }

    /// See [`Session::handle_accepted`].
    pub fn handle_accepted(&mut self, now: Duration, ends: Endpoints) -> Option<ConnectionId> {
        self.input(now, &Input::Accepted(ends));
        self.session.handle_accepted(now, ends)
    }

    /// See [`Session::handle_disconnected`].
    pub fn handle_disconnected(&mut self, now: Duration, id: ConnectionId) {
        self.input(now, &Input::Disconnected(id));
        self.session.handle_disconnected(now, id);
    }

    /// See [`Session::handle_neighbor`].
    pub fn handle_neighbor(&mut self, now: Duration, address: Option<IpAddr>) {
        self.input(now, &Input::Neighbor(address));
        self.session.handle_neighbor(now, address);
    }

    /// See [`Session::handle_blocked`].
    pub fn handle_blocked(&mut self, now: Duration, id: ConnectionId) {
        self.input(now, &Input::Blocked(id));
        self.session.handle_blocked(now, id);
    }

    /// See [`Session::handle_written`].
    pub fn handle_written(&mut self, now: Duration, id: ConnectionId) {
        self.input(now, &Input::Written(id));
        self.session.handle_written(now, id);
    }

    /// See [`Session::handle_backlog`].
    pub fn handle_backlog(&mut self, now: Duration, id: ConnectionId) {
        self.input(now, &Input::Backlog(id));
        self.session.handle_backlog(now, id);
    }

    /// See [`Session::handle_input`].
    pub fn handle_input(&mut self, now: Duration, id: ConnectionId, data: &mut BytesMut) {
        let known = self.left.get(&id).copied().unwrap_or(0);
        let new = data.get(known..).unwrap_or_default();
        self.input(now, &Input::Bytes(id, Bytes::copy_from_slice(new)));
        self.session.handle_input(now, id, data);
        if data.is_empty() {
            self.left.remove(&id);
        } else {
            self.left.insert(id, data.len());
        }
    }

    /// See [`Session::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Duration) {
        self.input(now, &Input::Timeout);
        self.session.handle_timeout(now);
    }

    /// See [`Session::update_sent`].
    pub fn update_sent(&mut self, now: Duration, messages: u32) {
        self.input(now, &Input::UpdateSent(messages));
        self.session.update_sent(now, messages);
    }

    /// See [`Session::request_refresh`].
    pub fn request_refresh(&mut self, now: Duration, family: Family) -> bool {
        self.input(now, &Input::RequestRefresh(family));
        self.session.request_refresh(now, family)
    }

    /// See [`Session::change_filters`].
    pub fn change_filters(&mut self, now: Duration, family: Family, update: OrfUpdate) -> bool {
        self.input(now, &Input::ChangeFilters(family, update.clone()));
        self.session.change_filters(now, family, update)
    }

    /// See [`Session::poll_transmit`].
    pub fn poll_transmit(&mut self) -> Option<(ConnectionId, Bytes)> {
        let polled = self.session.poll_transmit();
        self.polled.transmit += u64::from(polled.is_some());
        polled
    }

    /// See [`Session::poll_action`].
    pub fn poll_action(&mut self) -> Option<Action> {
        let polled = self.session.poll_action();
        self.polled.actions += u64::from(polled.is_some());
        if let Some(Action::Close(id)) = polled {
            self.left.remove(&id);
        }
        polled
    }

    /// See [`Session::poll_event`].
    pub fn poll_event(&mut self) -> Option<Event> {
        let polled = self.session.poll_event();
        self.polled.events += u64::from(polled.is_some());
        polled
    }
}

/// Runs a record of a [`Recorder`] again, step by step.
#[derive(Debug, Clone)]
pub struct Replay {
    session: Session,
    log: Reader,
    now: Duration,
    buffers: BTreeMap<ConnectionId, BytesMut>,
}

/// One input, and what the session made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayStep {
    /// When it was
    pub now: Duration,
    /// What was put in
    pub input: Input,
    /// What was polled then, before the next input
    pub transmit: Vec<(ConnectionId, Bytes)>,
    /// The same of actions
    pub actions: Vec<Action>,
    /// The same of events
    pub events: Vec<Event>,
}

/// A record that cannot be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The first octets are others.
    #[error("this is no record of a session, or one of another version")]
    NotARecord,
    /// It ends in the middle of an input, or says what no recorder writes.
    #[error("the record is damaged at octet {offset}")]
    Damaged {
        /// Where
        offset: usize,
    },
}

impl Replay {
    /// Begins anew with what [`Recorder::record`] gave.
    ///
    /// # Errors
    /// When it is no record.
    pub fn new(record: impl Into<Bytes>) -> Result<Self, ReplayError> {
        let mut log = Reader::new(record.into());
        if log.octets(MAGIC.len()).as_deref() != Some(MAGIC) {
            return Err(ReplayError::NotARecord);
        }
        let seed = log.number();
        let config = config::read(&mut log);
        let (Some(seed), Some(config)) = (seed, config) else { return Err(log.damaged()) };
        let (session, now) = (Session::new(config, seed), Duration::ZERO);
        Ok(Self { session, log, now, buffers: BTreeMap::new() })
    }

    /// The session as it is after the last step.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Puts in the next input; `None`: there is none.
    ///
    /// # Errors
    /// Where the record is damaged.
    pub fn step(&mut self) -> Result<Option<ReplayStep>, ReplayError> {
        if self.log.is_empty() {
            return Ok(None);
        }
        let Some(input) = self.read_input() else { return Err(self.log.damaged()) };
        self.put_in(&input);
        let most = self.next_polls();
        let Some(Polls { transmit, actions, events }) = most else {
            return Err(self.log.damaged());
        };
        let session = &mut self.session;
        Ok(Some(ReplayStep {
            now: self.now,
            input,
            transmit: take(transmit, || session.poll_transmit()),
            actions: take(actions, || session.poll_action()),
            events: take(events, || session.poll_event()),
        }))
    }

    fn read_input(&mut self) -> Option<Input> {
        let head = self.log.octet()?;
        if head & input::PARTLY_POLLED != 0 {
            // They were looked at before: see `next_polls`.
            read_polls(&mut self.log)?;
        }
        self.now = self.now.checked_add(self.log.duration()?)?;
        Input::read(head & !input::PARTLY_POLLED, &mut self.log)
    }

    /// How much was polled before the next input.
    fn next_polls(&self) -> Option<Polls> {
        let all = Polls { transmit: u64::MAX, actions: u64::MAX, events: u64::MAX };
        let mut log = self.log.clone();
        match log.octet() {
            Some(head) if head & input::PARTLY_POLLED != 0 => read_polls(&mut log),
            _ => Some(all),
        }
    }

    fn put_in(&mut self, input: &Input) {
        let (session, now) = (&mut self.session, self.now);
        match input {
            Input::Start => session.start(now),
            Input::Stop(why, text) => session.stop_saying(now, *why, text),
            Input::Reset(why, text) => session.reset_saying(now, *why, text),
            Input::SetRestarted(restarted) => session.set_restarted(*restarted),
            Input::Connected(id, ends) => session.handle_connected(now, *id, *ends),
            Input::ConnectFailed(id, text) => {
                session.handle_connect_failed(now, *id, text.clone());
            }
            Input::Accepted(ends) => drop(session.handle_accepted(now, *ends)),
            Input::Disconnected(id) => session.handle_disconnected(now, *id),
            Input::Neighbor(address) => session.handle_neighbor(now, *address),
            Input::Blocked(id) => session.handle_blocked(now, *id),
            Input::Written(id) => session.handle_written(now, *id),
            Input::Backlog(id) => session.handle_backlog(now, *id),
            Input::Bytes(id, bytes) => {
                let buffer = self.buffers.entry(*id).or_default();
                buffer.extend_from_slice(bytes);
                session.handle_input(now, *id, buffer);
                if buffer.is_empty() {
                    self.buffers.remove(id);
                }
            }
            Input::Timeout => session.handle_timeout(now),
            Input::UpdateSent(messages) => session.update_sent(now, *messages),
            Input::RequestRefresh(family) => drop(session.request_refresh(now, *family)),
            Input::ChangeFilters(family, update) => {
                session.change_filters(now, *family, update.clone());
            }
        }
    }
}

fn read_polls(log: &mut Reader) -> Option<Polls> {
    Some(Polls { transmit: log.number()?, actions: log.number()?, events: log.number()? })
}

/// At most `most` of what is polled.
fn take<T>(most: u64, mut poll: impl FnMut() -> Option<T>) -> Vec<T> {
    (0..most).map_while(|_| poll()).collect()
}

#[cfg(test)]
mod tests;
