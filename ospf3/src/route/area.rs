//! An area: its graph, the shortest paths in it, and where they lead.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;

use super::input::{self, Externals, Input, Rules};
use super::result::NextHop;
use super::teller::TellerId;
use crate::lsa::{MAX_AGE, RouterFlags, RouterLink, RouterLinkType, RouterLsa, narrow};
use crate::lsdb::Lsdb;
use crate::spf::{FirstHop, FirstHops, Graph, Run, SetId, Tree, Vertex, VertexId};
use crate::{AddressFamily, InterfaceId, LinkStateId, LsType, LsaBody, LsaKey, Options, RouterId};

/// What a router's LSAs say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bits {
    pub(super) flags: RouterFlags,
    pub(super) options: Options,
}

/// Where a set of first hops leads, as far as addresses are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    /// To the calculating router itself.
    pub(super) own: bool,
    pub(super) hops: Arc<[NextHop]>,
}

/// What is configured of an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) externals: Externals,
    pub(super) imports_summaries: bool,
    pub(super) ranges: Vec<IpNet>,
}

impl Settings {
    pub(super) fn new(area: &input::Area<'_>) -> Self {
        let mut ranges = area.ranges.clone();
        ranges.sort_unstable();
        ranges.dedup();
        Self { externals: area.externals, imports_summaries: area.imports_summaries, ranges }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Area {
    pub(super) settings: Settings,
    /// How many prefixes with intra-area routes of this area lie in each range.
    pub(super) within: Vec<usize>,
    pub(super) graph: Graph,
    pub(super) tree: Tree,
    /// Of each router.
    bits: Vec<Bits>,
    /// The LSAs that rest on each vertex.
    resting: Vec<Vec<TellerId>>,
    resolved: Vec<Resolved>,
    generation: u64,
    /// Routers that say they are ends of virtual links through the area.
    virtual_ends: BTreeSet<VertexId>,
    /// TransitCapability (RFC 2328 §16.1).
    pub(super) transit: bool,
    /// The vertices whose LSAs say how the calculating router's links look.
    near: BTreeSet<Vertex>,
    first_hops_changed: bool,
    /// Routers whose bits changed since the last update.
    pub(super) rebitted: Vec<VertexId>,
}

/// Whose area it is, and of which family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) router_id: RouterId,
    pub(super) family: AddressFamily,
}

/// An LSA that may be used: it is not at MaxAge, and well-formed.
pub(super) fn usable(lsdb: &Lsdb, input: &Input<'_>, key: &LsaKey) -> Option<LsaBody> {
    let entry = lsdb.get(key).filter(|entry| entry.age(input.now) < MAX_AGE)?;
    entry.lsa.body().ok()
}

/// A router's router-LSAs that may be used, the one with the smallest Link State ID first.
fn router_lsas(lsdb: &Lsdb, input: &Input<'_>, router: RouterId) -> Vec<RouterLsa> {
    (lsdb.by(LsType::ROUTER, router))
        .filter(|(_, entry)| entry.age(input.now) < MAX_AGE)
        .filter_map(|(_, entry)| match entry.lsa.body() {
            Ok(LsaBody::Router(lsa)) => Some(lsa),
            _ => None,
        })
        .collect()
}

/// Where a link leads.
fn end(link: &RouterLink) -> Option<Vertex> {
    match link.link_type {
        RouterLinkType::POINT_TO_POINT | RouterLinkType::VIRTUAL => {
            Some(Vertex::Router(link.neighbor_router_id))
        }
        RouterLinkType::TRANSIT => {
            Some(Vertex::Network(link.neighbor_router_id, link.neighbor_interface_id))
        }
        _ => None,
    }
}

impl Area {
    pub(super) fn new(settings: Settings, identity: Identity) -> Self {
        let mut graph = Graph::new();
        let tree = Tree::new(&mut graph, identity.router_id);
        Self {
            within: alloc::vec![0; settings.ranges.len()],
            settings,
            graph,
            tree,
            bits: Vec::new(),
            resting: Vec::new(),
            resolved: Vec::new(),
            generation: 0,
            virtual_ends: BTreeSet::new(),
            transit: false,
            near: BTreeSet::new(),
            first_hops_changed: true,
            rebitted: Vec::new(),
        }
    }

