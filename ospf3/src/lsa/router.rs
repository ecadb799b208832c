//! Router-LSAs: a router's links in an area (RFC 5340 §A.4.3).

use alloc::vec::Vec;

use bytes::{BufMut, BytesMut};

use crate::bits::bits;
use crate::codec::Reader;
use crate::error::LsaError;
use crate::id::{InterfaceId, RouterId};
use crate::options::Options;

/// A Router-LSA's body (RFC 5340 §A.4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterLsa {
    /// What the router is.
    pub flags: RouterFlags,
    /// What it supports.
    pub options: Options,
    /// Its links.
    pub links: Vec<RouterLink>,
}

/// What a router is in an area: the bits before a Router-LSA's Options (RFC 5340 §A.4.3). Bits without a name are
/// kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RouterFlags(
    /// The 8 bits.
    pub u8,
);

impl RouterFlags {
    /// No bit.
    pub const NONE: Self = Self(0);
    /// An area border router.
    pub const B: Self = Self(0x01);
    /// An AS boundary router.
    pub const E: Self = Self(0x02);
    /// An end of a fully adjacent virtual link through the area.
    pub const V: Self = Self(0x04);
    /// An NSSA border router that translates whatever others do.
    pub const NT: Self = Self(0x10);

    const NAMES: &[(Self, &'static str)] =
        &[(Self::B, "B"), (Self::E, "E"), (Self::V, "V"), (Self::NT, "Nt")];
}

bits!(RouterFlags);

/// What a link connects to (RFC 5340 §A.4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouterLinkType(
    /// The Type field.
    pub u8,
);

impl RouterLinkType {
    /// Another router, point-to-point.
    pub const POINT_TO_POINT: Self = Self(1);
    /// A transit network.
    pub const TRANSIT: Self = Self(2);
    /// Another router, by a virtual link.
    pub const VIRTUAL: Self = Self(4);
}

/// One link of a Router-LSA (RFC 5340 §A.4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouterLink {
    /// What it connects to.
    pub link_type: RouterLinkType,
    /// What it costs to send by it.
    pub metric: u16,
    /// The router's number of it.
    pub interface_id: InterfaceId,
    /// The neighbour's number of it; the Designated Router's for a transit network.
    pub neighbor_interface_id: InterfaceId,
    /// The neighbour; the Designated Router for a transit network.
    pub neighbor_router_id: RouterId,
}

impl RouterLink {
    const LENGTH: usize = 16;

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, LsaError> {
        let link_type = RouterLinkType(reader.u8("Type")?);
        reader.skip("octet before the Metric", 1)?;
        Ok(Self {
            link_type,
            metric: reader.u16("Metric")?,
            interface_id: InterfaceId(reader.u32("Interface ID")?),
            neighbor_interface_id: InterfaceId(reader.u32("Neighbor Interface ID")?),
            neighbor_router_id: RouterId(reader.u32("Neighbor Router ID")?),
        })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.put_u8(self.link_type.0);
        out.put_u8(0);
        out.put_u16(self.metric);
        out.put_u32(self.interface_id.0);
        out.put_u32(self.neighbor_interface_id.0);
        out.put_u32(self.neighbor_router_id.0);
    }
}

impl RouterLsa {
    pub(super) fn read(mut reader: Reader<'_>) -> Result<Self, LsaError> {
        let flags = RouterFlags(reader.u8("flags")?);
        let options = Options::from_be_bytes(reader.array("Options")?);
        let mut links = Vec::with_capacity(reader.remaining() / RouterLink::LENGTH);
        while reader.remaining() > 0 {
            links.push(RouterLink::read(&mut reader)?);
        }
        Ok(Self { flags, options, links })
    }

    pub(super) fn put(&self, out: &mut BytesMut) {
        out.reserve(4 + RouterLink::LENGTH * self.links.len());
        out.put_u8(self.flags.0);
        out.put_slice(&self.options.to_be_bytes());
        for link in &self.links {
            link.put(out);
        }
    }
}
