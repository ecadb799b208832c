//! Lists of communities, and iteration.

use bgp_wire::{AttributeCode, PathAttributes};
use rib::Route;

use super::{Cell, Place, Program, Run, TrapKind, Vm};
use crate::ast::ListKind;
use crate::format::large_of;
use crate::types::EnumType;

type Result<T> = core::result::Result<T, TrapKind>;

/// Octets of an element.
pub(super) const fn width(kind: ListKind) -> usize {
    match kind {
        ListKind::Path | ListKind::Communities => 4,
        ListKind::Extended => 8,
        ListKind::Large => 12,
    }
}

/// An element as a value.
fn element(kind: ListKind, octets: &[u8]) -> Option<Cell> {
    Some(match kind {
        ListKind::Path => Cell::Int(u32::from_be_bytes(octets.try_into().ok()?)),
        ListKind::Communities => Cell::Pair(u32::from_be_bytes(octets.try_into().ok()?)),
        ListKind::Extended => Cell::Extended(u64::from_be_bytes(octets.try_into().ok()?)),
        ListKind::Large => Cell::Large(large_of(octets.try_into().ok()?)),
    })
}

impl Run<'_> {
    pub(super) fn list_length(&self, kind: ListKind, place: Place) -> u32 {
        if kind == ListKind::Path {
            return self.path(place).len();
        }
        u32::try_from(self.octets(place).len() / width(kind)).unwrap_or(u32::MAX)
    }

    /// The least or greatest element; zeros where there is none.
    pub(super) fn extreme(&self, kind: ListKind, place: Place, greatest: bool) -> Cell {
        if kind == ListKind::Path {
            return Cell::Void;
        }
        // Big-endian octets order as the numbers do.
        let elements = self.octets(place).chunks_exact(width(kind));
        let found = if greatest { elements.max() } else { elements.min() };
        let found = found.or_else(|| [0; 12].get(..width(kind)));
        found.and_then(|octets| element(kind, octets)).unwrap_or(Cell::Void)
    }

    /// The octets of an item that may be in a list of this kind.
    fn item(kind: ListKind, item: Cell, out: &mut [u8; 12]) -> Option<&[u8]> {
        let mut put =
            |octets: &[u8]| out.get_mut(..octets.len()).map(|o| o.copy_from_slice(octets));
        match (kind, item) {
            (ListKind::Communities, Cell::Pair(value) | Cell::Quad(value)) => {
                put(&value.to_be_bytes())?;
            }
            (ListKind::Communities, Cell::Ip(core::net::IpAddr::V4(ip))) => put(&ip.octets())?,
            (ListKind::Extended, Cell::Extended(value)) => put(&value.to_be_bytes())?,
            (ListKind::Large, Cell::Large(parts)) => {
                for (index, part) in parts.into_iter().enumerate() {
                    out.get_mut(4 * index..4 * index + 4)?.copy_from_slice(&part.to_be_bytes());
                }
            }
            _ => return None,
        }
        out.get(..width(kind))
    }

    /// Whether an item is in a list; `None` when it cannot be in one of this kind.
    pub(super) fn in_list(&self, item: Cell, kind: ListKind, place: Place) -> Option<bool> {
        let mut space = [0; 12];
        let item = Self::item(kind, item, &mut space)?;
        Some(self.octets(place).chunks_exact(width(kind)).any(|other| other == item))
    }

    /// `add`: an item, or those of another list, behind what is there already.
    pub(super) fn include(&mut self, kind: ListKind, place: Place, item: Cell) -> Result<Cell> {
        if kind == ListKind::Path {
            return Err(TrapKind::Type);
        }
        if let Cell::List(other, more) = item {
            if other != kind {
                return Err(TrapKind::Type);
            }
            return self.include_all(kind, place, more);
        }
        let mut space = [0; 12];
        let Some(item) = Self::item(kind, item, &mut space) else { return Err(TrapKind::Type) };
        if self.octets(place).chunks_exact(width(kind)).any(|other| other == item) {
            return Ok(Cell::List(kind, place));
        }
        let start = self.vm.arena.len();
        self.copy(place)?;
        self.room(item.len())?;
        self.vm.arena.extend_from_slice(item);
        Ok(Cell::List(kind, self.made(start)?))
    }

    fn include_all(&mut self, kind: ListKind, place: Place, more: Place) -> Result<Cell> {
        let (start, width) = (self.vm.arena.len(), width(kind));
        self.copy(place)?;
        let count = self.octets(more).len() / width;
        for index in 0..count {
            let mut space = [0; 12];
            let Some(item) = self.octets(more).get(index * width..(index + 1) * width) else {
                break;
            };
            let Some(copy) = space.get_mut(..width) else { break };
            copy.copy_from_slice(item);
            let there = self.vm.arena.get(start..).unwrap_or_default();
            if !there.chunks_exact(width).any(|other| other == &*copy) {
                self.room(width)?;
                self.vm.arena.extend_from_slice(copy);
            }
        }
        Ok(Cell::List(kind, self.made(start)?))
    }

    /// `delete` and `filter`: without, or only, what matches an item, a set or another list.
    pub(super) fn keep(
        &mut self,
        kind: ListKind,
        place: Place,
        item: Cell,
        only: bool,
    ) -> Result<Cell> {
        if kind == ListKind::Path {
            return self.keep_path(place, item, only);
        }
        // An item of another type is an error even where there is nothing to compare it with.
        let fits = match item {
            Cell::Set(_) => true,
            Cell::List(other, _) => other == kind,
            _ => !only && Self::item(kind, item, &mut [0; 12]).is_some(),
        };
        if !fits {
            return Err(TrapKind::Type);
        }
        let (start, width) = (self.vm.arena.len(), width(kind));
        let count = self.octets(place).len() / width;
        for index in 0..count {
            let mut space = [0; 12];
            let Some(octets) = self.octets(place).get(index * width..(index + 1) * width) else {
                break;
            };
            let Some(copy) = space.get_mut(..width) else { break };
            copy.copy_from_slice(octets);
            let Some(value) = element(kind, copy) else { break };
            if self.belongs(value, item, only)? == only {
                self.room(width)?;
                self.vm.arena.extend_from_slice(copy);
            }
        }
        Ok(Cell::List(kind, self.made(start)?))
    }

    /// Whether an element is an item, or in a set or list. `filter` takes no single items.
    fn belongs(&self, value: Cell, item: Cell, only: bool) -> Result<bool> {
        match item {
            Cell::Set(constant) => self.set_matches(value, constant),
            Cell::List(kind, place) => self.in_list(value, kind, place).ok_or(TrapKind::Type),
            _ if only => Err(TrapKind::Type),
            Cell::Pair(_) | Cell::Extended(_) | Cell::Large(_) => Ok(value == item),
            Cell::Quad(quad) => Ok(value == Cell::Pair(quad)),
            Cell::Ip(core::net::IpAddr::V4(ip)) => Ok(value == Cell::Pair(ip.into())),
            _ => Err(TrapKind::Type),
        }
    }

    /// The next element of the list in a register; how many there were stands in the one behind it.
    pub(super) fn next_element(&mut self, iterator: u8) -> Result<Option<Cell>> {
        let (Cell::List(kind, place), Cell::Int(index)) =
            (self.cell(iterator), self.cell(iterator + 1))
        else {
            return Err(TrapKind::Type);
        };
        let at = index as usize;
        let next = if kind == ListKind::Path {
            self.path(place).segments().flat_map(|one| one.asns()).nth(at).map(Cell::Int)
        } else {
            let octets = self.octets(place).chunks_exact(width(kind)).nth(at);
            octets.and_then(|octets| element(kind, octets))
        };
        self.set(iterator + 1, Cell::Int(index.saturating_add(1)));
        Ok(next)
    }
}

