//! Random flaps beside a model in floating point that looks at everything at every step.

use std::collections::BTreeMap;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, Copy)]
enum Action {
    Withdraw(u8),
    Announce(u8, bool),
    /// The host looks after what is due.
    Tick,
    Remove(u8),
}

/// With milliseconds since the step before.
fn steps() -> impl Strategy<Value = Vec<(u64, Action)>> {
    let key = || 0..3u8;
    let action = prop_oneof![
        6 => key().prop_map(Action::Withdraw),
        6 => (key(), any::<bool>()).prop_map(|(key, changed)| Action::Announce(key, changed)),
        4 => Just(Action::Tick),
        1 => key().prop_map(Action::Remove),
    ];
    let pause = prop_oneof![4 => 0..60_000u64, 2 => 0..1_200_000u64, 1 => 0..7_200_000u64];
    prop::collection::vec((pause, action), 1..150)
}

fn configs() -> impl Strategy<Value = DampingConfig> {
    let penalty = || prop_oneof![1 => Just(0u32), 5 => 50..3000u32];
    (penalty(), penalty(), penalty(), 100..2000u32, 2..8u32, 60..3600u64, 1..6u64).prop_map(
        |(withdrawal, readvertisement, attribute_change, reuse, factor, half_life, lives)| {
            DampingConfig {
                withdrawal,
                readvertisement,
                attribute_change,
                reuse_threshold: reuse,
                suppress_threshold: reuse * factor,
                half_life: Duration::from_secs(half_life),
                max_suppress: Duration::from_secs(half_life * lives),
                ..DampingConfig::default()
            }
        },
    )
}

#[derive(Debug, Clone, Copy, Default)]
struct Slow {
    figure: f64,
    suppressed: bool,
    unreachable: bool,
}

/// RFC 2439 §4.8 as it stands. All figures are of the time `now`, in seconds.
#[derive(Debug)]
struct Model {
    config: DampingConfig,
    now: f64,
    histories: BTreeMap<u8, Slow>,
    /// A figure was so near to a threshold that rounding decides.
    is_unsure: bool,
}

impl Model {
    fn less(&mut self, figure: f64, threshold: f64) -> bool {
        self.is_unsure |= (figure - threshold).abs() < 1e-5;
        figure < threshold
    }

    fn half_life(&self) -> f64 {
        self.config.half_life.as_secs_f64()
    }

    fn ceiling(&self) -> f64 {
        let lives = self.config.max_suppress.as_secs_f64() / self.half_life();
        f64::from(self.config.reuse_threshold) * lives.exp2()
    }

    fn forget_below(&self) -> f64 {
        let DampingConfig {
            withdrawal, readvertisement, attribute_change, reuse_threshold, ..
        } = self.config;
        let costs = [withdrawal, readvertisement, attribute_change, reuse_threshold];
        f64::from(costs.into_iter().filter(|cost| *cost > 0).min().expect("one")) / 2.0
    }

    fn advance(&mut self, now: f64) {
        let factor = (-(now - self.now) / self.half_life()).exp2();
        self.histories.values_mut().for_each(|history| history.figure *= factor);
        self.now = now;
    }

    fn penalize(&self, history: &mut Slow, penalty: u32) {
        history.figure = (history.figure + f64::from(penalty)).min(self.ceiling());
    }

    fn keep(&mut self, key: u8, history: Slow) {
        let threshold = self.forget_below();
        if !history.suppressed && self.less(history.figure, threshold) {
            self.histories.remove(&key);
        } else {
            self.histories.insert(key, history);
        }
    }

    fn withdraw(&mut self, key: u8) -> bool {
        let mut history = self.histories.get(&key).copied().unwrap_or_default();
        let was = history.suppressed;
        self.penalize(&mut history, self.config.withdrawal);
        history.suppressed = was && !self.less(history.figure, self.config.reuse_threshold.into());
        self.keep(key, Slow { unreachable: true, ..history });
        was
    }

    fn announce(&mut self, key: u8, changed: bool) -> bool {
        let known = self.histories.get(&key).copied();
        let Some(mut history) = known.or(changed.then(Slow::default)) else { return false };
        if history.unreachable {
            self.penalize(&mut history, self.config.readvertisement);
        } else if changed {
            self.penalize(&mut history, self.config.attribute_change);
        }
        let threshold = match history.suppressed {
            true => self.config.reuse_threshold,
            false => self.config.suppress_threshold,
        };
        history.suppressed = !self.less(history.figure, threshold.into());
        self.keep(key, Slow { unreachable: false, ..history });
        history.suppressed
    }

