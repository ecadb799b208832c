//! Against the obvious version: lists, and the steps spelled out one after the other. PROPTEST_CASES runs more.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::*;
use super::router;
use crate::facts::AigpMetric;
use bgp_wire::Origin;

type Seen = Vec<(DecisionStep, Vec<usize>)>;

fn keep<K: Ord>(left: &mut Vec<usize>, key: impl Fn(usize) -> K) {
    let least = left.iter().map(|index| key(*index)).min();
    left.retain(|index| Some(key(*index)) == least);
}

/// What is left after each step, in order.
fn slow(paths: &[Candidate<'_>], rules: &Rules) -> Seen {
    use DecisionStep as S;
    let mut left: Vec<usize> = (0..paths.len()).collect();
    let mut seen = Vec::new();
    let reachable = |i: usize| paths[i].igp_metric.is_none();
    let preference = |i: usize| u64::from(u32::MAX) - u64::from(paths[i].preference);
    if rules.reachable_first {
        keep(&mut left, reachable);
        seen.push((S::Reachability, left.clone()));
        keep(&mut left, preference);
        seen.push((S::Preference, left.clone()));
    } else {
        keep(&mut left, preference);
        seen.push((S::Preference, left.clone()));
        keep(&mut left, reachable);
        seen.push((S::Reachability, left.clone()));
    }
    let order = ["DEVICE", "STATIC", "OSPF", "BGP", "INHERIT"];
    let place = |i: usize| {
        let name = paths[i].kind.name();
        order.iter().position(|known| name[4..].starts_with(known)).expect("known")
    };
    keep(&mut left, place);
    seen.push((S::Protocol, left.clone()));
    let Some(class) = left.first().map(|index| order[place(*index)]) else { return seen };
    if class == "BGP" {
        slow_bgp(paths, rules, left, &mut seen);
        return seen;
    }
    if class == "OSPF" {
        keep(&mut left, |i| paths[i].kind);
        seen.push((S::OspfPathType, left.clone()));
        if left.iter().all(|i| paths[*i].kind == RouteSource::OspfExt2) {
            keep(&mut left, |i| paths[i].metric2);
        }
        seen.push((S::OspfMetric2, left.clone()));
    } else {
        keep(&mut left, |i| paths[i].igp_metric.filter(|_| rules.igp_metric));
        seen.push((S::IgpMetric, left.clone()));
    }
    keep(&mut left, |i| paths[i].metric);
    seen.push((S::Metric, left.clone()));
    left.truncate(1);
    seen.push((S::Order, left.clone()));
    seen
}

fn slow_bgp(paths: &[Candidate<'_>], rules: &Rules, mut left: Vec<usize>, seen: &mut Seen) {
    use DecisionStep as S;
    let facts = |i: usize| paths[i].facts;
    keep(&mut left, |i| paths[i].stale || facts(i).marks.intersects(Marks::LLGR_STALE));
    seen.push((S::LongLivedStale, left.clone()));
    keep(&mut left, |i| u16::MAX - paths[i].weight);
    seen.push((S::Weight, left.clone()));
    keep(&mut left, |i| u32::MAX - facts(i).local_pref);
    seen.push((S::LocalPref, left.clone()));
    if rules.aigp && left.iter().any(|i| facts(*i).aigp.is_some()) {
        left.retain(|i| facts(*i).aigp.is_some());
        keep(&mut left, |i| {
            u128::from(facts(i).aigp.map_or(0, AigpMetric::value))
                + u128::from(paths[i].igp_metric.unwrap_or(u32::MAX))
        });
    }
    seen.push((S::Aigp, left.clone()));
    if rules.as_path_length {
        keep(&mut left, |i| {
            let inside = if rules.count_confederation { facts(i).confederation_length } else { 0 };
            u32::from(facts(i).path_length) + u32::from(inside)
        });
    }
    seen.push((S::AsPathLength, left.clone()));
    keep(&mut left, |i| facts(i).origin.code());
    seen.push((S::Origin, left.clone()));
    let med = |i: usize| match facts(i).med {
        Some(med) => med,
        None if rules.missing_med_worst => u32::MAX,
        None => paths[i].default_med,
    };
    // RFC 4271 §9.1.2.2 c: for m, for n, among those still under consideration when the step begins.
    let before = left.clone();
    for m in &before {
        for n in &before {
            let comparable =
                rules.always_compare_med || facts(*m).neighbour_as == facts(*n).neighbour_as;
            if comparable && med(*n) < med(*m) {
                left.retain(|i| i != m);
            }
        }
    }
    seen.push((S::MultiExitDisc, left.clone()));
    let internal = |i: usize| paths[i].internal || paths[i].confederation;
    if left.iter().any(|i| !internal(*i)) {
        left.retain(|i| !internal(*i));
    }
    seen.push((S::External, left.clone()));
    keep(&mut left, |i| paths[i].igp_metric.filter(|_| rules.igp_metric));
    seen.push((S::IgpMetric, left.clone()));
    // RFC 5004 §3, word by word: which path would be selected, and may another be kept in its place?
    let selected = slow_end(paths, left.clone()).last().expect("a step").1[0];
    let mut kept = left.clone();
    match rules.age {
        Age::Ignored => kept.clear(),
        Age::Existing => kept.retain(|i| paths[*i].existing),
        Age::Oldest => keep(&mut kept, |i| paths[i].since),
    }
    let parallel = kept.iter().any(|i| identifier(&paths[*i]) == identifier(&paths[selected]));
    if !kept.is_empty() && !parallel && !internal(selected) {
        left = kept;
    }
    seen.push((S::Age, left.clone()));
    seen.extend(slow_end(paths, left));
}

fn identifier(path: &Candidate<'_>) -> Ipv4Addr {
    path.facts.originator_id.unwrap_or(path.router_id)
}

fn slow_end(paths: &[Candidate<'_>], mut left: Vec<usize>) -> Seen {
    use DecisionStep as S;
    let mut seen = Vec::new();
    keep(&mut left, |i| identifier(&paths[i]));
    seen.push((S::RouterId, left.clone()));
    keep(&mut left, |i| paths[i].facts.cluster_list_length);
    seen.push((S::ClusterListLength, left.clone()));
    keep(&mut left, |i| paths[i].address);
    seen.push((S::PeerAddress, left.clone()));
    keep(&mut left, |i| paths[i].path_id);
    seen.push((S::PathId, left.clone()));
    left.truncate(1);
    seen.push((S::Order, left));
    seen
}

fn slow_best(paths: &[Candidate<'_>], rules: &Rules) -> Option<(usize, DecisionStep)> {
    if paths.len() < 2 {
        return (paths.len() == 1).then_some((0, DecisionStep::OnlyPath));
    }
    let seen = slow(paths, rules);
    let (step, left) = seen.iter().find(|(_, left)| left.len() == 1)?;
    Some((left[0], *step))
}

fn slow_ranking(paths: &[Candidate<'_>], rules: &Rules) -> Vec<usize> {
    let mut rest: Vec<usize> = (0..paths.len()).collect();
    let mut ranked = Vec::new();
    while !rest.is_empty() {
        let list: Vec<Candidate<'_>> = rest.iter().map(|index| paths[*index]).collect();
        let (best, _) = slow_best(&list, rules).expect("there are paths");
        ranked.push(rest.remove(best));
    }
    ranked
}

/// Groups by neighbour AS first, the best of each, then the best of these, with MULTI_EXIT_DISC between those of one
/// group alone: how others write the deterministic comparison.
fn group_first(paths: &[Candidate<'_>], rules: &Rules) -> usize {
    let groups: BTreeSet<u32> = paths.iter().map(|path| path.facts.neighbour_as).collect();
    let winners: Vec<usize> = groups
        .into_iter()
        .map(|group| {
            let members: Vec<usize> =
                (0..paths.len()).filter(|i| paths[*i].facts.neighbour_as == group).collect();
            let list: Vec<Candidate<'_>> = members.iter().map(|i| paths[*i]).collect();
            members[slow_best(&list, rules).expect("not empty").0]
        })
        .collect();
    let list: Vec<Candidate<'_>> = winners.iter().map(|i| paths[*i]).collect();
    winners[slow_best(&list, rules).expect("not empty").0]
}

fn any_facts() -> impl Strategy<Value = AttributeFacts> {
    let first = (99u32..101, prop::option::of(0u32..3), 0u32..3, prop::option::of(0u8..2));
    let second = (0u16..2, 0u16..2, 0u16..2, 0u32..2, 0u8..3, prop::bool::weighted(0.1));
    (first, second, prop::option::weighted(0.1, 0u64..3)).prop_map(|(first, second, aigp)| {
        let (local_pref, med, neighbour_as, originator) = first;
        let (path_length, confederation_length, cluster_list_length, path_digest, origin, stale) =
            second;
        AttributeFacts {
            local_pref,
            med,
            neighbour_as,
            originator_id: originator.map(router),
            path_length,
            confederation_length,
            cluster_list_length,
            path_digest,
            origin: Origin::decode(origin).unwrap_or(Origin::Igp),
            marks: Marks::LLGR_STALE.when(stale),
            aigp: aigp.and_then(AigpMetric::new),
        }
    })
}

/// All of a candidate but its attributes.
type Ends = Candidate<'static>;

fn any_kind() -> impl Strategy<Value = RouteSource> + Clone {
    prop_oneof![
        1 => Just(RouteSource::Static),
        1 => Just(RouteSource::Device),
        12 => Just(RouteSource::Bgp),
        1 => Just(RouteSource::Ospf),
        1 => Just(RouteSource::OspfIa),
        1 => Just(RouteSource::OspfExt1),
        2 => Just(RouteSource::OspfExt2),
        1 => Just(RouteSource::Inherit),
    ]
}

fn any_ends(kind: impl Strategy<Value = RouteSource>) -> impl Strategy<Value = Ends> {
    let rare = || prop::bool::weighted(0.1);
    let first = (kind, 100u32..102, 0u16..2, prop::bool::weighted(0.3), rare(), rare());
    let second = (prop::option::weighted(0.9, 0u32..2), 0u32..2, 0u32..2, 0u32..3);
    let third = (0u8..3, prop::option::of(0u8..3), 0u32..2, 0u64..3);
    (first, second, third).prop_map(|(first, second, third)| {
        let (kind, preference, weight, internal, confederation, stale) = first;
        let (igp_metric, metric, metric2, default_med) = second;
        let (id, address, path_id, since) = third;
        Candidate {
            weight,
            internal,
            confederation,
            stale,
            igp_metric,
            metric,
            metric2,
            default_med,
            router_id: router(id),
            address: address.map(|last| IpAddr::from([10, 0, 0, last])),
            path_id,
            since: Duration::from_secs(since),
            ..Candidate::new(kind, preference, &AttributeFacts::NONE)
        }
    })
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let more = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.8));
    let age =
        prop_oneof![2 => Just(Age::Ignored), 1 => Just(Age::Existing), 1 => Just(Age::Oldest)];
    let options = (flags, more, age).prop_map(|(flags, more, age)| Rules {
        reachable_first: flags.0,
        aigp: flags.1,
        as_path_length: flags.2,
        count_confederation: flags.3,
        always_compare_med: more.0,
        missing_med_worst: more.1,
        igp_metric: more.2,
        age,
    });
    prop_oneof![Just(Rules::default()), options]
}

fn any_multipath() -> impl Strategy<Value = Multipath> {
    let matches = prop_oneof![
        Just(PathMatch::NeighbourAs),
        Just(PathMatch::Identical),
        Just(PathMatch::Length)
    ];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (0usize..5, 0usize..5, 0usize..5, matches, flags).prop_map(
        |(external, internal, others, as_path, flags)| Multipath {
            external,
            internal,
            others,
            mixed: flags.0,
            as_path,
            equal_igp_metric: flags.1,
            equal_cluster_list_length: flags.2,
        },
    )
}

type Paths = Vec<(AttributeFacts, Ends)>;

/// Many paths are alike, so that all steps are reached.
fn any_paths(kind: impl Strategy<Value = RouteSource> + Clone) -> impl Strategy<Value = Paths> {
    let varied = prop::collection::vec((any_facts(), any_ends(kind.clone())), 0..9);
    let change = (any_facts(), any_ends(Just(RouteSource::Bgp)), any::<u8>());
    let alike = (any_facts(), any_ends(kind), prop::collection::vec(change, 0..9)).prop_map(
        |(facts, ends, changes)| {
            changes.into_iter().map(|change| changed((facts, ends), change)).collect::<Paths>()
        },
    );
    let marked = |(mut paths, existing): (Paths, usize)| {
        if let Some((_, ends)) = paths.get_mut(existing) {
            ends.existing = true;
        }
        paths
    };
    (prop_oneof![varied, alike], 0usize..12).prop_map(marked)
}

/// Takes a few fields, of the late steps, from another path.
fn changed(
    (mut facts, mut ends): (AttributeFacts, Ends),
    (other, end, which): (AttributeFacts, Ends, u8),
) -> (AttributeFacts, Ends) {
    let bit = |number: u8| which >> number & 1 == 1;
    if bit(0) {
        (facts.med, facts.neighbour_as) = (other.med, other.neighbour_as);
    }
    if bit(1) {
        (ends.internal, ends.confederation) = (end.internal, end.confederation);
    }
    if bit(2) {
        ends.igp_metric = end.igp_metric;
    }
    if bit(3) {
        (ends.router_id, facts.originator_id) = (end.router_id, other.originator_id);
    }
    if bit(4) {
        facts.cluster_list_length = other.cluster_list_length;
    }
    if bit(5) {
        ends.address = end.address;
    }
    if bit(6) {
        (ends.path_id, ends.since) = (end.path_id, end.since);
    }
    if bit(7) {
        (facts.path_digest, ends.metric) = (other.path_digest, end.metric);
    }
    (facts, ends)
}

fn candidates(paths: &Paths) -> Vec<Candidate<'_>> {
    paths.iter().map(|(facts, ends)| Candidate { facts, ..*ends }).collect()
}

/// More paths than the fast version has bits for.
#[test]
fn many_paths() {
    let facts: Vec<AttributeFacts> = (0..200u32)
        .map(|number| AttributeFacts {
            neighbour_as: number % 7,
            med: Some(100 - number % 61),
            ..AttributeFacts::NONE
        })
        .collect();
    let path = |(number, facts): (u32, _)| Candidate {
        router_id: Ipv4Addr::from_bits(number * 97 % 211),
        ..Candidate::new(RouteSource::Bgp, 100, facts)
    };
    let paths: Vec<Candidate<'_>> = (0..).zip(&facts).map(path).collect();
    for count in [2, 10, 63, 64, 65, 200] {
        for always_compare_med in [false, true] {
            let rules = Rules { always_compare_med, ..Rules::default() };
            assert_eq!(best_path(&paths[..count], &rules), slow_best(&paths[..count], &rules));
        }
    }
}

proptest! {
    #[test]
    fn best_path_is_the_obvious_one(paths in any_paths(any_kind()), rules in any_rules()) {
        let paths = candidates(&paths);
        let expected = slow_best(&paths, &rules);
        prop_assert_eq!(best_path(&paths, &rules), expected);
        if paths.len() > 1 {
            prop_assert_eq!(steps::best(&paths, &rules), expected);
        }
    }

    /// As long as neighbours and path identifiers tell all paths apart, and the candidates say which one exists.
    #[test]
    fn the_order_of_the_list_does_not_matter(
        (paths, shuffled) in any_paths(Just(RouteSource::Bgp)).prop_flat_map(|mut paths| {
            for (number, (_, ends)) in (0..).zip(&mut paths) {
                ends.path_id = number;
            }
            (Just(paths.clone()), Just(paths).prop_shuffle())
        }),
        rules in any_rules(),
        multipath in any_multipath(),
    ) {
        let (paths, shuffled) = (candidates(&paths), candidates(&shuffled));
        let named = |paths: &[Candidate<'_>]| {
            let best = best_path(paths, &rules).map(|(index, step)| (paths[index].path_id, step));
            let ids = |list: &[usize]| list.iter().map(|index| paths[*index].path_id).collect::<Vec<_>>();
            let ranked = ids(&ranking(paths, &rules, paths.len()));
            (best, ranked, ids(&equal_paths(paths, &rules, &multipath)))
        };
        prop_assert_eq!(named(&paths), named(&shuffled));
    }

    /// The set-wise elimination is the deterministic comparison: no option is needed for it.
    #[test]
    fn groups_of_neighbours_first_is_the_same(paths in any_paths(Just(RouteSource::Bgp)), rules in any_rules()) {
        let rules = Rules { age: Age::Ignored, ..rules };
        let mut paths = candidates(&paths);
        for (number, path) in (0..).zip(&mut paths) {
            path.path_id = number;
        }
        if let Some((best, _)) = best_path(&paths, &rules) {
            prop_assert_eq!(best, group_first(&paths, &rules));
        }
    }

    #[test]
    fn explanations_agree(paths in any_paths(any_kind()), rules in any_rules()) {
        let paths = candidates(&paths);
        let Some(explanation) = explain(&paths, &rules) else {
            prop_assert!(paths.is_empty());
            return Ok(());
        };
        let best = explanation.best;
        prop_assert_eq!(best_path(&paths, &rules), Some((best, explanation.step)));
        let seen = slow(&paths, &rules);
        for (index, loss) in explanation.losses.iter().enumerate() {
            let Some(loss) = loss else {
                prop_assert_eq!(index, best);
                continue;
            };
            let gone = seen.iter().find(|(_, left)| !left.contains(&index)).map(|(step, _)| *step);
            prop_assert_eq!(Some(loss.step), gone);
            let own = loss.step == DecisionStep::MultiExitDisc && !rules.always_compare_med;
            let foreign = paths[best].facts.neighbour_as != paths[index].facts.neighbour_as;
            prop_assert_eq!(loss.against != best, own && foreign);
            // Between the two alone it would have lost in the same way. Age asks for the lowest identifier of all.
            if rules.age == Age::Ignored {
                let (low, high) = (index.min(loss.against), index.max(loss.against));
                let alone = best_path(&[paths[low], paths[high]], &rules);
                let winner = usize::from(loss.against == high);
                prop_assert_eq!(alone, Some((winner, loss.step)));
            }
        }
        if paths.len() > 1 {
            prop_assert!(explanation.losses.iter().flatten().any(|loss| loss.step == explanation.step));
        }
    }

    #[test]
    fn a_ranking_is_the_best_of_the_rest(paths in any_paths(any_kind()), rules in any_rules(), most in 0usize..10) {
        let paths = candidates(&paths);
        let mut expected = slow_ranking(&paths, &rules);
        expected.truncate(most);
        prop_assert_eq!(ranking(&paths, &rules, most).into_vec(), expected);
    }

    #[test]
    fn equal_paths_are_the_obvious_ones(
        paths in any_paths(any_kind()),
        rules in any_rules(),
        multipath in any_multipath(),
    ) {
        let paths = candidates(&paths);
        let Some((best, _)) = slow_best(&paths, &rules) else { return Ok(()) };
        let (top, seen) = (&paths[best], slow(&paths, &rules));
        let inside = |path: &Candidate<'_>| path.internal || path.confederation;
        let after = |wanted: DecisionStep| {
            seen.iter().find(|(step, _)| *step == wanted).map(|(_, left)| left.clone()).expect("taken")
        };
        let (most, mut equal) = match top.kind {
            RouteSource::Bgp => {
                let most = if inside(top) { multipath.internal } else { multipath.external };
                (most, after(DecisionStep::MultiExitDisc))
            }
            _ => (multipath.others, after(DecisionStep::Metric)),
        };
        if top.kind == RouteSource::Bgp {
            let path_of = |path: &Candidate<'_>| {
                (path.facts.path_digest, path.facts.path_length, path.facts.confederation_length)
            };
            equal.retain(|i| {
                let path = &paths[*i];
                let same_path = path_of(path) == path_of(top);
                let same_as = path.facts.neighbour_as == top.facts.neighbour_as;
                let matches = match multipath.as_path {
                    PathMatch::Length => true,
                    PathMatch::Identical => same_path,
                    PathMatch::NeighbourAs if inside(path) || inside(top) => same_path,
                    PathMatch::NeighbourAs => same_as,
                };
                let cost = !multipath.equal_igp_metric || !rules.igp_metric || path.igp_metric == top.igp_metric;
                let clusters = !multipath.equal_cluster_list_length
                    || path.facts.cluster_list_length == top.facts.cluster_list_length;
                matches && cost && clusters && (multipath.mixed || inside(path) == inside(top))
            });
        }
        equal.retain(|i| *i != best);
        let others: Vec<Candidate<'_>> = equal.iter().map(|i| paths[*i]).collect();
        let mut expected = vec![best];
        expected.extend(slow_ranking(&others, &rules).into_iter().map(|i| equal[i]));
        expected.truncate(most.max(1));
        prop_assert_eq!(equal_paths(&paths, &rules, &multipath).into_vec(), expected);
    }
}
