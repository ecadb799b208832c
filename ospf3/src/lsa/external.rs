//! AS-external-LSAs and NSSA-LSAs: destinations outside of the AS (RFC 5340 §A.4.7, §A.4.8).

use core::net::Ipv6Addr;

use bytes::{BufMut, BytesMut};

use super::header::LinkStateId;
use super::inter_area::LS_INFINITY;
use super::ls_type::LsType;
use super::prefix::Prefix;
use crate::codec::Reader;
use crate::error::LsaError;

/// How an external metric compares with the cost within the AS (RFC 5340 §A.4.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExternalMetricType {
    /// In the same units: the two add up.
    Type1,
    /// Larger than any cost within the AS.
    Type2,
}

/// The body of an AS-external-LSA or an NSSA-LSA (RFC 5340 §A.4.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExternalLsa {
    /// What the metric means: the E bit.
    pub metric_type: ExternalMetricType,
    /// The cost; 24 bits, of which [`LS_INFINITY`] means that it cannot be reached.
    pub metric: u32,
    /// The destination.
    pub prefix: Prefix,
    /// Where packets are to be sent instead of to the originator; in the IPv4 address families its first 32 bits hold
    /// the address (RFC 5838 §2.6).
    pub forwarding_address: Option<Ipv6Addr>,
    /// The External Route Tag.
    pub tag: Option<u32>,
    /// Another LSA of the originator's that says more: Referenced LS Type, not zero, and Referenced Link State ID.
    pub referenced: Option<(LsType, LinkStateId)>,
}

/// The E bit, in the word of the metric.
const E: u32 = 0x0400_0000;
const F: u32 = 0x0200_0000;
const T: u32 = 0x0100_0000;

impl ExternalLsa {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, LsaError> {
        let word = reader.u32("Metric")?;
        let (prefix, referenced_type) = Prefix::read(reader)?;
        let forwarding_address = match word & F {
            0 => None,
            _ => Some(reader.ipv6("Forwarding Address")?),
        };
        let tag = match word & T {
            0 => None,
            _ => Some(reader.u32("External Route Tag")?),
        };
        let referenced = match referenced_type {
            0 => None,
            number => Some((LsType(number), LinkStateId(reader.u32("Referenced Link State ID")?))),
        };
        let metric_type = metric_type(word);
        let metric = word & LS_INFINITY;
        Ok(Self { metric_type, metric, prefix, forwarding_address, tag, referenced })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        let flags = [(F, self.forwarding_address.is_some()), (T, self.tag.is_some())];
        let flags = flags.iter().filter(|(_, set)| *set).map(|(bit, _)| bit).sum::<u32>();
        out.put_u32(flags | metric_word(self.metric_type, self.metric));
        // A Referenced LS Type of zero says that there is none.
        let referenced = self.referenced.filter(|(ls_type, _)| ls_type.0 != 0);
        self.prefix.put(referenced.map_or(0, |(ls_type, _)| ls_type.0), out);
        if let Some(address) = self.forwarding_address {
            out.put_slice(&address.octets());
        }
        if let Some(tag) = self.tag {
            out.put_u32(tag);
        }
        if let Some((_, link_state_id)) = referenced {
            out.put_u32(link_state_id.0);
        }
    }
}

/// As the word that holds the metric says.
pub(super) const fn metric_type(word: u32) -> ExternalMetricType {
    if word & E == 0 { ExternalMetricType::Type1 } else { ExternalMetricType::Type2 }
}

/// The metric, with the E bit before it.
pub(super) fn metric_word(metric_type: ExternalMetricType, metric: u32) -> u32 {
    let e = match metric_type {
        ExternalMetricType::Type1 => 0,
        ExternalMetricType::Type2 => E,
    };
    e | metric.min(LS_INFINITY)
}
