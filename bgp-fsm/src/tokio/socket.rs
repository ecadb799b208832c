//! Sockets with the options of a neighbour.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::Arc;

use ipnet::IpNet;
use socket2::SockRef;
use thiserror::Error;
use tokio::net::{TcpSocket, TcpStream};

use super::options::{Address, AoKey, Authentication, OptionError, SocketOption, TransportOptions};
use super::sockopt;
use crate::Endpoints;

/// The protocol that an option belongs to. Sockets of IPv6 have both kinds: what counts is who is spoken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ip {
    V4,
    V6,
}

impl Ip {
    pub(super) const fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

/// Why the neighbour cannot be dialled; the text is that of [`ConnectError`](crate::ConnectError).
#[derive(Debug, Error)]
pub(super) enum DialError {
    #[error(transparent)]
    Option(#[from] OptionError),
    #[error("binding to {0}: {1}")]
    Bind(IpAddr, io::Error),
    #[error(transparent)]
    Connect(#[from] io::Error),
}

/// `neighbor`: where an unnumbered neighbour is; then only scope and port of the address matter.
pub(super) async fn dial(
    address: Arc<Address>,
    neighbor: Option<IpAddr>,
) -> Result<TcpStream, DialError> {
    let mut remote = canonical(address.remote);
    if let Some(ip) = neighbor {
        remote.set_ip(ip);
    }
    let socket = if remote.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    apply(&SockRef::from(&socket), remote.ip(), None, &address.options)?;
    if let Some(local) = address.local {
        let from = match (local.to_canonical(), remote) {
            (IpAddr::V6(local), SocketAddr::V6(remote)) if local.is_unicast_link_local() => {
                SocketAddrV6::new(local, 0, 0, remote.scope_id()).into()
            }
            (local, _) => (local, 0).into(),
        };
        socket.bind(from).map_err(|error| DialError::Bind(local, error))?;
    }
    Ok(socket.connect(remote).await?)
}

/// Both ends, without mapped addresses.
pub(super) fn endpoints(stream: &TcpStream) -> io::Result<Endpoints> {
    let (local, remote) = (stream.local_addr()?, stream.peer_addr()?);
    Ok(Endpoints { local: canonical(local), remote: canonical(remote) })
}

pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => (ip, address.port()).into(),
        IpAddr::V6(_) => address,
    }
}

/// Sets the options of the connection with `remote`, before it is made or later. `before`: the keys it has.
pub(super) fn apply(
    socket: &SockRef<'_>,
    remote: IpAddr,
    before: Option<&Authentication>,
    options: &TransportOptions,
) -> Result<(), OptionError> {
    let ip = Ip::of(remote);
    if let Some(device) = &options.device {
        let bound = sockopt::device(socket).map_err(|error| SocketOption::Device.refused(error))?;
        // Only root may say again what was said before.
        if bound.as_deref() != Some(device.as_bytes()) {
            let result = sockopt::bind_device(socket, device);
            result.map_err(|error| SocketOption::Device.refused(error))?;
        }
    }
    set_ttl(socket, ip, options.ttl.sent()).map_err(|error| SocketOption::Ttl.refused(error))?;
    set_minimum_ttl(socket, ip, options.ttl.accepted())?;
    set_dscp(socket, ip, options.dscp)?;
    socket.set_tcp_nodelay(true).map_err(|error| SocketOption::NoDelay.refused(error))?;
    set_keys(socket, remote.into(), before, options.authentication.as_ref(), Use::Connection)
}

/// `None`: as the operating system has it for all. An accepted connection would have that of its listener.
pub(super) fn set_ttl(socket: &SockRef<'_>, ip: Ip, ttl: Option<u8>) -> io::Result<()> {
    if ttl.is_none() && !cfg!(target_os = "linux") {
        return Ok(());
    }
    // -1 for the default, as Linux reads it
    let ttl = ttl.map_or(u32::MAX, u32::from);
    match ip {
        Ip::V4 => socket.set_ttl_v4(ttl),
        Ip::V6 => socket.set_unicast_hops_v6(ttl),
    }
}

pub(super) fn set_minimum_ttl(socket: &SockRef<'_>, ip: Ip, ttl: u8) -> Result<(), OptionError> {
    match sockopt::set_minimum_ttl(socket, ip, ttl) {
        // Where there is none, nothing is checked.
        Err(error) if ttl == 0 && sockopt::is_missing(&error) => Ok(()),
        result => result.map_err(|error| SocketOption::MinimumTtl.refused(error)),
    }
}

pub(super) fn set_dscp(socket: &SockRef<'_>, ip: Ip, dscp: u8) -> Result<(), OptionError> {
    let result = match dscp {
        0..64 => sockopt::set_traffic_class(socket, ip, dscp << 2),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "not from 0 to 63")),
    };
    match result {
        Err(error) if dscp == 0 && sockopt::is_missing(&error) => Ok(()),
        result => result.map_err(|error| SocketOption::Dscp.refused(error)),
    }
}

