#![allow(clippy::indexing_slicing)]

use alloc::string::ToString;

use proptest::prelude::*;

use super::*;
use crate::iana::Family;
use crate::{Message, RouteRefresh, Safi};

fn decode(family: Family, orf: &[u8]) -> RouteRefresh {
    let mut body = Vec::from([0, 0, 0, family.safi.0]);
    body[..2].copy_from_slice(&family.afi.0.to_be_bytes());
    body.extend_from_slice(orf);
    RouteRefresh::decode(&Bytes::from(body)).expect("well formed")
}

fn filters(family: Family, orf: &[u8]) -> Vec<Orf> {
    decode(family, orf).orf.map(|orf| orf.filters).unwrap_or_default()
}

const V4: Family = Family::IPV4_UNICAST;

/// Figures 1 and 2: three entries of one type, one of another
#[test]
fn rfc5291_4_encoding() {
    let orf = [
        &[2, 64, 0, 20][..],
        &[0x80],
        &[0x00, 0, 0, 0, 5, 9, 24, 8, 10],
        &[0x60, 0, 0, 1, 0, 0, 0, 16, 192, 168],
        &[65, 0, 2, 7, 7],
    ]
    .concat();
    let refresh = decode(V4, &orf);
    assert_eq!(
        refresh.to_string(),
        "request ipv4, defer: address-prefix remove-all, add 5 permit 10.0.0.0/8 ge 9 le 24, \
         remove 256 deny 192.168.0.0/16; covering-prefixes 0x0707"
    );
    assert_eq!(Message::RouteRefresh(refresh).to_bytes()[23..], orf);
}

/// "Reserved … set to 0 on transmit and ignored on receipt"; Match counts only for ADD and REMOVE.
#[test]
fn rfc5291_4_reserved_bits() {
    let changes = [AddressPrefixChange::RemoveAll; 3];
    let read = filters(V4, &[1, 64, 0, 3, 0x9f, 0xbf, 0xa0]);
    assert_eq!(read, [Orf::AddressPrefix(changes.to_vec())]);
    let orf = OrfUpdate { when: WhenToRefresh::IMMEDIATE, filters: read };
    let mut out = BytesMut::new();
    orf.encode(&mut out, Afi::IPV4, 100);
    assert_eq!(out[..], [1, 64, 0, 3, 0x80, 0x80, 0x80]);
}

/// When-to-refresh is kept whatever it is, and there may be no filters.
#[test]
fn rfc5291_4_when_to_refresh() {
    for when in [0, 1, 2, 255] {
        let orf = decode(V4, &[when]).orf;
        assert_eq!(orf, Some(OrfUpdate { when: WhenToRefresh(when), filters: Vec::new() }));
    }
}

/// What has an unrecognized value is kept raw, all of the type, so that it can be removed.
#[test]
fn rfc5291_6_unrecognized_values() {
    for entries in [
        &[0xc0][..],                               // an action that is none
        &[0x80, 0xe0],                             // also behind a good entry
        &[0, 0, 0, 0, 1, 0, 0, 33, 1, 2, 3, 4, 5], // longer than an address
        &[0, 0, 0, 0, 1, 0, 0, 8],                 // a prefix that is cut off
        &[0, 0, 0, 0, 1, 0, 0],                    //
        &[0, 0, 0, 0, 1, 8, 0, 8, 10],             // Length < Minlen
        &[0, 0, 0, 0, 1, 24, 16, 8, 10],           // Minlen <= Maxlen
        &[0, 0, 0, 0, 1, 0, 33, 8, 10],            // Maxlen
        &[0, 0, 0, 0, 1, 33, 0, 8, 10],            // Minlen
    ] {
        let mut orf = Vec::from([1, 64, 0, u8::try_from(entries.len()).unwrap_or(0)]);
        orf.extend_from_slice(entries);
        let expected =
            Orf::Other { kind: OrfType::ADDRESS_PREFIX, entries: Bytes::copy_from_slice(entries) };
        assert_eq!(filters(V4, &orf), [expected], "{entries:?}");
    }
}

