//! Expressions.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Parsed, Parser};
use crate::ast::{Expr, ExprKind, ExtendedKind, ListKind, Name, Operator};
use crate::error::Diagnostic;
use crate::lexer::TokenKind;
use crate::span::Span;

impl Parser {
    /// An expression: `&&` and `||` bind equally weak, as in BIRD.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn expression(&mut self) -> Parsed<Expr> {
        self.nested(|parser| {
            let mut left = parser.comparison()?;
            loop {
                let operator = match parser.peek() {
                    TokenKind::Punctuation("&&") => Operator::And,
                    TokenKind::Punctuation("||") => Operator::Or,
                    _ => return Ok(left),
                };
                parser.at += 1;
                left = binary(operator, left, parser.comparison()?);
            }
        })
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let left = self.bits()?;
        let Some(operator) = self.comparator() else { return Ok(left) };
        self.at += 1;
        let whole = binary(operator, left, self.bits()?);
        if self.comparator().is_some() {
            let message = "comparisons cannot follow each other";
            return Err(Diagnostic::new(self.span(), message)
                .hint("put one of them in brackets: `(a = b) = c`"));
        }
        Ok(whole)
    }

    fn comparator(&self) -> Option<Operator> {
        Some(match self.peek() {
            TokenKind::Punctuation("=") => Operator::Equal,
            TokenKind::Punctuation("!=") => Operator::NotEqual,
            TokenKind::Punctuation("<") => Operator::Less,
            TokenKind::Punctuation(">") => Operator::Greater,
            TokenKind::Punctuation("<=") => Operator::LessOrEqual,
            TokenKind::Punctuation(">=") => Operator::GreaterOrEqual,
            TokenKind::Punctuation("~") => Operator::Match,
            TokenKind::Punctuation("!~") => Operator::NotMatch,
            _ => return None,
        })
    }

    fn bits(&mut self) -> Parsed<Expr> {
        let mut left = self.sum()?;
        loop {
            let operator = match self.peek() {
                TokenKind::Punctuation("|") => Operator::BitOr,
                TokenKind::Punctuation("&") => Operator::BitAnd,
                _ => return Ok(left),
            };
            self.at += 1;
            left = binary(operator, left, self.sum()?);
        }
    }

    fn sum(&mut self) -> Parsed<Expr> {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                TokenKind::Punctuation("+") => Operator::Add,
                TokenKind::Punctuation("-") => Operator::Subtract,
                TokenKind::Punctuation("++") => Operator::Concat,
                _ => return Ok(left),
            };
            self.at += 1;
            left = binary(operator, left, self.product()?);
        }
    }

    fn product(&mut self) -> Parsed<Expr> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.peek() {
                TokenKind::Punctuation("*") => Operator::Multiply,
                TokenKind::Punctuation("/") => Operator::Divide,
                _ => return Ok(left),
            };
            self.at += 1;
            left = binary(operator, left, self.unary()?);
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let start = self.span();
        if self.eat("!") {
            let operand = self.nested(Self::unary)?;
            let span = start.to(operand.span);
            return Ok(Expr { kind: ExprKind::Not(Box::new(operand)), span });
        }
        let mut expr = self.primary()?;
        while self.eat(".") {
            // Words that are keywords elsewhere are methods here.
            let span = self.span();
            let Some(text) = self.peek_symbol().map(Into::into) else {
                return Err(self.unexpected("a method"));
            };
            self.at += 1;
            let arguments = if self.is_next("(") { Some(self.arguments()?) } else { None };
            let whole = expr.span.to(self.previous_span());
            let name = Name { text, span };
            expr = Expr { kind: ExprKind::Method(Box::new(expr), name, arguments), span: whole };
        }
        Ok(expr)
    }

    /// `(a, b, …)`
    fn arguments(&mut self) -> Parsed<Vec<Expr>> {
        self.expect("(")?;
        let mut list = Vec::new();
        while !self.eat(")") {
            if !list.is_empty() {
                self.expect(",")?;
            }
            list.push(self.expression()?);
        }
        Ok(list)
    }

    pub(super) fn primary(&mut self) -> Parsed<Expr> {
        let start = self.span();
        let kind = match self.peek().clone() {
            TokenKind::Punctuation("(") => return self.brackets(),
            TokenKind::Punctuation("[") => ExprKind::Set(self.set_items()?),
            TokenKind::Punctuation("[=") => ExprKind::Mask(self.mask()?),
            TokenKind::Punctuation("+" | "-") => ExprKind::Empty(self.empty()?),
            TokenKind::Number(number) => self.take(ExprKind::Int(number)),
            TokenKind::Text(text) => self.take(ExprKind::Text(text)),
            TokenKind::Bytes(bytes) => self.take(ExprKind::Bytes(bytes)),
            TokenKind::RouteDistinguisher(value) => {
                self.at += 1;
                if matches!(self.peek(), TokenKind::Ip(_)) {
                    ExprKind::Vpn(value, self.prefix()?)
                } else {
                    ExprKind::RouteDistinguisher(value)
                }
            }
            TokenKind::Ip(address) => {
                if matches!(self.peek_second(), TokenKind::Punctuation("/")) {
                    self.network()?
                } else {
                    self.take(ExprKind::Ip(address))
                }
            }
            TokenKind::Symbol(word) => self.symbol(&word)?,
            TokenKind::Quoted(name) => {
                self.at += 1;
                self.name_or_call(Name { text: name, span: start })?
            }
            _ => return Err(self.unexpected("an expression")),
        };
        Ok(Expr { kind, span: start.to(self.previous_span()) })
    }

    fn take(&mut self, kind: ExprKind) -> ExprKind {
        self.at += 1;
        kind
    }

    fn symbol(&mut self, word: &str) -> Parsed<ExprKind> {
        let span = self.span();
        match word {
            "true" | "on" | "yes" => Ok(self.take(ExprKind::Bool(true))),
            "false" | "off" | "no" => Ok(self.take(ExprKind::Bool(false))),
            "flow4" | "flow6" => {
                self.at += 1;
                Ok(ExprKind::Flow(Box::new(self.flow(word == "flow6")?)))
            }
            // Functions whose names are keywords.
            "defined" | "format" | "filter" | "prefix" => {
                self.at += 1;
                let name = Name { text: word.into(), span };
                Ok(ExprKind::Call(name, self.arguments()?))
            }
            _ => {
                let name = self.name()?;
                self.name_or_call(name)
            }
        }
    }

    fn name_or_call(&mut self, name: Name) -> Parsed<ExprKind> {
        if self.is_next("(") {
            let arguments = self.arguments()?;
            return Ok(ExprKind::Call(name, arguments));
        }
        Ok(ExprKind::Name(name.text))
    }

    /// A prefix, or `PREFIX max LENGTH as NUMBER`.
    fn network(&mut self) -> Parsed<ExprKind> {
        let net = self.prefix()?;
        if !self.eat_symbol("max") {
            return Ok(ExprKind::Prefix(net));
        }
        let most = self.primary()?;
        if !self.eat_symbol("as") {
            return Err(self.unexpected("`as`"));
        }
        let asn = self.primary()?;
        Ok(ExprKind::Roa(net, Box::new((most, asn))))
    }

    /// `+empty+`, `-empty-`, `--empty--`, `---empty---`
    fn empty(&mut self) -> Parsed<ListKind> {
        let start = self.span();
        let sign = if self.is_next("+") { "+" } else { "-" };
        let mut count = 0;
        while self.eat(sign) {
            count += 1;
        }
        let kind = match (sign, count) {
            ("+", 1) => ListKind::Path,
            ("-", 1) => ListKind::Communities,
            ("-", 2) => ListKind::Extended,
            ("-", 3) => ListKind::Large,
            _ => return Err(Diagnostic::new(start, "expected an expression")),
        };
        if !self.eat_symbol("empty") {
            return Err(self
                .unexpected("an expression, or `empty`")
                .hint("there are no negative numbers; an empty path is `+empty+`"));
        }
        for _ in 0..count {
            self.expect(sign)?;
        }
        Ok(kind)
    }

    /// `(a)`, `(a, b)`, `(a, b, c)`, `(rt, a, b)`
    fn brackets(&mut self) -> Parsed<Expr> {
        let start = self.span();
        self.expect("(")?;
        if let Some(kind) = self.extended_kind()? {
            let key = self.expression()?;
            self.expect(",")?;
            let value = self.expression()?;
            self.expect(")")?;
            let kind = ExprKind::Extended(kind, Box::new((key, value)));
            return Ok(Expr { kind, span: start.to(self.previous_span()) });
        }
        let first = self.expression()?;
        let kind = if self.eat(",") {
            let second = self.expression()?;
            if self.eat(",") {
                ExprKind::Triple(Box::new((first, second, self.expression()?)))
            } else {
                ExprKind::Pair(Box::new((first, second)))
            }
        } else {
            first.kind
        };
        self.expect(")")?;
        Ok(Expr { kind, span: start.to(self.previous_span()) })
    }

    /// `rt,`, `ro,`, `generic,`, `unknown NUMBER,` behind a bracket.
    pub(super) fn extended_kind(&mut self) -> Parsed<Option<ExtendedKind>> {
        let kind = match (self.peek_symbol(), self.peek_second()) {
            (Some("rt"), TokenKind::Punctuation(",")) => ExtendedKind::RouteTarget,
            (Some("ro"), TokenKind::Punctuation(",")) => ExtendedKind::RouteOrigin,
            (Some("generic"), TokenKind::Punctuation(",")) => ExtendedKind::Generic,
            (Some("unknown"), TokenKind::Number(_)) => {
                self.at += 1;
                ExtendedKind::Unknown(self.number()?)
            }
            _ => return Ok(None),
        };
        if !matches!(kind, ExtendedKind::Unknown(_)) {
            self.at += 1;
        }
        self.expect(",")?;
        Ok(Some(kind))
    }
}

pub(super) fn binary(operator: Operator, left: Expr, right: Expr) -> Expr {
    let span: Span = left.span.to(right.span);
    Expr { kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)), span }
}
