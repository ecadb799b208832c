//! Files: opening them, what they are, and how far they have been read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, IsTerminal, Read};
use std::path::Path;

use bgp_wire::bmp;
use bgp_wire::mrt::{HEADER_LENGTH, ReadError, Reader, Record, RecordType};
use bytes::{Bytes, BytesMut};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::error::{Failure, Flaw};
use crate::gzip;
use crate::report;

/// Octets that are read from a file at once.
const CHUNK: usize = 256 * 1024;

/// What is done with the contents of files. An error of the output ends the program, a flaw is told.
pub(crate) trait Visitor {
    /// Another file begins.
    fn start(&mut self);
    /// A record of an MRT file, and where it stands.
    fn record(&mut self, record: &Record, offset: u64) -> Result<Result<(), Flaw>, Failure>;
    /// A message of a BMP stream, and where it stands.
    fn message(&mut self, message: &bmp::Message, offset: u64)
    -> Result<Result<(), Flaw>, Failure>;
    /// More may be long in coming, as through a pipe.
    fn pause(&mut self) -> Result<(), Failure>;
}

/// Reads all files; `false` when there was a flaw.
pub(crate) fn visit(
    files: &[impl AsRef<Path>],
    bars: bool,
    visitor: &mut impl Visitor,
) -> Result<bool, Failure> {
    let mut clean = true;
    for path in files {
        let path = path.as_ref();
        let (name, bar) = (display(path), if bars { bar(path) } else { ProgressBar::hidden() });
        let mut tell = |flaw: Flaw| {
            clean = false;
            bar.suspend(|| report(&format!("{name}: {flaw}")));
        };
        visitor.start();
        match open(path, &bar).and_then(Contents::detect) {
            Ok(Contents::Mrt(source)) => visit_records(source, visitor, &mut tell)?,
            Ok(Contents::Bmp(source)) => visit_messages(source, visitor, &mut tell)?,
            Err(flaw) => tell(flaw),
        }
        bar.finish_and_clear();
    }
    Ok(clean)
}

fn display(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}

fn visit_records(
    source: Source<'_>,
    visitor: &mut impl Visitor,
    tell: &mut impl FnMut(Flaw),
) -> Result<(), Failure> {
    let mut reader = Reader::new(source);
    loop {
        let offset = reader.offset();
        if !reader.is_next_ready() {
            visitor.pause()?;
        }
        match reader.next() {
            None => return Ok(()),
            Some(Ok(record)) => {
                if let Err(flaw) = visitor.record(&record, offset)? {
                    tell(flaw);
                }
            }
            Some(Err(ReadError::Io { offset, error })) => {
                tell(Flaw::Read { offset, error });
                return Ok(());
            }
            Some(Err(error)) => tell(error.into()),
        }
    }
}

fn visit_messages(
    source: Source<'_>,
    visitor: &mut impl Visitor,
    tell: &mut impl FnMut(Flaw),
) -> Result<(), Failure> {
    let mut stream = BmpStream { source, buffer: BytesMut::new(), offset: 0 };
    loop {
        let offset = stream.offset;
        let taken = match stream.take() {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => {
                visitor.pause()?;
                match stream.read() {
                    Ok(true) => continue,
                    Ok(false) => return Ok(()),
                    Err(flaw) => Err(flaw),
                }
            }
            Err(flaw) => Err(flaw),
        };
        let bytes = match taken {
            Ok(bytes) => bytes,
            // The length of what follows is not known any more.
            Err(flaw) => {
                tell(flaw);
                return Ok(());
            }
        };
        match bmp::Message::decode(bytes) {
            Ok(message) => {
                if let Err(flaw) = visitor.message(&message, offset)? {
                    tell(flaw);
                }
            }
            Err(error) => tell(Flaw::Bmp { offset, error }),
        }
    }
}

/// Messages of a stream in a file.
struct BmpStream<'a> {
    source: Source<'a>,
    buffer: BytesMut,
    offset: u64,
}

