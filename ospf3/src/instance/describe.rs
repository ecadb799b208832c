//! What the router's own LSAs are made from, as it is now.

use alloc::collections::BTreeMap;
use core::net::{IpAddr, Ipv6Addr};

use crate::config::NetworkType;
use crate::id::{AreaId, InterfaceId, RouterId};
use crate::instance::Instance;
use crate::instance::routes::Told;
use crate::interface::{Interface, InterfaceState};
use crate::lsa::{LinkLsa, LinkStateId, LsType, LsaBody, LsaKey};
use crate::neighbor::Neighbor;
use crate::originate::{self, AreaKind, Attachment, Description, StubRouter};
use crate::packet::{Header, longest};
use crate::scope::ScopeId;
use crate::timer::Timer;

/// Octets of the # LSAs field of a Link State Update.
const COUNT: usize = 4;

impl Instance {
    /// Calls with the description of the router as it is now.
    pub(crate) fn describe<R>(&self, with: impl FnOnce(&Description<'_>) -> R) -> R {
        let router = self.describe_router();
        let areas = self.describe_areas();
        let interfaces: BTreeMap<_, _> = self
            .interfaces
            .iter()
            .map(|(id, interface)| (*id, self.describe_interface(interface)))
            .collect();
        let told = Told {
            table: &self.routing.table,
            databases: &self.databases,
            router_id: router.router_id,
            now: self.now,
        };
        with(&Description {
            router: &router,
            areas: &areas,
            interfaces: &interfaces,
            externals: &self.externals,
            routes: &told,
        })
    }

    fn describe_router(&self) -> originate::Router {
        let config = &self.config;
        let starting = self.timers.is_running(Timer::StubRouter);
        let smallest = self.interfaces.values().map(|interface| {
            interface.longest_packet(interface.config.authentication.longest_trailer())
        });
        let longest = smallest.min().unwrap_or(longest(crate::interface::LEAST_MTU, 0));
        originate::Router {
            router_id: config.router_id,
            family: config.family(),
            address_families: config.sets_address_family_bit(),
            lsa_size: longest - Header::LENGTH - COUNT,
            stub: if starting { StubRouter::MaxLinkMetric } else { config.stub_router },
            information: config.hostname.as_ref().map(|hostname| originate::Information {
                graceful_restart: true,
                graceful_restart_helper: config.graceful_restart.helper,
                hostname: Some(hostname.clone()),
            }),
            grace: self.announced_restart(),
        }
    }

    fn describe_areas(&self) -> BTreeMap<AreaId, originate::Area> {
        let describe = |id: AreaId| {
            let config = self.config.areas.get(&id).cloned().unwrap_or_default();
            let mut kind = config.kind;
            if let AreaKind::Nssa(nssa) = &mut kind {
                nssa.translates = self.routing.translates(id);
            }
            let through = |interface: &Interface| matches!(interface.config.network, NetworkType::VirtualLink { transit, .. } if transit == id);
            originate::Area {
                kind,
                ranges: config.ranges,
                hosts: config.hosts,
                virtual_links: self.interfaces.values().any(through),
                transit: self.routing.table.is_transit(id),
            }
        };
        self.areas().into_iter().map(|id| (id, describe(id))).collect()
    }

    fn describe_interface(&self, interface: &Interface) -> originate::Interface {
        let family = self.config.family();
        let link = interface.link.as_ref();
        let unknown = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        let full = interface.neighbors.values().filter(|neighbor| neighbor.counts_as_full());
        originate::Interface {
            area: interface.area(),
            attachment: self.attachment(interface),
            cost: interface.path.map_or(interface.config.cost.max(1), |path| path.cost),
            priority: interface.config.priority,
            address: link.map_or(unknown, |link| link.next_hop(family)),
            prefixes: link.map(|link| link.prefixes.clone()).unwrap_or_default(),
            suppress_link_lsa: interface.config.suppress_link_lsa,
            neighbors: full
                .map(|neighbor| (neighbor.router_id, self.describe_neighbor(interface, neighbor)))
                .collect(),
        }
    }

    fn attachment(&self, interface: &Interface) -> Attachment {
        let passive = interface.config.passive && !interface.looped;
        match (interface.state, interface.config.network) {
            (InterfaceState::Down, _) => Attachment::Down,
            (InterfaceState::Loopback, network) => match network {
                NetworkType::Loopback => Attachment::Loopback,
                _ if passive => Attachment::Passive,
                _ => Attachment::Loopback,
            },
            (_, NetworkType::VirtualLink { transit, .. }) => Attachment::Virtual { transit },
            (_, NetworkType::PointToMultipoint) => Attachment::PointToMultipoint,
            (_, NetworkType::Broadcast | NetworkType::NonBroadcast) => {
                Attachment::Transit(self.designated_router(interface))
            }
            (_, NetworkType::PointToPoint | NetworkType::Loopback) => Attachment::PointToPoint,
        }
    }

    /// The Designated Router of the link and its interface there.
    fn designated_router(&self, interface: &Interface) -> Option<(RouterId, InterfaceId)> {
        let id = interface.elected.designated_router;
        if interface.state == InterfaceState::Waiting || id == RouterId::NONE {
            return None;
        }
        if id == self.config.router_id {
            return Some((id, interface.id));
        }
        interface.neighbors.get(&id).map(|neighbor| (id, neighbor.hello.interface_id))
    }

    fn describe_neighbor(&self, interface: &Interface, neighbor: &Neighbor) -> originate::Neighbor {
        originate::Neighbor {
            interface_id: neighbor.hello.interface_id,
            link_lsa: self.link_lsa(interface, neighbor),
        }
    }

    fn link_lsa(&self, interface: &Interface, neighbor: &Neighbor) -> Option<LinkLsa> {
        let key = LsaKey {
            ls_type: LsType::LINK,
            advertising_router: neighbor.router_id,
            link_state_id: LinkStateId(neighbor.hello.interface_id.0),
        };
        let entry = self.databases.entry(ScopeId::Link(interface.id), &key)?;
        match entry.lsa.body() {
            Ok(LsaBody::Link(lsa)) if entry.age(self.now) < crate::lsa::MAX_AGE => Some(lsa),
            _ => None,
        }
    }
}
