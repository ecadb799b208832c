//! The router beside real peers: BIRD, FRR's bgpd and a peer that speaks raw bytes, each in a
//! network namespace of its own.
//!
//! The tests need root, `ip`, BIRD 2 and FRR, so they are ignored unless asked for:
//!
//! ```text
//! cargo test -p router --test interop -- --ignored
//! ```
//!
//! | Variable       | Meaning                                                                   |
//! |----------------|---------------------------------------------------------------------------|
//! | `ROUTER_BIN`   | run this program in place of our router; `/usr/sbin/bird` checks the tests |
//! | `INTEROP_SEED` | seed of the generated routes, as printed by a failed test                 |
//!
//! A test that fails prints the ends of the logs of all its daemons and keeps its folder.
#![allow(clippy::disallowed_methods, reason = "a new seed comes from the clock")]

#[path = "interop/ours.rs"]
mod ours;
#[path = "interop/random.rs"]
mod random;
#[path = "interop/speaker.rs"]
mod speaker;

#[path = "interop/attributes.rs"]
mod attributes;
#[path = "interop/control.rs"]
mod control;
#[path = "interop/exchange.rs"]
mod exchange;
#[path = "interop/next_hops.rs"]
mod next_hops;
#[path = "interop/refusals.rs"]
mod refusals;
#[path = "interop/sessions.rs"]
mod sessions;
