//! The list of changed networks of a table, read by several readers at their own pace.
//!
//! A position in the list is a number that never goes back. Each network stands at one valid position only, the
//! latest: when it changes again before any reader came by, the entry stays; when some reader has passed,
//! a new entry is appended and the old one becomes void. So a slow reader sees the newest state once, and the
//! list is never much longer than the table (see [`ChangeLog::is_bloated`]).

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Marks a slot that never changed.
const NEVER: u32 = u32::MAX;

#[derive(Debug, Clone, Default)]
pub(crate) struct ChangeLog {
    /// Position of the first entry.
    base: u64,
    entries: VecDeque<u32>,
    /// Low half of the latest position of each slot.
    last: Vec<u32>,
    /// The furthest position that any reader has reached.
    furthest: u64,
    /// Number of readers; without any, nothing is kept.
    readers: u32,
    /// Slots, by bit, whose entry says no more than that packets go another way (see [`ChangeLog::push_rerouted`]).
    rerouted: Vec<u64>,
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is compared")]
const fn low(position: u64) -> u32 {
    position as u32
}

impl ChangeLog {
    /// Position behind the last entry.
    pub(crate) fn end(&self) -> u64 {
        self.base + self.entries.len() as u64
    }

    /// A new reader; it starts at the end.
    pub(crate) fn subscribe(&mut self) -> u64 {
        self.readers += 1;
        self.furthest = self.end();
        self.end()
    }

    pub(crate) fn unsubscribe(&mut self) {
        self.readers -= 1;
    }

    fn index(&self, position: u64) -> Option<usize> {
        usize::try_from(position.checked_sub(self.base)?).ok()
    }

    /// Position of the valid entry of `slot`, if it is in the list.
    fn position_of(&self, slot: u32) -> Option<u64> {
        let last = *self.last.get(slot as usize).filter(|last| **last != NEVER)?;
        let position = self.base + u64::from(last.wrapping_sub(low(self.base)));
        let entry = self.entries.get(self.index(position)?)?;
        (*entry == slot).then_some(position)
    }

    /// Notes that `slot` changed.
    pub(crate) fn push(&mut self, slot: u32) {
        if let Some(bits) = self.rerouted.get_mut(slot as usize / 64) {
            *bits &= !(1 << (slot % 64));
        }
        self.append(slot);
    }

    /// Notes that the best path of `slot` is the same as before, while packets go another way.
    pub(crate) fn push_rerouted(&mut self, slot: u32) {
        // Where somebody has still to read of another change it goes on to say so.
        if self.readers > 0 && !self.contains(slot) {
            let index = slot as usize / 64;
            if self.rerouted.len() <= index {
                self.rerouted.resize(index + 1, 0);
            }
            if let Some(bits) = self.rerouted.get_mut(index) {
                *bits |= 1 << (slot % 64);
            }
        }
        self.append(slot);
    }

    /// Whether the entry of `slot` concerns those alone who send packets, and none who tell others of routes.
    pub(crate) fn is_rerouted(&self, slot: u32) -> bool {
        self.rerouted.get(slot as usize / 64).is_some_and(|bits| bits & 1 << (slot % 64) != 0)
    }

    fn append(&mut self, slot: u32) {
        if self.readers == 0
            || self.position_of(slot).is_some_and(|position| position >= self.furthest)
        {
            return;
        }
        let position = self.end();
        self.entries.push_back(slot);
        if self.last.len() <= slot as usize {
            self.last.resize(slot as usize + 1, NEVER);
        }
        if let Some(last) = self.last.get_mut(slot as usize) {
            *last = low(position);
        }
    }

    /// The slot at `position`, unless the entry is void.
    pub(crate) fn valid(&self, position: u64) -> Option<u32> {
        let slot = *self.entries.get(self.index(position)?)?;
        (self.position_of(slot) == Some(position)).then_some(slot)
    }

    /// Whether `slot` has an entry at or behind `position`.
    pub(crate) fn pending(&self, slot: u32, position: u64) -> bool {
        self.position_of(slot).is_some_and(|at| at >= position)
    }

    /// A reader has come to `position`.
    pub(crate) fn passed(&mut self, position: u64) {
        self.furthest = self.furthest.max(position);
    }

    /// Whether `slot` has an entry that somebody may still have to read.
    pub(crate) fn contains(&self, slot: u32) -> bool {
        self.position_of(slot).is_some()
    }

