//! Expressions: names resolved, types checked, constants computed.

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::method::{METHODS, method_of};
use super::tree::{Tree, TreeKind, TreeMask};
use super::{FunctionState, ProgramBuilder, Symbol};
use crate::ast::{
    Expr, ExprKind, ExtendedKind, ListKind, MaskItem, MaskItemKind, Name, Operator, SetItemKind,
};
use crate::attribute::Attribute;
use crate::error::{Diagnostic, nearest};
use crate::program::{Binary, ExtendedForm, Unary};
use crate::span::Span;
use crate::types::{EnumType, SetType, Type};
use crate::value::{Net, Value};

impl ProgramBuilder {
    /// The tree of an expression; its errors are kept.
    pub(super) fn expression(&mut self, state: &mut FunctionState, expr: &Expr) -> Tree {
        let tree = self.unfolded(state, expr);
        self.fold(tree)
    }

    /// Computes what is made of constants.
    fn fold(&mut self, tree: Tree) -> Tree {
        if !tree.can_fold() {
            return tree;
        }
        match self.evaluate_tree(&tree) {
            Some(value) => Tree::constant(value, tree.span),
            None => Tree::nothing(tree.span),
        }
    }

    fn unfolded(&mut self, state: &mut FunctionState, expr: &Expr) -> Tree {
        let span = expr.span;
        let constant = |value| Tree::constant(value, span);
        match &expr.kind {
            ExprKind::Int(value) => constant(Value::Int(*value)),
            ExprKind::Bool(value) => constant(Value::Bool(*value)),
            ExprKind::Ip(value) => constant(Value::Ip(*value)),
            ExprKind::Prefix(value) => constant(Value::Prefix(*value)),
            ExprKind::Vpn(rd, net) => constant(Value::Net(Net::Vpn(*rd, *net).into())),
            ExprKind::Flow(flow) => constant(Value::Net(Net::Flow((**flow).clone()).into())),
            ExprKind::RouteDistinguisher(value) => constant(Value::RouteDistinguisher(*value)),
            ExprKind::Text(value) => constant(Value::Text(value.as_str().into())),
            ExprKind::Bytes(value) => constant(Value::Bytes(value.as_slice().into())),
            ExprKind::Empty(kind) => constant(Value::List(*kind, Arc::from([]))),
            ExprKind::Roa(net, both) => self.roa(state, span, *net, both),
            ExprKind::Name(name) => self.name(state, name, span),
            ExprKind::Call(name, arguments) => self.call(state, name, arguments, span),
            ExprKind::Not(of) => {
                let of = self.typed(state, of, Type::Bool);
                Tree::unary(Unary::Not, of, Type::Bool, span)
            }
            ExprKind::Binary(operator, left, right) => {
                self.operator(state, span, *operator, left, right)
            }
            ExprKind::Method(of, name, arguments) => {
                self.method(state, of, name, arguments.as_deref(), span)
            }
            ExprKind::Pair(both) => {
                let (left, right) =
                    (self.typed(state, &both.0, Type::Int), self.typed(state, &both.1, Type::Int));
                Tree::binary(Binary::Pair, left, right, Type::Pair, span)
            }
            ExprKind::Triple(parts) => {
                let parts = [&parts.0, &parts.1, &parts.2];
                let parts = parts.map(|part| self.typed(state, part, Type::Int));
                Tree::new(TreeKind::Large(Box::new(parts)), Type::Large, span)
            }
            ExprKind::Extended(kind, both) => {
                let left = self.extended_key(state, &both.0);
                let right = self.typed(state, &both.1, Type::Int);
                let kind = TreeKind::Extended(form(kind), Box::new((left, right)));
                Tree::new(kind, Type::Extended, span)
            }
            ExprKind::Set(items) => match self.set(state, items, span) {
                Some(set) => constant(Value::Set(set)),
                None => Tree::nothing(span),
            },
            ExprKind::Mask(items) => self.mask(state, items, span),
        }
    }

    /// An AS number, or an address.
    pub(super) fn extended_key(&mut self, state: &mut FunctionState, expr: &Expr) -> Tree {
        let tree = self.expression(state, expr);
        if !matches!(tree.ty, Type::Int | Type::Ip | Type::Quad | Type::Any) {
            self.wrong(tree.span, "int", tree.ty);
            return Tree::nothing(tree.span);
        }
        tree
    }

    /// An expression whose value is to be of a type.
    pub(super) fn typed(&mut self, state: &mut FunctionState, expr: &Expr, ty: Type) -> Tree {
        let tree = self.expression(state, expr);
        self.converted(tree, ty)
    }

