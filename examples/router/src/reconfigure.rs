//! A new configuration for a running router: only what differs is touched.

use std::sync::Arc;
use std::time::Duration;

use bgp_fsm::Shutdown;

use crate::bgp::wire_family;
use crate::config::{BgpConfig, ChannelConfig, Config, ProtocolConfig, ProtocolKind};
use crate::protocol::{ProtocolState, Running};
use crate::router::{LogClass, Router, rules};

impl Router {
    /// Takes a new configuration. Instances that are in both stay as they are; where only filters, channels' next
    /// hop options or routes differ, they change without losing their session; else they restart.
    pub fn reconfigure(&mut self, now: Duration, config: Config) {
        let config = Arc::new(config);
        self.log(LogClass::Info, "Reconfiguring".into());
        self.filters.replace(Arc::clone(&config.program));
        for table in &config.tables {
            if !self.tables.contains_key(&table.name) {
                let id = self.rib.add_table(&table.name, wire_family(table.family));
                self.tables.insert(table.name.clone(), id);
            }
        }
        let new_id = config.router_id.filter(|id| *id != self.router_id);
        if let Some(id) = new_id {
            self.router_id = id;
        }
        self.rib.set_rules(rules(&config));
        let gone: Vec<String> = self
            .protocols
            .iter()
            .filter(|protocol| {
                !config.protocols.iter().any(|new| same_instance(new, &protocol.config))
            })
            .map(|protocol| protocol.name().to_owned())
            .collect();
        for name in gone {
            self.remove_protocol(now, &name, Shutdown::DeConfigured);
        }
        for new in &config.protocols {
            let Some(index) = self.protocols.iter().position(|old| old.name() == new.name) else {
                self.add_protocol(now, new);
                continue;
            };
            let restart = new_id.is_some() && matches!(new.kind, ProtocolKind::Bgp(_));
            if restart || !self.change_protocol(now, index, new) {
                self.remove_protocol(now, &new.name, Shutdown::OtherConfigurationChange);
                self.add_protocol(now, new);
            }
        }
        // Instances are shown in the order of the file.
        let order = |name: &str| config.protocols.iter().position(|protocol| protocol.name == name);
        self.protocols.sort_by_key(|protocol| order(protocol.name()));
        self.config = config;
        self.configured_at = now;
        self.update_listeners();
        self.resolve_all_next_hops();
        self.after_change(now);
        self.log(LogClass::Info, "Reconfigured".into());
    }

    fn remove_protocol(&mut self, now: Duration, name: &str, why: Shutdown) {
        let Some(index) = self.protocols.iter().position(|protocol| protocol.name() == name) else {
            return;
        };
        if let Some(bgp) =
            self.protocols.get_mut(index).and_then(crate::protocol::Protocol::bgp_mut)
        {
            bgp.session.stop(now, why);
        }
        self.pump(now, index);
        let removed = self.protocols.remove(index);
        self.rib.remove_source(removed.source);
        self.release_streams(removed);
    }

    /// Changes an instance without restarting it; false when that cannot be.
    fn change_protocol(&mut self, now: Duration, index: usize, new: &ProtocolConfig) -> bool {
        let Some(protocol) = self.protocols.get_mut(index) else { return false };
        let old = std::mem::replace(&mut protocol.config, new.clone());
        let switched = old.disabled != new.disabled;
        if switched {
            protocol.disabled = new.disabled;
        }
        let changed = match (&old.kind, &new.kind) {
            (
                ProtocolKind::Static { channel: old, .. },
                ProtocolKind::Static { channel: new, .. },
            ) => old == new,
            (
                ProtocolKind::Direct { channels: old, .. },
                ProtocolKind::Direct { channels: new, .. },
            ) => old == new,
            (ProtocolKind::Device { .. }, ProtocolKind::Device { .. }) => true,
            (ProtocolKind::Bgp(old), ProtocolKind::Bgp(new)) => same_session(old, new),
            _ => false,
        };
        if !changed {
            return false;
        }
        if let (ProtocolKind::Bgp(old), ProtocolKind::Bgp(new)) = (&old.kind, &new.kind) {
            self.change_channels(now, index, old, new);
        }
        if switched || !matches!(new.kind, ProtocolKind::Bgp(_)) {
            self.run_protocol(now, index);
        }
        true
    }

    /// Gives channels their new filters and options; where the import filter is new, the neighbour is asked for its
    /// routes again.
    fn change_channels(&mut self, now: Duration, index: usize, old: &BgpConfig, new: &BgpConfig) {
        let Some(protocol) = self.protocols.get_mut(index) else { return };
        let (source, state) = (protocol.source, protocol.state);
        let Running::Bgp(bgp) = &mut protocol.running else { return };
        bgp.config = new.clone();
        // Named even where nothing changed: the filters stand elsewhere in the new program.
        for channel in &new.channels {
            self.filters.number(&channel.import);
            self.filters.number(&channel.export);
        }
        if old == new || state != ProtocolState::Up {
            return;
        }
        let Some((_, negotiated)) = bgp.session.established() else { return };
        let negotiated = negotiated.clone();
        for channel in bgp.channels(&negotiated, &self.interfaces, &self.tables, &mut self.filters)
        {
            let (table, family) = (channel.table, channel.family);
            let reload = self.rib.reconfigure_channel(source, channel);
            if reload && !self.rib.reload(now, source, table, &mut self.filters) {
                bgp.session.request_refresh(now, family);
            }
        }
    }
}

/// Whether an instance of the new configuration goes on from one of the old.
fn same_instance(new: &ProtocolConfig, old: &ProtocolConfig) -> bool {
    new.name == old.name && std::mem::discriminant(&new.kind) == std::mem::discriminant(&old.kind)
}

/// Whether only things differ that a session can take while it is up. An import filter can, when the neighbour
/// knows route refresh or is not there.
fn same_session(old: &BgpConfig, new: &BgpConfig) -> bool {
    let essence = |config: &BgpConfig| {
        let mut essence = config.clone();
        for channel in &mut essence.channels {
            *channel = ChannelConfig {
                import: crate::config::FilterRef::All,
                export: crate::config::FilterRef::All,
                receive_limit: None,
                import_limit: None,
                export_limit: None,
                import_keep_filtered: false,
                next_hop_self: crate::config::NextHopMode::No,
                next_hop_keep: crate::config::NextHopMode::No,
                next_hop_address: None,
                ..channel.clone()
            };
        }
        essence
    };
    essence(old) == essence(new)
}
