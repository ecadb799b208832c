//! Sets and path masks of filters: how long it takes to make one, and to ask it, per question.
//!
//! Questions come in random order, so that no branch and no cache line is known beforehand.

use std::hint::black_box;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use bgp_wire::{AsPath, AsPathBuilder, SegmentKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use policy::mask::MaskKind::{Any, Asn, Range, Sequence, Set};
use policy::mask::{MaskItem, MaskKind, PathMask};
use policy::set::{PairItem, PairSet, PrefixPattern, PrefixSet, RangeSet};

/// Xorshift: the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// From /16 to /24, mostly the latter, all over the address space.
fn ipv4(random: &mut Random) -> IpNet {
    let length = random.pick(&[16, 19, 20, 21, 22, 22, 23, 23, 24, 24, 24, 24, 24]);
    let address = (random.below(222) as u32 + 1) << 24 | random.next() as u32 >> 8;
    IpNet::V4(Ipv4Net::new(Ipv4Addr::from(address), length).expect("short enough").trunc())
}

/// /29 to /48 where such networks are: few first octets, some /32 that are full of /48.
fn ipv6(random: &mut Random) -> IpNet {
    let (high, length) = match random.below(10) {
        0..3 => {
            let full = random.pick(&[0x2001_067c, 0x2001_07f8, 0x2001_0df0, 0x2a0e_9740u64]);
            (full << 32 | random.next() & 0xffff_0000, 48)
        }
        sort => {
            let first =
                random.pick(&[0x2001, 0x2400, 0x2404, 0x2600, 0x2607, 0x2800, 0x2a00, 0x2a03u64]);
            let length = random.pick(&[29, 32, 32, 48]);
            (first << 48 | random.next() >> 16, if sort > 6 { 48 } else { length })
        }
    };
    let address = Ipv6Addr::from_bits(u128::from(high) << 64);
    IpNet::V6(Ipv6Net::new(address, length).expect("short enough").trunc())
}

/// Patterns as filter generators write them: exact, or up to what is usually accepted.
fn patterns(
    random: &mut Random,
    count: usize,
    net: fn(&mut Random) -> IpNet,
) -> Vec<PrefixPattern> {
    let mut pattern = || {
        let net = net(random);
        let least = net.prefix_len();
        let most = if net.addr().is_ipv4() { 24 } else { 48 };
        PrefixPattern { net, least, most: if random.below(3) == 0 { least } else { most } }
    };
    (0..count).map(|_| pattern()).collect()
}

fn prefix_sets(c: &mut Criterion) {
    let mut group = c.benchmark_group("prefix set");
    for (name, count, net) in [
        ("IPv4, 500", 500, ipv4 as fn(&mut Random) -> IpNet),
        ("IPv4, 100,000", 100_000, ipv4),
        ("IPv6, 500", 500, ipv6),
        ("IPv6, 100,000", 100_000, ipv6),
    ] {
        let mut random = Random(1);
        let patterns = patterns(&mut random, count, net);
        let set = PrefixSet::new(&patterns).expect("one family");
        // Half of them are in the set.
        let nets: Vec<IpNet> = (0..20_000)
            .map(|at| if at % 2 == 0 { random.pick(&patterns).net } else { net(&mut random) })
            .collect();
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("make/{name}"), |b| {
            b.iter(|| PrefixSet::new(black_box(&patterns)));
        });
        group.throughput(Throughput::Elements(nets.len() as u64));
        group.bench_function(format!("match/{name}"), |b| {
            b.iter(|| nets.iter().filter(|net| set.contains(black_box(net))).count());
        });
    }
}

fn pair_sets(c: &mut Criterion) {
    const ASES: [u16; 8] = [65001, 3356, 174, 2914, 6939, 1299, 20940, 15169];
    let mut group = c.benchmark_group("pair set");
    for (name, count, stars) in [("5", 5, 0), ("3,000", 3000, 0), ("3,000 and 3 (*,n)", 3000, 3)] {
        let mut random = Random(1);
        let mut pair = |end| (random.pick(&ASES), random.below(end) as u16);
        let points = (0..count).map(|_| pair(3000)).map(|point| PairItem::Span(point, point));
        let stars = (0..stars).map(|n| (666 + n, 666 + n));
        let stars = stars.map(|second| PairItem::Product { first: (0, u16::MAX), second });
        let set = PairSet::new(points.chain(stars).collect());
        // Lists of ten, few with one that is in the set.
        let lists: Vec<[(u16, u16); 10]> =
            (0..5000).map(|_| core::array::from_fn(|_| pair(60_000))).collect();
        group.throughput(Throughput::Elements(lists.len() as u64));
        group.bench_function(format!("list of 10/{name}"), |b| {
            let matches = |list: &&[(u16, u16); 10]| list.iter().any(|pair| set.contains(*pair));
            b.iter(|| black_box(&lists).iter().filter(matches).count());
        });
    }
}

fn path_masks(c: &mut Criterion) {
    let mut group = c.benchmark_group("path mask, 5 hops");
    let mut random = Random(1);
    let path = |random: &mut Random| {
        let mut path = AsPathBuilder::default();
        let asns = (0..4).map(|_| match random.below(20) {
            0 => 64512,
            _ => random.below(70_000) as u32 + 1,
        });
        path.segment(SegmentKind::Sequence, [65001].into_iter().chain(asns));
        path
    };
    let paths: Vec<AsPathBuilder> = (0..5000).map(|_| path(&mut random)).collect();
    let set =
        |asns: &[u32]| Set(Arc::new(RangeSet::new(asns.iter().map(|asn| (*asn, *asn)).collect())));
    let large: Vec<u32> = (0..500).map(|_| random.below(70_000) as u32).collect();
    let masks: [(&str, Vec<MaskKind>); 7] = [
        ("* 64512 *", vec![Sequence, Asn(64512), Sequence]),
        ("65001 *", vec![Asn(65001), Sequence]),
        ("* 64512 64513", vec![Sequence, Asn(64512), Asn(64513)]),
        ("* 64512 ? *", vec![Sequence, Asn(64512), Any, Sequence]),
        ("* 64512..65534 * 7", vec![Sequence, Range(64512, 65534), Sequence, Asn(7)]),
        ("* [12 ASes] *", vec![Sequence, set(&large[..12]), Sequence]),
        ("* [500 ASes] *", vec![Sequence, set(&large), Sequence]),
    ];
    group.throughput(Throughput::Elements(paths.len() as u64));
    for (name, kinds) in masks {
        let items = kinds.into_iter().map(MaskItem::from).collect();
        let mask = PathMask::new(items).expect("not too long");
        group.bench_function(name, |b| {
            let matches = |path: &&AsPathBuilder| mask.matches(AsPath::new(path.bytes()));
            b.iter(|| black_box(&paths).iter().filter(matches).count());
        });
    }
}

criterion_group!(benches, prefix_sets, pair_sets, path_masks);
criterion_main!(benches);
