//! Routes that are kept although the neighbour has not confirmed them: while it restarts (RFC 4724), long after
//! that (RFC 9494), until it has told all again, and during a refresh (RFC 7313).

use core::time::Duration;

use bgp_wire::Family;
use smallvec::SmallVec;

use crate::event::{Event, Stale};
use crate::negotiate::{Families, Negotiated};

/// Why routes of a neighbour may be stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StaleReason {
    /// It restarts, or is back and has not told all again (RFC 4724)
    Restart,
    /// It was away for longer (RFC 9494)
    LongLived,
    /// It is about to tell all again (RFC 7313)
    Refresh,
}

/// The families whose routes are stale.
#[derive(Debug, Clone, Default)]
pub(crate) struct Retention {
    kept: SmallVec<[Retained; 1]>,
    /// Families whose Long-lived Stale Time is over although the neighbour has not told all its routes since
    /// it is back.
    expired: Families,
}

#[derive(Debug, Clone)]
struct Retained {
    family: Family,
    stage: Stage,
    /// When the stage ends.
    until: Duration,
    /// Long-lived Stale Time, for when the Restart Time is over; zero: none.
    long_lived: Duration,
    /// What is stale by now does not outlive a restart after this, once the neighbour was back.
    bound: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The neighbour is away: Restart Time (RFC 4724 §4.2).
    Restarting,
    /// It was away longer: Long-lived Stale Time (RFC 9494 §4.2), also when it is back, until End-of-RIB.
    LongLived,
    /// It is back: stale timer, until End-of-RIB (RFC 8538 §4.1).
    Back,
    /// It tells all again: until EoRR (RFC 7313 §4).
    Refreshing,
}

impl Retention {
    /// The families whose routes stay although there is no session.
    pub(crate) fn families(&self) -> Families {
        self.kept.iter().map(|one| one.family).collect()
    }

