//! Expressions as a real BIRD 2.0.12 computes them, and as we do.
//!
//! ```text
//! cargo test -p policy --test bird -- --ignored
//! ```
//!
//! `CAUSEWAY_SEED` takes the seed that a failed run of the random test prints, `CAUSEWAY_RUNS` how many expressions
//! it makes. Errors are compared as such, not by their texts.
//!
//! What we make of the corpus is recorded in `data/expressions.values`, so that a run without BIRD has it too;
//! `BLESS=1` writes it.
#![allow(clippy::disallowed_methods, reason = "these tests wait for a real daemon")]

#[path = "bird/daemon.rs"]
mod daemon;
#[path = "bird/differences.rs"]
mod differences;
#[path = "bird/generate.rs"]
mod generate;

use daemon::Bird;
use policy::ProgramBuilder;
use policy::ast::{Expr, ExprKind, Name};
use policy::lexer::tokenize;
use policy::parser::Parser;
use policy::span::{SourceId, Span};

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
    let variable = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (seed, runs) =
        (variable("CAUSEWAY_SEED").unwrap_or(1), variable("CAUSEWAY_RUNS").unwrap_or(5000));
    let (mut bird, mut builder) = (Bird::start(FUNCTIONS), ours(FUNCTIONS));
    let mut random = generate::Random(seed);
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
