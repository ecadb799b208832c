//! Running filters.

mod alter;
mod arena;
mod change;
mod cost;
mod edit;
mod host;
mod index;
mod list;
mod matching;
mod operation;
mod path;
mod run;
mod text;
mod trace;

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use bgp_wire::PathAttributes;
use ipnet::IpNet;
use rib::Route;

use crate::ast::{End, ListKind};
use crate::attribute::Attribute;
use crate::mask::{MaskItem, PathMask};
use crate::program::{Code, FilterId, Program};
use crate::span::Span;
use crate::types::EnumType;
use crate::value::Value;
use crate::vm::index::Index;
use crate::vm::run::Run;
use crate::vm::trace::NoTrace;

use self::arena::{Part, Place, Whereabouts};
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

#[derive(Debug, Clone, Copy)]
struct Frame {
    function: u16,
    at: u16,
    base: u32,
}

/// Content of a register: a word that says what, and what it is, never written or read by parts.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(u64)]
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

    /// Registers are made void where a code is entered.
    fn reset(&mut self) {
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
        let mut run = Run::new(self, vm, Some(route), host);
        let Some(code) = self.filters.get(filter.0 as usize) else {
            return Err(Trap { kind: TrapKind::NoSuchFilter, span: Span::default() });
        };
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
        let mut run = Run::new(self, vm, Some(route), host);
        let Some(code) = self.filters.get(filter.0 as usize) else {
            return Err(Trap { kind: TrapKind::NoSuchFilter, span: Span::default() });
        };
        run.execute(code, steps).and_then(|outcome| outcome.verdict(code))
    }

    /// Runs code that has no route, and gives what it returns.
    pub(crate) fn evaluate(&self, vm: &mut Vm, code: &Code) -> Result<Value, Trap> {
        let mut run = Run::new(self, vm, None, &NoHost);
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
        let mut run = Run::new(self, vm, None, host);
        let found = self.functions.iter().find(|code| code.name.as_deref() == Some(function));
        let Some(code) = found.filter(|code| code.arguments == 0) else {
            return Err(Trap { kind: TrapKind::NoSuchFilter, span: Span::default() });
        };
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
        Value::Text(_) => Cell::Text(Place::constant(constant)),
        Value::Bytes(_) => Cell::Bytes(Place::constant(constant)),
        Value::Enum(of, value) => Cell::Enum(*of, *value),
        Value::List(of, _) => Cell::List(*of, Place::constant(constant)),
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
