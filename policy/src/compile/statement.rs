//! Statements to instructions.

use alloc::format;

use super::tree::{Tree, TreeKind};
use super::{FunctionState, ProgramBuilder};
use crate::ast::{Arm, Expr, ExprKind, Name, Statement, StatementKind, TypeName};
use crate::attribute::{Access, Attribute};
use crate::error::Diagnostic;
use crate::program::{Binary, Instruction, Register, Unary};
use crate::span::Span;
use crate::types::Type;
use crate::value::Value;

/// Where a value is kept.
enum Target {
    Local(Register, Type),
    Attribute(Attribute),
}

impl ProgramBuilder {
    pub(super) fn statements(&mut self, state: &mut FunctionState, list: &[Statement]) {
        list.iter().for_each(|statement| self.statement(state, statement));
    }

    /// A block: its variables end with it.
    fn block(&mut self, state: &mut FunctionState, list: &[Statement]) {
        let (locals, top, scope) = (state.locals.len(), state.top, state.scope_start);
        state.scope_start = locals;
        self.statements(state, list);
        state.locals.truncate(locals);
        (state.top, state.scope_start) = (top, scope);
    }

    fn statement(&mut self, state: &mut FunctionState, statement: &Statement) {
        let span = statement.span;
        // Temporaries end with the statement; variables that it declares do not.
        let top = state.top;
        match &statement.kind {
            StatementKind::Block(list) => self.block(state, list),
            StatementKind::If(condition, then, otherwise) => {
                let condition = self.typed(state, condition, Type::Bool);
                let over = self.branch(state, &condition, false);
                self.block(state, core::slice::from_ref(then));
                if let Some(otherwise) = otherwise {
                    let end = state.emit(span, Instruction::Jump { target: 0 });
                    state.code.land_all(over);
                    self.block(state, core::slice::from_ref(otherwise));
                    state.code.land(end);
                } else {
                    state.code.land_all(over);
                }
            }
            StatementKind::Case(value, arms) => self.case(state, value, arms),
            StatementKind::For(ty, name, list, body) => self.each(state, *ty, name, list, body),
            StatementKind::End(end, printed) => {
                self.print(state, printed);
                if !printed.is_empty() {
                    state.emit(span, Instruction::PrintEnd { line: true });
                }
                state.emit(span, Instruction::End(*end));
            }
            StatementKind::Print(printed, line) => {
                self.print(state, printed);
                state.emit(span, Instruction::PrintEnd { line: *line });
            }
            StatementKind::Return(value) => self.give_back(state, value.as_ref(), span),
            StatementKind::Declare(ty, name, value) => {
                return self.variable(state, *ty, name, value.as_ref());
            }
            StatementKind::Assign(name, value) => {
                let value = self.expression(state, value);
                self.assign(state, name, value, span);
            }
            StatementKind::Unset(name) => self.unset(state, name),
            StatementKind::Expression(expr) => self.effect(state, expr),
            StatementKind::Assert(condition) => {
                let condition = self.typed(state, condition, Type::Bool);
                let of = self.operand(state, &condition);
                state.emit(span, Instruction::Assert { of });
            }
            StatementKind::CheckAssign(name, value) => {
                let value = self.expression(state, value);
                self.assign(state, name, value.clone(), span);
                let Some(target) = self.target(state, name) else { return };
                let now = target.tree(name.span);
                let same = Tree::binary(Binary::Equal, now, value, Type::Bool, span);
                let of = self.operand(state, &same);
                state.emit(span, Instruction::Assert { of });
            }
        }
        state.top = top;
    }

    fn print(&mut self, state: &mut FunctionState, list: &[Expr]) {
        for expr in list {
            let top = state.top;
            let tree = self.expression(state, expr);
            let of = self.operand(state, &tree);
            state.emit(expr.span, Instruction::Print { of });
            state.top = top;
        }
    }

    fn give_back(&mut self, state: &mut FunctionState, value: Option<&Expr>, span: Span) {
        let Some(declared) = state.function else {
            self.errors.push(
                Diagnostic::new(span, "a filter does not return")
                    .hint("it ends by `accept` or `reject`"),
            );
            return;
        };
        let of = match value {
            Some(expr) => {
                let tree = self.expression(state, expr);
                let tree = self.converted(tree, declared.unwrap_or(Type::Any));
                state.returns.push(tree.ty);
                self.operand(state, &tree)
            }
            None => {
                let register = state.temporary();
                state.emit(span, Instruction::Void { to: register });
                register
            }
        };
        state.emit(span, Instruction::Return { of });
    }

