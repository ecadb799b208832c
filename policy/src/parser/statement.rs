//! Statements.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use super::{Parsed, Parser};
use crate::ast::{Arm, End, ExprKind, Statement, StatementKind};
use crate::error::{Diagnostic, nearest};
use crate::lexer::TokenKind;
use crate::types::Type;

/// Words that begin a statement.
const KEYWORDS: [&str; 10] =
    ["accept", "case", "error", "for", "if", "print", "printn", "reject", "return", "unset"];

impl Parser {
    pub(super) fn block(&mut self) -> Parsed<Vec<Statement>> {
        self.expect("{")?;
        let mut list = Vec::new();
        while !self.eat("}") {
            if self.at_end() {
                return Err(self.unexpected("`}`"));
            }
            if !self.eat(";") {
                self.statement_or_skip(&mut list);
            }
        }
        Ok(list)
    }

    /// A statement; after an error goes on with the next one, so that all errors are told at once.
    fn statement_or_skip(&mut self, list: &mut Vec<Statement>) {
        let start = self.position();
        match self.nested(Self::statement) {
            Ok(statement) => list.push(statement),
            Err(error) => {
                self.errors.push(error);
                self.skip_statement(start);
            }
        }
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let start = self.span();
        let kind = self.statement_kind()?;
        Ok(Statement { kind, span: start.to(self.previous_span()) })
    }

    fn statement_kind(&mut self) -> Parsed<StatementKind> {
        if self.is_next("{") {
            return Ok(StatementKind::Block(self.block()?));
        }
        if self.is_next(";") {
            self.at += 1;
            return Ok(StatementKind::Block(Vec::new()));
        }
        let word = self.peek_symbol().unwrap_or_default();
        let end = match word {
            "accept" => Some(End::Accept),
            "reject" => Some(End::Reject),
            "error" => Some(End::Error),
            _ => None,
        };
        if let Some(end) = end {
            self.at += 1;
            let list = self.printed()?;
            return Ok(StatementKind::End(end, list));
        }
        match word {
            "if" => self.conditional(),
            "case" => self.case(),
            "for" => self.each(),
            "print" | "printn" => {
                let line = word == "print";
                self.at += 1;
                Ok(StatementKind::Print(self.printed()?, line))
            }
            "return" => {
                self.at += 1;
                let value = if self.is_next(";") { None } else { Some(self.expression()?) };
                self.expect_semicolon()?;
                Ok(StatementKind::Return(value))
            }
            "unset" => {
                self.at += 1;
                self.expect("(")?;
                let name = self.name()?;
                self.expect(")")?;
                self.expect_semicolon()?;
                Ok(StatementKind::Unset(name))
            }
            "bt_assert" | "bt_check_assign" => self.test(),
            word if self.is_declaration(word) => {
                let ty = self.type_name()?;
                let name = self.name()?;
                let value = if self.eat("=") { Some(self.expression()?) } else { None };
                self.expect_semicolon()?;
                Ok(StatementKind::Declare(ty, name, value))
            }
            _ => self.other(),
        }
    }

    /// What only tests have.
    fn test(&mut self) -> Parsed<StatementKind> {
        if !self.with_tests {
            return Err(self.unexpected("a statement"));
        }
        let assign = self.word()? == "bt_check_assign";
        self.expect("(")?;
        let kind = if assign {
            let name = self.name()?;
            self.expect(",")?;
            StatementKind::CheckAssign(name, self.expression()?)
        } else {
            StatementKind::Assert(self.expression()?)
        };
        self.expect(")")?;
        self.expect_semicolon()?;
        Ok(kind)
    }

    /// A type and a name: `prefix(…)` is none.
    fn is_declaration(&self, word: &str) -> bool {
        Type::named(word).is_some() && !matches!(self.peek_second(), TokenKind::Punctuation(_))
    }

