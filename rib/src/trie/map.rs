//! The trie for both families, with nets as keys.

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Covering, Iter, Trie};

/// Nets of both families with values, in order: IPv4 before IPv6, by address, a net before the more specific ones.
///
/// A net stands for itself without host bits. `V::default()` fills room that is kept in stock, so it should need no
/// memory. Of a million IPv4 nets spread at random, values of 4 octets included, each needs some 30 octets, 19 after
/// [`PrefixMap::shrink`]; IPv6, 77 and 60. Now and then the map moves its nets together, all of them at once.
///
/// ```
/// use ipnet::IpNet;
/// use rib::PrefixMap;
///
/// let net = |text: &str| text.parse::<IpNet>();
/// let mut map = PrefixMap::new();
/// map.insert(net("198.51.100.0/24")?, 'a');
/// map.insert(net("198.51.0.0/16")?, 'b');
/// map.insert(net("2001:db8::/32")?, 'c');
/// assert_eq!(map.get(&net("198.51.0.0/16")?), Some(&'b'));
/// assert_eq!(map.longest_match(&net("198.51.100.9/32")?), Some((net("198.51.100.0/24")?, &'a')));
/// assert_eq!(map.covering(&net("198.51.100.9/32")?).map(|(_, value)| *value).collect::<String>(), "ba");
/// assert_eq!(map.covered(&net("198.0.0.0/8")?).map(|(_, value)| *value).collect::<String>(), "ba");
/// assert_eq!(map.iter().map(|(_, value)| *value).collect::<String>(), "bac");
/// assert_eq!(map.remove(&net("198.51.0.0/16")?), Some('b'));
/// # Ok::<(), ipnet::AddrParseError>(())
/// ```
#[derive(Clone)]
pub struct PrefixMap<V> {
    pub(super) v4: Trie<u32, V>,
    pub(super) v6: Trie<u128, V>,
}

fn bits4(net: Ipv4Net) -> u32 {
    net.addr().to_bits()
}

fn bits6(net: Ipv6Net) -> u128 {
    net.addr().to_bits()
}

fn net4<V>((bits, length, value): (u32, u8, &V)) -> Option<(IpNet, &V)> {
    Some((Ipv4Net::new(Ipv4Addr::from_bits(bits), length).ok()?.into(), value))
}

fn net6<V>((bits, length, value): (u128, u8, &V)) -> Option<(IpNet, &V)> {
    Some((Ipv6Net::new(Ipv6Addr::from_bits(bits), length).ok()?.into(), value))
}

impl<V: Default> PrefixMap<V> {
    /// An empty map.
    pub fn new() -> Self {
        Self { v4: Trie::new(), v6: Trie::new() }
    }

    /// Number of nets.
    pub const fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sets the value of a net, and gives the one it had.
    pub fn insert(&mut self, net: IpNet, value: V) -> Option<V> {
        match net {
            IpNet::V4(net) => self.v4.insert(bits4(net), net.prefix_len(), value),
            IpNet::V6(net) => self.v6.insert(bits6(net), net.prefix_len(), value),
        }
    }

    /// Removes a net, and gives its value.
    pub fn remove(&mut self, net: &IpNet) -> Option<V> {
        match *net {
            IpNet::V4(net) => self.v4.remove(bits4(net), net.prefix_len()),
            IpNet::V6(net) => self.v6.remove(bits6(net), net.prefix_len()),
        }
    }

    /// The value of just this net.
    #[inline]
    pub fn get(&self, net: &IpNet) -> Option<&V> {
        match *net {
            IpNet::V4(net) => self.v4.get(bits4(net), net.prefix_len()),
            IpNet::V6(net) => self.v6.get(bits6(net), net.prefix_len()),
        }
    }

    /// The value of just this net, to change.
    pub fn get_mut(&mut self, net: &IpNet) -> Option<&mut V> {
        match *net {
            IpNet::V4(net) => self.v4.get_mut(bits4(net), net.prefix_len()),
            IpNet::V6(net) => self.v6.get_mut(bits6(net), net.prefix_len()),
        }
    }