impl BmpStream<'_> {
    /// The next message; `None` when it is not whole in what was read.
    fn take(&mut self) -> Result<Option<Bytes>, Flaw> {
        let bytes = bmp::split_message(&mut self.buffer)
            .map_err(|error| Flaw::Bmp { offset: self.offset, error })?;
        let length = bytes.as_ref().map_or(0, Bytes::len);
        self.offset += u64::try_from(length).unwrap_or(u64::MAX);
        Ok(bytes)
    }

    /// Reads more; `false` at the end.
    fn read(&mut self) -> Result<bool, Flaw> {
        let present = self.buffer.len();
        let offset = self.offset.saturating_add(u64::try_from(present).unwrap_or(u64::MAX));
        let chunk = self.source.fill_buf().map_err(|error| Flaw::Read { offset, error })?;
        let count = chunk.len();
        self.buffer.extend_from_slice(chunk);
        self.source.consume(count);
        match (count, present) {
            (0, 0) => Ok(false),
            (0, _) => Err(Flaw::CutOff { offset: self.offset, present }),
            _ => Ok(true),
        }
    }
}

type Source<'a> = BufReader<Box<dyn Read + 'a>>;

/// What a file is.
enum Contents<'a> {
    Mrt(Source<'a>),
    Bmp(Source<'a>),
}

impl<'a> Contents<'a> {
    /// By the first header. An empty file is one without records.
    fn detect(source: Box<dyn Read + 'a>) -> Result<Self, Flaw> {
        let (first, source) = peek::<HEADER_LENGTH>(source).map_err(cannot_begin)?;
        let source = BufReader::with_capacity(CHUNK, source);
        if let [bmp::VERSION, a, b, c, d, 0..=6, ..] = *first
            && (bmp::HEADER_LENGTH..=bmp::MAX_LENGTH)
                .contains(&usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX))
        {
            return Ok(Self::Bmp(source));
        }
        match *first {
            [_, _, _, _, high, low, ..] => {
                let kind = RecordType(u16::from_be_bytes([high, low]));
                if kind.name().is_some() { Ok(Self::Mrt(source)) } else { Err(Flaw::Unknown) }
            }
            // The reader tells what is missing, if anything is.
            _ => Ok(Self::Mrt(source)),
        }
    }
}

fn cannot_begin(error: io::Error) -> Flaw {
    Flaw::Read { offset: 0, error }
}

/// Up to `N` octets of what a source begins with, and the source with them still in front.
fn peek<'a, const N: usize>(
    mut source: Box<dyn Read + 'a>,
) -> io::Result<(Vec<u8>, Box<dyn Read + 'a>)> {
    let mut first = Vec::with_capacity(N);
    let wanted = u64::try_from(N).unwrap_or(u64::MAX);
    (&mut source).take(wanted).read_to_end(&mut first)?;
    Ok((first.clone(), Box::new(Cursor::new(first).chain(source))))
}

/// Opens a file, and decompresses it where its first octets say that it is compressed.
fn open<'a>(path: &Path, bar: &ProgressBar) -> Result<Box<dyn Read + 'a>, Flaw> {
    let raw: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => Box::new(File::open(path).map_err(Flaw::Open)?),
    };
    let (first, source) = peek::<6>(Box::new(bar.wrap_read(raw))).map_err(cannot_begin)?;
    let buffered = |source| BufReader::with_capacity(CHUNK, source);
    match *first {
        // A file may be several compressed ones behind each other.
        [0x1f, 0x8b, ..] => Ok(Box::new(gzip::Members::new(buffered(source)))),
        [b'B', b'Z', b'h', ..] => {
            Ok(Box::new(bzip2::bufread::MultiBzDecoder::new(buffered(source))))
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Err(Flaw::Compression("xz")),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Err(Flaw::Compression("zstd")),
        _ => Ok(source),
    }
}

/// How far a file has been read, on a terminal only.
fn bar(path: &Path) -> ProgressBar {
    let length = std::fs::metadata(path).ok().map(|data| data.len()).filter(|length| *length > 0);
    let (bar, template) = match length {
        Some(length) => (
            ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr()),
            "{prefix} {wide_bar} {percent:>3} %  {bytes_per_sec}  {eta} left",
        ),
        None => (
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
            "{prefix} {spinner} {bytes}  {bytes_per_sec}",
        ),
    };
    let style = ProgressStyle::with_template(template);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_prefix(display(path))
}

/// Whether bars would stand between the lines of the output.
pub(crate) fn is_output_shown() -> bool {
    io::stdout().is_terminal()
}
