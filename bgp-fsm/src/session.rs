//! One neighbour.

mod input;
mod machine;
mod refresh;
mod view;

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::net::IpAddr;
use core::time::Duration;

use bgp_wire::{Family, MessageType, Notification, NotificationCode};
use bytes::Bytes;

use crate::config::SessionConfig;
use crate::connection::{Connection, Transport};
use crate::error::{ConnectError, DownReason, IdleHoldTime, LastError};
use crate::event::{Action, ConnectionId, Endpoints, Event, Shutdown};
use crate::fsm::{FsmEvent, State};
use crate::limit::Limit;
use crate::negotiate::{Families, Negotiated};
use crate::offer::Refused;
use crate::orf::PrefixFilters;
use crate::retention::Retention;
use crate::session::machine::Detail;
use crate::statistics::Statistics;
use crate::timer::{Jitter, Timer};

/// Events that may wait before [`Session::handle_input`] takes no more messages: so few that they stay in the
/// processor's nearest cache until they are polled.
const MOST_EVENTS: usize = 32;

/// A connection that comes so soon after the session was established is one of two that were made at once
/// (RFC 4271 §6.8), and not that of a neighbour that has restarted (RFC 4724 §4.2).
const COLLISION_TIME: Duration = Duration::from_secs(3);

/// One configured neighbour: up to two connections at a time (RFC 4271 §6.8), of which one is left when the
/// session is established.
///
/// # Contract
///
/// - `handle_*` put something in: connections, bytes, the time. [`start`](Self::start), [`stop`](Self::stop)
///   and the like are commands. None of them does I/O. `now` is the time since an epoch of the caller's
///   choice and never goes back.
/// - After any of these, call [`poll_transmit`](Self::poll_transmit), [`poll_action`](Self::poll_action) and
///   [`poll_event`](Self::poll_event) until all three return `None`, in any order. An [`Action::Close`] does
///   not come before all that has to be sent on its connection has been polled, nor does what is behind it.
/// - Then wait until [`poll_timeout`](Self::poll_timeout), at most, and call
///   [`handle_timeout`](Self::handle_timeout). Bytes that were received before are best put in first.
/// - [`handle_input`](Self::handle_input) takes whole messages from the front of the buffer and leaves the
///   rest there: append to it what comes next. It also stops when many events wait, so that a neighbour
///   cannot fill the memory: poll them, then call it again, also without new bytes.
/// - The session makes the [`ConnectionId`]s. Each ends with one [`Action::Close`], also one whose end the
///   host has reported itself. Calls with a number that has ended have no effect.
/// - UPDATEs never come from `poll_transmit`. The host writes them to the connection of
///   [`established`](Self::established), in the format of [`Negotiated::send`], between whole messages, and
///   tells with [`update_sent`](Self::update_sent) how many. The same goes for the marks of an enhanced refresh
///   ([`Negotiated::enhanced_refresh`]), which stand between UPDATEs.
/// - A host that cannot write, or has not the time to read, says so with
///   [`handle_blocked`](Self::handle_blocked) and [`handle_backlog`](Self::handle_backlog).
///
/// A clone is a session of its own, in the same state: what is done to it shows what would happen.
///
/// The crate's documentation has the whole run loop.
#[derive(Debug, Clone)]
pub struct Session {
    config: Arc<SessionConfig>,
    /// Two state machines, for a connection that was dialled and one that was accepted (RFC 4271 §8.2.1). One
    /// that has nothing to do is in Idle.
    connections: [Connection; 2],
    started: bool,
    /// This speaker has restarted (the R bit of RFC 4724 §3).
    restarted: bool,
    /// Where the neighbour is, for one that is unnumbered.
    neighbor: Option<IpAddr>,
    /// The host has said so; else it has connected from there.
    neighbor_told: bool,
    /// When IdleHoldTimer expires.
    idle_until: Option<Duration>,
    idle_hold: IdleHoldTime,
    last_error: Option<LastError>,
    /// What the neighbour does not want in our OPEN.
    refused: Refused,
    retention: Retention,
    /// Families whose End-of-RIB marker came on this session.
    ends_of_rib: Families,
    /// Filters that the neighbour has put up on this session, by family.
    filters: alloc::vec::Vec<(Family, PrefixFilters)>,
    notifications: Limit,
    next_id: u64,
    jitter: Jitter,
    transmit: VecDeque<(ConnectionId, Bytes)>,
    actions: VecDeque<Action>,
    events: VecDeque<Event>,
    statistics: Statistics,
}

