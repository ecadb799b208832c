//! How what is too long for one LSA is spread over several (RFC 5340 §4.4.3.2, §4.4.3.9).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Which item is in which fragment. An item stays where it is, so that others come and go without changing its
/// fragment.
#[derive(Debug, Clone)]
pub(super) struct Packing<K> {
    places: BTreeMap<K, u32>,
}

impl<K> Default for Packing<K> {
    fn default() -> Self {
        Self { places: BTreeMap::new() }
    }
}

impl<K: Ord + Copy> Packing<K> {
    /// Says where an item is, if it is nowhere yet.
    pub(super) fn place(&mut self, item: K, fragment: u32) {
        self.places.entry(item).or_insert(fragment);
    }

    /// Puts items into fragments of at most `room` octets; one that is larger has a fragment of its own. In each fragment
    /// the items are in order. Those that were in none before fill up the first that has room.
    pub(super) fn pack(
        &mut self,
        sizes: impl Iterator<Item = (K, usize)>,
        room: usize,
    ) -> BTreeMap<u32, Vec<K>> {
        let sizes: BTreeMap<K, usize> = sizes.collect();
        self.places.retain(|item, _| sizes.contains_key(item));
        let fragments = self.fill(&sizes, room);
        // Many that are nearly empty cost more than to move everything once.
        let needed = sizes.values().sum::<usize>().div_ceil(room.max(1));
        if fragments.len() <= needed * 2 + 1 {
            return fragments;
        }
        self.places.clear();
        self.fill(&sizes, room)
    }

    fn fill(&mut self, sizes: &BTreeMap<K, usize>, room: usize) -> BTreeMap<u32, Vec<K>> {
        let mut used: BTreeMap<u32, usize> = BTreeMap::new();
        let mut homeless = Vec::new();
        for (item, size) in sizes {
            let Some(fragment) = self.places.get(item) else {
                homeless.push((*item, *size));
                continue;
            };
            let used = used.entry(*fragment).or_default();
            if *used > 0 && *used + size > room {
                homeless.push((*item, *size));
            } else {
                *used += size;
            }
        }
        let mut fragment = 0;
        for (item, size) in homeless {
            // What did not fit for one item may do for a smaller one; but to look there again would take too long.
            while used.get(&fragment).is_some_and(|used| *used > 0 && used + size > room) {
                fragment += 1;
            }
            *used.entry(fragment).or_default() += size;
            self.places.insert(item, fragment);
        }
        let mut fragments: BTreeMap<u32, Vec<K>> = BTreeMap::new();
        for (item, fragment) in &self.places {
            fragments.entry(*fragment).or_default().push(*item);
        }
        fragments
    }
}
