//! Each field in its place: octets by hand, from the figures of the RFCs.

use super::*;
use crate::error::LsaError;

/// The body is read as this, and written so.
#[track_caller]
fn check(ls_type: LsType, octets: &[u8], body: LsaBody) {
    assert_eq!(LsaBody::decode(ls_type, octets), Ok(body.clone()));
    let mut out = BytesMut::new();
    body.encode(&mut out);
    assert_eq!(out, octets);
    // Cut off anywhere it is something else or nothing.
    for end in 0..octets.len() {
        assert_ne!(LsaBody::decode(ls_type, &octets[..end]), Ok(body.clone()), "{end}");
    }
}

#[track_caller]
fn fails(ls_type: LsType, octets: &[u8], error: LsaError) {
    assert_eq!(LsaBody::decode(ls_type, octets), Err(error));
}

fn prefix() -> Prefix {
    Prefix::v6("2001:db8:1:8000::".parse().expect("an address"), 49).with(PrefixOptions(0x12))
}

/// [`prefix`], with two octets beside the length.
const PREFIX: [u8; 12] = [49, 0x12, 0, 0, 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0x80, 0];
const OPTIONS: Options = Options::from_bits(0x0001_0213);

fn with_prefix(before: &[u8], beside: u16) -> Vec<u8> {
    let [high, low] = beside.to_be_bytes();
    [before, &PREFIX[..2], &[high, low], &PREFIX[4..]].concat()
}

/// RFC 5340 §A.4.2
#[test]
fn the_header() {
    let octets = [
        0x01, 0x02, 0x20, 0x06, // LS age, LS type
        0x11, 0x12, 0x13, 0x14, // Link State ID
        0x21, 0x22, 0x23, 0x24, // Advertising Router
        0x80, 0x32, 0x33, 0x34, // LS sequence number
        0, 0, 0, 21, // LS checksum, length
        0x41,
    ];
    let key = LsaKey {
        ls_type: LsType(0x2006),
        advertising_router: RouterId(0x2122_2324),
        link_state_id: LinkStateId(0x1112_1314),
    };
    let sequence = SequenceNumber(0x8032_3334_u32.cast_signed());
    let body = LsaBody::Unknown(Bytes::from_static(&[0x41]));
    let lsa = Lsa::new(0x0102, key, sequence, &body).expect("short");
    let sent = encoded(&lsa);
    assert_eq!(sent[..16], octets[..16]);
    assert_eq!(sent[18..], octets[18..]);
    assert_eq!(lsa.header().checksum.to_be_bytes(), sent[16..18]);
    assert_eq!((lsa.header().age, lsa.header().length, lsa.len()), (0x0102, 21, 21));
    assert_eq!((lsa.key(), lsa.header().sequence), (key, sequence));
    assert_eq!((lsa.body(), lsa.body_bytes()), (Ok(body), &[0x41][..]));
    assert!(!lsa.is_empty());
}

/// RFC 5340 §A.4.3
#[test]
fn router() {
    let octets = [
        0x17, 0x01, 0x02, 0x13, // flags, Options
        1, 0, 0x31, 0x32, // Type, Metric
        0x41, 0x42, 0x43, 0x44, // Interface ID
        0x51, 0x52, 0x53, 0x54, // Neighbor Interface ID
        192, 0, 2, 6, // Neighbor Router ID
        4, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 192, 0, 2, 7,
    ];
    let link = |link_type, metric, ours, theirs, last| RouterLink {
        link_type,
        metric,
        interface_id: InterfaceId(ours),
        neighbor_interface_id: InterfaceId(theirs),
        neighbor_router_id: RouterId::from([192, 0, 2, last]),
    };
    let flags = RouterFlags::B | RouterFlags::E | RouterFlags::V | RouterFlags::NT;
    let links = Vec::from([
        link(RouterLinkType::POINT_TO_POINT, 0x3132, 0x4142_4344, 0x5152_5354, 6),
        link(RouterLinkType::VIRTUAL, 1, 2, 3, 7),
    ]);
    check(LsType::ROUTER, &octets, LsaBody::Router(RouterLsa { flags, options: OPTIONS, links }));
    assert_eq!(alloc::format!("{flags:?}"), "RouterFlags(B|E|V|Nt)");
    assert!(
        flags.contains(RouterFlags::NT)
            && !flags.without(RouterFlags::NT).contains(RouterFlags::NT)
    );
    let error =
        LsaError::Truncated { what: "Neighbor Router ID", offset: 52, needed: 4, available: 3 };
    fails(LsType::ROUTER, &octets[..35], error);
    // What is to be ignored is.
    let mut other = octets;
    other[5] = 0xff;
    assert_eq!(LsaBody::decode(LsType::ROUTER, &other), LsaBody::decode(LsType::ROUTER, &octets));
}

