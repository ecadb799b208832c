//! Kinds of value, and what operations there are for them.

use core::ops::BitOr;

use crate::ast::ListKind;
use crate::program::{Binary, Unary};
use crate::types::{SetType, Type};

/// What a register may hold: a bit for each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Kinds(u32);

impl BitOr for Kinds {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    /// No value: what it is used for ends the run, which is not wrong.
    pub(super) const VOID: Self = Self(1);
    pub(super) const BOOL: Self = Self(1 << 1);
    pub(super) const INT: Self = Self(1 << 2);
    const PAIR: Self = Self(1 << 3);
    const QUAD: Self = Self(1 << 4);
    const IP: Self = Self(1 << 5);
    pub(super) const PREFIX: Self = Self(1 << 6);
    const DISTINGUISHER: Self = Self(1 << 7);
    pub(super) const EXTENDED: Self = Self(1 << 8);
    pub(super) const LARGE: Self = Self(1 << 9);
    pub(super) const ENUM: Self = Self(1 << 10);
    pub(super) const TEXT: Self = Self(1 << 11);
    const BYTES: Self = Self(1 << 12);
    const PATH: Self = Self(1 << 13);
    const COMMUNITIES: Self = Self(1 << 14);
    const EXTENDED_LIST: Self = Self(1 << 15);
    const LARGE_LIST: Self = Self(1 << 16);
    pub(super) const MASK: Self = Self(1 << 17);
    const SET_EMPTY: Self = Self(1 << 18);
    const SET_INT: Self = Self(1 << 19);
    const SET_PAIR: Self = Self(1 << 20);
    const SET_QUAD: Self = Self(1 << 21);
    const SET_IP: Self = Self(1 << 22);
    const SET_PREFIX: Self = Self(1 << 23);
    const SET_DISTINGUISHER: Self = Self(1 << 24);
    const SET_EXTENDED: Self = Self(1 << 25);
    const SET_LARGE: Self = Self(1 << 26);
    const SET_ENUM: Self = Self(1 << 27);
    pub(super) const ANY: Self = Self((1 << 28) - 1);

