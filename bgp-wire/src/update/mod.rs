//! UPDATE (RFC 4271 §4.3, RFC 4760).

pub(crate) mod encode;

use alloc::vec::Vec;
use core::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::attribute::EXTENDED_LENGTH;
use crate::attribute::as_path::{AsPath, AsPathBuilder, widen};
use crate::attribute::check::{Checked, Checks, canonical_flags};
use crate::attribute::edit::put_attribute;
use crate::attribute::next_hop::NextHop;
use crate::attribute::view::RawAttribute;
use crate::codec::Cursor;
use crate::error::UpdateError;
use crate::iana::{AS_TRANS, Afi, AttributeCode, Family, Safi};
use crate::message::Context;
use crate::nlri::Nlri;

/// Routes announced and withdrawn: a view on the received message, which has been checked whole.
///
/// ```
/// use bgp_wire::{Context, Family, Update};
/// use bytes::Bytes;
///
/// let body = Bytes::from_static(&[
///     0, 0, // nothing withdrawn
///     0, 18, // path attributes: ORIGIN, AS_PATH 64512, NEXT_HOP
///     0x40, 1, 1, 0, 0x40, 2, 4, 2, 1, 0xfc, 0, 0x40, 3, 4, 192, 0, 2, 1, //
///     8, 10, 16, 172, 16, // 10.0.0.0/8, 172.16.0.0/16
/// ]);
/// let update = Update::decode(body, &Context::default())?;
/// let reach = update.reach().next().expect("the classic fields");
/// assert_eq!((reach.family, reach.next_hop.to_string()), (Family::IPV4_UNICAST, "192.0.2.1".into()));
/// let prefixes: Vec<_> = reach.nlri.prefixes().map(|net| net.to_string()).collect();
/// assert_eq!(prefixes, ["10.0.0.0/8", "172.16.0.0/16"]);
/// let mut attributes = Vec::new();
/// assert_eq!(update.canonical_attributes(&mut attributes).as_path().to_string(), "64512");
/// # Ok::<(), bgp_wire::UpdateError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    body: Bytes,
    four_octet_as: bool,
    /// By ascending code; without those that are to be ignored.
    places: SmallVec<[Place; 10]>,
    withdrawn: Nlri,
    announced: Nlri,
    mp_reach: Option<MpReach>,
    mp_unreach: Option<MpUnreach>,
}

/// Where an attribute stands in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    code: AttributeCode,
    flags: u8,
    start: u16,
    end: u16,
}

/// MP_REACH_NLRI (RFC 4760 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MpReach {
    /// `None` for a family whose next hops are not known
    pub next_hop: Option<NextHop>,
    /// The routes, with their family
    pub nlri: Nlri,
}

/// MP_UNREACH_NLRI (RFC 4760 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MpUnreach {
    /// The routes, with their family
    pub nlri: Nlri,
}

/// Announced routes of one family, wherever in the message they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach<'a> {
    /// Their family
    pub family: Family,
    /// Their next hop
    pub next_hop: NextHop,
    /// The routes
    pub nlri: &'a Nlri,
}

/// Withdrawn routes of one family, wherever in the message they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreach<'a> {
    /// Their family
    pub family: Family,
    /// The routes
    pub nlri: &'a Nlri,
}

impl Update {
    /// Checks the body of an UPDATE.
    ///
    /// # Errors
    /// The first flaw: of the attributes, then of the prefixes, then what is missing (RFC 4271 §6.3).
    pub fn decode(body: Bytes, context: &Context) -> Result<Self, UpdateError> {
        let parts = Parts::split(&body).ok_or(UpdateError::MalformedAttributeList { offset: 0 })?;
        let classic = |range: &Range<usize>| {
            let add_path = context.has_add_path(Family::IPV4_UNICAST);
            Nlri::decode(Family::IPV4_UNICAST, body.slice(range.clone()), add_path)
                .map_err(|offset| UpdateError::InvalidNetworkField { offset: range.start + offset })
        };
        let places = check_attributes(&body, &parts, context)?;
        let mut update = Self {
            four_octet_as: context.four_octet_as,
            places,
            withdrawn: classic(&parts.withdrawn)?,
            announced: classic(&parts.announced)?,
            mp_reach: None,
            mp_unreach: None,
            body: body.clone(),
        };
        if let Some((place, value)) = update.find(AttributeCode::MP_REACH_NLRI) {
            let reach = MpReach::decode(&body, value, context);
            update.mp_reach = Some(reach.ok_or_else(|| place.optional_error(&body))?);
        }
        if let Some((place, value)) = update.find(AttributeCode::MP_UNREACH_NLRI) {
            let unreach = MpUnreach::decode(&body, value, context);
            update.mp_unreach = Some(unreach.ok_or_else(|| place.optional_error(&body))?);
        }
        update.check_mandatory()?;
        Ok(update)
    }

