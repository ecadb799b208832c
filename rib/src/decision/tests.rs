use alloc::vec::Vec;

use bgp_wire::Origin;

use super::*;
use crate::facts::AigpMetric;

mod oracle;

const BASE: AttributeFacts =
    AttributeFacts { neighbour_as: 65002, path_length: 2, ..AttributeFacts::NONE };

fn measured(metric: u64) -> AttributeFacts {
    AttributeFacts { aigp: AigpMetric::new(metric), ..BASE }
}

fn candidate(facts: &AttributeFacts) -> Candidate<'_> {
    Candidate {
        igp_metric: Some(10),
        router_id: Ipv4Addr::new(192, 0, 2, 5),
        address: Some(IpAddr::from([192, 0, 2, 5])),
        ..Candidate::new(RouteSource::Bgp, 100, facts)
    }
}

const fn router(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(1, 1, 1, last)
}

/// Asserts that the second of two paths wins, whichever stands first, and by which step.
#[track_caller]
fn second_wins_by(
    first: &Candidate<'_>,
    second: &Candidate<'_>,
    step: DecisionStep,
    rules: &Rules,
) {
    assert_eq!(best_path(&[*first, *second], rules), Some((1, step)));
    assert_eq!(best_path(&[*second, *first], rules), Some((0, step)));
    let three = [*first, *second, *first];
    assert_eq!(best_path(&three, rules), Some((1, step)));
}

#[track_caller]
fn second_wins(first: &Candidate<'_>, second: &Candidate<'_>, step: DecisionStep) {
    second_wins_by(first, second, step, &Rules::default());
}

#[test]
fn no_path_has_no_best() {
    assert_eq!(best_path(&[], &Rules::default()), None);
    assert_eq!(explain(&[], &Rules::default()), None);
    assert!(equal_paths(&[], &Rules::default(), &Multipath::merge_paths(4)).is_empty());
}

#[test]
fn one_path_is_the_best() {
    let path = [candidate(&BASE)];
    assert_eq!(best_path(&path, &Rules::default()), Some((0, DecisionStep::OnlyPath)));
    let explanation = explain(&path, &Rules::default()).expect("there is a path");
    assert_eq!((explanation.step, explanation.losses), (DecisionStep::OnlyPath, vec![None]));
}

#[test]
fn a_candidate_is_small() {
    assert!(size_of::<Candidate<'_>>() <= 104, "{}", size_of::<Candidate<'_>>());
}

#[test]
fn each_step_decides_in_its_turn() {
    let path = candidate(&BASE);
    // Each of these is better in one step, and worse in the step that follows.
    let unreachable = Candidate { igp_metric: None, ..path };
    second_wins(&path, &Candidate { preference: 200, ..unreachable }, DecisionStep::Preference);
    let kernel = Candidate { kind: RouteSource::Inherit, ..path };
    second_wins(&unreachable, &kernel, DecisionStep::Reachability);
    let stale = Candidate { stale: true, weight: 9, ..path };
    second_wins(&kernel, &stale, DecisionStep::Protocol);
    second_wins(&stale, &path, DecisionStep::LongLivedStale);
    let poor = AttributeFacts { local_pref: 50, ..BASE };
    second_wins(&path, &Candidate { weight: 1, ..candidate(&poor) }, DecisionStep::Weight);
    let better = AttributeFacts { local_pref: 200, ..BASE };
    let measured = measured(0);
    second_wins(&candidate(&measured), &candidate(&better), DecisionStep::LocalPref);
    let measured = AttributeFacts { path_length: 9, ..measured };
    second_wins(&path, &candidate(&measured), DecisionStep::Aigp);
    let better = AttributeFacts { path_length: 1, origin: Origin::Incomplete, ..BASE };
    second_wins(&path, &candidate(&better), DecisionStep::AsPathLength);
    let worse = AttributeFacts { origin: Origin::Egp, ..BASE };
    let better = AttributeFacts { med: Some(7), ..BASE };
    second_wins(&candidate(&worse), &candidate(&better), DecisionStep::Origin);
    let worse = AttributeFacts { med: Some(7), ..BASE };
    let internal = Candidate { internal: true, ..path };
    second_wins(&candidate(&worse), &internal, DecisionStep::MultiExitDisc);
    let far = Candidate { igp_metric: Some(99), ..path };
    second_wins(&internal, &far, DecisionStep::External);
    let near = Candidate { igp_metric: Some(1), router_id: router(250), ..path };
    second_wins(&path, &near, DecisionStep::IgpMetric);
    let longer = AttributeFacts { cluster_list_length: 3, ..BASE };
    let lower = Candidate { router_id: router(1), facts: &longer, ..path };
    second_wins(&path, &lower, DecisionStep::RouterId);
    let low_address = Candidate { address: Some([10, 0, 0, 1].into()), ..candidate(&longer) };
    second_wins(&low_address, &path, DecisionStep::ClusterListLength);
    let low_address = Candidate { facts: &BASE, path_id: 3, ..low_address };
    second_wins(&path, &low_address, DecisionStep::PeerAddress);
    second_wins(&low_address, &Candidate { path_id: 2, ..low_address }, DecisionStep::PathId);
    assert_eq!(best_path(&[path, path], &Rules::default()), Some((0, DecisionStep::Order)));
    assert_eq!(best_path(&[path; 3], &Rules::default()), Some((0, DecisionStep::Order)));
}

