//! A `Rib` and the model beside it.

use alloc::collections::BTreeMap;

use bgp_wire::{Message, NextHop, UpdateWriter, split_frame};
use bytes::BytesMut;

use super::filters::Filters;
use super::model::{Content, Key, Lane, Speaker, filtered};
use super::oracle::Seen;
use super::setup::*;
use super::steps::{Named, Step};
use super::*;
use crate::extra::ExtraCode;
use crate::{Filter, LimitAction, NextHopKey};

/// An instance of the host and a table that has an import filter for its routes.
const FILTERED_OWN: (usize, usize) = (1, 2);
const OWN_FILTER: Filter = Filter::Run(6);

/// A neighbour as the test sees it.
#[derive(Debug, Default)]
pub(super) struct Neighbour {
    pub(super) up: bool,
    /// The last one: routes that stay are from it.
    pub(super) session: Option<Session>,
    /// By table. They are there while the session is up, or routes stay.
    pub(super) lanes: BTreeMap<usize, Lane>,
}

/// One who follows the changes of a table.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) id: WatcherId,
    pub(super) table: usize,
    pub(super) paths: bool,
    /// What it knows.
    pub(super) knows: BTreeMap<IpNet, Vec<Seen>>,
}

pub(super) struct World {
    pub(super) rib: Rib,
    pub(super) now: Duration,
    pub(super) tables: Vec<TableId>,
    pub(super) own: Vec<SourceId>,
    pub(super) sources: Vec<SourceId>,
    pub(super) neighbours: Vec<Neighbour>,
    /// By instance, table and network.
    pub(super) originated: BTreeMap<(usize, usize, IpNet), Content>,
    pub(super) metrics: Vec<Option<u32>>,
    pub(super) followers: Vec<Option<Follower>>,
    /// All chunks that were read, to compare two worlds.
    pub(super) transcript: Vec<(usize, Vec<u8>)>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut rib = Rib::new(seed);
        let tables: Vec<TableId> =
            (0..TABLES).map(|table| rib.add_table("t", family(table))).collect();
        let own = OWN_PREFERENCE
            .map(|preference| rib.add_source("static", RouteSource::Static, preference));
        let (filtered, table) = FILTERED_OWN;
        let plan = Plan { import: OWN_FILTER, preference: OWN_PREFERENCE[filtered], ..Plan::PLAIN };
        rib.set_channel(own[filtered], plan.config(tables[table], table));
        let sources =
            (0..PEERS).map(|i| rib.add_source(&i.to_string(), RouteSource::Bgp, 100)).collect();
        Self {
            rib,
            now: Duration::ZERO,
            tables,
            own: own.into(),
            sources,
            neighbours: (0..PEERS).map(|_| Neighbour::default()).collect(),
            originated: BTreeMap::new(),
            metrics: alloc::vec![Some(0); PEERS],
            followers: Vec::new(),
            transcript: Vec::new(),
        }
    }

    /// Takes steps, with a look at the tables after each, and compares all in the end.
    pub(super) fn history(steps: impl IntoIterator<Item = Step>) -> Self {
        let mut world = Self::new(1);
        for step in steps {
            world.take(step);
        }
        world.read_all();
        world
    }

    pub(super) fn lane(&mut self, peer: usize, table: usize) -> Option<&mut Lane> {
        self.neighbours[peer].lanes.get_mut(&table)
    }

    /// The channel's model and whose it is, if its session is up.
    fn speaking(&mut self, peer: usize, table: usize) -> Option<(&mut Lane, Speaker<'_>)> {
        let Neighbour { up, session, lanes } = &mut self.neighbours[peer];
        let session = session.as_ref().filter(|_| *up)?;
        Some((lanes.get_mut(&table)?, Speaker { peer, session, table }))
    }

    pub(super) fn take(&mut self, step: Step) {
        match step {
            Step::Up(peer, session, plan) => self.up(peer, session, plan),
            Step::Down(peer, kept) => self.down(peer, &kept),
            Step::MarkStale(peer, table) => {
                if let Some(lane) = self.lane(peer, table) {
                    lane.mark_stale();
                    self.rib.mark_stale(self.sources[peer], family(table));
                }
            }
            Step::LongLived(peer, table) => {
                if let Some(lane) = self.lane(peer, table) {
                    lane.long_lived();
                    self.rib.long_lived(self.sources[peer], family(table));
                }
            }
            Step::Sweep(peer, table) => {
                if let Some(lane) = self.lane(peer, table) {
                    lane.sweep();
                    self.rib.sweep(self.sources[peer], family(table));
                }
            }
            Step::Announce(peer, table, nets, announcement) => {
                let nets = self.keys(peer, table, &nets);
                self.announce(peer, table, &nets, &announcement);
            }
            Step::Withdraw(peer, table, nets) => {
                let nets = self.keys(peer, table, &nets);
                if let Some((lane, _)) = self.speaking(peer, table) {
                    lane.withdraw(&nets);
                    self.send(peer, |writer| match with_ids(&nets) {
                        Some(nets) => writer.withdraw(family(table), nets),
                        None => writer.withdraw(family(table), nets.iter().map(|key| key.0)),
                    });
                }
            }
            Step::Originate(own, table, index, which) => {
                self.originate(own, table, net(table, index), which);
            }
            Step::Retract(own, table, index) => {
                let net = net(table, index);
                let known = self.originated.remove(&(own, table, net)).is_some();
                let gone = self.rib.withdraw(self.own[own], self.tables[table], &net);
                assert_eq!(gone, known, "{net} was there");
            }
            Step::Reconfigure(peer, table, plan) => self.reconfigure(peer, table, plan),
            Step::Reload(peer, table) => {
                self.reload(peer, table);
            }
            Step::Revalidate(table) => self.revalidate(table),
            Step::Read(peer, count) => (0..count).for_each(|_| {
                self.read(peer);
            }),
            Step::ReadAll => self.read_all(),
            Step::Refresh(peer, table) => {
                self.rib.handle_route_refresh(self.sources[peer], family(table));
            }
            Step::NextHop(peer, metric) => self.metrics[peer] = metric,
            Step::Watch(table, paths) => {
                let id = self.rib.watch(self.tables[table], paths).expect("the table is there");
                let follower = Follower { id, table, paths, knows: BTreeMap::new() };
                let place = self.followers.iter().position(Option::is_none);
                match place {
                    Some(place) => self.followers[place] = Some(follower),
                    None => self.followers.push(Some(follower)),
                }
            }
            Step::Unwatch(index) => {
                if let Some(follower) = self.followers.get_mut(index).and_then(Option::take) {
                    self.rib.unwatch(follower.id);
                }
            }
            Step::PollChange(index, count) => (0..count).for_each(|_| {
                self.follow(index);
            }),
            Step::Wait(seconds) => {
                self.now += Duration::from_secs(seconds);
                self.rib.handle_timeout(self.now);
            }
            Step::Replace(peer) => {
                self.rib.remove_source(self.sources[peer]);
                self.neighbours[peer] = Neighbour::default();
                self.sources[peer] = self.rib.add_source(&peer.to_string(), RouteSource::Bgp, 100);
            }
        }
        self.resolve();
        self.check_tables();
        self.forgive();
        self.poll_limits();
    }

    /// Hears of export limits that were passed.
    pub(super) fn poll_limits(&mut self) {
        while let Some((source, passed)) = self.rib.poll_limit() {
            let peer = self.sources.iter().position(|other| *other == source).expect("a neighbour");
            assert_eq!(passed.kind, crate::LimitKind::Export);
            let (_, lane) = self.lane_of(peer, passed.family);
            assert_eq!(lane.plan.export_limit, Some(passed.limit));
            lane.heard.limit_reported = true;
        }
    }

    /// The table that a neighbour has a channel of a family to, and the channel.
    pub(super) fn lane_of(&mut self, peer: usize, of: Family) -> (usize, &mut Lane) {
        let lanes = &mut self.neighbours[peer].lanes;
        let lane = lanes.iter_mut().find(|(table, _)| family(**table) == of);
        let (table, lane) = lane.expect("a family of the session");
        (*table, lane)
    }

    /// What was to be told when a session came up, and was gone before it was told, is owed to nobody.
    fn forgive(&mut self) {
        for peer in 0..PEERS {
            for table in tables_of(peer) {
                let waits = |lane: &&mut Lane| !lane.heard.owed.is_empty();
                if self.lane(peer, *table).filter(waits).is_some() {
                    let expected = self.expected(peer, *table);
                    let lane = self.lane(peer, *table).expect("it is there");
                    lane.heard.owed.retain(|net| expected.contains_key(net));
                }
            }
        }
    }

    fn up(&mut self, peer: usize, session: Session, plan: Plan) {
        let neighbour = &mut self.neighbours[peer];
        if neighbour.up {
            return;
        }
        neighbour.up = true;
        let tables: Vec<usize> = session.tables(peer).collect();
        neighbour.lanes.retain(|table, _| tables.contains(table));
        for table in &tables {
            let lane = neighbour.lanes.entry(*table).or_insert_with(|| Lane::new(plan.clone()));
            lane.begin(plan.clone());
        }
        let channels = tables.iter().map(|table| plan.config(self.tables[*table], *table));
        let config = session.config(peer);
        neighbour.session = Some(session);
        self.rib.peer_up(self.sources[peer], config, channels);
        for table in tables {
            let owed = self.expected(peer, table).into_keys().collect();
            self.lane(peer, table).expect("just made").heard.owed = owed;
        }
    }

    fn down(&mut self, peer: usize, kept: &[usize]) {
        let neighbour = &mut self.neighbours[peer];
        neighbour.up = false;
        neighbour.lanes.retain(|table, _| kept.iter().any(|kept| family(*kept) == family(*table)));
        if neighbour.lanes.is_empty() {
            neighbour.session = None;
        }
        let kept: Vec<usize> = neighbour.lanes.keys().copied().collect();
        let families: Vec<Family> = kept.iter().map(|table| family(*table)).collect();
        self.rib.peer_down(self.sources[peer], &families);
        for table in kept {
            self.lane(peer, table).expect("kept").mark_stale();
            self.rib.mark_stale(self.sources[peer], family(table));
        }
    }

    fn keys(&self, peer: usize, table: usize, nets: &[Named]) -> Vec<Key> {
        let session = self.neighbours[peer].session.as_ref();
        let has_ids = session.is_some_and(|session| session.receives_path_ids);
        let key = |(index, id): &Named| (net(table, *index), Some(*id).filter(|_| has_ids));
        nets.iter().map(key).collect()
    }

    fn announce(&mut self, peer: usize, table: usize, nets: &[Key], announcement: &Announcement) {
        // One that nearly fills a message goes with one network.
        let nets = if announcement.long { &nets[..1] } else { nets };
        let Some((lane, speaker)) = self.speaking(peer, table) else { return };
        let leak = speaker.leak(nets, announcement);
        let expected = lane.announce(&speaker, nets, announcement);
        let attributes = announcement.attributes(table);
        let next_hop = NextHop::from(address(announcement.next_hop.unwrap_or(peer), table));
        let outcomes = self.send(peer, |writer| {
            let family = family(table);
            match with_ids(nets) {
                Some(nets) => writer.announce(attributes.view(), family, &next_hop, nets),
                None => {
                    let nets = nets.iter().map(|key| key.0);
                    writer.announce(attributes.view(), family, &next_hop, nets)
                }
            }
            .expect("short");
        });
        let [outcome] = outcomes.as_slice() else { panic!("one message") };
        assert_eq!(outcome.leak, leak, "routes that {peer} has leaked");
        let passed = outcome.limit.map(|passed| (passed.kind, passed.limit));
        assert_eq!(passed, expected, "limit that {peer} passed");
    }

    /// Puts in what a neighbour sends.
    fn send(
        &mut self,
        peer: usize,
        write: impl FnOnce(&mut UpdateWriter<'_>),
    ) -> Vec<UpdateOutcome> {
        let session = self.neighbours[peer].session.as_ref().expect("it is up");
        let context = session.context(session.receives_path_ids);
        let mut out = BytesMut::new();
        write(&mut UpdateWriter::new(&mut out, &context));
        let mut outcomes = Vec::new();
        while let Some(frame) = split_frame(&mut out, &context).expect("well formed") {
            let Ok(Message::Update(update)) = Message::decode(&frame, &context) else {
                panic!("no update")
            };
            outcomes.push(self.rib.handle_update(
                self.now,
                self.sources[peer],
                &update,
                &mut Filters,
            ));
        }
        outcomes
    }

    fn originate(&mut self, own: usize, table: usize, net: IpNet, which: u8) {
        let mut route = Origination::default();
        match which {
            0 => {}
            1 => route.destination = Destination::Blackhole,
            2 => {
                route.attributes.med(5).communities([bgp_wire::Community::new(3, 3)]);
            }
            3 => route.extra.set_number(ExtraCode::OSPF_TAG, 9),
            _ => {
                let next_hop = NextHop::from(address(1, table));
                route.next_hop = Some(NextHopKey::direct(next_hop, None));
            }
        }
        let content = Content {
            attributes: route.attributes.view().bytes().to_vec(),
            extra: route.extra.view().bytes().to_vec(),
            next_hop: route.next_hop,
            destination: route.destination,
            preference: OWN_PREFERENCE[own],
            kind: RouteSource::Static,
        };
        let content = if (own, table) == FILTERED_OWN {
            filtered(OWN_FILTER, net, &content, "static", None).expect("it passes").0
        } else {
            content
        };
        self.originated.insert((own, table, net), content);
        let (source, id) = (self.own[own], self.tables[table]);
        self.rib.originate(self.now, source, id, net, &route, &mut Filters);
    }

    fn reconfigure(&mut self, peer: usize, table: usize, plan: Plan) {
        let config = plan.config(self.tables[table], table);
        let Some((lane, _)) = self.speaking(peer, table) else { return };
        let old = core::mem::replace(&mut lane.plan, plan.clone());
        if old.receive_limit != plan.receive_limit {
            lane.reported.remove(&crate::LimitKind::Receive);
        }
        lane.heard.limit_reported &= old.export_limit == plan.export_limit;
        if old.import_limit != plan.import_limit {
            lane.reported.remove(&crate::LimitKind::Import);
        }
        if !plan.keep_received {
            lane.received.clear();
        }
        lane.complete &= plan.keep_received;
        let reload = self.rib.reconfigure_channel(self.sources[peer], config);
        let expected = (old.import, old.preference, old.keep_filtered)
            != (plan.import, plan.preference, plan.keep_filtered);
        assert_eq!(reload, expected);
        if reload && !self.reload(peer, table) {
            self.announce_again(peer, table);
        }
    }

    /// The neighbour tells everything again, as it was asked to.
    fn announce_again(&mut self, peer: usize, table: usize) {
        let Some((lane, _)) = self.speaking(peer, table) else { return };
        for (key, announcement) in lane.announced.clone() {
            self.announce(peer, table, &[key], &announcement);
        }
    }

    /// True: what was kept has been put through the filter again.
    fn reload(&mut self, peer: usize, table: usize) -> bool {
        let (source, id) = (self.sources[peer], self.tables[table]);
        let done = self.rib.reload(self.now, source, id, &mut Filters);
        let Some(lane) = self.lane(peer, table) else {
            assert!(!done, "there is no such channel");
            return false;
        };
        assert_eq!(done, lane.complete, "all that was received is kept");
        if done {
            self.filter_again(peer, table);
        }
        done
    }

    fn filter_again(&mut self, peer: usize, table: usize) {
        let Neighbour { session, lanes, .. } = &mut self.neighbours[peer];
        let (Some(session), Some(lane)) = (session, lanes.get_mut(&table)) else { return };
        let speaker = Speaker { peer, session, table };
        if lane.plan.blocks() {
            // Which routes are left out is a matter of their order, which is nobody's business.
            self.adopt(peer, table);
        } else {
            lane.reload(&speaker);
        }
    }

    fn revalidate(&mut self, table: usize) {
        let family = family(table);
        let asked = self.rib.revalidate(self.now, family, |_| true, &mut Filters);
        for peer in 0..PEERS {
            let tables = tables_of(peer).iter().copied();
            for table in tables.filter(|table| super::setup::family(*table) == family) {
                let up = self.neighbours[peer].up;
                let Some(lane) = self.lane(peer, table) else { continue };
                let filters = matches!(lane.plan.import, crate::Filter::Run(_));
                let (kept, complete) = (lane.plan.keep_received, lane.complete);
                let is_asked = asked.contains(&self.sources[peer]);
                assert_eq!(is_asked, filters && up && !complete, "{peer} is asked for a refresh");
                if filters && kept {
                    self.filter_again(peer, table);
                }
                if is_asked {
                    self.announce_again(peer, table);
                }
            }
        }
    }

    /// Says what next hops cost.
    fn resolve(&mut self) {
        while self.rib.poll_next_hop().is_some() {}
        let all: Vec<_> = self.rib.next_hops().collect();
        for (id, key) in all {
            self.rib.set_next_hop(id, self.metrics[owner_of(key.next_hop.address())]);
        }
        while self.rib.work(self.now, 7, &mut crate::AcceptAll) {}
    }

    /// The next change that a follower is told; false when there is none.
    pub(super) fn follow(&mut self, index: usize) -> bool {
        let Some(Some(follower)) = self.followers.get_mut(index) else { return false };
        let Some(change) = self.rib.poll_change(follower.id) else { return false };
        assert_eq!(change.table, self.tables[follower.table]);
        let view = self.rib.lookup(change.table, &change.net);
        let best = view.and_then(|view| view.paths().next()).filter(|path| path.best);
        assert_eq!(change.present, best.is_some(), "{}", change.net);
        let (table, paths) = (follower.table, follower.paths);
        let there = self.seen(table, change.net, paths);
        let Some(Some(follower)) = self.followers.get_mut(index) else { return false };
        follower.knows.remove(&change.net);
        if !there.is_empty() {
            follower.knows.insert(change.net, there);
        }
        true
    }

    /// All go, and nothing is left.
    pub(super) fn end(&mut self) {
        (0..PEERS).for_each(|peer| self.take(Step::Down(peer, Vec::new())));
        for (own, table, index) in (0..OWN)
            .flat_map(|own| (0..TABLES).map(move |table| (own, table)))
            .flat_map(|(own, table)| (0..NETS).map(move |net| (own, table, net)))
        {
            self.take(Step::Retract(own, table, index));
        }
        (0..self.followers.len()).for_each(|index| {
            while self.follow(index) {}
            self.take(Step::Unwatch(index));
        });
        for (table, id) in self.tables.iter().enumerate() {
            assert_eq!(self.rib.size(*id), (0, 0), "networks and paths of {table}");
            assert_eq!(self.rib.backlog(*id), 0, "changes of {table}");
            assert_eq!(self.rib.tables[table].all.len(), 0, "changes of all paths of {table}");
            assert_eq!(self.rib.tables[table].used(), 0, "slots of {table}");
        }
        assert_eq!(self.rib.attribute_sets(), 0);
        assert_eq!(self.rib.next_hops().count(), 0);
        assert_eq!(self.rib.path_identifiers(), 0);
        assert_eq!(self.rib.groups.iter().flatten().count(), 0, "groups");
    }
}

/// Whether a session is to be ended when this limit is passed, or routes are left out.
pub(super) fn leaves_out(limit: Option<crate::Limit>) -> bool {
    limit.is_some_and(|limit| limit.action != LimitAction::Warn)
}

/// The networks with their path identifiers, where they have some.
fn with_ids(nets: &[Key]) -> Option<Vec<(u32, IpNet)>> {
    nets.iter().map(|(net, id)| id.map(|id| (id, *net))).collect()
}
