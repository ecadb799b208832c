//! Where next hops are looked up, and those that the router itself knows how to reach (RFC 4271 §9.1.2.1).

use std::collections::BTreeMap;
use std::time::Duration;

use rib::{Gateway, IgpTable, IgpTables, NextHopKey, Resolution, TableId};

use crate::config::{AddressFamily, ChannelConfig};
use crate::router::Router;

/// How many networks are decided anew or looked at before other work comes to its turn again: some milliseconds.
const WORK: usize = 1 << 19;

/// The tables in which the next hops of a channel are looked up: those that it names; else its own; else that of
/// another channel of the same instance; else the family's own table.
pub(crate) fn igp_tables(
    channel: &ChannelConfig,
    channels: &[ChannelConfig],
    tables: &BTreeMap<String, TableId>,
) -> IgpTables {
    let table = |family, master: &str| {
        let own = core::iter::once(channel).chain(channels);
        let own = own.filter(|channel| channel.family == family).map(|channel| &channel.table);
        let name = channel.igp_tables.get(&family).into_iter().chain(own).next();
        tables.get(name.map_or(master, String::as_str)).copied().map(IgpTable::new)
    };
    IgpTables {
        ipv4: table(AddressFamily::Ipv4, "master4"),
        ipv6: table(AddressFamily::Ipv6, "master6"),
    }
}

impl Router {
    /// Tells the tables of the next hops that came into use since the last call.
    pub(crate) fn resolve_new_next_hops(&mut self) {
        while let Some((id, key)) = self.rib.poll_next_hop() {
            self.rib.set_resolution(id, self.resolve(&key));
        }
    }

    /// Interfaces have changed: what rests on them is looked at again.
    pub(crate) fn resolve_all_next_hops(&mut self) {
        let addresses = self.interfaces.iter_up().flat_map(|interface| &interface.addresses);
        let addresses: Vec<_> = addresses.map(ipnet::IpNet::addr).collect();
        self.rib.set_local_addresses(addresses);
        let all: Vec<_> = self.rib.next_hops().filter(|(_, key)| key.igp.is_none()).collect();
        for (id, key) in all {
            self.rib.set_resolution(id, self.resolve(&key));
        }
    }

    /// Lets the tables do a part of what follows from changed next hops.
    pub(crate) fn work(&mut self, now: Duration) {
        self.rib.work(now, WORK, &mut self.filters);
        self.resolve_new_next_hops();
    }

    /// How a next hop is reached that is not looked up: on the link of the neighbour that announced it, or on any.
    fn resolve(&self, key: &NextHopKey) -> Resolution {
        let address = key.next_hop.address();
        let connected = || {
            let foreign = !self.interfaces.is_local(address);
            self.interfaces.towards(address).filter(|_| foreign).map(|interface| interface.index)
        };
        match key.interface.or_else(connected) {
            Some(index) => Resolution::via([Gateway { address, interface: Some(index) }], 0),
            None => Resolution::unreachable(),
        }
    }
}
