//! The Authentication Trailer: packets signed with a shared key (RFC 7166).
//!
//! A sender makes a datagram without checksum, then [`SecurityAssociation::sign`]s it. A receiver takes it apart with
//! [`Datagram::split`], looks at the [sequence number](Trailer::decode) with the neighbour's [`ReplayProtection`],
//! [verifies](SecurityAssociations::verify) it, and then notes the sequence number.
//!
//! ```
//! use core::net::Ipv6Addr;
//! use core::time::Duration;
//!
//! use bytes::BytesMut;
//! use ospf3::auth::{
//!     Algorithm, ReplayProtection, SecurityAssociation, SecurityAssociations, SequenceNumbers, Trailer,
//! };
//! use ospf3::packet::{Datagram, LinkStateRequest};
//! use ospf3::{AreaId, InstanceId, Packet, PacketBody, RouterId};
//!
//! let association = SecurityAssociation::new(1, Algorithm::HmacSha256, "a secret of two routers");
//! let associations = SecurityAssociations::from_iter([association]);
//! let packet = Packet {
//!     router_id: RouterId::from([192, 0, 2, 1]),
//!     area_id: AreaId::BACKBONE,
//!     instance_id: InstanceId::BASE_IPV6_UNICAST,
//!     body: PacketBody::LinkStateRequest(LinkStateRequest { keys: vec![] }),
//! };
//!
//! let (now, source) = (Duration::ZERO, "fe80::1".parse::<Ipv6Addr>()?);
//! let mut numbers = SequenceNumbers::new(1);
//! let mut datagram = BytesMut::new();
//! packet.encode_without_checksum(&mut datagram)?;
//! let generating = associations.generating(now).ok_or("no key")?;
//! generating.sign(numbers.next().ok_or("no number")?, source, &mut datagram);
//!
//! // Where it is received; the second time it is a replay.
//! let mut replay = ReplayProtection::default();
//! let received = Datagram::split(&datagram)?;
//! let packet_type = received.header.packet_type;
//! let sequence = Trailer::decode(received.trailer)?.sequence_number;
//! replay.check(packet_type, sequence)?;
//! associations.verify(now, source, &received)?;
//! replay.note(packet_type, sequence);
//! assert!(replay.check(packet_type, sequence).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv6Addr;
use core::time::Duration;

use bytes::{BufMut, BytesMut};
use hmac::digest::Digest;
use hmac::digest::common::Key as BlockKey;
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use thiserror::Error;

use crate::options::Options;
use crate::packet::{Datagram, PacketType};

/// How a digest is made (RFC 7166 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Algorithm {
    /// HMAC-SHA-1.
    HmacSha1,
    /// HMAC-SHA-256, which every router has.
    #[default]
    HmacSha256,
    /// HMAC-SHA-384.
    HmacSha384,
    /// HMAC-SHA-512.
    HmacSha512,
}

impl Algorithm {
    /// Octets of a digest.
    pub const fn digest_length(self) -> usize {
        match self {
            Self::HmacSha1 => 20,
            Self::HmacSha256 => 32,
            Self::HmacSha384 => 48,
            Self::HmacSha512 => 64,
        }
    }
}

/// A shared secret. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<Vec<u8>> for Key {
    fn from(octets: Vec<u8>) -> Self {
        Self(octets)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// When a key is used: from `start` on and before `stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// KeyStartAccept or KeyStartGenerate (RFC 7166 §3).
    pub start: Duration,
    /// KeyStopAccept or KeyStopGenerate; `None`: never (RFC 7166 §3).
    pub stop: Option<Duration>,
}

impl Lifetime {
    /// Without start and end.
    pub const FOREVER: Self = Self { start: Duration::ZERO, stop: None };

    /// Whether it is now.
    pub fn contains(&self, now: Duration) -> bool {
        self.start <= now && self.stop.is_none_or(|stop| now < stop)
    }
}

/// An OSPFv3 Security Association: a key, how it is used, and when (RFC 7166 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityAssociation {
    /// The Security Association Identifier, the same on all routers.
    pub id: u16,
    /// How digests are made.
    pub algorithm: Algorithm,
    /// The Authentication Key.
    pub key: Key,
    /// When packets with it are taken.
    pub accept: Lifetime,
    /// When packets are sent with it.
    pub generate: Lifetime,
    /// What is made of the key before it is used.
    pub preparation: KeyPreparation,
}

