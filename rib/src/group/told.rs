//! What the members of a group have been told of each network.

use alloc::boxed::Box;
use alloc::vec::Vec;

use smallvec::SmallVec;

use super::Batch;
use crate::attributes::AttributesId;
use crate::channel::SourceId;
use crate::path_id::LocalId;
use crate::policy::Set;

/// A path that the rules let be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exported {
    pub(super) source: SourceId,
    pub(super) id: LocalId,
    pub(super) attributes: AttributesId,
    pub(super) version: Version,
    pub(super) set: Set,
}

/// Paths of equal versions are written in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    /// What tells these attributes from all others that had or will have the number.
    attributes: u64,
    /// The cost of its next hop, where that is told.
    cost: u32,
    /// What else decides: the generation of its source, and in the lowest bits what the filter has set.
    rest: u16,
}

impl Version {
    /// Of no path.
    const NONE: Self = Self { attributes: u64::MAX, cost: 0, rest: 0 };

    pub(super) fn new(attributes: u64, cost: Option<u32>, generation: u16, set: Set) -> Self {
        let rest = generation << 2 | u16::from(set.next_hop) << 1 | u16::from(set.med);
        Self { attributes, cost: cost.unwrap_or(u32::MAX), rest }
    }
}

/// Those of a network: mostly one.
pub(super) type ExportedPaths = SmallVec<[Exported; 2]>;

/// One of several paths that were told: 24 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ToldPath {
    attributes: u64,
    id: LocalId,
    cost: u32,
    source: SourceId,
    rest: u16,
}

impl ToldPath {
    const fn new(path: &Exported, version: Version) -> Self {
        let Version { attributes, cost, rest } = version;
        Self { attributes, id: path.id, cost, source: path.source, rest }
    }

    /// Numbers of paths are given anew: it is the same path when its source is the same too.
    fn is(&self, path: &Exported) -> bool {
        (self.source, self.id) == (path.source, path.id)
    }

    fn is_current(&self, path: &Exported) -> bool {
        self.is(path) && *self == Self::new(path, path.version)
    }
}

#[derive(Debug, Clone)]
enum Slots {
    /// Who announced the one path that was told; `SourceId::NONE`: nothing was; `SourceId::ANY`: members were told
    /// paths of different sources.
    One(Vec<SourceId>),
    /// The paths that were told
    Several(Vec<Box<[ToldPath]>>),
}

/// What was told of each slot.
#[derive(Debug, Clone)]
pub(super) struct Told {
    slots: Slots,
    /// How many paths were told from each source, and in all.
    by_source: Vec<u32>,
    all: u32,
}

impl Told {
    pub(super) const fn new(several: bool) -> Self {
        let slots = if several { Slots::Several(Vec::new()) } else { Slots::One(Vec::new()) };
        Self { slots, by_source: Vec::new(), all: 0 }
    }

    /// Routes that `member` has been told: not those of its own.
    pub(super) fn count(&self, member: SourceId) -> u32 {
        self.all - self.by_source.get(usize::from(member.0)).copied().unwrap_or(0)
    }

    /// Whether nobody has been told anything.
    pub(super) const fn is_nothing(&self) -> bool {
        self.all == 0
    }

    /// Those of them to one network.
    pub(super) fn count_at(&self, slot: u32, member: SourceId) -> usize {
        match &self.slots {
            Slots::One(slots) => {
                let source = slots.get(slot as usize).copied().unwrap_or(SourceId::NONE);
                usize::from(source != SourceId::NONE && source != member)
            }
            Slots::Several(slots) => slots
                .get(slot as usize)
                .map_or(0, |told| told.iter().filter(|told| told.source != member).count()),
        }
    }

    pub(super) fn is_empty(&self, slot: u32) -> bool {
        let slot = slot as usize;
        match &self.slots {
            Slots::One(slots) => slots.get(slot).is_none_or(|source| *source == SourceId::NONE),
            Slots::Several(slots) => slots.get(slot).is_none_or(|told| told.is_empty()),
        }
    }

    /// Whether `member` was told `path` or what it takes the place of.
    pub(super) fn has(&self, slot: u32, path: &Exported, member: SourceId) -> bool {
        match &self.slots {
            Slots::One(_) => path.source != member && self.count_at(slot, member) > 0,
            Slots::Several(slots) => {
                let is = |old: &ToldPath| old.is(path) && path.source != member;
                slots.get(slot as usize).is_some_and(|told| told.iter().any(is))
            }
        }
    }

