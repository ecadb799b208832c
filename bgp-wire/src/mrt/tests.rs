use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bytes::{Bytes, BytesMut};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use super::*;
use crate::attribute::next_hop::NextHop;
use crate::iana::{Afi, Family, Safi};
use crate::message::{Context, Message};

mod reader;
mod unfit;

fn any_bytes(most: usize) -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..most).prop_map(Bytes::from)
}

fn any_net() -> impl Strategy<Value = IpNet> {
    prop_oneof![
        (any::<u32>(), 0u8..=32)
            .prop_map(|(a, l)| IpNet::V4(Ipv4Net::new(a.into(), l).expect("a length").trunc())),
        (any::<u128>(), 0u8..=128)
            .prop_map(|(a, l)| IpNet::V6(Ipv6Net::new(a.into(), l).expect("a length").trunc())),
    ]
}

fn any_address(ipv6: bool) -> impl Strategy<Value = core::net::IpAddr> {
    any::<u128>().prop_map(move |a| match ipv6 {
        true => core::net::Ipv6Addr::from(a).into(),
        false => core::net::Ipv4Addr::from(a as u32).into(),
    })
}

/// Whole attributes, so that a list of them can be read to its end.
fn any_attributes() -> impl Strategy<Value = Vec<u8>> {
    let one = (any::<u8>(), 0u8..40, prop::collection::vec(any::<u8>(), 0..40));
    prop::collection::vec(one, 0..6).prop_map(|list| {
        let mut out = Vec::new();
        for (flags, code, value) in list {
            out.extend([flags & !0x10, code, u8::try_from(value.len()).expect("short")]);
            out.extend(value);
        }
        out
    })
}

type Path = (u16, u32, u32, Vec<u8>);

fn any_paths() -> impl Strategy<Value = Vec<Path>> {
    prop::collection::vec((any::<u16>(), any::<u32>(), any::<u32>(), any_attributes()), 0..5)
}

fn entries(paths: &[Path], with_ids: bool) -> impl Iterator<Item = RibEntry<'_>> {
    paths.iter().map(move |(peer_index, originated, id, attributes)| RibEntry {
        peer_index: *peer_index,
        originated: *originated,
        path_id: with_ids.then_some(*id),
        attributes: received(attributes),
    })
}

fn any_rib() -> impl Strategy<Value = Rib> {
    (any::<u32>(), any_net(), any_paths(), 2u16..13).prop_map(|(sequence, net, paths, subtype)| {
        let ipv6 = net.addr().is_ipv6();
        let subtype = match TableDumpV2Subtype(subtype) {
            // Those of the other family, and one that is no RIB
            TableDumpV2Subtype(4 | 5 | 10 | 11) if !ipv6 => TableDumpV2Subtype::RIB_GENERIC,
            TableDumpV2Subtype(2 | 3 | 8 | 9) if ipv6 => TableDumpV2Subtype::RIB_GENERIC_ADDPATH,
            TableDumpV2Subtype(7) => TableDumpV2Subtype::RIB_GENERIC,
            subtype => subtype,
        };
        let afi = if ipv6 { Afi::IPV6 } else { Afi::IPV4 };
        let family = subtype.family().unwrap_or(Family { afi, safi: Safi::MULTICAST });
        let mut nlri = BytesMut::new();
        if subtype == TableDumpV2Subtype::RIB_GENERIC_ADDPATH {
            nlri.put_u32(7);
        }
        crate::encode_prefix(&net, &mut nlri);
        let with_ids = subtype.has_path_ids();
        let entries = entries(&paths, with_ids);
        let rib = Rib::with_nlri(subtype, sequence, family, &nlri, entries).expect("fits");
        assert_eq!((rib.prefix(), rib.sequence()), (Some(net), sequence));
        check_entries(&rib, &paths);
        rib
    })
}

