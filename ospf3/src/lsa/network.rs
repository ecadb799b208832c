//! Network-LSAs: the routers on a link, as its Designated Router says (RFC 5340 §A.4.4).

use alloc::vec::Vec;

use bytes::{BufMut, BytesMut};

use crate::codec::Reader;
use crate::error::LsaError;
use crate::id::RouterId;
use crate::options::Options;

/// A Network-LSA's body (RFC 5340 §A.4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkLsa {
    /// Those of all Link-LSAs of the link together (RFC 5340 §4.4.3.3).
    pub options: Options,
    /// The routers fully adjacent to the Designated Router, and itself.
    pub attached_routers: Vec<RouterId>,
}

impl NetworkLsa {
    pub(super) fn read(mut reader: Reader<'_>) -> Result<Self, LsaError> {
        let options = Options::from_bits(reader.u24_padded("Options")?);
        let mut attached_routers = Vec::with_capacity(reader.remaining() / 4);
        while reader.remaining() > 0 {
            attached_routers.push(RouterId(reader.u32("Attached Router")?));
        }
        Ok(Self { options, attached_routers })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.reserve(4 + 4 * self.attached_routers.len());
        out.put_u32(self.options.bits());
        for router in &self.attached_routers {
            out.put_u32(router.0);
        }
    }
}
