//! The decision process (RFC 4271 §9.1, RFC 4456 §9).

use core::net::{IpAddr, Ipv4Addr};

use smallvec::SmallVec;

use crate::facts::AttributeFacts;

/// One of several paths to the same network, and what is known of the neighbour it came from.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Preference among protocols: higher wins, before anything else
    pub preference: u32,
    /// Its attributes
    pub facts: &'a AttributeFacts,
    /// Learned by iBGP
    pub internal: bool,
    /// Cost of reaching the next hop; `None`: it cannot be reached
    pub igp_metric: Option<u32>,
    /// Stands for a missing MULTI_EXIT_DISC: 0 in RFC 4271 §9.1.2.2 c
    pub default_med: u32,
    /// BGP identifier of the neighbour
    pub router_id: Ipv4Addr,
    /// Address of the neighbour; `None` for routes of the host itself
    pub address: Option<IpAddr>,
}

/// Which steps are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Compare the length of AS_PATH
    pub as_path_length: bool,
    /// Compare MULTI_EXIT_DISC also between paths of different neighbour ASes
    pub always_compare_med: bool,
    /// Compare the cost of reaching the next hop
    pub igp_metric: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { as_path_length: true, always_compare_med: false, igp_metric: true }
    }
}

/// The step that left one path only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DecisionStep {
    /// There was one path only.
    OnlyPath,
    /// The next hop of the others cannot be reached (RFC 4271 §9.1.2).
    Reachability,
    /// The protocol's preference
    Preference,
    /// LOCAL_PREF (RFC 4271 §9.1.1)
    LocalPref,
    /// Length of AS_PATH (RFC 4271 §9.1.2.2 a)
    AsPathLength,
    /// ORIGIN (RFC 4271 §9.1.2.2 b)
    Origin,
    /// MULTI_EXIT_DISC (RFC 4271 §9.1.2.2 c)
    MultiExitDisc,
    /// eBGP before iBGP (RFC 4271 §9.1.2.2 d)
    External,
    /// Cost of reaching the next hop (RFC 4271 §9.1.2.2 e)
    IgpMetric,
    /// BGP identifier, or ORIGINATOR_ID (RFC 4271 §9.1.2.2 f, RFC 4456 §9)
    RouterId,
    /// Length of CLUSTER_LIST (RFC 4456 §9)
    ClusterListLength,
    /// Address of the neighbour (RFC 4271 §9.1.2.2 g)
    PeerAddress,
}

/// Chooses the best of `candidates`: its index and the step that decided.
///
/// Each step keeps the best of those that are left, as RFC 4271 writes it; comparing two by two would give
/// another answer where MULTI_EXIT_DISC counts between paths of one neighbour AS only. Paths that are equal in
/// all steps leave the first one.
pub fn best_path(candidates: &[Candidate<'_>], rules: &Rules) -> Option<(usize, DecisionStep)> {
    let mut left: SmallVec<[(usize, &Candidate<'_>); 8]> = candidates.iter().enumerate().collect();
    if let [(index, _)] = left.as_slice() {
        return Some((*index, DecisionStep::OnlyPath));
    }
    // An unreachable path is better than none: it keeps its place in the table, as in BIRD.
    keep_least(&mut left, |path| path.igp_metric.is_none());
    let steps: [(DecisionStep, Narrow); 10] = [
        (DecisionStep::Preference, |left, _| keep_least(left, |path| !path.preference)),
        (DecisionStep::LocalPref, |left, _| keep_least(left, |path| !path.facts.local_pref)),
        (DecisionStep::AsPathLength, |left, rules| {
            if rules.as_path_length {
                keep_least(left, |path| path.facts.path_length);
            }
        }),
        (DecisionStep::Origin, |left, _| keep_least(left, |path| path.facts.origin)),
        (DecisionStep::MultiExitDisc, |left, rules| keep_by_med(left, rules.always_compare_med)),
        (DecisionStep::External, |left, _| keep_least(left, |path| path.internal)),
        (DecisionStep::IgpMetric, |left, rules| {
            if rules.igp_metric {
                keep_least(left, |path| path.igp_metric.unwrap_or(u32::MAX));
            }
        }),
        (DecisionStep::RouterId, |left, _| {
            keep_least(left, |path| path.facts.originator_id.unwrap_or(path.router_id));
        }),
        (DecisionStep::ClusterListLength, |left, _| {
            keep_least(left, |path| path.facts.cluster_list_length);
        }),
        (DecisionStep::PeerAddress, |left, _| keep_least(left, |path| path.address)),
    ];
    let mut decided = DecisionStep::Reachability;
    for (step, narrow) in steps {
        if left.len() == 1 {
            break;
        }
        narrow(&mut left, rules);
        decided = step;
    }
    left.first().map(|(index, _)| (*index, decided))
}

/// One step: leaves those that are not worse than another.
type Narrow = fn(&mut Left<'_, '_>, &Rules);
type Left<'a, 'b> = SmallVec<[(usize, &'b Candidate<'a>); 8]>;

/// Keeps those with the least key.
fn keep_least<K: Ord>(left: &mut Left<'_, '_>, key: impl Fn(&Candidate<'_>) -> K) {
    if let Some(least) = left.iter().map(|(_, path)| key(path)).min() {
        left.retain(|(_, path)| key(path) == least);
    }
}

/// Removes a path when another one of the same neighbour AS has a lower MULTI_EXIT_DISC.
fn keep_by_med(left: &mut Left<'_, '_>, always: bool) {
    let med = |path: &Candidate<'_>| path.facts.med.unwrap_or(path.default_med);
    let all: SmallVec<[(u32, u32); 8]> =
        left.iter().map(|(_, path)| (path.facts.neighbour_as, med(path))).collect();
    left.retain(|(_, path)| {
        !all.iter().any(|(neighbour_as, other)| {
            (always || *neighbour_as == path.facts.neighbour_as) && *other < med(path)
        })
    });
}

#[cfg(test)]
mod tests;
