//! The attribute store: equal attributes are kept once and known by a number.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hash::{BuildHasher, Hasher};

use bgp_wire::AttributesRef;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::facts::AttributeFacts;
use crate::next_hop::{NextHopId, NextHops};

/// Number of an attribute set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AttributesId(pub(crate) u32);

#[derive(Debug, Clone)]
struct Entry {
    bytes: Box<[u8]>,
    references: u32,
    next_hop: NextHopId,
    facts: AttributeFacts,
}

/// Attribute sets with their next hop, counted by reference.
#[derive(Debug, Clone)]
pub(crate) struct AttributeStore {
    hasher: FixedState,
    table: HashTable<u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
}

fn hash(hasher: &FixedState, next_hop: NextHopId, bytes: &[u8]) -> u64 {
    let mut state = hasher.build_hasher();
    state.write_u32(next_hop.0);
    state.write(bytes);
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

    /// The number of `attributes` with `next_hop`. No reference is taken; one that nobody
    /// [`AttributeStore::retain`]s is given back by [`AttributeStore::sweep`].
    pub(crate) fn intern(
        &mut self,
        attributes: AttributesRef<'_>,
        next_hop: NextHopId,
        next_hops: &mut NextHops,
    ) -> AttributesId {
        let bytes = attributes.bytes();
        let hash_value = hash(&self.hasher, next_hop, bytes);
        let entries = &self.entries;
        let found = self.table.find(hash_value, |id| {
            entries
                .get(*id as usize)
                .is_some_and(|entry| entry.next_hop == next_hop && *entry.bytes == *bytes)
        });
        if let Some(id) = found {
            return AttributesId(*id);
        }
        next_hops.retain(next_hop);
        let entry = Entry {
            bytes: bytes.into(),
            references: 0,
            next_hop,
            facts: AttributeFacts::new(attributes),
        };
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
        self.table.insert_unique(hash_value, id, |id| {
            entries.get(*id as usize).map_or(0, |entry| hash(hasher, entry.next_hop, &entry.bytes))
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
        let hash_value = hash(&self.hasher, entry.next_hop, &entry.bytes);
        if let Ok(found) = self.table.find_entry(hash_value, |other| *other == id.0) {
            found.remove();
            next_hops.release(entry.next_hop);
            entry.bytes = Box::default();
            self.free.push(id.0);
        }
    }

    pub(crate) fn view(&self, id: AttributesId) -> AttributesRef<'_> {
        self.entries
            .get(id.0 as usize)
            .map_or_else(AttributesRef::default, |entry| AttributesRef::new(&entry.bytes))
    }

    pub(crate) fn facts(&self, id: AttributesId) -> Option<&AttributeFacts> {
        self.entries.get(id.0 as usize).map(|entry| &entry.facts)
    }

    pub(crate) fn next_hop(&self, id: AttributesId) -> NextHopId {
        self.entries.get(id.0 as usize).map_or(NextHopId::NONE, |entry| entry.next_hop)
    }

    /// Attribute sets in use.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }
}
