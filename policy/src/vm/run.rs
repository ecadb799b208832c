//! A run under way: instruction by instruction.
//!
//! A register that was written part by part, and is read soon after in one piece, makes a processor wait until the
//! parts have left its store buffer. So what runs often looks at registers where they are, writes the result there
//! itself, and copies part by part.

use bgp_wire::{AttributeCode, AttributesRef};
use rib::Route;

use super::trace::Tracer;
use super::{Cell, Frame, Host, Outcome, Part, Trap, TrapKind, Vm, operation};
use crate::attribute::Attribute;
use crate::mask::{MaskItem, MaskKind};
use crate::program::{Binary, Code, Instruction, Program, Unary};
use crate::types::Type;

type Result<T> = core::result::Result<T, TrapKind>;

/// A run under way.
pub(crate) struct Run<'a> {
    pub(super) program: &'a Program,
    pub(super) vm: &'a mut Vm,
    pub(super) route: Option<&'a Route<'a>>,
    pub(super) host: &'a dyn Host,
    /// The first register of the function that runs
    pub(super) base: usize,
    /// What was used of it
    pub(super) fuel: u32,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        program: &'a Program,
        vm: &'a mut Vm,
        route: Option<&'a Route<'a>>,
        host: &'a dyn Host,
    ) -> Self {
        vm.reset();
        Self { program, vm, route, host, base: 0, fuel: 0 }
    }

    pub(super) fn execute<T: Tracer>(
        &mut self,
        filter: &Code,
        tracer: &mut T,
    ) -> core::result::Result<Outcome, Trap> {
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
                Instruction::JumpIf { of, when, target } => {
                    let Cell::Bool(found) = *self.at(of) else { return Err(trap(TrapKind::Type)) };
                    tracer.tested(code.span(here), found);
                    at = if found == when { usize::from(target) } else { at };
                }
                Instruction::JumpIfMatch { of, constant, when, target } => {
                    let cell = self.cell(of);
                    self.charge_match(cell, self.constant(constant)).map_err(trap)?;
                    let found = self.matches_constant(cell, constant).map_err(trap)?;
                    tracer.tested(code.span(here), found);
                    at = if found == when { usize::from(target) } else { at };
                }
                Instruction::JumpIfIn { constant, attribute, when, target } => {
                    let found = self.constant_in(constant, attribute).map_err(trap)?;
                    tracer.tested(code.span(here), found);
                    at = if found == when { usize::from(target) } else { at };
                }
                Instruction::JumpIfAttribute { attribute, constant, when, target } => {
                    let found = self.attribute_matches(attribute, constant).map_err(trap)?;
                    tracer.tested(code.span(here), found);
                    at = if found == when { usize::from(target) } else { at };
                }
                Instruction::Constant { to, constant } => self.load(to, constant),
                Instruction::Move { to, of } => self.transfer(to, of),
                Instruction::Attribute { to, attribute } => {
                    self.fetch(to, attribute).map_err(trap)?;
                }
                Instruction::Binary { operation, to, left, right } => {
                    self.two(operation, to, left, right).map_err(trap)?;
                }
                Instruction::Compute { operation, to, left, constant } => {
                    self.with_constant(operation, to, left, constant).map_err(trap)?;
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
                    let Some(callee) = self.program.functions.get(usize::from(function)) else {
                        return Err(trap(TrapKind::Type));
                    };
                    self.call(function, at, base, callee).map_err(trap)?;
                    tracer.called(code.span(here), callee);
                    (code, at) = (callee, 0);
                }
                Instruction::Return { of } => {
                    tracer.returned(self, code.span(here), self.cell(of));
                    let Some(frame) = self.vm.frames.pop() else {
                        return Ok(Outcome::Value(self.cell(of)));
                    };
                    self.transfer(0, of);
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
                    if T::ON {
                        self.tell(code, here, other, tracer);
                    }
                }
            }
        }
    }

    /// What an instruction has changed.
    fn tell<T: Tracer>(&self, code: &Code, at: usize, instruction: &Instruction, tracer: &mut T) {
        match *instruction {
            Instruction::SetAttribute { attribute, of } => {
                tracer.changed(self, code.span(at), attribute, self.cell(of));
            }
            Instruction::Alter { attribute, .. } => {
                let now = self.changed(attribute).unwrap_or(&Cell::Void);
                tracer.changed(self, code.span(at), attribute, *now);
            }
            _ => {}
        }
    }

    /// What goes on with the next instruction, and is done less often.
    fn simple(&mut self, code: &Code, at: usize, instruction: &Instruction) -> Result<()> {
        match *instruction {
            Instruction::Void { to } => self.set(to, Cell::Void),
            Instruction::SetAttribute { attribute, of } => self.set_attribute(attribute, of)?,
            Instruction::Unset { attribute } => self.change(attribute, Cell::Void),
            Instruction::Alter { operation, attribute, constant } => {
                self.alter(operation, attribute, constant)?;
            }
            Instruction::Unary { operation, to, of } => match (operation, self.at(of)) {
                (Unary::Length, &Cell::List(kind, place)) => {
                    self.charge_octets(self.octets(place).len())?;
                    let length = self.list_length(kind, place);
                    self.set(to, Cell::Int(length));
                }
                _ => {
                    let cell = self.unary(operation, self.cell(of))?;
                    self.set_whole(to, &cell);
                }
            },
            Instruction::Convert { to, of, ty } => {
                if operation::fits(self.at(of), ty) {
                    self.transfer(to, of);
                } else {
                    let cell = operation::convert(self.cell(of), ty)?;
                    self.set_whole(to, &cell);
                }
            }
            _ => self.rare(code, at, instruction)?,
        }
        Ok(())
    }

    /// What is not used on most routes.
    #[inline(never)]
    fn rare(&mut self, code: &Code, at: usize, instruction: &Instruction) -> Result<()> {
        let (to, cell) = match *instruction {
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
                self.vm.mask.push(MaskItem { kind: MaskKind::Any, repeat });
                return Ok(());
            }
            Instruction::MaskSome => {
                self.vm.mask.push(MaskKind::Sequence.into());
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
            // Done in `execute` and `simple`.
            _ => return Ok(()),
        };
        self.set(to, cell);
        Ok(())
    }

    /// An operation on two registers: on two numbers without a detour.
    #[inline]
    fn two(&mut self, operation: Binary, to: u8, left: u8, right: u8) -> Result<()> {
        if let (&Cell::Int(a), &Cell::Int(b)) = (self.at(left), self.at(right))
            && self.numbers(operation, to, a, b)
        {
            return Ok(());
        }
        let cell = self.binary(operation, self.cell(left), self.cell(right))?;
        self.set_whole(to, &cell);
        Ok(())
    }

    /// The same with a constant.
    #[inline]
    fn with_constant(&mut self, operation: Binary, to: u8, left: u8, constant: u16) -> Result<()> {
        let cells = &self.program.cells;
        let right = cells.get(usize::from(constant)).unwrap_or(&Cell::Void);
        if let (&Cell::Int(a), &Cell::Int(b)) = (self.at(left), right)
            && self.numbers(operation, to, a, b)
        {
            return Ok(());
        }
        let cell = self.binary(operation, self.cell(left), *right)?;
        self.set_whole(to, &cell);
        Ok(())
    }

    /// What is asked for most; whether it was that.
    #[inline]
    fn numbers(&mut self, operation: Binary, to: u8, a: u32, b: u32) -> bool {
        match operation {
            Binary::Add => self.set(to, Cell::Int(a.wrapping_add(b))),
            Binary::Subtract => self.set(to, Cell::Int(a.wrapping_sub(b))),
            Binary::Multiply => self.set(to, Cell::Int(a.wrapping_mul(b))),
            Binary::Less => self.set(to, Cell::Bool(a < b)),
            Binary::LessOrEqual => self.set(to, Cell::Bool(a <= b)),
            Binary::Equal => self.set(to, Cell::Bool(a == b)),
            Binary::NotEqual => self.set(to, Cell::Bool(a != b)),
            _ => return false,
        }
        true
    }

    #[inline]
    fn give(&mut self, to: u8, cell: Cell) -> Result<()> {
        self.set(to, cell);
        Ok(())
    }

    /// The value of an attribute into a register.
    #[inline]
    fn fetch(&mut self, to: u8, attribute: Attribute) -> Result<()> {
        if let Type::List(kind) = attribute.ty() {
            let place = self.list_place(attribute);
            return self.give(to, Cell::List(kind, place));
        }
        let cell = self.attribute(attribute)?;
        self.set_whole(to, &cell);
        Ok(())
    }

    #[inline(never)]
    fn set_attribute(&mut self, attribute: Attribute, of: u8) -> Result<()> {
        let ty = attribute.ty();
        match *self.at(of) {
            Cell::Int(value) if ty == Type::Quad => self.change(attribute, Cell::Quad(value)),
            Cell::Int(value) if ty == Type::Int => self.change(attribute, Cell::Int(value)),
            Cell::List(kind, place) if ty == Type::List(kind) => {
                self.check_list(attribute, kind, place)?;
                self.change(attribute, Cell::List(kind, place));
            }
            cell => {
                let cell = operation::convert(cell, ty)?;
                self.check_change(attribute, cell)?;
                self.change(attribute, cell);
            }
        }
        Ok(())
    }

    fn enter(&mut self, base: usize, code: &Code) -> Result<()> {
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

    fn call(&mut self, function: u16, at: usize, base: u8, callee: &Code) -> Result<()> {
        if self.vm.frames.len() >= usize::from(self.vm.limits.depth) {
            return Err(TrapKind::TooDeep);
        }
        let deep = |_| TrapKind::TooDeep;
        let caller = u32::try_from(self.base).map_err(deep)?;
        let at = u16::try_from(at).map_err(deep)?;
        self.vm.frames.push(Frame { function, at, base: caller });
        self.enter(self.base + usize::from(base), callee)
    }

    #[inline]
    pub(super) fn burn(&mut self, cost: usize) -> Result<()> {
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        self.fuel = self.fuel.saturating_add(cost);
        if self.fuel > self.vm.limits.fuel { Err(TrapKind::OutOfFuel) } else { Ok(()) }
    }

    /// A register.
    #[inline]
    fn at(&self, register: u8) -> &Cell {
        self.vm.cells.get(self.base + usize::from(register)).unwrap_or(&Cell::Void)
    }

    #[inline]
    pub(super) fn cell(&self, register: u8) -> Cell {
        *self.at(register)
    }

    #[inline]
    pub(super) fn set(&mut self, register: u8, cell: Cell) {
        if let Some(place) = self.vm.cells.get_mut(self.base + usize::from(register)) {
            *place = cell;
        }
    }

    /// The same in one piece, apart from those that are set by parts.
    #[inline(never)]
    fn set_whole(&mut self, register: u8, cell: &Cell) {
        self.set(register, *cell);
    }

    /// From one register to another.
    #[inline]
    fn transfer(&mut self, to: u8, of: u8) {
        match *self.at(of) {
            Cell::Int(value) => self.set(to, Cell::Int(value)),
            Cell::Bool(value) => self.set(to, Cell::Bool(value)),
            Cell::Pair(value) => self.set(to, Cell::Pair(value)),
            Cell::List(kind, place) => self.set(to, Cell::List(kind, place)),
            other => self.set_whole(to, &other),
        }
    }

    #[inline]
    fn load(&mut self, to: u8, constant: u16) {
        if let (Some(place), Some(cell)) = (
            self.vm.cells.get_mut(self.base + usize::from(to)),
            self.program.cells.get(usize::from(constant)),
        ) {
            *place = *cell;
        }
    }

    #[inline]
    pub(super) fn constant(&self, constant: u16) -> Cell {
        self.program.cells.get(usize::from(constant)).copied().unwrap_or(Cell::Void)
    }

    /// Where the value of a path attribute of the route is, as it came.
    #[inline]
    pub(super) fn route_value(&mut self, code: AttributeCode) -> Option<Part> {
        if !self.vm.index.filled {
            let attributes = self.attributes();
            self.vm.index.fill(attributes);
        }
        self.vm.index.place(code)
    }

    /// The same as octets.
    #[inline]
    pub(super) fn route_bytes(&mut self, code: AttributeCode) -> Option<&'a [u8]> {
        let part = self.route_value(code)?;
        Some(part.of(self.attributes().bytes()))
    }

    #[inline]
    pub(super) fn attributes(&self) -> AttributesRef<'a> {
        self.route.map_or_else(AttributesRef::default, |route| route.attributes)
    }

    /// What an attribute was changed to.
    #[inline]
    pub(super) fn changed(&self, attribute: Attribute) -> Option<&Cell> {
        if self.vm.changed & 1 << (attribute as u32) == 0 {
            return None;
        }
        let change = self.vm.changes.iter().find(|change| change.0 == attribute);
        change.map(|change| &change.1)
    }

    #[inline]
    pub(super) fn change(&mut self, attribute: Attribute, cell: Cell) {
        let Vm { changes, changed, .. } = &mut *self.vm;
        *changed |= 1 << (attribute as u32);
        match changes.iter().position(|change| change.0 == attribute) {
            // Of others the last change counts where two are about one thing, as `gw` and `dest` are.
            Some(place) if attribute.bgp_code().is_none() => {
                changes.remove(place);
            }
            Some(place) => {
                if let Some(change) = changes.get_mut(place) {
                    change.1 = cell;
                }
                return;
            }
            None => {}
        }
        changes.push((attribute, cell));
    }
}
