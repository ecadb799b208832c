//! bgp-wire beside zettabgp and bgpkit-parser: the same work on the same bytes.

use std::hint::black_box;
use std::net::Ipv4Addr;

use bgp_wire::{
    AsPathBuilder, Community, Context, Family, Message, NextHop, Origin, PathAttributes,
    SegmentKind, Update, UpdateWriter, split_frame,
};
use bgpkit_parser::bgp::parse_bgp_message;
use bgpkit_parser::models::{AsnLength, BgpMessage, MetaCommunity};
use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ipnet::{IpNet, Ipv4Net};
use zettabgp::prelude::{
    BgpASitem, BgpAddrs, BgpAttrItem, BgpMessage as _, BgpSessionParams, BgpTransportMode,
    BgpUpdateMessage,
};

const NEXT_HOP: NextHop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));

fn context() -> Context {
    Context { four_octet_as: true, ..Context::default() }
}

/// A 4-hop path, 4 communities, MED
fn attributes() -> PathAttributes {
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, [64512, 65001, 200_000, 4_200_000_000]);
    let mut attributes = PathAttributes::default();
    attributes.origin(Origin::Igp).as_path(&path).med(50);
    attributes.communities((1..=4).map(|low| Community::new(64512, low)));
    attributes
}

fn prefixes(count: u32) -> Vec<IpNet> {
    let nets = (0..count).map(|i| Ipv4Net::new(Ipv4Addr::from(0x0a00_0000 + (i << 8)), 24));
    nets.flatten().map(IpNet::V4).collect()
}

/// One UPDATE with `count` prefixes.
fn message(count: u32) -> Bytes {
    let (mut out, context) = (BytesMut::new(), context());
    let mut writer = UpdateWriter::new(&mut out, &context);
    writer
        .announce(attributes().view(), Family::IPV4_UNICAST, &NEXT_HOP, prefixes(count))
        .expect("room");
    assert_eq!(writer.messages(), 1);
    out.freeze()
}

/// Everything that a message says, as one number, so that all readers can be seen to read the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum {
    prefixes: u64,
    asns: u64,
    communities: u64,
    med: u64,
}

impl Sum {
    fn prefix(&mut self, address: Ipv4Addr, length: u8) {
        self.prefixes =
            self.prefixes.wrapping_mul(31) + u64::from(u32::from(address)) + u64::from(length);
    }
}

/// Framing, decoding, visiting: what a speaker does with what it has received.
fn causeway(bytes: &Bytes, context: &Context) -> Sum {
    let mut buffer = BytesMut::from(bytes.clone());
    let frame = split_frame(&mut buffer, context).expect("framing").expect("whole");
    let Ok(Message::Update(update)) = Message::decode(&frame, context) else { unreachable!() };
    visit(&update, &mut Vec::with_capacity(128))
}

fn visit(update: &Update, canonical: &mut Vec<u8>) -> Sum {
    let mut sum = Sum::default();
    for reach in update.reach() {
        black_box(reach.next_hop);
        for net in reach.nlri.prefixes() {
            if let IpNet::V4(net) = net {
                sum.prefix(net.addr(), net.prefix_len());
            }
        }
    }
    let view = update.canonical_attributes(canonical);
    black_box(view.origin());
    sum.asns = view.as_path().asns().map(u64::from).sum();
    sum.communities = view.communities().map(|community| u64::from(community.0)).sum();
    sum.med = view.med().map_or(0, u64::from);
    sum
}

fn zettabgp_session() -> BgpSessionParams {
    let router = Ipv4Addr::new(192, 0, 2, 1);
    BgpSessionParams::new(64512, 180, BgpTransportMode::IPv4, router, Vec::new())
}

fn zettabgp_decode(bytes: &[u8], session: &BgpSessionParams) -> BgpUpdateMessage {
    let (_, length) = session.decode_message_head(bytes).expect("framing");
    let mut update = BgpUpdateMessage::new();
    update.decode_from(session, bytes.get(19..19 + length).expect("whole")).expect("a message");
    update
}

fn zettabgp(bytes: &[u8], session: &BgpSessionParams) -> Sum {
    let update = zettabgp_decode(bytes, session);
    let mut sum = Sum::default();
    if let BgpAddrs::IPV4U(list) = &update.updates {
        list.iter().for_each(|net| sum.prefix(net.addr, net.prefixlen));
    }
    for attribute in &update.attrs {
        match attribute {
            BgpAttrItem::Origin(origin) => drop(black_box(origin)),
            BgpAttrItem::NextHop(next_hop) => drop(black_box(next_hop)),
            BgpAttrItem::MED(med) => sum.med = med.value.into(),
            BgpAttrItem::ASPath(path) => {
                for segment in &path.value {
                    if let BgpASitem::Seq(sequence) = segment {
                        sum.asns +=
                            sequence.value.iter().map(|asn| u64::from(asn.value)).sum::<u64>();
                    }
                }
            }
            BgpAttrItem::CommunityList(list) => {
                sum.communities = list.value.iter().map(|item| u64::from(item.value)).sum();
            }
            _ => {}
        }
    }
    sum
}

