//! What is offered, and what becomes of two offers.

use alloc::vec::Vec;

use bgp_wire::{
    AddPathDirection, Capabilities, Capability, CapabilityCode, Context, Family, Message,
    Notification, NotificationCode, Open, Origin, PathAttributes, UpdateWriter,
};
use bytes::{Bytes, BytesMut};

use super::graceful::{V4, V6};
use super::scripted::{
    LOCAL_AS, REMOTE_AS, Scripted, code, config, neighbor, open, open_of, raw, seconds,
};
use crate::negotiate::{Negotiated, negotiate};
use crate::{Event, FamilyConfig, RemoteAs, SessionConfig, State};

fn ours() -> SessionConfig {
    let mut config = config();
    config.families = [V4, V6].map(FamilyConfig::new).into();
    config
}

fn agreed(config: SessionConfig, open: &Open) -> Negotiated {
    let scripted = Scripted::established(config, open);
    scripted.session.established().expect("up").1.clone()
}

/// The NOTIFICATION to this OPEN.
fn refusal(config: SessionConfig, open: Open) -> (u8, u8, Vec<u8>) {
    let mut scripted = Scripted::in_state(State::OpenSent, config);
    scripted.receive(&Message::Open(open));
    code(&scripted.closed_with())
}

/// The OPEN of the next connection.
fn next_open(scripted: &mut Scripted) -> Open {
    scripted.accept();
    match scripted.sent.pop() {
        Some(Message::Open(open)) => open,
        other => panic!("{other:?} instead of an OPEN"),
    }
}

fn unsupported(capabilities: &[Capability]) -> Message {
    let data = Capabilities::from_iter(capabilities.iter().cloned()).to_bytes();
    Message::Notification(Notification::with_data(NotificationCode::OPEN_MESSAGE, 7, data))
}

#[test]
fn rfc4760_8_families_of_both() {
    let families = |config: SessionConfig, open: &SessionConfig| {
        agreed(config, &open_of(open)).families.to_vec()
    };
    assert_eq!(families(ours(), &neighbor(&[V6, V4])), [V4, V6], "in our order");
    assert_eq!(families(ours(), &neighbor(&[V6])), [V6]);
    assert_eq!(families(ours(), &neighbor(&[Family::IPV4_MULTICAST, V4])), [V4]);
    let expected = (2, 7, Vec::from([1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1]));
    assert_eq!(refusal(ours(), open_of(&neighbor(&[Family::IPV4_MULTICAST]))), expected);
}

#[test]
fn rfc5492_3_a_family_that_is_required() {
    let mut config = ours();
    config.families[1].required = true;
    let expected = (2, 7, Vec::from([1, 4, 0, 2, 0, 1]));
    assert_eq!(refusal(config.clone(), open_of(&neighbor(&[V4]))), expected);
    assert_eq!(agreed(config, &open_of(&neighbor(&[V6]))).families[..], [V6]);
}

/// "The message MUST contain the capability or capabilities that cause the speaker to send the message."
#[test]
fn rfc5492_3_capabilities_that_are_required() {
    let mut config = ours();
    let (refresh, unknown) = (CapabilityCode::ROUTE_REFRESH, CapabilityCode(200));
    config.required = Vec::from([refresh, CapabilityCode::FOUR_OCTET_AS, unknown]);
    let asn = LOCAL_AS.to_be_bytes();
    let data = [&[2, 0, 65, 4][..], &asn, &[200, 0]].concat();
    let plain = Open::new(REMOTE_AS, 90, [192, 0, 2, 2].into(), Capabilities::default());
    assert_eq!(refusal(config.clone(), plain), (2, 7, data));
    let mut open = open_of(&neighbor(&[V4]));
    assert_eq!(refusal(config.clone(), open.clone()), (2, 7, Vec::from([200, 0])));
    open.capabilities.push(Capability::Unknown { code: unknown, value: Bytes::from_static(b"x") });
    assert_eq!(agreed(config, &open).families[..], [V4]);
}

