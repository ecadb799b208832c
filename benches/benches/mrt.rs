//! Reading a table of a million routes from a TABLE_DUMP_V2 file (RFC 6396 §4.3), by those libraries that read
//! MRT: netgauze-bgp-pkt, rustbgpd-wire and zettabgp do not.
//!
//! The file lies in memory, uncompressed, so that neither disk nor gzip is measured. All work in one thread.

use std::hint::black_box;
use std::time::Duration;

use bgp_wire::Attribute;
use bgp_wire::mrt::{Reader, Records, RibRef};
use bgpkit_parser::BgpkitParser;
use bgpkit_parser::parser::iters::MrtUpdate;
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use ipnet::IpNet;
use routecore::bgp::message::PduParseInfo;
use routecore::bgp::path_attributes::PathAttributes;
use routecore::mrt::{MrtFile, RibEntry};

use self::messages::{Attributes, Sum};
use self::visit::{bgpkit_attributes, bgpkit_prefix, routecore_attributes, routecore_prefix};

#[expect(dead_code, reason = "this bench makes a file of its own")]
#[path = "wire/messages.rs"]
mod messages;
#[path = "wire/visit.rs"]
mod visit;

const ROUTES: usize = 1_000_000;

/// Neighbours of the collector: AS number and address.
const PEERS: [(u32, u32); 4] =
    [(3356, 0xc633_6401), (64496, 0xc633_6402), (6939, 0xc633_6403), (396_998, 0xc633_6404)];

const TRANSIT: [u32; 8] = [174, 1299, 2914, 3257, 6453, 6762, 9002, 262_589];

/// Reads the file and visits the prefixes and attributes of all routes.
type Scan = fn(&[u8]) -> Sum;

const READERS: &[(&str, Scan)] = &[
    ("causeway", scan_causeway),
    ("causeway, by Read", scan_causeway_reader),
    ("routecore", scan_routecore),
    ("bgpkit-parser", scan_bgpkit),
];

/// Through any `Read`: records are views on one buffer into which the file is copied.
fn scan_causeway_reader(file: &[u8]) -> Sum {
    let mut sum = Sum::default();
    let mut reader = Reader::new(file);
    while let Some(record) = reader.next_ref() {
        let table = record.expect("whole").rib().expect("well formed");
        table.iter().for_each(|table| causeway_table(*table, &mut sum));
    }
    sum
}

/// Records are views on the file, paths and attributes views on them. Lengths are checked, values when they are
/// asked for.
fn scan_causeway(file: &[u8]) -> Sum {
    let mut sum = Sum::default();
    for record in Records::new(file) {
        let table = record.expect("whole").rib().expect("well formed");
        table.iter().for_each(|table| causeway_table(*table, &mut sum));
    }
    sum
}

#[inline]
fn causeway_table(table: RibRef<'_>, sum: &mut Sum) {
    if let Some(IpNet::V4(net)) = table.prefix() {
        sum.prefix(net.addr().into(), net.prefix_len());
    }
    for entry in table.entries() {
        for attribute in entry.attributes.typed() {
            match attribute {
                Attribute::Origin(origin) => sum.origin += origin as u64,
                Attribute::NextHop(next_hop) => sum.next_hop += u64::from(u32::from(next_hop)),
                Attribute::MultiExitDisc(med) => sum.med += u64::from(med),
                Attribute::AsPath(path) => sum.asns += path.asns().map(u64::from).sum::<u64>(),
                Attribute::Communities(list) => {
                    let list = list.iter().map(|community| u64::from(community.0));
                    sum.communities += list.sum::<u64>();
                }
                _ => {}
            }
        }
    }
}

/// Keeps places in the file; the attributes are checked while they are visited. Its iterator over routes
/// (`rib_entries`) would copy the attributes of each.
fn scan_routecore(file: &[u8]) -> Sum {
    let mut sum = Sum::default();
    let file = MrtFile::new(file);
    for (_, mut table) in file.tables().expect("a peer index table") {
        routecore_prefix(table.prefix().addr_and_len(), &mut sum);
        let mut entries = table.entries();
        while entries.remaining() > 0 {
            let entry = RibEntry::parse(&mut entries).expect("whole");
            let attributes = PathAttributes::new(entry.attributes, PduParseInfo::modern());
            routecore_attributes(attributes, &mut sum);
        }
    }
    sum
}

/// Copies each record and unpacks all of it. This iterator is the one its documentation names for speed; that
/// over elements would copy more, that over routes leaves out all attributes but the path.
fn scan_bgpkit(file: &[u8]) -> Sum {
    let mut sum = Sum::default();
    for update in BgpkitParser::from_reader(file).into_update_iter() {
        let MrtUpdate::TableDumpV2Entry(table) = update else { unreachable!("a table") };
        bgpkit_prefix(&table.prefix, &mut sum);
        for entry in &table.rib_entries {
            bgpkit_attributes(&entry.attributes, &mut sum);
        }
    }
    sum
}

