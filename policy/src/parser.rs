//! Tokens to trees. A host with a larger language drives the same token stream and calls in for definitions,
//! functions, filters and expressions.

mod expression;
mod sets;
mod statement;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;

use crate::ast::{End, Expr, Filter, Function, Name, Statement, StatementKind, TypeName};
use crate::error::Diagnostic;
use crate::lexer::{Token, TokenKind};
use crate::span::Span;
use crate::types::Type;

/// Depth of nested expressions and statements that is taken.
const MOST_NESTED: u32 = 64;

pub(crate) type Parsed<T> = Result<T, Diagnostic>;

/// A place in a list of tokens, and the constants defined so far.
#[derive(Debug, Clone)]
pub struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    /// Those of a body, but for the first one, which is returned
    errors: Vec<Diagnostic>,
    with_tests: bool,
}

/// Statements of BIRD's own tests. The last two are none of a body: a host that runs tests reads them.
const TESTS: [&str; 4] = ["bt_assert", "bt_check_assign", "bt_test_suite", "bt_test_same"];

impl Parser {
    /// Begins with the first of `tokens`, the last of which is [`TokenKind::End`].
    pub const fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, at: 0, depth: 0, errors: Vec::new(), with_tests: false }
    }

    /// Takes `bt_assert` and `bt_check_assign` in bodies, for tests of the language. Elsewhere they are errors.
    pub const fn with_tests(mut self) -> Self {
        self.with_tests = true;
        self
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
        if let Some(word) = self.peek_symbol().filter(|word| TESTS.contains(word)) {
            let message = format!("`{word}` stands only in tests of the filter language");
            return Diagnostic::new(self.span(), message);
        }
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

    /// Further errors of bodies whose first one was returned; they are not told again.
    pub fn take_errors(&mut self) -> Vec<Diagnostic> {
        core::mem::take(&mut self.errors)
    }

    /// Goes on behind a statement of a block that began at `position`, or at the end of the block.
    fn skip_statement(&mut self, position: usize) {
        self.at = position;
        let mut depth = 0u32;
        while !self.at_end() {
            if depth == 0 && self.is_next("}") {
                return;
            }
            match self.advance() {
                TokenKind::Punctuation("{") => depth += 1,
                TokenKind::Punctuation("}") => {
                    depth = depth.saturating_sub(1);
                    // `P{8,24}` inside a statement is no block.
                    let whole = !self.is_next(",") && !self.is_next("]");
                    if depth == 0 && whole && !matches!(self.peek_symbol(), Some("else")) {
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
    /// When something else comes next, or a word that means something else.
    pub fn name(&mut self) -> Parsed<Name> {
        let span = self.span();
        match self.peek().clone() {
            TokenKind::Symbol(text) if is_reserved(&text) => {
                let message = format!("`{text}` cannot be a name, as it is a keyword");
                Err(Diagnostic::new(span, message).hint(format!("quote it: '{text}'")))
            }
            TokenKind::Symbol(text) | TokenKind::Quoted(text) => {
                self.at += 1;
                Ok(Name { text, span })
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    /// Takes a word, be it a keyword or not.
    ///
    /// # Errors
    /// When something else comes next.
    pub fn word(&mut self) -> Parsed<String> {
        match self.peek_symbol().map(String::from) {
            Some(word) => {
                self.at += 1;
                Ok(word)
            }
            None => Err(self.unexpected("a word")),
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
    /// When it does not parse.
    pub fn define(&mut self) -> Parsed<(Name, Expr)> {
        self.eat_symbol("define");
        let name = self.name()?;
        self.expect("=")?;
        let value = self.expression()?;
        self.expect_semicolon()?;
        Ok((name, value))
    }

    /// `function NAME(ARGUMENTS) -> TYPE { … }`, also with the variables of an old header.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn function(&mut self) -> Parsed<Function> {
        self.eat_symbol("function");
        let start = self.span();
        let name = self.name()?;
        self.expect("(")?;
        let mut arguments = Vec::new();
        while !self.eat(")") {
            if !arguments.is_empty() && !self.eat(";") {
                self.expect(",")?;
            }
            if !arguments.is_empty() && self.eat(")") {
                break;
            }
            let ty = self.type_name()?;
            arguments.push((ty, self.name()?));
        }
        let result = if self.eat("->") { Some(self.type_name()?) } else { None };
        let body = self.body()?;
        self.eat(";");
        Ok(Function { name, arguments, result, body, span: start.to(self.previous_span()) })
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
        let body = self.body()?;
        Ok(Filter { name: None, body, span: start.to(self.previous_span()) })
    }

    /// The expression behind `where`, as a filter that accepts what it holds for.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn where_filter(&mut self) -> Parsed<Filter> {
        let expr = self.expression()?;
        let span = expr.span;
        let end = |end| Statement { kind: StatementKind::End(end, Vec::new()), span };
        let otherwise = Some(end(End::Reject).into());
        let kind = StatementKind::If(expr, end(End::Accept).into(), otherwise);
        Ok(Filter { name: None, body: alloc::vec![Statement { kind, span }], span })
    }

    /// Variables of an old header, and the block.
    fn body(&mut self) -> Parsed<Vec<Statement>> {
        let mut list = Vec::new();
        while !self.is_next("{") {
            let start = self.span();
            let ty = self.type_name()?;
            let name = self.name()?;
            self.expect_semicolon()?;
            let span = start.to(name.span);
            list.push(Statement { kind: StatementKind::Declare(ty, name, None), span });
        }
        let before = self.errors.len();
        match self.block() {
            Ok(block) => list.extend(block),
            Err(error) => self.errors.push(error),
        }
        // Blocks within blocks miss the same bracket.
        self.errors.dedup();
        if self.errors.len() > before {
            return Err(self.errors.remove(before));
        }
        Ok(list)
    }

    /// `int`, `pair set`, …
    fn type_name(&mut self) -> Parsed<TypeName> {
        let start = self.span();
        let ty = self.peek_symbol().and_then(Type::named);
        let Some(ty) = ty else { return Err(self.unexpected("a type")) };
        self.at += 1;
        if !self.eat_symbol("set") {
            return Ok(TypeName { ty, span: start });
        }
        let span = start.to(self.previous_span());
        let ty = ty.set().map(Type::Set);
        let ty = ty.ok_or_else(|| Diagnostic::new(span, "there are no sets of this type"))?;
        Ok(TypeName { ty, span })
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

/// Words that mean something wherever they stand.
fn is_reserved(word: &str) -> bool {
    const WORDS: [&str; 36] = [
        "accept",
        "bgpmask",
        "bgppath",
        "bool",
        "bytestring",
        "case",
        "clist",
        "define",
        "defined",
        "do",
        "ec",
        "eclist",
        "else",
        "error",
        "false",
        "filter",
        "for",
        "format",
        "function",
        "if",
        "int",
        "ip",
        "lc",
        "lclist",
        "pair",
        "prefix",
        "print",
        "printn",
        "quad",
        "rd",
        "reject",
        "return",
        "string",
        "then",
        "true",
        "unset",
    ];
    WORDS.contains(&word)
}
