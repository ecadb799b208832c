//! Programs that run beside a test: found, started, killed.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::wait::wait_for;

/// A program that is killed when this is dropped.
pub(crate) struct Daemon {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts `command` with its output appended to `log`.
    pub(crate) fn spawn(name: &str, mut command: Command, log: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(log);
        let file = file.unwrap_or_else(|error| panic!("cannot open {}: {error}", log.display()));
        let again = file.try_clone().expect("a file can be opened twice");
        let child = command.stdout(file).stderr(again).spawn();
        let child = child.unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        Self { name: name.to_owned(), child, log: log.to_owned() }
    }

    /// Panics when the program has ended.
    #[track_caller]
    pub(crate) fn assert_running(&mut self) {
        let ended = self.child.try_wait().expect("a child can be waited for");
        if let Some(status) = ended {
            panic!("{} has ended ({status}):\n{}", self.name, tail(&self.log));
        }
    }

    /// Waits until the program ends by itself.
    #[track_caller]
    pub(crate) fn wait_exit(&mut self, limit: Duration) -> ExitStatus {
        let child = &mut self.child;
        wait_for(limit, format!("{} ends", self.name), || {
            child
                .try_wait()
                .expect("a child can be waited for")
                .ok_or_else(|| "still running".into())
        })
    }

    /// SIGKILL: it has no chance to say goodbye.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Fails only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The end of a log.
pub(crate) fn tail(log: &Path) -> String {
    const LINES: usize = 40;
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LINES);
    lines.get(from..).unwrap_or_default().join("\n")
}

/// The program under test: our router, or what `ROUTER_BIN` names.
pub(crate) fn router() -> PathBuf {
    std::env::var_os("ROUTER_BIN").map_or_else(|| env!("CARGO_BIN_EXE_router").into(), Into::into)
}

/// Whether BIRD stands in for our router: what only ours promises is not asserted then.
pub(crate) fn bird_stands_in() -> bool {
    router().file_name().is_some_and(|name| name == "bird")
}

/// Where a program of the system is. A missing one is a failure, not a reason to skip the test.
#[track_caller]
pub(crate) fn find(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    // FRR's first: OpenBGPD has a `bgpd` too.
    let folders = [PathBuf::from("/usr/lib/frr")].into_iter();
    let folders = folders.chain(std::env::split_paths(&path)).chain(more);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file()).unwrap_or_else(|| {
        panic!(
            "{program} is missing: apt-get install -y --no-install-recommends \
             bird2 frr iproute2 util-linux coreutils"
        )
    })
}

/// Runs a command to its end and gives what it wrote; panics when it fails.
#[track_caller]
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?} failed ({}):\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
