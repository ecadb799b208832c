//! BGP4MP and BGP4MP_ET (RFC 6396 §4.4, RFC 8050 §3).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::error::MessageError;
use crate::fields::Fields;
use crate::header::whole_frame;
use crate::iana::{Afi, Family};
use crate::message::{Context, Message};
use crate::mrt::error::MrtError;
use crate::mrt::kind::{Bgp4mpSubtype, State};
use crate::mrt::{check_end, put_asn};

/// The session that a BGP4MP record is about (RFC 6396 §4.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peering {
    /// AS number of the peer; 0 when it is not known
    pub peer_as: u32,
    /// AS number of the collector
    pub local_as: u32,
    /// Number of the interface; 0 when it is not known
    pub interface_index: u16,
    /// The session's addresses
    pub addresses: Addresses,
    /// Whether AS numbers are written with 4 octets: here, and in AS_PATH. Without, AS_TRANS stands here for one
    /// that needs them.
    pub four_octet_as: bool,
}

/// The addresses of a session, of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Addresses {
    /// IPv4
    V4 {
        /// The peer's
        peer: Ipv4Addr,
        /// The collector's
        local: Ipv4Addr,
    },
    /// IPv6
    V6 {
        /// The peer's
        peer: Ipv6Addr,
        /// The collector's
        local: Ipv6Addr,
    },
}

impl Addresses {
    /// The peer's
    pub const fn peer(&self) -> IpAddr {
        match self {
            Self::V4 { peer, .. } => IpAddr::V4(*peer),
            Self::V6 { peer, .. } => IpAddr::V6(*peer),
        }
    }

    /// The collector's
    pub const fn local(&self) -> IpAddr {
        match self {
            Self::V4 { local, .. } => IpAddr::V4(*local),
            Self::V6 { local, .. } => IpAddr::V6(*local),
        }
    }
}

impl Peering {
    fn decode(fields: &mut Fields<'_>, four_octet_as: bool) -> Result<Self, MrtError> {
        let mut asn = |what| match four_octet_as {
            true => fields.u32(what),
            false => fields.u16(what).map(u32::from),
        };
        let (peer_as, local_as) = (asn("peer AS")?, asn("local AS")?);
        let interface_index = fields.u16("interface index")?;
        let offset = fields.offset();
        let addresses = match Afi(fields.u16("address family")?) {
            Afi::IPV4 => Addresses::V4 {
                peer: fields.ipv4("peer address")?,
                local: fields.ipv4("local address")?,
            },
            Afi::IPV6 => Addresses::V6 {
                peer: fields.ipv6("peer address")?,
                local: fields.ipv6("local address")?,
            },
            afi => return Err(MrtError::AddressFamily { afi, offset }),
        };
        Ok(Self { peer_as, local_as, interface_index, addresses, four_octet_as })
    }

    fn encode(&self, out: &mut BytesMut) {
        put_asn(self.peer_as, self.four_octet_as, out);
        put_asn(self.local_as, self.four_octet_as, out);
        out.put_u16(self.interface_index);
        match &self.addresses {
            Addresses::V4 { peer, local } => {
                out.put_u16(Afi::IPV4.0);
                out.put_slice(&peer.octets());
                out.put_slice(&local.octets());
            }
            Addresses::V6 { peer, local } => {
                out.put_u16(Afi::IPV6.0);
                out.put_slice(&peer.octets());
                out.put_slice(&local.octets());
            }
        }
    }
}

/// A change of a neighbour's state (RFC 6396 §4.4.1, §4.4.4).
///
/// ```
/// use bgp_wire::mrt::{Addresses, Peering, Record, RecordBody, State, StateChange};
///
/// let change = StateChange {
///     peering: Peering {
///         peer_as: 64500,
///         local_as: 64501,
///         interface_index: 0,
///         addresses: Addresses::V4 { peer: "192.0.2.1".parse()?, local: "192.0.2.2".parse()? },
///         four_octet_as: true,
///     },
///     old_state: State::OPEN_CONFIRM,
///     new_state: State::ESTABLISHED,
/// };
/// // With microseconds: BGP4MP_ET
/// let mut record = Record::new(1_700_000_000, RecordBody::StateChange(change));
/// record.microseconds = Some(250_000);
/// assert_eq!(Record::decode(record.to_bytes()?)?, record);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StateChange {
    /// The session
    pub peering: Peering,
    /// The state before
    pub old_state: State,
    /// The state after
    pub new_state: State,
}

impl StateChange {
    pub(super) fn decode(body: &[u8], start: usize, as4: bool) -> Result<Self, MrtError> {
        let mut fields = Fields::new(body, start);
        let peering = Peering::decode(&mut fields, as4)?;
        let old_state = State(fields.u16("old state")?);
        let new_state = State(fields.u16("new state")?);
        check_end(&fields)?;
        Ok(Self { peering, old_state, new_state })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        self.peering.encode(out);
        out.put_u16(self.old_state.0);
        out.put_u16(self.new_state.0);
    }

