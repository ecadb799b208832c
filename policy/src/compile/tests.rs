use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use bgp_wire::{AsPathBuilder, Origin, PathAttributes, SegmentKind};
use proptest::prelude::*;
use rib::{Route, RouteSource};

use crate::lexer::tokenize;
use crate::parser::Parser;
use crate::span::SourceId;
use crate::{Trap, Verdict, Vm, compile};

/// Whether a filter that accepts what `condition` holds for accepts the sample route.
fn holds(condition: &str) -> bool {
    let text = alloc::format!("filter f {{ if {condition} then accept; reject; }}");
    run(&text) == Ok(Verdict::Accept)
}

fn run(text: &str) -> Result<Verdict, Trap> {
    let program = compile("test", text).unwrap_or_else(|errors| panic!("{errors}"));
    let filter = program.filter("f").expect("the filter");
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, [65002, 65003, 65004]);
    let mut attributes = PathAttributes::default();
    attributes.origin(Origin::Igp).as_path(&path).med(50).local_pref(200);
    let route = Route {
        net: "10.1.2.0/24".parse().expect("a prefix"),
        source: RouteSource::Bgp,
        protocol: "up1",
        from: Some(IpAddr::from([192, 0, 2, 1])),
        preference: 100,
        attributes: attributes.view(),
    };
    program.run(&mut Vm::default(), filter, &route)
}

fn message(text: &str) -> String {
    compile("test", text).expect_err("wrong").to_string()
}

#[test]
fn conditions() {
    let cases = [
        ("net = 10.1.2.0/24", true),
        ("net.len = 24 && net.ip = 10.1.2.0", true),
        ("net ~ 10.0.0.0/8", true),
        ("net ~ [ 10.0.0.0/8 ]", false),
        ("net ~ [ 10.0.0.0/8{20,24} ]", true),
        ("net ~ [ 10.1.2.0/24, 172.16.0.0/12+ ]", true),
        ("net ~ [ 10.1.2.128/25- ]", true),
        ("net !~ [ 10.0.0.0/8+ ]", false),
        ("source = RTS_BGP", true),
        ("source ~ [ RTS_STATIC, RTS_BGP ]", true),
        ("proto = \"up1\"", true),
        ("proto ~ \"up*\"", true),
        ("from = 192.0.2.1", true),
        ("from ~ [ 192.0.2.0..192.0.2.9 ]", true),
        ("from ~ 192.0.2.0/24", true),
        ("preference > 99", true),
        ("bgp_local_pref = 200 && bgp_med < 51", true),
        ("bgp_origin = ORIGIN_IGP", true),
        ("bgp_path.len = 3", true),
        ("bgp_path.first = 65002 && bgp_path.last = 65004", true),
        ("bgp_path.last ~ [ 1, 65000..65010 ]", true),
        // Both bind equally, from the left.
        ("true || true && false", false),
        ("true || (true && false)", true),
        // Values of different types are different, not an error.
        ("1 = true", false),
        // Numbers have 32 bits and wrap.
        ("0 - 1 = 4294967295", true),
        ("2 + 3 * 4 = 14", true),
        ("! (1 = 2)", true),
    ];
    for (condition, expected) in cases {
        assert_eq!(holds(condition), expected, "{condition}");
    }
}

#[test]
fn statements() {
    assert_eq!(run("filter f { accept; }"), Ok(Verdict::Accept));
    assert_eq!(run("filter f { if false then accept; else { reject; } }"), Ok(Verdict::Reject));
    let nested =
        "filter f { if true then { if false then reject; if net.len = 24 then accept; } reject; }";
    assert_eq!(run(nested), Ok(Verdict::Accept));
    assert!(matches!(run("filter f { if false then accept; }"), Err(Trap::FellOff { .. })));
    assert!(matches!(
        run("filter f { if 1 / (preference - 100) = 1 then accept; reject; }"),
        Err(Trap::DivisionByZero { .. })
    ));
}

