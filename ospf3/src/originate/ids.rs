//! Which Link State ID has what is told.
//!
//! In OSPFv3 most of them say nothing (RFC 5340 §4.4.1). But what is told must keep its own as long as it is told: else
//! each change of one prefix would move others (RFC 5187 §3.1).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use ipnet::IpNet;

use crate::lsa::{LinkStateId, LsType};
use crate::{InterfaceId, RouterId, ScopeId};

/// What an LSA tells of, among those of its type and scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// An interface, whose number is the Link State ID.
    Interface(InterfaceId),
    /// A part of something, whose number is the Link State ID.
    Fragment(u32),
    /// A part of this router's own prefixes.
    RouterPrefixes(u32),
    /// A part of a transit link's prefixes.
    NetworkPrefixes(InterfaceId, u32),
    /// A prefix.
    Prefix(IpNet, Path),
    /// Another router.
    Router(RouterId),
}

/// Of several routes to one prefix, which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Path {
    /// That of this number.
    Told(u32),
    /// One that was told before a restart: it is not known which number it had.
    Adopted(u32),
}

impl Subject {
    pub(super) const FIRST: Self = Self::Interface(InterfaceId(0));
    pub(super) const LAST: Self = Self::Router(RouterId(u32::MAX));

    pub(super) const fn paths_of(prefix: IpNet) -> RangeInclusive<Self> {
        Self::Prefix(prefix, Path::Told(0))..=Self::Prefix(prefix, Path::Adopted(u32::MAX))
    }

    /// The Link State ID that it would like: one that means something, or is the same after a restart.
    const fn likes(&self) -> Option<LinkStateId> {
        match self {
            Self::Interface(interface) | Self::NetworkPrefixes(interface, 0) => {
                Some(LinkStateId(interface.0))
            }
            Self::Fragment(number) => Some(LinkStateId(*number)),
            Self::RouterPrefixes(0) => Some(LinkStateId(0)),
            _ => None,
        }
    }
}

/// The Link State IDs in use.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids {
    spaces: BTreeMap<(ScopeId, LsType), Space>,
}

/// Those of one type in one scope.
#[derive(Debug, Clone, Default)]
struct Space {
    ids: BTreeMap<Subject, LinkStateId>,
    taken: BTreeSet<LinkStateId>,
    /// Where the search for a free one goes on: not where one was just given back, since that LSA is still being flushed.
    next: u32,
}

impl Ids {
    /// The Link State ID of a subject: the one it has, or one that is free.
    pub(super) fn of(&mut self, scope: ScopeId, ls_type: LsType, subject: Subject) -> LinkStateId {
        let space = self.spaces.entry((scope, ls_type)).or_default();
        if let Some(id) = space.ids.get(&subject) {
            return *id;
        }
        let adopted = match subject {
            Subject::Prefix(net, Path::Told(_)) => space.take_adopted(net),
            _ => None,
        };
        let id = match adopted {
            Some(id) => id,
            None => match subject.likes() {
                Some(id) if !space.taken.contains(&id) => id,
                _ => space.free(ls_type),
            },
        };
        space.ids.insert(subject, id);
        space.taken.insert(id);
        id
    }

    /// Gives a free Link State ID to a subject that has none; false if it has one or the id is taken.
    pub(super) fn adopt(
        &mut self,
        scope: ScopeId,
        ls_type: LsType,
        subject: Subject,
        id: LinkStateId,
    ) -> bool {
        let space = self.spaces.entry((scope, ls_type)).or_default();
        if space.ids.contains_key(&subject) || !space.taken.insert(id) {
            return false;
        }
        space.next = space.next.max(id.0.saturating_add(1));
        space.ids.insert(subject, id);
        true
    }

    pub(super) fn contains(&self, scope: ScopeId, ls_type: LsType, subject: &Subject) -> bool {
        self.spaces.get(&(scope, ls_type)).is_some_and(|space| space.ids.contains_key(subject))
    }

    /// Takes back those of a range of subjects that are not in `keep`, and says which they were.
    pub(super) fn release(
        &mut self,
        scope: ScopeId,
        ls_type: LsType,
        range: RangeInclusive<Subject>,
        keep: impl Fn(&Subject) -> bool,
    ) -> Vec<LinkStateId> {
        let Some(space) = self.spaces.get_mut(&(scope, ls_type)) else { return Vec::new() };
        let gone: Vec<_> = space
            .ids
            .range(range)
            .filter(|(subject, _)| !keep(subject))
            .map(|(subject, id)| (*subject, *id))
            .collect();
        for (subject, id) in &gone {
            space.ids.remove(subject);
            space.taken.remove(id);
        }
        if space.ids.is_empty() && space.next == 0 {
            self.spaces.remove(&(scope, ls_type));
        }
        gone.into_iter().map(|(_, id)| id).collect()
    }

    /// All that is told.
    pub(super) fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.spaces.values().flat_map(|space| space.ids.keys())
    }

    /// All scopes and types in which there is one.
    pub(super) fn spaces(&self) -> Vec<(ScopeId, LsType)> {
        self.spaces.keys().copied().collect()
    }
}

impl Space {
    /// The Link State ID of a prefix from before a restart.
    fn take_adopted(&mut self, net: IpNet) -> Option<LinkStateId> {
        let adopted =
            Subject::Prefix(net, Path::Adopted(0))..=Subject::Prefix(net, Path::Adopted(u32::MAX));
        let (subject, id) = self.ids.range(adopted).next().map(|(subject, id)| (*subject, *id))?;
        self.ids.remove(&subject);
        self.taken.remove(&id);
        Some(id)
    }

    fn free(&mut self, ls_type: LsType) -> LinkStateId {
        // Where some are liked, the rest stays out of their way.
        let first = if ls_type == LsType::INTRA_AREA_PREFIX { 0x8000_0000 } else { 1 };
        self.next = self.next.max(first);
        while self.taken.contains(&LinkStateId(self.next)) {
            self.next = self.next.checked_add(1).unwrap_or(first);
        }
        let id = LinkStateId(self.next);
        self.next = self.next.checked_add(1).unwrap_or(first);
        id
    }
}
