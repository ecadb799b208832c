//! Constants. Sets and masks are written by their items and built anew.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use bgp_wire::{AsPath, RouteDistinguisher};
use ipnet::IpNet;

use super::{Item, Reader, Result, read_octets, write_all, write_octets};
use crate::ast::ListKind;
use crate::flow::{Field, FlowNet, FlowPart, Test};
use crate::mask::{MaskItem, MaskKind, PathMask};
use crate::set::{IpSet, Member, PairItem, PairSet, PrefixPattern, PrefixSet, RangeSet};
use crate::types::EnumType;
use crate::value::{Net, Set, Value};

/// Communities and the like use all of their octets: no shorter form would help.
struct Long(u64);

impl Item for Long {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_be_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        Ok(Self(u64::from_be_bytes(from.array()?)))
    }
}

impl Item for [u32; 3] {
    fn write(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|part| part.write(out));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        Ok([Item::read(from)?, Item::read(from)?, Item::read(from)?])
    }
}

impl Item for IpAddr {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::V4(ip) => {
                out.push(4);
                out.extend(ip.octets());
            }
            Self::V6(ip) => {
                out.push(6);
                out.extend(ip.octets());
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let at = from.at;
        match u8::read(from)? {
            4 => Ok(from.array::<4>()?.into()),
            6 => Ok(from.array::<16>()?.into()),
            _ => Err(Reader::wrong(at)),
        }
    }
}

impl Item for IpNet {
    fn write(&self, out: &mut Vec<u8>) {
        self.addr().write(out);
        out.push(self.prefix_len());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let at = from.at;
        let (address, length) = (IpAddr::read(from)?, u8::read(from)?);
        let net = Self::new(address, length).ok().filter(|net| net.trunc() == *net);
        net.ok_or(Reader::wrong(at))
    }
}

impl Item for RouteDistinguisher {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        from.array().map(Self)
    }
}

impl Item for Test {
    fn write(&self, out: &mut Vec<u8>) {
        self.and.write(out);
        out.push(self.operator);
        self.value.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let and = bool::read(from)?;
        let operator = from.entry(&[0, 1, 2, 3, 4, 5, 6, 7])?;
        Ok(Self { and, operator, value: Item::read(from)? })
    }
}

const FIELDS: [Field; 11] = [
    Field::Protocol,
    Field::Port,
    Field::DestinationPort,
    Field::SourcePort,
    Field::IcmpType,
    Field::IcmpCode,
    Field::TcpFlags,
    Field::Length,
    Field::Dscp,
    Field::Fragment,
    Field::Label,
];

impl Item for FlowPart {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Prefix(source, net, offset) => {
                out.push(0);
                source.write(out);
                net.write(out);
                out.push(*offset);
            }
            Self::Numbers(field, tests) => {
                out.push(1);
                super::number(&FIELDS, field, out);
                tests.write(out);
            }
            Self::Bits(field, tests) => {
                out.push(2);
                super::number(&FIELDS, field, out);
                tests.write(out);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        Ok(match from.entry(&[0, 1, 2])? {
            0 => Self::Prefix(Item::read(from)?, Item::read(from)?, Item::read(from)?),
            1 => Self::Numbers(from.entry(&FIELDS)?, Item::read(from)?),
            _ => Self::Bits(from.entry(&FIELDS)?, Item::read(from)?),
        })
    }
}

impl Item for Net {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Vpn(rd, net) => {
                out.push(0);
                rd.write(out);
                net.write(out);
            }
            Self::Roa(net, most, asn) => {
                out.push(1);
                net.write(out);
                out.push(*most);
                asn.write(out);
            }
            Self::Flow(flow) => {
                out.push(2);
                flow.ipv6.write(out);
                flow.parts.write(out);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        Ok(match from.entry(&[0, 1, 2])? {
            0 => Self::Vpn(Item::read(from)?, Item::read(from)?),
            1 => Self::Roa(Item::read(from)?, Item::read(from)?, Item::read(from)?),
            _ => Self::Flow(FlowNet { ipv6: Item::read(from)?, parts: Item::read(from)? }),
        })
    }
}

impl<T: Item + Member> Item for RangeSet<T> {
    fn write(&self, out: &mut Vec<u8>) {
        (self.items().count() as u64).write(out);
        self.items().for_each(|range| range.write(out));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        Vec::<(T, T)>::read(from).map(Self::new)
    }
}

