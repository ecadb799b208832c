//! One routing table: networks, and for each the paths to it.

use alloc::string::String;
use alloc::vec::Vec;
use core::hash::BuildHasher;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use bgp_wire::{Afi, Family};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::attributes::AttributesId;
use crate::change::ChangeLog;
use crate::channel::SourceId;
use crate::path_id::LocalId;

/// Number of a table in its [`crate::Rib`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub(crate) u16);

/// End of a list of paths.
const END: u32 = u32::MAX;

/// One path to a network: 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) attributes: AttributesId,
    pub(crate) id: LocalId,
    time_low: u32,
    next: u32,
    pub(crate) source: SourceId,
    time_high: u8,
    pub(crate) flags: Flags,
}

/// What is to be known of a path beyond its attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags(u8);

impl Flags {
    /// Refused by the import filter, kept to be shown.
    pub(crate) const FILTERED: Self = Self(1);
    /// The neighbour has not announced it again since its session began anew, or since a refresh began.
    pub(crate) const STALE: Self = Self(2);
    /// Kept from use as it comes and goes too often (RFC 2439).
    pub(crate) const DAMPED: Self = Self(4);

    pub(crate) const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    pub(crate) const fn with(self, flag: Self) -> Self {
        Self(self.0 | flag.0)
    }

    pub(crate) const fn without(self, flag: Self) -> Self {
        Self(self.0 & !flag.0)
    }

    /// Whether the path takes part in the decision.
    pub(crate) const fn is_usable(self) -> bool {
        !self.has(Self::FILTERED) && !self.has(Self::DAMPED)
    }
}

impl Path {
    /// Stands in the slot of a network that has no path.
    const NONE: Self = Self {
        attributes: AttributesId(0),
        id: LocalId(0),
        time_low: 0,
        next: END,
        source: SourceId::NONE,
        time_high: 0,
        flags: Flags(0),
    };

    /// `since` is kept in milliseconds, in 40 bits: 34 years.
    pub(crate) fn new(
        attributes: AttributesId,
        id: LocalId,
        source: SourceId,
        since: Duration,
    ) -> Self {
        let milliseconds = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let milliseconds = milliseconds.min((1 << 40) - 1);
        let time_low = u32::try_from(milliseconds & 0xffff_ffff).unwrap_or(0);
        let time_high = u8::try_from(milliseconds >> 32).unwrap_or(u8::MAX);
        Self { attributes, id, time_low, next: END, source, time_high, flags: Flags::default() }
    }

    /// The same with other attributes.
    pub(crate) const fn with_attributes(self, attributes: AttributesId) -> Self {
        Self { attributes, ..self }
    }

    pub(crate) fn since(&self) -> Duration {
        Duration::from_millis(u64::from(self.time_high) << 32 | u64::from(self.time_low))
    }
}

/// The networks, packed by family.
#[derive(Debug, Clone)]
enum Keys {
    /// Address and length in one word.
    V4(Vec<u64>),
    V6(Vec<(u64, u64, u8)>),
}

fn key_v4(net: Ipv4Net) -> u64 {
    u64::from(u32::from(net.network())) << 8 | u64::from(net.prefix_len())
}

fn key_v6(net: Ipv6Net) -> (u64, u64, u8) {
    let address = u128::from(net.network());
    let half = |value: u128| u64::try_from(value & u128::from(u64::MAX)).unwrap_or(0);
    (half(address >> 64), half(address), net.prefix_len())
}

/// What setting a path did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Added,
    Replaced(Path),
}

/// A table of one family.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) family: Family,
    hasher: FixedState,
    index: HashTable<u32>,
    keys: Keys,
    /// The best path of each network; the others hang on it in `others`.
    slots: Vec<Path>,
    free_slots: Vec<u32>,
    others: Vec<Path>,
    free_others: Vec<u32>,
    /// Networks by prefix length, for longest-match look-ups.
    lengths: Vec<u32>,
    /// Networks whose best path has changed.
    pub(crate) log: ChangeLog,
    /// Networks of which any path has changed.
    pub(crate) all: ChangeLog,
    /// Aggregates that are told in place of what is within them.
    pub(crate) summaries: Vec<IpNet>,
    networks: usize,
    paths: usize,
}