/// What is made of a key before HMAC takes it. Routers on a link must do the same; not all do what RFC 7166 says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum KeyPreparation {
    /// The Cryptographic Protocol ID is appended, and what is then longer than a digest is hashed (RFC 7166 §4.5 (1)).
    #[default]
    Standard,
    /// The Cryptographic Protocol ID is appended, and that is all: HMAC itself hashes what is longer than a block of its hash.
    /// Keys of at least a digest's length less one octet come out otherwise. So do BIRD 2.0 and 2.17.
    Whole,
    /// As [`Self::Standard`], with the two octets of the Cryptographic Protocol ID swapped. So does FRR before version 9.1
    /// (its issue 15800).
    SwappedProtocolId,
}

impl SecurityAssociation {
    /// One that is used for ever.
    pub fn new(id: u16, algorithm: Algorithm, key: impl Into<Key>) -> Self {
        Self {
            id,
            algorithm,
            key: key.into(),
            accept: Lifetime::FOREVER,
            generate: Lifetime::FOREVER,
            preparation: KeyPreparation::Standard,
        }
    }

    /// Octets that [`Self::sign`] adds.
    pub const fn trailer_length(&self) -> usize {
        Trailer::HEADER_LENGTH + self.algorithm.digest_length()
    }

    /// Appends the Authentication Trailer. `datagram` is all that is sent: a packet without checksum, and the block of link-local
    /// signalling without checksum, if there is one. `source` is its IPv6 source address.
    pub fn sign(&self, sequence_number: u64, source: Ipv6Addr, datagram: &mut BytesMut) {
        let length = u16::try_from(self.trailer_length()).unwrap_or_default();
        datagram.put_u16(AUTHENTICATION_TYPE);
        datagram.put_u16(length);
        datagram.put_u16(0);
        datagram.put_u16(self.id);
        datagram.put_u64(sequence_number);
        let parts = [datagram.as_ref(), &self.apad(source)];
        match self.algorithm {
            Algorithm::HmacSha1 => append(self.mac::<Sha1>(&parts), datagram),
            Algorithm::HmacSha256 => append(self.mac::<Sha256>(&parts), datagram),
            Algorithm::HmacSha384 => append(self.mac::<Sha384>(&parts), datagram),
            Algorithm::HmacSha512 => append(self.mac::<Sha512>(&parts), datagram),
        }
    }

    /// Whether the digest is that of all that stands before it. Takes as long whatever it is.
    fn verify(&self, parts: [&[u8]; 3], source: Ipv6Addr, digest: &[u8]) -> bool {
        let [packet, block, trailer] = parts;
        let parts = [packet, block, trailer, &self.apad(source)];
        let verified = match self.algorithm {
            Algorithm::HmacSha1 => self.mac::<Sha1>(&parts).verify_slice(digest),
            Algorithm::HmacSha256 => self.mac::<Sha256>(&parts).verify_slice(digest),
            Algorithm::HmacSha384 => self.mac::<Sha384>(&parts).verify_slice(digest),
            Algorithm::HmacSha512 => self.mac::<Sha512>(&parts).verify_slice(digest),
        };
        verified.is_ok()
    }

    /// The HMAC of `parts`.
    fn mac<D: EagerHash + Digest>(&self, parts: &[&[u8]]) -> Hmac<D> {
        // OSPFv3 among the Cryptographic Protocols (RFC 7166 §7)
        let protocol_id: [u8; 2] = match self.preparation {
            KeyPreparation::SwappedProtocolId => 1u16.to_le_bytes(),
            KeyPreparation::Standard | KeyPreparation::Whole => 1u16.to_be_bytes(),
        };
        let specific = [&self.key.0[..], &protocol_id].concat();
        let mut block = BlockKey::<Hmac<D>>::default();
        let longest = match self.preparation {
            KeyPreparation::Whole => block.len(),
            KeyPreparation::Standard | KeyPreparation::SwappedProtocolId => {
                <D as Digest>::output_size()
            }
        };
        if specific.len() > longest {
            fill(&mut block, &D::digest(&specific));
        } else {
            fill(&mut block, &specific);
        }
        let mut mac = <Hmac<D> as KeyInit>::new(&block);
        for part in parts {
            mac.update(part);
        }
        mac
    }

