//! Every body there and back, and octets that are none.

mod layout;

use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::id::{InterfaceId, RouterId};
use crate::options::Options;

fn router() -> impl Strategy<Value = RouterId> {
    any::<u32>().prop_map(RouterId)
}

fn options() -> impl Strategy<Value = Options> {
    any::<u32>().prop_map(Options::from_bits)
}

fn metric() -> impl Strategy<Value = u32> {
    0..=LS_INFINITY
}

fn address() -> impl Strategy<Value = Ipv6Addr> {
    any::<u128>().prop_map(Ipv6Addr::from_bits)
}

fn prefix() -> impl Strategy<Value = Prefix> {
    (address(), 0..=Prefix::MAX_LENGTH, any::<u8>()).prop_map(|(address, length, options)| {
        Prefix::v6(address, length).with(PrefixOptions(options))
    })
}

fn several<T: Strategy>(one: T) -> impl Strategy<Value = Vec<T::Value>> {
    prop::collection::vec(one, 0..6)
}

pub(crate) fn tlv() -> impl Strategy<Value = Tlv> {
    (4u16.., any::<Vec<u8>>()).prop_map(|(tlv_type, value)| Tlv { tlv_type, value: value.into() })
}

fn key(ls_type: impl Strategy<Value = LsType>) -> impl Strategy<Value = LsaKey> {
    (ls_type, any::<u32>(), router()).prop_map(|(ls_type, id, advertising_router)| LsaKey {
        ls_type,
        advertising_router,
        link_state_id: LinkStateId(id),
    })
}

fn router_link() -> impl Strategy<Value = RouterLink> {
    any::<(u8, u16, u32, u32, u32)>().prop_map(|(link_type, metric, ours, theirs, neighbor)| {
        RouterLink {
            link_type: RouterLinkType(link_type),
            metric,
            interface_id: InterfaceId(ours),
            neighbor_interface_id: InterfaceId(theirs),
            neighbor_router_id: RouterId(neighbor),
        }
    })
}

fn metric_type() -> impl Strategy<Value = ExternalMetricType> {
    prop_oneof![Just(ExternalMetricType::Type1), Just(ExternalMetricType::Type2)]
}

fn external() -> impl Strategy<Value = ExternalLsa> {
    let referenced =
        (1u16.., any::<u32>()).prop_map(|(ls_type, id)| (LsType(ls_type), LinkStateId(id)));
    let optional =
        (prop::option::of(address()), any::<Option<u32>>(), prop::option::of(referenced));
    (metric_type(), metric(), prefix(), optional).prop_map(
        |(metric_type, metric, prefix, (forwarding_address, tag, referenced))| ExternalLsa {
            metric_type,
            metric,
            prefix,
            forwarding_address,
            tag,
            referenced,
        },
    )
}

fn inter_area_prefix() -> impl Strategy<Value = InterAreaPrefixLsa> {
    (metric(), prefix()).prop_map(|(metric, prefix)| InterAreaPrefixLsa { metric, prefix })
}

fn inter_area_router() -> impl Strategy<Value = InterAreaRouterLsa> {
    (options(), metric(), router()).prop_map(|(options, metric, destination_router)| {
        InterAreaRouterLsa { options, metric, destination_router }
    })
}

fn extended_tlv() -> impl Strategy<Value = ExtendedTlv> {
    let other = (9u16.., any::<Vec<u8>>())
        .prop_map(|(tlv_type, value)| Tlv { tlv_type, value: value.into() });
    prop_oneof![
        (router_link(), several(tlv()))
            .prop_map(|(link, sub_tlvs)| ExtendedTlv::RouterLink { link, sub_tlvs }),
        prop::collection::vec(router(), 1..6).prop_map(ExtendedTlv::AttachedRouters),
        (inter_area_prefix(), several(tlv()))
            .prop_map(|(route, sub_tlvs)| ExtendedTlv::InterAreaPrefix { route, sub_tlvs }),
        (inter_area_router(), several(tlv()))
            .prop_map(|(route, sub_tlvs)| ExtendedTlv::InterAreaRouter { route, sub_tlvs }),
        external_prefix(),
        (metric(), prefix(), several(tlv())).prop_map(|(metric, prefix, sub_tlvs)| {
            ExtendedTlv::IntraAreaPrefix { metric, prefix, sub_tlvs }
        }),
        (address(), several(tlv())).prop_map(|(address, sub_tlvs)| {
            ExtendedTlv::Ipv6LinkLocalAddress { address, sub_tlvs }
        }),
        (any::<u32>(), several(tlv())).prop_map(|(bits, sub_tlvs)| {
            ExtendedTlv::Ipv4LinkLocalAddress { address: Ipv4Addr::from_bits(bits), sub_tlvs }
        }),
        other.prop_map(ExtendedTlv::Other),
    ]
}

