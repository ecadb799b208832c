//! The attributes that are shown, found in one pass over the list.

use bgp_wire::mrt::{RibEntry, TableDump};
use bgp_wire::{
    Aggregator, AsPath, Attribute, AttributeCode, AttributesRef, Family, NextHop, Origin,
    RawAttribute,
};

/// Attributes of a route, in whatever order they came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Attributes<'a> {
    pub(crate) origin: Option<Origin>,
    pub(crate) as_path: AsPath<'a>,
    pub(crate) next_hop: Option<NextHop>,
    pub(crate) local_pref: u32,
    pub(crate) med: u32,
    pub(crate) communities: &'a [u8],
    pub(crate) extended_communities: &'a [u8],
    pub(crate) large_communities: &'a [u8],
    pub(crate) atomic_aggregate: bool,
    pub(crate) aggregator: Option<Aggregator>,
}

impl<'a> Attributes<'a> {
    /// Those of a path in a table, and whether all of them are well-formed.
    pub(crate) fn of_entry(entry: &RibEntry<'a>, family: Family) -> (Self, bool) {
        let (attributes, well_formed) = Self::read(entry.attributes);
        let next_hop = entry.next_hop(family);
        // An MP_REACH_NLRI has one, of the families that have prefixes.
        let lost =
            next_hop.is_none() && entry.attributes.value(AttributeCode::MP_REACH_NLRI).is_some();
        (Self { next_hop, ..attributes }, well_formed && !lost)
    }

    /// The same of an older table.
    pub(crate) fn of_table_dump(path: &TableDump, wide: &'a mut Vec<u8>) -> (Self, bool) {
        // What is malformed does not come through the widening of AS numbers.
        let narrow = AttributesRef::received(&path.attributes, false);
        let (_, well_formed) = Attributes::read(narrow);
        let (attributes, _) = Self::read(path.wide_attributes(wide));
        (Self { next_hop: path.next_hop(), ..attributes }, well_formed)
    }

    /// Reads a list, and says whether it parses to its end, no attribute stands twice and all that are read
    /// here are well-formed (RFC 7606 §3 g, §7). Of what stands twice the first counts.
    pub(crate) fn read(list: AttributesRef<'a>) -> (Self, bool) {
        let mut attributes = Self::default();
        let (mut length, mut well_formed) = (0, true);
        let mut seen = [0u64; 4];
        for raw in list.iter() {
            // Flags, code and length; the length has two octets where the flags say so (RFC 4271 §4.3).
            length += raw.value.len() + if raw.flags & 0x10 != 0 { 4 } else { 3 };
            let [word, bit] = [raw.code.0 / 64, raw.code.0 % 64];
            let Some(word) = seen.get_mut(usize::from(word)) else { continue };
            let first = *word & (1 << bit) == 0;
            *word |= 1 << bit;
            well_formed &= first && attributes.take(raw, list.four_octet_as());
        }
        (attributes, well_formed && length == list.bytes().len())
    }

    /// Takes one attribute; false when it is malformed. Then what can be read of it is taken.
    fn take(&mut self, raw: RawAttribute<'a>, four_octet_as: bool) -> bool {
        let length = raw.value.len();
        let items_of = |size: usize| length > 0 && length.is_multiple_of(size);
        match Attribute::decode(raw, four_octet_as) {
            Attribute::Origin(origin) => {
                self.origin = Some(origin);
                length == 1
            }
            Attribute::AsPath(path) => {
                self.as_path = path;
                path.is_well_formed()
            }
            Attribute::NextHop(address) => {
                self.next_hop = Some(NextHop::V4(address));
                true
            }
            Attribute::MultiExitDisc(med) => {
                self.med = med;
                true
            }
            Attribute::LocalPref(preference) => {
                self.local_pref = preference;
                true
            }
            Attribute::Communities(list) => {
                self.communities = list.bytes();
                items_of(4)
            }
            Attribute::ExtendedCommunities(list) => {
                self.extended_communities = list.bytes();
                items_of(8)
            }
            Attribute::LargeCommunities(list) => {
                self.large_communities = list.bytes();
                items_of(12)
            }
            Attribute::AtomicAggregate => {
                self.atomic_aggregate = true;
                true
            }
            Attribute::Aggregator(aggregator) => {
                self.aggregator = Some(aggregator);
                length == if four_octet_as { 8 } else { 6 }
            }
            Attribute::ClusterList(_) => items_of(4),
            Attribute::Unknown(raw) => !matches!(
                raw.code,
                AttributeCode::ORIGIN
                    | AttributeCode::NEXT_HOP
                    | AttributeCode::MULTI_EXIT_DISC
                    | AttributeCode::LOCAL_PREF
                    | AttributeCode::ATOMIC_AGGREGATE
                    | AttributeCode::AGGREGATOR
                    | AttributeCode::ORIGINATOR_ID
            ),
            _ => true,
        }
    }

    /// Adds what flaws of an UPDATE took away: the attributes of `all` whose codes are not among those kept.
    pub(crate) fn add_discarded(&mut self, all: AttributesRef<'a>, kept: AttributesRef<'_>) {
        for raw in all.iter().filter(|raw| kept.value(raw.code).is_none()) {
            self.take(raw, all.four_octet_as());
        }
    }
}
