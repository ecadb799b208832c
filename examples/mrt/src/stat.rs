//! `mrt stat`: what is in files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;

use bgp_wire::bmp::{self, PeerHeader, PeerType};
use bgp_wire::mrt::{MessageRecord, PeerEntry, Record, RecordBody, RecordType, Rib, TableDump};
use bgp_wire::{Family, Message, MessageType, RouteDistinguisher};
use foldhash::fast::RandomState;
use hashbrown::HashSet;

use crate::attributes::Attributes;
use crate::error::{Failure, Flaw, Place};
use crate::input::{Visitor, visit};
use crate::updates::{BmpPeers, Route, flaw_of, for_each_route};

/// Peers that are listed: those with the most routes
const LISTED: usize = 20;
/// Width of the first column
const WIDTH: usize = 44;

/// Counts what is in files; `false` when there was a flaw.
pub(crate) fn run(files: &[PathBuf]) -> Result<bool, Failure> {
    let mut stat = Stat::default();
    let clean = visit(files, true, &mut stat)?;
    let written = io::stdout().lock().write_all(stat.report().as_bytes());
    written.map_err(Failure::Output)?;
    Ok(clean)
}

/// How often something is there, as a table, announced and withdrawn.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    table: u64,
    announced: u64,
    withdrawn: u64,
}

impl Count {
    const fn sum(self) -> u64 {
        self.table + self.announced + self.withdrawn
    }
}

/// A peer as it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Peer {
    address: IpAddr,
    asn: u32,
    /// Of BMP: in which instance of the router
    instance: Option<(PeerType, u64)>,
    /// Whether the routes were sent to it.
    sent: bool,
}

impl Peer {
    const fn new(address: IpAddr, asn: u32) -> Self {
        Self { address, asn, instance: None, sent: false }
    }

    fn of_bmp(header: &PeerHeader) -> Self {
        let address = header.address().unwrap_or(IpAddr::V4(header.bgp_id));
        let instance = (header.peer_type, header.distinguisher);
        let main = (PeerType::GLOBAL_INSTANCE, 0);
        let instance = Some(instance).filter(|instance| *instance != main);
        Self { address, asn: header.asn, instance, sent: header.is_adj_rib_out() }
    }
}

impl Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} AS {}", self.address, self.asn)?;
        match self.instance {
            Some((PeerType::LOC_RIB_INSTANCE, 0)) => write!(f, ", Loc-RIB")?,
            Some((PeerType::LOC_RIB_INSTANCE, id)) => write!(f, ", Loc-RIB {id}")?,
            Some((PeerType::RD_INSTANCE, id)) => {
                write!(f, ", {}", RouteDistinguisher(id.to_be_bytes()))?;
            }
            Some((_, id)) => write!(f, ", instance {id}")?,
            None => {}
        }
        if self.sent { f.write_str(", sent") } else { Ok(()) }
    }
}

/// Different values, each kept once.
type Values = HashSet<Box<[u8]>, RandomState>;

#[derive(Debug, Default)]
struct Stat {
    records: BTreeMap<(RecordType, u16), u64>,
    bmp_messages: BTreeMap<bmp::MessageType, u64>,
    /// Messages of BGP4MP
    messages: BTreeMap<MessageType, u64>,
    first: Option<u32>,
    last: Option<u32>,
    /// Records of tables
    ribs: BTreeMap<Family, u64>,
    /// Apart: routes that were sent to peers
    families: BTreeMap<(Family, bool), Count>,
    peers: BTreeMap<Peer, Count>,
    /// Peers of the last peer index table, with what their routes add up to
    index: Vec<(PeerEntry, Count)>,
    paths: Values,
    hops: u64,
    longest: u32,
    origins: HashSet<u32, RandomState>,
    communities: Values,
    extended_communities: Values,
    large_communities: Values,
    scratch: Vec<u8>,
    bmp: BmpPeers,
}

impl Visitor for Stat {
    fn start(&mut self) {
        self.close_index();
        self.bmp = BmpPeers::default();
    }

    fn record(&mut self, record: &Record, offset: u64) -> Result<Result<(), Flaw>, Failure> {
        *self.records.entry(record.kind()).or_default() += 1;
        self.time(record.timestamp);
        Ok(match &record.body {
            RecordBody::PeerIndexTable(table) => {
                self.close_index();
                self.index = table.peers.iter().map(|peer| (*peer, Count::default())).collect();
                Ok(())
            }
            RecordBody::Rib(rib) => self.rib(rib, offset),
            RecordBody::TableDump(path) => self.table_dump(path, offset),
            RecordBody::Message(message) => self.bgp_message(message, offset),
            _ => Ok(()),
        })
    }

