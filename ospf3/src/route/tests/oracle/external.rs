//! Paths out of the AS: RFC 2328 §16.4, RFC 3101 §2.5.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::vec::Vec;

use ipnet::IpNet;

use super::{Entry, Oracle, Reached, bodies};
use crate::lsa::{ExternalLsa, ExternalMetricType, LS_INFINITY, LsaKey, RouterFlags};
use crate::route::{Externals, NextHop, Route, RouteKind};
use crate::spf::Vertex;
use crate::{AreaId, InterfaceId, LinkStateId, LsaBody, PrefixOptions, RouterId};

/// A path out of the AS.
#[derive(Debug, Clone)]
struct External {
    kind: RouteKind,
    area: AreaId,
    cost: u32,
    type2_cost: Option<u32>,
    tag: Option<u32>,
    hops: Vec<NextHop>,
    preferred: bool,
    forwarding: Option<std::net::Ipv6Addr>,
    rank: (u8, RouterId, std::cmp::Reverse<LinkStateId>),
}

impl Oracle<'_> {
    /// Whether paths are of the sort that is preferred (§16.4.1).
    fn is_preferred(&self, kind: RouteKind, area: AreaId) -> bool {
        kind == RouteKind::IntraArea && area != AreaId::BACKBONE
    }

    fn takes_as_external(&self, area: AreaId) -> bool {
        self.input.areas[&area].externals == Externals::AsExternal
    }

    pub(super) fn boundaries(
        &self,
        routers: &BTreeMap<(AreaId, RouterId), Entry>,
    ) -> BTreeMap<RouterId, Entry> {
        let names: BTreeSet<_> = routers.keys().map(|(_, router)| *router).collect();
        let mut all = BTreeMap::new();
        for name in names {
            let mut entries: Vec<_> = (routers.iter())
                .filter(|((area, router), _)| *router == name && self.takes_as_external(*area))
                .map(|(_, entry)| entry)
                .collect();
            let preferred = |entry: &&Entry| self.is_preferred(entry.kind, entry.area);
            if !self.rules.rfc1583_compatibility && entries.iter().any(preferred) {
                entries.retain(preferred);
            }
            let Some(least) = entries.iter().map(|entry| entry.cost).min() else { continue };
            entries.retain(|entry| entry.cost == least);
            if let Some(entry) = entries.into_iter().max_by_key(|entry| entry.area) {
                all.insert(name, entry.clone());
            }
        }
        all
    }

    pub(super) fn external(
        &self,
        areas: &BTreeMap<AreaId, BTreeMap<Vertex, Reached>>,
        boundaries: &BTreeMap<RouterId, Entry>,
        routes: &mut BTreeMap<IpNet, Route>,
    ) {
        let internal = routes.clone();
        let mut paths: BTreeMap<IpNet, Vec<External>> = BTreeMap::new();
        for (key, body) in bodies(self.input, self.input.as_lsdb) {
            if let LsaBody::AsExternal(lsa) = body
                && let Some(way) = boundaries.get(&key.advertising_router)
                && let Some((prefix, path)) =
                    self.external_path(&internal, key, &lsa, None, way.clone())
            {
                paths.entry(prefix).or_default().push(path);
            }
        }
        for (id, area) in &self.input.areas {
            for (key, body) in bodies(self.input, area.lsdb) {
                let LsaBody::Nssa(lsa) = body else { continue };
                if area.externals != Externals::Nssa {
                    continue;
                }
                let is_border = self.input.areas.len() > 1;
                let p_bit = lsa.prefix.options.contains(PrefixOptions::P);
                if lsa.prefix.length == 0 && is_border && (!p_bit || !area.imports_summaries) {
                    continue;
                }
                let Some(router) = areas[id].get(&Vertex::Router(key.advertising_router)) else {
                    continue;
                };
                if !router.flags.contains(RouterFlags::E) {
                    continue;
                }
                let way = Entry {
                    kind: RouteKind::IntraArea,
                    area: *id,
                    cost: router.cost,
                    hops: router.hops.clone(),
                };
                if let Some((prefix, path)) =
                    self.external_path(&internal, key, &lsa, Some(*id), way)
                {
                    paths.entry(prefix).or_default().push(path);
                }
            }
        }
        for (prefix, mut paths) in paths {
            if internal.contains_key(&prefix) {
                continue;
            }
            self.prefer(&mut paths);
            paths.sort_by_key(|path| std::cmp::Reverse(path.rank));
            let mut hops = BTreeSet::new();
            paths.iter().for_each(|path| hops.extend(path.hops.iter().copied()));
            let next_hops: Vec<_> = hops.into_iter().take(self.rules.maximum_paths).collect();
            let best = &paths[0];
            let route = Route {
                kind: best.kind,
                area: best.area,
                cost: best.cost,
                type2_cost: best.type2_cost,
                tag: best.tag,
                next_hops: next_hops.into(),
            };
            routes.insert(prefix, route);
        }
    }

    fn external_path(
        &self,
        internal: &BTreeMap<IpNet, Route>,
        key: LsaKey,
        lsa: &ExternalLsa,
        nssa: Option<AreaId>,
        way: Entry,
    ) -> Option<(IpNet, External)> {
        if lsa.metric == LS_INFINITY || key.advertising_router == self.input.router_id {
            return None;
        }
        let prefix = self.prefix(&lsa.prefix)?;
        let mut hops = self.finish(&way.hops)?.to_vec();
        let (mut kind, mut area, mut distance) = (way.kind, way.area, way.cost);
        if let Some(address) = lsa.forwarding_address {
            let octets = address.octets();
            let address: IpAddr = if self.input.family.is_ipv4() {
                Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]).into()
            } else {
                address.into()
            };
            let around = internal.iter().filter(|(prefix, _)| prefix.contains(&address));
            let (_, route) = around.max_by_key(|(prefix, _)| prefix.prefix_len())?;
            let fits = match nssa {
                None => self.takes_as_external(route.area),
                Some(id) => route.kind == RouteKind::IntraArea && route.area == id,
            };
            if !fits {
                return None;
            }
            let through =
                |hop: &NextHop| NextHop { address: hop.address.or(Some(address)), ..*hop };
            hops = route.next_hops.iter().map(through).collect();
            if hops.is_empty() {
                hops.push(self.on_own_link(address)?);
            }
            (kind, area, distance) = (route.kind, route.area, route.cost);
        }
        let preferred = self.is_preferred(kind, area);
        let (kind, cost, type2_cost) = match lsa.metric_type {
            ExternalMetricType::Type1 => (RouteKind::ExternalType1, distance + lsa.metric, None),
            ExternalMetricType::Type2 => (RouteKind::ExternalType2, distance, Some(lsa.metric)),
        };
        let p_bit = lsa.prefix.options.contains(PrefixOptions::P);
        let rank = match nssa {
            Some(_) if p_bit => 2,
            None => 1,
            Some(_) => 0,
        };
        let rank = (rank, key.advertising_router, std::cmp::Reverse(key.link_state_id));
        let (tag, forwarding) = (lsa.tag, lsa.forwarding_address);
        let path =
            External { kind, area, cost, type2_cost, tag, hops, preferred, forwarding, rank };
        Some((prefix, path))
    }

    /// An address on a link of the router's, by the longest prefix of its own addresses.
    fn on_own_link(&self, address: IpAddr) -> Option<NextHop> {
        let mut best: Option<(u8, IpNet, InterfaceId)> = None;
        for (interface, there) in &self.input.interfaces {
            for own in &there.prefixes {
                if own.addr() == address {
                    return None;
                }
                if own.contains(&address) {
                    best = best.max(Some((own.prefix_len(), *own, *interface)));
                }
            }
        }
        best.map(|(_, _, interface)| NextHop { interface, address: Some(address) })
    }

    /// §16.4 step 6, with RFC 3101 §2.5 step 6.
    fn prefer(&self, paths: &mut Vec<External>) {
        if paths.iter().any(|path| path.kind == RouteKind::ExternalType1) {
            paths.retain(|path| path.kind == RouteKind::ExternalType1);
        }
        let least = paths.iter().map(|path| path.type2_cost).min();
        paths.retain(|path| Some(path.type2_cost) == least);
        if !self.rules.rfc1583_compatibility && paths.iter().any(|path| path.preferred) {
            paths.retain(|path| path.preferred);
        }
        let least = paths.iter().map(|path| path.cost).min();
        paths.retain(|path| Some(path.cost) == least);
        let all = paths.clone();
        paths.retain(|path| {
            let same = |other: &&External| {
                path.forwarding.is_some() && other.forwarding == path.forwarding
            };
            all.iter().filter(same).all(|other| other.rank <= path.rank)
        });
    }
}
