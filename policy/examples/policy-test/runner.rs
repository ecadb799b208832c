//! Reads and runs files of tests.

use std::fmt::Write as _;
use std::path::Path;

use ipnet::IpNet;
use policy::ast::Name;
use policy::lexer::{Token, TokenKind, tokenize};
use policy::parser::Parser;
use policy::span::{Sources, Span};
use policy::value::{Net, Value};
use policy::{Diagnostic, Diagnostics, Host, Program, ProgramBuilder, Roa, Vm};

/// What the tests of a file came to.
pub(crate) struct Outcome {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    /// What they printed, and each failure with its place.
    pub(crate) output: String,
    /// What the file was compiled to.
    #[allow(dead_code, reason = "of the two users only one looks at it")]
    pub(crate) program: Program,
}

/// Files within files.
const MOST_NESTED: usize = 8;

#[derive(Default)]
struct Tests {
    sources: Sources,
    errors: Vec<Diagnostic>,
    builder: ProgramBuilder,
    tables: Tables,
    suites: Vec<(String, String)>,
    /// Functions that are compared, whether they should be equal, and where that stands
    same: Vec<(String, String, bool, Span)>,
    output: String,
}

/// A prefix, the longest length, and the AS number.
type Entry = (IpNet, u8, u32);

/// Tables of ROAs by number: name, and the entries.
#[derive(Default)]
struct Tables(Vec<(String, Vec<Entry>)>);

impl Host for Tables {
    /// RFC 6811 §2
    fn roa_check(&self, table: u16, net: &IpNet, asn: u32) -> Roa {
        let Some((_, entries)) = self.0.get(usize::from(table)) else { return Roa::Unknown };
        let mut covered = false;
        for (prefix, most, origin) in entries {
            let covers = prefix.addr().is_ipv4() == net.addr().is_ipv4() && prefix.contains(net);
            covered |= covers;
            if covers && net.prefix_len() <= *most && asn == *origin && asn != 0 {
                return Roa::Valid;
            }
        }
        if covered { Roa::Invalid } else { Roa::Unknown }
    }
}

