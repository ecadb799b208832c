//! One neighbour.

mod machine;

use alloc::collections::VecDeque;
use core::time::Duration;

use bgp_wire::{
    Context, Disposition, Family, Frame, Message, MessageError, MessageType, Notification,
    NotificationCode, Open, RefreshSubtype, RouteRefresh, WhenToRefresh, split_frame, subcode,
};
use bytes::{Bytes, BytesMut};

use crate::collision::keep_dialled;
use crate::config::SessionConfig;
use crate::connection::{Connection, Transport};
use crate::error::{ConnectError, DownReason, IdleHoldTime, LastError};
use crate::event::{Action, ConnectionId, Endpoints, Event, Shutdown, Statistics};
use crate::fsm::{FsmEvent, State};
use crate::negotiate::{Negotiated, check, negotiate, only_negotiated};
use crate::session::machine::Detail;
use crate::timer::{Jitter, Timer};

/// Events that may wait before [`Session::handle_input`] takes no more messages.
const MOST_EVENTS: usize = 256;

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
///   not come before all that has to be sent on its connection has been polled.
/// - Then wait until [`poll_timeout`](Self::poll_timeout), at most, and call
///   [`handle_timeout`](Self::handle_timeout). Bytes that were received before are best put in first.
/// - [`handle_input`](Self::handle_input) takes whole messages from the front of the buffer and leaves the
///   rest there: append to it what comes next. It also stops when many events wait, so that a neighbour
///   cannot fill the memory: poll them, then call it again, also without new bytes.
/// - The session makes the [`ConnectionId`]s. Each ends with one [`Action::Close`], also one whose end the
///   host has reported itself. Calls with a number that has ended have no effect.
/// - UPDATEs never come from `poll_transmit`. The host writes them to the connection of
///   [`established`](Self::established), in the format of [`Negotiated::send`], between whole messages, and
///   tells with [`update_sent`](Self::update_sent) how many.
///
/// The crate's documentation has the whole run loop.
#[derive(Debug, Clone)]
pub struct Session {
    config: SessionConfig,
    /// Two state machines, for a connection that was dialled and one that was accepted (RFC 4271 §8.2.1). One
    /// that has nothing to do is in Idle.
    connections: [Connection; 2],
    started: bool,
    /// When IdleHoldTimer expires.
    idle_until: Option<Duration>,
    idle_hold: IdleHoldTime,
    last_error: Option<LastError>,
    /// Whether capabilities are offered: not while the neighbour refuses them.
    capabilities: bool,
    next_id: u64,
    jitter: Jitter,
    transmit: VecDeque<(ConnectionId, Bytes)>,
    actions: VecDeque<Action>,
    events: VecDeque<Event>,
    statistics: Statistics,
}

impl Session {
    /// A session that does nothing until [`Session::start`]. `seed` determines the jitter of its timers.
    pub fn new(config: SessionConfig, seed: u64) -> Self {
        Self {
            config,
            connections: [Connection::idle(), Connection::idle()],
            started: false,
            idle_until: None,
            idle_hold: IdleHoldTime::default(),
            last_error: None,
            capabilities: true,
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
            self.capabilities = true;
            self.idle_hold = IdleHoldTime::default();
            self.begin(now, self.config.connect_delay_time, true);
        }
    }

    /// ManualStop: ends all connections, with a Cease where an OPEN was sent.
    pub fn stop(&mut self, now: Duration, why: Shutdown) {
        self.started = false;
        self.idle_until = None;
        let running = self.state() != State::Idle;
        for index in 0..self.connections.len() {
            let detail = Detail { notification: why.notification(), ..Detail::default() };
            self.step(now, index, FsmEvent::ManualStop, detail);
        }
        if running {
            self.events.push_back(Event::Down(DownReason::Stopped(why)));
        }
    }

