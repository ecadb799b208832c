//! Target of ospf3's instances.

use core::net::Ipv6Addr;
use core::time::Duration;
use std::collections::{BTreeSet, VecDeque};

use bytes::{Bytes, BytesMut};
use ospf3::config::{AreaConfig, ConfiguredNeighbor};
use ospf3::lsa::RestartReason;
use ospf3::originate::{AreaKind, External, ExternalKey, Metric, Nssa, Stub};
use ospf3::{
    ALL_D_ROUTERS, ALL_SPF_ROUTERS, AreaId, Event, Instance, InstanceConfig, InstanceId,
    InterfaceConfig, InterfaceEvent, InterfaceId, Link, LsaBody, NetworkType, Packet, PacketBody,
    PacketMeta, PacketType, RouterId, Transmit, checksum,
};

const LINK: InterfaceId = InterfaceId(1);
const STEPS: usize = 400;
/// Packets that one call may give: far more than any but a broken one does.
const MOST: usize = 100_000;

/// Two instances on a link, led by the octets: each says what happens next. Packets come from the other one, from it with octets
/// changed, or from a third router that says anything at all.
///
/// Whatever is sent is a packet with its checksum; each call gives a bounded number of things; deadlines are met by
/// `handle_timeout`; the same input gives the same outputs; all bodies of databases can be asked for.
pub fn ospf_instance(data: &[u8]) {
    let first = Run::new(data).run();
    let second = Run::new(data).run();
    assert_eq!(first.log, second.log);
    assert_eq!(first.events, second.events);
    assert_eq!(format!("{:?}", first.ends), format!("{:?}", second.ends));
}

struct Run<'a> {
    data: &'a [u8],
    now: Duration,
    ends: [Instance; 2],
    queue: VecDeque<(usize, PacketMeta, Bytes)>,
    log: Vec<(usize, Transmit)>,
    events: Vec<(usize, Event)>,
    /// What comes from one to the other gets lost.
    cut: bool,
}

fn router_id(end: usize) -> RouterId {
    RouterId(0x0a00_0001 + u32::try_from(end).unwrap_or(9))
}

fn link_local(end: usize) -> Ipv6Addr {
    Ipv6Addr::from_bits(0xfe80 << 112 | u128::from(router_id(end).0))
}

fn up(end: usize) -> InterfaceEvent {
    let prefix = "2001:db8::1/64".parse().expect("a prefix");
    let prefixes = BTreeSet::from([prefix]);
    InterfaceEvent::Up(Link { link_local: link_local(end), mtu: 1500, prefixes })
}

impl<'a> Run<'a> {
    fn new(data: &'a [u8]) -> Self {
        let (how, data) = data.split_first().unwrap_or((&0, &[]));
        let network = match how % 5 {
            0 | 1 => NetworkType::PointToPoint,
            2 => NetworkType::Broadcast,
            3 => NetworkType::NonBroadcast,
            _ => NetworkType::PointToMultipoint,
        };
        let kind = match how / 5 % 3 {
            0 => AreaKind::Normal,
            1 => AreaKind::Stub(Stub::default()),
            _ => AreaKind::Nssa(Nssa::default()),
        };
        let area = AreaId(u32::from(how / 15 % 2));
        let ends = [0, 1].map(|end| {
            let mut config = InstanceConfig::new(router_id(end));
            config.limits.lsas = 200;
            config.limits.neighbors = 4;
            config.areas.insert(area, AreaConfig { kind: kind.clone(), ..AreaConfig::default() });
            let mut instance = Instance::new(config, 1);
            let mut config = InterfaceConfig::new(area, network);
            config.wait = Some(Duration::from_secs(2));
            let neighbor = (link_local(1 - end), ConfiguredNeighbor { eligible: true });
            if matches!(network, NetworkType::NonBroadcast | NetworkType::PointToMultipoint) {
                config.neighbors.extend([neighbor]);
            }
            instance.configure_interface(Duration::ZERO, LINK, Some(config));
            instance.handle_interface(Duration::ZERO, LINK, up(end));
            instance
        });
        let (queue, log, events) = (VecDeque::new(), Vec::new(), Vec::new());
        let mut run = Self { data, now: Duration::ZERO, ends, queue, log, events, cut: false };
        (0..2).for_each(|end| run.drain(end));
        run
    }

    fn octet(&mut self) -> u8 {
        let (first, rest) = self.data.split_first().unwrap_or((&0, &[]));
        self.data = rest;
        *first
    }

    fn run(mut self) -> Self {
        for _ in 0..STEPS {
            if self.data.is_empty() {
                break;
            }
            self.step();
        }
        self.cut = false;
        self.wait(Duration::from_secs(120));
        for end in &self.ends {
            for (_, lsdb) in end.lsdbs() {
                let bodies = lsdb.iter().filter_map(|(_, entry)| entry.lsa.body().ok());
                assert!(
                    bodies.filter(|body| matches!(body, LsaBody::Router(_))).count() <= lsdb.len()
                );
            }
        }
        self
    }

    fn step(&mut self) {
        match self.octet() % 12 {
            0..3 => {
                let tenths = u64::from(self.octet());
                self.wait(Duration::from_millis(100 * tenths));
            }
            3 => self.wait(Duration::from_secs(60)),
            4..6 => self.say_anything(),
            6..8 => self.say_again(),
            8 => self.change_link(),
            9 => self.change_external(),
            10 => self.cut = !self.cut,
            _ => self.command(),
        }
    }