fn write_long(set: &RangeSet<u64>, out: &mut Vec<u8>) {
    let items: Vec<(Long, Long)> = set.items().map(|(low, high)| (Long(low), Long(high))).collect();
    items.write(out);
}

fn read_long(from: &mut Reader<'_>) -> Result<Arc<RangeSet<u64>>> {
    let items = Vec::<(Long, Long)>::read(from)?;
    let ranges = items.into_iter().map(|(low, high)| (low.0, high.0));
    Ok(Arc::new(RangeSet::new(ranges.collect())))
}

impl Item for PairItem {
    fn write(&self, out: &mut Vec<u8>) {
        let (code, (a, b), (c, d)) = match *self {
            Self::Span(low, high) => (0, low, high),
            Self::Product { first, second } => (1, first, second),
        };
        out.push(code);
        [a, b, c, d].iter().for_each(|part| part.write(out));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let product = bool::read(from)?;
        let (one, two) = (<(u16, u16)>::read(from)?, <(u16, u16)>::read(from)?);
        Ok(match product {
            false => Self::Span(one, two),
            true => Self::Product { first: one, second: two },
        })
    }
}

impl Item for PrefixPattern {
    fn write(&self, out: &mut Vec<u8>) {
        self.net.write(out);
        out.extend([self.least, self.most]);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let net = IpNet::read(from)?;
        let at = from.at;
        let [least, most] = from.array()?;
        if least > most || most > net.max_prefix_len() {
            return Err(Reader::wrong(at));
        }
        Ok(Self { net, least, most })
    }
}

impl Item for Set {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Empty => out.push(0),
            Self::Int(set) => {
                out.push(1);
                Item::write(&**set, out);
            }
            Self::Quad(set) => {
                out.push(2);
                Item::write(&**set, out);
            }
            Self::Pair(set) => {
                out.push(3);
                write_all(set.items(), out);
            }
            Self::Ip(set) => {
                out.push(4);
                set.items().collect::<Vec<_>>().write(out);
            }
            Self::Prefix(set) => {
                out.push(5);
                set.patterns().collect::<Vec<_>>().write(out);
            }
            Self::RouteDistinguisher(set) => {
                out.push(6);
                write_long(set, out);
            }
            Self::Extended(set) => {
                out.push(7);
                write_long(set, out);
            }
            Self::Large(set) => {
                out.push(8);
                Item::write(&**set, out);
            }
            Self::Enum(of, set) => {
                out.push(9);
                of.write(out);
                Item::write(&**set, out);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let at = from.at;
        Ok(match u8::read(from)? {
            0 => Self::Empty,
            1 => Self::Int(Arc::new(Item::read(from)?)),
            2 => Self::Quad(Arc::new(Item::read(from)?)),
            3 => Self::Pair(Arc::new(PairSet::new(Item::read(from)?))),
            4 => Self::Ip(Arc::new(IpSet::new(Item::read(from)?))),
            5 => {
                let patterns = Vec::<PrefixPattern>::read(from)?;
                Self::Prefix(Arc::new(PrefixSet::new(&patterns).ok_or(Reader::wrong(at))?))
            }
            6 => Self::RouteDistinguisher(read_long(from)?),
            7 => Self::Extended(read_long(from)?),
            8 => Self::Large(Arc::new(Item::read(from)?)),
            9 => Self::Enum(EnumType::read(from)?, Arc::new(Item::read(from)?)),
            _ => return Err(Reader::wrong(at)),
        })
    }
}

