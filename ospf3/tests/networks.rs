//! Whole networks of instances in virtual time. Packets are late, lost, doubled and overtake each other; links, routers,
//! costs, prefixes and external routes come and go. At rest all databases of an area are equal, every routing table is
//! what the network itself says, and the links are quiet.
//!
//! `CAUSEWAY_RUNS=100` tries so many seeds of each network, `CAUSEWAY_SEED=7` begins with this one.

#[path = "networks/check.rs"]
mod check;
#[path = "networks/faults.rs"]
mod faults;
#[path = "networks/network.rs"]
mod network;
#[path = "networks/node.rs"]
mod node;
#[path = "networks/oracle.rs"]
mod oracle;
#[path = "networks/plan.rs"]
mod plan;
#[path = "networks/random.rs"]
mod random;
#[allow(dead_code, reason = "the rest is for what routers originate")]
#[path = "networks/topologies.rs"]
mod topologies;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use ospf3::AddressFamily;
use ospf3::originate::AreaKind;

use crate::network::Network;
use crate::plan::{Kind, Plan};
use crate::random::Random;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

fn check(network: &mut Network) {
    network.settle();
    network.check_databases();
    network.check_routes();
}

fn history(plan: &Plan, seed: u64, said: &mut Vec<String>) {
    let mut network = Network::start(plan, seed);
    check(&mut network);
    for _ in 0..3 {
        let most = if network.random.percent(20) { 25 } else { 8 };
        let count = 1 + network.random.below(most);
        network.faults(count, said);
        said.push(format!("{:?}: rest", network.now));
        check(&mut network);
    }
    network.heal();
    said.push(format!("{:?}: healed", network.now));
    check(&mut network);
    network.check_quiet();
    check(&mut network);
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

const V6: AddressFamily = AddressFamily::Ipv6Unicast;
const V4: AddressFamily = AddressFamily::Ipv4Unicast;

#[test]
fn a_line() {
    run(2, |random| topologies::line(random, V6));
}

#[test]
fn a_line_of_ipv4() {
    run(2, |random| topologies::line(random, V4));
}

#[test]
fn a_ring() {
    run(2, topologies::ring);
}

#[test]
fn a_mesh() {
    run(2, topologies::mesh);
}

#[test]
fn twenty_routers_on_a_segment() {
    run(1, |random| topologies::segment(random, Kind::Broadcast));
}

#[test]
fn twenty_routers_without_broadcast() {
    run(1, |random| topologies::segment(random, Kind::NonBroadcast));
}

#[test]
fn random_networks() {
    run(4, |random| topologies::random(random, V6));
}

#[test]
fn random_networks_of_ipv4() {
    run(2, |random| topologies::random(random, V4));
}

#[test]
fn four_areas() {
    run(1, |random| topologies::four_areas(random, V6, [const { AreaKind::Normal }; 4]));
}

#[test]
fn areas_of_all_kinds() {
    run(2, |random| topologies::four_areas(random, V6, topologies::all_kinds()));
}

#[test]
fn areas_of_all_kinds_of_ipv4() {
    run(1, |random| topologies::four_areas(random, V4, topologies::all_kinds()));
}

#[test]
fn areas_with_ranges() {
    run(2, topologies::ranges);
}

#[test]
fn virtual_links() {
    run(2, topologies::virtual_links);
}
