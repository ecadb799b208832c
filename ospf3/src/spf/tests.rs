//! Trees against paths found the slow way.

use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

use super::*;
use crate::random::{Random, seeds};
use crate::{InterfaceId, RouterId};

/// What the LSAs of a vertex say.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    links: Vec<(Vertex, u16)>,
    transit: bool,
}

type Network = BTreeMap<Vertex, Said>;
type Found = BTreeMap<Vertex, (u32, BTreeSet<FirstHop>)>;

const ROOT: RouterId = RouterId(1);

fn router(number: u32) -> Vertex {
    Vertex::Router(RouterId(number))
}

fn network(number: u32) -> Vertex {
    Vertex::Network(RouterId(number), InterfaceId(9))
}

/// The number of the interface of a router's link: its place in the list, from 1.
fn interfaces(said: &Said, to: Vertex) -> Vec<(InterfaceId, u16)> {
    (said.links.iter().enumerate())
        .filter(|(_, (there, _))| *there == to)
        .map(|(index, (_, cost))| (InterfaceId(index as u32 + 1), *cost))
        .collect()
}

fn first_hops(net: &Network) -> FirstHops {
    let mut hops = FirstHops::default();
    let Some(own) = net.get(&Vertex::Router(ROOT)) else { return hops };
    for (to, _) in &own.links {
        let links = interfaces(own, *to);
        let least = links.iter().map(|(_, cost)| *cost).min();
        let cheapest = links.iter().filter(|(_, cost)| Some(*cost) == least);
        let direct = cheapest.map(|(interface, _)| match to {
            Vertex::Router(id) => {
                FirstHop::Neighbor(*interface, *id, InterfaceId(interface.0 + 100))
            }
            Vertex::Network(..) => FirstHop::OnLink(*interface),
        });
        hops.direct.insert(*to, direct.collect());
        for (vertex, said) in net {
            let theirs: Vec<_> =
                interfaces(said, *to).into_iter().map(|(theirs, _)| theirs).collect();
            if let (Vertex::Router(id), Vertex::Network(..)) = (vertex, to)
                && *id != ROOT
                && !theirs.is_empty()
            {
                for (interface, _) in &links {
                    hops.beyond.insert((*interface, *id), theirs.clone());
                }
            }
        }
    }
    hops
}

/// The links that paths may take (RFC 2328 §16.1 step 2b).
fn usable(net: &Network) -> Vec<(Vertex, Vertex, u16)> {
    let mut all = Vec::new();
    for (from, said) in net {
        for (to, cost) in &said.links {
            let back = net.get(to).is_some_and(|there| there.links.iter().any(|(v, _)| v == from));
            if back && from != to && (said.transit || *from == Vertex::Router(ROOT)) {
                all.push((*from, *to, *cost));
            }
        }
    }
    all
}

/// Bellman and Ford's algorithm for distances and for first hops, both until nothing changes.
fn oracle(net: &Network) -> Found {
    let links = usable(net);
    let origin = first_hops(net);
    let root = Vertex::Router(ROOT);
    let step = |(distance, level): (u32, u32), from: &Vertex, cost: u16| match (cost, from) {
        (0, Vertex::Router(_)) => (distance, level + 1),
        (0, Vertex::Network(..)) => (distance, level),
        (cost, _) => (distance + u32::from(cost), 0),
    };
    let mut keys = BTreeMap::from([(root, (0_u32, 0_u32))]);
    loop {
        let before = keys.clone();
        for (from, to, cost) in &links {
            if let Some(key) = before.get(from).map(|key| step(*key, from, *cost)) {
                let there = keys.entry(*to).or_insert(key);
                *there = key.min(*there);
            }
        }
        if before == keys {
            break;
        }
    }
    let mut found: Found = keys.iter().map(|(v, key)| (*v, (key.0, BTreeSet::new()))).collect();
    found.insert(root, (0, BTreeSet::from([FirstHop::Own])));
    loop {
        let before = found.clone();
        for (from, to, cost) in &links {
            let Some(key) = keys.get(from) else { continue };
            if keys.get(to) != Some(&step(*key, from, *cost)) {
                continue;
            }
            let mut hops = BTreeSet::new();
            if *from == root {
                hops.extend(origin.direct.get(to).into_iter().flatten().copied());
            } else {
                for hop in &before[from].1 {
                    match (hop, to) {
                        (FirstHop::OnLink(interface), Vertex::Router(id)) => {
                            let theirs =
                                origin.beyond.get(&(*interface, *id)).into_iter().flatten();
                            hops.extend(theirs.map(|t| FirstHop::Neighbor(*interface, *id, *t)));
                        }
                        _ => drop(hops.insert(*hop)),
                    }
                }
            }
            if let Some((_, there)) = found.get_mut(to)
                && *to != root
            {
                there.extend(hops);
            }
        }
        if before == found {
            return found;
        }
    }
}

