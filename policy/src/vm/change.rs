//! What a run changes: whether it may stand in an attribute, and what a host is told of it.

use core::net::IpAddr;

use bgp_wire::{NextHop, RawAttribute};

use super::{Cell, Extra, Place, Program, Run, TrapKind, Vm, Whereabouts, list};
use crate::ast::ListKind;
use crate::attribute::Attribute;
use crate::value::Value;

/// What a run has made of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<T> {
    /// It is as it came.
    Kept,
    /// It was taken away.
    Removed,
    /// It has this value.
    Set(T),
}

impl Run<'_> {
    /// Keeps values out of an attribute that it cannot have, or that a neighbour would refuse (RFC 7606): a wrong
    /// length of octets, a path with AS 0 (RFC 7607 §2), a next hop that no host has (RFC 4271 §6.3).
    pub(super) fn check_change(
        &mut self,
        attribute: Attribute,
        cell: Cell,
    ) -> Result<(), TrapKind> {
        self.charge_walk(cell)?;
        let fits = match (attribute.bgp_code(), cell) {
            (_, Cell::Ip(ip)) if attribute == Attribute::NextHop => {
                NextHop::from(ip.to_canonical()).is_host()
            }
            (Some(_), Cell::List(kind, place)) => return self.check_list(attribute, kind, place),
            (Some(code), Cell::Bytes(place)) => {
                let value = self.octets(place);
                // No longer than an attribute can be (RFC 4271 §4.3).
                if value.len() > usize::from(u16::MAX) {
                    return Err(TrapKind::TooMuchMemory);
                }
                RawAttribute { flags: list::flags(code), code, value }.is_well_formed()
            }
            _ => true,
        };
        if fits { Ok(()) } else { Err(TrapKind::Malformed) }
    }

    /// The same for a list. Those of communities are always what they should be.
    #[inline]
    pub(super) fn check_list(
        &mut self,
        attribute: Attribute,
        kind: ListKind,
        place: Place,
    ) -> Result<(), TrapKind> {
        let value = self.octets(place);
        let length = value.len();
        if length > usize::from(u16::MAX) {
            return Err(TrapKind::TooMuchMemory);
        }
        let path = (kind == ListKind::Path && length > 0).then(|| attribute.bgp_code()).flatten();
        if let Some(code) = path
            && !(RawAttribute { flags: list::flags(code), code, value }).is_well_formed()
        {
            return Err(TrapKind::Malformed);
        }
        self.charge_octets(length)
    }
}

impl Vm {
    /// The next hop that the last run has set (`bgp_next_hop`). [`Vm::apply`] does not write it, as next hops go with
    /// a route and do not stand among its attributes. It is one that a host may have; an IPv4 address is never a
    /// mapped one. It need not be of the family of the route (RFC 8950).
    pub fn next_hop(&self) -> Change<IpAddr> {
        let change = self.changes.iter().find(|change| change.0 == Attribute::NextHop);
        match change.map(|change| change.1) {
            None => Change::Kept,
            Some(Cell::Ip(ip)) => Change::Set(ip.to_canonical()),
            Some(_) => Change::Removed,
        }
    }

    /// What the last run, one of `program`, has made of the attributes that [`Vm::apply`] does not write, in the
    /// order in which they were last changed: `None` where it was taken away. Each is there at most once.
    pub fn changes<'a>(
        &'a self,
        program: &'a Program,
    ) -> impl Iterator<Item = (Attribute, Option<Extra<'a>>)> {
        let others = self.changes.iter().filter(|change| change.0.bgp_code().is_none());
        others.map(|(attribute, cell)| {
            let octets = |place: Place| match place.whereabouts() {
                Whereabouts::Constant(constant) => {
                    match program.constants.get(usize::from(constant)) {
                        Some(Value::Text(text)) => text.as_bytes(),
                        Some(Value::Bytes(bytes)) => bytes,
                        _ => &[],
                    }
                }
                Whereabouts::Arena(part) => part.of(&self.arena),
                // Of the route there are only values of path attributes.
                Whereabouts::Route(_) => &[],
            };
            let value = match *cell {
                Cell::Bool(value) => Some(Extra::Bool(value)),
                Cell::Int(value) => Some(Extra::Int(value)),
                Cell::Ip(value) => Some(Extra::Ip(value.to_canonical())),
                Cell::Quad(value) => Some(Extra::Quad(value)),
                Cell::Enum(_, value) => Some(Extra::Enum(value)),
                Cell::Text(place) => {
                    Some(Extra::Text(core::str::from_utf8(octets(place)).unwrap_or_default()))
                }
                Cell::Bytes(place) => Some(Extra::Bytes(octets(place))),
                _ => None,
            };
            (*attribute, value)
        })
    }
}
