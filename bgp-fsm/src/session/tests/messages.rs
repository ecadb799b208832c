//! What is answered to what: NOTIFICATIONs out and in, negotiation, routes.

use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::{
    Capabilities, Capability, Disposition, Family, Message, MessageType, NextHop, Notification,
    NotificationCode, Open, OrfUpdate, Origin, RefreshSubtype, RouteRefresh, UpdateWriter,
    WhenToRefresh, subcode,
};
use bytes::BytesMut;
use ipnet::IpNet;

use super::scripted::{LOCAL_AS, REMOTE_AS, Scripted, code, config, open, raw, seconds};
use crate::offer::Refused;
use crate::{Action, DownReason, Event, FamilyConfig, Shutdown, State};

fn answer_to_open(change: impl FnOnce(&mut Open)) -> (u8, u8, Vec<u8>) {
    answer_to_open_of(change, config())
}

fn answer_to_open_of(
    change: impl FnOnce(&mut Open),
    config: crate::SessionConfig,
) -> (u8, u8, Vec<u8>) {
    let mut scripted = Scripted::in_state(State::OpenSent, config);
    let mut open = open();
    change(&mut open);
    scripted.receive(&Message::Open(open));
    assert!(matches!(scripted.events[..], [Event::Down { reason: DownReason::Malformed(_), .. }]));
    code(&scripted.closed_with())
}

#[test]
fn rfc4271_6_2_open_errors() {
    let set_as = |asn: u16| {
        move |open: &mut Open| {
            *open = Open { my_as: asn, capabilities: Capabilities::default(), ..open.clone() }
        }
    };
    assert_eq!(answer_to_open(set_as(65003)), (2, 2, Vec::new()));
    assert_eq!(answer_to_open(set_as(0)), (2, 2, Vec::new()));
    assert_eq!(answer_to_open(|open| open.bgp_identifier = [0; 4].into()), (2, 3, Vec::new()));
    assert_eq!(answer_to_open(|open| open.hold_time = 1), (2, 6, Vec::new()));
    assert_eq!(answer_to_open(|open| open.hold_time = 2), (2, 6, Vec::new()));

    let mut version = Message::Open(open()).to_bytes().to_vec();
    version[19] = 3;
    let mut scripted = Scripted::in_state(State::OpenSent, config());
    scripted.receive_bytes(&version);
    assert_eq!(code(&scripted.closed_with()), (2, 1, Vec::from([0, 4])));

    // An optional parameter that is not known, and one whose length is wrong.
    for (parameters, subcode) in [(&[3, 99, 1, 0][..], 4), (&[2, 2, 5][..], 0)] {
        let mut body = Vec::from([4, 0xfd, 0xea, 0, 90, 192, 0, 2, 2]);
        body.extend(parameters);
        let mut scripted = Scripted::in_state(State::OpenSent, config());
        scripted.receive_bytes(&raw(1, &body));
        assert_eq!(code(&scripted.closed_with()), (2, subcode, Vec::new()));
    }
}

/// RFC 6286 §2.2: the same identifier is wrong inside an AS only.
#[test]
fn rfc6286_2_2_identifier() {
    let same = |open: &mut Open| open.bgp_identifier = config().router_id;
    let internal = crate::SessionConfig { local_as: REMOTE_AS, ..config() };
    assert_eq!(answer_to_open_of(same, internal), (2, 3, Vec::new()));
    let mut scripted = Scripted::in_state(State::OpenSent, config());
    let mut open = open();
    same(&mut open);
    scripted.receive(&Message::Open(open));
    assert_eq!(scripted.session.state(), State::OpenConfirm);
}

#[test]
fn any_external_neighbour() {
    let any = crate::SessionConfig { remote_as: crate::RemoteAs::External, ..config() };
    let ours = |open: &mut Open| {
        *open = Open::new(LOCAL_AS, 90, open.bgp_identifier, Capabilities::default());
    };
    assert_eq!(answer_to_open_of(ours, any.clone()), (2, 2, Vec::new()));
    let scripted = Scripted::in_state(State::Established, any);
    let (_, negotiated) = scripted.session.established().expect("established");
    assert_eq!(negotiated.remote_as, REMOTE_AS);
    assert!(!negotiated.is_internal());
}

