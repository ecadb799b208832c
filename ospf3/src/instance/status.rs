//! What an operator may want to see of an instance.

use alloc::vec::Vec;
use core::net::Ipv6Addr;
use core::time::Duration;

use crate::config::{InterfaceConfig, Link};
use crate::id::{AreaId, InterfaceId, RouterId};
use crate::instance::Instance;
use crate::instance::counters::Counters;
use crate::instance::spf_delay::SpfDelayState;
use crate::interface::{Interface, InterfaceState};
use crate::lsdb::Lsdb;
use crate::neighbor::{Neighbor, NeighborState};
use crate::options::Options;
use crate::originate::AreaKind;
use crate::scope::ScopeId;
use crate::timer::Timer;

/// An instance as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceStatus {
    /// Its Router ID.
    pub router_id: RouterId,
    /// It is attached to several areas.
    pub area_border_router: bool,
    /// It tells of routes from outside the AS.
    pub as_boundary_router: bool,
    /// How quiet the network is.
    pub spf_delay: SpfDelayState,
    /// When routes will be computed, if something has changed.
    pub next_spf: Option<Duration>,
    /// LSAs in all databases.
    pub lsas: usize,
    /// Octets of all these.
    pub octets: usize,
    /// LSAs of AS scope.
    pub as_lsas: usize,
    /// No new LSAs are taken.
    pub overloaded: bool,
    /// Neighbours of all interfaces.
    pub neighbors: usize,
    /// A graceful restart of its own goes on.
    pub restarting: bool,
    /// Packets and LSAs of all interfaces together.
    pub counters: Counters,
}

/// An area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaStatus {
    /// Its number.
    pub area: AreaId,
    /// What it is.
    pub kind: AreaKind,
    /// It carries a virtual link (TransitCapability).
    pub transit: bool,
    /// This router translates its NSSA-LSAs.
    pub translates: bool,
    /// The router's interfaces there.
    pub interfaces: usize,
    /// Neighbours there.
    pub neighbors: usize,
    /// Those of them that are Full.
    pub full: usize,
    /// LSAs in its database.
    pub lsas: usize,
}

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceStatus<'a> {
    /// Its number.
    pub interface: InterfaceId,
    /// How it is configured.
    pub config: &'a InterfaceConfig,
    /// What the system says of it.
    pub link: Option<&'a Link>,
    /// The area that its packets belong to.
    pub area: AreaId,
    /// Its state.
    pub state: InterfaceState,
    /// When it came into that.
    pub since: Duration,
    /// The Designated Router, and where it is reached; of this router, its own address.
    pub designated_router: Option<(RouterId, Ipv6Addr)>,
    /// The Backup Designated Router.
    pub backup_designated_router: Option<(RouterId, Ipv6Addr)>,
    /// When the next Hellos are sent.
    pub next_hello: Option<Duration>,
    /// When it leaves state Waiting.
    pub wait: Option<Duration>,
    /// The cost: that of the path, for a virtual link.
    pub cost: u16,
    /// Neighbours.
    pub neighbors: usize,
    /// Those of them that are Full.
    pub full: usize,
    /// LSAs in the link's database.
    pub lsas: usize,
    /// Packets and LSAs.
    pub counters: &'a Counters,
}

/// A neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeighborStatus {
    /// Who it is.
    pub router_id: RouterId,
    /// The interface it is on.
    pub interface: InterfaceId,
    /// Its own number of its interface there.
    pub interface_id: InterfaceId,
    /// Where its packets come from.
    pub address: Ipv6Addr,
    /// Its Router Priority.
    pub priority: u8,
    /// The options of its Hellos.
    pub options: Options,
    /// The conversation's state.
    pub state: NeighborState,
    /// When it came into that.
    pub since: Duration,
    /// What it is on the link.
    pub role: Role,
    /// When it counts as gone if it is not heard.
    pub inactive_at: Option<Duration>,
    /// LSAs it has yet to acknowledge.
    pub retransmissions: usize,
    /// LSAs it has yet to send.
    pub requests: usize,
    /// It restarts, and is helped until then.
    pub helped_until: Option<Duration>,
}

/// What a router is on a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// There is no Designated Router on such links.
    PointToPoint,
    /// The Designated Router.
    Designated,
    /// Its Backup.
    Backup,
    /// Neither.
    Other,
}

