//! The router's own LSAs: they are kept as [`Originator`] wants them, within the RFC's intervals (RFC 2328 §12.4, §13.4,
//! §14.1).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use ipnet::IpNet;

use crate::config::LsaIntervals;
use crate::id::{AreaId, InterfaceId};
use crate::instance::Instance;
use crate::instance::event::Event;
use crate::lsa::{LsType, Lsa, LsaBody, LsaHeader, LsaKey, MAX_AGE, SequenceNumber};
use crate::lsdb::Entry;
use crate::originate::{Originator, Part, Wanted};
use crate::scope::ScopeId;
use crate::timer::{Jitter, Timer};

/// Which LSA, and in which database.
type Place = (ScopeId, LsaKey);

/// After so many newer instances from elsewhere in a row, another router has this one's Router ID.
const CONTESTED: u8 = 3;

/// How long packets may be underway, one more than another.
const TRANSIT: Duration = Duration::from_millis(100);

/// What is known of the router's own LSAs besides what the databases hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnLsas {
    originator: Originator,
    /// What has changed since the originator was asked.
    changed: BTreeSet<Part>,
    lsas: BTreeMap<Place, OwnLsa>,
    /// When something is to be done about an LSA.
    due: BTreeSet<(Duration, Place)>,
}

#[derive(Debug, Clone, Default)]
struct OwnLsa {
    /// It is to be there.
    wanted: bool,
    /// It is not, and has yet to be flushed.
    doomed: bool,
    /// What it is to say, if that is not what the database has.
    pending: Option<LsaBody>,
    /// When it was last originated or flushed.
    last: Option<Duration>,
    /// When it was last sent to somebody, who takes no other for MinLSArrival.
    sent: Option<Duration>,
    /// How long after that it may be again.
    gap: Duration,
    /// Its place in the queue.
    due: Option<Duration>,
    /// How many newer instances came from elsewhere in a row.
    contested: u8,
}

impl OwnLsa {
    /// When it may be originated: not within MinLSInterval, which is shorter after a pause; nor while neighbours would not
    /// take it, only to be sent it again after RxmtInterval.
    fn may_be_originated(&self, intervals: &LsaIntervals) -> Duration {
        let pause = intervals.min_ls_arrival + TRANSIT;
        let last = self.last.map(|last| last + self.gap);
        let sent = self.sent.map(|sent| sent + pause);
        last.max(sent).unwrap_or_default()
    }

    /// It is being originated or flushed.
    fn note(&mut self, now: Duration, intervals: &LsaIntervals) {
        let paused = self.last.is_none_or(|last| {
            now.saturating_sub(last) >= intervals.min_ls_interval.saturating_mul(2)
        });
        self.gap = match paused {
            true => intervals.initial,
            false => self.gap.saturating_mul(2),
        };
        self.gap =
            self.gap.clamp(intervals.initial, intervals.min_ls_interval.max(intervals.initial));
        self.last = Some(now);
    }
}

impl OwnLsas {
    fn schedule(&mut self, place: Place, at: Duration) {
        let own = self.lsas.entry(place).or_default();
        if let Some(before) = own.due.replace(at) {
            self.due.remove(&(before, place));
        }
        self.due.insert((at, place));
    }

    fn forget(&mut self, place: &Place) {
        if let Some(OwnLsa { due: Some(due), .. }) = self.lsas.remove(place) {
            self.due.remove(&(due, *place));
        }
    }
}

/// When to refresh an LSA: LSRefreshTime, less up to a tenth.
fn refresh_time(intervals: &LsaIntervals, jitter: &mut Jitter) -> Duration {
    jitter.shorten(intervals.ls_refresh_time, 10)
}

impl Instance {
    /// Something that may concern all own LSAs has changed.
    pub(crate) fn own_changed(&mut self) {
        self.own.changed.insert(Part::All);
    }

    /// Something of an interface has changed that its area's LSAs tell.
    pub(crate) fn own_interface_changed(&mut self, at: InterfaceId) {
        if let Some(interface) = self.interfaces.get(&at) {
            self.own.changed.insert(Part::Area(interface.area()));
            self.own.changed.insert(Part::Link(at));
        }
    }

    pub(crate) fn own_area_changed(&mut self, area: AreaId) {
        self.own.changed.insert(Part::Area(area));
    }