fn bgpkit(bytes: &Bytes) -> Sum {
    let mut bytes = bytes.clone();
    let Ok(BgpMessage::Update(update)) = parse_bgp_message(&mut bytes, false, &AsnLength::Bits32)
    else {
        unreachable!()
    };
    let mut sum = Sum::default();
    for net in &update.announced_prefixes {
        if let IpNet::V4(net) = net.prefix {
            sum.prefix(net.addr(), net.prefix_len());
        }
    }
    let attributes = &update.attributes;
    black_box((attributes.origin(), attributes.next_hop()));
    sum.med = attributes.multi_exit_discriminator().map_or(0, u64::from);
    for segment in attributes.as_path().into_iter().flat_map(|path| path.iter_segments()) {
        sum.asns += segment.iter().map(|asn| u64::from(asn.to_u32())).sum::<u64>();
    }
    for community in attributes.iter_communities() {
        if let MetaCommunity::Plain(bgpkit_parser::models::Community::Custom(high, low)) = community
        {
            sum.communities += u64::from(high.to_u32()) << 16 | u64::from(low);
        }
    }
    sum
}

fn decode(criterion: &mut Criterion) {
    for count in [10, 500] {
        let (bytes, context, session) = (message(count), context(), zettabgp_session());
        // All three read the same.
        let expected = causeway(&bytes, &context);
        assert_eq!(zettabgp(&bytes, &session), expected);
        assert_eq!(bgpkit(&bytes), expected);
        let mut group = criterion.benchmark_group(format!("decode and visit, {count} prefixes"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("causeway", |b| b.iter(|| causeway(black_box(&bytes), &context)));
        group.bench_function("zettabgp", |b| b.iter(|| zettabgp(black_box(&bytes), &session)));
        group.bench_function("bgpkit-parser", |b| b.iter(|| bgpkit(black_box(&bytes))));
        group.finish();
    }
}

/// What a table does with each UPDATE: the key under which its attributes are found.
fn canonical(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("canonical attributes");
    let bytes = message(10).slice(19..);
    let update = Update::decode(bytes, &context()).expect("a message");
    let mut out = Vec::new();
    group.bench_function("4-octet AS numbers", |b| {
        b.iter(|| black_box(&update).canonical_attributes(&mut out).bytes().len());
    });
    // The same from a speaker of 2-octet AS numbers, with AS4_PATH
    let (mut buffer, old) = (BytesMut::new(), Context::default());
    let mut writer = UpdateWriter::new(&mut buffer, &old);
    let (family, attributes) = (Family::IPV4_UNICAST, attributes());
    writer.announce(attributes.view(), family, &NEXT_HOP, prefixes(10)).expect("room");
    let narrow = Update::decode(buffer.freeze().slice(19..), &old).expect("a message");
    assert_eq!(narrow.canonical_attributes(&mut out), attributes.view());
    group.bench_function("2-octet AS numbers", |b| {
        b.iter(|| black_box(&narrow).canonical_attributes(&mut out).bytes().len());
    });
    group.finish();
}

/// Attributes and prefixes are there: bytes are made, as for each group of peers.
fn encode(criterion: &mut Criterion) {
    for count in [10, 500] {
        let (attributes, nets, context) = (attributes(), prefixes(count), context());
        let bytes = message(count);
        let session = zettabgp_session();
        let parsed = zettabgp_decode(&bytes, &session);
        let mut buffer = vec![0; 4096];
        let mut group = criterion.benchmark_group(format!("encode, {count} prefixes"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let mut out = BytesMut::with_capacity(4096);
        let mut write = || {
            out.clear();
            let mut writer = UpdateWriter::new(&mut out, &context);
            let nets = black_box(&nets).iter().copied();
            writer.announce(attributes.view(), Family::IPV4_UNICAST, &NEXT_HOP, nets)
        };
        group.bench_function("causeway", |b| b.iter(&mut write));
        group.bench_function("zettabgp", |b| {
            b.iter(|| {
                let body = buffer.get_mut(19..).expect("room");
                let length = black_box(&parsed).encode_to(&session, body).expect("room");
                let kind = zettabgp::prelude::BgpMessageType::Update;
                session.prepare_message_buf(&mut buffer, kind, length).expect("room")
            });
        });
        let Ok(parsed) = parse_bgp_message(&mut bytes.clone(), false, &AsnLength::Bits32) else {
            unreachable!()
        };
        group.bench_function("bgpkit-parser", |b| {
            b.iter(|| black_box(&parsed).encode(AsnLength::Bits32).expect("room"));
        });
        group.finish();
    }
}

criterion_group!(benches, decode, canonical, encode);
criterion_main!(benches);
