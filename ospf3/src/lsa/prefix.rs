//! Prefixes as LSAs hold them (RFC 5340 §A.4.1).

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use bytes::{BufMut, BytesMut};

use crate::bits::bits;
use crate::codec::Reader;
use crate::error::LsaError;

/// The PrefixOptions field (RFC 5340 §A.4.1.1). Bits without a name are kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PrefixOptions(
    /// Its 8 bits.
    pub u8,
);

impl PrefixOptions {
    /// No bit.
    pub const NONE: Self = Self(0);
    /// Takes no part in unicast routing.
    pub const NU: Self = Self(0x01);
    /// Is an address of the advertising router's.
    pub const LA: Self = Self(0x02);
    /// Of an NSSA-LSA: is to be translated at the area's border.
    pub const P: Self = Self(0x08);
    /// Came from a VPN's backbone and does not go back (RFC 4576).
    pub const DN: Self = Self(0x10);
    /// Is the address by which the advertising router is known (RFC 8362 §3.1.1).
    pub const N: Self = Self(0x20);

    const NAMES: &[(Self, &'static str)] =
        &[(Self::NU, "NU"), (Self::LA, "LA"), (Self::P, "P"), (Self::DN, "DN"), (Self::N, "N")];
}

bits!(PrefixOptions);

/// An address prefix with its options (RFC 5340 §A.4.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    /// Its bits from the first on; in the IPv4 address families the first 32 hold the address. Those beyond the length
    /// are zero in what is decoded and do not matter in what is encoded.
    pub address: Ipv6Addr,
    /// How many bits count; more than 128 are taken for 128.
    pub length: u8,
    /// What is to be done with it.
    pub options: PrefixOptions,
}

impl Prefix {
    /// The longest, in bits.
    pub const MAX_LENGTH: u8 = 128;

    /// An IPv6 prefix without options; bits beyond its length are cleared.
    pub const fn v6(address: Ipv6Addr, length: u8) -> Self {
        Self { address: mask(address, length), length, options: PrefixOptions::NONE }
    }

    /// An IPv4 prefix without options; bits beyond its length are cleared.
    pub const fn v4(address: Ipv4Addr, length: u8) -> Self {
        Self::v6(widen(address), length)
    }

    /// The same prefix with these options.
    #[must_use]
    pub const fn with(self, options: PrefixOptions) -> Self {
        Self { options, ..self }
    }

    /// The address of an IPv4 address family's prefix: the first 32 bits (RFC 5838 §2).
    pub const fn ipv4(&self) -> Ipv4Addr {
        narrow(self.address)
    }

    /// Whether its length counts as zero: the default route.
    pub const fn is_default(&self) -> bool {
        self.length == 0
    }

    /// Octets of the Address Prefix field.
    fn address_length(length: u8) -> usize {
        usize::from(length).div_ceil(32) * 4
    }

    /// PrefixLength and PrefixOptions, the two octets after them as they are, and the address.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<(Self, u16), LsaError> {
        let offset = reader.offset();
        let length = reader.u8("PrefixLength")?;
        let options = PrefixOptions(reader.u8("PrefixOptions")?);
        let beside = reader.u16("field beside the PrefixLength")?;
        if length > Self::MAX_LENGTH {
            return Err(LsaError::BadPrefixLength { offset, length });
        }
        let octets = reader.sub("Address Prefix", Self::address_length(length))?.rest();
        let mut address = [0; 16];
        for (to, from) in address.iter_mut().zip(octets) {
            *to = *from;
        }
        let address = mask(Ipv6Addr::from(address), length);
        Ok((Self { address, length, options }, beside))
    }

