//! Ways through a trie. All give prefixes in order: by address, a prefix before the more specific ones.

use smallvec::SmallVec;

use super::{Address, Node, ROOT, STRIDE, Trie, before_child, level, position, relative, up_to};

/// From the root towards a net: the nodes whose bits are the net's.
#[derive(Debug, Clone)]
pub(super) struct Walk<'a, A: Address, V> {
    pub(super) trie: &'a Trie<A, V>,
    pub(super) node: Option<&'a Node<A>>,
    pub(super) bits: A,
    pub(super) length: u8,
}

impl<'a, A: Address, V: Default> Iterator for Walk<'a, A, V> {
    type Item = &'a Node<A>;

    #[inline]
    fn next(&mut self) -> Option<&'a Node<A>> {
        let node = self.node.take()?;
        if level(self.length) > node.depth
            && let Some(index) = self.trie.child(node, self.bits.chunk(node.depth))
        {
            self.node = self.trie.node(index).filter(|below| {
                below.depth <= self.length && self.bits.common(below.bits) >= below.depth
            });
        }
        Some(node)
    }
}

/// The prefixes that cover a net, the shortest first.
#[derive(Debug, Clone)]
pub(crate) struct Covering<'a, A: Address, V> {
    walk: Walk<'a, A, V>,
    node: Option<&'a Node<A>>,
    /// Prefixes of the node that are still to come.
    prefixes: u64,
}

impl<'a, A: Address, V: Default> Iterator for Covering<'a, A, V> {
    type Item = (A, u8, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.prefixes == 0 {
            let node = self.walk.next()?;
            self.node = Some(node);
            self.prefixes = node.covering(self.walk.bits, self.walk.length);
        }
        let bit = self.prefixes.trailing_zeros() as u8;
        self.prefixes &= self.prefixes - 1;
        self.walk.trie.entry(self.node?, bit)
    }
}

/// A node and what of it is still to come.
#[derive(Debug, Clone)]
struct Frame<'a, A: Address> {
    node: &'a Node<A>,
    prefixes: u64,
    children: u64,
}

impl<'a, A: Address> Frame<'a, A> {
    const fn whole(node: &'a Node<A>) -> Self {
        Self { node, prefixes: node.prefixes, children: node.children }
    }
}

/// Prefixes in order.
#[derive(Debug, Clone)]
pub(crate) struct Iter<'a, A: Address, V> {
    trie: &'a Trie<A, V>,
    stack: SmallVec<[Frame<'a, A>; 8]>,
}

impl<'a, A: Address, V: Default> Iterator for Iter<'a, A, V> {
    type Item = (A, u8, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let frame = self.stack.last_mut()?;
            let bit = frame.prefixes.trailing_zeros() as u8;
            let chunk = frame.children.trailing_zeros() as u8;
            if frame.children != 0 && bit > before_child(chunk) {
                frame.children &= frame.children - 1;
                let child = self.trie.child(frame.node, chunk).and_then(|at| self.trie.node(at));
                self.stack.extend(child.map(Frame::whole));
            } else if frame.prefixes != 0 {
                frame.prefixes &= frame.prefixes - 1;
                return self.trie.entry(frame.node, bit);
            } else {
                self.stack.pop();
            }
        }
    }
}

impl<A: Address, V: Default> Trie<A, V> {
    pub(crate) fn covering(&self, bits: A, length: u8) -> Covering<'_, A, V> {
        Covering { walk: self.walk(bits, length), node: None, prefixes: 0 }
    }

    pub(crate) fn iter(&self) -> Iter<'_, A, V> {
        Iter { trie: self, stack: self.node(ROOT).map(Frame::whole).into_iter().collect() }
    }

    /// The prefixes that a net covers, itself too.
    pub(crate) fn covered(&self, bits: A, length: u8) -> Iter<'_, A, V> {
        let bits = bits.masked(length);
        let mut iter = Iter { trie: self, stack: SmallVec::new() };
        let Some(node) = self.walk(bits, length).last() else { return iter };
        if node.depth == level(length) {
            iter.stack.push(below(node, bits, length));
        } else {
            // The nodes between may be left out.
            let child = self.child(node, bits.chunk(node.depth)).and_then(|at| self.node(at));
            let child = child.filter(|child| bits.common(child.bits) >= length);
            iter.stack.extend(child.map(Frame::whole));
        }
        iter
    }

    /// The prefixes that stand behind a net.
    pub(crate) fn after(&self, bits: A, length: u8) -> Iter<'_, A, V> {
        let bits = bits.masked(length);
        let mut iter = Iter { trie: self, stack: SmallVec::new() };
        for node in self.walk(bits, length) {
            let chunk = bits.chunk(node.depth);
            if node.depth == level(length) {
                let bit = position(relative(length, node.depth), chunk);
                let (prefixes, children) =
                    (node.prefixes & !up_to(bit), node.children & u64::MAX << chunk);
                iter.stack.push(Frame { node, prefixes, children });
                continue;
            }
            let prefixes = node.prefixes & !up_to(before_child(chunk));
            let children = node.children & !up_to(chunk);
            iter.stack.push(Frame { node, prefixes, children });
            // Where the walk ends here, what is below may stand behind the net all the same.
            let child = self.child(node, chunk).and_then(|at| self.node(at));
            let goes_on =
                |child: &Node<A>| child.depth <= length && bits.common(child.bits) >= child.depth;
            let child = child.filter(|child| !goes_on(child) && child.bits >= bits);
            iter.stack.extend(child.map(Frame::whole));
        }
        iter
    }
}

/// What a net covers in the node for prefixes of its length: both are runs, since the order is that of listing.
fn below<A: Address>(node: &Node<A>, bits: A, length: u8) -> Frame<'_, A> {
    if node.depth == 0 {
        return Frame::whole(node);
    }
    let (length, chunk) = (relative(length, node.depth), bits.chunk(node.depth));
    let first = position(length, chunk);
    let prefixes = (1 << (STRIDE - length)) - 1;
    let last_chunk = chunk | ((1 << (STRIDE - length)) - 1);
    Frame {
        node,
        prefixes: node.prefixes & up_to(first + prefixes - 1) & u64::MAX << first,
        children: node.children & up_to(last_chunk) & u64::MAX << chunk,
    }
}
