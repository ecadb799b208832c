//! Neighbours that mean harm: floods, storms, halves. What they get is bounded in work, memory and words.

use alloc::vec::Vec;

use bgp_wire::{
    AddressPrefixChange, AddressPrefixFilter, Message, Notification, NotificationCode, Orf,
    OrfDirection, OrfMatch, OrfUpdate, RouteRefresh, WhenToRefresh,
};
use bytes::BytesMut;

use super::graceful::{V4, ours as with_restart, stale, theirs_with_n};
use super::scripted::{Scripted, cease, code, config, ends, neighbor, open, open_of, raw, seconds};
use crate::session::MOST_EVENTS;
use crate::{Action, SessionConfig, Shutdown, State, Timer};

fn notifications(scripted: &Scripted) -> usize {
    scripted.sent.iter().filter(|one| matches!(one, Message::Notification(_))).count()
}

/// One OPEN after the other, in one piece: the second is an error, the rest is not looked at.
#[test]
fn a_flood_of_opens() {
    let mut scripted = Scripted::accepted(config());
    let flood = Message::Open(open()).to_bytes().repeat(10_000);
    assert!(scripted.receive_bytes(&flood).is_empty());
    assert_eq!(code(&scripted.closed_with()), (5, 2, Vec::from([1])));
    assert_eq!(scripted.session.statistics().received.opens, 2);
    assert_eq!(scripted.session.state(), State::Idle);
    assert!(scripted.events.len() < 3);
}

/// Connections without end: two at a time, and none during the pause after an error.
#[test]
fn a_flood_of_connections() {
    let mut scripted = Scripted::started(config());
    let mut accepted = 0;
    for _ in 0..10_000 {
        accepted += usize::from(scripted.session.handle_accepted(scripted.now, ends()).is_some());
        scripted.poll();
    }
    assert_eq!(accepted, 2);
    let mut scripted = Scripted::started(config());
    let mut errors = 0;
    for second in 0..3600 {
        scripted.run_until(seconds(second));
        if let Some(id) = scripted.session.handle_accepted(scripted.now, ends()) {
            scripted.id = id;
            scripted.receive_bytes(&[0; 19]);
            errors += 1;
        }
    }
    assert!(errors <= 3600 / 225 + 4, "{errors}: pauses grow to 300 s less jitter");
}

/// Errors for which there is no pause: the words are limited, the connections end all the same.
#[test]
fn a_storm_of_notifications_is_not_answered_with_one() {
    let config = SessionConfig {
        notification_limit: (10, seconds(5)),
        idle_hold_time: (seconds(0), seconds(0)),
        ..config()
    };
    let mut scripted = Scripted::started(config);
    let mut connections = 0;
    for tenth in 0..600 {
        scripted.run_until(seconds(tenth) / 10);
        if let Some(id) = scripted.session.handle_accepted(scripted.now, ends()) {
            scripted.id = id;
            scripted.receive_bytes(&[0; 19]);
            assert!(scripted.actions.contains(&Action::Close(id)));
            connections += 1;
        }
    }
    // Ten at once, and one each 5 s.
    assert_eq!(notifications(&scripted), 10 + 60 / 5 - 1);
    let suppressed = scripted.session.statistics().suppressed_notifications;
    assert_eq!(suppressed as usize + notifications(&scripted), connections);
    assert_eq!(connections, 600);
    let statistics = scripted.session.statistics();
    assert_eq!(statistics.sent.notifications as usize, notifications(&scripted));
    // What was not said is not what was said last.
    assert!(statistics.last_sent.as_ref().is_some_and(|last| last.1 <= seconds(60)));
}

/// Both sides end sessions for the same reason over and over; each is silent soon.
#[test]
fn no_limit_and_no_words() {
    for (limit, said) in [((0, seconds(5)), 0), ((3, seconds(0)), 50), ((1, seconds(1_000_000)), 1)]
    {
        let config = SessionConfig {
            notification_limit: limit,
            idle_hold_time: (seconds(0), seconds(0)),
            ..config()
        };
        let mut scripted = Scripted::started(config);
        for _ in 0..50 {
            scripted.accept();
            scripted.receive_bytes(&[0; 19]);
            scripted.pass(seconds(2));
        }
        assert_eq!(notifications(&scripted), said, "{limit:?}");
    }
}

