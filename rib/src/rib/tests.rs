//! Random histories: after each step the incremental state equals the obvious one, and what each neighbour was
//! told, replayed, equals what it should know.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use core::net::{IpAddr, Ipv4Addr};

use bgp_wire::{
    AsPathBuilder, AttributeCode, AttributesRef, Community, Context, Message, NextHop, Origin,
    Role, SegmentKind, UpdateWriter, split_frame,
};
use bytes::BytesMut;
use proptest::prelude::*;

use super::*;
use crate::decision::{Candidate, best_path};
use crate::route::Route;
use crate::{AcceptAll, AttributeFacts, Filter, PeerConfig, Verdict};

const LOCAL_AS: u32 = 65000;
const NETS: [&str; 6] =
    ["10.0.0.0/8", "10.1.0.0/16", "172.16.0.0/12", "192.0.2.0/24", "198.51.100.0/25", "0.0.0.0/0"];

fn net(index: usize) -> IpNet {
    NETS[index % NETS.len()].parse().expect("a prefix")
}

/// What a neighbour can announce: everything of a route but its prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Announcement {
    path: Vec<u32>,
    med: Option<u32>,
    local_pref: Option<u32>,
    community: Option<Community>,
    only_to_customer: Option<u32>,
}

#[derive(Debug, Clone)]
enum Step {
    Up(usize, Option<Role>),
    Down(usize),
    Announce(usize, Vec<usize>, Announcement),
    Withdraw(usize, Vec<usize>),
    Originate(usize),
    Retract(usize),
    /// A neighbour reads so many chunks.
    Read(usize, usize),
    Refresh(usize),
    NextHop(usize, Option<u32>),
}

/// Neighbours 0 and 1 are external, 2 is an internal client, 3 and 4 are internal non-clients.
const PEERS: usize = 5;

fn peer_config(index: usize) -> PeerConfig {
    let last = u8::try_from(index).expect("few") + 1;
    let address = IpAddr::from([192, 0, 2, last]);
    let remote_as = if index < 2 { 65001 + u32::from(last) } else { LOCAL_AS };
    PeerConfig {
        remote_id: Ipv4Addr::new(9, 9, 9, 9 - last),
        reflector_client: index == 2,
        router_id: Ipv4Addr::new(1, 1, 1, 1),
        cluster_id: Ipv4Addr::new(1, 1, 1, 1),
        ..PeerConfig::external(LOCAL_AS, remote_as, IpAddr::from([192, 0, 2, 250]), address)
    }
}

fn announcement() -> impl Strategy<Value = Announcement> {
    let communities = prop::sample::select(alloc::vec![
        Community::NO_EXPORT,
        Community::NO_ADVERTISE,
        Community::new(1, 2),
    ]);
    (
        prop::collection::vec(
            prop::sample::select(alloc::vec![65002u32, 65003, 7, LOCAL_AS]),
            0..3,
        ),
        prop::option::of(0u32..3),
        prop::option::of(99u32..102),
        prop::option::weighted(0.2, communities),
        prop::option::weighted(
            0.3,
            prop::sample::select(alloc::vec![65002u32, 65003, 7, LOCAL_AS]),
        ),
    )
        .prop_map(|(path, med, local_pref, community, only_to_customer)| Announcement {
            path,
            med,
            local_pref,
            community,
            only_to_customer,
        })
}

fn step() -> impl Strategy<Value = Step> {
    let nets = || prop::collection::vec(0..NETS.len(), 1..4);
    let role = prop::option::of(prop::sample::select(alloc::vec![
        Role::PROVIDER,
        Role::ROUTE_SERVER,
        Role::ROUTE_SERVER_CLIENT,
        Role::CUSTOMER,
        Role::PEER,
    ]));
    prop_oneof![
        2 => (0..PEERS, role).prop_map(|(peer, role)| Step::Up(peer, role)),
        1 => (0..PEERS).prop_map(Step::Down),
        8 => (0..PEERS, nets(), announcement()).prop_map(|(peer, nets, a)| Step::Announce(peer, nets, a)),
        3 => (0..PEERS, nets()).prop_map(|(peer, nets)| Step::Withdraw(peer, nets)),
        1 => (0..NETS.len()).prop_map(Step::Originate),
        1 => (0..NETS.len()).prop_map(Step::Retract),
        5 => (0..PEERS, 1..4usize).prop_map(|(peer, count)| Step::Read(peer, count)),
        1 => (0..PEERS).prop_map(Step::Refresh),
        1 => (0..PEERS, prop::option::of(0u32..3)).prop_map(|(peer, metric)| Step::NextHop(peer, metric)),
    ]
}

