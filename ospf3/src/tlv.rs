//! Type, length, value: the parts of Grace-, Router Information and extended LSAs (RFC 3630 §2.3.2), and of blocks of
//! link-local signalling (RFC 5613 §2.3).

use alloc::vec::Vec;

use bytes::{BufMut, Bytes, BytesMut};

use crate::codec::Reader;
use crate::error::ReadError;

/// A TLV as it stands there: of a type that is not known, or whose value is not looked into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tlv {
    /// What it is, by the registry of what it stands in.
    pub tlv_type: u16,
    /// Its value, without padding; at most 65,535 octets.
    pub value: Bytes,
}

impl Tlv {
    fn put(&self, out: &mut BytesMut) {
        put(self.tlv_type, out, |out| out.put_slice(&self.value));
    }
}

/// Takes one off: its type and a reader of its value. The padding at the very end may be missing: only a length
/// beyond the LSA's end makes it malformed (RFC 8362 §5).
pub(crate) fn read<'a>(reader: &mut Reader<'a>) -> Result<(u16, Reader<'a>), ReadError> {
    let tlv_type = reader.u16("TLV type")?;
    let length = usize::from(reader.u16("TLV length")?);
    let value = reader.sub("TLV value", length)?;
    let padding = length.next_multiple_of(4) - length;
    reader.skip("TLV padding", padding.min(reader.remaining()))?;
    Ok((tlv_type, value))
}

/// All that are left.
pub(crate) fn read_all(mut reader: Reader<'_>) -> Result<Vec<Tlv>, ReadError> {
    let mut tlvs = Vec::new();
    while reader.remaining() > 0 {
        let (tlv_type, value) = read(&mut reader)?;
        tlvs.push(Tlv { tlv_type, value: Bytes::copy_from_slice(value.rest()) });
    }
    Ok(tlvs)
}

/// Appends a TLV whose value `value` appends, and pads it. A value of more than 65,535 octets makes what it
/// stands in too long anyway.
pub(crate) fn put(tlv_type: u16, out: &mut BytesMut, value: impl FnOnce(&mut BytesMut)) {
    out.put_u16(tlv_type);
    let start = out.len();
    out.put_u16(0);
    value(out);
    let length = out.len() - start - 2;
    crate::codec::put_u16_at(out, start, u16::try_from(length).unwrap_or(u16::MAX));
    out.put_bytes(0, length.next_multiple_of(4) - length);
}

pub(crate) fn put_all(tlvs: &[Tlv], out: &mut BytesMut) {
    for tlv in tlvs {
        tlv.put(out);
    }
}
