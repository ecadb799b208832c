//! Shortest paths in one area, from its database alone.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use super::area::{self, Identity, Settings};
use super::{Externals, Input, Rules};
use crate::lsdb::Lsdb;
use crate::spf::{FirstHop, Vertex};
use crate::{AddressFamily, LsType, RouterId};

/// The shortest paths from one router to all routers and transit links of an area.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpfTree {
    /// Those that are reached.
    pub vertices: BTreeMap<Vertex, ShortestPaths>,
}

/// The shortest paths to one vertex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortestPaths {
    /// What each of them costs.
    pub cost: u32,
    /// How they begin, in order.
    pub first_hops: Vec<FirstHop>,
}

/// The shortest paths from a router, which need not be the one whose database this is, to all vertices of an area
/// (RFC 5340 §4.8.1). LSAs at MaxAge do not count.
pub fn shortest_paths(
    lsdb: &Lsdb,
    now: Duration,
    family: AddressFamily,
    root: RouterId,
) -> SpfTree {
    let none = Lsdb::new();
    let input = Input {
        now,
        router_id: root,
        family,
        areas: BTreeMap::new(),
        as_lsdb: &none,
        interfaces: BTreeMap::new(),
    };
    let settings =
        Settings { externals: Externals::default(), imports_summaries: true, ranges: Vec::new() };
    let mut area = area::Area::new(settings, Identity { router_id: root, family });
    let mut links = Vec::new();
    let mut last = None;
    for (key, _) in lsdb.of_type(LsType::ROUTER) {
        if last.replace(key.advertising_router) != Some(key.advertising_router) {
            area.read_router(&input, lsdb, key.advertising_router, &mut links);
        }
    }
    for (key, _) in lsdb.of_type(LsType::NETWORK) {
        area.read_network(&input, lsdb, key);
    }
    area.update(&input, lsdb, Rules::default(), false, &mut Vec::new());
    let reached = area.graph.vertices().filter_map(|(vertex, id)| {
        let first_hops = area.tree.first_hops(id).to_vec();
        Some((vertex, ShortestPaths { cost: area.tree.distance(id)?, first_hops }))
    });
    SpfTree { vertices: reached.collect() }
}
