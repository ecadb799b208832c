//! The draft's definitions the slow way: all lengths and hops tried one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

use bgp_wire::AsPathBuilder;
use proptest::prelude::*;

use super::*;

fn source(number: u8) -> RpkiSource {
    RpkiSource::new(number).expect("below 32")
}

/// By source and customer; `true` for stale.
type Naive = BTreeMap<(u8, u32), (BTreeSet<u32>, bool)>;

/// §3: the sets of a customer put together, if there is any.
fn providers(naive: &Naive, customer: u32) -> Option<BTreeSet<u32>> {
    let of = naive.iter().filter(|(key, _)| key.1 == customer).map(|(_, set)| &set.0);
    let sets: Vec<&BTreeSet<u32>> = of.collect();
    (!sets.is_empty()).then(|| sets.into_iter().flatten().copied().collect())
}

/// §5.3
fn authorized(naive: &Naive, x: u32, y: u32) -> Authorization {
    match providers(naive, x) {
        None => Authorization::NoAttestation,
        Some(set) if set.contains(&y) && y != 0 => Authorization::Provider,
        Some(_) => Authorization::NotProvider,
    }
}

type Segment = (SegmentKind, Vec<u32>);

/// §5.2: AS(1) is the origin. Index 0 is not used.
fn compressed(path: &[Segment]) -> Vec<u32> {
    let sequences = path.iter().filter(|segment| segment.0 == SegmentKind::Sequence);
    let mut asns: Vec<u32> = sequences.flat_map(|segment| segment.1.clone()).collect();
    asns.dedup();
    asns.push(0);
    asns.reverse();
    asns
}

/// §5.4 to §5.6, step by step.
fn verify(naive: &Naive, path: &[Segment], direction: PathDirection) -> PathValidity {
    use Authorization::{NoAttestation, NotProvider};
    let a = compressed(path);
    let n = a.len() - 1;
    let has_set =
        path.iter().any(|segment| matches!(segment.0, SegmentKind::Set | SegmentKind::ConfedSet));
    if n == 0 || has_set {
        return PathValidity::Invalid;
    }
    let up = |denied: &[Authorization]| {
        (1..n).find(|i| denied.contains(&authorized(naive, a[*i], a[*i + 1]))).unwrap_or(n)
    };
    let down = |denied: &[Authorization]| {
        let last = (2..=n).rev().find(|j| denied.contains(&authorized(naive, a[*j], a[*j - 1])));
        last.map_or(n, |j| n - j + 1)
    };
    let (max_up, min_up) = (up(&[NotProvider]), up(&[NotProvider, NoAttestation]));
    let (max_down, min_down) = match direction {
        PathDirection::Upstream => (0, 0),
        PathDirection::Downstream => (down(&[NotProvider]), down(&[NotProvider, NoAttestation])),
    };
    if max_up + max_down < n {
        PathValidity::Invalid
    } else if min_up + min_down < n {
        PathValidity::Unknown
    } else {
        PathValidity::Valid
    }
}

fn build(path: &[Segment]) -> AsPathBuilder {
    let mut builder = AsPathBuilder::default();
    for (kind, asns) in path {
        builder.segment(*kind, asns.iter().copied());
    }
    builder
}

#[derive(Debug, Clone)]
enum Step {
    Set(u8, u32, Vec<u32>),
    Remove(u8, u32),
    RemoveSource(u8),
    Mark(u8),
    Sweep(u8),
    Poll,
}

const ASES: u32 = 7;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (from, asn) = (|| 0..3u8, || 1..ASES);
    let set = prop::collection::vec(0..ASES, 0..5);
    let step = prop_oneof![
        8 => (from(), asn(), set).prop_map(|(from, asn, set)| Step::Set(from, asn, set)),
        2 => (from(), asn()).prop_map(|(from, asn)| Step::Remove(from, asn)),
        1 => from().prop_map(Step::RemoveSource),
        1 => from().prop_map(Step::Mark),
        1 => from().prop_map(Step::Sweep),
        2 => Just(Step::Poll),
    ];
    prop::collection::vec(step, 1..40)
}

fn paths() -> impl Strategy<Value = Vec<Segment>> {
    let kind = prop_oneof![
        20 => Just(SegmentKind::Sequence),
        1 => Just(SegmentKind::Set),
        1 => Just(SegmentKind::ConfedSequence),
        1 => Just(SegmentKind::ConfedSet),
    ];
    prop::collection::vec((kind, prop::collection::vec(1..ASES, 1..6)), 0..3)
}

fn run(table: &mut AspaTable, naive: &mut Naive, step: &Step) {
    match step {
        Step::Set(from, customer, set) => {
            table.set(source(*from), *customer, set.iter().copied());
            let set = set.iter().copied().filter(|asn| *asn != 0).collect();
            naive.insert((*from, *customer), (set, false));
        }
        Step::Remove(from, customer) => {
            table.remove(source(*from), *customer);
            naive.remove(&(*from, *customer));
        }
        Step::RemoveSource(from) => {
            table.remove_source(source(*from));
            naive.retain(|key, _| key.0 != *from);
        }
        Step::Mark(from) => {
            table.mark_stale(source(*from));
            naive.iter_mut().filter(|(key, _)| key.0 == *from).for_each(|(_, set)| set.1 = true);
        }
        Step::Sweep(from) => {
            table.sweep(source(*from));
            naive.retain(|key, set| key.0 != *from || !set.1);
        }
        Step::Poll => {}
    }
}

const DIRECTIONS: [PathDirection; 2] = [PathDirection::Upstream, PathDirection::Downstream];

