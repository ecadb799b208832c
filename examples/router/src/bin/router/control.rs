//! The control socket.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use router::ControlSession;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

use crate::host::Input;

/// Octets of a command line.
const LONGEST: u64 = 4096;

/// A command, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Request {
    /// `None`: a connection wants its greeting
    pub(crate) line: Option<String>,
    pub(crate) session: ControlSession,
    pub(crate) answer: oneshot::Sender<(String, ControlSession)>,
}

/// Makes the socket. One that a dead router has left is replaced.
pub(crate) fn listen(path: &Path) -> Result<UnixListener, String> {
    let fail = |error: std::io::Error| {
        format!("cannot make the control socket {}: {error}", path.display())
    };
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(format!("another router answers on the control socket {}", path.display()));
    }
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(fail(error)),
    }
    let listener = UnixListener::bind(path).map_err(fail)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(fail)?;
    Ok(listener)
}

/// Serves connections until the program ends.
pub(crate) async fn serve(listener: UnixListener, input: mpsc::Sender<Input>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::task::spawn_local(converse(stream, input.clone()));
    }
}

async fn converse(stream: UnixStream, input: mpsc::Sender<Input>) {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut session = ControlSession::default();
    let mut line = None;
    loop {
        let (answer, answered) = oneshot::channel();
        if input.send(Input::Request(Request { line, session, answer })).await.is_err() {
            return;
        }
        let Ok((text, next)) = answered.await else { return };
        session = next;
        let written = write.write_all(text.as_bytes()).await.is_ok();
        if input.send(Input::Answered).await.is_err() || !written {
            return;
        }
        let mut bytes = Vec::new();
        match (&mut read).take(LONGEST + 1).read_until(b'\n', &mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(_) if bytes.last() != Some(&b'\n') && bytes.len() as u64 > LONGEST => {
                let _ = write.write_all(b"9000 Command too long\n").await;
                return;
            }
            Ok(_) => line = Some(String::from_utf8_lossy(&bytes).trim_end().replace('\r', "")),
        }
    }
}
