//! Values: constants of a program, and what a host takes from a configuration.

use alloc::sync::Arc;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr};

use bgp_wire::RouteDistinguisher;
use ipnet::IpNet;

use crate::ast::ListKind;
use crate::flow::FlowNet;
use crate::format;
use crate::mask::PathMask;
use crate::set::{IpSet, PairSet, PrefixSet, RangeSet};
use crate::types::{EnumType, SetType, Type};

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `true`
    Bool(bool),
    /// `1`
    Int(u32),
    /// `(1, 2)`: the first part in the upper 16 bits
    Pair(u32),
    /// `1.2.3.4` where a quad is wanted
    Quad(u32),
    /// `10.0.0.1`
    Ip(IpAddr),
    /// `10.0.0.0/8`
    Prefix(IpNet),
    /// Networks of other kinds
    Net(Arc<Net>),
    /// `1:2`
    RouteDistinguisher(RouteDistinguisher),
    /// `(rt, 1, 2)`, as it is sent
    Extended(u64),
    /// `(1, 2, 3)`
    Large([u32; 3]),
    /// `"text"`
    Text(Arc<str>),
    /// `hex:00`
    Bytes(Arc<[u8]>),
    /// `RTS_BGP`
    Enum(EnumType, u8),
    /// A path or a list of communities, as it is sent; AS numbers have 4 octets
    List(ListKind, Arc<[u8]>),
    /// `[= 1 * =]`
    Mask(Arc<PathMask>),
    /// `[ 1, 2 ]`
    Set(Set),
}

/// A network that is more than a prefix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Net {
    /// `0:1:2 10.0.0.0/8`
    Vpn(RouteDistinguisher, IpNet),
    /// `10.0.0.0/8 max 24 as 65001`: longest length and AS number
    Roa(IpNet, u8, u32),
    /// `flow4 { … }`
    Flow(FlowNet),
}

/// A set.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "named as the types of what is in them")]
pub enum Set {
    Empty,
    Int(Arc<RangeSet<u32>>),
    Quad(Arc<RangeSet<u32>>),
    Pair(Arc<PairSet>),
    Ip(Arc<IpSet>),
    Prefix(Arc<PrefixSet>),
    RouteDistinguisher(Arc<RangeSet<u64>>),
    Extended(Arc<RangeSet<u64>>),
    Large(Arc<RangeSet<[u32; 3]>>),
    Enum(EnumType, Arc<RangeSet<u8>>),
}

impl Set {
    /// Of what it is.
    pub const fn ty(&self) -> SetType {
        match self {
            Self::Empty => SetType::Empty,
            Self::Int(_) => SetType::Int,
            Self::Quad(_) => SetType::Quad,
            Self::Pair(_) => SetType::Pair,
            Self::Ip(_) => SetType::Ip,
            Self::Prefix(_) => SetType::Prefix,
            Self::RouteDistinguisher(_) => SetType::RouteDistinguisher,
            Self::Extended(_) => SetType::Extended,
            Self::Large(_) => SetType::Large,
            Self::Enum(of, _) => SetType::Enum(*of),
        }
    }
}

impl Net {
    /// Its prefix; that of a flow specification is the destination.
    pub fn prefix(&self) -> Option<IpNet> {
        match self {
            Self::Vpn(_, net) | Self::Roa(net, ..) => Some(*net),
            Self::Flow(flow) => flow.destination(),
        }
    }

    /// The value of `net.type`, and whether it is IPv6.
    pub(crate) fn kind(&self) -> u8 {
        let (kind, ipv6) = match self {
            Self::Vpn(_, net) => (3, net.addr().is_ipv6()),
            Self::Roa(net, ..) => (5, net.addr().is_ipv6()),
            Self::Flow(flow) => (7, flow.ipv6),
        };
        kind + u8::from(ipv6)
    }
}

impl Value {
    /// Its type.
    pub const fn ty(&self) -> Type {
        match self {
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Pair(_) => Type::Pair,
            Self::Quad(_) => Type::Quad,
            Self::Ip(_) => Type::Ip,
            Self::Prefix(_) | Self::Net(_) => Type::Prefix,
            Self::RouteDistinguisher(_) => Type::RouteDistinguisher,
            Self::Extended(_) => Type::Extended,
            Self::Large(_) => Type::Large,
            Self::Text(_) => Type::Text,
            Self::Bytes(_) => Type::Bytes,
            Self::Enum(of, _) => Type::Enum(*of),
            Self::List(of, _) => Type::List(*of),
            Self::Mask(_) => Type::Mask,
            Self::Set(set) => Type::Set(set.ty()),
        }
    }

    /// A value that the language has by name.
    pub fn named(name: &str) -> Option<Self> {
        ENUMS.iter().find(|row| row.0 == name).map(|row| Self::Enum(row.1, row.2))
    }

    /// Whether an enumeration has a value.
    pub(crate) fn is_named(of: EnumType, value: u8) -> bool {
        ENUMS.iter().any(|row| (row.1, row.2) == (of, value))
    }

    /// Names of enumeration values.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        ENUMS.iter().map(|row| row.0)
    }
}

