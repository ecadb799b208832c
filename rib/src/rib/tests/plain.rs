//! Single properties, without the whole model.

use super::setup::*;
use super::steps::Step;
use super::*;
use crate::route::Route;
use crate::{AcceptAll, Filter, Verdict};

fn up(peer: usize) -> Step {
    Step::Up(peer, Session::PLAIN, Plan::PLAIN)
}

fn announce(peer: usize, nets: &[usize], announcement: Announcement) -> Step {
    Step::Announce(peer, 0, nets.iter().map(|net| (*net, 1)).collect(), announcement)
}

/// The list of changes stays short however slow a reader is, and so does what is kept of messages.
#[test]
fn a_slow_reader_costs_no_growing_memory() {
    let mut world = World::new(3);
    (0..3).for_each(|peer| world.take(up(peer)));
    for round in 0..5_000u32 {
        let path = alloc::vec![65002 + round % 7];
        world.take(announce(0, &[0, 1, 2, 3, 4], Announcement::by(path)));
        // Neighbour 1 reads all, neighbour 2 nothing.
        while world.read(1) {}
        assert!(world.rib.backlog(world.tables[0]) < 100, "round {round}");
        let kept = world.rib.groups.iter().flatten().map(crate::group::Group::kept).sum::<usize>();
        assert!(kept < 4000, "octets kept in round {round}: {kept}");
    }
    world.read_all();
}

#[test]
fn filters_decide_what_comes_in_and_goes_out() {
    struct Only(IpNet);
    impl Policy for Only {
        fn run(&mut self, filter: u32, route: &Route<'_>, _: &mut Edited) -> Verdict {
            if (route.net == self.0) == (filter == 7) { Verdict::Accept } else { Verdict::Reject }
        }
    }
    let mut world = World::new(3);
    let (source, table) = (world.sources[0], world.tables[0]);
    let channel = ChannelConfig::new(table, Family::IPV4_UNICAST);
    let channel = ChannelConfig { export: Filter::Run(7), ..channel };
    world.rib.peer_up(source, Session::PLAIN.config(0), [channel.clone()]);
    for index in 0..3 {
        let route = Origination::default();
        let (own, net) = (world.own[0], net(0, index));
        world.rib.originate(Duration::ZERO, own, table, net, &route, &mut AcceptAll);
    }
    let mut policy = Only(net(0, 1));
    // Routes announced and withdrawn
    let mut poll_all = |rib: &mut Rib| {
        let chunks = core::iter::from_fn(|| rib.poll_update(Duration::ZERO, source, &mut policy));
        chunks.fold((0, 0), |sum, chunk| (sum.0 + chunk.announced, sum.1 + chunk.withdrawn))
    };
    assert_eq!(poll_all(&mut world.rib), (1, 0));
    // Another filter: the neighbour is told the difference.
    let channel = ChannelConfig { export: Filter::Run(8), ..channel };
    world.rib.reconfigure_channel(source, channel);
    assert_eq!(poll_all(&mut world.rib), (2, 1));
    assert_eq!(world.rib.told(source, table), 2);
}

#[test]
fn nobody_is_told_of_its_own_routes_not_even_that_they_are_gone() {
    let mut world = World::new(3);
    (0..2).for_each(|peer| world.take(up(peer)));
    world.read_all();
    world.take(announce(0, &[1, 2], Announcement::by([65002])));
    world.read_all();
    world.take(Step::Withdraw(0, 0, alloc::vec![(1, 1)]));
    assert!(!world.read(0), "its own withdrawal came back");
    assert!(world.read(1));
    world.read_all();
}

#[test]
fn changes_of_best_routes_are_told() {
    let mut world = World::new(3);
    world.take(Step::Originate(0, 0, 3, 0));
    let table = world.tables[0];
    let watcher = world.rib.watch(table, false).expect("the table is there");
    let change = |present| Some(Change { table, net: net(0, 3), present });
    assert_eq!(world.rib.poll_change(watcher), change(true));
    world.take(Step::Retract(0, 0, 3));
    assert_eq!(world.rib.poll_change(watcher), change(false));
    assert_eq!(world.rib.poll_change(watcher), None);
}

/// RFC 4271 §9.2.1.1
#[test]
fn nothing_new_is_told_before_the_interval_is_over() {
    let mut world = World::new(3);
    let plan = Plan { seconds_between: 5, ..Plan::PLAIN };
    world.take(Step::Up(0, Session::PLAIN, plan));
    world.take(up(1));
    world.read_all();
    world.take(announce(1, &[0], Announcement::by([7])));
    assert!(world.read(0));
    assert_eq!(world.rib.poll_timeout(), None, "there is nothing to tell");
    world.take(announce(1, &[1], Announcement::by([7])));
    world.take(Step::Withdraw(1, 0, alloc::vec![(0, 1)]));
    world.take(Step::Wait(4));
    assert!(!world.read(0));
    assert_eq!(world.rib.poll_timeout(), Some(Duration::from_secs(5)));
    world.take(Step::Wait(1));
    assert!(world.read(0));
    world.read_all();
}

/// Nothing is said, and that takes room too.
#[test]
fn segments_without_messages_are_dropped_too() {
    let mut world = World::new(3);
    world.take(up(0));
    let deaf = Plan { export: Filter::None, ..Plan::PLAIN };
    for peer in [3, 4] {
        world.take(Step::Up(peer, Session::PLAIN, deaf.clone()));
    }
    for round in 0..500u32 {
        let path = alloc::vec![65002 + round % 7];
        world.take(announce(0, &[0], Announcement::by(path)));
        while world.read(3) {}
    }
    let kept: usize = world.rib.groups.iter().flatten().map(crate::group::Group::kept).sum();
    assert!(kept < 4000, "{kept} octets are kept");
    world.read_all();
}
