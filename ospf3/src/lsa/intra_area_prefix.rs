//! Intra-Area-Prefix-LSAs: the prefixes of a router or of a transit network (RFC 5340 §A.4.10).

use alloc::vec::Vec;

use bytes::{BufMut, BytesMut};

use super::header::{LinkStateId, LsaKey};
use super::ls_type::LsType;
use super::prefix::Prefix;
use crate::codec::Reader;
use crate::error::LsaError;
use crate::id::RouterId;

/// An Intra-Area-Prefix-LSA's body (RFC 5340 §A.4.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntraAreaPrefixLsa {
    /// The Router-LSA, with Link State ID 0, or the Network-LSA that the prefixes belong to: Referenced LS Type, Link
    /// State ID and Advertising Router.
    pub referenced: LsaKey,
    /// The prefixes.
    pub prefixes: Vec<IntraAreaPrefix>,
}

/// One prefix of an [`IntraAreaPrefixLsa`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntraAreaPrefix {
    /// The prefix.
    pub prefix: Prefix,
    /// Its cost from the router or network.
    pub metric: u16,
}

/// Referenced Link State ID and Referenced Advertising Router, after the type.
pub(super) fn read_referenced(ls_type: u16, reader: &mut Reader<'_>) -> Result<LsaKey, LsaError> {
    let link_state_id = LinkStateId(reader.u32("Referenced Link State ID")?);
    let advertising_router = RouterId(reader.u32("Referenced Advertising Router")?);
    Ok(LsaKey { ls_type: LsType(ls_type), advertising_router, link_state_id })
}

impl IntraAreaPrefixLsa {
    pub(super) fn read(mut reader: Reader<'_>) -> Result<Self, LsaError> {
        let count = usize::from(reader.u16("# Prefixes")?);
        let ls_type = reader.u16("Referenced LS Type")?;
        let referenced = read_referenced(ls_type, &mut reader)?;
        // Each has at least the four octets of a default route.
        let mut prefixes = Vec::with_capacity(count.min(reader.remaining() / 4));
        for _ in 0..count {
            let (prefix, metric) = Prefix::read(&mut reader)?;
            prefixes.push(IntraAreaPrefix { prefix, metric });
        }
        reader.finish("Intra-Area-Prefix-LSA")?;
        Ok(Self { referenced, prefixes })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        // More of them do not fit the LSA.
        out.put_u16(u16::try_from(self.prefixes.len()).unwrap_or(u16::MAX));
        self.referenced.put(out);
        for IntraAreaPrefix { prefix, metric } in &self.prefixes {
            prefix.put(*metric, out);
        }
    }
}