fn external_prefix() -> impl Strategy<Value = ExtendedTlv> {
    let sub_tlv = prop_oneof![
        (Just(ExtendedTlv::IPV6_FORWARDING_ADDRESS), prop::collection::vec(any::<u8>(), 16..20)),
        (Just(ExtendedTlv::IPV4_FORWARDING_ADDRESS), prop::collection::vec(any::<u8>(), 4..8)),
        (Just(ExtendedTlv::ROUTE_TAG), prop::collection::vec(any::<u8>(), 4..8)),
        (4u16.., any::<Vec<u8>>()),
    ];
    let sub_tlv = sub_tlv.prop_map(|(tlv_type, value)| Tlv { tlv_type, value: value.into() });
    (metric_type(), metric(), prefix(), several(sub_tlv)).prop_map(
        |(metric_type, metric, prefix, sub_tlvs)| ExtendedTlv::ExternalPrefix {
            metric_type,
            metric,
            prefix,
            sub_tlvs,
        },
    )
}

/// An extended LSA of each type, with the TLV it must have somewhere.
fn extended() -> impl Strategy<Value = (LsType, LsaBody)> {
    let kinds = prop_oneof![
        (Just(LsType::E_ROUTER), any::<u8>(), options(), extended_tlv()).prop_map(
            |(ls_type, flags, options, tlv)| {
                (ls_type, ExtendedFields::Router { flags: RouterFlags(flags), options }, tlv)
            }
        ),
        (options(), prop::collection::vec(router(), 1..6)).prop_map(|(options, routers)| {
            (
                LsType::E_NETWORK,
                ExtendedFields::Network { options },
                ExtendedTlv::AttachedRouters(routers),
            )
        }),
        inter_area_prefix().prop_map(|route| {
            let tlv = ExtendedTlv::InterAreaPrefix { route, sub_tlvs: Vec::new() };
            (LsType::E_INTER_AREA_PREFIX, ExtendedFields::None, tlv)
        }),
        inter_area_router().prop_map(|route| {
            let tlv = ExtendedTlv::InterAreaRouter { route, sub_tlvs: Vec::new() };
            (LsType::E_INTER_AREA_ROUTER, ExtendedFields::None, tlv)
        }),
        (prop_oneof![Just(LsType::E_AS_EXTERNAL), Just(LsType::E_NSSA)], external_prefix())
            .prop_map(|(ls_type, tlv)| (ls_type, ExtendedFields::None, tlv)),
        (any::<u8>(), options(), address()).prop_map(|(router_priority, options, address)| {
            let fields = ExtendedFields::Link { router_priority, options };
            let tlv = ExtendedTlv::Ipv6LinkLocalAddress { address, sub_tlvs: Vec::new() };
            (LsType::E_LINK, fields, tlv)
        }),
        (key(any::<u16>().prop_map(LsType)), extended_tlv()).prop_map(|(referenced, tlv)| {
            (LsType::E_INTRA_AREA_PREFIX, ExtendedFields::IntraAreaPrefix { referenced }, tlv)
        }),
    ];
    (kinds, several(extended_tlv()), any::<prop::sample::Index>()).prop_map(
        |((ls_type, fields, required), mut tlvs, at)| {
            tlvs.insert(at.index(tlvs.len() + 1), required);
            (ls_type, LsaBody::Extended(ExtendedLsa { fields, tlvs }))
        },
    )
}

fn intra_area_prefix() -> impl Strategy<Value = LsaBody> {
    let prefixes =
        (prefix(), any::<u16>()).prop_map(|(prefix, metric)| IntraAreaPrefix { prefix, metric });
    (key(any::<u16>().prop_map(LsType)), several(prefixes)).prop_map(|(referenced, prefixes)| {
        LsaBody::IntraAreaPrefix(IntraAreaPrefixLsa { referenced, prefixes })
    })
}

