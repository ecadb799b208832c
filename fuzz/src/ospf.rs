//! OSPFv3: packets, LSAs, Authentication Trailers.

use core::net::Ipv6Addr;
use core::time::Duration;

use bytes::{Bytes, BytesMut};
use ospf3::auth::{
    Algorithm, Key, KeyPreparation, ReplayProtection, SecurityAssociation, SecurityAssociations,
    Trailer,
};
use ospf3::lsdb::Installed;
use ospf3::{
    Datagram, Header, LinkLocalSignaling, LinkStateId, LinkStateUpdate, LsType, Lsa, LsaBody,
    LsaHeader, LsaKey, Lsdb, Packet, PacketBody, RouterId, SequenceNumber, checksum,
};

const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const DESTINATION: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 5);

/// What is decoded is written and reads the same; what is written has a checksum that verifies; LSAs of an update go into
/// another update and come out the same.
pub fn ospf_packet(data: &[u8]) {
    let _ = checksum::verify(data, SOURCE, DESTINATION);
    let Ok((packet, trailer)) = Packet::decode(data) else { return };
    let header = Header::decode(data).expect("a packet has a header");
    assert_eq!(usize::from(header.length) + trailer.len(), data.len());
    let mut out = BytesMut::new();
    packet.encode(SOURCE, DESTINATION, &mut out).expect("it was not too long before");
    assert_eq!(checksum::verify(&out, SOURCE, DESTINATION), Ok(()));
    let (again, rest) = Packet::decode(&out).expect("what is written can be read");
    assert_eq!((&again, rest), (&packet, &[][..]));
    if let PacketBody::LinkStateUpdate(update) = &packet.body {
        link_state_update(update);
    }

    let datagram = Datagram::split(data).expect("a packet");
    let block = datagram.link_local_signaling.unwrap_or_default();
    assert_eq!(datagram.packet.len() + block.len() + datagram.trailer.len(), data.len());
    for authenticated in [false, true] {
        let Ok(block) = LinkLocalSignaling::decode(block, authenticated) else { continue };
        let mut out = BytesMut::new();
        block.encode(authenticated, &mut out);
        assert_eq!(LinkLocalSignaling::decode(&out, authenticated), Ok(block));
    }
}

fn link_state_update(update: &LinkStateUpdate) {
    let mut builder = LinkStateUpdate::builder(usize::MAX);
    let mut taken = Vec::new();
    for lsa in update.lsas() {
        // One that is malformed does not hide the others.
        let Ok(lsa) = lsa else { continue };
        assert!(builder.push(&lsa, lsa.header().age));
        taken.push(lsa);
    }
    let again = builder.build().lsas().collect::<Result<Vec<_>, _>>();
    assert_eq!(again, Ok(taken));
}

/// An LSA, whose checksum need not be right. What is decoded is written and reads the same, and the same octets again; a database
/// holds what was put into it.
pub fn ospf_lsa(data: &[u8]) {
    let mut rest = Bytes::copy_from_slice(data);
    if let Ok(lsa) = Lsa::decode(&mut rest) {
        let mut out = BytesMut::new();
        lsa.put(lsa.header().age, &mut out);
        assert_eq!(out.len() + rest.len(), data.len());
        assert_eq!(Lsa::decode(&mut out.freeze()), Ok(lsa));
    }
    let Some((header, octets)) = data.split_first_chunk::<{ LsaHeader::LENGTH }>() else { return };
    let [a0, a1, t0, t1, i0, i1, i2, i3, r0, r1, r2, r3, s0, s1, s2, s3, ..] = *header;
    let key = LsaKey {
        ls_type: LsType(u16::from_be_bytes([t0, t1])),
        advertising_router: RouterId::from([r0, r1, r2, r3]),
        link_state_id: LinkStateId(u32::from_be_bytes([i0, i1, i2, i3])),
    };
    let Ok(body) = LsaBody::decode(key.ls_type, octets) else { return };
    let sequence = SequenceNumber(i32::from_be_bytes([s0, s1, s2, s3]));
    let Ok(lsa) = Lsa::new(u16::from_be_bytes([a0, a1]), key, sequence, &body) else { return };
    assert_eq!(lsa.body().as_ref(), Ok(&body));
    let mut out = BytesMut::new();
    lsa.put(lsa.header().age, &mut out);
    assert_eq!(Lsa::decode(&mut out.clone().freeze()).as_ref(), Ok(&lsa));
    let again = Lsa::new(lsa.header().age, key, sequence, &body);
    assert_eq!(again.as_ref(), Ok(&lsa));

    let (mut lsdb, now) = (Lsdb::new(), Duration::from_secs(5));
    assert_eq!(lsdb.install(now, lsa.clone()), Installed::New);
    assert_eq!(lsdb.install(now, lsa.clone()), Installed::Refreshed);
    assert_eq!(lsdb.get(&key).map(|entry| &entry.lsa), Some(&lsa));
    assert_eq!((lsdb.len(), lsdb.octets()), (1, out.len()));
    assert_eq!(lsdb.next_expiry().is_none(), lsa.header().is_max_age());
}

/// A datagram with its trailer. One octet says which key it is verified and signed with; what is signed is authentic, and no
/// longer after a change.
pub fn ospf_trailer(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let choose = |shift: u8| usize::from(choice >> shift & 3);
    let algorithms =
        [Algorithm::HmacSha1, Algorithm::HmacSha256, Algorithm::HmacSha384, Algorithm::HmacSha512];
    let preparations = [
        KeyPreparation::Standard,
        KeyPreparation::Whole,
        KeyPreparation::SwappedProtocolId,
        KeyPreparation::Standard,
    ];
    let lengths = [6, 30, 63, 127];
    let (algorithm, length) = (algorithms[choose(0)], lengths[choose(2)]);
    let mut association = SecurityAssociation::new(3, algorithm, Key::from(vec![b'k'; length]));
    association.preparation = preparations[choose(4)];
    let associations = SecurityAssociations::from_iter([association.clone()]);
    let Ok(datagram) = Datagram::split(data) else { return };
    let verified = associations.verify(Duration::ZERO, SOURCE, &datagram);
    let trailer = Trailer::decode(datagram.trailer);
    assert!(verified.is_err() || verified == trailer);

    let mut replay = ReplayProtection::default();
    let sequence = trailer.map_or(7, |trailer| trailer.sequence_number);
    assert_eq!(replay.check(datagram.header.packet_type, sequence), Ok(()));
    replay.note(datagram.header.packet_type, sequence);
    assert!(replay.check(datagram.header.packet_type, sequence).is_err());

    // The same packet, signed.
    let block = datagram.link_local_signaling.unwrap_or_default();
    let mut signed = BytesMut::from(&[datagram.packet, block].concat()[..]);
    association.sign(sequence, SOURCE, &mut signed);
    let again = Datagram::split(&signed).expect("as before");
    match associations.verify(Duration::ZERO, SOURCE, &again) {
        Ok(trailer) => assert_eq!((trailer.association_id, trailer.sequence_number), (3, sequence)),
        // Options without the AT bit, or an L bit where there is no block.
        Err(error) => assert!(again.options.is_some(), "{error}"),
    }
    let last = signed.len() - 1;
    signed[last] ^= 1;
    let changed = Datagram::split(&signed).expect("as before");
    assert!(associations.verify(Duration::ZERO, SOURCE, &changed).is_err());
}
