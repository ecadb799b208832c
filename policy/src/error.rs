//! What is wrong with a text, and where.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::span::{Sources, Span};

/// One error, or one warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
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
        Self { span, message: message.into(), hint: None }
    }

    /// Adds what may help.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// `FILE:LINE:COLUMN: message`, the line, a caret under the place, the hint.
    pub fn render(&self, sources: &Sources, out: &mut impl fmt::Write) -> fmt::Result {
        let (line, column, text) = sources.locate(self.span);
        writeln!(out, "{}:{line}:{column}: {}", sources.name(self.span.source), self.message)?;
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
#[derive(Debug, Clone)]
pub struct Diagnostics {
    sources: Sources,
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// `list` refers to places in `sources`.
    pub const fn new(sources: Sources, list: Vec<Diagnostic>) -> Self {
        Self { sources, list }
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
