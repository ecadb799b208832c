//! Reading UPDATEs: all flaws are found, none of them ends the reading (RFC 7606).

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use bytes::{Bytes, BytesMut};

use super::{Routes, Span, Update};
use crate::attribute::canonical::is_canonical;
use crate::attribute::check::{Checked, Checks, FlawKind, category};
use crate::attribute::next_hop::NextHop;
use crate::attribute::view::RawAttribute;
use crate::attribute::{OPTIONAL, TRANSITIVE};
use crate::codec::Cursor;
use crate::error::{Disposition, Flaw, UpdateError};
use crate::iana::{Afi, AttributeCode, Family, Safi};
use crate::message::Context;
use crate::nlri::{Destination, Form, Nlri};

impl Update {
    /// Reads the body of an UPDATE, whatever is wrong with it: see [`Update::flaws`].
    pub fn decode(body: Bytes, context: &Context) -> Self {
        let mut update = Self {
            kept: None,
            withdrawn: Span::default(),
            attributes: Span::default(),
            announced: Span::default(),
            counts: [0; 2],
            four_octet_as: context.four_octet_as,
            ordered: true,
            add_path: context.has_add_path(Family::IPV4_UNICAST),
            treat_as_withdraw: false,
            next_hop: None,
            mp_reach: None,
            mp_unreach: None,
            flaws: Vec::new(),
            body,
        };
        match split(&update.body) {
            Some([withdrawn, attributes, announced]) => {
                (update.withdrawn, update.attributes) = (withdrawn, attributes);
                update.announced = announced;
                let scan = update.scan_attributes(context);
                update.check_routes();
                update.check_whole(&scan);
            }
            None => {
                // The length that is too large: of the attributes, if the withdrawn routes are whole.
                let length =
                    update.body.first_chunk().map_or(0, |field| u16::from_be_bytes(*field));
                let second = usize::from(length) + 2;
                let offset = if update.body.len() < second { 0 } else { second };
                let error = UpdateError::MalformedAttributeList { offset };
                update.flaw(error, Disposition::SessionReset);
            }
        }
        if !update.flaws.is_empty() {
            update.settle();
        }
        update
    }

    fn flaw(&mut self, error: UpdateError, disposition: Disposition) {
        self.flaws.push(Flaw { error, disposition });
    }

    /// Checks each attribute, and that none stands twice.
    fn scan_attributes(&mut self, context: &Context) -> Scan {
        let checks = Checks {
            four_octet_as: context.four_octet_as,
            external: context.external,
            allow_local_pref: context.allow_local_pref,
            allow_aigp: context.allow_aigp,
            announces: !self.announced.is_empty(),
        };
        let mut scan = Scan::default();
        // The loop reads through its own handle of the buffer, as it writes to `self`.
        let body = core::mem::take(&mut self.body);
        let base = usize::from(self.attributes.start);
        let mut cursor = Cursor::new(self.attributes.of(&body));
        while !cursor.is_empty() {
            let start = base + cursor.offset();
            let Some(raw) = RawAttribute::decode(&mut cursor) else {
                // RFC 7606 §4: the Total Attribute Length still tells where the routes are.
                let error = UpdateError::MalformedAttributeList { offset: start };
                self.flaw(error, Disposition::TreatAsWithdraw);
                scan.cut_off = true;
                scan.discard(start, base + cursor.offset() + cursor.remaining());
                break;
            };
            let place = Place { raw, start, end: base + cursor.offset() };
            if !scan.seen.insert(raw.code) {
                self.duplicate(&place, &mut scan);
                continue;
            }
            match raw.code {
                AttributeCode::MP_REACH_NLRI => self.take_mp_reach(&body, &place, context),
                AttributeCode::MP_UNREACH_NLRI => self.take_mp_unreach(&body, &place, context),
                _ => match checks.check(&raw) {
                    Checked::Fine => {
                        if raw.code == AttributeCode::NEXT_HOP && checks.announces {
                            self.next_hop = <[u8; 4]>::try_from(raw.value).ok().map(Ipv4Addr::from);
                        } else if is_canonical(&raw) {
                            self.ordered &= scan.last < raw.code;
                            scan.last = raw.code;
                        }
                    }
                    Checked::Flawed(kind, disposition) => {
                        self.flaw(place.error(kind, &body), disposition);
                        scan.discard(place.start, place.end);
                    }
                },
            }
        }
        if !scan.discarded.is_empty() {
            self.kept = Some(scan.kept(&body, self.attributes));
        }
        self.body = body;
        scan
    }

    /// RFC 7606 §3 g
    fn duplicate(&mut self, place: &Place<'_>, scan: &mut Scan) {
        let code = place.raw.code;
        let disposition = match code {
            AttributeCode::MP_REACH_NLRI | AttributeCode::MP_UNREACH_NLRI => {
                Disposition::SessionReset
            }
            _ => Disposition::DiscardAttribute,
        };
        // One flaw a code: a message has room for very many empty attributes.
        if scan.repeated.insert(code) {
            self.flaw(UpdateError::DuplicateAttribute { code, offset: place.start }, disposition);
        }
        scan.discard(place.start, place.end);
    }

