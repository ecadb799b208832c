//! Two instances on a link, and a clock that goes on when nothing is left to do.

use std::collections::{BTreeSet, VecDeque};
use std::net::Ipv6Addr;
use std::time::Duration;

use bytes::BytesMut;
use ospf3::lsa::{RouterFlags, RouterLink, RouterLinkType, RouterLsa};
use ospf3::{
    ALL_SPF_ROUTERS, AreaId, Hello, Instance, InstanceConfig, InstanceId, InterfaceConfig,
    InterfaceEvent, InterfaceId, Link, LinkStateId, LinkStateUpdate, LsType, Lsa, LsaBody, LsaKey,
    NeighborState, NetworkType, Options, Packet, PacketBody, PacketMeta, RouterId, ScopeId,
    SequenceNumber,
};

const OLD: RouterId = RouterId(0x0a00_0001);
const NEW: RouterId = RouterId(0x0a00_0002);
/// The router behind the old one, whose packets are made by hand.
const FEEDER: RouterId = RouterId(0x0a00_0003);
const LINK: InterfaceId = InterfaceId(1);
const FEED: InterfaceId = InterfaceId(2);

/// An old instance, a new one, and what is on its way between them.
#[derive(Clone)]
pub(crate) struct Wire {
    now: Duration,
    ends: [Instance; 2],
    queue: VecDeque<(usize, PacketMeta, bytes::Bytes)>,
    pub(crate) packets: usize,
    pub(crate) octets: usize,
}

fn link_local(of: RouterId) -> Ipv6Addr {
    Ipv6Addr::from_bits(0xfe80 << 112 | u128::from(of.0))
}

fn up(of: RouterId) -> InterfaceEvent {
    let prefixes = BTreeSet::new();
    InterfaceEvent::Up(Link { link_local: link_local(of), mtu: 1500, prefixes })
}

impl Wire {
    /// Two that do not know of each other.
    pub(crate) fn new() -> Self {
        let now = Duration::from_secs(1);
        let mut ends = [OLD, NEW].map(|id| Instance::new(InstanceConfig::new(id), 7));
        let config = InterfaceConfig::new(AreaId::BACKBONE, NetworkType::PointToPoint);
        for end in &mut ends {
            end.configure_interface(now, LINK, Some(config.clone()));
        }
        let [old, _] = &mut ends;
        old.configure_interface(now, FEED, Some(config));
        old.handle_interface(now, FEED, up(OLD));
        let queue = VecDeque::new();
        let mut wire = Self { now, ends, queue, packets: 0, octets: 0 };
        wire.feed_hello();
        wire
    }

    /// The old one has a grid of routers in its database.
    pub(crate) fn with_grid(width: u32) -> Self {
        let mut wire = Self::new();
        wire.feed_grid(width);
        wire.run(Duration::from_secs(5));
        wire
    }

    pub(crate) fn connect_newcomer(&mut self) {
        for (index, id) in [OLD, NEW].into_iter().enumerate() {
            self.ends[index].handle_interface(self.now, LINK, up(id));
            self.drain(index);
        }
    }

    pub(crate) fn newcomer(&self) -> &Instance {
        &self.ends[1]
    }

    /// The LSAs of the newcomer's area.
    pub(crate) fn newcomer_lsas(&self) -> usize {
        self.newcomer()
            .lsdb(ScopeId::Area(AreaId::BACKBONE))
            .map_or(0, |lsdb| lsdb.of_type(LsType::ROUTER).count())
    }

    fn feed(&mut self, body: PacketBody) {
        let packet = Packet {
            router_id: FEEDER,
            area_id: AreaId::BACKBONE,
            instance_id: InstanceId::BASE_IPV6_UNICAST,
            body,
        };
        let (source, destination) = (link_local(FEEDER), ALL_SPF_ROUTERS);
        let mut bytes = BytesMut::new();
        packet.encode(source, destination, &mut bytes).expect("not too long");
        let meta = PacketMeta { interface: FEED, source, destination };
        self.ends[0].handle_packet(self.now, meta, &bytes).expect("it is taken");
        self.drain(0);
    }

    fn feed_hello(&mut self) {
        self.feed(PacketBody::Hello(Hello {
            interface_id: FEED,
            router_priority: 1,
            options: Options::V6 | Options::E | Options::R,
            hello_interval: 10,
            router_dead_interval: 40,
            designated_router: RouterId::NONE,
            backup_designated_router: RouterId::NONE,
            neighbors: vec![OLD],
        }));
        // It leads the exchange, and has nothing to tell.
        let first = ospf3::DatabaseDescriptionFlags(7);
        let last = ospf3::DatabaseDescriptionFlags::MS;
        for (flags, sequence_number) in [(first, 1), (last, 2), (last, 3)] {
            if self.feeder_state() == NeighborState::Full {
                break;
            }
            self.feed(PacketBody::DatabaseDescription(ospf3::DatabaseDescription {
                options: Options::V6 | Options::E | Options::R,
                interface_mtu: 1500,
                flags,
                sequence_number,
                headers: Vec::new(),
            }));
        }
        assert_eq!(self.feeder_state(), NeighborState::Full);
    }

