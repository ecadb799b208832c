//! GoBGP.

use testbed::{GoBgp, Json, Lab, Node};

use super::{Ends, Peer, Seen};
use crate::addresses::{FEEDER, FEEDER_AS, PASSWORD, PEER6, THEIRS, THEIRS_TOO, THEIRS6};
use crate::feature::Feature;

pub(super) struct GoBgpPeer {
    gobgp: GoBgp,
    ends: Ends,
}

pub(super) fn start(lab: &Lab, node: &Node, feature: Feature, ends: &Ends) -> GoBgpPeer {
    let mut this =
        GoBgpPeer { gobgp: GoBgp::start(lab, node, &config(feature, ends)), ends: *ends };
    this.originate();
    this
}

fn config(feature: Feature, ends: &Ends) -> String {
    let Ends { local_as, remote, remote_as, passive, .. } = ends;
    let mut text = format!("[global.config]\n as = {local_as}\n router-id = \"10.0.0.2\"\n");
    // Numbers stand before tables.
    let table = if feature == Feature::TheirRange { "peer-groups" } else { "neighbors" };
    let who = match feature {
        Feature::TheirRange => "peer-group-name = \"range\"".into(),
        _ => format!("neighbor-address = \"{remote}\""),
    };
    let secret = match feature {
        Feature::Md5 => format!("auth-password = \"{PASSWORD}\"\n"),
        _ => String::new(),
    };
    text += &format!("[[{table}]]\n[{table}.config]\n{who}\npeer-as = {remote_as}\n{secret}");
    text += &format!("[{table}.transport.config]\npassive-mode = {passive}\n");
    text +=
        &format!("[{table}.timers.config]\nconnect-retry = 1\nidle-hold-time-after-reset = 1\n");
    let (neighbor, family) = options(feature);
    text += &neighbor.replace("TABLE", table);
    for name in ["ipv4-unicast", "ipv6-unicast"] {
        text += &format!(
            "[[{table}.afi-safis]]\n[{table}.afi-safis.config]\nafi-safi-name = \"{name}\"\n"
        );
        text += &family.replace("TABLE", &format!("{table}.afi-safis"));
    }
    if feature == Feature::TheirRange {
        text += "[[dynamic-neighbors]]\n[dynamic-neighbors.config]\nprefix = \"10.0.0.0/24\"\npeer-group = \"range\"\n";
    }
    if feature.has_feeder() {
        text += &format!(
            "[[neighbors]]\n[neighbors.config]\nneighbor-address = \"{FEEDER}\"\npeer-as = {FEEDER_AS}\n\
             [neighbors.transport.config]\npassive-mode = true\n"
        );
    }
    text
}

/// Tables of the neighbour, and of each of its families.
const fn options(feature: Feature) -> (&'static str, &'static str) {
    match feature {
        Feature::Gtsm => ("[TABLE.ttl-security.config]\nenabled = true\nttl-min = 255\n", ""),
        Feature::AddPath => ("", "[TABLE.add-paths.config]\nreceive = true\nsend-max = 8\n"),
        Feature::GracefulRestart => (
            "[TABLE.graceful-restart.config]\nenabled = true\nrestart-time = 30\ndeferral-time = 2\n",
            "[TABLE.mp-graceful-restart.config]\nenabled = true\n",
        ),
        Feature::Notification => (
            "[TABLE.graceful-restart.config]\nenabled = true\nrestart-time = 30\n\
             notification-enabled = true\n",
            "[TABLE.mp-graceful-restart.config]\nenabled = true\n",
        ),
        Feature::LongLived => (
            "[TABLE.graceful-restart.config]\nenabled = true\nrestart-time = 1\n\
             long-lived-enabled = true\n",
            "[TABLE.mp-graceful-restart.config]\nenabled = true\n\
             [TABLE.long-lived-graceful-restart.config]\nenabled = true\nrestart-time = 60\n",
        ),
        _ => ("", ""),
    }
}

impl GoBgpPeer {
    /// Its configuration cannot have routes.
    fn originate(&mut self) {
        // On an IPv6 session IPv4 routes have IPv6 next hops.
        let (four, six) = (self.ends.local.to_string(), PEER6.to_string());
        for words in [
            ["global", "rib", "-a", "ipv4", "add", THEIRS, "nexthop", &four],
            ["global", "rib", "-a", "ipv4", "add", THEIRS_TOO, "nexthop", &four],
            ["global", "rib", "-a", "ipv6", "add", THEIRS6, "nexthop", &six],
        ] {
            self.gobgp.gobgp(&words).expect("a route can be added");
        }
    }

    fn us(&self) -> String {
        self.ends.remote.to_string()
    }
}

fn seen(path: &Json) -> Seen {
    let attributes = path.at("attrs").list();
    let attribute = |kind: f64| {
        let mut all = attributes.iter();
        all.find(|one| one.at("type").number() == Some(kind)).unwrap_or(&Json::Null)
    };
    let next_hop = match attribute(3.0).at("nexthop").text() {
        "" => attribute(14.0).at("nexthop").text(),
        classic => classic,
    };
    let segments = attribute(2.0).at("as_paths").list().iter();
    let asns = segments.flat_map(|segment| segment.at("asns").list()).filter_map(Json::number);
    let mut communities = attribute(8.0).at("communities").list().iter();
    Seen {
        next_hop: next_hop.to_owned(),
        as_path: asns.map(|asn| asn.to_string()).collect::<Vec<_>>().join(" "),
        large_communities: attribute(32.0).at("value").list().len(),
        long_lived: communities.any(|one| one.number() == Some(f64::from(0xffff_0006_u32))),
        stale: path.at("stale").is_true(),
    }
}

impl Peer for GoBgpPeer {
    fn paths(&mut self, prefix: &str) -> Result<Vec<Seen>, String> {
        let family = if prefix.contains(':') { "ipv6" } else { "ipv4" };
        let us = self.us();
        let all = self.gobgp.json(&["neighbor", &us, "adj-in", "-a", family])?;
        let lists = all.members().map(|(_, paths)| paths).chain(all.list());
        let paths = lists.flat_map(Json::list);
        Ok(paths.filter(|path| path.at("nlri").at("prefix").text() == prefix).map(seen).collect())
    }

    fn ask_refresh(&mut self) {
        let us = self.us();
        self.gobgp.gobgp(&["neighbor", &us, "softresetin"]).expect("it asks");
    }

    fn shut_down(&mut self, why: &str) {
        let us = self.us();
        self.gobgp
            .gobgp(&["neighbor", &us, "shutdown", "--reason", why])
            .expect("it ends the session");
    }

    fn tells(&mut self) -> String {
        let us = self.us();
        format!("{:?}", self.gobgp.json(&["neighbor", &us])) + &self.gobgp.log()
    }

    fn kill(&mut self) {
        self.gobgp.kill();
    }

    fn recover(&mut self) {
        self.gobgp.recover();
        self.originate();
    }
}
