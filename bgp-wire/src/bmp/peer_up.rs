//! Peer Up (RFC 7854 §4.10).

use alloc::collections::BTreeMap;
use core::net::IpAddr;

use bytes::{BufMut, Bytes, BytesMut};

use crate::bmp::error::BmpError;
use crate::bmp::peer::{PeerHeader, to_field};
use crate::bmp::tlv::Tlvs;
use crate::capability::{AddPathDirection, Capabilities, Capability};
use crate::error::{HeaderError, MessageError};
use crate::fields::Fields;
use crate::header::{self, whole_frame};
use crate::iana::{Family, MessageType};
use crate::message::Context;
use crate::open::Open;

/// A session has come up (RFC 7854 §4.10).
///
/// ```
/// use bgp_wire::bmp::{Message, PeerHeader, PeerUp, PeerUpTlv};
/// use bgp_wire::{AddPathDirection, Capability, Family, Open};
///
/// let open = |asn, id: &str, direction| -> Result<_, Box<dyn std::error::Error>> {
///     let add_path = [(Family::IPV4_UNICAST, direction)].into_iter().collect();
///     let capabilities = [Capability::FourOctetAs(asn), Capability::AddPath(add_path)];
///     let open = Open::new(asn, 90, id.parse()?, capabilities.into_iter().collect());
///     Ok(bgp_wire::Message::Open(open).to_bytes())
/// };
/// let peer_up = PeerUp {
///     local_port: 179,
///     remote_port: 33333,
///     information: [(PeerUpTlv::STRING.0, "edge")].into_iter().collect(),
///     ..PeerUp::new(
///         PeerHeader::new("192.0.2.1".parse()?, 64500, "192.0.2.1".parse()?),
///         "192.0.2.2".parse()?,
///         open(64501, "192.0.2.2", AddPathDirection::RECEIVE)?,
///         open(64500, "192.0.2.1", AddPathDirection::SEND)?,
///     )
/// };
/// let message = Message::PeerUp(peer_up.clone());
/// assert_eq!(Message::decode(message.to_bytes())?, message);
/// // The peer sends path identifiers, the router does not.
/// assert!(peer_up.context(&peer_up.peer)?.has_add_path(Family::IPV4_UNICAST));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerUp {
    /// The peer
    pub peer: PeerHeader,
    /// The address field as it stands: see [`PeerUp::local_address`]
    pub raw_local_address: [u8; 16],
    /// Port of the router; 0 without a TCP session
    pub local_port: u16,
    /// Port of the peer; 0 without a TCP session
    pub remote_port: u16,
    /// The router's OPEN: the whole message with its header
    pub sent_open: Bytes,
    /// The peer's OPEN: the whole message with its header
    pub received_open: Bytes,
    /// More of the peer: [`crate::bmp::PeerUpTlv`]
    pub information: Tlvs,
}

impl PeerUp {
    /// A session whose ports are not known, without information.
    pub fn new(peer: PeerHeader, local: IpAddr, sent_open: Bytes, received_open: Bytes) -> Self {
        Self {
            peer,
            raw_local_address: to_field(local),
            local_port: 0,
            remote_port: 0,
            sent_open,
            received_open,
            information: Tlvs::default(),
        }
    }

    pub(super) fn decode(peer: PeerHeader, body: &Bytes, start: usize) -> Result<Self, BmpError> {
        let mut fields = Fields::new(body, start);
        let raw_local_address = fields.array("local address")?;
        let (local_port, remote_port) = (fields.u16("local port")?, fields.u16("remote port")?);
        let sent_open = take_message(&mut fields, body, "sent OPEN")?;
        let received_open = take_message(&mut fields, body, "received OPEN")?;
        let information = Tlvs::decode(body.slice(fields.consumed()..), fields.offset())?;
        Ok(Self {
            peer,
            raw_local_address,
            local_port,
            remote_port,
            sent_open,
            received_open,
            information,
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        out.put_slice(&self.raw_local_address);
        out.put_u16(self.local_port);
        out.put_u16(self.remote_port);
        out.put_slice(&self.sent_open);
        out.put_slice(&self.received_open);
        out.put_slice(self.information.bytes());
    }

    /// The router's address; `None` of the Loc-RIB.
    pub fn local_address(&self) -> Option<IpAddr> {
        let address = self.peer.read_address(&self.raw_local_address);
        Some(address).filter(|_| !self.peer.is_loc_rib())
    }

    /// Reads the router's OPEN.
    ///
    /// # Errors
    /// What RFC 4271 §6.1 and §6.2 count as an error of the message.
    pub fn decode_sent_open(&self) -> Result<Open, MessageError> {
        decode_open(&self.sent_open)
    }

    /// Reads the peer's OPEN.
    ///
    /// # Errors
    /// What RFC 4271 §6.1 and §6.2 count as an error of the message.
    pub fn decode_received_open(&self) -> Result<Open, MessageError> {
        decode_open(&self.received_open)
    }

    /// How to read messages with the header `of`, which is this peer's: with the path identifiers that the
    /// two OPENs agree on, for the direction that the header tells.
    ///
    /// # Errors
    /// When one of the OPENs cannot be read.
    pub fn context(&self, of: &PeerHeader) -> Result<Context, MessageError> {
        let (sent, received) = (self.decode_sent_open()?, self.decode_received_open()?);
        let (from, to) = match of.is_adj_rib_out() {
            true => (&sent.capabilities, &received.capabilities),
            false => (&received.capabilities, &sent.capabilities),
        };
        let (from, to) = (add_path(from), add_path(to));
        let has = |offered: Option<&AddPathDirection>, direction: AddPathDirection| {
            offered.is_some_and(|offered| offered.0 & direction.0 != 0)
        };
        let agreed = from.iter().filter(|(family, offered)| {
            // RFC 9069 §5.2: of the Loc-RIB the direction means nothing.
            of.is_loc_rib()
                || has(Some(offered), AddPathDirection::SEND)
                    && has(to.get(family), AddPathDirection::RECEIVE)
        });
        Ok(Context { add_path: agreed.map(|(family, _)| *family).collect(), ..of.context() })
    }
}

/// All families of the ADD-PATH capabilities, as [`Capabilities::add_path`] tells them: of what is there twice the
/// first counts. An OPEN may name hundreds.
fn add_path(capabilities: &Capabilities) -> BTreeMap<Family, AddPathDirection> {
    let mut families = BTreeMap::new();
    for capability in capabilities.iter() {
        if let Capability::AddPath(list) = capability {
            for (family, direction) in list {
                families.entry(*family).or_insert(*direction);
            }
        }
    }
    families
}

/// A BGP message in front of other fields: its own header says how long it is.
fn take_message(
    fields: &mut Fields<'_>,
    body: &Bytes,
    what: &'static str,
) -> Result<Bytes, BmpError> {
    let at = fields.consumed();
    let mut header = *fields;
    header.take(16, what)?;
    let length = usize::from(header.u16(what)?).max(header::HEADER_LENGTH);
    fields.take(length, what)?;
    Ok(body.slice(at..at + length))
}

fn decode_open(message: &Bytes) -> Result<Open, MessageError> {
    let frame = whole_frame(message, &Context::default())?;
    match frame.kind {
        MessageType::OPEN => Ok(Open::decode(&frame.body)?),
        MessageType(kind) => Err(HeaderError::BadType { kind }.into()),
    }
}
