//! Records of a file that lies in memory.

use bytes::Bytes;

use super::error::{MrtError, ReadError};
use super::kind::{RecordType, TableDumpV2Subtype};
use super::record::{HEADER_LENGTH, Record, length_of};
use super::rib::RibRef;
use crate::codec::Cursor;

/// Iterates over the records of a file that lies in memory, mapped or read whole: the fastest way through a
/// table, as nothing is copied or counted by reference. For any other source there is
/// [`super::Reader`].
///
/// A file that ends within a record is an error at its end.
///
/// ```
/// use bgp_wire::mrt::Records;
/// # let file: &[u8] = &[
/// #     0, 0, 0, 1, 0, 13, 0, 2, 0, 0, 0, 34, 0, 0, 0, 0, 8, 10, 0, 1,
/// #     0, 0, 0, 0, 0, 1, 0, 18, 64, 1, 1, 0, 64, 2, 4, 2, 1, 0, 1, 64, 3, 4, 192, 0, 2, 1,
/// # ];
/// let mut networks = Vec::new();
/// for record in Records::new(file) {
///     if let Some(rib) = record?.rib()? {
///         networks.extend(rib.prefix().map(|net| (net.to_string(), rib.entries().count())));
///     }
/// }
/// assert_eq!(networks, [("10.0.0.0/8".to_string(), 1)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Records<'a> {
    cursor: Cursor<'a>,
}

/// A record that borrows its bytes. Only its header has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordRef<'a> {
    /// Seconds since 1970
    pub timestamp: u32,
    /// Its type
    pub kind: RecordType,
    /// Its subtype
    pub subtype: u16,
    bytes: &'a [u8],
}

impl<'a> Records<'a> {
    /// Over the records of `file`.
    pub const fn new(file: &'a [u8]) -> Self {
        Self { cursor: Cursor::new(file) }
    }

    /// Where in the file the next record begins.
    pub const fn offset(&self) -> usize {
        self.cursor.offset()
    }

    /// The file ends within a record.
    #[cold]
    fn cut_off(&mut self) -> ReadError {
        let offset = u64::try_from(self.cursor.offset()).unwrap_or(u64::MAX);
        let present = self.cursor.remaining();
        self.cursor.take(present);
        ReadError::CutOff { offset, present }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<RecordRef<'a>, ReadError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.cursor.is_empty() {
            return None;
        }
        let Some(header) = self.cursor.rest().first_chunk::<HEADER_LENGTH>() else {
            return Some(Err(self.cut_off()));
        };
        let length = usize::try_from(length_of(header)).unwrap_or(usize::MAX);
        match self.cursor.take(length).and_then(RecordRef::new) {
            Some(record) => Some(Ok(record)),
            None => Some(Err(self.cut_off())),
        }
    }
}

impl<'a> RecordRef<'a> {
    /// Reads the header of one whole record.
    #[inline]
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let [a, b, c, d, e, f, g, h, ..] = *bytes.first_chunk::<HEADER_LENGTH>()?;
        Some(Self {
            timestamp: u32::from_be_bytes([a, b, c, d]),
            kind: RecordType(u16::from_be_bytes([e, f])),
            subtype: u16::from_be_bytes([g, h]),
            bytes,
        })
    }

    /// The whole record, its header included.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The network of a TABLE_DUMP_V2 record; `None` for all others, and for one of a family that is not
    /// known.
    ///
    /// # Errors
    /// The first flaw. Attributes are not looked into.
    #[inline(always)]
    pub fn rib(&self) -> Result<Option<RibRef<'a>>, MrtError> {
        let subtype = TableDumpV2Subtype(self.subtype);
        if self.kind != RecordType::TABLE_DUMP_V2
            || !(subtype.is_generic() || subtype.family().is_some())
        {
            return Ok(None);
        }
        let body = self.bytes.get(HEADER_LENGTH..).unwrap_or_default();
        RibRef::decode(subtype, body, HEADER_LENGTH)
    }

    /// The record, of any type, in a value of its own: a copy.
    ///
    /// # Errors
    /// As [`Record::decode`].
    pub fn to_record(&self) -> Result<Record, MrtError> {
        Record::decode(Bytes::copy_from_slice(self.bytes))
    }
}
