//! All link state databases of an instance (RFC 5340 §4.5.3).

use alloc::collections::BTreeMap;
use core::time::Duration;

use crate::id::{AreaId, InterfaceId};
use crate::lsa::{LsType, Lsa, LsaKey, Scope};
use crate::lsdb::{Entry, Installed, Lsdb};
use crate::scope::ScopeId;

/// The databases of the links, of the areas and of the AS.
#[derive(Debug, Clone, Default)]
pub(crate) struct Databases {
    links: BTreeMap<InterfaceId, Lsdb>,
    areas: BTreeMap<AreaId, Lsdb>,
    whole_as: Lsdb,
    /// LSAs in all of them, and their octets.
    lsas: usize,
    octets: usize,
}

/// The database that an LSA of this type is in, where the interface knows it (RFC 5340 §4.5.3); `None`: its scope is
/// reserved.
pub(crate) const fn scope_of(ls_type: LsType, at: (InterfaceId, AreaId)) -> Option<ScopeId> {
    match ls_type.flooding_scope() {
        Scope::Link => Some(ScopeId::Link(at.0)),
        Scope::Area => Some(ScopeId::Area(at.1)),
        Scope::As => Some(ScopeId::As),
        Scope::Reserved => None,
    }
}

impl Databases {
    pub(crate) fn get(&self, scope: ScopeId) -> Option<&Lsdb> {
        match scope {
            ScopeId::Link(id) => self.links.get(&id),
            ScopeId::Area(id) => self.areas.get(&id),
            ScopeId::As => Some(&self.whole_as),
        }
    }

    pub(crate) fn entry(&self, scope: ScopeId, key: &LsaKey) -> Option<&Entry> {
        self.get(scope)?.get(key)
    }

    fn get_mut(&mut self, scope: ScopeId) -> &mut Lsdb {
        match scope {
            ScopeId::Link(id) => self.links.entry(id).or_default(),
            ScopeId::Area(id) => self.areas.entry(id).or_default(),
            ScopeId::As => &mut self.whole_as,
        }
    }

    pub(crate) fn install(&mut self, scope: ScopeId, now: Duration, lsa: Lsa) -> Installed {
        let lsdb = self.get_mut(scope);
        let before = (lsdb.len(), lsdb.octets());
        let installed = lsdb.install(now, lsa);
        let after = (lsdb.len(), lsdb.octets());
        self.lsas = self.lsas + after.0 - before.0;
        self.octets = self.octets + after.1 - before.1;
        installed
    }

    pub(crate) fn remove(&mut self, scope: ScopeId, key: &LsaKey) -> Option<Entry> {
        let entry = self.get_mut(scope).remove(key)?;
        self.lsas -= 1;
        self.octets -= entry.lsa.len();
        Some(entry)
    }

    /// Forgets a database as a whole.
    pub(crate) fn drop_scope(&mut self, scope: ScopeId) {
        let gone = match scope {
            ScopeId::Link(id) => self.links.remove(&id),
            ScopeId::Area(id) => self.areas.remove(&id),
            ScopeId::As => Some(core::mem::take(&mut self.whole_as)),
        };
        let (lsas, octets) = lsdb_len(gone.as_ref());
        self.lsas -= lsas;
        self.octets -= octets;
    }

    pub(crate) fn create(&mut self, scope: ScopeId) {
        self.get_mut(scope);
    }

    /// All of them, in the order of their scopes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ScopeId, &Lsdb)> {
        let links = self.links.iter().map(|(id, lsdb)| (ScopeId::Link(*id), lsdb));
        let areas = self.areas.iter().map(|(id, lsdb)| (ScopeId::Area(*id), lsdb));
        links.chain(areas).chain([(ScopeId::As, &self.whole_as)])
    }

    pub(crate) const fn whole_as(&self) -> &Lsdb {
        &self.whole_as
    }

    pub(crate) const fn len(&self) -> usize {
        self.lsas
    }

    pub(crate) const fn octets(&self) -> usize {
        self.octets
    }

    /// When the first LSA comes to MaxAge.
    pub(crate) fn next_expiry(&self) -> Option<Duration> {
        self.iter().filter_map(|(_, lsdb)| lsdb.next_expiry()).min()
    }

    /// An LSA that has come to MaxAge; each is named once.
    pub(crate) fn take_expired(&mut self, now: Duration) -> Option<(ScopeId, LsaKey)> {
        let scope = self
            .iter()
            .find(|(_, lsdb)| lsdb.next_expiry().is_some_and(|expiry| expiry <= now))
            .map(|(scope, _)| scope)?;
        self.get_mut(scope).take_expired(now).map(|key| (scope, key))
    }
}

fn lsdb_len(lsdb: Option<&Lsdb>) -> (usize, usize) {
    lsdb.map_or((0, 0), |lsdb| (lsdb.len(), lsdb.octets()))
}
