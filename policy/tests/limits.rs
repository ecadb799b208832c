//! Runs stay within their limits.

#![allow(missing_docs, reason = "a test")]

use bgp_wire::{AsPathBuilder, Community, PathAttributes, SegmentKind};
use policy::lexer::tokenize;
use policy::parser::Parser;
use policy::span::SourceId;
use policy::{Limits, NoHost, Program, ProgramBuilder, TrapKind, Verdict, Vm, compile};
use rib::{AttributesRef, Route, RouteSource};

fn run(vm: &mut Vm, text: &str) -> Option<TrapKind> {
    let program = compile("limits", text).unwrap_or_else(|errors| panic!("{errors}"));
    run_program(vm, &program)
}

fn run_program(vm: &mut Vm, program: &Program) -> Option<TrapKind> {
    run_with(vm, program, AttributesRef::default())
}

fn run_with(vm: &mut Vm, program: &Program, attributes: AttributesRef<'_>) -> Option<TrapKind> {
    let filter = program.filter("f").expect("the filter");
    program.run(vm, filter, &route(attributes), &NoHost).err().map(|trap| trap.kind)
}

fn route(attributes: AttributesRef<'_>) -> Route<'_> {
    Route {
        net: "10.0.0.0/8".parse().expect("a prefix"),
        source: RouteSource::Static,
        protocol: "static1",
        from: None,
        preference: 200,
        destination: rib::Destination::Unicast,
        next_hop: None,
        extra: rib::ExtraRef::default(),
        attributes,
    }
}

const LOOP: &str =
    "function again(int n) { if n > 0 then { STEP; return again(n - 1); } return n; }
                    filter f { again(300); accept; }";

#[test]
fn what_is_printed_is_bounded() {
    let mut vm = Vm::new(Limits { memory: 5000, ..Limits::default() });
    // A thousand times 65,536 ranges, of which some are shown
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

/// Steps that work on all of a list, a text or a constant. `a`, `b`, `p`, `q` and `x` are large sets, `t` and `u`
/// long texts.
const LONG_STEPS: [&str; 27] = [
    "if a = b then n = n",
    "if a != b then n = n",
    "if p = q then n = n",
    "if x = y then n = n",
    "if bgp_path ~ a then n = n",
    "if bgp_path ~ [= * 1..2 3 + * =] then n = n",
    "if bgp_path ~ m then n = n",
    "if m = [= 1 =] then n = n",
    "if 3 ~ bgp_path then n = n",
    "if (1,1) ~ bgp_community then n = n",
    "if (n,1) ~ bgp_community then n = n",
    "if bgp_community ~ p then n = n",
    "if bgp_path = bgp_path.prepend(7) then n = n",
    "if bgp_path.len = 7 then n = n",
    "if bgp_path.last_nonaggregated = 7 then n = n",
    "if bgp_community.max = (0,0) then n = n",
    "bgp_community.delete((1,1))",
    "bgp_community.delete(p)",
    "if filter(bgp_community, p).len = 7 then n = n",
    "bgp_community.add((2,2))",
    "bgp_path.delete(7)",
    "if filter(bgp_path, [5]).len = 7 then n = n",
    "if first(bgp_path) = 7 then n = n",
    "if t = u then n = n",
    "if t ~ \"*y*z\" then n = n",
    "if t < u then n = n",
    "print x",
];

#[test]
fn long_values_take_fuel() {
    let set = |one: &dyn Fn(u32) -> String| (0..2000).map(one).collect::<Vec<_>>().join(", ");
    let definitions = format!(
        "define NUMBERS = [{}];\ndefine OTHERS = [{}];\ndefine NETS = [{}];\ndefine TEXT = \"{}\";\n",
        set(&|n| (3 * n + 100).to_string()),
        set(&|n| (3 * n + 100 + n / 1999).to_string()),
        set(&|n| format!("10.{}.{}.0/24", n / 256, n % 256)),
        "x".repeat(20_000),
    );
    let mut path = AsPathBuilder::default();
    for _ in 0..40 {
        path.segment(SegmentKind::Sequence, (0..250).map(|n| 1001 + 3 * n));
    }
    let communities = (0..10_000).map(|n| Community::new(9, n));
    let mut long = PathAttributes::default();
    long.as_path(&path).communities(communities);
    let mut short = PathAttributes::default();
    short.as_path(&AsPathBuilder::default());
    let arguments = "int set a; int set b; pair set p; pair set q; prefix set x; prefix set y; \
                     string t; string u; bgpmask m";
    let (many, few) = (
        "NUMBERS, OTHERS, [(*,1)], [(*,2)], NETS, [10.0.0.0/8], TEXT, TEXT, [= * NUMBERS + * =]",
        "[1], [2], [(1,1)], [(2,2)], [10.0.0.0/8], [10.0.0.0/9], \"t\", \"u\", [= 1 =]",
    );
    for step in LONG_STEPS {
        let text = |values: &str| {
            format!(
                "{definitions}function first(bgppath l) {{ for int i in l do return i; return 0; }}
                 function again(int n; {arguments}) {{
                    if n > 0 then {{ {step}; return again(n - 1, a, b, p, q, x, y, t, u, m); }} return n; }}
                 filter f {{ again(200, {values}); accept; }}"
            )
        };
        let program = |values| {
            compile("limits", &text(values)).unwrap_or_else(|errors| panic!("{step}: {errors}"))
        };
        let limits = Limits { fuel: 30_000, memory: 100 << 20, ..Limits::default() };
        let ends =
            |values, attributes| run_with(&mut Vm::new(limits), &program(values), attributes);
        assert_eq!(ends(few, short.view()), None, "{step}");
        assert_eq!(ends(many, long.view()), Some(TrapKind::OutOfFuel), "{step}");
    }
}

#[test]
fn traced_values_are_cut() {
    let list: Vec<String> = (0..5000).map(|n| format!("bgp_community.add((1,{n}));")).collect();
    let text = format!("filter f {{ {} accept; }}", list.join(" "));
    let program = compile("limits", &text).unwrap_or_else(|errors| panic!("{errors}"));
    let mut steps = Vec::new();
    let filter = program.filter("f").expect("the filter");
    let mut vm = Vm::new(Limits { memory: 100 << 20, ..Limits::default() });
    let verdict =
        program.trace(&mut vm, filter, &route(AttributesRef::default()), &NoHost, &mut steps);
    assert_eq!(verdict, Ok(Verdict::Accept));
    assert_eq!(steps.len(), 5001);
    let longest = steps.iter().map(|step| step.to_string().len()).max();
    assert!(longest.is_some_and(|longest| (900..1100).contains(&longest)), "{longest:?}");
}