/// RFC 5340 §A.4.4
#[test]
fn network() {
    let octets = [0, 0x01, 0x02, 0x13, 192, 0, 2, 6, 192, 0, 2, 7];
    let attached_routers = [6, 7].map(|last| RouterId::from([192, 0, 2, last])).to_vec();
    let body = NetworkLsa { options: OPTIONS, attached_routers };
    check(LsType::NETWORK, &octets, LsaBody::Network(body));
}

/// RFC 5340 §A.4.5, §A.4.6
#[test]
fn inter_area() {
    let octets = with_prefix(&[0, 0x11, 0x12, 0x13], 0);
    let body = InterAreaPrefixLsa { metric: 0x11_1213, prefix: prefix() };
    check(LsType::INTER_AREA_PREFIX, &octets, LsaBody::InterAreaPrefix(body));
    let long = [&octets[..], &[1, 2]].concat();
    let error = LsaError::TrailingBytes { what: "Inter-Area-Prefix-LSA", offset: 36, count: 2 };
    fails(LsType::INTER_AREA_PREFIX, &long, error);
    let mut wide = octets;
    wide[4] = 129;
    let error = LsaError::BadPrefixLength { offset: 24, length: 129 };
    fails(LsType::INTER_AREA_PREFIX, &wide, error);

    let octets = [0, 0x01, 0x02, 0x13, 0, 0x11, 0x12, 0x13, 192, 0, 2, 6];
    let destination_router = RouterId::from([192, 0, 2, 6]);
    let body = InterAreaRouterLsa { options: OPTIONS, metric: 0x11_1213, destination_router };
    check(LsType::INTER_AREA_ROUTER, &octets, LsaBody::InterAreaRouter(body));
}

/// RFC 5340 §A.4.7, §A.4.8
#[test]
fn external() {
    let address = "2001:db8::9".parse::<Ipv6Addr>().expect("an address");
    let full = ExternalLsa {
        metric_type: ExternalMetricType::Type2,
        metric: 0x11_1213,
        prefix: prefix(),
        forwarding_address: Some(address),
        tag: Some(0x2122_2324),
        referenced: Some((LsType(0x3132), LinkStateId(0x4142_4344))),
    };
    let octets = [
        &with_prefix(&[0x07, 0x11, 0x12, 0x13], 0x3132)[..],
        &address.octets(),
        &[0x21, 0x22, 0x23, 0x24, 0x41, 0x42, 0x43, 0x44],
    ]
    .concat();
    check(LsType::AS_EXTERNAL, &octets, LsaBody::AsExternal(full));
    check(LsType::NSSA, &octets, LsaBody::Nssa(full));

    let metric_type = ExternalMetricType::Type1;
    let bare =
        ExternalLsa { metric_type, forwarding_address: None, tag: None, referenced: None, ..full };
    check(LsType::NSSA, &with_prefix(&[0, 0x11, 0x12, 0x13], 0), LsaBody::Nssa(bare));
    let tagged = ExternalLsa { tag: full.tag, ..bare };
    let octets = [&with_prefix(&[1, 0x11, 0x12, 0x13], 0)[..], &[0x21, 0x22, 0x23, 0x24]].concat();
    check(LsType::NSSA, &octets, LsaBody::Nssa(tagged));
    let forwarded = ExternalLsa { forwarding_address: Some(address), ..bare };
    let octets = [&with_prefix(&[2, 0x11, 0x12, 0x13], 0)[..], &address.octets()].concat();
    check(LsType::AS_EXTERNAL, &octets, LsaBody::AsExternal(forwarded));
    let error =
        LsaError::Truncated { what: "Forwarding Address", offset: 36, needed: 16, available: 15 };
    fails(LsType::AS_EXTERNAL, &octets[..31], error);

    // A reference to type 0 is none.
    let nothing = ExternalLsa { referenced: Some((LsType(0), LinkStateId(7))), ..bare };
    let mut out = BytesMut::new();
    LsaBody::Nssa(nothing).encode(&mut out);
    assert_eq!(LsaBody::decode(LsType::NSSA, &out), Ok(LsaBody::Nssa(bare)));
}

