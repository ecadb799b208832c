//! Filters of routes: the machine alone, on a filter as operators write them.

mod filter;

use std::hint::black_box;
use std::time::Duration;

use bgp_wire::{AsPathBuilder, Community, Origin, PathAttributes, SegmentKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ipnet::{IpNet, Ipv4Net};
use policy::{NoHost, Verdict, Vm};
use rib::{Route, RouteSource};

/// Routes that the filter accepts: 5 hops, 6 communities.
fn attributes(number: u32) -> PathAttributes {
    let mut path = AsPathBuilder::default();
    let asns = [64511, 64496 + number % 9, 64520, 64530 + number % 7, 64540];
    path.segment(SegmentKind::Sequence, asns);
    let communities = [(64511, 3), (64511, 21), (64511, 34), (64511, 44), (64511, 99), (64515, 7)];
    let mut attributes = PathAttributes::default();
    attributes
        .origin(Origin::Igp)
        .as_path(&path)
        .med(50)
        .local_pref(100)
        .communities(communities.map(|(asn, value)| Community::new(asn, value)));
    attributes
}

fn nets(count: u32) -> Vec<IpNet> {
    let net = |(address, length): (u32, u8)| {
        let length = length + 2;
        Ipv4Net::new((address | 1 << (32 - length)).into(), length)
            .expect("a length")
            .trunc()
            .into()
    };
    filter::prefixes(count).map(net).collect()
}

fn realistic(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("realistic filter, a route");
    group.throughput(Throughput::Elements(1));
    group.measurement_time(Duration::from_secs(3));
    let nets = nets(500);
    let attributes: Vec<_> = (0..64).map(attributes).collect();
    for (name, changes) in [("changes nothing", false), ("changes attributes", true)] {
        let program = policy::compile("realistic", &filter::source(changes)).expect("right");
        let id = program.filter("realistic").expect("there");
        let (mut vm, mut index) = (Vm::default(), 0_usize);
        let mut out = PathAttributes::default();
        group.bench_function(name, |bench| {
            bench.iter(|| {
                index += 1;
                let route = Route {
                    net: nets[index % nets.len()],
                    source: RouteSource::Bgp,
                    protocol: "dn42_peer",
                    from: None,
                    preference: 100,
                    destination: rib::Destination::Unicast,
                    next_hop: None,
                    extra: rib::ExtraRef::default(),
                    attributes: attributes[index % attributes.len()].view(),
                };
                let verdict = program.run(&mut vm, id, &route, &NoHost);
                assert_eq!(verdict, Ok(Verdict::Accept));
                if vm.has_changes() {
                    vm.apply(&program, &route, &mut out);
                }
                black_box(&out);
            });
        });
    }
    group.finish();
}

fn large_set(criterion: &mut Criterion) {
    let text = format!(
        "define IRR = {}; filter f {{ if net ~ IRR then accept; reject; }}",
        filter::set(100_000)
    );
    let mut group = criterion.benchmark_group("100,000 prefixes");
    group.sample_size(10);
    group.bench_function("compile", |bench| {
        bench.iter(|| black_box(policy::compile("irr", &text).expect("right")));
    });
    let program = policy::compile("irr", &text).expect("right");
    let id = program.filter("f").expect("there");
    let (nets, attributes) = (nets(100_000), attributes(1));
    let (mut vm, mut index) = (Vm::default(), 0_usize);
    group.bench_function("match", |bench| {
        bench.iter(|| {
            index = (index + 7_919) % nets.len();
            let route = Route {
                net: nets[index],
                source: RouteSource::Bgp,
                protocol: "dn42_peer",
                from: None,
                preference: 100,
                destination: rib::Destination::Unicast,
                next_hop: None,
                extra: rib::ExtraRef::default(),
                attributes: attributes.view(),
            };
            black_box(program.run(&mut vm, id, &route, &NoHost))
        });
    });
    group.finish();
}

criterion_group!(benches, realistic, large_set);
criterion_main!(benches);
