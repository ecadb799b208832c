//! Prefix tables at a million routes: `rib::PrefixMap` beside prefix-trie and treebitmap. The same work in the same
//! order; every table has to give the same answers before anything is measured. Times are of one operation.
//!
//! `PrefixMap` and prefix-trie are keyed by nets. treebitmap has no longest match of a net, only of an address, so all
//! are asked for addresses; it has no way to list what covers a net or what a net covers but one, so it is left out
//! there.

use std::collections::HashSet;
use std::hint::black_box;
use std::net::{Ipv4Addr, Ipv6Addr};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ip_network_table_deps_treebitmap::{IpLookupTable, address::Address};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::{Prefix, PrefixMap as Trie};
use rib::{PrefixMap, Roa, RoaTable, RpkiSource};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROUTES: usize = 1_000_000;
const QUESTIONS: usize = 100_000;

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

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end as u64 + 1) as usize);
        }
    }
}

/// The lengths of the Internet's table, in thousandths.
const LENGTHS4: [(u8, u64); 12] = [
    (24, 610),
    (23, 100),
    (22, 115),
    (21, 50),
    (20, 46),
    (19, 26),
    (18, 14),
    (17, 9),
    (16, 14),
    (15, 5),
    (14, 6),
    (13, 5),
];
const LENGTHS6: [(u8, u64); 9] =
    [(48, 470), (32, 130), (44, 110), (40, 90), (36, 50), (47, 40), (46, 40), (64, 20), (29, 50)];

fn length(random: &mut Random, lengths: &[(u8, u64)]) -> u8 {
    let mut below = random.below(1000);
    for (length, share) in lengths {
        if below < *share {
            return *length;
        }
        below -= share;
    }
    24
}

/// Nets of one family, all different, in random order.
fn nets<N: Copy + Eq + std::hash::Hash>(mut make: impl FnMut(&mut Random) -> N) -> Vec<N> {
    let (mut random, mut known) = (Random(0x5bd1_e995), HashSet::new());
    let mut nets = Vec::with_capacity(ROUTES);
    while nets.len() < ROUTES {
        let net = make(&mut random);
        if known.insert(net) {
            nets.push(net);
        }
    }
    random.shuffle(&mut nets);
    nets
}

/// All over 1.0.0.0 to 222.255.255.255.
fn net4(random: &mut Random) -> Ipv4Net {
    let length = length(random, &LENGTHS4);
    let address = (random.below(222) as u32 + 1) << 24 | random.next() as u32 >> 8;
    Ipv4Net::new(address.into(), length).expect("short enough").trunc()
}

/// 60,000 /32s in 2000::/6; the longer ones in few subnets of them.
fn net6(random: &mut Random) -> Ipv6Net {
    let length = length(random, &LENGTHS6);
    let site = random.below(60_000).wrapping_mul(0x9e37_79b1) & 0x03ff_ffff;
    let high = 0x2000_0000_0000_0000 | site << 32 | random.next() & 0xffff_ffff;
    Ipv6Net::new(Ipv6Addr::from_bits(u128::from(high) << 64), length).expect("short enough").trunc()
}

/// What is asked of a table.
trait Table<N>: Default + Clone {
    fn insert(&mut self, net: N, value: u32) -> Option<u32>;
    fn remove(&mut self, net: N) -> Option<u32>;
    fn get(&self, net: N) -> Option<u32>;
    /// The value of the longest match of a net of full length
    fn longest_match(&self, host: N) -> Option<u32>;
}

impl<N: Copy + Into<IpNet>> Table<N> for PrefixMap<u32> {
    fn insert(&mut self, net: N, value: u32) -> Option<u32> {
        self.insert(net.into(), value)
    }

    fn remove(&mut self, net: N) -> Option<u32> {
        self.remove(&net.into())
    }

    fn get(&self, net: N) -> Option<u32> {
        self.get(&net.into()).copied()
    }

    fn longest_match(&self, host: N) -> Option<u32> {
        self.longest_match(&host.into()).map(|(_, value)| *value)
    }
}

#[derive(Clone)]
struct PrefixTrie<N: Prefix>(Trie<N, u32>);

impl<N: Prefix> Default for PrefixTrie<N> {
    fn default() -> Self {
        Self(Trie::new())
    }
}

impl<N: Prefix + Copy> Table<N> for PrefixTrie<N> {
    fn insert(&mut self, net: N, value: u32) -> Option<u32> {
        self.0.insert(net, value)
    }

    fn remove(&mut self, net: N) -> Option<u32> {
        self.0.remove(&net)
    }

    fn get(&self, net: N) -> Option<u32> {
        self.0.get(&net).copied()
    }

    fn longest_match(&self, host: N) -> Option<u32> {
        self.0.get_lpm(&host).map(|(_, value)| *value)
    }
}

/// A net as address and length.
trait Split: Copy {
    type Address: Address;
    fn split(self) -> (Self::Address, u32);
}

