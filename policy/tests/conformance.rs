//! The language, as texts in the form of BIRD's own tests: `tests/conformance/*.conf`.

#![allow(missing_docs, clippy::disallowed_methods, reason = "a test")]

#[path = "../examples/policy-test/runner.rs"]
mod runner;

use std::path::{Path, PathBuf};

use policy::Program;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let entries = std::fs::read_dir(folder).expect("the folder of tests");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "conf"))
        .collect();
    files.sort();
    files
}

#[test]
fn all_files_pass() {
    let mut passed = 0;
    for path in files() {
        let outcome = runner::run(&path).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(outcome.failed, 0, "{}\n{}", path.display(), outcome.output);
        assert!(outcome.passed > 0, "{} tests nothing", path.display());
        passed += outcome.passed;
    }
    assert!(passed > 200, "{passed}");
}

/// What is compiled is in order, and the same when it was bytes.
#[test]
fn all_files_survive_as_bytes() {
    for path in files() {
        let program = runner::run(&path).unwrap_or_else(|errors| panic!("{errors}")).program;
        let bytes = program.to_bytes();
        assert_eq!(Program::from_bytes(&bytes).as_ref(), Ok(&program), "{}", path.display());
        let read = Program::from_bytes(&bytes).expect("it was read before");
        assert_eq!(read.to_bytes(), bytes, "{}", path.display());
        // Cut anywhere, it is refused.
        for end in (0..bytes.len()).step_by(1 + bytes.len() / 500) {
            let cut = bytes.get(..end).unwrap_or_default();
            assert!(Program::from_bytes(cut).is_err(), "{} cut to {end}", path.display());
        }
    }
}
