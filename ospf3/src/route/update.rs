//! Bringing the routing table up to date.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;

use super::area::{self, Identity, Settings};
use super::prefixes::{PrefixId, is_internal};
use super::result::Changed;
use super::teller::{Says, TellerId};
use super::{Input, Neighbor, Route, RoutingTable};
use crate::lsa::{LsaKey, RouterFlags};
use crate::spf::{Run, Vertex};
use crate::{AreaId, InterfaceId, LsType, ScopeId};

/// What comes up while a table is brought up to date.
#[derive(Default)]
struct Work {
    /// Areas that were not there before: all their LSAs have been read.
    new: BTreeSet<AreaId>,
    /// The areas with interfaces that other addresses are reached by.
    readdressed: BTreeSet<AreaId>,
    areas: BTreeSet<AreaId>,
    runs: Vec<(AreaId, Run)>,
}

impl RoutingTable {
    /// Brings the table up to date and says what that changed.
    ///
    /// `changed` names the LSAs that came, went or are different since the last call, also by coming to MaxAge; others are
    /// not looked at. What else is different in `input` is found without being told. The first call reads all LSAs, and so
    /// does one with another router or address family; of an area that was not there before all its LSAs are read. Whoever
    /// empties a database says so by [`forget`](Self::forget).
    pub fn update(&mut self, input: &Input<'_>, changed: &BTreeSet<(ScopeId, LsaKey)>) -> Changed {
        let identity = Identity { router_id: input.router_id, family: input.family };
        if self.has_read && identity != self.identity {
            return self.start_again(input);
        }
        self.identity = identity;
        let mut work = Work::default();
        self.update_areas(input, &mut work);
        self.read(input, changed, &mut work);
        self.update_neighbors(input, &mut work);
        self.update_links(input);
        self.update_paths(input, &mut work);
        self.update_boundaries(&mut work);
        self.update_ranges();
        self.update_internal();
        self.update_external();
        Changed {
            prefixes: self.prefixes.finish(),
            areas: work.areas.into_iter().collect(),
            runs: work.runs,
        }
    }

    fn start_again(&mut self, input: &Input<'_>) -> Changed {
        let old: BTreeMap<IpNet, Route> =
            self.routes().map(|(prefix, route)| (prefix, route.clone())).collect();
        let areas: BTreeSet<_> = self.areas.keys().copied().collect();
        *self = Self::new(self.rules);
        let mut changed = self.update(input, &BTreeSet::new());
        let new = self.routes().filter(|(prefix, route)| old.get(prefix) != Some(*route));
        let gone = old.keys().filter(|prefix| self.route(**prefix).is_none());
        changed.prefixes = new.map(|(prefix, _)| prefix).chain(gone.copied()).collect();
        changed.prefixes.sort_unstable();
        changed.areas = areas.into_iter().chain(changed.areas).collect();
        changed.areas.sort_unstable();
        changed.areas.dedup();
        changed
    }

    /// Takes in which areas there are and what is configured of them.
    fn update_areas(&mut self, input: &Input<'_>, work: &mut Work) {
        let is_gone = |id: &&AreaId| {
            !input.areas.contains_key(id) || self.emptied.contains(&ScopeId::Area(**id))
        };
        let gone: Vec<_> = self.areas.keys().filter(is_gone).copied().collect();
        let mut differs = !gone.is_empty();
        for id in gone {
            for teller in self.tellers.of_scope(ScopeId::Area(id)) {
                self.forget_teller(teller);
            }
            self.areas.remove(&id);
            work.areas.insert(id);
        }
        for (id, area) in &input.areas {
            let settings = Settings::new(area);
            if let Some(there) = self.areas.get_mut(id) {
                if there.settings != settings {
                    there.settings = settings;
                    differs = true;
                }
            } else {
                self.areas.insert(*id, area::Area::new(settings, self.identity));
                work.new.insert(*id);
                differs = true;
            }
        }
        self.area_count = self.areas.len();
        if differs {
            self.prefixes.mark_all();
            self.marked_boundaries.extend(self.boundaries.keys().copied());
            for area in self.areas.values_mut() {
                area.within = alloc::vec![0; area.settings.ranges.len()];
            }
            self.prefixes.uncount();
        }
    }

