//! Routes as they were received, kept beside those that the import filter has made of them.

use core::time::Duration;

use ipnet::IpNet;

use super::Rib;
use super::path::Incoming;
use super::stale::LongLived;
use crate::attributes::{AttributeSet, AttributesId, Head};
use crate::channel::SourceId;
use crate::extra::ExtraRef;
use crate::path_id::LocalId;
use crate::policy::Policy;
use crate::table::{Flags, Path, Set, Table, TableId};

impl Rib {
    pub(super) fn keep_received(&mut self, incoming: &Incoming, net: IpNet, id: LocalId) {
        let Incoming { now, source, table, attributes, .. } = *incoming;
        let seed = self.seed;
        let Some(channel) = self.channel_mut(source, table) else { return };
        if !channel.config.keep_received {
            return;
        }
        let family = channel.config.family;
        let received = channel.received.get_or_insert_with(|| Table::new("", family, seed).into());
        let Some(slot) = received.find_or_insert(&net) else { return };
        let old = match received.set(slot, Path::new(attributes, id, source, now)) {
            Some(Set::Replaced(old)) => Some(old.attributes),
            _ => None,
        };
        self.attributes.retain(attributes);
        match old {
            Some(old) => self.attributes.release(old, &mut self.next_hops),
            None => self.path_ids.retain(id),
        }
    }

    pub(super) fn forget_received(
        &mut self,
        source: SourceId,
        table: TableId,
        net: &IpNet,
        id: LocalId,
    ) {
        let Some(channel) = self.channel_mut(source, table) else { return };
        let Some(received) = &mut channel.received else { return };
        let Some(slot) = received.find(net) else { return };
        let Some(old) = received.remove(slot, id) else { return };
        received.free_if_empty(slot);
        self.attributes.release(old.attributes, &mut self.next_hops);
        self.path_ids.release(id);
    }

    /// Forgets all routes of a channel as they were received.
    pub(super) fn forget_all_received(&mut self, source: SourceId, table: TableId) {
        let Some(channel) = self.channel_mut(source, table) else { return };
        let Some(received) = channel.received.take() else { return };
        for path in (0..received.slots()).flat_map(|slot| received.paths(slot)) {
            self.attributes.release(path.attributes, &mut self.next_hops);
            self.path_ids.release(path.id);
        }
    }

    /// Puts all routes of a channel through its import filter again, as they were received. False: not all of them
    /// were kept ([`ChannelConfig::keep_received`](crate::ChannelConfig::keep_received) since the session came up);
    /// the neighbour has to be asked for a refresh.
    pub fn reload(
        &mut self,
        now: Duration,
        source: SourceId,
        table: TableId,
        policy: &mut dyn Policy,
    ) -> bool {
        let channel = self.channel(source, table);
        if !channel.is_some_and(|channel| channel.has_all_received) {
            return false;
        }
        self.filter_again(now, source, table, &|_| true, policy);
        true
    }

    /// Puts those routes of a channel through its import filter again that were kept as they were received.
    pub(super) fn filter_again(
        &mut self,
        now: Duration,
        source: SourceId,
        table: TableId,
        concerned: &dyn Fn(&IpNet) -> bool,
        policy: &mut dyn Policy,
    ) {
        self.with_received(source, table, |rib, received| {
            for slot in 0..received.slots() {
                let Some(net) = received.net(slot).filter(concerned) else { continue };
                for path in received.paths(slot) {
                    let stale = path.flags.has(Flags::STALE);
                    let attributes = rib.with_preference_of(source, table, path.attributes);
                    let incoming =
                        Incoming { stale, ..Incoming::new(now, source, table, attributes) };
                    rib.filter_and_set(&incoming, net, path.id, policy);
                    rib.attributes.sweep(attributes, &mut rib.next_hops);
                }
            }
        });
    }

    /// The attributes of a received route with the preference that its channel gives now.
    fn with_preference_of(
        &mut self,
        source: SourceId,
        table: TableId,
        attributes: AttributesId,
    ) -> AttributesId {
        let preference = self.source(source).map(|source| source.preference(table));
        let Some((set, preference)) = self.attributes.get(attributes).zip(preference) else {
            return attributes;
        };
        if set.head.preference == preference {
            return attributes;
        }
        let (path, extra) = (set.path.to_path_attributes(), set.extra.bytes().to_vec());
        let head = Head { preference, ..set.head };
        let set = AttributeSet { path: path.view(), extra: ExtraRef::new(&extra), head };
        self.attributes.intern(&set, &mut self.next_hops)
    }

    fn with_received(
        &mut self,
        source: SourceId,
        table: TableId,
        visit: impl FnOnce(&mut Self, &mut Table),
    ) {
        let channel = self.channel_mut(source, table);
        let Some(mut received) = channel.and_then(|channel| channel.received.take()) else {
            return;
        };
        visit(self, &mut received);
        if let Some(channel) = self.channel_mut(source, table) {
            channel.received = Some(received);
        }
    }

    /// As the neighbour has announced them before, but not since.
    pub(super) fn mark_received_stale(&mut self, source: SourceId, table: TableId) {
        self.with_received(source, table, |_, received| {
            for (slot, path) in all_of(received) {
                if let Some(flags) = received.flags_mut(slot, path.id) {
                    *flags = flags.with(Flags::STALE);
                }
            }
        });
    }

    /// What becomes of the stale ones: they are as they are in the table from now on, or removed.
    pub(super) fn age_received(&mut self, source: SourceId, table: TableId, sweeps: bool) {
        self.with_received(source, table, |rib, received| {
            for (slot, path) in all_of(received) {
                if !path.flags.has(Flags::STALE) {
                    continue;
                }
                let aged =
                    if sweeps { LongLived::Gone } else { rib.long_lived_of(path.attributes) };
                match aged {
                    LongLived::Same => continue,
                    LongLived::Changed(attributes) => {
                        rib.attributes.retain(attributes);
                        received.set(slot, path.with_attributes(attributes));
                    }
                    LongLived::Gone => {
                        received.remove(slot, path.id);
                        received.free_if_empty(slot);
                        rib.path_ids.release(path.id);
                    }
                }
                rib.attributes.release(path.attributes, &mut rib.next_hops);
            }
        });
    }
}

fn all_of(table: &Table) -> alloc::vec::Vec<(u32, Path)> {
    let slots = 0..table.slots();
    slots.flat_map(|slot| table.paths(slot).map(move |path| (slot, *path))).collect()
}
