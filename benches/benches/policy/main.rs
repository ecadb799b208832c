//! Filters of routes: the machine alone, on a filter as operators write them.

mod filter;
mod routes;

use std::hint::black_box;
use std::time::Duration;

use bgp_wire::PathAttributes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use policy::{NoHost, Vm};
use rib::{Route, RouteSource};

fn realistic(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("realistic filter, a route");
    group.throughput(Throughput::Elements(1));
    group.measurement_time(Duration::from_secs(3));
    let nets = routes::nets(500);
    let attributes: Vec<_> = (0..routes::KINDS).map(routes::attributes).collect();
    let program = policy::compile("realistic", &filter::source()).expect("right");
    for (name, filter) in
        [("changes nothing", filter::UNCHANGED), ("changes attributes", filter::CHANGING)]
    {
        let id = program.filter(filter).expect("there");
        let (mut vm, mut index) = (Vm::default(), 0_usize);
        let mut out = PathAttributes::default();
        group.bench_function(name, |bench| {
            bench.iter(|| {
                index += 1;
                let attributes = &attributes[index % attributes.len()];
                routes::run(
                    (&program, id),
                    &mut vm,
                    nets[index % nets.len()],
                    attributes,
                    &mut out,
                );
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
    let (nets, attributes) = (routes::nets(100_000), routes::attributes(1));
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