#[test]
fn protocols_of_equal_preference_stand_in_a_fixed_order() {
    let kinds = [
        RouteSource::Device,
        RouteSource::Static,
        RouteSource::OspfExt2,
        RouteSource::Bgp,
        RouteSource::Inherit,
    ];
    for pair in kinds.windows(2) {
        let path = |kind| Candidate::new(kind, 100, &BASE);
        second_wins(&path(pair[1]), &path(pair[0]), DecisionStep::Protocol);
    }
}

#[test]
fn rfc2328_16_4_ospf_paths() {
    let path = |kind, metric, metric2| Candidate {
        metric,
        metric2,
        ..Candidate::new(kind, 150, &AttributeFacts::NONE)
    };
    let (inside, area) = (path(RouteSource::Ospf, 30, 0), path(RouteSource::OspfIa, 20, 0));
    let (one, two) = (path(RouteSource::OspfExt1, 10, 0), path(RouteSource::OspfExt2, 1, 100));
    second_wins(&area, &inside, DecisionStep::OspfPathType);
    second_wins(&one, &area, DecisionStep::OspfPathType);
    second_wins(&two, &one, DecisionStep::OspfPathType);
    second_wins(&two, &path(RouteSource::OspfExt2, 50, 99), DecisionStep::OspfMetric2);
    second_wins(&path(RouteSource::OspfExt2, 50, 100), &two, DecisionStep::Metric);
    // Only paths of type 2 have such a metric.
    second_wins(&one, &path(RouteSource::OspfExt1, 9, 77), DecisionStep::Metric);
    assert_eq!(best_path(&[two, two], &Rules::default()), Some((0, DecisionStep::Order)));
}

#[test]
fn other_protocols_have_metrics() {
    for kind in [RouteSource::Device, RouteSource::Static, RouteSource::Inherit] {
        let path = Candidate {
            igp_metric: Some(5),
            metric: 7,
            ..Candidate::new(kind, 200, &AttributeFacts::NONE)
        };
        let near = Candidate { igp_metric: Some(4), metric: 9, ..path };
        second_wins(&path, &near, DecisionStep::IgpMetric);
        second_wins(&path, &Candidate { metric: 6, ..path }, DecisionStep::Metric);
        // BGP's steps are none of theirs.
        let better = AttributeFacts { local_pref: 200, ..BASE };
        let named = Candidate { facts: &better, weight: 5, router_id: router(0), ..path };
        assert_eq!(best_path(&[path, named], &Rules::default()), Some((0, DecisionStep::Order)));
        assert_eq!(
            best_path(&[path, path, named], &Rules::default()),
            Some((0, DecisionStep::Order))
        );
    }
}

/// RFC 4271 §9.1.2.1: what cannot be resolved is out of the decision, whatever its preference.
#[test]
fn rfc4271_9_1_2_1_reachable_paths_first() {
    let path = candidate(&BASE);
    let unreachable = Candidate { igp_metric: None, preference: 200, ..path };
    let rules = Rules { reachable_first: true, ..Rules::default() };
    second_wins_by(&unreachable, &path, DecisionStep::Reachability, &rules);
    second_wins_by(&path, &Candidate { preference: 101, ..path }, DecisionStep::Preference, &rules);
    let low = Candidate { preference: 199, ..unreachable };
    second_wins_by(&low, &unreachable, DecisionStep::Preference, &rules);
    let local = Candidate { kind: RouteSource::Static, ..path };
    second_wins_by(&path, &local, DecisionStep::Protocol, &rules);
}

