//! Operations on values.

use alloc::string::String;
use core::cmp::Ordering;
use core::fmt::Write as _;
use core::net::{IpAddr, Ipv4Addr};

use bgp_wire::AttributeCode;
use rib::RouteSource;

use super::{Cell, Extra, Place, Roa, Run, TrapKind};
use crate::ast::ListKind;
use crate::attribute::Attribute;
use crate::program::{Binary, ExtendedForm, Unary};
use crate::set::address;
use crate::types::{EnumType, Type};
use crate::value::{Net, Set, Value};

type Result<T> = core::result::Result<T, TrapKind>;

impl Run<'_> {
    pub(super) fn unary(&mut self, operation: Unary, of: Cell) -> Result<Cell> {
        self.charge_unary(operation, of)?;
        let wrong = Err(TrapKind::Type);
        Ok(match (operation, of) {
            (Unary::Defined, Cell::Void) => Cell::Bool(false),
            (Unary::Defined, _) => Cell::Bool(true),
            (Unary::Format, _) => self.format(of)?,
            (Unary::Not, Cell::Bool(value)) => Cell::Bool(!value),
            (Unary::Length, Cell::Prefix(net)) => Cell::Int(net.prefix_len().into()),
            (Unary::Length, Cell::Net(_) | Cell::RouteNet) => match self.net(of)?.prefix() {
                Some(net) => Cell::Int(net.prefix_len().into()),
                None => return wrong,
            },
            (Unary::Length, Cell::List(kind, place)) => Cell::Int(self.list_length(kind, place)),
            (Unary::First, Cell::List(ListKind::Path, place)) => {
                Cell::Int(self.path(place).first().unwrap_or(0))
            }
            (Unary::Last, Cell::List(ListKind::Path, place)) => {
                Cell::Int(self.path(place).origin().unwrap_or(0))
            }
            (Unary::LastNonAggregated, Cell::List(ListKind::Path, place)) => {
                Cell::Int(self.last_non_aggregated(place))
            }
            (Unary::Empty, Cell::List(kind, _)) => empty(kind),
            (Unary::Min | Unary::Max, Cell::List(kind, place)) => {
                self.extreme(kind, place, operation == Unary::Max)
            }
            (Unary::Asn, Cell::Pair(value)) => Cell::Int(value >> 16),
            (Unary::Data, Cell::Pair(value)) => Cell::Int(value & 0xffff),
            (Unary::Asn, Cell::Large([asn, ..])) => Cell::Int(asn),
            (Unary::Data1, Cell::Large([_, data, _])) => Cell::Int(data),
            (Unary::Data2, Cell::Large([.., data])) => Cell::Int(data),
            (Unary::Address, Cell::Prefix(net)) => Cell::Ip(net.addr()),
            (Unary::Address, Cell::Net(_) | Cell::RouteNet) => match self.net(of)?.prefix() {
                Some(net) => Cell::Ip(net.addr()),
                None => return wrong,
            },
            // BIRD keeps an IPv4 address as a mapped one.
            (Unary::IsV4, Cell::Ip(ip)) => Cell::Bool(ip.to_canonical().is_ipv4()),
            (Unary::Kind, Cell::Prefix(net)) => {
                Cell::Enum(EnumType::Net, 1 + u8::from(net.addr().is_ipv6()))
            }
            (Unary::Kind, Cell::Net(_) | Cell::RouteNet) => {
                Cell::Enum(EnumType::Net, self.net(of)?.kind())
            }
            (_, Cell::Net(_) | Cell::RouteNet) => return self.of_net(operation, of),
            (Unary::FromHex, Cell::Text(place)) => self.unhex(place)?,
            _ => return wrong,
        })
    }

    fn of_net(&self, operation: Unary, of: Cell) -> Result<Cell> {
        Ok(match (operation, self.net(of)?) {
            (Unary::MaxLength, Net::Roa(_, most, _)) => Cell::Int((*most).into()),
            (Unary::Asn, Net::Roa(.., asn)) => Cell::Int(*asn),
            (Unary::RouteDistinguisher, Net::Vpn(value, _)) => {
                Cell::RouteDistinguisher(u64::from_be_bytes(value.0))
            }
            (Unary::Destination, Net::Flow(flow)) => match flow.destination() {
                Some(net) => Cell::Prefix(net),
                None => return Err(TrapKind::Type),
            },
            (Unary::Source, Net::Flow(flow)) => match flow.source() {
                Some(net) => Cell::Prefix(net),
                None => return Err(TrapKind::Type),
            },
            _ => return Err(TrapKind::Type),
        })
    }

    pub(super) fn net(&self, cell: Cell) -> Result<&Net> {
        let net = match cell {
            Cell::Net(constant) => match self.program.constants.get(usize::from(constant)) {
                Some(Value::Net(net)) => Some(&**net),
                _ => None,
            },
            Cell::RouteNet => self.host.net(),
            _ => None,
        };
        net.ok_or(TrapKind::Type)
    }

    pub(super) fn binary(&mut self, operation: Binary, left: Cell, right: Cell) -> Result<Cell> {
        use Cell::Int;
        self.charge_binary(operation, left, right)?;
        Ok(match (operation, left, right) {
            (Binary::Equal, ..) => Cell::Bool(self.equal(left, right)),
            (Binary::NotEqual, ..) => Cell::Bool(!self.equal(left, right)),
            (Binary::Less, ..) => Cell::Bool(self.order(left, right)? == Ordering::Less),
            (Binary::LessOrEqual, ..) => Cell::Bool(self.order(left, right)? != Ordering::Greater),
            (Binary::Match, ..) => Cell::Bool(self.matches(left, right)?),
            (Binary::NotMatch, ..) => Cell::Bool(!self.matches(left, right)?),
            (Binary::Add, Int(a), Int(b)) => Int(a.wrapping_add(b)),
            (Binary::Subtract, Int(a), Int(b)) => Int(a.wrapping_sub(b)),
            (Binary::Multiply, Int(a), Int(b)) => Int(a.wrapping_mul(b)),
            (Binary::Divide, Int(a), Int(b)) => {
                Int(a.checked_div(b).ok_or(TrapKind::DivisionByZero)?)
            }
            (Binary::BitOr, Int(a), Int(b)) => Int(a | b),
            (Binary::BitAnd, Int(a), Int(b)) => Int(a & b),
            (Binary::Pair, Int(a), Int(b)) => {
                if a > 0xffff || b > 0xffff {
                    return Err(TrapKind::TooLarge);
                }
                Cell::Pair(a << 16 | b)
            }
            (Binary::Mask, Cell::Ip(ip), Int(length)) => Cell::Ip(mask(ip, length)),
            (Binary::Mask, Cell::Quad(quad), Int(length)) => {
                match mask(IpAddr::V4(quad.into()), length) {
                    IpAddr::V4(ip) => Cell::Quad(ip.into()),
                    IpAddr::V6(_) => return Err(TrapKind::Type),
                }
            }
            (Binary::Prepend, Cell::List(ListKind::Path, place), Int(asn)) => {
                self.prepend(place, asn)?
            }
            (Binary::Include, Cell::List(kind, place), item) => self.include(kind, place, item)?,
            (Binary::Delete, Cell::List(kind, place), item) => {
                self.keep(kind, place, item, false)?
            }
            (Binary::Filter, Cell::List(kind, place), item) => {
                self.keep(kind, place, item, true)?
            }
            (Binary::Concat, Cell::Text(a), Cell::Text(b)) => Cell::Text(self.join(a, b)?),
            (Binary::Concat, Cell::Bytes(a), Cell::Bytes(b)) => Cell::Bytes(self.join(a, b)?),
            _ => return Err(TrapKind::Type),
        })
    }

    /// Values of different types are different, but for the few that convert into each other.
    fn equal(&self, left: Cell, right: Cell) -> bool {
        match (left, right) {
            (Cell::Ip(a), Cell::Ip(b)) => address::to_key(a) == address::to_key(b),
            (Cell::Quad(a), Cell::Ip(IpAddr::V4(b))) | (Cell::Ip(IpAddr::V4(b)), Cell::Quad(a)) => {
                a == u32::from(b)
            }
            (Cell::Text(a), Cell::Text(b)) | (Cell::Bytes(a), Cell::Bytes(b)) => {
                self.octets(a) == self.octets(b)
            }
            (Cell::List(kind, a), Cell::List(other, b)) => {
                kind == other && self.octets(a) == self.octets(b)
            }
            (Cell::Set(a), Cell::Set(b)) => match (self.set_of(a), self.set_of(b)) {
                (Some(a), Some(b)) => a == b || a.is_empty() && b.is_empty() && alike(a, b),
                _ => false,
            },
            (Cell::Mask(_) | Cell::OwnMask(_), Cell::Mask(_) | Cell::OwnMask(_)) => {
                self.mask_of(left) == self.mask_of(right)
            }
            (Cell::Net(_) | Cell::RouteNet, Cell::Net(_) | Cell::RouteNet) => {
                self.net(left).ok() == self.net(right).ok()
            }
            _ => left == right,
        }
    }

    fn order(&self, left: Cell, right: Cell) -> Result<Ordering> {
        Ok(match (left, right) {
            // What is not there is less than all that is.
            (Cell::Void, _) | (_, Cell::Void) => (left != Cell::Void).cmp(&(right != Cell::Void)),
            (Cell::Int(a), Cell::Int(b))
            | (Cell::Pair(a), Cell::Pair(b))
            | (Cell::Quad(a), Cell::Quad(b)) => a.cmp(&b),
            (Cell::Quad(a), Cell::Ip(IpAddr::V4(b))) => a.cmp(&b.into()),
            (Cell::Ip(IpAddr::V4(a)), Cell::Quad(b)) => u32::from(a).cmp(&b),
            (Cell::Ip(a), Cell::Ip(b)) => address::to_key(a).cmp(&address::to_key(b)),
            (Cell::Prefix(a), Cell::Prefix(b)) => a.cmp(&b),
            (
                Cell::Prefix(_) | Cell::Net(_) | Cell::RouteNet,
                Cell::Prefix(_) | Cell::Net(_) | Cell::RouteNet,
            ) => self.order_nets(left, right)?,
            (Cell::Extended(a), Cell::Extended(b))
            | (Cell::RouteDistinguisher(a), Cell::RouteDistinguisher(b)) => a.cmp(&b),
            (Cell::Large(a), Cell::Large(b)) => a.cmp(&b),
            (Cell::Enum(kind, a), Cell::Enum(other, b)) if kind == other => a.cmp(&b),
            (Cell::Bool(a), Cell::Bool(b)) => a.cmp(&b),
            (Cell::Text(a), Cell::Text(b)) => self.octets(a).cmp(self.octets(b)),
            _ => return Err(TrapKind::Type),
        })
    }

    /// By their kinds; within one by what they say.
    fn order_nets(&self, left: Cell, right: Cell) -> Result<Ordering> {
        let kind = |cell: Cell| match cell {
            Cell::Prefix(net) => Ok(1 + u8::from(net.addr().is_ipv6())),
            _ => self.net(cell).map(Net::kind),
        };
        Ok(match kind(left)?.cmp(&kind(right)?) {
            Ordering::Equal => self.net(left)?.cmp(self.net(right)?),
            other => other,
        })
    }

    /// The value of an attribute: as it was changed, or as it came.
    pub(super) fn attribute(&mut self, attribute: Attribute) -> Result<Cell> {
        if self.vm.changed & 1 << (attribute as u32) != 0 {
            let change = self.vm.changes.iter().find(|change| change.0 == attribute);
            let cell = change.map_or(Cell::Void, |change| change.1);
            return Ok(match (cell, attribute.ty()) {
                (Cell::Void, Type::List(kind)) => empty(kind),
                _ => cell,
            });
        }
        let Some(route) = self.route else { return Ok(void_of(attribute)) };
        let void = |cell: Option<Cell>| cell.unwrap_or(Cell::Void);
        Ok(match attribute {
            Attribute::Net if self.host.net().is_some() => Cell::RouteNet,
            Attribute::Net => Cell::Prefix(route.net),
            Attribute::Source => Cell::Enum(EnumType::Source, source(route.source)),
            Attribute::Proto => Cell::Text(self.keep_octets(route.protocol.as_bytes())?),
            Attribute::Preference => Cell::Int(route.preference),
            _ => match (attribute.ty(), attribute.bgp_code()) {
                (Type::Int, Some(code)) => void(self.route_number(code).map(Cell::Int)),
                (Type::Quad, Some(code)) => void(self.route_number(code).map(Cell::Quad)),
                (Type::Bool, Some(code)) => void(self.route_value(code).map(|_| Cell::Bool(true))),
                (Type::Enum(of), Some(code)) => match self.route_bytes(code) {
                    Some([value]) => Cell::Enum(of, *value),
                    _ => Cell::Void,
                },
                (Type::List(kind), Some(code)) => {
                    self.route_octets(code).map_or(empty(kind), |place| Cell::List(kind, place))
                }
                (Type::Bytes, Some(code)) => void(self.route_octets(code).map(Cell::Bytes)),
                _ => self.extra(attribute)?,
            },
        })
    }

    fn extra(&mut self, attribute: Attribute) -> Result<Cell> {
        let ty = attribute.ty();
        let of_route = || super::edit::of_route(self.route?, attribute);
        Ok(match (self.host.attribute(attribute).or_else(of_route), ty) {
            (Some(Extra::Bool(value)), Type::Bool) => Cell::Bool(value),
            (Some(Extra::Int(value)), Type::Int) => Cell::Int(value),
            (Some(Extra::Ip(value)), Type::Ip) => Cell::Ip(value),
            (Some(Extra::Quad(value)), Type::Quad) => Cell::Quad(value),
            (Some(Extra::Enum(value)), Type::Enum(of)) => Cell::Enum(of, value),
            (Some(Extra::Bytes(value)), Type::Bytes) => Cell::Bytes(self.keep_octets(value)?),
            (Some(Extra::Text(value)), Type::Text) => {
                Cell::Text(self.keep_octets(value.as_bytes())?)
            }
            _ => Cell::Void,
        })
    }

    /// Where the value of a BGP attribute of the route is.
    fn route_octets(&mut self, code: AttributeCode) -> Option<Place> {
        let (start, length) = self.route_value(code)?;
        Some(Place::Route { start: start.into(), length: length.into() })
    }

    fn route_number(&mut self, code: AttributeCode) -> Option<u32> {
        Some(u32::from_be_bytes(self.route_bytes(code)?.try_into().ok()?))
    }

    pub(super) fn octets(&self, place: Place) -> &[u8] {
        let part = |of: &'_ [u8], start: u32, length: u32| -> core::ops::Range<usize> {
            let start = (start as usize).min(of.len());
            start..(start + length as usize).min(of.len())
        };
        match place {
            Place::Constant(constant) => match self.program.constants.get(usize::from(constant)) {
                Some(Value::Text(text)) => text.as_bytes(),
                Some(Value::Bytes(bytes) | Value::List(_, bytes)) => bytes,
                _ => &[],
            },
            Place::Route { start, length } => {
                let whole = self.attributes().bytes();
                &whole[part(whole, start, length)]
            }
            Place::Arena { start, length } => &self.vm.arena[part(&self.vm.arena, start, length)],
        }
    }

    /// Copies octets behind what is in the arena.
    pub(super) fn keep_octets(&mut self, octets: &[u8]) -> Result<Place> {
        let start = self.vm.arena.len();
        self.room(octets.len())?;
        self.vm.arena.extend_from_slice(octets);
        self.made(start)
    }

    /// Whether so many octets more may be made.
    pub(super) fn room(&self, length: usize) -> Result<()> {
        let most = self.vm.limits.memory as usize;
        if self.vm.arena.len() + self.vm.kept + length > most {
            Err(TrapKind::TooMuchMemory)
        } else {
            Ok(())
        }
    }

    /// What stands in the arena from `start` on.
    pub(super) fn made(&self, start: usize) -> Result<Place> {
        let length = u32::try_from(self.vm.arena.len() - start);
        match (u32::try_from(start), length) {
            (Ok(start), Ok(length)) => Ok(Place::Arena { start, length }),
            _ => Err(TrapKind::TooMuchMemory),
        }
    }

    /// Copies a value within the arena, or into it.
    pub(super) fn copy(&mut self, place: Place) -> Result<()> {
        let length = self.octets(place).len();
        self.room(length)?;
        match place {
            Place::Arena { start, .. } => {
                let start = start as usize;
                self.vm.arena.extend_from_within(start..start + length);
            }
            Place::Constant(constant) => match self.program.constants.get(usize::from(constant)) {
                Some(Value::Text(text)) => self.vm.arena.extend_from_slice(text.as_bytes()),
                Some(Value::Bytes(bytes) | Value::List(_, bytes)) => {
                    self.vm.arena.extend_from_slice(bytes);
                }
                _ => {}
            },
            Place::Route { start, .. } => {
                let start = start as usize;
                if let Some(route) = self.route {
                    let whole = route.attributes.bytes();
                    self.vm
                        .arena
                        .extend_from_slice(whole.get(start..start + length).unwrap_or_default());
                }
            }
        }
        Ok(())
    }

    fn join(&mut self, left: Place, right: Place) -> Result<Place> {
        let start = self.vm.arena.len();
        self.copy(left)?;
        self.copy(right)?;
        self.made(start)
    }

    fn unhex(&mut self, text: Place) -> Result<Cell> {
        let digits: alloc::vec::Vec<u8> =
            self.octets(text).iter().copied().filter(|octet| *octet != b':').collect();
        let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let start = self.vm.arena.len();
        self.room(digits.len())?;
        for pair in digits.chunks(2) {
            let [high, low] = *pair else { return Err(TrapKind::Type) };
            let (Some(high), Some(low)) = (digit(high), digit(low)) else {
                return Err(TrapKind::Type);
            };
            self.vm.arena.push(high << 4 | low);
        }
        Ok(Cell::Bytes(self.made(start)?))
    }

    pub(super) fn set_of(&self, constant: u16) -> Option<&Set> {
        match self.program.constants.get(usize::from(constant)) {
            Some(Value::Set(set)) => Some(set),
            _ => None,
        }
    }

    fn format(&mut self, cell: Cell) -> Result<Cell> {
        let most = self.vm.limits.memory as usize;
        let mut out = Bounded { text: String::new(), most };
        self.write(cell, &mut out).map_err(|_| TrapKind::TooMuchMemory)?;
        Ok(Cell::Text(self.keep_octets(out.text.as_bytes())?))
    }

    pub(super) fn print(&mut self, cell: Cell) {
        let most = self.vm.limits.memory as usize;
        let mut out = Bounded { text: core::mem::take(&mut self.vm.output), most };
        // What is too long is cut.
        let _ = self.write(cell, &mut out);
        self.vm.output = out.text;
    }

    /// As BIRD prints it.
    pub(super) fn write(&self, cell: Cell, out: &mut Bounded) -> core::fmt::Result {
        match cell {
            Cell::Text(place) => out.write_str(&String::from_utf8_lossy(self.octets(place))),
            Cell::Void => out.write_str("(void)"),
            _ => match self.value(cell) {
                Some(value) => write!(out, "{value}"),
                None => Ok(()),
            },
        }
    }

    /// The value in a register, on its own.
    pub(super) fn value(&self, cell: Cell) -> Option<Value> {
        let constant = |constant: u16| self.program.constants.get(usize::from(constant)).cloned();
        Some(match cell {
            Cell::Void => return None,
            Cell::Bool(value) => Value::Bool(value),
            Cell::Int(value) => Value::Int(value),
            Cell::Pair(value) => Value::Pair(value),
            Cell::Quad(value) => Value::Quad(value),
            Cell::Ip(value) => Value::Ip(value),
            Cell::Prefix(value) => Value::Prefix(value),
            Cell::Net(_) | Cell::RouteNet => Value::Net(self.net(cell).ok()?.clone().into()),
            Cell::RouteDistinguisher(value) => {
                Value::RouteDistinguisher(bgp_wire::RouteDistinguisher(value.to_be_bytes()))
            }
            Cell::Extended(value) => Value::Extended(value),
            Cell::Large(value) => Value::Large(value),
            Cell::Enum(of, value) => Value::Enum(of, value),
            Cell::Text(place) => {
                Value::Text(String::from_utf8_lossy(self.octets(place)).into_owned().into())
            }
            Cell::Bytes(place) => Value::Bytes(self.octets(place).into()),
            Cell::List(of, place) => Value::List(of, self.octets(place).into()),
            Cell::Mask(number) | Cell::Set(number) => return constant(number),
            Cell::OwnMask(_) => Value::Mask(self.mask_of(cell)?.clone().into()),
        })
    }

    /// `roa_check`: the network, and the AS number in the register behind it.
    pub(super) fn roa(&self, table: u16, of: u8) -> Result<Cell> {
        let (Cell::Prefix(net), Cell::Int(asn)) = (self.cell(of), self.cell(of + 1)) else {
            return Err(TrapKind::Type);
        };
        let state = match self.host.roa_check(table, &net, asn) {
            Roa::Unknown => 0,
            Roa::Valid => 1,
            Roa::Invalid => 2,
        };
        Ok(Cell::Enum(EnumType::Roa, state))
    }
}

