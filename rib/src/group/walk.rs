//! Members that are told of networks one after the other, as they are now.

use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::RefreshSubtype;

use super::member::{Member, Walk, WalkKind};
use super::writer::{default_route, refresh_marker};
use super::{BATCH, Batch, Group, View};
use crate::channel::{Source, SourceId};
use crate::path_id::LocalId;

impl Group {
    /// Begins the first walk of a member. What the others are to be told is made before: the walk would tell the
    /// member the same.
    pub(super) fn begin(&mut self, now: Duration, index: usize, view: &mut View<'_>) {
        let end = view.table.log_of(self.rules.adds_paths()).end();
        if self.members.iter().all(Member::is_fresh) && self.told.is_nothing() {
            self.head = end;
        }
        while self.head < end && now >= self.not_before {
            self.advance(now, view);
        }
        let next = self.next_segment();
        let Some(member) = self.members.get_mut(index) else { return };
        (member.segment, member.position) = (next, self.head);
        if let Some(walk) = &mut member.walk {
            walk.end = Some(view.table.slots());
        }
        self.drop_old_segments();
    }

    /// Takes the next step of a member's walk. Returns whether the member needs less of the change list then.
    pub(super) fn walk(&mut self, index: usize, view: &mut View<'_>) -> bool {
        let Some(member) = self.members.get_mut(index) else { return false };
        let Some(mut walk) = member.walk.take() else { return false };
        if walk.next == 0 && matches!(walk.kind, WalkKind::Refresh) && self.rules.enhanced_refresh {
            member.own.push_back(refresh_marker(&self.rules, RefreshSubtype::BEGIN));
            walk.marked = true;
        }
        if walk.next == 0 && !matches!(walk.kind, WalkKind::Missed(_)) {
            let had_default = core::mem::take(&mut member.had_default);
            member.own.extend(default_route(&self.rules, had_default, &Source::own()));
        }
        let slots: Vec<u32> = if let WalkKind::Missed(_) = walk.kind {
            let missed = self.missed.range(walk.next..);
            let missed = missed.filter(|(_, missed)| missed.segment >= member.segment);
            missed.map(|(slot, _)| *slot).take(BATCH).collect()
        } else {
            (walk.next..walk.end.unwrap_or(0)).take(BATCH).collect()
        };
        let next = slots.last().filter(|_| slots.len() == BATCH).map(|last| last + 1);
        self.tell(index, slots, &walk, view);
        let place = self.place(&walk, index);
        let Some(member) = self.members.get_mut(index) else { return false };
        if let Some(next) = next {
            member.walk = Some(Walk { next, ..walk });
            return false;
        }
        if walk.marked {
            member.own.push_back(refresh_marker(&self.rules, RefreshSubtype::END));
        }
        if let WalkKind::Missed(end) = walk.kind {
            (member.segment, member.chunk) = (end, 0);
        }
        let Some(place) = place else { return false };
        member.position = place;
        self.drop_old_segments();
        true
    }

    /// Where the segment begins that a member reads behind its walk; `None`: it is gone already.
    fn place(&self, walk: &Walk, index: usize) -> Option<u64> {
        let segment = match walk.kind {
            WalkKind::Missed(end) => end,
            _ => self.members.get(index)?.segment,
        };
        let ahead = usize::try_from(segment.checked_sub(self.first)?).ok()?;
        Some(self.segments.get(ahead).map_or(self.head, |segment| segment.from))
    }

    /// Makes messages about `slots`, as they are now, for one member.
    fn tell(&mut self, index: usize, slots: Vec<u32>, walk: &Walk, view: &mut View<'_>) {
        let Some(to) = self.members.get(index).map(|member| member.source) else { return };
        let several = self.rules.adds_paths();
        let mut batch = Batch::default();
        for slot in slots.into_iter().filter(|slot| view.table.is_in_use(*slot)) {
            let mut paths = view.exported(&self.rules, slot);
            if self.rules.limit().is_some() {
                // It is the only member, and has read all that was made: so this is told to all.
                self.limit(slot, &mut paths);
                let mut changes = Batch::default();
                self.told.replace(slot, &paths, &mut changes);
                let instead =
                    changes.withdrawn_from.iter().map(|(_, slot)| (*slot, LocalId::PLAIN));
                let gone = changes.withdrawn.iter().map(|(_, slot, id)| (*slot, *id));
                let gone = gone.chain(instead).map(|(slot, id)| (SourceId::NONE, slot, id));
                batch.withdrawn.extend(gone);
                paths.retain(|path| path.source != to);
            } else {
                paths.retain(|path| path.source != to);
                let pending = self.is_pending(slot, view);
                self.told.note(slot, to, &paths, pending);
            }
            paths.iter().for_each(|path| batch.announce(path, slot));
            if !walk.withdraws() {
                continue;
            }
            let stays = |id: &LocalId| {
                paths.iter().any(|path| *id == if several { path.id } else { LocalId::PLAIN })
            };
            let missed = self.missed.get(&slot).filter(|_| several);
            let missed = missed.map_or(&[][..], |missed| missed.withdrawn.as_slice());
            let plain = [LocalId::PLAIN].into_iter().filter(|_| !several);
            let ids = walk.before(slot).iter().chain(missed).copied().chain(plain);
            let gone = ids.filter(|id| !stays(id));
            batch.withdrawn.extend(gone.map(|id| (SourceId::NONE, slot, id)));
        }
        batch.withdrawn.sort_unstable();
        batch.withdrawn.dedup();
        let chunks = self.write(&mut batch, view);
        view.sweep();
        if let Some(member) = self.members.get_mut(index) {
            member.own.extend(chunks);
        }
    }
}
