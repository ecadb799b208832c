//! Attributes and sessions as values.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use bgp_wire::{
    AsPathBuilder, AttributeCode, AttributesRef, Community, Context, Family, NextHop, Origin,
    PathAttributes, SegmentKind, Update, UpdateWriter,
};
use bytes::{Buf, BytesMut};
use proptest::prelude::*;

pub(super) type Path = Vec<(SegmentKind, Vec<u32>)>;

/// A route's attributes, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) origin: Option<Origin>,
    pub(super) path: Path,
    pub(super) med: Option<u32>,
    pub(super) local_pref: Option<u32>,
    pub(super) aggregate: bool,
    pub(super) communities: Vec<Community>,
    pub(super) originator: Option<Ipv4Addr>,
    pub(super) clusters: Vec<Ipv4Addr>,
    pub(super) extended: Vec<[u8; 8]>,
    pub(super) aigp: Option<u64>,
    pub(super) large: Option<u32>,
    pub(super) only_to_customer: Option<u32>,
    /// It came along, or it was set here on a route of others: RFC 4271 §5 tells these apart.
    pub(super) only_to_customer_is_partial: bool,
    pub(super) prefix_sid: bool,
    pub(super) unknown: Option<u8>,
}

impl Attributes {
    /// Those of a route with `path`, an AS_SEQUENCE, and nothing else.
    pub(super) fn by(path: &[u32]) -> Self {
        let sequence = (SegmentKind::Sequence, path.to_vec());
        Self {
            origin: Some(Origin::Igp),
            path: if path.is_empty() { Vec::new() } else { alloc::vec![sequence] },
            med: None,
            local_pref: None,
            aggregate: false,
            communities: Vec::new(),
            originator: None,
            clusters: Vec::new(),
            extended: Vec::new(),
            aigp: None,
            large: None,
            only_to_customer: None,
            only_to_customer_is_partial: false,
            prefix_sid: false,
            unknown: None,
        }
    }

    pub(super) fn has(&self, community: Community) -> bool {
        self.communities.contains(&community)
    }

    pub(super) fn has_set(&self) -> bool {
        self.path.iter().any(|(kind, _)| matches!(kind, SegmentKind::Set | SegmentKind::ConfedSet))
    }

    pub(super) fn encode(&self) -> PathAttributes {
        let mut out = PathAttributes::default();
        let mut path = AsPathBuilder::default();
        for (kind, asns) in &self.path {
            path.segment(*kind, asns.iter().copied());
        }
        if let Some(origin) = self.origin {
            out.origin(origin).as_path(&path);
        }
        self.med.map(|med| out.med(med));
        self.local_pref.map(|preference| out.local_pref(preference));
        if self.aggregate {
            out.atomic_aggregate();
        }
        out.communities(self.communities.iter().copied()).cluster_list(self.clusters.clone());
        self.originator.map(|originator| out.originator_id(originator));
        if !self.extended.is_empty() {
            out.set(0xc0, AttributeCode::EXTENDED_COMMUNITIES, &self.extended.concat());
        }
        if let Some(metric) = self.aigp {
            // With a TLV of another type in front and one behind, which have to stay
            let metric = metric.to_be_bytes();
            let value = [&[9, 0, 4, 7, 1, 0, 11][..], &metric, &[1, 0, 11], &[0; 8]].concat();
            out.set(0x80, AttributeCode::AIGP, &value);
        }
        if let Some(large) = self.large {
            let value = [large.to_be_bytes(); 3].concat();
            out.set(0xc0, AttributeCode::LARGE_COMMUNITIES, &value);
        }
        if let Some(asn) = self.only_to_customer {
            let flags = if self.only_to_customer_is_partial { 0xe0 } else { 0xc0 };
            out.set(flags, AttributeCode::ONLY_TO_CUSTOMER, &asn.to_be_bytes());
        }
        if self.prefix_sid {
            out.set(0xc0, AttributeCode::PREFIX_SID, &[1, 0, 7, 0, 0, 0, 0, 0, 0, 42]);
        }
        self.unknown.map(|value| out.set(0xe0, AttributeCode(99), &[value]));
        out
    }
}

/// Whether `attributes` with `next_hop` are what `expected` encodes to. AIGP that was originated here has no TLVs
/// around it, so its metric is compared apart.
pub(super) fn assert_same(attributes: AttributesRef<'_>, expected: &Attributes) {
    let wanted = expected.encode();
    if expected.aigp.is_some() && attributes.aigp() == expected.aigp {
        let without = |view: AttributesRef<'_>| {
            let mut copy = PathAttributes::from_view(view);
            copy.remove(AttributeCode::AIGP);
            copy
        };
        assert_eq!(without(attributes).view(), without(wanted.view()).view());
        return;
    }
    assert_eq!(attributes, wanted.view());
}

