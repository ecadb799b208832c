//! OpenBGPD.

use testbed::{Json, Lab, Node, OpenBgpd};

use super::{Ends, Peer, Seen};
use crate::addresses::{FEEDER, FEEDER_AS, PASSWORD, PEER6, THEIRS, THEIRS_TOO, THEIRS6};
use crate::feature::Feature;

pub(super) struct OpenBgpdPeer {
    bgpd: OpenBgpd,
    ends: Ends,
}

pub(super) fn start(lab: &Lab, node: &Node, feature: Feature, ends: &Ends) -> OpenBgpdPeer {
    // For the next hop of IPv6 routes on an IPv4 session 7.7 looks on the loopback interface, wherever the
    // session is.
    node.ip("address del ::1/128 dev lo");
    node.ip(&format!("address add {PEER6}/128 dev lo nodad"));
    OpenBgpdPeer { bgpd: OpenBgpd::start(lab, node, &config(feature, ends)), ends: *ends }
}

fn config(feature: Feature, ends: &Ends) -> String {
    let Ends { local, local_as, remote, remote_as, passive } = ends;
    let passive = if *passive { "passive" } else { "" };
    let neighbor = match feature {
        Feature::TheirRange => "10.0.0.0/24".into(),
        _ => remote.to_string(),
    };
    let transit = match feature {
        _ if feature.has_feeder() => {
            format!("neighbor {FEEDER} {{\n remote-as {FEEDER_AS}\n passive\n}}\n")
        }
        _ => String::new(),
    };
    let options = match feature {
        Feature::Md5 => format!("tcp md5sig password {PASSWORD}"),
        _ => options(feature).to_owned(),
    };
    format!(
        "AS {local_as}
router-id 10.0.0.2
listen on {local}
fib-update no
connect-retry 1
network {THEIRS}
network {THEIRS_TOO}
network {THEIRS6}
{transit}neighbor {neighbor} {{
  remote-as {remote_as}
  descr us
  local-address {local}
  {passive}
  announce IPv4 unicast
  announce IPv6 unicast
  {options}
}}
allow from any
allow to any
"
    )
}

const fn options(feature: Feature) -> &'static str {
    match feature {
        Feature::Gtsm => "ttl-security yes",
        Feature::AddPath => "announce add-path recv yes\nannounce add-path send all",
        Feature::EnhancedRefresh => "announce enhanced refresh yes",
        Feature::Role => "announce policy provider enforce",
        Feature::SendHold => "holdtime 3",
        _ => "",
    }
}

impl Peer for OpenBgpdPeer {
    fn paths(&mut self, prefix: &str) -> Result<Vec<Seen>, String> {
        let us = self.ends.remote.to_string();
        let words = ["show", "rib", "in", "neighbor", &us, "detail"];
        let all = self.bgpd.json(&words)?;
        let rib = all.at("rib").list().iter();
        Ok(rib.filter(|route| route.at("prefix").text() == prefix).map(seen).collect())
    }

    fn ask_refresh(&mut self) {
        let us = self.ends.remote.to_string();
        self.bgpd.bgpctl(&["neighbor", &us, "refresh"]).expect("it asks");
    }

    fn shut_down(&mut self, why: &str) {
        let us = self.ends.remote.to_string();
        self.bgpd.bgpctl(&["neighbor", &us, "down", why]).expect("it ends the session");
    }

    fn tells(&mut self) -> String {
        let us = self.ends.remote.to_string();
        format!("{:?}", self.bgpd.bgpctl(&["show", "neighbor", &us])) + &self.bgpd.log()
    }

    fn kill(&mut self) {
        self.bgpd.kill();
    }

    fn recover(&mut self) {
        self.bgpd.start_again();
    }
}

fn seen(route: &Json) -> Seen {
    Seen {
        next_hop: route.at("exit_nexthop").text().to_owned(),
        as_path: route.at("aspath").text().to_owned(),
        large_communities: route.at("large_communities").list().len(),
        long_lived: false,
        stale: route.at("stale").is_true(),
    }
}
