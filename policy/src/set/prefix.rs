//! Sets of prefixes.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use ipnet::IpNet;

mod form;
mod intervals;
mod outside;

use form::Form;
use intervals::{Inner, Intervals, Word};
use outside::Outside;

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

/// The lengths from `least` to `most` without 0: length 1 is the highest bit.
const fn lengths(least: u8, most: u8) -> u128 {
    let least = if least == 0 { 1 } else { least };
    if most < least {
        return 0;
    }
    mask(most) & !mask(least - 1)
}

/// Lengths from 1 to 128.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Lengths([u64; 2]);

impl Lengths {
    const fn insert(&mut self, least: u8, most: u8) {
        let ones = lengths(least, most).reverse_bits();
        self.0[0] |= ones as u64;
        self.0[1] |= (ones >> 64) as u64;
    }

    #[inline]
    const fn contains(self, length: u8) -> bool {
        let bit = length.wrapping_sub(1);
        self.0[(bit >> 6) as usize & 1] >> (bit & 63) & 1 == 1
    }

    /// Some bits that tell those apart that are close to each other.
    fn hash(self) -> usize {
        let mixed = (self.0[0] ^ self.0[1]).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::from((mixed >> 48) as u16)
    }
}

/// A set of prefixes of one family.
#[derive(Clone)]
pub struct PrefixSet {
    /// Whether the network of length 0 matches.
    default_route: bool,
    inside: Inside,
    outside: Outside,
    patterns: Patterns,
}

/// Patterns that match inside of their network. IPv6 rarely needs more than half of the address.
#[derive(Clone)]
enum Inside {
    Ipv4(Intervals<u32>),
    Ipv6Half(Intervals<u64>),
    Ipv6(Intervals<u128>),
}

/// Addresses, lengths of the networks, least and most: sorted, each once.
#[derive(Clone, PartialEq, Eq)]
enum Patterns {
    Ipv4(Box<[(u32, [u8; 3])]>),
    Ipv6(Box<[([u64; 2], [u8; 3])]>),
}

impl PrefixSet {
    /// Most patterns of a set.
    pub const MAX_PATTERNS: usize = 1 << 24;

    /// `None` when the patterns are of both families, or more than [`Self::MAX_PATTERNS`].
    pub fn new(patterns: &[PrefixPattern]) -> Option<Self> {
        let ipv4 = patterns.first().is_none_or(|pattern| pattern.net.addr().is_ipv4());
        if patterns.len() > Self::MAX_PATTERNS
            || patterns.iter().any(|pattern| pattern.net.addr().is_ipv4() != ipv4)
        {
            return None;
        }
        let patterns = Patterns::new(patterns, ipv4);
        let half =
            patterns.iter().all(|pattern| pattern.length <= 64 || pattern.most < pattern.length);
        let inside = match (ipv4, half) {
            (true, _) => Inside::Ipv4(patterns.inside()),
            (false, true) => Inside::Ipv6Half(patterns.inside()),
            (false, false) => Inside::Ipv6(patterns.inside()),
        };
        let outside = patterns.iter().filter_map(|pattern| {
            let lengths =
                lengths(pattern.least, pattern.most.min(pattern.length.saturating_sub(1)));
            (lengths != 0).then_some((pattern.address, lengths))
        });
        let outside = Outside::new(outside);
        let default_route = patterns.iter().any(|pattern| pattern.least == 0);
        Some(Self { default_route, inside, outside, patterns })
    }

    /// How many patterns it has, each counted once.
    pub const fn len(&self) -> usize {
        match &self.patterns {
            Patterns::Ipv4(patterns) => patterns.len(),
            Patterns::Ipv6(patterns) => patterns.len(),
        }
    }

    /// Whether it has no patterns.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether some pattern of the set matches.
    #[inline]
    pub fn contains(&self, net: &IpNet) -> bool {
        let length = net.prefix_len();
        let inside = match (&self.inside, net) {
            _ if length == 0 => {
                return self.default_route && self.is_ipv4() == net.addr().is_ipv4();
            }
            (Inside::Ipv4(inside), IpNet::V4(net)) => inside.contains(net.addr().to_bits(), length),
            (Inside::Ipv6Half(inside), IpNet::V6(net)) => {
                inside.contains((net.addr().to_bits() >> 64) as u64, length)
            }
            (Inside::Ipv6(inside), IpNet::V6(net)) => inside.contains(net.addr().to_bits(), length),
            _ => return false,
        };
        // Nearly always empty; and no branch on `inside`, which nobody can predict.
        if self.outside.is_empty() {
            return inside;
        }
        inside || self.outside.contains(bits(net).0, length)
    }

