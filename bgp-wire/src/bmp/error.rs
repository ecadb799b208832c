//! What can be wrong with a message.

use thiserror::Error;

use crate::fields::Missing;

/// A flaw in a message. Offsets count from the first octet of its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BmpError {
    /// Another version than 3: the stream cannot be read on.
    #[error("BMP version {version}")]
    Version {
        /// The version.
        version: u8,
    },
    /// A length shorter than the header, or above [`crate::bmp::MAX_LENGTH`]: the stream cannot be read on.
    #[error("bad message length {length}")]
    BadLength {
        /// The Message Length field.
        length: u32,
    },
    /// There are too few octets.
    #[error("{what} is cut off at offset {offset}")]
    CutOff {
        /// The field.
        what: &'static str,
        /// Where it should stand.
        offset: usize,
    },
    /// Something stands behind the end.
    #[error("there is more behind the end of the message, at offset {offset}")]
    Trailing {
        /// Where.
        offset: usize,
    },
    /// The Stats Count does not agree with the statistics (RFC 7854 §4.8).
    #[error("{count} statistics are announced, {there} are there, at offset {offset}")]
    StatsCount {
        /// The count.
        count: u32,
        /// How many there are.
        there: usize,
        /// Where the count stands.
        offset: usize,
    },
}

impl From<Missing> for BmpError {
    fn from(Missing { what, offset }: Missing) -> Self {
        Self::CutOff { what, offset }
    }
}
