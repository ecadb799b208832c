//! Proves, before the first run, that the code of a program is in order.
//!
//! First the form of each code, instruction by instruction: registers, constants and functions exist, jumps go
//! forward, the only way back is that of a loop over a list, and what builds a path mask stands together. Then
//! what kinds of value the registers may hold (`flow`). What depends on a route or on a caller stays open: there a
//! run ends with a [`Trap`](crate::Trap).

mod flow;
mod kinds;

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use thiserror::Error;

use crate::attribute::Access;
use crate::program::{Code, Instruction, Program};
use crate::types::Type;

/// Code that is not in order.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code}, instruction {at}: {kind}")]
#[non_exhaustive]
pub struct VerifyError {
    /// In which code
    pub code: CodeId,
    /// Number of the instruction, from 0
    pub at: usize,
    /// What is wrong
    pub kind: VerifyErrorKind,
}

/// A function or a filter by its number in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as what they are")]
pub enum CodeId {
    Function(usize),
    Filter(usize),
}

impl fmt::Display for CodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(number) => write!(f, "function {number}"),
            Self::Filter(number) => write!(f, "filter {number}"),
        }
    }
}

/// What is wrong with an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// More functions, constants or instructions than there are numbers for.
    #[error("the program is too large")]
    TooLarge,
    /// Arguments do not fit into the registers, or those of a filter.
    #[error("the arguments do not fit")]
    Arguments,
    /// There is not a span for each instruction.
    #[error("instructions and their places do not agree")]
    Spans,
    /// A register that the code has not.
    #[error("there is no such register")]
    Register,
    /// A constant that the program has not.
    #[error("there is no such constant")]
    Constant,
    /// A function that the program has not.
    #[error("there is no such function")]
    Function,
    /// An attribute that cannot be used so.
    #[error("the attribute cannot be used so")]
    Attribute,
    /// A jump back, out of the code, or into a loop.
    #[error("the jump leads where none may")]
    Jump,
    /// A loop without its end, or an end without a loop.
    #[error("the loop is not well formed")]
    Loop,
    /// A loop that overwrites its own list.
    #[error("the loop changes its own iterator")]
    Iterator,
    /// The parts of a path mask do not stand together.
    #[error("the path mask is not built in one piece")]
    Mask,
    /// A filter that returns.
    #[error("a filter does not return")]
    Return,
    /// The last instruction goes on with the next one.
    #[error("the code does not end")]
    Open,
    /// An operation on values for which there is none.
    #[error("the values are of the wrong type")]
    Type,
}

/// Checks all functions and filters of a program.
pub(crate) fn verify(program: &Program) -> Result<()> {
    let functions = program.functions.iter().enumerate();
    let filters = program.filters.iter().enumerate();
    let codes = functions
        .map(|(number, code)| (CodeId::Function(number), code))
        .chain(filters.map(|(number, code)| (CodeId::Filter(number), code)));
    for (id, code) in codes {
        let verifier = Verifier { program, code, id };
        verifier.form().and_then(|loops| verifier.flow(&loops))?;
    }
    Ok(())
}

type Result<T> = core::result::Result<T, VerifyError>;

/// A loop: its [`Instruction::Next`], and the [`Instruction::Again`] that leads there.
#[derive(Debug, Clone, Copy)]
struct Loop {
    next: usize,
    again: usize,
}

/// Loops by their order in the code, and the number of the innermost one around each instruction.
#[derive(Debug, Default)]
struct Loops {
    list: Vec<Loop>,
    around: Vec<Option<usize>>,
}

struct Verifier<'a> {
    program: &'a Program,
    code: &'a Code,
    id: CodeId,
}

