//! Graceful restart after NOTIFICATIONs (RFC 8538), and what is said to operators (RFC 9003).

use alloc::string::String;
use alloc::vec::Vec;

use bgp_wire::{Message, Notification, NotificationCode, subcode};

use super::graceful::{V4, V6, ours, stale, theirs, theirs_with_n};
use super::scripted::{Scripted, cease, code, end_of_rib, open_of, raw, seconds};
use crate::{
    DownReason, Event, RestartConfig, SessionConfig, Shutdown, Stale, StaleReason, State, Timer,
};

fn both() -> Scripted {
    Scripted::established(ours(), &open_of(&theirs_with_n()))
}

/// We, without the N bit.
fn ours_without_n() -> SessionConfig {
    let mut config = ours();
    if let Some(restart) = &mut config.graceful_restart {
        restart.notification = false;
    }
    config
}

#[test]
fn rfc8538_4_a_received_notification_lets_routes_stay() {
    for kind in 1..=8 {
        let mut scripted = both();
        let notification = Notification::new(NotificationCode(kind), 1);
        scripted.receive(&Message::Notification(notification.clone()));
        assert_eq!(scripted.down(), (&DownReason::Received(notification), &[V4, V6][..]));
        assert_eq!(scripted.sent, []);
    }
    // What the neighbour should have sent as a Hard Reset, but has not, is none.
    for subcode in (0..=8).chain([10, 99]) {
        let mut scripted = both();
        scripted.receive(&cease(subcode));
        assert_eq!(scripted.down().1, [V4, V6], "{subcode}");
    }
}

#[test]
fn rfc8538_4_the_sender_of_a_notification_keeps_routes_too() {
    let mut scripted = both();
    scripted.receive_bytes(&raw(2, &[0, 0, 0, 9]));
    assert_eq!(code(&scripted.closed_with()), (3, 1, Vec::new()));
    assert_eq!(scripted.down().1, [V4, V6]);
    let mut scripted = both();
    scripted.receive_bytes(&[0; 19]);
    assert_eq!((scripted.closed_with().code.0, scripted.down().1), (1, &[V4, V6][..]));
    let mut scripted = both();
    scripted.receive(&Message::Open(open_of(&theirs())));
    assert_eq!((scripted.closed_with().code.0, scripted.down().1), (5, &[V4, V6][..]));
    // §4: also when HoldTimer expires
    let open = SessionConfig { hold_time: seconds(90), ..theirs_with_n() };
    let mut scripted = Scripted::established(ours(), &open_of(&open));
    scripted.pass(seconds(90));
    assert_eq!((scripted.closed_with().code.0, scripted.down().1), (4, &[V4, V6][..]));
}

#[test]
fn rfc8538_4_the_n_bit_counts_when_both_have_it() {
    for (ours, theirs) in
        [(ours_without_n(), theirs_with_n()), (ours(), theirs()), (ours_without_n(), theirs())]
    {
        let mut scripted = Scripted::established(ours.clone(), &open_of(&theirs));
        scripted.receive(&cease(subcode::cease::ADMINISTRATIVE_RESET));
        assert_eq!(scripted.down().1, []);
        let mut scripted = Scripted::established(ours, &open_of(&theirs));
        scripted.session.reset(scripted.now, Shutdown::OutOfResources);
        scripted.poll();
        assert_eq!(scripted.down().1, []);
        // A connection that breaks is another matter.
        scripted.run_until(seconds(61));
        scripted.establish(&open_of(&theirs));
        scripted.lose();
        assert_eq!(scripted.down().1, [V4, V6]);
    }
}

#[test]
fn rfc8538_2_new_parameters_apply_once_established() {
    let mut scripted = both();
    scripted.lose();
    // It comes back without the N bit, but not to the end: what was agreed on before still holds.
    scripted.accept();
    scripted.receive(&Message::Open(open_of(&theirs())));
    scripted.receive(&cease(subcode::cease::OUT_OF_RESOURCES));
    assert_eq!(scripted.down().1, [V4, V6]);
    scripted.establish(&open_of(&theirs()));
    scripted.receive(&cease(subcode::cease::OUT_OF_RESOURCES));
    assert_eq!(scripted.down().1, []);
}

