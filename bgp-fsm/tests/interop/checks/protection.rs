//! Who may connect, and who does not listen.

use std::time::Duration;

use bgp_fsm::tokio::{Authentication, TimeToLive};
use testbed::wait_for;

use super::{Part, config, fed, feeder};
use crate::feature::Feature;
use crate::ours::Config;
use crate::scene::{Scene, assert_refused};

/// OpenBGPD takes a minute and a half at least.
const GIVES_UP: Duration = Duration::from_secs(150);

/// Who has another password, or none, gets no session.
pub(super) fn md5(scene: &mut Scene) {
    drop(scene.exchange(&config(Feature::Md5)));
    let mut wrong = config(Feature::Md5);
    wrong.options.authentication = Some(Authentication::Md5("another".into()));
    for other in [Config::new(), wrong] {
        assert_refused(scene.kind, Feature::Md5, &other);
    }
}

/// Both send with a TTL of 255; whose is less gets no session.
pub(super) fn gtsm(scene: &mut Scene, part: Part) {
    let listen = scene.kind.dials(Feature::Gtsm);
    drop(scene.exchange(&Config { listen, ..config(Feature::Gtsm) }));
    if part.ours() {
        let mut far = Config { listen, ..Config::new() };
        far.options.ttl = TimeToLive::Limit(254);
        assert_refused(scene.kind, Feature::Gtsm, &far);
    }
}

/// A neighbour that does not read is given up (RFC 9687).
pub(super) fn send_hold(scene: &mut Scene) {
    let speaker = scene.exchange(&config(Feature::SendHold));
    speaker.deafen();
    // More than the connection holds.
    let feeder = feeder(scene);
    feeder.announce_many(&fed("100.0.0.0/26"), 200_000);
    let words = scene.kind.gives_up();
    wait_for(GIVES_UP, "the peer gives up", || {
        let tells = scene.peer.tells();
        if tells.contains(words) { Ok(()) } else { Err(tells) }
    });
}