    /// Whether the prefix of the address alone is matched.
    pub fn contains_address(&self, address: IpAddr) -> bool {
        self.contains(&IpNet::from(address))
    }

    /// The patterns, sorted, each once.
    pub fn patterns(&self) -> impl Iterator<Item = PrefixPattern> + '_ {
        self.patterns.iter().filter_map(|own| {
            let address = match self.is_ipv4() {
                true => IpAddr::V4(((own.address >> 96) as u32).into()),
                false => IpAddr::V6(own.address.into()),
            };
            let net = IpNet::new(address, own.length).ok()?;
            Some(PrefixPattern { net, least: own.least, most: own.most })
        })
    }

    const fn is_ipv4(&self) -> bool {
        matches!(self.inside, Inside::Ipv4(_))
    }

    fn form(&self) -> Form {
        Form::new(self.is_ipv4(), self.patterns.iter())
    }
}

/// A pattern, its address at the high end of the word.
#[derive(Debug, Clone, Copy)]
struct Pattern {
    address: u128,
    length: u8,
    least: u8,
    most: u8,
}

impl Patterns {
    fn new(patterns: &[PrefixPattern], ipv4: bool) -> Self {
        fn sorted<T: Ord>(patterns: impl Iterator<Item = T>) -> Box<[T]> {
            let mut patterns: Vec<T> = patterns.collect();
            patterns.sort_unstable();
            patterns.dedup();
            patterns.into()
        }
        let lengths = |pattern: &PrefixPattern| {
            let most = pattern.most.min(pattern.net.max_prefix_len());
            [pattern.net.prefix_len(), pattern.least, most]
        };
        let address = |pattern: &PrefixPattern| bits(&pattern.net).0;
        match ipv4 {
            true => Self::Ipv4(sorted(
                patterns.iter().map(|own| ((address(own) >> 96) as u32, lengths(own))),
            )),
            false => Self::Ipv6(sorted(
                patterns
                    .iter()
                    .map(|own| ([(address(own) >> 64) as u64, address(own) as u64], lengths(own))),
            )),
        }
    }

    fn iter(&self) -> impl Iterator<Item = Pattern> + Clone + '_ {
        let (ipv4, ipv6): (&[_], &[_]) = match self {
            Self::Ipv4(patterns) => (patterns, &[]),
            Self::Ipv6(patterns) => (&[], patterns),
        };
        let pattern =
            |address, [length, least, most]: [u8; 3]| Pattern { address, length, least, most };
        let ipv4 = ipv4.iter().map(move |own| pattern(u128::from(own.0) << 96, own.1));
        let ipv6 = ipv6
            .iter()
            .map(move |own| pattern(u128::from(own.0[0]) << 64 | u128::from(own.0[1]), own.1));
        ipv4.chain(ipv6)
    }

    fn inside<W: Word>(&self) -> Intervals<W> {
        let inner = self.iter().filter(|own| own.most >= own.length).map(|own| Inner {
            address: W::from_high(own.address),
            length: own.length,
            least: own.least.max(own.length),
            most: own.most,
        });
        Intervals::new(&inner.collect::<Vec<_>>())
    }
}

/// As in BIRD: equal when they print the same, however they were written. (BIRD 2.0.12 finds sets equal, too, that
/// differ only in networks whose length is no multiple of 4: `[ 10.0.0.0/13 ] = [ 10.8.0.0/13 ]`. Here they are not.)
impl PartialEq for PrefixSet {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns || self.form() == other.form()
    }
}

impl Eq for PrefixSet {}

impl fmt::Display for PrefixSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.form().fmt(f)
    }
}

impl fmt::Debug for PrefixSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrefixSet({self})")
    }
}

#[cfg(test)]
mod tests;
