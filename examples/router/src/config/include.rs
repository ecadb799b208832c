//! Reading files, and `include`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use policy::Diagnostic;
use policy::lexer::{Token, TokenKind, tokenize};
use policy::span::{SourceId, Sources};

use super::ConfigError;

/// Files within files within files …
const MOST_NESTED: usize = 8;

/// Where files come from.
pub trait FileSource {
    /// The text of a file.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, path: &str) -> io::Result<String>;

    /// The files that a pattern with shell wildcards stands for, in alphabetical order.
    ///
    /// # Errors
    /// When the pattern is none.
    fn expand(&self, pattern: &str) -> Result<Vec<String>, String>;
}

/// The file system.
#[derive(Debug, Clone, Copy)]
pub struct Disk;

impl FileSource for Disk {
    fn read(&self, path: &str) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn expand(&self, pattern: &str) -> Result<Vec<String>, String> {
        let paths = glob::glob(pattern).map_err(|error| error.to_string())?;
        let files = paths.filter_map(Result::ok).filter(|path| path.is_file());
        Ok(files.map(|path| path.to_string_lossy().into_owned()).collect())
    }
}

/// Files in memory, for tests and simulations.
#[derive(Debug, Clone, Default)]
pub struct Files(pub BTreeMap<String, String>);

impl FileSource for Files {
    fn read(&self, path: &str) -> io::Result<String> {
        self.0.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn expand(&self, pattern: &str) -> Result<Vec<String>, String> {
        let pattern = glob::Pattern::new(pattern).map_err(|error| error.to_string())?;
        Ok(self.0.keys().filter(|path| pattern.matches(path)).cloned().collect())
    }
}

struct Reader<'a> {
    files: &'a dyn FileSource,
    sources: Sources,
    errors: Vec<Diagnostic>,
    tokens: Vec<Token>,
}

/// The tokens of a file, with those of included files in the place of `include`.
pub(super) fn read(
    path: &str,
    files: &dyn FileSource,
) -> Result<(Sources, Vec<Token>, Vec<Diagnostic>), ConfigError> {
    let mut reader =
        Reader { files, sources: Sources::default(), errors: Vec::new(), tokens: Vec::new() };
    let text = files.read(path).map_err(|error| ConfigError::Read { path: path.into(), error })?;
    let end = reader.file(path, &text, 0);
    reader.tokens.extend(end);
    Ok((reader.sources, reader.tokens, reader.errors))
}

impl Reader<'_> {
    /// Adds the tokens of a file; gives back the one that marks its end.
    fn file(&mut self, path: &str, text: &str, depth: usize) -> Option<Token> {
        let source: SourceId = self.sources.add(path, text);
        let mut tokens = tokenize(source, text, &mut self.errors).into_iter().peekable();
        while let Some(token) = tokens.next() {
            if token.kind == TokenKind::End {
                return Some(token);
            }
            let is_include =
                token.first_of_line && token.kind == TokenKind::Symbol("include".into());
            let pattern = match tokens.peek().map(|next| &next.kind) {
                Some(TokenKind::Text(pattern)) if is_include => pattern.clone(),
                _ => {
                    self.tokens.push(token);
                    continue;
                }
            };
            tokens.next();
            if tokens.peek().is_some_and(|next| next.kind == TokenKind::Punctuation(";")) {
                tokens.next();
            }
            self.include(path, &pattern, &token, depth);
        }
        None
    }

    fn include(&mut self, from: &str, pattern: &str, token: &Token, depth: usize) {
        let mut error = |message: String| self.errors.push(Diagnostic::new(token.span, message));
        if depth >= MOST_NESTED {
            return error(format!("files are included more than {MOST_NESTED} deep"));
        }
        let full = beside(from, pattern);
        let paths = match self.files.expand(&full) {
            Ok(paths) => paths,
            Err(text) => return error(format!("`{pattern}` is no pattern: {text}")),
        };
        if paths.is_empty() && !pattern.contains(['*', '?', '[']) {
            return error(format!("there is no file {full}"));
        }
        for path in paths {
            match self.files.read(&path) {
                Ok(text) => {
                    self.file(&path, &text, depth + 1);
                }
                Err(text) => {
                    self.errors.push(Diagnostic::new(token.span, format!("{path}: {text}")));
                }
            }
        }
    }
}

/// A path relative to the folder of the file that names it.
fn beside(from: &str, pattern: &str) -> String {
    let folder = Path::new(from).parent().map_or_else(PathBuf::new, Path::to_path_buf);
    folder.join(pattern).to_string_lossy().into_owned()
}
