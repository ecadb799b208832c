//! Roles (RFC 9234).

use alloc::vec::Vec;

use bgp_wire::{Capability, Message, Open, Role};

use super::scripted::{LOCAL_AS, REMOTE_AS, Scripted, code, config, open};
use crate::{RemoteAs, SessionConfig, State};

const ROLES: [Role; 5] =
    [Role::PROVIDER, Role::ROUTE_SERVER, Role::ROUTE_SERVER_CLIENT, Role::CUSTOMER, Role::PEER];

fn with(role: Option<Role>, strict_role: bool) -> SessionConfig {
    SessionConfig { role, strict_role, ..config() }
}

fn open_with(roles: &[Role]) -> Open {
    let mut open = open();
    roles.iter().for_each(|role| open.capabilities.push(Capability::Role(*role)));
    open
}

/// Whether the session comes up; if not, with the NOTIFICATION of the RFC.
fn accepted(config: SessionConfig, open: Open) -> bool {
    let mut scripted = Scripted::in_state(State::OpenSent, config);
    let role = scripted.session.config().role;
    scripted.receive(&Message::Open(open));
    if scripted.session.state() != State::OpenConfirm {
        assert_eq!(code(&scripted.closed_with()), (2, 11, Vec::new()));
        return false;
    }
    scripted.receive(&Message::Keepalive);
    assert_eq!(scripted.session.established().expect("up").1.role, role);
    true
}

/// Table 2
#[test]
fn rfc9234_4_2_allowed_pairs() {
    for local in 0..=4 {
        for remote in 0..=255 {
            let allowed = [(0, 3), (3, 0), (1, 2), (2, 1), (4, 4)].contains(&(local, remote));
            for strict in [false, true] {
                let config = with(Some(Role(local)), strict);
                assert_eq!(accepted(config, open_with(&[Role(remote)])), allowed);
            }
        }
    }
}

#[test]
fn rfc9234_4_2_a_neighbor_that_does_not_say() {
    for role in ROLES {
        assert!(accepted(with(Some(role), false), open()));
        assert!(!accepted(with(Some(role), true), open()), "strict mode");
    }
}

#[test]
fn rfc9234_4_2_several() {
    let config = || with(Some(Role::PROVIDER), false);
    assert!(accepted(config(), open_with(&[Role::CUSTOMER, Role::CUSTOMER])), "all the same");
    assert!(!accepted(config(), open_with(&[Role::CUSTOMER, Role::PEER])));
    assert!(!accepted(config(), open_with(&[Role::PEER, Role::CUSTOMER])));
}

/// "If the BGP Role Capability is advertised": where none is configured there is nothing to compare.
#[test]
fn rfc9234_4_2_none_is_configured() {
    for strict in [false, true] {
        for role in ROLES {
            assert!(accepted(with(None, strict), open_with(&[role])));
        }
        assert!(accepted(with(None, strict), open()));
    }
}

#[test]
fn rfc9234_4_1_it_is_offered_on_external_sessions() {
    let offers = |remote_as, asn| {
        let role = Some(Role::CUSTOMER);
        let config =
            SessionConfig { remote_as, local_as: asn, role, strict_role: true, ..config() };
        let mut scripted = Scripted::accepted(config);
        let Some(Message::Open(sent)) = scripted.sent.pop() else { panic!("no OPEN") };
        // Inside an AS nothing is made of a role, not even in strict mode.
        scripted.receive(&Message::Open(open()));
        let internal = asn == REMOTE_AS;
        assert_eq!(scripted.session.state() == State::OpenConfirm, internal);
        if internal {
            scripted.receive(&Message::Keepalive);
            assert_eq!(scripted.session.established().expect("up").1.role, None);
        }
        sent.capabilities.role()
    };
    assert_eq!(offers(RemoteAs::Is(REMOTE_AS), LOCAL_AS), Some(Role::CUSTOMER));
    assert_eq!(offers(RemoteAs::External, LOCAL_AS), Some(Role::CUSTOMER));
    assert_eq!(offers(RemoteAs::Any, LOCAL_AS), Some(Role::CUSTOMER));
    assert_eq!(offers(RemoteAs::Internal, REMOTE_AS), None);
    assert_eq!(offers(RemoteAs::Is(REMOTE_AS), REMOTE_AS), None);
    // It may be external: that shows only with the neighbour's OPEN.
    assert_eq!(offers(RemoteAs::Any, REMOTE_AS), Some(Role::CUSTOMER));
}