    pub(super) const LISTS: Self =
        Self::PATH.or(Self::COMMUNITIES).or(Self::EXTENDED_LIST).or(Self::LARGE_LIST);
    const SETS: Self = Self(Self::ANY.0 & !(Self::SET_EMPTY.0 - 1));
    pub(super) const KEY: Self = Self::INT.or(Self::QUAD).or(Self::IP);
    pub(super) const MASK_ITEM: Self =
        Self::INT.or(Self::PATH).or(Self::SET_INT).or(Self::SET_EMPTY);

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether it is all in `other`.
    pub(super) const fn is_in(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether a value of one of the kinds of `wanted`, or none at all, may be there.
    pub(super) const fn may_be(self, wanted: Self) -> bool {
        self.0 & (wanted.0 | Self::VOID.0) != 0
    }

    /// The kind of values of a type.
    pub(super) const fn of(ty: Type) -> Self {
        match ty {
            Type::Bool => Self::BOOL,
            Type::Int => Self::INT,
            Type::Pair => Self::PAIR,
            Type::Quad => Self::QUAD,
            Type::Ip => Self::IP,
            Type::Prefix => Self::PREFIX,
            Type::RouteDistinguisher => Self::DISTINGUISHER,
            Type::Extended => Self::EXTENDED,
            Type::Large => Self::LARGE,
            Type::Text => Self::TEXT,
            Type::Bytes => Self::BYTES,
            Type::Enum(_) => Self::ENUM,
            Type::List(ListKind::Path) => Self::PATH,
            Type::List(ListKind::Communities) => Self::COMMUNITIES,
            Type::List(ListKind::Extended) => Self::EXTENDED_LIST,
            Type::List(ListKind::Large) => Self::LARGE_LIST,
            Type::Mask => Self::MASK,
            Type::Set(SetType::Empty) => Self::SET_EMPTY,
            Type::Set(SetType::Int) => Self::SET_INT,
            Type::Set(SetType::Pair) => Self::SET_PAIR,
            Type::Set(SetType::Quad) => Self::SET_QUAD,
            Type::Set(SetType::Ip) => Self::SET_IP,
            Type::Set(SetType::Prefix) => Self::SET_PREFIX,
            Type::Set(SetType::RouteDistinguisher) => Self::SET_DISTINGUISHER,
            Type::Set(SetType::Extended) => Self::SET_EXTENDED,
            Type::Set(SetType::Large) => Self::SET_LARGE,
            Type::Set(SetType::Enum(_)) => Self::SET_ENUM,
            Type::Any => Self::ANY,
        }
    }

    /// What becomes of it when a value of a type is wanted.
    pub(super) fn converted(self, ty: Type) -> Self {
        let wanted = match ty {
            Type::Set(_) => Self::SETS,
            other => Self::of(other),
        };
        let quad = match ty {
            Type::Quad if !self.and(Self::IP).is_none() => Self::QUAD,
            _ => Self::NONE,
        };
        self.and(wanted | Self::VOID) | quad
    }

    /// The kinds of the elements of lists.
    pub(super) fn elements(self) -> Self {
        let rows = [
            (Self::PATH, Self::INT),
            (Self::COMMUNITIES, Self::PAIR),
            (Self::EXTENDED_LIST, Self::EXTENDED),
            (Self::LARGE_LIST, Self::LARGE),
        ];
        let found = rows.iter().filter(|row| !self.and(row.0).is_none());
        found.fold(Self::NONE, |all, row| all | row.1)
    }

    /// What an operation gives; `None` when there is none for such a value.
    pub(super) fn unary(self, operation: Unary) -> Option<Self> {
        let (takes, gives) = match operation {
            Unary::Not => (Self::BOOL, Self::BOOL),
            Unary::Defined => (Self::ANY, Self::BOOL),
            Unary::Format => (Self::ANY, Self::TEXT),
            Unary::Length => (Self::PREFIX | Self::LISTS, Self::INT),
            Unary::First | Unary::Last | Unary::LastNonAggregated => (Self::PATH, Self::INT),
            Unary::Empty => (Self::LISTS, self.and(Self::LISTS)),
            Unary::Min | Unary::Max => (Self::LISTS, self.elements() | Self::VOID),
            Unary::Asn => (Self::PAIR | Self::LARGE | Self::PREFIX, Self::INT),
            Unary::Data => (Self::PAIR, Self::INT),
            Unary::Data1 | Unary::Data2 => (Self::LARGE, Self::INT),
            Unary::Address => (Self::PREFIX, Self::IP),
            Unary::MaxLength => (Self::PREFIX, Self::INT),
            Unary::Kind => (Self::PREFIX, Self::ENUM),
            Unary::RouteDistinguisher => (Self::PREFIX, Self::DISTINGUISHER),
            Unary::IsV4 => (Self::IP, Self::BOOL),
            Unary::Source | Unary::Destination => (Self::PREFIX, Self::PREFIX),
            Unary::FromHex => (Self::TEXT, Self::BYTES),
        };
        self.may_be(takes).then_some(gives)
    }

    /// What an operation gives; `None` when there is none for such values.
    pub(super) fn binary(operation: Binary, left: Self, right: Self) -> Option<Self> {
        if matches!(operation, Binary::Equal | Binary::NotEqual) {
            return Some(Self::BOOL);
        }
        let rules = rules(operation);
        let fits = |rule: &&Rule| !left.and(rule.0).is_none() && !right.and(rule.1).is_none();
        let found = rules.iter().filter(fits).fold(Self::NONE, |all, rule| all | rule.2);
        let void = left.or(right).may_be(Self::VOID);
        match found {
            // Ends the run, whatever comes then.
            Self::NONE if void => Some(rules.iter().fold(Self::NONE, |all, rule| all | rule.2)),
            Self::NONE => None,
            found => Some(found),
        }
    }

    /// Whether `left ~ right` may be asked.
    pub(super) fn may_match(left: Self, right: Self) -> bool {
        Self::binary(Binary::Match, left, right).is_some()
    }
}

/// Left, right, result
type Rule = (Kinds, Kinds, Kinds);

type K = Kinds;

const ORDER: &[Rule] = &[
    (K::INT, K::INT, K::BOOL),
    (K::PAIR, K::PAIR, K::BOOL),
    (K::QUAD.or(K::IP), K::QUAD.or(K::IP), K::BOOL),
    (K::PREFIX, K::PREFIX, K::BOOL),
    (K::EXTENDED, K::EXTENDED, K::BOOL),
    (K::DISTINGUISHER, K::DISTINGUISHER, K::BOOL),
    (K::LARGE, K::LARGE, K::BOOL),
    (K::ENUM, K::ENUM, K::BOOL),
    (K::BOOL, K::BOOL, K::BOOL),
    (K::TEXT, K::TEXT, K::BOOL),
];

const MATCH: &[Rule] = &[
    (K::ANY, K::SET_EMPTY, K::BOOL),
    (K::PATH, K::MASK.or(K::SET_INT), K::BOOL),
    (K::COMMUNITIES, K::SET_PAIR.or(K::SET_QUAD).or(K::SET_IP), K::BOOL),
    (K::EXTENDED_LIST, K::SET_EXTENDED, K::BOOL),
    (K::LARGE_LIST, K::SET_LARGE, K::BOOL),
    (K::INT, K::PATH.or(K::SET_INT), K::BOOL),
    (K::PAIR, K::COMMUNITIES.or(K::SET_PAIR), K::BOOL),
    (K::QUAD, K::COMMUNITIES.or(K::SET_QUAD).or(K::SET_IP), K::BOOL),
    (K::IP, K::COMMUNITIES.or(K::SET_IP).or(K::SET_PREFIX).or(K::PREFIX), K::BOOL),
    (K::PREFIX, K::SET_PREFIX.or(K::PREFIX), K::BOOL),
    (K::DISTINGUISHER, K::SET_DISTINGUISHER, K::BOOL),
    (K::EXTENDED, K::EXTENDED_LIST.or(K::SET_EXTENDED), K::BOOL),
    (K::LARGE, K::LARGE_LIST.or(K::SET_LARGE), K::BOOL),
    (K::ENUM, K::SET_ENUM, K::BOOL),
    (K::TEXT, K::TEXT, K::BOOL),
];

const INCLUDE: &[Rule] = &[
    (K::COMMUNITIES, K::COMMUNITIES.or(K::PAIR).or(K::QUAD).or(K::IP), K::COMMUNITIES),
    (K::EXTENDED_LIST, K::EXTENDED_LIST.or(K::EXTENDED), K::EXTENDED_LIST),
    (K::LARGE_LIST, K::LARGE_LIST.or(K::LARGE), K::LARGE_LIST),
];

/// What is an item of a path or list, or several: for `delete`. `filter` takes no single ones, but the empty list
/// does not ask.
const KEEP: &[Rule] = &[
    (K::PATH, K::INT.or(K::SET_INT).or(K::SET_EMPTY), K::PATH),
    (
        K::COMMUNITIES,
        K::COMMUNITIES
            .or(K::PAIR)
            .or(K::QUAD)
            .or(K::IP)
            .or(K::SET_PAIR)
            .or(K::SET_QUAD)
            .or(K::SET_IP)
            .or(K::SET_EMPTY),
        K::COMMUNITIES,
    ),
    (
        K::EXTENDED_LIST,
        K::EXTENDED_LIST.or(K::EXTENDED).or(K::SET_EXTENDED).or(K::SET_EMPTY),
        K::EXTENDED_LIST,
    ),
    (K::LARGE_LIST, K::LARGE_LIST.or(K::LARGE).or(K::SET_LARGE).or(K::SET_EMPTY), K::LARGE_LIST),
];

const fn rules(operation: Binary) -> &'static [Rule] {
    match operation {
        Binary::Equal | Binary::NotEqual => &[],
        Binary::Less | Binary::LessOrEqual => ORDER,
        Binary::Match | Binary::NotMatch => MATCH,
        Binary::Add
        | Binary::Subtract
        | Binary::Multiply
        | Binary::Divide
        | Binary::BitOr
        | Binary::BitAnd => &[(K::INT, K::INT, K::INT)],
        Binary::Mask => &[(K::IP, K::INT, K::IP), (K::QUAD, K::INT, K::QUAD)],
        Binary::Pair => &[(K::INT, K::INT, K::PAIR)],
        Binary::Prepend => &[(K::PATH, K::INT, K::PATH)],
        Binary::Include => INCLUDE,
        Binary::Delete | Binary::Filter => KEEP,
        Binary::Concat => &[(K::TEXT, K::TEXT, K::TEXT), (K::BYTES, K::BYTES, K::BYTES)],
    }
}
