//! What kinds of value the registers hold, along all ways through a code.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::kinds::Kinds;
use super::{Loops, Result, Verifier, VerifyErrorKind, jump};
use crate::program::{Instruction, Register};

/// A kind for each register; `None` where no way leads.
type State = Option<Vec<Kinds>>;

impl Verifier<'_> {
    /// One pass is enough: jumps go forward, and at the head of a loop nothing is taken as known of what its body
    /// writes.
    pub(super) fn flow(&self, loops: &Loops) -> Result<()> {
        let arguments = usize::from(self.code.arguments);
        let mut start = alloc::vec![Kinds::VOID; usize::from(self.code.registers)];
        start.iter_mut().take(arguments).for_each(|kind| *kind = Kinds::ANY);
        let mut now: State = Some(start);
        let mut ahead: BTreeMap<usize, Vec<Kinds>> = BTreeMap::new();
        let mut next_loop = loops.list.iter();
        for (at, instruction) in self.code.instructions.iter().enumerate() {
            if let Some(other) = ahead.remove(&at) {
                now = Some(join(now, other));
            }
            let head = match instruction {
                Instruction::Next { .. } => next_loop.next(),
                _ => None,
            };
            let Some(mut state) = now.take() else { continue };
            if let Some(head) = head {
                let counter = match *instruction {
                    Instruction::Next { iterator, .. } => iterator + 1,
                    _ => 0,
                };
                let count = get(&state, counter);
                let body = self.code.instructions.get(head.next..=head.again);
                for instruction in body.unwrap_or_default() {
                    self.forget(&mut state, instruction);
                }
                // Only its `Next` writes it, and triples only.
                set(&mut state, counter, count);
            }
            now = self.step(at, instruction, state, &mut ahead)?;
        }
        Ok(())
    }

    fn forget(&self, state: &mut [Kinds], instruction: &Instruction) {
        for range in self.writes(instruction) {
            let range = usize::from(range.start)..usize::from(range.end);
            state.get_mut(range).into_iter().flatten().for_each(|kind| *kind = Kinds::ANY);
        }
    }

    /// The state behind an instruction; those where it jumps to go into `ahead`.
    fn step(
        &self,
        at: usize,
        instruction: &Instruction,
        mut state: Vec<Kinds>,
        ahead: &mut BTreeMap<usize, Vec<Kinds>>,
    ) -> Result<State> {
        let wrong = self.error(at, VerifyErrorKind::Type);
        let written = self.kinds(instruction, &state).ok_or(wrong)?;
        if let Some(target) = jump(instruction) {
            let before = ahead.remove(&target);
            ahead.insert(target, join(before, state.clone()));
        }
        match *instruction {
            Instruction::Jump { .. }
            | Instruction::Again { .. }
            | Instruction::Return { .. }
            | Instruction::End(_)
            | Instruction::FellOff => return Ok(None),
            Instruction::Call { .. } => self.forget(&mut state, instruction),
            Instruction::Iterate { iterator } => {
                let list = get(&state, iterator).and(Kinds::LISTS);
                set(&mut state, iterator, if list.is_none() { Kinds::LISTS } else { list });
                set(&mut state, iterator + 1, Kinds::LARGE);
            }
            Instruction::Next { to, .. } => set(&mut state, to, written),
            _ => {
                for range in self.writes(instruction) {
                    let range = usize::from(range.start)..usize::from(range.end);
                    state.get_mut(range).into_iter().flatten().for_each(|kind| *kind = written);
                }
            }
        }
        Ok(Some(state))
    }

    /// The kinds of what an instruction writes; `None` when its operands can never do.
    fn kinds(&self, instruction: &Instruction, state: &[Kinds]) -> Option<Kinds> {
        let of = |register: Register| get(state, register);
        let constant = |number: u16| {
            let value = self.program.constants.get(usize::from(number));
            value.map_or(Kinds::NONE, |value| Kinds::of(value.ty()))
        };
        let need = |holds: bool, gives: Kinds| holds.then_some(gives);
        match *instruction {
            Instruction::Constant { constant: number, .. } => Some(constant(number)),
            Instruction::Void { .. } => Some(Kinds::VOID),
            Instruction::Move { of: from, .. } => Some(of(from)),
            Instruction::Attribute { attribute, .. } => {
                Some(Kinds::of(attribute.ty()) | Kinds::VOID)
            }
            Instruction::SetAttribute { attribute, of: from } => {
                // A router identifier is set by a number, too.
                let kinds = of(from).converted(attribute.ty());
                let number = attribute.ty() == crate::types::Type::Quad;
                let fits = !kinds.is_none() || number && of(from).may_be(Kinds::INT);
                need(fits, Kinds::NONE)
            }
            Instruction::Unary { operation, of: from, .. } => of(from).unary(operation),
            Instruction::Binary { operation, left, right, .. } => {
                Kinds::binary(operation, of(left), of(right))
            }
            Instruction::Compute { operation, left, constant: number, .. } => {
                Kinds::binary(operation, of(left), constant(number))
            }
            Instruction::Large { of: from, .. } => {
                let ints = (0..3).all(|offset| of(from + offset).may_be(Kinds::INT));
                need(ints, Kinds::LARGE)
            }
            Instruction::Extended { left, right, .. } => {
                let fits = of(left).may_be(Kinds::KEY) && of(right).may_be(Kinds::INT);
                need(fits, Kinds::EXTENDED)
            }
            Instruction::Convert { of: from, ty, .. } => {
                let kinds = of(from).converted(ty);
                need(!kinds.is_none(), kinds)
            }
            Instruction::JumpIf { of: from, .. } => need(of(from).may_be(Kinds::BOOL), Kinds::NONE),
            Instruction::JumpIfMatch { of: from, constant: number, .. } => {
                need(Kinds::may_match(of(from), constant(number)), Kinds::NONE)
            }
            Instruction::JumpIfIn { constant: number, attribute, .. } => {
                let list = Kinds::of(attribute.ty());
                need(Kinds::may_match(constant(number), list), Kinds::NONE)
            }
            Instruction::JumpIfAttribute { attribute, constant: number, .. } => {
                let value = Kinds::of(attribute.ty()) | Kinds::VOID;
                need(Kinds::may_match(value, constant(number)), Kinds::NONE)
            }
            Instruction::Alter { operation, attribute, constant: number } => {
                let value = Kinds::of(attribute.ty()) | Kinds::VOID;
                let made = Kinds::binary(operation, value, constant(number))?;
                need(!made.converted(attribute.ty()).is_none(), Kinds::NONE)
            }
            Instruction::Iterate { iterator } => {
                need(of(iterator).may_be(Kinds::LISTS), Kinds::LARGE)
            }
            Instruction::Next { iterator, .. } => {
                let (list, count) = (of(iterator), of(iterator + 1));
                let sure = list.is_in(Kinds::LISTS) && count.is_in(Kinds::LARGE);
                need(sure, list.elements())
            }
            Instruction::MaskItem { of: from, .. } => {
                need(of(from).may_be(Kinds::MASK_ITEM), Kinds::NONE)
            }
            Instruction::MaskRange { low, high, .. } => {
                need(of(low).may_be(Kinds::INT) && of(high).may_be(Kinds::INT), Kinds::NONE)
            }
            Instruction::MaskEnd { .. } => Some(Kinds::MASK),
            Instruction::Roa { of: from, .. } => {
                let fits = of(from).may_be(Kinds::PREFIX) && of(from + 1).may_be(Kinds::INT);
                need(fits, Kinds::ENUM)
            }
            Instruction::Unset { .. }
            | Instruction::Jump { .. }
            | Instruction::Call { .. }
            | Instruction::Return { .. }
            | Instruction::Again { .. }
            | Instruction::MaskBegin
            | Instruction::MaskOne { .. }
            | Instruction::MaskSome
            | Instruction::Print { .. }
            | Instruction::PrintEnd { .. }
            | Instruction::Assert { .. }
            | Instruction::End(_)
            | Instruction::FellOff => Some(Kinds::NONE),
        }
    }
}

fn get(state: &[Kinds], register: Register) -> Kinds {
    state.get(usize::from(register)).copied().unwrap_or(Kinds::NONE)
}

fn set(state: &mut [Kinds], register: Register, kinds: Kinds) {
    if let Some(place) = state.get_mut(usize::from(register)) {
        *place = kinds;
    }
}

fn join(one: State, mut other: Vec<Kinds>) -> Vec<Kinds> {
    for (place, kinds) in other.iter_mut().zip(one.into_iter().flatten()) {
        *place = *place | kinds;
    }
    other
}
