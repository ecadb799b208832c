//! The numbers that name things (RFC 5340 §2.2, §A.3.1).

use core::fmt;
use core::net::Ipv4Addr;

/// A router's number, unique in the routing domain; it prints as a dotted quad and is no address (RFC 5340 §2.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RouterId(
    /// Its 32 bits.
    pub u32,
);

impl RouterId {
    /// 0.0.0.0: no router, as in a Hello without Designated Router (RFC 5340 §A.3.2).
    pub const NONE: Self = Self(0);
}

impl fmt::Display for RouterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ipv4Addr::from_bits(self.0).fmt(f)
    }
}

impl fmt::Debug for RouterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RouterId({self})")
    }
}

impl From<Ipv4Addr> for RouterId {
    fn from(quad: Ipv4Addr) -> Self {
        Self(quad.to_bits())
    }
}

impl From<[u8; 4]> for RouterId {
    fn from(octets: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(octets))
    }
}

/// An area's number; it prints as a dotted quad (RFC 5340 §A.3.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct AreaId(
    /// Its 32 bits.
    pub u32,
);

impl AreaId {
    /// 0.0.0.0: the backbone, and every virtual link (RFC 5340 §A.3.1).
    pub const BACKBONE: Self = Self(0);
}

impl fmt::Display for AreaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ipv4Addr::from_bits(self.0).fmt(f)
    }
}

impl fmt::Debug for AreaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AreaId({self})")
    }
}

impl From<Ipv4Addr> for AreaId {
    fn from(quad: Ipv4Addr) -> Self {
        Self(quad.to_bits())
    }
}

impl From<[u8; 4]> for AreaId {
    fn from(octets: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(octets))
    }
}

/// The number of an interface among those of its router, such as the kernel's index; it prints as a decimal
/// number (RFC 5340 §A.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct InterfaceId(
    /// Its 32 bits.
    pub u32,
);

impl fmt::Display for InterfaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which of the instances on a link, and so of which address family (RFC 5340 §2.4, RFC 5838 §2.1); it prints as a
/// decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct InstanceId(
    /// Its 8 bits.
    pub u8,
);

impl InstanceId {
    /// 0: the one that is as before there were address families (RFC 5838 §8).
    pub const BASE_IPV6_UNICAST: Self = Self(0);
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn routers_and_areas_are_dotted_quads() {
        let router = RouterId::from([192, 0, 2, 1]);
        assert_eq!(router, RouterId(0xc000_0201));
        assert_eq!(router, RouterId::from(Ipv4Addr::new(192, 0, 2, 1)));
        assert_eq!(router.to_string(), "192.0.2.1");
        assert_eq!(format!("{router:?}"), "RouterId(192.0.2.1)");
        assert_eq!(format!("{router:>12}|"), "   192.0.2.1|");
        let area = AreaId::from([0, 0, 1, 2]);
        assert_eq!(area, AreaId(0x102));
        assert_eq!(area, AreaId::from(Ipv4Addr::new(0, 0, 1, 2)));
        assert_eq!(area.to_string(), "0.0.1.2");
        assert_eq!(format!("{area:?}"), "AreaId(0.0.1.2)");
        assert_eq!((RouterId::NONE.to_string(), AreaId::BACKBONE.0), ("0.0.0.0".into(), 0));
    }

    #[test]
    fn interfaces_and_instances_are_numbers() {
        assert_eq!(InterfaceId(513).to_string(), "513");
        assert_eq!(InstanceId(64).to_string(), "64");
    }
}
