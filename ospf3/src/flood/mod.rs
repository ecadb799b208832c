//! The flooding procedure (RFC 2328 §13, §14; RFC 5340 §4.5).

mod acknowledge;
mod aging;
mod arrivals;
pub(crate) mod pacing;
mod receive;
pub(crate) mod retransmission;
mod send;

pub(crate) use arrivals::Arrivals;
pub(crate) use receive::From;
