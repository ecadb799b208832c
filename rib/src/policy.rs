//! How the host's filters are called.

use crate::route::Route;

/// Which filter stands at one end of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Filter {
    /// Everything passes.
    #[default]
    All,
    /// Nothing passes.
    None,
    /// The host's filter of this number decides.
    Run(u32),
}

/// Runs the host's filters.
pub trait Policy {
    /// Whether `filter` accepts `route`. The same filter has to give the same answer for the same route:
    /// peers with equal rules share one run.
    fn accepts(&mut self, filter: u32, route: &Route<'_>) -> bool;
}

/// A [`Policy`] without filters: accepts whatever is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct AcceptAll;

impl Policy for AcceptAll {
    fn accepts(&mut self, _filter: u32, _route: &Route<'_>) -> bool {
        true
    }
}

impl Filter {
    pub(crate) fn accepts<'a>(
        self,
        policy: &mut dyn Policy,
        route: impl FnOnce() -> Route<'a>,
    ) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Run(filter) => policy.accepts(filter, &route()),
        }
    }
}
