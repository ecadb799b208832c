//! Database Description, Link State Request: how two databases become equal (RFC 2328 §10.6 to §10.9).

use core::cmp::Ordering;

use crate::id::{InterfaceId, RouterId};
use crate::instance::Instance;
use crate::instance::counters::InputError;
use crate::instance::databases::scope_of;
use crate::instance::output::Task;
use crate::lsa::{LsaHeader, Scope};
use crate::neighbor::exchange::Verdict;
use crate::neighbor::fsm::NeighborInput;
use crate::neighbor::{Neighbor, NeighborState};
use crate::packet::{DatabaseDescription, LinkStateRequest, PacketType};
use crate::scope::ScopeId;
use crate::timer::Timer;

impl Instance {
    pub(crate) fn neighbor_mut(&mut self, at: InterfaceId, id: RouterId) -> Option<&mut Neighbor> {
        self.interfaces.get_mut(&at)?.neighbors.get_mut(&id)
    }

    pub(crate) fn neighbor(&self, at: InterfaceId, id: RouterId) -> Option<&Neighbor> {
        self.interfaces.get(&at)?.neighbors.get(&id)
    }

    /// Takes a Database Description packet (RFC 2328 §10.6).
    pub(crate) fn receive_description(
        &mut self,
        at: InterfaceId,
        id: RouterId,
        packet: &DatabaseDescription,
    ) -> Result<(), InputError> {
        self.check_mtu(at, packet.interface_mtu)?;
        let state = |instance: &Self| {
            instance.neighbor(at, id).map_or(NeighborState::Down, |neighbor| neighbor.state)
        };
        if state(self) == NeighborState::Init {
            self.neighbor_event(at, id, NeighborInput::TwoWayReceived);
        }
        let now_in = state(self);
        if now_in < NeighborState::ExStart {
            let packet_type = PacketType::DATABASE_DESCRIPTION;
            return Err(InputError::State { packet_type, state: now_in });
        }
        let us = self.config.router_id;
        let Some(neighbor) = self.neighbor_mut(at, id) else { return Ok(()) };
        match neighbor.exchange.judge(now_in, packet, (us, id)) {
            Verdict::Ignore => Ok(()),
            Verdict::Repeat => {
                self.output.insert(Task::Description(at, id));
                Ok(())
            }
            Verdict::Mismatch(why) => self.mismatch(at, id, why),
            Verdict::Negotiated { master } => {
                neighbor.exchange.negotiated(master, packet);
                self.timers.stop(Timer::DescriptionRetransmit(at, id));
                self.neighbor_event(at, id, NeighborInput::NegotiationDone);
                self.accept_description(at, id, packet)
            }
            Verdict::Accept => self.accept_description(at, id, packet),
        }
    }

    fn check_mtu(&self, at: InterfaceId, received: u16) -> Result<(), InputError> {
        let Some(interface) = self.interfaces.get(&at) else { return Ok(()) };
        let expected = interface.mtu();
        if received > expected
            && !interface.config.ignore_mtu
            && !interface.config.network.is_virtual()
        {
            return Err(InputError::Mtu { expected, received });
        }
        Ok(())
    }

    fn mismatch(
        &mut self,
        at: InterfaceId,
        id: RouterId,
        why: &'static str,
    ) -> Result<(), InputError> {
        self.neighbor_event(at, id, NeighborInput::SeqNumberMismatch);
        Err(InputError::SeqNumberMismatch(why))
    }

    /// "The router accepts a received Database Description Packet as the next in sequence" (RFC 2328 §10.6).
    fn accept_description(
        &mut self,
        at: InterfaceId,
        id: RouterId,
        packet: &DatabaseDescription,
    ) -> Result<(), InputError> {
        for header in &packet.headers {
            if let Err(why) = self.take_header(at, id, header) {
                return self.mismatch(at, id, why);
            }
        }
        let (now, us) = (self.now, at);
        let Some(interface) = self.interfaces.get_mut(&at) else { return Ok(()) };
        let area = interface.area();
        let options = self.config.hello_options(&interface.config);
        let mtu = interface.interface_mtu();
        let trailer = interface.config.authentication.longest_trailer();
        let most = DatabaseDescription::room(interface.longest_packet(trailer));
        let retransmit = interface.config.retransmit_interval;
        let Some(neighbor) = interface.neighbors.get_mut(&id) else { return Ok(()) };
        let databases = &self.databases;
        let accepted = neighbor.exchange.accept(packet, most, (options, mtu), |key| {
            let entry = databases.entry(scope_of(key.ls_type, (us, area))?, key)?;
            Some(entry.header(now)).filter(|header| !header.is_max_age())
        });
        let master = neighbor.exchange.master;
        if accepted.send {
            self.output.insert(Task::Description(at, id));
            if master {
                self.timers.set(Timer::DescriptionRetransmit(at, id), now + retransmit);
            }
        }
        if accepted.done {
            self.neighbor_event(at, id, NeighborInput::ExchangeDone);
        }
        self.ask_next(at, id);
        Ok(())
    }

