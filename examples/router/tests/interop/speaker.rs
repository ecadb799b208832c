//! A BGP peer of raw bytes: it can say what no daemon would.
//!
//! A test cannot enter a namespace without unsafe code, so it starts itself again inside: the
//! [`relay`] there carries bytes between a TCP connection and the socket that is its standard input.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::folder::unique_name;
use crate::netns::{Lab, Node};
use crate::wait::{PATIENCE, wait_for};

pub(crate) const OPEN: u8 = 1;
pub(crate) const UPDATE: u8 = 2;
pub(crate) const NOTIFICATION: u8 = 3;
pub(crate) const KEEPALIVE: u8 = 4;

/// A daemon that says nothing for so long says nothing at all.
const SILENCE: Duration = Duration::from_secs(20);

/// What the relay is to do: `dial ADDRESS:PORT` or `listen ADDRESS:PORT`.
const TASK: &str = "INTEROP_RELAY";

/// One end of a BGP connection.
pub(crate) struct Speaker {
    stream: UnixStream,
    _relay: Daemon,
}

/// A message without its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: u8,
    pub(crate) body: Vec<u8>,
}

/// What came next on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Message(Message),
    /// The other side, or the network, has ended the connection.
    Closed,
}

impl Speaker {
    /// Dials `to`, from `node`.
    #[track_caller]
    pub(crate) fn dial(lab: &Lab, node: &Node, to: &str) -> Self {
        Self::start(lab, node, &format!("dial {to}"))
    }

    /// Waits at `at`, on `node`, for one connection.
    #[track_caller]
    pub(crate) fn listen(lab: &Lab, node: &Node, at: &str) -> Self {
        Self::start(lab, node, &format!("listen {at}"))
    }

    /// Dials until the other side says OPEN: it takes no connections for a while after an error.
    #[track_caller]
    pub(crate) fn dial_until_open(lab: &Lab, node: &Node, to: &str) -> (Self, Vec<u8>) {
        wait_for(PATIENCE, format!("{to} says OPEN"), || {
            let mut speaker = Self::dial(lab, node, to);
            match speaker.hear() {
                Heard::Message(Message { kind: OPEN, body }) => Ok((speaker, body)),
                other => Err(format!("{other:?}")),
            }
        })
    }

    #[track_caller]
    fn start(lab: &Lab, node: &Node, task: &str) -> Self {
        let (stream, theirs) = UnixStream::pair().expect("a pair of sockets can be made");
        stream.set_read_timeout(Some(SILENCE)).expect("a socket has a time-out");
        let tests = std::env::current_exe().expect("the tests know their own program");
        let mut command = node.command(&tests);
        command.args(["--ignored", "--exact", "speaker::relay", "--nocapture"]);
        command.env(TASK, task).stdin(Stdio::from(OwnedFd::from(theirs)));
        // Not among the logs that a failure prints: a test may have dozens of relays.
        let log = lab.file(&format!("{}.log", unique_name()));
        let relay = Daemon::spawn(&format!("relay on {}", node.name()), command, &log);
        Self { stream, _relay: relay }
    }

    /// Sends bytes. That the other side has gone is seen by [`hear`](Self::hear).
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// The next message, or the end of the connection.
    #[track_caller]
    pub(crate) fn hear(&mut self) -> Heard {
        let mut header = [0; 19];
        if !self.fill(&mut header) {
            return Heard::Closed;
        }
        assert_eq!(header[..16], [0xff; 16], "a wrong marker");
        let length = usize::from(u16::from_be_bytes([header[16], header[17]]));
        assert!((19..=4096).contains(&length), "a wrong length: {length}");
        let mut body = vec![0; length - 19];
        if !self.fill(&mut body) {
            return Heard::Closed;
        }
        Heard::Message(Message { kind: header[18], body })
    }

    /// Goes over the KEEPALIVEs and UPDATEs to the next message of another type.
    #[track_caller]
    pub(crate) fn hear_control(&mut self) -> Heard {
        loop {
            match self.hear() {
                Heard::Message(Message { kind: KEEPALIVE | UPDATE, .. }) => {}
                other => return other,
            }
        }
    }

