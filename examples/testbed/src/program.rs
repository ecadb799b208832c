//! Programs: where they are, and how they are run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The script that keeps the newer daemons.
const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.ci/peers");

/// A program of this machine, or of the chroot of `.ci/peers`.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    newer: bool,
}

impl Program {
    /// The program at `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), newer: false }
    }

    /// A program of this machine, found in `PATH` and where daemons are. A missing one is a failure, not a reason to
    /// skip the test.
    #[track_caller]
    pub fn find(name: &str) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
        let mut folders = std::env::split_paths(&path).chain(more);
        let found = folders.find_map(|folder| Some(folder.join(name)).filter(|it| it.is_file()));
        let hint = "apt-get install -y --no-install-recommends bird2 frr gobgpd openbgpd exabgp \
                    iproute2 util-linux coreutils";
        Self::at(found.unwrap_or_else(|| panic!("{name} is missing: {hint}")))
    }

    /// A program of the chroot: a path there, or a name.
    pub fn newer(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), newer: true }
    }

    /// A command that runs it.
    pub fn command(&self) -> Command {
        self.behind(None)
    }

    /// A command that runs it by way of another program, which takes it as its last arguments.
    pub(crate) fn behind(&self, wrapper: Option<Command>) -> Command {
        let path = if self.newer { Path::new(PEERS) } else { &self.path };
        let mut command = wrapper.map_or_else(
            || Command::new(path),
            |mut wrapper| {
                wrapper.arg(path);
                wrapper
            },
        );
        if self.newer {
            command.arg("run").arg(&self.path);
        }
        command.stdin(Stdio::null());
        command
    }

    /// A command that is killed after a while: a daemon that never answers must not hang the test.
    pub fn hurried(&self) -> Command {
        let mut timeout = Command::new("timeout");
        timeout.args(["-s", "KILL", "20"]);
        self.behind(Some(timeout))
    }
}

/// Where a daemon comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Packages of this Debian
    Debian,
    /// The chroot of `.ci/peers`
    Newer,
}

impl Release {
    /// The program at `path` there.
    pub fn program(self, path: &str) -> Program {
        Program { path: path.into(), newer: self == Self::Newer }
    }
}

/// Runs a command to its end.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"))
}

/// Runs a command to its end and gives what it wrote; panics when it fails.
#[track_caller]
pub fn output(command: &mut Command) -> String {
    let output = run(command);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?} failed ({}):\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
