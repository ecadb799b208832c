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
    let (mut there, mut wanted) = (attributes.iter(), wanted.iter().copied());
    let (mut raw, mut missing) = (there.next(), wanted.next());
    loop {
        // One place that calls, so that `visit` is compiled into the loop.
        let (code, found) = match (raw, missing) {
            (Some(found), Some(code)) if code < found.code => (code, None),
            (Some(found), _) => (found.code, Some(found)),
            (None, Some(code)) => (code, None),
            (None, None) => return,
        };
        if missing == Some(code) {
            missing = wanted.next();
        }
        if found.is_some() {
            raw = there.next();
        }
        visit(code, found);
    }
}
