//! Everything computed anew, the obvious way: which path is best, and who is to be told what.

use alloc::collections::BTreeMap;
use alloc::string::String;

use bgp_wire::{AsPathBuilder, AttributeCode, Community, NextHop, Role, UpdateWriter};
use bytes::BytesMut;

use super::filters::Filters;
use super::model::{Content, Held, Lane, Speaker, filtered};
use super::setup::*;
use super::world::World;
use super::*;
use crate::decision::{Candidate, best_path, equal_paths};
use crate::{AddPath, AttributeFacts, Filter, Multipath};

/// Who has put a route into a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Peer(usize),
    Own(usize),
}

/// A path as it stands in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    source: SourceId,
    id: Option<u32>,
    held: Held,
}

/// A path of the model.
#[derive(Debug, Clone)]
pub(super) struct ModelPath {
    pub(super) who: Who,
    pub(super) id: Option<u32>,
    pub(super) held: Held,
}

impl World {
    fn source_of(&self, who: Who) -> SourceId {
        match who {
            Who::Peer(peer) => self.sources[peer],
            Who::Own(own) => self.own[own],
        }
    }

    /// All paths to a network.
    fn paths(&self, table: usize, net: IpNet) -> Vec<ModelPath> {
        let mut paths = Vec::new();
        for (peer, neighbour) in self.neighbours.iter().enumerate() {
            let held = neighbour.lanes.get(&table).into_iter().flat_map(|lane| &lane.held);
            for ((_, id), held) in held.filter(|(key, _)| key.0 == net) {
                paths.push(ModelPath { who: Who::Peer(peer), id: *id, held: held.clone() });
            }
        }
        for own in 0..OWN {
            if let Some(content) = self.originated.get(&(own, table, net)) {
                let held = Held { content: content.clone(), filtered: false, stale: false };
                paths.push(ModelPath { who: Who::Own(own), id: None, held });
            }
        }
        paths
    }

    /// Those that can be used.
    fn usable(&self, table: usize, net: IpNet) -> Vec<ModelPath> {
        let mut usable = self.paths(table, net);
        usable.retain(|path| !path.held.filtered);
        usable
    }

    fn decide<R>(&self, paths: &[ModelPath], decide: impl FnOnce(&[Candidate<'_>]) -> R) -> R {
        let facts: Vec<AttributeFacts> =
            paths.iter().map(|path| AttributeFacts::new(path.held.content.attributes())).collect();
        let candidates: Vec<Candidate<'_>> =
            paths.iter().zip(&facts).map(|(path, facts)| self.candidate(path, facts)).collect();
        decide(&candidates)
    }

    /// By the decision process repeated on those that are left.
    fn ranked(&self, table: usize, net: IpNet, most: usize) -> Vec<ModelPath> {
        let mut left = self.usable(table, net);
        let mut ranked = Vec::new();
        while ranked.len() < most {
            let best = self.decide(&left, |candidates| best_path(candidates, &self.rib.rules));
            let Some((best, _)) = best else { break };
            ranked.push(left.remove(best));
        }
        ranked
    }

    /// Which of them share the load.
    fn equal(&self, table: usize, net: IpNet) -> Vec<ModelPath> {
        let paths = self.usable(table, net);
        let several = Multipath::merge_paths(usize::MAX);
        let equal =
            self.decide(&paths, |candidates| equal_paths(candidates, &self.rib.rules, &several));
        equal.iter().map(|index| paths[*index].clone()).collect()
    }

    fn candidate<'a>(&self, path: &ModelPath, facts: &'a AttributeFacts) -> Candidate<'a> {
        let Content { kind, preference, next_hop, .. } = path.held.content;
        let igp_metric = match next_hop {
            Some(key) => self.metrics[owner_of(key.next_hop.address())],
            None => Some(0),
        };
        let candidate = Candidate { igp_metric, ..Candidate::new(kind, preference, facts) };
        let Who::Peer(peer) = path.who else { return candidate };
        let config = self.neighbours[peer].session.as_ref().expect("it has routes").config(peer);
        Candidate {
            internal: config.is_internal(),
            default_med: config.default_med,
            router_id: config.remote_id,
            address: Some(config.address),
            path_id: path.id.unwrap_or(0),
            ..candidate
        }
    }

