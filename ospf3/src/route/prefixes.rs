//! The prefixes that LSAs tell of.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;
use smallvec::SmallVec;

use super::result::{Route, RouteKind};
use super::teller::TellerId;
use crate::AreaId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PrefixId(u32);

/// An LSA tells of a prefix.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) by: TellerId,
    /// That of an intra-area-prefix-LSA; those of other LSAs stand with their tellers.
    pub(super) metric: u16,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) prefix: IpNet,
    pub(super) told: SmallVec<[Told; 2]>,
    pub(super) route: Option<Route>,
    /// The area of the intra-area route, as far as active ranges were counted with it.
    pub(super) counted: Option<AreaId>,
    /// Its route is to be found anew.
    marked: bool,
    /// Its old route is noted.
    noted: bool,
}

/// How many routes there are of each prefix length, for longest matches.
#[derive(Debug, Clone)]
struct Lengths([u32; 129]);

/// The prefixes that LSAs tell of, with their routes.
#[derive(Debug, Clone)]
pub(super) struct Prefixes {
    numbers: BTreeMap<IpNet, PrefixId>,
    entries: Vec<Entry>,
    free: Vec<PrefixId>,
    marked: Vec<PrefixId>,
    /// The routes there were before those that were found since the last [`finish`](Self::finish).
    noted: Vec<(PrefixId, Option<Route>)>,
    internal: Lengths,
    all: Lengths,
}

impl Default for Prefixes {
    fn default() -> Self {
        Self {
            numbers: BTreeMap::new(),
            entries: Vec::new(),
            free: Vec::new(),
            marked: Vec::new(),
            noted: Vec::new(),
            internal: Lengths([0; 129]),
            all: Lengths([0; 129]),
        }
    }
}

impl Lengths {
    fn count(&mut self, prefix: IpNet, more: bool) {
        if let Some(count) = self.0.get_mut(usize::from(prefix.prefix_len())) {
            *count = if more { *count + 1 } else { count.saturating_sub(1) };
        }
    }

    /// The prefixes around an address that may have a route, the longest first.
    fn around(&self, address: IpAddr) -> impl Iterator<Item = IpNet> + '_ {
        let used = self.0.iter().enumerate().rev().filter(|(_, count)| **count > 0);
        used.filter_map(move |(length, _)| {
            Some(IpNet::new(address, u8::try_from(length).ok()?).ok()?.trunc())
        })
    }
}

pub(super) const fn is_internal(route: &Route) -> bool {
    matches!(route.kind, RouteKind::IntraArea | RouteKind::InterArea)
}

impl Prefixes {
    pub(super) fn get(&self, id: PrefixId) -> Option<&Entry> {
        self.entries.get(id.0 as usize)
    }

    fn get_mut(&mut self, id: PrefixId) -> Option<&mut Entry> {
        self.entries.get_mut(id.0 as usize)
    }

    pub(super) fn id(&self, prefix: IpNet) -> Option<PrefixId> {
        self.numbers.get(&prefix).copied()
    }

    pub(super) fn entry(&self, prefix: IpNet) -> Option<&Entry> {
        self.get(self.id(prefix)?)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (IpNet, PrefixId, &Entry)> {
        self.numbers.iter().filter_map(|(prefix, id)| Some((*prefix, *id, self.get(*id)?)))
    }

    /// Those within a prefix, itself among them.
    pub(super) fn within(
        &self,
        prefix: IpNet,
    ) -> impl DoubleEndedIterator<Item = (IpNet, PrefixId, &Entry)> {
        let last = IpNet::new(prefix.broadcast(), prefix.max_prefix_len()).unwrap_or(prefix);
        // Shorter prefixes that begin at the same address stand before it.
        (self.numbers.range(prefix.trunc()..=last))
            .filter_map(|(prefix, id)| Some((*prefix, *id, self.get(*id)?)))
    }

    /// Says that an LSA tells of a prefix.
    pub(super) fn tell(&mut self, prefix: IpNet, told: Told) -> PrefixId {
        let id = self.intern(prefix);
        if let Some(entry) = self.get_mut(id) {
            entry.told.push(told);
        }
        self.mark(id);
        id
    }

    /// Says that an LSA no longer tells of a prefix.
    pub(super) fn untell(&mut self, id: PrefixId, by: TellerId) {
        if let Some(entry) = self.get_mut(id) {
            entry.told.retain(|told| told.by != by);
        }
        self.mark(id);
    }

    fn intern(&mut self, prefix: IpNet) -> PrefixId {
        if let Some(id) = self.id(prefix) {
            return id;
        }
        let entry = Entry {
            prefix,
            told: SmallVec::new(),
            route: None,
            counted: None,
            marked: false,
            noted: false,
        };
        let id = if let Some(id) = self.free.pop() {
            if let Some(place) = self.get_mut(id) {
                *place = entry;
            }
            id
        } else {
            self.entries.push(entry);
            PrefixId(u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX))
        };
        self.numbers.insert(prefix, id);
        id
    }

