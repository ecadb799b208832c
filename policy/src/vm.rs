//! Running filters.

mod list;
mod matching;
mod operation;
mod path;

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use bgp_wire::{AttributesRef, PathAttributes};
use ipnet::IpNet;
use rib::Route;
use thiserror::Error;

use crate::ast::{End, ListKind};
use crate::attribute::Attribute;
use crate::mask::{MaskItem, PathMask};
use crate::program::{Code, FilterId, Instruction, Program};
use crate::span::Span;
use crate::types::{EnumType, Type};
use crate::value::{Net, Value};

/// What a filter says of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// `accept`
    Accept,
    /// `reject`
    Reject,
}

/// A run that ended without a verdict: the route is to be rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct Trap {
    /// What happened
    pub kind: TrapKind,
    /// Where
    pub span: Span,
}

/// Why a run ended without a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TrapKind {
    /// There is no such filter.
    #[error("there is no such filter")]
    NoSuchFilter,
    /// The end was reached without accept or reject.
    #[error("the filter ends without accept or reject")]
    FellOff,
    /// `error`
    #[error("the filter gave an error")]
    Error,
    /// Division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A part of a pair, or of an extended community, that is too large.
    #[error("a number is too large for its place")]
    TooLarge,
    /// A value of a type that cannot stand there.
    #[error("a value of another type is needed")]
    Type,
    /// More instructions than are allowed.
    #[error("the run took too long")]
    OutOfFuel,
    /// More calls within calls than are allowed.
    #[error("too many calls within calls")]
    TooDeep,
    /// Lists, paths and texts longer than is allowed, or too many of them.
    #[error("too much memory")]
    TooMuchMemory,
}

/// What the host of a filter knows beyond the route.
pub trait Host {
    /// The value of `roa_check` in a table of the host.
    fn roa_check(&self, table: u16, net: &IpNet, asn: u32) -> Roa {
        let _ = (table, net, asn);
        Roa::Unknown
    }

    /// An attribute that is no BGP path attribute and not in [`Route`].
    fn attribute(&self, attribute: Attribute) -> Option<Extra<'_>> {
        let _ = attribute;
        None
    }

    /// The route's network, where it is more than a prefix.
    fn net(&self) -> Option<&Net> {
        None
    }
}

/// A host that knows nothing more.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHost;

impl Host for NoHost {}

/// Origin validation (RFC 6811 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roa {
    /// `ROA_UNKNOWN`
    Unknown,
    /// `ROA_VALID`
    Valid,
    /// `ROA_INVALID`
    Invalid,
}

/// The value of an attribute that a [`Host`] has.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "named as the types are")]
pub enum Extra<'a> {
    Bool(bool),
    Int(u32),
    Ip(IpAddr),
    Quad(u32),
    Enum(u8),
    Text(&'a str),
}

/// How much a run may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Instructions
    pub fuel: u32,
    /// Calls within calls
    pub depth: u16,
    /// Octets of lists, paths and texts that are made
    pub memory: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { fuel: 10_000_000, depth: 512, memory: 1 << 20 }
    }
}

/// Scratch space of a run, to be used again; and what the last run has changed.
#[derive(Debug, Clone, Default)]
pub struct Vm {
    limits: Limits,
    cells: Vec<Cell>,
    arena: Vec<u8>,
    /// Octets that masks take
    kept: usize,
    masks: Vec<PathMask>,
    mask: Vec<MaskItem>,
    changes: Vec<(Attribute, Cell)>,
    /// A bit for each attribute among `changes`
    changed: u64,
    output: String,
    failed: Vec<Span>,
    asserted: u32,
    frames: Vec<Frame>,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    function: u16,
    at: u16,
    base: u32,
}

/// Where the octets of a value are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Constant(u16),
    /// Among the route's attributes
    Route {
        start: u32,
        length: u32,
    },
    Arena {
        start: u32,
        length: u32,
    },
}

/// Content of a register.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    /// An attribute that the route has not, or a variable without a value
    Void,
    Bool(bool),
    Int(u32),
    Pair(u32),
    Quad(u32),
    Ip(IpAddr),
    Prefix(IpNet),
    /// A network among the constants
    Net(u16),
    /// That of the route
    RouteNet,
    RouteDistinguisher(u64),
    Extended(u64),
    Large([u32; 3]),
    Enum(EnumType, u8),
    Text(Place),
    Bytes(Place),
    List(ListKind, Place),
    Mask(u16),
    /// One that this run has made
    OwnMask(u16),
    Set(u16),
}

impl Vm {
    /// Scratch space for runs with these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// What the last run printed.
    pub fn output(&self) -> &str {
        &self.output
    }

    /// How many `bt_assert` there were in the last run, and where those stand that failed.
    pub fn take_assertions(&mut self) -> (u32, Vec<Span>) {
        (core::mem::take(&mut self.asserted), core::mem::take(&mut self.failed))
    }

