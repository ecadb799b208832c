//! UPDATE (RFC 4271 §4.3, RFC 4760).

mod decode;
pub(crate) mod encode;

use alloc::vec::Vec;

use bytes::Bytes;

use crate::attribute::canonical;
use crate::attribute::next_hop::NextHop;
use crate::attribute::owned::PathAttributes;
use crate::attribute::view::AttributesRef;
use crate::error::{Disposition, Flaw, UpdateError};
use crate::iana::Family;
use crate::nlri::{Form, Nlri};

/// Routes announced and withdrawn: a view on the received message, all of which has been checked.
///
/// Decoding never stops at a flaw (RFC 7606). What an UPDATE with flaws still says is what its
/// [`Update::flaws`] leave of it: attributes that are to be discarded are not there, and where its routes
/// are to be treated as withdrawn [`Update::reach`] has none and [`Update::unreach`] all of them.
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
/// let update = Update::decode(body, &Context::default());
/// let reach = update.reach().next().expect("the classic fields");
/// assert_eq!(reach.family, Family::IPV4_UNICAST);
/// assert_eq!(reach.next_hop.map(|hop| hop.to_string()), Some("192.0.2.1".into()));
/// let prefixes: Vec<_> = reach.nlri.prefixes().map(|net| net.to_string()).collect();
/// assert_eq!(prefixes, ["10.0.0.0/8", "172.16.0.0/16"]);
/// assert_eq!(update.attributes().as_path().to_string(), "64512");
/// ```
///
/// An UPDATE with a flaw:
///
/// ```
/// use bgp_wire::{Context, Disposition, Update};
/// // 10.0.0.0/8 with an ORIGIN of 9, and nothing else
/// let body = bytes::Bytes::from_static(&[0, 0, 0, 4, 0x40, 1, 1, 9, 8, 10]);
/// let update = Update::decode(body, &Context::default());
/// assert_eq!(update.disposition(), Some(Disposition::TreatAsWithdraw));
/// assert_eq!(update.flaws()[0].to_string(), "invalid ORIGIN at offset 4: treat as withdraw");
/// assert_eq!((update.reach().count(), update.unreach().count()), (0, 1));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    body: Bytes,
    /// The attributes without those that were discarded, if any were.
    kept: Option<Bytes>,
    withdrawn: Span,
    attributes: Span,
    announced: Span,
    /// Of withdrawn and of announced classic routes
    counts: [u32; 2],
    four_octet_as: bool,
    /// Attributes stand in the order of canonical form.
    ordered: bool,
    /// Path identifiers stand before classic routes.
    add_path: bool,
    treat_as_withdraw: bool,
    next_hop: Option<core::net::Ipv4Addr>,
    mp_reach: Option<(Option<NextHop>, Routes)>,
    mp_unreach: Option<Routes>,
    flaws: Vec<Flaw>,
}

/// A part of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Span {
    start: u16,
    end: u16,
}

impl Span {
    fn of(self, body: &[u8]) -> &[u8] {
        body.get(usize::from(self.start)..usize::from(self.end)).unwrap_or_default()
    }

    const fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// Where the routes of an MP attribute stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Routes {
    family: Family,
    span: Span,
    form: Form,
    count: u32,
}

/// MP_REACH_NLRI (RFC 4760 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MpReach<'a> {
    /// `None` where there is none, as with flow specifications, and for a family that is not known
    pub next_hop: Option<NextHop>,
    /// The routes, with their family
    pub nlri: Nlri<'a>,
}

/// MP_UNREACH_NLRI (RFC 4760 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MpUnreach<'a> {
    /// The routes, with their family
    pub nlri: Nlri<'a>,
}

/// Announced routes of one family, wherever in the message they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach<'a> {
    /// Their family
    pub family: Family,
    /// Their next hop; `None` as in [`MpReach`]
    pub next_hop: Option<NextHop>,
    /// The routes
    pub nlri: Nlri<'a>,
}

/// Withdrawn routes of one family, wherever in the message they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreach<'a> {
    /// Their family
    pub family: Family,
    /// The routes
    pub nlri: Nlri<'a>,
}

impl Update {
    /// What was received, without the header.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// All that is wrong with it, in the order in which it was found.
    pub fn flaws(&self) -> &[Flaw] {
        &self.flaws
    }

    /// The strongest of the actions that its flaws ask for (RFC 7606 §3 h).
    pub fn disposition(&self) -> Option<Disposition> {
        self.flaws.iter().map(|flaw| flaw.disposition).max()
    }

    /// The flaw that ends the session, if one does.
    pub fn session_reset(&self) -> Option<&UpdateError> {
        let resets = |flaw: &&Flaw| flaw.disposition == Disposition::SessionReset;
        self.flaws.iter().find(resets).map(|flaw| &flaw.error)
    }