    /// Looks at an LSA that the neighbour has described: it is requested if it is newer than ours, and need not be
    /// described if ours is not newer.
    fn take_header(
        &mut self,
        at: InterfaceId,
        id: RouterId,
        header: &LsaHeader,
    ) -> Result<(), &'static str> {
        let Some(interface) = self.interfaces.get_mut(&at) else { return Ok(()) };
        let key = header.key;
        if key.ls_type.scope() == Scope::As && !self.config.floods_as_scope(&interface.config) {
            return Err("an LSA of AS scope where there is none");
        }
        let scope = scope_of(key.ls_type, (at, interface.area()));
        let scope = scope.ok_or("an LSA of reserved scope")?;
        let ours = self.databases.entry(scope, &key).map(|entry| entry.header(self.now));
        let theirs = ours.map_or(Ordering::Greater, |ours| header.compare(&ours));
        let Some(neighbor) = interface.neighbors.get_mut(&id) else { return Ok(()) };
        if theirs == Ordering::Greater && neighbor.requests.len() < self.config.limits.lsas {
            neighbor.requests.add(*header);
        }
        if theirs != Ordering::Less {
            neighbor.exchange.summary.remove(&key);
        }
        Ok(())
    }

    /// Sends the next Link State Request if none is outstanding and something is wanted; or the neighbour is done loading
    /// (RFC 2328 §10.9).
    pub(crate) fn ask_next(&mut self, at: InterfaceId, id: RouterId) {
        let Some(neighbor) = self.neighbor_mut(at, id) else { return };
        if !neighbor.state.is_exchanging() {
            return;
        }
        if neighbor.requests.may_ask() {
            self.output.insert(Task::Request(at, id));
        } else if neighbor.requests.is_empty() {
            let loading = neighbor.state == NeighborState::Loading;
            self.timers.stop(Timer::RequestRetransmit(at, id));
            self.output.remove(&Task::Request(at, id));
            if loading {
                self.neighbor_event(at, id, NeighborInput::LoadingDone);
            }
        }
    }

    /// Takes a Link State Request packet (RFC 2328 §10.7).
    pub(crate) fn receive_request(
        &mut self,
        at: InterfaceId,
        id: RouterId,
        packet: &LinkStateRequest,
    ) -> Result<(), InputError> {
        let Some(interface) = self.interfaces.get_mut(&at) else { return Ok(()) };
        let area = interface.area();
        let Some(neighbor) = interface.neighbors.get_mut(&id) else { return Ok(()) };
        let state = neighbor.state;
        if state < NeighborState::Exchange {
            let packet_type = PacketType::LINK_STATE_REQUEST;
            return Err(InputError::State { packet_type, state });
        }
        for key in &packet.keys {
            let scope: Option<ScopeId> = scope_of(key.ls_type, (at, area));
            let entry = scope.and_then(|scope| self.databases.entry(scope, key));
            if entry.is_none() {
                self.neighbor_event(at, id, NeighborInput::BadLsReq);
                return Err(InputError::BadLsReq);
            }
            neighbor.updates.insert(*key);
        }
        self.output.insert(Task::Updates(at, id));
        Ok(())
    }

    /// The Database Description packet was not answered: it is sent again (RFC 2328 §10.8).
    pub(crate) fn description_timer(&mut self, at: InterfaceId, id: RouterId) {
        let Some(interface) = self.interfaces.get(&at) else { return };
        let interval = interface.config.retransmit_interval;
        self.output.insert(Task::Description(at, id));
        self.timers.set(Timer::DescriptionRetransmit(at, id), self.now + interval);
    }
}
