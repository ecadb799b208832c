//! What an operator wants to know of a session.

use core::fmt;
use core::time::Duration;

use crate::error::LastError;
use crate::event::Endpoints;
use crate::fsm::State;
use crate::negotiate::Negotiated;
use crate::session::Session;
use crate::statistics::{Messages, Statistics};
use crate::timer::Timer;

/// A look at a [`Session`]. Prints as a few lines of text, without an end of line after the last.
#[derive(Debug, Clone)]
pub struct Status<'a> {
    /// The state of the furthest connection
    pub state: State,
    /// How long the session is up
    pub uptime: Option<Duration>,
    /// What holds on it
    pub negotiated: Option<&'a Negotiated>,
    /// The ends of the furthest connection
    pub endpoints: Option<Endpoints>,
    /// Time left of the timers that run
    pub timers: [Option<(Timer, Duration)>; 7],
    /// Counters, and the last NOTIFICATIONs both ways
    pub statistics: &'a Statistics,
    /// What ended the session the last time
    pub last_error: Option<&'a LastError>,
    now: Duration,
}

impl Session {
    /// What an operator wants to know.
    pub fn status(&self, now: Duration) -> Status<'_> {
        Status {
            state: self.state(),
            uptime: self.uptime(now),
            negotiated: self.established().map(|(_, negotiated)| negotiated),
            endpoints: self.endpoints(),
            timers: Timer::ALL.map(|timer| Some((timer, self.timer_left(timer, now)?))),
            statistics: self.statistics(),
            last_error: self.last_error(),
            now,
        }
    }
}

/// Hours, minutes and seconds.
struct Hms(Duration);

impl fmt::Display for Hms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        write!(f, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

impl fmt::Display for Status<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "state          {}", self.state)?;
        if let Some(uptime) = self.uptime {
            write!(f, " for {}", Hms(uptime))?;
        }
        write!(f, ", came up {} times", self.statistics.established)?;
        if let Some(Endpoints { local, remote }) = self.endpoints {
            write!(f, "\nconnection     {local} - {remote}")?;
        }
        if let Some(negotiated) = self.negotiated {
            self.fmt_negotiated(f, negotiated)?;
        }
        for (timer, left) in self.timers.iter().flatten() {
            let name = timer.name();
            write!(f, "\n{name:<15}{}.{:03} s left", left.as_secs(), left.subsec_millis())?;
        }
        let Statistics { received, sent, .. } = self.statistics;
        write!(f, "\nreceived       {received}\nsent           {sent}")?;
        let ago = |at: &Duration| Hms(self.now.saturating_sub(*at));
        for (what, last) in
            [("received", &self.statistics.last_received), ("sent", &self.statistics.last_sent)]
        {
            if let Some((notification, at)) = last {
                write!(f, "\nlast {what:<10}{notification}, {} ago", ago(at))?;
            }
        }
        if let Some(LastError { reason, at }) = self.last_error {
            write!(f, "\nlast error     {reason}, {} ago", ago(at))?;
        }
        Ok(())
    }
}

impl Status<'_> {
    fn fmt_negotiated(&self, f: &mut fmt::Formatter<'_>, negotiated: &Negotiated) -> fmt::Result {
        let Negotiated { remote_as, remote_id, hold_time, keepalive_time, .. } = negotiated;
        let kind = if negotiated.is_internal() { "internal" } else { "external" };
        write!(f, "\nneighbour      AS {remote_as}, {kind}, identifier {remote_id}")?;
        let (hold, keepalive) = (hold_time.as_secs(), keepalive_time.as_secs());
        write!(f, "\nhold time      {hold} s, keepalive time {keepalive} s")?;
        write!(f, "\nours           {}", negotiated.local.capabilities)?;
        write!(f, "\ntheirs         {}", negotiated.remote.capabilities)?;
        f.write_str("\nfamilies       ")?;
        for (index, family) in negotiated.families.iter().enumerate() {
            let add_path = match (
                negotiated.send.has_add_path(*family),
                negotiated.receive.has_add_path(*family),
            ) {
                (true, true) => " (paths both ways)",
                (true, false) => " (paths sent)",
                (false, true) => " (paths received)",
                (false, false) => "",
            };
            let between = if index == 0 { "" } else { ", " };
            write!(f, "{between}{family}{add_path}")?;
        }
        Ok(())
    }
}

/// By type.
impl fmt::Display for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { opens, updates, notifications, keepalives, route_refreshes } = self;
        write!(
            f,
            "{} messages: {opens} OPEN, {updates} UPDATE, {notifications} NOTIFICATION, \
             {keepalives} KEEPALIVE, {route_refreshes} ROUTE-REFRESH",
            self.total()
        )
    }
}
