//! Running filters.

use core::net::IpAddr;

use alloc::vec::Vec;
use bgp_wire::Origin;
use ipnet::IpNet;
use rib::{Route, RouteSource};
use thiserror::Error;

use crate::ast::{Attribute, Operator};
use crate::program::{Code, FilterId, Instruction, Program};
use crate::span::Span;
use crate::value::Value;

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
#[non_exhaustive]
pub enum Trap {
    /// There is no such filter.
    #[error("there is no such filter")]
    NoSuchFilter,
    /// The end was reached without accept or reject.
    #[error("the filter ends without accept or reject")]
    FellOff {
        /// The filter
        span: Span,
    },
    /// Division by zero.
    #[error("division by zero")]
    DivisionByZero {
        /// The expression
        span: Span,
    },
}

/// Scratch space of a run, to be used again.
#[derive(Debug, Clone, Default)]
pub struct Vm {
    registers: Vec<Cell>,
}

/// Content of a register.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cell {
    /// An attribute that the route has not, or no value of use.
    Void,
    Int(u32),
    Bool(bool),
    Ip(IpAddr),
    Prefix(IpNet),
    Source(RouteSource),
    Origin(Origin),
    /// `proto`
    Protocol,
    /// A string among the constants
    Text(u16),
}

impl Program {
    /// Runs a filter on a route.
    ///
    /// # Errors
    /// A [`Trap`] when the run ends otherwise than by `accept` or `reject`.
    pub fn run(&self, vm: &mut Vm, filter: FilterId, route: &Route<'_>) -> Result<Verdict, Trap> {
        let code = self.filters.get(filter.0 as usize).ok_or(Trap::NoSuchFilter)?;
        vm.registers.clear();
        vm.registers.resize(usize::from(code.registers), Cell::Void);
        Run { code, registers: &mut vm.registers, route }.run()
    }
}

struct Run<'a> {
    code: &'a Code,
    registers: &'a mut [Cell],
    route: &'a Route<'a>,
}

