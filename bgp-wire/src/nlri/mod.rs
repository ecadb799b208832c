//! Network layer reachability information (RFC 4271 §4.3, RFC 4760 §5, RFC 7911 §3).

mod destination;
pub(crate) mod evpn;
pub(crate) mod flow_spec;
pub(crate) mod label;
pub(crate) mod prefix;
pub(crate) mod route_distinguisher;
pub(crate) mod route_target;

use crate::codec::Cursor;
use crate::iana::{Afi, Family, NlriKind};
use crate::message::Context;

pub use destination::{Destination, EncodeNlri, NotEncoded};
pub use prefix::{Prefixes, encode_prefix};

/// What decides the form of NLRI beside their family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Form {
    /// A path identifier stands before each (RFC 7911 §3).
    pub(crate) add_path: bool,
    pub(crate) labels: Labels,
}

/// What becomes of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Labels {
    #[default]
    Kept,
    /// In their place there is a field that means nothing: the route is withdrawn (RFC 8277 §2.4).
    Compatibility,
    /// The route was announced and counts as withdrawn, so they are not shown.
    Dropped,
}

impl Form {
    pub(crate) fn new(context: &Context, family: Family, withdrawn: bool) -> Self {
        let labels = if withdrawn { Labels::Compatibility } else { Labels::Kept };
        Self { add_path: context.has_add_path(family), labels }
    }
}

/// The routes of one family in one message, as received and checked.
///
/// ```
/// use bgp_wire::{Context, Destination, Family, Nlri};
/// // A VPN-IPv4 route (RFC 4364 §4.3.4): 24 + 64 + 8 bits, label 100, distinguisher 65000:1, 10.0.0.0/8
/// let field = [96, 0, 6, 0x41, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 10];
/// let nlri = Nlri::decode(Family::IPV4_VPN, &field, &Context::default()).expect("well-formed");
/// let texts: Vec<_> = nlri.destinations().map(|(_, route)| route.to_string()).collect();
/// assert_eq!(texts, ["65000:1:10.0.0.0/8 label 100"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nlri<'a> {
    /// Their family
    pub family: Family,
    bytes: &'a [u8],
    form: Form,
    /// Of prefixes; other families are not counted
    count: u32,
}

impl<'a> Nlri<'a> {
    /// Checks routes as MP_REACH_NLRI holds them. NLRI of a family that is not known are kept, and have no
    /// destinations.
    ///
    /// # Errors
    /// The offset of the first one that is too long, cut off or otherwise malformed.
    pub fn decode(family: Family, bytes: &'a [u8], context: &Context) -> Result<Self, usize> {
        Self::decode_form(family, bytes, Form::new(context, family, false))
    }

    pub(crate) fn decode_form(family: Family, bytes: &'a [u8], form: Form) -> Result<Self, usize> {
        let count = match family.nlri_kind() {
            None => 0,
            Some(NlriKind::Prefix) => prefix::check(bytes, family.afi == Afi::IPV6, form.add_path)?,
            Some(kind) => {
                let mut cursor = Cursor::new(bytes);
                while !cursor.is_empty() {
                    let start = cursor.offset();
                    destination::decode(&mut cursor, kind, family.afi, form).ok_or(start)?;
                }
                0
            }
        };
        Ok(Self { family, bytes, form, count })
    }

    /// A view on what was checked and counted before.
    pub(crate) const fn checked(family: Family, bytes: &'a [u8], form: Form, count: u32) -> Self {
        Self { family, bytes, form, count }
    }

    /// How many prefixes there are.
    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    /// The same routes as if they had been withdrawn: without labels.
    pub(crate) fn without_labels(self) -> Self {
        let labels = match self.form.labels {
            Labels::Kept => Labels::Dropped,
            other => other,
        };
        Self { form: Form { labels, ..self.form }, ..self }
    }

    /// Iterates over the prefixes of a unicast or multicast family, without the path identifiers. Bits
    /// behind the length are cleared: their value means nothing (RFC 4271 §4.3).
    pub const fn prefixes(&self) -> Prefixes<'a> {
        let data = if self.family.prefix_bits().is_some() { self.bytes } else { &[] };
        Prefixes::new(data, matches!(self.family.afi, Afi::IPV6), self.form.add_path, self.count)
    }

    /// Iterates over the routes of any family that is known, with their path identifiers (RFC 7911) where
    /// the session has them.
    pub fn destinations(
        &self,
    ) -> impl Iterator<Item = (Option<u32>, Destination<'a>)> + Clone + use<'a> {
        let Self { family, bytes, form, .. } = *self;
        let mut cursor = Cursor::new(bytes);
        core::iter::from_fn(move || {
            destination::decode(&mut cursor, family.nlri_kind()?, family.afi, form)
        })
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether a path identifier stands before each route.
    pub const fn has_path_ids(&self) -> bool {
        self.form.add_path
    }

    /// The bytes as received.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

#[cfg(test)]
mod tests;
