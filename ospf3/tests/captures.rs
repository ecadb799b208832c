//! Whole conversations of BIRD and FRR: see testdata/README.md.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::BytesMut;
use ospf3::auth::{
    Algorithm, AuthenticationError, Key, KeyPreparation, ReplayProtection, SecurityAssociation,
    SecurityAssociations,
};
use ospf3::{Datagram, LsType, Lsa, LsaBody, Packet, PacketBody, PacketType, RouterId, checksum};

#[path = "captures/pcap.rs"]
mod pcap;
use pcap::Captured;

const NOW: Duration = Duration::ZERO;

/// The keys of `testdata/record/scenarios.py`.
fn association(scenario: &str) -> Option<SecurityAssociation> {
    let (algorithm, key) = match scenario.strip_prefix("authenticated_")? {
        "sha1" => (Algorithm::HmacSha1, "secret"),
        "sha256" | "frr" => (Algorithm::HmacSha256, "a_key_of_30_octets_01234567890"),
        "sha384" => (Algorithm::HmacSha384, "short"),
        "sha512" => (
            Algorithm::HmacSha512,
            "a_key_that_is_longer_than_the_digest_of_64_octets:_0123456789_0123456789",
        ),
        other => panic!("no key for {other}"),
    };
    let mut association = SecurityAssociation::new(3, algorithm, key);
    association.preparation = match scenario {
        "authenticated_frr" => KeyPreparation::SwappedProtocolId,
        _ => KeyPreparation::Whole,
    };
    Some(association)
}

fn lsas(packet: &Packet) -> Vec<Lsa> {
    match &packet.body {
        PacketBody::LinkStateUpdate(update) => {
            let lsas = update.lsas().collect::<Result<Vec<_>, _>>().expect("well-formed LSAs");
            assert_eq!(lsas.len(), update.count() as usize);
            lsas
        }
        _ => Vec::new(),
    }
}

/// Decoded, and encoded to the same octets.
fn packet(scenario: &str, captured: &Captured) -> Packet {
    let data = &captured.data;
    let datagram = Datagram::split(data).expect("a packet");
    let (packet, after) = Packet::decode(data).expect("well-formed");
    let mut again = BytesMut::new();
    match association(scenario) {
        None => {
            let verified = checksum::verify(data, captured.source, captured.destination);
            assert_eq!(verified, Ok(()));
            assert!(after.is_empty());
            packet.encode(captured.source, captured.destination, &mut again).expect("short enough");
        }
        Some(association) => {
            let associations = SecurityAssociations::from_iter([association.clone()]);
            let trailer = associations.verify(NOW, captured.source, &datagram).expect("authentic");
            packet.encode_without_checksum(&mut again).expect("short enough");
            association.sign(trailer.sequence_number, captured.source, &mut again);
        }
    }
    assert_eq!(again, data[..]);
    packet
}

/// Its body is read, and made anew gives the same LSA.
fn check(lsa: &Lsa) {
    let body = lsa.body().unwrap_or_else(|error| panic!("{}: {error}", lsa.key()));
    assert!(!matches!(body, LsaBody::Unknown(_)), "{}", lsa.key());
    let header = lsa.header();
    let again = Lsa::new(header.age, header.key, header.sequence, &body).expect("short enough");
    assert_eq!(again, *lsa, "{body:?}");
    let (mut sent, mut sent_again) = (BytesMut::new(), BytesMut::new());
    lsa.put(header.age, &mut sent);
    again.put(header.age, &mut sent_again);
    assert_eq!(sent, sent_again);
}

#[test]
fn all_are_read_and_written_as_they_were() {
    for path in pcap::files() {
        for captured in &pcap::read(&path) {
            let packet = packet(pcap::name(&path), captured);
            lsas(&packet).iter().for_each(check);
        }
    }
}

