//! The next hops that routes use, each known by a number.

use alloc::vec::Vec;
use core::hash::{BuildHasher, Hash};

use bgp_wire::NextHop;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Number of a next hop in its [`crate::Rib`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NextHopId(pub(crate) u32);

impl NextHopId {
    /// Of routes that have none: those of the host itself.
    pub const NONE: Self = Self(u32::MAX);
}

/// A next hop, and the interface where that matters: link-local addresses mean nothing without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NextHopKey {
    /// The address
    pub next_hop: NextHop,
    /// Index of the interface of the neighbour that announced it, for a directly connected neighbour
    pub interface: Option<u32>,
}

#[derive(Debug, Clone)]
struct Entry {
    key: NextHopKey,
    references: u32,
    /// Cost to reach it (RFC 4271 §9.1.2.2 e); `None`: not reachable.
    metric: Option<u32>,
}

#[derive(Debug, Clone)]
pub(crate) struct NextHops {
    hasher: FixedState,
    table: HashTable<u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// Entries that the host has not been told of.
    fresh: Vec<u32>,
}

impl NextHops {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            hasher: FixedState::with_seed(seed),
            table: HashTable::new(),
            entries: Vec::new(),
            free: Vec::new(),
            fresh: Vec::new(),
        }
    }

    fn hash(&self, key: &NextHopKey) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The number of `key`, with no reference taken. A new one counts as reachable at no cost until the host
    /// says otherwise.
    pub(crate) fn intern(&mut self, key: NextHopKey) -> NextHopId {
        let hash = self.hash(&key);
        let entries = &self.entries;
        let found = self
            .table
            .find(hash, |id| entries.get(*id as usize).is_some_and(|entry| entry.key == key));
        if let Some(id) = found {
            return NextHopId(*id);
        }
        let entry = Entry { key, references: 0, metric: Some(0) };
        let id = if let Some(id) = self.free.pop() {
            if let Some(place) = self.entries.get_mut(id as usize) {
                *place = entry;
            }
            id
        } else {
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        };
        let (hasher, entries) = (&self.hasher, &self.entries);
        self.table.insert_unique(hash, id, |id| {
            entries.get(*id as usize).map_or(0, |entry| hasher.hash_one(entry.key))
        });
        self.fresh.push(id);
        NextHopId(id)
    }

    pub(crate) fn retain(&mut self, id: NextHopId) {
        if let Some(entry) = self.entries.get_mut(id.0 as usize) {
            entry.references += 1;
        }
    }

    pub(crate) fn release(&mut self, id: NextHopId) {
        let Some(entry) = self.entries.get_mut(id.0 as usize) else { return };
        entry.references -= 1;
        if entry.references == 0 {
            let hash = self.hasher.hash_one(entry.key);
            if let Ok(found) = self.table.find_entry(hash, |other| *other == id.0) {
                found.remove();
                self.free.push(id.0);
                self.fresh.retain(|other| *other != id.0);
            }
        }
    }

    pub(crate) fn key(&self, id: NextHopId) -> Option<NextHopKey> {
        self.entries.get(id.0 as usize).map(|entry| entry.key)
    }

    /// Cost of reaching it; routes without a next hop are at hand.
    pub(crate) fn metric(&self, id: NextHopId) -> Option<u32> {
        self.entries.get(id.0 as usize).map_or(Some(0), |entry| entry.metric)
    }

    /// Returns whether that changes anything.
    pub(crate) fn set_metric(&mut self, id: NextHopId, metric: Option<u32>) -> bool {
        let Some(entry) = self.entries.get_mut(id.0 as usize) else { return false };
        core::mem::replace(&mut entry.metric, metric) != metric
    }

    pub(crate) fn pop_fresh(&mut self) -> Option<NextHopId> {
        self.fresh.pop().map(NextHopId)
    }

    /// All that are in use.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (NextHopId, NextHopKey)> + '_ {
        self.entries
            .iter()
            .zip(0..)
            .filter(|(entry, _)| entry.references > 0)
            .map(|(entry, id)| (NextHopId(id), entry.key))
    }
}
