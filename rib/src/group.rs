//! Update groups: neighbours that are told the same share one computation and one set of messages.

mod told;
mod view;
mod writer;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::{PathAttributes, RefreshSubtype};
use smallvec::SmallVec;

use crate::attributes::AttributesId;
use crate::channel::{LimitKind, LimitPassed, Source, SourceId};
use crate::export::ExportRules;
use crate::path_id::LocalId;
use crate::policy::Set;
use crate::table::Table;

use self::told::{Exported, Told};
use self::writer::{Audience, ChunkWriter, default_route, end_of_rib, named, refresh_marker};

pub(crate) use self::view::View;
pub use self::writer::Chunk;

/// Entries of the change list, or slots of the table, that are packed together.
const BATCH: u64 = 16_384;
/// Octets of messages kept for slow members; beyond it the slowest make their own.
const MOST_CACHED: usize = 4 << 20;

/// Messages made from a stretch of the change list.
#[derive(Debug, Clone)]
struct Segment {
    from: u64,
    to: u64,
    octets: usize,
    chunks: Vec<Chunk>,
    /// What they withdraw, where a network may have several paths.
    withdrawn: Vec<(u32, LocalId)>,
}

/// A neighbour in a group.
#[derive(Debug, Clone)]
struct Member {
    source: SourceId,
    /// Its place in the change list …
    position: u64,
    /// … and in the segment that begins there.
    chunk: usize,
    /// Chunks made for it alone.
    own: VecDeque<Chunk>,
    walk: Option<Walk>,
    end_of_rib: bool,
}

/// A walk over the whole table, for a member that has just joined.
#[derive(Debug, Clone)]
struct Walk {
    next: u32,
    /// It may have been told otherwise before: what is not announced is withdrawn. For networks of several paths
    /// it is known what it was told.
    before: Option<Box<Told>>,
    /// It has been asked for (RFC 2918).
    refresh: bool,
    /// It has been told a default route of our own.
    had_default: bool,
}

/// What a neighbour knows that joins a group.
#[derive(Debug, Clone)]
pub(crate) enum Joining {
    /// Nothing
    Fresh,
    /// What another group has told it, up to this place in the change list
    Known { told: Box<KnownRoutes>, position: u64, default_originate: bool },
}

/// What a group has told its members.
#[derive(Debug, Clone)]
pub(crate) struct KnownRoutes(Told);

/// An update group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) rules: ExportRules,
    members: Vec<Member>,
    told: Told,
    segments: VecDeque<Segment>,
    /// Octets in `segments`.
    cached: usize,
    /// How far in the change list messages were made.
    head: u64,
    /// What segments have withdrawn that were dropped before all had read them.
    missed: BTreeMap<u32, SmallVec<[LocalId; 2]>>,
    /// Before that, no further messages are made.
    not_before: Duration,
    /// The export limit is passed, and was reported.
    limited: Option<bool>,
}

/// Routes to announce and to withdraw, before they are written.
#[derive(Debug, Default)]
struct Batch {
    announced: Vec<Announced>,
    /// With the source of the route that was told before: that one never knew it.
    withdrawn: Vec<(SourceId, u32, LocalId)>,
    /// A route replaces one of another source: the new source had been told the old one.
    withdrawn_from: Vec<(SourceId, u32)>,
}

/// A route to announce. Those that go into one message stand together in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Announced {
    source: SourceId,
    attributes: AttributesId,
    set: Set,
    slot: u32,
    id: LocalId,
}

impl Batch {
    fn announce(&mut self, path: &Exported, slot: u32) {
        let Exported { source, id, attributes, set, .. } = *path;
        self.announced.push(Announced { source, attributes, set, slot, id });
    }
}