impl Run<'_> {
    fn run(&mut self) -> Result<Verdict, Trap> {
        let mut at = 0;
        // The verifier has proved that jumps lead forward and that the code has an end.
        while let Some(instruction) = self.code.instructions.get(at) {
            at += 1;
            match *instruction {
                Instruction::Accept => return Ok(Verdict::Accept),
                Instruction::Reject => return Ok(Verdict::Reject),
                Instruction::Jump { target } => at = usize::from(target),
                Instruction::JumpIfFalse { of, target } if self.cell(of) != Cell::Bool(true) => {
                    at = usize::from(target);
                }
                Instruction::JumpIfTrue { of, target } if self.cell(of) == Cell::Bool(true) => {
                    at = usize::from(target);
                }
                Instruction::JumpIfFalse { .. } | Instruction::JumpIfTrue { .. } => {}
                Instruction::FellOff => return Err(Trap::FellOff { span: self.span(at - 1) }),
                ref other => self.compute(at - 1, *other)?,
            }
        }
        Err(Trap::FellOff { span: Span::default() })
    }

    fn span(&self, at: usize) -> Span {
        self.code.spans.get(at).copied().unwrap_or_default()
    }

    fn cell(&self, register: u8) -> Cell {
        self.registers.get(usize::from(register)).copied().unwrap_or(Cell::Void)
    }

    fn constant(&self, constant: u16) -> Option<&Value> {
        self.code.constants.get(usize::from(constant))
    }

    fn compute(&mut self, at: usize, instruction: Instruction) -> Result<(), Trap> {
        let path = || self.route.attributes.as_path();
        let int = |number: Option<u32>| number.map_or(Cell::Void, Cell::Int);
        let (to, cell) = match instruction {
            Instruction::Constant { to, constant } => (to, self.load(constant)),
            Instruction::Attribute { to, attribute } => (to, self.attribute(attribute)),
            Instruction::PathLength { to } => (to, Cell::Int(path().len())),
            Instruction::PathFirst { to } => (to, Cell::Int(path().first().unwrap_or(0))),
            Instruction::PathLast { to } => (to, Cell::Int(path().origin().unwrap_or(0))),
            Instruction::PrefixLength { to, of } => match self.cell(of) {
                Cell::Prefix(net) => (to, int(Some(u32::from(net.prefix_len())))),
                _ => (to, Cell::Void),
            },
            Instruction::PrefixAddress { to, of } => match self.cell(of) {
                Cell::Prefix(net) => (to, Cell::Ip(net.addr())),
                _ => (to, Cell::Void),
            },
            Instruction::Not { to, of } => match self.cell(of) {
                Cell::Bool(value) => (to, Cell::Bool(!value)),
                _ => (to, Cell::Void),
            },
            Instruction::Match { to, of, constant } => {
                let value = self.cell(of);
                (
                    to,
                    Cell::Bool(self.constant(constant).is_some_and(|set| self.matches(value, set))),
                )
            }
            Instruction::Binary { operator, to, left, right } => {
                let (left, right) = (self.cell(left), self.cell(right));
                (
                    to,
                    self.binary(operator, left, right)
                        .ok_or_else(|| Trap::DivisionByZero { span: self.span(at) })?,
                )
            }
            _ => return Ok(()),
        };
        if let Some(register) = self.registers.get_mut(usize::from(to)) {
            *register = cell;
        }
        Ok(())
    }

    fn load(&self, constant: u16) -> Cell {
        match self.constant(constant) {
            Some(Value::Int(value)) => Cell::Int(*value),
            Some(Value::Bool(value)) => Cell::Bool(*value),
            Some(Value::Ip(value)) => Cell::Ip(*value),
            Some(Value::Prefix(value)) => Cell::Prefix(*value),
            Some(Value::Source(value)) => Cell::Source(*value),
            Some(Value::Origin(value)) => Cell::Origin(*value),
            Some(Value::Text(_)) => Cell::Text(constant),
            _ => Cell::Void,
        }
    }

    fn attribute(&self, attribute: Attribute) -> Cell {
        let attributes = self.route.attributes;
        match attribute {
            Attribute::Net => Cell::Prefix(self.route.net),
            Attribute::Source => Cell::Source(self.route.source),
            Attribute::Proto => Cell::Protocol,
            Attribute::Preference => Cell::Int(self.route.preference),
            Attribute::From => self.route.from.map_or(Cell::Void, Cell::Ip),
            Attribute::LocalPref => attributes.local_pref().map_or(Cell::Void, Cell::Int),
            Attribute::Med => attributes.med().map_or(Cell::Void, Cell::Int),
            Attribute::Origin => attributes.origin().map_or(Cell::Void, Cell::Origin),
            Attribute::Path => Cell::Void,
        }
    }

    fn text(&self, cell: Cell) -> Option<&str> {
        match cell {
            Cell::Protocol => Some(self.route.protocol),
            Cell::Text(constant) => match self.constant(constant) {
                Some(Value::Text(text)) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    fn matches(&self, cell: Cell, set: &Value) -> bool {
        match (cell, set) {
            (Cell::Prefix(net), Value::PrefixSet(set)) => set.contains(&net),
            (Cell::Prefix(net), Value::Prefix(outer)) => outer.contains(&net),
            (Cell::Ip(address), Value::Prefix(outer)) => outer.contains(&address),
            (Cell::Ip(address), Value::PrefixSet(set)) => set.contains(&IpNet::from(address)),
            (Cell::Ip(address), Value::IpSet(set)) => set.contains(address),
            (Cell::Int(number), Value::IntSet(set)) => set.contains(number),
            (Cell::Source(source), Value::SourceSet(set)) => set.contains(source),
            (cell, Value::Text(pattern)) => self.text(cell).is_some_and(|text| glob(pattern, text)),
            _ => false,
        }
    }

    /// `None`: division by zero.
    fn binary(&self, operator: Operator, left: Cell, right: Cell) -> Option<Cell> {
        let order = match (left, right) {
            (Cell::Int(a), Cell::Int(b)) => Some(a.cmp(&b)),
            (Cell::Ip(a), Cell::Ip(b)) => Some(a.cmp(&b)),
            (Cell::Source(a), Cell::Source(b)) => Some(a.cmp(&b)),
            (Cell::Origin(a), Cell::Origin(b)) => Some(a.cmp(&b)),
            _ => None,
        };
        let equal = match (self.text(left), self.text(right)) {
            (Some(a), Some(b)) => a == b,
            _ => left == right,
        };
        let arithmetic = |compute: fn(u32, u32) -> Option<u32>| match (left, right) {
            (Cell::Int(a), Cell::Int(b)) => compute(a, b).map(Cell::Int),
            _ => Some(Cell::Void),
        };
        Some(match operator {
            Operator::Equal => Cell::Bool(equal),
            Operator::NotEqual => Cell::Bool(!equal),
            Operator::Less => Cell::Bool(order.is_some_and(core::cmp::Ordering::is_lt)),
            Operator::Greater => Cell::Bool(order.is_some_and(core::cmp::Ordering::is_gt)),
            Operator::LessOrEqual => Cell::Bool(order.is_some_and(core::cmp::Ordering::is_le)),
            Operator::GreaterOrEqual => Cell::Bool(order.is_some_and(core::cmp::Ordering::is_ge)),
            Operator::Add => return arithmetic(|a, b| Some(a.wrapping_add(b))),
            Operator::Subtract => return arithmetic(|a, b| Some(a.wrapping_sub(b))),
            Operator::Multiply => return arithmetic(|a, b| Some(a.wrapping_mul(b))),
            Operator::Divide => return arithmetic(u32::checked_div),
            Operator::And | Operator::Or | Operator::Match | Operator::NotMatch => Cell::Void,
        })
    }
}

/// Shell wildcards: `*` and `?`.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on when the part behind the last star does not fit.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || Some(byte) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((behind, from)) => {
                    star = Some((behind, from + 1));
                    p = behind;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|byte| *byte == b'*')
}