/// What a socket does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Listener,
    Connection,
}

/// Changes the keys of all neighbours in `range`: they are `before`, and become `after`. Keys that a new
/// connection has from its listening socket need not be named in `before`.
pub(super) fn set_keys(
    socket: &SockRef<'_>,
    range: IpNet,
    before: Option<&Authentication>,
    after: Option<&Authentication>,
    of: Use,
) -> Result<(), OptionError> {
    use Authentication::{Ao, Md5};
    let inherited = before.is_none() && of == Use::Connection;
    if before.is_none() && after.is_none() {
        return Ok(());
    }
    let wide = socket.local_addr().is_ok_and(|local| local.is_ipv6());
    let md5 = |key: &[u8]| {
        let result = sockopt::set_md5(socket, range, wide, key);
        result.map_err(|error| SocketOption::Md5.refused(error))
    };
    // A socket has no keys of both kinds for the same neighbour, so those of the other kind go first.
    if let (Some(Md5(_)), Some(Ao(_)) | None) = (before, after) {
        md5(&[])?;
    }
    let change = AoChange { socket, range, wide, of, inherited };
    match after {
        Some(Md5(key)) => {
            change.make(ao_keys(before), &[])?;
            md5(key.bytes(SocketOption::Md5)?)
        }
        Some(Ao(keys)) if keys.is_empty() => Err(OptionError::NoKey),
        after => change.make(ao_keys(before), ao_keys(after)),
    }
}

fn ao_keys(authentication: Option<&Authentication>) -> &[AoKey] {
    match authentication {
        Some(Authentication::Ao(keys)) => keys,
        Some(Authentication::Md5(_)) | None => &[],
    }
}

/// A change of TCP-AO keys.
struct AoChange<'a> {
    socket: &'a SockRef<'a>,
    range: IpNet,
    wide: bool,
    of: Use,
    inherited: bool,
}

impl AoChange<'_> {
    fn make(&self, before: &[AoKey], after: &[AoKey]) -> Result<(), OptionError> {
        let old = before.iter().filter(|key| !after.contains(key));
        let new = after.iter().enumerate().filter(|(_, key)| !before.contains(key));
        match self.of {
            Use::Listener => {
                old.for_each(|key| self.delete(key));
                for (_, key) in new {
                    self.add(key, false)?;
                }
                Ok(())
            }
            // The key in use cannot be deleted.
            Use::Connection => {
                for (index, key) in new {
                    self.add(key, index == 0)?;
                }
                if let (false, Some(first)) = (before.is_empty(), after.first()) {
                    let result = sockopt::switch_ao(self.socket, first);
                    result.map_err(|error| SocketOption::Ao.refused(error))?;
                }
                old.for_each(|key| self.delete(key));
                Ok(())
            }
        }
    }

    fn add(&self, key: &AoKey, first: bool) -> Result<(), OptionError> {
        let secret = key.key.bytes(SocketOption::Ao)?;
        match sockopt::add_ao(self.socket, self.range, self.wide, (key, secret), first) {
            Err(error) if self.inherited && error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            result => result.map_err(|error| SocketOption::Ao.refused(error)),
        }
    }

    /// A key that the kernel keeps (it is in use) does no harm: the neighbour is told to use another.
    fn delete(&self, key: &AoKey) {
        let _ = sockopt::delete_ao(self.socket, self.range, self.wide, key);
    }
}