fn check_entries(rib: &Rib, paths: &[Path]) {
    assert_eq!(usize::from(rib.entry_count()), paths.len());
    let id = |id| match rib.subtype() {
        TableDumpV2Subtype(8..=11) => Some(id),
        TableDumpV2Subtype(12) => Some(7),
        _ => None,
    };
    let read: Vec<_> = rib
        .entries()
        .map(|e| (e.peer_index, e.originated, e.path_id, e.attributes.bytes().to_vec()))
        .collect();
    let wanted: Vec<_> = paths.iter().map(|p| (p.0, p.1, id(p.2), p.3.clone())).collect();
    assert_eq!(read, wanted);
}

fn any_peering() -> impl Strategy<Value = Peering> {
    let numbers = (any::<u32>(), any::<u32>(), any::<u16>(), any::<bool>());
    let addresses = prop_oneof![
        any::<[u32; 2]>().prop_map(|[a, b]| Addresses::V4 { peer: a.into(), local: b.into() }),
        any::<[u128; 2]>().prop_map(|[a, b]| Addresses::V6 { peer: a.into(), local: b.into() }),
    ];
    (numbers, addresses).prop_map(|((peer, local, index, wide), addresses)| {
        let fit = |asn: u32| if wide { asn } else { asn & 0xffff };
        Peering {
            peer_as: fit(peer),
            local_as: fit(local),
            interface_index: index,
            addresses,
            four_octet_as: wide,
        }
    })
}

fn any_peers() -> impl Strategy<Value = PeerIndexTable> {
    let peer = (any::<u32>(), any::<bool>(), any::<bool>(), any::<u32>()).prop_flat_map(
        |(id, ipv6, four_octet_as, asn)| {
            any_address(ipv6).prop_map(move |address| PeerEntry {
                bgp_id: id.into(),
                address,
                asn: if four_octet_as { asn } else { asn & 0xffff },
                four_octet_as,
            })
        },
    );
    (any::<u32>(), any_bytes(20), prop::collection::vec(peer, 0..5)).prop_map(
        |(id, view_name, peers)| PeerIndexTable { collector: id.into(), view_name, peers },
    )
}

fn any_table_dump() -> impl Strategy<Value = TableDump> {
    (any::<[u16; 3]>(), any_net(), any::<(u8, u32)>(), any_attributes()).prop_flat_map(
        |([view, sequence, peer_as], prefix, (status, originated), attributes)| {
            any_address(prefix.addr().is_ipv6()).prop_map(move |peer| TableDump {
                view,
                sequence,
                prefix,
                status,
                originated,
                peer,
                peer_as,
                attributes: attributes.clone().into(),
            })
        },
    )
}

fn any_body() -> impl Strategy<Value = RecordBody> {
    let state = (any_peering(), 1u16..8, 1u16..8).prop_map(|(peering, old, new)| {
        let (old_state, new_state) = (State(old), State(new));
        RecordBody::StateChange(StateChange { peering, old_state, new_state })
    });
    let message = (any_peering(), any::<[bool; 2]>(), any_bytes(60)).prop_map(
        |(peering, [local, add_path], message)| {
            RecordBody::Message(MessageRecord { peering, local, add_path, message })
        },
    );
    let unknown = (18u16..60, any::<u16>(), any_bytes(40)).prop_map(|(kind, subtype, body)| {
        RecordBody::Unknown(UnknownRecord { kind: RecordType(kind), subtype, body })
    });
    prop_oneof![
        any_table_dump().prop_map(RecordBody::TableDump),
        any_peers().prop_map(RecordBody::PeerIndexTable),
        any_rib().prop_map(RecordBody::Rib),
        state,
        message,
        unknown,
    ]
}

/// Microseconds are there where the type has them.
fn any_record() -> impl Strategy<Value = Record> {
    (any::<u32>(), any::<u32>(), any::<bool>(), any_body()).prop_map(|(time, micro, et, body)| {
        let mut record = Record::new(time, body);
        let extended = match &record.body {
            RecordBody::StateChange(_) | RecordBody::Message(_) => et,
            RecordBody::Unknown(unknown) => unknown.kind.has_microseconds(),
            _ => false,
        };
        record.microseconds = extended.then_some(micro);
        record
    })
}

