//! bgp-wire beside other libraries: the same work on the same bytes.

use std::hint::black_box;

use bgp_wire::{Context, PathAttributes, Update, UpdateWriter};
use bytes::{Bytes, BytesMut};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

use crate::peer::{Check, Peer, Work};

mod bgpkit;
mod causeway;
mod messages;
mod netgauze;
mod peer;
mod routecore;
mod rustbgpd;
mod visit;
mod zettabgp;

/// Framing, decoding, visiting: what a speaker does with what it has received.
struct Visit<'a, 'b>(&'a Bytes, BenchmarkGroup<'b, WallTime>);

impl Work for Visit<'_, '_> {
    fn with<P: Peer>(&mut self) {
        let mut peer = P::default();
        self.1.bench_function(P::NAME, |b| b.iter(|| peer.visit(black_box(self.0))));
    }
}

/// Framing and decoding into a value that outlives the buffer; dropping it counts.
struct Owned<'a, 'b>(&'a Bytes, BenchmarkGroup<'b, WallTime>);

impl Work for Owned<'_, '_> {
    fn with<P: Peer>(&mut self) {
        let mut peer = P::default();
        self.1.bench_function(P::NAME, |b| b.iter(|| peer.owned(black_box(self.0))));
    }
}

/// Attributes and prefixes are there: bytes are made, as for each group of neighbours.
struct Encode<'a, 'b>(&'a Bytes, BenchmarkGroup<'b, WallTime>);

impl Work for Encode<'_, '_> {
    fn with<P: Peer>(&mut self) {
        let mut peer = P::default();
        let source = peer.source(self.0);
        self.1.bench_function(P::NAME, |b| {
            b.iter(|| peer.encode(black_box(&source)).as_ref().len());
        });
    }
}

fn peers(criterion: &mut Criterion) {
    for count in [10, 500] {
        let (message, sum) = messages::update(count);
        peer::for_each(Check { message: &message, sum });
        peer::for_each(Visit(&message, group(criterion, "decode and visit", count, &message)));
        peer::for_each(Owned(&message, group(criterion, "decode and keep", count, &message)));
        peer::for_each(Encode(&message, group(criterion, "encode", count, &message)));
    }
}

fn group<'a>(
    criterion: &'a mut Criterion,
    work: &str,
    count: usize,
    message: &Bytes,
) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(format!("{work}, {count} prefixes"));
    group.throughput(Throughput::Bytes(message.len() as u64));
    group
}

/// The message itself, checked, and the places of its parts: two libraries can keep that, the others unpack.
fn as_it_came(criterion: &mut Criterion) {
    for count in [10, 500] {
        let (message, _) = messages::update(count);
        let mut group = group(criterion, "decode and keep as it came", count, &message);
        let causeway = causeway::Causeway::default();
        group.bench_function("causeway", |b| b.iter(|| causeway.decode(black_box(&message))));
        let mut routecore = routecore::Routecore::default();
        group.bench_function("routecore", |b| b.iter(|| routecore.owned(black_box(&message))));
        group.finish();
    }
}

/// What a table does with each UPDATE: the key under which its attributes are found.
fn canonical(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("canonical attributes");
    let context = Context { four_octet_as: true, ..Context::default() };
    let (message, _) = messages::update(10);
    let update = Update::decode(message.slice(19..), &context);
    let mut out = Vec::new();
    group.bench_function("4-octet AS numbers", |b| {
        b.iter(|| black_box(&update).canonical_attributes(&mut out).bytes().len());
    });
    // The same from a speaker of 2-octet AS numbers, with AS4_PATH
    let (mut buffer, old) = (BytesMut::new(), Context::default());
    let attributes = PathAttributes::from_view(update.canonical_attributes(&mut out));
    let reach = update.reach().next().expect("routes");
    UpdateWriter::new(&mut buffer, &old)
        .announce(
            attributes.view(),
            reach.family,
            &reach.next_hop.expect("there"),
            reach.nlri.prefixes(),
        )
        .expect("room");
    let narrow = Update::decode(buffer.freeze().slice(19..), &old);
    assert_eq!(narrow.canonical_attributes(&mut out), attributes.view());
    group.bench_function("2-octet AS numbers", |b| {
        b.iter(|| black_box(&narrow).canonical_attributes(&mut out).bytes().len());
    });
    group.finish();
}

criterion_group!(benches, peers, as_it_came, canonical);
criterion_main!(benches);
