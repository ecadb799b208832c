//! Routes of the router itself: direct and static ones.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use rib::{Destination, ExtraAttributes, ExtraCode, IgpTables, NextHopKey, Origination, TableId};

use crate::bgp::wire_family;
use crate::config::{Gateway, ProtocolKind, RouteTarget};
use crate::interface::Interfaces;
use crate::protocol::{Running, takes_in};
use crate::resolve::igp_tables;
use crate::router::Router;

impl Router {
    /// Makes the routes of a direct or static instance what they should be.
    pub(crate) fn update_own_routes(&mut self, now: Duration, index: usize) {
        let Some(protocol) = self.protocols.get_mut(index) else { return };
        let (source, disabled) = (protocol.source, protocol.disabled);
        match (&mut protocol.running, &protocol.config.kind) {
            (Running::Direct(routes), ProtocolKind::Direct { channels, interfaces }) => {
                let mut wanted: BTreeMap<(TableId, IpNet), String> = BTreeMap::new();
                for interface in self.interfaces.iter_up().filter(|_| !disabled) {
                    if !takes_in(interfaces, &interface.name) {
                        continue;
                    }
                    for net in interface.addresses.iter().filter(|net| is_announceable(net)) {
                        let family = |net: &IpNet| {
                            if net.addr().is_ipv4() {
                                bgp_wire::Afi::IPV4
                            } else {
                                bgp_wire::Afi::IPV6
                            }
                        };
                        let channel = channels
                            .iter()
                            .find(|channel| wire_family(channel.family).afi == family(net));
                        if let Some(table) =
                            channel.and_then(|channel| self.tables.get(&channel.table))
                        {
                            wanted
                                .entry((*table, net.trunc()))
                                .or_insert_with(|| interface.name.clone());
                        }
                    }
                }
                for (table, net) in routes.keys().filter(|key| !wanted.contains_key(key)) {
                    self.rib.withdraw(source, *table, net);
                }
                for ((table, net), name) in &wanted {
                    let extra = on_interface(name, &self.interfaces);
                    let route = Origination { extra, ..Origination::default() };
                    self.rib.originate(now, source, *table, *net, &route, &mut self.filters);
                }
                *routes = wanted;
            }
            (Running::Static(routes), ProtocolKind::Static { channel, routes: configured }) => {
                let Some(table) = self.tables.get(&channel.table) else { return };
                let igp = igp_tables(channel, &[], &self.tables);
                let usable = configured
                    .iter()
                    .filter(|route| !disabled && is_usable(&route.target, &self.interfaces));
                let wanted: BTreeMap<IpNet, RouteTarget> =
                    usable.map(|route| (route.net, route.target.clone())).collect();
                for net in routes.keys().filter(|net| !wanted.contains_key(net)) {
                    self.rib.withdraw(source, *table, net);
                }
                for (net, target) in &wanted {
                    if routes.get(net) != Some(target) {
                        let next_hop = next_hop_of(target, &self.interfaces, &igp);
                        let destination = destination_of(target);
                        let extra = match target {
                            RouteTarget::Device(name) => on_interface(name, &self.interfaces),
                            _ => ExtraAttributes::default(),
                        };
                        let route =
                            Origination { next_hop, destination, extra, ..Origination::default() };
                        self.rib.originate(now, source, *table, *net, &route, &mut self.filters);
                    }
                }
                *routes = wanted;
            }
            _ => {}
        }
    }
}

/// Addresses that make a direct route: neither link-local nor loopback ones.
fn is_announceable(net: &IpNet) -> bool {
    match net.addr() {
        IpAddr::V4(address) => !address.is_loopback() && !address.is_link_local(),
        IpAddr::V6(address) => !address.is_loopback() && !address.is_unicast_link_local(),
    }
}

/// Whether a static route can be used: its interface is up, its gateway on a connected network.
fn is_usable(target: &RouteTarget, interfaces: &Interfaces) -> bool {
    let up = |name: &str| interfaces.by_name(name).is_some_and(|interface| interface.up);
    match target {
        RouteTarget::Via(gateways) => gateways.iter().any(|gateway| match &gateway.interface {
            Some(name) => up(name),
            None => interfaces.towards(gateway.address).is_some(),
        }),
        RouteTarget::Device(name) => up(name),
        RouteTarget::Recursive(_)
        | RouteTarget::Blackhole
        | RouteTarget::Unreachable
        | RouteTarget::Prohibit => true,
    }
}

fn destination_of(target: &RouteTarget) -> Destination {
    match target {
        RouteTarget::Via(_) | RouteTarget::Recursive(_) | RouteTarget::Device(_) => {
            Destination::Unicast
        }
        RouteTarget::Blackhole => Destination::Blackhole,
        RouteTarget::Unreachable => Destination::Unreachable,
        RouteTarget::Prohibit => Destination::Prohibit,
    }
}

/// What a route to a network at hand says of its interface.
fn on_interface(name: &str, interfaces: &Interfaces) -> ExtraAttributes {
    let mut extra = ExtraAttributes::default();
    if let Some(interface) = interfaces.by_name(name) {
        extra.set_number(ExtraCode::INTERFACE, interface.index);
    }
    extra
}

/// The next hop that BGP announces for a static route.
fn next_hop_of(
    target: &RouteTarget,
    interfaces: &Interfaces,
    igp: &IgpTables,
) -> Option<NextHopKey> {
    match target {
        RouteTarget::Via(gateways) => gateways.first().map(|gateway: &Gateway| {
            let named = gateway.interface.as_ref().and_then(|name| interfaces.by_name(name));
            let interface = named.or_else(|| interfaces.towards(gateway.address));
            let index = interface.map(|interface| interface.index);
            NextHopKey::direct(gateway.address.into(), index)
        }),
        RouteTarget::Recursive(address) => Some(igp.key((*address).into(), None)),
        RouteTarget::Device(_)
        | RouteTarget::Blackhole
        | RouteTarget::Unreachable
        | RouteTarget::Prohibit => None,
    }
}