impl Verifier<'_> {
    const fn error(&self, at: usize, kind: VerifyErrorKind) -> VerifyError {
        VerifyError { code: self.id, at, kind }
    }

    fn check(&self, holds: bool, at: usize, kind: VerifyErrorKind) -> Result<()> {
        if holds { Ok(()) } else { Err(self.error(at, kind)) }
    }

    fn form(&self) -> Result<Loops> {
        let (program, code) = (self.program, self.code);
        let count = code.instructions.len();
        // Number 65535 stands for the filter itself in a run's frames.
        let large = count >= usize::from(u16::MAX)
            || program.functions.len() > usize::from(u16::MAX)
            || program.constants.len() > usize::from(u16::MAX) + 1;
        self.check(!large, 0, VerifyErrorKind::TooLarge)?;
        self.check(code.spans.len() == count, 0, VerifyErrorKind::Spans)?;
        let filter = matches!(self.id, CodeId::Filter(_));
        let fits = code.arguments <= code.registers && (!filter || code.arguments == 0);
        self.check(fits, 0, VerifyErrorKind::Arguments)?;
        let ends = matches!(
            code.instructions.last(),
            Some(Instruction::End(_) | Instruction::Return { .. } | Instruction::FellOff)
        );
        self.check(ends, count.saturating_sub(1), VerifyErrorKind::Open)?;
        for (at, instruction) in code.instructions.iter().enumerate() {
            let returns = filter && matches!(instruction, Instruction::Return { .. });
            self.check(!returns, at, VerifyErrorKind::Return)?;
            self.parts(at, instruction)?;
        }
        let loops = self.loops()?;
        self.jumps(&loops)?;
        self.masks()?;
        Ok(loops)
    }

    /// Registers, constants, functions and attributes of an instruction.
    fn parts(&self, at: usize, instruction: &Instruction) -> Result<()> {
        for registers in [self.reads(instruction), self.writes(instruction)] {
            let fits = registers.into_iter().all(|one| one.end <= u16::from(self.code.registers));
            self.check(fits, at, VerifyErrorKind::Register)?;
        }
        let constant = match *instruction {
            Instruction::Constant { constant, .. }
            | Instruction::JumpIfMatch { constant, .. }
            | Instruction::JumpIfIn { constant, .. }
            | Instruction::JumpIfAttribute { constant, .. }
            | Instruction::Alter { constant, .. }
            | Instruction::Compute { constant, .. } => Some(constant),
            _ => None,
        };
        let exists = constant.is_none_or(|one| usize::from(one) < self.program.constants.len());
        self.check(exists, at, VerifyErrorKind::Constant)?;
        let usable = match *instruction {
            Instruction::SetAttribute { attribute, .. } | Instruction::Alter { attribute, .. } => {
                attribute.access() != Access::Read
            }
            Instruction::Unset { attribute } => attribute.access() == Access::Unset,
            Instruction::JumpIfIn { attribute, .. } => matches!(attribute.ty(), Type::List(_)),
            _ => true,
        };
        self.check(usable, at, VerifyErrorKind::Attribute)?;
        match *instruction {
            Instruction::Call { function, .. } => {
                let exists = usize::from(function) < self.program.functions.len();
                self.check(exists, at, VerifyErrorKind::Function)
            }
            _ => Ok(()),
        }
    }

    /// The registers that an instruction reads: all in these ranges have to be there.
    fn reads(&self, instruction: &Instruction) -> [Range<u16>; 2] {
        let row = |first: u8, count: u8| {
            let first = u16::from(first);
            first..first + u16::from(count)
        };
        let none = 0..0;
        match *instruction {
            Instruction::Move { of, .. }
            | Instruction::SetAttribute { of, .. }
            | Instruction::Unary { of, .. }
            | Instruction::Convert { of, .. }
            | Instruction::JumpIf { of, .. }
            | Instruction::JumpIfMatch { of, .. }
            | Instruction::Return { of }
            | Instruction::MaskItem { of, .. }
            | Instruction::Print { of }
            | Instruction::Assert { of } => [row(of, 1), none],
            Instruction::Compute { left, .. } => [row(left, 1), none],
            Instruction::Binary { left, right, .. } | Instruction::Extended { left, right, .. } => {
                [row(left, 1), row(right, 1)]
            }
            Instruction::MaskRange { low, high, .. } => [row(low, 1), row(high, 1)],
            Instruction::Large { of, .. } => [row(of, 3), none],
            Instruction::Roa { of, .. } => [row(of, 2), none],
            Instruction::Iterate { iterator } | Instruction::Next { iterator, .. } => {
                [row(iterator, 2), none]
            }
            Instruction::Call { function, base } => {
                let callee = self.program.functions.get(usize::from(function));
                // The result needs a place, too.
                [row(base, callee.map_or(1, |callee| callee.arguments.max(1))), none]
            }
            Instruction::Constant { .. }
            | Instruction::Void { .. }
            | Instruction::Attribute { .. }
            | Instruction::Unset { .. }
            | Instruction::Jump { .. }
            | Instruction::JumpIfIn { .. }
            | Instruction::JumpIfAttribute { .. }
            | Instruction::Alter { .. }
            | Instruction::Again { .. }
            | Instruction::MaskBegin
            | Instruction::MaskOne { .. }
            | Instruction::MaskSome
            | Instruction::MaskEnd { .. }
            | Instruction::PrintEnd { .. }
            | Instruction::End(_)
            | Instruction::FellOff => [none.clone(), none],
        }
    }

    /// The registers that hold something else behind an instruction. Those of a function that is called lie over
    /// the caller's own from its base on.
    fn writes(&self, instruction: &Instruction) -> [Range<u16>; 2] {
        let one = |register: u8| u16::from(register)..u16::from(register) + 1;
        let none = 0..0;
        match *instruction {
            Instruction::Constant { to, .. }
            | Instruction::Void { to }
            | Instruction::Move { to, .. }
            | Instruction::Attribute { to, .. }
            | Instruction::Unary { to, .. }
            | Instruction::Binary { to, .. }
            | Instruction::Compute { to, .. }
            | Instruction::Large { to, .. }
            | Instruction::Extended { to, .. }
            | Instruction::Convert { to, .. }
            | Instruction::MaskEnd { to }
            | Instruction::Roa { to, .. } => [one(to), none],
            Instruction::Iterate { iterator } => {
                [u16::from(iterator) + 1..u16::from(iterator) + 2, none]
            }
            Instruction::Next { to, iterator, .. } => {
                [one(to), u16::from(iterator) + 1..u16::from(iterator) + 2]
            }
            Instruction::Call { function, base } => {
                let callee = self.program.functions.get(usize::from(function));
                let registers = callee.map_or(1, |callee| callee.registers.max(1));
                let base = u16::from(base);
                // What lies behind the caller's registers is nobody's.
                let end = (base + u16::from(registers)).min(u16::from(self.code.registers));
                [base..end.max(base + 1), none]
            }
            Instruction::SetAttribute { .. }
            | Instruction::Unset { .. }
            | Instruction::Jump { .. }
            | Instruction::JumpIf { .. }
            | Instruction::JumpIfMatch { .. }
            | Instruction::JumpIfIn { .. }
            | Instruction::JumpIfAttribute { .. }
            | Instruction::Alter { .. }
            | Instruction::Return { .. }
            | Instruction::Again { .. }
            | Instruction::MaskBegin
            | Instruction::MaskItem { .. }
            | Instruction::MaskRange { .. }
            | Instruction::MaskOne { .. }
            | Instruction::MaskSome
            | Instruction::Print { .. }
            | Instruction::PrintEnd { .. }
            | Instruction::Assert { .. }
            | Instruction::End(_)
            | Instruction::FellOff => [none.clone(), none],
        }
    }

    /// Each loop goes from a `Next` to the `Again` right in front of where that `Next` leads; loops are apart, or
    /// one is within the other; and none changes its own iterator.
    fn loops(&self) -> Result<Loops> {
        let mut loops = Loops::default();
        let mut open: Vec<usize> = Vec::new();
        for (at, instruction) in self.code.instructions.iter().enumerate() {
            loops.around.push(open.last().copied());
            match *instruction {
                Instruction::Next { target, .. } => {
                    let again = usize::from(target).wrapping_sub(1);
                    let outer = open.last().and_then(|outer| loops.list.get(*outer));
                    let inside = outer.is_none_or(|outer| again < outer.again);
                    let there = self.code.instructions.get(again);
                    let back = there.is_some_and(|one| {
                        matches!(one, Instruction::Again { target } if usize::from(*target) == at)
                    });
                    self.check(again > at && inside && back, at, VerifyErrorKind::Loop)?;
                    open.push(loops.list.len());
                    loops.list.push(Loop { next: at, again });
                }
                Instruction::Again { .. } => {
                    let inner = open.pop().and_then(|inner| loops.list.get(inner));
                    let ours = inner.is_some_and(|inner| inner.again == at);
                    self.check(ours, at, VerifyErrorKind::Loop)?;
                }
                _ => {}
            }
        }
        loops.list.iter().try_for_each(|one| self.iterator(*one))?;
        Ok(loops)
    }

    fn iterator(&self, Loop { next, again }: Loop) -> Result<()> {
        let body = self.code.instructions.get(next..=again).unwrap_or_default();
        let Some(Instruction::Next { to, iterator, .. }) = body.first() else { return Ok(()) };
        let own = u16::from(*iterator)..u16::from(*iterator) + 2;
        let apart = !own.contains(&u16::from(*to));
        self.check(apart, next, VerifyErrorKind::Iterator)?;
        for (offset, instruction) in body.iter().enumerate().skip(1) {
            let changes = self
                .writes(instruction)
                .iter()
                .any(|one| !one.is_empty() && one.start < own.end && own.start < one.end);
            self.check(!changes, next + offset, VerifyErrorKind::Iterator)?;
        }
        Ok(())
    }

    /// Forward, to an instruction, and not into a loop.
    fn jumps(&self, loops: &Loops) -> Result<()> {
        for (at, instruction) in self.code.instructions.iter().enumerate() {
            let Some(target) = jump(instruction) else { continue };
            let inside = loops.around.get(target).copied().flatten();
            let inside = inside.and_then(|number| loops.list.get(number));
            let entered = inside.is_none_or(|one| (one.next..=one.again).contains(&at));
            let there = target > at && target < self.code.instructions.len();
            self.check(there && entered, at, VerifyErrorKind::Jump)?;
        }
        Ok(())
    }

    /// Between `MaskBegin` and `MaskEnd` nothing happens but that items are added, and no jump leads there: a run
    /// has one place where a mask is put together.
    fn masks(&self) -> Result<()> {
        let mut open = false;
        let mut inside = alloc::vec![false; self.code.instructions.len()];
        for (at, (instruction, inside)) in
            self.code.instructions.iter().zip(&mut inside).enumerate()
        {
            *inside = open;
            let fits = match instruction {
                Instruction::MaskBegin => !core::mem::replace(&mut open, true),
                Instruction::MaskEnd { .. } => core::mem::replace(&mut open, false),
                Instruction::MaskItem { .. }
                | Instruction::MaskRange { .. }
                | Instruction::MaskOne { .. }
                | Instruction::MaskSome => open,
                Instruction::Constant { .. }
                | Instruction::Void { .. }
                | Instruction::Move { .. }
                | Instruction::Attribute { .. } => true,
                _ => !open,
            };
            self.check(fits, at, VerifyErrorKind::Mask)?;
        }
        for (at, instruction) in self.code.instructions.iter().enumerate() {
            let within = jump(instruction).and_then(|target| inside.get(target));
            self.check(within != Some(&true), at, VerifyErrorKind::Mask)?;
        }
        Ok(())
    }
}

/// Where an instruction may lead, but for the next one. The way back is no jump.
fn jump(instruction: &Instruction) -> Option<usize> {
    match *instruction {
        Instruction::Jump { target }
        | Instruction::JumpIf { target, .. }
        | Instruction::JumpIfMatch { target, .. }
        | Instruction::JumpIfIn { target, .. }
        | Instruction::JumpIfAttribute { target, .. }
        | Instruction::Next { target, .. } => Some(usize::from(target)),
        _ => None,
    }
}

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;
