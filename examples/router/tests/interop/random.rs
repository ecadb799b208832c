//! Randomness that can be repeated.

use std::time::{SystemTime, UNIX_EPOCH};

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    /// From `INTEROP_SEED`, or new; printed, so that a failure can be repeated.
    pub(crate) fn from_environment() -> Self {
        let said = std::env::var("INTEROP_SEED").ok();
        let seed = said.map_or_else(
            || {
                let time = SystemTime::now().duration_since(UNIX_EPOCH);
                time.map_or(1, |time| u64::from(time.subsec_nanos()))
            },
            |text| text.parse().expect("INTEROP_SEED is a number"),
        );
        println!("INTEROP_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `from` up to, not including, `to`.
    pub(crate) fn range(&mut self, from: u32, to: u32) -> u32 {
        let width = u64::from(to - from);
        from + u32::try_from(self.next() % width).expect("less than a u32")
    }

    /// True in one of `n` cases.
    pub(crate) fn one_in(&mut self, n: u32) -> bool {
        self.range(0, n) == 0
    }

    /// As many values as a number from `from` up to, not including, `to`.
    pub(crate) fn several<T>(
        &mut self,
        from: u32,
        to: u32,
        mut make: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        (0..self.range(from, to)).map(|_| make(self)).collect()
    }
}
