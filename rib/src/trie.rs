//! Prefixes with values: exact and longest match, the prefixes that cover one and those that it covers.
//!
//! A path-compressed multibit trie. A node stands at a depth of 0, 1, 7, 13, 19, …: it has the prefixes of the six
//! lengths from its depth on, in one bitmap, and up to 64 children by the six bits below its depth, in another; values
//! and children lie side by side, so that counting bits finds them. So the lengths that are met most, /24 and /48, are
//! the last ones of a node, 32 of them in it. Depths at which there would be nothing but one child are left out: a
//! node knows its bits. There are at most twice as many nodes as prefixes.
//!
//! The bitmap of prefixes is in *pre-order*, a prefix before the more specific ones, the left half before the right
//! one: so the bits are in the order in which prefixes are listed, and what a prefix covers is one run of them.

mod blocks;
mod iter;
mod map;

use core::fmt;

use self::blocks::Blocks;
use self::iter::Walk;
pub(crate) use self::iter::{Covering, Iter};
pub use self::map::{CoveringPrefixes, PrefixMap, Prefixes};

/// Bits that choose among children.
const STRIDE: u8 = 6;
/// The last of the lengths in a node, counted from its depth.
const LAST: u8 = STRIDE - 1;

/// An address as bits, the first one on top.
pub(crate) trait Address: Copy + Default + Ord + fmt::Debug {
    /// How a node is aligned.
    type Line: Copy + Default + fmt::Debug;

    /// Bits of an address.
    const WIDTH: u8;

    /// The six bits below a depth, with zeros where the address is at its end. Of the root it is one bit.
    fn chunk(self, depth: u8) -> u8;

    /// The address with these six bits below a depth, where it had zeros.
    fn with_chunk(self, depth: u8, chunk: u8) -> Self;

    /// The first bits alone.
    fn masked(self, length: u8) -> Self;

    /// How many of the first bits are equal.
    fn common(self, other: Self) -> u8;
}

/// A node with this alignment and size lies on one cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
pub(crate) struct HalfLine;

macro_rules! address {
    ($type:ty, $line:ty) => {
        impl Address for $type {
            type Line = $line;
            const WIDTH: u8 = <$type>::BITS as u8;

            #[inline]
            fn chunk(self, depth: u8) -> u8 {
                if depth == 0 {
                    return (self >> (Self::WIDTH - 1)) as u8;
                }
                ((self << depth) >> (Self::WIDTH - STRIDE)) as u8
            }

            #[inline]
            fn with_chunk(self, depth: u8, chunk: u8) -> Self {
                self | Self::from(chunk) << (Self::WIDTH - STRIDE) >> depth
            }

            #[inline]
            fn masked(self, length: u8) -> Self {
                let host = Self::MAX.checked_shr(length.into()).unwrap_or(0);
                self & !host
            }

            #[inline]
            fn common(self, other: Self) -> u8 {
                (self ^ other).leading_zeros() as u8
            }
        }
    };
}

address!(u32, HalfLine);
address!(u128, u128);

/// The depth of the node that has the prefixes of a length.
const fn level(length: u8) -> u8 {
    match length {
        0 => 0,
        _ => (length - 1) / STRIDE * STRIDE + 1,
    }
}

/// A length counted from a node's depth, at most the last one. The root has length 0 as its last.
const fn relative(length: u8, depth: u8) -> u8 {
    if depth == 0 || length - depth > LAST {
        return LAST;
    }
    length - depth
}

/// The bit of a prefix in its node: its place in the pre-order of 63. To go right at a depth leaves the left
/// half out, 2^(5 - depth) - 1 prefixes.
const fn position(relative: u8, chunk: u8) -> u8 {
    let path = chunk & (0x3f << (STRIDE - relative)) & 0x3f;
    relative + path - path.count_ones() as u8
}

/// The bit of the last prefix in a node that covers a child: it is listed before the child.
const fn before_child(chunk: u8) -> u8 {
    position(LAST, chunk)
}

/// The bits from 0 to `last`.
const fn up_to(last: u8) -> u64 {
    u64::MAX >> (63 - last)
}

/// By the first five bits below a node's depth: the prefixes of the node that cover them.
const PATHS: [u64; 32] = {
    let mut paths = [0; 32];
    let mut path = 0;
    while path < 32 {
        let mut length = 0;
        while length <= LAST {
            paths[path] |= 1 << position(length, (path << 1) as u8);
            length += 1;
        }
        path += 1;
    }
    paths
};

/// By the bit of a prefix in its node: its length from there, and its bits on top of six.
const PLACES: [(u8, u8); 63] = {
    let mut places = [(0, 0); 63];
    let mut length = 0;
    while length <= LAST {
        let mut path = 0;
        while path < 1u8 << length {
            let chunk = path << (STRIDE - length);
            places[position(length, chunk) as usize] = (length, chunk);
            path += 1;
        }
        length += 1;
    }
    places
};

/// How many bits below `bit` are set.
#[inline]
fn rank(bits: u64, bit: u8) -> u32 {
    (bits & ((1 << bit) - 1)).count_ones()
}

