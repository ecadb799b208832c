//! Sockets: listening and dialling.

use std::io;
use std::net::SocketAddr;

use router::Dial;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 128;

pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    let open = || -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    open().map_err(|error| format!("cannot listen on {address}: {error}"))
}

/// Connects as the router wants it: from the address it names, with its hop limit.
pub(crate) async fn dial(dial: Dial) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(dial.remote), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    if dial.remote.is_ipv6() {
        socket.set_unicast_hops_v6(u32::from(dial.hops))?;
    } else {
        socket.set_ttl_v4(u32::from(dial.hops))?;
    }
    if let Some(local) = dial.local {
        socket.set_reuse_address(true)?;
        socket.bind(&local.into())?;
    }
    let stream = TcpSocket::from_std_stream(socket.into()).connect(dial.remote).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
