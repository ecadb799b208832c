//! Records (RFC 6396 §2, §3).

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::fields::Fields;
use crate::mrt::bgp4mp::{MessageRecord, StateChange};
use crate::mrt::check_end;
use crate::mrt::error::MrtError;
use crate::mrt::kind::{Bgp4mpSubtype, RecordType, TableDumpSubtype, TableDumpV2Subtype};
use crate::mrt::peer_index::PeerIndexTable;
use crate::mrt::rib::Rib;
use crate::mrt::table_dump::TableDump;

/// Octets of the common header (RFC 6396 §2).
pub const HEADER_LENGTH: usize = 12;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Seconds since 1970
    pub timestamp: u32,
    /// Microseconds to add, of the types that have them (RFC 6396 §3). TABLE_DUMP and TABLE_DUMP_V2 have
    /// not: there they are not written. An [`UnknownRecord`] has them where its type does.
    pub microseconds: Option<u32>,
    /// What it says
    pub body: RecordBody,
}

/// What a [`Record`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordBody {
    /// TABLE_DUMP (RFC 6396 §4.2)
    TableDump(TableDump),
    /// TABLE_DUMP_V2: PEER_INDEX_TABLE (RFC 6396 §4.3.1)
    PeerIndexTable(PeerIndexTable),
    /// TABLE_DUMP_V2: RIB_* (RFC 6396 §4.3.2, §4.3.3; RFC 8050 §4)
    Rib(Rib),
    /// BGP4MP: STATE_CHANGE* (RFC 6396 §4.4.1, §4.4.4)
    StateChange(StateChange),
    /// BGP4MP: MESSAGE* (RFC 6396 §4.4; RFC 8050 §3)
    Message(MessageRecord),
    /// Any other, and RIB_GENERIC of a family that is not known
    Unknown(UnknownRecord),
}

/// A record that is not interpreted.
///
/// ```
/// use bgp_wire::mrt::{Record, RecordBody, RecordType, UnknownRecord};
/// use bytes::Bytes;
///
/// let ospf = Bytes::from_static(&[
///     0, 0, 0, 9, // timestamp
///     0, 11, 0, 0, // OSPFv2
///     0, 0, 0, 3, 1, 2, 3, // three octets
/// ]);
/// let record = Record::decode(ospf.clone())?;
/// let body = Bytes::from_static(&[1, 2, 3]);
/// let unknown = UnknownRecord { kind: RecordType::OSPFV2, subtype: 0, body };
/// assert_eq!(record.body, RecordBody::Unknown(unknown));
/// assert_eq!(record.to_bytes()?, ospf);
/// # Ok::<(), bgp_wire::mrt::MrtError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRecord {
    /// Its type
    pub kind: RecordType,
    /// Its subtype
    pub subtype: u16,
    /// What follows the header
    pub body: Bytes,
}

/// Length of the record that begins with `header`, the header included.
pub(super) fn length_of(header: &[u8; HEADER_LENGTH]) -> u64 {
    let [.., a, b, c, d] = *header;
    u64::from(u32::from_be_bytes([a, b, c, d])) + 12
}

impl Record {
    /// A record without microseconds.
    pub const fn new(timestamp: u32, body: RecordBody) -> Self {
        Self { timestamp, microseconds: None, body }
    }

    /// Reads one whole record. Nothing is copied: the parts are views on `record`.
    ///
    /// # Errors
    /// The first flaw. Attributes and BGP messages are not looked into.
    pub fn decode(mut record: Bytes) -> Result<Self, MrtError> {
        let mut fields = Fields::new(&record, 0);
        let timestamp = fields.u32("timestamp")?;
        let kind = RecordType(fields.u16("type")?);
        let subtype = fields.u16("subtype")?;
        let length = usize::try_from(fields.u32("length")?).unwrap_or(usize::MAX);
        let mut message = Fields::new(fields.take(length, "record")?, HEADER_LENGTH);
        check_end(&fields)?;
        let microseconds = match kind.has_microseconds() {
            true => Some(message.u32("microsecond timestamp")?),
            false => None,
        };
        let start = message.offset();
        record.advance(start);
        let body = RecordBody::decode(kind, subtype, record, start)?;
        Ok(Self { timestamp, microseconds, body })
    }

