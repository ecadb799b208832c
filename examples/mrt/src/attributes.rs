//! The attributes that are shown, found in one pass over the list.

use bgp_wire::{Aggregator, AsPath, AttributeCode, AttributesRef, NextHop, Origin};

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
            match raw.code {
                AttributeCode::ORIGIN => {
                    attributes.origin = raw.value.first().copied().and_then(Origin::decode);
                }
                AttributeCode::AS_PATH => attributes.as_path = AsPath::new(raw.value),
                AttributeCode::MULTI_EXIT_DISC => attributes.med = number(raw.value),
                AttributeCode::LOCAL_PREF => attributes.local_pref = number(raw.value),
                AttributeCode::COMMUNITIES => attributes.communities = raw.value,
                AttributeCode::EXTENDED_COMMUNITIES => attributes.extended_communities = raw.value,
                AttributeCode::LARGE_COMMUNITIES => attributes.large_communities = raw.value,
                AttributeCode::ATOMIC_AGGREGATE => attributes.atomic_aggregate = true,
                AttributeCode::AGGREGATOR => attributes.aggregator = aggregator(raw.value),
                _ => {}
            }
        }
        Some(attributes).filter(|_| length == list.bytes().len())
    }
}

fn number(value: &[u8]) -> u32 {
    value.try_into().map(u32::from_be_bytes).unwrap_or_default()
}

fn aggregator(value: &[u8]) -> Option<Aggregator> {
    let (asn, router) = value.split_first_chunk::<4>()?;
    let router = <[u8; 4]>::try_from(router).ok()?.into();
    Some(Aggregator { asn: u32::from_be_bytes(*asn), router })
}
