//! Another configuration at run time, and the end.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use crate::auth::SequenceNumbers;
use crate::config::InstanceConfig;
use crate::id::{AreaId, InterfaceId};
use crate::instance::Instance;
use crate::instance::own::OwnLsas;
use crate::instance::routes::Routing;
use crate::interface::fsm::InterfaceInput;
use crate::scope::ScopeId;

impl Instance {
    /// Takes another configuration. Adjacencies stay where they can: those of areas that are of another kind now are made
    /// anew, and all are where the Router ID, the instance or the AF-bit is another. In that last case the LSAs of before are
    /// not flushed: call [`Instance::stop`] first, and send what it gives.
    pub fn reconfigure(&mut self, now: Duration, config: InstanceConfig) {
        self.advance(now);
        let old = core::mem::replace(&mut self.config, config);
        let identity = |config: &InstanceConfig| {
            (config.router_id, config.instance_id, config.sets_address_family_bit())
        };
        if identity(&old) == identity(&self.config) {
            self.change_areas(&old);
            self.change_rules(&old);
        } else {
            self.begin_anew(&old);
        }
        self.own_changed();
        self.routes_changed();
        self.settle();
    }

    /// Areas of another kind begin anew: their routers agree on the kind in Hellos.
    fn change_areas(&mut self, old: &InstanceConfig) {
        let areas = self.areas();
        let kind = |config: &InstanceConfig, area: AreaId| {
            let kind = config.kind(area);
            (kind.takes_externals(), matches!(kind, crate::originate::AreaKind::Nssa(_)))
        };
        let changed: BTreeSet<AreaId> = areas
            .into_iter()
            .filter(|area| kind(old, *area) != kind(&self.config, *area))
            .collect();
        let of_changed = self.interfaces.values().filter(|i| changed.contains(&i.area()));
        let ids: Vec<InterfaceId> = of_changed.map(|interface| interface.id).collect();
        for id in &ids {
            self.interface_event(*id, InterfaceInput::InterfaceDown);
        }
        for area in changed {
            self.drop_database(ScopeId::Area(area));
        }
        let interfaces = self.interfaces.values();
        if !interfaces.into_iter().any(|i| self.config.floods_as_scope(&i.config)) {
            self.drop_database(ScopeId::As);
        }
        for area in self.areas() {
            self.databases.create(ScopeId::Area(area));
        }
        for id in ids {
            self.bring_up(id);
        }
    }

    /// Other rules for routes: the table is made from nothing.
    fn change_rules(&mut self, old: &InstanceConfig) {
        let rules = |config: &InstanceConfig| (config.rfc1583_compatibility, config.maximum_paths);
        if rules(old) != rules(&self.config) {
            self.forget_routes();
        }
    }

    fn forget_routes(&mut self) {
        let gone: Vec<_> = self.routing.table.routes().map(|(prefix, _)| prefix).collect();
        for prefix in gone {
            self.events.route_changed(prefix);
        }
        self.routing = Routing::new(&self.config);
    }

    fn begin_anew(&mut self, old: &InstanceConfig) {
        let ids: Vec<InterfaceId> = self.interfaces.keys().copied().collect();
        for id in &ids {
            self.interface_event(*id, InterfaceInput::InterfaceDown);
        }
        let scopes: Vec<ScopeId> = self.databases.iter().map(|(scope, _)| scope).collect();
        for scope in scopes {
            self.drop_database(scope);
        }
        for area in self.areas() {
            self.databases.create(ScopeId::Area(area));
        }
        if old.boot_count != self.config.boot_count {
            self.authentic = SequenceNumbers::new(self.config.boot_count);
        }
        self.own = OwnLsas::default();
        self.stopped = false;
        self.forget_routes();
        for id in ids {
            self.bring_up(id);
        }
    }

    /// Ends: flushes all own LSAs (RFC 2328 §14.1). Send what comes of it; then the instance may be thrown away, at once or when
    /// [`Instance::is_stopped`] says that all neighbours know.
    pub fn stop(&mut self, now: Duration) {
        self.advance(now);
        self.stopped = true;
        self.flush_all_own();
        self.settle();
    }

    /// Whether all neighbours have acknowledged that the LSAs of an instance that was stopped are flushed.
    pub fn is_stopped(&self) -> bool {
        let mut waiting = self.interfaces.values().flat_map(|i| i.neighbors.values());
        self.stopped && !waiting.any(|neighbor| neighbor.retransmission.len() > 0)
    }
}
