//! What is to be sent. Packets are made when they are polled, from the state there is then: what changes meanwhile is sent
//! as it is, once.

use core::net::Ipv6Addr;

use bytes::{Bytes, BytesMut};

use crate::config::NetworkType;
use crate::id::{InterfaceId, RouterId};
use crate::instance::Instance;
use crate::instance::databases::scope_of;
use crate::interface::{ALL_SPF_ROUTERS, Interface};
use crate::lsa::{LsaHeader, LsaKey, MAX_AGE};
use crate::packet::{
    LinkStateAcknowledgment, LinkStateRequest, LinkStateUpdate, Packet, PacketBody,
};
use crate::timer::Timer;

/// A packet to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The interface to send it on.
    pub interface: InterfaceId,
    /// The source address of the IPv6 header.
    pub source: Ipv6Addr,
    /// The destination address of the IPv6 header.
    pub destination: Ipv6Addr,
    /// The hop limit of the IPv6 header: 1, but on virtual links.
    pub hop_limit: u8,
    /// What follows the IPv6 header, with its checksum or authentication trailer.
    pub bytes: Bytes,
}

/// What some interface or neighbour has to send. The order is that of sending: what keeps neighbours alive comes first
/// (RFC 4222 §2 (1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    Hello(InterfaceId),
    DelayedAcks(InterfaceId),
    DirectAcks(InterfaceId, RouterId),
    Description(InterfaceId, RouterId),
    Request(InterfaceId, RouterId),
    Updates(InterfaceId, RouterId),
    Flood(InterfaceId),
}

impl Task {
    /// Those of a neighbour.
    pub(crate) const fn of_neighbor(at: InterfaceId, id: RouterId) -> [Self; 4] {
        [
            Self::DirectAcks(at, id),
            Self::Description(at, id),
            Self::Request(at, id),
            Self::Updates(at, id),
        ]
    }

    /// Those of an interface without its neighbours'.
    pub(crate) const fn of_interface(at: InterfaceId) -> [Self; 3] {
        [Self::Hello(at), Self::DelayedAcks(at), Self::Flood(at)]
    }
}

/// A packet's body and where it goes.
type Outgoing = (Ipv6Addr, PacketBody);

