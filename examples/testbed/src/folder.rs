//! A folder of a test's own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, process, thread};

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A name that no other test has, in this process or another: short, as it becomes part of the
/// names of namespaces and of Unix sockets (at most 107 bytes).
pub fn unique_name() -> String {
    format!("cw{}-{}", process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}

/// Removed at the end of a test; kept, and its path printed, when the test fails.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes it where temporary files are.
    #[track_caller]
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap_or_else(|error| panic!("cannot make {path:?}: {error}"));
        Self { path }
    }

    /// A path in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("kept for a look: {}", self.path.display());
        } else if let Err(error) = fs::remove_dir_all(&self.path) {
            eprintln!("cannot remove {}: {error}", self.path.display());
        }
    }
}