/// "It MUST ignore that capability."
#[test]
fn rfc5492_3_capabilities_that_are_not_known() {
    let mut open = open_of(&neighbor(&[V4]));
    for code in [0, 1, 3, 5, 9, 64, 69, 71, 128, 131, 255] {
        // Known ones with a value that makes no sense count as not known.
        let value = Bytes::from_static(&[1, 2, 3, 4, 5]);
        open.capabilities.push(Capability::Unknown { code: CapabilityCode(code), value });
    }
    let negotiated = agreed(ours(), &open);
    assert_eq!((&negotiated.families[..], negotiated.long_lived.len()), (&[V4][..], 0));
}

/// Twice the same (§4: "additional instances do not change the meaning"), and two parameters.
#[test]
fn rfc5492_4_several_instances() {
    let mut open = open_of(&neighbor(&[V4, V6]));
    let twice: Vec<_> = open.capabilities.iter().chain(open.capabilities.iter()).cloned().collect();
    open.capabilities = twice.into_iter().collect();
    assert_eq!(agreed(ours(), &open).families[..], [V4, V6]);
    let mut body = Vec::from([4, 0xfd, 0xea, 0, 90, 192, 0, 2, 2, 16]);
    for family in [V4, V6] {
        body.extend([2, 6]);
        body.extend(Capabilities::from_iter([Capability::Multiprotocol(family)]).to_bytes());
    }
    let mut scripted = Scripted::in_state(State::OpenSent, ours());
    scripted.receive_bytes(&raw(1, &body));
    scripted.receive(&Message::Keepalive);
    assert_eq!(scripted.session.established().expect("up").1.families[..], [V4, V6]);
}

#[test]
fn rfc5492_3_what_the_neighbor_refuses_is_left_out() {
    let mut wanted = ours();
    wanted.extended_message = true;
    let mut scripted = Scripted::in_state(State::OpenSent, wanted);
    scripted.receive(&unsupported(&[Capability::Multiprotocol(V6)]));
    let next = next_open(&mut scripted);
    assert_eq!(next.capabilities.families().collect::<Vec<_>>(), [V4], "that family alone");
    assert!(next.capabilities.contains(&Capability::ExtendedMessage));
    // Then another one: both are left out. What differs in its value only is meant too.
    let other = Capability::FourOctetAs(7);
    scripted.receive(&unsupported(&[Capability::ExtendedMessage, other]));
    let next = next_open(&mut scripted);
    assert_eq!(next.capabilities.families().collect::<Vec<_>>(), [V4]);
    assert!(!next.capabilities.contains(&Capability::ExtendedMessage));
    assert_eq!(next.capabilities.four_octet_as(), None);
    // What was left out means nothing when it comes.
    let open = open_of(&SessionConfig { extended_message: true, ..neighbor(&[V4, V6]) });
    scripted.receive(&Message::Open(open));
    scripted.receive(&Message::Keepalive);
    let (_, negotiated) = scripted.session.established().expect("up");
    assert_eq!(negotiated.families[..], [V4]);
    assert_eq!(negotiated.send, Context { external: true, ..Context::default() });
    assert_eq!(negotiated.receive, negotiated.send);
    // After a session all is offered again.
    scripted.lose();
    assert_eq!(next_open(&mut scripted).capabilities.families().count(), 2);
}

/// Leaving out what was not offered would not help: a pause, as after any error.
#[test]
fn rfc5492_3_what_cannot_be_helped_is_an_error() {
    for data in [
        &[Capability::Multiprotocol(Family::IPV4_MULTICAST)][..],
        &[Capability::AddPath(Default::default())],
    ] {
        let mut scripted = Scripted::in_state(State::OpenSent, ours());
        scripted.receive(&unsupported(data));
        assert_eq!(scripted.session.state(), State::Idle);
    }
    // Octets that are no capabilities
    let data = Bytes::from_static(&[1, 200, 0]);
    let mut scripted = Scripted::in_state(State::OpenSent, ours());
    let refusal = Notification::with_data(NotificationCode::OPEN_MESSAGE, 7, data);
    scripted.receive(&Message::Notification(refusal));
    assert_eq!(scripted.session.state(), State::Idle);
}

