//! Sets of ranges of anything that has an order.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::hint::select_unpredictable;

use super::points::{Member, Points};

/// Ranges with both ends included.
///
/// ```
/// use policy::set::RangeSet;
/// let set = RangeSet::new(vec![(20u32, 20), (4, 10), (8, 12)]);
/// assert!(set.contains(11) && !set.contains(13));
/// assert_eq!(set.to_string(), "[4..10, 8..12, 20]");
/// ```
#[derive(Clone)]
pub struct RangeSet<T> {
    /// Ranges of one value, and …
    points: Points<T>,
    /// … first values of the others, sorted; ranges that share a value are one.
    low: Box<[T]>,
    /// Their last values
    high: Box<[T]>,
    /// The items where they are not these very ranges.
    items: Option<Box<[(T, T)]>>,
}

impl<T: Member> RangeSet<T> {
    /// A range whose first value is greater than its last has nothing in it, but is printed.
    pub fn new(mut ranges: Vec<(T, T)>) -> Self {
        // By the first value only, and those of one first value as they were written: so does BIRD.
        ranges.sort_by_key(|range| range.0);
        let mut apart: Vec<(T, T)> = Vec::with_capacity(ranges.len());
        for range in ranges.iter().filter(|(first, last)| first <= last) {
            match apart.last_mut() {
                Some((_, end)) if range.0 <= *end => *end = range.1.max(*end),
                _ => apart.push(*range),
            }
        }
        let items = (apart.len() != ranges.len()).then(|| ranges.into_boxed_slice());
        let (points, wide): (Vec<_>, Vec<_>) =
            apart.into_iter().partition(|(low, high)| low == high);
        let (low, high): (Vec<T>, Vec<T>) = wide.into_iter().unzip();
        Self {
            points: Points::new(points.into_iter().map(|(value, _)| value).collect()),
            low: low.into(),
            high: high.into(),
            items,
        }
    }

    /// Whether a range has `value` in it.
    #[inline]
    pub fn contains(&self, value: T) -> bool {
        self.points.contains(value) || (self.is_between(value) && self.in_range(value))
    }

    /// Whether it is not below or above all ranges, as most of what is asked for.
    #[inline]
    fn is_between(&self, value: T) -> bool {
        match (self.low.first(), self.high.last()) {
            (Some(low), Some(high)) => *low <= value && value <= *high,
            _ => false,
        }
    }

    fn in_range(&self, value: T) -> bool {
        // The last range that does not begin behind `value`, if there is one: a binary search without a branch
        // that depends on the values, since nobody can predict them.
        let (mut at, mut count) = (0, self.low.len());
        while count > 1 {
            let half = count / 2;
            let Some(low) = self.low.get(at + half) else { return false };
            at = select_unpredictable(*low <= value, at + half, at);
            count -= half;
        }
        let (Some(low), Some(high)) = (self.low.get(at), self.high.get(at)) else { return false };
        (*low <= value) & (value <= *high)
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.low.is_empty() && self.points.values().is_empty() && self.items.is_none()
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        let apart = self.points.values().len() + self.low.len();
        self.items.as_ref().map_or(apart, |items| items.len())
    }

    /// The items in BIRD's order: by their first values. They may overlap.
    pub fn items(&self) -> impl Iterator<Item = (T, T)> + '_ {
        let ranges = if self.items.is_some() { 0 } else { usize::MAX };
        self.items.as_deref().unwrap_or_default().iter().copied().chain(self.ranges().take(ranges))
    }

    /// The values in it as ranges that are sorted and apart.
    pub fn ranges(&self) -> impl Iterator<Item = (T, T)> + '_ {
        let mut points = self.points.values().iter().map(|value| (*value, *value)).peekable();
        let mut wide = self.low.iter().copied().zip(self.high.iter().copied()).peekable();
        core::iter::from_fn(move || match (points.peek(), wide.peek()) {
            (Some(point), Some(range)) if range < point => wide.next(),
            (None, _) => wide.next(),
            _ => points.next(),
        })
    }

    /// Prints it as BIRD does, each value by `value`.
    ///
    /// # Errors
    /// What `value` and the formatter return.
    pub fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        value: impl Fn(T, &mut fmt::Formatter<'_>) -> fmt::Result,
    ) -> fmt::Result {
        f.write_str("[")?;
        for (at, (low, high)) in self.items().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            value(low, f)?;
            if low != high {
                f.write_str("..")?;
                value(high, f)?;
            }
        }
        f.write_str("]")
    }
}

