//! How BIRD prints a set of prefixes: the nodes of a trie that branches every four bits.
//!
//! The rules were found by asking a running BIRD 2.0.12 for `format([ … ])`; `observed/prefix_sets.txt` has examples.
//!
//! - A node stands for a network whose length is a multiple of 4. There is one for each pattern (its length rounded
//!   down), one where two of them part, and the root.
//! - A pattern that is longer than the lengths it matches is cut to the longest of them.
//! - A node prints with the lengths that it accepts: of its own patterns all, of those below the ones up to its own length.
//! - Lengths in between (up to three bits longer) are kept for each of the 14 networks inside the node.
//! - A pattern whose length is no multiple of 4 and that reaches into longer nodes is split into several.

use alloc::vec::Vec;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use super::{Pattern, lengths, mask};
use crate::set::address::Ipv6Form;

/// Bits that a node branches by.
const STEP: u8 = 4;

impl Pattern {
    /// The node that it belongs to, once it is [`split`].
    const fn node(&self) -> (u128, u8) {
        let length = self.length / STEP * STEP;
        (self.address & mask(length), length)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node {
    address: u128,
    length: u8,
    /// Length 1 is the highest bit, length 128 the lowest. 0 is kept in [`Form::default_route`].
    accept: u128,
    /// Networks 1 to 3 bits longer: bit `1 << n | branch` for n bits.
    inside: u16,
}

/// A set of prefixes in the form in which BIRD prints and compares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    ipv4: bool,
    default_route: bool,
    /// By address, then length: so a node comes before those below it.
    nodes: Vec<Node>,
}

/// The networks `depth` bits below a node that agree with `address` on `length` bits.
fn inside(node: u8, address: u128, length: u8, depth: u8) -> u16 {
    let branches = |bits: u8| match bits {
        0 => 0,
        _ => u16::try_from(address << node >> (128 - u32::from(bits))).unwrap_or_default(),
    };
    let shared = depth.min(length - node);
    let first = (1 << shared | branches(shared)) << (depth - shared);
    let count = 1u16 << (depth - shared);
    ((1 << count) - 1) << first
}

impl Form {
    pub(super) fn new(ipv4: bool, patterns: impl Iterator<Item = Pattern> + Clone) -> Self {
        let mut pieces: Vec<Pattern> = Vec::new();
        for pattern in patterns.clone() {
            split(&pattern, &mut pieces);
        }
        pieces.sort_unstable_by_key(Pattern::node);
        let mut nodes: Vec<(u128, u8)> = Vec::with_capacity(pieces.len() + 1);
        nodes.push((0, 0));
        nodes.extend(pieces.iter().map(Pattern::node));
        for pair in pieces.windows(2) {
            let [one, other] = pair else { continue };
            let ((a, a_length), (b, b_length)) = (one.node(), other.node());
            let shared = u8::try_from((a ^ b).leading_zeros()).unwrap_or(128);
            let length = shared.min(a_length).min(b_length) / STEP * STEP;
            nodes.push((a & mask(length), length));
        }
        nodes.sort_unstable();
        nodes.dedup();
        let nodes = nodes.into_iter().map(|(address, length)| Node {
            address,
            length,
            accept: 0,
            inside: 0,
        });
        let mut form = Self {
            ipv4,
            default_route: patterns.clone().any(|pattern| pattern.least == 0),
            nodes: nodes.collect(),
        };
        form.fill(&pieces);
        form
    }