    /// Without the length of the next hop, or with NLRI that do not parse, the routes cannot be told:
    /// RFC 7606 §3 j, §5.3, §7.11.
    fn take_mp_reach(&mut self, body: &Bytes, place: &Place<'_>, context: &Context) {
        let mut cursor = Cursor::new(place.raw.value);
        let Some(family) = take_family(&mut cursor).filter(|_| place.raw.value.len() >= 5) else {
            return self.flaw(place.error(FlawKind::Value, body), Disposition::SessionReset);
        };
        let disable = Disposition::DisableFamily(family);
        if !place.has_right_flags() {
            return self.flaw(place.error(FlawKind::Flags, body), disable);
        }
        let field = cursor.u8().and_then(|length| cursor.take(usize::from(length)));
        let hop = field.filter(|_| cursor.u8().is_some());
        let Some(Ok(next_hop)) = hop.map(|field| NextHop::decode_of(family, field)) else {
            return self.flaw(place.error(FlawKind::Value, body), disable);
        };
        let form = Form::new(context, family, false);
        let Ok(nlri) = Nlri::decode_form(family, cursor.rest(), form) else {
            return self.flaw(place.error(FlawKind::Value, body), disable);
        };
        // RFC 8955 §4: that of a flow specification "MUST be ignored".
        let judged = !matches!(family.safi, Safi::FLOW_SPEC | Safi::VPN_FLOW_SPEC);
        let no_host = judged && next_hop.is_some_and(|hop| !hop.is_host());
        // RFC 9136 §3.2
        let two_gateways = family == Family::EVPN
            && nlri.destinations().any(|(_, destination)| match destination {
                Destination::Evpn(route) => route.has_two_overlay_indexes(),
                _ => false,
            });
        if no_host || two_gateways {
            self.flaw(place.error(FlawKind::Value, body), Disposition::TreatAsWithdraw);
        }
        let span = place.behind(cursor.remaining());
        let routes = Routes { family, span, form, count: nlri.count() };
        self.mp_reach = Some((next_hop, routes));
    }

    fn take_mp_unreach(&mut self, body: &Bytes, place: &Place<'_>, context: &Context) {
        let mut cursor = Cursor::new(place.raw.value);
        let Some(family) = take_family(&mut cursor) else {
            return self.flaw(place.error(FlawKind::Value, body), Disposition::SessionReset);
        };
        let disable = Disposition::DisableFamily(family);
        let form = Form::new(context, family, true);
        if !place.has_right_flags() {
            return self.flaw(place.error(FlawKind::Flags, body), disable);
        }
        match Nlri::decode_form(family, cursor.rest(), form) {
            Ok(nlri) => {
                let span = place.behind(cursor.remaining());
                self.mp_unreach = Some(Routes { family, span, form, count: nlri.count() });
            }
            Err(_) => self.flaw(place.error(FlawKind::Value, body), disable),
        }
    }

    /// RFC 7606 §3 i, §5.3: classic routes that do not parse.
    fn check_routes(&mut self) {
        let form = Form { add_path: self.add_path, ..Form::default() };
        let check = |span: Span| {
            Nlri::decode_form(Family::IPV4_UNICAST, span.of(&self.body), form)
                .map(|nlri| nlri.count())
                .map_err(|at| usize::from(span.start) + at)
        };
        let checked = [check(self.withdrawn), check(self.announced)];
        self.counts = checked.map(|count| count.unwrap_or(0));
        for offset in checked.into_iter().filter_map(Result::err) {
            let error = UpdateError::InvalidNetworkField { offset };
            self.flaw(error, Disposition::SessionReset);
        }
    }

    /// What is missing.
    fn check_whole(&mut self, scan: &Scan) {
        let classic = !self.announced.is_empty();
        // RFC 7606 §3 d: ORIGIN and AS_PATH with every route, NEXT_HOP with the classic ones. Those that
        // stood there with a flaw are not missing too.
        if classic || self.mp_reach.is_some() {
            let mandatory =
                [AttributeCode::ORIGIN, AttributeCode::AS_PATH, AttributeCode::NEXT_HOP];
            let needed = if classic { 3 } else { 2 };
            for code in mandatory.into_iter().take(needed).filter(|code| !scan.has(*code)) {
                self.flaw(UpdateError::MissingWellKnown { code }, Disposition::TreatAsWithdraw);
            }
        }
        // RFC 7606 §5.2: attributes, but no routes, and a flaw. Perhaps the routes were not seen.
        let reachable = classic
            || scan.has(AttributeCode::MP_REACH_NLRI)
                && self.mp_reach().is_none_or(|reach| !reach.nlri.is_empty());
        let others = scan.cut_off || scan.has_other_than(AttributeCode::MP_UNREACH_NLRI);
        if !reachable && (others || self.mp_unreach.is_none()) {
            for flaw in &mut self.flaws {
                if flaw.disposition == Disposition::TreatAsWithdraw {
                    flaw.disposition = Disposition::SessionReset;
                }
            }
        }
    }

