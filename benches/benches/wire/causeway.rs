//! bgp-wire.
//!
//! *Reading* is where the message lies, which is counted by reference; all checks of RFC 4271 §6.3 as RFC 7606 has
//! them. Attributes are visited in the order in which they came.
//! *To keep*: attributes in canonical form, under which a table finds them, next hop and prefixes; nothing refers to
//! the message.
//! *Writing* takes attributes that stand in canonical form and any iterator of prefixes; splits where a message
//! is full.

use bgp_wire::{
    Attribute, Context, Family, Frame, Message, NextHop, PathAttributes, Update, UpdateWriter,
};
use bytes::{Bytes, BytesMut};
use ipnet::IpNet;

use crate::messages::Sum;
use crate::peer::Peer;

#[derive(Debug)]
pub(crate) struct Causeway {
    context: Context,
    out: BytesMut,
}

impl Default for Causeway {
    fn default() -> Self {
        Self {
            context: Context { four_octet_as: true, ..Context::default() },
            out: BytesMut::with_capacity(4096),
        }
    }
}

impl Causeway {
    /// The message with the places of its parts, all checked, nothing unpacked.
    pub(crate) fn decode(&self, message: &Bytes) -> Update {
        let frame = Frame::decode(message.clone(), &self.context).expect("framing");
        let Ok(Message::Update(update)) = Message::decode(&frame, &self.context) else {
            unreachable!("an UPDATE")
        };
        update
    }
}

impl Peer for Causeway {
    const NAME: &'static str = "causeway";
    type Owned = (PathAttributes, Option<NextHop>, Vec<IpNet>);
    type Source = Self::Owned;

    fn visit(&mut self, message: &Bytes) -> Sum {
        let update = self.decode(message);
        let mut sum = Sum::default();
        for reach in update.reach() {
            if let Some(NextHop::V4(next_hop)) = reach.next_hop {
                sum.next_hop = u32::from(next_hop).into();
            }
            for net in reach.nlri.prefixes() {
                if let IpNet::V4(net) = net {
                    sum.prefix(net.addr().into(), net.prefix_len());
                }
            }
        }
        for attribute in update.attributes().typed() {
            match attribute {
                Attribute::Origin(origin) => sum.origin = origin as u64,
                Attribute::AsPath(path) => sum.asns = path.asns().map(u64::from).sum(),
                Attribute::MultiExitDisc(med) => sum.med = med.into(),
                Attribute::Communities(list) => {
                    sum.communities = list.iter().map(|community| u64::from(community.0)).sum();
                }
                _ => {}
            }
        }
        sum
    }

    fn owned(&mut self, message: &Bytes) -> Self::Owned {
        let update = self.decode(message);
        let reach = update.reach().next().expect("routes");
        (update.to_path_attributes(), reach.next_hop, reach.nlri.prefixes().collect())
    }

    fn source(&mut self, message: &Bytes) -> Self::Source {
        self.owned(message)
    }

    fn encode(&mut self, (attributes, next_hop, nets): &Self::Source) -> impl AsRef<[u8]> {
        self.out.clear();
        let mut writer = UpdateWriter::new(&mut self.out, &self.context);
        let (nets, next_hop) = (nets.iter().copied(), next_hop.expect("there"));
        writer
            .announce(attributes.view(), Family::IPV4_UNICAST, &next_hop, nets)
            .expect("short attributes");
        &self.out[..]
    }
}
