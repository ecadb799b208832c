//! Patterns that match networks around their own one.

use alloc::vec::Vec;

use super::mask;

/// Networks by their addresses, with the lengths, shorter than their own, that match. A network of length n around any
/// of them, where these lengths include n, is in the set: so to ask is to unite the lengths of all networks
/// from one address to another, which a tree over them makes short.
#[derive(Debug, Clone, Default)]
pub(super) struct Outside {
    /// Sorted
    addresses: Vec<u128>,
    /// Node 1 is the root, 2n and 2n + 1 are below n, the last half are the networks.
    lengths: Vec<u128>,
}

impl Outside {
    /// `patterns` are sorted by address and come with their lengths, length 1 in the highest bit.
    pub(super) fn new(patterns: impl Iterator<Item = (u128, u128)>) -> Self {
        let (mut addresses, mut own) = (Vec::new(), Vec::<u128>::new());
        for (address, lengths) in patterns {
            match own.last_mut() {
                Some(last) if addresses.last() == Some(&address) => *last |= lengths,
                _ => {
                    addresses.push(address);
                    own.push(lengths);
                }
            }
        }
        let mut lengths = alloc::vec![0; own.len()];
        lengths.append(&mut own);
        for node in (1..addresses.len()).rev() {
            let below = lengths.get(2 * node..2 * node + 2).unwrap_or_default();
            let all = below.iter().fold(0, |all, lengths| all | lengths);
            if let Some(lengths) = lengths.get_mut(node) {
                *lengths = all;
            }
        }
        Self { addresses, lengths }
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// Whether the network at `address` of `length`, which is not 0, matches.
    pub(super) fn contains(&self, address: u128, length: u8) -> bool {
        let first = address & mask(length);
        let last = address | !mask(length);
        let mut low = self.addresses.partition_point(|own| *own < first) + self.addresses.len();
        let mut high = self.addresses.partition_point(|own| *own <= last) + self.addresses.len();
        let matches = |node: usize| {
            let lengths = self.lengths.get(node).copied().unwrap_or_default();
            lengths >> (128 - u32::from(length)) & 1 == 1
        };
        while low < high {
            if low & 1 == 1 {
                if matches(low) {
                    return true;
                }
                low += 1;
            }
            if high & 1 == 1 {
                high -= 1;
                if matches(high) {
                    return true;
                }
            }
            (low, high) = (low / 2, high / 2);
        }
        false
    }
}
