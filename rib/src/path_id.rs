//! What tells several paths to one network apart.

use alloc::vec::Vec;
use core::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::channel::SourceId;

/// Number of a path within its network; also its path identifier (RFC 7911 §3), plus one, where it is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LocalId(pub(crate) u32);

/// Whose path it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PathKey {
    /// The instance it came from in the first place.
    pub(crate) source: SourceId,
    /// The path identifier it came with.
    pub(crate) received: Option<u32>,
    /// The pipe that put it into this table, and what it is in the table that it was taken from.
    pub(crate) pipe: Option<(SourceId, LocalId)>,
}

/// Numbers below are those of instances: the only path of an instance needs no entry.
const FIRST: u32 = 1 << 16;

impl LocalId {
    /// Stands for the only path that is announced of a network: [`bgp_wire::EncodeNlri`] names it so.
    pub(crate) const PLAIN: Self = Self(0);

    /// Of the only path of an instance.
    pub(crate) fn only(source: SourceId) -> Self {
        Self(source.0.into())
    }

    fn index(self) -> Option<usize> {
        usize::try_from(self.0.checked_sub(FIRST)?).ok()
    }
}

#[derive(Debug, Clone)]
struct Entry {
    key: PathKey,
    references: u32,
}

/// The numbers in use, counted by reference.
#[derive(Debug, Clone)]
pub(crate) struct PathIds {
    hasher: FixedState,
    table: HashTable<u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
}

impl PathIds {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            hasher: FixedState::with_seed(seed),
            table: HashTable::new(),
            entries: Vec::new(),
            free: Vec::new(),
        }
    }

    /// The number of `key`, if there is such a path.
    pub(crate) fn find(&self, key: &PathKey) -> Option<LocalId> {
        if key.received.is_none() && key.pipe.is_none() {
            return Some(LocalId::only(key.source));
        }
        let is = |index: &u32| self.entries.get(*index as usize).is_some_and(|e| e.key == *key);
        let index = *self.table.find(self.hasher.hash_one(key), is)?;
        Some(LocalId(FIRST + index))
    }

    /// The number of `key`. No reference is taken: [`PathIds::sweep`] forgets it unless somebody
    /// [`PathIds::retain`]s it.
    pub(crate) fn intern(&mut self, key: PathKey) -> LocalId {
        if let Some(id) = self.find(&key) {
            return id;
        }
        if let Some((_, taken)) = key.pipe {
            self.retain(taken);
        }
        let entry = Entry { key, references: 0 };
        let index = if let Some(index) = self.free.pop() {
            if let Some(place) = self.entries.get_mut(index as usize) {
                *place = entry;
            }
            index
        } else {
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        };
        let (hasher, entries) = (&self.hasher, &self.entries);
        self.table.insert_unique(hasher.hash_one(key), index, |index| {
            entries.get(*index as usize).map_or(0, |entry| hasher.hash_one(entry.key))
        });
        LocalId(FIRST + index)
    }

    fn entry_mut(&mut self, id: LocalId) -> Option<&mut Entry> {
        self.entries.get_mut(id.index()?)
    }

    pub(crate) fn retain(&mut self, id: LocalId) {
        if let Some(entry) = self.entry_mut(id) {
            entry.references += 1;
        }
    }

    pub(crate) fn release(&mut self, id: LocalId) {
        if let Some(entry) = self.entry_mut(id) {
            entry.references -= 1;
            self.sweep(id);
        }
    }

    /// Forgets `id` if nobody refers to it.
    pub(crate) fn sweep(&mut self, id: LocalId) {
        let entry = id.index().and_then(|index| self.entries.get(index));
        let Some(entry) = entry.filter(|entry| entry.references == 0) else { return };
        let key = entry.key;
        let hash = self.hasher.hash_one(key);
        let Ok(found) = self.table.find_entry(hash, |index| FIRST + *index == id.0) else { return };
        self.free.push(found.remove().0);
        if let Some((_, taken)) = key.pipe {
            self.release(taken);
        }
    }

    /// Whose path `id` is. `source` is what the path says.
    pub(crate) fn key(&self, id: LocalId, source: SourceId) -> PathKey {
        let entry = id.index().and_then(|index| self.entries.get(index));
        entry.map_or(PathKey { source, received: None, pipe: None }, |entry| entry.key)
    }

    /// The path identifier that a path came with; 0 for none.
    pub(crate) fn received(&self, id: LocalId) -> u32 {
        let entry = id.index().and_then(|index| self.entries.get(index));
        entry.and_then(|entry| entry.key.received).unwrap_or(0)
    }

    /// Numbers in use that are no instance's.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_once_and_forgotten_with_the_last_path() {
        let mut ids = PathIds::new(1);
        let source = SourceId(7);
        let key = |received, pipe| PathKey { source, received, pipe };
        assert_eq!(ids.intern(key(None, None)), LocalId(7));
        let first = ids.intern(key(Some(1), None));
        let second = ids.intern(key(Some(1), Some((SourceId(8), first))));
        assert_ne!(first, second);
        assert_eq!(ids.intern(key(Some(1), None)), first);
        [first, first, second].iter().for_each(|id| ids.retain(*id));
        ids.release(first);
        ids.release(first);
        assert_eq!(ids.find(&key(Some(1), None)), Some(first), "what the other was taken from");
        assert_eq!(ids.key(second, source), key(Some(1), Some((SourceId(8), first))));
        ids.release(second);
        assert_eq!((ids.len(), ids.find(&key(Some(1), None))), (0, None));
        let again = ids.intern(key(Some(2), None));
        assert!([first, second].contains(&again), "a number is used anew");
    }
}
