//! Outbound route filters (RFC 5291, RFC 5292).

use alloc::sync::Arc;
use alloc::vec::Vec;

use bgp_wire::{
    AddressPrefixChange, AddressPrefixFilter, Capability, Family, Message, Orf, OrfDirection,
    OrfMatch, OrfType, OrfUpdate, RouteRefresh, WhenToRefresh, subcode,
};
use bytes::Bytes;
use ipnet::IpNet;
use proptest::collection::vec;
use proptest::prelude::*;

use super::graceful::{V4, V6};
use super::scripted::{Scripted, config, neighbor, open_of, seconds};
use crate::{Event, FamilyConfig, PrefixFilters, SessionConfig, State};

fn with(mut config: SessionConfig, filters: Option<OrfDirection>) -> SessionConfig {
    for family in &mut config.families {
        family.filters = filters;
    }
    config
}

fn ours() -> SessionConfig {
    let mut config = config();
    config.families = [V4, V6].map(FamilyConfig::new).into();
    with(config, Some(OrfDirection::BOTH))
}

fn theirs() -> SessionConfig {
    let config = SessionConfig { hold_time: seconds(0), ..neighbor(&[V4, V6]) };
    with(config, Some(OrfDirection::BOTH))
}

fn established() -> Scripted {
    let mut scripted = Scripted::established(ours(), &open_of(&theirs()));
    scripted.events.clear();
    scripted
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

fn permit(sequence: u32, prefix: &str) -> AddressPrefixFilter {
    let (action, prefix) = (OrfMatch::Permit, net(prefix));
    AddressPrefixFilter { sequence, action, prefix, min_length: 0, max_length: 0 }
}

fn update(when: WhenToRefresh, changes: &[AddressPrefixChange]) -> RouteRefresh {
    let orf = Some(OrfUpdate { when, filters: Vec::from([Orf::AddressPrefix(changes.into())]) });
    RouteRefresh { orf, ..RouteRefresh::request(V4) }
}

fn filters_of(events: &[Event]) -> Vec<Arc<PrefixFilters>> {
    let of = |event: &Event| match event {
        Event::Filters(V4, filters) => Some(filters.clone()),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

use AddressPrefixChange::{Add, Remove, RemoveAll};
use WhenToRefresh as When;

#[test]
fn rfc5291_6_both_have_to_want_it() {
    let directions = [None, Some(1), Some(2), Some(3), Some(9)].map(|one| one.map(OrfDirection));
    for mine in directions {
        for other in directions {
            let config = with(ours(), mine);
            let mut scripted = Scripted::established(config, &open_of(&with(theirs(), other)));
            let (_, negotiated) = scripted.session.established().expect("up");
            let [receives, sends] = [[1, 3], [2, 3]];
            let is = |direction: Option<OrfDirection>, way: [u8; 2]| {
                direction.is_some_and(|direction| way.contains(&direction.0))
            };
            let received = is(mine, receives) && is(other, sends);
            let sent = is(mine, sends) && is(other, receives);
            let all = |on: bool| if on { &[V4, V6][..] } else { &[] };
            assert_eq!(negotiated.filters_received[..], *all(received), "{mine:?} {other:?}");
            assert_eq!(negotiated.filters_sent[..], *all(sent), "{mine:?} {other:?}");
            let change = OrfUpdate { when: When::IMMEDIATE, filters: Vec::new() };
            assert_eq!(scripted.session.change_filters(scripted.now, V4, change), sent);
            scripted.events.clear();
            let add = update(When::DEFER, &[Add(permit(1, "10.0.0.0/8"))]);
            scripted.receive(&Message::RouteRefresh(add));
            assert_eq!(filters_of(&scripted.events).len(), usize::from(received));
        }
    }
}

/// By family, and by type.
#[test]
fn rfc5291_5_the_capability() {
    let mut config = ours();
    config.families[1].filters = None;
    let open = open_of(&config);
    assert_eq!(open.capabilities.orf(V4, OrfType::ADDRESS_PREFIX), Some(OrfDirection::BOTH));
    assert_eq!(open.capabilities.orf(V6, OrfType::ADDRESS_PREFIX), None);
    let none = open_of(&with(ours(), None));
    assert!(!none.capabilities.iter().any(|one| matches!(one, Capability::Orf(_))));
    let scripted = Scripted::established(config, &open_of(&theirs()));
    let (_, negotiated) = scripted.session.established().expect("up");
    assert_eq!(
        (&negotiated.filters_sent[..], &negotiated.filters_received[..]),
        (&[V4][..], &[V4][..])
    );
    // A neighbour that has filters of another type only
    let mut open = open_of(&with(theirs(), None));
    let types = [(OrfType::COVERING_PREFIXES, OrfDirection::BOTH)].into_iter().collect();
    open.capabilities
        .push(Capability::Orf(Vec::from([bgp_wire::OrfSupport { family: V4, types }])));
    let scripted = Scripted::established(ours(), &open);
    assert_eq!(scripted.session.established().expect("up").1.filters_sent[..], []);
}

#[test]
fn rfc5291_6_at_once_and_later() {
    let mut scripted = established();
    let mut receive = |refresh: RouteRefresh| {
        scripted.receive(&Message::RouteRefresh(refresh));
        scripted.take_events()
    };
    let first = permit(1, "10.0.0.0/8");
    // IMMEDIATE: the filters, and then the request.
    let refresh = update(When::IMMEDIATE, &[Add(first)]);
    let events = receive(refresh.clone());
    let [Event::Filters(V4, filters), Event::RouteRefresh(request)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((filters.iter().collect::<Vec<_>>(), request), (Vec::from([&first]), &refresh));
    // DEFER: the request is the next one, without filters or with.
    let events = receive(update(When::DEFER, &[Add(permit(2, "10.1.0.0/16"))]));
    assert!(
        matches!(&events[..], [Event::Filters(V4, filters)] if filters.len() == 2),
        "{events:?}"
    );
    let events = receive(RouteRefresh::request(V4));
    assert!(matches!(events[..], [Event::RouteRefresh(_)]), "{events:?}");
    let events = receive(update(When::DEFER, &[Remove(first)]));
    assert!(
        matches!(&events[..], [Event::Filters(V4, filters)] if filters.len() == 1),
        "{events:?}"
    );
    let events = receive(update(When::IMMEDIATE, &[]));
    assert!(matches!(events[..], [.., Event::RouteRefresh(_)]), "{events:?}");
    // "Without any ORF entries": with no list at all
    let orf = Some(OrfUpdate { when: When::IMMEDIATE, filters: Vec::new() });
    let empty = RouteRefresh { orf, ..RouteRefresh::request(V4) };
    assert_eq!(receive(empty.clone()), [Event::RouteRefresh(empty)]);
}

/// "Does not have to advertise the BGP Route Refresh Capability"
#[test]
fn rfc5291_6_without_the_route_refresh_capability() {
    let config = SessionConfig { route_refresh: false, ..ours() };
    let open = SessionConfig { route_refresh: false, ..theirs() };
    let mut scripted = Scripted::established(config, &open_of(&open));
    scripted.events.clear();
    scripted.receive(&Message::RouteRefresh(RouteRefresh::request(V4)));
    scripted.receive(&Message::RouteRefresh(update(When::IMMEDIATE, &[RemoveAll])));
    let requests = scripted.events.iter().filter(|one| matches!(one, Event::RouteRefresh(_)));
    assert_eq!(requests.count(), 2);
}

#[test]
fn rfc5291_6_changes() {
    let mut scripted = established();
    let mut receive = |changes: &[AddressPrefixChange]| {
        scripted.receive(&Message::RouteRefresh(update(When::DEFER, changes)));
        let filters = scripted.session.filters(V4).expect("some were sent").clone();
        let told = filters_of(&scripted.take_events());
        assert_eq!(told.last().map(|last| &**last), Some(&filters));
        filters.iter().map(|one| one.sequence).collect::<Vec<_>>()
    };
    let [one, two, three] = [1, 2, 3].map(|number| permit(number * 10, "10.0.0.0/8"));
    assert_eq!(receive(&[Add(three), Add(one), Add(two)]), [10, 20, 30], "by sequence number");
    // What is not there is ignored, also when only the number is.
    assert_eq!(
        receive(&[Remove(permit(20, "10.0.0.0/9")), Remove(permit(99, "10.0.0.0/8"))]),
        [10, 20, 30]
    );
    assert_eq!(receive(&[Remove(two)]), [10, 30]);
    // The same number again takes the other's place.
    assert_eq!(receive(&[Add(permit(10, "172.16.0.0/12"))]), [10, 30]);
    assert_eq!(receive(&[Remove(one)]), [10, 30]);
    assert_eq!(receive(&[RemoveAll, Add(two)]), [20]);
    assert_eq!(receive(&[Add(one), RemoveAll]), []);
    assert!(scripted.session.filters(V4).expect("none left").permit(&net("10.0.0.0/8")));
    assert_eq!(scripted.session.filters(V6), None);
}

/// "The whole specified ORF previously received is removed."
#[test]
fn rfc5291_6_an_entry_that_makes_no_sense_removes_all() {
    // Action 3; a prefix of 33 bits; Minlen over Maxlen (RFC 5292 §2)
    for entry in
        [&[0xc0][..], &[0, 0, 0, 0, 1, 0, 0, 33, 1, 2, 3, 4, 5], &[0, 0, 0, 0, 1, 24, 16, 8, 10]]
    {
        let mut scripted = established();
        scripted
            .receive(&Message::RouteRefresh(update(When::DEFER, &[Add(permit(1, "10.0.0.0/8"))])));
        scripted.events.clear();
        let kind = OrfType::ADDRESS_PREFIX;
        let filters = Vec::from([Orf::Other { kind, entries: Bytes::copy_from_slice(entry) }]);
        let orf = Some(OrfUpdate { when: When::IMMEDIATE, filters });
        scripted.receive(&Message::RouteRefresh(RouteRefresh { orf, ..RouteRefresh::request(V4) }));
        let events = scripted.take_events();
        let [Event::Filters(V4, filters), Event::RouteRefresh(_)] = &events[..] else {
            panic!("{events:?}")
        };
        assert!(filters.is_empty());
        assert_eq!(scripted.session.state(), State::Established);
    }
}

#[test]
fn rfc5291_6_other_types_are_ignored() {
    let mut scripted = established();
    scripted.receive(&Message::RouteRefresh(update(When::DEFER, &[Add(permit(1, "10.0.0.0/8"))])));
    scripted.events.clear();
    for kind in [OrfType::COVERING_PREFIXES, OrfType(128), OrfType(7)] {
        let filters = Vec::from([Orf::Other { kind, entries: Bytes::from_static(&[0xc0, 1]) }]);
        let orf = Some(OrfUpdate { when: When::DEFER, filters });
        scripted.receive(&Message::RouteRefresh(RouteRefresh { orf, ..RouteRefresh::request(V4) }));
    }
    assert_eq!(scripted.events, []);
    assert_eq!(scripted.session.filters(V4).expect("kept").len(), 1);
}

/// "The lifetime of an ORF is the duration of the BGP session."
#[test]
fn rfc5291_6_filters_end_with_the_session() {
    let mut scripted = established();
    scripted.receive(&Message::RouteRefresh(update(When::DEFER, &[Add(permit(1, "10.0.0.0/8"))])));
    assert!(scripted.session.filters(V4).is_some());
    scripted.lose();
    assert_eq!(scripted.session.filters(V4), None);
    scripted.establish(&open_of(&theirs()));
    assert_eq!(scripted.session.filters(V4), None);
}

#[test]
fn more_filters_than_allowed_end_the_session() {
    let config = SessionConfig { filter_limit: 3, ..ours() };
    let mut scripted = Scripted::established(config, &open_of(&theirs()));
    let some = [1, 2, 3].map(|number| Add(permit(number, "10.0.0.0/8")));
    scripted.receive(&Message::RouteRefresh(update(When::DEFER, &some)));
    // Taking the place of one is no more.
    scripted.receive(&Message::RouteRefresh(update(When::DEFER, &some)));
    assert_eq!(scripted.session.state(), State::Established);
    scripted
        .receive(&Message::RouteRefresh(update(When::IMMEDIATE, &[Add(permit(4, "10.0.0.0/8"))])));
    let sent = scripted.closed_with();
    assert_eq!((sent.code.0, sent.subcode), (6, subcode::cease::OUT_OF_RESOURCES));
    assert!(!scripted.events.iter().any(|event| matches!(event, Event::RouteRefresh(_))));
    assert_eq!(scripted.session.filters(V4), None);
}

/// What the host has not polled yet is one set of filters, however often it was changed.
#[test]
fn changes_that_wait_do_not_multiply() {
    let mut scripted = established();
    let many: Vec<_> = (0..300).map(|number| Add(permit(number, "10.0.0.0/8"))).collect();
    let mut buffer = bytes::BytesMut::new();
    buffer.extend_from_slice(&Message::RouteRefresh(update(When::DEFER, &many)).to_bytes());
    for number in 0..20 {
        let change = update(When::DEFER, &[Remove(permit(number, "10.0.0.0/8"))]);
        buffer.extend_from_slice(&Message::RouteRefresh(change).to_bytes());
    }
    scripted.session.handle_input(scripted.now, scripted.id, &mut buffer);
    scripted.poll();
    let told = filters_of(&scripted.events);
    assert_eq!(told.last().map(|last| last.len()), Some(280));
    assert!(told.iter().all(|one| Arc::ptr_eq(one, &told[0])));
}

/// RFC 5291 §6: filters that we send, in as many messages as it takes; only the last is IMMEDIATE.
#[test]
fn rfc5291_6_filters_that_are_sent() {
    let mut scripted = established();
    let changes: Vec<_> = (0..1000).map(|number| Add(permit(number, "10.0.0.0/8"))).collect();
    let filters = Vec::from([Orf::AddressPrefix(changes.clone())]);
    let orf = OrfUpdate { when: When::IMMEDIATE, filters };
    assert!(!scripted.session.change_filters(scripted.now, Family::IPV4_MULTICAST, orf.clone()));
    assert!(scripted.session.change_filters(scripted.now, V4, orf));
    scripted.poll();
    let mut received = Vec::new();
    let count = scripted.sent.len();
    assert!(count > 1);
    for (number, message) in (1..).zip(&scripted.sent) {
        let Message::RouteRefresh(RouteRefresh { orf: Some(orf), .. }) = message else {
            panic!("{message:?}")
        };
        assert_eq!(orf.when == When::IMMEDIATE, number == count);
        for orf in &orf.filters {
            let Orf::AddressPrefix(changes) = orf else { panic!("{orf:?}") };
            received.extend(changes.iter().copied());
        }
    }
    assert_eq!(received, changes);
    scripted.lose();
    let nothing = OrfUpdate { when: When::DEFER, filters: Vec::new() };
    assert!(!scripted.session.change_filters(scripted.now, V4, nothing), "not up");
}

/// Table 1 of RFC 5292 §4, by the numbers.
fn matches(filter: &AddressPrefixFilter, (address, length): (u32, u8)) -> bool {
    let IpNet::V4(prefix) = filter.prefix else { return false };
    let (own, own_length) = (u32::from(prefix.network()), prefix.prefix_len());
    let inside = length >= own_length
        && (own_length == 0 || (own ^ address) >> (32 - u32::from(own_length)) == 0);
    let long_enough = filter.min_length == 0 || length >= filter.min_length;
    let short_enough = filter.max_length == 0 || length <= filter.max_length;
    let unspecified = filter.min_length == 0 && filter.max_length == 0;
    inside && if unspecified { length == own_length } else { long_enough && short_enough }
}

fn a_filter() -> impl Strategy<Value = AddressPrefixFilter> {
    // Few bits, so that there is something to match.
    (0..6_u32, any::<bool>(), 0..8_u32, 0..4_u8, 0..5_u8, 0..5_u8).prop_map(
        |(sequence, deny, bits, length, min_length, max_length)| AddressPrefixFilter {
            sequence,
            action: if deny { OrfMatch::Deny } else { OrfMatch::Permit },
            prefix: IpNet::new(core::net::Ipv4Addr::from(bits << 29).into(), length)
                .expect("a length")
                .trunc(),
            min_length,
            max_length,
        },
    )
}

proptest! {
    /// All changes in one list, and the lowest number that matches.
    #[test]
    fn rfc5292_4_first_match(
        changes in vec((0..8_u8, a_filter()), 0..20),
        routes in vec((0..8_u32, 0..5_u8), 20),
    ) {
        let (mut filters, mut model) = (PrefixFilters::default(), Vec::<AddressPrefixFilter>::new());
        for (what, filter) in changes {
            match what {
                0 => {
                    filters.change(&RemoveAll);
                    model.clear();
                }
                1 | 2 => {
                    filters.change(&Remove(filter));
                    model.retain(|one| *one != filter);
                }
                _ => {
                    filters.change(&Add(filter));
                    model.retain(|one| one.sequence != filter.sequence);
                    model.push(filter);
                }
            }
        }
        prop_assert_eq!((filters.len(), filters.is_empty()), (model.len(), model.is_empty()));
        for (bits, length) in routes {
            let address = bits << 29;
            let net = IpNet::new(core::net::Ipv4Addr::from(address).into(), length).expect("a length");
            let first = model.iter().filter(|one| matches(one, (address, length)));
            let first = first.min_by_key(|one| one.sequence);
            let wanted = first.map_or(model.is_empty(), |one| one.action == OrfMatch::Permit);
            prop_assert_eq!(filters.permit(&net), wanted, "{} among {:?}", net, filters);
        }
    }
}
