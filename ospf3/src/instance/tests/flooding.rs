//! The flooding procedure between a few routers.

use core::time::Duration;

use bytes::Bytes;

use super::net::{Net, router_id};
use super::routes::{external, prefix};
use crate::config::NetworkType;
use crate::instance::counters::LsaCause;
use crate::instance::event::Event;
use crate::lsa::{
    LinkStateId, LsType, Lsa, LsaBody, LsaKey, MAX_AGE, NetworkLsa, RouterFlags, RouterLsa,
    SequenceNumber,
};
use crate::originate::{External, ExternalKey, Metric};
use crate::packet::{LinkStateAcknowledgment, PacketBody, PacketType};
use crate::{AreaId, InterfaceId, NeighborState, Options, RouterId, ScopeId};

const BACKBONE: ScopeId = ScopeId::Area(AreaId::BACKBONE);
const LINK: InterfaceId = InterfaceId(1);

/// Two routers on a point-to-point link, fully adjacent and at rest.
pub(super) fn pair() -> Net {
    let mut net = Net::new(2);
    net.connect(NetworkType::PointToPoint, &[0, 1]);
    // It is an AS boundary router already.
    external(&mut net, 0, "2001:db8:eeee::/48", Some(Metric::type2(1)));
    net.run(Duration::from_secs(60));
    assert_eq!(net.state(0, LINK, 1), NeighborState::Full);
    assert_eq!(net.routers[0].counters.lsas_retransmitted, 0);
    net.log.clear();
    net.events.clear();
    net
}

/// Three routers in a line; links 1 and 2.
fn line() -> Net {
    let mut net = Net::new(3);
    net.connect(NetworkType::PointToPoint, &[0, 1]);
    net.connect(NetworkType::PointToPoint, &[1, 2]);
    net.run(Duration::from_secs(60));
    net.log.clear();
    net
}

pub(super) fn key(ls_type: LsType, router: u32, id: u32) -> LsaKey {
    LsaKey { ls_type, advertising_router: RouterId(router), link_state_id: LinkStateId(id) }
}

/// A router-LSA of a router that is nowhere.
pub(super) fn foreign(router: u32, age: u16, sequence: i32, metric: u32) -> Lsa {
    let body = LsaBody::Router(RouterLsa {
        flags: RouterFlags::NONE,
        options: Options::from_bits(metric),
        links: Vec::new(),
    });
    let key = key(LsType::ROUTER, router, 0);
    Lsa::new(age, key, SequenceNumber(sequence), &body).expect("it is short")
}

fn unknown(ls_type: u16) -> Lsa {
    let body = LsaBody::Unknown(Bytes::from_static(b"unknown!"));
    Lsa::new(0, key(LsType(ls_type), 99, 7), SequenceNumber(1), &body).expect("it is short")
}

/// `count` external routes, told by router 0 at once.
fn externals(net: &mut Net, count: u16) {
    let now = net.now;
    for number in 0..count {
        let text = std::format!("2001:db8:ffff:{number:x}::/64");
        let key = ExternalKey { prefix: prefix(&text), path: 0 };
        let external = External {
            metric: Metric::type2(1),
            tag: None,
            forwarding_address: None,
            propagate: true,
        };
        net.routers[0].set_external(now, key, Some(external));
    }
    net.drain(0);
}

#[test]
fn more_lsas_than_fit_a_packet_are_exchanged() {
    let mut net = Net::new(2);
    net.connect(NetworkType::Loopback, &[0]);
    externals(&mut net, 1000);
    let link = net.connect(NetworkType::PointToPoint, &[0, 1]);
    let full = |net: &Net| {
        (net.state(0, link, 1), net.state(1, link, 0)) == (NeighborState::Full, NeighborState::Full)
    };
    let took = net.until(10, full);
    assert!(took < Duration::from_secs(1), "{took:?}");
    for instance in &net.routers {
        assert_eq!(instance.databases.whole_as().len(), 1000);
    }
    // 73 headers fit a packet of 1500 octets, 120 keys a request.
    assert!(net.sent_of(PacketType::DATABASE_DESCRIPTION) >= 2 * 1000 / 73);
    let requests = net.sent_of(PacketType::LINK_STATE_REQUEST);
    assert!((9..=16).contains(&requests), "{requests}");
    assert_eq!(net.routers[0].counters.lsas_retransmitted, 0);
}

