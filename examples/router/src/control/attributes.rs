//! BGP attributes as BIRD prints them.

use std::fmt::Write as _;

use bgp_wire::{
    Administrator, AsPath, AttributeCode, AttributesRef, ExtendedCommunity, ExtendedCommunityKind,
    RawAttribute, SegmentKind,
};
use rib::NextHopKey;

use super::Reply;

/// Code of lines with BGP attributes.
const CODE: u16 = 1012;

pub(super) fn show(reply: &mut Reply, attributes: AttributesRef<'_>, next_hop: Option<NextHopKey>) {
    let mut line = |name: &str, value: String| reply.line(CODE, format!("\tBGP.{name}: {value}"));
    let mut next_hop = next_hop.map(|key| key.next_hop.to_string());
    for raw in attributes.iter() {
        if raw.code > AttributeCode::NEXT_HOP
            && let Some(next_hop) = next_hop.take()
        {
            line("next_hop", next_hop);
        }
        let (name, value) = value(attributes, &raw);
        line(&name, value);
    }
    if let Some(next_hop) = next_hop {
        line("next_hop", next_hop);
    }
}

/// Name and value of an attribute.
fn value(attributes: AttributesRef<'_>, raw: &RawAttribute<'_>) -> (String, String) {
    let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
    let list = |items: Vec<String>| items.join(" ");
    let (name, value) = match raw.code {
        AttributeCode::ORIGIN => {
            ("origin", attributes.origin().map(|origin| origin.to_string()).unwrap_or_default())
        }
        AttributeCode::AS_PATH => ("as_path", path(attributes.as_path())),
        AttributeCode::MULTI_EXIT_DISC => ("med", number(attributes.med())),
        AttributeCode::LOCAL_PREF => ("local_pref", number(attributes.local_pref())),
        AttributeCode::ATOMIC_AGGREGATE => ("atomic_aggr", String::new()),
        AttributeCode::AGGREGATOR => {
            let aggregator = attributes.aggregator();
            (
                "aggregator",
                aggregator.map(|a| format!("{} AS{}", a.router, a.asn)).unwrap_or_default(),
            )
        }
        AttributeCode::COMMUNITIES => (
            "community",
            list(attributes.communities().map(|c| format!("({},{})", c.high(), c.low())).collect()),
        ),
        AttributeCode::ORIGINATOR_ID => (
            "originator_id",
            attributes.originator_id().map(|id| id.to_string()).unwrap_or_default(),
        ),
        AttributeCode::CLUSTER_LIST => {
            ("cluster_list", list(attributes.cluster_list().map(|id| id.to_string()).collect()))
        }
        AttributeCode::EXTENDED_COMMUNITIES => {
            ("ext_community", list(attributes.extended_communities().map(extended).collect()))
        }
        AttributeCode::LARGE_COMMUNITIES => {
            let large = attributes.large_communities();
            (
                "large_community",
                list(
                    large.map(|c| format!("({}, {}, {})", c.global, c.local1, c.local2)).collect(),
                ),
            )
        }
        AttributeCode::AIGP => {
            ("aigp", attributes.aigp().map(|metric| metric.to_string()).unwrap_or_default())
        }
        AttributeCode::ONLY_TO_CUSTOMER => ("otc", number(attributes.only_to_customer())),
        other => {
            let hex: Vec<String> = raw.value.iter().map(|byte| format!("{byte:02x}")).collect();
            let transitive = if raw.is_transitive() { " [t]" } else { "" };
            return (format!("{:02x}{transitive}", other.0), hex.join(" "));
        }
    };
    (name.to_owned(), value)
}

fn path(path: AsPath<'_>) -> String {
    let mut out = String::new();
    for segment in path.segments() {
        let (open, close) = match segment.kind {
            SegmentKind::Sequence => ("", ""),
            SegmentKind::Set => ("{", "}"),
            SegmentKind::ConfedSequence => ("(", ")"),
            SegmentKind::ConfedSet => ("({", "})"),
        };
        let asns: Vec<String> = segment.asns().map(|asn| asn.to_string()).collect();
        let between = if out.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(out, "{between}{open}{}{close}", asns.join(" "));
    }
    out
}

/// `(rt, 65000, 7)`, or `(generic, 0x…, 0x…)`: BIRD names route targets and origins alone, transitive or not.
fn extended(community: ExtendedCommunity) -> String {
    let [kind, sub, a, b, c, d, e, f] = community.0;
    let (name, of) = match ExtendedCommunity([kind & !0x40, sub, a, b, c, d, e, f]).decode() {
        ExtendedCommunityKind::RouteTarget(of) => ("rt", of),
        ExtendedCommunityKind::RouteOrigin(of) => ("ro", of),
        _ => {
            let high = u32::from_be_bytes([kind, sub, a, b]);
            return format!("(generic, {high:#x}, {:#x})", u32::from_be_bytes([c, d, e, f]));
        }
    };
    match of {
        Administrator::TwoOctetAs { asn, number } => format!("({name}, {asn}, {number})"),
        Administrator::Ipv4 { address, number } => format!("({name}, {address}, {number})"),
        Administrator::FourOctetAs { asn, number } => format!("({name}, {asn}, {number})"),
    }
}