/// RFC 9494 §4.4: less preferred than any that is not so treated; between two such, the usual tie-breaking.
#[test]
fn rfc9494_4_4_stale_paths_come_last() {
    let best = AttributeFacts { local_pref: 500, marks: Marks::LLGR_STALE, ..BASE };
    let poor = AttributeFacts { local_pref: 1, path_length: 40, ..BASE };
    second_wins(&candidate(&best), &candidate(&poor), DecisionStep::LongLivedStale);
    let kept = Candidate { stale: true, ..candidate(&poor) };
    second_wins(&kept, &candidate(&best), DecisionStep::LocalPref);
}

/// RFC 4456 §9: ORIGINATOR_ID stands in for the BGP identifier.
#[test]
fn rfc4456_9_originator_id_stands_in_for_the_router_id() {
    let reflected = AttributeFacts { originator_id: Some(router(1)), ..BASE };
    let high = Candidate { router_id: Ipv4Addr::new(250, 0, 0, 1), ..candidate(&reflected) };
    second_wins(&candidate(&BASE), &high, DecisionStep::RouterId);
}

/// RFC 4271 §9.1.2.2 c: a missing MULTI_EXIT_DISC is the lowest; options say otherwise.
#[test]
fn rfc4271_9_1_2_2_c_a_missing_med() {
    let one = AttributeFacts { med: Some(1), ..BASE };
    let most = AttributeFacts { med: Some(u32::MAX), ..BASE };
    let (path, missing) = (candidate(&one), candidate(&BASE));
    second_wins(&path, &missing, DecisionStep::MultiExitDisc);
    second_wins(&Candidate { default_med: 2, ..missing }, &path, DecisionStep::MultiExitDisc);
    let worst = Rules { missing_med_worst: true, ..Rules::default() };
    second_wins_by(&missing, &path, DecisionStep::MultiExitDisc, &worst);
    // The highest value and none are the same then.
    assert_eq!(best_path(&[missing, candidate(&most)], &worst), Some((0, DecisionStep::Order)));
}

/// The classic case: A beats B by MED, B beats C by identifier, C beats A by identifier. So there is no order of paths
/// by pairs, and `Candidate` is never `Ord`; the decision is about the set, and the order of the list is nothing to it.
#[test]
fn med_makes_a_circle_of_pairs() {
    let one = AttributeFacts { med: Some(10), neighbour_as: 1, ..BASE };
    let two = AttributeFacts { med: Some(20), neighbour_as: 1, ..BASE };
    let three = AttributeFacts { med: Some(0), neighbour_as: 2, ..BASE };
    let a = Candidate { router_id: router(3), ..candidate(&one) };
    let b = Candidate { router_id: router(1), ..candidate(&two) };
    let c = Candidate { router_id: router(2), ..candidate(&three) };
    let rules = Rules::default();
    assert_eq!(best_path(&[a, b], &rules), Some((0, DecisionStep::MultiExitDisc)));
    assert_eq!(best_path(&[b, c], &rules), Some((0, DecisionStep::RouterId)));
    assert_eq!(best_path(&[c, a], &rules), Some((0, DecisionStep::RouterId)));
    let orders = [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]];
    for order in orders {
        let (index, step) = best_path(&order, &rules).expect("there are paths");
        assert_eq!((order[index].router_id, step), (router(2), DecisionStep::RouterId));
    }
    let always = Rules { always_compare_med: true, ..rules };
    assert_eq!(best_path(&[a, b, c], &always), Some((2, DecisionStep::MultiExitDisc)));
    // B lost against A, which lost later: that is why the best path is not the one it is told about.
    let explanation = explain(&[a, b, c], &rules).expect("there are paths");
    assert_eq!(
        explanation.losses,
        [
            Some(Loss { step: DecisionStep::RouterId, against: 2 }),
            Some(Loss { step: DecisionStep::MultiExitDisc, against: 0 }),
            None,
        ]
    );
    // What would be next: B alone would beat C, and still stands behind A.
    assert_eq!(ranking(&[a, b, c], &rules, 9).as_slice(), [2, 0, 1]);
    assert_eq!(ranking(&[a, b, c], &rules, 2).as_slice(), [2, 0]);
}

