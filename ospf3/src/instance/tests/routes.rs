//! Routes through a few routers.

use core::time::Duration;

use ipnet::IpNet;

use super::net::{Net, link_local, router_id};
use crate::config::{AreaConfig, InterfaceConfig, NetworkType};
use crate::instance::event::Event;
use crate::originate::{AreaKind, External, ExternalKey, Metric, Nssa, Stub};
use crate::route::{NextHop, Route, RouteKind};
use crate::{AreaId, InterfaceId};

const ONE: AreaId = AreaId(1);
const TWO: AreaId = AreaId(2);

pub(super) fn prefix(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

pub(super) fn external(net: &mut Net, router: usize, text: &str, metric: Option<Metric>) {
    let external = metric.map(|metric| External {
        metric,
        tag: None,
        forwarding_address: None,
        propagate: true,
    });
    let key = ExternalKey { prefix: prefix(text), path: 0 };
    let now = net.now;
    net.routers[router].set_external(now, key, external);
    net.drain(router);
}

fn route<'a>(net: &'a Net, router: usize, text: &str) -> Option<&'a Route> {
    net.routers[router].routes().route(prefix(text))
}

/// The kind and cost of a route.
fn reach(net: &Net, router: usize, text: &str) -> Option<(RouteKind, u32)> {
    route(net, router, text).map(|route| (route.kind, route.cost))
}

/// All routers' routes, as the events have told them, are those of their tables.
fn events_agree(net: &Net) {
    for (router, instance) in net.routers.iter().enumerate() {
        let mut told = alloc::collections::BTreeMap::new();
        for (_, of, event) in &net.events {
            if let (Event::Route { prefix, route }, true) = (event, *of == router) {
                told.insert(*prefix, route.clone());
            }
        }
        told.retain(|_, route| route.is_some());
        let table: Vec<_> = instance.routes().routes().collect();
        let told: Vec<_> =
            told.iter().filter_map(|(prefix, route)| Some((*prefix, route.as_ref()?))).collect();
        assert_eq!(told, table, "of {}", router_id(router));
    }
}

#[test]
fn a_line_of_three() {
    let mut net = Net::new(3);
    let left = net.connect(NetworkType::PointToPoint, &[0, 1]);
    let right = net.connect(NetworkType::Broadcast, &[1, 2]);
    net.until(80, |net| {
        reach(net, 0, "2001:db8:2::/64") == Some((RouteKind::IntraArea, 20))
            && reach(net, 2, "2001:db8:1::/64") == Some((RouteKind::IntraArea, 20))
    });
    let hops = |router, text| route(&net, router, text).expect("a route").next_hops.to_vec();
    let hop = |id, to| NextHop { interface: id, address: Some(link_local((to, id)).into()) };
    assert_eq!(hops(0, "2001:db8:2::/64"), [hop(left, 1)]);
    assert_eq!(hops(2, "2001:db8:1::/64"), [hop(right, 1)]);
    // What is told in a router's own LSAs has no next hop.
    assert_eq!(hops(1, "2001:db8:1::/64"), []);
    net.run(Duration::from_secs(20));
    events_agree(&net);
    // The link on the right goes: so do the routes behind it.
    net.set_end(right, 2, false);
    net.until(60, |net| reach(net, 2, "2001:db8:1::/64").is_none());
    net.run(Duration::from_secs(30));
    events_agree(&net);
}

#[test]
fn external_routes_come_and_go() {
    let mut net = Net::new(3);
    net.connect(NetworkType::PointToPoint, &[0, 1]);
    net.connect(NetworkType::PointToPoint, &[1, 2]);
    external(&mut net, 2, "2001:db8:ff::/48", Some(Metric::type2(5)));
    external(&mut net, 2, "2001:db8:fe::/48", Some(Metric::type1(5)));
    net.until(20, |net| reach(net, 0, "2001:db8:ff::/48").is_some());
    assert_eq!(reach(&net, 0, "2001:db8:ff::/48"), Some((RouteKind::ExternalType2, 20)));
    assert_eq!(reach(&net, 0, "2001:db8:fe::/48"), Some((RouteKind::ExternalType1, 25)));
    net.run(Duration::from_secs(10));
    external(&mut net, 2, "2001:db8:ff::/48", None);
    net.until(20, |net| reach(net, 0, "2001:db8:ff::/48").is_none());
    assert!(reach(&net, 0, "2001:db8:fe::/48").is_some());
    net.run(Duration::from_secs(20));
    events_agree(&net);
    // The LSA is gone from all databases.
    for instance in &net.routers {
        assert_eq!(instance.databases.whole_as().len(), 1);
        assert!(instance.flushing.is_empty());
    }
}

/// Routers 0 and 1 in area 1, 1 and 2 in the backbone, 2 and 3 in area 2.
fn three_areas(kind: AreaKind) -> Net {
    let mut net = Net::with(4, |config| {
        let areas =
            [(ONE, AreaKind::Normal), (AreaId::BACKBONE, AreaKind::Normal), (TWO, kind.clone())];
        let area = |kind| AreaConfig { kind, ..AreaConfig::default() };
        config.areas = areas.into_iter().map(|(id, kind)| (id, area(kind))).collect();
    });
    for (routers, area) in [([0, 1], ONE), ([1, 2], AreaId::BACKBONE), ([2, 3], TWO)] {
        net.connect_with(NetworkType::PointToPoint, &routers, |_, config| config.area = area);
    }
    net
}

