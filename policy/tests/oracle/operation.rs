//! Operations on values.

use std::net::IpAddr;

use policy::TrapKind;
use policy::ast::{ExtendedKind, ListKind};

use super::evaluate::{Outcome, Stop, WRONG};
use super::value::{Segment, Val};

pub(crate) fn empty(kind: ListKind) -> Val {
    match kind {
        ListKind::Path => Val::Path(Vec::new()),
        ListKind::Communities => Val::Pairs(Vec::new()),
        ListKind::Extended => Val::Ecs(Vec::new()),
        ListKind::Large => Val::Lcs(Vec::new()),
    }
}

pub(crate) fn is_list(of: &Val) -> bool {
    matches!(of, Val::Pairs(_) | Val::Ecs(_) | Val::Lcs(_))
}

pub(crate) fn elements(of: &Val) -> Vec<Val> {
    match of {
        Val::Pairs(list) => list.iter().map(|(a, b)| Val::Pair(*a, *b)).collect(),
        Val::Ecs(list) => list.iter().map(|value| Val::Ec(*value)).collect(),
        Val::Lcs(list) => list.iter().map(|value| Val::Lc(*value)).collect(),
        other => panic!("no list: {other:?}"),
    }
}

/// A list of the kind that `like` is.
pub(crate) fn collect(like: &Val, list: Vec<Val>) -> Val {
    let list = list.into_iter();
    match like {
        Val::Pairs(_) => Val::Pairs(
            list.map(|one| match one {
                Val::Pair(a, b) => (a, b),
                other => panic!("no pair: {other:?}"),
            })
            .collect(),
        ),
        Val::Ecs(_) => Val::Ecs(
            list.map(|one| match one {
                Val::Ec(value) => value,
                other => panic!("no extended community: {other:?}"),
            })
            .collect(),
        ),
        _ => Val::Lcs(
            list.map(|one| match one {
                Val::Lc(value) => value,
                other => panic!("no large community: {other:?}"),
            })
            .collect(),
        ),
    }
}

/// What has no value is less than all that has one.
pub(crate) fn order(a: &Val, b: &Val) -> Outcome<std::cmp::Ordering> {
    Ok(match (a, b) {
        (Val::Void, Val::Void) => std::cmp::Ordering::Equal,
        (Val::Void, _) => std::cmp::Ordering::Less,
        (_, Val::Void) => std::cmp::Ordering::Greater,
        (Val::Int(a), Val::Int(b)) => a.cmp(b),
        (Val::Pair(a, b), Val::Pair(c, d)) => (a, b).cmp(&(c, d)),
        (Val::Lc(a), Val::Lc(b)) => a.cmp(b),
        (Val::Ec(a), Val::Ec(b)) => a.cmp(b),
        (Val::Ip(a), Val::Ip(b)) => mapped(*a).cmp(&mapped(*b)),
        (Val::Net(a), Val::Net(b)) => {
            let key =
                |net: &ipnet::IpNet| (net.addr().is_ipv6(), mapped(net.addr()), net.prefix_len());
            key(a).cmp(&key(b))
        }
        _ => return Err(WRONG),
    })
}

fn mapped(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().into(),
        IpAddr::V6(ip) => ip.into(),
    }
}

pub(crate) fn extended(kind: &ExtendedKind, key: &Val, value: &Val) -> Outcome<Val> {
    let subtype = match kind {
        ExtendedKind::RouteTarget => 2,
        ExtendedKind::RouteOrigin => 3,
        other => panic!("not written by the generator: {other:?}"),
    };
    let (ty, key) = match key {
        Val::Int(key) => (if *key > 0xffff { 2 } else { 0 }, u64::from(*key)),
        Val::Ip(IpAddr::V4(ip)) => (1, u64::from(u32::from(*ip))),
        _ => return Err(WRONG),
    };
    let Val::Int(value) = value else { return Err(WRONG) };
    if ty != 0 && *value > 0xffff {
        return Err(Stop::Trap(TrapKind::TooLarge));
    }
    let shift = if ty == 0 { 32 } else { 16 };
    Ok(Val::Ec(ty << 56 | subtype << 48 | key << shift | u64::from(*value)))
}

/// A method without arguments.
pub(crate) fn property(name: &str, of: Val) -> Outcome<Val> {
    let first = |segment: Option<&Segment>, last: bool| match segment {
        Some(segment) if !segment.set => {
            let asn = if last { segment.asns.last() } else { segment.asns.first() };
            Val::Int(asn.copied().unwrap_or(0))
        }
        _ => Val::Int(0),
    };
    Ok(match (name, of) {
        ("len", Val::Path(path)) => {
            Val::Int(path.iter().map(|one| if one.set { 1 } else { one.asns.len() as u32 }).sum())
        }
        ("len", Val::Net(net)) => Val::Int(net.prefix_len().into()),
        ("first", Val::Path(path)) => first(path.first(), false),
        ("last", Val::Path(path)) => first(path.last(), true),
        ("asn", Val::Pair(a, _)) => Val::Int(a),
        ("data", Val::Pair(_, b)) => Val::Int(b),
        ("asn", Val::Lc((a, _, _))) => Val::Int(a),
        ("data1", Val::Lc((_, b, _))) => Val::Int(b),
        ("data2", Val::Lc((_, _, c))) => Val::Int(c),
        ("ip", Val::Net(net)) => Val::Ip(net.addr()),
        (_, Val::Void) => return Err(WRONG),
        ("empty", Val::Path(_)) => Val::Path(Vec::new()),
        ("empty", of) => collect(&of, Vec::new()),
        ("len", of) => Val::Int(elements(&of).len() as u32),
        ("min" | "max", of) => {
            let mut list = elements(&of);
            list.sort_by(|a, b| order(a, b).map_or(std::cmp::Ordering::Equal, |order| order));
            let found = if name == "min" { list.first() } else { list.last() };
            found.cloned().unwrap_or(match of {
                Val::Pairs(_) => Val::Pair(0, 0),
                Val::Ecs(_) => Val::Ec(0),
                _ => Val::Lc((0, 0, 0)),
            })
        }
        (name, of) => panic!("not written by the generator: {of:?}.{name}"),
    })
}
