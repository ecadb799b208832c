//! Any message.

use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;

use crate::error::{HeaderError, MessageError};
use crate::header::{self, Frame, MAX_EXTENDED_LENGTH, MAX_LENGTH};
use crate::iana::{Family, MessageType};
use crate::notification::Notification;
use crate::open::Open;
use crate::route_refresh::RouteRefresh;
use crate::update::Update;

/// What was negotiated on a session and changes the format of its messages, for one direction.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Context {
    /// AS numbers have 4 octets (RFC 6793).
    pub four_octet_as: bool,
    /// Messages up to 65,535 octets (RFC 8654).
    pub extended_message: bool,
    /// Families whose prefixes carry a path identifier (RFC 7911).
    pub add_path: SmallVec<[Family; 2]>,
}

impl Context {
    /// Largest message, in octets.
    pub const fn max_length(&self) -> usize {
        if self.extended_message { MAX_EXTENDED_LENGTH } else { MAX_LENGTH }
    }

    /// Whether prefixes of `family` carry a path identifier.
    pub fn has_add_path(&self, family: Family) -> bool {
        self.add_path.contains(&family)
    }
}

/// A BGP message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// RFC 4271 §4.2
    Open(Open),
    /// RFC 4271 §4.3
    Update(Update),
    /// RFC 4271 §4.5
    Notification(Notification),
    /// RFC 4271 §4.4
    Keepalive,
    /// RFC 2918
    RouteRefresh(RouteRefresh),
}

impl Message {
    /// Reads the body of a message.
    ///
    /// # Errors
    /// Anything that RFC 4271 §6 counts as an error of the message itself.
    pub fn decode(frame: &Frame, context: &Context) -> Result<Self, MessageError> {
        Ok(match frame.kind {
            MessageType::OPEN => Self::Open(Open::decode(&frame.body)?),
            MessageType::UPDATE => Self::Update(Update::decode(frame.body.clone(), context)?),
            MessageType::NOTIFICATION => Self::Notification(Notification::decode(&frame.body)?),
            MessageType::ROUTE_REFRESH => Self::RouteRefresh(RouteRefresh::decode(&frame.body)?),
            MessageType::KEEPALIVE if frame.body.is_empty() => Self::Keepalive,
            // Framing lets neither of these through.
            MessageType::KEEPALIVE => {
                return Err(
                    HeaderError::BadLength { length: header::length_of(&frame.body) }.into()
                );
            }
            MessageType(kind) => return Err(HeaderError::BadType { kind }.into()),
        })
    }

    /// Appends the whole message. An [`Update`] is written as it was received.
    pub fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Open(open) => open.encode(out),
            Self::Update(update) => {
                header::write(out, MessageType::UPDATE, |out| out.extend_from_slice(update.body()));
            }
            Self::Notification(notification) => notification.encode(out),
            Self::Keepalive => header::write(out, MessageType::KEEPALIVE, |_| ()),
            Self::RouteRefresh(refresh) => refresh.encode(out),
        }
    }

    /// The whole message in a buffer of its own.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::new();
        self.encode(&mut out);
        out.freeze()
    }

    /// Its type.
    pub const fn kind(&self) -> MessageType {
        match self {
            Self::Open(_) => MessageType::OPEN,
            Self::Update(_) => MessageType::UPDATE,
            Self::Notification(_) => MessageType::NOTIFICATION,
            Self::Keepalive => MessageType::KEEPALIVE,
            Self::RouteRefresh(_) => MessageType::ROUTE_REFRESH,
        }
    }
}
