//! Input that no well-meaning neighbour would send.

use alloc::vec::Vec;

use bgp_wire::{Family, Message, UpdateWriter};
use bytes::BytesMut;
use proptest::collection::vec;
use proptest::prelude::*;

use super::scripted::{Scripted, config, ends, open, seconds};
use crate::session::MOST_EVENTS;
use crate::{Event, SessionConfig, State};

fn end_of_rib(count: usize) -> Vec<u8> {
    let mut out = BytesMut::new();
    for _ in 0..count {
        let context = bgp_wire::Context::default();
        UpdateWriter::new(&mut out, &context).end_of_rib(Family::IPV4_UNICAST);
    }
    out.to_vec()
}

#[test]
fn one_byte_at_a_time() {
    let mut scripted = Scripted::accepted(config());
    let mut bytes = Message::Open(open()).to_bytes().to_vec();
    bytes.extend(Message::Keepalive.to_bytes());
    bytes.extend(end_of_rib(3));
    let mut buffer = BytesMut::new();
    for byte in bytes {
        buffer.extend_from_slice(&[byte]);
        scripted.session.handle_input(scripted.now, scripted.id, &mut buffer);
        scripted.poll();
    }
    assert!(buffer.is_empty());
    assert!(matches!(scripted.events[0], Event::Established(_)));
    assert_eq!(scripted.events.len(), 4);
}

#[test]
fn a_message_that_never_ends_is_left_in_the_buffer() {
    let mut scripted = Scripted::in_state(State::Established, config());
    let half = &end_of_rib(1)[..22];
    assert_eq!(scripted.receive_bytes(half), half);
    scripted.run_until(seconds(240));
    assert_eq!(scripted.session.state(), State::Idle, "HoldTimer");
}

#[test]
fn a_flood_waits_outside() {
    let mut scripted = Scripted::in_state(State::Established, config());
    let mut buffer = BytesMut::from(&end_of_rib(10_000)[..]);
    let mut rounds = 0;
    while !buffer.is_empty() {
        scripted.session.handle_input(scripted.now, scripted.id, &mut buffer);
        assert!(scripted.session.events.len() <= MOST_EVENTS);
        scripted.events.clear();
        scripted.poll();
        rounds += 1;
    }
    assert_eq!(rounds, 10_000_usize.div_ceil(MOST_EVENTS));
}

#[test]
fn numbers_that_are_not_known_have_no_effect() {
    let mut scripted = Scripted::in_state(State::Established, config());
    let (now, before) = (scripted.now, std::format!("{:?}", scripted.session));
    for id in [0, 99].map(crate::ConnectionId) {
        scripted.session.handle_connected(now, id, ends());
        scripted.session.handle_disconnected(now, id);
        scripted.session.handle_connect_failed(now, id, "text");
        let mut data = BytesMut::from(&[0; 100][..]);
        scripted.session.handle_input(now, id, &mut data);
        assert!(data.is_empty());
    }
    scripted.session.handle_connected(now, scripted.id, ends());
    assert_eq!(std::format!("{:?}", scripted.session), before);
}

#[test]
fn two_connections_and_not_more() {
    let mut scripted = Scripted::accepted(config());
    scripted.accept();
    assert_eq!(scripted.session.handle_accepted(scripted.now, ends()), None);
    let scripted = Scripted::in_state(State::Established, config());
    assert_eq!(scripted.session.clone().handle_accepted(scripted.now, ends()), None);
}

/// What a test may do to a session, by number.
fn act(scripted: &mut Scripted, what: u8, bytes: &[u8]) {
    let now = scripted.now;
    match what % 12 {
        0 => scripted.session.start(now),
        1 => scripted.session.stop(now, crate::Shutdown::AdministrativeShutdown),
        2 => scripted.session.reset(now, crate::Shutdown::MaximumPrefixes(None)),
        3 | 4 => {
            if let Some(id) = scripted.session.handle_accepted(now, ends()) {
                scripted.id = id;
            }
        }
        5 => scripted.session.handle_disconnected(now, scripted.id),
        6 => {
            let connect = scripted.actions.iter().rev().find_map(|action| match action {
                crate::Action::Connect(id) => Some(*id),
                crate::Action::Close(_) => None,
            });
            if let Some(id) = connect {
                scripted.id = id;
                scripted.session.handle_connected(now, id, ends());
            }
        }
        7 => scripted.receive(&Message::Open(open())),
        8 => scripted.receive(&Message::Keepalive),
        9 => {
            if scripted.session.poll_timeout().is_some() {
                scripted.next_timeout();
            }
        }
        10 => {
            // A good header, so that it gets further.
            let mut message = Vec::from([0xff; 16]);
            message.extend([0, 19 + bytes.len() as u8, 1 + what / 12 % 5]);
            message.extend(bytes);
            scripted.receive_bytes(&message);
        }
        _ => drop(scripted.receive_bytes(bytes)),
    }
    scripted.poll();
}

proptest! {
    /// Whatever is done in whatever order: no panic, and every number ends at most once.
    #[test]
    fn anything_goes(
        steps in vec((any::<u8>(), vec(any::<u8>(), 0..60)), 0..60),
        delay_open in 0..2_u64,
        connect_delay in 0..2_u64,
    ) {
        let mut scripted = Scripted::started(SessionConfig {
            delay_open_time: seconds(delay_open),
            connect_delay_time: seconds(connect_delay),
            ..config()
        });
        for (what, bytes) in steps {
            act(&mut scripted, what, &bytes);
            let session = &scripted.session;
            prop_assert!(session.transmit.is_empty() && session.actions.is_empty());
            let established = session.connections.iter().filter(|one| one.state == State::Established);
            prop_assert!(established.count() <= 1);
            prop_assert_eq!(session.state() == State::Established, session.statistics().since.is_some());
        }
        scripted.session.stop(scripted.now, crate::Shutdown::DeConfigured);
        scripted.poll();
        let mut closed: Vec<_> = scripted.actions.iter().filter(|action| matches!(action, crate::Action::Close(_))).collect();
        let before = closed.len();
        closed.sort_by_key(|action| std::format!("{action:?}"));
        closed.dedup();
        prop_assert_eq!(before, closed.len());
        let accepted_or_dialled = scripted.session.next_id;
        prop_assert_eq!(before as u64, accepted_or_dialled, "every number is closed");
        // Established and Down take turns.
        let mut up = false;
        for event in &scripted.events {
            match event {
                Event::Established(_) => {
                    prop_assert!(!up);
                    up = true;
                }
                Event::Down { .. } => up = false,
                Event::Update(_) | Event::RouteRefresh(_) | Event::Filters(..) => prop_assert!(up),
                Event::Stale(..) => {}
            }
        }
        prop_assert!(!up);
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..300), state in 0..3_usize) {
        let state = [State::OpenSent, State::OpenConfirm, State::Established][state];
        let mut scripted = Scripted::in_state(state, config());
        scripted.receive_bytes(&bytes);
    }
}