    /// A value where one of type `ty` is wanted.
    pub(super) fn converted(&mut self, tree: Tree, ty: Type) -> Tree {
        if tree.ty == ty || ty == Type::Any {
            return tree;
        }
        let span = tree.span;
        if !ty.takes(tree.ty) {
            self.wrong(span, &format!("{ty}"), tree.ty);
            return Tree::nothing(span);
        }
        if let (Type::Set(of), TreeKind::Constant(_)) = (ty, &tree.kind) {
            // `[]` becomes an empty set of what is wanted.
            return Tree::constant(Value::Set(super::sets::empty(of)), span);
        }
        if matches!(tree.kind, TreeKind::Nothing) {
            return Tree { ty, ..tree };
        }
        self.fold(Tree::new(TreeKind::Convert(Box::new(tree)), ty, span))
    }

    pub(super) fn wrong(&mut self, span: Span, wanted: &str, found: Type) {
        self.error(span, format!("expected a value of type {wanted}, found {found}"));
    }

    fn name(&mut self, state: &FunctionState, name: &str, span: Span) -> Tree {
        if let Some(local) = state.local(name) {
            return Tree::new(TreeKind::Local(local.register), local.ty, span);
        }
        match self.symbols.get(name) {
            Some((Symbol::Constant(value), _)) => return Tree::constant(value.clone(), span),
            Some((Symbol::Function(_), _)) => {
                let error = Diagnostic::new(span, format!("`{name}` is a function"));
                self.errors.push(error.hint(format!("call it: `{name}()`")));
                return Tree::nothing(span);
            }
            Some(_) => {
                self.error(span, format!("`{name}` is no value"));
                return Tree::nothing(span);
            }
            None => {}
        }
        if let Some(attribute) = Attribute::named(name) {
            return Tree::new(TreeKind::Attribute(attribute), attribute.ty(), span);
        }
        if let Some(value) = Value::named(name) {
            return Tree::constant(value, span);
        }
        let error = self.unknown(state, name, span);
        self.errors.push(error);
        Tree::nothing(span)
    }

    fn roa(
        &mut self,
        state: &mut FunctionState,
        span: Span,
        net: ipnet::IpNet,
        both: &(Expr, Expr),
    ) -> Tree {
        let (most, asn) = (self.expression(state, &both.0), self.expression(state, &both.1));
        let (TreeKind::Constant(Value::Int(most)), TreeKind::Constant(Value::Int(asn))) =
            (&most.kind, &asn.kind)
        else {
            self.error(span, "the length and the AS number have to be constants");
            return Tree::nothing(span);
        };
        let fits = (u32::from(net.prefix_len())..=u32::from(net.max_prefix_len())).contains(most);
        let (Ok(most), true) = (u8::try_from(*most), fits) else {
            self.error(both.0.span, format!("no prefix within {net} is that long"));
            return Tree::nothing(span);
        };
        Tree::constant(Value::Net(Net::Roa(net, most, *asn).into()), span)
    }

    fn operator(
        &mut self,
        state: &mut FunctionState,
        span: Span,
        operator: Operator,
        left: &Expr,
        right: &Expr,
    ) -> Tree {
        if matches!(operator, Operator::And | Operator::Or) {
            let left = self.typed(state, left, Type::Bool);
            let both = Box::new((left, self.typed(state, right, Type::Bool)));
            let and = operator == Operator::And;
            let kind = if and { TreeKind::And(both) } else { TreeKind::Or(both) };
            return Tree::new(kind, Type::Bool, span);
        }
        let (left, right) = (self.expression(state, left), self.expression(state, right));
        let (operation, swapped) = match operator {
            Operator::Equal => (Binary::Equal, false),
            Operator::NotEqual => (Binary::NotEqual, false),
            Operator::Less => (Binary::Less, false),
            Operator::Greater => (Binary::Less, true),
            Operator::LessOrEqual => (Binary::LessOrEqual, false),
            Operator::GreaterOrEqual => (Binary::LessOrEqual, true),
            Operator::Match => (Binary::Match, false),
            Operator::NotMatch => (Binary::NotMatch, false),
            Operator::BitOr => (Binary::BitOr, false),
            Operator::BitAnd => (Binary::BitAnd, false),
            Operator::Add => (Binary::Add, false),
            Operator::Subtract => (Binary::Subtract, false),
            Operator::Concat => (Binary::Concat, false),
            Operator::Multiply => (Binary::Multiply, false),
            Operator::Divide | Operator::And | Operator::Or => (Binary::Divide, false),
        };
        match result(operation, left.ty, right.ty) {
            Ok((operation, ty)) if swapped => Tree::binary(operation, right, left, ty, span),
            Ok((operation, ty)) => Tree::binary(operation, left, right, ty, span),
            Err(message) => {
                self.error(span, message);
                Tree::nothing(span)
            }
        }
    }

