//! Writing UPDATEs.

use alloc::vec::Vec;
use core::iter::Peekable;

use bytes::{BufMut, BytesMut};
use ipnet::IpNet;

use crate::attribute::as_path::{AsPathBuilder, SegmentKind, narrow};
use crate::attribute::edit::AttributesBuilder;
use crate::attribute::next_hop::NextHop;
use crate::attribute::view::AttributesRef;
use crate::attribute::{EXTENDED_LENGTH, OPTIONAL, TRANSITIVE};
use crate::error::AttributesTooLong;
use crate::header::{begin, finish, put_u16_at};
use crate::iana::{AS_TRANS, Afi, AttributeCode, Family, MessageType};
use crate::message::Context;
use crate::nlri::encode_prefix;

/// Writes whole UPDATE messages into a buffer, as many as the prefixes need.
///
/// ```
/// use bgp_wire::{AsPathBuilder, AttributesBuilder, Context, Family, NextHop, Origin, UpdateWriter};
/// use bytes::BytesMut;
///
/// let mut attributes = AttributesBuilder::default();
/// attributes.origin(Origin::Igp).as_path(&AsPathBuilder::default());
/// let next_hop = NextHop::V4("192.0.2.1".parse()?);
/// let prefixes = ["10.0.0.0/8".parse()?, "172.16.0.0/12".parse()?];
/// let (mut out, context) = (BytesMut::new(), Context::default());
/// let mut writer = UpdateWriter::new(&mut out, &context);
/// writer.announce(attributes.view(), Family::IPV4_UNICAST, &next_hop, prefixes)?;
/// writer.end_of_rib(Family::IPV4_UNICAST);
/// assert_eq!(writer.messages(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct UpdateWriter<'a> {
    out: &'a mut BytesMut,
    context: &'a Context,
    messages: u32,
}

impl<'a> UpdateWriter<'a> {
    /// Appends to `out` what a session of `context` understands.
    pub const fn new(out: &'a mut BytesMut, context: &'a Context) -> Self {
        Self { out, context, messages: 0 }
    }

    /// Messages written so far.
    pub const fn messages(&self) -> u32 {
        self.messages
    }

    /// Announces `prefixes`. IPv4 routes with an IPv4 next hop use the classic fields, all others
    /// MP_REACH_NLRI, which comes first (RFC 7606 §5.1). IPv6 routes with an IPv4 next hop get it as an
    /// IPv4-mapped address (RFC 4798 §2). Prefixes of another address family than `family` are left out.
    ///
    /// # Errors
    /// When the attributes leave no room for the longest prefix of the family; then nothing is written
    /// (RFC 4271 §9.2: such a route must not be advertised).
    pub fn announce(
        &mut self,
        attributes: AttributesRef<'_>,
        family: Family,
        next_hop: &NextHop,
        prefixes: impl IntoIterator<Item = IpNet>,
    ) -> Result<(), AttributesTooLong> {
        let narrowed;
        let attributes = if self.context.four_octet_as {
            attributes
        } else {
            narrowed = narrow_attributes(attributes);
            AttributesRef::new(&narrowed)
        };
        let mapped;
        let next_hop = match next_hop {
            NextHop::V4(address) if family.afi == Afi::IPV6 => {
                mapped = NextHop::V6(address.to_ipv6_mapped(), None);
                &mapped
            }
            _ => next_hop,
        };
        let classic = family == Family::IPV4_UNICAST && matches!(next_hop, NextHop::V4(_));
        // The header, two length fields, and NEXT_HOP or the frame of MP_REACH_NLRI.
        let extra = if classic { 7 } else { 9 + usize::from(next_hop.encoded_length()) };
        let fixed = 23 + attributes.bytes().len() + extra;
        let longest = usize::from(family.prefix_bits().unwrap_or(128) / 8) + 1;
        if fixed + longest + self.path_id_length(family) > self.context.max_length() {
            return Err(AttributesTooLong { length: attributes.bytes().len() });
        }
        let mut prefixes = of_family(family, prefixes).peekable();
        while prefixes.peek().is_some() {
            if classic {
                self.announce_classic(attributes, next_hop, family, &mut prefixes);
            } else {
                self.announce_multiprotocol(attributes, next_hop, family, fixed, &mut prefixes);
            }
        }
        Ok(())
    }

