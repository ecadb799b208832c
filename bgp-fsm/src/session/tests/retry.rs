//! Timers: dialling, pauses, keepalives.

use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::{Message, Notification, NotificationCode};

use super::scripted::{Scripted, config, ends, open, seconds};
use crate::{Action, ConnectionId, DownReason, SessionConfig, Shutdown, State, Timer};

/// `time` with jitter (RFC 4271 §10)
fn is_about(measured: Duration, time: Duration) -> bool {
    (time * 3 / 4..=time).contains(&measured)
}

fn connects(scripted: &Scripted) -> Vec<ConnectionId> {
    let connect = |action: &Action| match action {
        Action::Connect(id) => Some(*id),
        Action::Close(_) => None,
    };
    scripted.actions.iter().filter_map(connect).collect()
}

#[test]
fn the_first_dial_waits_for_the_connect_delay() {
    let mut scripted = Scripted::started(config());
    assert_eq!(scripted.session.state(), State::Active);
    assert!(is_about(scripted.next_timeout(), seconds(5)));
    assert_eq!(scripted.session.state(), State::Connect);
    let [first] = connects(&scripted)[..] else { panic!("{:?}", scripted.actions) };
    // An attempt that takes too long makes room for the next.
    let start = scripted.now;
    assert!(is_about(scripted.next_timeout() - start, seconds(120)));
    assert!(scripted.actions.contains(&Action::Close(first)));
    let [_, second] = connects(&scripted)[..] else { panic!("{:?}", scripted.actions) };
    scripted.session.handle_connected(scripted.now, second, ends());
    scripted.poll();
    assert_eq!(scripted.session.state(), State::OpenSent);
    assert!(matches!(scripted.sent[..], [Message::Open(_)]));
    assert_eq!(scripted.session.timer_left(Timer::ConnectRetry, scripted.now), None);
}

#[test]
fn without_a_delay_it_dials_at_once() {
    let mut scripted =
        Scripted::started(SessionConfig { connect_delay_time: Duration::ZERO, ..config() });
    assert_eq!(scripted.session.state(), State::Connect);
    let [id] = connects(&scripted)[..] else { panic!("{:?}", scripted.actions) };
    // But a failed attempt is not repeated at once.
    scripted.session.handle_connect_failed(scripted.now, id, "No route to host");
    scripted.poll();
    assert_eq!(scripted.session.state(), State::Active);
    assert!(scripted.actions.contains(&Action::Close(id)));
    let error = scripted.session.last_error().expect("noted");
    assert_eq!(error.reason.to_string(), "Socket: No route to host");
    assert!(is_about(scripted.next_timeout(), seconds(1)));
    assert_eq!(connects(&scripted).len(), 2);
}

#[test]
fn a_passive_session_never_dials() {
    let mut scripted = Scripted::started(SessionConfig { passive: true, ..config() });
    assert_eq!(scripted.session.poll_timeout(), None);
    scripted.accept();
    scripted.session.handle_disconnected(scripted.now, scripted.id);
    scripted.poll();
    assert_eq!((scripted.session.state(), scripted.session.poll_timeout()), (State::Active, None));
    assert!(connects(&scripted).is_empty());
    scripted.accept();
    scripted.receive(&Message::Open(open()));
    scripted.receive(&Message::Keepalive);
    assert_eq!(scripted.session.state(), State::Established);
}

#[test]
fn delay_open_lets_the_neighbour_speak_first() {
    let delayed = SessionConfig { delay_open_time: seconds(10), ..config() };
    let mut scripted = Scripted::accepted(delayed.clone());
    assert_eq!(scripted.session.state(), State::Active);
    assert_eq!(scripted.session.timer_left(Timer::DelayOpen, scripted.now), Some(seconds(10)));
    scripted.receive(&Message::Open(open()));
    assert!(matches!(scripted.sent[..], [Message::Open(_), Message::Keepalive]));
    assert_eq!(scripted.session.state(), State::OpenConfirm);
    // It does not: then we do.
    let mut scripted = Scripted::accepted(delayed);
    scripted.run_until(seconds(9));
    assert!(scripted.sent.is_empty());
    scripted.run_until(seconds(10));
    assert!(matches!(scripted.sent[..], [Message::Open(_)]));
    assert_eq!(scripted.session.state(), State::OpenSent);
}

