//! What a text says, before it is checked.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use bgp_wire::RouteDistinguisher;
use ipnet::IpNet;

use crate::span::Span;

/// A name and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name, without quotes
    pub text: String,
    /// Where it stands
    pub span: Span,
}

/// An expression and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is
    pub kind: ExprKind,
    /// Where it stands
    pub span: Span,
}

/// Kinds of expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `1`
    Int(u32),
    /// `true`
    Bool(bool),
    /// `10.0.0.1`
    Ip(IpAddr),
    /// `10.0.0.0/8`
    Prefix(IpNet),
    /// `0:1:2 10.0.0.0/8`
    Vpn(RouteDistinguisher, IpNet),
    /// `10.0.0.0/8 max 24 as 65001`
    Roa(IpNet, Box<(Expr, Expr)>),
    /// `flow4 { … }`, `flow6 { … }`
    Flow(Box<crate::flow::FlowNet>),
    /// `65001:1`
    RouteDistinguisher(RouteDistinguisher),
    /// `"text"`
    Text(String),
    /// `hex:00ff`
    Bytes(Vec<u8>),
    /// A variable, a constant, an attribute, or a value that has a name
    Name(String),
    /// `f(a, b)`
    Call(Name, Vec<Expr>),
    /// `! a`
    Not(Box<Expr>),
    /// `a = b`, …
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `a.len`, `a.mask(8)`
    Method(Box<Expr>, Name, Option<Vec<Expr>>),
    /// `(a, b)`
    Pair(Box<(Expr, Expr)>),
    /// `(a, b, c)`
    Triple(Box<(Expr, Expr, Expr)>),
    /// `(rt, a, b)`
    Extended(ExtendedKind, Box<(Expr, Expr)>),
    /// `[ a, b..c ]`
    Set(Vec<SetItem>),
    /// `[= 1 * =]`
    Mask(Vec<MaskItem>),
    /// `+empty+`, `-empty-`, `--empty--`, `---empty---`
    Empty(ListKind),
}

/// Kinds of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListKind {
    /// `bgppath`
    Path,
    /// `clist`
    Communities,
    /// `eclist`
    Extended,
    /// `lclist`
    Large,
}

/// The first part of an extended community.
#[derive(Debug, Clone, PartialEq)]
pub enum ExtendedKind {
    /// `rt`
    RouteTarget,
    /// `ro`
    RouteOrigin,
    /// `generic`: the upper 32 bits stand in the place of the key
    Generic,
    /// `unknown T`: type and sub-type in one number
    Unknown(u32),
}

/// An item of a set, or a label of `case`.
#[derive(Debug, Clone, PartialEq)]
pub struct SetItem {
    /// What it is
    pub kind: SetItemKind,
    /// Where it stands
    pub span: Span,
}

/// Kinds of [`SetItem`].
#[derive(Debug, Clone, PartialEq)]
pub enum SetItemKind {
    /// `a`, `a..b`
    Range(Expr, Option<Expr>),
    /// `10.0.0.0/8+`, …: the shortest and the longest length that match
    Prefix(IpNet, u8, u8),
    /// `(a, b..c)`, `(a, *, c)`
    Tuple(Vec<Part>),
    /// `(rt, a, b..c)`
    Extended(ExtendedKind, Expr, Part),
}

/// A part of a set item that is a tuple.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// `*`
    Any,
    /// `a`, `a..b`
    Range(Expr, Option<Expr>),
}

/// An item of a path mask, and whether it may come again (`+`).
#[derive(Debug, Clone, PartialEq)]
pub struct MaskItem {
    /// What it is
    pub kind: MaskItemKind,
    /// `+` behind it
    pub repeated: bool,
    /// Where it stands
    pub span: Span,
}

/// Kinds of [`MaskItem`].
#[derive(Debug, Clone, PartialEq)]
pub enum MaskItemKind {
    /// `?`
    One,
    /// `*`
    Some,
    /// A number, a name, a range, a set, or an expression in brackets
    Item(Box<SetItem>),
    /// `[ … ]`
    Set(Vec<SetItem>),
}

/// Operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `&&`
    And,
    /// `||`
    Or,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `<=`
    LessOrEqual,
    /// `>=`
    GreaterOrEqual,
    /// `~`
    Match,
    /// `!~`
    NotMatch,
    /// `|` (BIRD 3)
    BitOr,
    /// `&` (BIRD 3)
    BitAnd,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `++`
    Concat,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// A statement and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What it is
    pub kind: StatementKind,
    /// Where it stands
    pub span: Span,
}

/// Kinds of statement.
#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    /// `{ … }`
    Block(Vec<Statement>),
    /// `if a then b else c`
    If(Expr, Box<Statement>, Option<Box<Statement>>),
    /// `case a { … }`
    Case(Expr, Vec<Arm>),
    /// `for int a in b do c`
    For(TypeName, Name, Expr, Box<Statement>),
    /// `accept`, `reject`, `error`, with what they print
    End(End, Vec<Expr>),
    /// `return a;`
    Return(Option<Expr>),
    /// `print a, b;`; without an end of line: `printn`
    Print(Vec<Expr>, bool),
    /// `int a = b;`
    Declare(TypeName, Name, Option<Expr>),
    /// `a = b;`
    Assign(Name, Expr),
    /// `unset(a);`
    Unset(Name),
    /// `f(a);`, `bgp_community.add(a);`
    Expression(Expr),
    /// `bt_assert(a);`, in tests of the language
    Assert(Expr),
    /// `bt_check_assign(a, b);`, in tests of the language
    CheckAssign(Name, Expr),
}

/// How a filter ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// `accept`
    Accept,
    /// `reject`
    Reject,
    /// `error`
    Error,
}

/// One arm of `case`.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// `None`: `else:`
    pub labels: Option<Vec<SetItem>>,
    /// What is done
    pub body: Vec<Statement>,
    /// Where the labels stand
    pub span: Span,
}

/// A type as it is written: `int`, `pair set`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeName {
    /// Which
    pub ty: crate::types::Type,
    /// Where it stands
    pub span: Span,
}

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Its name, if it has one
    pub name: Option<Name>,
    /// What it does
    pub body: Vec<Statement>,
    /// Where it stands
    pub span: Span,
}

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its name
    pub name: Name,
    /// Its arguments
    pub arguments: Vec<(TypeName, Name)>,
    /// `-> type`
    pub result: Option<TypeName>,
    /// What it does, old headers' variables in front
    pub body: Vec<Statement>,
    /// Where it stands
    pub span: Span,
}
