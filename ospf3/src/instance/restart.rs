//! Graceful restart (RFC 5187, RFC 3623): the help for neighbours that restart, and our own restart.

use alloc::vec::Vec;
use core::time::Duration;

use crate::flood::From;
use crate::id::{InterfaceId, RouterId};
use crate::instance::Instance;
use crate::instance::adjacency::seconds;
use crate::instance::event::{Event, HelperStatus};
use crate::interface::InterfaceState;
use crate::interface::fsm::InterfaceInput;
use crate::lsa::{LsType, LsaBody, LsaKey, RestartReason, RouterLink, RouterLinkType};
use crate::lsdb::Installed;
use crate::neighbor::fsm::NeighborInput;
use crate::neighbor::{Help, NeighborState};
use crate::originate::Grace;
use crate::packet::hello::Hello;
use crate::scope::ScopeId;
use crate::timer::Timer;

/// Our own restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Restart {
    phase: Phase,
    reason: RestartReason,
    until: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Before it: the neighbours are told.
    Announced,
    /// After it: adjacencies are being made again.
    Restarting,
}

/// Whether a changed LSA of this type says that the topology has changed: "LS types 1-5, 7" (RFC 3623 §3.1).
fn is_topology(ls_type: LsType) -> bool {
    matches!(
        ls_type,
        LsType::ROUTER
            | LsType::NETWORK
            | LsType::INTER_AREA_PREFIX
            | LsType::INTER_AREA_ROUTER
            | LsType::AS_EXTERNAL
            | LsType::NSSA
            | LsType::INTRA_AREA_PREFIX
    )
}

// The helper.
impl Instance {
    /// Another router's LSA was installed: it may ask for help, or end it (RFC 3623 §3).
    pub(crate) fn watch_restarts(
        &mut self,
        from: From,
        scope: ScopeId,
        key: &LsaKey,
        installed: Installed,
    ) {
        if key.ls_type == LsType::GRACE {
            self.grace_lsa(from.0, key);
        } else if installed != Installed::Refreshed {
            self.check_consistency(scope, key);
        }
    }

    fn grace_lsa(&mut self, at: InterfaceId, key: &LsaKey) {
        let Some(entry) = self.databases.entry(ScopeId::Link(at), key) else { return };
        let age = entry.age(self.now);
        let id = key.advertising_router;
        if age >= crate::lsa::MAX_AGE {
            self.end_help(at, id, Some(HelperStatus::Completed));
            return;
        }
        let Ok(LsaBody::Grace(grace)) = entry.lsa.body() else { return };
        let period = Duration::from_secs(u64::from(grace.grace_period));
        let left = period.checked_sub(Duration::from_secs(u64::from(age)));
        if let Some(left) = left.filter(|left| !left.is_zero()) {
            self.begin_help(at, id, period, left);
        }
    }

    /// Enters helper mode if the checks of RFC 3623 §3.1 pass.
    fn begin_help(&mut self, at: InterfaceId, id: RouterId, period: Duration, left: Duration) {
        let policy = self.config.graceful_restart;
        let restarting = self.is_restarting();
        let now = self.now;
        let Some(neighbor) = self.neighbor_mut(at, id) else { return };
        let unacknowledged = neighbor.retransmission.keys().any(|key| is_topology(key.ls_type));
        let new = neighbor.help.is_none();
        let refused = neighbor.state != NeighborState::Full || unacknowledged;
        if new && (refused || !policy.helper || restarting || period > policy.longest) {
            return;
        }
        let candidate = neighbor.help.map_or(neighbor.candidate(), |help| help.candidate);
        neighbor.help = Some(Help { until: now + left, candidate });
        self.timers.set(Timer::Grace(at, id), now + left);
        if new {
            self.helping += 1;
            let status = HelperStatus::Helping;
            self.events.push(Event::Helper { interface: at, router_id: id, status });
        }
    }

