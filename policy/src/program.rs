//! Compiled filters.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::fmt::Write as _;

use thiserror::Error;

use crate::ast::{Attribute, Operator};
use crate::span::Span;
use crate::value::Value;

/// A filter of a [`Program`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilterId(pub(crate) u32);

/// Number of a register.
pub(crate) type Register = u8;

/// One instruction. Jumps lead forward only, so that a run ends within the length of the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// Loads a constant.
    Constant {
        to: Register,
        constant: u16,
    },
    /// Loads an attribute of the route.
    Attribute {
        to: Register,
        attribute: Attribute,
    },
    /// Number of ASes in `bgp_path`.
    PathLength {
        to: Register,
    },
    /// `bgp_path.first`
    PathFirst {
        to: Register,
    },
    /// `bgp_path.last`
    PathLast {
        to: Register,
    },
    /// `prefix.len`
    PrefixLength {
        to: Register,
        of: Register,
    },
    /// `prefix.ip`
    PrefixAddress {
        to: Register,
        of: Register,
    },
    Not {
        to: Register,
        of: Register,
    },
    /// Any operator but `&&`, `||`, `~` and `!~`.
    Binary {
        operator: Operator,
        to: Register,
        left: Register,
        right: Register,
    },
    /// Whether the value is in a constant set, prefix or pattern.
    Match {
        to: Register,
        of: Register,
        constant: u16,
    },
    Jump {
        target: u16,
    },
    /// Jumps when the register holds `false`, or no boolean.
    JumpIfFalse {
        of: Register,
        target: u16,
    },
    /// Jumps when the register holds `true`.
    JumpIfTrue {
        of: Register,
        target: u16,
    },
    Accept,
    Reject,
    /// The filter has come to its end without a verdict.
    FellOff,
}

/// The code of one filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Code {
    pub(crate) name: Option<String>,
    pub(crate) registers: u8,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) spans: Vec<Span>,
    pub(crate) constants: Vec<Value>,
}

/// Compiled and verified filters. Immutable; shared between threads freely.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Program {
    pub(crate) filters: Vec<Code>,
}

/// Why code is not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A register beyond those that are there.
    #[error("instruction {at} uses a register that is not there")]
    Register {
        /// Index of the instruction
        at: usize,
    },
    /// A constant that is not there.
    #[error("instruction {at} uses a constant that is not there")]
    Constant {
        /// Index of the instruction
        at: usize,
    },
    /// A jump backwards, or out of the code.
    #[error("instruction {at} jumps backwards or out of the code")]
    Jump {
        /// Index of the instruction
        at: usize,
    },
    /// The last instruction lets the run go on.
    #[error("the code has no end")]
    NoEnd,
}

impl Code {
    /// Proves that a run stays inside the code and ends.
    pub(crate) fn verify(&self) -> Result<(), VerifyError> {
        for (at, instruction) in self.instructions.iter().enumerate() {
            let (registers, constant, target) = instruction.operands();
            if registers.into_iter().flatten().any(|register| register >= self.registers) {
                return Err(VerifyError::Register { at });
            }
            if constant.is_some_and(|constant| usize::from(constant) >= self.constants.len()) {
                return Err(VerifyError::Constant { at });
            }
            let inside =
                |target: u16| (at + 1..self.instructions.len()).contains(&usize::from(target));
            if target.is_some_and(|target| !inside(target)) {
                return Err(VerifyError::Jump { at });
            }
        }
        match self.instructions.last() {
            Some(Instruction::Accept | Instruction::Reject | Instruction::FellOff) => Ok(()),
            _ => Err(VerifyError::NoEnd),
        }
    }
}

impl Instruction {
    /// Registers, constant and jump target.
    const fn operands(self) -> ([Option<Register>; 3], Option<u16>, Option<u16>) {
        match self {
            Self::Constant { to, constant } => ([Some(to), None, None], Some(constant), None),
            Self::Attribute { to, .. }
            | Self::PathLength { to }
            | Self::PathFirst { to }
            | Self::PathLast { to } => ([Some(to), None, None], None, None),
            Self::PrefixLength { to, of }
            | Self::PrefixAddress { to, of }
            | Self::Not { to, of } => ([Some(to), Some(of), None], None, None),
            Self::Binary { to, left, right, .. } => {
                ([Some(to), Some(left), Some(right)], None, None)
            }
            Self::Match { to, of, constant } => ([Some(to), Some(of), None], Some(constant), None),
            Self::Jump { target } => ([None; 3], None, Some(target)),
            Self::JumpIfFalse { of, target } | Self::JumpIfTrue { of, target } => {
                ([Some(of), None, None], None, Some(target))
            }
            Self::Accept | Self::Reject | Self::FellOff => ([None; 3], None, None),
        }
    }
}

impl Program {
    /// The filter of that name.
    pub fn filter(&self, name: &str) -> Option<FilterId> {
        let found = self.filters.iter().position(|code| code.name.as_deref() == Some(name))?;
        u32::try_from(found).ok().map(FilterId)
    }

    /// Name of a filter, if it has one.
    pub fn name(&self, filter: FilterId) -> Option<&str> {
        self.filters.get(filter.0 as usize)?.name.as_deref()
    }

    /// A number that is equal for filters of the same code and constants, wherever they stand.
    pub fn fingerprint(&self, filter: FilterId) -> u64 {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        if let Some(code) = self.filters.get(filter.0 as usize) {
            // Writing to a hash cannot fail.
            let _ = write!(hash, "{:?}{:?}", code.instructions, code.constants);
        }
        hash.0
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
        for (number, code) in self.filters.iter().enumerate() {
            writeln!(f, "filter {number} {}", code.name.as_deref().unwrap_or("(unnamed)"))?;
            for (at, instruction) in code.instructions.iter().enumerate() {
                writeln!(f, "{at:5}  {instruction:?}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rib::{AttributesRef, Route, RouteSource};

    use super::*;
    use crate::vm::Vm;

    fn instruction() -> impl Strategy<Value = Instruction> {
        (0u8..10, 0u8..4, 0u8..4, 0u16..12).prop_map(|(kind, a, b, number)| match kind {
            0 => Instruction::Constant { to: a, constant: number % 5 },
            1 => Instruction::Attribute { to: a, attribute: Attribute::Net },
            2 => Instruction::Binary { operator: Operator::Divide, to: a, left: b, right: a },
            3 => Instruction::Match { to: a, of: b, constant: number % 5 },
            4 => Instruction::Jump { target: number },
            5 => Instruction::JumpIfFalse { of: a, target: number },
            6 => Instruction::Not { to: a, of: b },
            7 => Instruction::PrefixLength { to: a, of: b },
            8 => Instruction::Accept,
            _ => Instruction::Reject,
        })
    }

    proptest! {
        /// Code that is not refused runs to its end without a panic.
        #[test]
        fn random_code_is_refused_or_ends(instructions in prop::collection::vec(instruction(), 0..12)) {
            let constants = alloc::vec![Value::Int(0), Value::Bool(true), Value::Int(7)];
            let spans = alloc::vec![Span::default(); instructions.len()];
            let code = Code { name: None, registers: 3, instructions, spans, constants };
            if code.verify().is_ok() {
                let program = Program { filters: alloc::vec![code] };
                let route = Route {
                    net: "10.0.0.0/8".parse().expect("a prefix"),
                    source: RouteSource::Bgp,
                    protocol: "p",
                    from: None,
                    preference: 100,
                    attributes: AttributesRef::default(),
                };
                let _ = program.run(&mut Vm::default(), FilterId(0), &route);
            }
        }
    }
}