/// RFC 5065 §5.3, 3: confederation segments do not count; FRR's option says otherwise.
#[test]
fn rfc5065_5_3_confederation_segments() {
    let inside = AttributeFacts { path_length: 1, confederation_length: 5, ..BASE };
    second_wins(&candidate(&BASE), &candidate(&inside), DecisionStep::AsPathLength);
    let rules = Rules { count_confederation: true, ..Rules::default() };
    second_wins_by(&candidate(&inside), &candidate(&BASE), DecisionStep::AsPathLength, &rules);
}

/// RFC 5065 §5.3, 4: another member AS of the confederation is internal.
#[test]
fn rfc5065_5_3_members_are_internal() {
    let path = Candidate { router_id: router(9), ..candidate(&BASE) };
    let member = Candidate { confederation: true, router_id: router(1), ..path };
    second_wins(&member, &path, DecisionStep::External);
    let internal = Candidate { internal: true, ..path };
    second_wins(&internal, &member, DecisionStep::RouterId);
}

/// RFC 7311 §4.1
#[test]
fn rfc7311_4_1_the_accumulated_metric() {
    let (low, high) = (measured(100), measured(150));
    let longer = AttributeFacts { path_length: 1, ..BASE };
    // A path without it goes, when any has it.
    second_wins(&candidate(&longer), &candidate(&high), DecisionStep::Aigp);
    // The cost of reaching the next hop is part of the sum.
    let far = Candidate { igp_metric: Some(80), ..candidate(&low) };
    second_wins(&far, &candidate(&high), DecisionStep::Aigp);
    let huge = measured(u64::MAX - 1);
    second_wins(&candidate(&huge), &candidate(&high), DecisionStep::Aigp);
    // Eliminated before: LOCAL_PREF is no tie to break.
    let preferred = AttributeFacts { local_pref: 101, ..BASE };
    second_wins(&candidate(&low), &candidate(&preferred), DecisionStep::LocalPref);
    let rules = Rules { aigp: false, ..Rules::default() };
    second_wins_by(&candidate(&high), &candidate(&longer), DecisionStep::AsPathLength, &rules);
}

/// RFC 5004 §4, figures 1 and 2, at R3: once (a) is the best path it stays when (c) is gone, although (b) has the
/// lower identifier.
#[test]
fn rfc5004_4_the_existing_path_stays() {
    let of = |neighbour_as, med| AttributeFacts { neighbour_as, med: Some(med), ..BASE };
    let (one, two, three) = (of(1, 0), of(2, 20), of(2, 10));
    let a = Candidate { router_id: router(2), ..candidate(&one) };
    let b = Candidate { router_id: router(1), ..candidate(&two) };
    // R3 knows it from R1.
    let c = Candidate { internal: true, ..candidate(&three) };
    let rules = Rules { age: Age::Existing, ..Rules::default() };
    assert_eq!(best_path(&[a, b, c], &rules), Some((0, DecisionStep::External)));
    let a = Candidate { existing: true, ..a };
    second_wins_by(&b, &a, DecisionStep::Age, &rules);
    // Without the rule, and without a past, (b) comes back: that is what churns.
    second_wins(&a, &b, DecisionStep::RouterId);
}

/// RFC 5004 §3: not for confederations, not between parallel sessions, not for what lost before.
#[test]
fn rfc5004_3_where_it_is_not_applied() {
    let rules = Rules { age: Age::Existing, ..Rules::default() };
    let path = Candidate { router_id: router(9), ..candidate(&BASE) };
    let existing = Candidate { existing: true, ..path };
    let other = Candidate { router_id: router(1), ..path };
    second_wins_by(&other, &existing, DecisionStep::Age, &rules);
    let member = |path| Candidate { confederation: true, ..path };
    second_wins_by(&member(existing), &member(other), DecisionStep::RouterId, &rules);
    let internal = |path| Candidate { internal: true, ..path };
    second_wins_by(&internal(existing), &internal(other), DecisionStep::RouterId, &rules);
    let parallel = Candidate { address: Some([10, 0, 0, 1].into()), ..path };
    second_wins_by(&existing, &parallel, DecisionStep::PeerAddress, &rules);
    let near = Candidate { igp_metric: Some(1), ..other };
    second_wins_by(&existing, &near, DecisionStep::IgpMetric, &rules);
}

