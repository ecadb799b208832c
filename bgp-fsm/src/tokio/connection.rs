//! One TCP connection: what came in, and what waits to go out.

use std::boxed::Box;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::mem::{MaybeUninit, replace, take};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::socket::DialError;
use crate::ConnectionId;

/// How much space is made for what comes, in bytes, at most. A read fills what is there.
const CHUNK: usize = 16 * 1024;
/// How much space is made after a silence. It grows while reads fill it: a message that comes alone, and is kept,
/// keeps little more than itself.
const LEAST: usize = 1024;
/// Buffers that are written at a time.
const SLICES: usize = 32;

pub(super) type Dial = Pin<Box<dyn Future<Output = Result<TcpStream, DialError>> + Send>>;

pub(super) enum Socket {
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
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) socket: Socket,
    /// What the session has not taken yet. It has no space of its own while nothing is in it.
    pub(super) received: BytesMut,
    /// How much space is made next, from [`LEAST`] to [`CHUNK`].
    space: usize,
    pub(super) to_send: Outgoing,
    /// Until when it may linger: the session has done with it.
    pub(super) closing: Option<Instant>,
    shut_down: bool,
    /// The socket will never take anything again.
    failed: bool,
    /// The socket has taken bytes, which the session has not been told.
    written: bool,
    /// It takes no more, and some wait.
    blocked: bool,
}

/// What happened on a connection.
pub(super) enum Occurrence {
    Dialled(Result<TcpStream, DialError>),
    /// Something was sent, nothing came.
    Sent,
    /// The socket takes no more bytes, though some wait.
    Blocked,
    Received,
    Lost,
}

impl Connection {
    pub(super) fn new(id: ConnectionId, socket: Socket) -> Self {
        Self {
            id,
            socket,
            received: BytesMut::new(),
            space: LEAST,
            to_send: Outgoing::default(),
            closing: None,
            shut_down: false,
            failed: false,
            written: false,
            blocked: false,
        }
    }

    pub(super) fn stream(&self) -> Option<&TcpStream> {
        match &self.socket {
            Socket::Dialling(_) => None,
            Socket::Open(stream) => Some(stream),
        }
    }

    /// Whether there is anything left to close.
    pub(super) fn close(&mut self, until: Instant) -> bool {
        self.closing = Some(until);
        self.stream().is_some()
    }

