//! routecore.
//!
//! *Reading* is lazy: framing checks attributes and prefixes in place and keeps ranges; visiting parses once more.
//! The attributes are visited in one pass, in place of a search for each by its accessors: a fifth faster. (Another
//! fifth is to be had from `UncheckedPathAttributes`, by way of an undocumented field.)
//! *To keep*: the shared bytes of the message, with those ranges; nothing is unpacked.
//! *Writing*: a builder eats a map of attributes and a list of prefixes, so both are cloned into it; IPv4 prefixes
//! go into MP_REACH_NLRI (RFC 4760 §3), the only place where it puts them; what comes out is parsed again by it.

use bytes::Bytes;
use routecore::bgp::message::update_builder::UpdateBuilder;
use routecore::bgp::message::{SessionConfig, UpdateMessage};
use routecore::bgp::nlri::afisafi::{Ipv4UnicastNlri, IsPrefix};
use routecore::bgp::path_attributes::PaMap;
use routecore::bgp::types::{ConventionalNextHop, NextHop};

use crate::messages::Sum;
use crate::peer::Peer;
use crate::visit::{routecore_attributes, routecore_prefix};

#[derive(Debug)]
pub(crate) struct Routecore {
    session: SessionConfig,
}

impl Default for Routecore {
    fn default() -> Self {
        Self { session: SessionConfig::modern() }
    }
}

impl Peer for Routecore {
    const NAME: &'static str = "routecore";
    type Owned = UpdateMessage<Bytes>;
    type Source = (PaMap, NextHop, Vec<Ipv4UnicastNlri>);

    fn visit(&mut self, message: &Bytes) -> Sum {
        let update = UpdateMessage::from_octets(&message[..], &self.session).expect("an UPDATE");
        let mut sum = Sum::default();
        let routes = update.typed_announcements::<_, Ipv4UnicastNlri>().expect("valid");
        for route in routes.into_iter().flatten() {
            routecore_prefix(route.expect("valid").prefix().addr_and_len(), &mut sum);
        }
        routecore_attributes(update.path_attributes().expect("valid"), &mut sum);
        sum
    }

    fn owned(&mut self, message: &Bytes) -> UpdateMessage<Bytes> {
        UpdateMessage::from_octets(message.clone(), &self.session).expect("an UPDATE")
    }

    fn source(&mut self, message: &Bytes) -> Self::Source {
        let update = UpdateMessage::from_octets(&message[..], &self.session).expect("an UPDATE");
        let mut map = PaMap::from_update_pdu(&update).expect("valid");
        let next_hop: ConventionalNextHop = map.remove().expect("NEXT_HOP");
        let routes = update.typed_announcements::<_, Ipv4UnicastNlri>().expect("valid");
        let routes = routes.into_iter().flatten().map(|route| route.expect("valid"));
        (map, NextHop::Unicast(next_hop.0.into()), routes.collect())
    }

    fn encode(&mut self, (map, next_hop, routes): &Self::Source) -> impl AsRef<[u8]> {
        let mut builder = UpdateBuilder::<Vec<u8>, _>::from_attributes_builder(map.clone());
        builder.announcements_from_iter(routes.iter().copied()).expect("prefixes");
        builder.set_nexthop(*next_hop).expect("a next hop");
        builder.into_message(&self.session).expect("one message")
    }
}
