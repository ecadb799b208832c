//! The next hops that routes use, each known by a number, and how packets reach them.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::hash::{BuildHasher, Hash};
use core::net::IpAddr;

use bgp_wire::NextHop;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use ipnet::IpNet;
use smallvec::SmallVec;

use crate::route::Destination;
use crate::table::TableId;

/// Number of a next hop in its [`crate::Rib`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NextHopId(pub(crate) u32);

impl NextHopId {
    /// Of routes that have none: those of the host itself.
    pub const NONE: Self = Self(u32::MAX);
}

/// A table in which next hops are looked up: BIRD's `igp table`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IgpTable {
    /// The table, of the family of the next hop
    pub table: TableId,
    /// Whether a next hop may rest upon the default route. BIRD lets it; FRR does not, without
    /// `ip nht resolve-via-default`
    pub default_route: bool,
}

impl IgpTable {
    /// With default routes.
    pub const fn new(table: TableId) -> Self {
        Self { table, default_route: true }
    }
}

/// The tables in which a channel looks up its next hops, by their family: an IPv4 route may have an IPv6 next hop
/// (RFC 8950). Next hops of a family that has none are left to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct IgpTables {
    /// For IPv4 next hops
    pub ipv4: Option<IgpTable>,
    /// For IPv6 next hops
    pub ipv6: Option<IgpTable>,
}

impl IgpTables {
    /// What `next_hop`, announced by a neighbour on `interface`, is known by. A link-local address is never looked
    /// up: it is on the link of the neighbour. With the others the interface does not matter where they are.
    pub fn key(&self, next_hop: NextHop, interface: Option<u32>) -> NextHopKey {
        let igp = match next_hop {
            NextHop::V4(_) => self.ipv4,
            NextHop::V6(..) => self.ipv6,
            NextHop::LinkLocal(_) => None,
        };
        NextHopKey { next_hop, interface: interface.filter(|_| igp.is_none()), igp }
    }
}

/// A next hop, and where it is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NextHopKey {
    /// The address
    pub next_hop: NextHop,
    /// Index of the interface of the neighbour that announced it, for a directly connected neighbour: link-local
    /// addresses mean nothing without
    pub interface: Option<u32>,
    /// The table in which it is looked up ("gateway recursive"); `None`: the host knows how to reach it
    /// ("gateway direct")
    pub igp: Option<IgpTable>,
}

impl NextHopKey {
    /// One that is not looked up in a table.
    pub const fn direct(next_hop: NextHop, interface: Option<u32>) -> Self {
        Self { next_hop, interface, igp: None }
    }
}

/// Where packets are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gateway {
    /// The router that takes them, or the next hop itself when it is on the link
    pub address: IpAddr,
    /// Index of the interface where they go out, where it is known
    pub interface: Option<u32>,
}

/// How packets reach a next hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// What becomes of them; [`Destination::Unreachable`]: the next hop cannot be reached
    pub destination: Destination,
    /// Cost of reaching it (RFC 4271 §9.1.2.2 e); `None`: it cannot be reached
    pub metric: Option<u32>,
    /// The network upon whose route it rests, when it was looked up
    pub rests_on: Option<(TableId, IpNet)>,
    gateways: SmallVec<[Gateway; 1]>,
}

impl Resolution {
    /// The metric where the route that was found has none: BIRD's `IGP_METRIC_UNKNOWN`.
    pub const UNKNOWN_METRIC: u32 = 1 << 31;

    /// Not to be reached.
    pub fn unreachable() -> Self {
        Self {
            destination: Destination::Unreachable,
            metric: None,
            rests_on: None,
            gateways: SmallVec::new(),
        }
    }

    /// Reached over one gateway, or several with equal shares.
    pub fn via(gateways: impl IntoIterator<Item = Gateway>, metric: u32) -> Self {
        Self {
            destination: Destination::Unicast,
            metric: Some(metric),
            rests_on: None,
            gateways: gateways.into_iter().collect(),
        }
    }

    /// The same at another cost.
    pub(crate) fn at_cost(&self, metric: u32) -> Self {
        Self { metric: self.metric.map(|_| metric), ..self.clone() }
    }

    /// The gateways: none where packets are dropped.
    pub fn gateways(&self) -> &[Gateway] {
        &self.gateways
    }

    /// At hand, as what `key` says.
    pub(crate) fn at_hand(key: &NextHopKey, metric: u32) -> Self {
        let gateway = Gateway { address: key.next_hop.address(), interface: key.interface };
        Self::via([gateway], metric)
    }

    /// What is different from `old` for the routes that use it.
    fn difference(&self, old: &Self) -> Option<Difference> {
        if (self.destination, &self.gateways) != (old.destination, &old.gateways) {
            Some(Difference::Gateway)
        } else {
            (self.metric != old.metric).then_some(Difference::Metric)
        }
    }
}