    fn call(
        &mut self,
        state: &mut FunctionState,
        name: &Name,
        arguments: &[Expr],
        span: Span,
    ) -> Tree {
        if let Some((Symbol::Function(number), _)) = self.symbols.get(&name.text) {
            return self.own_call(state, *number, name, arguments, span);
        }
        match (name.text.as_str(), arguments) {
            ("defined", [of]) => {
                let of = self.expression(state, of);
                Tree::unary(Unary::Defined, of, Type::Bool, span)
            }
            ("format", [of]) => {
                let of = self.expression(state, of);
                Tree::unary(Unary::Format, of, Type::Text, span)
            }
            ("from_hex", [of]) => {
                let of = self.typed(state, of, Type::Text);
                Tree::unary(Unary::FromHex, of, Type::Bytes, span)
            }
            ("roa_check", [table, rest @ ..]) => self.roa_check(state, table, rest, span),
            ("prepend" | "add" | "delete" | "filter" | "append", [of, item]) => {
                let of = self.expression(state, of);
                let item = self.expression(state, item);
                self.change(&name.text, name.span, of, item, span)
            }
            _ => {
                let known = matches!(
                    name.text.as_str(),
                    "defined"
                        | "format"
                        | "from_hex"
                        | "roa_check"
                        | "prepend"
                        | "add"
                        | "delete"
                        | "filter"
                        | "append"
                );
                let error = if known {
                    let count = arguments.len();
                    Diagnostic::new(
                        span,
                        format!("`{}` does not take {count} arguments", name.text),
                    )
                } else {
                    self.unknown(state, &name.text, name.span)
                };
                self.errors.push(error);
                Tree::nothing(span)
            }
        }
    }

    fn own_call(
        &mut self,
        state: &mut FunctionState,
        number: u16,
        name: &Name,
        arguments: &[Expr],
        span: Span,
    ) -> Tree {
        let Some(signature) = self.signatures.get(usize::from(number)).cloned() else {
            return Tree::nothing(span);
        };
        if signature.arguments.len() != arguments.len() {
            let (wanted, found) = (signature.arguments.len(), arguments.len());
            let message = format!("`{}` takes {wanted} arguments, not {found}", name.text);
            self.error(span, message);
        }
        let arguments = signature
            .arguments
            .iter()
            .zip(arguments)
            .map(|(ty, argument)| self.typed(state, argument, *ty))
            .collect();
        Tree::new(TreeKind::Call(number, arguments), signature.result, span)
    }

    /// `roa_check(t)`, `roa_check(t, net, asn)`
    fn roa_check(
        &mut self,
        state: &mut FunctionState,
        table: &Expr,
        rest: &[Expr],
        span: Span,
    ) -> Tree {
        let number = match &table.kind {
            ExprKind::Name(name) => match self.symbols.get(name) {
                Some((Symbol::Table(number), _)) => Some(*number),
                _ => None,
            },
            _ => None,
        };
        let Some(number) = number else {
            self.error(table.span, "expected the name of a table of ROAs");
            return Tree::nothing(span);
        };
        let both = match rest {
            [] => {
                let path = Tree::new(
                    TreeKind::Attribute(Attribute::Path),
                    Type::List(ListKind::Path),
                    span,
                );
                let net = Tree::new(TreeKind::Attribute(Attribute::Net), Type::Prefix, span);
                (net, Tree::unary(Unary::Last, path, Type::Int, span))
            }
            [net, asn] => (self.typed(state, net, Type::Prefix), self.typed(state, asn, Type::Int)),
            _ => {
                self.error(
                    span,
                    "`roa_check` takes a table, or a table, a prefix and an AS number",
                );
                return Tree::nothing(span);
            }
        };
        Tree::new(TreeKind::Roa(number, Box::new(both)), Type::Enum(EnumType::Roa), span)
    }