#[test]
fn keepalives_go_out_in_time() {
    let mut scripted = Scripted::in_state(State::Established, config());
    for _ in 0..20 {
        let start = scripted.now;
        assert!(is_about(scripted.next_timeout() - start, seconds(80)));
        assert_eq!(scripted.sent.drain(..).collect::<Vec<_>>(), [Message::Keepalive]);
        scripted.receive(&Message::Keepalive);
    }
    // UPDATEs stand for them.
    for _ in 0..10 {
        scripted.run_until(scripted.now + seconds(59));
        scripted.session.update_sent(scripted.now, 1);
        scripted.receive(&Message::Keepalive);
        assert!(scripted.sent.is_empty());
    }
}

/// A host that is busy with input and forgets the time.
#[test]
fn keepalives_do_not_wait_for_timeouts() {
    let mut scripted = Scripted::in_state(State::Established, config());
    for second in 1..1000 {
        scripted.now = seconds(second);
        scripted.receive(&Message::Keepalive);
    }
    assert!((12..=17).contains(&scripted.sent.len()), "{}", scripted.sent.len());
    assert_eq!(scripted.session.state(), State::Established);
}

fn fail(scripted: &mut Scripted) {
    scripted.accept();
    scripted.receive(&Message::Open(open()));
    scripted.receive(&Message::Open(open()));
    assert_eq!(scripted.session.state(), State::Idle);
    assert_eq!(scripted.session.handle_accepted(scripted.now, ends()), None);
}

#[test]
fn pauses_grow_from_error_to_error() {
    let mut scripted = Scripted::started(config());
    for pause in [60, 120, 240, 300, 300] {
        fail(&mut scripted);
        let left = scripted.session.timer_left(Timer::IdleHold, scripted.now);
        let left = left.expect("IdleHoldTimer runs");
        assert!(is_about(left, seconds(pause)), "{left:?} for {pause}");
        scripted.next_timeout();
        assert_eq!(scripted.session.state(), State::Active);
    }
    assert_eq!(scripted.session.statistics().connect_retry_counter, 5);
    scripted.now += seconds(300);
    fail(&mut scripted);
    let left = scripted.session.timer_left(Timer::IdleHold, scripted.now);
    assert!(is_about(left.expect("runs"), seconds(60)), "forgotten");
    // The operator does not wait.
    scripted.session.start(scripted.now);
    assert_eq!(scripted.session.state(), State::Active);
    assert_eq!(scripted.session.statistics().connect_retry_counter, 0);
}

#[test]
fn a_lost_connection_is_made_anew_without_a_pause() {
    for state in [State::OpenSent, State::OpenConfirm, State::Established] {
        let mut scripted = Scripted::in_state(state, config());
        scripted.session.handle_disconnected(scripted.now, scripted.id);
        scripted.poll();
        assert_eq!(scripted.session.state(), State::Active);
        assert_eq!(scripted.down().0, &DownReason::ConnectionLost);
        assert!(is_about(scripted.next_timeout(), seconds(5)));
        assert_eq!(scripted.session.state(), State::Connect);
    }
}

/// RFC 4486 §4: damped are the retries; when the neighbour comes back by itself it is welcome.
#[test]
fn rfc4486_4_damping_after_a_cease() {
    for (subcode, pause) in [(1, 60), (2, 60), (3, 60), (5, 60), (8, 60), (4, 5), (6, 5), (7, 5)] {
        let mut scripted = Scripted::in_state(State::Established, config());
        let cease = Notification::new(NotificationCode::CEASE, subcode);
        scripted.receive(&Message::Notification(cease));
        assert_eq!(scripted.session.state(), State::Active);
        let left = scripted.session.timer_left(Timer::ConnectRetry, scripted.now);
        assert!(is_about(left.expect("runs"), seconds(pause)), "{subcode}: {left:?}");
        assert!(scripted.session.handle_accepted(scripted.now, ends()).is_some());
    }
}