/// RFC 5340 §A.4.9
#[test]
fn link() {
    let address = "fe80::9".parse::<Ipv6Addr>().expect("an address");
    let octets =
        [&[0x21, 0x01, 0x02, 0x13][..], &address.octets(), &[0, 0, 0, 2], &PREFIX, &[0, 0, 0, 0]]
            .concat();
    let prefixes = Vec::from([prefix(), Prefix::v6(Ipv6Addr::UNSPECIFIED, 0)]);
    let body =
        LinkLsa { router_priority: 0x21, options: OPTIONS, link_local_address: address, prefixes };
    check(LsType::LINK, &octets, LsaBody::Link(body));
    // As many prefixes as the field can say are not there, and no room is made for them.
    let mut many = octets.clone();
    many[20..24].fill(0xff);
    let error = LsaError::Truncated { what: "PrefixLength", offset: 60, needed: 1, available: 0 };
    fails(LsType::LINK, &many, error);
    let mut few = octets;
    few[23] = 1;
    let error = LsaError::TrailingBytes { what: "Link-LSA", offset: 56, count: 4 };
    fails(LsType::LINK, &few, error);
}

/// RFC 5340 §A.4.10
#[test]
fn intra_area_prefix() {
    let octets = [
        &[0, 2, 0x20, 0x01][..],   // # Prefixes, Referenced LS Type
        &[0x11, 0x12, 0x13, 0x14], // Referenced Link State ID
        &[192, 0, 2, 6],           // Referenced Advertising Router
        &with_prefix(&[], 0x3132),
        &[0, 0, 0, 9],
    ]
    .concat();
    let referenced = LsaKey {
        ls_type: LsType::ROUTER,
        advertising_router: RouterId::from([192, 0, 2, 6]),
        link_state_id: LinkStateId(0x1112_1314),
    };
    let prefixes = Vec::from([
        IntraAreaPrefix { prefix: prefix(), metric: 0x3132 },
        IntraAreaPrefix { prefix: Prefix::v6(Ipv6Addr::UNSPECIFIED, 0), metric: 9 },
    ]);
    let body = IntraAreaPrefixLsa { referenced, prefixes };
    check(LsType::INTRA_AREA_PREFIX, &octets, LsaBody::IntraAreaPrefix(body));
}

/// RFC 5187 §2.2
#[test]
fn grace() {
    let octets = [0, 1, 0, 4, 0, 0, 0x01, 0x02, 0, 2, 0, 1, 3, 0, 0, 0, 0, 9, 0, 0];
    let others = Vec::from([Tlv { tlv_type: 9, value: Bytes::new() }]);
    let reason = RestartReason::SWITCH_TO_REDUNDANT_PROCESSOR;
    let body = LsaBody::Grace(GraceLsa { grace_period: 0x0102, reason, others });
    check(LsType::GRACE, &octets, body.clone());
    // In another order, with one too many, without padding at the end
    let other =
        [&octets[16..], &octets[8..16], &octets[..8], &[0, 1, 0, 4, 9, 9, 9, 9, 0, 2, 0, 1, 7]]
            .concat();
    assert_eq!(LsaBody::decode(LsType::GRACE, &other), Ok(body));
    fails(LsType::GRACE, &octets[..8], LsaError::MissingTlv { what: "Graceful restart reason" });
    fails(LsType::GRACE, &octets[8..], LsaError::MissingTlv { what: "Grace Period" });
    let error = LsaError::Truncated { what: "Grace Period", offset: 24, needed: 4, available: 3 };
    fails(LsType::GRACE, &[0, 1, 0, 3, 0, 0, 0, 0], error);
}

