//! The routing table, from link state databases (RFC 5340 §4.8, RFC 2328 §16).
//!
//! A [`RoutingTable`] keeps what it read of the LSAs: a graph with shortest paths for each area, and for each prefix the
//! LSAs that tell of it. [`update`](RoutingTable::update) is told which LSAs changed and does what these concern: paths are
//! found anew where links between routers changed, and routes where a prefix, a router in its way or an address
//! changed. The outcome is that of a calculation from nothing.

mod area;
mod explain;
mod external;
mod input;
mod internal;
mod paths;
mod prefixes;
mod read;
mod result;
mod teller;
#[cfg(test)]
mod tests;
mod update;

pub use input::{Area, Externals, Input, Interface, Neighbor, Rules};
pub use paths::{ShortestPaths, SpfTree, shortest_paths};
pub use result::{
    Changed, Explanation, NextHop, Path, Route, RouteKind, RouterRoute, Step, VirtualNeighbor,
};

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use crate::lsa::{LsaKey, RouterFlags};
use crate::lsdb::Lsdb;
use crate::spf::Vertex;
use crate::{
    AddressFamily, AreaId, InterfaceId, LsType, LsaBody, PrefixOptions, RouterId, ScopeId,
};
use area::Identity;
use prefixes::Prefixes;
use teller::{TellerId, Tellers};

/// What is known of an AS boundary router, beside what its areas say.
#[derive(Debug, Clone, Default)]
struct Boundary {
    /// The AS-external-LSAs that rest on it.
    resting: Vec<TellerId>,
    /// The inter-area-router-LSAs that tell of it.
    told: Vec<TellerId>,
    /// The preferred route to it.
    route: Option<RouterRoute>,
}

/// The routing table of one instance.
///
/// [`update`](Self::update) brings it up to date; all else asks.
#[derive(Debug, Clone)]
pub struct RoutingTable {
    rules: Rules,
    identity: Identity,
    areas: BTreeMap<AreaId, area::Area>,
    area_count: usize,
    tellers: Tellers,
    prefixes: Prefixes,
    boundaries: BTreeMap<RouterId, Boundary>,
    /// The boundaries whose routes are to be found anew.
    marked_boundaries: BTreeSet<RouterId>,
    /// External LSAs by their forwarding addresses.
    forwarding: BTreeSet<(IpAddr, TellerId)>,
    /// Configured ranges, and whether they are active.
    ranges: BTreeMap<IpNet, bool>,
    neighbors: BTreeMap<InterfaceId, (AreaId, Vec<Neighbor>)>,
    /// The prefixes of this router's links.
    links: BTreeSet<(IpNet, InterfaceId)>,
    /// Databases that were emptied since the last update.
    emptied: BTreeSet<ScopeId>,
    has_read: bool,
}

