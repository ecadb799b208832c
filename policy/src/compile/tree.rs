//! Expressions with their types.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::attribute::Attribute;
use crate::program::{Binary, ExtendedForm, Register, Unary};
use crate::span::Span;
use crate::types::Type;
use crate::value::Value;

/// An expression whose names are resolved.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) kind: TreeKind,
    pub(super) ty: Type,
    pub(super) span: Span,
}

#[derive(Debug, Clone)]
pub(super) enum TreeKind {
    Constant(Value),
    /// What stands in the place of an expression with an error
    Nothing,
    Local(Register),
    Attribute(Attribute),
    And(Box<(Tree, Tree)>),
    Or(Box<(Tree, Tree)>),
    Unary(Unary, Box<Tree>),
    Binary(Binary, Box<(Tree, Tree)>),
    Large(Box<[Tree; 3]>),
    Extended(ExtendedForm, Box<(Tree, Tree)>),
    Convert(Box<Tree>),
    Call(u16, Vec<Tree>),
    Mask(Vec<TreeMask>),
    Roa(u16, Box<(Tree, Tree)>),
}

/// An item of a mask.
#[derive(Debug, Clone)]
pub(super) enum TreeMask {
    One(bool),
    Some,
    Item(Tree, bool),
    Range(Box<(Tree, Tree)>, bool),
}

impl Tree {
    pub(super) fn new(kind: TreeKind, ty: Type, span: Span) -> Self {
        Self { kind, ty, span }
    }

    pub(super) fn nothing(span: Span) -> Self {
        Self::new(TreeKind::Nothing, Type::Any, span)
    }

    pub(super) fn constant(value: Value, span: Span) -> Self {
        let ty = value.ty();
        Self::new(TreeKind::Constant(value), ty, span)
    }

    pub(super) fn unary(operation: Unary, of: Self, ty: Type, span: Span) -> Self {
        Self::new(TreeKind::Unary(operation, Box::new(of)), ty, span)
    }

    pub(super) fn binary(operation: Binary, left: Self, right: Self, ty: Type, span: Span) -> Self {
        Self::new(TreeKind::Binary(operation, Box::new((left, right))), ty, span)
    }

    pub(super) const fn is_constant(&self) -> bool {
        matches!(self.kind, TreeKind::Constant(_))
    }

    /// Whether it may have no value when it runs.
    pub(super) const fn may_be_void(&self) -> bool {
        match self.kind {
            TreeKind::Attribute(_) => !matches!(self.ty, Type::List(_)),
            TreeKind::Local(_) | TreeKind::Call(..) => true,
            _ => false,
        }
    }

    /// Where it depends on a route or a variable.
    pub(super) fn depends(&self) -> Option<Span> {
        let two = |both: &(Self, Self)| both.0.depends().or_else(|| both.1.depends());
        match &self.kind {
            TreeKind::Constant(_) => None,
            TreeKind::Nothing | TreeKind::Local(_) | TreeKind::Attribute(_) | TreeKind::Roa(..) => {
                Some(self.span)
            }
            TreeKind::And(both) | TreeKind::Or(both) => two(both),
            TreeKind::Binary(_, both) | TreeKind::Extended(_, both) => two(both),
            TreeKind::Unary(_, of) | TreeKind::Convert(of) => of.depends(),
            TreeKind::Large(parts) => parts.iter().find_map(Self::depends),
            TreeKind::Call(_, arguments) => arguments.iter().find_map(Self::depends),
            TreeKind::Mask(items) => items.iter().find_map(|item| match item {
                TreeMask::One(_) | TreeMask::Some => None,
                TreeMask::Item(tree, _) => tree.depends(),
                TreeMask::Range(both, _) => two(both),
            }),
        }
    }

    /// Whether all it is made of are constants, so that it can be computed now.
    pub(super) fn can_fold(&self) -> bool {
        let two = |both: &(Self, Self)| both.0.is_constant() && both.1.is_constant();
        match &self.kind {
            TreeKind::Unary(operation, of) => *operation != Unary::Format && of.is_constant(),
            TreeKind::Convert(of) => of.is_constant(),
            TreeKind::And(both)
            | TreeKind::Or(both)
            | TreeKind::Binary(_, both)
            | TreeKind::Extended(_, both) => two(both),
            TreeKind::Large(parts) => parts.iter().all(Self::is_constant),
            TreeKind::Mask(items) => items.iter().all(|item| match item {
                TreeMask::One(_) | TreeMask::Some => true,
                TreeMask::Item(tree, _) => tree.is_constant(),
                TreeMask::Range(both, _) => two(both),
            }),
            _ => false,
        }
    }
}
