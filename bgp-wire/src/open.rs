//! OPEN (RFC 4271 §4.2).

use core::net::Ipv4Addr;

use bytes::{BufMut, Bytes, BytesMut};

use crate::capability::{Capabilities, Capability};
use crate::codec::Cursor;
use crate::error::OpenError;
use crate::header::{self, MAX_LENGTH};
use crate::iana::{AS_TRANS, MessageType};

/// Optional parameter type of capabilities (RFC 5492).
const CAPABILITIES: u8 = 2;
/// Marks extended optional parameters (RFC 9072).
const EXTENDED: u8 = 255;

/// Octets of capabilities that fit: an OPEN never has more than 4,096 octets (RFC 8654 §4), of which the
/// header, the fixed fields and the lengths of RFC 9072 take 35.
const MAX_CAPABILITIES: usize = MAX_LENGTH - 35;

/// The first message on a connection.
///
/// Capabilities for which a message of 4,096 octets has no room are not written; the 4-octet AS capability
/// always is.
///
/// ```
/// use bgp_wire::{Capabilities, Context, Message, Open, split_frame};
/// use bytes::BytesMut;
///
/// let open = Open::new(4_200_000_000, 90, "192.0.2.1".parse()?, Capabilities::default());
/// let mut bytes = BytesMut::from(&Message::Open(open.clone()).to_bytes()[..]);
/// let frame = split_frame(&mut bytes, &Context::default())?.ok_or("incomplete")?;
/// assert_eq!(Message::decode(&frame, &Context::default())?, Message::Open(open));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The 2-octet My Autonomous System field; see [`Open::asn`] for the real number
    pub my_as: u16,
    /// Proposed hold time in seconds: 0, or at least 3
    pub hold_time: u16,
    /// Not 0.0.0.0
    pub bgp_identifier: Ipv4Addr,
    /// In the order in which they came
    pub capabilities: Capabilities,
}

impl Open {
    /// An OPEN of AS `asn`. When the number does not fit into 2 octets AS_TRANS stands in its place, and
    /// the 4-octet AS capability has to be among `capabilities` already; it is added where it is missing.
    pub fn new(
        asn: u32,
        hold_time: u16,
        bgp_identifier: Ipv4Addr,
        mut capabilities: Capabilities,
    ) -> Self {
        let my_as = u16::try_from(asn).unwrap_or(AS_TRANS);
        if u32::from(my_as) != asn && capabilities.four_octet_as().is_none() {
            capabilities.push(Capability::FourOctetAs(asn));
        }
        Self { my_as, hold_time, bgp_identifier, capabilities }
    }

    /// The AS number: that of the 4-octet AS capability where there is one (RFC 6793 §4.1).
    pub fn asn(&self) -> u32 {
        self.capabilities.four_octet_as().unwrap_or(u32::from(self.my_as))
    }

    pub(crate) fn decode(body: &Bytes) -> Result<Self, OpenError> {
        let mut cursor = Cursor::new(body);
        let malformed = |cursor: &Cursor<'_>| OpenError::Malformed { offset: cursor.offset() };
        let version = cursor.u8().ok_or(malformed(&cursor))?;
        if version != 4 {
            return Err(OpenError::UnsupportedVersion { version });
        }
        let my_as = cursor.u16().ok_or(malformed(&cursor))?;
        let hold_time = cursor.u16().ok_or(malformed(&cursor))?;
        let bgp_identifier = Ipv4Addr::from(cursor.u32().ok_or(malformed(&cursor))?);
        let capabilities = decode_parameters(&mut cursor, body)?;
        let open = Self { my_as, hold_time, bgp_identifier, capabilities };
        // RFC 7607 §2, whichever of the two fields says it.
        if open.asn() == 0 || my_as == 0 {
            return Err(OpenError::BadPeerAs { asn: 0 });
        }
        if hold_time == 1 || hold_time == 2 {
            return Err(OpenError::UnacceptableHoldTime { seconds: hold_time });
        }
        // RFC 6286 relaxed the identifier to any non-zero number.
        if bgp_identifier.is_unspecified() {
            return Err(OpenError::BadBgpIdentifier { identifier: bgp_identifier });
        }
        Ok(open)
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        header::write(out, MessageType::OPEN, |out| {
            out.put_u8(4);
            out.put_u16(self.my_as);
            out.put_u16(self.hold_time);
            out.put_u32(self.bgp_identifier.into());
            let capabilities = self.encode_capabilities();
            match (u8::try_from(capabilities.len()), u8::try_from(capabilities.len() + 2)) {
                (Ok(0), _) => out.put_u8(0),
                (Ok(length), Ok(total)) => {
                    out.put_slice(&[total, CAPABILITIES, length]);
                    out.extend_from_slice(&capabilities);
                }
                // RFC 9072: the lengths have two octets each.
                _ => {
                    out.put_slice(&[EXTENDED, EXTENDED]);
                    out.put_u16(u16::try_from(capabilities.len() + 3).unwrap_or(u16::MAX));
                    out.put_u8(CAPABILITIES);
                    out.put_u16(u16::try_from(capabilities.len()).unwrap_or(u16::MAX));
                    out.extend_from_slice(&capabilities);
                }
            }
        });
    }
}

impl Open {
    /// Those for which there is room. For the 4-octet AS capability there always is: without it the AS number
    /// would be another one (RFC 6793 §4.1).
    fn encode_capabilities(&self) -> BytesMut {
        let mut out = BytesMut::new();
        let mut kept = if self.capabilities.four_octet_as().is_some() { 6 } else { 0 };
        for capability in &self.capabilities {
            let before = out.len();
            capability.encode(&mut out);
            if matches!(capability, Capability::FourOctetAs(_)) {
                kept = 0;
            }
            if out.len() + kept > MAX_CAPABILITIES {
                out.truncate(before);
            }
        }
        out
    }
}

fn decode_parameters(cursor: &mut Cursor<'_>, body: &Bytes) -> Result<Capabilities, OpenError> {
    let malformed = |cursor: &Cursor<'_>| OpenError::Malformed { offset: cursor.offset() };
    let mut capabilities = Capabilities::default();
    let mut total = usize::from(cursor.u8().ok_or(malformed(cursor))?);
    let extended = total != 0 && cursor.rest().first() == Some(&EXTENDED);
    if extended {
        let _ = cursor.u8();
        total = usize::from(cursor.u16().ok_or(malformed(cursor))?);
    }
    if cursor.remaining() != total {
        return Err(malformed(cursor));
    }
    while !cursor.is_empty() {
        let kind = cursor.u8().ok_or(malformed(cursor))?;
        let length = if extended { cursor.u16() } else { cursor.u8().map(u16::from) };
        let length = length.ok_or(malformed(cursor))?;
        let start = cursor.offset();
        cursor.take(usize::from(length)).ok_or(malformed(cursor))?;
        if kind != CAPABILITIES {
            return Err(OpenError::UnsupportedOptionalParameter { kind });
        }
        capabilities
            .decode(&body.slice(start..cursor.offset()))
            .map_err(|offset| OpenError::Malformed { offset: start + offset })?;
    }
    Ok(capabilities)
}

#[cfg(test)]
mod tests;
