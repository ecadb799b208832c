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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::negotiate::negotiate;
    use crate::offer::Refused;
    use crate::{Endpoints, FamilyConfig, RestartConfig, SessionConfig};

    const V4: Family = Family::IPV4_UNICAST;
    const V6: Family = Family::IPV6_UNICAST;
    const LIMIT: Duration = Duration::from_secs(240);

    fn config(asn: u32, families: &[Family], restarts: bool) -> SessionConfig {
        let mut config = SessionConfig::new(asn, None, asn.into());
        config.families = families.iter().copied().map(FamilyConfig::new).collect();
        config.graceful_restart = restarts.then(RestartConfig::default);
        config
    }

    /// With a neighbour of these families. `restarted`: its R bit; `None`: it does not know graceful restart.
    fn negotiated(families: &[Family], restarted: Option<bool>) -> Negotiated {
        let (ours, theirs) = (config(1, &[V4, V6], true), config(2, families, restarted.is_some()));
        let open = |config: &SessionConfig, bit| config.open(&Refused::Nothing, bit);
        let remote = open(&theirs, restarted.unwrap_or(false));
        let ends =
            Endpoints { local: ([10, 0, 0, 1], 1).into(), remote: ([10, 0, 0, 2], 2).into() };
        negotiate(&ours, open(&ours, true), remote, ends).expect("a family in common")
    }

    /// Two neighbours with both families.
    fn two() -> Deferral<u8> {
        let mut deferral = Deferral::new(LIMIT);
        deferral.expect(1, [V4, V6]);
        deferral.expect(2, [V4, V6]);
        deferral
    }

    fn ready(deferral: &mut Deferral<u8>) -> Vec<Family> {
        core::iter::from_fn(|| deferral.poll_ready()).collect()
    }

    #[test]
    fn rfc4724_4_1_a_family_waits_for_the_end_of_rib_of_all() {
        let mut deferral = two();
        for neighbor in [1, 2] {
            deferral.handle_established(neighbor, &negotiated(&[V4, V6], Some(false)));
        }
        deferral.handle_end_of_rib(1, V4);
        // Twice, and from somebody else: that is no other's.
        deferral.handle_end_of_rib(1, V4);
        deferral.handle_end_of_rib(3, V4);
        assert!(ready(&mut deferral).is_empty() && deferral.is_deferred(V4));
        deferral.handle_end_of_rib(2, V4);
        assert!(deferral.is_deferred(V4), "until the host knows");
        assert_eq!(ready(&mut deferral), [V4]);
        assert!(!deferral.is_deferred(V4) && deferral.is_deferred(V6) && !deferral.is_over());
        for neighbor in [2, 1] {
            deferral.handle_end_of_rib(neighbor, V6);
        }
        assert!(!deferral.is_over());
        assert_eq!(ready(&mut deferral), [V6]);
        assert!(deferral.is_over());
        assert_eq!(deferral.poll_timeout(), None);
    }

    /// Those with the Restart State bit, which wait for us, and those without the capability.
    #[test]
    fn rfc4724_4_1_who_is_not_waited_for() {
        for restarted in [Some(true), None] {
            let mut deferral = two();
            deferral.handle_established(1, &negotiated(&[V4, V6], restarted));
            assert!(ready(&mut deferral).is_empty());
            deferral.handle_end_of_rib(2, V6);
            assert_eq!(ready(&mut deferral), [V6]);
            deferral.handle_established(2, &negotiated(&[V4, V6], restarted));
            assert_eq!(ready(&mut deferral), [V4]);
            assert!(deferral.is_over());
        }
    }

    /// Of a family that is not on the session no End-of-RIB marker comes.
    #[test]
    fn rfc4724_4_1_a_family_that_was_not_negotiated() {
        let mut deferral = two();
        for neighbor in [1, 2] {
            deferral.handle_established(neighbor, &negotiated(&[V4], Some(false)));
        }
        assert_eq!(ready(&mut deferral), [V6]);
        assert!(deferral.is_deferred(V4));
    }

    /// A neighbour whose session is lost and comes back is waited for all the while; one that is removed is not.
    #[test]
    fn rfc4724_4_1_a_neighbour_that_goes() {
        let mut deferral = two();
        for _ in 0..2 {
            deferral.handle_established(1, &negotiated(&[V4, V6], Some(false)));
            assert!(deferral.is_deferred(V4));
        }
        deferral.handle_removed(2);
        assert!(ready(&mut deferral).is_empty());
        deferral.handle_removed(1);
        assert_eq!(ready(&mut deferral), [V4, V6]);
        assert!(deferral.is_over());
    }

    #[test]
    fn rfc4724_4_1_selection_deferral_timer() {
        let mut deferral = two();
        assert_eq!(deferral.poll_timeout(), Some(LIMIT));
        deferral.handle_timeout(LIMIT.saturating_sub(Duration::from_nanos(1)));
        assert!(ready(&mut deferral).is_empty());
        deferral.handle_timeout(LIMIT);
        assert_eq!(deferral.poll_timeout(), None);
        assert_eq!(ready(&mut deferral), [V4, V6]);
        // What comes later changes nothing.
        deferral.handle_timeout(LIMIT * 2);
        deferral.handle_end_of_rib(1, V4);
        deferral.handle_established(2, &negotiated(&[V4, V6], None));
        assert!(ready(&mut deferral).is_empty() && deferral.is_over());
    }

    #[test]
    fn nobody_is_waited_for() {
        let mut deferral = Deferral::<u8>::new(LIMIT);
        assert!(deferral.is_over() && !deferral.is_deferred(V4));
        assert_eq!((deferral.poll_timeout(), deferral.poll_ready()), (None, None));
    }

    proptest! {
        /// Against pairs that are crossed off one by one.
        #[test]
        fn a_family_is_ready_once_and_not_before_nobody_is_left(
            expected in prop::collection::btree_set((0..4_u8, 0..3_usize), 0..12),
            steps in prop::collection::vec((0..4_u8, 0..3_usize, 0..8_u8), 0..40),
        ) {
            let families = [V4, V6, Family::IPV4_FLOW_SPEC];
            let (mut deferral, mut left) = (Deferral::new(LIMIT), expected.clone());
            for (neighbor, family) in &expected {
                deferral.expect(*neighbor, [families[*family]]);
            }
            let mut told = BTreeSet::new();
            for (neighbor, family, kind) in steps {
                if kind == 0 {
                    deferral.handle_removed(neighbor);
                    left.retain(|one| one.0 != neighbor);
                } else {
                    deferral.handle_end_of_rib(neighbor, families[family]);
                    left.remove(&(neighbor, family));
                }
                while let Some(ready) = deferral.poll_ready() {
                    prop_assert!(told.insert(ready));
                }
                for (index, family) in families.iter().enumerate() {
                    let waits = left.iter().any(|one| one.1 == index);
                    let was = expected.iter().any(|one| one.1 == index);
                    prop_assert_eq!(deferral.is_deferred(*family), waits);
                    prop_assert_eq!(told.contains(family), was && !waits);
                }
                prop_assert_eq!(deferral.is_over(), left.is_empty());
            }
        }
    }
}
