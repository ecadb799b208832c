//! What is wrong with a text, and where.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::span::{Sources, Span};

/// Whether a text can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Severity {
    /// It cannot.
    #[default]
    Error,
    /// It can, but may not mean what was meant.
    Warning,
}

/// One error, or one warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which of the two
    pub severity: Severity,
    /// Where
    pub span: Span,
    /// What
    pub message: String,
    /// What may help
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, span, message: message.into(), hint: None }
    }

    /// A warning.
    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::new(span, message) }
    }

    /// Adds what may help.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// `FILE:LINE:COLUMN: message`, the line, a caret under the place, the hint. `warning: ` stands before the
    /// message of one.
    pub fn render(&self, sources: &Sources, out: &mut impl fmt::Write) -> fmt::Result {
        let (line, column, text) = sources.locate(self.span);
        let kind = match self.severity {
            Severity::Error => "",
            Severity::Warning => "warning: ",
        };
        let name = sources.name(self.span.source);
        writeln!(out, "{name}:{line}:{column}: {kind}{}", self.message)?;
        writeln!(out, "{line:5} | {text}")?;
        let width = text.chars().count();
        let length = (self.span.end - self.span.start) as usize;
        let carets = length.clamp(1, (width + 1).saturating_sub(column).max(1));
        // Tabs before the place are kept, so that the caret stands under it.
        let indent: String =
            text.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        writeln!(out, "      | {indent}{}", "^".repeat(carets))?;
        if let Some(hint) = &self.hint {
            writeln!(out, "      = {hint}")?;
        }
        Ok(())
    }
}

/// All errors of a program, with its texts.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    sources: Sources,
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// `list` refers to places in `sources`.
    pub const fn new(sources: Sources, list: Vec<Diagnostic>) -> Self {
        Self { sources, list }
    }

    /// By their places.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.list.sort_by_key(|one| (one.span.source, one.span.start));
        self
    }

    /// Whether there is nothing to tell.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The errors.
    pub fn iter(&self) -> core::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// The first error in the form of BIRD's control protocol: `FILE:LINE:COLUMN message`.
    pub fn first_line(&self) -> String {
        self.list.first().map_or_else(String::new, |first| {
            let (line, column, _) = self.sources.locate(first.span);
            alloc::format!(
                "{}:{line}:{column} {}",
                self.sources.name(first.span.source),
                first.message
            )
        })
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.iter().try_for_each(|diagnostic| diagnostic.render(&self.sources, f))
    }
}

impl core::error::Error for Diagnostics {}

/// Names that may have been meant.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |other: &str| -> usize {
        let (a, b): (Vec<char>, Vec<char>) = (
            name.chars().flat_map(char::to_lowercase).collect(),
            other.chars().flat_map(char::to_lowercase).collect(),
        );
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.iter().enumerate() {
            let mut diagonal = core::mem::replace(&mut row[0], i + 1);
            for (j, y) in b.iter().enumerate() {
                let cost = diagonal + usize::from(x != y);
                diagonal = row[j + 1];
                row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
            }
        }
        row[b.len()]
    };
    let most = 1 + name.len() / 4;
    known
        .map(|other| (distance(other), other))
        .filter(|(far, _)| *far <= most)
        .min()
        .map(|one| one.1)
}
