//! The state machine of one connection as one table (RFC 4271 §8.2.2).
//!
//! Optional session attributes (§8): AllowAutomaticStart, AllowAutomaticStop, DampPeerOscillations and
//! SendNOTIFICATIONwithoutOPEN are on; DelayOpen and PassiveTcpEstablishment as configured;
//! CollisionDetectEstablishedState holds for connections that were there before the session was established
//! (see [`crate::collision`]).
//!
//! Where the table departs from the RFC's text, a comment says "not" and why.

use core::fmt;

/// State of a connection, or of the whole session: that of its furthest connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Nothing is done, connections are refused.
    Idle,
    /// A connection is being dialled.
    Connect,
    /// Waits for the neighbour to connect, or for the time to dial.
    Active,
    /// The OPEN was sent.
    OpenSent,
    /// The neighbour's OPEN was accepted.
    OpenConfirm,
    /// Routes flow.
    Established,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Idle => "Idle",
            Self::Connect => "Connect",
            Self::Active => "Active",
            Self::OpenSent => "OpenSent",
            Self::OpenConfirm => "OpenConfirm",
            Self::Established => "Established",
        })
    }
}

/// Events, named and numbered as in RFC 4271 §8.1.
#[cfg_attr(not(test), expect(dead_code, reason = "the table is that of the RFC, whole"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum FsmEvent {
    ManualStart = 1,
    ManualStop = 2,
    AutomaticStart = 3,
    ManualStartWithPassiveTcpEstablishment = 4,
    AutomaticStartWithPassiveTcpEstablishment = 5,
    AutomaticStartWithDampPeerOscillations = 6,
    AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment = 7,
    AutomaticStop = 8,
    ConnectRetryTimerExpires = 9,
    HoldTimerExpires = 10,
    KeepaliveTimerExpires = 11,
    DelayOpenTimerExpires = 12,
    IdleHoldTimerExpires = 13,
    TcpConnectionValid = 14,
    TcpCrInvalid = 15,
    TcpCrAcked = 16,
    TcpConnectionConfirmed = 17,
    TcpConnectionFails = 18,
    BgpOpen = 19,
    BgpOpenWithDelayOpenTimerRunning = 20,
    BgpHeaderErr = 21,
    BgpOpenMsgErr = 22,
    OpenCollisionDump = 23,
    NotifMsgVerErr = 24,
    NotifMsg = 25,
    KeepAliveMsg = 26,
    UpdateMsg = 27,
    UpdateMsgErr = 28,
    /// RFC 9687 §3.1
    SendHoldTimerExpires = 29,
    /// Event 16 or 17 in Established, of a neighbour that may be restarting (RFC 4724 §5). The new connection is
    /// that of the other state machine.
    NeighborRestarted,
    /// A ROUTE-REFRESH came (RFC 2918): not in RFC 4271, and an unexpected message as in RFC 6608.
    RouteRefreshMsg,
}

/// What a transition does, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Set ConnectRetryCounter to zero.
    ClearCounter,
    /// Add one to ConnectRetryCounter, and damp oscillations.
    Count,
    /// Start ConnectRetryTimer with ConnectRetryTime: how long an attempt may take.
    StartConnectRetry,
    /// Start ConnectRetryTimer with the pause until the next attempt. The RFC has but one value for both, and
    /// calls it a local matter.
    StartConnectDelay,
    /// Stop ConnectRetryTimer.
    StopConnectRetry,
    /// Start DelayOpenTimer.
    StartDelayOpen,
    /// Stop DelayOpenTimer.
    StopDelayOpen,
    /// Connect to the neighbour.
    Dial,
    /// Send OPEN.
    SendOpen,
    /// Send KEEPALIVE and start KeepaliveTimer anew.
    SendKeepalive,
    /// Start HoldTimer with a large value.
    StartLargeHold,
    /// Start HoldTimer anew with the negotiated value.
    StartHold,
    /// Send the NOTIFICATION that goes with the event.
    Notify,
    /// Send a Finite State Machine Error (RFC 6608).
    NotifyFsmError,
    /// Drop the connection and stop all its timers.
    Drop,
    /// The session is up.
    Establish,
    /// Hand the message to the host.
    Deliver,
}

/// Connection up, and no reason to wait.
const OPEN: &[Step] = &[Step::StopConnectRetry, Step::SendOpen, Step::StartLargeHold];
/// Connection up, but the neighbour is to speak first.
const DELAY: &[Step] = &[Step::StopConnectRetry, Step::StartDelayOpen];
/// The neighbour's OPEN, before ours was sent and after.
const ACCEPT_EARLY: &[Step] = &[
    Step::StopConnectRetry,
    Step::StopDelayOpen,
    Step::SendOpen,
    Step::SendKeepalive,
    Step::StartHold,
];
const ACCEPT: &[Step] =
    &[Step::StopDelayOpen, Step::StopConnectRetry, Step::SendKeepalive, Step::StartHold];
