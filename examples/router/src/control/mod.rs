//! BIRD's control protocol: what `birdc` sends, and what it gets.

mod attributes;
mod capabilities;
mod protocols;
mod routes;

use std::time::Duration;

use crate::config::{Config, ConfigError};
use crate::protocol::Protocol;
use crate::router::Router;

/// A connection to the control socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ControlSession {
    /// Commands that change something are refused.
    pub restricted: bool,
}

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// This is the whole answer.
    Reply(String),
    /// Read a configuration (the same file again where none is given) and hand the result to
    /// [`Router::handle_configuration`].
    Configure {
        /// The file
        file: Option<String>,
        /// Only look whether it could be used
        check: bool,
    },
    /// Send the answer, then end by [`Router::shutdown`].
    Down(String),
}

/// Lines of an answer, each with its code.
#[derive(Debug, Default)]
pub(crate) struct Reply(Vec<(u16, String)>);

impl Reply {
    pub(crate) fn line(&mut self, code: u16, text: impl Into<String>) {
        self.0.push((code, text.into()));
    }

    /// Ends it with a line of its own.
    fn end(mut self, code: u16, text: impl Into<String>) -> String {
        self.line(code, text);
        let mut out = String::new();
        let mut before = None;
        let last = self.0.len() - 1;
        for (index, (code, text)) in self.0.iter().enumerate() {
            if index == last {
                out.push_str(&format!("{code:04} {text}\n"));
            } else if before == Some(*code) {
                out.push_str(&format!(" {text}\n"));
            } else {
                out.push_str(&format!("{code:04}-{text}\n"));
            }
            before = Some(*code);
        }
        out
    }
}

/// An answer of one line.
fn single(code: u16, text: impl Into<String>) -> String {
    Reply::default().end(code, text)
}

/// The version as programs that speak to BIRD read it: BIRD's protocol, our number.
pub(crate) fn version() -> String {
    format!("BIRD causeway-{}", env!("CARGO_PKG_VERSION"))
}

/// The words of a command; strings in quotes stay together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, behind) = if first == '"' || first == '\'' {
            let body = rest.get(1..).unwrap_or_default();
            body.split_once(first).unwrap_or((body, ""))
        } else {
            rest.split_once(char::is_whitespace).unwrap_or((rest, ""))
        };
        words.push(word.to_owned());
        rest = behind.trim_start();
    }
    words
}

impl Router {
    /// What a new connection to the control socket is greeted with.
    pub fn greeting(&self) -> String {
        single(1, format!("{} ready.", version()))
    }

    /// Answers a command line.
    pub fn handle_command(
        &mut self,
        now: Duration,
        session: &mut ControlSession,
        line: &str,
    ) -> Command {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let privileged = matches!(
            words.first(),
            Some(&("configure" | "enable" | "disable" | "restart" | "reload" | "down"))
        );
        if privileged && session.restricted {
            return Command::Reply(single(8007, "Access denied"));
        }
        Command::Reply(match words.as_slice() {
            [] => single(0, ""),
            ["restrict"] => {
                session.restricted = true;
                single(16, "Access restricted")
            }
            ["show", "status"] => self.show_status(now),
            ["show", "protocols", "all", rest @ ..] => {
                self.show_protocols(now, true, rest.first().copied())
            }
            ["show", "protocols", rest @ ..] => {
                self.show_protocols(now, false, rest.first().copied())
            }
            ["show", "route", rest @ ..] => self.show_route(now, rest),
            ["enable", pattern] => self.switch(now, pattern, Switch::Enable),
            ["disable", pattern, ..] => self.switch(now, pattern, Switch::Disable),
            ["restart", pattern, ..] => self.switch(now, pattern, Switch::Restart),
            ["configure", rest @ ..] => return configure(rest),
            ["down"] => return Command::Down(single(7, "Shutdown requested")),
            [first, ..] => single(9001, format!("syntax error, unexpected {first}")),
        })
    }

    /// Takes, or only judges, a configuration that [`Command::Configure`] asked for, and gives the answer.
    pub fn handle_configuration(
        &mut self,
        now: Duration,
        file: &str,
        check: bool,
        result: Result<Config, ConfigError>,
    ) -> String {
        let mut reply = Reply::default();
        reply.line(2, format!("Reading configuration from {file}"));
        match result {
            Err(error) => reply.end(8002, error.first_line()),
            Ok(_) if check => reply.end(20, "Configuration OK"),
            Ok(config) => {
                self.reconfigure(now, config);
                reply.end(3, "Reconfigured")
            }
        }
    }

    fn show_status(&self, now: Duration) -> String {
        let mut reply = Reply::default();
        reply.line(1000, version());
        reply.line(1011, format!("Router ID is {}", self.router_id));
        reply.line(1011, format!("Hostname is {}", self.hostname));
        reply.line(1011, format!("Current server time is {}", self.clock.full(now)));
        reply.line(1011, format!("Last reboot on {}", self.clock.full(self.started_at)));
        reply
            .line(1011, format!("Last reconfiguration on {}", self.clock.full(self.configured_at)));
        if self.stopping {
            return reply.end(13, "Shutdown in progress");
        }
        reply.end(13, "Daemon is up and running")
    }

    /// Numbers of the instances that a name, a pattern or `all` stands for.
    fn select(&self, pattern: &str) -> Vec<usize> {
        let glob = glob::Pattern::new(pattern);
        let suits = |protocol: &Protocol| {
            pattern == "all"
                || glob
                    .as_ref()
                    .map_or(protocol.name() == pattern, |glob| glob.matches(protocol.name()))
        };
        (0..self.protocols.len())
            .filter(|index| self.protocols.get(*index).is_some_and(suits))
            .collect()
    }

    fn switch(&mut self, now: Duration, pattern: &str, switch: Switch) -> String {
        let selected = self.select(pattern);
        if selected.is_empty() {
            return unknown_protocol(pattern);
        }
        let mut reply = Reply::default();
        for index in selected {
            let Some(protocol) = self.protocols.get(index) else { continue };
            let (name, disabled) = (protocol.name().to_owned(), protocol.disabled);
            let (code, text) = match switch {
                Switch::Disable if disabled => (8, "already disabled"),
                Switch::Disable => {
                    self.disable(now, index);
                    (9, "disabled")
                }
                Switch::Enable if !disabled => (10, "already enabled"),
                Switch::Enable => {
                    self.enable(now, index);
                    (11, "enabled")
                }
                Switch::Restart if disabled => (8, "already disabled"),
                Switch::Restart => {
                    self.disable(now, index);
                    self.enable(now, index);
                    (12, "restarted")
                }
            };
            reply.line(code, format!("{name}: {text}"));
        }
        reply.end(0, "")
    }
}

#[derive(Debug, Clone, Copy)]
enum Switch {
    Enable,
    Disable,
    Restart,
}

/// `configure [soft] [check] ["FILE"]`
fn configure(words: &[&str]) -> Command {
    let (mut file, mut check) = (None, false);
    for word in words {
        match *word {
            "check" => check = true,
            // Without an effect of its own: a session is never touched without need.
            "soft" => {}
            "undo" | "confirm" | "timeout" | "status" => {
                return Command::Reply(single(
                    9001,
                    format!("`configure {word}` is not supported yet"),
                ));
            }
            name => file = Some(name.to_owned()),
        }
    }
    Command::Configure { file, check }
}

fn unknown_protocol(name: &str) -> String {
    if name.contains(['*', '?']) {
        return single(8003, "No protocols match");
    }
    single(9001, format!("syntax error, unexpected CF_SYM_UNDEFINED: there is no protocol {name}"))
}
