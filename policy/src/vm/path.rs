//! AS paths and masks.

use bgp_wire::{AsPath, SegmentKind};

use super::{Cell, Place, Run, TrapKind};
use crate::ast::ListKind;
use crate::mask::{MaskItem, MaskKind, PathMask};
use crate::value::{Set, Value};

type Result<T> = core::result::Result<T, TrapKind>;

/// Type of a segment that is a sequence, and most ASes of a segment (RFC 4271 §4.3).
pub(super) const SEQUENCE: u8 = 2;
const MOST: u8 = 255;

/// About what an item of a mask takes with its states, in octets.
const MASK_ITEM: usize = 192;

impl Run<'_> {
    pub(super) fn path(&self, place: Place) -> AsPath<'_> {
        AsPath::new(self.octets(place))
    }

    /// The last AS before the first set, or the last of all.
    pub(super) fn last_non_aggregated(&self, place: Place) -> u32 {
        let mut last = 0;
        for segment in self.path(place).segments() {
            match segment.kind {
                SegmentKind::Sequence => last = segment.asns().next_back().unwrap_or(last),
                SegmentKind::Set => break,
                SegmentKind::ConfedSequence | SegmentKind::ConfedSet => {}
            }
        }
        last
    }

    pub(super) fn prepend(&mut self, place: Place, asn: u32) -> Result<Cell> {
        let start = self.vm.arena.len();
        let octets = self.octets(place);
        let (length, head) = match octets {
            [SEQUENCE, count, ..] if *count < MOST => (octets.len(), Some(*count)),
            _ => (octets.len(), None),
        };
        self.room(6)?;
        self.vm.arena.extend([SEQUENCE, head.map_or(1, |count| count + 1)]);
        self.vm.arena.extend(asn.to_be_bytes());
        // Without the head that is new.
        self.copy_part(place, if head.is_some() { 2 } else { 0 }..length)?;
        Ok(Cell::List(ListKind::Path, self.made(start)?))
    }

    /// `delete` and `filter` of ASes: segments of which nothing is left go.
    pub(super) fn keep_path(&mut self, place: Place, item: Cell, only: bool) -> Result<Place> {
        if !matches!(item, Cell::Set(_)) && (only || !matches!(item, Cell::Int(_))) {
            return Err(TrapKind::Type);
        }
        let start = self.vm.arena.len();
        let mut at = 0;
        while let Some([kind, count]) = self.octets(place).get(at..at + 2).map(|o| [o[0], o[1]]) {
            let head = self.vm.arena.len();
            self.room(2 + 4 * usize::from(count))?;
            self.vm.arena.extend([kind, 0]);
            let mut kept = 0;
            for index in 0..usize::from(count) {
                let from = at + 2 + 4 * index;
                let Some(octets) = self.octets(place).get(from..from + 4) else { break };
                let Ok(octets) = <[u8; 4]>::try_from(octets) else { break };
                let asn = u32::from_be_bytes(octets);
                let matches = match item {
                    Cell::Int(other) if !only => asn == other,
                    Cell::Set(constant) => self.set_matches(Cell::Int(asn), constant)?,
                    _ => return Err(TrapKind::Type),
                };
                if matches == only {
                    self.vm.arena.extend(octets);
                    kept += 1;
                }
            }
            match (kept, self.vm.arena.get_mut(head + 1)) {
                (0, _) | (_, None) => self.vm.arena.truncate(head),
                (kept, Some(place)) => *place = kept,
            }
            at += 2 + 4 * usize::from(count);
        }
        self.made(start)
    }

    pub(super) fn mask_of(&self, cell: Cell) -> Option<&PathMask> {
        match cell {
            Cell::Mask(constant) => match self.program.constants.get(usize::from(constant)) {
                Some(Value::Mask(mask)) => Some(mask),
                _ => None,
            },
            Cell::OwnMask(index) => self.vm.masks.get(usize::from(index)),
            _ => None,
        }
    }

    pub(super) fn mask_item(&mut self, cell: Cell, repeat: bool) -> Result<()> {
        let kind = match cell {
            Cell::Int(asn) => MaskKind::Asn(asn),
            Cell::Set(constant) => match self.set_of(constant) {
                Some(Set::Int(set)) => MaskKind::Set(set.clone()),
                Some(Set::Empty) => MaskKind::Set(Default::default()),
                _ => return Err(TrapKind::Type),
            },
            // A path stands for its ASes.
            Cell::List(ListKind::Path, place) => {
                let asns: alloc::vec::Vec<u32> =
                    self.path(place).segments().flat_map(|one| one.asns()).collect();
                self.room(MASK_ITEM * (self.vm.mask.len() + asns.len()))?;
                self.vm.mask.extend(asns.into_iter().map(|asn| MaskKind::Asn(asn).into()));
                return Ok(());
            }
            _ => return Err(TrapKind::Type),
        };
        self.vm.mask.push(MaskItem { kind, repeat });
        Ok(())
    }

    pub(super) fn mask_range(&mut self, low: Cell, high: Cell, repeat: bool) -> Result<()> {
        let (Cell::Int(low), Cell::Int(high)) = (low, high) else { return Err(TrapKind::Type) };
        self.vm.mask.push(MaskItem { kind: MaskKind::Range(low, high), repeat });
        Ok(())
    }

    pub(super) fn mask_end(&mut self) -> Result<Cell> {
        let items = core::mem::take(&mut self.vm.mask);
        self.room(MASK_ITEM * items.len())?;
        self.vm.kept += MASK_ITEM * (items.len() + 1);
        let mask = PathMask::new(items).map_err(|_| TrapKind::TooMuchMemory)?;
        let index = u16::try_from(self.vm.masks.len()).map_err(|_| TrapKind::TooMuchMemory)?;
        self.vm.masks.push(mask);
        Ok(Cell::OwnMask(index))
    }
}
