//! A cursor over received bytes.

/// Reads from the front of a slice. Every method returns `None` when there are too few bytes, and then
/// has consumed nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    data: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(data: &'a [u8]) -> Self {
        Self { data, offset: 0 }
    }

    /// Bytes consumed so far.
    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    pub(crate) const fn remaining(&self) -> usize {
        self.data.len()
    }

    /// What is left, without consuming it.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.data
    }

    #[inline]
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.data.split_at_checked(count)?;
        self.data = tail;
        self.offset += count;
        Some(head)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.data.split_first_chunk::<N>()?;
        self.data = tail;
        self.offset += N;
        Some(*head)
    }

    #[inline]
    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A cursor over the next `count` bytes alone.
    pub(crate) fn sub(&mut self, count: usize) -> Option<Self> {
        self.take(count).map(Cursor::new)
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_short_read_consumes_nothing() {
        let mut cursor = Cursor::new(&[1, 2, 3]);
        assert_eq!(cursor.u32(), None);
        assert_eq!(cursor.u16(), Some(0x0102));
        assert_eq!(cursor.take(2), None);
        assert_eq!((cursor.offset(), cursor.remaining()), (2, 1));
        assert_eq!(cursor.sub(1).and_then(|mut sub| sub.u8()), Some(3));
        assert!(cursor.is_empty());
    }
}