/// A record with any type, subtype and body
fn raw(kind: u16, subtype: u16, body: &[u8]) -> Bytes {
    let mut out = BytesMut::from(&[0, 0, 0, 1][..]);
    out.put_u16(kind);
    out.put_u16(subtype);
    out.put_u32(u32::try_from(body.len()).expect("short"));
    out.put_slice(body);
    out.freeze()
}

/// Reads a record, and all that it shows. What is written again reads the same.
fn read(bytes: Bytes) -> Result<Record, MrtError> {
    let record = Record::decode(bytes)?;
    let again = record.to_bytes().expect("what was read can be written");
    assert_eq!(Record::decode(again).as_ref(), Ok(&record));
    match &record.body {
        RecordBody::Rib(rib) => {
            assert_eq!(usize::from(rib.entry_count()), rib.entries().count());
            let _ = (
                rib.prefix(),
                rib.nlri(),
                rib.entries().filter_map(|e| e.next_hop(rib.family())).count(),
            );
        }
        RecordBody::TableDump(path) => {
            let mut wide = Vec::new();
            let _ = (path.next_hop(), path.wide_attributes(&mut wide).as_path().to_string());
        }
        RecordBody::Message(message) => drop(message.decode_message()),
        _ => {}
    }
    Ok(record)
}

proptest! {
    #[test]
    fn what_is_encoded_comes_back(record in any_record()) {
        let bytes = record.to_bytes().expect("fits");
        prop_assert_eq!(read(bytes.clone()), Ok(record));
        // … and what is decoded is written as it came.
        prop_assert_eq!(Record::decode(bytes.clone()).and_then(|record| record.to_bytes()), Ok(bytes));
    }

    #[test]
    fn random_bodies_never_panic(
        kind in prop_oneof![11u16..18, Just(33), Just(49)],
        subtype in 0u16..14,
        body in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        let _ = read(raw(kind, subtype, &body));
    }

    #[test]
    fn mutated_records_never_panic(
        record in any_record(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = record.to_bytes().expect("fits").to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            if let Some(octet) = bytes.get_mut(at) {
                *octet = value;
            }
        }
        let _ = read(Bytes::from(bytes.clone()));
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(read(Bytes::from(bytes)).is_err());
    }

    #[test]
    fn random_bytes_never_panic(bytes in any_bytes(60)) {
        let _ = read(bytes);
    }

    /// The older tables: what a 4-octet AS number became on its way comes back (RFC 6793 §4.2.3).
    #[test]
    fn paths_are_merged(asns in prop::collection::vec(1u32..400_000, 1..20)) {
        let mut path = crate::AsPathBuilder::default();
        path.segment(crate::SegmentKind::Sequence, asns);
        let mut narrow = Vec::new();
        crate::attribute::as_path::narrow(crate::AsPath::new(path.bytes()), &mut narrow);
        let mut attributes = crate::PathAttributes::default();
        attributes.set(0x40, crate::AttributeCode::AS_PATH, &narrow);
        attributes.set(0xc0, crate::AttributeCode::AS4_PATH, path.bytes());
        attributes.set(0xc0, crate::AttributeCode::AGGREGATOR, &[0x5b, 0xa0, 1, 1, 1, 1]);
        attributes.set(0xc0, crate::AttributeCode::AS4_AGGREGATOR, &[0, 9, 0, 0, 1, 1, 1, 1]);
        let dump = table_dump(attributes.into_bytes());
        let mut wide = Vec::new();
        let view = dump.wide_attributes(&mut wide);
        prop_assert_eq!(view.as_path().bytes(), path.bytes());
        prop_assert_eq!(view.aggregator().map(|a| a.asn), Some(0x90000));
        prop_assert_eq!(view.iter().count(), 2);
    }
}

fn table_dump(attributes: Vec<u8>) -> TableDump {
    TableDump {
        view: 0,
        sequence: 0,
        prefix: "10.0.0.0/8".parse().expect("a prefix"),
        status: 1,
        originated: 0,
        peer: "192.0.2.1".parse().expect("an address"),
        peer_as: 1,
        attributes: attributes.into(),
    }
}

