//! Addresses to sets of lengths.
//!
//! A pattern that matches networks inside of its own one says: of the networks that begin with an address in it, the
//! ones with certain lengths match. So all such patterns together are a function from an address to a set of lengths,
//! and that is constant over intervals. Asking is to find an address's interval: first by its high bits in a table,
//! then among the few that begin in the same slot of it. Where many do, the slot has a table of its own.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::Lengths;

/// Addresses of a family: numbers of the width that it takes.
pub(super) trait Word: Copy + Ord + fmt::Debug {
    const BITS: u32;
    const ZERO: Self;
    const MAX: Self;
    /// Of an address that is at the high end of 128 bits.
    fn from_high(address: u128) -> Self;
    fn from_index(index: usize) -> Self;
    /// The low bits.
    fn index(self) -> usize;
    fn minus(self, other: Self) -> Self;
    fn minus_or_zero(self, other: Self) -> Self;
    fn next(self) -> Option<Self>;
    fn shl(self, bits: u32) -> Self;
    fn shr(self, bits: u32) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn leading_zeros(self) -> u32;
}

macro_rules! word {
    ($ty:ty) => {
        impl Word for $ty {
            const BITS: u32 = Self::BITS;
            const ZERO: Self = 0;
            const MAX: Self = Self::MAX;
            fn from_high(address: u128) -> Self {
                (address >> (128 - Self::BITS)) as Self
            }
            #[inline]
            fn from_index(index: usize) -> Self {
                index as Self
            }
            #[inline]
            fn index(self) -> usize {
                self as usize
            }
            #[inline]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline]
            fn minus_or_zero(self, other: Self) -> Self {
                self.saturating_sub(other)
            }
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
            #[inline]
            fn shl(self, bits: u32) -> Self {
                self.wrapping_shl(bits)
            }
            #[inline]
            fn shr(self, bits: u32) -> Self {
                self.wrapping_shr(bits)
            }
            #[inline]
            fn and(self, other: Self) -> Self {
                self & other
            }
            #[inline]
            fn or(self, other: Self) -> Self {
                self | other
            }
            fn leading_zeros(self) -> u32 {
                self.leading_zeros()
            }
        }
    };
}

word!(u32);
word!(u64);
word!(u128);

/// A network and the lengths, not shorter than it, of the networks inside of it that match.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inner<W> {
    pub(super) address: W,
    pub(super) length: u8,
    pub(super) least: u8,
    pub(super) most: u8,
}

/// Most intervals in one slot.
const CROWD: usize = 8;
/// Up to so many intervals a set is small: then there are at least two slots for each, otherwise one.
const SMALL: usize = 4096;
/// Low bits of a slot: how many intervals begin in it. Its high bits: which is the first one.
const COUNT_BITS: u32 = 6;
/// The slot has a table of its own, whose number is in its high bits.
const TABLE: u32 = (1 << COUNT_BITS) - 1;

/// The table of one crowded slot.
#[derive(Debug, Clone, Copy)]
struct Table<W> {
    /// Where its first slot begins, from the beginning of the crowded one
    first: W,
    /// Logarithm of the width of its slots
    shift: u32,
    /// Number of its first slot
    slot: usize,
    /// How many come behind that one
    last: usize,
}

/// The function.
#[derive(Debug, Clone)]
pub(super) struct Intervals<W> {
    /// Where the first interval begins
    first: W,
    /// Distance from there to the last address of the last interval
    last: W,
    /// Logarithm of the width of the slots
    shift: u32,
    slot_mask: W,
    slots: Box<[u32]>,
    tables: Box<[Table<W>]>,
    /// Where an interval begins, from the beginning of its slot, and in the low bits its number in `lengths`.
    intervals: Box<[W]>,
    number_bits: u32,
    number_mask: W,
    /// The first one holds outside of all intervals.
    lengths: Box<[Lengths]>,
}

/// So many low bits.
fn ones<W: Word>(bits: u32) -> W {
    if bits == 0 { W::ZERO } else { W::MAX.shr(W::BITS - bits) }
}

