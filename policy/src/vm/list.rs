//! Lists of communities, and iteration.

use core::net::IpAddr;

use bgp_wire::{AttributeCode, PathAttributes};
use rib::Route;
use smallvec::SmallVec;

use super::{Cell, Place, Program, Run, TrapKind, Vm};
use crate::ast::ListKind;
use crate::format::large_of;
use crate::types::EnumType;
use crate::value::Value;

type Result<T> = core::result::Result<T, TrapKind>;

/// Octets of an element.
pub(super) const fn width(kind: ListKind) -> usize {
    match kind {
        ListKind::Path | ListKind::Communities => 4,
        ListKind::Extended => 8,
        ListKind::Large => 12,
    }
}

/// How many comparisons cost as much as an instruction.
const COMPARED: usize = 8;

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
            (ListKind::Communities, Cell::Ip(IpAddr::V4(ip))) => put(&ip.octets())?,
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
        self.burn(count * (self.octets(place).len() / width + count) / COMPARED)?;
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
        if let Cell::List(_, other) = item {
            self.burn(count * (self.octets(other).len() / width) / COMPARED)?;
        }
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
            Cell::Ip(IpAddr::V4(ip)) => Ok(value == Cell::Pair(ip.into())),
            _ => Err(TrapKind::Type),
        }
    }

    /// The next element of the list in a register. The one behind it holds where that stands, and how many ASes the
    /// segment of a path has left.
    pub(super) fn next_element(&mut self, iterator: u8) -> Result<Option<Cell>> {
        let (Cell::List(kind, place), Cell::Large([at, left, _])) =
            (self.cell(iterator), self.cell(iterator + 1))
        else {
            return Err(TrapKind::Type);
        };
        let (octets, mut at, mut left) = (self.octets(place), at as usize, left);
        while kind == ListKind::Path && left == 0 {
            let Some(count) = octets.get(at + 1) else { return Ok(None) };
            (at, left) = (at + 2, (*count).into());
        }
        let Some(element) = octets.get(at..at + width(kind)).and_then(|one| element(kind, one))
        else {
            return Ok(None);
        };
        let next = u32::try_from(at + width(kind)).unwrap_or(u32::MAX);
        self.set(iterator + 1, Cell::Large([next, left.saturating_sub(1), 0]));
        Ok(Some(element))
    }
}

/// The route's path attributes with what a run has changed, in one walk.
pub(super) fn apply(vm: &Vm, program: &Program, route: &Route<'_>, out: &mut PathAttributes) {
    let mut changes: SmallVec<[(AttributeCode, Cell); 8]> = vm
        .changes
        .iter()
        .filter_map(|(attribute, cell)| Some((attribute.bgp_code()?, *cell)))
        .collect();
    if changes.is_empty() {
        return out.copy_from(route.attributes);
    }
    changes.sort_unstable_by_key(|change| change.0);
    let mut changes = changes.into_iter().peekable();
    out.clear();
    for raw in route.attributes.iter() {
        while let Some((code, cell)) = changes.next_if(|change| change.0 < raw.code) {
            write_attribute(vm, program, route, code, cell, out);
        }
        match changes.next_if(|change| change.0 == raw.code) {
            Some((code, cell)) => write_attribute(vm, program, route, code, cell, out),
            None => {
                out.append(raw.flags, raw.code, raw.value);
            }
        }
    }
    for (code, cell) in changes {
        write_attribute(vm, program, route, code, cell, out);
    }
}

/// Appends a changed attribute, unless it is taken away.
fn write_attribute(
    vm: &Vm,
    program: &Program,
    route: &Route<'_>,
    code: AttributeCode,
    cell: Cell,
    out: &mut PathAttributes,
) {
    let octets = |place: Place| match place {
        Place::Constant(constant) => match program.constants.get(usize::from(constant)) {
            Some(Value::Bytes(bytes) | Value::List(_, bytes)) => bytes,
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
        Cell::List(kind, place) => match octets(place) {
            // An empty path is one; empty lists are not sent.
            [] if kind != ListKind::Path => {}
            value => {
                out.append(flags, code, value);
            }
        },
        Cell::Bytes(place) => {
            out.append(flags, code, octets(place));
        }
        Cell::Int(value) | Cell::Quad(value) => {
            out.append(flags, code, &value.to_be_bytes());
        }
        Cell::Enum(EnumType::Origin, value) => {
            out.append(flags, code, &[value]);
        }
        Cell::Ip(IpAddr::V4(ip)) => {
            out.append(flags, code, &ip.octets());
        }
        Cell::Bool(true) => {
            out.append(flags, code, &[]);
        }
        _ => {}
    }
}

/// Flags of an attribute that a filter sets (RFC 4271 §4.3): well-known, optional, or optional and transitive.
pub(super) const fn flags(code: AttributeCode) -> u8 {
    match code {
        AttributeCode::ORIGIN
        | AttributeCode::AS_PATH
        | AttributeCode::LOCAL_PREF
        | AttributeCode::ATOMIC_AGGREGATE => 0x40,
        AttributeCode::MULTI_EXIT_DISC
        | AttributeCode::ORIGINATOR_ID
        | AttributeCode::CLUSTER_LIST
        | AttributeCode::AIGP => 0x80,
        _ => 0xc0,
    }
}
