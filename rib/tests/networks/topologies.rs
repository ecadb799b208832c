//! The usual shapes of networks.

use std::time::Duration;

use bgp_wire::{Family, Role};
use rib::{AddPath, AigpSession, Filter, NextHopMode};

use crate::address::{loopback, net4, net6};
use crate::plan::{Announced, Choice, Plan, Reach};
use crate::policy::{CUSTOMER, PEER, PROVIDER, Rule};
use crate::random::Random;

/// Within a site, between sites: what is far is always further than what is near.
pub(crate) const NEAR: (u32, u32) = (1_000, 9_999);
pub(crate) const FAR: (u32, u32) = (1_000_000, 1_999_999);

/// Eight routers of an AS, each with all others.
pub(crate) fn full_mesh() -> Plan {
    let mut plan = Plan::new("full mesh");
    plan.families = vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST];
    plan.restart = true;
    let nodes: Vec<usize> = (0..8).map(|_| plan.node(65_001, 1)).collect();
    for (place, node) in nodes.iter().enumerate() {
        plan.link(&[*node, nodes[(place + 1) % 8]], NEAR);
        plan.link(&[*node, nodes[(place + 3) % 8]], NEAR);
    }
    plan.mesh(&nodes);
    plan.announce_all(nodes.clone());
    nodes.iter().for_each(|node| plan.announce(*node, net6(*node, 0), &[Announced::default()]));
    plan.announce_exits(&[0, 2, 5], net4(100, 0));
    // One neighbour AS, several places: MULTI_EXIT_DISC counts.
    let med =
        |med| Announced { as_path: vec![64_999, 64_998], med: Some(med), ..Announced::default() };
    for (place, node) in [1, 3, 6].into_iter().enumerate() {
        let place = u32::try_from(place).expect("few");
        plan.announce(node, net4(101, 0), &[med(10 * place), med(10 * place + 35), med(50)]);
    }
    plan
}

/// Reflectors in pairs, each pair a cluster with its clients; the reflectors are fully meshed.
fn clusters(plan: &mut Plan, clients: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let (mut reflectors, mut all) = (Vec::new(), Vec::new());
    for (number, count) in clients.iter().enumerate() {
        let pair = [plan.node(65_001, 1), plan.node(65_001, 1)];
        plan.link(&pair, NEAR);
        for _ in 0..*count {
            let client = plan.node(65_001, 1);
            all.push(client);
            for reflector in pair {
                plan.link(&[reflector, client], NEAR);
                plan.client(reflector, client, loopback(100 + number));
            }
        }
        for other in &reflectors {
            for one in pair {
                plan.link(&[*other, one], FAR);
            }
        }
        reflectors.extend(pair);
    }
    plan.mesh(&reflectors);
    (reflectors, all)
}

/// One pair of reflectors and ten clients.
pub(crate) fn cluster_of_two() -> Plan {
    let mut plan = Plan::new("cluster of two");
    plan.restart = true;
    plan.long_lived = true;
    let (_, clients) = clusters(&mut plan, &[10]);
    plan.announce_all(clients.clone());
    plan.announce_exits(&[clients[0], clients[4], clients[7]], net4(100, 0));
    plan.for_ends(|end| end.interval = Duration::from_millis(500 * (end.node as u64 % 2)));
    plan
}

/// Reflectors tell their clients all paths.
pub(crate) fn all_paths() -> Plan {
    let mut plan = Plan::new("reflectors with all paths");
    plan.restart = true;
    let (_, clients) = clusters(&mut plan, &[4, 3]);
    plan.announce_all(clients.clone());
    plan.announce_exits(&[clients[0], clients[2], clients[5]], net4(100, 0));
    plan.announce_exits(&[clients[1], clients[3], clients[4], clients[6]], net4(101, 0));
    for number in 0..plan.sessions.len() {
        let [reflector, client] = &mut plan.sessions[number].ends;
        if reflector.cluster.is_some() {
            reflector.add_path = AddPath::All;
            client.takes_paths = true;
            let ways = vec![AddPath::All, AddPath::Best(2), AddPath::Best(1), AddPath::All];
            plan.choices.push(Choice::AddPath(number, 0, ways));
        }
    }
    plan
}