    /// The record's subtype
    pub const fn subtype(&self) -> Bgp4mpSubtype {
        match self.peering.four_octet_as {
            true => Bgp4mpSubtype::STATE_CHANGE_AS4,
            false => Bgp4mpSubtype::STATE_CHANGE,
        }
    }
}

/// A BGP message (RFC 6396 §4.4.2, §4.4.3, §4.4.5, §4.4.6; RFC 8050 §3).
///
/// ```
/// use bgp_wire::mrt::{Addresses, MessageRecord, Peering, Record, RecordBody};
/// use bgp_wire::Message;
///
/// let message = MessageRecord {
///     peering: Peering {
///         peer_as: 64500,
///         local_as: 64501,
///         interface_index: 0,
///         addresses: Addresses::V6 { peer: "2001:db8::1".parse()?, local: "2001:db8::2".parse()? },
///         four_octet_as: true,
///     },
///     local: false,
///     add_path: false,
///     message: Message::Keepalive.to_bytes(),
/// };
/// let record = Record::new(1_700_000_000, RecordBody::Message(message));
/// let RecordBody::Message(again) = Record::decode(record.to_bytes()?)?.body else { panic!() };
/// assert_eq!(again.decode_message()?, Message::Keepalive);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRecord {
    /// The session
    pub peering: Peering,
    /// Whether the collector sent it (RFC 6396 §4.4.5); else it was received
    pub local: bool,
    /// Whether prefixes have path identifiers (RFC 8050 §3)
    pub add_path: bool,
    /// The whole message with its header, not checked
    pub message: Bytes,
}

impl MessageRecord {
    /// Reads the body of a record; gives it back when the subtype is none of a message.
    pub(super) fn decode(
        mut body: Bytes,
        start: usize,
        subtype: Bgp4mpSubtype,
    ) -> Result<Result<Self, Bytes>, MrtError> {
        use Bgp4mpSubtype as Subtype;
        let (four_octet_as, local, add_path) = match subtype {
            Subtype::MESSAGE => (false, false, false),
            Subtype::MESSAGE_AS4 => (true, false, false),
            Subtype::MESSAGE_LOCAL => (false, true, false),
            Subtype::MESSAGE_AS4_LOCAL => (true, true, false),
            Subtype::MESSAGE_ADDPATH => (false, false, true),
            Subtype::MESSAGE_AS4_ADDPATH => (true, false, true),
            Subtype::MESSAGE_LOCAL_ADDPATH => (false, true, true),
            Subtype::MESSAGE_AS4_LOCAL_ADDPATH => (true, true, true),
            _ => return Ok(Err(body)),
        };
        let mut fields = Fields::new(&body, start);
        let peering = Peering::decode(&mut fields, four_octet_as)?;
        let consumed = fields.consumed();
        body.advance(consumed);
        Ok(Ok(Self { peering, local, add_path, message: body }))
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        self.peering.encode(out);
        out.put_slice(&self.message);
    }

    /// The record's subtype
    pub const fn subtype(&self) -> Bgp4mpSubtype {
        match (self.peering.four_octet_as, self.local, self.add_path) {
            (false, false, false) => Bgp4mpSubtype::MESSAGE,
            (true, false, false) => Bgp4mpSubtype::MESSAGE_AS4,
            (false, true, false) => Bgp4mpSubtype::MESSAGE_LOCAL,
            (true, true, false) => Bgp4mpSubtype::MESSAGE_AS4_LOCAL,
            (false, false, true) => Bgp4mpSubtype::MESSAGE_ADDPATH,
            (true, false, true) => Bgp4mpSubtype::MESSAGE_AS4_ADDPATH,
            (false, true, true) => Bgp4mpSubtype::MESSAGE_LOCAL_ADDPATH,
            (true, true, true) => Bgp4mpSubtype::MESSAGE_AS4_LOCAL_ADDPATH,
        }
    }

    /// What the subtype says of the session. Which families have path identifiers it does not tell: all do,
    /// or none.
    pub fn context(&self) -> Context {
        let families: &[Family] = match self.add_path {
            true => &Family::KNOWN,
            false => &[],
        };
        Context {
            four_octet_as: self.peering.four_octet_as,
            extended_message: true,
            add_path: families.iter().copied().collect(),
            ..Context::default()
        }
    }

    /// Reads the message.
    ///
    /// # Errors
    /// Anything that RFC 4271 §6 counts as an error of the message; flaws of an UPDATE are in the result.
    pub fn decode_message(&self) -> Result<Message, MessageError> {
        let context = self.context();
        Message::decode(&whole_frame(&self.message, &context)?, &context)
    }
}
