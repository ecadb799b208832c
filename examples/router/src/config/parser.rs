//! The top level of a configuration file.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use policy::ast::Name;
use policy::lexer::{Token, TokenKind};
use policy::parser::Parser;
use policy::span::Sources;
use policy::value::Value;
use policy::{Diagnostic, Diagnostics, FilterId, ProgramBuilder};

use super::bgp::BgpDraft;
use super::model::{
    AddressFamily, Config, FilterRef, InterfacePattern, LogClasses, LogDestination, LogTarget,
    ProtocolConfig, ProtocolKind, TableConfig,
};

pub(super) type Parsed<T> = Result<T, Diagnostic>;

/// Names of log classes, by bit.
const LOG_CLASSES: [&str; 9] =
    ["debug", "trace", "info", "remote", "warning", "error", "auth", "fatal", "bug"];

/// A configuration while it is read.
pub(super) struct ConfigParser {
    pub(super) parser: Parser,
    pub(super) builder: ProgramBuilder,
    pub(super) tables: Vec<TableConfig>,
    log: Vec<LogTarget>,
    router_id: Option<Ipv4Addr>,
    graceful_restart_wait: Duration,
    protocols: Vec<ProtocolConfig>,
    /// BGP templates by name.
    pub(super) templates: BTreeMap<String, BgpDraft>,
    /// How many protocols of each kind had no name.
    unnamed: BTreeMap<&'static str, u32>,
}

