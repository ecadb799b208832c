//! Random programs on random routes, in the VM and in an evaluator that walks over the tree: verdict, traps, what is
//! printed and what becomes of the attributes have to be equal.
//!
//! `PROPTEST_CASES` says how many, `PROPTEST_RNG_SEED` takes a seed.

#[path = "oracle/evaluate.rs"]
mod evaluate;
#[path = "oracle/generate.rs"]
mod generate;
#[path = "oracle/matching.rs"]
mod matching;
#[path = "oracle/operation.rs"]
mod operation;
#[path = "oracle/route.rs"]
mod route;
#[path = "oracle/value.rs"]
mod value;

use std::collections::BTreeMap;

use bgp_wire::{AttributesRef, Context, PathAttributes, Update};
use evaluate::{Machine, Stop};
use policy::ast::End;
use policy::lexer::tokenize;
use policy::parser::Parser;
use policy::span::SourceId;
use policy::{Change, Limits, TrapKind, Verdict, Vm};
use proptest::prelude::*;
use rib::{Route, RouteSource};
use route::{CODES, RandomRoute};
use value::Val;

/// Calls within calls: few, so that recursions come to the end of them.
const DEPTH: u16 = 5;

type Result = std::result::Result<Verdict, TrapKind>;

/// How the tree ends, and the machine that ran it.
fn walk<R>(text: &str, route: &RandomRoute, see: impl FnOnce(Result, &Machine<'_>) -> R) -> R {
    let mut parser = Parser::new(tokenize(SourceId(0), text, &mut Vec::new()));
    let (mut constants, mut functions) = (BTreeMap::new(), BTreeMap::new());
    loop {
        match parser.peek_symbol() {
            Some("define") => {
                let (name, value) = parser.define().expect("a constant");
                constants.insert(name.text, value);
            }
            Some("function") => {
                let function = parser.function().expect("a function");
                functions.insert(function.name.text.clone(), function);
            }
            _ => break,
        }
    }
    let filter = parser.named_filter().expect("a filter");
    let attributes = route.attributes.clone();
    let mut machine = Machine::new(&constants, &functions, attributes, usize::from(DEPTH));
    let result = match machine.filter(&filter) {
        Stop::End(End::Accept) => Ok(Verdict::Accept),
        Stop::End(End::Reject) => Ok(Verdict::Reject),
        Stop::End(End::Error) => Err(TrapKind::Error),
        Stop::Trap(kind) => Err(kind),
        Stop::Return(_) => panic!("a filter does not return"),
    };
    see(result, &machine)
}

/// What a neighbour of our AS would find wrong with attributes, and whether they are not in canonical form.
fn flaws(attributes: AttributesRef<'_>) -> String {
    let mut body = vec![0, 0];
    body.extend((attributes.bytes().len() as u16).to_be_bytes());
    body.extend(attributes.bytes());
    let update =
        Update::decode(body.into(), &Context { four_octet_as: true, ..Context::default() });
    if !update.flaws().is_empty() {
        return format!("{:?}", update.flaws());
    }
    if update.to_path_attributes().view() != attributes {
        return "not canonical".into();
    }
    String::new()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, max_global_rejects: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn programs_do_what_their_trees_say(
        text in generate::program(),
        routes in prop::collection::vec(route::route(), 1..4),
    ) {
        let program = match policy::compile("random", &text) {
            Ok(program) => program,
            Err(errors) => {
                // Constants are computed before the run: what cannot be is an error then.
                let traps = [TrapKind::DivisionByZero.to_string(), TrapKind::TooLarge.to_string()];
                let known = errors.iter().all(|error| {
                    traps.contains(&error.message) || error.message.contains("is more than 65535")
                });
                prop_assert!(known, "{errors}");
                prop_assume!(false);
                return Ok(());
            }
        };
        let filter = program.filter("f").expect("there is one");
        let mut vm = Vm::new(Limits { depth: DEPTH, ..Limits::default() });
        for random in &routes {
            let attributes = random.encode();
            let route = Route {
                net: random.net,
                source: if random.bgp { RouteSource::Bgp } else { RouteSource::Static },
                protocol: "p",
                from: None,
                preference: random.preference,
                destination: rib::Destination::Unicast,
                next_hop: None,
                extra: rib::ExtraRef::default(),
                attributes: attributes.view(),
            };
            let ours = program.run(&mut vm, filter, &route, random).map_err(|trap| trap.kind);
            let mut after = PathAttributes::default();
            vm.apply(&program, &route, &mut after);
            walk(&text, random, |result, machine| {
                prop_assert_eq!(ours, result, "verdict; {}\n{}\n{:?}", program, &text, random);
                prop_assert_eq!(vm.output(), &machine.output, "output; {}\n{:?}", &text, random);
                let next_hop = match (vm.next_hop(), random.attributes.get("bgp_next_hop")) {
                    (Change::Set(ip), _) => Val::Ip(ip),
                    (Change::Kept, Some(value)) => value.clone(),
                    (Change::Removed, _) | (_, None) => Val::Void,
                };
                let expected = machine.attributes.get("bgp_next_hop").cloned();
                prop_assert_eq!(next_hop, expected.unwrap_or(Val::Void), "{}", &text);
                let flaws = flaws(after.view());
                prop_assert!(flaws.is_empty(), "{:?}\n{}\n{:?}", flaws, &text, random);
                for (name, code, _) in CODES {
                    let expected = machine.attributes.get(name).and_then(Val::encode);
                    let found = after.view().value(code).map(<[u8]>::to_vec);
                    prop_assert_eq!(found, expected, "{}\n{}\n{:?}", name, &text, random);
                }
                Ok(())
            })?;
        }
    }
}