impl Table {
    pub(crate) fn new(name: &str, family: Family, seed: u64) -> Self {
        let keys =
            if family.afi == Afi::IPV6 { Keys::V6(Vec::new()) } else { Keys::V4(Vec::new()) };
        Self {
            name: name.into(),
            family,
            hasher: FixedState::with_seed(seed),
            index: HashTable::new(),
            keys,
            slots: Vec::new(),
            free_slots: Vec::new(),
            others: Vec::new(),
            free_others: Vec::new(),
            lengths: alloc::vec![0; 129],
            log: ChangeLog::default(),
            all: ChangeLog::default(),
            summaries: Vec::new(),
            networks: 0,
            paths: 0,
        }
    }

    /// Whether an aggregate is told in place of `net`.
    pub(crate) fn is_summarized(&self, net: &IpNet) -> bool {
        self.summaries.iter().any(|summary| summary != net && summary.contains(net))
    }

    /// Networks that have a path.
    pub(crate) const fn networks(&self) -> usize {
        self.networks
    }

    /// Networks that have a path, or of which somebody has to be told that they have none.
    pub(crate) fn used(&self) -> usize {
        self.index.len()
    }

    /// Paths of all networks.
    pub(crate) const fn paths_count(&self) -> usize {
        self.paths
    }

    /// The change list of the best paths, or of all.
    pub(crate) const fn log_of(&self, paths: bool) -> &ChangeLog {
        if paths { &self.all } else { &self.log }
    }

    /// The same, to write.
    pub(crate) const fn log_of_mut(&mut self, paths: bool) -> &mut ChangeLog {
        if paths { &mut self.all } else { &mut self.log }
    }

