//! Routes that outlive sessions.

use bgp_fsm::Shutdown;

use super::{Part, config};
use crate::addresses::{OURS, OURS6, THEIRS, THEIRS6};
use crate::feature::Feature;
use crate::ours::{Config, Route, Speaker};
use crate::scene::Scene;

fn ours() -> [Route; 2] {
    [Route::new(OURS), Route::new(OURS6)]
}

/// First the peer is killed and comes back, then we are.
pub(super) fn graceful(scene: &mut Scene, part: Part) {
    let config = config(Feature::GracefulRestart);
    let speaker = scene.exchange(&config);
    if part.theirs() {
        peer_restarts(scene, &speaker, false);
    }
    speaker.kill();
    if part.ours() {
        scene.wait_seen(OURS, |seen| seen.stale);
        we_return(scene, config);
    }
}

/// The peer is killed and comes back, later than its restart time where that is `late`; nothing is lost meanwhile.
fn peer_restarts(scene: &mut Scene, speaker: &Speaker, late: bool) {
    let session = speaker.wait_established();
    assert!(session.survives_restart(), "{session:?}");
    scene.peer.kill();
    speaker.wait_down();
    assert!(speaker.state().paths(THEIRS).first().is_some_and(|route| route.stale));
    if late {
        speaker.wait("it is kept for long", |state| {
            let paths = state.paths(THEIRS);
            assert_eq!(paths.len(), 1, "{THEIRS} was lost");
            paths[0].long_lived.then_some(())
        });
    }
    scene.peer.recover();
    let restart = speaker.wait_session(2).graceful_restart.expect("negotiated before");
    assert!(restart.restarted, "the peer does not say that it has restarted: {restart:?}");
    assert!(restart.families.iter().all(|one| one.forwarding), "{restart:?}");
    speaker.announce(&ours());
    speaker.end_of_rib();
    for prefix in [THEIRS, THEIRS6] {
        speaker.wait(&format!("{prefix} is fresh"), |state| {
            let paths = state.paths(prefix);
            assert_eq!(paths.len(), 1, "{prefix} was lost");
            (!paths[0].stale && state.ends.len() == 2).then_some(())
        });
    }
    scene.wait_seen(OURS, |seen| !seen.stale && !seen.long_lived);
}

/// We come back: what the peer has kept becomes fresh, and what is not told again goes.
fn we_return(scene: &mut Scene, config: Config) {
    let kept = |scene: &mut Scene, prefix| {
        assert_eq!(scene.peer.paths(prefix).map(|paths| paths.len()), Ok(1), "it was lost");
    };
    kept(scene, OURS);
    let speaker = scene.speaker(&Config { restarted: true, ..config });
    speaker.wait_established();
    kept(scene, OURS6);
    speaker.announce(&ours()[..1]);
    speaker.end_of_rib();
    scene.wait_seen(OURS, |seen| !seen.stale && !seen.long_lived);
    scene.wait_paths(OURS6, 0);
}

/// RFC 8538: routes outlive a NOTIFICATION too, but for a Hard Reset.
pub(super) fn notification(scene: &mut Scene) {
    let speaker = scene.exchange(&config(Feature::Notification));
    let session = speaker.wait_established();
    assert!(session.survives_notification(), "{session:?}");
    speaker.reset(Shutdown::OtherConfigurationChange, "");
    scene.wait_seen(OURS, |seen| seen.stale);
    assert!(speaker.state().paths(THEIRS).len() == 1, "we have let go of it");
    speaker.wait_session(2);
    speaker.announce(&ours());
    speaker.end_of_rib();
    scene.wait_seen(OURS, |seen| !seen.stale);
    speaker.reset(Shutdown::AdministrativeShutdown, "");
    scene.wait_paths(OURS, 0);
}

/// RFC 9494: routes stay beyond the restart time, on both sides.
pub(super) fn long_lived(scene: &mut Scene) {
    let config = config(Feature::LongLived);
    let speaker = scene.exchange(&config);
    let session = speaker.wait_established();
    assert!(!session.long_lived.is_empty(), "{session:?}");
    peer_restarts(scene, &speaker, true);
    speaker.kill();
    scene.wait_seen(OURS, |seen| seen.long_lived);
    we_return(scene, config);
}
