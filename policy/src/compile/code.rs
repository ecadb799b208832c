//! Trees to instructions.

use alloc::vec::Vec;

use super::tree::{Tree, TreeKind, TreeMask};
use super::{FunctionState, ProgramBuilder};
use crate::program::{Binary, Instruction, Register, Unary};
use crate::span::Span;
use crate::types::Type;
use crate::value::Value;

/// Instructions and their places.
#[derive(Debug, Clone, Default)]
pub(super) struct Emitter {
    pub(super) instructions: Vec<Instruction>,
    pub(super) spans: Vec<Span>,
}

impl Emitter {
    pub(super) fn emit(&mut self, span: Span, instruction: Instruction) -> usize {
        self.instructions.push(instruction);
        self.spans.push(span);
        self.instructions.len() - 1
    }

    /// Where the next instruction will stand.
    pub(super) fn here(&self) -> u16 {
        u16::try_from(self.instructions.len()).unwrap_or(u16::MAX)
    }

    /// Lets a jump lead to the next instruction.
    pub(super) fn land(&mut self, jump: usize) {
        let here = self.here();
        if let Some(
            Instruction::Jump { target }
            | Instruction::JumpIf { target, .. }
            | Instruction::JumpIfMatch { target, .. }
            | Instruction::JumpIfIn { target, .. }
            | Instruction::JumpIfAttribute { target, .. }
            | Instruction::Next { target, .. },
        ) = self.instructions.get_mut(jump)
        {
            *target = here;
        }
    }

    pub(super) fn land_all(&mut self, jumps: impl IntoIterator<Item = usize>) {
        jumps.into_iter().for_each(|jump| self.land(jump));
    }
}

/// A constant goes to the right, where that is all the same.
fn in_order(operation: Binary, both: &(Tree, Tree)) -> (&Tree, &Tree) {
    let same = matches!(operation, Binary::Add | Binary::Multiply);
    if same && both.0.is_constant() { (&both.1, &both.0) } else { (&both.0, &both.1) }
}

impl ProgramBuilder {
    /// Makes code that leaves the value of `tree` in a register.
    pub(super) fn emit(&mut self, state: &mut FunctionState, tree: &Tree, to: Register) {
        let (span, top) = (tree.span, state.top);
        match &tree.kind {
            TreeKind::Constant(value) => {
                let constant = self.number(span, value);
                state.emit(span, Instruction::Constant { to, constant });
            }
            TreeKind::Nothing => {
                state.emit(span, Instruction::Void { to });
            }
            TreeKind::Local(of) => {
                if *of != to {
                    state.emit(span, Instruction::Move { to, of: *of });
                }
            }
            TreeKind::Attribute(attribute) => {
                state.emit(span, Instruction::Attribute { to, attribute: *attribute });
            }
            TreeKind::And(_) | TreeKind::Or(_) => self.emit_logic(state, tree, to),
            TreeKind::Unary(operation, of) => {
                let of = self.operand(state, of);
                state.emit(span, Instruction::Unary { operation: *operation, to, of });
            }
            TreeKind::Binary(operation, both) => {
                let operation = *operation;
                let (left, right) = in_order(operation, both);
                let left = self.operand(state, left);
                let instruction = if let TreeKind::Constant(value) = &right.kind {
                    let constant = self.number(span, value);
                    Instruction::Compute { operation, to, left, constant }
                } else {
                    let right = self.operand(state, right);
                    Instruction::Binary { operation, to, left, right }
                };
                state.emit(span, instruction);
            }
            TreeKind::Large(parts) => {
                let of = self.row(state, parts.iter());
                state.emit(span, Instruction::Large { to, of });
            }
            TreeKind::Extended(form, both) => {
                let left = self.operand(state, &both.0);
                let right = self.operand(state, &both.1);
                state.emit(span, Instruction::Extended { form: *form, to, left, right });
            }
            TreeKind::Convert(of) => {
                let of = self.operand(state, of);
                state.emit(span, Instruction::Convert { to, of, ty: tree.ty });
            }
            TreeKind::Call(function, arguments) => {
                let base = self.row(state, arguments.iter());
                state.emit(span, Instruction::Call { function: *function, base });
                if base != to {
                    state.emit(span, Instruction::Move { to, of: base });
                }
            }
            TreeKind::Mask(items) => {
                // A run has one place for a mask: whatever might build another one comes before.
                let items: Vec<TreeMask> =
                    items.iter().map(|item| self.prepared(state, item)).collect();
                state.emit(span, Instruction::MaskBegin);
                items.iter().for_each(|item| self.emit_mask(state, span, item));
                state.emit(span, Instruction::MaskEnd { to });
            }
            TreeKind::Roa(table, both) => {
                let of = self.row(state, [&both.0, &both.1].into_iter());
                state.emit(span, Instruction::Roa { to, table: *table, of });
            }
        }
        state.top = top;
    }

    /// The register that has the value of `tree`: that of a variable, or a new one.
    pub(super) fn operand(&mut self, state: &mut FunctionState, tree: &Tree) -> Register {
        if let TreeKind::Local(register) = tree.kind {
            return register;
        }
        if let TreeKind::Call(function, arguments) = &tree.kind {
            let base = self.row(state, arguments.iter());
            state.emit(tree.span, Instruction::Call { function: *function, base });
            state.top = base.saturating_add(1);
            return base;
        }
        let register = state.temporary();
        self.emit(state, tree, register);
        register
    }

