//! Places in source texts.

use alloc::string::String;
use alloc::vec::Vec;

/// Number of a text in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SourceId(pub u32);

/// A stretch of a text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// Which text
    pub source: SourceId,
    /// First byte
    pub start: u32,
    /// Behind the last byte
    pub end: u32,
}

impl Span {
    /// From the beginning of `self` to the end of `other`, when both are in one text.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.source == other.source {
            Self { end: other.end.max(self.end), ..self }
        } else {
            self
        }
    }
}

/// The texts of a program: the file itself and those that it includes.
#[derive(Debug, Clone, Default)]
pub struct Sources(Vec<(String, String)>);

impl Sources {
    /// Adds a text under the name that errors show.
    pub fn add(&mut self, name: &str, text: &str) -> SourceId {
        self.0.push((name.into(), text.into()));
        SourceId(u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX))
    }

    /// Name of a text.
    pub fn name(&self, id: SourceId) -> &str {
        self.0.get(id.0 as usize).map_or("", |(name, _)| name)
    }

    /// Line and column of the span's start, both from 1, and the line itself. Columns count characters.
    pub fn locate(&self, span: Span) -> (usize, usize, &str) {
        let text = self.0.get(span.source.0 as usize).map_or("", |(_, text)| text.as_str());
        let start = (span.start as usize).min(text.len());
        let before = text.get(..start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or("");
        let column = before.get(line_start..).map_or(0, |part| part.chars().count()) + 1;
        (before.matches('\n').count() + 1, column, line)
    }
}
