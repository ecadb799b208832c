//! Values of the language.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::net::IpAddr;

use bgp_wire::Origin;
use ipnet::IpNet;
use rib::RouteSource;

use crate::set::{IpSet, Member, PrefixSet, RangeSet};

impl Member for RouteSource {
    fn key(self) -> u64 {
        self as u64
    }
}

/// Type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// `int`
    Int,
    /// `bool`
    Bool,
    /// `ip`
    Ip,
    /// `prefix`
    Prefix,
    /// `string`
    Text,
    /// `enum source`
    Source,
    /// `enum origin`
    Origin,
    /// `prefix set`
    PrefixSet,
    /// `int set`
    IntSet,
    /// `ip set`
    IpSet,
    /// `enum source set`
    SourceSet,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int => "int",
            Self::Bool => "bool",
            Self::Ip => "ip",
            Self::Prefix => "prefix",
            Self::Text => "string",
            Self::Source => "enum source",
            Self::Origin => "enum origin",
            Self::PrefixSet => "prefix set",
            Self::IntSet => "int set",
            Self::IpSet => "ip set",
            Self::SourceSet => "enum source set",
        })
    }
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the types they are of")]
pub enum Value {
    Int(u32),
    Bool(bool),
    Ip(IpAddr),
    Prefix(IpNet),
    Text(String),
    Source(RouteSource),
    Origin(Origin),
    PrefixSet(Arc<PrefixSet>),
    IntSet(Arc<RangeSet<u32>>),
    IpSet(Arc<IpSet>),
    SourceSet(Arc<RangeSet<RouteSource>>),
}

impl Value {
    /// Its type.
    pub const fn ty(&self) -> Type {
        match self {
            Self::Int(_) => Type::Int,
            Self::Bool(_) => Type::Bool,
            Self::Ip(_) => Type::Ip,
            Self::Prefix(_) => Type::Prefix,
            Self::Text(_) => Type::Text,
            Self::Source(_) => Type::Source,
            Self::Origin(_) => Type::Origin,
            Self::PrefixSet(_) => Type::PrefixSet,
            Self::IntSet(_) => Type::IntSet,
            Self::IpSet(_) => Type::IpSet,
            Self::SourceSet(_) => Type::SourceSet,
        }
    }

    /// A constant that the language has by name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "true" | "on" | "yes" => Self::Bool(true),
            "false" | "off" | "no" => Self::Bool(false),
            "RTS_STATIC" => Self::Source(RouteSource::Static),
            "RTS_DEVICE" => Self::Source(RouteSource::Device),
            "RTS_BGP" => Self::Source(RouteSource::Bgp),
            "ORIGIN_IGP" => Self::Origin(Origin::Igp),
            "ORIGIN_EGP" => Self::Origin(Origin::Egp),
            "ORIGIN_INCOMPLETE" => Self::Origin(Origin::Incomplete),
            _ => return None,
        })
    }
}
