//! The decision process: which of several paths is the best.
//!
//! Each case is named after the field in which the paths of a network differ. Each iteration takes the next of 8
//! networks, which stay in the nearest cache: what is measured is the comparison, not the way to the attributes.
//!
//! "By the steps" is the same work without packed numbers: a rule that asks for the age of eBGP paths, where none
//! exists yet, has it so.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use rib::{
    Age, AigpMetric, AttributeFacts, Candidate, Multipath, RouteSource, Rules, best_path,
    equal_paths, explain, ranking,
};

const NETWORKS: u32 = 8;

/// Which field tells the paths of a network apart.
#[derive(Clone, Copy, PartialEq)]
enum Decider {
    LocalPref,
    PathLength,
    Med,
    MedOfSeveralAses,
    IgpMetric,
    RouterId,
    PeerAddress,
    Aigp,
}

fn scattered(number: u32) -> u32 {
    number.wrapping_mul(2_654_435_761) >> 7
}

fn facts(network: u32, number: u32, paths: u32, decider: Decider) -> AttributeFacts {
    let better = scattered(network) % paths == number;
    let loses = u32::from(!better);
    let base =
        AttributeFacts { neighbour_as: 64_500 + number, path_length: 3, ..AttributeFacts::NONE };
    let (one_as, med) = (64_500, Some(10 + loses * number));
    match decider {
        Decider::LocalPref => AttributeFacts { local_pref: 101 - loses, ..base },
        Decider::PathLength => {
            let length = 3 + loses * (1 + scattered(number) % 3);
            AttributeFacts { path_length: u16::try_from(length).unwrap_or(9), ..base }
        }
        Decider::Med => AttributeFacts { neighbour_as: one_as, med, ..base },
        Decider::MedOfSeveralAses => {
            AttributeFacts { neighbour_as: one_as + number % 3, med, ..base }
        }
        Decider::Aigp => AttributeFacts { aigp: AigpMetric::new(u64::from(100 + loses)), ..base },
        Decider::IgpMetric | Decider::RouterId | Decider::PeerAddress => base,
    }
}

fn candidate(network: u32, number: u32, facts: &AttributeFacts, decider: Decider) -> Candidate<'_> {
    let host = scattered(network ^ number << 8) % 65_521;
    let address = Ipv4Addr::from(0x0a00_0000 | host);
    let one_router = decider == Decider::PeerAddress;
    Candidate {
        igp_metric: Some(if decider == Decider::IgpMetric { 10 + host } else { 10 }),
        router_id: if one_router { Ipv4Addr::new(192, 0, 2, 1) } else { address },
        address: Some(IpAddr::V4(address)),
        ..Candidate::new(RouteSource::Bgp, 100, facts)
    }
}

fn networks(paths: u32, decider: Decider) -> Vec<Vec<AttributeFacts>> {
    let network =
        |network| (0..paths).map(|number| facts(network, number, paths, decider)).collect();
    (0..NETWORKS).map(network).collect()
}

fn measure(
    criterion: &mut Criterion,
    group: &str,
    cases: &[(&str, u32, Decider)],
    rules: Rules,
    work: impl Fn(&[Candidate<'_>], &Rules) -> usize,
) {
    let mut group = criterion.benchmark_group(group);
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    for (name, paths, decider) in cases {
        let facts = networks(*paths, *decider);
        let lists: Vec<Vec<Candidate<'_>>> = (0..)
            .zip(&facts)
            .map(|(network, facts)| {
                (0..)
                    .zip(facts)
                    .map(|(number, facts)| candidate(network, number, facts, *decider))
                    .collect()
            })
            .collect();
        let mut next = lists.iter().cycle();
        group.bench_function(format!("{paths} paths, {name}"), |bench| {
            bench.iter(|| next.next().map(|list| work(black_box(list), black_box(&rules))));
        });
    }
}

fn decisions(criterion: &mut Criterion) {
    let deciders = [
        ("LOCAL_PREF", Decider::LocalPref),
        ("AS_PATH", Decider::PathLength),
        ("MED of one AS", Decider::Med),
        ("MED of three ASes", Decider::MedOfSeveralAses),
        ("IGP metric", Decider::IgpMetric),
        ("router id", Decider::RouterId),
        ("address", Decider::PeerAddress),
        ("AIGP", Decider::Aigp),
    ];
    let cases: Vec<(&str, u32, Decider)> = [2, 3, 10]
        .into_iter()
        .flat_map(|paths| deciders.map(|(name, decider)| (name, paths, decider)))
        .collect();
    let rules = Rules::default();
    let best = |list: &[Candidate<'_>], rules: &Rules| {
        best_path(list, rules).map_or(0, |(index, _)| index)
    };
    measure(criterion, "best path", &cases, rules, best);
    let router_id: Vec<_> =
        cases.iter().copied().filter(|case| case.2 == Decider::RouterId).collect();
    let by_steps = Rules { age: Age::Existing, ..rules };
    measure(criterion, "best path, by the steps", &router_id, by_steps, best);
    let few = [("router id", 10, Decider::RouterId), ("AS_PATH", 10, Decider::PathLength)];
    measure(criterion, "explain", &few, rules, |list, rules| {
        explain(list, rules).map_or(0, |explanation| explanation.losses.len())
    });
    measure(criterion, "ranking, best 4", &few, rules, |list, rules| ranking(list, rules, 4).len());
    measure(criterion, "equal paths, at most 8", &few, rules, |list, rules| {
        equal_paths(list, rules, &Multipath::merge_paths(8)).len()
    });
}

criterion_group!(benches, decisions);
criterion_main!(benches);
