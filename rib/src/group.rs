//! Update groups: neighbours that are told the same share one computation and one set of messages.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bgp_wire::{PathAttributes, UpdateWriter};
use bytes::{Bytes, BytesMut};

use crate::attributes::{AttributeStore, AttributesId};
use crate::channel::{Source, SourceId};
use crate::export::{ExportRules, Outgoing};
use crate::next_hop::NextHops;
use crate::policy::Policy;
use crate::route::Route;
use crate::table::Table;

/// Entries of the change list, or slots of the table, that are packed together.
const BATCH: u64 = 16_384;
/// Octets after which a chunk is closed.
const CHUNK: usize = 65_536;
/// Octets of messages kept for slow members; beyond it the slowest make their own.
const MOST_CACHED: usize = 4 << 20;

/// One or more whole UPDATE messages.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The messages, ready for the connection
    pub bytes: Bytes,
    /// How many they are
    pub messages: u32,
    /// Routes announced in them
    pub announced: u32,
    /// Routes withdrawn in them
    pub withdrawn: u32,
    audience: Audience,
}

/// Which members a chunk is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    All,
    /// Nobody is told the routes it announced itself.
    Except(SourceId),
    Only(SourceId),
}

impl Audience {
    fn includes(self, member: SourceId) -> bool {
        match self {
            Self::All => true,
            Self::Except(source) => source != member,
            Self::Only(source) => source == member,
        }
    }
}

/// Messages made from a stretch of the change list.
#[derive(Debug, Clone)]
struct Segment {
    from: u64,
    to: u64,
    octets: usize,
    chunks: Vec<Chunk>,
}

/// A neighbour in a group.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) source: SourceId,
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
#[derive(Debug, Clone, Copy)]
struct Walk {
    next: u32,
    /// Withdraw what is not announced: the member may have been told otherwise before.
    withdraw: bool,
}

/// Who announced what the group was told of each slot; `SourceId::NONE`: it was told nothing.
#[derive(Debug, Clone, Default)]
struct Told {
    slots: Vec<SourceId>,
    /// How many slots were told from each source, and in all.
    by_source: Vec<u32>,
    all: u32,
}

impl Told {
    fn of(&self, slot: u32) -> SourceId {
        self.slots.get(slot as usize).copied().unwrap_or(SourceId::NONE)
    }

    fn count_mut(&mut self, source: SourceId) -> Option<&mut u32> {
        let index = usize::from(source.0);
        if source == SourceId::NONE {
            return None;
        }
        if self.by_source.len() <= index {
            self.by_source.resize(index + 1, 0);
        }
        self.by_source.get_mut(index)
    }

    fn set(&mut self, slot: u32, source: SourceId) {
        let index = slot as usize;
        if self.slots.len() <= index {
            self.slots.resize(index + 1, SourceId::NONE);
        }
        let Some(place) = self.slots.get_mut(index) else { return };
        let old = core::mem::replace(place, source);
        if let Some(count) = self.count_mut(old) {
            *count -= 1;
            self.all -= 1;
        }
        if let Some(count) = self.count_mut(source) {
            *count += 1;
            self.all += 1;
        }
    }
}

/// The parts of a `Rib` that messages are made from.
pub(crate) struct View<'a> {
    pub(crate) table: &'a Table,
    pub(crate) attributes: &'a AttributeStore,
    pub(crate) next_hops: &'a NextHops,
    pub(crate) sources: &'a [Option<Source>],
    pub(crate) policy: &'a mut dyn Policy,
}

impl View<'_> {
    fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(usize::from(id.0))?.as_ref()
    }

    /// The best route of `slot`, if the rules let it be told.
    fn exported(&mut self, rules: &ExportRules, slot: u32) -> Option<(SourceId, AttributesId)> {
        let path = *self.table.best(slot)?;
        let source = self.sources.get(usize::from(path.source.0))?.as_ref()?;
        if !rules.allows(source, self.attributes.facts(path.attributes)?) {
            return None;
        }
        let net = self.table.net(slot)?;
        let attributes = self.attributes.view(path.attributes);
        let accepted = rules.filter.accepts(self.policy, || Route {
            net,
            source: source.kind,
            protocol: &source.name,
            from: source.peer.as_ref().map(|peer| peer.address),
            preference: source.preference(rules.table),
            attributes,
        });
        accepted.then_some((path.source, path.attributes))
    }
}

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
}

/// Routes to announce and to withdraw, before they are written.
#[derive(Default)]
struct Batch {
    announced: Vec<(SourceId, AttributesId, u32)>,
    /// With the source of the route that was told before: that one never knew it.
    withdrawn: Vec<(SourceId, u32)>,
    /// A route replaces one of another source: the new source had been told the old one.
    withdrawn_from: Vec<(SourceId, u32)>,
}

