//! Sets of pairs: communities (RFC 1997).

use alloc::collections::binary_heap::{BinaryHeap, PeekMut};
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::fmt;

use super::RangeSet;

/// One item of a set of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PairItem {
    /// `(a,b)..(c,d)`: the pairs from the first to the last, as numbers of 32 bits. `(a,*)` is `(a,0)..(a,65535)`,
    /// `(a..c,*)` is `(a,0)..(c,65535)`.
    Span((u16, u16), (u16, u16)),
    /// `(a..b,c..d)`: each first part with each second one.
    Product {
        /// First and last value of the first part
        first: (u16, u16),
        /// First and last value of the second part
        second: (u16, u16),
    },
}

impl PairItem {
    /// The definition, spelled out: the slow way.
    pub fn matches(&self, pair: (u16, u16)) -> bool {
        match *self {
            Self::Span(low, high) => low <= pair && pair <= high,
            Self::Product { first, second } => {
                (first.0..=first.1).contains(&pair.0) && (second.0..=second.1).contains(&pair.1)
            }
        }
    }
}

/// A set of pairs. A product takes as much space as any other item, however many pairs it is.
///
/// ```
/// use policy::set::{PairItem, PairSet};
/// let set = PairSet::new(vec![
///     PairItem::Product { first: (1, 2), second: (5, 5) },
///     PairItem::Span((3, 4), (3, 8)),
/// ]);
/// assert!(set.contains((2, 5)) && set.contains((3, 6)) && !set.contains((2, 6)));
/// assert_eq!(set.to_string(), "[(1,5), (2,5), (3,4)..(3,8)]");
/// ```
#[derive(Debug, Clone)]
pub struct PairSet {
    /// Spans, and products of one first value.
    spans: RangeSet<u32>,
    /// Second values of products with any first one, `(*,5)`
    any_first: Option<RangeSet<u16>>,
    /// Other products
    products: Products,
    items: Vec<PairItem>,
    /// How many ranges the items are in BIRD
    len: usize,
}

const fn number((high, low): (u16, u16)) -> u32 {
    (high as u32) << 16 | low as u32
}

impl PairSet {
    /// A set of `items`, in the order of the source text.
    pub fn new(items: Vec<PairItem>) -> Self {
        let (mut spans, mut any_first, mut products) = (Vec::new(), Vec::new(), Vec::new());
        for item in &items {
            match *item {
                PairItem::Span(low, high) => spans.push((number(low), number(high))),
                PairItem::Product { first, second } if first.0 == first.1 => {
                    spans.push((number((first.0, second.0)), number((first.0, second.1))));
                }
                PairItem::Product { first: (0, u16::MAX), second } => any_first.push(second),
                PairItem::Product { first, second } => products.push((first, second)),
            }
        }
        let rows = |item: &PairItem| match *item {
            PairItem::Span(..) => 1,
            PairItem::Product { first: (low, high), .. } => {
                (usize::from(high) + 1).saturating_sub(low.into())
            }
        };
        Self {
            len: items.iter().map(rows).sum(),
            spans: RangeSet::new(spans),
            any_first: (!any_first.is_empty()).then(|| RangeSet::new(any_first)),
            products: Products::new(&products),
            items,
        }
    }

    /// Whether an item has `pair` in it.
    #[inline]
    pub fn contains(&self, pair: (u16, u16)) -> bool {
        self.spans.contains(number(pair))
            || self.any_first.as_ref().is_some_and(|set| set.contains(pair.1))
            || self.products.contains(pair)
    }

    /// Whether there is no item.
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many ranges [`Self::ranges`] gives.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// The items, in the order of the source text.
    pub fn items(&self) -> &[PairItem] {
        &self.items
    }

    /// The ranges as BIRD has them, in its order: a product gives one for each value of its first part.
    pub fn ranges(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        // The items' next ranges; of those that begin together the one that was written first comes first.
        let entry = |at, row| self.row(at, row).map(|(low, high)| Reverse((low, at, row, high)));
        let mut next: BinaryHeap<_> = (0..self.items.len()).filter_map(|at| entry(at, 0)).collect();
        core::iter::from_fn(move || {
            let mut top = next.peek_mut()?;
            let Reverse((low, at, row, high)) = *top;
            match entry(at, row + 1) {
                Some(range) => *top = range,
                None => drop(PeekMut::pop(top)),
            }
            Some((low, high))
        })
    }

