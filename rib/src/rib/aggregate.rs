//! Aggregates: one route in place of those within it (RFC 4271 §9.2.2.2), there as long as one of them is.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::time::Duration;

use bgp_wire::{
    AsPath, AsPathBuilder, AttributeCode, AttributesRef, Community, Origin, PathAttributes,
    SegmentKind,
};
use ipnet::IpNet;

use super::watch::WatcherId;
use super::{Origination, Rib};
use crate::channel::SourceId;
use crate::policy::Policy;
use crate::route::Destination;
use crate::table::TableId;

/// A network that stands for those within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregateConfig {
    /// Where they are, and where it comes to be
    pub table: TableId,
    /// The network
    pub net: IpNet,
    /// Neighbours are not told the routes that it stands for
    pub summary_only: bool,
    /// Their ASes go into an AS_SET, which is deprecated (RFC 9774), and their communities are put together. Else
    /// AS_PATH is empty, with ATOMIC_AGGREGATE where that leaves out any AS
    pub as_set: bool,
    /// AGGREGATOR: our AS and BGP identifier
    pub aggregator: Option<(u32, Ipv4Addr)>,
    /// What becomes of packets to addresses that none of them has
    pub destination: Destination,
    /// Attributes that it has besides
    pub attributes: PathAttributes,
}

impl AggregateConfig {
    /// One that drops what nobody else takes.
    pub fn new(table: TableId, net: IpNet) -> Self {
        Self {
            table,
            net,
            summary_only: false,
            as_set: false,
            aggregator: None,
            destination: Destination::Blackhole,
            attributes: PathAttributes::default(),
        }
    }

    /// Whether it stands for `net`.
    pub(crate) fn stands_for(&self, net: &IpNet) -> bool {
        self.net != *net && self.net.contains(net)
    }
}

/// What matters of a route that an aggregate stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    origin: Origin,
    has_path: bool,
}

/// An aggregate at work.
#[derive(Debug, Clone)]
pub(super) struct Aggregate {
    source: SourceId,
    config: AggregateConfig,
    changes: WatcherId,
    parts: BTreeMap<IpNet, Part>,
    /// How many of the parts have each ORIGIN, and how many an AS_PATH.
    origins: [u32; 3],
    with_path: u32,
    /// Whether it is in the table, and with what.
    told: Option<PathAttributes>,
    changed: bool,
}

impl Aggregate {
    fn set(&mut self, net: IpNet, part: Option<Part>) {
        let old = match part {
            Some(part) => self.parts.insert(net, part),
            None => self.parts.remove(&net),
        };
        for (part, step) in [(old, -1), (part, 1)] {
            let Some(part) = part else { continue };
            if let Some(count) = self.origins.get_mut(usize::from(part.origin.code())) {
                *count = count.saturating_add_signed(step);
            }
            if part.has_path {
                self.with_path = self.with_path.saturating_add_signed(step);
            }
        }
        self.changed |= old != part || self.config.as_set;
    }

    /// The worst of its parts.
    fn origin(&self) -> Origin {
        let worst = [Origin::Incomplete, Origin::Egp].into_iter().find(|origin| {
            self.origins.get(usize::from(origin.code())).is_some_and(|count| *count > 0)
        });
        worst.unwrap_or(Origin::Igp)
    }
}

impl Rib {
    /// Sets or changes the aggregate that `source` is: one for each source. It comes to be when [`Rib::work`] runs, by
    /// way of the import filter of its channel.
    pub fn set_aggregate(&mut self, source: SourceId, config: AggregateConfig) -> bool {
        if self.aggregates.iter().any(|one| one.source == source && one.config == config) {
            return true;
        }
        self.remove_aggregate(source);
        if self.source(source).is_none() {
            return false;
        }
        let Some(changes) = self.watch(config.table, false) else { return false };
        self.aggregates.push(Aggregate {
            source,
            config,
            changes,
            parts: BTreeMap::new(),
            origins: [0; 3],
            with_path: 0,
            told: None,
            changed: false,
        });
        true
    }

    pub(super) fn remove_aggregate(&mut self, source: SourceId) {
        let Some(place) = self.aggregates.iter().position(|one| one.source == source) else {
            return;
        };
        let aggregate = self.aggregates.remove(place);
        self.unwatch(aggregate.changes);
        if aggregate.told.is_some() {
            self.suppress(&aggregate, false);
            self.withdraw(source, aggregate.config.table, &aggregate.config.net);
        }
    }

    /// Brings aggregates up to date. Returns what is left of the budget.
    pub(super) fn aggregate(
        &mut self,
        now: Duration,
        budget: usize,
        policy: &mut dyn Policy,
    ) -> usize {
        let mut left = budget;
        for place in 0..self.aggregates.len() {
            let Some(aggregate) = self.aggregates.get(place) else { continue };
            let (source, changes) = (aggregate.source, aggregate.changes);
            while left > 0
                && let Some(change) = self.poll_change(changes)
            {
                left -= 1;
                let part = self.part(source, change.table, &change.net);
                if let Some(aggregate) = self.aggregates.get_mut(place)
                    && aggregate.config.stands_for(&change.net)
                {
                    aggregate.set(change.net, part);
                }
            }
            // Not after each part of what has changed.
            if left > 0 {
                self.settle_aggregate(now, place, policy);
            }
        }
        left
    }

    pub(super) fn aggregates_have_work(&self) -> bool {
        self.aggregates.iter().any(|one| one.changed || self.is_behind(one.changes))
    }

