//! Those who follow the changes of a table: update groups and watchers.

use ipnet::IpNet;

use super::Rib;
use super::path::view_of;
use crate::group::Group;
use crate::policy::{Filter, Policy, Verdict};
use crate::route::Route;
use crate::table::{Table, TableId};

/// Number of a watcher in its [`Rib`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WatcherId(pub(super) u32);

/// Somebody who follows the best routes of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watcher {
    table: TableId,
    /// Changes of any path count, not of the best one only.
    paths: bool,
    position: u64,
    /// The next slot, while it is told what is in the table already.
    walk: Option<u32>,
}

/// Whether there is anything to be told of a slot.
fn is_there(table: &Table, slot: u32, paths: bool) -> bool {
    if paths { table.head(slot).is_some() } else { table.best(slot).is_some() }
}

/// The routes to a network have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The table
    pub table: TableId,
    /// The network
    pub net: IpNet,
    /// Whether there still is a route: look it up with [`Rib::lookup`] or [`Rib::export`]
    pub present: bool,
}

impl Rib {
    /// From now on [`Rib::poll_change`] tells the changes of a table; what is in it already is told first. `paths`:
    /// of any path, for those who use several; else of the best one. `None`: there is no such table.
    pub fn watch(&mut self, id: TableId, paths: bool) -> Option<WatcherId> {
        let table = self.tables.get_mut(usize::from(id.0))?;
        let position = table.log_of_mut(paths).subscribe();
        let watcher = Some(Watcher { table: id, paths, position, walk: Some(0) });
        let place = self.watchers.iter().position(Option::is_none).unwrap_or(self.watchers.len());
        match self.watchers.get_mut(place) {
            Some(free) => *free = watcher,
            None => self.watchers.push(watcher),
        }
        u32::try_from(place).ok().map(WatcherId)
    }

    /// Tells everything in the table once more.
    pub(super) fn watch_again(&mut self, id: WatcherId) {
        let watcher = self.watchers.get_mut(id.0 as usize).and_then(Option::as_mut);
        if let Some(watcher) = watcher {
            watcher.walk = Some(0);
        }
    }

    /// Whether there is something to be told, or may be.
    pub(super) fn is_behind(&self, id: WatcherId) -> bool {
        let watcher = self.watchers.get(id.0 as usize).and_then(Option::as_ref);
        watcher.is_some_and(|watcher| {
            let table = self.tables.get(usize::from(watcher.table.0));
            watcher.walk.is_some()
                || table.is_some_and(|table| watcher.position < table.log_of(watcher.paths).end())
        })
    }

    /// Ends a watch.
    pub fn unwatch(&mut self, id: WatcherId) {
        let Some(watcher) = self.watchers.get_mut(id.0 as usize).and_then(Option::take) else {
            return;
        };
        if let Some(table) = self.tables.get_mut(usize::from(watcher.table.0)) {
            table.log_of_mut(watcher.paths).unsubscribe();
        }
        self.trim(watcher.table);
    }

    /// The next network whose routes have changed.
    pub fn poll_change(&mut self, id: WatcherId) -> Option<Change> {
        let watcher = self.watchers.get_mut(id.0 as usize)?.as_mut()?;
        let table_id = watcher.table;
        let table = self.tables.get(usize::from(table_id.0))?;
        let log = table.log_of(watcher.paths);
        while let Some(slot) = watcher.walk {
            watcher.walk = (slot + 1 < table.slots()).then_some(slot + 1);
            // What changes anyway is told then.
            if is_there(table, slot, watcher.paths) && !log.pending(slot, watcher.position) {
                let (net, present) = (table.net(slot)?, table.best(slot).is_some());
                return Some(Change { table: table_id, net, present });
            }
        }
        let before = watcher.position;
        let mut change = None;
        while change.is_none() && watcher.position < log.end() {
            let slot = log.valid(watcher.position);
            watcher.position += 1;
            change = slot.and_then(|slot| {
                let (net, present) = (table.net(slot)?, table.best(slot).is_some());
                Some(Change { table: table_id, net, present })
            });
        }
        if watcher.position != before {
            self.trim(table_id);
        }
        change
    }

    /// Calls `visit` with the best route to `net` as `filter` lets it pass; with `None` where it does not, or where
    /// there is none.
    pub fn export<R>(
        &mut self,
        table: TableId,
        net: &IpNet,
        filter: Filter,
        policy: &mut dyn Policy,
        visit: impl FnOnce(Option<Route<'_>>) -> R,
    ) -> R {
        let (sources, attributes) = (&self.sources, &self.attributes);
        let route = || {
            let table = self.tables.get(usize::from(table.0))?;
            let path = table.best(table.find(net)?)?;
            let source = sources.get(usize::from(path.source.0))?.as_ref()?;
            Some(view_of(source, *net, &attributes.get(path.attributes)?, &self.next_hops))
        };
        let Some(route) = route() else { return visit(None) };
        let edited = &mut self.scratch.filtered;
        match filter.run(policy, edited, || route) {
            Verdict::Reject => visit(None),
            Verdict::Accept => visit(Some(route)),
            Verdict::Change => visit(Some(Route {
                preference: edited.preference,
                destination: edited.destination,
                next_hop: edited.next_hop,
                attributes: edited.attributes.view(),
                extra: edited.extra.view(),
                ..route
            })),
        }
    }

    /// Notes how far the readers of a table's change lists have come, and gives back what nobody needs.
    pub(super) fn trim(&mut self, table: TableId) {
        self.trim_log(table, false);
        self.trim_log(table, true);
    }

    fn trim_log(&mut self, table_id: TableId, paths: bool) {
        let Some(table) = self.tables.get_mut(usize::from(table_id.0)) else { return };
        let is_reader =
            |group: &&mut Group| group.rules.table == table_id && group.rules.adds_paths() == paths;
        let watches = |watcher: &&mut Watcher| watcher.table == table_id && watcher.paths == paths;
        let log = table.log_of_mut(paths);
        let mut lowest = log.end();
        for group in self.groups.iter_mut().flatten().filter(is_reader) {
            lowest = lowest.min(group.lowest());
            log.passed(group.head());
        }
        for watcher in self.watchers.iter_mut().flatten().filter(watches) {
            lowest = lowest.min(watcher.position);
            log.passed(watcher.position);
        }
        while let Some(slot) = table.log_of_mut(paths).pop_before(lowest) {
            if let Some(slot) = slot {
                table.free_if_empty(slot);
            }
        }
        let networks = table.used();
        let log = table.log_of_mut(paths);
        if log.is_bloated(networks) {
            let groups = self.groups.iter_mut().flatten().filter(is_reader);
            let watchers = self.watchers.iter_mut().flatten().filter(watches);
            let positions = watchers.map(|watcher| &mut watcher.position);
            log.compact(groups.flat_map(Group::positions).chain(positions));
        }
    }
}
