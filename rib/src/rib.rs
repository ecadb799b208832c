//! The routing information base: all tables, sources and update groups of a router.

mod update;

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::{Family, PathAttributes};
use ipnet::IpNet;
use smallvec::SmallVec;

use crate::attributes::{AttributeStore, AttributesId};
use crate::channel::{Channel, ChannelConfig, PeerConfig, Source, SourceId};
use crate::decision::Rules;
use crate::export::ExportRules;
use crate::group::{Chunk, Group, View};
use crate::next_hop::{NextHopId, NextHopKey, NextHops};
use crate::only_to_customer::Leak;
use crate::policy::Policy;
use crate::route::RouteSource;
use crate::table::{Path, Table, TableId};

use self::update::best_of;

/// Tables, and what their neighbours know of them.
///
/// # Contract
///
/// 1. Set up: [`Rib::add_table`], [`Rib::add_source`], [`Rib::originate`].
/// 2. A session comes up: [`Rib::peer_up`]. Its UPDATEs: [`Rib::handle_update`]. It goes down:
///    [`Rib::peer_down`].
/// 3. After anything was put in, take [`Rib::poll_next_hop`] until `None` and answer with
///    [`Rib::set_next_hop`] where a next hop is not simply at hand.
/// 4. Take [`Rib::poll_update`] for a neighbour whenever its connection has room, until `None`: what is not
///    taken waits as a place in a list, not as messages, and the newest state replaces an older one.
///
/// `now` is the time since an epoch of the caller's choice, and never goes back.
#[derive(Debug, Clone)]
pub struct Rib {
    pub(crate) seed: u64,
    pub(crate) rules: Rules,
    pub(crate) tables: Vec<Table>,
    pub(crate) sources: Vec<Option<Source>>,
    pub(crate) attributes: AttributeStore,
    pub(crate) next_hops: NextHops,
    groups: Vec<Option<Group>>,
    watchers: Vec<Watcher>,
    /// Reused while an UPDATE is read.
    scratch: Scratch,
}

#[derive(Debug, Clone, Default)]
struct Scratch {
    canonical: Vec<u8>,
    edited: PathAttributes,
}

#[derive(Debug, Clone, Copy)]
struct Watcher {
    table: TableId,
    position: u64,
}

/// The best route of a network has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The table
    pub table: TableId,
    /// The network
    pub net: IpNet,
    /// Whether there still is a route: look it up with [`Rib::lookup`]
    pub present: bool,
}

/// A route of the host itself.
#[derive(Debug, Clone, Default)]
pub struct Origination {
    /// Where it leads; `None` for a network at hand or a blackhole
    pub next_hop: Option<NextHopKey>,
    /// BGP attributes it has from the beginning
    pub attributes: PathAttributes,
}

/// What became of an UPDATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UpdateOutcome {
    /// The family whose import limit was passed
    pub limit_exceeded: Option<Family>,
    /// What was refused as leaked: worth a line in the log
    pub leak: Option<Leak>,
}

/// The best path of a network: what tells whether anything changed.
type Best = Option<(SourceId, AttributesId)>;

impl Rib {
    /// An empty one. `seed` makes the hash tables unpredictable for neighbours; outputs do not depend on it.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            rules: Rules::default(),
            tables: Vec::new(),
            sources: Vec::new(),
            attributes: AttributeStore::new(seed),
            next_hops: NextHops::new(seed),
            groups: Vec::new(),
            watchers: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Sets the rules of the decision process, for all decisions from now on.
    pub const fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// Adds a table.
    pub fn add_table(&mut self, name: &str, family: Family) -> TableId {
        self.tables.push(Table::new(name, family, self.seed));
        TableId(u16::try_from(self.tables.len() - 1).unwrap_or(u16::MAX))
    }

