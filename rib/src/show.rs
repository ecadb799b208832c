//! Looking at tables: for operators, and for the host's own decisions.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use bgp_wire::{AttributesRef, Family};
use ipnet::IpNet;

use crate::channel::{ChannelStatistics, PeerConfig, SourceId};
use crate::decision::{Explanation, Multipath, equal_paths, explain};
use crate::extra::ExtraRef;
use crate::facts::AttributeFacts;
use crate::next_hop::{NextHopKey, Resolution};
use crate::path_id::PathKey;
use crate::rib::{Field, Rib, view_of};
use crate::route::{Destination, Route, RouteSource};
use crate::table::{Flags, Path, Table, TableId};

/// A network of a table.
#[derive(Debug, Clone, Copy)]
pub struct NetView<'a> {
    rib: &'a Rib,
    table: TableId,
    slot: u32,
    /// The network
    pub net: IpNet,
}

/// One path to a network.
#[derive(Debug, Clone, Copy)]
pub struct PathView<'a> {
    rib: &'a Rib,
    path: &'a Path,
    /// The network
    pub net: IpNet,
    /// Whether it is the one that is used
    pub best: bool,
}

impl<'a> NetView<'a> {
    /// Its paths, the best one first.
    pub fn paths(&self) -> impl Iterator<Item = PathView<'a>> + use<'a> {
        let Self { rib, table, slot, net } = *self;
        let paths = rib
            .tables
            .get(usize::from(table.0))
            .into_iter()
            .flat_map(move |table| table.paths(slot));
        paths.enumerate().map(move |(index, path)| PathView {
            rib,
            path,
            net,
            best: index == 0 && path.flags.is_usable(),
        })
    }
}

impl<'a> NetView<'a> {
    fn field(&self) -> Option<Field<'a>> {
        self.rib.field(self.table)
    }

    /// The paths that share the load, the best one first.
    pub fn equal_paths(&self, multipath: &Multipath) -> Vec<PathView<'a>> {
        let Some(field) = self.field() else { return Vec::new() };
        let (paths, candidates) = field.candidates(self.slot);
        let equal = equal_paths(&candidates, field.rules, multipath);
        let view = |(place, index): (usize, usize)| {
            let path = *paths.get(index)?;
            Some(PathView { rib: self.rib, path, net: self.net, best: place == 0 })
        };
        equal.into_iter().enumerate().filter_map(view).collect()
    }

    /// Why the best path is the best: for each path that can be used, in the order of [`NetView::paths`], where it
    /// has lost.
    pub fn explain(&self) -> Option<Explanation> {
        let field = self.field()?;
        explain(&field.candidates(self.slot).1, field.rules)
    }
}

impl<'a> PathView<'a> {
    /// The instance it came from.
    pub const fn source(&self) -> SourceId {
        self.path.source
    }

    /// When it was last changed.
    pub fn since(&self) -> Duration {
        self.path.since()
    }

    /// Its attributes, in canonical form.
    pub fn attributes(&self) -> AttributesRef<'a> {
        self.rib.attributes.view(self.path.attributes)
    }

    /// What the decision process sees of them.
    pub fn facts(&self) -> Option<&'a AttributeFacts> {
        self.rib.attributes.facts(self.path.attributes)
    }

    /// Its next hop, if it has one.
    pub fn next_hop(&self) -> Option<NextHopKey> {
        self.rib.next_hops.key(self.rib.attributes.next_hop(self.path.attributes))
    }

    /// Cost of reaching its next hop; `None`: it cannot be reached.
    pub fn metric(&self) -> Option<u32> {
        self.rib.next_hops.metric(self.rib.attributes.next_hop(self.path.attributes))
    }

    /// How packets reach its next hop, if it has one.
    pub fn resolution(&self) -> Option<&'a Resolution> {
        self.rib.next_hops.resolution(self.rib.attributes.next_hop(self.path.attributes))
    }

    /// Preference among protocols.
    pub fn preference(&self) -> u32 {
        self.rib.attributes.head(self.path.attributes).map_or(0, |head| head.preference)
    }

    /// Attributes that are no BGP path attributes.
    pub fn extra(&self) -> ExtraRef<'a> {
        self.rib
            .attributes
            .get(self.path.attributes)
            .map_or_else(ExtraRef::default, |set| set.extra)
    }

    /// What becomes of packets.
    pub fn destination(&self) -> Destination {
        let head = self.rib.attributes.head(self.path.attributes);
        head.map_or_else(Destination::default, |head| head.destination)
    }

    /// The path identifier that it came with (RFC 7911).
    pub fn received_path_id(&self) -> Option<u32> {
        self.key().received
    }

    /// The pipe that has put it into the table, if one has.
    pub fn pipe(&self) -> Option<SourceId> {
        self.key().pipe.map(|(pipe, _)| pipe)
    }

    /// What tells it apart from other paths to its network.
    #[cfg(test)]
    pub(crate) const fn local_id(&self) -> crate::path_id::LocalId {
        self.path.id
    }

    fn key(&self) -> PathKey {
        self.rib.path_ids.key(self.path.id, self.path.source)
    }

    /// Whether the import filter has refused it.
    pub fn is_filtered(&self) -> bool {
        self.path.flags.has(Flags::FILTERED)
    }

    /// Whether its neighbour has not announced it again since its session began anew.
    pub fn is_stale(&self) -> bool {
        self.path.flags.has(Flags::STALE)
    }

    /// The neighbour it came from, if it came from one.
    pub fn peer(&self) -> Option<&'a PeerConfig> {
        self.rib.sources.get(usize::from(self.path.source.0))?.as_ref()?.peer.as_ref()
    }

    /// As a filter sees it.
    pub fn route(&self) -> Option<Route<'a>> {
        let source = self.rib.sources.get(usize::from(self.path.source.0))?.as_ref()?;
        let set = self.rib.attributes.get(self.path.attributes)?;
        Some(view_of(source, self.net, &set, &self.rib.next_hops))
    }
}