    /// AutomaticStop: ends all connections as [`Session::stop`] does, and begins anew: after IdleHoldTime,
    /// unless `why` says that it is not the neighbour's fault.
    pub fn reset(&mut self, now: Duration, why: Shutdown) {
        let running = [0, 1].map(|index| self.state_of(index) != State::Idle);
        for index in (0..2).filter(|index| running[*index]) {
            let detail = match why.notification() {
                Some(notification) => Detail::answer(notification),
                None => Detail::because(DownReason::Stopped(why)),
            };
            self.step(now, index, FsmEvent::AutomaticStop, detail);
        }
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
    /// That is so in Idle, when there are two connections already, and when the session is established: see
    /// RFC 4271 §6.8.
    pub fn handle_accepted(&mut self, now: Duration, ends: Endpoints) -> Option<ConnectionId> {
        if matches!(self.state(), State::Idle | State::Established) {
            return None;
        }
        let waits = |connection: &Connection| {
            connection.state == State::Active && connection.transport.is_none()
        };
        let index = match self.connections.iter().position(waits) {
            Some(index) => index,
            None => self.connections.iter().position(|other| other.state == State::Idle)?,
        };
        let id = self.new_id();
        let connection = &mut self.connections[index];
        connection.state = State::Active;
        connection.transport = Some(Transport::accepted(id, ends));
        self.step(now, index, FsmEvent::TcpConnectionConfirmed, Detail::default());
        Some(id)
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

    /// Bytes came: takes whole messages off the front of `data`, as long as not too many events wait to be
    /// polled.
    pub fn handle_input(&mut self, now: Duration, id: ConnectionId, data: &mut BytesMut) {
        // However much comes in, these go out in time.
        self.send_due_keepalives(now);
        while self.events.len() < MOST_EVENTS {
            let Some(index) = self.index_of(id) else {
                // The connection is being closed: what still comes means nothing.
                data.clear();
                return;
            };
            let connection = &self.connections[index];
            if !connection.is_open() {
                return;
            }
            let established = connection.state == State::Established;
            let negotiated = connection.negotiated().filter(|_| established);
            let plain = Context::default();
            let context = negotiated.map_or(&plain, |negotiated| &negotiated.receive);
            match split_frame(data, context) {
                Ok(None) => return,
                Ok(Some(frame)) => {
                    self.statistics.received.count(frame.kind, 1);
                    match self.decode(index, &frame) {
                        Ok((event, detail)) => self.step(now, index, event, detail),
                        Err(Some(error)) => self.malformed(now, index, error),
                        Err(None) => {}
                    }
                }
                Err(error) => self.malformed(now, index, error.into()),
            }
        }
    }

    fn malformed(&mut self, now: Duration, index: usize, error: MessageError) {
        let (event, kind) = match error {
            MessageError::Open(_) => (FsmEvent::BgpOpenMsgErr, Some(MessageType::OPEN)),
            MessageError::Update(_) => (FsmEvent::UpdateMsgErr, Some(MessageType::UPDATE)),
            _ => (FsmEvent::BgpHeaderErr, None),
        };
        self.step(now, index, event, Detail { kind, ..Detail::malformed(error) });
    }

    /// The event that a message is. `Err(None)`: none.
    fn decode(
        &mut self,
        index: usize,
        frame: &Frame,
    ) -> Result<(FsmEvent, Detail), Option<MessageError>> {
        let connection = &self.connections[index];
        let of = Detail::of(frame.kind);
        let negotiated = match (connection.state, connection.negotiated()) {
            (State::Established, Some(negotiated)) => negotiated,
            // Whatever is in them, they are not expected yet.
            _ if frame.kind == MessageType::UPDATE => return Ok((FsmEvent::UpdateMsg, of)),
            _ if frame.kind == MessageType::ROUTE_REFRESH => {
                return Ok((FsmEvent::RouteRefreshMsg, of));
            }
            _ => return self.decode_opening(index, frame),
        };
        let deliver = |event| Detail { deliver: Some(event), ..Detail::of(frame.kind) };
        let message = Message::decode(frame, &negotiated.receive)?;
        // RFC 7606 §3 j leaves the choice between the end of the family and that of the session.
        if let Message::Update(update) = &message
            && let Some(Disposition::DisableFamily(family)) = update.disposition()
            // Those of others are to be ignored anyway (RFC 4760 §7).
            && negotiated.families.contains(&family)
            && let Some(flaw) = update.flaws().iter().max_by_key(|flaw| flaw.disposition)
        {
            return Err(Some(flaw.error.clone().into()));
        }
        Ok(match message {
            Message::Open(_) => (FsmEvent::BgpOpen, of),
            Message::Keepalive => (FsmEvent::KeepAliveMsg, of),
            Message::Notification(notification) => Self::notified(notification),
            Message::Update(update) => match only_negotiated(update, negotiated) {
                Some(update) => (FsmEvent::UpdateMsg, deliver(Event::Update(update))),
                None => (FsmEvent::UpdateMsg, of),
            },
            Message::RouteRefresh(refresh) => {
                // RFC 2918 §4: others are ignored; so are the subtypes of RFC 7313, which is not offered. So
                // are filters, but a request that comes with them is one unless it defers (RFC 5291 §6).
                let deferred =
                    refresh.orf.as_ref().is_some_and(|orf| orf.when == WhenToRefresh::DEFER);
                let wanted = refresh.subtype == RefreshSubtype::REQUEST
                    && !deferred
                    && negotiated.route_refresh
                    && negotiated.families.contains(&refresh.family);
                let event = Event::RouteRefresh(refresh);
                (FsmEvent::RouteRefreshMsg, if wanted { deliver(event) } else { of })
            }
            // `Message` may grow; framing lets only known types through.
            _ => return Err(None),
        })
    }

    /// Before the session is established.
    fn decode_opening(
        &mut self,
        index: usize,
        frame: &Frame,
    ) -> Result<(FsmEvent, Detail), Option<MessageError>> {
        Ok(match Message::decode(frame, &Context::default())? {
            Message::Open(open) => return self.decode_open(index, &open),
            Message::Keepalive => (FsmEvent::KeepAliveMsg, Detail::of(frame.kind)),
            Message::Notification(notification) => Self::notified(notification),
            _ => return Err(None),
        })
    }

    fn notified(notification: Notification) -> (FsmEvent, Detail) {
        let version = notification.code == NotificationCode::OPEN_MESSAGE
            && notification.subcode == subcode::open::UNSUPPORTED_VERSION_NUMBER;
        let event = if version { FsmEvent::NotifMsgVerErr } else { FsmEvent::NotifMsg };
        (event, Detail::because(DownReason::Received(notification)))
    }

    /// Checks and negotiates; the first OPEN of a connection only.
    fn decode_open(
        &mut self,
        index: usize,
        open: &Open,
    ) -> Result<(FsmEvent, Detail), Option<MessageError>> {
        let connection = &mut self.connections[index];
        let of = Detail::of(MessageType::OPEN);
        if connection.state > State::OpenSent {
            return Ok((FsmEvent::BgpOpen, of));
        }
        let delayed = connection.timers.is_running(Timer::DelayOpen);
        if let Some(transport) = &mut connection.transport
            && let Some(ends) = transport.ends
        {
            check(&self.config, open).map_err(MessageError::from)?;
            let local =
                transport.local.clone().unwrap_or_else(|| self.config.open(self.capabilities));
            let negotiated =
                negotiate(&self.config, &local, open, ends).map_err(MessageError::from)?;
            transport.negotiated = Some(negotiated.into());
        }
        let event =
            if delayed { FsmEvent::BgpOpenWithDelayOpenTimerRunning } else { FsmEvent::BgpOpen };
        Ok((event, of))
    }

    /// RFC 4271 §6.8, for a connection whose OPEN has just come: ends it, or the other one, or none. Tells
    /// whether it is left.
    fn resolve_collision(&mut self, now: Duration, index: usize) -> bool {
        let other = 1 - index;
        if !self.connections[other].is_open() {
            // One connection is enough. No OPEN was sent on the other, so nobody can have decided for it.
            self.clear(other);
            return true;
        }
        let connection = &self.connections[index];
        let (Some(transport), Some(negotiated)) = (&connection.transport, connection.negotiated())
        else {
            return true;
        };
        if self.state_of(other) < State::OpenConfirm {
            return true;
        }
        let local = (self.config.router_id, self.config.local_as);
        let remote = (negotiated.remote_id, negotiated.remote_as);
        let stays = transport.dialled == keep_dialled(local, remote);
        let loser = if stays { other } else { index };
        let subcode = subcode::cease::CONNECTION_COLLISION_RESOLUTION;
        let notification = Notification::new(NotificationCode::CEASE, subcode);
        self.step(now, loser, FsmEvent::OpenCollisionDump, Detail::answer(notification));
        stays
    }

    /// Lets the timers that have expired take effect.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.idle_until.is_some_and(|at| at <= now) {
            self.begin(now, self.redial_delay(), false);
        }
        for index in 0..self.connections.len() {
            for timer in Timer::ALL {
                if !self.connections[index].timers.take_expired(timer, now) {
                    continue;
                }
                let (event, detail) = match timer {
                    Timer::ConnectRetry => (FsmEvent::ConnectRetryTimerExpires, Detail::default()),
                    Timer::Hold => {
                        let expired = Notification::new(NotificationCode::HOLD_TIMER_EXPIRED, 0);
                        (FsmEvent::HoldTimerExpires, Detail::answer(expired))
                    }
                    Timer::Keepalive => (FsmEvent::KeepaliveTimerExpires, Detail::default()),
                    Timer::DelayOpen => (FsmEvent::DelayOpenTimerExpires, Detail::default()),
                    Timer::IdleHold => continue,
                };
                self.step(now, index, event, detail);
            }
        }
    }

