//! Network layer reachability information: prefixes (RFC 4271 §4.3, RFC 4760 §5, RFC 7911 §3).

use core::net::{Ipv4Addr, Ipv6Addr};

use bytes::{Bytes, BytesMut};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::codec::Cursor;
use crate::iana::{Afi, Family};

/// The prefixes of one family in one message, as received and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nlri {
    /// Their family
    pub family: Family,
    bytes: Bytes,
    add_path: bool,
}

impl Nlri {
    /// Checks `bytes`; `Err` tells the offset of the first prefix that is too long or cut off. NLRI of a
    /// family that is not known are kept, and have no prefixes.
    pub(crate) fn decode(family: Family, bytes: Bytes, add_path: bool) -> Result<Self, usize> {
        if let Some(bits) = family.prefix_bits() {
            let mut cursor = Cursor::new(&bytes);
            while !cursor.is_empty() {
                let start = cursor.offset();
                if add_path && cursor.u32().is_none() {
                    return Err(start);
                }
                let length = cursor.u8().filter(|length| *length <= bits).ok_or(start)?;
                cursor.take(usize::from(length.div_ceil(8))).ok_or(start)?;
            }
        }
        Ok(Self { family, bytes, add_path })
    }

    /// Iterates over the prefixes, without the path identifiers. Bits behind the length are cleared: their
    /// value means nothing (RFC 4271 §4.3).
    pub fn prefixes(&self) -> Prefixes<'_> {
        let data = if self.family.prefix_bits().is_some() { &self.bytes[..] } else { &[] };
        Prefixes {
            cursor: Cursor::new(data),
            ipv6: self.family.afi == Afi::IPV6,
            add_path: self.add_path,
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes as received.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// Iterator of [`Nlri::prefixes`].
#[derive(Debug, Clone)]
pub struct Prefixes<'a> {
    cursor: Cursor<'a>,
    ipv6: bool,
    add_path: bool,
}

impl Prefixes<'_> {
    /// The next prefix with its path identifier (RFC 7911), if the family has them on this session.
    pub fn next_with_path_id(&mut self) -> Option<(Option<u32>, IpNet)> {
        let id = if self.add_path { Some(self.cursor.u32()?) } else { None };
        let length = self.cursor.u8()?;
        let octets = usize::from(length.div_ceil(8));
        // What follows the prefix is read along where there is enough, and masked away.
        let rest = self.cursor.rest();
        self.cursor.take(octets)?;
        let net = if self.ipv6 {
            let address = u128::from_be_bytes(first_octets(rest)) & mask_v6(length)?;
            IpNet::V6(Ipv6Net::new(Ipv6Addr::from(address), length).ok()?)
        } else {
            let address = u32::from_be_bytes(first_octets(rest)) & mask_v4(length)?;
            IpNet::V4(Ipv4Net::new(Ipv4Addr::from(address), length).ok()?)
        };
        Some((id, net))
    }
}

impl Iterator for Prefixes<'_> {
    type Item = IpNet;

    fn next(&mut self) -> Option<IpNet> {
        self.next_with_path_id().map(|(_, net)| net)
    }
}

/// The first octets, with zeros for those that are not there.
fn first_octets<const N: usize>(bytes: &[u8]) -> [u8; N] {
    if let Some(first) = bytes.first_chunk() {
        return *first;
    }
    let mut full = [0; N];
    for (to, from) in full.iter_mut().zip(bytes) {
        *to = *from;
    }
    full
}

/// `None` for a length that cannot be.
const fn mask_v4(length: u8) -> Option<u32> {
    match length {
        0 => Some(0),
        1..=32 => Some(u32::MAX << (32 - length)),
        _ => None,
    }
}

/// `None` for a length that cannot be.
const fn mask_v6(length: u8) -> Option<u128> {
    match length {
        0 => Some(0),
        1..=128 => Some(u128::MAX << (128 - length)),
        _ => None,
    }
}

