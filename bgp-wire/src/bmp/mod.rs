//! BMP: what a router tells a monitoring station of its neighbours and tables (RFC 7854, RFC 8671,
//! RFC 9069, RFC 9736).
//!
//! [`split_message`] takes messages off a stream, [`Message::decode`] reads them, [`Message::encode`] writes
//! them. BGP messages within are whole, with their headers; the [`crate::Context`] to read them with comes
//! from the [`PeerHeader`] and, for path identifiers, from the peer's [`PeerUp`].
//!
//! ```
//! use bgp_wire::bmp::{self, Message, PeerHeader, RouteMonitoring};
//! use bytes::BytesMut;
//!
//! let peer = PeerHeader::new("192.0.2.1".parse()?, 64500, "192.0.2.1".parse()?);
//! let end_of_rib = [&[0xff; 16][..], &[0, 23, 2, 0, 0, 0, 0]].concat();
//! let message = Message::RouteMonitoring(RouteMonitoring { peer, update: end_of_rib.into() });
//!
//! // Through a stream and back
//! let mut stream = BytesMut::new();
//! message.encode(&mut stream);
//! let bytes = bmp::split_message(&mut stream)?.ok_or("more to come")?;
//! let Message::RouteMonitoring(again) = Message::decode(bytes)? else { panic!() };
//! assert_eq!(again.peer.address(), Some("192.0.2.1".parse()?));
//! let update = again.decode_update(&again.peer.context())?;
//! assert_eq!(update.end_of_rib(), Some(bgp_wire::Family::IPV4_UNICAST));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod kind;
mod message;
mod peer;
mod peer_down;
mod peer_up;
mod tlv;

pub use error::BmpError;
pub use kind::{
    InitiationTlv, MessageType, MirroringInformation, MirroringTlv, PeerDownTlv, PeerType,
    PeerUpTlv, StatType, TerminationReason, TerminationTlv,
};
pub use message::{
    HEADER_LENGTH, Initiation, MAX_LENGTH, Message, RouteMirroring, RouteMonitoring, Statistic,
    StatisticsReport, Termination, UnknownMessage, VERSION, split_message,
};
pub use peer::{PeerFlags, PeerHeader};
pub use peer_down::{PeerDown, PeerDownReason};
pub use peer_up::PeerUp;
pub use tlv::{Tlv, Tlvs};

use crate::fields::Fields;

/// A message ends where its last field does.
fn check_end(fields: &Fields<'_>) -> Result<(), BmpError> {
    if fields.is_empty() { Ok(()) } else { Err(BmpError::Trailing { offset: fields.offset() }) }
}

#[cfg(test)]
mod tests;