    /// All announced routes: those of MP_REACH_NLRI, then the classic ones. None where they count as
    /// withdrawn.
    #[inline]
    pub fn reach(&self) -> impl Iterator<Item = Reach<'_>> {
        let all = (!self.treat_as_withdraw).then_some(());
        let multiprotocol = all.and_then(|()| self.mp_reach());
        let multiprotocol = multiprotocol.map(|MpReach { next_hop, nlri }| Reach {
            family: nlri.family,
            next_hop,
            nlri,
        });
        let classic = all.filter(|()| !self.announced.is_empty()).map(|()| Reach {
            family: Family::IPV4_UNICAST,
            next_hop: self.next_hop(),
            nlri: self.announced(),
        });
        multiprotocol.into_iter().chain(classic)
    }

    /// All withdrawn routes: the classic ones, then those of MP_UNREACH_NLRI, then those that were
    /// announced and count as withdrawn (RFC 7606 §2).
    #[inline]
    pub fn unreach(&self) -> impl Iterator<Item = Unreach<'_>> {
        let announced = self.treat_as_withdraw.then(|| self.announced());
        let mp_reach = announced.and_then(|_| self.mp_reach());
        let mp_reach = mp_reach.map(|reach| reach.nlri.without_labels());
        [Some(self.withdrawn()), self.mp_unreach().map(|unreach| unreach.nlri), announced, mp_reach]
            .into_iter()
            .flatten()
            .filter(|nlri| !nlri.is_empty())
            .map(|nlri| Unreach { family: nlri.family, nlri })
    }

    /// Takes the routes of some families out, as of those that were not negotiated (RFC 4760 §7); true when
    /// there were any. [`Update::body`] and [`Update::attributes`] stay as they came.
    pub fn retain_families(&mut self, keep: impl Fn(Family) -> bool) -> bool {
        let mut removed = false;
        if !keep(Family::IPV4_UNICAST) {
            removed = !self.withdrawn.is_empty() || !self.announced.is_empty();
            (self.withdrawn, self.announced) = (Span::default(), Span::default());
            self.counts = [0; 2];
        }
        if self.mp_reach.is_some_and(|(_, routes)| !keep(routes.family)) {
            (self.mp_reach, removed) = (None, true);
        }
        if self.mp_unreach.is_some_and(|routes| !keep(routes.family)) {
            (self.mp_unreach, removed) = (None, true);
        }
        removed
    }

    /// The classic field of announced routes, as it came.
    pub fn announced(&self) -> Nlri<'_> {
        self.classic(self.announced, self.counts[1])
    }

    /// The classic field of withdrawn routes, as it came.
    pub fn withdrawn(&self) -> Nlri<'_> {
        self.classic(self.withdrawn, self.counts[0])
    }

    #[inline]
    fn classic(&self, span: Span, count: u32) -> Nlri<'_> {
        let form = Form { add_path: self.add_path, ..Form::default() };
        Nlri::checked(Family::IPV4_UNICAST, span.of(&self.body), form, count)
    }

    #[inline]
    fn nlri(&self, routes: Routes) -> Nlri<'_> {
        Nlri::checked(routes.family, routes.span.of(&self.body), routes.form, routes.count)
    }

    /// MP_REACH_NLRI, as it came
    pub fn mp_reach(&self) -> Option<MpReach<'_>> {
        self.mp_reach.map(|(next_hop, routes)| MpReach { next_hop, nlri: self.nlri(routes) })
    }

    /// MP_UNREACH_NLRI, as it came
    pub fn mp_unreach(&self) -> Option<MpUnreach<'_>> {
        self.mp_unreach.map(|routes| MpUnreach { nlri: self.nlri(routes) })
    }

    /// NEXT_HOP. Without classic routes it means nothing and is not there (RFC 4760 §3).
    pub fn next_hop(&self) -> Option<NextHop> {
        self.next_hop.map(NextHop::V4)
    }

    /// The family whose End-of-RIB marker this is (RFC 4724 §2).
    pub fn end_of_rib(&self) -> Option<Family> {
        if !self.withdrawn.is_empty() || !self.announced.is_empty() || !self.flaws.is_empty() {
            return None;
        }
        match self.mp_unreach() {
            None if self.body.len() == 4 => Some(Family::IPV4_UNICAST),
            Some(unreach) if unreach.nlri.is_empty() && self.attributes().iter().count() == 1 => {
                Some(unreach.nlri.family)
            }
            _ => None,
        }
    }

    /// Its attributes as they came, without those that were discarded.
    pub fn attributes(&self) -> AttributesRef<'_> {
        let bytes = match &self.kept {
            Some(kept) => kept,
            None => self.attributes.of(&self.body),
        };
        AttributesRef::received(bytes, self.four_octet_as)
    }

    /// The attributes in canonical form, in a value of their own.
    pub fn to_path_attributes(&self) -> PathAttributes {
        let mut bytes = Vec::with_capacity(self.attributes().bytes().len());
        self.canonical_attributes(&mut bytes);
        PathAttributes::from_canonical(bytes)
    }

    /// Writes the attributes in canonical form over `out` and returns a view on them. Equal attributes give
    /// equal bytes, in whatever order and with whatever width of AS numbers they came. Of the flags only the
    /// partial bit counts, where it may be set (RFC 4271 §5).
    ///
    /// NEXT_HOP and the MP attributes are left out. AS4_PATH and AS4_AGGREGATOR are merged (RFC 6793 §4.2.3).
    /// Attributes that are not known get the partial bit, or are left out where they are not transitive
    /// (RFC 4271 §5).
    pub fn canonical_attributes<'a>(&self, out: &'a mut Vec<u8>) -> AttributesRef<'a> {
        out.clear();
        canonical::write(self.attributes(), self.ordered, out);
        AttributesRef::new(out)
    }
}

#[cfg(test)]
mod tests;
