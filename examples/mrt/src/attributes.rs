//! The attributes that are shown, found in one pass over the list.

use bgp_wire::{Aggregator, AsPath, Attribute, AttributesRef, NextHop, Origin};

/// Attributes of a route, in whatever order they came. AS numbers have 4 octets.
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
    /// Reads a list; `None` when it does not parse to its end.
    pub(crate) fn read(list: AttributesRef<'a>) -> Option<Self> {
        let mut attributes = Self::default();
        let mut length = 0;
        for raw in list.iter() {
            // Flags, code and length; the length has two octets where the flags say so (RFC 4271 §4.3).
            length += raw.value.len() + if raw.flags & 0x10 != 0 { 4 } else { 3 };
            match Attribute::decode(raw, list.four_octet_as()) {
                Attribute::Origin(origin) => attributes.origin = Some(origin),
                Attribute::AsPath(path) => attributes.as_path = path,
                Attribute::MultiExitDisc(med) => attributes.med = med,
                Attribute::LocalPref(preference) => attributes.local_pref = preference,
                Attribute::Communities(list) => attributes.communities = list.bytes(),
                Attribute::ExtendedCommunities(list) => {
                    attributes.extended_communities = list.bytes();
                }
                Attribute::LargeCommunities(list) => attributes.large_communities = list.bytes(),
                Attribute::AtomicAggregate => attributes.atomic_aggregate = true,
                Attribute::Aggregator(aggregator) => attributes.aggregator = Some(aggregator),
                _ => {}
            }
        }
        Some(attributes).filter(|_| length == list.bytes().len())
    }
}
