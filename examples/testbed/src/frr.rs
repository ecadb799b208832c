//! FRR: zebra, which knows the interfaces, and bgpd.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::daemon::Daemon;
use crate::json::Json;
use crate::netns::{Lab, Node};
use crate::program::{Release, run};
use crate::wait::{PATIENCE, wait_for};

/// bgpd and its zebra. bgpd alone refuses IPv6 next hops with a link-local part ("there's no peer
/// interface information"), so zebra always runs beside it.
#[derive(Debug)]
pub struct Frr {
    node: Node,
    folder: PathBuf,
    release: Release,
    bgpd: Daemon,
    zebra: Daemon,
}

impl Frr {
    /// Starts both with `config` as the configuration of bgpd.
    #[track_caller]
    pub fn start(lab: &Lab, node: &Node, config: &str, release: Release) -> Self {
        let folder = lab.file(node.name());
        fs::create_dir(&folder).expect("a folder can be made");
        // They run as user frr, which has to make its sockets there.
        let everyone = Permissions::from_mode(0o777);
        fs::set_permissions(&folder, everyone).expect("a folder can be opened for all");
        fs::write(folder.join("zebra.conf"), "log stdout\n").expect("a file can be written");
        fs::write(folder.join("bgpd.conf"), format!("log stdout\n{config}"))
            .expect("a file can be written");
        let start = |program: &str| {
            let name = format!("{}-{program}", node.name());
            let mut command = node.command(&release.program(&format!("/usr/lib/frr/{program}")));
            command.arg("-f").arg(folder.join(format!("{program}.conf")));
            command.arg("-i").arg(folder.join(format!("{program}.pid")));
            command.arg("-z").arg(folder.join("zserv.api"));
            command.arg("--vty_socket").arg(&folder).args(["-P", "0"]);
            let mut daemon = Daemon::spawn(&name, command, &lab.log(&name));
            let ready = if program == "zebra" { "zserv.api" } else { "bgpd.vty" };
            wait_for(PATIENCE, format!("{name} has made {ready}"), || {
                daemon.assert_running();
                if folder.join(ready).exists() { Ok(()) } else { Err("not there".into()) }
            });
            daemon
        };
        let (zebra, bgpd) = (start("zebra"), start("bgpd"));
        Self { node: node.clone(), folder, release, bgpd, zebra }
    }

    /// What bgpd has written into its log.
    pub fn log(&self) -> String {
        self.bgpd.log()
    }

    /// Ends bgpd at once, without a word to its peers.
    pub fn kill(&mut self) {
        self.bgpd.kill();
    }

    /// Starts bgpd again after [`kill`](Self::kill).
    #[track_caller]
    pub fn start_again(&mut self) {
        self.bgpd.start_again();
        wait_for(PATIENCE, format!("bgpd of {} answers", self.node.name()), || {
            self.bgpd.assert_running();
            let text = self.vtysh(&["show version"]);
            if text.contains("FRRouting") { Ok(()) } else { Err(text) }
        });
    }

