//! One BGP neighbour as a value: the RFC 4271 state machine without I/O, clock or threads.
//!
//! A [`Session`] takes bytes and time and gives bytes and events. This is the whole run loop, with two sessions
//! that talk through memory under a virtual clock:
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::time::Duration;
//! use bgp_fsm::{Action, ConnectionId, Endpoints, Event, Session, SessionConfig};
//! use bytes::BytesMut;
//!
//! let mut dialler = Session::new(SessionConfig::new(65001, Some(65002), "192.0.2.1".parse()?), 1);
//! let mut config = SessionConfig::new(65002, Some(65001), "192.0.2.2".parse()?);
//! config.passive = true;
//! let mut listener = Session::new(config, 2);
//! let ends = Endpoints { local: "192.0.2.1:40000".parse()?, remote: "192.0.2.2:179".parse()? };
//!
//! let mut now = Duration::ZERO;
//! dialler.start(now);
//! listener.start(now);
//! // Which connection of the listener belongs to which of the dialler.
//! let mut wires: BTreeMap<ConnectionId, ConnectionId> = BTreeMap::new();
//! let mut established = 0;
//! while established < 2 {
//!     // 1. What the sessions want done.
//!     while let Some(action) = dialler.poll_action() {
//!         if let Action::Connect(id) = action {
//!             let swapped = Endpoints { local: ends.remote, remote: ends.local };
//!             let other = listener.handle_accepted(now, swapped).ok_or("refused")?;
//!             wires.insert(id, other);
//!             dialler.handle_connected(now, id, ends);
//!         }
//!     }
//!     // 2. Bytes, both ways.
//!     while let Some((id, bytes)) = dialler.poll_transmit() {
//!         listener.handle_input(now, wires[&id], &mut BytesMut::from(&bytes[..]));
//!     }
//!     while let Some((id, bytes)) = listener.poll_transmit() {
//!         let (to, _) = wires.iter().find(|(_, other)| **other == id).ok_or("no such wire")?;
//!         dialler.handle_input(now, *to, &mut BytesMut::from(&bytes[..]));
//!     }
//!     // 3. Events.
//!     for session in [&mut dialler, &mut listener] {
//!         while let Some(event) = session.poll_event() {
//!             established += usize::from(matches!(event, Event::Established(_)));
//!         }
//!     }
//!     // 4. Time goes on to the next deadline when nothing else is to be done.
//!     let next = [dialler.poll_timeout(), listener.poll_timeout()].into_iter().flatten().min();
//!     now = next.ok_or("nothing to wait for")?.max(now);
//!     dialler.handle_timeout(now);
//!     listener.handle_timeout(now);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(not(any(feature = "std", test)), no_std)]

extern crate alloc;

mod collision;
mod config;
mod connection;
mod error;
mod event;
mod fsm;
mod negotiate;
mod session;
mod timer;

pub use config::SessionConfig;
pub use error::{ConnectError, DownReason, LastError};
pub use event::{Action, ConnectionId, Endpoints, Event, Messages, Shutdown, Statistics};
pub use fsm::State;
pub use negotiate::Negotiated;
pub use session::Session;
pub use timer::Timer;
