//! Adjacencies come up, stay, and go.

use core::time::Duration;

use super::net::{Net, router_id};
use crate::config::{ConfiguredNeighbor, NetworkType};
use crate::instance::counters::Cause;
use crate::instance::event::{Event, InterfaceEvent, Setback};
use crate::interface::InterfaceState;
use crate::neighbor::NeighborState;
use crate::packet::PacketType;
use crate::{AreaId, InterfaceId, RouterId};

const HOUR: Duration = Duration::from_secs(3600);

fn both_full(net: &Net, link: InterfaceId) -> bool {
    net.state(0, link, 1) == NeighborState::Full && net.state(1, link, 0) == NeighborState::Full
}

/// All routers of a broadcast link have elected the same one, and have the adjacencies that they should have.
fn settled(net: &Net, link: InterfaceId) -> bool {
    settled_among(net, link, &(0..net.routers.len()).collect::<Vec<_>>())
}

fn settled_among(net: &Net, link: InterfaceId, routers: &[usize]) -> bool {
    let elected = net.routers[routers[0]].interfaces[&link].elected;
    elected.designated_router != RouterId::NONE
        && routers.iter().all(|from| {
            let interface = &net.routers[*from].interfaces[&link];
            interface.elected == elected
                && routers.iter().filter(|to| *to != from).all(|to| {
                    let adjacent = interface.should_be_adjacent(router_id(*to));
                    let expected =
                        if adjacent { NeighborState::Full } else { NeighborState::TwoWay };
                    net.state(*from, link, *to) == expected
                })
        })
}

#[test]
fn two_routers_on_a_point_to_point_link() {
    let mut net = Net::new(2);
    let link = net.connect(NetworkType::PointToPoint, &[0, 1]);
    net.until(3, |net| both_full(net, link));
    net.until(10, |net| net.is_synchronized(AreaId::BACKBONE));
    net.run(Duration::from_secs(20));
    let from = net.events.len();
    net.run(HOUR);
    assert!(net.events[from..].is_empty(), "{:?}", &net.events[from..]);
    assert!(both_full(&net, link) && net.is_synchronized(AreaId::BACKBONE));
}

#[test]
fn at_rest_there_are_hellos_and_refreshes_only() {
    let mut net = Net::new(2);
    net.connect(NetworkType::PointToPoint, &[0, 1]);
    net.run(Duration::from_secs(60));
    net.log.clear();
    net.run(HOUR);
    let count = |packet_type: PacketType| {
        net.log.iter().filter(|(_, _, transmit)| transmit.bytes[1] == packet_type.0).count()
    };
    assert_eq!(count(PacketType::HELLO), 2 * 360);
    // Each router refreshes its three LSAs (router, link, prefixes) every 27 to 30 minutes.
    assert!((6..=18).contains(&count(PacketType::LINK_STATE_UPDATE)), "{}", net.log.len());
    assert!(count(PacketType::LINK_STATE_ACKNOWLEDGMENT) <= 18);
    assert_eq!(count(PacketType::DATABASE_DESCRIPTION) + count(PacketType::LINK_STATE_REQUEST), 0);
}

#[test]
fn a_broadcast_link_has_a_designated_router_and_a_backup() {
    let mut net = Net::new(5);
    let link = net.connect(NetworkType::Broadcast, &[0, 1, 2, 3, 4]);
    let took = net.until(90, |net| settled(net, link));
    assert!(took >= Duration::from_secs(40), "the Wait Timer: {took:?}");
    let states: Vec<_> = (0..5).map(|router| net.interface_state(router, link)).collect();
    use InterfaceState::{Backup, Dr, DrOther};
    assert_eq!(states, [DrOther, DrOther, DrOther, Backup, Dr]);
    net.until(30, |net| net.is_synchronized(AreaId::BACKBONE));
}

#[test]
fn the_backup_takes_over_and_a_newcomer_changes_nothing() {
    let mut net = Net::new(5);
    let link = net.connect(NetworkType::Broadcast, &[0, 1, 2, 3]);
    net.until(90, |net| settled_among(net, link, &[0, 1, 2, 3]));
    assert_eq!(net.interface_state(3, link), InterfaceState::Dr);
    // The Designated Router falls silent.
    net.set_end(link, 3, false);
    net.until(60, |net| net.interface_state(2, link) == InterfaceState::Dr);
    net.until(60, |net| settled_among(net, link, &[0, 1, 2]));
    assert_eq!(net.interface_state(1, link), InterfaceState::Backup);
    // It comes back: it is heard again, and has no office.
    net.set_end(link, 3, true);
    net.until(120, |net| settled_among(net, link, &[0, 1, 2, 3]));
    net.until(30, |net| net.is_synchronized_among(AreaId::BACKBONE, &[0, 1, 2, 3]));
}

