//! What neighbours are told, replayed.

use alloc::collections::BTreeMap;

use bgp_wire::{Message, RefreshSubtype, RouteRefresh, Update, split_frame};
use bytes::BytesMut;

use super::filters::{Filters, filters};
use super::model::{Heard, Key};
use super::setup::*;
use super::world::World;
use super::*;
use crate::Filter;

impl World {
    fn heard(&mut self, peer: usize, family: Family) -> (usize, &mut Heard) {
        let (table, lane) = self.lane_of(peer, family);
        (table, &mut lane.heard)
    }

    /// Reads a chunk; false when there is none.
    pub(super) fn read(&mut self, peer: usize) -> bool {
        let chunk = self.rib.poll_update(self.now, self.sources[peer], &mut Filters);
        let Some(chunk) = chunk else { return false };
        let session = self.neighbours[peer].session.clone().expect("its session is up");
        let context = session.context(session.sends_path_ids);
        self.transcript.push((peer, chunk.bytes.to_vec()));
        let mut bytes = BytesMut::from(&chunk.bytes[..]);
        let (mut messages, mut counted) = (0, (0, 0));
        while let Some(frame) = split_frame(&mut bytes, &context).expect("well formed") {
            messages += 1;
            match Message::decode(&frame, &context) {
                Ok(Message::Update(update)) => {
                    let (announced, withdrawn) = self.hear(peer, &update);
                    counted = (counted.0 + announced, counted.1 + withdrawn);
                }
                Ok(Message::RouteRefresh(refresh)) => {
                    assert!(session.enhanced_refresh, "{peer} knows no markers");
                    self.hear_marker(peer, &refresh);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((messages, bytes.len()), (chunk.messages, 0));
        assert_eq!((chunk.announced, chunk.withdrawn), counted, "as the chunk counts");
        true
    }

    fn hear(&mut self, peer: usize, update: &Update) -> (u32, u32) {
        if let Some(family) = update.end_of_rib() {
            self.hear_end_of_rib(peer, family);
            return (0, 0);
        }
        let mut counted = (0, 0);
        for unreach in update.unreach() {
            let (_, heard) = self.heard(peer, unreach.family);
            let mut prefixes = unreach.nlri.prefixes();
            while let Some((id, net)) = prefixes.next_with_path_id() {
                counted.1 += 1;
                heard.routes.remove(&(net, id));
                heard.confirm((net, id));
            }
            heard.withdrawn += u64::from(counted.1);
        }
        let mut scratch = Vec::new();
        let text = alloc::format!("{:?}", update.canonical_attributes(&mut scratch));
        for reach in update.reach() {
            let (_, heard) = self.heard(peer, reach.family);
            let next_hop = reach.next_hop.expect("there");
            let mut prefixes = reach.nlri.prefixes();
            while let Some((id, net)) = prefixes.next_with_path_id() {
                counted.0 += 1;
                heard.routes.insert((net, id), alloc::format!("{next_hop} {text}"));
                heard.confirm((net, id));
            }
            heard.announced += u64::from(counted.0);
        }
        counted
    }

    /// RFC 4724 §2: all that there was when the session came up has been told.
    fn hear_end_of_rib(&mut self, peer: usize, family: Family) {
        let (table, _) = self.heard(peer, family);
        let limited = self.lane(peer, table).expect("it is up").plan.export_limit.is_some();
        let (_, heard) = self.heard(peer, family);
        heard.ends_of_rib += 1;
        assert_eq!(heard.ends_of_rib, 1, "{peer} was told the end twice");
        for net in core::mem::take(&mut heard.owed) {
            let known = limited || heard.routes.keys().any(|(known, _)| *known == net);
            assert!(known, "{peer} does not know {net} at the end");
        }
    }

    /// RFC 7313 §4
    fn hear_marker(&mut self, peer: usize, refresh: &RouteRefresh) {
        let (_, heard) = self.heard(peer, refresh.family);
        if refresh.subtype == RefreshSubtype::BEGIN {
            assert_eq!(heard.ends_of_rib, 1, "{peer} has not been told the end of the beginning");
            heard.unconfirmed = Some(heard.routes.keys().copied().collect());
        } else {
            assert_eq!(refresh.subtype, RefreshSubtype::END);
            let gone = heard.unconfirmed.take().expect("a beginning");
            heard.routes.retain(|key, _| !gone.contains(key));
        }
    }

    /// Reads everything, then compares with what the obvious computation says.
    pub(super) fn read_all(&mut self) {
        let mut chunks = 0;
        loop {
            for peer in 0..PEERS {
                while self.read(peer) {
                    chunks += 1;
                    assert!(chunks < 5000, "it does not end");
                }
            }
            let Some(at) = self.rib.poll_timeout() else { break };
            assert!(at > self.now, "there is something to read at {at:?}, it is {:?}", self.now);
            self.now = at;
            self.rib.handle_timeout(at);
        }
        self.poll_limits();
        for peer in 0..PEERS {
            for table in tables_of(peer) {
                self.check_neighbour(peer, *table);
            }
        }
        self.check_followers();
        for filter in [Filter::All, Filter::None].into_iter().chain(filters()) {
            self.check_export(filter);
        }
        for (table, id) in self.tables.iter().enumerate() {
            assert_eq!(self.rib.backlog(*id), 0, "all have read all of {table}");
            assert_eq!(self.rib.tables[table].all.len(), 0, "all have read all of {table}");
        }
        assert!(self.rib.groups.iter().flatten().all(crate::group::Group::is_idle));
    }

    fn check_neighbour(&mut self, peer: usize, table: usize) {
        if !self.neighbours[peer].up {
            assert_eq!(self.rib.told(self.sources[peer], self.tables[table]), 0);
            return;
        }
        let expected = self.expected(peer, table);
        let told = self.rib.told(self.sources[peer], self.tables[table]);
        let Some(lane) = self.lane(peer, table) else { return };
        let heard = &lane.heard;
        assert_eq!(heard.ends_of_rib, 1, "{peer} was told the end of table {table}");
        assert_eq!(heard.unconfirmed, None, "the refresh has an end");
        assert_eq!(told as usize, heard.routes.len(), "count of what {peer} knows");
        let mut knows: BTreeMap<IpNet, Vec<String>> = BTreeMap::new();
        for ((net, _), text) in &heard.routes {
            knows.entry(*net).or_default().push(text.clone());
        }
        knows.values_mut().for_each(|texts| texts.sort_unstable());
        if let Some(limit) = lane.plan.export_limit {
            let more = expected.values().map(Vec::len).sum::<usize>() > limit.most as usize;
            assert!(heard.limit_reported || !more, "{peer} should know more than {limit:?}");
        }
        match lane.plan.export_limit.filter(|limit| super::world::leaves_out(Some(*limit))) {
            None => assert_eq!(knows, expected, "what {peer} knows of table {table}"),
            Some(limit) => {
                for (net, texts) in &knows {
                    let mut left = expected.get(net).cloned().unwrap_or_default();
                    for text in texts {
                        let place = left.iter().position(|other| other == text);
                        left.remove(
                            place.unwrap_or_else(|| {
                                panic!("{peer} should not know {text} of {net}")
                            }),
                        );
                    }
                }
                assert!(heard.routes.len() <= limit.most as usize, "no more than {limit:?}");
            }
        }
    }
}

impl Heard {
    fn confirm(&mut self, key: Key) {
        if let Some(unconfirmed) = &mut self.unconfirmed {
            unconfirmed.remove(&key);
        }
    }
}
