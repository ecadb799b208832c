//! Sets: their items are constants.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{FunctionState, ProgramBuilder};
use crate::ast::{Expr, ExtendedKind, Part, SetItem, SetItemKind};
use crate::error::Diagnostic;
use crate::program::ExtendedForm;
use crate::set::{Member, PairItem, PairSet, PrefixPattern, PrefixSet, RangeSet};
use crate::span::Span;
use crate::types::{SetType, Type};
use crate::value::{Set, Value};

/// An item as it is put into a set.
enum Item {
    Range(Value, Value),
    Prefix(PrefixPattern),
    Pair(PairItem),
}

impl ProgramBuilder {
    /// The set of `items`: the first of them tells of what it is.
    pub(super) fn set(
        &mut self,
        state: &mut FunctionState,
        items: &[SetItem],
        span: Span,
    ) -> Option<Set> {
        let before = self.errors.len();
        let mut list: Vec<(Span, Item)> = Vec::new();
        for item in items {
            match self.item(state, item) {
                Some(found) => list.push((item.span, found)),
                None if self.errors.len() == before => return None,
                None => {}
            }
        }
        if self.errors.len() > before {
            return None;
        }
        let Some((_, first)) = list.first() else { return Some(Set::Empty) };
        let ty = of(first)?;
        for (place, item) in &list {
            let found = of(item);
            // `[ 1.2.3.4, … ]` is of addresses, and quads go with them.
            if found != Some(ty) {
                let message = "the items of this set are of different types";
                self.errors.push(Diagnostic::new(*place, message));
                return None;
            }
        }
        self.families(&list, span);
        let set = build(ty, list.into_iter().map(|one| one.1).collect());
        if set.is_none() {
            let message = if ty == SetType::Prefix {
                "this set mixes IPv4 and IPv6 prefixes"
            } else {
                "the items of this set are of different types"
            };
            self.errors.push(Diagnostic::new(span, message));
        }
        set
    }

    /// BIRD takes addresses of both families into one set.
    fn families(&mut self, list: &[(Span, Item)], span: Span) {
        let any = |ipv4: bool| {
            list.iter().any(
                |(_, item)| matches!(item, Item::Range(Value::Ip(low), _) if low.is_ipv4() == ipv4),
            )
        };
        if any(true) && any(false) {
            let message = "this set mixes IPv4 and IPv6 addresses";
            self.warnings.push(Diagnostic::warning(span, message));
        }
    }

    fn item(&mut self, state: &mut FunctionState, item: &SetItem) -> Option<Item> {
        match &item.kind {
            SetItemKind::Prefix(net, least, most) => {
                Some(Item::Prefix(PrefixPattern { net: *net, least: *least, most: *most }))
            }
            SetItemKind::Range(low, high) => {
                let low_value = self.constant_of(state, low)?;
                // A constant that is a prefix stands for itself.
                if let (Value::Prefix(net), None) = (&low_value, high) {
                    let length = net.prefix_len();
                    let pattern = PrefixPattern { net: *net, least: length, most: length };
                    return Some(Item::Prefix(pattern));
                }
                let high = match high {
                    Some(high) => self.constant_of(state, high)?,
                    None => low_value.clone(),
                };
                if let (Value::Pair(low), Value::Pair(high)) = (&low_value, &high) {
                    self.ascending(item.span, low, high)?;
                    return Some(Item::Pair(PairItem::Span(halves(*low), halves(*high))));
                }
                Some(Item::Range(low_value, high))
            }
            SetItemKind::Tuple(parts) => self.tuple(state, parts, item.span),
            SetItemKind::Extended(kind, key, value) => {
                self.extended_item(state, kind, key, value, item.span)
            }
        }
    }

    fn constant_of(&mut self, state: &mut FunctionState, expr: &Expr) -> Option<Value> {
        let before = self.errors.len();
        let tree = self.expression(state, expr);
        if self.errors.len() > before {
            return None;
        }
        if let Some(span) = tree.depends() {
            self.error(span, "a set has constants only");
            return None;
        }
        self.evaluate_tree(&tree)
    }

    /// The bounds of a part of a tuple.
    fn part(&mut self, state: &mut FunctionState, part: &Part, most: u32) -> Option<(u32, u32)> {
        let Part::Range(low, high) = part else { return Some((0, most)) };
        let mut number = |expr: &Expr| match self.constant_of(state, expr)? {
            Value::Int(value) if value <= most => Some(value),
            Value::Int(value) => {
                self.error(expr.span, format!("{value} is more than {most}"));
                None
            }
            other => {
                self.wrong(expr.span, "int", other.ty());
                None
            }
        };
        let low = number(low)?;
        Some((
            low,
            match high {
                Some(high) => number(high)?,
                None => low,
            },
        ))
    }

    /// Ranges of pairs must not descend; others may, and have nothing in them.
    fn ascending<T: Ord>(&mut self, span: Span, low: T, high: T) -> Option<()> {
        if low > high {
            self.error(span, "this range ends before it begins");
            return None;
        }
        Some(())
    }

