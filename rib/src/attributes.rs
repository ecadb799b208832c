//! The attribute store: equal attributes are kept once and known by a number.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hash::{BuildHasher, Hasher};
use core::net::Ipv4Addr;

use bgp_wire::{AttributeCode, AttributesRef, Community, Origin};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::next_hop::{NextHopId, NextHops};

/// Number of an attribute set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AttributesId(pub(crate) u32);

/// What the decision process and the rules of announcement ask of an attribute set, read once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeFacts {
    /// LOCAL_PREF, 100 where there is none
    pub local_pref: u32,
    /// MULTI_EXIT_DISC
    pub med: Option<u32>,
    /// The AS that announced the route to us; 0 for none
    pub neighbour_as: u32,
    /// ORIGINATOR_ID (RFC 4456)
    pub originator_id: Option<Ipv4Addr>,
    /// Length of AS_PATH as RFC 4271 §9.1.2.2 a counts it
    pub path_length: u16,
    /// Length of CLUSTER_LIST (RFC 4456 §9)
    pub cluster_list_length: u16,
    /// ORIGIN
    pub origin: Origin,
    /// Has the community NO_EXPORT or NO_EXPORT_SUBCONFED (RFC 1997)
    pub no_export: bool,
    /// Has the community NO_ADVERTISE (RFC 1997)
    pub no_advertise: bool,
    /// Has the attribute Only to Customer (RFC 9234 §5)
    pub only_to_customer: bool,
}

impl AttributeFacts {
    /// Reads them. Routes that did not come by BGP have no ORIGIN; they count as IGP.
    pub fn new(attributes: AttributesRef<'_>) -> Self {
        let mut facts = Self {
            local_pref: 100,
            med: None,
            neighbour_as: 0,
            originator_id: None,
            path_length: 0,
            cluster_list_length: 0,
            origin: Origin::Igp,
            no_export: false,
            no_advertise: false,
            only_to_customer: false,
        };
        let number = |value: &[u8]| value.try_into().map_or(0, u32::from_be_bytes);
        for raw in attributes.iter() {
            match raw.code {
                AttributeCode::ORIGIN => facts.origin = attributes.origin().unwrap_or(Origin::Igp),
                AttributeCode::AS_PATH => {
                    let path = bgp_wire::AsPath::new(raw.value);
                    facts.path_length = u16::try_from(path.len()).unwrap_or(u16::MAX);
                    facts.neighbour_as = path.first().unwrap_or(0);
                }
                AttributeCode::MULTI_EXIT_DISC => facts.med = Some(number(raw.value)),
                AttributeCode::LOCAL_PREF => facts.local_pref = number(raw.value),
                AttributeCode::COMMUNITIES => {
                    for item in raw.value.chunks_exact(4) {
                        let community = Community(number(item));
                        facts.no_advertise |= community == Community::NO_ADVERTISE;
                        facts.no_export |= community == Community::NO_EXPORT
                            || community == Community::NO_EXPORT_SUBCONFED;
                    }
                }
                AttributeCode::ORIGINATOR_ID => {
                    facts.originator_id = Some(number(raw.value).into());
                }
                AttributeCode::CLUSTER_LIST => {
                    facts.cluster_list_length =
                        u16::try_from(raw.value.len() / 4).unwrap_or(u16::MAX);
                }
                AttributeCode::ONLY_TO_CUSTOMER => facts.only_to_customer = true,
                _ => {}
            }
        }
        facts
    }
}

#[derive(Debug, Clone)]
struct Entry {
    bytes: Box<[u8]>,
    references: u32,
    next_hop: NextHopId,
    facts: AttributeFacts,
}

/// Attribute sets with their next hop, counted by reference.
#[derive(Debug, Clone)]
pub(crate) struct AttributeStore {
    hasher: FixedState,
    table: HashTable<u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
}

fn hash(hasher: &FixedState, next_hop: NextHopId, bytes: &[u8]) -> u64 {
    let mut state = hasher.build_hasher();
    state.write_u32(next_hop.0);
    state.write(bytes);
    state.finish()
}

impl AttributeStore {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            hasher: FixedState::with_seed(seed),
            table: HashTable::new(),
            entries: Vec::new(),
            free: Vec::new(),
        }
    }

    /// The number of `attributes` with `next_hop`. No reference is taken; one that nobody
    /// [`AttributeStore::retain`]s is given back by [`AttributeStore::sweep`].
    pub(crate) fn intern(
        &mut self,
        attributes: AttributesRef<'_>,
        next_hop: NextHopId,
        next_hops: &mut NextHops,
    ) -> AttributesId {
        let bytes = attributes.bytes();
        let hash_value = hash(&self.hasher, next_hop, bytes);
        let entries = &self.entries;
        let found = self.table.find(hash_value, |id| {
            entries
                .get(*id as usize)
                .is_some_and(|entry| entry.next_hop == next_hop && *entry.bytes == *bytes)
        });
        if let Some(id) = found {
            return AttributesId(*id);
        }
        next_hops.retain(next_hop);
        let entry = Entry {
            bytes: bytes.into(),
            references: 0,
            next_hop,
            facts: AttributeFacts::new(attributes),
        };
        let id = if let Some(id) = self.free.pop() {
            if let Some(place) = self.entries.get_mut(id as usize) {
                *place = entry;
            }
            id
        } else {
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        };
        let (hasher, entries) = (&self.hasher, &self.entries);
        self.table.insert_unique(hash_value, id, |id| {
            entries.get(*id as usize).map_or(0, |entry| hash(hasher, entry.next_hop, &entry.bytes))
        });
        AttributesId(id)
    }

    pub(crate) fn retain(&mut self, id: AttributesId) {
        if let Some(entry) = self.entries.get_mut(id.0 as usize) {
            entry.references += 1;
        }
    }

    pub(crate) fn release(&mut self, id: AttributesId, next_hops: &mut NextHops) {
        if let Some(entry) = self.entries.get_mut(id.0 as usize) {
            entry.references -= 1;
            self.sweep(id, next_hops);
        }
    }

    /// Forgets `id` if nobody refers to it.
    pub(crate) fn sweep(&mut self, id: AttributesId, next_hops: &mut NextHops) {
        let Some(entry) = self.entries.get_mut(id.0 as usize) else { return };
        if entry.references > 0 {
            return;
        }
        let hash_value = hash(&self.hasher, entry.next_hop, &entry.bytes);
        if let Ok(found) = self.table.find_entry(hash_value, |other| *other == id.0) {
            found.remove();
            next_hops.release(entry.next_hop);
            entry.bytes = Box::default();
            self.free.push(id.0);
        }
    }

    pub(crate) fn view(&self, id: AttributesId) -> AttributesRef<'_> {
        self.entries
            .get(id.0 as usize)
            .map_or_else(AttributesRef::default, |entry| AttributesRef::new(&entry.bytes))
    }

    pub(crate) fn facts(&self, id: AttributesId) -> Option<&AttributeFacts> {
        self.entries.get(id.0 as usize).map(|entry| &entry.facts)
    }

    pub(crate) fn next_hop(&self, id: AttributesId) -> NextHopId {
        self.entries.get(id.0 as usize).map_or(NextHopId::NONE, |entry| entry.next_hop)
    }

    /// Attribute sets in use.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }
}