#[test]
fn border_routers_tell_of_other_areas() {
    let mut net = three_areas(AreaKind::Normal);
    external(&mut net, 0, "2001:db8:ff::/48", Some(Metric::type2(5)));
    net.until(60, |net| reach(net, 3, "2001:db8:1::/64").is_some());
    assert_eq!(reach(&net, 3, "2001:db8:1::/64"), Some((RouteKind::InterArea, 30)));
    net.until(60, |net| reach(net, 0, "2001:db8:3::/64").is_some());
    net.until(60, |net| reach(net, 3, "2001:db8:ff::/48").is_some());
    assert_eq!(reach(&net, 3, "2001:db8:ff::/48"), Some((RouteKind::ExternalType2, 30)));
    net.run(Duration::from_secs(30));
    events_agree(&net);
}

#[test]
fn a_stub_area_gets_a_default_route() {
    let stub = Stub { default_cost: 7, import_summaries: false };
    let mut net = three_areas(AreaKind::Stub(stub));
    external(&mut net, 0, "2001:db8:ff::/48", Some(Metric::type2(5)));
    net.until(60, |net| reach(net, 3, "::/0").is_some());
    net.run(Duration::from_secs(60));
    assert_eq!(reach(&net, 3, "::/0"), Some((RouteKind::InterArea, 17)));
    assert_eq!(reach(&net, 3, "2001:db8:1::/64"), None);
    assert_eq!(reach(&net, 3, "2001:db8:ff::/48"), None);
    assert_eq!(net.routers[3].databases.whole_as().len(), 0);
    assert_eq!(reach(&net, 2, "2001:db8:ff::/48"), Some((RouteKind::ExternalType2, 20)));
}

#[test]
fn an_nssa_tells_the_others() {
    let mut net = three_areas(AreaKind::Nssa(Nssa::default()));
    external(&mut net, 3, "2001:db8:ff::/48", Some(Metric::type2(5)));
    net.until(90, |net| reach(net, 0, "2001:db8:ff::/48").is_some());
    assert_eq!(reach(&net, 0, "2001:db8:ff::/48"), Some((RouteKind::ExternalType2, 30)));
    // The forwarding address is on the link between the two.
    let hops = route(&net, 2, "2001:db8:ff::/48").expect("a route").next_hops.to_vec();
    let address = Some("2001:db8:3::4".parse().expect("an address"));
    assert_eq!(hops, [NextHop { interface: InterfaceId(3), address }]);
    assert_eq!(net.routers[3].databases.whole_as().len(), 0);
    external(&mut net, 3, "2001:db8:ff::/48", None);
    net.until(90, |net| reach(net, 0, "2001:db8:ff::/48").is_none());
}

/// Area 2 is behind area 1: routers 1 and 2 have a virtual link through it.
#[test]
fn a_virtual_link() {
    let mut net = Net::new(4);
    for (routers, area) in [([0, 1], AreaId::BACKBONE), ([1, 2], ONE), ([2, 3], TWO)] {
        net.connect_with(NetworkType::PointToPoint, &routers, |_, config| config.area = area);
    }
    net.run(Duration::from_secs(30));
    assert_eq!(reach(&net, 3, "2001:db8:1::/64"), None);
    let id = InterfaceId(100);
    for (router, neighbor) in [(1, 2), (2, 1)] {
        let network = NetworkType::VirtualLink { transit: ONE, neighbor: router_id(neighbor) };
        let config = InterfaceConfig::new(AreaId::BACKBONE, network);
        let now = net.now;
        net.routers[router].configure_interface(now, id, Some(config));
        net.drain(router);
    }
    net.until(60, |net| reach(net, 3, "2001:db8:1::/64").is_some());
    assert_eq!(reach(&net, 3, "2001:db8:1::/64"), Some((RouteKind::InterArea, 30)));
    net.until(60, |net| reach(net, 0, "2001:db8:3::/64").is_some());
    // The path goes: so does the virtual link.
    net.set_end(InterfaceId(2), 1, false);
    net.until(90, |net| reach(net, 3, "2001:db8:1::/64").is_none());
    net.run(Duration::from_secs(60));
    assert!(net.routers[2].interfaces[&id].neighbors.is_empty());
    events_agree(&net);
}

#[test]
fn ipv4_over_links_without_ipv4_addresses() {
    let mut net = Net::with(3, |config| config.instance_id = crate::InstanceId(64));
    for routers in [[0, 1], [1, 2]] {
        net.connect(NetworkType::PointToPoint, &routers);
    }
    // Each router has a loopback with an address.
    for router in 0..3 {
        let id = InterfaceId(100);
        let now = net.now;
        let config = InterfaceConfig::new(AreaId::BACKBONE, NetworkType::Loopback);
        let address = alloc::format!("192.0.2.{}/32", router + 1);
        let link = super::net::link((router, id), &[&address]);
        net.routers[router].configure_interface(now, id, Some(config));
        net.routers[router].handle_interface(now, id, crate::InterfaceEvent::Up(link));
        net.drain(router);
    }
    net.until(30, |net| reach(net, 0, "192.0.2.3/32").is_some());
    let hops = route(&net, 0, "192.0.2.3/32").expect("a route").next_hops.to_vec();
    let interface = InterfaceId(1);
    assert_eq!(hops, [NextHop { interface, address: Some(link_local((1, interface)).into()) }]);
}