impl Group {
    /// A group without members; `head` is where the change list ends.
    pub(crate) fn new(rules: ExportRules, head: u64) -> Self {
        Self {
            told: Told::new(rules.adds_paths()),
            rules,
            members: Vec::new(),
            segments: VecDeque::new(),
            cached: 0,
            head,
            missed: BTreeMap::new(),
            not_before: Duration::ZERO,
            limited: None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Adds a neighbour and tells it the whole table.
    pub(crate) fn join(&mut self, source: SourceId, joining: Joining) {
        let (position, before, had_default) = match joining {
            Joining::Fresh => (self.head, None, false),
            Joining::Known { told, position, default_originate } => {
                (position, Some(Box::new(told.0)), default_originate)
            }
        };
        self.members.push(Member {
            source,
            position,
            chunk: 0,
            own: VecDeque::new(),
            walk: Some(Walk { next: 0, before, refresh: false, had_default }),
            end_of_rib: true,
        });
    }

    /// What a member knows that is about to leave for another group.
    pub(crate) fn known(&self, source: SourceId) -> Joining {
        let member = self.members.iter().find(|member| member.source == source);
        // Of networks with one path nothing has to be known.
        let told = if self.rules.adds_paths() { self.told.clone() } else { Told::new(false) };
        member.map_or(Joining::Fresh, |member| Joining::Known {
            told: Box::new(KnownRoutes(told)),
            position: member.position,
            default_originate: self.rules.default_originate,
        })
    }

    /// How far in the change list messages were made.
    pub(crate) const fn head(&self) -> u64 {
        self.head
    }

    pub(crate) fn leave(&mut self, source: SourceId) {
        self.members.retain(|member| member.source != source);
        self.drop_old_segments();
    }

    /// Tells a member everything again (RFC 2918).
    pub(crate) fn refresh(&mut self, source: SourceId) {
        if let Some(member) = self.members.iter_mut().find(|member| member.source == source) {
            // One that is on its way already has to begin anew, but what it had to take back it still has to.
            let (before, had_default) =
                member.walk.take().map_or((None, false), |walk| (walk.before, walk.had_default));
            member.walk = Some(Walk { next: 0, before, refresh: true, had_default });
        }
    }

    /// Routes that a member has been told, or will be as soon as it reads.
    pub(crate) fn told(&self, source: SourceId) -> u32 {
        self.told.count(source)
    }

    /// The earliest place in the change list that somebody still needs.
    pub(crate) fn lowest(&self) -> u64 {
        self.members.iter().map(|member| member.position).min().unwrap_or(self.head)
    }

    /// All places in the change list, to be moved when it is compacted.
    pub(crate) fn positions(&mut self) -> impl Iterator<Item = &mut u64> {
        let segments =
            self.segments.iter_mut().flat_map(|segment| [&mut segment.from, &mut segment.to]);
        let members = self.members.iter_mut().map(|member| &mut member.position);
        segments.chain(members).chain([&mut self.head])
    }

    /// When further messages may be made, if there is something to tell.
    pub(crate) fn poll_timeout(&self, table: &Table) -> Option<Duration> {
        let waits = self.head < table.log_of(self.rules.adds_paths()).end();
        (waits && self.not_before > Duration::ZERO).then_some(self.not_before)
    }

    /// The export limit, when it was passed and this was not told yet.
    pub(crate) fn poll_limit(&mut self) -> Option<(SourceId, LimitPassed)> {
        let reported = self.limited.as_mut().filter(|reported| !**reported)?;
        *reported = true;
        let (source, limit) = self.members.first().map(|one| one.source).zip(self.rules.limit())?;
        let family = self.rules.family;
        Some((source, LimitPassed { family, kind: LimitKind::Export, limit }))
    }

    /// The next chunk for `to`. The flag tells that a member or the group moved on in the change list.
    pub(crate) fn poll(
        &mut self,
        now: Duration,
        to: SourceId,
        view: &mut View<'_>,
    ) -> (Option<Chunk>, bool) {
        let mut moved = false;
        let Some(index) = self.members.iter().position(|member| member.source == to) else {
            return (None, false);
        };
        loop {
            let Some(member) = self.members.get_mut(index) else { return (None, moved) };
            if let Some(chunk) = member.own.pop_front() {
                return (Some(chunk), moved);
            }
            if member.walk.is_some() {
                self.walk(index, view);
                continue;
            }
            if core::mem::take(&mut member.end_of_rib) {
                return (Some(end_of_rib(&self.rules)), moved);
            }
            if member.position == self.head {
                let end = view.table.log_of(self.rules.adds_paths()).end();
                if self.head == end || now < self.not_before {
                    return (None, moved);
                }
                self.advance(now, view);
                moved = true;
                continue;
            }
            let at = self.segments.partition_point(|segment| segment.from < member.position);
            match self.segments.get(at) {
                Some(segment) if segment.from == member.position => {
                    while let Some(chunk) = segment.chunks.get(member.chunk) {
                        member.chunk += 1;
                        if chunk.audience.includes(to) {
                            return (Some(chunk.clone()), moved);
                        }
                    }
                    member.position = segment.to;
                    member.chunk = 0;
                }
                next => {
                    // Its segment is gone: it makes its own messages up to the next one that is left.
                    let most = next.map_or(self.head, |segment| segment.from);
                    let end = most.min(member.position + BATCH);
                    let range = member.position..end;
                    member.position = end;
                    member.chunk = 0;
                    self.catch_up(index, range, view);
                }
            }
            moved = true;
            self.drop_old_segments();
        }
    }

    /// Makes the messages of the next stretch of the change list.
    fn advance(&mut self, now: Duration, view: &mut View<'_>) {
        let several = self.rules.adds_paths();
        let log = view.table.log_of(several);
        let (from, to) = (self.head, log.end().min(self.head + BATCH));
        let mut batch = Batch::default();
        let news = |slot: &u32| !log.is_rerouted(*slot);
        let slots: Vec<u32> =
            (from..to).filter_map(|position| log.valid(position)).filter(news).collect();
        for slot in slots {
            let mut paths = view.exported(&self.rules, slot);
            if !paths.is_empty() && self.is_too_many(slot) {
                paths.clear();
            }
            self.told.replace(slot, &paths, &mut batch);
        }
        let withdrawn = if several {
            batch.withdrawn.iter().map(|(_, slot, id)| (*slot, *id)).collect()
        } else {
            Vec::new()
        };
        let chunks = self.write(batch, view);
        view.sweep();
        if !chunks.is_empty() {
            self.not_before = now + self.rules.min_route_advertisement_interval;
        }
        let octets = chunks.iter().map(|chunk| chunk.bytes.len()).sum();
        self.head = to;
        self.cached += octets;
        self.segments.push_back(Segment { from, to, octets, chunks, withdrawn });
        while self.cached > MOST_CACHED && self.segments.len() > 1 {
            let Some(segment) = self.segments.pop_front() else { break };
            self.cached -= segment.octets;
            for (slot, id) in segment.withdrawn {
                let missed = self.missed.entry(slot).or_default();
                if !missed.contains(&id) {
                    missed.push(id);
                }
            }
        }
    }

    /// Whether the export limit keeps a slot from being told that was not told before.
    fn is_too_many(&mut self, slot: u32) -> bool {
        let (Some(limit), Some(member)) = (self.rules.limit(), self.members.first()) else {
            return false;
        };
        let passed = self.told.count(member.source) >= limit.most;
        if !passed {
            self.limited = None;
        }
        let too_many = passed && self.told.is_empty(slot);
        if too_many && self.limited.is_none() {
            self.limited = Some(false);
        }
        too_many && limit.action != crate::LimitAction::Warn
    }

    /// Makes the messages of a stretch for a member that the group has left behind.
    fn catch_up(&mut self, index: usize, range: core::ops::Range<u64>, view: &mut View<'_>) {
        let log = view.table.log_of(self.rules.adds_paths());
        let news = |slot: &u32| !log.is_rerouted(*slot);
        let mut slots: Vec<u32> =
            range.filter_map(|position| log.valid(position)).filter(news).collect();
        if !self.missed.is_empty() {
            slots.extend(self.missed.keys());
            slots.sort_unstable();
            slots.dedup();
        }
        self.tell(index, slots, true, None, view);
    }

    /// Takes the next step of a member's walk over the table.
    fn walk(&mut self, index: usize, view: &mut View<'_>) {
        let Some(member) = self.members.get_mut(index) else { return };
        let Some(walk) = member.walk.take() else { return };
        let end = view
            .table
            .slots()
            .min(walk.next.saturating_add(u32::try_from(BATCH).unwrap_or(u32::MAX)));
        let marked = walk.refresh && self.rules.enhanced_refresh;
        if marked && walk.next == 0 {
            member.own.push_back(refresh_marker(&self.rules, RefreshSubtype::BEGIN));
        }
        if walk.next == 0 {
            member.own.extend(default_route(&self.rules, walk.had_default, &Source::own()));
        }
        let position = member.position;
        let log = view.table.log_of(self.rules.adds_paths());
        // What changes anyway is told from the change list; but not between the markers of a refresh, nor where it is
        // told only which of several paths are different, nor what concerns no neighbour.
        let everything = walk.before.is_some() || walk.refresh;
        let told = |slot: &u32| {
            let differs = self.rules.adds_paths() && !self.told.is_empty(*slot);
            everything || differs || !log.pending(*slot, position) || log.is_rerouted(*slot)
        };
        let slots = (walk.next..end).filter(told).collect();
        self.tell(index, slots, walk.before.is_some(), walk.before.as_deref(), view);
        let Some(member) = self.members.get_mut(index) else { return };
        if end < view.table.slots() {
            member.walk = Some(Walk { next: end, ..walk });
        } else if marked {
            member.own.push_back(refresh_marker(&self.rules, RefreshSubtype::END));
        }
    }

    /// Makes messages about `slots` for one member. `withdraw`: also of what is not announced.
    fn tell(
        &mut self,
        index: usize,
        slots: Vec<u32>,
        withdraw: bool,
        before: Option<&Told>,
        view: &mut View<'_>,
    ) {
        let Some(to) = self.members.get(index).map(|member| member.source) else { return };
        let several = self.rules.adds_paths();
        let mut batch = Batch::default();
        for slot in slots {
            let mut paths = view.exported(&self.rules, slot);
            if !paths.is_empty() && self.told.is_empty(slot) && self.is_too_many(slot) {
                paths.clear();
            }
            let pending = view.table.log_of(several).pending(slot, self.head);
            self.told.tell_one(slot, &paths, pending);
            let others = paths.iter().filter(|path| path.source != to);
            others.clone().for_each(|path| batch.announce(path, slot));
            if !withdraw {
                continue;
            }
            if several {
                let missed = self.missed.get(&slot).into_iter().flatten().copied();
                let before = before.into_iter().flat_map(|before| before.ids(slot));
                let stays = |id: &LocalId| others.clone().any(|path| path.id == *id);
                let gone = missed.chain(before).filter(|id| !stays(id));
                batch.withdrawn.extend(gone.map(|id| (SourceId::NONE, slot, id)));
            } else if others.count() == 0 {
                batch.withdrawn.push((SourceId::NONE, slot, LocalId(0)));
            }
        }
        let chunks = self.write(batch, view);
        view.sweep();
        if let Some(member) = self.members.get_mut(index) {
            member.own.extend(chunks);
        }
    }

    /// Packs a batch: withdrawals first, then the routes by source and attribute set.
    fn write(&mut self, mut batch: Batch, view: &View<'_>) -> Vec<Chunk> {
        let mut writer = ChunkWriter::new(&self.rules);
        // An attribute set that leaves no room for a prefix: such routes count as withdrawn (RFC 4271 §9.2).
        let mut too_long: Vec<(u32, LocalId)> = Vec::new();
        batch.announced.sort_unstable();
        let mut attributes = PathAttributes::default();
        let mut announcements = ChunkWriter::new(&self.rules);
        let several = self.rules.adds_paths();
        let key = |one: &Announced| (one.source, one.attributes, one.set);
        for run in batch.announced.chunk_by(|a, b| key(a) == key(b)) {
            let Some(first) = run.first() else { continue };
            announcements.audience(Audience::Except(first.source));
            let family = self.rules.family;
            let net = |one: &Announced| Some((one.id, view.table.net(one.slot)?));
            let routes = run.iter().filter_map(net);
            let next_hop = view.write_attributes(
                &self.rules,
                first.source,
                first.attributes,
                first.set,
                &mut attributes,
            );
            let written = next_hop.is_some_and(|next_hop| {
                announcements.write(run.len(), 0, |writer| {
                    let attributes = attributes.view();
                    if several {
                        let routes = routes.map(|(id, net)| named(id, net));
                        writer.announce(attributes, family, &next_hop, routes).is_ok()
                    } else {
                        let nets = routes.map(|(_, net)| net);
                        writer.announce(attributes, family, &next_hop, nets).is_ok()
                    }
                })
            });
            if !written {
                too_long.extend(run.iter().map(|one| (one.slot, one.id)));
            }
        }
        for (slot, _) in &too_long {
            self.told.set(*slot, &[]);
        }
        let too_long = too_long.into_iter().map(|(slot, id)| (SourceId::NONE, slot, id));
        batch.withdrawn.extend(too_long);
        batch.withdrawn.sort_unstable();
        let net = |slot: u32, id: LocalId| Some((id, view.table.net(slot)?));
        for run in batch.withdrawn.chunk_by(|a, b| a.0 == b.0) {
            let Some((before, ..)) = run.first() else { continue };
            let routes = run.iter().filter_map(|(_, slot, id)| net(*slot, *id));
            writer.withdraw(Audience::Except(*before), routes);
        }
        batch.withdrawn_from.sort_unstable();
        for run in batch.withdrawn_from.chunk_by(|a, b| a.0 == b.0) {
            let Some((source, _)) = run.first() else { continue };
            let routes = run.iter().filter_map(|(source, slot)| net(*slot, LocalId::only(*source)));
            writer.withdraw(Audience::Only(*source), routes);
        }
        let mut chunks = writer.finish();
        chunks.extend(announcements.finish());
        chunks
    }

    /// Drops the segments that every member has read.
    fn drop_old_segments(&mut self) {
        let lowest = self.lowest();
        while self.segments.front().is_some_and(|segment| segment.to <= lowest) {
            self.cached -= self.segments.pop_front().map_or(0, |segment| segment.octets);
        }
        if lowest >= self.segments.front().map_or(self.head, |segment| segment.from) {
            self.missed.clear();
        }
    }
}
