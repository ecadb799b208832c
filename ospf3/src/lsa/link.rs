//! Link-LSAs: what a router tells the others on a link of itself (RFC 5340 §A.4.9).

use alloc::vec::Vec;
use core::net::Ipv6Addr;

use bytes::{BufMut, BytesMut};

use super::prefix::Prefix;
use crate::codec::Reader;
use crate::error::LsaError;
use crate::options::Options;

/// A Link-LSA's body (RFC 5340 §A.4.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkLsa {
    /// How much the router wants to be Designated Router.
    pub router_priority: u8,
    /// What the router would like to be in the Network-LSA.
    pub options: Options,
    /// The router's address on the link, for next hops; in the IPv4 address families its first 32 bits hold it
    /// (RFC 5838 §2.5).
    pub link_local_address: Ipv6Addr,
    /// Prefixes of the link.
    pub prefixes: Vec<Prefix>,
}

impl LinkLsa {
    pub(super) fn read(mut reader: Reader<'_>) -> Result<Self, LsaError> {
        let router_priority = reader.u8("Rtr Priority")?;
        let options = Options::from_be_bytes(reader.array("Options")?);
        let link_local_address = reader.ipv6("Link-local Interface Address")?;
        let count = reader.u32("# prefixes")?;
        let mut prefixes = Vec::new();
        for _ in 0..count {
            let (prefix, _reserved) = Prefix::read(&mut reader)?;
            prefixes.push(prefix);
        }
        reader.finish("Link-LSA")?;
        Ok(Self { router_priority, options, link_local_address, prefixes })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_u8(self.router_priority);
        out.put_slice(&self.options.to_be_bytes());
        out.put_slice(&self.link_local_address.octets());
        // More of them do not fit the LSA.
        out.put_u32(u32::try_from(self.prefixes.len()).unwrap_or(u32::MAX));
        for prefix in &self.prefixes {
            prefix.put(0, out);
        }
    }
}
