//! Links between instances, and a clock that goes on when nothing is left to do.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::Ipv6Addr;
use core::time::Duration;

use crate::config::{InstanceConfig, InterfaceConfig, Link, NetworkType};
use crate::instance::counters::InputError;
use crate::instance::event::{Event, InterfaceEvent};
use crate::instance::{Instance, PacketMeta, Transmit};
use crate::interface::{ALL_D_ROUTERS, ALL_SPF_ROUTERS, InterfaceState};
use crate::lsa::{Lsa, LsaHeader, LsaKey};
use crate::neighbor::NeighborState;
use crate::packet::{LinkStateUpdate, Packet, PacketBody, PacketType};
use crate::{AreaId, InterfaceId, RouterId, ScopeId};

/// A router's interface: the router's place, and the interface's number.
pub(super) type End = (usize, InterfaceId);

pub(super) struct Net {
    pub(super) now: Duration,
    pub(super) routers: Vec<Instance>,
    links: Vec<BTreeSet<End>>,
    /// Packets on their way: when they arrive, the order in which they were sent, to whom.
    wire: BTreeMap<(Duration, u64), (End, PacketMeta, bytes::Bytes)>,
    sent: u64,
    /// All packets sent, in order.
    pub(super) log: Vec<(Duration, usize, Transmit)>,
    pub(super) events: Vec<(Duration, usize, Event)>,
    pub(super) delay: Duration,
    /// Whether a packet is lost, by its number.
    pub(super) loses: fn(u64) -> bool,
}

pub(super) fn router_id(router: usize) -> RouterId {
    RouterId(u32::try_from(router).expect("few") + 1)
}

pub(super) fn link_local((router, interface): End) -> Ipv6Addr {
    let router = u16::try_from(router).expect("few") + 1;
    let interface = u16::try_from(interface.0).expect("few");
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, router, interface)
}

/// What the system would say of an interface.
pub(super) fn link(end: End, prefixes: &[&str]) -> Link {
    let prefixes = prefixes.iter().map(|prefix| prefix.parse().expect("a prefix")).collect();
    Link { link_local: link_local(end), mtu: 1500, prefixes }
}

impl Net {
    /// So many routers, 1 and so on, without links.
    pub(super) fn new(routers: usize) -> Self {
        Self::with(routers, |_| {})
    }

    pub(super) fn with(routers: usize, configure: impl Fn(&mut InstanceConfig)) -> Self {
        let instance = |router| {
            let mut config = InstanceConfig::new(router_id(router));
            configure(&mut config);
            Instance::new(config, u64::try_from(router).expect("few"))
        };
        Self {
            now: Duration::from_secs(100),
            routers: (0..routers).map(instance).collect(),
            links: Vec::new(),
            wire: BTreeMap::new(),
            sent: 0,
            log: Vec::new(),
            events: Vec::new(),
            delay: Duration::from_millis(1),
            loses: |_| false,
        }
    }

    /// Connects routers by a link of this kind in the backbone; each has `2001:db8:LINK::ROUTER/64` there. The interfaces' numbers are
    /// the link's, from 1.
    pub(super) fn connect(&mut self, network: NetworkType, routers: &[usize]) -> InterfaceId {
        self.connect_with(network, routers, |_, _| {})
    }

    pub(super) fn connect_with(
        &mut self,
        network: NetworkType,
        routers: &[usize],
        configure: impl Fn(usize, &mut InterfaceConfig),
    ) -> InterfaceId {
        let number = self.links.len() + 1;
        let id = InterfaceId(u32::try_from(number).expect("few"));
        self.links.push(routers.iter().map(|router| (*router, id)).collect());
        for router in routers {
            let mut config = InterfaceConfig::new(AreaId::BACKBONE, network);
            configure(*router, &mut config);
            let prefix = alloc::format!("2001:db8:{number:x}::{:x}/64", router + 1);
            let link = link((*router, id), &[&prefix]);
            let instance = &mut self.routers[*router];
            instance.configure_interface(self.now, id, Some(config));
            instance.handle_interface(self.now, id, InterfaceEvent::Up(link));
            self.drain(*router);
        }
        id
    }

