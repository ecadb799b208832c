//! Virtual links (RFC 2328 §15, RFC 5340 §4.7): they come up and go down with the path through their transit area.

use alloc::vec::Vec;

use crate::config::NetworkType;
use crate::id::InterfaceId;
use crate::instance::Instance;
use crate::interface::VirtualPath;
use crate::interface::fsm::InterfaceInput;
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
                    // The address that is told, so that the other end's packets come to where they come from; and one that is
                    // reached as long as the router is (RFC 5340 §4.1.2).
                    source: table.own_address(input, transit)?,
                    destination: neighbor.address?,
                    interface: neighbor.next_hops.first()?.interface,
                    cost,
                })
            });
            Some((interface.id, path))
        });
        links.collect()
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
