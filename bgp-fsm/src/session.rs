//! One neighbour.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use core::time::Duration;

use bgp_wire::{
    Context, Frame, Message, MessageError, Notification, NotificationCode, Open, RouteRefresh,
    split_frame, subcode,
};
use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;

use crate::collision::keep_dialled;
use crate::config::SessionConfig;
use crate::event::{
    Action, ConnectionId, DownReason, Endpoints, Event, LastError, Shutdown, Statistics,
};
use crate::fsm::{FsmEvent, State, Step, transition};
use crate::negotiate::{Negotiated, check, negotiate};
use crate::timer::{Jitter, Timer, Timers};

/// Events that may wait before [`Session::handle_input`] takes no more messages.
const MOST_EVENTS: usize = 1024;

/// One configured neighbour: up to two connections at a time (RFC 4271 §6.8), of which one is left when the
/// session is established.
///
/// # Contract
///
/// After every `handle_*`, [`Session::start`] or [`Session::stop`], call in this order until each returns
/// `None`: [`Session::poll_action`], [`Session::poll_transmit`], [`Session::poll_event`]; then wait until
/// [`Session::poll_timeout`] and call [`Session::handle_timeout`].
///
/// [`Session::handle_input`] takes whole messages from the front of the buffer and leaves the rest there. It
/// stops when many events wait to be polled: poll them and call it again with what is left.
///
/// UPDATEs are written by the host, straight to the connection of [`Session::established`]; it tells with
/// [`Session::update_sent`] how many.
///
/// `now` is the time since an epoch of the caller's choice, and never goes back.
#[derive(Debug, Clone)]
pub struct Session {
    config: SessionConfig,
    /// The first one is there also without a connection, to dial or to wait for the neighbour.
    links: SmallVec<[Link; 2]>,
    started: bool,
    /// When the IdleHoldTimer expires.
    idle_until: Option<Duration>,
    /// The pause after the next failure.
    idle_hold: Duration,
    established_at: Option<Duration>,
    last_error: Option<LastError>,
    /// Whether capabilities are offered: no longer when the neighbour refused them.
    capabilities: bool,
    next_id: u64,
    jitter: Jitter,
    transmit: VecDeque<(ConnectionId, Bytes)>,
    actions: VecDeque<Action>,
    events: VecDeque<Event>,
    statistics: Statistics,
}

/// One state machine, with or without a connection.
#[derive(Debug, Clone)]
struct Link {
    state: State,
    timers: Timers,
    connection: Option<Connection>,
}

#[derive(Debug, Clone)]
struct Connection {
    id: ConnectionId,
    /// `None` while it is being dialled.
    ends: Option<Endpoints>,
    dialled: bool,
    local: Option<Open>,
    negotiated: Option<Box<Negotiated>>,
}

impl Link {
    fn new(state: State) -> Self {
        Self { state, timers: Timers::default(), connection: None }
    }
}

/// What goes along with an event.
#[derive(Default)]
struct Detail {
    /// Sent by [`Step::Notify`].
    notification: Option<Notification>,
    /// Reported when the session goes down.
    reason: Option<DownReason>,
    /// Handed over by [`Step::Deliver`].
    deliver: Option<Event>,
    /// The OPEN that came.
    open: Option<Open>,
}

impl Detail {
    fn malformed(error: MessageError) -> Self {
        let notification = Some(error.notification());
        Self { notification, reason: Some(DownReason::Malformed(error)), ..Self::default() }
    }

    fn sent(notification: Notification) -> Self {
        let reason = Some(DownReason::Sent(notification.clone()));
        Self { notification: Some(notification), reason, ..Self::default() }
    }

    fn because(reason: DownReason) -> Self {
        Self { reason: Some(reason), ..Self::default() }
    }
}