/// A text that does not grow without end.
pub(super) struct Bounded {
    pub(super) text: String,
    pub(super) most: usize,
}

impl core::fmt::Write for Bounded {
    fn write_str(&mut self, part: &str) -> core::fmt::Result {
        if self.text.len() + part.len() > self.most {
            return Err(core::fmt::Error);
        }
        self.text.push_str(part);
        Ok(())
    }
}

impl Set {
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Int(set) | Self::Quad(set) => set.is_empty(),
            Self::Pair(set) => set.is_empty(),
            Self::Ip(set) => set.is_empty(),
            Self::Prefix(set) => set.is_empty(),
            Self::RouteDistinguisher(set) | Self::Extended(set) => set.is_empty(),
            Self::Large(set) => set.is_empty(),
            Self::Enum(_, set) => set.is_empty(),
        }
    }
}

/// Whether two empty sets may be one: `[]` is of any type. BIRD knows two kinds, prefix sets and others.
fn alike(a: &Set, b: &Set) -> bool {
    let prefixes = |set: &Set| matches!(set, Set::Prefix(_));
    matches!(a, Set::Empty) || matches!(b, Set::Empty) || prefixes(a) == prefixes(b)
}

pub(super) const fn empty(kind: ListKind) -> Cell {
    Cell::List(kind, Place::Arena { start: 0, length: 0 })
}