    /// Walks pieces and nodes in their common order, with the nodes above on a stack.
    fn fill(&mut self, pieces: &[Pattern]) {
        let mut above: Vec<usize> = Vec::new();
        let mut next = 0;
        for piece in pieces {
            let target = piece.node();
            while let Some(node) = self.nodes.get(next) {
                if (node.address, node.length) > target {
                    break;
                }
                while let Some(top) = above.last().and_then(|top| self.nodes.get(*top)) {
                    let covers = top.length < node.length
                        && (top.address ^ node.address) & mask(top.length) == 0;
                    if covers {
                        break;
                    }
                    above.pop();
                }
                above.push(next);
                next += 1;
            }
            for at in &above {
                if let Some(node) = self.nodes.get_mut(*at) {
                    node.add(piece);
                }
            }
        }
    }
}

impl Node {
    fn add(&mut self, piece: &Pattern) {
        let own = (self.address, self.length) == piece.node();
        let cut = own && piece.length == self.length;
        let most = if cut { piece.most } else { piece.most.min(self.length) };
        self.accept |= lengths(piece.least, most);
        for depth in 1..STEP {
            let length = self.length + depth;
            if (piece.least..=piece.most).contains(&length) && (own || length <= piece.length) {
                self.inside |= inside(self.length, piece.address, piece.length, depth);
            }
        }
    }
}

fn split(pattern: &Pattern, pieces: &mut Vec<Pattern>) {
    let &Pattern { least, most, .. } = pattern;
    let length = pattern.length.min(most);
    let address = pattern.address & mask(length);
    let rest = length % STEP;
    let below = length - rest + STEP;
    if rest == 0 || most < below {
        pieces.push(Pattern { address, length, least, most });
        return;
    }
    if least < below {
        pieces.push(Pattern { address, length, least, most: below - 1 });
    }
    for branch in 0..1u128 << (STEP - rest) {
        let address = address | branch << (128 - below);
        pieces.push(Pattern { address, length: below, least: least.max(below), most });
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        let mut printer = Printer { f, ipv4: self.ipv4, first: true };
        if self.default_route {
            printer.item(0, 0, 0)?;
        }
        for node in &self.nodes {
            if node.accept != 0 {
                printer.item(node.address, node.length, node.accept)?;
            }
            printer.inside(node)?;
        }
        f.write_str("]")
    }
}

struct Printer<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    ipv4: bool,
    first: bool,
}

impl Printer<'_, '_> {
    /// What is inside a node, the shorter first. A network takes those below it along where they are complete.
    fn inside(&mut self, node: &Node) -> fmt::Result {
        if node.inside == 0 {
            return Ok(());
        }
        let mut left = node.inside;
        for depth in 1..STEP {
            if node.accept & lengths(node.length + depth, node.length + depth) != 0 {
                left &= !(((1 << (1u16 << depth)) - 1) << (1u16 << depth));
            }
        }
        for at in 2u16..16 {
            if left >> at & 1 == 0 {
                continue;
            }
            let depth = u8::try_from(at.ilog2()).unwrap_or_default();
            let mut accept = 0;
            for deeper in depth..STEP {
                let all = ((1u16 << (1u16 << (deeper - depth))) - 1) << (at << (deeper - depth));
                if left & all != all {
                    break;
                }
                left &= !all;
                accept |= lengths(node.length + deeper, node.length + deeper);
            }
            let length = node.length + depth;
            let branch = u128::from(at & ((1 << depth) - 1)) << (128 - length);
            self.item(node.address | branch, length, accept)?;
        }
        Ok(())
    }

    fn item(&mut self, address: u128, length: u8, accept: u128) -> fmt::Result {
        if !core::mem::take(&mut self.first) {
            self.f.write_str(", ")?;
        }
        let high = |bits: u128| Ipv4Addr::from_bits(u32::try_from(bits >> 96).unwrap_or_default());
        match self.ipv4 {
            true => write!(self.f, "{}/{length}", high(address))?,
            false => write!(self.f, "{}/{length}", Ipv6Form(Ipv6Addr::from_bits(address)))?,
        }
        match (accept, self.ipv4) {
            (0, _) => Ok(()),
            (_, true) => write!(self.f, "{{{}}}", high(accept)),
            (_, false) => write!(self.f, "{{{}}}", Ipv6Form(Ipv6Addr::from_bits(accept))),
        }
    }
}