impl Session {
    /// A session that does nothing until [`Session::start`]. `seed` determines the jitter of its timers. Many
    /// sessions may share a configuration.
    pub fn new(config: impl Into<Arc<SessionConfig>>, seed: u64) -> Self {
        let config = config.into();
        Self {
            notifications: Limit::new(config.notification_limit.0),
            config,
            connections: [Connection::idle(), Connection::idle()],
            started: false,
            restarted: false,
            neighbor: None,
            neighbor_told: false,
            idle_until: None,
            idle_hold: IdleHoldTime::default(),
            last_error: None,
            refused: Refused::default(),
            retention: Retention::default(),
            ends_of_rib: Families::new(),
            filters: alloc::vec::Vec::new(),
            next_id: 0,
            jitter: Jitter::new(seed),
            transmit: VecDeque::new(),
            actions: VecDeque::new(),
            events: VecDeque::new(),
            statistics: Statistics::default(),
        }
    }

    /// ManualStart: begins to dial, or to wait for the neighbour. Ends a pause after an error. Has no effect
    /// on a session that is started and not in Idle.
    pub fn start(&mut self, now: Duration) {
        if self.state() == State::Idle {
            self.started = true;
            self.refused = Refused::default();
            self.idle_hold = IdleHoldTime::default();
            self.begin(now, self.config.connect_delay_time, true);
        }
    }

    /// ManualStop: ends all connections, with a Cease where an OPEN was sent, and lets go of all routes.
    pub fn stop(&mut self, now: Duration, why: Shutdown) {
        self.stop_saying(now, why, "");
    }

    /// As [`Session::stop`], with a word to the neighbour's operator: at most 255 octets (RFC 9003), and only
    /// with [`Shutdown::AdministrativeShutdown`] and [`Shutdown::AdministrativeReset`].
    pub fn stop_saying(&mut self, now: Duration, why: Shutdown, communication: &str) {
        self.started = false;
        self.idle_until = None;
        let retained = !self.retention.is_empty();
        self.retention.clear();
        let running = self.state() != State::Idle;
        for index in 0..self.connections.len() {
            let notification = why.notification(communication);
            let detail = Detail { notification, ..Detail::default() };
            self.step(now, index, FsmEvent::ManualStop, detail);
        }
        if running || retained {
            self.tell_down(DownReason::Stopped(why));
        }
    }

    /// AutomaticStop: ends all connections as [`Session::stop`] does, and begins anew: after IdleHoldTime,
    /// unless `why` says that it is not the neighbour's fault.
    pub fn reset(&mut self, now: Duration, why: Shutdown) {
        self.reset_saying(now, why, "");
    }

    /// As [`Session::reset`], with a word as in [`Session::stop_saying`].
    pub fn reset_saying(&mut self, now: Duration, why: Shutdown, communication: &str) {
        let running = [0, 1].map(|index| self.state_of(index) != State::Idle);
        for index in (0..2).filter(|index| running[*index]) {
            let detail = match why.notification(communication) {
                Some(notification) => Detail::answer(notification),
                None => Detail::because(DownReason::Stopped(why)),
            };
            self.step(now, index, FsmEvent::AutomaticStop, detail);
        }
    }

    /// Whether this speaker has restarted and has not selected its routes yet (RFC 4724 §4.1: the Restart State
    /// bit), for OPENs that are sent from now on. See [`Deferral`](crate::Deferral).
    pub fn set_restarted(&mut self, restarted: bool) {
        self.restarted = restarted;
    }

    /// The connection asked for by [`Action::Connect`] is up.
    pub fn handle_connected(&mut self, now: Duration, id: ConnectionId, ends: Endpoints) {
        let Some(index) = self.index_of(id) else { return };
        if let Some(transport) = &mut self.connections[index].transport
            && transport.ends.is_none()
        {
            transport.ends = Some(ends);
            self.step(now, index, FsmEvent::TcpCrAcked, Detail::default());
        }
    }

    /// The connection asked for by [`Action::Connect`] could not be made.
    pub fn handle_connect_failed(
        &mut self,
        now: Duration,
        id: ConnectionId,
        reason: impl Into<ConnectError>,
    ) {
        self.connection_fails(now, id, DownReason::ConnectFailed(reason.into()));
    }