/// Every subtype by its number, with the smallest body that it can have.
#[test]
fn every_subtype_is_known() {
    let (narrow, wide) = ([&[0; 6][..], &[0, 1], &[0; 8]], [&[0; 10][..], &[0, 1], &[0; 8]]);
    let (narrow, wide) = (narrow.concat(), wide.concat());
    let rib = |nlri: &[u8]| [&[0; 4][..], nlri, &[0, 1], &[0; 8]].concat();
    let add_path = |nlri: &[u8]| [&[0; 4][..], nlri, &[0, 1], &[0; 12]].concat();
    let cases: Vec<(u16, u16, Vec<u8>)> = [
        (12, 1, alloc::vec![0; 22]),
        (12, 2, alloc::vec![0; 46]),
        (13, 1, alloc::vec![0; 8]),
        (13, 2, rib(&[0])),
        (13, 3, rib(&[8, 10])),
        (13, 4, rib(&[128, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])),
        (13, 5, rib(&[1, 0x80])),
        (13, 6, rib(&[0, 1, 1, 8, 10])),
        (13, 8, add_path(&[0])),
        (13, 9, add_path(&[8, 10])),
        (13, 10, add_path(&[9, 10, 0])),
        (13, 11, add_path(&[1, 0x80])),
        (13, 12, rib(&[0, 1, 1, 0, 0, 0, 9, 8, 10])),
        (16, 0, [&narrow[..], &[0, 1, 0, 6]].concat()),
        (16, 5, [&wide[..], &[0, 1, 0, 6]].concat()),
    ]
    .into_iter()
    .chain([1, 6, 8, 10].map(|subtype| (16, subtype, narrow.clone())))
    .chain([4, 7, 9, 11].map(|subtype| (16, subtype, wide.clone())))
    .collect();
    for (kind, subtype, body) in cases {
        let name = RecordType(kind).subtype_name(subtype);
        let bytes = raw(kind, subtype, &body);
        let record = read(bytes.clone()).unwrap_or_else(|error| panic!("{name:?}: {error}"));
        assert!(!matches!(record.body, RecordBody::Unknown(_)), "{name:?}");
        assert_eq!(record.kind(), (RecordType(kind), subtype));
        assert_eq!(record.to_bytes(), Ok(bytes));
        assert!(name.is_some());
        if kind == 16 {
            let body = [&[0, 0, 0, 5][..], &body].concat();
            let record = read(raw(17, subtype, &body)).expect("the same with microseconds");
            assert_eq!((record.microseconds, record.kind().1), (Some(5), subtype));
        }
    }
}

/// RFC 6396 §4.3.3: of a family that is not known the rest is not looked into.
#[test]
fn generic_tables() {
    let nlri = |subtype, family: [u8; 3], nlri: &[u8]| {
        let body = [&[0; 4][..], &family, nlri, &[0, 1], &[0; 8]].concat();
        read(raw(13, subtype, &body)).map(|record| match record.body {
            RecordBody::Rib(rib) => Some((rib.nlri().to_vec(), rib.entries().count())),
            _ => None,
        })
    };
    for (family, value) in [
        ([0, 1, 4], &[48, 0, 1, 1, 10, 0, 0][..]), // a label, 10.0.0.0/24
        ([0, 2, 128], &[88, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 9]), // a label and a distinguisher
        ([0, 25, 70], &[3, 2, 9, 9]),              // a route type and two octets
        ([0, 1, 133], &[3, 1, 8, 10]),             // to 10.0.0.0/8
        ([0, 1, 132], &[0]),                       // all route targets
        ([0, 2, 1], &[0]),
    ] {
        assert_eq!(nlri(6, family, value), Ok(Some((value.to_vec(), 1))), "{family:?}");
        let with_id = [&[0, 0, 0, 7][..], value].concat();
        assert_eq!(nlri(12, family, &with_id), Ok(Some((value.to_vec(), 1))), "{family:?}");
    }
    assert_eq!(nlri(6, [0x40, 4, 71], &[1, 2, 3]), Ok(None));
    let long = [&[0xf1, 0][..], &[0; 256]].concat();
    assert_eq!(nlri(6, [0, 1, 133], &long), Ok(Some((long, 1))));
}