/// A neighbour as the test sees it.
#[derive(Default)]
struct Neighbour {
    up: bool,
    /// Ours towards it; without meaning for internal ones.
    role: Option<Role>,
    /// What it has announced.
    announced: BTreeMap<IpNet, Announcement>,
    /// What it knows from what it was told: attributes and next hop as text.
    knows: BTreeMap<IpNet, String>,
}

struct World {
    rib: Rib,
    table: TableId,
    own: SourceId,
    sources: Vec<SourceId>,
    neighbours: Vec<Neighbour>,
    originated: Vec<IpNet>,
    metrics: Vec<Option<u32>>,
}

impl World {
    fn new() -> Self {
        let mut rib = Rib::new(3);
        let table = rib.add_table("master4", Family::IPV4_UNICAST);
        let own = rib.add_source("static1", RouteSource::Static, 50);
        let sources =
            (0..PEERS).map(|i| rib.add_source(&i.to_string(), RouteSource::Bgp, 100)).collect();
        Self {
            rib,
            table,
            own,
            sources,
            neighbours: (0..PEERS).map(|_| Neighbour::default()).collect(),
            originated: Vec::new(),
            metrics: alloc::vec![Some(0); PEERS],
        }
    }

    fn take(&mut self, step: Step) {
        let now = Duration::ZERO;
        match step {
            Step::Up(peer, role) if !self.neighbours[peer].up => {
                self.neighbours[peer].up = true;
                self.neighbours[peer].role = role;
                let channel = ChannelConfig::new(self.table, Family::IPV4_UNICAST);
                let config = PeerConfig { role, ..peer_config(peer) };
                self.rib.peer_up(self.sources[peer], config, [channel]);
            }
            Step::Down(peer) => {
                self.rib.peer_down(self.sources[peer], &[]);
                self.neighbours[peer] = Neighbour::default();
            }
            Step::Announce(peer, nets, announcement) if self.neighbours[peer].up => {
                let nets: Vec<IpNet> = nets.into_iter().map(net).collect();
                for net in &nets {
                    self.neighbours[peer].announced.insert(*net, announcement.clone());
                }
                self.send(peer, |writer, next_hop| {
                    let attributes = announcement.attributes();
                    writer
                        .announce(attributes.view(), Family::IPV4_UNICAST, next_hop, nets)
                        .expect("short");
                });
            }
            Step::Withdraw(peer, nets) if self.neighbours[peer].up => {
                let nets: Vec<IpNet> = nets.into_iter().map(net).collect();
                for net in &nets {
                    self.neighbours[peer].announced.remove(net);
                }
                self.send(peer, |writer, _| writer.withdraw(Family::IPV4_UNICAST, nets));
            }
            Step::Originate(index) => {
                let route = Origination::default();
                self.rib.originate(now, self.own, self.table, net(index), &route, &mut AcceptAll);
                self.originated.push(net(index));
            }
            Step::Retract(index) => {
                self.rib.withdraw(self.own, self.table, &net(index));
                self.originated.retain(|other| *other != net(index));
            }
            Step::Read(peer, count) => (0..count).for_each(|_| {
                self.read(peer);
            }),
            Step::Refresh(peer) => {
                self.rib.handle_route_refresh(self.sources[peer], Family::IPV4_UNICAST);
            }
            Step::NextHop(peer, metric) => self.metrics[peer] = metric,
            Step::Up(..) | Step::Announce(..) | Step::Withdraw(..) => {}
        }
        self.resolve();
    }

    fn resolve(&mut self) {
        while self.rib.poll_next_hop().is_some() {}
        let all: Vec<_> = self.rib.next_hops().collect();
        for (id, key) in all {
            let owner =
                (0..PEERS).find(|peer| peer_config(*peer).address == key.next_hop.address());
            self.rib.set_next_hop(id, self.metrics[owner.expect("a neighbour's own address")]);
        }
        while self.rib.work(Duration::ZERO, usize::MAX, &mut AcceptAll) {}
    }

