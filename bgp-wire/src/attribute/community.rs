//! Communities: RFC 1997, extended (RFC 4360), large (RFC 8092).

use core::fmt;

/// A community (RFC 1997).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Community(pub u32);

impl Community {
    /// Not to any eBGP peer, confederations apart.
    pub const NO_EXPORT: Self = Self(0xffff_ff01);
    /// Not to any peer.
    pub const NO_ADVERTISE: Self = Self(0xffff_ff02);
    /// Not to any eBGP peer, in a confederation neither.
    pub const NO_EXPORT_SUBCONFED: Self = Self(0xffff_ff03);

    /// `high:low`
    pub const fn new(high: u16, low: u16) -> Self {
        Self((high as u32) << 16 | low as u32)
    }

    /// The first half, usually an AS number.
    pub const fn high(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The second half.
    pub const fn low(self) -> u16 {
        (self.0 & 0xffff) as u16
    }
}

impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.high(), self.low())
    }
}

impl fmt::Debug for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An extended community (RFC 4360): 8 octets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExtendedCommunity(pub [u8; 8]);

impl ExtendedCommunity {
    /// Whether it is passed on to other ASes (RFC 4360 §2: the T bit is zero).
    pub const fn is_transitive(self) -> bool {
        self.0[0] & 0x40 == 0
    }

    /// Type octet (high) and sub-type octet (low).
    pub const fn kind(self) -> (u8, u8) {
        (self.0[0], self.0[1])
    }
}

/// `rt:65000:100`, `ro:…`, else `generic:0x…:0x…`.
impl fmt::Display for ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [kind, sub, a, b, c, d, e, g] = self.0;
        let name = match sub {
            2 => "rt",
            3 => "ro",
            _ => "",
        };
        match kind & !0x40 {
            0 if !name.is_empty() => {
                write!(
                    f,
                    "{name}:{}:{}",
                    u16::from_be_bytes([a, b]),
                    u32::from_be_bytes([c, d, e, g])
                )
            }
            1 if !name.is_empty() => {
                write!(f, "{name}:{a}.{b}.{c}.{d}:{}", u16::from_be_bytes([e, g]))
            }
            2 if !name.is_empty() => {
                write!(
                    f,
                    "{name}:{}:{}",
                    u32::from_be_bytes([a, b, c, d]),
                    u16::from_be_bytes([e, g])
                )
            }
            _ => {
                let (high, low) =
                    (u32::from_be_bytes([kind, sub, a, b]), u32::from_be_bytes([c, d, e, g]));
                write!(f, "generic:{high:#x}:{low:#x}")
            }
        }
    }
}

impl fmt::Debug for ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An IPv6 address specific extended community (RFC 5701): 20 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ipv6ExtendedCommunity(pub [u8; 20]);

impl fmt::Display for Ipv6ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// A large community (RFC 8092).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LargeCommunity {
    /// Global Administrator: an AS number
    pub global: u32,
    /// Local Data Part 1
    pub local1: u32,
    /// Local Data Part 2
    pub local2: u32,
}

impl fmt::Display for LargeCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.global, self.local1, self.local2)
    }
}

impl fmt::Debug for LargeCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn they_print_as_operators_write_them() {
        assert_eq!(Community::new(65000, 100).to_string(), "65000:100");
        assert_eq!(LargeCommunity { global: 65001, local1: 1, local2: 2 }.to_string(), "65001:1:2");
        let texts = [
            ([0, 2, 0xfd, 0xe8, 0, 0, 0, 1], "rt:65000:1"),
            ([1, 3, 192, 0, 2, 1, 0, 7], "ro:192.0.2.1:7"),
            ([2, 2, 0, 3, 0xd, 0x40, 0, 5], "rt:200000:5"),
            ([0x43, 0, 0, 0, 0, 0, 0, 1], "generic:0x43000000:0x1"),
        ];
        for (octets, text) in texts {
            assert_eq!(ExtendedCommunity(octets).to_string(), text);
        }
        assert!(!ExtendedCommunity([0x43, 0, 0, 0, 0, 0, 0, 1]).is_transitive());
    }
}
