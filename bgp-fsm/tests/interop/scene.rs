//! Two machines, the peer on one of them, our speakers on the other.

use std::time::Duration;

use testbed::{Lab, Node, PATIENCE, holds_for, wait_for};

use crate::addresses::{OURS, OURS6, THEIRS, THEIRS6};
use crate::feature::Feature;
use crate::ours::{Config, Route, Speaker};
use crate::peers::{Kind, Peer, Seen};

pub(crate) struct Scene {
    pub(crate) kind: Kind,
    pub(crate) peer: Box<dyn Peer>,
    pub(crate) us: Node,
    // The last to go.
    _lab: Lab,
}

impl Scene {
    /// The peer runs, configured for one feature.
    #[track_caller]
    pub(crate) fn new(kind: Kind, feature: Feature) -> Self {
        let lab = Lab::new();
        let (us, them) = (lab.node("us"), lab.node("peer"));
        lab.link(&us, &them);
        us.addresses(&them, &["10.0.0.1/24", "10.0.0.3/24", "2001:db8::1/64", "fe80::1/64"]);
        them.addresses(&us, &["10.0.0.2/24", "2001:db8::2/64", "fe80::2/64"]);
        if feature == Feature::SendHold {
            // What the peer says fills the connection soon.
            for (node, memory) in [(&us, "tcp_rmem"), (&them, "tcp_wmem")] {
                let path = format!("/proc/sys/net/ipv4/{memory}");
                let written = node.inside(|| std::fs::write(path, "4096 4096 4096"));
                written.expect("root may write there");
            }
        }
        let peer = kind.start(&lab, &them, feature);
        Self { kind, peer, us, _lab: lab }
    }

    /// A speaker of ours.
    pub(crate) fn speaker(&self, config: &Config) -> Speaker {
        Speaker::start(&self.us, config)
    }

    /// Brings a session up and trades routes of both families.
    #[track_caller]
    pub(crate) fn exchange(&mut self, config: &Config) -> Speaker {
        let speaker = self.speaker(config);
        self.trade(&speaker, &[Route::new(OURS), Route::new(OURS6)]);
        speaker
    }

    /// Tells `routes` and End-of-RIB, and waits until both sides have what the other has told.
    #[track_caller]
    pub(crate) fn trade(&mut self, speaker: &Speaker, routes: &[Route]) {
        speaker.wait_established();
        speaker.announce(routes);
        speaker.end_of_rib();
        for route in routes {
            self.wait_seen(&route.prefix.to_string(), |_| true);
        }
        speaker.wait_route(THEIRS);
        speaker.wait_route(THEIRS6);
    }

    /// Waits until the peer has a route to a prefix that is as wanted.
    #[track_caller]
    pub(crate) fn wait_seen(&mut self, prefix: &str, wanted: impl Fn(&Seen) -> bool) -> Seen {
        wait_for(PATIENCE, format!("the peer has {prefix} as wanted"), || {
            let paths = self.peer.paths(prefix)?;
            paths.iter().find(|seen| wanted(seen)).cloned().ok_or_else(|| format!("{paths:?}"))
        })
    }

    /// Waits until the peer has so many routes to a prefix.
    #[track_caller]
    pub(crate) fn wait_paths(&mut self, prefix: &str, count: usize) {
        wait_for(PATIENCE, format!("the peer has {count} of {prefix}"), || {
            let paths = self.peer.paths(prefix)?;
            if paths.len() == count { Ok(()) } else { Err(format!("{paths:?}")) }
        });
    }
}

/// Asserts that a speaker gets no session with a peer configured for a feature, while others long have one.
#[track_caller]
pub(crate) fn assert_refused(kind: Kind, feature: Feature, config: &Config) {
    let mut scene = Scene::new(kind, feature);
    let speaker = scene.speaker(config);
    if config.listen {
        speaker.wait("the peer calls", |state| state.called.then_some(()));
    }
    holds_for(Duration::from_millis(1500), "no session", || {
        // Our side may believe in one: the peer may have heard our OPEN before it set its socket up. What comes
        // later it must not hear.
        if speaker.state().established.is_some() {
            speaker.announce(&[Route::new(OURS)]);
        }
        match scene.peer.paths(OURS) {
            Ok(paths) if !paths.is_empty() => Err(format!("{paths:?}")),
            // GoBGP shows no table where there is no session.
            _ => Ok(()),
        }
    });
}