/// As in BIRD: equal items in equal order. The same values written otherwise are another set.
impl<T: Member> PartialEq for RangeSet<T> {
    fn eq(&self, other: &Self) -> bool {
        self.items().eq(other.items())
    }
}

impl<T: Member> Eq for RangeSet<T> {}

impl<T: Member> Default for RangeSet<T> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl<T: Member + fmt::Debug> fmt::Debug for RangeSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items()).finish()
    }
}

impl<T: Member + fmt::Display> fmt::Display for RangeSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, |value, f| value.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn matches_as_defined(
            ranges in prop::collection::vec((0u32..90, 0u32..90), 0..40),
            probes in prop::collection::vec(0u32..95, 1..40),
        ) {
            let set = RangeSet::new(ranges.clone());
            for value in probes {
                let slow = ranges.iter().any(|(low, high)| (low..=high).contains(&&value));
                prop_assert_eq!(set.contains(value), slow, "{}", value);
            }
            prop_assert_eq!(set.items().count(), ranges.len());
            prop_assert_eq!(set.len(), ranges.len());
        }

        #[test]
        fn points_match_as_defined(
            points in prop::collection::vec(any::<u64>(), 0..300),
            others in prop::collection::vec(any::<u64>(), 0..30),
        ) {
            let set = RangeSet::new(points.iter().map(|point| (*point, *point)).collect());
            for value in points.iter().chain(&others) {
                prop_assert_eq!(set.contains(*value), points.contains(value));
                let next = value.wrapping_add(1);
                prop_assert_eq!(set.contains(next), points.contains(&next));
            }
        }
    }

    fn form(ranges: &[(u32, u32)]) -> alloc::string::String {
        RangeSet::new(ranges.to_vec()).to_string()
    }

    /// What BIRD 2.0.12 printed.
    #[test]
    fn prints_as_bird() {
        assert_eq!(form(&[]), "[]");
        assert_eq!(form(&[(1, 1), (3, 3), (1, 1), (2, 2)]), "[1, 1, 2, 3]");
        assert_eq!(form(&[(1, 3), (4, 5)]), "[1..3, 4..5]");
        assert_eq!(form(&[(1, 3), (2, 5), (9, 9), (9, 12), (3, 3)]), "[1..3, 2..5, 3, 9, 9..12]");
        assert_eq!(form(&[(1, 2), (1, 3), (1, 1)]), "[1..2, 1..3, 1]");
        assert_eq!(form(&[(5, 1), (3, 3), (6, 6)]), "[3, 5..1, 6]");
    }

    /// What BIRD 2.0.12 said.
    #[test]
    fn compares_as_bird() {
        let set = |ranges: &[(u32, u32)]| RangeSet::new(ranges.to_vec());
        assert_eq!(set(&[(20, 20), (1, 1), (4, 10)]), set(&[(1, 1), (4, 10), (20, 20)]));
        assert_ne!(set(&[(1, 1), (4, 10), (20, 20)]), set(&[(1, 1), (4, 10), (20, 20), (20, 20)]));
        assert_ne!(set(&[(1, 3), (4, 5)]), set(&[(1, 5)]));
        assert_ne!(set(&[(1, 3), (2, 5)]), set(&[(1, 5)]));
    }

    #[test]
    fn any_order_will_do() {
        let large = RangeSet::new(vec![([1u32, 0, 0], [1, 9, u32::MAX]), ([2, 3, 4], [2, 3, 5])]);
        assert!(
            large.contains([1, 9, 9]) && large.contains([2, 3, 4]) && !large.contains([2, 3, 6])
        );
        let text = |value: [u32; 3], f: &mut fmt::Formatter<'_>| {
            write!(f, "{}-{}-{}", value[0], value[1], value[2])
        };
        struct Shown<'a, F>(&'a RangeSet<[u32; 3]>, F);
        impl<F: Fn([u32; 3], &mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Shown<'_, F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(f, &self.1)
            }
        }
        assert_eq!(Shown(&large, text).to_string(), "[1-0-0..1-9-4294967295, 2-3-4..2-3-5]");
    }
}
