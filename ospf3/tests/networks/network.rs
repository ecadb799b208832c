//! Routers on links, in virtual time: packets are late, lost, doubled and overtake each other, as the seed says.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use bytes::Bytes;
use ipnet::IpNet;
use ospf3::{ALL_D_ROUTERS, Instance, InterfaceId, PacketMeta, Transmit};

use crate::node::Router;
use crate::plan::{NodeId, Plan};
use crate::random::Random;

/// What the links do to packets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// In a hundred.
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
    /// The least time a packet takes, and by how much it may take longer: so one may overtake another.
    pub(crate) delay: Duration,
    pub(crate) jitter: usize,
}

impl Weather {
    pub(crate) const FAIR: Self =
        Self { lost: 0, doubled: 0, delay: Duration::from_millis(1), jitter: 2 };
    pub(crate) const FOUL: Self =
        Self { lost: 8, doubled: 5, delay: Duration::from_millis(1), jitter: 300 };
}

/// A packet on its way to an interface.
#[derive(Debug, Clone)]
struct Packet {
    to: NodeId,
    meta: PacketMeta,
    /// How often it may be sent on.
    hop_limit: u8,
    bytes: Bytes,
}

#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) plan: Plan,
    pub(crate) now: Duration,
    pub(crate) random: Random,
    pub(crate) weather: Weather,
    /// By their nodes; `None`: it is down.
    pub(crate) routers: Vec<Option<Router>>,
    /// By when they arrive and how many were sent before.
    wire: BTreeMap<(Duration, u64), Packet>,
    sent: u64,
    /// How often a router was put to work.
    pub(crate) steps: u64,
}

/// More steps than any network here takes for so much time.
const MOST_STEPS: u64 = 3_000_000;

impl Network {
    pub(crate) fn start(plan: &Plan, seed: u64) -> Self {
        let mut network = Self {
            plan: plan.clone(),
            now: Duration::from_secs(1000),
            random: Random::new(seed),
            weather: Weather::FAIR,
            routers: vec![None; plan.nodes.len()],
            wire: BTreeMap::new(),
            sent: 0,
            steps: 0,
        };
        for node in 0..plan.nodes.len() {
            network.boot(node);
        }
        network
    }

    /// Starts a router, or starts it anew: it knows nothing of before. Where the plan has it down, it stops.
    pub(crate) fn boot(&mut self, node: NodeId) {
        self.routers[node] = None;
        if self.plan.nodes[node].up {
            let seed = self.random.number();
            self.routers[node] = Some(Router::start(&self.plan, node, self.now, seed));
            self.pump(node);
        }
    }

    /// Tells a router how one of its links is now.
    pub(crate) fn follow_link(&mut self, node: NodeId, link: usize) {
        let now = self.now;
        if let Some(router) = &mut self.routers[node] {
            router.configure_link(&self.plan, node, link, now);
            self.pump(node);
        }
    }

    pub(crate) fn with(&mut self, node: NodeId, work: impl FnOnce(&mut Instance, Duration)) {
        let now = self.now;
        if let Some(router) = &mut self.routers[node] {
            work(&mut router.instance, now);
            self.pump(node);
        }
    }

    /// Takes out what a router has to say.
    fn pump(&mut self, node: NodeId) {
        let Some(router) = &mut self.routers[node] else { return };
        self.steps += 1;
        router.events();
        let mut packets = Vec::new();
        while let Some(transmit) = router.instance.poll_transmit() {
            router.sent += 1;
            router.hellos += u64::from(transmit.bytes.get(1) == Some(&1));
            packets.push(transmit);
        }
        for transmit in packets {
            self.send(node, transmit);
        }
    }

    fn send(&mut self, node: NodeId, transmit: Transmit) {
        let Transmit { interface, source, destination, hop_limit, bytes } = transmit;
        if hop_limit > 1 {
            self.forward(node, source, destination, hop_limit, bytes);
            return;
        }
        let Some(link) = self.link_of(node, interface) else { return };
        for to in self.hearers(node, link) {
            let id = self.plan.interface(link, to);
            let hears = if destination == ALL_D_ROUTERS {
                self.routers[to].as_ref().is_some_and(|router| router.designated.contains(&id))
            } else {
                destination.is_multicast() || destination == self.plan.link_local(link, to)
            };
            if hears {
                let meta = PacketMeta { interface: id, source, destination };
                self.put(Packet { to, meta, hop_limit, bytes: bytes.clone() });
            }
        }
    }

