//! A neighbour: its state machine (RFC 2328 §10).

pub(crate) mod fsm;
