//! The same as the steps in far less time: what they compare, put together into numbers.
//!
//! A path's *head* is what comes before MULTI_EXIT_DISC, its *tail* what comes from there to CLUSTER_LIST, each
//! with the first step in the highest bits. So the lowest number is the best path, and the highest bit in which
//! the second lowest differs tells the step that decided. MULTI_EXIT_DISC is part of the tail where it can be
//! compared between all that are left. What is rare, AIGP and age, is left to the steps themselves.

use core::cmp::Ordering;
use core::net::IpAddr;

use super::steps::{Left, multi_exit_disc, ospf_outside, ospf_rank};
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

fn has_aigp(path: &Candidate<'_>, rules: &Rules) -> bool {
    rules.aigp && path.facts.aigp.is_some()
}

/// How two paths compare in all that comes before MULTI_EXIT_DISC: less is better. `None`: AIGP takes part.
pub(crate) fn before_med(
    path: &Candidate<'_>,
    other: &Candidate<'_>,
    rules: &Rules,
) -> Option<Ordering> {
    let aigp = has_aigp(path, rules) || has_aigp(other, rules);
    (!aigp).then(|| head(path, rules).cmp(&head(other, rules)))
}

/// What is compared last.
type Ends = (Option<IpAddr>, u32);

const fn ends(path: &Candidate<'_>) -> Ends {
    (path.address, path.path_id)
}

/// Candidates that have a bit each; of more, which is rare, the steps are asked where bits are needed.
const MOST_BITS: usize = 64;

const fn bit(index: usize) -> u64 {
    if index < MOST_BITS { 1 << index } else { 0 }
}

/// The best so far, and what tells it from the others.
struct Leader<'a, 'c> {
    index: usize,
    path: &'a Candidate<'c>,
    head: u128,
    /// The lowest head above it.
    next_head: u128,
    /// Another path shares the head. What follows is of use then only.
    tied: bool,
    /// Which of the first 64 candidates share the head, a bit each.
    sharing: u64,
    /// All that share the head are of one neighbour AS.
    one_as: bool,
    /// All that share the head have one MULTI_EXIT_DISC.
    one_med: bool,
    tail: u128,
    /// The lowest tail above it.
    next_tail: u128,
    /// The lowest ends of others that share head and tail.
    next_ends: Option<Ends>,
}

impl<'a, 'c> Leader<'a, 'c> {
    const fn new(index: usize, path: &'a Candidate<'c>, head: u128, next_head: u128) -> Self {
        Self {
            index,
            path,
            head,
            next_head,
            tied: false,
            sharing: bit(index),
            one_as: true,
            one_med: true,
            tail: 0,
            next_tail: u128::MAX,
            next_ends: None,
        }
    }

    /// Takes in a BGP path with the same head.
    fn tie(&mut self, index: usize, path: &'a Candidate<'c>, rules: &Rules) {
        if !self.tied {
            self.tied = true;
            self.tail = tail(self.path, rules, true);
        }
        self.sharing |= bit(index);
        self.one_as &= path.facts.neighbour_as == self.path.facts.neighbour_as;
        self.one_med &= path.med(rules) == self.path.med(rules);
        self.compare(index, path, tail(path, rules, true));
    }

    /// Takes in a BGP path with the same head by its tail.
    fn compare(&mut self, index: usize, path: &'a Candidate<'c>, tail: u128) {
        if tail > self.tail {
            self.next_tail = self.next_tail.min(tail);
            return;
        }
        if tail < self.tail {
            self.next_tail = self.tail;
            self.next_ends = None;
        } else {
            let (first, second) = (ends(self.path), ends(path));
            if second >= first {
                self.next_ends = Some(self.next_ends.map_or(second, |next| next.min(second)));
                return;
            }
            self.next_ends = Some(first);
        }
        (self.index, self.path, self.tail) = (index, path, tail);
    }

    /// The step that left a BGP path alone.
    fn step(&self) -> Option<DecisionStep> {
        let Some((address, path_id)) = self.next_ends else {
            return field(self.tail ^ self.next_tail, TAIL);
        };
        Some(if address != self.path.address {
            DecisionStep::PeerAddress
        } else if path_id != self.path.path_id {
            DecisionStep::PathId
        } else {
            DecisionStep::Order
        })
    }
}

/// The best of two or more; `None`: the steps themselves have to be asked.
pub(super) fn best(candidates: &[Candidate<'_>], rules: &Rules) -> Option<(usize, DecisionStep)> {
    let (first, others) = candidates.split_first()?;
    if has_aigp(first, rules) {
        return None;
    }
    let mut leader = Leader::new(0, first, head(first, rules), u128::MAX);
    for (index, path) in (1..).zip(others) {
        if has_aigp(path, rules) {
            return None;
        }
        let head = head(path, rules);
        if head < leader.head {
            leader = Leader::new(index, path, head, leader.head);
        } else if head > leader.head {
            leader.next_head = leader.next_head.min(head);
        } else if class(path.kind) == Class::Bgp {
            leader.tie(index, path, rules);
        } else {
            leader.tied = true;
        }
    }
    if !leader.tied {
        let step = head_step(leader.head ^ leader.next_head, leader.path, rules)?;
        return Some((leader.index, step));
    }
    if class(leader.path.kind) != Class::Bgp {
        return Some((leader.index, DecisionStep::Order));
    }
    if rules.age != Age::Ignored {
        return None;
    }
    if rules.always_compare_med || leader.one_as || leader.one_med {
        return Some((leader.index, leader.step()?));
    }
    let sharing = |(index, _): &(usize, _)| leader.sharing & bit(*index) != 0;
    (candidates.len() <= MOST_BITS)
        .then(|| candidates.iter().enumerate().filter(sharing).collect())
        .and_then(|left| best_by_several_meds(left, rules))
}

/// The best of paths with equal heads, where MULTI_EXIT_DISC cannot be compared between all of them.
fn best_by_several_meds(mut left: Left<'_, '_>, rules: &Rules) -> Option<(usize, DecisionStep)> {
    multi_exit_disc(&mut left, rules);
    let mut paths = left.into_iter();
    let (index, path) = paths.next()?;
    // What is left differs in MULTI_EXIT_DISC still, between neighbour ASes: that is no part of the tail.
    let mut leader = Leader::new(index, path, 0, 0);
    leader.tail = tail(path, rules, false);
    let mut alone = true;
    for (index, path) in paths {
        alone = false;
        leader.compare(index, path, tail(path, rules, false));
    }
    let step = if alone { DecisionStep::MultiExitDisc } else { leader.step()? };
    Some((leader.index, step))
}