    /// Sends a packet of a virtual link to the next router, as the routes of the host say.
    fn forward(
        &mut self,
        node: NodeId,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        hop_limit: u8,
        bytes: Bytes,
    ) {
        let Some((link, address)) = self.look_up(node, destination.into()) else { return };
        let next = self.hearers(node, link).into_iter().find(|to| {
            let own = self.plan.address(link, *to).addr();
            address == own || address == IpAddr::V6(self.plan.link_local(link, *to))
        });
        if let Some(to) = next {
            let interface = self.plan.interface(link, to);
            let meta = PacketMeta { interface, source, destination };
            self.put(Packet { to, meta, hop_limit, bytes });
        }
    }

    /// The link that a host sends a packet on, and the address there. What is on a link is found there.
    fn look_up(&self, node: NodeId, destination: IpAddr) -> Option<(usize, IpAddr)> {
        let mut ends = self.plan.ends_of(node).filter(|(_, _, end)| end.up && end.numbered);
        if let Some((link, _, _)) =
            ends.find(|(link, _, _)| self.plan.address(*link, node).contains(&destination))
        {
            return Some((link, destination));
        }
        let hop = *self.routers[node].as_ref()?.look_up(destination)?.next_hops.first()?;
        Some((self.link_of(node, hop.interface)?, hop.address.unwrap_or(destination)))
    }

    /// The others on a link that hear a node.
    fn hearers(&self, node: NodeId, link: usize) -> Vec<NodeId> {
        let ends = &self.plan.links[link].ends;
        let Some(own) = ends.iter().find(|end| end.node == node && end.up) else {
            return Vec::new();
        };
        let heard = ends.iter().filter(|end| end.node != node && end.up && end.part == own.part);
        heard.map(|end| end.node).collect()
    }

    fn link_of(&self, node: NodeId, interface: InterfaceId) -> Option<usize> {
        let mut ends = self.plan.ends_of(node);
        ends.find(|(link, _, _)| self.plan.interface(*link, node) == interface)
            .map(|(link, _, _)| link)
    }

    fn put(&mut self, packet: Packet) {
        if self.random.percent(self.weather.lost) {
            return;
        }
        let copies = 1 + usize::from(self.random.percent(self.weather.doubled));
        for _ in 0..copies {
            let at = self.now + self.weather.delay + self.random.millis(self.weather.jitter);
            self.sent += 1;
            self.wire.insert((at, self.sent), packet.clone());
        }
    }

    fn arrive(&mut self, packet: Packet) {
        let Packet { to, meta, hop_limit, bytes } = packet;
        let now = self.now;
        // The link may have gone meanwhile.
        let Some(link) = self.link_of(to, meta.interface) else { return };
        if !self.plan.links[link].ends.iter().any(|end| end.node == to && end.up) {
            return;
        }
        if hop_limit > 1 && !self.is_own(to, meta.destination.into()) {
            self.forward(to, meta.source, meta.destination, hop_limit - 1, bytes);
            return;
        }
        if let Some(router) = &mut self.routers[to] {
            // What is dropped is counted there.
            let dropped = router.instance.handle_packet(now, meta, &bytes);
            if std::env::var("DROPS").is_ok() && hop_limit > 1 {
                println!("{now:?} node {to} {meta:?} type {} {dropped:?}", bytes[1]);
            }
            self.pump(to);
        }
    }

    fn is_own(&self, node: NodeId, address: IpAddr) -> bool {
        let is = |net: IpNet| net.addr() == address;
        let mut ends = self.plan.ends_of(node);
        is(self.plan.loopback(node)) || ends.any(|(link, _, _)| is(self.plan.address(link, node)))
    }

    /// Lets time go on.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        let most = self.steps + MOST_STEPS;
        loop {
            assert!(self.steps < most, "a storm at {:?}", self.now);
            let arrival = self.wire.keys().next().map(|(at, _)| *at);
            let timeouts = self.routers.iter().enumerate().filter_map(|(node, router)| {
                Some((router.as_ref()?.instance.poll_timeout()?, node))
            });
            let timeout = timeouts.min();
            let first = arrival.into_iter().chain(timeout.map(|(at, _)| at)).min();
            let Some(next) = first.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            if arrival.is_some_and(|arrival| arrival <= self.now) {
                let (_, packet) = self.wire.pop_first().expect("it arrives");
                self.arrive(packet);
            } else if let Some((_, node)) = timeout {
                let now = self.now;
                self.with(node, |instance, _| instance.handle_timeout(now));
            }
        }
        self.now = end;
    }
}
