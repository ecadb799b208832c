//! Sets of prefixes.

use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use ipnet::IpNet;

mod form;

use form::Form;

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
#[derive(Debug, Clone)]
pub struct PrefixSet {
    ipv4: bool,
    levels: Vec<Level>,
    patterns: Vec<PrefixPattern>,
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
        Some(Self { ipv4, levels, patterns: patterns.to_vec() })
    }

    /// Whether it has no patterns.
    pub const fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether the prefix of the address alone is matched.
    pub fn contains_address(&self, address: IpAddr) -> bool {
        self.contains(&IpNet::from(address))
    }

    /// Whether some pattern of the set matches.
    pub fn contains(&self, net: &IpNet) -> bool {
        let (address, ipv4) = bits(net);
        let length = net.prefix_len();
        ipv4 == self.ipv4 && self.levels.iter().any(|level| level.contains(address, length))
    }
}

/// As in BIRD: equal when they print the same, however they were written.
impl PartialEq for PrefixSet {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns || Form::new(&self.patterns) == Form::new(&other.patterns)
    }
}

impl Eq for PrefixSet {}

impl fmt::Display for PrefixSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Form::new(&self.patterns).fmt(f)
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

#[cfg(test)]
mod tests;