impl Rib {
    fn table(&self, id: TableId) -> Option<&Table> {
        self.tables.get(usize::from(id.0))
    }

    /// All networks of a table that have a path, in ascending order.
    pub fn networks(&self, id: TableId) -> impl Iterator<Item = NetView<'_>> {
        self.views(id, self.table(id).map(Table::sorted).unwrap_or_default())
    }

    /// A network, if it has a path.
    pub fn lookup(&self, id: TableId, net: &IpNet) -> Option<NetView<'_>> {
        let table = self.table(id)?;
        let slot = table.find(net)?;
        table.head(slot)?;
        Some(NetView { rib: self, table: id, slot, net: *net })
    }

    /// The longest network that contains `address` and is at most `most` bits long.
    pub fn longest_match(&self, id: TableId, address: IpAddr, most: u8) -> Option<NetView<'_>> {
        let table = self.table(id)?;
        let slot = table.longest_match(address, most)?;
        Some(NetView { rib: self, table: id, slot, net: table.net(slot)? })
    }

    /// The networks of a table that contain `net`, itself among them, the shortest first.
    pub fn covering(&self, id: TableId, net: &IpNet) -> impl Iterator<Item = NetView<'_>> {
        let slots = self.table(id).into_iter().flat_map(|table| table.covering(net));
        self.views(id, slots.collect())
    }

    /// The networks of a table that `net` contains, itself among them, in ascending order. It looks at all.
    pub fn covered(&self, id: TableId, net: &IpNet) -> impl Iterator<Item = NetView<'_>> {
        self.views(id, self.table(id).map(|table| table.covered(net)).unwrap_or_default())
    }

    fn views(&self, id: TableId, slots: Vec<u32>) -> impl Iterator<Item = NetView<'_>> {
        let table = self.table(id);
        slots.into_iter().filter_map(move |slot| {
            Some(NetView { rib: self, table: id, slot, net: table?.net(slot)? })
        })
    }

    /// Networks and paths of a table.
    pub fn size(&self, id: TableId) -> (usize, usize) {
        self.table(id).map_or((0, 0), |table| (table.networks(), table.paths_count()))
    }

    /// Name and family of a table.
    pub fn table_info(&self, id: TableId) -> Option<(&str, Family)> {
        self.table(id).map(|table| (table.name.as_str(), table.family))
    }

    /// Attribute sets in use.
    pub fn attribute_sets(&self) -> usize {
        self.attributes.len()
    }

    /// Paths in use that came with a path identifier or by a pipe, by what tells them apart.
    pub fn path_identifiers(&self) -> usize {
        self.path_ids.len()
    }

    /// Entries in the list of changes that some neighbour has not been told yet, void ones included.
    pub fn backlog(&self, id: TableId) -> usize {
        self.table(id).map_or(0, |table| table.log.len())
    }

    /// Name and kind of a protocol instance.
    pub fn source_info(&self, id: SourceId) -> Option<(&str, RouteSource)> {
        let source = self.sources.get(usize::from(id.0))?.as_ref()?;
        Some((source.name.as_str(), source.kind))
    }

    /// Counters of a channel.
    pub fn statistics(&self, id: SourceId, table: TableId) -> Option<ChannelStatistics> {
        let source = self.sources.get(usize::from(id.0))?.as_ref()?;
        source.channel(table).map(|channel| channel.statistics)
    }

    /// Routes of an instance in a table: all, and the best ones among them.
    pub fn routes_of(&self, id: SourceId, table: TableId) -> (u32, u32) {
        let source = self.sources.get(usize::from(id.0)).and_then(Option::as_ref);
        source
            .and_then(|source| source.channel(table))
            .map_or((0, 0), |channel| (channel.routes, channel.preferred))
    }
}
