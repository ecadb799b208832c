//! Network interfaces as the router knows them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// An interface and its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The kernel's number of it
    pub index: u32,
    /// Its name
    pub name: String,
    /// Whether it carries packets
    pub up: bool,
    /// Its addresses with the length of their network
    pub addresses: Vec<IpNet>,
}

/// What happened to an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InterfaceEvent {
    /// It is new, or anything about it changed: this is its whole new state.
    Changed(Interface),
    /// It is gone.
    Removed(u32),
}

impl Interface {
    /// The address of ours whose network holds `neighbour`.
    pub(crate) fn address_towards(&self, neighbour: IpAddr) -> Option<IpAddr> {
        self.addresses
            .iter()
            .find(|net| net.contains(&neighbour) && net.addr() != neighbour)
            .map(IpNet::addr)
    }

    pub(crate) fn ipv4(&self) -> Option<Ipv4Addr> {
        self.addresses.iter().find_map(|net| match net {
            IpNet::V4(net) if !net.addr().is_loopback() => Some(net.addr()),
            _ => None,
        })
    }

    pub(crate) fn global_ipv6(&self) -> Option<Ipv6Addr> {
        self.ipv6(|address| !address.is_unicast_link_local() && !address.is_loopback())
    }

    pub(crate) fn link_local(&self) -> Option<Ipv6Addr> {
        self.ipv6(Ipv6Addr::is_unicast_link_local)
    }

    fn ipv6(&self, suits: impl Fn(&Ipv6Addr) -> bool) -> Option<Ipv6Addr> {
        self.addresses.iter().find_map(|net| match net {
            IpNet::V6(net) => Some(net.addr()).filter(&suits),
            IpNet::V4(_) => None,
        })
    }
}

/// All interfaces, by number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interfaces(BTreeMap<u32, Interface>);

impl Interfaces {
    /// Takes an event; false when it changes nothing.
    pub(crate) fn handle(&mut self, event: InterfaceEvent) -> bool {
        match event {
            InterfaceEvent::Changed(interface) => {
                let changed = self.0.get(&interface.index) != Some(&interface);
                self.0.insert(interface.index, interface);
                changed
            }
            InterfaceEvent::Removed(index) => self.0.remove(&index).is_some(),
        }
    }

    pub(crate) fn iter_up(&self) -> impl Iterator<Item = &Interface> {
        self.0.values().filter(|interface| interface.up)
    }

    pub(crate) fn by_index(&self, index: u32) -> Option<&Interface> {
        self.0.get(&index)
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&Interface> {
        self.0.values().find(|interface| interface.name == name)
    }

    /// The interface that is up and has a network with `address` in it.
    pub(crate) fn towards(&self, address: IpAddr) -> Option<&Interface> {
        self.iter_up().find(|interface| interface.address_towards(address).is_some())
    }

    /// Whether `address` is one of ours.
    pub(crate) fn is_local(&self, address: IpAddr) -> bool {
        self.iter_up().any(|interface| interface.addresses.iter().any(|net| net.addr() == address))
    }
}