/// Families without address prefixes have no such filters.
#[test]
fn rfc5292_3_only_of_addresses() {
    let family = Family { afi: Afi::L2VPN, safi: Safi(70) };
    let read = filters(family, &[1, 64, 0, 9, 0, 0, 0, 0, 1, 0, 0, 8, 10]);
    assert!(matches!(read[..], [Orf::Other { kind: OrfType::ADDRESS_PREFIX, .. }]));
    assert_eq!(
        filters(family, &[1, 64, 0, 1, 0x80]),
        [Orf::AddressPrefix(Vec::from([AddressPrefixChange::RemoveAll]))]
    );
}

/// "The value of the trailing bits is irrelevant."
#[test]
fn rfc5292_3_trailing_bits() {
    let read = filters(V4, &[1, 64, 0, 9, 0, 0, 0, 0, 1, 0, 0, 4, 0xff]);
    assert_eq!(read[0].to_string(), "address-prefix add 1 permit 240.0.0.0/4");
}

fn filter(prefix: &str, min_length: u8, max_length: u8) -> AddressPrefixFilter {
    let prefix = prefix.parse().expect("a prefix");
    AddressPrefixFilter { sequence: 1, action: OrfMatch::Permit, prefix, min_length, max_length }
}

/// "0 <= Length < Minlen <= Maxlen", of which those that are not specified are left out
#[test]
fn rfc5292_2_lengths() {
    for (min_length, max_length, valid) in [
        (0, 0, true),
        (9, 0, true),
        (8, 0, false),
        (0, 1, true),
        (9, 9, true),
        (10, 9, false),
        (0, 32, true),
        (0, 33, false),
        (33, 0, false),
    ] {
        let filter = filter("10.0.0.0/8", min_length, max_length);
        assert_eq!(filter.is_valid(), valid, "{filter}");
    }
}

/// Table 1
#[test]
fn rfc5292_4_matching() {
    let lengths = |filter: AddressPrefixFilter| -> Vec<u8> {
        let net = |length| Ipv4Net::new([10, 0, 0, 0].into(), length).expect("a length").into();
        (0..=32).filter(|length| filter.matches(&net(*length))).collect()
    };
    assert_eq!(lengths(filter("10.0.0.0/8", 0, 0)), [8]);
    assert_eq!(lengths(filter("10.0.0.0/8", 30, 0)), [30, 31, 32]);
    assert_eq!(lengths(filter("10.0.0.0/8", 0, 10)), [8, 9, 10]);
    assert_eq!(lengths(filter("10.0.0.0/8", 10, 12)), [10, 11, 12]);
    assert_eq!(lengths(filter("0.0.0.0/0", 0, 32)), (0..=32).collect::<Vec<u8>>());
    assert_eq!(lengths(filter("11.0.0.0/8", 0, 32)), []);
    assert_eq!(lengths(filter("::/0", 0, 128)), []);
}

#[test]
fn filters_of_another_family_are_not_written() {
    let changes = [filter("2001:db8::/32", 0, 0), filter("10.0.0.0/8", 0, 0)];
    let changes = changes.map(AddressPrefixChange::Add);
    let filters = Vec::from([Orf::AddressPrefix(changes.to_vec())]);
    let update = OrfUpdate { when: WhenToRefresh::IMMEDIATE, filters };
    let mut out = BytesMut::new();
    update.encode(&mut out, Afi::IPV4, 100);
    assert_eq!(out[..], [1, 64, 0, 9, 0, 0, 0, 0, 1, 0, 0, 8, 10]);
}

fn any_filter(v6: bool) -> impl Strategy<Value = AddressPrefixFilter> {
    let bits: u8 = if v6 { 128 } else { 32 };
    let parts = (any::<u32>(), any::<bool>(), any::<u128>(), 0..=bits, 0..=bits, 0..=bits);
    parts
        .prop_map(move |(sequence, permit, address, length, min_length, max_length)| {
            let octets = address.to_be_bytes();
            let prefix = if v6 {
                IpNet::V6(Ipv6Net::new(octets.into(), length).expect("a length").trunc())
            } else {
                let [a, b, c, d, ..] = octets;
                IpNet::V4(Ipv4Net::new([a, b, c, d].into(), length).expect("a length").trunc())
            };
            let action = if permit { OrfMatch::Permit } else { OrfMatch::Deny };
            AddressPrefixFilter { sequence, action, prefix, min_length, max_length }
        })
        .prop_map(|filter| {
            if filter.is_valid() { filter } else { AddressPrefixFilter { min_length: 0, ..filter } }
        })
}

