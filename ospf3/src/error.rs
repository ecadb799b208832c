//! What can be wrong with a packet.

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

/// The packet to encode does not fit the 16-bit Packet length field (RFC 5340 §A.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a packet of {length} octets is too long")]
pub struct PacketTooLong {
    /// Its length, in octets.
    pub length: usize,
}
