//! Values as BIRD prints them.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr};

use bgp_wire::{AsPath, RouteDistinguisher, SegmentKind};
use ipnet::IpNet;

use crate::ast::ListKind;
use crate::set::address::AddressForm;
use crate::types::EnumType;

type Out<'a, 'b> = &'a mut fmt::Formatter<'b>;

pub(crate) fn boolean(f: Out<'_, '_>, value: bool) -> fmt::Result {
    f.write_str(if value { "TRUE" } else { "FALSE" })
}

pub(crate) fn address(f: Out<'_, '_>, value: IpAddr) -> fmt::Result {
    fmt::Display::fmt(&AddressForm(value), f)
}

pub(crate) fn prefix(f: Out<'_, '_>, net: &IpNet) -> fmt::Result {
    address(f, net.addr())?;
    write!(f, "/{}", net.prefix_len())
}

pub(crate) fn pair(f: Out<'_, '_>, value: u32) -> fmt::Result {
    write!(f, "({},{})", value >> 16, value & 0xffff)
}

pub(crate) fn large(f: Out<'_, '_>, [asn, one, two]: [u32; 3]) -> fmt::Result {
    write!(f, "({asn}, {one}, {two})")
}

pub(crate) fn enumeration(f: Out<'_, '_>, of: EnumType, value: u8) -> fmt::Result {
    write!(f, "(enum {:x}){value}", of.code())
}

/// The type is shown where it does not follow from the numbers.
pub(crate) fn route_distinguisher(f: Out<'_, '_>, value: RouteDistinguisher) -> fmt::Result {
    let bits = u64::from_be_bytes(value.0);
    let (high, low) = ((bits >> 32) & 0xffff, bits & 0xffff_ffff);
    match bits >> 48 {
        0 => write!(f, "{high}:{low}"),
        1 => write!(f, "{}:{}", Ipv4Addr::from((bits >> 16) as u32), bits & 0xffff),
        2 if (bits >> 16) & 0xffff_ffff > 0xffff => {
            write!(f, "{}:{}", (bits >> 16) & 0xffff_ffff, bits & 0xffff)
        }
        2 => write!(f, "2:{}:{}", (bits >> 16) & 0xffff_ffff, bits & 0xffff),
        kind => write!(f, "{kind}:{high:x}:{low:x}"),
    }
}

pub(crate) fn extended(f: Out<'_, '_>, value: u64) -> fmt::Result {
    let (kind, subtype) = ((value >> 56) as u8, (value >> 48) as u8);
    let name = match subtype {
        2 => Some("rt"),
        3 => Some("ro"),
        _ => None,
    };
    let (key, number) = match kind & 0xbf {
        0 => ((value >> 32) & 0xffff, value & 0xffff_ffff),
        1 | 2 => ((value >> 16) & 0xffff_ffff, value & 0xffff),
        _ => return write!(f, "(generic, {:#x}, {:#x})", value >> 32, value & 0xffff_ffff),
    };
    match name {
        Some(name) if kind & 0x40 == 0 => write!(f, "({name}, ")?,
        _ => write!(f, "(unknown {:#x}, ", value >> 48)?,
    }
    if kind & 0xbf == 1 {
        write!(f, "{}", Ipv4Addr::from(key as u32))?;
    } else {
        write!(f, "{key}")?;
    }
    write!(f, ", {number})")
}

pub(crate) fn bytes(f: Out<'_, '_>, value: &[u8]) -> fmt::Result {
    if value.len() > 16 {
        f.write_str("hex:")?;
    }
    for (index, octet) in value.iter().enumerate() {
        let between = if index == 0 { "" } else { ":" };
        write!(f, "{between}{octet:02x}")?;
    }
    Ok(())
}

pub(crate) fn list(f: Out<'_, '_>, of: ListKind, value: &[u8]) -> fmt::Result {
    match of {
        ListKind::Path => return path(f, AsPath::new(value)),
        ListKind::Communities => f.write_str("(clist")?,
        ListKind::Extended => f.write_str("(eclist")?,
        ListKind::Large => f.write_str("(lclist")?,
    }
    match of {
        ListKind::Extended => {
            for octets in value.as_chunks::<8>().0 {
                f.write_str(" ")?;
                extended(f, u64::from_be_bytes(*octets))?;
            }
        }
        ListKind::Large => {
            for octets in value.as_chunks::<12>().0 {
                f.write_str(" ")?;
                large(f, large_of(octets))?;
            }
        }
        ListKind::Communities | ListKind::Path => {
            for octets in value.as_chunks::<4>().0 {
                f.write_str(" ")?;
                pair(f, u32::from_be_bytes(*octets))?;
            }
        }
    }
    // BIRD closes an empty list so.
    f.write_str(if value.is_empty() { " )" } else { ")" })
}

pub(crate) fn large_of(octets: &[u8; 12]) -> [u32; 3] {
    let [a, b, c, d, e, g, h, i, j, k, l, m] = *octets;
    [[a, b, c, d], [e, g, h, i], [j, k, l, m]].map(u32::from_be_bytes)
}

fn path(f: Out<'_, '_>, path: AsPath<'_>) -> fmt::Result {
    f.write_str("(path")?;
    for segment in path.segments() {
        let (open, close) = match segment.kind {
            SegmentKind::Sequence => ("", ""),
            SegmentKind::Set => ("{", "}"),
            SegmentKind::ConfedSequence => ("(", ")"),
            SegmentKind::ConfedSet => ("({", "})"),
        };
        for (at, asn) in segment.asns().enumerate() {
            let before = if at == 0 { open } else { "" };
            write!(f, " {before}{asn}")?;
        }
        f.write_str(close)?;
    }
    f.write_str(if path.bytes().is_empty() { " )" } else { ")" })
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use bgp_wire::{AsPathBuilder, SegmentKind};

    use crate::ast::ListKind;
    use crate::value::Value;

    /// What BIRD 2.0.12 printed of a path within a confederation.
    #[test]
    fn paths_print_as_in_bird() {
        let mut path = AsPathBuilder::default();
        path.segment(SegmentKind::ConfedSequence, [65101, 65102])
            .segment(SegmentKind::ConfedSet, [65103, 65104])
            .segment(SegmentKind::Sequence, [7, 8])
            .segment(SegmentKind::Set, [8, 9])
            .segment(SegmentKind::Sequence, [10]);
        let text = Value::List(ListKind::Path, path.bytes().into()).to_string();
        assert_eq!(text, "(path (65101 65102) ({65103 65104}) 7 8 {8 9} 10)");
    }
}
