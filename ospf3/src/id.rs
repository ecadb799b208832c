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

/// What an instance's routes are for (RFC 5838 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressFamily {
    /// IPv6 unicast: instances 0 to 31.
    Ipv6Unicast,
    /// IPv6 multicast: instances 32 to 63.
    Ipv6Multicast,
    /// IPv4 unicast: instances 64 to 95.
    Ipv4Unicast,
    /// IPv4 multicast: instances 96 to 127.
    Ipv4Multicast,
}

impl AddressFamily {
    /// The family of an instance; `None` from 128 on, which are unassigned (RFC 5838 §2.1).
    pub const fn of(instance_id: InstanceId) -> Option<Self> {
        Some(match instance_id.0 {
            0..=31 => Self::Ipv6Unicast,
            32..=63 => Self::Ipv6Multicast,
            64..=95 => Self::Ipv4Unicast,
            96..=127 => Self::Ipv4Multicast,
            128.. => return None,
        })
    }

    /// The first of its instances, which is the default (RFC 5838 §2.1).
    pub const fn default_instance(self) -> InstanceId {
        InstanceId(match self {
            Self::Ipv6Unicast => 0,
            Self::Ipv6Multicast => 32,
            Self::Ipv4Unicast => 64,
            Self::Ipv4Multicast => 96,
        })
    }

    /// Whether prefixes and forwarding addresses are IPv4's, in the first 32 bits of their fields (RFC 5838 §2.5, §2.6).
    pub const fn is_ipv4(self) -> bool {
        matches!(self, Self::Ipv4Unicast | Self::Ipv4Multicast)
    }

    /// The longest prefix, in bits.
    pub const fn max_prefix_length(self) -> u8 {
        if self.is_ipv4() { 32 } else { 128 }
    }
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

    /// RFC 5838 §2.1
    #[test]
    fn families_are_ranges_of_instances() {
        let ranges = [
            (0..=31, Some(AddressFamily::Ipv6Unicast)),
            (32..=63, Some(AddressFamily::Ipv6Multicast)),
            (64..=95, Some(AddressFamily::Ipv4Unicast)),
            (96..=127, Some(AddressFamily::Ipv4Multicast)),
            (128..=255, None),
        ];
        for (range, family) in ranges {
            assert_eq!(
                family.map(|family| family.default_instance().0),
                family.map(|_| *range.start())
            );
            for instance in range {
                assert_eq!(AddressFamily::of(InstanceId(instance)), family);
            }
        }
        assert_eq!(AddressFamily::Ipv4Unicast.max_prefix_length(), 32);
        assert_eq!(AddressFamily::Ipv6Multicast.max_prefix_length(), 128);
    }
}