impl Instance {
    /// The next packet to be sent. Link State Updates come only as fast as [`Pacing`](crate::config::Pacing) allows; the rest waits
    /// for its time, in [`Instance::poll_timeout`].
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        while let Some(task) = self.output.pop_first() {
            let (at, outgoing) = match task {
                Task::Hello(at) => (at, self.next_hello(at)),
                Task::DelayedAcks(at) => (at, self.delayed_acks(at)),
                Task::DirectAcks(at, id) => (at, self.direct_acks(at, id)),
                Task::Description(at, id) => (at, self.description(at, id)),
                Task::Request(at, id) => (at, self.request(at, id)),
                Task::Updates(at, id) => (at, self.updates(at, id)),
                Task::Flood(at) => (at, self.flood_packet(at)),
            };
            if let Some(transmit) = outgoing.and_then(|outgoing| self.seal(at, outgoing)) {
                return Some(transmit);
            }
        }
        None
    }

    /// Makes the packet: header, checksum or authentication trailer.
    fn seal(&mut self, at: InterfaceId, (destination, body): Outgoing) -> Option<Transmit> {
        let now = self.now;
        let interface = self.interfaces.get_mut(&at)?;
        let source = interface.source()?;
        let packet_type = body.packet_type();
        let packet = Packet {
            router_id: self.config.router_id,
            area_id: interface.area(),
            instance_id: self.config.instance_id,
            body,
        };
        let mut bytes = BytesMut::new();
        if interface.config.authentication.longest_trailer() == 0 {
            packet.encode(source, destination, &mut bytes).ok()?;
        } else {
            let key = interface.config.authentication.generating(now)?;
            packet.encode_without_checksum(&mut bytes).ok()?;
            key.sign(self.authentic.next()?, source, &mut bytes);
        }
        self.counters.count_sent(packet_type);
        interface.counters.count_sent(packet_type);
        let (interface, hop_limit) = match interface.path {
            Some(path) => (path.interface, 64),
            None => (at, 1),
        };
        Some(Transmit { interface, source, destination, hop_limit, bytes: bytes.freeze() })
    }

    fn next_hello(&mut self, at: InterfaceId) -> Option<Outgoing> {
        let interface = self.interfaces.get_mut(&at)?;
        if !interface.state.is_active() {
            return None;
        }
        let destination = if core::mem::take(&mut interface.hellos.multicast) {
            ALL_SPF_ROUTERS
        } else {
            interface.hellos.to.pop_first()?
        };
        if !interface.hellos.to.is_empty() {
            self.output.insert(Task::Hello(at));
        }
        let hello = self.hello(self.interfaces.get(&at)?);
        Some((destination, PacketBody::Hello(hello)))
    }

    fn delayed_acks(&mut self, at: InterfaceId) -> Option<Outgoing> {
        let interface = self.interfaces.get_mut(&at)?;
        let room = LinkStateAcknowledgment::room(longest(interface));
        let headers = take(&mut interface.acknowledgments, room);
        if !interface.acknowledgments.is_empty() {
            self.output.insert(Task::DelayedAcks(at));
        }
        let destination = interface.flood_destination();
        acknowledgment(destination, headers)
    }

    fn direct_acks(&mut self, at: InterfaceId, id: RouterId) -> Option<Outgoing> {
        let interface = self.interfaces.get_mut(&at)?;
        let room = LinkStateAcknowledgment::room(longest(interface));
        let destination = to_neighbor(interface, id)?;
        let neighbor = interface.neighbors.get_mut(&id)?;
        let headers = take(&mut neighbor.acknowledgments, room);
        if !neighbor.acknowledgments.is_empty() {
            self.output.insert(Task::DirectAcks(at, id));
        }
        acknowledgment(destination, headers)
    }

    fn description(&mut self, at: InterfaceId, id: RouterId) -> Option<Outgoing> {
        let interface = self.interfaces.get(&at)?;
        let last = interface.neighbors.get(&id)?.exchange.last_sent.clone()?;
        Some((to_neighbor(interface, id)?, PacketBody::DatabaseDescription(last)))
    }

    fn request(&mut self, at: InterfaceId, id: RouterId) -> Option<Outgoing> {
        let interface = self.interfaces.get_mut(&at)?;
        let room = LinkStateRequest::room(longest(interface));
        let interval = interface.config.retransmit_interval;
        let destination = to_neighbor(interface, id)?;
        let keys = interface.neighbors.get_mut(&id)?.requests.ask(room);
        if keys.is_empty() {
            return None;
        }
        self.timers.set(Timer::RequestRetransmit(at, id), self.now + interval);
        Some((destination, PacketBody::LinkStateRequest(LinkStateRequest { keys })))
    }

    /// LSAs for one neighbour: always sent directly to it (RFC 2328 §13.6).
    fn updates(&mut self, at: InterfaceId, id: RouterId) -> Option<Outgoing> {
        if self.interfaces.get(&at)?.neighbors.get(&id)?.updates.is_empty() || !self.may_update(at)
        {
            return None;
        }
        let interface = self.interfaces.get_mut(&at)?;
        let neighbor = interface.neighbors.get_mut(&id)?;
        let destination = neighbor.address;
        let mut waiting = core::mem::take(&mut neighbor.updates);
        let (update, sent) = self.fill(at, &mut waiting)?;
        let interface = self.interfaces.get_mut(&at)?;
        let interval = interface.config.retransmit_interval;
        let neighbor = interface.neighbors.get_mut(&id)?;
        neighbor.updates = waiting;
        if !neighbor.updates.is_empty() {
            self.output.insert(Task::Updates(at, id));
        }
        for key in &sent {
            neighbor.retransmission.sent(key, self.now, interval);
        }
        if let Some(due) = neighbor.retransmission.next_due() {
            self.timers.set_earlier(Timer::Retransmit(at, id), due);
        }
        (!sent.is_empty()).then_some((destination, PacketBody::LinkStateUpdate(update)))
    }

    /// LSAs for all neighbours of an interface.
    fn flood_packet(&mut self, at: InterfaceId) -> Option<Outgoing> {
        if self.interfaces.get(&at)?.flood.is_empty() || !self.may_update(at) {
            return None;
        }
        let mut waiting = core::mem::take(&mut self.interfaces.get_mut(&at)?.flood);
        let (update, sent) = self.fill(at, &mut waiting)?;
        let interface = self.interfaces.get_mut(&at)?;
        interface.flood = waiting;
        if !interface.flood.is_empty() {
            self.output.insert(Task::Flood(at));
        }
        let interval = interface.config.retransmit_interval;
        for neighbor in interface.neighbors.values_mut() {
            for key in &sent {
                neighbor.retransmission.sent(key, self.now, interval);
            }
            if let Some(due) = neighbor.retransmission.next_due() {
                self.timers.set_earlier(Timer::Retransmit(at, neighbor.router_id), due);
            }
        }
        let destination = interface.flood_destination();
        (!sent.is_empty()).then_some((destination, PacketBody::LinkStateUpdate(update)))
    }

    /// Whether the interface may send a Link State Update now; if not, it is told when it may.
    fn may_update(&mut self, at: InterfaceId) -> bool {
        let Some(interface) = self.interfaces.get_mut(&at) else { return false };
        match interface.budget.take(self.now, &self.config.pacing) {
            Ok(()) => true,
            Err(until) => {
                self.timers.set(Timer::Pacing(at), until);
                false
            }
        }
    }

    /// The interface may send Link State Updates again.
    pub(crate) fn pacing_timer(&mut self, at: InterfaceId) {
        let Some(interface) = self.interfaces.get(&at) else { return };
        if !interface.flood.is_empty() {
            self.output.insert(Task::Flood(at));
        }
        for neighbor in interface.neighbors.values().filter(|n| !n.updates.is_empty()) {
            self.output.insert(Task::Updates(at, neighbor.router_id));
        }
    }

    /// Fills an update with what fits of the waiting LSAs, and gives those that it holds. LSAs that are gone are left
    /// out.
    fn fill(
        &mut self,
        at: InterfaceId,
        waiting: &mut alloc::collections::BTreeSet<LsaKey>,
    ) -> Option<(LinkStateUpdate, alloc::vec::Vec<LsaKey>)> {
        let interface = self.interfaces.get(&at)?;
        let area = interface.area();
        let delay = interface.config.transmit_delay.max(1);
        let mut builder = LinkStateUpdate::builder(longest(interface));
        let mut sent = alloc::vec::Vec::new();
        while let Some(key) = waiting.first().copied() {
            if let Some(scope) = scope_of(key.ls_type, (at, area))
                && let Some(entry) = self.databases.entry(scope, &key)
            {
                let age = entry.age(self.now).saturating_add(delay).min(MAX_AGE);
                if !builder.push(&entry.lsa, age) {
                    break;
                }
                sent.push(key);
                if key.advertising_router == self.config.router_id {
                    self.own_lsa_sent(scope, &key);
                }
            }
            waiting.pop_first();
        }
        self.counters.lsas_sent += sent.len() as u64;
        Some((builder.build(), sent))
    }

    /// LSAs are due for retransmission: some at a time (RFC 2328 §13.6).
    pub(crate) fn retransmit_timer(&mut self, at: InterfaceId, id: RouterId) {
        /// LSAs that are sent again at once, and the pause after them.
        const MOST: usize = 100;
        const PAUSE: core::time::Duration = core::time::Duration::from_millis(100);
        let now = self.now;
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let Some(neighbor) = interface.neighbors.get_mut(&id) else { return };
        let mut count = 0;
        neighbor.retransmission.take_due(now, MOST, |key| {
            neighbor.updates.insert(key);
            count += 1;
        });
        self.counters.lsas_retransmitted += count;
        interface.counters.lsas_retransmitted += count;
        if let Some(due) = neighbor.retransmission.next_due() {
            self.timers.set(Timer::Retransmit(at, id), due.max(now + PAUSE));
        }
        if count > 0 {
            self.output.insert(Task::Updates(at, id));
        }
    }
}

