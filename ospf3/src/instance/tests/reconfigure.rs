//! Other configurations at run time.

use core::time::Duration;

use super::net::Net;
use super::routes::{external, prefix};
use crate::config::{AreaConfig, NetworkType};
use crate::instance::event::Event;
use crate::originate::{AreaKind, Metric, Stub};
use crate::{AreaId, InterfaceId, NeighborState, RouterId};

const LINK: InterfaceId = InterfaceId(1);
const ONE: AreaId = AreaId(1);

fn full(net: &Net) -> bool {
    net.state(0, LINK, 1) == NeighborState::Full && net.state(1, LINK, 0) == NeighborState::Full
}

/// Two routers in area 1, of which one tells of an external route.
fn pair() -> Net {
    let mut net = Net::new(2);
    net.connect_with(NetworkType::PointToPoint, &[0, 1], |_, config| config.area = ONE);
    external(&mut net, 1, "2001:db8:ff::/48", Some(Metric::type2(1)));
    net.run(Duration::from_secs(30));
    assert!(full(&net) && has_external(&net));
    net.events.clear();
    net
}

fn has_external(net: &Net) -> bool {
    net.routers[0].routes().route(prefix("2001:db8:ff::/48")).is_some()
}

fn reconfigure(net: &mut Net, router: usize, change: impl Fn(&mut crate::InstanceConfig)) {
    let mut config = net.routers[router].config().clone();
    change(&mut config);
    net.routers[router].reconfigure(net.now, config);
    net.drain(router);
}

#[test]
fn an_area_becomes_a_stub() {
    let mut net = pair();
    for router in [0, 1] {
        reconfigure(&mut net, router, |config| {
            let kind = AreaKind::Stub(Stub::default());
            config.areas.insert(ONE, AreaConfig { kind, ..AreaConfig::default() });
        });
    }
    assert!(!full(&net));
    net.until(30, full);
    net.run(Duration::from_secs(30));
    assert!(!has_external(&net));
    for router in [0, 1] {
        assert_eq!(net.routers[router].databases.whole_as().len(), 0);
    }
    for router in [0, 1] {
        reconfigure(&mut net, router, |config| {
            config.areas.clear();
        });
    }
    net.until(30, full);
    net.until(30, has_external);
}

#[test]
fn what_neighbours_need_not_know_leaves_adjacencies_alone() {
    let mut net = pair();
    reconfigure(&mut net, 0, |config| {
        config.maximum_paths = 1;
        config.rfc1583_compatibility = true;
        config.graceful_restart.helper = false;
    });
    net.run(Duration::from_secs(30));
    let of_neighbors = |(_, _, event): &&(_, _, Event)| matches!(event, Event::Neighbor { .. });
    assert!(full(&net) && has_external(&net));
    assert_eq!(net.events.iter().filter(|event| of_neighbors(event)).count(), 0);
}

#[test]
fn another_router_id() {
    let mut net = pair();
    net.routers[1].stop(net.now);
    net.drain(1);
    net.until(10, |net| net.routers[1].is_stopped());
    net.until(10, |net| !has_external(net));
    reconfigure(&mut net, 1, |config| config.router_id = RouterId(77));
    let new = |net: &Net| {
        let neighbor = net.routers[0].neighbor(LINK, RouterId(77));
        neighbor.is_some_and(|neighbor| neighbor.state == NeighborState::Full)
    };
    net.until(60, new);
    net.until(30, has_external);
    net.run(Duration::from_secs(60));
    assert_eq!(net.routers[0].neighbors, 1);
    assert!(net.is_synchronized(ONE));
}
