use alloc::string::ToString;
use alloc::vec;

use bgp_wire::AsPathBuilder;
use proptest::prelude::*;

use super::*;

impl MaskKind {
    fn slow(&self, asn: u32) -> bool {
        match self {
            Self::Asn(own) => *own == asn,
            Self::Any | Self::Sequence => true,
            Self::Range(low, high) => *low <= asn && asn <= *high,
            Self::Set(set) => set.items().any(|(low, high)| low <= asn && asn <= high),
        }
    }
}

/// The definition, spelled out.
fn slow(mask: &[MaskItem], path: &[Vec<u32>]) -> bool {
    let Some((item, rest)) = mask.split_first() else { return path.is_empty() };
    if item.kind == MaskKind::Sequence {
        return (0..=path.len()).any(|taken| slow(rest, &path[taken..]));
    }
    let most = if item.repeat { path.len() } else { path.len().min(1) };
    (1..=most).any(|taken| {
        path[..taken].iter().all(|asns| asns.iter().any(|asn| item.kind.slow(*asn)))
            && slow(rest, &path[taken..])
    })
}

fn kind() -> impl Strategy<Value = MaskKind> {
    prop_oneof![
        4 => (1u32..5).prop_map(MaskKind::Asn),
        1 => Just(MaskKind::Any),
        3 => Just(MaskKind::Sequence),
        1 => (1u32..5, 1u32..5).prop_map(|(low, high)| MaskKind::Range(low, high)),
        1 => prop::collection::vec((1u32..5, 1u32..5), 0..3)
            .prop_map(|ranges| MaskKind::Set(Arc::new(RangeSet::new(ranges)))),
    ]
}

fn item() -> impl Strategy<Value = MaskItem> {
    (kind(), prop::bool::weighted(0.2)).prop_map(|(kind, repeat)| MaskItem { kind, repeat })
}

/// Segments as their sort and their ASes.
fn path() -> impl Strategy<Value = Vec<(bool, Vec<u32>)>> {
    let segment = (prop::bool::weighted(0.3), prop::collection::vec(1u32..5, 1..4));
    prop_oneof![
        prop::collection::vec(1u32..5, 0..7).prop_map(|asns| vec![(false, asns)]),
        prop::collection::vec(segment, 0..4),
    ]
}

fn check(items: Vec<MaskItem>, path: &[(bool, Vec<u32>)]) -> Result<(), TestCaseError> {
    let places: Vec<Vec<u32>> = path
        .iter()
        .flat_map(|(set, asns)| match set {
            true => vec![asns.clone()],
            false => asns.iter().map(|asn| vec![*asn]).collect(),
        })
        .collect();
    let mut built = AsPathBuilder::default();
    for (set, asns) in path {
        let kind = if *set { SegmentKind::Set } else { SegmentKind::Sequence };
        built.segment(kind, asns.iter().copied());
    }
    let wanted = slow(&items, &places);
    let wide = Nfa::<Wide>::new(&items);
    let mask = PathMask::new(items).expect("not too long");
    let given = || places.iter().map(|asns| Position::Set(asns.iter().copied()));
    prop_assert_eq!(mask.matches(AsPath::new(built.bytes())), wanted, "{} {:?}", mask, places);
    prop_assert_eq!(mask.matches_positions(given()), wanted, "{} {:?}", mask, places);
    prop_assert_eq!(wide.matches(given()), wanted, "wide: {} {:?}", mask, places);
    Ok(())
}

proptest! {
    #[test]
    fn matches_as_defined(items in prop::collection::vec(item(), 0..8), path in path()) {
        check(items, &path)?;
    }

    #[test]
    fn simple_shapes_too(items in prop::collection::vec(kind(), 0..4), path in path()) {
        check(items.into_iter().map(MaskItem::from).collect(), &path)?;
    }

    /// The states of more than one word.
    #[test]
    fn long_masks(
        asns in prop::collection::vec(1u32..3, 1..400),
        changed in any::<prop::sample::Index>(),
        star in any::<prop::sample::Index>(),
        removed in 0usize..3,
    ) {
        let mut items: Vec<MaskItem> = asns.iter().map(|asn| MaskKind::Asn(*asn).into()).collect();
        let at = star.index(items.len());
        let end = (at + removed).min(items.len());
        items.splice(at..end, [MaskItem::from(MaskKind::Sequence)]);
        let mask = PathMask::new(items).expect("not too long");
        let mut path = AsPathBuilder::default();
        path.segment(SegmentKind::Sequence, asns.iter().copied());
        prop_assert!(mask.matches(AsPath::new(path.bytes())));
        let mut other = asns;
        let changed = changed.index(other.len());
        other[changed] = 9;
        let mut path = AsPathBuilder::default();
        path.segment(SegmentKind::Sequence, other);
        prop_assert_eq!(mask.matches(AsPath::new(path.bytes())), (at..end).contains(&changed));
    }
}

fn once(kinds: Vec<MaskKind>) -> PathMask {
    PathMask::new(kinds.into_iter().map(MaskItem::from).collect()).expect("not too long")
}

/// What BIRD 2.0.12 printed.
#[test]
fn prints_as_bird() {
    let more = |kind| MaskItem { kind, repeat: true };
    let set = MaskKind::Set(Arc::new(RangeSet::new(vec![(3, 3), (5, 5), (7, 9)])));
    let items = vec![
        MaskKind::Sequence.into(),
        MaskKind::Asn(1).into(),
        MaskKind::Any.into(),
        MaskKind::Range(2, 5).into(),
        set.into(),
        more(MaskKind::Range(2, 5)),
        more(MaskKind::Any),
        more(MaskKind::Set(Arc::new(RangeSet::new(vec![(1, 1)])))),
    ];
    let mask = PathMask::new(items).expect("not too long");
    assert_eq!(mask.to_string(), "[= * 1 ? 2..5 [3, 5, 7..9] 2..5 + ? + [1] + =]");
    assert_eq!(once(Vec::new()).to_string(), "[= =]");
    let empty = MaskKind::Set(Arc::default());
    assert_eq!(once(vec![empty, MaskKind::Range(5, 2)]).to_string(), "[= [] 5..2 =]");
}

/// What BIRD 2.0.12 said.
#[test]
fn compares_as_bird() {
    use MaskKind::{Asn, Sequence};
    let mask = || once(vec![Asn(1), Sequence, Asn(2)]);
    assert_eq!(mask(), mask());
    assert_ne!(mask(), once(vec![Asn(1), Sequence, Sequence, Asn(2)]));
}

#[test]
fn too_long() {
    let items = |count| vec![MaskItem::from(MaskKind::Any); count];
    assert!(PathMask::new(items(PathMask::MAX_ITEMS)).is_ok());
    assert_eq!(PathMask::new(items(PathMask::MAX_ITEMS + 1)), Err(MaskTooLong));
}
