//! Running filters.

mod change;
mod cost;
mod edit;
mod host;
mod list;
mod matching;
mod operation;
mod path;
mod trace;

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use bgp_wire::{AttributeCode, AttributesRef, PathAttributes};
use ipnet::IpNet;
use rib::Route;

use crate::ast::{End, ListKind};
use crate::attribute::Attribute;
use crate::mask::{MaskItem, PathMask};
use crate::program::{Code, FilterId, Instruction, Program};
use crate::span::Span;
use crate::types::{EnumType, Type};
use crate::value::Value;
use crate::vm::trace::{NoTrace, Tracer};

pub use self::change::Change;
pub use self::host::{Extra, Host, Limits, NoHost, Roa, Trap, TrapKind, Verdict};
pub use self::trace::TraceStep;

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
    index: Index,
    output: String,
    failed: Vec<Span>,
    asserted: u32,
    frames: Vec<Frame>,
}

/// Where the values of the route's path attributes stand, by code: found once a run, when the first is asked for.
#[derive(Debug, Clone, Copy)]
struct Index {
    filled: bool,
    /// Start and length; a start of zero is none, as a header stands there
    places: [(u16, u16); CODES],
}

/// Codes below this are indexed.
const CODES: usize = 36;

impl Default for Index {
    fn default() -> Self {
        Self { filled: false, places: [(0, 0); CODES] }
    }
}

impl Index {
    #[cold]
    fn fill(&mut self, attributes: AttributesRef<'_>) {
        self.places = [(0, 0); CODES];
        let whole = attributes.bytes().as_ptr() as usize;
        for raw in attributes.iter() {
            let start = raw.value.as_ptr() as usize - whole;
            if let (Some(place), Ok(start), Ok(length)) = (
                self.places.get_mut(usize::from(raw.code.0)),
                u16::try_from(start),
                u16::try_from(raw.value.len()),
            ) {
                *place = (start, length);
            }
        }
        self.filled = true;
    }
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
        self.index.filled = false;
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
        run.execute(code, &mut NoTrace).and_then(|outcome| outcome.verdict(code))
    }

    /// As [`Program::run`], and tells what it did, step by step. Slower.
    ///
    /// # Errors
    /// As [`Program::run`]; the steps are told anyway.
    pub fn trace(
        &self,
        vm: &mut Vm,
        filter: FilterId,
        route: &Route<'_>,
        host: &dyn Host,
        steps: &mut Vec<TraceStep>,
    ) -> Result<Verdict, Trap> {
        vm.reset();
        let Some(code) = self.filters.get(filter.0 as usize) else {
            return Err(Trap { kind: TrapKind::NoSuchFilter, span: Span::default() });
        };
        let mut run = Run { program: self, vm, route: Some(route), host, base: 0, fuel: 0 };
        run.execute(code, steps).and_then(|outcome| outcome.verdict(code))
    }

    /// Runs code that has no route, and gives what it returns.
    pub(crate) fn evaluate(&self, vm: &mut Vm, code: &Code) -> Result<Value, Trap> {
        vm.reset();
        let mut run = Run { program: self, vm, route: None, host: &NoHost, base: 0, fuel: 0 };
        let outcome = run.execute(code, &mut NoTrace)?;
        let trap = Trap { kind: TrapKind::Type, span: code.end() };
        match outcome {
            Outcome::Value(cell) => run.value(cell).ok_or(trap),
            Outcome::End(..) => Err(trap),
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
        run.execute(code, &mut NoTrace).map(|_| ())
    }
}

impl Code {
    #[inline]
    fn span(&self, at: usize) -> Span {
        self.spans.get(at).copied().unwrap_or_default()
    }

    fn end(&self) -> Span {
        self.spans.last().copied().unwrap_or_default()
    }
}

enum Outcome {
    End(End, Span),
    Value(Cell),
}

