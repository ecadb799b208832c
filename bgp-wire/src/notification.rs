//! NOTIFICATION (RFC 4271 §4.5).

use core::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use crate::codec::Cursor;
use crate::iana::{MessageType, NotificationCode, subcode};
use crate::{HeaderError, header};

/// Why a session ends.
///
/// ```
/// use bgp_wire::{Notification, NotificationCode, subcode};
/// let cease = Notification::new(NotificationCode::CEASE, subcode::cease::ADMINISTRATIVE_SHUTDOWN);
/// assert_eq!(cease.to_string(), "Administrative Shutdown");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Notification {
    /// Error code
    pub code: NotificationCode,
    /// Error subcode, read together with the code
    pub subcode: u8,
    /// What the code asks for: the erroneous attribute, the length, …
    pub data: Bytes,
}

impl Notification {
    /// One without data.
    pub const fn new(code: NotificationCode, subcode: u8) -> Self {
        Self { code, subcode, data: Bytes::new() }
    }

    /// One with data.
    pub const fn with_data(code: NotificationCode, subcode: u8, data: Bytes) -> Self {
        Self { code, subcode, data }
    }

    pub(crate) fn decode(body: &Bytes) -> Result<Self, HeaderError> {
        let mut cursor = Cursor::new(body);
        let (Some(code), Some(subcode)) = (cursor.u8(), cursor.u8()) else {
            return Err(HeaderError::BadLength { length: header::length_of(body) });
        };
        Ok(Self { code: NotificationCode(code), subcode, data: body.slice(2..) })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        header::write(out, MessageType::NOTIFICATION, |out| {
            out.put_u8(self.code.0);
            out.put_u8(self.subcode);
            // Data is cut to what the smallest message allows: it only explains.
            out.extend_from_slice(self.data.get(..self.data.len().min(4075)).unwrap_or_default());
        });
    }