impl Tests {
    /// The tokens of a file and of those that it includes.
    fn read(&mut self, path: &Path, depth: usize, tokens: &mut Vec<Token>) -> Result<(), String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let source = self.sources.add(&path.display().to_string(), &text);
        let mut list = tokenize(source, &text, &mut self.errors).into_iter().peekable();
        while let Some(token) = list.next() {
            let include =
                token.first_of_line && token.kind == TokenKind::Symbol("include".to_owned());
            match list.peek().map(|next| next.kind.clone()) {
                Some(TokenKind::Text(name)) if include => {
                    list.next();
                    list.next_if(|next| next.kind == TokenKind::Punctuation(";"));
                    if depth == MOST_NESTED {
                        return Err(format!("{}: files are included too deeply", path.display()));
                    }
                    let folder = path.parent().unwrap_or(Path::new("."));
                    self.read(&folder.join(name), depth + 1, tokens)?;
                }
                None if depth > 0 => {}
                _ => tokens.push(token),
            }
        }
        Ok(())
    }

    fn parse(&mut self, tokens: Vec<Token>) {
        let mut parser = Parser::new(tokens).with_tests();
        while !parser.at_end() {
            let start = parser.position();
            if let Err(error) = self.statement(&mut parser) {
                self.errors.push(error);
                parser.recover(start);
            }
            self.errors.extend(parser.take_errors());
        }
        self.errors.extend(self.builder.take_errors());
    }

    fn statement(&mut self, parser: &mut Parser) -> Result<(), Diagnostic> {
        if parser.eat(";") {
            return Ok(());
        }
        match parser.peek_symbol().unwrap_or_default() {
            "define" => {
                let (name, value) = parser.define()?;
                self.builder.define(&name, &value);
            }
            "function" => self.builder.add_function(&parser.function()?),
            "filter" => drop(self.builder.add_filter(&parser.named_filter()?)),
            "bt_test_suite" => {
                parser.advance();
                parser.expect("(")?;
                let name = parser.name()?;
                parser.expect(",")?;
                self.suites.push((name.text, parser.text()?));
                parser.expect(")")?;
                parser.expect_semicolon()?;
            }
            "bt_test_same" => self.compare(parser)?,
            "protocol" => self.protocol(parser)?,
            word if word.ends_with('4') || word.ends_with('6') || word == "table" => {
                self.table(parser)?;
            }
            // Settings of the daemon
            "router" | "log" | "debug" => {
                while !parser.eat(";") && !parser.at_end() {
                    parser.advance();
                }
            }
            _ => return Err(parser.unexpected("a statement of a test file")),
        }
        Ok(())
    }

    fn compare(&mut self, parser: &mut Parser) -> Result<(), Diagnostic> {
        let start = parser.span();
        parser.advance();
        parser.expect("(")?;
        let one = parser.name()?;
        parser.expect(",")?;
        let two = parser.name()?;
        parser.expect(",")?;
        let same = parser.number()? != 0;
        parser.expect(")")?;
        parser.expect_semicolon()?;
        self.same.push((one.text, two.text, same, start.to(parser.previous_span())));
        Ok(())
    }

    /// `roa4 table r4;`
    fn table(&mut self, parser: &mut Parser) -> Result<(), Diagnostic> {
        while parser.peek_symbol().is_some_and(|word| word != "table") {
            parser.advance();
        }
        parser.advance();
        let name: Name = parser.name()?;
        parser.expect_semicolon()?;
        let number = u16::try_from(self.tables.0.len()).unwrap_or(u16::MAX);
        self.builder.add_table(&name, number);
        self.tables.0.push((name.text, Vec::new()));
        Ok(())
    }

    /// Only static routes of ROAs matter here.
    fn protocol(&mut self, parser: &mut Parser) -> Result<(), Diagnostic> {
        while !parser.eat("{") {
            if parser.at_end() {
                return Err(parser.unexpected("`{`"));
            }
            parser.advance();
        }
        let mut table = None;
        let mut depth = 1;
        while depth > 0 {
            if parser.at_end() {
                return Err(parser.unexpected("`}`"));
            }
            if parser.eat_symbol("table") {
                let name = parser.name()?;
                table = self.tables.0.iter().position(|one| one.0 == name.text);
            } else if parser.eat_symbol("route") {
                let expr = parser.expression()?;
                if let (Some(Value::Net(net)), Some(table)) = (self.builder.evaluate(&expr), table)
                    && let Net::Roa(net, most, asn) = *net
                    && let Some((_, entries)) = self.tables.0.get_mut(table)
                {
                    entries.push((net, most, asn));
                }
            } else {
                match parser.advance() {
                    TokenKind::Punctuation("{") => depth += 1,
                    TokenKind::Punctuation("}") => depth -= 1,
                    _ => {}
                }
            }
        }
        parser.eat(";");
        Ok(())
    }

    /// Runs each suite; how many assertions passed and failed.
    fn run(&mut self, program: &Program) -> (u32, u32) {
        let (mut passed, mut failed) = (0, 0);
        let mut vm = Vm::default();
        for (function, title) in std::mem::take(&mut self.suites) {
            let trap = program.call(&mut vm, &function, &self.tables).err();
            self.output += vm.output();
            let (count, wrong) = vm.take_assertions();
            let mut fails = u32::try_from(wrong.len()).unwrap_or(u32::MAX);
            passed += count - fails;
            for span in wrong {
                self.show(span, "this does not hold");
            }
            if let Some(trap) = trap {
                self.show(trap.span, &trap.to_string());
                fails += 1;
            }
            failed += fails;
            let verdict = if fails == 0 { "ok" } else { "FAILED" };
            // Writing to a string does not fail.
            let _ = writeln!(self.output, "{verdict:6} {title}: {count} assertions");
        }
        (passed, failed)
    }

    fn show(&mut self, span: Span, message: &str) {
        // Writing to a string does not fail.
        let _ = Diagnostic::new(span, message).render(&self.sources, &mut self.output);
    }
}

/// Runs the tests of a file; an error when it cannot be read, or has errors.
pub(crate) fn run(path: &Path) -> Result<Outcome, String> {
    let mut tests = Tests::default();
    let mut tokens = Vec::new();
    tests.read(path, 0, &mut tokens)?;
    tests.parse(tokens);
    if !tests.errors.is_empty() {
        let errors = std::mem::take(&mut tests.errors);
        return Err(Diagnostics::new(tests.sources, errors).to_string());
    }
    let mut failed = 0;
    let mut passed = 0;
    for (one, two, same, span) in std::mem::take(&mut tests.same) {
        if tests.builder.same(&one, &two) == Some(same) {
            passed += 1;
        } else {
            failed += 1;
            tests.show(span, "the functions are not as this says");
        }
    }
    let builder = std::mem::take(&mut tests.builder);
    let program = builder
        .finish()
        .map_err(|errors| Diagnostics::new(tests.sources.clone(), errors).to_string())?;
    let (good, bad) = tests.run(&program);
    Ok(Outcome { passed: passed + good, failed: failed + bad, output: tests.output, program })
}
