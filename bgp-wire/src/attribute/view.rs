//! Reading attributes.

use core::fmt;
use core::net::Ipv4Addr;

use super::as_path::AsPath;
use super::check::{Checked, Checks};
use super::community::{Community, ExtendedCommunity, Ipv6ExtendedCommunity, LargeCommunity};
use super::owned::PathAttributes;
use super::tlv::{Aigp, PrefixSid, TunnelEncapsulation};
use super::typed::Attribute;
use super::{EXTENDED_LENGTH, OPTIONAL, TRANSITIVE, pmsi::PmsiTunnel};
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

impl Aggregator {
    pub(crate) fn decode(value: &[u8], four_octet_as: bool) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let asn = if four_octet_as { cursor.u32()? } else { cursor.u16()?.into() };
        Some(Self { asn, router: cursor.u32()?.into() })
    }
}

impl fmt::Display for Aggregator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.asn, self.router)
    }
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
    #[inline]
    pub(crate) fn decode(cursor: &mut Cursor<'a>) -> Option<Self> {
        let [flags, code, length] = cursor.array()?;
        let length = match flags & EXTENDED_LENGTH {
            0 => usize::from(length),
            _ => usize::from(length) << 8 | usize::from(cursor.u8()?),
        };
        Some(Self { flags, code: AttributeCode(code), value: cursor.take(length)? })
    }

    /// Whether the attribute is not well-known.
    pub const fn is_optional(&self) -> bool {
        self.flags & OPTIONAL != 0
    }

    /// Whether this is how the attribute stands in canonical form, without a flaw that a neighbour would find in it
    /// (RFC 7606). An unknown attribute has none unless it says that it is well-known.
    pub fn is_well_formed(&self) -> bool {
        let checks = Checks {
            four_octet_as: true,
            external: false,
            allow_local_pref: true,
            allow_aigp: true,
            announces: true,
        };
        checks.check(self) == Checked::Fine
    }

    /// Whether it goes to other ASes also when it is not known.
    pub const fn is_transitive(&self) -> bool {
        self.flags & TRANSITIVE != 0
    }
}

/// A view on a list of attributes.
///
/// Those of a message are as they came ([`crate::Update::attributes`]): in any order, and with AS numbers
/// of 2 octets if the session has these. In *canonical form* codes ascend, AS numbers have 4 octets, and
/// NEXT_HOP and the MP attributes, which stand apart, are left out:
/// [`crate::Update::canonical_attributes`] and [`crate::PathAttributes`] make it. No attribute stands
/// twice in either.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct AttributesRef<'a> {
    bytes: &'a [u8],
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Form {
    #[default]
    Canonical,
    Received,
    ReceivedTwoOctetAs,
}

