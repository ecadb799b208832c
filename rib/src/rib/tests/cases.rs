//! Histories that once ended in another state than the obvious one.

use super::setup::*;
use super::steps::{Named, Step};
use super::*;
use crate::{AddPath, Filter, Limit, LimitAction};

const WIDE: Session = Session::WIDE;
const ENHANCED: Session = Session { enhanced_refresh: true, ..Session::PLAIN };
const ALL_PATHS: Plan = Plan::ALL_PATHS;
const KEEPING: Plan = Plan { keep_received: true, ..Plan::PLAIN };

fn up(peer: usize, session: Session, plan: Plan) -> Step {
    Step::Up(peer, session, plan)
}

fn plain(peers: impl IntoIterator<Item = usize>) -> impl Iterator<Item = Step> {
    peers.into_iter().map(|peer| up(peer, Session::PLAIN, Plan::PLAIN))
}

fn wide(peers: impl IntoIterator<Item = usize>) -> impl Iterator<Item = Step> {
    peers.into_iter().map(|peer| up(peer, WIDE, ALL_PATHS))
}

fn named(index: usize) -> Vec<Named> {
    alloc::vec![(index, 1)]
}

fn announce(peer: usize, index: usize) -> Step {
    Step::Announce(peer, 0, named(index), Announcement::by([7]))
}

fn withdraw(peer: usize, index: usize) -> Step {
    Step::Withdraw(peer, 0, named(index))
}

fn originate(index: usize) -> Step {
    Step::Originate(0, 0, index, 0)
}

fn read(peer: usize) -> Step {
    Step::Read(peer, 20)
}

fn history(steps: impl IntoIterator<Item = Step>) -> World {
    World::history(steps)
}

fn after(before: impl IntoIterator<Item = Step>, steps: impl IntoIterator<Item = Step>) -> World {
    history(before.into_iter().chain([Step::ReadAll]).chain(steps))
}

/// More than is kept for the slow.
fn flood(reader: usize) -> impl Iterator<Item = Step> {
    (0..20).flat_map(move |_| {
        [1, 2]
            .into_iter()
            .flat_map(move |net| [announce(0, net), read(reader), withdraw(0, net), read(reader)])
    })
}

mod groups {
    use super::*;

    /// The walk of a member that had come from another group told it first, and counted for all.
    #[test]
    fn what_one_is_told_early_others_are_told_too() {
        let plan = Plan { add_path: AddPath::Best(2), ..Plan::PLAIN };
        let ups = plain([0]).chain(wide([3])).chain([up(4, WIDE, plan)]);
        after(ups, [announce(0, 0), Step::Reconfigure(4, 0, ALL_PATHS), read(4)]);
    }

    /// The change list told it the new path only.
    #[test]
    fn one_that_joins_is_told_all_paths() {
        let before = plain([0, 1]).chain(wide([3])).chain([announce(0, 0)]);
        after(before, [announce(1, 0)].into_iter().chain(wide([4])));
    }

    #[test]
    fn the_end_is_marked_behind_what_was_there_at_first() {
        after(plain([0, 3]), [announce(0, 0)].into_iter().chain(plain([4])));
    }

    /// A withdrawal that only a dropped segment had: in the end there was no other.
    #[test]
    fn what_a_dropped_segment_withdraws_is_not_lost() {
        let gone = [withdraw(0, 0), read(3), announce(0, 0), withdraw(0, 0), read(3)];
        after(plain([0, 3, 4]).chain([announce(0, 0)]), gone.into_iter().chain(flood(3)));
    }

    /// The same of a path, when another had come and gone.
    #[test]
    fn what_a_dropped_segment_announces_is_not_lost() {
        let before = plain([0, 1]).chain(wide([3, 4]));
        let there = [announce(0, 0), read(3), announce(1, 0), withdraw(1, 0), read(3)];
        after(before, there.into_iter().chain(flood(3)));
    }

    /// Its entries were void when the list was compacted, and with them went the segment.
    #[test]
    fn what_a_segment_says_is_not_lost_with_its_entries() {
        let again = (0..9).flat_map(|_| [announce(0, 0), withdraw(0, 0), Step::Read(3, 1)]);
        let before = plain([0, 3, 4]).chain([announce(0, 0)]);
        after(before, [withdraw(0, 0), read(3)].into_iter().chain(again));
    }

    /// The number of a path went to one of another neighbour, with the same attributes.
    #[test]
    fn a_path_of_the_same_number_is_another_when_its_source_is() {
        let announcement = Announcement { next_hop: Some(0), ..Announcement::by([7]) };
        let announce = |peer| Step::Announce(peer, 0, named(0), announcement.clone());
        after(wide([0, 1]).chain([announce(0)]), [withdraw(0, 0), announce(1)]);
    }

