//! How the host's filters are called.

use bgp_wire::PathAttributes;

use crate::extra::ExtraAttributes;
use crate::next_hop::NextHopKey;
use crate::route::{Destination, Route};

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

/// What a filter says of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It passes as it is.
    Accept,
    /// It passes as it stands in [`Edited`] now.
    Change,
    /// It does not pass.
    Reject,
}

/// A route as a filter leaves it, where that is not as it came.
#[derive(Debug, Clone, Default)]
pub struct Edited {
    /// BGP path attributes, in canonical form
    pub attributes: PathAttributes,
    /// Other attributes
    pub extra: ExtraAttributes,
    /// Where it leads
    pub next_hop: Option<NextHopKey>,
    /// What becomes of packets
    pub destination: Destination,
    /// Preference among protocols
    pub preference: u32,
    /// What the filter has set itself
    pub set: Set,
}

/// Attributes that do not go on to a neighbour by themselves, but do when its filter sets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Set {
    /// The next hop
    pub next_hop: bool,
    /// `MULTI_EXIT_DISC`, which is kept from other ASes otherwise (RFC 4271 §5.1.4)
    pub med: bool,
}

impl Edited {
    /// Makes it the same as `route`.
    pub fn copy_from(&mut self, route: &Route<'_>) {
        self.attributes.copy_from(route.attributes);
        self.extra.copy_from(route.extra);
        self.next_hop = route.next_hop;
        self.destination = route.destination;
        self.preference = route.preference;
        self.set = Set::default();
    }
}

/// Runs the host's filters.
pub trait Policy {
    /// Whether `filter` lets `route` pass, and how. The same filter has to give the same answer for the same route:
    /// peers with equal rules share one run. Where the answer is [`Verdict::Change`] it has written all of `edited`,
    /// which is scratch space before.
    fn run(&mut self, filter: u32, route: &Route<'_>, edited: &mut Edited) -> Verdict;
}

/// A [`Policy`] without filters: accepts whatever is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct AcceptAll;

impl Policy for AcceptAll {
    fn run(&mut self, _filter: u32, _route: &Route<'_>, _edited: &mut Edited) -> Verdict {
        Verdict::Accept
    }
}

impl Filter {
    pub(crate) fn run<'a>(
        self,
        policy: &mut dyn Policy,
        edited: &mut Edited,
        route: impl FnOnce() -> Route<'a>,
    ) -> Verdict {
        match self {
            Self::All => Verdict::Accept,
            Self::None => Verdict::Reject,
            Self::Run(filter) => policy.run(filter, &route(), edited),
        }
    }
}
