//! Values of the evaluator, as plain as can be.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use policy::ast::SetItem;

pub(crate) type Large = (u32, u32, u32);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Val {
    Void,
    Bool(bool),
    Int(u32),
    Pair(u32, u32),
    Ip(IpAddr),
    Net(IpNet),
    Ec(u64),
    Lc(Large),
    Text(String),
    Enum(&'static str, u8),
    Path(Vec<Segment>),
    Pairs(Vec<(u32, u32)>),
    Ecs(Vec<u64>),
    Lcs(Vec<Large>),
    Set(Vec<SetItem>),
    Mask(Vec<Item>),
}

/// A sequence or a set of ASes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    pub(crate) set: bool,
    pub(crate) asns: Vec<u32>,
}

/// An item of a mask.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    /// Any of these ranges, once or (`true`) more often
    Of(Vec<(u32, u32)>, bool),
    Star,
}

/// Octets as they are sent.
pub(crate) fn encode_path(path: &[Segment]) -> Vec<u8> {
    let mut out = Vec::new();
    for segment in path {
        out.push(if segment.set { 1 } else { 2 });
        out.push(segment.asns.len() as u8);
        segment.asns.iter().for_each(|asn| out.extend(asn.to_be_bytes()));
    }
    out
}

impl Val {
    /// The octets of an attribute; `None` where it goes.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let list = |octets: Vec<u8>| if octets.is_empty() { None } else { Some(octets) };
        match self {
            Self::Bool(true) => Some(Vec::new()),
            Self::Int(value) => Some(value.to_be_bytes().to_vec()),
            Self::Enum(_, value) => Some(vec![*value]),
            Self::Ip(IpAddr::V4(ip)) => Some(ip.octets().to_vec()),
            Self::Path(path) => Some(encode_path(path)),
            Self::Pairs(pairs) => {
                list(pairs.iter().flat_map(|(a, b)| (a << 16 | b).to_be_bytes()).collect())
            }
            Self::Ecs(ecs) => list(ecs.iter().flat_map(|ec| ec.to_be_bytes()).collect()),
            Self::Lcs(lcs) => list(
                lcs.iter().flat_map(|(a, b, c)| [*a, *b, *c]).flat_map(u32::to_be_bytes).collect(),
            ),
            _ => None,
        }
    }
}

fn extended(value: u64) -> String {
    let name = if value >> 48 & 0xff == 2 { "rt" } else { "ro" };
    let (long, short) = (value >> 16 & 0xffff_ffff, value & 0xffff);
    match value >> 56 {
        _ if value == 0 => "(unknown 0x0, 0, 0)".into(),
        0 => format!("({name}, {}, {})", value >> 32 & 0xffff, value & 0xffff_ffff),
        1 => format!("({name}, {}, {short})", std::net::Ipv4Addr::from(long as u32)),
        _ => format!("({name}, {long}, {short})"),
    }
}

/// As BIRD prints what the programs print.
impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, name: &str, items: Vec<String>| {
            let items = if items.is_empty() { vec![String::new()] } else { items };
            write!(f, "({name} {})", items.join(" "))
        };
        let large = |(a, b, c): &Large| format!("({a}, {b}, {c})");
        match self {
            Self::Void => f.write_str("(void)"),
            Self::Bool(value) => f.write_str(if *value { "TRUE" } else { "FALSE" }),
            Self::Int(value) => write!(f, "{value}"),
            Self::Pair(a, b) => write!(f, "({a},{b})"),
            Self::Ip(value) => write!(f, "{value}"),
            Self::Net(value) => write!(f, "{value}"),
            Self::Ec(value) => f.write_str(&extended(*value)),
            Self::Lc(value) => f.write_str(&large(value)),
            Self::Text(value) => f.write_str(value),
            Self::Enum(kind, value) => write!(f, "(enum {kind}){value}"),
            Self::Path(path) => {
                let mut items = Vec::new();
                for segment in path {
                    let asns: Vec<_> = segment.asns.iter().map(u32::to_string).collect();
                    let asns = asns.join(" ");
                    items.push(if segment.set { format!("{{{asns}}}") } else { asns });
                }
                list(f, "path", items)
            }
            Self::Pairs(v) => {
                list(f, "clist", v.iter().map(|(a, b)| format!("({a},{b})")).collect())
            }
            Self::Ecs(v) => list(f, "eclist", v.iter().map(|ec| extended(*ec)).collect()),
            Self::Lcs(v) => list(f, "lclist", v.iter().map(large).collect()),
            Self::Set(_) | Self::Mask(_) => Ok(()),
        }
    }
}
