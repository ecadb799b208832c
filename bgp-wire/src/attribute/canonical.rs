//! Canonical form: equal attributes are equal bytes.

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::EXTENDED_LENGTH;
use super::as_path::{AsPath, AsPathBuilder, widen};
use super::check::{canonical_flags, category};
use super::owned::put_attribute;
use super::view::{AttributesRef, RawAttribute};
use crate::codec::Cursor;
use crate::iana::{AS_TRANS, AttributeCode};

/// Appends the canonical form of a list. `ordered`: those of its attributes that canonical form has ascend.
pub(crate) fn write(attributes: AttributesRef<'_>, ordered: bool, out: &mut Vec<u8>) {
    if ordered && attributes.four_octet_as() {
        return copy(attributes.bytes(), out);
    }
    let mut list: SmallVec<[RawAttribute<'_>; 16]> = attributes.iter().collect();
    if !ordered {
        list.sort_unstable_by_key(|raw| raw.code);
    }
    for raw in list {
        let flags = canonical_flags(raw.flags, raw.code);
        match raw.code {
            AttributeCode::AS_PATH if !attributes.four_octet_as() => {
                let mut path = AsPathBuilder::default();
                widen(raw.value, as4_path(attributes), &mut path);
                put_attribute(out, flags, raw.code, path.bytes());
            }
            AttributeCode::AGGREGATOR if !attributes.four_octet_as() => {
                let as4 = attributes.value(AttributeCode::AS4_AGGREGATOR);
                put_attribute(out, flags, raw.code, &widen_aggregator(raw.value, as4));
            }
            _ => put(out, &raw),
        }
    }
}

/// Whether canonical form has the attribute.
pub(crate) const fn is_canonical(raw: &RawAttribute<'_>) -> bool {
    match raw.code {
        AttributeCode::NEXT_HOP
        | AttributeCode::MP_REACH_NLRI
        | AttributeCode::MP_UNREACH_NLRI
        | AttributeCode::AS4_PATH
        | AttributeCode::AS4_AGGREGATOR => false,
        code => raw.is_transitive() || category(code).is_some(),
    }
}

/// Copies attributes that stand in order. Nearly all are in canonical form already, so they are copied
/// together.
fn copy(bytes: &[u8], out: &mut Vec<u8>) {
    let mut cursor = Cursor::new(bytes);
    // Where that begins which is to be copied as it is
    let mut run = 0;
    loop {
        let end = cursor.offset();
        let Some(raw) = RawAttribute::decode(&mut cursor) else {
            return out.extend_from_slice(bytes.get(run..end).unwrap_or_default());
        };
        let long = if raw.value.len() > usize::from(u8::MAX) { EXTENDED_LENGTH } else { 0 };
        if raw.flags != canonical_flags(raw.flags, raw.code) | long || !is_canonical(&raw) {
            out.extend_from_slice(bytes.get(run..end).unwrap_or_default());
            put(out, &raw);
            run = cursor.offset();
        }
    }
}

fn put(out: &mut Vec<u8>, raw: &RawAttribute<'_>) {
    if is_canonical(raw) {
        put_attribute(out, canonical_flags(raw.flags, raw.code), raw.code, raw.value);
    }
}

/// AS4_PATH, unless it is to be ignored: RFC 6793 §4.2.3 does when AGGREGATOR has a real AS number.
fn as4_path(attributes: AttributesRef<'_>) -> Option<AsPath<'_>> {
    let as4_aggregator = attributes.value(AttributeCode::AS4_AGGREGATOR);
    if let (Some(aggregator), Some(_)) = (attributes.aggregator(), as4_aggregator)
        && aggregator.asn != u32::from(AS_TRANS)
    {
        return None;
    }
    attributes.value(AttributeCode::AS4_PATH).map(AsPath::new)
}

/// RFC 6793 §4.2.3: AS4_AGGREGATOR counts when AGGREGATOR has AS_TRANS.
fn widen_aggregator(value: &[u8], as4: Option<&[u8]>) -> [u8; 8] {
    let mut cursor = Cursor::new(value);
    let (asn, router) = (cursor.u16().unwrap_or_default(), cursor.u32().unwrap_or_default());
    match as4.and_then(|as4| <[u8; 8]>::try_from(as4).ok()) {
        Some(as4) if asn == AS_TRANS => as4,
        _ => (u64::from(asn) << 32 | u64::from(router)).to_be_bytes(),
    }
}
