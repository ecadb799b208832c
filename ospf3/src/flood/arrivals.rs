//! Which LSAs have come by flooding within MinLSArrival (RFC 2328 §13 (5a)).

use alloc::collections::{BTreeSet, VecDeque};
use core::time::Duration;

use crate::lsa::LsaKey;
use crate::scope::ScopeId;

/// The LSAs that were flooded to us lately.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrivals {
    recent: BTreeSet<(ScopeId, LsaKey)>,
    order: VecDeque<(Duration, (ScopeId, LsaKey))>,
}

impl Arrivals {
    /// One has come that was not here within MinLSArrival.
    pub(crate) fn note(&mut self, place: (ScopeId, LsaKey), now: Duration) {
        if self.recent.insert(place) {
            self.order.push_back((now, place));
        }
    }

    pub(crate) fn is_recent(&self, place: &(ScopeId, LsaKey)) -> bool {
        self.recent.contains(place)
    }

    /// Forgets those that came MinLSArrival ago.
    pub(crate) fn forget(&mut self, now: Duration, min_ls_arrival: Duration) {
        while let Some((at, place)) = self.order.front()
            && now.saturating_sub(*at) >= min_ls_arrival
        {
            self.recent.remove(place);
            self.order.pop_front();
        }
    }
}
