//! ExaBGP.

use std::collections::BTreeMap;

use ipnet::IpNet;
use testbed::{ExaBgp, Json, Lab, Node};

use super::{Ends, Peer, Seen};
use crate::addresses::{PASSWORD, THEIRS, THEIRS_TOO, THEIRS6};
use crate::feature::Feature;

pub(super) struct ExaBgpPeer {
    exabgp: ExaBgp,
    ends: Ends,
}

pub(super) fn start(lab: &Lab, node: &Node, feature: Feature, ends: &Ends) -> ExaBgpPeer {
    ExaBgpPeer { exabgp: ExaBgp::start(lab, node, &config(feature, ends)), ends: *ends }
}

fn config(feature: Feature, ends: &Ends) -> String {
    let Ends { local, local_as, remote, remote_as, passive } = ends;
    let neighbor = match feature {
        Feature::TheirRange => "10.0.0.0/24".into(),
        _ => remote.to_string(),
    };
    let (options, capability) = options(feature);
    let paths: &[&str] = if feature == Feature::AddPath { &["1.0.0.1", "1.0.0.2"] } else { &[""] };
    let route = |prefix: &str, path: &&str| match *path {
        "" => format!("route {prefix} next-hop {};\n", next_hop(feature, prefix)),
        path => format!(
            "route {prefix} next-hop {} path-information {path};\n",
            next_hop(feature, prefix)
        ),
    };
    let routes: String = paths
        .iter()
        .flat_map(|path| [THEIRS, THEIRS_TOO, THEIRS6].map(|prefix| route(prefix, path)))
        .collect();
    let api = ExaBgp::API;
    format!(
        "neighbor {neighbor} {{
  router-id 10.0.0.2;
  local-address {local};
  local-as {local_as};
  peer-as {remote_as};
  passive {passive};
  {options}
  family {{ ipv4 unicast; ipv6 unicast; }}
  capability {{ route-refresh enable; {capability} }}
  {api}
  static {{
    {routes}
  }}
}}
"
    )
}

fn next_hop(feature: Feature, prefix: &str) -> &'static str {
    if prefix.contains(':') || feature == Feature::ExtendedNextHop {
        "2001:db8::2"
    } else {
        "10.0.0.2"
    }
}

/// Lines of the neighbour and of its capabilities.
fn options(feature: Feature) -> (String, &'static str) {
    let (neighbor, capability) = match feature {
        Feature::Md5 => return (format!("md5-password {PASSWORD};"), ""),
        Feature::Gtsm => ("outgoing-ttl 255; incoming-ttl 255;", ""),
        Feature::AddPath => ("", "add-path send/receive;"),
        Feature::ExtendedMessage => ("", "extended-message enable;"),
        Feature::ExtendedNextHop => ("nexthop { ipv4 unicast ipv6; }", "nexthop enable;"),
        Feature::GracefulRestart => ("", "graceful-restart 30;"),
        _ => ("", ""),
    };
    (neighbor.into(), capability)
}

impl Peer for ExaBgpPeer {
    fn paths(&mut self, prefix: &str) -> Result<Vec<Seen>, String> {
        let mut table: BTreeMap<(IpNet, String), Seen> = BTreeMap::new();
        for message in self.exabgp.heard() {
            let neighbor = message.at("neighbor");
            if neighbor.at("direction").text() == "send" {
                continue;
            }
            if neighbor.at("state").text() == "down" {
                table.clear();
            }
            let update = neighbor.at("message").at("update");
            for (_, families) in update.at("withdraw").members() {
                for nlri in families.list() {
                    table.retain(|key, _| Some(key) != key_of(nlri).as_ref());
                }
            }
            for (_, hops) in update.at("announce").members() {
                for (hop, list) in hops.members() {
                    for nlri in list.list() {
                        let Some(key) = key_of(nlri) else { continue };
                        table.insert(key.clone(), seen(hop, update.at("attribute")));
                    }
                }
            }
        }
        let prefix = prefix.parse().map_err(|_| "no prefix")?;
        Ok(table.into_iter().filter(|(key, _)| key.0 == prefix).map(|(_, seen)| seen).collect())
    }

    fn ask_refresh(&mut self) {
        let us = self.ends.remote;
        for family in ["ipv4", "ipv6"] {
            self.exabgp.say(&format!("neighbor {us} announce route-refresh {family} unicast"));
        }
    }

    fn shut_down(&mut self, _why: &str) {
        let us = self.ends.remote;
        self.exabgp.say(&format!("neighbor {us} teardown 2"));
    }

    fn tells(&mut self) -> String {
        format!("{:?}", self.exabgp.heard()) + &self.exabgp.log()
    }

    fn kill(&mut self) {
        self.exabgp.kill();
    }

    fn recover(&mut self) {
        self.exabgp.start_again();
    }
}

fn key_of(nlri: &Json) -> Option<(IpNet, String)> {
    let prefix = nlri.at("nlri").text().parse().ok()?;
    Some((prefix, nlri.at("path-information").text().to_owned()))
}

fn seen(hop: &str, attributes: &Json) -> Seen {
    let asns = attributes.at("as-path").list().iter().filter_map(Json::number);
    Seen {
        next_hop: hop.to_owned(),
        as_path: asns.map(|asn| asn.to_string()).collect::<Vec<_>>().join(" "),
        large_communities: attributes.at("large-community").list().len(),
        long_lived: false,
        stale: false,
    }
}