#[test]
fn rfc8538_3_2_a_hard_reset_ends_all() {
    let inner = Notification::new(NotificationCode::CEASE, 4);
    for reset in [
        Notification::hard_reset(&inner),
        Notification::new(NotificationCode::CEASE, subcode::cease::HARD_RESET),
    ] {
        let mut scripted = both();
        scripted.receive(&Message::Notification(reset.clone()));
        assert_eq!(scripted.down(), (&DownReason::Received(reset), &[][..]));
        assert_eq!(scripted.session.timer_left(Timer::Stale, scripted.now), None);
    }
    // The same number of another code is none.
    let mut scripted = both();
    let other = Notification::new(NotificationCode::UPDATE_MESSAGE, subcode::cease::HARD_RESET);
    scripted.receive(&Message::Notification(other));
    assert_eq!(scripted.down().1, [V4, V6]);
}

/// What an earlier restart has left goes with it.
#[test]
fn rfc8538_3_2_a_hard_reset_takes_stale_routes_along() {
    let mut scripted = both();
    scripted.lose();
    scripted.establish(&open_of(&theirs_with_n()));
    scripted.receive(&cease(subcode::cease::HARD_RESET));
    assert_eq!(scripted.down().1, []);
    scripted.events.clear();
    scripted.pass(seconds(10_000));
    assert_eq!(stale(&scripted.events), []);
}

/// The table of §5.1; what is no Cease is never hard.
#[test]
fn rfc8538_5_1_when_a_hard_reset_is_sent() {
    let table = [
        (Shutdown::MaximumPrefixes(None), 1, true),
        (Shutdown::MaximumPrefixes(Some((V4, 7))), 1, true),
        (Shutdown::AdministrativeShutdown, 2, true),
        (Shutdown::DeConfigured, 3, true),
        (Shutdown::AdministrativeReset, 4, false),
        (Shutdown::OtherConfigurationChange, 6, false),
        (Shutdown::OutOfResources, 8, false),
    ];
    for (why, subcode, hard) in table {
        let mut scripted = both();
        scripted.session.reset(scripted.now, why);
        scripted.poll();
        let sent = scripted.closed_with();
        if hard {
            assert_eq!((sent.code, sent.subcode), (NotificationCode::CEASE, 9), "{why:?}");
            let inner = sent.hard_reset_inner().expect("a reason");
            assert_eq!((inner.code.0, inner.subcode), (6, subcode));
        } else {
            assert_eq!((sent.code.0, sent.subcode), (6, subcode), "{why:?}");
        }
        assert_eq!(scripted.down().1.is_empty(), hard, "{why:?}");
        // §4: "SHOULD NOT send a Hard Reset to a peer from which it has not received the N bit"
        for (ours, open) in [(ours(), theirs()), (ours_without_n(), theirs_with_n())] {
            let mut scripted = Scripted::established(ours, &open_of(&open));
            scripted.session.reset(scripted.now, why);
            scripted.poll();
            assert_eq!(scripted.closed_with().subcode, subcode, "{why:?}");
            assert_eq!(scripted.down().1, []);
        }
        // Nor before the session is up.
        let mut scripted = Scripted::accepted(ours());
        scripted.receive(&Message::Open(open_of(&theirs_with_n())));
        scripted.session.reset(scripted.now, why);
        scripted.poll();
        assert_eq!(scripted.closed_with().subcode, subcode);
    }
}

/// "Provide user control"
#[test]
fn rfc8538_5_1_administrative_reset_as_configured() {
    let mut config = ours();
    config.graceful_restart = Some(RestartConfig { hard_reset: true, ..RestartConfig::default() });
    let mut scripted = Scripted::established(config, &open_of(&theirs_with_n()));
    scripted.session.reset(scripted.now, Shutdown::AdministrativeReset);
    scripted.poll();
    assert_eq!(code(&scripted.closed_with()), (6, 9, Vec::from([6, 4])));
    assert_eq!(scripted.down().1, []);
}

