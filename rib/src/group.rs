//! Update groups: neighbours that are told the same share one computation and one set of messages.

mod limit;
mod member;
mod told;
mod view;
mod walk;
mod writer;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::PathAttributes;
use smallvec::SmallVec;

use crate::attributes::AttributesId;
use crate::channel::SourceId;
use crate::export::ExportRules;
use crate::path_id::LocalId;
use crate::policy::Set;
use crate::table::Table;

use self::member::{Member, Walk, WalkKind};
use self::told::{Exported, Told};
use self::writer::{Audience, ChunkWriter, end_of_rib, named};

pub(crate) use self::member::Joining;
pub(crate) use self::view::View;
pub use self::writer::Chunk;

/// Entries of the change list, or slots of the table, that are packed together.
const BATCH: usize = if cfg!(test) { 4 } else { 16_384 };
/// Octets of messages kept for slow members; beyond it the slowest make their own.
const MOST_CACHED: usize = if cfg!(test) { 600 } else { 4 << 20 };

/// Messages made from a stretch of the change list.
#[derive(Debug, Clone)]
struct Segment {
    from: u64,
    to: u64,
    chunks: Vec<Chunk>,
    /// What they are about
    slots: Vec<u32>,
    /// What they withdraw, where a network may have several paths.
    withdrawn: Vec<(u32, LocalId)>,
}

impl Segment {
    /// Octets that it takes.
    fn size(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(|chunk| chunk.bytes.len()).sum();
        let lists = size_of_val(&*self.slots) + size_of_val(&*self.withdrawn);
        size_of::<Self>() + size_of_val(&*self.chunks) + chunks + lists
    }
}

/// What was told of a network in segments that were dropped before all had read them.
#[derive(Debug, Clone)]
struct Missed {
    /// The last of these segments
    segment: u64,
    /// What they withdraw, where a network may have several paths
    withdrawn: SmallVec<[LocalId; 2]>,
}

