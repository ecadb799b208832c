//! netgauze-bgp-pkt.
//!
//! *Reading* goes from a slice to boxed slices of its own types, all checked; counts before it allocates, so that
//! each list is allocated once. Among what it checks is that no host of a prefix is a multicast or broadcast
//! address.
//! *Writing* goes from the same value, first summing up the lengths; writes more than 4,096 octets without
//! complaint.

use bytes::Bytes;
use netgauze_bgp_pkt::BgpMessage;
use netgauze_bgp_pkt::path_attribute::{AsPath, PathAttributeValue};
use netgauze_bgp_pkt::wire::deserializer::BgpParsingContext;
use netgauze_parse_utils::WritablePdu;
use netgauze_parse_utils::reader::SliceReader;
use netgauze_parse_utils::traits::ParseFromWithOneInput;

use crate::messages::Sum;
use crate::peer::Peer;

/// The context's default is a session with 4-octet AS numbers that takes any flaw as an error.
#[derive(Debug, Default)]
pub(crate) struct Netgauze {
    context: BgpParsingContext,
    out: Vec<u8>,
}

impl Peer for Netgauze {
    const NAME: &'static str = "netgauze-bgp-pkt";
    type Owned = BgpMessage;
    type Source = BgpMessage;

    fn visit(&mut self, message: &Bytes) -> Sum {
        let message = self.owned(message);
        let BgpMessage::Update(update) = &message else { unreachable!("an UPDATE") };
        let mut sum = Sum::default();
        for route in update.nlri() {
            let net = route.network().address();
            sum.prefix(net.addr().into(), net.prefix_len());
        }
        for attribute in update.path_attributes() {
            match attribute.value() {
                PathAttributeValue::Origin(origin) => sum.origin = *origin as u64,
                PathAttributeValue::NextHop(next_hop) => {
                    sum.next_hop = u32::from(next_hop.next_hop()).into();
                }
                PathAttributeValue::MultiExitDiscriminator(med) => sum.med = med.metric().into(),
                PathAttributeValue::AsPath(AsPath::As4PathSegments(segments)) => {
                    for segment in segments {
                        sum.asns +=
                            segment.as_numbers().iter().copied().map(u64::from).sum::<u64>();
                    }
                }
                PathAttributeValue::Communities(list) => {
                    let values = list.communities().iter().map(|one| u64::from(one.value()));
                    sum.communities = values.sum();
                }
                _ => {}
            }
        }
        sum
    }

    fn owned(&mut self, message: &Bytes) -> BgpMessage {
        BgpMessage::parse(&mut SliceReader::new(message), &mut self.context).expect("an UPDATE")
    }

    fn source(&mut self, message: &Bytes) -> BgpMessage {
        self.owned(message)
    }

    fn encode(&mut self, source: &BgpMessage) -> impl AsRef<[u8]> {
        self.out.clear();
        source.write(&mut self.out).expect("encodable");
        &self.out[..]
    }
}
