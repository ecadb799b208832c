//! What routers originate makes the routes that it should: random networks are described, what they originate is put into
//! databases as if flooding took no time, and routing tables are made from these, which are described again, until nothing
//! changes. Each table must then be what the network itself says. Part by part throughout: after a change of the network
//! nobody begins anew.
//!
//! `CAUSEWAY_RUNS=100` tries so many seeds of each network, `CAUSEWAY_SEED=7` begins with this one.

#[path = "originated/domain.rs"]
mod domain;
#[allow(dead_code, reason = "the rest is for networks of instances")]
#[path = "networks/oracle.rs"]
mod oracle;
#[allow(dead_code, reason = "the rest is for networks of instances")]
#[path = "networks/plan.rs"]
mod plan;
#[allow(dead_code, reason = "the rest is for networks of instances")]
#[path = "networks/random.rs"]
mod random;
#[path = "networks/topologies.rs"]
mod topologies;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use ipnet::IpNet;
use ospf3::AddressFamily;
use ospf3::originate::{External, ExternalKey, Metric, StubRouter};

use crate::domain::Domain;
use crate::plan::{Kind, Plan};
use crate::random::Random;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

/// Changes something of the network.
fn change(plan: &mut Plan, random: &mut Random) -> String {
    let link = random.below(plan.links.len());
    let place = random.below(plan.links[link].ends.len());
    let node = random.below(plan.nodes.len());
    let prefix = plan.outside(random.below(6));
    let end = &mut plan.links[link].ends[place];
    let of = format!("link {link} at node {}", end.node);
    match random.below(16) {
        0..=3 => {
            end.up = !end.up;
            format!("{of}: up is {}", end.up)
        }
        4..=6 => {
            end.cost = random.within(1, 30);
            format!("{of}: cost {}", end.cost)
        }
        7..=8 => {
            let ends = plan.links[link].ends.iter_mut();
            ends.for_each(|end| end.part = random.below(2));
            let parts: Vec<_> = plan.links[link].ends.iter().map(|end| end.part).collect();
            format!("link {link} is in parts: {parts:?}")
        }
        9 => {
            end.numbered = !end.numbered;
            format!("{of}: has an address is {}", end.numbered)
        }
        10 => {
            end.priority = u8::from(random.percent(60));
            format!("{of}: priority {}", end.priority)
        }
        11 => {
            plan.nodes[node].up = !plan.nodes[node].up;
            format!("node {node}: up is {}", plan.nodes[node].up)
        }
        12 => {
            let ways = [StubRouter::Off, StubRouter::MaxLinkMetric, StubRouter::NotRouting];
            plan.nodes[node].stub = ways[random.below(3)];
            format!("node {node}: stub router {:?}", plan.nodes[node].stub)
        }
        _ => change_external(plan, random, node, prefix),
    }
}

fn change_external(plan: &mut Plan, random: &mut Random, node: usize, prefix: IpNet) -> String {
    let key = ExternalKey { prefix, path: 0 };
    let cost = u32::from(random.within(1, 5));
    let metric = if random.percent(50) { Metric::type1(cost) } else { Metric::type2(cost) };
    let external = External { metric, tag: None, forwarding_address: None, propagate: true };
    if random.percent(60) {
        plan.nodes[node].externals.insert(key, external);
        format!("node {node} tells {prefix} with {metric:?}")
    } else {
        plan.nodes[node].externals.remove(&key);
        format!("node {node} does not tell {prefix}")
    }
}

fn history(plan: &Plan, seed: u64, said: &mut Vec<String>) {
    let mut random = Random::new(seed);
    let mut domain = Domain::new(plan);
    for _ in 0..12 {
        domain.settle();
        domain.check();
        for _ in 0..1 + random.below(4) {
            said.push(change(&mut domain.plan, &mut random));
        }
    }
}

/// Some seeds of a network, or as many as are asked for.
fn run(usual: u64, plan: impl Fn(&mut Random) -> Plan) {
    let first = variable("CAUSEWAY_SEED").unwrap_or(1);
    for seed in first..first + variable("CAUSEWAY_RUNS").unwrap_or(usual) {
        let plan = plan(&mut Random::new(seed ^ 0x5eed));
        let mut said = Vec::new();
        let outcome = catch_unwind(AssertUnwindSafe(|| history(&plan, seed, &mut said)));
        if let Err(panic) = outcome {
            eprintln!("{}: CAUSEWAY_SEED={seed}", plan.name);
            said.iter().for_each(|one| eprintln!("  {one}"));
            resume_unwind(panic);
        }
    }
}

const V6: AddressFamily = AddressFamily::Ipv6Unicast;
const V4: AddressFamily = AddressFamily::Ipv4Unicast;

#[test]
fn one_area() {
    run(20, |random| topologies::random(random, V6));
    run(10, |random| topologies::random(random, V4));
    run(2, |random| topologies::line(random, V4));
    run(2, topologies::ring);
    run(2, topologies::mesh);
    run(2, |random| topologies::segment(random, Kind::Broadcast));
}

#[test]
fn areas_of_all_kinds() {
    run(10, |random| topologies::four_areas(random, V6, topologies::all_kinds()));
    run(5, |random| topologies::four_areas(random, V4, topologies::all_kinds()));
}

#[test]
fn not_so_stubby_areas() {
    run(10, |random| topologies::four_areas(random, V6, topologies::nssas()));
}

#[test]
fn areas_with_ranges() {
    run(10, topologies::ranges);
}

#[test]
fn virtual_links() {
    run(10, topologies::virtual_links);
}