    /// The neighbour has another BGP identifier now, which others know as ORIGINATOR_ID.
    #[test]
    fn routes_that_stay_are_told_with_what_their_neighbour_is_now() {
        let other = Session { other_identifier: true, ..Session::PLAIN };
        let steps = [Step::Down(2, [0].into()), up(2, other, Plan::PLAIN)];
        after(plain([2, 3]).chain(wide([4])).chain([announce(2, 0)]), steps);
    }

    /// One that had not begun to read went to another group, and with it nobody was left to read them.
    #[test]
    fn segments_go_with_the_last_one_who_has_not_read_them() {
        let before = wide([7]).chain([announce(7, 0), Step::Read(7, 1), withdraw(7, 0)]);
        let joined = wide([0]).chain([read(7), Step::Reconfigure(0, 0, Plan::PLAIN)]);
        history(before.chain(joined).chain([Step::ReadAll]));
    }

    #[test]
    fn routes_that_stay_for_long_are_for_those_who_know_of_that() {
        let other = Session { long_lived: false, ..Session::PLAIN };
        let before = plain([0, 3]).chain([up(4, other, Plan::PLAIN), announce(0, 0)]);
        after(before, [Step::Down(0, [0].into()), Step::LongLived(0, 0)]);
    }

    /// MULTI_EXIT_DISC is 1 in any case, but goes on to the neighbour only where the filter has set it.
    #[test]
    fn what_a_filter_has_set_makes_another_route() {
        let plan = Plan { export: Filter::Run(4), ..ALL_PATHS };
        let announcement = Announcement { med: Some(1), ..Announcement::by([7]) };
        let both = Step::Announce(3, 0, [(0, 1), (1, 1)].into(), announcement);
        after(plain([3]).chain([up(0, WIDE, plan), both]), [announce(3, 0)]);
    }

    /// All the other paths of its network were forgotten with it.
    #[test]
    fn a_path_that_no_message_has_room_for_is_the_only_one_not_told() {
        let at = |peer, long| {
            Step::Announce(peer, 1, named(0), Announcement { long, ..Announcement::by([7]) })
        };
        let before = plain([0, 1]).chain(wide([3])).chain([at(0, false)]);
        after(before, [at(1, true), Step::ReadAll, Step::Withdraw(0, 1, named(0))]);
    }

    /// The new route has no room in a message; that one member was told so first did not make the others forget the old.
    #[test]
    fn what_one_cannot_be_told_others_still_know() {
        let at =
            |long| Step::Announce(3, 1, named(0), Announcement { long, ..Announcement::by([7]) });
        let other = Plan { export: Filter::Run(9), ..ALL_PATHS };
        let steps = [
            Step::Reconfigure(1, 1, other),
            Step::ReadAll,
            at(true),
            Step::Reconfigure(1, 1, ALL_PATHS),
            Step::Read(1, 1),
            Step::Withdraw(3, 1, named(0)),
        ];
        after(plain([3]).chain(wide([0, 1])).chain([at(false)]), steps);
    }

    /// There is no next hop for others; it stood among what they were told when its own neighbour had joined.
    #[test]
    fn ones_own_path_that_others_cannot_be_told_is_not_counted() {
        let plan = Plan { own_next_hop: false, ..ALL_PATHS };
        let ups = [0, 1].map(|peer| up(peer, WIDE, plan.clone()));
        let announce = Step::Announce(1, 1, named(0), Announcement::by([7]));
        let again = [Step::Down(1, [1].into()), up(1, WIDE, plan.clone())];
        after(ups.into_iter().chain([announce]), again);
    }

    /// It was told another's route in place of its own, and then its own was the best again.
    #[test]
    fn what_one_was_told_in_place_of_its_own_is_taken_back() {
        let marked = Plan { export: Filter::Run(1), ..Plan::PLAIN };
        let before = plain([0, 1]).chain([announce(0, 0), Step::ReadAll]);
        let steps = [
            Step::Originate(1, 0, 0, 0),
            Step::Reconfigure(0, 0, Plan::PLAIN),
            read(0),
            Step::Retract(1, 0, 0),
        ];
        after(before.chain([Step::Reconfigure(0, 0, marked)]), steps);
    }
}

mod changed_groups {
    use super::*;

    #[test]
    fn the_end_is_marked_once() {
        let plan = Plan { export: Filter::Run(1), ..Plan::PLAIN };
        after(plain([0]), [originate(0), Step::Reconfigure(0, 0, plan)]);
    }

