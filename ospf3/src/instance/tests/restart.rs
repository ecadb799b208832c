//! Graceful restart: helpers and the one who restarts (RFC 5187, RFC 3623).

use core::time::Duration;

use super::net::{Net, link};
use super::routes::prefix;
use crate::config::NetworkType;
use crate::instance::Instance;
use crate::instance::event::{Event, HelperStatus, InterfaceEvent};
use crate::lsa::{LsType, RestartReason};
use crate::{AreaId, InterfaceId, InterfaceState, NeighborState, ScopeId};

const LEFT: InterfaceId = InterfaceId(1);
const RIGHT: InterfaceId = InterfaceId(2);

/// Routers 0, 1 and 2 in a line; the links are of this kind.
fn line(network: NetworkType) -> Net {
    let mut net = Net::new(3);
    net.connect(network, &[0, 1]);
    net.connect(network, &[1, 2]);
    net.run(Duration::from_secs(120));
    assert!(reached(&net));
    net
}

/// Routers 0 and 2 reach what is behind router 1.
fn reached(net: &Net) -> bool {
    let routes = |router: usize, text| net.routers[router].routes().route(prefix(text)).is_some();
    routes(0, "2001:db8:2::/64") && routes(2, "2001:db8:1::/64")
}

/// Router 1 announces its restart, ends, and is there again after `pause`.
fn restart(net: &mut Net, pause: Duration) {
    let now = net.now;
    net.routers[1].announce_restart(now, RestartReason::SOFTWARE_UPGRADE);
    net.drain(1);
    net.until(10, |net| net.routers[1].is_restart_acknowledged());
    let config = net.routers[1].config.clone();
    let interfaces: Vec<_> = net.routers[1]
        .interfaces
        .iter()
        .map(|(id, interface)| (*id, interface.config.clone(), interface.link.clone()))
        .collect();
    // One that knows of nothing is as silent as one that is not there.
    net.routers[1] = Instance::new(config.clone(), 7);
    net.run(pause);
    let now = net.now;
    let left = Duration::from_secs(120).saturating_sub(pause);
    net.routers[1] = Instance::new(config, 8);
    net.routers[1].begin_restart(now, left, RestartReason::SOFTWARE_UPGRADE);
    for (id, config, link) in interfaces {
        net.routers[1].configure_interface(now, id, Some(config));
        let up = InterfaceEvent::Up(link.expect("it was up"));
        net.routers[1].handle_interface(now, id, up);
    }
    net.drain(1);
}

fn helped(net: &Net, router: usize) -> Vec<HelperStatus> {
    let events = net.events.iter().filter(|(_, of, _)| *of == router);
    events
        .filter_map(|(_, _, event)| match event {
            Event::Helper { status, .. } => Some(*status),
            _ => None,
        })
        .collect()
}

fn ended(net: &Net) -> Option<bool> {
    net.events.iter().find_map(|(_, router, event)| match event {
        Event::RestartEnded { completed } if *router == 1 => Some(*completed),
        _ => None,
    })
}

#[test]
fn a_router_restarts_and_no_route_is_lost() {
    for network in [NetworkType::PointToPoint, NetworkType::Broadcast] {
        for pause in [5, 60] {
            let mut net = line(network);
            let was = net.interface_state(1, RIGHT);
            net.events.clear();
            restart(&mut net, Duration::from_secs(pause));
            let lost = |net: &Net| {
                net.events.iter().any(|(_, router, event)| {
                    *router != 1 && matches!(event, Event::Route { route: None, .. })
                })
            };
            net.until(120, |net| ended(net).is_some());
            assert_eq!(ended(&net), Some(true), "{network:?} {pause}");
            net.run(Duration::from_secs(60));
            assert!(!lost(&net) && reached(&net), "{network:?} {pause}");
            for router in [0, 2] {
                let told = helped(&net, router);
                assert_eq!(told, [HelperStatus::Helping, HelperStatus::Completed], "{network:?}");
            }
            assert_eq!(net.interface_state(1, RIGHT), was);
            assert!(net.is_synchronized(AreaId::BACKBONE));
            let grace = |(_, lsdb): (ScopeId, &crate::Lsdb)| lsdb.of_type(LsType::GRACE).count();
            assert!(net.routers.iter().all(|i| i.databases.iter().map(grace).sum::<usize>() == 0));
        }
    }
}

#[test]
fn the_grace_period_runs_out() {
    let mut net = line(NetworkType::PointToPoint);
    let now = net.now;
    net.routers[1].announce_restart(now, RestartReason::UNKNOWN);
    net.drain(1);
    net.until(10, |net| net.routers[1].is_restart_acknowledged());
    let config = net.routers[1].config.clone();
    net.routers[1] = Instance::new(config, 7);
    net.run(Duration::from_secs(100));
    assert!(net.state(0, LEFT, 1) == NeighborState::Full && reached(&net));
    net.run(Duration::from_secs(30));
    assert_eq!(net.state(0, LEFT, 1), NeighborState::Down);
    assert_eq!(helped(&net, 0), [HelperStatus::Helping, HelperStatus::TimedOut]);
    assert!(!reached(&net));
}

#[test]
fn a_change_of_the_topology_ends_the_help() {
    let mut net = line(NetworkType::PointToPoint);
    let now = net.now;
    net.routers[1].announce_restart(now, RestartReason::UNKNOWN);
    net.drain(1);
    net.until(10, |net| net.routers[1].is_restart_acknowledged());
    let config = net.routers[1].config.clone();
    net.routers[1] = Instance::new(config, 7);
    // A third link of router 0 comes up.
    let id = InterfaceId(3);
    let config = crate::InterfaceConfig::new(AreaId::BACKBONE, NetworkType::Loopback);
    net.routers[0].configure_interface(net.now, id, Some(config));
    let up = InterfaceEvent::Up(link((0, id), &["2001:db8:99::1/128"]));
    net.routers[0].handle_interface(net.now, id, up);
    net.drain(0);
    net.run(Duration::from_secs(10));
    assert_eq!(helped(&net, 0), [HelperStatus::Helping, HelperStatus::TopologyChanged]);
    // Nobody relays it to router 2.
    assert_eq!(helped(&net, 2), [HelperStatus::Helping]);
}

#[test]
fn who_does_not_help_ends_it() {
    let mut net = Net::with(3, |config| config.graceful_restart.helper = false);
    net.connect(NetworkType::PointToPoint, &[0, 1]);
    net.connect(NetworkType::PointToPoint, &[1, 2]);
    net.run(Duration::from_secs(120));
    net.events.clear();
    restart(&mut net, Duration::from_secs(60));
    net.until(130, |net| ended(net).is_some());
    net.run(Duration::from_secs(60));
    assert!(helped(&net, 0).is_empty() && reached(&net));
    assert_eq!(net.interface_state(1, LEFT), InterfaceState::PointToPoint);
    assert!(net.is_synchronized(AreaId::BACKBONE));
}