/// RFC 5492 §3: the data are the capabilities that are needed.
#[test]
fn rfc5492_3_no_common_family() {
    let mut wanted = config();
    wanted.families = Vec::from([Family::IPV6_UNICAST.into()]);
    let expected = (2, 7, Vec::from([1, 4, 0, 2, 0, 1]));
    assert_eq!(answer_to_open_of(|_| (), wanted), expected);
}

#[test]
fn rfc4271_6_1_header_errors() {
    let mut marker = raw(4, &[]);
    marker[3] = 0;
    let mut long = raw(2, &[0; 100]);
    (long[16], long[17]) = (0xff, 0xff);
    for state in [State::OpenSent, State::OpenConfirm, State::Established] {
        for (bytes, expected) in [
            (&marker, (1, 1, Vec::new())),
            (&raw(9, &[]), (1, 3, Vec::from([9]))),
            (&raw(4, &[0]), (1, 2, Vec::from([0, 20]))),
            (&long, (1, 2, Vec::from([0xff, 0xff]))),
        ] {
            let mut scripted = Scripted::in_state(state, config());
            let left = scripted.receive_bytes(bytes);
            assert_eq!(code(&scripted.closed_with()), expected, "{state}");
            assert!(left.is_empty(), "what follows an error means nothing");
        }
    }
}

/// RFC 8654 §4: long ones when both have said so, and only once the session is up.
#[test]
fn rfc8654_extended_messages() {
    let extended = crate::SessionConfig { extended_message: true, ..config() };
    let mut update = raw(2, &[0; 4]);
    // Attributes of 60,000 octets, all of one that is not known.
    let attribute = [&[0xd0, 200, 0xea, 0x5c][..], &[0; 59_996]].concat();
    update.truncate(19);
    update.extend([0, 0, 0xea, 0x60]);
    update.extend(attribute);
    let length = u16::try_from(update.len()).expect("fits").to_be_bytes();
    update[16..18].copy_from_slice(&length);
    let mut scripted = Scripted::in_state(State::Established, extended.clone());
    assert!(scripted.receive_bytes(&update).is_empty());
    assert!(matches!(scripted.events[..], [Event::Established(_), Event::Update(_)]));
    let mut scripted = Scripted::in_state(State::OpenConfirm, extended);
    scripted.receive_bytes(&update);
    assert_eq!(code(&scripted.closed_with()), (1, 2, length.to_vec()));
}

/// RFC 6608 §4: the data is the type of the message.
#[test]
fn rfc6608_4_unexpected_messages() {
    let refresh = Message::RouteRefresh(RouteRefresh::request(Family::IPV4_UNICAST));
    let end_of_rib = raw(2, &[0; 4]);
    let malformed = raw(2, &[0xff; 4]);
    let bytes = |message: &Message| message.to_bytes().to_vec();
    let opens = bytes(&Message::Open(open()));
    for (state, subcode, messages) in [
        (
            State::OpenSent,
            1,
            &[bytes(&Message::Keepalive), end_of_rib.clone(), malformed.clone(), bytes(&refresh)][..],
        ),
        (State::OpenConfirm, 2, &[opens.clone(), end_of_rib, malformed, bytes(&refresh)]),
        // Also one that is wrong in itself.
        (State::Established, 3, &[opens, raw(1, &[0; 10])]),
    ] {
        for message in messages {
            let mut scripted = Scripted::in_state(state, config());
            scripted.receive_bytes(message);
            let expected = (5, subcode, Vec::from([message[18]]));
            assert_eq!(code(&scripted.closed_with()), expected, "{state}");
        }
    }
}

#[test]
fn rfc4271_6_3_update_errors() {
    let mut scripted = Scripted::in_state(State::Established, config());
    scripted.receive_bytes(&raw(2, &[0, 0, 0, 9]));
    assert_eq!(code(&scripted.closed_with()), (3, 1, Vec::new()));
    // ORIGIN 7
    let mut scripted = Scripted::in_state(State::Established, config());
    scripted.receive_bytes(&raw(2, &[0, 0, 0, 4, 0x40, 1, 1, 7]));
    assert_eq!(code(&scripted.closed_with()), (3, 6, Vec::from([0x40, 1, 1, 7])));
    let error = scripted.session.last_error().expect("noted");
    assert_eq!(error.reason.to_string(), "BGP Error: Invalid ORIGIN attribute");
}