    /// Draws the consequences of the flaws.
    fn settle(&mut self) {
        let has = |disposition| self.flaws.iter().any(|flaw| flaw.disposition == disposition);
        self.treat_as_withdraw = has(Disposition::TreatAsWithdraw);
        if has(Disposition::SessionReset) {
            // Nothing that it says can be relied on.
            (self.withdrawn, self.announced) = (Span::default(), Span::default());
            self.counts = [0; 2];
            (self.mp_reach, self.mp_unreach) = (None, None);
        }
    }
}

/// What one walk over the attributes finds.
#[derive(Debug, Default)]
struct Scan {
    seen: Codes,
    repeated: Codes,
    /// The last attribute does not end.
    cut_off: bool,
    /// Of canonical form, to see whether they ascend
    last: AttributeCode,
    discarded: Vec<(usize, usize)>,
}

impl Scan {
    fn has(&self, code: AttributeCode) -> bool {
        self.seen.contains(code)
    }

    fn has_other_than(&self, code: AttributeCode) -> bool {
        let others = self.seen.0.iter().map(|word| word.count_ones()).sum::<u32>();
        others > u32::from(self.has(code))
    }

    fn discard(&mut self, start: usize, end: usize) {
        self.discarded.push((start, end));
    }

    /// The attributes without those that are discarded.
    fn kept(&self, body: &[u8], attributes: Span) -> Bytes {
        let mut kept = BytesMut::with_capacity(attributes.of(body).len());
        let mut from = usize::from(attributes.start);
        for (start, end) in &self.discarded {
            kept.extend_from_slice(body.get(from..*start).unwrap_or_default());
            from = *end;
        }
        kept.extend_from_slice(body.get(from..usize::from(attributes.end)).unwrap_or_default());
        kept.freeze()
    }
}

/// A set of attribute codes.
#[derive(Debug, Default)]
struct Codes([u64; 4]);

impl Codes {
    /// Puts it in; false when it was there before.
    #[inline]
    fn insert(&mut self, code: AttributeCode) -> bool {
        let bit = 1 << (code.0 & 63);
        let Some(word) = self.0.get_mut(usize::from(code.0 >> 6)) else { return true };
        let first = *word & bit == 0;
        *word |= bit;
        first
    }

    fn contains(&self, code: AttributeCode) -> bool {
        self.0.get(usize::from(code.0 >> 6)).is_some_and(|word| word & 1 << (code.0 & 63) != 0)
    }
}

/// An attribute and where it stands.
struct Place<'a> {
    raw: RawAttribute<'a>,
    start: usize,
    end: usize,
}

impl Place<'_> {
    fn has_right_flags(&self) -> bool {
        category(self.raw.code) == Some(self.raw.flags & (OPTIONAL | TRANSITIVE))
    }

    /// The last `length` octets of the attribute.
    fn behind(&self, length: usize) -> Span {
        let place = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        Span { start: place(self.end - length), end: place(self.end) }
    }

    fn error(&self, kind: FlawKind, body: &Bytes) -> UpdateError {
        let (code, offset) = (self.raw.code, self.start);
        let attribute = body.slice(self.start..self.end);
        match kind {
            FlawKind::Unrecognized => {
                UpdateError::UnrecognizedWellKnown { code, offset, attribute }
            }
            FlawKind::Flags => UpdateError::Flags { code, offset, attribute },
            FlawKind::Length => UpdateError::Length { code, offset, attribute },
            FlawKind::Origin => UpdateError::InvalidOrigin { offset, attribute },
            FlawKind::NextHop => UpdateError::InvalidNextHop { offset, attribute },
            FlawKind::AsPath => UpdateError::MalformedAsPath { offset },
            FlawKind::Value => UpdateError::OptionalAttribute { code, offset, attribute },
            FlawKind::OutOfPlace => UpdateError::OutOfPlace { code, offset, attribute },
        }
    }
}

fn take_family(cursor: &mut Cursor<'_>) -> Option<Family> {
    Some(Family { afi: Afi(cursor.u16()?), safi: Safi(cursor.u8()?) })
}

/// Withdrawn routes, attributes and announced routes of a body.
fn split(body: &[u8]) -> Option<[Span; 3]> {
    let mut cursor = Cursor::new(body);
    let place = |cursor: &Cursor<'_>| u16::try_from(cursor.offset()).ok();
    let mut field = || {
        let length = cursor.u16()?;
        let start = place(&cursor)?;
        cursor.take(usize::from(length))?;
        Some(Span { start, end: place(&cursor)? })
    };
    let (withdrawn, attributes) = (field()?, field()?);
    let announced = Span { start: attributes.end, end: u16::try_from(body.len()).ok()? };
    Some([withdrawn, attributes, announced])
}
