//! Timers of a connection that is up: send hold (RFC 9687), input that waits, negotiated times.

use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::{Family, Message, NotificationCode, Open};
use bytes::BytesMut;

use super::graceful::{V4, V6, ours as with_restart, theirs_with_n};
use super::scripted::{Scripted, code, config, end_of_rib, open, open_of, raw, seconds};
use crate::session::MOST_EVENTS;
use crate::{Action, DownReason, SessionConfig, State, Timer};

/// Up, with this HoldTime.
fn established(config: SessionConfig, hold_time: u16) -> Scripted {
    Scripted::established(config, &Open { hold_time, ..open() })
}

fn send_hold(scripted: &Scripted) -> Option<Duration> {
    scripted.session.timer_left(Timer::SendHold, scripted.now)
}

fn block(scripted: &mut Scripted) {
    scripted.session.handle_blocked(scripted.now, scripted.id);
}

/// The neighbour is alive, but takes nothing.
fn alive_until(scripted: &mut Scripted, at: Duration) {
    while scripted.now < at && scripted.session.state() == State::Established {
        scripted.receive(&Message::Keepalive);
        scripted.run_until((scripted.now + seconds(1)).min(at));
    }
}

#[test]
fn rfc9687_4_3_send_hold_timer_expires() {
    let mut scripted = established(config(), 90);
    block(&mut scripted);
    assert_eq!(send_hold(&scripted), Some(seconds(480)));
    alive_until(&mut scripted, seconds(479));
    assert_eq!(scripted.session.state(), State::Established);
    scripted.sent.clear();
    scripted.run_until(seconds(480));
    assert_eq!(code(&scripted.closed_with()), (8, 0, Vec::new()));
    assert_eq!(scripted.actions, [Action::Close(scripted.id)]);
    let (DownReason::Sent(sent), []) = scripted.down() else { panic!("{:?}", scripted.down()) };
    assert_eq!(sent.code, NotificationCode::SEND_HOLD_TIMER_EXPIRED);
    assert_eq!(scripted.session.state(), State::Idle, "with a pause");
    assert_eq!(scripted.session.statistics().connect_retry_counter, 1);
    assert_eq!(send_hold(&scripted), None);
    assert!(scripted.session.timer_left(Timer::IdleHold, scripted.now).is_some());
}

/// "The greater of 8 minutes or 2 times the negotiated HoldTime" (§6), or as configured.
#[test]
fn rfc9687_6_send_hold_time() {
    for (configured, hold_time, expected) in [
        (None, 90, Some(480)),
        (None, 240, Some(480)),
        (None, 1000, Some(2000)),
        (None, 3, Some(480)),
        (Some(100), 90, Some(100)),
        // None, by configuration or as there are no KEEPALIVEs
        (Some(0), 90, None),
        (None, 0, None),
        (Some(100), 0, None),
    ] {
        let send_hold_time = configured.map(seconds);
        let config = SessionConfig { send_hold_time, hold_time: seconds(1000), ..config() };
        let mut scripted = established(config, hold_time);
        block(&mut scripted);
        assert_eq!(send_hold(&scripted), expected.map(seconds), "{configured:?} {hold_time}");
    }
}

/// "If SendHoldTime is non-zero, then it MUST be greater than the value of HoldTime."
#[test]
fn rfc9687_4_4_greater_than_hold_time() {
    for time in [1, 89, 90] {
        let config = SessionConfig { send_hold_time: Some(seconds(time)), ..config() };
        let mut scripted = established(config, 90);
        block(&mut scripted);
        assert!(send_hold(&scripted) > Some(seconds(90)), "{time}");
    }
}

#[test]
fn rfc9687_4_3_every_octet_that_is_taken_counts() {
    let mut scripted = established(config(), 90);
    block(&mut scripted);
    alive_until(&mut scripted, seconds(400));
    block(&mut scripted);
    assert_eq!(send_hold(&scripted), Some(seconds(80)), "said again it changes nothing");
    scripted.session.handle_written(scripted.now, scripted.id);
    assert_eq!(send_hold(&scripted), None);
    block(&mut scripted);
    assert_eq!(send_hold(&scripted), Some(seconds(480)));
    scripted.session.handle_written(scripted.now, scripted.id);
    alive_until(&mut scripted, seconds(5000));
    assert_eq!(scripted.session.state(), State::Established);
}

