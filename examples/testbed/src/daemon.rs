//! Programs that run beside a test.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::wait_for;

/// A program that is killed, with all that it started, when this is dropped.
#[derive(Debug)]
pub struct Daemon {
    name: String,
    command: Command,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts `command` with its output appended to `log`.
    #[track_caller]
    pub fn spawn(name: &str, mut command: Command, log: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(log);
        let file = file.unwrap_or_else(|error| panic!("cannot open {}: {error}", log.display()));
        let again = file.try_clone().expect("a file can be opened twice");
        let child = command.stdout(file).stderr(again).spawn();
        let child = child.unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        Self { name: name.to_owned(), command, child, log: log.to_owned() }
    }

    /// Panics when the program has ended.
    #[track_caller]
    pub fn assert_running(&mut self) {
        let ended = self.child.try_wait().expect("a child can be waited for");
        if let Some(status) = ended {
            panic!("{} has ended ({status}):\n{}", self.name, tail(&self.log));
        }
    }

    /// Waits until the program ends by itself.
    #[track_caller]
    pub fn wait_exit(&mut self, limit: Duration) -> ExitStatus {
        let child = &mut self.child;
        wait_for(limit, format!("{} ends", self.name), || {
            child
                .try_wait()
                .expect("a child can be waited for")
                .ok_or_else(|| "still running".into())
        })
    }

    /// SIGKILL: neither the program nor any it started has a chance to say goodbye.
    pub fn kill(&mut self) {
        // All stand still before the first is gone: OpenBGPD's processes take leave of the neighbours
        // when one of them is missing.
        let mut family = Vec::new();
        let running = matches!(self.child.try_wait(), Ok(None));
        if let Some(first) = Pid::from_raw(self.id().cast_signed()).filter(|_| running) {
            freeze(first, &mut family);
        }
        for pid in family {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = self.child.wait();
    }

    /// Starts it again after [`kill`](Self::kill) or [`wait_exit`](Self::wait_exit).
    #[track_caller]
    pub fn start_again(&mut self) {
        let child = self.command.spawn();
        self.child = child.unwrap_or_else(|error| panic!("cannot start {}: {error}", self.name));
    }

    /// As [`start_again`](Self::start_again), with further arguments, which stay.
    #[track_caller]
    pub fn start_again_with(&mut self, arguments: &[&str]) {
        self.command.args(arguments);
        self.start_again();
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Stops a process, then its children: so none is born unseen.
fn freeze(pid: Pid, family: &mut Vec<Pid>) {
    // It may have ended by itself.
    let _ = kill_process(pid, Signal::STOP);
    family.push(pid);
    for child in children(pid) {
        freeze(child, family);
    }
}

fn children(parent: Pid) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_child = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // `PID (NAME) STATE PARENT …`, where the name may contain anything.
        let behind = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let word = behind.split_whitespace().nth(1).and_then(|word| word.parse().ok());
        word == Some(parent.as_raw_nonzero().get())
    };
    pids.filter(is_child).filter_map(Pid::from_raw).collect()
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
