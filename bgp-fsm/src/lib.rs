//! One BGP neighbour as a value: the RFC 4271 state machine without I/O, clock or threads.
//!
//! A [`Session`] takes connections, bytes and the time, and gives bytes, actions and events. It dials and
//! listens, negotiates, keeps the timers, resolves collisions, and answers errors. What a program has to do
//! is this loop; here two sessions talk through memory under a virtual clock:
//!
//! ```
//! use std::time::Duration;
//! use bgp_fsm::{Action, Endpoints, Event, Session, SessionConfig};
//! use bytes::BytesMut;
//!
//! let dialling = SessionConfig::new(65001, Some(65002), "192.0.2.1".parse()?);
//! let mut waiting = SessionConfig::new(65002, Some(65001), "192.0.2.2".parse()?);
//! waiting.passive = true;
//! let mut sessions = [Session::new(dialling, 1), Session::new(waiting, 2)];
//! let (local, remote) = ("192.0.2.1:40000".parse()?, "192.0.2.2:179".parse()?);
//! let ends = [Endpoints { local, remote }, Endpoints { local: remote, remote: local }];
//!
//! // The connection, by the number that each side has for it, and the bytes that have arrived there.
//! let mut connection = [None; 2];
//! let mut received = [BytesMut::new(), BytesMut::new()];
//! let mut established = [false; 2];
//! let mut now = Duration::ZERO;
//! sessions.iter_mut().for_each(|session| session.start(now));
//!
//! while established != [true; 2] {
//!     let mut busy = false;
//!     for side in 0..2 {
//!         let other = 1 - side;
//!         // 1. What came in. What is left in the buffer stays for the next time.
//!         if let Some(id) = connection[side] {
//!             sessions[side].handle_input(now, id, &mut received[side]);
//!         }
//!         // 2. What is to be sent.
//!         while let Some((_, bytes)) = sessions[side].poll_transmit() {
//!             received[other].extend_from_slice(&bytes);
//!             busy = true;
//!         }
//!         // 3. What else is to be done.
//!         while let Some(action) = sessions[side].poll_action() {
//!             match action {
//!                 Action::Connect(id) => {
//!                     connection[side] = Some(id);
//!                     connection[other] = sessions[other].handle_accepted(now, ends[other]);
//!                     match connection[other] {
//!                         Some(_) => sessions[side].handle_connected(now, id, ends[side]),
//!                         None => sessions[side].handle_connect_failed(now, id, "refused"),
//!                     }
//!                 }
//!                 Action::Close(_) => {
//!                     connection[side] = None;
//!                     if let Some(id) = connection[other] {
//!                         sessions[other].handle_disconnected(now, id);
//!                     }
//!                 }
//!             }
//!             busy = true;
//!         }
//!         // 4. What has happened.
//!         while let Some(event) = sessions[side].poll_event() {
//!             match event {
//!                 Event::Established(negotiated) => {
//!                     println!("{now:?}: up, hold time {:?}", negotiated.hold_time);
//!                     established[side] = true;
//!                 }
//!                 Event::Update(update) => println!("routes: {:?}", update.reach().next()),
//!                 Event::RouteRefresh(refresh) => println!("wants all of {}", refresh.family),
//!                 Event::Down { reason, .. } => println!("{now:?}: {reason}"),
//!                 // Of features that were not configured here.
//!                 Event::Filters(..) | Event::Stale(..) => {}
//!             }
//!         }
//!     }
//!     // 5. Nothing more to do: until the next deadline. A real program waits for its sockets too.
//!     if !busy {
//!         let deadlines = sessions.iter().filter_map(Session::poll_timeout);
//!         now = deadlines.min().ok_or("nothing to wait for")?.max(now);
//!         sessions.iter_mut().for_each(|session| session.handle_timeout(now));
//!     }
//! }
//! assert!(sessions.iter().all(|session| session.established().is_some()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `tokio` the module `tokio` has this loop for TCP sockets. Without default features the
//! crate needs no `std`.

#![cfg_attr(not(feature = "tokio"), forbid(unsafe_code))]
#![cfg_attr(not(any(feature = "std", test)), no_std)]

extern crate alloc;

mod collision;
mod config;
mod connection;
mod deferral;
mod dynamic;
mod error;
mod event;
mod fsm;
mod limit;
mod negotiate;
mod offer;
mod orf;
mod record;
mod retention;
mod session;
mod statistics;
mod status;
mod timer;
#[cfg(feature = "tokio")]
pub mod tokio;

pub use config::{FamilyConfig, Forwarding, RemoteAs, RestartConfig, SessionConfig};
pub use deferral::Deferral;
pub use dynamic::{DynamicNeighbors, NeighborRange, NeighborRefused};
pub use error::{ConnectError, DownReason, LastError};
pub use event::{Action, ConnectionId, Endpoints, Event, Shutdown, Stale};
pub use fsm::State;
pub use negotiate::{Families, Negotiated};
pub use orf::PrefixFilters;
pub use record::{Input, Recorder, Replay, ReplayError, ReplayStep};
pub use retention::StaleReason;
pub use session::Session;
pub use statistics::{Messages, Statistics};
pub use status::Status;
pub use timer::Timer;

/// The run loop of the project's README, compiled.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../../README.md")]
struct Readme;
