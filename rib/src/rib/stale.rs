//! Routes that stay although their neighbour is gone, and what becomes of them (RFC 4724, 7313, 9494).

use alloc::vec::Vec;

use bgp_wire::{Community, Family};

use super::Rib;
use super::path::best_of;
use crate::attributes::{AttributeSet, AttributesId};
use crate::channel::SourceId;
use crate::extra::ExtraRef;
use crate::table::{Flags, Path, TableId};

impl Rib {
    fn table_with(&self, source: SourceId, family: Family) -> Option<TableId> {
        let mut channels = self.source(source)?.channels.iter();
        let channel = channels.find(|channel| channel.config.family == family)?;
        Some(channel.config.table)
    }

    /// From now on the routes of a family are stale, until the neighbour announces them again: its session is gone
    /// (RFC 4724 §4.2), or it begins to tell all anew (RFC 7313 §4.2). They are used as before.
    pub fn mark_stale(&mut self, source: SourceId, family: Family) {
        let Some(table) = self.table_with(source, family) else { return };
        self.for_all_of(source, table, |rib, slot, path| {
            let table = rib.tables.get_mut(usize::from(table.0));
            if let Some(flags) = table.and_then(|table| table.flags_mut(slot, path.id)) {
                *flags = flags.with(Flags::STALE);
            }
        });
        self.mark_received_stale(source, table);
    }

    /// The stale routes of a family stay for longer, as the last choice: they get the community LLGR_STALE. Those
    /// with NO_LLGR are removed (RFC 9494 §4.3).
    pub fn long_lived(&mut self, source: SourceId, family: Family) {
        let Some(table) = self.table_with(source, family) else { return };
        self.for_all_of(source, table, |rib, slot, path| {
            if path.flags.has(Flags::STALE) {
                rib.make_long_lived(table, slot, &path);
            }
        });
        self.age_received(source, table, false);
    }

    fn make_long_lived(&mut self, table_id: TableId, slot: u32, path: &Path) {
        let attributes = match self.long_lived_of(path.attributes) {
            LongLived::Same => return,
            LongLived::Gone => {
                self.remove_from_slot(table_id, slot, path.id);
                return;
            }
            LongLived::Changed(attributes) => attributes,
        };
        self.attributes.retain(attributes);
        let Some(table) = self.tables.get_mut(usize::from(table_id.0)) else { return };
        let before = best_of(table, slot);
        table.set(slot, path.with_attributes(attributes));
        self.settle(table_id, slot, before);
        self.attributes.release(path.attributes, &mut self.next_hops);
    }

    pub(super) fn long_lived_of(&mut self, attributes: AttributesId) -> LongLived {
        let Some(set) = self.attributes.get(attributes) else { return LongLived::Same };
        let has = |community| set.path.communities().any(|other| other == community);
        if has(Community::NO_LLGR) {
            return LongLived::Gone;
        }
        if has(Community::LLGR_STALE) {
            return LongLived::Same;
        }
        let mut edited = set.path.to_path_attributes();
        let communities: Vec<Community> = set.path.communities().collect();
        edited.communities(communities.into_iter().chain([Community::LLGR_STALE]));
        let extra = set.extra.bytes().to_vec();
        let extra = ExtraRef::new(&extra);
        let set = AttributeSet { path: edited.view(), extra, head: set.head };
        LongLived::Changed(self.attributes.intern(&set, &mut self.next_hops))
    }

    /// Removes the routes of a family that are still stale.
    pub fn sweep(&mut self, source: SourceId, family: Family) {
        let Some(table) = self.table_with(source, family) else { return };
        self.for_all_of(source, table, |rib, slot, path| {
            if path.flags.has(Flags::STALE) {
                rib.remove_from_slot(table, slot, path.id);
            }
        });
        self.age_received(source, table, true);
    }
}

/// What a stale route is when it stays for longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LongLived {
    /// What it was
    Same,
    /// It has these attributes; no reference is taken.
    Changed(AttributesId),
    /// It does not stay.
    Gone,
}
