//! Route refresh (RFC 2918) and enhanced route refresh (RFC 7313).

use alloc::vec::Vec;

use bgp_wire::{Capability, Family, Message, RefreshSubtype, RouteRefresh};

use super::graceful::{V4, V6, ours as with_restart, stale, theirs as restarting};
use super::scripted::{Scripted, code, config, end_of_rib, neighbor, open_of, raw, seconds};
use crate::{DownReason, Event, FamilyConfig, SessionConfig, Stale, StaleReason, State};

/// We, without graceful restart; 600 s for a refresh.
fn ours() -> SessionConfig {
    let mut config = config();
    config.families = [V4, V6].map(FamilyConfig::new).into();
    config
}

fn theirs() -> SessionConfig {
    SessionConfig { hold_time: seconds(0), ..neighbor(&[V4, V6]) }
}

fn established() -> Scripted {
    let mut scripted = Scripted::established(ours(), &open_of(&theirs()));
    scripted.events.clear();
    scripted
}

fn receive(scripted: &mut Scripted, refresh: RouteRefresh) -> Vec<Event> {
    scripted.receive(&Message::RouteRefresh(refresh));
    scripted.take_events()
}

fn stale_of(scripted: &mut Scripted, refresh: RouteRefresh) -> Vec<(Family, Stale)> {
    let events = receive(scripted, refresh);
    assert_eq!(stale(&events).len(), events.len(), "{events:?}");
    stale(&events)
}

#[test]
fn rfc2918_4_a_request_of_a_neighbor_that_need_not_know_it_itself() {
    let open = SessionConfig { route_refresh: false, ..theirs() };
    let mut scripted = Scripted::established(ours(), &open_of(&open));
    scripted.events.clear();
    let wanted = RouteRefresh::request(V6);
    assert_eq!(receive(&mut scripted, wanted.clone()), [Event::RouteRefresh(wanted)]);
    // But it is not asked.
    assert!(!scripted.session.request_refresh(scripted.now, V6));
    // Nor do we answer when we have not offered it.
    let config = SessionConfig { route_refresh: false, ..ours() };
    let mut scripted = Scripted::established(config, &open_of(&theirs()));
    scripted.events.clear();
    assert_eq!(receive(&mut scripted, RouteRefresh::request(V6)), []);
}

#[test]
fn rfc2918_4_families_that_were_not_agreed_on_are_ignored() {
    let mut scripted = established();
    for subtype in [0, 1, 2, 3, 255] {
        let refresh = RouteRefresh::new(Family::IPV4_MULTICAST, RefreshSubtype(subtype));
        assert_eq!(receive(&mut scripted, refresh), []);
    }
    assert_eq!(scripted.session.state(), State::Established);
}

#[test]
fn rfc7313_3_1_both_have_to_know_it() {
    let enhanced = |ours: bool, theirs_too: bool| {
        let config = SessionConfig { enhanced_refresh: ours, ..self::ours() };
        let open = SessionConfig { enhanced_refresh: theirs_too, ..theirs() };
        let offered = open_of(&config).capabilities.contains(&Capability::EnhancedRouteRefresh);
        assert_eq!(offered, ours);
        let mut scripted = Scripted::established(config, &open_of(&open));
        scripted.events.clear();
        let marks = stale_of(&mut scripted, RouteRefresh::begin(V4));
        let (_, negotiated) = scripted.session.established().expect("up");
        assert_eq!(negotiated.enhanced_refresh, !marks.is_empty());
        negotiated.enhanced_refresh
    };
    assert!(enhanced(true, true));
    assert!(
        ![(true, false), (false, true), (false, false)].iter().any(|one| enhanced(one.0, one.1))
    );
}

#[test]
fn rfc7313_4_between_borr_and_eorr() {
    let mut scripted = established();
    assert_eq!(stale_of(&mut scripted, RouteRefresh::begin(V4)), [(V4, Stale::Mark)]);
    assert_eq!(scripted.session.stale_time_left(V4, scripted.now), Some(seconds(600)));
    assert_eq!(scripted.session.stale_reason(V4), Some(StaleReason::Refresh));
    assert_eq!(scripted.session.stale_reason(V6), None);
    assert_eq!(stale_of(&mut scripted, RouteRefresh::end(V6)), [], "without BoRR");
    // End-of-RIB is something else (§4: "kept separate").
    scripted.receive_bytes(&end_of_rib(V4));
    assert_eq!(stale(&scripted.take_events()), []);
    assert_eq!(stale_of(&mut scripted, RouteRefresh::begin(V6)), [(V6, Stale::Mark)]);
    assert_eq!(stale_of(&mut scripted, RouteRefresh::end(V4)), [(V4, Stale::Sweep)]);
    assert_eq!(stale_of(&mut scripted, RouteRefresh::end(V4)), [], "once");
    assert_eq!(stale_of(&mut scripted, RouteRefresh::end(V6)), [(V6, Stale::Sweep)]);
    assert_eq!(scripted.session.poll_timeout(), None);
    // The neighbour may do that at any time, and begin anew before it has ended.
    assert_eq!(stale_of(&mut scripted, RouteRefresh::begin(V4)), [(V4, Stale::Mark)]);
    assert_eq!(stale_of(&mut scripted, RouteRefresh::begin(V4)), [(V4, Stale::Mark)]);
    assert_eq!(stale_of(&mut scripted, RouteRefresh::end(V4)), [(V4, Stale::Sweep)]);
}