/// NOTIFICATIONs that come are not answered, however many.
#[test]
fn a_storm_of_received_notifications() {
    let mut scripted = Scripted::started(with_restart());
    for round in 0..200 {
        scripted.establish(&open_of(&theirs_with_n()));
        let storm = cease(round % 9).to_bytes().repeat(1000);
        assert!(scripted.receive_bytes(&storm).is_empty());
        assert_eq!(notifications(&scripted), 0);
        assert_eq!(scripted.session.statistics().received.notifications, u64::from(round) + 1);
        scripted.events.clear();
        scripted.actions.clear();
    }
    // Nothing has piled up: what is stale ends in time.
    scripted.pass(seconds(1000));
    assert!(stale(&scripted.events).len() <= 2);
    assert_eq!(scripted.session.timer_left(Timer::Stale, scripted.now), None);
}

/// A NOTIFICATION as long as a message gets, in every state.
#[test]
fn a_long_notification() {
    for state in [State::OpenSent, State::OpenConfirm, State::Established] {
        let mut scripted = Scripted::in_state(state, config());
        let mut body = Vec::from([6, 2, 255]);
        body.resize(4096 - 19, b'x');
        scripted.receive_bytes(&raw(3, &body));
        assert_eq!(scripted.sent, []);
        let (said, _) = scripted.session.statistics().last_received.clone().expect("noted");
        assert_eq!(said.shutdown_communication().map(|text| text.len()), Some(255));
    }
}

/// Half a message, and then nothing; then the other half.
#[test]
fn half_messages() {
    let messages = [
        (State::OpenSent, Message::Open(open()).to_bytes().to_vec()),
        (State::OpenConfirm, Message::Keepalive.to_bytes().to_vec()),
        (State::Established, raw(2, &[0; 200])),
    ];
    for (state, message) in messages {
        for length in 0..message.len() {
            let mut scripted = Scripted::in_state(state, config());
            let mut buffer = BytesMut::from(&message[..length]);
            scripted.session.handle_input(scripted.now, scripted.id, &mut buffer);
            scripted.poll();
            assert_eq!((buffer.len(), scripted.session.state()), (length, state));
            if length % 7 == 0 {
                scripted.run_until(seconds(239));
                assert_eq!(scripted.session.state(), state);
                scripted.run_until(seconds(240));
                assert_eq!(code(&scripted.closed_with()).0, 4, "{state} {length}");
                // The rest comes too late.
                buffer.extend_from_slice(&message[length..]);
                scripted.session.handle_input(scripted.now, scripted.id, &mut buffer);
                assert!(buffer.is_empty());
            }
        }
    }
}

fn filter(sequence: u32) -> AddressPrefixFilter {
    let prefix = ipnet::Ipv4Net::new(sequence.to_be_bytes().into(), 32).expect("a prefix").into();
    AddressPrefixFilter { sequence, action: OrfMatch::Deny, prefix, min_length: 0, max_length: 0 }
}

fn filters(changes: Vec<AddressPrefixChange>) -> Vec<u8> {
    let orf =
        OrfUpdate { when: WhenToRefresh::DEFER, filters: Vec::from([Orf::AddressPrefix(changes)]) };
    let refresh = RouteRefresh { orf: Some(orf), ..RouteRefresh::request(V4) };
    Message::RouteRefresh(refresh).to_bytes().to_vec()
}

/// As many as are allowed, from behind, and taken away again one by one.
#[test]
fn thousands_of_filters() {
    let mut config = config();
    config.families[0].filters = Some(OrfDirection::RECEIVE);
    config.extended_message = true;
    let mut open = neighbor(&[V4]);
    (open.families[0].filters, open.extended_message) = (Some(OrfDirection::SEND), true);
    let mut scripted = Scripted::established(config, &open_of(&open));
    let limit = u32::try_from(scripted.session.config().filter_limit).expect("a few");
    let all: Vec<_> = (0..limit).rev().map(filter).collect();
    for some in all.chunks(4000) {
        let adds = some.iter().copied().map(AddressPrefixChange::Add);
        scripted.receive_bytes(&filters(adds.collect()));
    }
    assert_eq!(scripted.session.filters(V4).map(crate::PrefixFilters::len), Some(all.len()));
    for some in all.chunks(4000) {
        let adds = some.iter().copied().map(AddressPrefixChange::Remove);
        scripted.receive_bytes(&filters(adds.collect()));
    }
    assert!(scripted.session.filters(V4).expect("none left").is_empty());
    // One more than that
    for some in all.chunks(4000) {
        let adds = some.iter().copied().map(AddressPrefixChange::Add);
        scripted.receive_bytes(&filters(adds.collect()));
    }
    scripted.receive_bytes(&filters(Vec::from([AddressPrefixChange::Add(filter(limit))])));
    assert_eq!(code(&scripted.closed_with()), (6, 8, Vec::new()));
}

