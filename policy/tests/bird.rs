//! Expressions as a real BIRD 2.0.12 computes them, and as we do; and filters on routes as BIRD 2.0.12 and 2.17 run
//! them, and as we do: which routes pass, and with which attributes.
//!
//! ```text
//! cargo test -p policy --test bird -- --ignored
//! ```
//!
//! `CAUSEWAY_SEED` takes the seed that a failed run of a random test prints, `CAUSEWAY_RUNS` how many expressions and
//! `CAUSEWAY_FILTERS` how many filters it makes. Errors are compared as such, not by their texts.
//!
//! The routes come to BIRD by a BGP session with a speaker of the test, and go from its table into one table for
//! each filter.
//!
//! What we make of the corpus is recorded in `data/expressions.values`, so that a run without BIRD has it too;
//! `BLESS=1` writes it.
#![allow(clippy::disallowed_methods, reason = "these tests wait for a real daemon")]

#[path = "bird/daemon.rs"]
mod daemon;
#[path = "bird/differences.rs"]
mod differences;
#[path = "bird/filters.rs"]
mod filters;
#[path = "bird/generate.rs"]
mod generate;
#[path = "bird/routes.rs"]
mod routes;
#[path = "bird/speaker.rs"]
mod speaker;

use daemon::Bird;
use policy::ProgramBuilder;
use policy::ast::{Expr, ExprKind, Name};
use policy::lexer::tokenize;
use policy::parser::Parser;
use policy::span::{SourceId, Span};
use testbed::Program;

const FUNCTIONS: &str = include_str!("data/functions.conf");
const EXPRESSIONS: &str = include_str!("data/expressions.txt");

/// The definitions and functions of a text.
fn ours(text: &str) -> ProgramBuilder {
    let mut errors = Vec::new();
    let mut parser = Parser::new(tokenize(SourceId(0), text, &mut errors));
    let mut builder = ProgramBuilder::default();
    while !parser.at_end() {
        if parser.peek_symbol() == Some("define") {
            let (name, value) = parser.define().expect("a constant");
            builder.define(&name, &value);
        } else {
            builder.add_function(&parser.function().expect("a function"));
        }
    }
    errors.extend(builder.take_errors());
    assert_eq!(errors, []);
    builder
}

/// What we print, or the error.
fn eval(builder: &mut ProgramBuilder, text: &str) -> Result<String, String> {
    let mut errors = Vec::new();
    let mut parser = Parser::new(tokenize(SourceId(0), text, &mut errors));
    let parsed = parser.expression().and_then(|expr| {
        if parser.at_end() { Ok(expr) } else { Err(parser.unexpected("the end")) }
    });
    let value = match parsed {
        // `format` prints values, and says what is none.
        Ok(expr) => builder.evaluate(&call("format", expr)),
        Err(error) => {
            errors.push(error);
            None
        }
    };
    errors.extend(builder.take_errors());
    match (value, errors.first()) {
        (_, Some(error)) => Err(error.message.clone()),
        (Some(value), None) => Ok(value.to_string()),
        (None, None) => Err("no value and no error".into()),
    }
}

fn call(function: &str, argument: Expr) -> Expr {
    let span: Span = argument.span;
    let name = Name { text: function.into(), span };
    Expr { kind: ExprKind::Call(name, vec![argument]), span }
}

/// The expressions of the corpus.
fn corpus() -> impl Iterator<Item = &'static str> {
    EXPRESSIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[test]
fn expressions_have_the_values_that_are_recorded() {
    let mut builder = ours(FUNCTIONS);
    let mut values = String::new();
    for expr in corpus() {
        let value = eval(&mut builder, expr);
        values += &format!("{expr}\n    {}\n", value.as_deref().unwrap_or("(error)"));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/expressions.values");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &values).expect("a file that can be written");
    }
    let recorded = std::fs::read_to_string(path).unwrap_or_default();
    let lines = values.lines().zip(recorded.lines());
    let wrong: Vec<_> = lines.filter(|(ours, recorded)| ours != recorded).collect();
    assert!(wrong.is_empty() && values == recorded, "here, and as recorded: {wrong:#?}");
}

/// Compares; `None` when equal.
fn compare(bird: &mut Bird, builder: &mut ProgramBuilder, text: &str) -> Option<String> {
    let (theirs, ours) = (bird.eval(text), eval(builder, text));
    let same = match (&theirs, &ours) {
        (Ok(theirs), Ok(ours)) => theirs == ours,
        (Err(_), Err(_)) => true,
        _ => false,
    };
    (!same).then(|| format!("{text}\n    BIRD {theirs:?}\n    here {ours:?}\n"))
}

