//! `mrt cat`: one line a route.

use std::fmt::Write as _;
use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::PathBuf;

use bgp_wire::bmp::{self, PeerHeader};
use bgp_wire::mrt::{
    MessageRecord, PeerIndexTable, Record, RecordBody, Rib, StateChange, TableDump,
};

use crate::attributes::Attributes;
use crate::error::{Failure, Flaw, Place};
use crate::input::{Visitor, is_output_shown, visit};
use crate::line::{Fields, write_route, write_withdrawal};
use crate::updates::{BmpPeers, Route, flaw_of, for_each_route, update_of};

/// What is printed.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Print large communities too, in a field behind the communities
    #[arg(short = 'l', long)]
    large_communities: bool,
    /// Of tables, print since when a route has been there, not when the table was written
    #[arg(short = 'c', long)]
    changed: bool,
}

/// Prints the routes of files; `false` when there was a flaw.
pub(crate) fn run(files: &[PathBuf], options: &Options) -> Result<bool, Failure> {
    let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut cat = Cat {
        out,
        options: options.clone(),
        peers: Vec::new(),
        head: String::new(),
        scratch: Vec::new(),
        bmp: BmpPeers::default(),
        shown: is_output_shown(),
    };
    let clean = visit(files, !is_output_shown(), &mut cat)?;
    cat.out.flush().map_err(Failure::Output)?;
    Ok(clean)
}

struct Cat {
    out: BufWriter<StdoutLock<'static>>,
    options: Options,
    /// Address and AS number of the peers of the last peer index table, as they are printed.
    peers: Vec<String>,
    /// The beginning of a line
    head: String,
    scratch: Vec<u8>,
    bmp: BmpPeers,
    /// Lines go to a terminal: they stand between what is told on standard error.
    shown: bool,
}

impl Visitor for Cat {
    fn start(&mut self) {
        self.peers.clear();
        self.bmp = BmpPeers::default();
    }

    fn record(&mut self, record: &Record, offset: u64) -> Result<Result<(), Flaw>, Failure> {
        let written = match &record.body {
            RecordBody::PeerIndexTable(table) => {
                self.peers = peers(table);
                Ok(Ok(()))
            }
            RecordBody::Rib(rib) => self.rib(record, rib, offset),
            RecordBody::TableDump(path) => self.table_dump(record, path, offset),
            RecordBody::StateChange(change) => self.state_change(record, change).map(Ok),
            RecordBody::Message(message) => self.update(record, message, offset),
            _ => Ok(Ok(())),
        };
        self.flush(written)
    }

    fn message(
        &mut self,
        message: &bmp::Message,
        offset: u64,
    ) -> Result<Result<(), Flaw>, Failure> {
        self.bmp.note(message);
        let written = self.bmp_message(message, offset);
        self.flush(written)
    }

    fn pause(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::Output)
    }
}

fn peers(table: &PeerIndexTable) -> Vec<String> {
    table.peers.iter().map(|peer| format!("{}|{}", peer.address, peer.asn)).collect()
}

impl Cat {
    /// Ends a record.
    fn flush<T>(&mut self, written: io::Result<T>) -> Result<T, Failure> {
        let flushed = if self.shown { self.out.flush() } else { Ok(()) };
        written.and_then(|outcome| flushed.map(|()| outcome)).map_err(Failure::Output)
    }

    /// Writes the beginning of the lines of a record, up to what `rest` says.
    fn begin(&mut self, rest: std::fmt::Arguments<'_>) {
        self.head.clear();
        // A String takes whatever is written.
        let _ = self.head.write_fmt(rest);
    }

    fn rib(&mut self, record: &Record, rib: &Rib, offset: u64) -> io::Result<Result<(), Flaw>> {
        let Some(prefix) = rib.prefix() else { return Ok(Ok(())) };
        // A path with a flaw does not keep the others from being printed.
        let mut outcome = Ok(());
        for entry in rib.entries() {
            let Some(peer) = self.peers.get(usize::from(entry.peer_index)) else {
                outcome = Err(Flaw::NoPeer { offset, index: entry.peer_index });
                continue;
            };
            let (attributes, well_formed) = Attributes::of_entry(&entry, rib.family());
            if !well_formed {
                outcome = Err(Flaw::Attributes { offset });
            }
            let time = if self.options.changed { entry.originated } else { record.timestamp };
            let add_path = if entry.path_id.is_some() { "_AP" } else { "" };
            self.head.clear();
            let _ = write!(self.head, "TABLE_DUMP2{add_path}|{time}|B|{peer}");
            self.route(prefix, entry.path_id, &attributes)?;
        }
        Ok(outcome)
    }

    fn table_dump(
        &mut self,
        record: &Record,
        path: &TableDump,
        offset: u64,
    ) -> io::Result<Result<(), Flaw>> {
        let time = if self.options.changed { path.originated } else { record.timestamp };
        self.begin(format_args!("TABLE_DUMP|{time}|B|{}|{}", path.peer, path.peer_as));
        let mut wide = std::mem::take(&mut self.scratch);
        let (attributes, well_formed) = Attributes::of_table_dump(path, &mut wide);
        let written = self.route(path.prefix, None, &attributes);
        self.scratch = wide;
        written.map(|()| if well_formed { Ok(()) } else { Err(Flaw::Attributes { offset }) })
    }

