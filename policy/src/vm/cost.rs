//! What operations cost whose work grows with a list, a text or a constant: about as much as the instructions that
//! take as long.

use super::{Cell, Place, Run, TrapKind, Whereabouts};
use crate::ast::ListKind;
use crate::mask::MaskKind;
use crate::program::{Binary, Unary};
use crate::value::{Net, Set, Value};

type Result<T> = core::result::Result<T, TrapKind>;

/// Octets that are walked over, compared or copied as fast as an instruction is done.
const WALKED: usize = 32;

/// The same, of list elements that are looked up or looked at one by one, and of what is printed.
const LOOKED_UP: usize = 4;

/// What an item of a set or mask counts when two of them are compared, or printed, in octets.
const ITEM: usize = 32;

impl Run<'_> {
    pub(super) fn charge_unary(&mut self, operation: Unary, of: Cell) -> Result<()> {
        match operation {
            Unary::Format | Unary::FromHex => self.charge_text(of),
            _ => self.charge_walk(of),
        }
    }

    #[inline]
    pub(super) fn charge_binary(
        &mut self,
        operation: Binary,
        left: Cell,
        right: Cell,
    ) -> Result<()> {
        if !is_long(left) && !is_long(right) {
            return Ok(());
        }
        match operation {
            Binary::Match | Binary::NotMatch => self.charge_match(left, right),
            Binary::Delete | Binary::Filter => self.burn(self.length(left) / LOOKED_UP),
            _ => self.burn(self.weight(left).saturating_add(self.weight(right)) / WALKED),
        }
    }

    /// A list with an item: without a detour where that is a single one.
    #[inline]
    pub(super) fn charge_alter(
        &mut self,
        operation: Binary,
        kind: ListKind,
        place: Place,
        item: &Cell,
    ) -> Result<()> {
        if operation == Binary::Include && matches!(item, Cell::Pair(_) | Cell::Int(_)) {
            let octets = self.octets(place).len();
            return self.charge_octets(octets);
        }
        self.charge_binary(operation, Cell::List(kind, place), *item)
    }

    /// `left ~ right`
    #[inline]
    pub(super) fn charge_match(&mut self, left: Cell, right: Cell) -> Result<()> {
        if !has_length(left) && !has_length(right) {
            return Ok(());
        }
        let cost = match (left, right) {
            (_, Cell::Set(_)) => self.length(left) / LOOKED_UP,
            (Cell::Text(_), Cell::Text(_)) => {
                self.length(left).saturating_mul(self.length(right)) / WALKED
            }
            (_, Cell::Mask(_) | Cell::OwnMask(_)) => {
                let items = self.mask_of(right).map_or(0, |mask| mask.items().len());
                return self.charge_looking_up(self.length(left), items);
            }
            _ => self.length(left).saturating_add(self.length(right)) / WALKED,
        };
        self.burn(cost)
    }

    /// So many octets looked up, each so many times.
    #[inline]
    pub(super) fn charge_looking_up(&mut self, octets: usize, times: usize) -> Result<()> {
        self.burn(octets.saturating_mul(times) / LOOKED_UP)
    }

    /// What goes over a list once.
    #[inline]
    pub(super) fn charge_walk(&mut self, of: Cell) -> Result<()> {
        if has_length(of) { self.charge_octets(self.length(of)) } else { Ok(()) }
    }

    #[inline]
    pub(super) fn charge_octets(&mut self, count: usize) -> Result<()> {
        self.burn(count / WALKED)
    }

    /// What makes a text of a value, or a value of a text.
    pub(super) fn charge_text(&mut self, of: Cell) -> Result<()> {
        let cost = match of {
            // However many ranges they are, not many more are shown than there are items.
            Cell::Set(constant) => self.set_of(constant).map_or(0, |set| match set {
                Set::Pair(set) => set.items().len(),
                _ => steps(set),
            }),
            _ => self.weight(of) / LOOKED_UP,
        };
        self.burn(cost)
    }

    /// Octets that an operation that compares two values may go over.
    fn weight(&self, cell: Cell) -> usize {
        let items = match cell {
            Cell::Set(constant) => self.set_of(constant).map_or(0, steps),
            Cell::Mask(_) | Cell::OwnMask(_) => self.mask_of(cell).map_or(0, |mask| {
                let sets = mask.items().iter().map(|item| match &item.kind {
                    MaskKind::Set(set) => 1 + set.len(),
                    _ => 1,
                });
                sets.sum()
            }),
            Cell::Net(_) | Cell::RouteNet => match self.net(cell) {
                Ok(Net::Flow(flow)) => flow.len(),
                _ => 1,
            },
            _ => return self.length(cell),
        };
        items.saturating_mul(ITEM)
    }

    /// Octets of a list or text.
    #[inline]
    fn length(&self, cell: Cell) -> usize {
        match cell {
            Cell::List(_, place) | Cell::Text(place) | Cell::Bytes(place) => {
                match place.whereabouts() {
                    Whereabouts::Route(part) | Whereabouts::Arena(part) => part.range().len(),
                    Whereabouts::Constant(constant) => {
                        match self.program.constants.get(usize::from(constant)) {
                            Some(Value::Text(text)) => text.len(),
                            Some(Value::Bytes(bytes) | Value::List(_, bytes)) => bytes.len(),
                            _ => 0,
                        }
                    }
                }
            }
            _ => 0,
        }
    }
}

/// What the items of a set count when it is compared or printed.
fn steps(set: &Set) -> usize {
    /// Nodes of the tree that BIRD would have of a prefix
    const NODES: usize = 32;
    match set {
        Set::Empty => 0,
        Set::Int(set) | Set::Quad(set) => set.len(),
        Set::Pair(set) => set.items().len() + set.len(),
        Set::Ip(set) => set.len(),
        Set::Prefix(set) => set.len() * NODES,
        Set::RouteDistinguisher(set) | Set::Extended(set) => set.len(),
        Set::Large(set) => set.len(),
        Set::Enum(_, set) => set.len(),
    }
}

const fn has_length(cell: Cell) -> bool {
    matches!(cell, Cell::List(..) | Cell::Text(_) | Cell::Bytes(_))
}

const fn is_long(cell: Cell) -> bool {
    has_length(cell)
        || matches!(
            cell,
            Cell::Set(_) | Cell::Mask(_) | Cell::OwnMask(_) | Cell::Net(_) | Cell::RouteNet
        )
}
