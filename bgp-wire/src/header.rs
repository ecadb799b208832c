//! Framing (RFC 4271 §4.1).

use bytes::{Buf, Bytes, BytesMut};

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

impl Frame {
    /// One whole message, as an archive holds it, that lies in a buffer of its own.
    ///
    /// # Errors
    /// A header that is wrong (RFC 4271 §6.1); a length that is not that of `message`.
    pub fn decode(mut message: Bytes, context: &Context) -> Result<Self, HeaderError> {
        let wrong =
            HeaderError::BadLength { length: u16::try_from(message.len()).unwrap_or(u16::MAX) };
        let header = message.first_chunk().ok_or(wrong)?;
        let (kind, length) = check(header, context)?;
        if length != message.len() {
            let length = u16::try_from(length).unwrap_or(u16::MAX);
            return Err(HeaderError::BadLength { length });
        }
        message.advance(HEADER_LENGTH);
        Ok(Self { kind, body: message })
    }
}

/// Takes one message off the front of `buffer`; `None` when it is not complete yet.
///
/// # Errors
/// As soon as the header is there and wrong (RFC 4271 §6.1), without waiting for the body.
pub fn split_frame(buffer: &mut BytesMut, context: &Context) -> Result<Option<Frame>, HeaderError> {
    let Some(header) = buffer.first_chunk() else { return Ok(None) };
    let (kind, length) = check(header, context)?;
    if buffer.len() < length {
        return Ok(None);
    }
    let mut message = buffer.split_to(length).freeze();
    message.advance(HEADER_LENGTH);
    Ok(Some(Frame { kind, body: message }))
}

/// Type and length of a message.
fn check(
    header: &[u8; HEADER_LENGTH],
    context: &Context,
) -> Result<(MessageType, usize), HeaderError> {
    let [marker @ .., high, low, kind] = header;
    if *marker != [0xff; 16] {
        return Err(HeaderError::NotSynchronized);
    }
    let length = u16::from_be_bytes([*high, *low]);
    let kind = MessageType(*kind);
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
    Ok((kind, usize::from(length)))
}

