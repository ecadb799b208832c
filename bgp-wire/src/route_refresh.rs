//! ROUTE-REFRESH (RFC 2918, RFC 7313).

use alloc::vec::Vec;
use core::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use crate::codec::Cursor;
use crate::error::{HeaderError, MessageError, RouteRefreshError};
use crate::header::{self, HEADER_LENGTH, MAX_EXTENDED_LENGTH};
use crate::iana::{Afi, Family, MessageType, Safi, registry};
use crate::orf::OrfUpdate;

registry! {
    /// What a ROUTE-REFRESH is for (RFC 7313 §3.2). Others are to be ignored (§5).
    RefreshSubtype(u8) {
        /// All routes are wanted (RFC 2918).
        REQUEST = 0, "request";
        /// BoRR: all routes will follow.
        BEGIN = 1, "BoRR";
        /// EoRR: all routes have been sent.
        END = 2, "EoRR";
    }
}

/// Asks for, or marks, the announcement of a whole family anew.
///
/// ```
/// use bgp_wire::{Family, Message, RouteRefresh};
/// let ask = RouteRefresh::request(Family::IPV6_UNICAST);
/// assert_eq!(ask.to_string(), "request ipv6");
/// assert_eq!(Message::RouteRefresh(ask).to_bytes()[16..], [0, 23, 5, 0, 2, 0, 1]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RouteRefresh {
    /// The family concerned
    pub family: Family,
    /// What it is for
    pub subtype: RefreshSubtype,
    /// Changes of filters that come with a request (RFC 5291 §4); with other subtypes they are not written.
    pub orf: Option<OrfUpdate>,
}

/// Header and family, which stand before the filters.
const BEFORE_ORF: usize = HEADER_LENGTH + 4;

impl RouteRefresh {
    /// One without filters.
    pub const fn new(family: Family, subtype: RefreshSubtype) -> Self {
        Self { family, subtype, orf: None }
    }

    /// Asks for all routes of a family (RFC 2918).
    pub const fn request(family: Family) -> Self {
        Self::new(family, RefreshSubtype::REQUEST)
    }

    /// BoRR (RFC 7313 §3.2).
    pub const fn begin(family: Family) -> Self {
        Self::new(family, RefreshSubtype::BEGIN)
    }

    /// EoRR (RFC 7313 §3.2).
    pub const fn end(family: Family) -> Self {
        Self::new(family, RefreshSubtype::END)
    }

    /// Changes filters (RFC 5291 §4), in as many messages as `max_length` octets each make necessary: see
    /// [`Context::max_length`](crate::Context::max_length). All but the last defer the refresh. Filters of a
    /// type that is not known are never parted.
    pub fn change_filters(family: Family, update: OrfUpdate, max_length: usize) -> Vec<Self> {
        let parts = update.split(max_length.saturating_sub(BEFORE_ORF)).into_iter();
        parts.map(|part| Self { orf: Some(part), ..Self::request(family) }).collect()
    }

    pub(crate) fn decode(body: &Bytes) -> Result<Self, MessageError> {
        let mut cursor = Cursor::new(body);
        let bad_length = || HeaderError::BadLength { length: header::length_of(body) };
        let (Some(afi), Some(subtype), Some(safi)) = (cursor.u16(), cursor.u8(), cursor.u8())
        else {
            return Err(bad_length().into());
        };
        let family = Family { afi: Afi(afi), safi: Safi(safi) };
        let plain = Self::new(family, RefreshSubtype(subtype));
        match plain.subtype {
            _ if cursor.is_empty() => Ok(plain),
            // RFC 5291 §4: the length says that there are filters.
            RefreshSubtype::REQUEST => {
                let orf = OrfUpdate::decode(&body.slice(cursor.offset()..), family.afi);
                Ok(Self { orf: Some(orf.ok_or_else(bad_length)?), ..plain })
            }
            RefreshSubtype::BEGIN | RefreshSubtype::END => {
                let mut message = BytesMut::new();
                let out = &mut message;
                header::write(out, MessageType::ROUTE_REFRESH, |out| out.extend_from_slice(body));
                Err(RouteRefreshError::InvalidLength { message: message.freeze() }.into())
            }
            // To be ignored, so its form does not matter (RFC 7313 §5).
            _ => Ok(plain),
        }
    }

