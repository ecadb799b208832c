//! Set and mask literals: `[ 10.0.0.0/8{8,24} ]`, `[ 1, (2,*), (rt,3,4..5) ]`, `[= 1 * 2 =]`.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use super::{Parsed, Parser};
use crate::ast::{Expr, ExprKind, MaskItem, MaskItemKind, Part, SetItem, SetItemKind};
use crate::error::Diagnostic;
use crate::lexer::TokenKind;

impl Parser {
    /// `[ item, … ]`
    pub(super) fn set_items(&mut self) -> Parsed<Vec<SetItem>> {
        self.expect("[")?;
        let mut items = Vec::new();
        while !self.eat("]") {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(self.set_item()?);
        }
        Ok(items)
    }

    /// One item of a set, or label of `case`.
    pub(super) fn set_item(&mut self) -> Parsed<SetItem> {
        let start = self.span();
        let is_prefix = matches!(self.peek(), TokenKind::Ip(_))
            && matches!(self.peek_second(), TokenKind::Punctuation("/"));
        let kind = if is_prefix {
            self.prefix_item()?
        } else if self.is_next("(") {
            self.bracket_item()?
        } else {
            let low = self.primary()?;
            let high = if self.eat("..") { Some(self.primary()?) } else { None };
            SetItemKind::Range(low, high)
        };
        Ok(SetItem { kind, span: start.to(self.previous_span()) })
    }

    /// `PREFIX`, `PREFIX+`, `PREFIX-` or `PREFIX{l,h}`.
    fn prefix_item(&mut self) -> Parsed<SetItemKind> {
        let net = self.prefix()?;
        let (length, longest) = (net.prefix_len(), net.max_prefix_len());
        if self.eat("+") {
            return Ok(SetItemKind::Prefix(net, length, longest));
        }
        if self.eat("-") {
            return Ok(SetItemKind::Prefix(net, 0, length));
        }
        if !self.eat("{") {
            return Ok(SetItemKind::Prefix(net, length, length));
        }
        let start = self.span();
        let least = self.number()?;
        self.expect(",")?;
        let most = self.number()?;
        let span = start.to(self.previous_span());
        self.expect("}")?;
        match (u8::try_from(least), u8::try_from(most)) {
            (Ok(least), Ok(most)) if least <= most && most <= longest => {
                Ok(SetItemKind::Prefix(net, least, most))
            }
            _ => Err(Diagnostic::new(span, format!("lengths have to ascend, up to {longest}"))),
        }
    }

    /// `(a)`, `(a, b..c)`, `(a, *)`, `(rt, a, b..c)`, `(a, b)..(c, d)`
    fn bracket_item(&mut self) -> Parsed<SetItemKind> {
        let before = self.at;
        self.expect("(")?;
        if let Some(kind) = self.extended_kind()? {
            let key = self.expression()?;
            self.expect(",")?;
            let value = self.part()?;
            self.expect(")")?;
            return Ok(SetItemKind::Extended(kind, key, value));
        }
        let mut parts = alloc::vec![self.part()?];
        while self.eat(",") {
            parts.push(self.part()?);
        }
        self.expect(")")?;
        let plain = parts.iter().all(|part| matches!(part, Part::Range(_, None)));
        if !plain {
            return Ok(SetItemKind::Tuple(parts));
        }
        // An expression in brackets, a pair or a triple: it may be the low end of a range.
        self.at = before;
        let low = self.primary()?;
        if self.eat("..") {
            return Ok(SetItemKind::Range(low, Some(self.primary()?)));
        }
        Ok(match low.kind {
            ExprKind::Pair(_) | ExprKind::Triple(_) => SetItemKind::Tuple(parts),
            _ => SetItemKind::Range(low, None),
        })
    }

    fn part(&mut self) -> Parsed<Part> {
        if self.eat("*") {
            return Ok(Part::Any);
        }
        let low = self.expression()?;
        let high = if self.eat("..") { Some(self.expression()?) } else { None };
        Ok(Part::Range(low, high))
    }

    /// `[= item … =]`
    pub(super) fn mask(&mut self) -> Parsed<Vec<MaskItem>> {
        self.expect("[=")?;
        let mut items: Vec<MaskItem> = Vec::new();
        while !self.eat("=]") {
            let start = self.span();
            if self.at_end() {
                return Err(self.unexpected("`=]`"));
            }
            let kind = if self.eat("*") {
                MaskItemKind::Some
            } else if self.eat("?") {
                MaskItemKind::One
            } else if self.is_next("[") {
                MaskItemKind::Set(self.set_items()?)
            } else if matches!(self.peek(), TokenKind::Symbol(_) | TokenKind::Quoted(_)) {
                MaskItemKind::Item(Box::new(self.mask_name()?))
            } else {
                MaskItemKind::Item(Box::new(self.set_item()?))
            };
            // More of them say nothing more.
            let mut repeated = false;
            while self.eat("+") || self.eat("++") {
                repeated = true;
            }
            items.push(MaskItem { kind, repeated, span: start.to(self.previous_span()) });
        }
        Ok(items)
    }

    /// A name in a mask is no call: what stands in brackets behind it is the next item.
    fn mask_name(&mut self) -> Parsed<SetItem> {
        let name = self.name()?;
        let low = Expr { kind: ExprKind::Name(name.text), span: name.span };
        let high = if self.eat("..") { Some(self.primary()?) } else { None };
        let span = name.span.to(self.previous_span());
        Ok(SetItem { kind: SetItemKind::Range(low, high), span })
    }
}