    /// Says that a prefix's route is to be found anew.
    pub(super) fn mark(&mut self, id: PrefixId) {
        if let Some(entry) = self.entries.get_mut(id.0 as usize)
            && !entry.marked
        {
            entry.marked = true;
            self.marked.push(id);
        }
    }

    pub(super) fn mark_all(&mut self) {
        for id in self.numbers.values() {
            if let Some(entry) = self.entries.get_mut(id.0 as usize)
                && !entry.marked
            {
                entry.marked = true;
                self.marked.push(*id);
            }
        }
    }

    /// One of those whose routes are to be found anew, in the order in which they were marked.
    pub(super) fn marked(&self, index: usize) -> Option<PrefixId> {
        self.marked.get(index).copied()
    }

    /// The prefixes whose routes are others than when this was last called, in order. What was marked is done, and
    /// prefixes that no LSA tells of are forgotten.
    pub(super) fn finish(&mut self) -> Vec<IpNet> {
        let mut noted = core::mem::take(&mut self.noted);
        let mut changed = Vec::with_capacity(noted.len());
        let many = noted.len() > self.numbers.len() / 8;
        for (id, old) in noted.drain(..) {
            let Some(entry) = self.entries.get_mut(id.0 as usize) else { continue };
            entry.noted = entry.route != old;
            if entry.noted && !many {
                entry.noted = false;
                changed.push(entry.prefix);
            }
        }
        self.noted = noted;
        if many {
            for (prefix, id) in &self.numbers {
                if let Some(entry) = self.entries.get_mut(id.0 as usize)
                    && core::mem::take(&mut entry.noted)
                {
                    changed.push(*prefix);
                }
            }
        } else {
            changed.sort_unstable();
        }
        for id in self.marked.drain(..) {
            let Some(entry) = self.entries.get_mut(id.0 as usize) else { continue };
            entry.marked = false;
            if entry.told.is_empty() && entry.route.is_none() {
                self.numbers.remove(&entry.prefix);
                self.free.push(id);
            }
        }
        changed
    }

    /// Forgets which area each was counted with.
    pub(super) fn uncount(&mut self) {
        for entry in &mut self.entries {
            entry.counted = None;
        }
    }

    pub(super) fn set_counted(&mut self, id: PrefixId, area: Option<AreaId>) {
        if let Some(entry) = self.get_mut(id) {
            entry.counted = area;
        }
    }

    /// Gives a prefix a route.
    pub(super) fn set_route(&mut self, id: PrefixId, route: Option<Route>) {
        let Some(entry) = self.entries.get_mut(id.0 as usize) else { return };
        let prefix = entry.prefix;
        let (is, is_inner) = (route.is_some(), route.as_ref().is_some_and(is_internal));
        let old = core::mem::replace(&mut entry.route, route);
        let (was, was_inner) = (old.is_some(), old.as_ref().is_some_and(is_internal));
        if !core::mem::replace(&mut entry.noted, true) {
            self.noted.push((id, old));
        }
        if was != is {
            self.all.count(prefix, is);
        }
        if was_inner != is_inner {
            self.internal.count(prefix, is_inner);
        }
    }

    /// The longest prefix around an address that has a route within the AS.
    pub(super) fn internal(&self, address: IpAddr) -> Option<(IpNet, &Route)> {
        self.internal.around(address).find_map(|prefix| {
            let route = self.entry(prefix)?.route.as_ref().filter(|route| is_internal(route))?;
            Some((prefix, route))
        })
    }

    /// The longest prefix around an address that has a route.
    pub(super) fn lookup(&self, address: IpAddr) -> Option<(IpNet, &Route)> {
        self.all
            .around(address)
            .find_map(|prefix| Some((prefix, self.entry(prefix)?.route.as_ref()?)))
    }

    pub(super) fn octets(&self) -> usize {
        let spilled = |entry: &Entry| if entry.told.spilled() { entry.told.capacity() } else { 0 };
        self.numbers.len() * size_of::<(IpNet, PrefixId)>() * 4 / 3
            + self.entries.capacity() * size_of::<Entry>()
            + self.entries.iter().map(spilled).sum::<usize>() * size_of::<Told>()
    }
}