    fn variable(
        &mut self,
        state: &mut FunctionState,
        ty: TypeName,
        name: &Name,
        value: Option<&Expr>,
    ) {
        let value = value.map(|value| present(self.typed(state, value, ty.ty)));
        let register = self.declare(state, name, ty.ty);
        match (value, ty.ty) {
            (Some(tree), _) => self.emit(state, &tree, register),
            // In a loop it has the value of the round before.
            (None, Type::List(kind)) => {
                let empty = Tree::constant(Value::List(kind, [].into()), name.span);
                self.emit(state, &empty, register);
            }
            (None, _) => {
                state.emit(name.span, Instruction::Void { to: register });
            }
        }
    }

    /// A variable or an attribute that may be set.
    fn target(&mut self, state: &FunctionState, name: &Name) -> Option<Target> {
        if let Some(local) = state.local(&name.text) {
            return Some(Target::Local(local.register, local.ty));
        }
        let known = self.symbols.contains_key(&name.text);
        match Attribute::named(&name.text) {
            Some(attribute) if !known && attribute.access() != Access::Read => {
                Some(Target::Attribute(attribute))
            }
            Some(_) => {
                self.error(name.span, format!("`{}` cannot be changed", name.text));
                None
            }
            None if known => {
                self.error(name.span, format!("`{}` is no variable", name.text));
                None
            }
            None => {
                let error = self.unknown(state, &name.text, name.span);
                self.errors.push(error);
                None
            }
        }
    }

    fn assign(&mut self, state: &mut FunctionState, name: &Name, value: Tree, span: Span) {
        let Some(target) = self.target(state, name) else { return };
        let value = present(value);
        match target {
            Target::Local(register, ty) => {
                let value = self.converted(value, ty);
                self.emit(state, &value, register);
            }
            Target::Attribute(attribute) => {
                if let Some((operation, item)) = altering(attribute, &value, span) {
                    let constant = self.number(span, item);
                    state.emit(span, Instruction::Alter { operation, attribute, constant });
                    return;
                }
                let value = match (attribute.ty(), value.ty) {
                    // Router identifiers and the like are written as numbers too.
                    (Type::Quad, Type::Int) => value,
                    (ty, _) => self.converted(value, ty),
                };
                let of = self.operand(state, &value);
                state.emit(span, Instruction::SetAttribute { attribute, of });
            }
        }
    }

    fn unset(&mut self, state: &mut FunctionState, name: &Name) {
        match self.target(state, name) {
            Some(Target::Attribute(attribute)) if attribute.access() == Access::Unset => {
                state.emit(name.span, Instruction::Unset { attribute });
            }
            Some(_) => self.error(name.span, format!("`{}` cannot be unset", name.text)),
            None => {}
        }
    }

    /// `f(a);`, or `bgp_community.add(a);`, which sets what it is called on.
    fn effect(&mut self, state: &mut FunctionState, expr: &Expr) {
        if let ExprKind::Method(of, method, _) = &expr.kind {
            let ExprKind::Name(text) = &of.kind else {
                return self.error(of.span, "only a variable or an attribute can be changed");
            };
            let changes = ["prepend", "add", "delete", "filter", "append", "empty"];
            if !changes.contains(&method.text.as_str()) {
                return self.error(expr.span, "this does nothing");
            }
            let name = Name { text: text.clone(), span: of.span };
            let value = self.expression(state, expr);
            return self.assign(state, &name, value, expr.span);
        }
        let tree = self.expression(state, expr);
        if matches!(tree.kind, TreeKind::Call(..)) {
            self.operand(state, &tree);
        } else if !matches!(tree.kind, TreeKind::Nothing) {
            self.error(expr.span, "this does nothing");
        }
    }