    fn state_change(&mut self, record: &Record, change: &StateChange) -> io::Result<()> {
        let peering = &change.peering;
        let (peer, asn) = (peering.addresses.peer(), peering.peer_as);
        let (old, new) = (change.old_state.0, change.new_state.0);
        write!(self.out, "{}|", type_of(record, false))?;
        write_time(&mut self.out, record)?;
        writeln!(self.out, "|STATE|{peer}|{asn}|{old}|{new}")
    }

    fn update(
        &mut self,
        record: &Record,
        message: &MessageRecord,
        offset: u64,
    ) -> io::Result<Result<(), Flaw>> {
        let update = match message.decode_message() {
            Ok(message) => update_of(message),
            Err(error) => return Ok(Err(Flaw::Message { place: Place::Record(offset), error })),
        };
        let Some(update) = update else { return Ok(Ok(())) };
        let mut time = Vec::new();
        write_time(&mut time, record)?;
        let time = String::from_utf8_lossy(&time).into_owned();
        let peer = (message.peering.addresses.peer(), message.peering.peer_as);
        let kind = type_of(record, message.local);
        self.routes(&update, kind, &time, &format!("{}|{}", peer.0, peer.1))?;
        Ok(flaw_of(&update, Place::Record(offset)))
    }

    /// The lines of an UPDATE.
    fn routes(
        &mut self,
        update: &bgp_wire::Update,
        kind: &str,
        time: &str,
        peer: &str,
    ) -> io::Result<()> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let written = for_each_route(update, &mut scratch, |_, prefix, path_id, route| {
            let add_path = if path_id.is_some() { "_AP" } else { "" };
            match route {
                Route::Withdrawn => {
                    self.begin(format_args!("{kind}{add_path}|{time}|W|{peer}"));
                    write_withdrawal(&mut self.out, self.head.as_bytes(), prefix, path_id)
                }
                Route::Announced(attributes) => {
                    self.begin(format_args!("{kind}{add_path}|{time}|A|{peer}"));
                    self.route(prefix, path_id, attributes)
                }
            }
        });
        self.scratch = scratch;
        written
    }

    fn route(
        &mut self,
        prefix: ipnet::IpNet,
        path_id: Option<u32>,
        attributes: &Attributes<'_>,
    ) -> io::Result<()> {
        let large_communities = self.options.large_communities;
        let fields = Fields { prefix, path_id, attributes, large_communities };
        write_route(&mut self.out, self.head.as_bytes(), &fields)
    }

    fn bmp_message(&mut self, message: &bmp::Message, offset: u64) -> io::Result<Result<(), Flaw>> {
        let Some(header) = message.peer() else { return Ok(Ok(())) };
        let time = format!("{}.{:06}", header.timestamp, header.microseconds);
        let peer = match header.address() {
            Some(address) => format!("{address}|{}", header.asn),
            None => format!("|{}", header.asn),
        };
        match message {
            bmp::Message::RouteMonitoring(routes) => match self.bmp.decode(routes) {
                Ok(update) => {
                    self.routes(&update, table_of(header), &time, &peer)?;
                    return Ok(flaw_of(&update, Place::Message(offset)));
                }
                Err(error) => {
                    return Ok(Err(Flaw::Message { place: Place::Message(offset), error }));
                }
            },
            bmp::Message::PeerUp(up) => {
                let local = up.local_address().map(|address| address.to_string());
                let local = local.unwrap_or_default();
                writeln!(self.out, "BMP|{time}|UP|{peer}|{local}")?;
            }
            bmp::Message::PeerDown(down) => {
                writeln!(self.out, "BMP|{time}|DOWN|{peer}|{}", down.reason.code())?;
            }
            _ => {}
        }
        Ok(Ok(()))
    }
}

/// `local`: the collector sent it.
const fn type_of(record: &Record, local: bool) -> &'static str {
    match (record.microseconds.is_some(), local) {
        (false, false) => "BGP4MP",
        (false, true) => "BGP4MP_LOCAL",
        (true, false) => "BGP4MP_ET",
        (true, true) => "BGP4MP_ET_LOCAL",
    }
}

fn write_time(out: &mut impl Write, record: &Record) -> io::Result<()> {
    match record.microseconds {
        Some(microseconds) => write!(out, "{}.{microseconds:06}", record.timestamp),
        None => write!(out, "{}", record.timestamp),
    }
}

/// The table that a BMP message tells of.
fn table_of(peer: &PeerHeader) -> &'static str {
    match (peer.is_loc_rib(), peer.is_adj_rib_out(), peer.is_post_policy()) {
        (true, ..) => "BMP_LOC_RIB",
        (_, false, false) => "BMP_IN_PRE",
        (_, false, true) => "BMP_IN_POST",
        (_, true, false) => "BMP_OUT_PRE",
        (_, true, true) => "BMP_OUT_POST",
    }
}
