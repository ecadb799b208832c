//! Refreshes, filters, roles, last words.

use bgp_fsm::{Shutdown, Stale};
use bgp_wire::{
    AddressPrefixChange, AddressPrefixFilter, Family, Orf, OrfMatch, OrfUpdate, Role, RouteRefresh,
    WhenToRefresh,
};
use testbed::{PATIENCE, wait_for};

use super::{Part, config};
use crate::addresses::{OURS, OURS_TOO, OURS6, THEIRS, THEIRS_TOO};
use crate::feature::Feature;
use crate::ours::{Config, Route, Speaker};
use crate::scene::Scene;

const FAMILY: Family = Family::IPV4_UNICAST;

fn times_told(speaker: &Speaker, prefix: &str) -> u32 {
    let prefix = prefix.parse().expect("a prefix");
    speaker.state().told.get(&prefix).copied().unwrap_or_default()
}

#[track_caller]
fn wait_asked(speaker: &Speaker) {
    speaker.wait("its request comes", |state| {
        state.refreshes.iter().any(|one| one.family == FAMILY).then_some(())
    });
}

pub(super) fn route_refresh(scene: &mut Scene, part: Part) {
    let speaker = scene.exchange(&config(Feature::RouteRefresh));
    if part.ours() {
        let before = times_told(&speaker, THEIRS);
        speaker.ask_refresh(FAMILY);
        let prefix = THEIRS.parse().expect("a prefix");
        speaker.wait("it is told again", |state| {
            (state.told.get(&prefix) > Some(&before)).then_some(())
        });
    }
    if part.theirs() {
        scene.peer.ask_refresh();
        wait_asked(&speaker);
    }
}

pub(super) fn enhanced_refresh(scene: &mut Scene, part: Part) {
    let speaker = scene.speaker(&config(Feature::EnhancedRefresh));
    scene.trade(&speaker, &[Route::new(OURS), Route::new(OURS_TOO), Route::new(OURS6)]);
    let session = speaker.wait_established();
    assert!(session.enhanced_refresh, "{session:?}");
    if part.ours() {
        speaker.ask_refresh(FAMILY);
        speaker.wait("the marks come", |state| {
            (state.stale == [Stale::Mark, Stale::Sweep]).then_some(())
        });
        assert_eq!(speaker.state().paths(THEIRS).len(), 1);
    }
    if part.theirs() {
        scene.peer.ask_refresh();
        wait_asked(&speaker);
        // What is not told between the marks is gone behind them.
        speaker.mark(RouteRefresh::begin(FAMILY));
        speaker.announce(&[Route::new(OURS)]);
        speaker.mark(RouteRefresh::end(FAMILY));
        scene.wait_paths(OURS_TOO, 0);
        scene.wait_paths(OURS, 1);
    }
}

/// A filter each way.
pub(super) fn orf(scene: &mut Scene, part: Part) {
    let speaker = scene.speaker(&config(Feature::Orf));
    speaker.wait_established();
    if part.theirs() {
        let (ours, others) = (OURS.parse().expect("a prefix"), OURS_TOO.parse().expect("a prefix"));
        speaker.wait("its filter comes", |state| {
            let filters = state.filters.as_ref()?;
            (filters.permit(&ours) && !filters.permit(&others)).then_some(())
        });
    }
    if part.ours() {
        speaker.change_filters(FAMILY, only_theirs());
        // It tells nothing before it has a filter, or is asked (RFC 5291 §6).
        speaker.wait_route(THEIRS);
        speaker.wait("what the filter refuses is not there", |state| {
            state.paths(THEIRS_TOO).is_empty().then_some(())
        });
    }
}

fn only_theirs() -> OrfUpdate {
    let filter = AddressPrefixFilter {
        sequence: 5,
        action: OrfMatch::Permit,
        prefix: THEIRS.parse().expect("a prefix"),
        min_length: 0,
        max_length: 0,
    };
    OrfUpdate {
        when: WhenToRefresh::IMMEDIATE,
        filters: vec![Orf::AddressPrefix(vec![AddressPrefixChange::Add(filter)])],
    }
}

pub(super) fn role(scene: &mut Scene) {
    let speaker = scene.exchange(&config(Feature::Role));
    // RFC 9234 §5: a provider marks what it tells its customers.
    assert_eq!(speaker.wait_route(THEIRS).only_to_customer, Some(65002));
    drop(speaker);
    let mut wrong = config(Feature::Role);
    wrong.session.role = Some(Role::PEER);
    // Whichever of the two sees it first tells the other.
    scene.speaker(&wrong).wait("Role Mismatch", |state| {
        state.downs.iter().any(|why| why.contains("Role Mismatch")).then_some(())
    });
}

/// RFC 9003, both ways.
pub(super) fn shutdown(scene: &mut Scene, part: Part) {
    let speaker = scene.exchange(&Config::new());
    if part.ours() {
        speaker.reset(Shutdown::AdministrativeShutdown, "back at noon");
        wait_for(PATIENCE, "the peer tells why", || {
            let tells = scene.peer.tells();
            if tells.contains("back at noon") { Ok(()) } else { Err(tells) }
        });
        speaker.wait_session(2);
    }
    if part.theirs() {
        scene.peer.shut_down("planned work");
        speaker.wait("why the session ends", |state| {
            let text = state.notifications.last()?.shutdown_communication()?;
            (text == "planned work").then_some(())
        });
    }
}
