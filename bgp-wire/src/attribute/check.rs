//! Checks of single attributes (RFC 4271 §6.3, RFC 7606).

use super::as_path::{has_confederation_segments, is_well_formed};
use super::next_hop::is_host_v4;
use super::pmsi::PmsiTunnel;
use super::tlv::{Aigp, PrefixSid, TunnelEncapsulation};
use super::view::RawAttribute;
use super::{OPTIONAL, PARTIAL, TRANSITIVE};
use crate::codec::Cursor;
use crate::error::Disposition;
use crate::iana::AttributeCode;

/// What the check of an attribute says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It has no flaw.
    Fine,
    Flawed(FlawKind, Disposition),
}

/// What is wrong with an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlawKind {
    Unrecognized,
    Flags,
    Length,
    Origin,
    NextHop,
    AsPath,
    Value,
    OutOfPlace,
}

/// Flags of a known attribute, without the partial and extended length bits.
pub(crate) const fn category(code: AttributeCode) -> Option<u8> {
    Some(match code {
        AttributeCode::ORIGIN
        | AttributeCode::AS_PATH
        | AttributeCode::NEXT_HOP
        | AttributeCode::LOCAL_PREF
        | AttributeCode::ATOMIC_AGGREGATE => TRANSITIVE,
        AttributeCode::MULTI_EXIT_DISC
        | AttributeCode::ORIGINATOR_ID
        | AttributeCode::CLUSTER_LIST
        | AttributeCode::MP_REACH_NLRI
        | AttributeCode::MP_UNREACH_NLRI
        | AttributeCode::AIGP => OPTIONAL,
        AttributeCode::AGGREGATOR
        | AttributeCode::COMMUNITIES
        | AttributeCode::EXTENDED_COMMUNITIES
        | AttributeCode::AS4_PATH
        | AttributeCode::AS4_AGGREGATOR
        | AttributeCode::PMSI_TUNNEL
        | AttributeCode::TUNNEL_ENCAPSULATION
        | AttributeCode::IPV6_EXTENDED_COMMUNITIES
        | AttributeCode::LARGE_COMMUNITIES
        | AttributeCode::ONLY_TO_CUSTOMER
        | AttributeCode::PREFIX_SID
        | AttributeCode::ATTR_SET => OPTIONAL | TRANSITIVE,
        _ => return None,
    })
}

/// The flags that an attribute has in canonical form: those of its type, without the bits that mean
/// nothing. An unknown one was passed on by somebody who did not know it: us (RFC 4271 §5).
pub(crate) const fn canonical_flags(raw_flags: u8, code: AttributeCode) -> u8 {
    match category(code) {
        Some(flags) if flags == OPTIONAL | TRANSITIVE => flags | raw_flags & PARTIAL,
        Some(flags) => flags,
        None => OPTIONAL | TRANSITIVE | PARTIAL,
    }
}

/// What a malformed attribute leads to (RFC 7606 §7, and the RFC of each later attribute). The MP attributes
/// are apart: without them the routes are not known.
const fn disposition(code: AttributeCode) -> Disposition {
    match code {
        // RFC 7606 §7.6, §7.7, RFC 6793 §6, RFC 7311 §3.2, RFC 8669 §6
        AttributeCode::ATOMIC_AGGREGATE
        | AttributeCode::AGGREGATOR
        | AttributeCode::AS4_PATH
        | AttributeCode::AS4_AGGREGATOR
        | AttributeCode::AIGP
        | AttributeCode::PREFIX_SID => Disposition::DiscardAttribute,
        // RFC 7606 §7.1 to §7.16, RFC 6514 §5, RFC 8092 §6, RFC 9012 §13, RFC 9234 §5
        _ => Disposition::TreatAsWithdraw,
    }
}

/// What the checks of one message have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checks {
    /// AS numbers have 4 octets.
    pub(crate) four_octet_as: bool,
    /// The neighbour is in another AS, and no member of our confederation.
    pub(crate) external: bool,
    /// LOCAL_PREF, and AIGP, come from there all the same.
    pub(crate) allow_local_pref: bool,
    pub(crate) allow_aigp: bool,
    /// There are classic routes, so that NEXT_HOP means something.
    pub(crate) announces: bool,
}

impl Checks {
    /// Checks flags, length and value.
    #[inline]
    pub(crate) fn check(self, raw: &RawAttribute<'_>) -> Checked {
        let code = raw.code;
        let Some(category) = category(code) else {
            return if raw.is_optional() {
                Checked::Fine
            } else {
                Checked::Flawed(FlawKind::Unrecognized, Disposition::SessionReset)
            };
        };
        // RFC 4760 §3: NEXT_HOP does not count in a message whose only routes are in MP_REACH_NLRI.
        if code == AttributeCode::NEXT_HOP && !self.announces {
            return Checked::Fine;
        }
        if self.is_out_of_place(code) {
            return Checked::Flawed(FlawKind::OutOfPlace, Disposition::DiscardAttribute);
        }
        // RFC 7606 §3 c: these two bits count. The partial bit where it cannot be set means nothing.
        if raw.flags & (OPTIONAL | TRANSITIVE) != category {
            // RFC 7606 §3 c: treat-as-withdraw, unless the attribute's own RFC says otherwise: RFC 7311 §3.2
            // does, and RFC 7606 §3 f.
            return Checked::Flawed(
                FlawKind::Flags,
                match code {
                    AttributeCode::ATOMIC_AGGREGATE
                    | AttributeCode::AGGREGATOR
                    | AttributeCode::AIGP => Disposition::DiscardAttribute,
                    _ => Disposition::TreatAsWithdraw,
                },
            );
        }
        match self.flaw_in_value(code, raw.value) {
            None => Checked::Fine,
            Some(kind) => Checked::Flawed(kind, disposition(code)),
        }
    }