/// Writes a changed attribute.
pub(super) fn write_attribute(
    vm: &Vm,
    program: &Program,
    route: &Route<'_>,
    code: AttributeCode,
    cell: Cell,
    out: &mut PathAttributes,
) {
    let octets = |place: Place| match place {
        Place::Constant(constant) => match program.constants.get(usize::from(constant)) {
            Some(crate::value::Value::Bytes(bytes) | crate::value::Value::List(_, bytes)) => bytes,
            _ => &[][..],
        },
        Place::Route { start, length } => {
            let start = start as usize;
            route.attributes.bytes().get(start..start + length as usize).unwrap_or_default()
        }
        Place::Arena { start, length } => {
            let start = start as usize;
            vm.arena.get(start..start + length as usize).unwrap_or_default()
        }
    };
    let flags = flags(code);
    match cell {
        Cell::Void => out.remove(code),
        Cell::List(kind, place) => match octets(place) {
            // An empty path is one; empty lists are not sent.
            [] if kind != ListKind::Path => out.remove(code),
            value => out.set(flags, code, value),
        },
        Cell::Bytes(place) => out.set(flags, code, octets(place)),
        Cell::Int(value) | Cell::Quad(value) => out.set(flags, code, &value.to_be_bytes()),
        Cell::Enum(EnumType::Origin, value) => out.set(flags, code, &[value]),
        Cell::Ip(core::net::IpAddr::V4(ip)) => out.set(flags, code, &ip.octets()),
        Cell::Bool(true) => out.set(flags, code, &[]),
        Cell::Bool(false) => out.remove(code),
        _ => out,
    };
}

/// Flags of an attribute that a filter sets (RFC 4271 §4.3): well-known, optional, or optional and transitive.
const fn flags(code: AttributeCode) -> u8 {
    match code {
        AttributeCode::ORIGIN
        | AttributeCode::AS_PATH
        | AttributeCode::NEXT_HOP
        | AttributeCode::LOCAL_PREF
        | AttributeCode::ATOMIC_AGGREGATE => 0x40,
        AttributeCode::MULTI_EXIT_DISC
        | AttributeCode::ORIGINATOR_ID
        | AttributeCode::CLUSTER_LIST
        | AttributeCode::AIGP => 0x80,
        _ => 0xc0,
    }
}
