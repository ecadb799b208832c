//! What messages are made from.

use alloc::vec::Vec;

use bgp_wire::{NextHop, PathAttributes};
use smallvec::SmallVec;

use super::told::{Exported, ExportedPaths, Version};
use crate::attributes::{AttributeSet, AttributeStore, AttributesId, Head};
use crate::channel::{AddPath, Source, SourceId};
use crate::decision::{Multipath, Rules, equal_paths, ranking};
use crate::export::{ExportRules, Outgoing};
use crate::extra::ExtraCode;
use crate::next_hop::{NextHopId, NextHopKey, NextHops};
use crate::path_id::PathIds;
use crate::policy::{Edited, Policy, Set, Verdict};
use crate::rib::{Field, view_of};
use crate::table::{Path, Table};

/// The parts of a `Rib` that messages are made from.
pub(crate) struct View<'a> {
    pub(crate) table: &'a Table,
    pub(crate) attributes: &'a mut AttributeStore,
    pub(crate) next_hops: &'a mut NextHops,
    pub(crate) path_ids: &'a PathIds,
    pub(crate) sources: &'a [Option<Source>],
    pub(crate) rules: &'a Rules,
    pub(crate) policy: &'a mut dyn Policy,
    pub(crate) edited: &'a mut Edited,
    /// Attributes that filters have made, kept until the messages are written.
    pub(crate) kept: Vec<AttributesId>,
}

impl View<'_> {
    fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(usize::from(id.0))?.as_ref()
    }

    /// The paths of `slot` that the rules let be told, the best one first.
    pub(super) fn exported(&mut self, rules: &ExportRules, slot: u32) -> ExportedPaths {
        let mut exported = ExportedPaths::new();
        if rules.adds_paths() {
            for path in self.chosen(rules.add_path, slot) {
                exported.extend(self.exported_path(rules, slot, path));
            }
        } else if let Some(path) = self.table.best(slot).copied() {
            exported.extend(self.exported_path(rules, slot, path));
        }
        exported
    }

    /// Which paths of a slot are told where several may be.
    fn chosen(&self, add_path: AddPath, slot: u32) -> SmallVec<[Path; 8]> {
        let field = Field {
            table: self.table,
            sources: self.sources,
            attributes: self.attributes,
            next_hops: self.next_hops,
            path_ids: self.path_ids,
            rules: self.rules,
        };
        let (paths, candidates) = field.candidates(slot);
        let all = 0..paths.len();
        let chosen: SmallVec<[usize; 8]> = match add_path {
            AddPath::Off => all.take(1).collect(),
            AddPath::Best(most) if paths.len() > most.into() => {
                ranking(&candidates, self.rules, most.into())
            }
            AddPath::All | AddPath::Best(_) => all.collect(),
            AddPath::Equal => {
                equal_paths(&candidates, self.rules, &Multipath::merge_paths(usize::MAX))
            }
        };
        chosen.into_iter().filter_map(|index| paths.get(index).map(|path| **path)).collect()
    }

    fn exported_path(&mut self, rules: &ExportRules, slot: u32, path: Path) -> Option<Exported> {
        let Path { source: from, id, attributes, .. } = path;
        let source = self.sources.get(usize::from(from.0))?.as_ref()?;
        let facts = self.attributes.facts(attributes)?;
        if !rules.allows(source, facts) {
            return None;
        }
        let generation = source.generation;
        let tells_cost = rules.tells_cost(source, facts);
        let exported = |attributes, version, cost, set| {
            let version = Version::new(version, cost, generation, set);
            Some(Exported { source: from, id, attributes, version, set })
        };
        let cost = |next_hops: &NextHops, id| next_hops.metric(id).filter(|_| tells_cost);
        let set = self.attributes.get(attributes)?;
        let net = self.table.net(slot)?;
        let own_default = rules.default_originate && net.prefix_len() == 0;
        if own_default || self.table.is_summarized(&net) {
            return None;
        }
        let verdict = rules
            .filter
            .run(self.policy, self.edited, || view_of(source, net, &set, self.next_hops));
        match verdict {
            Verdict::Reject => None,
            Verdict::Accept => {
                let cost = cost(self.next_hops, set.head.next_hop);
                exported(attributes, self.attributes.version(attributes), cost, Set::default())
            }
            Verdict::Change => {
                let Edited { next_hop, preference, destination, set: by_filter, .. } = *self.edited;
                let next_hop = next_hop.map_or(NextHopId::NONE, |key| self.next_hops.intern(key));
                let head = Head { next_hop, preference, kind: set.head.kind, destination };
                let set = AttributeSet {
                    path: self.edited.attributes.view(),
                    extra: self.edited.extra.view(),
                    head,
                };
                let made = self.attributes.intern(&set, self.next_hops);
                self.attributes.retain(made);
                self.kept.push(made);
                let cost = cost(self.next_hops, next_hop);
                exported(made, self.attributes.version(made), cost, by_filter)
            }
        }
    }

    /// Writes the attributes of a route as the neighbour gets them. Returns the next hop; `None`: it has none that
    /// the neighbour could use.
    pub(super) fn write_attributes(
        &self,
        rules: &ExportRules,
        from: SourceId,
        attributes: AttributesId,
        by_filter: Set,
        out: &mut PathAttributes,
    ) -> Option<NextHop> {
        let source = self.source(from)?;
        let set = self.attributes.get(attributes)?;
        let taken = self.next_hops.key(set.head.next_hop);
        let announced = set.extra.address(ExtraCode::NEXT_HOP).map(|address| {
            NextHopKey::direct(NextHop::from(address), taken.and_then(|taken| taken.interface))
        });
        let route = Outgoing {
            source,
            attributes: set.path,
            next_hop: announced.or(taken),
            metric: self.next_hops.metric(set.head.next_hop),
            set: by_filter,
        };
        rules.write(&route, out)
    }

    /// Forgets the attributes that filters have made.
    pub(super) fn sweep(&mut self) {
        for id in self.kept.drain(..) {
            self.attributes.release(id, self.next_hops);
        }
    }
}
