//! Operations on values.

use core::cmp::Ordering;
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
    #[inline(never)]
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

    #[inline(never)]
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
            (Binary::Include, Cell::List(kind, place), item) => {
                Cell::List(kind, self.include(kind, place, item)?)
            }
            (Binary::Delete, Cell::List(kind, place), item) => {
                Cell::List(kind, self.keep(kind, place, item, false)?)
            }
            (Binary::Filter, Cell::List(kind, place), item) => {
                Cell::List(kind, self.keep(kind, place, item, true)?)
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
    #[inline(never)]
    pub(super) fn attribute(&mut self, attribute: Attribute) -> Result<Cell> {
        if let Type::List(kind) = attribute.ty() {
            return Ok(Cell::List(kind, self.list_place(attribute)));
        }
        if let Some(cell) = self.changed(attribute) {
            return Ok(*cell);
        }
        let Some(route) = self.route else { return Ok(Cell::Void) };
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
                (Type::Bytes, Some(code)) => void(self.route_octets(code).map(Cell::Bytes)),
                _ => self.extra(attribute)?,
            },
        })
    }

    /// Where the list in an attribute is.
    #[inline]
    pub(super) fn list_place(&mut self, attribute: Attribute) -> Place {
        match self.changed(attribute) {
            Some(&Cell::List(_, place)) => place,
            Some(_) => Place::EMPTY,
            None => {
                let place = attribute.bgp_code().and_then(|code| self.route_octets(code));
                place.unwrap_or(Place::EMPTY)
            }
        }
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
    #[inline]
    fn route_octets(&mut self, code: AttributeCode) -> Option<Place> {
        self.route_value(code).map(Place::route)
    }

    fn route_number(&mut self, code: AttributeCode) -> Option<u32> {
        Some(u32::from_be_bytes(self.route_bytes(code)?.try_into().ok()?))
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
    Cell::List(kind, Place::EMPTY)
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
    match (ty, cell) {
        (Type::Quad, Cell::Ip(IpAddr::V4(ip))) => Ok(Cell::Quad(ip.into())),
        _ if fits(&cell, ty) => Ok(cell),
        _ => Err(TrapKind::Type),
    }
}

/// Whether a value is of a type, as it is.
pub(super) fn fits(cell: &Cell, ty: Type) -> bool {
    match (ty, cell) {
        (_, Cell::Void) => false,
        (Type::Any, _) => true,
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
        (Type::Enum(of), Cell::Enum(other, _)) => of == *other,
        (Type::List(of), Cell::List(other, _)) => of == *other,
        _ => false,
    }
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
