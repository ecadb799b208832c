//! Random code: it is refused, or runs to its end within its fuel, and goes through bytes unchanged.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use bgp_wire::{AsPathBuilder, AttributeCode, Community, Origin, PathAttributes, SegmentKind};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rib::{Route, RouteSource};

use super::verify;
use crate::ast::{End, ListKind};
use crate::attribute::Attribute;
use crate::mask::{MaskKind, PathMask};
use crate::program::{Binary, Code, ExtendedForm, FilterId, Instruction as I, Program, Unary};
use crate::set::{PairItem, PairSet, PrefixPattern, PrefixSet, RangeSet};
use crate::span::Span;
use crate::types::{EnumType, SetType, Type};
use crate::value::{Set, Value};
use crate::vm::{Limits, NoHost, TrapKind, Verdict, Vm};

const REGISTERS: u8 = 16;

fn constants() -> Vec<Value> {
    let net = "10.0.0.0/8".parse().expect("a prefix");
    let patterns = [PrefixPattern { net, least: 8, most: 24 }];
    let product = PairItem::Product { first: (1, 3), second: (0, 9) };
    let mask = vec![MaskKind::Sequence.into(), MaskKind::Asn(7).into()];
    vec![
        Value::Bool(true),
        Value::Int(3),
        Value::Pair(0x0001_0002),
        Value::Quad(9),
        Value::Ip("10.0.0.1".parse().expect("an address")),
        Value::Prefix(net),
        Value::Extended(2 << 48 | 5),
        Value::Large([1, 2, 3]),
        Value::Text("text*".into()),
        Value::Bytes(Arc::from([1, 2])),
        Value::Enum(EnumType::Origin, 1),
        Value::List(ListKind::Path, Arc::from([2, 2, 0, 0, 0, 1, 0, 0, 0, 7])),
        Value::List(ListKind::Communities, Arc::from([0, 1, 0, 2])),
        Value::List(ListKind::Large, Arc::from([1; 12])),
        Value::Mask(Arc::new(PathMask::new(mask).expect("a short one"))),
        Value::Set(Set::Empty),
        Value::Set(Set::Int(Arc::new(RangeSet::new(vec![(1, 7), (9, 9)])))),
        Value::Set(Set::Pair(Arc::new(PairSet::new(vec![product])))),
        Value::Set(Set::Prefix(Arc::new(PrefixSet::new(&patterns).expect("of one family")))),
    ]
}

fn register() -> impl Strategy<Value = u8> + Clone {
    // Now and then one that is not there
    prop_oneof![60 => 0..REGISTERS - 2, 1 => REGISTERS - 2..=REGISTERS, 1 => Just(u8::MAX)]
}

fn constant() -> impl Strategy<Value = u16> + Clone {
    let count = constants().len() as u16;
    prop_oneof![80 => 0..count, 1 => Just(count)]
}

fn attribute() -> impl Strategy<Value = Attribute> + Clone {
    prop_oneof![
        4 => select(vec![
            Attribute::Path,
            Attribute::Community,
            Attribute::Med,
            Attribute::LocalPref,
            Attribute::Origin,
            Attribute::OriginatorId,
        ]),
        1 => (0..=Attribute::RaLifetime as u8).prop_filter_map("numbered", Attribute::numbered),
    ]
}

fn unary() -> impl Strategy<Value = Unary> {
    select(vec![
        Unary::Not,
        Unary::Defined,
        Unary::Format,
        Unary::Length,
        Unary::First,
        Unary::Last,
        Unary::LastNonAggregated,
        Unary::Empty,
        Unary::Min,
        Unary::Max,
        Unary::Asn,
        Unary::Data,
        Unary::Data2,
        Unary::Address,
        Unary::MaxLength,
        Unary::Kind,
        Unary::RouteDistinguisher,
        Unary::IsV4,
        Unary::Source,
        Unary::FromHex,
    ])
}

fn binary() -> impl Strategy<Value = Binary> + Clone {
    select(vec![
        Binary::Equal,
        Binary::Less,
        Binary::LessOrEqual,
        Binary::Match,
        Binary::NotMatch,
        Binary::Add,
        Binary::Divide,
        Binary::Mask,
        Binary::Pair,
        Binary::Prepend,
        Binary::Include,
        Binary::Delete,
        Binary::Filter,
        Binary::Concat,
    ])
}