    fn announce_classic(
        &mut self,
        attributes: AttributesRef<'_>,
        next_hop: &NextHop,
        family: Family,
        prefixes: &mut Peekable<impl Iterator<Item = IpNet>>,
    ) {
        let start = begin(self.out, MessageType::UPDATE);
        self.out.put_u16(0);
        self.out.put_u16(u16::try_from(attributes.bytes().len() + 7).unwrap_or(u16::MAX));
        let (before, after) = split_behind_as_path(attributes);
        self.out.extend_from_slice(before);
        self.out.put_slice(&[TRANSITIVE, AttributeCode::NEXT_HOP.0, 4]);
        next_hop.encode(self.out);
        self.out.extend_from_slice(after);
        self.fill(start, family, prefixes);
        self.end(start);
    }

    fn announce_multiprotocol(
        &mut self,
        attributes: AttributesRef<'_>,
        next_hop: &NextHop,
        family: Family,
        fixed: usize,
        prefixes: &mut Peekable<impl Iterator<Item = IpNet>>,
    ) {
        let start = begin(self.out, MessageType::UPDATE);
        self.out.put_u32(0); // both length fields; the second is filled in below
        let attribute = self.begin_mp(AttributeCode::MP_REACH_NLRI, family);
        self.out.put_u8(next_hop.encoded_length());
        next_hop.encode(self.out);
        self.out.put_u8(0);
        // What comes behind MP_REACH_NLRI has to fit too.
        let behind = attributes.bytes().len();
        debug_assert_eq!(self.out.len() - start + behind, fixed);
        self.fill_until(start, self.context.max_length() - behind, family, prefixes);
        self.end_mp(attribute);
        self.out.extend_from_slice(attributes.bytes());
        self.end_attributes(start);
        self.end(start);
    }

    /// Withdraws `prefixes`.
    pub fn withdraw(&mut self, family: Family, prefixes: impl IntoIterator<Item = IpNet>) {
        let mut prefixes = of_family(family, prefixes).peekable();
        while prefixes.peek().is_some() {
            let start = begin(self.out, MessageType::UPDATE);
            if family == Family::IPV4_UNICAST {
                self.out.put_u16(0);
                // Two octets are kept for the empty attribute list.
                self.fill_until(start, self.context.max_length() - 2, family, &mut prefixes);
                let length = self.out.len() - start - 21;
                put_u16_at(self.out, start + 19, u16::try_from(length).unwrap_or(u16::MAX));
                self.out.put_u16(0);
            } else {
                self.out.put_u32(0);
                let attribute = self.begin_mp(AttributeCode::MP_UNREACH_NLRI, family);
                self.fill(start, family, &mut prefixes);
                self.end_mp(attribute);
                self.end_attributes(start);
            }
            self.end(start);
        }
    }

    /// Marks the end of the initial routes of `family` (RFC 4724 §2).
    pub fn end_of_rib(&mut self, family: Family) {
        let start = begin(self.out, MessageType::UPDATE);
        self.out.put_u32(0);
        if family != Family::IPV4_UNICAST {
            let attribute = self.begin_mp(AttributeCode::MP_UNREACH_NLRI, family);
            self.end_mp(attribute);
            self.end_attributes(start);
        }
        self.end(start);
    }

    fn begin_mp(&mut self, code: AttributeCode, family: Family) -> usize {
        let attribute = self.out.len();
        self.out.put_slice(&[OPTIONAL | EXTENDED_LENGTH, code.0, 0, 0]);
        self.out.put_u16(family.afi.0);
        self.out.put_u8(family.safi.0);
        attribute
    }

    fn end_mp(&mut self, attribute: usize) {
        let length = u16::try_from(self.out.len() - attribute - 4).unwrap_or(u16::MAX);
        put_u16_at(self.out, attribute + 2, length);
    }

