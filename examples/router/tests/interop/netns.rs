//! Network namespaces and the cables between them.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use crate::daemon::{find, output, tail};
use crate::folder::{Folder, unique_name};

/// `ip netns add` prepares /run/netns the first time: not by two at once.
static NETNS: Mutex<()> = Mutex::new(());

/// The network of one test. Make it first, so that it is dropped last: then the daemons are gone
/// when it removes the namespaces.
pub(crate) struct Lab {
    name: String,
    namespaces: RefCell<Vec<String>>,
    logs: RefCell<Vec<PathBuf>>,
    folder: Folder,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let name = unique_name();
        let folder = Folder::new(&name);
        Self { name, namespaces: RefCell::default(), logs: RefCell::default(), folder }
    }

    /// A new machine, with only a loopback interface.
    #[track_caller]
    pub(crate) fn node(&self, name: &str) -> Node {
        let namespace = format!("{}-{name}", self.name);
        {
            let _one_at_a_time = NETNS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            output(Command::new(find("ip")).args(["netns", "add", &namespace]));
        }
        self.namespaces.borrow_mut().push(namespace.clone());
        let node = Node { name: name.to_owned(), namespace };
        node.ip("link set lo up");
        node
    }

    /// A cable between two machines, its ends named `to_OTHER`.
    #[track_caller]
    pub(crate) fn link(&self, a: &Node, b: &Node) {
        let (a_end, b_end) = (a.towards(b), b.towards(a));
        output(Command::new(find("ip")).args(["link", "add", "name", &a_end]).args([
            "netns",
            &a.namespace,
            "type",
            "veth",
            "peer",
            "name",
            &b_end,
            "netns",
            &b.namespace,
        ]));
        for (node, end) in [(a, a_end), (b, b_end)] {
            // Only addresses that the test chose, at once usable.
            node.ip(&format!("link set {end} addrgenmode none"));
            node.ip(&format!("link set {end} up"));
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.file(name)
    }

    /// A log whose end is printed when the test fails.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
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
            let removed = Command::new("ip").args(["netns", "del", namespace]).status();
            if !removed.is_ok_and(|status| status.success()) {
                eprintln!("cannot remove the namespace {namespace}");
            }
        }
    }
}

/// One machine of a [`Lab`].
#[derive(Clone)]
pub(crate) struct Node {
    name: String,
    namespace: String,
}

impl Node {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Name of this machine's end of the cable to another one.
    pub(crate) fn towards(&self, other: &Self) -> String {
        format!("to_{}", other.name)
    }

    /// Gives addresses to the end of a cable.
    #[track_caller]
    pub(crate) fn addresses(&self, other: &Self, addresses: &[&str]) {
        let end = self.towards(other);
        for address in addresses {
            // A machine that asks first whether an address is free cannot use it for a second.
            let nodad = if address.contains(':') { "nodad" } else { "" };
            self.ip(&format!("address add {address} dev {end} {nodad}"));
        }
    }

    /// `ip ARGUMENTS` on this machine.
    #[track_caller]
    pub(crate) fn ip(&self, arguments: &str) {
        let mut command = Command::new(find("ip"));
        output(command.args(["-n", &self.namespace]).args(arguments.split_whitespace()));
    }

    /// A command to be run on this machine. Where the tests are killed before they can tidy up, the
    /// kernel ends it with them; but not FRR, as a change of user takes that promise back, and the
    /// namespaces stay.
    #[track_caller]
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(find("ip"));
        command.args(["netns", "exec", &self.namespace]);
        command.arg(find("setpriv")).args(["--pdeathsig", "KILL"]).arg(program);
        command.stdin(Stdio::null());
        command
    }

    /// How many TCP connections of BGP are established on this machine.
    #[track_caller]
    pub(crate) fn bgp_connections(&self) -> usize {
        let mut command = self.command(&find("ss"));
        let filter = ["-H", "-n", "-t", "state", "established", "( sport = :179 or dport = :179 )"];
        output(command.args(filter)).lines().count()
    }
}