/// RFC 7606 §2: the session goes on, and the event tells what is left of the message.
#[test]
fn rfc7606_2_treat_as_withdraw_keeps_the_session() {
    let mut scripted = Scripted::in_state(State::Established, config());
    scripted.events.clear();
    // 10.0.0.0/8 with ORIGIN 7, and nothing else
    scripted.receive_bytes(&raw(2, &[0, 0, 0, 4, 0x40, 1, 1, 7, 8, 10]));
    assert_eq!(scripted.session.state(), State::Established);
    let [Event::Update(update)] = &scripted.events[..] else { panic!("{:?}", scripted.events) };
    assert_eq!(update.disposition(), Some(Disposition::TreatAsWithdraw));
    assert_eq!((update.reach().count(), update.unreach().count()), (0, 1));
}

/// RFC 7606 §3 j leaves the choice between the family and the session: here it is the session.
#[test]
fn rfc7606_3_j_routes_that_do_not_parse_end_the_session() {
    let mut scripted = Scripted::in_state(State::Established, config());
    let unreach = [0x80, 15, 9, 0, 1, 1, 33, 1, 2, 3, 4, 5];
    let body = [&[0, 0, 0, 12][..], &unreach].concat();
    scripted.receive_bytes(&raw(2, &body));
    assert_eq!(code(&scripted.closed_with()), (3, 9, unreach.to_vec()));
}

#[test]
fn rfc4271_6_5_hold_timer_expired() {
    for (state, hold) in
        [(State::OpenSent, 240), (State::OpenConfirm, 240), (State::Established, 240)]
    {
        let mut scripted = Scripted::in_state(state, config());
        scripted.run_until(seconds(hold - 1));
        assert_eq!(scripted.session.state(), state);
        assert_eq!(scripted.session.hold_timer_left(scripted.now), Some(seconds(1)));
        scripted.run_until(seconds(hold));
        assert_eq!(code(&scripted.closed_with()), (4, 0, Vec::new()));
        let error = scripted.session.last_error().expect("noted");
        assert_eq!((error.at, scripted.session.state()), (seconds(hold), State::Idle));
    }
}

/// RFC 4486 §3
#[test]
fn every_shutdown_has_its_cease() {
    for (why, subcode) in [
        (Shutdown::MaximumPrefixes(None), 1),
        (Shutdown::AdministrativeShutdown, 2),
        (Shutdown::DeConfigured, 3),
        (Shutdown::AdministrativeReset, 4),
        (Shutdown::OtherConfigurationChange, 6),
        (Shutdown::OutOfResources, 8),
    ] {
        for state in [State::OpenSent, State::OpenConfirm, State::Established] {
            let mut scripted = Scripted::in_state(state, config());
            scripted.session.stop(scripted.now, why);
            scripted.poll();
            assert_eq!(code(&scripted.closed_with()), (6, subcode, Vec::new()));
            assert_eq!(scripted.down(), (&DownReason::Stopped(why), &[][..]));
            assert_eq!(scripted.session.state(), State::Idle);
            assert_eq!(scripted.session.poll_timeout(), None, "it stays stopped");
            assert_eq!(
                scripted.session.handle_accepted(scripted.now, super::scripted::ends()),
                None
            );
        }
    }
    let mut scripted = Scripted::in_state(State::Established, config());
    scripted.session.stop(scripted.now, Shutdown::LinkDown);
    scripted.poll();
    assert!(scripted.sent.is_empty());
    assert!(scripted.actions.contains(&Action::Close(scripted.id)));
}