    /// What the first change had still to withdraw, the second one has to.
    #[test]
    fn a_walk_that_is_broken_off_twice_forgets_nothing() {
        let none = Plan { export: Filter::None, ..ALL_PATHS };
        let later = Plan { seconds_between: 5, ..none.clone() };
        let steps =
            [Step::Reconfigure(3, 0, none), Step::Read(3, 1), Step::Reconfigure(3, 0, later)];
        after((0..5).map(originate).chain(wide([3])), steps);
    }

    #[test]
    fn withdrawals_that_were_not_read_are_not_lost() {
        let plan = Plan { add_path: AddPath::Best(2), ..Plan::PLAIN };
        let steps = [withdraw(0, 0), read(4), Step::Reconfigure(3, 0, plan)];
        after(plain([0]).chain(wide([3, 4])).chain([announce(0, 0)]), steps);
    }

    /// The route had no room in a message any more; that it was withdrawn for that was not known afterwards.
    #[test]
    fn a_withdrawal_for_want_of_room_that_was_not_read_is_not_lost() {
        let at =
            |long| Step::Announce(3, 1, named(0), Announcement { long, ..Announcement::by([7]) });
        let plan = Plan { add_path: AddPath::Best(2), ..Plan::PLAIN };
        let steps = [at(true), read(0), Step::Withdraw(3, 1, named(0))];
        let before = plain([3]).chain(wide([0, 1])).chain([at(false)]);
        after(before, steps.into_iter().chain([Step::Reconfigure(1, 1, plan)]));
    }

    #[test]
    fn withdrawals_that_were_dropped_before_they_were_read_are_not_lost() {
        let plan = Plan { add_path: AddPath::Best(2), ..Plan::PLAIN };
        let gone = [withdraw(0, 0), read(4)].into_iter().chain(flood(4));
        let before = plain([0]).chain(wide([3, 4])).chain([announce(0, 0)]);
        after(before, gone.chain([Step::Reconfigure(3, 0, plan)]));
    }

    #[test]
    fn a_refresh_that_has_begun_is_ended() {
        let plan = Plan { export: Filter::Run(1), ..Plan::PLAIN };
        let steps = [Step::Refresh(3, 0), Step::Read(3, 2), Step::Reconfigure(3, 0, plan)];
        after((0..5).map(originate).chain([up(3, ENHANCED, Plan::PLAIN)]), steps);
    }

    /// The walk withdrew what had once been in a slot that was free: it has another one now.
    #[test]
    fn a_free_slot_names_no_network() {
        let deaf = Plan { export: Filter::None, ..Plan::PLAIN };
        let before = plain([3]).chain((0..5).map(originate)).chain([up(0, Session::PLAIN, deaf)]);
        // The last one to go leaves its slot to the next that comes, whose own is behind it.
        let gone = [4, 0, 1, 3, 2].map(|index| Step::Retract(0, 0, index));
        let before = before.chain([Step::ReadAll]).chain(gone);
        after(before, [originate(4), Step::Reconfigure(0, 0, Plan::PLAIN)]);
    }

    /// The marker was made, and dropped with other messages that had not been read.
    #[test]
    fn a_refresh_that_is_about_to_end_is_ended() {
        let plan = Plan { export: Filter::Run(1), ..Plan::PLAIN };
        let steps = [Step::Refresh(3, 0), Step::Read(3, 1), Step::Reconfigure(3, 0, plan)];
        after([originate(0), up(3, ENHANCED, Plan::PLAIN)], steps);
    }

    /// One path of each network, named by a path identifier all the same, and several.
    #[test]
    fn one_path_and_several_take_turns() {
        let off = || Step::Reconfigure(3, 0, Plan::PLAIN);
        let all = || Step::Reconfigure(3, 0, ALL_PATHS);
        let before = plain([0, 1]).chain([originate(0), announce(0, 0), announce(1, 1)]);
        let before = before.chain([up(3, WIDE, Plan::PLAIN)]);
        let steps = [all(), Step::ReadAll, off(), Step::ReadAll, withdraw(0, 0), all()];
        after(before, steps.into_iter().chain([withdraw(1, 1), off(), originate(2), all()]));
    }
}

mod refreshes {
    use super::*;

    /// RFC 7313 §4: no refresh begins before the End-of-RIB.
    #[test]
    fn a_refresh_waits_for_the_end_of_the_beginning() {
        history([originate(0), up(0, ENHANCED, Plan::PLAIN), Step::Refresh(0, 0)]);
    }