#[test]
fn the_oldest_path_may_be_preferred() {
    let at = |second, id| Candidate {
        since: Duration::from_secs(second),
        router_id: router(id),
        ..candidate(&BASE)
    };
    let rules = Rules { age: Age::Oldest, ..Rules::default() };
    second_wins_by(&at(5, 1), &at(4, 2), DecisionStep::Age, &rules);
    assert_eq!(best_path(&[at(5, 1), at(4, 3), at(3, 2)], &rules), Some((2, DecisionStep::Age)));
    // Side by side: the address decides, not the age.
    let parallel = Candidate { address: Some([10, 0, 0, 1].into()), ..at(9, 2) };
    second_wins_by(&at(4, 2), &parallel, DecisionStep::PeerAddress, &rules);
    second_wins(&at(4, 2), &at(5, 1), DecisionStep::RouterId);
}

#[test]
fn steps_can_be_left_out() {
    let long = AttributeFacts { path_length: 9, ..BASE };
    let short = Candidate { router_id: Ipv4Addr::new(250, 0, 0, 1), ..candidate(&BASE) };
    let rules = Rules { as_path_length: false, ..Rules::default() };
    second_wins_by(&short, &candidate(&long), DecisionStep::RouterId, &rules);
    let near = Candidate { igp_metric: Some(1), ..short };
    let rules = Rules { igp_metric: false, ..Rules::default() };
    second_wins_by(&near, &candidate(&BASE), DecisionStep::RouterId, &rules);
}

#[test]
fn paths_that_share_the_load() {
    let digest = |path_digest, neighbour_as| AttributeFacts { path_digest, neighbour_as, ..BASE };
    let (own, other_path, other_as) = (digest(1, 1), digest(2, 1), digest(3, 2));
    let at = |facts, id| Candidate { router_id: router(id), ..candidate(facts) };
    let paths = [at(&other_as, 4), at(&own, 1), at(&own, 3), at(&other_path, 2)];
    let equal = |paths: &[Candidate<'_>], multipath: Multipath| {
        equal_paths(paths, &Rules::default(), &multipath).into_vec()
    };
    let four = Multipath::merge_paths(4);
    assert_eq!(equal(&paths, Multipath::default()), [1]);
    assert_eq!(equal(&paths, four), [1, 3, 2, 0]);
    assert_eq!(equal(&paths, Multipath { external: 2, ..four }), [1, 3]);
    assert_eq!(equal(&paths, Multipath { external: 1, ..four }), [1]);
    assert_eq!(equal(&paths, Multipath { as_path: PathMatch::NeighbourAs, ..four }), [1, 3, 2]);
    assert_eq!(equal(&paths, Multipath { as_path: PathMatch::Identical, ..four }), [1, 2]);
    let inside = paths.map(|path| Candidate { internal: true, ..path });
    assert_eq!(equal(&inside, Multipath { as_path: PathMatch::NeighbourAs, ..four }), [1, 2]);
    assert_eq!(equal(&inside, Multipath { internal: 0, ..four }), [1]);

    let [a, b, c, d] = paths;
    let mixed = [a, b, Candidate { internal: true, ..c }, Candidate { igp_metric: Some(99), ..d }];
    assert_eq!(equal(&mixed, four), [1, 0]);
    assert_eq!(equal(&mixed, Multipath { mixed: true, ..four }), [1, 0, 2]);
    assert_eq!(equal(&mixed, Multipath { equal_igp_metric: false, ..four }), [1, 0, 3]);
    let longer = AttributeFacts { cluster_list_length: 1, ..own };
    let clusters = [b, at(&longer, 7)];
    assert_eq!(equal(&clusters, four), [0, 1]);
    assert_eq!(equal(&clusters, Multipath { equal_cluster_list_length: true, ..four }), [0]);

    let own = Candidate::new(RouteSource::Static, 200, &AttributeFacts::NONE);
    let far = Candidate { igp_metric: Some(9), ..own };
    assert_eq!(equal(&[a, own, far, own], four), [1, 3]);
    assert_eq!(equal(&[a, own, far, own], Multipath { others: 1, ..four }), [1]);
}

#[test]
fn every_step_has_a_reason() {
    let steps: Vec<&str> = (0..3)
        .zip([DecisionStep::OnlyPath, DecisionStep::MultiExitDisc, DecisionStep::Order])
        .map(|(_, step)| step.reason())
        .collect();
    assert_eq!(steps, ["only path", "lower MULTI_EXIT_DISC", "first of equal paths"]);
    assert_eq!(format!("{}", DecisionStep::External), "external");
}
