//! A BGP peer of raw bytes: it can say what no daemon would.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use testbed::{Node, PATIENCE, wait_for};

pub(crate) const OPEN: u8 = 1;
pub(crate) const UPDATE: u8 = 2;
pub(crate) const NOTIFICATION: u8 = 3;
pub(crate) const KEEPALIVE: u8 = 4;

/// A daemon that says nothing for so long says nothing at all.
const SILENCE: Duration = Duration::from_secs(20);

/// One end of a BGP connection.
pub(crate) struct Speaker {
    /// `None`: nobody was there to take our call
    stream: Option<TcpStream>,
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
    pub(crate) fn dial(node: &Node, to: &str) -> Self {
        Self::new(node.inside(|| TcpStream::connect(to)).ok())
    }

    /// Waits at `at`, on `node`, for one connection.
    #[track_caller]
    pub(crate) fn listen(node: &Node, at: &str) -> Self {
        let listener = node.inside(|| TcpListener::bind(at)).expect("an address to listen at");
        listener.set_nonblocking(true).expect("a socket that does not wait");
        let accepted = wait_for(PATIENCE, format!("a connection to {at}"), || {
            listener.accept().map_err(|error| error.to_string())
        });
        accepted.0.set_nonblocking(false).expect("a socket that waits");
        Self::new(Some(accepted.0))
    }

    fn new(stream: Option<TcpStream>) -> Self {
        if let Some(stream) = &stream {
            stream.set_read_timeout(Some(SILENCE)).expect("a socket has a time-out");
        }
        Self { stream }
    }

    /// Dials until the other side says OPEN: it takes no connections for a while after an error.
    #[track_caller]
    pub(crate) fn dial_until_open(node: &Node, to: &str) -> (Self, Vec<u8>) {
        wait_for(PATIENCE, format!("{to} says OPEN"), || {
            let mut speaker = Self::dial(node, to);
            match speaker.hear() {
                Heard::Message(Message { kind: OPEN, body }) => Ok((speaker, body)),
                other => Err(format!("{other:?}")),
            }
        })
    }

    /// Sends bytes. That the other side has gone is seen by [`hear`](Self::hear).
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        if let Some(stream) = &mut self.stream {
            let _ = stream.write_all(bytes);
        }
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
        let Some(stream) = &mut self.stream else { return false };
        match stream.read_exact(bytes) {
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
