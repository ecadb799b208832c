//! Checks of single attributes (RFC 4271 §6.3).

use bytes::Bytes;

use super::as_path::is_well_formed;
use super::next_hop::is_host_v4;
use super::view::{Origin, RawAttribute};
use super::{OPTIONAL, PARTIAL, TRANSITIVE};
use crate::error::UpdateError;
use crate::iana::AttributeCode;

/// What is to be done with an attribute that has no flaw that ends the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    Keep,
    Ignore,
}

/// Flags of a known attribute, without the partial and extended length bits.
const fn category(code: AttributeCode) -> Option<u8> {
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
        | AttributeCode::MP_UNREACH_NLRI => OPTIONAL,
        AttributeCode::AGGREGATOR
        | AttributeCode::COMMUNITIES
        | AttributeCode::EXTENDED_COMMUNITIES
        | AttributeCode::AS4_PATH
        | AttributeCode::AS4_AGGREGATOR
        | AttributeCode::LARGE_COMMUNITIES => OPTIONAL | TRANSITIVE,
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

/// What the checks of one message have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checks {
    /// AS numbers have 4 octets.
    pub(crate) four_octet_as: bool,
    /// There are classic routes, so that NEXT_HOP means something.
    pub(crate) announces: bool,
}

impl Checks {
    /// Checks flags, length and value. `offset` is the place of the attribute in the message body, `whole`
    /// cuts the attribute out of it for the NOTIFICATION.
    pub(crate) fn check(
        self,
        raw: &RawAttribute<'_>,
        offset: usize,
        whole: impl Fn() -> Bytes,
    ) -> Result<Checked, UpdateError> {
        let code = raw.code;
        let Some(category) = category(code) else {
            if !raw.is_optional() {
                return Err(UpdateError::UnrecognizedWellKnown {
                    code,
                    offset,
                    attribute: whole(),
                });
            }
            // RFC 4271 §5: an unrecognized non-transitive attribute is quietly ignored.
            return Ok(if raw.is_transitive() { Checked::Keep } else { Checked::Ignore });
        };
        let as4 = matches!(code, AttributeCode::AS4_PATH | AttributeCode::AS4_AGGREGATOR);
        // RFC 6793 §4.1: between speakers of 4-octet AS numbers these have no business at all. RFC 4760 §3:
        // NEXT_HOP does not count in a message whose only routes are in MP_REACH_NLRI.
        if as4 && self.four_octet_as || code == AttributeCode::NEXT_HOP && !self.announces {
            return Ok(Checked::Ignore);
        }
        // RFC 7606 §3 c: these two bits count. The partial bit where it cannot be set means nothing.
        if raw.flags & (OPTIONAL | TRANSITIVE) != category {
            return Err(UpdateError::Flags { code, offset, attribute: whole() });
        }
        if as4 {
            return Ok(check_as4(raw));
        }
        if !self.is_length_right(raw) {
            return Err(UpdateError::Length { code, offset, attribute: whole() });
        }
        self.check_value(raw, offset, whole)
    }

    fn is_length_right(self, raw: &RawAttribute<'_>) -> bool {
        let length = raw.value.len();
        // RFC 7606 §7.8, §7.10, §7.14, RFC 8092 §5: not a non-zero multiple is malformed.
        let items_of = |size: usize| length != 0 && length.is_multiple_of(size);
        match raw.code {
            AttributeCode::ORIGIN => length == 1,
            AttributeCode::NEXT_HOP
            | AttributeCode::MULTI_EXIT_DISC
            | AttributeCode::LOCAL_PREF
            | AttributeCode::ORIGINATOR_ID => length == 4,
            AttributeCode::ATOMIC_AGGREGATE => length == 0,
            AttributeCode::AGGREGATOR => length == if self.four_octet_as { 8 } else { 6 },
            AttributeCode::COMMUNITIES | AttributeCode::CLUSTER_LIST => items_of(4),
            AttributeCode::EXTENDED_COMMUNITIES => items_of(8),
            AttributeCode::LARGE_COMMUNITIES => items_of(12),
            // Of the others the value is checked: AS_PATH below, the MP attributes by their own decoders,
            // whose every flaw is an Optional Attribute Error (RFC 4760 §7).
            _ => true,
        }
    }

    fn check_value(
        self,
        raw: &RawAttribute<'_>,
        offset: usize,
        whole: impl Fn() -> Bytes,
    ) -> Result<Checked, UpdateError> {
        match raw.code {
            AttributeCode::ORIGIN => match raw.value.first().copied().and_then(Origin::decode) {
                Some(_) => Ok(Checked::Keep),
                None => Err(UpdateError::InvalidOrigin { offset, attribute: whole() }),
            },
            AttributeCode::AS_PATH => {
                let width = if self.four_octet_as { 4 } else { 2 };
                match is_well_formed(raw.value, width) {
                    true => Ok(Checked::Keep),
                    false => Err(UpdateError::MalformedAsPath { offset }),
                }
            }
            AttributeCode::NEXT_HOP => match <[u8; 4]>::try_from(raw.value) {
                Ok(octets) if is_host_v4(octets.into()) => Ok(Checked::Keep),
                _ => Err(UpdateError::InvalidNextHop { offset, attribute: whole() }),
            },
            // RFC 7607 §2 calls AS 0 malformed, and a malformed AGGREGATOR is discarded (RFC 7606 §7.7).
            AttributeCode::AGGREGATOR if is_zero_as(raw.value, self.four_octet_as) => {
                Ok(Checked::Ignore)
            }
            _ => Ok(Checked::Keep),
        }
    }
}

/// RFC 6793 §6: a malformed AS4_PATH or AS4_AGGREGATOR is discarded, the message goes on.
fn check_as4(raw: &RawAttribute<'_>) -> Checked {
    let fine = match raw.code {
        AttributeCode::AS4_PATH => !raw.value.is_empty() && is_well_formed(raw.value, 4),
        _ => raw.value.len() == 8 && !is_zero_as(raw.value, true),
    };
    if fine { Checked::Keep } else { Checked::Ignore }
}

fn is_zero_as(aggregator: &[u8], four_octet_as: bool) -> bool {
    let zero: &[u8] = if four_octet_as { &[0; 4] } else { &[0; 2] };
    aggregator.starts_with(zero)
}
