//! Machines in network namespaces and real routing daemons, for tests.
//!
//! A test makes a [`Lab`], in it [`Node`]s and cables, and starts daemons on them. Daemons end with the values
//! that stand for them, namespaces and files with the lab, also when a test fails; then the ends of all logs
//! are printed, and the files stay for a look.
//!
//! It needs root, `ip`, and the daemons: those of this Debian, and the newer ones that `.ci/peers install`
//! puts into a chroot. A daemon that is missing is a failure.
//!
//! ```no_run
//! use testbed::{Lab, Program, bird::{self, Bird}};
//!
//! let lab = Lab::new();
//! let (a, b) = (lab.node("a"), lab.node("b"));
//! lab.link(&a, &b);
//! a.addresses(&b, &["10.0.0.1/24"]);
//! b.addresses(&a, &["10.0.0.2/24"]);
//! let config = bird::header("10.0.0.1") + "protocol bgp b { … }";
//! let bird = Bird::start(&lab, &a, &config, &Program::newer("bird3"));
//! bird.wait_established("b");
//! // A socket that the test itself opens on the other machine:
//! let socket = b.inside(|| std::net::TcpStream::connect("10.0.0.1:179"));
//! ```
#![allow(clippy::disallowed_methods, reason = "tests wait for real daemons in real time")]

pub mod bird;
mod daemon;
mod exabgp;
mod folder;
mod frr;
mod gobgp;
mod json;
mod netns;
mod openbgpd;
mod program;
mod wait;

pub use daemon::Daemon;
pub use exabgp::ExaBgp;
pub use folder::{Folder, unique_name};
pub use frr::{Frr, FrrRoute};
pub use gobgp::GoBgp;
pub use json::Json;
pub use netns::{Lab, Node};
pub use openbgpd::OpenBgpd;
pub use program::{Program, Release, output};
pub use wait::{PATIENCE, holds_for, wait_for};
