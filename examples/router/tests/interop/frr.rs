//! FRR: zebra, which knows the interfaces, and bgpd.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::daemon::{Daemon, find};
use crate::json::Json;
use crate::netns::{Lab, Node};
use crate::wait::{PATIENCE, wait_for};

/// bgpd and its zebra. bgpd alone refuses IPv6 next hops with a link-local part ("there's no peer
/// interface information"), so zebra always runs beside it.
pub(crate) struct Frr {
    node: Node,
    folder: PathBuf,
    bgpd: Daemon,
    zebra: Daemon,
}

impl Frr {
    /// Starts both with `config` as the configuration of bgpd.
    #[track_caller]
    pub(crate) fn start(lab: &Lab, node: &Node, config: &str) -> Self {
        let folder = lab.file(node.name());
        fs::create_dir(&folder).expect("a folder can be made");
        // They run as user frr, which has to make its sockets there.
        let everyone = Permissions::from_mode(0o777);
        fs::set_permissions(&folder, everyone).expect("a folder can be opened for all");
        fs::write(folder.join("zebra.conf"), "log stdout\n").expect("a file can be written");
        fs::write(folder.join("bgpd.conf"), format!("log stdout\n{config}"))
            .expect("a file can be written");
        let start = |program: &str, ready: &str| {
            let name = format!("{}-{program}", node.name());
            let mut command = node.command(&find(program));
            command.arg("-f").arg(folder.join(format!("{program}.conf")));
            command.arg("-i").arg(folder.join(format!("{program}.pid")));
            command.arg("-z").arg(folder.join("zserv.api"));
            command.arg("--vty_socket").arg(&folder).args(["-P", "0"]);
            let mut daemon = Daemon::spawn(&name, command, &lab.log(&name));
            wait_for(PATIENCE, format!("{name} has made {ready}"), || {
                daemon.assert_running();
                if folder.join(ready).exists() { Ok(()) } else { Err("not there".into()) }
            });
            daemon
        };
        let zebra = start("zebra", "zserv.api");
        let bgpd = start("bgpd", "bgpd.vty");
        Self { node: node.clone(), folder, bgpd, zebra }
    }

    #[track_caller]
    fn show(&mut self, command: &str) -> Result<Json, String> {
        self.zebra.assert_running();
        self.bgpd.assert_running();
        let mut vtysh = Command::new(find("timeout"));
        vtysh.args(["-s", "KILL", "20"]).arg(find("vtysh")).arg("--vty_socket").arg(&self.folder);
        let output = vtysh.args(["-d", "bgpd", "-c", command]).stdin(Stdio::null()).output();
        let output = output.unwrap_or_else(|error| panic!("cannot run {vtysh:?}: {error}"));
        let text = String::from_utf8_lossy(&output.stdout);
        Json::parse(&text).map_err(|error| format!("`{command}`: {error} in {text}"))
    }

    /// Waits for the session with a neighbour.
    #[track_caller]
    pub(crate) fn wait_established(&mut self, neighbor: &str) {
        wait_for(PATIENCE, format!("FRR's session with {neighbor} is established"), || {
            let all = self.show(&format!("show bgp neighbors {neighbor} json"))?;
            let state = all.at(neighbor).at("bgpState").text().to_owned();
            if state == "Established" { Ok(()) } else { Err(state) }
        });
    }

    /// The networks of an address family, `ipv4` or `ipv6`.
    #[track_caller]
    pub(crate) fn networks(&mut self, family: &str) -> Result<Vec<String>, String> {
        let all = self.show(&format!("show bgp {family} unicast json"))?;
        Ok(all.at("routes").members().map(|(net, _)| net.clone()).collect())
    }

    /// Waits for the route to a network from a neighbour.
    #[track_caller]
    pub(crate) fn wait_route(&mut self, net: &str, neighbor: &str) -> FrrRoute {
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
pub(crate) struct FrrRoute {
    pub(crate) valid: bool,
    pub(crate) as_path: String,
    pub(crate) origin: String,
    pub(crate) med: Option<f64>,
    pub(crate) communities: String,
    pub(crate) extended_communities: String,
    pub(crate) large_communities: String,
    /// The next hops, global and link-local.
    pub(crate) next_hops: Vec<String>,
    /// The one of them that is used.
    pub(crate) gateway: String,
}

impl FrrRoute {
    fn parse(path: &Json) -> Self {
        let text = |name: &str| path.at(name).at("string").text().to_owned();
        let hops = path.at("nexthops").list();
        let address = |hop: &Json| hop.at("ip").text().to_owned();
        let used = hops.iter().find(|hop| hop.at("used").is_true());
        Self {
            valid: path.at("valid").is_true(),
            as_path: text("aspath"),
            origin: path.at("origin").text().to_owned(),
            med: path.at("metric").number(),
            communities: text("community"),
            extended_communities: text("extendedCommunity"),
            large_communities: text("largeCommunity"),
            next_hops: hops.iter().map(address).collect(),
            gateway: used.map(address).unwrap_or_default(),
        }
    }
}
