//! routecore.
//!
//! *Reading* is lazy: framing checks attributes and prefixes in place and keeps ranges; visiting parses once more.
//! The attributes are visited in one pass; its accessors would search them for each, twice as slow.
//! *To keep*: the attributes as owned bytes and a list of prefixes, for a message alone keeps nothing but its bytes.
//! *Writing*: a builder eats a map of attributes and a list of prefixes, so both are cloned into it; IPv4 prefixes
//! go into MP_REACH_NLRI (RFC 4760 §3), the only place where it puts them; what comes out is parsed again by it.

use std::net::IpAddr;

use bytes::Bytes;
use routecore::bgp::aspath::{AsPath, Hop};
use routecore::bgp::message::update_builder::UpdateBuilder;
use routecore::bgp::message::{SessionConfig, UpdateMessage};
use routecore::bgp::nlri::afisafi::{Ipv4UnicastNlri, IsPrefix};
use routecore::bgp::path_attributes::{
    OwnedPathAttributes, PaMap, PathAttributes, WireformatPathAttribute,
};
use routecore::bgp::types::{ConventionalNextHop, NextHop};

use crate::messages::Sum;
use crate::peer::Peer;

#[derive(Debug)]
pub(crate) struct Routecore {
    session: SessionConfig,
}

impl Default for Routecore {
    fn default() -> Self {
        Self { session: SessionConfig::modern() }
    }
}

impl Routecore {
    fn parse<'a>(&self, message: &'a Bytes) -> UpdateMessage<&'a [u8]> {
        UpdateMessage::from_octets(&message[..], &self.session).expect("an UPDATE")
    }
}

impl Peer for Routecore {
    const NAME: &'static str = "routecore";
    type Owned = (OwnedPathAttributes, Vec<Ipv4UnicastNlri>);
    type Source = (PaMap, NextHop, Vec<Ipv4UnicastNlri>);

    fn visit(&mut self, message: &Bytes) -> Sum {
        let update = self.parse(message);
        let mut sum = Sum::default();
        let routes = update.typed_announcements::<_, Ipv4UnicastNlri>().expect("valid");
        for route in routes.into_iter().flatten() {
            prefix(&route.expect("valid"), &mut sum);
        }
        attributes(update.path_attributes().expect("valid"), &mut sum);
        sum
    }

    fn owned(&mut self, message: &Bytes) -> Self::Owned {
        let update = self.parse(message);
        let routes = update.typed_announcements::<_, Ipv4UnicastNlri>().expect("valid");
        let routes = routes.into_iter().flatten().map(|route| route.expect("valid"));
        (update.path_attributes().expect("valid").into(), routes.collect())
    }

    fn source(&mut self, message: &Bytes) -> Self::Source {
        let update = self.parse(message);
        let mut map = PaMap::from_update_pdu(&update).expect("valid");
        let next_hop: ConventionalNextHop = map.remove().expect("NEXT_HOP");
        let (_, routes) = self.owned(message);
        (map, NextHop::Unicast(next_hop.0.into()), routes)
    }

    fn encode(&mut self, (map, next_hop, routes): &Self::Source) -> impl AsRef<[u8]> {
        let mut builder = UpdateBuilder::<Vec<u8>, _>::from_attributes_builder(map.clone());
        builder.announcements_from_iter(routes.iter().copied()).expect("prefixes");
        builder.set_nexthop(*next_hop).expect("a next hop");
        builder.into_message(&self.session).expect("one message")
    }
}

pub(crate) fn prefix(route: &impl IsPrefix, sum: &mut Sum) {
    if let (IpAddr::V4(address), length) = route.prefix().addr_and_len() {
        sum.prefix(address.into(), length);
    }
}

pub(crate) fn attributes(attributes: PathAttributes<'_, &[u8]>, sum: &mut Sum) {
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
