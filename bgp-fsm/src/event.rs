//! What goes in and out of a session.

use alloc::boxed::Box;
use core::net::SocketAddr;
use core::time::Duration;

use bgp_wire::{MessageType, Notification, NotificationCode, RouteRefresh, Update, subcode};

use crate::error::DownReason;
use crate::negotiate::Negotiated;

/// A connection of a session. The session makes the numbers, for dialled and accepted ones alike, and never
/// uses one again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// Both ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Endpoints {
    /// Ours
    pub local: SocketAddr,
    /// The neighbour's
    pub remote: SocketAddr,
}

/// What the host has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Connect to the neighbour, then call [`Session::handle_connected`] or
    /// [`Session::handle_connect_failed`].
    ///
    /// [`Session::handle_connected`]: crate::Session::handle_connected
    /// [`Session::handle_connect_failed`]: crate::Session::handle_connect_failed
    Connect(ConnectionId),
    /// Close the connection, or give up the attempt to connect, and forget about the number. Every number
    /// ends with exactly one of these, after all that was to be sent on it has been polled.
    Close(ConnectionId),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The session is up.
    Established(Box<Negotiated>),
    /// Routes came, of negotiated families only, or an End-of-RIB marker (RFC 4724 §2).
    Update(Update),
    /// The neighbour wants all routes of a negotiated family again (RFC 2918).
    RouteRefresh(RouteRefresh),
    /// The session is no longer up, or an attempt to bring it up has failed. Between two
    /// [`Event::Established`] there is always at least one of these.
    Down(DownReason),
}

/// Why the host stops a session: the subcode of Cease (RFC 4486).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shutdown {
    /// The session is turned off.
    AdministrativeShutdown,
    /// The session is turned off and on again.
    AdministrativeReset,
    /// The neighbour is no longer configured.
    DeConfigured,
    /// Its configuration has changed.
    OtherConfigurationChange,
    /// Too many routes came.
    MaximumPrefixes,
    /// No memory is left, or the like.
    OutOfResources,
    /// The neighbour cannot be reached any more, so there is nobody to notify.
    LinkDown,
}

impl Shutdown {
    pub(crate) const fn notification(self) -> Option<Notification> {
        use subcode::cease;
        let subcode = match self {
            Self::AdministrativeShutdown => cease::ADMINISTRATIVE_SHUTDOWN,
            Self::AdministrativeReset => cease::ADMINISTRATIVE_RESET,
            Self::DeConfigured => cease::PEER_DE_CONFIGURED,
            Self::OtherConfigurationChange => cease::OTHER_CONFIGURATION_CHANGE,
            Self::MaximumPrefixes => cease::MAXIMUM_NUMBER_OF_PREFIXES,
            Self::OutOfResources => cease::OUT_OF_RESOURCES,
            Self::LinkDown => return None,
        };
        Some(Notification::new(NotificationCode::CEASE, subcode))
    }
}

/// Counters of a session since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
