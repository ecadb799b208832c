//! Compiled filters.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::fmt::Write as _;

use crate::ast::End;
use crate::attribute::Attribute;
use crate::span::Span;
use crate::types::Type;
use crate::value::Value;
use crate::vm::{Cell, cell_of};

/// A filter of a [`Program`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilterId(pub(crate) u32);

/// Number of a register, counted from the first one of the function.
pub(crate) type Register = u8;

/// Operations on one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unary {
    Not,
    Defined,
    Format,
    /// `.len`
    Length,
    First,
    Last,
    LastNonAggregated,
    /// An empty list of the same kind
    Empty,
    Min,
    Max,
    Asn,
    Data,
    Data1,
    Data2,
    /// `.ip`
    Address,
    MaxLength,
    /// `.type`
    Kind,
    RouteDistinguisher,
    IsV4,
    /// `.src`, `.dst`
    Source,
    Destination,
    /// `from_hex(a)`
    FromHex,
}

/// Operations on two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Match,
    NotMatch,
    Add,
    Subtract,
    Multiply,
    Divide,
    BitOr,
    BitAnd,
    /// `.mask(n)`
    Mask,
    Pair,
    Prepend,
    /// `add(a, b)` of lists
    Include,
    Delete,
    Filter,
    /// `a ++ b` of texts and bytes
    Concat,
}

/// The kind of an extended community that is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExtendedForm {
    /// Sub-type of types 0 to 2: which of them follows from the key
    Named(u8),
    /// Type and sub-type
    Unknown(u16),
    /// The upper 32 bits are the key
    Generic,
}

/// One instruction. Only [`Instruction::Next`] may jump back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Instruction {
    Constant {
        to: Register,
        constant: u16,
    },
    Void {
        to: Register,
    },
    Move {
        to: Register,
        of: Register,
    },
    Attribute {
        to: Register,
        attribute: Attribute,
    },
    SetAttribute {
        attribute: Attribute,
        of: Register,
    },
    Unset {
        attribute: Attribute,
    },
    /// Sets an attribute to what an operation makes of it and a constant.
    Alter {
        operation: Binary,
        attribute: Attribute,
        constant: u16,
    },
    Unary {
        operation: Unary,
        to: Register,
        of: Register,
    },
    Binary {
        operation: Binary,
        to: Register,
        left: Register,
        right: Register,
    },
    /// An operation on a register and a constant
    Compute {
        operation: Binary,
        to: Register,
        left: Register,
        constant: u16,
    },
    /// `(a, b, c)` of three registers in a row
    Large {
        to: Register,
        of: Register,
    },
    Extended {
        form: ExtendedForm,
        to: Register,
        left: Register,
        right: Register,
    },
    /// Makes a value that of a type, where it is not known to be, or to be converted
    Convert {
        to: Register,
        of: Register,
        ty: Type,
    },
    Jump {
        target: u16,
    },
    /// Jumps when the register holds `when`.
    JumpIf {
        of: Register,
        when: bool,
        target: u16,
    },
    /// Jumps when the test of a register against a constant comes out as `when`.
    JumpIfMatch {
        of: Register,
        constant: u16,
        when: bool,
        target: u16,
    },
    /// Jumps when a constant is in a list attribute, or is not.
    JumpIfIn {
        constant: u16,
        attribute: Attribute,
        when: bool,
        target: u16,
    },
    /// Jumps when the test of an attribute against a constant comes out as `when`.
    JumpIfAttribute {
        attribute: Attribute,
        constant: u16,
        when: bool,
        target: u16,
    },
    /// Calls a function, whose registers begin at `base` with its arguments. The result is there.
    Call {
        function: u16,
        base: Register,
    },
    Return {
        of: Register,
    },
    /// Begins with a list: its register and the next one are the iterator.
    Iterate {
        iterator: Register,
    },
    /// The next element, or a jump behind the loop.
    Next {
        to: Register,
        iterator: Register,
        target: u16,
    },
    /// The end of a loop's body: back to its [`Instruction::Next`].
    Again {
        target: u16,
    },
    MaskBegin,
    /// An item that is a value: a number, a path, or a set
    MaskItem {
        of: Register,
        repeat: bool,
    },
    MaskRange {
        low: Register,
        high: Register,
        repeat: bool,
    },
    MaskOne {
        repeat: bool,
    },
    MaskSome,
    MaskEnd {
        to: Register,
    },
    /// `roa_check` of a table of the host; the network, and the AS number behind it
    Roa {
        to: Register,
        table: u16,
        of: Register,
    },
    Print {
        of: Register,
    },
    PrintEnd {
        line: bool,
    },
    Assert {
        of: Register,
    },
    End(End),
    /// The filter has come to its end without a verdict.
    FellOff,
}

/// A function or a filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Code {
    pub(crate) name: Option<String>,
    /// How many registers it has, those for the arguments of calls among them
    pub(crate) registers: u8,
    pub(crate) arguments: u8,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) spans: Vec<Span>,
}

/// Compiled and verified filters. Immutable; shared between threads freely.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Program {
    pub(crate) filters: Vec<Code>,
    pub(crate) functions: Vec<Code>,
    pub(crate) constants: Vec<Value>,
    /// The constants as registers hold them
    pub(crate) cells: Vec<Cell>,
}

