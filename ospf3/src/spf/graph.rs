//! An area as a graph.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use crate::{InterfaceId, RouterId};

/// A vertex of an area's graph (RFC 5340 §4.8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vertex {
    /// A router.
    Router(RouterId),
    /// A transit link, by its Designated Router and the interface of that one.
    Network(RouterId, InterfaceId),
}

/// The number of a vertex in a [`Graph`], given in the order in which vertices come up and given anew when one is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VertexId(pub(crate) u32);

impl VertexId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A link to another vertex: the cheapest of those that are parallel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) to: VertexId,
    /// The cost of using it.
    pub(super) cost: u16,
    /// The cost of the way back, where there is one.
    pub(super) back: u16,
}

/// What a search needs of a vertex, in few octets.
#[derive(Debug, Clone, Copy, Default)]
struct Head {
    /// Where its links begin: first those with a way back, which alone count (RFC 2328 §16.1 step 2b), then the
    /// others; both in the order of where they go.
    start: u32,
    /// How many links have a way back, [`NETWORK`] and [`TRANSIT`].
    bits: u32,
}

/// A transit link, not a router.
const NETWORK: u32 = 1 << 31;
/// Packets may pass.
const TRANSIT: u32 = 1 << 30;

impl Head {
    const fn two_way(self) -> usize {
        (self.bits & !(NETWORK | TRANSIT)) as usize
    }

    const fn links(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.two_way()
    }

    fn set_two_way(&mut self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX) & !(NETWORK | TRANSIT);
        self.bits = self.bits & (NETWORK | TRANSIT) | count;
    }

    const fn set(&mut self, bit: u32, on: bool) {
        self.bits = if on { self.bits | bit } else { self.bits & !bit };
    }
}

#[derive(Debug, Clone, Copy)]
struct Node {
    vertex: Vertex,
    /// How often it is named: by links of others, by its own LSA, by prefixes.
    references: u32,
    present: bool,
    /// How many links it has, and for how many there is room.
    len: u32,
    capacity: u32,
}

impl Node {
    const fn new(vertex: Vertex) -> Self {
        Self { vertex, references: 0, present: false, len: 0, capacity: 0 }
    }
}

/// A link as it was when changes were last taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LinkChange {
    pub(super) from: VertexId,
    pub(super) to: VertexId,
    /// Its cost; `None`: it was not there, or had no way back.
    pub(super) cost: Option<u16>,
}

/// What changed since changes were last taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes {
    /// In order, each link once.
    pub(super) links: Vec<LinkChange>,
    /// Vertices that are passed through now and were not, or the other way round; with what they were.
    pub(super) transit: BTreeMap<VertexId, bool>,
    /// So many changed that they were not noted.
    pub(super) all: bool,
}

/// An area as a graph: its routers and transit links, and what their LSAs say of the links between them.
///
/// A vertex that others name and that has no LSA is kept, without links. A change of a vertex costs in proportion to its
/// own links and, for each of them, the logarithm of the links at the other end.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    numbers: BTreeMap<Vertex, VertexId>,
    nodes: Vec<Node>,
    heads: Vec<Head>,
    links: Vec<Link>,
    /// How many of `links` belong to no vertex.
    waste: usize,
    free: Vec<VertexId>,
    /// Vertices that were no longer named at some moment; they are given up when changes are taken.
    unnamed: Vec<VertexId>,
    changes: Changes,
    /// No link costs more.
    dearest: u16,
    /// How many links of routers cost nothing.
    gratis: usize,
    scratch: Vec<Link>,
}

impl Graph {
    /// Without vertices.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many vertices have an LSA.
    pub fn len(&self) -> usize {
        self.nodes.iter().filter(|node| node.present).count()
    }

    /// Whether no vertex has an LSA.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of a vertex that has an LSA or is named.
    pub fn id(&self, vertex: Vertex) -> Option<VertexId> {
        self.numbers.get(&vertex).copied()
    }

    /// The vertex of a number.
    pub fn vertex(&self, id: VertexId) -> Option<Vertex> {
        self.nodes.get(id.index()).map(|node| node.vertex)
    }

