//! Peer Down (RFC 7854 §4.9, RFC 9069 §5.3).

use bytes::{BufMut, Bytes, BytesMut};

use crate::bmp::check_end;
use crate::bmp::error::BmpError;
use crate::bmp::peer::PeerHeader;
use crate::bmp::tlv::Tlvs;
use crate::error::{HeaderError, MessageError};
use crate::fields::Fields;
use crate::header::whole_frame;
use crate::iana::MessageType;
use crate::message::Context;
use crate::notification::Notification;

/// A session has ended, or is told of no longer; its routes are gone (RFC 7854 §4.9).
///
/// ```
/// use bgp_wire::bmp::{Message, PeerDown, PeerDownReason, PeerHeader};
/// use bgp_wire::{Notification, NotificationCode};
///
/// let cease = Notification::new(NotificationCode::CEASE, 2);
/// let bytes = bgp_wire::Message::Notification(cease.clone()).to_bytes();
/// let peer = PeerHeader::new("192.0.2.1".parse()?, 64500, "192.0.2.1".parse()?);
/// let message =
///     Message::PeerDown(PeerDown { peer, reason: PeerDownReason::RemoteNotification(bytes) });
/// let Message::PeerDown(again) = Message::decode(message.to_bytes())? else { panic!() };
/// assert_eq!(again.reason.notification(), Some(Ok(cease)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerDown {
    /// The peer
    pub peer: PeerHeader,
    /// Why
    pub reason: PeerDownReason,
}

/// Why a session ended (RFC 7854 §4.9).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerDownReason {
    /// 1: the router ended it with this NOTIFICATION, the whole message with its header
    LocalNotification(Bytes),
    /// 2: the router ended it for this event of RFC 4271 §8.1, or 0
    LocalEvent(u16),
    /// 3: the peer ended it with this NOTIFICATION, the whole message with its header
    RemoteNotification(Bytes),
    /// 4: the peer ended it without a NOTIFICATION, or the connection broke
    RemoteNoNotification,
    /// 5: the station is told no more of this peer
    DeConfigured,
    /// 6: the router ended it; more in TLVs: [`crate::bmp::PeerDownTlv`] (RFC 9069 §5.3)
    LocalInformation(Tlvs),
    /// Any other
    Unknown {
        /// The reason
        code: u8,
        /// What follows it
        data: Bytes,
    },
}

impl PeerDown {
    pub(super) fn decode(peer: PeerHeader, body: &Bytes, start: usize) -> Result<Self, BmpError> {
        let mut fields = Fields::new(body, start);
        let code = fields.u8("reason")?;
        let data = body.slice(fields.consumed()..);
        let reason = match code {
            1 => PeerDownReason::LocalNotification(data),
            2 => {
                let event = fields.u16("event")?;
                check_end(&fields)?;
                PeerDownReason::LocalEvent(event)
            }
            3 => PeerDownReason::RemoteNotification(data),
            4 if data.is_empty() => PeerDownReason::RemoteNoNotification,
            5 if data.is_empty() => PeerDownReason::DeConfigured,
            6 => PeerDownReason::LocalInformation(Tlvs::decode(data, fields.offset())?),
            code => PeerDownReason::Unknown { code, data },
        };
        Ok(Self { peer, reason })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.reason.code());
        match &self.reason {
            PeerDownReason::LocalNotification(data)
            | PeerDownReason::RemoteNotification(data)
            | PeerDownReason::Unknown { data, .. } => out.put_slice(data),
            PeerDownReason::LocalEvent(event) => out.put_u16(*event),
            PeerDownReason::RemoteNoNotification | PeerDownReason::DeConfigured => {}
            PeerDownReason::LocalInformation(tlvs) => out.put_slice(tlvs.bytes()),
        }
    }
}

impl PeerDownReason {
    /// The Reason octet.
    pub const fn code(&self) -> u8 {
        match self {
            Self::LocalNotification(_) => 1,
            Self::LocalEvent(_) => 2,
            Self::RemoteNotification(_) => 3,
            Self::RemoteNoNotification => 4,
            Self::DeConfigured => 5,
            Self::LocalInformation(_) => 6,
            Self::Unknown { code, .. } => *code,
        }
    }

    /// The NOTIFICATION, where the reason has one; `Err` when it cannot be read.
    pub fn notification(&self) -> Option<Result<Notification, MessageError>> {
        match self {
            Self::LocalNotification(message) | Self::RemoteNotification(message) => {
                Some(decode_notification(message))
            }
            _ => None,
        }
    }
}

fn decode_notification(message: &Bytes) -> Result<Notification, MessageError> {
    let context = Context { extended_message: true, ..Context::default() };
    let frame = whole_frame(message, &context)?;
    match frame.kind {
        MessageType::NOTIFICATION => Ok(Notification::decode(&frame.body)?),
        MessageType(kind) => Err(HeaderError::BadType { kind }.into()),
    }
}
