//! The engine beside real BGP daemons: what works with whom. The result is a table of `README.md`.
//!
//! The tests need root, the daemons of this Debian, and those of `.ci/peers install`:
//!
//! ```text
//! cargo test -p bgp-fsm --features tokio --test interop -- --ignored --test-threads 2
//! ```
//!
//! | Variable | Meaning                                                                       |
//! |----------|-------------------------------------------------------------------------------|
//! | `CELLS`  | try only these features: `CELLS=Md5,Gtsm`                                     |
//! | `BLESS`  | write the table into `README.md` (without `--ignored`: it is the code's own)  |
//!
//! The table stands in `matrix.rs`. Each test tries its peer's cells, also those of what a peer lacks, as far as
//! that can be seen. A check that fails prints the ends of the daemons' logs and keeps its folder.
#![allow(clippy::disallowed_methods, reason = "these tests wait for real daemons in real time")]

#[path = "interop/addresses.rs"]
mod addresses;
#[path = "interop/checks/mod.rs"]
mod checks;
#[path = "interop/feature.rs"]
mod feature;
#[path = "interop/matrix.rs"]
mod matrix;
#[path = "interop/ours/mod.rs"]
mod ours;
#[path = "interop/peers/mod.rs"]
mod peers;
#[path = "interop/scene.rs"]
mod scene;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use checks::Part;
use feature::Feature;
use matrix::{Cell, cell};
use peers::Kind;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
const BEGIN: &str = "<!-- bgp-fsm/tests/interop/matrix.rs -->\n";
const END: &str = "<!-- end -->\n";

#[test]
fn the_readme_has_the_table() {
    let readme = fs::read_to_string(README).expect("the workspace has a README");
    let (before, rest) = readme.split_once(BEGIN).expect("a place for the table");
    let (table, after) = rest.split_once(END).expect("an end of it");
    let wanted = matrix::markdown();
    if std::env::var_os("BLESS").is_some() {
        let text = format!("{before}{BEGIN}{wanted}{END}{after}");
        fs::write(README, text).expect("the README can be written");
    } else {
        assert_eq!(table, wanted, "BLESS=1 writes it");
    }
}

/// Tries all cells of a peer, and prints them; fails when one is not as the table says.
fn row(kind: Kind) {
    let only = std::env::var("CELLS").ok();
    let wanted = |feature: &Feature| {
        let mut names = only.iter().flat_map(|names| names.split(','));
        only.is_none() || names.any(|name| name == format!("{feature:?}"))
    };
    let (mut text, mut wrong) = (String::new(), Vec::new());
    for feature in Feature::ALL.into_iter().filter(wanted) {
        let start = Instant::now();
        let (word, check): (_, Box<dyn FnOnce()>) = match cell(kind, feature) {
            Cell::Works | Cell::Given(_) => {
                ("yes", Box::new(move || checks::check(kind, feature, Part::Both)))
            }
            Cell::Half(part, _) => ("half", Box::new(move || checks::check(kind, feature, part))),
            Cell::Lacks(_, proof) => ("no", Box::new(move || checks::lacks(kind, feature, proof))),
        };
        let right = catch_unwind(AssertUnwindSafe(check)).is_ok();
        if !right {
            wrong.push(feature);
        }
        let mark = if right { "" } else { ", WRONG" };
        let seconds = start.elapsed().as_secs_f32();
        text += &format!("  {}: {word}{mark} ({seconds:.1} s)\n", feature.title());
    }
    println!("{}\n{text}", kind.title());
    assert!(wrong.is_empty(), "{} is not as the table says: {wrong:?}", kind.title());
}

/// Named to be the first: OpenBGPD waits long before it gives a neighbour up.
#[test]
#[ignore = "needs root and openbgpd; run by .ci/run"]
fn a_openbgpd() {
    row(Kind::OpenBgpd);
}

#[test]
#[ignore = "needs root and bird2; run by .ci/run"]
fn bird_2_0() {
    row(Kind::Bird20);
}

#[test]
#[ignore = "needs root and .ci/peers install; run by .ci/run"]
fn bird_2_17() {
    row(Kind::Bird217);
}

#[test]
#[ignore = "needs root and .ci/peers install; run by .ci/run"]
fn bird_3_1() {
    row(Kind::Bird31);
}

#[test]
#[ignore = "needs root and frr; run by .ci/run"]
fn frr_8() {
    row(Kind::Frr8);
}

#[test]
#[ignore = "needs root and .ci/peers install; run by .ci/run"]
fn frr_10() {
    row(Kind::Frr10);
}

#[test]
#[ignore = "needs root and gobgpd; run by .ci/run"]
fn gobgp() {
    row(Kind::GoBgp);
}

#[test]
#[ignore = "needs root and exabgp; run by .ci/run"]
fn exabgp() {
    row(Kind::ExaBgp);
}
