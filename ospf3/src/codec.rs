//! A cursor over received octets that knows where it is.

use core::net::Ipv6Addr;

use bytes::BytesMut;

use crate::error::ReadError;

/// Reads from the front of a slice. Each read names the field, for the error; one that fails consumes nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    data: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(data: &'a [u8]) -> Self {
        Self::at(data, 0)
    }

    /// Of data that starts `offset` octets after that which offsets count from.
    pub(crate) const fn at(data: &'a [u8], offset: usize) -> Self {
        Self { data, offset }
    }

    pub(crate) const fn remaining(&self) -> usize {
        self.data.len()
    }

    /// What is left: for a last part without structure, or one that is not ours.
    pub(crate) const fn rest(self) -> &'a [u8] {
        self.data
    }

    pub(crate) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], ReadError> {
        let (head, tail) = self.data.split_first_chunk().ok_or(self.truncated(what, N))?;
        self.data = tail;
        self.offset += N;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, ReadError> {
        self.array(what).map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, ReadError> {
        self.array(what).map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, ReadError> {
        self.array(what).map(u32::from_be_bytes)
    }

    pub(crate) fn ipv6(&mut self, what: &'static str) -> Result<Ipv6Addr, ReadError> {
        self.array::<16>(what).map(Ipv6Addr::from)
    }

    /// A number of 24 bits, after eight that are ignored.
    pub(crate) fn u24_padded(&mut self, what: &'static str) -> Result<u32, ReadError> {
        self.u32(what).map(|word| word & 0x00ff_ffff)
    }

    pub(crate) fn skip(&mut self, what: &'static str, count: usize) -> Result<(), ReadError> {
        self.sub(what, count).map(|_| ())
    }

    /// Where the next octet stands, counted from the first of all.
    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    /// A reader of the next `count` octets alone. Its offsets go on from here.
    pub(crate) fn sub(&mut self, what: &'static str, count: usize) -> Result<Self, ReadError> {
        let (head, tail) = self.data.split_at_checked(count).ok_or(self.truncated(what, count))?;
        let sub = Self { data: head, offset: self.offset };
        self.data = tail;
        self.offset += count;
        Ok(sub)
    }

    /// Nothing may be left of `what`.
    pub(crate) fn finish(self, what: &'static str) -> Result<(), ReadError> {
        match self.remaining() {
            0 => Ok(()),
            count => Err(ReadError::TrailingBytes { what, offset: self.offset, count }),
        }
    }

    const fn truncated(&self, what: &'static str, needed: usize) -> ReadError {
        let (offset, available) = (self.offset, self.data.len());
        ReadError::Truncated { what, offset, needed, available }
    }
}

/// Overwrites two octets that were written before.
pub(crate) fn put_u16_at(out: &mut BytesMut, at: usize, value: u16) {
    if let Some(field) = out.get_mut(at..at + 2) {
        field.copy_from_slice(&value.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_big_endian_and_a_short_read_consumes_nothing() {
        let mut reader = Reader::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(reader.u8("a"), Ok(1));
        assert_eq!(reader.u16("b"), Ok(0x0203));
        assert_eq!(reader.u32("c"), Ok(0x0405_0607));
        let error = ReadError::Truncated { what: "d", offset: 7, needed: 4, available: 2 };
        assert_eq!(reader.u32("d"), Err(error));
        assert_eq!(reader.array("e"), Ok([8, 9]));
        assert_eq!(reader.remaining(), 0);
        assert_eq!(reader.finish("f"), Ok(()));
    }

    #[test]
    fn a_sub_reader_is_bounded_and_keeps_the_offset() {
        let mut reader = Reader::new(&[1, 2, 3, 4, 5]);
        assert_eq!(reader.u8("a"), Ok(1));
        let error = ReadError::Truncated { what: "b", offset: 1, needed: 5, available: 4 };
        assert_eq!(reader.sub("b", 5).map(Reader::rest), Err(error));
        let mut sub = reader.sub("b", 3).expect("three are there");
        assert_eq!(sub.u16("c"), Ok(0x0203));
        let error = ReadError::Truncated { what: "d", offset: 3, needed: 2, available: 1 };
        assert_eq!(sub.u16("d"), Err(error));
        let error = ReadError::TrailingBytes { what: "b", offset: 3, count: 1 };
        assert_eq!(sub.finish("b"), Err(error));
        assert_eq!(reader.rest(), [5]);
    }
}
