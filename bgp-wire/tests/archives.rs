//! Archives and BMP streams of real daemons (see testdata/README.md).

use std::collections::BTreeMap;
use std::path::Path;

use bgp_wire::bmp;
use bgp_wire::mrt::{ReadError, Reader, Record, RecordBody};
use bytes::{Bytes, BytesMut};

fn read(file: &str) -> Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(file);
    std::fs::read(path).expect("a file of testdata").into()
}

/// The records of a file, and the offsets of those with a flaw. What is read is written as it came.
fn records(file: &str) -> (Vec<Record>, Vec<u64>) {
    let data = read(file);
    let mut reader = Reader::new(&data[..]);
    let (mut list, mut flaws) = (Vec::new(), Vec::new());
    loop {
        let start = usize::try_from(reader.offset()).expect("a small file");
        match reader.next() {
            None => return (list, flaws),
            Some(Ok(record)) => {
                let end = usize::try_from(reader.offset()).expect("a small file");
                let written = record.to_bytes().expect("fits");
                assert_eq!(Some(&written[..]), data.get(start..end), "{file} at {start}");
                list.push(record);
            }
            Some(Err(ReadError::Record { offset, .. })) => flaws.push(offset),
            Some(Err(error)) => panic!("{file}: {error}"),
        }
    }
}

/// Subtypes and how often they are there, in order
fn kinds(list: &[Record]) -> String {
    let mut counts = BTreeMap::new();
    for (kind, subtype) in list.iter().map(Record::kind) {
        *counts.entry((kind, subtype)).or_insert(0) += 1;
    }
    let text = |((kind, subtype), count): (&(bgp_wire::mrt::RecordType, u16), &i32)| {
        let name = kind.subtype_name(*subtype).expect("a known one");
        format!("{name} {count}")
    };
    counts.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Messages can be read with the context that their records give, attributes of tables to their end.
fn read_within(list: &[Record]) {
    for record in list {
        match &record.body {
            RecordBody::Message(message) => {
                message.decode_message().unwrap_or_else(|error| panic!("{error}: {record:?}"));
            }
            RecordBody::Rib(rib) => {
                assert!(rib.prefix().is_some());
                for entry in rib.entries() {
                    let octets = |raw: bgp_wire::RawAttribute<'_>| {
                        raw.value.len() + if raw.flags & 0x10 != 0 { 4 } else { 3 }
                    };
                    let length: usize = entry.attributes.iter().map(octets).sum();
                    assert_eq!(length, entry.attributes.bytes().len());
                }
            }
            _ => {}
        }
    }
}

#[test]
fn archives_of_bird() {
    for (file, wanted) in [
        (
            "mrt/bird-messages.mrt",
            "MESSAGE 6, MESSAGE_AS4 11, STATE_CHANGE_AS4 18, MESSAGE_AS4_ADDPATH 3",
        ),
        (
            "mrt/bird-table.mrt",
            "PEER_INDEX_TABLE 14, RIB_IPV4_UNICAST 62, RIB_IPV6_UNICAST 30, \
             RIB_IPV4_UNICAST_ADDPATH 27",
        ),
        (
            "mrt/bird-table-addpath.mrt",
            "PEER_INDEX_TABLE 14, RIB_IPV4_UNICAST_ADDPATH 62, \
             RIB_IPV6_UNICAST_ADDPATH 30",
        ),
    ] {
        let (list, flaws) = records(file);
        assert_eq!((kinds(&list).as_str(), flaws), (wanted, Vec::new()), "{file}");
        read_within(&list);
    }
}

#[test]
fn archives_of_frr() {
    for (file, wanted, flawed) in [
        (
            "mrt/frr-all-et.mrt",
            "MESSAGE 3, MESSAGE_AS4 25, STATE_CHANGE_AS4 29, MESSAGE_AS4_ADDPATH 9",
            &[4987][..],
        ),
        ("mrt/frr-updates.mrt", "MESSAGE_AS4 20, MESSAGE_AS4_ADDPATH 6", &[]),
        (
            "mrt/frr-routes.mrt",
            "PEER_INDEX_TABLE 1, RIB_IPV4_UNICAST 4, RIB_IPV6_UNICAST 1, \
             RIB_IPV4_UNICAST_ADDPATH 5",
            &[],
        ),
    ] {
        let (list, flaws) = records(file);
        assert_eq!((kinds(&list).as_str(), &flaws[..]), (wanted, flawed), "{file}");
        read_within(&list);
    }
}

#[test]
fn archives_of_gobgp() {
    for (file, wanted) in [
        ("mrt/gobgp-updates.mrt", "MESSAGE_AS4 13, MESSAGE_AS4_ADDPATH 4"),
        (
            "mrt/gobgp-table.mrt",
            "PEER_INDEX_TABLE 1, RIB_IPV4_UNICAST 6, RIB_IPV6_UNICAST 3, \
             RIB_IPV4_UNICAST_ADDPATH 9, RIB_IPV6_UNICAST_ADDPATH 1",
        ),
    ] {
        let (list, flaws) = records(file);
        assert_eq!((kinds(&list).as_str(), flaws), (wanted, Vec::new()), "{file}");
        read_within(&list);
    }
}

/// The messages of a stream, which are written as they came.
fn messages(file: &str) -> Vec<bmp::Message> {
    let mut stream = BytesMut::from(&read(file)[..]);
    let mut list = Vec::new();
    while let Some(bytes) = bmp::split_message(&mut stream).expect("framing") {
        let message = bmp::Message::decode(bytes.clone()).expect("a message");
        assert_eq!(message.to_bytes(), bytes);
        list.push(message);
    }
    assert!(stream.is_empty(), "{file} ends within a message");
    list
}

fn text(value: Option<&[u8]>) -> &str {
    value.and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default()
}

#[test]
fn monitoring_streams() {
    for (file, system, wanted) in
        [("bmp/frr.bmp", "FRRouting", (1, 322, 33, 2)), ("bmp/gobgp.bmp", "3.10.0", (1, 32, 0, 1))]
    {
        let list = messages(file);
        let Some(bmp::Message::Initiation(first)) = list.first() else { panic!("{list:?}") };
        let description = text(first.information.find(bmp::InitiationTlv::SYS_DESCR.0));
        assert!(description.starts_with(system), "{description}");
        let (mut add_path, mut gauges, mut mirrored, mut notifications) = (0, 0, 0, 0);
        for message in &list {
            match message {
                bmp::Message::PeerUp(up) => {
                    let context = up.context(&up.peer).expect("two OPENs");
                    add_path += context.add_path.len();
                    let received = up.decode_received_open().expect("an OPEN");
                    assert_eq!(received.asn(), up.peer.asn);
                    assert_eq!(received.bgp_identifier, up.peer.bgp_id);
                }
                bmp::Message::StatisticsReport(report) => {
                    gauges += report.iter().filter_map(|one| one.number()).count();
                }
                bmp::Message::RouteMirroring(mirroring) => {
                    mirrored += usize::from(mirroring.message().is_some());
                }
                bmp::Message::PeerDown(down) => {
                    let notification = down.reason.notification().map(|read| read.expect("one"));
                    notifications += usize::from(notification.is_some());
                }
                _ => {}
            }
        }
        let counts = (add_path, gauges, mirrored, notifications);
        assert_eq!(counts, wanted, "{file}");
    }
}
