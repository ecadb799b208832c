//! Sets: what `~` tests against.

use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;

/// One item of a prefix set: networks that agree with `net` on the shorter of both lengths, and whose own
/// length is from `least` to `most`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PrefixPattern {
    /// The network
    pub net: IpNet,
    /// Shortest length that matches
    pub least: u8,
    /// Longest length that matches
    pub most: u8,
}

impl PrefixPattern {
    /// The definition, spelled out: the slow way.
    pub fn matches(&self, net: &IpNet) -> bool {
        let (Some((own, own_v4)), Some((other, other_v4))) =
            (Some(bits(&self.net)), Some(bits(net)))
        else {
            return false;
        };
        let common = self.net.prefix_len().min(net.prefix_len());
        own_v4 == other_v4
            && (own ^ other) & mask(common) == 0
            && (self.least..=self.most).contains(&net.prefix_len())
    }
}

/// The address in the high bits of a word, and whether it is IPv4.
fn bits(net: &IpNet) -> (u128, bool) {
    match net {
        IpNet::V4(net) => (u128::from(u32::from(net.addr())) << 96, true),
        IpNet::V6(net) => (u128::from(net.addr()), false),
    }
}

const fn mask(length: u8) -> u128 {
    match length {
        0 => 0,
        _ => u128::MAX << (128 - length as u32),
    }
}

/// Lengths from 0 to 128.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Lengths([u128; 2]);

impl Lengths {
    fn insert(&mut self, least: u8, most: u8) {
        for length in least..=most.min(128) {
            self.0[usize::from(length >> 7)] |= 1 << (length & 127);
        }
    }

    const fn contains(self, length: u8) -> bool {
        self.0[(length >> 7) as usize & 1] >> (length & 127) & 1 == 1
    }
}

/// Items of equal length, by address.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Level {
    length: u8,
    items: Vec<(u128, Lengths)>,
    /// Whether any item matches networks shorter than itself.
    shorter: bool,
}

/// A set of prefixes of one family. A look-up costs a binary search for each distinct length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixSet {
    ipv4: bool,
    levels: Vec<Level>,
}

impl PrefixSet {
    /// `None` when the patterns are of both families.
    pub fn new(patterns: &[PrefixPattern]) -> Option<Self> {
        let ipv4 = patterns.first().is_none_or(|pattern| bits(&pattern.net).1);
        let mut levels: Vec<Level> = Vec::new();
        for pattern in patterns {
            let (address, is_v4) = bits(&pattern.net);
            if is_v4 != ipv4 {
                return None;
            }
            let length = pattern.net.prefix_len();
            let level = match levels.binary_search_by_key(&length, |level| level.length) {
                Ok(at) => levels.get_mut(at)?,
                Err(at) => {
                    levels.insert(at, Level { length, items: Vec::new(), shorter: false });
                    levels.get_mut(at)?
                }
            };
            let mut lengths = Lengths::default();
            lengths.insert(pattern.least, pattern.most);
            level.shorter |= pattern.least < length;
            level.items.push((address, lengths));
        }
        for level in &mut levels {
            level.items.sort_unstable_by_key(|item| item.0);
            level.items.dedup_by(|later, kept| {
                let same = later.0 == kept.0;
                if same {
                    kept.1.0[0] |= later.1.0[0];
                    kept.1.0[1] |= later.1.0[1];
                }
                same
            });
        }
        Some(Self { ipv4, levels })
    }

    /// Whether some pattern of the set matches.
    pub fn contains(&self, net: &IpNet) -> bool {
        let (address, ipv4) = bits(net);
        let length = net.prefix_len();
        ipv4 == self.ipv4 && self.levels.iter().any(|level| level.contains(address, length))
    }
}

impl Level {
    fn contains(&self, address: u128, length: u8) -> bool {
        if self.length <= length {
            let key = address & mask(self.length);
            let found = self.items.binary_search_by_key(&key, |item| item.0);
            return found
                .is_ok_and(|at| self.items.get(at).is_some_and(|item| item.1.contains(length)));
        }
        if !self.shorter {
            return false;
        }
        let first = self.items.partition_point(|item| item.0 < address);
        let inside =
            self.items.iter().skip(first).take_while(|item| item.0 & mask(length) == address);
        inside.into_iter().any(|item| item.1.contains(length))
    }
}