    /// RFC 7606 §7.5, §7.9, §7.10: from an internal neighbour alone. RFC 7311 §3.3, RFC 8669 §4: so too, unless
    /// it was enabled. RFC 6793 §4.1: between speakers of 4-octet AS numbers these have no business at all.
    const fn is_out_of_place(self, code: AttributeCode) -> bool {
        match code {
            AttributeCode::LOCAL_PREF => self.external && !self.allow_local_pref,
            AttributeCode::AIGP => self.external && !self.allow_aigp,
            AttributeCode::ORIGINATOR_ID
            | AttributeCode::CLUSTER_LIST
            | AttributeCode::PREFIX_SID => self.external,
            AttributeCode::AS4_PATH | AttributeCode::AS4_AGGREGATOR => self.four_octet_as,
            _ => false,
        }
    }

    #[inline]
    fn flaw_in_value(self, code: AttributeCode, value: &[u8]) -> Option<FlawKind> {
        let length = |fine: bool| (!fine).then_some(FlawKind::Length);
        let parses = |fine: bool| (!fine).then_some(FlawKind::Value);
        // RFC 7606 §7.8, §7.10, §7.14, §7.15, RFC 8092 §6: not a non-zero multiple is malformed.
        let items_of = |size: usize| length(!value.is_empty() && value.len().is_multiple_of(size));
        match code {
            AttributeCode::ORIGIN => match value {
                [0..=2] => None,
                [_] => Some(FlawKind::Origin),
                _ => Some(FlawKind::Length),
            },
            AttributeCode::AS_PATH => {
                let narrow = !self.four_octet_as;
                // RFC 5065 §5: confederation segments from outside make it malformed.
                let fine = is_well_formed(value, narrow)
                    && !(self.external && has_confederation_segments(value, narrow));
                (!fine).then_some(FlawKind::AsPath)
            }
            AttributeCode::NEXT_HOP => match <[u8; 4]>::try_from(value) {
                Ok(octets) if is_host_v4(octets.into()) => None,
                Ok(_) => Some(FlawKind::NextHop),
                Err(_) => Some(FlawKind::Length),
            },
            AttributeCode::MULTI_EXIT_DISC
            | AttributeCode::LOCAL_PREF
            | AttributeCode::ORIGINATOR_ID
            | AttributeCode::ONLY_TO_CUSTOMER => length(value.len() == 4),
            AttributeCode::ATOMIC_AGGREGATE => length(value.is_empty()),
            AttributeCode::AGGREGATOR => aggregator(value, self.four_octet_as),
            AttributeCode::AS4_AGGREGATOR => aggregator(value, true),
            AttributeCode::AS4_PATH => parses(!value.is_empty() && is_well_formed(value, false)),
            AttributeCode::COMMUNITIES | AttributeCode::CLUSTER_LIST => items_of(4),
            AttributeCode::EXTENDED_COMMUNITIES => items_of(8),
            AttributeCode::LARGE_COMMUNITIES => items_of(12),
            AttributeCode::IPV6_EXTENDED_COMMUNITIES => items_of(20),
            AttributeCode::PMSI_TUNNEL => parses(PmsiTunnel::decode(value).is_some()),
            // The framing; what RFC 9012 §13 says of tunnels without an endpoint is for those who use them.
            AttributeCode::TUNNEL_ENCAPSULATION => {
                parses(TunnelEncapsulation::new(value).is_well_formed())
            }
            AttributeCode::AIGP => parses(Aigp::new(value).is_well_formed()),
            AttributeCode::PREFIX_SID => parses(PrefixSid::new(value).is_well_formed()),
            AttributeCode::ATTR_SET => parses(is_attr_set(value)),
            // The MP attributes have their own decoders.
            _ => None,
        }
    }
}

/// RFC 7606 §7.7; RFC 7607 §2 calls AS 0 malformed.
fn aggregator(value: &[u8], four_octet_as: bool) -> Option<FlawKind> {
    if value.len() != if four_octet_as { 8 } else { 6 } {
        return Some(FlawKind::Length);
    }
    let zero: &[u8] = if four_octet_as { &[0; 4] } else { &[0; 2] };
    value.starts_with(zero).then_some(FlawKind::Value)
}

/// An AS number and attributes, none of them one of the MP attributes (RFC 6368 §5).
fn is_attr_set(value: &[u8]) -> bool {
    let mut cursor = Cursor::new(value);
    if cursor.u32().is_none() {
        return false;
    }
    while !cursor.is_empty() {
        match RawAttribute::decode(&mut cursor) {
            Some(raw)
                if !matches!(
                    raw.code,
                    AttributeCode::MP_REACH_NLRI | AttributeCode::MP_UNREACH_NLRI
                ) => {}
            _ => return false,
        }
    }
    true
}
