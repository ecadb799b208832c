//! ROUTE-REFRESH (RFC 2918, RFC 7313).

use bytes::{BufMut, BytesMut};

use crate::codec::Cursor;
use crate::error::{HeaderError, MessageError, RouteRefreshError};
use crate::header;
use crate::iana::{Afi, Family, MessageType, Safi};

/// Asks for, or marks, the announcement of a whole family anew.
///
/// ```
/// use bgp_wire::{Family, Message, RouteRefresh};
/// let ask = RouteRefresh { family: Family::IPV6_UNICAST, subtype: 0 };
/// assert_eq!(Message::RouteRefresh(ask).to_bytes()[16..], [0, 23, 5, 0, 2, 0, 1]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RouteRefresh {
    /// The family concerned
    pub family: Family,
    /// 0: a request; 1 and 2: beginning and end of a refresh; others are to be ignored (RFC 7313 §5)
    pub subtype: u8,
}

impl RouteRefresh {
    pub(crate) fn decode(body: &[u8]) -> Result<Self, MessageError> {
        let mut cursor = Cursor::new(body);
        let (Some(afi), Some(subtype), Some(safi)) = (cursor.u16(), cursor.u8(), cursor.u8())
        else {
            return Err(HeaderError::BadLength { length: header::length_of(body) }.into());
        };
        match subtype {
            _ if cursor.is_empty() => {}
            // What follows would be an ORF, which is never negotiated (RFC 5291).
            0 => return Err(HeaderError::BadLength { length: header::length_of(body) }.into()),
            1 | 2 => {
                let mut message = BytesMut::new();
                let out = &mut message;
                header::write(out, MessageType::ROUTE_REFRESH, |out| out.extend_from_slice(body));
                return Err(RouteRefreshError::InvalidLength { message: message.freeze() }.into());
            }
            // To be ignored, so its form does not matter (RFC 7313 §5).
            _ => {}
        }
        Ok(Self { family: Family { afi: Afi(afi), safi: Safi(safi) }, subtype })
    }

    pub(crate) fn encode(self, out: &mut BytesMut) {
        header::write(out, MessageType::ROUTE_REFRESH, |out| {
            out.put_u16(self.family.afi.0);
            out.put_u8(self.subtype);
            out.put_u8(self.family.safi.0);
        });
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::message::Message;

    fn refusal(body: &[u8]) -> Option<(u8, u8, Vec<u8>)> {
        let notification = RouteRefresh::decode(body).err()?.notification();
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
                let refresh = RouteRefresh { family, subtype };
                let bytes = Message::RouteRefresh(refresh).to_bytes();
                assert_eq!(RouteRefresh::decode(&bytes.slice(19..)), Ok(refresh));
            }
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

    /// RFC 5291 is not spoken here.
    #[test]
    fn a_request_with_a_filter_is_refused() {
        assert_eq!(refusal(&[0, 1, 0, 1, 1, 64, 0, 0]), Some((1, 2, Vec::from([0, 27]))));
    }

    /// RFC 7313 §5: those are to be ignored.
    #[test]
    fn an_unknown_subtype_is_no_error() {
        assert_eq!(refusal(&[0, 1, 3, 1, 9, 9]), None);
    }
}