/// The different sets of lengths.
#[derive(Default)]
struct Interner {
    lengths: Vec<Lengths>,
    numbers: BTreeMap<Lengths, u32>,
    /// Numbers given lately, by some bits: neighbours are mostly alike.
    recent: [Option<(Lengths, u32)>; 16],
}

impl Interner {
    fn number(&mut self, lengths: Lengths) -> u32 {
        let place = lengths.hash() % self.recent.len();
        if let Some(Some((recent, number))) = self.recent.get(place)
            && *recent == lengths
        {
            return *number;
        }
        let next = u32::try_from(self.lengths.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(lengths).or_insert_with(|| {
            self.lengths.push(lengths);
            next
        });
        if let Some(recent) = self.recent.get_mut(place) {
            *recent = Some((lengths, number));
        }
        number
    }
}

/// A network with its last address, and what holds inside of it.
struct Around<W> {
    last: W,
    number: u32,
    lengths: Lengths,
}

/// Goes through the networks in their order, which is that of their first addresses.
struct Sweep<W> {
    interner: Interner,
    outside: Lengths,
    /// The networks around the place reached, the innermost last
    around: Vec<Around<W>>,
    /// Where an interval begins, and its number
    begins: Vec<(W, u32)>,
}

impl<W: Word> Sweep<W> {
    fn open(&mut self, inner: &Inner<W>) {
        let mut lengths = self.around.last().map_or(self.outside, |around| around.lengths);
        lengths.insert(inner.least, inner.most);
        let number = self.interner.number(lengths);
        let last = inner.address.or(ones(W::BITS - u32::from(inner.length)));
        self.begin(inner.address, number);
        self.around.push(Around { last, number, lengths });
    }

    /// Leaves the networks that end before `address`, or all.
    fn close(&mut self, address: Option<W>) {
        while let Some(inner) = self.around.pop_if(|inner| address.is_none_or(|at| inner.last < at))
        {
            let number = self.around.last().map_or(0, |outer| outer.number);
            if let Some(next) = inner.last.next() {
                self.begin(next, number);
            }
        }
    }

    fn begin(&mut self, at: W, number: u32) {
        self.begins.pop_if(|last| last.0 == at);
        if self.begins.last().map_or(0, |last| last.1) != number {
            self.begins.push((at, number));
        }
    }
}

impl<W: Word> Intervals<W> {
    /// `inner` is sorted by address, then length.
    pub(super) fn new(inner: &[Inner<W>]) -> Self {
        let mut outside = Lengths::default();
        for inner in inner.iter().filter(|inner| inner.length == 0) {
            outside.insert(inner.least, inner.most);
        }
        let mut sweep = Sweep {
            interner: Interner::default(),
            outside,
            around: Vec::new(),
            begins: Vec::with_capacity(2 * inner.len()),
        };
        sweep.interner.number(outside);
        for inner in inner.iter().filter(|inner| inner.length > 0) {
            sweep.close(Some(inner.address));
            sweep.open(inner);
        }
        sweep.close(None);
        let mut begins = sweep.begins;
        // What comes behind the last interval need not be one.
        let end = begins.pop_if(|last| last.1 == 0);
        let first = begins.first().map_or(W::ZERO, |begin| begin.0);
        let last = end.map_or(W::MAX, |end| end.0.minus(W::from_index(1))).minus(first);
        Layout::of(first, last, &begins, sweep.interner.lengths)
    }

    /// Whether the network of `length`, which is not 0, that begins with `address` matches.
    #[inline]
    pub(super) fn contains(&self, address: W, length: u8) -> bool {
        self.lengths.get(self.find(address)).is_some_and(|lengths| lengths.contains(length))
    }

