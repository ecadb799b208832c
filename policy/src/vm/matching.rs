//! `~`

use core::net::IpAddr;

use ipnet::IpNet;

use super::{Cell, Place, Run, TrapKind};
use crate::ast::ListKind;
use crate::attribute::Attribute;
use crate::format::large_of;
use crate::value::{Set, Value};

type Result<T> = core::result::Result<T, TrapKind>;

impl Run<'_> {
    /// `left ~ right`
    #[inline(never)]
    pub(super) fn matches(&self, left: Cell, right: Cell) -> Result<bool> {
        match (left, right) {
            (Cell::List(kind, place), Cell::Set(constant)) => {
                self.list_matches(kind, place, constant)
            }
            (_, Cell::Set(constant)) => self.set_matches(left, constant),
            (Cell::List(ListKind::Path, place), Cell::Mask(_) | Cell::OwnMask(_)) => {
                let mask = self.mask_of(right).ok_or(TrapKind::Type)?;
                Ok(mask.matches(self.path(place)))
            }
            (Cell::Int(asn), Cell::List(ListKind::Path, place)) => {
                Ok(self.path(place).segments().flat_map(|one| one.asns()).any(|one| one == asn))
            }
            (_, Cell::List(kind, place)) => self.in_list(left, kind, place).ok_or(TrapKind::Type),
            (Cell::Text(text), Cell::Text(pattern)) => {
                Ok(glob(self.octets(pattern), self.octets(text)))
            }
            (Cell::Ip(ip), Cell::Prefix(net)) => Ok(contains(&net, &IpNet::from(ip))),
            (Cell::Prefix(inner), Cell::Prefix(outer)) => Ok(contains(&outer, &inner)),
            (Cell::Ip(ip), Cell::Net(_) | Cell::RouteNet) => {
                Ok(self.net(right)?.prefix().is_some_and(|outer| contains(&outer, &ip.into())))
            }
            // Networks of different kinds have nothing to do with each other.
            (Cell::Net(_) | Cell::RouteNet, Cell::Net(_) | Cell::RouteNet) => {
                let (inner, outer) = (self.net(left)?, self.net(right)?);
                let both = inner.prefix().zip(outer.prefix());
                let same = inner.kind() == outer.kind();
                Ok(same && both.is_some_and(|(inner, outer)| contains(&outer, &inner)))
            }
            (
                Cell::Prefix(_) | Cell::Net(_) | Cell::RouteNet,
                Cell::Prefix(_) | Cell::Net(_) | Cell::RouteNet,
            ) => Ok(false),
            _ => Err(TrapKind::Type),
        }
    }

    #[inline(never)]
    pub(super) fn matches_constant(&self, left: Cell, constant: u16) -> Result<bool> {
        match self.program.constants.get(usize::from(constant)) {
            Some(Value::Set(Set::Prefix(set))) => match left {
                Cell::Prefix(net) => Ok(set.contains(&net)),
                _ => self.set_matches(left, constant),
            },
            Some(value) => self.matches(left, super::cell_of(value, constant)),
            None => Err(TrapKind::Type),
        }
    }

    /// Whether a value is in a set.
    pub(super) fn set_matches(&self, value: Cell, constant: u16) -> Result<bool> {
        let Some(set) = self.set_of(constant) else { return Err(TrapKind::Type) };
        Ok(match (value, set) {
            (Cell::Void, _) => return Err(TrapKind::Type),
            (_, Set::Empty) => false,
            (Cell::Int(value), Set::Int(set)) => set.contains(value),
            (Cell::Quad(value), Set::Quad(set)) => set.contains(value),
            (Cell::Quad(value), Set::Ip(set)) => set.contains(IpAddr::V4(value.into())),
            (Cell::Pair(value), Set::Pair(set)) => set.contains(halves(value)),
            (Cell::Ip(ip), Set::Ip(set)) => set.contains(ip),
            (Cell::Ip(ip), Set::Prefix(set)) => set.contains_address(ip),
            (Cell::Prefix(net), Set::Prefix(set)) => set.contains(&net),
            (Cell::Net(_) | Cell::RouteNet, Set::Prefix(set)) => match self.net(value)? {
                crate::value::Net::Flow(_) => false,
                net => net.prefix().is_some_and(|net| set.contains(&net)),
            },
            (Cell::RouteDistinguisher(value), Set::RouteDistinguisher(set))
            | (Cell::Extended(value), Set::Extended(set)) => set.contains(value),
            (Cell::Large(value), Set::Large(set)) => set.contains(value),
            (Cell::Enum(of, value), Set::Enum(other, set)) if of == *other => set.contains(value),
            _ => return Err(TrapKind::Type),
        })
    }

    /// Whether any element of a list is in a set.
    fn list_matches(&self, kind: ListKind, place: Place, constant: u16) -> Result<bool> {
        let Some(set) = self.set_of(constant) else { return Err(TrapKind::Type) };
        let octets = self.octets(place);
        Ok(match (kind, set) {
            (_, Set::Empty) => false,
            (ListKind::Path, Set::Int(set)) => {
                self.path(place).segments().flat_map(|one| one.asns()).any(|asn| set.contains(asn))
            }
            (ListKind::Communities, Set::Pair(set)) => octets
                .as_chunks::<4>()
                .0
                .iter()
                .any(|one| set.contains(halves(u32::from_be_bytes(*one)))),
            (ListKind::Communities, Set::Quad(set)) => {
                octets.as_chunks::<4>().0.iter().any(|one| set.contains(u32::from_be_bytes(*one)))
            }
            (ListKind::Communities, Set::Ip(set)) => {
                octets.as_chunks::<4>().0.iter().any(|one| set.contains(IpAddr::from(*one)))
            }
            (ListKind::Extended, Set::Extended(set)) => {
                octets.as_chunks::<8>().0.iter().any(|one| set.contains(u64::from_be_bytes(*one)))
            }
            (ListKind::Large, Set::Large(set)) => {
                octets.as_chunks::<12>().0.iter().any(|one| set.contains(large_of(one)))
            }
            _ => return Err(TrapKind::Type),
        })
    }

    /// A constant in a list attribute, without a detour where it is a community.
    #[inline]
    pub(super) fn constant_in(&mut self, constant: u16, attribute: Attribute) -> Result<bool> {
        if let Some(&Cell::Pair(pair)) = self.program.cells.get(usize::from(constant))
            && attribute == Attribute::Community
        {
            let wanted = pair.to_be_bytes();
            let place = self.list_place(attribute);
            self.charge_octets(self.octets(place).len())?;
            return Ok(self.octets(place).as_chunks::<4>().0.contains(&wanted));
        }
        let item = self.program.cells.get(usize::from(constant)).copied().ok_or(TrapKind::Type)?;
        let list = self.attribute(attribute)?;
        self.charge_match(item, list)?;
        self.matches(item, list)
    }

    /// An attribute against a constant, without a detour where it is a network, a path or communities.
    #[inline]
    pub(super) fn attribute_matches(
        &mut self,
        attribute: Attribute,
        constant: u16,
    ) -> Result<bool> {
        let program = self.program;
        match (attribute, program.constants.get(usize::from(constant))) {
            (Attribute::Net, Some(Value::Set(Set::Prefix(set)))) => {
                if let (Some(route), None) = (self.route, self.host.net()) {
                    return Ok(set.contains(&route.net));
                }
            }
            (Attribute::Path, Some(Value::Mask(mask))) => {
                let place = self.list_place(attribute);
                self.charge_looking_up(self.octets(place).len(), mask.items().len())?;
                return Ok(mask.matches(self.path(place)));
            }
            (Attribute::Community, Some(Value::Set(Set::Pair(set)))) => {
                let place = self.list_place(attribute);
                self.charge_looking_up(self.octets(place).len(), 1)?;
                let mut pairs = self.octets(place).as_chunks::<4>().0.iter();
                return Ok(pairs.any(|one| set.contains(halves(u32::from_be_bytes(*one)))));
            }
            _ => {}
        }
        let cell = self.attribute(attribute)?;
        self.charge_match(cell, self.constant(constant))?;
        self.matches_constant(cell, constant)
    }
}

pub(super) const fn halves(pair: u32) -> (u16, u16) {
    let [a, b, c, d] = pair.to_be_bytes();
    (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
}

/// IPv4 and IPv6 have nothing to do with each other here.
fn contains(outer: &IpNet, inner: &IpNet) -> bool {
    match (outer, inner) {
        (IpNet::V4(outer), IpNet::V4(inner)) => outer.contains(inner),
        (IpNet::V6(outer), IpNet::V6(inner)) => outer.contains(inner),
        _ => false,
    }
}

/// `*` stands for any octets, `?` for one; behind `\` an octet stands for itself.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows the last star does not fit.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(b'?') => (p, t) = (p + 1, t + 1),
            Some(b'\\') if pattern.get(p + 1).or(Some(&b'\\')) == text.get(t) => {
                (p, t) = (p + 2, t + 1);
            }
            Some(octet) if *octet != b'\\' && Some(octet) == text.get(t) => {
                (p, t) = (p + 1, t + 1);
            }
            _ => match &mut star {
                Some((after, from)) => {
                    *from += 1;
                    (p, t) = (*after, *from);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|octet| *octet == b'*')
}