fn longest(interface: &Interface) -> usize {
    interface.longest_packet(interface.config.authentication.longest_trailer())
}

/// Where packets for one neighbour go: "on physical point-to-point networks, the IP destination is always set to the address
/// AllSPFRouters" (RFC 2328 §8.1).
fn to_neighbor(interface: &Interface, id: RouterId) -> Option<Ipv6Addr> {
    match interface.config.network {
        NetworkType::PointToPoint => Some(ALL_SPF_ROUTERS),
        _ => interface.neighbors.get(&id).map(|neighbor| neighbor.address),
    }
}

fn take(
    from: &mut alloc::collections::BTreeMap<LsaKey, LsaHeader>,
    most: usize,
) -> alloc::vec::Vec<LsaHeader> {
    let mut taken = alloc::vec::Vec::new();
    while taken.len() < most.max(1) {
        let Some((_, header)) = from.pop_first() else { break };
        taken.push(header);
    }
    taken
}

fn acknowledgment(destination: Ipv6Addr, headers: alloc::vec::Vec<LsaHeader>) -> Option<Outgoing> {
    let body = PacketBody::LinkStateAcknowledgment(LinkStateAcknowledgment { headers });
    match &body {
        PacketBody::LinkStateAcknowledgment(packet) if packet.headers.is_empty() => None,
        _ => Some((destination, body)),
    }
}
