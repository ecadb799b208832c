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
    /// What tells these attributes from all others that had or will have the number.
    pub(super) version: u64,
    /// The cost of its next hop, where that is told
    pub(super) cost: Option<u32>,
    pub(super) set: Set,
}

/// Those of a network: mostly one.
pub(super) type ExportedPaths = SmallVec<[Exported; 2]>;

/// One of several paths that were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ToldPath {
    source: SourceId,
    id: LocalId,
    version: u64,
    cost: Option<u32>,
}

/// The version of no attributes.
const NEVER: u64 = u64::MAX;

#[derive(Debug, Clone)]
enum Slots {
    /// Who announced the one path that was told; `SourceId::NONE`: nothing was.
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

    pub(super) fn is_empty(&self, slot: u32) -> bool {
        let slot = slot as usize;
        match &self.slots {
            Slots::One(slots) => slots.get(slot).is_none_or(|source| *source == SourceId::NONE),
            Slots::Several(slots) => slots.get(slot).is_none_or(|told| told.is_empty()),
        }
    }

    /// The paths that were told of a slot, where there may be several.
    pub(super) fn ids(&self, slot: u32) -> impl Iterator<Item = LocalId> + '_ {
        let told = match &self.slots {
            Slots::Several(slots) => slots.get(slot as usize).map(|told| &**told),
            Slots::One(_) => None,
        };
        told.unwrap_or_default().iter().map(|told| told.id)
    }

    fn add(&mut self, source: SourceId, step: i32) {
        let index = usize::from(source.0);
        if source == SourceId::NONE {
            return;
        }
        if self.by_source.len() <= index {
            self.by_source.resize(index + 1, 0);
        }
        if let Some(count) = self.by_source.get_mut(index) {
            *count = count.saturating_add_signed(step);
        }
        self.all = self.all.saturating_add_signed(step);
    }

    /// Notes what is told of `slot` from now on.
    pub(super) fn set(&mut self, slot: u32, paths: &[Exported]) {
        self.replace(slot, paths, &mut Batch::default());
    }

    /// Notes what one member is told of `slot` before the others. Where that is not what they know, all of them are
    /// told it anew when the slot's entry in the change list is read: then it may be something else again.
    pub(super) fn tell_one(&mut self, slot: u32, paths: &[Exported], pending: bool) {
        let index = slot as usize;
        if !pending || matches!(self.slots, Slots::One(_)) {
            if self.is_empty(slot) && !paths.is_empty() {
                self.set(slot, paths);
            }
            return;
        }
        for path in paths {
            let Slots::Several(slots) = &mut self.slots else { return };
            if slots.len() <= index {
                slots.resize(index + 1, Box::default());
            }
            let Some(place) = slots.get_mut(index) else { return };
            let Exported { source, id, version, cost, .. } = *path;
            match place.iter_mut().find(|old| old.id == id) {
                Some(old) if (old.version, old.cost) == (version, cost) => {}
                Some(old) => old.version = NEVER,
                None => {
                    let mut told = core::mem::take(place).into_vec();
                    told.push(ToldPath { source, id, version: NEVER, cost });
                    *place = told.into_boxed_slice();
                    self.add(source, 1);
                }
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
                        batch.withdrawn.push((before, slot, LocalId::only(before)));
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
                let told = paths.iter().map(|path| {
                    let Exported { source, id, version, cost, .. } = *path;
                    ToldPath { source, id, version, cost }
                });
                let before = core::mem::replace(place, told.collect());
                for old in &before {
                    if paths.iter().all(|path| path.id != old.id) {
                        batch.withdrawn.push((old.source, slot, old.id));
                    }
                }
                for path in paths {
                    let known = |old: &ToldPath| {
                        (old.id, old.version, old.cost) == (path.id, path.version, path.cost)
                    };
                    if !before.iter().any(known) {
                        batch.announce(path, slot);
                    }
                }
                before.iter().for_each(|old| self.add(old.source, -1));
                paths.iter().for_each(|path| self.add(path.source, 1));
            }
        }
    }
}
