//! Prefixes within which something changed.

use alloc::vec::Vec;

use ipnet::IpNet;

use crate::trie::PrefixMap;

/// How much shorter prefixes get at a time when they are too many.
const STEP: u8 = 4;

/// A set of prefixes of one family, none of them within another.
#[derive(Debug, Clone)]
pub(super) struct NetChanges {
    nets: PrefixMap<()>,
    limit: usize,
}

impl NetChanges {
    pub(super) fn new(limit: usize) -> Self {
        Self { nets: PrefixMap::new(), limit }
    }

    pub(super) fn note(&mut self, net: IpNet) {
        self.insert(net);
        if self.nets.len() > self.limit {
            self.fold();
        }
    }

    fn insert(&mut self, net: IpNet) {
        if self.nets.covering(&net).next().is_some() {
            return;
        }
        let within: Vec<IpNet> = self.nets.covered(&net).map(|(net, ())| net).collect();
        for net in &within {
            self.nets.remove(net);
        }
        self.nets.insert(net, ());
    }

    /// Replaces the longest prefixes by shorter ones until there are half as many as may be.
    fn fold(&mut self) {
        let lengths = self.nets.iter().map(|(net, ())| net.prefix_len());
        let mut most = lengths.max().unwrap_or_default();
        while self.nets.len() > self.limit / 2 && most > 0 {
            most = most.saturating_sub(STEP);
            let nets = self.nets.iter().map(|(net, ())| net);
            let longer: Vec<IpNet> = nets.filter(|net| net.prefix_len() > most).collect();
            for net in longer {
                self.nets.remove(&net);
                self.insert(IpNet::new(net.addr(), most).unwrap_or(net).trunc());
            }
        }
    }

    pub(super) fn pop(&mut self) -> Option<IpNet> {
        let net = self.nets.iter().next()?.0;
        self.nets.remove(&net);
        Some(net)
    }

    #[cfg(test)]
    pub(super) const fn len(&self) -> usize {
        self.nets.len()
    }

    pub(super) fn memory(&self) -> usize {
        self.nets.memory()
    }
}
