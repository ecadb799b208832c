//! Neighbours that come and go, and what they are told.

use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::Family;
use smallvec::SmallVec;

use super::Rib;
use super::path::best_of;
use crate::channel::{Channel, ChannelConfig, LimitKind, LimitPassed, PeerConfig, SourceId};
use crate::export::ExportRules;
use crate::group::{Chunk, Group, Joining, View};
use crate::path_id::PathKey;
use crate::policy::Policy;
use crate::table::{Flags, Table, TableId};

impl Rib {
    /// The session with a neighbour has come up: it is told all routes of its channels, then every change.
    /// Counters start anew. Routes that have stayed since its last session stay, where there is a channel for them.
    pub fn peer_up(
        &mut self,
        id: SourceId,
        peer: PeerConfig,
        channels: impl IntoIterator<Item = ChannelConfig>,
    ) {
        let channels: SmallVec<[ChannelConfig; 2]> = channels.into_iter().collect();
        let kept: SmallVec<[Family; 2]> = channels.iter().map(|channel| channel.family).collect();
        self.peer_down(id, &kept);
        self.generations = self.generations.wrapping_add(1);
        let generation = self.generations;
        let Some(source) = self.source_mut(id) else { return };
        let differs = !source.channels.is_empty()
            && source.peer.as_ref().is_some_and(|before| *before != peer);
        (source.peer, source.up) = (Some(peer), true);
        if differs {
            source.generation = generation;
        }
        // Of the same family, but of another table.
        let goes =
            |channel: &Channel| channels.iter().all(|config| config.table != channel.config.table);
        let gone: SmallVec<[TableId; 2]> =
            source.channels.iter().filter(|one| goes(one)).map(|one| one.config.table).collect();
        self.remove_channels(id, &gone);
        for config in channels {
            let table = config.table;
            let config = self.under_condition(id, config);
            let Some(rules) = self.rules_of(id, &config) else { continue };
            let group = self.join_group(id, rules, Joining::Fresh);
            if !config.keep_received {
                self.forget_all_received(id, table);
            }
            let Some(source) = self.source_mut(id) else { return };
            let has_all_received = config.keep_received;
            match source.channel_mut(table) {
                Some(channel) => {
                    let Channel { config, damping, statistics, .. } = Channel::new(config);
                    (channel.config, channel.damping) = (config, damping);
                    channel.statistics = statistics;
                    channel.reported.clear();
                    channel.has_all_received = has_all_received;
                    channel.group = Some(group);
                }
                None => {
                    let channel = Channel::new(config);
                    source.channels.push(Channel {
                        group: Some(group),
                        has_all_received,
                        ..channel
                    });
                }
            }
        }
        if differs {
            self.decide_all_of(id);
        }
    }

    /// What the decision asks of a neighbour is something else now, and what others are told of its routes.
    fn decide_all_of(&mut self, id: SourceId) {
        for table_id in (0..u16::try_from(self.tables.len()).unwrap_or(u16::MAX)).map(TableId) {
            let slots = self.tables.get(usize::from(table_id.0)).map_or(0, Table::slots);
            for slot in 0..slots {
                let Some(table) = self.tables.get_mut(usize::from(table_id.0)) else { continue };
                if table.paths(slot).any(|path| path.source == id) {
                    table.log.push(slot);
                    let before = best_of(table, slot);
                    self.settle(table_id, slot, before);
                }
            }
        }
    }

    /// The session with a neighbour has gone down: its routes are removed, but those of the families in `kept`,
    /// which are [marked](Rib::mark_stale) by whoever wants them to go later.
    pub fn peer_down(&mut self, id: SourceId, kept: &[Family]) {
        let Some(source) = self.source_mut(id) else { return };
        source.up = false;
        let groups: SmallVec<[u32; 2]> =
            source.channels.iter_mut().filter_map(|channel| channel.group.take()).collect();
        let gone = |channel: &&Channel| !kept.contains(&channel.config.family);
        let gone: SmallVec<[TableId; 2]> =
            source.channels.iter().filter(gone).map(|channel| channel.config.table).collect();
        for group in groups {
            let table = self.leave_group(id, group);
            self.trim(table);
        }
        self.remove_channels(id, &gone);
        if let Some(source) = self.source_mut(id).filter(|source| source.channels.is_empty()) {
            source.peer = None;
        }
    }

