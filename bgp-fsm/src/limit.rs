//! How many NOTIFICATIONs may be sent.

use core::time::Duration;

/// A bucket that fills with time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    left: u32,
    /// Since when the next one is being waited for.
    since: Duration,
}

impl Limit {
    pub(crate) const fn new(most: u32) -> Self {
        Self { left: most, since: Duration::ZERO }
    }

    /// Takes one out, if there is one.
    pub(crate) fn take(&mut self, now: Duration, (most, every): (u32, Duration)) -> bool {
        let passed = now.saturating_sub(self.since);
        let new = match every.as_nanos() {
            0 => most,
            every => u32::try_from(passed.as_nanos() / every).unwrap_or(u32::MAX),
        };
        if self.left.saturating_add(new) >= most {
            (self.left, self.since) = (most, now);
        } else {
            self.left += new;
            self.since += every * new;
        }
        let taken = self.left > 0;
        self.left = self.left.saturating_sub(1);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_at_once_and_then_one_at_a_time() {
        let (rule, ms) = ((3, Duration::from_secs(10)), Duration::from_millis);
        let mut limit = Limit::new(3);
        let mut take = |at| limit.take(ms(at), rule);
        assert_eq!([5_000; 5].map(&mut take), [true, true, true, false, false]);
        assert_eq!(
            [14_999, 15_000, 15_001, 24_999, 25_000].map(&mut take),
            [false, true, false, false, true]
        );
        assert_eq!([99_999; 4].map(&mut take), [true, true, true, false]);
        assert!((0..9).all(|_| Limit::new(1).take(ms(0), (1, Duration::ZERO))));
        assert!(!Limit::new(0).take(ms(0), (0, Duration::from_secs(1))));
    }
}