    /// Slots in use or free: the bound of slot numbers.
    pub(crate) fn slots(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    fn hash_net(&self, net: &IpNet) -> u64 {
        match net {
            IpNet::V4(net) => self.hasher.hash_one(key_v4(*net)),
            IpNet::V6(net) => self.hasher.hash_one(key_v6(*net)),
        }
    }

    fn hash_slot(hasher: &FixedState, keys: &Keys, slot: u32) -> u64 {
        match keys {
            Keys::V4(keys) => hasher.hash_one(keys.get(slot as usize).copied().unwrap_or_default()),
            Keys::V6(keys) => hasher.hash_one(keys.get(slot as usize).copied().unwrap_or_default()),
        }
    }

    /// The slot of `net`, also while it is empty and waits for its withdrawal to be told.
    pub(crate) fn find(&self, net: &IpNet) -> Option<u32> {
        let hash = self.hash_net(net);
        match (&self.keys, net) {
            (Keys::V4(keys), IpNet::V4(net)) => {
                let key = key_v4(*net);
                self.index.find(hash, |slot| keys.get(*slot as usize) == Some(&key)).copied()
            }
            (Keys::V6(keys), IpNet::V6(net)) => {
                let key = key_v6(*net);
                self.index.find(hash, |slot| keys.get(*slot as usize) == Some(&key)).copied()
            }
            _ => None,
        }
    }

    /// The slot of `net`, made if need be; `None` when the family is another.
    pub(crate) fn find_or_insert(&mut self, net: &IpNet) -> Option<u32> {
        if let Some(slot) = self.find(net) {
            return Some(slot);
        }
        let fresh = u32::try_from(self.slots.len()).ok()?;
        let slot = self.free_slots.last().copied().unwrap_or(fresh);
        match (&mut self.keys, net) {
            (Keys::V4(keys), IpNet::V4(net)) => put(keys, slot, key_v4(*net)),
            (Keys::V6(keys), IpNet::V6(net)) => put(keys, slot, key_v6(*net)),
            _ => return None,
        }
        if slot == fresh {
            self.slots.push(Path::NONE);
        } else {
            self.free_slots.pop();
        }
        let hash = self.hash_net(net);
        let (hasher, keys) = (&self.hasher, &self.keys);
        self.index.insert_unique(hash, slot, |slot| Self::hash_slot(hasher, keys, *slot));
        if let Some(count) = self.lengths.get_mut(usize::from(net.prefix_len())) {
            *count += 1;
        }
        Some(slot)
    }

    /// Gives an empty slot back when all readers know that it is empty.
    pub(crate) fn free_if_empty(&mut self, slot: u32) {
        if self.head(slot).is_some() || self.log.contains(slot) || self.all.contains(slot) {
            return;
        }
        let Some(net) = self.net(slot) else { return };
        let hash = self.hash_net(&net);
        if let Ok(found) = self.index.find_entry(hash, |other| *other == slot) {
            found.remove();
            self.free_slots.push(slot);
            if let Some(count) = self.lengths.get_mut(usize::from(net.prefix_len())) {
                *count -= 1;
            }
        }
    }

    /// The network in `slot`.
    pub(crate) fn net(&self, slot: u32) -> Option<IpNet> {
        match &self.keys {
            Keys::V4(keys) => {
                let key = *keys.get(slot as usize)?;
                let address = Ipv4Addr::from(u32::try_from(key >> 8).ok()?);
                Some(IpNet::V4(Ipv4Net::new(address, u8::try_from(key & 0xff).ok()?).ok()?))
            }
            Keys::V6(keys) => {
                let (high, low, length) = *keys.get(slot as usize)?;
                let address = Ipv6Addr::from(u128::from(high) << 64 | u128::from(low));
                Some(IpNet::V6(Ipv6Net::new(address, length).ok()?))
            }
        }
    }

    /// Whether `slot` is some network's now: a free one still has the name of the last.
    pub(crate) fn is_in_use(&self, slot: u32) -> bool {
        let is_its = |net| self.find(&net) == Some(slot);
        self.head(slot).is_some() || self.net(slot).is_some_and(is_its)
    }

    /// The first path: the best one, or one of those that are not used.
    pub(crate) fn head(&self, slot: u32) -> Option<&Path> {
        self.slots.get(slot as usize).filter(|path| path.source != SourceId::NONE)
    }

    /// The best path.
    pub(crate) fn best(&self, slot: u32) -> Option<&Path> {
        self.head(slot).filter(|path| path.flags.is_usable())
    }

    /// All paths, the best one first.
    pub(crate) fn paths(&self, slot: u32) -> impl Iterator<Item = &Path> + Clone {
        core::iter::successors(self.head(slot), |path| self.others.get(path.next as usize))
    }

    /// The path of that number.
    pub(crate) fn path(&self, slot: u32, id: LocalId) -> Option<&Path> {
        self.paths(slot).find(|path| path.id == id)
    }

    /// The same, to change its flags.
    pub(crate) fn flags_mut(&mut self, slot: u32, id: LocalId) -> Option<&mut Flags> {
        let head =
            self.slots.get_mut(slot as usize).filter(|path| path.source != SourceId::NONE)?;
        if head.id == id {
            return Some(&mut head.flags);
        }
        let mut at = head.next;
        while let Some(other) = self.others.get(at as usize) {
            if other.id == id {
                return self.others.get_mut(at as usize).map(|path| &mut path.flags);
            }
            at = other.next;
        }
        None
    }

    /// Sets the path of `path.id`. The order of the paths stays; a new one comes behind the first.
    pub(crate) fn set(&mut self, slot: u32, path: Path) -> Option<Set> {
        let head = self.slots.get_mut(slot as usize)?;
        if head.source == SourceId::NONE {
            *head = path;
            self.networks += 1;
            self.paths += 1;
            return Some(Set::Added);
        }
        if head.id == path.id {
            let old = core::mem::replace(head, Path { next: head.next, ..path });
            return Some(Set::Replaced(old));
        }
        let mut at = head.next;
        while let Some(other) = self.others.get_mut(at as usize) {
            if other.id == path.id {
                let old = core::mem::replace(other, Path { next: other.next, ..path });
                return Some(Set::Replaced(old));
            }
            at = other.next;
        }
        let path = Path { next: head.next, ..path };
        let place = if let Some(place) = self.free_others.pop() {
            put(&mut self.others, place, path);
            place
        } else {
            self.others.push(path);
            u32::try_from(self.others.len() - 1).ok()?
        };
        head.next = place;
        self.paths += 1;
        Some(Set::Added)
    }

    /// Removes the path of that number. Where it was the first, the next one takes its place for now.
    pub(crate) fn remove(&mut self, slot: u32, id: LocalId) -> Option<Path> {
        let head = self.slots.get_mut(slot as usize)?;
        if head.source == SourceId::NONE {
            return None;
        }
        let removed = if head.id == id {
            let removed = *head;
            let place = head.next;
            if let Some(next) = self.others.get(place as usize) {
                *head = *next;
                self.free_others.push(place);
            } else {
                *head = Path::NONE;
                self.networks -= 1;
            }
            removed
        } else {
            let mut before: Option<u32> = None;
            let mut at = head.next;
            loop {
                let other = *self.others.get(at as usize)?;
                if other.id == id {
                    let link = match before {
                        None => &mut head.next,
                        Some(before) => &mut self.others.get_mut(before as usize)?.next,
                    };
                    *link = other.next;
                    self.free_others.push(at);
                    break other;
                }
                before = Some(at);
                at = other.next;
            }
        };
        self.paths -= 1;
        Some(removed)
    }

    /// Makes the path of that number the first one.
    pub(crate) fn promote(&mut self, slot: u32, id: LocalId) {
        let Some(head) = self.slots.get_mut(slot as usize) else { return };
        if head.id == id {
            return;
        }
        let mut at = head.next;
        while let Some(other) = self.others.get_mut(at as usize) {
            if other.id == id {
                let (head_next, other_next) = (head.next, other.next);
                core::mem::swap(head, other);
                head.next = head_next;
                other.next = other_next;
                return;
            }
            at = other.next;
        }
    }

    /// The longest network with a path that contains `address`, and is no longer than `most`.
    pub(crate) fn longest_match(&self, address: IpAddr, most: u8) -> Option<u32> {
        let lengths = (0..=most).rev().filter(|length| {
            self.lengths.get(usize::from(*length)).is_some_and(|count| *count > 0)
        });
        lengths
            .filter_map(|length| self.find(&IpNet::new(address, length).ok()?.trunc()))
            .find(|slot| self.best(*slot).is_some())
    }

    /// The networks with a path that contain `net`, `net` itself among them, the shortest first.
    pub(crate) fn covering(&self, net: &IpNet) -> impl Iterator<Item = u32> + '_ {
        let (address, most) = (net.network(), net.prefix_len());
        let lengths = (0..=most).filter(|length| {
            self.lengths.get(usize::from(*length)).is_some_and(|count| *count > 0)
        });
        lengths
            .filter_map(move |length| self.find(&IpNet::new(address, length).ok()?.trunc()))
            .filter(|slot| self.head(*slot).is_some())
    }

