//! What can be wrong with a packet or an LSA.

use thiserror::Error;

/// A flaw in a received packet. Such a packet is discarded (RFC 5340 §4.2.2).
///
/// Offsets count octets from the packet's first, so that of the Version field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PacketError {
    /// The data, or what the Packet length field leaves of it, ends inside of a field.
    #[error("{what} at offset {offset} is cut off: {available} of {needed} octets")]
    Truncated {
        /// The field's name in the RFC.
        what: &'static str,
        /// Where the field starts.
        offset: usize,
        /// The octets it has.
        needed: usize,
        /// The octets that are there.
        available: usize,
    },
    /// Octets follow the last field, within the Packet length.
    #[error("{count} octets too many after {what} at offset {offset}")]
    TrailingBytes {
        /// The name of the part that should have ended.
        what: &'static str,
        /// Where they start.
        offset: usize,
        /// How many they are.
        count: usize,
    },
    /// Not version 3 (RFC 5340 §4.2.2).
    #[error("unsupported version {version}")]
    UnsupportedVersion {
        /// The Version field, at offset 0.
        version: u8,
    },
    /// The Packet length field is below the length of the header, or above that of the data (RFC 5340 §A.3.1).
    #[error("bad packet length {length} in {available} octets of data")]
    BadLength {
        /// The Packet length field, at offset 2, in octets.
        length: u16,
        /// The octets that are there.
        available: usize,
    },
    /// The checksum is wrong (RFC 5340 §A.3.1). Only [`checksum::verify`](crate::checksum::verify) says so.
    #[error("bad checksum {found:#06x}, expected {expected:#06x}")]
    BadChecksum {
        /// The Checksum field, at offset 12.
        found: u16,
        /// What it should have been.
        expected: u16,
    },
}

/// A flaw in a received LSA. Such an LSA is discarded, and not acknowledged (RFC 2328 §13); but one that is only
/// found when its body is read, see [`Lsa::body`](crate::Lsa::body), is kept and flooded like others.
///
/// Offsets count octets from the LSA's first, so that of the LS age field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LsaError {
    /// The data, or what the length field leaves of it, ends inside of a field.
    #[error("{what} at offset {offset} is cut off: {available} of {needed} octets")]
    Truncated {
        /// The field's name in the RFC.
        what: &'static str,
        /// Where the field starts.
        offset: usize,
        /// The octets it has.
        needed: usize,
        /// The octets that are there.
        available: usize,
    },
    /// Octets follow the last field, within the LSA's length.
    #[error("{count} octets too many after {what} at offset {offset}")]
    TrailingBytes {
        /// The name of the part that should have ended.
        what: &'static str,
        /// Where they start.
        offset: usize,
        /// How many they are.
        count: usize,
    },
    /// The length field is below the length of the header, or above that of the data (RFC 5340 §A.4.2). Where the
    /// next LSA of the packet starts is then unknown.
    #[error("bad LSA length {length} in {available} octets of data")]
    BadLength {
        /// The length field, at offset 18, in octets.
        length: u16,
        /// The octets that are there.
        available: usize,
    },
    /// The LS checksum is wrong (RFC 2328 §12.1.7).
    #[error("bad LS checksum {found:#06x}")]
    BadChecksum {
        /// The LS checksum field, at offset 16.
        found: u16,
    },
    /// A prefix is longer than 128 bits (RFC 5340 §A.4.1).
    #[error("bad PrefixLength {length} at offset {offset}")]
    BadPrefixLength {
        /// Where the PrefixLength field stands.
        offset: usize,
        /// What it says, in bits.
        length: u8,
    },
    /// A TLV that must be there is not (RFC 5187 §2.2, RFC 8362 §4).
    #[error("no {what} TLV")]
    MissingTlv {
        /// Its name in the RFC.
        what: &'static str,
    },
}

/// What a [`Reader`](crate::codec::Reader) finds wrong: part of both errors, whose offsets count from different
/// places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadError {
    Truncated { what: &'static str, offset: usize, needed: usize, available: usize },
    TrailingBytes { what: &'static str, offset: usize, count: usize },
}

impl From<ReadError> for PacketError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Truncated { what, offset, needed, available } => {
                Self::Truncated { what, offset, needed, available }
            }
            ReadError::TrailingBytes { what, offset, count } => {
                Self::TrailingBytes { what, offset, count }
            }
        }
    }
}

impl From<ReadError> for LsaError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Truncated { what, offset, needed, available } => {
                Self::Truncated { what, offset, needed, available }
            }
            ReadError::TrailingBytes { what, offset, count } => {
                Self::TrailingBytes { what, offset, count }
            }
        }
    }
}

/// The LSA to encode does not fit its 16-bit length field (RFC 5340 §A.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an LSA of {length} octets is too long")]
pub struct LsaTooLong {
    /// Its length with the header, in octets.
    pub length: usize,
}

/// The packet to encode does not fit the 16-bit Packet length field (RFC 5340 §A.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a packet of {length} octets is too long")]
pub struct PacketTooLong {
    /// Its length, in octets.
    pub length: usize,
}