const WAIT: &[Step] = &[Step::Drop, Step::StartConnectDelay];
const STOP: &[Step] = &[Step::Drop, Step::ClearCounter];
const CEASE: &[Step] = &[Step::Notify, Step::Drop, Step::ClearCounter];
const QUIT: &[Step] = &[Step::Drop];
const FAIL: &[Step] = &[Step::Drop, Step::Count];
const NOTIFY: &[Step] = &[Step::Notify, Step::Drop, Step::Count];
const FSM_ERROR: &[Step] = &[Step::NotifyFsmError, Step::Drop, Step::Count];

/// The next state, and what to do on the way. `delay_open` tells whether DelayOpen is configured when a
/// connection comes up (events 16 and 17), and whether DelayOpenTimer is running in all other events.
#[rustfmt::skip]
pub(crate) const fn transition(
    state: State,
    event: FsmEvent,
    delay_open: bool,
) -> (State, &'static [Step]) {
    use FsmEvent::*;
    use State::*;
    use Step::*;
    match (state, event) {
        // Starts count in Idle only, and nothing else does there.
        (Idle, ManualStart | AutomaticStart) => (Connect, &[ClearCounter, StartConnectRetry, Dial]),
        (Idle, ManualStartWithPassiveTcpEstablishment | AutomaticStartWithPassiveTcpEstablishment) =>
            (Active, &[ClearCounter, StartConnectRetry]),
        (Idle, AutomaticStartWithDampPeerOscillations | IdleHoldTimerExpires) =>
            (Connect, &[StartConnectRetry, Dial]),
        (Idle, AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment) =>
            (Active, &[StartConnectRetry]),
        (Idle, _) => (Idle, &[]),
        (_, ManualStart | AutomaticStart | ManualStartWithPassiveTcpEstablishment
            | AutomaticStartWithPassiveTcpEstablishment | AutomaticStartWithDampPeerOscillations
            | AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment) => (state, &[]),

        // What the operating system may tell of other connections.
        (_, TcpConnectionValid | TcpCrInvalid) => (state, &[]),

        // Connect and Active: no OPEN was sent.
        (Connect, ManualStop) => (Idle, STOP),
        (Active, ManualStop) => (Idle, if delay_open { CEASE } else { STOP }),
        (Connect, ConnectRetryTimerExpires) => (Connect, &[Drop, StartConnectRetry, Dial]),
        (Active, ConnectRetryTimerExpires) => (Connect, &[StartConnectRetry, Dial]),
        (Connect | Active, DelayOpenTimerExpires) => (OpenSent, OPEN),
        (Connect | Active, TcpCrAcked | TcpConnectionConfirmed) =>
            if delay_open { (state, DELAY) } else { (OpenSent, OPEN) },
        (Connect, TcpConnectionFails) => if delay_open { (Active, WAIT) } else { (Idle, QUIT) },
        (Active, TcpConnectionFails) => (Idle, FAIL),
        (Connect | Active, BgpOpenWithDelayOpenTimerRunning) => (OpenConfirm, ACCEPT_EARLY),
        (Connect | Active, BgpHeaderErr | BgpOpenMsgErr) => (Idle, NOTIFY),
        (Connect | Active, NotifMsgVerErr) => (Idle, if delay_open { QUIT } else { FAIL }),
        (Connect | Active, _) => (Idle, FAIL),

        // OpenSent, OpenConfirm and Established: another connection has a table of its own (§8.2.1).
        (_, TcpCrAcked | TcpConnectionConfirmed) => (state, &[]),
        (_, ManualStop) => (Idle, CEASE),
        (_, AutomaticStop | HoldTimerExpires | OpenCollisionDump) => (Idle, NOTIFY),
        (OpenConfirm | Established, SendHoldTimerExpires) => (Idle, NOTIFY),
        // Not a Finite State Machine Error in Established: §6.1 has codes for these.
        (_, BgpHeaderErr) => (Idle, NOTIFY),
        (OpenSent | OpenConfirm, BgpOpenMsgErr) => (Idle, NOTIFY),
        // Not answered in OpenSent: a NOTIFICATION never is (§6.4).
        (_, NotifMsg) => (Idle, FAIL),
        (OpenSent | OpenConfirm, NotifMsgVerErr) => (Idle, QUIT),
        (Established, NotifMsgVerErr) => (Idle, FAIL),

        (OpenSent, TcpConnectionFails) => (Active, WAIT),
        (OpenSent, BgpOpen) => (OpenConfirm, ACCEPT),

        (OpenConfirm | Established, TcpConnectionFails) => (Idle, FAIL),
        (OpenConfirm | Established, KeepaliveTimerExpires) => (state, &[SendKeepalive]),
        (OpenConfirm, KeepAliveMsg) => (Established, &[StartHold, Establish]),

        (Established, NeighborRestarted) => (Idle, STOP),
        (Established, KeepAliveMsg) => (Established, &[StartHold]),
        (Established, UpdateMsg) => (Established, &[StartHold, Deliver]),
        (Established, UpdateMsgErr) => (Idle, NOTIFY),
        (Established, RouteRefreshMsg) => (Established, &[Deliver]),

        // Whatever else comes is unexpected (RFC 6608). That is also a second OPEN on the same connection.
        (OpenSent | OpenConfirm | Established, _) => (Idle, FSM_ERROR),
    }
}

#[cfg(test)]
mod tests;