impl Program {
    pub(crate) fn new(filters: Vec<Code>, functions: Vec<Code>, constants: Vec<Value>) -> Self {
        let numbered = constants.iter().zip(0..=u16::MAX);
        let cells = numbered.map(|(value, number)| cell_of(value, number)).collect();
        Self { filters, functions, constants, cells }
    }

    /// The filter of that name.
    pub fn filter(&self, name: &str) -> Option<FilterId> {
        let found = self.filters.iter().position(|code| code.name.as_deref() == Some(name))?;
        u32::try_from(found).ok().map(FilterId)
    }

    /// All filters.
    pub fn filters(&self) -> impl Iterator<Item = FilterId> + use<> {
        (0..u32::try_from(self.filters.len()).unwrap_or(u32::MAX)).map(FilterId)
    }

    /// Name of a filter, if it has one.
    pub fn name(&self, filter: FilterId) -> Option<&str> {
        self.filters.get(filter.0 as usize)?.name.as_deref()
    }

    /// The attributes that a filter and the functions that it calls may change, and where.
    pub fn changes(&self, filter: FilterId) -> impl Iterator<Item = (Attribute, Span)> {
        let (mut found, mut seen, mut next) = (Vec::new(), Vec::new(), Vec::new());
        next.extend(self.filters.get(filter.0 as usize));
        while let Some(code) = next.pop() {
            for (instruction, span) in code.instructions.iter().zip(&code.spans) {
                match instruction {
                    Instruction::SetAttribute { attribute, .. }
                    | Instruction::Alter { attribute, .. }
                    | Instruction::Unset { attribute } => found.push((*attribute, *span)),
                    Instruction::Call { function, .. } if !seen.contains(function) => {
                        seen.push(*function);
                        next.extend(self.functions.get(usize::from(*function)));
                    }
                    _ => {}
                }
            }
        }
        found.into_iter()
    }

    /// A number that is equal for filters of the same code, constants and functions, wherever they stand.
    pub fn fingerprint(&self, filter: FilterId) -> u64 {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        let mut seen = Vec::new();
        if let Some(code) = self.filters.get(filter.0 as usize) {
            self.hash(code, &mut hash, &mut seen);
        }
        hash.0
    }

    /// Constants by value, functions by what they do.
    fn hash(&self, code: &Code, hash: &mut Fnv, seen: &mut Vec<u16>) {
        for instruction in &code.instructions {
            // Writing to a hash cannot fail.
            let _ = match *instruction {
                Instruction::Constant { to, constant } => {
                    write!(hash, "c{to}{:?}", self.constants.get(usize::from(constant)))
                }
                Instruction::JumpIfMatch { of, constant, when, target } => {
                    let value = self.constants.get(usize::from(constant));
                    write!(hash, "m{of}{when}{target}{value:?}")
                }
                Instruction::JumpIfIn { constant, attribute, when, target } => {
                    let value = self.constants.get(usize::from(constant));
                    write!(hash, "i{attribute:?}{when}{target}{value:?}")
                }
                Instruction::JumpIfAttribute { attribute, constant, when, target } => {
                    let value = self.constants.get(usize::from(constant));
                    write!(hash, "a{attribute:?}{when}{target}{value:?}")
                }
                Instruction::Alter { operation, attribute, constant } => {
                    let value = self.constants.get(usize::from(constant));
                    write!(hash, "o{operation:?}{attribute:?}{value:?}")
                }
                Instruction::Compute { operation, to, left, constant } => {
                    let value = self.constants.get(usize::from(constant));
                    write!(hash, "b{operation:?}{to}{left}{value:?}")
                }
                Instruction::Call { function, base } => {
                    let place = seen.iter().position(|known| *known == function);
                    let _ = write!(hash, "f{base}{place:?}");
                    if let (None, Some(code)) = (place, self.functions.get(usize::from(function))) {
                        seen.push(function);
                        self.hash(code, hash, seen);
                    }
                    Ok(())
                }
                other => write!(hash, "{other:?}"),
            };
        }
    }
}

/// The FNV-1a hash of what is written to it.
struct Fnv(u64);

impl fmt::Write for Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

/// The disassembly.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, value) in self.constants.iter().enumerate() {
            writeln!(f, "constant {number}: {value}")?;
        }
        for (kind, list) in [("function", &self.functions), ("filter", &self.filters)] {
            for (number, code) in list.iter().enumerate() {
                let name = code.name.as_deref().unwrap_or("(unnamed)");
                writeln!(f, "{kind} {number} {name}: {} registers", code.registers)?;
                for (at, instruction) in code.instructions.iter().enumerate() {
                    writeln!(f, "{at:5}  {instruction:?}")?;
                }
            }
        }
        Ok(())
    }
}

impl Code {
    /// Stands for a function until its code is there.
    pub(crate) fn empty(name: &str) -> Self {
        Self {
            name: Some(name.into()),
            registers: 1,
            arguments: 0,
            instructions: Vec::new(),
            spans: Vec::new(),
        }
    }
}