    fn message(
        &mut self,
        message: &bmp::Message,
        offset: u64,
    ) -> Result<Result<(), Flaw>, Failure> {
        *self.bmp_messages.entry(message.kind()).or_default() += 1;
        self.bmp.note(message);
        let Some(header) = message.peer() else { return Ok(Ok(())) };
        if header.timestamp != 0 {
            self.time(header.timestamp);
        }
        let bmp::Message::RouteMonitoring(routes) = message else { return Ok(Ok(())) };
        let place = Place::Message(offset);
        Ok(match self.bmp.decode(routes) {
            Ok(update) => {
                self.update(&update, Peer::of_bmp(header));
                flaw_of(&update, place)
            }
            Err(error) => Err(Flaw::Message { place, error }),
        })
    }

    fn pause(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

impl Stat {
    fn time(&mut self, timestamp: u32) {
        self.first = Some(self.first.map_or(timestamp, |first| first.min(timestamp)));
        self.last = self.last.max(Some(timestamp));
    }

    /// Adds what was counted by place in the peer index table to the peers.
    fn close_index(&mut self) {
        for (peer, count) in self.index.drain(..) {
            let total = self.peers.entry(Peer::new(peer.address, peer.asn)).or_default();
            total.table += count.table;
        }
    }

    fn rib(&mut self, rib: &Rib, offset: u64) -> Result<(), Flaw> {
        let mut outcome = Ok(());
        let mut routes = 0;
        for entry in rib.entries() {
            routes += 1;
            match self.index.get_mut(usize::from(entry.peer_index)) {
                Some((_, count)) => count.table += 1,
                None => outcome = Err(Flaw::NoPeer { offset, index: entry.peer_index }),
            }
            let (attributes, well_formed) = Attributes::of_entry(&entry, rib.family());
            self.attributes(&attributes);
            if !well_formed {
                outcome = Err(Flaw::Attributes { offset });
            }
        }
        *self.ribs.entry(rib.family()).or_default() += 1;
        self.families.entry((rib.family(), false)).or_default().table += routes;
        outcome
    }

    fn table_dump(&mut self, path: &TableDump, offset: u64) -> Result<(), Flaw> {
        let family = if path.peer.is_ipv6() { Family::IPV6_UNICAST } else { Family::IPV4_UNICAST };
        *self.ribs.entry(family).or_default() += 1;
        self.families.entry((family, false)).or_default().table += 1;
        let peer = Peer::new(path.peer, path.peer_as.into());
        self.peers.entry(peer).or_default().table += 1;
        let mut wide = std::mem::take(&mut self.scratch);
        let (attributes, well_formed) = Attributes::of_table_dump(path, &mut wide);
        self.attributes(&attributes);
        self.scratch = wide;
        if well_formed { Ok(()) } else { Err(Flaw::Attributes { offset }) }
    }

    fn bgp_message(&mut self, message: &MessageRecord, offset: u64) -> Result<(), Flaw> {
        let peering = &message.peering;
        let peer = Peer::new(peering.addresses.peer(), peering.peer_as);
        let place = Place::Record(offset);
        let decoded = message.decode_message();
        let decoded = decoded.map_err(|error| Flaw::Message { place, error })?;
        *self.messages.entry(decoded.kind()).or_default() += 1;
        if let Message::Update(update) = decoded {
            self.update(&update, Peer { sent: message.local, ..peer });
            return flaw_of(&update, place);
        }
        Ok(())
    }

    fn update(&mut self, update: &bgp_wire::Update, peer: Peer) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut seen = false;
        let counted = for_each_route(update, &mut scratch, |family, _, _, route| {
            let by_family = self.families.entry((family, peer.sent)).or_default();
            let by_peer = self.peers.entry(peer).or_default();
            match route {
                Route::Withdrawn => {
                    by_family.withdrawn += 1;
                    by_peer.withdrawn += 1;
                }
                Route::Announced(attributes) => {
                    by_family.announced += 1;
                    by_peer.announced += 1;
                    // Once a message: all its routes share them.
                    if !std::mem::replace(&mut seen, true) {
                        self.attributes(attributes);
                    }
                }
            }
            Ok::<(), std::convert::Infallible>(())
        });
        let Ok(()) = counted;
        self.scratch = scratch;
    }

    fn attributes(&mut self, attributes: &Attributes<'_>) {
        let path = attributes.as_path;
        if keep(&mut self.paths, path.bytes()) {
            self.hops += u64::from(path.len());
            self.longest = self.longest.max(path.len());
            self.origins.extend(path.origin());
        }
        let items = |list: &mut Values, value: &[u8], size| {
            value.chunks_exact(size).for_each(|item| {
                keep(list, item);
            });
        };
        items(&mut self.communities, attributes.communities, 4);
        items(&mut self.extended_communities, attributes.extended_communities, 8);
        items(&mut self.large_communities, attributes.large_communities, 12);
    }
}

/// Keeps a value once; `true` when it is new.
fn keep(values: &mut Values, value: &[u8]) -> bool {
    !values.contains(value) && values.insert(value.into())
}

impl Stat {
    fn report(&mut self) -> String {
        self.close_index();
        let mut out = String::new();
        let counts = self.records.values().chain(self.bmp_messages.values());
        row(&mut out, "Records", &[counts.sum()]);
        for ((kind, subtype), count) in &self.records {
            let name = kind.subtype_name(*subtype).map_or_else(|| subtype.to_string(), Into::into);
            row(&mut out, &format!("  {kind} {name}"), &[*count]);
        }
        for (kind, count) in &self.bmp_messages {
            row(&mut out, &format!("  BMP {kind}"), &[*count]);
        }
        for (kind, count) in &self.messages {
            row(&mut out, &format!("  of which {kind}"), &[*count]);
        }
        if let Some((first, last)) = self.first.zip(self.last) {
            let _ = writeln!(out, "Time: {} to {}", date(first), date(last));
        }
        self.report_routes(&mut out);
        self.report_attributes(&mut out);
        out
    }

