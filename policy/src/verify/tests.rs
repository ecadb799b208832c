use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::VerifyErrorKind as Kind;
use super::*;
use crate::ast::{End, ListKind};
use crate::attribute::Attribute;
use crate::program::{Binary, Unary};
use crate::span::Span;
use crate::value::{Set, Value};

use Instruction as I;

const END: Instruction = I::End(End::Accept);

fn code(instructions: Vec<Instruction>) -> Code {
    let spans = vec![Span::default(); instructions.len()];
    Code { name: None, registers: 6, arguments: 0, instructions, spans }
}

/// One filter; constants 0 to 4 are an int, a text, an empty path, a set and a pair. Function 0 takes two
/// arguments and needs four registers.
fn program(instructions: Vec<Instruction>) -> Program {
    let callee =
        Code { registers: 4, arguments: 2, ..code(vec![I::Void { to: 3 }, I::Return { of: 3 }]) };
    let constants = vec![
        Value::Int(1),
        Value::Text("text".into()),
        Value::List(ListKind::Path, Arc::from([])),
        Value::Set(Set::Empty),
        Value::Pair(5),
    ];
    Program::new(vec![code(instructions)], vec![callee], constants)
}

fn refused(instructions: Vec<Instruction>) -> Option<(usize, Kind)> {
    verify(&program(instructions)).err().map(|error| (error.at, error.kind))
}

fn load(to: u8, constant: u16) -> Instruction {
    I::Constant { to, constant }
}

#[test]
fn registers_constants_and_functions_exist() {
    assert_eq!(refused(vec![load(5, 4), END]), None);
    assert_eq!(refused(vec![load(6, 0), END]), Some((0, Kind::Register)));
    assert_eq!(refused(vec![load(0, 5), END]), Some((0, Kind::Constant)));
    assert_eq!(refused(vec![I::Large { to: 0, of: 4 }, END]), Some((0, Kind::Register)));
    assert_eq!(refused(vec![I::Large { to: 0, of: 255 }, END]), Some((0, Kind::Register)));
    assert_eq!(refused(vec![I::Roa { to: 0, table: 9, of: 5 }, END]), Some((0, Kind::Register)));
    assert_eq!(refused(vec![I::Iterate { iterator: 5 }, END]), Some((0, Kind::Register)));
    assert_eq!(refused(vec![I::Call { function: 0, base: 4 }, END]), None);
    assert_eq!(refused(vec![I::Call { function: 0, base: 5 }, END]), Some((0, Kind::Register)));
    assert_eq!(refused(vec![I::Call { function: 1, base: 0 }, END]), Some((0, Kind::Function)));
    let attribute = Attribute::Net;
    assert_eq!(
        refused(vec![I::SetAttribute { attribute, of: 0 }, END]),
        Some((0, Kind::Attribute))
    );
    let attribute = Attribute::Preference;
    assert_eq!(refused(vec![I::Unset { attribute }, END]), Some((0, Kind::Attribute)));
    let test = I::JumpIfIn { constant: 0, attribute, when: true, target: 1 };
    assert_eq!(refused(vec![test, END]), Some((0, Kind::Attribute)));
}

#[test]
fn code_ends_and_jumps_go_forward() {
    assert_eq!(refused(vec![]), Some((0, Kind::Open)));
    assert_eq!(refused(vec![I::MaskSome]), Some((0, Kind::Open)));
    assert_eq!(refused(vec![I::Jump { target: 1 }, I::FellOff]), None);
    assert_eq!(refused(vec![I::Jump { target: 0 }, END]), Some((0, Kind::Jump)));
    assert_eq!(refused(vec![I::Jump { target: 2 }, END]), Some((0, Kind::Jump)));
    assert_eq!(refused(vec![I::Return { of: 0 }]), Some((0, Kind::Return)));
    let mut other = program(vec![END]);
    other.filters[0].spans.clear();
    assert_eq!(verify(&other).map_err(|error| error.kind), Err(Kind::Spans));
    let mut other = program(vec![END]);
    other.filters[0].arguments = 1;
    assert_eq!(verify(&other).map_err(|error| error.kind), Err(Kind::Arguments));
    let mut other = program(vec![END]);
    other.filters[0].instructions = vec![END; usize::from(u16::MAX)];
    assert_eq!(verify(&other).map_err(|error| error.kind), Err(Kind::TooLarge));
}

