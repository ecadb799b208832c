//! Paths of a table: filtered, set, removed, and which of them is the best.

use core::cmp::Ordering;
use core::time::Duration;

use ipnet::IpNet;
use smallvec::SmallVec;

use super::Rib;
use crate::attributes::{AttributeSet, AttributeStore, AttributesId, Head};
use crate::channel::{
    Channel, ChannelStatistics, LimitAction, LimitKind, LimitPassed, ReceivedRoute, Source,
    SourceId,
};
use crate::decision::{Candidate, Rules, before_med, best_path};
use crate::extra::ExtraCode;
use crate::next_hop::{NextHopId, NextHops};
use crate::options::SessionKind;
use crate::path_id::{LocalId, PathIds};
use crate::policy::{Policy, Verdict};
use crate::route::{Route, RouteSource};
use crate::table::{Flags, Path, Set, Table, TableId};

/// The best path of a network: what tells whether anything changed.
pub(super) type Best = Option<(LocalId, AttributesId)>;

/// Routes on their way in: all that they have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incoming {
    pub(super) now: Duration,
    /// The instance they came from
    pub(super) source: SourceId,
    /// The instance that puts them into the table: the same, or a pipe
    pub(super) owner: SourceId,
    pub(super) table: TableId,
    /// As they were received. The caller sweeps them.
    pub(super) attributes: AttributesId,
    /// They have not been announced now: they were stale before, and are filtered again.
    pub(super) stale: bool,
    /// A neighbour has announced them just now.
    pub(super) announced: bool,
}

impl Incoming {
    /// Routes that are there now.
    pub(super) const fn new(
        now: Duration,
        source: SourceId,
        table: TableId,
        attributes: AttributesId,
    ) -> Self {
        Self { now, source, owner: source, table, attributes, stale: false, announced: false }
    }
}

/// What became of a route on its way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Imported {
    /// Nothing new
    Same,
    Accepted,
    Filtered,
    /// One too many
    Blocked,
}

/// The part of a `Rib` that the decision process reads.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) table: &'a Table,
    pub(crate) sources: &'a [Option<Source>],
    pub(crate) attributes: &'a AttributeStore,
    pub(crate) next_hops: &'a NextHops,
    pub(crate) path_ids: &'a PathIds,
    pub(crate) rules: &'a Rules,
}

pub(super) fn best_of(table: &Table, slot: u32) -> Best {
    table.best(slot).map(|path| (path.id, path.attributes))
}

/// As a filter sees it.
pub(crate) fn view_of<'a>(
    source: &'a Source,
    net: IpNet,
    set: &AttributeSet<'a>,
    next_hops: &NextHops,
) -> Route<'a> {
    Route {
        net,
        source: set.head.kind,
        protocol: &source.name,
        from: source.peer.as_ref().map(|peer| peer.address),
        preference: set.head.preference,
        destination: set.head.destination,
        next_hop: next_hops.key(set.head.next_hop),
        attributes: set.path,
        extra: set.extra,
    }
}

impl<'a> Field<'a> {
    fn candidate(&self, path: &Path) -> Option<Candidate<'a>> {
        let source = self.sources.get(usize::from(path.source.0))?.as_ref()?;
        candidate(source, path, self.attributes, self.next_hops, self.path_ids)
    }

    /// The paths of a slot that can be used, as the decision process sees them.
    pub(crate) fn candidates(
        &self,
        slot: u32,
    ) -> (SmallVec<[&'a Path; 8]>, SmallVec<[Candidate<'a>; 8]>) {
        let usable = self.table.paths(slot).zip(0..).filter(|(path, _)| path.flags.is_usable());
        let candidate = |(path, place): (&'a Path, u32)| {
            Some((path, Candidate { existing: place == 0, ..self.candidate(path)? }))
        };
        usable.filter_map(candidate).unzip()
    }

    /// Whether a path has no influence on which one is the best, since it loses to the best one before
    /// MULTI_EXIT_DISC is compared: then the others need not be looked at.
    fn is_out(&self, path: &Path, best: &Candidate<'_>) -> bool {
        !path.flags.is_usable()
            || self.candidate(path).is_some_and(|candidate| {
                before_med(&candidate, best, self.rules) == Some(Ordering::Greater)
            })
    }

    /// The best path after one that was not the best has become another one, has come or gone.
    fn decide_again(&self, slot: u32, old: Option<&Path>, new: Option<&Path>) -> Option<LocalId> {
        let best = self.table.best(slot)?;
        let candidate = self.candidate(best)?;
        if old.is_some_and(|old| !self.is_out(old, &candidate)) {
            return self.decide(slot);
        }
        let Some(new) = new.filter(|new| new.flags.is_usable()) else { return Some(best.id) };
        let order = before_med(&self.candidate(new)?, &candidate, self.rules);
        match order {
            // It wins before MULTI_EXIT_DISC is compared, so over all others too.
            Some(Ordering::Less) => Some(new.id),
            Some(Ordering::Greater) => Some(best.id),
            Some(Ordering::Equal) | None => self.decide(slot),
        }
    }

    fn decide_if_several(&self, slot: u32) -> Option<LocalId> {
        self.table.paths(slot).nth(1)?;
        self.decide(slot)
    }

    fn decide(&self, slot: u32) -> Option<LocalId> {
        let (paths, candidates) = self.candidates(slot);
        let (best, _) = best_path(&candidates, self.rules)?;
        paths.get(best).map(|path| path.id)
    }
}

