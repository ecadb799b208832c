//! Takes the transitions of [`crate::fsm`] for one of the two connections.

use core::time::Duration;

use bgp_wire::{Message, MessageError, MessageType, Notification};

use super::Session;
use crate::connection::{Connection, Transport, unexpected};
use crate::error::{Damping, DownReason, LastError};
use crate::event::{Action, ConnectionId, Event};
use crate::fsm::{FsmEvent, State, Step, transition};
use crate::timer::Timer;

/// No attempts to connect follow each other faster than this.
const LEAST_DELAY: Duration = Duration::from_secs(1);

/// What goes along with an event.
#[derive(Debug, Default)]
pub(super) struct Detail {
    /// The message that is the event.
    pub(super) kind: Option<MessageType>,
    /// Sent by [`Step::Notify`].
    pub(super) notification: Option<Notification>,
    /// Reported when the connection ends.
    pub(super) reason: Option<DownReason>,
    /// Handed over by [`Step::Deliver`].
    pub(super) deliver: Option<Event>,
}

impl Detail {
    pub(super) fn of(kind: MessageType) -> Self {
        Self { kind: Some(kind), ..Self::default() }
    }

    pub(super) fn malformed(error: MessageError) -> Self {
        let notification = Some(error.notification());
        Self { notification, ..Self::because(DownReason::Malformed(error)) }
    }

    pub(super) fn answer(notification: Notification) -> Self {
        let reason = DownReason::Sent(notification.clone());
        Self { notification: Some(notification), ..Self::because(reason) }
    }

    pub(super) fn because(reason: DownReason) -> Self {
        Self { reason: Some(reason), ..Self::default() }
    }
}

impl Session {
    /// Leaves Idle: dials, or waits for `delay` or for the neighbour.
    pub(super) fn begin(&mut self, now: Duration, delay: Duration, manual: bool) {
        use FsmEvent as E;
        self.idle_until = None;
        let waits = self.config.passive || !delay.is_zero();
        let event = match (manual, waits) {
            (true, false) => E::ManualStart,
            (true, true) => E::ManualStartWithPassiveTcpEstablishment,
            (false, false) => E::AutomaticStartWithDampPeerOscillations,
            (false, true) => E::AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment,
        };
        self.step(now, 0, event, Detail::default());
        if waits {
            self.start_timer(now, 0, Timer::ConnectRetry, delay);
        }
    }

    /// Takes one transition of one state machine.
    pub(super) fn step(
        &mut self,
        now: Duration,
        index: usize,
        event: FsmEvent,
        mut detail: Detail,
    ) {
        use FsmEvent as E;
        let opened = matches!(event, E::BgpOpen | E::BgpOpenWithDelayOpenTimerRunning);
        let before = self.state_of(index);
        if opened && before <= State::OpenSent && !self.resolve_collision(now, index) {
            return;
        }
        let delay_open = match event {
            E::TcpCrAcked | E::TcpConnectionConfirmed => !self.config.delay_open_time.is_zero(),
            _ => self.connections[index].timers.is_running(Timer::DelayOpen),
        };
        let (next, steps) = transition(before, event, delay_open);
        self.connections[index].state = next;
        for step in steps {
            self.take(now, index, *step, before, &mut detail);
        }
        let other = 1 - index;
        match next {
            // A connection on which no OPEN was sent is not needed any more. The other one may be: §6.8.
            State::Established if before != next && self.state_of(other) < State::OpenSent => {
                self.clear(other);
            }
            State::Active | State::Idle if before > State::Idle => {
                self.report(now, before, event, detail.reason.as_ref());
            }
            _ => {}
        }
        match next {
            State::Idle if before != State::Idle => {
                self.ended(now, index, before, detail.reason.as_ref());
            }
            // The other state machine waits, dials or has a connection: that is enough.
            State::Active if before == State::OpenSent && self.state_of(other) != State::Idle => {
                self.clear(index);
            }
            _ => {}
        }
    }

    /// Tells the host that a connection ended, unless the session goes on without it.
    fn report(
        &mut self,
        now: Duration,
        before: State,
        event: FsmEvent,
        reason: Option<&DownReason>,
    ) {
        if before == State::Established {
            self.statistics.since = None;
        }
        let collided = event == FsmEvent::OpenCollisionDump && before != State::Established;
        let Some(reason) = reason.filter(|_| !collided) else { return };
        if !matches!(reason, DownReason::Stopped(_)) {
            self.last_error = Some(LastError { reason: reason.clone(), at: now });
        }
        if self.established_index().is_none() {
            self.events.push_back(Event::Down(reason.clone()));
        }
    }

