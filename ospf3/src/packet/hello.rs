//! The Hello packet: who is on the link, and who speaks for it (RFC 5340 §A.3.2).

use alloc::vec::Vec;

use bytes::{BufMut, BytesMut};
use thiserror::Error;

use super::{Header, room};
use crate::codec::Reader;
use crate::error::PacketError;
use crate::id::{InstanceId, InterfaceId, RouterId};
use crate::options::Options;

/// What follows the header of a Hello packet (RFC 5340 §A.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The sender's number of the interface it was sent on.
    pub interface_id: InterfaceId,
    /// How much the sender wants to be Designated Router; 0: not at all.
    pub router_priority: u8,
    /// What the sender supports.
    pub options: Options,
    /// Time between the sender's Hellos, in seconds.
    pub hello_interval: u16,
    /// Time after which a silent router is down, in seconds.
    pub router_dead_interval: u16,
    /// The Designated Router as the sender sees it; [`RouterId::NONE`] if there is none.
    pub designated_router: RouterId,
    /// The Backup Designated Router as the sender sees it; [`RouterId::NONE`] if there is none.
    pub backup_designated_router: RouterId,
    /// The routers the sender has heard lately, in the order of the packet.
    pub neighbors: Vec<RouterId>,
}

impl Hello {
    /// Octets before the neighbours.
    const LENGTH: usize = 20;
    /// Where the Options stand in a packet.
    pub(super) const OPTIONS_OFFSET: usize = Header::LENGTH + 5;

    /// How many neighbours fit a packet of so many octets.
    pub const fn room(octets: usize) -> usize {
        room(octets, Self::LENGTH, 4)
    }

    pub(super) fn decode(mut reader: Reader<'_>) -> Result<Self, PacketError> {
        let interface_id = InterfaceId(reader.u32("Interface ID")?);
        let router_priority = reader.u8("Rtr Priority")?;
        let options = Options::from_be_bytes(reader.array("Options")?);
        let hello_interval = reader.u16("HelloInterval")?;
        let router_dead_interval = reader.u16("RouterDeadInterval")?;
        let designated_router = RouterId(reader.u32("Designated Router ID")?);
        let backup_designated_router = RouterId(reader.u32("Backup Designated Router ID")?);
        let mut neighbors = Vec::with_capacity(reader.remaining() / 4);
        while reader.remaining() >= 4 {
            neighbors.push(RouterId(reader.u32("Neighbor ID")?));
        }
        reader.finish("Hello")?;
        Ok(Self {
            interface_id,
            router_priority,
            options,
            hello_interval,
            router_dead_interval,
            designated_router,
            backup_designated_router,
            neighbors,
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        out.reserve(Self::LENGTH + 4 * self.neighbors.len());
        out.put_u32(self.interface_id.0);
        out.put_u8(self.router_priority);
        out.put_slice(&self.options.to_be_bytes());
        out.put_u16(self.hello_interval);
        out.put_u16(self.router_dead_interval);
        out.put_u32(self.designated_router.0);
        out.put_u32(self.backup_designated_router.0);
        for neighbor in &self.neighbors {
            out.put_u32(neighbor.0);
        }
    }

    /// Whether a received Hello agrees with the interface it was received on (RFC 5340 §4.2.2.1, RFC 2328 §10.5).
    /// One that does not is to be discarded.
    ///
    /// The fields are compared in the order of [`HelloMismatch`]'s variants. Options other than those named there
    /// are ignored.
    ///
    /// # Errors
    /// The first mismatch.
    pub fn check(&self, parameters: &Parameters) -> Result<(), HelloMismatch> {
        let (expected, received) = (parameters.hello_interval, self.hello_interval);
        if received != expected {
            return Err(HelloMismatch::HelloInterval { expected, received });
        }
        let (expected, received) = (parameters.router_dead_interval, self.router_dead_interval);
        if received != expected {
            return Err(HelloMismatch::RouterDeadInterval { expected, received });
        }
        let ours = |bit| parameters.options.contains(bit);
        let theirs = |bit| self.options.contains(bit);
        if theirs(Options::E) != ours(Options::E) {
            return Err(HelloMismatch::ExternalRoutingCapability { expected: ours(Options::E) });
        }
        if theirs(Options::N) != ours(Options::N) {
            return Err(HelloMismatch::Nssa { expected: ours(Options::N) });
        }
        // RFC 5838 §2.4: MUST NOT be done in the base IPv6 unicast address family.
        let base = parameters.instance_id == InstanceId::BASE_IPV6_UNICAST;
        if !base && ours(Options::AF) && !theirs(Options::AF) {
            return Err(HelloMismatch::AddressFamily);
        }
        Ok(())
    }
}

/// What routers on a link must agree on, as an interface has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// The instance, already known to be that of the packet (RFC 5340 §4.2.2).
    pub instance_id: InstanceId,
    /// Time between Hellos, in seconds (RFC 5340 §C.3).
    pub hello_interval: u16,
    /// Time after which a silent router is down, in seconds (RFC 5340 §C.3).
    pub router_dead_interval: u16,
    /// What is sent in Hellos: E if AS-external-LSAs are flooded in the area, N if it is not-so-stubby, AF where
    /// address families are supported.
    pub options: Options,
}

/// Why a received Hello is discarded: its sender is configured otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HelloMismatch {
    /// RFC 2328 §10.5.
    #[error("HelloInterval is {received} s, not {expected} s")]
    HelloInterval {
        /// The interface's, in seconds.
        expected: u16,
        /// The packet's, in seconds.
        received: u16,
    },
    /// RFC 2328 §10.5.
    #[error("RouterDeadInterval is {received} s, not {expected} s")]
    RouterDeadInterval {
        /// The interface's, in seconds.
        expected: u16,
        /// The packet's, in seconds.
        received: u16,
    },
    /// The E-bit is that of a stub area where the interface's is none, or the other way round (RFC 2328 §10.5).
    #[error("the E-bit is {}", set(!*.expected))]
    ExternalRoutingCapability {
        /// Whether it should be set.
        expected: bool,
    },
    /// The N-bit is that of a not-so-stubby area where the interface's is none, or the other way round (RFC 3101 §2.1).
    #[error("the N-bit is {}", set(!*.expected))]
    Nssa {
        /// Whether it should be set.
        expected: bool,
    },
    /// The AF-bit is clear in an address family other than base IPv6 unicast (RFC 5838 §2.4).
    #[error("the AF-bit is clear")]
    AddressFamily,
}

