//! The same as the steps in far less time: what they compare, put together into numbers.
//!
//! A path's *head* is what comes before MULTI_EXIT_DISC, its *tail* what comes from there to CLUSTER_LIST, each
//! with the first step in the highest bits. So the lowest number is the best path, and the highest bit in which
//! the second lowest differs tells the step that decided. MULTI_EXIT_DISC is part of the tail where it can be
//! compared between all that are left. What is rare, AIGP and age, is left to the steps themselves.

use smallvec::SmallVec;

use super::steps::{Left, multi_exit_disc, ospf_outside, ospf_rank, path_id, peer_address};
use super::{Age, Candidate, Class, DecisionStep, Rules, class};

/// The fields of a number, each with its lowest bit.
type Fields = &'static [(u32, DecisionStep)];

const COMMON: Fields = &[
    (96, DecisionStep::Preference),
    (95, DecisionStep::Reachability),
    (92, DecisionStep::Protocol),
];

const COMMON_REACHABLE_FIRST: Fields = &[
    (127, DecisionStep::Reachability),
    (95, DecisionStep::Preference),
    (92, DecisionStep::Protocol),
];

const BGP: Fields = &[
    (91, DecisionStep::LongLivedStale),
    (75, DecisionStep::Weight),
    (32, DecisionStep::LocalPref),
    (16, DecisionStep::AsPathLength),
    (0, DecisionStep::Origin),
];

const OSPF: Fields =
    &[(64, DecisionStep::OspfPathType), (32, DecisionStep::OspfMetric2), (0, DecisionStep::Metric)];

const OTHERS: Fields = &[(32, DecisionStep::IgpMetric), (0, DecisionStep::Metric)];

const TAIL: Fields = &[
    (81, DecisionStep::MultiExitDisc),
    (80, DecisionStep::External),
    (48, DecisionStep::IgpMetric),
    (16, DecisionStep::RouterId),
    (0, DecisionStep::ClusterListLength),
];

/// The field of the highest bit that is set in `difference`.
fn field(difference: u128, fields: Fields) -> Option<DecisionStep> {
    let highest = 127_u32.checked_sub(difference.leading_zeros())?;
    fields.iter().find(|(lowest, _)| highest >= *lowest).map(|(_, step)| *step)
}

fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

/// What the steps before MULTI_EXIT_DISC see of a path, but AIGP: the fields of `COMMON`, then those of its class.
#[inline]
fn head(path: &Candidate<'_>, rules: &Rules) -> u128 {
    let preference = u64::from(!path.preference);
    let unreachable = u64::from(path.igp_metric.is_none());
    let common = if rules.reachable_first {
        unreachable << 63 | preference << 31
    } else {
        preference << 32 | unreachable << 31
    };
    let class = class(path.kind);
    let (high, low) = match class {
        Class::Bgp => {
            let second = pair(
                !path.facts.local_pref,
                u32::from(path.path_length(rules)) << 16 | u32::from(path.facts.origin.code()),
            );
            (u64::from(path.is_stale()) << 27 | u64::from(!path.weight) << 11, second)
        }
        Class::Ospf => (u64::from(ospf_rank(path.kind)), pair(ospf_outside(path), path.metric)),
        Class::Device | Class::Static | Class::Inherit => {
            (0, pair(path.interior_cost(rules), path.metric))
        }
    };
    u128::from(common | u64::from(class.rank()) << 28 | high) << 64 | u128::from(low)
}

impl Class {
    const fn rank(self) -> u8 {
        match self {
            Self::Device => 0,
            Self::Static => 1,
            Self::Ospf => 2,
            Self::Bgp => 3,
            Self::Inherit => 4,
        }
    }
}

/// What the steps from MULTI_EXIT_DISC to CLUSTER_LIST see of a BGP path, but age.
#[inline]
fn tail(path: &Candidate<'_>, rules: &Rules, compare_med: bool) -> u128 {
    let med = if compare_med { path.med(rules) } else { 0 };
    let first = u64::from(med) << 1 | u64::from(path.is_internal());
    let second = pair(path.interior_cost(rules), path.identifier().to_bits());
    u128::from(first) << 80 | u128::from(second) << 16 | u128::from(path.facts.cluster_list_length)
}

/// The step that tells two heads apart, the better one of `path`.
fn head_step(difference: u128, path: &Candidate<'_>, rules: &Rules) -> Option<DecisionStep> {
    let common = if rules.reachable_first { COMMON_REACHABLE_FIRST } else { COMMON };
    let own = || match class(path.kind) {
        Class::Bgp => BGP,
        Class::Ospf => OSPF,
        Class::Device | Class::Static | Class::Inherit => OTHERS,
    };
    field(difference, common).or_else(|| field(difference, own()))
}

