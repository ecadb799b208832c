//! Packets: the header, and what follows it by type (RFC 5340 §A.3).

pub mod checksum;
mod database_description;
mod datagram;
pub mod hello;
mod link_local_signaling;
mod link_state_acknowledgment;
mod link_state_request;
mod link_state_update;
#[cfg(test)]
mod tests;

use core::fmt;
use core::net::Ipv6Addr;

use bytes::{BufMut, Bytes, BytesMut};

use crate::codec::{Reader, put_u16_at};
use crate::error::{PacketError, PacketTooLong};
use crate::id::{AreaId, InstanceId, RouterId};

pub use database_description::{DatabaseDescription, DatabaseDescriptionFlags};
pub use datagram::Datagram;
pub use hello::Hello;
pub use link_local_signaling::{LinkLocalSignaling, LinkLocalSignalingError};
pub use link_state_acknowledgment::LinkStateAcknowledgment;
pub use link_state_request::LinkStateRequest;
pub use link_state_update::{LinkStateUpdate, LinkStateUpdateBuilder, Lsas};

/// What a packet is for (RFC 5340 §A.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketType(
    /// The Type field.
    pub u8,
);

impl PacketType {
    /// Hello (RFC 5340 §A.3.2).
    pub const HELLO: Self = Self(1);
    /// Database Description (RFC 5340 §A.3.3).
    pub const DATABASE_DESCRIPTION: Self = Self(2);
    /// Link State Request (RFC 5340 §A.3.4).
    pub const LINK_STATE_REQUEST: Self = Self(3);
    /// Link State Update (RFC 5340 §A.3.5).
    pub const LINK_STATE_UPDATE: Self = Self(4);
    /// Link State Acknowledgment (RFC 5340 §A.3.6).
    pub const LINK_STATE_ACKNOWLEDGMENT: Self = Self(5);

    /// Its name in the RFC; `None` for one that is not known.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::HELLO => "Hello",
            Self::DATABASE_DESCRIPTION => "Database Description",
            Self::LINK_STATE_REQUEST => "Link State Request",
            Self::LINK_STATE_UPDATE => "Link State Update",
            Self::LINK_STATE_ACKNOWLEDGMENT => "Link State Acknowledgment",
            _ => return None,
        })
    }
}

impl fmt::Display for PacketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "packet type {}", self.0),
        }
    }
}

/// The header of a received packet (RFC 5340 §A.3.1): enough to tell which interface it is for, before the body
/// is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What follows.
    pub packet_type: PacketType,
    /// The length of the packet with this header and without any trailer, in octets; at least [`Header::LENGTH`].
    pub length: u16,
    /// The router that sent it.
    pub router_id: RouterId,
    /// The area it belongs to.
    pub area_id: AreaId,
    /// As received: see [`checksum::verify`].
    pub checksum: u16,
    /// The instance it belongs to.
    pub instance_id: InstanceId,
}

impl Header {
    /// Octets of a header.
    pub const LENGTH: usize = 16;
    /// The version of OSPF.
    pub const VERSION: u8 = 3;

    /// Reads the header of a packet, `data` being what followed the IPv6 header: at least the whole packet.
    ///
    /// # Errors
    /// If the version is not 3, the header is not all there, or the Packet length is impossible
    /// (RFC 5340 §4.2.2). Whether the other fields fit the receiving interface is for the caller to see.
    pub fn decode(data: &[u8]) -> Result<Self, PacketError> {
        Self::read(&mut Reader::new(data)).map(|(header, _)| header)
    }

    /// Also says how many octets of body follow, which are there.
    fn read(reader: &mut Reader<'_>) -> Result<(Self, usize), PacketError> {
        let available = reader.remaining();
        let version = reader.u8("Version")?;
        if version != Self::VERSION {
            return Err(PacketError::UnsupportedVersion { version });
        }
        let packet_type = PacketType(reader.u8("Type")?);
        let length = reader.u16("Packet length")?;
        let router_id = RouterId(reader.u32("Router ID")?);
        let area_id = AreaId(reader.u32("Area ID")?);
        let checksum = reader.u16("Checksum")?;
        let instance_id = InstanceId(reader.u8("Instance ID")?);
        // RFC 5340 §A.3.1: ignored when receiving.
        let _reserved = reader.u8("reserved")?;
        let body_length = usize::from(length)
            .checked_sub(Self::LENGTH)
            .filter(|body| *body <= reader.remaining())
            .ok_or(PacketError::BadLength { length, available })?;
        let header = Self { packet_type, length, router_id, area_id, checksum, instance_id };
        Ok((header, body_length))
    }
}

/// How many items of so many octets follow the header and `fixed` octets in a packet of `octets`.
const fn room(octets: usize, fixed: usize, item: usize) -> usize {
    octets.saturating_sub(Header::LENGTH + fixed) / item
}

/// The longest packet that goes over an interface in one piece, in octets, where `trailer` octets follow the packet
/// ([`LinkLocalSignaling`], Authentication Trailer).
pub const fn longest(mtu: u16, trailer: usize) -> usize {
    const IPV6_HEADER: usize = 40;
    (mtu as usize).saturating_sub(IPV6_HEADER + trailer)
}

/// One packet (RFC 5340 §A.3). Its length and checksum are not here: they are written by encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The router that sends it.
    pub router_id: RouterId,
    /// The area it belongs to.
    pub area_id: AreaId,
    /// The instance it belongs to.
    pub instance_id: InstanceId,
    /// What follows the header.
    pub body: PacketBody,
}

