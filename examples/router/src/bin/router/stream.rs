//! TCP connections: a task that reads and a task that writes.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::rc::Rc;

use bytes::{Buf, Bytes, BytesMut};
use router::StreamId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::host::Input;

/// Octets that may wait to be written. More stays in the tables, where a newer state replaces an older one.
const MOST_WAITING: usize = 256 * 1024;
/// Octets read at once.
const READ: usize = 128 * 1024;
/// Buffers written at once.
const GATHER: usize = 64;

/// A connection at work.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Received, but not a whole message yet.
    pub(crate) received: BytesMut,
    writer: Option<mpsc::UnboundedSender<Bytes>>,
    waiting: Rc<Cell<usize>>,
    reader: JoinHandle<()>,
}

impl Stream {
    pub(crate) fn new(id: StreamId, stream: TcpStream, input: &mpsc::Sender<Input>) -> Self {
        let (read, write) = stream.into_split();
        let (sender, receiver) = mpsc::unbounded_channel();
        let waiting = Rc::new(Cell::new(0));
        let reader = tokio::task::spawn_local(read_all(id, read, input.clone()));
        tokio::task::spawn_local(write_all(
            id,
            write,
            receiver,
            Rc::clone(&waiting),
            input.clone(),
        ));
        Self { received: BytesMut::new(), writer: Some(sender), waiting, reader }
    }

    /// Whether more may be given to [`Stream::send`].
    pub(crate) fn has_room(&self) -> bool {
        self.writer.is_some() && self.waiting.get() < MOST_WAITING
    }

    pub(crate) fn send(&self, bytes: Bytes) {
        if let Some(writer) = &self.writer {
            self.waiting.set(self.waiting.get() + bytes.len());
            // The task ends only when it has told so by `Input::Closed`.
            let _ = writer.send(bytes);
        }
    }

    /// Sends what still waits, then closes; `Input::Finished` follows.
    pub(crate) fn close(&mut self) {
        self.writer = None;
        self.reader.abort();
    }
}

async fn read_all(id: StreamId, mut read: OwnedReadHalf, input: mpsc::Sender<Input>) {
    loop {
        let mut buffer = BytesMut::with_capacity(READ);
        match read.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => {
                let _ = input.send(Input::Closed(id)).await;
                return;
            }
            Ok(_) => {
                if input.send(Input::Data(id, buffer)).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn write_all(
    id: StreamId,
    mut write: OwnedWriteHalf,
    mut receiver: mpsc::UnboundedReceiver<Bytes>,
    waiting: Rc<Cell<usize>>,
    input: mpsc::Sender<Input>,
) {
    let mut batch = Vec::with_capacity(GATHER);
    while receiver.recv_many(&mut batch, GATHER).await > 0 {
        let octets: usize = batch.iter().map(Bytes::len).sum();
        if write_batch(&mut write, &mut batch).await.is_err() {
            let _ = input.send(Input::Closed(id)).await;
            break;
        }
        let before = waiting.get();
        waiting.set(before - octets);
        if before >= MOST_WAITING && waiting.get() < MOST_WAITING {
            let _ = input.send(Input::Room).await;
        }
    }
    // A peer that is gone already has nothing to say to this.
    let _ = write.shutdown().await;
    let _ = input.send(Input::Finished(id)).await;
}

/// Writes all buffers with as few system calls as possible.
async fn write_batch(write: &mut OwnedWriteHalf, batch: &mut Vec<Bytes>) -> io::Result<()> {
    let mut from = 0;
    while from < batch.len() {
        let slices: Vec<IoSlice<'_>> =
            batch[from..].iter().map(|bytes| IoSlice::new(bytes)).collect();
        let mut written = write.write_vectored(&slices).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        while written > 0 && from < batch.len() {
            let length = batch[from].len().min(written);
            batch[from].advance(length);
            written -= length;
            if batch[from].is_empty() {
                from += 1;
            }
        }
    }
    batch.clear();
    Ok(())
}
