//! Accepts the connections of many neighbours.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::string::{String, ToString};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;
use std::vec::Vec;

use ipnet::{IpNet, Ipv6Net};
use socket2::SockRef;
use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::options::{Address, Authentication, OptionError, SocketOption, TransportOptions};
use super::socket::{Ip, Use, apply, canonical, set_dscp, set_keys, set_minimum_ttl, set_ttl};
use super::{AcceptError, Acceptor, CAPACITY, sockopt};
use crate::Endpoints;

/// How long nothing is accepted after an error: most often there are too many files, and it would come again at
/// once.
const PAUSE: Duration = Duration::from_millis(100);

/// Where an unnumbered neighbour may be (RFC 4291 §2.5.6).
const LINK_LOCAL: IpNet =
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10));

/// What the sockets that listen are like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenOptions {
    /// The interface, or the VRF, that connections have to come through (SO_BINDTODEVICE)
    pub device: Option<String>,
    /// Whether sockets of IPv6 leave IPv4 alone (IPV6_V6ONLY). It is needed to listen on `[::]` and `0.0.0.0`
    /// with the same port; with `[::]` alone and without this, IPv4 neighbours are accepted too.
    pub only_v6: bool,
    /// The DSCP of what is sent before a connection is accepted: see [`TransportOptions::dscp`]
    pub dscp: u8,
    /// How many connections may wait to be accepted
    pub backlog: u32,
}

impl Default for ListenOptions {
    fn default() -> Self {
        let dscp = TransportOptions::default().dscp;
        Self { device: None, only_v6: false, dscp, backlog: 128 }
    }
}

/// A [`Listener`] cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ListenError {
    /// A socket does not take an option
    #[error("listening on {address}: {error}")]
    Option {
        /// Where
        address: SocketAddr,
        /// Which, and why
        error: OptionError,
    },
    /// An address cannot be listened on
    #[error("listening on {address}: {error}")]
    Bind {
        /// Which one
        address: SocketAddr,
        /// What the operating system says
        error: io::Error,
    },
}

/// What a [`Listener`] has done so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListenerStatistics {
    /// Connections handed to a neighbour's driver, or to an [`Incoming`]
    pub accepted: u64,
    /// Connections closed because they are nobody's
    pub strangers: u64,
    /// Connections closed because an option could not be set, or too many waited already
    pub refused: u64,
    /// Errors of the sockets that listen
    pub errors: u64,
    /// What the last error of either kind was
    pub last_error: Option<String>,
}

/// Accepts connections for neighbours that come and go while it [runs](Self::run), with the options of each,
/// and closes those of strangers. Clones are handles of the same listener.
///
/// A neighbour is told by its address, by the scope (the interface) if that is link-local, by
/// [`Address::local`] and by [`TransportOptions::device`] where given. The longest prefix wins, so that a neighbour
/// of a range may be [added](Self::add) by itself.
///
/// Keys of TCP MD5 and TCP-AO stand on the listening sockets: no connection comes up without them. The kernel
/// tells them apart by the neighbour's address only. So two neighbours with the same address on different
/// interfaces share the key that was added last, and a neighbour without a key of its own that is in a range
/// with one needs that.
///
/// What is sent before a connection is accepted has TTL 255, so that a neighbour with GTSM (RFC 5082) hears it.
/// What comes with a smaller TTL than any neighbour may have is dropped then already.
#[derive(Debug, Clone)]
pub struct Listener {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    sockets: Vec<Socket>,
    entries: Mutex<Vec<Entry>>,
    statistics: Mutex<ListenerStatistics>,
    next_id: AtomicU64,
}

#[derive(Debug)]
struct Socket {
    listener: TcpListener,
    address: SocketAddr,
    /// One of IPv6 that takes IPv4 too
    dual: bool,
}

/// Who is listened to.
#[derive(Debug, Clone)]
struct Entry {
    id: u64,
    range: IpNet,
    /// 0: any
    scope: u32,
    local: Option<IpAddr>,
    taker: Taker,
}

#[derive(Debug, Clone)]
enum Taker {
    Peer(Acceptor),
    Range(TransportOptions, mpsc::Sender<Accepted>),
}

/// A neighbour of a range has connected.
#[derive(Debug)]
pub struct Accepted {
    /// Where it is: its port is not one to dial. The options are those of the range.
    pub address: Address,
    /// The connection, with these options set
    pub stream: TcpStream,
    /// Both its ends
    pub endpoints: Endpoints,
}