    fn each(
        &mut self,
        state: &mut FunctionState,
        ty: TypeName,
        name: &Name,
        list: &Expr,
        body: &Statement,
    ) {
        let tree = self.expression(state, list);
        let element = match tree.ty {
            Type::List(crate::ast::ListKind::Path) => Type::Int,
            Type::List(crate::ast::ListKind::Communities) => Type::Pair,
            Type::List(crate::ast::ListKind::Extended) => Type::Extended,
            Type::List(crate::ast::ListKind::Large) => Type::Large,
            Type::Any => Type::Any,
            other => return self.wrong(list.span, "bgppath, clist, eclist or lclist", other),
        };
        if element != Type::Any && ty.ty != element {
            self.error(ty.span, format!("the elements are of type {element}"));
        }
        let (locals, top, scope) = (state.locals.len(), state.top, state.scope_start);
        state.scope_start = locals;
        let iterator = state.temporary();
        state.temporary();
        self.emit(state, &tree, iterator);
        state.emit(list.span, Instruction::Iterate { iterator });
        let to = self.declare(state, name, ty.ty);
        let start = state.code.here();
        let next = state.emit(list.span, Instruction::Next { to, iterator, target: 0 });
        self.block(state, core::slice::from_ref(body));
        state.emit(list.span, Instruction::Again { target: start });
        state.code.land(next);
        state.locals.truncate(locals);
        (state.top, state.scope_start) = (top, scope);
    }

    fn case(&mut self, state: &mut FunctionState, value: &Expr, arms: &[Arm]) {
        let tree = self.expression(state, value);
        let of = self.operand(state, &tree);
        let mut jumps = alloc::vec::Vec::new();
        // A value that is not there has no label.
        let void = tree.may_be_void().then(|| {
            let to = state.temporary();
            state.emit(value.span, Instruction::Unary { operation: Unary::Defined, to, of });
            state.emit(value.span, Instruction::JumpIf { of: to, when: false, target: 0 })
        });
        let mut otherwise = None;
        for (index, arm) in arms.iter().enumerate() {
            let Some(labels) = &arm.labels else {
                if otherwise.replace(index).is_some() {
                    self.error(arm.span, "there is an `else:` already");
                }
                continue;
            };
            let Some(set) = self.set(state, labels, arm.span) else { continue };
            let fits = tree.ty == Type::Any
                || tree.ty.set() == Some(set.ty())
                || matches!((tree.ty, set.ty()), (Type::Quad, crate::types::SetType::Ip));
            if !fits {
                self.wrong(arm.span, &format!("{}", tree.ty), Type::Set(set.ty()));
            }
            let constant = self.number(arm.span, &Value::Set(set));
            let jump = Instruction::JumpIfMatch { of, constant, when: true, target: 0 };
            jumps.push((index, state.emit(arm.span, jump)));
        }
        let over = state.emit(value.span, Instruction::Jump { target: 0 });
        let mut ends = alloc::vec::Vec::new();
        for (index, arm) in arms.iter().enumerate() {
            let to_arm = jumps.iter().filter(|jump| jump.0 == index).map(|jump| jump.1);
            state.code.land_all(to_arm);
            if otherwise == Some(index) {
                state.code.land_all(void.into_iter().chain([over]));
            }
            self.block(state, &arm.body);
            ends.push(state.emit(arm.span, Instruction::Jump { target: 0 }));
        }
        if otherwise.is_none() {
            state.code.land_all(void.into_iter().chain([over]));
        }
        state.code.land_all(ends);
    }
}

/// A value that is kept has to be there: the run ends where it is not.
fn present(tree: Tree) -> Tree {
    if !tree.may_be_void() {
        return tree;
    }
    let (ty, span) = (tree.ty, tree.span);
    Tree::new(TreeKind::Convert(tree.into()), ty, span)
}

/// The operation and the constant of `bgp_community.add((1, 2));`. Where the spans differ, so do the places of errors.
fn altering(attribute: Attribute, value: &Tree, span: Span) -> Option<(Binary, &Value)> {
    let TreeKind::Binary(operation, both) = &value.kind else { return None };
    match (&both.0.kind, &both.1.kind) {
        (TreeKind::Attribute(of), TreeKind::Constant(item)) => {
            (*of == attribute && value.ty == attribute.ty() && value.span == span)
                .then_some((*operation, item))
        }
        _ => None,
    }
}

impl Target {
    fn tree(&self, span: Span) -> Tree {
        match self {
            Self::Local(register, ty) => Tree::new(TreeKind::Local(*register), *ty, span),
            Self::Attribute(attribute) => {
                Tree::new(TreeKind::Attribute(*attribute), attribute.ty(), span)
            }
        }
    }
}
