//! Any message, and those that are little more than TLVs (RFC 7854 §4).

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::bmp::check_end;
use crate::bmp::error::BmpError;
use crate::bmp::kind::{
    MessageType, MirroringInformation, MirroringTlv, StatType, TerminationReason, TerminationTlv,
};
use crate::bmp::peer::PeerHeader;
use crate::bmp::peer_down::PeerDown;
use crate::bmp::peer_up::PeerUp;
use crate::bmp::tlv::Tlvs;
use crate::codec::Cursor;
use crate::error::{HeaderError, MessageError};
use crate::fields::Fields;
use crate::header::whole_frame;
use crate::iana::{self, Afi, Family, Safi};
use crate::message::Context;
use crate::update::Update;

/// The version of RFC 7854.
pub const VERSION: u8 = 3;
/// Octets of the common header: version, length and type (RFC 7854 §4.1).
pub const HEADER_LENGTH: usize = 6;
/// Longest message that [`split_message`] takes. The standard has no limit; a Peer Up message with two OPENs
/// of full length is far below.
pub const MAX_LENGTH: usize = 1 << 20;

/// Takes one message off the front of `buffer`, its header included; `None` when it is not complete yet.
///
/// # Errors
/// As soon as the header is there and wrong; then nothing is taken, and the stream cannot be read on.
///
/// ```
/// use bgp_wire::bmp::{BmpError, split_message};
/// use bytes::BytesMut;
///
/// let mut buffer = BytesMut::from(&[3, 0, 0, 0, 10][..]);
/// assert_eq!(split_message(&mut buffer), Ok(None));
/// buffer.extend_from_slice(&[4, 0, 0, 0, 0, /* the next one */ 2]);
/// assert_eq!(split_message(&mut buffer).map(|message| message.map(|bytes| bytes.len())), Ok(Some(10)));
/// assert_eq!(split_message(&mut buffer), Err(BmpError::Version { version: 2 }));
/// ```
pub fn split_message(buffer: &mut BytesMut) -> Result<Option<Bytes>, BmpError> {
    let mut cursor = Cursor::new(buffer);
    let Some(version) = cursor.u8() else { return Ok(None) };
    if version != VERSION {
        return Err(BmpError::Version { version });
    }
    let Some(length) = cursor.u32() else { return Ok(None) };
    let fits = usize::try_from(length).ok().filter(|length| {
        let allowed = HEADER_LENGTH..=MAX_LENGTH;
        allowed.contains(length)
    });
    match fits {
        None => Err(BmpError::BadLength { length }),
        Some(length) if buffer.len() < length => Ok(None),
        Some(length) => Ok(Some(buffer.split_to(length).freeze())),
    }
}

/// A message (RFC 7854 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// RFC 7854 §4.6
    RouteMonitoring(RouteMonitoring),
    /// RFC 7854 §4.8
    StatisticsReport(StatisticsReport),
    /// RFC 7854 §4.9
    PeerDown(PeerDown),
    /// RFC 7854 §4.10
    PeerUp(PeerUp),
    /// RFC 7854 §4.3
    Initiation(Initiation),
    /// RFC 7854 §4.5
    Termination(Termination),
    /// RFC 7854 §4.7
    RouteMirroring(RouteMirroring),
    /// Any other: to be ignored (RFC 7854 §4.1)
    Unknown(UnknownMessage),
}

impl Message {
    /// Reads one whole message. Nothing is copied: the parts are views on `message`.
    ///
    /// # Errors
    /// The first flaw. BGP messages are not looked into.
    pub fn decode(mut message: Bytes) -> Result<Self, BmpError> {
        let mut fields = Fields::new(&message, 0);
        let version = fields.u8("version")?;
        if version != VERSION {
            return Err(BmpError::Version { version });
        }
        let length = fields.u32("message length")?;
        let kind = MessageType(fields.u8("message type")?);
        let body =
            usize::try_from(length).ok().and_then(|length| length.checked_sub(HEADER_LENGTH));
        fields.take(body.ok_or(BmpError::BadLength { length })?, "message")?;
        check_end(&fields)?;
        message.advance(HEADER_LENGTH);
        Self::decode_body(kind, message)
    }

    fn decode_body(kind: MessageType, mut body: Bytes) -> Result<Self, BmpError> {
        match kind {
            MessageType::INITIATION => {
                let information = Tlvs::decode(body, HEADER_LENGTH)?;
                return Ok(Self::Initiation(Initiation { information }));
            }
            MessageType::TERMINATION => {
                let information = Tlvs::decode(body, HEADER_LENGTH)?;
                return Ok(Self::Termination(Termination { information }));
            }
            _ if kind.name().is_none() => {
                return Ok(Self::Unknown(UnknownMessage { kind, body }));
            }
            _ => {}
        }
        let mut fields = Fields::new(&body, HEADER_LENGTH);
        let peer = PeerHeader::decode(&mut fields)?;
        let (consumed, start) = (fields.consumed(), fields.offset());
        body.advance(consumed);
        Ok(match kind {
            MessageType::ROUTE_MONITORING => {
                Self::RouteMonitoring(RouteMonitoring { peer, update: body })
            }
            MessageType::STATISTICS_REPORT => {
                Self::StatisticsReport(StatisticsReport::decode(peer, body, start)?)
            }
            MessageType::PEER_DOWN => Self::PeerDown(PeerDown::decode(peer, &body, start)?),
            MessageType::PEER_UP => Self::PeerUp(PeerUp::decode(peer, &body, start)?),
            _ => Self::RouteMirroring(RouteMirroring { peer, tlvs: Tlvs::decode(body, start)? }),
        })
    }

