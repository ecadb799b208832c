//! Ten thousand established sessions that have nothing to say but KEEPALIVEs: what they cost in memory, and of a
//! core. Time is virtual, so that the whole is done in seconds; the bytes go through memory.
//!
//! Fails when a session holds 4 KiB or more.
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod pair;

use std::alloc::System;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use bgp_fsm::Session;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const PAIRS: usize = 5_000;
/// How much virtual time the sessions live.
const TIME: Duration = Duration::from_secs(600);
/// Octets that a session may hold, its own included.
const MOST: usize = 4096;

type Deadlines = BinaryHeap<Reverse<(Duration, usize)>>;

fn deadline(pair: &pair::Pair) -> Duration {
    let all = pair.sessions.iter().filter_map(Session::poll_timeout);
    all.min().expect("an established session has deadlines")
}

/// Lets all pairs live until `until`; tells how many messages went to and fro.
fn live(pairs: &mut [pair::Pair], deadlines: &mut Deadlines, until: Duration) -> u64 {
    let received = |pairs: &[pair::Pair]| -> u64 {
        pairs
            .iter()
            .flat_map(|pair| &pair.sessions)
            .map(|one| one.statistics().received.total())
            .sum()
    };
    let before = received(pairs);
    while let Some(&Reverse((at, index))) = deadlines.peek().filter(|first| first.0.0 <= until) {
        deadlines.pop();
        let pair = &mut pairs[index];
        pair.now = at.max(pair.now);
        for session in &mut pair.sessions {
            session.handle_timeout(pair.now);
        }
        pair.exchange();
        deadlines.push(Reverse((deadline(pair), index)));
    }
    received(pairs) - before
}

fn main() {
    let region = Region::new(ALLOCATOR);
    let mut pairs: Vec<_> = (0..PAIRS).map(|_| pair::established()).collect();
    let mut deadlines: Deadlines =
        pairs.iter().enumerate().map(|(index, pair)| Reverse((deadline(pair), index))).collect();
    // Past the bursts of the beginning.
    live(&mut pairs, &mut deadlines, Duration::from_secs(100));
    let held = region.change();
    let bytes = held.bytes_allocated - held.bytes_deallocated;
    let bytes = bytes / (2 * PAIRS);

    let start = Instant::now();
    let messages = live(&mut pairs, &mut deadlines, Duration::from_secs(100) + TIME);
    let spent = start.elapsed();
    let share = 100.0 * spent.as_secs_f64() / TIME.as_secs_f64();
    println!("{} idle sessions, HoldTime 90 s", 2 * PAIRS);
    println!("  memory      {bytes} octets a session");
    println!(
        "  processor   {share:.3} % of a core ({messages} messages received in {} s)",
        TIME.as_secs()
    );
    assert!(pairs.iter().flat_map(|pair| &pair.sessions).all(|one| one.established().is_some()));
    assert!(bytes < MOST, "{bytes} octets a session");
}
