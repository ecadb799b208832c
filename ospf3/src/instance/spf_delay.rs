//! When the routing table is computed: the state machine of RFC 8405.

use core::time::Duration;

use crate::config::SpfDelay;
use crate::timer::{Timer, Timers};

/// State of the machine (RFC 8405 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SpfDelayState {
    /// Nothing has changed lately.
    #[default]
    Quiet,
    /// Something has changed, and more of the same failure may follow.
    ShortWait,
    /// Changes do not end.
    LongWait,
}

impl SpfDelayState {
    /// An IGP event: the databases have changed (transitions 1, 2 and 4).
    pub(crate) fn igp_event(&mut self, now: Duration, delay: &SpfDelay, timers: &mut Timers) {
        let wait = match self {
            Self::Quiet => {
                timers.set(Timer::SpfLearn, now + delay.time_to_learn);
                *self = Self::ShortWait;
                delay.initial
            }
            Self::ShortWait => delay.short,
            Self::LongWait => delay.long,
        };
        timers.set(Timer::SpfHolddown, now + delay.holddown);
        timers.set_if_stopped(Timer::Spf, now + wait);
    }

    /// LEARN_TIMER has expired (transition 3).
    pub(crate) fn learn_timer(&mut self) {
        *self = Self::LongWait;
    }

    /// HOLDDOWN_TIMER has expired (transitions 5 and 6).
    pub(crate) fn holddown_timer(&mut self, timers: &mut Timers) {
        timers.stop(Timer::SpfLearn);
        *self = Self::Quiet;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: SpfDelay = SpfDelay {
        initial: Duration::from_millis(50),
        short: Duration::from_millis(200),
        long: Duration::from_millis(5000),
        time_to_learn: Duration::from_millis(500),
        holddown: Duration::from_millis(10_000),
    };

    /// Runs the machine with changes at these times, in milliseconds, and gives the times of computations and the
    /// states after each step.
    fn run(changes: &[u64]) -> (Vec<u64>, Vec<SpfDelayState>) {
        let (mut state, mut timers) = (SpfDelayState::default(), Timers::default());
        let (mut computed, mut states) = (Vec::new(), Vec::new());
        let mut changes = changes.iter().map(|at| Duration::from_millis(*at)).peekable();
        loop {
            let change = changes.peek().copied();
            let next = timers.next();
            let Some(now) = next.into_iter().chain(change).min() else { break };
            if let Some(timer) = timers.take_expired(now) {
                match timer {
                    Timer::Spf => computed.push(u64::try_from(now.as_millis()).expect("short")),
                    Timer::SpfLearn => state.learn_timer(),
                    Timer::SpfHolddown => state.holddown_timer(&mut timers),
                    other => panic!("{other:?}"),
                }
            } else {
                changes.next();
                state.igp_event(now, &DELAY, &mut timers);
            }
            if states.last() != Some(&state) {
                states.push(state);
            }
        }
        (computed, states)
    }

    #[test]
    fn one_change() {
        use SpfDelayState::{LongWait, Quiet, ShortWait};
        assert_eq!(run(&[1000]), (vec![1050], vec![ShortWait, LongWait, Quiet]));
    }

    #[test]
    fn changes_of_one_failure() {
        // 1010 is covered by the computation of 1050; 1100 waits for SHORT_SPF_DELAY.
        assert_eq!(run(&[1000, 1010, 1100, 1290]).0, [1050, 1300]);
    }

    #[test]
    fn changes_without_end_and_quiet_again() {
        let (computed, states) = run(&[1000, 1600, 3000, 9000, 19_001, 30_000]);
        // 1600 comes after TIME_TO_LEARN_INTERVAL. 19,001 is 10 s after 9000: quiet again.
        assert_eq!(computed, [1050, 6600, 14_000, 19_051, 30_050]);
        assert_eq!(states.iter().filter(|s| **s == SpfDelayState::Quiet).count(), 3);
    }

    #[test]
    fn holddown_shorter_than_learning() {
        let (mut state, mut timers) = (SpfDelayState::default(), Timers::default());
        state.igp_event(Duration::ZERO, &DELAY, &mut timers);
        state.holddown_timer(&mut timers);
        assert_eq!((state, timers.is_running(Timer::SpfLearn)), (SpfDelayState::Quiet, false));
    }
}
