//! Long-lived graceful restart (RFC 9494).

use alloc::vec::Vec;

use bgp_wire::{Capability, Family, LongLivedFamily, Message, Notification, NotificationCode};

use super::graceful::{V4, V6, ours as plain, stale, theirs as plain_neighbor};
use super::scripted::{Scripted, cease, end_of_rib, open_of, seconds};
use crate::{Event, Forwarding, SessionConfig, Stale, StaleReason, State};

fn ours() -> SessionConfig {
    SessionConfig { long_lived: Some((seconds(0), seconds(1_000_000))), ..plain() }
}

/// Restart Time 100 s, Long-lived Stale Time 1000 s of IPv4 and 2000 s of IPv6; without the N bit.
fn theirs() -> SessionConfig {
    let mut config = plain_neighbor();
    config.families[0].long_lived_stale_time = Some(seconds(1000));
    config.families[1].long_lived_stale_time = Some(seconds(2000));
    config.long_lived = Some((seconds(0), seconds(0)));
    config
}

fn theirs_with_n() -> SessionConfig {
    let mut config = theirs();
    if let Some(restart) = &mut config.graceful_restart {
        restart.notification = true;
    }
    config
}

fn established(open: &SessionConfig) -> Scripted {
    let mut scripted = Scripted::established(ours(), &open_of(open));
    scripted.events.clear();
    scripted
}

/// In the LLGR period since 100 s.
fn long_lived(open: &SessionConfig) -> Scripted {
    let mut scripted = established(open);
    scripted.lose();
    scripted.run_until(seconds(100));
    let expected = [(V4, Stale::LongLived), (V6, Stale::LongLived)];
    assert_eq!(stale(&scripted.take_events()), expected);
    assert_eq!(scripted.session.stale_reason(V4), Some(StaleReason::LongLived));
    scripted
}

fn left(scripted: &Scripted, family: Family) -> Option<u64> {
    scripted.session.stale_time_left(family, scripted.now).map(|left| left.as_secs())
}

#[test]
fn rfc9494_3_1_the_capability() {
    let mut config = ours();
    config.families[0].forwarding = Some(Forwarding::Lost);
    config.families[0].long_lived_stale_time = Some(seconds(3600));
    config.families[1].forwarding = Some(Forwarding::Preserved);
    let of = |config: &SessionConfig| {
        let open = open_of(config);
        open.capabilities.long_lived_graceful_restart().map(Vec::from)
    };
    let v4 = LongLivedFamily { family: V4, forwarding: false, stale_time: 3600 };
    assert_eq!(of(&config), Some(Vec::from([v4])), "each family as configured (§5)");
    config.families[1].long_lived_stale_time = Some(seconds(7));
    let v6 = LongLivedFamily { family: V6, forwarding: true, stale_time: 7 };
    assert_eq!(of(&config), Some(Vec::from([v4, v6])));
    // Never without graceful restart, nor by default.
    config.graceful_restart = None;
    let codes = |config: &SessionConfig| {
        let open = open_of(config);
        open.capabilities.iter().any(|one| matches!(one, Capability::LongLivedGracefulRestart(_)))
    };
    assert!(!codes(&config));
    config.graceful_restart = plain().graceful_restart;
    assert!(codes(&config));
    config.long_lived = None;
    assert!(!codes(&config));
}

/// §3.1: "the Graceful Restart capability MUST also be advertised", also when the neighbour has refused it.
#[test]
fn rfc9494_3_1_not_without_graceful_restart() {
    let mut config = ours();
    config.families[0].forwarding = Some(Forwarding::Preserved);
    config.families[0].long_lived_stale_time = Some(seconds(3600));
    let mut scripted = Scripted::in_state(State::OpenSent, config);
    let data = bytes::Bytes::from_static(&[64, 0]);
    let refusal = Notification::with_data(NotificationCode::OPEN_MESSAGE, 7, data);
    scripted.receive(&Message::Notification(refusal));
    scripted.accept();
    let Some(Message::Open(open)) = scripted.sent.pop() else { panic!("no OPEN") };
    assert!(open.capabilities.contains(&Capability::RouteRefresh));
    let restarts = |one: &Capability| {
        matches!(one, Capability::GracefulRestart(_) | Capability::LongLivedGracefulRestart(_))
    };
    assert!(!open.capabilities.iter().any(restarts), "{}", open.capabilities);
}

