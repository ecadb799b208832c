//! The attribute store: equal attributes are kept once and known by a number.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hash::{BuildHasher, Hasher};

use bgp_wire::AttributesRef;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::extra::ExtraRef;
use crate::facts::AttributeFacts;
use crate::next_hop::{NextHopId, NextHops};
use crate::route::{Destination, RouteSource};

/// Number of an attribute set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AttributesId(pub(crate) u32);

/// All that two routes have to have in common for being told in one message, and compared once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AttributeSet<'a> {
    /// BGP path attributes in canonical form
    pub(crate) path: AttributesRef<'a>,
    pub(crate) extra: ExtraRef<'a>,
    pub(crate) head: Head,
}

/// What each route has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Head {
    pub(crate) next_hop: NextHopId,
    pub(crate) preference: u32,
    pub(crate) kind: RouteSource,
    pub(crate) destination: Destination,
}

#[derive(Debug, Clone)]
struct Entry {
    /// Path attributes and behind them the others.
    bytes: Box<[u8]>,
    /// Length of the path attributes.
    path: u32,
    references: u32,
    /// How often this place has been taken.
    generation: u32,
    head: Head,
    facts: AttributeFacts,
}

impl Entry {
    fn set(&self) -> AttributeSet<'_> {
        let (path, extra) = self.bytes.split_at_checked(self.path as usize).unwrap_or_default();
        AttributeSet {
            path: AttributesRef::new(path),
            extra: ExtraRef::new(extra),
            head: self.head,
        }
    }
}

/// Attribute sets, counted by reference.
#[derive(Debug, Clone)]
pub(crate) struct AttributeStore {
    hasher: FixedState,
    table: HashTable<u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
}

fn hash(hasher: &FixedState, set: &AttributeSet<'_>) -> u64 {
    let mut state = hasher.build_hasher();
    state.write_u64(u64::from(set.head.next_hop.0) << 32 | u64::from(set.head.preference));
    state.write(set.path.bytes());
    // Few routes have any, and the others of the same attributes are few too.
    if !set.extra.bytes().is_empty() {
        state.write(set.extra.bytes());
    }
    state.finish()
}

impl AttributeStore {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            hasher: FixedState::with_seed(seed),
            table: HashTable::new(),
            entries: Vec::new(),
            free: Vec::new(),
        }
    }

    /// The number of `set`. No reference is taken; one that nobody [`AttributeStore::retain`]s is given back by
    /// [`AttributeStore::sweep`].
    pub(crate) fn intern(
        &mut self,
        set: &AttributeSet<'_>,
        next_hops: &mut NextHops,
    ) -> AttributesId {
        let hash_value = hash(&self.hasher, set);
        let entries = &self.entries;
        let found = self.table.find(hash_value, |id| {
            entries.get(*id as usize).is_some_and(|entry| entry.set() == *set)
        });
        if let Some(id) = found {
            return AttributesId(*id);
        }
        next_hops.retain(set.head.next_hop);
        let (path, extra) = (set.path.bytes(), set.extra.bytes());
        let entry = Entry {
            bytes: if extra.is_empty() { path.into() } else { [path, extra].concat().into() },
            path: u32::try_from(path.len()).unwrap_or(u32::MAX),
            references: 0,
            generation: 0,
            head: set.head,
            facts: AttributeFacts::new(set.path),
        };
        let id = if let Some(id) = self.free.pop() {
            if let Some(place) = self.entries.get_mut(id as usize) {
                *place = Entry { generation: place.generation.wrapping_add(1), ..entry };
            }
            id
        } else {
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        };
        let (hasher, entries) = (&self.hasher, &self.entries);
        self.table.insert_unique(hash_value, id, |id| {
            entries.get(*id as usize).map_or(0, |entry| hash(hasher, &entry.set()))
        });
        AttributesId(id)
    }

    pub(crate) fn retain(&mut self, id: AttributesId) {
        if let Some(entry) = self.entries.get_mut(id.0 as usize) {
            entry.references += 1;
        }
    }

    pub(crate) fn release(&mut self, id: AttributesId, next_hops: &mut NextHops) {
        if let Some(entry) = self.entries.get_mut(id.0 as usize) {
            entry.references -= 1;
            self.sweep(id, next_hops);
        }
    }

    /// Forgets `id` if nobody refers to it.
    pub(crate) fn sweep(&mut self, id: AttributesId, next_hops: &mut NextHops) {
        let Some(entry) = self.entries.get_mut(id.0 as usize) else { return };
        if entry.references > 0 {
            return;
        }
        let hash_value = hash(&self.hasher, &entry.set());
        if let Ok(found) = self.table.find_entry(hash_value, |other| *other == id.0) {
            found.remove();
            next_hops.release(entry.head.next_hop);
            entry.bytes = Box::default();
            self.free.push(id.0);
        }
    }

    fn entry(&self, id: AttributesId) -> Option<&Entry> {
        self.entries.get(id.0 as usize)
    }

    pub(crate) fn get(&self, id: AttributesId) -> Option<AttributeSet<'_>> {
        self.entry(id).map(Entry::set)
    }

    /// The BGP path attributes.
    pub(crate) fn view(&self, id: AttributesId) -> AttributesRef<'_> {
        self.get(id).map_or_else(AttributesRef::default, |set| set.path)
    }

    pub(crate) fn head(&self, id: AttributesId) -> Option<&Head> {
        self.entry(id).map(|entry| &entry.head)
    }

    pub(crate) fn facts(&self, id: AttributesId) -> Option<&AttributeFacts> {
        self.entry(id).map(|entry| &entry.facts)
    }

    /// What tells these attributes from all others that had or will have the same number.
    pub(crate) fn version(&self, id: AttributesId) -> u64 {
        let generation = self.entry(id).map_or(0, |entry| entry.generation);
        u64::from(generation) << 32 | u64::from(id.0)
    }

    pub(crate) fn next_hop(&self, id: AttributesId) -> NextHopId {
        self.entry(id).map_or(NextHopId::NONE, |entry| entry.head.next_hop)
    }

    /// Attribute sets in use.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }
}