    /// `prepend`, `add`, `delete`, `filter`
    pub(super) fn change(
        &mut self,
        word: &str,
        place: Span,
        of: Tree,
        item: Tree,
        span: Span,
    ) -> Tree {
        let operation = match (word, of.ty) {
            ("prepend", Type::List(ListKind::Path) | Type::Any) => Binary::Prepend,
            ("add", Type::List(kind)) if kind != ListKind::Path => Binary::Include,
            ("add", Type::Any) => Binary::Include,
            ("delete", Type::List(_) | Type::Any) => Binary::Delete,
            ("filter", Type::List(_) | Type::Any) => Binary::Filter,
            ("append", Type::Text | Type::Bytes) => Binary::Concat,
            ("append", Type::List(kind)) if kind != ListKind::Path => Binary::Include,
            _ => {
                self.error(place, format!("values of type {} have no `{word}`", of.ty));
                return Tree::nothing(span);
            }
        };
        if !may_change(operation, of.ty, item.ty) {
            let message = format!("a value of type {} does not go with `{word}` here", item.ty);
            self.error(item.span, message);
            return Tree::nothing(span);
        }
        let ty = of.ty;
        let tree = Tree::binary(operation, of, item, ty, span);
        self.fold(tree)
    }

    fn method(
        &mut self,
        state: &mut FunctionState,
        of: &Expr,
        name: &Name,
        arguments: Option<&[Expr]>,
        span: Span,
    ) -> Tree {
        let of = self.expression(state, of);
        match (name.text.as_str(), arguments) {
            ("mask", Some([length])) => {
                let length = self.typed(state, length, Type::Int);
                if !matches!(of.ty, Type::Ip | Type::Quad | Type::Any) {
                    self.wrong(of.span, "ip", of.ty);
                }
                let ty = of.ty;
                return Tree::binary(Binary::Mask, of, length, ty, span);
            }
            ("prepend" | "add" | "delete" | "filter" | "append", Some([item])) => {
                let item = self.expression(state, item);
                return self.change(&name.text, name.span, of, item, span);
            }
            _ => {}
        }
        let found = method_of(of.ty, &name.text);
        let none = arguments.is_none_or(<[Expr]>::is_empty);
        match found {
            Some((operation, ty)) if none => Tree::unary(operation, of, ty, span),
            Some(_) => {
                self.error(span, format!("`{}` takes no arguments", name.text));
                Tree::nothing(span)
            }
            None => {
                let message = format!("values of type {} have no `{}`", of.ty, name.text);
                let known = METHODS.into_iter().filter(|word| method_of(of.ty, word).is_some());
                let mut error = Diagnostic::new(name.span, message);
                if let Some(near) = nearest(&name.text, known) {
                    error = error.hint(format!("there is `{near}`"));
                }
                self.errors.push(error);
                Tree::nothing(span)
            }
        }
    }

    fn mask(&mut self, state: &mut FunctionState, items: &[MaskItem], span: Span) -> Tree {
        let items: Vec<TreeMask> =
            items.iter().filter_map(|item| self.mask_item(state, item)).collect();
        Tree::new(TreeKind::Mask(items), Type::Mask, span)
    }

    fn mask_item(&mut self, state: &mut FunctionState, item: &MaskItem) -> Option<TreeMask> {
        let repeated = item.repeated;
        Some(match &item.kind {
            MaskItemKind::One => TreeMask::One(repeated),
            MaskItemKind::Some => TreeMask::Some,
            MaskItemKind::Set(items) => {
                let set = self.set(state, items, item.span)?;
                TreeMask::Item(Tree::constant(Value::Set(set), item.span), repeated)
            }
            MaskItemKind::Item(inner) => match &inner.kind {
                SetItemKind::Range(low, Some(high)) => {
                    let low = self.typed(state, low, Type::Int);
                    let high = self.typed(state, high, Type::Int);
                    TreeMask::Range(Box::new((low, high)), repeated)
                }
                SetItemKind::Range(one, None) => {
                    let tree = self.expression(state, one);
                    let fits = matches!(
                        tree.ty,
                        Type::Int
                            | Type::Any
                            | Type::List(ListKind::Path)
                            | Type::Set(SetType::Int | SetType::Empty)
                    );
                    if !fits {
                        self.wrong(tree.span, "int", tree.ty);
                        return None;
                    }
                    TreeMask::Item(tree, repeated)
                }
                _ => {
                    self.error(inner.span, "this cannot stand in a path mask");
                    return None;
                }
            },
        })
    }
}

pub(super) const fn form(kind: &ExtendedKind) -> ExtendedForm {
    match kind {
        ExtendedKind::RouteTarget => ExtendedForm::Named(2),
        ExtendedKind::RouteOrigin => ExtendedForm::Named(3),
        ExtendedKind::Generic => ExtendedForm::Generic,
        ExtendedKind::Unknown(kind) => ExtendedForm::Unknown(*kind as u16),
    }
}