/// RFC 7770 §2.4, §2.6
#[test]
fn router_information() {
    let octets =
        [0, 1, 0, 4, 0xa0, 0, 0, 1, 0, 2, 0, 4, 0x11, 0x12, 0x13, 0x14, 0, 7, 0, 1, b'r', 0, 0, 0];
    let mut body = RouterInformationLsa::new(InformationalCapabilities(0xa000_0001));
    let functional = Bytes::from_static(&[0x11, 0x12, 0x13, 0x14]);
    body.tlvs
        .push(Tlv { tlv_type: RouterInformationLsa::FUNCTIONAL_CAPABILITIES, value: functional });
    body.tlvs.push(Tlv { tlv_type: 7, value: Bytes::from_static(b"r") });
    assert_eq!(body.functional_capabilities(), 0x1112_1314);
    let capabilities = body.informational_capabilities();
    let set = InformationalCapabilities::GRACEFUL_RESTART | InformationalCapabilities::STUB_ROUTER;
    assert!(capabilities.contains(set));
    assert!(!capabilities.contains(InformationalCapabilities::GRACEFUL_RESTART_HELPER));
    let none = RouterInformationLsa::default();
    assert_eq!(none.informational_capabilities(), InformationalCapabilities(0));
    assert_eq!(none.functional_capabilities(), 0);
    for ls_type in [
        LsType::ROUTER_INFORMATION_LINK,
        LsType::ROUTER_INFORMATION_AREA,
        LsType::ROUTER_INFORMATION_AS,
    ] {
        // The padding at the end may be missing: cut off there it is the same.
        let whole = LsaBody::RouterInformation(body.clone());
        assert_eq!(LsaBody::decode(ls_type, &octets), Ok(whole.clone()));
        let mut out = BytesMut::new();
        whole.encode(&mut out);
        assert_eq!(out, octets[..]);
        for end in 21..=24 {
            assert_eq!(LsaBody::decode(ls_type, &octets[..end]), Ok(whole.clone()));
        }
    }
}

/// RFC 8362 §3, §4
#[test]
fn extended() {
    let fields = ExtendedFields::Router { flags: RouterFlags::E, options: OPTIONS };
    let link = RouterLink {
        link_type: RouterLinkType::TRANSIT,
        metric: 0x3132,
        interface_id: InterfaceId(1),
        neighbor_interface_id: InterfaceId(2),
        neighbor_router_id: RouterId::from([192, 0, 2, 6]),
    };
    let sub_tlvs = Vec::from([Tlv { tlv_type: 0x2122, value: Bytes::from_static(&[1, 2, 3, 4]) }]);
    let tlvs = Vec::from([ExtendedTlv::RouterLink { link, sub_tlvs }]);
    let octets = [
        &[0x02, 0x01, 0x02, 0x13, 0, 1, 0, 24, 2, 0, 0x31, 0x32, 0, 0, 0, 1, 0, 0, 0, 2][..],
        &[192, 0, 2, 6, 0x21, 0x22, 0, 4, 1, 2, 3, 4],
    ]
    .concat();
    check(LsType::E_ROUTER, &octets, LsaBody::Extended(ExtendedLsa { fields, tlvs }));
    let error =
        LsaError::Truncated { what: "Neighbor Router ID", offset: 40, needed: 4, available: 3 };
    let short = [&octets[..7], &[15], &octets[8..24]].concat();
    fails(LsType::E_ROUTER, &short, error);

    let fields = ExtendedFields::Network { options: OPTIONS };
    let tlvs = Vec::from([ExtendedTlv::AttachedRouters(Vec::from([RouterId(1), RouterId(2)]))]);
    let octets = [0, 0x01, 0x02, 0x13, 0, 2, 0, 8, 0, 0, 0, 1, 0, 0, 0, 2];
    check(LsType::E_NETWORK, &octets, LsaBody::Extended(ExtendedLsa { fields, tlvs }));

    let sub_tlvs = Vec::from([Tlv {
        tlv_type: ExtendedTlv::ROUTE_TAG,
        value: Bytes::from_static(&[1, 2, 3, 4]),
    }]);
    let tlv = ExtendedTlv::ExternalPrefix {
        metric_type: ExternalMetricType::Type2,
        metric: 0x11_1213,
        prefix: prefix(),
        sub_tlvs,
    };
    let octets =
        [&[0, 5, 0, 24, 4, 0x11, 0x12, 0x13][..], &PREFIX, &[0, 3, 0, 4, 1, 2, 3, 4]].concat();
    let body = ExtendedLsa { fields: ExtendedFields::None, tlvs: Vec::from([tlv]) };
    check(LsType::E_AS_EXTERNAL, &octets, LsaBody::Extended(body.clone()));
    check(LsType::E_NSSA, &octets, LsaBody::Extended(body));
    let error = LsaError::Truncated { what: "Route Tag", offset: 44, needed: 4, available: 3 };
    let short = [&octets[..23], &[3], &octets[24..]].concat();
    fails(LsType::E_NSSA, &short, error);

    let address = "fe80::9".parse::<Ipv6Addr>().expect("an address");
    let fields = ExtendedFields::Link { router_priority: 9, options: OPTIONS };
    let tlvs = Vec::from([
        ExtendedTlv::Ipv6LinkLocalAddress { address, sub_tlvs: Vec::new() },
        ExtendedTlv::Ipv4LinkLocalAddress {
            address: Ipv4Addr::new(192, 0, 2, 9),
            sub_tlvs: Vec::new(),
        },
        ExtendedTlv::IntraAreaPrefix { metric: 7, prefix: prefix(), sub_tlvs: Vec::new() },
    ]);
    let octets = [
        &[9, 0x01, 0x02, 0x13, 0, 7, 0, 16][..],
        &address.octets(),
        &[0, 8, 0, 4, 192, 0, 2, 9, 0, 6, 0, 16, 0, 0, 0, 7],
        &PREFIX,
    ]
    .concat();
    check(LsType::E_LINK, &octets, LsaBody::Extended(ExtendedLsa { fields, tlvs }));
}