    /// Whether the last run has changed the route.
    pub fn has_changes(&self) -> bool {
        self.changed != 0
    }

    fn reset(&mut self) {
        self.cells.clear();
        self.arena.clear();
        self.kept = 0;
        self.masks.clear();
        self.mask.clear();
        self.changes.clear();
        self.changed = 0;
        self.output.clear();
        self.asserted = 0;
        self.failed.clear();
        self.frames.clear();
    }
}

impl Program {
    /// Runs a filter on a route.
    ///
    /// # Errors
    /// A [`Trap`] when the run ends otherwise than by `accept` or `reject`.
    pub fn run(
        &self,
        vm: &mut Vm,
        filter: FilterId,
        route: &Route<'_>,
        host: &dyn Host,
    ) -> Result<Verdict, Trap> {
        vm.reset();
        let Some(code) = self.filters.get(filter.0 as usize) else {
            return Err(Trap { kind: TrapKind::NoSuchFilter, span: Span::default() });
        };
        let mut run = Run { program: self, vm, route: Some(route), host, base: 0, fuel: 0 };
        match run.execute(code)? {
            Outcome::End(End::Accept) => Ok(Verdict::Accept),
            Outcome::End(End::Reject) => Ok(Verdict::Reject),
            Outcome::End(End::Error) => Err(Trap { kind: TrapKind::Error, span: code.end() }),
            Outcome::Value(_) => Err(Trap { kind: TrapKind::FellOff, span: code.end() }),
        }
    }

    /// Runs code that has no route, and gives what it returns.
    pub(crate) fn evaluate(&self, vm: &mut Vm, code: &Code) -> Result<Value, Trap> {
        vm.reset();
        let mut run = Run { program: self, vm, route: None, host: &NoHost, base: 0, fuel: 0 };
        let outcome = run.execute(code)?;
        let trap = Trap { kind: TrapKind::Type, span: code.end() };
        match outcome {
            Outcome::Value(cell) => run.value(cell).ok_or(trap),
            Outcome::End(_) => Err(trap),
        }
    }

    /// Calls a function without arguments and without a route, as BIRD's tests do.
    ///
    /// # Errors
    /// A [`Trap`] when it does not return.
    pub fn call(&self, vm: &mut Vm, function: &str, host: &dyn Host) -> Result<(), Trap> {
        vm.reset();
        let found = self.functions.iter().find(|code| code.name.as_deref() == Some(function));
        let Some(code) = found.filter(|code| code.arguments == 0) else {
            return Err(Trap { kind: TrapKind::NoSuchFilter, span: Span::default() });
        };
        let mut run = Run { program: self, vm, route: None, host, base: 0, fuel: 0 };
        run.execute(code).map(|_| ())
    }
}

impl Code {
    fn end(&self) -> Span {
        self.spans.last().copied().unwrap_or_default()
    }
}

enum Outcome {
    End(End),
    Value(Cell),
}

/// A run under way.
pub(crate) struct Run<'a> {
    program: &'a Program,
    vm: &'a mut Vm,
    route: Option<&'a Route<'a>>,
    host: &'a dyn Host,
    /// The first register of the function that runs
    base: usize,
    /// What was used of it
    fuel: u32,
}

