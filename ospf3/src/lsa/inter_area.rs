//! What area border routers tell of other areas (RFC 5340 §A.4.5, §A.4.6).

use bytes::{BufMut, BytesMut};

use super::prefix::Prefix;
use crate::codec::Reader;
use crate::error::LsaError;
use crate::id::RouterId;
use crate::options::Options;

/// LSInfinity: the metric of what cannot be reached (RFC 2328 §B). Metrics in LSAs have 24 bits; those of links 16.
pub const LS_INFINITY: u32 = 0x00ff_ffff;

/// An Inter-Area-Prefix-LSA's body: a prefix of another area (RFC 5340 §A.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterAreaPrefixLsa {
    /// The cost from the originator; 24 bits, of which [`LS_INFINITY`] means that it cannot be reached.
    pub metric: u32,
    /// The prefix.
    pub prefix: Prefix,
}

impl InterAreaPrefixLsa {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, LsaError> {
        let metric = reader.u24_padded("Metric")?;
        let (prefix, _reserved) = Prefix::read(reader)?;
        Ok(Self { metric, prefix })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_u32(self.metric.min(LS_INFINITY));
        self.prefix.put(0, out);
    }
}

/// An Inter-Area-Router-LSA's body: an AS boundary router in another area (RFC 5340 §A.4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterAreaRouterLsa {
    /// What that router supports.
    pub options: Options,
    /// The cost from the originator; 24 bits, of which [`LS_INFINITY`] means that it cannot be reached.
    pub metric: u32,
    /// That router.
    pub destination_router: RouterId,
}

impl InterAreaRouterLsa {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, LsaError> {
        Ok(Self {
            options: Options::from_bits(reader.u24_padded("Options")?),
            metric: reader.u24_padded("Metric")?,
            destination_router: RouterId(reader.u32("Destination Router ID")?),
        })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_u32(self.options.bits());
        out.put_u32(self.metric.min(LS_INFINITY));
        out.put_u32(self.destination_router.0);
    }
}
