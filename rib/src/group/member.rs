//! A neighbour in a group, and what it still has to be told before it follows the others.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};

use smallvec::SmallVec;

use super::Chunk;
use crate::channel::SourceId;
use crate::path_id::LocalId;

/// Paths by slot.
pub(super) type PathsOfSlots = BTreeMap<u32, SmallVec<[LocalId; 2]>>;

/// A neighbour in a group.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) source: SourceId,
    /// The earliest place in the change list that it needs: slots that became empty there or later keep their
    /// networks until it has been told.
    pub(super) position: u64,
    /// The segment that it reads next …
    pub(super) segment: u64,
    /// … and its place in there.
    pub(super) chunk: usize,
    /// Chunks made for it alone.
    pub(super) own: VecDeque<Chunk>,
    pub(super) walk: Option<Walk>,
    /// It has not been told yet that all there was has been told.
    pub(super) end_of_rib: bool,
    /// It wants to be told everything again, behind what goes on now and the segments before this one (RFC 2918).
    pub(super) refresh: Option<u64>,
    /// It has been told a default route of our own, by another group.
    pub(super) had_default: bool,
}

/// A walk over networks, about which a member is told as they are now.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    pub(super) kind: WalkKind,
    /// The next slot
    pub(super) next: u32,
    /// Slots from there on were made later: they stand in the change list. `None`: it has not begun.
    pub(super) end: Option<u32>,
    /// A refresh has begun that has to be ended with a marker (RFC 7313 §4).
    pub(super) marked: bool,
}

#[derive(Debug, Clone)]
pub(super) enum WalkKind {
    /// The table, for one that knows nothing
    Initial,
    /// The table, for one that was told otherwise before: what is not announced is withdrawn. For networks of
    /// several paths it is known what that can be.
    Changed(Box<PathsOfSlots>),
    /// The table, again
    Refresh,
    /// What it missed of the segments up to this one, which are gone
    Missed(u64),
}

impl Walk {
    pub(super) const fn new(kind: WalkKind, end: Option<u32>) -> Self {
        Self { kind, next: 0, end, marked: false }
    }

    /// Whether the member is told what it does not have any more.
    pub(super) const fn withdraws(&self) -> bool {
        matches!(self.kind, WalkKind::Changed(_) | WalkKind::Missed(_))
    }

    /// Paths of a slot that were told before.
    pub(super) fn before(&self, slot: u32) -> &[LocalId] {
        match &self.kind {
            WalkKind::Changed(before) => before.get(&slot).map_or(&[], |ids| ids.as_slice()),
            _ => &[],
        }
    }
}

/// What a neighbour knows that joins a group.
#[derive(Debug, Clone)]
pub(crate) enum Joining {
    /// Nothing
    Fresh,
    /// What another group has told it
    Known(Box<Known>),
}

/// What a member takes along to another group.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// As [`Member::position`]
    pub(crate) position: u64,
    pub(super) own: VecDeque<Chunk>,
    pub(super) end_of_rib: bool,
    pub(super) refresh: bool,
    pub(super) marked: bool,
    pub(super) had_default: bool,
    /// Paths that it may have been told
    pub(super) told: PathsOfSlots,
}

impl Member {
    /// There are so many `slots`. It begins with the segment of that number, which will begin at `head`.
    pub(super) fn new(
        source: SourceId,
        joining: Joining,
        slots: u32,
        (segment, head): (u64, u64),
    ) -> Self {
        let new = Self {
            source,
            position: head,
            segment,
            chunk: 0,
            own: VecDeque::new(),
            walk: Some(Walk::new(WalkKind::Initial, None)),
            end_of_rib: true,
            refresh: None,
            had_default: false,
        };
        let Joining::Known(known) = joining else { return new };
        let Known { position, own, end_of_rib, refresh, marked, had_default, told } = *known;
        let refresh = refresh.then_some(segment);
        let walk = Walk { marked, ..Walk::new(WalkKind::Changed(Box::new(told)), Some(slots)) };
        let (position, walk) = (position.min(head), Some(walk));
        Self { position, own, walk, end_of_rib, refresh, had_default, ..new }
    }

    /// Whether it has been told nothing at all yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.walk.as_ref().is_some_and(|walk| walk.end.is_none())
    }

    /// What it takes along, but what it was told.
    pub(super) fn leave(self) -> Known {
        let Self { position, own, walk, end_of_rib, refresh, had_default, .. } = self;
        let (mut told, mut marked, mut again) = (PathsOfSlots::new(), false, false);
        if let Some(walk) = walk {
            marked = walk.marked;
            match walk.kind {
                WalkKind::Changed(before) => told = *before,
                WalkKind::Refresh => again = !marked,
                WalkKind::Initial | WalkKind::Missed(_) => {}
            }
        }
        let refresh = refresh.is_some() || again;
        Known { position, own, end_of_rib, refresh, marked, had_default, told }
    }
}
