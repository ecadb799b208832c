//! BIRD.

use testbed::bird::{Bird, SOON, header};
use testbed::{Folder, Lab, Node, Program, unique_name};

use super::{Ends, Kind, Peer, Seen};
use crate::addresses::{FEEDER, FEEDER_AS, PASSWORD, PEER6, THEIRS, THEIRS_TOO, THEIRS6};
use crate::feature::Feature;

pub(super) struct BirdPeer(Bird);

pub(super) fn start(kind: Kind, lab: &Lab, node: &Node, feature: Feature, ends: &Ends) -> BirdPeer {
    let program = match kind {
        Kind::Bird217 => Program::newer("bird"),
        Kind::Bird31 => Program::newer("bird3"),
        _ => Program::find("bird"),
    };
    BirdPeer(Bird::start(lab, node, &config(feature, ends), &program))
}

/// Asserts that BIRD 2.0 does not take the configuration of a feature.
pub(super) fn refuses(feature: Feature, ends: &Ends) {
    let folder = Folder::new(&unique_name());
    let file = folder.file("bird.conf");
    std::fs::write(&file, config(feature, ends)).expect("a configuration can be written");
    let output = Program::find("bird").hurried().arg("-p").arg("-c").arg(&file).output();
    let output = output.expect("bird can be run");
    assert!(!output.status.success(), "{output:?}");
}

fn config(feature: Feature, ends: &Ends) -> String {
    let Ends { local, local_as, remote, remote_as, passive } = ends;
    let passive = if *passive { "passive;" } else { "" };
    let neighbor = match feature {
        Feature::TheirRange => "range 10.0.0.0/24".into(),
        _ => remote.to_string(),
    };
    let feeder = match feature {
        _ if feature.has_feeder() => format!(
            "protocol bgp feeder {{
                 local {local} as {local_as};
                 neighbor {FEEDER} as {FEEDER_AS};
                 passive;
                 ipv4 {{ import all; export none; }};
             }}\n"
        ),
        _ => String::new(),
    };
    let (options, channel) = options(feature);
    let four = if feature == Feature::ExtendedNextHop { "extended next hop;" } else { "" };
    header("10.0.0.2")
        + &feeder
        + &format!(
            "protocol static s4 {{ ipv4; route {THEIRS} blackhole; route {THEIRS_TOO} blackhole; }}
             protocol static s6 {{ ipv6; route {THEIRS6} blackhole; }}
             protocol bgp ours {{
                 local {local} as {local_as};
                 neighbor {neighbor} as {remote_as};
                 {passive} {SOON} {options}
                 ipv4 {{ import all; export all; {four} {channel} }};
                 ipv6 {{ import all; export all; next hop address {PEER6}; {channel} }};
             }}\n"
        )
}

/// What is set for the session, and for each of its channels.
fn options(feature: Feature) -> (String, &'static str) {
    let (session, channel) = match feature {
        Feature::Md5 => return (format!("password \"{PASSWORD}\";"), ""),
        Feature::Gtsm => ("ttl security on;", ""),
        Feature::AddPath => ("", "add paths on;"),
        Feature::ExtendedMessage => ("enable extended messages on;", ""),
        Feature::Role => ("local role provider; require roles on;", ""),
        Feature::TheirRange => ("dynamic name \"ours\";", ""),
        Feature::GracefulRestart => ("graceful restart on; graceful restart time 30;", ""),
        Feature::LongLived => (
            "graceful restart on; graceful restart time 1;
             long lived graceful restart on; long lived stale time 60;",
            "",
        ),
        Feature::SendHold => ("hold time 3; send hold time 4;", ""),
        _ => ("", ""),
    };
    (session.into(), channel)
}

impl Peer for BirdPeer {
    fn paths(&mut self, prefix: &str) -> Result<Vec<Seen>, String> {
        // A session of a range has a number behind its name.
        let protocols = self.0.protocols();
        let us = protocols.iter().filter(|one| one.name.starts_with("ours") && one.name != "ours");
        let name = us.map(|one| one.name.as_str()).next_back().unwrap_or("ours");
        // It tells so of the session, not of the route.
        let status = self.0.birdc(&format!("show protocols all {name}")).text();
        let stale = status.contains("graceful restart active");
        let routes = self.0.routes(&format!("{prefix} protocol {name}"));
        let seen = routes.iter().map(|route| Seen {
            next_hop: route.attribute("next_hop").to_owned(),
            as_path: route.attribute("as_path").to_owned(),
            large_communities: route.attribute("large_community").matches('(').count(),
            long_lived: route.attribute("community").contains("(65535,6)"),
            stale,
        });
        Ok(seen.collect())
    }

    /// It shows no more than a line of them.
    fn has_large_communities(&mut self, prefix: &str, count: usize) -> Result<bool, String> {
        let wanted = format!("{prefix} where bgp_large_community.len = {count}");
        Ok(self.0.routes(&wanted).len() == 1)
    }

    fn ask_refresh(&mut self) {
        // BIRD 3 wants to know whether the neighbour is meant, or only the filters.
        let reply = self.0.birdc("reload in ours");
        if reply.code() == 9001 {
            self.0.birdc("reload bgp in ours");
        }
    }

    fn shut_down(&mut self, why: &str) {
        self.0.birdc(&format!("disable ours \"{why}\""));
    }

    fn tells(&mut self) -> String {
        self.0.birdc("show protocols all ours").text() + &self.0.log()
    }

    fn kill(&mut self) {
        self.0.kill();
    }

    fn recover(&mut self) {
        self.0.recover();
    }
}
