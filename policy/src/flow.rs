//! Flow specifications as values: `flow4 { dst 10.0.0.0/8; dport 80; }` (RFC 8955, RFC 8956).

use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use ipnet::IpNet;

use crate::error::Diagnostic;
use crate::lexer::TokenKind;
use crate::parser::{Parsed, Parser};

/// A flow specification.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowNet {
    /// `flow6`
    pub ipv6: bool,
    /// In the order in which they are written, by ascending type
    pub parts: Vec<FlowPart>,
}

/// A component of a flow specification.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FlowPart {
    /// Types 1 and 2: source or not, the prefix, and the offset of RFC 8956 §3.1
    Prefix(bool, IpNet, u8),
    /// Types 3 to 8, 10, 11 and 13
    Numbers(Field, Vec<Test>),
    /// Types 9 and 12
    Bits(Field, Vec<Test>),
}

/// What a component looks at: its type (RFC 8955 §4.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named as in the RFC")]
pub enum Field {
    Protocol = 3,
    Port = 4,
    DestinationPort = 5,
    SourcePort = 6,
    IcmpType = 7,
    IcmpCode = 8,
    TcpFlags = 9,
    Length = 10,
    Dscp = 11,
    Fragment = 12,
    Label = 13,
}

/// An operator and its value (RFC 8955 §4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Test {
    /// Joined to the one before by `&&`, not by `||`
    pub and: bool,
    /// Bits of the operator: of numbers 4 less, 2 greater, 1 equal; of bits 2 not, 1 all
    pub operator: u8,
    /// What is compared with
    pub value: u32,
}

const LESS: u8 = 4;
const GREATER: u8 = 2;
const EQUAL: u8 = 1;
const NOT: u8 = 2;
const ALL: u8 = 1;
const FRAGMENTS: [(&str, u32); 4] =
    [("dont_fragment", 1), ("is_fragment", 2), ("first_fragment", 4), ("last_fragment", 8)];

impl Parser {
    /// What stands behind `flow4` or `flow6`.
    pub(super) fn flow(&mut self, ipv6: bool) -> Parsed<FlowNet> {
        self.expect("{")?;
        let mut parts: Vec<(u8, FlowPart)> = Vec::new();
        while !self.eat("}") {
            let start = self.span();
            let (kind, part) = self.flow_part(ipv6)?;
            let span = start.to(self.previous_span());
            if parts.iter().any(|(other, _)| *other == kind) {
                return Err(Diagnostic::new(span, "this component stands here twice"));
            }
            self.expect_semicolon()?;
            parts.push((kind, part));
        }
        parts.sort_by_key(|(kind, _)| *kind);
        Ok(FlowNet { ipv6, parts: parts.into_iter().map(|(_, part)| part).collect() })
    }

    fn flow_part(&mut self, ipv6: bool) -> Parsed<(u8, FlowPart)> {
        for (word, source) in [("dst", false), ("src", true)] {
            if self.eat_symbol(word) {
                let span = self.span();
                let net = self.prefix()?;
                if net.addr().is_ipv6() != ipv6 {
                    return Err(Diagnostic::new(span, "this prefix is of the other family"));
                }
                let offset = if ipv6 && self.eat_symbol("offset") { self.number()? } else { 0 };
                let offset = u8::try_from(offset).unwrap_or(u8::MAX);
                return Ok((1 + u8::from(source), FlowPart::Prefix(source, net, offset)));
            }
        }
        let field = self.flow_field(ipv6)?;
        let part = match field {
            Field::TcpFlags | Field::Fragment => FlowPart::Bits(field, self.flow_bits(field)?),
            _ => FlowPart::Numbers(field, self.flow_numbers()?),
        };
        Ok((field as u8, part))
    }

