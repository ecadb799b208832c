//! Runs a [`Session`] over TCP, on any tokio runtime.
//!
//! [`peer`] gives two halves: the [`Driver`] does the work as long as its [`run`](Driver::run) is polled,
//! and the [`Peer`] is what a program holds in its hands. Nothing is spawned: tasks belong to the caller.
//!
//! `examples/speaker` is a program that uses it.

mod driver;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::vec::Vec;

use bytes::Bytes;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

pub use self::driver::Driver;
use crate::{ConnectionId, Event, Session, SessionConfig, Shutdown};

/// Events, and buffers to send, that may wait between a [`Peer`] and its [`Driver`].
const CAPACITY: usize = 16;

/// Where the neighbour is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    /// Our end when we dial; `None`: the operating system chooses
    pub local: Option<IpAddr>,
    /// What we dial
    pub remote: SocketAddr,
}

/// A neighbour, and what keeps the session with it alive. The session is started at once; dropping the
/// [`Peer`] stops it. `seed` determines the jitter of the timers.
pub fn peer(config: SessionConfig, address: Address, seed: u64) -> (Peer, Driver) {
    let (commands, command_queue) = mpsc::channel(CAPACITY);
    let (updates, update_queue) = mpsc::channel(CAPACITY);
    let (event_queue, events) = mpsc::channel(CAPACITY);
    let session = Session::new(config, seed);
    let driver = Driver::new(session, address, command_queue, update_queue, event_queue);
    (Peer { commands, updates, events, connection: None }, driver)
}

/// What a program asks of a [`Driver`].
#[derive(Debug)]
enum Command {
    Accept(TcpStream),
    Start,
    Stop(Shutdown),
}

/// The handle of a neighbour.
#[derive(Debug)]
pub struct Peer {
    commands: mpsc::Sender<Command>,
    updates: mpsc::Sender<(ConnectionId, Bytes)>,
    events: mpsc::Receiver<(Option<ConnectionId>, Event)>,
    connection: Option<ConnectionId>,
}

/// UPDATEs cannot be sent: the session they were meant for is not up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the session is not established")]
pub struct NotEstablished;

impl Peer {
    /// The next event; `None` when the driver is gone. Nothing more is read from the neighbour while events
    /// wait here.
    ///
    /// Cancel safe.
    pub async fn next_event(&mut self) -> Option<Event> {
        let (connection, event) = self.events.recv().await?;
        match event {
            Event::Established(_) | Event::Down { .. } => self.connection = connection,
            Event::Update(_) | Event::RouteRefresh(_) | Event::Filters(..) | Event::Stale(..) => {}
        }
        Some(event)
    }

    /// Sends whole UPDATE messages as [`bgp_wire::UpdateWriter`] makes them; waits while much is to be sent
    /// already.
    ///
    /// Two programs that only send and look at no events can wait for each other: where much is sent, use
    /// [`Peer::sender`] beside [`Peer::next_event`].
    ///
    /// # Errors
    /// Between [`Event::Down`] and [`Event::Established`].
    pub async fn send(&self, updates: Bytes) -> Result<(), NotEstablished> {
        self.sender().ok_or(NotEstablished)?.send(updates).await
    }

    /// What sends on the session that [`Event::Established`] told of, and on no later one.
    pub fn sender(&self) -> Option<Sender> {
        Some(Sender { connection: self.connection?, updates: self.updates.clone() })
    }

    /// What hands over the connections that the neighbour makes.
    pub fn acceptor(&self) -> Acceptor {
        Acceptor { commands: self.commands.clone() }
    }

    /// Starts the session again after [`Peer::stop`], or ends a pause after an error.
    pub async fn start(&self) {
        // Nothing is left to start when the driver is gone.
        let _ = self.commands.send(Command::Start).await;
    }

    /// Stops the session and tells the neighbour `why`. [`Event::Down`] follows if it was up.
    pub async fn stop(&self, why: Shutdown) {
        let _ = self.commands.send(Command::Stop(why)).await;
    }
}

/// Sends UPDATEs on one session: see [`Peer::sender`].
#[derive(Debug, Clone)]
pub struct Sender {
    connection: ConnectionId,
    updates: mpsc::Sender<(ConnectionId, Bytes)>,
}

impl Sender {
    /// As [`Peer::send`].
    ///
    /// # Errors
    /// When the driver is gone. What is sent on a session that has ended goes nowhere.
    pub async fn send(&self, updates: Bytes) -> Result<(), NotEstablished> {
        self.updates.send((self.connection, updates)).await.map_err(|_| NotEstablished)
    }
}

/// Hands over connections: see [`Peer::acceptor`].
#[derive(Debug, Clone)]
pub struct Acceptor {
    commands: mpsc::Sender<Command>,
}

impl Acceptor {
    /// A connection that the neighbour has made. It is closed when the session does not want it.
    pub async fn accept(&self, stream: TcpStream) {
        let _ = self.commands.send(Command::Accept(stream)).await;
    }
}

/// Accepts connections for several neighbours, told apart by their addresses, and closes those of strangers.
/// Ends with an error only.
pub async fn listen(listener: TcpListener, peers: Vec<(IpAddr, Acceptor)>) -> io::Error {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let address = from.ip().to_canonical();
                if let Some((_, acceptor)) = peers.iter().find(|(peer, _)| *peer == address) {
                    acceptor.accept(stream).await;
                }
            }
            // The neighbour may have gone before it was accepted.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => return error,
        }
    }
}

#[cfg(test)]
mod tests;