    pub(crate) fn own_prefix_changed(&mut self, prefix: IpNet) {
        self.own.changed.insert(Part::Prefix(prefix));
    }

    pub(crate) fn own_part_changed(&mut self, part: Part) {
        self.own.changed.insert(part);
    }

    /// An own LSA was sent.
    pub(crate) fn own_lsa_sent(&mut self, scope: ScopeId, key: &LsaKey) {
        if let Some(own) = self.own.lsas.get_mut(&(scope, *key)) {
            own.sent = Some(self.now);
        }
    }

    /// Asks which LSAs there should be, where something has changed.
    pub(crate) fn update_own_lsas(&mut self) {
        if self.own.changed.is_empty() || self.stopped {
            return;
        }
        let parts = core::mem::take(&mut self.own.changed);
        let mut originator = core::mem::take(&mut self.own.originator);
        let wanted = self.describe(|description| originator.update(description, parts));
        self.own.originator = originator;
        // RFC 3623 §2 (1): while it restarts, a router originates none but Grace-LSAs.
        let restarting = self.is_restarting();
        for lsa in wanted {
            if !restarting || lsa.key.ls_type == LsType::GRACE {
                self.want(lsa);
            }
        }
        self.set_originate_timer();
    }

    fn want(&mut self, Wanted { scope, key, body }: Wanted) {
        let place = (scope, key);
        let entry = self.databases.entry(scope, &key);
        let live = entry.filter(|entry| entry.age(self.now) < MAX_AGE);
        let Some(body) = body else {
            let flushes = live.is_some();
            if let Some(own) = self.own.lsas.get_mut(&place) {
                (own.wanted, own.doomed, own.pending) = (false, false, None);
            }
            if flushes {
                self.flush_own(place);
            }
            return;
        };
        let same = live.is_some_and(|entry| says(entry, &body));
        let own = self.own.lsas.entry(place).or_default();
        (own.wanted, own.doomed) = (true, false);
        if same && own.last.is_some() {
            own.pending = None;
            return;
        }
        own.pending = Some(body);
        let at = own.may_be_originated(&self.config.intervals);
        if at <= self.now {
            self.originate(place);
        } else {
            self.own.schedule(place, at);
        }
    }

    /// The time has come to do something about own LSAs.
    pub(crate) fn originate_timer(&mut self) {
        while let Some((at, place)) = self.own.due.first().copied() {
            if at > self.now {
                break;
            }
            self.own.due.remove(&(at, place));
            let Some(own) = self.own.lsas.get_mut(&place) else { continue };
            own.due = None;
            if own.wanted {
                own.contested = 0;
                self.originate(place);
            } else if own.doomed {
                self.flush_own(place);
            } else {
                self.own.forget(&place);
            }
        }
        self.set_originate_timer();
    }

    fn set_originate_timer(&mut self) {
        match self.own.due.first() {
            Some((at, _)) => self.timers.set(Timer::Originate, *at),
            None => self.timers.stop(Timer::Originate),
        }
    }

    /// Originates the next instance of an LSA: with what is pending, or to refresh it.
    fn originate(&mut self, place: Place) {
        let (scope, key) = place;
        let entry = self.databases.entry(scope, &key).cloned();
        let Some(own) = self.own.lsas.get_mut(&place) else { return };
        let body = own.pending.take().or_else(|| entry.as_ref()?.lsa.body().ok());
        let Some(body) = body else { return };
        let Some(sequence) = next_sequence(entry.as_ref()) else {
            // RFC 2328 §12.1.6: it must be flushed before it begins anew.
            own.pending = Some(body);
            self.flush(scope, &key);
            return;
        };
        own.note(self.now, &self.config.intervals);
        let refresh = refresh_time(&self.config.intervals, &mut self.jitter);
        self.own.schedule(place, self.now + refresh);
        // A body that is too long for any LSA has nothing to be told by.
        let Ok(lsa) = Lsa::new(0, key, sequence, &body) else { return };
        self.install(scope, lsa);
        self.flood(scope, &key, None);
        self.set_originate_timer();
    }

