//! An interface: its state machine, and the election of the Designated Router (RFC 2328 §9).

pub(crate) mod election;
pub(crate) mod fsm;
