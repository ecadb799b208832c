//! What a run is given, and what it gives.

use core::net::IpAddr;

use ipnet::IpNet;
use thiserror::Error;

use crate::attribute::Attribute;
use crate::span::Span;
use crate::value::Net;

/// What a filter says of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// `accept`
    Accept,
    /// `reject`
    Reject,
}

/// A run that ended without a verdict: the route is to be rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct Trap {
    /// What happened
    pub kind: TrapKind,
    /// Where
    pub span: Span,
}

/// Why a run ended without a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TrapKind {
    /// There is no such filter.
    #[error("there is no such filter")]
    NoSuchFilter,
    /// The end was reached without accept or reject.
    #[error("the filter ends without accept or reject")]
    FellOff,
    /// `error`
    #[error("the filter gave an error")]
    Error,
    /// Division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A part of a pair, or of an extended community, that is too large.
    #[error("a number is too large for its place")]
    TooLarge,
    /// A value of a type that cannot stand there.
    #[error("a value of another type is needed")]
    Type,
    /// More instructions than are allowed.
    #[error("the run took too long")]
    OutOfFuel,
    /// More calls within calls than are allowed.
    #[error("too many calls within calls")]
    TooDeep,
    /// A value that an attribute cannot have, or that a neighbour would refuse.
    #[error("the attribute cannot have this value")]
    Malformed,
    /// Lists, paths and texts longer than is allowed, or too many of them.
    #[error("too much memory")]
    TooMuchMemory,
}

/// What the host of a filter knows beyond the route.
pub trait Host {
    /// The value of `roa_check` in a table of the host.
    fn roa_check(&self, table: u16, net: &IpNet, asn: u32) -> Roa {
        let _ = (table, net, asn);
        Roa::Unknown
    }

    /// An attribute that is no BGP path attribute and not in the route that the run is given; so `bgp_next_hop`.
    fn attribute(&self, attribute: Attribute) -> Option<Extra<'_>> {
        let _ = attribute;
        None
    }

    /// The route's network, where it is more than a prefix.
    fn net(&self) -> Option<&Net> {
        None
    }
}

/// A host that knows nothing more.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHost;

impl Host for NoHost {}

/// Origin validation (RFC 6811 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roa {
    /// `ROA_UNKNOWN`
    Unknown,
    /// `ROA_VALID`
    Valid,
    /// `ROA_INVALID`
    Invalid,
}

/// The value of an attribute that a [`Host`] has.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "named as the types are")]
pub enum Extra<'a> {
    Bool(bool),
    Int(u32),
    Ip(IpAddr),
    Quad(u32),
    Enum(u8),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// How much a run may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Instructions; what works on a long list or constant counts as several
    pub fuel: u32,
    /// Calls within calls
    pub depth: u16,
    /// Octets of lists, paths and texts that are made
    pub memory: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { fuel: 10_000_000, depth: 512, memory: 1 << 20 }
    }
}
