//! Exponential decay in whole numbers: the same on every machine.

use core::time::Duration;

/// A figure of merit, with 32 bits behind the point.
pub(super) type Figure = u64;

/// Bits behind the point, of figures and of fractions of a half-life.
const POINT: u32 = 32;

pub(super) const fn figure(units: u32) -> Figure {
    (units as u64) << POINT
}

/// Rounded down.
pub(super) const fn whole(figure: Figure) -> u32 {
    (figure >> POINT) as u32
}

/// `ROOTS[k]` is 2^-(2^-k) with 64 bits behind the point: each is the root of the one before.
const ROOTS: [u64; POINT as usize + 1] = {
    let mut roots = [1 << 63; POINT as usize + 1];
    let mut k = 1;
    while k < roots.len() {
        // The root of r * 2^64 has 64 bits behind the point if r has.
        roots[k] = ((roots[k - 1] as u128) << 64).isqrt() as u64;
        k += 1;
    }
    roots
};

const fn times(figure: Figure, root: u64) -> Figure {
    ((figure as u128 * root as u128) >> 64) as u64
}

/// Halving in a certain time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decay {
    /// In nanoseconds, not zero
    half_life: u128,
}

impl Decay {
    pub(super) fn new(half_life: Duration) -> Self {
        Self { half_life: half_life.as_nanos().max(1) }
    }

    /// Half-lives that have passed, with 32 bits behind the point.
    fn half_lives(self, nanoseconds: u128) -> u128 {
        nanoseconds.saturating_mul(1 << POINT) / self.half_life
    }

    /// A figure after some nanoseconds.
    pub(super) fn after(self, figure: Figure, nanoseconds: u64) -> Figure {
        decay(figure, self.half_lives(nanoseconds.into()))
    }

    /// After how many nanoseconds a figure is below a threshold. None when it is already.
    pub(super) fn time_below(self, figure: Figure, threshold: Figure) -> Option<u64> {
        if figure < threshold {
            return None;
        }
        // The most half-lives, bit by bit from above, after which it is not below yet; one tick more is enough.
        let threshold = threshold.max(1);
        let halvings = (figure / threshold).ilog2();
        let (mut rest, mut lives) = (figure >> halvings, u128::from(halvings) << POINT);
        for (k, root) in (1..=POINT).zip(ROOTS.iter().skip(1)) {
            let next = times(rest, *root);
            if next >= threshold {
                rest = next;
                lives |= 1 << (POINT - k);
            }
        }
        let nanoseconds = (lives + 1).saturating_mul(self.half_life).div_ceil(1 << POINT);
        Some(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    /// The figure that comes down to `end` in a time.
    pub(super) fn ceiling(self, end: Figure, time: Duration) -> Figure {
        // 2^x is 2^n * 2^-(n - x), for a whole n that is not less than x.
        let lives = self.half_lives(time.as_nanos());
        let doublings = lives.div_ceil(1 << POINT);
        let fraction = (doublings << POINT) - lives;
        let end = decay(end, fraction);
        match u32::try_from(doublings) {
            Ok(doublings) if doublings <= end.leading_zeros() => end << doublings,
            _ => u64::MAX,
        }
    }
}

/// A figure after half-lives with 32 bits behind the point: a product of the roots for the bits that are set.
fn decay(figure: Figure, half_lives: u128) -> Figure {
    let halvings = u32::try_from(half_lives >> POINT).unwrap_or(u32::MAX);
    let mut figure = figure.checked_shr(halvings).unwrap_or(0);
    for (k, root) in (1..=POINT).zip(ROOTS.iter().skip(1)) {
        if half_lives >> (POINT - k) & 1 == 1 {
            figure = times(figure, *root);
        }
    }
    figure
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn float(figure: Figure) -> f64 {
        figure as f64 / (1u64 << POINT) as f64
    }

    proptest! {
        #[test]
        fn decay_is_a_power_of_two(
            units in 1..=u32::MAX,
            half_life in 1..7_200_000_000_000u64,
            nanoseconds in 0..20_000_000_000_000u64,
        ) {
            let decay = Decay::new(Duration::from_nanos(half_life));
            let result = float(decay.after(figure(units), nanoseconds));
            let exact = f64::from(units) * (-(nanoseconds as f64) / half_life as f64).exp2();
            prop_assert!((result - exact).abs() <= exact * 2f64.powi(-31) + 2f64.powi(-27), "{result} {exact}");
        }

        /// At the time that is given it is below the threshold, a moment before it is not.
        #[test]
        fn the_time_until_a_threshold_is_exact(
            units in 2..=u32::MAX,
            below in 1..u32::MAX,
            half_life in 1_000_000_000..7_200_000_000_000u64,
        ) {
            let decay = Decay::new(Duration::from_nanos(half_life));
            let threshold = figure(1 + below % units);
            let wait = decay.time_below(figure(units), threshold).expect("above");
            prop_assert!(decay.after(figure(units), wait) < threshold);
            let exact = (float(figure(units)) / float(threshold)).log2() * half_life as f64;
            prop_assert!((wait as f64 - exact).abs() <= half_life as f64 * 2f64.powi(-29) + 2.0, "{wait} {exact}");
        }

        #[test]
        fn the_ceiling_comes_down_in_time(
            end in 1..100_000u32,
            half_life in 1_000_000_000..7_200_000_000_000u64,
            lives in 0.0..12.0f64,
        ) {
            let decay = Decay::new(Duration::from_nanos(half_life));
            let time = (half_life as f64 * lives) as u64;
            let ceiling = float(decay.ceiling(figure(end), Duration::from_nanos(time)));
            let exact = f64::from(end) * lives.exp2();
            prop_assert!((ceiling - exact).abs() <= exact * 2f64.powi(-26), "{ceiling} {exact}");
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_off() {
        let decay = Decay::new(Duration::from_secs(1));
        assert_eq!(decay.ceiling(figure(1), Duration::from_secs(32)), u64::MAX);
        assert_eq!(decay.ceiling(figure(1), Duration::MAX), u64::MAX);
        assert_eq!(decay.after(u64::MAX, u64::MAX), 0);
        assert_eq!(decay.time_below(figure(1), figure(2)), None);
        assert!(Decay::new(Duration::MAX).time_below(u64::MAX, 0).is_some());
    }
}
