//! Link State Update packets: LSAs, whole (RFC 5340 §A.3.5).

use bytes::{BufMut, Bytes, BytesMut};

use super::Header;
use crate::codec::Reader;
use crate::error::{LsaError, PacketError, ReadError};
use crate::lsa::Lsa;

/// What follows the header of a Link State Update packet (RFC 5340 §A.3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStateUpdate {
    /// The # LSAs field.
    count: u32,
    /// The LSAs as they are.
    bytes: Bytes,
}

impl LinkStateUpdate {
    /// Octets of the # LSAs field.
    const COUNT_LENGTH: usize = 4;

    /// An empty packet, to be filled to so many octets with the packet's header.
    pub fn builder(octets: usize) -> LinkStateUpdateBuilder {
        let room = octets.saturating_sub(Header::LENGTH + Self::COUNT_LENGTH);
        LinkStateUpdateBuilder { room, count: 0, bytes: BytesMut::new() }
    }

    /// The # LSAs field: how many there should be.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The LSAs one by one, each taken for itself: one that is malformed does not hide those after it (RFC 2328 §13 (1)), unless
    /// its length is wrong. They share the packet's octets.
    pub fn lsas(&self) -> Lsas {
        Lsas { left: self.count, bytes: self.bytes.clone() }
    }

    pub(super) fn decode(mut reader: Reader<'_>) -> Result<Self, PacketError> {
        let count = reader.u32("# LSAs")?;
        Ok(Self { count, bytes: Bytes::copy_from_slice(reader.rest()) })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        out.put_u32(self.count);
        out.put_slice(&self.bytes);
    }
}

/// The LSAs of a [`LinkStateUpdate`]: see [`LinkStateUpdate::lsas`].
#[derive(Debug, Clone)]
pub struct Lsas {
    left: u32,
    bytes: Bytes,
}

impl Iterator for Lsas {
    type Item = Result<Lsa, LsaError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let lsa = Lsa::decode(&mut self.bytes);
            // Where the next one starts is not known, or it is not there.
            if lsa.is_err() && self.bytes.is_empty() {
                self.left = 0;
            }
            return Some(lsa);
        }
        let count = self.bytes.len();
        if count == 0 {
            return None;
        }
        self.bytes.clear();
        Some(Err(ReadError::TrailingBytes { what: "LSAs", offset: 0, count }.into()))
    }
}

/// Fills a [`LinkStateUpdate`].
#[derive(Debug, Clone)]
pub struct LinkStateUpdateBuilder {
    room: usize,
    count: u32,
    bytes: BytesMut,
}

impl LinkStateUpdateBuilder {
    /// Adds an LSA with the age it is sent with, if it fits. The first one always goes in, since it would fit no other packet
    /// either: IPv6 then takes the packet apart (RFC 2328 §A.1).
    #[must_use = "whether it was added"]
    pub fn push(&mut self, lsa: &Lsa, age: u16) -> bool {
        if self.count > 0 && self.bytes.len() + lsa.len() > self.room {
            return false;
        }
        self.count += 1;
        lsa.put(age, &mut self.bytes);
        true
    }

    /// How many LSAs it has.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The packet's body.
    pub fn build(self) -> LinkStateUpdate {
        LinkStateUpdate { count: self.count, bytes: self.bytes.freeze() }
    }
}