impl Session {
    /// A session that does nothing until [`Session::start`]. `seed` determines the jitter of its timers.
    pub fn new(config: SessionConfig, seed: u64) -> Self {
        Self {
            links: core::iter::once(Link::new(State::Idle)).collect(),
            started: false,
            idle_until: None,
            idle_hold: Duration::ZERO,
            established_at: None,
            last_error: None,
            capabilities: true,
            next_id: 0,
            jitter: Jitter::new(seed),
            transmit: VecDeque::new(),
            actions: VecDeque::new(),
            events: VecDeque::new(),
            statistics: Statistics::default(),
            config,
        }
    }

    /// ManualStart: begins to dial, or to wait for the neighbour.
    pub fn start(&mut self, now: Duration) {
        if !self.started {
            self.started = true;
            self.capabilities = true;
            self.idle_hold = Duration::ZERO;
            self.statistics.connect_retry_counter = 0;
            self.begin(
                now,
                FsmEvent::ManualStart,
                FsmEvent::ManualStartWithPassiveTcpEstablishment,
            );
        }
    }

    /// Leaves Idle: by waiting when the session is passive or a pause before dialling is configured.
    fn begin(&mut self, now: Duration, active: FsmEvent, passive: FsmEvent) {
        self.idle_until = None;
        let delay = self.config.connect_delay_time;
        let waits = self.config.passive || !delay.is_zero();
        self.step(now, 0, if waits { passive } else { active }, Detail::default());
        if !self.config.passive && waits {
            let at = now + self.jitter.apply(delay);
            if let Some(link) = self.links.first_mut() {
                link.timers.set(Timer::ConnectRetry, at);
            }
        }
    }

    /// ManualStop: ends all connections, with a Cease where an OPEN was sent.
    pub fn stop(&mut self, now: Duration, why: Shutdown) {
        self.started = false;
        self.idle_until = None;
        while self.links.len() > 1 {
            self.step(now, 1, FsmEvent::ManualStop, Self::shutdown(why));
        }
        self.step(now, 0, FsmEvent::ManualStop, Self::shutdown(why));
    }

    fn shutdown(why: Shutdown) -> Detail {
        let notification = (why != Shutdown::LinkDown).then(|| why.notification());
        Detail { notification, reason: Some(DownReason::Stopped(why)), ..Detail::default() }
    }

    /// Ends the session by itself (AutomaticStop) and starts it again after a pause.
    pub fn reset(&mut self, now: Duration, why: Shutdown) {
        let detail = Detail::sent(why.notification());
        if let Some(link) = self.links.iter().position(|link| link.state == State::Established) {
            self.step(now, link, FsmEvent::AutomaticStop, detail);
        }
    }

    /// The connection asked for by [`Action::Connect`] is up.
    pub fn handle_connected(&mut self, now: Duration, id: ConnectionId, ends: Endpoints) {
        let Some(link) = self.link_of(id) else { return };
        if let Some(connection) = self.connection_mut(link) {
            connection.ends = Some(ends);
        }
        self.step(now, link, FsmEvent::TcpCrAcked, Detail::default());
    }

    /// The connection asked for by [`Action::Connect`] could not be made.
    pub fn handle_connect_failed(&mut self, now: Duration, id: ConnectionId, reason: &str) {
        if let Some(link) = self.link_of(id) {
            let reason = DownReason::ConnectFailed(String::from(reason));
            self.step(now, link, FsmEvent::TcpConnectionFails, Detail::because(reason));
        }
    }

    /// The neighbour has connected. `None`: the connection is refused and to be closed.
    pub fn handle_accepted(&mut self, now: Duration, ends: Endpoints) -> Option<ConnectionId> {
        let first = self.links.first()?;
        let index = match first.state {
            State::Idle | State::Established => return None,
            State::Active if first.connection.is_none() => 0,
            // A second one beside that which is dialled or opened already.
            _ if self.links.len() < 2 => {
                self.links.push(Link::new(State::Active));
                1
            }
            _ => return None,
        };
        let id = self.new_id();
        self.links.get_mut(index)?.connection = Some(Connection {
            id,
            ends: Some(ends),
            dialled: false,
            local: None,
            negotiated: None,
        });
        self.step(now, index, FsmEvent::TcpConnectionConfirmed, Detail::default());
        Some(id)
    }