    /// Filters for which 65,535 octets have no room are left out.
    pub(crate) fn encode(&self, out: &mut BytesMut) {
        header::write(out, MessageType::ROUTE_REFRESH, |out| {
            out.put_u16(self.family.afi.0);
            out.put_u8(self.subtype.0);
            out.put_u8(self.family.safi.0);
            if let (RefreshSubtype::REQUEST, Some(orf)) = (self.subtype, &self.orf) {
                orf.encode(out, self.family.afi, MAX_EXTENDED_LENGTH - BEFORE_ORF);
            }
        });
    }
}

impl fmt::Display for RouteRefresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subtype, self.family)?;
        match &self.orf {
            Some(orf) => write!(f, ", {orf}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    fn decode(body: &[u8]) -> Result<RouteRefresh, MessageError> {
        RouteRefresh::decode(&Bytes::copy_from_slice(body))
    }

    fn refusal(body: &[u8]) -> Option<(u8, u8, Vec<u8>)> {
        let notification = decode(body).err()?.notification();
        Some((notification.code.0, notification.subcode, notification.data.to_vec()))
    }

    #[test]
    fn every_one_comes_back() {
        for subtype in [0, 1, 2, 3, 255] {
            for family in [
                Family::IPV4_UNICAST,
                Family::IPV6_UNICAST,
                Family { afi: Afi(25), safi: Safi(70) },
            ] {
                let refresh = RouteRefresh::new(family, RefreshSubtype(subtype));
                let bytes = Message::RouteRefresh(refresh.clone()).to_bytes();
                assert_eq!(RouteRefresh::decode(&bytes.slice(19..)), Ok(refresh));
            }
        }
    }

    #[test]
    fn the_constructors_are_named_as_they_print() {
        let family = Family::IPV4_UNICAST;
        let made = [RouteRefresh::request, RouteRefresh::begin, RouteRefresh::end];
        let texts = made.map(|make| alloc::string::ToString::to_string(&make(family)));
        assert_eq!(texts, ["request ipv4", "BoRR ipv4", "EoRR ipv4"]);
    }

    /// RFC 2918 §3: 23 octets at least
    #[test]
    fn rfc2918_3_length() {
        for length in 0..4 {
            let body = [0, 1, 0, 1];
            let said = Vec::from([0, 19 + length]);
            let body = body.get(..usize::from(length)).unwrap_or_default();
            assert_eq!(refusal(body), Some((1, 2, said)));
        }
    }

    /// RFC 7313 §5: the whole message is the data.
    #[test]
    fn rfc7313_5_invalid_message_length() {
        for subtype in [1, 2] {
            let mut whole = Vec::from([0xff; 16]);
            whole.extend([0, 24, 5, 0, 1, subtype, 1, 9]);
            assert_eq!(refusal(&[0, 1, subtype, 1, 9]), Some((7, 1, whole)));
        }
    }

    /// RFC 7313 §5: those are to be ignored.
    #[test]
    fn rfc7313_5_an_unknown_subtype_is_no_error() {
        assert_eq!(refusal(&[0, 1, 3, 1, 9, 9]), None);
    }

    /// Lengths of filters that do not add up
    #[test]
    fn rfc5291_4_bad_lengths() {
        for orf in [&[1, 64][..], &[1, 64, 0], &[1, 64, 0, 1], &[1, 64, 0, 1, 0x80, 64]] {
            let mut body = Vec::from([0, 1, 0, 1]);
            body.extend_from_slice(orf);
            let said = Vec::from([0, u8::try_from(19 + body.len()).unwrap_or(0)]);
            assert_eq!(refusal(&body), Some((1, 2, said)), "{orf:?}");
        }
    }

    /// Filters are only written with a request: with another subtype they would be an error.
    #[test]
    fn rfc5291_4_filters_come_with_requests() {
        let orf = decode(&[0, 1, 0, 1, 1, 64, 0, 1, 0x80]).expect("well formed").orf;
        let begin = RouteRefresh { orf, ..RouteRefresh::begin(Family::IPV4_UNICAST) };
        assert_eq!(Message::RouteRefresh(begin).to_bytes().len(), 23);
    }
}