    /// The best route to `net`, unless it is an aggregate's that nobody else stands behind.
    fn part(&self, own: SourceId, table: TableId, net: &IpNet) -> Option<Part> {
        let table = self.tables.get(usize::from(table.0))?;
        let path = table.best(table.find(net)?).filter(|path| path.source != own)?;
        let attributes = self.attributes.view(path.attributes);
        let origin = self.attributes.facts(path.attributes)?.origin;
        Some(Part { origin, has_path: !attributes.as_path().bytes().is_empty() })
    }

    fn settle_aggregate(&mut self, now: Duration, place: usize, policy: &mut dyn Policy) {
        let Some(aggregate) = self.aggregates.get_mut(place) else { return };
        if !core::mem::take(&mut aggregate.changed) {
            return;
        }
        let Some(aggregate) = self.aggregates.get(place) else { return };
        let wanted = (!aggregate.parts.is_empty()).then(|| self.attributes_of(aggregate));
        if wanted == aggregate.told {
            return;
        }
        let (source, config) = (aggregate.source, aggregate.config.clone());
        let suppresses = wanted.is_some() != aggregate.told.is_some();
        match &wanted {
            Some(attributes) => {
                let route = Origination {
                    attributes: attributes.clone(),
                    destination: config.destination,
                    ..Origination::default()
                };
                self.originate(now, source, config.table, config.net, &route, policy);
            }
            None => {
                self.withdraw(source, config.table, &config.net);
            }
        }
        let there = wanted.is_some();
        if let Some(aggregate) = self.aggregates.get_mut(place) {
            aggregate.told = wanted;
        }
        if suppresses && let Some(aggregate) = self.aggregates.get(place).cloned() {
            self.suppress(&aggregate, there);
        }
    }

    /// Lets the routes that it stands for be told or not.
    fn suppress(&mut self, aggregate: &Aggregate, suppressed: bool) {
        let AggregateConfig { table, net, summary_only, .. } = aggregate.config;
        let Some(table) = self.tables.get_mut(usize::from(table.0)).filter(|_| summary_only) else {
            return;
        };
        if suppressed {
            table.summaries.push(net);
        } else if let Some(place) = table.summaries.iter().position(|other| *other == net) {
            table.summaries.swap_remove(place);
        }
        for part in aggregate.parts.keys() {
            if let Some(slot) = table.find(part) {
                table.log.push(slot);
                table.all.push(slot);
            }
        }
    }

    fn attributes_of(&self, aggregate: &Aggregate) -> PathAttributes {
        let config = &aggregate.config;
        let mut attributes = config.attributes.clone();
        attributes.origin(aggregate.origin());
        let mut leaves_out = aggregate.with_path > 0;
        if config.as_set {
            let path = self.common_path(aggregate);
            leaves_out = false;
            attributes.as_path(&path);
            let own: Vec<Community> = config.attributes.view().communities().collect();
            let mut communities = own;
            self.for_parts(aggregate, |part| communities.extend(part.communities()));
            communities.sort_unstable();
            communities.dedup();
            attributes.communities(communities);
        } else {
            attributes.as_path(&AsPathBuilder::default());
        }
        if leaves_out {
            attributes.set(0x40, AttributeCode::ATOMIC_AGGREGATE, &[]);
        }
        if let Some((asn, identifier)) = config.aggregator {
            let mut value = [0; 8];
            let (first, second) = value.split_at_mut(4);
            first.copy_from_slice(&asn.to_be_bytes());
            second.copy_from_slice(&identifier.octets());
            attributes.set(0xc0, AttributeCode::AGGREGATOR, &value);
        }
        attributes
    }

    fn for_parts(&self, aggregate: &Aggregate, mut visit: impl FnMut(AttributesRef<'_>)) {
        let Some(table) = self.tables.get(usize::from(aggregate.config.table.0)) else { return };
        for net in aggregate.parts.keys() {
            let best = table.find(net).and_then(|slot| table.best(slot));
            if let Some(path) = best {
                visit(self.attributes.view(path.attributes));
            }
        }
    }

    /// The ASes that all paths begin with, and the others in a set (RFC 4271 Appendix F.6).
    fn common_path(&self, aggregate: &Aggregate) -> AsPathBuilder {
        let mut common: Option<Vec<u32>> = None;
        let mut all: Vec<u32> = Vec::new();
        self.for_parts(aggregate, |part| {
            let (sequence, rest) = leading_sequence(part.as_path());
            all.extend(&sequence);
            all.extend(rest);
            let common = common.get_or_insert_with(|| sequence.clone());
            let equal = common.iter().zip(&sequence).take_while(|(one, other)| one == other);
            common.truncate(equal.count());
        });
        let common = common.unwrap_or_default();
        all.sort_unstable();
        all.dedup();
        all.retain(|asn| !common.contains(asn));
        let mut path = AsPathBuilder::default();
        if !common.is_empty() {
            path.segment(SegmentKind::Sequence, common);
        }
        if !all.is_empty() {
            path.segment(SegmentKind::Set, all);
        }
        path
    }
}

/// The ASes before the first set, and those behind.
fn leading_sequence(path: AsPath<'_>) -> (Vec<u32>, Vec<u32>) {
    let (mut sequence, mut rest) = (Vec::new(), Vec::new());
    for segment in path.segments() {
        if segment.kind == SegmentKind::Sequence && rest.is_empty() {
            sequence.extend(segment.asns());
        } else {
            rest.extend(segment.asns());
        }
    }
    (sequence, rest)
}

#[cfg(test)]
mod tests;