/// The connections of a range: see [`Listener::add_range`]. Dropping it ends that.
#[derive(Debug)]
pub struct Incoming {
    connections: mpsc::Receiver<Accepted>,
    listener: Listener,
    id: u64,
}

impl Incoming {
    /// The next connection; `None` when the range was added anew.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Accepted> {
        self.connections.recv().await
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.listener.remove_where(|entry| entry.id == self.id);
    }
}

impl Listener {
    /// Listens on all of `addresses`: several addresses of this machine, or the unspecified one of a family.
    /// Port 0 is one of the operating system's choice: see [`Listener::addresses`]. It has to be called within a
    /// tokio runtime.
    ///
    /// # Errors
    /// When one of them cannot be listened on.
    pub fn bind(addresses: &[SocketAddr], options: &ListenOptions) -> Result<Self, ListenError> {
        let sockets = addresses.iter().map(|address| Socket::bind(*address, options));
        let sockets = sockets.collect::<Result<_, _>>()?;
        let (entries, statistics) = (Mutex::default(), Mutex::default());
        let shared = Shared { sockets, entries, statistics, next_id: AtomicU64::new(0) };
        Ok(Self { shared: shared.into() })
    }

    /// What is listened on, in the order of [`Listener::bind`].
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.shared.sockets.iter().map(|socket| socket.address)
    }

    /// What has happened.
    pub fn statistics(&self) -> ListenerStatistics {
        lock(&self.shared.statistics).clone()
    }

    /// Listens to a neighbour, by its [`Address`]; in the place of one that was added with the same address,
    /// also to change its options. Connections it has already are not touched. It is forgotten after its driver
    /// has ended.
    ///
    /// # Errors
    /// When a key cannot be set. Then all is as before.
    pub fn add(&self, neighbour: Acceptor) -> Result<(), OptionError> {
        let (range, scope, local) = place(&neighbour.address);
        let id = self.new_id();
        self.insert(Entry { id, range, scope, local, taker: Taker::Peer(neighbour) })
    }

    /// Listens to all neighbours in `range` that are not added by themselves, in the place of what was added with
    /// the same range. Connections wait in the [`Incoming`] to be taken; those for which there is no room any more
    /// are closed. When a neighbour that has been made of one is [added](Self::add), its later connections go to
    /// it; else they come here too.
    ///
    /// # Errors
    /// When a key cannot be set. Then all is as before.
    pub fn add_range(
        &self,
        range: IpNet,
        options: TransportOptions,
    ) -> Result<Incoming, OptionError> {
        let (sender, connections) = mpsc::channel(CAPACITY);
        let (id, taker) = (self.new_id(), Taker::Range(options, sender));
        self.insert(Entry { id, range: range.trunc(), scope: 0, local: None, taker })?;
        Ok(Incoming { connections, listener: self.clone(), id })
    }

    /// Listens no longer to the neighbour that was added with this address (its options do not matter, but for the
    /// device). False when there is none. Connections it has already are not touched.
    pub fn remove(&self, address: &Address) -> bool {
        let key = (place(address), address.options.device.as_ref());
        self.remove_where(|entry| matches!(entry.taker, Taker::Peer(_)) && entry.key() == key)
    }

    /// Accepts connections, for ever: after an error it goes on, if need be after a pause.
    ///
    /// Cancel safe. One of the handles runs, and no other meanwhile: it would not be woken.
    pub async fn run(&self) -> Infallible {
        let mut turn = 0_usize;
        loop {
            turn = turn.wrapping_add(1);
            let result = poll_fn(|context| {
                let sockets = &self.shared.sockets;
                // Another one is asked first each time, so that none is left out.
                let (later, first) = sockets.split_at(turn % sockets.len().max(1));
                let mut results =
                    first.iter().chain(later).map(|one| one.listener.poll_accept(context));
                results.find(Poll::is_ready).unwrap_or(Poll::Pending)
            })
            .await;
            match result {
                Ok((stream, from)) => self.route(stream, canonical(from)),
                Err(error) => {
                    let pause = !concerns_connection(&error);
                    self.count(|statistics| {
                        statistics.errors += 1;
                        statistics.last_error = Some(error.to_string());
                    });
                    if pause {
                        sleep(PAUSE).await;
                    }
                }
            }
        }
    }

    /// Gives a connection to whom it belongs.
    fn route(&self, stream: TcpStream, remote: SocketAddr) {
        let Ok(local) = stream.local_addr() else { return };
        let ends = Endpoints { local: canonical(local), remote };
        let device = sockopt::device(&SockRef::from(&stream)).ok().flatten();
        let entry = {
            let entries = lock(&self.shared.entries);
            let matching = entries.iter().filter(|one| one.matches(&ends, device.as_deref()));
            matching.max_by_key(|one| one.rank()).cloned()
        };
        let Some(entry) = entry else {
            return self.count(|statistics| statistics.strangers += 1);
        };
        let result = match entry.taker {
            Taker::Peer(acceptor) => acceptor.accept(stream),
            Taker::Range(options, to) => hand_over(stream, ends, options, &to),
        };
        if matches!(result, Err(AcceptError::Gone)) {
            self.remove_where(|other| other.id == entry.id);
        }
        self.count(|statistics| match result {
            Ok(()) => statistics.accepted += 1,
            Err(AcceptError::Gone) => statistics.strangers += 1,
            Err(error) => {
                statistics.refused += 1;
                statistics.last_error = Some(std::format!("{remote}: {error}"));
            }
        });
    }

    #[cfg(test)]
    pub(super) fn socket(&self, index: usize) -> SockRef<'_> {
        SockRef::from(&self.shared.sockets[index].listener)
    }

    fn count(&self, change: impl FnOnce(&mut ListenerStatistics)) {
        change(&mut lock(&self.shared.statistics));
    }

    fn new_id(&self) -> u64 {
        self.shared.next_id.fetch_add(1, Ordering::Relaxed)
    }

    fn insert(&self, entry: Entry) -> Result<(), OptionError> {
        let mut entries = lock(&self.shared.entries);
        let range = entry.range;
        let same = |other: &Entry| other.key() == entry.key() && other.is_peer() == entry.is_peer();
        let before = self.keys(&entries, range);
        let place = entries.iter().position(same);
        let replaced = place.map(|index| (index, entries.remove(index)));
        entries.push(entry);
        if let Err(error) = self.change_keys(&entries, range, &before) {
            let wrong = self.keys(&entries, range);
            entries.pop();
            // Where it was: of several keys the last one counts.
            if let Some((index, entry)) = replaced {
                entries.insert(index, entry);
            }
            // These keys were there before.
            let _ = self.change_keys(&entries, range, &wrong);
            return Err(error);
        }
        self.set_minimum_ttls(&entries);
        Ok(())
    }

    fn remove_where(&self, which: impl Fn(&Entry) -> bool) -> bool {
        let mut entries = lock(&self.shared.entries);
        let Some(index) = entries.iter().position(which) else { return false };
        let range = entries[index].range;
        let before = self.keys(&entries, range);
        entries.remove(index);
        // What cannot be removed is a key of somebody who is a stranger now.
        let _ = self.change_keys(&entries, range, &before);
        self.set_minimum_ttls(&entries);
        true
    }

    /// The keys of `range` on each socket.
    fn keys(&self, entries: &[Entry], range: IpNet) -> Vec<Option<Authentication>> {
        let of = |socket: &Socket| {
            let mut all = entries.iter().filter(|one| one.range == range && socket.serves(one));
            all.rfind(|one| one.options().authentication.is_some())?
                .options()
                .authentication
                .clone()
        };
        self.shared.sockets.iter().map(of).collect()
    }

    fn change_keys(
        &self,
        entries: &[Entry],
        range: IpNet,
        before: &[Option<Authentication>],
    ) -> Result<(), OptionError> {
        let after = self.keys(entries, range);
        let changes = before.iter().zip(&after).zip(&self.shared.sockets);
        for ((before, after), socket) in changes.filter(|((before, after), _)| before != after) {
            let socket = SockRef::from(&socket.listener);
            set_keys(&socket, range, before.as_ref(), after.as_ref(), Use::Listener)?;
        }
        Ok(())
    }

    /// What comes from further away than all neighbours is not worth a connection.
    fn set_minimum_ttls(&self, entries: &[Entry]) {
        for socket in &self.shared.sockets {
            for ip in socket.protocols() {
                let of_this = entries
                    .iter()
                    .filter(|one| Ip::of(one.range.addr()) == ip && socket.serves(one));
                let least = of_this.map(|one| one.options().ttl.accepted()).min().unwrap_or(0);
                // Accepted connections get theirs anyway.
                let _ = set_minimum_ttl(&SockRef::from(&socket.listener), ip, least);
            }
        }
    }
}