fn candidate<'a>(
    source: &Source,
    path: &Path,
    attributes: &'a AttributeStore,
    next_hops: &NextHops,
    path_ids: &PathIds,
) -> Option<Candidate<'a>> {
    let set = attributes.get(path.attributes)?;
    let Head { next_hop, preference, kind, .. } = set.head;
    let candidate = Candidate {
        igp_metric: next_hops.metric(next_hop),
        since: path.since(),
        ..Candidate::new(kind, preference, attributes.facts(path.attributes)?)
    };
    if kind != RouteSource::Bgp {
        let number = |code| set.extra.number(code);
        let metric = number(ExtraCode::OSPF_METRIC1).or_else(|| number(ExtraCode::KERNEL_METRIC));
        let metric2 = number(ExtraCode::OSPF_METRIC2).unwrap_or(0);
        return Some(Candidate { metric: metric.unwrap_or(0), metric2, ..candidate });
    }
    let Some(peer) = &source.peer else { return Some(candidate) };
    Some(Candidate {
        internal: peer.is_internal(),
        confederation: peer.kind() == SessionKind::Confederation,
        default_med: peer.default_med,
        router_id: peer.remote_id,
        address: Some(peer.address),
        path_id: path_ids.received(path.id),
        ..candidate
    })
}

/// The instance that has put a path into its table: that of the protocol, or a pipe.
fn owner(ids: &PathIds, path: &Path) -> SourceId {
    ids.key(path.id, path.source).pipe.map_or(path.source, |(pipe, _)| pipe)
}

