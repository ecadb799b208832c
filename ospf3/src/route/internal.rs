//! Paths within the AS: intra-area, inter-area, and better ones through transit areas (RFC 2328 §16.1 to §16.3,
//! RFC 5340 §4.8.1 to §4.8.4).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use smallvec::{SmallVec, smallvec};

use super::RoutingTable;
use super::area::Area;
use super::prefixes::Entry;
use super::result::{NextHop, Route, RouteKind, RouterRoute};
use super::teller::{RestsOn, Says, TellerId};
use crate::lsa::{LS_INFINITY, RouterFlags};
use crate::spf::{SetId, Vertex, VertexId};
use crate::{AreaId, Options, RouterId};

/// Paths of one kind, area and cost.
#[derive(Debug, Clone)]
pub(super) struct Paths {
    pub(super) kind: RouteKind,
    pub(super) area: AreaId,
    pub(super) cost: u32,
    pub(super) legs: SmallVec<[Leg; 2]>,
}

/// A path: shortest paths to a vertex of an area, and what an LSA that rests on it tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leg {
    pub(super) area: AreaId,
    pub(super) vertex: VertexId,
    pub(super) hops: SetId,
    /// `None`: it leads to the vertex itself.
    pub(super) teller: Option<TellerId>,
}

/// A path by an LSA that an area border router tells.
struct Summary {
    cost: u32,
    leg: Leg,
}

impl Paths {
    /// Takes a path in if it is as short as those that are there, or in their place if it is shorter.
    fn offer(&mut self, cost: u32, leg: Leg) {
        if cost < self.cost {
            self.cost = cost;
            self.legs.clear();
        }
        if cost == self.cost {
            self.legs.push(leg);
        }
    }
}

impl RoutingTable {
    pub(super) const fn is_area_border(&self) -> bool {
        self.area_count > 1
    }

    /// The area whose border routers are listened to (RFC 2328 §16.2).
    pub(super) fn summary_area(&self) -> Option<AreaId> {
        if self.is_area_border() {
            Some(AreaId::BACKBONE).filter(|area| self.areas.contains_key(area))
        } else {
            self.areas.keys().next().copied()
        }
    }

    /// The areas that carry others' traffic through virtual links, as far as this router looks at them
    /// (RFC 2328 §16.3).
    fn is_transit_area(&self, id: AreaId) -> bool {
        self.is_area_border()
            && id != AreaId::BACKBONE
            && self.areas.get(&id).is_some_and(|area| area.transit)
    }

    /// The paths to a prefix within the AS.
    pub(super) fn internal(&self, entry: &Entry) -> Option<Paths> {
        let mut paths = match self.intra(entry) {
            Some(paths) => paths,
            None => self.inter(entry)?,
        };
        if paths.area == AreaId::BACKBONE {
            for told in &entry.told {
                if let Some(Summary { cost, leg }) = self.summary(told.by)
                    && self.is_transit_area(leg.area)
                {
                    paths.offer(cost, leg);
                }
            }
        }
        Some(paths)
    }

    /// The intra-area paths (RFC 2328 §16.1, RFC 5340 §4.8.1). Of areas with the same cost the one with the largest
    /// number counts, as for AS boundary routers.
    pub(super) fn intra(&self, entry: &Entry) -> Option<Paths> {
        let mut best: Option<Paths> = None;
        for told in &entry.told {
            let Some(teller) = self.tellers.get(told.by) else { continue };
            let (Says::Intra(_), RestsOn::Vertex(id, vertex)) = (&teller.says, teller.rests_on)
            else {
                continue;
            };
            let reached = self.areas.get(&id).and_then(|area| area.reached(vertex));
            let Some((distance, hops)) = reached else { continue };
            let cost = distance.saturating_add(told.metric.into());
            let leg = Leg { area: id, vertex, hops, teller: Some(told.by) };
            match &mut best {
                Some(best) if best.area == id => best.offer(cost, leg),
                Some(best) if (best.cost, id) < (cost, best.area) => {}
                _ => {
                    let kind = RouteKind::IntraArea;
                    best = Some(Paths { kind, area: id, cost, legs: smallvec![leg] });
                }
            }
        }
        best
    }

    /// The inter-area paths (RFC 2328 §16.2).
    fn inter(&self, entry: &Entry) -> Option<Paths> {
        let area = self.summary_area()?;
        if self.ranges.get(&entry.prefix).is_some_and(|active| *active) {
            return None;
        }
        self.by_summaries(area, entry.told.iter().map(|told| told.by))
    }

    fn by_summaries(&self, area: AreaId, tellers: impl Iterator<Item = TellerId>) -> Option<Paths> {
        let mut best: Option<Paths> = None;
        for Summary { cost, leg } in tellers.filter_map(|teller| self.summary(teller)) {
            if leg.area != area {
                continue;
            }
            if let Some(best) = &mut best {
                best.offer(cost, leg);
            } else {
                let kind = RouteKind::InterArea;
                best = Some(Paths { kind, area, cost, legs: smallvec![leg] });
            }
        }
        best
    }