/// RFC 4271 §6.4: whatever is in it, it is not answered.
#[test]
fn rfc4271_6_4_notifications_are_not_answered() {
    for state in [State::OpenSent, State::OpenConfirm, State::Established] {
        for (code, subcode) in [(1, 1), (2, 1), (3, 9), (4, 0), (5, 0), (6, 2), (99, 99)] {
            let mut scripted = Scripted::in_state(state, config());
            let notification = Notification::new(NotificationCode(code), subcode);
            scripted.receive(&Message::Notification(notification.clone()));
            assert!(scripted.sent.is_empty());
            assert!(scripted.actions.contains(&Action::Close(scripted.id)));
            let reason = DownReason::Received(notification);
            let down = Event::Down { reason, retained: Default::default() };
            assert_eq!(scripted.events.last(), Some(&down));
        }
    }
}

/// A NOTIFICATION may be the first word (SendNOTIFICATIONwithoutOPEN).
#[test]
fn an_error_while_the_open_is_held_back_is_answered() {
    let delayed = crate::SessionConfig { delay_open_time: seconds(10), ..config() };
    let mut scripted = Scripted::accepted(delayed);
    assert!(scripted.sent.is_empty());
    scripted.receive(&Message::Open(Open { bgp_identifier: [0; 4].into(), ..open() }));
    assert_eq!(code(&scripted.closed_with()), (2, 3, Vec::new()));
}

#[test]
fn what_is_negotiated() {
    let mut wanted = config();
    wanted.families =
        Vec::from([Family::IPV6_UNICAST, Family::IPV4_UNICAST].map(FamilyConfig::new));
    wanted.families[1].extended_next_hop = true;
    wanted.extended_message = true;
    wanted.hold_time = seconds(30);
    wanted.keepalive_time = Some(seconds(4));
    let mut scripted = Scripted::accepted(wanted.clone());
    let mut remote = crate::SessionConfig::new(REMOTE_AS, None, [192, 0, 2, 2].into());
    remote.families =
        Vec::from([Family::IPV4_UNICAST, Family::IPV6_UNICAST].map(FamilyConfig::new));
    remote.route_refresh = false;
    remote.families[0].extended_next_hop = true;
    scripted.receive(&Message::Open(remote.open(&Refused::Nothing, false)));
    scripted.receive(&Message::Keepalive);
    let Some(Event::Established(negotiated)) = scripted.events.pop() else {
        panic!("not established")
    };
    assert_eq!(negotiated.families[..], [Family::IPV6_UNICAST, Family::IPV4_UNICAST]);
    assert_eq!(negotiated.extended_next_hop[..], [Family::IPV4_UNICAST]);
    assert_eq!((negotiated.hold_time, negotiated.keepalive_time), (seconds(30), seconds(4)));
    assert!(negotiated.send.four_octet_as && negotiated.receive.four_octet_as);
    assert!(!negotiated.send.extended_message && !negotiated.route_refresh);
    assert_eq!(negotiated.remote_id.octets(), [192, 0, 2, 2]);
    assert!(!scripted.session.request_refresh(scripted.now, Family::IPV4_UNICAST));
}

/// RFC 4760 §8 and RFC 6793 §4.2.3: a neighbour that knows nothing of all this.
#[test]
fn a_neighbour_without_capabilities() {
    let mut wanted = config();
    wanted.families =
        Vec::from([Family::IPV6_UNICAST, Family::IPV4_UNICAST].map(FamilyConfig::new));
    let mut scripted = Scripted::accepted(wanted);
    let plain = Open { capabilities: Capabilities::default(), hold_time: 0, ..open() };
    scripted.receive(&Message::Open(plain));
    scripted.receive(&Message::Keepalive);
    let (_, negotiated) = scripted.session.established().expect("established");
    assert_eq!(negotiated.families[..], [Family::IPV4_UNICAST]);
    let external = bgp_wire::Context { external: true, ..bgp_wire::Context::default() };
    assert_eq!(negotiated.send, external);
    assert_eq!((negotiated.hold_time, negotiated.keepalive_time), (Duration::ZERO, Duration::ZERO));
    assert_eq!(scripted.session.poll_timeout(), None);
}

