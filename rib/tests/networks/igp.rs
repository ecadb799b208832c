//! Shortest paths inside of domains, by the slow obvious method.

use crate::address::Owner;
use crate::plan::Plan;

/// Distances between all nodes, each in its domain.
#[derive(Debug, Clone)]
pub(crate) struct Igp {
    distances: Vec<Vec<Option<u32>>>,
}

/// Where packets go, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) metric: u32,
    pub(crate) node: usize,
}

/// The neighbours of a node in its domain, with the metric that leads there.
fn neighbours(plan: &Plan, node: usize) -> impl Iterator<Item = (usize, u32)> + '_ {
    let up = plan.nodes[node].up;
    let links = plan.links.iter().filter(move |_| up);
    let attached = links.filter_map(move |link| Some((link, link.of(node).filter(|one| one.up)?)));
    attached.flat_map(move |(link, own)| {
        let others = link.attached.iter().filter(move |other| {
            other.up
                && other.node != node
                && plan.nodes[other.node].up
                && plan.nodes[other.node].domain == plan.nodes[node].domain
        });
        others.map(|other| (other.node, own.metric))
    })
}

impl Igp {
    pub(crate) fn new(plan: &Plan) -> Self {
        let count = plan.nodes.len();
        let mut distances = vec![vec![None; count]; count];
        for (node, row) in distances.iter_mut().enumerate() {
            for (other, metric) in neighbours(plan, node) {
                row[other] = Some(row[other].map_or(metric, |known: u32| known.min(metric)));
            }
            row[node] = plan.nodes[node].up.then_some(0);
        }
        for middle in 0..count {
            for from in 0..count {
                for to in 0..count {
                    let (first, second) = (distances[from][middle], distances[middle][to]);
                    if let Some(sum) = first.zip(second).map(|(first, second)| first + second)
                        && distances[from][to].is_none_or(|known| sum < known)
                    {
                        distances[from][to] = Some(sum);
                    }
                }
            }
        }
        Self { distances }
    }

    pub(crate) fn distance(&self, from: usize, to: usize) -> Option<u32> {
        self.distances[from][to]
    }

    fn towards(&self, plan: &Plan, from: usize, to: usize) -> Option<Hop> {
        let metric = self.distance(from, to)?;
        if from == to {
            return Some(Hop { metric, node: to });
        }
        let leads = |(node, cost): &(usize, u32)| {
            self.distance(*node, to).is_some_and(|rest| rest + cost == metric)
        };
        let node = neighbours(plan, from).filter(leads).map(|(node, _)| node).min()?;
        Some(Hop { metric, node })
    }

    /// How a node gets to an address.
    pub(crate) fn hop(&self, plan: &Plan, from: usize, to: Owner) -> Option<Hop> {
        let (link, node) = match to {
            Owner::Loopback(node) => return self.towards(plan, from, node),
            Owner::Link { link, node } => (&plan.links[link], node),
        };
        if !plan.nodes[node].up || !plan.nodes[from].up || !link.of(node)?.up {
            return None;
        }
        if from == node {
            return Some(Hop { metric: 0, node });
        }
        if let Some(own) = link.of(from).filter(|own| own.up) {
            return Some(Hop { metric: own.metric, node });
        }
        let last = link.attached.iter().filter(|one| one.up && one.node != node);
        let last = last.filter_map(|one| Some((self.distance(from, one.node)? + one.metric, one)));
        let (metric, last) = last.min_by_key(|(metric, one)| (*metric, one.node))?;
        let node = self.towards(plan, from, last.node)?.node;
        Some(Hop { metric, node })
    }
}
