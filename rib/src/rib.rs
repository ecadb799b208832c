//! The routing information base: all tables, sources and update groups of a router.

mod aggregate;
mod condition;
mod path;
mod peer;
mod pipe;
mod received;
mod resolve;
mod revalidate;
mod stale;
mod update;
mod watch;
mod work;

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::{Family, PathAttributes};
use ipnet::IpNet;
use smallvec::SmallVec;

use crate::attributes::{AttributeSet, AttributeStore, Head};
use crate::channel::{Channel, ChannelConfig, LimitPassed, Source, SourceId};
use crate::decision::Rules;
use crate::extra::ExtraAttributes;
use crate::group::Group;
use crate::next_hop::{NextHopId, NextHopKey, NextHops};
use crate::only_to_customer::Leak;
use crate::path_id::{LocalId, PathIds};
use crate::policy::{Edited, Policy};
use crate::route::{Destination, RouteSource};
use crate::table::{Table, TableId};

use self::aggregate::Aggregate;
use self::condition::Conditional;
use self::path::Incoming;
pub(crate) use self::path::{Field, view_of};
use self::pipe::Pipe;
use self::resolve::Resolver;
use self::watch::Watcher;

pub use self::aggregate::AggregateConfig;
pub use self::condition::Condition;
pub use self::pipe::PipeConfig;
pub use self::watch::{Change, WatcherId};

/// Tables, and what their neighbours know of them.
///
/// # Contract
///
/// 1. Set up: [`Rib::add_table`], [`Rib::add_source`], [`Rib::originate`].
/// 2. A session comes up: [`Rib::peer_up`]. Its UPDATEs: [`Rib::handle_update`]. It goes down:
///    [`Rib::peer_down`]; what becomes of routes that stay: [`Rib::mark_stale`], [`Rib::long_lived`], [`Rib::sweep`].
/// 3. After anything was put in, take [`Rib::poll_next_hop`] until `None` and answer with
///    [`Rib::set_next_hop`] where a next hop is not simply at hand. Then call [`Rib::work`] until it says that
///    nothing is left: it does what changes bring about elsewhere.
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
    /// The last [generation](Source::generation) of a source.
    generations: u16,
    pub(crate) attributes: AttributeStore,
    pub(crate) next_hops: NextHops,
    pub(crate) path_ids: PathIds,
    pub(crate) groups: Vec<Option<Group>>,
    watchers: Vec<Option<Watcher>>,
    pipes: Vec<Pipe>,
    aggregates: Vec<Aggregate>,
    conditions: Vec<Conditional>,
    resolver: Resolver,
    /// Reused while an UPDATE is read.
    scratch: Scratch,
}

#[derive(Debug, Clone, Default)]
struct Scratch {
    canonical: Vec<u8>,
    edited: PathAttributes,
    /// What a filter has made of a route.
    filtered: Edited,
}

/// A route of the host itself.
#[derive(Debug, Clone, Default)]
pub struct Origination {
    /// Where it leads; `None` for a network at hand or a blackhole
    pub next_hop: Option<NextHopKey>,
    /// What becomes of packets
    pub destination: Destination,
    /// BGP attributes it has from the beginning
    pub attributes: PathAttributes,
    /// Other attributes it has from the beginning
    pub extra: ExtraAttributes,
    /// What protocol it is from, where that is not what its instance says
    pub kind: Option<RouteSource>,
}

/// What became of an UPDATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UpdateOutcome {
    /// The last limit that was passed, unless that was reported before
    pub limit: Option<LimitPassed>,
    /// What was refused as leaked: worth a line in the log
    pub leak: Option<Leak>,
}

impl Rib {
    /// An empty one. `seed` makes the hash tables unpredictable for neighbours; outputs do not depend on it.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            rules: Rules::default(),
            tables: Vec::new(),
            sources: Vec::new(),
            generations: 0,
            attributes: AttributeStore::new(seed),
            next_hops: NextHops::new(seed),
            path_ids: PathIds::new(seed),
            groups: Vec::new(),
            watchers: Vec::new(),
            pipes: Vec::new(),
            aggregates: Vec::new(),
            conditions: Vec::new(),
            resolver: Resolver::default(),
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

    /// Adds a protocol instance whose routes have `preference`. There is room for 65,534.
    pub fn add_source(&mut self, name: &str, kind: RouteSource, preference: u32) -> SourceId {
        self.generations = self.generations.wrapping_add(1);
        let source = Source {
            name: String::from(name),
            kind,
            preference,
            peer: None,
            generation: self.generations,
            up: false,
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
        self.remove_pipe(id);
        self.remove_aggregate(id);
        self.conditions.retain(|one| !one.is_of(id));
        self.peer_down(id, &[]);
        if let Some(source) = self.sources.get_mut(usize::from(id.0)) {
            *source = None;
        }
    }

    pub(crate) fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(usize::from(id.0))?.as_ref()
    }

    fn source_mut(&mut self, id: SourceId) -> Option<&mut Source> {
        self.sources.get_mut(usize::from(id.0))?.as_mut()
    }

    /// Sets or replaces a route of the host itself, if the import filter of its channel lets it pass.
    pub fn originate(
        &mut self,
        now: Duration,
        from: SourceId,
        table: TableId,
        net: IpNet,
        route: &Origination,
        policy: &mut dyn Policy,
    ) {
        let Some(family) = self.tables.get(usize::from(table.0)).map(|table| table.family) else {
            return;
        };
        let Some(source) = self.source_mut(from) else { return };
        if source.channel(table).is_none() {
            let preference = source.preference;
            let config = ChannelConfig { preference, ..ChannelConfig::new(table, family) };
            source.channels.push(Channel::new(config));
        }
        let (kind, preference) = (route.kind.unwrap_or(source.kind), source.preference(table));
        let next_hop = route.next_hop.map_or(NextHopId::NONE, |key| self.intern_and_look_up(key));
        let head = Head { next_hop, preference, kind, destination: route.destination };
        let set = AttributeSet { path: route.attributes.view(), extra: route.extra.view(), head };
        let attributes = self.attributes.intern(&set, &mut self.next_hops);
        let incoming = Incoming::new(now, from, table, attributes);
        self.import(&incoming, net, LocalId::only(from), policy);
        self.attributes.sweep(attributes, &mut self.next_hops);
    }

    /// Removes a route of the host itself; false when there was none.
    pub fn withdraw(&mut self, from: SourceId, table: TableId, net: &IpNet) -> bool {
        self.retract(table, net, LocalId::only(from))
    }

    /// Sets the channel of an instance of the host itself, before its first route. Where there are routes already,
    /// only new ones notice.
    pub fn set_channel(&mut self, id: SourceId, config: ChannelConfig) {
        let Some(source) = self.source_mut(id) else { return };
        match source.channel_mut(config.table) {
            Some(channel) => channel.config = config,
            None => source.channels.push(Channel::new(config)),
        }
    }
}

#[cfg(test)]
mod damped;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod told;
