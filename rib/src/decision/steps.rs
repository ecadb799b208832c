//! The steps as the RFCs write them: each keeps the best of those that are left.

use smallvec::SmallVec;

use super::{Age, Candidate, Class, DecisionStep, Rules, class};
use crate::route::RouteSource;

/// Who is left, with the place in the list of candidates.
pub(super) type Left<'a, 'c> = SmallVec<[(usize, &'a Candidate<'c>); 16]>;

/// Takes away those that are worse than another.
pub(super) type Narrow = fn(&mut Left<'_, '_>, &Rules);

type Step = (DecisionStep, Narrow);

const PREFERENCE: Step = (DecisionStep::Preference, preference);
const REACHABILITY: Step = (DecisionStep::Reachability, reachability);
const PROTOCOL: Step = (DecisionStep::Protocol, protocol);

const BGP: [Step; 14] = [
    (DecisionStep::LongLivedStale, long_lived_stale),
    (DecisionStep::Weight, weight),
    (DecisionStep::LocalPref, local_pref),
    (DecisionStep::Aigp, aigp),
    (DecisionStep::AsPathLength, as_path_length),
    (DecisionStep::Origin, origin),
    (DecisionStep::MultiExitDisc, multi_exit_disc),
    (DecisionStep::External, external),
    (DecisionStep::IgpMetric, igp_metric),
    (DecisionStep::Age, age),
    (DecisionStep::RouterId, router_id),
    (DecisionStep::ClusterListLength, cluster_list_length),
    (DecisionStep::PeerAddress, peer_address),
    (DecisionStep::PathId, path_id),
];

const OSPF: [Step; 3] = [
    (DecisionStep::OspfPathType, ospf_path_type),
    (DecisionStep::OspfMetric2, ospf_metric2),
    (DecisionStep::Metric, metric),
];

const OTHERS: [Step; 2] = [(DecisionStep::IgpMetric, igp_metric), (DecisionStep::Metric, metric)];

/// All candidates.
pub(super) fn all<'a, 'c>(candidates: &'a [Candidate<'c>]) -> Left<'a, 'c> {
    candidates.iter().enumerate().collect()
}

/// Goes through the steps in their order; `act` takes them. The last one, [`DecisionStep::Order`], has no function.
pub(super) fn each<'a, 'c>(
    left: &mut Left<'a, 'c>,
    rules: &Rules,
    mut act: impl FnMut(DecisionStep, Narrow, &mut Left<'a, 'c>),
) {
    let common = if rules.reachable_first {
        [REACHABILITY, PREFERENCE, PROTOCOL]
    } else {
        [PREFERENCE, REACHABILITY, PROTOCOL]
    };
    for (step, narrow) in common {
        act(step, narrow, left);
    }
    let own: &[Step] = match left.first().map(|(_, path)| class(path.kind)) {
        Some(Class::Bgp) => &BGP,
        Some(Class::Ospf) => &OSPF,
        Some(Class::Device | Class::Static | Class::Inherit) => &OTHERS,
        None => &[],
    };
    for (step, narrow) in own {
        act(*step, *narrow, left);
    }
}

/// The best of `candidates`, and the step that left it alone.
pub(super) fn best(candidates: &[Candidate<'_>], rules: &Rules) -> Option<(usize, DecisionStep)> {
    let mut left = all(candidates);
    let mut decided = DecisionStep::OnlyPath;
    each(&mut left, rules, |step, narrow, left| {
        if left.len() > 1 {
            narrow(left, rules);
            decided = step;
        }
    });
    if left.len() > 1 {
        decided = DecisionStep::Order;
    }
    left.first().map(|(index, _)| (*index, decided))
}

/// Keeps those with the least key.
fn keep_least<'c, K: Ord>(left: &mut Left<'_, 'c>, key: impl Fn(&Candidate<'c>) -> K) {
    if let Some(least) = left.iter().map(|(_, path)| key(path)).min() {
        left.retain(|(_, path)| key(path) == least);
    }
}

/// The protocol's preference: the highest.
fn preference(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, |path| !path.preference);
}

/// RFC 4271 §9.1.2.1: what cannot be resolved is left out, unless nothing else is there. It keeps its place in the
/// table then.
fn reachability(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, |path| path.igp_metric.is_none());
}

/// Another protocol of the same preference.
fn protocol(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, |path| class(path.kind));
}

/// RFC 9494 §4.4: less preferred than any that is not stale; between stale ones everything goes its usual way.
fn long_lived_stale(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, Candidate::is_stale);
}

/// The router's own weight: the highest.
fn weight(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, |path| !path.weight);
}

/// RFC 4271 §9.1.1: the degree of preference is LOCAL_PREF. The import of routes sets it for eBGP, and lowers it for
/// those with GRACEFUL_SHUTDOWN (RFC 8326 §4.1): there, since iBGP has to tell the others so.
fn local_pref(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, |path| !path.facts.local_pref);
}