impl Entry {
    /// What tells neighbours apart.
    fn key(&self) -> ((IpNet, u32, Option<IpAddr>), Option<&String>) {
        ((self.range, self.scope, self.local), self.options().device.as_ref())
    }

    /// The highest of those that match is meant: who is known best.
    fn rank(&self) -> (u8, [bool; 4]) {
        let device = self.options().device.is_some();
        let known = [self.is_peer(), self.local.is_some(), self.scope != 0, device];
        (self.range.prefix_len(), known)
    }

    fn is_peer(&self) -> bool {
        matches!(self.taker, Taker::Peer(_))
    }

    fn options(&self) -> &TransportOptions {
        match &self.taker {
            Taker::Peer(acceptor) => &acceptor.address.options,
            Taker::Range(options, _) => options,
        }
    }

    /// `device`: what the connection is bound to already.
    fn matches(&self, ends: &Endpoints, device: Option<&[u8]>) -> bool {
        let scope = match ends.remote {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(remote) => remote.scope_id(),
        };
        let wanted = self.options().device.as_ref().map(String::as_bytes);
        self.range.contains(&ends.remote.ip())
            && (self.scope == 0 || self.scope == scope)
            && self.local.is_none_or(|wanted| wanted == ends.local.ip())
            && (wanted.is_none() || device.is_none() || wanted == device)
    }
}

