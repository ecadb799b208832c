//! Fuzz targets: one function for each decoder and each state machine that reads what others wrote.
//!
//! A target is given any bytes at all. It panics when the code under test breaks a promise: that it does not
//! panic itself, and the invariants that stand beside each target. `fuzz_targets/` gives them to libFuzzer,
//! `tests/corpus.rs` replays the corpus on any toolchain; README.md says how to run them.

#![forbid(unsafe_code)]

mod config;
mod dump;
mod filter;
mod ospf;
mod ospf_instance;
mod session;
mod text;
mod wire;

pub use config::config_source;
pub use dump::{bmp, mrt};
pub use filter::{policy_route, policy_source, program_bytes};
pub use ospf::{ospf_lsa, ospf_packet, ospf_trailer};
pub use ospf_instance::ospf_instance;
pub use session::{record, session};
pub use text::text_forms;
pub use wire::{attributes, destination, message, nlri, open, update};

/// A target: any bytes go in.
pub type Target = fn(&[u8]);

/// All targets by name: that of the function, of the program and of the corpus folder.
pub const TARGETS: &[(&str, Target)] = &[
    ("attributes", attributes),
    ("bmp", bmp),
    ("config_source", config_source),
    ("destination", destination),
    ("message", message),
    ("mrt", mrt),
    ("nlri", nlri),
    ("open", open),
    ("ospf_instance", ospf_instance),
    ("ospf_lsa", ospf_lsa),
    ("ospf_packet", ospf_packet),
    ("ospf_trailer", ospf_trailer),
    ("policy_route", policy_route),
    ("policy_source", policy_source),
    ("program_bytes", program_bytes),
    ("record", record),
    ("session", session),
    ("text_forms", text_forms),
    ("update", update),
];
