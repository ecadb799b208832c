//! What may be written but hardly is what was meant: variables that nothing reads, statements that are never come
//! to, `&&` and `||` without brackets.

use alloc::format;
use alloc::vec::Vec;

use crate::ast::{
    Expr, ExprKind, MaskItemKind, Name, Operator, Part, SetItem, SetItemKind, Statement,
    StatementKind,
};
use crate::error::Diagnostic;
use crate::span::Span;

/// Warnings about a body.
pub(super) fn of_body<'a>(
    arguments: impl Iterator<Item = &'a Name>,
    body: &'a [Statement],
    out: &mut Vec<Diagnostic>,
) {
    let variables =
        arguments.map(|name| Variable { name: &name.text, span: name.span, read: true }).collect();
    Walk { variables, out }.block(body);
}

/// Warnings about an expression outside of bodies.
pub(super) fn of_expression(expr: &Expr, out: &mut Vec<Diagnostic>) {
    Walk { variables: Vec::new(), out }.expression(expr);
}

struct Variable<'a> {
    name: &'a str,
    span: Span,
    read: bool,
}

struct Walk<'a, 'b> {
    /// Those of inner blocks are last
    variables: Vec<Variable<'a>>,
    out: &'b mut Vec<Diagnostic>,
}

impl<'a> Walk<'a, '_> {
    fn block(&mut self, list: &'a [Statement]) {
        let outside = self.variables.len();
        let mut ended = false;
        for statement in list {
            let nothing = matches!(&statement.kind, StatementKind::Block(list) if list.is_empty());
            if core::mem::take(&mut ended) && !nothing {
                let message = "this is never come to";
                self.out.push(
                    Diagnostic::warning(statement.span, message)
                        .hint("the statement before it always ends"),
                );
            }
            ended = ends(statement);
            self.statement(statement);
        }
        for variable in self.variables.drain(outside..).filter(|variable| !variable.read) {
            let message = format!("variable `{}` is never read", variable.name);
            self.out.push(Diagnostic::warning(variable.span, message));
        }
    }

    fn statement(&mut self, statement: &'a Statement) {
        match &statement.kind {
            StatementKind::Block(list) => self.block(list),
            StatementKind::If(condition, then, otherwise) => {
                self.expression(condition);
                self.block(core::slice::from_ref(then));
                if let Some(otherwise) = otherwise {
                    self.block(core::slice::from_ref(otherwise));
                }
            }
            StatementKind::Case(value, arms) => {
                self.expression(value);
                for arm in arms {
                    self.items(arm.labels.as_deref().unwrap_or_default());
                    self.block(&arm.body);
                }
            }
            StatementKind::For(_, name, list, body) => {
                self.expression(list);
                let outside = self.variables.len();
                self.declare(name, true);
                self.block(core::slice::from_ref(body));
                self.variables.truncate(outside);
            }
            StatementKind::End(_, list) | StatementKind::Print(list, _) => self.expressions(list),
            StatementKind::Return(value) => self.expressions(value),
            StatementKind::Declare(_, name, value) => {
                self.expressions(value);
                self.declare(name, false);
            }
            StatementKind::Assign(_, value)
            | StatementKind::Expression(value)
            | StatementKind::Assert(value) => self.expression(value),
            StatementKind::CheckAssign(name, value) => {
                self.expression(value);
                self.read(&name.text);
            }
            StatementKind::Unset(_) => {}
        }
    }

    fn declare(&mut self, name: &'a Name, read: bool) {
        // A name that begins so says itself that nothing reads it.
        let read = read || name.text.starts_with('_');
        self.variables.push(Variable { name: &name.text, span: name.span, read });
    }

    fn read(&mut self, name: &str) {
        if let Some(variable) = self.variables.iter_mut().rev().find(|one| one.name == name) {
            variable.read = true;
        }
    }

    fn expressions<'e>(&mut self, list: impl IntoIterator<Item = &'e Expr>) {
        list.into_iter().for_each(|expr| self.expression(expr));
    }

    fn expression(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.read(name),
            ExprKind::Not(of) => self.expression(of),
            ExprKind::Binary(operator, left, right) => {
                self.mixed(*operator, left);
                self.expression(left);
                self.expression(right);
            }
            ExprKind::Call(_, arguments) => self.expressions(arguments),
            ExprKind::Method(of, _, arguments) => {
                self.expression(of);
                self.expressions(arguments.as_deref().unwrap_or_default());
            }
            ExprKind::Roa(_, both) | ExprKind::Pair(both) | ExprKind::Extended(_, both) => {
                self.expressions([&both.0, &both.1]);
            }
            ExprKind::Triple(parts) => self.expressions([&parts.0, &parts.1, &parts.2]),
            ExprKind::Set(items) => self.items(items),
            ExprKind::Mask(items) => items.iter().for_each(|item| match &item.kind {
                MaskItemKind::Item(item) => self.items(core::slice::from_ref(item)),
                MaskItemKind::Set(items) => self.items(items),
                MaskItemKind::One | MaskItemKind::Some => {}
            }),
            _ => {}
        }
    }

    fn items(&mut self, items: &[SetItem]) {
        for item in items {
            match &item.kind {
                SetItemKind::Prefix(..) => {}
                SetItemKind::Range(low, high) => {
                    self.expression(low);
                    self.expressions(high);
                }
                SetItemKind::Tuple(parts) => parts.iter().for_each(|part| self.part(part)),
                SetItemKind::Extended(_, key, value) => {
                    self.expression(key);
                    self.part(value);
                }
            }
        }
    }

    fn part(&mut self, part: &Part) {
        if let Part::Range(low, high) = part {
            self.expression(low);
            self.expressions(high);
        }
    }

    /// `&&` behind `||`, or the other way round: both bind equally.
    fn mixed(&mut self, operator: Operator, left: &Expr) {
        let ExprKind::Binary(first, one, two) = &left.kind else { return };
        let (first, second) = match (first, operator) {
            (Operator::And, Operator::Or) => ("&&", "||"),
            (Operator::Or, Operator::And) => ("||", "&&"),
            _ => return,
        };
        // What is in brackets is larger than its parts.
        if left.span == one.span.to(two.span) {
            let message = format!("`{first}` and `{second}` are mixed without brackets");
            let hint = format!("neither binds tighter: this is `(… {first} …) {second} …`");
            self.out.push(Diagnostic::warning(left.span, message).hint(hint));
        }
    }
}

/// Whether nothing behind this statement is ever come to.
fn ends(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::End(..) | StatementKind::Return(_) => true,
        StatementKind::Block(list) => list.iter().any(ends),
        StatementKind::If(_, then, Some(otherwise)) => ends(then) && ends(otherwise),
        StatementKind::Case(_, arms) => {
            arms.iter().any(|arm| arm.labels.is_none())
                && arms.iter().all(|arm| arm.body.iter().any(ends))
        }
        _ => false,
    }
}
