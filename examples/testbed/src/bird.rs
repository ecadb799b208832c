//! BIRD, and everything that is spoken to through `birdc`: so our router as well.

mod protocol;
mod reply;
mod route;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

pub use self::protocol::Protocol;
pub use self::reply::{Reply, ReplyLine};
pub use self::route::Route;
use crate::daemon::Daemon;
use crate::netns::{Lab, Node};
use crate::program::{Program, run};
use crate::wait::{PATIENCE, wait_for};

/// Timers of a BGP session that make it come up, and come back after an error, soon.
pub const SOON: &str =
    "connect delay time 1; connect retry time 1; error wait time 1, 2; error forget time 1;";

/// What every configuration starts with.
pub fn header(router_id: &str) -> String {
    format!("log stderr all;\nrouter id {router_id};\nprotocol device {{ }}\n")
}

/// A running daemon with BIRD's control socket.
#[derive(Debug)]
pub struct Bird {
    daemon: Daemon,
    node: Node,
    config: PathBuf,
    socket: PathBuf,
    pid_file: PathBuf,
}

impl Bird {
    /// Starts `program`, a BIRD or what behaves like one, and waits until it answers.
    #[track_caller]
    pub fn start(lab: &Lab, node: &Node, text: &str, program: &Program) -> Self {
        let file = |kind: &str| lab.file(&format!("{}.{kind}", node.name()));
        let (config, socket, pid_file) = (file("conf"), file("ctl"), file("pid"));
        fs::write(&config, text).expect("a configuration can be written");
        let mut command = node.command(program);
        command.arg("-f").arg("-c").arg(&config).arg("-s").arg(&socket).arg("-P").arg(&pid_file);
        let daemon = Daemon::spawn(node.name(), command, &lab.log(node.name()));
        let mut this = Self { daemon, node: node.clone(), config, socket, pid_file };
        this.wait_ready();
        this
    }

    #[track_caller]
    fn wait_ready(&mut self) {
        wait_for(PATIENCE, format!("{} answers on its socket", self.node.name()), || {
            self.daemon.assert_running();
            let reply = self.birdc("show status");
            if reply.code() == 13 { Ok(()) } else { Err(reply.text()) }
        });
    }

    /// What it has written into its log.
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// Ends it at once, without a word to its peers.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it again after [`kill`](Self::kill).
    #[track_caller]
    pub fn start_again(&mut self) {
        self.daemon.start_again();
        self.wait_ready();
    }

