//! Methods without arguments.

use crate::ast::ListKind;
use crate::program::Unary;
use crate::types::{EnumType, Type};

/// Their names.
pub(super) const METHODS: [&str; 18] = [
    "asn",
    "data",
    "data1",
    "data2",
    "dst",
    "empty",
    "first",
    "ip",
    "is_v4",
    "last",
    "last_nonaggregated",
    "len",
    "max",
    "maxlen",
    "min",
    "rd",
    "src",
    "type",
];

/// What a method without arguments does, and what it gives.
pub(super) fn method_of(of: Type, name: &str) -> Option<(Unary, Type)> {
    const PATH: Type = Type::List(ListKind::Path);
    Some(match (of, name) {
        (Type::Prefix | Type::List(_) | Type::Any, "len") => (Unary::Length, Type::Int),
        (PATH | Type::Any, "first") => (Unary::First, Type::Int),
        (PATH | Type::Any, "last") => (Unary::Last, Type::Int),
        (PATH | Type::Any, "last_nonaggregated") => (Unary::LastNonAggregated, Type::Int),
        (Type::List(_) | Type::Any, "empty") => (Unary::Empty, of),
        (Type::List(ListKind::Communities), "min") => (Unary::Min, Type::Pair),
        (Type::List(ListKind::Communities), "max") => (Unary::Max, Type::Pair),
        (Type::List(ListKind::Extended), "min") => (Unary::Min, Type::Extended),
        (Type::List(ListKind::Extended), "max") => (Unary::Max, Type::Extended),
        (Type::List(ListKind::Large), "min") => (Unary::Min, Type::Large),
        (Type::List(ListKind::Large), "max") => (Unary::Max, Type::Large),
        (Type::Any, "min") => (Unary::Min, Type::Any),
        (Type::Any, "max") => (Unary::Max, Type::Any),
        (Type::Pair | Type::Large | Type::Prefix | Type::Any, "asn") => (Unary::Asn, Type::Int),
        (Type::Pair | Type::Any, "data") => (Unary::Data, Type::Int),
        (Type::Large | Type::Any, "data1") => (Unary::Data1, Type::Int),
        (Type::Large | Type::Any, "data2") => (Unary::Data2, Type::Int),
        (Type::Prefix | Type::Any, "ip") => (Unary::Address, Type::Ip),
        (Type::Prefix | Type::Any, "maxlen") => (Unary::MaxLength, Type::Int),
        (Type::Prefix | Type::Any, "type") => (Unary::Kind, Type::Enum(EnumType::Net)),
        (Type::Prefix | Type::Any, "rd") => (Unary::RouteDistinguisher, Type::RouteDistinguisher),
        (Type::Prefix | Type::Any, "src") => (Unary::Source, Type::Prefix),
        (Type::Prefix | Type::Any, "dst") => (Unary::Destination, Type::Prefix),
        (Type::Ip | Type::Any, "is_v4") => (Unary::IsV4, Type::Bool),
        _ => return None,
    })
}