    /// Reads a router's LSAs.
    pub(super) fn read_router(
        &mut self,
        input: &Input<'_>,
        lsdb: &Lsdb,
        router: RouterId,
        links: &mut Vec<(Vertex, u16)>,
    ) {
        let vertex = Vertex::Router(router);
        self.first_hops_changed |= router == input.router_id || self.near.contains(&vertex);
        let lsas = router_lsas(lsdb, input, router);
        // Whoever does not take part in IPv6 routing has no part in it (RFC 5340 §A.2, RFC 5838 §2.2).
        let excluded = |lsa: &RouterLsa| {
            input.family == AddressFamily::Ipv6Unicast
                && !lsa.options.contains(Options::V6)
                && router != input.router_id
        };
        let Some(first) = lsas.first().filter(|first| !excluded(first)) else {
            if let Some(id) = self.graph.id(vertex) {
                self.set_bits(id, Bits::default());
            }
            self.graph.remove(vertex);
            return;
        };
        links.clear();
        for link in lsas.iter().flat_map(|lsa| &lsa.links) {
            links.extend(end(link).map(|end| (end, link.metric)));
        }
        self.graph.set(vertex, links, first.options.contains(Options::R));
        if let Some(id) = self.graph.id(vertex) {
            self.set_bits(id, Bits { flags: first.flags, options: first.options });
        }
    }

    /// Reads a transit link's LSA.
    pub(super) fn read_network(&mut self, input: &Input<'_>, lsdb: &Lsdb, key: &LsaKey) {
        let vertex = network(key);
        self.first_hops_changed |= self.near.contains(&vertex);
        let Some(LsaBody::Network(lsa)) = usable(lsdb, input, key) else {
            return self.graph.remove(vertex);
        };
        let attached = lsa.attached_routers.iter().map(|router| (Vertex::Router(*router), 0));
        self.graph.set(vertex, &attached.collect::<Vec<_>>(), true);
    }

    fn set_bits(&mut self, id: VertexId, bits: Bits) {
        let index = id.index();
        if self.bits.len() <= index {
            self.bits.resize(index + 1, Bits::default());
        }
        let Some(place) = self.bits.get_mut(index) else { return };
        if *place != bits {
            *place = bits;
            self.rebitted.push(id);
            if bits.flags.contains(RouterFlags::V) {
                self.virtual_ends.insert(id);
            } else {
                self.virtual_ends.remove(&id);
            }
        }
    }

    pub(super) fn bits(&self, id: VertexId) -> Bits {
        self.bits.get(id.index()).copied().unwrap_or_default()
    }

    /// The LSAs that rest on a vertex.
    pub(super) fn resting(&self, id: VertexId) -> &[TellerId] {
        self.resting.get(id.index()).map_or(&[], |list| list)
    }

    pub(super) fn resting_mut(&mut self, id: VertexId) -> Option<&mut Vec<TellerId>> {
        if self.resting.len() <= id.index() {
            self.resting.resize(id.index() + 1, Vec::new());
        }
        self.resting.get_mut(id.index())
    }

    /// The cost of and the first hops to a router that has all these bits.
    pub(super) fn router(&self, id: VertexId, flags: RouterFlags) -> Option<(u32, SetId)> {
        if self.bits(id).flags.contains(flags) { self.reached(id) } else { None }
    }

    pub(super) fn reached(&self, id: VertexId) -> Option<(u32, SetId)> {
        Some((self.tree.distance(id)?, self.tree.hop_set(id)))
    }

    pub(super) fn resolved(&self, set: SetId) -> Option<&Resolved> {
        self.resolved.get(set.0 as usize)
    }

    /// Brings shortest paths up to date. Which vertices changed, by paths or by next hops, is in `changed` then.
    pub(super) fn update(
        &mut self,
        input: &Input<'_>,
        lsdb: &Lsdb,
        rules: Rules,
        addresses_changed: bool,
        changed: &mut Vec<VertexId>,
    ) -> Option<Run> {
        if core::mem::take(&mut self.first_hops_changed) {
            let hops = self.first_hops(input, lsdb);
            self.tree.set_first_hops(&self.graph, hops);
        }
        let run = self.tree.update(&mut self.graph);
        changed.extend_from_slice(self.tree.changed());
        if self.generation != self.tree.generation() {
            self.generation = self.tree.generation();
            self.resolved.clear();
        }
        if addresses_changed {
            let old = core::mem::take(&mut self.resolved);
            self.resolve(input, rules);
            let moved = |(_, id): &(Vertex, VertexId)| {
                let set = self.tree.hop_set(*id).0 as usize;
                self.resolved.get(set) != old.get(set)
            };
            changed.extend(self.graph.vertices().filter(moved).map(|(_, id)| id));
        } else {
            self.resolve(input, rules);
        }
        self.transit = self.virtual_ends.iter().any(|id| self.tree.distance(*id).is_some());
        run
    }

    /// Finds the addresses of all sets of first hops that are new.
    fn resolve(&mut self, input: &Input<'_>, rules: Rules) {
        for index in self.resolved.len()..self.tree.sets().len() {
            let set = SetId(u32::try_from(index).unwrap_or(u32::MAX));
            let first_hops = self.tree.sets().get(set);
            let mut hops: Vec<_> =
                first_hops.iter().filter_map(|hop| next_hop(input, *hop)).collect();
            hops.sort_unstable();
            hops.dedup();
            hops.truncate(rules.maximum_paths.max(1));
            let own = first_hops.contains(&FirstHop::Own);
            let hops = if own { Vec::new() } else { hops };
            self.resolved.push(Resolved { own, hops: hops.into() });
        }
    }

