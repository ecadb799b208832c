//! Instructions.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Item, Reader, Result, number};
use crate::ast::{End, ListKind};
use crate::attribute::Attribute;
use crate::program::{Binary, Code, ExtendedForm, Instruction, Unary};
use crate::span::{SourceId, Span};
use crate::types::{EnumType, SetType, Type};

/// By their numbers: new ones come behind.
const UNARY: [Unary; 22] = [
    Unary::Not,
    Unary::Defined,
    Unary::Format,
    Unary::Length,
    Unary::First,
    Unary::Last,
    Unary::LastNonAggregated,
    Unary::Empty,
    Unary::Min,
    Unary::Max,
    Unary::Asn,
    Unary::Data,
    Unary::Data1,
    Unary::Data2,
    Unary::Address,
    Unary::MaxLength,
    Unary::Kind,
    Unary::RouteDistinguisher,
    Unary::IsV4,
    Unary::Source,
    Unary::Destination,
    Unary::FromHex,
];

const BINARY: [Binary; 19] = [
    Binary::Equal,
    Binary::NotEqual,
    Binary::Less,
    Binary::LessOrEqual,
    Binary::Match,
    Binary::NotMatch,
    Binary::Add,
    Binary::Subtract,
    Binary::Multiply,
    Binary::Divide,
    Binary::BitOr,
    Binary::BitAnd,
    Binary::Mask,
    Binary::Pair,
    Binary::Prepend,
    Binary::Include,
    Binary::Delete,
    Binary::Filter,
    Binary::Concat,
];

const ENDS: [End; 3] = [End::Accept, End::Reject, End::Error];

const ENUMS: [EnumType; 9] = [
    EnumType::Source,
    EnumType::Origin,
    EnumType::Scope,
    EnumType::Cast,
    EnumType::Destination,
    EnumType::Roa,
    EnumType::Net,
    EnumType::RouterAdvertisement,
    EnumType::AddressFamily,
];

const LISTS: [ListKind; 4] =
    [ListKind::Path, ListKind::Communities, ListKind::Extended, ListKind::Large];

const SETS: [SetType; 9] = [
    SetType::Empty,
    SetType::Int,
    SetType::Pair,
    SetType::Quad,
    SetType::Ip,
    SetType::Prefix,
    SetType::RouteDistinguisher,
    SetType::Extended,
    SetType::Large,
];

/// Those that are no lists, enumerations or sets
const TYPES: [Type; 13] = [
    Type::Bool,
    Type::Int,
    Type::Pair,
    Type::Quad,
    Type::Ip,
    Type::Prefix,
    Type::RouteDistinguisher,
    Type::Extended,
    Type::Large,
    Type::Text,
    Type::Bytes,
    Type::Mask,
    Type::Any,
];

macro_rules! by_number {
    ($($ty:ty: $table:expr),*) => {$(
        impl Item for $ty {
            fn write(&self, out: &mut Vec<u8>) {
                number(&$table, self, out);
            }

            fn read(from: &mut Reader<'_>) -> Result<Self> {
                from.entry(&$table)
            }
        }
    )*};
}

by_number!(Unary: UNARY, Binary: BINARY, End: ENDS, EnumType: ENUMS, ListKind: LISTS);

impl Item for Type {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::List(kind) => {
                out.push(0x80);
                kind.write(out);
            }
            Self::Enum(of) => {
                out.push(0x81);
                of.write(out);
            }
            Self::Set(SetType::Enum(of)) => {
                out.push(0x82);
                of.write(out);
            }
            Self::Set(of) => {
                out.push(0x83);
                number(&SETS, of, out);
            }
            other => number(&TYPES, other, out),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let at = from.at;
        let octet = u8::read(from)?;
        Ok(match octet {
            0x80 => Self::List(Item::read(from)?),
            0x81 => Self::Enum(Item::read(from)?),
            0x82 => Self::Set(SetType::Enum(Item::read(from)?)),
            0x83 => Self::Set(from.entry(&SETS)?),
            _ => *TYPES.get(usize::from(octet)).ok_or(Reader::wrong(at))?,
        })
    }
}