    /// Number of the lengths that hold at `address`.
    #[inline]
    fn find(&self, address: W) -> usize {
        let distance = address.minus(self.first);
        let Some(mut slot) = self.slots.get(distance.shr(self.shift).index()).copied() else {
            return 0;
        };
        if distance > self.last {
            return 0;
        }
        let inside = distance.and(self.slot_mask);
        while slot & TABLE == TABLE {
            let Some(table) = self.tables.get((slot >> COUNT_BITS) as usize) else { return 0 };
            let at = inside.minus_or_zero(table.first).shr(table.shift).index().min(table.last);
            let Some(next) = self.slots.get(table.slot + at) else { return 0 };
            slot = *next;
        }
        let (start, count) = ((slot >> COUNT_BITS) as usize, (slot & TABLE) as usize);
        let key = inside.shl(self.number_bits).or(self.number_mask);
        let crowd = self.intervals.get(start..start + count).unwrap_or_default();
        let before = crowd.iter().filter(|begin| **begin <= key).count();
        // Where none in the slot begins early enough, the one before the slot goes on.
        let at = (start + before).wrapping_sub(1);
        self.intervals.get(at).map_or(0, |begin| begin.and(self.number_mask).index())
    }
}

/// Lays the intervals out.
struct Layout<'a, W> {
    begins: &'a [(W, u32)],
    first: W,
    slot_mask: W,
    slots: Vec<u32>,
    tables: Vec<Table<W>>,
}

impl<W: Word> Layout<'_, W> {
    fn of(first: W, last: W, begins: &[(W, u32)], lengths: Vec<Lengths>) -> Intervals<W> {
        let bits = |count: usize| usize::BITS - count.saturating_sub(1).leading_zeros();
        let (number_bits, width) = (bits(lengths.len()), W::BITS - last.leading_zeros());
        // A number and a place within a slot share a word. There are no more numbers than intervals, so this
        // makes no more slots than intervals.
        let least = (width + number_bits).saturating_sub(W::BITS);
        let slots = bits(begins.len()) + u32::from(begins.len() <= SMALL);
        let shift = width - slots.max(least).min(width);
        let slot_mask = ones(shift);
        let mut layout = Layout { begins, first, slot_mask, slots: Vec::new(), tables: Vec::new() };
        if !begins.is_empty() {
            let place = |begin: W| begin.minus(first).shr(shift).index();
            layout.fill(0, begins.len(), last.shr(shift).index(), &place);
        }
        let intervals = begins.iter().map(|(begin, number)| {
            let inside = begin.minus(first).and(slot_mask);
            inside.shl(number_bits).or(W::from_index(*number as usize))
        });
        Intervals {
            first,
            last,
            shift,
            slot_mask,
            intervals: intervals.collect(),
            number_bits,
            number_mask: ones(number_bits),
            lengths: lengths.into(),
            slots: layout.slots.into(),
            tables: layout.tables.into(),
        }
    }

    /// Slots from 0 to `last` for some intervals, each in the one that `place` says. Returns the number of the first.
    fn fill(&mut self, from: usize, to: usize, last: usize, place: &dyn Fn(W) -> usize) -> usize {
        let base = self.slots.len();
        self.slots.resize(base + last + 1, 0);
        let mut start = from;
        for slot in 0..=last {
            let inside = self.begins.get(start..to).unwrap_or_default();
            let count = inside.iter().take_while(|begin| place(begin.0) == slot).count();
            let word = self.slot(start, start + count);
            if let Some(slot) = self.slots.get_mut(base + slot) {
                *slot = word;
            }
            start += count;
        }
        base
    }

    /// The word for a slot where some intervals begin.
    fn slot(&mut self, from: usize, to: usize) -> u32 {
        let word = |high: usize| u32::try_from(high).unwrap_or_default() << COUNT_BITS;
        let crowd = self.begins.get(from..to).unwrap_or_default();
        let (Some(low), Some(high), true) = (crowd.first(), crowd.last(), crowd.len() > CROWD)
        else {
            return word(from) | u32::try_from(to - from).unwrap_or_default();
        };
        let (base, mask) = (self.first, self.slot_mask);
        let inside = move |begin: W| begin.minus(base).and(mask);
        let first = inside(low.0);
        let span = inside(high.0).minus(first);
        let width = W::BITS - span.leading_zeros();
        let shift = width.saturating_sub(usize::BITS - (crowd.len() - 1).leading_zeros());
        let last = span.shr(shift).index();
        let table = self.tables.len();
        self.tables.push(Table { first, shift, slot: 0, last });
        let slot =
            self.fill(from, to, last, &move |begin| inside(begin).minus(first).shr(shift).index());
        if let Some(table) = self.tables.get_mut(table) {
            table.slot = slot;
        }
        word(table) | TABLE
    }
}
