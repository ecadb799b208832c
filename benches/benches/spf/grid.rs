//! A square grid of routers, each with a link to its neighbours.

use std::collections::BTreeMap;

use ospf3::spf::{FirstHop, FirstHops, Graph, Tree, Vertex};
use ospf3::{InterfaceId, RouterId};
use petgraph::graph::{DiGraph, NodeIndex};

/// The costs of the links, by router and place.
#[derive(Clone)]
pub(crate) struct Grid {
    width: u32,
    links: BTreeMap<u32, Vec<(u32, u16)>>,
}

const ROOT: u32 = 1;

impl Grid {
    /// All links cost 10.
    pub(crate) fn even(width: u32) -> Self {
        Self::new(width, || 10)
    }

    /// Costs from 1 to 100.
    pub(crate) fn random(width: u32) -> Self {
        let mut state = 1_u32;
        Self::new(width, || {
            // Numerical Recipes' linear congruential generator.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u16::try_from((state >> 16) % 100 + 1).unwrap_or(1)
        })
    }

    fn new(width: u32, mut cost: impl FnMut() -> u16) -> Self {
        let mut links = BTreeMap::new();
        for y in 0..width {
            for x in 0..width {
                let mut to = Vec::new();
                for (dx, dy) in [(1, 0), (0, 1), (-1, 0), (0, -1)] {
                    let (x, y) = (x.checked_add_signed(dx), y.checked_add_signed(dy));
                    if let (Some(x), Some(y)) = (x.filter(|x| *x < width), y.filter(|y| *y < width))
                    {
                        to.push((y * width + x + ROOT, cost()));
                    }
                }
                links.insert(y * width + x + ROOT, to);
            }
        }
        Self { width, links }
    }

    /// All links: the router, and the place among its links.
    pub(crate) fn links(&self) -> Vec<(u32, usize)> {
        let places = |(from, to): (&u32, &Vec<_>)| {
            let from = *from;
            (0..to.len()).map(move |place| (from, place))
        };
        self.links.iter().flat_map(places).collect()
    }

    pub(crate) fn cost(&self, from: u32, place: usize) -> u16 {
        self.links[&from][place].1
    }

    pub(crate) fn set_cost(&mut self, from: u32, place: usize, cost: u16) {
        if let Some(links) = self.links.get_mut(&from) {
            links[place].1 = cost;
        }
    }

    /// Says in a graph what a router's links are.
    pub(crate) fn tell(&self, graph: &mut Graph, router: u32) {
        let to = |(to, cost): &(u32, u16)| (Vertex::Router(RouterId(*to)), *cost);
        let links: Vec<_> = self.links[&router].iter().map(to).collect();
        graph.set(Vertex::Router(RouterId(router)), &links, true);
    }

    /// The shortest paths from the router in the corner.
    pub(crate) fn tree(&self) -> (Graph, Tree) {
        let mut graph = Graph::new();
        let mut tree = Tree::new(&mut graph, RouterId(ROOT));
        for router in self.links.keys() {
            self.tell(&mut graph, *router);
        }
        let direct = self.links[&ROOT].iter().zip(1..).map(|((to, _), interface)| {
            let to = RouterId(*to);
            let hop = FirstHop::Neighbor(InterfaceId(interface), to, InterfaceId(1));
            (Vertex::Router(to), vec![hop])
        });
        let hops = FirstHops { direct: direct.collect(), ..FirstHops::default() };
        tree.set_first_hops(&graph, hops);
        tree.update(&mut graph);
        (graph, tree)
    }

    pub(crate) fn distances(&self, graph: &Graph, tree: &Tree) -> Vec<Option<u32>> {
        (self.links.keys())
            .map(|router| tree.distance(graph.id(Vertex::Router(RouterId(*router)))?))
            .collect()
    }

    pub(crate) fn petgraph(&self) -> (DiGraph<(), u32>, NodeIndex) {
        let mut graph = DiGraph::new();
        let nodes: Vec<_> = (0..self.width * self.width).map(|_| graph.add_node(())).collect();
        let node = |router: u32| nodes[(router - ROOT) as usize];
        for (from, links) in &self.links {
            for (to, cost) in links {
                graph.add_edge(node(*from), node(*to), u32::from(*cost));
            }
        }
        (graph, node(ROOT))
    }
}
