//! What others may do wrong: it is counted, and the rest goes on.

use core::time::Duration;

use bytes::BytesMut;

use super::flooding::{foreign, key, pair};
use super::net::{Net, link_local, router_id};
use crate::auth::{
    Algorithm, Key, KeyPreparation, Lifetime, SecurityAssociation, SecurityAssociations,
};
use crate::config::NetworkType;
use crate::instance::PacketMeta;
use crate::instance::counters::{Cause, InputError, LsaCause};
use crate::instance::event::Event;
use crate::interface::{ALL_D_ROUTERS, ALL_SPF_ROUTERS};
use crate::lsa::{LsType, Lsa, LsaKey, MAX_AGE, SequenceNumber};
use crate::packet::{
    DatabaseDescription, DatabaseDescriptionFlags as Flags, Hello, LinkStateRequest,
    LinkStateUpdate, Packet, PacketBody, PacketType,
};
use crate::timer::Jitter;
use crate::{AreaId, InstanceId, InterfaceId, NeighborState, Options, RouterId, ScopeId};

const BACKBONE: ScopeId = ScopeId::Area(AreaId::BACKBONE);
const LINK: InterfaceId = InterfaceId(1);

/// A Hello as router 1 of a pair sends it.
fn hello() -> Hello {
    Hello {
        interface_id: LINK,
        router_priority: 1,
        options: Options::V6 | Options::E | Options::R,
        hello_interval: 10,
        router_dead_interval: 40,
        designated_router: RouterId::NONE,
        backup_designated_router: RouterId::NONE,
        neighbors: alloc::vec![router_id(0)],
    }
}

fn packet(body: PacketBody) -> Packet {
    Packet {
        router_id: router_id(1),
        area_id: AreaId::BACKBONE,
        instance_id: InstanceId::BASE_IPV6_UNICAST,
        body,
    }
}

fn meta() -> PacketMeta {
    let source = link_local((1, LINK));
    PacketMeta { interface: LINK, source, destination: ALL_SPF_ROUTERS }
}

fn encode(packet: &Packet, meta: PacketMeta) -> BytesMut {
    let mut bytes = BytesMut::new();
    packet.encode(meta.source, meta.destination, &mut bytes).expect("not too long");
    bytes
}

/// Gives router 0 a packet, which it drops for this cause, and counts.
fn dropped(net: &mut Net, packet: &Packet, meta: PacketMeta, cause: Cause) {
    let bytes = encode(packet, meta);
    dropped_bytes(net, &bytes, meta, cause);
}

fn dropped_bytes(net: &mut Net, bytes: &[u8], meta: PacketMeta, cause: Cause) {
    let before = net.routers[0].counters.dropped(cause);
    let result = net.routers[0].handle_packet(net.now, meta, bytes);
    assert_eq!(result.map_err(|error| error.cause()), Err(cause));
    assert_eq!(net.routers[0].counters.dropped(cause), before + 1);
    net.drain(0);
}

#[test]
fn each_cause_is_counted() {
    let mut net = pair();
    let good = packet(PacketBody::Hello(hello()));
    let bytes = encode(&good, meta());
    assert_eq!(net.routers[0].handle_packet(net.now, meta(), &bytes), Ok(()));

    let elsewhere = PacketMeta { interface: InterfaceId(9), ..meta() };
    dropped(&mut net, &good, elsewhere, Cause::NoInterface);
    dropped_bytes(&mut net, &bytes[..20], meta(), Cause::Packet);
    let mut flipped = bytes.clone();
    flipped[16] ^= 1;
    dropped_bytes(&mut net, &flipped, meta(), Cause::Checksum);
    let other = Packet { area_id: AreaId(7), ..good.clone() };
    dropped(&mut net, &other, meta(), Cause::Area);
    let other = Packet { instance_id: InstanceId(7), ..good.clone() };
    dropped(&mut net, &other, meta(), Cause::Instance);
    for router_id in [router_id(0), RouterId::NONE] {
        let other = Packet { router_id, ..good.clone() };
        dropped(&mut net, &other, meta(), Cause::RouterId);
    }
    let to = |destination: &str| PacketMeta {
        destination: destination.parse().expect("an address"),
        ..meta()
    };
    dropped(
        &mut net,
        &good,
        PacketMeta { destination: ALL_D_ROUTERS, ..meta() },
        Cause::NotDesignated,
    );
    dropped(&mut net, &good, to("fe80::99"), Cause::Address);
    let source = "2001:db8::1".parse().expect("an address");
    dropped(&mut net, &good, PacketMeta { source, ..meta() }, Cause::Address);
    for other in [
        Hello { hello_interval: 11, ..hello() },
        Hello { router_dead_interval: 41, ..hello() },
        Hello { options: Options::V6 | Options::R, ..hello() },
    ] {
        dropped(&mut net, &packet(PacketBody::Hello(other)), meta(), Cause::Hello);
    }
    let stranger = Packet { router_id: RouterId(77), ..packet(request(7)) };
    dropped(&mut net, &stranger, meta(), Cause::UnknownNeighbor);
    let source = "fe80::77".parse().expect("an address");
    dropped(&mut net, &good, PacketMeta { source, ..meta() }, Cause::DuplicateRouterId);
    let other = packet(PacketBody::Other { packet_type: PacketType(6), body: bytes::Bytes::new() });
    dropped(&mut net, &other, meta(), Cause::Type);
    let large = DatabaseDescription { interface_mtu: 1501, ..description(Flags::MS, 1) };
    dropped(&mut net, &packet(PacketBody::DatabaseDescription(large)), meta(), Cause::Mtu);
    // None of all that has done the adjacency any harm; these do, and it comes again.
    assert_eq!(net.state(0, LINK, 1), NeighborState::Full);
    let body = PacketBody::DatabaseDescription(description(Flags::I, 1));
    dropped(&mut net, &packet(body), meta(), Cause::SeqNumberMismatch);
    assert_eq!(net.state(0, LINK, 1), NeighborState::ExStart);
    dropped(&mut net, &packet(request(7)), meta(), Cause::State);
    let full = |net: &Net| {
        net.state(0, LINK, 1) == NeighborState::Full && net.state(1, LINK, 0) == NeighborState::Full
    };
    net.until(20, full);
    dropped(&mut net, &packet(request(7)), meta(), Cause::BadLsReq);
    net.until(20, full);
}