/// What has changed about a next hop, the lesser first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Difference {
    /// The cost of reaching it: another path may be the best.
    Metric,
    /// How it is reached, or whether at all: also routes that stay the best are not what they were.
    Gateway,
}

/// An address looked up in a table.
pub(crate) type Lookup = (TableId, IpAddr);

/// The look-ups that a resolution rests upon.
pub(crate) type Lookups = SmallVec<[Lookup; 1]>;

#[derive(Debug, Clone)]
struct Entry {
    key: NextHopKey,
    references: u32,
    resolution: Resolution,
    /// A change of the routes in these tables that lead to these addresses concerns it.
    lookups: Lookups,
    /// It stands in `stale`.
    is_stale: bool,
    /// What routes have not been decided anew for; then it stands in `changed`.
    changed: Option<Difference>,
    /// What the walk over the tables at work is about.
    walked: Option<Difference>,
}

#[derive(Debug, Clone)]
pub(crate) struct NextHops {
    hasher: FixedState,
    table: HashTable<u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// Entries that the host has not been told of.
    fresh: Vec<u32>,
    /// The look-ups of all entries.
    lookups: BTreeSet<(Lookup, u32)>,
    /// How many of them are in each table.
    lookups_in: Vec<u32>,
    /// Entries that have to be looked up (again), and some that are gone.
    stale: VecDeque<u32>,
    /// Entries whose routes have to be decided anew, and some that are gone.
    changed: Vec<u32>,
}

