//! Route origin validation by ROAs (RFC 6811).

mod change;

use alloc::vec::Vec;

use bgp_wire::{AsPath, SegmentKind};
use ipnet::IpNet;
use smallvec::SmallVec;

use self::change::NetChanges;
use crate::rpki::{RpkiSource, Sources};
use crate::trie::PrefixMap;

/// A validated ROA payload: this AS may originate the prefix, and more specific ones up to a length (RFC 6811 §2).
///
/// A maximum length that is less than the prefix's allows nothing; the ROA covers the routes within it all the same.
/// One with AS 0 says that nobody may originate them (RFC 6483 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Roa {
    /// Its prefix
    pub prefix: IpNet,
    /// Length up to which more specific prefixes are allowed
    pub max_length: u8,
    /// The AS
    pub asn: u32,
}

impl Roa {
    /// Whether a route is covered: its prefix is this one or a more specific one.
    pub fn covers(&self, net: &IpNet) -> bool {
        self.prefix.contains(net)
    }

    /// Whether a route with this origin is matched. No route is by AS 0, and none that has no origin.
    pub fn matches(&self, net: &IpNet, origin: Option<u32>) -> bool {
        let allowed = origin.is_some_and(|asn| asn != 0 && asn == self.asn);
        allowed && self.covers(net) && net.prefix_len() <= self.max_length
    }
}

/// What ROAs say of a route (RFC 6811 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Validity {
    /// No ROA covers it.
    NotFound,
    /// A ROA matches it.
    Valid,
    /// ROAs cover it, none matches.
    Invalid,
}

/// The origin of a route for validation, RFC 6811 §2: the last AS of its path; `local_as`, the speaker's own, where
/// the path is empty or ends within the confederation; none where it ends in a set.
///
/// For routes that are sent it is that of the path as the neighbour will see it (RFC 8893 §3).
///
/// ```
/// use bgp_wire::{AsPath, AsPathBuilder, SegmentKind};
///
/// let mut path = AsPathBuilder::default();
/// assert_eq!(rib::route_origin(AsPath::new(path.bytes()), 65000), Some(65000));
/// path.segment(SegmentKind::Sequence, [65001, 65002]);
/// assert_eq!(rib::route_origin(AsPath::new(path.bytes()), 65000), Some(65002));
/// path.segment(SegmentKind::Set, [65003]);
/// assert_eq!(rib::route_origin(AsPath::new(path.bytes()), 65000), None);
/// ```
pub fn route_origin(path: AsPath<'_>, local_as: u32) -> Option<u32> {
    let Some(last) = path.segments().last() else { return Some(local_as) };
    match last.kind {
        SegmentKind::Sequence => last.asns().next_back(),
        SegmentKind::Set => None,
        SegmentKind::ConfedSequence | SegmentKind::ConfedSet => Some(local_as),
    }
}

/// One ROA of a prefix: 16 octets.
#[derive(Debug, Clone, Copy)]
struct Entry {
    asn: u32,
    max_length: u8,
    sources: Sources,
}

impl Entry {
    const fn key(&self) -> (u32, u8) {
        (self.asn, self.max_length)
    }
}

/// The ROAs of a prefix, by AS and length.
type Entries = SmallVec<[Entry; 1]>;