    /// A connection has been closed or reset by the other side.
    pub fn handle_disconnected(&mut self, now: Duration, id: ConnectionId, reason: &str) {
        if let Some(link) = self.link_of(id) {
            let reason = DownReason::ConnectionLost(String::from(reason));
            self.step(now, link, FsmEvent::TcpConnectionFails, Detail::because(reason));
        }
    }

    /// Bytes came. See the contract of [`Session`].
    pub fn handle_input(&mut self, now: Duration, id: ConnectionId, data: &mut BytesMut) {
        let before_open = Context::default();
        while self.events.len() < MOST_EVENTS {
            let Some(index) = self.link_of(id) else {
                // The connection is being closed: what still comes means nothing.
                data.clear();
                return;
            };
            let link = self.links.get(index);
            let negotiated = link.and_then(|link| link.connection.as_ref()?.negotiated.as_ref());
            let context = negotiated.map_or(&before_open, |negotiated| &negotiated.receive);
            match split_frame(data, context) {
                Ok(None) => return,
                Ok(Some(frame)) => {
                    self.statistics.received += 1;
                    match Message::decode(&frame, context) {
                        Ok(message) => self.handle_message(now, index, message),
                        Err(error) => self.handle_malformed(now, index, &frame, error),
                    }
                }
                Err(error) => {
                    self.step(now, index, FsmEvent::BgpHeaderErr, Detail::malformed(error.into()));
                }
            }
        }
    }

    fn handle_malformed(
        &mut self,
        now: Duration,
        index: usize,
        frame: &Frame,
        error: MessageError,
    ) {
        // A message that has no business in this state is the greater error (RFC 6608).
        let established =
            self.links.get(index).is_some_and(|link| link.state == State::Established);
        let event = match error {
            MessageError::Open(_) => FsmEvent::BgpOpenMsgErr,
            MessageError::Update(_) if established => FsmEvent::UpdateMsgErr,
            MessageError::Update(_) => FsmEvent::UpdateMsg,
            _ => FsmEvent::BgpHeaderErr,
        };
        debug_assert!(frame.kind.name().is_some());
        self.step(now, index, event, Detail::malformed(error));
    }

    fn handle_message(&mut self, now: Duration, index: usize, message: Message) {
        match message {
            Message::Open(open) => self.handle_open(now, index, open),
            Message::Keepalive => self.step(now, index, FsmEvent::KeepAliveMsg, Detail::default()),
            Message::Update(update) => {
                self.statistics.updates_received += 1;
                let event = match update.end_of_rib() {
                    Some(family) => Event::EndOfRib(family),
                    None => Event::Update(update),
                };
                self.step(
                    now,
                    index,
                    FsmEvent::UpdateMsg,
                    Detail { deliver: Some(event), ..Detail::default() },
                );
            }
            Message::RouteRefresh(refresh) => {
                let deliver = Some(Event::RouteRefresh(refresh));
                self.step(now, index, FsmEvent::UpdateMsg, Detail { deliver, ..Detail::default() });
            }
            Message::Notification(notification) => {
                self.handle_notification(now, index, notification);
            }
            // `Message` may grow; framing lets only known types through.
            _ => {}
        }
    }

    fn handle_notification(&mut self, now: Duration, index: usize, notification: Notification) {
        use subcode::open;
        let open_error = notification.code == NotificationCode::OPEN_MESSAGE;
        if open_error
            && [open::UNSUPPORTED_OPTIONAL_PARAMETER, open::UNSUPPORTED_CAPABILITY]
                .contains(&notification.subcode)
        {
            // RFC 5492 §4: try again without.
            self.capabilities = false;
        }
        let event = if open_error && notification.subcode == open::UNSUPPORTED_VERSION_NUMBER {
            FsmEvent::NotifMsgVerErr
        } else {
            FsmEvent::NotifMsg
        };
        self.step(now, index, event, Detail::because(DownReason::Received(notification)));
    }

