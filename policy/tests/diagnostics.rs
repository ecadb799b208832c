//! What is said of texts that are wrong, or look so: `diagnostics/X.conf` and what comes of it, `X.stderr`.
//! `BLESS=1` writes the latter.

use std::path::Path;

#[test]
fn texts_that_are_wrong_are_told_of() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "conf") {
            continue;
        }
        count += 1;
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a text");
        let (program, warnings) = policy::compile_with_warnings(&name, &text);
        let errors = program.map_or_else(|errors| errors.to_string(), |_| String::new());
        let told = format!("{errors}{warnings}");
        let golden = path.with_extension("stderr");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&golden, &told).expect("a file that can be written");
        }
        if std::fs::read_to_string(&golden).unwrap_or_default() != told {
            wrong.push(format!("{name}:\n{told}"));
        }
        // Warnings keep nobody from anything.
        assert_eq!(policy::compile(&name, &text).is_ok(), errors.is_empty());
    }
    assert!(count > 0, "there are none");
    assert!(wrong.is_empty(), "not as in the golden files:\n{}", wrong.join("\n"));
}