    fn send(&mut self, peer: usize, write: impl FnOnce(&mut UpdateWriter<'_>, &NextHop)) {
        let context = Context { four_octet_as: true, ..Context::default() };
        let mut out = BytesMut::new();
        write(
            &mut UpdateWriter::new(&mut out, &context),
            &NextHop::from(peer_config(peer).address),
        );
        while let Some(frame) = split_frame(&mut out, &context).expect("well formed") {
            let Ok(Message::Update(update)) = Message::decode(&frame, &context) else {
                panic!("no update")
            };
            self.rib.handle_update(Duration::ZERO, self.sources[peer], &update, &mut AcceptAll);
        }
    }

    /// Reads a chunk; false when there is none.
    fn read(&mut self, peer: usize) -> bool {
        let Some(chunk) = self.rib.poll_update(Duration::ZERO, self.sources[peer], &mut AcceptAll)
        else {
            return false;
        };
        let context = Context { four_octet_as: true, ..Context::default() };
        let mut bytes = BytesMut::from(&chunk.bytes[..]);
        let mut messages = 0;
        while let Some(frame) = split_frame(&mut bytes, &context).expect("well formed") {
            messages += 1;
            let Ok(Message::Update(update)) = Message::decode(&frame, &context) else {
                panic!("no update")
            };
            let knows = &mut self.neighbours[peer].knows;
            for unreach in update.unreach() {
                unreach.nlri.prefixes().for_each(|net| {
                    knows.remove(&net);
                });
            }
            let mut scratch = Vec::new();
            let text = alloc::format!("{:?}", update.canonical_attributes(&mut scratch));
            for reach in update.reach() {
                for net in reach.nlri.prefixes() {
                    knows.insert(net, alloc::format!("{} {text}", reach.next_hop.expect("there")));
                }
            }
        }
        assert_eq!((messages, bytes.len()), (chunk.messages, 0));
        true
    }

    /// Reads everything, then compares with what the obvious computation says.
    fn check(&mut self) {
        for peer in 0..PEERS {
            let mut chunks = 0;
            while self.read(peer) {
                chunks += 1;
                assert!(chunks < 1000, "it does not end");
            }
        }
        let mut expected: Vec<BTreeMap<IpNet, String>> = alloc::vec![BTreeMap::new(); PEERS];
        for index in 0..NETS.len() {
            let net = net(index);
            let best = self.slow_best(net);
            let view = self.rib.lookup(self.table, &net);
            let found = view.and_then(|view| view.paths().next()).map(|path| path.source());
            let wanted = best.as_ref().map(|best| best.map_or(self.own, |peer| self.sources[peer]));
            assert_eq!(found, wanted, "best path of {net}");
            let Some(best) = best else { continue };
            for (peer, knows) in expected.iter_mut().enumerate() {
                if self.neighbours[peer].up
                    && let Some(text) = self.slow_export(net, best, peer)
                {
                    knows.insert(net, text);
                }
            }
        }
        for (peer, expected) in expected.iter().enumerate() {
            assert_eq!(&self.neighbours[peer].knows, expected, "what {peer} knows");
            let told = self.rib.told(self.sources[peer], self.table);
            assert_eq!(usize::try_from(told), Ok(expected.len()), "count of what {peer} knows");
        }
        assert_eq!(self.rib.backlog(self.table), 0, "all have read all");
    }

    fn usable(&self, peer: usize, net: IpNet) -> Option<&Announcement> {
        let announcement = self.neighbours[peer].announced.get(&net)?;
        let looped = announcement.path.contains(&LOCAL_AS);
        (!looped && self.slow_ingress(peer, announcement).is_some()).then_some(announcement)
    }

    /// What the attribute Only to Customer of a received route says then (RFC 9234 §5); `None`: it is a leak.
    fn slow_ingress(&self, peer: usize, announcement: &Announcement) -> Option<Option<u32>> {
        let received = announcement.only_to_customer;
        if peer >= 2 {
            return Some(received);
        }
        let remote_as = peer_config(peer).remote_as;
        let (allowed, missing) = match self.neighbours[peer].role {
            None => (true, None),
            Some(Role::PROVIDER | Role::ROUTE_SERVER) => (received.is_none(), None),
            Some(Role::PEER) => (received.is_none_or(|asn| asn == remote_as), Some(remote_as)),
            Some(_) => (true, Some(remote_as)),
        };
        allowed.then_some(received.or(missing))
    }

    /// What it says in a route that `to` is told; `None`: it is not told (RFC 9234 §5).
    fn slow_egress(&self, kept: Option<u32>, to: usize) -> Option<Option<u32>> {
        let role = self.neighbours[to].role.filter(|_| to < 2);
        let downwards = [Role::PROVIDER, Role::ROUTE_SERVER].map(Some).contains(&role);
        let allowed = role.is_none() || downwards || kept.is_none();
        let added = downwards || role == Some(Role::PEER);
        allowed.then_some(kept.or(added.then_some(LOCAL_AS)))
    }

    /// `Some(None)`: our own route.
    fn slow_best(&self, net: IpNet) -> Option<Option<usize>> {
        let facts: Vec<(Option<usize>, AttributeFacts)> = (0..PEERS)
            .filter_map(|peer| {
                let announcement = self.usable(peer, net)?;
                let mut attributes = announcement.attributes();
                attributes.local_pref(announcement.kept_local_pref(peer));
                Some((Some(peer), AttributeFacts::new(attributes.view())))
            })
            .chain(
                self.originated
                    .contains(&net)
                    .then(|| (None, AttributeFacts::new(AttributesRef::default()))),
            )
            .collect();
        let candidates: Vec<Candidate<'_>> = facts
            .iter()
            .map(|(peer, facts)| {
                let config = peer.map(peer_config);
                let (kind, preference) = if peer.is_some() {
                    (RouteSource::Bgp, 100)
                } else {
                    (RouteSource::Static, 50)
                };
                Candidate {
                    internal: config.as_ref().is_some_and(PeerConfig::is_internal),
                    igp_metric: peer.map_or(Some(0), |peer| self.metrics[peer]),
                    router_id: config
                        .as_ref()
                        .map_or(Ipv4Addr::UNSPECIFIED, |config| config.remote_id),
                    address: config.map(|config| config.address),
                    ..Candidate::new(kind, preference, facts)
                }
            })
            .collect();
        best_path(&candidates, &Rules::default()).map(|(index, _)| facts[index].0)
    }

    /// What `to` should know of a route, spelled out.
    fn slow_export(&self, net: IpNet, best: Option<usize>, to: usize) -> Option<String> {
        let config = peer_config(to);
        if best == Some(to) {
            return None;
        }
        let announcement = best.map(|peer| self.usable(peer, net).expect("it is the best").clone());
        let community = announcement.as_ref().and_then(|announcement| announcement.community);
        let internal_route = best.is_some_and(|peer| peer >= 2);
        if community == Some(Community::NO_ADVERTISE)
            || (community == Some(Community::NO_EXPORT) && !config.is_internal())
            || (internal_route && config.is_internal() && best != Some(2) && to != 2)
        {
            return None;
        }
        let kept =
            announcement.as_ref().zip(best).and_then(|(a, peer)| self.slow_ingress(peer, a)?);
        let only_to_customer = self.slow_egress(kept, to)?;
        let mut attributes = announcement.as_ref().map_or_else(
            || {
                let mut own = PathAttributes::default();
                own.origin(Origin::Igp).as_path(&AsPathBuilder::default());
                own
            },
            Announcement::attributes,
        );
        let mut next_hop = config.local_address;
        if config.is_internal() {
            let kept = announcement.as_ref().zip(best).map(|(a, peer)| a.kept_local_pref(peer));
            attributes.local_pref(kept.unwrap_or(100));
            if let Some(peer) = best {
                next_hop = peer_config(peer).address;
                if internal_route {
                    attributes
                        .originator_id(peer_config(peer).remote_id)
                        .cluster_list([config.cluster_id]);
                }
            }
        } else {
            let mut path = AsPathBuilder::from_path(attributes.view().as_path());
            path.prepend(LOCAL_AS);
            attributes.as_path(&path).remove(AttributeCode::LOCAL_PREF);
            attributes.remove(AttributeCode::MULTI_EXIT_DISC);
        }
        let received = announcement.as_ref().and_then(|announcement| announcement.only_to_customer);
        if let Some(asn) = only_to_customer.filter(|_| received.is_none()) {
            let flags = if best.is_some() { 0xe0 } else { 0xc0 };
            attributes.set(flags, AttributeCode::ONLY_TO_CUSTOMER, &asn.to_be_bytes());
        }
        Some(alloc::format!("{next_hop} {:?}", attributes.view()))
    }
}

impl Announcement {
    fn by(path: Vec<u32>) -> Self {
        Self { path, med: None, local_pref: None, community: None, only_to_customer: None }
    }