    fn row(&self, at: usize, row: u32) -> Option<(u32, u32)> {
        match *self.items.get(at)? {
            PairItem::Span(low, high) => (row == 0).then(|| (number(low), number(high))),
            PairItem::Product { first, second } => {
                let value = u16::try_from(u32::from(first.0) + row).ok()?;
                (value <= first.1).then(|| (number((value, second.0)), number((value, second.1))))
            }
        }
    }
}

/// As in BIRD: equal ranges in equal order.
impl PartialEq for PairSet {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items || self.ranges().eq(other.ranges())
    }
}

impl Eq for PairSet {}

/// Ranges that are printed of products: BIRD's longest line has fewer.
const PRINTED: usize = 128;

/// As BIRD does, with a product as the ranges that it is: `(*,5)` is 65,536 of them. BIRD cuts all that it prints
/// at about a thousand octets. Here what was written is shown whole, but of products no more than that, then `...`.
impl fmt::Display for PairSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        let most = self.items.len().max(PRINTED);
        for (at, (low, high)) in self.ranges().enumerate() {
            let separator = if at > 0 { ", " } else { "" };
            f.write_str(separator)?;
            if at == most {
                f.write_str("...")?;
                break;
            }
            write!(f, "({},{})", low >> 16, low & 0xffff)?;
            if low != high {
                write!(f, "..({},{})", high >> 16, high & 0xffff)?;
            }
        }
        f.write_str("]")
    }
}

/// First and last value.
type Range = (u16, u16);

/// Products by their first parts: a tree over the values at which any of them begins or ends. A product stands at
/// the fewest nodes that make it up, at most two a level. The answer is at the nodes from the
/// root to one leaf.
#[derive(Debug, Clone)]
struct Products {
    /// Where a leaf begins, sorted; the first is 0.
    starts: Vec<u16>,
    /// Node 1 is the root, 2n and 2n + 1 are below n. A power of two of them are leaves.
    nodes: Vec<RangeSet<u16>>,
}

impl Products {
    fn new(products: &[(Range, Range)]) -> Self {
        let products = products
            .iter()
            .filter(|((a, b), (c, d))| a <= b && c <= d)
            .copied()
            .collect::<Vec<_>>();
        if products.is_empty() {
            return Self { starts: Vec::new(), nodes: Vec::new() };
        }
        let mut starts: Vec<u16> = products
            .iter()
            .flat_map(|(first, _)| [Some(first.0), first.1.checked_add(1)])
            .flatten()
            .chain([0])
            .collect();
        starts.sort_unstable();
        starts.dedup();
        let leaves = starts.len().next_power_of_two();
        let mut nodes = alloc::vec![Vec::new(); 2 * leaves];
        for (first, second) in products {
            let mut low = leaves + starts.partition_point(|start| *start < first.0);
            let after = starts.partition_point(|start| *start <= first.1);
            // What ends with the last leaf takes the unused ones behind it along, so that it gets to the root.
            let mut high = leaves + if after == starts.len() { leaves } else { after };
            while low < high {
                if low & 1 == 1 {
                    nodes[low].push(second);
                    low += 1;
                }
                if high & 1 == 1 {
                    high -= 1;
                    nodes[high].push(second);
                }
                (low, high) = (low / 2, high / 2);
            }
        }
        Self { starts, nodes: nodes.into_iter().map(RangeSet::new).collect() }
    }

    #[inline]
    fn contains(&self, pair: (u16, u16)) -> bool {
        !self.nodes.is_empty() && self.search(pair)
    }