#[test]
fn rfc8538_5_2_the_communication_is_inside() {
    let mut scripted = both();
    let session = &mut scripted.session;
    session.stop_saying(scripted.now, Shutdown::AdministrativeShutdown, "back in 2 hours");
    scripted.poll();
    let sent = scripted.closed_with();
    assert_eq!((sent.code.0, sent.subcode), (6, 9));
    let inner = sent.hard_reset_inner().expect("a reason");
    assert_eq!((inner.code.0, inner.subcode), (6, 2));
    assert_eq!(inner.shutdown_communication().as_deref(), Some("back in 2 hours"));
}

/// With the N bit what was stale before may stay (§4.1), but for how long is bounded all the same.
#[test]
fn rfc8538_4_1_consecutive_restarts() {
    let mut scripted = both();
    scripted.lose();
    scripted.pass(seconds(50));
    scripted.establish(&open_of(&theirs_with_n()));
    scripted.events.clear();
    scripted.lose();
    assert_eq!(stale(&scripted.events), []);
    assert_eq!(scripted.down().1, [V4, V6]);
    assert_eq!(scripted.session.stale_time_left(V4, scripted.now), Some(seconds(100)));
    assert_eq!(scripted.session.stale_reason(V4), Some(StaleReason::Restart));
}

/// §4.1: the stale timer "imposes this upper bound"; a neighbour that comes and goes does not lift it.
#[test]
fn rfc8538_4_1_the_stale_timer_bounds_consecutive_restarts() {
    let mut scripted = both();
    scripted.lose();
    scripted.events.clear();
    // Restart Time, then the stale timer, then one more time of each at most.
    while scripted.now < seconds(2 * (100 + 180)) {
        scripted.pass(seconds(90));
        scripted.establish(&open_of(&theirs_with_n()));
        scripted.pass(seconds(5));
        scripted.lose();
    }
    let swept: Vec<_> = stale(&scripted.events).into_iter().filter(|one| one.0 == V4).collect();
    assert!(swept.contains(&(V4, Stale::Sweep)), "{swept:?}");
}

#[test]
fn rfc8538_4_1_stale_timer() {
    for time in [180, 30, 0] {
        let mut config = ours();
        let stale_time = seconds(time);
        config.graceful_restart = Some(RestartConfig { stale_time, ..RestartConfig::default() });
        let mut scripted = Scripted::established(config, &open_of(&theirs_with_n()));
        scripted.lose();
        scripted.pass(seconds(20));
        scripted.establish(&open_of(&theirs_with_n()));
        scripted.receive_bytes(&end_of_rib(V6));
        scripted.events.clear();
        assert_eq!(scripted.session.stale_time_left(V4, scripted.now), Some(stale_time));
        assert_eq!(scripted.session.stale_time_left(V6, scripted.now), None);
        scripted.pass(stale_time.saturating_sub(seconds(1)));
        assert_eq!(stale(&scripted.take_events()).is_empty(), time > 0);
        scripted.pass(seconds(1));
        assert_eq!(stale(&scripted.take_events()).is_empty(), time == 0);
        assert_eq!(scripted.session.stale_time_left(V4, scripted.now), None);
        assert_eq!(scripted.session.state(), State::Established);
    }
}