impl Rib {
    pub(crate) fn field(&self, table: TableId) -> Option<Field<'_>> {
        Some(Field {
            table: self.tables.get(usize::from(table.0))?,
            sources: &self.sources,
            attributes: &self.attributes,
            next_hops: &self.next_hops,
            path_ids: &self.path_ids,
            rules: &self.rules,
        })
    }

    pub(crate) fn channel(&self, source: SourceId, table: TableId) -> Option<&Channel> {
        self.source(source)?.channel(table)
    }

    pub(super) fn channel_mut(&mut self, source: SourceId, table: TableId) -> Option<&mut Channel> {
        self.source_mut(source)?.channel_mut(table)
    }

    pub(super) fn count(
        &mut self,
        source: SourceId,
        table: TableId,
        change: impl FnOnce(&mut ChannelStatistics),
    ) {
        if let Some(channel) = self.channel_mut(source, table) {
            change(&mut channel.statistics);
        }
    }

    /// A route of its own comes in: kept as received where that is asked for, and put through the import filter.
    pub(super) fn import(
        &mut self,
        incoming: &Incoming,
        net: IpNet,
        id: LocalId,
        policy: &mut dyn Policy,
    ) -> (Imported, Option<LimitPassed>) {
        self.keep_received(incoming, net, id);
        self.filter_and_set(incoming, net, id, policy)
    }

    /// Runs the import filter on a route and sets the path that comes of it.
    pub(super) fn filter_and_set(
        &mut self,
        incoming: &Incoming,
        net: IpNet,
        id: LocalId,
        policy: &mut dyn Policy,
    ) -> (Imported, Option<LimitPassed>) {
        let nothing = (Imported::Same, None);
        let Incoming { table, source, owner, attributes, .. } = *incoming;
        let origin = self.sources.get(usize::from(source.0)).and_then(Option::as_ref);
        let Some(origin) = origin else { return nothing };
        let into = self.sources.get(usize::from(owner.0)).and_then(Option::as_ref);
        let Some(config) = into.and_then(|into| into.channel(table)).map(|into| &into.config)
        else {
            return nothing;
        };
        let Some(received) = self.attributes.get(attributes) else { return nothing };
        let keep_filtered = config.keep_filtered;
        let edited = &mut self.scratch.filtered;
        let peer = into.and_then(|into| into.peer.as_ref());
        let filter = peer.map_or(config.import, |peer| config.import_filter(peer));
        let verdict =
            filter.run(policy, edited, || view_of(origin, net, &received, &self.next_hops));
        let mut path = Path::new(attributes, id, source, incoming.now);
        if incoming.stale {
            path.flags = path.flags.with(Flags::STALE);
        }
        match verdict {
            Verdict::Accept => {}
            Verdict::Change => {
                let next_hop = edited.next_hop;
                let next_hop = next_hop.map_or(NextHopId::NONE, |key| self.next_hops.intern(key));
                let head = Head {
                    next_hop,
                    preference: edited.preference,
                    kind: received.head.kind,
                    destination: edited.destination,
                };
                let set = AttributeSet {
                    path: edited.attributes.view(),
                    extra: edited.extra.view(),
                    head,
                };
                path.attributes = self.attributes.intern(&set, &mut self.next_hops);
            }
            Verdict::Reject if keep_filtered => path.flags = path.flags.with(Flags::FILTERED),
            Verdict::Reject => {
                self.remove_path(table, &net, id);
                return (Imported::Filtered, None);
            }
        }
        if self.is_damped(incoming, net, &path) {
            path.flags = path.flags.with(Flags::DAMPED);
        }
        let outcome = self.limit_and_set(table, &net, owner, path);
        if path.attributes != attributes {
            self.attributes.sweep(path.attributes, &mut self.next_hops);
        }
        outcome
    }

    fn limit_and_set(
        &mut self,
        table: TableId,
        net: &IpNet,
        owner: SourceId,
        mut path: Path,
    ) -> (Imported, Option<LimitPassed>) {
        let filtered = path.flags.has(Flags::FILTERED);
        let limits = self.channel(owner, table).map(|channel| &channel.config);
        let limited =
            limits.is_some_and(|one| one.receive_limit.is_some() || one.import_limit.is_some());
        if !limited {
            return (self.set_unlimited(table, net, path), None);
        }
        let known = self.find_path(table, net, path.id).map(|old| old.flags);
        let mut passed = None;
        let family = self.tables.get(usize::from(table.0)).map(|table| table.family);
        for kind in [LimitKind::Receive, LimitKind::Import] {
            let counts = kind == LimitKind::Receive || !filtered;
            let is_counted = known
                .is_some_and(|flags| kind == LimitKind::Receive || !flags.has(Flags::FILTERED));
            if !counts || is_counted {
                continue;
            }
            let Some((limit, fresh)) =
                self.channel_mut(owner, table).and_then(|channel| channel.one_more(kind))
            else {
                continue;
            };
            if fresh && let Some(family) = family {
                passed = Some(LimitPassed { family, kind, limit });
            }
            if limit.action != LimitAction::Warn {
                if kind == LimitKind::Import && self.keeps_filtered(owner, table) {
                    path.flags = path.flags.with(Flags::FILTERED);
                    self.set_path(table, net, path);
                    return (Imported::Blocked, passed);
                }
                // What was there before is replaced all the same.
                self.remove_path(table, net, path.id);
                return (Imported::Blocked, passed);
            }
        }
        (self.set_unlimited(table, net, path), passed)
    }

    fn set_unlimited(&mut self, table: TableId, net: &IpNet, path: Path) -> Imported {
        match self.set_path(table, net, path) {
            _ if path.flags.has(Flags::FILTERED) => Imported::Filtered,
            SetPath::Same => Imported::Same,
            SetPath::Added | SetPath::Replaced => Imported::Accepted,
        }
    }

    fn keeps_filtered(&self, owner: SourceId, table: TableId) -> bool {
        self.channel(owner, table).is_some_and(|channel| channel.config.keep_filtered)
    }

    /// Whether a route comes and goes too often to be used (RFC 2439).
    fn is_damped(&mut self, incoming: &Incoming, net: IpNet, path: &Path) -> bool {
        let Incoming { now, table, owner, announced, .. } = *incoming;
        if self.channel(owner, table).is_none_or(|channel| channel.damping.is_none()) {
            return false;
        }
        let known = self.find_path(table, &net, path.id).copied();
        let key = (net, self.path_ids.key(path.id, path.source).received);
        let damping = self.channel_mut(owner, table).and_then(|channel| channel.damping.as_mut());
        let Some(damping) = damping else { return false };
        if announced {
            let changed = known.is_some_and(|known| known.attributes != path.attributes);
            damping.handle_announcement(now, key, changed)
        } else {
            damping.is_suppressed(&key)
        }
    }

    /// The neighbour has withdrawn a route.
    pub(super) fn note_withdrawal(
        &mut self,
        now: Duration,
        source: SourceId,
        table: TableId,
        key: ReceivedRoute,
    ) {
        let channel = self.channel_mut(source, table);
        if let Some(damping) = channel.and_then(|channel| channel.damping.as_mut()) {
            damping.handle_withdrawal(now, key);
        }
    }

    /// A route is withdrawn: it is no longer kept as received either. False when there was none.
    pub(super) fn retract(&mut self, table: TableId, net: &IpNet, id: LocalId) -> bool {
        let source =
            self.path_ids.key(id, SourceId(u16::try_from(id.0).unwrap_or(u16::MAX))).source;
        self.forget_received(source, table, net, id);
        self.remove_path(table, net, id)
    }

    pub(super) fn find_path(&self, table: TableId, net: &IpNet, id: LocalId) -> Option<&Path> {
        let table = self.tables.get(usize::from(table.0))?;
        table.path(table.find(net)?, id)
    }

    pub(super) fn set_path(&mut self, table_id: TableId, net: &IpNet, path: Path) -> SetPath {
        let Some(table) = self.tables.get_mut(usize::from(table_id.0)) else {
            return SetPath::Same;
        };
        let Some(slot) = table.find_or_insert(net) else { return SetPath::Same };
        let before = best_of(table, slot);
        if let Some(flags) = table.flags_mut(slot, path.id) {
            let stale = path.flags.has(Flags::STALE);
            *flags = if stale { flags.with(Flags::STALE) } else { flags.without(Flags::STALE) };
            let old = table.path(slot, path.id).map(|old| (old.attributes, old.flags));
            if old == Some((path.attributes, path.flags)) {
                return SetPath::Same;
            }
        }
        self.attributes.retain(path.attributes);
        let replaced = match table.set(slot, path) {
            Some(Set::Replaced(old)) => Some(old),
            _ => None,
        };
        if replaced.is_none() {
            self.path_ids.retain(path.id);
        }
        self.recount(table_id, replaced.as_ref(), Some(&path));
        // Before the old attributes go, since their number could be used anew.
        self.settle_change(table_id, slot, before, replaced.as_ref(), Some(&path));
        match replaced {
            Some(old) => {
                self.attributes.release(old.attributes, &mut self.next_hops);
                SetPath::Replaced
            }
            None => SetPath::Added,
        }
    }

    /// Counts a path that comes in place of another one.
    fn recount(&mut self, table: TableId, old: Option<&Path>, new: Option<&Path>) {
        for (path, step) in [(old, -1), (new, 1)] {
            let Some(path) = path else { continue };
            let owner = owner(&self.path_ids, path);
            let Some(channel) = self.channel_mut(owner, table) else { continue };
            let count = if path.flags.has(Flags::FILTERED) {
                &mut channel.filtered
            } else {
                &mut channel.routes
            };
            *count = count.saturating_add_signed(step);
        }
    }

    pub(super) fn remove_path(&mut self, table_id: TableId, net: &IpNet, id: LocalId) -> bool {
        let Some(table) = self.tables.get(usize::from(table_id.0)) else { return false };
        table.find(net).is_some_and(|slot| self.remove_from_slot(table_id, slot, id))
    }

    pub(super) fn remove_from_slot(&mut self, table_id: TableId, slot: u32, id: LocalId) -> bool {
        let Some(table) = self.tables.get_mut(usize::from(table_id.0)) else { return false };
        let before = best_of(table, slot);
        let Some(old) = table.remove(slot, id) else { return false };
        self.recount(table_id, Some(&old), None);
        self.settle_change(table_id, slot, before, Some(&old), None);
        self.attributes.release(old.attributes, &mut self.next_hops);
        self.path_ids.release(id);
        true
    }

    /// Calls `visit` with all paths that `source` has put into a table.
    pub(super) fn for_all_of(
        &mut self,
        source: SourceId,
        table: TableId,
        mut visit: impl FnMut(&mut Self, u32, Path),
    ) {
        let Some(channel) = self.channel(source, table) else { return };
        let mut left = channel.routes + channel.filtered;
        let slots = self.tables.get(usize::from(table.0)).map_or(0, Table::slots);
        for slot in 0..slots {
            if left == 0 {
                break;
            }
            let Some(in_table) = self.tables.get(usize::from(table.0)) else { return };
            let paths = in_table.paths(slot);
            let own = |path: &&Path| owner(&self.path_ids, path) == source;
            let own: SmallVec<[Path; 4]> = paths.filter(own).copied().collect();
            for path in own {
                left -= 1;
                visit(self, slot, path);
            }
        }
    }

    /// Removes all routes of `source` from a table.
    pub(super) fn flush(&mut self, source: SourceId, table: TableId) {
        self.for_all_of(source, table, |rib, slot, path| {
            rib.remove_from_slot(table, slot, path.id);
        });
        self.forget_all_received(source, table);
    }

    /// Reaching a next hop of a slot costs something else: decides anew. Some neighbours are told that cost.
    pub(super) fn settle_cost(&mut self, table_id: TableId, slot: u32) {
        let table = self.tables.get(usize::from(table_id.0));
        self.settle(table_id, slot, table.and_then(|table| best_of(table, slot)));
        let is_told = || {
            let path = self.tables.get(usize::from(table_id.0))?.best(slot)?;
            let (source, facts) =
                (self.source(path.source)?, self.attributes.facts(path.attributes)?);
            let mut groups = self.groups.iter().flatten().map(|group| &group.rules);
            Some(groups.any(|rules| rules.table == table_id && rules.tells_cost(source, facts)))
        };
        if is_told() == Some(true)
            && let Some(table) = self.tables.get_mut(usize::from(table_id.0))
        {
            table.log.push(slot);
        }
    }

    /// Decides anew which path of a slot is the best, and notes what has changed.
    pub(super) fn settle(&mut self, table_id: TableId, slot: u32, before: Best) {
        let best = self.field(table_id).and_then(|field| field.decide_if_several(slot));
        self.note_best(table_id, slot, before, best);
    }

    /// The same, when it is known what has changed.
    fn settle_change(
        &mut self,
        table_id: TableId,
        slot: u32,
        before: Best,
        old: Option<&Path>,
        new: Option<&Path>,
    ) {
        let is_best = |path: &Path| before.is_some_and(|best| best.0 == path.id);
        let best = self.field(table_id).and_then(|field| {
            if before.is_none() || old.is_some_and(is_best) {
                field.decide_if_several(slot)
            } else {
                field.decide_again(slot, old, new)
            }
        });
        self.note_best(table_id, slot, before, best);
    }

    fn note_best(&mut self, table_id: TableId, slot: u32, before: Best, best: Option<LocalId>) {
        let Some(table) = self.tables.get_mut(usize::from(table_id.0)) else { return };
        if let Some(best) = best {
            table.promote(slot, best);
        }
        table.all.push(slot);
        let after = best_of(table, slot);
        if before != after {
            table.log.push(slot);
        }
        if self.next_hops.follows(table_id)
            && let Some(net) = table.net(slot)
        {
            self.next_hops.note_change(table_id, &net);
        }
        if table.head(slot).is_none() {
            table.free_if_empty(slot);
        }
        if before.map(|best| best.0) != after.map(|best| best.0) {
            for (best, step) in [(before, -1), (after, 1)] {
                let Some((id, _)) = best else { continue };
                let source = SourceId(u16::try_from(id.0).unwrap_or(u16::MAX));
                let key = self.path_ids.key(id, source);
                let owner = key.pipe.map_or(key.source, |(pipe, _)| pipe);
                if let Some(channel) = self.channel_mut(owner, table_id) {
                    channel.preferred = channel.preferred.saturating_add_signed(step);
                }
            }
        }
    }
}

/// What [`Rib::set_path`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SetPath {
    Same,
    Added,
    Replaced,
}