    /// RFC 4271 §6.3 and RFC 4760 §3: ORIGIN and AS_PATH with every route, NEXT_HOP with the classic ones.
    fn check_mandatory(&self) -> Result<(), UpdateError> {
        let classic = !self.announced.is_empty();
        if !classic && self.mp_reach.is_none() {
            return Ok(());
        }
        let mandatory = [AttributeCode::ORIGIN, AttributeCode::AS_PATH, AttributeCode::NEXT_HOP];
        let needed = mandatory.get(..if classic { 3 } else { 2 }).unwrap_or_default();
        match needed.iter().find(|code| self.find(**code).is_none()) {
            Some(code) => Err(UpdateError::MissingWellKnown { code: *code }),
            None => Ok(()),
        }
    }

    /// What was received, without the header.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// All announced routes: those of MP_REACH_NLRI, then the classic ones. Families whose next hop is not
    /// known are left out: see [`Update::mp_reach`].
    pub fn reach(&self) -> impl Iterator<Item = Reach<'_>> {
        let multiprotocol = self.mp_reach.iter().filter_map(|reach| {
            Some(Reach { family: reach.nlri.family, next_hop: reach.next_hop?, nlri: &reach.nlri })
        });
        let next_hop = self.next_hop().filter(|_| !self.announced.is_empty());
        let classic = next_hop.map(|next_hop| Reach {
            family: Family::IPV4_UNICAST,
            next_hop,
            nlri: &self.announced,
        });
        multiprotocol.chain(classic)
    }

    /// All withdrawn routes: the classic ones, then those of MP_UNREACH_NLRI.
    pub fn unreach(&self) -> impl Iterator<Item = Unreach<'_>> {
        let multiprotocol = self.mp_unreach.iter().map(|unreach| &unreach.nlri);
        let classic = Some(&self.withdrawn).into_iter();
        classic
            .chain(multiprotocol)
            .filter(|nlri| !nlri.is_empty())
            .map(|nlri| Unreach { family: nlri.family, nlri })
    }

    /// MP_REACH_NLRI
    pub const fn mp_reach(&self) -> Option<&MpReach> {
        self.mp_reach.as_ref()
    }

    /// MP_UNREACH_NLRI
    pub const fn mp_unreach(&self) -> Option<&MpUnreach> {
        self.mp_unreach.as_ref()
    }

    /// NEXT_HOP. Without classic routes it means nothing and is not there (RFC 4760 §3).
    pub fn next_hop(&self) -> Option<NextHop> {
        self.find(AttributeCode::NEXT_HOP).and_then(|(_, value)| NextHop::decode(self.slice(value)))
    }

    /// The family whose End-of-RIB marker this is (RFC 4724 §2).
    pub fn end_of_rib(&self) -> Option<Family> {
        if !self.withdrawn.is_empty() || !self.announced.is_empty() {
            return None;
        }
        match &self.mp_unreach {
            // Not even attributes that were ignored.
            None if self.body.len() == 4 => Some(Family::IPV4_UNICAST),
            Some(unreach) if self.places.len() == 1 && unreach.nlri.is_empty() => {
                Some(unreach.nlri.family)
            }
            _ => None,
        }
    }

    /// Writes the attributes in canonical form over `out` and returns a view on them. Equal attributes give
    /// equal bytes, in whatever order, with whatever flags and width of AS numbers they came.
    ///
    /// NEXT_HOP and the MP attributes are left out. AS4_PATH and AS4_AGGREGATOR are merged (RFC 6793 §4.2.3).
    /// Attributes that are not known get the partial bit (RFC 4271 §5).
    pub fn canonical_attributes<'a>(&self, out: &'a mut Vec<u8>) -> crate::AttributesRef<'a> {
        out.clear();
        for place in &self.places {
            let value = self.slice(place.value(&self.body));
            let flags = canonical_flags(place.flags, place.code);
            match place.code {
                AttributeCode::NEXT_HOP
                | AttributeCode::MP_REACH_NLRI
                | AttributeCode::MP_UNREACH_NLRI
                | AttributeCode::AS4_PATH
                | AttributeCode::AS4_AGGREGATOR => {}
                AttributeCode::AS_PATH if !self.four_octet_as => {
                    let mut path = AsPathBuilder::default();
                    widen(value, self.as4_path(), &mut path);
                    put_attribute(out, flags, place.code, path.bytes());
                }
                AttributeCode::AGGREGATOR if !self.four_octet_as => {
                    let as4 = self.find(AttributeCode::AS4_AGGREGATOR);
                    let as4 = as4.map(|(_, range)| self.slice(range));
                    put_attribute(out, flags, place.code, &widen_aggregator(value, as4));
                }
                _ => put_attribute(out, flags, place.code, value),
            }
        }
        crate::AttributesRef::new(out)
    }

    /// AS4_PATH, unless it is to be ignored: RFC 6793 §4.2.3 does when AGGREGATOR has a real AS number.
    fn as4_path(&self) -> Option<AsPath<'_>> {
        let aggregator = self.find(AttributeCode::AGGREGATOR).map(|(_, range)| self.slice(range));
        let as4_aggregator = self.find(AttributeCode::AS4_AGGREGATOR);
        if let (Some(aggregator), Some(_)) = (aggregator, as4_aggregator)
            && !aggregator.starts_with(&AS_TRANS.to_be_bytes())
        {
            return None;
        }
        self.find(AttributeCode::AS4_PATH).map(|(_, range)| AsPath::new(self.slice(range)))
    }

    fn find(&self, code: AttributeCode) -> Option<(Place, Range<usize>)> {
        let place = self.places.iter().find(|place| place.code == code)?;
        Some((*place, place.value(&self.body)))
    }

    fn slice(&self, range: Range<usize>) -> &[u8] {
        self.body.get(range).unwrap_or_default()
    }
}