/// It is one of the connection, and of a session that is nearly up at least.
#[test]
fn rfc9687_4_3_it_ends_with_the_connection() {
    let mut scripted = established(config(), 90);
    block(&mut scripted);
    scripted.lose();
    assert_eq!(send_hold(&scripted), None);
    block(&mut scripted);
    scripted.session.handle_written(scripted.now, scripted.id);
    assert_eq!(send_hold(&scripted), None, "of a connection that is gone");
    scripted.accept();
    block(&mut scripted);
    assert_eq!(send_hold(&scripted), None, "HoldTimer is enough");
    assert!(scripted.session.hold_timer_left(scripted.now).is_some());
}

/// RFC 8538 §4: as after any NOTIFICATION
#[test]
fn rfc8538_4_send_hold_timer_and_restart() {
    let open = SessionConfig { hold_time: seconds(90), ..theirs_with_n() };
    let mut scripted = Scripted::established(with_restart(), &open_of(&open));
    block(&mut scripted);
    alive_until(&mut scripted, seconds(480));
    assert_eq!(scripted.down().1, [V4, V6]);
}

#[test]
fn a_backlog_keeps_the_neighbor_alive() {
    for (hold_time, more) in [(90, 10), (9, 3), (3, 1), (1000, 10)] {
        let long = SessionConfig { hold_time: seconds(1000), ..config() };
        let mut scripted = established(long, hold_time);
        let hold_time = seconds(hold_time.into());
        // Not before it matters.
        scripted.session.handle_backlog(scripted.now, scripted.id);
        assert_eq!(scripted.session.hold_timer_left(scripted.now), Some(hold_time));
        scripted.now = hold_time;
        scripted.session.handle_backlog(scripted.now, scripted.id);
        scripted.session.handle_timeout(scripted.now);
        scripted.poll();
        assert_eq!(scripted.session.state(), State::Established);
        assert_eq!(scripted.session.hold_timer_left(scripted.now), Some(seconds(more)));
        // But only as long as that is said.
        scripted.pass(seconds(more));
        assert_eq!(scripted.session.state(), State::Idle);
        assert_eq!(scripted.closed_with().code, NotificationCode::HOLD_TIMER_EXPIRED);
    }
    // Where no HoldTimer runs none begins to.
    let mut scripted = established(config(), 0);
    scripted.session.handle_backlog(scripted.now, scripted.id);
    assert_eq!(scripted.session.hold_timer_left(scripted.now), None);
    scripted.session.handle_backlog(scripted.now, crate::ConnectionId(99));
}

/// Input that waits because events do is no silence; when it was read and nothing more comes, that is.
#[test]
fn waiting_events_keep_the_neighbor_alive() {
    let mut scripted = established(config(), 9);
    let mut buffer = BytesMut::new();
    for _ in 0..MOST_EVENTS + 1 {
        buffer.extend_from_slice(&end_of_rib(Family::IPV4_UNICAST));
    }
    let (now, id) = (scripted.now, scripted.id);
    scripted.session.handle_input(now, id, &mut buffer);
    assert!(!buffer.is_empty());
    for second in 1..100 {
        scripted.now = seconds(second);
        scripted.session.handle_timeout(scripted.now);
    }
    assert_eq!(scripted.session.state(), State::Established);
    scripted.poll();
    scripted.session.handle_input(scripted.now, id, &mut buffer);
    assert!(buffer.is_empty());
    scripted.pass(seconds(8));
    assert_eq!(scripted.session.state(), State::Established);
    scripted.pass(seconds(1));
    assert_eq!(scripted.session.state(), State::Idle);
}

