//! What changed LSAs say, and whose routes that concerns.

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::area::{network, usable};
use super::prefixes::{PrefixId, Told};
use super::teller::{External, RestsOn, Says, TellerId, destination};
use super::{Input, RoutingTable};
use crate::lsa::{ExternalLsa, LsaKey};
use crate::lsdb::Lsdb;
use crate::spf::Vertex;
use crate::{AreaId, LsType, LsaBody, Prefix, ScopeId};

impl RoutingTable {
    /// Reads an LSA of an area anew.
    pub(super) fn read_area(
        &mut self,
        input: &Input<'_>,
        lsdb: &Lsdb,
        id: AreaId,
        key: LsaKey,
        links: &mut Vec<(Vertex, u16)>,
    ) {
        let Some(area) = self.areas.get_mut(&id) else { return };
        match key.ls_type {
            LsType::ROUTER => area.read_router(input, lsdb, key.advertising_router, links),
            LsType::NETWORK => area.read_network(input, lsdb, &key),
            LsType::INTRA_AREA_PREFIX
            | LsType::INTER_AREA_PREFIX
            | LsType::INTER_AREA_ROUTER
            | LsType::NSSA => {
                self.forget_lsa(ScopeId::Area(id), key);
                if let Some(body) = usable(lsdb, input, &key) {
                    self.tell(id, key, body);
                }
            }
            _ => {}
        }
    }

    /// Reads an LSA of the AS anew.
    pub(super) fn read_as(&mut self, input: &Input<'_>, key: LsaKey) {
        if key.ls_type != LsType::AS_EXTERNAL {
            return;
        }
        self.forget_lsa(ScopeId::As, key);
        if let Some(LsaBody::AsExternal(lsa)) = usable(input.as_lsdb, input, &key) {
            let router = key.advertising_router;
            let rests_on = RestsOn::Boundary(router);
            let id = self.tellers.next_id();
            if let Some(says) = self.says_external(id, &lsa) {
                let boundary = self.boundaries.entry(router).or_default();
                let list = &mut boundary.resting;
                self.tellers.insert((ScopeId::As, key), rests_on, says, list);
                self.marked_boundaries.insert(router);
            }
        }
    }

    fn tell(&mut self, area: AreaId, key: LsaKey, body: LsaBody) {
        let id = self.tellers.next_id();
        let by = Vertex::Router(key.advertising_router);
        let (vertex, says) = match body {
            LsaBody::IntraAreaPrefix(lsa) => {
                let vertex = match lsa.referenced.ls_type {
                    LsType::ROUTER => Vertex::Router(lsa.referenced.advertising_router),
                    LsType::NETWORK => network(&lsa.referenced),
                    _ => return,
                };
                let prefixes: SmallVec<_> = (lsa.prefixes.iter())
                    .filter_map(|told| {
                        self.told(&told.prefix, Told { by: id, metric: told.metric })
                    })
                    .collect();
                (vertex, Says::Intra(prefixes))
            }
            LsaBody::InterAreaPrefix(lsa) => {
                let told = Told { by: id, metric: 0 };
                let Some(prefix) = self.told(&lsa.prefix, told) else { return };
                (by, Says::Inter { prefix, metric: lsa.metric })
            }
            LsaBody::InterAreaRouter(lsa) => {
                let router = lsa.destination_router;
                self.boundaries.entry(router).or_default().told.push(id);
                self.marked_boundaries.insert(router);
                (by, Says::Router { router, metric: lsa.metric, options: lsa.options })
            }
            LsaBody::Nssa(lsa) => {
                let Some(says) = self.says_external(id, &lsa) else { return };
                (by, says)
            }
            _ => return,
        };
        let Some(there) = self.areas.get_mut(&area) else { return };
        let vertex = there.graph.retain(vertex);
        let Some(list) = there.resting_mut(vertex) else { return };
        let rests_on = RestsOn::Vertex(area, vertex);
        self.tellers.insert((ScopeId::Area(area), key), rests_on, says, list);
    }

    fn told(&mut self, prefix: &Prefix, told: Told) -> Option<PrefixId> {
        let prefix = destination(prefix, self.identity.family)?;
        Some(self.prefixes.tell(prefix, told))
    }

    fn says_external(&mut self, id: TellerId, lsa: &ExternalLsa) -> Option<Says> {
        let external = External::new(lsa, self.identity.family);
        let prefix = self.told(&lsa.prefix, Told { by: id, metric: 0 })?;
        if let Some(address) = external.forwarding {
            self.forwarding.insert((address, id));
        }
        Some(Says::External(prefix, external))
    }

    /// Forgets what an LSA told.
    pub(super) fn forget_lsa(&mut self, scope: ScopeId, key: LsaKey) {
        if let Some(id) = self.tellers.id(scope, key) {
            self.forget_teller(id);
        }
    }

    pub(super) fn forget_teller(&mut self, id: TellerId) {
        let Some(teller) = self.tellers.get(id) else { return };
        let teller = match teller.rests_on {
            RestsOn::Vertex(area, vertex) => {
                let Some(area) = self.areas.get_mut(&area) else { return };
                let Some(list) = area.resting_mut(vertex) else { return };
                let teller = self.tellers.remove(id, list);
                area.graph.release(vertex);
                teller
            }
            RestsOn::Boundary(router) => {
                let Some(boundary) = self.boundaries.get_mut(&router) else { return };
                self.marked_boundaries.insert(router);
                self.tellers.remove(id, &mut boundary.resting)
            }
        };
        let Some(teller) = teller else { return };
        for prefix in teller.prefixes() {
            self.prefixes.untell(*prefix, id);
        }
        match teller.says {
            Says::Router { router, .. } => {
                if let Some(boundary) = self.boundaries.get_mut(&router) {
                    boundary.told.retain(|told| *told != id);
                }
                self.marked_boundaries.insert(router);
            }
            Says::External(_, External { forwarding: Some(address), .. }) => {
                self.forwarding.remove(&(address, id));
            }
            _ => {}
        }
    }
}