    fn read(&mut self, input: &Input<'_>, changed: &BTreeSet<(ScopeId, LsaKey)>, work: &mut Work) {
        let mut links = Vec::new();
        for id in &work.new {
            let Some(area) = input.areas.get(id) else { continue };
            let mut last = None;
            for (key, _) in area.lsdb.iter() {
                // All router-LSAs of a router are read at once.
                let this = (key.ls_type, key.advertising_router);
                if key.ls_type != LsType::ROUTER || last != Some(this) {
                    self.read_area(input, area.lsdb, *id, *key, &mut links);
                }
                last = Some(this);
            }
        }
        if self.emptied.remove(&ScopeId::As) {
            for teller in self.tellers.of_scope(ScopeId::As) {
                self.forget_teller(teller);
            }
            self.has_read = false;
        }
        for scope in core::mem::take(&mut self.emptied) {
            if let ScopeId::Link(id) = scope {
                work.readdressed.extend(input.interfaces.get(&id).map(|there| there.area));
            }
        }
        if !self.has_read {
            for (key, _) in input.as_lsdb.iter() {
                self.read_as(input, *key);
            }
        }
        let has_read = core::mem::replace(&mut self.has_read, true);
        let mut last = None;
        for (scope, key) in changed {
            match scope {
                ScopeId::Area(id) if !work.new.contains(id) => {
                    let this = (*scope, key.ls_type, key.advertising_router);
                    if let Some(area) = input.areas.get(id)
                        && (key.ls_type != LsType::ROUTER || last != Some(this))
                    {
                        self.read_area(input, area.lsdb, *id, *key, &mut links);
                    }
                    last = Some(this);
                }
                ScopeId::As if has_read => self.read_as(input, *key),
                ScopeId::Link(id) if key.ls_type == LsType::LINK => {
                    work.readdressed.extend(input.interfaces.get(id).map(|there| there.area));
                }
                _ => {}
            }
        }
    }

    /// Finds the areas whose neighbours' addresses may have changed.
    fn update_neighbors(&mut self, input: &Input<'_>, work: &mut Work) {
        let now: BTreeMap<InterfaceId, (AreaId, Vec<Neighbor>)> = (input.interfaces.iter())
            .map(|(id, interface)| (*id, (interface.area, interface.neighbors.clone())))
            .collect();
        let differ = |(id, there): &(&InterfaceId, &(AreaId, _)), other: &BTreeMap<_, _>| {
            other.get(*id) != Some(*there)
        };
        let old = self.neighbors.iter().filter(|entry| differ(entry, &now));
        let new = now.iter().filter(|entry| differ(entry, &self.neighbors));
        work.readdressed.extend(old.chain(new).map(|(_, (area, _))| *area));
        self.neighbors = now;
    }

    /// Takes in which prefixes the router's links have: routes by forwarding addresses rest on them.
    fn update_links(&mut self, input: &Input<'_>) {
        let now: BTreeSet<(IpNet, InterfaceId)> = (input.interfaces.iter())
            .flat_map(|(id, interface)| interface.prefixes.iter().map(|prefix| (*prefix, *id)))
            .collect();
        if now == self.links {
            return;
        }
        self.links = now;
        for (_, teller) in &self.forwarding {
            let Some(teller) = self.tellers.get(*teller) else { continue };
            teller.prefixes().iter().for_each(|prefix| self.prefixes.mark(*prefix));
        }
    }

    /// Finds shortest paths and marks what rests on vertices that changed.
    fn update_paths(&mut self, input: &Input<'_>, work: &mut Work) {
        let Self { areas, tellers, prefixes, boundaries, marked_boundaries, rules, .. } = self;
        let mut changed = Vec::new();
        for (id, area) in areas {
            let Some(there) = input.areas.get(id) else { continue };
            changed.clear();
            let was_transit = area.transit;
            let readdressed = work.readdressed.contains(id);
            let run = area.update(input, there.lsdb, *rules, readdressed, &mut changed);
            work.runs.extend(run.map(|run| (*id, run)));
            let rebitted = core::mem::take(&mut area.rebitted);
            for vertex in &rebitted {
                if let Some(Vertex::Router(router)) = area.graph.vertex(*vertex)
                    && boundaries.contains_key(&router)
                {
                    marked_boundaries.insert(router);
                }
            }
            changed.extend(rebitted);
            if !changed.is_empty() || was_transit != area.transit {
                work.areas.insert(*id);
            }
            let mut mark = |teller: TellerId| {
                let Some(teller) = tellers.get(teller) else { return };
                if let Says::Router { router, .. } = teller.says {
                    marked_boundaries.insert(router);
                }
                teller.prefixes().iter().for_each(|prefix| prefixes.mark(*prefix));
            };
            for vertex in &changed {
                area.resting(*vertex).iter().copied().for_each(&mut mark);
            }
            if was_transit != area.transit {
                tellers.of_scope(ScopeId::Area(*id)).into_iter().for_each(&mut mark);
            }
            for vertex in &changed {
                if area.bits(*vertex).flags.contains(RouterFlags::E)
                    && let Some(Vertex::Router(router)) = area.graph.vertex(*vertex)
                    && boundaries.contains_key(&router)
                {
                    marked_boundaries.insert(router);
                }
            }
        }
    }

