//! The most routes that a neighbour is told. One with such a limit is the only member of its group.

use super::Group;
use super::told::{Exported, ExportedPaths};
use crate::channel::{LimitAction, LimitKind, LimitPassed, SourceId};

impl Group {
    /// Whether the export limit is passed.
    pub(crate) fn is_limited(&self) -> bool {
        let most = self.rules.limit().map(|limit| limit.most);
        let told = self.members.first().map(|member| self.told.count(member.source));
        self.limited.is_some() && told >= most
    }

    /// The export limit, when it was passed and this was not told yet.
    pub(crate) fn poll_limit(&mut self) -> Option<(SourceId, LimitPassed)> {
        let reported = self.limited.as_mut().filter(|reported| !**reported)?;
        *reported = true;
        let (source, limit) = self.members.first().map(|one| one.source).zip(self.rules.limit())?;
        let family = self.rules.family;
        Some((source, LimitPassed { family, kind: LimitKind::Export, limit }))
    }

    /// Leaves out paths that the export limit keeps from being told.
    pub(super) fn limit(&mut self, slot: u32, paths: &mut ExportedPaths) {
        let (Some(limit), Some(member)) = (self.rules.limit(), self.members.first()) else {
            return;
        };
        let (all, here) = (self.told.count(member.source), self.told.count_at(slot, member.source));
        let most = usize::try_from(limit.most).unwrap_or(usize::MAX);
        let elsewhere = usize::try_from(all).unwrap_or(usize::MAX) - here;
        let room = most.saturating_sub(elsewhere);
        let others = paths.iter().filter(|path| path.source != member.source).count();
        if others <= room {
            if all < limit.most && self.limited == Some(true) {
                self.limited = None;
            }
            return;
        }
        self.limited.get_or_insert(false);
        if limit.action == LimitAction::Warn {
            return;
        }
        // Those that it knows come first.
        let is_known = |path: &Exported| self.told.has(slot, path, member.source);
        let mut known = room.min(paths.iter().filter(|path| is_known(path)).count());
        let mut fresh = room - known;
        paths.retain(|path| {
            let left = if is_known(path) { &mut known } else { &mut fresh };
            let stays = path.source == member.source || *left > 0;
            *left -= usize::from(stays && path.source != member.source);
            stays
        });
    }
}
