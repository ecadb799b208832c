//! OSPFv3 (RFC 5340) without I/O.
//!
//! A [`Packet`] is what follows the IPv6 header; the addresses of that header are needed only for the [`checksum`]. An
//! [`Lsa`] is kept as it was received, and its [body](Lsa::body) is read when it is needed; an [`Lsdb`] holds the newest instances.
//! [`auth`] signs packets.
//!
//! ```
//! use std::net::Ipv6Addr;
//!
//! use bytes::BytesMut;
//! use ospf3::hello::Parameters;
//! use ospf3::{
//!     AreaId, Hello, InstanceId, InterfaceId, Options, Packet, PacketBody, RouterId, checksum,
//! };
//!
//! let hello = Hello {
//!     interface_id: InterfaceId(2),
//!     router_priority: 1,
//!     options: Options::V6 | Options::E | Options::R,
//!     hello_interval: 10,
//!     router_dead_interval: 40,
//!     designated_router: RouterId::NONE,
//!     backup_designated_router: RouterId::NONE,
//!     neighbors: vec![RouterId::from([192, 0, 2, 2])],
//! };
//! let packet = Packet {
//!     router_id: RouterId::from([192, 0, 2, 1]),
//!     area_id: AreaId::BACKBONE,
//!     instance_id: InstanceId::BASE_IPV6_UNICAST,
//!     body: PacketBody::Hello(hello),
//! };
//!
//! let source = "fe80::1".parse::<Ipv6Addr>()?;
//! let all_spf_routers = "ff02::5".parse::<Ipv6Addr>()?;
//! let mut datagram = BytesMut::new();
//! packet.encode(source, all_spf_routers, &mut datagram)?;
//!
//! // Where it is received.
//! checksum::verify(&datagram, source, all_spf_routers)?;
//! let (received, trailer) = Packet::decode(&datagram)?;
//! assert_eq!(received, packet);
//! assert!(trailer.is_empty());
//!
//! let PacketBody::Hello(hello) = received.body else { panic!("a Hello was sent") };
//! hello.check(&Parameters {
//!     instance_id: received.instance_id,
//!     hello_interval: 10,
//!     router_dead_interval: 40,
//!     options: Options::V6 | Options::E | Options::R,
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![deny(clippy::indexing_slicing)]

extern crate alloc;

pub mod auth;
mod codec;
pub mod config;
mod error;
mod flood;
mod id;
mod instance;
mod interface;
pub mod lsa;
pub mod lsdb;
mod neighbor;
mod options;
pub mod originate;
pub mod packet;
#[cfg(test)]
mod random;
pub mod route;
mod scope;
pub mod spf;
mod timer;
mod tlv;
#[cfg(all(feature = "tokio", target_os = "linux"))]
pub mod tokio;

pub use config::{InstanceConfig, InterfaceConfig, Link, NetworkType};
pub use error::{LsaError, LsaTooLong, PacketError, PacketTooLong};
pub use id::{AddressFamily, AreaId, InstanceId, InterfaceId, RouterId};
pub use instance::counters::{Cause, Counters, InputError, LsaCause};
pub use instance::event::{Event, HelperStatus, InterfaceEvent, Setback};
pub use instance::spf_delay::SpfDelayState;
pub use instance::status::{AreaStatus, InstanceStatus, InterfaceStatus, NeighborStatus, Role};
pub use instance::{Instance, PacketMeta, Transmit};
pub use interface::{ALL_D_ROUTERS, ALL_SPF_ROUTERS, InterfaceState};
pub use lsa::{
    LinkStateId, LsType, Lsa, LsaBody, LsaHeader, LsaKey, Prefix, PrefixOptions, Scope,
    SequenceNumber,
};
pub use lsdb::Lsdb;
pub use neighbor::NeighborState;
pub use options::Options;
pub use packet::hello::{self, Hello};
pub use packet::{
    DatabaseDescription, DatabaseDescriptionFlags, Datagram, Header, LinkLocalSignaling,
    LinkStateAcknowledgment, LinkStateRequest, LinkStateUpdate, Packet, PacketBody, PacketType,
    checksum,
};
pub use scope::ScopeId;
