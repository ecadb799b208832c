//! Route flap damping (RFC 2439 §4).

mod decay;

use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;

use thiserror::Error;

use self::decay::{Decay, Figure, figure, whole};

/// What instability costs, and what it leads to. Figures of merit and thresholds are in the same unit, in which a
/// withdrawal usually costs 1,000.
///
/// A route that flaps no more is used again after `max_suppress` at the latest: no figure of merit grows beyond
/// the one that takes this long to come down to the reuse threshold (the ceiling of RFC 2439 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DampingConfig {
    /// What a withdrawal costs
    pub withdrawal: u32,
    /// What it costs to be announced again after that
    pub readvertisement: u32,
    /// What it costs to be replaced by a route with other attributes
    pub attribute_change: u32,
    /// Figure of merit from which on a route that is announced is suppressed
    pub suppress_threshold: u32,
    /// Figure of merit below which it is used again
    pub reuse_threshold: u32,
    /// In this time a figure of merit halves
    pub half_life: Duration,
    /// Longest time that a route is suppressed without flapping
    pub max_suppress: Duration,
    /// How many routes may have a history. When one more flaps, the history that would be forgotten first makes room;
    /// those of suppressed routes are kept.
    pub max_histories: usize,
}

impl Default for DampingConfig {
    /// RFC 7196: the suppress threshold of §6, which it recommends as the least and RFC 7454 §7 with it, and otherwise
    /// what is common to implementations in §3. To be announced again costs nothing: RFC 2439 §5 has penalties for
    /// routes that are removed or replaced alone.
    fn default() -> Self {
        Self {
            withdrawal: 1000,
            readvertisement: 0,
            attribute_change: 500,
            suppress_threshold: 6000,
            reuse_threshold: 750,
            half_life: Duration::from_mins(15),
            max_suppress: Duration::from_mins(60),
            max_histories: 1_000_000,
        }
    }
}

impl DampingConfig {
    /// The greatest figure of merit that there can be.
    pub fn ceiling(&self) -> u32 {
        whole(Decay::new(self.half_life).ceiling(figure(self.reuse_threshold), self.max_suppress))
    }
}

/// Why a [`DampingConfig`] makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DampingError {
    /// The half-life is zero.
    #[error("the half-life is zero")]
    HalfLife,
    /// The reuse threshold is zero, so that no suppressed route would be used again, or not less than the suppress
    /// threshold.
    #[error("the reuse threshold has to be above zero and below the suppress threshold")]
    ReuseThreshold,
    /// With this longest time of suppression no figure of merit reaches the suppress threshold.
    #[error("the figure of merit never grows beyond {ceiling}: nothing would be suppressed")]
    Ceiling {
        /// See [`DampingConfig::ceiling`]
        ceiling: u32,
    },
}

/// A time since the host's beginning, in nanoseconds.
type Time = u64;

/// Anything due at the last of all times stays in the future.
fn time(now: Duration) -> Time {
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX).min(u64::MAX - 1)
}

/// How unstable a route has been.
#[derive(Debug, Clone, Copy)]
struct History {
    /// As it was at `updated`
    figure: Figure,
    updated: Time,
    /// When the route is used again if it is suppressed, or else forgotten
    due: Time,
    suppressed: bool,
    /// Whether the route is there.
    reachable: bool,
}

