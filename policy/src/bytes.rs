//! Programs as bytes: to be kept, or made elsewhere.
//!
//! Numbers are written with 7 bits an octet, the low ones first; lists with their length in front. The form has a
//! version, as instructions come and go: bytes of another one are refused.

mod code;
mod value;

use alloc::string::String;
use alloc::vec::Vec;

use thiserror::Error;

use crate::program::Program;
use crate::verify::{VerifyError, verify};

/// What the bytes begin with; the last octet is the version.
const MAGIC: [u8; 4] = *b"CWP\x01";

/// Bytes that are no program.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BytesError {
    /// They do not read as one.
    #[error("octet {at}: {kind}")]
    Format {
        /// Offset of what is wrong
        at: usize,
        /// What it is
        kind: BytesErrorKind,
    },
    /// They read as one that is not in order.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// What is wrong with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BytesErrorKind {
    /// They do not begin as a program, or are of another version.
    #[error("this is no program of this version")]
    Magic,
    /// They end too early, or a length is more than what is there.
    #[error("something is missing")]
    Truncated,
    /// There is more than a program.
    #[error("something comes behind the end")]
    Trailing,
    /// A number is too large, or stands for nothing.
    #[error("this is not a value that can stand here")]
    Value,
}

type Result<T> = core::result::Result<T, BytesError>;

/// What is written, and read back as the same.
trait Item: Sized {
    fn write(&self, out: &mut Vec<u8>);
    fn read(from: &mut Reader<'_>) -> Result<Self>;
}

struct Reader<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    const fn error(&self, kind: BytesErrorKind) -> BytesError {
        BytesError::Format { at: self.at, kind }
    }

    /// The error of a value that has been read from `at` on.
    const fn wrong(at: usize) -> BytesError {
        BytesError::Format { at, kind: BytesErrorKind::Value }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.data.get(self.at..end));
        let taken = taken.ok_or_else(|| self.error(BytesErrorKind::Truncated))?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let at = self.at;
        self.take(N)?.try_into().map_err(|_| Self::wrong(at))
    }

    /// How many items of at least `least` octets each follow: not more than there is room for.
    fn count(&mut self, least: usize) -> Result<usize> {
        let at = self.at;
        let count = usize::try_from(u64::read(self)?).map_err(|_| Self::wrong(at))?;
        if count > (self.data.len() - self.at) / least.max(1) {
            return Err(BytesError::Format { at, kind: BytesErrorKind::Truncated });
        }
        Ok(count)
    }

    /// An entry of a table, by its number in it.
    fn entry<T: Copy>(&mut self, table: &[T]) -> Result<T> {
        let at = self.at;
        let number = usize::from(u8::read(self)?);
        table.get(number).copied().ok_or(Self::wrong(at))
    }
}

/// The number of an entry of a table. All values are in their tables.
fn number<T: PartialEq>(table: &[T], value: &T, out: &mut Vec<u8>) {
    let place = table.iter().position(|entry| entry == value).unwrap_or(usize::from(u8::MAX));
    out.push(u8::try_from(place).unwrap_or(u8::MAX));
}

impl Item for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest > 0x7f {
            out.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let at = from.at;
        let mut value = 0;
        for shift in (0..Self::BITS).step_by(7) {
            let [octet] = from.array()?;
            let bits = Self::from(octet & 0x7f);
            // The last octet has one bit; and a number is written in one way only.
            if bits << shift >> shift != bits || (octet == 0 && shift > 0) {
                return Err(Reader::wrong(at));
            }
            value |= bits << shift;
            if octet & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Reader::wrong(at))
    }
}

macro_rules! narrow {
    ($($ty:ty),*) => {$(
        impl Item for $ty {
            fn write(&self, out: &mut Vec<u8>) {
                u64::from(*self).write(out);
            }

            fn read(from: &mut Reader<'_>) -> Result<Self> {
                let at = from.at;
                Self::try_from(u64::read(from)?).map_err(|_| Reader::wrong(at))
            }
        }
    )*};
}

narrow!(u16, u32);

impl Item for u8 {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let [octet] = from.array()?;
        Ok(octet)
    }
}

impl Item for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push((*self).into());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        from.entry(&[false, true])
    }
}

impl<T: Item> Item for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_all(self, out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let count = from.count(1)?;
        // Room is made as items are read: in memory they may be larger than in the bytes.
        let mut list = Self::new();
        for _ in 0..count {
            list.push(T::read(from)?);
        }
        Ok(list)
    }
}

fn write_all<T: Item>(list: &[T], out: &mut Vec<u8>) {
    (list.len() as u64).write(out);
    list.iter().for_each(|item| item.write(out));
}

fn write_octets(octets: &[u8], out: &mut Vec<u8>) {
    (octets.len() as u64).write(out);
    out.extend_from_slice(octets);
}

fn read_octets<'a>(from: &mut Reader<'a>) -> Result<&'a [u8]> {
    let count = from.count(1)?;
    from.take(count)
}

impl Item for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_octets(self.as_bytes(), out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let at = from.at;
        let octets = read_octets(from)?;
        core::str::from_utf8(octets).map(Into::into).map_err(|_| Reader::wrong(at))
    }
}

impl<T: Item> Item for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        Ok(if bool::read(from)? { Some(T::read(from)?) } else { None })
    }
}

impl<T: Item> Item for (T, T) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        Ok((T::read(from)?, T::read(from)?))
    }
}

impl Program {
    /// The program as bytes. They hold no source text: spans mean what they meant.
    ///
    /// ```
    /// let program = policy::compile("example", "filter f { if bgp_path.len > 5 then reject; accept; }")
    ///     .map_err(|errors| errors.to_string())?;
    /// let bytes = program.to_bytes();
    /// assert_eq!(policy::Program::from_bytes(&bytes), Ok(program));
    /// assert!(policy::Program::from_bytes(&bytes[1..]).is_err());
    /// # Ok::<(), String>(())
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        self.constants.write(&mut out);
        self.functions.write(&mut out);
        self.filters.write(&mut out);
        out
    }

    /// The program of bytes that [`Program::to_bytes`] made, verified anew. What it takes in memory is bounded by the
    /// length of the bytes.
    ///
    /// # Errors
    /// What does not read as a program, with its place, or what is wrong with its code.
    pub fn from_bytes(data: &[u8]) -> Result<Self> {
        let mut from = Reader { data, at: 0 };
        if !data.starts_with(&MAGIC) {
            return Err(from.error(BytesErrorKind::Magic));
        }
        from.at = MAGIC.len();
        let constants = Item::read(&mut from)?;
        let functions = Item::read(&mut from)?;
        let program = Self::new(Item::read(&mut from)?, functions, constants);
        if from.at < data.len() {
            return Err(from.error(BytesErrorKind::Trailing));
        }
        verify(&program)?;
        Ok(program)
    }
}

#[cfg(test)]
mod tests;
