//! What an instance knows, for who wants to look at it.

use crate::instance::Instance;
use crate::lsdb::Lsdb;
use crate::scope::ScopeId;

impl Instance {
    /// The link state database of a link, of an area or of the AS.
    pub fn lsdb(&self, scope: ScopeId) -> Option<&Lsdb> {
        self.databases.get(scope)
    }

    /// All link state databases, in the order of their scopes.
    pub fn lsdbs(&self) -> impl Iterator<Item = (ScopeId, &Lsdb)> {
        self.databases.iter()
    }
}
