//! What a session looks like from outside.

use core::net::IpAddr;
use core::time::Duration;

use bgp_wire::Family;

use super::Session;
use crate::config::SessionConfig;
use crate::error::LastError;
use crate::event::{ConnectionId, Endpoints};
use crate::fsm::State;
use crate::negotiate::Negotiated;
use crate::retention::StaleReason;
use crate::statistics::Statistics;
use crate::timer::Timer;

impl Session {
    /// The state of the furthest connection.
    pub fn state(&self) -> State {
        let [one, two] = &self.connections;
        one.state.max(two.state)
    }

    /// The established connection and what holds on it.
    pub fn established(&self) -> Option<(ConnectionId, &Negotiated)> {
        let connection = self.connections.get(self.established_index()?)?;
        Some((connection.transport.as_ref()?.id, connection.negotiated()?))
    }

    /// Both ends of the furthest open connection.
    pub fn endpoints(&self) -> Option<Endpoints> {
        let open = self.connections.iter().filter(|connection| connection.is_open());
        open.max_by_key(|connection| connection.state)?.transport.as_ref()?.ends
    }

    /// Whether there is neither a connection nor a route that is kept: a session that
    /// [`DynamicNeighbors`](crate::DynamicNeighbors) has made is over then.
    pub fn is_over(&self) -> bool {
        let mut connections = self.connections.iter();
        connections.all(|one| one.transport.is_none()) && self.retention.is_empty()
    }

    /// Where an unnumbered neighbour is: see [`Session::handle_neighbor`].
    pub const fn neighbor(&self) -> Option<IpAddr> {
        self.neighbor
    }

    /// The last error, if there ever was one.
    pub const fn last_error(&self) -> Option<&LastError> {
        self.last_error.as_ref()
    }

    /// Whether the neighbour has marked the end of its routes of a family on this session (RFC 4724 §2).
    pub fn end_of_rib_received(&self, family: Family) -> bool {
        self.ends_of_rib.contains(&family)
    }

    /// Why routes of a family may be stale; `None`: none are.
    pub fn stale_reason(&self, family: Family) -> Option<StaleReason> {
        self.retention.reason(family)
    }

    /// Time until stale routes of a family are let go of; `None`: there are none.
    pub fn stale_time_left(&self, family: Family, now: Duration) -> Option<Duration> {
        Some(self.retention.until(family)?.saturating_sub(now))
    }

    /// Time until a timer of the furthest connection expires, if it runs.
    pub fn timer_left(&self, timer: Timer, now: Duration) -> Option<Duration> {
        let at = match timer {
            Timer::IdleHold => self.idle_until,
            Timer::Stale => self.retention.next_timeout(),
            // There may be an attempt to connect beside an accepted connection.
            Timer::ConnectRetry => self.connections.iter().find_map(|one| one.timers.at(timer)),
            _ => self.connections.iter().max_by_key(|one| one.state)?.timers.at(timer),
        };
        Some(at?.saturating_sub(now))
    }

    /// Time until the neighbour counts as gone, if HoldTimer runs.
    pub fn hold_timer_left(&self, now: Duration) -> Option<Duration> {
        self.timer_left(Timer::Hold, now)
    }

    /// Time until the next KEEPALIVE, if KeepaliveTimer runs.
    pub fn keepalive_timer_left(&self, now: Duration) -> Option<Duration> {
        self.timer_left(Timer::Keepalive, now)
    }

    /// Since when the session is up; `None` while it is not.
    pub fn uptime(&self, now: Duration) -> Option<Duration> {
        Some(now.saturating_sub(self.statistics.since?))
    }

    /// The configuration.
    pub fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// Counters.
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }
}
