use alloc::string::ToString;

use bytes::BytesMut;
use proptest::prelude::*;

use super::*;
use crate::packet::LinkLocalSignaling;

const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::HmacSha1, Algorithm::HmacSha256, Algorithm::HmacSha384, Algorithm::HmacSha512];
const NOW: Duration = Duration::from_secs(1000);

fn association(id: u16, algorithm: Algorithm, key: &[u8]) -> SecurityAssociation {
    SecurityAssociation::new(id, algorithm, key.to_vec())
}

/// A packet of this type whose body is `body`; Options are the three octets from 21 on in a Hello.
fn packet(packet_type: u8, body: &[u8]) -> BytesMut {
    let mut packet = BytesMut::from(&[3, packet_type][..]);
    packet.put_u16(u16::try_from(16 + body.len()).expect("short"));
    packet.put_bytes(0, 12);
    packet.put_slice(body);
    packet
}

fn hello(options: Options) -> BytesMut {
    let mut body = [0; 20];
    body[5..8].copy_from_slice(&options.to_be_bytes());
    packet(1, &body)
}

/// The plain hashes, and the octets they take at a time.
fn hash(algorithm: Algorithm, data: &[u8]) -> (Vec<u8>, usize) {
    match algorithm {
        Algorithm::HmacSha1 => (Sha1::digest(data).to_vec(), 64),
        Algorithm::HmacSha256 => (Sha256::digest(data).to_vec(), 64),
        Algorithm::HmacSha384 => (Sha384::digest(data).to_vec(), 128),
        Algorithm::HmacSha512 => (Sha512::digest(data).to_vec(), 128),
    }
}

/// RFC 7166 §4.5 step by step, with nothing but a hash: the digest of a datagram with its trailer's first 16 octets.
fn oracle(association: &SecurityAssociation, source: Ipv6Addr, signed: &[u8]) -> Vec<u8> {
    let h = |data: &[u8]| hash(association.algorithm, data).0;
    let l = association.algorithm.digest_length();
    let b = hash(association.algorithm, &[]).1;
    // 1. Preparation of the key
    let (protocol_id, longest) = match association.preparation {
        KeyPreparation::Standard => ([0, 1], l),
        KeyPreparation::Whole => ([0, 1], b),
        KeyPreparation::SwappedProtocolId => ([1, 0], l),
    };
    let ks = [&association.key.0[..], &protocol_id].concat();
    let mut ko = if ks.len() > longest { h(&ks) } else { ks };
    ko.resize(b, 0);
    let xor = |pad: u8| ko.iter().map(|octet| octet ^ pad).collect::<Vec<_>>();
    // 2. First-Hash
    let mut apad = source.octets().to_vec();
    while apad.len() < l {
        apad.extend_from_slice(&0x878f_e1f3_u32.to_be_bytes());
    }
    let first = h(&[&xor(0x36)[..], signed, &apad].concat());
    // 3. Second-Hash
    h(&[&xor(0x5c)[..], &first].concat())
}

fn any_association() -> impl Strategy<Value = SecurityAssociation> {
    let key = prop::collection::vec(any::<u8>(), 0..140);
    let preparation = prop_oneof![
        Just(KeyPreparation::Standard),
        Just(KeyPreparation::Whole),
        Just(KeyPreparation::SwappedProtocolId)
    ];
    (any::<u16>(), prop::sample::select(ALGORITHMS.to_vec()), key, preparation).prop_map(
        |(id, algorithm, key, preparation)| SecurityAssociation {
            preparation,
            ..association(id, algorithm, &key)
        },
    )
}