    /// The neighbour has connected. `None`: this is refused, and the caller closes it.
    ///
    /// That is so in Idle, from another address than the one that an unnumbered neighbour has, when there are two
    /// connections already, and when the session is established (RFC 4271 §6.8); but then, if the neighbour may be
    /// restarting, the new connection takes the place of the old one (RFC 4724 §5).
    pub fn handle_accepted(&mut self, now: Duration, ends: Endpoints) -> Option<ConnectionId> {
        let elsewhere = self.neighbor.is_some_and(|neighbor| neighbor != ends.remote.ip());
        if self.config.unnumbered && self.neighbor_told && elsewhere {
            return None;
        }
        if self.state() == State::Established {
            self.neighbor_restarted(now)?;
        }
        if self.state() == State::Idle {
            return None;
        }
        let index = match self.connections.iter().position(Connection::waits) {
            Some(index) => index,
            None => self.connections.iter().position(|other| other.state == State::Idle)?,
        };
        if self.config.unnumbered {
            self.neighbor = Some(ends.remote.ip());
        }
        let id = self.new_id();
        let connection = &mut self.connections[index];
        connection.state = State::Active;
        connection.transport = Some(Transport::accepted(id, ends));
        self.step(now, index, FsmEvent::TcpConnectionConfirmed, Detail::default());
        Some(id)
    }

    /// `None`: the neighbour cannot have restarted.
    fn neighbor_restarted(&mut self, now: Duration) -> Option<()> {
        let index = self.established_index()?;
        let since = self.statistics.since.unwrap_or(now);
        let restarts = self.connections[index].negotiated()?.survives_restart();
        if !restarts || now.saturating_sub(since) < COLLISION_TIME {
            return None;
        }
        let detail = Detail::because(DownReason::Restarted);
        self.step(now, index, FsmEvent::NeighborRestarted, detail);
        Some(())
    }

    /// The other side has closed or reset a connection.
    pub fn handle_disconnected(&mut self, now: Duration, id: ConnectionId) {
        self.connection_fails(now, id, DownReason::ConnectionLost);
    }

    fn connection_fails(&mut self, now: Duration, id: ConnectionId, reason: DownReason) {
        let Some(index) = self.index_of(id) else { return };
        self.transmit.retain(|(other, _)| *other != id);
        self.step(now, index, FsmEvent::TcpConnectionFails, Detail::because(reason));
    }

    /// Where an unnumbered neighbour is ([`SessionConfig::unnumbered`]): its link-local address was learned, as
    /// from a router advertisement, or is no longer known. It is dialled only while it is, and connections with
    /// another address end. Of other sessions the host knows the address itself.
    pub fn handle_neighbor(&mut self, now: Duration, address: Option<IpAddr>) {
        if !self.config.unnumbered {
            return;
        }
        self.neighbor_told = address.is_some();
        if address == self.neighbor {
            return;
        }
        self.neighbor = address;
        for index in 0..self.connections.len() {
            let Some(transport) = &self.connections[index].transport else { continue };
            let gone = match transport.ends {
                Some(ends) => address.is_some_and(|address| address != ends.remote.ip()),
                // It is being dialled, at the address of before.
                None => true,
            };
            if gone {
                self.handle_disconnected(now, transport.id);
            }
        }
        if let Some(index) = self.connections.iter().position(Connection::waits) {
            self.connections[index].timers.stop(Timer::ConnectRetry);
            self.start_timer(now, index, Timer::ConnectRetry, self.config.connect_delay_time);
        }
    }

    /// A connection takes no more bytes for now, and some wait: when that lasts for SendHoldTime the neighbour
    /// counts as gone (RFC 9687). Has no effect when said again.
    pub fn handle_blocked(&mut self, now: Duration, id: ConnectionId) {
        let Some(index) = self.index_of(id) else { return };
        let connection = &mut self.connections[index];
        let hold_time = connection.negotiated().map(|negotiated| negotiated.hold_time);
        if let Some(time) = hold_time.and_then(|hold_time| self.config.send_hold_time(hold_time))
            && !connection.timers.is_running(Timer::SendHold)
        {
            connection.timers.set(Timer::SendHold, now.saturating_add(time));
        }
    }

    /// A connection has taken bytes after [`Session::handle_blocked`].
    pub fn handle_written(&mut self, _now: Duration, id: ConnectionId) {
        if let Some(index) = self.index_of(id) {
            self.connections[index].timers.stop(Timer::SendHold);
        }
    }

    /// Bytes of the neighbour wait that the host has not had the time to put in: the neighbour is not gone,
    /// whatever HoldTimer says. To be called before [`Session::handle_timeout`]. Bytes that
    /// [`Session::handle_input`] has left because events wait need no mention.
    pub fn handle_backlog(&mut self, now: Duration, id: ConnectionId) {
        if let Some(index) = self.index_of(id) {
            self.spare(now, index);
        }
    }

    /// Puts off HoldTimer where it is about to expire.
    fn spare(&mut self, now: Duration, index: usize) {
        let connection = &mut self.connections[index];
        let third = connection.negotiated().map_or(Duration::ZERO, |one| one.hold_time / 3);
        let until = now.saturating_add(third.clamp(LEAST_BACKLOG, MOST_BACKLOG));
        if connection.timers.at(Timer::Hold).is_some_and(|at| at < until) {
            connection.timers.set(Timer::Hold, until);
        }
    }

