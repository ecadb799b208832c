//! The Link state retransmission list of an adjacency (RFC 2328 §10, §13.6).

use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;

use crate::lsa::{LsaHeader, LsaKey, SequenceNumber};

/// By how much the time to the next retransmission grows at most (RFC 4222 §2 (3)).
const MOST_BACKOFF: u32 = 8;

/// The LSAs that were flooded to a neighbour and not yet acknowledged.
#[derive(Debug, Clone, Default)]
pub(crate) struct RetransmissionList {
    entries: BTreeMap<LsaKey, Entry>,
    /// Those that were sent, by the time they are due again.
    due: BTreeSet<(Duration, LsaKey)>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    instance: Instance,
    /// `None`: it waits in another list to be sent.
    due: Option<Duration>,
    /// How often RxmtInterval has been doubled.
    backoff: u32,
}

/// What tells instances of an LSA apart, without the age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Instance(SequenceNumber, u16, bool);

impl Instance {
    const fn of(header: &LsaHeader) -> Self {
        Self(header.sequence, header.checksum, header.is_max_age())
    }
}

/// What an acknowledgment was good for (RFC 2328 §13.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acknowledged {
    /// The LSA is no longer on the list.
    Removed,
    /// Another instance is on the list.
    OtherInstance,
    /// The LSA is not on the list.
    NotListed,
}

impl RetransmissionList {
    /// Puts an instance on the list, in place of an older one. It is not due before it has been [`sent`](Self::sent).
    pub(crate) fn add(&mut self, header: &LsaHeader) {
        let entry = Entry { instance: Instance::of(header), due: None, backoff: 0 };
        if let Some(Entry { due: Some(due), .. }) = self.entries.insert(header.key, entry) {
            self.due.remove(&(due, header.key));
        }
    }

    /// The LSA was sent: it is due again after `interval`, and twice that from time to time.
    pub(crate) fn sent(&mut self, key: &LsaKey, now: Duration, interval: Duration) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        if let Some(due) = entry.due {
            self.due.remove(&(due, *key));
        }
        let factor = 1 << entry.backoff;
        let due = now + interval.saturating_mul(factor);
        if factor < MOST_BACKOFF {
            entry.backoff += 1;
        }
        entry.due = Some(due);
        self.due.insert((due, *key));
    }

    pub(crate) fn remove(&mut self, key: &LsaKey) -> bool {
        let removed = self.entries.remove(key);
        if let Some(Entry { due: Some(due), .. }) = removed {
            self.due.remove(&(due, *key));
        }
        removed.is_some()
    }

    /// An acknowledgment came, or the instance itself (RFC 2328 §13 (7a)).
    pub(crate) fn acknowledge(&mut self, header: &LsaHeader) -> Acknowledged {
        match self.entries.get(&header.key) {
            None => Acknowledged::NotListed,
            Some(entry) if entry.instance != Instance::of(header) => Acknowledged::OtherInstance,
            Some(_) => {
                self.remove(&header.key);
                Acknowledged::Removed
            }
        }
    }

    /// Up to `count` LSAs that are due; they wait until they are [`sent`](Self::sent) again.
    pub(crate) fn take_due(&mut self, now: Duration, count: usize, mut take: impl FnMut(LsaKey)) {
        for _ in 0..count {
            let Some((at, key)) = self.due.first().copied().filter(|(at, _)| *at <= now) else {
                break;
            };
            self.due.remove(&(at, key));
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.due = None;
            }
            take(key);
        }
    }

    /// When the first is due.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    pub(crate) fn contains(&self, key: &LsaKey) -> bool {
        self.entries.contains_key(key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &LsaKey> {
        self.entries.keys()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.due.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RouterId;
    use crate::lsa::{LinkStateId, LsType, MAX_AGE};

    const INTERVAL: Duration = Duration::from_secs(5);

    fn header(id: u32, sequence: i32, age: u16) -> LsaHeader {
        let key = LsaKey {
            ls_type: LsType::ROUTER,
            advertising_router: RouterId(1),
            link_state_id: LinkStateId(id),
        };
        LsaHeader { age, key, sequence: SequenceNumber(sequence), checksum: 7, length: 24 }
    }

    fn due(list: &mut RetransmissionList, at: u64, count: usize) -> Vec<u32> {
        let mut taken = Vec::new();
        list.take_due(Duration::from_secs(at), count, |key| taken.push(key.link_state_id.0));
        taken
    }

    #[test]
    fn the_same_instance_is_acknowledged() {
        let mut list = RetransmissionList::default();
        list.add(&header(1, 5, 10));
        assert_eq!(list.acknowledge(&header(2, 5, 10)), Acknowledged::NotListed);
        assert_eq!(list.acknowledge(&header(1, 4, 10)), Acknowledged::OtherInstance);
        assert_eq!(list.acknowledge(&header(1, 5, MAX_AGE)), Acknowledged::OtherInstance);
        assert_eq!(list.acknowledge(&header(1, 5, 99)), Acknowledged::Removed);
        assert_eq!((list.len(), list.next_due()), (0, None));
    }

    #[test]
    fn retransmissions_come_ever_more_slowly() {
        let mut list = RetransmissionList::default();
        list.add(&header(1, 5, 10));
        assert_eq!(list.next_due(), None);
        let mut now = Duration::from_secs(100);
        let mut gaps = Vec::new();
        for _ in 0..6 {
            list.sent(&header(1, 5, 10).key, now, INTERVAL);
            let next = list.next_due().expect("it was sent");
            assert_eq!(due(&mut list, next.as_secs() - 1, 9), []);
            gaps.push((next - now).as_secs());
            now = next;
            assert_eq!(due(&mut list, now.as_secs(), 9), [1]);
        }
        assert_eq!(gaps, [5, 10, 20, 40, 40, 40]);
        // A new instance begins anew.
        list.add(&header(1, 6, 0));
        list.sent(&header(1, 6, 0).key, now, INTERVAL);
        assert_eq!(list.next_due(), Some(now + INTERVAL));
    }

    #[test]
    fn due_ones_are_taken_in_order_and_only_so_many() {
        let mut list = RetransmissionList::default();
        for id in 1..=4 {
            list.add(&header(id, 1, 0));
            list.sent(&header(id, 1, 0).key, Duration::from_secs(10 - u64::from(id)), INTERVAL);
        }
        assert!(list.remove(&header(3, 1, 0).key));
        assert!(!list.remove(&header(3, 1, 0).key));
        assert_eq!(due(&mut list, 99, 2), [4, 2]);
        assert_eq!(due(&mut list, 99, 2), [1]);
        assert_eq!((due(&mut list, 99, 2), list.len()), (vec![], 3));
        assert!(list.contains(&header(4, 1, 0).key));
        list.clear();
        assert_eq!(list.keys().count(), 0);
    }
}