impl RoutingTable {
    /// An empty one.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            identity: Identity { router_id: RouterId::NONE, family: AddressFamily::Ipv6Unicast },
            areas: BTreeMap::new(),
            area_count: 0,
            tellers: Tellers::default(),
            prefixes: Prefixes::default(),
            boundaries: BTreeMap::new(),
            marked_boundaries: BTreeSet::new(),
            forwarding: BTreeSet::new(),
            ranges: BTreeMap::new(),
            neighbors: BTreeMap::new(),
            links: BTreeSet::new(),
            emptied: BTreeSet::new(),
            has_read: false,
        }
    }

    /// Says that a database lost all its LSAs at once. The next [`update`](Self::update) forgets what they said and reads
    /// those that are there then.
    pub fn forget(&mut self, scope: ScopeId) {
        self.emptied.insert(scope);
    }

    /// The route to exactly this prefix.
    pub fn route(&self, prefix: IpNet) -> Option<&Route> {
        self.prefixes.entry(prefix.trunc())?.route.as_ref()
    }

    /// All routes, in the order of their prefixes.
    pub fn routes(&self) -> impl DoubleEndedIterator<Item = (IpNet, &Route)> {
        self.prefixes.iter().filter_map(|(prefix, _, entry)| Some((prefix, entry.route.as_ref()?)))
    }

    /// The routes to prefixes that lie within another, itself among them, in order.
    pub fn routes_within(&self, prefix: IpNet) -> impl DoubleEndedIterator<Item = (IpNet, &Route)> {
        let within = self.prefixes.within(prefix);
        within.filter_map(|(prefix, _, entry)| Some((prefix, entry.route.as_ref()?)))
    }

    /// The route that packets to an address take: that of the longest prefix around it.
    pub fn lookup(&self, address: IpAddr) -> Option<(IpNet, &Route)> {
        self.prefixes.lookup(address)
    }

    /// The routers of an area that are reached within it, in order, the calculating one among them.
    pub fn routers(&self, area: AreaId) -> impl Iterator<Item = (RouterId, RouterRoute)> + '_ {
        let there = self.areas.get(&area);
        let vertices = there.into_iter().flat_map(|area| area.graph.vertices());
        vertices.filter_map(move |(vertex, _)| match vertex {
            Vertex::Router(router) => Some((router, self.router(area, router)?)),
            Vertex::Network(..) => None,
        })
    }

    /// The route to a router within an area.
    pub fn router(&self, area: AreaId, router: RouterId) -> Option<RouterRoute> {
        let there = self.areas.get(&area)?;
        let paths = internal::intra_router(area, there, router, RouterFlags::NONE)?;
        self.router_route(&paths)
    }

    /// The preferred route to an AS boundary router, through areas that take AS-external-LSAs (RFC 2328 §16.4 step 3).
    pub fn boundary_router(&self, router: RouterId) -> Option<RouterRoute> {
        self.router_route(&self.boundary(router)?)
    }

    /// The preferred routes to all AS boundary routers that are reached, in order.
    pub fn boundary_routers(&self) -> impl Iterator<Item = (RouterId, RouterRoute)> + '_ {
        let mut all: BTreeSet<_> = self.boundaries.keys().copied().collect();
        for area in self.areas.values() {
            let is_boundary = |id| area.bits(id).flags.contains(RouterFlags::E);
            all.extend(area.graph.vertices().filter_map(|(vertex, id)| match vertex {
                Vertex::Router(router) if is_boundary(id) => Some(router),
                _ => None,
            }));
        }
        all.into_iter().filter_map(|router| Some((router, self.boundary_router(router)?)))
    }

    /// TransitCapability: a router that is reached in the area is the end of a virtual link through it (RFC 2328 §16.1).
    pub fn is_transit(&self, area: AreaId) -> bool {
        self.areas.get(&area).is_some_and(|area| area.transit)
    }

    /// The other end of a virtual link through an area (RFC 5340 §4.8.1): `None` if it is not reached, or is no area
    /// border router.
    pub fn virtual_neighbor(
        &self,
        input: &Input<'_>,
        transit: AreaId,
        router: RouterId,
    ) -> Option<VirtualNeighbor> {
        let route = self.router(transit, router).filter(|route| route.area_border)?;
        let lsdb = input.areas.get(&transit)?.lsdb;
        let address = local_address(input, lsdb, router);
        Some(VirtualNeighbor { cost: route.cost, next_hops: route.next_hops, address })
    }

    /// The address by which the other ends of virtual links through an area know this router: the first of its own that it
    /// tells there (LA-bit).
    pub fn own_address(&self, input: &Input<'_>, transit: AreaId) -> Option<Ipv6Addr> {
        local_address(input, input.areas.get(&transit)?.lsdb, input.router_id)
    }

    /// The LSAs that the paths of a prefix's route are told by, in order: those that are "installed" (RFC 3101 §3.2).
    pub fn origins(&self, prefix: IpNet) -> Vec<(ScopeId, LsaKey)> {
        let Some(id) = self.prefixes.id(prefix.trunc()) else { return Vec::new() };
        let told_by = self.winners(id).into_iter().filter_map(|teller| self.tellers.get(teller));
        let mut all: Vec<_> = told_by.map(|teller| (teller.scope, teller.key)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// All LSAs that tell of exactly this prefix, whether they can be used or not, in order.
    pub fn told_by(&self, prefix: IpNet) -> Vec<(ScopeId, LsaKey)> {
        let Some(entry) = self.prefixes.entry(prefix.trunc()) else { return Vec::new() };
        let tellers = entry.told.iter().filter_map(|told| self.tellers.get(told.by));
        let mut all: Vec<_> = tellers.map(|teller| (teller.scope, teller.key)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The prefixes within another that LSAs tell of, with a route or without, in order.
    pub fn prefixes_within(&self, prefix: IpNet) -> impl DoubleEndedIterator<Item = IpNet> + '_ {
        self.prefixes.within(prefix).map(|(prefix, ..)| prefix)
    }

    /// Octets of memory, about.
    pub fn octets(&self) -> usize {
        self.areas.values().map(area::Area::octets).sum::<usize>()
            + self.tellers.octets()
            + self.prefixes.octets()
    }
}

/// The first address with the LA-bit that a router tells in an area (RFC 5340 §4.8.1 step 4).
fn local_address(input: &Input<'_>, lsdb: &Lsdb, router: RouterId) -> Option<Ipv6Addr> {
    lsdb.by(LsType::INTRA_AREA_PREFIX, router).find_map(|(key, _)| {
        let Some(LsaBody::IntraAreaPrefix(lsa)) = area::usable(lsdb, input, key) else {
            return None;
        };
        let mut prefixes = lsa.prefixes.iter().map(|prefix| prefix.prefix);
        prefixes.find(|prefix| prefix.options.contains(PrefixOptions::LA)).map(|p| p.address)
    })
}