    /// Values in registers one behind the other; the first of them. There is one also for none.
    fn row<'a>(
        &mut self,
        state: &mut FunctionState,
        trees: impl Iterator<Item = &'a Tree>,
    ) -> Register {
        let first = state.top;
        let mut any = false;
        for tree in trees {
            let register = state.temporary();
            self.emit(state, tree, register);
            any = true;
        }
        if !any {
            state.temporary();
        }
        first
    }

    /// An item that is made of constants and variables only.
    fn prepared(&mut self, state: &mut FunctionState, item: &TreeMask) -> TreeMask {
        let mut ready = |tree: &Tree| {
            if tree.is_constant() {
                return tree.clone();
            }
            let register = self.operand(state, tree);
            Tree::new(TreeKind::Local(register), tree.ty, tree.span)
        };
        match item {
            TreeMask::One(_) | TreeMask::Some => item.clone(),
            TreeMask::Item(tree, repeat) => TreeMask::Item(ready(tree), *repeat),
            TreeMask::Range(both, repeat) => {
                let both = (ready(&both.0), ready(&both.1));
                TreeMask::Range(alloc::boxed::Box::new(both), *repeat)
            }
        }
    }

    fn emit_mask(&mut self, state: &mut FunctionState, span: Span, item: &TreeMask) {
        let top = state.top;
        match item {
            TreeMask::One(repeat) => {
                state.emit(span, Instruction::MaskOne { repeat: *repeat });
            }
            TreeMask::Some => {
                state.emit(span, Instruction::MaskSome);
            }
            TreeMask::Item(tree, repeat) => {
                let of = self.operand(state, tree);
                state.emit(tree.span, Instruction::MaskItem { of, repeat: *repeat });
            }
            TreeMask::Range(both, repeat) => {
                let low = self.operand(state, &both.0);
                let high = self.operand(state, &both.1);
                let range = Instruction::MaskRange { low, high, repeat: *repeat };
                state.emit(both.0.span, range);
            }
        }
        state.top = top;
    }

    /// `&&` and `||` where a value is wanted.
    fn emit_logic(&mut self, state: &mut FunctionState, tree: &Tree, to: Register) {
        let no = self.branch(state, tree, false);
        let (yes, no_value) = (Value::Bool(true), Value::Bool(false));
        let constant = self.number(tree.span, &yes);
        state.emit(tree.span, Instruction::Constant { to, constant });
        let end = state.emit(tree.span, Instruction::Jump { target: 0 });
        state.code.land_all(no);
        let constant = self.number(tree.span, &no_value);
        state.emit(tree.span, Instruction::Constant { to, constant });
        state.code.land(end);
    }

    /// Makes code that jumps when `tree` is `when`, and goes on when it is not; gives the jumps.
    pub(super) fn branch(
        &mut self,
        state: &mut FunctionState,
        tree: &Tree,
        when: bool,
    ) -> Vec<usize> {
        let (span, top) = (tree.span, state.top);
        let jumps = match &tree.kind {
            TreeKind::And(both) | TreeKind::Or(both) => {
                // What decides at once, without the second.
                let decides = matches!(tree.kind, TreeKind::Or(_));
                if when == decides {
                    let mut jumps = self.branch(state, &both.0, when);
                    jumps.extend(self.branch(state, &both.1, when));
                    jumps
                } else {
                    let over = self.branch(state, &both.0, decides);
                    let jumps = self.branch(state, &both.1, when);
                    state.code.land_all(over);
                    jumps
                }
            }
            TreeKind::Unary(Unary::Not, of) => self.branch(state, of, !when),
            TreeKind::Binary(Binary::Match | Binary::NotMatch, both) => {
                let negated = matches!(tree.kind, TreeKind::Binary(Binary::NotMatch, _));
                return self.branch_match(state, tree, both, when != negated);
            }
            _ => {
                let of = self.operand(state, tree);
                Vec::from([state.emit(span, Instruction::JumpIf { of, when, target: 0 })])
            }
        };
        state.top = top;
        jumps
    }

    /// A test against a constant has instructions of its own.
    fn branch_match(
        &mut self,
        state: &mut FunctionState,
        tree: &Tree,
        both: &(Tree, Tree),
        when: bool,
    ) -> Vec<usize> {
        let (span, top) = (tree.span, state.top);
        let jump = match (&both.0.kind, &both.1.kind) {
            (TreeKind::Constant(item), TreeKind::Attribute(attribute))
                if matches!(both.1.ty, Type::List(_)) =>
            {
                let constant = self.number(span, item);
                let attribute = *attribute;
                Instruction::JumpIfIn { constant, attribute, when, target: 0 }
            }
            // To read a text takes memory, which may be where the run ends.
            (TreeKind::Attribute(attribute), TreeKind::Constant(value))
                if attribute.ty() != Type::Text =>
            {
                let constant = self.number(span, value);
                let attribute = *attribute;
                Instruction::JumpIfAttribute { attribute, constant, when, target: 0 }
            }
            (_, TreeKind::Constant(value)) => {
                let of = self.operand(state, &both.0);
                let constant = self.number(span, value);
                Instruction::JumpIfMatch { of, constant, when, target: 0 }
            }
            _ => {
                let left = self.operand(state, &both.0);
                let right = self.operand(state, &both.1);
                let to = state.temporary();
                let operation = Binary::Match;
                state.emit(span, Instruction::Binary { operation, to, left, right });
                Instruction::JumpIf { of: to, when, target: 0 }
            }
        };
        let jump = state.emit(span, jump);
        state.top = top;
        Vec::from([jump])
    }
}