    /// Cuts or mends a link without anybody being told.
    pub(super) fn set_end(&mut self, id: InterfaceId, router: usize, connected: bool) {
        let ends = &mut self.links[id.0 as usize - 1];
        if connected {
            ends.insert((router, id));
        } else {
            ends.remove(&(router, id));
        }
    }

    /// Takes out what an instance has to say.
    pub(super) fn drain(&mut self, router: usize) {
        while let Some(event) = self.routers[router].poll_event() {
            self.events.push((self.now, router, event));
        }
        while let Some(transmit) = self.routers[router].poll_transmit() {
            self.send(router, transmit);
        }
    }

    fn send(&mut self, router: usize, transmit: Transmit) {
        let id = transmit.interface;
        if transmit.hop_limit > 1 {
            return self.route(router, transmit);
        }
        let ends = self.links[id.0 as usize - 1].clone();
        if ends.contains(&(router, id)) {
            for end in ends.into_iter().filter(|end| end.0 != router) {
                let hears = if transmit.destination.is_multicast() {
                    transmit.destination != ALL_D_ROUTERS || self.is_designated(end)
                } else {
                    transmit.destination == link_local(end)
                };
                self.sent += 1;
                if hears && !(self.loses)(self.sent) {
                    let meta = PacketMeta {
                        interface: id,
                        source: transmit.source,
                        destination: transmit.destination,
                    };
                    let at = (self.now + self.delay, self.sent);
                    self.wire.insert(at, (end, meta, transmit.bytes.clone()));
                }
            }
        }
        self.log.push((self.now, router, transmit));
    }

    /// A packet of a virtual link: it arrives if the interface it leaves by is connected to its destination.
    fn route(&mut self, router: usize, transmit: Transmit) {
        let interface = transmit.interface;
        let ends = &self.links[interface.0 as usize - 1];
        let has = |(to, id): &&End| {
            let link = self.routers[*to].interfaces[id].link.as_ref();
            let prefixes = link.into_iter().flat_map(|link| &link.prefixes);
            prefixes.into_iter().any(|prefix| prefix.addr() == transmit.destination)
        };
        let to = ends.iter().find(has).copied();
        if let Some(end) = to.filter(|_| ends.contains(&(router, interface))) {
            self.sent += 1;
            let Transmit { source, destination, .. } = transmit;
            let meta = PacketMeta { interface, source, destination };
            let at = (self.now + self.delay, self.sent);
            self.wire.insert(at, (end, meta, transmit.bytes.clone()));
        }
        self.log.push((self.now, router, transmit));
    }

    fn is_designated(&self, (router, id): End) -> bool {
        matches!(self.interface_state(router, id), InterfaceState::Dr | InterfaceState::Backup)
    }

    pub(super) fn interface_state(&self, router: usize, id: InterfaceId) -> InterfaceState {
        self.routers[router].interfaces[&id].state
    }

    /// The state of a neighbour; Down if there is none.
    pub(super) fn state(&self, router: usize, id: InterfaceId, of: usize) -> NeighborState {
        let neighbor = self.routers[router].neighbor(id, router_id(of));
        neighbor.map_or(NeighborState::Down, |neighbor| neighbor.state)
    }

    /// Goes on to the next thing that happens, if that is before `end`.
    fn step(&mut self, end: Duration) -> bool {
        let arrival = self.wire.keys().next().map(|(at, _)| *at);
        let timeout = self.routers.iter().filter_map(Instance::poll_timeout).min();
        let Some(next) = arrival.into_iter().chain(timeout).min().filter(|next| *next <= end)
        else {
            return false;
        };
        self.now = self.now.max(next);
        if arrival.is_some_and(|arrival| arrival <= self.now) {
            let (_, ((router, _), meta, bytes)) = self.wire.pop_first().expect("it arrives");
            // What is dropped is counted.
            let _dropped = self.routers[router].handle_packet(self.now, meta, &bytes);
            self.drain(router);
            return true;
        }
        for router in 0..self.routers.len() {
            if self.routers[router].poll_timeout().is_some_and(|at| at <= self.now) {
                self.routers[router].handle_timeout(self.now);
                self.drain(router);
            }
        }
        true
    }