    fn search(&self, (first, second): (u16, u16)) -> bool {
        let leaf = self.starts.partition_point(|start| *start <= first) - 1;
        let mut at = self.nodes.len() / 2 + leaf;
        while at > 0 {
            if self.nodes.get(at).is_some_and(|node| node.contains(second)) {
                return true;
            }
            at /= 2;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    fn part() -> impl Strategy<Value = u16> {
        prop_oneof![4 => 0u16..12, 1 => Just(u16::MAX), 1 => any::<u16>()]
    }

    fn range() -> impl Strategy<Value = (u16, u16)> {
        prop_oneof![
            2 => part().prop_map(|value| (value, value)),
            2 => (part(), part()).prop_map(|(a, b)| (a.min(b), a.max(b))),
            1 => Just((0, u16::MAX)),
        ]
    }

    fn item() -> impl Strategy<Value = PairItem> {
        prop_oneof![
            (part(), part(), part(), part())
                .prop_map(|(a, b, c, d)| PairItem::Span((a, b), (c, d))),
            (range(), range()).prop_map(|(first, second)| PairItem::Product { first, second }),
        ]
    }

    proptest! {
        #[test]
        fn matches_as_defined(
            items in prop::collection::vec(item(), 0..30),
            probes in prop::collection::vec((part(), part()), 1..60),
        ) {
            let set = PairSet::new(items.clone());
            for pair in probes {
                let slow = items.iter().any(|item| item.matches(pair));
                prop_assert_eq!(set.contains(pair), slow, "{:?}", pair);
            }
            prop_assert_eq!(set.ranges().take(5000).count(), set.len().min(5000));
        }
    }

    const fn point(a: u16, b: u16) -> PairItem {
        PairItem::Span((a, b), (a, b))
    }

    /// What BIRD 2.0.12 printed and said.
    #[test]
    fn as_bird() {
        let product = |first, second| PairItem::Product { first, second };
        let set = PairSet::new(vec![
            point(1, 2),
            PairItem::Span((3, 4), (4, 8)),
            PairItem::Span((5, 0), (5, 65535)),
            product((6, 6), (3, 6)),
        ]);
        assert_eq!(set.to_string(), "[(1,2), (3,4)..(4,8), (5,0)..(5,65535), (6,3)..(6,6)]");
        let set = PairSet::new(vec![product((1, 3), (5, 5)), point(2, 7)]);
        assert_eq!(set.to_string(), "[(1,5), (2,5), (2,7), (3,5)]");
        let set = PairSet::new(vec![product((1, 3), (4, 6))]);
        assert_eq!(set.to_string(), "[(1,4)..(1,6), (2,4)..(2,6), (3,4)..(3,6)]");
        let one = PairSet::new(vec![product((1, 2), (4, 5))]);
        assert_eq!(one, PairSet::new(vec![product((2, 2), (4, 5)), product((1, 1), (4, 5))]));
        assert_ne!(one, PairSet::new(vec![product((1, 2), (4, 4))]));
        assert_eq!(PairSet::new(Vec::new()).to_string(), "[]");
    }

    #[test]
    fn products_print_with_an_end() {
        let any = |second| PairItem::Product { first: (0, u16::MAX), second: (second, second) };
        let text = PairSet::new(vec![any(5)]).to_string();
        assert!(text.starts_with("[(0,5), (1,5), ") && text.ends_with(", (127,5), ...]"), "{text}");
        // What fills a line of BIRD's log is there.
        assert!(text.len() > 1000 && text.len() < 2000, "{}", text.len());
        let all = |count| PairSet::new((0..count).map(|value| point(value, 1)).collect());
        assert!(all(1000).to_string().ends_with(", (999,1)]"));
        let mixed: Vec<_> = (0..1000).map(|value| point(value, 1)).chain([any(5)]).collect();
        let text = PairSet::new(mixed).to_string();
        assert_eq!(text.matches('(').count(), 1001);
        assert!(text.ends_with(", ...]"));
    }

    #[test]
    fn any_first_part_is_one_entry() {
        let items = (0..1000)
            .map(|second| PairItem::Product { first: (0, u16::MAX), second: (second, second) });
        let set = PairSet::new(items.collect());
        assert_eq!(set.any_first.as_ref().map(|set| set.ranges().count()), Some(1000));
        assert!(set.contains((65535, 999)) && !set.contains((0, 1000)));
        assert!(
            set.ranges().take(1001).map(|(low, _)| low >> 16).eq([&[0; 1000][..], &[1]].concat())
        );
    }
}