impl Split for Ipv4Net {
    type Address = Ipv4Addr;
    fn split(self) -> (Ipv4Addr, u32) {
        (self.addr(), self.prefix_len().into())
    }
}

impl Split for Ipv6Net {
    type Address = Ipv6Addr;
    fn split(self) -> (Ipv6Addr, u32) {
        (self.addr(), self.prefix_len().into())
    }
}

/// It cannot be cloned; so what was inserted is kept where a clone is needed, which is never timed.
struct TreeBitmap<A>(IpLookupTable<A, u32>);

impl<A: Address> Default for TreeBitmap<A> {
    fn default() -> Self {
        Self(IpLookupTable::new())
    }
}

impl<A: Address> Clone for TreeBitmap<A> {
    fn clone(&self) -> Self {
        let mut copy = Self::default();
        for (address, length, value) in self.0.iter() {
            copy.0.insert(address, length, *value);
        }
        copy
    }
}

impl<N: Split> Table<N> for TreeBitmap<N::Address> {
    fn insert(&mut self, net: N, value: u32) -> Option<u32> {
        let (address, length) = net.split();
        self.0.insert(address, length, value)
    }

    fn remove(&mut self, net: N) -> Option<u32> {
        let (address, length) = net.split();
        self.0.remove(address, length)
    }

    fn get(&self, net: N) -> Option<u32> {
        let (address, length) = net.split();
        self.0.exact_match(address, length).copied()
    }

    fn longest_match(&self, host: N) -> Option<u32> {
        self.0.longest_match(host.split().0).map(|(_, _, value)| *value)
    }
}

fn fill<N: Copy, T: Table<N>>(nets: &[N]) -> T {
    let mut table = T::default();
    for (net, value) in nets.iter().zip(0..) {
        table.insert(*net, value);
    }
    table
}

/// All questions of one table; gives the sum of its answers.
fn table<N: Copy, T: Table<N>>(c: &mut Criterion, name: &str, nets: &[N], hosts: &[N]) -> u64 {
    let region = Region::new(ALLOCATOR);
    let full: T = fill(nets);
    let change = region.change();
    let octets = change.bytes_allocated as isize - change.bytes_deallocated as isize;
    println!("{name}: {:.1} octets a route", octets as f64 / nets.len() as f64);

    let mut group = c.benchmark_group(name);
    group.sample_size(10).throughput(Throughput::Elements(nets.len() as u64));
    group.bench_function("insert", |b| b.iter_with_large_drop(|| fill::<N, T>(nets)));
    group.throughput(Throughput::Elements(QUESTIONS as u64)).sample_size(30);
    let some = nets.iter().rev().step_by(nets.len() / QUESTIONS).copied().collect::<Vec<_>>();
    let mut kept = full.clone();
    group.bench_function("replace", |b| {
        b.iter(|| some.iter().filter(|net| kept.insert(**net, 7).is_some()).count());
    });
    group.sample_size(10);
    group.bench_function("withdraw", |b| {
        b.iter_batched_ref(
            || full.clone(),
            |table| some.iter().filter(|net| table.remove(**net).is_some()).count(),
            BatchSize::PerIteration,
        );
    });
    group.sample_size(30);
    group.bench_function("look up", |b| {
        b.iter(|| some.iter().filter(|net| full.get(**net).is_some()).count());
    });
    let matches = || hosts.iter().map(|host| full.longest_match(*host).map_or(0, u64::from));
    group.bench_function("longest match", |b| b.iter(|| black_box(matches().sum::<u64>())));
    group.finish();
    matches().sum()
}

/// What only the first two can.
fn relatives(c: &mut Criterion, nets: &[Ipv4Net], hosts: &[Ipv4Net]) {
    let ours: PrefixMap<u32> = fill(nets);
    let theirs: PrefixTrie<Ipv4Net> = fill(nets);
    let roots = hosts.iter().map(|host| Ipv4Net::new(host.addr(), 18).expect("short").trunc());
    let roots = roots.take(10_000).collect::<Vec<_>>();
    let ours_covered =
        |net: &Ipv4Net| ours.covered(&(*net).into()).map(|(_, value)| u64::from(*value)).sum();
    let theirs_covered =
        |net: &Ipv4Net| theirs.0.children(net).map(|(_, value)| u64::from(*value)).sum();
    let ours_covering =
        |net: &Ipv4Net| ours.covering(&(*net).into()).map(|(_, value)| u64::from(*value)).sum();
    let theirs_covering =
        |net: &Ipv4Net| theirs.0.cover(net).map(|(_, value)| u64::from(*value)).sum();
    let all = |sum: &dyn Fn(&Ipv4Net) -> u64, nets: &[Ipv4Net]| nets.iter().map(sum).sum::<u64>();
    assert_eq!(all(&ours_covered, &roots), all(&theirs_covered, &roots));
    assert_eq!(all(&ours_covering, hosts), all(&theirs_covering, hosts));
    let mut group = c.benchmark_group("covering, IPv4");
    group.throughput(Throughput::Elements(QUESTIONS as u64)).sample_size(30);
    group.bench_function("rib", |b| b.iter(|| all(&ours_covering, hosts)));
    group.bench_function("prefix-trie", |b| b.iter(|| all(&theirs_covering, hosts)));
    group.finish();
    let mut group = c.benchmark_group("covered by a /18, IPv4");
    group.throughput(Throughput::Elements(roots.len() as u64)).sample_size(30);
    group.bench_function("rib", |b| b.iter(|| all(&ours_covered, &roots)));
    group.bench_function("prefix-trie", |b| b.iter(|| all(&theirs_covered, &roots)));
    group.finish();
}