    fn remove_channels(&mut self, id: SourceId, tables: &[TableId]) {
        for table in tables {
            self.flush(id, *table);
        }
        if let Some(source) = self.source_mut(id) {
            source.channels.retain(|channel| !tables.contains(&channel.config.table));
        }
    }

    fn rules_of(&self, id: SourceId, config: &ChannelConfig) -> Option<ExportRules> {
        let peer = self.source(id)?.peer.as_ref()?;
        let rules = ExportRules::new(peer, config);
        // A limit counts the routes of one neighbour, so it shares with no other.
        Some(if config.export_limit.is_some() { rules.alone(id) } else { rules })
    }

    /// Changes the filters or options of a channel while the session stays. The neighbour is told what is
    /// different. True: routes that were taken before stay as they are until they are put through the new import
    /// filter; call [`Rib::reload`].
    pub fn reconfigure_channel(&mut self, id: SourceId, config: ChannelConfig) -> bool {
        let table = config.table;
        let config = self.under_condition(id, config);
        let Some(rules) = self.rules_of(id, &config) else { return false };
        let Some(channel) = self.channel(id, table) else { return false };
        let (mut group, before) = (channel.group, &channel.config);
        let reload = (before.import, before.preference, before.keep_filtered)
            != (config.import, config.preference, config.keep_filtered);
        let forget = before.keep_received && !config.keep_received;
        let differs = |old: u32| {
            let group = self.groups.get(old as usize).and_then(Option::as_ref);
            group.is_some_and(|group| group.rules != rules)
        };
        if let Some(old) = group.filter(|old| differs(*old)) {
            group = Some(self.change_group(id, old, rules));
        }
        if let Some(channel) = self.channel_mut(id, table) {
            let old = &channel.config;
            for (kind, differs) in [
                (LimitKind::Receive, old.receive_limit != config.receive_limit),
                (LimitKind::Import, old.import_limit != config.import_limit),
            ] {
                channel.reported.retain(|reported| !differs || *reported != kind);
            }
            channel.has_all_received &= config.keep_received;
            channel.config = config;
            channel.group = group;
        }
        if forget {
            self.forget_all_received(id, table);
        }
        reload
    }