    /// The routes that are to be used again.
    fn tick(&mut self) -> Vec<u8> {
        let (reuse, mut reusable) = (f64::from(self.config.reuse_threshold), Vec::new());
        for (key, mut history) in self.histories.clone() {
            if history.suppressed && self.less(history.figure, reuse) {
                history.suppressed = false;
                if !history.unreachable {
                    reusable.push(key);
                }
            }
            self.keep(key, history);
        }
        reusable
    }

    /// When the next figure falls below what matters for it.
    fn due(&self) -> Option<f64> {
        let due = self.histories.values().map(|history| {
            let threshold = match history.suppressed {
                true => self.config.reuse_threshold.into(),
                false => self.forget_below(),
            };
            self.now + (history.figure / threshold).log2() * self.half_life()
        });
        due.min_by(f64::total_cmp)
    }
}

fn check(damping: &Damping<u8>, model: &Model, now: Duration) {
    assert_eq!(damping.len(), model.histories.len());
    for ((key, view), (other, slow)) in damping.iter(now).zip(&model.histories) {
        assert_eq!(
            (key, view.suppressed, view.reachable),
            (*other, slow.suppressed, !slow.unreachable)
        );
        assert_eq!(
            (damping.get(now, &key), damping.is_suppressed(&key)),
            (Some(view), view.suppressed)
        );
        let figure = f64::from(view.figure_of_merit);
        assert!((figure - 1e-5..figure + 1.0 + 1e-5).contains(&slow.figure), "{view:?} {slow:?}");
        assert!(view.figure_of_merit <= model.config.ceiling());
    }
    let suppressed = model.histories.values().filter(|history| history.suppressed).count();
    assert_eq!(damping.suppressed(), suppressed);
    let (timeout, due) = (damping.poll_timeout().map(|due| due.as_secs_f64()), model.due());
    match (timeout, due) {
        (Some(timeout), Some(due)) => assert!((timeout - due).abs() < 1e-3, "{timeout} {due}"),
        other => assert_eq!(other, (None, None)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn rfc2439_4_8_as_in_a_slow_model(config in configs(), steps in steps()) {
        let damping = Damping::new(config);
        let mut model = Model { config, now: 0.0, histories: BTreeMap::new(), is_unsure: false };
        if model.ceiling() < config.suppress_threshold.into() {
            prop_assert_eq!(damping.err(), Some(DampingError::Ceiling { ceiling: config.ceiling() }));
            return Ok(());
        }
        let (mut damping, mut now) = (damping.expect("sound"), Duration::ZERO);
        for (pause, action) in steps {
            now += Duration::from_millis(pause);
            model.advance(now.as_secs_f64());
            match action {
                Action::Withdraw(key) => {
                    prop_assert_eq!(damping.handle_withdrawal(now, key), model.withdraw(key));
                }
                Action::Announce(key, changed) => {
                    let suppressed = model.announce(key, changed);
                    if model.is_unsure {
                        return Ok(());
                    }
                    prop_assert_eq!(damping.handle_announcement(now, key, changed), suppressed);
                }
                Action::Tick => {
                    damping.handle_timeout(now);
                    let reusable = model.tick();
                    if model.is_unsure {
                        return Ok(());
                    }
                    let polled: Vec<u8> = core::iter::from_fn(|| damping.poll_reuse()).collect();
                    prop_assert_eq!(polled, reusable);
                    prop_assert!(damping.poll_timeout().is_none_or(|due| due > now));
                }
                Action::Remove(key) => {
                    let was = model.histories.remove(&key).is_some_and(|slow| slow.suppressed);
                    prop_assert_eq!(damping.remove(&key), was);
                }
            }
            if model.is_unsure {
                return Ok(());
            }
            check(&damping, &model, now);
        }
        // When nothing flaps any more all is forgotten, and what is suppressed is used again in time.
        let end = now + config.max_suppress;
        while let Some(due) = damping.poll_timeout() {
            prop_assert!(damping.suppressed() == 0 || due <= end + Duration::from_millis(1));
            damping.handle_timeout(due);
        }
        prop_assert!(damping.is_empty());
    }

    /// Histories are never too many, and those of suppressed routes stay.
    #[test]
    fn histories_are_bounded(limit in 0..6usize, keys in prop::collection::vec((0..20u8, any::<bool>()), 1..300)) {
        let config = DampingConfig { max_histories: limit, ..DampingConfig::default() };
        let mut damping = Damping::new(config).expect("sound");
        let mut suppressed = BTreeSet::new();
        for (second, (key, one)) in (0..).zip(keys) {
            let (now, key) = (Duration::from_secs(second), if one { 0 } else { key });
            let was = damping.handle_withdrawal(now, key);
            prop_assert_eq!(was, suppressed.contains(&key));
            if damping.handle_announcement(now, key, true) {
                suppressed.insert(key);
            } else {
                prop_assert!(!suppressed.contains(&key));
            }
            prop_assert!(damping.len() <= limit);
            prop_assert_eq!(damping.reuse.len() + damping.forget.len(), damping.len());
            prop_assert_eq!(damping.suppressed(), suppressed.len());
        }
    }
}

const DEFAULT: DampingConfig = DampingConfig {
    withdrawal: 1000,
    readvertisement: 0,
    attribute_change: 500,
    suppress_threshold: 6000,
    reuse_threshold: 750,
    half_life: Duration::from_mins(15),
    max_suppress: Duration::from_mins(60),
    max_histories: 1_000_000,
};

#[test]
fn rfc7196_defaults() {
    assert_eq!(DampingConfig::default(), DEFAULT);
    assert_eq!(DEFAULT.ceiling(), 12_000);
    // §6: the greatest figure of merit must be able to be 50,000 at least.
    let high = DampingConfig { reuse_threshold: 5000, ..DEFAULT };
    assert_eq!(high.ceiling(), 80_000);
}

#[test]
fn a_config_that_makes_no_sense_is_refused() {
    let refused = |config| Damping::<u8>::new(config).err();
    let config = DampingConfig { half_life: Duration::ZERO, ..DEFAULT };
    assert_eq!(refused(config), Some(DampingError::HalfLife));
    for reuse_threshold in [0, 6000] {
        let config = DampingConfig { reuse_threshold, ..DEFAULT };
        assert_eq!(refused(config), Some(DampingError::ReuseThreshold));
    }
    let config = DampingConfig { suppress_threshold: 12_001, ..DEFAULT };
    assert_eq!(refused(config), Some(DampingError::Ceiling { ceiling: 12_000 }));
}

#[test]
fn rfc2439_4_2_no_route_is_suppressed_longer_than_it_may_be() {
    let mut damping = Damping::new(DEFAULT).expect("sound");
    for _ in 0..100 {
        damping.handle_withdrawal(Duration::ZERO, 'k');
        damping.handle_announcement(Duration::ZERO, 'k', true);
    }
    let view = damping.get(Duration::ZERO, &'k').expect("a history");
    assert_eq!((view.figure_of_merit, view.suppressed, view.reachable), (12_000, true, true));
    let reuse = damping.poll_timeout().expect("a time");
    assert_eq!(view.reuse, Some(reuse));
    assert!(reuse.abs_diff(DEFAULT.max_suppress) < Duration::from_millis(1), "{reuse:?}");
}

/// RFC 2439 §4.8.3: suppression begins with an announcement. A route that is gone is not to be used again.
#[test]
fn a_suppressed_route_that_is_gone_is_not_given_back() {
    let mut damping = Damping::new(DEFAULT).expect("sound");
    for _ in 0..6 {
        assert!(!damping.handle_withdrawal(Duration::ZERO, 1));
    }
    assert!(!damping.is_suppressed(&1));
    assert!(damping.handle_announcement(Duration::ZERO, 1, false));
    assert!(damping.handle_withdrawal(Duration::from_secs(1), 1));
    let reuse = damping.poll_timeout().expect("a time");
    damping.handle_timeout(reuse);
    assert_eq!((damping.poll_reuse(), damping.suppressed(), damping.len()), (None, 0, 1));
    assert!(!damping.handle_announcement(reuse, 1, false));
    damping.handle_timeout(damping.poll_timeout().expect("a time"));
    assert!(damping.is_empty());
}

#[test]
fn a_route_that_flaps_before_the_host_has_asked_is_not_given_back() {
    let mut damping = Damping::new(DEFAULT).expect("sound");
    let suppress = |damping: &mut Damping<u8>, now| {
        (0..7).for_each(|_| _ = damping.handle_withdrawal(now, 1));
        assert!(damping.handle_announcement(now, 1, false));
    };
    suppress(&mut damping, Duration::ZERO);
    let reuse = damping.poll_timeout().expect("a time");
    damping.handle_timeout(reuse);
    suppress(&mut damping, reuse);
    assert_eq!(damping.poll_reuse(), None);
    damping.handle_timeout(damping.poll_timeout().expect("a time"));
    assert_eq!((damping.poll_reuse(), damping.poll_reuse()), (Some(1), None));
}

#[test]
fn the_end_of_time_and_times_that_go_back() {
    let mut damping = Damping::new(DEFAULT).expect("sound");
    for now in [Duration::MAX, Duration::ZERO] {
        for _ in 0..7 {
            damping.handle_withdrawal(now, 1);
        }
        assert!(damping.handle_announcement(now, 1, false));
        damping.handle_timeout(Duration::MAX);
        assert!(damping.is_suppressed(&1));
    }
}
