//! GoBGP.

use std::fs;

use crate::daemon::Daemon;
use crate::json::Json;
use crate::netns::{Lab, Node};
use crate::program::{Program, run};
use crate::wait::{PATIENCE, wait_for};

/// gobgpd, spoken to by gobgp over TCP inside the node.
#[derive(Debug)]
pub struct GoBgp {
    node: Node,
    neighbors: usize,
    daemon: Daemon,
}

impl GoBgp {
    /// Starts it with a configuration in TOML.
    #[track_caller]
    pub fn start(lab: &Lab, node: &Node, config: &str) -> Self {
        let file = lab.file(&format!("{}.toml", node.name()));
        fs::write(&file, config).expect("a configuration can be written");
        let mut command = node.command(&Program::find("gobgpd"));
        command.arg("-f").arg(&file).args(["-t", "toml", "--api-hosts", "127.0.0.1:50051"]);
        command.args(["--log-plain", "--log-level", "debug", "--pprof-disable"]);
        let neighbors = config.matches("[[neighbors]]").count();
        let daemon = Daemon::spawn(node.name(), command, &lab.log(node.name()));
        let mut this = Self { node: node.clone(), neighbors, daemon };
        this.wait_ready();
        this
    }

    #[track_caller]
    fn wait_ready(&mut self) {
        // It answers before it has read all of its configuration.
        let neighbors = self.neighbors;
        wait_for(PATIENCE, format!("{} answers", self.node.name()), || {
            self.daemon.assert_running();
            let count = self.json(&["neighbor"])?.list().len();
            if count >= neighbors { Ok(()) } else { Err(format!("{count} neighbours")) }
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

    /// Starts it again after [`kill`](Self::kill), with `-r`: it recovers from a graceful restart.
    #[track_caller]
    pub fn recover(&mut self) {
        self.daemon.start_again_with(&["-r"]);
        self.wait_ready();
    }

    /// What `gobgp` says.
    ///
    /// # Errors
    /// What it complains about.
    #[track_caller]
    pub fn gobgp(&mut self, words: &[&str]) -> Result<String, String> {
        let mut command = self.node.command(&Program::find("timeout"));
        command.args(["-s", "KILL", "20", "gobgp"]);
        let output = run(command.args(words));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, complaint) = (text(&output.stdout), text(&output.stderr));
        if output.status.success() { Ok(out) } else { Err(out + &complaint) }
    }

    /// What `gobgp -j` says; `Null` for nothing.
    ///
    /// # Errors
    /// As [`gobgp`](Self::gobgp), or the answer is no JSON.
    #[track_caller]
    pub fn json(&mut self, words: &[&str]) -> Result<Json, String> {
        let text = self.gobgp(&[&["-j"], words].concat())?;
        if text.trim().is_empty() {
            return Ok(Json::Null);
        }
        Json::parse(&text).map_err(|error| format!("gobgp {words:?}: {error} in {text}"))
    }
}
