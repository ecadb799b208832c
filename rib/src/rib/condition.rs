//! Conditional advertisement: another export filter while a network is there, or is not.

use ipnet::IpNet;

use super::Rib;
use crate::channel::{ChannelConfig, SourceId};
use crate::policy::Filter;
use crate::table::TableId;

/// Which export filter a channel has, by whether there is a route to a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// The table that is looked at
    pub table: TableId,
    /// The network
    pub net: IpNet,
    /// While it has a route
    pub present: Filter,
    /// While it has none
    pub absent: Filter,
}

/// A condition at work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditional {
    source: SourceId,
    /// The table of the channel that it is for
    channel: TableId,
    condition: Condition,
}

impl Conditional {
    pub(super) fn is_of(&self, source: SourceId) -> bool {
        self.source == source
    }
}

impl Rib {
    /// Puts a channel's export filter under a condition, or takes that away; whatever
    /// [`ChannelConfig::export`] says counts only without. It holds for later sessions too. What it brings about
    /// happens in [`Rib::work`].
    pub fn set_condition(
        &mut self,
        source: SourceId,
        channel: TableId,
        condition: Option<Condition>,
    ) {
        self.conditions.retain(|one| (one.source, one.channel) != (source, channel));
        self.conditions.extend(condition.map(|condition| Conditional {
            source,
            channel,
            condition,
        }));
    }

    /// The export filter by the condition of a channel, if it has one.
    fn conditional(&self, source: SourceId, channel: TableId) -> Option<Filter> {
        let is = |one: &&Conditional| (one.source, one.channel) == (source, channel);
        let Condition { table, net, present, absent } = self.conditions.iter().find(is)?.condition;
        let table = self.tables.get(usize::from(table.0));
        let there = table
            .is_some_and(|table| table.find(&net).is_some_and(|slot| table.best(slot).is_some()));
        Some(if there { present } else { absent })
    }

    /// The configuration of a channel as its condition has it.
    pub(super) fn under_condition(&self, source: SourceId, config: ChannelConfig) -> ChannelConfig {
        let export = self.conditional(source, config.table);
        ChannelConfig { export: export.unwrap_or(config.export), ..config }
    }

    /// Gives channels the filters that are right now.
    pub(super) fn apply_conditions(&mut self) {
        while let Some((source, config)) = self.other_condition() {
            self.reconfigure_channel(source, config);
        }
    }

    /// A channel whose condition is no longer what it was.
    pub(super) fn other_condition(&self) -> Option<(SourceId, ChannelConfig)> {
        self.conditions.iter().find_map(|Conditional { source, channel, .. }| {
            let export = self.conditional(*source, *channel)?;
            let config = &self.channel(*source, *channel)?.config;
            (config.export != export).then(|| (*source, ChannelConfig { export, ..config.clone() }))
        })
    }
}
