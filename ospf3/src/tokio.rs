//! A socket for OSPF packets, on any tokio runtime of Linux.
//!
//! It takes what [`Instance::poll_transmit`](crate::Instance::poll_transmit) gives, and gives what
//! [`Instance::handle_packet`](crate::Instance::handle_packet) takes. Timers and interfaces are the host's.
//!
//! ```no_run
//! use std::time::Instant;
//!
//! use ospf3::tokio::{LONGEST, Socket};
//! use ospf3::{ALL_SPF_ROUTERS, Instance, InterfaceId};
//!
//! async fn run(mut instance: Instance, interface: InterfaceId, epoch: Instant) -> std::io::Result<()> {
//!     let socket = Socket::new()?;
//!     socket.join(interface, ALL_SPF_ROUTERS)?;
//!     let mut buffer = vec![0; LONGEST];
//!     loop {
//!         while let Some(transmit) = instance.poll_transmit() {
//!             // A packet that is not sent is as one lost on the way: what matters is sent again.
//!             if let Err(error) = socket.send(&transmit).await {
//!                 eprintln!("to {}: {error}", transmit.destination);
//!             }
//!         }
//!         while let Some(event) = instance.poll_event() {
//!             println!("{event:?}");
//!         }
//!         let timeout = instance.poll_timeout();
//!         let timer = async {
//!             match timeout {
//!                 Some(at) => tokio::time::sleep_until((epoch + at).into()).await,
//!                 None => std::future::pending().await,
//!             }
//!         };
//!         tokio::select! {
//!             received = socket.receive(&mut buffer) => {
//!                 let (meta, data) = received?;
//!                 if let Err(error) = instance.handle_packet(epoch.elapsed(), meta, data) {
//!                     eprintln!("from {}: {error}", meta.source);
//!                 }
//!             }
//!             () = timer => instance.handle_timeout(epoch.elapsed()),
//!         }
//!     }
//! }
//! ```

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use nix::libc::{in6_addr, in6_pktinfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn6, recvmsg, sendmsg, setsockopt,
    sockopt,
};
use socket2::{Domain, Protocol, SockRef, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::id::InterfaceId;
use crate::packet::checksum::NEXT_HEADER;
use crate::{PacketMeta, Transmit};

/// Octets of the longest datagram: how long a buffer to [receive](Socket::receive) into must be.
pub const LONGEST: usize = 65_535;

/// A raw IPv6 socket for packets with Next Header 89, of all interfaces.
///
/// Checksums are left to the instance: the kernel could not know which packets have an Authentication Trailer instead
/// (RFC 7166 §4.2).
#[derive(Debug)]
pub struct Socket {
    /// No socket of UDP, but tokio needs no unsafe code to wait for one, and does nothing else with it.
    waiting: UdpSocket,
}

impl Socket {
    /// Opens one, within a tokio runtime.
    ///
    /// # Errors
    /// Without the right to open raw sockets (`CAP_NET_RAW`).
    pub fn new() -> io::Result<Self> {
        /// Internetwork control, as routing protocols use it (RFC 2328 §A.1).
        const CS6: u32 = 0xc0;
        let socket = socket2::Socket::new(
            Domain::IPV6,
            Type::RAW,
            Some(Protocol::from(i32::from(NEXT_HEADER))),
        )?;
        socket.set_nonblocking(true)?;
        socket.set_multicast_loop_v6(false)?;
        // Only what this socket itself has joined.
        socket.set_multicast_all_v6(false)?;
        socket.set_multicast_hops_v6(1)?;
        socket.set_unicast_hops_v6(1)?;
        socket.set_tclass_v6(CS6)?;
        setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
        let waiting = UdpSocket::from_std(OwnedFd::from(socket).into())?;
        Ok(Self { waiting })
    }

    /// Listens on an interface to a group: [`ALL_SPF_ROUTERS`](crate::ALL_SPF_ROUTERS) or [`ALL_D_ROUTERS`](crate::ALL_D_ROUTERS).
    ///
    /// # Errors
    /// If there is no such interface, or the socket listens already.
    pub fn join(&self, interface: InterfaceId, group: Ipv6Addr) -> io::Result<()> {
        SockRef::from(&self.waiting).join_multicast_v6(&group, interface.0)
    }

    /// Listens no longer.
    ///
    /// # Errors
    /// If it did not.
    pub fn leave(&self, interface: InterfaceId, group: Ipv6Addr) -> io::Result<()> {
        SockRef::from(&self.waiting).leave_multicast_v6(&group, interface.0)
    }

    /// Sends a packet, when there is room.
    ///
    /// # Errors
    /// What the kernel says: the interface is gone, the source address is not ours, nobody is reached.
    pub async fn send(&self, transmit: &Transmit) -> io::Result<()> {
        let info = in6_pktinfo {
            ipi6_addr: in6_addr { s6_addr: transmit.source.octets() },
            ipi6_ifindex: transmit.interface.0,
        };
        let hop_limit = i32::from(transmit.hop_limit);
        let control =
            [ControlMessage::Ipv6PacketInfo(&info), ControlMessage::Ipv6HopLimit(&hop_limit)];
        let to = SocketAddrV6::new(transmit.destination, 0, 0, transmit.interface.0);
        let to = SockaddrIn6::from(to);
        let data = [IoSlice::new(&transmit.bytes)];
        let socket = self.waiting.as_raw_fd();
        let write = || {
            let sent = sendmsg(socket, &data, &control, MsgFlags::empty(), Some(&to));
            sent.map_err(io::Error::from)
        };
        // All or nothing, since it is a datagram.
        self.waiting.async_io(Interest::WRITABLE, write).await.map(|_| ())
    }

    /// Waits for a packet: where it came from and went to, and what followed the IPv6 header, which is put into `buffer`. If this
    /// is dropped no packet is lost.
    ///
    /// # Errors
    /// What the kernel says, such as that an interface that was listened on is down; the socket goes on.
    pub async fn receive<'a>(&self, buffer: &'a mut [u8]) -> io::Result<(PacketMeta, &'a [u8])> {
        let socket = self.waiting.as_raw_fd();
        let (meta, length) =
            self.waiting.async_io(Interest::READABLE, || read(socket, buffer)).await?;
        Ok((meta, buffer.get(..length).unwrap_or_default()))
    }
}

/// Takes the first packet that can be used.
fn read(socket: RawFd, buffer: &mut [u8]) -> io::Result<(PacketMeta, usize)> {
    loop {
        let mut control = nix::cmsg_space!(in6_pktinfo);
        let mut data = [IoSliceMut::new(buffer)];
        let message =
            recvmsg::<SockaddrIn6>(socket, &mut data, Some(&mut control), MsgFlags::empty())?;
        let info = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::Ipv6PacketInfo(info) => Some(info),
            _ => None,
        });
        let truncated = message.flags.contains(MsgFlags::MSG_TRUNC);
        if let (Some(info), Some(from), false) = (info, message.address, truncated) {
            let meta = PacketMeta {
                interface: InterfaceId(info.ipi6_ifindex),
                source: from.ip(),
                destination: Ipv6Addr::from(info.ipi6_addr.s6_addr),
            };
            return Ok((meta, message.bytes));
        }
    }
}
