//! Shortest paths in an area (RFC 2328 §16.1, RFC 5340 §4.8.1): a [`Graph`] of its routers and transit links, and a
//! [`Tree`] of the shortest paths from one router with their first hops, which follows the graph's changes.
//!
//! What comes of it does not depend on the order in which things happened: the distance of a vertex is that of the
//! shortest path, and its first hops are those of all shortest paths. RFC 5340 §C.3 says that no link of a router
//! costs 0; where one does, a path with more such links at its end is longer.
//!
//! ```
//! use std::collections::BTreeMap;
//! use ospf3::spf::{FirstHop, FirstHops, Graph, Tree, Vertex};
//! use ospf3::{InterfaceId, RouterId};
//!
//! let router = |number| Vertex::Router(RouterId(number));
//! let mut graph = Graph::new();
//! graph.set(router(1), &[(router(2), 10)], true);
//! graph.set(router(2), &[(router(1), 10), (router(3), 5)], true);
//! graph.set(router(3), &[(router(2), 5)], true);
//!
//! let to_2 = FirstHop::Neighbor(InterfaceId(7), RouterId(2), InterfaceId(1));
//! let direct = BTreeMap::from([(router(2), vec![to_2])]);
//! let mut tree = Tree::new(&mut graph, RouterId(1));
//! tree.set_first_hops(&graph, FirstHops { direct, ..FirstHops::default() });
//! tree.update(&mut graph);
//! let three = graph.id(router(3)).ok_or("no such router")?;
//! assert_eq!(tree.distance(three), Some(15));
//! assert_eq!(tree.first_hops(three), [to_2]);
//!
//! graph.set(router(2), &[(router(1), 10), (router(3), 6)], true);
//! tree.update(&mut graph);
//! assert_eq!(tree.changed(), [three]);
//! assert_eq!(tree.distance(three), Some(16));
//! # Ok::<(), &'static str>(())
//! ```

mod full;
mod graph;
mod hops;
mod incremental;
mod queue;
#[cfg(test)]
mod tests;
mod tree;

pub use graph::{Graph, Vertex, VertexId};
pub use hops::{FirstHop, FirstHops, HopSets, MAXIMUM_FIRST_HOPS, SetId};
pub use tree::{Run, Tree};