    /// Lets the timers that have expired take effect.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.shrink();
        let events = &mut self.events;
        self.retention.handle_timeout(now, |event| events.push_back(event));
        if self.idle_until.is_some_and(|at| at <= now) {
            self.begin(now, self.redial_delay(), false);
        }
        for index in 0..self.connections.len() {
            for timer in Timer::OF_CONNECTION {
                if timer == Timer::Hold && self.connections[index].backlog {
                    self.spare(now, index);
                }
                if !self.connections[index].timers.take_expired(timer, now) {
                    continue;
                }
                let answer = |code| Detail::answer(Notification::new(code, 0));
                let (event, detail) = match timer {
                    Timer::ConnectRetry => (FsmEvent::ConnectRetryTimerExpires, Detail::default()),
                    Timer::Hold => {
                        (FsmEvent::HoldTimerExpires, answer(NotificationCode::HOLD_TIMER_EXPIRED))
                    }
                    Timer::SendHold => (
                        FsmEvent::SendHoldTimerExpires,
                        answer(NotificationCode::SEND_HOLD_TIMER_EXPIRED),
                    ),
                    Timer::Keepalive => (FsmEvent::KeepaliveTimerExpires, Detail::default()),
                    Timer::DelayOpen => (FsmEvent::DelayOpenTimerExpires, Detail::default()),
                    Timer::IdleHold | Timer::Stale => continue,
                };
                self.step(now, index, event, detail);
            }
        }
    }

    /// A session that has nothing to say needs no space for it.
    fn shrink(&mut self) {
        if self.events.is_empty() && self.events.capacity() > 0 {
            self.events = VecDeque::new();
        }
        if self.transmit.is_empty() && self.transmit.capacity() > 2 {
            self.transmit = VecDeque::new();
        }
        if self.actions.is_empty() && self.actions.capacity() > 0 {
            self.actions = VecDeque::new();
        }
    }

    pub(crate) fn send_due_keepalives(&mut self, now: Duration) {
        for index in 0..self.connections.len() {
            let due = self.connections[index].timers.at(Timer::Keepalive);
            if due.is_some_and(|at| at <= now) {
                self.step(now, index, FsmEvent::KeepaliveTimerExpires, Detail::default());
            }
        }
    }

    /// The host has written `messages` UPDATEs to the established connection: KeepaliveTimer starts anew
    /// (RFC 4271 §8.2.2).
    pub fn update_sent(&mut self, now: Duration, messages: u32) {
        if let Some(index) = self.established_index().filter(|_| messages > 0) {
            self.statistics.sent.count(MessageType::UPDATE, messages);
            self.start_keepalive(now, index);
        }
    }

    /// The next whole message to send, and on which connection: any but UPDATEs.
    pub fn poll_transmit(&mut self) -> Option<(ConnectionId, Bytes)> {
        self.transmit.pop_front()
    }

    /// The next thing for the host to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        // None comes before an earlier one, so that their order does not depend on how the host polls.
        if let Some(Action::Close(id)) = self.actions.front()
            && self.transmit.iter().any(|(other, _)| other == id)
        {
            return None;
        }
        self.actions.pop_front()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Session::handle_timeout`] wants to be called; `None`: no time matters.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let timers = self.connections.iter().filter_map(|connection| connection.timers.next());
        timers.chain(self.idle_until).chain(self.retention.next_timeout()).min()
    }

    /// How much waits to be polled: messages, actions, events.
    pub(crate) fn waiting(&self) -> (usize, usize, usize) {
        (self.transmit.len(), self.actions.len(), self.events.len())
    }

    fn tell_down(&mut self, reason: DownReason) {
        let retained = self.retention.families();
        self.events.push_back(Event::Down { reason, retained });
    }

    fn new_id(&mut self) -> ConnectionId {
        self.next_id += 1;
        ConnectionId(self.next_id)
    }

    fn index_of(&self, id: ConnectionId) -> Option<usize> {
        self.connections.iter().position(|connection| connection.has(id))
    }

    fn established_index(&self) -> Option<usize> {
        self.connections.iter().position(|connection| connection.state == State::Established)
    }

    fn state_of(&self, index: usize) -> State {
        self.connections[index].state
    }

    fn negotiated(&self) -> Option<&Negotiated> {
        self.connections[self.established_index()?].negotiated()
    }
}

/// By how much HoldTimer is put off while bytes wait to be read.
const LEAST_BACKLOG: Duration = Duration::from_secs(1);
const MOST_BACKLOG: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