#[inline]
fn has(bits: u64, bit: u8) -> bool {
    bits >> bit & 1 == 1
}

/// 32 octets for IPv4, 48 for IPv6.
#[derive(Debug, Clone, Copy, Default)]
struct Node<A: Address> {
    _align: [A::Line; 0],
    /// The first `depth` bits of all that is below.
    bits: A,
    /// Which prefixes are there, in pre-order.
    prefixes: u64,
    /// Which children are there.
    children: u64,
    first_value: u32,
    first_child: u32,
    depth: u8,
}

impl<A: Address> Node<A> {
    fn at(bits: A, depth: u8) -> Self {
        Self { bits, depth, ..Self::default() }
    }

    /// Whether the node does nothing but lead to its only child.
    fn is_passage(&self) -> bool {
        self.prefixes == 0 && self.children.count_ones() == 1 && self.depth > 0
    }

    /// The prefixes of the node that cover a net which is below it.
    #[inline]
    fn covering(&self, bits: A, length: u8) -> u64 {
        let chunk = bits.chunk(self.depth);
        let path = PATHS.get(usize::from(chunk >> 1)).copied().unwrap_or_default();
        match relative(length, self.depth) {
            LAST => self.prefixes & path,
            relative => self.prefixes & path & up_to(position(relative, chunk)),
        }
    }

    /// The prefix of a bit.
    fn prefix(&self, bit: u8) -> (A, u8) {
        let (length, chunk) = PLACES.get(usize::from(bit)).copied().unwrap_or_default();
        match self.depth {
            0 => (self.bits, 0),
            depth => (self.bits.with_chunk(depth, chunk), depth + length),
        }
    }
}

/// Index of a node; 0 is the root's.
type Index = u32;
const ROOT: Index = 0;

/// Prefixes of one family with values. Bits of an address behind the prefix are taken for zeros.
#[derive(Debug, Clone)]
pub(crate) struct Trie<A: Address, V> {
    nodes: Blocks<Node<A>>,
    values: Blocks<V>,
    len: usize,
}

