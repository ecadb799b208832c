//! What was received and sent, and what was dropped and why.

use core::fmt;

use thiserror::Error;

use crate::auth::AuthenticationError;
use crate::error::PacketError;
use crate::id::{AreaId, InstanceId, InterfaceId, RouterId};
use crate::neighbor::NeighborState;
use crate::packet::PacketType;
use crate::packet::hello::HelloMismatch;

/// Why a received packet was dropped, with all that is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InputError {
    /// No interface of that number is configured, or it takes no packets in its state.
    #[error("interface {interface} takes no packets")]
    NoInterface {
        /// Where it was received.
        interface: InterfaceId,
    },
    /// It is not well-formed.
    #[error(transparent)]
    Packet(#[from] PacketError),
    /// The checksum is wrong.
    #[error("the checksum: {0}")]
    Checksum(PacketError),
    /// The Area ID is not that of the interface, nor is it from a virtual link (RFC 5340 §4.2.2).
    #[error("area {received} instead of {expected}")]
    Area {
        /// The interface's.
        expected: AreaId,
        /// The packet's.
        received: AreaId,
    },
    /// The Instance ID is not that of the interface (RFC 5340 §4.2.2).
    #[error("instance {received} instead of {expected}")]
    Instance {
        /// The interface's.
        expected: InstanceId,
        /// The packet's.
        received: InstanceId,
    },
    /// The Router ID is our own, or none at all (RFC 5340 §4.2.2).
    #[error("router ID {router_id}")]
    RouterId {
        /// The packet's.
        router_id: RouterId,
    },
    /// It was sent to the Designated Routers, of which we are none (RFC 5340 §4.2.2).
    #[error("sent to AllDRouters")]
    NotDesignated,
    /// The destination or the source cannot be (RFC 5340 §4.2.2).
    #[error("bad source or destination address")]
    Address,
    /// The authentication trailer is missing, or wrong (RFC 7166 §4).
    #[error(transparent)]
    Authentication(#[from] AuthenticationError),
    /// A Hello of a router that is configured otherwise.
    #[error(transparent)]
    Hello(#[from] HelloMismatch),
    /// The sender is none of the neighbours that are configured, and no other is taken.
    #[error("{router_id} is not a configured neighbour")]
    NotConfigured {
        /// The packet's.
        router_id: RouterId,
    },
    /// There are as many neighbours as the limit allows.
    #[error("too many neighbours")]
    TooManyNeighbors,
    /// Another router with the same Router ID is a neighbour on the interface, and is heard.
    #[error("router ID {router_id} is that of another neighbour")]
    DuplicateRouterId {
        /// The packet's.
        router_id: RouterId,
    },
    /// The sender is not a neighbour (RFC 5340 §4.2.2).
    #[error("{router_id} is not a neighbour")]
    UnknownNeighbor {
        /// The packet's.
        router_id: RouterId,
    },
    /// A neighbour in this state sends no such packets (RFC 2328 §10.6, §10.7, §13, §13.7).
    #[error("{packet_type} from a neighbour in state {state}")]
    State {
        /// What was received.
        packet_type: PacketType,
        /// The neighbour's state.
        state: NeighborState,
    },
    /// The neighbour's Interface MTU is larger than ours (RFC 2328 §10.6).
    #[error("interface MTU {received} above {expected}")]
    Mtu {
        /// Ours, in octets.
        expected: u16,
        /// The packet's, in octets.
        received: u16,
    },
    /// A Database Description packet that does not fit the exchange, which is begun anew (RFC 2328 §10.6).
    #[error("the database exchange is out of step: {0}")]
    SeqNumberMismatch(&'static str),
    /// A request for an LSA that is not there, or an update that does not fit the requests; the exchange is begun anew
    /// (RFC 2328 §10.7, §13 (6)).
    #[error("BadLSReq")]
    BadLsReq,
    /// The type of the packet is unknown.
    #[error("{packet_type}")]
    Type {
        /// The packet's.
        packet_type: PacketType,
    },
}

/// The causes of [`InputError`], for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// [`InputError::NoInterface`]
    NoInterface,
    /// [`InputError::Packet`]
    Packet,
    /// [`InputError::Checksum`]
    Checksum,
    /// [`InputError::Area`]
    Area,
    /// [`InputError::Instance`]
    Instance,
    /// [`InputError::RouterId`]
    RouterId,
    /// [`InputError::NotDesignated`]
    NotDesignated,
    /// [`InputError::Address`]
    Address,
    /// [`InputError::Authentication`]
    Authentication,
    /// [`InputError::Hello`]
    Hello,
    /// [`InputError::NotConfigured`]
    NotConfigured,
    /// [`InputError::TooManyNeighbors`]
    TooManyNeighbors,
    /// [`InputError::DuplicateRouterId`]
    DuplicateRouterId,
    /// [`InputError::UnknownNeighbor`]
    UnknownNeighbor,
    /// [`InputError::State`]
    State,
    /// [`InputError::Mtu`]
    Mtu,
    /// [`InputError::SeqNumberMismatch`]
    SeqNumberMismatch,
    /// [`InputError::BadLsReq`]
    BadLsReq,
    /// [`InputError::Type`]
    Type,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::NoInterface,
        Self::Packet,
        Self::Checksum,
        Self::Area,
        Self::Instance,
        Self::RouterId,
        Self::NotDesignated,
        Self::Address,
        Self::Authentication,
        Self::Hello,
        Self::NotConfigured,
        Self::TooManyNeighbors,
        Self::DuplicateRouterId,
        Self::UnknownNeighbor,
        Self::State,
        Self::Mtu,
        Self::SeqNumberMismatch,
        Self::BadLsReq,
        Self::Type,
    ];
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NoInterface => "no interface",
            Self::Packet => "malformed",
            Self::Checksum => "bad checksum",
            Self::Area => "wrong area",
            Self::Instance => "wrong instance",
            Self::RouterId => "bad router ID",
            Self::NotDesignated => "not a designated router",
            Self::Address => "bad address",
            Self::Authentication => "authentication failed",
            Self::Hello => "hello mismatch",
            Self::NotConfigured => "not configured",
            Self::TooManyNeighbors => "too many neighbors",
            Self::DuplicateRouterId => "duplicate router ID",
            Self::UnknownNeighbor => "unknown neighbor",
            Self::State => "neighbor state",
            Self::Mtu => "MTU mismatch",
            Self::SeqNumberMismatch => "sequence number mismatch",
            Self::BadLsReq => "bad request",
            Self::Type => "unknown packet type",
        })
    }
}