    fn flow_field(&mut self, ipv6: bool) -> Parsed<Field> {
        let names: [(&[&str], Field); 12] = [
            (&["proto"], Field::Protocol),
            (&["next", "header"], Field::Protocol),
            (&["port"], Field::Port),
            (&["dport"], Field::DestinationPort),
            (&["sport"], Field::SourcePort),
            (&["icmp", "type"], Field::IcmpType),
            (&["icmp", "code"], Field::IcmpCode),
            (&["tcp", "flags"], Field::TcpFlags),
            (&["length"], Field::Length),
            (&["dscp"], Field::Dscp),
            (&["fragment"], Field::Fragment),
            (&["label"], Field::Label),
        ];
        for (words, field) in names {
            let known = ipv6 || (field != Field::Label && words.first() != Some(&"next"));
            if known && self.eat_symbols(words) {
                return Ok(field);
            }
        }
        Err(self.unexpected("a component of a flow specification"))
    }

    fn flow_numbers(&mut self) -> Parsed<Vec<Test>> {
        let mut tests = Vec::new();
        let mut and = false;
        loop {
            let operator = match self.peek() {
                TokenKind::Punctuation("=") => Some(EQUAL),
                TokenKind::Punctuation("!=") => Some(LESS | GREATER),
                TokenKind::Punctuation("<") => Some(LESS),
                TokenKind::Punctuation("<=") => Some(LESS | EQUAL),
                TokenKind::Punctuation(">") => Some(GREATER),
                TokenKind::Punctuation(">=") => Some(GREATER | EQUAL),
                TokenKind::Symbol(word) if word == "true" => Some(LESS | GREATER | EQUAL),
                TokenKind::Symbol(word) if word == "false" => Some(0),
                _ => None,
            };
            if operator.is_some() {
                self.advance();
            }
            let value = self.number()?;
            if operator.is_none() && self.eat("..") {
                tests.push(Test { and, operator: GREATER | EQUAL, value });
                let value = self.number()?;
                tests.push(Test { and: true, operator: LESS | EQUAL, value });
            } else {
                tests.push(Test { and, operator: operator.unwrap_or(EQUAL), value });
            }
            match self.flow_joiner() {
                Some(joiner) => and = joiner,
                None => return Ok(tests),
            }
        }
    }

    /// What joins a test to the one before it: whether both have to hold. `None` behind the last one.
    fn flow_joiner(&mut self) -> Option<bool> {
        if self.eat("&&") {
            return Some(true);
        }
        (self.eat("||") || self.eat(",")).then_some(false)
    }

    fn flow_bits(&mut self, field: Field) -> Parsed<Vec<Test>> {
        let mut tests = Vec::new();
        let mut and = false;
        loop {
            let not = self.eat("!");
            if field == Field::Fragment {
                let bit = FRAGMENTS.into_iter().find(|(name, _)| self.eat_symbol(name));
                let Some((_, value)) = bit else {
                    return Err(self.unexpected("a kind of fragment"));
                };
                tests.push(Test { and, operator: u8::from(not) * NOT, value });
            } else {
                let value = self.number()?;
                self.expect("/")?;
                let mask = self.number()?;
                if value & !mask != 0 {
                    let message = format!("{value:#x} has bits outside of {mask:#x}");
                    return Err(Diagnostic::new(self.previous_span(), message));
                }
                flags(&mut tests, and, not, value, mask);
            }
            match self.flow_joiner() {
                Some(joiner) => and = joiner,
                None => return Ok(tests),
            }
        }
    }
}

/// Those of `value` are all set, the others of `mask` are not; or, with `not`, the other way round.
fn flags(tests: &mut Vec<Test>, and: bool, not: bool, value: u32, mask: u32) {
    let clear = mask & !value;
    if value != 0 || mask == 0 {
        tests.push(Test { and, operator: if not { NOT | ALL } else { ALL }, value });
    }
    if clear != 0 {
        let and = if value == 0 { and } else { !not };
        tests.push(Test { and, operator: if not { 0 } else { NOT }, value: clear });
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Protocol => "proto",
            Self::Port => "port",
            Self::DestinationPort => "dport",
            Self::SourcePort => "sport",
            Self::IcmpType => "icmp type",
            Self::IcmpCode => "icmp code",
            Self::TcpFlags => "tcp flags",
            Self::Length => "length",
            Self::Dscp => "dscp",
            Self::Fragment => "fragment",
            Self::Label => "label",
        })
    }
}

