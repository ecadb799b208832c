//! Packets of every type there and back, and octets that are none.

use alloc::string::ToString;
use alloc::vec::Vec;

use bytes::BytesMut;
use proptest::prelude::*;

use super::{ALL_SPF_ROUTERS, HELLO, SOURCE, with_octet, without_checksum};
use crate::id::{AreaId, InstanceId, InterfaceId, RouterId};
use crate::lsa::tests::{any_lsa, tlv};
use crate::lsa::{LinkStateId, LsType, Lsa, LsaHeader, LsaKey, MAX_AGE, SequenceNumber};
use crate::options::Options;
use crate::packet::*;

fn any_hello() -> impl Strategy<Value = PacketBody> {
    let neighbors = prop::collection::vec(any::<u32>().prop_map(RouterId), 0..40);
    (any::<(u32, u8, u32, u16, u16, u32, u32)>(), neighbors).prop_map(|(fields, neighbors)| {
        let (interface, router_priority, options, hello, dead, designated, backup) = fields;
        PacketBody::Hello(Hello {
            interface_id: InterfaceId(interface),
            router_priority,
            options: Options::from_bits(options),
            hello_interval: hello,
            router_dead_interval: dead,
            designated_router: RouterId(designated),
            backup_designated_router: RouterId(backup),
            neighbors,
        })
    })
}

fn any_key() -> impl Strategy<Value = LsaKey> {
    any::<(u16, u32, u32)>().prop_map(|(ls_type, router, id)| LsaKey {
        ls_type: LsType(ls_type),
        advertising_router: RouterId(router),
        link_state_id: LinkStateId(id),
    })
}

fn any_headers() -> impl Strategy<Value = Vec<LsaHeader>> {
    let header = (0..=MAX_AGE, any_key(), any::<(i32, u16, u16)>()).prop_map(
        |(age, key, (sequence, checksum, length))| LsaHeader {
            age,
            key,
            sequence: SequenceNumber(sequence),
            checksum,
            length,
        },
    );
    prop::collection::vec(header, 0..8)
}

fn any_description() -> impl Strategy<Value = PacketBody> {
    (any::<(u32, u16, u8, u32)>(), any_headers()).prop_map(|(fields, headers)| {
        let (options, interface_mtu, flags, sequence_number) = fields;
        PacketBody::DatabaseDescription(DatabaseDescription {
            options: Options::from_bits(options),
            interface_mtu,
            flags: DatabaseDescriptionFlags(flags),
            sequence_number,
            headers,
        })
    })
}

fn update_of(lsas: &[(Lsa, u16)], octets: usize) -> (LinkStateUpdate, usize) {
    let mut builder = LinkStateUpdate::builder(octets);
    let taken = lsas.iter().take_while(|(lsa, age)| builder.push(lsa, *age)).count();
    assert_eq!(builder.count(), u32::try_from(taken).expect("few"));
    (builder.build(), taken)
}

fn any_update() -> impl Strategy<Value = PacketBody> {
    prop::collection::vec((any_lsa(), 0..=MAX_AGE), 0..8)
        .prop_map(|lsas| PacketBody::LinkStateUpdate(update_of(&lsas, usize::MAX).0))
}

fn any_packet() -> impl Strategy<Value = Packet> {
    let other = (any::<u8>(), any::<Vec<u8>>())
        .prop_filter("without a variant", |(number, _)| !(1..=5).contains(number))
        .prop_map(|(number, body)| PacketBody::Other {
            packet_type: PacketType(number),
            body: body.into(),
        });
    let body = prop_oneof![
        any_hello(),
        any_description(),
        prop::collection::vec(any_key(), 0..8)
            .prop_map(|keys| PacketBody::LinkStateRequest(LinkStateRequest { keys })),
        any_update(),
        any_headers().prop_map(|headers| {
            PacketBody::LinkStateAcknowledgment(LinkStateAcknowledgment { headers })
        }),
        other
    ];
    (any::<(u32, u32, u8)>(), body).prop_map(|((router, area, instance), body)| Packet {
        router_id: RouterId(router),
        area_id: AreaId(area),
        instance_id: InstanceId(instance),
        body,
    })
}

