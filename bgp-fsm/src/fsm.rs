//! The state machine of one connection as one table (RFC 4271 §8.2.2).
//!
//! The table departs from the RFC's text in few places, each marked below:
//!
//! - A failed attempt to connect leads to Active with the ConnectRetryTimer running, not to Idle, so that the
//!   neighbour can still reach us meanwhile.
//! - A NOTIFICATION is never answered by a NOTIFICATION (§6.4), also where a state lists it under "any other
//!   event".
//! - A header error in Established is answered with the code of §6.1, not with a Finite State Machine Error.

use core::fmt;

/// State of a connection, or of the whole session: the furthest of its connections.
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

impl State {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Idle,
        Self::Connect,
        Self::Active,
        Self::OpenSent,
        Self::OpenConfirm,
        Self::Established,
    ];
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

/// Events, named as in RFC 4271 §8.1. The number is the RFC's.
#[expect(missing_docs, reason = "the names are the RFC's")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FsmEvent {
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
}

impl FsmEvent {
    /// All of them, by number.
    pub const ALL: [Self; 28] = [
        Self::ManualStart,
        Self::ManualStop,
        Self::AutomaticStart,
        Self::ManualStartWithPassiveTcpEstablishment,
        Self::AutomaticStartWithPassiveTcpEstablishment,
        Self::AutomaticStartWithDampPeerOscillations,
        Self::AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment,
        Self::AutomaticStop,
        Self::ConnectRetryTimerExpires,
        Self::HoldTimerExpires,
        Self::KeepaliveTimerExpires,
        Self::DelayOpenTimerExpires,
        Self::IdleHoldTimerExpires,
        Self::TcpConnectionValid,
        Self::TcpCrInvalid,
        Self::TcpCrAcked,
        Self::TcpConnectionConfirmed,
        Self::TcpConnectionFails,
        Self::BgpOpen,
        Self::BgpOpenWithDelayOpenTimerRunning,
        Self::BgpHeaderErr,
        Self::BgpOpenMsgErr,
        Self::OpenCollisionDump,
        Self::NotifMsgVerErr,
        Self::NotifMsg,
        Self::KeepAliveMsg,
        Self::UpdateMsg,
        Self::UpdateMsgErr,
    ];
}

/// What a transition does, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Set ConnectRetryCounter to zero.
    ClearCounter,
    /// Add one to ConnectRetryCounter.
    Count,
    /// Start ConnectRetryTimer anew.
    StartConnectRetry,
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
    /// Start HoldTimer, anew, with the negotiated value.
    StartHold,
    /// Send the NOTIFICATION that the event calls for.
    Notify,
    /// Send a Finite State Machine Error.
    NotifyFsmError,
    /// Drop the connection and stop all timers.
    Drop,
    /// The session is up.
    Establish,
    /// Hand the message to the host.
    Deliver,
}

/// The next state and what to do on the way. `delay_open` tells whether DelayOpen is configured (when a
/// connection comes up) or DelayOpenTimer is running (in all other events).
pub const fn transition(
    state: State,
    event: FsmEvent,
    delay_open: bool,
) -> (State, &'static [Step]) {
    match state {
        State::Idle => idle(event),
        State::Connect | State::Active => connecting(state, event, delay_open),
        State::OpenSent => open_sent(event),
        State::OpenConfirm => open_confirm(event),
        State::Established => established(event),
    }
}

const fn idle(event: FsmEvent) -> (State, &'static [Step]) {
    use FsmEvent as E;
    use Step as S;
    match event {
        E::ManualStart
        | E::AutomaticStart
        | E::AutomaticStartWithDampPeerOscillations
        // The way back from a failure (§8.1.3): a start without clearing the counter.
        | E::IdleHoldTimerExpires => (State::Connect, &[S::StartConnectRetry, S::Dial]),
        E::ManualStartWithPassiveTcpEstablishment
        | E::AutomaticStartWithPassiveTcpEstablishment
        | E::AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment => {
            (State::Active, &[S::StartConnectRetry])
        }
        _ => (State::Idle, &[]),
    }
}

/// Connect and Active differ in what ends an attempt to connect.
const fn connecting(state: State, event: FsmEvent, delay_open: bool) -> (State, &'static [Step]) {
    use FsmEvent as E;
    use Step as S;
    match event {
        E::ManualStart
        | E::AutomaticStart
        | E::ManualStartWithPassiveTcpEstablishment
        | E::AutomaticStartWithPassiveTcpEstablishment
        | E::AutomaticStartWithDampPeerOscillations
        | E::AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment
        | E::TcpConnectionValid
        | E::TcpCrInvalid => (state, &[]),
        E::ManualStop => (State::Idle, &[S::Drop, S::ClearCounter]),
        E::ConnectRetryTimerExpires => (State::Connect, &[S::Drop, S::StartConnectRetry, S::Dial]),
        E::DelayOpenTimerExpires => {
            (State::OpenSent, &[S::StopConnectRetry, S::SendOpen, S::StartLargeHold])
        }
        E::TcpCrAcked | E::TcpConnectionConfirmed => {
            if delay_open {
                (state, &[S::StopConnectRetry, S::StartDelayOpen])
            } else {
                (State::OpenSent, &[S::StopConnectRetry, S::SendOpen, S::StartLargeHold])
            }
        }
        E::TcpConnectionFails => match state {
            // Not Idle where no DelayOpenTimer runs: see the module's documentation.
            State::Connect => (State::Active, &[S::Drop, S::StartConnectRetry]),
            _ => (State::Idle, &[S::Drop, S::Count]),
        },
        E::BgpOpenWithDelayOpenTimerRunning => (
            State::OpenConfirm,
            &[S::StopConnectRetry, S::StopDelayOpen, S::SendOpen, S::SendKeepalive, S::StartHold],
        ),
        // §8.2.2 lets the NOTIFICATION depend on SendNotificationWithoutOpen, which is not supported.
        E::NotifMsgVerErr if delay_open => (State::Idle, &[S::Drop]),
        _ => (State::Idle, &[S::Drop, S::Count]),
    }
}