impl Run<'_> {
    fn execute(&mut self, filter: &Code) -> Result<Outcome, Trap> {
        let mut code = filter;
        let mut at = 0_usize;
        self.enter(0, code).map_err(|kind| Trap { kind, span: Span::default() })?;
        loop {
            let Some(instruction) = code.instructions.get(at) else {
                return Err(Trap { kind: TrapKind::FellOff, span: code.end() });
            };
            at += 1;
            let step = match *instruction {
                Instruction::Jump { target } => {
                    at = usize::from(target);
                    Ok(())
                }
                Instruction::JumpIf { of, when, target } => match self.cell(of) {
                    Cell::Bool(value) => {
                        if value == when {
                            at = usize::from(target);
                        }
                        Ok(())
                    }
                    _ => Err(TrapKind::Type),
                },
                Instruction::JumpIfMatch { of, constant, when, target } => {
                    self.matches_constant(self.cell(of), constant).map(|found| {
                        if found == when {
                            at = usize::from(target);
                        }
                    })
                }
                Instruction::JumpIfIn { constant, attribute, when, target } => {
                    self.constant_in(constant, attribute).map(|found| {
                        if found == when {
                            at = usize::from(target);
                        }
                    })
                }
                Instruction::Next { to, iterator, target } => {
                    match self.next_element(iterator) {
                        Ok(Some(cell)) => self.set(to, cell),
                        Ok(None) => at = usize::from(target),
                        Err(_) => {}
                    }
                    Ok(())
                }
                Instruction::Again { target } => {
                    let cost = at.saturating_sub(usize::from(target));
                    at = usize::from(target);
                    self.burn(cost)
                }
                Instruction::Call { function, base } => {
                    let Some(callee) = self.program.functions.get(usize::from(function)) else {
                        return Err(Trap { kind: TrapKind::Type, span: code.end() });
                    };
                    // The verifier lets no code be longer.
                    let place = u16::try_from(at).unwrap_or(u16::MAX);
                    match self.call(function, place, base, callee) {
                        Ok(()) => {
                            (code, at) = (callee, 0);
                            Ok(())
                        }
                        Err(kind) => Err(kind),
                    }
                }
                Instruction::Return { of } => {
                    let value = self.cell(of);
                    let Some(frame) = self.vm.frames.pop() else {
                        return Ok(Outcome::Value(value));
                    };
                    self.set(0, value);
                    self.base = frame.base as usize;
                    at = usize::from(frame.at);
                    let caller = self.vm.frames.last().map_or(FILTER, |frame| frame.function);
                    code = match caller {
                        FILTER => filter,
                        function => {
                            self.program.functions.get(usize::from(function)).unwrap_or(filter)
                        }
                    };
                    Ok(())
                }
                Instruction::End(end) => return Ok(Outcome::End(end)),
                Instruction::FellOff => Err(TrapKind::FellOff),
                ref other => self.simple(code, at - 1, other),
            };
            if let Err(kind) = step {
                let span = code.spans.get(at.saturating_sub(1)).copied().unwrap_or_default();
                return Err(Trap { kind, span });
            }
        }
    }

    /// What goes on with the next instruction.
    fn simple(
        &mut self,
        code: &Code,
        at: usize,
        instruction: &Instruction,
    ) -> Result<(), TrapKind> {
        let (to, cell) = match *instruction {
            Instruction::Constant { to, constant } => (to, self.load(constant)),
            Instruction::Void { to } => (to, Cell::Void),
            Instruction::Move { to, of } => (to, self.cell(of)),
            Instruction::Attribute { to, attribute } => (to, self.attribute(attribute)?),
            Instruction::SetAttribute { attribute, of } => {
                let cell = match (attribute.ty(), self.cell(of)) {
                    (Type::Quad, Cell::Int(value)) => Cell::Quad(value),
                    (ty, cell) => operation::convert(cell, ty)?,
                };
                // No longer than an attribute can be (RFC 4271 §4.3).
                if let Cell::List(_, place) | Cell::Bytes(place) = cell
                    && self.octets(place).len() > usize::from(u16::MAX)
                {
                    return Err(TrapKind::TooMuchMemory);
                }
                self.change(attribute, cell);
                return Ok(());
            }
            Instruction::Unset { attribute } => {
                self.change(attribute, Cell::Void);
                return Ok(());
            }
            Instruction::Unary { operation, to, of } => (to, self.unary(operation, self.cell(of))?),
            Instruction::Binary { operation, to, left, right } => {
                (to, self.binary(operation, self.cell(left), self.cell(right))?)
            }
            Instruction::Large { to, of } => {
                let parts = [0, 1, 2].map(|offset| self.cell(of + offset));
                match parts {
                    [Cell::Int(a), Cell::Int(b), Cell::Int(c)] => (to, Cell::Large([a, b, c])),
                    _ => return Err(TrapKind::Type),
                }
            }
            Instruction::Extended { form, to, left, right } => {
                (to, operation::extended(form, self.cell(left), self.cell(right))?)
            }
            Instruction::Convert { to, of, ty } => (to, operation::convert(self.cell(of), ty)?),
            Instruction::Iterate { iterator } => match self.cell(iterator) {
                Cell::List(..) => (iterator + 1, Cell::Int(0)),
                _ => return Err(TrapKind::Type),
            },
            Instruction::MaskBegin => {
                self.vm.mask.clear();
                return Ok(());
            }
            Instruction::MaskItem { of, repeat } => return self.mask_item(self.cell(of), repeat),
            Instruction::MaskRange { low, high, repeat } => {
                return self.mask_range(self.cell(low), self.cell(high), repeat);
            }
            Instruction::MaskOne { repeat } => {
                self.vm.mask.push(MaskItem { kind: crate::mask::MaskKind::Any, repeat });
                return Ok(());
            }
            Instruction::MaskSome => {
                self.vm.mask.push(crate::mask::MaskKind::Sequence.into());
                return Ok(());
            }
            Instruction::MaskEnd { to } => (to, self.mask_end()?),
            Instruction::Roa { to, table, of } => (to, self.roa(table, of)?),
            Instruction::Print { of } => {
                self.print(self.cell(of));
                return Ok(());
            }
            Instruction::PrintEnd { line } => {
                if line && self.vm.output.len() < self.vm.limits.memory as usize {
                    self.vm.output.push('\n');
                }
                return Ok(());
            }
            Instruction::Assert { of } => {
                self.vm.asserted = self.vm.asserted.saturating_add(1);
                if self.cell(of) != Cell::Bool(true) {
                    self.vm.failed.push(code.spans.get(at).copied().unwrap_or_default());
                }
                return Ok(());
            }
            // Done in `execute`.
            _ => return Ok(()),
        };
        self.set(to, cell);
        Ok(())
    }

    fn enter(&mut self, base: usize, code: &Code) -> Result<(), TrapKind> {
        self.base = base;
        self.burn(code.instructions.len())?;
        let end = base + usize::from(code.registers);
        let from = base + usize::from(code.arguments);
        if self.vm.cells.len() < end {
            self.vm.cells.resize(end, Cell::Void);
        }
        if let Some(locals) = self.vm.cells.get_mut(from..end) {
            locals.fill(Cell::Void);
        }
        Ok(())
    }

    fn call(&mut self, function: u16, at: u16, base: u8, callee: &Code) -> Result<(), TrapKind> {
        if self.vm.frames.len() >= usize::from(self.vm.limits.depth) {
            return Err(TrapKind::TooDeep);
        }
        let caller = u32::try_from(self.base).map_err(|_| TrapKind::TooDeep)?;
        self.vm.frames.push(Frame { function, at, base: caller });
        self.enter(self.base + usize::from(base), callee)
    }

    fn burn(&mut self, cost: usize) -> Result<(), TrapKind> {
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        self.fuel = self.fuel.saturating_add(cost);
        if self.fuel > self.vm.limits.fuel { Err(TrapKind::OutOfFuel) } else { Ok(()) }
    }

    #[inline]
    fn cell(&self, register: u8) -> Cell {
        self.vm.cells.get(self.base + usize::from(register)).copied().unwrap_or(Cell::Void)
    }

    #[inline]
    fn set(&mut self, register: u8, cell: Cell) {
        if let Some(place) = self.vm.cells.get_mut(self.base + usize::from(register)) {
            *place = cell;
        }
    }

    fn load(&self, constant: u16) -> Cell {
        match self.program.constants.get(usize::from(constant)) {
            Some(value) => cell_of(value, constant),
            None => Cell::Void,
        }
    }

    fn attributes(&self) -> AttributesRef<'_> {
        self.route.map_or_else(AttributesRef::default, |route| route.attributes)
    }

    fn change(&mut self, attribute: Attribute, cell: Cell) {
        let bit = 1 << (attribute as u32);
        if self.vm.changed & bit != 0 {
            self.vm.changes.retain(|change| change.0 != attribute);
        }
        self.vm.changed |= bit;
        self.vm.changes.push((attribute, cell));
    }
}

