//! Runs a test file of BIRD's filter language: `cargo run --release -p policy --example policy-test -- FILE`.
//!
//! It understands what BIRD's own tests use: `bt_assert`, `bt_check_assign`, `bt_test_suite` and `bt_test_same`,
//! tables of ROAs and static routes for them. The last line says how many assertions passed and failed.

#![allow(clippy::disallowed_methods, reason = "a program")]

mod runner;

use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "\
Runs the tests in a file of BIRD's filter language.

Usage: policy-test FILE

A suite is a function that bt_test_suite(FUNCTION, \"TITLE\") names; it is called
without a route, and counts what bt_assert and bt_check_assign say.

The last line is `N passed, M failed`. Ends with status 0 when all passed, 1 when
some failed, 2 when the file cannot be read or has errors.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["-h" | "--help"] => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        [path] => match runner::run(Path::new(path)) {
            Ok(outcome) => {
                print!("{}", outcome.output);
                println!("{} passed, {} failed", outcome.passed, outcome.failed);
                ExitCode::from(u8::from(outcome.failed > 0))
            }
            Err(error) => {
                eprintln!("{error}");
                ExitCode::from(2)
            }
        },
        _ => {
            eprintln!("{HELP}");
            ExitCode::from(2)
        }
    }
}