/// Nothing panics; and what is read and written again reads the same.
fn read_and_write(data: &[u8]) -> Result<(), TestCaseError> {
    let header = Header::decode(data);
    let _ = checksum::verify(data, SOURCE, ALL_SPF_ROUTERS).map_err(|error| error.to_string());
    let (packet, trailer) = match Packet::decode(data) {
        Ok(decoded) => decoded,
        Err(error) => {
            prop_assert!(!error.to_string().is_empty());
            return Ok(());
        }
    };
    let header = header.expect("the packet has one");
    prop_assert_eq!(header.packet_type, packet.body.packet_type());
    let mut again = without_checksum(&packet);
    prop_assert_eq!(again.len(), usize::from(header.length));
    again.extend_from_slice(trailer);
    prop_assert_eq!(Packet::decode(&again), Ok((packet.clone(), trailer)));
    if matches!(
        packet.body,
        PacketBody::Hello(_) | PacketBody::Other { .. } | PacketBody::LinkStateUpdate(_)
    ) {
        // Nothing in there is ignored, but in the header.
        let mut expected = Vec::from(data);
        for at in [12, 13, 15] {
            expected = with_octet(&expected, at, 0);
        }
        prop_assert_eq!(&again, &expected);
    }
    if let PacketBody::LinkStateUpdate(update) = packet.body {
        let lsas = update.lsas().collect::<Vec<_>>();
        prop_assert!(lsas.len() <= data.len() / LsaHeader::LENGTH + 2);
        for lsa in lsas {
            let text = match lsa {
                Ok(lsa) => {
                    lsa.body().map_or_else(|error| error.to_string(), |_| lsa.key().to_string())
                }
                Err(error) => error.to_string(),
            };
            prop_assert!(!text.is_empty());
        }
    }
    let datagram = Datagram::split(data).expect("a packet");
    let block = datagram.link_local_signaling.unwrap_or_default();
    prop_assert_eq!(datagram.packet.len() + block.len() + datagram.trailer.len(), data.len());
    Ok(())
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(packet in any_packet(), trailer: Vec<u8>, source: [u8; 16]) {
        let source = source.into();
        let mut out = BytesMut::new();
        packet.encode(source, ALL_SPF_ROUTERS, &mut out).expect("short enough");
        out.extend_from_slice(&trailer);
        prop_assert_eq!(checksum::verify(&out, source, ALL_SPF_ROUTERS), Ok(()));
        prop_assert_eq!(Packet::decode(&out), Ok((packet, &trailer[..])));
    }

    #[test]
    fn what_is_decoded_is_encoded(packet in any_packet(), source: [u8; 16]) {
        let source = source.into();
        let (mut out, mut again) = (BytesMut::new(), BytesMut::new());
        packet.encode(source, ALL_SPF_ROUTERS, &mut out).expect("short enough");
        let (decoded, _) = Packet::decode(&out).expect("just encoded");
        decoded.encode(source, ALL_SPF_ROUTERS, &mut again).expect("short enough");
        prop_assert_eq!(out, again);
    }

    #[test]
    fn random_octets(data: Vec<u8>) {
        read_and_write(&data)?;
    }

    /// With a header that is right as far as the body.
    #[test]
    fn random_bodies(number in 0u8..7, body: Vec<u8>, trailer: Vec<u8>) {
        let mut data = Vec::from(HELLO);
        data.truncate(16);
        data.extend_from_slice(&body);
        let [high, low] = u16::try_from(data.len()).expect("short").to_be_bytes();
        for (at, value) in [(1, number), (2, high), (3, low)] {
            data = with_octet(&data, at, value);
        }
        data.extend_from_slice(&trailer);
        read_and_write(&data)?;
    }

    #[test]
    fn mutated_packets(
        packet in any_packet(),
        changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4),
        end: prop::sample::Index,
    ) {
        let mut data = Vec::from(&without_checksum(&packet)[..]);
        for (at, value) in changes {
            let at = at.index(data.len());
            data = with_octet(&data, at, value);
        }
        read_and_write(&data)?;
        data.truncate(end.index(data.len() + 1));
        read_and_write(&data)?;
    }

    /// All LSAs go into packets in their order, none longer than allowed but for those with one LSA alone; and none could
    /// have taken one more.
    #[test]
    fn updates_are_filled(lsas in prop::collection::vec((any_lsa(), 0..=MAX_AGE), 1..30), octets in 0usize..2000) {
        let (mut rest, mut sent) = (&lsas[..], Vec::new());
        while !rest.is_empty() {
            let (update, taken) = update_of(rest, octets);
            prop_assert!(taken > 0);
            prop_assert_eq!(update.count() as usize, taken);
            let packet = Packet {
                router_id: RouterId(1),
                area_id: AreaId::BACKBONE,
                instance_id: InstanceId(0),
                body: PacketBody::LinkStateUpdate(update.clone()),
            };
            let length = without_checksum(&packet).len();
            prop_assert!(length <= octets || taken == 1);
            if let Some((next, _)) = rest.get(taken) {
                prop_assert!(length + next.len() > octets);
            }
            sent.extend(update.lsas());
            rest = &rest[taken..];
        }
        let expected = lsas.iter().map(|(lsa, age)| Ok(lsa.at_age(*age))).collect::<Vec<_>>();
        prop_assert_eq!(sent, expected);
    }

    /// RFC 2328 §13 (1): one that is malformed does not hide the others.
    #[test]
    fn a_wrong_checksum_is_of_one_lsa(
        lsas in prop::collection::vec(any_lsa(), 1..6), which: prop::sample::Index, at: prop::sample::Index,
    ) {
        let which = which.index(lsas.len());
        let mut builder = LinkStateUpdate::builder(usize::MAX);
        let mut start = 4;
        for (index, lsa) in lsas.iter().enumerate() {
            prop_assert!(builder.push(lsa, lsa.header().age));
            start += if index < which { lsa.len() } else { 0 };
        }
        let mut body = BytesMut::new();
        PacketBody::LinkStateUpdate(builder.build()).encode(&mut body);
        // Neither in the age, which takes no part, nor in the length.
        let at = 2 + at.index(lsas[which].len() - 4);
        let at = if at >= 18 { at + 2 } else { at };
        body[start + at] ^= 1;
        let update = PacketBody::decode(PacketType::LINK_STATE_UPDATE, Reader::new(&body));
        let Ok(PacketBody::LinkStateUpdate(update)) = update else { panic!("{update:?}") };
        let read = update.lsas().collect::<Vec<_>>();
        prop_assert_eq!(read.len(), lsas.len());
        for (index, (read, sent)) in read.iter().zip(&lsas).enumerate() {
            match read {
                Ok(lsa) => prop_assert!(index != which && lsa == sent),
                Err(error) => prop_assert!(index == which, "{}", error),
            }
        }
    }

    #[test]
    fn items_that_fit(octets in 0usize..3000, neighbors: u8) {
        for (number, room, item, fixed) in [
            (1, Hello::room(octets), 4, 20),
            (2, DatabaseDescription::room(octets), 20, 12),
            (3, LinkStateRequest::room(octets), 12, 0),
            (5, LinkStateAcknowledgment::room(octets), 20, 0),
        ] {
            let length = |count: usize| {
                let data = [&HELLO[..16], &alloc::vec![0; fixed + count * item]].concat();
                let data = with_octet(&data, 1, number);
                let [high, low] = u16::try_from(data.len()).expect("short").to_be_bytes();
                let data = with_octet(&with_octet(&data, 2, high), 3, low);
                let (packet, _) = Packet::decode(&data).expect("zeros are well-formed");
                without_checksum(&packet).len()
            };
            prop_assert!(room == 0 || length(room) <= octets);
            prop_assert!(length(room + 1) > octets);
            prop_assert_eq!(length(usize::from(neighbors)), 16 + fixed + usize::from(neighbors) * item);
        }
    }

    #[test]
    fn signaling_there_and_back(tlvs in prop::collection::vec(tlv(), 0..5), authenticated: bool, after: Vec<u8>) {
        let block = LinkLocalSignaling { tlvs };
        let mut out = BytesMut::new();
        block.encode(authenticated, &mut out);
        prop_assert_eq!(out.len() % 4, 0);
        prop_assert_eq!(LinkLocalSignaling::decode(&out, authenticated), Ok(block.clone()));
        prop_assert_eq!(LinkLocalSignaling::decode(&out, true), Ok(block));
        prop_assert_eq!(authenticated, out[..2] == [0, 0]);
        let length = out.len();
        out.extend_from_slice(&after);
        prop_assert_eq!(LinkLocalSignaling::length(&out), Some(length));
        prop_assert_eq!(LinkLocalSignaling::length(&out[..length - 1]), None);
    }

    #[test]
    fn signaling_of_any_octets(block: Vec<u8>, authenticated: bool) {
        match LinkLocalSignaling::decode(&block, authenticated) {
            Ok(decoded) => {
                let mut out = BytesMut::new();
                decoded.encode(authenticated, &mut out);
                prop_assert_eq!(LinkLocalSignaling::decode(&out, authenticated), Ok(decoded));
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
