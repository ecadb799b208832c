//! Paths out of the AS (RFC 2328 §16.4, RFC 3101 §2.5, RFC 5340 §4.8.5).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;

use super::RoutingTable;
use super::input::Externals;
use super::internal::{Paths, intra_router};
use super::prefixes::Entry;
use super::result::{NextHop, Route, RouteKind};
use super::teller::{External, RestsOn, Says, Teller, TellerId};
use crate::lsa::{ExternalMetricType, LS_INFINITY, RouterFlags};
use crate::{AreaId, RouterId, ScopeId};

/// How good an external path is; less is better (RFC 2328 §16.4 step 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    kind: RouteKind,
    type2_cost: Option<u32>,
    /// Not an intra-area path through an area other than the backbone (§16.4.1).
    common: bool,
    cost: u32,
}

/// Which of two LSAs that say the same counts; more is better (RFC 3101 §2.5 step 6e).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    translatable: bool,
    as_external: bool,
    router: RouterId,
    /// Of several of one router the first is taken.
    first: core::cmp::Reverse<crate::LinkStateId>,
}

/// A path out of the AS.
#[derive(Debug, Clone)]
pub(super) struct ExternalPath {
    preference: Preference,
    rank: Rank,
    pub(super) teller: TellerId,
    pub(super) external: External,
    area: AreaId,
    next_hops: Arc<[NextHop]>,
    /// The prefix by which its forwarding address is reached.
    pub(super) forwarding: Option<IpNet>,
}

/// The way to an AS boundary router or forwarding address.
struct Way {
    kind: RouteKind,
    area: AreaId,
    cost: u32,
    next_hops: Arc<[NextHop]>,
    forwarding: Option<IpNet>,
}

impl Way {
    /// Not the most preferred sort (RFC 2328 §16.4.1).
    fn is_common(&self) -> bool {
        is_common(self.kind, self.area)
    }
}

fn is_common(kind: RouteKind, area: AreaId) -> bool {
    kind != RouteKind::IntraArea || area == AreaId::BACKBONE
}

impl RoutingTable {
    /// The preferred paths to an AS boundary router for AS-external-LSAs (RFC 2328 §16.4 step 3).
    pub(super) fn boundary(&self, router: RouterId) -> Option<Paths> {
        let takes = |id: &AreaId| {
            let area = self.areas.get(id);
            area.is_some_and(|area| area.settings.externals == Externals::AsExternal)
        };
        let all = self.boundary_paths(router).into_iter().filter(|(id, _)| takes(id));
        let all = all.map(|(_, paths)| paths);
        let usable = all.filter(|paths| self.next_hops(&paths.legs).is_some());
        usable.min_by_key(|paths| {
            let common = is_common(paths.kind, paths.area) && !self.rules.rfc1583_compatibility;
            (common, paths.cost, core::cmp::Reverse(paths.area))
        })
    }

    /// The external route to a prefix.
    pub(super) fn external(&self, entry: &Entry) -> Option<Route> {
        let paths = self.external_paths(entry);
        let first = paths.first()?;
        let mut next_hops = Arc::clone(&first.next_hops);
        if paths.iter().any(|path| path.next_hops != next_hops) {
            next_hops = self.merge(paths.iter().flat_map(|path| path.next_hops.iter().copied()));
        }
        let Preference { kind, type2_cost, cost, .. } = first.preference;
        Some(Route { kind, area: first.area, cost, type2_cost, tag: first.external.tag, next_hops })
    }

    /// The preferred paths out of the AS to a prefix. The first gives the route its tag and area.
    pub(super) fn external_paths(&self, entry: &Entry) -> Vec<ExternalPath> {
        let path = |told: &super::prefixes::Told| self.external_path(entry.prefix, told.by);
        let mut paths: Vec<_> = entry.told.iter().filter_map(path).collect();
        let Some(best) = paths.iter().map(|path| path.preference).min() else { return paths };
        paths.retain(|path| path.preference == best);
        paths.sort_by_key(|path| core::cmp::Reverse(path.rank));
        // Of those that say the same, the first stays.
        let mut seen = Vec::new();
        paths.retain(|path| match path.external.forwarding {
            Some(address) if seen.contains(&address) => false,
            Some(address) => {
                seen.push(address);
                true
            }
            None => true,
        });
        paths
    }

