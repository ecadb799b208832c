//! Random histories: after each step the incremental state equals the obvious one, and what each neighbour was
//! told, replayed, equals what it should know.
//!
//! PROPTEST_CASES says how many histories, HISTORY_STEPS how long they are at most; PROPTEST_RNG_SEED takes the
//! seed that a failure prints.

mod cases;
mod filters;
mod model;
mod oracle;
mod plain;
mod replay;
mod setup;
mod steps;
mod world;

use alloc::string::{String, ToString};

use bgp_wire::Origin;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestError, TestRunner};

use self::steps::step;
use self::world::World;
use super::*;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs `test` on random histories.
fn histories(cases: u32, test: impl Fn(Vec<steps::Step>)) {
    let time = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let seed = variable("PROPTEST_RNG_SEED").unwrap_or(time.as_secs());
    let cases = variable("PROPTEST_CASES").and_then(|cases| cases.try_into().ok()).unwrap_or(cases);
    let most = variable("HISTORY_STEPS").and_then(|steps| steps.try_into().ok()).unwrap_or(120);
    let config = ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 5_000,
        ..ProptestConfig::default()
    };
    let steps = prop::collection::vec(step(), 1..most);
    let result = TestRunner::new(config).run(&steps, |steps| {
        test(steps);
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, steps)) => {
            let steps: Vec<String> =
                steps.iter().map(|step| alloc::format!("    Step::{step:?},\n")).collect();
            panic!("PROPTEST_RNG_SEED={seed}: {reason}\n[\n{}]", steps.concat());
        }
        Err(error) => panic!("PROPTEST_RNG_SEED={seed}: {error}"),
    }
}

#[test]
fn every_history_ends_in_the_obvious_state() {
    histories(200, |steps| {
        let mut world = World::history(steps);
        world.end();
    });
}

/// The same, when some have not read to the end before all are gone.
#[test]
fn nothing_is_left_whoever_has_not_read() {
    histories(60, |steps| {
        let mut world = World::new(1);
        steps.into_iter().for_each(|step| world.take(step));
        world.end();
    });
}

/// No iteration order of a hash table shows.
#[test]
fn outputs_do_not_depend_on_the_seed() {
    histories(20, |steps| {
        let transcripts = [1, 2].map(|seed| {
            let mut world = World::new(seed);
            steps.iter().for_each(|step| world.take(step.clone()));
            world.read_all();
            world.transcript
        });
        let [one, other] = transcripts;
        assert_eq!(one, other);
    });
}