#[test]
#[ignore = "needs bird2; run by .ci/run"]
fn expressions_mean_what_they_mean_in_bird() {
    let (mut bird, mut builder) = (Bird::start(FUNCTIONS), ours(FUNCTIONS));
    let mut wrong = String::new();
    let mut known = 0;
    for line in corpus() {
        let found = compare(&mut bird, &mut builder, line);
        let reason = differences::reason(line);
        match (found, reason) {
            (Some(_), Some(_)) => known += 1,
            (Some(difference), None) => wrong.push_str(&difference),
            (None, Some(_)) => wrong += &format!("{line}\n    is no difference any more\n"),
            (None, None) => {}
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert_eq!(known, differences::count(), "a known difference is not in the corpus");
}

#[test]
#[ignore = "needs bird2; run by .ci/run"]
fn random_expressions_mean_what_they_mean_in_bird() {
    let (seed, runs) =
        (variable("CAUSEWAY_SEED").unwrap_or(1), variable("CAUSEWAY_RUNS").unwrap_or(5000));
    let (mut bird, mut builder) = (Bird::start(FUNCTIONS), ours(FUNCTIONS));
    let mut random = generate::Random::new(seed);
    let (mut errors, mut wrong) = (0, Vec::new());
    for _ in 0..runs {
        let expr = generate::expression(&mut random);
        // A longer command is none.
        if expr.len() > 4000 {
            continue;
        }
        errors += u64::from(bird.eval(&expr).is_err());
        // Types are checked before anything runs here; in BIRD only what a run comes to.
        let early = eval(&mut builder, &expr).is_err_and(|error| error.contains(" of type "));
        if !early {
            wrong.extend(compare(&mut bird, &mut builder, &expr));
        }
    }
    println!("{runs} expressions, {errors} of them errors");
    assert!(errors < runs / 3, "too many errors to be of use: {errors} of {runs}");
    wrong.sort_by_key(String::len);
    let most = wrong.len().min(20);
    assert!(
        wrong.is_empty(),
        "{} with CAUSEWAY_SEED={seed}:\n{}",
        wrong.len(),
        wrong[..most].join("")
    );
}

/// Asserts that nothing differs, and says how much was compared.
fn judge(what: &str, outcome: &filters::Outcome) {
    let filters::Outcome {
        filters,
        refused,
        deadly,
        runs,
        accepted,
        traps,
        changed,
        printed,
        differences,
    } = outcome;
    println!(
        "{what}: {filters} filters ({} refused, of {deadly} BIRD died), {runs} runs: {accepted} accepted, {traps} traps, {changed} \
         changed the route, {printed} lines printed",
        refused.len()
    );
    let mut shortest: Vec<&String> = differences.iter().collect();
    shortest.sort_by_key(|text| text.len());
    let some: String = shortest.iter().take(8).map(|text| format!("{text}\n")).collect();
    assert!(differences.is_empty(), "{what}: {} differences\n{some}", differences.len());
    assert!(refused.len() + deadly < filters / 10, "{refused:?}");
    assert!(*traps < runs / 3 && *accepted > runs / 4, "too little passes to be of use");
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
#[ignore = "needs bird2; run by .ci/run"]
fn filters_do_what_they_do_in_bird() {
    let seed = variable("CAUSEWAY_SEED").unwrap_or(1);
    println!("CAUSEWAY_SEED={seed}");
    let (definitions, all) = filters::split(include_str!("data/filters.conf"));
    for round in 0..4 {
        let mut random = generate::Random::with_route(seed.wrapping_add(round));
        let routes = routes::routes(&mut random);
        for (version, program) in birds() {
            let outcome = filters::compare(&program, &definitions, &all, &routes);
            judge(&format!("{version}, filters of operators"), &outcome);
            assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
        }
    }
}

#[test]
#[ignore = "needs bird2; run by .ci/run"]
fn random_filters_do_what_they_do_in_bird() {
    let seed = variable("CAUSEWAY_SEED").unwrap_or(1);
    let count = variable("CAUSEWAY_FILTERS").unwrap_or(300);
    println!("CAUSEWAY_SEED={seed}");
    let mut random = generate::Random::with_route(seed);
    let routes = routes::routes(&mut random);
    let names = (0..count).map(|number| format!("f{number}"));
    let all: Vec<_> = names
        .map(|name| {
            let text = generate::filter(&mut random, &name);
            (name, text)
        })
        .collect();
    for (version, program) in birds() {
        let outcome = filters::compare(&program, &simple_functions(), &all, &routes);
        judge(&format!("{version}, random filters"), &outcome);
    }
}

/// That of this Debian, and that of the chroot of `.ci/peers`.
fn birds() -> [(&'static str, Program); 2] {
    [("BIRD 2.0.12", Program::find("bird")), ("BIRD 2.17", Program::newer("bird"))]
}

/// The definitions, and the functions that filters use: 2.17 does not take all of the others.
fn simple_functions() -> String {
    const USED: [&str; 18] = [
        "i",
        "b",
        "p",
        "q",
        "ad",
        "n",
        "e",
        "l",
        "t",
        "way",
        "com",
        "ext",
        "lar",
        "last_value",
        "sum_of",
        "greatest_divisor",
        "calls_both",
        "changes",
    ];
    let mut parts = FUNCTIONS.split("\nfunction ");
    let mut text = parts.next().expect("the definitions").to_owned();
    let used = |part: &&str| part.split_once('(').is_some_and(|(name, _)| USED.contains(&name));
    for part in parts.filter(used) {
        text += &format!("\nfunction {part}");
    }
    text + "\n"
}
