//! Tables: UPDATEs in, decisions, UPDATEs out. And what a route costs in memory, which is printed before.
//!
//! A million IPv4 networks, mostly /24, three to a set of attributes; or 200,000 from each of ten neighbours.

use std::alloc::System;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bgp_wire::{
    AsPathBuilder, Community, Context, Message, NextHop, Origin, PathAttributes, SegmentKind,
    Update, UpdateWriter, split_frame,
};
use bytes::BytesMut;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ipnet::{IpNet, Ipv4Net};
use rib::{AcceptAll, ChannelConfig, Family, PeerConfig, Rib, RouteSource, SourceId, TableId};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Xorshift: the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: u32) -> u32 {
        u32::try_from((self.next() >> 11) % u64::from(end)).expect("below a u32")
    }
}

fn nets(count: u32) -> Vec<IpNet> {
    let net = |index: u32| {
        let length = if index % 5 < 3 { 24 } else { 23 };
        let address = Ipv4Addr::from((index + 0x1_0000) << 8);
        IpNet::V4(Ipv4Net::new(address, length).expect("short enough").trunc())
    };
    let mut nets: Vec<IpNet> = (0..count).map(|index| net(index * 2)).collect();
    let mut random = Random(7);
    for at in (1..nets.len()).rev() {
        nets.swap(at, random.below(u32::try_from(at).expect("few")) as usize);
    }
    nets
}

fn context() -> Context {
    Context { four_octet_as: true, ..Context::default() }
}

/// The UPDATEs of a neighbour. Paths are 2 to 6 hops long.
fn updates(peer: u32, nets: &[IpNet], prepend: bool) -> Vec<Update> {
    let mut random = Random(u64::from(peer) + 1);
    let context = context();
    let mut out = BytesMut::new();
    let mut left = nets;
    while !left.is_empty() {
        let count = (random.below(5) + 1) as usize;
        let (some, rest) = left.split_at(count.min(left.len()));
        left = rest;
        let mut path = AsPathBuilder::default();
        // One in ten networks is best from each of ten neighbours.
        let best = !prepend || random.below(10) == peer % 10;
        let hops = if best { 2 } else { 3 + random.below(3) };
        let asns = (0..hops).map(|_| random.below(60_000) + 1);
        path.segment(SegmentKind::Sequence, [65_100 + peer].into_iter().chain(asns));
        let mut attributes = PathAttributes::default();
        attributes.origin(Origin::Igp).as_path(&path);
        let communities = (0..random.below(4)).map(|n| Community::new(6510, n as u16));
        attributes.communities(communities.collect::<Vec<_>>());
        let next_hop = NextHop::from(address(peer));
        let mut writer = UpdateWriter::new(&mut out, &context);
        writer
            .announce(attributes.view(), Family::IPV4_UNICAST, &next_hop, some.iter().copied())
            .expect("short");
    }
    decode(out)
}

fn withdrawals(nets: &[IpNet]) -> Vec<Update> {
    let context = context();
    let mut out = BytesMut::new();
    UpdateWriter::new(&mut out, &context).withdraw(Family::IPV4_UNICAST, nets.iter().copied());
    decode(out)
}

fn decode(mut out: BytesMut) -> Vec<Update> {
    let context = context();
    let mut updates = Vec::new();
    while let Some(frame) = split_frame(&mut out, &context).expect("well formed") {
        match Message::decode(&frame, &context) {
            Ok(Message::Update(update)) => updates.push(update),
            other => panic!("{other:?}"),
        }
    }
    updates
}

fn address(peer: u32) -> IpAddr {
    IpAddr::from([10, 10, 1, u8::try_from(peer + 1).expect("few")])
}

#[derive(Clone)]
struct World {
    rib: Rib,
    table: TableId,
    peers: Vec<SourceId>,
    monitor: Option<SourceId>,
}

impl World {
    fn new(peers: u32, monitored: bool) -> Self {
        let mut rib = Rib::new(1);
        let table = rib.add_table("master4", Family::IPV4_UNICAST);
        let channel = |export| ChannelConfig {
            export,
            without_import_policy: false,
            ..ChannelConfig::new(table, Family::IPV4_UNICAST)
        };
        let mut up = |index: u32, export| {
            let id = rib.add_source(&format!("t{index}"), RouteSource::Bgp, 100);
            let config = PeerConfig::external(
                65_001,
                65_100 + index,
                IpAddr::from([10, 10, 0, 1]),
                address(index),
            );
            rib.peer_up(id, config, [channel(export)]);
            id
        };
        let monitor = monitored.then(|| up(200, rib::Filter::All));
        let peers = (0..peers).map(|index| up(index, rib::Filter::None)).collect();
        Self { rib, table, peers, monitor }
    }

