//! Tokens to trees. A host with a larger language drives the same token stream and calls in for filters and
//! expressions.

mod sets;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;

use crate::ast::{Attribute, Expr, ExprKind, Filter, Operator, Statement};
use crate::error::Diagnostic;
use crate::lexer::{Token, TokenKind};
use crate::span::Span;
use crate::value::Value;

/// Depth of nested expressions and statements that is taken.
const MOST_NESTED: u32 = 64;

type Parsed<T> = Result<T, Diagnostic>;

/// A place in a list of tokens, and the constants defined so far.
#[derive(Debug, Clone)]
pub struct Parser {
    tokens: Vec<Token>,
    at: usize,
    constants: BTreeMap<String, Value>,
    depth: u32,
}

impl Parser {
    /// Begins with the first of `tokens`, the last of which is [`TokenKind::End`].
    pub const fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, at: 0, constants: BTreeMap::new(), depth: 0 }
    }

    /// The next token.
    pub fn peek(&self) -> &TokenKind {
        self.tokens.get(self.at).map_or(&TokenKind::End, |token| &token.kind)
    }

    /// The one after it.
    pub fn peek_second(&self) -> &TokenKind {
        self.tokens.get(self.at + 1).map_or(&TokenKind::End, |token| &token.kind)
    }

    /// Where the next token stands.
    pub fn span(&self) -> Span {
        let at = self.at.min(self.tokens.len().saturating_sub(1));
        self.tokens.get(at).map_or_else(Span::default, |token| token.span)
    }

    /// Where the last token that was taken stands.
    pub fn previous_span(&self) -> Span {
        self.tokens.get(self.at.saturating_sub(1)).map_or_else(Span::default, |token| token.span)
    }

    /// Whether all tokens are taken.
    pub fn at_end(&self) -> bool {
        *self.peek() == TokenKind::End
    }

    /// Takes the next token.
    pub fn advance(&mut self) -> TokenKind {
        let kind = self.peek().clone();
        if self.at < self.tokens.len() {
            self.at += 1;
        }
        kind
    }

    /// The next token, if it is a keyword or unquoted name.
    pub fn peek_symbol(&self) -> Option<&str> {
        match self.peek() {
            TokenKind::Symbol(name) => Some(name),
            _ => None,
        }
    }

    /// Takes the word `word` if it comes next.
    pub fn eat_symbol(&mut self, word: &str) -> bool {
        let found = self.peek_symbol() == Some(word);
        self.at += usize::from(found);
        found
    }

    /// Takes several words if they come next, all of them or none.
    pub fn eat_symbols(&mut self, words: &[&str]) -> bool {
        let found = words.iter().enumerate().all(|(offset, word)| {
            matches!(self.tokens.get(self.at + offset).map(|token| &token.kind),
                Some(TokenKind::Symbol(name)) if name == word)
        });
        if found {
            self.at += words.len();
        }
        found
    }

    /// Takes the punctuation `text` if it comes next.
    pub fn eat(&mut self, text: &str) -> bool {
        let found = self.is_next(text);
        self.at += usize::from(found);
        found
    }

    /// Whether the punctuation `text` comes next.
    pub fn is_next(&self, text: &str) -> bool {
        matches!(self.peek(), TokenKind::Punctuation(other) if *other == text)
    }

    /// Whether a string in double quotes comes next.
    pub fn is_next_text(&self) -> bool {
        matches!(self.peek(), TokenKind::Text(_))
    }

    /// Whether the last token that was taken ended a block, with or without a semicolon behind it.
    pub fn previous_is_block_end(&self) -> bool {
        let taken = self.tokens.get(..self.at).unwrap_or_default();
        let last = taken
            .iter()
            .rev()
            .map(|token| &token.kind)
            .find(|kind| **kind != TokenKind::Punctuation(";"));
        last == Some(&TokenKind::Punctuation("}"))
    }

    /// Takes the punctuation `text`.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.eat(text) { Ok(()) } else { Err(self.unexpected(&format!("`{text}`"))) }
    }

    /// Takes the semicolon that ends a statement.
    ///
    /// # Errors
    /// When something else comes next; the place is behind the statement.
    pub fn expect_semicolon(&mut self) -> Parsed<()> {
        if self.eat(";") {
            return Ok(());
        }
        let found = self.peek();
        let message = format!("expected `;` before {found}");
        Err(Diagnostic::new(self.span(), message))
    }

    /// An error that says what was wanted and what came.
    pub fn unexpected(&self, wanted: &str) -> Diagnostic {
        Diagnostic::new(
            self.span(),
            format!("syntax error, expected {wanted}, found {}", self.peek()),
        )
    }

    /// How many tokens were taken.
    pub const fn position(&self) -> usize {
        self.at
    }

    /// After an error, goes on behind the statement that began at `position`: behind its semicolon, or its block.
    pub fn recover(&mut self, position: usize) {
        self.at = position;
        let mut depth = 0u32;
        loop {
            match self.advance() {
                TokenKind::End => return,
                TokenKind::Punctuation("{") => depth += 1,
                TokenKind::Punctuation("}") => {
                    depth = depth.saturating_sub(1);
                    // `P{8,24}` inside a statement is no block: it has no line of its own.
                    if depth == 0 && !self.is_next(",") && !self.is_next("]") {
                        self.eat(";");
                        return;
                    }
                }
                TokenKind::Punctuation(";") if depth == 0 => return,
                _ => {}
            }
        }
    }

    /// Takes a name, quoted or not.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn name(&mut self) -> Parsed<(String, Span)> {
        let span = self.span();
        match self.peek().clone() {
            TokenKind::Symbol(name) | TokenKind::Quoted(name) => {
                self.at += 1;
                Ok((name, span))
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    /// Takes a string in double quotes.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn text(&mut self) -> Parsed<String> {
        match self.peek().clone() {
            TokenKind::Text(text) => {
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.unexpected("a string in double quotes")),
        }
    }

    /// `define NAME = EXPR;`
    ///
    /// # Errors
    /// When it does not parse, or the name is taken.
    pub fn define(&mut self) -> Parsed<()> {
        self.eat_symbol("define");
        let (name, span) = self.name()?;
        if self.constants.contains_key(&name) {
            return Err(Diagnostic::new(span, format!("`{name}` is defined already")));
        }
        self.expect("=")?;
        let value = self.constant()?;
        self.expect_semicolon()?;
        self.constants.insert(name, value);
        Ok(())
    }

    /// The value of a defined name.
    pub fn defined(&self, name: &str) -> Option<&Value> {
        self.constants.get(name)
    }

    /// A constant expression.
    ///
    /// # Errors
    /// When it does not parse, or depends on the route.
    pub fn constant(&mut self) -> Parsed<Value> {
        let expr = self.expression()?;
        let span = expr.span;
        fold(expr).ok_or_else(|| Diagnostic::new(span, "this is not a constant"))
    }

    /// `filter NAME { … }`
    ///
    /// # Errors
    /// When it does not parse.
    pub fn named_filter(&mut self) -> Parsed<Filter> {
        self.eat_symbol("filter");
        let name = self.name()?;
        let mut filter = self.inline_filter()?;
        filter.name = Some(name);
        self.eat(";");
        Ok(filter)
    }

    /// `{ … }` as a filter.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn inline_filter(&mut self) -> Parsed<Filter> {
        let start = self.span();
        let body = self.block()?;
        Ok(Filter { name: None, body, span: start.to(self.previous_span()) })
    }

    /// The expression behind `where`, as a filter that accepts what it holds for.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn where_filter(&mut self) -> Parsed<Filter> {
        let expr = self.expression()?;
        let span = expr.span;
        let body = alloc::vec![Statement::If(
            expr,
            alloc::vec![Statement::Accept],
            alloc::vec![Statement::Reject]
        )];
        Ok(Filter { name: None, body, span })
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MOST_NESTED {
            return Err(Diagnostic::new(self.span(), "this is nested too deeply"));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn block(&mut self) -> Parsed<Vec<Statement>> {
        self.expect("{")?;
        let mut list = Vec::new();
        while !self.eat("}") {
            if self.at_end() {
                return Err(self.unexpected("`}`"));
            }
            if !self.eat(";") {
                self.nested(|parser| parser.statement(&mut list))?;
            }
        }
        Ok(list)
    }

    fn statement(&mut self, list: &mut Vec<Statement>) -> Parsed<()> {
        if matches!(self.peek(), TokenKind::Punctuation("{")) {
            list.extend(self.block()?);
            return Ok(());
        }
        match self.peek_symbol() {
            Some("accept") => {
                self.at += 1;
                self.expect_semicolon()?;
                list.push(Statement::Accept);
            }
            Some("reject") => {
                self.at += 1;
                self.expect_semicolon()?;
                list.push(Statement::Reject);
            }
            Some("if") => {
                self.at += 1;
                let condition = self.expression()?;
                if !self.eat_symbol("then") {
                    return Err(self.unexpected("`then`"));
                }
                let (mut then, mut otherwise) = (Vec::new(), Vec::new());
                self.nested(|parser| parser.statement(&mut then))?;
                if self.eat_symbol("else") {
                    self.nested(|parser| parser.statement(&mut otherwise))?;
                }
                list.push(Statement::If(condition, then, otherwise));
            }
            Some(word) if is_later_statement(word) || Attribute::named(word).is_some() => {
                let message = format!("`{word}` as a statement is not supported yet");
                return Err(Diagnostic::new(self.span(), message)
                    .hint("filters can test routes with `if`, and `accept` or `reject` them"));
            }
            _ => return Err(self.unexpected("`if`, `accept` or `reject`")),
        }
        Ok(())
    }

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
        let left = self.sum()?;
        let operator = match self.peek() {
            TokenKind::Punctuation("=") => Operator::Equal,
            TokenKind::Punctuation("!=") => Operator::NotEqual,
            TokenKind::Punctuation("<") => Operator::Less,
            TokenKind::Punctuation(">") => Operator::Greater,
            TokenKind::Punctuation("<=") => Operator::LessOrEqual,
            TokenKind::Punctuation(">=") => Operator::GreaterOrEqual,
            TokenKind::Punctuation("~") => Operator::Match,
            TokenKind::Punctuation("!~") => Operator::NotMatch,
            _ => return Ok(left),
        };
        self.at += 1;
        Ok(binary(operator, left, self.sum()?))
    }

    fn sum(&mut self) -> Parsed<Expr> {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                TokenKind::Punctuation("+") => Operator::Add,
                TokenKind::Punctuation("-") => Operator::Subtract,
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
            let (name, span) = self.name()?;
            let span = expr.span.to(span);
            expr = Expr { kind: ExprKind::Method(Box::new(expr), name), span };
        }
        Ok(expr)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let start = self.span();
        let kind = match self.peek().clone() {
            TokenKind::Punctuation("(") => {
                self.at += 1;
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(Expr { span: start.to(self.previous_span()), ..inner });
            }
            TokenKind::Punctuation("[") => ExprKind::Constant(self.set()?),
            TokenKind::Number(number) => {
                self.at += 1;
                ExprKind::Constant(Value::Int(number))
            }
            TokenKind::Text(text) => {
                self.at += 1;
                ExprKind::Constant(Value::Text(text))
            }
            TokenKind::Ip(_) => {
                if matches!(self.peek_second(), TokenKind::Punctuation("/")) {
                    ExprKind::Constant(Value::Prefix(self.prefix()?))
                } else {
                    ExprKind::Constant(Value::Ip(self.ip()?))
                }
            }
            TokenKind::Symbol(name) => {
                self.at += 1;
                self.word(&name, start)?
            }
            TokenKind::Quoted(name) => {
                self.at += 1;
                self.constants
                    .get(&name)
                    .cloned()
                    .map(ExprKind::Constant)
                    .ok_or_else(|| unknown(&name, start))?
            }
            _ => return Err(self.unexpected("an expression")),
        };
        Ok(Expr { kind, span: start.to(self.previous_span()) })
    }

    fn word(&self, name: &str, span: Span) -> Parsed<ExprKind> {
        let constant = self.constants.get(name).cloned().or_else(|| Value::named(name));
        let attribute = || Attribute::named(name).map(ExprKind::Attribute);
        if let Some(kind) = constant.map(ExprKind::Constant).or_else(attribute) {
            return Ok(kind);
        }
        let near = self.constants.keys().find(|known| known.eq_ignore_ascii_case(name));
        let error = unknown(name, span);
        Err(match near {
            Some(near) => error.hint(format!("there is `{near}`")),
            None => error,
        })
    }

    /// An address.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn ip(&mut self) -> Parsed<IpAddr> {
        match self.peek() {
            TokenKind::Ip(address) => {
                let address = *address;
                self.at += 1;
                Ok(address)
            }
            _ => Err(self.unexpected("an address")),
        }
    }

    /// A prefix: `ADDRESS/LENGTH` with all bits behind the length zero.
    ///
    /// # Errors
    /// When it does not parse, or is no prefix.
    pub fn prefix(&mut self) -> Parsed<IpNet> {
        let start = self.span();
        let address = self.ip()?;
        self.expect("/")?;
        let length = self.number()?;
        let span = start.to(self.previous_span());
        let net = u8::try_from(length).ok().and_then(|length| IpNet::new(address, length).ok());
        let Some(net) = net else {
            return Err(Diagnostic::new(span, format!("invalid prefix length {length}")));
        };
        if net.trunc() != net {
            return Err(Diagnostic::new(span, format!("{net} has bits set behind its length"))
                .hint(format!("maybe you wanted {}", net.trunc())));
        }
        Ok(net)
    }

    /// A number.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn number(&mut self) -> Parsed<u32> {
        match self.peek() {
            TokenKind::Number(number) => {
                let number = *number;
                self.at += 1;
                Ok(number)
            }
            _ => Err(self.unexpected("a number")),
        }
    }
}

