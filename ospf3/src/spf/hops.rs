//! Sets of first hops, each kept once.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::graph::{Graph, Vertex, VertexId};
use crate::{InterfaceId, RouterId};

/// The first step of a path, without addresses: those may change without the paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FirstHop {
    /// None: it is the calculating router itself.
    Own,
    /// A transit link that the calculating router is attached to, by this interface.
    OnLink(InterfaceId),
    /// A router on a link of the calculating router: the interface here, the router, and its interface to that link.
    Neighbor(InterfaceId, RouterId, InterfaceId),
    /// A virtual link, whose next hop is not known (RFC 2328 §16.1.1).
    Virtual(InterfaceId),
}

/// The number of a set of first hops in a [`HopSets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SetId(pub(crate) u32);

impl SetId {
    /// No first hop: there is no path.
    pub const EMPTY: Self = Self(0);
}

/// How the links of the calculating router look from its side (RFC 2328 §16.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FirstHops {
    /// What leads to a vertex next to the calculating router, over the cheapest links only.
    pub direct: BTreeMap<Vertex, Vec<FirstHop>>,
    /// The interfaces that a router has to the transit link that is attached to an interface here.
    pub beyond: BTreeMap<(InterfaceId, RouterId), Vec<InterfaceId>>,
}

/// A set has no more than so many first hops: the first in their order. So what many paths of equal cost need is bounded.
pub const MAXIMUM_FIRST_HOPS: usize = 256;

/// Sets of first hops, each kept once under its number. Numbers stay until [`compact`](Self::compact).
#[derive(Debug, Clone)]
pub struct HopSets {
    sets: Vec<Arc<[FirstHop]>>,
    numbers: BTreeMap<Arc<[FirstHop]>, SetId>,
    unions: BTreeMap<(SetId, SetId), SetId>,
    /// Unions that were asked for of late.
    recent: [(SetId, SetId, SetId); RECENT],
}

const RECENT: usize = 64;

impl Default for HopSets {
    fn default() -> Self {
        let mut sets = Self {
            sets: Vec::new(),
            numbers: BTreeMap::new(),
            unions: BTreeMap::new(),
            recent: [(SetId::EMPTY, SetId::EMPTY, SetId::EMPTY); RECENT],
        };
        sets.intern(Vec::new());
        sets
    }
}

impl HopSets {
    /// The first hops of a set, in order.
    pub fn get(&self, set: SetId) -> &[FirstHop] {
        self.sets.get(set.0 as usize).map_or(&[], |hops| hops)
    }

    /// How many sets there are, the empty one among them.
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Never: there is always the empty set.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// The number of a set.
    pub(crate) fn intern(&mut self, mut hops: Vec<FirstHop>) -> SetId {
        hops.sort_unstable();
        hops.dedup();
        hops.truncate(MAXIMUM_FIRST_HOPS);
        if let Some(number) = self.numbers.get(hops.as_slice()) {
            return *number;
        }
        let number = SetId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        let hops: Arc<[FirstHop]> = hops.into();
        self.sets.push(Arc::clone(&hops));
        self.numbers.insert(hops, number);
        number
    }

    /// The set of what is in one or the other.
    pub(crate) fn union(&mut self, one: SetId, other: SetId) -> SetId {
        if one == other || other == SetId::EMPTY {
            return one;
        }
        if one == SetId::EMPTY {
            return other;
        }
        let (one, other) = (one.min(other), one.max(other));
        let place = (one.0 ^ other.0.wrapping_mul(7)) as usize % RECENT;
        if let Some((a, b, union)) = self.recent.get(place)
            && (*a, *b) == (one, other)
        {
            return *union;
        }
        self.union_slow(one, other, place)
    }

    #[cold]
    fn union_slow(&mut self, one: SetId, other: SetId, place: usize) -> SetId {
        let union = if let Some(union) = self.unions.get(&(one, other)) {
            *union
        } else {
            let mut hops = self.get(one).to_vec();
            hops.extend_from_slice(self.get(other));
            let union = self.intern(hops);
            self.unions.insert((one, other), union);
            union
        };
        if let Some(recent) = self.recent.get_mut(place) {
            *recent = (one, other, union);
        }
        union
    }

    /// How many sets and unions are remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.sets.len() + self.unions.len()
    }

    /// Keeps only the sets that are in use and tells their new numbers.
    pub(crate) fn compact(&mut self, used: impl Iterator<Item = SetId>) -> BTreeMap<SetId, SetId> {
        let old = core::mem::take(self);
        let mut moved = BTreeMap::new();
        for set in used {
            moved.entry(set).or_insert_with(|| self.intern(old.get(set).to_vec()));
        }
        moved
    }

    pub(crate) fn octets(&self) -> usize {
        let hops: usize = self.sets.iter().map(|set| set.len()).sum();
        hops * size_of::<FirstHop>()
            + self.sets.len() * 2 * size_of::<Arc<[FirstHop]>>()
            + self.unions.len() * size_of::<(SetId, SetId, SetId)>()
    }
}

/// [`FirstHops`] as the calculation uses them.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    hops: FirstHops,
    /// In order.
    direct: Vec<(VertexId, SetId)>,
}

impl Origin {
    pub(super) fn hops(&self) -> &FirstHops {
        &self.hops
    }

    pub(super) fn new(hops: FirstHops, graph: &Graph, sets: &mut HopSets) -> Self {
        let mut direct: Vec<_> = (hops.direct.iter())
            .filter_map(|(vertex, hops)| Some((graph.id(*vertex)?, sets.intern(hops.clone()))))
            .collect();
        direct.sort_unstable();
        Self { hops, direct }
    }

    /// What leads from the calculating router to a vertex next to it.
    pub(super) fn direct(&self, to: VertexId) -> SetId {
        let found = self.direct.binary_search_by_key(&to, |(vertex, _)| *vertex);
        found.ok().and_then(|at| self.direct.get(at)).map_or(SetId::EMPTY, |(_, set)| *set)
    }

    /// What leads to a router over a transit link that is reached by some set: where it is attached to the calculating
    /// router, the router itself is the next hop.
    pub(super) fn beyond(
        &self,
        set: SetId,
        to: VertexId,
        graph: &Graph,
        sets: &mut HopSets,
    ) -> SetId {
        let Some(Vertex::Router(router)) = graph.vertex(to) else { return set };
        if !sets.get(set).iter().any(|hop| matches!(hop, FirstHop::OnLink(_))) {
            return set;
        }
        let mut hops = Vec::new();
        for hop in sets.get(set) {
            if let FirstHop::OnLink(interface) = hop {
                let there = self.hops.beyond.get(&(*interface, router));
                hops.extend(
                    (there.into_iter().flatten())
                        .map(|theirs| FirstHop::Neighbor(*interface, router, *theirs)),
                );
            } else {
                hops.push(*hop);
            }
        }
        sets.intern(hops)
    }
}
