//! The link state database of one flooding scope: a link, an area or the AS (RFC 2328 §12.2, RFC 5340 §4.3.3).

use alloc::collections::{BTreeMap, BTreeSet};
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::id::RouterId;
use crate::lsa::{LinkStateId, LsType, Lsa, LsaHeader, LsaKey, MAX_AGE};

/// The newest instances of LSAs in one flooding scope, in the order of their keys.
///
/// Time only says how old they are: nothing changes by itself. When an LSA comes to [`MAX_AGE`] it stays until it is
/// removed, and [`Lsdb::take_expired`] names it once.
#[derive(Debug, Clone, Default)]
pub struct Lsdb {
    entries: BTreeMap<LsaKey, Entry>,
    /// When those that are not at MaxAge, nor were named by `take_expired`, will be.
    expiries: BTreeSet<(Duration, LsaKey)>,
    octets: usize,
}

/// An LSA of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The LSA, with the age it had when it was installed.
    pub lsa: Lsa,
    /// When it was installed.
    pub installed: Duration,
}

impl Entry {
    /// Its age, in seconds; at most [`MAX_AGE`].
    pub fn age(&self, now: Duration) -> u16 {
        let since = now.saturating_sub(self.installed).as_secs();
        let age = since.saturating_add(u64::from(self.lsa.header().age));
        u16::try_from(age).map_or(MAX_AGE, |age| age.min(MAX_AGE))
    }

    /// Its header, with its age of now.
    pub fn header(&self, now: Duration) -> LsaHeader {
        LsaHeader { age: self.age(now), ..*self.lsa.header() }
    }

    /// When it comes to MaxAge; `None` if it was installed so.
    fn expiry(&self) -> Option<Duration> {
        let left = MAX_AGE.checked_sub(self.lsa.header().age).filter(|left| *left > 0)?;
        Some(self.installed.saturating_add(Duration::from_secs(u64::from(left))))
    }
}

/// What an installed LSA is to the one that was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installed {
    /// There was none.
    New,
    /// The contents differ, or one of the two is at MaxAge: routes may change (RFC 2328 §13.2).
    Changed,
    /// The contents are the same.
    Refreshed,
}

impl Lsdb {
    /// An empty one.
    pub const fn new() -> Self {
        Self { entries: BTreeMap::new(), expiries: BTreeSet::new(), octets: 0 }
    }

    /// The LSA with this key.
    pub fn get(&self, key: &LsaKey) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Puts an instance in the place of the one that is there. Which of them is newer is not asked. Its octets are
    /// copied, so that the packet it came in need not be kept.
    pub fn install(&mut self, now: Duration, lsa: Lsa) -> Installed {
        let key = lsa.key();
        let entry = Entry { lsa: lsa.detached(), installed: now };
        let expiry = entry.expiry();
        self.octets += entry.lsa.len();
        let installed = match self.entries.get_mut(&key) {
            Some(old) => {
                let old_age = old.age(now);
                let same = old.lsa.at_age(old_age).same_contents(&entry.lsa);
                let old = core::mem::replace(old, entry);
                self.forget(&old);
                if same { Installed::Refreshed } else { Installed::Changed }
            }
            None => {
                self.entries.insert(key, entry);
                Installed::New
            }
        };
        if let Some(expiry) = expiry {
            self.expiries.insert((expiry, key));
        }
        installed
    }

    /// Takes an LSA out.
    pub fn remove(&mut self, key: &LsaKey) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        self.forget(&entry);
        Some(entry)
    }

    /// What is kept beside an entry that is gone.
    fn forget(&mut self, entry: &Entry) {
        self.octets -= entry.lsa.len();
        if let Some(expiry) = entry.expiry() {
            self.expiries.remove(&(expiry, entry.lsa.key()));
        }
    }

    /// All, in the order of their keys: by type, then router.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&LsaKey, &Entry)> + ExactSizeIterator {
        self.entries.iter()
    }

    /// All of a type, by router.
    pub fn of_type(&self, ls_type: LsType) -> impl DoubleEndedIterator<Item = (&LsaKey, &Entry)> {
        let first = key(ls_type, RouterId(u32::MIN), u32::MIN);
        let last = key(ls_type, RouterId(u32::MAX), u32::MAX);
        self.entries.range(first..=last)
    }

    /// All of a type that a router originated, by Link State ID.
    pub fn by(
        &self,
        ls_type: LsType,
        router: RouterId,
    ) -> impl DoubleEndedIterator<Item = (&LsaKey, &Entry)> {
        self.entries.range(of_router(ls_type, router))
    }

    /// All after a key: for who goes through a database in pieces.
    pub fn after(&self, key: &LsaKey) -> impl DoubleEndedIterator<Item = (&LsaKey, &Entry)> {
        use core::ops::Bound::{Excluded, Unbounded};
        self.entries.range((Excluded(*key), Unbounded))
    }

    /// How many LSAs there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The octets of all LSAs, as they are sent.
    pub const fn octets(&self) -> usize {
        self.octets
    }

    /// When the first LSA comes to MaxAge, of those that [`Self::take_expired`] has not named.
    pub fn next_expiry(&self) -> Option<Duration> {
        self.expiries.first().map(|(expiry, _)| *expiry)
    }

    /// An LSA that came to MaxAge by its age: each is named once, the first first. It stays, to be flooded and then removed
    /// (RFC 2328 §14).
    pub fn take_expired(&mut self, now: Duration) -> Option<LsaKey> {
        self.next_expiry().filter(|expiry| *expiry <= now)?;
        self.expiries.pop_first().map(|(_, key)| key)
    }
}

const fn key(ls_type: LsType, advertising_router: RouterId, link_state_id: u32) -> LsaKey {
    LsaKey { ls_type, advertising_router, link_state_id: LinkStateId(link_state_id) }
}

const fn of_router(ls_type: LsType, router: RouterId) -> RangeInclusive<LsaKey> {
    key(ls_type, router, u32::MIN)..=key(ls_type, router, u32::MAX)
}

#[cfg(test)]
mod tests;