const fn open_sent(event: FsmEvent) -> (State, &'static [Step]) {
    use FsmEvent as E;
    use Step as S;
    match event {
        E::ManualStart
        | E::AutomaticStart
        | E::ManualStartWithPassiveTcpEstablishment
        | E::AutomaticStartWithPassiveTcpEstablishment
        | E::AutomaticStartWithDampPeerOscillations
        | E::AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment
        // A second connection has a state machine of its own (§8.2.1).
        | E::TcpConnectionValid
        | E::TcpCrInvalid
        | E::TcpCrAcked
        | E::TcpConnectionConfirmed => (State::OpenSent, &[]),
        E::ManualStop => (State::Idle, &[S::Notify, S::Drop, S::ClearCounter]),
        E::AutomaticStop
        | E::HoldTimerExpires
        | E::BgpHeaderErr
        | E::BgpOpenMsgErr
        | E::OpenCollisionDump => (State::Idle, &[S::Notify, S::Drop, S::Count]),
        E::TcpConnectionFails => (State::Active, &[S::Drop, S::StartConnectRetry]),
        E::BgpOpen => {
            (State::OpenConfirm, &[S::StopConnectRetry, S::StopDelayOpen, S::SendKeepalive, S::StartHold])
        }
        E::NotifMsgVerErr => (State::Idle, &[S::Drop]),
        // Never answered: see the module's documentation.
        E::NotifMsg => (State::Idle, &[S::Drop, S::Count]),
        _ => (State::Idle, &[S::NotifyFsmError, S::Drop, S::Count]),
    }
}

const fn open_confirm(event: FsmEvent) -> (State, &'static [Step]) {
    use FsmEvent as E;
    use Step as S;
    match event {
        E::ManualStart
        | E::AutomaticStart
        | E::ManualStartWithPassiveTcpEstablishment
        | E::AutomaticStartWithPassiveTcpEstablishment
        | E::AutomaticStartWithDampPeerOscillations
        | E::AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment
        | E::TcpConnectionValid
        | E::TcpCrInvalid
        | E::TcpCrAcked
        | E::TcpConnectionConfirmed => (State::OpenConfirm, &[]),
        E::ManualStop => (State::Idle, &[S::Notify, S::Drop, S::ClearCounter]),
        E::AutomaticStop
        | E::HoldTimerExpires
        | E::BgpHeaderErr
        | E::BgpOpenMsgErr
        | E::OpenCollisionDump => (State::Idle, &[S::Notify, S::Drop, S::Count]),
        E::KeepaliveTimerExpires => (State::OpenConfirm, &[S::SendKeepalive]),
        E::TcpConnectionFails | E::NotifMsg => (State::Idle, &[S::Drop, S::Count]),
        E::NotifMsgVerErr => (State::Idle, &[S::Drop]),
        E::KeepAliveMsg => (State::Established, &[S::StartHold, S::Establish]),
        // §8.2.2 runs collision detection for an OPEN here; a second one on the same connection is an error.
        _ => (State::Idle, &[S::NotifyFsmError, S::Drop, S::Count]),
    }
}

const fn established(event: FsmEvent) -> (State, &'static [Step]) {
    use FsmEvent as E;
    use Step as S;
    match event {
        E::ManualStart
        | E::AutomaticStart
        | E::ManualStartWithPassiveTcpEstablishment
        | E::AutomaticStartWithPassiveTcpEstablishment
        | E::AutomaticStartWithDampPeerOscillations
        | E::AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment
        | E::TcpConnectionValid
        | E::TcpCrInvalid
        | E::TcpCrAcked
        | E::TcpConnectionConfirmed => (State::Established, &[]),
        E::ManualStop => (State::Idle, &[S::Notify, S::Drop, S::ClearCounter]),
        E::AutomaticStop
        | E::HoldTimerExpires
        | E::BgpHeaderErr
        | E::OpenCollisionDump
        | E::UpdateMsgErr => (State::Idle, &[S::Notify, S::Drop, S::Count]),
        E::KeepaliveTimerExpires => (State::Established, &[S::SendKeepalive]),
        E::TcpConnectionFails | E::NotifMsg | E::NotifMsgVerErr => {
            (State::Idle, &[S::Drop, S::Count])
        }
        E::KeepAliveMsg => (State::Established, &[S::StartHold]),
        E::UpdateMsg => (State::Established, &[S::StartHold, S::Deliver]),
        _ => (State::Idle, &[S::NotifyFsmError, S::Drop, S::Count]),
    }
}

#[cfg(test)]
mod tests;
