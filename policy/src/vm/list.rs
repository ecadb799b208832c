//! Lists of communities, and iteration.

use core::net::IpAddr;

use bgp_wire::{AttributeCode, AttributesRef, PathAttributes};
use rib::Route;

use super::path::SEQUENCE;
use super::{Cell, Place, Program, Run, TrapKind, Vm, Whereabouts};
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

/// Offset of an item in a list.
fn position(kind: ListKind, octets: &[u8], item: &[u8]) -> Option<usize> {
    fn find<const WIDTH: usize>(octets: &[u8], item: &[u8]) -> Option<usize> {
        let item: &[u8; WIDTH] = item.try_into().ok()?;
        Some(WIDTH * octets.as_chunks().0.iter().position(|other| other == item)?)
    }
    match kind {
        ListKind::Path | ListKind::Communities => find::<4>(octets, item),
        ListKind::Extended => find::<8>(octets, item),
        ListKind::Large => find::<12>(octets, item),
    }
}

/// The octets of a community that may be in such a list.
#[inline]
fn community(kind: ListKind, item: Cell) -> Option<[u8; 4]> {
    match item {
        _ if kind != ListKind::Communities => None,
        Cell::Pair(value) | Cell::Quad(value) => Some(value.to_be_bytes()),
        Cell::Ip(IpAddr::V4(ip)) => Some(ip.octets()),
        _ => None,
    }
}