/// Stands for the filter itself where a function is asked for.
const FILTER: u16 = u16::MAX;

/// A constant in a register.
pub(crate) fn cell_of(value: &Value, constant: u16) -> Cell {
    match value {
        Value::Bool(value) => Cell::Bool(*value),
        Value::Int(value) => Cell::Int(*value),
        Value::Pair(value) => Cell::Pair(*value),
        Value::Quad(value) => Cell::Quad(*value),
        Value::Ip(value) => Cell::Ip(*value),
        Value::Prefix(value) => Cell::Prefix(*value),
        Value::Net(_) => Cell::Net(constant),
        Value::RouteDistinguisher(value) => Cell::RouteDistinguisher(u64::from_be_bytes(value.0)),
        Value::Extended(value) => Cell::Extended(*value),
        Value::Large(value) => Cell::Large(*value),
        Value::Text(_) => Cell::Text(Place::Constant(constant)),
        Value::Bytes(_) => Cell::Bytes(Place::Constant(constant)),
        Value::Enum(of, value) => Cell::Enum(*of, *value),
        Value::List(of, _) => Cell::List(*of, Place::Constant(constant)),
        Value::Mask(_) => Cell::Mask(constant),
        Value::Set(_) => Cell::Set(constant),
    }
}

/// Attributes after a run.
impl Vm {
    /// What the last run on `route` has made of its BGP path attributes.
    pub fn apply(&self, program: &Program, route: &Route<'_>, out: &mut PathAttributes) {
        out.copy_from(route.attributes);
        for (attribute, cell) in &self.changes {
            let Some(code) = attribute.bgp_code() else { continue };
            list::write_attribute(self, program, route, code, *cell, out);
        }
    }
}

/// The extended community of a constant key and number.
pub(crate) fn extended_value(
    form: crate::program::ExtendedForm,
    key: &Value,
    number: u32,
) -> Option<u64> {
    match operation::extended(form, cell_of(key, 0), Cell::Int(number)) {
        Ok(Cell::Extended(value)) => Some(value),
        _ => None,
    }
}
