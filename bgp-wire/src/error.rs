//! What can be wrong with a message, and the NOTIFICATION that says so.

use core::fmt;

use bytes::Bytes;
use thiserror::Error;

use crate::iana::{AttributeCode, Family, NotificationCode, subcode};
use crate::notification::Notification;

/// A flaw in the message header (RFC 4271 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The marker is not all ones.
    #[error("connection not synchronized: the marker is not all ones")]
    NotSynchronized,
    /// The length is below or above what the type allows.
    #[error("bad message length {length}")]
    BadLength {
        /// The Length field as received.
        length: u16,
    },
    /// The type is not known.
    #[error("bad message type {kind}")]
    BadType {
        /// The Type field as received.
        kind: u8,
    },
}

impl HeaderError {
    /// The NOTIFICATION to send (RFC 4271 §6.1).
    pub fn notification(&self) -> Notification {
        use subcode::header::{BAD_MESSAGE_LENGTH, BAD_MESSAGE_TYPE, CONNECTION_NOT_SYNCHRONIZED};
        let (subcode, data) = match *self {
            Self::NotSynchronized => (CONNECTION_NOT_SYNCHRONIZED, Bytes::new()),
            Self::BadLength { length } => {
                (BAD_MESSAGE_LENGTH, Bytes::copy_from_slice(&length.to_be_bytes()))
            }
            Self::BadType { kind } => (BAD_MESSAGE_TYPE, Bytes::copy_from_slice(&[kind])),
        };
        Notification::with_data(NotificationCode::MESSAGE_HEADER, subcode, data)
    }
}

/// A flaw in an OPEN (RFC 4271 §6.2).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Not version 4.
    #[error("unsupported version {version}")]
    UnsupportedVersion {
        /// The version offered.
        version: u8,
    },
    /// The AS number is not the expected one, or zero.
    #[error("bad peer AS {asn}")]
    BadPeerAs {
        /// The AS number offered.
        asn: u32,
    },
    /// The BGP identifier is zero, or our own on an internal session.
    #[error("bad BGP identifier {identifier}")]
    BadBgpIdentifier {
        /// The identifier offered.
        identifier: core::net::Ipv4Addr,
    },
    /// An optional parameter other than capabilities.
    #[error("unsupported optional parameter {kind}")]
    UnsupportedOptionalParameter {
        /// Its type.
        kind: u8,
    },
    /// One or two seconds.
    #[error("unacceptable hold time of {seconds} s")]
    UnacceptableHoldTime {
        /// The hold time offered, in seconds.
        seconds: u16,
    },
    /// A capability that is needed is missing (RFC 5492).
    #[error("a required capability is missing")]
    MissingCapability {
        /// The capabilities that are needed, as they would be encoded.
        capabilities: Bytes,
    },
    /// The roles of the two do not go together, the neighbour has several, or none where it needs one
    /// (RFC 9234 §4.2).
    #[error("role mismatch")]
    RoleMismatch,
    /// Lengths do not add up.
    #[error("malformed optional parameters at offset {offset}")]
    Malformed {
        /// Where in the message body.
        offset: usize,
    },
}

impl OpenError {
    /// The NOTIFICATION to send (RFC 4271 §6.2).
    pub fn notification(&self) -> Notification {
        use subcode::open;
        let (subcode, data) = match self {
            Self::UnsupportedVersion { .. } => {
                (open::UNSUPPORTED_VERSION_NUMBER, Bytes::from_static(&[0, 4]))
            }
            Self::BadPeerAs { .. } => (open::BAD_PEER_AS, Bytes::new()),
            Self::BadBgpIdentifier { .. } => (open::BAD_BGP_IDENTIFIER, Bytes::new()),
            Self::UnsupportedOptionalParameter { .. } => {
                (open::UNSUPPORTED_OPTIONAL_PARAMETER, Bytes::new())
            }
            Self::UnacceptableHoldTime { .. } => (open::UNACCEPTABLE_HOLD_TIME, Bytes::new()),
            Self::RoleMismatch => (open::ROLE_MISMATCH, Bytes::new()),
            Self::MissingCapability { capabilities } => {
                (open::UNSUPPORTED_CAPABILITY, capabilities.clone())
            }
            Self::Malformed { .. } => (open::UNSPECIFIC, Bytes::new()),
        };
        Notification::with_data(NotificationCode::OPEN_MESSAGE, subcode, data)
    }
}

