//! Routes looked at anew although nobody announced them: what filters ask of the host has changed (RFC 6811 §5).

use core::time::Duration;

use bgp_wire::Family;
use ipnet::IpNet;
use smallvec::SmallVec;

use super::Rib;
use crate::channel::SourceId;
use crate::policy::Policy;
use crate::table::TableId;

impl Rib {
    /// What filters say of the networks that `concerned` names may be something else now: ROAs have changed, say.
    /// Import filters run again on the routes that are kept as they were received
    /// ([`ChannelConfig::keep_received`](crate::ChannelConfig::keep_received)), and all who follow the changes of a
    /// table look at these networks again. Returns the neighbours that have to be asked for a refresh since their
    /// routes were not kept.
    pub fn revalidate(
        &mut self,
        now: Duration,
        family: Family,
        concerned: impl Fn(&IpNet) -> bool,
        policy: &mut dyn Policy,
    ) -> SmallVec<[SourceId; 4]> {
        let mut refresh = SmallVec::new();
        for index in 0..u16::try_from(self.sources.len()).unwrap_or(u16::MAX) {
            let source = SourceId(index);
            let channels = self.source(source).map(|source| source.channels.as_slice());
            let of_family = channels.unwrap_or_default().iter().filter(|channel| {
                channel.config.family == family
                    && matches!(channel.config.import, crate::Filter::Run(_))
            });
            let tables: SmallVec<[(TableId, bool); 2]> =
                of_family.map(|channel| (channel.config.table, channel.has_all_received)).collect();
            for (table, has_all) in tables {
                self.filter_again(now, source, table, &concerned, policy);
                if !has_all && self.source(source).is_some_and(|source| source.up) {
                    refresh.push(source);
                }
            }
        }
        for table in self.tables.iter_mut().filter(|table| table.family == family) {
            for slot in 0..table.slots() {
                if table.best(slot).is_some() && table.net(slot).is_some_and(|net| concerned(&net))
                {
                    table.log.push(slot);
                    table.all.push(slot);
                }
            }
        }
        refresh
    }
}