    /// One of them was not among the best two when it was told, and was again when the change list told the rest.
    #[test]
    fn what_a_refresh_left_out_is_told_behind_it() {
        let session = Session { enhanced_refresh: true, ..WIDE };
        let plan = Plan { add_path: AddPath::Best(2), ..Plan::PLAIN };
        let preferred = Plan { preference: 110, ..ALL_PATHS };
        let ups = [up(7, session, plan), up(4, WIDE, preferred)];
        let both = Step::Announce(4, 0, [(0, 1), (0, 2)].into(), Announcement::by([7]));
        let steps = [both, Step::Refresh(7, 0), Step::Read(7, 2), withdraw(4, 0)];
        after(plain([2]).chain(ups).chain([announce(2, 0)]), steps);
    }

    /// What had changed was left to the change list, which does not tell the paths that had not.
    #[test]
    fn a_refresh_tells_all_paths() {
        let session = Session { enhanced_refresh: true, ..WIDE };
        let before = plain([0, 1]).chain([up(3, session, ALL_PATHS), announce(0, 0)]);
        after(before, [announce(1, 0), Step::Refresh(3, 0)]);
    }
}

mod limits {
    use super::*;

    const ONE: Option<Limit> = Some(Limit { most: 1, action: LimitAction::Block });

    /// Its own route had its place, which the other's took, and nobody counted.
    #[test]
    fn a_route_in_place_of_ones_own_is_one_more() {
        let limited = up(0, Session::PLAIN, Plan { export_limit: ONE, ..Plan::PLAIN });
        let before = plain([1]).chain([limited, announce(0, 0), announce(1, 1)]);
        after(before, [withdraw(0, 0), announce(1, 0)]);
    }

    /// As in BIRD: what an import limit keeps out is like filtered, where these are kept; with room again it comes in
    /// with the next announcement.
    #[test]
    fn what_an_import_limit_keeps_out_is_kept_as_filtered() {
        for keep_filtered in [false, true] {
            let limit = Some(Limit { most: 2, action: LimitAction::Block });
            let plan = Plan { import_limit: limit, keep_filtered, ..Plan::PLAIN };
            let announced = [0, 1, 2].map(|index| announce(0, index));
            let mut world = after([up(0, Session::PLAIN, plan)], announced);
            let (source, table) = (world.sources[0], world.tables[0]);
            assert!(world.rib.is_passed(source, table, crate::LimitKind::Import));
            let counts = |world: &World| {
                (world.rib.routes_of(source, table).0, world.rib.filtered_of(source, table))
            };
            assert_eq!(counts(&world), (2, u32::from(keep_filtered)));
            let kept = world.rib.lookup(table, &net(0, 2));
            let kept: Option<Vec<_>> =
                kept.map(|net| net.paths().map(|path| (path.is_filtered(), path.best)).collect());
            assert_eq!(kept, keep_filtered.then(|| alloc::vec![(true, false)]));
            world.take(withdraw(0, 0));
            assert!(!world.rib.is_passed(source, table, crate::LimitKind::Import));
            world.take(announce(0, 2));
            assert_eq!(counts(&world), (2, 0));
        }
    }

    /// The same where the routes are looked at again.
    #[test]
    fn what_a_limit_kept_out_stays_out_when_routes_are_validated_again() {
        let limit = Some(Limit { most: 0, action: LimitAction::Block });
        let import = Filter::Run(1);
        let plan = Plan { import, import_limit: limit, keep_filtered: true, ..KEEPING };
        after([up(0, Session::PLAIN, plan), announce(0, 0)], [Step::Revalidate(0)]);
    }

    #[test]
    fn ones_own_routes_pass_no_limit() {
        let none = Some(Limit { most: 0, action: LimitAction::Block });
        let limited = up(0, Session::PLAIN, Plan { export_limit: none, ..Plan::PLAIN });
        let mut world = after([limited], [0, 1, 2].map(|index| announce(0, index)));
        assert!(!world.lane(0, 0).expect("it is up").heard.limit_reported);
    }

    /// Several paths of one network were one.
    #[test]
    fn every_path_counts() {
        let limited = up(3, WIDE, Plan { export_limit: ONE, ..ALL_PATHS });
        after(plain([0, 1]), [limited, announce(0, 0), announce(1, 0)]);
    }

    /// What it was told anew stood beside what it was to take the place of.
    #[test]
    fn a_refresh_makes_no_room() {
        let limited = Plan { export_limit: ONE, add_path: AddPath::Best(2), ..Plan::PLAIN };
        let long = Step::Announce(3, 0, named(0), Announcement::by([7, 7, 7]));
        let both = Step::Announce(1, 0, [(0, 1), (0, 2)].into(), Announcement::by([7]));
        let before = plain([3]).chain(wide([1])).chain([up(2, WIDE, limited), long]);
        after(before, [both, Step::Refresh(2, 0)]);
    }