    fn send_due_keepalives(&mut self, now: Duration) {
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
        if let Some(index) = self.established_index() {
            self.statistics.sent.count(MessageType::UPDATE, messages);
            self.start_keepalive(now, index);
        }
    }

    /// Asks the neighbour for all routes of a family again (RFC 2918). False when it does not know how, or
    /// not the family, or the session is not established.
    pub fn request_refresh(&mut self, _now: Duration, family: Family) -> bool {
        let Some((id, negotiated)) = self.established() else { return false };
        if !negotiated.route_refresh || !negotiated.families.contains(&family) {
            return false;
        }
        self.send(id, &Message::RouteRefresh(RouteRefresh::request(family)));
        true
    }

    /// The next whole message to send, and on which connection: any but UPDATEs.
    pub fn poll_transmit(&mut self) -> Option<(ConnectionId, Bytes)> {
        self.transmit.pop_front()
    }

    /// The next thing for the host to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        let waits = |action: &Action| match action {
            Action::Connect(_) => false,
            Action::Close(id) => self.transmit.iter().any(|(other, _)| other == id),
        };
        let ready = self.actions.iter().position(|action| !waits(action))?;
        self.actions.remove(ready)
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Session::handle_timeout`] wants to be called; `None`: no time matters.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let timers = self.connections.iter().filter_map(|connection| connection.timers.next());
        timers.chain(self.idle_until).min()
    }

    /// The state of the furthest connection.
    pub fn state(&self) -> State {
        self.connections.iter().map(|connection| connection.state).max().unwrap_or(State::Idle)
    }

    /// The established connection and what holds on it.
    pub fn established(&self) -> Option<(ConnectionId, &Negotiated)> {
        let connection = self.connections.get(self.established_index()?)?;
        Some((connection.transport.as_ref()?.id, connection.negotiated()?))
    }

    /// Both ends of the furthest open connection.
    pub fn endpoints(&self) -> Option<Endpoints> {
        let open = self.connections.iter().filter(|connection| connection.is_open());
        open.max_by_key(|connection| connection.state)?.transport.as_ref()?.ends
    }

    /// The last error, if there ever was one.
    pub const fn last_error(&self) -> Option<&LastError> {
        self.last_error.as_ref()
    }

    /// Time until a timer of the furthest connection expires, if it runs.
    pub fn timer_left(&self, timer: Timer, now: Duration) -> Option<Duration> {
        let at = match timer {
            Timer::IdleHold => self.idle_until,
            // There may be an attempt to connect beside an accepted connection.
            Timer::ConnectRetry => self.connections.iter().find_map(|one| one.timers.at(timer)),
            _ => self.connections.iter().max_by_key(|one| one.state)?.timers.at(timer),
        };
        Some(at?.saturating_sub(now))
    }

    /// Time until the neighbour counts as gone, if HoldTimer runs.
    pub fn hold_timer_left(&self, now: Duration) -> Option<Duration> {
        self.timer_left(Timer::Hold, now)
    }

    /// Time until the next KEEPALIVE, if KeepaliveTimer runs.
    pub fn keepalive_timer_left(&self, now: Duration) -> Option<Duration> {
        self.timer_left(Timer::Keepalive, now)
    }

    /// The configuration.
    pub const fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// Counters.
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
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
}

#[cfg(test)]
mod tests;