impl Outcome {
    fn verdict(self, code: &Code) -> Result<Verdict, Trap> {
        match self {
            Self::End(End::Accept, _) => Ok(Verdict::Accept),
            Self::End(End::Reject, _) => Ok(Verdict::Reject),
            Self::End(End::Error, span) => Err(Trap { kind: TrapKind::Error, span }),
            Self::Value(_) => Err(Trap { kind: TrapKind::FellOff, span: code.end() }),
        }
    }
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
    fn execute<T: Tracer>(&mut self, filter: &Code, tracer: &mut T) -> Result<Outcome, Trap> {
        let mut code = filter;
        let mut at = 0_usize;
        self.enter(0, code).map_err(|kind| Trap { kind, span: code.end() })?;
        loop {
            let here = at;
            let trap = |kind| Trap { kind, span: code.span(here) };
            let Some(instruction) = code.instructions.get(here) else {
                return Err(trap(TrapKind::FellOff));
            };
            at += 1;
            match *instruction {
                Instruction::Jump { target } => at = usize::from(target),
                Instruction::JumpIf { .. }
                | Instruction::JumpIfMatch { .. }
                | Instruction::JumpIfIn { .. } => {
                    let (found, when, target) = self.test(instruction).map_err(trap)?;
                    tracer.tested(code.span(here), found);
                    if found == when {
                        at = usize::from(target);
                    }
                }
                Instruction::Next { to, iterator, target } => {
                    match self.next_element(iterator).map_err(trap)? {
                        Some(cell) => self.set(to, cell),
                        None => at = usize::from(target),
                    }
                }
                Instruction::Again { target } => {
                    at = usize::from(target);
                    self.burn(here.saturating_sub(at)).map_err(trap)?;
                }
                Instruction::Call { function, base } => {
                    let callee = self.program.functions.get(usize::from(function));
                    let callee = callee.ok_or(trap(TrapKind::Type))?;
                    self.call(function, at, base, callee).map_err(trap)?;
                    tracer.called(code.span(here), callee);
                    (code, at) = (callee, 0);
                }
                Instruction::Return { of } => {
                    let value = self.cell(of);
                    tracer.returned(self, code.span(here), value);
                    let Some(frame) = self.vm.frames.pop() else {
                        return Ok(Outcome::Value(value));
                    };
                    self.set(0, value);
                    (self.base, at) = (frame.base as usize, usize::from(frame.at));
                    let caller = self.vm.frames.last().map(|frame| usize::from(frame.function));
                    let caller = caller.and_then(|caller| self.program.functions.get(caller));
                    code = caller.unwrap_or(filter);
                }
                Instruction::End(end) => {
                    tracer.ended(code.span(here), end);
                    return Ok(Outcome::End(end, code.span(here)));
                }
                Instruction::FellOff => return Err(trap(TrapKind::FellOff)),
                ref other => {
                    self.simple(code, here, other).map_err(trap)?;
                    if T::ON
                        && let Instruction::SetAttribute { attribute, of } = *other
                    {
                        tracer.changed(self, code.span(here), attribute, self.cell(of));
                    }
                }
            }
        }
    }

    /// What a conditional jump tests, when it jumps, and where to.
    #[inline]
    fn test(&mut self, instruction: &Instruction) -> Result<(bool, bool, u16), TrapKind> {
        match *instruction {
            Instruction::JumpIf { of, when, target } => match self.cell(of) {
                Cell::Bool(value) => Ok((value, when, target)),
                _ => Err(TrapKind::Type),
            },
            Instruction::JumpIfMatch { of, constant, when, target } => {
                self.charge_match(self.cell(of), self.load(constant))?;
                Ok((self.matches_constant(self.cell(of), constant)?, when, target))
            }
            Instruction::JumpIfIn { constant, attribute, when, target } => {
                Ok((self.constant_in(constant, attribute)?, when, target))
            }
            _ => Err(TrapKind::Type),
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
                self.check_change(attribute, cell)?;
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
                list @ Cell::List(..) => {
                    self.charge_walk(list)?;
                    (iterator + 1, Cell::Large([0; 3]))
                }
                _ => return Err(TrapKind::Type),
            },
            Instruction::MaskBegin => {
                self.vm.mask.clear();
                return Ok(());
            }
            Instruction::MaskItem { of, repeat } => {
                self.charge_walk(self.cell(of))?;
                return self.mask_item(self.cell(of), repeat);
            }
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
                self.charge_text(self.cell(of))?;
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

    fn call(&mut self, function: u16, at: usize, base: u8, callee: &Code) -> Result<(), TrapKind> {
        if self.vm.frames.len() >= usize::from(self.vm.limits.depth) {
            return Err(TrapKind::TooDeep);
        }
        let deep = |_| TrapKind::TooDeep;
        let caller = u32::try_from(self.base).map_err(deep)?;
        let at = u16::try_from(at).map_err(deep)?;
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

    #[inline]
    fn load(&self, constant: u16) -> Cell {
        self.program.cells.get(usize::from(constant)).copied().unwrap_or(Cell::Void)
    }

    /// The value of a path attribute of the route, as it came.
    #[inline]
    fn route_value(&mut self, code: AttributeCode) -> Option<(u16, u16)> {
        if !self.vm.index.filled {
            let attributes = self.route.map_or_else(AttributesRef::default, |one| one.attributes);
            self.vm.index.fill(attributes);
        }
        self.vm.index.places.get(usize::from(code.0)).copied().filter(|place| place.0 != 0)
    }

    /// The same as octets.
    #[inline]
    fn route_bytes(&mut self, code: AttributeCode) -> Option<&[u8]> {
        let (start, length) = self.route_value(code)?;
        let start = usize::from(start);
        self.route?.attributes.bytes().get(start..start + usize::from(length))
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
    /// What the last run on `route` has made of its BGP path attributes, in canonical form: none that was changed has
    /// a flaw. What else it has changed is in [`Vm::next_hop`] and [`Vm::changes`].
    pub fn apply(&self, program: &Program, route: &Route<'_>, out: &mut PathAttributes) {
        list::apply(self, program, route, out);
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
