//! One of the two state machines of a session, and the connection it has or had.

use alloc::boxed::Box;

use bgp_wire::{MessageType, Notification, NotificationCode, Open, subcode};
use bytes::Bytes;

use crate::event::{ConnectionId, Endpoints};
use crate::fsm::State;
use crate::negotiate::Negotiated;
use crate::timer::Timers;

/// A state machine. Without a transport in Idle, and in Active while it waits.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) state: State,
    pub(crate) timers: Timers,
    pub(crate) transport: Option<Transport>,
    /// Bytes have come that were not taken yet because events wait.
    pub(crate) backlog: bool,
}

/// A TCP connection that is being dialled, or is open.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    pub(crate) id: ConnectionId,
    /// `None` while it is being dialled.
    pub(crate) ends: Option<Endpoints>,
    pub(crate) dialled: bool,
    /// The OPEN that was sent, until the neighbour's comes.
    pub(crate) local: Option<Box<Open>>,
    /// From OpenConfirm on.
    pub(crate) negotiated: Option<Box<Negotiated>>,
}

impl Transport {
    pub(crate) const fn dialled(id: ConnectionId) -> Self {
        Self { id, ends: None, dialled: true, local: None, negotiated: None }
    }

    pub(crate) const fn accepted(id: ConnectionId, ends: Endpoints) -> Self {
        Self { id, ends: Some(ends), dialled: false, local: None, negotiated: None }
    }
}

impl Connection {
    pub(crate) fn idle() -> Self {
        Self { state: State::Idle, timers: Timers::default(), transport: None, backlog: false }
    }

    /// In Active, without a connection: it waits for the neighbour's, or for the time to dial.
    pub(crate) fn waits(&self) -> bool {
        self.state == State::Active && self.transport.is_none()
    }

    /// Whether bytes can be exchanged.
    pub(crate) fn is_open(&self) -> bool {
        self.transport.as_ref().is_some_and(|transport| transport.ends.is_some())
    }

    pub(crate) fn has(&self, id: ConnectionId) -> bool {
        self.transport.as_ref().is_some_and(|transport| transport.id == id)
    }

    pub(crate) fn negotiated(&self) -> Option<&Negotiated> {
        self.transport.as_ref()?.negotiated.as_deref()
    }
}

/// The NOTIFICATION that answers what is unexpected in `state` (RFC 6608). The data is the message's type; a
/// timer has none.
pub(crate) fn unexpected(state: State, message: Option<MessageType>) -> Notification {
    use subcode::fsm;
    let code = NotificationCode::FINITE_STATE_MACHINE;
    let Some(MessageType(kind)) = message else {
        return Notification::new(code, fsm::UNSPECIFIED);
    };
    let subcode = match state {
        State::OpenSent => fsm::UNEXPECTED_MESSAGE_IN_OPEN_SENT,
        State::OpenConfirm => fsm::UNEXPECTED_MESSAGE_IN_OPEN_CONFIRM,
        State::Established => fsm::UNEXPECTED_MESSAGE_IN_ESTABLISHED,
        State::Idle | State::Connect | State::Active => fsm::UNSPECIFIED,
    };
    Notification::with_data(code, subcode, Bytes::copy_from_slice(&[kind]))
}
