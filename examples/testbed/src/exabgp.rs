//! ExaBGP.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use crate::daemon::Daemon;
use crate::json::Json;
use crate::netns::{Lab, Node};
use crate::program::Program;
use crate::wait::{PATIENCE, wait_for};

/// exabgp, which keeps no table: it tells a process what it hears, and does what the process says. Here that
/// process is two pipes, to a file and from one.
#[derive(Debug)]
pub struct ExaBgp {
    node: Node,
    heard: PathBuf,
    say: PathBuf,
    daemon: Daemon,
}

impl ExaBgp {
    /// Starts it with `config`, to which the process `test` is added. Neighbours speak to it by [`ExaBgp::API`].
    #[track_caller]
    pub fn start(lab: &Lab, node: &Node, config: &str) -> Self {
        let file = |kind: &str| lab.file(&format!("{}.{kind}", node.name()));
        let (path, script) = (file("conf"), file("sh"));
        let (heard, say) = (file("heard"), file("say"));
        for empty in [&heard, &say] {
            fs::write(empty, "").expect("a file can be written");
        }
        let pipes = format!(
            "exec 3<&0\ncat <&3 >>'{}' &\nexec tail -n 0 -f '{}'\n",
            heard.display(),
            say.display()
        );
        fs::write(&script, pipes).expect("a file can be written");
        let process =
            format!("process test {{ run /bin/sh {}; encoder json; }}\n", script.display());
        fs::write(&path, process + config).expect("a configuration can be written");
        let mut command = node.command(&Program::find("exabgp"));
        command.arg(&path);
        for (name, value) in Self::ENVIRONMENT {
            command.env(name, value);
        }
        let daemon = Daemon::spawn(node.name(), command, &lab.log(node.name()));
        let mut this = Self { node: node.clone(), heard, say, daemon };
        this.wait_ready();
        this
    }

    const ENVIRONMENT: [(&str, &str); 6] = [
        ("exabgp.daemon.user", "root"),
        ("exabgp.daemon.drop", "false"),
        ("exabgp.api.ack", "false"),
        ("exabgp.api.cli", "false"),
        ("exabgp.log.all", "true"),
        // For neighbours that connect.
        ("exabgp.tcp.bind", "10.0.0.2 2001:db8::2"),
    ];

    /// In a neighbour: what the process is told of it.
    pub const API: &str = "api { processes [ test ]; neighbor-changes; \
        receive { parsed; update; open; refresh; } }";

    #[track_caller]
    fn wait_ready(&mut self) {
        wait_for(PATIENCE, format!("{} has started its process", self.node.name()), || {
            self.daemon.assert_running();
            self.say("version");
            let heard = fs::read_to_string(&self.heard).unwrap_or_default();
            if heard.is_empty() { Err("nothing heard".into()) } else { Ok(()) }
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

    /// Starts it again after [`kill`](Self::kill); what was heard before is forgotten.
    #[track_caller]
    pub fn start_again(&mut self) {
        fs::write(&self.heard, "").expect("a file can be written");
        self.daemon.start_again();
        self.wait_ready();
    }

    /// A command of its API, such as `announce route 10.0.0.0/24 next-hop self`.
    #[track_caller]
    pub fn say(&mut self, command: &str) {
        let mut file = OpenOptions::new().append(true).open(&self.say).expect("the file is there");
        writeln!(file, "{command}").expect("a command can be written");
    }

    /// All that it has told since it was started, in order.
    #[track_caller]
    pub fn heard(&self) -> Vec<Json> {
        let text = fs::read_to_string(&self.heard).unwrap_or_default();
        text.lines().filter_map(|line| Json::parse(line).ok()).collect()
    }
}
