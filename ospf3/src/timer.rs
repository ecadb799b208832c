//! The timers of an instance, in one ordered table, and the jitter of some.

use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;

use crate::id::{InterfaceId, RouterId};

/// A timer of the instance, of an interface, or of a neighbour. Those that expire together take effect in the
/// order of the time, then in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The interface is silent until a neighbour's last Hello is so old (RFC 2328 §9).
    Inactivity(InterfaceId, RouterId),
    /// The next Hello is due (RFC 2328 §9).
    Hello(InterfaceId),
    /// The end of state Waiting (RFC 2328 §9).
    Wait(InterfaceId),
    /// The Active Interface to the link was not heard (RFC 5340 §4.9.1).
    ActiveInterface(InterfaceId),
    /// A Hello to neighbours of a network without broadcast that are Down is due (RFC 2328 §9.5.1).
    Poll(InterfaceId),
    /// Attempt has failed for a configured neighbour (RFC 2328 §10.3).
    Attempt(InterfaceId),
    /// The Database Description packet was not answered (RFC 2328 §10.8).
    DescriptionRetransmit(InterfaceId, RouterId),
    /// The slave need not repeat its last Database Description packet any more (RFC 2328 §10.8).
    DescriptionRelease(InterfaceId, RouterId),
    /// The requested LSAs have not come (RFC 2328 §10.9).
    RequestRetransmit(InterfaceId, RouterId),
    /// The first LSA on the retransmission list is due (RFC 2328 §13.6).
    Retransmit(InterfaceId, RouterId),
    /// A neighbour's grace period is over (RFC 3623 §3.2).
    Grace(InterfaceId, RouterId),
    /// Delayed acknowledgments are due (RFC 2328 §13.5).
    DelayedAck(InterfaceId),
    /// The interface may send Link State Updates again.
    Pacing(InterfaceId),
    /// The first LSA of a database reaches MaxAge (RFC 2328 §14).
    Age,
    /// Our own LSAs are to be looked at: one waits for MinLSInterval, or is to be refreshed (RFC 2328 §12.4).
    Originate,
    /// The routing table is to be computed (RFC 8405 §5.3: SPF_TIMER).
    Spf,
    /// RFC 8405 §5.3: LEARN_TIMER.
    SpfLearn,
    /// RFC 8405 §5.3: HOLDDOWN_TIMER.
    SpfHolddown,
    /// Our own graceful restart is over (RFC 3623 §2.2).
    Restart,
    /// The largest metrics need be told no more after the start (RFC 6987).
    StubRouter,
    /// No longer elected, this router ceases to translate an NSSA's LSAs (RFC 3101 §3.1).
    Translator,
}

/// Which timers run, and until when.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timers {
    at: BTreeMap<Timer, Duration>,
    queue: BTreeSet<(Duration, Timer)>,
}

impl Timers {
    /// Starts the timer, or starts it anew.
    pub(crate) fn set(&mut self, timer: Timer, at: Duration) {
        if let Some(before) = self.at.insert(timer, at) {
            self.queue.remove(&(before, timer));
        }
        self.queue.insert((at, timer));
    }

    /// As [`Timers::set`], but a timer that runs out before stays as it is.
    pub(crate) fn set_earlier(&mut self, timer: Timer, at: Duration) {
        if self.at(timer).is_none_or(|before| at < before) {
            self.set(timer, at);
        }
    }

    /// Starts the timer if it does not run.
    pub(crate) fn set_if_stopped(&mut self, timer: Timer, at: Duration) {
        if !self.is_running(timer) {
            self.set(timer, at);
        }
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        if let Some(before) = self.at.remove(&timer) {
            self.queue.remove(&(before, timer));
        }
    }

    pub(crate) fn at(&self, timer: Timer) -> Option<Duration> {
        self.at.get(&timer).copied()
    }

    pub(crate) fn is_running(&self, timer: Timer) -> bool {
        self.at.contains_key(&timer)
    }

    /// When the next one expires.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// Stops the first of those that have expired.
    pub(crate) fn take_expired(&mut self, now: Duration) -> Option<Timer> {
        let (at, timer) = *self.queue.first()?;
        (at <= now).then(|| {
            self.stop(timer);
            timer
        })
    }
}

/// A small generator of pseudo-random numbers for jitter (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `time` less up to `percent` of it.
    pub(crate) fn shorten(&mut self, time: Duration, percent: u32) -> Duration {
        let thousandths = u64::from(percent.min(100)) * 10;
        let off = u32::try_from(self.next() % (thousandths + 1)).unwrap_or(0);
        (time / 1000).saturating_mul(1000 - off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: Timer = Timer::Hello(InterfaceId(1));
    const WAIT: Timer = Timer::Wait(InterfaceId(1));

    #[test]
    fn timers_expire_once_in_order() {
        let seconds = Duration::from_secs;
        let mut timers = Timers::default();
        timers.set(Timer::Spf, seconds(3));
        timers.set(WAIT, seconds(2));
        timers.set(HELLO, seconds(2));
        assert_eq!(timers.next(), Some(seconds(2)));
        assert_eq!(timers.take_expired(seconds(1)), None);
        assert_eq!(timers.take_expired(seconds(2)), Some(HELLO));
        assert_eq!(timers.take_expired(seconds(9)), Some(WAIT));
        assert!(timers.is_running(Timer::Spf));
        assert_eq!(timers.next(), Some(seconds(3)));
        timers.stop(Timer::Spf);
        assert_eq!((timers.next(), timers.take_expired(seconds(9))), (None, None));
    }

    #[test]
    fn a_timer_is_moved() {
        let seconds = Duration::from_secs;
        let mut timers = Timers::default();
        timers.set(HELLO, seconds(5));
        timers.set(HELLO, seconds(7));
        assert_eq!(timers.next(), Some(seconds(7)));
        timers.set_earlier(HELLO, seconds(8));
        assert_eq!(timers.next(), Some(seconds(7)));
        timers.set_earlier(HELLO, seconds(6));
        assert_eq!(timers.next(), Some(seconds(6)));
        timers.set_if_stopped(HELLO, seconds(1));
        timers.set_if_stopped(WAIT, seconds(9));
        assert_eq!((timers.at(HELLO), timers.at(WAIT)), (Some(seconds(6)), Some(seconds(9))));
    }

    #[test]
    fn jitter_stays_in_its_bounds_and_follows_its_seed() {
        let time = Duration::from_secs(100);
        let draw = |seed| {
            let mut jitter = Jitter::new(seed);
            [(); 100].map(|()| jitter.shorten(time, 25))
        };
        assert!(draw(7).iter().all(|t| (75..=100).contains(&t.as_secs()) && *t <= time));
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!(Jitter::new(0).shorten(Duration::MAX, 10) <= Duration::MAX);
    }
}
