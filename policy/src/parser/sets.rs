//! Set literals: `[ 10.0.0.0/8{8,24}, … ]`, `[ 1, 2..5 ]`.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Parsed, Parser, fold};
use crate::error::Diagnostic;
use crate::lexer::TokenKind;
use crate::set::{PrefixPattern, PrefixSet, RangeSet};
use crate::value::Value;

impl Parser {
    /// `[ item, … ]`: the first item tells of what the set is.
    pub(super) fn set(&mut self) -> Parsed<Value> {
        let start = self.span();
        self.expect("[")?;
        let mut prefixes: Vec<PrefixPattern> = Vec::new();
        let mut ranges: Vec<(Value, Value)> = Vec::new();
        while !self.eat("]") {
            if !(prefixes.is_empty() && ranges.is_empty()) {
                self.expect(",")?;
            }
            let is_prefix = matches!(self.peek(), TokenKind::Ip(_))
                && matches!(self.peek_second(), TokenKind::Punctuation("/"));
            if is_prefix {
                prefixes.push(self.prefix_pattern()?);
                continue;
            }
            let low = self.primary().and_then(|expr| {
                let span = expr.span;
                fold(expr).ok_or_else(|| Diagnostic::new(span, "a set has constants only"))
            })?;
            // A constant that is a prefix, or a set of them, stands for itself.
            if let Value::Prefix(net) = low {
                let length = net.prefix_len();
                prefixes.push(PrefixPattern { net, least: length, most: length });
                continue;
            }
            let high = if self.eat("..") {
                let span = self.span();
                let expr = self.primary()?;
                fold(expr).ok_or_else(|| Diagnostic::new(span, "a set has constants only"))?
            } else {
                low.clone()
            };
            ranges.push((low, high));
        }
        let span = start.to(self.previous_span());
        let mixed = || Diagnostic::new(span, "the items of this set are of different types");
        if ranges.is_empty() {
            let set = PrefixSet::new(&prefixes)
                .ok_or_else(|| Diagnostic::new(span, "this set mixes IPv4 and IPv6 prefixes"))?;
            return Ok(Value::PrefixSet(Arc::new(set)));
        }
        if !prefixes.is_empty() {
            return Err(mixed());
        }
        range_set(ranges).ok_or_else(mixed)
    }

    /// `PREFIX`, `PREFIX+`, `PREFIX-` or `PREFIX{l,h}`.
    fn prefix_pattern(&mut self) -> Parsed<PrefixPattern> {
        let net = self.prefix()?;
        let (length, longest) = (net.prefix_len(), net.max_prefix_len());
        if self.eat("+") {
            return Ok(PrefixPattern { net, least: length, most: longest });
        }
        if self.eat("-") {
            return Ok(PrefixPattern { net, least: 0, most: length });
        }
        if !self.eat("{") {
            return Ok(PrefixPattern { net, least: length, most: length });
        }
        let start = self.span();
        let least = self.number()?;
        self.expect(",")?;
        let most = self.number()?;
        let span = start.to(self.previous_span());
        self.expect("}")?;
        match (u8::try_from(least), u8::try_from(most)) {
            (Ok(least), Ok(most)) if least <= most && most <= longest => {
                Ok(PrefixPattern { net, least, most })
            }
            _ => Err(Diagnostic::new(span, format!("lengths have to ascend, up to {longest}"))),
        }
    }
}

/// A set of whatever the first range is of; `None` when another range is of something else.
fn range_set(ranges: Vec<(Value, Value)>) -> Option<Value> {
    macro_rules! set_of {
        ($kind:ident, $set:ident) => {{
            let typed = ranges.into_iter().map(|range| match range {
                (Value::$kind(low), Value::$kind(high)) => Some((low, high)),
                _ => None,
            });
            Some(Value::$set(Arc::new(RangeSet::new(typed.collect::<Option<Vec<_>>>()?))))
        }};
    }
    match ranges.first()? {
        (Value::Int(_), _) => set_of!(Int, IntSet),
        (Value::Ip(_), _) => set_of!(Ip, IpSet),
        (Value::Source(_), _) => set_of!(Source, SourceSet),
        _ => None,
    }
}