    /// The path by an inter-area LSA, if there is one: its border router is reached through its area
    /// (RFC 2328 §16.2 steps 1, 2 and 4).
    fn summary(&self, id: TellerId) -> Option<Summary> {
        let teller = self.tellers.get(id)?;
        let (Says::Inter { metric, .. } | Says::Router { metric, .. }) = teller.says else {
            return None;
        };
        let RestsOn::Vertex(area, vertex) = teller.rests_on else { return None };
        if metric >= LS_INFINITY || teller.key.advertising_router == self.identity.router_id {
            return None;
        }
        let (distance, hops) = self.areas.get(&area)?.router(vertex, RouterFlags::B)?;
        let leg = Leg { area, vertex, hops, teller: Some(id) };
        Some(Summary { cost: distance.saturating_add(metric), leg })
    }

    /// The paths to an AS boundary router, by area (RFC 2328 §16.1 to §16.3): within the area, or told by the border
    /// routers of the one area that is asked about others.
    pub(super) fn boundary_paths(&self, router: RouterId) -> BTreeMap<AreaId, Paths> {
        let told = self.boundaries.get(&router).map_or(&[][..], |boundary| &boundary.told);
        let mut all = BTreeMap::new();
        for (id, area) in &self.areas {
            if let Some(paths) = intra_router(*id, area, router, RouterFlags::E) {
                all.insert(*id, paths);
            } else if self.summary_area() == Some(*id)
                && let Some(paths) = self.by_summaries(*id, told.iter().copied())
            {
                all.insert(*id, paths);
            }
        }
        if let Some(paths) = all.get_mut(&AreaId::BACKBONE) {
            for Summary { cost, leg } in told.iter().filter_map(|teller| self.summary(*teller)) {
                if self.is_transit_area(leg.area) {
                    paths.offer(cost, leg);
                }
            }
        }
        all
    }

    /// Where paths lead; `None` if no address is known, so that there is no route.
    pub(super) fn next_hops(&self, legs: &[Leg]) -> Option<Arc<[NextHop]>> {
        let resolved = |leg: &Leg| self.areas.get(&leg.area)?.resolved(leg.hops);
        let first = legs.first().and_then(resolved)?;
        if legs.iter().all(|leg| resolved(leg) == Some(first)) {
            return Some(Arc::clone(&first.hops)).filter(|hops| first.own || !hops.is_empty());
        }
        let all: Vec<_> = legs.iter().filter_map(resolved).collect();
        if all.iter().any(|resolved| resolved.own) {
            return Some(Arc::default());
        }
        let hops = self.merge(all.iter().flat_map(|resolved| resolved.hops.iter().copied()));
        Some(hops).filter(|hops| !hops.is_empty())
    }

    /// Next hops of paths of equal cost, no more than the rules say.
    pub(super) fn merge(&self, hops: impl Iterator<Item = NextHop>) -> Arc<[NextHop]> {
        let mut hops: Vec<_> = hops.collect();
        hops.sort_unstable();
        hops.dedup();
        hops.truncate(self.rules.maximum_paths.max(1));
        hops.into()
    }

    pub(super) fn route_of(&self, paths: &Paths) -> Option<Route> {
        Some(Route {
            kind: paths.kind,
            area: paths.area,
            cost: paths.cost,
            type2_cost: None,
            tag: None,
            next_hops: self.next_hops(&paths.legs)?,
        })
    }

    pub(super) fn router_route(&self, paths: &Paths) -> Option<RouterRoute> {
        let leg = paths.legs.first()?;
        let told = leg.teller.and_then(|teller| self.tellers.get(teller)).map(|t| &t.says);
        let bits = self.areas.get(&leg.area)?.bits(leg.vertex);
        let has = |flag| told.is_none() && bits.flags.contains(flag);
        let options = match told {
            Some(Says::Router { options, .. }) => *options,
            Some(_) => Options::NONE,
            None => bits.options,
        };
        Some(RouterRoute {
            kind: paths.kind,
            area: paths.area,
            cost: paths.cost,
            next_hops: self.next_hops(&paths.legs)?,
            options,
            area_border: has(RouterFlags::B),
            as_boundary: told.is_some() || has(RouterFlags::E),
            virtual_link: has(RouterFlags::V),
            nssa_translator: has(RouterFlags::NT),
        })
    }
}

/// The paths within an area to a router that has all these bits.
pub(super) fn intra_router(
    id: AreaId,
    area: &Area,
    router: RouterId,
    flags: RouterFlags,
) -> Option<Paths> {
    let vertex = area.graph.id(Vertex::Router(router))?;
    let (cost, hops) = area.router(vertex, flags)?;
    let leg = Leg { area: id, vertex, hops, teller: None };
    Some(Paths { kind: RouteKind::IntraArea, area: id, cost, legs: smallvec![leg] })
}