impl NextHops {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            hasher: FixedState::with_seed(seed),
            table: HashTable::new(),
            entries: Vec::new(),
            free: Vec::new(),
            fresh: Vec::new(),
            lookups: BTreeSet::new(),
            lookups_in: Vec::new(),
            stale: VecDeque::new(),
            changed: Vec::new(),
        }
    }

    fn hash(&self, key: &NextHopKey) -> u64 {
        self.hasher.hash_one(key)
    }

    fn entry(&self, id: NextHopId) -> Option<&Entry> {
        self.entries.get(id.0 as usize)
    }

    fn entry_mut(&mut self, id: NextHopId) -> Option<&mut Entry> {
        self.entries.get_mut(id.0 as usize)
    }

    /// The number of `key`, if it is in use.
    pub(crate) fn find(&self, key: &NextHopKey) -> Option<NextHopId> {
        let entries = &self.entries;
        let is = |id: &u32| entries.get(*id as usize).is_some_and(|entry| entry.key == *key);
        self.table.find(self.hash(key), is).copied().map(NextHopId)
    }

    /// The number of `key`, with no reference taken. A new one counts as reachable at no cost until the host
    /// says otherwise; one that is looked up cannot be reached until it was (see [`NextHops::take_new`]).
    pub(crate) fn intern(&mut self, key: NextHopKey) -> NextHopId {
        if let Some(id) = self.find(&key) {
            return id;
        }
        let looked_up = key.igp.is_some();
        let resolution =
            if looked_up { Resolution::unreachable() } else { Resolution::at_hand(&key, 0) };
        let entry = Entry {
            key,
            references: 0,
            resolution,
            lookups: Lookups::new(),
            is_stale: looked_up,
            changed: None,
            walked: None,
        };
        let id = if let Some(id) = self.free.pop() {
            if let Some(place) = self.entries.get_mut(id as usize) {
                *place = entry;
            }
            id
        } else {
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        };
        let (hasher, entries) = (&self.hasher, &self.entries);
        self.table.insert_unique(hasher.hash_one(key), id, |id| {
            entries.get(*id as usize).map_or(0, |entry| hasher.hash_one(entry.key))
        });
        if looked_up {
            self.stale.push_back(id);
        } else {
            self.fresh.push(id);
        }
        NextHopId(id)
    }

    pub(crate) fn retain(&mut self, id: NextHopId) {
        if let Some(entry) = self.entry_mut(id) {
            entry.references += 1;
        }
    }

    pub(crate) fn release(&mut self, id: NextHopId) {
        let Some(entry) = self.entry_mut(id) else { return };
        entry.references -= 1;
        if entry.references > 0 {
            return;
        }
        (entry.is_stale, entry.changed, entry.walked) = (false, None, None);
        let key = entry.key;
        self.follow(id, Lookups::new());
        if let Ok(found) = self.table.find_entry(self.hash(&key), |other| *other == id.0) {
            found.remove();
            self.free.push(id.0);
            self.fresh.retain(|other| *other != id.0);
        }
    }

    pub(crate) fn key(&self, id: NextHopId) -> Option<NextHopKey> {
        self.entry(id).map(|entry| entry.key)
    }

    /// How packets reach it; `None`: there is no such next hop.
    pub(crate) fn resolution(&self, id: NextHopId) -> Option<&Resolution> {
        self.entry(id).map(|entry| &entry.resolution)
    }

    /// Cost of reaching it; routes without a next hop are at hand.
    pub(crate) fn metric(&self, id: NextHopId) -> Option<u32> {
        self.entry(id).map_or(Some(0), |entry| entry.resolution.metric)
    }

    /// Says how packets reach it from now on. Where routes use it that this concerns they are to be
    /// [decided anew](NextHops::begin_walk).
    pub(crate) fn set_resolution(&mut self, id: NextHopId, resolution: Resolution) {
        let Some(entry) = self.entry_mut(id) else { return };
        let difference = resolution.difference(&entry.resolution);
        entry.resolution = resolution;
        if difference.is_none() || entry.references == 0 {
            return;
        }
        let is_new = entry.changed.is_none();
        entry.changed = entry.changed.max(difference);
        if is_new {
            self.changed.push(id.0);
        }
    }

    /// Notes which look-ups the resolution of an entry rests upon.
    pub(crate) fn follow(&mut self, id: NextHopId, lookups: Lookups) {
        let Some(entry) = self.entries.get_mut(id.0 as usize) else { return };
        if entry.lookups == lookups {
            return;
        }
        let old = core::mem::replace(&mut entry.lookups, lookups);
        for lookup in old {
            if self.lookups.remove(&(lookup, id.0))
                && let Some(count) = self.lookups_in.get_mut(usize::from(lookup.0.0))
            {
                *count -= 1;
            }
        }
        for lookup in &entry.lookups {
            let index = usize::from(lookup.0.0);
            if self.lookups_in.len() <= index {
                self.lookups_in.resize(index + 1, 0);
            }
            if self.lookups.insert((*lookup, id.0))
                && let Some(count) = self.lookups_in.get_mut(index)
            {
                *count += 1;
            }
        }
    }

    /// Whether next hops are looked up in `table`.
    pub(crate) fn follows(&self, table: TableId) -> bool {
        self.lookups_in.get(usize::from(table.0)).is_some_and(|count| *count > 0)
    }

    /// The routes to `net` have changed: what was found there has to be looked up again.
    pub(crate) fn note_change(&mut self, table: TableId, net: &IpNet) {
        let first = ((table, net.network()), 0);
        let last = ((table, net.broadcast()), u32::MAX);
        for (_, id) in self.lookups.range(first..=last) {
            if let Some(entry) = self.entries.get_mut(*id as usize)
                && !core::mem::replace(&mut entry.is_stale, true)
            {
                self.stale.push_back(*id);
            }
        }
    }

    /// All that are looked up have to be looked up again.
    pub(crate) fn note_all(&mut self) {
        for (entry, id) in self.entries.iter_mut().zip(0..) {
            let in_use = entry.references > 0 && entry.key.igp.is_some();
            if in_use && !core::mem::replace(&mut entry.is_stale, true) {
                self.stale.push_back(id);
            }
        }
    }

    /// Whether an entry is to be looked up that no route uses yet. It counts as done from now on.
    pub(crate) fn take_new(&mut self, id: NextHopId) -> bool {
        let Some(entry) = self.entry_mut(id) else { return false };
        let is_new = entry.references == 0 && core::mem::take(&mut entry.is_stale);
        if is_new && self.stale.back() == Some(&id.0) {
            self.stale.pop_back();
        }
        is_new
    }

    /// An entry to be looked up.
    pub(crate) fn pop_stale(&mut self) -> Option<NextHopId> {
        while let Some(id) = self.stale.pop_front() {
            let entry = self.entries.get_mut(id as usize);
            if entry.is_some_and(|entry| core::mem::take(&mut entry.is_stale)) {
                return Some(NextHopId(id));
            }
        }
        None
    }

    /// Begins a walk over all tables for the entries that have changed since the last one began; false when there
    /// are none.
    pub(crate) fn begin_walk(&mut self) -> bool {
        let mut any = false;
        for id in self.changed.drain(..) {
            if let Some(entry) = self.entries.get_mut(id as usize)
                && let Some(difference) = entry.changed.take()
            {
                entry.walked = Some(difference);
                any = true;
            }
        }
        any
    }

    /// What the walk has to look for in routes with this next hop.
    pub(crate) fn walked(&self, id: NextHopId) -> Option<Difference> {
        self.entry(id)?.walked
    }

    /// The walk is over.
    pub(crate) fn end_walk(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.walked = None);
    }

    /// Whether [`NextHops::pop_stale`] or [`NextHops::begin_walk`] have something to do.
    pub(crate) fn has_work(&self) -> bool {
        !self.stale.is_empty() || !self.changed.is_empty()
    }

    pub(crate) fn pop_fresh(&mut self) -> Option<NextHopId> {
        self.fresh.pop().map(NextHopId)
    }

    /// All that are in use.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (NextHopId, NextHopKey)> + '_ {
        self.entries
            .iter()
            .zip(0..)
            .filter(|(entry, _)| entry.references > 0)
            .map(|(entry, id)| (NextHopId(id), entry.key))
    }
}