    /// What bgpd says to commands, given one after the other.
    #[track_caller]
    pub fn vtysh(&mut self, commands: &[&str]) -> String {
        self.zebra.assert_running();
        self.bgpd.assert_running();
        let mut vtysh = self.release.program("/usr/bin/vtysh").hurried();
        vtysh.arg("--vty_socket").arg(&self.folder).args(["-d", "bgpd"]);
        for command in commands {
            vtysh.args(["-c", command]);
        }
        let output = run(&mut vtysh);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What bgpd says to a command that ends with `json`.
    ///
    /// # Errors
    /// When the answer is none; bgpd may not be ready for it yet.
    #[track_caller]
    pub fn show(&mut self, command: &str) -> Result<Json, String> {
        let text = self.vtysh(&[command]);
        Json::parse(&text).map_err(|error| format!("`{command}`: {error} in {text}"))
    }

    /// Waits for the session with a neighbour.
    #[track_caller]
    pub fn wait_established(&mut self, neighbor: &str) {
        wait_for(PATIENCE, format!("FRR's session with {neighbor} is established"), || {
            let all = self.show(&format!("show bgp neighbors {neighbor} json"))?;
            let state = all.at(neighbor).at("bgpState").text().to_owned();
            if state == "Established" { Ok(()) } else { Err(state) }
        });
    }

    /// The networks of an address family, `ipv4` or `ipv6`.
    ///
    /// # Errors
    /// As [`show`](Self::show).
    #[track_caller]
    pub fn networks(&mut self, family: &str) -> Result<Vec<String>, String> {
        let all = self.show(&format!("show bgp {family} unicast json"))?;
        Ok(all.at("routes").members().map(|(net, _)| net.clone()).collect())
    }

    /// The paths to a network, none where there is no route.
    ///
    /// # Errors
    /// As [`show`](Self::show).
    #[track_caller]
    pub fn paths(&mut self, net: &str) -> Result<Vec<FrrRoute>, String> {
        let family = if net.contains(':') { "ipv6" } else { "ipv4" };
        let all = self.show(&format!("show bgp {family} unicast {net} json"))?;
        Ok(all.at("paths").list().iter().map(FrrRoute::parse).collect())
    }

    /// Waits for the route to a network from a neighbour.
    #[track_caller]
    pub fn wait_route(&mut self, net: &str, neighbor: &str) -> FrrRoute {
        let family = if net.contains(':') { "ipv6" } else { "ipv4" };
        let what = format!("{} has {net} from {neighbor}", self.node.name());
        wait_for(PATIENCE, what, || {
            let all = self.show(&format!("show bgp {family} unicast {net} json"))?;
            let mut paths = all.at("paths").list().iter();
            let path = paths.find(|path| path.at("peer").at("peerId").text() == neighbor);
            path.map(FrrRoute::parse).ok_or_else(|| format!("{all:?}"))
        })
    }
}

/// A path as bgpd shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct FrrRoute {
    /// The neighbour that it came from
    pub peer: String,
    /// Whether its next hop can be reached
    pub valid: bool,
    /// AS_PATH
    pub as_path: String,
    /// ORIGIN
    pub origin: String,
    /// MULTI_EXIT_DISC
    pub med: Option<f64>,
    /// COMMUNITIES
    pub communities: String,
    /// EXTENDED_COMMUNITIES
    pub extended_communities: String,
    /// LARGE_COMMUNITIES
    pub large_communities: String,
    /// ORIGINATOR_ID
    pub originator_id: String,
    /// CLUSTER_LIST
    pub cluster_list: Vec<String>,
    /// The path identifier that it came with; 0: it had none
    pub path_id: u32,
    /// Whether it is kept although its neighbour is gone
    pub stale: bool,
    /// Whether it is the best one
    pub best: bool,
    /// The next hops, global and link-local.
    pub next_hops: Vec<String>,
    /// The one of them that is used.
    pub gateway: String,
}

impl FrrRoute {
    fn parse(path: &Json) -> Self {
        let text = |name: &str| path.at(name).at("string").text().to_owned();
        let hops = path.at("nexthops").list();
        let address = |hop: &Json| hop.at("ip").text().to_owned();
        let clusters = path.at("clusterList").at("list").list();
        let used = hops.iter().find(|hop| hop.at("used").is_true());
        Self {
            peer: path.at("peer").at("peerId").text().to_owned(),
            valid: path.at("valid").is_true(),
            as_path: text("aspath"),
            origin: path.at("origin").text().to_owned(),
            med: path.at("metric").number(),
            communities: text("community"),
            extended_communities: text("extendedCommunity"),
            large_communities: text("largeCommunity"),
            originator_id: path.at("originatorId").text().to_owned(),
            cluster_list: clusters.iter().map(|id| id.text().to_owned()).collect(),
            path_id: path.at("addpathRxId").number().map_or(0, |id| id as u32),
            stale: path.at("stale").is_true(),
            best: path.at("bestpath").at("overall").is_true(),
            next_hops: hops.iter().map(address).collect(),
            gateway: used.map(address).unwrap_or_default(),
        }
    }
}
