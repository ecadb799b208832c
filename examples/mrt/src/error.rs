//! What can go wrong.

use std::fmt::{self, Display};
use std::io;

use bgp_wire::bmp::BmpError;
use bgp_wire::mrt::ReadError;
use bgp_wire::{MessageError, UpdateError};
use thiserror::Error;

/// What ends the program.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// Nothing more can be written.
    #[error("cannot write: {0}")]
    Output(#[source] io::Error),
}

/// Where something stands that is wrong: of an MRT file, of a BMP stream.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    Record(u64),
    Message(u64),
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(offset) => write!(f, "record at offset {offset}"),
            Self::Message(offset) => write!(f, "message at offset {offset}"),
        }
    }
}

/// An error of an UPDATE; its offset is said to count in the body.
struct Located<'a>(&'a UpdateError);

impl Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.offset() {
            Some(offset) => {
                let text = self.0.to_string();
                let (short, long) =
                    (format!("offset {offset}"), format!("octet {offset} of the UPDATE's body"));
                f.write_str(&text.replacen(&short, &long, 1))
            }
            None => self.0.fmt(f),
        }
    }
}

fn of_update(error: &MessageError) -> String {
    match error {
        MessageError::Update(error) => Located(error).to_string(),
        error => error.to_string(),
    }
}

/// What ends the reading of one file, or is wrong with one record.
#[derive(Debug, Error)]
pub(crate) enum Flaw {
    #[error("cannot open: {0}")]
    Open(#[source] io::Error),
    /// The offset counts in what is decompressed.
    #[error("cannot read behind offset {offset} (decompressed): {error}")]
    Read {
        offset: u64,
        #[source]
        error: io::Error,
    },
    #[error("compressed with {0}, which is not read here: decompress it first")]
    Compression(&'static str),
    #[error("neither an MRT file nor a BMP stream")]
    Unknown,
    #[error(transparent)]
    Record(#[from] ReadError),
    #[error("{place}: {}", of_update(.error))]
    Message { place: Place, error: MessageError },
    #[error("{place}: {}", Located(.error))]
    Update { place: Place, error: UpdateError },
    #[error("record at offset {offset}: attributes are malformed")]
    Attributes { offset: u64 },
    #[error("record at offset {offset}: no peer {index} in the peer index table")]
    NoPeer { offset: u64, index: u16 },
    #[error("message at offset {offset}: {error}")]
    Bmp { offset: u64, error: BmpError },
    #[error("message at offset {offset}: cut off after {present} octets")]
    CutOff { offset: u64, present: usize },
}