/// What was written has no flaw for the decoder, and is in canonical form.
pub(super) fn assert_well_formed(
    attributes: AttributesRef<'_>,
    next_hop: NextHop,
    family: Family,
    external: bool,
) {
    let context =
        Context { four_octet_as: true, extended_message: true, external, ..Context::default() };
    let net: ipnet::IpNet = match family {
        Family::IPV4_UNICAST => "192.0.2.0/24".parse().expect("a prefix"),
        _ => "2001:db8::/32".parse().expect("a prefix"),
    };
    let mut out = BytesMut::new();
    UpdateWriter::new(&mut out, &context)
        .announce(attributes, family, &next_hop, [net])
        .expect("short");
    out.advance(19);
    let update = Update::decode(out.freeze(), &context);
    assert_eq!(update.flaws(), &[]);
    let mut scratch = Vec::new();
    assert_eq!(update.canonical_attributes(&mut scratch), attributes);
    assert_eq!(update.reach().next().and_then(|reach| reach.next_hop), Some(next_hop));
}

pub(super) fn v4(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

/// AS numbers that mean something in these tests: ours (65010), the confederation's identifier (100), another
/// member (65020), the neighbours' (7, 64600) and the rest of the world's, for private use too
pub(super) const ASNS: [u32; 9] = [65010, 100, 65020, 7, 64600, 3000, 64999, 4_200_000_001, 8];

pub(super) fn path() -> impl Strategy<Value = Path> {
    let kind = prop::sample::select(alloc::vec![
        SegmentKind::Sequence,
        SegmentKind::Sequence,
        SegmentKind::Set,
        SegmentKind::ConfedSequence,
        SegmentKind::ConfedSet,
    ]);
    let asns = prop_oneof![
        8 => prop::collection::vec(prop::sample::select(ASNS.to_vec()), 1..4),
        1 => prop::sample::select(ASNS.to_vec()).prop_map(|asn| alloc::vec![asn; 255]),
    ];
    prop::collection::vec((kind, asns), 0..4)
}

pub(super) fn attributes() -> impl Strategy<Value = Attributes> {
    let community = prop::sample::select(alloc::vec![
        Community::NO_EXPORT,
        Community::NO_ADVERTISE,
        Community::NO_EXPORT_SUBCONFED,
        Community::NOPEER,
        Community::BLACKHOLE,
        Community::LLGR_STALE,
        Community::GRACEFUL_SHUTDOWN,
        Community::new(1, 2),
    ]);
    let id =
        || prop::sample::select(alloc::vec![1u8, 2, 3, 4]).prop_map(|x| Ipv4Addr::from([x; 4]));
    let extended = prop::sample::select(alloc::vec![
        [0u8, 2, 0, 7, 0, 0, 0, 1],
        [0x40, 4, 0, 7, 0, 0, 0, 1],
        [0x80, 2, 0, 7, 0, 0, 0, 1],
    ]);
    let first = (
        prop::sample::select(alloc::vec![Origin::Igp, Origin::Egp, Origin::Incomplete]),
        path(),
        prop::option::of(0u32..3),
        prop::option::of(0u32..3),
        any::<bool>(),
        prop::collection::vec(community, 0..2),
    );
    let second = (
        prop::option::weighted(0.3, id()),
        prop::collection::vec(id(), 0..2),
        prop::collection::vec(extended, 0..3),
        prop::option::weighted(0.4, prop::sample::select(alloc::vec![0u64, 5, u64::MAX - 1])),
        prop::option::of(0u32..3),
        prop::option::weighted(0.3, prop::sample::select(ASNS.to_vec())),
        any::<bool>(),
        prop::option::of(any::<u8>()),
    );
    (first, second).prop_map(|(first, second)| Attributes {
        origin: Some(first.0),
        path: first.1,
        med: first.2,
        local_pref: first.3,
        aggregate: first.4,
        communities: first.5,
        originator: second.0,
        clusters: second.1,
        extended: second.2,
        aigp: second.3,
        large: second.4,
        only_to_customer: second.5,
        only_to_customer_is_partial: false,
        prefix_sid: second.6,
        unknown: second.7,
    })
}