/// An attribute of no route.
const fn void_of(attribute: Attribute) -> Cell {
    match attribute {
        Attribute::Path => empty(ListKind::Path),
        Attribute::Community | Attribute::ClusterList => empty(ListKind::Communities),
        Attribute::ExtendedCommunity => empty(ListKind::Extended),
        Attribute::LargeCommunity => empty(ListKind::Large),
        _ => Cell::Void,
    }
}

/// The number of `RTS_…`.
const fn source(source: RouteSource) -> u8 {
    match source {
        RouteSource::Static => 1,
        RouteSource::Inherit => 2,
        RouteSource::Device => 3,
        RouteSource::Ospf => 7,
        RouteSource::OspfIa => 8,
        RouteSource::OspfExt1 => 9,
        RouteSource::OspfExt2 => 10,
        RouteSource::Bgp => 11,
        _ => 0,
    }
}

fn mask(ip: IpAddr, length: u32) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length)).unwrap_or(0);
            Ipv4Addr::from(u32::from(ip) & mask).into()
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(length)).unwrap_or(0);
            IpAddr::V6((u128::from(ip) & mask).into())
        }
    }
}

/// A value where one of type `ty` is wanted.
pub(super) fn convert(cell: Cell, ty: Type) -> Result<Cell> {
    let fits = match (ty, cell) {
        (_, Cell::Void) => false,
        (Type::Any, _) => true,
        (Type::Quad, Cell::Ip(IpAddr::V4(ip))) => return Ok(Cell::Quad(ip.into())),
        (Type::Bool, Cell::Bool(_))
        | (Type::Int, Cell::Int(_))
        | (Type::Pair, Cell::Pair(_))
        | (Type::Quad, Cell::Quad(_))
        | (Type::Ip, Cell::Ip(_))
        | (Type::Prefix, Cell::Prefix(_) | Cell::Net(_) | Cell::RouteNet)
        | (Type::RouteDistinguisher, Cell::RouteDistinguisher(_))
        | (Type::Extended, Cell::Extended(_))
        | (Type::Large, Cell::Large(_))
        | (Type::Text, Cell::Text(_))
        | (Type::Bytes, Cell::Bytes(_))
        | (Type::Mask, Cell::Mask(_) | Cell::OwnMask(_))
        | (Type::Set(_), Cell::Set(_)) => true,
        (Type::Enum(of), Cell::Enum(other, _)) => of == other,
        (Type::List(of), Cell::List(other, _)) => of == other,
        _ => false,
    };
    if fits { Ok(cell) } else { Err(TrapKind::Type) }
}