/// Three levels: a pair at the top, three pairs below it that are its clients, and their clients.
pub(crate) fn hierarchy() -> Plan {
    let mut plan = Plan::new("hierarchy of reflectors");
    let top = [plan.node(65_001, 1), plan.node(65_001, 1)];
    plan.link(&top, NEAR);
    plan.mesh(&top);
    let mut edges = Vec::new();
    for number in 0..3 {
        let pair = [plan.node(65_001, 1), plan.node(65_001, 1)];
        plan.link(&pair, NEAR);
        plan.mesh(&pair);
        for one in pair {
            for reflector in top {
                plan.link(&[reflector, one], FAR);
                plan.client(reflector, one, loopback(100));
            }
        }
        for _ in 0..3 {
            let client = plan.node(65_001, 1);
            edges.push(client);
            for reflector in pair {
                plan.link(&[reflector, client], NEAR);
                plan.client(reflector, client, loopback(101 + number));
            }
        }
    }
    plan.announce_all(edges.clone());
    plan.announce_exits(&[edges[0], edges[4], edges[8]], net4(100, 0));
    plan
}

/// Member ASes of three routers each.
fn members(plan: &mut Plan, count: u32) -> Vec<Vec<usize>> {
    let mut members = Vec::new();
    for member in 0..count {
        let nodes: Vec<usize> = (0..3).map(|_| plan.node(64_601 + member, 10 + member)).collect();
        for (place, node) in nodes.iter().enumerate() {
            plan.nodes[*node].confederation = Some(65_001);
            plan.link(&[*node, nodes[(place + 1) % 3]], NEAR);
        }
        plan.mesh(&nodes);
        members.push(nodes);
    }
    members
}

/// Four member ASes in a ring with two sessions between neighbours, and an AS outside at two of them. Each member
/// has an IGP, puts itself as next hop at its borders, and takes the way through the fewest members.
///
/// Not so with one IGP for all and next hops that stay: two borders of a member then have paths to the same next hop
/// that are equal but for the identifiers of neighbours, and where each of the two prefers what the other has,
/// nothing keeps them from changing their minds together for a long time.
pub(crate) fn confederation() -> Plan {
    let mut plan = Plan::new("confederation");
    plan.restart = true;
    plan.reach = Reach::ConnectedWhenWhole;
    plan.decision.count_confederation = true;
    let members = members(&mut plan, 4);
    for (place, nodes) in members.iter().enumerate() {
        let next = &members[(place + 1) % 4];
        for (a, b) in [(nodes[0], next[1]), (nodes[2], next[2])] {
            let link = plan.link(&[a, b], (1, 99));
            plan.over(link, a, b);
        }
    }
    let outside = plan.node(65_002, 2);
    for border in [members[0][1], members[2][0]] {
        let link = plan.link(&[border, outside], (1, 99));
        plan.over(link, border, outside);
    }
    plan.for_ends(|end| end.next_hop_self = NextHopMode::Always);
    plan.announce_all(0..=outside);
    plan
}

/// ASes at random, with providers, customers and peers that play by the rules, and filters that change routes.
pub(crate) fn internet(random: &mut Random) -> Plan {
    let mut plan = Plan::new("internet");
    plan.reach = Reach::ValleyFree;
    plan.restart = true;
    plan.long_lived = true;
    let nodes: Vec<usize> = (0..20)
        .map(|number| {
            plan.node(
                if number % 3 == 0 { 4_200_000_000 + number } else { 65_100 + number },
                number,
            )
        })
        .collect();
    for node in nodes.iter().copied().skip(3) {
        for _ in 0..1 + random.below(2) {
            let provider = random.below(node);
            transit(&mut plan, provider, node);
        }
    }
    for (a, b) in [(0, 1), (1, 2), (0, 2)] {
        join(&mut plan, a, b, Role::PEER, Role::PEER);
    }
    for _ in 0..8 {
        let (a, b) = (random.below(20), random.below(20));
        join(&mut plan, a, b, Role::PEER, Role::PEER);
    }
    plan.announce_all(nodes);
    plan.announce(19, net4(100, 0), &[Announced::default()]);
    plan.announce(
        11,
        net4(100, 0),
        &[Announced::default(), Announced { incomplete: true, ..Announced::default() }],
    );
    plan
}

fn transit(plan: &mut Plan, provider: usize, customer: usize) {
    join(plan, provider, customer, Role::PROVIDER, Role::CUSTOMER);
}