fn found(graph: &Graph, tree: &Tree) -> Found {
    (graph.vertices())
        .filter_map(|(vertex, id)| {
            let hops = tree.first_hops(id).iter().copied().collect();
            Some((vertex, (tree.distance(id)?, hops)))
        })
        .collect()
}

struct Change<'a> {
    random: &'a mut Random,
    routers: u32,
    networks: u32,
    gratis: bool,
}

impl Change<'_> {
    fn vertex(&mut self) -> Vertex {
        let all = u64::from(self.routers + self.networks);
        let number = self.random.below(all) as u32 + 1;
        if number <= self.routers { router(number) } else { network(number - self.routers) }
    }

    fn cost(&mut self) -> u16 {
        match self.random.below(20) {
            0 => u16::MAX,
            1 if self.gratis => 0,
            2 => 1000,
            _ => self.random.below(4) as u16 + 1,
        }
    }

    fn cost_from(&mut self, vertex: Vertex) -> u16 {
        if matches!(vertex, Vertex::Network(..)) { 0 } else { self.cost() }
    }

    fn link(&mut self, net: &mut Network, one: Vertex, other: Vertex) {
        let both = !self.random.chance(10);
        for (from, to) in [(one, other), (other, one)].into_iter().take(if both { 2 } else { 1 }) {
            let cost = self.cost_from(from);
            net.entry(from)
                .or_insert(Said { links: Vec::new(), transit: true })
                .links
                .push((to, cost));
        }
    }

    fn make(&mut self, net: &mut Network) {
        let one = self.vertex();
        match self.random.below(12) {
            0 => drop(net.remove(&one)),
            1..=4 => {
                let other = self.vertex();
                let networks =
                    [one, other].iter().filter(|v| matches!(v, Vertex::Network(..))).count();
                if networks < 2 && one != other {
                    self.link(net, one, other);
                }
            }
            5 => {
                if let Some(said) = net.get_mut(&one) {
                    said.transit = matches!(one, Vertex::Network(..)) || !said.transit;
                }
            }
            6 => {
                if let Some(said) = net.get_mut(&one)
                    && !said.links.is_empty()
                {
                    let index = self.random.below(said.links.len() as u64) as usize;
                    said.links.remove(index);
                }
            }
            _ => {
                let cost = self.cost_from(one);
                if let Some(said) = net.get_mut(&one)
                    && !said.links.is_empty()
                {
                    let index = self.random.below(said.links.len() as u64) as usize;
                    said.links[index].1 = cost;
                }
            }
        }
    }
}

/// Tells a graph what is different between two networks.
fn tell(graph: &mut Graph, old: &Network, new: &Network) {
    for vertex in old.keys().filter(|vertex| !new.contains_key(vertex)) {
        graph.remove(*vertex);
    }
    for (vertex, said) in new {
        if old.get(vertex) != Some(said) {
            graph.set(*vertex, &said.links, said.transit);
        }
    }
}