    fn put_in(&mut self, peer: usize, updates: &[Update]) {
        let source = self.peers[peer];
        for (at, update) in updates.iter().enumerate() {
            self.rib.handle_update(Duration::ZERO, source, update, &mut AcceptAll);
            if at % 64 == 63 {
                self.take_out();
            }
        }
        self.take_out();
    }

    fn take_out(&mut self) {
        let Some(monitor) = self.monitor else { return };
        while let Some(chunk) = self.rib.poll_update(Duration::ZERO, monitor, &mut AcceptAll) {
            black_box(chunk);
        }
    }
}

/// Octets that a world grows by, for each of `count`.
fn print_memory(what: &str, count: usize, fill: impl FnOnce() -> World) {
    let region = Region::new(GLOBAL);
    let world = fill();
    let change = region.change();
    // What reallocation adds is among the allocated octets already.
    let octets = change.bytes_allocated as i64 - change.bytes_deallocated as i64;
    println!("{what}: {:.1} octets", octets as f64 / count as f64);
    drop(black_box(world));
}

fn filled(updates: &[Vec<Update>], monitored: bool) -> World {
    let mut world = World::new(u32::try_from(updates.len()).expect("few"), monitored);
    for (peer, updates) in updates.iter().enumerate() {
        world.put_in(peer, updates);
    }
    world
}

fn one_neighbour(c: &mut Criterion) {
    let nets = nets(1_000_000);
    let first = vec![updates(0, &nets, false)];
    let other = updates(7, &nets, false);
    let gone = withdrawals(&nets);
    print_memory("a route, one neighbour, attributes included", nets.len(), || {
        filled(&first, false)
    });
    let mut group = c.benchmark_group("1,000,000 routes");
    group.sample_size(10).throughput(Throughput::Elements(nets.len() as u64));
    group.bench_function("insert", |b| {
        b.iter_batched(
            || World::new(1, false),
            |mut world| {
                world.put_in(0, &first[0]);
                world
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("insert and tell", |b| {
        b.iter_batched(
            || World::new(1, true),
            |mut world| {
                world.put_in(0, &first[0]);
                world
            },
            BatchSize::PerIteration,
        );
    });
    let full = filled(&first, false);
    group.bench_function("replace", |b| {
        b.iter_batched(
            || full.clone(),
            |mut world| {
                world.put_in(0, &other);
                world
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("withdraw", |b| {
        b.iter_batched(
            || full.clone(),
            |mut world| {
                world.put_in(0, &gone);
                world
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("look up", |b| {
        b.iter(|| nets.iter().filter(|net| full.rib.lookup(full.table, net).is_some()).count());
    });
    group.bench_function("longest match", |b| {
        let found = |net: &&IpNet| full.rib.longest_match(full.table, net.addr(), 32).is_some();
        b.iter(|| nets.iter().filter(found).count());
    });
    group.finish();
}

fn ten_neighbours(c: &mut Criterion) {
    let nets = nets(200_000);
    let all: Vec<Vec<Update>> = (0..10).map(|peer| updates(peer, &nets, true)).collect();
    let gone = withdrawals(&nets);
    let one = filled(&all[..1], true);
    print_memory("a further path, attributes included", 9 * nets.len(), || {
        let mut world = one.clone();
        for peer in 1..10 {
            let id = world.rib.add_source(&format!("t{peer}"), RouteSource::Bgp, 100);
            let config = PeerConfig::external(
                65_001,
                65_100 + peer,
                IpAddr::from([10, 10, 0, 1]),
                address(peer),
            );
            world.rib.peer_up(
                id,
                config,
                [ChannelConfig {
                    export: rib::Filter::None,
                    ..ChannelConfig::new(world.table, Family::IPV4_UNICAST)
                }],
            );
            world.peers.push(id);
            let peer = peer as usize;
            world.put_in(peer, &all[peer]);
        }
        world
    });
    let mut group = c.benchmark_group("10 neighbours, 200,000 routes each");
    group.sample_size(10).throughput(Throughput::Elements(10 * nets.len() as u64));
    group.bench_function("insert and tell", |b| {
        b.iter_batched(
            || World::new(10, true),
            |mut world| {
                for (peer, updates) in all.iter().enumerate() {
                    world.put_in(peer, updates);
                }
                world
            },
            BatchSize::PerIteration,
        );
    });
    let full = filled(&all, true);
    group.throughput(Throughput::Elements(nets.len() as u64));
    group.bench_function("one withdraws all", |b| {
        b.iter_batched(
            || full.clone(),
            |mut world| {
                world.put_in(3, &gone);
                world
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, one_neighbour, ten_neighbours);
criterion_main!(benches);
