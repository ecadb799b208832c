//! Numbers for random tests.

use std::env;
use std::ops::Range;

/// A series that looks random and follows from its seed (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number less than `end`; 0 if that is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// So many seeds, or as many as CAUSEWAY_RUNS says; the first is 1 or what CAUSEWAY_SEED says. A failing test names the
/// one it failed with.
pub(crate) fn seeds(count: u64) -> Range<u64> {
    let number = |name| env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let first = number("CAUSEWAY_SEED").unwrap_or(1);
    first..first + number("CAUSEWAY_RUNS").unwrap_or(count)
}
