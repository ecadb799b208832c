//! Runs stay within their limits.

#![allow(missing_docs, reason = "a test")]

use policy::lexer::tokenize;
use policy::parser::Parser;
use policy::span::SourceId;
use policy::{Limits, NoHost, Program, ProgramBuilder, TrapKind, Vm, compile};
use rib::{AttributesRef, Route, RouteSource};

fn run(vm: &mut Vm, text: &str) -> Option<TrapKind> {
    let program = compile("limits", text).unwrap_or_else(|errors| panic!("{errors}"));
    run_program(vm, &program)
}

fn run_program(vm: &mut Vm, program: &Program) -> Option<TrapKind> {
    let filter = program.filter("f").expect("the filter");
    let route = Route {
        net: "10.0.0.0/8".parse().expect("a prefix"),
        source: RouteSource::Static,
        protocol: "static1",
        from: None,
        preference: 200,
        attributes: AttributesRef::default(),
    };
    program.run(vm, filter, &route, &NoHost).err().map(|trap| trap.kind)
}

const LOOP: &str =
    "function again(int n) { if n > 0 then { STEP; return again(n - 1); } return n; }
                    filter f { again(300); accept; }";

#[test]
fn what_is_printed_is_bounded() {
    let mut vm = Vm::new(Limits { memory: 5000, ..Limits::default() });
    // A thousand times 65,536 ranges
    let items: Vec<String> = (0..1000).map(|part| format!("(*,{part})")).collect();
    let set = items.join(", ");
    let text = format!("filter f {{ print [{set}]; print \"more\"; accept; }}");
    assert_eq!(run(&mut vm, &text), None);
    assert!(vm.output().len() <= 5000, "{}", vm.output().len());
    let text = format!("filter f {{ if format([{set}]) = \"\" then reject; accept; }}");
    assert_eq!(run(&mut vm, &text), Some(TrapKind::TooMuchMemory));
    assert_eq!(run(&mut vm, &LOOP.replace("STEP", "print \"twenty octets of text\"")), None);
    assert!(vm.output().len() <= 5000);
}

#[test]
fn masks_are_counted() {
    let step = "bgp_path ~ [= n * =]";
    let text = LOOP.replace("STEP", &format!("if {step} then reject"));
    assert_eq!(run(&mut Vm::default(), &text), None);
    let mut vm = Vm::new(Limits { memory: 50_000, ..Limits::default() });
    assert_eq!(run(&mut vm, &text), Some(TrapKind::TooMuchMemory));
}

#[test]
fn failed_assertions_are_those_of_the_last_run() {
    let mut errors = Vec::new();
    let text = "filter f { bt_assert(1 = 2); accept; }";
    let mut parser = Parser::new(tokenize(SourceId(0), text, &mut errors)).with_tests();
    let mut builder = ProgramBuilder::default();
    builder.add_filter(&parser.named_filter().expect("a filter"));
    let program = builder.finish().expect("it compiles");
    let mut vm = Vm::default();
    for _ in 0..3 {
        assert_eq!(run_program(&mut vm, &program), None);
    }
    let (count, failed) = vm.take_assertions();
    assert_eq!((count, failed.len()), (1, 1));
}

#[test]
fn a_loop_needs_a_list() {
    let text = "function g(int n) { if n = 1 then return 5; return +empty+; }
                filter f { for int x in g(1) do print x; accept; }";
    assert_eq!(run(&mut Vm::default(), text), Some(TrapKind::Type));
    assert_eq!(run(&mut Vm::default(), &text.replace("g(1)", "g(2)")), None);
}
