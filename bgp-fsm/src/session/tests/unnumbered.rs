//! Neighbours whose address is learned (RFC 8950 is what makes them useful).

use core::net::{IpAddr, Ipv6Addr};

use bgp_wire::Message;

use super::graceful::{V4, V6, ours as with_restart, theirs as restarting};
use super::scripted::{Scripted, config, open, open_of, seconds};
use crate::{Action, ConnectionId, DownReason, Endpoints, SessionConfig, State, Timer};

fn address(last: u16) -> IpAddr {
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last).into()
}

fn ends(last: u16) -> Endpoints {
    Endpoints { local: (address(1), 179).into(), remote: (address(last), 40000).into() }
}

fn unnumbered() -> SessionConfig {
    SessionConfig { unnumbered: true, ..config() }
}

fn learned(last: u16) -> Scripted {
    let mut scripted = Scripted::started(unnumbered());
    scripted.session.handle_neighbor(scripted.now, Some(address(last)));
    scripted.poll();
    scripted
}

fn connects(scripted: &Scripted) -> alloc::vec::Vec<ConnectionId> {
    let connect = |action: &Action| match action {
        Action::Connect(id) => Some(*id),
        Action::Close(_) => None,
    };
    scripted.actions.iter().filter_map(connect).collect()
}

fn accept(scripted: &mut Scripted, last: u16) {
    scripted.id = scripted.session.handle_accepted(scripted.now, ends(last)).expect("accepted");
    scripted.poll();
}

#[test]
fn it_dials_when_there_is_an_address() {
    let mut scripted = Scripted::started(unnumbered());
    assert_eq!((scripted.session.state(), scripted.session.poll_timeout()), (State::Active, None));
    assert_eq!(scripted.session.neighbor(), None);
    scripted.session.handle_neighbor(scripted.now, Some(address(2)));
    scripted.poll();
    assert_eq!(scripted.session.neighbor(), Some(address(2)));
    // Said again it changes nothing.
    let before = std::format!("{:?}", scripted.session);
    scripted.session.handle_neighbor(seconds(1), Some(address(2)));
    assert_eq!(std::format!("{:?}", scripted.session), before);
    scripted.next_timeout();
    assert_eq!((connects(&scripted).len(), scripted.session.state()), (1, State::Connect));
}

#[test]
fn an_attempt_to_dial_ends_with_the_address() {
    for next in [None, Some(address(3))] {
        let mut scripted = learned(2);
        scripted.next_timeout();
        let [id] = connects(&scripted)[..] else { panic!("{:?}", scripted.actions) };
        scripted.session.handle_neighbor(scripted.now, next);
        scripted.poll();
        assert!(scripted.actions.contains(&Action::Close(id)));
        assert_eq!(scripted.session.state(), State::Active);
        // Too late.
        scripted.session.handle_connected(scripted.now, id, ends(2));
        assert_eq!(scripted.session.state(), State::Active);
        scripted.pass(seconds(10_000));
        assert_eq!(connects(&scripted).len() > 1, next.is_some());
    }
}

#[test]
fn a_pause_before_the_address_is_known() {
    // Idle after an error, the address goes, the pause ends: it waits.
    let mut scripted = learned(2);
    accept(&mut scripted, 2);
    scripted.receive_bytes(&[0; 19]);
    assert_eq!(scripted.session.state(), State::Idle);
    scripted.session.handle_neighbor(scripted.now, None);
    scripted.pass(seconds(100));
    assert_eq!((scripted.session.state(), scripted.session.poll_timeout()), (State::Active, None));
    assert!(connects(&scripted).is_empty());
    scripted.session.handle_neighbor(scripted.now, Some(address(2)));
    assert!(scripted.session.timer_left(Timer::ConnectRetry, scripted.now).is_some());
}

#[test]
fn a_connection_from_another_address_ends() {
    let mut scripted = Scripted::started(unnumbered());
    accept(&mut scripted, 2);
    assert_eq!(scripted.session.neighbor(), Some(address(2)), "learned from it");
    scripted.receive(&Message::Open(open()));
    scripted.receive(&Message::Keepalive);
    assert_eq!(scripted.session.state(), State::Established);
    // That the address is not known any more ends no connection, another one does.
    scripted.session.handle_neighbor(scripted.now, None);
    scripted.session.handle_neighbor(scripted.now, Some(address(2)));
    scripted.poll();
    assert_eq!(scripted.session.state(), State::Established);
    scripted.session.handle_neighbor(scripted.now, Some(address(3)));
    scripted.poll();
    assert_eq!(scripted.down().0, &DownReason::ConnectionLost);
    assert!(scripted.actions.contains(&Action::Close(scripted.id)));
    scripted.next_timeout();
    assert_eq!(connects(&scripted).len(), 1);
}

/// A neighbour whose address changes has most likely restarted.
#[test]
fn routes_stay_when_the_address_changes() {
    let config = SessionConfig { unnumbered: true, ..with_restart() };
    let mut scripted = Scripted::started(config);
    accept(&mut scripted, 2);
    scripted.receive(&Message::Open(open_of(&restarting())));
    scripted.receive(&Message::Keepalive);
    scripted.session.handle_neighbor(scripted.now, Some(address(3)));
    scripted.poll();
    assert_eq!(scripted.down().1, [V4, V6]);
}

#[test]
fn both_connections_end_where_both_have_the_old_address() {
    let mut scripted = learned(2);
    accept(&mut scripted, 2);
    let first = scripted.id;
    accept(&mut scripted, 2);
    scripted.session.handle_neighbor(scripted.now, Some(address(3)));
    scripted.poll();
    for id in [first, scripted.id] {
        assert!(scripted.actions.contains(&Action::Close(id)), "{:?}", scripted.actions);
    }
    assert_eq!(scripted.session.state(), State::Active);
    scripted.next_timeout();
    assert_eq!(connects(&scripted).len(), 1);
}

#[test]
fn other_sessions_take_no_notice() {
    let mut scripted = Scripted::accepted(config());
    let before = std::format!("{:?}", scripted.session);
    scripted.session.handle_neighbor(seconds(1), Some(address(3)));
    scripted.session.handle_neighbor(seconds(1), None);
    assert_eq!(std::format!("{:?}", scripted.session), before);
}

#[test]
fn a_stopped_session_learns_but_does_not_dial() {
    let mut scripted = learned(2);
    scripted.session.stop(scripted.now, crate::Shutdown::AdministrativeShutdown);
    scripted.session.handle_neighbor(scripted.now, Some(address(3)));
    scripted.poll();
    assert_eq!((scripted.session.state(), scripted.session.poll_timeout()), (State::Idle, None));
    scripted.session.start(scripted.now);
    scripted.next_timeout();
    assert_eq!(connects(&scripted).len(), 1);
}

/// A passive one waits whatever it learns.
#[test]
fn a_passive_one_never_dials() {
    let mut scripted = Scripted::started(SessionConfig { passive: true, ..unnumbered() });
    scripted.session.handle_neighbor(scripted.now, Some(address(2)));
    assert_eq!(scripted.session.poll_timeout(), None);
}

/// "It is dialled only while it is, and connections with another address end."
#[test]
fn an_unnumbered_neighbor_is_at_its_address() {
    let mut scripted = Scripted::started(SessionConfig { unnumbered: true, ..config() });
    scripted.session.handle_neighbor(scripted.now, Some([192, 0, 2, 7].into()));
    let Endpoints { local, .. } = ends(7);
    let other = Endpoints { local, remote: ([192, 0, 2, 66], 40000).into() };
    assert_eq!(scripted.session.handle_accepted(scripted.now, other), None);
}
