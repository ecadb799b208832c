//! The router's configuration.

use router::config::{Files, parse};

/// Any text is taken or refused with an error that can be shown; what is taken once is taken again, with the
/// same meaning.
pub fn config_source(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    // The second file is there to be included.
    let files = Files(
        [("bird.conf", text), ("more.conf", "define MORE = [ 10.0.0.0/8+ ];")]
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .into(),
    );
    match (parse("bird.conf", &files), parse("bird.conf", &files)) {
        (Ok(first), Ok(second)) => {
            assert_eq!(first.protocols, second.protocols);
            assert_eq!(first.tables, second.tables);
        }
        (Err(first), Err(second)) => {
            assert_eq!(first.to_string(), second.to_string());
            assert!(first.first_line().starts_with("bird.conf") || !first.first_line().is_empty());
        }
        _ => panic!("the same text was taken once and refused once"),
    }
}
