//! Why each path is not the best one, and who comes next.

use alloc::vec::Vec;

use smallvec::SmallVec;

use super::steps::{self, Left};
use super::{Candidate, DecisionStep, Rules, best_path};

/// How a path lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// The step that took it away
    pub step: DecisionStep,
    /// Index of a path that is better in this step: the best path, or where that is of another neighbour AS than a
    /// path that lost by MULTI_EXIT_DISC, the one with the lowest of its own. That one may have lost later
    pub against: usize,
}

/// What the decision process did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Index of the best path
    pub best: usize,
    /// The step that left it alone: the last one by which a path lost
    pub step: DecisionStep,
    /// For each candidate how it lost; `None` for the best path
    pub losses: Vec<Option<Loss>>,
}

/// The same decision as [`best_path`], with the reason for each path that lost; `None` where there is no path.
///
/// ```
/// use rib::{AttributeFacts, Candidate, DecisionStep, Loss, RouteSource, Rules, explain};
///
/// let facts = AttributeFacts { local_pref: 200, ..AttributeFacts::NONE };
/// let path = Candidate::new(RouteSource::Bgp, 100, &facts);
/// let poor = Candidate { facts: &AttributeFacts::NONE, ..path };
/// let explanation = explain(&[poor, path], &Rules::default()).ok_or("there are paths")?;
/// assert_eq!(explanation.losses, [Some(Loss { step: DecisionStep::LocalPref, against: 1 }), None]);
/// # Ok::<(), &str>(())
/// ```
pub fn explain(candidates: &[Candidate<'_>], rules: &Rules) -> Option<Explanation> {
    let (best, step) = best_path(candidates, rules)?;
    let mut losses: Vec<Option<Loss>> = candidates.iter().map(|_| None).collect();
    let mut note = |lost: usize, step, against| {
        if let Some(place) = losses.get_mut(lost) {
            *place = Some(Loss { step, against });
        }
    };
    let mut left = steps::all(candidates);
    steps::each(&mut left, rules, |step, narrow, left| {
        let before = left.clone();
        narrow(left, rules);
        let mut kept = left.iter().map(|(index, _)| *index).peekable();
        for (index, path) in before {
            if kept.next_if_eq(&index).is_some() {
                continue;
            }
            let own = (step == DecisionStep::MultiExitDisc)
                .then(|| lowest_med(left, path, best, rules))
                .flatten();
            note(index, step, own.unwrap_or(best));
        }
    });
    for (index, _) in left.into_iter().filter(|(index, _)| *index != best) {
        note(index, DecisionStep::Order, best);
    }
    Some(Explanation { best, step, losses })
}

/// Among those that MULTI_EXIT_DISC left: one that `path` was compared with, the best path before others.
fn lowest_med(
    left: &Left<'_, '_>,
    path: &Candidate<'_>,
    best: usize,
    rules: &Rules,
) -> Option<usize> {
    let comparable = left.iter().filter(|(_, other)| {
        rules.always_compare_med || other.facts.neighbour_as == path.facts.neighbour_as
    });
    comparable.map(|(index, _)| *index).min_by_key(|index| (*index != best, *index))
}

/// The best path, the best of the rest, and so on, at most `most`: their indexes, as ADD-PATH announces several
/// (RFC 7911).
///
/// This is a ranking by the decision process, not an order by which paths compare: a path that lost against another
/// of its neighbour AS by MULTI_EXIT_DISC may stand before a third that it would not beat alone. The first `n` of a
/// ranking of more are the ranking of `n`. Effort grows with the square of the number of paths, times `most` at worst.
pub fn ranking(candidates: &[Candidate<'_>], rules: &Rules, most: usize) -> SmallVec<[usize; 8]> {
    let mut rest: SmallVec<[Candidate<'_>; 8]> = SmallVec::from_slice(candidates);
    let mut places: SmallVec<[usize; 8]> = (0..candidates.len()).collect();
    let mut ranked = SmallVec::new();
    while ranked.len() < most
        && let Some((best, _)) = best_path(&rest, rules)
    {
        // Not swapped: among equal paths the first of the list wins.
        rest.remove(best);
        ranked.push(places.remove(best));
    }
    ranked
}
