//! What a run did, step by step.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::text::Bounded;
use super::{Cell, Run};
use crate::ast::End;
use crate::attribute::Attribute;
use crate::program::Code;
use crate::span::Span;

/// A step of a run, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceStep {
    /// A condition came out as this.
    Tested(Span, bool),
    /// A function was called.
    Called(Span, String),
    /// It gave this back; `None`: nothing.
    Returned(Span, Option<String>),
    /// An attribute was set.
    Changed(Span, Attribute, String),
    /// The run ended here.
    Ended(Span, End),
}

impl TraceStep {
    /// Where it was.
    pub const fn span(&self) -> Span {
        match self {
            Self::Tested(span, _)
            | Self::Called(span, _)
            | Self::Returned(span, _)
            | Self::Changed(span, ..)
            | Self::Ended(span, _) => *span,
        }
    }
}

/// Without the place.
impl fmt::Display for TraceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tested(_, true) => f.write_str("true"),
            Self::Tested(_, false) => f.write_str("false"),
            Self::Called(_, name) => write!(f, "call {name}"),
            Self::Returned(_, Some(value)) => write!(f, "return {value}"),
            Self::Returned(_, None) => f.write_str("return"),
            Self::Changed(_, attribute, value) => write!(f, "{} = {value}", attribute.name()),
            Self::Ended(_, End::Accept) => f.write_str("accept"),
            Self::Ended(_, End::Reject) => f.write_str("reject"),
            Self::Ended(_, End::Error) => f.write_str("error"),
        }
    }
}

/// Is told what happens. Where nobody wants to know, it costs nothing.
pub(super) trait Tracer {
    const ON: bool;
    fn tested(&mut self, span: Span, found: bool);
    fn called(&mut self, span: Span, function: &Code);
    fn returned(&mut self, run: &Run<'_>, span: Span, value: Cell);
    fn changed(&mut self, run: &Run<'_>, span: Span, attribute: Attribute, value: Cell);
    fn ended(&mut self, span: Span, end: End);
}

pub(super) struct NoTrace;

impl Tracer for NoTrace {
    const ON: bool = false;
    fn tested(&mut self, _: Span, _: bool) {}
    fn called(&mut self, _: Span, _: &Code) {}
    fn returned(&mut self, _: &Run<'_>, _: Span, _: Cell) {}
    fn changed(&mut self, _: &Run<'_>, _: Span, _: Attribute, _: Cell) {}
    fn ended(&mut self, _: Span, _: End) {}
}

/// Steps that are kept: a run may take very many.
const MOST: usize = 10_000;

impl Tracer for Vec<TraceStep> {
    const ON: bool = true;

    fn tested(&mut self, span: Span, found: bool) {
        keep(self, TraceStep::Tested(span, found));
    }

    fn called(&mut self, span: Span, function: &Code) {
        keep(self, TraceStep::Called(span, function.name.clone().unwrap_or_default()));
    }

    fn returned(&mut self, run: &Run<'_>, span: Span, value: Cell) {
        let text = (value != Cell::Void).then(|| shown(run, value));
        keep(self, TraceStep::Returned(span, text));
    }

    fn changed(&mut self, run: &Run<'_>, span: Span, attribute: Attribute, value: Cell) {
        keep(self, TraceStep::Changed(span, attribute, shown(run, value)));
    }

    fn ended(&mut self, span: Span, end: End) {
        keep(self, TraceStep::Ended(span, end));
    }
}

/// Octets of a value that are kept, as many as BIRD prints.
const LONGEST: usize = 1000;

/// A value as it prints; what is longer is cut.
fn shown(run: &Run<'_>, value: Cell) -> String {
    let mut out = Bounded { text: String::new(), most: LONGEST };
    if run.write(value, &mut out).is_err() {
        out.text.push_str("...");
    }
    out.text
}

fn keep(steps: &mut Vec<TraceStep>, step: TraceStep) {
    if steps.len() < MOST {
        steps.push(step);
    }
}