impl Group {
    /// A group without members; `head` is where the change list ends.
    pub(crate) fn new(rules: ExportRules, head: u64) -> Self {
        let (told, segments) = (Told::default(), VecDeque::new());
        Self { rules, members: Vec::new(), told, segments, cached: 0, head }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Adds a neighbour and tells it the whole table. `known`: it may have been told other things before.
    pub(crate) fn join(&mut self, source: SourceId, known: bool) {
        self.members.push(Member {
            source,
            position: self.head,
            chunk: 0,
            own: VecDeque::new(),
            walk: Some(Walk { next: 0, withdraw: known }),
            end_of_rib: true,
        });
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
            member.walk = Some(Walk { next: 0, withdraw: false });
        }
    }

    /// Routes that a member has been told, or will be as soon as it reads.
    pub(crate) fn told(&self, source: SourceId) -> u32 {
        self.told.all - self.told.by_source.get(usize::from(source.0)).copied().unwrap_or(0)
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

    /// The next chunk for `to`. The flag tells that a member or the group moved on in the change list.
    pub(crate) fn poll(&mut self, to: SourceId, view: &mut View<'_>) -> (Option<Chunk>, bool) {
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
                if self.head == view.table.log.end() {
                    return (None, moved);
                }
                self.advance(view);
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
    fn advance(&mut self, view: &mut View<'_>) {
        let (from, to) = (self.head, view.table.log.end().min(self.head + BATCH));
        let mut batch = Batch::default();
        for slot in
            (from..to).filter_map(|position| view.table.log.valid(position)).collect::<Vec<_>>()
        {
            let before = self.told.of(slot);
            match view.exported(&self.rules, slot) {
                Some((source, attributes)) => {
                    if before != SourceId::NONE && before != source {
                        batch.withdrawn_from.push((source, slot));
                    }
                    batch.announced.push((source, attributes, slot));
                    self.told.set(slot, source);
                }
                None if before != SourceId::NONE => {
                    batch.withdrawn.push((before, slot));
                    self.told.set(slot, SourceId::NONE);
                }
                None => {}
            }
        }
        let chunks = self.write(batch, view);
        let octets = chunks.iter().map(|chunk| chunk.bytes.len()).sum();
        self.head = to;
        self.cached += octets;
        self.segments.push_back(Segment { from, to, octets, chunks });
        while self.cached > MOST_CACHED && self.segments.len() > 1 {
            self.cached -= self.segments.pop_front().map_or(0, |segment| segment.octets);
        }
    }

    /// Makes the messages of a stretch for a member that the group has left behind.
    fn catch_up(&mut self, index: usize, range: core::ops::Range<u64>, view: &mut View<'_>) {
        let slots: Vec<u32> = range.filter_map(|position| view.table.log.valid(position)).collect();
        self.tell(index, slots, true, view);
    }

    /// Takes the next step of a member's walk over the table.
    fn walk(&mut self, index: usize, view: &mut View<'_>) {
        let Some(member) = self.members.get_mut(index) else { return };
        let Some(walk) = member.walk else { return };
        let end = view
            .table
            .slots()
            .min(walk.next.saturating_add(u32::try_from(BATCH).unwrap_or(u32::MAX)));
        member.walk = (end < view.table.slots()).then_some(Walk { next: end, ..walk });
        // What changes anyway is told from the change list.
        let position = member.position;
        let slots =
            (walk.next..end).filter(|slot| !view.table.log.pending(*slot, position)).collect();
        self.tell(index, slots, walk.withdraw, view);
    }

    /// Makes messages about `slots` for one member.
    fn tell(&mut self, index: usize, slots: Vec<u32>, withdraw: bool, view: &mut View<'_>) {
        let Some(to) = self.members.get(index).map(|member| member.source) else { return };
        let mut batch = Batch::default();
        for slot in slots {
            if let Some((source, attributes)) = view.exported(&self.rules, slot) {
                if self.told.of(slot) == SourceId::NONE {
                    self.told.set(slot, source);
                }
                if source != to {
                    batch.announced.push((source, attributes, slot));
                    continue;
                }
            }
            if withdraw {
                batch.withdrawn.push((SourceId::NONE, slot));
            }
        }
        let chunks = self.write(batch, view);
        if let Some(member) = self.members.get_mut(index) {
            member.own.extend(chunks);
        }
    }

    /// Packs a batch: withdrawals first, then the routes by source and attribute set.
    fn write(&mut self, mut batch: Batch, view: &View<'_>) -> Vec<Chunk> {
        let mut writer = ChunkWriter::new(&self.rules);
        let net = |slot: &u32| view.table.net(*slot);
        // An attribute set that leaves no room for a prefix: such routes count as withdrawn (RFC 4271 §9.2).
        let mut too_long: Vec<u32> = Vec::new();
        batch.announced.sort_unstable();
        let mut attributes = PathAttributes::default();
        let mut announcements = ChunkWriter::new(&self.rules);
        for run in batch.announced.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let Some((from, id, _)) = run.first().copied() else { continue };
            let Some(source) = view.source(from) else { continue };
            announcements.audience(Audience::Except(from));
            let next_hop = view.attributes.next_hop(id);
            let route = Outgoing {
                source,
                attributes: view.attributes.view(id),
                next_hop: view.next_hops.key(next_hop),
                metric: view.next_hops.metric(next_hop),
                med_set: false,
                next_hop_set: false,
            };
            let next_hop = self.rules.write(&route, &mut attributes);
            let written = next_hop.is_some_and(|next_hop| {
                announcements.write(
                    |writer| {
                        let nets = run.iter().filter_map(|(_, _, slot)| net(slot));
                        writer
                            .announce(attributes.view(), self.rules.family, &next_hop, nets)
                            .is_ok()
                    },
                    run.len(),
                    0,
                )
            });
            if !written {
                too_long.extend(run.iter().map(|(_, _, slot)| slot));
            }
        }
        for slot in &too_long {
            self.told.set(*slot, SourceId::NONE);
        }
        batch.withdrawn.extend(too_long.into_iter().map(|slot| (SourceId::NONE, slot)));
        batch.withdrawn.sort_unstable();
        for run in batch.withdrawn.chunk_by(|a, b| a.0 == b.0) {
            let Some((before, _)) = run.first() else { continue };
            writer
                .withdraw(Audience::Except(*before), run.iter().filter_map(|(_, slot)| net(slot)));
        }
        batch.withdrawn_from.sort_unstable();
        for run in batch.withdrawn_from.chunk_by(|a, b| a.0 == b.0) {
            let Some((source, _)) = run.first() else { continue };
            writer.withdraw(Audience::Only(*source), run.iter().filter_map(|(_, slot)| net(slot)));
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
    }
}

fn end_of_rib(rules: &ExportRules) -> Chunk {
    let mut writer = ChunkWriter::new(rules);
    writer.write(
        |writer| {
            writer.end_of_rib(rules.family);
            true
        },
        0,
        0,
    );
    writer.close();
    writer.chunks.pop().unwrap_or_else(|| Chunk {
        bytes: Bytes::new(),
        messages: 0,
        announced: 0,
        withdrawn: 0,
        audience: Audience::All,
    })
}

/// Collects messages into chunks of one audience each.
struct ChunkWriter<'a> {
    rules: &'a ExportRules,
    chunks: Vec<Chunk>,
    buffer: BytesMut,
    open: Chunk,
}

impl<'a> ChunkWriter<'a> {
    fn new(rules: &'a ExportRules) -> Self {
        let open = Chunk {
            bytes: Bytes::new(),
            messages: 0,
            announced: 0,
            withdrawn: 0,
            audience: Audience::All,
        };
        Self { rules, chunks: Vec::new(), buffer: BytesMut::new(), open }
    }

