//! Where the route's path attributes are.

use bgp_wire::{AttributeCode, AttributesRef};

use super::Part;

/// Places of the values by code, found in one walk when a run asks for the first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Index {
    pub(super) filled: bool,
    /// Start in the upper half, length in the lower one; zero is none, as in front of a value there is a header
    places: [u32; CODES],
}

/// Codes below this are indexed: all that filters know.
const CODES: usize = 36;

impl Default for Index {
    fn default() -> Self {
        Self { filled: false, places: [0; CODES] }
    }
}

impl Index {
    #[inline(never)]
    pub(super) fn fill(&mut self, attributes: AttributesRef<'_>) {
        self.places = [0; CODES];
        self.filled = true;
        let whole = attributes.bytes().as_ptr() as usize;
        for raw in attributes.iter() {
            let start = raw.value.as_ptr() as usize - whole;
            if let (Some(place), Ok(start), Ok(length)) = (
                self.places.get_mut(usize::from(raw.code.0)),
                u16::try_from(start),
                u16::try_from(raw.value.len()),
            ) {
                *place = u32::from(start) << 16 | u32::from(length);
            }
        }
    }

    /// Where a value is.
    #[inline]
    pub(super) fn place(&self, code: AttributeCode) -> Option<Part> {
        match self.places.get(usize::from(code.0)) {
            None | Some(0) => None,
            Some(place) => Some(Part::new(place >> 16, place & 0xffff)),
        }
    }
}