#[test]
fn rfc7313_4_how_long_it_may_take() {
    for time in [600, 1, 0] {
        let config = SessionConfig { refresh_time: seconds(time), ..ours() };
        let mut scripted = Scripted::established(config, &open_of(&theirs()));
        scripted.events.clear();
        assert_eq!(stale_of(&mut scripted, RouteRefresh::begin(V4)), [(V4, Stale::Mark)]);
        scripted.pass(seconds(time).saturating_sub(seconds(1)));
        assert_eq!(scripted.take_events().is_empty(), time >= 1);
        scripted.pass(seconds(1));
        assert!(stale(&scripted.take_events()).len() <= 1);
        assert_eq!(stale_of(&mut scripted, RouteRefresh::end(V4)), [], "it is over");
        assert_eq!(scripted.session.stale_time_left(V4, scripted.now), None);
        assert_eq!(scripted.session.state(), State::Established);
    }
}

/// "MUST ignore any BoRRs for an <AFI, SAFI> from the neighbor before the speaker receives the EoR"
#[test]
fn rfc7313_4_not_before_end_of_rib() {
    for config in [ours(), with_restart()] {
        let mut scripted = Scripted::established(config, &open_of(&restarting()));
        scripted.events.clear();
        assert_eq!(stale_of(&mut scripted, RouteRefresh::begin(V4)), []);
        assert_eq!(stale_of(&mut scripted, RouteRefresh::end(V4)), []);
        scripted.receive_bytes(&end_of_rib(V4));
        scripted.events.clear();
        assert_eq!(stale_of(&mut scripted, RouteRefresh::begin(V6)), [], "of that family");
        assert_eq!(stale_of(&mut scripted, RouteRefresh::begin(V4)), [(V4, Stale::Mark)]);
        assert_eq!(stale_of(&mut scripted, RouteRefresh::end(V4)), [(V4, Stale::Sweep)]);
    }
    // The marker is one of the session: on the next it counts anew.
    let mut scripted = Scripted::established(with_restart(), &open_of(&restarting()));
    scripted.receive_bytes(&end_of_rib(V4));
    scripted.lose();
    scripted.establish(&open_of(&restarting()));
    scripted.events.clear();
    assert_eq!(stale_of(&mut scripted, RouteRefresh::begin(V4)), []);
    assert!(scripted.session.stale_time_left(V4, scripted.now).is_some(), "of the restart");
}

#[test]
fn rfc7313_5_invalid_message_length() {
    for subtype in [1, 2] {
        let mut scripted = established();
        let message = raw(5, &[0, 1, subtype, 1, 0]);
        scripted.receive_bytes(&message);
        assert_eq!(code(&scripted.closed_with()), (7, 1, message));
    }
}

#[test]
fn rfc7313_5_other_subtypes_are_ignored() {
    let mut scripted = established();
    for subtype in 3..=255 {
        scripted.receive_bytes(&raw(5, &[0, 1, subtype, 1]));
        scripted.receive_bytes(&raw(5, &[0, 1, subtype, 1, 1, 2, 3]));
    }
    assert_eq!((scripted.events.len(), scripted.session.state()), (0, State::Established));
}

/// A session that ends in the middle of a refresh.
#[test]
fn a_refresh_does_not_outlive_its_session() {
    let mut scripted = established();
    scripted.receive(&Message::RouteRefresh(RouteRefresh::begin(V4)));
    scripted.lose();
    assert_eq!(scripted.down(), (&DownReason::ConnectionLost, &[][..]));
    scripted.establish(&open_of(&theirs()));
    scripted.events.clear();
    assert_eq!(stale_of(&mut scripted, RouteRefresh::end(V4)), []);
    scripted.pass(seconds(10_000));
    assert_eq!(stale(&scripted.events), []);
    // With graceful restart its routes stay, and End-of-RIB is waited for.
    let mut scripted = Scripted::established(with_restart(), &open_of(&restarting()));
    scripted.receive_bytes(&end_of_rib(V4));
    scripted.receive(&Message::RouteRefresh(RouteRefresh::begin(V4)));
    scripted.events.clear();
    scripted.lose();
    assert_eq!(scripted.down().1, [V4, V6]);
    assert_eq!(scripted.session.stale_time_left(V4, scripted.now), Some(seconds(100)));
    scripted.establish(&open_of(&restarting()));
    scripted.events.clear();
    assert_eq!(stale_of(&mut scripted, RouteRefresh::end(V4)), []);
    scripted.receive_bytes(&end_of_rib(V4));
    assert_eq!(stale(&scripted.events), [(V4, Stale::Sweep)]);
}

/// RFC 2918 has nothing of HoldTimer; RFC 4271 §8.2.2 names KEEPALIVE and UPDATE alone.
#[test]
fn rfc4271_8_2_2_a_refresh_is_no_sign_of_life() {
    let open = SessionConfig { hold_time: seconds(90), ..theirs() };
    let mut scripted = Scripted::established(ours(), &open_of(&open));
    scripted.pass(seconds(60));
    scripted.receive(&Message::RouteRefresh(RouteRefresh::request(V4)));
    assert_eq!(scripted.session.hold_timer_left(scripted.now), Some(seconds(30)));
}