/// RFC 4271 §4.2: the smaller of the two; §4.4: a third of it between KEEPALIVEs.
#[test]
fn rfc4271_4_2_hold_time() {
    for (ours, theirs, keepalive, expected) in [
        (240, 90, None, (90, 30)),
        (90, 240, None, (90, 30)),
        (90, 90, Some(10), (90, 10)),
        (90, 9, Some(10), (9, 3)),
        (90, 90, Some(0), (90, 1)),
        (3, 90, None, (3, 1)),
        (0, 90, None, (0, 0)),
        (90, 0, None, (0, 0)),
        (90, 0, Some(10), (0, 0)),
        (100_000, 65_535, None, (65_535, 21_845)),
    ] {
        let keepalive_time = keepalive.map(seconds);
        let config = SessionConfig { hold_time: seconds(ours), keepalive_time, ..config() };
        let scripted = established(config, theirs);
        let (_, negotiated) = scripted.session.established().expect("up");
        let expected = (seconds(expected.0), seconds(expected.1));
        assert_eq!((negotiated.hold_time, negotiated.keepalive_time), expected);
        let runs = scripted.session.hold_timer_left(scripted.now).is_some();
        assert_eq!(runs, !expected.0.is_zero());
    }
}

#[test]
fn rfc4271_6_2_the_least_hold_time() {
    for (theirs, accepted) in [(0, true), (3, false), (19, false), (20, true), (65_535, true)] {
        let config = SessionConfig { least_hold_time: seconds(20), ..config() };
        let mut scripted = Scripted::in_state(State::OpenSent, config);
        scripted.receive(&Message::Open(Open { hold_time: theirs, ..open() }));
        assert_eq!(scripted.session.state() == State::OpenConfirm, accepted);
        if !accepted {
            assert_eq!(code(&scripted.closed_with()), (2, 6, Vec::new()));
        }
    }
}

/// An OPEN that takes a year. The large value of §8.2.2 is the limit; zero is none.
#[test]
fn rfc4271_8_2_2_the_time_until_the_open() {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    for (time, ends) in [(240, Some(240)), (7, Some(7)), (0, None)] {
        let config = SessionConfig { startup_hold_time: seconds(time), ..config() };
        let mut scripted = Scripted::in_state(State::OpenSent, config);
        let bytes = Message::Open(open()).to_bytes();
        let pause = YEAR / u32::try_from(bytes.len()).expect("short");
        let mut buffer = BytesMut::new();
        for byte in bytes {
            scripted.pass(pause);
            if scripted.session.state() != State::OpenSent {
                break;
            }
            buffer.extend_from_slice(&[byte]);
            scripted.session.handle_input(scripted.now, scripted.id, &mut buffer);
            scripted.poll();
        }
        let last_error = scripted.session.last_error();
        assert_eq!(last_error.map(|error| error.at), ends.map(seconds));
        assert_eq!(scripted.session.state() == State::OpenConfirm, ends.is_none());
    }
}

/// RFC 4271 §8.2.2: UPDATE and KEEPALIVE start HoldTimer anew; a part of one does not.
#[test]
fn one_octet_a_second() {
    let mut scripted = established(config(), 90);
    let message = raw(2, &[0; 200]);
    let mut buffer = BytesMut::new();
    for byte in message {
        if scripted.session.state() != State::Established {
            break;
        }
        buffer.extend_from_slice(&[byte]);
        scripted.session.handle_input(scripted.now, scripted.id, &mut buffer);
        scripted.poll();
        scripted.pass(seconds(1));
    }
    assert_eq!(scripted.closed_with().code, NotificationCode::HOLD_TIMER_EXPIRED);
    let error = scripted.session.last_error().expect("noted");
    assert_eq!(error.at, seconds(90));
}

/// RFC 4271 §8.2.2: KeepaliveTimer starts anew when something was sent, and only then.
#[test]
fn rfc4271_8_2_2_no_update_puts_off_no_keepalive() {
    let mut scripted = Scripted::in_state(State::Established, config());
    let left = |scripted: &Scripted| scripted.session.keepalive_timer_left(scripted.now);
    scripted.pass(seconds(1));
    let before = left(&scripted).expect("it runs");
    scripted.session.update_sent(scripted.now, 0);
    assert_eq!(left(&scripted), Some(before));
    scripted.session.update_sent(scripted.now, 1);
    assert_ne!(left(&scripted), Some(before));
}
