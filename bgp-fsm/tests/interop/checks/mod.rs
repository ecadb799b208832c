//! What has to be seen for a feature to work: on the peer's side and on ours.

mod messages;
mod protection;
mod restart;

use std::net::IpAddr;
use std::time::Duration;

use bgp_fsm::tokio::{Authentication, TimeToLive};
use bgp_fsm::{Forwarding, Negotiated, RestartConfig, SessionConfig};
use bgp_wire::{AddPathDirection, Capability, Family, NextHop, OrfDirection, Role};

use testbed::{PATIENCE, wait_for};

use crate::addresses::{
    FEEDER, FEEDER_AS, OUR_LARGE_AS, OURS, PASSWORD, PEER_LARGE_AS, PEER6, THEIRS, US6,
};
use crate::feature::Feature;
use crate::matrix::Proof;
use crate::ours::{Config, Route, Speaker};
use crate::peers::Kind;
use crate::scene::Scene;

const SECONDS_30: Duration = Duration::from_secs(30);

/// Of features that both sides can ask of each other: which of the two do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Both,
    /// Only we ask it of the peer: to tell again, to filter, to listen, to keep our routes.
    Ours,
    /// Only the peer asks it of us.
    Theirs,
}

impl Part {
    const fn ours(self) -> bool {
        !matches!(self, Self::Theirs)
    }

    const fn theirs(self) -> bool {
        !matches!(self, Self::Ours)
    }
}

/// Panics where the feature does not work.
pub(crate) fn check(kind: Kind, feature: Feature, part: Part) {
    let mut scene = Scene::new(kind, feature);
    match feature {
        Feature::Session => session(&mut scene),
        Feature::FourOctetAs => four_octet_as(&mut scene),
        Feature::Md5 => protection::md5(&mut scene),
        Feature::Gtsm => protection::gtsm(&mut scene, part),
        Feature::AddPath => add_path(&mut scene),
        Feature::ExtendedMessage => extended_message(&mut scene),
        Feature::ExtendedNextHop => extended_next_hop(&mut scene),
        Feature::RouteRefresh => messages::route_refresh(&mut scene, part),
        Feature::EnhancedRefresh => messages::enhanced_refresh(&mut scene, part),
        Feature::Orf => messages::orf(&mut scene, part),
        Feature::Role => messages::role(&mut scene),
        Feature::Shutdown => messages::shutdown(&mut scene, part),
        Feature::TheirRange => drop(scene.exchange(&config(feature))),
        Feature::OurRange => drop(scene.exchange(&config(feature))),
        Feature::GracefulRestart => restart::graceful(&mut scene, part),
        Feature::Notification => restart::notification(&mut scene),
        Feature::LongLived => restart::long_lived(&mut scene),
        Feature::SendHold => protection::send_hold(&mut scene),
    }
}

/// Panics where a peer does not lack what it is said to lack.
pub(crate) fn lacks(kind: Kind, feature: Feature, proof: Proof) {
    match proof {
        Proof::Open => {
            let scene = Scene::new(kind, feature);
            let session = scene.speaker(&config(feature)).wait_established();
            assert!(!agreed(&session, feature), "{session:?}");
        }
        Proof::Parser => kind.refuses(feature),
        Proof::Admits => drop(Scene::new(kind, feature).exchange(&Config::new())),
        Proof::Documents => {}
    }
}

/// Whether both have offered it.
fn agreed(session: &Negotiated, feature: Feature) -> bool {
    match feature {
        Feature::AddPath => !session.send.add_path.is_empty(),
        Feature::ExtendedMessage => session.send.extended_message,
        Feature::ExtendedNextHop => !session.extended_next_hop.is_empty(),
        Feature::EnhancedRefresh => session.enhanced_refresh,
        Feature::Orf => !session.filters_sent.is_empty() || !session.filters_received.is_empty(),
        Feature::Role => session.remote.capabilities.role().is_some(),
        Feature::Notification => session.survives_notification(),
        Feature::LongLived => !session.long_lived.is_empty(),
        _ => unreachable!("no OPEN tells of {feature:?}"),
    }
}

/// A configuration of ours with the feature.
pub(crate) fn config(feature: Feature) -> Config {
    let mut config = Config::new();
    let session = &mut config.session;
    let restart = RestartConfig { restart_time: SECONDS_30, ..RestartConfig::default() };
    match feature {
        Feature::FourOctetAs => {
            session.local_as = OUR_LARGE_AS;
            session.remote_as = PEER_LARGE_AS.into();
        }
        Feature::AddPath => {
            session.families.iter_mut().for_each(|one| one.add_path = Some(AddPathDirection::BOTH));
        }
        Feature::ExtendedMessage => session.extended_message = true,
        Feature::ExtendedNextHop => {
            session.families[0].extended_next_hop = true;
            (config.local, config.remote) = (US6, PEER6);
        }
        // FRR answers no request before it has marked the end of its routes, which it does only for those who
        // know graceful restart (RFC 7313 §4).
        // And what is not told between the marks it forgets only where it would keep it over a restart.
        Feature::RouteRefresh | Feature::EnhancedRefresh => {
            session.graceful_restart = Some(restart);
            forwarding(session);
        }
        Feature::Orf => session.families[0].filters = Some(OrfDirection::BOTH),
        Feature::Role => session.role = Some(Role::CUSTOMER),
        Feature::OurRange => config.listen = true,
        Feature::GracefulRestart => {
            session.graceful_restart = Some(RestartConfig { notification: false, ..restart });
            forwarding(session);
        }
        Feature::Notification => {
            session.graceful_restart = Some(restart);
            forwarding(session);
        }
        Feature::LongLived => {
            let restart_time = Duration::from_secs(1);
            let restart = RestartConfig { restart_time, notification: false, ..restart };
            session.graceful_restart = Some(restart);
            session.long_lived = Some((Duration::ZERO, Duration::from_secs(60)));
            forwarding(session);
            for family in &mut session.families {
                family.long_lived_stale_time = Some(Duration::from_secs(60));
            }
        }
        Feature::Gtsm => config.options.ttl = TimeToLive::Gtsm(1),
        Feature::Md5 => config.options.authentication = Some(Authentication::Md5(PASSWORD.into())),
        Feature::SendHold => session.hold_time = Duration::from_secs(3),
        _ => {}
    }
    config
}

