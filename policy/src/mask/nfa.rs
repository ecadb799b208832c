//! The automaton of a path mask. A state is a number of items that have been gone through, and a bit.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::{BitAnd, BitOr, BitOrAssign};

use super::{MaskItem, MaskKind, Position};
use crate::set::RangeSet;

/// A set of states.
pub(super) trait States:
    Copy + Eq + Default + BitAnd<Output = Self> + BitOr<Output = Self> + BitOrAssign
{
    fn insert(&mut self, state: usize);
    /// Each state becomes the next one.
    fn advance(self) -> Self;
}

/// Few states: a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Narrow(u64);

/// As many as a mask may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Wide([u64; 16]);

impl Narrow {
    pub(super) const ITEMS: usize = u64::BITS as usize - 1;
}

impl Wide {
    pub(super) const ITEMS: usize = 16 * u64::BITS as usize - 1;

    fn with(mut self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word = f(*word, other);
        }
        self
    }
}

impl States for Narrow {
    fn insert(&mut self, state: usize) {
        self.0 |= 1 << state;
    }

    #[inline]
    fn advance(self) -> Self {
        Self(self.0 << 1)
    }
}

impl States for Wide {
    fn insert(&mut self, state: usize) {
        if let Some(word) = self.0.get_mut(state / 64) {
            *word |= 1 << (state % 64);
        }
    }

    fn advance(mut self) -> Self {
        let mut carry = 0;
        for word in &mut self.0 {
            (*word, carry) = (*word << 1 | carry, *word >> 63);
        }
        self
    }
}

impl BitAnd for Narrow {
    type Output = Self;
    #[inline]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Narrow {
    type Output = Self;
    #[inline]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Wide {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        self.with(other, |one, other| one & other)
    }
}

impl BitOr for Wide {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.with(other, |one, other| one | other)
    }
}

impl BitOrAssign for Narrow {
    #[inline]
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl BitOrAssign for Wide {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// Each item but the `*`s leads from the state of its number to the next one.
#[derive(Debug, Clone)]
pub(super) struct Nfa<S> {
    /// The states that items lead from: items that are one AS, sorted …
    asns: Box<[(u32, S)]>,
    /// … ranges …
    ranges: Box<[(u32, u32, S)]>,
    /// … sets …
    sets: Box<[(Arc<RangeSet<u32>>, S)]>,
    /// … and any AS.
    any: S,
    /// States where a `*` stands.
    stay: S,
    /// States behind an item with `+`.
    again: S,
    /// The state behind the last item.
    end: S,
}

impl<S: States> Nfa<S> {
    pub(super) fn new(items: &[MaskItem]) -> Self {
        let mut asns: Vec<(u32, S)> = Vec::new();
        let (mut ranges, mut sets) = (Vec::new(), Vec::new());
        let [mut any, mut stay, mut again, mut end] = [S::default(); 4];
        let mut state = 0;
        for item in items {
            let mut from = S::default();
            from.insert(state);
            match &item.kind {
                MaskKind::Sequence => {
                    stay |= from;
                    continue;
                }
                MaskKind::Asn(asn) => match asns.binary_search_by_key(asn, |entry| entry.0) {
                    Ok(at) => asns[at].1 |= from,
                    Err(at) => asns.insert(at, (*asn, from)),
                },
                MaskKind::Any => any |= from,
                MaskKind::Range(low, high) => ranges.push((*low, *high, from)),
                MaskKind::Set(set) => sets.push((Arc::clone(set), from)),
            }
            state += 1;
            if item.repeat {
                again.insert(state);
            }
        }
        end.insert(state);
        Self { asns: asns.into(), ranges: ranges.into(), sets: sets.into(), any, stay, again, end }
    }

    /// The states that an item leads from which stands for `asn`.
    #[inline]
    fn states(&self, asn: u32) -> S {
        let mut states = self.any;
        if self.asns.len() <= 8 {
            for entry in &self.asns {
                if entry.0 == asn {
                    states |= entry.1;
                }
            }
        } else if let Ok(at) = self.asns.binary_search_by_key(&asn, |entry| entry.0)
            && let Some(entry) = self.asns.get(at)
        {
            states |= entry.1;
        }
        for (low, high, from) in &self.ranges {
            if (low..=high).contains(&&asn) {
                states |= *from;
            }
        }
        for (set, from) in &self.sets {
            if set.contains(asn) {
                states |= *from;
            }
        }
        states
    }

    /// From some states over a place of the path, if what matches it leads from the states in `from`.
    #[inline]
    fn step(&self, now: S, from: S) -> S {
        (now & from).advance() | (now & (self.stay | (from.advance() & self.again)))
    }

    #[inline]
    pub(super) fn matches<A: IntoIterator<Item = u32>>(
        &self,
        path: impl IntoIterator<Item = Position<A>>,
    ) -> bool {
        let none = S::default();
        let mut now = none;
        now.insert(0);
        let mut behind_set = false;
        for position in path {
            let set = matches!(position, Position::Set(_));
            now = match position {
                Position::Asn(asn) => self.step(now, self.states(asn)),
                Position::Set(asns) => {
                    let from = asns.into_iter().fold(none, |states, asn| states | self.states(asn));
                    // One item has matched the set, others behind it may do so as well. BIRD lets a set go without
                    // any item where it comes right behind another one.
                    let mut reached = self.step(now, from);
                    if behind_set {
                        reached |= now;
                    }
                    loop {
                        let further = reached | (reached & from).advance();
                        if further == reached {
                            break reached;
                        }
                        reached = further;
                    }
                }
            };
            behind_set = set;
            if now == none {
                return false;
            }
            if now & self.end & self.stay != none {
                return true;
            }
        }
        now & self.end != none
    }
}
