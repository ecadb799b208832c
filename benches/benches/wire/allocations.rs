//! What each library allocates at the work of the `wire` bench, in a process of its own: counting costs some
//! nanoseconds for each allocation, which would be held against those that allocate.

use std::alloc::System;
use std::hint::black_box;

use bytes::Bytes;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

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

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROUNDS: usize = 1000;

/// Allocations and reallocations, and the octets asked for, of one round.
fn count<T>(mut work: impl FnMut() -> T) -> (usize, usize) {
    // The first round makes room in the buffers that are kept.
    drop(black_box(work()));
    let before = ALLOCATOR.stats();
    (0..ROUNDS).for_each(|_| drop(black_box(work())));
    let change = ALLOCATOR.stats() - before;
    let calls = change.allocations + change.reallocations;
    (calls.div_ceil(ROUNDS), change.bytes_allocated.div_ceil(ROUNDS))
}

struct Count<'a>(&'a Bytes);

impl Work for Count<'_> {
    fn with<P: Peer>(&mut self) {
        let mut peer = P::default();
        let visit = count(|| peer.visit(self.0));
        let owned = count(|| peer.owned(self.0));
        let source = peer.source(self.0);
        let encode = count(|| peer.encode(&source).as_ref().len());
        if P::NAME == "causeway" {
            assert_eq!(
                (visit, encode),
                ((0, 0), (0, 0)),
                "nothing is kept, so nothing is allocated"
            );
        }
        let [visit, owned, encode] =
            [visit, owned, encode].map(|(calls, octets)| format!("{calls} ({octets} B)"));
        println!("| {:<16} | {visit:>16} | {owned:>16} | {encode:>16} |", P::NAME);
    }
}

fn main() {
    for count in [10, 500] {
        let (message, sum) = messages::update(count);
        peer::for_each(Check { message: &message, sum });
        println!(
            "\n| {count:>3} prefixes     | decode and visit | decode and keep  | encode           |"
        );
        println!("|------------------|-----------------:|-----------------:|-----------------:|");
        peer::for_each(Count(&message));
    }
}