fn check(table: &AspaTable, naive: &Naive, paths: &[Vec<Segment>]) {
    let customers: BTreeSet<u32> = naive.keys().map(|key| key.1).collect();
    assert!(table.iter().map(|view| view.customer).eq(customers.iter().copied()));
    assert_eq!(table.len(), customers.len());
    for view in table.iter() {
        let of = |number: &u8| naive.get(&(*number, view.customer));
        let listed: BTreeSet<u32> = view.providers().map(|(asn, _)| asn).collect();
        assert_eq!(Some(listed), providers(naive, view.customer));
        let sources = (0..3u8).filter(|number| of(number).is_some());
        assert!(view.sources().map(RpkiSource::number).eq(sources));
        for number in 0..3u8 {
            assert_eq!(view.is_stale(source(number)), of(&number).is_some_and(|set| set.1));
            let of_source: BTreeSet<u32> = view
                .providers()
                .filter_map(|(asn, mut sources)| {
                    sources.any(|from| from == source(number)).then_some(asn)
                })
                .collect();
            assert_eq!(of_source, of(&number).map(|set| set.0.clone()).unwrap_or_default());
        }
    }
    for x in 0..ASES {
        for y in 0..ASES {
            assert_eq!(table.authorization(x, y), authorized(naive, x, y));
        }
    }
    for path in paths {
        let built = build(path);
        for direction in DIRECTIONS {
            let validity = table.verify(direction, AsPath::new(built.bytes()));
            assert_eq!(validity, verify(naive, path, direction), "{direction:?} {path:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The draft's steps, and that a host which verifies paths with changed customers anew is always right.
    #[test]
    fn aspa_verification_as_by_its_definitions(
        steps in steps(),
        paths in prop::collection::vec(paths(), 20),
        limit in prop_oneof![0..4usize, Just(1000)],
    ) {
        let (mut table, mut naive) = (AspaTable::with_change_limit(limit), Naive::new());
        let results = |table: &AspaTable, path: &Vec<Segment>| {
            DIRECTIONS.map(|direction| table.verify(direction, AsPath::new(build(path).bytes())))
        };
        let mut found: Vec<_> = paths.iter().map(|path| results(&table, path)).collect();
        for step in &steps {
            run(&mut table, &mut naive, step);
            check(&table, &naive, &paths);
            prop_assert!(table.changes.len() <= limit.max(1));
            if !matches!(step, Step::Poll) {
                continue;
            }
            while let Some(change) = table.poll_change() {
                for (path, found) in paths.iter().zip(&mut found) {
                    let affected = match change {
                        AspaChange::All => true,
                        AspaChange::Customer(asn) => path.iter().any(|segment| segment.1.contains(&asn)),
                    };
                    if affected {
                        *found = results(&table, path);
                    }
                }
            }
            let fresh: Vec<_> = paths.iter().map(|path| results(&table, path)).collect();
            prop_assert_eq!(&found, &fresh);
        }
    }
}

fn sequence(asns: &[u32]) -> AsPathBuilder {
    build(&[(SegmentKind::Sequence, asns.to_vec())])
}

#[test]
fn aspa_verification_5_5_and_5_6_empty_paths_and_sets_are_invalid() {
    let table = AspaTable::new();
    for direction in DIRECTIONS {
        assert_eq!(table.verify(direction, AsPath::default()), PathValidity::Invalid);
        let set = build(&[
            (SegmentKind::Sequence, Vec::from([65001])),
            (SegmentKind::Set, Vec::from([65002])),
        ]);
        assert_eq!(table.verify(direction, AsPath::new(set.bytes())), PathValidity::Invalid);
        // One AS needs no attestation, however often it stands there.
        let prepended = sequence(&[65001; 300]);
        assert_eq!(table.verify(direction, AsPath::new(prepended.bytes())), PathValidity::Valid);
    }
}

#[test]
fn aspa_verification_5_6_two_tops_side_by_side_need_no_attestation() {
    let mut table = AspaTable::new();
    // 1 and 4 at the ends, 2 and 3 at the top.
    table.set(source(0), 1, [2]);
    table.set(source(0), 4, [3]);
    let path = sequence(&[4, 3, 3, 2, 1]);
    let path = AsPath::new(path.bytes());
    assert_eq!(table.verify_downstream(path), PathValidity::Valid);
    assert_eq!(table.verify_upstream(path), PathValidity::Unknown);
    assert!(table.denied(path).eq([]));
    // Neither is a provider of the other: fine on the way down to us, a leak on the way up.
    table.set(source(0), 2, [0]);
    table.set(source(0), 3, []);
    assert_eq!(table.verify_downstream(path), PathValidity::Valid);
    assert_eq!(table.verify_upstream(path), PathValidity::Invalid);
    assert!(table.denied(path).eq([(3, 4), (2, 3), (3, 2), (2, 1)]));
}

#[test]
fn a_source_replaces_what_it_said_and_no_more() {
    let mut table = AspaTable::new();
    table.set(source(0), 1, [2, 3]);
    table.set(source(1), 1, [3]);
    assert_eq!(table.poll_change(), Some(AspaChange::Customer(1)));
    table.set(source(0), 1, [2]);
    assert_eq!(table.poll_change(), None, "3 is still there");
    table.remove_source(source(1));
    assert_eq!(table.poll_change(), Some(AspaChange::Customer(1)));
    assert_eq!(table.authorization(1, 3), Authorization::NotProvider);
    table.remove(source(0), 1);
    assert_eq!(table.authorization(1, 3), Authorization::NoAttestation);
    // A customer without providers is another thing than none.
    table.poll_change();
    table.set(source(0), 1, []);
    assert_eq!(table.poll_change(), Some(AspaChange::Customer(1)));
    assert_eq!(table.authorization(1, 3), Authorization::NotProvider);
}
