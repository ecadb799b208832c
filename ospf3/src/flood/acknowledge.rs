//! Acknowledgments: those that are sent and those that are received (RFC 2328 §13.5, §13.7).

use core::time::Duration;

use crate::flood::receive::From;
use crate::flood::retransmission::Acknowledged;
use crate::id::{InterfaceId, RouterId};
use crate::instance::Instance;
use crate::instance::counters::InputError;
use crate::instance::databases::scope_of;
use crate::instance::output::Task;
use crate::interface::InterfaceState;
use crate::lsa::{LsaHeader, LsaKey};
use crate::neighbor::NeighborState;
use crate::packet::{LinkStateAcknowledgment, PacketType};
use crate::timer::Timer;

/// How long acknowledgments are collected: well below RxmtInterval (RFC 2328 §13.5).
const DELAY: Duration = Duration::from_secs(1);

/// The circumstances of an LSA's receipt: the rows of RFC 2328 table 19 that ask for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// It is newer than ours, and was not flooded back out the interface.
    New,
    /// It is a duplicate that was taken for an acknowledgment.
    Implied,
    /// It is a duplicate that was not.
    Duplicate,
    /// MaxAge, there is no instance, and no neighbour is exchanging databases.
    NothingToFlush,
}

/// How an LSA is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    None,
    Delayed,
    Direct,
}

/// RFC 2328 table 19.
pub(crate) const fn answer(receipt: Receipt, backup: bool, from_designated: bool) -> Answer {
    match (receipt, backup) {
        (Receipt::New, false) => Answer::Delayed,
        (Receipt::Implied, false) => Answer::None,
        (Receipt::New | Receipt::Implied, true) if from_designated => Answer::Delayed,
        (Receipt::New | Receipt::Implied, true) => Answer::None,
        (Receipt::Duplicate | Receipt::NothingToFlush, _) => Answer::Direct,
    }
}

impl Instance {
    /// Acknowledges a received LSA as table 19 has it.
    pub(crate) fn acknowledge(&mut self, from: From, header: LsaHeader, receipt: Receipt) {
        let (at, id) = from;
        let now = self.now;
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        let backup = interface.state == InterfaceState::Backup;
        let from_designated = interface.elected.designated_router == id;
        match answer(receipt, backup, from_designated) {
            Answer::None => {}
            Answer::Delayed => {
                interface.acknowledgments.insert(header.key, header);
                let full = LinkStateAcknowledgment::room(interface.longest_packet(0));
                if interface.acknowledgments.len() >= full {
                    self.delayed_ack_timer(at);
                } else {
                    let interval = interface.config.retransmit_interval;
                    self.timers
                        .set_if_stopped(Timer::DelayedAck(at), now + DELAY.min(interval / 2));
                }
            }
            Answer::Direct => {
                if let Some(neighbor) = interface.neighbors.get_mut(&id) {
                    neighbor.acknowledgments.insert(header.key, header);
                    self.output.insert(Task::DirectAcks(at, id));
                }
            }
        }
    }

    /// The delayed acknowledgments are due. On networks without multicast each adjacency gets them all.
    pub(crate) fn delayed_ack_timer(&mut self, at: InterfaceId) {
        self.timers.stop(Timer::DelayedAck(at));
        let Some(interface) = self.interfaces.get_mut(&at) else { return };
        if interface.uses_multicast() {
            self.output.insert(Task::DelayedAcks(at));
            return;
        }
        let acknowledgments = core::mem::take(&mut interface.acknowledgments);
        for neighbor in interface.neighbors.values_mut().filter(|n| n.takes_floods()) {
            neighbor.acknowledgments.extend(&acknowledgments);
            self.output.insert(Task::DirectAcks(at, neighbor.router_id));
        }
    }

    /// Takes a Link State Acknowledgment packet (RFC 2328 §13.7).
    pub(crate) fn receive_acknowledgment(
        &mut self,
        at: InterfaceId,
        id: RouterId,
        packet: &LinkStateAcknowledgment,
    ) -> Result<(), InputError> {
        let packet_type = PacketType::LINK_STATE_ACKNOWLEDGMENT;
        let state = self.neighbor(at, id).map_or(NeighborState::Down, |neighbor| neighbor.state);
        if state < NeighborState::Exchange {
            return Err(InputError::State { packet_type, state });
        }
        for header in &packet.headers {
            let Some(neighbor) = self.neighbor_mut(at, id) else { break };
            if neighbor.retransmission.acknowledge(header) == Acknowledged::Removed {
                neighbor.updates.remove(&header.key);
                self.sweep_if_flushing((at, id), &header.key);
            }
        }
        Ok(())
    }

    /// A neighbour has acknowledged an LSA: if it is at MaxAge, it may now be removed.
    pub(crate) fn sweep_if_flushing(&mut self, from: From, key: &LsaKey) {
        let Some(interface) = self.interfaces.get(&from.0) else { return };
        if let Some(scope) = scope_of(key.ls_type, (from.0, interface.area()))
            && self.flushing.contains(&(scope, *key))
        {
            self.sweep.insert((scope, *key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2328 table 19, row by row: in state Backup from the Designated Router and from others, and in all other states.
    #[test]
    fn rfc2328_table_19() {
        use Answer::{Delayed, Direct, None};
        let table = [
            (Receipt::New, [Delayed, None, Delayed]),
            (Receipt::Implied, [Delayed, None, None]),
            (Receipt::Duplicate, [Direct, Direct, Direct]),
            (Receipt::NothingToFlush, [Direct, Direct, Direct]),
        ];
        for (receipt, [from_designated, from_other, elsewhere]) in table {
            assert_eq!(answer(receipt, true, true), from_designated, "{receipt:?}");
            assert_eq!(answer(receipt, true, false), from_other, "{receipt:?}");
            assert_eq!(answer(receipt, false, true), elsewhere, "{receipt:?}");
            assert_eq!(answer(receipt, false, false), elsewhere, "{receipt:?}");
        }
    }
}
