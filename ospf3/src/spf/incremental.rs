//! Shortest paths from those before some links changed.
//!
//! First the vertices that have lost all their shortest paths are found, in the order of their old distances. Then
//! these, and those that are nearer by a link that costs less, get new distances, as in Dijkstra's algorithm with
//! the others as its start. Last come the first hops of all vertices whose paths may be others, in the order of the
//! new distances. Links of routers cost something, so in each of these orders a vertex comes after those before it on its
//! paths.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::full::via;
use super::graph::{Changes, Graph, Link, VertexId};
use super::hops::{FirstHop, HopSets, Origin, SetId};
use super::tree::{Label, Labels, UNREACHED};

/// Space to calculate in.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    queue: BinaryHeap<Reverse<(u32, bool, VertexId)>>,
    /// [`LOST`], [`NOTED`] and [`QUEUED`] of each vertex; all 0 between runs.
    marks: Vec<u8>,
    /// The vertices with marks.
    marked: Vec<VertexId>,
    /// Labels as they were, of those that changed.
    noted: Vec<(VertexId, Label)>,
}

/// Its shortest paths are gone.
const LOST: u8 = 1;
/// Its old label is noted.
const NOTED: u8 = 2;
/// Its first hops are to be found.
const QUEUED: u8 = 4;

/// A link whose cost changed; `None`: no link.
struct Change {
    from: VertexId,
    to: VertexId,
    old: Option<u32>,
    new: Option<u32>,
}

pub(super) struct Update<'a> {
    pub(super) graph: &'a Graph,
    pub(super) root: VertexId,
    pub(super) origin: &'a Origin,
    pub(super) sets: &'a mut HopSets,
    pub(super) labels: &'a mut Labels,
    pub(super) scratch: &'a mut Scratch,
}

/// So much is to be done that a run from nothing is faster.
struct TooMuch;

/// The distance by a link from a vertex of some distance.
fn after(distance: u32, cost: Option<u32>) -> Option<u32> {
    if distance == UNREACHED {
        return None;
    }
    distance.checked_add(cost?).filter(|sum| *sum != UNREACHED)
}

impl<'a> Update<'a> {
    /// How many vertices were looked at; `None`, with labels as they were, when a run from nothing is faster.
    pub(super) fn run(
        mut self,
        changes: &Changes,
        origin_changed: bool,
        changed: &mut Vec<VertexId>,
    ) -> Option<usize> {
        self.scratch.marks.resize(self.graph.size(), 0);
        let links = self.links(changes);
        let done = self.update(&links, origin_changed);
        for (vertex, old) in self.scratch.noted.drain(..) {
            if done.is_err() {
                self.labels.set(vertex, old);
            } else if self.labels.get(vertex) != old {
                changed.push(vertex);
            }
        }
        let count = self.scratch.marked.len();
        for vertex in self.scratch.marked.drain(..) {
            if let Some(mark) = self.scratch.marks.get_mut(vertex.index()) {
                *mark = 0;
            }
        }
        self.scratch.queue.clear();
        done.ok().map(|()| count)
    }

    fn update(&mut self, links: &[Change], origin_changed: bool) -> Result<(), TooMuch> {
        self.find_lost(links)?;
        self.find_distances(links)?;
        self.find_hops(links, origin_changed)
    }

    /// What changed, in terms of links that may be used.
    fn links(&self, changes: &Changes) -> Vec<Change> {
        let used = |from, transit, cost: Option<u16>| {
            cost.filter(|_| from == self.root || transit).map(u32::from)
        };
        let change = |link: &super::graph::LinkChange| {
            let is = self.graph.is_transit(link.from);
            let was = changes.transit.get(&link.from).copied().unwrap_or(is);
            let old = used(link.from, was, link.cost);
            let new = used(link.from, is, self.graph.cost(link.from, link.to));
            Change { from: link.from, to: link.to, old, new }
        };
        changes.links.iter().map(change).filter(|change| change.old != change.new).collect()
    }

    fn find_lost(&mut self, links: &[Change]) -> Result<(), TooMuch> {
        for change in links {
            let (from, to) = (self.distance(change.from), self.distance(change.to));
            let worse = change.old.is_some_and(|old| change.new.is_none_or(|new| new > old));
            if worse && after(from, change.old) == Some(to) {
                self.push(change.to);
            }
        }
        while let Some(Reverse((distance, _, vertex))) = self.scratch.queue.pop() {
            if self.is_marked(vertex, LOST) || self.is_held(vertex, distance) {
                continue;
            }
            self.mark(vertex, LOST)?;
            self.note(vertex)?;
            for link in self.links_from(vertex) {
                // Less: a link that is cheaper than it was.
                if after(distance, Some(link.cost.into()))
                    .is_some_and(|d| d <= self.distance(link.to))
                    && !self.is_marked(link.to, LOST)
                {
                    self.push(link.to);
                }
            }
        }
        Ok(())
    }

    /// Whether a path leads to a vertex that is no longer than this and not lost.
    fn is_held(&self, vertex: VertexId, distance: u32) -> bool {
        vertex == self.root || self.nearest(vertex).is_some_and(|nearest| nearest <= distance)
    }

    /// The distance of a vertex by those next to it that are not lost.
    fn nearest(&self, vertex: VertexId) -> Option<u32> {
        (self.graph.links(vertex).iter())
            .filter(|link| self.is_passed(link.to) && !self.is_marked(link.to, LOST))
            .filter_map(|link| after(self.distance(link.to), Some(link.back.into())))
            .min()
    }