/// ROAs of both families, from several sources.
///
/// What several sources say is there as long as one of them says it. The table notes which prefixes routes have to
/// be validated anew within: [`RoaTable::poll_change`].
///
/// ```
/// use rib::{Roa, RoaTable, RpkiSource, Validity};
///
/// let cache = RpkiSource::new(0).ok_or("a number below 32")?;
/// let mut roas = RoaTable::new();
/// roas.add(cache, Roa { prefix: "192.0.2.0/24".parse()?, max_length: 25, asn: 65001 });
/// assert_eq!(roas.validate(&"192.0.2.128/25".parse()?, Some(65001)), Validity::Valid);
/// assert_eq!(roas.validate(&"192.0.2.128/26".parse()?, Some(65001)), Validity::Invalid);
/// assert_eq!(roas.validate(&"192.0.2.0/24".parse()?, None), Validity::Invalid);
/// assert_eq!(roas.validate(&"192.0.0.0/16".parse()?, Some(65001)), Validity::NotFound);
/// assert_eq!(roas.poll_change(), Some("192.0.2.0/24".parse()?));
///
/// // The cache sends all its data anew (RFC 8210 §8.3): what it does not say again is gone afterwards.
/// roas.mark_stale(cache);
/// roas.sweep(cache);
/// assert!(roas.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RoaTable {
    entries: PrefixMap<Entries>,
    len: usize,
    /// Of IPv4 and of IPv6
    changes: [NetChanges; 2],
}

/// How many prefixes with changes are kept for each family, unless the host says otherwise.
const MOST_CHANGES: usize = 10_000;

/// How many prefixes are looked at together in a walk over the table.
const BATCH: usize = 1024;

impl RoaTable {
    /// An empty table that notes up to 10,000 prefixes of each family.
    pub fn new() -> Self {
        Self::with_change_limit(MOST_CHANGES)
    }

    /// An empty table that notes up to so many prefixes of each family. When more change, shorter prefixes stand for
    /// several, in the end the family's 0.0.0.0/0 or ::/0.
    pub fn with_change_limit(limit: usize) -> Self {
        let changes = [NetChanges::new(limit), NetChanges::new(limit)];
        Self { entries: PrefixMap::new(), len: 0, changes }
    }

    /// Number of ROAs. What several sources say counts once.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A source has a ROA. True when no source had it before.
    pub fn add(&mut self, source: RpkiSource, roa: Roa) -> bool {
        let prefix = roa.prefix.trunc();
        let mut sources = Sources::default();
        sources.add(source);
        let new = Entry { asn: roa.asn, max_length: roa.max_length, sources };
        match self.entries.get_mut(&prefix) {
            None => {
                self.entries.insert(prefix, Entries::from_buf([new]));
            }
            Some(entries) => match entries.binary_search_by_key(&new.key(), Entry::key) {
                Ok(at) => {
                    entries.iter_mut().skip(at).take(1).for_each(|known| known.sources.add(source));
                    return false;
                }
                Err(at) => entries.insert(at, new),
            },
        }
        self.len += 1;
        self.note(prefix);
        true
    }

    /// A source has a ROA no more. True when no other has it either, so that it is gone.
    pub fn remove(&mut self, source: RpkiSource, roa: &Roa) -> bool {
        let key = (roa.asn, roa.max_length);
        self.update(&roa.prefix.trunc(), |entry| {
            if entry.key() == key {
                entry.sources.remove(source);
            }
        })
    }

    /// A source is gone, and with it what only it has.
    pub fn remove_source(&mut self, source: RpkiSource) {
        self.update_all(source, |entry| entry.sources.remove(source));
    }

    /// What a source has turns stale: a new set follows, by which it is replaced without a gap. A source that is
    /// marked once more, since the set broke off, has to say everything again.
    pub fn mark_stale(&mut self, source: RpkiSource) {
        self.update_all(source, |entry| entry.sources.mark_stale(source));
    }

    /// The new set is complete: what the source has not said again since [`RoaTable::mark_stale`] goes.
    pub fn sweep(&mut self, source: RpkiSource) {
        self.update_all(source, |entry| entry.sources.sweep(source));
        // A full set has been read: for some time there will be little more.
        self.entries.shrink();
    }

    /// Changes the entries of a prefix, and drops those without a source. True when there were some.
    fn update(&mut self, prefix: &IpNet, mut change: impl FnMut(&mut Entry)) -> bool {
        let Some(entries) = self.entries.get_mut(prefix) else { return false };
        let before = entries.len();
        entries.retain(|entry| {
            change(entry);
            !entry.sources.is_empty()
        });
        let gone = before - entries.len();
        if entries.is_empty() {
            self.entries.remove(prefix);
        }
        self.len -= gone;
        if gone > 0 {
            self.note(*prefix);
        }
        gone > 0
    }