/// RFC 4486 §4 wants retries damped after some of them, however they are wrapped.
#[test]
fn rfc8538_5_2_the_reason_in_a_hard_reset_damps() {
    for subcode in (1..=8).filter(|subcode| *subcode != 7) {
        let left = [cease(subcode), {
            let inner = Notification::new(NotificationCode::CEASE, subcode);
            Message::Notification(Notification::hard_reset(&inner))
        }]
        .map(|message| {
            let mut scripted = both();
            scripted.receive(&message);
            scripted.session.timer_left(Timer::ConnectRetry, scripted.now)
        });
        assert_eq!(left[0], left[1], "{subcode}");
        assert!(left[0].is_some());
    }
    // One in the other, as deep as a message lets it.
    let mut nested = Notification::new(NotificationCode::CEASE, 1);
    for _ in 0..1500 {
        nested = Notification::hard_reset(&nested);
    }
    let mut scripted = both();
    scripted.receive(&Message::Notification(nested));
    assert_eq!(scripted.session.state(), State::Active);
}

#[test]
fn rfc9003_2_shutdown_communication() {
    let said = |why, text: &str| {
        let mut scripted = Scripted::established(super::scripted::config(), &open_of(&theirs()));
        scripted.session.stop_saying(scripted.now, why, text);
        scripted.poll();
        code(&scripted.closed_with())
    };
    let text = "[TICKET-1] Zürich";
    let data = [&[18][..], text.as_bytes()].concat();
    assert_eq!(said(Shutdown::AdministrativeShutdown, text), (6, 2, data.clone()));
    assert_eq!(said(Shutdown::AdministrativeReset, text), (6, 4, data.clone()));
    assert_eq!(said(Shutdown::AdministrativeShutdown, ""), (6, 2, Vec::new()));
    // Others have none.
    assert_eq!(said(Shutdown::DeConfigured, text), (6, 3, Vec::new()));
    assert_eq!(said(Shutdown::OutOfResources, text), (6, 8, Vec::new()));
    // 255 octets of whole characters
    for (character, length) in [("x", 255), ("ü", 254), ("€", 255), ("🦀", 252)] {
        let long: String = character.repeat(400);
        let (_, _, data) = said(Shutdown::AdministrativeShutdown, &long);
        assert_eq!((usize::from(data[0]), data.len()), (length, length + 1));
        assert!(core::str::from_utf8(&data[1..]).is_ok());
    }
    // A reset goes on by itself.
    let mut scripted = Scripted::established(super::scripted::config(), &open_of(&theirs()));
    scripted.session.reset_saying(scripted.now, Shutdown::AdministrativeReset, text);
    scripted.poll();
    assert_eq!(code(&scripted.closed_with()), (6, 4, data));
    assert_eq!(scripted.session.state(), State::Active);
}

#[test]
fn rfc9003_2_what_the_neighbor_says_is_kept() {
    let mut scripted = Scripted::established(super::scripted::config(), &open_of(&theirs()));
    // Not UTF-8, and a length that is too large: no harm in either.
    for data in [&b"\x03\xff\xfe!"[..], b"\x09hello", b"\x05hello"] {
        let data = bytes::Bytes::copy_from_slice(data);
        let code = NotificationCode::CEASE;
        let said = Notification::with_data(code, subcode::cease::ADMINISTRATIVE_SHUTDOWN, data);
        scripted.receive(&Message::Notification(said.clone()));
        let down = DownReason::Received(said.clone());
        assert_eq!(scripted.down(), (&down, &[][..]));
        let last = scripted.session.statistics().last_received.clone();
        assert_eq!(last, Some((said, scripted.now)));
        scripted.establish(&open_of(&theirs()));
    }
    let reason = scripted.session.last_error().map(|error| std::format!("{}", error.reason));
    assert_eq!(reason.as_deref(), Some("Received: Administrative Shutdown: \"hello\""));
    assert!(!scripted.events.iter().any(|event| matches!(event, Event::Stale(..))));
}

/// RFC 4486 §4
#[test]
fn rfc4486_4_which_limit_was_reached() {
    let mut scripted = Scripted::established(super::scripted::config(), &open_of(&theirs()));
    scripted.session.stop(scripted.now, Shutdown::MaximumPrefixes(Some((V6, 1000))));
    scripted.poll();
    let sent = scripted.closed_with();
    assert_eq!((sent.subcode, sent.prefix_limit()), (1, Some((V6, 1000))));
}