/// An update group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) rules: ExportRules,
    members: Vec<Member>,
    /// What is known by those who have read all segments, and by others who make their own messages.
    told: Told,
    segments: VecDeque<Segment>,
    /// Number of the first of them.
    first: u64,
    /// Octets that they take.
    cached: usize,
    /// How far in the change list messages were made.
    head: u64,
    missed: BTreeMap<u32, Missed>,
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
            first: 0,
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

    /// Number of the segment that will be made next.
    fn next_segment(&self) -> u64 {
        self.first + self.segments.len() as u64
    }

    /// Adds a neighbour and tells it the whole table, which has so many slots.
    pub(crate) fn join(&mut self, source: SourceId, joining: Joining, slots: u32) {
        let begin = (self.next_segment(), self.head);
        self.members.push(Member::new(source, joining, slots, begin));
    }

    pub(crate) fn leave(&mut self, source: SourceId) {
        self.members.retain(|member| member.source != source);
        self.drop_old_segments();
    }

    /// Removes a member that goes to another group. Returns what it knows.
    pub(crate) fn take(&mut self, source: SourceId) -> Joining {
        let Some(place) = self.members.iter().position(|member| member.source == source) else {
            return Joining::Fresh;
        };
        let member = self.members.remove(place);
        if member.is_fresh() && member.refresh.is_none() {
            self.drop_old_segments();
            return Joining::Fresh;
        }
        let segment = member.segment;
        let mut known = member.leave();
        known.had_default |= self.rules.default_originate;
        // Of networks with one path, named by no identifier, nothing has to be known.
        if self.rules.context.has_add_path(self.rules.family) {
            let unread = self.segments.iter().zip(self.first..).filter(|one| one.1 >= segment);
            let withdrawn = unread.flat_map(|(unread, _)| unread.withdrawn.iter().copied());
            let missed = self
                .missed
                .iter()
                .flat_map(|(slot, missed)| missed.withdrawn.iter().map(|id| (*slot, *id)));
            for (slot, id) in self.told.all(source).chain(withdrawn).chain(missed) {
                let ids = known.told.entry(slot).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        self.drop_old_segments();
        Joining::Known(alloc::boxed::Box::new(known))
    }

    /// How far in the change list messages were made.
    pub(crate) const fn head(&self) -> u64 {
        self.head
    }

    /// Tells a member everything again (RFC 2918).
    pub(crate) fn refresh(&mut self, source: SourceId) {
        let next = self.next_segment();
        if let Some(member) = self.members.iter_mut().find(|member| member.source == source) {
            member.refresh = Some(next);
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

    /// Notes that the interval is over.
    pub(crate) fn handle_timeout(&mut self, now: Duration) {
        if self.not_before <= now {
            self.not_before = Duration::ZERO;
        }
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
            if member.is_fresh() {
                self.begin(now, index, view);
                moved = true;
            }
            let Some(member) = self.members.get_mut(index) else { return (None, moved) };
            if member.walk.is_some() {
                moved |= self.walk(index, view);
                continue;
            }
            if core::mem::take(&mut member.end_of_rib) {
                return (Some(end_of_rib(&self.rules)), moved);
            }
            if member.refresh.take_if(|segment| *segment <= member.segment).is_some() {
                member.walk = Some(Walk::new(WalkKind::Refresh, Some(view.table.slots())));
                continue;
            }
            let Some(ahead) = member.segment.checked_sub(self.first) else {
                // Its segments are gone: it makes its own messages up to the first one that is left.
                member.walk = Some(Walk::new(WalkKind::Missed(self.first), Some(u32::MAX)));
                continue;
            };
            let segment = usize::try_from(ahead).ok().and_then(|at| self.segments.get(at));
            let Some(segment) = segment else {
                let end = view.table.log_of(self.rules.adds_paths()).end();
                if self.head == end || now < self.not_before {
                    return (None, moved);
                }
                self.advance(now, view);
                moved = true;
                continue;
            };
            while let Some(chunk) = segment.chunks.get(member.chunk) {
                member.chunk += 1;
                if chunk.audience.includes(to) {
                    return (Some(chunk.clone()), moved);
                }
            }
            member.position = segment.to;
            member.segment += 1;
            member.chunk = 0;
            moved = true;
            self.drop_old_segments();
        }
    }

    /// Makes the messages of the next stretch of the change list.
    fn advance(&mut self, now: Duration, view: &mut View<'_>) {
        let several = self.rules.adds_paths();
        let log = view.table.log_of(several);
        let (from, to) = (self.head, log.end().min(self.head + BATCH as u64));
        let mut batch = Batch::default();
        let news = |slot: &u32| !log.is_rerouted(*slot);
        let slots: Vec<u32> =
            (from..to).filter_map(|position| log.valid(position)).filter(news).collect();
        for slot in &slots {
            let mut paths = view.exported(&self.rules, *slot);
            self.limit(*slot, &mut paths);
            self.told.replace(*slot, &paths, &mut batch);
        }
        self.head = to;
        let chunks = self.write(&mut batch, view);
        view.sweep();
        let withdrawn = if several {
            batch.withdrawn.iter().map(|(_, slot, id)| (*slot, *id)).collect()
        } else {
            Vec::new()
        };
        if !chunks.is_empty() {
            self.not_before = now + self.rules.min_route_advertisement_interval;
        }
        let segment = Segment { from, to, chunks, slots, withdrawn };
        self.cached += segment.size();
        self.segments.push_back(segment);
        while self.cached > MOST_CACHED && self.segments.len() > 1 {
            self.drop_first_segment(true);
        }
    }

    /// Whether all will be told of `slot` from the change list.
    fn is_pending(&self, slot: u32, view: &View<'_>) -> bool {
        let log = view.table.log_of(self.rules.adds_paths());
        log.pending(slot, self.head) && !log.is_rerouted(slot)
    }

    /// Packs a batch: withdrawals first, then the routes by source and attribute set. Those that cannot be told are
    /// among the withdrawals then.
    fn write(&mut self, batch: &mut Batch, view: &View<'_>) -> Vec<Chunk> {
        let mut writer = ChunkWriter::new(&self.rules);
        // An attribute set that leaves no room for a prefix: such routes count as withdrawn (RFC 4271 §9.2).
        let mut too_long: Vec<(u32, SourceId, LocalId)> = Vec::new();
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
                too_long.extend(run.iter().map(|one| (one.slot, one.source, one.id)));
            }
        }
        for (slot, source, id) in too_long {
            // Otherwise somebody may have been told another version of it.
            if self.rules.limit().is_some() || !self.is_pending(slot, view) {
                self.told.forget(slot, source, id);
            }
            let id = if several { id } else { LocalId::PLAIN };
            batch.withdrawn.push((source, slot, id));
        }
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
            let routes = run.iter().filter_map(|(_, slot)| net(*slot, LocalId::PLAIN));
            writer.withdraw(Audience::Only(*source), routes);
        }
        let mut chunks = writer.finish();
        chunks.extend(announcements.finish());
        chunks
    }

    /// Nobody has anything left to read.
    #[cfg(test)]
    pub(crate) fn is_idle(&self) -> bool {
        self.segments.is_empty() && self.cached == 0 && self.missed.is_empty()
    }

    /// Octets of messages that are kept.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> usize {
        let own = self.members.iter().flat_map(|member| &member.own);
        self.cached
            + self.missed.len() * size_of::<Missed>()
            + own.map(|chunk| chunk.bytes.len()).sum::<usize>()
    }

    /// Drops the segments that every member has read.
    fn drop_old_segments(&mut self) {
        let lowest = self.members.iter().map(|member| member.segment).min();
        let lowest = lowest.unwrap_or_else(|| self.next_segment());
        while self.first < lowest && !self.segments.is_empty() {
            self.drop_first_segment(false);
        }
        if self.first <= lowest {
            self.missed.clear();
        }
    }

    fn drop_first_segment(&mut self, is_missed: bool) {
        let Some(segment) = self.segments.pop_front() else { return };
        self.cached -= segment.size();
        let number = self.first;
        self.first += 1;
        if !is_missed {
            return;
        }
        for slot in segment.slots {
            let missed = self.missed.entry(slot);
            let missed = missed.or_insert(Missed { segment: number, withdrawn: SmallVec::new() });
            missed.segment = number;
        }
        for (slot, id) in segment.withdrawn {
            if let Some(missed) =
                self.missed.get_mut(&slot).filter(|one| !one.withdrawn.contains(&id))
            {
                missed.withdrawn.push(id);
            }
        }
    }
}