/// Whether `add`, `delete`, `filter` or `prepend` takes an item of this type.
fn may_change(operation: Binary, of: Type, item: Type) -> bool {
    use ListKind::{Communities, Extended, Large, Path};
    if of == Type::Any || item == Type::Any {
        return true;
    }
    let set = matches!(operation, Binary::Delete | Binary::Filter);
    match (operation, of, item) {
        (Binary::Prepend | Binary::Delete, Type::List(Path), Type::Int) => true,
        (Binary::Concat, a, b) => a == b,
        (_, Type::List(Path), Type::Set(SetType::Int | SetType::Empty)) => set,
        (
            Binary::Include | Binary::Delete,
            Type::List(Communities),
            Type::Pair | Type::Quad | Type::Ip,
        )
        | (Binary::Include | Binary::Delete, Type::List(Extended), Type::Extended)
        | (Binary::Include | Binary::Delete, Type::List(Large), Type::Large) => true,
        (_, Type::List(a), Type::List(b)) => a == b && a != Path,
        (
            _,
            Type::List(Communities),
            Type::Set(SetType::Pair | SetType::Quad | SetType::Ip | SetType::Empty),
        )
        | (_, Type::List(Extended), Type::Set(SetType::Extended | SetType::Empty))
        | (_, Type::List(Large), Type::Set(SetType::Large | SetType::Empty)) => set,
        _ => false,
    }
}

/// What an operation on values of these types gives, or why it cannot be.
fn result(
    operation: Binary,
    left: Type,
    right: Type,
) -> Result<(Binary, Type), alloc::string::String> {
    let any = left == Type::Any || right == Type::Any;
    let ints = any || (left == Type::Int && right == Type::Int);
    match operation {
        Binary::Equal | Binary::NotEqual => Ok((operation, Type::Bool)),
        Binary::Less | Binary::LessOrEqual => {
            let ordered = matches!(
                left,
                Type::Int
                    | Type::Pair
                    | Type::Quad
                    | Type::Ip
                    | Type::Prefix
                    | Type::Extended
                    | Type::Large
                    | Type::RouteDistinguisher
                    | Type::Enum(_)
                    | Type::Bool
                    | Type::Text
            );
            let quad = matches!((left, right), (Type::Quad, Type::Ip) | (Type::Ip, Type::Quad));
            if any || quad || (ordered && left == right) {
                Ok((operation, Type::Bool))
            } else {
                Err(format!("values of type {left} and {right} have no order"))
            }
        }
        Binary::Match | Binary::NotMatch => {
            if any || may_match(left, right) {
                Ok((operation, Type::Bool))
            } else {
                Err(format!("a value of type {left} cannot match one of type {right}"))
            }
        }
        Binary::Concat => match (left, right) {
            (Type::Text, Type::Text) | (Type::Bytes, Type::Bytes) => Ok((operation, left)),
            (Type::List(a), Type::List(b)) if a == b && a != ListKind::Path => {
                Ok((Binary::Include, left))
            }
            _ if any => Ok((operation, Type::Any)),
            _ => Err(format!("values of type {left} and {right} cannot be joined")),
        },
        _ if ints => Ok((operation, Type::Int)),
        _ => Err(format!("expected two values of type int, found {left} and {right}")),
    }
}

/// The pairs of types that `~` knows.
fn may_match(left: Type, right: Type) -> bool {
    use ListKind::{Communities, Extended, Large, Path};
    match (left, right) {
        (_, Type::Set(SetType::Empty)) => true,
        (Type::List(Path), Type::Mask | Type::Set(SetType::Int))
        | (Type::Int, Type::List(Path))
        | (Type::Pair | Type::Quad | Type::Ip, Type::List(Communities))
        | (Type::Extended, Type::List(Extended))
        | (Type::Large, Type::List(Large))
        | (Type::Text, Type::Text)
        | (Type::Ip | Type::Prefix, Type::Prefix | Type::Set(SetType::Prefix))
        | (Type::Ip | Type::Quad, Type::Set(SetType::Ip))
        | (Type::List(Communities), Type::Set(SetType::Pair | SetType::Quad | SetType::Ip))
        | (Type::List(Extended), Type::Set(SetType::Extended))
        | (Type::List(Large), Type::Set(SetType::Large)) => true,
        (_, Type::Set(of)) => left.set() == Some(of),
        _ => false,
    }
}

/// `1.2.3.4` where a quad is wanted.
pub(super) fn quad(value: &Value) -> Option<u32> {
    match value {
        Value::Quad(value) => Some(*value),
        Value::Ip(IpAddr::V4(ip)) => Some((*ip).into()),
        _ => None,
    }
}