    /// Asserts that the next message is of that type, and gives its body.
    #[track_caller]
    pub(crate) fn expect(&mut self, kind: u8) -> Vec<u8> {
        match self.hear() {
            Heard::Message(message) if message.kind == kind => message.body,
            other => panic!("expected a message of type {kind}, got {other:?}"),
        }
    }

    /// Asserts that a NOTIFICATION comes next, and then the end.
    #[track_caller]
    pub(crate) fn expect_notification(&mut self, code: u8, subcode: u8) -> Vec<u8> {
        let heard = self.hear_control();
        let Heard::Message(Message { kind: NOTIFICATION, body }) = heard else {
            panic!("expected NOTIFICATION {code}/{subcode}, got {heard:?}");
        };
        assert_eq!(body.get(..2), Some([code, subcode].as_slice()), "NOTIFICATION {body:?}");
        assert_eq!(self.hear(), Heard::Closed, "after a NOTIFICATION");
        body[2..].to_vec()
    }

    /// False when the connection ends before all is there.
    #[track_caller]
    fn fill(&mut self, bytes: &mut [u8]) -> bool {
        match self.stream.read_exact(bytes) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                panic!("nothing heard for {SILENCE:?}")
            }
            Err(_) => false,
        }
    }
}

/// A message with its header.
pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(19 + body.len()).expect("a message is short");
    header(0xff, length, kind).into_iter().chain(body.iter().copied()).collect()
}

/// A header of any content: 16 bytes `marker`, length, type.
pub(crate) fn header(marker: u8, length: u16, kind: u8) -> Vec<u8> {
    let mut bytes = vec![marker; 16];
    bytes.extend(length.to_be_bytes());
    bytes.push(kind);
    bytes
}

/// An OPEN with the capabilities of IPv4 unicast and of AS numbers of four bytes.
pub(crate) fn open(version: u8, asn: u16, hold_time: u16, id: [u8; 4]) -> Vec<u8> {
    let multiprotocol = [1, 4, 0, 1, 0, 1];
    let four_byte_as = [65, 4, 0, 0];
    let mut capabilities = [multiprotocol.as_slice(), &four_byte_as].concat();
    capabilities.extend(asn.to_be_bytes());
    let length = u8::try_from(capabilities.len()).expect("few capabilities");
    let mut body = vec![version];
    body.extend(asn.to_be_bytes());
    body.extend(hold_time.to_be_bytes());
    body.extend(id);
    body.extend([length + 2, 2, length]);
    body.extend(capabilities);
    message(OPEN, &body)
}

/// No test: what [`Speaker::start`] runs inside of a namespace.
#[test]
#[ignore = "a part of other tests; alone it does nothing"]
fn relay() {
    let Ok(task) = std::env::var(TASK) else { return };
    let unix = io::stdin().as_fd().try_clone_to_owned().expect("the standard input is a socket");
    let unix = UnixStream::from(unix);
    let connected = match task.split_once(' ') {
        Some(("dial", to)) => TcpStream::connect(to),
        Some(("listen", at)) => {
            TcpListener::bind(at).and_then(|listener| listener.accept()).map(|(tcp, _)| tcp)
        }
        _ => panic!("unknown task {task}"),
    };
    match connected {
        Ok(tcp) => carry(&tcp, &unix),
        Err(error) => eprintln!("{task}: {error}"),
    }
    // The harness holds further copies of the standard input open while it ends.
    let _ = unix.shutdown(Shutdown::Both);
}

/// Carries bytes both ways until either side ends.
fn carry(tcp: &TcpStream, unix: &UnixStream) {
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut from, mut to) = (unix, tcp);
            if let Err(error) = io::copy(&mut from, &mut to) {
                eprintln!("towards the router: {error}");
            }
            let _ = tcp.shutdown(Shutdown::Both);
        });
        let (mut from, mut to) = (tcp, unix);
        if let Err(error) = io::copy(&mut from, &mut to) {
            eprintln!("from the router: {error}");
        }
        let _ = unix.shutdown(Shutdown::Both);
    });
}