    /// `a = b;` or an expression that does something.
    fn other(&mut self) -> Parsed<StatementKind> {
        let is_name = matches!(self.peek(), TokenKind::Symbol(_) | TokenKind::Quoted(_));
        if is_name && matches!(self.peek_second(), TokenKind::Punctuation("=")) {
            let name = self.name()?;
            self.expect("=")?;
            let value = self.expression()?;
            self.expect_semicolon()?;
            return Ok(StatementKind::Assign(name, value));
        }
        if !is_name {
            return Err(self.unexpected("a statement"));
        }
        let expr = self.expression()?;
        if !matches!(expr.kind, ExprKind::Call(..) | ExprKind::Method(..)) {
            let near = match &expr.kind {
                ExprKind::Name(name) => nearest(name, KEYWORDS.into_iter()),
                _ => None,
            };
            let error = Diagnostic::new(expr.span, "this does nothing");
            return Err(match near {
                Some(word) => error.hint(format!("maybe you wanted `{word}`")),
                None => error
                    .hint("a statement begins with a keyword, sets a variable or calls a function"),
            });
        }
        self.expect_semicolon()?;
        Ok(StatementKind::Expression(expr))
    }

    /// What is printed, up to the semicolon.
    fn printed(&mut self) -> Parsed<Vec<crate::ast::Expr>> {
        let mut list = Vec::new();
        while !self.is_next(";") {
            if !list.is_empty() {
                self.expect(",")?;
            }
            list.push(self.expression()?);
        }
        self.expect_semicolon()?;
        Ok(list)
    }

    fn conditional(&mut self) -> Parsed<StatementKind> {
        self.at += 1;
        let condition = self.expression()?;
        if !self.eat_symbol("then") {
            return Err(self.unexpected("`then`"));
        }
        let then = Box::new(self.nested(Self::statement)?);
        // `else:` belongs to a `case` around it.
        let ours = *self.peek_second() != TokenKind::Punctuation(":");
        let otherwise = if ours && self.eat_symbol("else") {
            Some(Box::new(self.nested(Self::statement)?))
        } else {
            None
        };
        Ok(StatementKind::If(condition, then, otherwise))
    }

    fn each(&mut self) -> Parsed<StatementKind> {
        self.at += 1;
        let ty = self.type_name()?;
        let name = self.name()?;
        if !self.eat_symbol("in") {
            return Err(self.unexpected("`in`"));
        }
        let list = self.expression()?;
        if !self.eat_symbol("do") {
            return Err(self.unexpected("`do`"));
        }
        let body = Box::new(self.nested(Self::statement)?);
        Ok(StatementKind::For(ty, name, list, body))
    }

    fn case(&mut self) -> Parsed<StatementKind> {
        self.at += 1;
        let value = self.expression()?;
        self.expect("{")?;
        let mut arms: Vec<Arm> = Vec::new();
        while !self.eat("}") {
            let start = self.span();
            let labels = if self.eat_symbol("else") {
                None
            } else {
                let mut labels = alloc::vec![self.set_item()?];
                while self.eat(",") {
                    labels.push(self.set_item()?);
                }
                Some(labels)
            };
            self.expect(":")?;
            let span = start.to(self.previous_span());
            let mut body = Vec::new();
            while !self.is_next("}") && !self.is_label() {
                if self.at_end() {
                    return Err(self.unexpected("`}`"));
                }
                if !self.eat(";") {
                    self.statement_or_skip(&mut body);
                }
            }
            arms.push(Arm { labels, body, span });
        }
        Ok(StatementKind::Case(value, arms))
    }

    /// Whether labels of the next arm begin here, and not a statement.
    fn is_label(&self) -> bool {
        match self.peek() {
            TokenKind::Symbol(word) if word == "else" => true,
            TokenKind::Symbol(_) | TokenKind::Quoted(_) => {
                matches!(self.peek_second(), TokenKind::Punctuation(":" | "," | ".."))
            }
            TokenKind::Punctuation("{" | ";") | TokenKind::End => false,
            _ => true,
        }
    }
}
