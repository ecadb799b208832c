//! Who is Designated Router (RFC 2328 §9.4): a pure function.

use alloc::vec::Vec;

use crate::id::RouterId;

/// A router on the network, as its Hellos say; or the router that calculates, as its Hellos would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Its Router ID.
    pub router_id: RouterId,
    /// Its Router Priority; with 0 it cannot be elected.
    pub priority: u8,
    /// Whom it takes for the Designated Router.
    pub designated_router: RouterId,
    /// Whom it takes for the Backup Designated Router.
    pub backup_designated_router: RouterId,
}

impl Candidate {
    fn declares_designated(&self) -> bool {
        self.designated_router == self.router_id
    }

    fn declares_backup(&self) -> bool {
        self.backup_designated_router == self.router_id
    }
}

/// What an election gives; [`RouterId::NONE`] where nobody may be elected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Elected {
    /// The Designated Router.
    pub designated_router: RouterId,
    /// The Backup Designated Router.
    pub backup_designated_router: RouterId,
}

/// Elects the Designated Router and its Backup (RFC 2328 §9.4) from the router that calculates, with its current
/// values, and its neighbours in state 2-Way or higher.
pub(crate) fn elect(calculating: Candidate, neighbors: &[Candidate]) -> Elected {
    let eligible = |candidate: &&Candidate| candidate.priority > 0;
    let mut list: Vec<Candidate> = neighbors.iter().filter(eligible).copied().collect();
    list.extend(Some(calculating).iter().filter(eligible));
    let before = Elected {
        designated_router: calculating.designated_router,
        backup_designated_router: calculating.backup_designated_router,
    };
    let elected = steps_2_and_3(&list);
    // Step 4: its own roles are new to the router, so it repeats the steps with what it says now.
    let me = calculating.router_id;
    let roles = |of: Elected| (of.designated_router == me, of.backup_designated_router == me);
    if roles(before) == roles(elected) {
        return elected;
    }
    for candidate in list.iter_mut().filter(|candidate| candidate.router_id == me) {
        candidate.designated_router = elected.designated_router;
        candidate.backup_designated_router = elected.backup_designated_router;
    }
    steps_2_and_3(&list)
}

fn steps_2_and_3(list: &[Candidate]) -> Elected {
    let best = |candidates: &mut dyn Iterator<Item = &Candidate>| {
        candidates.map(|candidate| (candidate.priority, candidate.router_id)).max()
    };
    let undeclared = || list.iter().filter(|candidate| !candidate.declares_designated());
    let backup = best(&mut undeclared().filter(|candidate| candidate.declares_backup()))
        .or_else(|| best(&mut undeclared()));
    let designated =
        best(&mut list.iter().filter(|candidate| candidate.declares_designated())).or(backup);
    let id = |best: Option<(u8, RouterId)>| best.map_or(RouterId::NONE, |(_, id)| id);
    Elected { designated_router: id(designated), backup_designated_router: id(backup) }
}

#[cfg(test)]
mod tests;
