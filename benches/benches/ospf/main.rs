//! An instance that has just started gets a database of 10,000 routers through one adjacency: exchange, requests and flooding; then
//! its routes. And what an instance with such a database keeps in memory.

mod wire;

use std::alloc::System;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use wire::Wire;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const WIDTH: u32 = 100;
/// The routers of the grid.
const ROUTERS: usize = (WIDTH * WIDTH) as usize;

/// The routers' LSAs come to one that has just started, by the database exchange.
fn exchange(c: &mut Criterion) {
    let full = Wire::with_grid(WIDTH);
    let mut group = c.benchmark_group("ospf");
    group.sample_size(10);
    group.bench_function("10,000 router-LSAs through the exchange, both ends", |b| {
        b.iter_batched(
            || full.clone(),
            |mut wire| {
                wire.connect_newcomer();
                wire.until_full();
                assert_eq!(wire.newcomer_lsas(), ROUTERS + 2);
                wire
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("the same, and routes", |b| {
        b.iter_batched(
            || full.clone(),
            |mut wire| {
                wire.connect_newcomer();
                wire.run(Duration::from_secs(10));
                wire
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("10,000 router-LSAs flooded over an adjacency, both ends", |b| {
        let mut adjacent = Wire::new();
        adjacent.connect_newcomer();
        adjacent.until_full();
        b.iter_batched(
            || adjacent.clone(),
            |mut wire| {
                wire.feed_grid(WIDTH);
                wire.run(Duration::from_secs(5));
                assert_eq!(wire.newcomer_lsas(), ROUTERS + 2);
                wire
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// What is allocated for a database, and how the time is spent.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn once() {
    let full = Wire::with_grid(WIDTH);
    let mut wire = full.clone();
    let begin = Instant::now();
    wire.connect_newcomer();
    wire.until_full();
    println!("10,000 router-LSAs to a newcomer, both ends together: {:?}", begin.elapsed());
    println!("packets: {}, octets: {}", wire.packets, wire.octets);
    let begin = Instant::now();
    wire.run(Duration::from_secs(10));
    println!("what follows, with the newcomer's routes: {:?}", begin.elapsed());

    let region = Region::new(ALLOCATOR);
    let copy = black_box(wire.newcomer().clone());
    let change = region.change();
    let octets = change.bytes_allocated - change.bytes_deallocated;
    // What LSAs hold is shared by the copy.
    let shared = copy.status().octets;
    let per_router = (octets + shared) / ROUTERS;
    println!("memory for each router of the database: {per_router} octets, routing table and all");
    assert!(per_router < 2048, "{per_router}");
}

fn main() {
    once();
    let mut criterion = Criterion::default().configure_from_args();
    exchange(&mut criterion);
    criterion.final_summary();
}