#[test]
fn what_is_malformed() {
    let error = |kind, subtype, body: &[u8]| read(raw(kind, subtype, body)).err();
    let cut_off = |what, offset| Some(MrtError::CutOff { what, offset });
    assert_eq!(error(13, 2, &[0, 0, 0]), cut_off("sequence number", 12));
    let long = Some(MrtError::PrefixLength { length: 33, offset: 16 });
    assert_eq!(error(13, 2, &[0, 0, 0, 0, 33, 1, 2, 3, 4, 5, 0, 0]), long);
    assert_eq!(error(13, 2, &[0, 0, 0, 0, 0, 0, 1, 0]), cut_off("RIB entry", 19));
    assert_eq!(error(13, 2, &[0, 0, 0, 0, 0, 0, 0, 9]), Some(MrtError::Trailing { offset: 19 }));
    let entry = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 1];
    assert_eq!(error(13, 2, &entry), cut_off("attributes", 27));
    let afi = Some(MrtError::AddressFamily { afi: Afi(3), offset: 18 });
    assert_eq!(error(16, 1, &[0, 1, 0, 2, 0, 0, 0, 3]), afi);
    assert_eq!(error(17, 1, &[0, 1]), cut_off("microsecond timestamp", 12));
    let mut more = raw(16, 99, &[1]).to_vec();
    more.push(0);
    assert_eq!(read(more.into()), Err(MrtError::Trailing { offset: 13 }));
}

