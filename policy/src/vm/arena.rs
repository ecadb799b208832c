//! Octets: where values that are longer than a register have theirs, and new ones.

use core::fmt;
use core::ops::Range;

use super::{Run, TrapKind};
use crate::value::Value;

type Result<T> = core::result::Result<T, TrapKind>;

/// Start and length in one word, to be written and read as one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part(u64);

impl Part {
    #[inline]
    pub(super) const fn new(start: u32, length: u32) -> Self {
        Self((start as u64) << 32 | length as u64)
    }

    #[inline]
    pub(super) const fn range(self) -> Range<usize> {
        let start = (self.0 >> 32) as usize;
        start..start + (self.0 as u32) as usize
    }

    /// The same of so many octets.
    #[inline]
    pub(super) const fn within(self, length: usize) -> Range<usize> {
        let Range { start, end } = self.range();
        let end = if end < length { end } else { length };
        (if start < end { start } else { end })..end
    }

    /// These octets of all.
    #[inline]
    pub(super) fn of(self, all: &[u8]) -> &[u8] {
        let Range { start, end } = self.range();
        &all[start.min(all.len())..end.min(all.len())]
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.range().fmt(f)
    }
}

/// Where the octets of a value are, in one word: in the two highest bits what [`Whereabouts`] tells apart, below that a
/// [`Part`] or the number of a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(u64);

/// A [`Place`] to look at.
pub(super) enum Whereabouts {
    Constant(u16),
    /// Among the route's attributes
    Route(Part),
    Arena(Part),
}

/// Starts of parts are below this.
const FURTHEST: usize = 1 << 30;
const ROUTE: u64 = 1 << 62;
const CONSTANT: u64 = 1 << 63;

impl Place {
    /// Of no octets.
    pub(super) const EMPTY: Self = Self(0);

    pub(super) const fn constant(number: u16) -> Self {
        Self(CONSTANT | number as u64)
    }

    /// Among the route's attributes.
    #[inline]
    pub(super) const fn route(part: Part) -> Self {
        Self(ROUTE | part.0)
    }

    #[inline]
    pub(super) const fn whereabouts(self) -> Whereabouts {
        if self.0 & CONSTANT != 0 {
            #[expect(clippy::cast_possible_truncation, reason = "the number is there")]
            Whereabouts::Constant(self.0 as u16)
        } else if self.0 & ROUTE != 0 {
            Whereabouts::Route(Part(self.0 & !ROUTE))
        } else {
            Whereabouts::Arena(Part(self.0))
        }
    }
}

impl<'a> Run<'a> {
    /// The octets of a value.
    #[inline]
    pub(super) fn octets(&self, place: Place) -> &[u8] {
        match place.whereabouts() {
            Whereabouts::Arena(part) => part.of(&self.vm.arena),
            _ => self.outside(place),
        }
    }

    /// Those of a constant or of the route.
    #[inline]
    pub(super) fn outside(&self, place: Place) -> &'a [u8] {
        match place.whereabouts() {
            Whereabouts::Route(part) => part.of(self.attributes().bytes()),
            Whereabouts::Constant(constant) => {
                match self.program.constants.get(usize::from(constant)) {
                    Some(Value::Text(text)) => text.as_bytes(),
                    Some(Value::Bytes(bytes) | Value::List(_, bytes)) => bytes,
                    _ => &[],
                }
            }
            Whereabouts::Arena(_) => &[],
        }
    }

    /// Copies octets behind what is in the arena.
    pub(super) fn keep_octets(&mut self, octets: &[u8]) -> Result<Place> {
        let start = self.vm.arena.len();
        self.room(octets.len())?;
        self.vm.arena.extend_from_slice(octets);
        self.made(start)
    }

    /// Whether so many octets more may be made.
    #[inline]
    pub(super) fn room(&self, length: usize) -> Result<()> {
        let most = self.vm.limits.memory as usize;
        if self.vm.arena.len() + self.vm.kept + length > most {
            Err(TrapKind::TooMuchMemory)
        } else {
            Ok(())
        }
    }

    /// What stands in the arena from `start` on.
    #[inline]
    pub(super) fn made(&self, start: usize) -> Result<Place> {
        let length = u32::try_from(self.vm.arena.len() - start);
        match (u32::try_from(start), length) {
            (Ok(from), Ok(length)) if start < FURTHEST => Ok(Place(Part::new(from, length).0)),
            _ => Err(TrapKind::TooMuchMemory),
        }
    }

    /// Copies a value within the arena, or into it.
    pub(super) fn copy(&mut self, place: Place) -> Result<()> {
        self.copy_part(place, 0..self.octets(place).len())
    }

    /// The same with some of its octets.
    pub(super) fn copy_part(&mut self, place: Place, range: Range<usize>) -> Result<()> {
        self.room(range.len())?;
        match place.whereabouts() {
            Whereabouts::Arena(part) => {
                let start = part.range().start;
                let range = start + range.start..start + range.end;
                if range.start <= range.end && range.end <= self.vm.arena.len() {
                    self.vm.arena.extend_from_within(range);
                }
            }
            _ => {
                let octets = self.outside(place).get(range).unwrap_or_default();
                self.vm.arena.extend_from_slice(octets);
            }
        }
        Ok(())
    }

    /// Where a copy of a value begins to which something is added. What is the last in the arena grows: whoever has
    /// the old value sees no more of it than before.
    #[inline]
    pub(super) fn grown(&mut self, place: Place) -> Result<usize> {
        let end = self.vm.arena.len();
        match place.whereabouts() {
            Whereabouts::Arena(part) if part.range().end == end => Ok(part.range().start),
            _ => {
                self.copy(place)?;
                Ok(end)
            }
        }
    }

    pub(super) fn join(&mut self, left: Place, right: Place) -> Result<Place> {
        let start = self.vm.arena.len();
        self.copy(left)?;
        self.copy(right)?;
        self.made(start)
    }
}
