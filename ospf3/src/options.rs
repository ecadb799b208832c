//! The Options field (RFC 5340 §A.2).

use crate::bits::bits;

/// The 24 bits of the Options field, in Hello and Database Description packets and in some LSAs (RFC 5340 §A.2).
///
/// Bits without a name are kept: they are for the sender to clear and for the receiver to ignore. They print as
/// names with `|` between, those without a name as one number: `V6|E|R|0x8000`; none as `-`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Options(u32);

impl Options {
    /// No bit.
    pub const NONE: Self = Self(0);
    /// Takes part in IPv6 routing (RFC 5340 §A.2).
    pub const V6: Self = Self(0x1);
    /// AS-external-LSAs are flooded in this area (RFC 5340 §A.2).
    pub const E: Self = Self(0x2);
    /// Attached to a not-so-stubby area (RFC 5340 §A.2, RFC 3101 §2.1).
    pub const N: Self = Self(0x8);
    /// An active router: it forwards (RFC 5340 §A.2).
    pub const R: Self = Self(0x10);
    /// Supports demand circuits (RFC 5340 §A.2, RFC 1793).
    pub const DC: Self = Self(0x20);
    /// Supports address families (RFC 5838 §2.2).
    pub const AF: Self = Self(0x100);
    /// A block of link-local signalling follows the packet (RFC 5613 §2.1).
    pub const L: Self = Self(0x200);
    /// An Authentication Trailer follows the packet (RFC 7166 §2.1).
    pub const AT: Self = Self(0x400);

    const NAMES: &[(Self, &'static str)] = &[
        (Self::V6, "V6"),
        (Self::E, "E"),
        (Self::N, "N"),
        (Self::R, "R"),
        (Self::DC, "DC"),
        (Self::AF, "AF"),
        (Self::L, "L"),
        (Self::AT, "AT"),
    ];

    /// The low 24 bits of a number.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & 0x00ff_ffff)
    }

    /// The field as a number; its high 8 bits are zero.
    pub const fn bits(self) -> u32 {
        self.0
    }

    pub(crate) const fn from_be_bytes([high, middle, low]: [u8; 3]) -> Self {
        Self(u32::from_be_bytes([0, high, middle, low]))
    }

    pub(crate) const fn to_be_bytes(self) -> [u8; 3] {
        let [_, high, middle, low] = self.0.to_be_bytes();
        [high, middle, low]
    }
}

bits!(Options);

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn bits_stand_where_the_rfcs_put_them() {
        // RFC 7166 §2.1 figure 2, from the left: bit 0 is the highest of 24.
        let figure = [
            (13, Options::AT),
            (14, Options::L),
            (15, Options::AF),
            (18, Options::DC),
            (19, Options::R),
            (20, Options::N),
            (22, Options::E),
            (23, Options::V6),
        ];
        for (place, bit) in figure {
            assert_eq!(bit.bits(), 1 << (23 - place), "{bit}");
        }
    }

    #[test]
    fn only_24_bits_are_kept() {
        assert_eq!(Options::from_bits(u32::MAX).bits(), 0x00ff_ffff);
        assert_eq!(Options::from_be_bytes([1, 2, 3]), Options::from_bits(0x0001_0203));
        assert_eq!(Options::from_bits(0x0001_0203).to_be_bytes(), [1, 2, 3]);
    }

    #[test]
    fn sets_of_bits() {
        let options = Options::V6 | Options::E | Options::R;
        assert_eq!(options.bits(), 0x13);
        assert!(options.contains(Options::V6 | Options::R));
        assert!(!options.contains(Options::V6 | Options::N));
        assert!(options.contains(Options::NONE));
        assert_eq!(options.without(Options::E | Options::AF), Options::V6 | Options::R);
    }

    #[test]
    fn names_and_what_has_none() {
        assert_eq!(Options::NONE.to_string(), "-");
        assert_eq!((Options::V6 | Options::E | Options::R).to_string(), "V6|E|R");
        assert_eq!(Options::from_bits(0x72a).to_string(), "E|N|DC|AF|L|AT");
        assert_eq!(Options::from_bits(0x8004).to_string(), "0x8004");
        assert_eq!(format!("{:?}", Options::from_bits(0x5)), "Options(V6|0x4)");
    }
}