/// `for` over a path, with `body` in it
fn each(before: Vec<Instruction>, body: Vec<Instruction>) -> Vec<Instruction> {
    let mut list = before;
    list.extend([load(0, 2), I::Iterate { iterator: 0 }]);
    let next = list.len() as u16;
    let behind = next + body.len() as u16 + 2;
    list.push(I::Next { to: 2, iterator: 0, target: behind });
    list.extend(body);
    list.extend([I::Again { target: next }, END]);
    list
}

#[test]
fn loops_are_over_lists_and_do_not_change_them() {
    assert_eq!(refused(each(vec![], vec![load(3, 0)])), None);
    for register in [0, 1] {
        let body = vec![I::Void { to: register }];
        assert_eq!(refused(each(vec![], body)), Some((3, Kind::Iterator)), "{register}");
    }
    // The callee's registers lie over the iterator's.
    let call = vec![I::Call { function: 0, base: 1 }];
    assert_eq!(refused(each(vec![], call)), Some((3, Kind::Iterator)));
    assert_eq!(refused(each(vec![], vec![I::Call { function: 0, base: 2 }])), None);
    // Over a number, or what is no iterator.
    let number = vec![
        load(0, 0),
        I::Iterate { iterator: 0 },
        I::Next { to: 2, iterator: 0, target: 4 },
        I::Again { target: 2 },
        END,
    ];
    assert_eq!(refused(number), Some((1, Kind::Type)));
    let bare =
        vec![load(0, 2), I::Next { to: 2, iterator: 0, target: 3 }, I::Again { target: 1 }, END];
    assert_eq!(refused(bare), Some((1, Kind::Type)));
    // Way back without a loop, a loop without its end, a jump into a loop.
    assert_eq!(refused(vec![I::Again { target: 0 }, END]), Some((0, Kind::Loop)));
    let open = vec![load(0, 2), I::Next { to: 2, iterator: 0, target: 2 }, END];
    assert_eq!(refused(open), Some((1, Kind::Loop)));
    let jump = I::JumpIf { of: 5, when: true, target: 4 };
    assert_eq!(refused(each(vec![jump], vec![])), Some((0, Kind::Jump)));
    assert_eq!(refused(each(vec![], vec![I::Jump { target: 5 }])), None, "continue, as it were");
    assert_eq!(refused(each(vec![], vec![I::Jump { target: 4 }])), None);
}

#[test]
fn what_a_loop_changes_is_not_known_at_its_head() {
    // A number before the first round, a text before the second.
    let add = I::Binary { operation: Binary::Add, to: 4, left: 3, right: 3 };
    assert_eq!(refused(each(vec![load(3, 0)], vec![add, load(3, 1)])), None);
    assert_eq!(refused(each(vec![load(3, 1)], vec![add])), Some((4, Kind::Type)));
}

#[test]
fn masks_are_built_in_one_piece() {
    let item = I::MaskItem { of: 0, repeat: false };
    let end = I::MaskEnd { to: 1 };
    assert_eq!(refused(vec![I::MaskBegin, load(0, 0), item, I::MaskSome, end, END]), None);
    assert_eq!(refused(vec![I::MaskBegin, END]), Some((1, Kind::Mask)));
    assert_eq!(refused(vec![item, END]), Some((0, Kind::Mask)));
    assert_eq!(refused(vec![I::MaskBegin, I::MaskBegin, end, END]), Some((1, Kind::Mask)));
    let call = I::Call { function: 0, base: 0 };
    assert_eq!(refused(vec![I::MaskBegin, call, end, END]), Some((1, Kind::Mask)));
    let jump = I::JumpIf { of: 5, when: true, target: 2 };
    assert_eq!(refused(vec![jump, I::MaskBegin, end, END]), Some((0, Kind::Mask)));
    let text = vec![load(0, 1), I::MaskBegin, item, end, END];
    assert_eq!(refused(text), Some((2, Kind::Type)));
}

