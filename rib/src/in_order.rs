//! Attributes are edited in one pass: those of a route are taken in the order of their codes, and what is added is
//! written where it belongs.

use core::iter::Peekable;

use bgp_wire::{AttributeCode, PathAttributes, RawAttribute};

/// What is left of a list of attributes in canonical form.
pub(crate) struct InOrder<'a, I: Iterator<Item = RawAttribute<'a>>>(Peekable<I>);

impl<'a, I: Iterator<Item = RawAttribute<'a>>> InOrder<'a, I> {
    pub(crate) fn new(attributes: I) -> Self {
        Self(attributes.peekable())
    }

    /// Copies those with codes below `code`.
    pub(crate) fn copy_below(&mut self, code: AttributeCode, out: &mut PathAttributes) {
        while let Some(raw) = self.0.next_if(|raw| raw.code < code) {
            out.append(raw.flags, raw.code, raw.value);
        }
    }

    /// The one with this code; those with lower codes have been taken.
    pub(crate) fn take(&mut self, code: AttributeCode) -> Option<RawAttribute<'a>> {
        self.0.next_if(|raw| raw.code == code)
    }

    /// Copies those in front of it and takes it.
    pub(crate) fn take_after(
        &mut self,
        code: AttributeCode,
        out: &mut PathAttributes,
    ) -> Option<RawAttribute<'a>> {
        self.copy_below(code, out);
        self.take(code)
    }

    pub(crate) fn copy_rest(self, out: &mut PathAttributes) {
        for raw in self.0 {
            out.append(raw.flags, raw.code, raw.value);
        }
    }
}