fn of(
    ls_type: LsType,
    body: impl Strategy<Value = LsaBody>,
) -> impl Strategy<Value = (LsType, LsaBody)> {
    body.prop_map(move |body| (ls_type, body))
}

/// A body of every type.
pub(crate) fn any_body() -> impl Strategy<Value = (LsType, LsaBody)> {
    let router_information = prop::sample::select(Vec::from([
        LsType::ROUTER_INFORMATION_LINK,
        LsType::ROUTER_INFORMATION_AREA,
        LsType::ROUTER_INFORMATION_AS,
    ]));
    prop_oneof![
        of(
            LsType::ROUTER,
            (any::<u8>(), options(), several(router_link())).prop_map(|(flags, options, links)| {
                LsaBody::Router(RouterLsa { flags: RouterFlags(flags), options, links })
            })
        ),
        of(
            LsType::NETWORK,
            (options(), several(router())).prop_map(|(options, attached_routers)| {
                LsaBody::Network(NetworkLsa { options, attached_routers })
            })
        ),
        of(LsType::INTER_AREA_PREFIX, inter_area_prefix().prop_map(LsaBody::InterAreaPrefix)),
        of(LsType::INTER_AREA_ROUTER, inter_area_router().prop_map(LsaBody::InterAreaRouter)),
        of(LsType::AS_EXTERNAL, external().prop_map(LsaBody::AsExternal)),
        of(LsType::NSSA, external().prop_map(LsaBody::Nssa)),
        of(
            LsType::LINK,
            (any::<u8>(), options(), address(), several(prefix())).prop_map(
                |(router_priority, options, link_local_address, prefixes)| {
                    LsaBody::Link(LinkLsa {
                        router_priority,
                        options,
                        link_local_address,
                        prefixes,
                    })
                }
            )
        ),
        of(LsType::INTRA_AREA_PREFIX, intra_area_prefix()),
        (router_information, several(tlv())).prop_map(|(ls_type, tlvs)| {
            (ls_type, LsaBody::RouterInformation(RouterInformationLsa { tlvs }))
        }),
        of(
            LsType::GRACE,
            (any::<u32>(), any::<u8>(), several(tlv())).prop_map(
                |(grace_period, reason, others)| {
                    LsaBody::Grace(GraceLsa { grace_period, reason: RestartReason(reason), others })
                }
            )
        ),
        extended(),
        (any::<u16>(), any::<Vec<u8>>())
            .prop_map(|(number, body)| (LsType(number), LsaBody::Unknown(body.into())))
            .prop_filter("unknown", |(ls_type, _)| !ls_type.is_known()),
    ]
}

/// An LSA of every type.
pub(crate) fn any_lsa() -> impl Strategy<Value = Lsa> {
    (0..=MAX_AGE, any_body(), any::<(u32, u32, i32)>()).prop_map(
        |(age, (ls_type, body), (router, id, sequence))| {
            let key = LsaKey {
                ls_type,
                advertising_router: RouterId(router),
                link_state_id: LinkStateId(id),
            };
            Lsa::new(age, key, SequenceNumber(sequence), &body).expect("short enough")
        },
    )
}

fn encoded(lsa: &Lsa) -> BytesMut {
    let mut out = BytesMut::new();
    lsa.put(lsa.header().age, &mut out);
    out
}

