//! Attributes of one's own: to keep, to compare, to change.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::as_path::{AsPath, AsPathBuilder};
use super::canonical;
use super::community::{Community, ExtendedCommunity, LargeCommunity};
use super::typed::Attribute;
use super::view::{Aggregator, AttributesRef, Origin};
use super::{EXTENDED_LENGTH, OPTIONAL, TRANSITIVE};
use crate::iana::AttributeCode;

/// A list of attributes in canonical form, owned: to keep, to compare, to change. Codes ascend, none stands
/// twice; equal attributes are equal bytes.
///
/// ```
/// use bgp_wire::{AsPathBuilder, PathAttributes, Community, Origin};
/// let mut attributes = PathAttributes::default();
/// attributes.communities([Community::new(65001, 7)]).as_path(&AsPathBuilder::default()).origin(Origin::Igp);
/// let view = attributes.view();
/// assert_eq!(view.origin(), Some(Origin::Igp));
/// assert_eq!(view.communities().next(), Some(Community::new(65001, 7)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct PathAttributes(Vec<u8>);

impl PathAttributes {
    /// A copy of `attributes` to change, in canonical form whatever theirs is.
    pub fn from_view(attributes: AttributesRef<'_>) -> Self {
        let mut copy = Self(Vec::with_capacity(attributes.bytes().len()));
        copy.copy_from(attributes);
        copy
    }

    /// Takes over a list in canonical form.
    pub(crate) const fn from_canonical(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What was built.
    pub fn view(&self) -> AttributesRef<'_> {
        AttributesRef::new(&self.0)
    }

    /// What was built, as bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Empties the list and keeps its memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Makes it a copy of `attributes`.
    pub fn copy_from(&mut self, attributes: AttributesRef<'_>) {
        self.0.clear();
        if attributes.is_canonical() {
            self.0.extend_from_slice(attributes.bytes());
        } else {
            canonical::write(attributes, false, &mut self.0);
        }
    }

    /// Sets an attribute, in the place of one with the same code. Values of more than 65,535 octets are cut.
    pub fn set(&mut self, flags: u8, code: AttributeCode, value: &[u8]) -> &mut Self {
        let place = self.place(code);
        let mut attribute = Vec::with_capacity(value.len() + 4);
        put_attribute(&mut attribute, flags, code, value);
        self.0.splice(place, attribute);
        self
    }

    /// Sets an attribute, in the place of one with the same code. AS numbers get 4 octets, as canonical form
    /// has them. One whose meaning is known gets the flags of its type: to keep a partial bit there is
    /// [`PathAttributes::set`].
    pub fn put(&mut self, attribute: &Attribute<'_>) -> &mut Self {
        let mut value = Vec::new();
        attribute.encode_value(&mut value);
        self.set(attribute.flags(), attribute.code(), &value)
    }

    /// Appends an attribute whose code is above all those that are there: the fast way to build a list in
    /// order. Any other is [`PathAttributes::set`].
    pub fn append(&mut self, flags: u8, code: AttributeCode, value: &[u8]) -> &mut Self {
        debug_assert!(self.view().iter().all(|raw| raw.code < code), "{code:?} out of order");
        put_attribute(&mut self.0, flags, code, value);
        self
    }

    /// Appends attributes in canonical form, all of them with codes greater than those that are there.
    pub fn append_all(&mut self, attributes: AttributesRef<'_>) -> &mut Self {
        debug_assert!(attributes.is_canonical());
        self.0.extend_from_slice(attributes.bytes());
        debug_assert!(
            self.view().iter().map(|raw| raw.code).is_sorted_by(|one, next| one < next),
            "out of order"
        );
        self
    }

    /// Appends AS_PATH: `path` with `asn` in front (RFC 4271 §5.1.2), without building it apart.
    pub fn append_prepended_path(&mut self, asn: u32, path: AsPath<'_>) -> &mut Self {
        // Not more than the attribute can hold: such a path fits into no message anyway.
        let value = path.bytes();
        let value = value.get(..value.len().min(usize::from(u16::MAX) - 6)).unwrap_or_default();
        match value {
            [2, count, rest @ ..] if *count < u8::MAX => {
                put_header(&mut self.0, TRANSITIVE, AttributeCode::AS_PATH, value.len() + 4);
                self.0.extend_from_slice(&[2, count + 1]);
                self.0.extend_from_slice(&asn.to_be_bytes());
                self.0.extend_from_slice(rest);
            }
            _ => {
                put_header(&mut self.0, TRANSITIVE, AttributeCode::AS_PATH, value.len() + 6);
                self.0.extend_from_slice(&[2, 1]);
                self.0.extend_from_slice(&asn.to_be_bytes());
                self.0.extend_from_slice(value);
            }
        }
        self
    }

    /// Removes an attribute, if it is there.
    pub fn remove(&mut self, code: AttributeCode) -> &mut Self {
        let place = self.place(code);
        self.0.drain(place);
        self
    }

    /// Where the attribute stands, or would stand (then the range is empty).
    fn place(&self, code: AttributeCode) -> core::ops::Range<usize> {
        let mut start = 0;
        for raw in self.view().iter() {
            let header = if raw.flags & EXTENDED_LENGTH != 0 { 4 } else { 3 };
            let end = start + header + raw.value.len();
            if raw.code == code {
                return start..end;
            }
            if raw.code > code {
                break;
            }
            start = end;
        }
        start..start
    }