/// `(rt, left, right)`: an AS number of 2 or 4 octets, or an address, and a number.
pub(super) fn extended(form: ExtendedForm, left: Cell, right: Cell) -> Result<Cell> {
    let Cell::Int(value) = right else { return Err(TrapKind::Type) };
    let (key, address) = match left {
        Cell::Int(key) => (key, false),
        Cell::Quad(key) => (key, true),
        Cell::Ip(IpAddr::V4(key)) => (key.into(), true),
        _ => return Err(TrapKind::Type),
    };
    if form == ExtendedForm::Generic {
        return Ok(Cell::Extended(u64::from(key) << 32 | u64::from(value)));
    }
    let long = address || key > 0xffff;
    if long && value > 0xffff {
        return Err(TrapKind::TooLarge);
    }
    let kind = match form {
        ExtendedForm::Unknown(kind) => u64::from(kind),
        ExtendedForm::Named(subtype) => {
            let kind = if address { 1 } else { 2 * u64::from(long) };
            kind << 8 | u64::from(subtype)
        }
        ExtendedForm::Generic => 0,
    };
    let rest = if long {
        u64::from(key) << 16 | u64::from(value)
    } else {
        u64::from(key) << 32 | u64::from(value)
    };
    Ok(Cell::Extended(kind << 48 | rest))
}
