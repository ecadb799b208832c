//! Link State Updates that are received (RFC 2328 §13, RFC 5340 §4.5.1).

use core::cmp::Ordering;

use crate::flood::acknowledge::Receipt;
use crate::flood::retransmission::Acknowledged;
use crate::id::{InterfaceId, RouterId};
use crate::instance::Instance;
use crate::instance::counters::{InputError, LsaCause};
use crate::instance::databases::scope_of;
use crate::instance::output::Task;
use crate::lsa::{Lsa, LsaHeader, LsaKey, Scope, SequenceNumber};
use crate::lsdb::Entry;
use crate::neighbor::NeighborState;
use crate::neighbor::fsm::NeighborInput;
use crate::packet::{LinkStateUpdate, PacketType};
use crate::scope::ScopeId;

/// The neighbour that sent a packet, and the interface it came by.
pub(crate) type From = (InterfaceId, RouterId);

impl Instance {
    /// Takes a Link State Update packet.
    pub(crate) fn receive_update(
        &mut self,
        at: InterfaceId,
        id: RouterId,
        packet: &LinkStateUpdate,
    ) -> Result<(), InputError> {
        let state = self.neighbor(at, id).map_or(NeighborState::Down, |neighbor| neighbor.state);
        if state < NeighborState::Exchange {
            return Err(InputError::State { packet_type: PacketType::LINK_STATE_UPDATE, state });
        }
        for lsa in packet.lsas() {
            self.counters.lsas_received += 1;
            let result = match lsa {
                Ok(lsa) => self.receive_lsa((at, id), lsa),
                Err(_) => Err(Refused::Lsa(LsaCause::Malformed)),
            };
            match result {
                Ok(()) => {}
                Err(Refused::Lsa(cause)) => {
                    self.counters.count_dropped_lsa(cause);
                    if let Some(interface) = self.interfaces.get_mut(&at) {
                        interface.counters.count_dropped_lsa(cause);
                    }
                }
                Err(Refused::BadLsReq) => {
                    self.neighbor_event(at, id, NeighborInput::BadLsReq);
                    return Err(InputError::BadLsReq);
                }
            }
        }
        self.ask_next(at, id);
        Ok(())
    }

    /// Takes one LSA: the steps of RFC 2328 §13, (2) and (3) as in RFC 5340 §4.5.1.
    fn receive_lsa(&mut self, from: From, lsa: Lsa) -> Result<(), Refused> {
        let (header, key) = (*lsa.header(), lsa.key());
        self.flooded.forget(self.now, self.config.intervals.min_ls_arrival);
        let Some(interface) = self.interfaces.get(&from.0) else { return Ok(()) };
        if key.ls_type.scope() == Scope::As && !self.config.floods_as_scope(&interface.config) {
            return Err(Refused::Lsa(LsaCause::StubArea));
        }
        let Some(scope) = scope_of(key.ls_type, (from.0, interface.area())) else {
            return Err(Refused::Lsa(LsaCause::ReservedScope));
        };
        let existing = self.databases.entry(scope, &key);
        let Some(existing) = existing else {
            return self.receive_unknown(from, scope, lsa);
        };
        let ours = existing.header(self.now);
        match header.compare(&ours) {
            Ordering::Greater => self.receive_newer(from, scope, lsa),
            _ if self.is_requested(from, &key) => Err(Refused::BadLsReq),
            Ordering::Equal => {
                self.receive_duplicate(from, &header);
                Ok(())
            }
            Ordering::Less => {
                self.receive_older(from, &ours);
                Err(Refused::Lsa(LsaCause::Older))
            }
        }
    }

    fn is_requested(&self, from: From, key: &LsaKey) -> bool {
        self.neighbor(from.0, from.1).is_some_and(|neighbor| neighbor.requests.get(key).is_some())
    }