    /// Moves a member to the group of `rules`.
    fn change_group(&mut self, id: SourceId, old: u32, rules: ExportRules) -> u32 {
        let (table_id, several) = (rules.table, rules.adds_paths());
        let place = self.groups.get_mut(old as usize);
        let Some(group) = place.and_then(Option::as_mut) else { return old };
        let before = group.rules.adds_paths();
        let mut joining = group.take(id);
        let mut owed: Vec<u32> = Vec::new();
        if let Joining::Known(known) = &mut joining
            && before != several
            && let Some(table) = self.tables.get(usize::from(table_id.0))
        {
            let log = table.log_of(before);
            owed.extend((known.position..log.end()).filter_map(|position| log.valid(position)));
            // Places of one list mean nothing in the other.
            known.position = u64::MAX;
        }
        self.remove_if_empty(old);
        let group = self.join_group(id, rules, joining);
        if let Some(table) = self.tables.get_mut(usize::from(table_id.0)) {
            owed.into_iter().for_each(|slot| table.log_of_mut(several).push(slot));
        }
        self.trim(table_id);
        group
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

    fn join_group(&mut self, source: SourceId, rules: ExportRules, joining: Joining) -> u32 {
        let slots = self.tables.get(usize::from(rules.table.0)).map_or(0, Table::slots);
        let same = |group: &Option<Group>| group.as_ref().is_some_and(|group| group.rules == rules);
        let place = self.groups.iter().position(same).unwrap_or_else(|| {
            let table = self.tables.get_mut(usize::from(rules.table.0));
            let head = table.map(|table| table.log_of_mut(rules.adds_paths()).subscribe());
            let group = Some(Group::new(rules, head.unwrap_or_default()));
            let place = self.groups.iter().position(Option::is_none).unwrap_or(self.groups.len());
            match self.groups.get_mut(place) {
                Some(free) => *free = group,
                None => self.groups.push(group),
            }
            place
        });
        if let Some(group) = self.groups.get_mut(place).and_then(Option::as_mut) {
            group.join(source, joining, slots);
        }
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// The caller calls [`Rib::trim`] for the table that it returns.
    fn leave_group(&mut self, source: SourceId, place: u32) -> TableId {
        let group = self.groups.get_mut(place as usize).and_then(Option::as_mut);
        let Some(group) = group else { return TableId(u16::MAX) };
        group.leave(source);
        let table = group.rules.table;
        self.remove_if_empty(place);
        table
    }

    fn remove_if_empty(&mut self, place: u32) {
        let Some(place) = self.groups.get_mut(place as usize) else { return };
        let Some(group) = place.take_if(|group| group.is_empty()) else { return };
        if let Some(table) = self.tables.get_mut(usize::from(group.rules.table.0)) {
            table.log_of_mut(group.rules.adds_paths()).unsubscribe();
        }
    }

    /// The next messages for a neighbour, of all its channels: withdrawals, announcements, End-of-RIB. Where a
    /// channel has an interval between announcements there may be more at [`Rib::poll_timeout`].
    pub fn poll_update(
        &mut self,
        now: Duration,
        to: SourceId,
        policy: &mut dyn Policy,
    ) -> Option<Chunk> {
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
                attributes: &mut self.attributes,
                next_hops: &mut self.next_hops,
                path_ids: &self.path_ids,
                sources: &self.sources,
                rules: &self.rules,
                policy,
                edited: &mut self.scratch.filtered,
                kept: Default::default(),
            };
            let (chunk, moved) = group.poll(now, to, &mut view);
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

    /// When [`Rib::handle_timeout`] is to be called, and [`Rib::poll_update`] may have something although nothing has
    /// come in.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let groups = self.groups.iter().flatten();
        let due = groups.filter_map(|group| {
            let table = self.tables.get(usize::from(group.rules.table.0))?;
            group.poll_timeout(table)
        });
        let channels = self.sources.iter().flatten().flat_map(|source| &source.channels);
        let damping = channels.filter_map(|channel| channel.damping.as_ref()?.poll_timeout());
        due.chain(damping).min()
    }

    /// Lets time take effect: intervals between announcements are over, and routes that have been stable for long
    /// enough are used again.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.groups.iter_mut().flatten().for_each(|group| group.handle_timeout(now));
        for index in 0..u16::try_from(self.sources.len()).unwrap_or(u16::MAX) {
            let source = SourceId(index);
            let channels = self.source(source).map(|source| source.channels.as_slice());
            let damped = channels.unwrap_or_default().iter().filter(|one| one.damping.is_some());
            let tables: SmallVec<[TableId; 2]> = damped.map(|one| one.config.table).collect();
            for table in tables {
                self.use_again(now, source, table);
            }
        }
    }

    fn use_again(&mut self, now: Duration, source: SourceId, table: TableId) {
        let damping = |rib: &mut Self| {
            let channel = rib.channel_mut(source, table)?;
            let damping = channel.damping.as_mut()?;
            damping.handle_timeout(now);
            damping.poll_reuse()
        };
        while let Some((net, received)) = damping(self) {
            let id = self.path_ids.find(&PathKey { source, received, pipe: None });
            let Some(id) = id else { continue };
            let Some(at) = self.tables.get_mut(usize::from(table.0)) else { return };
            let Some(slot) = at.find(&net) else { continue };
            let before = best_of(at, slot);
            if let Some(flags) = at.flags_mut(slot, id) {
                *flags = flags.without(Flags::DAMPED);
                self.settle(table, slot, before);
            }
        }
    }

    /// An export limit that was passed, once until it was not.
    pub fn poll_limit(&mut self) -> Option<(SourceId, LimitPassed)> {
        self.groups.iter_mut().flatten().find_map(Group::poll_limit)
    }

    /// Routes of its channel that a neighbour has been told.
    pub fn told(&self, to: SourceId, table: TableId) -> u32 {
        let group = self.channel(to, table).and_then(|channel| channel.group);
        let group =
            group.and_then(|group| self.groups.get(group as usize)).and_then(Option::as_ref);
        group.map_or(0, |group| group.told(to))
    }
}
