//! Prefixes: a length in bits and as many octets as that needs (RFC 4271 §4.3).

use core::net::{Ipv4Addr, Ipv6Addr};

use bytes::BytesMut;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::codec::Cursor;

/// Octets that a prefix of `length` bits needs.
pub(crate) const fn octets(length: u8) -> usize {
    (length as usize).div_ceil(8)
}

/// Most prefixes of the Internet's IPv4 table are this long: 3 octets. To expect it lets a processor go on to
/// the next prefix before it has read the length of this one.
const USUAL: core::ops::RangeInclusive<u8> = 17..=24;

/// Counts prefixes, and checks that they are not too long and not cut off; `Err` tells the offset of the
/// first that is.
pub(crate) fn check(bytes: &[u8], ipv6: bool, add_path: bool) -> Result<u32, usize> {
    let (most, id) = (if ipv6 { 128 } else { 32 }, if add_path { 4 } else { 0 });
    let (mut rest, mut count) = (bytes, 0);
    let place = |rest: &[u8]| bytes.len() - rest.len();
    while !rest.is_empty() {
        count = u32::checked_add(count, 1).ok_or(place(rest))?;
        if !ipv6
            && !add_path
            && let Some(([length, _, _, _], tail)) = rest.split_first_chunk()
            && USUAL.contains(length)
        {
            rest = tail;
            continue;
        }
        let length = rest.get(id).filter(|length| **length <= most).ok_or(place(rest))?;
        rest = rest.get(id + 1 + octets(*length)..).ok_or(place(rest))?;
    }
    Ok(count)
}

/// Reads the octets of a prefix of `length` bits; bits behind the length are cleared.
pub(crate) fn take_net(cursor: &mut Cursor<'_>, ipv6: bool, length: u8) -> Option<IpNet> {
    // What follows the prefix is read along where there is enough, and masked away.
    let rest = cursor.rest();
    let net = if ipv6 {
        let address = u128::from_be_bytes(first_octets(rest)) & mask_v6(length)?;
        IpNet::V6(Ipv6Net::new(Ipv6Addr::from(address), length).ok()?)
    } else {
        let address = u32::from_be_bytes(first_octets(rest)) & mask_v4(length)?;
        IpNet::V4(Ipv4Net::new(Ipv4Addr::from(address), length).ok()?)
    };
    cursor.take(octets(length))?;
    Some(net)
}

/// Iterator of [`crate::Nlri::prefixes`].
#[derive(Debug, Clone)]
pub struct Prefixes<'a> {
    cursor: Cursor<'a>,
    ipv6: bool,
    add_path: bool,
    left: u32,
}

impl<'a> Prefixes<'a> {
    /// Over `count` prefixes.
    pub(crate) const fn new(data: &'a [u8], ipv6: bool, add_path: bool, count: u32) -> Self {
        Self { cursor: Cursor::new(data), ipv6, add_path, left: count }
    }

    /// The next prefix with its path identifier (RFC 7911), if the family has them on this session.
    #[inline]
    pub fn next_with_path_id(&mut self) -> Option<(Option<u32>, IpNet)> {
        self.left = self.left.saturating_sub(1);
        let id = if self.add_path { Some(self.cursor.u32()?) } else { None };
        if !self.ipv6
            && let Some(net) = take_usual(&mut self.cursor)
        {
            return Some((id, net));
        }
        let length = self.cursor.u8()?;
        Some((id, take_net(&mut self.cursor, self.ipv6, length)?))
    }
}

/// An IPv4 prefix of 3 octets.
#[inline]
fn take_usual(cursor: &mut Cursor<'_>) -> Option<IpNet> {
    let [length, a, b, c] = *cursor.rest().first_chunk()?;
    if !USUAL.contains(&length) {
        return None;
    }
    cursor.take(4)?;
    let address = u32::from_be_bytes([a, b, c, 0]) & mask_v4(length)?;
    Ipv4Net::new(Ipv4Addr::from(address), length).ok().map(IpNet::V4)
}

impl Iterator for Prefixes<'_> {
    type Item = IpNet;

    #[inline]
    fn next(&mut self) -> Option<IpNet> {
        self.next_with_path_id().map(|(_, net)| net)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

/// Those that were checked, so that their number is known.
impl ExactSizeIterator for Prefixes<'_> {}

/// The first octets, with zeros for those that are not there.
pub(crate) fn first_octets<const N: usize>(bytes: &[u8]) -> [u8; N] {
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
#[inline]
pub(crate) const fn mask_v4(length: u8) -> Option<u32> {
    match length {
        // The lower half of the shifted ones: without a case for 0, where 32 bits cannot be shifted by 32.
        0..=32 => Some((0xffff_ffff_0000_0000_u64 >> length) as u32),
        _ => None,
    }
}

/// `None` for a length that cannot be.
pub(crate) const fn mask_v6(length: u8) -> Option<u128> {
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
    let end = out.len() + 1 + octets(net.prefix_len());
    // The whole address, then what is too much is taken back: a copy of fixed size is one instruction.
    out.extend_from_slice(&[net.prefix_len()]);
    put_address(net, out);
    out.truncate(end);
}

/// Appends the octets of a prefix without its length.
pub(crate) fn put_net(net: &IpNet, out: &mut BytesMut) {
    let end = out.len() + octets(net.prefix_len());
    put_address(net, out);
    out.truncate(end);
}

/// Appends the whole address, bits of the host cleared.
pub(crate) fn put_address(net: &IpNet, out: &mut BytesMut) {
    match net {
        IpNet::V4(net) => {
            let address = u32::from(net.addr()) & mask_v4(net.prefix_len()).unwrap_or(0);
            out.extend_from_slice(&address.to_be_bytes());
        }
        IpNet::V6(net) => {
            let address = u128::from(net.addr()) & mask_v6(net.prefix_len()).unwrap_or(0);
            out.extend_from_slice(&address.to_be_bytes());
        }
    }
}