    /// There is no instance of it yet: step (4), then (5).
    fn receive_unknown(&mut self, from: From, scope: ScopeId, lsa: Lsa) -> Result<(), Refused> {
        let header = *lsa.header();
        if header.is_max_age() && self.exchanging == 0 {
            self.acknowledge(from, header, Receipt::NothingToFlush);
            return Err(Refused::Lsa(LsaCause::NothingToFlush));
        }
        let own = header.key.advertising_router == self.config.router_id;
        if !own && self.is_full(lsa.len()) {
            // It is acknowledged, so that nobody sends it for ever; the rest goes on with what there is.
            self.enter_overload();
            self.acknowledge(from, header, Receipt::New);
            self.drop_request(from, &header.key);
            return Err(Refused::Lsa(LsaCause::Overload));
        }
        self.take_lsa(from, scope, lsa, None);
        Ok(())
    }

    /// It is newer than ours: step (5).
    fn receive_newer(&mut self, from: From, scope: ScopeId, lsa: Lsa) -> Result<(), Refused> {
        let Some(existing) = self.databases.entry(scope, &lsa.key()) else { return Ok(()) };
        let before = existing.clone();
        if self.flooded.is_recent(&(scope, lsa.key())) {
            return Err(Refused::Lsa(LsaCause::TooSoon));
        }
        self.take_lsa(from, scope, lsa, Some(&before));
        Ok(())
    }

    /// Steps (5b) to (5f). It is installed first, since what is flooded is read from the database.
    fn take_lsa(&mut self, from: From, scope: ScopeId, lsa: Lsa, before: Option<&Entry>) {
        let header = *lsa.header();
        // What was asked for did not come by flooding (RFC 2328 §13 (5a)).
        if !self.is_requested(from, &header.key) {
            self.flooded.note((scope, header.key), self.now);
        }
        let installed = self.install(scope, lsa);
        let flooded_back = self.flood(scope, &header.key, Some(from));
        if !flooded_back {
            self.acknowledge(from, header, Receipt::New);
        }
        let own = header.key.advertising_router == self.config.router_id;
        if own {
            self.received_own_lsa(scope, &header, before);
        } else {
            self.watch_restarts(from, scope, &header.key, installed);
        }
    }

    /// Step (7): it is the same as ours.
    fn receive_duplicate(&mut self, from: From, header: &LsaHeader) {
        let Some(neighbor) = self.neighbor_mut(from.0, from.1) else { return };
        let receipt = match neighbor.retransmission.acknowledge(header) {
            Acknowledged::Removed => Receipt::Implied,
            Acknowledged::OtherInstance | Acknowledged::NotListed => Receipt::Duplicate,
        };
        if receipt == Receipt::Implied {
            neighbor.updates.remove(&header.key);
            self.sweep_if_flushing(from, &header.key);
        }
        self.acknowledge(from, *header, receipt);
    }

    /// Step (8): ours is newer, and is sent back.
    fn receive_older(&mut self, from: From, ours: &LsaHeader) {
        if ours.is_max_age() && ours.sequence == SequenceNumber::MAX {
            return;
        }
        let (now, least) = (self.now, self.config.intervals.min_ls_arrival);
        let Some(neighbor) = self.neighbor_mut(from.0, from.1) else { return };
        let recently = |sent: core::time::Duration| now.saturating_sub(sent) < least;
        if neighbor.sent_back.get(&ours.key).is_some_and(|sent| recently(*sent)) {
            return;
        }
        neighbor.sent_back.retain(|_, sent| recently(*sent));
        neighbor.sent_back.insert(ours.key, now);
        neighbor.updates.insert(ours.key);
        self.output.insert(Task::Updates(from.0, from.1));
    }

    /// An LSA that is not taken is no longer asked for.
    fn drop_request(&mut self, from: From, key: &LsaKey) {
        if let Some(neighbor) = self.neighbor_mut(from.0, from.1) {
            neighbor.requests.remove(key);
        }
    }
}

/// Why an LSA is not taken.
enum Refused {
    Lsa(LsaCause),
    /// Step (6): an error in the database exchange.
    BadLsReq,
}