    /// Slots that have a path, by ascending network.
    pub(crate) fn sorted(&self) -> Vec<u32> {
        self.sorted_where(|_| true)
    }

    /// The networks with a path that `net` contains, itself among them, by ascending network.
    pub(crate) fn covered(&self, net: &IpNet) -> Vec<u32> {
        self.sorted_where(|slot| self.net(slot).is_some_and(|other| net.contains(&other)))
    }

    fn sorted_where(&self, wanted: impl Fn(u32) -> bool) -> Vec<u32> {
        let there = |slot: &u32| self.head(*slot).is_some() && wanted(*slot);
        let mut slots: Vec<u32> = (0..self.slots()).filter(there).collect();
        match &self.keys {
            Keys::V4(keys) => slots.sort_unstable_by_key(|slot| keys.get(*slot as usize)),
            Keys::V6(keys) => slots.sort_unstable_by_key(|slot| keys.get(*slot as usize)),
        }
        slots
    }
}

/// Writes to a place in a list, or to the one just behind its end.
fn put<T>(list: &mut Vec<T>, place: u32, value: T) {
    match list.get_mut(place as usize) {
        Some(old) => *old = value,
        None => list.push(value),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_small() {
        assert_eq!(size_of::<Path>(), 20);
    }

    #[test]
    fn time_is_kept_to_the_millisecond() {
        let since = Duration::from_millis(0x34_5678_9abc);
        assert_eq!(Path::new(AttributesId(1), LocalId(1), SourceId(1), since).since(), since);
    }

    fn net(byte: u8) -> IpNet {
        IpNet::V4(
            Ipv4Net::new(Ipv4Addr::new(10, byte, 0, 0), 8 + byte % 9)
                .expect("short enough")
                .trunc(),
        )
    }

    proptest! {
        /// Against a map of maps.
        #[test]
        fn behaves_as_a_map(steps in prop::collection::vec((0u8..4, any::<u8>(), 0u16..4, any::<u32>()), 0..300)) {
            let mut table = Table::new("t", Family::IPV4_UNICAST, 1);
            let mut model: BTreeMap<IpNet, BTreeMap<u16, u32>> = BTreeMap::new();
            for (action, byte, source, attributes) in steps {
                let net = net(byte);
                match action {
                    0 | 1 => {
                        let slot = table.find_or_insert(&net).expect("same family");
                        table.set(slot, Path::new(AttributesId(attributes), LocalId(source.into()), SourceId(source), Duration::ZERO));
                        model.entry(net).or_default().insert(source, attributes);
                    }
                    2 => if let Some(slot) = table.find(&net) {
                        let removed = table.remove(slot, LocalId(source.into())).map(|path| path.attributes.0);
                        let expected = model.get_mut(&net).and_then(|paths| paths.remove(&source));
                        prop_assert_eq!(removed, expected);
                        table.free_if_empty(slot);
                        model.retain(|_, paths| !paths.is_empty());
                    },
                    _ => if let Some(slot) = table.find(&net) {
                        let known = table.path(slot, LocalId(source.into())).is_some();
                        table.promote(slot, LocalId(source.into()));
                        if known {
                            prop_assert_eq!(table.best(slot).map(|path| path.source), Some(SourceId(source)));
                        }
                    },
                }
            }
            let sorted: Vec<IpNet> = table.sorted().iter().filter_map(|slot| table.net(*slot)).collect();
            prop_assert_eq!(sorted, model.keys().copied().collect::<Vec<_>>());
            prop_assert_eq!(table.networks(), model.len());
            prop_assert_eq!(table.paths_count(), model.values().map(BTreeMap::len).sum::<usize>());
            for (net, paths) in &model {
                let slot = table.find(net).expect("in the model");
                let mut found: Vec<_> = table.paths(slot).map(|path| (path.source.0, path.attributes.0)).collect();
                found.sort_unstable();
                prop_assert_eq!(found, paths.iter().map(|(a, b)| (*a, *b)).collect::<Vec<_>>());
            }
            for byte in 0..=255 {
                let address = IpAddr::from([10, byte, 1, 1]);
                let expected = model.keys().filter(|net| net.contains(&address)).max_by_key(|net| net.prefix_len());
                let found = table.longest_match(address, 32).and_then(|slot| table.net(slot));
                prop_assert_eq!(found.as_ref(), expected);
                let of = net(byte);
                let nets = |slots: Vec<u32>| slots.into_iter().filter_map(|slot| table.net(slot)).collect::<Vec<_>>();
                let covering: Vec<IpNet> = model.keys().filter(|other| other.contains(&of)).copied().collect();
                prop_assert_eq!(nets(table.covering(&of).collect()), covering);
                let covered: Vec<IpNet> = model.keys().filter(|other| of.contains(*other)).copied().collect();
                prop_assert_eq!(nets(table.covered(&of)), covered);
            }
        }
    }
}
