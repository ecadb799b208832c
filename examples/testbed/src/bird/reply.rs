//! What BIRD answers.

use std::process::ExitStatus;

/// An answer on the control socket.
#[derive(Debug)]
pub struct Reply {
    /// Its lines, but for the greeting.
    pub lines: Vec<ReplyLine>,
    /// Whether `birdc` ended with status 0.
    pub success: bool,
    /// The greeting.
    pub greeting: String,
}

/// A line of a [`Reply`].
#[derive(Debug)]
pub struct ReplyLine {
    /// Its code, or that of the line before where it has none
    pub code: u16,
    /// What stands behind the code
    pub text: String,
}

impl Reply {
    /// `birdc -v` leaves the codes in front of the lines: `1007-text`, `0014 text`, or five spaces
    /// where the code is that of the line before.
    pub(super) fn parse(text: &str, status: ExitStatus) -> Self {
        let (mut lines, mut code) = (Vec::new(), 0);
        for line in text.lines() {
            let (front, rest) = line.split_at_checked(5).unwrap_or(("", line));
            let said = front.get(..4).and_then(|digits| digits.parse().ok());
            code = said.unwrap_or(code);
            let rest = if said.is_some() || front == "     " { rest } else { line };
            lines.push(ReplyLine { code, text: rest.to_owned() });
        }
        let has_greeting = lines.first().is_some_and(|line| line.code == 1);
        let greeting = if has_greeting { lines.remove(0).text } else { String::new() };
        Self { lines, success: status.success(), greeting }
    }

    /// The code of the last line, which says how the command went.
    pub fn code(&self) -> u16 {
        self.lines.last().map_or(0, |line| line.code)
    }

    /// The lines of that code.
    pub fn lines_with(&self, code: u16) -> Vec<&str> {
        let lines = self.lines.iter().filter(|line| line.code == code);
        lines.map(|line| line.text.as_str()).collect()
    }

    /// All lines, without the codes.
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Asserts on the last line: its code and how it begins.
    #[track_caller]
    pub fn assert_ends(&self, code: u16, text: &str) {
        let last = self.lines.last().unwrap_or_else(|| panic!("an empty answer: {self:?}"));
        assert!(
            last.code == code && last.text.starts_with(text),
            "expected {code:04} {text}, got {self:?}"
        );
    }
}