fn unknown(name: &str, span: Span) -> Diagnostic {
    let later = [
        "bgp_community",
        "bgp_ext_community",
        "bgp_large_community",
        "gw",
        "dest",
        "ifname",
        "igp_metric",
    ];
    if later.contains(&name) || name.starts_with("krt_") || name.starts_with("ospf_") {
        return Diagnostic::new(span, format!("`{name}` is not supported yet"));
    }
    Diagnostic::new(span, format!("`{name}` is not known here"))
}

fn is_later_statement(word: &str) -> bool {
    [
        "case", "for", "return", "print", "printn", "unset", "int", "bool", "prefix", "ip",
        "string", "pair", "quad",
    ]
    .contains(&word)
}

fn binary(operator: Operator, left: Expr, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    Expr { kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)), span }
}

/// The value of an expression that does not depend on the route.
fn fold(expr: Expr) -> Option<Value> {
    match expr.kind {
        ExprKind::Constant(value) => Some(value),
        ExprKind::Binary(operator, left, right) => match (operator, fold(*left)?, fold(*right)?) {
            (Operator::Add, Value::Int(a), Value::Int(b)) => Some(Value::Int(a.wrapping_add(b))),
            (Operator::Subtract, Value::Int(a), Value::Int(b)) => {
                Some(Value::Int(a.wrapping_sub(b)))
            }
            (Operator::Multiply, Value::Int(a), Value::Int(b)) => {
                Some(Value::Int(a.wrapping_mul(b)))
            }
            (Operator::Divide, Value::Int(a), Value::Int(b)) => a.checked_div(b).map(Value::Int),
            _ => None,
        },
        ExprKind::Attribute(_) | ExprKind::Not(_) | ExprKind::Method(..) => None,
    }
}