#[test]
fn what_is_wrong_has_its_place_and_reason() {
    let cases = [
        ("filter f { if net then accept; }", "expected a value of type bool, found prefix"),
        ("filter f { if ! 1 = 2 then accept; }", "expected a value of type bool, found int"),
        ("filter f { if net ~ [ 1, 2 ] then accept; }", "cannot match"),
        ("filter f { if net < net then accept; }", "have no order"),
        ("filter f { if nosuch = 1 then accept; }", "`nosuch` is not known here"),
        ("define own = 1; filter f { if OWN = 1 then accept; }", "there is `own`"),
        ("filter f { if gw = 1.2.3.4 then accept; }", "not supported yet"),
        ("filter f { preference = 7; accept; }", "not supported yet"),
        ("define P = 10.0.0.1/8;", "maybe you wanted 10.0.0.0/8"),
        ("filter f { accept }", "expected `;` before `}`"),
    ];
    for (text, wanted) in cases {
        let message = message(text);
        assert!(
            message.contains(wanted) && message.contains("test:1:") && message.contains('^'),
            "{message}"
        );
    }
}

#[test]
fn deep_nesting_is_refused_not_a_stack_overflow() {
    let text = alloc::format!("filter f {{ if {}true then accept; }}", "! (".repeat(100_000));
    assert!(message(&text).contains("nested too deeply"));
}

#[test]
fn a_program_can_be_read() {
    let program =
        compile("test", "filter f { if net.len > 24 then reject; accept; }").expect("right");
    let listing = program.to_string();
    assert!(
        listing.contains("filter 0 f")
            && listing.contains("PrefixLength")
            && listing.contains("Accept")
    );
}

/// An expression over small numbers, and its value.
fn arithmetic() -> impl Strategy<Value = (String, u32)> {
    let leaf = (0u32..100).prop_map(|number| (number.to_string(), number));
    leaf.prop_recursive(5, 32, 2, |inner| {
        (inner.clone(), inner, 0u8..3).prop_map(
            |((left, a), (right, b), operator)| match operator {
                0 => (alloc::format!("({left} + {right})"), a.wrapping_add(b)),
                1 => (alloc::format!("({left} - {right})"), a.wrapping_sub(b)),
                _ => (alloc::format!("({left} * {right})"), a.wrapping_mul(b)),
            },
        )
    })
}

/// A condition, and whether it holds.
fn condition() -> impl Strategy<Value = (String, bool)> {
    let leaf =
        (arithmetic(), arithmetic(), 0u8..4).prop_map(|((left, a), (right, b), operator)| {
            match operator {
                0 => (alloc::format!("({left} = {right})"), a == b),
                1 => (alloc::format!("({left} < {right})"), a < b),
                2 => (alloc::format!("({left} >= {right})"), a >= b),
                _ => (
                    alloc::format!("({left} ~ [ {b}..{} ])", b.saturating_add(9)),
                    (b..=b.saturating_add(9)).contains(&a),
                ),
            }
        });
    leaf.prop_recursive(4, 24, 2, |inner| {
        (inner.clone(), inner, 0u8..3).prop_map(
            |((left, a), (right, b), operator)| match operator {
                0 => (alloc::format!("({left} && {right})"), a && b),
                1 => (alloc::format!("({left} || {right})"), a || b),
                _ => (alloc::format!("(! {left})"), !a),
            },
        )
    })
}

proptest! {
    #[test]
    fn conditions_mean_what_they_say((text, expected) in condition()) {
        prop_assert_eq!(holds(&text), expected, "{}", text);
    }

    #[test]
    fn no_text_makes_the_parser_panic(words in prop::collection::vec(prop::sample::select(alloc::vec![
        "filter", "define", "f", "{", "}", "[", "]", "(", ")", ";", "if", "then", "else", "accept", "reject", "net", "~",
        "=", "10.0.0.0/8", "10.0.0.0", "/", "8", "+", "-", "{8,24}", "..", ",", "!", "&&", "\"x\"", "'q'", ".", "len",
    ]), 0..40)) {
        let text = words.join(" ");
        let _ = compile("test", &text).map_err(|errors| errors.to_string());
        let mut errors = Vec::new();
        let mut parser = Parser::new(tokenize(SourceId(0), &text, &mut errors));
        while !parser.at_end() {
            let start = parser.position();
            let _ = parser.expression();
            parser.recover(start);
        }
    }
}