/// Only prefixes and paths, for which bgpkit-parser has a shorter way.
fn scan_bgpkit_paths(file: &[u8]) -> Sum {
    let mut sum = Sum::default();
    for route in BgpkitParser::from_reader(file).into_route_iter() {
        bgpkit_prefix(&route.prefix, &mut sum);
        for segment in route.as_path.iter().flat_map(|path| path.iter_segments()) {
            sum.asns += segment.iter().map(|asn| u64::from(asn.to_u32())).sum::<u64>();
        }
    }
    sum
}

fn scan(criterion: &mut Criterion) {
    let (file, sum) = file();
    println!("{ROUTES} routes in {} octets", file.len());
    for (name, scan) in READERS {
        assert_eq!(scan(&file), sum, "{name}");
    }
    let paths = Sum { prefixes: sum.prefixes, asns: sum.asns, ..Sum::default() };
    assert_eq!(scan_bgpkit_paths(&file), paths);

    let mut group = criterion.benchmark_group("scan of a million routes");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .measurement_time(Duration::from_secs(10));
    group.throughput(Throughput::Elements(ROUTES as u64));
    for (name, scan) in READERS {
        group.bench_function(*name, |b| b.iter(|| scan(black_box(&file))));
    }
    group.bench_function("bgpkit-parser, paths alone", |b| {
        b.iter(|| scan_bgpkit_paths(black_box(&file)));
    });
    group.finish();
}

/// The file, and what it says.
fn file() -> (Vec<u8>, Sum) {
    let (mut out, mut sum) = (Vec::with_capacity(ROUTES * 96), Sum::default());
    record(&mut out, 1, &peer_index_table());
    let (mut body, mut attributes) = (Vec::new(), Vec::new());
    for (sequence, prefix) in (0_u32..).zip(messages::prefixes().take(ROUTES)) {
        body.clear();
        body.extend(sequence.to_be_bytes());
        messages::write_prefix(&mut body, prefix, &mut sum);
        body.extend([0, 1]);
        let peer = sequence % 4;
        body.extend([0, octet(peer)]);
        body.extend(1_790_000_000_u32.to_be_bytes());
        attributes.clear();
        write_attributes(&mut attributes, sequence, &mut sum);
        body.extend(u16::try_from(attributes.len()).expect("short").to_be_bytes());
        body.extend_from_slice(&attributes);
        record(&mut out, 2, &body);
    }
    (out, sum)
}

/// The common header of MRT (RFC 6396 §2), type TABLE_DUMP_V2, and what follows it.
fn record(out: &mut Vec<u8>, subtype: u8, body: &[u8]) {
    out.extend(1_795_000_000_u32.to_be_bytes());
    out.extend([0, 13, 0, subtype]);
    out.extend(u32::try_from(body.len()).expect("short").to_be_bytes());
    out.extend_from_slice(body);
}

/// RFC 6396 §4.3.1: a collector, a view without a name, and its neighbours, with IPv4 addresses and 4-octet AS
/// numbers.
fn peer_index_table() -> Vec<u8> {
    let mut body = vec![192, 0, 2, 254, 0, 0, 0, 4];
    for (asn, address) in PEERS {
        body.push(2);
        body.extend(address.to_be_bytes());
        body.extend(address.to_be_bytes());
        body.extend(asn.to_be_bytes());
    }
    body
}

/// Paths of 3 to 6 hops, communities on every other route, MED on every third.
fn write_attributes(out: &mut Vec<u8>, route: u32, sum: &mut Sum) {
    let draw = messages::scramble(!route);
    let (asn, next_hop) = pick(&PEERS, route);
    let mut path = vec![asn];
    path.extend((0..1 + draw % 4).map(|hop| pick(&TRANSIT, draw >> (4 + 3 * hop))));
    path.push(if draw & 0x100 == 0 { 30_000 + (draw >> 19) } else { 262_144 + (draw >> 16) });
    let communities = if draw & 0x200 == 0 { 1 + (draw >> 12) % 6 } else { 0 };
    let communities: Vec<_> = (0..communities).map(|low| asn << 16 | (3000 + low)).collect();
    let attributes = Attributes {
        origin: if draw.is_multiple_of(16) { 2 } else { 0 },
        path: &path,
        next_hop,
        med: route.is_multiple_of(3).then_some(draw % 100),
        communities: &communities,
    };
    attributes.write(out, sum);
}

fn pick<T: Copy>(list: &[T], draw: u32) -> T {
    list[draw as usize % list.len()]
}

fn octet(value: u32) -> u8 {
    value.try_into().expect("small")
}

criterion_group!(benches, scan);
criterion_main!(benches);