    /// All vertices that have an LSA or are named, in order.
    pub fn vertices(&self) -> impl Iterator<Item = (Vertex, VertexId)> + '_ {
        self.numbers.iter().map(|(vertex, id)| (*vertex, *id))
    }

    /// Names a vertex, which is kept until [`release`](Self::release) was called as often.
    pub fn retain(&mut self, vertex: Vertex) -> VertexId {
        let id = self.intern(vertex);
        if let Some(node) = self.nodes.get_mut(id.index()) {
            node.references += 1;
        }
        id
    }

    /// Takes back one [`retain`](Self::retain).
    pub fn release(&mut self, id: VertexId) {
        let Some(node) = self.nodes.get_mut(id.index()) else { return };
        node.references = node.references.saturating_sub(1);
        if node.references == 0 {
            self.unnamed.push(id);
        }
    }

    /// Says what a vertex's LSAs say: where its links go with what cost (that of a transit link's is 0), and whether
    /// packets may pass through (of a router the R-bit). Links to itself do not count.
    pub fn set(&mut self, vertex: Vertex, links: &[(Vertex, u16)], transit: bool) {
        let id = self.intern(vertex);
        let Some(node) = self.nodes.get_mut(id.index()) else { return };
        if !node.present {
            node.present = true;
            node.references += 1;
        }
        if self.is_transit(id) != transit {
            self.note_transit(id, !transit);
            if let Some(head) = self.heads.get_mut(id.index()) {
                head.set(TRANSIT, transit);
            }
        }
        let mut wanted = Vec::with_capacity(links.len());
        for (to, cost) in links {
            if *to != vertex {
                wanted.push((self.intern(*to), *cost));
            }
        }
        wanted.sort_unstable();
        wanted.dedup_by_key(|(to, _)| *to);
        self.set_links(id, &wanted);
    }

    /// Says that a vertex has no LSA any more.
    pub fn remove(&mut self, vertex: Vertex) {
        let Some(id) = self.id(vertex) else { return };
        self.set_links(id, &[]);
        let Some(node) = self.nodes.get_mut(id.index()) else { return };
        if node.present {
            node.present = false;
            self.release(id);
        }
    }

    /// Octets of memory, about.
    pub fn octets(&self) -> usize {
        // A map's entry is counted with a third for what its nodes have free.
        self.numbers.len() * (size_of::<(Vertex, VertexId)>() * 4 / 3)
            + self.nodes.capacity() * size_of::<Node>()
            + self.heads.capacity() * size_of::<Head>()
            + self.links.capacity() * size_of::<Link>()
    }

    pub(super) fn size(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn dearest(&self) -> u16 {
        self.dearest
    }

    /// Whether a link of a router costs nothing, which the RFC does not allow (RFC 5340 §C.3).
    pub(super) fn has_gratis(&self) -> bool {
        self.gratis > 0
    }

    fn head(&self, id: VertexId) -> Head {
        self.heads.get(id.index()).copied().unwrap_or_default()
    }

    pub(super) fn is_network(&self, id: VertexId) -> bool {
        self.head(id).bits & NETWORK != 0
    }

    pub(super) fn is_transit(&self, id: VertexId) -> bool {
        self.head(id).bits & TRANSIT != 0
    }

    /// The links of a vertex that have a way back.
    pub(super) fn links(&self, id: VertexId) -> &[Link] {
        self.links.get(self.head(id).links()).unwrap_or_default()
    }

    /// Where the links of a vertex stand that have no way back.
    fn one_way(&self, id: VertexId) -> Range<usize> {
        let head = self.head(id);
        let start = head.start as usize;
        let len = self.nodes.get(id.index()).map_or(0, |node| node.len as usize);
        start + head.two_way()..start + len
    }

    /// The cost of the cheapest link from one vertex to another that has a way back.
    pub(super) fn cost(&self, from: VertexId, to: VertexId) -> Option<u16> {
        let links = self.links(from);
        let found = links.binary_search_by_key(&to, |link| link.to).ok()?;
        links.get(found).map(|link| link.cost)
    }

    /// What changed since this was last called. Vertices that nobody names are forgotten.
    pub(super) fn take_changes(&mut self) -> Changes {
        let mut changes = core::mem::take(&mut self.changes);
        // The sort is stable: of several changes of a link the first stays, which has what was before all of them.
        changes.links.sort_by_key(|link| (link.from, link.to));
        changes.links.dedup_by_key(|link| (link.from, link.to));
        changes
    }

    /// Gives up the vertices that nobody names, whose numbers may then stand for others.
    pub(super) fn forget_unnamed(&mut self) {
        for id in core::mem::take(&mut self.unnamed) {
            let Some(node) = self.nodes.get(id.index()) else { continue };
            if node.references == 0 && self.numbers.get(&node.vertex) == Some(&id) {
                self.numbers.remove(&node.vertex);
                self.free.push(id);
            }
        }
    }

    fn intern(&mut self, vertex: Vertex) -> VertexId {
        if let Some(id) = self.numbers.get(&vertex) {
            return *id;
        }
        let id = if let Some(id) = self.free.pop() {
            if let Some(node) = self.nodes.get_mut(id.index()) {
                // It has no links; the room for them stays.
                *node = Node { capacity: node.capacity, ..Node::new(vertex) };
            }
            id
        } else {
            let id = VertexId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
            self.nodes.push(Node::new(vertex));
            self.heads.push(Head::default());
            id
        };
        if let Some(head) = self.heads.get_mut(id.index()) {
            head.set(TRANSIT, true);
            head.set(NETWORK, matches!(vertex, Vertex::Network(..)));
        }
        self.numbers.insert(vertex, id);
        id
    }

    fn note(&mut self, from: VertexId, to: VertexId, cost: Option<u16>) {
        if self.changes.all {
            return;
        }
        if self.changes.links.len() > self.nodes.len() + 64 {
            self.changes = Changes { all: true, ..Changes::default() };
            return;
        }
        self.changes.links.push(LinkChange { from, to, cost });
    }

    fn note_transit(&mut self, id: VertexId, was: bool) {
        for at in self.head(id).links() {
            if let Some(link) = self.links.get(at).copied() {
                self.note(id, link.to, Some(link.cost));
            }
        }
        if !self.changes.all {
            self.changes.transit.entry(id).or_insert(was);
        }
    }

    /// Replaces the links of a vertex; `wanted` is in order, with each vertex once.
    fn set_links(&mut self, from: VertexId, wanted: &[(VertexId, u16)]) {
        let network = self.is_network(from);
        let mut old = core::mem::take(&mut self.scratch);
        old.clear();
        old.extend_from_slice(self.links(from));
        let two_way = old.len();
        old.extend_from_slice(self.links.get(self.one_way(from)).unwrap_or_default());
        let (both, single) = old.split_at(two_way);

        if !network {
            self.gratis -= old.iter().filter(|link| link.cost == 0).count().min(self.gratis);
            self.gratis += wanted.iter().filter(|(_, cost)| *cost == 0).count();
        }
        let mut links = Vec::with_capacity(wanted.len());
        let mut no_way_back = Vec::new();
        for &(to, cost) in wanted {
            self.dearest = self.dearest.max(cost);
            let known = both.binary_search_by_key(&to, |link| link.to).ok();
            if let Some(link) = known.and_then(|at| both.get(at)) {
                if link.cost != cost {
                    self.note(from, to, Some(link.cost));
                    self.set_back(to, from, cost);
                }
                links.push(Link { cost, ..*link });
            } else if let Some(back) = self.promote(to, from, cost) {
                self.note(from, to, None);
                self.note(to, from, None);
                links.push(Link { to, cost, back });
            } else {
                no_way_back.push(Link { to, cost, back: 0 });
            }
        }
        let is_wanted = |link: &&Link| wanted.binary_search_by_key(&link.to, |(to, _)| *to).is_ok();
        for link in both.iter().filter(|link| !is_wanted(link)) {
            self.demote(link.to, from);
            self.note(from, link.to, Some(link.cost));
            self.note(link.to, from, Some(link.back));
        }
        // Named first and released after, so that nobody is unnamed in between.
        for (to, _) in wanted {
            if let Some(node) = self.nodes.get_mut(to.index()) {
                node.references += 1;
            }
        }
        for link in both.iter().chain(single) {
            self.release(link.to);
        }
        self.scratch = old;
        self.write(from, &links, &no_way_back);
    }

    /// Puts the links of a vertex where they fit.
    fn write(&mut self, from: VertexId, two_way: &[Link], one_way: &[Link]) {
        let len = two_way.len() + one_way.len();
        let capacity = self.nodes.get(from.index()).map_or(0, |node| node.capacity as usize);
        if len > capacity {
            self.waste += capacity;
            if self.waste > self.links.len() / 2 + 1024 {
                self.compact(from);
            }
            let start = self.links.len();
            self.links.extend_from_slice(two_way);
            self.links.extend_from_slice(one_way);
            self.put(from, start, two_way.len(), len, len);
        } else {
            let start = self.head(from).start as usize;
            let room = self.links.get_mut(start..start + len).unwrap_or_default();
            for (room, link) in room.iter_mut().zip(two_way.iter().chain(one_way)) {
                *room = *link;
            }
            self.put(from, start, two_way.len(), len, capacity);
        }
    }

    /// Says where the links of a vertex stand.
    fn put(&mut self, id: VertexId, start: usize, two_way: usize, len: usize, capacity: usize) {
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
        if let Some(node) = self.nodes.get_mut(id.index()) {
            (node.len, node.capacity) = (number(len), number(capacity));
        }
        if let Some(head) = self.heads.get_mut(id.index()) {
            head.start = number(start);
            head.set_two_way(two_way);
        }
    }

    /// Moves all links together but those of one vertex, which are dropped.
    fn compact(&mut self, but: VertexId) {
        let mut links = Vec::with_capacity(self.links.len() - self.waste.min(self.links.len()));
        for index in 0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX) {
            let id = VertexId(index);
            let (start, two_way) = (links.len(), self.head(id).two_way());
            if id == but {
                self.put(id, start, 0, 0, 0);
            } else {
                links.extend_from_slice(self.links(id));
                links.extend_from_slice(self.links.get(self.one_way(id)).unwrap_or_default());
                let len = links.len() - start;
                self.put(id, start, two_way, len, len);
            }
        }
        self.links = links;
        self.waste = 0;
    }

    fn set_back(&mut self, from: VertexId, to: VertexId, back: u16) {
        let range = self.head(from).links();
        let links = self.links.get_mut(range).unwrap_or_default();
        if let Ok(at) = links.binary_search_by_key(&to, |link| link.to)
            && let Some(link) = links.get_mut(at)
        {
            link.back = back;
        }
    }

    /// Says that a link has a way back now; its cost, if there is such a link.
    fn promote(&mut self, from: VertexId, to: VertexId, back: u16) -> Option<u16> {
        let range = self.one_way(from);
        let one_way = self.links.get_mut(range.clone())?;
        let at = one_way.binary_search_by_key(&to, |link| link.to).ok()?;
        let link = one_way.get_mut(at)?;
        link.back = back;
        let cost = link.cost;
        let put = self.links(from).binary_search_by_key(&to, |link| link.to).err()?;
        let head = self.heads.get_mut(from.index())?;
        head.set_two_way(head.two_way() + 1);
        let moved = head.start as usize + put..=range.start + at;
        self.links.get_mut(moved)?.rotate_right(1);
        Some(cost)
    }

    /// Says that a link has no way back any more.
    fn demote(&mut self, from: VertexId, to: VertexId) -> Option<()> {
        let range = self.one_way(from);
        let at = self.links(from).binary_search_by_key(&to, |link| link.to).ok()?;
        let one_way = self.links.get(range.clone())?;
        let put = one_way.binary_search_by_key(&to, |link| link.to).err()?;
        let head = self.heads.get_mut(from.index())?;
        head.set_two_way(head.two_way() - 1);
        let moved = head.start as usize + at..range.start + put;
        self.links.get_mut(moved)?.rotate_left(1);
        Some(())
    }
}