    /// A packet with a good header and any body.
    fn say_anything(&mut self) {
        let how = self.octet();
        let from = if how & 1 == 0 { 1 } else { 7 };
        let length = usize::from(self.octet()).min(self.data.len());
        let (body, rest) = self.data.split_at(length);
        self.data = rest;
        let packet = Packet {
            router_id: router_id(from),
            area_id: self.area(),
            instance_id: InstanceId::BASE_IPV6_UNICAST,
            body: PacketBody::Other {
                packet_type: PacketType(how >> 1 & 7),
                body: Bytes::copy_from_slice(body),
            },
        };
        let destination = if how & 0x80 == 0 { ALL_SPF_ROUTERS } else { ALL_D_ROUTERS };
        let meta = PacketMeta { interface: LINK, source: link_local(from), destination };
        let mut bytes = BytesMut::new();
        packet.encode(meta.source, meta.destination, &mut bytes).expect("it is short");
        self.give(0, meta, &bytes);
    }

    fn area(&self) -> AreaId {
        self.ends[0].area_statuses().next().map_or(AreaId::BACKBONE, |area| area.area)
    }

    /// A packet of before, with some octets changed.
    fn say_again(&mut self) {
        let [index, changes] = [self.octet(), self.octet() % 4];
        let back = self.log.len().checked_sub(1 + usize::from(index));
        let Some((from, transmit)) = back.and_then(|at| self.log.get(at)).cloned() else { return };
        let mut bytes = BytesMut::from(&transmit.bytes[..]);
        for _ in 0..changes {
            let at = (usize::from(self.octet()) << 8 | usize::from(self.octet())) % bytes.len();
            bytes[at] ^= self.octet();
        }
        let meta = PacketMeta {
            interface: LINK,
            source: transmit.source,
            destination: transmit.destination,
        };
        let sum = checksum::compute(&bytes, meta.source, meta.destination);
        bytes[12..14].copy_from_slice(&sum.to_be_bytes());
        self.give(1 - from, meta, &bytes);
    }

    fn change_link(&mut self) {
        let how = self.octet();
        let end = usize::from(how & 1);
        let event = match how >> 1 & 3 {
            0 => InterfaceEvent::Down,
            1 => InterfaceEvent::LoopInd,
            2 => InterfaceEvent::UnloopInd,
            _ => up(end),
        };
        self.ends[end].handle_interface(self.now, LINK, event);
        self.drain(end);
    }

    fn change_external(&mut self) {
        let how = self.octet();
        let prefix = format!("2001:db8:{:x}::/48", how >> 2).parse().expect("a prefix");
        let external = (how & 1 == 0).then_some(External {
            metric: Metric::type2(u32::from(how)),
            tag: None,
            forwarding_address: None,
            propagate: true,
        });
        let end = usize::from(how >> 1 & 1);
        self.ends[end].set_external(self.now, ExternalKey { prefix, path: 0 }, external);
        self.drain(end);
    }

    fn command(&mut self) {
        let how = self.octet();
        let end = usize::from(how & 1);
        let (now, instance) = (self.now, &mut self.ends[end]);
        let config = instance.interface_statuses().next().map(|status| status.config.clone());
        match (how >> 1 & 3, config) {
            (0, _) => instance.handle_bfd_down(now, LINK, link_local(1 - end)),
            (1, _) => instance.announce_restart(now, RestartReason::UNKNOWN),
            (2, Some(config)) => {
                let config = InterfaceConfig { cost: u16::from(how), priority: how >> 3, ..config };
                instance.configure_interface(now, LINK, Some(config));
            }
            (_, Some(config)) => {
                let config = InterfaceConfig { passive: how & 8 != 0, ..config };
                instance.configure_interface(now, LINK, Some(config));
            }
            (_, None) => {}
        }
        self.drain(end);
    }

    fn give(&mut self, to: usize, meta: PacketMeta, bytes: &[u8]) {
        if let Err(error) = self.ends[to].handle_packet(self.now, meta, bytes) {
            // It can be shown, and is counted.
            assert!(!error.to_string().is_empty());
            assert!(self.ends[to].status().counters.dropped(error.cause()) > 0);
        }
        self.drain(to);
    }

    fn drain(&mut self, from: usize) {
        for _ in 0..MOST {
            let Some(event) = self.ends[from].poll_event() else { break };
            self.events.push((from, event));
        }
        for _ in 0..MOST {
            let Some(transmit) = self.ends[from].poll_transmit() else { return };
            let Transmit { source, destination, bytes, .. } = &transmit;
            assert_eq!(checksum::verify(bytes, *source, *destination), Ok(()));
            let (packet, rest) = Packet::decode(bytes).expect("what is sent is a packet");
            assert!(rest.is_empty() && !matches!(packet.body, PacketBody::Other { .. }));
            if !self.cut {
                let meta =
                    PacketMeta { interface: LINK, source: *source, destination: *destination };
                self.queue.push_back((1 - from, meta, bytes.clone()));
            }
            self.log.push((from, transmit));
        }
        panic!("no end of packets");
    }

    /// Lets time go on.
    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..MOST {
            if let Some((to, meta, bytes)) = self.queue.pop_front() {
                self.give(to, meta, &bytes);
                continue;
            }
            let next = self.ends.iter().filter_map(Instance::poll_timeout).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            for index in 0..2 {
                self.ends[index].handle_timeout(self.now);
                let next = self.ends[index].poll_timeout();
                assert!(next.is_none_or(|next| next > self.now), "a deadline was not met");
                self.drain(index);
            }
        }
        panic!("no rest");
    }
}