    /// Sends all that can be sent, and reads once: neither direction waits for the other. `read`: whether more
    /// may come in.
    fn poll(&mut self, read: bool, context: &mut Context<'_>) -> Poll<Occurrence> {
        if let Socket::Dialling(dial) = &mut self.socket {
            return dial.as_mut().poll(context).map(Occurrence::Dialled);
        }
        if self.failed {
            return self.poll_last_words(read, context);
        }
        let Ok(sent) = self.poll_send(context) else {
            (self.failed, self.to_send) = (true, Outgoing::default());
            return self.poll_last_words(read, context);
        };
        self.written |= sent;
        let blocked = replace(&mut self.blocked, !self.to_send.is_empty());
        if read || self.closing.is_some() {
            match self.poll_receive(context) {
                Poll::Ready(Ok(1..)) => return Poll::Ready(Occurrence::Received),
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Occurrence::Lost),
                Poll::Pending => {}
            }
        }
        match (sent, self.blocked && !blocked) {
            (true, _) => Poll::Ready(Occurrence::Sent),
            (false, true) => Poll::Ready(Occurrence::Blocked),
            (false, false) => Poll::Pending,
        }
    }

    /// Nothing can be sent any more: the connection is lost when all is read that the other side said before. That
    /// may be why it has closed it.
    fn poll_last_words(&mut self, read: bool, context: &mut Context<'_>) -> Poll<Occurrence> {
        if self.closing.is_none() && !read {
            return Poll::Pending;
        }
        if self.closing.is_some() || !self.has_backlog() {
            return Poll::Ready(Occurrence::Lost);
        }
        match ready!(self.poll_receive(context)) {
            Ok(1..) => Poll::Ready(Occurrence::Received),
            Ok(0) | Err(_) => Poll::Ready(Occurrence::Lost),
        }
    }

    /// Whether the socket has taken bytes since this was last asked.
    pub(super) fn take_written(&mut self) -> bool {
        take(&mut self.written)
    }

    /// Tells whether anything was sent.
    fn poll_send(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        let Socket::Open(stream) = &mut self.socket else { return Ok(false) };
        let mut sent = false;
        while !self.to_send.is_empty() {
            match self.to_send.poll_write(Pin::new(stream), context) {
                Poll::Ready(result) => result?,
                Poll::Pending => return Ok(sent),
            }
            sent = true;
        }
        if self.closing.is_some()
            && !self.shut_down
            && let Poll::Ready(result) = Pin::new(stream).poll_shutdown(context)
        {
            // The other side closes then; closing at once could take back the last words.
            result?;
            self.shut_down = true;
        }
        Ok(sent)
    }

    /// Whether bytes wait in the socket.
    pub(super) fn has_backlog(&self) -> bool {
        let mut space = [MaybeUninit::uninit()];
        let peek = |stream| SockRef::from(stream).peek(&mut space);
        self.stream().map(peek).is_some_and(|result| matches!(result, Ok(1..)))
    }

    /// How many bytes came; 0: the other side has closed.
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            let ready = self.stream().map(|stream| stream.poll_read_ready(context));
            let Some(Poll::Ready(ready)) = ready else {
                if self.received.is_empty() {
                    self.received = BytesMut::new();
                    self.space = LEAST;
                }
                return Poll::Pending;
            };
            ready?;
            self.make_room();
            let Socket::Open(stream) = &mut self.socket else { return Poll::Pending };
            // Nothing may be there after all; then it waits, above.
            let read = pin!(stream.read_buf(&mut self.received));
            if let Poll::Ready(result) = read.poll(context) {
                if self.received.len() == self.received.capacity() {
                    self.space = (self.space * 4).min(CHUNK);
                }
                return Poll::Ready(result);
            }
        }
    }

    fn make_room(&mut self) {
        if self.received.capacity() - self.received.len() < self.space / 4 {
            self.received.reserve(self.space);
        }
    }
}

/// The next thing that happens on any connection, and on which. `turn` is the one that is asked first.
pub(super) async fn occurrence(
    connections: &mut [Connection],
    turn: usize,
    read: bool,
) -> (usize, Occurrence) {
    poll_fn(|context| {
        let count = connections.len();
        for index in (0..count).map(|index| (index + turn) % count) {
            if let Some(connection) = connections.get_mut(index)
                && let Poll::Ready(occurrence) = connection.poll(read, context)
            {
                return Poll::Ready((index, occurrence));
            }
        }
        Poll::Pending
    })
    .await
}

/// What waits for the socket: the buffers as they were given, not copied.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    buffers: VecDeque<Bytes>,
    bytes: usize,
}

