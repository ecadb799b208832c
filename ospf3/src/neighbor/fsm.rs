//! The state machine of a neighbour as one table (RFC 2328 §10.1 to §10.3).

use core::fmt;

/// State of a conversation with a neighbour (RFC 2328 §10.1), in order of progressing functionality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum NeighborState {
    /// Nothing was heard lately.
    #[default]
    Down,
    /// Nothing was heard lately, and Hellos are sent often to a neighbour that is configured.
    Attempt,
    /// A Hello was heard that does not name us.
    Init,
    /// Both hear one another.
    TwoWay,
    /// Who leads the database exchange is being settled.
    ExStart,
    /// The databases are being described.
    Exchange,
    /// LSAs are still being requested.
    Loading,
    /// The databases are equal; the adjacency is in LSAs.
    Full,
}

impl NeighborState {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Down,
        Self::Attempt,
        Self::Init,
        Self::TwoWay,
        Self::ExStart,
        Self::Exchange,
        Self::Loading,
        Self::Full,
    ];

    /// Whether the databases are being exchanged: Exchange or Loading.
    pub const fn is_exchanging(self) -> bool {
        matches!(self, Self::Exchange | Self::Loading)
    }
}

impl fmt::Display for NeighborState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Down => "Down",
            Self::Attempt => "Attempt",
            Self::Init => "Init",
            Self::TwoWay => "2-Way",
            Self::ExStart => "ExStart",
            Self::Exchange => "Exchange",
            Self::Loading => "Loading",
            Self::Full => "Full",
        })
    }
}

/// Events, named as in RFC 2328 §10.2. Start is there for the table to be whole: whom a router tries to reach and has not heard,
/// the interface knows.
#[cfg_attr(not(test), expect(dead_code, reason = "the table is that of the RFC, whole"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NeighborInput {
    HelloReceived,
    Start,
    TwoWayReceived,
    NegotiationDone,
    ExchangeDone,
    BadLsReq,
    LoadingDone,
    AdjOk,
    SeqNumberMismatch,
    OneWayReceived,
    KillNbr,
    InactivityTimer,
    LlDown,
}

/// What a transition does, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Send a Hello to the neighbour.
    SendHello,
    /// Start the Inactivity Timer, or start it anew.
    StartInactivity,
    /// Stop the Inactivity Timer.
    StopInactivity,
    /// Empty the retransmission, summary and request lists.
    ClearLists,
    /// Next DD sequence number, be master, and send an empty Database Description packet until it is answered.
    Negotiate,
    /// Put the database on the summary list.
    ListDatabase,
    /// Send Link State Requests.
    SendRequests,
}

/// What of a neighbour its transitions depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// An adjacency should be there (RFC 2328 §10.4).
    pub(crate) adjacency: bool,
    /// The Link state request list is empty.
    pub(crate) nothing_to_request: bool,
}

/// The next state, and what to do on the way. An event that the RFC does not define for a state changes nothing.
pub(crate) const fn transition(
    state: NeighborState,
    event: NeighborInput,
    facts: Facts,
) -> (NeighborState, &'static [Step]) {
    use NeighborInput as Event;
    use NeighborState::{Attempt, Down, ExStart, Exchange, Full, Init, Loading, TwoWay};
    match (state, event) {
        (Down, Event::Start) => (Attempt, &[Step::SendHello, Step::StartInactivity]),
        (Down | Attempt, Event::HelloReceived) => (Init, &[Step::StartInactivity]),
        (_, Event::HelloReceived) => (state, &[Step::StartInactivity]),
        (Init, Event::TwoWayReceived) | (TwoWay, Event::AdjOk) => {
            if facts.adjacency {
                (ExStart, &[Step::Negotiate])
            } else {
                (TwoWay, &[])
            }
        }
        (ExStart, Event::NegotiationDone) => (Exchange, &[Step::ListDatabase]),
        (Exchange, Event::ExchangeDone) => {
            if facts.nothing_to_request {
                (Full, &[])
            } else {
                (Loading, &[Step::SendRequests])
            }
        }
        (Loading, Event::LoadingDone) => (Full, &[]),
        (ExStart | Exchange | Loading | Full, Event::AdjOk) => {
            if facts.adjacency {
                (state, &[])
            } else {
                (TwoWay, &[Step::ClearLists])
            }
        }
        (Exchange | Loading | Full, Event::SeqNumberMismatch | Event::BadLsReq) => {
            (ExStart, &[Step::ClearLists, Step::Negotiate])
        }
        (_, Event::KillNbr | Event::LlDown) => (Down, &[Step::ClearLists, Step::StopInactivity]),
        (_, Event::InactivityTimer) => (Down, &[Step::ClearLists]),
        (TwoWay | ExStart | Exchange | Loading | Full, Event::OneWayReceived) => {
            (Init, &[Step::ClearLists])
        }
        _ => (state, &[]),
    }
}

#[cfg(test)]
mod tests;