impl fmt::Display for FlowNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flow{} {{ ", if self.ipv6 { 6 } else { 4 })?;
        for part in &self.parts {
            match part {
                FlowPart::Prefix(source, net, offset) => {
                    write!(f, "{} {net}", if *source { "src" } else { "dst" })?;
                    if *offset != 0 {
                        write!(f, " offset {offset}")?;
                    }
                }
                FlowPart::Numbers(field, tests) => {
                    let header = self.ipv6 && *field == Field::Protocol;
                    if header {
                        f.write_str("next header")?;
                    } else {
                        write!(f, "{field}")?;
                    }
                    f.write_str(" ")?;
                    numbers(f, tests)?;
                }
                FlowPart::Bits(field, tests) => {
                    write!(f, "{field} ")?;
                    bits(f, *field, tests)?;
                }
            }
            f.write_str("; ")?;
        }
        f.write_str("}")
    }
}

/// Two tests that are a range.
const fn is_range(tests: &[Test]) -> bool {
    matches!(tests, [Test { operator: 3, .. }, Test { operator: 5, and: true, .. }, ..])
}

fn numbers(f: &mut fmt::Formatter<'_>, mut tests: &[Test]) -> fmt::Result {
    let (mut first, mut plain_before) = (true, false);
    while let [test, rest @ ..] = tests {
        let range = is_range(tests);
        let plain = range || test.operator == EQUAL;
        if !first {
            f.write_str(match (test.and, plain && plain_before) {
                (true, _) => " && ",
                (false, true) => ",",
                (false, false) => " || ",
            })?;
        }
        tests = rest;
        match (range, test.operator) {
            (true, _) => {
                if let [high, rest @ ..] = rest {
                    write!(f, "{}..{}", test.value, high.value)?;
                    tests = rest;
                }
            }
            (_, EQUAL) => write!(f, "{}", test.value)?,
            (_, operator) => {
                let names = ["false", "=", ">", ">=", "<", "<=", "!=", "true"];
                let name = names.get(usize::from(operator)).copied().unwrap_or_default();
                write!(f, "{name} {}", test.value)?;
            }
        }
        (first, plain_before) = (false, plain);
    }
    Ok(())
}

fn bits(f: &mut fmt::Formatter<'_>, field: Field, tests: &[Test]) -> fmt::Result {
    for (index, test) in tests.iter().enumerate() {
        if index > 0 {
            f.write_str(if test.and { " && " } else { " || " })?;
        }
        let name = FRAGMENTS.into_iter().find(|(_, bit)| *bit == test.value);
        match (field, name, test.operator) {
            (Field::Fragment, Some((name, _)), operator) => {
                write!(f, "{}{name}", if operator & NOT == 0 { "" } else { "!" })?;
            }
            (_, _, 0) => write!(f, "!0x0/{:#x}", test.value)?,
            (_, _, ALL) => write!(f, "{0:#x}/{0:#x}", test.value)?,
            (_, _, NOT) => write!(f, "0x0/{:#x}", test.value)?,
            _ => write!(f, "!{0:#x}/{0:#x}", test.value)?,
        }
    }
    Ok(())
}

impl FlowNet {
    /// How many tests and prefixes there are.
    pub(crate) fn len(&self) -> usize {
        let count = |part: &FlowPart| match part {
            FlowPart::Prefix(..) => 1,
            FlowPart::Numbers(_, tests) | FlowPart::Bits(_, tests) => tests.len(),
        };
        self.parts.iter().map(count).sum()
    }

    /// Type 1: the destination prefix.
    pub fn destination(&self) -> Option<IpNet> {
        self.parts.iter().find_map(|part| match part {
            FlowPart::Prefix(false, net, _) => Some(*net),
            _ => None,
        })
    }

    /// Type 2: the source prefix.
    pub fn source(&self) -> Option<IpNet> {
        self.parts.iter().find_map(|part| match part {
            FlowPart::Prefix(true, net, _) => Some(*net),
            _ => None,
        })
    }
}
