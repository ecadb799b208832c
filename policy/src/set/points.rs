//! Sets of single values.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// What a set may hold.
pub trait Member: Ord + Copy {
    /// A number that is equal for equal values and mostly different for others.
    fn key(self) -> u64;
}

macro_rules! number {
    ($($ty:ty),*) => {$(
        impl Member for $ty {
            #[inline]
            fn key(self) -> u64 {
                self.into()
            }
        }
    )*};
}

number!(u8, u16, u32, u64);

impl Member for u128 {
    #[inline]
    fn key(self) -> u64 {
        ((self >> 64) as u64).wrapping_mul(MIXER) ^ self as u64
    }
}

/// Large communities (RFC 8092)
impl Member for [u32; 3] {
    #[inline]
    fn key(self) -> u64 {
        let [a, b, c] = self.map(u64::from);
        a.wrapping_mul(MIXER) ^ (b << 32 | c)
    }
}

/// 2^64 by the golden ratio: products with it spread what is close to each other.
const MIXER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Single values. Most of those that are asked for are in no set, so first a bit is looked at that most of them have
/// not set.
#[derive(Debug, Clone)]
pub(super) struct Points<T> {
    /// Sorted
    values: Box<[T]>,
    /// A power of two of bits, at least 8 for each value: its number is the high bits of the key's product
    bits: Box<[u64]>,
    /// How many low bits of the product are not used
    shift: u32,
}

impl<T: Member> Points<T> {
    /// `values` are sorted and different.
    pub(super) fn new(values: Vec<T>) -> Self {
        let words = (values.len() / 8 + 1).next_power_of_two();
        let shift = u64::BITS - 6 - words.trailing_zeros();
        let mut points = Self { bits: alloc::vec![0; words].into(), shift, values: values.into() };
        for value in &points.values {
            let (word, bit) = points.place(*value);
            if let Some(word) = points.bits.get_mut(word) {
                *word |= bit;
            }
        }
        points
    }

    pub(super) const fn values(&self) -> &[T] {
        &self.values
    }

    #[inline]
    fn place(&self, value: T) -> (usize, u64) {
        let bit = (value.key().wrapping_mul(MIXER) >> self.shift) as usize;
        (bit / 64, 1 << (bit % 64))
    }

    #[inline]
    pub(super) fn contains(&self, value: T) -> bool {
        if self.values.is_empty() {
            return false;
        }
        let (word, bit) = self.place(value);
        self.bits.get(word).is_some_and(|word| word & bit != 0)
            && self.values.binary_search(&value).is_ok()
    }
}