/// A neighbour that refuses one thing after the other cannot make it go on for ever.
#[test]
fn rfc5492_3_refusals_come_to_an_end() {
    let mut config = ours();
    config.extended_message = true;
    let mut scripted = Scripted::started(config);
    let mut attempts = 0;
    while scripted.session.state() != State::Idle {
        let offered = next_open(&mut scripted).capabilities;
        let first: Vec<_> = offered.iter().take(1).cloned().collect();
        scripted.receive(&unsupported(&first));
        attempts += 1;
        assert!(attempts < 20);
    }
    assert_eq!(attempts, 7, "six capabilities, and then nothing is left");
}

#[test]
fn without_capabilities_by_configuration() {
    let config = SessionConfig { capabilities: false, ..ours() };
    let mut scripted = Scripted::accepted(config);
    let Some(Message::Open(sent)) = scripted.sent.pop() else { panic!("no OPEN") };
    assert_eq!(sent.capabilities, Capabilities::default());
    scripted.receive(&Message::Open(open_of(&neighbor(&[V4, V6]))));
    scripted.receive(&Message::Keepalive);
    assert_eq!(scripted.session.established().expect("up").1.families[..], [V4]);
}

#[test]
fn rfc7911_4_one_sends_and_the_other_receives() {
    use AddPathDirection as Way;
    let ways = [None, Some(Way::RECEIVE), Some(Way::SEND), Some(Way::BOTH)];
    for mine in ways {
        for other in ways {
            let (mut config, mut open) = (ours(), neighbor(&[V4, V6]));
            config.families[1].add_path = mine;
            open.families[1].add_path = other;
            let negotiated = agreed(config, &open_of(&open));
            let sends = |way| way == Some(Way::SEND) || way == Some(Way::BOTH);
            let receives = |way| way == Some(Way::RECEIVE) || way == Some(Way::BOTH);
            let families = |on: bool| if on { Vec::from([V6]) } else { Vec::new() };
            let (send, receive) = (&negotiated.send.add_path, &negotiated.receive.add_path);
            assert_eq!(
                send.iter().copied().collect::<Vec<_>>(),
                families(sends(mine) && receives(other))
            );
            assert_eq!(
                receive.iter().copied().collect::<Vec<_>>(),
                families(sends(other) && receives(mine))
            );
        }
    }
}

/// draft-abraitis-idr-addpath-paths-limit
#[test]
fn how_many_paths_are_wanted() {
    let (mut config, mut open) = (ours(), neighbor(&[V4]));
    config.families[1].paths_limit = Some(9);
    open.families[0].paths_limit = Some(4);
    assert_eq!(open_of(&config).capabilities.paths_limit(V6), Some(9));
    let negotiated = agreed(config, &open_of(&open));
    assert_eq!((negotiated.paths_limit(V4), negotiated.paths_limit(V6)), (Some(4), None));
}

#[test]
fn rfc8654_4_extended_messages_both_ways() {
    for (mine, other) in [(false, false), (false, true), (true, false), (true, true)] {
        let config = SessionConfig { extended_message: mine, ..ours() };
        let open = SessionConfig { extended_message: other, ..neighbor(&[V4]) };
        let negotiated = agreed(config, &open_of(&open));
        assert_eq!(negotiated.send.extended_message, mine && other);
        assert_eq!(negotiated.receive.extended_message, mine, "who advertises it has to take them");
    }
}

/// 64 KiB where it was not offered: refused when the header is there.
#[test]
fn rfc8654_5_a_long_message_is_refused_at_once() {
    for (state, kind) in [(State::OpenConfirm, 3), (State::Established, 2), (State::Established, 5)]
    {
        let mut scripted = Scripted::in_state(state, config());
        scripted.receive_bytes(&[&[0xff; 16][..], &[0xff, 0xff, kind]].concat());
        assert_eq!(code(&scripted.closed_with()), (1, 2, Vec::from([0xff, 0xff])));
    }
    // §4: KEEPALIVE and OPEN are never long.
    for kind in [1, 4] {
        let config = SessionConfig { extended_message: true, ..config() };
        let mut scripted = Scripted::in_state(State::Established, config);
        scripted.receive_bytes(&[&[0xff; 16][..], &[0x10, 1, kind]].concat());
        assert_eq!(code(&scripted.closed_with()), (1, 2, Vec::from([0x10, 1])));
    }
}