/// RFC 7311 §4.1: a path without the metric goes when another has it; then the lowest sum of the metric and the
/// cost of reaching the next hop.
fn aigp(left: &mut Left<'_, '_>, rules: &Rules) {
    if rules.aigp {
        keep_least(left, |path| {
            let cost = u64::from(path.igp_metric.unwrap_or(u32::MAX));
            let sum = path.facts.aigp.map(|metric| metric.value().saturating_add(cost));
            (sum.is_none(), sum)
        });
    }
}

/// RFC 4271 §9.1.2.2 a, RFC 5065 §5.3, 3
fn as_path_length(left: &mut Left<'_, '_>, rules: &Rules) {
    keep_least(left, |path| path.path_length(rules));
}

/// RFC 4271 §9.1.2.2 b
fn origin(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, |path| path.facts.origin.code());
}

/// RFC 4271 §9.1.2.2 c: a path goes when another one of the same neighbour AS has a lower MULTI_EXIT_DISC.
pub(super) fn multi_exit_disc(left: &mut Left<'_, '_>, rules: &Rules) {
    if rules.always_compare_med {
        return keep_least(left, |path| path.med(rules));
    }
    let mut lowest: SmallVec<[(u32, u32); 8]> = SmallVec::new();
    for (_, path) in left.iter() {
        let (neighbour_as, med) = (path.facts.neighbour_as, path.med(rules));
        match lowest.iter_mut().find(|(known, _)| *known == neighbour_as) {
            Some((_, lowest)) => *lowest = med.min(*lowest),
            None => lowest.push((neighbour_as, med)),
        }
    }
    left.retain(|(_, path)| lowest.contains(&(path.facts.neighbour_as, path.med(rules))));
}

/// RFC 4271 §9.1.2.2 d, RFC 5065 §5.3, 4
fn external(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, Candidate::is_internal);
}

/// RFC 4271 §9.1.2.2 e, for other protocols too. A next hop whose own route has an AIGP metric counts with the
/// enhanced cost of RFC 7311 §4.2: whoever resolves next hops adds it.
fn igp_metric(left: &mut Left<'_, '_>, rules: &Rules) {
    keep_least(left, |path| path.interior_cost(rules));
}

/// RFC 5004 §3, for the path that stays or for the oldest.
fn age(left: &mut Left<'_, '_>, rules: &Rules) {
    // All that are left are internal, or none is.
    if left.iter().any(|(_, path)| path.is_internal()) {
        return;
    }
    let oldest = left.iter().map(|(_, path)| path.since).min();
    let is_preferred = |path: &Candidate<'_>| match rules.age {
        Age::Ignored => false,
        Age::Existing => path.existing,
        Age::Oldest => Some(path.since) == oldest,
    };
    // An external path has no ORIGINATOR_ID, so this is its neighbour's identifier.
    let lowest = left.iter().map(|(_, path)| path.identifier()).min();
    let mut preferred = left.iter().filter(|(_, path)| is_preferred(path)).peekable();
    if preferred.peek().is_some() && preferred.all(|(_, path)| Some(path.identifier()) != lowest) {
        left.retain(|(_, path)| is_preferred(path));
    }
}

/// RFC 4271 §9.1.2.2 f, with ORIGINATOR_ID in its place by RFC 4456 §9
fn router_id(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, Candidate::identifier);
}

/// RFC 4456 §9, between steps f and g
fn cluster_list_length(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, |path| path.facts.cluster_list_length);
}

/// RFC 4271 §9.1.2.2 g
fn peer_address(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, |path| path.address);
}

/// Of the paths that one neighbour sends side by side (RFC 7911) the one of the lowest number.
fn path_id(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, |path| path.path_id);
}

/// RFC 2328 §11: inside the area, other areas, type 1, type 2.
fn ospf_path_type(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, |path| ospf_rank(path.kind));
}

/// RFC 2328 §16.4, 6 b: paths of type 2 are compared by that metric first.
fn ospf_metric2(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, ospf_outside);
}

/// The lowest metric: that inside the domain for OSPF (RFC 2328 §16.4, 6 d).
fn metric(left: &mut Left<'_, '_>, _: &Rules) {
    keep_least(left, |path| path.metric);
}

/// OSPF's kinds of paths, the better ones first.
pub(super) const fn ospf_rank(kind: RouteSource) -> u8 {
    match kind {
        RouteSource::OspfIa => 1,
        RouteSource::OspfExt1 => 2,
        RouteSource::OspfExt2 => 3,
        _ => 0,
    }
}

/// The metric of type 2, 0 for paths that have none.
pub(super) const fn ospf_outside(path: &Candidate<'_>) -> u32 {
    if matches!(path.kind, RouteSource::OspfExt2) { path.metric2 } else { 0 }
}