impl InputError {
    /// What it is counted as.
    pub const fn cause(&self) -> Cause {
        match self {
            Self::NoInterface { .. } => Cause::NoInterface,
            Self::Packet(_) => Cause::Packet,
            Self::Checksum(_) => Cause::Checksum,
            Self::Area { .. } => Cause::Area,
            Self::Instance { .. } => Cause::Instance,
            Self::RouterId { .. } => Cause::RouterId,
            Self::NotDesignated => Cause::NotDesignated,
            Self::Address => Cause::Address,
            Self::Authentication(_) => Cause::Authentication,
            Self::Hello(_) => Cause::Hello,
            Self::NotConfigured { .. } => Cause::NotConfigured,
            Self::TooManyNeighbors => Cause::TooManyNeighbors,
            Self::DuplicateRouterId { .. } => Cause::DuplicateRouterId,
            Self::UnknownNeighbor { .. } => Cause::UnknownNeighbor,
            Self::State { .. } => Cause::State,
            Self::Mtu { .. } => Cause::Mtu,
            Self::SeqNumberMismatch(_) => Cause::SeqNumberMismatch,
            Self::BadLsReq => Cause::BadLsReq,
            Self::Type { .. } => Cause::Type,
        }
    }
}

/// Why an LSA of a Link State Update was dropped, the rest of the packet being taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LsaCause {
    /// The LS checksum is wrong, or its body cannot be read (RFC 2328 §13 (1)).
    Malformed,
    /// Its scope is the AS, and the area takes no such LSAs (RFC 5340 §4.5.1 (2)).
    StubArea,
    /// Its scope is reserved (RFC 5340 §4.5.1 (3)).
    ReservedScope,
    /// MaxAge, and nothing to flush (RFC 2328 §13 (4)).
    NothingToFlush,
    /// It came within MinLSArrival of the instance before (RFC 2328 §13 (5a)).
    TooSoon,
    /// Ours is newer (RFC 2328 §13 (8)).
    Older,
    /// The databases are as large as the limit allows.
    Overload,
}

