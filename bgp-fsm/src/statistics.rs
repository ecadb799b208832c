//! What a session counts.

use core::time::Duration;

use bgp_wire::{MessageType, Notification};

/// Counters of a session since it was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Messages received
    pub received: Messages,
    /// Messages sent
    pub sent: Messages,
    /// How often the session came up
    pub established: u64,
    /// Since when it is up; `None` while it is not
    pub since: Option<Duration>,
    /// ConnectRetryCounter (RFC 4271 §8)
    pub connect_retry_counter: u64,
    /// NOTIFICATIONs that were not sent as there were too many
    pub suppressed_notifications: u64,
    /// The last NOTIFICATION that came, and when
    pub last_received: Option<(Notification, Duration)>,
    /// The last one that was sent, and when
    pub last_sent: Option<(Notification, Duration)>,
}

/// Messages of one direction, by type.
#[expect(missing_docs, reason = "named as the messages are")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Messages {
    pub opens: u64,
    pub updates: u64,
    pub notifications: u64,
    pub keepalives: u64,
    pub route_refreshes: u64,
}

impl Messages {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.opens + self.updates + self.notifications + self.keepalives + self.route_refreshes
    }

    pub(crate) const fn count(&mut self, kind: MessageType, messages: u32) {
        let counter = match kind {
            MessageType::OPEN => &mut self.opens,
            MessageType::UPDATE => &mut self.updates,
            MessageType::NOTIFICATION => &mut self.notifications,
            MessageType::KEEPALIVE => &mut self.keepalives,
            MessageType::ROUTE_REFRESH => &mut self.route_refreshes,
            _ => return,
        };
        *counter += messages as u64;
    }
}
