//! A speaker that has restarted waits for what its neighbours have to tell (RFC 4724 §4.1).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::Family;

use crate::negotiate::Negotiated;

/// When a restarted speaker may select routes of a family: when all neighbours that know graceful restart have
/// marked the end of theirs, or when Selection_Deferral_Timer expires. `N` is what the host names neighbours by.
///
/// Until then the host selects no routes of the family and announces none; sessions have
/// [`set_restarted`](crate::Session::set_restarted).
///
/// ```
/// use bgp_fsm::Deferral;
/// use bgp_wire::Family;
/// use core::time::Duration;
///
/// let (ipv4, ipv6) = (Family::IPV4_UNICAST, Family::IPV6_UNICAST);
/// let mut deferral = Deferral::new(Duration::from_secs(240));
/// deferral.expect("upstream", [ipv4, ipv6]);
/// deferral.expect("peer", [ipv4]);
/// deferral.handle_end_of_rib("upstream", ipv4);
/// deferral.handle_end_of_rib("upstream", ipv6);
/// assert_eq!(deferral.poll_ready(), Some(ipv6));
/// assert_eq!(deferral.poll_ready(), None);
/// deferral.handle_timeout(Duration::from_secs(240));
/// assert_eq!(deferral.poll_ready(), Some(ipv4));
/// assert!(deferral.is_over());
/// ```
#[derive(Debug, Clone)]
pub struct Deferral<N> {
    /// Selection_Deferral_Timer
    until: Duration,
    /// By family, those whose End-of-RIB marker is missing
    waiting: BTreeMap<Family, BTreeSet<N>>,
    /// Families that nobody is waited for, and that the host has not been told of.
    ready: Vec<Family>,
}

impl<N: Ord> Deferral<N> {
    /// Waits until `until` at most: the time of the restart and Selection_Deferral_Time.
    pub const fn new(until: Duration) -> Self {
        Self { until, waiting: BTreeMap::new(), ready: Vec::new() }
    }

    /// Waits for a neighbour that is configured with graceful restart for these families. To be called for all
    /// of them before anything else.
    pub fn expect(&mut self, neighbor: N, families: impl IntoIterator<Item = Family>)
    where
        N: Clone,
    {
        for family in families {
            self.waiting.entry(family).or_default().insert(neighbor.clone());
        }
    }

    /// A session is up. A neighbour without graceful restart is not waited for, nor is one that has restarted
    /// itself: both would wait for each other.
    pub fn handle_established(&mut self, neighbor: N, negotiated: &Negotiated) {
        let restart = negotiated.remote.capabilities.graceful_restart();
        let marks = restart.is_some_and(|restart| !restart.restarted);
        self.give_up(&neighbor, |family| !marks || !negotiated.families.contains(&family));
    }

    /// A neighbour has marked the end of its routes.
    pub fn handle_end_of_rib(&mut self, neighbor: N, family: Family) {
        self.give_up(&neighbor, |other| other == family);
    }

    /// A neighbour is not configured any more.
    pub fn handle_removed(&mut self, neighbor: N) {
        self.give_up(&neighbor, |_| true);
    }

    fn give_up(&mut self, neighbor: &N, on: impl Fn(Family) -> bool) {
        let ready = &mut self.ready;
        self.waiting.retain(|family, neighbors| {
            if on(*family) {
                neighbors.remove(neighbor);
            }
            if neighbors.is_empty() {
                ready.push(*family);
            }
            !neighbors.is_empty()
        });
    }

    /// Waits no longer when Selection_Deferral_Timer has expired.
    pub fn handle_timeout(&mut self, now: Duration) {
        if now >= self.until {
            self.ready.extend(core::mem::take(&mut self.waiting).into_keys());
        }
    }

    /// When [`Deferral::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Duration> {
        (!self.waiting.is_empty()).then_some(self.until)
    }

    /// The next family of which routes are to be selected now. When there are none left and the deferral
    /// [is over](Deferral::is_over), sessions are no longer `restarted`.
    pub fn poll_ready(&mut self) -> Option<Family> {
        (!self.ready.is_empty()).then(|| self.ready.remove(0))
    }

    /// Whether routes of a family are not to be selected yet.
    pub fn is_deferred(&self, family: Family) -> bool {
        self.waiting.contains_key(&family) || self.ready.contains(&family)
    }

    /// Whether nothing is deferred any more.
    pub fn is_over(&self) -> bool {
        self.waiting.is_empty() && self.ready.is_empty()
    }
}