/// Ranges of numbers or addresses, sorted and without overlap.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RangeSet<T>(Vec<(T, T)>);

impl<T: Ord + Copy> RangeSet<T> {
    /// Ranges with both ends included.
    pub fn new(mut ranges: Vec<(T, T)>) -> Self {
        ranges.retain(|(low, high)| low <= high);
        ranges.sort_unstable();
        ranges.dedup_by(|later, kept| {
            let joins = later.0 <= kept.1;
            if joins {
                kept.1 = kept.1.max(later.1);
            }
            joins
        });
        Self(ranges)
    }

    /// Whether a range has `value` in it.
    pub fn contains(&self, value: T) -> bool {
        let at = self.0.partition_point(|(_, high)| *high < value);
        self.0.get(at).is_some_and(|(low, _)| *low <= value)
    }
}

/// Orders addresses within their family.
pub type IpSet = RangeSet<IpAddr>;

#[cfg(test)]
mod tests {
    use core::net::{Ipv4Addr, Ipv6Addr};

    use ipnet::{Ipv4Net, Ipv6Net};
    use proptest::prelude::*;

    use super::*;

    fn v4() -> impl Strategy<Value = IpNet> {
        (
            prop::sample::select(alloc::vec![0u32, 0x0a00_0000, 0x0a80_0000, 0xc0a8_0000]),
            any::<u32>(),
            0u8..=32,
        )
            .prop_map(|(base, noise, length)| {
                let net = Ipv4Net::new(Ipv4Addr::from(base ^ (noise & 0x0003_0301)), length);
                IpNet::V4(net.expect("at most 32").trunc())
            })
    }

    fn v6() -> impl Strategy<Value = IpNet> {
        (any::<u16>(), 0u8..=128).prop_map(|(noise, length)| {
            let address = Ipv6Addr::from(u128::from(noise & 0x303) << 100);
            IpNet::V6(Ipv6Net::new(address, length).expect("at most 128").trunc())
        })
    }

    fn check(
        patterns: Vec<(IpNet, u8, u8)>,
        nets: &[IpNet],
        most: u8,
    ) -> Result<(), TestCaseError> {
        let patterns: Vec<PrefixPattern> = patterns
            .into_iter()
            .map(|(net, a, b)| PrefixPattern {
                net,
                least: a.min(b) % (most + 1),
                most: a.max(b).min(most),
            })
            .collect();
        let set = PrefixSet::new(&patterns).expect("one family");
        for net in nets {
            let slow = patterns.iter().any(|pattern| pattern.matches(net));
            prop_assert_eq!(set.contains(net), slow, "{}", net);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn prefix_sets_match_as_defined(
            patterns in prop::collection::vec((v4(), 0u8..=32, 0u8..=32), 0..30),
            nets in prop::collection::vec(v4(), 1..60),
        ) {
            check(patterns, &nets, 32)?;
        }

        #[test]
        fn prefix_sets_of_ipv6_too(
            patterns in prop::collection::vec((v6(), 0u8..=128, 0u8..=128), 1..30),
            nets in prop::collection::vec(v6(), 1..60),
        ) {
            check(patterns, &nets, 128)?;
        }

        #[test]
        fn range_sets_match_as_defined(ranges in prop::collection::vec((0u32..60, 0u32..60), 0..20), value in 0u32..70) {
            let slow = ranges.iter().any(|(low, high)| (low..=high).contains(&&value));
            prop_assert_eq!(RangeSet::new(ranges).contains(value), slow);
        }
    }

    #[test]
    fn families_do_not_mix() {
        let pattern = |text: &str| {
            let net: IpNet = text.parse().expect("a prefix");
            PrefixPattern { net, least: net.prefix_len(), most: net.prefix_len() }
        };
        assert_eq!(PrefixSet::new(&[pattern("10.0.0.0/8"), pattern("2001:db8::/32")]), None);
    }
}
