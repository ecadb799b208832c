//! Wireshark's dissector reads what we read, and what we write: an opinion that shares no code with ours.
//!
//! Each packet becomes facts, field by field with tshark's names (`tshark -G fields`), and tshark has to say the same.
//!
//! ```text
//! cargo test -p ospf3 --test tshark -- --ignored
//! ```

use std::fmt::Write as _;
use std::net::Ipv6Addr;
use std::path::Path;
use std::process::{Command, Stdio};

use bytes::{BufMut, BytesMut};
use ospf3::auth::{Algorithm, SecurityAssociation};
use ospf3::lsa::{
    ExternalLsa, ExternalMetricType, InformationalCapabilities, MAX_AGE, RouterInformationLsa,
};
use ospf3::{
    AreaId, Datagram, Hello, InstanceId, InterfaceId, LinkLocalSignaling, LinkStateId,
    LinkStateUpdate, LsType, Lsa, LsaBody, LsaHeader, LsaKey, Options, Packet, PacketBody, Prefix,
    RouterId, SequenceNumber,
};

#[path = "captures/pcap.rs"]
mod pcap;
use pcap::Captured;

/// What a packet says, as tshark does: numbers in decimal.
#[derive(Default)]
struct Facts(Vec<(&'static str, String)>);

const FIELDS: &[&str] = &[
    "ipv6.src",
    "ipv6.dst",
    "ospf.msg",
    "ospf.packet_length",
    "ospf.srcrouter",
    "ospf.area_id",
    "ospf.instance_id",
    "ospf.v3.options",
    "ospf.hello.interface_id",
    "ospf.hello.router_priority",
    "ospf.hello.hello_interval",
    "ospf.hello.router_dead_interval",
    "ospf.hello.designated_router",
    "ospf.hello.backup_designated_router",
    "ospf.hello.active_neighbor",
    "ospf.db.interface_mtu",
    "ospf.dbd",
    "ospf.db.dd_sequence",
    "ospf.lsa.age",
    "ospf.v3.lsa",
    "ospf.link_state_id",
    "ospf.advrouter",
    "ospf.lsa.seqnum",
    "ospf.lsa.chksum",
    "ospf.lsa.length",
    "ospf.v3.router.lsa.flags",
    "ospf.v3.lsa.type",
    "ospf.metric",
    "ospf.v3.lsa.interface_id",
    "ospf.v3.lsa.neighbor_interface_id",
    "ospf.v3.lsa.neighbor_router_id",
    "ospf.v3.lsa.attached_router",
    "ospf.v3.lsa.destination_router_id",
    "ospf.prefix_length",
    "ospf.v3.prefix.options",
    "ospf.v3.address_prefix.ipv6",
    "ospf.v3.as.external.flags",
    "ospf.v3.lsa.forwarding_address.ipv6",
    "ospf.v3.lsa.external_route_tag",
    "ospf.v3.lsa.router_priority",
    "ospf.v3.lsa.link_local_interface_address.ipv6",
    "ospf.v3.lsa.num_prefixes",
    "ospf.v3.lsa.referenced_ls_type",
    "ospf.v3.lsa.referenced_link_state_id",
    "ospf.v3.lsa.referenced_advertising_router",
    "ospf.ri.options",
    "ospf.v3.lls.ext.options",
    "ospf.at.auth_type",
    "ospf.at.auth_data_len",
    "ospf.at.sa_id",
    "ospf.at.crypto_seq_nbr",
];
const COMPLAINT: &str = "_ws.expert.message";
const MALFORMED: &str = "_ws.malformed";
/// Its Grace-LSA is that of OSPFv2 only.
const UNKNOWN_TO_TSHARK: &str = "Unknown LSA Type 11";

impl Facts {
    fn push(&mut self, field: &'static str, value: impl ToString) {
        assert!(FIELDS.contains(&field), "{field}");
        self.0.push((field, value.to_string()));
    }

    fn of(captured: &Captured) -> Self {
        let data = &captured.data;
        let mut facts = Self::default();
        facts.push("ipv6.src", captured.source);
        facts.push("ipv6.dst", captured.destination);
        let datagram = Datagram::split(data).expect("a packet");
        let (packet, _) = Packet::decode(data).expect("well-formed");
        facts.push("ospf.msg", packet.body.packet_type().0);
        facts.push("ospf.packet_length", datagram.header.length);
        facts.push("ospf.srcrouter", packet.router_id);
        facts.push("ospf.area_id", packet.area_id);
        facts.push("ospf.instance_id", packet.instance_id);
        facts.body(&packet.body);
        if let Some(block) = datagram.link_local_signaling {
            let authenticated = !datagram.trailer.is_empty();
            let block = LinkLocalSignaling::decode(block, authenticated).expect("well-formed");
            if let Some(options) = block.extended_options() {
                facts.push("ospf.v3.lls.ext.options", options);
            }
        }
        // tshark knows of trailers by the AT bit alone.
        if datagram.options.is_some_and(|options| options.contains(Options::AT)) {
            let trailer = ospf3::auth::Trailer::decode(datagram.trailer).expect("a trailer");
            facts.push("ospf.at.auth_type", 1);
            facts.push("ospf.at.auth_data_len", datagram.trailer.len());
            facts.push("ospf.at.sa_id", trailer.association_id);
            facts.push("ospf.at.crypto_seq_nbr", trailer.sequence_number);
        }
        facts
    }

    fn body(&mut self, body: &PacketBody) {
        match body {
            PacketBody::Hello(hello) => self.hello(hello),
            PacketBody::DatabaseDescription(description) => {
                self.push("ospf.v3.options", description.options.bits());
                self.push("ospf.db.interface_mtu", description.interface_mtu);
                self.push("ospf.dbd", description.flags.0);
                self.push("ospf.db.dd_sequence", description.sequence_number);
                description.headers.iter().for_each(|header| self.header(header));
            }
            PacketBody::LinkStateRequest(request) => {
                request.keys.iter().for_each(|key| self.key(*key));
            }
            PacketBody::LinkStateUpdate(update) => {
                for lsa in update.lsas() {
                    let lsa = lsa.expect("well-formed");
                    self.header(lsa.header());
                    self.lsa(&lsa.body().expect("well-formed"));
                }
            }
            PacketBody::LinkStateAcknowledgment(acknowledgment) => {
                acknowledgment.headers.iter().for_each(|header| self.header(header));
            }
            other => panic!("{other:?}"),
        }
    }

    fn hello(&mut self, hello: &Hello) {
        self.push("ospf.hello.interface_id", hello.interface_id);
        self.push("ospf.hello.router_priority", hello.router_priority);
        self.push("ospf.v3.options", hello.options.bits());
        self.push("ospf.hello.hello_interval", hello.hello_interval);
        self.push("ospf.hello.router_dead_interval", hello.router_dead_interval);
        self.push("ospf.hello.designated_router", hello.designated_router);
        self.push("ospf.hello.backup_designated_router", hello.backup_designated_router);
        for neighbor in &hello.neighbors {
            self.push("ospf.hello.active_neighbor", neighbor);
        }
    }

    fn key(&mut self, key: LsaKey) {
        self.push("ospf.v3.lsa", key.ls_type.0);
        self.push("ospf.link_state_id", key.link_state_id);
        self.push("ospf.advrouter", key.advertising_router);
    }

    fn header(&mut self, header: &LsaHeader) {
        self.push("ospf.lsa.age", header.age);
        self.key(header.key);
        self.push("ospf.lsa.seqnum", header.sequence.0.cast_unsigned());
        self.push("ospf.lsa.chksum", header.checksum);
        self.push("ospf.lsa.length", header.length);
    }

    fn prefix(&mut self, prefix: &Prefix) {
        self.push("ospf.prefix_length", prefix.length);
        self.push("ospf.v3.prefix.options", prefix.options.0);
        // It shows those of IPv4 families as well as if they were IPv6's.
        self.push("ospf.v3.address_prefix.ipv6", prefix.address);
    }

    fn external(&mut self, lsa: &ExternalLsa) {
        let bits = [
            (4, lsa.metric_type == ExternalMetricType::Type2),
            (2, lsa.forwarding_address.is_some()),
            (1, lsa.tag.is_some()),
        ];
        let flags = bits.iter().filter(|(_, set)| *set).map(|(bit, _)| bit).sum::<u8>();
        self.push("ospf.v3.as.external.flags", flags);
        self.push("ospf.metric", lsa.metric);
        self.prefix(&lsa.prefix);
        self.push("ospf.v3.lsa.referenced_ls_type", lsa.referenced.map_or(0, |(kind, _)| kind.0));
        if let Some(address) = lsa.forwarding_address {
            self.push("ospf.v3.lsa.forwarding_address.ipv6", address);
        }
        if let Some(tag) = lsa.tag {
            self.push("ospf.v3.lsa.external_route_tag", tag);
        }
        if let Some((_, id)) = lsa.referenced {
            self.push("ospf.v3.lsa.referenced_link_state_id", id);
        }
    }

    fn lsa(&mut self, body: &LsaBody) {
        match body {
            LsaBody::Router(body) => {
                self.push("ospf.v3.router.lsa.flags", body.flags.0);
                self.push("ospf.v3.options", body.options.bits());
                for link in &body.links {
                    self.push("ospf.v3.lsa.type", link.link_type.0);
                    self.push("ospf.metric", link.metric);
                    self.push("ospf.v3.lsa.interface_id", link.interface_id);
                    self.push("ospf.v3.lsa.neighbor_interface_id", link.neighbor_interface_id);
                    self.push("ospf.v3.lsa.neighbor_router_id", link.neighbor_router_id);
                }
            }
            LsaBody::Network(body) => {
                self.push("ospf.v3.options", body.options.bits());
                for router in &body.attached_routers {
                    self.push("ospf.v3.lsa.attached_router", router);
                }
            }
            LsaBody::InterAreaPrefix(body) => {
                self.push("ospf.metric", body.metric);
                self.prefix(&body.prefix);
            }
            LsaBody::InterAreaRouter(body) => {
                self.push("ospf.v3.options", body.options.bits());
                self.push("ospf.metric", body.metric);
                self.push("ospf.v3.lsa.destination_router_id", body.destination_router);
            }
            LsaBody::AsExternal(body) | LsaBody::Nssa(body) => self.external(body),
            LsaBody::Link(body) => {
                self.push("ospf.v3.lsa.router_priority", body.router_priority);
                self.push("ospf.v3.options", body.options.bits());
                let address = body.link_local_address;
                self.push("ospf.v3.lsa.link_local_interface_address.ipv6", address);
                self.push("ospf.v3.lsa.num_prefixes", body.prefixes.len());
                body.prefixes.iter().for_each(|prefix| self.prefix(prefix));
            }
            LsaBody::IntraAreaPrefix(body) => {
                self.push("ospf.v3.lsa.num_prefixes", body.prefixes.len());
                self.push("ospf.v3.lsa.referenced_ls_type", body.referenced.ls_type.0);
                self.push("ospf.v3.lsa.referenced_link_state_id", body.referenced.link_state_id);
                self.push(
                    "ospf.v3.lsa.referenced_advertising_router",
                    body.referenced.advertising_router,
                );
                for prefix in &body.prefixes {
                    self.push("ospf.metric", prefix.metric);
                    self.prefix(&prefix.prefix);
                }
            }
            LsaBody::RouterInformation(body) => {
                // It shows the first octet alone.
                let capabilities = body.informational_capabilities().0;
                self.push("ospf.ri.options", capabilities >> 24);
            }
            LsaBody::Grace(_) => {}
            other => panic!("{other:?}"),
        }
    }

    fn values(&self, field: &str) -> Vec<String> {
        let matching = self.0.iter().filter(|(other, _)| *other == field);
        matching.map(|(_, value)| value.clone()).collect()
    }
}

/// As [`Facts`] writes values: numbers in decimal.
fn plain(value: &str) -> String {
    let hexadecimal =
        value.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    if let Some(number) = hexadecimal {
        return number.to_string();
    }
    value.parse::<Ipv6Addr>().map_or_else(|_| value.to_owned(), |address| address.to_string())
}

/// The values of each of [`FIELDS`], then complaints, for each packet of a capture.
fn dissect(file: &Path) -> Vec<Vec<Vec<String>>> {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(file).args(["-T", "fields"]);
    command.args(["-E", "separator=|", "-E", "occurrence=a", "-E", "aggregator=,"]);
    for field in FIELDS.iter().chain([&COMPLAINT, &MALFORMED]) {
        command.args(["-e", field]);
    }
    let output = command.stdin(Stdio::null()).output().expect("tshark has to be installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tshark: {errors}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let values = |column: &str| {
        column.split(',').filter(|value| !value.is_empty()).map(plain).collect::<Vec<_>>()
    };
    text.lines().map(|line| line.split('|').map(values).collect()).collect()
}

/// Asserts that tshark says the same of every packet.
fn check(file: &Path) {
    let (packets, rows) = (pcap::read(file), dissect(file));
    assert_eq!(packets.len(), rows.len(), "{}", pcap::name(file));
    let mut wrong = String::new();
    for (number, (packet, row)) in packets.iter().zip(&rows).enumerate() {
        let facts = Facts::of(packet);
        for (field, theirs) in FIELDS.iter().zip(row) {
            let ours = facts.values(field);
            if ours != *theirs {
                let _ =
                    writeln!(wrong, "packet {}: {field}: {ours:?}, tshark: {theirs:?}", number + 1);
            }
        }
        for complaint in row.iter().skip(FIELDS.len()).flatten() {
            if complaint != UNKNOWN_TO_TSHARK {
                let _ = writeln!(wrong, "packet {}: {complaint}", number + 1);
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{wrong}", pcap::name(file));
}

#[test]
#[ignore = "needs tshark"]
fn captured_packets() {
    let files = pcap::files();
    assert!(!files.is_empty());
    files.iter().for_each(|file| check(file));
}

const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const ALL_SPF_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 5);

fn packet(body: PacketBody) -> Packet {
    Packet {
        router_id: RouterId::from([192, 0, 2, 1]),
        area_id: AreaId::from([0, 0, 1, 2]),
        instance_id: InstanceId(0),
        body,
    }
}

fn hello(options: Options) -> Packet {
    packet(PacketBody::Hello(Hello {
        interface_id: InterfaceId(7),
        router_priority: 3,
        options,
        hello_interval: 10,
        router_dead_interval: 40,
        designated_router: RouterId::NONE,
        backup_designated_router: RouterId::NONE,
        neighbors: vec![RouterId::from([192, 0, 2, 2])],
    }))
}

/// What no daemon sent.
fn ours() -> Vec<BytesMut> {
    let mut block = LinkLocalSignaling::default();
    block.push_word(LinkLocalSignaling::EXTENDED_OPTIONS, 3);
    let mut signaling = BytesMut::new();
    let options = Options::V6 | Options::E | Options::R | Options::L;
    hello(options).encode(SOURCE, ALL_SPF_ROUTERS, &mut signaling).expect("short");
    block.encode(false, &mut signaling);

    let mut signed = BytesMut::new();
    // Without a block before it: tshark looks for the trailer right after the packet.
    let options = options.without(Options::L) | Options::AT;
    hello(options).encode_without_checksum(&mut signed).expect("short");
    let association = SecurityAssociation::new(0x1234, Algorithm::HmacSha384, "key");
    association.sign(0x0102_0304_0506_0708, SOURCE, &mut signed);

    let key = |ls_type| LsaKey {
        ls_type,
        advertising_router: RouterId::from([192, 0, 2, 1]),
        link_state_id: LinkStateId(9),
    };
    let capabilities =
        InformationalCapabilities::GRACEFUL_RESTART | InformationalCapabilities::STUB_ROUTER;
    let information = LsaBody::RouterInformation(RouterInformationLsa::new(capabilities));
    let external = ExternalLsa {
        metric_type: ExternalMetricType::Type2,
        metric: 0x12_3456,
        prefix: Prefix::v6("2001:db8:1::".parse().expect("an address"), 41),
        forwarding_address: Some("2001:db8::9".parse().expect("an address")),
        tag: Some(0x1234_5678),
        referenced: Some((LsType::NSSA, LinkStateId(0x0a00_0001))),
    };
    let lsas = [
        (key(LsType::ROUTER_INFORMATION_AREA), information),
        (key(LsType::AS_EXTERNAL), LsaBody::AsExternal(external)),
        (key(LsType::NSSA), LsaBody::Nssa(ExternalLsa { tag: None, ..external })),
    ];
    let mut update = LinkStateUpdate::builder(1500);
    for (key, body) in lsas {
        let lsa = Lsa::new(1, key, SequenceNumber::INITIAL, &body).expect("short");
        assert!(update.push(&lsa, MAX_AGE));
    }
    let mut flooded = BytesMut::new();
    let update = packet(PacketBody::LinkStateUpdate(update.build()));
    update.encode(SOURCE, ALL_SPF_ROUTERS, &mut flooded).expect("short");
    vec![signaling, signed, flooded]
}

#[test]
#[ignore = "needs tshark"]
fn packets_of_ours() {
    let mut capture = BytesMut::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 0xffff, 229] {
        capture.put_u32_le(word);
    }
    for datagram in ours() {
        let length = u16::try_from(datagram.len()).expect("short");
        for word in [0, 0, u32::from(length) + 40, u32::from(length) + 40] {
            capture.put_u32_le(word);
        }
        capture.put_u32(6 << 28);
        capture.put_u16(length);
        capture.put_u16(u16::from_be_bytes([89, 1]));
        capture.put_slice(&SOURCE.octets());
        capture.put_slice(&ALL_SPF_ROUTERS.octets());
        capture.put_slice(&datagram);
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ospf3-tshark.pcap");
    std::fs::write(&file, capture).expect("a file can be written");
    check(&file);
}