#[test]
fn updates_are_paced_and_packed() {
    let mut net = pair();
    externals(&mut net, 2000);
    net.until(10, |net| net.routers[1].databases.whole_as().len() == 2001);
    let pacing = net.routers[0].config.pacing;
    let times: Vec<Duration> = (net.log.iter())
        .filter(|(_, router, t)| *router == 0 && t.bytes[1] == PacketType::LINK_STATE_UPDATE.0)
        .map(|(at, _, _)| *at)
        .collect();
    // An LSA of 36 octets: 39 fit a packet.
    assert!(times.len() < 2000 / 30, "{}", times.len());
    for window in times.windows(pacing.packets as usize + 1) {
        assert!(window[window.len() - 1] - window[0] >= pacing.interval, "{window:?}");
    }
    net.run(Duration::from_secs(3));
    let neighbor = net.routers[0].neighbor(LINK, router_id(1)).expect("a neighbour");
    assert_eq!(neighbor.retransmission.keys().count(), 0);
    assert_eq!(net.routers[0].counters.lsas_retransmitted, 0);
}

#[test]
fn what_changes_before_it_is_sent_is_sent_once() {
    let mut net = pair();
    let key = key(LsType::ROUTER, 99, 0);
    let now = net.now;
    for sequence in 1..=5 {
        let at = now + Duration::from_secs(2 * u64::try_from(sequence).expect("positive"));
        net.now = at;
        let lsa = foreign(99, 0, sequence, 0x13);
        // Only what comes out is left for later.
        let mut builder = crate::packet::LinkStateUpdate::builder(1500);
        assert!(builder.push(&lsa, 0));
        net.routers[0].install(BACKBONE, lsa);
        net.routers[0].flood(BACKBONE, &key, None);
    }
    net.drain(0);
    assert_eq!(net.sent_of(PacketType::LINK_STATE_UPDATE), 1);
    net.run(Duration::from_secs(1));
    assert_eq!(net.lsa(1, BACKBONE, &key).map(|header| header.sequence), Some(SequenceNumber(5)));
}

#[test]
fn lost_acknowledgments_lead_to_retransmissions_and_these_to_acknowledgments() {
    let mut net = pair();
    externals(&mut net, 1);
    // The update arrives, what the neighbour answers does not.
    net.set_end(LINK, 0, false);
    net.run(Duration::from_secs(3));
    net.set_end(LINK, 0, true);
    assert_eq!(net.routers[1].databases.whole_as().len(), 2);
    let waiting = |net: &Net| {
        let neighbor = net.routers[0].neighbor(LINK, router_id(1)).expect("a neighbour");
        neighbor.retransmission.keys().count()
    };
    assert_eq!(waiting(&net), 1);
    net.until(5, |net| waiting(net) == 0);
    assert_eq!(net.routers[0].counters.lsas_retransmitted, 1);
    // The duplicate is acknowledged at once, to the sender alone.
    let (_, _, last) = net.log.iter().rev().find(|(_, router, _)| *router == 1).expect("an answer");
    assert_eq!(last.bytes[1], PacketType::LINK_STATE_ACKNOWLEDGMENT.0);
}

#[test]
fn lsas_are_refreshed_and_nobody_is_told() {
    let mut net = pair();
    let key = key(LsType::ROUTER, 1, 0);
    let before = net.lsa(1, BACKBONE, &key).expect("it is there");
    net.run(Duration::from_secs(1800));
    let after = net.lsa(1, BACKBONE, &key).expect("it is there");
    assert!(after.sequence > before.sequence && after.checksum != before.checksum);
    assert!(net.events.is_empty(), "{:?}", net.events);
    net.run(Duration::from_secs(2 * 3600));
    assert!(net.events.is_empty(), "{:?}", net.events);
}

#[test]
fn own_lsas_from_elsewhere_are_overtaken() {
    let mut net = pair();
    let key = key(LsType::ROUTER, 1, 0);
    let before = net.lsa(0, BACKBONE, &key).expect("it is there");
    let other = foreign(1, 0, before.sequence.0 + 40, 0x13);
    net.inject_lsa(0, (1, LINK), &other).expect("it is taken");
    net.run(Duration::from_secs(6));
    for router in [0, 1] {
        let after = net.lsa(router, BACKBONE, &key).expect("it is there");
        assert_eq!(after.sequence.0, before.sequence.0 + 41);
        assert_eq!(after.length, before.length, "its contents are those of before");
    }
}