fn routes(write: impl FnOnce(&mut UpdateWriter<'_>)) -> Vec<u8> {
    let mut out = BytesMut::new();
    let context = bgp_wire::Context { four_octet_as: true, ..Default::default() };
    write(&mut UpdateWriter::new(&mut out, &context));
    out.to_vec()
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

#[test]
fn routes_of_other_families_are_dropped() {
    let mut attributes = bgp_wire::PathAttributes::default();
    attributes.origin(Origin::Igp).as_path(&bgp_wire::AsPathBuilder::default());
    let next_hop = NextHop::V6("2001:db8::1".parse().expect("an address"), None);
    let ipv6 = routes(|writer| {
        let nets = [net("2001:db8::/32")];
        writer.announce(attributes.view(), Family::IPV6_UNICAST, &next_hop, nets).expect("fits");
    });
    let withdrawn = routes(|writer| writer.withdraw(Family::IPV6_UNICAST, [net("2001:db8::/32")]));
    let marker = routes(|writer| writer.end_of_rib(Family::IPV6_UNICAST));
    let mut scripted = Scripted::in_state(State::Established, config());
    scripted.events.clear();
    for message in [&ipv6, &withdrawn, &marker] {
        scripted.receive_bytes(message);
    }
    assert_eq!(scripted.session.state(), State::Established);
    assert!(scripted.events.is_empty() && scripted.sent.is_empty());

    // One message with routes of both families: what was negotiated is kept.
    let mut both = ipv6;
    both.splice(19..21, [0, 2, 8, 10]);
    both.extend([16, 172, 16]);
    let length = u16::try_from(both.len()).expect("short").to_be_bytes();
    both[16..18].copy_from_slice(&length);
    // NEXT_HOP, for the classic routes
    let attributes = usize::from(u16::from_be_bytes([both[23], both[24]]));
    let hop = [0x40, 3, 4, 192, 0, 2, 2];
    both.splice(25 + attributes..25 + attributes, hop);
    both[23..25].copy_from_slice(&u16::try_from(attributes + 7).expect("short").to_be_bytes());
    let length = u16::try_from(both.len()).expect("short").to_be_bytes();
    both[16..18].copy_from_slice(&length);
    scripted.receive_bytes(&both);
    let [Event::Update(update)] = &scripted.events[..] else { panic!("{:?}", scripted.events) };
    let announced: Vec<_> = update.reach().flat_map(|reach| reach.nlri.prefixes()).collect();
    let withdrawn: Vec<_> = update.unreach().flat_map(|unreach| unreach.nlri.prefixes()).collect();
    assert_eq!(
        (announced, withdrawn),
        (Vec::from([net("172.16.0.0/16")]), Vec::from([net("10.0.0.0/8")]))
    );

    // And the other way round.
    let mut wanted = config();
    wanted.families = Vec::from([Family::IPV6_UNICAST.into()]);
    let mut scripted = Scripted::accepted(wanted);
    let mut open = open();
    open.capabilities.push(Capability::Multiprotocol(Family::IPV6_UNICAST));
    scripted.receive(&Message::Open(open));
    scripted.receive(&Message::Keepalive);
    scripted.events.clear();
    scripted.receive_bytes(&both);
    let [Event::Update(update)] = &scripted.events[..] else { panic!("{:?}", scripted.events) };
    let announced: Vec<_> = update.reach().flat_map(|reach| reach.nlri.prefixes()).collect();
    assert_eq!((announced, update.unreach().count()), (Vec::from([net("2001:db8::/32")]), 0));
}

#[test]
fn route_refresh_both_ways() {
    let mut scripted = Scripted::in_state(State::Established, config());
    scripted.events.clear();
    let ask =
        |family, subtype| Message::RouteRefresh(RouteRefresh::new(family, RefreshSubtype(subtype)));
    scripted.receive(&ask(Family::IPV4_UNICAST, 0));
    // A family that was not negotiated, and what RFC 7313 has.
    scripted.receive(&ask(Family::IPV6_UNICAST, 0));
    scripted.receive(&ask(Family::IPV4_UNICAST, 1));
    scripted.receive(&ask(Family::IPV4_UNICAST, 77));
    let wanted = RouteRefresh::request(Family::IPV4_UNICAST);
    assert_eq!(scripted.events, [Event::RouteRefresh(wanted.clone())]);
    assert!(scripted.session.request_refresh(scripted.now, Family::IPV4_UNICAST));
    assert!(!scripted.session.request_refresh(scripted.now, Family::IPV6_UNICAST));
    scripted.poll();
    assert_eq!(scripted.sent, [Message::RouteRefresh(wanted)]);
}

/// RFC 5291 §6: filters that were not negotiated are ignored, but routes are wanted at once or later.
#[test]
fn a_request_with_filters() {
    let mut scripted = Scripted::in_state(State::Established, config());
    scripted.events.clear();
    let ask = |when| {
        let orf = Some(OrfUpdate { when, filters: Vec::new() });
        RouteRefresh { orf, ..RouteRefresh::request(Family::IPV4_UNICAST) }
    };
    scripted.receive(&Message::RouteRefresh(ask(WhenToRefresh::DEFER)));
    assert_eq!(scripted.events, []);
    scripted.receive(&Message::RouteRefresh(ask(WhenToRefresh::IMMEDIATE)));
    assert_eq!(scripted.events, [Event::RouteRefresh(ask(WhenToRefresh::IMMEDIATE))]);
}

/// RFC 5492 §3, both codes; then with them again.
#[test]
fn capabilities_are_left_out_when_they_are_refused() {
    use subcode::open::{UNSUPPORTED_CAPABILITY, UNSUPPORTED_OPTIONAL_PARAMETER};
    for subcode in [UNSUPPORTED_OPTIONAL_PARAMETER, UNSUPPORTED_CAPABILITY] {
        let refusal =
            Message::Notification(Notification::new(NotificationCode::OPEN_MESSAGE, subcode));
        let mut scripted = Scripted::in_state(State::OpenSent, config());
        scripted.receive(&refusal);
        assert_eq!(scripted.session.state(), State::Active, "no pause");
        scripted.accept();
        let Some(Message::Open(plain)) = scripted.sent.pop() else { panic!("no OPEN") };
        assert_eq!(plain.capabilities, Capabilities::default());
        assert_eq!(u32::from(plain.my_as), LOCAL_AS);
        // It does not go on for ever.
        scripted.receive(&refusal);
        assert_eq!(scripted.session.state(), State::Idle);
        scripted.run_until(seconds(60));
        scripted.accept();
        let Some(Message::Open(full)) = scripted.sent.pop() else { panic!("no OPEN") };
        assert_ne!(full.capabilities, Capabilities::default());
    }
}

#[test]
fn statistics_count_by_type() {
    let mut scripted = Scripted::in_state(State::Established, config());
    scripted.now = seconds(1);
    scripted.receive_bytes(&raw(2, &[0; 4]));
    scripted.session.update_sent(scripted.now, 7);
    let statistics = scripted.session.statistics().clone();
    assert_eq!((statistics.received.opens, statistics.received.updates), (1, 1));
    assert_eq!(
        (statistics.sent.opens, statistics.sent.keepalives, statistics.sent.updates),
        (1, 1, 7)
    );
    assert_eq!((statistics.sent.total(), statistics.received.total()), (9, 3));
    assert_eq!((statistics.established, statistics.since), (1, Some(Duration::ZERO)));
    assert_eq!(scripted.session.endpoints(), Some(super::scripted::ends()));
    scripted.session.stop(scripted.now, Shutdown::AdministrativeShutdown);
    assert_eq!(scripted.session.statistics().since, None);
    assert_eq!(scripted.session.statistics().sent.notifications, 1);
    assert_eq!(MessageType::OPEN.0, 1);
}

/// RFC 7606 §3 j: routes of a negotiated family that do not parse end the session, also behind those of another
/// family that do not parse either, which may be ignored (RFC 4760 §7).
#[test]
fn rfc7606_3_j_a_flaw_of_a_foreign_family_does_not_hide_one_of_ours() {
    let reach = [&[0x80, 14, 22, 0, 2, 1, 16][..], &[1; 16], &[0, 200]].concat();
    let unreach = [0x80, 15, 4, 0, 1, 1, 33];
    for (attributes, ends) in [(reach.clone(), false), ([&reach[..], &unreach].concat(), true)] {
        let mut scripted = Scripted::in_state(State::Established, config());
        let length = u8::try_from(attributes.len()).expect("short");
        scripted.receive_bytes(&raw(2, &[&[0, 0, 0, length][..], &attributes].concat()));
        assert_eq!(scripted.session.state() != State::Established, ends);
    }
}
