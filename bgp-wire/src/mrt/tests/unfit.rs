//! What has no place in a record, and what is malformed in one.

use super::*;
use crate::iana::AttributeCode;

/// RFC 4364 §4.3.2, RFC 4659 §3.2.1: a route distinguisher stands before each address.
#[test]
fn next_hops_of_vpns() {
    let global: core::net::Ipv6Addr = "2001:db8::1".parse().expect("an address");
    let link_local: core::net::Ipv6Addr = "fe80::1".parse().expect("an address");
    let zero = [0; 8];
    let of_v4 = [&zero[..], &[192, 0, 2, 1]].concat();
    let of_v6 = [&zero[..], &global.octets()].concat();
    let of_both = [&of_v6[..], &zero, &link_local.octets()].concat();
    let wanted = [
        (&of_v4, Some(NextHop::V4([192, 0, 2, 1].into()))),
        (&of_v6, Some(NextHop::V6(global, None))),
        (&of_both, Some(NextHop::V6(global, Some(link_local)))),
    ];
    let length = |value: &[u8]| u8::try_from(value.len()).expect("short");
    // A label, a route distinguisher, 10.0.0.0/8
    let nlri = [96, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 2, 10];
    for (field, hop) in wanted {
        let short = [&[length(field)][..], field].concat();
        let whole = [&[0, 1, 128][..], &short, &[0], &nlri].concat();
        for value in [short, whole] {
            let list = [&[0x80, 14, length(&value)][..], &value].concat();
            let attributes = received(&list);
            let entry = RibEntry { peer_index: 0, originated: 0, path_id: None, attributes };
            let rib = Rib::with_nlri(
                TableDumpV2Subtype::RIB_GENERIC,
                1,
                Family::IPV4_VPN,
                &nlri,
                [entry],
            );
            let rib = rib.expect("fits");
            let read = rib.entries().next().and_then(|entry| entry.next_hop(rib.family()));
            assert_eq!(read, hop);
            // No other family has these lengths.
            assert_eq!(entry.next_hop(Family::IPV6_UNICAST), None);
        }
    }
}

#[test]
fn a_rib_is_of_its_subtypes_family() {
    let subtype = TableDumpV2Subtype::RIB_IPV4_UNICAST;
    for family in [Family::IPV6_UNICAST, Family { afi: Afi::IPV4, safi: Safi::MULTICAST }] {
        let rib = Rib::with_nlri(subtype, 1, family, &[8, 10], []);
        assert!(matches!(rib, Err(MrtError::Unfit { .. })), "{rib:?}");
    }
    assert!(Rib::with_nlri(subtype, 1, Family::IPV4_UNICAST, &[8, 10], []).is_ok());
    // Nothing says how long the NLRI of this family is.
    let unknown = Family { afi: Afi(9), safi: Safi(9) };
    let rib = Rib::with_nlri(TableDumpV2Subtype::RIB_GENERIC, 1, unknown, &[8, 10], []);
    assert!(matches!(rib, Err(MrtError::Unfit { .. })), "{rib:?}");
}

#[test]
fn nothing_is_lost_silently() {
    let refused = |record: &Record| {
        let mut out = BytesMut::from(&[7][..]);
        let error = record.encode(&mut out);
        assert!(matches!(error, Err(MrtError::Unfit { .. })), "{error:?}");
        assert_eq!(out, [7][..]);
    };
    let unknown = |kind| UnknownRecord { kind, subtype: 99, body: Bytes::new() };
    let body = RecordBody::Unknown(unknown(RecordType::BGP4MP));
    refused(&Record { timestamp: 1, microseconds: Some(5), body });
    let body = RecordBody::Unknown(unknown(RecordType::BGP4MP_ET));
    let record = Record { timestamp: 1, microseconds: Some(5), body };
    assert_eq!(record.to_bytes().and_then(Record::decode), Ok(record));
    for (prefix, peer) in [("10.0.0.0/8", "2001:db8::1"), ("2001:db8::/32", "192.0.2.1")] {
        let mut path = table_dump(Vec::new());
        (path.prefix, path.peer) =
            (prefix.parse().expect("a prefix"), peer.parse().expect("an address"));
        refused(&Record::new(1, RecordBody::TableDump(path)));
    }
}

/// Attributes that are cut off do not vanish: the list ends before its bytes do.
#[test]
fn attributes_that_are_cut_off_stay() {
    let path = table_dump(vec![0x40, 1, 1, 0, 0xc0, 8, 4, 0, 1]);
    let mut wide = Vec::new();
    let list = path.wide_attributes(&mut wide);
    assert_eq!(list.iter().map(|raw| raw.code).collect::<Vec<_>>(), [AttributeCode::ORIGIN]);
    assert_eq!(list.bytes(), path.attributes);
}

/// RFC 8050 §3 does not leave any family out.
#[test]
fn path_identifiers_of_multicast_messages() {
    // MP_UNREACH_NLRI of IPv4 multicast: 10.1.0.0/16 with the path identifier 1
    let list = [0x80, 15, 10, 0, 1, 2, 0, 0, 0, 1, 16, 10, 1];
    let mut message = vec![0xff; 16];
    message.extend([0, 36, 2, 0, 0, 0, 13]);
    message.extend(list);
    let addresses = Addresses::V4 { peer: [1; 4].into(), local: [2; 4].into() };
    let peering =
        Peering { peer_as: 1, local_as: 2, interface_index: 0, addresses, four_octet_as: true };
    let record = MessageRecord { peering, local: false, add_path: true, message: message.into() };
    let Ok(Message::Update(update)) = record.decode_message() else { panic!("no UPDATE") };
    assert_eq!(update.flaws(), []);
    let nlri = update.mp_unreach().expect("withdrawn").nlri;
    let prefix = "10.1.0.0/16".parse().expect("a prefix");
    assert_eq!(nlri.prefixes().next_with_path_id(), Some((Some(1), prefix)));
}

/// A source that gives one octet at a time
struct Trickle<'a>(&'a [u8]);

impl std::io::Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let count = out.len().min(1);
        std::io::Read::read(&mut self.0, &mut out[..count])
    }
}

#[test]
fn whether_the_next_record_is_there() {
    let file = [raw(11, 0, &[0; 4]), raw(11, 0, &[])].concat();
    let mut reader = Reader::new(&file[..]);
    assert!(!reader.is_next_ready());
    assert!(matches!(reader.next(), Some(Ok(_))));
    assert!(reader.is_next_ready());
    assert!(matches!(reader.next(), Some(Ok(_))));
    assert!(!reader.is_next_ready() && reader.next().is_none() && !reader.is_next_ready());
    let mut reader = Reader::new(Trickle(&file));
    assert!(matches!(reader.next(), Some(Ok(_))));
    assert!(!reader.is_next_ready());
}

#[test]
fn offset_behind_a_record_that_is_too_long() {
    let file = [raw(11, 0, &[0; 100]), raw(11, 0, &[1; 4])].concat();
    let mut reader = Reader::with_limit(&file[..], 64);
    assert!(matches!(reader.next(), Some(Err(ReadError::TooLong { offset: 0, .. }))));
    assert_eq!(reader.offset(), 112);
    assert!(matches!(reader.next(), Some(Ok(_))));
    assert_eq!(reader.offset(), 128);
}