    /// No route is stale.
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        self.kept.iter().map(|one| one.until).min()
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.expired.clear();
    }

    /// The session has ended in a way that lets routes stay (RFC 4724 §4.2, RFC 8538 §4.1, RFC 9494 §4.2).
    pub(crate) fn session_ended(
        &mut self,
        now: Duration,
        negotiated: &Negotiated,
        mut tell: impl FnMut(Event),
    ) {
        let Self { kept: before, expired } = core::mem::take(self);
        let restart = negotiated.graceful_restart.as_ref();
        let seconds = |time: u32| Duration::from_secs(time.into());
        for &family in &negotiated.families {
            let restarts =
                restart.filter(|one| one.families.iter().any(|other| other.family == family));
            let long = negotiated.long_lived.iter().find(|one| one.family == family);
            // RFC 9494 §4.2: a session that resets before End-of-RIB wins no more time.
            if (restarts.is_none() && long.is_none()) || expired.contains(&family) {
                continue;
            }
            let old = before.iter().find(|one| one.family == family);
            let old = old.filter(|one| one.stage != Stage::Refreshing);
            let long_lived = seconds(long.map_or(0, |one| one.stale_time));
            if let Some(old) = old.filter(|one| one.stage == Stage::LongLived) {
                // Its time goes on: a neighbour that comes and goes does not win any.
                self.kept.push(Retained { long_lived, ..old.clone() });
                continue;
            }
            // Restarts in a row: RFC 4724 §4.2 deletes what was stale before, but not with the N bit (RFC 8538
            // §4.1), nor before Long-lived Stale Time is over (RFC 9494 §4.2).
            let spared = negotiated.survives_notification() || long.is_some();
            let bound = old.and_then(|one| one.bound).filter(|bound| spared && *bound > now);
            if old.is_some() && bound.is_none() {
                tell(Event::Stale(family, Stale::Sweep));
            }
            let time = restarts.map_or(Duration::ZERO, |one| seconds(one.restart_time.into()));
            let until = now.saturating_add(time);
            self.kept.push(Retained { family, stage: Stage::Restarting, until, long_lived, bound });
        }
    }

    /// The families whose Long-lived Stale Time is running.
    pub(crate) fn long_lived(&self) -> impl Iterator<Item = Family> + '_ {
        self.kept.iter().filter(|one| one.stage == Stage::LongLived).map(|one| one.family)
    }

    /// The session is back: what the neighbour has not preserved goes at once (RFC 4724 §4.2).
    pub(crate) fn established(
        &mut self,
        now: Duration,
        negotiated: &Negotiated,
        stale_time: Duration,
        mut tell: impl FnMut(Event),
    ) {
        self.expired.clear();
        self.kept.retain(|one| {
            let restart = negotiated.graceful_restart.iter().flat_map(|one| &one.families);
            let mut restart = restart.map(|one| (one.family, one.forwarding));
            let mut long = negotiated.long_lived.iter().map(|one| (one.family, one.forwarding));
            let preserved = match one.stage {
                Stage::LongLived => long.any(|other| other == (one.family, true)),
                _ => restart.any(|other| other == (one.family, true)),
            };
            if preserved && one.stage != Stage::LongLived {
                one.stage = Stage::Back;
                one.until = now.saturating_add(stale_time);
                one.bound = one.bound.or(Some(one.until.saturating_add(one.long_lived)));
            } else if !preserved {
                tell(Event::Stale(one.family, Stale::Sweep));
            }
            preserved
        });
    }

    /// The neighbour has told all routes of a family after the session came up. Whether some may be stale.
    pub(crate) fn end_of_rib(&mut self, family: Family) -> bool {
        self.expired.retain(|other| *other != family);
        self.remove(family, |stage| matches!(stage, Stage::Back | Stage::LongLived))
    }

    /// BoRR: all routes of a family will be told anew.
    pub(crate) fn refresh_begins(&mut self, family: Family, until: Duration) {
        self.kept.retain(|one| one.family != family);
        let (stage, long_lived) = (Stage::Refreshing, Duration::ZERO);
        self.kept.push(Retained { family, stage, until, long_lived, bound: None });
    }

    /// EoRR. Whether some routes may be stale; not without BoRR.
    pub(crate) fn refresh_ends(&mut self, family: Family) -> bool {
        self.remove(family, |stage| stage == Stage::Refreshing)
    }

    fn remove(&mut self, family: Family, ends: impl Fn(Stage) -> bool) -> bool {
        let before = self.kept.len();
        self.kept.retain(|one| one.family != family || !ends(one.stage));
        self.kept.len() < before
    }

    /// Lets go of what has had its time.
    pub(crate) fn handle_timeout(&mut self, now: Duration, mut tell: impl FnMut(Event)) {
        self.kept.retain(|one| {
            if one.until > now {
                return true;
            }
            let lives_on = one.stage == Stage::Restarting && !one.long_lived.is_zero();
            let stale = if lives_on { Stale::LongLived } else { Stale::Sweep };
            tell(Event::Stale(one.family, stale));
            if one.stage == Stage::LongLived {
                self.expired.push(one.family);
            }
            one.stage = Stage::LongLived;
            // Both times together are the limit, also for a host that comes late.
            one.until = one.until.saturating_add(one.long_lived);
            lives_on
        });
    }

    /// Why routes of a family may be stale.
    pub(crate) fn reason(&self, family: Family) -> Option<StaleReason> {
        let one = self.kept.iter().find(|one| one.family == family)?;
        Some(match one.stage {
            Stage::Restarting | Stage::Back => StaleReason::Restart,
            Stage::LongLived => StaleReason::LongLived,
            Stage::Refreshing => StaleReason::Refresh,
        })
    }

    /// When routes of a family are let go of, if they are stale.
    pub(crate) fn until(&self, family: Family) -> Option<Duration> {
        self.kept.iter().find(|one| one.family == family).map(|one| one.until)
    }
}
