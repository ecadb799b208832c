//! Sockets, the clock, and a [`Session`] between them.

use std::boxed::Box;
use std::pin::pin;
use std::string::ToString;
use std::sync::Arc;
use std::time::Duration;
use std::vec::Vec;

use bgp_wire::HEADER_LENGTH;
use bytes::Bytes;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::select;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, sleep_until};

use super::connection::{Connection, Occurrence, Socket, occurrence};
use super::options::{Address, OptionError};
use super::socket::{DialError, apply, dial, endpoints};
use super::{CAPACITY, Command};
use crate::{Action, ConnectionId, Event, Session, Shutdown};

/// Nothing more is taken to be sent while so many bytes wait for the socket. The last buffer may go beyond.
const FULL: usize = 64 * 1024;
/// How long the last words on a connection may take.
const LINGER: Duration = Duration::from_secs(1);

/// Does the work of a [`Peer`](super::Peer).
#[derive(Debug)]
pub struct Driver {
    session: Session,
    address: Arc<Address>,
    epoch: Instant,
    connections: Vec<Connection>,
    /// Which connection is asked first: another one each round, so that none is left out.
    turn: usize,
    commands: mpsc::Receiver<Command>,
    updates: mpsc::Receiver<(ConnectionId, Bytes)>,
    events: mpsc::Sender<(Option<ConnectionId>, Event)>,
    /// The event that waits for room.
    event: Option<(Option<ConnectionId>, Event)>,
}