impl LsaCause {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Malformed,
        Self::StubArea,
        Self::ReservedScope,
        Self::NothingToFlush,
        Self::TooSoon,
        Self::Older,
        Self::Overload,
    ];
}

/// Packets and LSAs of an interface, or of the whole instance, since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    received: [u64; 5],
    sent: [u64; 5],
    dropped: [u64; Cause::ALL.len()],
    dropped_lsas: [u64; LsaCause::ALL.len()],
    /// LSAs received in Link State Updates.
    pub lsas_received: u64,
    /// LSAs sent in Link State Updates.
    pub lsas_sent: u64,
    /// Of those, LSAs sent once more because they were not acknowledged.
    pub lsas_retransmitted: u64,
    /// LSAs that were installed into a database.
    pub lsas_installed: u64,
}

impl Counters {
    /// Packets of a type that were taken.
    pub fn received(&self, packet_type: PacketType) -> u64 {
        slot(packet_type).and_then(|slot| self.received.get(slot)).copied().unwrap_or(0)
    }

    /// Packets of a type that were handed out to be sent.
    pub fn sent(&self, packet_type: PacketType) -> u64 {
        slot(packet_type).and_then(|slot| self.sent.get(slot)).copied().unwrap_or(0)
    }

    /// Packets that were dropped for this cause.
    pub fn dropped(&self, cause: Cause) -> u64 {
        self.dropped.get(cause as usize).copied().unwrap_or(0)
    }

    /// LSAs that were dropped for this cause.
    pub fn dropped_lsas(&self, cause: LsaCause) -> u64 {
        self.dropped_lsas.get(cause as usize).copied().unwrap_or(0)
    }

    pub(crate) fn count_received(&mut self, packet_type: PacketType) {
        count(&mut self.received, slot(packet_type));
    }

    pub(crate) fn count_sent(&mut self, packet_type: PacketType) {
        count(&mut self.sent, slot(packet_type));
    }

    pub(crate) fn count_dropped(&mut self, cause: Cause) {
        count(&mut self.dropped, Some(cause as usize));
    }

    pub(crate) fn count_dropped_lsa(&mut self, cause: LsaCause) {
        count(&mut self.dropped_lsas, Some(cause as usize));
    }
}

fn slot(packet_type: PacketType) -> Option<usize> {
    usize::from(packet_type.0).checked_sub(1)
}

fn count(counters: &mut [u64], slot: Option<usize>) {
    if let Some(counter) = slot.and_then(|slot| counters.get_mut(slot)) {
        *counter += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_a_counter_of_its_own() {
        for cause in Cause::ALL {
            let mut counters = Counters::default();
            counters.count_dropped(cause);
            for other in Cause::ALL {
                assert_eq!(counters.dropped(other), u64::from(other == cause), "{cause}");
            }
        }
        for cause in LsaCause::ALL {
            let mut counters = Counters::default();
            counters.count_dropped_lsa(cause);
            for other in LsaCause::ALL {
                assert_eq!(counters.dropped_lsas(other), u64::from(other == cause), "{cause:?}");
            }
        }
    }

    #[test]
    fn packets_are_counted_by_type() {
        let mut counters = Counters::default();
        counters.count_received(PacketType::HELLO);
        counters.count_sent(PacketType::LINK_STATE_ACKNOWLEDGMENT);
        counters.count_received(PacketType(0));
        counters.count_sent(PacketType(6));
        assert_eq!(counters.received(PacketType::HELLO), 1);
        assert_eq!(counters.sent(PacketType::LINK_STATE_ACKNOWLEDGMENT), 1);
        assert_eq!(counters.sent(PacketType::HELLO) + counters.received(PacketType(6)), 0);
    }
}
