//! Reading a file of records.

use core::fmt;
use std::io::{ErrorKind, Read};

use bytes::{Buf, Bytes, BytesMut};

use crate::mrt::error::ReadError;
use crate::mrt::record::{HEADER_LENGTH, Record, length_of};
use crate::mrt::records::RecordRef;

/// Octets that are asked of the source at once.
const CHUNK: usize = 256 * 1024;
/// Longest record that is read unless told otherwise. A PEER_INDEX_TABLE has 1.6 MB at most, a RIB record of
/// 1,000 peers about 100 kB.
const DEFAULT_LIMIT: usize = 16 * 1024 * 1024;

/// Iterates over the records of a source: a file, or anything that decompresses one.
///
/// It reads in big chunks into one buffer, and records are views on it: as long as each record is dropped
/// before the next one is read, nothing is allocated. A record with a flaw is an error, and the next call
/// gives the next record. Only when the source ends, or cannot be read, is the iteration over.
pub struct Reader<R> {
    source: R,
    /// Always initialised to its end; what was read and not yet given out is in front.
    buffer: BytesMut,
    filled: usize,
    /// Where in the source the buffer begins
    offset: u64,
    limit: usize,
    state: Progress,
    /// Octets in front of the buffer that were lent by [`Reader::next_ref`] and are to be passed over.
    lent: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Reading,
    /// So many octets of a record that is too long are still to be passed over.
    Skipping(u64),
    Ended,
}

impl<R: Read> Reader<R> {
    /// Reads records of up to 16 MiB.
    pub fn new(source: R) -> Self {
        Self::with_limit(source, DEFAULT_LIMIT)
    }

    /// Reads records of up to `limit` octets, the header included: so much memory a record takes at most.
    pub fn with_limit(source: R, limit: usize) -> Self {
        let (buffer, state) = (BytesMut::new(), Progress::Reading);
        Self { source, buffer, filled: 0, offset: 0, limit, state, lent: 0 }
    }

    /// Where in the source the next record begins.
    pub const fn offset(&self) -> u64 {
        match self.state {
            Progress::Skipping(count) => self.offset + count,
            _ => self.offset + self.lent as u64,
        }
    }

    /// Whether the next record is whole in what was read ahead. Where it is not, the iterator reads from the source,
    /// and may wait for it.
    pub fn is_next_ready(&self) -> bool {
        let there = self.buffer.get(..self.filled).unwrap_or_default();
        let reading = self.state == Progress::Reading;
        reading
            && there.first_chunk().is_some_and(|header| length_of(header) <= as_u64(there.len()))
    }

    /// The source. What was read ahead is lost.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// Reads until there are `wanted` octets; `false` when the source ends before.
    #[inline]
    fn fill(&mut self, wanted: usize) -> Result<bool, ReadError> {
        if self.filled >= wanted { Ok(true) } else { self.read_more(wanted) }
    }

    #[cold]
    fn read_more(&mut self, wanted: usize) -> Result<bool, ReadError> {
        while self.filled < wanted {
            if self.filled == self.buffer.len() {
                // Where all records have been dropped this only moves what is left to the front.
                self.buffer.resize(wanted.max(self.filled + CHUNK), 0);
            }
            let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
            match self.source.read(room) {
                Ok(0) => return Ok(false),
                Ok(count) => self.filled += count.min(room.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let offset = self.offset + as_u64(self.filled);
                    self.state = Progress::Ended;
                    return Err(ReadError::Io { offset, error });
                }
            }
        }
        Ok(true)
    }

    /// The next record, borrowed until the one behind it is asked for: it need not be counted by reference,
    /// which makes this the faster way through a big file.
    ///
    /// ```
    /// use bgp_wire::mrt::Reader;
    /// # let file: &[u8] = &[
    /// #     0, 0, 0, 1, 0, 13, 0, 2, 0, 0, 0, 34, 0, 0, 0, 0, 8, 10, 0, 1,
    /// #     0, 0, 0, 0, 0, 1, 0, 18, 64, 1, 1, 0, 64, 2, 4, 2, 1, 0, 1, 64, 3, 4, 192, 0, 2, 1,
    /// # ];
    /// let mut reader = Reader::new(file);
    /// let mut routes = 0;
    /// while let Some(record) = reader.next_ref() {
    ///     routes += record?.rib()?.map_or(0, |rib| rib.entries().count());
    /// }
    /// assert_eq!(routes, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn next_ref(&mut self) -> Option<Result<RecordRef<'_>, ReadError>> {
        let length = match self.next_length() {
            Ok(length) => length?,
            Err(error) => return Some(Err(error)),
        };
        self.lent = length;
        RecordRef::new(self.buffer.get(..length)?).map(Ok)
    }

    /// Passes over what was lent.
    #[inline]
    fn release(&mut self) {
        self.buffer.advance(self.lent);
        self.filled -= self.lent;
        self.offset += as_u64(self.lent);
        self.lent = 0;
    }

    /// The bytes of the next record; `None` at the end.
    fn next_bytes(&mut self) -> Result<Option<Bytes>, ReadError> {
        let length = self.next_length()?;
        Ok(length.map(|length| self.take(length)))
    }

    /// Octets of the next record, which stands in front of the buffer; `None` at the end.
    #[inline]
    fn next_length(&mut self) -> Result<Option<usize>, ReadError> {
        self.release();
        if let Progress::Skipping(count) = self.state {
            self.skip(count)?;
        }
        if self.state == Progress::Ended {
            return Ok(None);
        }
        if !self.fill(HEADER_LENGTH)? {
            return self.end();
        }
        let Some(header) = self.buffer.first_chunk() else { return self.end() };
        let length = length_of(header);
        match usize::try_from(length).ok().filter(|length| *length <= self.limit) {
            Some(length) if self.fill(length)? => Ok(Some(length)),
            Some(_) => self.end(),
            None => {
                self.state = Progress::Skipping(length);
                Err(ReadError::TooLong { offset: self.offset, length, limit: self.limit })
            }
        }
    }

    /// The source has ended: between two records, or within one.
    #[cold]
    fn end(&mut self) -> Result<Option<usize>, ReadError> {
        self.state = Progress::Ended;
        let (offset, present) = (self.offset, self.filled);
        self.take(present);
        if present == 0 { Ok(None) } else { Err(ReadError::CutOff { offset, present }) }
    }

    fn take(&mut self, count: usize) -> Bytes {
        let count = count.min(self.filled);
        self.filled -= count;
        self.offset += as_u64(count);
        self.buffer.split_to(count).freeze()
    }

    /// Passes over octets without keeping them. Where the source ends among them, there is nothing more to
    /// tell: the record has been refused already.
    fn skip(&mut self, mut count: u64) -> Result<(), ReadError> {
        while count > 0 {
            let part = usize::try_from(count).unwrap_or(CHUNK).min(CHUNK);
            let there = self.fill(part)?;
            count -= as_u64(self.take(part).len());
            if !there {
                self.state = Progress::Ended;
                return Ok(());
            }
        }
        self.state = Progress::Reading;
        Ok(())
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.offset();
        let bytes = match self.next_bytes() {
            Ok(bytes) => bytes?,
            Err(error) => return Some(Err(error)),
        };
        Some(Record::decode(bytes).map_err(|error| ReadError::Record { offset, error }))
    }
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("offset", &self.offset)
            .field("read_ahead", &self.filled)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