    fn attributes(&self) -> PathAttributes {
        let mut attributes = PathAttributes::default();
        let mut path = AsPathBuilder::default();
        path.segment(SegmentKind::Sequence, self.path.iter().copied());
        attributes.origin(Origin::Igp).as_path(&path).communities(self.community);
        self.med.map(|med| attributes.med(med));
        self.local_pref.map(|preference| attributes.local_pref(preference));
        if let Some(asn) = self.only_to_customer {
            attributes.set(0xc0, AttributeCode::ONLY_TO_CUSTOMER, &asn.to_be_bytes());
        }
        attributes
    }

    /// LOCAL_PREF of an external neighbour means nothing.
    fn kept_local_pref(&self, peer: usize) -> u32 {
        self.local_pref.filter(|_| peer >= 2).unwrap_or(100)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_history_ends_in_the_obvious_state(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for (at, step) in steps.into_iter().enumerate() {
            world.take(step);
            if at % 16 == 15 {
                world.check();
            }
        }
        world.check();
        // When all are gone, nothing is left.
        (0..PEERS).for_each(|peer| world.take(Step::Down(peer)));
        (0..NETS.len()).for_each(|index| world.take(Step::Retract(index)));
        prop_assert_eq!(world.rib.size(world.table), (0, 0));
        prop_assert_eq!(world.rib.attribute_sets(), 0);
        prop_assert_eq!(world.rib.next_hops().count(), 0);
    }
}

/// The list of changes stays short however slow a reader is.
#[test]
fn a_slow_reader_costs_no_growing_memory() {
    let mut world = World::new();
    (0..3).for_each(|peer| world.take(Step::Up(peer, None)));
    for round in 0..20_000u32 {
        let path = alloc::vec![65002 + round % 7];
        let announcement = Announcement::by(path);
        let nets = (0..NETS.len()).collect();
        world.take(Step::Announce(0, nets, announcement));
        // Neighbour 1 reads all, neighbour 2 nothing.
        while world.read(1) {}
        assert!(world.rib.backlog(world.table) < 10_000, "round {round}");
    }
    world.check();
}

#[test]
fn filters_decide_what_comes_in_and_goes_out() {
    struct Only(IpNet);
    impl Policy for Only {
        fn run(&mut self, filter: u32, route: &Route<'_>, _: &mut Edited) -> Verdict {
            if (route.net == self.0) == (filter == 7) { Verdict::Accept } else { Verdict::Reject }
        }
    }
    /// Routes announced and withdrawn to the first neighbour.
    fn poll_all(world: &mut World, policy: &mut Only) -> (u32, u32) {
        let (mut announced, mut withdrawn) = (0, 0);
        while let Some(chunk) = world.rib.poll_update(Duration::ZERO, world.sources[0], policy) {
            announced += chunk.announced;
            withdrawn += chunk.withdrawn;
        }
        (announced, withdrawn)
    }
    let mut world = World::new();
    let channel = ChannelConfig::new(world.table, Family::IPV4_UNICAST);
    let channel = ChannelConfig { export: Filter::Run(7), ..channel };
    world.rib.peer_up(world.sources[0], peer_config(0), [channel.clone()]);
    (0..3).for_each(|index| world.take(Step::Originate(index)));
    let mut policy = Only(net(1));
    assert_eq!(poll_all(&mut world, &mut policy), (1, 0));
    // Another filter: the neighbour is told the difference.
    let channel = ChannelConfig { export: Filter::Run(8), ..channel };
    world.rib.reconfigure_channel(world.sources[0], channel);
    assert_eq!(poll_all(&mut world, &mut policy), (2, 1));
    assert_eq!(world.rib.told(world.sources[0], world.table), 2);
}

#[test]
fn nobody_is_told_of_its_own_routes_not_even_that_they_are_gone() {
    let mut world = World::new();
    (0..2).for_each(|peer| world.take(Step::Up(peer, None)));
    world.check();
    let announcement = Announcement::by(alloc::vec![65002]);
    world.take(Step::Announce(0, alloc::vec![1, 2], announcement));
    world.check();
    world.take(Step::Withdraw(0, alloc::vec![1]));
    assert!(!world.read(0), "its own withdrawal came back");
    assert!(world.read(1));
    world.check();
}

#[test]
fn changes_of_best_routes_are_told() {
    let mut world = World::new();
    world.take(Step::Originate(3));
    let watcher = world.rib.watch(world.table, false).expect("the table is there");
    let change = |present| Some(Change { table: world.table, net: net(3), present });
    let (there, gone) = (change(true), change(false));
    assert_eq!(world.rib.poll_change(watcher), there);
    world.take(Step::Retract(3));
    assert_eq!(world.rib.poll_change(watcher), gone);
    assert_eq!(world.rib.poll_change(watcher), None);
}
