//! NOTIFICATION (RFC 4271 §4.5).

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use crate::codec::Cursor;
use crate::header::MAX_LENGTH;
use crate::iana::{Afi, Family, MessageType, NotificationCode, Safi, subcode};
use crate::{HeaderError, header};

mod name;

/// Code and subcode
const FIXED: usize = 2;
/// Octets of data that any neighbour takes (RFC 8654 §5)
const MAX_DATA: usize = MAX_LENGTH - header::HEADER_LENGTH - FIXED;
/// Octets of a shutdown communication (RFC 9003 §2)
const MAX_COMMUNICATION: usize = 255;

/// Why a session ends.
///
/// ```
/// use bgp_wire::{Notification, NotificationCode, subcode};
/// let cease = Notification::new(NotificationCode::CEASE, subcode::cease::ADMINISTRATIVE_SHUTDOWN);
/// assert_eq!(cease.to_string(), "Administrative Shutdown");
///
/// let cease = Notification::shutdown(subcode::cease::ADMINISTRATIVE_RESET, "back in 2 hours");
/// assert_eq!(cease.to_string(), "Administrative reset: \"back in 2 hours\"");
/// assert_eq!(cease.shutdown_communication().as_deref(), Some("back in 2 hours"));
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

    /// A Cease with a text for the neighbour's operator (RFC 9003 §2). The text is cut to 255 octets; RFC 9003
    /// §3 asks for 128 where the neighbour may know no more. An empty text, and one of another subcode than
    /// Administrative Shutdown and Administrative Reset, is left out.
    pub fn shutdown(subcode: u8, text: &str) -> Self {
        let cease = Self::new(NotificationCode::CEASE, subcode);
        let text = text.get(..text.floor_char_boundary(MAX_COMMUNICATION)).unwrap_or_default();
        if text.is_empty() || !cease.may_have_communication() {
            return cease;
        }
        let mut data = BytesMut::with_capacity(1 + text.len());
        data.put_u8(u8::try_from(text.len()).unwrap_or(u8::MAX));
        data.put_slice(text.as_bytes());
        Self { data: data.freeze(), ..cease }
    }

    /// The text for the operator (RFC 9003 §2), if there is one. Octets that are not UTF-8 are replaced by
    /// U+FFFD. `None` also when the length does not fit the data.
    pub fn shutdown_communication(&self) -> Option<Cow<'_, str>> {
        if !self.may_have_communication() {
            return None;
        }
        let (length, rest) = self.data.split_first()?;
        let octets = rest.get(..usize::from(*length)).filter(|octets| !octets.is_empty())?;
        Some(String::from_utf8_lossy(octets))
    }

    fn may_have_communication(&self) -> bool {
        use subcode::cease::{ADMINISTRATIVE_RESET, ADMINISTRATIVE_SHUTDOWN};
        self.code == NotificationCode::CEASE
            && matches!(self.subcode, ADMINISTRATIVE_SHUTDOWN | ADMINISTRATIVE_RESET)
    }

    /// A Cease that says of which family there are too many prefixes, and how many are allowed (RFC 4486 §4).
    ///
    /// ```
    /// use bgp_wire::{Family, Notification};
    /// let cease = Notification::maximum_prefixes(Family::IPV6_UNICAST, 5000);
    /// assert_eq!(cease.to_string(), "Maximum number of prefixes reached: ipv6, 5000 allowed");
    /// ```
    pub fn maximum_prefixes(family: Family, limit: u32) -> Self {
        let mut data = BytesMut::with_capacity(7);
        data.put_u16(family.afi.0);
        data.put_u8(family.safi.0);
        data.put_u32(limit);
        let subcode = subcode::cease::MAXIMUM_NUMBER_OF_PREFIXES;
        Self::with_data(NotificationCode::CEASE, subcode, data.freeze())
    }

    /// Family and number of prefixes of a Cease about too many of them (RFC 4486 §4), if it names them.
    pub fn prefix_limit(&self) -> Option<(Family, u32)> {
        let subcode = subcode::cease::MAXIMUM_NUMBER_OF_PREFIXES;
        if (self.code, self.subcode) != (NotificationCode::CEASE, subcode) {
            return None;
        }
        let mut cursor = Cursor::new(&self.data);
        let (afi, safi, limit) = (cursor.u16()?, cursor.u8()?, cursor.u32()?);
        cursor.is_empty().then_some((Family { afi: Afi(afi), safi: Safi(safi) }, limit))
    }

    /// A Cease that ends the session for good, without graceful restart, for the reason `inner`
    /// (RFC 8538 §3.1). Only for neighbours that announced the N bit.
    ///
    /// ```
    /// use bgp_wire::{Notification, subcode};
    /// let inner = Notification::shutdown(subcode::cease::ADMINISTRATIVE_SHUTDOWN, "bye");
    /// let hard = Notification::hard_reset(&inner);
    /// assert_eq!(hard.to_string(), "Hard Reset: Administrative Shutdown: \"bye\"");
    /// assert_eq!(hard.hard_reset_inner(), Some(inner));
    /// ```
    pub fn hard_reset(inner: &Self) -> Self {
        let mut data = BytesMut::with_capacity(FIXED + inner.data.len());
        inner.put(&mut data, MAX_DATA - FIXED);
        let subcode = subcode::cease::HARD_RESET;
        Self::with_data(NotificationCode::CEASE, subcode, data.freeze())
    }

    /// The reason within a Hard Reset (RFC 8538 §3.1). `None` when this is none, or has no reason.
    pub fn hard_reset_inner(&self) -> Option<Self> {
        let hard =
            self.code == NotificationCode::CEASE && self.subcode == subcode::cease::HARD_RESET;
        if hard { Self::read(&self.data) } else { None }
    }

    fn read(body: &Bytes) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let (code, subcode) = (NotificationCode(cursor.u8()?), cursor.u8()?);
        Some(Self { code, subcode, data: body.slice(FIXED..) })
    }

    fn put(&self, out: &mut BytesMut, most: usize) {
        out.put_slice(&[self.code.0, self.subcode]);
        out.put_slice(self.data.get(..self.data.len().min(most)).unwrap_or_default());
    }

    pub(crate) fn decode(body: &Bytes) -> Result<Self, HeaderError> {
        Self::read(body).ok_or_else(|| HeaderError::BadLength { length: header::length_of(body) })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        // Data is cut to what the smallest message allows: it only explains.
        header::write(out, MessageType::NOTIFICATION, |out| self.put(out, MAX_DATA));
    }

    /// Code and subcode in words.
    fn fmt_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subcode_name() {
            Some(name) => f.write_str(name),
            None if self.subcode == 0 => write!(f, "{}", self.code),
            None => write!(f, "{} subcode {}", self.code, self.subcode),
        }
    }

    /// The same with what the data says, a Hard Reset's apart.
    fn fmt_plain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_name(f)?;
        // Quoted and escaped: the text is whatever the neighbour likes.
        if let Some(text) = self.shutdown_communication() {
            write!(f, ": {text:?}")?;
        }
        match self.prefix_limit() {
            Some((family, limit)) => write!(f, ": {family}, {limit} allowed"),
            None => Ok(()),
        }
    }
}

/// The subcode's name, or numbers; then the text for the operator, the prefix limit or a Hard Reset's reason.
impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_plain(f)?;
        match self.hard_reset_inner() {
            Some(inner) => {
                f.write_str(": ")?;
                inner.fmt_plain(f)
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
