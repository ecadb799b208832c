//! BGP-4 messages: bytes to values and back, and nothing else.
//!
//! Everything here is a pure function of its input: no I/O, no clock, no state between messages. What was
//! negotiated on a session and changes the format (4-octet AS numbers, add-path, extended messages) is one
//! [`Context`] value given to decode and encode.
//!
//! Messages are views over [`bytes::Bytes`]: an [`Update`] keeps the received buffer and the places of its
//! parts; iterating over prefixes and reading attributes copies nothing.
//!
//! ```
//! use bgp_wire::{Context, Message, split_frame};
//! use bytes::BytesMut;
//!
//! // A KEEPALIVE as it comes from a socket (RFC 4271 §4.4).
//! let mut buffer = BytesMut::from(&[0xff; 16][..]);
//! buffer.extend_from_slice(&[0, 19, 4]);
//! let context = Context::default();
//! let frame = split_frame(&mut buffer, &context)?.expect("one whole message");
//! assert_eq!(Message::decode(&frame, &context)?, Message::Keepalive);
//! assert!(buffer.is_empty());
//! # Ok::<(), bgp_wire::MessageError>(())
//! ```
//!
//! Every decode error knows the NOTIFICATION that RFC 4271 §6 asks for: see [`MessageError::notification`].

#![forbid(unsafe_code)]
#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![deny(clippy::indexing_slicing)]

extern crate alloc;

mod attribute;
#[cfg(feature = "bmp")]
pub mod bmp;
mod capability;
mod codec;
mod error;
#[cfg(any(feature = "bmp", feature = "mrt"))]
mod fields;
mod header;
mod iana;
mod message;
#[cfg(feature = "mrt")]
pub mod mrt;
mod nlri;
mod notification;
mod open;
mod orf;
mod route_refresh;
mod update;

pub use attribute::as_path::{AsPath, AsPathBuilder, AsPathSegment, Asns, SegmentKind};
pub use attribute::community::{
    Administrator, Community, ExtendedCommunity, ExtendedCommunityKind, Ipv6ExtendedCommunity,
    LargeCommunity, MacAddress, OriginValidationState, ParseCommunityError, TunnelType,
};
pub use attribute::next_hop::NextHop;
pub use attribute::owned::PathAttributes;
pub use attribute::pmsi::{PmsiTunnel, PmsiTunnelType};
pub use attribute::tlv::{Aigp, PrefixSid, Tlv, Tunnel, TunnelEncapsulation};
pub use attribute::typed::{
    Attribute, ClusterList, Communities, ExtendedCommunities, Ipv6ExtendedCommunities,
    LargeCommunities,
};
pub use attribute::view::{Aggregator, AttributesRef, Origin, RawAttribute};
pub use capability::{
    AddPathDirection, Capabilities, Capability, ExtendedNextHopEncoding, GracefulRestart,
    GracefulRestartFamily, LongLivedFamily, OrfDirection, OrfSupport, Role,
};
pub use error::{
    Disposition, Flaw, HeaderError, MessageError, OpenError, RouteRefreshError, RoutesLeftOut,
    UpdateError,
};
pub use header::{Frame, HEADER_LENGTH, MAX_EXTENDED_LENGTH, MAX_LENGTH, split_frame};
pub use iana::{
    AS_TRANS, Afi, AttributeCode, CapabilityCode, Family, MessageType, NotificationCode, Safi,
    subcode,
};
pub use message::{Context, Message};
pub use nlri::evpn::{EthernetSegmentId, EvpnLabel, EvpnRoute, EvpnRouteType};
pub use nlri::flow_spec::{
    FlowComponent, FlowComponentType, FlowOperator, FlowOperators, FlowSpec, FlowSpecBuilder,
};
pub use nlri::label::LabelStack;
pub use nlri::route_distinguisher::{ParseRouteDistinguisherError, RouteDistinguisher};
pub use nlri::route_target::RouteTargetMembership;
pub use nlri::{Destination, EncodeNlri, Nlri, NotEncoded, Prefixes, encode_prefix};
pub use notification::Notification;
pub use open::Open;
pub use orf::{
    AddressPrefixChange, AddressPrefixFilter, Orf, OrfMatch, OrfType, OrfUpdate, WhenToRefresh,
};
pub use route_refresh::{RefreshSubtype, RouteRefresh};
pub use update::encode::UpdateWriter;
pub use update::{MpReach, MpUnreach, Reach, Unreach, Update};
