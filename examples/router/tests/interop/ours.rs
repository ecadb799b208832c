//! The program under test: our router, or what `ROUTER_BIN` names.

use std::path::PathBuf;

use testbed::bird::Bird;
use testbed::{Lab, Node, Program};

pub(crate) fn router() -> PathBuf {
    std::env::var_os("ROUTER_BIN").map_or_else(|| env!("CARGO_BIN_EXE_router").into(), Into::into)
}

/// Starts the router under test.
#[track_caller]
pub(crate) fn start_router(lab: &Lab, node: &Node, config: &str) -> Bird {
    Bird::start(lab, node, config, &Program::at(router()))
}

/// Starts a BIRD beside it.
#[track_caller]
pub(crate) fn start_bird(lab: &Lab, node: &Node, config: &str) -> Bird {
    Bird::start(lab, node, config, &Program::find("bird"))
}

/// Whether BIRD stands in for our router: what only ours promises is not asserted then.
pub(crate) fn bird_stands_in() -> bool {
    router().file_name().is_some_and(|name| name == "bird")
}