    /// Lets time go on.
    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        let mut steps = 0;
        while self.step(end) {
            steps += 1;
            assert!(steps < 10_000_000, "no end at {:?}", self.now);
        }
        self.now = end;
    }

    /// Lets time go on until something holds, and gives how long that took.
    pub(super) fn until(&mut self, most: u64, holds: impl Fn(&Self) -> bool) -> Duration {
        let (begin, end) = (self.now, self.now + Duration::from_secs(most));
        while !holds(self) {
            assert!(self.step(end), "not within {most} s: {}", self.describe());
        }
        self.now - begin
    }

    /// The states of all neighbours.
    pub(super) fn describe(&self) -> alloc::string::String {
        let mut text = alloc::string::String::new();
        for (router, instance) in self.routers.iter().enumerate() {
            for (id, interface) in &instance.interfaces {
                text += &alloc::format!("\n{} if {id} {}:", router_id(router), interface.state);
                for neighbor in interface.neighbors.values() {
                    text += &alloc::format!(" {} {};", neighbor.router_id, neighbor.state);
                }
            }
        }
        text
    }

    /// Gives a router a packet that seems to come from another one.
    pub(super) fn inject(
        &mut self,
        to: usize,
        (from, interface): End,
        body: PacketBody,
    ) -> Result<(), InputError> {
        let config = self.routers[to].interfaces[&interface].config.clone();
        let packet = Packet {
            router_id: router_id(from),
            area_id: config.area,
            instance_id: self.routers[to].config.instance_id,
            body,
        };
        let meta = PacketMeta {
            interface,
            source: link_local((from, interface)),
            destination: ALL_SPF_ROUTERS,
        };
        let mut bytes = bytes::BytesMut::new();
        packet.encode(meta.source, meta.destination, &mut bytes).expect("not too long");
        let result = self.routers[to].handle_packet(self.now, meta, &bytes);
        self.drain(to);
        result
    }

    /// Gives a router an LSA that seems to come from a neighbour.
    pub(super) fn inject_lsa(&mut self, to: usize, from: End, lsa: &Lsa) -> Result<(), InputError> {
        let mut builder = LinkStateUpdate::builder(65_535);
        assert!(builder.push(lsa, lsa.header().age));
        self.inject(to, from, PacketBody::LinkStateUpdate(builder.build()))
    }

    /// An LSA of a router's database.
    pub(super) fn lsa(&self, router: usize, scope: ScopeId, key: &LsaKey) -> Option<LsaHeader> {
        let instance = &self.routers[router];
        instance.databases.entry(scope, key).map(|entry| entry.header(self.now))
    }

    /// The packets of a type that were sent, with their senders.
    pub(super) fn sent_of(&self, packet_type: PacketType) -> usize {
        self.log.iter().filter(|(_, _, transmit)| transmit.bytes[1] == packet_type.0).count()
    }

    /// Whether all routers' databases of the area are the same.
    pub(super) fn is_synchronized(&self, area: AreaId) -> bool {
        self.is_synchronized_among(area, &(0..self.routers.len()).collect::<Vec<_>>())
    }

    pub(super) fn is_synchronized_among(&self, area: AreaId, routers: &[usize]) -> bool {
        let scope = ScopeId::Area(area);
        let headers = |instance: &Instance| -> Vec<_> {
            let lsdb = instance.databases.get(scope).expect("it is configured");
            let headers = lsdb.iter().map(|(_, entry)| *entry.lsa.header());
            headers.map(|header| (header.key, header.sequence, header.checksum)).collect()
        };
        let first = headers(&self.routers[routers[0]]);
        routers.iter().all(|router| headers(&self.routers[*router]) == first)
    }
}