    fn report_routes(&self, out: &mut String) {
        if self.families.is_empty() {
            return;
        }
        heading(out, "Routes", &["in tables", "announced", "withdrawn"]);
        for ((family, sent), count) in &self.families {
            let sent = if *sent { ", sent" } else { "" };
            row(
                out,
                &format!("  {family}{sent}"),
                &[count.table, count.announced, count.withdrawn],
            );
        }
        if !self.ribs.is_empty() {
            heading(out, "RIB records", &[]);
            for (family, count) in &self.ribs {
                row(out, &format!("  {family}"), &[*count]);
            }
        }
        // One that routes were sent to as well is the same peer.
        let same: BTreeSet<_> =
            self.peers.keys().map(|peer| Peer { sent: false, ..*peer }).collect();
        let count = same.len();
        heading(out, &format!("Peers: {count}"), &["in tables", "announced", "withdrawn"]);
        let mut peers: Vec<_> = self.peers.iter().collect();
        peers.sort_by_key(|(_, count)| std::cmp::Reverse(count.sum()));
        for (peer, count) in peers.iter().take(LISTED) {
            row(out, &format!("  {peer}"), &[count.table, count.announced, count.withdrawn]);
        }
        if peers.len() > LISTED {
            let _ = writeln!(out, "  … and {} with fewer routes", peers.len() - LISTED);
        }
    }

    fn report_attributes(&self, out: &mut String) {
        let count = |values: &Values| u64::try_from(values.len()).unwrap_or(u64::MAX);
        let paths = count(&self.paths);
        if paths == 0 {
            return;
        }
        heading(out, "Different", &[]);
        row(out, "  AS paths", &[paths]);
        row(out, "  origin ASes", &[u64::try_from(self.origins.len()).unwrap_or(u64::MAX)]);
        row(out, "  communities", &[count(&self.communities)]);
        row(out, "  extended communities", &[count(&self.extended_communities)]);
        row(out, "  large communities", &[count(&self.large_communities)]);
        // With one decimal, without a detour through floating point.
        let tenths = self.hops * 10 / paths;
        let mean = format!("{}.{}", tenths / 10, tenths % 10);
        let _ = writeln!(out, "AS path length: mean {mean}, longest {}", self.longest);
    }
}

fn heading(out: &mut String, title: &str, columns: &[&str]) {
    let _ = write!(out, "{title:<WIDTH$}");
    for column in columns {
        let _ = write!(out, " {column:>14}");
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
}

fn row(out: &mut String, title: &str, numbers: &[u64]) {
    let _ = write!(out, "{title:<WIDTH$}");
    for number in numbers {
        let _ = write!(out, " {:>14}", grouped(*number));
    }
    out.push('\n');
}

/// `1,234,567`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `2026-11-21 08:00:00 UTC`
fn date(timestamp: u32) -> String {
    let (days, seconds) = (timestamp / 86_400, timestamp % 86_400);
    // Years are counted from March: so the day of a leap year comes last. Day 0 of the count is 1 March of
    // the year 0, and 1970 begins on day 719,468; 400 years have 146,097 days, always.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // Months from March on have 153 days every five.
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let year = 400 * era + year + next;
    format!("{year}-{month:02}-{day:02} {hours:02}:{minutes:02}:{:02} UTC", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_all_days() {
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(951_782_399), "2000-02-28 23:59:59 UTC");
        assert_eq!(date(951_868_800), "2000-03-01 00:00:00 UTC");
        assert_eq!(date(u32::MAX), "2106-02-07 06:28:15 UTC");
        // Against counting day by day
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..=u32::MAX / 86_400 {
            assert_eq!(
                date(days * 86_400).get(..10),
                Some(&*format!("{year}-{month:02}-{day:02}"))
            );
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + u32::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }

    #[test]
    fn numbers_are_grouped() {
        let texts = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
    }
}