impl Instance {
    /// The instance as a whole.
    pub fn status(&self) -> InstanceStatus {
        InstanceStatus {
            router_id: self.config.router_id,
            area_border_router: self.routing.is_border(),
            as_boundary_router: !self.externals.is_empty(),
            spf_delay: self.routing.delay,
            next_spf: self.timers.at(Timer::Spf),
            lsas: self.databases.len(),
            octets: self.databases.octets(),
            as_lsas: self.databases.whole_as().len(),
            overloaded: self.overloaded,
            neighbors: self.neighbors,
            restarting: self.is_restarting(),
            counters: self.counters,
        }
    }

    /// All areas, in order.
    pub fn area_statuses(&self) -> impl Iterator<Item = AreaStatus> + '_ {
        self.areas().into_iter().map(|area| {
            let there = || self.interfaces.values().filter(move |i| i.area() == area);
            let neighbors = || there().flat_map(|interface| interface.neighbors.values());
            AreaStatus {
                area,
                kind: self.config.kind(area),
                transit: self.routing.table.is_transit(area),
                translates: self.routing.translates(area) == crate::originate::Translates::Yes,
                interfaces: there().count(),
                neighbors: neighbors().count(),
                full: neighbors().filter(|n| n.state == NeighborState::Full).count(),
                lsas: self.databases.get(ScopeId::Area(area)).map_or(0, Lsdb::len),
            }
        })
    }

    /// All interfaces, in order; virtual links among them.
    pub fn interface_statuses(&self) -> impl Iterator<Item = InterfaceStatus<'_>> {
        self.interfaces.values().map(|interface| self.interface_status(interface))
    }

    fn interface_status<'a>(&self, interface: &'a Interface) -> InterfaceStatus<'a> {
        let id = interface.id;
        let elected = interface.elected;
        let router = |router: RouterId| {
            let neighbor = interface.neighbors.get(&router).map(|neighbor| neighbor.address);
            let own = interface.source().filter(|_| router == self.config.router_id);
            neighbor.or(own).map(|address| (router, address))
        };
        InterfaceStatus {
            interface: id,
            config: &interface.config,
            link: interface.link.as_ref(),
            area: interface.area(),
            state: interface.state,
            since: interface.since,
            designated_router: router(elected.designated_router),
            backup_designated_router: router(elected.backup_designated_router),
            next_hello: self.timers.at(Timer::Hello(id)),
            wait: self.timers.at(Timer::Wait(id)),
            cost: interface.path.map_or(interface.config.cost, |path| path.cost),
            neighbors: interface.neighbors.len(),
            full: interface.neighbors.values().filter(|n| n.state == NeighborState::Full).count(),
            lsas: self.databases.get(ScopeId::Link(id)).map_or(0, Lsdb::len),
            counters: &interface.counters,
        }
    }

    /// All neighbours, by interface and Router ID.
    pub fn neighbor_statuses(&self) -> impl Iterator<Item = NeighborStatus> + '_ {
        self.interfaces.values().flat_map(move |interface| {
            let neighbors = interface.neighbors.values();
            neighbors.map(move |neighbor| self.neighbor_status(interface, neighbor))
        })
    }

    fn neighbor_status(&self, interface: &Interface, neighbor: &Neighbor) -> NeighborStatus {
        let id = neighbor.router_id;
        let elected = interface.elected;
        let role = match interface.config.network.is_multi_access() {
            false => Role::PointToPoint,
            true if elected.designated_router == id => Role::Designated,
            true if elected.backup_designated_router == id => Role::Backup,
            true => Role::Other,
        };
        NeighborStatus {
            router_id: id,
            interface: interface.id,
            interface_id: neighbor.hello.interface_id,
            address: neighbor.address,
            priority: neighbor.hello.priority,
            options: neighbor.hello.options,
            state: neighbor.state,
            since: neighbor.since,
            role,
            inactive_at: self.timers.at(Timer::Inactivity(interface.id, id)),
            retransmissions: neighbor.retransmission.len(),
            requests: neighbor.requests.len(),
            helped_until: neighbor.help.map(|help| help.until),
        }
    }

    /// What is told of routes from outside the AS by this router itself.
    pub fn externals(
        &self,
    ) -> impl Iterator<Item = (&crate::originate::ExternalKey, &crate::originate::External)> {
        self.externals.iter()
    }

    /// All interfaces that are configured.
    pub fn interface_ids(&self) -> Vec<InterfaceId> {
        self.interfaces.keys().copied().collect()
    }
}
