//! What gzip has compressed.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Reads the members of a gzip file, one behind the other. Zeros behind the last one are padding, as tapes have it:
/// zcat takes them for the end too.
pub(crate) struct Members<R> {
    /// `None` at the end.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { member: Some(GzDecoder::new(source)) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            let Some(mut source) = self.member.take().map(GzDecoder::into_inner) else { break };
            if is_another_there(&mut source)? {
                self.member = Some(GzDecoder::new(source));
            }
        }
        Ok(0)
    }
}

/// Whether something else than padding follows.
fn is_another_there(source: &mut impl BufRead) -> io::Result<bool> {
    let mut padded = false;
    loop {
        let chunk = source.fill_buf()?;
        let zeros = chunk.iter().take_while(|octet| **octet == 0).count();
        match chunk.len() {
            0 => return Ok(false),
            _ if zeros > 0 => padded = true,
            _ if padded => {
                let text = "something stands behind the padding of what is compressed";
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
            _ => return Ok(true),
        }
        source.consume(zeros);
    }
}