    /// Appends the whole message.
    pub fn encode(&self, out: &mut BytesMut) {
        let start = out.len();
        out.put_u8(VERSION);
        out.put_u32(0);
        out.put_u8(self.kind().0);
        if let Some(peer) = self.peer() {
            peer.encode(out);
        }
        match self {
            Self::RouteMonitoring(monitoring) => out.put_slice(&monitoring.update),
            Self::StatisticsReport(report) => report.encode(out),
            Self::PeerDown(down) => down.encode(out),
            Self::PeerUp(up) => up.encode(out),
            Self::Initiation(Initiation { information })
            | Self::Termination(Termination { information }) => out.put_slice(information.bytes()),
            Self::RouteMirroring(mirroring) => out.put_slice(mirroring.tlvs.bytes()),
            Self::Unknown(unknown) => out.put_slice(&unknown.body),
        }
        let length = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
        if let Some(field) = out.get_mut(start + 1..start + 5) {
            field.copy_from_slice(&length.to_be_bytes());
        }
    }

    /// The whole message in a buffer of its own.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::new();
        self.encode(&mut out);
        out.freeze()
    }

    /// Its type.
    pub const fn kind(&self) -> MessageType {
        match self {
            Self::RouteMonitoring(_) => MessageType::ROUTE_MONITORING,
            Self::StatisticsReport(_) => MessageType::STATISTICS_REPORT,
            Self::PeerDown(_) => MessageType::PEER_DOWN,
            Self::PeerUp(_) => MessageType::PEER_UP,
            Self::Initiation(_) => MessageType::INITIATION,
            Self::Termination(_) => MessageType::TERMINATION,
            Self::RouteMirroring(_) => MessageType::ROUTE_MIRRORING,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    /// The peer that it is about, if it is about one.
    pub const fn peer(&self) -> Option<&PeerHeader> {
        match self {
            Self::RouteMonitoring(RouteMonitoring { peer, .. })
            | Self::StatisticsReport(StatisticsReport { peer, .. })
            | Self::PeerDown(PeerDown { peer, .. })
            | Self::PeerUp(PeerUp { peer, .. })
            | Self::RouteMirroring(RouteMirroring { peer, .. }) => Some(peer),
            Self::Initiation(_) | Self::Termination(_) | Self::Unknown(_) => None,
        }
    }
}

/// Routes of a peer (RFC 7854 §4.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteMonitoring {
    /// The peer, and which table
    pub peer: PeerHeader,
    /// An UPDATE: the whole message with its header, not checked
    pub update: Bytes,
}

impl RouteMonitoring {
    /// Reads the UPDATE. `context` is that of the [`PeerHeader`], or of the [`PeerUp`] where the session has
    /// path identifiers.
    ///
    /// # Errors
    /// A flaw of the header (RFC 4271 §6.1), or another message. Flaws of the UPDATE are in the result.
    pub fn decode_update(&self, context: &Context) -> Result<Update, MessageError> {
        let frame = whole_frame(&self.update, context)?;
        match frame.kind {
            iana::MessageType::UPDATE => Ok(Update::decode(frame.body, context)),
            iana::MessageType(kind) => Err(HeaderError::BadType { kind }.into()),
        }
    }
}

/// Counters of a peer (RFC 7854 §4.8).
///
/// ```
/// use bgp_wire::bmp::{Message, PeerHeader, StatType, StatisticsReport};
///
/// let peer = PeerHeader::new("192.0.2.1".parse()?, 64500, "192.0.2.1".parse()?);
/// let family_gauge = [&[0, 2, 1][..], &7u64.to_be_bytes()].concat();
/// let statistics = [
///     (StatType::ADJ_RIB_IN.0, &1_000_000u64.to_be_bytes()[..]),
///     (StatType::FAMILY_ADJ_RIB_IN.0, &family_gauge),
/// ];
/// let report = StatisticsReport { peer, statistics: statistics.into_iter().collect() };
/// let message = Message::StatisticsReport(report.clone());
/// assert_eq!(Message::decode(message.to_bytes())?, message);
/// let last = report.iter().last().ok_or("no statistic")?;
/// assert_eq!((last.family(), last.number()), (Some(bgp_wire::Family::IPV6_UNICAST), Some(7)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatisticsReport {
    /// The peer
    pub peer: PeerHeader,
    /// The statistics: types are [`StatType`]
    pub statistics: Tlvs,
}

