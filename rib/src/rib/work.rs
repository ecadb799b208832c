//! What changes of routes bring about elsewhere, done in parts.

use core::time::Duration;

use super::Rib;
use crate::policy::Policy;

impl Rib {
    /// Does some of what changes bring about elsewhere: next hops are looked up again whose way has changed, and routes
    /// decided anew that use them; pipes carry routes; aggregates come and go; conditions change filters.
    ///
    /// `budget` bounds the work of a call: one for each network that is looked at, some more where one is decided anew
    /// or a next hop is looked up. True: something is left for another call. Until then some routes are as they were
    /// before.
    pub fn work(&mut self, now: Duration, budget: usize, policy: &mut dyn Policy) -> bool {
        let left = self.follow_next_hops(budget);
        let left = self.carry_on(now, left, policy);
        if self.aggregate(now, left, policy) > 0 {
            self.apply_conditions();
        }
        self.has_work()
    }

    /// Whether [`Rib::work`] may have something to do.
    pub fn has_work(&self) -> bool {
        self.follows_next_hops()
            || self.pipes_have_work()
            || self.aggregates_have_work()
            || self.other_condition().is_some()
    }
}
