//! FRR.

use testbed::{Frr, Json, Lab, Node, Release};

use super::{Ends, Peer, Seen};
use crate::addresses::{FEEDER, FEEDER_AS, PASSWORD, THEIRS, THEIRS_TOO, THEIRS6};
use crate::feature::Feature;

pub(super) struct FrrPeer {
    frr: Frr,
    ends: Ends,
}

pub(super) fn start(
    release: Release,
    lab: &Lab,
    node: &Node,
    feature: Feature,
    ends: &Ends,
) -> FrrPeer {
    FrrPeer { frr: Frr::start(lab, node, &config(feature, ends), release), ends: *ends }
}

fn config(feature: Feature, ends: &Ends) -> String {
    let Ends { local_as, remote, remote_as, passive, .. } = ends;
    let us = match feature {
        Feature::TheirRange => "range".into(),
        _ => remote.to_string(),
    };
    let (top, global, neighbor, family) = options(feature);
    let each = |lines: &[&str]| -> String {
        lines.iter().map(|line| format!(" neighbor {us} {line}\n")).collect()
    };
    let waits =
        if *passive && feature != Feature::TheirRange { " neighbor US passive\n" } else { "" };
    let (group, range) = match feature {
        Feature::TheirRange => {
            (" neighbor range peer-group\n", " bgp listen range 10.0.0.0/24 peer-group range\n")
        }
        _ => ("", ""),
    };
    let feeder = match feature {
        _ if feature.has_feeder() => {
            format!(" neighbor {FEEDER} remote-as {FEEDER_AS}\n neighbor {FEEDER} passive\n")
        }
        _ => String::new(),
    };
    let secret = if feature == Feature::Md5 {
        format!(" neighbor {us} password {PASSWORD}\n")
    } else {
        String::new()
    };
    // Filters are for IPv4.
    let family6 = if feature == Feature::Orf { String::new() } else { each(family) };
    let (waits, neighbor, family) = (waits.replace("US", &us), each(neighbor), each(family));
    format!(
        "debug bgp neighbor-events
{top}router bgp {local_as}
 bgp router-id 10.0.0.2
 no bgp ebgp-requires-policy
 no bgp network import-check
{global}{group} neighbor {us} remote-as {remote_as}
{range} neighbor {us} timers connect 1
{waits}{neighbor}{secret}{feeder} address-family ipv4 unicast
  neighbor {us} activate
{family}  network {THEIRS}
  network {THEIRS_TOO}
 exit-address-family
 address-family ipv6 unicast
  neighbor {us} activate
{family6}  network {THEIRS6}
 exit-address-family
"
    )
}

type Options = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

/// Lines before `router bgp`, in it, of the neighbour, and of the neighbour in each family.
const fn options(feature: Feature) -> Options {
    match feature {
        Feature::Gtsm => ("", "", &["ttl-security hops 1"], &[]),
        Feature::AddPath => ("", "", &[], &["addpath-tx-all-paths"]),
        Feature::ExtendedNextHop => ("", "", &["capability extended-nexthop"], &[]),
        Feature::Orf => (
            "ip prefix-list wanted seq 5 permit 203.0.113.0/24\n",
            "",
            &[],
            &["capability orf prefix-list both", "prefix-list wanted in"],
        ),
        Feature::Role => ("", "", &["local-role provider strict-mode"], &[]),
        Feature::GracefulRestart => (
            "",
            " bgp graceful-restart
 bgp graceful-restart restart-time 30
 bgp graceful-restart preserve-fw-state
 bgp graceful-restart select-defer-time 2\n",
            &[],
            &[],
        ),
        Feature::Notification => (
            "",
            " bgp graceful-restart
 bgp graceful-restart restart-time 30
 bgp graceful-restart notification\n",
            &[],
            &[],
        ),
        Feature::LongLived => (
            "",
            " bgp graceful-restart
 bgp graceful-restart restart-time 1
 bgp graceful-restart preserve-fw-state
 bgp graceful-restart select-defer-time 2
 bgp long-lived-graceful-restart stale-time 60\n",
            &[],
            &[],
        ),
        Feature::SendHold => ("", "", &["timers 1 3"], &[]),
        _ => ("", "", &[], &[]),
    }
}

impl FrrPeer {
    fn configure(&mut self, line: &str) {
        let router = format!("router bgp {}", self.ends.local_as);
        self.frr.vtysh(&["configure terminal", &router, line]);
    }
}

impl Peer for FrrPeer {
    fn paths(&mut self, prefix: &str) -> Result<Vec<Seen>, String> {
        let family = if prefix.contains(':') { "ipv6" } else { "ipv4" };
        let all = self.frr.show(&format!("show bgp {family} unicast {prefix} json"))?;
        let us = self.ends.remote.to_string();
        let paths = all.at("paths").list().iter();
        Ok(paths.filter(|path| path.at("peer").at("peerId").text() == us).map(seen).collect())
    }

    fn ask_refresh(&mut self) {
        let us = self.ends.remote;
        for family in ["ipv4", "ipv6"] {
            self.frr.vtysh(&[&format!("clear bgp {family} unicast {us} soft in")]);
        }
    }

    fn shut_down(&mut self, why: &str) {
        let us = self.ends.remote;
        self.configure(&format!("neighbor {us} shutdown message {why}"));
    }

    fn tells(&mut self) -> String {
        let us = self.ends.remote;
        let all = self.frr.show(&format!("show bgp neighbors {us} json")).unwrap_or(Json::Null);
        format!("{all:?}") + &self.frr.log()
    }

    fn kill(&mut self) {
        self.frr.kill();
    }

    fn recover(&mut self) {
        self.frr.start_again();
    }
}

fn seen(path: &Json) -> Seen {
    let text = |name: &str| path.at(name).at("string").text();
    let next_hop = path.at("nexthops").list().first().map(|hop| hop.at("ip").text());
    Seen {
        next_hop: next_hop.unwrap_or_default().to_owned(),
        as_path: text("aspath").to_owned(),
        large_communities: text("largeCommunity").split_whitespace().count(),
        stale: path.at("stale").is_true(),
        long_lived: text("community").contains("llgr-stale"),
    }
}
