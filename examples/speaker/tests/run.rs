//! Runs the program.

use std::process::{Command, Output};

fn speaker(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_speaker");
    Command::new(program).args(arguments).output().expect("it can be run")
}

#[test]
fn both_tables_are_complete() {
    let output = speaker(&[]);
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let (before, tables) = text.split_once("\nTable of AS 64501\n").expect("a table");
    for side in ["AS 64501: session with AS 64502", "AS 64502: session with AS 64501"] {
        assert!(before.contains(&format!("{side} is up: ipv4 and ipv6, hold time 240 s\n")));
    }
    let expected = "  \
  203.0.113.0/25       via 192.0.2.2      path 64502, MED 50, communities 64502:100
  203.0.113.128/25     via 192.0.2.2      path 64502, MED 50, communities 64502:100
  2001:db8:2::/48      via 2001:db8::2    path 64502, MED 50, communities 64502:100

Table of AS 64502
  198.51.100.0/24      via 192.0.2.1      path 64501, MED 50, communities 64501:100
  2001:db8:1::/48      via 2001:db8::1    path 64501, MED 50, communities 64501:100

AS 64502: session is down: Received: Administrative Shutdown
";
    assert_eq!(tables, expected);
}

#[test]
fn help() {
    let output = speaker(&["--help"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("Usage: speaker"));
}

#[test]
fn anything_else_is_an_error() {
    let output = speaker(&["--port", "179"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert_eq!(output.stderr, b"speaker: no arguments are needed; see --help\n");
}