/// The instability of routes, and which of them are suppressed for it.
///
/// The host says when a route is withdrawn or announced, and keeps one that is suppressed out of the decision. `K`
/// stands for a route: at least its net and the neighbour it is from (RFC 2439 §4.4.3). Routes of internal neighbours
/// must not be damped (§5). Times count from any beginning that the host chooses.
///
/// - `handle_withdrawal`, `handle_announcement`: what happens to routes; after them
/// - `poll_timeout`: when `handle_timeout` is to be called next; after that
/// - `poll_reuse`: routes that are suppressed no more.
///
/// A host that wants to see what damping would do (RFC 7196 §6) leaves the answers unheeded.
///
/// A figure of merit is kept in whole numbers of 2^-32 units, as of the time of the last change. It decays by products
/// of the square roots 2^(-1/2), 2^(-1/4), … for the bits of the half-lives that have passed: at each change the error
/// is below 2^-26 units and a 2^-31st of its value. So results are the same on every machine. A history that is worth
/// less than half of the reuse threshold and of the least penalty is forgotten, as if the route had never flapped.
///
/// ```
/// use core::time::Duration;
/// use rib::{Damping, DampingConfig};
///
/// let mut damping = Damping::new(DampingConfig::default())?;
/// let minute = Duration::from_secs(60);
/// for flap in 0..6 {
///     damping.handle_withdrawal(flap * minute, "192.0.2.0/24");
///     assert!(!damping.handle_announcement(flap * minute, "192.0.2.0/24", true));
/// }
/// damping.handle_withdrawal(6 * minute, "192.0.2.0/24");
/// assert!(damping.handle_announcement(6 * minute, "192.0.2.0/24", true));
///
/// let reuse = damping.poll_timeout().ok_or("the route is suppressed")?;
/// assert_eq!(reuse.as_secs() / 60, 52);
/// damping.handle_timeout(reuse);
/// assert_eq!(damping.poll_reuse(), Some("192.0.2.0/24"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Damping<K> {
    config: DampingConfig,
    decay: Decay,
    ceiling: Figure,
    /// What is less than this is as good as nothing.
    forget_below: Figure,
    histories: BTreeMap<K, History>,
    /// Suppressed routes, by when they are used again.
    reuse: BTreeSet<(Time, K)>,
    /// The others, by when they are forgotten.
    forget: BTreeSet<(Time, K)>,
    /// To be used again
    reusable: BTreeSet<K>,
}

impl<K: Copy + Ord> Damping<K> {
    /// Nothing has flapped yet.
    pub fn new(config: DampingConfig) -> Result<Self, DampingError> {
        if config.half_life.is_zero() {
            return Err(DampingError::HalfLife);
        }
        if config.reuse_threshold == 0 || config.reuse_threshold >= config.suppress_threshold {
            return Err(DampingError::ReuseThreshold);
        }
        let decay = Decay::new(config.half_life);
        let ceiling = decay.ceiling(figure(config.reuse_threshold), config.max_suppress);
        if ceiling < figure(config.suppress_threshold) {
            return Err(DampingError::Ceiling { ceiling: whole(ceiling) });
        }
        // Half of the reuse threshold, as is usual, unless penalties are so small that they would never add up.
        let penalties = [config.withdrawal, config.readvertisement, config.attribute_change];
        let penalties = penalties.into_iter().filter(|penalty| *penalty > 0);
        let least = penalties.fold(config.reuse_threshold, u32::min);
        Ok(Self {
            config,
            decay,
            ceiling,
            forget_below: figure(least) / 2,
            histories: BTreeMap::new(),
            reuse: BTreeSet::new(),
            forget: BTreeSet::new(),
            reusable: BTreeSet::new(),
        })
    }

    /// What it works by.
    pub const fn config(&self) -> &DampingConfig {
        &self.config
    }

    /// A route is withdrawn (RFC 2439 §4.8.2). True when it was suppressed, so that nobody has to be told.
    pub fn handle_withdrawal(&mut self, now: Duration, key: K) -> bool {
        let history = self.take(time(now), &key).unwrap_or(History::new(time(now)));
        let new = self.plus(history.figure, self.config.withdrawal);
        // Without a penalty it may be that only `handle_timeout` has not been called yet.
        let suppressed = history.suppressed && new >= figure(self.config.reuse_threshold);
        self.reusable.remove(&key);
        self.put(key, History { figure: new, suppressed, reachable: false, ..history });
        history.suppressed
    }

    /// A route is announced (RFC 2439 §4.8.3, §4.8.4); true when it is suppressed. `changed`: it replaces one of the
    /// same key that is there, with other attributes. What only repeats it costs nothing.
    pub fn handle_announcement(&mut self, now: Duration, key: K, changed: bool) -> bool {
        let now = time(now);
        let mut history = match self.take(now, &key) {
            Some(history) => history,
            None if changed => History::new(now),
            None => return false,
        };
        let penalty = match (history.reachable, changed) {
            (false, _) => self.config.readvertisement,
            (true, true) => self.config.attribute_change,
            (true, false) => 0,
        };
        history.figure = self.plus(history.figure, penalty);
        history.reachable = true;
        let threshold = if history.suppressed {
            self.config.reuse_threshold
        } else {
            self.config.suppress_threshold
        };
        history.suppressed = history.figure >= figure(threshold);
        // Whoever asked knows it now.
        self.reusable.remove(&key);
        self.put(key, history) && history.suppressed
    }

    /// A route is to be damped no more, or it is gone for good: its history is dropped. True when it was suppressed.
    pub fn remove(&mut self, key: &K) -> bool {
        self.reusable.remove(key);
        self.take_as_it_is(key).is_some_and(|history| history.suppressed)
    }