impl Driver {
    pub(super) fn new(
        session: Session,
        address: Arc<Address>,
        commands: mpsc::Receiver<Command>,
        updates: mpsc::Receiver<(ConnectionId, Bytes)>,
        events: mpsc::Sender<(Option<ConnectionId>, Event)>,
    ) -> Self {
        let (epoch, connections) = (Instant::now(), Vec::new());
        Self {
            session,
            address,
            epoch,
            connections,
            turn: 0,
            commands,
            updates,
            events,
            event: None,
        }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// Keeps the session alive until the [`Peer`](super::Peer) is dropped.
    ///
    /// Each round serves all that has something to do, timers first: however much one side sends, the other
    /// is not left waiting, nor are keepalives.
    pub async fn run(mut self) {
        self.session.start(self.now());
        let mut timer = pin!(sleep_until(self.epoch));
        let mut wanted = true;
        loop {
            self.settle();
            if !wanted && self.connections.is_empty() {
                return;
            }
            let deadline = self.deadline();
            if let Some(deadline) = deadline
                && timer.deadline() != deadline
            {
                timer.as_mut().reset(deadline);
            }
            let full = self.is_full();
            let waiting = self.event.is_some();
            self.turn = self.turn.wrapping_add(1);
            select! {
                // What is due is done by `settle`.
                () = timer.as_mut(), if deadline.is_some() => {}
                Some(command) = self.commands.recv(), if wanted => self.command(command),
                () = self.events.closed(), if wanted => {
                    wanted = false;
                    self.session.stop(self.now(), Shutdown::AdministrativeShutdown);
                }
                (index, occurrence) = occurrence(&mut self.connections, self.turn, !waiting) => {
                    self.occur(index, occurrence);
                }
                // Also while nothing is established: then they have come too late.
                Some((id, bytes)) = self.updates.recv(), if !full => self.update(id, bytes),
                () = room(&self.events), if waiting && wanted => {}
            }
        }
    }

    /// Does all that can be done without waiting.
    fn settle(&mut self) {
        let now = self.now();
        if self.session.poll_timeout().is_some_and(|at| at <= now) {
            self.take_input();
            // HoldTimer must not expire because we, or the program, are too busy to read.
            for connection in self.connections.iter().filter(|one| one.has_backlog()) {
                self.session.handle_backlog(now, connection.id);
            }
            self.session.handle_timeout(now);
        }
        let clock = self.epoch + now;
        self.connections.retain(|one| one.closing.is_none_or(|until| until > clock));
        loop {
            self.take_input();
            self.act();
            // There may be more in what was received.
            if !self.hand_over() || self.event.is_some() {
                break;
            }
        }
        for _ in 0..CAPACITY {
            if self.is_full() {
                break;
            }
            let Ok((id, bytes)) = self.updates.try_recv() else { break };
            self.update(id, bytes);
        }
    }

    /// Gives the session what was left because events waited.
    fn take_input(&mut self) {
        let now = self.now();
        for connection in self.connections.iter_mut().filter(|one| one.closing.is_none()) {
            if !connection.received.is_empty() && self.event.is_none() {
                self.session.handle_input(now, connection.id, &mut connection.received);
            }
        }
    }

    /// Does what the session wants done.
    fn act(&mut self) {
        while let Some((id, bytes)) = self.session.poll_transmit() {
            if let Some(connection) = self.connections.iter_mut().find(|one| one.id == id) {
                connection.to_send.push(bytes);
            }
        }
        while let Some(action) = self.session.poll_action() {
            match action {
                Action::Connect(id) => {
                    let dial = Box::pin(dial(self.address.clone(), self.session.neighbor()));
                    self.connections.push(Connection::new(id, Socket::Dialling(dial)));
                }
                Action::Close(id) => {
                    let until = Instant::now() + LINGER;
                    self.connections.retain_mut(|one| one.id != id || one.close(until));
                }
            }
        }
    }

    /// Hands events over as long as there is room, and tells whether there were any.
    fn hand_over(&mut self) -> bool {
        let mut any = false;
        loop {
            let next = match self.event.take() {
                Some(event) => event,
                None => match self.session.poll_event() {
                    Some(event) => (self.connection_of(&event), event),
                    None => return any,
                },
            };
            match self.events.try_send(next) {
                Ok(()) => any = true,
                // Nobody wants to know any more.
                Err(TrySendError::Closed(_)) => {}
                Err(TrySendError::Full(event)) => {
                    self.event = Some(event);
                    return any;
                }
            }
        }
    }

    /// Takes a connection that the session has accepted already.
    pub(super) fn adopt(&mut self, id: ConnectionId, stream: TcpStream) {
        self.connections.push(Connection::new(id, Socket::Open(stream)));
    }

    /// The connection whose UPDATEs may be sent from `event` on.
    fn connection_of(&self, event: &Event) -> Option<ConnectionId> {
        let Event::Established(negotiated) = event else { return None };
        // It may have been followed by another one already.
        let (id, current) = self.session.established()?;
        (current.endpoints == negotiated.endpoints).then_some(id)
    }

    fn deadline(&self) -> Option<Instant> {
        // What the clock cannot reach does not come.
        let session = self.session.poll_timeout().and_then(|at| self.epoch.checked_add(at));
        self.connections.iter().filter_map(|one| one.closing).chain(session).min()
    }

    /// Whether enough UPDATEs wait for the socket.
    fn is_full(&self) -> bool {
        let outgoing = self
            .session
            .established()
            .and_then(|(id, _)| self.connections.iter().find(|connection| connection.id == id));
        outgoing.is_some_and(|connection| connection.to_send.len() >= FULL)
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
                    self.adopt(id, stream);
                }
            }
            Command::Work(work) => work(&mut self.session, now),
            Command::Address(address, reply) => {
                // Who does not wait for the answer does not want it.
                let _ = reply.send(self.change(address));
            }
        }
    }

    /// All connections get the new options, whatever becomes of the others.
    fn change(&mut self, address: Arc<Address>) -> Result<(), OptionError> {
        let before = self.address.options.authentication.as_ref();
        let mut result = Ok(());
        for stream in self.connections.iter().filter_map(Connection::stream) {
            let Ok(ends) = endpoints(stream) else { continue };
            let (socket, options) = (SockRef::from(stream), &address.options);
            result = result.and(apply(&socket, ends.remote.ip(), before, options));
        }
        self.address = address;
        result
    }

    fn update(&mut self, id: ConnectionId, bytes: Bytes) {
        let now = self.now();
        if self.session.established().is_some_and(|(established, _)| established == id)
            && let Some(connection) = self.connections.iter_mut().find(|one| one.id == id)
        {
            let messages = count_messages(&bytes);
            connection.to_send.push(bytes);
            self.session.update_sent(now, messages);
        }
    }

    fn occur(&mut self, index: usize, occurrence: Occurrence) {
        let now = self.now();
        let Some(connection) = self.connections.get_mut(index) else { return };
        let id = connection.id;
        if connection.take_written() {
            self.session.handle_written(now, id);
        }
        if !connection.to_send.is_empty() {
            self.session.handle_blocked(now, id);
        }
        match occurrence {
            Occurrence::Sent | Occurrence::Blocked => {}
            Occurrence::Received if connection.closing.is_some() => connection.received.clear(),
            Occurrence::Received => {
                self.session.handle_input(now, id, &mut connection.received);
            }
            Occurrence::Lost => {
                self.connections.remove(index);
                self.session.handle_disconnected(now, id);
            }
            Occurrence::Dialled(result) => match result.and_then(with_endpoints) {
                Ok((ends, stream)) => {
                    connection.socket = Socket::Open(stream);
                    self.session.handle_connected(now, id, ends);
                }
                Err(error) => {
                    self.connections.remove(index);
                    self.session.handle_connect_failed(now, id, error.to_string());
                }
            },
        }
    }
}

fn with_endpoints(stream: TcpStream) -> Result<(crate::Endpoints, TcpStream), DialError> {
    Ok((endpoints(&stream)?, stream))
}

