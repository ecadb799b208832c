//! Takes the transitions of [`crate::fsm`] for one of the two connections.

use alloc::boxed::Box;
use core::time::Duration;

use bgp_wire::{
    Family, Message, MessageError, MessageType, Notification, NotificationCode, subcode,
};

use super::Session;
use crate::connection::{Connection, Transport, unexpected};
use crate::error::{Damping, DownReason, LastError};
use crate::event::{Action, ConnectionId, Event, Stale, is_hard};
use crate::fsm::{FsmEvent, State, Step, transition};
use crate::negotiate::Negotiated;
use crate::offer::Refused;
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
        let waits = !self.dials() || !delay.is_zero();
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

    /// Whether the neighbour is dialled at all.
    fn dials(&self) -> bool {
        !self.config.passive && (!self.config.unnumbered || self.neighbor.is_some())
    }

    /// Takes one transition of one state machine. Tells whether the message that is the event is for the host.
    pub(super) fn step(
        &mut self,
        now: Duration,
        index: usize,
        event: FsmEvent,
        mut detail: Detail,
    ) -> bool {
        use FsmEvent as E;
        let opened = matches!(event, E::BgpOpen | E::BgpOpenWithDelayOpenTimerRunning);
        let before = self.state_of(index);
        if opened && before <= State::OpenSent && !self.resolve_collision(now, index) {
            return false;
        }
        let delay_open = match event {
            E::TcpCrAcked | E::TcpConnectionConfirmed => !self.config.delay_open_time.is_zero(),
            _ => self.connections[index].timers.is_running(Timer::DelayOpen),
        };
        let (next, steps) = transition(before, event, delay_open);
        self.connections[index].state = next;
        if next != before {
            self.change(now, index, before, event, steps, &mut detail);
            return false;
        }
        for step in steps {
            self.take(now, index, *step, before, &mut detail);
        }
        steps.contains(&Step::Deliver)
    }

    /// Goes from one state to another.
    fn change(
        &mut self,
        now: Duration,
        index: usize,
        before: State,
        event: FsmEvent,
        steps: &[Step],
        detail: &mut Detail,
    ) {
        let next = self.state_of(index);
        let session = self.end_of_session(index, before, event, detail);
        for step in steps {
            self.take(now, index, *step, before, detail);
        }
        if let Some((negotiated, graceful)) = &session {
            self.let_go(now, negotiated, *graceful);
        }
        let other = 1 - index;
        match next {
            // A connection on which no OPEN was sent is not needed any more. The other one may be: §6.8.
            State::Established if self.state_of(other) < State::OpenSent => self.clear(other),
            State::Active | State::Idle if before > State::Idle => {
                self.report(now, before, event, detail.reason.as_ref());
            }
            _ => {}
        }
        if session.is_some() {
            // What has become stale with the rest is long-lived with it.
            let long_lived = self.retention.long_lived();
            self.events.extend(long_lived.map(|family| Event::Stale(family, Stale::LongLived)));
        }
        match next {
            State::Idle => self.ended(now, index, before, detail.reason.as_ref()),
            // The other state machine waits, dials or has a connection: that is enough.
            State::Active if before == State::OpenSent && self.state_of(other) != State::Idle => {
                self.clear(index);
            }
            _ => {}
        }
    }

    /// What was negotiated on the session that ends now, and whether routes may stay; and turns a Cease into a
    /// Hard Reset where it is one.
    fn end_of_session(
        &mut self,
        index: usize,
        before: State,
        event: FsmEvent,
        detail: &mut Detail,
    ) -> Option<(Box<Negotiated>, bool)> {
        if before != State::Established {
            return None;
        }
        let negotiated = self.connections[index].transport.as_mut()?.negotiated.take()?;
        let survives = negotiated.survives_notification();
        let hard_reset = self.config.graceful_restart.is_some_and(|restart| restart.hard_reset);
        let hard = |notification: &Notification| is_hard(notification, hard_reset);
        let mut graceful = match (event, &detail.reason) {
            (FsmEvent::TcpConnectionFails | FsmEvent::NeighborRestarted, _) => {
                negotiated.survives_restart()
            }
            // Nobody is left to come back.
            (FsmEvent::ManualStop, _) | (_, Some(DownReason::Stopped(_))) => false,
            (
                FsmEvent::NotifMsg | FsmEvent::NotifMsgVerErr,
                Some(DownReason::Received(received)),
            ) => {
                // Only what it says it is: the reason inside does not matter (RFC 8538 §3.2).
                let reset = received.code == NotificationCode::CEASE
                    && received.subcode == subcode::cease::HARD_RESET;
                survives && !reset
            }
            _ => survives,
        };
        if let Some(notification) = detail.notification.as_mut().filter(|one| hard(one)) {
            graceful = false;
            if survives {
                *notification = Notification::hard_reset(notification);
            }
        }
        Some((negotiated, graceful))
    }

    /// Keeps the routes of a session that has ended, or forgets about those of earlier ones too.
    fn let_go(&mut self, now: Duration, negotiated: &Negotiated, graceful: bool) {
        self.statistics.since = None;
        self.filters.clear();
        if graceful {
            let events = &mut self.events;
            self.retention.session_ended(now, negotiated, |event| events.push_back(event));
        } else {
            self.retention.clear();
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
        let collided = event == FsmEvent::OpenCollisionDump && before != State::Established;
        let Some(reason) = reason.filter(|_| !collided) else { return };
        if let DownReason::Received(notification) = reason {
            self.statistics.last_received = Some((notification.clone(), now));
        }
        if !matches!(reason, DownReason::Stopped(_)) {
            self.last_error = Some(LastError { reason: reason.clone(), at: now });
        }
        if self.established_index().is_none() {
            self.tell_down(reason.clone());
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
        if let Some(DownReason::Received(notification)) =
            reason.filter(|one| one.refuses_capabilities())
            && let Some(refused) = self.refused_by(notification)
        {
            // RFC 5492 §3: without them, and at once.
            self.refused = refused;
            return self.begin(now, self.redial_delay(), false);
        }
        if before == State::Established || damping != Damping::None {
            self.refused = Refused::default();
        }
        if damping == Damping::None {
            return self.begin(now, self.redial_delay(), false);
        }
        if !self.config.automatic_start {
            self.started = false;
            return;
        }
        let mut limits = self.config.idle_hold_time;
        if !self.config.damp_peer_oscillations {
            limits.1 = limits.0;
        }
        let pause = self.idle_hold.grow(now, limits, self.config.error_forget_time);
        if damping == Damping::Dialling {
            self.begin(now, pause.max(LEAST_DELAY), false);
        } else {
            self.idle_until = Some(now.saturating_add(self.jitter.apply(pause)));
        }
    }

    fn refused_by(&self, notification: &Notification) -> Option<Refused> {
        let offered = self.config.open(&self.refused, self.restarted).capabilities;
        self.refused.after(notification, &offered)
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
                let open = self.config.open(&self.refused, self.restarted);
                if let Some(transport) = &mut self.connections[index].transport {
                    transport.local = Some(open.clone().into());
                }
                self.send_on(now, index, &Message::Open(open));
            }
            Step::SendKeepalive => {
                self.send_on(now, index, &Message::Keepalive);
                self.start_keepalive(now, index);
            }
            Step::StartLargeHold => self.start_hold(now, index, self.config.startup_hold_time),
            Step::StartHold => {
                let time = self.connections[index].negotiated().map(|one| one.hold_time);
                self.start_hold(now, index, time.unwrap_or_default());
            }
            Step::Notify => {
                if let Some(notification) = detail.notification.take() {
                    self.notify(now, index, notification);
                }
            }
            Step::NotifyFsmError => {
                let notification = unexpected(before, detail.kind);
                detail.reason = Some(DownReason::Sent(notification.clone()));
                self.notify(now, index, notification);
            }
            Step::Drop => self.drop_transport(index),
            Step::Establish => self.establish(now, index),
            // What there is to hand over the caller has: see `step`.
            Step::Deliver => {}
        }
    }

    /// The End-of-RIB marker of a family came.
    pub(super) fn routes_told(&mut self, family: Family) {
        if !self.ends_of_rib.contains(&family) {
            self.ends_of_rib.push(family);
        }
        if self.retention.end_of_rib(family) {
            self.events.push_back(Event::Stale(family, Stale::Sweep));
        }
    }

    fn establish(&mut self, now: Duration, index: usize) {
        let Some(negotiated) = self.connections[index].negotiated() else { return };
        let negotiated = Box::new(negotiated.clone());
        self.statistics.since = Some(now);
        self.statistics.established += 1;
        self.ends_of_rib.clear();
        self.events.push_back(Event::Established(negotiated.clone()));
        let stale_time = self.config.graceful_restart.map(|restart| restart.stale_time);
        let events = &mut self.events;
        let tell = |event| events.push_back(event);
        self.retention.established(now, &negotiated, stale_time.unwrap_or_default(), tell);
    }

    fn drop_transport(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        connection.timers = Default::default();
        if let Some(transport) = connection.transport.take() {
            self.actions.push_back(Action::Close(transport.id));
        }
    }

    fn send_on(&mut self, now: Duration, index: usize, message: &Message) {
        let open = self.connections[index].transport.as_ref().filter(|one| one.ends.is_some());
        let Some(id) = open.map(|transport| transport.id) else { return };
        if let Message::Notification(notification) = message {
            self.statistics.last_sent = Some((notification.clone(), now));
        }
        self.send(id, message);
    }

    fn notify(&mut self, now: Duration, index: usize, notification: Notification) {
        if !self.connections[index].is_open() {
            return;
        }
        // What the host wants said is not for the neighbour to bring about: it always goes.
        let ours = notification.code == NotificationCode::CEASE
            && notification.subcode != subcode::cease::CONNECTION_COLLISION_RESOLUTION;
        if ours || self.notifications.take(now, self.config.notification_limit) {
            self.send_on(now, index, &Message::Notification(notification));
        } else {
            self.statistics.suppressed_notifications += 1;
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
    pub(super) fn start_timer(
        &mut self,
        now: Duration,
        index: usize,
        timer: Timer,
        time: Duration,
    ) {
        if timer == Timer::ConnectRetry && !self.dials() {
            // Not in the RFC: there it would make a passive session dial.
            return;
        }
        let at = now.saturating_add(self.jitter.apply(time));
        self.connections[index].timers.set(timer, at);
    }
}
