//! The routing table: when it is computed, and what follows from it.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use ipnet::IpNet;

use crate::config::InstanceConfig;
use crate::id::{AreaId, RouterId};
use crate::instance::Instance;
use crate::instance::databases::Databases;
use crate::instance::spf_delay::SpfDelayState;
use crate::interface::{Interface, InterfaceState};
use crate::lsa::{ExternalLsa, LsType, LsaBody, LsaKey, MAX_AGE};
use crate::lsdb::Installed;
use crate::neighbor::NeighborState;
use crate::originate::{
    self, AreaKind, Part, Rival, TRANSLATOR_STABILITY_INTERVAL, Translates, Translator,
    TranslatorRole,
};
use crate::route::{self, Changed, Externals, Input, Route, RouterRoute, RoutingTable, Rules};
use crate::scope::ScopeId;
use crate::timer::Timer;

/// The routing table, and what is yet to be taken into it.
#[derive(Debug, Clone)]
pub(crate) struct Routing {
    pub(crate) table: RoutingTable,
    pub(crate) delay: SpfDelayState,
    /// LSAs that have changed since the table was brought up to date.
    changed: BTreeSet<(ScopeId, LsaKey)>,
    /// The AS boundary routers that were known.
    boundaries: BTreeMap<RouterId, RouterRoute>,
    translators: BTreeMap<AreaId, Translator>,
    /// How many areas the router is attached to.
    areas: usize,
}

impl Routing {
    pub(crate) fn new(config: &InstanceConfig) -> Self {
        let rules = Rules {
            rfc1583_compatibility: config.rfc1583_compatibility,
            maximum_paths: config.maximum_paths.max(1),
        };
        Self {
            table: RoutingTable::new(rules),
            delay: SpfDelayState::default(),
            changed: BTreeSet::new(),
            boundaries: BTreeMap::new(),
            translators: BTreeMap::new(),
            areas: 0,
        }
    }

    /// Whether the router is attached to several areas.
    pub(crate) const fn is_border(&self) -> bool {
        self.areas > 1
    }

    /// Whether this router translates an NSSA's LSAs.
    pub(crate) fn translates(&self, area: AreaId) -> Translates {
        self.translators.get(&area).map_or(Translates::No, Translator::translates)
    }
}

/// Whether routes are computed from LSAs of this type.
const fn makes_routes(ls_type: LsType) -> bool {
    matches!(
        ls_type,
        LsType::ROUTER
            | LsType::NETWORK
            | LsType::INTER_AREA_PREFIX
            | LsType::INTER_AREA_ROUTER
            | LsType::AS_EXTERNAL
            | LsType::NSSA
            | LsType::LINK
            | LsType::INTRA_AREA_PREFIX
    )
}

impl Instance {
    /// The routing table.
    pub const fn routes(&self) -> &RoutingTable {
        &self.routing.table
    }

    /// An LSA of a database is new or different.
    pub(crate) fn lsa_changed(&mut self, scope: ScopeId, key: LsaKey, installed: Installed) {
        if installed == Installed::Refreshed || !makes_routes(key.ls_type) {
            return;
        }
        let own = key.advertising_router == self.config.router_id;
        match (key.ls_type, scope) {
            (LsType::LINK, ScopeId::Link(at)) if !own => self.own_interface_changed(at),
            (LsType::AS_EXTERNAL | LsType::NSSA, _) if !own => self.external_changed(scope, &key),
            _ => {}
        }
        self.routing.changed.insert((scope, key));
        self.routes_changed();
    }

    /// Another router's external LSA may make one of ours needless (RFC 2328 §12.4.4.1, RFC 3101 §3.2).
    fn external_changed(&mut self, scope: ScopeId, key: &LsaKey) {
        let translates =
            self.routing.translators.values().any(|t| t.translates() != Translates::No);
        if self.externals.is_empty() && !translates {
            return;
        }
        let Some(entry) = self.databases.entry(scope, key) else { return };
        if let Ok(LsaBody::AsExternal(lsa) | LsaBody::Nssa(lsa)) = entry.lsa.body()
            && let Some(prefix) = originate::decode_prefix(self.config.family(), &lsa.prefix)
        {
            self.own_prefix_changed(prefix);
        }
    }

