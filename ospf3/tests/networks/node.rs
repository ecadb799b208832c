//! A router: an instance, and what a host has besides.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use ipnet::IpNet;
use ospf3::config::{
    AreaConfig, ConfiguredNeighbor, InstanceConfig, InterfaceConfig, Link, NetworkType,
};
use ospf3::route::Route;
use ospf3::{
    AddressFamily, AreaId, Event, Instance, InterfaceEvent, InterfaceId, InterfaceState,
    NeighborState, RouterId,
};

use crate::plan::{Kind, NodeId, Plan};

#[derive(Debug, Clone)]
pub(crate) struct Router {
    pub(crate) instance: Instance,
    /// What it told of its routes.
    pub(crate) kernel: BTreeMap<IpNet, Route>,
    /// Where it hears what is sent to the Designated Routers.
    pub(crate) designated: BTreeSet<InterfaceId>,
    /// Its neighbours' states, as it told them.
    pub(crate) neighbors: BTreeMap<(InterfaceId, RouterId), NeighborState>,
    /// Packets sent, by the first octets: all, and Hellos.
    pub(crate) sent: u64,
    pub(crate) hellos: u64,
}

impl Router {
    /// One that has just started.
    pub(crate) fn start(plan: &Plan, node: NodeId, now: Duration, seed: u64) -> Self {
        let mut router = Self {
            instance: Instance::new(instance_config(plan, node), seed),
            kernel: BTreeMap::new(),
            designated: BTreeSet::new(),
            neighbors: BTreeMap::new(),
            sent: 0,
            hellos: 0,
        };
        router.loopback(plan, node, now);
        let links: BTreeSet<usize> = plan.ends_of(node).map(|(link, _, _)| link).collect();
        for link in links {
            router.configure_link(plan, node, link, now);
        }
        for (number, link) in plan.virtual_links.iter().enumerate() {
            let Some(place) = link.ends.iter().position(|end| *end == node) else { continue };
            let neighbor = plan.router_id(link.ends[1 - place]);
            let network = NetworkType::VirtualLink { transit: link.transit, neighbor };
            let config = InterfaceConfig::new(AreaId::BACKBONE, network);
            let id = plan.virtual_interface(number);
            router.instance.configure_interface(now, id, Some(config));
        }
        for (key, external) in &plan.nodes[node].externals {
            router.instance.set_external(now, *key, Some(*external));
        }
        router
    }

    fn loopback(&mut self, plan: &Plan, node: NodeId, now: Duration) {
        let config = InterfaceConfig::new(plan.nodes[node].home, NetworkType::Loopback);
        self.instance.configure_interface(now, Plan::LOOPBACK, Some(config));
        let prefixes = BTreeSet::from([plan.loopback(node)]);
        let link = Link { link_local: Ipv6Addr::UNSPECIFIED, mtu: 65535, prefixes };
        self.instance.handle_interface(now, Plan::LOOPBACK, InterfaceEvent::Up(link));
    }

    /// Brings an interface to where the plan has it.
    pub(crate) fn configure_link(&mut self, plan: &Plan, node: NodeId, link: usize, now: Duration) {
        let id = plan.interface(link, node);
        let of_link = &plan.links[link];
        let end = of_link.ends.iter().find(|end| end.node == node).expect("it has an end there");
        let network = match of_link.kind {
            Kind::PointToPoint => NetworkType::PointToPoint,
            Kind::Broadcast => NetworkType::Broadcast,
            Kind::NonBroadcast => NetworkType::NonBroadcast,
            Kind::PointToMultipoint => NetworkType::PointToMultipoint,
        };
        let mut config = InterfaceConfig::new(of_link.area, network);
        config.cost = end.cost;
        config.priority = end.priority;
        if of_link.kind == Kind::NonBroadcast {
            let others = of_link.ends.iter().filter(|other| other.node != node);
            let neighbor = |other: &crate::plan::End| {
                let eligible = other.priority > 0;
                (plan.link_local(link, other.node), ConfiguredNeighbor { eligible })
            };
            config.neighbors = others.map(neighbor).collect();
            config.poll_interval = 30;
        }
        self.instance.configure_interface(now, id, Some(config));
        let event = if end.up {
            let link_local = plan.link_local(link, node);
            let own = end.numbered.then(|| plan.address(link, node));
            InterfaceEvent::Up(Link { link_local, mtu: 1500, prefixes: own.into_iter().collect() })
        } else {
            InterfaceEvent::Down
        };
        self.instance.handle_interface(now, id, event);
    }

    /// Takes what there is to know.
    pub(crate) fn events(&mut self) {
        while let Some(event) = self.instance.poll_event() {
            match event {
                Event::Interface { interface, to, .. } => {
                    if matches!(to, InterfaceState::Dr | InterfaceState::Backup) {
                        self.designated.insert(interface);
                    } else {
                        self.designated.remove(&interface);
                    }
                }
                Event::Neighbor { interface, router_id, to, .. } => {
                    if to == NeighborState::Down {
                        self.neighbors.remove(&(interface, router_id));
                    } else {
                        self.neighbors.insert((interface, router_id), to);
                    }
                }
                Event::Route { prefix, route: Some(route) } => {
                    self.kernel.insert(prefix, route);
                }
                Event::Route { prefix, route: None } => {
                    self.kernel.remove(&prefix);
                }
                _ => {}
            }
        }
    }

    /// Where the host sends a packet.
    pub(crate) fn look_up(&self, destination: IpAddr) -> Option<&Route> {
        let around = self.kernel.iter().filter(|(prefix, _)| prefix.contains(&destination));
        around.max_by_key(|(prefix, _)| prefix.prefix_len()).map(|(_, route)| route)
    }
}

fn instance_config(plan: &Plan, node: NodeId) -> InstanceConfig {
    let mut config = InstanceConfig::new(plan.router_id(node));
    config.instance_id = plan.family.default_instance();
    config.address_families = plan.family != AddressFamily::Ipv6Unicast;
    config.stub_router = plan.nodes[node].stub;
    for area in plan.areas_of(node) {
        let ranges = plan.nodes[node].ranges.get(&area).cloned().unwrap_or_default();
        let kind = plan.kind(area);
        config.areas.insert(area, AreaConfig { kind, ranges, hosts: BTreeMap::new() });
    }
    config
}
