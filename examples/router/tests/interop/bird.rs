//! BIRD, and everything that is spoken to through `birdc`: so our router as well.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::daemon::{self, Daemon, find};
use crate::netns::{Lab, Node};
use crate::wait::{PATIENCE, wait_for};

/// Timers of a BGP session that make it come up, and come back after an error, soon.
pub(crate) const SOON: &str =
    "connect delay time 1; connect retry time 1; error wait time 1, 2; error forget time 1;";

/// What every configuration starts with.
pub(crate) fn header(router_id: &str) -> String {
    format!("log stderr all;\nrouter id {router_id};\nprotocol device {{ }}\n")
}

/// A running daemon with BIRD's control socket.
pub(crate) struct Bird {
    daemon: Daemon,
    node: Node,
    program: PathBuf,
    config: PathBuf,
    socket: PathBuf,
    pid_file: PathBuf,
    log: PathBuf,
}

impl Bird {
    /// The router under test.
    #[track_caller]
    pub(crate) fn router(lab: &Lab, node: &Node, config: &str) -> Self {
        Self::start(lab, node, config, daemon::router())
    }

    /// BIRD as a peer of the router.
    #[track_caller]
    pub(crate) fn peer(lab: &Lab, node: &Node, config: &str) -> Self {
        Self::start(lab, node, config, find("bird"))
    }

