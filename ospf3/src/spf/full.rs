//! Shortest paths from nothing: Dijkstra's algorithm.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::graph::{Graph, VertexId};
use super::hops::{HopSets, Origin, SetId};
use super::incremental;
use super::queue::Buckets;
use super::tree::{Label, Labels, UNREACHED};

/// Space to calculate in. A copy of it is empty.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) labels: Labels,
    pub(super) incremental: incremental::Scratch,
    queue: Buckets,
    routers: Vec<VertexId>,
}

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Self::default()
    }
}

pub(super) struct Search<'a> {
    pub(super) graph: &'a Graph,
    pub(super) root: VertexId,
    pub(super) origin: &'a Origin,
    pub(super) sets: &'a mut HopSets,
    pub(super) labels: &'a mut Labels,
    pub(super) scratch: &'a mut Scratch,
}

/// A level among vertices of one distance: how many links that cost nothing are at the end of the path. Routers come
/// after transit links, whose links cost nothing and count for nothing.
type Key = (u32, u32, bool, VertexId);

impl Search<'_> {
    pub(super) fn run(mut self) {
        self.labels.0.clear();
        self.labels.0.resize(self.graph.size(), Label::default());
        let own = self.sets.intern(alloc::vec![super::FirstHop::Own]);
        self.labels.set(self.root, Label { distance: 0, hops: own });
        if self.graph.has_gratis() {
            self.run_by_levels();
        } else {
            self.run_by_distance();
        }
    }

    fn run_by_distance(&mut self) {
        self.scratch.queue.reset(self.graph.dearest());
        self.scratch.queue.push(self.root, 0);
        let mut routers = core::mem::take(&mut self.scratch.routers);
        while let Some(distance) = self.scratch.queue.distance() {
            // Transit links first: the routers behind them are no farther (RFC 2328 §16.1 step 3).
            while let Some(vertex) = self.scratch.queue.pop() {
                if self.labels.get(vertex).distance != distance {
                    continue;
                }
                if self.graph.is_network(vertex) {
                    self.pass(vertex, distance);
                } else {
                    routers.push(vertex);
                }
            }
            for router in routers.drain(..) {
                self.pass(router, distance);
            }
        }
        self.scratch.routers = routers;
    }

    /// Follows the links of a vertex whose label is final.
    fn pass(&mut self, from: VertexId, distance: u32) {
        let is_root = from == self.root;
        if !is_root && !self.graph.is_transit(from) {
            return;
        }
        let hops = self.labels.get(from).hops;
        let special = is_root || self.graph.is_network(from);
        for link in self.graph.links(from) {
            let reached = distance.saturating_add(link.cost.into());
            let Some(label) = self.labels.0.get_mut(link.to.index()) else { continue };
            if reached > label.distance {
                continue;
            }
            let hops = if special {
                via(self.graph, self.origin, self.sets, is_root, hops, link.to)
            } else {
                hops
            };
            if reached < label.distance {
                *label = Label { distance: reached, hops };
                self.scratch.queue.push(link.to, reached);
            } else if reached != UNREACHED && label.hops != hops {
                label.hops = self.sets.union(label.hops, hops);
            }
        }
    }

    /// The same where links of routers cost nothing.
    fn run_by_levels(&mut self) {
        let mut levels = alloc::vec![0_u32; self.graph.size()];
        let mut queue = BinaryHeap::<Reverse<Key>>::new();
        queue.push(Reverse((0, 0, true, self.root)));
        while let Some(Reverse((distance, level, is_router, from))) = queue.pop() {
            let Label { distance: best, hops } = self.labels.get(from);
            let best = (best, levels.get(from.index()).copied().unwrap_or_default());
            let is_root = from == self.root;
            if best != (distance, level) || !is_root && !self.graph.is_transit(from) {
                continue;
            }
            for link in self.graph.links(from) {
                let to = link.to;
                let key = match (link.cost, is_router) {
                    (0, true) => (distance, level + 1),
                    (0, false) => (distance, level),
                    (cost, _) => (distance.saturating_add(cost.into()), 0),
                };
                let Some(there) = levels.get_mut(to.index()) else { continue };
                let Some(label) = self.labels.0.get_mut(to.index()) else { continue };
                let old = (label.distance, *there);
                if key > old || key.0 == UNREACHED {
                    continue;
                }
                let hops = via(self.graph, self.origin, self.sets, is_root, hops, to);
                if key < old {
                    *label = Label { distance: key.0, hops };
                    *there = key.1;
                    queue.push(Reverse((key.0, key.1, !self.graph.is_network(to), to)));
                } else {
                    label.hops = self.sets.union(label.hops, hops);
                }
            }
        }
    }
}

/// The first hops of paths to a vertex through a vertex before it that has some first hops (RFC 2328 §16.1.1).
pub(super) fn via(
    graph: &Graph,
    origin: &Origin,
    sets: &mut HopSets,
    from_root: bool,
    hops: SetId,
    to: VertexId,
) -> SetId {
    if from_root { origin.direct(to) } else { origin.beyond(hops, to, graph, sets) }
}