/// RFC 8362 §4, §5: an LSA without the TLV it must have is not taken, and neither is one that is malformed otherwise.
#[test]
fn extended_lsas_are_looked_into() {
    let required = [
        (LsType::E_NETWORK, "Attached-Routers"),
        (LsType::E_INTER_AREA_PREFIX, "Inter-Area-Prefix"),
        (LsType::E_INTER_AREA_ROUTER, "Inter-Area-Router"),
        (LsType::E_AS_EXTERNAL, "External-Prefix"),
        (LsType::E_NSSA, "External-Prefix"),
        (LsType::E_LINK, "Link-Local Address"),
    ];
    for (ls_type, what) in required {
        let fields = match ls_type {
            LsType::E_NETWORK => ExtendedFields::Network { options: OPTIONS },
            LsType::E_LINK => ExtendedFields::Link { router_priority: 1, options: OPTIONS },
            _ => ExtendedFields::None,
        };
        let tlvs = Vec::from([ExtendedTlv::Other(Tlv { tlv_type: 99, value: Bytes::new() })]);
        let body = LsaBody::Extended(ExtendedLsa { fields, tlvs });
        let key =
            LsaKey { ls_type, advertising_router: RouterId(1), link_state_id: LinkStateId(1) };
        let lsa = Lsa::new(1, key, SequenceNumber::INITIAL, &body).expect("short");
        let error = LsaError::MissingTlv { what };
        assert_eq!(lsa.body(), Err(error));
        assert_eq!(Lsa::decode(&mut encoded(&lsa).freeze()), Err(error));
    }
    // Others are taken whatever is in them.
    let key = LsaKey {
        ls_type: LsType::NETWORK,
        advertising_router: RouterId(1),
        link_state_id: LinkStateId(1),
    };
    let body = LsaBody::Unknown(Bytes::from_static(&[1, 2]));
    let lsa = Lsa::new(1, key, SequenceNumber::INITIAL, &body).expect("short");
    assert!(lsa.body().is_err());
    assert_eq!(Lsa::decode(&mut encoded(&lsa).freeze()), Ok(lsa));
}

#[test]
fn errors_say_what_and_where() {
    use alloc::string::ToString;
    let texts = [
        (
            LsaError::BadLength { length: 19, available: 40 },
            "bad LSA length 19 in 40 octets of data",
        ),
        (LsaError::BadChecksum { found: 0xab }, "bad LS checksum 0x00ab"),
        (
            LsaError::BadPrefixLength { offset: 24, length: 129 },
            "bad PrefixLength 129 at offset 24",
        ),
        (LsaError::MissingTlv { what: "Grace Period" }, "no Grace Period TLV"),
        (
            LsaError::TrailingBytes { what: "Link-LSA", offset: 56, count: 4 },
            "4 octets too many after Link-LSA at offset 56",
        ),
        (
            LsaError::Truncated { what: "Metric", offset: 24, needed: 4, available: 3 },
            "Metric at offset 24 is cut off: 3 of 4 octets",
        ),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
    assert_eq!(LsaTooLong { length: 65536 }.to_string(), "an LSA of 65536 octets is too long");
}