    /// Something has changed that routes depend on: an IGP event (RFC 8405 §3).
    pub(crate) fn routes_changed(&mut self) {
        let now = self.now;
        self.routing.delay.igp_event(now, &self.config.spf_delay, &mut self.timers);
    }

    /// Brings the routing table up to date.
    pub(crate) fn compute_routes(&mut self) {
        let changed = core::mem::take(&mut self.routing.changed);
        let mut table =
            core::mem::replace(&mut self.routing.table, RoutingTable::new(Rules::default()));
        let (changes, paths, areas) = {
            let input = self.route_input();
            let changes = table.update(&input, &changed);
            (changes, self.virtual_paths(&table, &input), input.areas.len())
        };
        self.routing.table = table;
        self.routing.areas = areas;
        self.tell_changes(&changes);
        self.update_translators();
        self.update_virtual_links(paths);
    }

    fn tell_changes(&mut self, changes: &Changed) {
        // An end of a virtual link that is down is a border router all the same.
        let virtual_links = self.interfaces.values().any(|i| i.config.network.is_virtual());
        let tells = self.routing.is_border() || virtual_links || !self.externals.is_empty();
        for prefix in &changes.prefixes {
            self.events.route_changed(*prefix);
            if tells {
                self.own_prefix_changed(*prefix);
            }
        }
        for area in &changes.areas {
            self.own_area_changed(*area);
        }
        if changes.areas.is_empty() && changes.prefixes.is_empty() {
            return;
        }
        let boundaries: BTreeMap<_, _> = self.routing.table.boundary_routers().collect();
        let before = core::mem::replace(&mut self.routing.boundaries, boundaries);
        let all: BTreeSet<_> =
            before.keys().chain(self.routing.boundaries.keys()).copied().collect();
        for router in all {
            if before.get(&router) != self.routing.boundaries.get(&router) {
                self.own_part_changed(Part::BoundaryRouter(router));
            }
        }
    }

    /// What the routing table is calculated from.
    fn route_input(&self) -> Input<'_> {
        let up = || self.interfaces.values().filter(|i| i.state != InterfaceState::Down);
        let attached: BTreeSet<AreaId> = up().map(Interface::area).collect();
        let areas = attached.iter().filter_map(|id| Some((*id, self.route_area(*id)?)));
        Input {
            now: self.now,
            router_id: self.config.router_id,
            family: self.config.family(),
            areas: areas.collect(),
            as_lsdb: self.databases.whole_as(),
            interfaces: up()
                .map(|interface| (interface.id, self.route_interface(interface)))
                .collect(),
        }
    }

    fn route_area(&self, id: AreaId) -> Option<route::Area<'_>> {
        let kind = self.config.kind(id);
        let ranges = self.config.areas.get(&id).into_iter().flat_map(|area| area.ranges.keys());
        Some(route::Area {
            lsdb: self.databases.get(ScopeId::Area(id))?,
            externals: match kind {
                AreaKind::Normal => Externals::AsExternal,
                AreaKind::Stub(_) => Externals::Stub,
                AreaKind::Nssa(_) => Externals::Nssa,
            },
            imports_summaries: kind.imports_summaries(),
            ranges: ranges.copied().collect(),
        })
    }

    fn route_interface(&self, interface: &Interface) -> route::Interface<'_> {
        let heard = interface
            .neighbors
            .values()
            .filter(|neighbor| neighbor.state >= NeighborState::TwoWay || neighbor.help.is_some());
        route::Interface {
            area: interface.area(),
            lsdb: match interface.config.network.is_virtual() {
                true => None,
                false => self.databases.get(ScopeId::Link(interface.id)),
            },
            prefixes: interface.link.iter().flat_map(|link| &link.prefixes).copied().collect(),
            neighbors: heard
                .map(|neighbor| route::Neighbor {
                    router_id: neighbor.router_id,
                    interface_id: neighbor.hello.interface_id,
                    address: neighbor.address,
                })
                .collect(),
        }
    }

    /// Who translates the LSAs of each NSSA (RFC 3101 §3.1).
    fn update_translators(&mut self) {
        let us = self.config.router_id;
        let border = self.routing.is_border();
        let mut next: Option<Duration> = None;
        for area in self.areas() {
            let AreaKind::Nssa(nssa) = self.config.kind(area) else {
                self.routing.translators.remove(&area);
                continue;
            };
            let role = TranslatorRole {
                always: nssa.always_translates,
                stability: TRANSLATOR_STABILITY_INTERVAL,
            };
            let rivals: Vec<Rival> = self
                .routing
                .table
                .routers(area)
                .filter(|(id, route)| *id != us && route.area_border)
                // One that is cut off from the other areas cannot tell them anything.
                .filter(|(id, _)| self.routing.table.boundary_router(*id).is_some())
                .map(|(id, route)| Rival { router_id: id, always: route.nssa_translator })
                .collect();
            let translator = self.routing.translators.entry(area).or_default();
            let before = translator.translates();
            translator.update(self.now, role, us, border, rivals);
            let after = translator.translates();
            next = next.into_iter().chain(translator.poll_timeout()).min();
            if before != after {
                self.own_changed();
            }
        }
        match next {
            Some(at) => self.timers.set(Timer::Translator, at),
            None => self.timers.stop(Timer::Translator),
        }
    }

    /// A translator that is no longer elected has gone on for long enough.
    pub(crate) fn translator_timer(&mut self) {
        self.update_translators();
    }

    /// A neighbour has become Full.
    pub(crate) fn neighbor_is_full(&mut self) {
        self.check_restart();
    }
}

