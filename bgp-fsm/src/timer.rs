//! The timers of a connection: a fixed table (RFC 4271 §8, §10).

use core::time::Duration;

/// A timer, named as in RFC 4271 §8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Runs while the neighbour is dialled, and until it is dialled next.
    ConnectRetry,
    /// Runs until the neighbour counts as gone.
    Hold,
    /// Runs until the next KEEPALIVE.
    Keepalive,
    /// Runs while the OPEN is held back.
    DelayOpen,
    /// Runs while a connection takes nothing of what is to be sent (RFC 9687).
    SendHold,
    /// Runs while the session is held in Idle after an error.
    IdleHold,
    /// Runs while stale routes are kept (RFC 4724, RFC 9494, RFC 7313).
    Stale,
}

impl Timer {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ConnectRetry,
        Self::Hold,
        Self::Keepalive,
        Self::DelayOpen,
        Self::SendHold,
        Self::IdleHold,
        Self::Stale,
    ];

    /// As an operator knows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConnectRetry => "connect retry",
            Self::Hold => "hold timer",
            Self::Keepalive => "keepalive",
            Self::DelayOpen => "delay open",
            Self::SendHold => "send hold",
            Self::IdleHold => "idle hold",
            Self::Stale => "stale routes",
        }
    }

    /// Those that each connection has, in the order in which they take effect when several have expired.
    pub(crate) const OF_CONNECTION: [Self; 5] =
        [Self::ConnectRetry, Self::Hold, Self::Keepalive, Self::DelayOpen, Self::SendHold];
}

/// When each timer expires.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timers([Option<Duration>; Timer::OF_CONNECTION.len()]);

impl Timers {
    pub(crate) const fn set(&mut self, timer: Timer, at: Duration) {
        self.0[timer as usize] = Some(at);
    }

    pub(crate) const fn stop(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(crate) const fn at(&self, timer: Timer) -> Option<Duration> {
        self.0[timer as usize]
    }

    pub(crate) const fn is_running(&self, timer: Timer) -> bool {
        self.at(timer).is_some()
    }

    /// When the next one expires.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.0.iter().flatten().min().copied()
    }

    /// Stops `timer` if it has expired, and tells whether it had.
    pub(crate) fn take_expired(&mut self, timer: Timer, now: Duration) -> bool {
        let expired = self.at(timer).is_some_and(|at| at <= now);
        if expired {
            self.stop(timer);
        }
        expired
    }
}

/// A small generator of pseudo-random numbers for jitter (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// `time` times a factor between 0.75 and 1 (RFC 4271 §10).
    pub(crate) fn apply(&mut self, time: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let thousandths = 750 + u32::try_from(mixed % 251).unwrap_or(0);
        (time / 1000).saturating_mul(thousandths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_in_its_bounds_and_follows_its_seed() {
        let time = Duration::from_secs(100);
        let draw = |seed| {
            let mut jitter = Jitter::new(seed);
            [(); 100].map(|()| jitter.apply(time))
        };
        assert!(draw(7).iter().all(|t| (75..=100).contains(&t.as_secs()) && *t <= time));
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!(Jitter::new(0).apply(Duration::MAX) < Duration::MAX);
    }

    #[test]
    fn timers_expire_once() {
        let seconds = Duration::from_secs;
        let mut timers = Timers::default();
        timers.set(Timer::Keepalive, seconds(2));
        timers.set(Timer::Hold, seconds(3));
        assert_eq!(timers.next(), Some(seconds(2)));
        assert!(!timers.take_expired(Timer::Keepalive, seconds(1)));
        assert!(timers.take_expired(Timer::Keepalive, seconds(2)));
        assert!(!timers.take_expired(Timer::Keepalive, seconds(9)));
        assert!(timers.is_running(Timer::Hold));
        assert_eq!(timers.next(), Some(seconds(3)));
    }
}