/// Ours goes on while we restart.
fn forwarding(session: &mut SessionConfig) {
    for family in &mut session.families {
        family.forwarding = Some(Forwarding::Preserved);
    }
}

fn session(scene: &mut Scene) {
    let speaker = scene.exchange(&Config::new());
    let seen = scene.wait_seen(OURS, |_| true);
    assert_eq!((seen.as_path.as_str(), seen.next_hop.as_str()), ("65001", "10.0.0.1"));
    let learned = speaker.wait_route(THEIRS);
    assert_eq!((learned.as_path.as_str(), learned.next_hop.as_str()), ("65002", "10.0.0.2"));
    speaker.send(|writer| {
        let gone: ipnet::IpNet = OURS.parse().expect("a prefix");
        writer.withdraw(Family::IPV4_UNICAST, [gone]);
    });
    scene.wait_paths(OURS, 0);
}

fn four_octet_as(scene: &mut Scene) {
    let speaker = scene.exchange(&config(Feature::FourOctetAs));
    assert_eq!(scene.wait_seen(OURS, |_| true).as_path, OUR_LARGE_AS.to_string());
    assert_eq!(speaker.wait_route(THEIRS).as_path, PEER_LARGE_AS.to_string());
}

/// A second neighbour of the peer.
fn feeder(scene: &Scene) -> Speaker {
    let mut config = Config { local: FEEDER, ..Config::new() };
    config.session.local_as = FEEDER_AS;
    config.session.router_id = [10, 0, 0, 3].into();
    let feeder = scene.speaker(&config);
    feeder.wait_established();
    feeder
}

/// A route of it.
fn fed(prefix: &str) -> Route {
    let IpAddr::V4(next_hop) = FEEDER else { unreachable!("an IPv4 address") };
    Route { next_hop: NextHop::V4(next_hop), ..Route::new(prefix) }
}

/// Two paths each way.
fn add_path(scene: &mut Scene) {
    let speaker = scene.exchange(&config(Feature::AddPath));
    // ExaBGP has both paths of its own, the others have one from a neighbour.
    let feeder = scene.kind.is_router().then(|| {
        let feeder = feeder(scene);
        feeder.announce(&[fed(THEIRS)]);
        feeder
    });
    speaker.wait("two paths of a prefix", |state| (state.paths(THEIRS).len() == 2).then_some(()));
    speaker.announce(&[1, 2].map(|path_id| Route { path_id, med: path_id, ..Route::new(OURS) }));
    scene.wait_paths(OURS, 3);
    // One of them goes.
    speaker.send(|writer| {
        let gone: ipnet::IpNet = OURS.parse().expect("a prefix");
        writer.withdraw(Family::IPV4_UNICAST, [(1_u32, gone)]);
    });
    scene.wait_paths(OURS, 2);
    drop(feeder);
}

/// An UPDATE of more than 4,096 octets.
fn extended_message(scene: &mut Scene) {
    let speaker = scene.exchange(&config(Feature::ExtendedMessage));
    let remote = speaker.wait_established().remote;
    assert!(remote.capabilities.contains(&Capability::ExtendedMessage), "{remote:?}");
    speaker.announce(&[Route { large_communities: 1000, ..Route::new(OURS) }]);
    wait_for(PATIENCE, "the peer has a thousand communities", || {
        if scene.peer.has_large_communities(OURS, 1000)? { Ok(()) } else { Err("not yet".into()) }
    });
}

/// IPv4 routes with IPv6 next hops, both ways.
fn extended_next_hop(scene: &mut Scene) {
    let speaker = scene.speaker(&config(Feature::ExtendedNextHop));
    speaker.wait_established();
    let IpAddr::V6(us) = US6 else { unreachable!("an IPv6 address") };
    let ours = Route { next_hop: NextHop::V6(us, None), ..Route::new(OURS) };
    scene.trade(&speaker, &[ours]);
    scene.wait_seen(OURS, |seen| seen.next_hop.starts_with("2001:db8::1"));
    let learned = speaker.wait_route(THEIRS);
    assert!(learned.next_hop.starts_with("2001:db8::2"), "{learned:?}");
}
