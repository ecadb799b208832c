//! Sockets, the clock, and a [`Session`] between them.

use std::boxed::Box;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::vec::Vec;

use bgp_wire::HEADER_LENGTH;
use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::select;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::{Address, Command};
use crate::{Action, ConnectionId, Endpoints, Event, Session, Shutdown};

/// Nothing more is taken to be sent while so much waits for the socket.
const FULL: usize = 64 * 1024;
/// How much is read at a time.
const CHUNK: usize = 16 * 1024;
/// How long the last words on a connection may take.
const LINGER: Duration = Duration::from_secs(1);

/// Does the work of a [`Peer`](super::Peer).
#[derive(Debug)]
pub struct Driver {
    session: Session,
    address: Address,
    epoch: Instant,
    connections: Vec<Connection>,
    commands: mpsc::Receiver<Command>,
    updates: mpsc::Receiver<(ConnectionId, Bytes)>,
    events: mpsc::Sender<(Option<ConnectionId>, Event)>,
    /// The event that waits for the program.
    event: Option<(Option<ConnectionId>, Event)>,
}

type Dial = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

enum Socket {
    Dialling(Dial),
    Open(TcpStream),
}

impl core::fmt::Debug for Socket {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Dialling(_) => f.write_str("Dialling"),
            Self::Open(stream) => stream.fmt(f),
        }
    }
}

#[derive(Debug)]
struct Connection {
    id: ConnectionId,
    socket: Socket,
    received: BytesMut,
    to_send: BytesMut,
    /// Until when it may linger: the session has done with it.
    closing: Option<Instant>,
    shut_down: bool,
}

/// What happened on a connection.
enum Occurrence {
    Dialled(io::Result<TcpStream>),
    Received,
    Sent,
    Lost,
}

impl Driver {
    pub(super) fn new(
        session: Session,
        address: Address,
        commands: mpsc::Receiver<Command>,
        updates: mpsc::Receiver<(ConnectionId, Bytes)>,
        events: mpsc::Sender<(Option<ConnectionId>, Event)>,
    ) -> Self {
        let (epoch, connections) = (Instant::now(), Vec::new());
        Self { session, address, epoch, connections, commands, updates, events, event: None }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// Keeps the session alive until the [`Peer`](super::Peer) is dropped.
    pub async fn run(mut self) {
        self.session.start(self.now());
        let mut wanted = true;
        while wanted || !self.connections.is_empty() {
            self.settle();
            let deadline = self.deadline();
            let full = self.outgoing().is_some_and(|connection| connection.to_send.len() >= FULL);
            let waiting = self.event.is_some();
            select! {
                () = sleep_until(deadline.unwrap_or(self.epoch)), if deadline.is_some() => {
                    self.session.handle_timeout(self.now());
                    let now = Instant::now();
                    self.connections.retain(|one| one.closing.is_none_or(|until| until > now));
                }
                Some(command) = self.commands.recv(), if wanted => self.command(command),
                () = self.events.closed(), if wanted => {
                    wanted = false;
                    self.session.stop(self.now(), Shutdown::AdministrativeShutdown);
                }
                (index, occurrence) = occurrence(&mut self.connections, !waiting) => {
                    self.occur(index, occurrence);
                }
                // Also while nothing is established: then they have come too late.
                Some((id, bytes)) = self.updates.recv(), if !full => {
                    self.update(id, &bytes);
                }
                () = room(&self.events), if waiting && wanted => {
                    if let Some(event) = self.event.take() {
                        // There is room, and nobody else to take it.
                        let _ = self.events.try_send(event);
                    }
                }
            }
        }
    }

    /// Does what the session wants done, until it wants nothing more.
    fn settle(&mut self) {
        let now = self.now();
        for connection in self.connections.iter_mut().filter(|one| one.closing.is_none()) {
            // What was left because events waited.
            if !connection.received.is_empty() && self.event.is_none() {
                self.session.handle_input(now, connection.id, &mut connection.received);
            }
        }
        while let Some((id, bytes)) = self.session.poll_transmit() {
            if let Some(connection) = self.connections.iter_mut().find(|one| one.id == id) {
                connection.to_send.extend_from_slice(&bytes);
            }
        }
        while let Some(action) = self.session.poll_action() {
            match action {
                Action::Connect(id) => {
                    let dial = Box::pin(dial(self.address));
                    self.connections.push(Connection::new(id, Socket::Dialling(dial)));
                }
                Action::Close(id) => {
                    let until = Instant::now() + LINGER;
                    self.connections.retain_mut(|one| one.id != id || one.close(until));
                }
            }
        }
        if self.event.is_none() {
            self.event = self.session.poll_event().map(|event| (self.connection_of(&event), event));
        }
    }

    /// The connection whose UPDATEs may be sent from `event` on.
    fn connection_of(&self, event: &Event) -> Option<ConnectionId> {
        let Event::Established(negotiated) = event else { return None };
        // It may have been followed by another one already.
        let (id, current) = self.session.established()?;
        (current.endpoints == negotiated.endpoints).then_some(id)
    }

    fn deadline(&self) -> Option<Instant> {
        let session = self.session.poll_timeout().map(|at| self.epoch + at);
        self.connections.iter().filter_map(|one| one.closing).chain(session).min()
    }

    /// The connection that UPDATEs go to.
    fn outgoing(&self) -> Option<&Connection> {
        let (id, _) = self.session.established()?;
        self.connections.iter().find(|connection| connection.id == id)
    }

    fn command(&mut self, command: Command) {
        let now = self.now();
        match command {
            Command::Start => self.session.start(now),
            Command::Stop(why) => self.session.stop(now, why),
            Command::Accept(stream) => {
                // Closed, when it is refused or gone already.
                if let Ok(ends) = endpoints(&stream)
                    && let Some(id) = self.session.handle_accepted(now, ends)
                {
                    self.connections.push(Connection::new(id, Socket::Open(stream)));
                }
            }
        }
    }

    fn update(&mut self, id: ConnectionId, bytes: &[u8]) {
        let now = self.now();
        if self.session.established().is_some_and(|(established, _)| established == id)
            && let Some(connection) = self.connections.iter_mut().find(|one| one.id == id)
        {
            connection.to_send.extend_from_slice(bytes);
            self.session.update_sent(now, count_messages(bytes));
        }
    }

    fn occur(&mut self, index: usize, occurrence: Occurrence) {
        let now = self.now();
        let Some(connection) = self.connections.get_mut(index) else { return };
        let id = connection.id;
        match occurrence {
            Occurrence::Sent => {}
            Occurrence::Received if connection.closing.is_some() => connection.received.clear(),
            Occurrence::Received => {
                self.session.handle_input(now, id, &mut connection.received);
            }
            Occurrence::Lost => {
                self.connections.remove(index);
                self.session.handle_disconnected(now, id);
            }
            Occurrence::Dialled(result) => {
                match result.and_then(|stream| Ok((endpoints(&stream)?, stream))) {
                    Ok((ends, stream)) => {
                        connection.socket = Socket::Open(stream);
                        self.session.handle_connected(now, id, ends);
                    }
                    Err(error) => {
                        self.connections.remove(index);
                        self.session.handle_connect_failed(now, id, error);
                    }
                }
            }
        }
    }
}

impl Connection {
    fn new(id: ConnectionId, socket: Socket) -> Self {
        let (received, to_send) = (BytesMut::new(), BytesMut::new());
        Self { id, socket, received, to_send, closing: None, shut_down: false }
    }