/// What is wrong with an UPDATE (RFC 4271 §6.3). `offset` counts from the start of the message body;
/// `attribute` is the whole erroneous attribute: flags, type, length and value, as the NOTIFICATION carries
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// Lengths do not add up.
    #[error("malformed attribute list at offset {offset}")]
    MalformedAttributeList {
        /// Where in the message body.
        offset: usize,
    },
    /// An attribute stands twice.
    #[error("attribute {code} stands again at offset {offset}")]
    DuplicateAttribute {
        /// Its code.
        code: AttributeCode,
        /// Where in the message body.
        offset: usize,
    },
    /// Well-known by its flags, but not known.
    #[error("unrecognized well-known attribute {code} at offset {offset}")]
    UnrecognizedWellKnown {
        /// Its code.
        code: AttributeCode,
        /// Where in the message body.
        offset: usize,
        /// The attribute.
        attribute: Bytes,
    },
    /// A mandatory attribute is missing.
    #[error("missing mandatory attribute {code}")]
    MissingWellKnown {
        /// Its code.
        code: AttributeCode,
    },
    /// Flags that do not belong to the type.
    #[error("wrong flags of attribute {code} at offset {offset}")]
    Flags {
        /// Its code.
        code: AttributeCode,
        /// Where in the message body.
        offset: usize,
        /// The attribute.
        attribute: Bytes,
    },
    /// A length that does not belong to the type.
    #[error("wrong length of attribute {code} at offset {offset}")]
    Length {
        /// Its code.
        code: AttributeCode,
        /// Where in the message body.
        offset: usize,
        /// The attribute.
        attribute: Bytes,
    },
    /// Not one of the three origins.
    #[error("invalid ORIGIN at offset {offset}")]
    InvalidOrigin {
        /// Where in the message body.
        offset: usize,
        /// The attribute.
        attribute: Bytes,
    },
    /// Not the address of a host.
    #[error("invalid NEXT_HOP at offset {offset}")]
    InvalidNextHop {
        /// Where in the message body.
        offset: usize,
        /// The attribute.
        attribute: Bytes,
    },
    /// An optional attribute whose value is wrong.
    #[error("error in optional attribute {code} at offset {offset}")]
    OptionalAttribute {
        /// Its code.
        code: AttributeCode,
        /// Where in the message body.
        offset: usize,
        /// The attribute.
        attribute: Bytes,
    },
    /// An attribute that does not belong on this session: LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST, AIGP or
    /// prefix SID from an external neighbour, AS4_PATH or AS4_AGGREGATOR from one of 4-octet AS numbers.
    #[error("attribute {code} at offset {offset} does not belong on this session")]
    OutOfPlace {
        /// Its code.
        code: AttributeCode,
        /// Where in the message body.
        offset: usize,
        /// The attribute.
        attribute: Bytes,
    },
    /// A prefix that is too long or cut off.
    #[error("invalid network field at offset {offset}")]
    InvalidNetworkField {
        /// Where in the message body.
        offset: usize,
    },
    /// A path that does not parse.
    #[error("malformed AS_PATH at offset {offset}")]
    MalformedAsPath {
        /// Where in the message body.
        offset: usize,
    },
}

impl UpdateError {
    /// The attribute concerned, if it is one.
    pub const fn code(&self) -> Option<AttributeCode> {
        Some(match self {
            Self::MalformedAttributeList { .. } | Self::InvalidNetworkField { .. } => return None,
            Self::DuplicateAttribute { code, .. }
            | Self::UnrecognizedWellKnown { code, .. }
            | Self::MissingWellKnown { code }
            | Self::Flags { code, .. }
            | Self::Length { code, .. }
            | Self::OptionalAttribute { code, .. }
            | Self::OutOfPlace { code, .. } => *code,
            Self::InvalidOrigin { .. } => AttributeCode::ORIGIN,
            Self::InvalidNextHop { .. } => AttributeCode::NEXT_HOP,
            Self::MalformedAsPath { .. } => AttributeCode::AS_PATH,
        })
    }

    /// Where in the message body; `None` for what is missing.
    pub const fn offset(&self) -> Option<usize> {
        Some(match self {
            Self::MissingWellKnown { .. } => return None,
            Self::MalformedAttributeList { offset }
            | Self::InvalidNetworkField { offset }
            | Self::MalformedAsPath { offset }
            | Self::DuplicateAttribute { offset, .. }
            | Self::UnrecognizedWellKnown { offset, .. }
            | Self::Flags { offset, .. }
            | Self::Length { offset, .. }
            | Self::OptionalAttribute { offset, .. }
            | Self::OutOfPlace { offset, .. }
            | Self::InvalidOrigin { offset, .. }
            | Self::InvalidNextHop { offset, .. } => *offset,
        })
    }

