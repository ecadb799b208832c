//! How many Link State Updates an interface may send in which time (RFC 4222 §2).

use core::time::Duration;

use crate::config::Pacing;

/// What is left of an interface's packets in the current interval.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Budget {
    /// When the interval began.
    begun: Duration,
    sent: u32,
}

impl Budget {
    /// Takes a packet from the budget; if there is none left, says when there will be.
    pub(crate) fn take(&mut self, now: Duration, pacing: &Pacing) -> Result<(), Duration> {
        let end = self.begun.saturating_add(pacing.interval);
        if now >= end {
            *self = Self { begun: now, sent: 0 };
        } else if self.sent >= pacing.packets.max(1) {
            return Err(end);
        }
        self.sent += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_packets_in_each_interval() {
        let pacing = Pacing { packets: 2, interval: Duration::from_millis(10) };
        let at = Duration::from_millis;
        let mut budget = Budget::default();
        assert_eq!(budget.take(at(100), &pacing), Ok(()));
        assert_eq!(budget.take(at(105), &pacing), Ok(()));
        assert_eq!(budget.take(at(109), &pacing), Err(at(110)));
        assert_eq!(budget.take(at(110), &pacing), Ok(()));
        assert_eq!(budget.take(at(119), &pacing), Ok(()));
        assert_eq!(budget.take(at(119), &pacing), Err(at(120)));
    }

    #[test]
    fn no_interval_no_limit() {
        let pacing = Pacing { packets: 0, interval: Duration::ZERO };
        let mut budget = Budget::default();
        assert!((0..1000).all(|_| budget.take(Duration::ZERO, &pacing) == Ok(())));
    }
}
