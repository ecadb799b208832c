//! Pipes: routes of one table in another one.

use core::time::Duration;

use ipnet::IpNet;
use smallvec::SmallVec;

use super::Rib;
use super::path::Incoming;
use super::watch::WatcherId;
use crate::attributes::AttributesId;
use crate::channel::{Channel, ChannelConfig, SourceId};
use crate::path_id::{LocalId, PathKey};
use crate::policy::{Filter, Policy};
use crate::table::TableId;

/// Two tables that take routes from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PipeConfig {
    /// One table
    pub table: TableId,
    /// The other, of the same family
    pub peer: TableId,
    /// What goes from `peer` into `table`
    pub import: Filter,
    /// What goes from `table` into `peer`
    pub export: Filter,
}

/// A pipe at work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pipe {
    source: SourceId,
    directions: [Direction; 2],
}

#[derive(Debug, Clone, Copy)]
struct Direction {
    from: TableId,
    to: TableId,
    changes: WatcherId,
}

impl Rib {
    /// Joins two tables: all routes that the filters let pass, not the best ones only, stand in the other table too, as
    /// routes of the protocol they came from. No route comes back into a table that it has been in. `source` is the
    /// pipe itself. Where it has been set before, it is changed. False: the tables are not of one family.
    pub fn set_pipe(&mut self, source: SourceId, config: &PipeConfig) -> bool {
        let PipeConfig { table, peer, import, export } = *config;
        let family = |id: TableId| Some(self.tables.get(usize::from(id.0))?.family);
        let Some(family_of_both) = family(table).filter(|_| family(table) == family(peer)) else {
            return false;
        };
        if table == peer || self.source(source).is_none() {
            return false;
        }
        let same = |pipe: &&Pipe| {
            let [one, _] = pipe.directions;
            pipe.source == source && (one.from, one.to) == (table, peer)
        };
        let known = self.pipes.iter().find(same).copied();
        if known.is_none() {
            self.remove_pipe(source);
        }
        let mut changed = [false; 2];
        for ((to, filter), changed) in
            [(peer, export), (table, import)].into_iter().zip(&mut changed)
        {
            let Some(of) = self.source_mut(source) else { return false };
            match of.channel_mut(to) {
                Some(channel) => {
                    *changed = channel.config.import != filter;
                    channel.config.import = filter;
                }
                None => {
                    let config =
                        ChannelConfig { import: filter, ..ChannelConfig::new(to, family_of_both) };
                    of.channels.push(Channel::new(config));
                }
            }
        }
        if let Some(pipe) = known {
            for (direction, _) in pipe.directions.iter().zip(changed).filter(|one| one.1) {
                self.watch_again(direction.changes);
            }
            return true;
        }
        let (Some(forth), Some(back)) = (self.watch(table, true), self.watch(peer, true)) else {
            return false;
        };
        let directions = [
            Direction { from: table, to: peer, changes: forth },
            Direction { from: peer, to: table, changes: back },
        ];
        self.pipes.push(Pipe { source, directions });
        true
    }

    /// Ends a pipe; the routes that it has put into tables are removed by whoever removes `source`.
    pub(super) fn remove_pipe(&mut self, source: SourceId) {
        let Some(place) = self.pipes.iter().position(|pipe| pipe.source == source) else { return };
        let pipe = self.pipes.remove(place);
        for direction in pipe.directions {
            self.unwatch(direction.changes);
            self.flush(source, direction.to);
        }
        if let Some(source) = self.source_mut(source) {
            source.channels.clear();
        }
    }

    /// Lets pipes carry what has changed. Returns what is left of the budget.
    pub(super) fn carry_on(
        &mut self,
        now: Duration,
        budget: usize,
        policy: &mut dyn Policy,
    ) -> usize {
        let mut left = budget;
        for index in 0..self.pipes.len() {
            let Some(Pipe { source, directions }) = self.pipes.get(index).copied() else {
                continue;
            };
            for direction in directions {
                while left > 0
                    && let Some(change) = self.poll_change(direction.changes)
                {
                    self.carry(now, source, &direction, change.net, policy);
                    left -= 1;
                }
            }
        }
        left
    }

    pub(super) fn pipes_have_work(&self) -> bool {
        let mut directions = self.pipes.iter().flat_map(|pipe| pipe.directions);
        directions.any(|direction| self.is_behind(direction.changes))
    }

    /// Makes what a pipe has put into a table at `net` what it should be.
    fn carry(
        &mut self,
        now: Duration,
        pipe: SourceId,
        direction: &Direction,
        net: IpNet,
        policy: &mut dyn Policy,
    ) {
        let Direction { from, to, .. } = *direction;
        let paths = |id: TableId| {
            let table = self.tables.get(usize::from(id.0));
            let slot = table.and_then(|table| table.find(&net));
            table.zip(slot).into_iter().flat_map(|(table, slot)| table.paths(slot))
        };
        let mut wanted: SmallVec<[(PathKey, AttributesId); 4]> = SmallVec::new();
        for path in paths(from).filter(|path| path.flags.is_usable()) {
            if !self.has_been_in(path.id, path.source, from, to) {
                let PathKey { source, received, .. } = self.path_ids.key(path.id, path.source);
                let key = PathKey { source, received, pipe: Some((pipe, path.id)) };
                wanted.push((key, path.attributes));
            }
        }
        let mut there: SmallVec<[LocalId; 4]> = SmallVec::new();
        for path in paths(to) {
            let key = self.path_ids.key(path.id, path.source);
            if key.pipe.is_some_and(|(other, _)| other == pipe)
                && !wanted.iter().any(|(other, _)| *other == key)
            {
                there.push(path.id);
            }
        }
        for id in there {
            self.remove_path(to, &net, id);
        }
        for (key, attributes) in wanted {
            let id = self.path_ids.intern(key);
            let incoming = Incoming {
                now,
                source: key.source,
                owner: pipe,
                table: to,
                attributes,
                announced: false,
            };
            self.filter_and_set(&incoming, net, id, policy);
            self.path_ids.sweep(id);
        }
    }

    /// Whether a path that stands in `table` came by way of `other`.
    fn has_been_in(&self, id: LocalId, source: SourceId, table: TableId, other: TableId) -> bool {
        let (mut id, mut at) = (id, table);
        while at != other {
            let Some((pipe, taken)) = self.path_ids.key(id, source).pipe else { return false };
            let pipe = self.pipes.iter().find(|one| one.source == pipe);
            let direction = pipe.and_then(|pipe| pipe.directions.iter().find(|one| one.to == at));
            let Some(direction) = direction else { return false };
            (id, at) = (taken, direction.from);
        }
        true
    }
}

#[cfg(test)]
mod tests;