/// The frame of a message that is there whole, as archives and BMP hold it.
#[cfg(any(feature = "bmp", feature = "mrt"))]
pub(crate) fn whole_frame(message: &Bytes, context: &Context) -> Result<Frame, HeaderError> {
    let bad_length =
        |length| HeaderError::BadLength { length: u16::try_from(length).unwrap_or(u16::MAX) };
    let header = message.first_chunk().ok_or(bad_length(message.len()))?;
    let (kind, length) = check(header, context)?;
    if length != message.len() {
        return Err(bad_length(length));
    }
    Ok(Frame { kind, body: message.slice(HEADER_LENGTH..) })
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
#[inline]
pub(crate) fn begin(out: &mut BytesMut, kind: MessageType) -> usize {
    let start = out.len();
    let mut header = [0xff; HEADER_LENGTH];
    let [.., high, low, field] = &mut header;
    (*high, *low, *field) = (0, 0, kind.0);
    out.extend_from_slice(&header);
    start
}

#[inline]
pub(crate) fn finish(out: &mut BytesMut, start: usize) {
    let length = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
    put_u16_at(out, start + 16, length);
}

/// Overwrites two bytes that were written before.
#[inline]
pub(crate) fn put_u16_at(out: &mut BytesMut, at: usize, value: u16) {
    if let Some(field) = out.get_mut(at..at + 2) {
        field.copy_from_slice(&value.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use bytes::BufMut;

    use super::*;
    use crate::message::Message;
    use crate::notification::Notification;

    fn message(length: u16, kind: u8, body: &[u8]) -> BytesMut {
        let mut out = BytesMut::from(&[0xff; 16][..]);
        out.put_u16(length);
        out.put_u8(kind);
        out.extend_from_slice(body);
        out
    }

    fn extended() -> Context {
        Context { extended_message: true, ..Context::default() }
    }

    fn refusal(mut buffer: BytesMut, context: &Context) -> Option<(u8, u8, Vec<u8>)> {
        let Notification { code, subcode, data } =
            split_frame(&mut buffer, context).err()?.notification();
        Some((code.0, subcode, data.to_vec()))
    }

    /// RFC 4271 §6.1: the marker
    #[test]
    fn rfc4271_6_1_connection_not_synchronized() {
        for at in 0..16 {
            let mut buffer = message(19, 4, &[]);
            if let Some(octet) = buffer.get_mut(at) {
                *octet = 0xfe;
            }
            assert_eq!(refusal(buffer, &Context::default()), Some((1, 1, Vec::new())), "{at}");
        }
    }

    /// RFC 4271 §6.1: below 19, above 4096; RFC 8654 §4, §5
    #[test]
    fn rfc4271_6_1_bad_message_length() {
        let length =
            |kind: u8, length: u16, context: &Context| refusal(message(length, kind, &[]), context);
        let normal = Context::default();
        let refused = |length: u16| Some((1, 2, length.to_be_bytes().to_vec()));
        for kind in 0..=255 {
            for short in [0, 1, 18] {
                assert_eq!(length(kind, short, &normal), refused(short));
            }
            for long in [4097, 65535] {
                assert_eq!(length(kind, long, &normal), refused(long));
            }
        }
        for kind in [2, 3, 5] {
            assert_eq!(length(kind, 4096, &normal), None);
            assert_eq!(length(kind, 4097, &extended()), None);
            assert_eq!(length(kind, 65535, &extended()), None);
        }
        // RFC 8654 §4: not these two.
        assert_eq!(length(1, 4097, &extended()), refused(4097));
        assert_eq!(length(4, 4097, &extended()), refused(4097));
    }

    /// RFC 4271 §6.1: the least length of each type, the only one of KEEPALIVE
    #[test]
    fn rfc4271_6_1_bad_message_length_of_a_type() {
        for (kind, least) in [(1, 29), (2, 23), (3, 21), (4, 19), (5, 23)] {
            let refused = Some((1, 2, Vec::from([0, least - 1])));
            let below = message(u16::from(least) - 1, kind, &[]);
            assert_eq!(refusal(below, &Context::default()), refused, "type {kind}");
            let just = message(u16::from(least), kind, &[]);
            assert_eq!(refusal(just, &Context::default()), None, "type {kind}");
        }
        let longer = message(20, 4, &[0]);
        assert_eq!(refusal(longer, &Context::default()), Some((1, 2, Vec::from([0, 20]))));
    }

    /// RFC 4271 §6.1: the type
    #[test]
    fn rfc4271_6_1_bad_message_type() {
        for kind in (0..=255).filter(|kind| !(1..=5).contains(kind)) {
            let refused = Some((1, 3, Vec::from([kind])));
            assert_eq!(refusal(message(19, kind, &[]), &Context::default()), refused);
        }
    }

    #[test]
    fn a_message_is_taken_when_it_is_whole() {
        let whole = message(23, 5, &[0, 1, 0, 1]);
        let mut buffer = BytesMut::new();
        let context = Context::default();
        for octet in &whole {
            assert_eq!(split_frame(&mut buffer, &context), Ok(None));
            buffer.put_u8(*octet);
        }
        buffer.extend_from_slice(&whole);
        for _ in 0..2 {
            let body = Bytes::from_static(&[0, 1, 0, 1]);
            let frame = Frame { kind: MessageType::ROUTE_REFRESH, body };
            assert_eq!(split_frame(&mut buffer, &context), Ok(Some(frame)));
        }
        assert!(buffer.is_empty());
    }

    /// A header that is wrong is refused before the body comes, and nothing is taken.
    #[test]
    fn an_error_does_not_wait_and_takes_nothing() {
        let mut buffer = message(5000, 2, &[]);
        let before = buffer.clone();
        let error = split_frame(&mut buffer, &Context::default());
        assert_eq!(error, Err(HeaderError::BadLength { length: 5000 }));
        assert_eq!(buffer, before);
    }

    /// A frame made by hand is no way round the checks.
    #[test]
    fn frames_made_by_hand_are_checked() {
        let decode = |kind: u8, body: &'static [u8]| {
            let frame = Frame { kind: MessageType(kind), body: Bytes::from_static(body) };
            Message::decode(&frame, &Context::default()).map_err(|error| error.notification())
        };
        let notification = |subcode, data: &'static [u8]| {
            let code = crate::NotificationCode::MESSAGE_HEADER;
            Err(Notification::with_data(code, subcode, Bytes::from_static(data)))
        };
        assert_eq!(decode(4, &[]), Ok(Message::Keepalive));
        assert_eq!(decode(4, &[0]), notification(2, &[0, 20]));
        assert_eq!(decode(6, &[]), notification(3, &[6]));
        assert_eq!(decode(3, &[6]), notification(2, &[0, 20]));
        assert_eq!(decode(5, &[0, 1, 0]), notification(2, &[0, 22]));
        assert!(decode(1, &[4]).is_err() && decode(2, &[0]).is_err());
    }
}