/// Origin validation by half a million ROAs: routes within them with the right origin and with another one, routes
/// that no ROA covers, and a host route below ROAs of all lengths.
fn origins(c: &mut Criterion, nets4: &[Ipv4Net], nets6: &[Ipv6Net]) {
    let nets = nets4.iter().take(400_000).copied().map(IpNet::from);
    let nets = nets.chain(nets6.iter().take(100_000).copied().map(IpNet::from));
    let mut nets = nets.collect::<Vec<_>>();
    let cache = RpkiSource::new(0).expect("a number");
    let region = Region::new(ALLOCATOR);
    let mut roas = RoaTable::new();
    for (net, asn) in nets.iter().zip(1..) {
        roas.add(cache, Roa { prefix: *net, max_length: net.prefix_len(), asn });
    }
    let change = region.change();
    let octets = change.bytes_allocated as isize - change.bytes_deallocated as isize;
    println!("{} ROAs: {:.1} octets each", roas.len(), octets as f64 / roas.len() as f64);

    let mut asns = (1..).zip(nets.drain(..)).map(|(asn, net)| (net, Some(asn))).collect::<Vec<_>>();
    Random(5).shuffle(&mut asns);
    let right = asns.split_off(asns.len() - QUESTIONS);
    let other = right.iter().map(|(net, _)| (*net, Some(u32::MAX))).collect::<Vec<_>>();
    let foreign = nets4.iter().rev().take(QUESTIONS).map(|net| (IpNet::from(*net), Some(1)));
    let foreign = foreign.collect::<Vec<_>>();
    let mut nested = roas.clone();
    let host = IpNet::from(Ipv6Net::new_assert(Ipv6Addr::from_bits(u128::MAX), 128));
    for length in 0..=128 {
        let prefix = IpNet::new_assert(host.addr(), length).trunc();
        nested.add(cache, Roa { prefix, max_length: length, asn: 1 });
    }
    let nested_routes = vec![(host, Some(2)); 1000];
    let mut group = c.benchmark_group("validate an origin");
    group.sample_size(30);
    for (name, table, routes) in [
        ("valid", &roas, &right),
        ("invalid", &roas, &other),
        ("any", &roas, &foreign),
        ("129 nested", &nested, &nested_routes),
    ] {
        group.throughput(Throughput::Elements(routes.len() as u64));
        group.bench_function(name, |b| {
            let validity = |(net, origin): &(IpNet, Option<u32>)| table.validate(net, *origin);
            b.iter(|| {
                routes.iter().map(|route| black_box(validity(route)) as usize).sum::<usize>()
            });
        });
    }
    group.finish();
}

fn prefixes(c: &mut Criterion) {
    let mut random = Random(77);
    let nets4 = nets(net4);
    let hosts4 = (0..QUESTIONS).map(|_| {
        let net = nets4[random.below(ROUTES as u64) as usize];
        let host = net.addr().to_bits() | random.next() as u32 & net.hostmask().to_bits();
        Ipv4Net::new_assert(host.into(), 32)
    });
    let hosts4 = hosts4.collect::<Vec<_>>();
    let answers = [
        table::<_, PrefixMap<u32>>(c, "rib, IPv4", &nets4, &hosts4),
        table::<_, PrefixTrie<_>>(c, "prefix-trie, IPv4", &nets4, &hosts4),
        table::<_, TreeBitmap<_>>(c, "treebitmap, IPv4", &nets4, &hosts4),
    ];
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    relatives(c, &nets4, &hosts4);

    let nets6 = nets(net6);
    origins(c, &nets4, &nets6);
    let hosts6 = (0..QUESTIONS).map(|_| {
        let net = nets6[random.below(ROUTES as u64) as usize];
        let host = u128::from(random.next()) << 64 | u128::from(random.next());
        let host = net.addr().to_bits() | host & net.hostmask().to_bits();
        Ipv6Net::new_assert(host.into(), 128)
    });
    let hosts6 = hosts6.collect::<Vec<_>>();
    let answers = [
        table::<_, PrefixMap<u32>>(c, "rib, IPv6", &nets6, &hosts6),
        table::<_, PrefixTrie<_>>(c, "prefix-trie, IPv6", &nets6, &hosts6),
        table::<_, TreeBitmap<_>>(c, "treebitmap, IPv6", &nets6, &hosts6),
    ];
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

criterion_group!(benches, prefixes);
criterion_main!(benches);
