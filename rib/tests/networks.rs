//! Whole networks of tables and sessions in virtual time. Links, nodes and sessions fail and come back, routes and
//! filters change; at rest each node has to have what it has in a network that is started as this one is in the
//! end, packets have to arrive without loops, and where all has ended nothing may be left.
//!
//! `CAUSEWAY_RUNS=100` tries so many seeds of each network, `CAUSEWAY_SEED=7` begins with this one.

#[path = "networks/address.rs"]
mod address;
#[path = "networks/check.rs"]
mod check;
#[path = "networks/documents.rs"]
mod documents;
#[path = "networks/faults.rs"]
mod faults;
#[path = "networks/igp.rs"]
mod igp;
#[path = "networks/network.rs"]
mod network;
#[path = "networks/node.rs"]
mod node;
#[path = "networks/plan.rs"]
mod plan;
#[path = "networks/policy.rs"]
mod policy;
#[path = "networks/random.rs"]
mod random;
#[path = "networks/topologies.rs"]
mod topologies;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::check::{assert_same, most_updates};
use crate::network::Network;
use crate::plan::Plan;
use crate::random::Random;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

/// Waits until a network is at rest, and compares it with one that is started as it is now.
fn check(network: &mut Network, events: usize, seed: u64) {
    let most = most_updates(&network.plan, events);
    network.settle(most).expect("the network comes to rest");
    network.check_forwarding();
    let mut fresh = Network::start(&network.plan, seed);
    fresh.settle(most_updates(&network.plan, 0)).expect("the fresh network comes to rest");
    assert_same(&network.view(), &fresh.view());
}

fn history(plan: &Plan, seed: u64, said: &mut Vec<String>) {
    let mut network = Network::start(plan, seed);
    check(&mut network, 0, seed + 1_000_000);
    for round in 0..2 {
        let most = if network.random.percent(20) { 40 } else { 12 };
        let count = 1 + network.random.below(most);
        network.faults(count, said);
        check(&mut network, count, seed + 2_000_000 + round);
    }
    network.heal();
    check(&mut network, 4, seed + 3_000_000);
    network.end();
    network.settle(most_updates(plan, 1)).expect("the network comes to its end");
    network.check_leftovers();
}

/// A few seeds of a network, or as many as are asked for.
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

#[test]
fn full_mesh() {
    run(2, |_| topologies::full_mesh());
}

#[test]
fn a_cluster_of_two_reflectors() {
    run(2, |_| topologies::cluster_of_two());
}

#[test]
fn reflectors_that_tell_all_paths() {
    run(2, |_| topologies::all_paths());
}

#[test]
fn a_hierarchy_of_reflectors() {
    run(2, |_| topologies::hierarchy());
}

#[test]
fn a_confederation() {
    run(2, |_| topologies::confederation());
}

#[test]
fn an_internet_of_providers_and_customers() {
    run(2, topologies::internet);
}

#[test]
fn a_route_server() {
    run(2, |_| topologies::route_server(false));
}

#[test]
fn a_route_server_that_tells_all_paths() {
    run(2, |_| topologies::route_server(true));
}

#[test]
fn accumulated_igp_metric() {
    run(2, |_| topologies::accumulated_metric());
}

#[test]
fn k3s_across_regions() {
    run(3, |_| documents::k3s_across_regions());
}

#[test]
fn three_hosts() {
    run(3, |_| documents::three_hosts());
}

#[test]
fn dn42() {
    run(2, |_| documents::dn42());
}

#[test]
fn cilium_behind_frr() {
    run(3, |_| documents::cilium());
}

#[test]
fn a_fabric_without_addresses() {
    run(2, |_| documents::fabric());
}

/// RFC 3345 §2.1: no order of messages brings this network to rest. It is found out, sessions stay up, and the network
/// rests when the cause is gone.
#[test]
fn an_oscillation_is_found() {
    let mut network = Network::start(&topologies::churn(), 1);
    let most = 3_000;
    let unrest = network.settle(most).expect_err("no state is stable");
    assert!(unrest.updates > most && unrest.missing.is_none(), "{unrest:?}");
    assert!((0..5).all(|node| network.is_speaking(node)), "sessions do not suffer from it");
    // Without the path of the other cluster all have one opinion.
    network.withdraw(4, address::net4(100, 0));
    check(&mut network, 1, 2);
}
