//! Virtual links (RFC 2328 §15, RFC 5340 §4.7): they come up and go down with the path through their transit area.

use alloc::vec::Vec;
use core::net::Ipv6Addr;

use ipnet::IpNet;

use crate::config::NetworkType;
use crate::id::{AreaId, InterfaceId};
use crate::instance::Instance;
use crate::interface::fsm::InterfaceInput;
use crate::interface::{InterfaceState, VirtualPath};
use crate::route::{Input, RoutingTable};

/// Where the virtual links' other ends are.
pub(crate) type Paths = Vec<(InterfaceId, Option<VirtualPath>)>;

impl Instance {
    /// How the other end of each virtual link is reached now.
    pub(crate) fn virtual_paths(&self, table: &RoutingTable, input: &Input<'_>) -> Paths {
        let links = self.interfaces.values().filter_map(|interface| {
            let NetworkType::VirtualLink { transit, neighbor } = interface.config.network else {
                return None;
            };
            let path = table.virtual_neighbor(input, transit, neighbor).and_then(|neighbor| {
                // "A virtual link whose underlying path has cost greater than hexadecimal 0xffff should be considered
                // inoperational" (RFC 2328 §15).
                let cost = u16::try_from(neighbor.cost).ok()?;
                Some(VirtualPath {
                    source: self.global_address(transit)?,
                    destination: neighbor.address?,
                    interface: neighbor.next_hops.first()?.interface,
                    cost,
                })
            });
            Some((interface.id, path))
        });
        links.collect()
    }

    /// The address that packets through a transit area are sent from: one of the router's own there (RFC 5340 §4.1.2).
    fn global_address(&self, transit: AreaId) -> Option<Ipv6Addr> {
        let there = self.interfaces.values().filter(|interface| {
            interface.area() == transit && interface.state != InterfaceState::Down
        });
        let mut prefixes = there.flat_map(|i| i.link.iter()).flat_map(|link| &link.prefixes);
        prefixes.find_map(|prefix| match prefix {
            IpNet::V6(net) if !net.addr().is_unicast_link_local() => Some(net.addr()),
            _ => None,
        })
    }

    /// Brings virtual links up or down, or tells them of their new cost (RFC 2328 §16.7).
    pub(crate) fn update_virtual_links(&mut self, paths: Paths) {
        for (id, path) in paths {
            let Some(interface) = self.interfaces.get_mut(&id) else { continue };
            let before = core::mem::replace(&mut interface.path, path);
            if before == path {
                continue;
            }
            match path {
                None => self.interface_event(id, InterfaceInput::InterfaceDown),
                Some(path) => {
                    for neighbor in interface.neighbors.values_mut() {
                        neighbor.address = path.destination;
                    }
                    self.bring_up(id);
                }
            }
            self.own_interface_changed(id);
        }
    }
}