    /// Drops all histories.
    pub fn clear(&mut self) {
        self.histories.clear();
        self.reuse.clear();
        self.forget.clear();
        self.reusable.clear();
    }

    /// When [`Damping::handle_timeout`] is to be called.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let first = |queue: &BTreeSet<(Time, K)>| queue.first().map(|(due, _)| *due);
        let due = first(&self.reuse).into_iter().chain(first(&self.forget)).min()?;
        Some(Duration::from_nanos(due))
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        let now = time(now);
        while let Some((_, key)) = self.reuse.first().copied().filter(|(due, _)| *due <= now) {
            let Some(mut history) = self.take(now, &key) else { return };
            history.suppressed = history.figure >= figure(self.config.reuse_threshold);
            if !history.suppressed && history.reachable {
                self.reusable.insert(key);
            }
            self.put(key, history);
        }
        while let Some((_, key)) = self.forget.first().copied().filter(|(due, _)| *due <= now) {
            self.take_as_it_is(&key);
        }
    }

    /// A route that is there and suppressed no more.
    pub fn poll_reuse(&mut self) -> Option<K> {
        self.reusable.pop_first()
    }

    /// Whether a route is suppressed.
    pub fn is_suppressed(&self, key: &K) -> bool {
        self.histories.get(key).is_some_and(|history| history.suppressed)
    }

    /// The history of a route, if it has one.
    pub fn get(&self, now: Duration, key: &K) -> Option<DampingView> {
        self.histories.get(key).map(|history| self.view(time(now), history))
    }

    /// All histories, by key.
    pub fn iter(&self, now: Duration) -> impl Iterator<Item = (K, DampingView)> + '_ {
        let now = time(now);
        self.histories.iter().map(move |(key, history)| (*key, self.view(now, history)))
    }

    /// Number of routes with a history.
    pub fn len(&self) -> usize {
        self.histories.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.histories.is_empty()
    }

    /// Number of routes that are suppressed.
    pub fn suppressed(&self) -> usize {
        self.reuse.len()
    }

    fn view(&self, now: Time, history: &History) -> DampingView {
        DampingView {
            figure_of_merit: whole(self.decayed(now, history)),
            suppressed: history.suppressed,
            reachable: history.reachable,
            reuse: history.suppressed.then(|| Duration::from_nanos(history.due)),
        }
    }

    fn decayed(&self, now: Time, history: &History) -> Figure {
        self.decay.after(history.figure, now.saturating_sub(history.updated))
    }

    fn plus(&self, before: Figure, penalty: u32) -> Figure {
        before.saturating_add(figure(penalty)).min(self.ceiling)
    }

    /// Takes a history out, as of now.
    fn take(&mut self, now: Time, key: &K) -> Option<History> {
        let history = self.take_as_it_is(key)?;
        let updated = now.max(history.updated);
        Some(History { figure: self.decayed(now, &history), updated, ..history })
    }

    fn take_as_it_is(&mut self, key: &K) -> Option<History> {
        let history = self.histories.remove(key)?;
        let queue = if history.suppressed { &mut self.reuse } else { &mut self.forget };
        queue.remove(&(history.due, *key));
        Some(history)
    }

    /// Puts a history in. False where there is nothing to remember, or no room.
    fn put(&mut self, key: K, mut history: History) -> bool {
        let reuse = figure(self.config.reuse_threshold);
        let threshold = if history.suppressed { reuse } else { self.forget_below };
        let Some(wait) = self.decay.time_below(history.figure, threshold) else { return false };
        history.due = history.updated.saturating_add(wait);
        if self.histories.len() >= self.config.max_histories {
            let Some((due, first)) = self.forget.first().copied() else { return false };
            if due > history.due && !history.suppressed {
                return false;
            }
            self.take_as_it_is(&first);
        }
        let queue = if history.suppressed { &mut self.reuse } else { &mut self.forget };
        queue.insert((history.due, key));
        self.histories.insert(key, history);
        true
    }
}

impl History {
    const fn new(now: Time) -> Self {
        Self { figure: 0, updated: now, due: now, suppressed: false, reachable: true }
    }
}

/// The history of one route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DampingView {
    /// Its figure of merit now, rounded down
    pub figure_of_merit: u32,
    /// Whether it is suppressed
    pub suppressed: bool,
    /// Whether it is there
    pub reachable: bool,
    /// When it is used again, if it does not flap until then
    pub reuse: Option<Duration>,
}

#[cfg(test)]
mod tests;