    fn update_all(&mut self, source: RpkiSource, mut change: impl FnMut(&mut Entry)) {
        let mut behind = None;
        loop {
            let rest = behind.map_or_else(|| self.entries.iter(), |net| self.entries.after(&net));
            let of_source = rest
                .filter(|(_, entries)| entries.iter().any(|entry| entry.sources.has(source)))
                .map(|(net, _)| net);
            let batch: Vec<IpNet> = of_source.take(BATCH).collect();
            for net in &batch {
                self.update(net, &mut change);
            }
            behind = batch.last().copied();
            if behind.is_none() {
                return;
            }
        }
    }

    /// What the ROAs say of a route. `origin` is as [`route_origin`] gives it.
    pub fn validate(&self, net: &IpNet, origin: Option<u32>) -> Validity {
        // RFC 6811 §2: no route is matched by AS 0.
        let origin = origin.filter(|asn| *asn != 0);
        let mut validity = Validity::NotFound;
        for (_, entries) in self.entries.covering(net) {
            if origin.is_some_and(|asn| is_allowed(entries, net.prefix_len(), asn)) {
                return Validity::Valid;
            }
            validity = Validity::Invalid;
        }
        validity
    }

    /// The ROAs that cover a net, the shortest prefix first, then by AS and length.
    pub fn covering(&self, net: &IpNet) -> impl Iterator<Item = RoaView> + '_ {
        self.entries.covering(net).flat_map(|(prefix, entries)| views(prefix, entries))
    }

    /// All ROAs, in the order of [`PrefixMap`], then by AS and length.
    pub fn iter(&self) -> impl Iterator<Item = RoaView> + '_ {
        self.entries.iter().flat_map(|(prefix, entries)| views(prefix, entries))
    }

    fn note(&mut self, prefix: IpNet) {
        let [v4, v6] = &mut self.changes;
        if prefix.addr().is_ipv4() { v4 } else { v6 }.note(prefix);
    }

    /// A prefix whose ROAs have changed since it was last given: what has been said of the routes within it may be
    /// no longer right, of all others it is. `None` when there is nothing more.
    pub fn poll_change(&mut self) -> Option<IpNet> {
        self.changes.iter_mut().find_map(NetChanges::pop)
    }

    /// Octets on the heap, but for prefixes with more than one ROA.
    pub fn memory(&self) -> usize {
        self.entries.memory() + self.changes.iter().map(NetChanges::memory).sum::<usize>()
    }
}

impl Default for RoaTable {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether an AS may originate a prefix of this length. What counts is its greatest maximum length.
fn is_allowed(entries: &Entries, length: u8, asn: u32) -> bool {
    let end = entries.partition_point(|entry| entry.asn <= asn);
    let last = end.checked_sub(1).and_then(|at| entries.get(at));
    last.is_some_and(|entry| entry.asn == asn && length <= entry.max_length)
}

fn views(prefix: IpNet, entries: &Entries) -> impl Iterator<Item = RoaView> + '_ {
    entries.iter().map(move |entry| RoaView {
        roa: Roa { prefix, max_length: entry.max_length, asn: entry.asn },
        sources: entry.sources,
    })
}

/// A ROA of a table, with where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoaView {
    /// The ROA
    pub roa: Roa,
    sources: Sources,
}

impl RoaView {
    /// The sources that have it, by number.
    pub fn sources(&self) -> impl Iterator<Item = RpkiSource> + use<> {
        self.sources.iter()
    }

    /// Whether this source has not said it again since its data turned stale.
    pub const fn is_stale(&self, source: RpkiSource) -> bool {
        self.sources.is_stale(source)
    }
}

#[cfg(test)]
mod tests;
