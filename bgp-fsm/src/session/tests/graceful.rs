//! Graceful restart: the neighbour's, and what of ours shows (RFC 4724).

use alloc::vec::Vec;

use bgp_wire::{
    Capability, Family, GracefulRestart, GracefulRestartFamily, Message, NotificationCode, Open,
};

use super::scripted::{Scripted, config, end_of_rib, ends, neighbor, open_of, seconds};
use crate::{
    Action, DownReason, Event, FamilyConfig, Forwarding, RestartConfig, SessionConfig, Shutdown,
    Stale, State, Timer,
};

pub(super) const V4: Family = Family::IPV4_UNICAST;
pub(super) const V6: Family = Family::IPV6_UNICAST;

/// We, with graceful restart; stale timer 180 s.
pub(super) fn ours() -> SessionConfig {
    let mut config = config();
    config.families = [V4, V6].map(FamilyConfig::new).into();
    config.graceful_restart = Some(RestartConfig::default());
    config
}

/// A neighbour that keeps forwarding for both families, and needs 100 s; without the N bit.
pub(super) fn theirs() -> SessionConfig {
    let mut config = neighbor(&[V4, V6]);
    config.families.iter_mut().for_each(|one| one.forwarding = Some(Forwarding::Preserved));
    config.graceful_restart = Some(RestartConfig {
        restart_time: seconds(100),
        notification: false,
        ..RestartConfig::default()
    });
    // Else a test that waits has to send KEEPALIVEs.
    config.hold_time = seconds(0);
    config
}

/// The same with the N bit.
pub(super) fn theirs_with_n() -> SessionConfig {
    let mut config = theirs();
    if let Some(restart) = &mut config.graceful_restart {
        restart.notification = true;
    }
    config
}

