//! The configuration file: BIRD 2's language.

mod bgp;
mod channel;
mod include;
mod model;
mod parser;
mod statics;

pub use include::{Disk, FileSource, Files};
pub use model::*;
use policy::Diagnostics;
use std::path::Path;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// Which
        path: String,
        /// Why
        error: std::io::Error,
    },
    /// What is in it is wrong: every error with `FILE:LINE:COLUMN`, the line and a caret.
    #[error("{0}")]
    Wrong(Diagnostics),
}

impl ConfigError {
    /// One line for the control socket.
    pub fn first_line(&self) -> String {
        match self {
            Self::Read { .. } => self.to_string(),
            Self::Wrong(diagnostics) => diagnostics.first_line(),
        }
    }
}

/// Reads and checks a configuration file and what it includes.
///
/// # Errors
/// When a file cannot be read, or says something wrong.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    parse(&path.to_string_lossy(), &Disk)
}

/// Reads and checks a configuration from any source of files.
///
/// # Errors
/// When a file cannot be read, or says something wrong.
pub fn parse(path: &str, files: &dyn FileSource) -> Result<Config, ConfigError> {
    let (sources, tokens, mut errors) = include::read(path, files)?;
    let config = parser::ConfigParser::new(tokens).parse(&sources, &mut errors);
    match config {
        Some(config) if errors.is_empty() => Ok(config),
        _ => {
            errors.sort_by_key(|error| (error.span.source, error.span.start));
            Err(ConfigError::Wrong(Diagnostics::new(sources, errors)))
        }
    }
}

#[cfg(test)]
mod tests;
