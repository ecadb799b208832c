//! Types of the language.

use core::fmt;

use crate::ast::ListKind;

/// Type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `pair`
    Pair,
    /// `quad`
    Quad,
    /// `ip`
    Ip,
    /// `prefix`
    Prefix,
    /// `rd`
    RouteDistinguisher,
    /// `ec`
    Extended,
    /// `lc`
    Large,
    /// `string`
    Text,
    /// `bytestring`
    Bytes,
    /// `enum …`
    Enum(EnumType),
    /// `bgppath`, `clist`, `eclist`, `lclist`
    List(ListKind),
    /// `bgpmask`
    Mask,
    /// `int set`, …
    Set(SetType),
    /// What is known only when it runs: the result of a function that returns values of several types
    Any,
}

/// Type of what is in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetType {
    /// `[]`, which is a set of anything
    Empty,
    /// `int set`
    Int,
    /// `pair set`
    Pair,
    /// `quad set`
    Quad,
    /// `ip set`
    Ip,
    /// `prefix set`
    Prefix,
    /// `rd set`
    RouteDistinguisher,
    /// `ec set`
    Extended,
    /// `lc set`
    Large,
    /// `enum … set`
    Enum(EnumType),
}

/// Which enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EnumType {
    /// `RTS_…`
    Source,
    /// `ORIGIN_…`
    Origin,
    /// `SCOPE_…`
    Scope,
    /// `RTC_…`
    Cast,
    /// `RTD_…`
    Destination,
    /// `ROA_…`
    Roa,
    /// `NET_…`
    Net,
    /// `RA_…`
    RouterAdvertisement,
    /// `AF_…`
    AddressFamily,
}

impl EnumType {
    /// The number that BIRD 2 prints for it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Source => 0x30,
            Self::Origin => 0x31,
            Self::Scope => 0x32,
            Self::Cast => 0x33,
            Self::Destination => 0x34,
            Self::Roa => 0x35,
            Self::Net => 0x36,
            Self::RouterAdvertisement => 0x37,
            Self::AddressFamily => 0x38,
        }
    }
}

impl Type {
    /// The type of that name, but for sets and enumerations.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "bool" => Self::Bool,
            "int" => Self::Int,
            "pair" => Self::Pair,
            "quad" => Self::Quad,
            "ip" => Self::Ip,
            "prefix" => Self::Prefix,
            "rd" => Self::RouteDistinguisher,
            "ec" => Self::Extended,
            "lc" => Self::Large,
            "string" => Self::Text,
            "bytestring" => Self::Bytes,
            "bgpmask" => Self::Mask,
            "bgppath" => Self::List(ListKind::Path),
            "clist" => Self::List(ListKind::Communities),
            "eclist" => Self::List(ListKind::Extended),
            "lclist" => Self::List(ListKind::Large),
            _ => return None,
        })
    }

    /// The set of values of this type.
    pub const fn set(self) -> Option<SetType> {
        Some(match self {
            Self::Int => SetType::Int,
            Self::Pair => SetType::Pair,
            Self::Quad => SetType::Quad,
            Self::Ip => SetType::Ip,
            Self::Prefix => SetType::Prefix,
            Self::RouteDistinguisher => SetType::RouteDistinguisher,
            Self::Extended => SetType::Extended,
            Self::Large => SetType::Large,
            Self::Enum(of) => SetType::Enum(of),
            _ => return None,
        })
    }

    /// Whether a value may stand where one of type `self` is wanted, converted if need be.
    pub fn takes(self, other: Self) -> bool {
        self == other
            || self == Self::Any
            || other == Self::Any
            || matches!(
                (self, other),
                (Self::Quad, Self::Ip) | (Self::Set(_), Self::Set(SetType::Empty))
            )
    }
}

impl fmt::Display for EnumType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "enum rts",
            Self::Origin => "enum bgp_origin",
            Self::Scope => "enum scope",
            Self::Cast => "enum rtc",
            Self::Destination => "enum rtd",
            Self::Roa => "enum roa",
            Self::Net => "enum nettype",
            Self::RouterAdvertisement => "enum ra_preference",
            Self::AddressFamily => "enum af",
        })
    }
}

impl fmt::Display for SetType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "set",
            Self::Int => "int set",
            Self::Pair => "pair set",
            Self::Quad => "quad set",
            Self::Ip => "ip set",
            Self::Prefix => "prefix set",
            Self::RouteDistinguisher => "rd set",
            Self::Extended => "ec set",
            Self::Large => "lc set",
            Self::Enum(of) => return write!(f, "{of} set"),
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Pair => "pair",
            Self::Quad => "quad",
            Self::Ip => "ip",
            Self::Prefix => "prefix",
            Self::RouteDistinguisher => "rd",
            Self::Extended => "ec",
            Self::Large => "lc",
            Self::Text => "string",
            Self::Bytes => "bytestring",
            Self::Mask => "bgpmask",
            Self::List(ListKind::Path) => "bgppath",
            Self::List(ListKind::Communities) => "clist",
            Self::List(ListKind::Extended) => "eclist",
            Self::List(ListKind::Large) => "lclist",
            Self::Any => "any",
            Self::Enum(of) => return of.fmt(f),
            Self::Set(of) => return of.fmt(f),
        })
    }
}