/// RFC 6396 §4.3.4, and what writers make of it
#[test]
fn next_hops_of_a_table() {
    let v6 = |last: u8| [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    let attribute = |code: u8, value: &[u8]| {
        [&[0x80, code, u8::try_from(value.len()).expect("short")], value].concat()
    };
    let next_hop = |attributes: &[u8]| {
        rib::next_hop(Family::IPV6_UNICAST, received(attributes)).as_ref().map(ToString::to_string)
    };
    let abbreviated = attribute(14, &[&[16][..], &v6(1)].concat());
    let whole = attribute(14, &[&[0, 2, 1, 16][..], &v6(2), &[0, 0]].concat());
    let classic = attribute(3, &[192, 0, 2, 1]);
    let text = |text: &str| Some(String::from(text));
    assert_eq!(next_hop(&abbreviated), text("2001:db8::1"));
    assert_eq!(next_hop(&whole), text("2001:db8::2"));
    assert_eq!(next_hop(&classic), text("192.0.2.1"));
    // RFC 8950: then NEXT_HOP means nothing.
    assert_eq!(next_hop(&[classic, abbreviated].concat()), text("2001:db8::1"));
    for flawed in [&[][..], &[0], &[16, 1, 2], &[5, 1, 2, 3, 4, 5], &[0, 2, 1, 16]] {
        assert_eq!(next_hop(&attribute(14, flawed)), None, "{flawed:?}");
    }
    let dump = table_dump(whole);
    assert!(matches!(dump.next_hop(), Some(NextHop::V6(..))));
}

/// The subtype says how a message is to be read (RFC 6396 §4.4.2, RFC 8050 §3).
#[test]
fn the_context_of_messages() {
    let bits = |subtype| {
        let body = if matches!(subtype, 1 | 6 | 8 | 10) { 16 } else { 20 };
        let mut body = alloc::vec![0; body];
        let afi = body.len() - 9;
        if let Some(octet) = body.get_mut(afi) {
            *octet = 1;
        }
        match read(raw(16, subtype, &body)).expect("a record").body {
            RecordBody::Message(message) => {
                let context = message.context();
                assert!(message.decode_message().is_err(), "no message is there");
                let add_path = context.has_add_path(Family::IPV6_UNICAST);
                (context.four_octet_as, message.local, add_path, context.extended_message)
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(bits(1), (false, false, false, true));
    assert_eq!(bits(4), (true, false, false, true));
    assert_eq!(bits(6), (false, true, false, true));
    assert_eq!(bits(7), (true, true, false, true));
    assert_eq!(bits(8), (false, false, true, true));
    assert_eq!(bits(9), (true, false, true, true));
    assert_eq!(bits(10), (false, true, true, true));
    assert_eq!(bits(11), (true, true, true, true));
}

/// A path identifier is read where the subtype says so.
#[test]
fn an_update_with_path_identifiers() {
    let mut out = BytesMut::new();
    let context = Context {
        four_octet_as: true,
        add_path: [Family::IPV4_UNICAST].into_iter().collect(),
        ..Context::default()
    };
    let net = "10.0.0.0/8".parse().expect("a prefix");
    crate::UpdateWriter::new(&mut out, &context).withdraw(Family::IPV4_UNICAST, [net]);
    let message = MessageRecord {
        peering: Peering {
            peer_as: 1,
            local_as: 2,
            interface_index: 0,
            addresses: Addresses::V4 { peer: [192, 0, 2, 1].into(), local: [192, 0, 2, 2].into() },
            four_octet_as: true,
        },
        local: false,
        add_path: true,
        message: out.freeze(),
    };
    let Ok(Message::Update(update)) = message.decode_message() else { panic!("{message:?}") };
    let nets: Vec<_> = update.unreach().flat_map(|unreach| unreach.nlri.prefixes()).collect();
    assert_eq!(nets, [net]);
}

#[test]
fn what_has_too_few_octets_is_not_written() {
    let attributes = alloc::vec![0; 65536];
    let entry = |attributes| RibEntry { peer_index: 0, originated: 0, path_id: None, attributes };
    let net = "10.0.0.0/8".parse().expect("a prefix");
    let long = Rib::unicast(0, &net, [entry(received(&attributes))]);
    assert_eq!(long, Err(MrtError::TooMany { what: "octets of attributes", count: 65536 }));
    let many = Rib::unicast(0, &net, core::iter::repeat_n(entry(received(&[])), 65536));
    assert_eq!(many, Err(MrtError::TooMany { what: "entries", count: 65536 }));
    let view_name = Bytes::from(attributes);
    let table = PeerIndexTable { collector: [0; 4].into(), view_name, peers: Vec::new() };
    let mut out = BytesMut::new();
    assert!(Record::new(0, RecordBody::PeerIndexTable(table)).encode(&mut out).is_err());
    assert!(out.is_empty());
}

/// All three ways through a file give the same records, whatever the pieces in which it comes.
#[test]
fn all_ways_through_a_file_agree() {
    struct Pieces<'a>(&'a [u8], usize);
    impl std::io::Read for Pieces<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(self.0.len()).min(out.len());
            let (head, rest) = self.0.split_at(count);
            out[..count].copy_from_slice(head);
            self.0 = rest;
            Ok(count)
        }
    }
    for name in ["bird-table.mrt", "frr-all-et.mrt", "gobgp-updates.mrt"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mrt");
        let mut file = std::fs::read(folder.join(name)).expect("a file of testdata");
        // Cut off, so that the end is an error too.
        file.truncate(file.len() - 3);
        let expected: Vec<Vec<u8>> = Records::new(&file)
            .map_while(Result::ok)
            .map(|record| record.bytes().to_vec())
            .collect();
        assert!(expected.len() > 10, "{name}");
        for size in [1, 7, 100_000] {
            let mut reader = Reader::new(Pieces(&file, size));
            let (mut found, mut at) = (Vec::new(), 0);
            let mut cut = 0;
            while let Some(record) = reader.next_ref() {
                match record {
                    Ok(record) => found.push(record.bytes().to_vec()),
                    Err(ReadError::CutOff { offset, .. }) => cut = offset,
                    Err(error) => panic!("{error}"),
                }
                at = reader.offset();
            }
            assert_eq!(found, expected, "{name}");
            assert_eq!((at, cut < at), (file.len() as u64, true));
            // Both ways in turn
            let mut reader = Reader::new(Pieces(&file, size));
            let mut turns = Vec::new();
            while let Some(Ok(record)) = reader.next_ref() {
                turns.push(record.bytes().to_vec());
                match reader.next() {
                    Some(Ok(record)) => turns.push(record.to_bytes().expect("short").to_vec()),
                    _ => break,
                }
            }
            assert!(expected.starts_with(&turns) && turns.len() + 1 >= expected.len(), "{name}");
        }
    }
}