fn ty() -> impl Strategy<Value = Type> {
    select(vec![
        Type::Int,
        Type::Quad,
        Type::Any,
        Type::List(ListKind::Communities),
        Type::Enum(EnumType::Origin),
        Type::Set(SetType::Int),
        Type::Set(SetType::Enum(EnumType::Net)),
    ])
}

/// Numbers of those constants that fit
fn constant_that(fits: fn(&Value) -> bool) -> impl Strategy<Value = u16> + Clone {
    let numbered = constants().into_iter().zip(0..);
    select(numbered.filter(|one| fits(&one.0)).map(|one| one.1).collect::<Vec<_>>())
}

/// Mostly what there is for the attribute
fn alter() -> impl Strategy<Value = I> + Clone {
    use Attribute::{Community, Med, Path};
    let pair = constant_that(|value| matches!(value, Value::Pair(_) | Value::Quad(_)));
    let pairs = constant_that(|value| matches!(value, Value::Set(Set::Pair(_) | Set::Empty)));
    let int = constant_that(|value| matches!(value, Value::Int(_)));
    prop_oneof![
        8 => (select(vec![Binary::Include, Binary::Delete]), Just(Community), pair),
        8 => (select(vec![Binary::Filter, Binary::Delete]), Just(Community), pairs),
        4 => (select(vec![Binary::Prepend, Binary::Delete]), Just(Path), int.clone()),
        2 => (select(vec![Binary::Add, Binary::Divide]), Just(Med), int),
        1 => (binary(), attribute(), constant()),
    ]
    .prop_map(|(operation, attribute, constant)| I::Alter { operation, attribute, constant })
}

/// Mostly what can be asked
fn test_of_attribute() -> impl Strategy<Value = I> {
    let net = constant_that(|value| matches!(value, Value::Set(Set::Prefix(_))));
    let mask = constant_that(|value| matches!(value, Value::Mask(_)));
    let pairs = constant_that(|value| matches!(value, Value::Set(Set::Pair(_) | Set::Empty)));
    let both = prop_oneof![
        4 => (Just(Attribute::Net), net),
        4 => (Just(Attribute::Path), mask),
        4 => (Just(Attribute::Community), pairs),
        1 => (attribute(), constant()),
    ];
    (both, any::<bool>(), 0u16..5).prop_map(|((attribute, constant), when, target)| {
        I::JumpIfAttribute { attribute, constant, when, target }
    })
}

/// Some instructions; the targets of jumps are counted from the place behind.
fn piece() -> impl Strategy<Value = Vec<I>> {
    let to = register();
    let of = register();
    let one = |one: I| vec![one];
    let simple = prop_oneof![
        4 => (to.clone(), constant()).prop_map(|(to, constant)| I::Constant { to, constant }),
        1 => to.clone().prop_map(|to| I::Void { to }),
        2 => (to.clone(), of.clone()).prop_map(|(to, of)| I::Move { to, of }),
        3 => (to.clone(), attribute())
            .prop_map(|(to, attribute)| I::Attribute { to, attribute }),
        3 => (attribute(), of.clone())
            .prop_map(|(attribute, of)| I::SetAttribute { attribute, of }),
        1 => attribute().prop_map(|attribute| I::Unset { attribute }),
        2 => alter(),
        4 => (unary(), to.clone(), of.clone())
            .prop_map(|(operation, to, of)| I::Unary { operation, to, of }),
        6 => (binary(), to.clone(), of.clone(), register())
            .prop_map(|(operation, to, left, right)| I::Binary { operation, to, left, right }),
        2 => (prop_oneof![4 => Just(Binary::Equal), 1 => binary()], to.clone(), of.clone(), constant())
            .prop_map(|(operation, to, left, constant)| I::Compute { operation, to, left, constant }),
        1 => (to.clone(), of.clone()).prop_map(|(to, of)| I::Large { to, of }),
        1 => (to.clone(), of.clone(), register()).prop_map(|(to, left, right)| {
            I::Extended { form: ExtendedForm::Named(2), to, left, right }
        }),
        1 => (to.clone(), of.clone(), ty()).prop_map(|(to, of, ty)| I::Convert { to, of, ty }),
        1 => (to.clone(), of.clone()).prop_map(|(to, of)| I::Roa { to, table: 0, of }),
        1 => of.clone().prop_map(|of| I::Print { of }),
        1 => any::<bool>().prop_map(|line| I::PrintEnd { line }),
        1 => of.clone().prop_map(|of| I::Assert { of }),
        1 => (0u16..4, register()).prop_map(|(function, base)| I::Call { function, base }),
    ];
    let jump = prop_oneof![
        (0u16..5).prop_map(|target| I::Jump { target }),
        (of.clone(), any::<bool>(), 0u16..5).prop_map(|(of, when, target)| I::JumpIf {
            of,
            when,
            target
        }),
        (of.clone(), constant(), any::<bool>(), 0u16..5)
            .prop_map(|(of, constant, when, target)| I::JumpIfMatch { of, constant, when, target }),
        (constant(), attribute(), any::<bool>(), 0u16..5).prop_map(
            |(constant, attribute, when, target)| I::JumpIfIn { constant, attribute, when, target }
        ),
        test_of_attribute(),
        // Rarely where it belongs
        (of.clone(), register(), 0u16..5).prop_map(|(to, iterator, target)| I::Next {
            to,
            iterator,
            target
        }),
        (0u16..5).prop_map(|target| I::Again { target }),
        of.clone().prop_map(|of| I::Return { of }),
        select(vec![I::End(End::Accept), I::FellOff, I::MaskSome]),
    ];
    let mask = (register(), any::<bool>(), to.clone()).prop_map(|(of, repeat, to)| {
        let range = I::MaskRange { low: of, high: of, repeat };
        let item = I::MaskItem { of, repeat };
        vec![I::MaskBegin, I::MaskOne { repeat }, item, range, I::MaskEnd { to }]
    });
    // A loop over itself
    let each =
        (of, to, prop::collection::vec(simple.clone(), 0..4)).prop_map(|(list, iterator, body)| {
            let behind = body.len() as u16 + 1;
            let iterator = iterator % (REGISTERS - 4);
            let mut all = vec![
                I::Move { to: iterator, of: list },
                I::Iterate { iterator },
                I::Next { to: iterator + 2, iterator, target: behind },
            ];
            all.extend(body);
            all.push(I::Again { target: behind + 1 });
            all
        });
    prop_oneof![16 => simple.prop_map(one), 2 => jump.prop_map(one), 1 => mask, 3 => each]
}