#[test]
fn priorities_decide_and_zero_is_not_eligible() {
    let mut net = Net::new(3);
    let link = net.connect_with(NetworkType::Broadcast, &[0, 1, 2], |router, config| {
        config.priority = [9, 1, 0][router];
    });
    net.until(90, |net| settled(net, link));
    let states: Vec<_> = (0..3).map(|router| net.interface_state(router, link)).collect();
    assert_eq!(states, [InterfaceState::Dr, InterfaceState::Backup, InterfaceState::DrOther]);
    // The Designated Router is configured to be none.
    let mut config = net.routers[0].interfaces[&link].config.clone();
    config.priority = 0;
    let now = net.now;
    net.routers[0].configure_interface(now, link, Some(config));
    net.drain(0);
    net.until(60, |net| net.interface_state(1, link) == InterfaceState::Dr && settled(net, link));
    assert_eq!(net.interface_state(0, link), InterfaceState::DrOther);
}

#[test]
fn nobody_is_eligible() {
    let mut net = Net::new(2);
    let link = net.connect_with(NetworkType::Broadcast, &[0, 1], |_, config| config.priority = 0);
    net.run(Duration::from_secs(100));
    for (from, to) in [(0, 1), (1, 0)] {
        assert_eq!(net.interface_state(from, link), InterfaceState::DrOther);
        assert_eq!(net.state(from, link, to), NeighborState::TwoWay);
    }
}

#[test]
fn a_link_without_broadcast() {
    let mut net = Net::new(4);
    let all = [0, 1, 2, 3];
    let link = net.connect_with(NetworkType::NonBroadcast, &all, |router, config| {
        // The last one is not eligible, and waits until it is spoken to.
        config.priority = u8::from(router != 3);
        let others = all.into_iter().filter(|other| *other != router && router != 3);
        config.neighbors = others
            .map(|other| {
                let neighbor = ConfiguredNeighbor { eligible: other != 3 };
                (super::net::link_local((other, InterfaceId(1))), neighbor)
            })
            .collect();
    });
    // Two that are neither eligible nor have an office do not meet.
    net.until(200, |net| {
        settled_among(net, link, &[0, 1, 2]) && settled_among(net, link, &[1, 2, 3])
    });
    assert_eq!(net.state(0, link, 3), NeighborState::Down);
    let states: Vec<_> = all.map(|router| net.interface_state(router, link)).into();
    use InterfaceState::{Backup, Dr, DrOther};
    assert_eq!(states, [DrOther, Backup, Dr, DrOther]);
    net.until(30, |net| net.is_synchronized(AreaId::BACKBONE));
    let multicast = |transmit: &crate::Transmit| transmit.destination.is_multicast();
    assert!(!net.log.iter().any(|(_, _, transmit)| multicast(transmit)));
    // One that is down is tried every PollInterval only.
    net.set_end(link, 0, false);
    net.run(Duration::from_secs(200));
    net.log.clear();
    net.run(Duration::from_secs(1200));
    let to_it = super::net::link_local((0, link));
    let tried = net.log.iter().filter(|(_, from, t)| *from == 2 && t.destination == to_it).count();
    assert_eq!(tried, 10);
}

#[test]
fn a_point_to_multipoint_link_by_unicast_and_by_multicast() {
    for configured in [true, false] {
        let mut net = Net::new(3);
        // The hub is router 0; the others do not hear one another.
        let link =
            net.connect_with(NetworkType::PointToMultipoint, &[0, 1, 2], |router, config| {
                let others: &[usize] = if router == 0 { &[1, 2] } else { &[0] };
                let addresses = others.iter().map(|other| {
                    let address = super::net::link_local((*other, InterfaceId(1)));
                    (address, ConfiguredNeighbor { eligible: true })
                });
                config.neighbors = if configured { addresses.collect() } else { [].into() };
            });
        let full = |net: &Net, from, to| net.state(from, link, to) == NeighborState::Full;
        net.until(30, |net| {
            [(0, 1), (0, 2), (1, 0), (2, 0)].iter().all(|(f, t)| full(net, *f, *t))
        });
        net.until(30, |net| net.is_synchronized(AreaId::BACKBONE));
        net.run(Duration::from_secs(30));
        let multicast = net.log.iter().any(|(_, _, t)| t.destination.is_multicast());
        assert_eq!(multicast, !configured);
        assert_eq!(full(&net, 1, 2), !configured);
        assert_eq!(net.interface_state(0, link), InterfaceState::PointToPoint);
    }
}

#[test]
fn a_silent_neighbour_is_down_after_router_dead_interval() {
    let mut net = Net::new(2);
    let link = net.connect(NetworkType::PointToPoint, &[0, 1]);
    net.until(3, |net| both_full(net, link));
    net.run(Duration::from_secs(60));
    net.set_end(link, 1, false);
    let took = net.until(50, |net| net.state(0, link, 1) == NeighborState::Down);
    assert!((30..=40).contains(&took.as_secs()), "{took:?}");
    let down = net.events.iter().rev().find_map(|(_, router, event)| match event {
        Event::Neighbor { from, to: NeighborState::Down, why, .. } if *router == 0 => {
            Some((*from, *why))
        }
        _ => None,
    });
    assert_eq!(down, Some((NeighborState::Full, Some(Setback::Inactivity))));
    assert_eq!(net.routers[0].neighbors, 0);
}