impl Run<'_> {
    pub(super) fn list_length(&self, kind: ListKind, place: Place) -> u32 {
        let octets = self.octets(place);
        if kind == ListKind::Path {
            return match octets {
                [SEQUENCE, count, asns @ ..] if asns.len() == 4 * usize::from(*count) => {
                    (*count).into()
                }
                _ => self.path(place).len(),
            };
        }
        u32::try_from(octets.len() / width(kind)).unwrap_or(u32::MAX)
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
            (ListKind::Communities, _) => put(&community(kind, item)?)?,
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
        Some(position(kind, self.octets(place), item).is_some())
    }

    /// `add`: an item, or those of another list, behind what is there already.
    #[inline]
    pub(super) fn include(&mut self, kind: ListKind, place: Place, item: Cell) -> Result<Place> {
        if kind == ListKind::Path {
            return Err(TrapKind::Type);
        }
        if let Cell::List(other, more) = item {
            if other != kind {
                return Err(TrapKind::Type);
            }
            return self.include_all(kind, place, more);
        }
        if let Some(pair) = community(kind, item) {
            return self.include_item(place, pair);
        }
        match (kind, item) {
            (ListKind::Extended, Cell::Extended(value)) => {
                self.include_item(place, value.to_be_bytes())
            }
            (ListKind::Large, Cell::Large(_)) => {
                let mut space = [0; 12];
                Self::item(kind, item, &mut space);
                self.include_item(place, space)
            }
            _ => Err(TrapKind::Type),
        }
    }

    #[inline]
    fn include_item<const WIDTH: usize>(
        &mut self,
        place: Place,
        item: [u8; WIDTH],
    ) -> Result<Place> {
        if self.octets(place).as_chunks().0.contains(&item) {
            return Ok(place);
        }
        let start = self.grown(place)?;
        self.room(WIDTH)?;
        self.vm.arena.extend_from_slice(&item);
        self.made(start)
    }

    #[inline(never)]
    fn include_all(&mut self, kind: ListKind, place: Place, more: Place) -> Result<Place> {
        let width = width(kind);
        let count = self.octets(more).len() / width;
        self.burn(count * (self.octets(place).len() / width + count) / COMPARED)?;
        let start = self.grown(place)?;
        for index in 0..count {
            let mut space = [0; 12];
            let Some(item) = self.octets(more).get(index * width..(index + 1) * width) else {
                break;
            };
            let Some(copy) = space.get_mut(..width) else { break };
            copy.copy_from_slice(item);
            let there = self.vm.arena.get(start..).unwrap_or_default();
            if position(kind, there, copy).is_none() {
                self.room(width)?;
                self.vm.arena.extend_from_slice(copy);
            }
        }
        self.made(start)
    }

    /// `delete` and `filter`: without, or only, what matches an item, a set or another list.
    #[inline]
    pub(super) fn keep(
        &mut self,
        kind: ListKind,
        place: Place,
        item: Cell,
        only: bool,
    ) -> Result<Place> {
        if kind == ListKind::Path {
            return self.keep_path(place, item, only);
        }
        if !only && let Some(pair) = community(kind, item) {
            return self.without(place, pair);
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
        let (start, width, length) = (self.vm.arena.len(), width(kind), self.octets(place).len());
        if let Cell::List(_, other) = item {
            let count = length / width;
            self.burn(count * (self.octets(other).len() / width) / COMPARED)?;
        }
        let mut at = 0;
        while let Some(gone) = self.first_gone(kind, place, at, item, only)? {
            self.copy_part(place, at..gone)?;
            at = gone + width;
        }
        if at == 0 {
            return Ok(place);
        }
        self.copy_part(place, at..length)?;
        self.made(start)
    }

    /// Without one community, however often it is there.
    pub(super) fn without(&mut self, place: Place, item: [u8; 4]) -> Result<Place> {
        let (start, length) = (self.vm.arena.len(), self.octets(place).len());
        let mut at = 0;
        loop {
            let rest = self.octets(place).get(at..).unwrap_or_default();
            let Some(found) = rest.as_chunks().0.iter().position(|other| *other == item) else {
                break;
            };
            let gone = at + 4 * found;
            self.copy_part(place, at..gone)?;
            at = gone + 4;
        }
        if at == 0 {
            return Ok(place);
        }
        self.copy_part(place, at..length)?;
        self.made(start)
    }

    /// Where, from `at` on, the first element is that `delete` or `filter` takes away.
    fn first_gone(
        &self,
        kind: ListKind,
        place: Place,
        at: usize,
        item: Cell,
        only: bool,
    ) -> Result<Option<usize>> {
        let octets = self.octets(place).get(at..).unwrap_or_default();
        let mut space = [0; 12];
        if let Some(item) = Self::item(kind, item, &mut space) {
            return Ok(position(kind, octets, item).map(|found| at + found));
        }
        let width = width(kind);
        for (number, octets) in octets.chunks_exact(width).enumerate() {
            let Some(value) = element(kind, octets) else { break };
            let belongs = match item {
                Cell::Set(constant) => self.set_matches(value, constant)?,
                Cell::List(kind, place) => {
                    self.in_list(value, kind, place).ok_or(TrapKind::Type)?
                }
                _ => return Err(TrapKind::Type),
            };
            if belongs != only {
                return Ok(Some(at + number * width));
            }
        }
        Ok(None)
    }

    /// The next element of the list in a register. The one behind it holds where that stands, and how many ASes the
    /// segment of a path has left.
    #[inline(never)]
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

/// The route's path attributes with what a run has changed, in one walk. What stands between two changes is copied in
/// one piece.
pub(super) fn apply(vm: &Vm, program: &Program, route: &Route<'_>, out: &mut PathAttributes) {
    // A bit for each code that is changed
    let mut codes = 0_u64;
    for (attribute, _) in &vm.changes {
        codes |= attribute.bgp_code().map_or(0, |code| 1 << (code.0 & 63));
    }
    if codes == 0 {
        return out.copy_from(route.attributes);
    }
    out.clear();
    let bytes = route.attributes.bytes();
    let piece = |from, to| AttributesRef::new(bytes.get(from..to).unwrap_or_default());
    let write = |code: u32, out: &mut PathAttributes| {
        let code = AttributeCode(u8::try_from(code).unwrap_or_default());
        let change = vm.changes.iter().find(|change| change.0.bgp_code() == Some(code));
        if let Some((_, cell)) = change {
            write_attribute(vm, program, route, code, *cell, out);
        }
    };
    // How much of the route's has been written, and seen.
    let (mut done, mut seen) = (0, 0);
    for raw in route.attributes.iter() {
        let end = raw.value.as_ptr() as usize - bytes.as_ptr() as usize + raw.value.len();
        if codes.trailing_zeros() <= u32::from(raw.code.0) {
            out.append_all(piece(done, seen));
            done = seen;
            while codes != 0 && codes.trailing_zeros() <= u32::from(raw.code.0) {
                if codes.trailing_zeros() == u32::from(raw.code.0) {
                    done = end;
                }
                write(codes.trailing_zeros(), out);
                codes &= codes - 1;
            }
        }
        seen = end;
    }
    out.append_all(piece(done, seen));
    while codes != 0 {
        write(codes.trailing_zeros(), out);
        codes &= codes - 1;
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
    let octets = |place: Place| match place.whereabouts() {
        Whereabouts::Constant(constant) => match program.constants.get(usize::from(constant)) {
            Some(Value::Bytes(bytes) | Value::List(_, bytes)) => bytes,
            _ => &[][..],
        },
        Whereabouts::Route(part) => part.of(route.attributes.bytes()),
        Whereabouts::Arena(part) => part.of(&vm.arena),
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