/// Sequence numbers go up by packet type; a wrong key, address or octet is noticed.
#[test]
fn authenticated_conversations() {
    let mut authenticated = 0;
    for path in pcap::files() {
        let Some(association) = association(pcap::name(&path)) else { continue };
        let associations = SecurityAssociations::from_iter([association.clone()]);
        let wrong = SecurityAssociation { key: Key::from("wrong"), ..association };
        let wrong = SecurityAssociations::from_iter([wrong]);
        let mut replay = BTreeMap::<_, ReplayProtection>::new();
        for captured in pcap::read(&path) {
            let datagram = Datagram::split(&captured.data).expect("a packet");
            let sender = replay.entry(captured.source).or_default();
            let trailer = associations.verify(NOW, captured.source, &datagram).expect("authentic");
            let packet_type = datagram.header.packet_type;
            assert_eq!(sender.check(packet_type, trailer.sequence_number), Ok(()));
            sender.note(packet_type, trailer.sequence_number);
            assert!(sender.check(packet_type, trailer.sequence_number).is_err());
            let bad = Err(AuthenticationError::BadDigest { id: 3 });
            assert_eq!(wrong.verify(NOW, captured.source, &datagram), bad);
            assert_eq!(associations.verify(NOW, captured.destination, &datagram), bad);
            authenticated += 1;
        }
        assert_eq!(replay.len(), 2, "both sides speak");
    }
    assert!(authenticated > 60, "{authenticated}");
}

/// Where an LSA of the type can be seen, and who originated it there.
const LSAS: &[(&str, LsType, u8)] = &[
    ("broadcast", LsType::ROUTER, 1),
    ("broadcast", LsType::ROUTER, 3),
    ("broadcast", LsType::NETWORK, 1),
    ("broadcast", LsType::LINK, 1),
    ("broadcast", LsType::LINK, 3),
    ("broadcast", LsType::INTRA_AREA_PREFIX, 1),
    ("broadcast", LsType::INTRA_AREA_PREFIX, 3),
    ("broadcast", LsType::AS_EXTERNAL, 1),
    ("designated", LsType::NETWORK, 2),
    ("designated", LsType::INTRA_AREA_PREFIX, 2),
    ("areas", LsType::INTER_AREA_PREFIX, 2),
    ("areas", LsType::INTER_AREA_ROUTER, 2),
    ("areas_frr", LsType::INTER_AREA_PREFIX, 2),
    ("areas_frr", LsType::INTER_AREA_ROUTER, 2),
    ("nssa", LsType::NSSA, 1),
    ("nssa", LsType::NSSA, 2),
    ("nssa", LsType::AS_EXTERNAL, 2),
    ("nssa_frr", LsType::NSSA, 1),
    ("nssa_frr", LsType::AS_EXTERNAL, 2),
    ("stub", LsType::INTER_AREA_PREFIX, 2),
    ("grace", LsType::GRACE, 1),
    ("restart", LsType::GRACE, 1),
];

#[test]
fn every_type_is_there() {
    let mut found = BTreeSet::new();
    let mut packets = BTreeSet::new();
    for path in pcap::files() {
        let scenario = pcap::name(&path);
        for captured in pcap::read(&path) {
            let packet = packet(scenario, &captured);
            packets.insert((packet.body.packet_type(), packet.router_id));
            for lsa in lsas(&packet) {
                found.insert((
                    scenario.to_owned(),
                    lsa.key().ls_type,
                    lsa.key().advertising_router,
                ));
            }
        }
    }
    for (scenario, ls_type, last) in LSAS {
        let router = RouterId::from([192, 0, 2, *last]);
        assert!(
            found.contains(&((*scenario).to_owned(), *ls_type, router)),
            "{scenario} {ls_type}"
        );
    }
    for number in 1..=5 {
        for last in 1..=3 {
            let router = RouterId::from([192, 0, 2, last]);
            assert!(packets.contains(&(PacketType(number), router)), "{number} of {router}");
        }
    }
}
