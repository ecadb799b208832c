//! Runs a [`Session`] over TCP, on any tokio runtime.
//!
//! [`peer`] gives two halves: the [`Driver`] does the work as long as its [`run`](Driver::run) is polled,
//! and the [`Peer`] is what a program holds in its hands. A [`Listener`] accepts the connections that neighbours
//! make. [`TransportOptions`] are those of the sockets: TCP MD5, TCP-AO, GTSM, DSCP and the like. Nothing is
//! spawned: tasks belong to the caller.
//!
//! A listener for one neighbour that is known, with a key, and for a hundred that connect from a range:
//!
//! ```
//! use bgp_fsm::tokio::{Address, Authentication, Listener, Peer, TransportOptions, accepted_peer, peer};
//! use bgp_fsm::{DynamicNeighbors, NeighborRange, RemoteAs, SessionConfig};
//! use std::{net::SocketAddr, time::Duration};
//!
//! async fn serve(listen_on: SocketAddr) -> Result<(), Box<dyn std::error::Error>> {
//!     let listener = Listener::bind(&[listen_on], &Default::default())?;
//!     let mut config = SessionConfig::new(65000, RemoteAs::External, "192.0.2.1".parse()?);
//!     config.passive = true;
//!
//!     let mut address = Address::from("192.0.2.2:179".parse::<SocketAddr>()?);
//!     address.options.authentication = Some(Authentication::Md5("a secret".into()));
//!     let (known, driver) = peer(config.clone(), address, 1);
//!     listener.add(known.acceptor())?;
//!     tokio::spawn(async { tokio::join!(driver.run(), print(known)) });
//!
//!     let prefix = "127.0.0.0/8".parse()?;
//!     let mut neighbors = DynamicNeighbors::default();
//!     neighbors.add(NeighborRange { prefix, config, limit: 100 });
//!     let mut incoming = listener.add_range(prefix, TransportOptions::default())?;
//!     tokio::spawn(async move { listener.run().await });
//!     while let Some(accepted) = incoming.next().await {
//!         // Who is refused is closed.
//!         let result = neighbors.accept(Duration::ZERO, accepted.endpoints, 2);
//!         let Ok((session, connection)) = result else { continue };
//!         let (peer, driver) = accepted_peer(session, connection, accepted);
//!         tokio::spawn(async { tokio::join!(driver.run(), print(peer)) });
//!     }
//!     Ok(())
//! }
//!
//! async fn print(mut peer: Peer) {
//!     while let Some(event) = peer.next_event().await {
//!         println!("{}: {event:?}", peer.address().remote);
//!     }
//! }
//! # use bgp_fsm::Event;
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! #     let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
//! #     let address = SocketAddr::from(([127, 0, 0, 1], port));
//! #     let mut config = SessionConfig::new(65001, Some(65000), "192.0.2.3".parse()?);
//! #     config.connect_retry_time = std::time::Duration::from_millis(50);
//! #     config.connect_delay_time = std::time::Duration::ZERO;
//! #     let (mut dialling, driver) = peer(config, address.into(), 3);
//! #     tokio::spawn(driver.run());
//! #     let established = async {
//! #         while !matches!(dialling.next_event().await, Some(Event::Established(_))) {}
//! #     };
//! #     tokio::select! {
//! #         result = serve(address) => result,
//! #         () = established => Ok(()),
//! #     }
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/speaker` of the workspace is a whole program, and so is `examples/listener.rs` here, which also
//! forgets neighbours that have gone.

mod connection;
mod driver;
mod listener;
mod options;
mod socket;
#[cfg(target_os = "linux")]
mod sockopt;
#[cfg(not(target_os = "linux"))]
#[path = "tokio/sockopt_other.rs"]
mod sockopt;

use std::boxed::Box;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use socket2::SockRef;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

pub use self::driver::Driver;
pub use self::listener::{
    Accepted, Incoming, ListenError, ListenOptions, Listener, ListenerStatistics,
};
pub use self::options::{
    Address, AoAlgorithm, AoKey, Authentication, OptionError, Secret, SocketOption, TimeToLive,
    TransportOptions,
};
use crate::{ConnectionId, Event, Session, SessionConfig, Shutdown};

/// Events, buffers to send, commands, or connections that may wait between two ends.
const CAPACITY: usize = 16;

/// A neighbour, and what keeps the session with it alive. The session is started at once; dropping the
/// [`Peer`] stops it. `seed` determines the jitter of the timers.
pub fn peer(config: impl Into<Arc<SessionConfig>>, address: Address, seed: u64) -> (Peer, Driver) {
    with_session(Session::new(config, seed), address)
}

/// As [`peer`], for a neighbour that [`DynamicNeighbors`](crate::DynamicNeighbors) has made of a connection:
/// `session` and `connection` are what [`accept`](crate::DynamicNeighbors::accept) gave, with the time zero,
/// for [`Accepted::endpoints`].
pub fn accepted_peer(
    session: Session,
    connection: ConnectionId,
    accepted: Accepted,
) -> (Peer, Driver) {
    let (peer, mut driver) = with_session(session, accepted.address);
    driver.adopt(connection, accepted.stream);
    (peer, driver)
}

/// As [`peer`], for a session that the caller has made and not started: one that was
/// [restarted](Session::set_restarted), say, or cloned.
pub fn with_session(session: Session, address: Address) -> (Peer, Driver) {
    let (commands, command_queue) = mpsc::channel(CAPACITY);
    let (updates, update_queue) = mpsc::channel(CAPACITY);
    let (event_queue, events) = mpsc::channel(CAPACITY);
    let address = Arc::new(address);
    let driver = Driver::new(session, address.clone(), command_queue, update_queue, event_queue);
    (Peer { address, commands, updates, events, connection: None }, driver)
}

/// What is done with a session at a time.
type Work = Box<dyn FnOnce(&mut Session, Duration) + Send>;

/// What a program asks of a [`Driver`].
enum Command {
    Accept(TcpStream),
    Start,
    Stop(Shutdown),
    Address(Arc<Address>, oneshot::Sender<Result<(), OptionError>>),
    Work(Work),
}

/// The handle of a neighbour.
#[derive(Debug)]
pub struct Peer {
    address: Arc<Address>,
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
        if let Event::Established(_) | Event::Down { .. } = event {
            self.connection = connection;
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

    /// What hands over the connections that the neighbour makes: for [`Listener::add`].
    pub fn acceptor(&self) -> Acceptor {
        Acceptor { address: self.address.clone(), commands: self.commands.clone() }
    }

    /// Where the neighbour is, with its options.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Changes the options, of open connections too, but for a device that is no longer given, and for keys of
    /// TCP-AO that are in use and have no successor. An attempt to connect goes on with the old ones. Add it to the [`Listener`] anew, so that they hold for the
    /// connections that the neighbour makes.
    ///
    /// # Errors
    /// When an option could not be set on an open connection. Then it holds for later ones all the same.
    pub async fn set_options(&mut self, options: TransportOptions) -> Result<(), OptionError> {
        self.address = Arc::new(Address { options, ..*self.address });
        let (reply, answer) = oneshot::channel();
        // Without a driver there are no connections.
        let _ = self.commands.send(Command::Address(self.address.clone(), reply)).await;
        answer.await.unwrap_or(Ok(()))
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

    /// Does something with the session, for all that has no method here: to look at it, to ask for routes again,
    /// to change filters, to tell where an unnumbered neighbour is. `work` gets the session's time too. It may
    /// call whatever is neither `handle_connected` and the like nor `poll_*`, which are the driver's.
    ///
    /// `None` when the driver is gone.
    pub async fn with_session<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Session, Duration) -> R + Send + 'static,
    ) -> Option<R> {
        let (reply, answer) = oneshot::channel();
        let work: Work = Box::new(move |session, now| {
            // Who does not wait for the answer does not want it.
            let _ = reply.send(work(session, now));
        });
        self.commands.send(Command::Work(work)).await.ok()?;
        answer.await.ok()
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
    address: Arc<Address>,
    commands: mpsc::Sender<Command>,
}

/// A connection could not be handed over, and is closed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// It does not take the neighbour's options
    #[error(transparent)]
    Option(#[from] OptionError),
    /// The other side has closed it
    #[error(transparent)]
    Lost(#[from] io::Error),
    /// Too many wait already
    #[error("too many connections wait")]
    Busy,
    /// Nobody takes it: the driver has ended
    #[error("nobody takes connections any more")]
    Gone,
}

impl<T> From<TrySendError<T>> for AcceptError {
    fn from(error: TrySendError<T>) -> Self {
        match error {
            TrySendError::Full(_) => Self::Busy,
            TrySendError::Closed(_) => Self::Gone,
        }
    }
}

impl Acceptor {
    /// Takes a connection that the neighbour has made, and sets its options. It is closed when the session does
    /// not want it. Does not wait.
    ///
    /// Programs with sockets of their own that listen need it; a [`Listener`] calls it by itself.
    ///
    /// # Errors
    /// Also then it is closed.
    pub fn accept(&self, stream: TcpStream) -> Result<(), AcceptError> {
        let remote = stream.peer_addr()?.ip().to_canonical();
        socket::apply(&SockRef::from(&stream), remote, None, &self.address.options)?;
        Ok(self.commands.try_send(Command::Accept(stream))?)
    }
}

#[cfg(test)]
mod tests;
