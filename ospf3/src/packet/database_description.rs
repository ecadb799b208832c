//! Database Description packets: what a neighbour has, by the headers of its LSAs (RFC 5340 §A.3.3).

use alloc::vec::Vec;

use bytes::{BufMut, BytesMut};

use super::{Header, room};
use crate::bits::bits;
use crate::codec::Reader;
use crate::error::PacketError;
use crate::lsa::LsaHeader;
use crate::options::Options;

/// What follows the header of a Database Description packet (RFC 5340 §A.3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseDescription {
    /// What the sender supports.
    pub options: Options,
    /// The longest datagram of the address family that the interface takes, in octets; 0 on virtual links
    /// (RFC 5838 §2.7).
    pub interface_mtu: u16,
    /// Which of the exchange's packets this is.
    pub flags: DatabaseDescriptionFlags,
    /// The number of the packet in the exchange.
    pub sequence_number: u32,
    /// Some of the sender's LSAs.
    pub headers: Vec<LsaHeader>,
}

/// The bits of a Database Description packet (RFC 5340 §A.3.3). Those without a name are kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DatabaseDescriptionFlags(
    /// The field's 8 bits.
    pub u8,
);

impl DatabaseDescriptionFlags {
    /// No bit.
    pub const NONE: Self = Self(0);
    /// Master/Slave: the sender is the master.
    pub const MS: Self = Self(0x01);
    /// More: other packets follow.
    pub const M: Self = Self(0x02);
    /// Init: the first packet.
    pub const I: Self = Self(0x04);
    /// The IPv6 MTU is not that of the address family (RFC 5838 §2.7).
    pub const M6: Self = Self(0x10);

    const NAMES: &[(Self, &'static str)] =
        &[(Self::MS, "MS"), (Self::M, "M"), (Self::I, "I"), (Self::M6, "M6")];
}

bits!(DatabaseDescriptionFlags);

impl DatabaseDescription {
    /// Octets before the LSA headers.
    const LENGTH: usize = 12;
    /// Where the Options stand in a packet.
    pub(super) const OPTIONS_OFFSET: usize = Header::LENGTH + 1;

    /// How many LSA headers fit a packet of so many octets.
    pub const fn room(octets: usize) -> usize {
        room(octets, Self::LENGTH, LsaHeader::LENGTH)
    }

    pub(super) fn decode(mut reader: Reader<'_>) -> Result<Self, PacketError> {
        let options = Options::from_bits(reader.u24_padded("Options")?);
        let interface_mtu = reader.u16("Interface MTU")?;
        reader.skip("octet before the flags", 1)?;
        let flags = DatabaseDescriptionFlags(reader.u8("flags")?);
        let sequence_number = reader.u32("DD sequence number")?;
        let headers = read_headers(reader, "Database Description")?;
        Ok(Self { options, interface_mtu, flags, sequence_number, headers })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        out.put_u32(self.options.bits());
        out.put_u16(self.interface_mtu);
        out.put_u8(0);
        out.put_u8(self.flags.0);
        out.put_u32(self.sequence_number);
        put_headers(&self.headers, out);
    }
}

/// LSA headers to the end of the packet.
pub(super) fn read_headers(
    mut reader: Reader<'_>,
    what: &'static str,
) -> Result<Vec<LsaHeader>, PacketError> {
    let mut headers = Vec::with_capacity(reader.remaining() / LsaHeader::LENGTH);
    while reader.remaining() >= LsaHeader::LENGTH {
        headers.push(LsaHeader::read(&mut reader)?);
    }
    reader.finish(what)?;
    Ok(headers)
}

pub(super) fn put_headers(headers: &[LsaHeader], out: &mut BytesMut) {
    out.reserve(headers.len() * LsaHeader::LENGTH);
    for header in headers {
        header.put(out);
    }
}