/// Appends a prefix: its length in bits and as many octets as that needs. Bits of the host are cleared.
///
/// ```
/// let mut out = bytes::BytesMut::new();
/// bgp_wire::encode_prefix(&"192.0.2.0/23".parse().expect("a prefix"), &mut out);
/// assert_eq!(out[..], [23, 192, 0, 2]);
/// ```
#[inline]
pub fn encode_prefix(net: &IpNet, out: &mut BytesMut) {
    let length = net.prefix_len();
    let end = out.len() + 1 + usize::from(length.div_ceil(8));
    // The whole address, then what is too much is taken back: a copy of fixed size is one instruction.
    match net {
        IpNet::V4(net) => {
            let address = u32::from(net.addr()) & mask_v4(length).unwrap_or(0);
            let [a, b, c, d] = address.to_be_bytes();
            out.extend_from_slice(&[length, a, b, c, d]);
        }
        IpNet::V6(net) => {
            let address = u128::from(net.addr()) & mask_v6(length).unwrap_or(0);
            let mut bytes = [0; 17];
            bytes[0] = length;
            bytes[1..].copy_from_slice(&address.to_be_bytes());
            out.extend_from_slice(&bytes);
        }
    }
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn decode(family: Family, bytes: &[u8], add_path: bool) -> Result<Vec<IpNet>, usize> {
        Nlri::decode(family, Bytes::copy_from_slice(bytes), add_path)
            .map(|nlri| nlri.prefixes().collect())
    }

    #[test]
    fn bits_behind_the_length_mean_nothing() {
        let nets = decode(Family::IPV4_UNICAST, &[0, 9, 10, 255, 32, 192, 0, 2, 1], false);
        let texts: Vec<_> = nets.iter().flatten().map(ToString::to_string).collect();
        assert_eq!(texts, ["0.0.0.0/0", "10.128.0.0/9", "192.0.2.1/32"]);
    }

    #[test]
    fn a_prefix_too_long_or_cut_off_is_an_error_with_its_place() {
        assert_eq!(decode(Family::IPV4_UNICAST, &[8, 10, 33, 1, 2, 3, 4, 5], false), Err(2));
        assert_eq!(decode(Family::IPV6_UNICAST, &[129], false), Err(0));
        assert_eq!(decode(Family::IPV4_UNICAST, &[8, 10, 24, 10, 0], false), Err(2));
        assert_eq!(decode(Family::IPV4_UNICAST, &[0, 0, 0], true), Err(0));
    }

    #[test]
    fn path_identifiers_are_read() {
        let bytes = Bytes::from_static(&[0, 0, 0, 7, 8, 10]);
        let nlri = Nlri::decode(Family::IPV4_UNICAST, bytes, true).expect("well formed");
        let net = "10.0.0.0/8".parse().expect("a prefix");
        assert_eq!(nlri.prefixes().next_with_path_id(), Some((Some(7), net)));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64), add_path: bool, v6: bool) {
            let family = if v6 { Family::IPV6_UNICAST } else { Family::IPV4_UNICAST };
            let _ = decode(family, &bytes, add_path);
        }

        #[test]
        fn what_is_encoded_comes_back(parts in prop::collection::vec((any::<u128>(), 0u8..=128), 0..20)) {
            let v6 = parts.iter().filter_map(|(a, l)| Ipv6Net::new(Ipv6Addr::from(*a), *l).ok());
            let nets: Vec<IpNet> = v6.map(|net| IpNet::V6(net.trunc())).collect();
            let mut out = BytesMut::new();
            nets.iter().for_each(|net| encode_prefix(net, &mut out));
            prop_assert_eq!(decode(Family::IPV6_UNICAST, &out, false), Ok(nets));
            let v4 = parts.iter().filter_map(|(a, l)| Ipv4Net::new(Ipv4Addr::from(*a as u32), *l / 4).ok());
            let nets: Vec<IpNet> = v4.map(|net| IpNet::V4(net.trunc())).collect();
            let mut out = BytesMut::new();
            nets.iter().for_each(|net| encode_prefix(net, &mut out));
            prop_assert_eq!(decode(Family::IPV4_UNICAST, &out, false), Ok(nets));
        }
    }
}