/// What follows the header, by its type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PacketBody {
    /// A Hello packet (RFC 5340 §A.3.2).
    Hello(Hello),
    /// A Database Description packet (RFC 5340 §A.3.3).
    DatabaseDescription(DatabaseDescription),
    /// A Link State Request packet (RFC 5340 §A.3.4).
    LinkStateRequest(LinkStateRequest),
    /// A Link State Update packet (RFC 5340 §A.3.5).
    LinkStateUpdate(LinkStateUpdate),
    /// A Link State Acknowledgment packet (RFC 5340 §A.3.6).
    LinkStateAcknowledgment(LinkStateAcknowledgment),
    /// A packet of a type without a variant here. Decoding never gives one that has a variant.
    Other {
        /// The type.
        packet_type: PacketType,
        /// A copy of what follows the header.
        body: Bytes,
    },
}

impl PacketBody {
    /// The type that the header says.
    pub const fn packet_type(&self) -> PacketType {
        match self {
            Self::Hello(_) => PacketType::HELLO,
            Self::DatabaseDescription(_) => PacketType::DATABASE_DESCRIPTION,
            Self::LinkStateRequest(_) => PacketType::LINK_STATE_REQUEST,
            Self::LinkStateUpdate(_) => PacketType::LINK_STATE_UPDATE,
            Self::LinkStateAcknowledgment(_) => PacketType::LINK_STATE_ACKNOWLEDGMENT,
            Self::Other { packet_type, .. } => *packet_type,
        }
    }

    fn decode(packet_type: PacketType, body: Reader<'_>) -> Result<Self, PacketError> {
        Ok(match packet_type {
            PacketType::HELLO => Self::Hello(Hello::decode(body)?),
            PacketType::DATABASE_DESCRIPTION => {
                Self::DatabaseDescription(DatabaseDescription::decode(body)?)
            }
            PacketType::LINK_STATE_REQUEST => {
                Self::LinkStateRequest(LinkStateRequest::decode(body)?)
            }
            PacketType::LINK_STATE_UPDATE => Self::LinkStateUpdate(LinkStateUpdate::decode(body)?),
            PacketType::LINK_STATE_ACKNOWLEDGMENT => {
                Self::LinkStateAcknowledgment(LinkStateAcknowledgment::decode(body)?)
            }
            _ => Self::Other { packet_type, body: Bytes::copy_from_slice(body.rest()) },
        })
    }

    fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Hello(hello) => hello.encode(out),
            Self::DatabaseDescription(description) => description.encode(out),
            Self::LinkStateRequest(request) => request.encode(out),
            Self::LinkStateUpdate(update) => update.encode(out),
            Self::LinkStateAcknowledgment(acknowledgment) => acknowledgment.encode(out),
            Self::Other { body, .. } => out.extend_from_slice(body),
        }
    }
}

impl Packet {
    /// Reads one packet, `data` being what followed the IPv6 header.
    ///
    /// Also gives what follows the packet: an Authentication Trailer or a block of link-local signalling, which the
    /// Packet length does not count (RFC 7166 §4.1, RFC 5613 §2). It means something only as the Options say, or
    /// the neighbour's earlier ones; otherwise it is to be ignored.
    ///
    /// Does not look at the checksum, since that is right by another's work or missing by agreement: see
    /// [`checksum`].
    ///
    /// # Errors
    /// If the header or the body is not well-formed; the packet is then to be discarded.
    pub fn decode(data: &[u8]) -> Result<(Self, &[u8]), PacketError> {
        let mut reader = Reader::new(data);
        let (header, body_length) = Header::read(&mut reader)?;
        let body = PacketBody::decode(header.packet_type, reader.sub("body", body_length)?)?;
        let Header { router_id, area_id, instance_id, .. } = header;
        Ok((Self { router_id, area_id, instance_id, body }, reader.rest()))
    }

    /// Appends the packet, with its length and the checksum for these addresses.
    ///
    /// # Errors
    /// If it is longer than 65,535 octets; `out` is then as before.
    pub fn encode(
        &self,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        out: &mut BytesMut,
    ) -> Result<(), PacketTooLong> {
        let start = out.len();
        self.encode_without_checksum(out)?;
        let packet = out.get(start..).unwrap_or_default();
        let checksum = checksum::compute(packet, source, destination);
        put_u16_at(out, start + checksum::OFFSET, checksum);
        Ok(())
    }

    /// Appends the packet, with its length and a checksum of zero: for a kernel that fills it in, where the source
    /// address need not be known; or for an Authentication Trailer to follow (RFC 7166 §4.2).
    ///
    /// # Errors
    /// If it is longer than 65,535 octets; `out` is then as before.
    pub fn encode_without_checksum(&self, out: &mut BytesMut) -> Result<(), PacketTooLong> {
        const LENGTH_OFFSET: usize = 2;
        let start = out.len();
        out.put_u8(Header::VERSION);
        out.put_u8(self.body.packet_type().0);
        out.put_u16(0);
        out.put_u32(self.router_id.0);
        out.put_u32(self.area_id.0);
        out.put_u16(0);
        out.put_u8(self.instance_id.0);
        out.put_u8(0);
        self.body.encode(out);
        let length = out.len() - start;
        let Ok(field) = u16::try_from(length) else {
            out.truncate(start);
            return Err(PacketTooLong { length });
        };
        put_u16_at(out, start + LENGTH_OFFSET, field);
        Ok(())
    }
}