fn request(id: u32) -> PacketBody {
    let keys = alloc::vec![key(LsType::ROUTER, 99, id)];
    PacketBody::LinkStateRequest(LinkStateRequest { keys })
}

fn description(flags: Flags, sequence_number: u32) -> DatabaseDescription {
    DatabaseDescription {
        options: hello().options,
        interface_mtu: 1500,
        flags,
        sequence_number,
        headers: Vec::new(),
    }
}

#[test]
fn only_configured_neighbours_where_it_is_so_configured() {
    let mut net = Net::new(2);
    net.connect_with(NetworkType::PointToPoint, &[0, 1], |_, config| config.configured_only = true);
    dropped(&mut net, &packet(PacketBody::Hello(hello())), meta(), Cause::NotConfigured);
}

#[test]
fn as_many_neighbours_as_the_limit_allows() {
    let mut net = Net::with(1, |config| config.limits.neighbors = 10);
    net.connect(NetworkType::Broadcast, &[0]);
    for other in 1..=100 {
        let result = net.inject(0, (other, LINK), PacketBody::Hello(hello()));
        let expected = if other <= 10 { Ok(()) } else { Err(InputError::TooManyNeighbors) };
        assert_eq!(result, expected);
    }
    let told = |(_, _, event): &&(_, _, Event)| matches!(event, Event::TooManyNeighbors { .. });
    assert!(net.events.iter().any(|event| told(&event)));
    assert_eq!(net.routers[0].counters.dropped(Cause::TooManyNeighbors), 90);
    // They fall silent, and others may come.
    net.run(Duration::from_secs(41));
    assert_eq!(net.routers[0].neighbors, 0);
    net.inject(0, (200, LINK), PacketBody::Hello(hello())).expect("there is room");
}

#[test]
fn a_second_router_with_the_same_id_does_not_disturb_the_first() {
    let mut net = pair();
    let source = "fe80::77".parse().expect("an address");
    let stranger = PacketMeta { source, ..meta() };
    for _ in 0..30 {
        net.run(Duration::from_secs(5));
        for body in [
            PacketBody::Hello(Hello { neighbors: Vec::new(), ..hello() }),
            PacketBody::DatabaseDescription(description(Flags(7), 5)),
            request(7),
        ] {
            dropped(&mut net, &packet(body), stranger, Cause::DuplicateRouterId);
        }
    }
    assert_eq!(net.state(0, LINK, 1), NeighborState::Full);
    let told = Event::DuplicateRouterId { interface: Some(LINK), router_id: router_id(1) };
    assert!(net.events.iter().any(|(_, router, event)| (*router, event) == (0, &told)));
    // When the first has gone, the other may come.
    net.set_end(LINK, 1, false);
    net.run(Duration::from_secs(16));
    let bytes = encode(&packet(PacketBody::Hello(hello())), stranger);
    assert_eq!(net.routers[0].handle_packet(net.now, stranger, &bytes), Ok(()));
}

