//! Where LSAs are flooded to (RFC 2328 §13.3, RFC 5340 §4.5.2).

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::config::InstanceConfig;
use crate::flood::receive::From;
use crate::id::{InterfaceId, RouterId};
use crate::instance::Instance;
use crate::instance::output::Task;
use crate::interface::{Interface, InterfaceState};
use crate::lsa::{LsaHeader, LsaKey};
use crate::neighbor::Neighbor;
use crate::scope::ScopeId;
use crate::timer::Timer;

impl Instance {
    /// Floods the instance of the database, which is new. Says whether it goes back out the interface it came by.
    pub(crate) fn flood(&mut self, scope: ScopeId, key: &LsaKey, from: Option<From>) -> bool {
        let Some(entry) = self.databases.entry(scope, key) else { return false };
        let header = entry.header(self.now);
        let mut flooded_back = false;
        let mut unasked = Vec::new();
        let (config, now) = (&self.config, self.now);
        let eligible = self.interfaces.values_mut().filter(|i| is_eligible(config, i, scope));
        for interface in eligible {
            let at = interface.id;
            let from_here = from.filter(|(from, _)| *from == at).map(|(_, id)| id);
            let listed = list(interface, &header, from_here, &mut unasked);
            if listed == 0 {
                continue;
            }
            if from_here.is_some_and(|id| others_have_it(interface, id)) {
                let interval = interface.config.retransmit_interval;
                for neighbor in interface.neighbors.values_mut() {
                    neighbor.retransmission.sent(key, now, interval);
                    if let Some(due) = neighbor.retransmission.next_due() {
                        self.timers.set_earlier(Timer::Retransmit(at, neighbor.router_id), due);
                    }
                }
                continue;
            }
            flooded_back |= from_here.is_some();
            if interface.uses_multicast() {
                interface.flood.insert(*key);
                self.output.insert(Task::Flood(at));
                continue;
            }
            let listed = |neighbor: &&mut Neighbor| neighbor.retransmission.contains(key);
            for neighbor in interface.neighbors.values_mut().filter(listed) {
                neighbor.updates.insert(*key);
                self.output.insert(Task::Updates(at, neighbor.router_id));
            }
        }
        for (at, id) in unasked {
            self.ask_next(at, id);
        }
        flooded_back
    }

    /// Whether a neighbour of the scope's interfaces has yet to acknowledge an LSA.
    pub(crate) fn is_on_a_retransmission_list(&self, scope: ScopeId, key: &LsaKey) -> bool {
        let eligible = self.interfaces.values().filter(|i| is_eligible(&self.config, i, scope));
        eligible
            .flat_map(|interface| interface.neighbors.values())
            .any(|neighbor| neighbor.retransmission.contains(key))
    }
}

/// Whether LSAs of a scope are flooded on the interface (RFC 5340 §4.5.2).
fn is_eligible(config: &InstanceConfig, interface: &Interface, scope: ScopeId) -> bool {
    interface.state.is_active()
        && match scope {
            ScopeId::Link(id) => interface.id == id,
            ScopeId::Area(id) => interface.area() == id,
            ScopeId::As => config.floods_as_scope(&interface.config),
        }
}

/// Step (1): puts the LSA on the retransmission lists of those neighbours that need it, and takes it off their request
/// lists. Says on how many lists it now is.
fn list(
    interface: &mut Interface,
    header: &LsaHeader,
    from: Option<RouterId>,
    unasked: &mut Vec<(InterfaceId, RouterId)>,
) -> usize {
    let at = interface.id;
    let mut listed = 0;
    for neighbor in interface.neighbors.values_mut().filter(|neighbor| neighbor.takes_floods()) {
        let key = &header.key;
        let theirs = neighbor.requests.get(key).map(|theirs| header.compare(theirs));
        if matches!(theirs, Some(Ordering::Equal | Ordering::Greater)) {
            neighbor.requests.remove(key);
            unasked.push((at, neighbor.router_id));
        }
        let has_it = matches!(theirs, Some(Ordering::Less | Ordering::Equal));
        if has_it || from == Some(neighbor.router_id) {
            // The instance before is on no list any more (RFC 2328 §13 (5c)).
            neighbor.retransmission.remove(key);
            neighbor.updates.remove(key);
        } else {
            neighbor.retransmission.add(header);
            listed += 1;
        }
    }
    listed
}

/// Steps (3) and (4): it came from the Designated Router or its Backup, or we are the Backup: chances are that all have it,
/// or get it from the Designated Router.
fn others_have_it(interface: &Interface, from: RouterId) -> bool {
    let elected = interface.elected;
    from == elected.designated_router
        || from == elected.backup_designated_router
        || interface.state == InterfaceState::Backup
}