/// A session where `a` is `role` to `b`, unless there is one.
fn join(plan: &mut Plan, a: usize, b: usize, role: Role, other: Role) {
    let known = |session: &crate::plan::SessionPlan| {
        session.ends.iter().all(|end| end.node == a || end.node == b)
    };
    if a == b || plan.sessions.iter().any(known) {
        return;
    }
    let link = plan.link(&[a, b], NEAR);
    let session = plan.over(link, a, b);
    for (side, (role, theirs)) in [(role, other), (other, role)].into_iter().enumerate() {
        let asn = plan.nodes[[a, b][side]].asn;
        let local_pref = match theirs {
            Role::CUSTOMER => CUSTOMER,
            Role::PEER => PEER,
            _ => PROVIDER,
        };
        let customers_only = theirs != Role::CUSTOMER;
        let tag = 65_000 << 16 | local_pref;
        let import = Rule { local_pref: Some(local_pref), community: Some(tag), ..Rule::default() };
        let export = Rule { customers_only, ..Rule::default() };
        let prepending = |times| Rule { prepend: Some((asn, times)), ..export.clone() };
        let import = plan.rule(import);
        let exports =
            [export.clone(), prepending(1), prepending(3), Rule { med: Some(7), ..export.clone() }];
        let exports: Vec<Filter> = exports.into_iter().map(|rule| plan.rule(rule)).collect();
        let end = &mut plan.sessions[session].ends[side];
        end.role = Some(role);
        end.import = import;
        end.export = exports[0];
        plan.choices.push(Choice::Export(session, side, exports));
    }
}

/// A route server and ten clients on one LAN; the server tells all paths where `all`.
pub(crate) fn route_server(all: bool) -> Plan {
    let mut plan = Plan::new(if all { "route server with all paths" } else { "route server" });
    plan.reach = Reach::Unknown;
    let server = plan.node(65_000, 0);
    let clients: Vec<usize> = (1..=10).map(|number| plan.node(65_100 + number, number)).collect();
    let everybody: Vec<usize> = std::iter::once(server).chain(clients.clone()).collect();
    let lan = plan.link(&everybody, NEAR);
    let refusing: Vec<Filter> = (0..4)
        .map(|rest| plan.rule(Rule { refused: Some(rest), ..Rule::default() }))
        .chain([Filter::All, Filter::All])
        .collect();
    for client in &clients {
        let session = plan.over(lan, server, *client);
        let ends = &mut plan.sessions[session].ends;
        ends[0].route_server_client = true;
        if all {
            ends[0].add_path = AddPath::All;
            ends[1].takes_paths = true;
        }
        plan.choices.push(Choice::Import(session, 1, refusing.clone()));
        plan.choices.push(Choice::Import(session, 0, refusing.clone()));
        plan.choices.push(Choice::Export(session, 0, refusing.clone()));
    }
    plan.announce_all(clients.clone());
    for (place, net) in [(0, net4(100, 0)), (3, net4(101, 0)), (5, net4(102, 0))] {
        plan.announce_exits(&clients[place..place + 4], net);
    }
    plan
}

/// Members of a confederation in a row: what counts is how far it is in all (RFC 7311).
pub(crate) fn accumulated_metric() -> Plan {
    let mut plan = Plan::new("accumulated IGP metric");
    plan.reach = Reach::ConnectedWhenWhole;
    let members = members(&mut plan, 3);
    plan.for_ends(|end| end.next_hop_self = NextHopMode::External);
    for pair in members.windows(2) {
        for (one, other) in [(pair[0][0], pair[1][1]), (pair[0][2], pair[1][2])] {
            let link = plan.link(&[one, other], NEAR);
            let session = plan.over(link, one, other);
            for end in &mut plan.sessions[session].ends {
                end.next_hop_self = NextHopMode::Always;
            }
        }
    }
    plan.for_ends(|end| end.aigp = AigpSession::Originate);
    plan.announce_all(0..9);
    plan
}

/// RFC 3345 §2.1, figure 1: MULTI_EXIT_DISC and reflectors that do not know of all paths. No state is stable.
pub(crate) fn churn() -> Plan {
    let mut plan = Plan::new("RFC 3345 type I");
    let [ra, rb, rc, rd, re] = [0; 5].map(|_| plan.node(1, 1));
    for (a, b, metric) in [(ra, rb, 5), (ra, rc, 4), (ra, rd, 1), (rd, re, 12)] {
        plan.link(&[a, b], (metric, metric));
    }
    plan.mesh(&[ra, rd]);
    for (reflector, client) in [(ra, rb), (ra, rc), (rd, re)] {
        plan.client(reflector, client, loopback(reflector));
    }
    let path = |first, med| Announced {
        as_path: vec![first, 100],
        med: Some(med),
        ..Announced::default()
    };
    for (node, first, med) in [(rb, 10, 10), (rc, 6, 1), (re, 6, 0)] {
        plan.announce(node, net4(100, 0), &[path(first, med)]);
    }
    plan
}