    /// Finds the routes to AS boundary routers anew and marks what rests on them.
    fn update_boundaries(&mut self, work: &mut Work) {
        for router in core::mem::take(&mut self.marked_boundaries) {
            let route = self.boundary_router(router);
            let Some(boundary) = self.boundaries.get_mut(&router) else { continue };
            if boundary.route != route {
                let areas = boundary.route.iter().chain(&route).map(|route| route.area);
                work.areas.extend(areas);
                boundary.route = route;
                for teller in &boundary.resting {
                    for prefix in self.tellers.prefixes(*teller) {
                        self.prefixes.mark(*prefix);
                    }
                }
            }
            if boundary.resting.is_empty() && boundary.told.is_empty() {
                self.boundaries.remove(&router);
            }
        }
    }

    /// Finds which ranges are active: intra-area routes lie within (RFC 2328 §16.2 step 3).
    fn update_ranges(&mut self) {
        if self.ranges.is_empty() && self.areas.values().all(|area| area.within.is_empty()) {
            return;
        }
        let mut index = 0;
        while let Some(id) = self.prefixes.marked(index) {
            index += 1;
            let Some(entry) = self.prefixes.get(id) else { continue };
            let usable = self.intra(entry).filter(|paths| self.next_hops(&paths.legs).is_some());
            let (prefix, old, new) = (entry.prefix, entry.counted, usable.map(|paths| paths.area));
            if old != new {
                self.count(prefix, old, false);
                self.count(prefix, new, true);
                self.prefixes.set_counted(id, new);
            }
        }
        let mut ranges = BTreeMap::new();
        for area in self.areas.values() {
            for (range, count) in area.settings.ranges.iter().zip(&area.within) {
                *ranges.entry(*range).or_default() |= *count > 0;
            }
        }
        for range in ranges.keys().chain(self.ranges.keys()) {
            if ranges.get(range) != self.ranges.get(range)
                && let Some(id) = self.prefixes.id(*range)
            {
                self.prefixes.mark(id);
            }
        }
        self.ranges = ranges;
    }

    fn count(&mut self, prefix: IpNet, area: Option<AreaId>, more: bool) {
        let Some(area) = area.and_then(|area| self.areas.get_mut(&area)) else { return };
        for (range, count) in area.settings.ranges.iter().zip(&mut area.within) {
            if range.contains(&prefix) {
                *count = if more { *count + 1 } else { count.saturating_sub(1) };
            }
        }
    }

    fn update_internal(&mut self) {
        let mut index = 0;
        while let Some(id) = self.prefixes.marked(index) {
            index += 1;
            let Some(entry) = self.prefixes.get(id) else { continue };
            let new = self.internal(entry).and_then(|paths| self.route_of(&paths));
            if entry.route.as_ref().filter(|route| is_internal(route)) != new.as_ref() {
                let prefix = entry.prefix;
                self.prefixes.set_route(id, new);
                self.mark_forwarding(prefix);
            }
        }
    }

    /// Marks the external routes whose forwarding addresses lie within a prefix.
    fn mark_forwarding(&mut self, prefix: IpNet) {
        if self.forwarding.is_empty() {
            return;
        }
        let network: IpAddr = prefix.network();
        let range = (network, TellerId::FIRST)..=(prefix.broadcast(), TellerId::LAST);
        for (_, teller) in self.forwarding.range(range) {
            for prefix in self.tellers.prefixes(*teller) {
                self.prefixes.mark(*prefix);
            }
        }
    }

    fn update_external(&mut self) {
        let mut index = 0;
        while let Some(id) = self.prefixes.marked(index) {
            index += 1;
            let Some(entry) = self.prefixes.get(id) else { continue };
            if entry.route.as_ref().is_some_and(is_internal) {
                continue;
            }
            let new = self.external(entry);
            if entry.route != new {
                self.prefixes.set_route(id, new);
            }
        }
    }

    /// The LSAs that tell of the paths that won.
    pub(super) fn winners(&self, id: PrefixId) -> Vec<TellerId> {
        let Some(entry) = self.prefixes.get(id) else { return Vec::new() };
        match &entry.route {
            None => Vec::new(),
            Some(route) if is_internal(route) => {
                let legs = self.internal(entry).map(|paths| paths.legs).unwrap_or_default();
                legs.iter().filter_map(|leg| leg.teller).collect()
            }
            Some(_) => self.external_paths(entry).iter().map(|path| path.teller).collect(),
        }
    }
}