use EnumType::{
    AddressFamily, Cast, Destination, Net as NetType, Origin, Roa, RouterAdvertisement, Scope,
    Source,
};

/// Names of enumerations, with the numbers that BIRD 2 prints.
const ENUMS: &[(&str, EnumType, u8)] = &[
    ("RTS_STATIC", Source, 1),
    ("RTS_INHERIT", Source, 2),
    ("RTS_DEVICE", Source, 3),
    ("RTS_STATIC_DEVICE", Source, 4),
    ("RTS_REDIRECT", Source, 5),
    ("RTS_RIP", Source, 6),
    ("RTS_OSPF", Source, 7),
    ("RTS_OSPF_IA", Source, 8),
    ("RTS_OSPF_EXT1", Source, 9),
    ("RTS_OSPF_EXT2", Source, 10),
    ("RTS_BGP", Source, 11),
    ("RTS_PIPE", Source, 12),
    ("RTS_BABEL", Source, 13),
    ("RTS_RPKI", Source, 14),
    ("RTS_PERF", Source, 15),
    ("RTS_AGGREGATED", Source, 16),
    ("ORIGIN_IGP", Origin, 0),
    ("ORIGIN_EGP", Origin, 1),
    ("ORIGIN_INCOMPLETE", Origin, 2),
    ("SCOPE_HOST", Scope, 0),
    ("SCOPE_LINK", Scope, 1),
    ("SCOPE_SITE", Scope, 2),
    ("SCOPE_ORGANIZATION", Scope, 3),
    ("SCOPE_UNIVERSE", Scope, 4),
    ("SCOPE_UNDEFINED", Scope, 5),
    ("RTC_UNICAST", Cast, 0),
    ("RTC_BROADCAST", Cast, 1),
    ("RTC_MULTICAST", Cast, 2),
    ("RTC_ANYCAST", Cast, 3),
    ("RTD_UNICAST", Destination, 1),
    ("RTD_ROUTER", Destination, 1),
    ("RTD_BLACKHOLE", Destination, 2),
    ("RTD_UNREACHABLE", Destination, 3),
    ("RTD_PROHIBIT", Destination, 4),
    ("ROA_UNKNOWN", Roa, 0),
    ("ROA_VALID", Roa, 1),
    ("ROA_INVALID", Roa, 2),
    ("NET_IP4", NetType, 1),
    ("NET_IP6", NetType, 2),
    ("NET_VPN4", NetType, 3),
    ("NET_VPN6", NetType, 4),
    ("NET_ROA4", NetType, 5),
    ("NET_ROA6", NetType, 6),
    ("NET_FLOW4", NetType, 7),
    ("NET_FLOW6", NetType, 8),
    ("NET_IP6_SADR", NetType, 9),
    ("NET_MPLS", NetType, 10),
    ("RA_LOW", RouterAdvertisement, 2),
    ("RA_MEDIUM", RouterAdvertisement, 0),
    ("RA_HIGH", RouterAdvertisement, 1),
    ("AF_IPV4", AddressFamily, 1),
    ("AF_IPV6", AddressFamily, 2),
];

/// As `format()` gives it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => format::boolean(f, *value),
            Self::Int(value) => value.fmt(f),
            Self::Pair(value) => format::pair(f, *value),
            Self::Quad(value) => Ipv4Addr::from(*value).fmt(f),
            Self::Ip(value) => format::address(f, *value),
            Self::Prefix(value) => format::prefix(f, value),
            Self::Net(value) => value.fmt(f),
            Self::RouteDistinguisher(value) => format::route_distinguisher(f, *value),
            Self::Extended(value) => format::extended(f, *value),
            Self::Large(value) => format::large(f, *value),
            Self::Text(value) => f.write_str(value),
            Self::Bytes(value) => format::bytes(f, value),
            Self::Enum(of, value) => format::enumeration(f, *of, *value),
            Self::List(of, value) => format::list(f, *of, value),
            Self::Mask(value) => value.fmt(f),
            Self::Set(value) => value.fmt(f),
        }
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("[]"),
            Self::Int(set) => set.fmt(f),
            Self::Quad(set) => set.write(f, |value, f| Ipv4Addr::from(value).fmt(f)),
            Self::Pair(set) => set.fmt(f),
            Self::Ip(set) => set.fmt(f),
            Self::Prefix(set) => set.fmt(f),
            Self::RouteDistinguisher(set) => set.write(f, |value, f| {
                format::route_distinguisher(f, RouteDistinguisher(value.to_be_bytes()))
            }),
            Self::Extended(set) => set.write(f, |value, f| format::extended(f, value)),
            Self::Large(set) => set.write(f, |value, f| format::large(f, value)),
            Self::Enum(of, set) => set.write(f, |value, f| format::enumeration(f, *of, value)),
        }
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vpn(rd, net) => {
                format::route_distinguisher(f, *rd)?;
                f.write_str(" ")?;
                format::prefix(f, net)
            }
            Self::Roa(net, most, asn) => {
                format::prefix(f, net)?;
                write!(f, "-{most} AS{asn}")
            }
            Self::Flow(flow) => flow.fmt(f),
        }
    }
}
