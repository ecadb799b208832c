//! bgpkit-parser.
//!
//! *Reading* goes from shared bytes to lists of its own types; checks the attributes as RFC 7606 has it and keeps
//! warnings beside them. The attributes are visited in one pass; its accessors would search them for each.
//! *Writing* goes from the same value, each part into a buffer of its own, into one new buffer.

use std::net::IpAddr;

use bgpkit_parser::bgp::parse_bgp_message;
use bgpkit_parser::models::{
    AsnLength, AttributeValue, Attributes, BgpMessage, Community, NetworkPrefix,
};
use bytes::Bytes;
use ipnet::IpNet;

use crate::messages::Sum;
use crate::peer::Peer;

#[derive(Debug, Default)]
pub(crate) struct Bgpkit;

impl Peer for Bgpkit {
    const NAME: &'static str = "bgpkit-parser";
    type Owned = BgpMessage;
    type Source = BgpMessage;

    fn visit(&mut self, message: &Bytes) -> Sum {
        let BgpMessage::Update(update) = self.owned(message) else { unreachable!("an UPDATE") };
        let mut sum = Sum::default();
        update.announced_prefixes.iter().for_each(|net| prefix(net, &mut sum));
        attributes(&update.attributes, &mut sum);
        sum
    }

    fn owned(&mut self, message: &Bytes) -> BgpMessage {
        parse_bgp_message(&mut message.clone(), false, &AsnLength::Bits32).expect("an UPDATE")
    }

    fn source(&mut self, message: &Bytes) -> BgpMessage {
        self.owned(message)
    }

    fn encode(&mut self, source: &BgpMessage) -> impl AsRef<[u8]> {
        source.encode(AsnLength::Bits32).expect("encodable")
    }
}

pub(crate) fn prefix(net: &NetworkPrefix, sum: &mut Sum) {
    if let IpNet::V4(net) = net.prefix {
        sum.prefix(net.addr().into(), net.prefix_len());
    }
}

pub(crate) fn attributes(attributes: &Attributes, sum: &mut Sum) {
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
