//! bgpkit-parser.
//!
//! *Reading* goes from shared bytes to lists of its own types; checks the attributes as RFC 7606 has it and keeps
//! warnings beside them. The attributes are visited in one pass; its accessors would search them for each.
//! *Writing* goes from the same value, each part into a buffer of its own, into one new buffer.

use bgpkit_parser::bgp::parse_bgp_message;
use bgpkit_parser::models::{AsnLength, BgpMessage};
use bytes::Bytes;

use crate::messages::Sum;
use crate::peer::Peer;
use crate::visit::{bgpkit_attributes, bgpkit_prefix};

#[derive(Debug, Default)]
pub(crate) struct Bgpkit;

impl Peer for Bgpkit {
    const NAME: &'static str = "bgpkit-parser";
    type Owned = BgpMessage;
    type Source = BgpMessage;

    fn visit(&mut self, message: &Bytes) -> Sum {
        let BgpMessage::Update(update) = self.owned(message) else { unreachable!("an UPDATE") };
        let mut sum = Sum::default();
        update.announced_prefixes.iter().for_each(|net| bgpkit_prefix(net, &mut sum));
        bgpkit_attributes(&update.attributes, &mut sum);
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