    /// Compares the tables and their counters with the model.
    pub(super) fn check_tables(&self) {
        let mut preferred: BTreeMap<(Who, usize), u32> = BTreeMap::new();
        for table in 0..TABLES {
            let mut sizes = (0, 0);
            for net in (0..NETS).map(|index| net(table, index)) {
                let paths = self.paths(table, net);
                sizes.0 += usize::from(!paths.is_empty());
                sizes.1 += paths.len();
                let mut expected: Vec<Seen> = paths.iter().map(|path| self.to_see(path)).collect();
                expected.sort_unstable_by_key(|path| (path.source, path.id));
                let mut found = self.seen(table, net, true);
                let first = found.first().filter(|_| self.is_used(table, net)).cloned();
                found.sort_unstable_by_key(|path| (path.source, path.id));
                assert_eq!(found, expected, "paths to {net} in table {table}");
                let best = self.ranked(table, net, 1).pop();
                let wanted = best.as_ref().map(|path| self.to_see(path));
                assert_eq!(first, wanted, "best path to {net} in table {table}");
                if let Some(best) = best {
                    *preferred.entry((best.who, table)).or_default() += 1;
                }
            }
            assert_eq!(self.rib.size(self.tables[table]), sizes, "networks and paths of {table}");
        }
        for (peer, neighbour) in self.neighbours.iter().enumerate() {
            for (table, lane) in &neighbour.lanes {
                let (source, id) = (self.sources[peer], self.tables[*table]);
                let best = preferred.get(&(Who::Peer(peer), *table)).copied().unwrap_or(0);
                let routes = u32::try_from(lane.routes()).expect("few");
                assert_eq!(self.rib.routes_of(source, id), (routes, best), "routes of {peer}");
                let statistics = self.rib.statistics(source, id).expect("there is a channel");
                let expected = crate::ChannelStatistics {
                    export_updates: lane.heard.announced,
                    export_withdraws: lane.heard.withdrawn,
                    ..lane.statistics
                };
                assert_eq!(statistics, expected, "counters of {peer}");
            }
        }
    }

    /// Whether there is a best path.
    fn is_used(&self, table: usize, net: IpNet) -> bool {
        let view = self.rib.lookup(self.tables[table], &net);
        view.and_then(|view| view.paths().next()).is_some_and(|path| path.best)
    }

    fn to_see(&self, path: &ModelPath) -> Seen {
        Seen { source: self.source_of(path.who), id: path.id, held: path.held.clone() }
    }