impl Item for Attribute {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let at = from.at;
        Self::numbered(u8::read(from)?).ok_or(Reader::wrong(at))
    }
}

impl Item for ExtendedForm {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Named(kind) => out.extend([0, *kind]),
            Self::Unknown(kind) => {
                out.push(1);
                kind.write(out);
            }
            Self::Generic => out.push(2),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        Ok(match from.entry(&[0, 1, 2])? {
            0 => Self::Named(Item::read(from)?),
            1 => Self::Unknown(Item::read(from)?),
            _ => Self::Generic,
        })
    }
}

/// Both directions from one table: number, name, and what is in it.
macro_rules! instructions {
    ($($code:literal $name:ident { $($field:tt: $value:ident),* })*) => {
        impl Item for Instruction {
            fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name { $($field: $value),* } => {
                        out.push($code);
                        $($value.write(out);)*
                    })*
                }
            }

            fn read(from: &mut Reader<'_>) -> Result<Self> {
                let at = from.at;
                Ok(match u8::read(from)? {
                    $($code => Self::$name { $($field: Item::read(from)?),* },)*
                    _ => return Err(Reader::wrong(at)),
                })
            }
        }
    };
}

instructions! {
    0 Constant { to: to, constant: constant }
    1 Void { to: to }
    2 Move { to: to, of: of }
    3 Attribute { to: to, attribute: attribute }
    4 SetAttribute { attribute: attribute, of: of }
    5 Unset { attribute: attribute }
    6 Unary { operation: operation, to: to, of: of }
    7 Binary { operation: operation, to: to, left: left, right: right }
    8 Large { to: to, of: of }
    9 Extended { form: form, to: to, left: left, right: right }
    10 Convert { to: to, of: of, ty: ty }
    11 Jump { target: target }
    12 JumpIf { of: of, when: when, target: target }
    13 JumpIfMatch { of: of, constant: constant, when: when, target: target }
    14 JumpIfIn { constant: constant, attribute: attribute, when: when, target: target }
    15 Call { function: function, base: base }
    16 Return { of: of }
    17 Iterate { iterator: iterator }
    18 Next { to: to, iterator: iterator, target: target }
    19 Again { target: target }
    20 MaskBegin {}
    21 MaskItem { of: of, repeat: repeat }
    22 MaskRange { low: low, high: high, repeat: repeat }
    23 MaskOne { repeat: repeat }
    24 MaskSome {}
    25 MaskEnd { to: to }
    26 Roa { to: to, table: table, of: of }
    27 Print { of: of }
    28 PrintEnd { line: line }
    29 Assert { of: of }
    30 End { 0: end }
    31 FellOff {}
    32 JumpIfAttribute { attribute: attribute, constant: constant, when: when, target: target }
    33 Alter { operation: operation, attribute: attribute, constant: constant }
    34 Compute { operation: operation, to: to, left: left, constant: constant }
}

impl Item for Code {
    fn write(&self, out: &mut Vec<u8>) {
        self.name.write(out);
        out.extend([self.registers, self.arguments]);
        self.instructions.write(out);
        let mut last = Span::default();
        for span in &self.spans {
            // Most are in one text, and short.
            span.source.0.wrapping_sub(last.source.0).write(out);
            span.start.wrapping_sub(last.start).write(out);
            span.end.wrapping_sub(span.start).write(out);
            last = *span;
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let name = Option::<String>::read(from)?;
        let [registers, arguments] = from.array()?;
        let instructions = Vec::<Instruction>::read(from)?;
        let mut spans = Vec::with_capacity(instructions.len());
        let mut last = Span::default();
        for _ in &instructions {
            let source = last.source.0.wrapping_add(u32::read(from)?);
            let start = last.start.wrapping_add(u32::read(from)?);
            let end = start.wrapping_add(u32::read(from)?);
            last = Span { source: SourceId(source), start, end };
            spans.push(last);
        }
        Ok(Self { name, registers, arguments, instructions, spans })
    }
}
