//! What one IPv6 packet holds: an OSPF packet, and what may follow it (RFC 5613 §2, RFC 7166 §2).

use super::database_description::DatabaseDescription;
use super::{Hello, LinkLocalSignaling, PacketType};
use crate::error::PacketError;
use crate::options::Options;

use super::Header;

/// A received datagram, taken apart but not looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// The packet's header.
    pub header: Header,
    /// The packet's Options; `None` for a type that has none, or where they are cut off.
    pub options: Option<Options>,
    /// The packet, with its header.
    pub packet: &'a [u8],
    /// The block of link-local signalling, if there is one: only Hello and Database Description packets have one, if their L bit says
    /// so (RFC 5613 §2.1).
    pub link_local_signaling: Option<&'a [u8]>,
    /// What follows: the Authentication Trailer, where there is to be one (RFC 7166 §4.1).
    pub trailer: &'a [u8],
}

impl<'a> Datagram<'a> {
    /// Takes apart what followed the IPv6 header.
    ///
    /// # Errors
    /// As [`Header::decode`]. A block of link-local signalling whose length cannot be is taken for none.
    pub fn split(data: &'a [u8]) -> Result<Self, PacketError> {
        let header = Header::decode(data)?;
        let Some((packet, rest)) = data.split_at_checked(usize::from(header.length)) else {
            // Header::decode has looked.
            return Err(PacketError::BadLength { length: header.length, available: data.len() });
        };
        let options = options(header.packet_type, packet);
        let block = options
            .filter(|options| options.contains(Options::L))
            .and_then(|_| LinkLocalSignaling::length(rest))
            .and_then(|length| rest.split_at_checked(length));
        let (link_local_signaling, trailer) = match block {
            Some((block, trailer)) => (Some(block), trailer),
            None => (None, rest),
        };
        Ok(Self { header, options, packet, link_local_signaling, trailer })
    }
}

/// The Options of a Hello or Database Description packet.
fn options(packet_type: PacketType, packet: &[u8]) -> Option<Options> {
    let offset = match packet_type {
        PacketType::HELLO => Hello::OPTIONS_OFFSET,
        PacketType::DATABASE_DESCRIPTION => DatabaseDescription::OPTIONS_OFFSET,
        _ => return None,
    };
    packet.get(offset..)?.first_chunk().map(|octets| Options::from_be_bytes(*octets))
}
