use alloc::vec::Vec;

use bgp_wire::{AttributesRef, Origin};
use proptest::prelude::*;

use super::*;

fn facts() -> AttributeFacts {
    AttributeFacts {
        neighbour_as: 65002,
        path_length: 2,
        ..AttributeFacts::new(AttributesRef::default())
    }
}

fn candidate(facts: &AttributeFacts) -> Candidate<'_> {
    Candidate {
        preference: 100,
        facts,
        internal: false,
        igp_metric: Some(10),
        default_med: 0,
        router_id: Ipv4Addr::new(192, 0, 2, 5),
        address: Some(IpAddr::from([192, 0, 2, 5])),
    }
}

/// Asserts that the second of two paths wins, whichever stands first, and by which step.
fn second_wins(first: &Candidate<'_>, second: &Candidate<'_>, step: DecisionStep) {
    let rules = Rules::default();
    assert_eq!(best_path(&[*first, *second], &rules), Some((1, step)));
    assert_eq!(best_path(&[*second, *first], &rules), Some((0, step)));
}

#[test]
fn no_path_has_no_best() {
    assert_eq!(best_path(&[], &Rules::default()), None);
}

#[test]
fn one_path_is_the_best() {
    assert_eq!(
        best_path(&[candidate(&facts())], &Rules::default()),
        Some((0, DecisionStep::OnlyPath))
    );
}

#[test]
fn each_step_decides_in_its_turn() {
    let base = facts();
    let path = candidate(&base);
    // Each of these is better in one step, and worse in the step that follows.
    let unreachable = Candidate { igp_metric: None, preference: 200, ..path };
    second_wins(&unreachable, &path, DecisionStep::Reachability);
    let poor = AttributeFacts { local_pref: 50, ..base };
    second_wins(
        &path,
        &Candidate { preference: 200, facts: &poor, ..path },
        DecisionStep::Preference,
    );
    let better = AttributeFacts { local_pref: 200, path_length: 9, ..base };
    second_wins(&path, &candidate(&better), DecisionStep::LocalPref);
    let better = AttributeFacts { path_length: 1, origin: Origin::Incomplete, ..base };
    second_wins(&path, &candidate(&better), DecisionStep::AsPathLength);
    let worse = AttributeFacts { origin: Origin::Egp, ..base };
    let better = AttributeFacts { med: Some(7), ..base };
    second_wins(&candidate(&worse), &candidate(&better), DecisionStep::Origin);
    let worse = AttributeFacts { med: Some(7), ..base };
    second_wins(
        &candidate(&worse),
        &Candidate { internal: true, ..path },
        DecisionStep::MultiExitDisc,
    );
    let far = Candidate { igp_metric: Some(99), ..path };
    second_wins(&Candidate { internal: true, ..path }, &far, DecisionStep::External);
    let near = Candidate { igp_metric: Some(1), router_id: Ipv4Addr::new(200, 0, 0, 1), ..path };
    second_wins(&path, &near, DecisionStep::IgpMetric);
    let longer = AttributeFacts { cluster_list_length: 3, ..base };
    let lower = Candidate { router_id: Ipv4Addr::new(1, 0, 0, 1), facts: &longer, ..path };
    second_wins(&path, &lower, DecisionStep::RouterId);
    let low_address =
        Candidate { address: Some(IpAddr::from([10, 0, 0, 1])), facts: &longer, ..path };
    second_wins(&low_address, &path, DecisionStep::ClusterListLength);
    second_wins(&path, &Candidate { facts: &base, ..low_address }, DecisionStep::PeerAddress);
}

/// RFC 4456 §9: ORIGINATOR_ID stands in for the BGP identifier.
#[test]
fn originator_id_stands_in_for_the_router_id() {
    let base = facts();
    let reflected = AttributeFacts { originator_id: Some(Ipv4Addr::new(1, 1, 1, 1)), ..base };
    let high = Candidate { router_id: Ipv4Addr::new(250, 0, 0, 1), ..candidate(&reflected) };
    second_wins(&candidate(&base), &high, DecisionStep::RouterId);
}

/// The classic case where pairwise comparison depends on the order: A beats B by MED, B beats C by router id, C
/// beats A by router id.
#[test]
fn med_counts_within_a_neighbour_as_only() {
    let one = AttributeFacts { med: Some(10), neighbour_as: 1, ..facts() };
    let two = AttributeFacts { med: Some(20), neighbour_as: 1, ..facts() };
    let three = AttributeFacts { med: Some(0), neighbour_as: 2, ..facts() };
    let router = |last| Ipv4Addr::new(1, 1, 1, last);
    let a = Candidate { router_id: router(3), ..candidate(&one) };
    let b = Candidate { router_id: router(1), ..candidate(&two) };
    let c = Candidate { router_id: router(2), ..candidate(&three) };
    let orders = [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]];
    for order in orders {
        let (index, step) = best_path(&order, &Rules::default()).expect("there are paths");
        assert_eq!((order[index].router_id, step), (router(2), DecisionStep::RouterId));
    }
    let rules = Rules { always_compare_med: true, ..Rules::default() };
    assert_eq!(best_path(&[a, b, c], &rules), Some((2, DecisionStep::MultiExitDisc)));
}