    /// How the calculating router's links look (RFC 2328 §16.1.1).
    fn first_hops(&mut self, input: &Input<'_>, lsdb: &Lsdb) -> FirstHops {
        self.near.clear();
        let mut hops = FirstHops::default();
        let lsas = router_lsas(lsdb, input, input.router_id);
        let links: Vec<_> = lsas.iter().flat_map(|lsa| &lsa.links).collect();
        for link in &links {
            let Some(to) = end(link) else { continue };
            let least = links.iter().filter(|l| end(l) == Some(to)).map(|l| l.metric).min();
            let hop = match link.link_type {
                RouterLinkType::VIRTUAL => FirstHop::Virtual(link.interface_id),
                RouterLinkType::TRANSIT => FirstHop::OnLink(link.interface_id),
                _ => {
                    let (router, theirs) = (link.neighbor_router_id, link.neighbor_interface_id);
                    FirstHop::Neighbor(link.interface_id, router, theirs)
                }
            };
            if Some(link.metric) == least {
                hops.direct.entry(to).or_default().push(hop);
            }
            if let Vertex::Network(designated_router, interface) = to {
                self.near.insert(to);
                let key = LsaKey {
                    ls_type: LsType::NETWORK,
                    advertising_router: designated_router,
                    link_state_id: LinkStateId(interface.0),
                };
                let Some(LsaBody::Network(lsa)) = usable(lsdb, input, &key) else { continue };
                for router in lsa.attached_routers {
                    self.near.insert(Vertex::Router(router));
                    let theirs = router_lsas(lsdb, input, router);
                    let theirs = theirs.iter().flat_map(|lsa| &lsa.links);
                    let mut there: Vec<InterfaceId> =
                        theirs.filter(|l| end(l) == Some(to)).map(|l| l.interface_id).collect();
                    there.sort_unstable();
                    there.dedup();
                    hops.beyond.insert((link.interface_id, router), there);
                }
            }
        }
        for direct in hops.direct.values_mut() {
            direct.sort_unstable();
            direct.dedup();
        }
        hops
    }

    pub(super) fn octets(&self) -> usize {
        let resting: usize = self.resting.iter().map(Vec::capacity).sum();
        self.graph.octets()
            + self.tree.octets()
            + self.bits.capacity() * size_of::<Bits>()
            + self.resting.capacity() * size_of::<Vec<TellerId>>()
            + resting * size_of::<TellerId>()
    }
}

/// The vertex that a network-LSA stands for.
pub(super) const fn network(key: &LsaKey) -> Vertex {
    Vertex::Network(key.advertising_router, InterfaceId(key.link_state_id.0))
}

/// The next hop that a first hop leads to (RFC 5340 §4.8.2); `None`: no address of the neighbour is known, or the
/// link is a virtual one.
fn next_hop(input: &Input<'_>, hop: FirstHop) -> Option<NextHop> {
    match hop {
        FirstHop::Own | FirstHop::Virtual(_) => None,
        FirstHop::OnLink(interface) => {
            input.interfaces.get(&interface)?;
            Some(NextHop { interface, address: None })
        }
        FirstHop::Neighbor(interface, router, theirs) => {
            let address = address(input, interface, router, theirs)?;
            Some(NextHop { interface, address: Some(address) })
        }
    }
}

/// The address of a neighbour's interface: that of its Link-LSA, else that of its Hellos.
fn address(
    input: &Input<'_>,
    interface: InterfaceId,
    router: RouterId,
    theirs: InterfaceId,
) -> Option<IpAddr> {
    let interface = input.interfaces.get(&interface)?;
    let key = LsaKey {
        ls_type: LsType::LINK,
        advertising_router: router,
        link_state_id: LinkStateId(theirs.0),
    };
    let lsa = interface.lsdb.and_then(|lsdb| usable(lsdb, input, &key));
    if let Some(LsaBody::Link(lsa)) = lsa {
        let told = lsa.link_local_address;
        let is_ipv4 = told.to_bits() & (u128::MAX >> 32) == 0;
        if told.is_unicast_link_local() {
            return Some(told.into());
        } else if input.family.is_ipv4() && is_ipv4 && !told.is_unspecified() {
            // RFC 5838 §2.5
            return Some(narrow(told).into());
        }
    }
    let named = interface.neighbors.iter().filter(|neighbor| neighbor.router_id == router);
    let exact = named.clone().find(|neighbor| neighbor.interface_id == theirs);
    exact.or_else(|| named.clone().next()).map(|neighbor| neighbor.address.into())
}