#[test]
fn a_reset_begins_anew() {
    for (why, state) in [
        (Shutdown::AdministrativeReset, State::Active),
        (Shutdown::MaximumPrefixes(None), State::Idle),
    ] {
        let mut scripted = Scripted::in_state(State::Established, config());
        scripted.session.reset(scripted.now, why);
        scripted.poll();
        assert_eq!(scripted.closed_with().code, NotificationCode::CEASE);
        assert!(matches!(scripted.down().0, DownReason::Sent(_)));
        assert_eq!(scripted.session.state(), state);
        scripted.run_until(seconds(70));
        assert!(!connects(&scripted).is_empty());
    }
}

/// An accepted connection with a wrong neighbour must not be tried again and again while we dial in vain.
#[test]
fn an_error_ends_the_attempt_to_dial_too() {
    let mut scripted = Scripted::started(config());
    scripted.next_timeout();
    let [dialled] = connects(&scripted)[..] else { panic!("{:?}", scripted.actions) };
    scripted.accept();
    scripted.receive_bytes(&[0; 19]);
    assert_eq!(scripted.session.state(), State::Idle);
    assert!(scripted.actions.contains(&Action::Close(dialled)));
    // Too late.
    scripted.session.handle_connected(scripted.now, dialled, ends());
    assert_eq!(scripted.session.state(), State::Idle);
}

#[test]
fn no_setting_makes_it_spin() {
    let mut config = SessionConfig {
        connect_retry_time: Duration::ZERO,
        connect_delay_time: Duration::ZERO,
        idle_hold_time: (Duration::ZERO, Duration::ZERO),
        error_forget_time: Duration::ZERO,
        startup_hold_time: Duration::ZERO,
        keepalive_time: Some(Duration::ZERO),
        hold_time: seconds(3),
        ..config()
    };
    for times in [Duration::ZERO, Duration::MAX] {
        let mut scripted = Scripted::started(config.clone());
        scripted.session.handle_timeout(seconds(1000));
        for round in 0..50 {
            let Some(next) = scripted.session.poll_timeout() else { break };
            scripted.now = next.max(scripted.now);
            scripted.session.handle_timeout(scripted.now);
            scripted.poll();
            assert!(round < 2 || times == Duration::MAX || scripted.now >= seconds(round / 2));
        }
        (config.connect_retry_time, config.connect_delay_time) = (Duration::MAX, Duration::MAX);
        (config.startup_hold_time, config.hold_time) = (Duration::MAX, Duration::MAX);
        config.idle_hold_time = (Duration::MAX, Duration::MAX);
    }
}

/// One is enough to go on: the state machine of the other has nothing to do.
#[test]
fn a_lost_connection_beside_another_is_not_made_anew() {
    let mut scripted = Scripted::accepted(config());
    let lost = scripted.id;
    scripted.accept();
    scripted.session.handle_disconnected(scripted.now, lost);
    scripted.poll();
    assert_eq!(scripted.session.state(), State::OpenSent);
    assert_eq!(scripted.session.timer_left(Timer::ConnectRetry, scripted.now), None);
    scripted.receive(&Message::Open(open()));
    scripted.receive(&Message::Keepalive);
    assert_eq!(scripted.session.state(), State::Established);
}

#[test]
fn the_last_words_come_before_the_end() {
    let mut scripted = Scripted::in_state(State::Established, config());
    let (session, id) = (&mut scripted.session, scripted.id);
    session.stop(scripted.now, Shutdown::AdministrativeShutdown);
    assert_eq!(session.poll_action(), None, "the NOTIFICATION is not polled yet");
    assert_eq!(session.poll_transmit().map(|(to, _)| to), Some(id));
    assert_eq!(session.poll_action(), Some(Action::Close(id)));
    assert_eq!((session.poll_transmit(), session.poll_action()), (None, None));
}

#[test]
fn nothing_is_sent_on_a_lost_connection() {
    let mut scripted = Scripted::in_state(State::Established, config());
    let (session, id) = (&mut scripted.session, scripted.id);
    assert!(session.request_refresh(scripted.now, bgp_wire::Family::IPV4_UNICAST));
    session.handle_disconnected(scripted.now, id);
    assert_eq!(session.poll_transmit(), None);
    assert_eq!(session.poll_action(), Some(Action::Close(id)));
}
