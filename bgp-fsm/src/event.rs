//! What goes in and out of a session.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::net::SocketAddr;

use bgp_wire::{Family, Notification, NotificationCode, RouteRefresh, Update, subcode};

use crate::error::DownReason;
use crate::negotiate::{Families, Negotiated};
use crate::orf::PrefixFilters;

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
    /// From now on the neighbour wants to be told only what these filters permit (RFC 5291). What it has been
    /// told of the family stays until an [`Event::RouteRefresh`], which follows at once or later.
    Filters(Family, Arc<PrefixFilters>),
    /// What is to be done with routes of the neighbour that it has not confirmed.
    Stale(Family, Stale),
    /// The session is no longer up, or an attempt to bring it up has failed. Between two
    /// [`Event::Established`] there is always at least one of these.
    Down {
        /// Why
        reason: DownReason,
        /// Families whose routes stay, marked as stale, until an [`Event::Stale`] says more. Those of all other
        /// families are to be removed. Empty unless graceful restart was negotiated.
        retained: Families,
    },
}

/// What becomes of stale routes of one family of one neighbour. A route that the neighbour announces again is
/// not stale any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stale {
    /// All routes are stale from now on: the neighbour tells them anew (BoRR, RFC 7313 §4).
    Mark,
    /// Stale routes become long-lived stale ones (RFC 9494 §4.2): they get the community LLGR_STALE and are
    /// preferred least; those with NO_LLGR are removed.
    LongLived,
    /// Stale routes are removed.
    Sweep,
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
    /// More routes came than the limit allows, and which limit it is if the neighbour is to know.
    MaximumPrefixes(Option<(Family, u32)>),
    /// No memory is left, or the like.
    OutOfResources,
    /// BFD says that the neighbour cannot be reached (RFC 9384).
    BfdDown,
    /// The neighbour cannot be reached any more, so there is nobody to notify.
    LinkDown,
    /// This speaker restarts: without a word, so that the neighbour keeps its routes (RFC 4724 §4.1).
    Restart,
}

impl Shutdown {
    /// `text`: the shutdown communication (RFC 9003); other subcodes than its two have none.
    pub(crate) fn notification(self, text: &str) -> Option<Notification> {
        use subcode::cease;
        let subcode = match self {
            Self::AdministrativeShutdown => cease::ADMINISTRATIVE_SHUTDOWN,
            Self::AdministrativeReset => cease::ADMINISTRATIVE_RESET,
            Self::DeConfigured => cease::PEER_DE_CONFIGURED,
            Self::OtherConfigurationChange => cease::OTHER_CONFIGURATION_CHANGE,
            Self::MaximumPrefixes(Some((family, limit))) => {
                return Some(Notification::maximum_prefixes(family, limit));
            }
            Self::MaximumPrefixes(None) => cease::MAXIMUM_NUMBER_OF_PREFIXES,
            Self::OutOfResources => cease::OUT_OF_RESOURCES,
            Self::BfdDown => cease::BFD_DOWN,
            Self::LinkDown | Self::Restart => return None,
        };
        let communicates = matches!(self, Self::AdministrativeShutdown | Self::AdministrativeReset);
        Some(if communicates && !text.is_empty() {
            Notification::shutdown(subcode, text)
        } else {
            Notification::new(NotificationCode::CEASE, subcode)
        })
    }
}

/// Whether a Cease ends a session for good, where both can also end it gracefully (RFC 8538 §5.1).
pub(crate) fn is_hard(notification: &Notification, hard_reset: bool) -> bool {
    use subcode::cease;
    notification.code == NotificationCode::CEASE
        && match notification.subcode {
            cease::MAXIMUM_NUMBER_OF_PREFIXES
            | cease::ADMINISTRATIVE_SHUTDOWN
            | cease::PEER_DE_CONFIGURED
            // Of the same kind, and later than the table: no realistic hope that forwarding can continue.
            | cease::BFD_DOWN
            | cease::HARD_RESET => true,
            cease::ADMINISTRATIVE_RESET => hard_reset,
            _ => false,
        }
}