#[test]
fn operations_that_never_work_are_refused() {
    let binary = |operation| I::Binary { operation, to: 2, left: 0, right: 1 };
    let both = |a, b, operation| refused(vec![load(0, a), load(1, b), binary(operation), END]);
    assert_eq!(both(0, 0, Binary::Add), None);
    assert_eq!(both(0, 1, Binary::Add), Some((2, Kind::Type)));
    assert_eq!(both(0, 1, Binary::Equal), None, "always false");
    assert_eq!(both(0, 3, Binary::Match), None);
    assert_eq!(both(4, 2, Binary::Match), Some((2, Kind::Type)));
    // Without a value the run ends, which is not wrong; and what a function gives is not known.
    assert_eq!(refused(vec![binary(Binary::Add), END]), None);
    let call = I::Call { function: 0, base: 0 };
    assert_eq!(refused(vec![call, binary(Binary::Add), END]), None);
    let not = I::Unary { operation: Unary::Not, to: 0, of: 0 };
    assert_eq!(refused(vec![load(0, 0), not, END]), Some((1, Kind::Type)));
    let convert = |ty| I::Convert { to: 0, of: 0, ty };
    assert_eq!(refused(vec![load(0, 0), convert(Type::Text), END]), Some((1, Kind::Type)));
    assert_eq!(refused(vec![load(0, 0), convert(Type::Any), END]), None);
    let set = I::SetAttribute { attribute: Attribute::Med, of: 0 };
    assert_eq!(refused(vec![load(0, 1), set, END]), Some((1, Kind::Type)));
    // On one way a number, on the other a text.
    let jump = I::JumpIf { of: 5, when: true, target: 3 };
    assert_eq!(refused(vec![load(0, 0), jump, load(0, 1), set, END]), None);
    // Where no way leads, anything may stand.
    assert_eq!(refused(vec![END, load(0, 1), set, END]), None);
}

/// What changes or tests an attribute by a constant.
#[test]
fn an_attribute_and_a_constant_fit() {
    use Attribute::{Community, LocalPref, Net, Path};
    let alter = |operation, attribute, constant| {
        refused(vec![I::Alter { operation, attribute, constant }, END])
    };
    assert_eq!(alter(Binary::Include, Community, 4), None);
    assert_eq!(alter(Binary::Include, Community, 5), Some((0, Kind::Constant)));
    assert_eq!(alter(Binary::Prepend, Path, 0), None);
    // A truth value is no preference. What comes of an attribute that the route has not stays open.
    assert_eq!(alter(Binary::Less, LocalPref, 0), Some((0, Kind::Type)));
    assert_eq!(alter(Binary::Equal, Net, 0), Some((0, Kind::Attribute)));
    let compute = |operation, constant| {
        refused(vec![load(0, 0), I::Compute { operation, to: 1, left: 0, constant }, END])
    };
    assert_eq!(compute(Binary::Add, 0), None);
    assert_eq!(compute(Binary::Add, 1), Some((1, Kind::Type)));
    assert_eq!(compute(Binary::Add, 5), Some((1, Kind::Constant)));
    let test = |attribute, constant, target| {
        refused(vec![I::JumpIfAttribute { attribute, constant, when: true, target }, END])
    };
    assert_eq!(test(Net, 3, 1), None);
    assert_eq!(test(Net, 9, 1), Some((0, Kind::Constant)));
    assert_eq!(test(Net, 3, 0), Some((0, Kind::Jump)));
    assert_eq!(test(Net, 3, 2), Some((0, Kind::Jump)));
}
