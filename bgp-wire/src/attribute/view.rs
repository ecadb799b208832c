//! Reading attributes.

use core::fmt;
use core::net::Ipv4Addr;

use super::as_path::AsPath;
use super::community::{Community, ExtendedCommunity, LargeCommunity};
use super::{EXTENDED_LENGTH, OPTIONAL, TRANSITIVE};
use crate::codec::Cursor;
use crate::iana::AttributeCode;

/// ORIGIN (RFC 4271 §5.1.1): less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// Interior to the originating AS
    Igp,
    /// Learned by EGP
    Egp,
    /// By some other means
    Incomplete,
}

impl Origin {
    /// Reads the attribute's octet.
    pub const fn decode(value: u8) -> Option<Self> {
        Some(match value {
            0 => Self::Igp,
            1 => Self::Egp,
            2 => Self::Incomplete,
            _ => return None,
        })
    }

    /// The attribute's octet.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Igp => "IGP",
            Self::Egp => "EGP",
            Self::Incomplete => "Incomplete",
        })
    }
}

/// AGGREGATOR (RFC 4271 §5.1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Aggregator {
    /// AS of the speaker that formed the aggregate
    pub asn: u32,
    /// Its BGP identifier
    pub router: Ipv4Addr,
}

/// One attribute, not interpreted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawAttribute<'a> {
    /// The flags octet
    pub flags: u8,
    /// Type code
    pub code: AttributeCode,
    /// Value
    pub value: &'a [u8],
}

impl<'a> RawAttribute<'a> {
    /// Reads flags, code, length and value; `None` when there are too few bytes.
    pub(crate) fn decode(cursor: &mut Cursor<'a>) -> Option<Self> {
        let (flags, code) = (cursor.u8()?, cursor.u8()?);
        let length =
            if flags & EXTENDED_LENGTH != 0 { cursor.u16()? } else { u16::from(cursor.u8()?) };
        Some(Self { flags, code: AttributeCode(code), value: cursor.take(usize::from(length))? })
    }

    /// Whether the attribute is not well-known.
    pub const fn is_optional(&self) -> bool {
        self.flags & OPTIONAL != 0
    }

    /// Whether it goes to other ASes also when it is not known.
    pub const fn is_transitive(&self) -> bool {
        self.flags & TRANSITIVE != 0
    }
}

/// A view on a list of attributes in canonical form: ascending codes, AS numbers of 4 octets, none twice,
/// and without NEXT_HOP and the MP attributes, which stand apart. [`crate::Update::canonical_attributes`]
/// and [`crate::AttributesBuilder`] make it.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct AttributesRef<'a>(&'a [u8]);

impl<'a> AttributesRef<'a> {
    /// A view on `bytes`. Attributes behind one that does not parse are not seen.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// All attributes in order.
    pub fn iter(self) -> impl Iterator<Item = RawAttribute<'a>> + Clone {
        let mut cursor = Cursor::new(self.0);
        core::iter::from_fn(move || RawAttribute::decode(&mut cursor))
    }

    /// The value of an attribute.
    pub fn value(self, code: AttributeCode) -> Option<&'a [u8]> {
        // Codes ascend, so the search ends early.
        self.iter()
            .take_while(|raw| raw.code <= code)
            .find(|raw| raw.code == code)
            .map(|raw| raw.value)
    }

    fn number(self, code: AttributeCode) -> Option<u32> {
        self.value(code)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// ORIGIN
    pub fn origin(self) -> Option<Origin> {
        self.value(AttributeCode::ORIGIN)?.first().copied().and_then(Origin::decode)
    }

    /// AS_PATH; an empty path where there is none
    pub fn as_path(self) -> AsPath<'a> {
        AsPath::new(self.value(AttributeCode::AS_PATH).unwrap_or_default())
    }

    /// MULTI_EXIT_DISC
    pub fn med(self) -> Option<u32> {
        self.number(AttributeCode::MULTI_EXIT_DISC)
    }

    /// LOCAL_PREF
    pub fn local_pref(self) -> Option<u32> {
        self.number(AttributeCode::LOCAL_PREF)
    }

    /// Whether ATOMIC_AGGREGATE is there
    pub fn atomic_aggregate(self) -> bool {
        self.value(AttributeCode::ATOMIC_AGGREGATE).is_some()
    }

    /// AGGREGATOR
    pub fn aggregator(self) -> Option<Aggregator> {
        let mut cursor = Cursor::new(self.value(AttributeCode::AGGREGATOR)?);
        Some(Aggregator { asn: cursor.u32()?, router: cursor.u32()?.into() })
    }

    /// COMMUNITIES, in their order
    pub fn communities(self) -> impl ExactSizeIterator<Item = Community> + Clone + use<'a> {
        let value = self.value(AttributeCode::COMMUNITIES).unwrap_or_default();
        value.chunks_exact(4).map(|item| Community(item.try_into().map_or(0, u32::from_be_bytes)))
    }

    /// EXTENDED_COMMUNITIES, in their order
    pub fn extended_communities(
        self,
    ) -> impl ExactSizeIterator<Item = ExtendedCommunity> + Clone + use<'a> {
        let value = self.value(AttributeCode::EXTENDED_COMMUNITIES).unwrap_or_default();
        value.chunks_exact(8).map(|item| ExtendedCommunity(item.try_into().unwrap_or_default()))
    }

    /// LARGE_COMMUNITIES, in their order
    pub fn large_communities(
        self,
    ) -> impl ExactSizeIterator<Item = LargeCommunity> + Clone + use<'a> {
        let value = self.value(AttributeCode::LARGE_COMMUNITIES).unwrap_or_default();
        value.chunks_exact(12).map(|item| {
            let mut cursor = Cursor::new(item);
            let mut part = || cursor.u32().unwrap_or_default();
            LargeCommunity { global: part(), local1: part(), local2: part() }
        })
    }

    /// ORIGINATOR_ID (RFC 4456)
    pub fn originator_id(self) -> Option<Ipv4Addr> {
        self.number(AttributeCode::ORIGINATOR_ID).map(Ipv4Addr::from)
    }

    /// CLUSTER_LIST (RFC 4456), the latest cluster first
    pub fn cluster_list(self) -> impl ExactSizeIterator<Item = Ipv4Addr> + Clone + use<'a> {
        let value = self.value(AttributeCode::CLUSTER_LIST).unwrap_or_default();
        value
            .chunks_exact(4)
            .map(|item| Ipv4Addr::from(<[u8; 4]>::try_from(item).unwrap_or_default()))
    }
}

impl fmt::Debug for AttributesRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