#[test]
fn our_own_router_id_is_told_of() {
    let mut net = pair();
    let ours = Packet { router_id: router_id(0), ..packet(PacketBody::Hello(hello())) };
    dropped(&mut net, &ours, meta(), Cause::RouterId);
    let told = Event::DuplicateRouterId { interface: Some(LINK), router_id: router_id(0) };
    assert!(net.events.iter().any(|(_, _, event)| *event == told));
}

/// Somebody far away has our Router ID, and its LSAs overtake ours again and again.
#[test]
fn a_fight_for_an_lsa_is_slow() {
    let mut net = pair();
    let router = key(LsType::ROUTER, 1, 0);
    net.log.clear();
    for _ in 0..600 {
        net.run(Duration::from_millis(500));
        let ours = net.lsa(0, BACKBONE, &router).expect("it is there").sequence.0;
        let other = foreign(1, 0, ours + 1, 0x13);
        net.inject_lsa(0, (1, LINK), &other).expect("the packet is taken");
    }
    let told = Event::DuplicateRouterId { interface: None, router_id: router_id(0) };
    assert!(net.events.iter().any(|(_, _, event)| *event == told));
    // In five minutes one instance every MinLSInterval, and the neighbour's relays of both.
    assert!(net.sent_of(PacketType::LINK_STATE_UPDATE) < 600, "{}", net.log.len());
    net.run(Duration::from_secs(30));
    assert!(net.is_synchronized(AreaId::BACKBONE));
}

#[test]
fn sequence_jumps_of_a_neighbour_do_no_harm() {
    let mut net = pair();
    let theirs = key(LsType::ROUTER, 2, 0);
    let before = net.lsa(0, BACKBONE, &theirs).expect("it is there");
    for sequence in [before.sequence.0 + 1_000_000, i32::MAX - 1, i32::MAX] {
        let lsa = foreign(2, 0, sequence, 0x13);
        net.inject_lsa(0, (1, LINK), &lsa).expect("the packet is taken");
        net.inject_lsa(1, (0, LINK), &lsa).expect("the packet is taken");
        net.run(Duration::from_secs(10));
        net.until(60, |net| {
            let header = net.lsa(0, BACKBONE, &theirs);
            header.is_some_and(|header| header.length == before.length)
                && net.is_synchronized(AreaId::BACKBONE)
        });
    }
    // The next refresh begins anew.
    net.run(Duration::from_secs(1830));
    assert!(net.lsa(0, BACKBONE, &theirs).is_some_and(|header| header.sequence.0 < 0));
    assert_eq!(net.state(0, LINK, 1), NeighborState::Full);
}

#[test]
fn a_storm_of_max_age_is_got_over() {
    let mut net = Net::new(3);
    net.connect(NetworkType::PointToPoint, &[0, 1]);
    net.connect(NetworkType::PointToPoint, &[1, 2]);
    net.run(Duration::from_secs(60));
    for round in 0..20 {
        net.run(Duration::from_secs(2));
        let lsas: Vec<Lsa> = net.routers[1]
            .databases
            .get(BACKBONE)
            .expect("an area")
            .iter()
            // The misbehaving one ages those of the others.
            .filter(|(key, _)| key.advertising_router != router_id(0))
            .map(|(_, entry)| entry.lsa.at_age(MAX_AGE))
            .collect();
        for lsa in lsas {
            net.inject_lsa(1, (0, LINK), &lsa).expect("the packet is taken");
        }
        assert!(net.log.len() < 2000 * (round + 1), "{}", net.log.len());
    }
    net.until(60, |net| {
        net.is_synchronized(AreaId::BACKBONE)
            && (0..3).all(|router| net.routers[router].routes().routes().count() == 2)
    });
    assert_eq!(net.state(1, InterfaceId(2), 2), NeighborState::Full);
}