    /// The NOTIFICATION to send where it resets the session (RFC 4271 §6.3).
    pub fn notification(&self) -> Notification {
        use subcode::update;
        let (subcode, data) = match self {
            Self::MalformedAttributeList { .. } | Self::DuplicateAttribute { .. } => {
                (update::MALFORMED_ATTRIBUTE_LIST, Bytes::new())
            }
            Self::UnrecognizedWellKnown { attribute, .. } => {
                (update::UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE, attribute.clone())
            }
            Self::MissingWellKnown { code } => {
                (update::MISSING_WELL_KNOWN_ATTRIBUTE, Bytes::copy_from_slice(&[code.0]))
            }
            Self::Flags { attribute, .. } => (update::ATTRIBUTE_FLAGS_ERROR, attribute.clone()),
            Self::Length { attribute, .. } => (update::ATTRIBUTE_LENGTH_ERROR, attribute.clone()),
            Self::InvalidOrigin { attribute, .. } => {
                (update::INVALID_ORIGIN_ATTRIBUTE, attribute.clone())
            }
            Self::InvalidNextHop { attribute, .. } => {
                (update::INVALID_NEXT_HOP_ATTRIBUTE, attribute.clone())
            }
            Self::OptionalAttribute { attribute, .. } | Self::OutOfPlace { attribute, .. } => {
                (update::OPTIONAL_ATTRIBUTE_ERROR, attribute.clone())
            }
            Self::InvalidNetworkField { .. } => (update::INVALID_NETWORK_FIELD, Bytes::new()),
            Self::MalformedAsPath { .. } => (update::MALFORMED_AS_PATH, Bytes::new()),
        };
        Notification::with_data(NotificationCode::UPDATE_MESSAGE, subcode, data)
    }
}

/// What a flaw in an UPDATE leads to, weaker actions first (RFC 7606 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Disposition {
    /// The attribute is discarded, the message goes on.
    DiscardAttribute,
    /// All routes of the message count as withdrawn.
    TreatAsWithdraw,
    /// All routes of the family are to be removed, and those that follow on the session ignored
    /// (RFC 4760 §7). Ending the session instead is always allowed.
    DisableFamily(Family),
    /// The session ends.
    SessionReset,
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DiscardAttribute => f.write_str("attribute discard"),
            Self::TreatAsWithdraw => f.write_str("treat as withdraw"),
            Self::DisableFamily(family) => write!(f, "disable {family}"),
            Self::SessionReset => f.write_str("session reset"),
        }
    }
}

/// A flaw in an UPDATE: what is wrong, and what it leads to (RFC 7606).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{error}: {disposition}")]
pub struct Flaw {
    /// What is wrong, and where
    #[source]
    pub error: UpdateError,
    /// What it leads to
    pub disposition: Disposition,
}

/// A flaw in a ROUTE-REFRESH (RFC 7313 §5).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RouteRefreshError {
    /// The beginning or end of a refresh, with something behind it.
    #[error("invalid length of a ROUTE-REFRESH message")]
    InvalidLength {
        /// The whole message.
        message: Bytes,
    },
}

impl RouteRefreshError {
    /// The NOTIFICATION to send (RFC 7313 §5).
    pub fn notification(&self) -> Notification {
        let Self::InvalidLength { message } = self;
        let subcode = subcode::route_refresh::INVALID_MESSAGE_LENGTH;
        Notification::with_data(NotificationCode::ROUTE_REFRESH, subcode, message.clone())
    }
}

/// A flaw in any message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// In the header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// In an OPEN.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// In an UPDATE, such that the session ends.
    #[error(transparent)]
    Update(#[from] UpdateError),
    /// In a ROUTE-REFRESH.
    #[error(transparent)]
    RouteRefresh(#[from] RouteRefreshError),
}

impl MessageError {
    /// The NOTIFICATION that RFC 4271 §6, or RFC 7313 §5, asks for.
    pub fn notification(&self) -> Notification {
        match self {
            Self::Header(error) => error.notification(),
            Self::Open(error) => error.notification(),
            Self::Update(error) => error.notification(),
            Self::RouteRefresh(error) => error.notification(),
        }
    }
}

/// Routes that cannot be announced: beside their attributes no message has room for them (RFC 4271 §9.2), or
/// their format cannot say them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{routes} routes fit into no message beside {attributes} octets of attributes")]
pub struct RoutesLeftOut {
    /// How many were left out
    pub routes: usize,
    /// Octets of the attributes
    pub attributes: usize,
}
