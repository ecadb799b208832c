//! zettabgp.
//!
//! *Reading* goes from a slice to lists of its own types; checks little of RFC 4271 §6.3.
//! *Writing* goes from the same value into a slice, without the limit of 4,096 octets; the value's lists are
//! written as they stand.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use zettabgp::prelude::{
    BgpASitem, BgpAddrs, BgpAttrItem, BgpMessage as _, BgpMessageType, BgpSessionParams,
    BgpTransportMode, BgpUpdateMessage,
};

use crate::messages::Sum;
use crate::peer::Peer;

#[derive(Debug)]
pub(crate) struct Zettabgp {
    session: BgpSessionParams,
    out: Vec<u8>,
}

impl Default for Zettabgp {
    fn default() -> Self {
        let router = Ipv4Addr::new(192, 0, 2, 1);
        let session = BgpSessionParams::new(64512, 180, BgpTransportMode::IPv4, router, Vec::new());
        Self { session, out: vec![0; 4096] }
    }
}

impl Peer for Zettabgp {
    const NAME: &'static str = "zettabgp";
    type Owned = BgpUpdateMessage;
    type Source = BgpUpdateMessage;

    fn visit(&mut self, message: &Bytes) -> Sum {
        let update = self.owned(message);
        let mut sum = Sum::default();
        if let BgpAddrs::IPV4U(list) = &update.updates {
            list.iter().for_each(|net| sum.prefix(net.addr.into(), net.prefixlen));
        }
        for attribute in &update.attrs {
            match attribute {
                BgpAttrItem::Origin(origin) => sum.origin = origin.value as u64,
                BgpAttrItem::NextHop(next_hop) => {
                    if let IpAddr::V4(next_hop) = next_hop.value {
                        sum.next_hop = u32::from(next_hop).into();
                    }
                }
                BgpAttrItem::MED(med) => sum.med = med.value.into(),
                BgpAttrItem::ASPath(path) => {
                    for segment in &path.value {
                        if let BgpASitem::Seq(list) = segment {
                            sum.asns +=
                                list.value.iter().map(|asn| u64::from(asn.value)).sum::<u64>();
                        }
                    }
                }
                BgpAttrItem::CommunityList(list) => {
                    sum.communities = list.value.iter().map(|item| u64::from(item.value)).sum();
                }
                _ => {}
            }
        }
        sum
    }

    fn owned(&mut self, message: &Bytes) -> BgpUpdateMessage {
        let (_, length) = self.session.decode_message_head(message).expect("framing");
        let mut update = BgpUpdateMessage::new();
        let body = message.get(19..19 + length).expect("whole");
        update.decode_from(&self.session, body).expect("an UPDATE");
        update
    }

    fn source(&mut self, message: &Bytes) -> BgpUpdateMessage {
        self.owned(message)
    }

    fn encode(&mut self, source: &BgpUpdateMessage) -> impl AsRef<[u8]> {
        let body = self.out.get_mut(19..).expect("room");
        let length = source.encode_to(&self.session, body).expect("room");
        let kind = BgpMessageType::Update;
        let length = self.session.prepare_message_buf(&mut self.out, kind, length).expect("room");
        self.out.get(..length).expect("written")
    }
}
