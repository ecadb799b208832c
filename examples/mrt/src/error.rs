//! What can go wrong.

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

/// What ends the reading of one file, or is wrong with one record.
#[derive(Debug, Error)]
pub(crate) enum Flaw {
    #[error("cannot open: {0}")]
    Open(#[source] io::Error),
    #[error("cannot read: {0}")]
    Read(#[source] io::Error),
    #[error("compressed with {0}, which is not read here: decompress it first")]
    Compression(&'static str),
    #[error("neither an MRT file nor a BMP stream")]
    Unknown,
    #[error(transparent)]
    Record(#[from] ReadError),
    #[error("record at offset {offset}: {error}")]
    Message { offset: u64, error: MessageError },
    #[error("record at offset {offset}: {error}")]
    Update { offset: u64, error: UpdateError },
    #[error("record at offset {offset}: attributes are malformed")]
    Attributes { offset: u64 },
    #[error("record at offset {offset}: no peer {index} in the peer index table")]
    NoPeer { offset: u64, index: u16 },
    #[error("message at offset {offset}: {error}")]
    Bmp { offset: u64, error: BmpError },
    #[error("message at offset {offset}: cut off after {present} octets")]
    CutOff { offset: u64, present: usize },
}
