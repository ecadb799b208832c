//! Waiting for a condition instead of sleeping.

use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

/// Long enough for any daemon on a busy machine; a test that passes never waits this long.
pub const PATIENCE: Duration = Duration::from_secs(45);

const POLL: Duration = Duration::from_millis(25);

/// Asks again and again until `probe` gives a value. `Err` says what was seen instead; the last one
/// stands in the message of the panic when `limit` has passed.
#[track_caller]
pub fn wait_for<T>(
    limit: Duration,
    what: impl Display,
    mut probe: impl FnMut() -> Result<T, String>,
) -> T {
    let start = Instant::now();
    loop {
        match probe() {
            Ok(value) => return value,
            Err(seen) if start.elapsed() >= limit => {
                panic!("{what}: not within {limit:?}; last seen: {seen}")
            }
            Err(_) => thread::sleep(POLL),
        }
    }
}

/// Asks again and again for the whole `span`, and panics as soon as `probe` gives an error.
#[track_caller]
pub fn holds_for(
    span: Duration,
    what: impl Display,
    mut probe: impl FnMut() -> Result<(), String>,
) {
    let start = Instant::now();
    while start.elapsed() < span {
        if let Err(seen) = probe() {
            panic!("{what}: no longer true after {:?}; seen: {seen}", start.elapsed());
        }
        thread::sleep(POLL);
    }
}