#[test]
fn one_way_hearing_is_noticed_at_once() {
    let mut net = Net::new(2);
    let link = net.connect(NetworkType::PointToPoint, &[0, 1]);
    net.until(3, |net| both_full(net, link));
    // Router 1 forgets all, and says so in its first Hello.
    let now = net.now;
    net.routers[1].handle_interface(now, link, InterfaceEvent::Down);
    let up = super::net::link((1, link), &[]);
    net.routers[1].handle_interface(now, link, InterfaceEvent::Up(up));
    net.drain(1);
    net.until(1, |net| net.state(0, link, 1) < NeighborState::Full);
    let back = net.events.iter().rev().find_map(|(_, router, event)| match event {
        Event::Neighbor { why, from: NeighborState::Full, .. } if *router == 0 => *why,
        _ => None,
    });
    assert_eq!(back, Some(Setback::OneWay));
    net.until(15, |net| both_full(net, link));
}

#[test]
fn bfd_is_asked_for_and_believed() {
    let mut net = Net::new(2);
    let link = net.connect_with(NetworkType::PointToPoint, &[0, 1], |_, config| config.bfd = true);
    net.until(3, |net| both_full(net, link));
    let address = super::net::link_local((1, link));
    let asked = |net: &Net, expected| {
        net.events.iter().rev().find_map(|(_, router, event)| match event {
            Event::Bfd { interface, address: of, wanted } if *router == 0 => {
                Some((*interface, *of, *wanted))
            }
            _ => None,
        }) == Some((link, address, expected))
    };
    assert!(asked(&net, true));
    let now = net.now;
    net.routers[0].handle_bfd_down(now, link, address);
    net.drain(0);
    assert_eq!(net.state(0, link, 1), NeighborState::Down);
    assert!(asked(&net, false));
}

#[test]
fn an_mtu_that_is_too_large_is_refused_unless_it_is_to_be_ignored() {
    for ignore in [false, true] {
        let mut net = Net::new(2);
        let link = net.connect_with(NetworkType::PointToPoint, &[0, 1], |_, config| {
            config.ignore_mtu = ignore;
        });
        let mut large = super::net::link((1, link), &[]);
        large.mtu = 9000;
        let now = net.now;
        net.routers[1].handle_interface(now, link, InterfaceEvent::Up(large));
        net.run(Duration::from_secs(30));
        assert_eq!(both_full(&net, link), ignore);
        let dropped = net.routers[0].counters.dropped(Cause::Mtu);
        assert_eq!(dropped > 0, !ignore);
    }
}

#[test]
fn lost_packets_are_sent_again() {
    for loses in [lose_one_in_three, lose_one_in_two] {
        let mut net = Net::new(2);
        net.loses = loses;
        let link = net.connect(NetworkType::PointToPoint, &[0, 1]);
        net.until(400, |net| both_full(net, link));
        net.loses = |_| false;
        net.until(60, |net| net.is_synchronized(AreaId::BACKBONE) && both_full(net, link));
    }
}

/// SplitMix64 of the packet's number.
fn drawn(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
}

fn lose_one_in_three(number: u64) -> bool {
    drawn(number).is_multiple_of(3)
}

fn lose_one_in_two(number: u64) -> bool {
    drawn(number).is_multiple_of(2)
}

#[test]
fn passive_and_loopback_interfaces_are_silent_and_told() {
    let mut net = Net::new(1);
    net.connect_with(NetworkType::Broadcast, &[0], |_, config| config.passive = true);
    net.connect(NetworkType::Loopback, &[0]);
    net.run(Duration::from_secs(100));
    assert!(net.log.is_empty(), "{:?}", net.log);
    for id in [1, 2] {
        assert_eq!(net.interface_state(0, InterfaceId(id)), InterfaceState::Loopback);
    }
    let area = net.routers[0].databases.get(crate::ScopeId::Area(AreaId::BACKBONE)).expect("one");
    let told: Vec<_> = area.of_type(crate::LsType::INTRA_AREA_PREFIX).collect();
    assert_eq!(told.len(), 1);
}

#[test]
fn an_interface_that_is_taken_away_takes_its_neighbours_with_it() {
    let mut net = Net::new(2);
    let link = net.connect(NetworkType::PointToPoint, &[0, 1]);
    net.until(3, |net| both_full(net, link));
    let now = net.now;
    net.routers[0].configure_interface(now, link, None);
    net.drain(0);
    let instance = &net.routers[0];
    assert_eq!((instance.neighbors, instance.exchanging, instance.interfaces.len()), (0, 0, 0));
    net.run(Duration::from_secs(100));
    assert_eq!(net.state(1, link, 0), NeighborState::Down);
}