    #[track_caller]
    fn start(lab: &Lab, node: &Node, text: &str, program: PathBuf) -> Self {
        let file = |kind: &str| lab.file(&format!("{}.{kind}", node.name()));
        let (config, socket, pid_file) = (file("conf"), file("ctl"), file("pid"));
        let log = lab.log(node.name());
        fs::write(&config, text).expect("a configuration can be written");
        let daemon = spawn(node, &program, &config, &socket, &pid_file, &log);
        let mut this = Self { daemon, node: node.clone(), program, config, socket, pid_file, log };
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

    /// Ends it at once, without a word to its peers.
    pub(crate) fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it again after [`kill`](Self::kill).
    #[track_caller]
    pub(crate) fn start_again(&mut self) {
        self.daemon =
            spawn(&self.node, &self.program, &self.config, &self.socket, &self.pid_file, &self.log);
        self.wait_ready();
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub(crate) fn wait_exit(&mut self) -> ExitStatus {
        self.daemon.wait_exit(PATIENCE)
    }

    #[track_caller]
    pub(crate) fn assert_running(&mut self) {
        self.daemon.assert_running();
    }

    pub(crate) fn id(&self) -> u32 {
        self.daemon.id()
    }

    pub(crate) fn name(&self) -> &str {
        self.node.name()
    }

    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(crate) fn pid_file(&self) -> &Path {
        &self.pid_file
    }

    /// Writes a new configuration file and says `configure`.
    #[track_caller]
    pub(crate) fn configure(&self, text: &str) -> Reply {
        fs::write(&self.config, text).expect("a configuration can be written");
        self.birdc("configure")
    }

    /// What the real `birdc` gets for a command.
    #[track_caller]
    pub(crate) fn birdc(&self, command: &str) -> Reply {
        // A daemon that never answers must not hang the test.
        let mut birdc = Command::new(find("timeout"));
        birdc.args(["-s", "KILL", "20"]).arg(find("birdc")).args(["-v", "-s"]).arg(&self.socket);
        let output = birdc.arg(command).stdin(Stdio::null()).output();
        let output = output.unwrap_or_else(|error| panic!("cannot run {birdc:?}: {error}"));
        Reply::parse(&String::from_utf8_lossy(&output.stdout), output.status)
    }

    /// The rows of `show protocols`.
    #[track_caller]
    pub(crate) fn protocols(&self) -> Vec<Protocol> {
        let reply = self.birdc("show protocols");
        reply.lines_with(1002).iter().filter_map(|line| Protocol::parse(line)).collect()
    }

    #[track_caller]
    pub(crate) fn protocol(&self, name: &str) -> Protocol {
        let all = self.protocols();
        let found = all.into_iter().find(|protocol| protocol.name == name);
        found.unwrap_or_else(|| panic!("{} shows no protocol {name}", self.name()))
    }

    /// Waits for a BGP session; gives the time since when it stands.
    #[track_caller]
    pub(crate) fn wait_established(&self, name: &str) -> String {
        wait_for(PATIENCE, format!("session {name} of {} is established", self.name()), || {
            let protocol = self.protocol(name);
            if protocol.is_established() { Ok(protocol.since) } else { Err(protocol.to_string()) }
        })
    }

    /// The first number of a row of a protocol's route change statistics, such as `Import withdraws`:
    /// how many there were.
    #[track_caller]
    pub(crate) fn statistic(&self, protocol: &str, row: &str) -> u64 {
        let reply = self.birdc(&format!("show protocols all {protocol}"));
        let lines = reply.lines.iter();
        let number = lines
            .filter_map(|line| line.text.trim_start().strip_prefix(row)?.strip_prefix(':'))
            .find_map(|numbers| numbers.split_whitespace().next()?.parse().ok());
        number.unwrap_or_else(|| panic!("no {row} in\n{}", reply.text()))
    }

    /// Waits until a BGP session is down.
    #[track_caller]
    pub(crate) fn wait_not_established(&self, name: &str) {
        wait_for(PATIENCE, format!("session {name} of {} is down", self.name()), || {
            let protocol = self.protocol(name);
            if protocol.is_established() { Err(protocol.to_string()) } else { Ok(()) }
        });
    }

    /// The routes that `show route SELECTION all` gives, such as `table master4` or `for 10.1.0.1`.
    #[track_caller]
    pub(crate) fn routes(&self, selection: &str) -> Vec<Route> {
        Route::parse_all(&self.birdc(&format!("show route {selection} all")))
    }

    /// How many routes `show route SELECTION count` gives in the first table that it names.
    #[track_caller]
    pub(crate) fn count(&self, selection: &str) -> usize {
        let reply = self.birdc(&format!("show route {selection} count"));
        let first = reply.lines.iter().find(|line| matches!(line.code, 1007 | 14));
        let text = first.map(|line| line.text.trim_start_matches("Total: ")).unwrap_or_default();
        let number = text.split(' ').next().and_then(|word| word.parse().ok());
        number.unwrap_or_else(|| panic!("no count in {reply:?}"))
    }

    #[track_caller]
    pub(crate) fn wait_count(&self, selection: &str, wanted: usize) {
        let what = format!("{} has {wanted} routes of `{selection}`", self.name());
        wait_for(PATIENCE, what, || {
            let count = self.count(selection);
            if count == wanted { Ok(()) } else { Err(format!("{count} routes")) }
        });
    }

    /// Waits for the route to a network as one protocol knows it.
    #[track_caller]
    pub(crate) fn wait_route(&self, net: &str, protocol: &str) -> Route {
        let what = format!("{} has {net} from {protocol}", self.name());
        wait_for(PATIENCE, what, || {
            let reply = self.birdc(&format!("show route {net} all"));
            let mut routes = Route::parse_all(&reply).into_iter();
            routes.find(|route| route.protocol == protocol).ok_or_else(|| reply.text())
        })
    }

    #[track_caller]
    pub(crate) fn wait_no_route(&self, net: &str) {
        wait_for(PATIENCE, format!("{} has no route to {net}", self.name()), || {
            let reply = self.birdc(&format!("show route {net}"));
            if reply.code() == 8001 { Ok(()) } else { Err(reply.text()) }
        });
    }
}

#[track_caller]
fn spawn(
    node: &Node,
    program: &Path,
    config: &Path,
    socket: &Path,
    pid_file: &Path,
    log: &Path,
) -> Daemon {
    let mut command = node.command(program);
    command.arg("-f").arg("-c").arg(config).arg("-s").arg(socket).arg("-P").arg(pid_file);
    Daemon::spawn(node.name(), command, log)
}

/// An answer on the control socket.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Its lines, but for the greeting.
    pub(crate) lines: Vec<ReplyLine>,
    /// Whether `birdc` ended with status 0.
    pub(crate) success: bool,
    /// The greeting.
    pub(crate) greeting: String,
}

#[derive(Debug)]
pub(crate) struct ReplyLine {
    pub(crate) code: u16,
    pub(crate) text: String,
}

impl Reply {
    /// `birdc -v` leaves the codes in front of the lines: `1007-text`, `0014 text`, or five spaces
    /// where the code is that of the line before.
    fn parse(text: &str, status: ExitStatus) -> Self {
        let (mut lines, mut code) = (Vec::new(), 0);
        for line in text.lines() {
            let (front, rest) = line.split_at_checked(5).unwrap_or(("", line));
            let said = front.get(..4).and_then(|digits| digits.parse().ok());
            code = said.unwrap_or(code);
            let rest = if said.is_some() || front == "     " { rest } else { line };
            lines.push(ReplyLine { code, text: rest.to_owned() });
        }
        let has_greeting = lines.first().is_some_and(|line| line.code == 1);
        let greeting = if has_greeting { lines.remove(0).text } else { String::new() };
        Self { lines, success: status.success(), greeting }
    }

    /// The code of the last line, which says how the command went.
    pub(crate) fn code(&self) -> u16 {
        self.lines.last().map_or(0, |line| line.code)
    }

    pub(crate) fn lines_with(&self, code: u16) -> Vec<&str> {
        let lines = self.lines.iter().filter(|line| line.code == code);
        lines.map(|line| line.text.as_str()).collect()
    }

    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Asserts on the last line: its code and how it begins.
    #[track_caller]
    pub(crate) fn assert_ends(&self, code: u16, text: &str) {
        let last = self.lines.last().unwrap_or_else(|| panic!("an empty answer: {self:?}"));
        assert!(
            last.code == code && last.text.starts_with(text),
            "expected {code:04} {text}, got {self:?}"
        );
    }
}

/// A row of `show protocols`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Protocol {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) table: String,
    pub(crate) state: String,
    pub(crate) since: String,
    pub(crate) info: String,
}