impl Socket {
    fn bind(address: SocketAddr, options: &ListenOptions) -> Result<Self, ListenError> {
        let failed = |error| ListenError::Bind { address, error };
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.map_err(failed)?;
        let dual = address.is_ipv6() && !options.only_v6 && address.ip().is_unspecified();
        let result = prepare(&socket, address, dual, options);
        result.map_err(|error| ListenError::Option { address, error })?;
        socket.bind(address).map_err(failed)?;
        let listener = socket.listen(options.backlog).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, dual })
    }

    fn protocols(&self) -> impl Iterator<Item = Ip> {
        protocols(self.address, self.dual)
    }

    /// Whether connections of `entry` may come here.
    fn serves(&self, entry: &Entry) -> bool {
        let here = canonical(self.address).ip();
        self.protocols().any(|ip| ip == Ip::of(entry.range.addr()))
            && (here.is_unspecified() || entry.local.is_none_or(|local| local == here))
    }
}

fn protocols(address: SocketAddr, dual: bool) -> impl Iterator<Item = Ip> {
    [Ip::of(address.ip().to_canonical())].into_iter().chain(dual.then_some(Ip::V4))
}

/// Sets the options of a socket that is to listen.
fn prepare(
    socket: &TcpSocket,
    address: SocketAddr,
    dual: bool,
    options: &ListenOptions,
) -> Result<(), OptionError> {
    let reuse = socket.set_reuseaddr(true);
    reuse.map_err(|error| SocketOption::ReuseAddress.refused(error))?;
    let socket = SockRef::from(socket);
    if address.is_ipv6() {
        let only = options.only_v6 && Ip::of(address.ip().to_canonical()) == Ip::V6;
        let result = socket.set_only_v6(only);
        result.map_err(|error| SocketOption::OnlyV6.refused(error))?;
    }
    if let Some(device) = &options.device {
        let result = sockopt::bind_device(&socket, device);
        result.map_err(|error| SocketOption::Device.refused(error))?;
    }
    for ip in protocols(address, dual) {
        let result = set_ttl(&socket, ip, Some(255));
        result.map_err(|error| SocketOption::Ttl.refused(error))?;
        set_dscp(&socket, ip, options.dscp)?;
    }
    Ok(())
}

/// Where the neighbour is: its address, the scope if that is needed, and our end.
fn place(address: &Address) -> (IpNet, u32, Option<IpAddr>) {
    let remote = canonical(address.remote);
    let (range, scope) = match remote {
        SocketAddr::V6(remote) if remote.ip().is_unspecified() => (LINK_LOCAL, remote.scope_id()),
        SocketAddr::V6(remote) if remote.ip().is_unicast_link_local() => {
            (IpAddr::from(*remote.ip()).into(), remote.scope_id())
        }
        remote => (remote.ip().into(), 0),
    };
    (range, scope, address.local.map(|local| local.to_canonical()))
}

fn hand_over(
    stream: TcpStream,
    endpoints: Endpoints,
    options: TransportOptions,
    to: &mpsc::Sender<Accepted>,
) -> Result<(), AcceptError> {
    let Endpoints { local, remote } = endpoints;
    apply(&SockRef::from(&stream), remote.ip(), None, &options)?;
    let address = Address { local: Some(local.ip()), remote, options };
    Ok(to.try_send(Accepted { address, stream, endpoints })?)
}

/// Whether an error of accept is one of the connection, which is gone then, and not of the socket.
fn concerns_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Nothing that is done under a lock panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