    /// Appends the record.
    ///
    /// # Errors
    /// [`MrtError::TooMany`] when a count or a length has too few octets for it; [`MrtError::Unfit`] of a
    /// [`TableDump`] whose peer is not of the prefix's family, and of microseconds with an
    /// [`UnknownRecord`] whose type has none. Then nothing is appended.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), MrtError> {
        let start = out.len();
        self.write(out).inspect_err(|_| out.truncate(start))
    }

    fn write(&self, out: &mut BytesMut) -> Result<(), MrtError> {
        let start = out.len();
        let (kind, subtype) = self.kind();
        let unknown = matches!(self.body, RecordBody::Unknown(_));
        if unknown && self.microseconds.is_some() && !kind.has_microseconds() {
            return Err(MrtError::Unfit { what: "microseconds in a type without them" });
        }
        out.put_u32(self.timestamp);
        out.put_u16(kind.0);
        out.put_u16(subtype);
        out.put_u32(0);
        if kind.has_microseconds() {
            out.put_u32(self.microseconds.unwrap_or_default());
        }
        self.body.encode(out)?;
        let count = out.len() - start - HEADER_LENGTH;
        let too_many = |_| MrtError::TooMany { what: "octets of a record", count };
        let length = u32::try_from(count).map_err(too_many)?;
        if let Some(field) = out.get_mut(start + 8..start + HEADER_LENGTH) {
            field.copy_from_slice(&length.to_be_bytes());
        }
        Ok(())
    }

    /// The record in a buffer of its own.
    ///
    /// # Errors
    /// As [`Record::encode`].
    pub fn to_bytes(&self) -> Result<Bytes, MrtError> {
        let mut out = BytesMut::new();
        self.encode(&mut out)?;
        Ok(out.freeze())
    }

    /// Its type and subtype. Types with microseconds have numbers of their own.
    pub const fn kind(&self) -> (RecordType, u16) {
        let bgp4mp = match self.microseconds {
            Some(_) => RecordType::BGP4MP_ET,
            None => RecordType::BGP4MP,
        };
        match &self.body {
            RecordBody::TableDump(path) => (RecordType::TABLE_DUMP, path.subtype().0),
            RecordBody::PeerIndexTable(_) => {
                (RecordType::TABLE_DUMP_V2, TableDumpV2Subtype::PEER_INDEX_TABLE.0)
            }
            RecordBody::Rib(rib) => (RecordType::TABLE_DUMP_V2, rib.subtype().0),
            RecordBody::StateChange(change) => (bgp4mp, change.subtype().0),
            RecordBody::Message(message) => (bgp4mp, message.subtype().0),
            RecordBody::Unknown(unknown) => (unknown.kind, unknown.subtype),
        }
    }
}

impl RecordBody {
    fn decode(kind: RecordType, subtype: u16, body: Bytes, start: usize) -> Result<Self, MrtError> {
        // What is not known is given back.
        let known = match kind {
            RecordType::TABLE_DUMP => Self::decode_table_dump(subtype, body, start)?,
            RecordType::TABLE_DUMP_V2 => Self::decode_table_dump_v2(subtype, body, start)?,
            RecordType::BGP4MP | RecordType::BGP4MP_ET => {
                Self::decode_bgp4mp(subtype, body, start)?
            }
            _ => Err(body),
        };
        Ok(known.unwrap_or_else(|body| Self::Unknown(UnknownRecord { kind, subtype, body })))
    }

    fn decode_table_dump(
        subtype: u16,
        body: Bytes,
        start: usize,
    ) -> Result<Result<Self, Bytes>, MrtError> {
        let ipv6 = match TableDumpSubtype(subtype) {
            TableDumpSubtype::AFI_IPV4 => false,
            TableDumpSubtype::AFI_IPV6 => true,
            _ => return Ok(Err(body)),
        };
        TableDump::decode(&body, start, ipv6).map(|path| Ok(Self::TableDump(path)))
    }

    fn decode_table_dump_v2(
        subtype: u16,
        body: Bytes,
        start: usize,
    ) -> Result<Result<Self, Bytes>, MrtError> {
        let subtype = TableDumpV2Subtype(subtype);
        Ok(match subtype {
            TableDumpV2Subtype::PEER_INDEX_TABLE => {
                Ok(Self::PeerIndexTable(PeerIndexTable::decode(&body, start)?))
            }
            _ if subtype.is_generic() || subtype.family().is_some() => {
                Rib::decode(subtype, body, start)?.map(Self::Rib)
            }
            _ => Err(body),
        })
    }

    fn decode_bgp4mp(
        subtype: u16,
        body: Bytes,
        start: usize,
    ) -> Result<Result<Self, Bytes>, MrtError> {
        Ok(match Bgp4mpSubtype(subtype) {
            Bgp4mpSubtype::STATE_CHANGE => {
                Ok(Self::StateChange(StateChange::decode(&body, start, false)?))
            }
            Bgp4mpSubtype::STATE_CHANGE_AS4 => {
                Ok(Self::StateChange(StateChange::decode(&body, start, true)?))
            }
            subtype => MessageRecord::decode(body, start, subtype)?.map(Self::Message),
        })
    }

    fn encode(&self, out: &mut BytesMut) -> Result<(), MrtError> {
        match self {
            Self::TableDump(path) => path.encode(out)?,
            Self::PeerIndexTable(table) => table.encode(out)?,
            Self::Rib(rib) => rib.encode(out),
            Self::StateChange(change) => change.encode(out),
            Self::Message(message) => message.encode(out),
            Self::Unknown(unknown) => out.put_slice(&unknown.body),
        }
        Ok(())
    }
}
