//! The shortest paths from one router.

use alloc::vec::Vec;

use super::full::{self, Scratch};
use super::graph::{Graph, Vertex, VertexId};
use super::hops::{FirstHop, FirstHops, HopSets, Origin, SetId};
use super::incremental;
use crate::RouterId;

/// How shortest paths were brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// From nothing.
    Full,
    /// From the paths there were; so many vertices were looked at.
    Incremental(usize),
}

/// No path is so long: the vertex is not reached.
pub(super) const UNREACHED: u32 = u32::MAX;

/// What is known of a vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) distance: u32,
    pub(super) hops: SetId,
}

impl Default for Label {
    fn default() -> Self {
        Self { distance: UNREACHED, hops: SetId::EMPTY }
    }
}

/// The labels of all vertices.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels(pub(super) Vec<Label>);

impl Labels {
    pub(super) fn get(&self, id: VertexId) -> Label {
        self.0.get(id.index()).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, id: VertexId, label: Label) {
        if let Some(place) = self.0.get_mut(id.index()) {
            *place = label;
        }
    }
}

/// The shortest paths from one router to all vertices of a [`Graph`].
#[derive(Debug, Clone)]
pub struct Tree {
    root: VertexId,
    labels: Labels,
    sets: HopSets,
    origin: Origin,
    origin_changed: bool,
    /// It was never calculated, or is to be forgotten.
    from_nothing: bool,
    /// Links cost nothing: [`incremental`] does not know that rule.
    by_levels: bool,
    generation: u64,
    changed: Vec<VertexId>,
    scratch: Scratch,
}

impl Tree {
    /// Of a router, whether it has an LSA or not. Nothing is reached before the first [`update`](Self::update).
    pub fn new(graph: &mut Graph, root: RouterId) -> Self {
        Self {
            root: graph.retain(Vertex::Router(root)),
            labels: Labels::default(),
            sets: HopSets::default(),
            origin: Origin::default(),
            origin_changed: false,
            from_nothing: true,
            by_levels: false,
            generation: 0,
            changed: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Says how the root's links look from its side. It counts from the next [`update`](Self::update) on. To be said anew
    /// when a link of the root, or of a router on a transit link that the root is attached to, changed.
    pub fn set_first_hops(&mut self, graph: &Graph, hops: FirstHops) {
        if *self.origin.hops() != hops {
            self.origin = Origin::new(hops, graph, &mut self.sets);
            self.origin_changed = true;
        }
    }

    /// Brings the paths up to date with the graph; how, if anything was to be done. One graph has one tree: the changes
    /// are taken from it.
    pub fn update(&mut self, graph: &mut Graph) -> Option<Run> {
        self.changed.clear();
        self.compact(graph);
        let changes = graph.take_changes();
        self.labels.0.resize(graph.size(), Label::default());
        let origin_changed = core::mem::take(&mut self.origin_changed);
        let unchanged = changes.links.is_empty() && changes.transit.is_empty() && !changes.all;
        if unchanged && !origin_changed && !self.from_nothing {
            graph.forget_unnamed();
            return None;
        }
        let by_levels = core::mem::replace(&mut self.by_levels, graph.has_gratis());
        let incremental = if self.from_nothing || changes.all || by_levels || self.by_levels {
            None
        } else {
            incremental::Update {
                graph,
                root: self.root,
                origin: &self.origin,
                sets: &mut self.sets,
                labels: &mut self.labels,
                scratch: &mut self.scratch.incremental,
            }
            .run(&changes, origin_changed, &mut self.changed)
        };
        let run = incremental.map_or(Run::Full, Run::Incremental);
        if incremental.is_none() {
            self.run_full(graph);
        }
        graph.forget_unnamed();
        Some(run)
    }

    /// Forgets the paths, so that the next [`update`](Self::update) finds them from nothing.
    pub fn forget(&mut self) {
        self.from_nothing = true;
    }

    fn run_full(&mut self, graph: &Graph) {
        let mut old = core::mem::take(&mut self.scratch.labels);
        core::mem::swap(&mut old, &mut self.labels);
        full::Search {
            graph,
            root: self.root,
            origin: &self.origin,
            sets: &mut self.sets,
            labels: &mut self.labels,
            scratch: &mut self.scratch,
        }
        .run();
        self.from_nothing = false;
        let differ =
            old.0.iter().zip(&self.labels.0).enumerate().filter(|(_, (was, is))| was != is);
        let id = |index| VertexId(u32::try_from(index).unwrap_or(u32::MAX));
        self.changed.extend(differ.map(|(index, _)| id(index)));
        self.scratch.labels = old;
    }

    /// Gives up the sets of first hops that are not in use, when those in use may be few among them.
    fn compact(&mut self, graph: &Graph) {
        if self.sets.remembered() <= 2 * graph.size() + 1024 {
            return;
        }
        let mut sets = core::mem::take(&mut self.sets);
        let moved = sets.compact(self.labels.0.iter().map(|label| label.hops));
        for label in &mut self.labels.0 {
            label.hops = moved.get(&label.hops).copied().unwrap_or_default();
        }
        self.origin = Origin::new(self.origin.hops().clone(), graph, &mut sets);
        self.sets = sets;
        self.generation += 1;
    }

    /// The router the paths begin at.
    pub fn root(&self) -> VertexId {
        self.root
    }

    /// The vertices whose distance or first hops the last [`update`](Self::update) changed, in no special order.
    pub fn changed(&self) -> &[VertexId] {
        &self.changed
    }

    /// The cost of the shortest paths to a vertex; `None`: there are none.
    pub fn distance(&self, id: VertexId) -> Option<u32> {
        let distance = self.labels.get(id).distance;
        (distance != UNREACHED).then_some(distance)
    }

    /// The set of first hops of the shortest paths to a vertex.
    pub fn hop_set(&self, id: VertexId) -> SetId {
        self.labels.get(id).hops
    }

    /// The first hops of the shortest paths to a vertex, in order.
    pub fn first_hops(&self, id: VertexId) -> &[FirstHop] {
        self.sets.get(self.hop_set(id))
    }

    /// The sets of first hops.
    pub fn sets(&self) -> &HopSets {
        &self.sets
    }

    /// Another number when the numbers of sets stand for others than before.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The vertices before this one on shortest paths to it, in the order of their numbers.
    pub fn parents<'a>(
        &'a self,
        graph: &'a Graph,
        id: VertexId,
    ) -> impl Iterator<Item = VertexId> + 'a {
        let distance = self.labels.get(id).distance;
        (graph.links(id).iter())
            .filter(move |link| link.to == self.root || graph.is_transit(link.to))
            .filter(move |link| {
                let there = self.labels.get(link.to).distance;
                distance != UNREACHED && there.checked_add(link.back.into()) == Some(distance)
            })
            .map(|link| link.to)
    }

    /// Octets of memory, about, without the graph.
    pub fn octets(&self) -> usize {
        (self.labels.0.capacity() + self.scratch.labels.0.capacity()) * size_of::<Label>()
            + self.sets.octets()
    }
}
