//! Routes with many attributes, random ones of values that filters ask for.

use bgp_wire::{AsPathBuilder, AttributeCode, NextHop, PathAttributes, SegmentKind};

use super::generate::Random;
use super::speaker::Announced;

const NETS: [&str; 32] = [
    "198.51.100.0/24",
    "203.0.113.0/24",
    "203.0.113.128/25",
    "198.51.100.7/32",
    "100.0.0.0/8",
    "100.64.7.0/24",
    "10.42.7.0/24",
    "10.0.0.0/9",
    "172.20.0.0/14",
    "192.168.3.0/24",
    "8.8.8.0/24",
    "0.0.0.0/0",
    "150.1.0.0/16",
    "185.1.2.0/23",
    "100.20.0.0/20",
    "45.0.0.0/12",
    "1.0.0.0/24",
    "1.1.0.0/17",
    "203.0.112.0/22",
    "198.51.100.128/27",
    "2001:db8::/32",
    "2001:db8:ff01::/48",
    "2001:db8:1::/48",
    "2001:db8:1:2::/64",
    "2001:db8:8000::/33",
    "2a00:1450::/29",
    "2600::/12",
    "fd42:1::/48",
    "::/0",
    "2a0c::/45",
    "2001:db8:ffff::1/128",
    "2002:102::/32",
];

/// Of the ASes of paths; 64500 is that of the daemon itself, which would take a path with it for a loop.
const ASNS: [u32; 14] = [
    64501,
    64501,
    64501,
    64510,
    3356,
    174,
    1299,
    7,
    23456,
    64512,
    65000,
    131_072,
    4_200_000_000,
    1,
];

const COMMUNITIES: [(u16, u16); 18] = [
    (64500, 1),
    (64500, 2),
    (64500, 3),
    (64500, 9),
    (64500, 666),
    (64501, 1),
    (0, 64501),
    (0, 64500),
    (64500, 64501),
    (65535, 0),
    (65535, 666),
    (65535, 65281),
    (64511, 2),
    (64511, 5),
    (64511, 24),
    (64511, 33),
    (1500, 7),
    (1, 2),
];

const EXTENDED: [u64; 9] = [
    0x0002_fbf4_0000_0007,
    0x0002_fbf4_0000_0040,
    0x0003_fbf4_0000_0005,
    0x0102_0a00_0001_0005,
    0x0202_fa56_ea00_0005,
    0x4300_0000_0000_0002,
    0x0002_000a_0000_0014,
    0x8006_0000_0102_0304,
    0x4002_0001_0000_0002,
];

const LARGE: [[u32; 3]; 8] = [
    [64500, 0, 64501],
    [64500, 101, 64501],
    [64500, 103, 64501],
    [64500, 1, 64501],
    [64501, 5, 6],
    [1, 2, 3],
    [4_200_000_000, 0, 4_294_967_295],
    [4, 5, 6],
];

/// A route to each network.
pub(crate) fn routes(random: &mut Random) -> Vec<Announced> {
    let nets = NETS.iter().map(|net| net.parse().expect("a prefix"));
    nets.map(|net: ipnet::IpNet| {
        let next_hop = match net.addr().is_ipv4() {
            true => random.one(&["10.9.0.7", "192.0.2.9", "198.18.0.1"]),
            false => random.one(&["2001:db8::9", "2a00::1"]),
        };
        let next_hop = NextHop::from(next_hop.parse::<std::net::IpAddr>().expect("an address"));
        Announced { net, next_hop, attributes: attributes(random) }
    })
    .collect()
}

fn some<T: Copy>(random: &mut Random, of: &[T], octets: impl Fn(T) -> Vec<u8>) -> Vec<u8> {
    let most = 100 / (1 + random.below(of.len() as u64 / 2));
    of.iter().filter(|_| random.chance(most)).flat_map(|one| octets(*one)).collect()
}

fn attributes(random: &mut Random) -> PathAttributes {
    let mut out = PathAttributes::default();
    let number = |value: u32| value.to_be_bytes();
    out.set(0x40, AttributeCode::ORIGIN, &[random.below(3) as u8]);
    let mut path = AsPathBuilder::default();
    let length = random.below(5);
    let asns: Vec<u32> = (0..length).map(|_| random.one(&ASNS)).collect();
    if !asns.is_empty() {
        path.segment(SegmentKind::Sequence, asns);
    }
    if random.chance(20) {
        path.segment(SegmentKind::Set, [7, 64501, 8]);
        if random.chance(30) {
            path.segment(SegmentKind::Sequence, [3356]);
        }
    }
    out.as_path(&path);
    if random.chance(60) {
        let med = random.one(&[0, 50, 1000, u32::MAX]);
        out.set(0x80, AttributeCode::MULTI_EXIT_DISC, &number(med));
    }
    let local_pref = random.one(&[100, 0, 50, 200, 2_147_483_600, u32::MAX]);
    out.set(0x40, AttributeCode::LOCAL_PREF, &number(local_pref));
    if random.chance(20) {
        out.set(0x40, AttributeCode::ATOMIC_AGGREGATE, &[]);
    }
    if random.chance(30) {
        out.set(0xc0, AttributeCode::AGGREGATOR, &[0, 0, 0xfb, 0xf5, 1, 2, 3, 4]);
    }
    if random.chance(40) {
        out.set(0x80, AttributeCode::ORIGINATOR_ID, &random.one(&[[9; 4], [5; 4]]));
        let clusters = some(random, &[[1; 4], [2; 4], [3; 4]], |one| one.to_vec());
        set_list(&mut out, 0x80, AttributeCode::CLUSTER_LIST, &clusters);
    }
    if random.chance(20) {
        let metric = [1, 0, 11, 0, 0, 0, 0, 0, 0, 0, random.below(200) as u8];
        out.set(0x80, AttributeCode::AIGP, &metric);
    }
    if random.chance(20) {
        out.set(0xc0, AttributeCode::ONLY_TO_CUSTOMER, &number(random.one(&[64501, 3356])));
    }
    if random.chance(10) {
        out.set(0xe0, AttributeCode(99), b"abc");
    }
    let pairs = some(random, &COMMUNITIES, |(a, b)| [a.to_be_bytes(), b.to_be_bytes()].concat());
    set_list(&mut out, 0xc0, AttributeCode::COMMUNITIES, &pairs);
    let extended = some(random, &EXTENDED, |one| one.to_be_bytes().to_vec());
    set_list(&mut out, 0xc0, AttributeCode::EXTENDED_COMMUNITIES, &extended);
    let large = some(random, &LARGE, |one| one.map(u32::to_be_bytes).concat());
    set_list(&mut out, 0xc0, AttributeCode::LARGE_COMMUNITIES, &large);
    out
}

fn set_list(out: &mut PathAttributes, flags: u8, code: AttributeCode, octets: &[u8]) {
    if !octets.is_empty() {
        out.set(flags, code, octets);
    }
}