#[test]
fn own_lsas_that_are_not_wanted_are_flushed() {
    let mut net = pair();
    let network = LsaBody::Network(NetworkLsa {
        options: Options::R,
        attached_routers: alloc::vec![RouterId(1), RouterId(2)],
    });
    let key = key(LsType::NETWORK, 1, 77);
    let lsa = Lsa::new(5, key, SequenceNumber(9), &network).expect("it is short");
    net.inject_lsa(0, (1, LINK), &lsa).expect("it is taken");
    net.inject_lsa(1, (0, LINK), &lsa).expect("it is taken");
    net.run(Duration::from_secs(15));
    for router in [0, 1] {
        assert_eq!(net.lsa(router, BACKBONE, &key), None);
        assert!(net.routers[router].flushing.is_empty());
    }
}

#[test]
fn the_sequence_number_wraps() {
    let mut net = pair();
    let key = key(LsType::ROUTER, 1, 0);
    let other = foreign(1, 0, i32::MAX, 0x13);
    net.inject_lsa(0, (1, LINK), &other).expect("it is taken");
    net.until(30, |net| {
        let header = net.lsa(1, BACKBONE, &key);
        header.is_some_and(|header| header.sequence == SequenceNumber::INITIAL)
    });
    let max_age = |(_, _, t): &&(Duration, usize, crate::Transmit)| {
        t.bytes[1] == PacketType::LINK_STATE_UPDATE.0 && t.bytes[20..22] == MAX_AGE.to_be_bytes()
    };
    assert!(net.log.iter().any(|sent| max_age(&sent)), "it was flushed first");
    net.until(10, |net| net.is_synchronized(AreaId::BACKBONE));
}

#[test]
fn rfc2328_13_5a_an_instance_within_min_ls_arrival_is_not_taken() {
    let mut net = pair();
    let key = key(LsType::ROUTER, 99, 0);
    let sequence = |net: &Net| net.lsa(0, BACKBONE, &key).expect("it is there").sequence.0;
    net.inject_lsa(0, (1, LINK), &foreign(99, 0, 1, 0x13)).expect("it is taken");
    net.now += Duration::from_millis(999);
    net.inject_lsa(0, (1, LINK), &foreign(99, 0, 2, 0x13)).expect("the packet is");
    assert_eq!((sequence(&net), net.routers[0].counters.dropped_lsas(LsaCause::TooSoon)), (1, 1));
    net.now += Duration::from_millis(1);
    net.inject_lsa(0, (1, LINK), &foreign(99, 0, 2, 0x13)).expect("it is taken");
    assert_eq!(sequence(&net), 2);
}

#[test]
fn rfc2328_13_4_max_age_without_an_instance_is_acknowledged_and_dropped() {
    let mut net = pair();
    net.inject_lsa(0, (1, LINK), &foreign(99, MAX_AGE, 1, 0x13)).expect("the packet is");
    assert_eq!(net.lsa(0, BACKBONE, &key(LsType::ROUTER, 99, 0)), None);
    assert_eq!(net.routers[0].counters.dropped_lsas(LsaCause::NothingToFlush), 1);
    assert_eq!(net.sent_of(PacketType::LINK_STATE_ACKNOWLEDGMENT), 1);
}

#[test]
fn rfc2328_13_8_the_newer_copy_is_sent_back_but_not_too_often() {
    let mut net = pair();
    net.inject_lsa(0, (1, LINK), &foreign(99, 0, 7, 0x13)).expect("it is taken");
    net.run(Duration::from_secs(10));
    net.log.clear();
    for _ in 0..3 {
        net.inject_lsa(0, (1, LINK), &foreign(99, 0, 5, 0x13)).expect("the packet is");
    }
    let sent = |net: &Net| net.sent_of(PacketType::LINK_STATE_UPDATE);
    assert_eq!((sent(&net), net.sent_of(PacketType::LINK_STATE_ACKNOWLEDGMENT)), (1, 0));
    assert_eq!(net.log[0].2.destination, super::net::link_local((1, LINK)));
    net.now += Duration::from_secs(1);
    net.inject_lsa(0, (1, LINK), &foreign(99, 0, 5, 0x13)).expect("the packet is");
    assert_eq!(sent(&net), 2);
    assert_eq!(net.routers[0].counters.dropped_lsas(LsaCause::Older), 4);
}