    /// The paths that `member` may have been told.
    pub(super) fn all(&self, member: SourceId) -> impl Iterator<Item = (u32, LocalId)> + '_ {
        let (one, several): (&[_], &[_]) = match &self.slots {
            Slots::One(slots) => (slots, &[]),
            Slots::Several(slots) => (&[], slots),
        };
        let one = one.iter().zip(0..).map(|(_, slot)| (slot, LocalId::PLAIN));
        let several = several.iter().zip(0..).flat_map(move |(told, slot)| {
            let others = told.iter().filter(move |told| told.source != member);
            others.map(move |told| (slot, told.id))
        });
        one.chain(several)
    }

    fn add(&mut self, source: SourceId, step: i32) {
        let index = usize::from(source.0);
        if source == SourceId::NONE {
            return;
        }
        self.all = self.all.saturating_add_signed(step);
        if source == SourceId::ANY {
            return;
        }
        if self.by_source.len() <= index {
            self.by_source.resize(index + 1, 0);
        }
        if let Some(count) = self.by_source.get_mut(index) {
            *count = count.saturating_add_signed(step);
        }
    }

    /// Notes what is told of `slot` from now on.
    pub(super) fn set(&mut self, slot: u32, paths: &[Exported]) {
        self.replace(slot, paths, &mut Batch::default());
    }

    /// Forgets a path that could not be told.
    pub(super) fn forget(&mut self, slot: u32, source: SourceId, id: LocalId) {
        match &mut self.slots {
            Slots::One(slots) => {
                let Some(place) = slots.get_mut(slot as usize) else { return };
                let before = core::mem::replace(place, SourceId::NONE);
                self.add(before, -1);
            }
            Slots::Several(slots) => {
                let Some(place) = slots.get_mut(slot as usize) else { return };
                let is = |told: &ToldPath| (told.source, told.id) == (source, id);
                if place.iter().any(is) {
                    *place = place.iter().filter(|told| !is(told)).copied().collect();
                    self.add(source, -1);
                }
            }
        }
    }

    /// Notes that `member` alone is told `paths` of others now. `pending`: the change list still has the slot for all,
    /// and what it says then has to suit that member too.
    pub(super) fn note(&mut self, slot: u32, member: SourceId, paths: &[Exported], pending: bool) {
        let (index, is_empty) = (slot as usize, self.is_empty(slot));
        match &mut self.slots {
            Slots::One(_) if is_empty => self.set(slot, paths),
            // The others know its own path, and it another one.
            Slots::One(slots) => {
                let place = slots.get_mut(index).filter(|place| **place == member);
                if let Some(place) = place.filter(|_| !paths.is_empty()) {
                    *place = SourceId::ANY;
                    self.add(member, -1);
                    self.add(SourceId::ANY, 1);
                }
            }
            Slots::Several(_) if is_empty && paths.is_empty() => {}
            Slots::Several(slots) => {
                if slots.len() <= index {
                    slots.resize(index + 1, Box::default());
                }
                let Some(place) = slots.get_mut(index) else { return };
                let mut told = core::mem::take(place).into_vec();
                let before = told.len();
                for path in paths {
                    if !told.iter().any(|old| old.is(path)) {
                        told.push(ToldPath::new(path, path.version));
                    }
                }
                let added: SmallVec<[SourceId; 2]> =
                    told.iter().skip(before).map(|told| told.source).collect();
                if pending {
                    // Whatever is to be told then, has to be told to all.
                    for told in &mut told {
                        (told.attributes, told.rest) =
                            (Version::NONE.attributes, Version::NONE.rest);
                    }
                }
                *place = told.into();
                added.into_iter().for_each(|source| self.add(source, 1));
            }
        }
    }

    /// Notes what is told of `slot` from now on, and puts what is different into `batch`.
    pub(super) fn replace(&mut self, slot: u32, paths: &[Exported], batch: &mut Batch) {
        let index = slot as usize;
        match &mut self.slots {
            Slots::One(slots) => {
                let path = paths.first();
                let source = path.map_or(SourceId::NONE, |path| path.source);
                if slots.len() <= index {
                    slots.resize(index + 1, SourceId::NONE);
                }
                let Some(place) = slots.get_mut(index) else { return };
                let before = core::mem::replace(place, source);
                match path {
                    Some(path) => {
                        if before != SourceId::NONE && before != path.source {
                            batch.withdrawn_from.push((path.source, slot));
                        }
                        batch.announce(path, slot);
                    }
                    None if before != SourceId::NONE => {
                        batch.withdrawn.push((before, slot, LocalId::PLAIN));
                    }
                    None => {}
                }
                self.add(before, -1);
                self.add(source, 1);
            }
            Slots::Several(slots) => {
                if slots.len() <= index {
                    if paths.is_empty() {
                        return;
                    }
                    slots.resize(index + 1, Box::default());
                }
                let Some(place) = slots.get_mut(index) else { return };
                let told = paths.iter().map(|path| ToldPath::new(path, path.version));
                let before = core::mem::replace(place, told.collect());
                for old in &before {
                    if !paths.iter().any(|path| old.is(path)) {
                        batch.withdrawn.push((old.source, slot, old.id));
                    }
                }
                for path in paths {
                    if !before.iter().any(|old| old.is_current(path)) {
                        batch.announce(path, slot);
                    }
                }
                before.iter().for_each(|old| self.add(old.source, -1));
                paths.iter().for_each(|path| self.add(path.source, 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_was_told_is_small() {
        assert_eq!(size_of::<ToldPath>(), 24);
    }
}
