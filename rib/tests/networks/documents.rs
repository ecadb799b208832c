//! The networks of the documents that the project is for.

use bgp_wire::Family;
use ipnet::IpNet;
use rib::NextHopMode;

use crate::address::{loopback, net4, net6};
use crate::plan::{Announced, Choice, Plan, Reach};
use crate::policy::Rule;
use crate::topologies::{FAR, NEAR};

/// K3s across regions: machines of a site with their gateway, two routers of a leased line, and a machine abroad.
/// All are of one AS. Machines are fully meshed, and clients of the aggregation router of their region as well;
/// aggregation routers are meshed and put themselves as next hop everywhere.
pub(crate) fn k3s_across_regions() -> Plan {
    let mut plan = Plan::new("K3s across regions");
    plan.restart = true;
    let [gateway, cn, global] = [0; 3].map(|_| plan.node(64_512, 1));
    let [master, worker, abroad] = [0; 3].map(|_| plan.node(64_512, 1));
    plan.link(&[gateway, master, worker], NEAR);
    plan.link(&[gateway, cn], NEAR);
    plan.link(&[cn, global], FAR);
    plan.link(&[global, abroad], NEAR);
    plan.mesh(&[gateway, cn, global]);
    for (router, machine) in [(gateway, master), (gateway, worker), (global, abroad)] {
        plan.client(router, machine, loopback(router));
    }
    let net: IpNet = "10.0.0.0/8".parse().expect("a prefix");
    let insiders = plan.rule(Rule { insiders: Some((net, 64_512)), ..Rule::default() });
    plan.for_ends(|end| {
        if end.node < 3 {
            end.next_hop_self = NextHopMode::Always;
            (end.import, end.export) = (insiders, insiders);
        }
    });
    plan.mesh(&[master, worker, abroad]);
    // A block of addresses for each machine, and more as they need them.
    for machine in [master, worker, abroad] {
        (0..3).for_each(|number| {
            plan.announce(machine, net4(machine, number), &[Announced::default()]);
        });
    }
    plan
}

/// Three hosts on one network, each with a network of containers, fully meshed on their addresses there.
pub(crate) fn three_hosts() -> Plan {
    let mut plan = Plan::new("three hosts");
    plan.restart = true;
    let hosts = [0; 3].map(|_| plan.node(64_512, 1));
    let lan = plan.link(&hosts, NEAR);
    let own = plan.rule(Rule { own_only: true, ..Rule::default() });
    for (place, one) in hosts.iter().enumerate() {
        for other in &hosts[place + 1..] {
            let session = plan.over(lan, *one, *other);
            plan.sessions[session].ends[0].export = own;
        }
    }
    plan.announce_all(hosts);
    plan
}

/// Three ASes of DN42: routers meshed over their internal network, tunnels between ASes of which most have
/// link-local addresses alone, and both families on one session.
pub(crate) fn dn42() -> Plan {
    let mut plan = Plan::new("DN42");
    plan.families = vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST];
    plan.long_lived = true;
    plan.restart = true;
    let mut systems: Vec<Vec<usize>> = Vec::new();
    for (number, count) in [4, 3, 2].into_iter().enumerate() {
        let number = u32::try_from(number).expect("few");
        let nodes: Vec<usize> =
            (0..count).map(|_| plan.node(4_242_420_000 + number, number)).collect();
        for pair in nodes.windows(2) {
            plan.link(pair, NEAR);
        }
        if count > 2 {
            plan.link(&[nodes[0], nodes[count - 1]], NEAR);
        }
        plan.mesh(&nodes);
        systems.push(nodes);
    }
    plan.for_ends(|end| end.next_hop_self = NextHopMode::Always);
    let tunnels = [(0, 0, 1, 0), (0, 2, 1, 1), (1, 2, 2, 0), (0, 3, 2, 1), (0, 1, 1, 2)];
    for (number, (a, one, b, other)) in tunnels.into_iter().enumerate() {
        let (one, other) = (systems[a][one], systems[b][other]);
        let link = plan.link(&[one, other], NEAR);
        let session = match number {
            2 => plan.over(link, one, other),
            _ => plan.unnumbered(link, one, other),
        };
        for side in 0..2 {
            let tagged =
                |latency: u32| Rule { community: Some(64_511 << 16 | latency), ..Rule::default() };
            let tags = [tagged(3), tagged(4), tagged(5)].map(|rule| plan.rule(rule));
            plan.sessions[session].ends[side].import = tags[number % 3];
            plan.choices.push(Choice::Import(session, side, tags.to_vec()));
        }
    }
    for node in 0..plan.nodes.len() {
        plan.announce(node, net4(node, 0), &[Announced::default()]);
        plan.announce(node, net6(node, 0), &[Announced::default()]);
    }
    plan
}

/// Cilium behind FRR: a router, two switches of racks on interfaces without addresses, and servers that are of the
/// AS of their rack. The router tells a default route.
pub(crate) fn cilium() -> Plan {
    let mut plan = Plan::new("Cilium");
    plan.reach = Reach::ConnectedWhenWhole;
    let router = plan.node(65_000, 0);
    let mut number = 1;
    let mut node = |plan: &mut Plan, asn| {
        number += 1;
        plan.node(asn, number)
    };
    let mut servers = Vec::new();
    for asn in [65_010, 65_011] {
        let rack = node(&mut plan, asn);
        let link = plan.link(&[router, rack], NEAR);
        let session = plan.unnumbered(link, router, rack);
        plan.sessions[session].ends[0].default_originate = true;
        for _ in 0..2 {
            let server = node(&mut plan, asn);
            let link = plan.link(&[rack, server], NEAR);
            plan.over(link, rack, server);
            servers.push(server);
        }
        plan.announce(
            rack,
            net4(rack, 0),
            &[Announced { incomplete: true, ..Announced::default() }],
        );
    }
    for server in servers {
        (0..2).for_each(|pods| plan.announce(server, net4(server, pods), &[Announced::default()]));
    }
    plan
}

/// A fabric of four spines and six leaves on interfaces without addresses, with ASes of four octets
/// (RFC 7938: the spines share one).
pub(crate) fn fabric() -> Plan {
    let mut plan = Plan::new("fabric");
    plan.reach = Reach::AsPath;
    plan.families = vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST];
    plan.restart = true;
    let spines: Vec<usize> = (0..4).map(|number| plan.node(4_200_000_000, number)).collect();
    for number in 0..6 {
        let leaf = plan.node(4_200_000_100 + number, 10 + number);
        for spine in &spines {
            let link = plan.link(&[*spine, leaf], NEAR);
            plan.unnumbered(link, *spine, leaf);
        }
        plan.announce(leaf, net4(leaf, 0), &[Announced::default()]);
        plan.announce(leaf, net6(leaf, 0), &[Announced::default()]);
    }
    plan
}
