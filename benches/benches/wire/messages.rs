//! The messages and routes of the benches, written by plain code that belongs to no library: the same bytes
//! for all, and beside them what a reader has to find in them.

use bytes::Bytes;

/// Everything that a message or a file says, as a few numbers, so that all readers can be seen to read the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sum {
    /// Of addresses and lengths, in order
    pub(crate) prefixes: u64,
    pub(crate) origin: u64,
    pub(crate) asns: u64,
    pub(crate) next_hop: u64,
    pub(crate) med: u64,
    pub(crate) communities: u64,
}

impl Sum {
    pub(crate) fn prefix(&mut self, address: u32, length: u8) {
        let prefix = u64::from(address) + u64::from(length);
        self.prefixes = self.prefixes.wrapping_mul(31).wrapping_add(prefix);
    }
}

/// The path attributes of a route.
#[derive(Debug)]
pub(crate) struct Attributes<'a> {
    pub(crate) origin: u8,
    pub(crate) path: &'a [u32],
    pub(crate) next_hop: u32,
    pub(crate) med: Option<u32>,
    pub(crate) communities: &'a [u32],
}

impl Attributes<'_> {
    /// Appends them by ascending code (RFC 4271 §4.3), AS numbers in four octets, and counts them.
    pub(crate) fn write(&self, out: &mut Vec<u8>, sum: &mut Sum) {
        attribute(out, 0x40, 1, &[self.origin]);
        let mut path = vec![2, octet(self.path.len())];
        path.extend(self.path.iter().flat_map(|asn| asn.to_be_bytes()));
        attribute(out, 0x40, 2, &path);
        attribute(out, 0x40, 3, &self.next_hop.to_be_bytes());
        if let Some(med) = self.med {
            attribute(out, 0x80, 4, &med.to_be_bytes());
        }
        if !self.communities.is_empty() {
            let list: Vec<_> = self.communities.iter().flat_map(|one| one.to_be_bytes()).collect();
            attribute(out, 0xc0, 8, &list);
        }
        sum.origin += u64::from(self.origin);
        sum.asns += self.path.iter().copied().map(u64::from).sum::<u64>();
        sum.next_hop += u64::from(self.next_hop);
        sum.med += self.med.map_or(0, u64::from);
        sum.communities += self.communities.iter().copied().map(u64::from).sum::<u64>();
    }
}

fn attribute(out: &mut Vec<u8>, flags: u8, code: u8, value: &[u8]) {
    out.extend([flags, code, octet(value.len())]);
    out.extend_from_slice(value);
}

fn octet(length: usize) -> u8 {
    length.try_into().expect("short")
}

/// Appends a prefix as NLRI has it (RFC 4271 §4.3) and counts it.
pub(crate) fn write_prefix(out: &mut Vec<u8>, (address, length): (u32, u8), sum: &mut Sum) {
    out.push(length);
    out.extend(address.to_be_bytes().into_iter().take(usize::from(length.div_ceil(8))));
    sum.prefix(address, length);
}

/// Out of a thousand prefixes of the IPv4 table, how many have which length: about as in the Internet's of 2026,
/// without the few that are shorter than 16.
const LENGTHS: [(u8, u32); 9] =
    [(24, 600), (22, 120), (23, 110), (20, 45), (21, 45), (19, 30), (16, 20), (18, 17), (17, 13)];

/// A million and more prefixes, all different, by ascending address, long ones often inside short ones.
pub(crate) fn prefixes() -> impl Iterator<Item = (u32, u8)> {
    let mut free = 0x0100_0000_u32;
    (0..).map(move |index| {
        let draw = scramble(index);
        let mut left = draw % 1000;
        let fits = |&&(_, share): &&(u8, u32)| {
            let here = left < share;
            left = left.wrapping_sub(share);
            here
        };
        let (length, _) = *LENGTHS.iter().find(fits).expect("a thousand");
        let address = free.next_multiple_of(1 << (32 - length));
        free = address + 256 * (1 + (draw >> 16) % 8);
        (address, length)
    })
}

/// Numbers that look like chance and are the same in each run (the finalizer of a hash function).
pub(crate) fn scramble(index: u32) -> u32 {
    let mixed = (index ^ (index >> 16)).wrapping_add(1).wrapping_mul(0x9e37_79b1);
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x85eb_ca77);
    mixed ^ (mixed >> 13)
}

/// One UPDATE with its header: a 4-hop path, 4 communities, MED, `count` prefixes. And what it says.
pub(crate) fn update(count: usize) -> (Bytes, Sum) {
    let (mut attributes, mut nlri, mut sum) = (Vec::new(), Vec::new(), Sum::default());
    let route = Attributes {
        origin: 0,
        path: &[64512, 65001, 200_000, 4_200_000_000],
        next_hop: 0xc000_0201,
        med: Some(50),
        communities: &[0xfc00_0001, 0xfc00_0002, 0xfc00_0003, 0xfc00_0004],
    };
    route.write(&mut attributes, &mut sum);
    prefixes().take(count).for_each(|prefix| write_prefix(&mut nlri, prefix, &mut sum));

    let two = |length: usize| u16::try_from(length).expect("one message").to_be_bytes();
    let length = 19 + 2 + 2 + attributes.len() + nlri.len();
    assert!(length <= 4096, "more than a message holds");
    let mut message = vec![0xff; 16];
    message.extend(two(length));
    message.extend([2, 0, 0]);
    message.extend(two(attributes.len()));
    message.extend(attributes);
    message.extend(nlri);
    (message.into(), sum)
}
