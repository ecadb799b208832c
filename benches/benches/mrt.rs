//! Tables of TABLE_DUMP_V2: bgp-wire beside bgpkit-parser, the same records.

use std::hint::black_box;
use std::net::Ipv4Addr;

use bgp_wire::mrt::{PeerEntry, PeerIndexTable, Reader, Record, RecordBody, Rib, RibEntry};
use bgp_wire::{
    AsPath, AsPathBuilder, AttributeCode, AttributesBuilder, Community, Origin, SegmentKind,
};
use bgpkit_parser::BgpkitParser;
use bgpkit_parser::models::{MrtMessage, TableDumpV2Message};
use bytes::BytesMut;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ipnet::{IpNet, Ipv4Net};

/// Networks of a table
const NETWORKS: u32 = 10_000;

/// Attributes of a path: a 4-hop path, 4 communities, MED
fn attributes(number: u32) -> AttributesBuilder {
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, [64512, 65001, 200_000, 100_000 + number % 50_000]);
    let mut attributes = AttributesBuilder::default();
    attributes.origin(Origin::Igp).as_path(&path).med(number % 100);
    attributes.set(0x40, AttributeCode::NEXT_HOP, &[192, 0, 2, 1]);
    attributes.communities((1..=4).map(|low| Community::new(64512, low)));
    attributes
}

/// A table in which each network has so many paths.
fn table(paths: u16) -> Vec<u8> {
    let peer = |number: u16| PeerEntry {
        bgp_id: Ipv4Addr::from(0xc000_0200 + u32::from(number)),
        address: Ipv4Addr::from(0xc633_6400 + u32::from(number)).into(),
        asn: 64512 + u32::from(number),
        four_octet_as: true,
    };
    let peers = (0..paths).map(peer).collect();
    let collector = Ipv4Addr::new(192, 0, 2, 1);
    let index = PeerIndexTable { collector, view_name: "".into(), peers };
    let mut out = BytesMut::new();
    let mut write = |body| Record::new(1_700_000_000, body).encode(&mut out).expect("fits");
    write(RecordBody::PeerIndexTable(index));
    for number in 0..NETWORKS {
        let address = Ipv4Addr::from(0x0a00_0000 + (number << 8));
        let net = IpNet::V4(Ipv4Net::new(address, 24).expect("a length"));
        let attributes = attributes(number);
        let entries = (0..paths).map(|peer_index| RibEntry {
            peer_index,
            originated: number,
            path_id: None,
            attributes: attributes.view(),
        });
        write(RecordBody::Rib(Rib::unicast(number, &net, entries).expect("fits")));
    }
    out.to_vec()
}

/// Paths, attributes and the sum of all AS numbers
type Sum = (u64, u64, u64);

fn scan(file: &[u8]) -> Sum {
    let (mut paths, mut attributes, mut asns) = (0, 0, 0);
    for record in Reader::new(file) {
        let RecordBody::Rib(rib) = record.expect("well formed").body else { continue };
        black_box(rib.prefix());
        for entry in rib.entries() {
            paths += 1;
            for raw in entry.attributes.iter() {
                attributes += 1;
                if raw.code == AttributeCode::AS_PATH {
                    asns += AsPath::new(raw.value).asns().map(u64::from).sum::<u64>();
                }
            }
        }
    }
    (paths, attributes, asns)
}

fn scan_bgpkit(file: &[u8]) -> Sum {
    let (mut paths, mut attributes, mut asns) = (0, 0, 0);
    for record in BgpkitParser::from_reader(file).into_record_iter() {
        let MrtMessage::TableDumpV2Message(TableDumpV2Message::RibAfi(rib)) = record.message else {
            continue;
        };
        black_box(rib.prefix);
        for entry in &rib.rib_entries {
            paths += 1;
            attributes += u64::try_from(entry.attributes.iter().count()).unwrap_or_default();
            let path = entry.attributes.as_path().and_then(|path| path.to_u32_vec_opt(false));
            asns += path.unwrap_or_default().into_iter().map(u64::from).sum::<u64>();
        }
    }
    (paths, attributes, asns)
}

fn tables(criterion: &mut Criterion) {
    for paths in [1, 20] {
        let file = table(paths);
        assert_eq!(scan(&file), scan_bgpkit(&file));
        let mut group = criterion.benchmark_group(format!("table/{paths} paths a network"));
        group.throughput(Throughput::Elements(u64::from(NETWORKS)));
        group.bench_function("bgp-wire", |bencher| bencher.iter(|| scan(black_box(&file))));
        group.bench_function("bgpkit-parser", |bencher| {
            bencher.iter(|| scan_bgpkit(black_box(&file)));
        });
        group.finish();
    }
}

criterion_group!(benches, tables);
criterion_main!(benches);