/// One statistic (RFC 7854 §4.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistic<'a> {
    /// What it counts
    pub kind: StatType,
    /// As it stands in the message
    pub value: &'a [u8],
}

impl StatisticsReport {
    fn decode(peer: PeerHeader, mut body: Bytes, start: usize) -> Result<Self, BmpError> {
        let count = Fields::new(&body, start).u32("stats count")?;
        body.advance(4);
        let statistics = Tlvs::decode(body, start + 4)?;
        let there = statistics.iter().count();
        match usize::try_from(count) {
            Ok(count) if count == there => Ok(Self { peer, statistics }),
            _ => Err(BmpError::StatsCount { count, there, offset: start }),
        }
    }

    fn encode(&self, out: &mut BytesMut) {
        out.put_u32(u32::try_from(self.statistics.iter().count()).unwrap_or(u32::MAX));
        out.put_slice(self.statistics.bytes());
    }

    /// The statistics.
    pub fn iter(&self) -> impl Iterator<Item = Statistic<'_>> + Clone {
        self.statistics.iter().map(|tlv| Statistic { kind: StatType(tlv.kind), value: tlv.value })
    }
}

impl Statistic<'_> {
    /// The counter or gauge: the whole value, or what follows the family. `None` of lengths that are not
    /// known.
    pub fn number(&self) -> Option<u64> {
        match self.value.len() {
            4 => self.value.try_into().ok().map(u32::from_be_bytes).map(u64::from),
            8 | 11 => self.value.last_chunk().copied().map(u64::from_be_bytes),
            _ => None,
        }
    }

    /// The family, of statistics that are about one.
    pub fn family(&self) -> Option<Family> {
        let mut cursor = Cursor::new(self.value);
        let family = Family { afi: Afi(cursor.u16()?), safi: Safi(cursor.u8()?) };
        Some(family).filter(|_| self.value.len() == 11)
    }
}

/// What the router is (RFC 7854 §4.3).
///
/// ```
/// use bgp_wire::bmp::{Initiation, InitiationTlv, Message};
///
/// let information = [(InitiationTlv::SYS_DESCR.0, "a router"), (InitiationTlv::SYS_NAME.0, "r1")];
/// let message = Message::Initiation(Initiation { information: information.into_iter().collect() });
/// assert_eq!(Message::decode(message.to_bytes())?, message);
/// # Ok::<(), bgp_wire::bmp::BmpError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initiation {
    /// Types are [`crate::bmp::InitiationTlv`]
    pub information: Tlvs,
}

/// The end of the BMP session (RFC 7854 §4.5).
///
/// ```
/// use bgp_wire::bmp::{Message, Termination, TerminationReason, TerminationTlv};
///
/// let reason = TerminationReason::OUT_OF_RESOURCES;
/// let information = [(TerminationTlv::REASON.0, reason.0.to_be_bytes())].into_iter().collect();
/// let message = Message::Termination(Termination { information });
/// let Message::Termination(again) = Message::decode(message.to_bytes())? else { panic!() };
/// assert_eq!(again.reason(), Some(reason));
/// # Ok::<(), bgp_wire::bmp::BmpError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Termination {
    /// Types are [`TerminationTlv`]
    pub information: Tlvs,
}

impl Termination {
    /// Why.
    pub fn reason(&self) -> Option<TerminationReason> {
        self.information.number(TerminationTlv::REASON.0).map(TerminationReason)
    }
}

/// A message of a peer as it came (RFC 7854 §4.7).
///
/// ```
/// use bgp_wire::bmp::{Message, MirroringTlv, PeerHeader, RouteMirroring};
///
/// let peer = PeerHeader::new("192.0.2.1".parse()?, 64500, "192.0.2.1".parse()?);
/// let keepalive = bgp_wire::Message::Keepalive.to_bytes();
/// let tlvs = [(MirroringTlv::BGP_MESSAGE.0, &keepalive)].into_iter().collect();
/// let message = Message::RouteMirroring(RouteMirroring { peer, tlvs });
/// let Message::RouteMirroring(again) = Message::decode(message.to_bytes())? else { panic!() };
/// assert_eq!(again.message(), Some(keepalive));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteMirroring {
    /// The peer
    pub peer: PeerHeader,
    /// Types are [`MirroringTlv`]
    pub tlvs: Tlvs,
}

impl RouteMirroring {
    /// The BGP message with its header, if there is one. It may be one that cannot be read.
    pub fn message(&self) -> Option<Bytes> {
        let value = self.tlvs.find(MirroringTlv::BGP_MESSAGE.0)?;
        Some(self.tlvs.bytes().slice_ref(value))
    }

    /// What is told about it.
    pub fn information(&self) -> Option<MirroringInformation> {
        self.tlvs.number(MirroringTlv::INFORMATION.0).map(MirroringInformation)
    }
}

/// A message of a type that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMessage {
    /// Its type
    pub kind: MessageType,
    /// What follows the common header
    pub body: Bytes,
}