    /// The most specific net that covers this one.
    #[inline]
    pub fn longest_match(&self, net: &IpNet) -> Option<(IpNet, &V)> {
        match *net {
            IpNet::V4(net) => net4(self.v4.longest_match(bits4(net), net.prefix_len())?),
            IpNet::V6(net) => net6(self.v6.longest_match(bits6(net), net.prefix_len())?),
        }
    }

    /// The nets that cover this one, itself too, the shortest first.
    #[inline]
    pub fn covering(&self, net: &IpNet) -> CoveringPrefixes<'_, V> {
        CoveringPrefixes(match *net {
            IpNet::V4(net) => Either::V4(self.v4.covering(bits4(net), net.prefix_len())),
            IpNet::V6(net) => Either::V6(self.v6.covering(bits6(net), net.prefix_len())),
        })
    }

    /// The nets that this one covers, itself too.
    pub fn covered(&self, net: &IpNet) -> Prefixes<'_, V> {
        let (v4, v6) = match *net {
            IpNet::V4(net) => (Some(self.v4.covered(bits4(net), net.prefix_len())), None),
            IpNet::V6(net) => (None, Some(self.v6.covered(bits6(net), net.prefix_len()))),
        };
        Prefixes { v4, v6 }
    }

    /// All nets.
    pub fn iter(&self) -> Prefixes<'_, V> {
        Prefixes { v4: Some(self.v4.iter()), v6: Some(self.v6.iter()) }
    }

    /// The nets behind this one, which need not be there: so a walk can go on after the map has changed.
    pub fn after(&self, net: &IpNet) -> Prefixes<'_, V> {
        let (v4, v6) = match *net {
            IpNet::V4(net) => (Some(self.v4.after(bits4(net), net.prefix_len())), self.v6.iter()),
            IpNet::V6(net) => (None, self.v6.after(bits6(net), net.prefix_len())),
        };
        Prefixes { v4, v6: Some(v6) }
    }

    /// Gives back memory that is kept in stock.
    pub fn shrink(&mut self) {
        self.v4.compact();
        self.v6.compact();
    }

    /// Octets on the heap, without what values hold there themselves.
    pub fn memory(&self) -> usize {
        self.v4.memory() + self.v6.memory()
    }
}

impl<V: Default> Default for PrefixMap<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: Default + fmt::Debug> fmt::Debug for PrefixMap<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<V: Default> FromIterator<(IpNet, V)> for PrefixMap<V> {
    fn from_iter<T: IntoIterator<Item = (IpNet, V)>>(nets: T) -> Self {
        let mut map = Self::new();
        for (net, value) in nets {
            map.insert(net, value);
        }
        map
    }
}

/// Iterator of [`PrefixMap::iter`], [`PrefixMap::covered`] and [`PrefixMap::after`].
#[derive(Debug, Clone)]
pub struct Prefixes<'a, V> {
    v4: Option<Iter<'a, u32, V>>,
    v6: Option<Iter<'a, u128, V>>,
}

impl<'a, V: Default> Iterator for Prefixes<'a, V> {
    type Item = (IpNet, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(entry) = self.v4.as_mut().and_then(Iterator::next) {
            return net4(entry);
        }
        self.v4 = None;
        net6(self.v6.as_mut()?.next()?)
    }
}

/// Iterator of [`PrefixMap::covering`].
#[derive(Debug, Clone)]
pub struct CoveringPrefixes<'a, V>(Either<'a, V>);

#[derive(Debug, Clone)]
enum Either<'a, V> {
    V4(Covering<'a, u32, V>),
    V6(Covering<'a, u128, V>),
}

impl<'a, V: Default> Iterator for CoveringPrefixes<'a, V> {
    type Item = (IpNet, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Either::V4(iter) => net4(iter.next()?),
            Either::V6(iter) => net6(iter.next()?),
        }
    }
}