    fn handle_open(&mut self, now: Duration, index: usize, open: Open) {
        let Some(link) = self.links.get(index) else { return };
        if let Err(error) = check(&self.config, &open)
            && link.state < State::OpenConfirm
        {
            self.step(now, index, FsmEvent::BgpOpenMsgErr, Detail::malformed(error.into()));
            return;
        }
        let delayed = link.timers.at(Timer::DelayOpen).is_some();
        let dialled = link.connection.as_ref().is_some_and(|connection| connection.dialled);
        // RFC 4271 §6.8, when this OPEN is the first on its connection.
        let other = (0..self.links.len()).find(|other| *other != index);
        let other_state = other.and_then(|other| self.links.get(other)).map(|link| link.state);
        if link.state < State::OpenConfirm
            && let (Some(other), Some(other_state)) = (other, other_state)
        {
            let local = (self.config.router_id, self.config.local_as);
            let keeps_this = keep_dialled(local, (open.bgp_identifier, open.asn())) == dialled;
            match other_state {
                State::Established => return self.dump(now, index),
                State::OpenConfirm if !keeps_this => return self.dump(now, index),
                State::OpenConfirm => {
                    self.dump(now, other);
                    // The other one is gone, so this one may have moved to its place.
                    let index = index.min(self.links.len() - 1);
                    return self.accept_open(now, index, open, delayed);
                }
                _ => {}
            }
        }
        self.accept_open(now, index, open, delayed);
    }

    fn accept_open(&mut self, now: Duration, index: usize, open: Open, delayed: bool) {
        let event =
            if delayed { FsmEvent::BgpOpenWithDelayOpenTimerRunning } else { FsmEvent::BgpOpen };
        self.step(now, index, event, Detail { open: Some(open), ..Detail::default() });
    }

    /// Closes the connection that lost a collision.
    fn dump(&mut self, now: Duration, index: usize) {
        let subcode = subcode::cease::CONNECTION_COLLISION_RESOLUTION;
        let notification = Some(Notification::new(NotificationCode::CEASE, subcode));
        self.step(
            now,
            index,
            FsmEvent::OpenCollisionDump,
            Detail { notification, ..Detail::default() },
        );
    }