#[test]
fn rfc9494_4_5_it_is_nothing_without_graceful_restart() {
    let mut open = open_of(&theirs());
    let without =
        open.capabilities.iter().filter(|one| !matches!(one, Capability::GracefulRestart(_)));
    open.capabilities = without.cloned().collect();
    let mut scripted = Scripted::established(ours(), &open);
    scripted.lose();
    assert_eq!(scripted.down().1, []);
}

#[test]
fn rfc9494_4_2_one_after_the_other() {
    let mut scripted = established(&theirs());
    scripted.lose();
    assert_eq!(scripted.down().1, [V4, V6]);
    scripted.run_until(seconds(99));
    assert_eq!(stale(&scripted.take_events()), []);
    scripted.run_until(seconds(100));
    let expected = [(V4, Stale::LongLived), (V6, Stale::LongLived)];
    assert_eq!(stale(&scripted.take_events()), expected);
    assert_eq!((left(&scripted, V4), left(&scripted, V6)), (Some(1000), Some(2000)));
    scripted.run_until(seconds(1099));
    assert_eq!(stale(&scripted.take_events()), []);
    scripted.run_until(seconds(1100));
    assert_eq!(stale(&scripted.take_events()), [(V4, Stale::Sweep)]);
    scripted.run_until(seconds(2099));
    assert_eq!(stale(&scripted.take_events()), []);
    scripted.run_until(seconds(2100));
    assert_eq!(stale(&scripted.take_events()), [(V6, Stale::Sweep)]);
    assert_eq!((left(&scripted, V4), left(&scripted, V6)), (None, None));
}

/// A host that comes late does not make routes live longer.
#[test]
fn rfc9494_4_2_the_sum_of_both_times_is_the_limit() {
    let mut scripted = established(&theirs());
    scripted.lose();
    scripted.now = seconds(900);
    scripted.session.handle_timeout(scripted.now);
    scripted.poll();
    assert_eq!(left(&scripted, V4), Some(200));
    scripted.run_until(seconds(1100));
    assert!(stale(&scripted.events).contains(&(V4, Stale::Sweep)));
}

/// What is not listed counts as zero, and so does a time of zero.
#[test]
fn rfc9494_4_2_either_time_may_be_zero() {
    // Not in the graceful restart capability: at once in the LLGR period.
    let mut open = open_of(&theirs());
    let mut listed = open.capabilities.graceful_restart().expect("there").clone();
    listed.families.retain(|one| one.family == V6);
    let capabilities = open.capabilities.iter().map(|one| match one {
        Capability::GracefulRestart(_) => Capability::GracefulRestart(listed.clone()),
        other => other.clone(),
    });
    open.capabilities = capabilities.collect();
    let mut scripted = Scripted::established(ours(), &open);
    scripted.lose();
    assert_eq!(scripted.down().1, [V4, V6]);
    scripted.events.clear();
    assert_eq!(scripted.session.poll_timeout(), Some(scripted.now));
    scripted.run_until(seconds(0));
    assert_eq!(stale(&scripted.take_events()), [(V4, Stale::LongLived)]);
    assert_eq!((left(&scripted, V4), left(&scripted, V6)), (Some(1000), Some(100)));
    // None of them is.
    listed.families.clear();
    let capabilities = open.capabilities.iter().map(|one| match one {
        Capability::GracefulRestart(_) => Capability::GracefulRestart(listed.clone()),
        other => other.clone(),
    });
    open.capabilities = capabilities.collect();
    let mut scripted = Scripted::established(ours(), &open);
    scripted.lose();
    assert_eq!(scripted.down().1, [V4, V6]);
    // None in either.
    let mut open = theirs();
    open.families.iter_mut().for_each(|one| one.forwarding = None);
    let mut scripted = established(&open);
    scripted.lose();
    assert_eq!(scripted.down().1, []);
    // Long-lived Stale Time zero, or not listed: as without.
    for time in [None, Some(seconds(0))] {
        let mut open = theirs();
        open.families[0].long_lived_stale_time = time;
        // Also where we have a lower bound
        let config = SessionConfig { long_lived: Some((seconds(9), seconds(9000))), ..ours() };
        let mut scripted = Scripted::established(config, &open_of(&open));
        scripted.lose();
        scripted.run_until(seconds(100));
        let expected = [(V4, Stale::Sweep), (V6, Stale::LongLived)];
        assert_eq!(stale(&scripted.events), expected);
    }
}

