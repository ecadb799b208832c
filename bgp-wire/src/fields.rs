//! A cursor whose errors say what is missing, and where: for the formats that wrap BGP messages.

use core::net::Ipv4Addr;
#[cfg(feature = "mrt")]
use core::net::Ipv6Addr;

use crate::codec::Cursor;

/// A field for which there are too few bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) what: &'static str,
    pub(crate) offset: usize,
}

/// Reads named fields from the front of a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    cursor: Cursor<'a>,
    start: usize,
}

impl<'a> Fields<'a> {
    /// Reads `data`, whose first octet stands at `start` as errors count.
    #[inline]
    pub(crate) const fn new(data: &'a [u8], start: usize) -> Self {
        Self { cursor: Cursor::new(data), start }
    }

    /// Where the next field stands, as errors count.
    #[inline]
    pub(crate) const fn offset(&self) -> usize {
        self.start + self.cursor.offset()
    }

    /// Bytes consumed so far.
    #[inline]
    pub(crate) const fn consumed(&self) -> usize {
        self.cursor.offset()
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.cursor.is_empty()
    }

    #[inline]
    const fn missing(&self, what: &'static str) -> Missing {
        Missing { what, offset: self.offset() }
    }

    #[inline]
    pub(crate) fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], Missing> {
        self.cursor.take(count).ok_or(self.missing(what))
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Missing> {
        self.cursor.array().ok_or(self.missing(what))
    }

    #[inline]
    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, Missing> {
        self.cursor.u8().ok_or(self.missing(what))
    }

    #[inline]
    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, Missing> {
        self.cursor.u16().ok_or(self.missing(what))
    }

    #[inline]
    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Missing> {
        self.cursor.u32().ok_or(self.missing(what))
    }

    #[inline]
    pub(crate) fn ipv4(&mut self, what: &'static str) -> Result<Ipv4Addr, Missing> {
        self.array::<4>(what).map(Ipv4Addr::from)
    }

    #[cfg(feature = "mrt")]
    #[inline]
    pub(crate) fn ipv6(&mut self, what: &'static str) -> Result<Ipv6Addr, Missing> {
        self.array::<16>(what).map(Ipv6Addr::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_its_place() {
        let mut fields = Fields::new(&[1, 2, 3], 12);
        assert_eq!(fields.u16("one"), Ok(0x0102));
        assert_eq!(fields.u32("two"), Err(Missing { what: "two", offset: 14 }));
        assert_eq!((fields.u8("three"), fields.consumed()), (Ok(3), 3));
        assert!(fields.is_empty());
    }
}