    /// The subcode's registered name, if it is known here.
    pub const fn subcode_name(&self) -> Option<&'static str> {
        use subcode::{cease, fsm, header, open, route_refresh, update};
        Some(match (self.code, self.subcode) {
            (NotificationCode::MESSAGE_HEADER, header::CONNECTION_NOT_SYNCHRONIZED) => {
                "Connection not synchronized"
            }
            (NotificationCode::MESSAGE_HEADER, header::BAD_MESSAGE_LENGTH) => "Bad message length",
            (NotificationCode::MESSAGE_HEADER, header::BAD_MESSAGE_TYPE) => "Bad message type",
            (NotificationCode::OPEN_MESSAGE, open::UNSUPPORTED_VERSION_NUMBER) => {
                "Unsupported version number"
            }
            (NotificationCode::OPEN_MESSAGE, open::BAD_PEER_AS) => "Bad peer AS",
            (NotificationCode::OPEN_MESSAGE, open::BAD_BGP_IDENTIFIER) => "Bad BGP identifier",
            (NotificationCode::OPEN_MESSAGE, open::UNSUPPORTED_OPTIONAL_PARAMETER) => {
                "Unsupported optional parameter"
            }
            (NotificationCode::OPEN_MESSAGE, open::UNACCEPTABLE_HOLD_TIME) => {
                "Unacceptable hold time"
            }
            (NotificationCode::OPEN_MESSAGE, open::UNSUPPORTED_CAPABILITY) => {
                "Required capability missing"
            }
            (NotificationCode::UPDATE_MESSAGE, update::MALFORMED_ATTRIBUTE_LIST) => {
                "Malformed attribute list"
            }
            (NotificationCode::UPDATE_MESSAGE, update::UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE) => {
                "Unrecognized well-known attribute"
            }
            (NotificationCode::UPDATE_MESSAGE, update::MISSING_WELL_KNOWN_ATTRIBUTE) => {
                "Missing mandatory attribute"
            }
            (NotificationCode::UPDATE_MESSAGE, update::ATTRIBUTE_FLAGS_ERROR) => {
                "Invalid attribute flags"
            }
            (NotificationCode::UPDATE_MESSAGE, update::ATTRIBUTE_LENGTH_ERROR) => {
                "Invalid attribute length"
            }
            (NotificationCode::UPDATE_MESSAGE, update::INVALID_ORIGIN_ATTRIBUTE) => {
                "Invalid ORIGIN attribute"
            }
            (NotificationCode::UPDATE_MESSAGE, update::INVALID_NEXT_HOP_ATTRIBUTE) => {
                "Invalid NEXT_HOP attribute"
            }
            (NotificationCode::UPDATE_MESSAGE, update::OPTIONAL_ATTRIBUTE_ERROR) => {
                "Optional attribute error"
            }
            (NotificationCode::UPDATE_MESSAGE, update::INVALID_NETWORK_FIELD) => {
                "Invalid network field"
            }
            (NotificationCode::UPDATE_MESSAGE, update::MALFORMED_AS_PATH) => "Malformed AS_PATH",
            (NotificationCode::FINITE_STATE_MACHINE, fsm::UNEXPECTED_MESSAGE_IN_OPEN_SENT) => {
                "Unexpected message in OpenSent state"
            }
            (NotificationCode::FINITE_STATE_MACHINE, fsm::UNEXPECTED_MESSAGE_IN_OPEN_CONFIRM) => {
                "Unexpected message in OpenConfirm state"
            }
            (NotificationCode::FINITE_STATE_MACHINE, fsm::UNEXPECTED_MESSAGE_IN_ESTABLISHED) => {
                "Unexpected message in Established state"
            }
            (NotificationCode::CEASE, cease::MAXIMUM_NUMBER_OF_PREFIXES) => {
                "Maximum number of prefixes reached"
            }
            (NotificationCode::CEASE, cease::ADMINISTRATIVE_SHUTDOWN) => "Administrative Shutdown",
            (NotificationCode::CEASE, cease::PEER_DE_CONFIGURED) => "Peer de-configured",
            (NotificationCode::CEASE, cease::ADMINISTRATIVE_RESET) => "Administrative reset",
            (NotificationCode::CEASE, cease::CONNECTION_REJECTED) => "Connection rejected",
            (NotificationCode::CEASE, cease::OTHER_CONFIGURATION_CHANGE) => {
                "Other configuration change"
            }
            (NotificationCode::CEASE, cease::CONNECTION_COLLISION_RESOLUTION) => {
                "Connection collision resolution"
            }
            (NotificationCode::CEASE, cease::OUT_OF_RESOURCES) => "Out of Resources",
            (NotificationCode::ROUTE_REFRESH, route_refresh::INVALID_MESSAGE_LENGTH) => {
                "Invalid ROUTE-REFRESH length"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subcode_name() {
            Some(name) => f.write_str(name),
            None if self.subcode == 0 => write!(f, "{}", self.code),
            None => write!(f, "{} subcode {}", self.code, self.subcode),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;
    use crate::message::Message;

    #[test]
    fn it_comes_back() {
        let data = Bytes::from_static(b"\x0bmaintenance");
        let notification = Notification::with_data(NotificationCode::CEASE, 2, data);
        let bytes = Message::Notification(notification.clone()).to_bytes();
        assert_eq!(bytes.get(16..21), Some(&[0, 33, 3, 6, 2][..]));
        assert_eq!(Notification::decode(&bytes.slice(19..)), Ok(notification));
    }

    /// RFC 8654 §5: not more than 4,096 octets to those who did not ask for more.
    #[test]
    fn data_that_is_too_long_is_cut() {
        let data = Bytes::from(vec![7; 60_000]);
        let long = Notification::with_data(NotificationCode::UPDATE_MESSAGE, 4, data);
        assert_eq!(Message::Notification(long).to_bytes().len(), 4096);
    }

    /// RFC 4271 §6.4: codes that are not known are no error.
    #[test]
    fn what_is_not_known_prints_as_numbers() {
        let texts = [
            (6, 2, "Administrative Shutdown"),
            (4, 0, "Hold Timer Expired"),
            (7, 1, "Invalid ROUTE-REFRESH length"),
            (6, 99, "Cease subcode 99"),
            (99, 0, "99"),
            (99, 1, "99 subcode 1"),
        ];
        for (code, subcode, text) in texts {
            let body = Bytes::copy_from_slice(&[code, subcode]);
            let decoded = Notification::decode(&body).map(|notification| notification.to_string());
            assert_eq!(decoded.as_deref(), Ok(text));
        }
    }

    /// Every subcode that has a constant has a name, but the unspecific ones.
    #[test]
    fn every_subcode_has_a_name() {
        let known = [
            (1, 1..=3),
            (2, 1..=4),
            (2, 6..=7),
            (3, 1..=6),
            (3, 8..=11),
            (5, 1..=3),
            (6, 1..=8),
            (7, 1..=1),
        ];
        for (code, subcodes) in known {
            for subcode in subcodes {
                let notification = Notification::new(NotificationCode(code), subcode);
                assert!(notification.subcode_name().is_some(), "{code}/{subcode}");
            }
        }
    }
}