#[test]
fn lsas_that_nobody_refreshes_age_out_everywhere() {
    let mut net = line();
    let key = key(LsType::ROUTER, 99, 0);
    net.inject_lsa(0, (1, LINK), &foreign(99, 3000, 1, 0x13)).expect("it is taken");
    net.run(Duration::from_secs(20));
    let there = |net: &Net, router| net.lsa(router, BACKBONE, &key).is_some();
    assert!(there(&net, 0) && !there(&net, 2), "what came from there is not sent back there");
    net.inject_lsa(2, (1, InterfaceId(2)), &foreign(99, 3000, 1, 0x13)).expect("it is taken");
    net.run(Duration::from_secs(540));
    assert!((0..3).filter(|router| there(&net, *router)).count() >= 2);
    net.run(Duration::from_secs(80));
    assert!(!(0..3).any(|router| there(&net, router)));
    assert!(net.routers.iter().all(|instance| instance.flushing.is_empty()));
}

#[test]
fn unknown_types_go_as_far_as_their_bits_say() {
    let mut net = line();
    // U bit set: link, area and AS scope. U bit clear: the link alone, whatever the scope.
    let cases = [
        (0x8700, [false, false]),
        (0xa700, [true, true]),
        (0xc700, [true, true]),
        (0x2700, [false, false]),
    ];
    for (ls_type, expected) in cases {
        let lsa = unknown(ls_type);
        net.inject_lsa(1, (0, LINK), &lsa).expect("it is taken");
        net.run(Duration::from_secs(5));
        let holds = |router: usize| {
            let lsdbs = net.routers[router].databases.iter();
            lsdbs.filter(|(_, lsdb)| lsdb.get(&lsa.key()).is_some()).count() == 1
        };
        assert!(holds(1), "{ls_type:#x}");
        assert_eq!(holds(2), expected[1], "{ls_type:#x}");
    }
    let scope = ScopeId::Link(LINK);
    assert!(net.lsa(1, scope, &unknown(0x2700).key()).is_some());
    net.inject_lsa(1, (0, LINK), &unknown(0xe700)).expect("the packet is");
    assert_eq!(net.routers[1].counters.dropped_lsas(LsaCause::ReservedScope), 1);
}

#[test]
fn acknowledgments_for_other_instances_change_nothing() {
    let mut net = pair();
    externals(&mut net, 1);
    net.set_end(LINK, 0, false);
    let waiting = |net: &Net| {
        let neighbor = net.routers[0].neighbor(LINK, router_id(1)).expect("a neighbour");
        neighbor.retransmission.keys().count()
    };
    let (lsa_key, entry) = net.routers[0].databases.whole_as().iter().last().expect("one");
    let (_, right) = (*lsa_key, *entry.lsa.header());
    let wrong = crate::lsa::LsaHeader { sequence: SequenceNumber(77), ..right };
    for (header, left) in [(wrong, 1), (right, 0)] {
        let headers = alloc::vec![header];
        let body = PacketBody::LinkStateAcknowledgment(LinkStateAcknowledgment { headers });
        net.inject(0, (1, LINK), body).expect("it is taken");
        assert_eq!(waiting(&net), left);
    }
}

#[test]
fn a_withdrawn_external_is_told_again_later() {
    let mut net = pair();
    for _ in 0..3 {
        external(&mut net, 0, "2001:db8:ff::/48", Some(Metric::type2(1)));
        let there = |net: &Net| net.routers[1].routes().route(prefix("2001:db8:ff::/48")).is_some();
        net.until(20, there);
        external(&mut net, 0, "2001:db8:ff::/48", None);
        net.until(20, |net| !there(net));
    }
    let told = net
        .events
        .iter()
        .filter(|(_, router, event)| *router == 1 && matches!(event, Event::Route { .. }));
    assert_eq!(told.count(), 6);
}