#[test]
fn rfc9494_4_2_the_times_may_be_bounded() {
    for (bounds, expected) in [((0, 1500), (1000, 1500)), ((1200, 9999), (1200, 2000))] {
        let mut config = ours();
        config.long_lived = Some((seconds(bounds.0), seconds(bounds.1)));
        let mut scripted = Scripted::established(config, &open_of(&theirs()));
        scripted.lose();
        scripted.run_until(seconds(100));
        assert_eq!(
            (left(&scripted, V4), left(&scripted, V6)),
            (Some(expected.0), Some(expected.1))
        );
    }
}

#[test]
fn rfc9494_4_2_both_have_to_know_it() {
    let mut scripted = Scripted::established(plain(), &open_of(&theirs()));
    scripted.lose();
    scripted.run_until(seconds(100));
    assert_eq!(stale(&scripted.events), [(V4, Stale::Sweep), (V6, Stale::Sweep)]);
}

/// "The timer is neither stopped nor updated until EoR is received."
#[test]
fn rfc9494_4_2_the_timer_goes_on_when_the_neighbor_is_back() {
    let mut scripted = long_lived(&theirs());
    scripted.run_until(seconds(600));
    scripted.establish(&open_of(&theirs()));
    assert_eq!(stale(&scripted.take_events()), []);
    assert_eq!((left(&scripted, V4), left(&scripted, V6)), (Some(500), Some(1500)));
    scripted.receive_bytes(&end_of_rib(V6));
    assert_eq!(stale(&scripted.take_events()), [(V6, Stale::Sweep)]);
    assert_eq!((left(&scripted, V4), left(&scripted, V6)), (Some(500), None));
    // It expires while the neighbour still tells its routes.
    scripted.run_until(seconds(1100));
    assert_eq!(stale(&scripted.take_events()), [(V4, Stale::Sweep)]);
    assert_eq!(scripted.session.state(), State::Established);
    scripted.receive_bytes(&end_of_rib(V4));
    assert_eq!(stale(&scripted.take_events()), []);
}

/// "If the session subsequently resets prior to becoming synchronized, any remaining routes (for the AFI/SAFI
/// whose LLST timer expired) MUST be removed immediately."
#[test]
fn rfc9494_4_2_expired_and_not_synchronized() {
    for open in [theirs(), theirs_with_n()] {
        let mut scripted = long_lived(&open);
        scripted.run_until(seconds(600));
        scripted.establish(&open_of(&open));
        scripted.run_until(seconds(1200));
        assert_eq!(stale(&scripted.take_events()), [(V4, Stale::Sweep)]);
        scripted.lose();
        assert_eq!(scripted.down().1, [V6]);
        // But not for ever.
        scripted.events.clear();
        scripted.establish(&open_of(&open));
        scripted.lose();
        assert_eq!(scripted.down().1, [V4, V6]);
    }
    // Synchronized, it begins anew.
    let mut scripted = long_lived(&theirs());
    scripted.run_until(seconds(600));
    scripted.establish(&open_of(&theirs()));
    scripted.run_until(seconds(1200));
    scripted.receive_bytes(&end_of_rib(V4));
    scripted.lose();
    assert_eq!(scripted.down().1, [V4, V6]);
    assert_eq!(left(&scripted, V4), Some(100));
}