    /// Exits helper mode (RFC 3623 §3.2); `None`: the neighbour is gone.
    pub(crate) fn end_help(&mut self, at: InterfaceId, id: RouterId, status: Option<HelperStatus>) {
        self.timers.stop(Timer::Grace(at, id));
        let Some(neighbor) = self.neighbor_mut(at, id) else { return };
        if neighbor.help.take().is_none() {
            return;
        }
        self.helping -= 1;
        let Some(neighbor) = self.neighbor_mut(at, id) else { return };
        let state = neighbor.state;
        let reported = status.unwrap_or(HelperStatus::Ended);
        self.events.push(Event::Helper { interface: at, router_id: id, status: reported });
        self.scheduled.push_back((at, InterfaceInput::NeighborChange));
        self.own_interface_changed(at);
        let silent = !self.timers.is_running(Timer::Inactivity(at, id));
        if status.is_some() && silent && state > NeighborState::Down {
            self.neighbor_event(at, id, NeighborInput::InactivityTimer);
        }
    }

    /// An LSA is new or different, our own among them: ends the help for all who would have been told of it
    /// (RFC 3623 §3.2 (3)).
    pub(crate) fn topology_changed(&mut self, scope: ScopeId, key: &LsaKey) {
        let strict = self.config.graceful_restart.strict_lsa_checking;
        if self.helping == 0 || !strict || !is_topology(key.ls_type) {
            return;
        }
        let told = self.interfaces.values().filter(|interface| match scope {
            ScopeId::Link(id) => interface.id == id,
            ScopeId::Area(id) => interface.area() == id,
            ScopeId::As => self.config.floods_as_scope(&interface.config),
        });
        let helped: Vec<From> = told
            .flat_map(|interface| {
                let neighbors = interface.neighbors.values();
                let helped = neighbors.filter(|neighbor| neighbor.help.is_some());
                helped.map(|neighbor| (interface.id, neighbor.router_id))
            })
            // What the router itself tells after its restart is the end of it.
            .filter(|(_, id)| *id != key.advertising_router)
            .collect();
        for (at, id) in helped {
            self.end_help(at, id, Some(HelperStatus::TopologyChanged));
        }
    }

    /// A neighbour was not heard for RouterDeadInterval. One that restarts is waited for.
    pub(crate) fn inactivity_timer(&mut self, at: InterfaceId, id: RouterId) {
        if self.neighbor(at, id).is_some_and(|neighbor| neighbor.help.is_none()) {
            self.neighbor_event(at, id, NeighborInput::InactivityTimer);
        }
    }

    /// A Hello does not name us. One that restarts has not heard us yet.
    pub(crate) fn one_way(&mut self, at: InterfaceId, id: RouterId) {
        self.neighbor_event(at, id, NeighborInput::OneWayReceived);
    }
}

// Our own restart.
impl Instance {
    /// Tells the neighbours that this router is going to restart: for
    /// [`GracefulRestart::period`](crate::config::GracefulRestart::period) they take it for there (RFC 3623 §2.1). When
    /// [`Instance::is_restart_acknowledged`] says so, the host may end without a word, its forwarding table in place.
    pub fn announce_restart(&mut self, now: Duration, reason: RestartReason) {
        self.advance(now);
        let until = self.now + seconds(self.config.graceful_restart.period);
        self.restart = Some(Restart { phase: Phase::Announced, reason, until });
        self.own_changed();
        self.settle();
    }

    /// Whether all neighbours have acknowledged that a restart was announced.
    pub fn is_restart_acknowledged(&self) -> bool {
        let mut neighbors =
            self.interfaces.values().flat_map(|interface| interface.neighbors.values());
        let announced = self.restart.is_some_and(|restart| restart.phase == Phase::Announced);
        announced
            && !neighbors.any(|n| n.retransmission.keys().any(|key| key.ls_type == LsType::GRACE))
    }

    /// The router has restarted, and what is `left` of the grace period: to be called on a new instance, before its interfaces are
    /// up. No routes are told, and no LSAs of before changed, until all adjacencies are there again or the period is over:
    /// [`Event::RestartEnded`] (RFC 3623 §2).
    pub fn begin_restart(&mut self, now: Duration, left: Duration, reason: RestartReason) {
        self.advance(now);
        let until = self.now + left;
        self.restart = Some(Restart { phase: Phase::Restarting, reason, until });
        self.timers.set(Timer::Restart, until);
        self.settle();
    }

    pub(crate) fn is_restarting(&self) -> bool {
        self.restart.is_some_and(|restart| restart.phase == Phase::Restarting)
    }

    /// What Grace-LSAs are to tell.
    pub(crate) fn announced_restart(&self) -> Option<Grace> {
        let Restart { reason, until, .. } = self.restart?;
        let period = u32::try_from(until.saturating_sub(self.now).as_secs()).unwrap_or(u32::MAX);
        let asked = u32::from(self.config.graceful_restart.period);
        Some(Grace { period: if self.is_restarting() { period } else { asked }, reason })
    }

