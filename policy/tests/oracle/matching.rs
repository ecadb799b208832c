//! Sets and masks, by going through all there is.

use ipnet::IpNet;
use policy::ast::{Part, SetItem, SetItemKind};

use super::evaluate::{Machine, Outcome, WRONG};
use super::operation::extended;
use super::value::{Item, Segment, Val};

/// Whether any item has the value in it.
pub(crate) fn in_set(machine: &mut Machine<'_>, value: &Val, items: &[SetItem]) -> Outcome<bool> {
    for item in items {
        if fits(machine, value, &item.kind)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn fits(machine: &mut Machine<'_>, value: &Val, item: &SetItemKind) -> Outcome<bool> {
    Ok(match (item, value) {
        (_, Val::Void) => return Err(WRONG),
        (SetItemKind::Prefix(net, least, most), _) => {
            let found = match value {
                Val::Net(found) => *found,
                Val::Ip(ip) => (*ip).into(),
                _ => return Err(WRONG),
            };
            // The bits that both have agree, and the length is one of those that match.
            let short = found.prefix_len().min(net.prefix_len());
            let same = found.addr().is_ipv4() == net.addr().is_ipv4();
            same && (*least..=*most).contains(&found.prefix_len())
                && cut(found, short) == cut(*net, short)
        }
        (SetItemKind::Range(low, high), _) => {
            let low = machine.eval(low)?;
            let high = match high {
                Some(high) => machine.eval(high)?,
                None => low.clone(),
            };
            match (value, low, high) {
                (Val::Int(value), Val::Int(low), Val::Int(high)) => low <= *value && *value <= high,
                (Val::Ip(value), Val::Ip(low), Val::Ip(high)) => low <= *value && *value <= high,
                (Val::Enum(_, value), Val::Enum(_, low), Val::Enum(_, high)) => {
                    low <= *value && *value <= high
                }
                (Val::Pair(a, b), Val::Pair(c, d), Val::Pair(e, f)) => {
                    (c, d) <= (*a, *b) && (*a, *b) <= (e, f)
                }
                (Val::Lc(value), Val::Lc(low), Val::Lc(high)) => low <= *value && *value <= high,
                _ => return Err(WRONG),
            }
        }
        (SetItemKind::Tuple(parts), _) => {
            let values = match value {
                Val::Pair(a, b) => vec![*a, *b],
                Val::Lc((a, b, c)) => vec![*a, *b, *c],
                _ => return Err(WRONG),
            };
            for (value, part) in values.into_iter().zip(parts) {
                if !in_part(machine, value, part)? {
                    return Ok(false);
                }
            }
            true
        }
        (SetItemKind::Extended(kind, key, part), Val::Ec(value)) => {
            let key = machine.eval(key)?;
            let Val::Ec(low) = extended(kind, &key, &Val::Int(0))? else { return Err(WRONG) };
            let wide = if low >> 56 == 0 { 32 } else { 16 };
            low >> wide == value >> wide
                && in_part(machine, (value & ((1 << wide) - 1)) as u32, part)?
        }
        _ => return Err(WRONG),
    })
}

fn in_part(machine: &mut Machine<'_>, value: u32, part: &Part) -> Outcome<bool> {
    let Part::Range(low, high) = part else { return Ok(true) };
    match (machine.eval(low)?, machine.eval(high.as_ref().unwrap_or(low))?) {
        (Val::Int(low), Val::Int(high)) => Ok(low <= value && value <= high),
        _ => Err(WRONG),
    }
}

fn cut(net: IpNet, length: u8) -> IpNet {
    IpNet::new(net.addr(), length).expect("a length that fits").trunc()
}

/// Whether one prefix is within another.
pub(crate) fn within(inner: IpNet, outer: IpNet) -> bool {
    inner.addr().is_ipv4() == outer.addr().is_ipv4()
        && inner.prefix_len() >= outer.prefix_len()
        && cut(inner, outer.prefix_len()) == outer
}

/// A sequence has a place for each AS, a set one place for all of them.
pub(crate) fn mask_matches(mask: &[Item], path: &[Segment]) -> bool {
    let mut places: Vec<(bool, Vec<u32>)> = Vec::new();
    for segment in path {
        if segment.set {
            places.push((true, segment.asns.clone()));
        } else {
            places.extend(segment.asns.iter().map(|asn| (false, vec![*asn])));
        }
    }
    walk(mask, &places, false)
}

/// All ways through the mask. In BIRD a set may be taken by several items one behind the other: `used` says that
/// one has.
fn walk(mask: &[Item], path: &[(bool, Vec<u32>)], used: bool) -> bool {
    let next = || {
        let (set, rest) = (path[0].0, &path[1..]);
        (rest, set && rest.first().is_some_and(|place| place.0))
    };
    if used {
        let (rest, used) = next();
        if walk(mask, rest, used) {
            return true;
        }
    }
    match (mask.split_first(), path.first()) {
        (None, place) => place.is_none(),
        (Some((Item::Star, rest)), None) => walk(rest, path, false),
        (Some((Item::Star, rest)), Some(_)) => {
            let (behind, carried) = next();
            walk(rest, path, used) || walk(mask, behind, carried)
        }
        (Some(_), None) => false,
        (Some((Item::Of(ranges, repeat), rest)), Some((set, asns))) => {
            let fits = asns
                .iter()
                .any(|asn| ranges.iter().any(|range| range.0 <= *asn && *asn <= range.1));
            let (behind, carried) = next();
            fits && (*repeat && walk(mask, behind, carried)
                || if *set { walk(rest, path, true) } else { walk(rest, behind, carried) })
        }
    }
}