    pub(super) fn put(&self, beside: u16, out: &mut BytesMut) {
        let length = self.length.min(Self::MAX_LENGTH);
        out.put_u8(length);
        out.put_u8(self.options.0);
        out.put_u16(beside);
        let address = mask(self.address, length).octets();
        out.put_slice(address.get(..Self::address_length(length)).unwrap_or(&address));
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix({}/{}", self.address, self.length)?;
        if self.options != PrefixOptions::NONE {
            write!(f, " {:?}", self.options)?;
        }
        f.write_str(")")
    }
}

/// An IPv4 address in the first 32 bits of a field for one of IPv6's (RFC 5838 §2.5, §2.6).
pub const fn widen(address: Ipv4Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits((address.to_bits() as u128) << 96)
}

/// The IPv4 address in the first 32 bits of a field for one of IPv6's (RFC 5838 §2.5, §2.6).
pub const fn narrow(address: Ipv6Addr) -> Ipv4Addr {
    Ipv4Addr::from_bits((address.to_bits() >> 96) as u32)
}

const fn mask(address: Ipv6Addr, length: u8) -> Ipv6Addr {
    let bits = match length {
        0 => 0,
        1..128 => address.to_bits() & (u128::MAX << (128 - length)),
        128.. => address.to_bits(),
    };
    Ipv6Addr::from_bits(bits)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn written(prefix: Prefix, beside: u16) -> Vec<u8> {
        let mut out = BytesMut::new();
        prefix.put(beside, &mut out);
        out.to_vec()
    }

    proptest! {
        #[test]
        fn written_and_read(address: u128, length in 0u8..=128, options: u8, beside: u16) {
            let prefix = Prefix::v6(Ipv6Addr::from_bits(address), length).with(PrefixOptions(options));
            for bit in 0..128u32 {
                let kept = bit < u32::from(length) && address >> (127 - bit) & 1 == 1;
                prop_assert_eq!(prefix.address.to_bits() >> (127 - bit) & 1 == 1, kept);
            }
            let data = written(prefix, beside);
            // RFC 5340 §A.4.1: ((PrefixLength + 31) / 32) words
            prop_assert_eq!(data.len(), 4 + usize::from(length).div_ceil(32) * 4);
            prop_assert_eq!(&data[2..4], &beside.to_be_bytes());
            let mut reader = Reader::new(&data);
            prop_assert_eq!(Prefix::read(&mut reader), Ok((prefix, beside)));
            prop_assert_eq!(reader.remaining(), 0);
            // What lies beyond the length does not matter.
            let loose = Prefix { address: Ipv6Addr::from_bits(address), ..prefix };
            prop_assert_eq!(written(loose, beside), data);
        }
    }

    #[test]
    fn bits_beyond_the_length_are_cleared_when_read() {
        let data = [20, 0x0a, 1, 2, 0xff, 0xff, 0xff, 0xff, 9];
        let mut reader = Reader::new(&data);
        let (prefix, beside) = Prefix::read(&mut reader).expect("well-formed");
        assert_eq!(
            (prefix.ipv4(), prefix.length, beside),
            (Ipv4Addr::new(255, 255, 240, 0), 20, 0x0102)
        );
        assert_eq!(prefix.options, PrefixOptions::P | PrefixOptions::LA);
        assert_eq!(
            prefix,
            Prefix::v4(Ipv4Addr::new(255, 255, 254, 0), 20).with(PrefixOptions(0x0a))
        );
        assert_eq!(reader.rest(), [9]);
    }

    #[test]
    fn lengths_that_cannot_be() {
        for length in 129..=255 {
            let mut data = [0; 40];
            data[2] = length;
            let mut reader = Reader::new(&data);
            reader.skip("two", 2).expect("there");
            let error = LsaError::BadPrefixLength { offset: 2, length };
            assert_eq!(Prefix::read(&mut reader), Err(error));
        }
        let error =
            LsaError::Truncated { what: "Address Prefix", offset: 4, needed: 8, available: 7 };
        assert_eq!(Prefix::read(&mut Reader::new(&[33, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7])), Err(error));
        let long = Prefix { length: 200, ..Prefix::v6(Ipv6Addr::LOCALHOST, 128) };
        assert_eq!(written(long, 0), written(Prefix::v6(Ipv6Addr::LOCALHOST, 128), 0));
    }

    #[test]
    fn names() {
        let prefix = Prefix::v4(Ipv4Addr::new(192, 0, 2, 0), 24);
        assert_eq!(format!("{prefix:?}"), "Prefix(c000:200::/24)");
        let options = PrefixOptions::NU | PrefixOptions::N | PrefixOptions(0x40);
        assert_eq!(
            format!("{:?}", prefix.with(options)),
            "Prefix(c000:200::/24 PrefixOptions(NU|N|0x40))"
        );
        assert!(options.contains(PrefixOptions::N) && !options.contains(PrefixOptions::P));
        assert_eq!(options.without(PrefixOptions::N), PrefixOptions(0x41));
        assert!(Prefix::v6(Ipv6Addr::LOCALHOST, 0).is_default());
        assert_eq!(narrow(widen(Ipv4Addr::BROADCAST)), Ipv4Addr::BROADCAST);
    }
}
