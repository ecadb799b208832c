//! Targets of the formats that wrap BGP messages: MRT and BMP.

use std::io::{self, Read};

use bgp_wire::bmp::{self, split_message};
use bgp_wire::mrt::{ReadError, Reader, Record, RecordBody};
use bgp_wire::{AttributesRef, Context, Message};
use bytes::{Bytes, BytesMut};

/// Longest record that the target reads: so some are too long
const LIMIT: usize = 2048;

/// Gives so many octets at once.
struct Pieces<'a> {
    data: &'a [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = self.size.min(out.len());
        self.data.read(out.get_mut(..size).unwrap_or_default())
    }
}

/// A file of records: one octet says in how big pieces it comes, the rest is the file.
///
/// Records follow each other without a gap to the end of the file; each that is read is written and reads the
/// same; all views on it can be used.
pub fn mrt(data: &[u8]) {
    let Some((size, data)) = data.split_first() else { return };
    let source = Pieces { data, size: usize::from(*size) + 1 };
    let mut reader = Reader::with_limit(source, LIMIT);
    loop {
        let before = reader.offset();
        let Some(item) = reader.next() else { break };
        let after = reader.offset();
        match item {
            Ok(record) => {
                check_record(&record);
                assert!(after > before);
            }
            Err(error @ ReadError::TooLong { .. }) => {
                // What was passed over before counts too.
                assert!(error.offset() >= before && error.offset() == before);
            }
            Err(ReadError::CutOff { offset, present }) => {
                assert_eq!(Ok(offset), u64::try_from(data.len() - present));
            }
            Err(error) => assert!(error.offset() >= before && !error.to_string().is_empty()),
        }
    }
    assert_eq!(Ok(reader.offset()), u64::try_from(data.len()));
}

fn check_record(record: &Record) {
    let bytes = record.to_bytes().expect("what was read can be written");
    assert_eq!(Record::decode(bytes).as_ref(), Ok(record));
    match &record.body {
        RecordBody::Rib(rib) => {
            let _ = (rib.prefix(), rib.nlri(), rib.sequence());
            assert_eq!(rib.entries().count(), usize::from(rib.entry_count()));
            for entry in rib.entries() {
                let _ = entry.next_hop(rib.family());
                read_attributes(entry.attributes);
            }
        }
        RecordBody::TableDump(path) => {
            let _ = path.next_hop();
            read_attributes(path.wide_attributes(&mut Vec::new()));
        }
        RecordBody::Message(message) => {
            let context = message.context();
            check_message(message.decode_message().ok(), &context, &message.message);
        }
        _ => {}
    }
}

fn read_attributes(list: AttributesRef<'_>) {
    let length: usize =
        list.iter().map(|raw| raw.value.len() + if raw.flags & 0x10 != 0 { 4 } else { 3 }).sum();
    assert!(length <= list.bytes().len());
}

/// A message that was read in the way of archives is the same as the one that sessions read.
fn check_message(message: Option<Message>, context: &Context, bytes: &Bytes) {
    let mut stream = BytesMut::from(&bytes[..]);
    let frame = bgp_wire::split_frame(&mut stream, context).ok().flatten();
    // Something behind the message is an error in an archive, and the next message of a session.
    let frame = frame.filter(|_| stream.is_empty());
    assert_eq!(message, frame.and_then(|frame| Message::decode(&frame, context).ok()));
}

/// A stream of messages. Each that is read is written as it came, and all views on it can be used.
pub fn bmp(data: &[u8]) {
    let mut stream = BytesMut::from(data);
    loop {
        let before = stream.len();
        match split_message(&mut stream) {
            Ok(Some(bytes)) => {
                assert_eq!(stream.len() + bytes.len(), before);
                match bmp::Message::decode(bytes.clone()) {
                    Ok(message) => {
                        assert_eq!(message.to_bytes(), bytes);
                        check_bmp(&message);
                    }
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
            Ok(None) | Err(_) => break assert_eq!(stream.len(), before),
        }
    }
}

fn check_bmp(message: &bmp::Message) {
    if let Some(peer) = message.peer() {
        assert_eq!(peer.address().is_none(), peer.is_loc_rib());
        assert!(!peer.is_loc_rib() || !peer.is_post_policy() && !peer.is_adj_rib_out());
    }
    match message {
        bmp::Message::RouteMonitoring(routes) => {
            let context = routes.peer.context();
            let update = routes.decode_update(&context).ok();
            // A session tells of such a flaw with an error.
            let update = update.filter(|update| update.session_reset().is_none());
            let update = update.map(Message::Update);
            let is_update = routes.update.get(18) == Some(&2);
            check_message(update, &context, if is_update { &routes.update } else { &EMPTY });
        }
        bmp::Message::PeerUp(up) => {
            let _ = (up.local_address(), up.context(&up.peer));
        }
        bmp::Message::PeerDown(down) => {
            let _ = down.reason.notification();
        }
        bmp::Message::StatisticsReport(report) => {
            for one in report.iter() {
                assert!(one.family().is_none() || one.number().is_some());
            }
        }
        bmp::Message::RouteMirroring(mirroring) => {
            let _ = (mirroring.message(), mirroring.information());
        }
        bmp::Message::Termination(termination) => {
            let _ = termination.reason();
        }
        _ => {}
    }
}

/// No message
static EMPTY: Bytes = Bytes::new();
