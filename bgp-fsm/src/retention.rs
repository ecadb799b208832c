//! Routes that are kept although the neighbour has not confirmed them: while it restarts (RFC 4724), long after
//! that (RFC 9494), until it has told all again, and during a refresh (RFC 7313).

use core::time::Duration;

use bgp_wire::Family;
use smallvec::SmallVec;

use crate::event::{Event, Stale};
use crate::negotiate::{Families, Negotiated};

/// The families whose routes are stale.
#[derive(Debug, Clone, Default)]
pub(crate) struct Retention(SmallVec<[Retained; 1]>);

#[derive(Debug, Clone)]
struct Retained {
    family: Family,
    stage: Stage,
    /// When the stage ends.
    until: Duration,
    /// Long-lived Stale Time, for when the Restart Time is over; zero: none.
    long_lived: Duration,
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
        self.0.iter().map(|one| one.family).collect()
    }

    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        self.0.iter().map(|one| one.until).min()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The session has ended in a way that lets routes stay (RFC 4724 §4.2, RFC 8538 §4.1, RFC 9494 §4.2).
    pub(crate) fn session_ended(
        &mut self,
        now: Duration,
        negotiated: &Negotiated,
        mut tell: impl FnMut(Event),
    ) {
        let before = core::mem::take(&mut self.0);
        let restart = negotiated.graceful_restart.as_ref();
        let seconds = |time: u32| Duration::from_secs(time.into());
        for &family in &negotiated.families {
            let restarts =
                restart.filter(|one| one.families.iter().any(|other| other.family == family));
            let long = negotiated.long_lived.iter().find(|one| one.family == family);
            if restarts.is_none() && long.is_none() {
                continue;
            }
            let old = before.iter().find(|one| one.family == family);
            let old = old.filter(|one| one.stage != Stage::Refreshing);
            if old.is_some() && !negotiated.survives_notification() {
                // To deal with restarts in a row (RFC 4724 §4.2, kept by RFC 8538 §4.1 for this case).
                tell(Event::Stale(family, Stale::Sweep));
            }
            let long_lived = seconds(long.map_or(0, |one| one.stale_time));
            if let Some(old) = old
                .filter(|one| one.stage == Stage::LongLived && negotiated.survives_notification())
            {
                // Its time goes on: a neighbour that comes and goes does not win any.
                tell(Event::Stale(family, Stale::LongLived));
                self.0.push(Retained { long_lived, ..old.clone() });
                continue;
            }
            let time = restarts.map_or(Duration::ZERO, |one| seconds(one.restart_time.into()));
            let until = now.saturating_add(time);
            self.0.push(Retained { family, stage: Stage::Restarting, until, long_lived });
        }
    }

    /// The session is back: what the neighbour has not preserved goes at once (RFC 4724 §4.2).
    pub(crate) fn established(
        &mut self,
        now: Duration,
        negotiated: &Negotiated,
        stale_time: Duration,
        mut tell: impl FnMut(Event),
    ) {
        self.0.retain(|one| {
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
            } else if !preserved {
                tell(Event::Stale(one.family, Stale::Sweep));
            }
            preserved
        });
    }

    /// The neighbour has told all routes of a family after the session came up. Whether some may be stale.
    pub(crate) fn end_of_rib(&mut self, family: Family) -> bool {
        self.remove(family, |stage| matches!(stage, Stage::Back | Stage::LongLived))
    }

    /// BoRR: all routes of a family will be told anew.
    pub(crate) fn refresh_begins(&mut self, family: Family, until: Duration) {
        self.0.retain(|one| one.family != family);
        let (stage, long_lived) = (Stage::Refreshing, Duration::ZERO);
        self.0.push(Retained { family, stage, until, long_lived });
    }

    /// EoRR. Whether some routes may be stale; not without BoRR.
    pub(crate) fn refresh_ends(&mut self, family: Family) -> bool {
        self.remove(family, |stage| stage == Stage::Refreshing)
    }

    fn remove(&mut self, family: Family, ends: impl Fn(Stage) -> bool) -> bool {
        let before = self.0.len();
        self.0.retain(|one| one.family != family || !ends(one.stage));
        self.0.len() < before
    }

    /// Lets go of what has had its time.
    pub(crate) fn handle_timeout(&mut self, now: Duration, mut tell: impl FnMut(Event)) {
        self.0.retain(|one| {
            if one.until > now {
                return true;
            }
            let lives_on = one.stage == Stage::Restarting && !one.long_lived.is_zero();
            let stale = if lives_on { Stale::LongLived } else { Stale::Sweep };
            tell(Event::Stale(one.family, stale));
            one.stage = Stage::LongLived;
            one.until = now.saturating_add(one.long_lived);
            lives_on
        });
    }

    /// When routes of a family are let go of, if they are stale.
    pub(crate) fn until(&self, family: Family) -> Option<Duration> {
        self.0.iter().find(|one| one.family == family).map(|one| one.until)
    }
}