    /// As [`start_again`](Self::start_again), with `-R`: it recovers from a graceful restart.
    #[track_caller]
    pub fn recover(&mut self) {
        self.daemon.start_again_with(&["-R"]);
        self.wait_ready();
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub fn wait_exit(&mut self) -> ExitStatus {
        self.daemon.wait_exit(PATIENCE)
    }

    /// Panics when it has ended.
    #[track_caller]
    pub fn assert_running(&mut self) {
        self.daemon.assert_running();
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.daemon.id()
    }

    /// The name of its machine.
    pub fn name(&self) -> &str {
        self.node.name()
    }

    /// Its configuration file.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Its control socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Its pid file.
    pub fn pid_file(&self) -> &Path {
        &self.pid_file
    }

    /// Writes a new configuration file and says `configure`.
    #[track_caller]
    pub fn configure(&self, text: &str) -> Reply {
        fs::write(&self.config, text).expect("a configuration can be written");
        self.birdc("configure")
    }

    /// What the real `birdc` gets for a command.
    #[track_caller]
    pub fn birdc(&self, command: &str) -> Reply {
        // The oldest client will do for all: what is said on the socket has not changed.
        let mut birdc = Program::find("birdc").hurried();
        let output = run(birdc.args(["-v", "-s"]).arg(&self.socket).arg(command));
        Reply::parse(&String::from_utf8_lossy(&output.stdout), output.status)
    }

    /// The rows of `show protocols`.
    #[track_caller]
    pub fn protocols(&self) -> Vec<Protocol> {
        let reply = self.birdc("show protocols");
        reply.lines_with(1002).iter().filter_map(|line| Protocol::parse(line)).collect()
    }

    /// One of the rows of `show protocols`.
    #[track_caller]
    pub fn protocol(&self, name: &str) -> Protocol {
        let all = self.protocols();
        let found = all.into_iter().find(|protocol| protocol.name == name);
        found.unwrap_or_else(|| panic!("{} shows no protocol {name}", self.name()))
    }

    /// Waits for a BGP session; gives the time since when it stands.
    #[track_caller]
    pub fn wait_established(&self, name: &str) -> String {
        wait_for(PATIENCE, format!("session {name} of {} is established", self.name()), || {
            let protocol = self.protocol(name);
            if protocol.is_established() { Ok(protocol.since) } else { Err(protocol.to_string()) }
        })
    }

    /// The first number of a row of a protocol's route change statistics, such as `Import withdraws`:
    /// how many there were.
    #[track_caller]
    pub fn statistic(&self, protocol: &str, row: &str) -> u64 {
        let reply = self.birdc(&format!("show protocols all {protocol}"));
        let lines = reply.lines.iter();
        let number = lines
            .filter_map(|line| line.text.trim_start().strip_prefix(row)?.strip_prefix(':'))
            .find_map(|numbers| numbers.split_whitespace().next()?.parse().ok());
        number.unwrap_or_else(|| panic!("no {row} in\n{}", reply.text()))
    }

    /// Waits until a BGP session is down.
    #[track_caller]
    pub fn wait_not_established(&self, name: &str) {
        wait_for(PATIENCE, format!("session {name} of {} is down", self.name()), || {
            let protocol = self.protocol(name);
            if protocol.is_established() { Err(protocol.to_string()) } else { Ok(()) }
        });
    }

    /// The routes that `show route SELECTION all` gives, such as `table master4` or `for 10.1.0.1`.
    #[track_caller]
    pub fn routes(&self, selection: &str) -> Vec<Route> {
        Route::parse_all(&self.birdc(&format!("show route {selection} all")))
    }

    /// How many routes `show route SELECTION count` gives in the first table that it names.
    #[track_caller]
    pub fn count(&self, selection: &str) -> usize {
        let reply = self.birdc(&format!("show route {selection} count"));
        let first = reply.lines.iter().find(|line| matches!(line.code, 1007 | 14));
        let text = first.map(|line| line.text.trim_start_matches("Total: ")).unwrap_or_default();
        let number = text.split(' ').next().and_then(|word| word.parse().ok());
        number.unwrap_or_else(|| panic!("no count in {reply:?}"))
    }

    /// Waits until [`count`](Self::count) is `wanted`.
    #[track_caller]
    pub fn wait_count(&self, selection: &str, wanted: usize) {
        let what = format!("{} has {wanted} routes of `{selection}`", self.name());
        wait_for(PATIENCE, what, || {
            let count = self.count(selection);
            if count == wanted { Ok(()) } else { Err(format!("{count} routes")) }
        });
    }

    /// Waits for the route to a network as one protocol knows it.
    #[track_caller]
    pub fn wait_route(&self, net: &str, protocol: &str) -> Route {
        let what = format!("{} has {net} from {protocol}", self.name());
        wait_for(PATIENCE, what, || {
            let reply = self.birdc(&format!("show route {net} all"));
            let mut routes = Route::parse_all(&reply).into_iter();
            routes.find(|route| route.protocol == protocol).ok_or_else(|| reply.text())
        })
    }

    /// Waits until no protocol knows a route to a network.
    #[track_caller]
    pub fn wait_no_route(&self, net: &str) {
        wait_for(PATIENCE, format!("{} has no route to {net}", self.name()), || {
            let reply = self.birdc(&format!("show route {net}"));
            if reply.code() == 8001 { Ok(()) } else { Err(reply.text()) }
        });
    }
}