    /// Drops the first entry if it stands before `lowest`; gives its slot where the entry was valid.
    pub(crate) fn pop_before(&mut self, lowest: u64) -> Option<Option<u32>> {
        if self.base >= lowest || self.entries.is_empty() {
            return None;
        }
        let slot = self.valid(self.base);
        self.entries.pop_front();
        self.base += 1;
        if let Some(last) = slot.and_then(|slot| self.last.get_mut(slot as usize)) {
            *last = NEVER;
        }
        if self.entries.is_empty() && self.entries.capacity() > 4096 {
            self.entries.shrink_to(1024);
        }
        Some(slot)
    }

    /// Whether most entries are void, because a slow reader keeps them.
    pub(crate) fn is_bloated(&self, slots: usize) -> bool {
        self.entries.len() > 2 * slots + 4096
    }

    /// Drops the void entries and moves `positions`, which must be all of the readers', along.
    pub(crate) fn compact<'a>(&mut self, positions: impl Iterator<Item = &'a mut u64>) {
        // How many valid entries stand before each position.
        let mut before = Vec::with_capacity(self.entries.len() + 1);
        let mut kept = VecDeque::new();
        for position in self.base..self.end() {
            before.push(kept.len() as u64);
            if let Some(slot) = self.valid(position) {
                kept.push_back(slot);
            }
        }
        before.push(kept.len() as u64);
        let moved = |position: u64| {
            let index = usize::try_from(position.saturating_sub(self.base)).unwrap_or(usize::MAX);
            self.base + before.get(index).copied().unwrap_or(kept.len() as u64)
        };
        for position in positions {
            *position = moved(*position);
        }
        let furthest = moved(self.furthest);
        for (slot, position) in kept.iter().zip(self.base..) {
            if let Some(last) = self.last.get_mut(*slot as usize) {
                *last = low(position);
            }
        }
        self.furthest = furthest;
        self.entries = kept;
    }

    /// Entries, void ones too.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_change_not_yet_seen_stays_where_it_is() {
        let mut log = ChangeLog::default();
        log.push(5);
        assert_eq!(log.len(), 0, "nobody reads");
        let start = log.subscribe();
        log.push(5);
        log.push(6);
        log.push(5);
        assert_eq!((log.len(), log.valid(start)), (2, Some(5)));
        log.passed(start + 1);
        log.push(5);
        assert_eq!((log.valid(start), log.valid(start + 2)), (None, Some(5)));
    }

    proptest! {
        /// Whatever the pace of the readers, each sees every change that came after it had last looked.
        #[test]
        fn every_reader_sees_every_change(steps in prop::collection::vec((0u8..5, 0u32..8), 1..200)) {
            let mut log = ChangeLog::default();
            let mut positions = [log.subscribe(), log.subscribe(), log.subscribe()];
            // What each reader still has to see.
            let mut owed = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
            for (action, value) in steps {
                match action {
                    0 | 1 => {
                        log.push(value);
                        owed.iter_mut().for_each(|owed| { owed.insert(value); });
                    }
                    2 => {
                        let reader = value as usize % 3;
                        for _ in 0..=value {
                            if positions[reader] == log.end() { break }
                            if let Some(slot) = log.valid(positions[reader]) {
                                prop_assert!(owed[reader].remove(&slot), "{} told twice", slot);
                            }
                            positions[reader] += 1;
                            log.passed(positions[reader]);
                        }
                    }
                    3 => {
                        let lowest = positions.iter().copied().min().unwrap_or_default();
                        while log.pop_before(lowest).is_some() {}
                    }
                    _ => {
                        let lowest = positions.iter().copied().min().unwrap_or_default();
                        while log.pop_before(lowest).is_some() {}
                        log.compact(positions.iter_mut());
                        let mut seen = BTreeMap::new();
                        for position in lowest.min(positions[0])..log.end() {
                            if let Some(slot) = log.valid(position) {
                                prop_assert!(seen.insert(slot, position).is_none());
                            }
                        }
                    }
                }
            }
            for (reader, owed) in owed.iter_mut().enumerate() {
                for position in positions[reader]..log.end() {
                    if let Some(slot) = log.valid(position) {
                        owed.remove(&slot);
                    }
                }
                prop_assert!(owed.is_empty(), "reader {} never sees {:?}", reader, owed);
            }
        }
    }
}
