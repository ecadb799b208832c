//! What works with whom: the table of `README.md`.

use std::fmt::Write;

use crate::checks::Part;
use crate::feature::Feature;
use crate::peers::Kind;

/// A cell of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell {
    Works,
    /// … where something else is given.
    Given(&'static str),
    /// One direction does; why the other does not.
    Half(Part, &'static str),
    /// The peer lacks it; why, and how that is seen.
    Lacks(&'static str, Proof),
}

/// How it is seen that a peer lacks something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof {
    /// Its OPEN does not offer it.
    Open,
    /// It refuses a configuration with it.
    Parser,
    /// It gives a session to those that it should refuse.
    Admits,
    /// Its documents do not know it, or what they say is not so.
    Documents,
}

pub(crate) const fn cell(kind: Kind, feature: Feature) -> Cell {
    use Cell::{Given, Half, Lacks, Works};
    use Feature as F;
    match (kind, feature) {
        (
            Kind::Bird20
            | Kind::Bird217
            | Kind::Bird31
            | Kind::GoBgp
            | Kind::OpenBgpd
            | Kind::ExaBgp,
            F::Orf,
        ) => Lacks("has no outbound route filters", Proof::Open),
        (
            Kind::Bird20 | Kind::Bird217 | Kind::Bird31 | Kind::OpenBgpd | Kind::ExaBgp,
            F::Notification,
        ) => Lacks("does not offer the N bit of RFC 8538", Proof::Open),
        (Kind::Bird20, F::SendHold) => Lacks("has none before 2.15", Proof::Parser),
        (Kind::ExaBgp, F::Gtsm) => {
            Half(Part::Theirs, "sends with TTL 255 on connections that it makes, but minds none")
        }
        (Kind::GoBgp | Kind::OpenBgpd, F::ExtendedMessage) => {
            Lacks("does not offer it", Proof::Open)
        }
        (Kind::Frr8, F::RouteRefresh | F::EnhancedRefresh) | (Kind::Frr10, F::EnhancedRefresh) => {
            Given("does so where graceful restart is offered too")
        }
        (Kind::GoBgp, F::RouteRefresh) => {
            Half(Part::Ours, "answers requests, but has no command that makes one")
        }
        (Kind::GoBgp, F::EnhancedRefresh) => Lacks("does not offer it", Proof::Open),
        (Kind::GoBgp | Kind::ExaBgp, F::Role) => Lacks("does not offer it", Proof::Open),
        (Kind::GoBgp | Kind::ExaBgp, F::SendHold) => Lacks("has no such timer", Proof::Documents),
        (Kind::OpenBgpd, F::Md5) => {
            Lacks("takes the password, but does not use it on Linux", Proof::Admits)
        }
        (Kind::OpenBgpd, F::ExtendedNextHop) => Lacks("does not offer it", Proof::Open),
        (Kind::OpenBgpd, F::RouteRefresh) => {
            Half(Part::Theirs, "makes requests, but answers none: \"not negotiated\"")
        }
        (Kind::OpenBgpd, F::EnhancedRefresh) => Lacks(
            "offers it, but takes neither requests nor marks: \"not negotiated\"",
            Proof::Documents,
        ),
        (Kind::OpenBgpd, F::GracefulRestart) => {
            Half(Part::Ours, "keeps our routes, but does not restart gracefully itself")
        }
        (Kind::OpenBgpd | Kind::ExaBgp, F::LongLived) => Lacks("does not offer it", Proof::Open),
        (Kind::ExaBgp, F::EnhancedRefresh) => {
            Lacks("offers it, but sends no marks", Proof::Documents)
        }
        (Kind::ExaBgp, F::Shutdown) => Lacks("neither sends nor shows texts", Proof::Documents),
        (Kind::ExaBgp, F::GracefulRestart) => {
            Half(Part::Theirs, "comes back gracefully, but has no table to keep our routes in")
        }
        _ => Works,
    }
}

/// The table, with its reasons below.
pub(crate) fn markdown() -> String {
    let mut text = String::from("|");
    for kind in Kind::ALL {
        let _ = write!(text, " | {}", kind.title());
    }
    let _ = write!(text, " |\n|---{}|\n", "|---".repeat(Kind::ALL.len()));
    let mut reasons: Vec<&str> = Vec::new();
    for feature in Feature::ALL {
        let _ = write!(text, "| {}", feature.title());
        for kind in Kind::ALL {
            let (word, reason) = match cell(kind, feature) {
                Cell::Works => ("yes", None),
                Cell::Given(reason) => ("yes", Some(reason)),
                Cell::Half(_, reason) => ("half", Some(reason)),
                Cell::Lacks(reason, _) => ("no", Some(reason)),
            };
            let number = reason.map(|reason| {
                reasons.iter().position(|one| *one == reason).unwrap_or_else(|| {
                    reasons.push(reason);
                    reasons.len() - 1
                }) + 1
            });
            let number = number.map(|number| format!(" ({number})")).unwrap_or_default();
            let _ = write!(text, " | {word}{number}");
        }
        text.push_str(" |\n");
    }
    text.push('\n');
    for (number, reason) in (1..).zip(reasons) {
        let _ = writeln!(text, "{number}. The peer {reason}.");
    }
    text
}