const fn set(bit: bool) -> &'static str {
    if bit { "set" } else { "clear" }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    const PARAMETERS: Parameters = Parameters {
        instance_id: InstanceId(64),
        hello_interval: 10,
        router_dead_interval: 40,
        options: Options::from_bits(0x112), // E, R, AF
    };

    fn hello() -> Hello {
        Hello {
            interface_id: InterfaceId(7),
            router_priority: 1,
            options: PARAMETERS.options,
            hello_interval: 10,
            router_dead_interval: 40,
            designated_router: RouterId::NONE,
            backup_designated_router: RouterId::NONE,
            neighbors: Vec::new(),
        }
    }

    fn with(options: Options) -> Hello {
        Hello { options, ..hello() }
    }

    #[test]
    fn what_need_not_agree() {
        assert_eq!(hello().check(&PARAMETERS), Ok(()));
        let others = Options::V6 | Options::DC | Options::AT | Options::from_bits(0x8000);
        let mut other = with((PARAMETERS.options | others).without(Options::R));
        other.router_priority = 0;
        other.designated_router = RouterId(9);
        other.neighbors.push(RouterId(9));
        assert_eq!(other.check(&PARAMETERS), Ok(()));
    }

    #[test]
    fn rfc2328_10_5_intervals() {
        let slow = Hello { hello_interval: 11, ..hello() };
        let mismatch = HelloMismatch::HelloInterval { expected: 10, received: 11 };
        assert_eq!(slow.check(&PARAMETERS), Err(mismatch));
        assert_eq!(mismatch.to_string(), "HelloInterval is 11 s, not 10 s");
        let patient = Hello { router_dead_interval: 41, ..hello() };
        let mismatch = HelloMismatch::RouterDeadInterval { expected: 40, received: 41 };
        assert_eq!(patient.check(&PARAMETERS), Err(mismatch));
        assert_eq!(mismatch.to_string(), "RouterDeadInterval is 41 s, not 40 s");
    }

    #[test]
    fn rfc2328_10_5_e_bit() {
        let stub = with(PARAMETERS.options.without(Options::E));
        let mismatch = HelloMismatch::ExternalRoutingCapability { expected: true };
        assert_eq!(stub.check(&PARAMETERS), Err(mismatch));
        assert_eq!(mismatch.to_string(), "the E-bit is clear");
        let in_stub = Parameters { options: stub.options, ..PARAMETERS };
        let mismatch = HelloMismatch::ExternalRoutingCapability { expected: false };
        assert_eq!(hello().check(&in_stub), Err(mismatch));
        assert_eq!(mismatch.to_string(), "the E-bit is set");
        assert_eq!(stub.check(&in_stub), Ok(()));
    }

    #[test]
    fn rfc3101_2_1_n_bit() {
        let stub = with(PARAMETERS.options.without(Options::E));
        let nssa = with(stub.options | Options::N);
        let in_stub = Parameters { options: stub.options, ..PARAMETERS };
        let in_nssa = Parameters { options: nssa.options, ..PARAMETERS };
        assert_eq!(nssa.check(&in_stub), Err(HelloMismatch::Nssa { expected: false }));
        assert_eq!(stub.check(&in_nssa), Err(HelloMismatch::Nssa { expected: true }));
        assert_eq!(nssa.check(&in_nssa), Ok(()));
    }

    #[test]
    fn rfc5838_2_4_af_bit() {
        let without = with(PARAMETERS.options.without(Options::AF));
        assert_eq!(without.check(&PARAMETERS), Err(HelloMismatch::AddressFamily));
        let base = Parameters { instance_id: InstanceId::BASE_IPV6_UNICAST, ..PARAMETERS };
        assert_eq!(without.check(&base), Ok(()));
        let unaware = Parameters { options: without.options, ..PARAMETERS };
        assert_eq!(without.check(&unaware), Ok(()));
        assert_eq!(hello().check(&unaware), Ok(()));
    }

    #[test]
    fn the_first_mismatch_in_order() {
        let mut other = with(Options::N);
        (other.hello_interval, other.router_dead_interval) = (1, 4);
        let intervals = [
            HelloMismatch::HelloInterval { expected: 10, received: 1 },
            HelloMismatch::RouterDeadInterval { expected: 40, received: 4 },
        ];
        assert_eq!(other.check(&PARAMETERS).err().as_ref(), intervals.first());
        other.hello_interval = 10;
        assert_eq!(other.check(&PARAMETERS).err().as_ref(), intervals.last());
        other.router_dead_interval = 40;
        let mismatch = HelloMismatch::ExternalRoutingCapability { expected: true };
        assert_eq!(other.check(&PARAMETERS), Err(mismatch));
        other.options = other.options | Options::E;
        assert_eq!(other.check(&PARAMETERS), Err(HelloMismatch::Nssa { expected: false }));
        other.options = Options::E;
        assert_eq!(other.check(&PARAMETERS), Err(HelloMismatch::AddressFamily));
    }
}
