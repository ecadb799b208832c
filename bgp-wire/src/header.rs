//! Framing (RFC 4271 §4.1).

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::HeaderError;
use crate::iana::MessageType;
use crate::message::Context;

/// Marker, length and type.
pub const HEADER_LENGTH: usize = 19;
/// Largest message without the extended message capability.
pub const MAX_LENGTH: usize = 4096;
/// Largest message with it (RFC 8654).
pub const MAX_EXTENDED_LENGTH: usize = 65535;

/// One whole message as it came, its header checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its type: one of the five that are known.
    pub kind: MessageType,
    /// What follows the header.
    pub body: Bytes,
}

/// Takes one message off the front of `buffer`; `None` when it is not complete yet.
///
/// # Errors
/// As soon as the header is there and wrong (RFC 4271 §6.1), without waiting for the body.
pub fn split_frame(buffer: &mut BytesMut, context: &Context) -> Result<Option<Frame>, HeaderError> {
    let Some((header, _)) = buffer.split_first_chunk::<HEADER_LENGTH>() else {
        return Ok(None);
    };
    let (marker, rest) = header.split_at(16);
    if marker != [0xff; 16] {
        return Err(HeaderError::NotSynchronized);
    }
    let &[high, low, kind] = rest else { return Ok(None) };
    let length = u16::from_be_bytes([high, low]);
    let kind = MessageType(kind);
    let least = match kind {
        MessageType::OPEN => 29,
        MessageType::UPDATE => 23,
        MessageType::NOTIFICATION => 21,
        MessageType::KEEPALIVE => 19,
        MessageType::ROUTE_REFRESH => 23,
        // The length is checked before the type (the order of RFC 4271 §6.1).
        _ => 19,
    };
    let most = match kind {
        MessageType::KEEPALIVE => 19,
        MessageType::OPEN => MAX_LENGTH,
        _ if context.extended_message => MAX_EXTENDED_LENGTH,
        _ => MAX_LENGTH,
    };
    if usize::from(length) < least || usize::from(length) > most {
        return Err(HeaderError::BadLength { length });
    }
    if kind.name().is_none() {
        return Err(HeaderError::BadType { kind: kind.0 });
    }
    if buffer.len() < usize::from(length) {
        return Ok(None);
    }
    let mut message = buffer.split_to(usize::from(length)).freeze();
    Ok(Some(Frame { kind, body: message.split_off(HEADER_LENGTH) }))
}

/// The Length field of the message that `body` came in.
pub(crate) fn length_of(body: &[u8]) -> u16 {
    u16::try_from(body.len() + HEADER_LENGTH).unwrap_or(u16::MAX)
}

/// Writes a header, the body by `body`, then the length into the header.
pub(crate) fn write(out: &mut BytesMut, kind: MessageType, body: impl FnOnce(&mut BytesMut)) {
    let start = begin(out, kind);
    body(out);
    finish(out, start);
}

/// Writes a header whose length [`finish`] fills in; returns where the message starts.
pub(crate) fn begin(out: &mut BytesMut, kind: MessageType) -> usize {
    let start = out.len();
    out.put_slice(&[0xff; 16]);
    out.put_u16(0);
    out.put_u8(kind.0);
    start
}

pub(crate) fn finish(out: &mut BytesMut, start: usize) {
    let length = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
    put_u16_at(out, start + 16, length);
}

/// Overwrites two bytes that were written before.
pub(crate) fn put_u16_at(out: &mut BytesMut, at: usize, value: u16) {
    if let Some(field) = out.get_mut(at..at + 2) {
        field.copy_from_slice(&value.to_be_bytes());
    }
}
