//! Paths that share the load with the best one.

use smallvec::SmallVec;

use super::explain::ranking;
use super::steps;
use super::{Candidate, Class, DecisionStep, Rules, best_path, class};

/// How much AS_PATH may differ between BGP paths that share the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PathMatch {
    /// eBGP: the neighbour AS is the same. iBGP: AS_PATH is the same (FRR's default)
    #[default]
    NeighbourAs,
    /// AS_PATH is the same
    Identical,
    /// Its length is the same, where lengths are compared at all (FRR's `bestpath as-path multipath-relax`; BIRD)
    Length,
}

/// Which paths share the load with the best one.
///
/// Those that are equal to it in each step before the age and the identifiers of neighbours, and meet the conditions
/// here. 0 and 1 as a maximum mean the best path alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Multipath {
    /// Most paths where the best one is eBGP
    pub external: usize,
    /// Most paths where the best one is iBGP, or of another member AS of the confederation
    pub internal: usize,
    /// Most paths where the best one is of another protocol
    pub others: usize,
    /// iBGP paths may join an eBGP path (FRR's `bestpath peer-type multipath-relax`)
    pub mixed: bool,
    /// How much AS_PATH may differ
    pub as_path: PathMatch,
    /// The cost of reaching the next hop is the same, by the rules of the decision
    pub equal_igp_metric: bool,
    /// CLUSTER_LIST has the same length (FRR's `equal-cluster-length`)
    pub equal_cluster_list_length: bool,
}

impl Default for Multipath {
    /// The best path alone.
    fn default() -> Self {
        Self {
            external: 1,
            internal: 1,
            others: 1,
            mixed: false,
            as_path: PathMatch::NeighbourAs,
            equal_igp_metric: true,
            equal_cluster_list_length: false,
        }
    }
}

impl Multipath {
    /// What BIRD's kernel protocol means by `merge paths on limit N` (seen with 2.0.12): paths of any protocol that
    /// differ from the best one in nothing before identifiers are compared. AS_PATHs have to be equally long, neighbour
    /// ASes may differ, and then MULTI_EXIT_DISC too; eBGP and iBGP do not share. BIRD's limit is 16 where none is given
    #[must_use]
    pub fn merge_paths(limit: usize) -> Self {
        Self {
            external: limit,
            internal: limit,
            others: limit,
            as_path: PathMatch::Length,
            ..Self::default()
        }
    }

    fn maximum(&self, best: &Candidate<'_>) -> usize {
        match class(best.kind) {
            Class::Bgp if best.is_internal() => self.internal,
            Class::Bgp => self.external,
            Class::Device | Class::Static | Class::Ospf | Class::Inherit => self.others,
        }
    }

    /// Whether a path joins the best one, when all steps up to MULTI_EXIT_DISC leave both.
    fn joins(&self, path: &Candidate<'_>, best: &Candidate<'_>, rules: &Rules) -> bool {
        if class(best.kind) != Class::Bgp {
            return true;
        }
        let identical = path.facts.path_digest == best.facts.path_digest
            && path.facts.path_length == best.facts.path_length
            && path.facts.confederation_length == best.facts.confederation_length;
        let path_matches = match self.as_path {
            PathMatch::NeighbourAs if best.is_internal() || path.is_internal() => identical,
            PathMatch::NeighbourAs => path.facts.neighbour_as == best.facts.neighbour_as,
            PathMatch::Identical => identical,
            PathMatch::Length => true,
        };
        path_matches
            && (self.mixed || path.is_internal() == best.is_internal())
            && (!self.equal_igp_metric || path.interior_cost(rules) == best.interior_cost(rules))
            && (!self.equal_cluster_list_length
                || path.facts.cluster_list_length == best.facts.cluster_list_length)
    }
}

/// The paths that share the load: the best one first, the others by [`ranking`] among themselves, none where there
/// is no path.
///
/// MULTI_EXIT_DISC takes away paths as in the decision. So paths of different neighbour ASes may differ in it, where
/// [`PathMatch::Length`] lets them share and [`Rules::always_compare_med`] is off.
///
/// That AS_PATHs are the same is told by their digests: who makes two paths with equal digests and lengths gains
/// nothing but that they share the load.
pub fn equal_paths(
    candidates: &[Candidate<'_>],
    rules: &Rules,
    multipath: &Multipath,
) -> SmallVec<[usize; 8]> {
    let found = best_path(candidates, rules).map(|(index, _)| index);
    let Some((index, best)) = found.and_then(|index| Some((index, candidates.get(index)?))) else {
        return SmallVec::new();
    };
    let mut equal: SmallVec<[usize; 8]> = SmallVec::from_slice(&[index]);
    let most = multipath.maximum(best);
    if most <= 1 {
        return equal;
    }
    let mut left = steps::all(candidates);
    let is_bgp = class(best.kind) == Class::Bgp;
    steps::each(&mut left, rules, |step, narrow, left| {
        if !is_bgp || step <= DecisionStep::MultiExitDisc {
            narrow(left, rules);
        }
    });
    left.retain(|(other, path)| *other != index && multipath.joins(path, best, rules));
    let others: SmallVec<[Candidate<'_>; 8]> = left.iter().map(|(_, path)| **path).collect();
    let ranked = ranking(&others, rules, most - 1);
    equal.extend(ranked.into_iter().filter_map(|place| left.get(place).map(|(index, _)| *index)));
    equal
}
