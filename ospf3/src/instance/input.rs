//! Received packets: the checks of their headers, and whom they are for (RFC 5340 §4.2.2).

use core::net::Ipv6Addr;
use core::time::Duration;

use crate::config::NetworkType;
use crate::id::{InterfaceId, RouterId};
use crate::instance::Instance;
use crate::instance::counters::InputError;
use crate::instance::event::Event;
use crate::interface::fsm::InterfaceInput;
use crate::interface::{ALL_D_ROUTERS, ALL_SPF_ROUTERS, Interface, InterfaceState};
use crate::packet::{Datagram, Header, Packet, PacketBody, checksum};
use crate::timer::Timer;

/// Where a packet came from and went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketMeta {
    /// The interface it was received on.
    pub interface: InterfaceId,
    /// The source address of the IPv6 header.
    pub source: Ipv6Addr,
    /// The destination address of the IPv6 header.
    pub destination: Ipv6Addr,
}

impl Instance {
    /// Takes a packet: what followed the IPv6 header.
    ///
    /// # Errors
    /// If it was dropped, and why. It has been counted; nothing else need be done.
    pub fn handle_packet(
        &mut self,
        now: Duration,
        meta: PacketMeta,
        data: &[u8],
    ) -> Result<(), InputError> {
        self.advance(now);
        let result = self.receive(meta, data);
        if let Err(error) = &result {
            self.counters.count_dropped(error.cause());
            if let Some(interface) = self.interfaces.get_mut(&meta.interface) {
                interface.counters.count_dropped(error.cause());
            }
        }
        self.settle();
        result
    }

    fn receive(&mut self, meta: PacketMeta, data: &[u8]) -> Result<(), InputError> {
        let datagram = Datagram::split(data)?;
        let header = datagram.header;
        let at = self.associate(meta, &header)?;
        let interface =
            self.interfaces.get(&at).ok_or(InputError::NoInterface { interface: at })?;
        check_addresses(interface, meta)?;
        if header.router_id == self.config.router_id {
            return self.receive_own(meta, data);
        }
        if header.router_id == RouterId::NONE {
            return Err(InputError::RouterId { router_id: header.router_id });
        }
        if !interface.state.is_active() {
            return Err(InputError::NoInterface { interface: at });
        }
        if meta.destination == ALL_D_ROUTERS && !interface.is_designated() {
            return Err(InputError::NotDesignated);
        }
        self.authenticate(at, meta, &datagram, data)?;
        let (packet, _) = Packet::decode(data)?;
        let packet_type = packet.body.packet_type();
        self.dispatch(at, meta, header.router_id, packet.body)?;
        self.counters.count_received(packet_type);
        if let Some(interface) = self.interfaces.get_mut(&at) {
            interface.counters.count_received(packet_type);
        }
        Ok(())
    }

    /// The interface that a packet is for: the one it was received on, or a virtual link (RFC 5340 §4.2.2).
    fn associate(&self, meta: PacketMeta, header: &Header) -> Result<InterfaceId, InputError> {
        let id = meta.interface;
        let Some(interface) = self.interfaces.get(&id) else {
            return Err(InputError::NoInterface { interface: id });
        };
        let (expected, received) = (self.config.instance_id, header.instance_id);
        if expected != received {
            return Err(InputError::Instance { expected, received });
        }
        let (expected, received) = (interface.area(), header.area_id);
        if expected == received && !interface.config.network.is_virtual() {
            return Ok(id);
        }
        let network = NetworkType::VirtualLink { transit: expected, neighbor: header.router_id };
        let mut candidates = self.interfaces.values();
        match candidates.find(|link| link.config.network == network && link.area() == received) {
            Some(link) => Ok(link.id),
            None => Err(InputError::Area { expected, received }),
        }
    }