#[test]
fn rfc6793_4_four_octet_as_numbers() {
    for (mine, other) in [(false, false), (false, true), (true, false), (true, true)] {
        let config = SessionConfig { four_octet_as: mine, ..ours() };
        let open = SessionConfig { four_octet_as: other, ..neighbor(&[V4]) };
        let negotiated = agreed(config, &open_of(&open));
        assert_eq!(negotiated.send.four_octet_as, mine && other);
        assert_eq!(negotiated.receive.four_octet_as, mine && other);
        assert_eq!(negotiated.remote_as, REMOTE_AS);
    }
    let asn = 4_200_000_000;
    let sent = open_of(&SessionConfig { local_as: asn, ..ours() });
    assert_eq!((sent.my_as, sent.asn()), (23456, asn));
    // A new speaker's number is that of the capability.
    let open = open_of(&SessionConfig { local_as: asn, ..neighbor(&[V4]) });
    assert_eq!(refusal(ours(), open.clone()), (2, 2, Vec::new()));
    let config = SessionConfig { remote_as: RemoteAs::Is(asn), ..ours() };
    assert_eq!(agreed(config, &open).remote_as, asn);
}

#[test]
fn rfc8950_4_next_hops_of_ipv6() {
    for (mine, other) in [(false, true), (true, false), (true, true)] {
        let (mut config, mut open) = (ours(), neighbor(&[V4, V6]));
        config.families[0].extended_next_hop = mine;
        open.families[0].extended_next_hop = other;
        let negotiated = agreed(config, &open_of(&open));
        assert_eq!(negotiated.extended_next_hop.contains(&V4), mine && other);
    }
}

#[test]
fn what_the_host_offers_besides() {
    let others = [Capability::LinkLocalNextHop, Capability::SoftwareVersion("Causeway".into())];
    let config =
        SessionConfig { other_capabilities: others.clone().into_iter().collect(), ..ours() };
    let sent = open_of(&config);
    assert!(others.iter().all(|one| sent.capabilities.contains(one)));
    let mut open = open_of(&neighbor(&[V4]));
    assert!(!agreed(config.clone(), &open).link_local_next_hop);
    open.capabilities.push(Capability::LinkLocalNextHop);
    assert!(agreed(config, &open).link_local_next_hop);
    assert!(!agreed(ours(), &open).link_local_next_hop);
}

#[test]
fn rfc6286_2_2_the_identifier() {
    let same =
        |open: Open, config: &SessionConfig| Open { bgp_identifier: config.router_id, ..open };
    let internal = SessionConfig { local_as: REMOTE_AS, ..ours() };
    assert_eq!(refusal(internal.clone(), same(open(), &internal)), (2, 3, Vec::new()));
    assert!(agreed(internal, &open()).is_internal());
    assert!(!agreed(ours(), &same(open(), &ours())).is_internal());
    let zero = Open { bgp_identifier: [0; 4].into(), ..open() };
    assert_eq!(refusal(ours(), zero), (2, 3, Vec::new()));
    // Class E and multicast are as good as any (§2.1).
    let odd = Open { bgp_identifier: [255; 4].into(), ..open() };
    assert_eq!(agreed(ours(), &odd).remote_id.octets(), [255; 4]);
}

#[test]
fn which_as_a_neighbor_may_have() {
    for (remote_as, accepts) in [
        (RemoteAs::Any, [true, true, true]),
        (RemoteAs::Internal, [true, false, false]),
        (RemoteAs::External, [false, true, true]),
        (RemoteAs::Is(REMOTE_AS), [false, true, false]),
        (RemoteAs::Is(LOCAL_AS), [true, false, false]),
    ] {
        for (asn, accepts) in [LOCAL_AS, REMOTE_AS, 65003].into_iter().zip(accepts) {
            let mut scripted =
                Scripted::in_state(State::OpenSent, SessionConfig { remote_as, ..ours() });
            let open = open_of(&SessionConfig { local_as: asn, ..neighbor(&[V4]) });
            scripted.receive(&Message::Open(open));
            assert_eq!(scripted.session.state() == State::OpenConfirm, accepts, "{remote_as:?}");
            if !accepts {
                assert_eq!(code(&scripted.closed_with()), (2, 2, Vec::new()));
            }
        }
    }
}

