//! The checksum in the header, over the packet and a pseudo-header of IPv6 (RFC 5340 §A.3.1, RFC 8200 §8.1).
//!
//! A packet with an Authentication Trailer has none (RFC 7166 §4.2). A raw socket with `IPV6_CHECKSUM` at
//! [`OFFSET`] leaves the work to the kernel, which fills it in and discards what is wrong.

use core::net::Ipv6Addr;

use crate::error::PacketError;
use crate::packet::Header;

/// Where the Checksum field stands in a packet, in octets: the value for `IPV6_CHECKSUM`.
pub const OFFSET: usize = 12;

/// The IPv6 Next Header value of OSPF.
pub const NEXT_HEADER: u8 = 89;

/// The checksum of a packet: one whole packet and nothing after it. What its Checksum field holds does not matter.
pub fn compute(packet: &[u8], source: Ipv6Addr, destination: Ipv6Addr) -> u16 {
    let field = packet.get(OFFSET..OFFSET + 2).map_or(0, sum);
    !fold(sum_with_pseudo_header(packet, source, destination) - field)
}

/// Whether a received packet has the right checksum. What follows the packet in `data` does not take part.
///
/// # Errors
/// [`PacketError::BadChecksum`], or what [`Header::decode`] says of the header.
pub fn verify(data: &[u8], source: Ipv6Addr, destination: Ipv6Addr) -> Result<(), PacketError> {
    let header = Header::decode(data)?;
    let packet = data.get(..usize::from(header.length)).unwrap_or_default();
    // With the right checksum among them all words add up to -0; 0 and -0 (0xffff) are both right where one is.
    if fold(sum_with_pseudo_header(packet, source, destination)) == u16::MAX {
        return Ok(());
    }
    let expected = compute(packet, source, destination);
    Err(PacketError::BadChecksum { found: header.checksum, expected })
}

fn sum_with_pseudo_header(packet: &[u8], source: Ipv6Addr, destination: Ipv6Addr) -> u64 {
    let mut total = sum(packet) + sum(&source.octets()) + sum(&destination.octets());
    // The length's two words need no taking apart: 2^16 is 1 in this sum.
    total += packet.len() as u64;
    total + u64::from(NEXT_HEADER)
}

/// The sum of the words, an odd last octet being the high one of its word. 64 bits hold it for any slice.
pub(super) fn sum(data: &[u8]) -> u64 {
    let (words, odd) = data.as_chunks::<2>();
    let words = words.iter().map(|word| u64::from(u16::from_be_bytes(*word))).sum::<u64>();
    words + odd.first().map_or(0, |octet| u64::from(*octet) << 8)
}