    /// While it was told another path anew, that one was counted and the one that it was to take the place of.
    #[test]
    fn a_refresh_leaves_nothing_out() {
        let limit = Some(Limit { most: 2, action: LimitAction::Block });
        let limited = Plan { export_limit: limit, add_path: AddPath::Best(1), ..Plan::PLAIN };
        let session = Session { enhanced_refresh: true, ..WIDE };
        let before = plain([0, 3]).chain([announce(0, 0), announce(3, 0), originate(1)]);
        let before = before.chain([up(1, session, limited)]);
        after(before, [withdraw(0, 0), Step::Refresh(1, 0)]);
    }

    /// One route too many, and then, before anybody asked, there was room for another.
    #[test]
    fn that_a_limit_was_passed_is_not_forgotten() {
        let limited = up(3, Session::PLAIN, Plan { export_limit: ONE, ..Plan::PLAIN });
        let before = plain([1]).chain([limited, announce(1, 0)]);
        after(before, [announce(1, 1), withdraw(1, 0), announce(1, 2)]);
    }

    #[test]
    fn another_limit_is_reported_anew() {
        let limited = |most| {
            let limit = Limit { most, action: LimitAction::Warn };
            Plan { import_limit: Some(limit), ..Plan::PLAIN }
        };
        let ups = [up(0, Session::PLAIN, limited(0)), announce(0, 0)];
        after(ups, [Step::Reconfigure(0, 0, limited(1)), announce(0, 1)]);
    }
}

mod received {
    use super::*;

    #[test]
    fn what_is_filtered_again_is_as_stale_as_before() {
        let before = [up(0, Session::PLAIN, KEEPING), announce(0, 0)];
        after(before, [Step::Down(0, [0].into()), Step::Reload(0, 0)]);
    }

    /// It was in no table, and so nobody swept it.
    #[test]
    fn a_refused_route_that_is_not_announced_again_does_not_come_back() {
        let refusing = Plan { import: Filter::None, ..KEEPING };
        let before = [up(0, Session::PLAIN, refusing.clone()), announce(0, 0)];
        let again = up(0, Session::PLAIN, refusing);
        let steps = [Step::Down(0, [0].into()), again, Step::Sweep(0, 0)];
        after(before, steps.into_iter().chain([Step::Reconfigure(0, 0, KEEPING)]));
    }

    #[test]
    fn a_route_that_stays_for_long_is_the_last_choice_after_a_reload_too() {
        let before = [up(0, Session::PLAIN, KEEPING), announce(0, 0)];
        let steps = [Step::Down(0, [0].into()), Step::LongLived(0, 0), Step::Reload(0, 0)];
        after(before, steps);
    }

    #[test]
    fn another_preference_holds_for_what_was_kept() {
        let plan = Plan { preference: 110, ..KEEPING };
        after([up(0, Session::PLAIN, KEEPING), announce(0, 0)], [Step::Reconfigure(0, 0, plan)]);
    }

    #[test]
    fn a_session_that_keeps_none_keeps_none_of_the_last_one_either() {
        let before = [up(0, Session::PLAIN, KEEPING), announce(0, 0), Step::Down(0, [0].into())];
        let other = Announcement { med: Some(1), ..Announcement::by([7]) };
        let world = after(before, plain([0]).chain([Step::Announce(0, 0, named(0), other)]));
        assert_eq!(world.rib.attribute_sets(), 1);
    }

    /// What came before is asked for.
    #[test]
    fn keeping_from_now_on_is_not_having_kept() {
        let plan = Plan { import: Filter::Run(1), ..KEEPING };
        after(plain([0]).chain([announce(0, 0)]), [Step::Reconfigure(0, 0, plan)]);
    }
}

#[test]
fn one_more_who_watches_is_no_change() {
    let mut world = after(plain([0]), [originate(0)]);
    world.take(Step::Watch(0, false));
    assert!(!world.read(0), "it was told again");
    world.read_all();
}

/// The routes of the old table stayed there, as the family has a channel.
#[test]
fn another_table_of_the_same_family_is_not_the_same() {
    let mut world = after(plain([0]).chain([announce(0, 0)]), []);
    let (source, table) = (world.sources[0], world.tables[2]);
    world.rib.peer_down(source, &[Family::IPV4_UNICAST]);
    world.rib.peer_up(source, Session::PLAIN.config(0), [Plan::PLAIN.config(table, 2)]);
    assert_eq!(world.rib.size(world.tables[0]), (0, 0));
    assert_eq!(world.rib.statistics(source, world.tables[0]), None);
}