    /// A neighbour has become Full: perhaps it was the last of those that there were.
    pub(crate) fn check_restart(&mut self) {
        if self.is_restarting() && self.has_all_adjacencies() {
            self.end_restart(true);
        }
    }

    /// Our own restart is over (RFC 3623 §2.3).
    pub(crate) fn end_restart(&mut self, completed: bool) {
        if self.restart.take().is_none() {
            return;
        }
        self.timers.stop(Timer::Restart);
        self.events.push(Event::RestartEnded { completed });
        self.adopt_all();
        self.own_changed();
    }

    /// The links that our router-LSAs of before the restart tell of, by area.
    fn former_links(&self) -> impl Iterator<Item = (ScopeId, RouterLink)> {
        let us = self.config.router_id;
        self.databases.iter().flat_map(move |(scope, lsdb)| {
            let own = lsdb.by(LsType::ROUTER, us).filter_map(|(_, entry)| entry.lsa.body().ok());
            let links = own.flat_map(|body| match body {
                LsaBody::Router(lsa) => lsa.links,
                _ => Vec::new(),
            });
            links.map(move |link| (scope, link))
        })
    }

    /// A neighbour still takes this router for what it was on the link before it restarted: it is that again
    /// (RFC 3623 §2 (3)).
    pub(crate) fn resume_office(&mut self, at: InterfaceId, hello: &Hello) {
        let (us, restarting) = (self.config.router_id, self.is_restarting());
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        if !restarting || interface.state != InterfaceState::Waiting {
            return;
        }
        if hello.designated_router == us {
            interface.elected.designated_router = us;
        } else if hello.backup_designated_router == us {
            interface.elected.backup_designated_router = us;
        } else {
            return;
        }
        self.scheduled.push_back((at, InterfaceInput::BackupSeen));
    }

    /// Whether all adjacencies of before are Full (RFC 3623 §2.2 (1)).
    fn has_all_adjacencies(&self) -> bool {
        let us = self.config.router_id;
        let mut any = false;
        let all = self.former_links().all(|(scope, link)| {
            any = true;
            let full = |id| {
                let neighbor = self.neighbor(link.interface_id, id);
                neighbor.is_some_and(|neighbor| neighbor.state == NeighborState::Full)
            };
            if link.link_type == RouterLinkType::TRANSIT && link.neighbor_router_id == us {
                let attached = self.former_network(scope, link.interface_id);
                return attached.into_iter().filter(|id| *id != us).all(full);
            }
            full(link.neighbor_router_id)
        });
        any && all
    }

    /// The routers that our network-LSA of before tells of.
    fn former_network(&self, scope: ScopeId, at: InterfaceId) -> Vec<RouterId> {
        let key = LsaKey {
            ls_type: LsType::NETWORK,
            advertising_router: self.config.router_id,
            link_state_id: crate::lsa::LinkStateId(at.0),
        };
        match self.databases.entry(scope, &key).and_then(|entry| entry.lsa.body().ok()) {
            Some(LsaBody::Network(lsa)) => lsa.attached_routers,
            _ => Vec::new(),
        }
    }

    /// Another router no longer tells of a link to us that we told of: it does not help (RFC 3623 §2.2 (2)).
    fn check_consistency(&mut self, scope: ScopeId, key: &LsaKey) {
        if !self.is_restarting() || key.ls_type != LsType::ROUTER {
            return;
        }
        let (us, them) = (self.config.router_id, key.advertising_router);
        let to_them = |link: &RouterLink| {
            link.neighbor_router_id == them && link.link_type == RouterLinkType::POINT_TO_POINT
        };
        let told = self.former_links().any(|(of, link)| of == scope && to_them(&link));
        let lsdb = self.databases.get(scope);
        let theirs = lsdb.into_iter().flat_map(|lsdb| lsdb.by(LsType::ROUTER, them));
        let mut bodies = theirs.filter_map(|(_, entry)| entry.lsa.body().ok());
        let tell_of_us = bodies.any(|body| match body {
            LsaBody::Router(lsa) => lsa.links.iter().any(|link| link.neighbor_router_id == us),
            _ => false,
        });
        drop(bodies);
        if told && !tell_of_us {
            self.end_restart(false);
        }
    }
}