impl ConfigParser {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        let table = |name: &str, family| TableConfig { name: name.into(), family };
        Self {
            parser: Parser::new(tokens),
            builder: ProgramBuilder::default(),
            tables: vec![
                table("master4", AddressFamily::Ipv4),
                table("master6", AddressFamily::Ipv6),
            ],
            log: Vec::new(),
            router_id: None,
            graceful_restart_wait: Duration::from_secs(240),
            protocols: Vec::new(),
            templates: BTreeMap::new(),
            unnamed: BTreeMap::new(),
        }
    }

    /// Reads the whole file; errors are added to `errors`.
    pub(super) fn parse(
        mut self,
        sources: &Sources,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<Config> {
        while !self.parser.at_end() {
            if self.parser.eat(";") {
                continue;
            }
            let start = self.parser.position();
            if let Err(error) = self.statement() {
                errors.push(error);
                self.parser.recover(start);
            }
            errors.extend(self.parser.take_errors());
            errors.extend(self.builder.take_errors());
        }
        let warnings = self.builder.take_warnings();
        let program = self.builder.finish().map_err(|list| errors.extend(list)).ok()?;
        Some(Config {
            log: self.log,
            router_id: self.router_id,
            graceful_restart_wait: self.graceful_restart_wait,
            program: Arc::new(program),
            tables: self.tables,
            protocols: self.protocols,
            warnings: Diagnostics::new(sources.clone(), warnings),
        })
    }

    fn statement(&mut self) -> Parsed<()> {
        let word = self.parser.peek_symbol().unwrap_or_default().to_owned();
        match word.as_str() {
            "define" => {
                let (name, value) = self.parser.define()?;
                self.builder.define(&name, &value);
                Ok(())
            }
            "function" => {
                let function = self.parser.function()?;
                self.builder.add_function(&function);
                Ok(())
            }
            "filter" => {
                let filter = self.parser.named_filter()?;
                self.builder.add_filter(&filter);
                Ok(())
            }
            "log" => self.log(),
            "router" => self.router_id(),
            "graceful" => self.graceful_restart_wait(),
            "ipv4" | "ipv6" => self.table(),
            "protocol" => self.protocol(),
            "template" => self.template(),
            // Of no effect on routes.
            "timeformat" | "debug" | "mrtdump" | "watchdog" | "hostname" => self.skip_statement(),
            _ => Err(self.parser.unexpected(
                "`log`, `router id`, `graceful restart wait`, `define`, `function`, `filter`, `ipv4 table`, `ipv6 table`, `template` or \
                 `protocol`",
            )),
        }
    }

    /// Leaves out a statement that has no effect on routes.
    pub(super) fn skip_statement(&mut self) -> Parsed<()> {
        loop {
            match self.parser.advance() {
                TokenKind::Punctuation(";") => return Ok(()),
                TokenKind::End => return Err(self.parser.unexpected("`;`")),
                _ => {}
            }
        }
    }

    fn log(&mut self) -> Parsed<()> {
        let parser = &mut self.parser;
        parser.eat_symbol("log");
        let to = if parser.eat_symbol("stderr") {
            LogDestination::Stderr
        } else if parser.eat_symbol("syslog") {
            let name = if parser.eat_symbol("name") { Some(parser.text()?) } else { None };
            LogDestination::Syslog { name }
        } else if let TokenKind::Text(path) = parser.peek().clone() {
            parser.advance();
            let rotate = match parser.peek() {
                TokenKind::Number(_) => Some((u64::from(parser.number()?), parser.text()?.into())),
                _ => None,
            };
            LogDestination::File { path: path.into(), rotate }
        } else {
            return Err(parser.unexpected("`stderr`, `syslog` or a file in double quotes"));
        };
        let classes = if parser.eat_symbol("all") {
            LogClasses(u16::MAX)
        } else {
            parser.expect("{")?;
            let mut bits = 0;
            loop {
                let span = parser.span();
                let name = parser.word()?;
                let class = LOG_CLASSES.iter().position(|class| *class == name);
                let known = LOG_CLASSES.join(", ");
                let class = class.ok_or_else(|| {
                    Diagnostic::new(span, format!("`{name}` is no log class"))
                        .hint(format!("there are {known}"))
                })?;
                bits |= 1 << class;
                if !parser.eat(",") {
                    break;
                }
            }
            parser.expect("}")?;
            LogClasses(bits)
        };
        self.log.push(LogTarget { to, classes });
        self.parser.expect_semicolon()
    }

    fn graceful_restart_wait(&mut self) -> Parsed<()> {
        if !self.parser.eat_symbols(&["graceful", "restart", "wait"]) {
            return Err(self.parser.unexpected("`graceful restart wait`"));
        }
        self.graceful_restart_wait = self.time()?;
        self.parser.expect_semicolon()
    }

    fn router_id(&mut self) -> Parsed<()> {
        self.parser.eat_symbol("router");
        if !self.parser.eat_symbol("id") {
            return Err(self.parser.unexpected("`id`"));
        }
        let id = self.router_id_value()?;
        self.router_id = Some(id);
        self.parser.expect_semicolon()
    }

    /// An identifier: an IPv4 address, or the number of one.
    pub(super) fn router_id_value(&mut self) -> Parsed<Ipv4Addr> {
        let span = self.parser.span();
        let id = match self.constant()? {
            Value::Ip(IpAddr::V4(address)) => address,
            Value::Int(number) => Ipv4Addr::from(number),
            _ => return Err(Diagnostic::new(span, "a router id is an IPv4 address or a number")),
        };
        if id.is_unspecified() {
            return Err(Diagnostic::new(span, "a router id must not be zero"));
        }
        Ok(id)
    }

    fn table(&mut self) -> Parsed<()> {
        let family = self.family()?;
        if !self.parser.eat_symbol("table") {
            return Err(self.parser.unexpected("`table`"));
        }
        let Name { text: name, span } = self.parser.name()?;
        match self.tables.iter().find(|table| table.name == name) {
            Some(table) if table.family == family && name.starts_with("master") => {}
            Some(_) => {
                return Err(Diagnostic::new(span, format!("table `{name}` is declared already")));
            }
            None => self.tables.push(TableConfig { name, family }),
        }
        self.parser.expect_semicolon()
    }

    /// `ipv4` or `ipv6`.
    pub(super) fn family(&mut self) -> Parsed<AddressFamily> {
        if self.parser.eat_symbol("ipv4") {
            Ok(AddressFamily::Ipv4)
        } else if self.parser.eat_symbol("ipv6") {
            Ok(AddressFamily::Ipv6)
        } else {
            Err(self.parser.unexpected("`ipv4` or `ipv6`"))
        }
    }

    fn template(&mut self) -> Parsed<()> {
        self.parser.eat_symbol("template");
        if !self.parser.eat_symbol("bgp") {
            return Err(self
                .parser
                .unexpected("`bgp` (templates of other protocols are not supported yet)"));
        }
        let Name { text: name, span } = self.parser.name()?;
        if self.templates.contains_key(&name) {
            return Err(Diagnostic::new(span, format!("template `{name}` is defined already")));
        }
        let mut draft = self.template_or_default()?;
        self.bgp_body(&mut draft)?;
        self.templates.insert(name, draft);
        Ok(())
    }

    /// `from TEMPLATE`, or nothing.
    fn template_or_default(&mut self) -> Parsed<BgpDraft> {
        if !self.parser.eat_symbol("from") {
            return Ok(BgpDraft::default());
        }
        let Name { text: name, span } = self.parser.name()?;
        let known = || self.templates.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        self.templates.get(&name).cloned().ok_or_else(|| {
            let error = Diagnostic::new(span, format!("there is no template `{name}`"));
            if self.templates.is_empty() {
                error
            } else {
                error.hint(format!("there are {}", known()))
            }
        })
    }

    fn protocol(&mut self) -> Parsed<()> {
        self.parser.eat_symbol("protocol");
        let span = self.parser.span();
        let word = self.parser.word()?;
        let kind = match word.as_str() {
            "device" => "device",
            "direct" => "direct",
            "static" => "static",
            "bgp" => "bgp",
            _ => {
                return Err(Diagnostic::new(
                    span,
                    format!("protocol `{word}` is not supported yet"),
                )
                .hint("there are device, direct, static and bgp"));
            }
        };
        let (name, name_span) = match self.parser.peek() {
            TokenKind::Punctuation(_) => (self.made_up_name(kind), span),
            TokenKind::Symbol(word) if word == "from" => (self.made_up_name(kind), span),
            _ => {
                let name = self.parser.name()?;
                (name.text, name.span)
            }
        };
        if self.protocols.iter().any(|protocol| protocol.name == name) {
            return Err(Diagnostic::new(
                name_span,
                format!("protocol `{name}` is defined already"),
            ));
        }
        let mut protocol = ProtocolConfig {
            name,
            disabled: false,
            description: None,
            kind: ProtocolKind::Device { scan_time: Duration::from_secs(60) },
        };
        match kind {
            "device" => self.device(&mut protocol)?,
            "direct" => self.direct(&mut protocol)?,
            "static" => self.statics(&mut protocol, span)?,
            _ => {
                let mut draft = self.template_or_default()?;
                self.bgp_body(&mut draft)?;
                protocol.disabled = draft.disabled;
                protocol.description.clone_from(&draft.description);
                protocol.kind = ProtocolKind::Bgp(Box::new(draft.finish(span)?));
            }
        }
        self.protocols.push(protocol);
        Ok(())
    }

    fn made_up_name(&mut self, kind: &'static str) -> String {
        let count = self.unnamed.entry(kind).or_default();
        *count += 1;
        format!("{kind}{count}")
    }

    /// Takes the options that all protocols have; false when another comes next.
    pub(super) fn common_option(
        &mut self,
        disabled: &mut bool,
        description: &mut Option<String>,
    ) -> Parsed<bool> {
        if self.parser.eat_symbol("disabled") {
            *disabled = self.switch()?;
        } else if self.parser.eat_symbol("description") {
            *description = Some(self.parser.text()?);
        } else if self.parser.eat_symbol("debug") || self.parser.eat_symbol("mrtdump") {
            while !matches!(self.parser.peek(), TokenKind::Punctuation(";") | TokenKind::End) {
                self.parser.advance();
            }
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn device(&mut self, protocol: &mut ProtocolConfig) -> Parsed<()> {
        let mut scan = Duration::from_secs(60);
        self.block(|this| {
            if this.common_option(&mut protocol.disabled, &mut protocol.description)? {
            } else if this.parser.eat_symbols(&["scan", "time"]) {
                scan = this.time()?;
            } else {
                return Err(this.parser.unexpected("`scan time`, `disabled` or `description`"));
            }
            Ok(())
        })?;
        protocol.kind = ProtocolKind::Device { scan_time: scan };
        Ok(())
    }

    fn direct(&mut self, protocol: &mut ProtocolConfig) -> Parsed<()> {
        let (mut channels, mut interfaces) = (Vec::new(), Vec::new());
        self.block(|this| {
            if this.common_option(&mut protocol.disabled, &mut protocol.description)? {
            } else if matches!(this.parser.peek_symbol(), Some("ipv4" | "ipv6")) {
                let channel = this.channel(240)?;
                channels.push(channel.finish_internal());
            } else if this.parser.eat_symbol("interface") {
                loop {
                    let exclude = this.parser.eat("-");
                    interfaces.push(InterfacePattern { pattern: this.parser.text()?, exclude });
                    if !this.parser.eat(",") {
                        break;
                    }
                }
            } else {
                return Err(this
                    .parser
                    .unexpected("`ipv4`, `ipv6`, `interface`, `disabled` or `description`"));
            }
            Ok(())
        })?;
        protocol.kind = ProtocolKind::Direct { channels, interfaces };
        Ok(())
    }

    /// `{ option; option; … }`, each option but for its semicolon read by `option`.
    pub(super) fn block(&mut self, mut option: impl FnMut(&mut Self) -> Parsed<()>) -> Parsed<()> {
        self.parser.expect("{")?;
        while !self.parser.eat("}") {
            if self.parser.eat(";") {
                continue;
            }
            if self.parser.at_end() {
                return Err(self.parser.unexpected("`}`"));
            }
            option(self)?;
            // A block needs no semicolon behind it.
            let ends_with_block = self.parser.previous_is_block_end();
            if !(self.parser.eat(";") || ends_with_block) {
                return Err(self.parser.unexpected("`;`"));
            }
        }
        self.parser.eat(";");
        Ok(())
    }

    /// A boolean that may be left out: then it is on.
    pub(super) fn switch(&mut self) -> Parsed<bool> {
        if matches!(self.parser.peek(), TokenKind::Punctuation(";" | "}")) {
            return Ok(true);
        }
        let span = self.parser.span();
        match self.constant()? {
            Value::Bool(value) => Ok(value),
            _ => Err(Diagnostic::new(span, "expected `on` or `off`")),
        }
    }

    /// A number, or a constant expression for one.
    pub(super) fn int(&mut self) -> Parsed<u32> {
        let span = self.parser.span();
        match self.constant()? {
            Value::Int(value) => Ok(value),
            other => Err(Diagnostic::new(
                span,
                format!("expected a number, found a value of type {}", other.ty()),
            )),
        }
    }

    /// A number within bounds.
    pub(super) fn bounded<T: TryFrom<u32>>(
        &mut self,
        least: u32,
        most: u32,
        what: &str,
    ) -> Parsed<T> {
        let span = self.parser.span();
        let value = self.int()?;
        let error = || {
            Diagnostic::new(span, format!("{what} has to be from {least} to {most}, not {value}"))
        };
        if !(least..=most).contains(&value) {
            return Err(error());
        }
        T::try_from(value).map_err(|_| error())
    }

    /// An address, or a name defined as one.
    pub(super) fn address(&mut self) -> Parsed<IpAddr> {
        let span = self.parser.span();
        match self.constant()? {
            Value::Ip(address) => Ok(address),
            other => Err(Diagnostic::new(
                span,
                format!("expected an address, found a value of type {}", other.ty()),
            )),
        }
    }

    /// A time: seconds, or a number with `s`, `ms` or `us`.
    pub(super) fn time(&mut self) -> Parsed<Duration> {
        let number = u64::from(self.int()?);
        Ok(if self.parser.eat_symbol("ms") {
            Duration::from_millis(number)
        } else if self.parser.eat_symbol("us") {
            Duration::from_micros(number)
        } else {
            self.parser.eat_symbol("s");
            Duration::from_secs(number)
        })
    }

    /// What stands behind `import` or `export`.
    pub(super) fn filter_ref(&mut self) -> Parsed<FilterRef> {
        if self.parser.eat_symbol("all") {
            return Ok(FilterRef::All);
        }
        if self.parser.eat_symbol("none") {
            return Ok(FilterRef::None);
        }
        if self.parser.eat_symbol("where") {
            let filter = self.parser.where_filter()?;
            let id = self.builder.add_filter(&filter);
            return self.reference(id);
        }
        if !self.parser.eat_symbol("filter") {
            return Err(self.parser.unexpected("`all`, `none`, `where` or `filter`"));
        }
        if matches!(self.parser.peek(), TokenKind::Punctuation("{")) {
            let filter = self.parser.inline_filter()?;
            let id = self.builder.add_filter(&filter);
            return self.reference(id);
        }
        let Name { text: name, span } = self.parser.name()?;
        let id = self.builder.filter(&name);
        let id = id.ok_or_else(|| Diagnostic::new(span, format!("there is no filter `{name}`")))?;
        self.reference(id)
    }

    fn reference(&self, id: FilterId) -> Parsed<FilterRef> {
        let program = self.builder.program();
        Ok(FilterRef::Filter {
            id,
            name: program.name(id).map(Into::into),
            fingerprint: program.fingerprint(id),
        })
    }

    /// A constant expression.
    pub(super) fn constant(&mut self) -> Parsed<Value> {
        let expr = self.parser.expression()?;
        let value = self.builder.evaluate(&expr);
        value.ok_or_else(|| {
            let mut errors = self.builder.take_errors();
            let last = errors.pop();
            last.unwrap_or_else(|| Diagnostic::new(expr.span, "this is not a constant"))
        })
    }
}