/// In the LLGR period the F bit of that capability counts.
#[test]
fn rfc9494_4_2_what_was_not_preserved_goes_at_once() {
    let (mut flag, mut family, mut capability) = (theirs(), theirs(), theirs());
    flag.families[0].forwarding = Some(Forwarding::Lost);
    family.families[0].long_lived_stale_time = None;
    capability.long_lived = None;
    let swept = |family| (family, Stale::Sweep);
    for (open, expected) in [
        (flag, &[swept(V4)][..]),
        (family, &[swept(V4)]),
        (capability, &[swept(V4), swept(V6)]),
        (plain_neighbor(), &[swept(V4), swept(V6)]),
        (theirs(), &[]),
    ] {
        let mut scripted = long_lived(&theirs());
        scripted.establish(&open_of(&open));
        assert_eq!(stale(&scripted.events), expected);
    }
    // Before it, that of graceful restart.
    let mut scripted = established(&theirs());
    scripted.lose();
    scripted.run_until(seconds(50));
    scripted.establish(&open_of(&plain_neighbor()));
    assert_eq!(stale(&scripted.events), []);
}

/// "In the case of consecutive restarts, the previously marked stale routes MUST NOT be deleted before the
/// timer for the Long-lived Stale Time expires", whatever RFC 4724 says where there is no N bit.
#[test]
fn rfc9494_4_2_consecutive_restarts_delete_nothing() {
    for open in [theirs(), theirs_with_n()] {
        // In the time of graceful restart
        let mut scripted = established(&open);
        scripted.lose();
        scripted.run_until(seconds(50));
        scripted.establish(&open_of(&open));
        scripted.run_until(seconds(60));
        scripted.lose();
        assert_eq!(stale(&scripted.events), []);
        assert_eq!(scripted.down().1, [V4, V6]);
        // In the LLGR period
        let mut scripted = long_lived(&open);
        scripted.run_until(seconds(600));
        scripted.establish(&open_of(&open));
        scripted.lose();
        assert!(!stale(&scripted.events).iter().any(|one| one.1 == Stale::Sweep));
        assert_eq!(scripted.down().1, [V4, V6]);
        assert_eq!((left(&scripted, V4), left(&scripted, V6)), (Some(500), Some(1500)));
    }
}

/// A session that was up for a moment in the LLGR period: what became stale only then is told apart by nobody,
/// so it becomes long-lived with the rest, and that can only be said when it is stale.
#[test]
fn rfc9494_4_2_the_period_goes_on_for_all_routes() {
    let mut scripted = long_lived(&theirs_with_n());
    scripted.establish(&open_of(&theirs_with_n()));
    scripted.receive_bytes(&end_of_rib(V6));
    scripted.events.clear();
    scripted.lose();
    let events = scripted.take_events();
    let [Event::Down { retained, .. }, rest @ ..] = &events[..] else { panic!("{events:?}") };
    assert_eq!(retained[..], [V4, V6]);
    assert_eq!(stale(rest), [(V4, Stale::LongLived)]);
}

/// RFC 8538 decides, as for graceful restart.
#[test]
fn rfc9494_4_2_notifications() {
    let mut scripted = established(&theirs());
    scripted.receive(&cease(4));
    assert_eq!(scripted.down().1, []);
    let mut scripted = established(&theirs_with_n());
    scripted.receive(&cease(4));
    assert_eq!(scripted.down().1, [V4, V6]);
    scripted.run_until(seconds(100));
    assert_eq!(stale(&scripted.events).len(), 2);
    let mut scripted = established(&theirs_with_n());
    scripted.receive(&cease(9));
    assert_eq!(scripted.down().1, []);
}

/// RFC 4724 §5 holds for it too: its families are among those that may be restarting.
#[test]
fn a_new_connection_in_the_llgr_period() {
    let mut scripted = long_lived(&theirs());
    scripted.establish(&open_of(&theirs()));
    scripted.run_until(seconds(110));
    scripted.events.clear();
    scripted.accept();
    assert_eq!(scripted.down().1, [V4, V6]);
    assert_eq!(left(&scripted, V4), Some(990));
}
