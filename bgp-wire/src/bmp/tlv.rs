//! TLVs: type and length with 2 octets each, and a value (RFC 7854 §4.4).

use core::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use crate::bmp::error::BmpError;
use crate::codec::Cursor;
use crate::fields::Fields;

/// The TLVs of one message in their order: a view on what was received, and checked.
///
/// ```
/// use bgp_wire::bmp::{InitiationTlv, Tlvs};
///
/// let tlvs = Tlvs::from_iter([(InitiationTlv::SYS_NAME.0, "r1"), (InitiationTlv::STRING.0, "hello")]);
/// assert_eq!(tlvs.find(InitiationTlv::SYS_NAME.0), Some(&b"r1"[..]));
/// assert_eq!(tlvs.iter().map(|tlv| tlv.kind).collect::<Vec<_>>(), [2, 0]);
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Tlvs(Bytes);

/// One of [`Tlvs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Its type: the meaning depends on the message
    pub kind: u16,
    /// Its value
    pub value: &'a [u8],
}

impl Tlvs {
    /// Checks `bytes`, which stand at `start` of the message.
    pub(super) fn decode(bytes: Bytes, start: usize) -> Result<Self, BmpError> {
        let mut fields = Fields::new(&bytes, start);
        while !fields.is_empty() {
            fields.u16("TLV type")?;
            let length = fields.u16("TLV length")?;
            fields.take(usize::from(length), "TLV value")?;
        }
        Ok(Self(bytes))
    }

    /// As they are on the wire.
    pub const fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Tlv<'_>> + Clone {
        let mut cursor = Cursor::new(&self.0);
        core::iter::from_fn(move || {
            let (kind, length) = (cursor.u16()?, cursor.u16()?);
            Some(Tlv { kind, value: cursor.take(usize::from(length))? })
        })
    }

    /// The value of the first one of a type.
    pub fn find(&self, kind: u16) -> Option<&[u8]> {
        self.iter().find(|tlv| tlv.kind == kind).map(|tlv| tlv.value)
    }

    /// The number in the first one of a type, if it has 2 octets.
    pub(super) fn number(&self, kind: u16) -> Option<u16> {
        self.find(kind)?.try_into().ok().map(u16::from_be_bytes)
    }
}

/// Values of more than 65,535 octets are cut.
impl<V: AsRef<[u8]>> FromIterator<(u16, V)> for Tlvs {
    fn from_iter<I: IntoIterator<Item = (u16, V)>>(list: I) -> Self {
        let mut out = BytesMut::new();
        for (kind, value) in list {
            let value = value.as_ref();
            let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
            out.put_u16(kind);
            out.put_u16(length);
            out.put_slice(value.get(..usize::from(length)).unwrap_or_default());
        }
        Self(out.freeze())
    }
}

impl fmt::Debug for Tlvs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
