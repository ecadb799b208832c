//! Link State Acknowledgment packets: LSAs that have arrived (RFC 5340 §A.3.6).

use alloc::vec::Vec;

use bytes::BytesMut;

use super::database_description::{put_headers, read_headers};
use super::room;
use crate::codec::Reader;
use crate::error::PacketError;
use crate::lsa::LsaHeader;

/// What follows the header of a Link State Acknowledgment packet (RFC 5340 §A.3.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStateAcknowledgment {
    /// The instances that have arrived.
    pub headers: Vec<LsaHeader>,
}

impl LinkStateAcknowledgment {
    /// How many LSA headers fit a packet of so many octets.
    pub const fn room(octets: usize) -> usize {
        room(octets, 0, LsaHeader::LENGTH)
    }

    pub(super) fn decode(reader: Reader<'_>) -> Result<Self, PacketError> {
        read_headers(reader, "Link State Acknowledgment").map(|headers| Self { headers })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        put_headers(&self.headers, out);
    }
}
