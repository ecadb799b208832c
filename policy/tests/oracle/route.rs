//! Random routes.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use bgp_wire::{AttributeCode, PathAttributes};
use policy::attribute::Attribute;
use policy::{Extra, Host};
use proptest::prelude::*;

use super::value::{Segment, Val};

/// A route: whether it comes from BGP, its network, preference, and attributes.
#[derive(Debug, Clone)]
pub(crate) struct RandomRoute {
    pub(crate) bgp: bool,
    pub(crate) net: ipnet::IpNet,
    pub(crate) preference: u32,
    pub(crate) attributes: BTreeMap<String, Val>,
}

/// Attributes by name: their codes and flags.
pub(crate) const CODES: [(&str, AttributeCode, u8); 8] = [
    ("bgp_origin", AttributeCode::ORIGIN, 0x40),
    ("bgp_path", AttributeCode::AS_PATH, 0x40),
    ("bgp_med", AttributeCode::MULTI_EXIT_DISC, 0x80),
    ("bgp_local_pref", AttributeCode::LOCAL_PREF, 0x40),
    ("bgp_atomic_aggr", AttributeCode::ATOMIC_AGGREGATE, 0x40),
    ("bgp_community", AttributeCode::COMMUNITIES, 0xc0),
    ("bgp_ext_community", AttributeCode::EXTENDED_COMMUNITIES, 0xc0),
    ("bgp_large_community", AttributeCode::LARGE_COMMUNITIES, 0xc0),
];

/// Next hop of the routes that come from BGP.
const NEXT_HOP: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

impl Host for RandomRoute {
    fn attribute(&self, attribute: Attribute) -> Option<Extra<'_>> {
        (self.bgp && attribute == Attribute::NextHop).then_some(Extra::Ip(NEXT_HOP))
    }
}

impl RandomRoute {
    pub(crate) fn encode(&self) -> PathAttributes {
        let mut out = PathAttributes::default();
        for (name, code, flags) in CODES {
            if let Some(octets) = self.attributes.get(name).and_then(Val::encode) {
                out.set(flags, code, &octets);
            }
        }
        out
    }
}

pub(crate) fn route() -> impl Strategy<Value = RandomRoute> {
    let segment = (prop::bool::weighted(0.15), prop::collection::vec(1u32..8, 1..5))
        .prop_map(|(set, asns)| Segment { set, asns });
    let number = prop::option::of(prop_oneof![0u32..8, any::<u32>()]);
    let extended = (0u64..3, 2u64..4, 0u64..3, 0u64..4).prop_map(|(kind, subtype, key, value)| {
        kind << 56 | subtype << 48 | key << 16 << (16 * u64::from(kind == 0)) | value
    });
    let lists = (
        prop::collection::vec(segment, 0..4),
        prop::collection::vec((0u32..5, 0u32..5), 0..5),
        prop::collection::vec(extended, 0..4),
        prop::collection::vec((0u32..3, 0u32..3, 0u32..3), 0..4),
    );
    let net = (0u32..4, 0u32..3, prop::sample::select(vec![8u8, 16, 24, 25, 32])).prop_map(
        |(a, b, length)| {
            let address = std::net::Ipv4Addr::from(0x0a00_0000 | a << 16 | b << 7);
            ipnet::IpNet::new(address.into(), length).expect("a length that fits").trunc()
        },
    );
    (any::<bool>(), net, 0u32..300, 0u8..3, number.clone(), number, any::<bool>(), lists).prop_map(
        |(bgp, net, preference, origin, med, local_pref, atomic, lists)| {
            let mut attributes = BTreeMap::new();
            let mut put = |name: &str, value| attributes.insert(name.to_owned(), value);
            put("net", Val::Net(net));
            put("source", Val::Enum("30", if bgp { 11 } else { 1 }));
            put("preference", Val::Int(preference));
            if bgp {
                put("bgp_origin", Val::Enum("31", origin));
                put("bgp_path", Val::Path(lists.0));
                put("bgp_next_hop", Val::Ip(NEXT_HOP));
                put("bgp_community", Val::Pairs(lists.1));
                put("bgp_ext_community", Val::Ecs(lists.2));
                put("bgp_large_community", Val::Lcs(lists.3));
                let numbers = [("bgp_med", med), ("bgp_local_pref", local_pref)];
                for (name, value) in numbers {
                    if let Some(value) = value {
                        put(name, Val::Int(value));
                    }
                }
                if atomic {
                    put("bgp_atomic_aggr", Val::Bool(true));
                }
            }
            RandomRoute { bgp, net, preference, attributes }
        },
    )
}