impl Outgoing {
    pub(super) fn push(&mut self, buffer: Bytes) {
        // Nothing but empty ones could not be told from a socket that takes no more.
        if !buffer.is_empty() {
            self.bytes += buffer.len();
            self.buffers.push_back(buffer);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    fn poll_write(
        &mut self,
        stream: Pin<&mut TcpStream>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        for (slice, buffer) in slices.iter_mut().zip(&self.buffers) {
            *slice = IoSlice::new(buffer);
            count += 1;
        }
        let slices = slices.get(..count).unwrap_or_default();
        let written = ready!(stream.poll_write_vectored(context, slices))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.advance(written);
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        while let Some(buffer) = self.buffers.front_mut() {
            if buffer.len() > written {
                buffer.advance(written);
                return;
            }
            written -= buffer.len();
            self.buffers.pop_front();
        }
        // All is sent: what many small buffers needed is given back.
        self.buffers.shrink_to(SLICES);
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use proptest::prelude::*;
    use tokio::net::TcpListener;

    use super::*;

    fn run<T>(test: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(test)
    }

    async fn pair() -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let ours = TcpStream::connect(address).await.expect("it listens");
        let (theirs, _) = listener.accept().await.expect("a connection");
        (Connection::new(ConnectionId(1), Socket::Open(ours)), theirs)
    }

    async fn next(connection: &mut Connection) -> Occurrence {
        occurrence(core::slice::from_mut(connection), 0, true).await.1
    }

    #[test]
    fn an_idle_connection_has_no_buffers() {
        run(async {
            let (mut connection, theirs) = pair().await;
            theirs.writable().await.expect("open");
            for _ in 0..3 {
                assert_eq!(theirs.try_write(&[1; 100]).expect("room"), 100);
                let mut received = 0;
                while received < 100 {
                    assert!(matches!(next(&mut connection).await, Occurrence::Received));
                    received += connection.received.split().len();
                }
                assert!(connection.received.capacity() > 0);
                let idle = poll_fn(|context| Poll::Ready(connection.poll(true, context)));
                assert!(idle.await.is_pending());
                assert_eq!(connection.received.capacity(), 0);
            }
            for _ in 0..10_000 {
                connection.to_send.push(Bytes::from_static(&[2; 10]));
            }
            while !connection.to_send.is_empty() {
                assert!(matches!(next(&mut connection).await, Occurrence::Sent));
                let mut space = [0; CHUNK];
                let _ = theirs.try_read(&mut space);
            }
            assert!(connection.to_send.buffers.capacity() <= 2 * SLICES);
        });
    }

    /// They would be sent as nothing, which is what a socket that takes no more says.
    #[test]
    fn empty_buffers_are_none() {
        run(async {
            let (mut connection, theirs) = pair().await;
            theirs.writable().await.expect("open");
            for _ in 0..=SLICES {
                connection.to_send.push(Bytes::new());
            }
            assert!(connection.to_send.buffers.is_empty());
            connection.to_send.push(Bytes::from_static(b"word"));
            assert!(matches!(next(&mut connection).await, Occurrence::Sent));
        });
    }

    /// What the other side said before it reset the connection is heard, although we can no longer answer.
    #[test]
    fn last_words_are_heard_after_a_reset() {
        for read in [true, false] {
            run(async {
                let (mut connection, theirs) = pair().await;
                connection.to_send.push(Bytes::from_static(b"never read"));
                assert!(matches!(next(&mut connection).await, Occurrence::Sent));
                theirs.readable().await.expect("open");
                assert_eq!(theirs.try_write(b"last words").expect("room"), 10);
                // With something unread this is a reset.
                drop(theirs);
                connection.to_send.push(Bytes::from_static(b"an answer"));
                if !read {
                    let slow = poll_fn(|context| Poll::Ready(connection.poll(false, context)));
                    assert!(slow.await.is_pending(), "there is no room for what it said");
                }
                assert!(matches!(next(&mut connection).await, Occurrence::Received));
                assert_eq!(connection.received, b"last words"[..]);
                assert!(matches!(next(&mut connection).await, Occurrence::Lost));
            });
        }
    }

    #[test]
    fn space_grows_with_what_comes() {
        run(async {
            let (mut connection, theirs) = pair().await;
            theirs.writable().await.expect("open");
            let sent = theirs.try_write(&[1; 60_000]).expect("room");
            let (mut received, mut most) = (0, 0);
            while received < sent {
                assert!(matches!(next(&mut connection).await, Occurrence::Received));
                assert!(received > 0 || connection.received.len() <= LEAST);
                most = most.max(connection.received.len());
                received += connection.received.split().len();
            }
            assert!((CHUNK..4 * CHUNK).contains(&most), "{most} bytes");
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Whatever is pushed, and however much the socket takes at a time.
        #[test]
        fn bytes_keep_their_order(
            sizes in prop::collection::vec(1..3000_usize, 1..200),
            takes in prop::collection::vec(1..50_000_usize, 1..20),
        ) {
            let (mut outgoing, mut expected, mut sent) = (Outgoing::default(), vec![], vec![]);
            for (number, size) in sizes.into_iter().enumerate() {
                let bytes = vec![number as u8; size];
                expected.extend_from_slice(&bytes);
                outgoing.push(bytes.into());
            }
            for take in takes.into_iter().cycle() {
                let all = outgoing.buffers.iter().flatten().copied();
                let part: Vec<u8> = all.take(take).collect();
                outgoing.advance(part.len());
                sent.extend(part);
                prop_assert_eq!(outgoing.len(), expected.len() - sent.len());
                if outgoing.is_empty() {
                    break;
                }
            }
            prop_assert!(outgoing.buffers.is_empty());
            prop_assert_eq!(sent, expected);
        }
    }
}