    /// Lets the timers that have expired take effect.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.idle_until.is_some_and(|at| at <= now) {
            self.begin(
                now,
                FsmEvent::IdleHoldTimerExpires,
                FsmEvent::AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment,
            );
        }
        let mut index = 0;
        while let Some(link) = self.links.get_mut(index) {
            let Some(timer) = link.timers.pop_expired(now) else {
                index += 1;
                continue;
            };
            let (event, detail) = match timer {
                Timer::ConnectRetry => (FsmEvent::ConnectRetryTimerExpires, Detail::default()),
                Timer::Hold => {
                    let expired = Notification::new(NotificationCode::HOLD_TIMER_EXPIRED, 0);
                    (FsmEvent::HoldTimerExpires, Detail::sent(expired))
                }
                Timer::Keepalive => (FsmEvent::KeepaliveTimerExpires, Detail::default()),
                Timer::DelayOpen => (FsmEvent::DelayOpenTimerExpires, Detail::default()),
            };
            self.step(now, index, event, detail);
        }
    }

    /// Takes one transition of one state machine.
    fn step(&mut self, now: Duration, index: usize, event: FsmEvent, mut detail: Detail) {
        let Some(link) = self.links.get_mut(index) else { return };
        let before = link.state;
        let delay_open = match event {
            FsmEvent::TcpCrAcked | FsmEvent::TcpConnectionConfirmed => {
                !self.config.delay_open_time.is_zero()
            }
            _ => link.timers.at(Timer::DelayOpen).is_some(),
        };
        let (next, steps) = transition(before, event, delay_open);
        link.state = next;
        for step in steps {
            self.take(now, index, *step, before, &mut detail);
        }
        if next == State::Established && before != State::Established {
            // The other connection, if there still is one, has lost.
            if let Some(other) = (0..self.links.len()).find(|other| *other != index) {
                self.dump(now, other);
            }
        } else if next == State::Active && before > State::Active && self.links.len() > 1 {
            // Its connection is lost; the other one goes on.
            self.links.remove(index);
        } else if next == State::Idle && before != State::Idle {
            self.ended(now, index, before, event, detail.reason.take());
            return;
        }
        if let Some(reason) =
            detail.reason.filter(|_| next < State::OpenSent && before >= State::Connect)
        {
            self.note_error(now, &reason);
            self.events.push_back(Event::Down(reason));
        }
    }

    /// A state machine has come to Idle.
    fn ended(
        &mut self,
        now: Duration,
        index: usize,
        before: State,
        event: FsmEvent,
        reason: Option<DownReason>,
    ) {
        let collided = event == FsmEvent::OpenCollisionDump;
        if let Some(reason) = reason.filter(|_| !collided) {
            self.note_error(now, &reason);
            self.events.push_back(Event::Down(reason));
        }
        if self.links.len() > 1 {
            self.links.remove(index);
            // What is left is the one that counts; it goes on as it is.
            return;
        }
        if !self.started {
            return;
        }
        let lasted = self.established_at.take().filter(|_| before == State::Established);
        if lasted.is_some_and(|since| now.saturating_sub(since) >= self.config.error_forget_time) {
            self.idle_hold = Duration::ZERO;
        }
        if self.deserves_a_pause(event) {
            let (least, most) = self.config.idle_hold_time;
            self.idle_hold = (self.idle_hold * 2).clamp(least.min(most), most);
            self.idle_until = Some(now + self.jitter.apply(self.idle_hold));
        } else {
            // At once: but not within this call, so that a host that loops on it can be stopped.
            self.idle_until = Some(now);
        }
    }

    /// A lost connection, and an operator's hand at the other end, are no oscillation.
    fn deserves_a_pause(&self, event: FsmEvent) -> bool {
        match (event, self.last_error.as_ref().map(|error| &error.reason)) {
            (FsmEvent::TcpConnectionFails | FsmEvent::OpenCollisionDump, _) => false,
            (_, Some(DownReason::Received(notification))) => {
                let by_hand =
                    [subcode::cease::ADMINISTRATIVE_SHUTDOWN, subcode::cease::ADMINISTRATIVE_RESET];
                let unsupported =
                    !self.capabilities && notification.code == NotificationCode::OPEN_MESSAGE;
                let cease = notification.code == NotificationCode::CEASE;
                !unsupported && !(cease && by_hand.contains(&notification.subcode))
            }
            _ => true,
        }
    }

    fn note_error(&mut self, now: Duration, reason: &DownReason) {
        if !matches!(reason, DownReason::Stopped(_)) {
            self.last_error = Some(LastError { reason: reason.clone(), at: now });
        }
    }

    fn take(
        &mut self,
        now: Duration,
        index: usize,
        step: Step,
        before: State,
        detail: &mut Detail,
    ) {
        match step {
            Step::ClearCounter => self.statistics.connect_retry_counter = 0,
            Step::Count => self.statistics.connect_retry_counter += 1,
            Step::StartConnectRetry if self.config.passive => {}
            Step::StartConnectRetry => {
                self.start_timer(now, index, Timer::ConnectRetry, self.config.connect_retry_time);
            }
            Step::StopConnectRetry => self.stop_timer(index, Timer::ConnectRetry),
            Step::StartDelayOpen => {
                self.start_timer(now, index, Timer::DelayOpen, self.config.delay_open_time);
            }
            Step::StopDelayOpen => self.stop_timer(index, Timer::DelayOpen),
            Step::Dial => {
                let id = self.new_id();
                if let Some(link) = self.links.get_mut(index) {
                    link.connection = Some(Connection {
                        id,
                        ends: None,
                        dialled: true,
                        local: None,
                        negotiated: None,
                    });
                }
                self.actions.push_back(Action::Connect(id));
            }
            Step::SendOpen => {
                let open = self.config.open(self.capabilities);
                if let Some(connection) = self.connection_mut(index) {
                    connection.local = Some(open.clone());
                }
                self.negotiate(index, detail);
                self.send(index, &Message::Open(open));
            }
            Step::SendKeepalive => {
                self.negotiate(index, detail);
                self.send(index, &Message::Keepalive);
                self.start_keepalive(now, index);
            }
            Step::StartLargeHold => {
                if let Some(link) = self.links.get_mut(index) {
                    link.timers.set(Timer::Hold, now + self.config.startup_hold_time);
                }
            }
            Step::StartHold => {
                let Some(link) = self.links.get_mut(index) else { return };
                let negotiated =
                    link.connection.as_ref().and_then(|connection| connection.negotiated.as_ref());
                match negotiated.map(|negotiated| negotiated.hold_time) {
                    Some(time) if !time.is_zero() => link.timers.set(Timer::Hold, now + time),
                    _ => link.timers.stop(Timer::Hold),
                }
            }
            Step::Notify => {
                if let Some(notification) = detail.notification.take() {
                    self.send(index, &Message::Notification(notification));
                }
            }
            Step::NotifyFsmError => {
                let notification = fsm_error(before);
                self.send(index, &Message::Notification(notification.clone()));
                detail.reason = Some(DownReason::Sent(notification));
            }
            Step::Drop => self.drop_connection(index),
            Step::Establish => self.establish(now, index),
            Step::Deliver => self.events.extend(detail.deliver.take()),
        }
    }

    /// Works out what both OPENs agree on, as soon as both are there.
    fn negotiate(&mut self, index: usize, detail: &Detail) {
        let config = &self.config;
        let Some(connection) = self.links.get_mut(index).and_then(|link| link.connection.as_mut())
        else {
            return;
        };
        if let (Some(local), Some(remote), Some(ends)) =
            (&connection.local, &detail.open, connection.ends)
        {
            connection.negotiated = Some(Box::new(negotiate(config, local, remote, ends)));
        }
    }

    fn establish(&mut self, now: Duration, index: usize) {
        let negotiated =
            self.links.get(index).and_then(|link| link.connection.as_ref()?.negotiated.clone());
        if let Some(negotiated) = negotiated {
            self.established_at = Some(now);
            self.statistics.established += 1;
            self.events.push_back(Event::Established(negotiated));
        }
    }

    fn drop_connection(&mut self, index: usize) {
        let Some(link) = self.links.get_mut(index) else { return };
        link.timers.stop_all();
        if let Some(connection) = link.connection.take() {
            self.actions.push_back(Action::Close(connection.id));
        }
    }

    fn send(&mut self, index: usize, message: &Message) {
        let Some(link) = self.links.get(index) else { return };
        let Some(connection) =
            link.connection.as_ref().filter(|connection| connection.ends.is_some())
        else {
            return;
        };
        self.transmit.push_back((connection.id, message.to_bytes()));
        self.statistics.sent += 1;
    }

    fn start_timer(&mut self, now: Duration, index: usize, timer: Timer, time: Duration) {
        let at = now + self.jitter.apply(time);
        if let Some(link) = self.links.get_mut(index) {
            link.timers.set(timer, at);
        }
    }

    fn stop_timer(&mut self, index: usize, timer: Timer) {
        if let Some(link) = self.links.get_mut(index) {
            link.timers.stop(timer);
        }
    }

    fn start_keepalive(&mut self, now: Duration, index: usize) {
        let connection = self.links.get(index).and_then(|link| link.connection.as_ref());
        let time = connection
            .and_then(|connection| connection.negotiated.as_ref())
            .map(|n| n.keepalive_time);
        match time {
            Some(time) if !time.is_zero() => self.start_timer(now, index, Timer::Keepalive, time),
            _ => self.stop_timer(index, Timer::Keepalive),
        }
    }

    fn new_id(&mut self) -> ConnectionId {
        self.next_id += 1;
        ConnectionId(self.next_id)
    }

    fn link_of(&self, id: ConnectionId) -> Option<usize> {
        self.links
            .iter()
            .position(|link| link.connection.as_ref().is_some_and(|connection| connection.id == id))
    }

    fn connection_mut(&mut self, index: usize) -> Option<&mut Connection> {
        self.links.get_mut(index)?.connection.as_mut()
    }

    /// The host has written `messages` UPDATEs to the established connection: KeepaliveTimer starts anew
    /// (RFC 4271 §8.2.2).
    pub fn update_sent(&mut self, now: Duration, messages: u32) {
        self.statistics.sent += u64::from(messages);
        self.statistics.updates_sent += u64::from(messages);
        if let Some(index) = self.links.iter().position(|link| link.state == State::Established) {
            self.start_keepalive(now, index);
        }
    }

    /// Asks the neighbour for all routes of a family again (RFC 2918); false when it does not know how.
    pub fn request_refresh(&mut self, family: bgp_wire::Family) -> bool {
        let index = self.links.iter().position(|link| link.state == State::Established);
        let able = self.established().is_some_and(|(_, negotiated)| negotiated.route_refresh);
        match index {
            Some(index) if able => {
                self.send(index, &Message::RouteRefresh(RouteRefresh { family, subtype: 0 }));
                true
            }
            _ => false,
        }
    }

    /// The next thing for the host to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next bytes to send: any message but UPDATEs.
    pub fn poll_transmit(&mut self) -> Option<(ConnectionId, Bytes)> {
        self.transmit.pop_front()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Session::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.links.iter().filter_map(|link| link.timers.next()).chain(self.idle_until).min()
    }

    /// The state of the furthest connection.
    pub fn state(&self) -> State {
        self.links.iter().map(|link| link.state).max().unwrap_or(State::Idle)
    }

    /// The established connection and what holds on it.
    pub fn established(&self) -> Option<(ConnectionId, &Negotiated)> {
        let link = self.links.iter().find(|link| link.state == State::Established)?;
        let connection = link.connection.as_ref()?;
        Some((connection.id, connection.negotiated.as_deref()?))
    }

    /// Since when the session is up.
    pub fn established_at(&self) -> Option<Duration> {
        self.established_at.filter(|_| self.state() == State::Established)
    }

    /// The last error, if there was one.
    pub const fn last_error(&self) -> Option<&LastError> {
        self.last_error.as_ref()
    }

    /// Time until the HoldTimer and the KeepaliveTimer of the established connection expire.
    pub fn timers_left(&self, now: Duration) -> (Option<Duration>, Option<Duration>) {
        let link = self.links.iter().find(|link| link.state == State::Established);
        let left =
            |timer| link.and_then(|link| link.timers.at(timer)).map(|at| at.saturating_sub(now));
        (left(Timer::Hold), left(Timer::Keepalive))
    }

    /// Time until the neighbour is dialled again, or the pause after a failure ends.
    pub fn retry_left(&self, now: Duration) -> Option<Duration> {
        let retry = self.links.iter().filter_map(|link| link.timers.at(Timer::ConnectRetry)).min();
        self.idle_until.or(retry).map(|at| at.saturating_sub(now))
    }

    /// The configuration.
    pub const fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// Counters.
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }
}

/// RFC 6608
fn fsm_error(state: State) -> Notification {
    use subcode::fsm;
    let subcode = match state {
        State::OpenSent => fsm::UNEXPECTED_MESSAGE_IN_OPEN_SENT,
        State::OpenConfirm => fsm::UNEXPECTED_MESSAGE_IN_OPEN_CONFIRM,
        State::Established => fsm::UNEXPECTED_MESSAGE_IN_ESTABLISHED,
        State::Idle | State::Connect | State::Active => fsm::UNSPECIFIED,
    };
    Notification::new(NotificationCode::FINITE_STATE_MACHINE, subcode)
}

#[cfg(test)]
mod tests;
