//! What a text says, before it is checked.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::span::Span;
use crate::value::Value;

/// An expression and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// What it is
    pub kind: ExprKind,
    /// Where it stands
    pub span: Span,
}

/// Kinds of expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprKind {
    /// A constant
    Constant(Value),
    /// An attribute of the route
    Attribute(Attribute),
    /// `! a`
    Not(Box<Expr>),
    /// `a = b`, …
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `a.len`, …
    Method(Box<Expr>, String),
}

/// What a filter can read of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attribute {
    /// `net`
    Net,
    /// `source`
    Source,
    /// `proto`
    Proto,
    /// `preference`
    Preference,
    /// `from`
    From,
    /// `bgp_local_pref`
    LocalPref,
    /// `bgp_med`
    Med,
    /// `bgp_origin`
    Origin,
    /// `bgp_path`, of which `.len`, `.first` and `.last` are known
    Path,
}

impl Attribute {
    /// The attribute of that name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "net" => Self::Net,
            "source" => Self::Source,
            "proto" => Self::Proto,
            "preference" => Self::Preference,
            "from" => Self::From,
            "bgp_local_pref" => Self::LocalPref,
            "bgp_med" => Self::Med,
            "bgp_origin" => Self::Origin,
            "bgp_path" => Self::Path,
            _ => return None,
        })
    }
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
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// `accept;`
    Accept,
    /// `reject;`
    Reject,
    /// `if a then b else c`
    If(Expr, Vec<Self>, Vec<Self>),
}

/// A filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Its name, if it has one
    pub name: Option<(String, Span)>,
    /// What it does
    pub body: Vec<Statement>,
    /// Where it stands
    pub span: Span,
}
