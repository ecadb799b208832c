//! Network namespaces and the cables between them.

use std::cell::RefCell;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::daemon::tail;
use crate::folder::{Folder, unique_name};
use crate::program::{Program, output};

/// `ip netns add` prepares /run/netns the first time: not by two at once.
static NETNS: Mutex<()> = Mutex::new(());

/// The network of one test. Make it first, so that it is dropped last: then the daemons are gone
/// when it removes the namespaces.
#[derive(Debug)]
pub struct Lab {
    name: String,
    namespaces: RefCell<Vec<String>>,
    logs: RefCell<Vec<PathBuf>>,
    folder: Folder,
}

impl Lab {
    /// An empty one.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        let name = unique_name();
        let folder = Folder::new(&name);
        Self { name, namespaces: RefCell::default(), logs: RefCell::default(), folder }
    }

    /// A new machine, with only a loopback interface.
    #[track_caller]
    pub fn node(&self, name: &str) -> Node {
        let namespace = format!("{}-{name}", self.name);
        {
            let _one_at_a_time = NETNS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            output(ip().args(["netns", "add", &namespace]));
        }
        self.namespaces.borrow_mut().push(namespace.clone());
        let node = Node { name: name.to_owned(), namespace };
        node.ip("link set lo up");
        node
    }

    /// A cable between two machines, its ends named `to_OTHER`.
    #[track_caller]
    pub fn link(&self, a: &Node, b: &Node) {
        let (a_end, b_end) = (a.towards(b), b.towards(a));
        let (a_side, b_side) = (["netns", &a.namespace], ["netns", &b.namespace]);
        output(
            ip().args(["link", "add", "name", &a_end])
                .args(a_side)
                .args(["type", "veth"])
                .args(["peer", "name", &b_end].into_iter().chain(b_side)),
        );
        for (node, end) in [(a, a_end), (b, b_end)] {
            // Only addresses that the test chose, at once usable.
            node.ip(&format!("link set {end} addrgenmode none"));
            node.ip(&format!("link set {end} up"));
        }
    }

    /// A path in the folder of the test.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.file(name)
    }

    /// A log whose end is printed when the test fails.
    pub fn log(&self, name: &str) -> PathBuf {
        let path = self.file(&format!("{name}.log"));
        let mut logs = self.logs.borrow_mut();
        if !logs.contains(&path) {
            logs.push(path.clone());
        }
        path
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if thread::panicking() {
            for log in self.logs.borrow().iter() {
                eprintln!("---- end of {}\n{}", log.display(), tail(log));
            }
        }
        for namespace in self.namespaces.borrow().iter() {
            let removed = ip().args(["netns", "del", namespace]).status();
            if !removed.is_ok_and(|status| status.success()) {
                eprintln!("cannot remove the namespace {namespace}");
            }
        }
    }
}

/// One machine of a [`Lab`].
#[derive(Debug, Clone)]
pub struct Node {
    name: String,
    namespace: String,
}

impl Node {
    /// Its name in the lab.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name of this machine's end of the cable to another one.
    pub fn towards(&self, other: &Self) -> String {
        format!("to_{}", other.name)
    }

    /// Gives addresses to the end of a cable.
    #[track_caller]
    pub fn addresses(&self, other: &Self, addresses: &[&str]) {
        let end = self.towards(other);
        for address in addresses {
            // A machine that asks first whether an address is free cannot use it for a second.
            let nodad = if address.contains(':') { "nodad" } else { "" };
            self.ip(&format!("address add {address} dev {end} {nodad}"));
        }
    }

    /// `ip ARGUMENTS` on this machine.
    #[track_caller]
    pub fn ip(&self, arguments: &str) {
        output(ip().args(["-n", &self.namespace]).args(arguments.split_whitespace()));
    }

    /// A command to be run on this machine. Where the tests are killed before they can tidy up, the
    /// kernel ends it with them; but not FRR, as a change of user takes that promise back, and the
    /// namespaces stay.
    #[track_caller]
    pub fn command(&self, program: &Program) -> Command {
        let mut wrapper = ip();
        wrapper.args(["netns", "exec", &self.namespace, "setpriv", "--pdeathsig", "KILL"]);
        program.behind(Some(wrapper))
    }

    /// Runs `work` on a thread of its own on this machine, and waits for it. Sockets made there stay on this
    /// machine, whoever uses them later; so do those of a tokio runtime that is built there.
    ///
    /// # Panics
    /// When `work` does, or the namespace cannot be entered.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                self.enter();
                work()
            });
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// As [`inside`](Self::inside), without waiting.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> thread::JoinHandle<T> {
        let this = self.clone();
        thread::spawn(move || {
            this.enter();
            work()
        })
    }

    /// Moves the calling thread, for good.
    fn enter(&self) {
        let file = File::open(format!("/run/netns/{}", self.namespace));
        let file = file.unwrap_or_else(|error| panic!("{}: {error}", self.namespace));
        let moved = move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network));
        moved.unwrap_or_else(|error| panic!("cannot enter {}: {error}", self.namespace));
    }

    /// How many TCP connections of BGP are established on this machine.
    #[track_caller]
    pub fn bgp_connections(&self) -> usize {
        let mut command = self.command(&Program::find("ss"));
        let filter = ["-H", "-n", "-t", "state", "established", "( sport = :179 or dport = :179 )"];
        output(command.args(filter)).lines().count()
    }
}

fn ip() -> Command {
    Program::find("ip").command()
}