    /// What stands in the place of the digest while it is made (RFC 7166 §4.5).
    fn apad(&self, source: Ipv6Addr) -> Vec<u8> {
        const PADDING: [u8; 4] = [0x87, 0x8f, 0xe1, 0xf3];
        let padding = PADDING.iter().cycle();
        let octets = source.octets();
        octets.iter().chain(padding).take(self.algorithm.digest_length()).copied().collect()
    }
}

/// Copies to the front of zeros.
fn fill(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

fn append(mac: impl Mac, datagram: &mut BytesMut) {
    datagram.put_slice(&mac.finalize().into_bytes());
}

/// The keys of an interface (RFC 7166 §3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityAssociations(Vec<SecurityAssociation>);

impl FromIterator<SecurityAssociation> for SecurityAssociations {
    fn from_iter<I: IntoIterator<Item = SecurityAssociation>>(associations: I) -> Self {
        Self(associations.into_iter().collect())
    }
}

impl SecurityAssociations {
    /// The one that packets are sent with now: of several the one that began last, and of those the one with the lowest
    /// identifier. Without any, nothing may be sent (RFC 7166 §3).
    pub fn generating(&self, now: Duration) -> Option<&SecurityAssociation> {
        let valid = self.0.iter().filter(|association| association.generate.contains(now));
        valid.min_by_key(|association| {
            (core::cmp::Reverse(association.generate.start), association.id)
        })
    }

    /// When one of the keys begins or ends next.
    pub fn next_change(&self, now: Duration) -> Option<Duration> {
        let lifetimes = self.0.iter().flat_map(|key| [key.accept, key.generate]);
        let changes = lifetimes.flat_map(|lifetime| [Some(lifetime.start), lifetime.stop]);
        changes.flatten().filter(|change| *change > now).min()
    }

    /// The longest of all trailers, in octets: what a packet must leave free.
    pub fn longest_trailer(&self) -> usize {
        self.0.iter().map(SecurityAssociation::trailer_length).max().unwrap_or(0)
    }

    /// Whether a received datagram has been signed with a key that is taken now. `source` is its IPv6 source address.
    /// The sequence number is for [`ReplayProtection`] to look at.
    ///
    /// # Errors
    /// If it has not: the datagram is then to be dropped (RFC 7166 §4.6).
    pub fn verify(
        &self,
        now: Duration,
        source: Ipv6Addr,
        datagram: &Datagram<'_>,
    ) -> Result<Trailer, AuthenticationError> {
        if datagram.options.is_some_and(|options| !options.contains(Options::AT)) {
            return Err(AuthenticationError::AtBit);
        }
        let trailer = Trailer::decode(datagram.trailer)?;
        let id = trailer.association_id;
        let mut known = self.0.iter().filter(|association| association.id == id).peekable();
        if known.peek().is_none() {
            return Err(AuthenticationError::UnknownAssociation { id });
        }
        let Some(association) = known.find(|association| association.accept.contains(now)) else {
            return Err(AuthenticationError::Expired { id });
        };
        let (header, digest) = datagram
            .trailer
            .split_at_checked(Trailer::HEADER_LENGTH)
            .ok_or(AuthenticationError::Missing)?;
        let block = datagram.link_local_signaling.unwrap_or_default();
        if association.verify([datagram.packet, block, header], source, digest) {
            Ok(trailer)
        } else {
            Err(AuthenticationError::BadDigest { id })
        }
    }
}

/// HMAC Cryptographic Authentication (RFC 7166 §4.1).
const AUTHENTICATION_TYPE: u16 = 1;

/// What an Authentication Trailer says before its digest (RFC 7166 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailer {
    /// Which key was used.
    pub association_id: u16,
    /// The Cryptographic Sequence Number.
    pub sequence_number: u64,
}

impl Trailer {
    /// Octets before the digest.
    const HEADER_LENGTH: usize = 16;

