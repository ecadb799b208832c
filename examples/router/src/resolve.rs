//! Which next hops can be reached, and over what (RFC 4271 §9.1.2.1).

use std::net::IpAddr;

use rib::{NextHopKey, RouteSource};

use crate::interface::Interfaces;
use crate::router::Router;

/// How a next hop is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolution {
    /// Where packets go
    pub(crate) gateway: IpAddr,
    /// Name of the interface
    pub(crate) interface: Option<String>,
}

/// How often one next hop may lead to another.
const MOST_STEPS: usize = 8;

impl Router {
    /// Tells the tables of the next hops that came into use since the last call.
    pub(crate) fn resolve_new_next_hops(&mut self) {
        while let Some((id, key)) = self.rib.poll_next_hop() {
            let metric = self.resolve(&key).map(|_| 0);
            self.rib.set_next_hop(id, metric);
        }
    }

    /// Looks at all next hops again: interfaces, or routes that they may rest on, have changed.
    pub(crate) fn resolve_all_next_hops(&mut self) {
        let all: Vec<_> = self.rib.next_hops().collect();
        for (id, key) in all {
            let metric = self.resolve(&key).map(|_| 0);
            self.rib.set_next_hop(id, metric);
        }
    }

    /// How `key` is reached; `None`: not at all.
    pub(crate) fn resolve(&self, key: &NextHopKey) -> Option<Resolution> {
        let mut address = key.next_hop.address();
        if let Some(index) = key.interface {
            // A directly connected neighbour: a global address comes before the link-local one beside it.
            let interface = self.interfaces.by_index(index).map(|interface| interface.name.clone());
            return Some(Resolution { gateway: address, interface });
        }
        for _ in 0..MOST_STEPS {
            if let Some(interface) = connected(&self.interfaces, address) {
                return Some(Resolution { gateway: address, interface: Some(interface) });
            }
            let name = if address.is_ipv4() { "master4" } else { "master6" };
            let table = *self.tables.get(name)?;
            let net =
                self.rib.longest_match(table, address, if address.is_ipv4() { 32 } else { 128 })?;
            let path = net.paths().next()?;
            let route = path.route()?;
            // A route of BGP must not rest on another one of BGP.
            if route.source == RouteSource::Bgp {
                return None;
            }
            address = path.next_hop()?.next_hop.address();
        }
        None
    }
}

fn connected(interfaces: &Interfaces, address: IpAddr) -> Option<String> {
    if interfaces.is_local(address) {
        return None;
    }
    interfaces.towards(address).map(|interface| interface.name.clone())
}
