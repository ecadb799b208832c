//! Writing UPDATEs.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use bytes::{BufMut, BytesMut};
use ipnet::IpNet;

use crate::attribute::as_path::{AsPathBuilder, SegmentKind, narrow};
use crate::attribute::next_hop::NextHop;
use crate::attribute::owned::PathAttributes;
use crate::attribute::view::AttributesRef;
use crate::attribute::{EXTENDED_LENGTH, OPTIONAL, TRANSITIVE};
use crate::error::RoutesLeftOut;
use crate::header::{HEADER_LENGTH, begin, finish, put_u16_at};
use crate::iana::{AS_TRANS, Afi, AttributeCode, Family, MessageType, NlriKind};
use crate::message::Context;
use crate::nlri::prefix::{mask_v6, octets};
use crate::nlri::{EncodeNlri, NotEncoded};

/// Writes whole UPDATE messages into a buffer, as many as the prefixes need.
///
/// ```
/// use bgp_wire::{AsPathBuilder, PathAttributes, Context, Family, NextHop, Origin, UpdateWriter};
/// use bytes::BytesMut;
///
/// let mut attributes = PathAttributes::default();
/// attributes.origin(Origin::Igp).as_path(&AsPathBuilder::default());
/// let next_hop = NextHop::V4("192.0.2.1".parse()?);
/// let prefixes: [ipnet::IpNet; 2] = ["10.0.0.0/8".parse()?, "172.16.0.0/12".parse()?];
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

    /// Announces `routes`: prefixes, or [`crate::Destination`]s of any family, with a path identifier or
    /// without. IPv4 unicast routes with an IPv4 next hop use the classic fields, all others MP_REACH_NLRI,
    /// which comes first (RFC 7606 §5.1). IPv6 routes with an IPv4 next hop get it as an IPv4-mapped
    /// address (RFC 4798 §2, RFC 4659 §3.2.1). Routes of another family than `family` are passed over.
    ///
    /// # Errors
    /// When routes were left out, as no message has room for them beside the attributes (RFC 4271 §9.2: such a
    /// route must not be advertised). The others have been written; of prefixes it is all or none.
    pub fn announce<T: EncodeNlri>(
        &mut self,
        attributes: AttributesRef<'_>,
        family: Family,
        next_hop: &NextHop,
        routes: impl IntoIterator<Item = T>,
    ) -> Result<(), RoutesLeftOut> {
        self.announce_via(attributes, family, Some(*next_hop), routes)
    }

    /// Announces flow specifications, which have no next hop (RFC 8955 §4).
    ///
    /// # Errors
    /// As [`UpdateWriter::announce`]. Routes of families that need a next hop are left out.
    pub fn announce_without_next_hop<T: EncodeNlri>(
        &mut self,
        attributes: AttributesRef<'_>,
        family: Family,
        routes: impl IntoIterator<Item = T>,
    ) -> Result<(), RoutesLeftOut> {
        if !matches!(family.nlri_kind(), Some(NlriKind::FlowSpec | NlriKind::VpnFlowSpec)) {
            let attributes = attributes.bytes().len();
            return match routes.into_iter().count() {
                0 => Ok(()),
                routes => Err(RoutesLeftOut { routes, attributes }),
            };
        }
        self.announce_via(attributes, family, None, routes)
    }

    fn announce_via<T: EncodeNlri>(
        &mut self,
        attributes: AttributesRef<'_>,
        family: Family,
        next_hop: Option<NextHop>,
        routes: impl IntoIterator<Item = T>,
    ) -> Result<(), RoutesLeftOut> {
        let (canonical, narrowed);
        let mut attributes = attributes;
        if !attributes.is_canonical() {
            canonical = attributes.to_path_attributes();
            attributes = canonical.view();
        }
        if !self.context.four_octet_as {
            narrowed = narrow_attributes(attributes);
            attributes = AttributesRef::new(&narrowed);
        }
        let next_hop = match next_hop {
            Some(NextHop::V4(address)) if family.afi == Afi::IPV6 => {
                Some(NextHop::V6(address.to_ipv6_mapped(), None))
            }
            hop => hop,
        };
        let classic = match next_hop {
            Some(NextHop::V4(address)) if family == Family::IPV4_UNICAST => Some(address),
            _ => None,
        };
        let hop = next_hop.map_or(0, |hop| usize::from(hop.encoded_length_of(family)));
        // The header, two length fields, and NEXT_HOP or the frame of MP_REACH_NLRI
        let extra = if classic.is_some() { 7 } else { 9 + hop };
        let fixed = 23 + attributes.bytes().len() + extra;
        let mut routes = Pending::new(routes, family, false, self.context.has_add_path(family));
        if fixed + routes.longest() > self.context.max_length() {
            let (routes, attributes) = (routes.routes.count(), attributes.bytes().len());
            return Err(RoutesLeftOut { routes, attributes });
        }
        while routes.prepare() {
            match classic {
                Some(address) => self.announce_classic(attributes, address, &mut routes),
                None => self.announce_multiprotocol(attributes, next_hop, &mut routes),
            }
            routes.leave_out_if_too_long();
        }
        match routes.left_out {
            0 => Ok(()),
            routes => Err(RoutesLeftOut { routes, attributes: attributes.bytes().len() }),
        }
    }

    /// One message, if there is a route that fits into it.
    fn announce_classic<T: EncodeNlri>(
        &mut self,
        attributes: AttributesRef<'_>,
        next_hop: Ipv4Addr,
        routes: &mut Pending<impl Iterator<Item = T>, T>,
    ) {
        let start = self.out.len();
        let length = attributes.bytes().len() + 7;
        self.out.reserve(HEADER_LENGTH + 4 + length + STEP);
        // Header and both length fields at once: nothing is withdrawn.
        let mut head = [0xff; HEADER_LENGTH + 4];
        let [.., a, b, kind, c, d, high, low] = &mut head;
        (*a, *b, *kind, *c, *d) = (0, 0, MessageType::UPDATE.0, 0, 0);
        [*high, *low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
        self.out.extend_from_slice(&head);
        let (before, after) = split_behind_as_path(attributes);
        self.out.extend_from_slice(before);
        let [a, b, c, d] = next_hop.octets();
        self.out.put_slice(&[TRANSITIVE, AttributeCode::NEXT_HOP.0, 4, a, b, c, d]);
        self.out.extend_from_slice(after);
        routes.fill(self.out, start + self.context.max_length());
        if routes.written {
            self.end(start);
        } else {
            self.out.truncate(start);
        }
    }

    /// One message, if there is a route that fits into it.
    fn announce_multiprotocol<T: EncodeNlri>(
        &mut self,
        attributes: AttributesRef<'_>,
        next_hop: Option<NextHop>,
        routes: &mut Pending<impl Iterator<Item = T>, T>,
    ) {
        let start = begin(self.out, MessageType::UPDATE);
        self.out.put_u32(0); // both length fields; the second is filled in below
        let attribute = self.begin_mp(AttributeCode::MP_REACH_NLRI, routes.family);
        match next_hop {
            Some(next_hop) => next_hop.encode_of(routes.family, self.out),
            None => self.out.put_u8(0),
        }
        self.out.put_u8(0);
        // What comes behind MP_REACH_NLRI has to fit too.
        let most = (start + self.context.max_length()).saturating_sub(attributes.bytes().len());
        routes.fill(self.out, most);
        if routes.written {
            self.end_mp(attribute);
            self.out.extend_from_slice(attributes.bytes());
            self.end_attributes(start);
            self.end(start);
        } else {
            self.out.truncate(start);
        }
    }

    /// Withdraws `routes`. Those of another family than `family` are left out, as are those that no message can
    /// hold: they cannot have been announced.
    pub fn withdraw<T: EncodeNlri>(&mut self, family: Family, routes: impl IntoIterator<Item = T>) {
        let add_path = self.context.has_add_path(family);
        let mut routes = Pending::new(routes, family, true, add_path);
        while routes.prepare() {
            let start = begin(self.out, MessageType::UPDATE);
            let most = start + self.context.max_length();
            self.out.put_u16(0);
            if family == Family::IPV4_UNICAST {
                // Two octets are kept for the empty attribute list.
                routes.fill(self.out, most - 2);
                let length = self.out.len() - start - 21;
                put_u16_at(self.out, start + 19, u16::try_from(length).unwrap_or(u16::MAX));
                self.out.put_u16(0);
            } else {
                self.out.put_u16(0);
                let attribute = self.begin_mp(AttributeCode::MP_UNREACH_NLRI, family);
                routes.fill(self.out, most);
                self.end_mp(attribute);
                self.end_attributes(start);
            }
            if routes.written {
                self.end(start);
            } else {
                self.out.truncate(start);
            }
            routes.leave_out_if_too_long();
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
}

/// Routes that are still to be written.
struct Pending<I, T> {
    routes: I,
    /// Taken from `routes`, and not written yet
    next: Option<T>,
    family: Family,
    withdrawn: bool,
    add_path: bool,
    /// Prefixes of a family that has nothing else take a faster way.
    plain: bool,
    /// The last [`Pending::fill`] wrote something.
    written: bool,
    /// Routes that no message can hold
    left_out: usize,
}

impl<T: EncodeNlri, I: Iterator<Item = T>> Pending<I, T> {
    fn new<R>(routes: R, family: Family, withdrawn: bool, add_path: bool) -> Self
    where
        R: IntoIterator<Item = T, IntoIter = I>,
    {
        Self {
            routes: routes.into_iter(),
            next: None,
            family,
            withdrawn,
            add_path,
            plain: family.prefix_bits().is_some(),
            written: false,
            left_out: 0,
        }
    }

    /// Whether there is one; it is taken out.
    fn prepare(&mut self) -> bool {
        if self.next.is_none() {
            self.next = self.routes.next();
        }
        self.next.is_some()
    }

    /// A route for which an empty message had no room has none in any.
    fn leave_out_if_too_long(&mut self) {
        if !self.written && self.next.take().is_some() {
            self.left_out += 1;
        }
    }

    /// Octets of the longest prefix; other families have no such limit, or a far one.
    fn longest(&self) -> usize {
        let id = if self.add_path { 4 } else { 0 };
        id + 1 + usize::from(self.family.prefix_bits().unwrap_or(0) / 8)
    }

    /// Appends routes while `out` stays within `most` octets. Those of another family are left out.
    fn fill(&mut self, out: &mut BytesMut, most: usize) {
        let start = out.len();
        if self.plain {
            self.fill_prefixes(out, most);
        } else {
            self.fill_any(out, most);
        }
        self.written = out.len() > start;
    }

    fn fill_any(&mut self, out: &mut BytesMut, most: usize) {
        while self.prepare() {
            let Some(route) = &self.next else { return };
            let before = out.len();
            if self.add_path {
                out.put_u32(route.path_id());
            }
            match route.encode_nlri(self.family, self.withdrawn, out) {
                Ok(()) if out.len() > most => return out.truncate(before),
                Ok(()) => {}
                Err(NotEncoded::OtherFamily) => out.truncate(before),
                Err(NotEncoded::Impossible) => {
                    out.truncate(before);
                    self.left_out += 1;
                }
            }
            self.next = None;
        }
    }

    /// The same for prefixes, in steps: into a buffer of fixed size, and from there at once.
    fn fill_prefixes(&mut self, out: &mut BytesMut, most: usize) {
        let mut step = [0; STEP + LONGEST];
        loop {
            let room = most.saturating_sub(out.len());
            let first = self.next.take();
            let (routes, limit) = (&mut self.routes, room.min(STEP - 1));
            let (used, next) = match (self.family.afi == Afi::IPV6, self.add_path) {
                (false, false) => fill_step::<_, false, false>(first, routes, limit, &mut step),
                (false, true) => fill_step::<_, false, true>(first, routes, limit, &mut step),
                (true, false) => fill_step::<_, true, false>(first, routes, limit, &mut step),
                (true, true) => fill_step::<_, true, true>(first, routes, limit, &mut step),
            };
            out.extend_from_slice(step.get(..used).unwrap_or_default());
            self.next = next;
            // Without one that is left over there are no more; with one, was it the step that was full?
            if self.next.is_none() || limit == room {
                return;
            }
        }
    }
}

/// Octets that are written at once: a power of two
const STEP: usize = 128;
/// Octets that one prefix may write, also those that the next one overwrites
const LONGEST: usize = 4 + 17;

/// Writes prefixes of one address family while they take not more than `limit` octets. How many they took,
/// and the route for which there was no room.
#[inline]
fn fill_step<T: EncodeNlri, const IPV6: bool, const ADD_PATH: bool>(
    first: Option<T>,
    routes: &mut impl Iterator<Item = T>,
    limit: usize,
    step: &mut [u8; STEP + LONGEST],
) -> (usize, Option<T>) {
    let mut used = 0;
    if let Some(route) = first {
        match put_prefix::<T, IPV6, ADD_PATH>(&route, used, limit, step) {
            Some(octets) => used += octets,
            None => return (used, Some(route)),
        }
    }
    for route in routes {
        match put_prefix::<T, IPV6, ADD_PATH>(&route, used, limit, step) {
            Some(octets) => used += octets,
            None => return (used, Some(route)),
        }
    }
    (used, None)
}

/// Writes path identifier, length and the whole address behind the `used` octets: what is too much of the
/// address the next prefix overwrites. The octets that count, 0 for another family's; `None` when there are
/// too many of them.
#[inline(always)]
fn put_prefix<T: EncodeNlri, const IPV6: bool, const ADD_PATH: bool>(
    route: &T,
    used: usize,
    limit: usize,
    step: &mut [u8; STEP + LONGEST],
) -> Option<usize> {
    let id = if ADD_PATH { 4 } else { 0 };
    // Always in there: the mask only says so to the compiler.
    let field = step.get_mut(used & (STEP - 1)..)?;
    let (id_field, field) = field.split_at_mut_checked(id)?;
    let length = match route.prefix() {
        Some(IpNet::V4(net)) if !IPV6 => {
            let length = net.prefix_len();
            // Length, address, and three octets that are overwritten: one number, the first octet lowest.
            let mask = u64::from(ones(length).swap_bytes());
            let address = u64::from(u32::from_le_bytes(net.addr().octets()));
            let value = u64::from(length) | (address & mask) << 8;
            *field.first_chunk_mut()? = value.to_le_bytes();
            length
        }
        Some(IpNet::V6(net)) if IPV6 => {
            let length = net.prefix_len();
            let address = u128::from(net.addr()) & mask_v6(length).unwrap_or(0);
            let (first, rest) = field.split_first_mut()?;
            *first = length;
            *rest.first_chunk_mut()? = address.to_be_bytes();
            length
        }
        _ => return Some(0),
    };
    if ADD_PATH {
        id_field.copy_from_slice(&route.path_id().to_be_bytes());
    }
    // The default route has no octets but its length.
    let octets = id + 1 + octets(length);
    (used + octets <= limit).then_some(octets)
}

/// As many ones as the prefix is long, at most 32 of them.
#[inline(always)]
const fn ones(length: u8) -> u32 {
    (0xffff_ffff_0000_0000_u64 >> (length & 63)) as u32
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
    let mut out = PathAttributes::from_view(attributes);
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