    fn external_path(&self, prefix: IpNet, id: TellerId) -> Option<ExternalPath> {
        let teller = self.tellers.get(id)?;
        let Says::External(_, external) = &teller.says else { return None };
        if external.metric >= LS_INFINITY
            || teller.key.advertising_router == self.identity.router_id
        {
            return None;
        }
        let way = match teller.scope {
            ScopeId::Area(area) => self.nssa_way(area, prefix, teller, external)?,
            _ => self.as_external_way(teller, external)?,
        };
        let (kind, type2_cost, cost) = match external.metric_type {
            ExternalMetricType::Type1 => {
                (RouteKind::ExternalType1, None, way.cost.saturating_add(external.metric))
            }
            ExternalMetricType::Type2 => {
                (RouteKind::ExternalType2, Some(external.metric), way.cost)
            }
        };
        let common = way.is_common() && !self.rules.rfc1583_compatibility;
        let as_external = teller.scope == ScopeId::As;
        Some(ExternalPath {
            preference: Preference { kind, type2_cost, common, cost },
            rank: Rank {
                translatable: !as_external && external.propagate,
                as_external,
                router: teller.key.advertising_router,
                first: core::cmp::Reverse(teller.key.link_state_id),
            },
            teller: id,
            external: *external,
            area: way.area,
            next_hops: way.next_hops,
            forwarding: way.forwarding,
        })
    }

    fn as_external_way(&self, teller: &Teller, external: &External) -> Option<Way> {
        let router = teller.key.advertising_router;
        let boundary = self.boundaries.get(&router)?.route.as_ref()?;
        let Some(address) = external.forwarding else {
            return Some(Way {
                kind: boundary.kind,
                area: boundary.area,
                cost: boundary.cost,
                next_hops: Arc::clone(&boundary.next_hops),
                forwarding: None,
            });
        };
        let way = self.forwarding_way(address)?;
        let area = self.areas.get(&way.area)?;
        Some(way).filter(|_| area.settings.externals == Externals::AsExternal)
    }

    /// The way for an NSSA-LSA, within its area (RFC 3101 §2.5 step 3).
    fn nssa_way(
        &self,
        id: AreaId,
        prefix: IpNet,
        teller: &Teller,
        external: &External,
    ) -> Option<Way> {
        let area = self.areas.get(&id)?;
        let settings = &area.settings;
        if settings.externals != Externals::Nssa {
            return None;
        }
        let default = prefix.prefix_len() == 0 && self.is_area_border();
        if default && (!external.propagate || !settings.imports_summaries) {
            return None;
        }
        let router = teller.key.advertising_router;
        let paths = intra_router(id, area, router, RouterFlags::E)?;
        let next_hops = self.next_hops(&paths.legs)?;
        let Some(address) = external.forwarding else {
            let (kind, cost) = (paths.kind, paths.cost);
            return Some(Way { kind, area: id, cost, next_hops, forwarding: None });
        };
        let way = self.forwarding_way(address)?;
        Some(way).filter(|way| way.kind == RouteKind::IntraArea && way.area == id)
    }

    fn forwarding_way(&self, address: IpAddr) -> Option<Way> {
        let (prefix, route) = self.prefixes.internal(address)?;
        let mut next_hops = Arc::clone(&route.next_hops);
        if next_hops.iter().any(|hop| hop.address.is_none()) {
            // The address is on a link of this router.
            next_hops = self.merge(
                next_hops
                    .iter()
                    .map(|hop| NextHop { address: hop.address.or(Some(address)), ..*hop }),
            );
        }
        // A prefix of this router has no next hop: the address is on one of its links, or its own, or nobody's.
        if next_hops.is_empty() {
            if self.links.iter().any(|(link, _)| link.addr() == address) {
                return None;
            }
            let around = self.links.iter().filter(|(link, _)| link.contains(&address));
            let (_, interface) = *around.max_by_key(|(link, _)| link.prefix_len())?;
            next_hops = Arc::from([NextHop { interface, address: Some(address) }]);
        }
        let (kind, area, cost) = (route.kind, route.area, route.cost);
        Some(Way { kind, area, cost, next_hops, forwarding: Some(prefix) })
    }

    /// The AS boundary router, or vertex, that an external LSA rests on, as paths.
    pub(super) fn resting_paths(&self, teller: &Teller) -> Option<Paths> {
        match teller.rests_on {
            RestsOn::Boundary(router) => self.boundary(router),
            RestsOn::Vertex(id, _) => {
                let router = teller.key.advertising_router;
                intra_router(id, self.areas.get(&id)?, router, RouterFlags::E)
            }
        }
    }
}