    fn feeder_state(&self) -> NeighborState {
        let mut all = self.ends[0].neighbor_statuses();
        all.find(|n| n.router_id == FEEDER).map_or(NeighborState::Down, |n| n.state)
    }

    /// The old one is sent the LSAs of a grid of routers, the first of which is its neighbour's neighbour.
    pub(crate) fn feed_grid(&mut self, width: u32) {
        let id = |x: u32, y: u32| RouterId(0x0b00_0000 | (y * width + x));
        let mut builder = LinkStateUpdate::builder(1460);
        for (x, y) in (0..width).flat_map(|y| (0..width).map(move |x| (x, y))) {
            let mut to = Vec::new();
            to.extend((x > 0).then(|| (1, 2, id(x - 1, y))));
            to.extend((x + 1 < width).then(|| (2, 1, id(x + 1, y))));
            to.extend((y > 0).then(|| (3, 4, id(x, y - 1))));
            to.extend((y + 1 < width).then(|| (4, 3, id(x, y + 1))));
            to.extend(((x, y) == (0, 0)).then_some((5, 1, FEEDER)));
            let lsa = router_lsa(id(x, y), &to);
            if !builder.push(&lsa, 1) {
                let full = core::mem::replace(&mut builder, LinkStateUpdate::builder(1460));
                self.feed(PacketBody::LinkStateUpdate(full.build()));
                assert!(builder.push(&lsa, 1));
            }
        }
        assert!(builder.push(&router_lsa(FEEDER, &[(1, 5, id(0, 0)), (2, FEED.0, OLD)]), 1));
        self.feed(PacketBody::LinkStateUpdate(builder.build()));
    }

    fn drain(&mut self, from: usize) {
        while self.ends[from].poll_event().is_some() {}
        while let Some(transmit) = self.ends[from].poll_transmit() {
            if transmit.interface == LINK {
                self.packets += 1;
                self.octets += transmit.bytes.len();
                let meta = PacketMeta {
                    interface: LINK,
                    source: transmit.source,
                    destination: transmit.destination,
                };
                self.queue.push_back((1 - from, meta, transmit.bytes));
            }
        }
    }

    fn step(&mut self, end: Duration) -> bool {
        if let Some((to, meta, bytes)) = self.queue.pop_front() {
            // What comes before the other end is up is dropped.
            let _dropped = self.ends[to].handle_packet(self.now, meta, &bytes);
            self.drain(to);
            return true;
        }
        let next = self.ends.iter().filter_map(Instance::poll_timeout).min();
        let Some(next) = next.filter(|next| *next <= end) else { return false };
        self.now = self.now.max(next);
        for index in 0..2 {
            self.ends[index].handle_timeout(self.now);
            self.drain(index);
        }
        true
    }

    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.step(end) {}
        self.now = end;
    }

    /// Until both are Full.
    pub(crate) fn until_full(&mut self) {
        let end = self.now + Duration::from_secs(60);
        let full = |end: &Instance| {
            let other = |id| id == OLD || id == NEW;
            let mut all = end.neighbor_statuses().filter(|n| other(n.router_id));
            all.any(|n| n.state == NeighborState::Full)
        };
        while !self.ends.iter().all(full) {
            assert!(self.step(end), "within a minute");
        }
    }
}

/// Links by our interface, the other's, and the other.
fn router_lsa(of: RouterId, to: &[(u32, u32, RouterId)]) -> Lsa {
    let link = |(ours, theirs, router): &(u32, u32, RouterId)| RouterLink {
        link_type: RouterLinkType::POINT_TO_POINT,
        metric: 10,
        interface_id: InterfaceId(*ours),
        neighbor_interface_id: InterfaceId(*theirs),
        neighbor_router_id: *router,
    };
    let body = LsaBody::Router(RouterLsa {
        flags: RouterFlags::NONE,
        options: Options::V6 | Options::E | Options::R,
        links: to.iter().map(link).collect(),
    });
    let key =
        LsaKey { ls_type: LsType::ROUTER, advertising_router: of, link_state_id: LinkStateId(0) };
    Lsa::new(1, key, SequenceNumber::INITIAL, &body).expect("it is short")
}
