//! Attributes are edited in one pass: those of a route come in the order of their codes, and so does what may have
//! to be added.

use bgp_wire::{AttributeCode, AttributesRef, RawAttribute};

/// Calls `visit` for each of `attributes`, which are canonical, and in its place for each of `wanted`, whose codes
/// ascend, that is not there.
pub(crate) fn in_order<'a>(
    attributes: AttributesRef<'a>,
    wanted: &[AttributeCode],
    mut visit: impl FnMut(AttributeCode, Option<RawAttribute<'a>>),
) {
    let mut wanted = wanted.iter().copied();
    let mut missing = wanted.next();
    for found in attributes.iter() {
        while let Some(code) = missing.filter(|code| *code <= found.code) {
            if code < found.code {
                visit(code, None);
            }
            missing = wanted.next();
        }
        visit(found.code, Some(found));
    }
    missing.into_iter().chain(wanted).for_each(|code| visit(code, None));
}