    /// The Authentication Trailer if there is to be one, else the checksum (RFC 7166 §4.1, RFC 5340 §4.2.2).
    fn authenticate(
        &mut self,
        at: InterfaceId,
        meta: PacketMeta,
        datagram: &Datagram<'_>,
        data: &[u8],
    ) -> Result<(), InputError> {
        let Some(interface) = self.interfaces.get_mut(&at) else { return Ok(()) };
        let keys = &interface.config.authentication;
        if keys.longest_trailer() == 0 {
            return checksum::verify(data, meta.source, meta.destination)
                .map_err(InputError::Checksum);
        }
        let trailer = keys.verify(self.now, meta.source, datagram)?;
        let packet_type = datagram.header.packet_type;
        if let Some(neighbor) = interface.neighbors.get_mut(&datagram.header.router_id)
            && neighbor.address == meta.source
        {
            neighbor.replay.check(packet_type, trailer.sequence_number)?;
            neighbor.replay.note(packet_type, trailer.sequence_number);
        }
        Ok(())
    }

    fn dispatch(
        &mut self,
        at: InterfaceId,
        meta: PacketMeta,
        id: RouterId,
        body: PacketBody,
    ) -> Result<(), InputError> {
        if let PacketBody::Hello(hello) = &body {
            return self.receive_hello(at, (id, meta.source), hello);
        }
        let interface = self.interfaces.get(&at);
        let neighbor = interface.and_then(|interface| interface.neighbors.get(&id));
        let neighbor = neighbor.ok_or(InputError::UnknownNeighbor { router_id: id })?;
        // Another router with the same Router ID must not disturb the adjacency.
        let is_virtual = interface.is_some_and(|interface| interface.config.network.is_virtual());
        if neighbor.address != meta.source && !is_virtual {
            return Err(InputError::DuplicateRouterId { router_id: id });
        }
        match body {
            PacketBody::DatabaseDescription(packet) => self.receive_description(at, id, &packet),
            PacketBody::LinkStateRequest(packet) => self.receive_request(at, id, &packet),
            PacketBody::LinkStateUpdate(packet) => self.receive_update(at, id, &packet),
            PacketBody::LinkStateAcknowledgment(packet) => {
                self.receive_acknowledgment(at, id, &packet)
            }
            other => Err(InputError::Type { packet_type: other.packet_type() }),
        }
    }

    /// A packet with our own Router ID: ours, by way of another interface to the same link (RFC 5340 §4.9), or of a router that
    /// has taken it too.
    fn receive_own(&mut self, meta: PacketMeta, data: &[u8]) -> Result<(), InputError> {
        let router_id = self.config.router_id;
        let refused = Err(InputError::RouterId { router_id });
        let sender = self.interfaces.values().find(|interface| {
            interface.link.as_ref().is_some_and(|link| link.link_local == meta.source)
        });
        let Some(sender) = sender.map(|sender| sender.id) else {
            self.events
                .push(Event::DuplicateRouterId { interface: Some(meta.interface), router_id });
            return refused;
        };
        checksum::verify(data, meta.source, meta.destination).map_err(InputError::Checksum)?;
        let (Packet { body: PacketBody::Hello(hello), .. }, _) = Packet::decode(data)? else {
            return refused;
        };
        if hello.interface_id != sender || sender == meta.interface {
            return refused;
        }
        // Of several interfaces to a link the one with the highest Interface ID is active.
        let (standby, active) = (meta.interface.min(sender), meta.interface.max(sender));
        if meta.interface == standby && sender == active {
            self.interface_event(standby, InterfaceInput::MultipleInterfacesToLink);
            if let Some(interface) = self.interfaces.get(&standby)
                && interface.state == InterfaceState::Standby
            {
                let dead = super::adjacency::seconds(interface.config.router_dead_interval);
                self.timers.set(Timer::ActiveInterface(standby), self.now + dead);
            }
            return Ok(());
        }
        refused
    }
}

/// The addresses that packets of an interface have (RFC 5340 §4.2.2, §4.1.2).
fn check_addresses(interface: &Interface, meta: PacketMeta) -> Result<(), InputError> {
    let link_local = |address: Ipv6Addr| address.is_unicast_link_local();
    let fits = if interface.config.network.is_virtual() {
        let global = |address: Ipv6Addr| !address.is_multicast() && !link_local(address);
        global(meta.source) && global(meta.destination)
    } else {
        let to_us = interface.link.as_ref().is_some_and(|l| l.link_local == meta.destination);
        let to_all = [ALL_SPF_ROUTERS, ALL_D_ROUTERS].contains(&meta.destination);
        link_local(meta.source) && (to_us || to_all)
    };
    if fits { Ok(()) } else { Err(InputError::Address) }
}