impl<A: Address, V: Default> Trie<A, V> {
    pub(crate) fn new() -> Self {
        let mut nodes = Blocks::new();
        nodes.insert(ROOT, 0, 0, Node::at(A::default(), 0));
        Self { nodes, values: Blocks::new(), len: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn node(&self, index: Index) -> Option<&Node<A>> {
        self.nodes.get(index, 0)
    }

    #[inline]
    fn value(&self, node: &Node<A>, bit: u8) -> Option<&V> {
        self.values.get(node.first_value, rank(node.prefixes, bit))
    }

    #[inline]
    fn child(&self, node: &Node<A>, chunk: u8) -> Option<Index> {
        has(node.children, chunk).then(|| node.first_child + rank(node.children, chunk))
    }

    /// The nodes that have prefixes which cover a net, from the root on.
    #[inline]
    fn walk(&self, bits: A, length: u8) -> Walk<'_, A, V> {
        Walk { trie: self, node: self.node(ROOT), bits, length }
    }

    #[inline]
    pub(crate) fn get(&self, bits: A, length: u8) -> Option<&V> {
        let (node, bit) = self.find(bits, length)?;
        self.value(node, bit)
    }

    pub(crate) fn get_mut(&mut self, bits: A, length: u8) -> Option<&mut V> {
        let (node, bit) = self.find(bits, length)?;
        let (first, at) = (node.first_value, rank(node.prefixes, bit));
        self.values.get_mut(first, at)
    }

    #[inline]
    fn find(&self, bits: A, length: u8) -> Option<(&Node<A>, u8)> {
        let node = self.walk(bits, length).last().filter(|node| node.depth == level(length))?;
        let bit = position(relative(length, node.depth), bits.chunk(node.depth));
        has(node.prefixes, bit).then_some((node, bit))
    }

    #[inline]
    pub(crate) fn longest_match(&self, bits: A, length: u8) -> Option<(A, u8, &V)> {
        let (node, bits) = self
            .walk(bits, length)
            .map(|node| (node, node.covering(bits, length)))
            .filter(|(_, covering)| *covering != 0)
            .last()?;
        self.entry(node, bits.ilog2() as u8)
    }

    #[inline]
    fn entry(&self, node: &Node<A>, bit: u8) -> Option<(A, u8, &V)> {
        let (bits, length) = node.prefix(bit);
        Some((bits, length, self.value(node, bit)?))
    }

    /// Sets a value and gives the one that was there.
    pub(crate) fn insert(&mut self, bits: A, length: u8, value: V) -> Option<V> {
        let bits = bits.masked(length);
        let index = self.place(bits, length)?;
        let node = self.nodes.get_mut(index, 0)?;
        let bit = position(relative(length, node.depth), bits.chunk(node.depth));
        let (at, count) = (rank(node.prefixes, bit), node.prefixes.count_ones());
        if has(node.prefixes, bit) {
            let place = self.values.get_mut(node.first_value, at)?;
            return Some(core::mem::replace(place, value));
        }
        node.prefixes |= 1 << bit;
        node.first_value = self.values.insert(node.first_value, count, at, value);
        self.len += 1;
        self.tidy();
        None
    }

    /// The node for prefixes of this length, made where there is none.
    fn place(&mut self, bits: A, length: u8) -> Option<Index> {
        let (depth, mut parent) = (level(length), ROOT);
        loop {
            let above = *self.node(parent)?;
            if above.depth == depth {
                return Some(parent);
            }
            let chunk = bits.chunk(above.depth);
            let new = Node::at(bits.masked(depth), depth);
            let Some(index) = self.child(&above, chunk) else {
                return self.add_child(parent, chunk, new);
            };
            let below = *self.node(index)?;
            let common = bits.common(below.bits);
            if common >= below.depth && below.depth <= depth {
                parent = index;
            } else if common >= depth {
                // It is above what is there …
                return self.put_above(index, new);
            } else {
                // … or goes another way at this depth.
                let fork = level(common);
                parent = self.put_above(index, Node::at(bits.masked(fork), fork))?;
            }
        }
    }

    fn add_child(&mut self, parent: Index, chunk: u8, node: Node<A>) -> Option<Index> {
        let mut above = *self.node(parent)?;
        let (at, count) = (rank(above.children, chunk), above.children.count_ones());
        above.first_child = self.nodes.insert(above.first_child, count, at, node);
        above.children |= 1 << chunk;
        *self.nodes.get_mut(parent, 0)? = above;
        Some(above.first_child + at)
    }

    /// Puts a node in another's place, which becomes its child.
    fn put_above(&mut self, index: Index, node: Node<A>) -> Option<Index> {
        let below = core::mem::replace(self.nodes.get_mut(index, 0)?, node);
        self.add_child(index, below.bits.chunk(node.depth), below)?;
        Some(index)
    }

    /// Removes a prefix and gives its value.
    pub(crate) fn remove(&mut self, bits: A, length: u8) -> Option<V> {
        let bits = bits.masked(length);
        let (mut parent, mut index) = (ROOT, ROOT);
        let mut node = *self.node(ROOT)?;
        while node.depth != level(length) {
            (parent, index) = (index, self.child(&node, bits.chunk(node.depth))?);
            node = *self.node(index)?;
            if node.depth > length || bits.common(node.bits) < node.depth {
                return None;
            }
        }
        let bit = position(relative(length, node.depth), bits.chunk(node.depth));
        if !has(node.prefixes, bit) {
            return None;
        }
        let (at, count) = (rank(node.prefixes, bit), node.prefixes.count_ones());
        let (value, first) = self.values.remove(node.first_value, count, at);
        node.prefixes &= !(1 << bit);
        node.first_value = first;
        *self.nodes.get_mut(index, 0)? = node;
        self.len -= 1;
        if node.prefixes == 0 && node.children == 0 && index != ROOT {
            self.remove_child(parent, bits);
            self.skip(parent);
        } else {
            self.skip(index);
        }
        self.tidy();
        Some(value)
    }

    fn remove_child(&mut self, parent: Index, bits: A) {
        let Some(mut above) = self.node(parent).copied() else { return };
        let chunk = bits.chunk(above.depth);
        let (at, count) = (rank(above.children, chunk), above.children.count_ones());
        (_, above.first_child) = self.nodes.remove(above.first_child, count, at);
        above.children &= !(1 << chunk);
        if let Some(place) = self.nodes.get_mut(parent, 0) {
            *place = above;
        }
    }

    /// Leaves a node out that only leads to another.
    fn skip(&mut self, index: Index) {
        if let Some(node) = self.node(index).copied().filter(Node::is_passage) {
            let (child, _) = self.nodes.remove(node.first_child, 1, 0);
            if let Some(place) = self.nodes.get_mut(index, 0) {
                *place = child;
            }
        }
    }

    /// Where many blocks grow together, the small ones that they have left are of no use to anybody.
    fn tidy(&mut self) {
        if self.nodes.is_sparse() || self.values.is_sparse() {
            self.compact();
        }
    }

    /// Moves everything together.
    pub(crate) fn compact(&mut self) {
        let (mut nodes, mut values) = (Blocks::new(), Blocks::new());
        let mut open = alloc::vec![nodes.adopt(&mut self.nodes, ROOT, 1)];
        while let Some(index) = open.pop() {
            let Some(mut node) = nodes.get(index, 0).copied() else { continue };
            let prefixes = node.prefixes.count_ones();
            let children = node.children.count_ones();
            node.first_value = values.adopt(&mut self.values, node.first_value, prefixes);
            node.first_child = nodes.adopt(&mut self.nodes, node.first_child, children);
            open.extend((0..children).map(|child| node.first_child + child));
            if let Some(place) = nodes.get_mut(index, 0) {
                *place = node;
            }
        }
        nodes.shrink();
        values.shrink();
        (self.nodes, self.values) = (nodes, values);
    }

    /// Octets on the heap, without what values hold there themselves.
    pub(crate) fn memory(&self) -> usize {
        self.nodes.memory() + self.values.memory()
    }
}

#[cfg(test)]
mod tests;