#[test]
fn a_hundred_thousand_lsas_meet_a_limit() {
    let mut net = Net::with(3, |config| config.limits.lsas = 5_000);
    net.connect(NetworkType::PointToPoint, &[0, 1]);
    net.connect(NetworkType::PointToPoint, &[1, 2]);
    net.run(Duration::from_secs(60));
    let mut number = 1000;
    while number < 101_000 {
        let mut builder = LinkStateUpdate::builder(65_000);
        while builder.push(&foreign(number, 0, 1, 0x13), 1) {
            number += 1;
        }
        net.inject(1, (0, LINK), PacketBody::LinkStateUpdate(builder.build()))
            .expect("it is taken");
        net.run(Duration::from_millis(10));
    }
    let overload = |net: &Net, on| {
        let mut events = net.events.iter().rev().filter(|(_, router, _)| *router == 1);
        let found = events.find_map(|(_, _, event)| match event {
            Event::Overload(overload) => Some(*overload),
            _ => None,
        });
        found == Some(on)
    };
    assert!(overload(&net, true));
    assert_eq!(net.routers[1].databases.len(), 5_000);
    assert!(net.routers[1].counters.dropped_lsas(LsaCause::Overload) > 90_000);
    // The others' LSAs are taken as before: those that are there.
    let now = net.now;
    let config = net.routers[2].interfaces[&InterfaceId(2)].config.clone();
    let dearer = crate::InterfaceConfig { cost: 77, ..config };
    net.routers[2].configure_interface(now, InterfaceId(2), Some(dearer));
    net.drain(2);
    net.until(20, |net| {
        let prefix = "2001:db8:1::/64".parse().expect("a prefix");
        net.routers[2].routes().route(prefix).is_some_and(|route| route.cost == 87)
    });
    assert_eq!(net.state(1, InterfaceId(2), 2), NeighborState::Full);
    // They age out, and there is room again.
    net.run(Duration::from_secs(3700));
    assert!(overload(&net, false));
    assert_eq!(net.state(1, InterfaceId(2), 2), NeighborState::Full);
    net.until(60, |net| net.is_synchronized(AreaId::BACKBONE));
}

/// Keys 1 to `count`, all valid.
fn keys(count: u16) -> SecurityAssociations {
    (1..=count)
        .map(|id| SecurityAssociation {
            id,
            algorithm: Algorithm::HmacSha256,
            key: Key::from("secret"),
            preparation: KeyPreparation::default(),
            accept: Lifetime::FOREVER,
            generate: Lifetime::FOREVER,
        })
        .collect()
}

#[test]
fn authenticated_neighbours_and_others() {
    let mut net = Net::new(3);
    let link = net.connect_with(NetworkType::Broadcast, &[0, 1, 2], |router, config| {
        config.priority = u8::from(router == 0);
        config.authentication = keys(if router == 2 { 0 } else { 1 });
    });
    let full = |net: &Net, from, to| net.state(from, link, to) == NeighborState::Full;
    net.until(60, |net| full(net, 0, 1) && full(net, 1, 0));
    net.run(Duration::from_secs(60));
    assert_eq!(net.state(0, link, 2), NeighborState::Down);
    assert!(net.routers[0].counters.dropped(Cause::Authentication) > 5);
    // A packet of before is not taken once more.
    let (_, _, old) = net.log.iter().find(|(_, router, _)| *router == 1).cloned().expect("one");
    let meta = PacketMeta { interface: link, source: old.source, destination: old.destination };
    dropped_bytes(&mut net, &old.bytes, meta, Cause::Authentication);
}

/// Packets of two instances with octets changed, dropped or repeated, at any time: nothing panics, and afterwards all is well.
#[test]
fn mutated_packets() {
    for seed in 0..20 {
        let mut net = Net::new(2);
        let link = net.connect(NetworkType::PointToPoint, &[0, 1]);
        let mut random = Jitter::new(seed);
        for _ in 0..400 {
            net.run(Duration::from_millis(random.next() % 300));
            let Some(index) = usize::try_from(random.next()).ok().map(|n| n % net.log.len().max(1))
            else {
                continue;
            };
            let Some((_, from, transmit)) = net.log.get(index).cloned() else { continue };
            let mut bytes = BytesMut::from(&transmit.bytes[..]);
            for _ in 0..random.next() % 3 {
                let at = usize::try_from(random.next()).expect("64 bits") % bytes.len();
                bytes[at] ^= u8::try_from(random.next() % 256).expect("a byte");
            }
            let meta = PacketMeta {
                interface: link,
                source: transmit.source,
                destination: transmit.destination,
            };
            let checksum = crate::checksum::compute(&bytes, meta.source, meta.destination);
            bytes[12..14].copy_from_slice(&checksum.to_be_bytes());
            let to = 1 - from;
            let _dropped = net.routers[to].handle_packet(net.now, meta, &bytes);
            net.drain(to);
        }
        net.run(Duration::from_secs(60));
        let full = |net: &Net, from, to| net.state(from, link, to) == NeighborState::Full;
        net.until(60, |net| full(net, 0, 1) && full(net, 1, 0));
        net.until(60, |net| net.is_synchronized(AreaId::BACKBONE));
    }
}

#[test]
fn the_key_of_a_test_is_what_it_says() {
    let LsaKey { ls_type, advertising_router, link_state_id } = key(LsType::ROUTER, 1, 2);
    assert_eq!((ls_type, advertising_router, link_state_id.0), (LsType::ROUTER, RouterId(1), 2));
    assert_eq!(foreign(1, 0, 3, 0).header().sequence, SequenceNumber(3));
}