/// Waits until there is room for an event.
async fn room<T>(events: &mpsc::Sender<T>) {
    drop(events.reserve().await);
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

#[cfg(test)]
mod tests {
    use bgp_wire::MessageType;
    use bytes::BytesMut;
    use tokio::net::TcpListener;

    use super::*;
    use crate::tokio::{Peer, peer};
    use crate::{Endpoints, SessionConfig, Timer};

    /// A driver that nobody runs, with a session that is up, and the other end of its connection.
    async fn held_up() -> (Peer, Driver, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let theirs = TcpStream::connect(address).await.expect("it listens");
        let (ours, remote) = listener.accept().await.expect("a connection");
        let config = |local: u32, remote| SessionConfig::new(local, Some(remote), local.into());
        let waiting = SessionConfig { passive: true, ..config(1, 2) };
        let (peer, mut driver) = peer(waiting, remote.into(), 1);
        driver.session.start(Duration::ZERO);
        driver.command(Command::Accept(ours));
        let dialling = SessionConfig { connect_delay_time: Duration::ZERO, ..config(2, 1) };
        let (mut other, now) = (Session::new(dialling, 2), Duration::ZERO);
        other.start(now);
        other.handle_timeout(now);
        let Some(Action::Connect(id)) = other.poll_action() else { panic!("it dials") };
        other.handle_connected(now, id, Endpoints { local: remote, remote: address });
        let mut received = BytesMut::new();
        while driver.session.established().is_none() {
            other.handle_input(now, id, &mut received);
            while let Some((_, bytes)) = other.poll_transmit() {
                assert_eq!(theirs.try_write(&bytes).expect("room"), bytes.len());
            }
            select! {
                (index, occurrence) = occurrence(&mut driver.connections, 0, true) => {
                    driver.occur(index, occurrence);
                    driver.settle();
                }
                _ = theirs.readable() => {
                    let _ = theirs.try_read_buf(&mut received);
                }
            }
        }
        (peer, driver, theirs)
    }

    fn on_a_runtime(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(test);
    }

    /// HoldTimer has expired when the driver goes on. What has come meanwhile counts, whether or not there is
    /// room for events.
    #[test]
    fn what_came_in_time_counts_before_timers_expire() {
        on_a_runtime(async {
            for (came, slow) in [(true, false), (true, true), (false, false), (false, true)] {
                let (_peer, mut driver, theirs) = held_up().await;
                if slow {
                    let event =
                        || Event::Stale(bgp_wire::Family::IPV4_UNICAST, crate::Stale::Sweep);
                    while driver.events.try_send((None, event())).is_ok() {}
                    driver.event = Some((None, event()));
                }
                if came {
                    let mut keepalive = BytesMut::new();
                    keepalive.extend_from_slice(&[0xFF; 16]);
                    keepalive.extend_from_slice(&[0, 19, MessageType::KEEPALIVE.0]);
                    assert_eq!(theirs.try_write(&keepalive).expect("room"), 19);
                    let stream = driver.connections[0].stream().expect("open");
                    stream.readable().await.expect("open");
                }
                driver.epoch -= Duration::from_secs(1000);
                driver.settle();
                assert_eq!(driver.session.established().is_some(), came);
            }
        });
    }

    /// A time may be as long as can be written: it is never over.
    #[test]
    fn times_without_end_do_not_overflow() {
        on_a_runtime(async {
            let mut config = SessionConfig::new(1, Some(2), [192, 0, 2, 1].into());
            config.connect_delay_time = Duration::MAX;
            let (_peer, mut driver) =
                peer(config, std::net::SocketAddr::from(([127, 0, 0, 1], 179)).into(), 1);
            driver.session.start(driver.now());
            assert!(driver.session.poll_timeout().is_some());
            assert_eq!(driver.deadline(), None);
            driver.settle();
        });
    }

    /// SendHoldTimer (RFC 9687) runs while the neighbour takes nothing.
    #[test]
    fn the_session_is_told_of_a_blocked_connection() {
        on_a_runtime(async {
            let (_peer, mut driver, theirs) = held_up().await;
            let runs = |driver: &Driver| {
                driver.session.timer_left(Timer::SendHold, driver.now()).is_some()
            };
            let (id, _) = driver.session.established().expect("it is up");
            let mut sent = 0;
            while !runs(&driver) {
                // They mean nothing; nobody reads them.
                driver.update(id, Bytes::from_static(&[0xFF; 65_536]));
                sent += 65_536;
                let (index, occurrence) = occurrence(&mut driver.connections, 0, true).await;
                driver.occur(index, occurrence);
            }
            assert!(!driver.connections[0].to_send.is_empty());
            let mut space = [0; 65_536];
            while sent > 0 {
                select! {
                    (index, occurrence) = occurrence(&mut driver.connections, 0, true) => {
                        driver.occur(index, occurrence);
                    }
                    _ = theirs.readable() => {
                        sent -= theirs.try_read(&mut space).unwrap_or(0);
                    }
                }
            }
            assert!(!runs(&driver));
        });
    }
}