    fn find_distances(&mut self, links: &[Change]) -> Result<(), TooMuch> {
        for index in 0..self.scratch.noted.len() {
            let Some((vertex, _)) = self.scratch.noted.get(index).copied() else { break };
            let distance = self.nearest(vertex).unwrap_or(UNREACHED);
            self.labels.set(vertex, Label { distance, hops: SetId::EMPTY });
            // Others that are lost do not look at it: what it gives them, they get when its turn comes.
            if distance != UNREACHED {
                self.push(vertex);
            }
        }
        for change in links {
            if !self.is_marked(change.from, LOST) {
                self.reach(change.to, after(self.distance(change.from), change.new))?;
            }
        }
        while let Some(Reverse((distance, _, vertex))) = self.scratch.queue.pop() {
            if self.distance(vertex) == distance {
                for link in self.links_from(vertex) {
                    self.reach(link.to, after(distance, Some(link.cost.into())))?;
                }
            }
        }
        Ok(())
    }

    fn reach(&mut self, vertex: VertexId, distance: Option<u32>) -> Result<(), TooMuch> {
        if let Some(distance) = distance.filter(|distance| *distance < self.distance(vertex)) {
            self.note(vertex)?;
            self.labels.set(vertex, Label { distance, ..self.labels.get(vertex) });
            self.push(vertex);
        }
        Ok(())
    }

    fn find_hops(&mut self, links: &[Change], origin_changed: bool) -> Result<(), TooMuch> {
        for change in links {
            self.queue(change.to)?;
        }
        for index in 0..self.scratch.noted.len() {
            let Some((vertex, old)) = self.scratch.noted.get(index).copied() else { break };
            self.queue(vertex)?;
            for link in self.links_from(vertex) {
                if after(old.distance, Some(link.cost.into())) == Some(self.distance(link.to)) {
                    self.queue(link.to)?;
                }
            }
        }
        if origin_changed {
            for link in self.graph.links(self.root) {
                self.queue(link.to)?;
                if self.graph.is_network(link.to) {
                    for beyond in self.graph.links(link.to) {
                        self.queue(beyond.to)?;
                    }
                }
            }
        }
        while let Some(Reverse((distance, _, vertex))) = self.scratch.queue.pop() {
            let hops = self.hops(vertex, distance);
            if hops == self.labels.get(vertex).hops && !self.is_marked(vertex, NOTED) {
                continue;
            }
            self.note(vertex)?;
            self.labels.set(vertex, Label { distance, hops });
            for link in self.links_from(vertex) {
                if after(distance, Some(link.cost.into())) == Some(self.distance(link.to)) {
                    self.queue(link.to)?;
                }
            }
        }
        Ok(())
    }

    /// The first hops of a vertex by those before it on its shortest paths.
    fn hops(&mut self, vertex: VertexId, distance: u32) -> SetId {
        if vertex == self.root {
            return self.sets.intern(alloc::vec![FirstHop::Own]);
        }
        let mut hops = SetId::EMPTY;
        for link in self.graph.links(vertex) {
            let before = self.labels.get(link.to);
            if after(before.distance, Some(link.back.into())) == Some(distance)
                && self.is_passed(link.to)
            {
                let from_root = link.to == self.root;
                let special = from_root || self.graph.is_network(link.to);
                let more = if special {
                    via(self.graph, self.origin, self.sets, from_root, before.hops, vertex)
                } else {
                    before.hops
                };
                hops = self.sets.union(hops, more);
            }
        }
        hops
    }

    /// Puts a vertex into line to have its first hops found.
    fn queue(&mut self, vertex: VertexId) -> Result<(), TooMuch> {
        if !self.is_marked(vertex, QUEUED) {
            self.mark(vertex, QUEUED)?;
            if self.distance(vertex) != UNREACHED {
                self.push(vertex);
            }
        }
        Ok(())
    }

    fn push(&mut self, vertex: VertexId) {
        let is_router = !self.graph.is_network(vertex);
        self.scratch.queue.push(Reverse((self.distance(vertex), is_router, vertex)));
    }

    fn mark(&mut self, vertex: VertexId, mark: u8) -> Result<(), TooMuch> {
        if let Some(marks) = self.scratch.marks.get_mut(vertex.index()) {
            if *marks == 0 {
                self.scratch.marked.push(vertex);
            }
            *marks |= mark;
        }
        // What is done to a vertex here costs several times what it costs there.
        let limit = self.graph.size() / 8 + 16;
        if self.scratch.marked.len() > limit { Err(TooMuch) } else { Ok(()) }
    }

    fn is_marked(&self, vertex: VertexId, mark: u8) -> bool {
        self.scratch.marks.get(vertex.index()).is_some_and(|marks| marks & mark != 0)
    }

    /// Keeps the label a vertex had.
    fn note(&mut self, vertex: VertexId) -> Result<(), TooMuch> {
        if !self.is_marked(vertex, NOTED) {
            self.scratch.noted.push((vertex, self.labels.get(vertex)));
        }
        self.mark(vertex, NOTED)
    }

    /// The links that paths may take from a vertex.
    fn links_from(&self, vertex: VertexId) -> &'a [Link] {
        if self.is_passed(vertex) { self.graph.links(vertex) } else { &[] }
    }

    fn distance(&self, vertex: VertexId) -> u32 {
        self.labels.get(vertex).distance
    }

    fn is_passed(&self, vertex: VertexId) -> bool {
        vertex == self.root || self.graph.is_transit(vertex)
    }
}