/// One random network through random changes; how many runs were incremental.
fn history(seed: u64) -> usize {
    let mut random = Random::new(seed);
    let (routers, networks) = (random.below(40) as u32 + 2, random.below(8) as u32);
    let gratis = random.chance(20);
    let mut change = Change { random: &mut random, routers, networks, gratis };
    let mut net = Network::new();
    for _ in 0..routers + 2 * networks {
        let (one, other) = (change.vertex(), change.vertex());
        if one != other && matches!(one, Vertex::Router(_)) {
            change.link(&mut net, one, other);
        }
    }
    let mut graph = Graph::new();
    let mut tree = Tree::new(&mut graph, ROOT);
    tell(&mut graph, &Network::new(), &net);
    tree.set_first_hops(&graph, first_hops(&net));
    tree.update(&mut graph);
    let mut before = oracle(&net);
    assert_eq!(found(&graph, &tree), before, "CAUSEWAY_SEED={seed}");
    let mut incremental = 0;
    for round in 0..40 {
        let old = net.clone();
        for _ in 0..=change.random.below(3) {
            change.make(&mut net);
        }
        tell(&mut graph, &old, &net);
        tree.set_first_hops(&graph, first_hops(&net));
        let ids: BTreeMap<_, _> = graph.vertices().map(|(vertex, id)| (id, vertex)).collect();
        incremental += usize::from(matches!(tree.update(&mut graph), Some(Run::Incremental(_))));
        let wanted = oracle(&net);
        assert_eq!(found(&graph, &tree), wanted, "CAUSEWAY_SEED={seed}, round {round}");
        let changed: BTreeSet<_> = tree.changed().iter().map(|id| ids[id]).collect();
        let differ = (before.keys().chain(wanted.keys()))
            .filter(|vertex| before.get(vertex) != wanted.get(vertex))
            .copied()
            .collect();
        assert_eq!(changed, differ, "CAUSEWAY_SEED={seed}, round {round}");
        let mut again = graph.clone();
        let mut fresh = tree.clone();
        fresh.forget();
        assert_eq!(fresh.update(&mut again), Some(Run::Full));
        assert_eq!(found(&again, &fresh), wanted, "CAUSEWAY_SEED={seed}, round {round}");
        assert!(fresh.changed().is_empty(), "CAUSEWAY_SEED={seed}, round {round}");
        for (vertex, id) in graph.vertices() {
            for parent in tree.parents(&graph, id) {
                assert!(tree.distance(parent) <= tree.distance(id), "{vertex:?}");
            }
        }
        before = wanted;
    }
    incremental
}

#[test]
fn trees_are_those_of_the_oracle_through_random_changes() {
    let seeds = seeds(200);
    let all = seeds.clone().count() > 10;
    let incremental: usize = seeds.map(history).sum();
    assert!(!all || incremental > 1000, "{incremental} incremental runs");
}

#[test]
fn a_graph_remembers_only_what_is_named() {
    let mut graph = Graph::new();
    for round in 0..50_u32 {
        for number in 0..20 {
            graph.set(router(number), &[(router(1000 * round + number), 1)], true);
        }
        for number in 0..20 {
            graph.remove(router(number));
        }
        graph.take_changes();
        graph.forget_unnamed();
        assert_eq!(graph.vertices().count(), 0);
        assert!(graph.is_empty());
    }
    assert!(graph.size() <= 60, "{} vertices", graph.size());
}

#[test]
fn sets_of_first_hops_do_not_pile_up() {
    // A router behind a ladder of others, with the way in changing each time: each change makes a new set.
    let mut graph = Graph::new();
    let mut tree = Tree::new(&mut graph, ROOT);
    for round in 0..5000_u32 {
        let (via, cost) = (router(2 + round % 2), 1);
        graph.set(router(1), &[(via, cost)], true);
        graph.set(router(2), &[(router(1), 1), (router(4), 1)], true);
        graph.set(router(3), &[(router(1), 1), (router(4), 1)], true);
        graph.set(router(4), &[(router(2), 1), (router(3), 1)], true);
        let Vertex::Router(id) = via else { continue };
        let hop = FirstHop::Neighbor(InterfaceId(round), id, InterfaceId(1));
        let direct = BTreeMap::from([(via, std::vec![hop])]);
        tree.set_first_hops(&graph, FirstHops { direct, ..FirstHops::default() });
        tree.update(&mut graph);
        let four = graph.id(router(4)).expect("it has an LSA");
        assert_eq!((tree.distance(four), tree.first_hops(four)), (Some(2), &[hop][..]));
    }
    assert!(tree.sets().len() < 1100, "{} sets", tree.sets().len());
}

#[test]
fn a_link_that_costs_most_counts_and_one_that_overflows_leads_nowhere() {
    let mut graph = Graph::new();
    let mut tree = Tree::new(&mut graph, ROOT);
    let count = 65_600;
    for number in 1..=count {
        let links = [(router(number - 1), u16::MAX), (router(number + 1), u16::MAX)];
        graph.set(router(number), &links, true);
    }
    tree.update(&mut graph);
    let distance = |number| graph.id(router(number)).and_then(|id| tree.distance(id));
    assert_eq!(distance(2), Some(65_535));
    assert_eq!(distance(65_537), Some(65_536 * 65_535));
    // 65,537 times 65,535 is the largest number, which stands for no path.
    assert_eq!(distance(65_538), None);
    assert_eq!(distance(count), None);
}