    /// What the table has, the best one first; `all`: not only that one.
    pub(super) fn seen(&self, table: usize, net: IpNet, all: bool) -> Vec<Seen> {
        let view = self.rib.lookup(self.tables[table], &net);
        let paths = view.into_iter().flat_map(|view| view.paths());
        let paths = paths.filter(|path| all || path.best);
        let seen = |path: crate::PathView<'_>| {
            let content = Content::of(&path.route().expect("it has a source"));
            let (filtered, stale) = (path.is_filtered(), path.is_stale());
            let held = Held { content, filtered, stale };
            Seen { source: path.source(), id: path.received_path_id(), held }
        };
        paths.map(seen).collect()
    }

    /// Makes the model take over which routes a limit has let in, after a look at whether it could.
    pub(super) fn adopt(&mut self, peer: usize, table: usize) {
        let (id, source) = (self.tables[table], self.sources[peer]);
        let session = self.neighbours[peer].session.clone().expect("there are routes");
        let lane = self.neighbours[peer].lanes.get_mut(&table).expect("there are routes");
        let mut free =
            Lane::new(Plan { receive_limit: None, import_limit: None, ..lane.plan.clone() });
        free.held = lane.held.clone();
        free.received = lane.received.clone();
        free.reload(&Speaker { peer, session: &session, table });
        let mut held = BTreeMap::new();
        for index in 0..NETS {
            let net = net(table, index);
            let view = self.rib.lookup(id, &net);
            let paths = view.into_iter().flat_map(|view| view.paths());
            for path in paths.filter(|path| path.source() == source) {
                let key = (net, path.received_path_id());
                let kept = free.held.get(&key).expect("the filter lets it pass").clone();
                // As in BIRD: what an import limit keeps out is like filtered, where these are kept.
                let kept_out = super::world::leaves_out(lane.plan.import_limit)
                    && lane.plan.keep_filtered
                    && path.is_filtered();
                held.insert(key, Held { filtered: kept.filtered || kept_out, ..kept });
            }
        }
        for (limit, counts) in [
            (lane.plan.receive_limit, (|_| true) as fn(&Held) -> bool),
            (lane.plan.import_limit, |held| !held.filtered),
        ] {
            // There may have been more before the limit was set: these may stay.
            let before = lane.held.values().filter(|held| counts(held)).count();
            if let Some(limit) = limit.filter(|_| super::world::leaves_out(limit)) {
                let most = before.max(limit.most as usize);
                assert!(held.values().filter(|held| counts(held)).count() <= most);
            }
        }
        lane.held = held;
        // Whether it was reported depends on the order too.
        let reported = self.rib.channel(source, id).map(|channel| channel.reported.clone());
        lane.reported = reported.unwrap_or_default().into_iter().collect();
    }

    /// What a neighbour should know of a table: for each network the routes as text.
    pub(super) fn expected(&self, peer: usize, table: usize) -> BTreeMap<IpNet, Vec<String>> {
        let neighbour = &self.neighbours[peer];
        let (Some(session), Some(lane)) = (&neighbour.session, neighbour.lanes.get(&table)) else {
            return BTreeMap::new();
        };
        let mut expected = BTreeMap::new();
        for net in (0..NETS).map(|index| net(table, index)) {
            let chosen = match lane.plan.add_path {
                _ if !session.sends_path_ids => self.ranked(table, net, 1),
                AddPath::Off => self.ranked(table, net, 1),
                AddPath::Best(most) => self.ranked(table, net, most.into()),
                AddPath::All => self.usable(table, net),
                AddPath::Equal => self.equal(table, net),
            };
            let told = chosen.iter().filter_map(|path| self.said(net, path, peer, table, lane));
            let mut told: Vec<String> = told.collect();
            told.sort_unstable();
            if !told.is_empty() {
                expected.insert(net, told);
            }
        }
        expected
    }

    /// What `to` is told of a path; `None`: nothing.
    fn said(
        &self,
        net: IpNet,
        path: &ModelPath,
        to: usize,
        table: usize,
        lane: &Lane,
    ) -> Option<String> {
        let received = path.held.content.attributes();
        let from = match path.who {
            Who::Peer(from) if from == to => return None,
            Who::Peer(from) => Some(from),
            Who::Own(_) => None,
        };
        let has = |community| received.communities().any(|other| other == community);
        let internal_route = from.is_some_and(is_internal);
        let session = self.neighbours[to].session.as_ref()?;
        if has(Community::NO_ADVERTISE)
            // RFC 9494 §4.3
            || (has(Community::LLGR_STALE) && !session.long_lived)
            || (has(Community::NO_EXPORT) && !is_internal(to))
            || (internal_route && is_internal(to) && !from.is_some_and(is_client) && !is_client(to))
        {
            return None;
        }
        let role = session.role.filter(|_| !is_internal(to));
        let downwards = [Role::PROVIDER, Role::ROUTE_SERVER].map(Some).contains(&role);
        let for_customers = received.only_to_customer().is_some();
        // RFC 9234 §5
        if role.is_some() && !downwards && for_customers {
            return None;
        }
        let protocol = from.map_or_else(|| "static".into(), |from| from.to_string());
        let from_address = from.map(|from| address(from, 0));
        let Plan { export, own_next_hop, .. } = lane.plan;
        let (content, set) = filtered(export, net, &path.held.content, &protocol, from_address)?;
        let own = match table {
            1 if own_next_hop => Some(NextHop::V6(OWN_V6, None)),
            1 => None,
            _ => Some(NextHop::from(core::net::IpAddr::from([192, 0, 2, 250]))),
        };
        let keeps = is_internal(to) || set.next_hop;
        let next_hop = match content.next_hop {
            Some(key) if keeps => Some(key.next_hop),
            _ => own,
        }?;
        let mut attributes = content.attributes().to_path_attributes();
        let origin = content.attributes().origin().unwrap_or(Origin::Igp);
        let mut path_builder = AsPathBuilder::from_path(content.attributes().as_path());
        if is_internal(to) {
            attributes.local_pref(content.attributes().local_pref().unwrap_or(100));
            if let Some(from) = from.filter(|_| internal_route) {
                let config = self.neighbours[from].session.as_ref()?.config(from);
                attributes.originator_id(config.remote_id).cluster_list([config.cluster_id]);
            }
        } else {
            path_builder.prepend(LOCAL_AS);
            attributes.remove(AttributeCode::LOCAL_PREF);
            if from.is_some() && !set.med {
                attributes.remove(AttributeCode::MULTI_EXIT_DISC);
            }
        }
        attributes.origin(origin).as_path(&path_builder);
        if (downwards || role == Some(Role::PEER)) && !for_customers {
            let flags = if from.is_some() { 0xe0 } else { 0xc0 };
            attributes.set(flags, AttributeCode::ONLY_TO_CUSTOMER, &LOCAL_AS.to_be_bytes());
        }
        // One that no message has room for is not told (RFC 4271 §9.2).
        let context = session.context(session.sends_path_ids);
        let mut out = BytesMut::new();
        UpdateWriter::new(&mut out, &context)
            .announce(attributes.view(), family(table), &next_hop, [(1, net)])
            .is_ok()
            .then(|| alloc::format!("{next_hop} {:?}", attributes.view()))
    }

    /// What somebody who follows a table should know.
    pub(super) fn check_followers(&mut self) {
        for index in 0..self.followers.len() {
            while self.follow(index) {}
            let Some(Some(follower)) = self.followers.get(index) else { continue };
            let (table, paths) = (follower.table, follower.paths);
            for net in (0..NETS).map(|index| net(table, index)) {
                let mut known = follower.knows.get(&net).cloned().unwrap_or_default();
                let mut found = self.seen(table, net, paths);
                // Marks are no changes.
                known.iter_mut().chain(&mut found).for_each(|seen| seen.held.stale = false);
                assert_eq!(known, found, "what follower {index} knows of {net}");
            }
        }
    }

    /// The routes of a table for somebody who takes the best ones through a filter.
    pub(super) fn check_export(&mut self, filter: Filter) {
        for table in 0..TABLES {
            for net in (0..NETS).map(|index| net(table, index)) {
                let best = self.ranked(table, net, 1).pop();
                let wanted = best.and_then(|path| {
                    let (protocol, from) = match path.who {
                        Who::Peer(peer) => (peer.to_string(), Some(address(peer, 0))),
                        Who::Own(_) => ("static".into(), None),
                    };
                    Some(filtered(filter, net, &path.held.content, &protocol, from)?.0)
                });
                let id = self.tables[table];
                let found = self.rib.export(id, &net, filter, &mut Filters, |route| {
                    route.map(|route| Content::of(&route))
                });
                assert_eq!(found, wanted, "what a filter makes of {net}");
            }
        }
    }
}
