//! OpenBGPD.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::daemon::Daemon;
use crate::json::Json;
use crate::netns::{Lab, Node};
use crate::program::{Program, run};
use crate::wait::{PATIENCE, wait_for};

/// bgpd of OpenBSD, spoken to by bgpctl.
#[derive(Debug)]
pub struct OpenBgpd {
    node: Node,
    socket: PathBuf,
    daemon: Daemon,
}

impl OpenBgpd {
    /// Starts it with `config`, to which the place of the control socket is added.
    #[track_caller]
    pub fn start(lab: &Lab, node: &Node, config: &str) -> Self {
        let file = |kind: &str| lab.file(&format!("{}.{kind}", node.name()));
        let (path, socket) = (file("conf"), file("ctl"));
        let text = format!("socket \"{}\"\n{config}", socket.display());
        fs::write(&path, text).expect("a configuration can be written");
        // It refuses one that others may read.
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("permissions can be set");
        // Its processes lock themselves up there.
        fs::create_dir_all("/run/openbgpd").expect("a folder can be made");
        let mut command = node.command(&Self::program());
        command.args(["-d", "-v", "-f"]).arg(&path);
        let daemon = Daemon::spawn(node.name(), command, &lab.log(node.name()));
        let mut this = Self { node: node.clone(), socket, daemon };
        this.wait_ready();
        this
    }

    /// The daemon: FRR's, of the same name, is elsewhere.
    pub fn program() -> Program {
        Program::at("/usr/sbin/bgpd")
    }

    #[track_caller]
    fn wait_ready(&mut self) {
        wait_for(PATIENCE, format!("{} answers", self.node.name()), || {
            self.daemon.assert_running();
            let neighbors = self.json(&["show", "neighbor"])?;
            let neighbors = neighbors.at("neighbors").list();
            if neighbors.is_empty() { Err("no neighbours".into()) } else { Ok(()) }
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
        // It does not start where it finds a socket, and its parent had no time to remove it.
        let _ = fs::remove_file(&self.socket);
        self.daemon.start_again();
        self.wait_ready();
    }

    /// What `bgpctl` says.
    ///
    /// # Errors
    /// What it complains about.
    #[track_caller]
    pub fn bgpctl(&mut self, words: &[&str]) -> Result<String, String> {
        let mut command = Program::find("bgpctl").hurried();
        let output = run(command.arg("-s").arg(&self.socket).args(words));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, complaint) = (text(&output.stdout), text(&output.stderr));
        if output.status.success() { Ok(out) } else { Err(out + &complaint) }
    }

    /// What `bgpctl -j` says.
    ///
    /// # Errors
    /// As [`bgpctl`](Self::bgpctl), or the answer is no JSON.
    #[track_caller]
    pub fn json(&mut self, words: &[&str]) -> Result<Json, String> {
        let text = self.bgpctl(&[&["-j"], words].concat())?;
        Json::parse(&text).map_err(|error| format!("bgpctl {words:?}: {error} in {text}"))
    }
}