    /// `(a, b..c)` and `(a, *, *)`
    fn tuple(&mut self, state: &mut FunctionState, parts: &[Part], span: Span) -> Option<Item> {
        match parts {
            [one, two] => {
                let short = |(low, high): (u32, u32)| (low as u16, high as u16);
                let first = short(self.part(state, one, 0xffff)?);
                let second = short(self.part(state, two, 0xffff)?);
                self.ascending(span, first.0, first.1)?;
                self.ascending(span, second.0, second.1)?;
                let whole = matches!(two, Part::Any);
                Some(Item::Pair(if first.0 == first.1 || whole {
                    PairItem::Span((first.0, second.0), (first.1, second.1))
                } else {
                    PairItem::Product { first, second }
                }))
            }
            [one, two, three] => {
                let mut bounds = [(0, 0); 3];
                let mut open = false;
                for (place, part) in bounds.iter_mut().zip([one, two, three]) {
                    *place = self.part(state, part, u32::MAX)?;
                    if open && *place != (0, u32::MAX) {
                        self.error(span, "only the last parts may be ranges");
                        return None;
                    }
                    open |= place.0 != place.1;
                }
                let (low, high) = (bounds.map(|one| one.0), bounds.map(|one| one.1));
                Some(Item::Range(Value::Large(low), Value::Large(high)))
            }
            _ => {
                self.error(span, "this is neither a pair nor a triple");
                None
            }
        }
    }

    fn extended_item(
        &mut self,
        state: &mut FunctionState,
        kind: &ExtendedKind,
        key: &Expr,
        value: &Part,
        span: Span,
    ) -> Option<Item> {
        use crate::vm::extended_value;
        let key = self.constant_of(state, key)?;
        let form = super::expression::form(kind);
        let long = match &key {
            Value::Int(key) => *key > 0xffff,
            _ => true,
        };
        let most = if long && form != ExtendedForm::Generic { 0xffff } else { u32::MAX };
        let (low, high) = self.part(state, value, most)?;
        let value = |number| extended_value(form, &key, number);
        match (value(low), value(high)) {
            (Some(low), Some(high)) => {
                Some(Item::Range(Value::Extended(low), Value::Extended(high)))
            }
            _ => {
                self.error(span, "this is no extended community");
                None
            }
        }
    }
}

const fn halves(pair: u32) -> (u16, u16) {
    ((pair >> 16) as u16, pair as u16)
}

fn of(item: &Item) -> Option<SetType> {
    match item {
        Item::Prefix(_) => Some(SetType::Prefix),
        Item::Pair(_) => Some(SetType::Pair),
        Item::Range(low, high) => {
            let ty = |value: &Value| match value.ty() {
                Type::Set(_) => None,
                ty => ty.set(),
            };
            ty(low).filter(|_| ty(low) == ty(high))
        }
    }
}

/// An empty set of a type.
pub(super) fn empty(of: SetType) -> Set {
    build(of, Vec::new()).unwrap_or(Set::Empty)
}

fn build(ty: SetType, items: Vec<Item>) -> Option<Set> {
    fn ranges<T: Member>(
        items: Vec<Item>,
        of: impl Fn(&Value) -> Option<T>,
    ) -> Option<Arc<RangeSet<T>>> {
        let ranges = items.into_iter().map(|item| match item {
            Item::Range(low, high) => Some((of(&low)?, of(&high)?)),
            _ => None,
        });
        Some(Arc::new(RangeSet::new(ranges.collect::<Option<_>>()?)))
    }
    Some(match ty {
        SetType::Empty => Set::Empty,
        SetType::Int => Set::Int(ranges(items, |value| match value {
            Value::Int(value) => Some(*value),
            _ => None,
        })?),
        SetType::Quad => Set::Quad(ranges(items, super::expression::quad)?),
        SetType::Ip => {
            let ranges = items.into_iter().map(|item| match item {
                Item::Range(Value::Ip(low), Value::Ip(high)) => Some((low, high)),
                _ => None,
            });
            Set::Ip(Arc::new(crate::set::IpSet::new(ranges.collect::<Option<_>>()?)))
        }
        SetType::Pair => {
            let items = items.into_iter().map(|item| match item {
                Item::Pair(item) => Some(item),
                _ => None,
            });
            Set::Pair(Arc::new(PairSet::new(items.collect::<Option<_>>()?)))
        }
        SetType::Prefix => {
            let patterns = items.into_iter().map(|item| match item {
                Item::Prefix(pattern) => Some(pattern),
                _ => None,
            });
            Set::Prefix(Arc::new(PrefixSet::new(&patterns.collect::<Option<Vec<_>>>()?)?))
        }
        SetType::RouteDistinguisher => {
            Set::RouteDistinguisher(ranges(items, |value| match value {
                Value::RouteDistinguisher(value) => Some(u64::from_be_bytes(value.0)),
                _ => None,
            })?)
        }
        SetType::Extended => Set::Extended(ranges(items, |value| match value {
            Value::Extended(value) => Some(*value),
            _ => None,
        })?),
        SetType::Large => Set::Large(ranges(items, |value| match value {
            Value::Large(value) => Some(*value),
            _ => None,
        })?),
        SetType::Enum(of) => Set::Enum(
            of,
            ranges(items, |value| match value {
                Value::Enum(_, value) => Some(*value),
                _ => None,
            })?,
        ),
    })
}
