//! What can be wrong with a record, and with a file.

use std::io;

use thiserror::Error;

use crate::fields::Missing;
use crate::iana::Afi;

/// A flaw in a record. Offsets count from the first octet of its header, unless stated otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MrtError {
    /// There are too few octets.
    #[error("{what} is cut off at offset {offset}")]
    CutOff {
        /// The field.
        what: &'static str,
        /// Where it should stand.
        offset: usize,
    },
    /// Something stands behind the end.
    #[error("there is more behind the end of the record, at offset {offset}")]
    Trailing {
        /// Where.
        offset: usize,
    },
    /// A prefix longer than an address.
    #[error("prefix length {length} at offset {offset}")]
    PrefixLength {
        /// The length, in bits.
        length: u8,
        /// Where it stands.
        offset: usize,
    },
    /// Addresses of a family other than IPv4 and IPv6 (RFC 6396 §4.4.2).
    #[error("addresses of family {afi} at offset {offset}")]
    AddressFamily {
        /// The family.
        afi: Afi,
        /// Where it stands.
        offset: usize,
    },
    /// A record that cannot be written: a count or a length has too few octets for it.
    #[error("{what}: {count} are too many")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// How many.
        count: usize,
    },
    /// A record that cannot be written: its type has no place for something.
    #[error("cannot be written: {what}")]
    Unfit {
        /// For what.
        what: &'static str,
    },
}

impl From<Missing> for MrtError {
    fn from(Missing { what, offset }: Missing) -> Self {
        Self::CutOff { what, offset }
    }
}

/// What stopped a [`crate::mrt::Reader`] at a record. Offsets count from the first octet that it read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The source cannot be read on.
    #[error("cannot read behind offset {offset}: {error}")]
    Io {
        /// How far it was read.
        offset: u64,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A record has a flaw. The reader goes on with the next one.
    #[error("record at offset {offset}: {error}")]
    Record {
        /// Where the record begins.
        offset: u64,
        /// The flaw.
        #[source]
        error: MrtError,
    },
    /// A record says that it is longer than the limit. The reader passes over it.
    #[error("record at offset {offset}: its length is {length}, more than the limit of {limit}")]
    TooLong {
        /// Where the record begins.
        offset: u64,
        /// Its length in octets, with the header.
        length: u64,
        /// The limit.
        limit: usize,
    },
    /// The source ends within a record.
    #[error("record at offset {offset}: cut off after {present} octets")]
    CutOff {
        /// Where the record begins.
        offset: u64,
        /// Octets of it that are there.
        present: usize,
    },
}

impl ReadError {
    /// Where: of a record the beginning, else how far the source was read.
    pub const fn offset(&self) -> u64 {
        match self {
            Self::Io { offset, .. }
            | Self::Record { offset, .. }
            | Self::TooLong { offset, .. }
            | Self::CutOff { offset, .. } => *offset,
        }
    }
}
