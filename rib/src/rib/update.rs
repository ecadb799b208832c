//! Routes in: what a neighbour's UPDATE does to the tables.

use core::time::Duration;

use bgp_wire::{Nlri, Update};
use ipnet::IpNet;

use super::path::{Imported, Incoming};
use super::{Rib, UpdateOutcome};
use crate::attributes::{AttributeSet, Head};
use crate::channel::{ChannelStatistics, LimitPassed, SourceId};
use crate::extra::ExtraRef;
use crate::import::{Received, Refusal, receive};
use crate::only_to_customer::Leak;
use crate::path_id::{LocalId, PathKey};
use crate::policy::Policy;
use crate::route::{Destination, RouteSource};
use crate::table::TableId;

/// Each route of `nlri` with its path identifier.
fn routes(nlri: Nlri<'_>) -> impl Iterator<Item = (Option<u32>, IpNet)> {
    let mut prefixes = nlri.prefixes();
    core::iter::from_fn(move || prefixes.next_with_path_id())
}

impl Rib {
    /// Puts in an UPDATE of a neighbour whose session is up. Families without a channel are left out.
    pub fn handle_update(
        &mut self,
        now: Duration,
        from: SourceId,
        update: &Update,
        policy: &mut dyn Policy,
    ) -> UpdateOutcome {
        for unreach in update.unreach() {
            let Some(table) = self.table_of(from, unreach.family) else { continue };
            self.withdraw_all(now, from, table, unreach.nlri);
        }
        let mut outcome = UpdateOutcome::default();
        if update.reach().next().is_none() {
            return outcome;
        }
        let mut canonical = core::mem::take(&mut self.scratch.canonical);
        let mut edited = core::mem::take(&mut self.scratch.edited);
        let attributes = update.canonical_attributes(&mut canonical);
        for reach in update.reach() {
            let Some(table) = self.table_of(from, reach.family) else { continue };
            let Some(source) = self.source(from) else { continue };
            let (Some(peer), Some(channel)) = (&source.peer, source.channel(table)) else {
                continue;
            };
            let interface = peer.interface;
            // Families without next hops are none of a table's.
            let Some(next_hop) = reach.next_hop else { continue };
            let received = receive(peer, &channel.config, attributes, next_hop, &mut edited);
            let Received { attributes, next_hop } = match received {
                Ok(received) => received,
                Err(refusal) => {
                    let routes = self.reject_all(from, table, reach.nlri);
                    if let Refusal::Leak(only_to_customer) = refusal {
                        let before = outcome.leak.map_or(0, |leak| leak.routes);
                        outcome.leak = Some(Leak { only_to_customer, routes: before + routes });
                    }
                    continue;
                }
            };
            let preference = self.source(from).map_or(0, |source| source.preference(table));
            let next_hop = self.intern_next_hop(from, table, next_hop, interface);
            let set = AttributeSet {
                path: attributes,
                extra: ExtraRef::default(),
                head: Head {
                    next_hop,
                    preference,
                    kind: RouteSource::Bgp,
                    destination: Destination::Unicast,
                },
            };
            let id = self.attributes.intern(&set, &mut self.next_hops);
            let incoming =
                Incoming { now, source: from, owner: from, table, attributes: id, announced: true };
            let limit = self.import_all(&incoming, reach.nlri, policy);
            outcome.limit = limit.or(outcome.limit);
            self.attributes.sweep(id, &mut self.next_hops);
        }
        (self.scratch.canonical, self.scratch.edited) = (canonical, edited);
        outcome
    }

    fn table_of(&self, source: SourceId, family: bgp_wire::Family) -> Option<TableId> {
        let channels = &self.source(source)?.channels;
        channels
            .iter()
            .find(|channel| channel.config.family == family)
            .map(|channel| channel.config.table)
    }

    fn withdraw_all(&mut self, now: Duration, from: SourceId, table: TableId, nlri: Nlri<'_>) {
        let (mut received, mut removed) = (0, 0);
        for (path_id, net) in routes(nlri) {
            received += 1;
            let id = self.path_ids.find(&received_path(from, path_id));
            if let Some(id) = id
                && self.retract(table, &net, id)
            {
                removed += 1;
                self.note_withdrawal(now, from, table, (net, path_id));
            }
        }
        self.count(from, table, |statistics| {
            statistics.import_withdraws += received;
            statistics.import_withdraws_accepted += removed;
            statistics.import_withdraws_ignored += received - removed;
        });
    }

    /// Routes that cannot be used: they replace what was there before by nothing. Returns how many.
    fn reject_all(&mut self, from: SourceId, table: TableId, nlri: Nlri<'_>) -> u32 {
        let mut received = 0;
        for (path_id, net) in routes(nlri) {
            received += 1;
            if let Some(id) = self.path_ids.find(&received_path(from, path_id)) {
                self.retract(table, &net, id);
            }
        }
        self.count(from, table, |statistics| {
            statistics.import_updates += u64::from(received);
            statistics.import_updates_rejected += u64::from(received);
        });
        received
    }

    /// Runs the import filter and sets the paths. Returns the limit that was passed.
    fn import_all(
        &mut self,
        incoming: &Incoming,
        nlri: Nlri<'_>,
        policy: &mut dyn Policy,
    ) -> Option<LimitPassed> {
        let mut counted = ChannelStatistics::default();
        let mut limit = None;
        for (path_id, net) in routes(nlri) {
            counted.import_updates += 1;
            let key = received_path(incoming.source, path_id);
            let id = match path_id {
                None => LocalId::only(incoming.source),
                Some(_) => self.path_ids.intern(key),
            };
            let (imported, passed) = self.import(incoming, net, id, policy);
            self.path_ids.sweep(id);
            limit = passed.or(limit);
            match imported {
                Imported::Same => counted.import_updates_ignored += 1,
                Imported::Accepted => counted.import_updates_accepted += 1,
                Imported::Filtered => counted.import_updates_filtered += 1,
                Imported::Blocked => counted.import_updates_rejected += 1,
            }
        }
        self.count(incoming.source, incoming.table, |statistics| {
            statistics.import_updates += counted.import_updates;
            statistics.import_updates_rejected += counted.import_updates_rejected;
            statistics.import_updates_filtered += counted.import_updates_filtered;
            statistics.import_updates_ignored += counted.import_updates_ignored;
            statistics.import_updates_accepted += counted.import_updates_accepted;
        });
        limit
    }
}

fn received_path(source: SourceId, received: Option<u32>) -> PathKey {
    PathKey { source, received, pipe: None }
}