    /// Adds a protocol instance whose routes have `preference`. There is room for 65,535.
    pub fn add_source(&mut self, name: &str, kind: RouteSource, preference: u32) -> SourceId {
        let source = Source {
            name: String::from(name),
            kind,
            preference,
            peer: None,
            channels: SmallVec::new(),
        };
        let place = self.sources.iter().position(Option::is_none).unwrap_or(self.sources.len());
        match self.sources.get_mut(place) {
            Some(free) => *free = Some(source),
            None => self.sources.push(Some(source)),
        }
        SourceId(u16::try_from(place).unwrap_or(u16::MAX))
    }

    /// Removes a protocol instance with all its routes.
    pub fn remove_source(&mut self, id: SourceId) {
        self.peer_down(id);
        if let Some(source) = self.sources.get_mut(usize::from(id.0)) {
            *source = None;
        }
    }

    fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(usize::from(id.0))?.as_ref()
    }

    fn source_mut(&mut self, id: SourceId) -> Option<&mut Source> {
        self.sources.get_mut(usize::from(id.0))?.as_mut()
    }

    /// Sets or replaces a route of the host itself.
    pub fn originate(
        &mut self,
        now: Duration,
        from: SourceId,
        table: TableId,
        net: IpNet,
        route: &Origination,
    ) {
        let next_hop = route.next_hop.map_or(NextHopId::NONE, |key| self.next_hops.intern(key));
        let id = self.attributes.intern(route.attributes.view(), next_hop, &mut self.next_hops);
        let Some(family) = self.tables.get(usize::from(table.0)).map(|table| table.family) else {
            return;
        };
        let Some(source) = self.source_mut(from) else { return };
        if source.channel(table).is_none() {
            let preference = source.preference;
            let config = ChannelConfig { preference, ..ChannelConfig::new(table, family) };
            source.channels.push(Channel::new(config));
        }
        self.set_path(table, &net, Path::new(id, from, now));
        self.attributes.sweep(id, &mut self.next_hops);
    }

    /// Removes a route of the host itself; false when there was none.
    pub fn withdraw(&mut self, from: SourceId, table: TableId, net: &IpNet) -> bool {
        self.remove_path(table, net, from)
    }

    /// The session with a neighbour has come up: it is told all routes of its channels, then every change.
    /// Counters start anew.
    pub fn peer_up(
        &mut self,
        id: SourceId,
        peer: PeerConfig,
        channels: impl IntoIterator<Item = ChannelConfig>,
    ) {
        self.peer_down(id);
        for config in channels {
            let group = self.join_group(id, ExportRules::new(&peer, &config), false);
            if let Some(source) = self.source_mut(id) {
                source.channels.push(Channel { group: Some(group), ..Channel::new(config) });
            }
        }
        if let Some(source) = self.source_mut(id) {
            source.peer = Some(peer);
        }
    }

    /// The session with a neighbour has gone down: its routes are removed.
    pub fn peer_down(&mut self, id: SourceId) {
        let Some(source) = self.source_mut(id) else { return };
        source.peer = None;
        let groups: SmallVec<[u32; 2]> =
            source.channels.iter().filter_map(|channel| channel.group).collect();
        for group in groups {
            self.leave_group(id, group);
        }
        let tables: SmallVec<[TableId; 2]> = self
            .source(id)
            .into_iter()
            .flat_map(|source| &source.channels)
            .map(|c| c.config.table)
            .collect();
        for table in tables {
            self.flush(id, table);
        }
        if let Some(source) = self.source_mut(id) {
            source.channels.clear();
        }
    }

    /// Changes the filters or options of a channel while the session stays. The neighbour is told what is
    /// different; routes that were taken before stay until the neighbour sends them again.
    pub fn reconfigure_channel(&mut self, id: SourceId, config: ChannelConfig) {
        let table = config.table;
        let Some(source) = self.source(id) else { return };
        let (Some(peer), Some(channel)) = (&source.peer, source.channel(table)) else { return };
        let (rules, old) = (ExportRules::new(peer, &config), channel.group);
        let mut group = old;
        if let Some(old) = old
            && self
                .groups
                .get(old as usize)
                .and_then(Option::as_ref)
                .is_some_and(|group| group.rules != rules)
        {
            self.leave_group(id, old);
            group = Some(self.join_group(id, rules, true));
        }
        if let Some(channel) = self.source_mut(id).and_then(|source| source.channel_mut(table)) {
            channel.config = config;
            channel.group = group;
        }
    }

    /// The neighbour asks for all routes of `family` again (RFC 2918).
    pub fn handle_route_refresh(&mut self, from: SourceId, family: Family) {
        let Some(source) = self.source(from) else { return };
        let channel = source.channels.iter().find(|channel| channel.config.family == family);
        let Some(group) = channel.and_then(|channel| channel.group) else { return };
        if let Some(group) = self.groups.get_mut(group as usize).and_then(Option::as_mut) {
            group.refresh(from);
        }
    }

    fn join_group(&mut self, source: SourceId, rules: ExportRules, known: bool) -> u32 {
        let same = |group: &Option<Group>| group.as_ref().is_some_and(|group| group.rules == rules);
        let place = self.groups.iter().position(same).unwrap_or_else(|| {
            let log =
                self.tables.get_mut(usize::from(rules.table.0)).map(|table| table.log.subscribe());
            let group = Some(Group::new(rules, log.unwrap_or_default()));
            let place = self.groups.iter().position(Option::is_none).unwrap_or(self.groups.len());
            match self.groups.get_mut(place) {
                Some(free) => *free = group,
                None => self.groups.push(group),
            }
            place
        });
        if let Some(group) = self.groups.get_mut(place).and_then(Option::as_mut) {
            group.join(source, known);
        }
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    fn leave_group(&mut self, source: SourceId, place: u32) {
        let Some(place) = self.groups.get_mut(place as usize) else { return };
        let Some(group) = place else { return };
        group.leave(source);
        let table = group.rules.table;
        if group.is_empty() {
            *place = None;
            if let Some(table) = self.tables.get_mut(usize::from(table.0)) {
                table.log.unsubscribe();
            }
        }
        self.trim(table);
    }

    /// A next hop that has come into use and of which [`Rib::set_next_hop`] may be told.
    pub fn poll_next_hop(&mut self) -> Option<(NextHopId, NextHopKey)> {
        loop {
            let id = self.next_hops.pop_fresh()?;
            if let Some(key) = self.next_hops.key(id) {
                return Some((id, key));
            }
        }
    }

    /// All next hops in use.
    pub fn next_hops(&self) -> impl Iterator<Item = (NextHopId, NextHopKey)> + '_ {
        self.next_hops.iter()
    }

    /// Says what it costs to reach a next hop; `None`: it cannot be reached. Routes that use it are decided
    /// anew.
    pub fn set_next_hop(&mut self, id: NextHopId, metric: Option<u32>) {
        if !self.next_hops.set_metric(id, metric) {
            return;
        }
        for table_id in (0..u16::try_from(self.tables.len()).unwrap_or(u16::MAX)).map(TableId) {
            let Some(slots) = self.tables.get(usize::from(table_id.0)).map(Table::slots) else {
                continue;
            };
            for slot in 0..slots {
                let Some(table) = self.tables.get(usize::from(table_id.0)) else { continue };
                let concerned =
                    table.paths(slot).any(|path| self.attributes.next_hop(path.attributes) == id);
                let before = best_of(table, slot);
                if concerned {
                    self.settle(table_id, slot, before);
                }
            }
        }
    }

    /// The next messages for a neighbour, of all its channels: withdrawals, announcements, End-of-RIB.
    pub fn poll_update(&mut self, to: SourceId, policy: &mut dyn Policy) -> Option<Chunk> {
        let groups: SmallVec<[u32; 2]> =
            self.source(to)?.channels.iter().filter_map(|channel| channel.group).collect();
        for place in groups {
            let Some(group) = self.groups.get_mut(place as usize).and_then(Option::as_mut) else {
                continue;
            };
            let table_id = group.rules.table;
            let Some(table) = self.tables.get(usize::from(table_id.0)) else { continue };
            let mut view = View {
                table,
                attributes: &self.attributes,
                next_hops: &self.next_hops,
                sources: &self.sources,
                policy,
            };
            let (chunk, moved) = group.poll(to, &mut view);
            if moved {
                self.trim(table_id);
            }
            if let Some(chunk) = chunk {
                self.count(to, table_id, |statistics| {
                    statistics.export_updates += u64::from(chunk.announced);
                    statistics.export_withdraws += u64::from(chunk.withdrawn);
                });
                return Some(chunk);
            }
        }
        None
    }

    /// Notes how far the readers of a table's change list have come, and gives back what nobody needs.
    fn trim(&mut self, table_id: TableId) {
        let Some(table) = self.tables.get_mut(usize::from(table_id.0)) else { return };
        let groups = self.groups.iter_mut().flatten().filter(|group| group.rules.table == table_id);
        let watchers = self.watchers.iter_mut().filter(|watcher| watcher.table == table_id);
        let mut lowest = table.log.end();
        let mut readers = (groups, watchers);
        for group in readers.0.by_ref() {
            lowest = lowest.min(group.lowest());
            table.log.passed(group.head());
        }
        for watcher in readers.1.by_ref() {
            lowest = lowest.min(watcher.position);
            table.log.passed(watcher.position);
        }
        while let Some(slot) = table.log.pop_before(lowest) {
            if let Some(slot) = slot {
                table.free_if_empty(slot);
            }
        }
        if table.log.is_bloated(table.networks()) {
            let groups =
                self.groups.iter_mut().flatten().filter(|group| group.rules.table == table_id);
            let watchers = self.watchers.iter_mut().filter(|watcher| watcher.table == table_id);
            let positions = watchers.map(|watcher| &mut watcher.position);
            table.log.compact(groups.flat_map(Group::positions).chain(positions));
        }
    }

    /// From now on [`Rib::poll_change`] tells the changes of a table; what is in it already is told first.
    pub fn watch(&mut self, id: TableId) {
        let Some(table) = self.tables.get_mut(usize::from(id.0)) else { return };
        if self.watchers.iter().any(|watcher| watcher.table == id) {
            return;
        }
        let position = table.log.subscribe();
        self.watchers.push(Watcher { table: id, position });
        for slot in 0..table.slots() {
            if table.best(slot).is_some() {
                table.log.push(slot);
            }
        }
    }

    /// The next change of a best route in a watched table.
    pub fn poll_change(&mut self) -> Option<Change> {
        for index in 0..self.watchers.len() {
            let watcher = self.watchers.get_mut(index)?;
            let id = watcher.table;
            let table = self.tables.get(usize::from(id.0))?;
            let mut change = None;
            while change.is_none() && watcher.position < table.log.end() {
                let slot = table.log.valid(watcher.position);
                watcher.position += 1;
                change = slot.and_then(|slot| {
                    Some(Change {
                        table: id,
                        net: table.net(slot)?,
                        present: table.best(slot).is_some(),
                    })
                });
            }
            if change.is_some() {
                self.trim(id);
                return change;
            }
        }
        None
    }

    /// Routes of its channel that a neighbour has been told.
    pub fn told(&self, to: SourceId, table: TableId) -> u32 {
        let group = self
            .source(to)
            .and_then(|source| source.channel(table))
            .and_then(|channel| channel.group);
        let group =
            group.and_then(|group| self.groups.get(group as usize)).and_then(Option::as_ref);
        group.map_or(0, |group| group.told(to))
    }
}

#[cfg(test)]
mod tests;
