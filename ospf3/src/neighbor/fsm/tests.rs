//! Every entry of the table against the text of RFC 2328 §10.3, written down entry by entry.

use super::*;
use NeighborInput::*;
use NeighborState::*;

const EVENTS: [NeighborInput; 13] = [
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
];

/// The states an entry is for, as the RFC writes them.
#[derive(Clone, Copy)]
enum States {
    One(NeighborState),
    OrGreater(NeighborState),
    Any,
}

impl States {
    fn contains(self, state: NeighborState) -> bool {
        match self {
            Self::One(one) => state == one,
            Self::OrGreater(least) => state >= least,
            Self::Any => true,
        }
    }
}

/// The new state, as the RFC writes it.
#[derive(Clone, Copy)]
enum New {
    Is(NeighborState),
    NoChange,
    /// "Determine whether an adjacency should be established": one way or the other.
    Adjacency {
        yes: NeighborState,
        no: NeighborState,
    },
    /// "Determine whether the neighboring router should still be adjacent": no change if so.
    StillAdjacent,
    /// "If the neighbor Link state request list is empty".
    RequestsEmpty,
}

struct Entry {
    states: States,
    event: NeighborInput,
    new: New,
    /// What is done in any case, or in the case that is not "no further action".
    action: &'static [Step],
}

const fn entry(states: States, event: NeighborInput, new: New, action: &'static [Step]) -> Entry {
    Entry { states, event, new, action }
}

/// In the order of RFC 2328 §10.3.
const TABLE: &[Entry] = &[
    entry(States::One(Down), Start, New::Is(Attempt), &[Step::SendHello, Step::StartInactivity]),
    entry(States::One(Attempt), HelloReceived, New::Is(Init), &[Step::StartInactivity]),
    entry(States::One(Down), HelloReceived, New::Is(Init), &[Step::StartInactivity]),
    entry(States::OrGreater(Init), HelloReceived, New::NoChange, &[Step::StartInactivity]),
    entry(
        States::One(Init),
        TwoWayReceived,
        New::Adjacency { yes: ExStart, no: TwoWay },
        &[Step::Negotiate],
    ),
    entry(States::One(ExStart), NegotiationDone, New::Is(Exchange), &[Step::ListDatabase]),
    entry(States::One(Exchange), ExchangeDone, New::RequestsEmpty, &[Step::SendRequests]),
    entry(States::One(Loading), LoadingDone, New::Is(Full), &[]),
    entry(
        States::One(TwoWay),
        AdjOk,
        New::Adjacency { yes: ExStart, no: TwoWay },
        &[Step::Negotiate],
    ),
    entry(States::OrGreater(ExStart), AdjOk, New::StillAdjacent, &[Step::ClearLists]),
    entry(
        States::OrGreater(Exchange),
        SeqNumberMismatch,
        New::Is(ExStart),
        &[Step::ClearLists, Step::Negotiate],
    ),
    entry(
        States::OrGreater(Exchange),
        BadLsReq,
        New::Is(ExStart),
        &[Step::ClearLists, Step::Negotiate],
    ),
    entry(States::Any, KillNbr, New::Is(Down), &[Step::ClearLists, Step::StopInactivity]),
    entry(States::Any, LlDown, New::Is(Down), &[Step::ClearLists, Step::StopInactivity]),
    entry(States::Any, InactivityTimer, New::Is(Down), &[Step::ClearLists]),
    entry(States::OrGreater(TwoWay), OneWayReceived, New::Is(Init), &[Step::ClearLists]),
    entry(States::OrGreater(TwoWay), TwoWayReceived, New::NoChange, &[]),
    entry(States::One(Init), OneWayReceived, New::NoChange, &[]),
];

fn expected(state: NeighborState, entry: &Entry, facts: Facts) -> (NeighborState, &'static [Step]) {
    match entry.new {
        New::Is(new) => (new, entry.action),
        New::NoChange => (state, entry.action),
        New::Adjacency { yes, .. } if facts.adjacency => (yes, entry.action),
        New::Adjacency { no, .. } => (no, &[]),
        New::StillAdjacent if facts.adjacency => (state, &[]),
        New::StillAdjacent => (TwoWay, entry.action),
        New::RequestsEmpty if facts.nothing_to_request => (Full, &[]),
        New::RequestsEmpty => (Loading, entry.action),
    }
}

#[test]
fn rfc2328_10_3_every_entry() {
    let mut defined = 0;
    for state in NeighborState::ALL {
        for event in EVENTS {
            let entries: Vec<_> = TABLE
                .iter()
                .filter(|entry| entry.event == event && entry.states.contains(state))
                .collect();
            assert!(entries.len() <= 1, "{state} {event:?}");
            defined += entries.len();
            for bits in 0..4 {
                let facts = Facts { adjacency: bits & 1 != 0, nothing_to_request: bits & 2 != 0 };
                let expected = entries
                    .first()
                    .map_or((state, [].as_slice()), |entry| expected(state, entry, facts));
                assert_eq!(
                    transition(state, event, facts),
                    expected,
                    "{state} {event:?} {facts:?}"
                );
            }
        }
    }
    // Start 1, HelloReceived 8, 2-WayReceived 6, NegotiationDone, ExchangeDone and LoadingDone 1 each, AdjOK? 5,
    // SeqNumberMismatch and BadLSReq 3 each, 1-WayReceived 6, and three events in all 8 states.
    assert_eq!(defined, 1 + 8 + 6 + 3 + 5 + 6 + 6 + 24);
}

#[test]
fn states_are_ordered_as_in_the_rfc() {
    assert!(NeighborState::ALL.is_sorted());
    let exchanging: Vec<_> =
        NeighborState::ALL.into_iter().filter(|state| state.is_exchanging()).collect();
    assert_eq!(exchanging, [Exchange, Loading]);
}