impl MpReach {
    fn decode(body: &Bytes, range: Range<usize>, context: &Context) -> Option<Self> {
        let mut cursor = Cursor::new(body.get(range.clone())?);
        let family = Family { afi: Afi(cursor.u16()?), safi: Safi(cursor.u8()?) };
        let length = cursor.u8()?;
        let field = cursor.take(usize::from(length))?;
        let _reserved = cursor.u8()?;
        let next_hop = match family {
            Family::IPV4_UNICAST | Family::IPV6_UNICAST => {
                let next_hop = NextHop::decode(field).filter(NextHop::is_host)?;
                // RFC 8950 lets IPv4 routes have IPv6 next hops; nothing allows the reverse.
                if family == Family::IPV6_UNICAST && matches!(next_hop, NextHop::V4(_)) {
                    return None;
                }
                Some(next_hop)
            }
            _ => None,
        };
        let bytes = body.slice(range.start + cursor.offset()..range.end);
        let nlri = Nlri::decode(family, bytes, context.has_add_path(family)).ok()?;
        Some(Self { next_hop, nlri })
    }
}

impl MpUnreach {
    fn decode(body: &Bytes, range: Range<usize>, context: &Context) -> Option<Self> {
        let mut cursor = Cursor::new(body.get(range.clone())?);
        let family = Family { afi: Afi(cursor.u16()?), safi: Safi(cursor.u8()?) };
        let bytes = body.slice(range.start + cursor.offset()..range.end);
        Some(Self { nlri: Nlri::decode(family, bytes, context.has_add_path(family)).ok()? })
    }
}

impl Place {
    /// The value's range in `body`.
    fn value(&self, body: &[u8]) -> Range<usize> {
        let header = if self.flags & EXTENDED_LENGTH != 0 { 4 } else { 3 };
        let end = usize::from(self.end).min(body.len());
        (usize::from(self.start) + header).min(end)..end
    }

    fn optional_error(&self, body: &Bytes) -> UpdateError {
        let range = usize::from(self.start)..usize::from(self.end);
        UpdateError::OptionalAttribute {
            code: self.code,
            offset: range.start,
            attribute: body.slice(range),
        }
    }
}

/// The three parts of a body.
struct Parts {
    withdrawn: Range<usize>,
    attributes: Range<usize>,
    announced: Range<usize>,
}

impl Parts {
    fn split(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let length = usize::from(cursor.u16()?);
        let start = cursor.offset();
        cursor.take(length)?;
        let withdrawn = start..cursor.offset();
        let length = usize::from(cursor.u16()?);
        let start = cursor.offset();
        cursor.take(length)?;
        Some(Self {
            withdrawn,
            attributes: start..cursor.offset(),
            announced: cursor.offset()..body.len(),
        })
    }
}

/// Checks each attribute alone, and that none stands twice.
fn check_attributes(
    body: &Bytes,
    parts: &Parts,
    context: &Context,
) -> Result<SmallVec<[Place; 10]>, UpdateError> {
    let range = &parts.attributes;
    let checks =
        Checks { four_octet_as: context.four_octet_as, announces: !parts.announced.is_empty() };
    let mut places = SmallVec::new();
    let mut seen = [0u64; 4];
    let mut sorted = true;
    let mut last = AttributeCode(0);
    let mut cursor = Cursor::new(body.get(range.clone()).unwrap_or_default());
    while !cursor.is_empty() {
        let start = range.start + cursor.offset();
        let malformed = UpdateError::MalformedAttributeList { offset: start };
        let Some(raw) = RawAttribute::decode(&mut cursor) else { return Err(malformed) };
        let end = range.start + cursor.offset();
        let Some(word) = seen.get_mut(usize::from(raw.code.0 >> 6)) else { return Err(malformed) };
        let bit = 1 << (raw.code.0 & 63);
        if *word & bit != 0 {
            return Err(malformed);
        }
        *word |= bit;
        let whole = || body.slice(start..end);
        if checks.check(&raw, start, whole)? == Checked::Ignore {
            continue;
        }
        let (Ok(start), Ok(end)) = (u16::try_from(start), u16::try_from(end)) else {
            return Err(malformed);
        };
        sorted &= last <= raw.code;
        last = raw.code;
        places.push(Place { code: raw.code, flags: raw.flags, start, end });
    }
    if !sorted {
        places.sort_unstable_by_key(|place: &Place| place.code);
    }
    Ok(places)
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

#[cfg(test)]
mod tests;