/// Whether age has to be asked, which is nothing for numbers.
fn asks_age(rules: &Rules) -> bool {
    rules.age != Age::Ignored
}

fn has_aigp(path: &Candidate<'_>, rules: &Rules) -> bool {
    rules.aigp && path.facts.aigp.is_some()
}

/// The better of two; `None`: the steps themselves have to be asked.
pub(super) fn better(
    first: &Candidate<'_>,
    second: &Candidate<'_>,
    rules: &Rules,
) -> Option<(usize, DecisionStep)> {
    if has_aigp(first, rules) || has_aigp(second, rules) {
        return None;
    }
    let (one, other) = (head(first, rules), head(second, rules));
    if one != other {
        return Some((usize::from(other < one), head_step(one ^ other, first, rules)?));
    }
    if class(first.kind) != Class::Bgp {
        return Some((0, DecisionStep::Order));
    }
    if asks_age(rules) {
        return None;
    }
    let compare_med =
        rules.always_compare_med || first.facts.neighbour_as == second.facts.neighbour_as;
    let (one, other) = (tail(first, rules, compare_med), tail(second, rules, compare_med));
    if one != other {
        return Some((usize::from(other < one), field(one ^ other, TAIL)?));
    }
    let ends = (first.address, first.path_id).cmp(&(second.address, second.path_id));
    let step = if first.address != second.address {
        DecisionStep::PeerAddress
    } else if ends.is_eq() {
        DecisionStep::Order
    } else {
        DecisionStep::PathId
    };
    Some((usize::from(ends.is_gt()), step))
}

/// Paths that share the lowest number so far, and the next lowest number.
struct Lowest<'a, 'c> {
    number: u128,
    next: u128,
    paths: Left<'a, 'c>,
}

impl<'a, 'c> Lowest<'a, 'c> {
    fn of(
        paths: impl Iterator<Item = (usize, &'a Candidate<'c>)>,
        number: impl Fn(&Candidate<'_>) -> u128,
    ) -> Self {
        let mut lowest = Self { number: u128::MAX, next: u128::MAX, paths: SmallVec::new() };
        for (index, path) in paths {
            let number = number(path);
            if number < lowest.number {
                lowest.next = lowest.number;
                lowest.number = number;
                lowest.paths.clear();
            } else if number > lowest.number {
                lowest.next = lowest.next.min(number);
                continue;
            }
            lowest.paths.push((index, path));
        }
        lowest
    }

    /// The only one, and in what it differs from the next.
    fn winner(&self) -> Option<(usize, &'a Candidate<'c>, u128)> {
        match self.paths.as_slice() {
            [(index, path)] => Some((*index, *path, self.number ^ self.next)),
            _ => None,
        }
    }
}

/// The best of three or more; `None`: the steps themselves have to be asked.
pub(super) fn best(candidates: &[Candidate<'_>], rules: &Rules) -> Option<(usize, DecisionStep)> {
    if candidates.iter().any(|path| has_aigp(path, rules)) {
        return None;
    }
    let heads = Lowest::of(candidates.iter().enumerate(), |path| head(path, rules));
    if let Some((index, path, difference)) = heads.winner() {
        return Some((index, head_step(difference, path, rules)?));
    }
    let mut left = heads.paths;
    let (first, path) = *left.first()?;
    if class(path.kind) != Class::Bgp {
        return Some((first, DecisionStep::Order));
    }
    if asks_age(rules) {
        return None;
    }
    let neighbour_as = path.facts.neighbour_as;
    let compare_med = rules.always_compare_med
        || left.iter().all(|(_, path)| path.facts.neighbour_as == neighbour_as);
    if !compare_med {
        let med = path.med(rules);
        if left.iter().any(|(_, path)| path.med(rules) != med) {
            multi_exit_disc(&mut left, rules);
            if let [(index, _)] = left.as_slice() {
                return Some((*index, DecisionStep::MultiExitDisc));
            }
        }
    }
    let tails = Lowest::of(left.iter().copied(), |path| tail(path, rules, compare_med));
    if let Some((index, _, difference)) = tails.winner() {
        return Some((index, field(difference, TAIL)?));
    }
    let mut left = tails.paths;
    for (step, narrow) in [
        (DecisionStep::PeerAddress, peer_address as super::steps::Narrow),
        (DecisionStep::PathId, path_id),
    ] {
        narrow(&mut left, rules);
        if let [(index, _)] = left.as_slice() {
            return Some((*index, step));
        }
    }
    left.first().map(|(index, _)| (*index, DecisionStep::Order))
}
