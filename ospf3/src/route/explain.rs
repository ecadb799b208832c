//! Why a route is as it is.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use ipnet::IpNet;

use super::area::{Area, usable};
use super::internal::Leg;
use super::prefixes::{Entry, is_internal};
use super::result::{Explanation, Path, Step};
use super::{Input, RoutingTable};
use crate::lsdb::Lsdb;
use crate::spf::{Vertex, VertexId};
use crate::{LinkStateId, LsType, LsaKey, ScopeId};

impl RoutingTable {
    /// Why the route to exactly this prefix is as it is; `None`: there is no route. `input` is that of the last update.
    pub fn explain(&self, input: &Input<'_>, prefix: IpNet) -> Option<Explanation> {
        let entry = self.prefixes.entry(prefix.trunc())?;
        let route = entry.route.clone()?;
        let mut paths = if is_internal(&route) {
            let legs = self.internal(entry)?.legs;
            legs.iter().filter_map(|leg| self.path(input, leg, None)).collect()
        } else {
            self.explain_external(input, entry)
        };
        paths.sort_by_key(|path| (path.told_by, path.by_way_of));
        Some(Explanation { route, paths })
    }

    fn explain_external(&self, input: &Input<'_>, entry: &Entry) -> Vec<Path> {
        let mut all = Vec::new();
        for external in self.external_paths(entry) {
            let Some(teller) = self.tellers.get(external.teller) else { continue };
            let told_by = (teller.scope, teller.key);
            let way = match external.forwarding {
                Some(prefix) => self.prefixes.entry(prefix).and_then(|there| self.internal(there)),
                None => self.resting_paths(teller),
            };
            for leg in way.iter().flat_map(|paths| &paths.legs) {
                let path = self.path(input, leg, Some(told_by));
                all.extend(path.map(|path| Path { forwarding: external.forwarding, ..path }));
            }
        }
        all
    }

    /// A path; `told_by` if it is one out of the AS, so that what the leg's own LSA tells of is only on the way.
    fn path(
        &self,
        input: &Input<'_>,
        leg: &Leg,
        told_by: Option<(ScopeId, LsaKey)>,
    ) -> Option<Path> {
        let own = leg.teller.and_then(|teller| self.tellers.get(teller)).map(|t| (t.scope, t.key));
        let lsdb = input.areas.get(&leg.area)?.lsdb;
        let area = self.areas.get(&leg.area)?;
        Some(Path {
            told_by: told_by.or(own)?,
            forwarding: None,
            by_way_of: told_by.and(own),
            area: leg.area,
            vertices: steps(input, lsdb, area, leg.vertex),
        })
    }
}

/// One of the shortest paths to a vertex.
fn steps(input: &Input<'_>, lsdb: &Lsdb, area: &Area, to: VertexId) -> Vec<Step> {
    // From the end to the root, with what comes after each.
    let mut next: BTreeMap<VertexId, Option<VertexId>> = BTreeMap::from([(to, None)]);
    let mut queue = VecDeque::from([to]);
    while let Some(vertex) = queue.pop_front() {
        if vertex == area.tree.root() {
            break;
        }
        let mut parents: Vec<_> = area.tree.parents(&area.graph, vertex).collect();
        parents.sort_by_key(|parent| area.graph.vertex(*parent));
        for parent in parents {
            next.entry(parent).or_insert_with(|| {
                queue.push_back(parent);
                Some(vertex)
            });
        }
    }
    let mut steps = Vec::new();
    let mut at = Some(area.tree.root());
    while let Some(id) = at {
        if let (Some(vertex), Some(cost)) = (area.graph.vertex(id), area.tree.distance(id)) {
            steps.push(Step { vertex, cost, lsas: lsas(input, lsdb, vertex) });
        }
        at = next.get(&id).copied().flatten();
    }
    steps
}

/// The LSAs that a vertex rests on.
fn lsas(input: &Input<'_>, lsdb: &Lsdb, vertex: Vertex) -> Vec<LsaKey> {
    match vertex {
        Vertex::Router(router) => {
            let keys = lsdb.by(LsType::ROUTER, router).map(|(key, _)| *key);
            keys.filter(|key| usable(lsdb, input, key).is_some()).collect()
        }
        Vertex::Network(advertising_router, interface) => {
            let link_state_id = LinkStateId(interface.0);
            alloc::vec![LsaKey { ls_type: LsType::NETWORK, advertising_router, link_state_id }]
        }
    }
}