    /// Flushes an LSA: not too soon after it was originated. Where the two came the other way round there would be nothing
    /// to flush, and then an LSA that nobody flushes.
    fn flush_own(&mut self, place: Place) {
        let own = self.own.lsas.entry(place).or_default();
        let at = own.may_be_originated(&self.config.intervals);
        own.doomed = at > self.now;
        if own.doomed {
            self.own.schedule(place, at);
            self.set_originate_timer();
            return;
        }
        own.note(self.now, &self.config.intervals);
        let at = own.may_be_originated(&self.config.intervals);
        self.own.schedule(place, at);
        self.flush(place.0, &place.1);
    }

    /// An instance of an own LSA came that is newer than ours, and has been installed: it is from before a restart, or from
    /// another router with our Router ID (RFC 2328 §13.4). `before` is what was there.
    pub(crate) fn received_own_lsa(
        &mut self,
        scope: ScopeId,
        header: &LsaHeader,
        before: Option<&Entry>,
    ) {
        let place = (scope, header.key);
        if self.is_restarting() {
            self.check_restart();
            return;
        }
        if self.stopped {
            self.flush(scope, &header.key);
            return;
        }
        let wanted = self.own.lsas.get(&place).is_some_and(|own| own.wanted);
        if !wanted {
            if !header.is_max_age() && !self.adopt(place) {
                self.flush_own(place);
            }
            return;
        }
        let body = before.and_then(|entry| entry.lsa.body().ok());
        let own = self.own.lsas.entry(place).or_default();
        own.pending = own.pending.take().or(body);
        own.contested = own.contested.saturating_add(1);
        if own.contested == CONTESTED {
            let router_id = self.config.router_id;
            self.events.push(Event::DuplicateRouterId { interface: None, router_id });
        }
        let at = own.may_be_originated(&self.config.intervals).max(self.now);
        self.own.schedule(place, at);
        self.set_originate_timer();
    }

    /// An LSA of ours that we do not know: perhaps it is what we would tell, under another Link State ID.
    fn adopt(&mut self, (scope, key): Place) -> bool {
        let Some(entry) = self.databases.entry(scope, &key) else { return false };
        let lsa = entry.lsa.clone();
        let mut originator = core::mem::take(&mut self.own.originator);
        let adopted =
            self.describe(|description| originator.adopt(description.router, scope, &lsa));
        self.own.originator = originator;
        if adopted {
            self.own_changed();
        }
        adopted
    }

    /// Takes over all own LSAs of the databases, after a graceful restart (RFC 5187 §3.1).
    pub(crate) fn adopt_all(&mut self) {
        let us = self.config.router_id;
        let mut own: Vec<Place> = Vec::new();
        for (scope, lsdb) in self.databases.iter() {
            let keys = lsdb.iter().map(|(key, _)| *key);
            own.extend(keys.filter(|key| key.advertising_router == us).map(|key| (scope, key)));
        }
        for place in own {
            if !self.adopt(place) {
                self.flush_own(place);
            }
        }
    }

    /// Flushes all own LSAs at once.
    pub(crate) fn flush_all_own(&mut self) {
        let lsas = core::mem::take(&mut self.own.lsas);
        self.own.due.clear();
        for (scope, key) in lsas.into_keys() {
            self.flush(scope, &key);
        }
        self.set_originate_timer();
    }

    /// An LSA at MaxAge has been removed from its database. If it was ours, it may begin anew.
    pub(crate) fn own_lsa_is_gone(&mut self, scope: ScopeId, key: &LsaKey) {
        let place = (scope, *key);
        let Some(own) = self.own.lsas.get(&place) else { return };
        if own.wanted && own.pending.is_some() {
            let at = own.may_be_originated(&self.config.intervals).max(self.now);
            self.own.schedule(place, at);
            self.set_originate_timer();
        }
    }

    /// A database is gone, and with it what was in there.
    pub(crate) fn forget_own_lsas(&mut self, scope: ScopeId) {
        let gone: Vec<_> = self.own.lsas.keys().filter(|place| place.0 == scope).copied().collect();
        for place in gone {
            self.own.forget(&place);
        }
    }
}

fn next_sequence(entry: Option<&Entry>) -> Option<SequenceNumber> {
    entry.map_or(Some(SequenceNumber::INITIAL), |entry| entry.lsa.header().sequence.next())
}

/// Whether an LSA's body is this one, in our encoding.
fn says(entry: &Entry, body: &LsaBody) -> bool {
    Lsa::new(0, entry.lsa.key(), SequenceNumber::INITIAL, body)
        .is_ok_and(|lsa| lsa.body_bytes() == entry.lsa.body_bytes())
}
