//! rustbgpd-wire.
//!
//! *Reading* frames shared bytes, then parses them into lists of its own types, checked as RFC 7606 has it:
//! `parse_revised`. `parse`, which gives up at the first flaw, takes as long.
//! *Writing* goes from those lists to the three parts of a message in buffers of their own, then into one buffer.

use bytes::Bytes;
use rustbgpd_wire::update::{ParsedUpdate, RevisedParsedUpdate};
use rustbgpd_wire::{
    Ipv4UnicastMode, MAX_MESSAGE_LEN, Message, PathAttribute, UpdateMessage, decode_message,
};

use crate::messages::Sum;
use crate::peer::Peer;

#[derive(Debug, Default)]
pub(crate) struct Rustbgpd {
    out: Vec<u8>,
}

impl Peer for Rustbgpd {
    const NAME: &'static str = "rustbgpd-wire";
    type Owned = RevisedParsedUpdate;
    type Source = ParsedUpdate;

    fn visit(&mut self, message: &Bytes) -> Sum {
        let RevisedParsedUpdate { update, .. } = self.owned(message);
        let mut sum = Sum::default();
        for route in &update.announced {
            sum.prefix(route.prefix.addr.into(), route.prefix.len);
        }
        for attribute in &update.attributes {
            match attribute {
                PathAttribute::Origin(origin) => sum.origin = *origin as u64,
                PathAttribute::NextHop(next_hop) => sum.next_hop = u32::from(*next_hop).into(),
                PathAttribute::Med(med) => sum.med = (*med).into(),
                PathAttribute::AsPath(path) => sum.asns = path.asns().map(u64::from).sum(),
                PathAttribute::Communities(list) => {
                    sum.communities = list.iter().copied().map(u64::from).sum();
                }
                _ => {}
            }
        }
        sum
    }

    fn owned(&mut self, message: &Bytes) -> RevisedParsedUpdate {
        let mut message = message.clone();
        let Ok(Message::Update(update)) = decode_message(&mut message, MAX_MESSAGE_LEN) else {
            unreachable!("an UPDATE")
        };
        update.parse_revised(true, false, false, &[]).expect("valid")
    }

    fn source(&mut self, message: &Bytes) -> ParsedUpdate {
        self.owned(message).update
    }

    fn encode(&mut self, source: &ParsedUpdate) -> impl AsRef<[u8]> {
        let ParsedUpdate { withdrawn, attributes, announced, .. } = source;
        let mode = Ipv4UnicastMode::Body;
        let message = UpdateMessage::build(announced, withdrawn, attributes, true, false, mode);
        self.out.clear();
        message.encode(&mut self.out).expect("one message");
        &self.out[..]
    }
}
