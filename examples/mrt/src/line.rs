//! Lines of routes, in the form of `bgpdump -m`.

use std::fmt::{self, Display};
use std::io::{self, Write};

use bgp_wire::{AsPath, Community, LargeCommunity, NextHop, Origin, SegmentKind};
use ipnet::IpNet;

use crate::attributes::Attributes;

/// The middle of a line: path identifier, attributes.
pub(crate) struct Fields<'a> {
    pub(crate) prefix: IpNet,
    pub(crate) path_id: Option<u32>,
    pub(crate) attributes: &'a Attributes<'a>,
    pub(crate) large_communities: bool,
}

/// `head` is all in front of the prefix.
pub(crate) fn write_route(
    out: &mut impl Write,
    head: &[u8],
    fields: &Fields<'_>,
) -> io::Result<()> {
    let attributes = fields.attributes;
    out.write_all(head)?;
    write!(out, "|{}|", fields.prefix)?;
    if let Some(id) = fields.path_id {
        write!(out, "{id}|")?;
    }
    write_path(out, attributes.as_path)?;
    let origin = match attributes.origin {
        Some(Origin::Igp) => "|IGP|",
        Some(Origin::Egp) => "|EGP|",
        // Where there is none, bgpdump says so too.
        Some(Origin::Incomplete) | None => "|INCOMPLETE|",
    };
    out.write_all(origin.as_bytes())?;
    match attributes.next_hop {
        Some(NextHop::V6(global, _)) => write!(out, "{global}")?,
        Some(next_hop) => write!(out, "{}", next_hop.address())?,
        None => {}
    }
    write!(out, "|{}|{}|", attributes.local_pref, attributes.med)?;
    write_list(out, attributes.communities, |community| Named(Community(u32_of(community))))?;
    out.write_all(b"|")?;
    if fields.large_communities {
        write_list(out, attributes.large_communities, large_community)?;
        out.write_all(b"|")?;
    }
    out.write_all(if attributes.atomic_aggregate { b"AG|" } else { b"NAG|" })?;
    if let Some(aggregator) = attributes.aggregator {
        write!(out, "{} {}", aggregator.asn, aggregator.router)?;
    }
    out.write_all(b"|\n")
}

/// A route that is withdrawn.
pub(crate) fn write_withdrawal(
    out: &mut impl Write,
    head: &[u8],
    prefix: IpNet,
    path_id: Option<u32>,
) -> io::Result<()> {
    out.write_all(head)?;
    write!(out, "|{prefix}")?;
    if let Some(id) = path_id {
        write!(out, "|{id}")?;
    }
    out.write_all(b"\n")
}

/// The path, without the detour of a formatter for the sequence that most are.
fn write_path(out: &mut impl Write, path: AsPath<'_>) -> io::Result<()> {
    let mut segments = path.segments();
    match (segments.next(), segments.next()) {
        (Some(only), None) if only.kind == SegmentKind::Sequence => {
            let mut separator: &[u8] = b"";
            for asn in only.asns() {
                out.write_all(separator)?;
                write_number(out, asn)?;
                separator = b" ";
            }
            Ok(())
        }
        _ => write!(out, "{path}"),
    }
}

/// A number in decimal.
fn write_number(out: &mut impl Write, mut number: u32) -> io::Result<()> {
    let mut digits = [b'0'; 10];
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        length += 1;
        if number == 0 {
            break;
        }
    }
    out.write_all(digits.get(10 - length..).unwrap_or_default())
}

/// Items of equal length, with spaces between them.
fn write_list<const N: usize, T: Display>(
    out: &mut impl Write,
    value: &[u8],
    item: impl Fn([u8; N]) -> T,
) -> io::Result<()> {
    let mut separator = "";
    for octets in value.as_chunks::<N>().0 {
        write!(out, "{separator}{}", item(*octets))?;
        separator = " ";
    }
    Ok(())
}

fn u32_of(octets: [u8; 4]) -> u32 {
    u32::from_be_bytes(octets)
}

fn large_community(octets: [u8; 12]) -> LargeCommunity {
    let mut parts = octets.as_chunks::<4>().0.iter().map(|part| u32::from_be_bytes(*part));
    let mut part = || parts.next().unwrap_or_default();
    LargeCommunity { global: part(), local1: part(), local2: part() }
}

/// A community, by its name where RFC 1997 gives it one.
struct Named(Community);

impl Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Community::NO_EXPORT => f.write_str("no-export"),
            Community::NO_ADVERTISE => f.write_str("no-advertise"),
            Community::NO_EXPORT_SUBCONFED => f.write_str("local-AS"),
            community => community.fmt(f),
        }
    }
}