    /// A state machine has come to Idle: begins anew, after a pause where that is due.
    fn ended(&mut self, now: Duration, index: usize, before: State, reason: Option<&DownReason>) {
        let damping = reason.map_or(Damping::None, DownReason::damping);
        let other = 1 - index;
        if self.state_of(other) != State::Idle {
            if damping == Damping::None || self.connections[other].is_open() {
                return;
            }
            self.clear(other);
        }
        if !self.started {
            return;
        }
        let refused = reason.is_some_and(DownReason::refuses_capabilities);
        if refused && self.capabilities && self.config.capabilities {
            // RFC 5492 §3: without them, and at once.
            self.capabilities = false;
            return self.begin(now, self.redial_delay(), false);
        }
        if before == State::Established || damping != Damping::None {
            self.capabilities = true;
        }
        if damping == Damping::None {
            return self.begin(now, self.redial_delay(), false);
        }
        let (limits, forget) = (self.config.idle_hold_time, self.config.error_forget_time);
        let pause = self.idle_hold.grow(now, limits, forget);
        if damping == Damping::Dialling {
            self.begin(now, pause.max(LEAST_DELAY), false);
        } else {
            self.idle_until = Some(now.saturating_add(self.jitter.apply(pause)));
        }
    }

    /// The pause before the neighbour is dialled again.
    pub(super) fn redial_delay(&self) -> Duration {
        self.config.connect_delay_time.max(LEAST_DELAY)
    }

    /// Back to nothing, without a word.
    pub(super) fn clear(&mut self, index: usize) {
        self.drop_transport(index);
        self.connections[index] = Connection::idle();
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
            Step::StartConnectRetry => {
                let time = self.config.connect_retry_time.max(LEAST_DELAY);
                self.start_timer(now, index, Timer::ConnectRetry, time);
            }
            Step::StartConnectDelay => {
                self.start_timer(now, index, Timer::ConnectRetry, self.redial_delay());
            }
            Step::StopConnectRetry => self.connections[index].timers.stop(Timer::ConnectRetry),
            Step::StartDelayOpen => {
                let at = now.saturating_add(self.config.delay_open_time);
                self.connections[index].timers.set(Timer::DelayOpen, at);
            }
            Step::StopDelayOpen => self.connections[index].timers.stop(Timer::DelayOpen),
            Step::Dial => {
                let id = self.new_id();
                self.connections[index].transport = Some(Transport::dialled(id));
                self.actions.push_back(Action::Connect(id));
            }
            Step::SendOpen => {
                let open = self.config.open(self.capabilities);
                if let Some(transport) = &mut self.connections[index].transport {
                    transport.local = Some(open.clone());
                }
                self.send_on(index, &Message::Open(open));
            }
            Step::SendKeepalive => {
                self.send_on(index, &Message::Keepalive);
                self.start_keepalive(now, index);
            }
            Step::StartLargeHold => self.start_hold(now, index, self.config.startup_hold_time),
            Step::StartHold => {
                let time = self.connections[index].negotiated().map(|one| one.hold_time);
                self.start_hold(now, index, time.unwrap_or_default());
            }
            Step::Notify => {
                if let Some(notification) = detail.notification.take() {
                    self.send_on(index, &Message::Notification(notification));
                }
            }
            Step::NotifyFsmError => {
                let notification = unexpected(before, detail.kind);
                detail.reason = Some(DownReason::Sent(notification.clone()));
                self.send_on(index, &Message::Notification(notification));
            }
            Step::Drop => self.drop_transport(index),
            Step::Establish => self.establish(now, index),
            Step::Deliver => self.events.extend(detail.deliver.take()),
        }
    }

    fn establish(&mut self, now: Duration, index: usize) {
        if let Some(negotiated) = self.connections[index].negotiated() {
            let negotiated = negotiated.clone();
            self.statistics.since = Some(now);
            self.statistics.established += 1;
            self.events.push_back(Event::Established(negotiated.into()));
        }
    }

    fn drop_transport(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        connection.timers = Default::default();
        if let Some(transport) = connection.transport.take() {
            self.actions.push_back(Action::Close(transport.id));
        }
    }

    fn send_on(&mut self, index: usize, message: &Message) {
        let open = self.connections[index].transport.as_ref().filter(|one| one.ends.is_some());
        if let Some(id) = open.map(|transport| transport.id) {
            self.send(id, message);
        }
    }

    pub(super) fn send(&mut self, id: ConnectionId, message: &Message) {
        self.statistics.sent.count(message.kind(), 1);
        self.transmit.push_back((id, message.to_bytes()));
    }

    fn start_hold(&mut self, now: Duration, index: usize, time: Duration) {
        let timers = &mut self.connections[index].timers;
        if time.is_zero() {
            timers.stop(Timer::Hold);
        } else {
            timers.set(Timer::Hold, now.saturating_add(time));
        }
    }

    pub(super) fn start_keepalive(&mut self, now: Duration, index: usize) {
        let time = self.connections[index].negotiated().map(|one| one.keepalive_time);
        match time.filter(|time| !time.is_zero()) {
            Some(time) => self.start_timer(now, index, Timer::Keepalive, time),
            None => self.connections[index].timers.stop(Timer::Keepalive),
        }
    }

    /// With jitter (RFC 4271 §10).
    fn start_timer(&mut self, now: Duration, index: usize, timer: Timer, time: Duration) {
        if timer == Timer::ConnectRetry && self.config.passive {
            // Not in the RFC: there it would make a passive session dial.
            return;
        }
        let at = now.saturating_add(self.jitter.apply(time));
        self.connections[index].timers.set(timer, at);
    }
}