impl Protocol {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let mut word = || words.next().map(str::to_owned);
        let (name, kind, table) = (word()?, word()?, word()?);
        let (state, since) = (word()?, word()?);
        let info = words.collect::<Vec<_>>().join(" ");
        Some(Self { name, kind, table, state, since, info })
    }

    pub(crate) fn is_established(&self) -> bool {
        self.state == "up" && self.info == "Established"
    }

    /// Whether this is still the session that was established at `since`. BIRD works that time out
    /// anew for every answer, and may be a millisecond off; a new session takes a second.
    pub(crate) fn is_session_since(&self, since: &str) -> bool {
        const DAY: u64 = 24 * 60 * 60 * 1000;
        let (Some(now), Some(then)) = (milliseconds(&self.since), milliseconds(since)) else {
            return false;
        };
        let apart = now.abs_diff(then);
        self.is_established() && apart.min(DAY.abs_diff(apart)) < 500
    }
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} since {}, {}", self.name, self.state, self.since, self.info)
    }
}

/// A time of day, `08:43:47.419`, in milliseconds.
fn milliseconds(time: &str) -> Option<u64> {
    let (clock, fraction) = time.split_once('.')?;
    let mut seconds = 0;
    for part in clock.split(':') {
        seconds = seconds * 60 + part.parse::<u64>().ok()?;
    }
    Some(seconds * 1000 + fraction.parse::<u64>().ok()?)
}

/// A route of `show route all`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) table: String,
    pub(crate) net: String,
    /// `unicast`, `blackhole`, …
    pub(crate) kind: String,
    /// The protocol instance it comes from.
    pub(crate) protocol: String,
    /// `from ADDRESS`, shown where it differs from the gateway.
    pub(crate) from: Option<String>,
    pub(crate) best: bool,
    /// Preference and origin: `(100) [AS65002i]`.
    pub(crate) info: String,
    /// `via 10.0.0.2 on eth0`
    pub(crate) gateways: Vec<String>,
    /// `BGP univ`
    pub(crate) route_type: String,
    /// BGP attributes by name, without the `BGP.`: `as_path`, `community`, …
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Route {
    pub(crate) fn parse_all(reply: &Reply) -> Vec<Self> {
        let mut routes: Vec<Self> = Vec::new();
        let (mut table, mut net) = (String::new(), String::new());
        for ReplyLine { code, text } in &reply.lines {
            if let Some(name) = text.strip_prefix("Table ") {
                table = name.trim_end_matches(':').to_owned();
            } else if let Some(detail) = text.strip_prefix('\t') {
                let Some(route) = routes.last_mut() else { continue };
                route.detail(detail);
            } else if *code == 1007 && !text.trim().is_empty() {
                // A further route to the same network has blanks in place of it.
                if !text.starts_with(' ') {
                    text.split(' ').next().unwrap_or_default().clone_into(&mut net);
                }
                let rest = text.strip_prefix(net.as_str()).unwrap_or(text);
                routes.extend(Self::parse(&table, &net, rest));
            }
        }
        routes
    }

    /// `unicast [up1 04:24:31.559 from 10.0.0.9] * (100) [AS65002i]`
    fn parse(table: &str, net: &str, line: &str) -> Option<Self> {
        let (kind, rest) = line.trim().split_once(" [")?;
        let (source, rest) = rest.split_once(']')?;
        let mut source = source.split(' ');
        let protocol = source.next()?.to_owned();
        let from = source.skip_while(|word| *word != "from").nth(1).map(str::to_owned);
        let rest = rest.trim_start();
        let (best, info) = rest.strip_prefix("* ").map_or((false, rest), |info| (true, info));
        Some(Self {
            table: table.to_owned(),
            net: net.to_owned(),
            kind: kind.to_owned(),
            protocol,
            from,
            best,
            info: info.to_owned(),
            gateways: Vec::new(),
            route_type: String::new(),
            attributes: BTreeMap::new(),
        })
    }

    fn detail(&mut self, line: &str) {
        if let Some((name, value)) =
            line.strip_prefix("BGP.").and_then(|line| line.split_once(": "))
        {
            self.attributes.insert(name.to_owned(), value.trim_end().to_owned());
        } else if let Some(name) = line.strip_prefix("Type: ") {
            name.trim_end().clone_into(&mut self.route_type);
        } else if line.starts_with("via ") || line.starts_with("dev ") {
            self.gateways.push(line.trim_end().to_owned());
        }
    }

    /// A BGP attribute; empty where the route has none of that name.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}