/// The routing table as what is told to others is made from it.
pub(crate) struct Told<'a> {
    pub(crate) table: &'a RoutingTable,
    pub(crate) databases: &'a Databases,
    pub(crate) router_id: RouterId,
    pub(crate) now: Duration,
}

impl Told<'_> {
    fn external(&self, scope: ScopeId, key: &LsaKey) -> Option<(RouterId, ExternalLsa)> {
        let entry =
            self.databases.entry(scope, key).filter(|entry| entry.age(self.now) < MAX_AGE)?;
        match entry.lsa.body() {
            Ok(LsaBody::AsExternal(lsa) | LsaBody::Nssa(lsa)) => {
                Some((key.advertising_router, lsa))
            }
            _ => None,
        }
    }

    fn of_others(
        &self,
        keys: Vec<(ScopeId, LsaKey)>,
        scope: ScopeId,
        ls_type: LsType,
    ) -> impl Iterator<Item = (ScopeId, LsaKey)> {
        let us = self.router_id;
        keys.into_iter().filter(move |(of, key)| {
            *of == scope && key.ls_type == ls_type && key.advertising_router != us
        })
    }
}

impl originate::Routes for Told<'_> {
    fn route(&self, prefix: IpNet) -> Option<&Route> {
        self.table.route(prefix)
    }

    fn routes_within(&self, prefix: IpNet) -> Box<dyn Iterator<Item = (IpNet, &Route)> + '_> {
        Box::new(self.table.routes_within(prefix))
    }

    fn boundary_router(&self, router: RouterId) -> Option<RouterRoute> {
        self.table.boundary_router(router)
    }

    fn boundary_routers(&self) -> Box<dyn Iterator<Item = RouterId> + '_> {
        Box::new(self.table.boundary_routers().map(|(router, _)| router))
    }

    fn installed_nssa_lsas(&self, area: AreaId, prefix: IpNet) -> Vec<(RouterId, ExternalLsa)> {
        let scope = ScopeId::Area(area);
        let origins = self.of_others(self.table.origins(prefix), scope, LsType::NSSA);
        origins.filter_map(|(scope, key)| self.external(scope, &key)).collect()
    }

    fn external_lsas(&self, area: Option<AreaId>, prefix: IpNet) -> Vec<(RouterId, ExternalLsa)> {
        let (scope, ls_type) = match area {
            None => (ScopeId::As, LsType::AS_EXTERNAL),
            Some(area) => (ScopeId::Area(area), LsType::NSSA),
        };
        let reached = |id| match area {
            None => self.table.boundary_router(id).is_some(),
            Some(area) => self.table.router(area, id).is_some(),
        };
        self.of_others(self.table.told_by(prefix), scope, ls_type)
            .filter(|(_, key)| reached(key.advertising_router))
            .filter_map(|(scope, key)| self.external(scope, &key))
            .collect()
    }
}
