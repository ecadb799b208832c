//! A full router as a value: configuration, protocols and tables put together, still without I/O.
//!
//! [`Router`] is what the binary of this package drives with sockets, and what a simulation drives with a
//! virtual clock. Bytes, interface events, timeouts and control commands go in by `handle_*`; bytes for streams,
//! actions and deadlines come out by `poll_*`. See [`Router`] for the contract.

#![forbid(unsafe_code)]

mod bgp;
pub mod clock;
pub mod config;
mod control;
mod filters;
mod interface;
mod own_routes;
mod protocol;
mod reconfigure;
mod recovery;
mod resolve;
mod router;

pub use crate::control::{Command, ControlSession};
pub use crate::interface::{Interface, InterfaceEvent};
pub use crate::router::{Action, Dial, Listener, LogClass, Router, StreamId};
