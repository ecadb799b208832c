//! Why a session is not up.

use alloc::borrow::Cow;
use alloc::string::String;
use core::time::Duration;

use bgp_wire::{MessageError, Notification, NotificationCode, subcode};
use thiserror::Error;

use crate::event::Shutdown;

/// Why a connection could not be made: what the operating system says, or the host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
#[error("{0}")]
pub struct ConnectError(pub Cow<'static, str>);

impl From<&'static str> for ConnectError {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for ConnectError {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

#[cfg(feature = "std")]
impl From<std::io::Error> for ConnectError {
    fn from(error: std::io::Error) -> Self {
        use alloc::string::ToString;
        Self(Cow::Owned(error.to_string()))
    }
}

/// Why a session ended, or an attempt to bring it up failed. Prints as BIRD's `show protocols` has it: where
/// the error came from, then what it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DownReason {
    /// The host stopped it.
    #[error("Stopped")]
    Stopped(Shutdown),
    /// The neighbour sent a NOTIFICATION.
    #[error("Received: {0}")]
    Received(Notification),
    /// A message of the neighbour was wrong; it was answered with [`MessageError::notification`].
    #[error("BGP Error: {}", .0.notification())]
    Malformed(MessageError),
    /// Something else was answered with this NOTIFICATION.
    #[error("BGP Error: {0}")]
    Sent(Notification),
    /// The connection was closed or reset by the other side.
    #[error("Socket: Connection closed")]
    ConnectionLost,
    /// The neighbour has made a new connection while the session was up: it has restarted (RFC 4724 §5).
    #[error("Neighbor graceful restart detected")]
    Restarted,
    /// No connection could be made.
    #[error("Socket: {0}")]
    ConnectFailed(ConnectError),
}

/// What DampPeerOscillations makes of the end of a session (RFC 4271 §8.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damping {
    /// No oscillation.
    None,
    /// The neighbour is dialled again after IdleHoldTime, and may connect before.
    Dialling,
    /// The session stays in Idle for IdleHoldTime.
    Idle,
}

impl DownReason {
    pub(crate) fn damping(&self) -> Damping {
        use subcode::cease;
        // RFC 8538 §3.1: the reason is inside.
        let inner = match self {
            Self::Received(received) => received.hard_reset_inner().map(Self::Received),
            _ => None,
        };
        match inner.as_ref().unwrap_or(self) {
            Self::Stopped(_) | Self::ConnectionLost | Self::Restarted | Self::ConnectFailed(_) => {
                Damping::None
            }
            Self::Sent(Notification { code: NotificationCode::CEASE, subcode, .. })
                if [
                    cease::ADMINISTRATIVE_RESET,
                    cease::OTHER_CONFIGURATION_CHANGE,
                    cease::CONNECTION_COLLISION_RESOLUTION,
                ]
                .contains(subcode) =>
            {
                Damping::None
            }
            // RFC 4486 §4 wants retries damped after some of them; but the neighbour knows best when it is
            // ready again, so it is not turned away meanwhile.
            Self::Received(Notification { code: NotificationCode::CEASE, subcode, .. }) => {
                match *subcode {
                    cease::MAXIMUM_NUMBER_OF_PREFIXES
                    | cease::ADMINISTRATIVE_SHUTDOWN
                    | cease::PEER_DE_CONFIGURED
                    | cease::CONNECTION_REJECTED
                    | cease::OUT_OF_RESOURCES => Damping::Dialling,
                    _ => Damping::None,
                }
            }
            Self::Received(_) | Self::Malformed(_) | Self::Sent(_) => Damping::Idle,
        }
    }

    /// Whether the neighbour does not understand what we offered (RFC 5492 §3).
    pub(crate) fn refuses_capabilities(&self) -> bool {
        use subcode::open::{UNSUPPORTED_CAPABILITY, UNSUPPORTED_OPTIONAL_PARAMETER};
        matches!(
            self,
            Self::Received(Notification {
                code: NotificationCode::OPEN_MESSAGE,
                subcode: UNSUPPORTED_OPTIONAL_PARAMETER | UNSUPPORTED_CAPABILITY,
                ..
            })
        )
    }
}

/// The last error of a session, and when it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    /// What it was
    pub reason: DownReason,
    /// When
    pub at: Duration,
}

/// How long the pause after an error is: it doubles while errors follow each other closely.
#[derive(Debug, Clone, Default)]
pub(crate) struct IdleHoldTime {
    time: Duration,
    last_error: Option<Duration>,
}

impl IdleHoldTime {
    /// The pause after an error that occurs now.
    pub(crate) fn grow(
        &mut self,
        now: Duration,
        (least, most): (Duration, Duration),
        forget: Duration,
    ) -> Duration {
        let forgotten = self.last_error.is_none_or(|before| now.saturating_sub(before) >= forget);
        self.time = if forgotten { least } else { self.time.saturating_mul(2).max(least) };
        self.time = self.time.min(most.max(least));
        self.last_error = Some(now);
        self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_until_the_limit_and_are_forgotten() {
        let seconds = Duration::from_secs;
        let mut hold = IdleHoldTime::default();
        let mut grow = |now| hold.grow(seconds(now), (seconds(60), seconds(300)), seconds(300));
        let pauses = [0, 70, 200, 450, 740].map(&mut grow);
        assert_eq!(pauses.map(|pause| pause.as_secs()), [60, 120, 240, 300, 300]);
        assert_eq!(grow(1039), seconds(300));
        assert_eq!(grow(1339), seconds(60));
    }
}