/// Targets by their place; that of `Again` is so many back.
fn placed(mut code: Vec<I>) -> Vec<I> {
    for (at, instruction) in code.iter_mut().enumerate() {
        let at = at as u16;
        match instruction {
            I::Jump { target }
            | I::JumpIf { target, .. }
            | I::JumpIfMatch { target, .. }
            | I::JumpIfIn { target, .. }
            | I::Next { target, .. } => *target += at + 1,
            I::Again { target } => *target = (at + 1).wrapping_sub(*target),
            _ => {}
        }
    }
    code
}

fn code(instructions: Vec<I>, registers: u8, arguments: u8) -> Code {
    let spans = (0..instructions.len() as u32)
        .map(|at| Span { start: at * 3, end: at * 3 + 2, ..Span::default() })
        .collect();
    Code { name: None, registers, arguments, instructions, spans }
}

fn body() -> impl Strategy<Value = Vec<I>> {
    prop::collection::vec(piece(), 0..11).prop_map(|pieces| {
        let mut all = pieces.concat();
        // Jumps from the end land here.
        all.extend([const { I::PrintEnd { line: true } }; 5]);
        all.push(I::Return { of: 0 });
        placed(all)
    })
}

/// A filter that calls functions, whose arguments can be anything: so what they do is rarely refused.
fn program() -> impl Strategy<Value = Program> {
    let fill = prop::collection::vec(constant(), usize::from(REGISTERS));
    (prop::collection::vec(body(), 3), fill).prop_map(|(bodies, fill)| {
        let mut main: Vec<I> =
            (0..).zip(fill).map(|(to, constant)| I::Constant { to, constant }).collect();
        main.extend([I::Call { function: 0, base: 0 }, I::End(End::Accept)]);
        let functions = bodies.into_iter().map(|body| code(body, REGISTERS, REGISTERS - 2));
        Program::new(vec![code(main, REGISTERS, 0)], functions.collect(), constants())
    })
}