    /// Fills in the length of the attributes of a message without withdrawn routes.
    fn end_attributes(&mut self, start: usize) {
        let length = u16::try_from(self.out.len() - start - 23).unwrap_or(u16::MAX);
        put_u16_at(self.out, start + 21, length);
    }

    fn end(&mut self, start: usize) {
        finish(self.out, start);
        self.messages += 1;
    }

    fn path_id_length(&self, family: Family) -> usize {
        if self.context.has_add_path(family) { 4 } else { 0 }
    }

    fn fill(
        &mut self,
        start: usize,
        family: Family,
        prefixes: &mut Peekable<impl Iterator<Item = IpNet>>,
    ) {
        self.fill_until(start, self.context.max_length(), family, prefixes);
    }

    /// Appends prefixes while they fit.
    fn fill_until(
        &mut self,
        start: usize,
        most: usize,
        family: Family,
        prefixes: &mut Peekable<impl Iterator<Item = IpNet>>,
    ) {
        let path_id = self.path_id_length(family);
        while let Some(net) = prefixes.peek() {
            // The default route has no octets but its length.
            let octets = path_id + 1 + usize::from(net.prefix_len().div_ceil(8));
            if self.out.len() - start + octets > most {
                return;
            }
            if path_id != 0 {
                // One path a prefix is announced here, so any constant identifies it (RFC 7911 §3).
                self.out.put_u32(1);
            }
            encode_prefix(net, self.out);
            prefixes.next();
        }
    }
}

/// Those that are of the address family of `family`.
fn of_family(
    family: Family,
    prefixes: impl IntoIterator<Item = IpNet>,
) -> impl Iterator<Item = IpNet> {
    prefixes.into_iter().filter(move |net| match net {
        IpNet::V4(_) => family.afi == Afi::IPV4,
        IpNet::V6(_) => family.afi == Afi::IPV6,
    })
}

/// NEXT_HOP belongs between AS_PATH and what follows.
fn split_behind_as_path(attributes: AttributesRef<'_>) -> (&[u8], &[u8]) {
    let early = attributes.iter().take_while(|raw| raw.code < AttributeCode::NEXT_HOP);
    let length = early
        .map(|raw| raw.value.len() + if raw.flags & EXTENDED_LENGTH != 0 { 4 } else { 3 })
        .sum();
    attributes.bytes().split_at_checked(length).unwrap_or((attributes.bytes(), &[]))
}

/// For a session of 2-octet AS numbers (RFC 6793 §4.2.2).
fn narrow_attributes(attributes: AttributesRef<'_>) -> Vec<u8> {
    let mut out = AttributesBuilder::from_view(attributes);
    let as_path = attributes.as_path();
    let mut value = Vec::with_capacity(as_path.bytes().len());
    let lossy = narrow(as_path, &mut value);
    out.set(TRANSITIVE, AttributeCode::AS_PATH, &value);
    // Confederation segments do not leave the confederation in AS4_PATH (RFC 6793 §3).
    let mut as4_path = AsPathBuilder::default();
    for segment in as_path
        .segments()
        .filter(|segment| matches!(segment.kind, SegmentKind::Sequence | SegmentKind::Set))
    {
        as4_path.segment(segment.kind, segment.asns());
    }
    if lossy && !as4_path.bytes().is_empty() {
        out.set(OPTIONAL | TRANSITIVE, AttributeCode::AS4_PATH, as4_path.bytes());
    }
    let raw = attributes.iter().find(|raw| raw.code == AttributeCode::AGGREGATOR);
    if let (Some(raw), Some(aggregator)) = (raw, attributes.aggregator()) {
        let short = u16::try_from(aggregator.asn).unwrap_or(AS_TRANS);
        let mut value = short.to_be_bytes().to_vec();
        value.extend(aggregator.router.octets());
        out.set(raw.flags, AttributeCode::AGGREGATOR, &value);
        if u32::from(short) != aggregator.asn {
            out.set(raw.flags, AttributeCode::AS4_AGGREGATOR, raw.value);
        }
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests;
