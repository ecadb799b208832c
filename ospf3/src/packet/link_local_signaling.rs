//! Blocks of link-local signalling after Hello and Database Description packets (RFC 5613).

use alloc::vec::Vec;

use bytes::{BufMut, Bytes, BytesMut};
use thiserror::Error;

use super::checksum::{fold, sum};
use crate::codec::{Reader, put_u16_at};
use crate::error::{PacketError, ReadError};
use crate::tlv::{self, Tlv};

/// A block of link-local signalling (RFC 5613 §2.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkLocalSignaling {
    /// Its TLVs, in their order. Those of types that are not known are to be ignored.
    pub tlvs: Vec<Tlv>,
}

/// Why a block of link-local signalling is discarded. The packet before it is not (RFC 5613 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LinkLocalSignalingError {
    /// The checksum is wrong.
    #[error("bad checksum {found:#06x} of the LLS block")]
    BadChecksum {
        /// The Checksum field.
        found: u16,
    },
    /// It is not all there, or a TLV is not. Offsets count from the block's first octet.
    #[error(transparent)]
    Malformed(PacketError),
}

impl LinkLocalSignaling {
    /// The type of the Extended Options and Flags TLV (RFC 5613 §2.4).
    pub const EXTENDED_OPTIONS: u16 = 1;
    /// The type of the IPv6 MTU TLV (RFC 5838 §2.7).
    pub const IPV6_MTU: u16 = 17;

    /// Octets of the block at the front of `data`, as its LLS Data Length says; `None` if they are not all there.
    pub fn length(data: &[u8]) -> Option<usize> {
        let words = u16::from_be_bytes(*data.get(2..)?.first_chunk()?);
        Some(usize::from(words) * 4).filter(|length| (4..=data.len()).contains(length))
    }

    /// Reads a block: one whole and nothing after it.
    ///
    /// The checksum is verified unless the packet is authenticated, which it then is not made for (RFC 7166 §4.2).
    ///
    /// # Errors
    /// If the checksum is wrong or the block malformed.
    pub fn decode(block: &[u8], authenticated: bool) -> Result<Self, LinkLocalSignalingError> {
        let malformed = |error: ReadError| LinkLocalSignalingError::Malformed(error.into());
        let mut reader = Reader::new(block);
        let found = reader.u16("LLS checksum").map_err(malformed)?;
        let length = reader.u16("LLS Data Length").map_err(malformed)?;
        let length = (usize::from(length) * 4).saturating_sub(4);
        let tlvs = reader.sub("LLS TLVs", length).map_err(malformed)?;
        reader.finish("LLS block").map_err(malformed)?;
        // Of all words with the right checksum the sum is -0.
        if !authenticated && fold(sum(block)) != u16::MAX {
            return Err(LinkLocalSignalingError::BadChecksum { found });
        }
        Ok(Self { tlvs: tlv::read_all(tlvs).map_err(malformed)? })
    }

    /// Appends the block; with a checksum of zero if the packet is authenticated (RFC 7166 §4.2). What is beyond
    /// 262,140 octets is lost.
    pub fn encode(&self, authenticated: bool, out: &mut BytesMut) {
        let start = out.len();
        out.put_u32(0);
        tlv::put_all(&self.tlvs, out);
        let words = u16::try_from((out.len() - start) / 4).unwrap_or(u16::MAX);
        out.truncate(start + usize::from(words) * 4);
        put_u16_at(out, start + 2, words);
        if !authenticated {
            let checksum = !fold(sum(out.get(start..).unwrap_or_default()));
            put_u16_at(out, start, checksum);
        }
    }

    /// The Extended Options and Flags, of the first TLV that has them (RFC 5613 §2.4).
    pub fn extended_options(&self) -> Option<u32> {
        self.word(Self::EXTENDED_OPTIONS)
    }

    /// The MTU for IPv6, where it is not that of the address family (RFC 5838 §2.7).
    pub fn ipv6_mtu(&self) -> Option<u32> {
        self.word(Self::IPV6_MTU)
    }

    /// Adds a TLV of four octets.
    pub fn push_word(&mut self, tlv_type: u16, value: u32) {
        self.tlvs.push(Tlv { tlv_type, value: Bytes::copy_from_slice(&value.to_be_bytes()) });
    }

    /// The first TLV of the type, if it has four octets.
    fn word(&self, tlv_type: u16) -> Option<u32> {
        let tlv = self.tlvs.iter().find(|tlv| tlv.tlv_type == tlv_type)?;
        <[u8; 4]>::try_from(&tlv.value[..]).ok().map(u32::from_be_bytes)
    }
}