    /// Whether there is anything left to close.
    fn close(&mut self, until: Instant) -> bool {
        self.closing = Some(until);
        matches!(self.socket, Socket::Open(_))
    }

    /// Goes on with whatever can be done. `read`: whether more may come in.
    fn poll(&mut self, read: bool, context: &mut Context<'_>) -> Poll<Occurrence> {
        let stream = match &mut self.socket {
            Socket::Dialling(dial) => return dial.as_mut().poll(context).map(Occurrence::Dialled),
            Socket::Open(stream) => stream,
        };
        if !self.to_send.is_empty() {
            match Pin::new(&mut *stream).poll_write(context, &self.to_send) {
                Poll::Ready(Ok(written)) => {
                    self.to_send.advance(written);
                    return Poll::Ready(Occurrence::Sent);
                }
                Poll::Ready(Err(_)) => return Poll::Ready(Occurrence::Lost),
                Poll::Pending => {}
            }
        } else if self.closing.is_some() && !self.shut_down {
            // The other side closes then; closing at once could take back the last words.
            self.shut_down = ready!(Pin::new(&mut *stream).poll_shutdown(context)).is_ok();
            if !self.shut_down {
                return Poll::Ready(Occurrence::Lost);
            }
        }
        if !read && self.closing.is_none() {
            return Poll::Pending;
        }
        let mut space = [0; CHUNK];
        let mut buffer = ReadBuf::new(&mut space);
        match ready!(Pin::new(stream).poll_read(context, &mut buffer)) {
            Ok(()) if !buffer.filled().is_empty() => {
                self.received.extend_from_slice(buffer.filled());
                Poll::Ready(Occurrence::Received)
            }
            _ => Poll::Ready(Occurrence::Lost),
        }
    }
}

/// The next thing that happens on any connection, and on which.
async fn occurrence(connections: &mut [Connection], read: bool) -> (usize, Occurrence) {
    poll_fn(|context| {
        for (index, connection) in connections.iter_mut().enumerate() {
            if let Poll::Ready(occurrence) = connection.poll(read, context) {
                return Poll::Ready((index, occurrence));
            }
        }
        Poll::Pending
    })
    .await
}

/// Waits until there is room for an event.
async fn room<T>(events: &mpsc::Sender<T>) {
    drop(events.reserve().await);
}

async fn dial(address: Address) -> io::Result<TcpStream> {
    let socket = if address.remote.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(local) = address.local {
        socket.bind((local, 0).into())?;
    }
    socket.connect(address.remote).await
}

fn endpoints(stream: &TcpStream) -> io::Result<Endpoints> {
    stream.set_nodelay(true)?;
    Ok(Endpoints { local: stream.local_addr()?, remote: stream.peer_addr()? })
}

/// How many whole messages stand in `bytes`.
fn count_messages(mut bytes: &[u8]) -> u32 {
    let mut count = 0;
    while let Some(&[high, low]) = bytes.get(16..18) {
        let length = usize::from(u16::from_be_bytes([high, low])).max(HEADER_LENGTH);
        bytes = bytes.get(length..).unwrap_or_default();
        count += 1;
    }
    count
}