/// Carries back in what is above 16 bits until nothing is (one's complement).
pub(super) fn fold(mut sum: u64) -> u16 {
    loop {
        match u16::try_from(sum) {
            Ok(sum) => return sum,
            Err(_) => sum = (sum & 0xffff) + (sum >> 16),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    const ALL_SPF_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 5);

    /// RFC 5340 §A.3.1 and RFC 8200 §8.1 word by word: lay it all out, zero the field, pad, add with end-around carry.
    fn oracle(packet: &[u8], source: Ipv6Addr, destination: Ipv6Addr) -> u16 {
        let mut data = Vec::new();
        data.extend_from_slice(&source.octets());
        data.extend_from_slice(&destination.octets());
        data.extend_from_slice(&(packet.len() as u32).to_be_bytes());
        data.extend_from_slice(&[0, 0, 0, 89]);
        for (at, octet) in packet.iter().enumerate() {
            data.push(if at == 12 || at == 13 { 0 } else { *octet });
        }
        if data.len() % 2 == 1 {
            data.push(0);
        }
        let mut sum = 0u32;
        for word in data.chunks(2) {
            let [high, low] = word else { unreachable!("padded") };
            sum += u32::from(*high) * 256 + u32::from(*low);
            if sum > 0xffff {
                sum -= 0xffff;
            }
        }
        !(sum as u16)
    }

    /// A header with the right length, and a body.
    fn packet(body: &[u8]) -> Vec<u8> {
        let length = (16 + body.len()) as u16;
        let mut packet = Vec::from([3, 9]);
        packet.extend_from_slice(&length.to_be_bytes());
        packet.extend_from_slice(&[192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        packet.extend_from_slice(body);
        packet
    }

    fn set(packet: &mut [u8], checksum: u16) {
        packet
            .get_mut(OFFSET..OFFSET + 2)
            .expect("a header")
            .copy_from_slice(&checksum.to_be_bytes());
    }

    proptest! {
        #[test]
        fn like_the_oracle(
            packet in prop::collection::vec(any::<u8>(), Header::LENGTH..300),
            source: [u8; 16],
            destination: [u8; 16],
        ) {
            let (source, destination) = (source.into(), destination.into());
            prop_assert_eq!(
                compute(&packet, source, destination),
                oracle(&packet, source, destination)
            );
        }

        #[test]
        fn what_was_computed_is_verified(
            body: Vec<u8>, trailer: Vec<u8>, source: [u8; 16], destination: [u8; 16],
        ) {
            let (source, destination) = (source.into(), destination.into());
            let mut packet = packet(&body);
            let checksum = compute(&packet, source, destination);
            set(&mut packet, checksum);
            prop_assert_eq!(compute(&packet, source, destination), checksum);
            packet.extend_from_slice(&trailer);
            prop_assert_eq!(verify(&packet, source, destination), Ok(()));
        }

        #[test]
        fn one_wrong_bit_is_found(body: Vec<u8>, at: prop::sample::Index, bit in 0u32..8) {
            let mut packet = packet(&body);
            let checksum = compute(&packet, SOURCE, ALL_SPF_ROUTERS);
            set(&mut packet, checksum);
            // Not in the length: another packet might be right by chance.
            let at = match at.index(packet.len() - 2) {
                at @ ..2 => at,
                at => at + 2,
            };
            *packet.get_mut(at).expect("within") ^= 1 << bit;
            prop_assert!(verify(&packet, SOURCE, ALL_SPF_ROUTERS).is_err());
        }
    }

    #[test]
    fn the_longest_packet_of_the_largest_words() {
        let mut packet = packet(&[0xff; 65535 - 16]);
        let checksum = compute(&packet, Ipv6Addr::from_bits(u128::MAX), ALL_SPF_ROUTERS);
        assert_eq!(checksum, oracle(&packet, Ipv6Addr::from_bits(u128::MAX), ALL_SPF_ROUTERS));
        set(&mut packet, checksum);
        assert_eq!(verify(&packet, Ipv6Addr::from_bits(u128::MAX), ALL_SPF_ROUTERS), Ok(()));
    }

    #[test]
    fn zero_has_two_spellings() {
        // Choose the body such that the checksum is zero, then write it either way.
        let mut packet = packet(&[0, 0]);
        let checksum = compute(&packet, SOURCE, ALL_SPF_ROUTERS);
        packet.truncate(16);
        packet.extend_from_slice(&checksum.to_be_bytes());
        assert_eq!(compute(&packet, SOURCE, ALL_SPF_ROUTERS), 0);
        for spelling in [0, 0xffff] {
            set(&mut packet, spelling);
            assert_eq!(verify(&packet, SOURCE, ALL_SPF_ROUTERS), Ok(()));
        }
    }

    #[test]
    fn a_wrong_checksum_says_what_was_expected() {
        let mut packet = packet(&[1, 2, 3]);
        let expected = compute(&packet, SOURCE, ALL_SPF_ROUTERS);
        let found = expected ^ 0x0100;
        set(&mut packet, found);
        let error = PacketError::BadChecksum { found, expected };
        assert_eq!(verify(&packet, SOURCE, ALL_SPF_ROUTERS), Err(error));
        // The addresses take part.
        set(&mut packet, expected);
        assert!(verify(&packet, ALL_SPF_ROUTERS, ALL_SPF_ROUTERS).is_err());
        // A length that lies is found before.
        packet.pop();
        let error = PacketError::BadLength { length: 19, available: 18 };
        assert_eq!(verify(&packet, SOURCE, ALL_SPF_ROUTERS), Err(error));
    }
}