    /// Sets ORIGIN (RFC 4271 §5.1.1).
    pub fn origin(&mut self, origin: Origin) -> &mut Self {
        self.set(TRANSITIVE, AttributeCode::ORIGIN, &[origin.code()])
    }

    /// Sets AS_PATH (RFC 4271 §5.1.2).
    pub fn as_path(&mut self, path: &AsPathBuilder) -> &mut Self {
        self.set(TRANSITIVE, AttributeCode::AS_PATH, path.bytes())
    }

    /// Sets MULTI_EXIT_DISC (RFC 4271 §5.1.4).
    pub fn med(&mut self, med: u32) -> &mut Self {
        self.set(OPTIONAL, AttributeCode::MULTI_EXIT_DISC, &med.to_be_bytes())
    }

    /// Sets LOCAL_PREF (RFC 4271 §5.1.5).
    pub fn local_pref(&mut self, preference: u32) -> &mut Self {
        self.set(TRANSITIVE, AttributeCode::LOCAL_PREF, &preference.to_be_bytes())
    }

    /// Sets ATOMIC_AGGREGATE (RFC 4271 §5.1.6).
    pub fn atomic_aggregate(&mut self) -> &mut Self {
        self.set(TRANSITIVE, AttributeCode::ATOMIC_AGGREGATE, &[])
    }

    /// Sets AGGREGATOR (RFC 4271 §5.1.7).
    pub fn aggregator(&mut self, aggregator: Aggregator) -> &mut Self {
        let value = u64::from(aggregator.asn) << 32 | u64::from(u32::from(aggregator.router));
        self.set(OPTIONAL | TRANSITIVE, AttributeCode::AGGREGATOR, &value.to_be_bytes())
    }

    /// Sets COMMUNITIES (RFC 1997); an empty list removes the attribute.
    pub fn communities(&mut self, list: impl IntoIterator<Item = Community>) -> &mut Self {
        let value: Vec<u8> = list.into_iter().flat_map(|item| item.0.to_be_bytes()).collect();
        self.list(OPTIONAL | TRANSITIVE, AttributeCode::COMMUNITIES, &value)
    }

    /// Sets EXTENDED_COMMUNITIES (RFC 4360 §2); an empty list removes the attribute.
    pub fn extended_communities(
        &mut self,
        list: impl IntoIterator<Item = ExtendedCommunity>,
    ) -> &mut Self {
        let value: Vec<u8> = list.into_iter().flat_map(|item| item.0).collect();
        self.list(OPTIONAL | TRANSITIVE, AttributeCode::EXTENDED_COMMUNITIES, &value)
    }

    /// Sets LARGE_COMMUNITIES (RFC 8092 §3); an empty list removes the attribute.
    pub fn large_communities(
        &mut self,
        list: impl IntoIterator<Item = LargeCommunity>,
    ) -> &mut Self {
        let parts = list.into_iter().flat_map(|item| [item.global, item.local1, item.local2]);
        let value: Vec<u8> = parts.flat_map(u32::to_be_bytes).collect();
        self.list(OPTIONAL | TRANSITIVE, AttributeCode::LARGE_COMMUNITIES, &value)
    }

    /// Sets ORIGINATOR_ID (RFC 4456 §8).
    pub fn originator_id(&mut self, router: Ipv4Addr) -> &mut Self {
        self.set(OPTIONAL, AttributeCode::ORIGINATOR_ID, &router.octets())
    }

    /// Sets CLUSTER_LIST (RFC 4456 §8); an empty list removes the attribute.
    pub fn cluster_list(&mut self, list: impl IntoIterator<Item = Ipv4Addr>) -> &mut Self {
        let value: Vec<u8> = list.into_iter().flat_map(|item| item.octets()).collect();
        self.list(OPTIONAL, AttributeCode::CLUSTER_LIST, &value)
    }

    fn list(&mut self, flags: u8, code: AttributeCode, value: &[u8]) -> &mut Self {
        if value.is_empty() { self.remove(code) } else { self.set(flags, code, value) }
    }
}

/// Appends an attribute. Values of more than 65,535 octets are cut.
pub(crate) fn put_attribute(out: &mut Vec<u8>, flags: u8, code: AttributeCode, value: &[u8]) {
    let value = value.get(..value.len().min(usize::from(u16::MAX))).unwrap_or_default();
    put_header(out, flags, code, value.len());
    out.extend_from_slice(value);
}

/// Appends flags, code and length; the length has two octets only where one is too small.
fn put_header(out: &mut Vec<u8>, flags: u8, code: AttributeCode, length: usize) {
    match u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes() {
        [0, low] => out.extend_from_slice(&[flags & !EXTENDED_LENGTH, code.0, low]),
        [high, low] => out.extend_from_slice(&[flags | EXTENDED_LENGTH, code.0, high, low]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against the obvious version: a map from code to value.
        #[test]
        fn behaves_as_an_ordered_map(steps in prop::collection::vec((any::<bool>(), 0u8..12, 0usize..400), 0..40)) {
            let mut attributes = PathAttributes::default();
            let mut map = std::collections::BTreeMap::new();
            for (set, code, length) in steps {
                let value = alloc::vec![code; length];
                if set {
                    attributes.set(OPTIONAL, AttributeCode(code), &value);
                    map.insert(code, value);
                } else {
                    attributes.remove(AttributeCode(code));
                    map.remove(&code);
                }
            }
            let list: Vec<_> = attributes.view().iter().map(|raw| (raw.code.0, raw.value.to_vec())).collect();
            prop_assert_eq!(list, map.into_iter().collect::<Vec<_>>());
        }
    }
}
