//! Link State Request packets: LSAs that the neighbour is to send (RFC 5340 §A.3.4).

use alloc::vec::Vec;

use bytes::{BufMut, BytesMut};

use super::room;
use crate::codec::Reader;
use crate::error::PacketError;
use crate::lsa::LsaKey;

/// What follows the header of a Link State Request packet (RFC 5340 §A.3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStateRequest {
    /// The LSAs, of which the newest instances are wanted.
    pub keys: Vec<LsaKey>,
}

impl LinkStateRequest {
    /// Octets of a key, with the two before it.
    const KEY_LENGTH: usize = 12;

    /// How many keys fit a packet of so many octets.
    pub const fn room(octets: usize) -> usize {
        room(octets, 0, Self::KEY_LENGTH)
    }

    pub(super) fn decode(mut reader: Reader<'_>) -> Result<Self, PacketError> {
        let mut keys = Vec::with_capacity(reader.remaining() / Self::KEY_LENGTH);
        while reader.remaining() >= Self::KEY_LENGTH {
            reader.skip("octets before the LS type", 2)?;
            keys.push(LsaKey::read(&mut reader)?);
        }
        reader.finish("Link State Request")?;
        Ok(Self { keys })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        out.reserve(self.keys.len() * Self::KEY_LENGTH);
        for key in &self.keys {
            out.put_u16(0);
            key.put(out);
        }
    }
}