    fn audience(&mut self, audience: Audience) {
        if self.open.audience != audience {
            self.close();
            self.open.audience = audience;
        }
    }

    /// Lets `body` write; what it wrote counts as so many routes when it succeeds.
    fn write(
        &mut self,
        body: impl FnOnce(&mut UpdateWriter<'_>) -> bool,
        announced: usize,
        withdrawn: usize,
    ) -> bool {
        if self.buffer.capacity() == 0 {
            self.buffer.reserve(16_384);
        }
        let mut writer = UpdateWriter::new(&mut self.buffer, &self.rules.context);
        if !body(&mut writer) {
            return false;
        }
        self.open.messages += writer.messages();
        self.open.announced += u32::try_from(announced).unwrap_or(u32::MAX);
        self.open.withdrawn += u32::try_from(withdrawn).unwrap_or(u32::MAX);
        if self.buffer.len() >= CHUNK {
            self.close();
        }
        true
    }

    fn withdraw(&mut self, audience: Audience, nets: impl Iterator<Item = ipnet::IpNet>) {
        self.audience(audience);
        let nets: Vec<ipnet::IpNet> = nets.collect();
        for part in nets.chunks(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
            let family = self.rules.family;
            self.write(
                |writer| {
                    writer.withdraw(family, part.iter().copied());
                    true
                },
                0,
                part.len(),
            );
        }
    }

    fn close(&mut self) {
        if self.open.messages > 0 {
            let chunk = self.open.clone();
            self.chunks.push(Chunk { bytes: self.buffer.split().freeze(), ..chunk });
        }
        (self.open.messages, self.open.announced, self.open.withdrawn) = (0, 0, 0);
    }

    fn finish(mut self) -> Vec<Chunk> {
        self.close();
        self.chunks
    }
}
