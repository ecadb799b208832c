//! Values as texts, and on their own.

use alloc::string::String;
use core::fmt::Write as _;

use super::{Cell, Run, TrapKind};
use crate::value::Value;

type Result<T> = core::result::Result<T, TrapKind>;

impl Run<'_> {
    pub(super) fn format(&mut self, cell: Cell) -> Result<Cell> {
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
}

/// A text that does not grow without end: `[(*,1)]` alone prints as 65,536 ranges.
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
