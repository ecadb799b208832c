//! A queue of vertices by distance, for distances that only grow.

use alloc::vec::Vec;

use super::graph::VertexId;

#[derive(Debug, Clone, Copy)]
struct Entry {
    vertex: VertexId,
    /// The entry of the same distance that came before, counted from 1; 0: none.
    next: u32,
}

/// Vertices in buckets, one for each distance, used in a circle: as no link costs more than there are buckets, no two
/// distances in the queue at one time share one. A vertex may be in it several times.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    /// The last entry of each bucket, counted from 1; 0: empty. A power of two of them.
    last: Vec<u32>,
    entries: Vec<Entry>,
    /// A bit for each bucket that is not empty, and one for each word of those that is not 0.
    used: Vec<u64>,
    words: Vec<u64>,
    distance: u32,
}

const BITS: usize = u64::BITS as usize;

impl Buckets {
    /// Empties it and makes room for links up to this cost.
    pub(super) fn reset(&mut self, dearest: u16) {
        let wanted = (usize::from(dearest) + 1).next_power_of_two().max(BITS);
        // After a run to the end all buckets are empty; after one that was given up they may not be.
        if self.last.len() != wanted || !self.words.iter().all(|word| *word == 0) {
            *self = Self {
                last: alloc::vec![0; wanted],
                used: alloc::vec![0; wanted / BITS],
                words: alloc::vec![0; (wanted / BITS).div_ceil(BITS)],
                entries: core::mem::take(&mut self.entries),
                distance: 0,
            };
        }
        self.entries.clear();
        self.distance = 0;
    }

    pub(super) fn push(&mut self, vertex: VertexId, distance: u32) {
        let bucket = distance as usize & (self.last.len() - 1);
        let Some(last) = self.last.get_mut(bucket) else { return };
        self.entries.push(Entry { vertex, next: *last });
        if *last == 0 {
            let word = bucket / BITS;
            if let Some(used) = self.used.get_mut(word) {
                *used |= 1 << (bucket % BITS);
            }
            if let Some(words) = self.words.get_mut(word / BITS) {
                *words |= 1 << (word % BITS);
            }
        }
        *last = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
    }

    /// The smallest distance in the queue, which is never less than the one before.
    pub(super) fn distance(&mut self) -> Option<u32> {
        let size = self.last.len();
        let at = self.distance as usize & (size - 1);
        let bucket = self.used_from(at).or_else(|| self.used_from(0))?;
        let ahead = bucket.wrapping_sub(at) & (size - 1);
        self.distance = self.distance.saturating_add(u32::try_from(ahead).unwrap_or(u32::MAX));
        Some(self.distance)
    }

    /// The first bucket in use from this one on.
    fn used_from(&self, bucket: usize) -> Option<usize> {
        let word = bucket / BITS;
        let here = self.used.get(word)? & (u64::MAX << (bucket % BITS));
        if here != 0 {
            return Some(word * BITS + here.trailing_zeros() as usize);
        }
        let next = word + 1;
        let mut group = next / BITS;
        let mut words = self.words.get(group)? & (u64::MAX << (next % BITS));
        while words == 0 {
            group += 1;
            words = *self.words.get(group)?;
        }
        let word = group * BITS + words.trailing_zeros() as usize;
        Some(word * BITS + self.used.get(word)?.trailing_zeros() as usize)
    }

    /// Takes out a vertex of the smallest distance, as [`distance`](Self::distance) last gave it.
    pub(super) fn pop(&mut self) -> Option<VertexId> {
        let bucket = self.distance as usize & (self.last.len() - 1);
        let last = self.last.get_mut(bucket)?;
        let entry = *self.entries.get((*last as usize).checked_sub(1)?)?;
        *last = entry.next;
        if entry.next == 0 {
            let word = bucket / BITS;
            let used = self.used.get_mut(word)?;
            *used &= !(1 << (bucket % BITS));
            if *used == 0 {
                *self.words.get_mut(word / BITS)? &= !(1 << (word % BITS));
            }
        }
        Some(entry.vertex)
    }
}