#[test]
fn steps_can_be_left_out() {
    let base = facts();
    let long = AttributeFacts { path_length: 9, ..base };
    let short = Candidate { router_id: Ipv4Addr::new(250, 0, 0, 1), ..candidate(&base) };
    let rules = Rules { as_path_length: false, ..Rules::default() };
    assert_eq!(best_path(&[short, candidate(&long)], &rules), Some((1, DecisionStep::RouterId)));
    let near = Candidate {
        igp_metric: Some(1),
        router_id: Ipv4Addr::new(250, 0, 0, 1),
        ..candidate(&base)
    };
    let rules = Rules { igp_metric: false, ..Rules::default() };
    assert_eq!(best_path(&[near, candidate(&base)], &rules), Some((1, DecisionStep::RouterId)));
}

/// The obvious version: a path is the best when no other path beats it, the steps spelled out as RFC 4271
/// §9.1.2.2 writes them, one after the other over the whole set.
fn slow_best(candidates: &[Candidate<'_>]) -> Option<usize> {
    let mut left: Vec<usize> = (0..candidates.len()).collect();
    let at = |index: &usize| &candidates[*index];
    if left.iter().any(|i| at(i).igp_metric.is_some()) {
        left.retain(|i| at(i).igp_metric.is_some());
    }
    let most = left.iter().map(|i| at(i).preference).max()?;
    left.retain(|i| at(i).preference == most);
    let most = left.iter().map(|i| at(i).facts.local_pref).max()?;
    left.retain(|i| at(i).facts.local_pref == most);
    let least = left.iter().map(|i| at(i).facts.path_length).min()?;
    left.retain(|i| at(i).facts.path_length == least);
    let least = left.iter().map(|i| at(i).facts.origin.code()).min()?;
    left.retain(|i| at(i).facts.origin.code() == least);
    let before = left.clone();
    for m in &before {
        for n in &before {
            if at(m).facts.neighbour_as == at(n).facts.neighbour_as
                && at(n).facts.med.unwrap_or(1) < at(m).facts.med.unwrap_or(1)
            {
                left.retain(|i| i != m);
            }
        }
    }
    if left.iter().any(|i| !at(i).internal) {
        left.retain(|i| !at(i).internal);
    }
    let least = left.iter().map(|i| at(i).igp_metric).min()?;
    left.retain(|i| at(i).igp_metric == least);
    let id = |i: &usize| at(i).facts.originator_id.unwrap_or(at(i).router_id);
    let least = left.iter().map(id).min()?;
    left.retain(|i| id(i) == least);
    let least = left.iter().map(|i| at(i).facts.cluster_list_length).min()?;
    left.retain(|i| at(i).facts.cluster_list_length == least);
    let least = left.iter().map(|i| at(i).address).min()?;
    left.into_iter().find(|i| at(i).address == least)
}

fn any_facts() -> impl Strategy<Value = AttributeFacts> {
    (
        0u32..2,
        prop::option::of(0u32..3),
        0u32..3,
        prop::option::of(0u8..2),
        0u16..2,
        0u16..2,
        0u8..3,
    )
        .prop_map(
            |(
                local_pref,
                med,
                neighbour_as,
                originator,
                path_length,
                cluster_list_length,
                origin,
            )| AttributeFacts {
                local_pref,
                med,
                neighbour_as,
                originator_id: originator.map(|last| Ipv4Addr::new(1, 1, 1, last)),
                path_length,
                cluster_list_length,
                origin: Origin::decode(origin).unwrap_or(Origin::Igp),
                marks: crate::Marks::NONE,
            },
        )
}

proptest! {
    #[test]
    fn agrees_with_the_obvious_version(
        paths in prop::collection::vec((any_facts(), any::<bool>(), prop::option::of(0u32..2), 0u8..2, 0u8..3), 0..7),
    ) {
        let candidates: Vec<Candidate<'_>> = paths.iter().map(|(facts, internal, metric, id, address)| Candidate {
            preference: 100,
            facts,
            internal: *internal,
            igp_metric: *metric,
            default_med: 1,
            router_id: Ipv4Addr::new(1, 1, 1, *id),
            address: Some(IpAddr::from([10, 0, 0, *address])),
        }).collect();
        let best = best_path(&candidates, &Rules::default());
        prop_assert_eq!(best.map(|(index, _)| index), slow_best(&candidates));
    }
}