/// The stale events of these, without what else happened.
pub(super) fn stale(events: &[Event]) -> Vec<(Family, Stale)> {
    let of = |event: &Event| match event {
        Event::Stale(family, what) => Some((*family, *what)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// Lost, with routes that stay.
fn lost() -> Scripted {
    let mut scripted = Scripted::established(ours(), &open_of(&theirs()));
    scripted.lose();
    assert_eq!(scripted.down(), (&DownReason::ConnectionLost, &[V4, V6][..]));
    scripted.events.clear();
    scripted
}

fn restart_of(open: &Open) -> GracefulRestart {
    open.capabilities.graceful_restart().expect("offered").clone()
}

#[test]
fn rfc4724_3_the_capability() {
    let mut config = ours();
    config.families[1].forwarding = Some(Forwarding::Lost);
    let families = |list: &[(Family, bool)]| {
        let family = |(family, forwarding): &_| GracefulRestartFamily {
            family: *family,
            forwarding: *forwarding,
        };
        list.iter().map(family).collect()
    };
    let mut expected = GracefulRestart {
        restarted: false,
        notification: true,
        restart_time: 120,
        families: families(&[(V6, false)]),
    };
    assert_eq!(restart_of(&open_of(&config)), expected);
    // The R bit, all families, and no more than 12 bits.
    config.families[0].forwarding = Some(Forwarding::Preserved);
    if let Some(restart) = &mut config.graceful_restart {
        (restart.restart_time, restart.notification) = (seconds(5000), false);
    }
    expected = GracefulRestart {
        restarted: true,
        notification: false,
        restart_time: 4095,
        families: families(&[(V4, true), (V6, false)]),
    };
    assert_eq!(restart_of(&config.open(&Default::default(), true)), expected);
    // Without forwarding it is offered all the same, for the neighbour's restarts.
    assert!(restart_of(&open_of(&ours())).families.is_empty());
    config.graceful_restart = None;
    assert_eq!(open_of(&config).capabilities.graceful_restart(), None);
}

#[test]
fn rfc4724_4_1_the_restart_state_bit_is_set_until_routes_are_selected() {
    let mut scripted = Scripted::started(ours());
    scripted.session.set_restarted(true);
    let mut restarted = |restarts: Option<bool>| {
        if let Some(restarts) = restarts {
            scripted.session.set_restarted(restarts);
        }
        scripted.accept();
        let Some(Message::Open(open)) = scripted.sent.pop() else { panic!("no OPEN") };
        scripted.lose();
        restart_of(&open).restarted
    };
    assert!(restarted(None));
    assert!(restarted(None), "until it is told otherwise");
    assert!(!restarted(Some(false)));
    // §4.2: that the neighbour restarts does not set it.
    let mut scripted = lost();
    scripted.accept();
    let Some(Message::Open(open)) = scripted.sent.pop() else { panic!("no OPEN") };
    assert!(!restart_of(&open).restarted);
}

#[test]
fn rfc4724_4_2_only_families_of_the_capability_stay() {
    let mut open = theirs();
    open.families[0].forwarding = None;
    let mut scripted = Scripted::established(ours(), &open_of(&open));
    scripted.lose();
    assert_eq!(scripted.down().1, [V6]);
    // Forwarding that an earlier restart has not preserved says nothing about the next one.
    let mut open = theirs();
    open.families[0].forwarding = Some(Forwarding::Lost);
    let mut scripted = Scripted::established(ours(), &open_of(&open));
    scripted.lose();
    assert_eq!(scripted.down().1, [V4, V6]);
    // A family that is not one of the session, in the capability.
    let mut config = ours();
    config.families.truncate(1);
    let mut scripted = Scripted::established(config, &open_of(&theirs()));
    scripted.lose();
    assert_eq!(scripted.down().1, [V4]);
}

#[test]
fn rfc4724_4_2_nothing_stays_unless_both_know_it() {
    let (without, mut empty) = (config(), theirs());
    empty.families.iter_mut().for_each(|one| one.forwarding = None);
    let plain = neighbor(&[V4, V6]);
    // A family that is not one of the session does not count.
    let mut other = theirs();
    other.families.truncate(1);
    let mut only_v6 = ours();
    only_v6.families.remove(0);
    let mut other = (only_v6, open_of(&other));
    other.1.capabilities.push(Capability::Multiprotocol(V6));
    let cases = [(without, theirs()), (ours(), plain), (ours(), empty)];
    let cases = cases.map(|(ours, theirs)| (ours, open_of(&theirs)));
    for (ours, open) in cases.into_iter().chain([other]) {
        let mut scripted = Scripted::established(ours, &open);
        scripted.pass(seconds(10));
        assert_eq!(scripted.session.handle_accepted(scripted.now, ends()), None);
        scripted.lose();
        assert_eq!(scripted.down(), (&DownReason::ConnectionLost, &[][..]));
        assert_eq!(scripted.session.timer_left(Timer::Stale, scripted.now), None);
        scripted.pass(seconds(10_000));
        assert_eq!(stale(&scripted.events), []);
    }
}

#[test]
fn rfc4724_4_2_stale_routes_go_when_the_restart_time_is_over() {
    let mut scripted = lost();
    assert_eq!(scripted.session.stale_time_left(V4, scripted.now), Some(seconds(100)));
    assert_eq!(scripted.session.timer_left(Timer::Stale, scripted.now), Some(seconds(100)));
    // Attempts that fail meanwhile take nothing away.
    scripted.pass(seconds(20));
    scripted.accept();
    scripted.lose();
    assert_eq!(scripted.down(), (&DownReason::ConnectionLost, &[V4, V6][..]));
    scripted.accept();
    scripted.receive_bytes(&[0; 19]);
    assert_eq!(scripted.down().1, [V4, V6]);
    scripted.run_until(seconds(99));
    assert_eq!(stale(&scripted.take_events()), []);
    scripted.run_until(seconds(100));
    assert_eq!(stale(&scripted.take_events()), [(V4, Stale::Sweep), (V6, Stale::Sweep)]);
    assert_eq!(scripted.session.stale_time_left(V4, scripted.now), None);
    // The next one has nothing to come back to.
    scripted.run_until(seconds(400));
    scripted.establish(&open_of(&theirs()));
    scripted.receive_bytes(&end_of_rib(V4));
    assert_eq!(stale(&scripted.events), []);
}

/// The neighbour's Restart Time is taken between bounds.
#[test]
fn the_restart_time_has_bounds() {
    for (bounds, expected) in [((0, 4095), 100), ((0, 30), 30), ((600, 4095), 600), ((7, 7), 7)] {
        let mut config = ours();
        if let Some(restart) = &mut config.graceful_restart {
            restart.neighbor_restart_time = (seconds(bounds.0), seconds(bounds.1));
        }
        let mut scripted = Scripted::established(config, &open_of(&theirs()));
        scripted.lose();
        assert_eq!(scripted.session.stale_time_left(V6, scripted.now), Some(seconds(expected)));
    }
    let mut open = theirs();
    if let Some(restart) = &mut open.graceful_restart {
        restart.restart_time = seconds(0);
    }
    let mut scripted = Scripted::established(ours(), &open_of(&open));
    scripted.lose();
    assert_eq!(scripted.session.poll_timeout(), Some(scripted.now));
    scripted.pass(seconds(0));
    assert_eq!(stale(&scripted.events), [(V4, Stale::Sweep), (V6, Stale::Sweep)]);
}

#[test]
fn rfc4724_4_2_end_of_rib_ends_the_restart_of_a_family() {
    let mut scripted = lost();
    scripted.pass(seconds(50));
    scripted.establish(&open_of(&theirs()));
    assert_eq!(stale(&scripted.take_events()), [], "until it has told its routes");
    scripted.receive_bytes(&end_of_rib(V6));
    let events = scripted.take_events();
    assert!(matches!(events[..], [Event::Update(_), Event::Stale(V6, Stale::Sweep)]), "{events:?}");
    scripted.receive_bytes(&end_of_rib(V6));
    assert_eq!(stale(&scripted.events), [], "once");
    assert!(scripted.session.end_of_rib_received(V6) && !scripted.session.end_of_rib_received(V4));
    scripted.receive_bytes(&end_of_rib(V4));
    assert_eq!(stale(&scripted.take_events()), [(V4, Stale::Sweep)]);
    scripted.pass(seconds(10_000));
    assert_eq!(stale(&scripted.take_events()), []);
}

#[test]
fn rfc4724_4_2_what_was_not_preserved_goes_at_once() {
    let (mut lost_v4, mut without_v4, mut nothing) = (theirs(), theirs(), theirs());
    lost_v4.families[0].forwarding = Some(Forwarding::Lost);
    without_v4.families[0].forwarding = None;
    nothing.graceful_restart = None;
    let mut only_v6 = theirs();
    only_v6.families.remove(0);
    let swept = |family| (family, Stale::Sweep);
    for (open, expected) in [
        (lost_v4, &[swept(V4)][..]),
        (without_v4, &[swept(V4)]),
        (only_v6, &[swept(V4)]),
        (nothing, &[swept(V4), swept(V6)]),
    ] {
        let mut scripted = lost();
        scripted.establish(&open_of(&open));
        let events = scripted.take_events();
        assert!(matches!(events[0], Event::Established(_)), "{events:?}");
        assert_eq!(stale(&events), expected);
        let left = usize::from(expected.len() == 1);
        scripted.pass(seconds(10_000));
        assert_eq!(stale(&scripted.events).len(), left, "by the stale timer");
    }
}

#[test]
fn rfc4724_4_2_consecutive_restarts() {
    let mut scripted = lost();
    scripted.pass(seconds(50));
    scripted.establish(&open_of(&theirs()));
    scripted.receive_bytes(&end_of_rib(V6));
    scripted.events.clear();
    scripted.lose();
    // What was stale before goes before the rest becomes stale.
    let events = scripted.take_events();
    assert!(
        matches!(&events[..], [Event::Stale(V4, Stale::Sweep), Event::Down { retained, .. }]
            if retained[..] == [V4, V6]),
        "{events:?}"
    );
    assert_eq!(scripted.session.stale_time_left(V4, scripted.now), Some(seconds(100)));
}

/// RFC 4724 §4: "the normal BGP procedures MUST be followed".
#[test]
fn rfc4724_4_a_notification_ends_it_without_the_n_bit() {
    for code in 1..=8 {
        let mut scripted = Scripted::established(ours(), &open_of(&theirs()));
        let notification = bgp_wire::Notification::new(NotificationCode(code), 1);
        scripted.receive(&Message::Notification(notification));
        assert_eq!(scripted.down().1, []);
    }
    // Those that we send: an UPDATE that does not parse, HoldTimer, a reset.
    let mut scripted = Scripted::established(ours(), &open_of(&theirs()));
    scripted.receive_bytes(&super::scripted::raw(2, &[0, 0, 0, 9]));
    assert_eq!(scripted.down().1, []);
    let open = SessionConfig { hold_time: seconds(90), ..theirs() };
    let mut scripted = Scripted::established(ours(), &open_of(&open));
    scripted.pass(seconds(90));
    assert_eq!(scripted.down().1, []);
    let mut scripted = Scripted::established(ours(), &open_of(&theirs()));
    scripted.session.reset(scripted.now, Shutdown::AdministrativeReset);
    scripted.poll();
    assert_eq!(scripted.down().1, []);
}

#[test]
fn rfc4724_5_a_new_connection_is_that_of_a_restarted_neighbor() {
    let mut scripted = Scripted::established(ours(), &open_of(&theirs()));
    let old = scripted.id;
    scripted.pass(seconds(10));
    scripted.events.clear();
    scripted.accept();
    assert_ne!(scripted.id, old);
    // "The previous TCP session is simply closed", and the new one retained.
    assert!(matches!(scripted.sent[..], [Message::Open(_)]), "{:?}", scripted.sent);
    assert_eq!(scripted.actions, [Action::Close(old)]);
    assert_eq!(scripted.down(), (&DownReason::Restarted, &[V4, V6][..]));
    assert_eq!(scripted.session.statistics().connect_retry_counter, 0);
    assert_eq!(scripted.session.state(), State::OpenSent);
    scripted.receive(&Message::Open(open_of(&theirs())));
    scripted.receive(&Message::Keepalive);
    scripted.receive_bytes(&end_of_rib(V4));
    assert_eq!(stale(&scripted.take_events()), [(V4, Stale::Sweep)]);
    assert_eq!(scripted.session.established().expect("up").0, scripted.id);
    // What comes on the old one is nothing.
    scripted.session.handle_disconnected(scripted.now, old);
    scripted.poll();
    assert_eq!(scripted.session.state(), State::Established);
}

/// "With one or more AFIs/SAFIs"; and not so soon that it may have been dialled at the same time (§6.8).
#[test]
fn rfc4724_5_other_new_connections_are_refused() {
    let mut empty = theirs();
    empty.families.iter_mut().for_each(|one| one.forwarding = None);
    for (ours, open, time) in [
        (ours(), empty, 10),
        (config(), theirs(), 10),
        (ours(), neighbor(&[V4]), 10),
        (ours(), theirs(), 2),
    ] {
        let mut scripted = Scripted::established(ours, &open_of(&open));
        scripted.pass(seconds(time));
        assert_eq!(scripted.session.handle_accepted(scripted.now, ends()), None);
        scripted.poll();
        assert_eq!(scripted.session.state(), State::Established);
        assert_eq!(scripted.actions, []);
    }
}

/// RFC 4724 §5: TcpConnectionFails counts, and leads to Idle.
#[test]
fn rfc4724_5_a_lost_connection_counts() {
    let scripted = lost();
    assert_eq!(scripted.session.statistics().connect_retry_counter, 1);
    assert_eq!(scripted.session.statistics().since, None);
}

#[test]
fn a_stopped_session_lets_go_of_all() {
    for why in [Shutdown::AdministrativeShutdown, Shutdown::Restart, Shutdown::LinkDown] {
        let mut up = Scripted::established(ours(), &open_of(&theirs_with_n()));
        let mut waiting = lost();
        for scripted in [&mut up, &mut waiting] {
            scripted.events.clear();
            scripted.session.stop(scripted.now, why);
            scripted.poll();
            assert_eq!(scripted.events.len(), 1, "{:?}", scripted.events);
            assert_eq!(scripted.down(), (&DownReason::Stopped(why), &[][..]));
            assert_eq!(scripted.session.poll_timeout(), None);
        }
    }
    // Also when it has come to Idle after an error.
    let mut scripted = lost();
    scripted.accept();
    scripted.receive_bytes(&[0; 19]);
    assert_eq!(scripted.session.state(), State::Idle);
    scripted.events.clear();
    scripted.session.stop(scripted.now, Shutdown::DeConfigured);
    scripted.poll();
    assert_eq!(scripted.down(), (&DownReason::Stopped(Shutdown::DeConfigured), &[][..]));
}

/// RFC 4724 §4.1: we restart, so nothing is said.
#[test]
fn rfc4724_4_1_our_own_restart_is_silent() {
    let mut scripted = Scripted::established(ours(), &open_of(&theirs_with_n()));
    scripted.session.stop(scripted.now, Shutdown::Restart);
    scripted.poll();
    assert_eq!(scripted.sent, []);
    assert_eq!(scripted.actions, [Action::Close(scripted.id)]);
}

/// A family of which the neighbour has told all before it is lost is not stale from before.
#[test]
fn routes_are_only_stale_once() {
    let mut scripted = lost();
    scripted.establish(&open_of(&theirs()));
    scripted.receive_bytes(&end_of_rib(V4));
    scripted.receive_bytes(&end_of_rib(V6));
    scripted.events.clear();
    scripted.lose();
    assert_eq!(stale(&scripted.events), []);
    assert_eq!(scripted.down().1, [V4, V6]);
}