/// What a run gives on each of some routes, and the attributes after it.
fn runs(program: &Program) -> Vec<(Result<Verdict, TrapKind>, PathAttributes)> {
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, [1, 7]).segment(SegmentKind::Set, [7, 8]);
    let mut full = PathAttributes::default();
    full.origin(Origin::Igp).as_path(&path).med(5).communities([Community::new(1, 2)]);
    full.append(0xc0, AttributeCode(200), &[1; 300]);
    let empty = PathAttributes::default();
    let mut vm = Vm::new(Limits { fuel: 3000, depth: 8, memory: 4096 });
    let routes = [("10.1.0.0/16", &full), ("::/0", &full), ("10.0.0.0/8", &empty)];
    let run = |(net, attributes): (&str, &PathAttributes)| {
        let route = Route {
            net: net.parse().expect("a prefix"),
            source: RouteSource::Bgp,
            protocol: "random",
            from: None,
            preference: 100,
            destination: rib::Destination::Unicast,
            next_hop: None,
            extra: rib::ExtraRef::default(),
            attributes: attributes.view(),
        };
        let verdict = program.run(&mut vm, FilterId(0), &route, &NoHost);
        let mut out = PathAttributes::default();
        vm.apply(program, &route, &mut out);
        (verdict.map_err(|trap| trap.kind), out)
    };
    routes.map(run).into()
}

fn runs_to_its_end(program: &Program) {
    for (_, out) in runs(program) {
        assert_eq!(out, PathAttributes::from_view(out.view()));
        assert!(out.view().iter().all(|raw| raw.is_well_formed()), "{:?}", out.view());
    }
}

/// Runs of a filter of these instructions, if it is in order.
fn verdicts(instructions: Vec<I>) -> Option<Vec<(Result<Verdict, TrapKind>, PathAttributes)>> {
    let program = Program::new(vec![code(instructions, 4, 0)], Vec::new(), constants());
    verify(&program).ok().map(|()| runs(&program))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_code_is_refused_or_ends(program in program()) {
        let bytes = program.to_bytes();
        match verify(&program) {
            Ok(()) => {
                runs_to_its_end(&program);
                prop_assert_eq!(Program::from_bytes(&bytes), Ok(program));
            }
            Err(error) => prop_assert_eq!(Program::from_bytes(&bytes), Err(error.into())),
        }
    }

    /// Instructions that do in one step what others do in several
    #[test]
    fn one_step_does_what_several_do(
        before in alter(),
        alter in alter(),
        test in test_of_attribute(),
    ) {
        let fetch = |attribute, constant| {
            [I::Attribute { to: 0, attribute }, I::Constant { to: 1, constant }]
        };
        let I::Alter { operation, attribute, constant } = alter else { return Ok(()) };
        let mut steps = vec![before];
        steps.extend(fetch(attribute, constant));
        steps.push(I::Binary { operation, to: 0, left: 0, right: 1 });
        steps.extend([I::SetAttribute { attribute, of: 0 }, I::End(End::Accept)]);
        if let Some(one) = verdicts(vec![before, alter, I::End(End::Accept)]) {
            prop_assert_eq!(Some(one), verdicts(steps));
        }
        let compute = I::Compute { operation, to: 0, left: 0, constant };
        let mut steps = vec![before];
        steps.extend(fetch(attribute, constant));
        let end = [I::SetAttribute { attribute, of: 0 }, I::End(End::Accept)];
        let one = [before, I::Attribute { to: 0, attribute }, compute].into_iter().chain(end);
        steps.push(I::Binary { operation, to: 0, left: 0, right: 1 });
        steps.extend(end);
        prop_assert_eq!(verdicts(one.collect()), verdicts(steps));
        let I::JumpIfAttribute { attribute, constant, when, .. } = test else { return Ok(()) };
        let target = |target: u16| I::JumpIfAttribute { attribute, constant, when, target };
        let ends = [I::End(End::Accept), I::End(End::Reject)];
        let one = verdicts([before, target(3)].into_iter().chain(ends).collect());
        let several = [before, I::Attribute { to: 0, attribute }];
        let several = several.into_iter().chain([I::JumpIfMatch { of: 0, constant, when, target: 4 }]);
        prop_assert_eq!(one, verdicts(several.chain(ends).collect()));
    }

    #[test]
    fn damaged_bytes_are_refused_or_run(
        program in program(),
        damages in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<Index>()),
    ) {
        let mut bytes = program.to_bytes();
        for (at, octet) in damages {
            let at = at.index(bytes.len());
            bytes[at] = octet;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(program) = Program::from_bytes(&bytes) {
            runs_to_its_end(&program);
            prop_assert_eq!(Program::from_bytes(&program.to_bytes()), Ok(program));
        }
    }
}

/// The tests above would say nothing if all were refused.
#[test]
fn many_random_programs_are_in_order() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut good = 0;
    for _ in 0..400 {
        let tree = program().new_tree(&mut runner).expect("a program");
        good += u32::from(verify(&tree.current()).is_ok());
    }
    assert!((20..390).contains(&good), "{good}");
}
