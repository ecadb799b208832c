//! The routing table: when it is computed, and what follows from it.

use alloc::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use crate::config::InstanceConfig;
use crate::id::AreaId;
use crate::instance::Instance;
use crate::instance::spf_delay::SpfDelayState;
use crate::lsa::{LsType, LsaKey};
use crate::lsdb::Installed;
use crate::originate::{Routes, Translates, Translator};
use crate::route::Route;
use crate::scope::ScopeId;

#[derive(Debug, Clone)]
pub(crate) struct Routing {
    pub(crate) delay: SpfDelayState,
    changed: BTreeSet<(ScopeId, LsaKey)>,
    translators: BTreeMap<AreaId, Translator>,
    table: Nothing,
}

#[derive(Debug, Clone)]
struct Nothing;
impl Routes for Nothing {
    fn route(&self, prefix: IpNet) -> Option<&Route> {
        None
    }
    fn routes_within(
        &self,
        prefix: IpNet,
    ) -> alloc::boxed::Box<dyn Iterator<Item = (IpNet, &Route)> + '_> {
        alloc::boxed::Box::new([].into_iter())
    }
    fn boundary_router(&self, router: crate::RouterId) -> Option<&crate::route::RouterRoute> {
        None
    }
    fn boundary_routers(&self) -> alloc::boxed::Box<dyn Iterator<Item = crate::RouterId> + '_> {
        alloc::boxed::Box::new([].into_iter())
    }
    fn installed_nssa_lsas(
        &self,
        area: AreaId,
        prefix: IpNet,
    ) -> alloc::vec::Vec<(crate::RouterId, crate::lsa::ExternalLsa)> {
        alloc::vec![]
    }
    fn external_lsas(
        &self,
        area: Option<AreaId>,
        prefix: IpNet,
    ) -> alloc::vec::Vec<(crate::RouterId, crate::lsa::ExternalLsa)> {
        alloc::vec![]
    }
}

impl Routing {
    pub(crate) fn new(_config: &InstanceConfig) -> Self {
        Self {
            delay: SpfDelayState::default(),
            changed: BTreeSet::new(),
            translators: BTreeMap::new(),
            table: Nothing,
        }
    }
    pub(crate) fn told(&self) -> &dyn Routes {
        &self.table
    }
    pub(crate) fn translates(&self, area: AreaId) -> Translates {
        self.translators.get(&area).map_or(Translates::No, Translator::translates)
    }
    pub(crate) fn is_transit(&self, _area: AreaId) -> bool {
        false
    }
}

impl Instance {
    pub fn route(&self, _prefix: IpNet) -> Option<&Route> {
        None
    }

    pub(crate) fn lsa_changed(&mut self, scope: ScopeId, key: LsaKey, installed: Installed) {
        if installed == Installed::Refreshed {
            return;
        }
        let own = key.advertising_router == self.config.router_id;
        if let (LsType::LINK, ScopeId::Link(at), false) = (key.ls_type, scope, own) {
            self.own_interface_changed(at);
        }
        self.routing.changed.insert((scope, key));
        let now = self.now;
        self.routing.delay.igp_event(now, &self.config.spf_delay, &mut self.timers);
    }

    pub(crate) fn compute_routes(&mut self) {
        self.routing.changed.clear();
    }

    pub(crate) fn neighbor_is_full(&mut self, _at: crate::InterfaceId, _id: crate::RouterId) {
        self.check_restart();
    }
}