impl<'a> AttributesRef<'a> {
    /// A view on `bytes` in canonical form. Attributes behind one that does not parse are not seen.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, form: Form::Canonical }
    }

    /// A view on `bytes` in the form in which a session has them.
    pub const fn received(bytes: &'a [u8], four_octet_as: bool) -> Self {
        let form = if four_octet_as { Form::Received } else { Form::ReceivedTwoOctetAs };
        Self { bytes, form }
    }

    /// The bytes.
    pub const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Whether it is in canonical form.
    pub(crate) const fn is_canonical(self) -> bool {
        matches!(self.form, Form::Canonical)
    }

    /// The attributes in canonical form, in a value of their own.
    pub fn to_path_attributes(self) -> PathAttributes {
        PathAttributes::from_view(self)
    }

    /// Whether AS_PATH and AGGREGATOR have AS numbers of 4 octets.
    pub const fn four_octet_as(self) -> bool {
        !matches!(self.form, Form::ReceivedTwoOctetAs)
    }

    /// All attributes in order, not interpreted.
    pub fn iter(self) -> impl Iterator<Item = RawAttribute<'a>> + Clone {
        let mut cursor = Cursor::new(self.bytes);
        core::iter::from_fn(move || RawAttribute::decode(&mut cursor))
    }

    /// All attributes in order, interpreted: the fastest way to read all of them.
    pub fn typed(self) -> impl Iterator<Item = Attribute<'a>> + Clone {
        let four_octet_as = self.four_octet_as();
        self.iter().map(move |raw| Attribute::decode(raw, four_octet_as))
    }

    /// The value of an attribute.
    pub fn value(self, code: AttributeCode) -> Option<&'a [u8]> {
        // Where codes ascend the search ends early.
        let canonical = self.form == Form::Canonical;
        self.iter()
            .take_while(|raw| !canonical || raw.code <= code)
            .find(|raw| raw.code == code)
            .map(|raw| raw.value)
    }

    fn number(self, code: AttributeCode) -> Option<u32> {
        self.value(code)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// ORIGIN (RFC 4271 §5.1.1)
    pub fn origin(self) -> Option<Origin> {
        self.value(AttributeCode::ORIGIN)?.first().copied().and_then(Origin::decode)
    }

    /// AS_PATH (RFC 4271 §5.1.2); an empty path where there is none. From a neighbour of 2-octet AS numbers it is as it came:
    /// [`crate::Update::canonical_attributes`] merges AS4_PATH into it.
    pub fn as_path(self) -> AsPath<'a> {
        let value = self.value(AttributeCode::AS_PATH).unwrap_or_default();
        if self.four_octet_as() { AsPath::new(value) } else { AsPath::two_octet(value) }
    }

    /// MULTI_EXIT_DISC (RFC 4271 §5.1.4)
    pub fn med(self) -> Option<u32> {
        self.number(AttributeCode::MULTI_EXIT_DISC)
    }

    /// LOCAL_PREF (RFC 4271 §5.1.5)
    pub fn local_pref(self) -> Option<u32> {
        self.number(AttributeCode::LOCAL_PREF)
    }

    /// Whether ATOMIC_AGGREGATE is there (RFC 4271 §5.1.6)
    pub fn atomic_aggregate(self) -> bool {
        self.value(AttributeCode::ATOMIC_AGGREGATE).is_some()
    }

    /// AGGREGATOR (RFC 4271 §5.1.7)
    pub fn aggregator(self) -> Option<Aggregator> {
        Aggregator::decode(self.value(AttributeCode::AGGREGATOR)?, self.four_octet_as())
    }

    /// COMMUNITIES (RFC 1997), in their order
    pub fn communities(self) -> impl ExactSizeIterator<Item = Community> + Clone + use<'a> {
        communities(self.value(AttributeCode::COMMUNITIES).unwrap_or_default())
    }

    /// EXTENDED_COMMUNITIES (RFC 4360 §2), in their order
    pub fn extended_communities(
        self,
    ) -> impl ExactSizeIterator<Item = ExtendedCommunity> + Clone + use<'a> {
        extended_communities(self.value(AttributeCode::EXTENDED_COMMUNITIES).unwrap_or_default())
    }

    /// LARGE_COMMUNITIES (RFC 8092 §3), in their order
    pub fn large_communities(
        self,
    ) -> impl ExactSizeIterator<Item = LargeCommunity> + Clone + use<'a> {
        large_communities(self.value(AttributeCode::LARGE_COMMUNITIES).unwrap_or_default())
    }

    /// IPv6 address specific extended communities (RFC 5701), in their order
    pub fn ipv6_extended_communities(
        self,
    ) -> impl ExactSizeIterator<Item = Ipv6ExtendedCommunity> + Clone + use<'a> {
        let value = self.value(AttributeCode::IPV6_EXTENDED_COMMUNITIES).unwrap_or_default();
        ipv6_extended_communities(value)
    }

    /// ORIGINATOR_ID (RFC 4456 §8)
    pub fn originator_id(self) -> Option<Ipv4Addr> {
        self.number(AttributeCode::ORIGINATOR_ID).map(Ipv4Addr::from)
    }

    /// CLUSTER_LIST (RFC 4456 §8), the latest cluster first
    pub fn cluster_list(self) -> impl ExactSizeIterator<Item = Ipv4Addr> + Clone + use<'a> {
        addresses(self.value(AttributeCode::CLUSTER_LIST).unwrap_or_default())
    }

    /// PMSI_TUNNEL (RFC 6514 §5)
    pub fn pmsi_tunnel(self) -> Option<PmsiTunnel<'a>> {
        PmsiTunnel::decode(self.value(AttributeCode::PMSI_TUNNEL)?)
    }

    /// TUNNEL_ENCAPSULATION (RFC 9012)
    pub fn tunnel_encapsulation(self) -> Option<TunnelEncapsulation<'a>> {
        self.value(AttributeCode::TUNNEL_ENCAPSULATION).map(TunnelEncapsulation::new)
    }

    /// The accumulated IGP metric: that of the first AIGP TLV (RFC 7311 §3)
    pub fn aigp(self) -> Option<u64> {
        Aigp::new(self.value(AttributeCode::AIGP)?).metric()
    }

    /// Only to Customer: an AS number (RFC 9234 §5)
    pub fn only_to_customer(self) -> Option<u32> {
        self.number(AttributeCode::ONLY_TO_CUSTOMER)
    }

    /// Prefix SID (RFC 8669)
    pub fn prefix_sid(self) -> Option<PrefixSid<'a>> {
        self.value(AttributeCode::PREFIX_SID).map(PrefixSid::new)
    }
}

pub(crate) fn communities(
    value: &[u8],
) -> impl ExactSizeIterator<Item = Community> + Clone + use<'_> {
    value.chunks_exact(4).map(|item| Community(item.try_into().map_or(0, u32::from_be_bytes)))
}

pub(crate) fn extended_communities(
    value: &[u8],
) -> impl ExactSizeIterator<Item = ExtendedCommunity> + Clone + use<'_> {
    value.chunks_exact(8).map(|item| ExtendedCommunity(item.try_into().unwrap_or_default()))
}

pub(crate) fn ipv6_extended_communities(
    value: &[u8],
) -> impl ExactSizeIterator<Item = Ipv6ExtendedCommunity> + Clone + use<'_> {
    value.chunks_exact(20).map(|item| Ipv6ExtendedCommunity(item.try_into().unwrap_or_default()))
}

pub(crate) fn large_communities(
    value: &[u8],
) -> impl ExactSizeIterator<Item = LargeCommunity> + Clone + use<'_> {
    value.chunks_exact(12).map(|item| {
        let mut cursor = Cursor::new(item);
        let mut part = || cursor.u32().unwrap_or_default();
        LargeCommunity { global: part(), local1: part(), local2: part() }
    })
}

pub(crate) fn addresses(value: &[u8]) -> impl ExactSizeIterator<Item = Ipv4Addr> + Clone + use<'_> {
    value.chunks_exact(4).map(|item| Ipv4Addr::from(<[u8; 4]>::try_from(item).unwrap_or_default()))
}

impl fmt::Debug for AttributesRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
