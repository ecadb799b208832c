//! The Link state request list of a neighbour (RFC 2328 §10, §10.9).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::lsa::{LsaHeader, LsaKey};

/// The LSAs to be had from a neighbour, as it has described them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests {
    wanted: BTreeMap<LsaKey, LsaHeader>,
    /// Those of the packet that is outstanding.
    asked: BTreeSet<LsaKey>,
}

impl Requests {
    pub(crate) fn add(&mut self, header: LsaHeader) {
        self.wanted.insert(header.key, header);
    }

    pub(crate) fn get(&self, key: &LsaKey) -> Option<&LsaHeader> {
        self.wanted.get(key)
    }

    pub(crate) fn remove(&mut self, key: &LsaKey) -> bool {
        self.asked.remove(key);
        self.wanted.remove(key).is_some()
    }

    /// Whether a packet is to be sent: something is wanted and nothing is outstanding.
    pub(crate) fn may_ask(&self) -> bool {
        self.asked.is_empty() && !self.wanted.is_empty()
    }

    /// The next packet, of up to `most` keys; the same ones once more while they are outstanding.
    pub(crate) fn ask(&mut self, most: usize) -> Vec<LsaKey> {
        if self.asked.is_empty() {
            self.asked = self.wanted.keys().take(most.max(1)).copied().collect();
        }
        self.asked.iter().copied().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.wanted.len()
    }

    pub(crate) fn clear(&mut self) {
        self.wanted.clear();
        self.asked.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RouterId;
    use crate::lsa::{LinkStateId, LsType, SequenceNumber};

    fn header(id: u32) -> LsaHeader {
        let key = LsaKey {
            ls_type: LsType::ROUTER,
            advertising_router: RouterId(1),
            link_state_id: LinkStateId(id),
        };
        LsaHeader { age: 0, key, sequence: SequenceNumber(1), checksum: 7, length: 24 }
    }

    #[test]
    fn one_packet_is_outstanding_at_a_time() {
        let mut requests = Requests::default();
        assert!(requests.is_empty() && !requests.may_ask());
        (1..=5).for_each(|id| requests.add(header(id)));
        assert!(requests.may_ask());
        let ids = |keys: Vec<LsaKey>| -> Vec<u32> {
            keys.iter().map(|key| key.link_state_id.0).collect()
        };
        assert_eq!(ids(requests.ask(2)), [1, 2]);
        assert!(!requests.may_ask());
        assert!(requests.remove(&header(1).key));
        // What has not come is asked for once more, and nothing else.
        assert_eq!(ids(requests.ask(2)), [2]);
        assert!(requests.remove(&header(2).key) && !requests.remove(&header(2).key));
        assert!(requests.may_ask());
        assert_eq!(ids(requests.ask(9)), [3, 4, 5]);
        assert_eq!((requests.len(), requests.get(&header(4).key)), (3, Some(&header(4))));
        requests.clear();
        assert!(requests.is_empty() && !requests.may_ask());
    }
}