/// Requests for everything, each of which is work for the host: no more wait than events may.
#[test]
fn a_flood_of_refreshes() {
    let mut scripted = Scripted::in_state(State::Established, config());
    let one = Message::RouteRefresh(RouteRefresh::request(V4)).to_bytes();
    let mut buffer = BytesMut::from(&one.repeat(100_000)[..]);
    scripted.session.handle_input(scripted.now, scripted.id, &mut buffer);
    assert!(scripted.session.events.len() <= MOST_EVENTS);
    assert_eq!(buffer.len(), (100_000 - MOST_EVENTS) * one.len());
    // Nobody polls: what is due is not forgotten, and a command still gets through.
    scripted.session.handle_timeout(seconds(100));
    assert_eq!(scripted.session.statistics().sent.keepalives, 2);
    scripted.session.stop(seconds(100), Shutdown::AdministrativeShutdown);
    scripted.session.handle_input(seconds(100), scripted.id, &mut buffer);
    assert!(buffer.is_empty());
    scripted.poll();
    assert_eq!(scripted.closed_with().code, NotificationCode::CEASE);
}

/// BoRR over and over: no more than one family is marked, and the host decides how fast it reads.
#[test]
fn a_flood_of_marks() {
    let open = SessionConfig { hold_time: seconds(0), ..neighbor(&[V4]) };
    let mut scripted = Scripted::established(config(), &open_of(&open));
    let marks = [RouteRefresh::begin(V4), RouteRefresh::end(V4)]
        .map(|refresh| Message::RouteRefresh(refresh).to_bytes())
        .concat();
    let mut buffer = BytesMut::from(&marks.repeat(1000)[..]);
    while !buffer.is_empty() {
        scripted.session.handle_input(scripted.now, scripted.id, &mut buffer);
        assert!(scripted.session.events.len() <= MOST_EVENTS);
        scripted.poll();
    }
    assert_eq!(stale(&scripted.events).len(), 2000);
    assert_eq!(scripted.session.poll_timeout(), None);
}

/// RFC 4724 §5 lets a new connection end the session: not more often than each 3 s.
#[test]
fn a_neighbor_that_restarts_and_restarts() {
    let mut scripted = Scripted::established(with_restart(), &open_of(&theirs_with_n()));
    let mut accepted = 0;
    for tenth in 0..600 {
        scripted.run_until(seconds(tenth) / 10);
        if let Some(id) = scripted.session.handle_accepted(scripted.now, ends()) {
            scripted.id = id;
            scripted.poll();
            scripted.receive(&Message::Open(open_of(&theirs_with_n())));
            scripted.receive(&Message::Keepalive);
            accepted += 1;
        }
    }
    assert_eq!((accepted, scripted.session.state()), (19, State::Established));
    assert_eq!(notifications(&scripted), 0);
    let cease = Notification::new(NotificationCode::CEASE, 2);
    scripted.receive(&Message::Notification(cease));
    assert_eq!(scripted.down().1.len(), 2);
}

/// The operator's last word is not one of the storm.
#[test]
fn a_shutdown_is_said_in_a_storm() {
    let mut scripted = Scripted::started(SessionConfig {
        notification_limit: (10, seconds(5)),
        idle_hold_time: (seconds(0), seconds(0)),
        ..config()
    });
    for _ in 0..10 {
        scripted.accept();
        scripted.receive_bytes(&[0; 19]);
        scripted.pass(seconds(0));
    }
    scripted.establish(&open());
    scripted.session.stop_saying(scripted.now, Shutdown::AdministrativeShutdown, "maintenance");
    scripted.poll();
    assert_eq!(code(&scripted.closed_with()).1, 2);
}