    /// Reads the trailer of a datagram: all that follows the packet and its block of link-local signalling.
    ///
    /// # Errors
    /// If there is none, or one of another type or length.
    pub fn decode(trailer: &[u8]) -> Result<Self, AuthenticationError> {
        let (fields, _digest) = trailer.split_first_chunk().ok_or(AuthenticationError::Missing)?;
        let fields: &[u8; Self::HEADER_LENGTH] = fields;
        // Type, length, reserved and identifier; then the number.
        let [t0, t1, l0, l1, _, _, i0, i1, number @ ..] = *fields;
        let authentication_type = u16::from_be_bytes([t0, t1]);
        if authentication_type != AUTHENTICATION_TYPE {
            return Err(AuthenticationError::Type { authentication_type });
        }
        let length = u16::from_be_bytes([l0, l1]);
        if usize::from(length) != trailer.len() {
            return Err(AuthenticationError::Length { length, available: trailer.len() });
        }
        let association_id = u16::from_be_bytes([i0, i1]);
        Ok(Self { association_id, sequence_number: u64::from_be_bytes(number) })
    }
}

/// Why a datagram is not authentic (RFC 7166 §4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthenticationError {
    /// The AT bit of the Options is clear.
    #[error("the AT-bit is clear")]
    AtBit,
    /// There is no trailer.
    #[error("no Authentication Trailer")]
    Missing,
    /// The trailer is not HMAC Cryptographic Authentication.
    #[error("Authentication Type {authentication_type}")]
    Type {
        /// The Authentication Type field.
        authentication_type: u16,
    },
    /// The trailer is not as long as it says.
    #[error("Auth Data Len {length} in a trailer of {available} octets")]
    Length {
        /// The Auth Data Len field, in octets.
        length: u16,
        /// The octets that are there.
        available: usize,
    },
    /// There is no key with this identifier.
    #[error("unknown Security Association {id}")]
    UnknownAssociation {
        /// The identifier.
        id: u16,
    },
    /// The key with this identifier is not taken now.
    #[error("Security Association {id} is not valid now")]
    Expired {
        /// The identifier.
        id: u16,
    },
    /// The digest is wrong.
    #[error("wrong digest for Security Association {id}")]
    BadDigest {
        /// The identifier.
        id: u16,
    },
    /// The sequence number does not follow the last one.
    #[error("replay: sequence number {received} after {last}")]
    Replay {
        /// That of the last packet of the type from the neighbour.
        last: u64,
        /// That of this one.
        received: u64,
    },
}

/// The last sequence numbers of a neighbour, by packet type (RFC 7166 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReplayProtection {
    /// Of types 1 to 5; all others share the last.
    last: [Option<u64>; 6],
}

impl ReplayProtection {
    fn place(packet_type: PacketType) -> usize {
        usize::from(packet_type.0).wrapping_sub(1).min(5)
    }

    /// Whether a packet's sequence number follows the last one of its type.
    ///
    /// # Errors
    /// If it does not: the packet is then to be dropped (RFC 7166 §4.6).
    pub fn check(&self, packet_type: PacketType, received: u64) -> Result<(), AuthenticationError> {
        match self.last.get(Self::place(packet_type)) {
            Some(Some(last)) if received <= *last => {
                Err(AuthenticationError::Replay { last: *last, received })
            }
            _ => Ok(()),
        }
    }

    /// Notes the sequence number of a packet that was authentic.
    pub fn note(&mut self, packet_type: PacketType, received: u64) {
        if let Some(last) = self.last.get_mut(Self::place(packet_type)) {
            *last = Some(received);
        }
    }
}

/// Gives sequence numbers to a router's packets: each is higher than all before (RFC 7166 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceNumbers {
    /// `None` when there are no more.
    next: Option<u64>,
}

impl SequenceNumbers {
    /// Numbers of a router that has started so many times before, or at such a second: the high 32 bits must be higher at each
    /// start.
    pub const fn new(start: u32) -> Self {
        Self { next: Some((start as u64) << 32) }
    }

    /// The next number; `None` when all are used up and keys must be changed (RFC 7166 §4.1.1).
    pub const fn next(&mut self) -> Option<u64> {
        let next = self.next;
        self.next = match next {
            Some(number) => number.checked_add(1),
            None => None,
        };
        next
    }
}

#[cfg(test)]
mod tests;