/// A body of any type is read, or not; what is read and written again reads the same.
fn read_and_write(ls_type: LsType, octets: &[u8]) -> Result<(), TestCaseError> {
    match LsaBody::decode(ls_type, octets) {
        Ok(body) => {
            let mut out = BytesMut::new();
            body.encode(&mut out);
            prop_assert_eq!(LsaBody::decode(ls_type, &out), Ok(body));
        }
        Err(error) => prop_assert!(!error.to_string().is_empty()),
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(lsa in any_lsa(), (ls_type, body) in any_body(), after: Vec<u8>) {
        // The body
        let mut out = BytesMut::new();
        body.encode(&mut out);
        prop_assert_eq!(LsaBody::decode(ls_type, &out), Ok(body));
        // The whole
        let mut data = encoded(&lsa);
        prop_assert_eq!(data.len(), lsa.len());
        data.extend_from_slice(&after);
        let mut data = data.freeze();
        prop_assert_eq!(Lsa::decode(&mut data), Ok(lsa));
        prop_assert_eq!(&data[..], &after);
    }

    #[test]
    fn bodies_of_any_octets(number: u16, (ls_type, _) in any_body(), octets: Vec<u8>) {
        read_and_write(LsType(number), &octets)?;
        read_and_write(ls_type, &octets)?;
    }

    #[test]
    fn mutated_bodies(
        (ls_type, body) in any_body(),
        changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4),
        end: prop::sample::Index,
    ) {
        let mut octets = BytesMut::new();
        body.encode(&mut octets);
        for (at, value) in changes {
            let at = at.index(octets.len().max(1));
            if let Some(octet) = octets.get_mut(at) {
                *octet = value;
            }
        }
        read_and_write(ls_type, &octets)?;
        octets.truncate(end.index(octets.len() + 1));
        read_and_write(ls_type, &octets)?;
    }

    /// What has been taken off is gone, whether it was well-formed or not; the octets at hand never suffice for more.
    #[test]
    fn lsas_of_any_octets(octets: Vec<u8>, lsa in any_lsa(), flip: prop::sample::Index) {
        let mut whole = encoded(&lsa);
        let at = flip.index(whole.len());
        whole[at] ^= 0x80;
        for octets in [Bytes::from(octets), whole.freeze()] {
            let mut data = octets.clone();
            match Lsa::decode(&mut data) {
                Ok(lsa) => {
                    let taken = octets.len() - data.len();
                    prop_assert_eq!(lsa.len(), taken);
                    prop_assert_eq!(usize::from(lsa.header().length), taken);
                    prop_assert_eq!(&encoded(&lsa)[2..], &octets[2..taken]);
                }
                Err(_) => prop_assert!(data.len() < octets.len() || octets.is_empty()),
            }
        }
    }

    /// RFC 2328 §13.2
    #[test]
    fn contents(a in any_lsa(), b in any_lsa(), age in 0..=MAX_AGE) {
        let refreshed = Lsa::new(age, a.key(), SequenceNumber(7), &a.body().expect("well-formed"));
        let refreshed = refreshed.expect("short enough");
        prop_assert_eq!(a.same_contents(&refreshed), (a.header().age == MAX_AGE) == (age == MAX_AGE));
        prop_assert!(!a.same_contents(&b) || a.body_bytes() == b.body_bytes());
        let older = a.at_age(u16::MAX);
        prop_assert_eq!(older.header().age, MAX_AGE);
        prop_assert_eq!(older.body_bytes(), a.body_bytes());
        prop_assert_eq!(a.detached(), a);
    }
}

#[test]
fn lsas_may_be_as_long_as_the_field_can_say() {
    let key = LsaKey {
        ls_type: LsType(0x8123),
        advertising_router: RouterId(1),
        link_state_id: LinkStateId(2),
    };
    let body = |length: usize| LsaBody::Unknown(alloc::vec![0xab; length].into());
    let lsa =
        Lsa::new(0, key, SequenceNumber::INITIAL, &body(65535 - 20)).expect("just not too long");
    assert_eq!(Lsa::decode(&mut encoded(&lsa).freeze()), Ok(lsa));
    let too_long = Lsa::new(0, key, SequenceNumber::INITIAL, &body(65536 - 20));
    assert_eq!(too_long, Err(LsaTooLong { length: 65536 }));
}

/// Where the length is wrong the rest is lost.
#[test]
fn lengths_that_cannot_be() {
    let key = LsaKey {
        ls_type: LsType::NETWORK,
        advertising_router: RouterId(1),
        link_state_id: LinkStateId(2),
    };
    let body = LsaBody::Unknown(Bytes::from_static(&[0; 8]));
    let lsa = Lsa::new(0, key, SequenceNumber::INITIAL, &body).expect("short");
    for length in (0..20).chain([29, 255]) {
        let mut data = encoded(&lsa);
        data[19] = length;
        let error = LsaError::BadLength { length: u16::from(length), available: 28 };
        let mut data = data.freeze();
        assert_eq!(Lsa::decode(&mut data), Err(error));
        assert!(data.is_empty());
    }
    let mut data = encoded(&lsa).freeze().slice(..19);
    let error = LsaError::Truncated { what: "length", offset: 18, needed: 2, available: 1 };
    assert_eq!(Lsa::decode(&mut data), Err(error));
    assert!(data.is_empty());
}