fn any_orf(v6: bool) -> impl Strategy<Value = Orf> {
    let change = prop_oneof![
        3 => any_filter(v6).prop_map(AddressPrefixChange::Add),
        2 => any_filter(v6).prop_map(AddressPrefixChange::Remove),
        1 => Just(AddressPrefixChange::RemoveAll),
    ];
    let octets = prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        prop::collection::vec(change, 0..40).prop_map(Orf::AddressPrefix),
        (65u8.., octets)
            .prop_map(|(kind, octets)| Orf::Other { kind: OrfType(kind), entries: octets.into() }),
    ]
}

fn any_update(v6: bool) -> impl Strategy<Value = OrfUpdate> {
    (any::<u8>(), prop::collection::vec(any_orf(v6), 0..6))
        .prop_map(|(when, filters)| OrfUpdate { when: WhenToRefresh(when), filters })
}

fn family(v6: bool) -> Family {
    if v6 { Family::IPV6_UNICAST } else { V4 }
}

proptest! {
    #[test]
    fn it_comes_back(
        (v6, update) in any::<bool>().prop_flat_map(|v6| (Just(v6), any_update(v6))),
    ) {
        let refresh = RouteRefresh { orf: Some(update), ..RouteRefresh::request(family(v6)) };
        let bytes = Message::RouteRefresh(refresh.clone()).to_bytes();
        prop_assert_eq!(RouteRefresh::decode(&bytes.slice(19..)), Ok(refresh));
    }

    /// RFC 5291 §6: parts do together what the whole does; only the last says when.
    #[test]
    fn parts_make_the_whole(update in any_update(false), max_length in 70usize..400) {
        let flat = |updates: &[OrfUpdate]| -> Vec<AddressPrefixChange> {
            let orfs = updates.iter().flat_map(|update| &update.filters);
            orfs.flat_map(|orf| match orf {
                Orf::AddressPrefix(changes) => changes.clone(),
                Orf::Other { .. } => Vec::new(),
            }).collect()
        };
        let parts = RouteRefresh::change_filters(V4, update.clone(), max_length);
        for part in &parts {
            prop_assert!(Message::RouteRefresh(part.clone()).to_bytes().len() <= max_length);
        }
        let parts: Vec<OrfUpdate> = parts.into_iter().filter_map(|part| part.orf).collect();
        prop_assert_eq!(flat(&parts), flat(core::slice::from_ref(&update)));
        let (last, others) = parts.split_last().expect("at least one");
        prop_assert_eq!(last.when, update.when);
        prop_assert!(others.iter().all(|part| part.when == WhenToRefresh::DEFER));
    }

    /// What is left out leaves whole entries.
    #[test]
    fn never_more_than_there_is_room(update in any_update(true), room in 1usize..300) {
        let mut out = BytesMut::new();
        update.encode(&mut out, Afi::IPV6, room);
        prop_assert!(out.len() <= room);
        let read = OrfUpdate::decode(&out.freeze(), Afi::IPV6).expect("well formed");
        prop_assert!(read.filters.len() <= update.filters.len());
    }

    #[test]
    fn never_panics(octets in prop::collection::vec(any::<u8>(), 0..100), v6: bool) {
        if let Some(update) = OrfUpdate::decode(&Bytes::from(octets), family(v6).afi) {
            let _ = update.to_string();
            let mut out = BytesMut::new();
            update.encode(&mut out, family(v6).afi, 60_000);
            prop_assert_eq!(OrfUpdate::decode(&out.freeze(), family(v6).afi), Some(update));
        }
    }
}
