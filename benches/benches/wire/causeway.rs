//! bgp-wire.
//!
//! *Reading* starts with a copy into a buffer that can be split, as it comes from a socket. Checks all of RFC 4271
//! §6.3 as RFC 7606 has it, and visits the attributes in the canonical form under which a table finds them.
//! *To keep*: the message itself, with the places of its parts; nothing is unpacked.
//! *Writing* takes attributes that stand in canonical form and any iterator of prefixes; splits where a message
//! is full.

use bgp_wire::{
    AttributesBuilder, Context, Family, Message, NextHop, Update, UpdateWriter, split_frame,
};
use bytes::{Bytes, BytesMut};
use ipnet::IpNet;

use crate::messages::Sum;
use crate::peer::Peer;

#[derive(Debug)]
pub(crate) struct Causeway {
    context: Context,
    canonical: Vec<u8>,
    out: BytesMut,
}

impl Default for Causeway {
    fn default() -> Self {
        Self {
            context: Context { four_octet_as: true, ..Context::default() },
            canonical: Vec::with_capacity(128),
            out: BytesMut::with_capacity(4096),
        }
    }
}

impl Peer for Causeway {
    const NAME: &'static str = "causeway";
    type Owned = Update;
    type Source = (AttributesBuilder, NextHop, Vec<IpNet>);

    fn visit(&mut self, message: &Bytes) -> Sum {
        let update = self.owned(message);
        let mut sum = Sum::default();
        for reach in update.reach() {
            if let NextHop::V4(next_hop) = reach.next_hop {
                sum.next_hop = u32::from(next_hop).into();
            }
            for net in reach.nlri.prefixes() {
                if let IpNet::V4(net) = net {
                    sum.prefix(net.addr().into(), net.prefix_len());
                }
            }
        }
        let view = update.canonical_attributes(&mut self.canonical);
        sum.origin = view.origin().map_or(0, |origin| origin as u64);
        sum.asns = view.as_path().asns().map(u64::from).sum();
        sum.communities = view.communities().map(|community| u64::from(community.0)).sum();
        sum.med = view.med().map_or(0, u64::from);
        sum
    }

    fn owned(&mut self, message: &Bytes) -> Update {
        let mut buffer = BytesMut::from(&message[..]);
        let frame = split_frame(&mut buffer, &self.context).expect("framing").expect("whole");
        let Ok(Message::Update(update)) = Message::decode(&frame, &self.context) else {
            unreachable!("an UPDATE")
        };
        update
    }

    fn source(&mut self, message: &Bytes) -> Self::Source {
        let update = self.owned(message);
        let reach = update.reach().next().expect("routes");
        let attributes = update.canonical_attributes(&mut self.canonical);
        (AttributesBuilder::from_view(attributes), reach.next_hop, reach.nlri.prefixes().collect())
    }

    fn encode(&mut self, (attributes, next_hop, nets): &Self::Source) -> impl AsRef<[u8]> {
        self.out.clear();
        let mut writer = UpdateWriter::new(&mut self.out, &self.context);
        let nets = nets.iter().copied();
        writer
            .announce(attributes.view(), Family::IPV4_UNICAST, next_hop, nets)
            .expect("short attributes");
        &self.out[..]
    }
}
