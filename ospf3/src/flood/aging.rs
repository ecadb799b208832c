//! What comes into the databases and goes out of them: installing, MaxAge, overload (RFC 2328 §13.2, §14).

use alloc::vec::Vec;

use crate::id::InterfaceId;
use crate::instance::Instance;
use crate::instance::event::Event;
use crate::lsa::{Lsa, LsaKey, MAX_AGE};
use crate::lsdb::Installed;
use crate::neighbor::NeighborState;
use crate::neighbor::fsm::NeighborInput;
use crate::scope::ScopeId;
use crate::timer::Timer;

impl Instance {
    /// Installs an instance in place of the one there is (RFC 2328 §13.2).
    pub(crate) fn install(&mut self, scope: ScopeId, lsa: Lsa) -> Installed {
        let (key, max_age) = (lsa.key(), lsa.header().is_max_age());
        let left = core::time::Duration::from_secs(u64::from(MAX_AGE - lsa.header().age));
        let installed = self.databases.install(scope, self.now, lsa);
        if max_age {
            self.flushing.insert((scope, key));
            self.sweep.insert((scope, key));
        } else {
            self.flushing.remove(&(scope, key));
            self.timers.set_earlier(Timer::Age, self.now + left);
        }
        if installed != Installed::Refreshed {
            self.topology_changed(scope, &key);
        }
        self.lsa_changed(scope, key, installed);
        installed
    }

    /// LSAs have come to MaxAge: they are flooded, so that all let go of them (RFC 2328 §14).
    pub(crate) fn age_timer(&mut self) {
        while let Some((scope, key)) = self.databases.take_expired(self.now) {
            self.flush(scope, &key);
        }
        if let Some(next) = self.databases.next_expiry() {
            self.timers.set(Timer::Age, next);
        }
    }

    /// Sets an LSA's age to MaxAge and floods it; it is removed when all have it (RFC 2328 §14.1).
    pub(crate) fn flush(&mut self, scope: ScopeId, key: &LsaKey) {
        let Some(entry) = self.databases.entry(scope, key) else { return };
        let lsa = entry.lsa.at_age(MAX_AGE);
        self.install(scope, lsa);
        self.flood(scope, key, None);
    }

    /// Removes LSAs at MaxAge that are on no retransmission list, if no neighbour is exchanging databases
    /// (RFC 2328 §14).
    pub(crate) fn sweep(&mut self) {
        if self.exchanging > 0 {
            return;
        }
        let mut candidates = core::mem::take(&mut self.sweep);
        if core::mem::take(&mut self.sweep_all) {
            candidates.clone_from(&self.flushing);
        }
        for (scope, key) in candidates {
            if self.flushing.contains(&(scope, key))
                && !self.is_on_a_retransmission_list(scope, &key)
            {
                self.flushing.remove(&(scope, key));
                self.databases.remove(scope, &key);
                self.own_lsa_is_gone(scope, &key);
            }
        }
        self.leave_overload();
    }

    /// A link or an area is gone, and its LSAs with it.
    pub(crate) fn drop_database(&mut self, scope: ScopeId) {
        self.databases.drop_scope(scope);
        self.routing.table.forget(scope);
        self.flushing.retain(|(of, _)| *of != scope);
        self.sweep.retain(|(of, _)| *of != scope);
        self.forget_own_lsas(scope);
    }

    /// Whether the databases have no room for so many octets more.
    pub(crate) fn is_full(&self, octets: usize) -> bool {
        let limits = &self.config.limits;
        self.databases.len() >= limits.lsas
            || self.databases.octets().saturating_add(octets) > limits.octets
    }

    pub(crate) fn enter_overload(&mut self) {
        if !self.overloaded {
            self.overloaded = true;
            self.events.push(Event::Overload(true));
        }
    }

    /// When a tenth of the databases' room is free again, neighbours are asked anew for what was not taken.
    fn leave_overload(&mut self) {
        let limits = &self.config.limits;
        let room = self.databases.len() <= limits.lsas - limits.lsas / 10
            && self.databases.octets() <= limits.octets - limits.octets / 10;
        if !self.overloaded || !room {
            return;
        }
        self.overloaded = false;
        self.events.push(Event::Overload(false));
        let all: Vec<InterfaceId> = self.interfaces.keys().copied().collect();
        for at in all {
            self.neighbors_event(at, NeighborState::Exchange, NeighborInput::SeqNumberMismatch);
        }
    }
}