impl Item for MaskItem {
    fn write(&self, out: &mut Vec<u8>) {
        self.repeat.write(out);
        match &self.kind {
            MaskKind::Asn(asn) => {
                out.push(0);
                asn.write(out);
            }
            MaskKind::Any => out.push(1),
            MaskKind::Sequence => out.push(2),
            MaskKind::Range(low, high) => {
                out.push(3);
                (*low, *high).write(out);
            }
            MaskKind::Set(set) => {
                out.push(4);
                Item::write(&**set, out);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let repeat = bool::read(from)?;
        let kind = match from.entry(&[0, 1, 2, 3, 4])? {
            0 => MaskKind::Asn(Item::read(from)?),
            1 => MaskKind::Any,
            2 => MaskKind::Sequence,
            3 => {
                let (low, high) = Item::read(from)?;
                MaskKind::Range(low, high)
            }
            _ => MaskKind::Set(Arc::new(Item::read(from)?)),
        };
        Ok(Self { kind, repeat })
    }
}

/// Whether octets are a list as it is sent.
fn is_list(kind: ListKind, octets: &[u8]) -> bool {
    match kind {
        ListKind::Path => is_path(octets),
        ListKind::Communities => octets.len().is_multiple_of(4),
        ListKind::Extended => octets.len().is_multiple_of(8),
        ListKind::Large => octets.len().is_multiple_of(12),
    }
}

/// Segments that are not empty. AS 0 is no flaw here: only in an attribute it may not stand.
fn is_path(octets: &[u8]) -> bool {
    let path = AsPath::new(octets);
    let mut length = 0;
    let segments = path.segments().all(|segment| {
        length += 2 + 4 * segment.asns().len();
        segment.asns().len() > 0
    });
    segments && length == octets.len()
}

impl Item for Value {
    fn write(&self, out: &mut Vec<u8>) {
        let mut code = |code: u8| out.push(code);
        match self {
            Self::Bool(_) => code(0),
            Self::Int(_) => code(1),
            Self::Pair(_) => code(2),
            Self::Quad(_) => code(3),
            Self::Ip(_) => code(4),
            Self::Prefix(_) => code(5),
            Self::Net(_) => code(6),
            Self::RouteDistinguisher(_) => code(7),
            Self::Extended(_) => code(8),
            Self::Large(_) => code(9),
            Self::Text(_) => code(10),
            Self::Bytes(_) => code(11),
            Self::Enum(..) => code(12),
            Self::List(..) => code(13),
            Self::Mask(_) => code(14),
            Self::Set(_) => code(15),
        }
        match self {
            Self::Bool(value) => value.write(out),
            Self::Int(value) | Self::Pair(value) | Self::Quad(value) => value.write(out),
            Self::Ip(value) => value.write(out),
            Self::Prefix(value) => value.write(out),
            Self::Net(value) => value.write(out),
            Self::RouteDistinguisher(value) => value.write(out),
            Self::Extended(value) => Long(*value).write(out),
            Self::Large(value) => value.write(out),
            Self::Text(value) => write_octets(value.as_bytes(), out),
            Self::Bytes(value) => write_octets(value, out),
            Self::Enum(of, value) => {
                of.write(out);
                out.push(*value);
            }
            Self::List(of, value) => {
                of.write(out);
                write_octets(value, out);
            }
            Self::Mask(value) => write_all(value.items(), out),
            Self::Set(value) => value.write(out),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let start = from.at;
        let code = u8::read(from)?;
        let at = from.at;
        Ok(match code {
            0 => Self::Bool(Item::read(from)?),
            1 => Self::Int(Item::read(from)?),
            2 => Self::Pair(Item::read(from)?),
            3 => Self::Quad(Item::read(from)?),
            4 => Self::Ip(Item::read(from)?),
            5 => Self::Prefix(Item::read(from)?),
            6 => Self::Net(Arc::new(Item::read(from)?)),
            7 => Self::RouteDistinguisher(Item::read(from)?),
            8 => Self::Extended(Long::read(from)?.0),
            9 => Self::Large(Item::read(from)?),
            10 => Self::Text(alloc::string::String::read(from)?.into()),
            11 => Self::Bytes(read_octets(from)?.into()),
            12 => {
                let (of, value) = (EnumType::read(from)?, u8::read(from)?);
                if !Self::is_named(of, value) {
                    return Err(Reader::wrong(at));
                }
                Self::Enum(of, value)
            }
            13 => {
                let (of, octets) = (ListKind::read(from)?, read_octets(from)?);
                if !is_list(of, octets) {
                    return Err(Reader::wrong(at));
                }
                Self::List(of, octets.into())
            }
            14 => {
                let items = Vec::<MaskItem>::read(from)?;
                let mask = PathMask::new(items).map_err(|_| Reader::wrong(at))?;
                Self::Mask(Arc::new(mask))
            }
            15 => Self::Set(Item::read(from)?),
            _ => {
                return Err(Reader::wrong(start));
            }
        })
    }
}
