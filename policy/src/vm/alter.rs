//! Lists of attributes with something added or taken away.

use super::arena::Whereabouts;
use super::{Cell, Place, Run, TrapKind, operation};
use crate::ast::ListKind;
use crate::attribute::Attribute;
use crate::program::Binary;
use crate::types::Type;

type Result<T> = core::result::Result<T, TrapKind>;

/// Most octets of an attribute (RFC 4271 §4.3).
const LONGEST: usize = u16::MAX as usize;

impl Run<'_> {
    /// Sets an attribute to what an operation makes of it and a constant.
    #[inline(never)]
    pub(super) fn alter(
        &mut self,
        operation: Binary,
        attribute: Attribute,
        constant: u16,
    ) -> Result<()> {
        let item = self.program.cells.get(usize::from(constant)).copied().ok_or(TrapKind::Type)?;
        let ty = attribute.ty();
        if let Type::List(kind) = ty {
            let place = self.list_place(attribute);
            if let (Binary::Include, Cell::Pair(pair)) = (operation, item)
                && kind == ListKind::Communities
            {
                let place = self.include_community(place, pair.to_be_bytes())?;
                self.change(attribute, Cell::List(kind, place));
                return Ok(());
            }
            if let (Binary::Delete, Cell::Pair(pair)) = (operation, item)
                && kind == ListKind::Communities
            {
                self.charge_binary(operation, Cell::List(kind, place), item)?;
                let place = self.without(place, pair.to_be_bytes())?;
                self.change(attribute, Cell::List(kind, place));
                return Ok(());
            }
            self.charge_alter(operation, kind, place, &item)?;
            let place = match operation {
                Binary::Include => Some(self.include(kind, place, item)?),
                Binary::Delete => Some(self.keep(kind, place, item, false)?),
                Binary::Filter => Some(self.keep(kind, place, item, true)?),
                _ => None,
            };
            if let Some(place) = place {
                self.check_list(attribute, kind, place)?;
                self.change(attribute, Cell::List(kind, place));
                return Ok(());
            }
        }
        let left = self.attribute(attribute)?;
        let cell = operation::convert(self.binary(operation, left, item)?, ty)?;
        self.check_change(attribute, cell)?;
        self.change(attribute, cell);
        Ok(())
    }

    /// What is done most often: a community behind those that are there, unless it is among them.
    #[inline]
    fn include_community(&mut self, place: Place, item: [u8; 4]) -> Result<Place> {
        let octets = self.octets(place);
        let length = octets.len();
        let is_there = octets.as_chunks().0.contains(&item);
        // Looked through, and copied.
        self.charge_octets(2 * length)?;
        if is_there {
            return Ok(place);
        }
        if length + item.len() > LONGEST {
            return Err(TrapKind::TooMuchMemory);
        }
        self.room(length + item.len())?;
        let end = self.vm.arena.len();
        let start = match place.whereabouts() {
            Whereabouts::Arena(part) if part.range().end == end => part.range().start,
            Whereabouts::Arena(part) => {
                self.vm.arena.extend_from_within(part.within(end));
                end
            }
            _ => {
                let octets = self.outside(place);
                self.vm.arena.extend_from_slice(octets);
                end
            }
        };
        self.vm.arena.extend_from_slice(&item);
        self.made(start)
    }
}
