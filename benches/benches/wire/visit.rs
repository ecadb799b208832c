//! Visiting what two libraries have read, the same from a message and from a file: attributes in one pass, as
//! their accessors would search them for each.

use std::net::IpAddr;

use bgpkit_parser::models::{AttributeValue, Attributes, Community, NetworkPrefix};
use ipnet::IpNet;
use routecore::bgp::aspath::{AsPath, Hop};
use routecore::bgp::path_attributes::{PathAttributes, WireformatPathAttribute};

use crate::messages::Sum;

pub(crate) fn bgpkit_prefix(net: &NetworkPrefix, sum: &mut Sum) {
    if let IpNet::V4(net) = net.prefix {
        sum.prefix(net.addr().into(), net.prefix_len());
    }
}

pub(crate) fn bgpkit_attributes(attributes: &Attributes, sum: &mut Sum) {
    for value in attributes {
        match value {
            AttributeValue::Origin(origin) => sum.origin += *origin as u64,
            AttributeValue::NextHop(IpAddr::V4(next_hop)) => {
                sum.next_hop += u64::from(u32::from(*next_hop));
            }
            AttributeValue::MultiExitDiscriminator(med) => sum.med += u64::from(*med),
            AttributeValue::AsPath(path) => {
                for segment in path.iter_segments() {
                    sum.asns += segment.iter().map(|asn| u64::from(asn.to_u32())).sum::<u64>();
                }
            }
            AttributeValue::Communities(list) => {
                for community in list {
                    if let Community::Custom(high, low) = community {
                        sum.communities += u64::from(high.to_u32()) << 16 | u64::from(*low);
                    }
                }
            }
            _ => {}
        }
    }
}

pub(crate) fn routecore_prefix((address, length): (IpAddr, u8), sum: &mut Sum) {
    if let IpAddr::V4(address) = address {
        sum.prefix(address.into(), length);
    }
}

pub(crate) fn routecore_attributes(attributes: PathAttributes<'_, &[u8]>, sum: &mut Sum) {
    for attribute in attributes {
        match attribute.expect("valid") {
            WireformatPathAttribute::Origin(value) => {
                sum.origin += u64::from(value.value_into_parser().parse_u8().expect("valid"));
            }
            WireformatPathAttribute::ConventionalNextHop(value) => {
                let next_hop = value.value_into_parser().parse_u32_be();
                sum.next_hop += u64::from(next_hop.expect("valid"));
            }
            WireformatPathAttribute::MultiExitDisc(value) => {
                sum.med += u64::from(value.value_into_parser().parse_u32_be().expect("valid"));
            }
            WireformatPathAttribute::AsPath(value) => {
                let path = value.value_into_parser();
                let four = value.pdu_parse_info().four_octet_enabled();
                for hop in AsPath::new(path.peek_all(), four).expect("valid").hops() {
                    if let Hop::Asn(asn) = hop {
                        sum.asns += u64::from(asn.into_u32());
                    }
                }
            }
            WireformatPathAttribute::StandardCommunities(value) => {
                let mut list = value.value_into_parser();
                while let Ok(community) = list.parse_u32_be() {
                    sum.communities += u64::from(community);
                }
            }
            _ => {}
        }
    }
}