proptest! {
    #[test]
    fn rfc7166_4_5(
        association in any_association(), body: Vec<u8>, number: u64, source: [u8; 16], packet_type: u8,
    ) {
        let source = Ipv6Addr::from(source);
        let plain = packet(packet_type, &body);
        let mut signed = plain.clone();
        association.sign(number, source, &mut signed);
        let length = association.algorithm.digest_length();
        prop_assert_eq!(signed.len(), plain.len() + association.trailer_length());
        let (before, digest) = signed.split_at(signed.len() - length);
        prop_assert_eq!(digest, oracle(&association, source, before));
        let header = [
            &[0, 1, 0, 16 + length as u8, 0, 0][..],
            &association.id.to_be_bytes(),
            &number.to_be_bytes(),
        ].concat();
        prop_assert_eq!(before, [&plain[..], &header].concat());
    }

    #[test]
    fn what_is_signed_is_verified_and_nothing_else(
        association in any_association(), body: Vec<u8>, number: u64,
        at: prop::sample::Index, bit in 0u32..8, other: Vec<u8>,
    ) {
        let mut signed = packet(3, &body);
        association.sign(number, SOURCE, &mut signed);
        let keys = SecurityAssociations::from_iter([association.clone()]);
        let verify = |data: &[u8], source| {
            let datagram = Datagram::split(data).map_err(|error| error.to_string())?;
            keys.verify(NOW, source, &datagram).map_err(|error| error.to_string())
        };
        let trailer = Trailer { association_id: association.id, sequence_number: number };
        prop_assert_eq!(verify(&signed, SOURCE), Ok(trailer));
        prop_assert!(verify(&signed, Ipv6Addr::LOCALHOST).is_err());
        let mut changed = signed.clone();
        changed[at.index(signed.len())] ^= 1 << bit;
        prop_assert!(verify(&changed, SOURCE).is_err());
        prop_assert!(verify(&signed[..at.index(signed.len())], SOURCE).is_err());
        prop_assert!(verify(&[&signed[..], &[0]].concat(), SOURCE).is_err());
        if other != association.key.0 {
            let other = SecurityAssociation { key: Key(other), ..association };
            let other = SecurityAssociations::from_iter([other]);
            let datagram = Datagram::split(&signed).expect("a packet");
            let error = AuthenticationError::BadDigest { id: trailer.association_id };
            prop_assert_eq!(other.verify(NOW, SOURCE, &datagram), Err(error));
        }
    }

    #[test]
    fn trailers_of_any_octets(trailer: Vec<u8>) {
        match Trailer::decode(&trailer) {
            Ok(_) => prop_assert_eq!(usize::from(trailer[2]) * 256 + usize::from(trailer[3]), trailer.len()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    /// RFC 7166 §4.1, §4.6: strictly increasing by packet type.
    #[test]
    fn replays(numbers in prop::collection::vec((0u8..8, 0u64..8), 0..60)) {
        let mut replay = ReplayProtection::default();
        let mut taken = Vec::<(u8, u64)>::new();
        for (packet_type, number) in numbers {
            // Types that do not exist are one.
            let kind = if (1..=5).contains(&packet_type) { packet_type } else { 0 };
            let last = taken.iter().filter(|(other, _)| *other == kind).map(|(_, last)| *last).max();
            let expected = match last {
                Some(last) if number <= last => Err(AuthenticationError::Replay { last, received: number }),
                _ => Ok(()),
            };
            prop_assert_eq!(replay.check(PacketType(packet_type), number), expected);
            if expected.is_ok() {
                replay.note(PacketType(packet_type), number);
                taken.push((kind, number));
            }
        }
    }
}

/// RFC 7166 §4.1: the block of link-local signalling is signed as well, and stands before the trailer.
#[test]
fn blocks_are_signed() {
    for algorithm in ALGORITHMS {
        let association = association(7, algorithm, b"key");
        let mut signed = hello(Options::AT | Options::L);
        let mut block = LinkLocalSignaling::default();
        block.push_word(LinkLocalSignaling::EXTENDED_OPTIONS, 3);
        block.encode(true, &mut signed);
        association.sign(5, SOURCE, &mut signed);
        let keys = SecurityAssociations::from_iter([association]);
        let datagram = Datagram::split(&signed).expect("a packet");
        assert!(keys.verify(NOW, SOURCE, &datagram).is_ok());
        let found = datagram.link_local_signaling.expect("a block");
        let found = LinkLocalSignaling::decode(found, true).expect("well-formed");
        assert_eq!((found.extended_options(), found.ipv6_mtu()), (Some(3), None));
        for at in 36..48 {
            signed[at] ^= 0x10;
            let changed = Datagram::split(&signed).expect("a packet");
            assert!(keys.verify(NOW, SOURCE, &changed).is_err(), "{at}");
            signed[at] ^= 0x10;
        }
    }
}

/// RFC 7166 §4.6
#[test]
fn packets_with_options_must_have_the_at_bit() {
    let association = association(7, Algorithm::HmacSha256, b"key");
    let keys = SecurityAssociations::from_iter([association.clone()]);
    for (options, verified) in [(Options::AT, true), (Options::E, false)] {
        let mut signed = hello(options);
        association.sign(5, SOURCE, &mut signed);
        let datagram = Datagram::split(&signed).expect("a packet");
        let expected = match verified {
            true => Ok(Trailer { association_id: 7, sequence_number: 5 }),
            false => Err(AuthenticationError::AtBit),
        };
        assert_eq!(keys.verify(NOW, SOURCE, &datagram), expected);
    }
}

/// RFC 7166 §3: from the start on, before the end.
#[test]
fn lifetimes() {
    let lifetime = |start, stop: Option<u64>| Lifetime {
        start: Duration::from_secs(start),
        stop: stop.map(Duration::from_secs),
    };
    let mut old = association(1, Algorithm::HmacSha256, b"old");
    (old.accept, old.generate) = (lifetime(0, Some(400)), lifetime(0, Some(300)));
    let mut new = association(2, Algorithm::HmacSha512, b"new");
    (new.accept, new.generate) = (lifetime(100, Some(900)), lifetime(200, Some(800)));
    let keys = SecurityAssociations::from_iter([old.clone(), new.clone()]);
    let table = [
        (0, Some(1), true, false, Some(100)),
        (99, Some(1), true, false, Some(100)),
        (100, Some(1), true, true, Some(200)),
        (200, Some(2), true, true, Some(300)),
        (299, Some(2), true, true, Some(300)),
        (300, Some(2), true, true, Some(400)),
        (399, Some(2), true, true, Some(400)),
        (400, Some(2), false, true, Some(800)),
        (799, Some(2), false, true, Some(800)),
        (800, None, false, true, Some(900)),
        (900, None, false, false, None),
    ];
    for (second, generating, old_taken, new_taken, change) in table {
        let now = Duration::from_secs(second);
        assert_eq!(keys.generating(now).map(|association| association.id), generating, "{second}");
        assert_eq!(keys.next_change(now), change.map(Duration::from_secs), "{second}");
        for (association, taken) in [(&old, old_taken), (&new, new_taken)] {
            let mut signed = packet(4, b"body");
            association.sign(1, SOURCE, &mut signed);
            let datagram = Datagram::split(&signed).expect("a packet");
            let expired = Err(AuthenticationError::Expired { id: association.id });
            let trailer = Trailer { association_id: association.id, sequence_number: 1 };
            let expected = if taken { Ok(trailer) } else { expired };
            assert_eq!(keys.verify(now, SOURCE, &datagram), expected, "{second}");
        }
    }
    assert_eq!(keys.longest_trailer(), 80);
    assert_eq!(SecurityAssociations::default().longest_trailer(), 0);
}

#[test]
fn what_a_trailer_must_be() {
    let association = association(7, Algorithm::HmacSha1, b"key");
    let keys = SecurityAssociations::from_iter([association.clone()]);
    let mut signed = packet(4, b"body");
    association.sign(1, SOURCE, &mut signed);
    let verify = |at: usize, value: u8, end: usize| {
        let mut data = signed.clone();
        data[at] = value;
        let datagram = Datagram::split(&data[..end]).expect("a packet");
        keys.verify(NOW, SOURCE, &datagram)
    };
    let end = signed.len();
    assert_eq!(end, 20 + 36);
    assert_eq!(verify(20, 0, 20 + 15), Err(AuthenticationError::Missing));
    assert_eq!(verify(21, 2, end), Err(AuthenticationError::Type { authentication_type: 2 }));
    let length = AuthenticationError::Length { length: 48, available: 36 };
    assert_eq!(verify(23, 48, end), Err(length));
    assert_eq!(verify(27, 8, end), Err(AuthenticationError::UnknownAssociation { id: 8 }));
    assert_eq!(verify(35, 2, end), Err(AuthenticationError::BadDigest { id: 7 }));
    // A digest of no octets is not a right one.
    let mut short = packet(4, b"body");
    short.put_slice(&[0, 1, 0, 16, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1]);
    let datagram = Datagram::split(&short).expect("a packet");
    assert_eq!(keys.verify(NOW, SOURCE, &datagram), Err(AuthenticationError::BadDigest { id: 7 }));
}

/// RFC 7166 §4.1.1
#[test]
fn sequence_numbers_go_up_to_the_end() {
    let mut numbers = SequenceNumbers::new(3);
    assert_eq!(numbers.next(), Some(3 << 32));
    assert_eq!(numbers.next(), Some((3 << 32) + 1));
    let mut numbers = SequenceNumbers { next: Some(u64::MAX) };
    assert_eq!(numbers.next(), Some(u64::MAX));
    assert_eq!((numbers.next(), numbers.next()), (None, None));
}

#[test]
fn keys_do_not_print() {
    let shown = alloc::format!("{:?}", association(1, Algorithm::HmacSha256, b"hunter2"));
    assert!(!shown.contains("hunter2") && !shown.contains("104"), "{shown}");
}
