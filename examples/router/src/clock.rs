//! Wall-clock times for people, from the router's own time.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, Utc};

/// Ties the router's time to the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Time since 1970-01-01 UTC at the router's time zero
    pub unix_epoch: Duration,
    /// Seconds that local time is ahead of UTC
    pub utc_offset: i32,
}

impl Clock {
    fn at(&self, time: Duration) -> DateTime<FixedOffset> {
        let since = self.unix_epoch + time;
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        let utc =
            DateTime::<Utc>::from_timestamp(seconds, since.subsec_nanos()).unwrap_or_default();
        match FixedOffset::east_opt(self.utc_offset) {
            Some(offset) => utc.with_timezone(&offset),
            None => utc.fixed_offset(),
        }
    }

    /// `2026-11-21 04:25:17.564`
    pub fn full(&self, time: Duration) -> String {
        self.at(time).format("%Y-%m-%d %H:%M:%S%.3f").to_string()
    }

    /// The time of day for the last day (`04:25:17.564`), the date for what is older: BIRD's `iso short ms`.
    pub fn short(&self, time: Duration, now: Duration) -> String {
        let format = if now.saturating_sub(time) < Duration::from_hours(20) {
            "%H:%M:%S%.3f"
        } else {
            "%Y-%m-%d"
        };
        self.at(time).format(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_those_of_bird() {
        let clock =
            Clock { unix_epoch: Duration::from_millis(1_795_235_117_564), utc_offset: 3600 };
        assert_eq!(clock.full(Duration::ZERO), "2026-11-21 05:25:17.564");
        let day = Duration::from_hours(24);
        assert_eq!(clock.short(Duration::ZERO, Duration::from_secs(9)), "05:25:17.564");
        assert_eq!(clock.short(Duration::ZERO, day), "2026-11-21");
    }
}
