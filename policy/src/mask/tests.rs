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

/// A place in a path: whether it is a set, and its ASes.
type Place = (bool, Vec<u32>);

/// The definition, spelled out. `used`: the path's first place is a set that needs no item any more.
fn slow(mask: &[MaskItem], path: &[Place], used: bool) -> bool {
    let behind = |mask, path: &[Place]| {
        slow(mask, &path[1..], path[0].0 && path[1..].first().is_some_and(|next| next.0))
    };
    if used && behind(mask, path) {
        return true;
    }
    let Some((item, rest)) = mask.split_first() else { return path.is_empty() };
    let Some((set, asns)) = path.first() else {
        return item.kind == MaskKind::Sequence && slow(rest, path, false);
    };
    if item.kind == MaskKind::Sequence {
        return slow(rest, path, used) || behind(mask, path);
    }
    let again = item.repeat && behind(mask, path);
    let next = || if *set { slow(rest, path, true) } else { behind(rest, path) };
    asns.iter().any(|asn| item.kind.slow(*asn)) && (again || next())
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
fn path() -> impl Strategy<Value = Vec<Place>> {
    let segment = (prop::bool::weighted(0.3), prop::collection::vec(1u32..5, 1..4));
    prop_oneof![
        prop::collection::vec(1u32..5, 0..7).prop_map(|asns| vec![(false, asns)]),
        prop::collection::vec(segment, 0..4),
    ]
}

fn check(items: Vec<MaskItem>, path: &[Place]) -> Result<(), TestCaseError> {
    let places: Vec<Place> = path
        .iter()
        .flat_map(|(set, asns)| match set {
            true => vec![(true, asns.clone())],
            false => asns.iter().map(|asn| (false, vec![*asn])).collect(),
        })
        .collect();
    let mut built = AsPathBuilder::default();
    for (set, asns) in path {
        let kind = if *set { SegmentKind::Set } else { SegmentKind::Sequence };
        built.segment(kind, asns.iter().copied());
    }
    let wanted = slow(&items, &places, false);
    let wide = Nfa::<Wide>::new(&items);
    let mask = PathMask::new(items).expect("not too long");
    let given = || {
        places.iter().map(|(set, asns)| match set {
            true => Position::Set(asns.iter().copied()),
            false => Position::Asn(asns[0]),
        })
    };
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

fn parse_path(text: &str) -> AsPathBuilder {
    let mut path = AsPathBuilder::default();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let (kind, close) = match first {
            '{' => (SegmentKind::Set, '}'),
            '(' => (SegmentKind::ConfedSequence, ')'),
            '[' => (SegmentKind::ConfedSet, ']'),
            _ => (SegmentKind::Sequence, '\0'),
        };
        let end = match kind {
            SegmentKind::Sequence => rest.find(['{', '(', '[']).unwrap_or(rest.len()),
            _ => rest.find(close).expect("a bracket"),
        };
        let asns = rest[..end].trim_matches(['{', '(', '[', ' ']).split(' ');
        path.segment(kind, asns.map(|asn| asn.parse::<u32>().expect("a number")));
        rest = rest[end..].trim_start_matches(['}', ')', ']']).trim();
    }
    path
}

fn parse_mask(text: &str) -> PathMask {
    let range = |text: &str| {
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        (low.parse::<u32>().expect("a number"), high.parse::<u32>().expect("a number"))
    };
    let mut items: Vec<MaskItem> = Vec::new();
    let mut rest = text.trim_start_matches("[=").trim_end_matches("=]").trim();
    while !rest.is_empty() {
        let end = match rest.starts_with('[') {
            true => rest.find(']').expect("a bracket") + 1,
            false => rest.find(' ').unwrap_or(rest.len()),
        };
        match &rest[..end] {
            "+" => items.last_mut().expect("an item").repeat = true,
            "?" => items.push(MaskKind::Any.into()),
            "*" => items.push(MaskKind::Sequence.into()),
            set if set.starts_with('[') => {
                let values = set.trim_matches(['[', ']']).split(", ");
                let ranges = values.filter(|value| !value.is_empty()).map(range).collect();
                items.push(MaskKind::Set(Arc::new(RangeSet::new(ranges))).into());
            }
            asns if asns.contains("..") => {
                let (low, high) = range(asns);
                items.push(MaskKind::Range(low, high).into());
            }
            asn => items.push(MaskKind::Asn(asn.parse().expect("a number")).into()),
        }
        rest = rest[end..].trim();
    }
    PathMask::new(items).expect("not too long")
}

/// Paths, one a line, `--`, and masks, each with a digit for each path: whether BIRD said that it matches.
fn matches_as_observed(text: &str) -> usize {
    let (paths, masks) = text.split_once("--\n").expect("both parts");
    let paths: Vec<AsPathBuilder> = paths.lines().map(parse_path).collect();
    let mut wrong = Vec::new();
    for line in masks.lines() {
        let (mask, answers) = line.split_once(" => ").expect("an answer");
        let mask = parse_mask(mask);
        for (path, answer) in paths.iter().zip(answers.chars()) {
            let path = AsPath::new(path.bytes());
            if mask.matches(path) != (answer == '1') {
                wrong.push(std::format!("{path} ~ {mask}: {answer}\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}{} of {}", wrong.concat(), wrong.len(), masks.lines().count());
    paths.len() * masks.lines().count()
}

/// Of routes that a running BIRD 2.0.12 was sent. More of them than the repository holds: the file that
/// `CAUSEWAY_OBSERVED_MASKS` names.
#[test]
fn matches_as_bird() {
    assert!(matches_as_observed(include_str!("observed.txt")) >= 9000);
    if let Ok(path) = std::env::var("CAUSEWAY_OBSERVED_MASKS") {
        matches_as_observed(&std::fs::read_to_string(path).expect("a file"));
    }
}
