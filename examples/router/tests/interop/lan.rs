//! Machines on one common network, 10.0.0.0/24: next hops of all are reachable for all.

use std::collections::BTreeSet;

use testbed::bird::{Bird, SOON, header};
use testbed::{Frr, Lab, Node, PATIENCE, Release, wait_for};

use crate::ours::{start_bird, start_router};

/// A switch.
pub(crate) struct Lan {
    pub(crate) lab: Lab,
    hub: Node,
}

/// `10.0.0.N`
pub(crate) fn address(number: u8) -> String {
    format!("10.0.0.{number}")
}

impl Lan {
    #[track_caller]
    pub(crate) fn new() -> Self {
        let lab = Lab::new();
        let hub = lab.node("hub");
        hub.ip("link add name lan type bridge");
        hub.ip("link set lan up");
        Self { lab, hub }
    }

    /// A machine with the address `10.0.0.N`.
    #[track_caller]
    pub(crate) fn node(&self, name: &str, number: u8) -> Node {
        let node = self.lab.node(name);
        self.lab.link(&node, &self.hub);
        self.hub.ip(&format!("link set {} master lan", self.hub.towards(&node)));
        node.addresses(&self.hub, &[&format!("{}/24", address(number))]);
        node
    }

    /// The router under test.
    #[track_caller]
    pub(crate) fn router(&self, name: &str, number: u8, config: &str) -> Bird {
        let node = self.node(name, number);
        start_router(&self.lab, &node, &(header(&address(number)) + config))
    }

    #[track_caller]
    pub(crate) fn bird(&self, name: &str, number: u8, config: &str) -> Bird {
        let node = self.node(name, number);
        start_bird(&self.lab, &node, &(header(&address(number)) + config))
    }

    #[track_caller]
    pub(crate) fn frr(&self, name: &str, number: u8, config: &str) -> Frr {
        Frr::start(&self.lab, &self.node(name, number), config, Release::Debian)
    }
}

/// `protocol bgp NAME` from 10.0.0.`own` to 10.0.0.`peer`; `options` of the protocol, `channel` in its `ipv4 { }`.
pub(crate) fn session(
    name: &str,
    (own, own_as): (u8, u32),
    (peer, peer_as): (u8, u32),
    options: &str,
    channel: &str,
) -> String {
    let (own, peer) = (address(own), address(peer));
    format!(
        "protocol bgp {name} {{
             local {own} as {own_as};
             neighbor {peer} as {peer_as};
             {SOON}
             hold time 9;
             {options}
             ipv4 {{ {channel} }};
         }}\n"
    )
}

/// Blackhole routes to these networks.
pub(crate) fn routes(nets: &[&str]) -> String {
    let routes: String = nets.iter().map(|net| format!("route {net} blackhole; ")).collect();
    format!("protocol static own {{ ipv4; {routes} }}\n")
}

/// bgpd at 10.0.0.`own` in `asn`: `neighbors` with their AS and lines of their own in the address family (each
/// behind `neighbor ADDRESS `), `global` lines, and networks that it announces.
pub(crate) fn frr_config(
    (own, asn): (u8, u32),
    global: &str,
    neighbors: &[(u8, u32, &[&str])],
    nets: &[&str],
) -> String {
    let mut text = format!(
        "router bgp {asn}\n bgp router-id {}\n no bgp ebgp-requires-policy\n \
         no bgp network import-check\n no bgp default ipv4-unicast\n{global}\n",
        address(own)
    );
    for (peer, peer_as, _) in neighbors {
        let peer = address(*peer);
        for line in [
            &format!("remote-as {peer_as}"),
            "timers 3 9",
            "timers connect 1",
            "advertisement-interval 0",
        ] {
            text += &format!(" neighbor {peer} {line}\n");
        }
    }
    text += " address-family ipv4 unicast\n";
    for net in nets {
        text += &format!("  network {net}\n");
    }
    for (peer, _, lines) in neighbors {
        let peer = address(*peer);
        for line in ["activate"].iter().chain(*lines) {
            text += &format!("  neighbor {peer} {line}\n");
        }
    }
    text + " exit-address-family\n"
}

/// Waits until the networks that BIRD, or our router, has from a protocol are just these.
#[track_caller]
pub(crate) fn wait_networks(bird: &Bird, protocol: &str, wanted: &[&str]) {
    let wanted: BTreeSet<String> = wanted.iter().map(|net| (*net).to_owned()).collect();
    wait_for(PATIENCE, format!("{} has {wanted:?} from {protocol}", bird.name()), || {
        let routes = bird.routes(&format!("protocol {protocol}"));
        let seen: BTreeSet<String> = routes.into_iter().map(|route| route.net).collect();
        if seen == wanted { Ok(()) } else { Err(format!("{seen:?}")) }
    });
}

/// Waits until the networks that bgpd knows, its own among them, are just these.
#[track_caller]
pub(crate) fn wait_frr_networks(frr: &mut Frr, wanted: &[&str]) {
    let wanted: BTreeSet<String> = wanted.iter().map(|net| (*net).to_owned()).collect();
    wait_for(PATIENCE, format!("bgpd has {wanted:?}"), || {
        let seen: BTreeSet<String> = frr.networks("ipv4")?.into_iter().collect();
        if seen == wanted { Ok(()) } else { Err(format!("{seen:?}")) }
    });
}