/// RFC 5065 §5 and RFC 4271 §5.1.5: LOCAL_PREF comes from inside, also from another member AS.
#[test]
fn rfc5065_4_a_member_of_the_confederation() {
    for (confederation_member, local_as, external, allow_local_pref) in [
        (true, LOCAL_AS, false, false),
        (false, LOCAL_AS, true, false),
        (false, LOCAL_AS, true, true),
        (false, REMOTE_AS, false, false),
    ] {
        let config = SessionConfig { confederation_member, local_as, allow_local_pref, ..config() };
        let mut scripted = Scripted::established(config, &open());
        let (_, negotiated) = scripted.session.established().expect("up");
        assert_eq!(negotiated.receive.external, external);
        assert_eq!(negotiated.send.external, external);
        assert_eq!(negotiated.is_internal(), local_as == REMOTE_AS);
        // RFC 7606 §7.5: of an external neighbour it is discarded.
        let mut attributes = PathAttributes::default();
        attributes.origin(Origin::Igp).as_path(&Default::default()).local_pref(7);
        let mut out = BytesMut::new();
        let context = Context { four_octet_as: true, ..Context::default() };
        let next_hop = bgp_wire::NextHop::V4([192, 0, 2, 2].into());
        let nets = ["10.0.0.0/8".parse::<ipnet::IpNet>().expect("a prefix")];
        let mut writer = UpdateWriter::new(&mut out, &context);
        writer.announce(attributes.view(), V4, &next_hop, nets).expect("fits");
        scripted.events.clear();
        scripted.receive_bytes(&out);
        let [Event::Update(update)] = &scripted.events[..] else { panic!("{:?}", scripted.events) };
        let taken = !external || allow_local_pref;
        assert_eq!(update.attributes().local_pref(), taken.then_some(7));
    }
}

/// Whatever two speakers offer each other: both come to the same.
#[test]
fn both_sides_agree() {
    let mut seed = 1_u64;
    let mut below = |limit: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    };
    for _ in 0..500 {
        let mut random = |asn| {
            let mut config = SessionConfig::new(asn, RemoteAs::Any, [10, 0, 0, 1].into());
            config.families = [V4, V6].map(FamilyConfig::new).into();
            for family in &mut config.families {
                family.extended_next_hop = below(2) == 0;
                family.add_path =
                    [None, Some(1), Some(2), Some(3)][below(4) as usize].map(AddPathDirection);
                family.filters = [None, Some(1), Some(2), Some(3)][below(4) as usize]
                    .map(bgp_wire::OrfDirection);
            }
            config.families.truncate(1 + below(2) as usize);
            config.extended_message = below(2) == 0;
            config.four_octet_as = below(2) == 0;
            config.route_refresh = below(2) == 0;
            config.enhanced_refresh = below(2) == 0;
            config.hold_time = seconds(below(300) + 3);
            config
        };
        let (one, two) = (random(LOCAL_AS), random(REMOTE_AS));
        let (a, b) = (open_of(&one), open_of(&two));
        let ends = super::scripted::ends();
        let a_sees = negotiate(&one, a.clone(), b.clone(), ends).expect("a common family");
        let b_sees = negotiate(&two, b.clone(), a.clone(), ends).expect("a common family");
        for (from, to) in [(&a_sees, &b_sees), (&b_sees, &a_sees)] {
            let extended_message = to.receive.extended_message;
            assert!(extended_message || !from.send.extended_message);
            assert_eq!(Context { extended_message, ..from.send.clone() }, to.receive);
            assert_eq!(from.filters_sent, to.filters_received);
            assert_eq!((&from.families, from.hold_time), (&to.families, to.hold_time));
            assert_eq!(from.extended_next_hop, to.extended_next_hop);
            assert_eq!(
                (from.route_refresh, from.enhanced_refresh),
                (to.route_refresh, to.enhanced_refresh)
            );
        }
    }
}
