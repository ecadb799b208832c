//! Whether this router translates an NSSA's LSAs (RFC 3101 §3.1).

use core::time::Duration;

use super::description::Translates;
use crate::RouterId;

/// TranslatorStabilityInterval, if nothing else is configured (RFC 3101 §D).
pub const TRANSLATOR_STABILITY_INTERVAL: Duration = Duration::from_secs(40);

/// NSSATranslatorState of one area.
///
/// Update it when the routing table or the configuration changed, and when [`Self::poll_timeout`] says; then
/// [`Self::translates`] is what belongs into [`Nssa::translates`](super::Nssa::translates).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Translator {
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Disabled,
    /// Always: the role says so.
    Enabled,
    Elected,
    /// No longer elected, until this time.
    Deposed(Duration),
    /// No longer elected, for longer than TranslatorStabilityInterval.
    Left,
}

/// What is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TranslatorRole {
    /// NSSATranslatorRole: Always, else Candidate.
    pub always: bool,
    /// TranslatorStabilityInterval.
    pub stability: Duration,
}

/// Another border router of the NSSA that is reached over the NSSA, and as an AS boundary router over the AS's transit
/// topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rival {
    /// Who it is.
    pub router_id: RouterId,
    /// The Nt-bit of its Router-LSA in the NSSA.
    pub always: bool,
}

impl Translator {
    /// Reevaluates the state. `border`: this router is an area border router now.
    pub fn update(
        &mut self,
        now: Duration,
        role: TranslatorRole,
        router_id: RouterId,
        border: bool,
        rivals: impl IntoIterator<Item = Rival>,
    ) {
        let mut rivals = rivals.into_iter();
        self.state = match self.state {
            _ if !border => State::Disabled,
            _ if role.always => State::Enabled,
            _ if !rivals.any(|rival| rival.always || rival.router_id > router_id) => State::Elected,
            State::Enabled | State::Disabled => State::Disabled,
            State::Elected => State::Deposed(now.saturating_add(role.stability)),
            State::Deposed(until) if now < until => State::Deposed(until),
            State::Deposed(_) | State::Left => State::Left,
        };
    }

    /// Whether NSSA-LSAs are to be translated.
    pub const fn translates(&self) -> Translates {
        match self.state {
            State::Disabled => Translates::No,
            State::Enabled | State::Elected | State::Deposed(_) => Translates::Yes,
            State::Left => Translates::NoMore,
        }
    }

    /// When to update it at the latest.
    pub const fn poll_timeout(&self) -> Option<Duration> {
        match self.state {
            State::Deposed(until) => Some(until),
            State::Disabled | State::Enabled | State::Elected | State::Left => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    const CANDIDATE: TranslatorRole =
        TranslatorRole { always: false, stability: TRANSLATOR_STABILITY_INTERVAL };
    const ALWAYS: TranslatorRole = TranslatorRole { always: true, ..CANDIDATE };
    const SELF: RouterId = RouterId(5);

    fn rival(id: u32, always: bool) -> Rival {
        Rival { router_id: RouterId(id), always }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// RFC 3101 §3.1: another border router whose Nt-bit is set, or that has a higher Router ID.
    #[test]
    fn who_is_elected() {
        let cases = [
            (true, Vec::new(), Translates::Yes),
            (true, Vec::from([rival(4, false)]), Translates::Yes),
            (true, Vec::from([rival(6, false)]), Translates::No),
            (true, Vec::from([rival(4, true)]), Translates::No),
            (true, Vec::from([rival(3, false), rival(4, false), rival(9, false)]), Translates::No),
            (false, Vec::new(), Translates::No),
        ];
        for (border, rivals, translates) in cases {
            let mut translator = Translator::default();
            translator.update(seconds(1), CANDIDATE, SELF, border, rivals.iter().copied());
            assert_eq!(translator.translates(), translates, "{rivals:?}");
            assert_eq!(translator.poll_timeout(), None);
            translator.update(seconds(1), ALWAYS, SELF, border, rivals);
            let enabled = if border { Translates::Yes } else { Translates::No };
            assert_eq!(translator.translates(), enabled);
        }
    }

    /// RFC 3101 §3.1, §3.3: an elected translator goes on for TranslatorStabilityInterval.
    #[test]
    fn one_that_is_deposed() {
        let mut translator = Translator::default();
        let mut update = |at, rivals: &[Rival]| {
            translator.update(seconds(at), CANDIDATE, SELF, true, rivals.iter().copied());
            (translator.translates(), translator.poll_timeout())
        };
        assert_eq!(update(0, &[]), (Translates::Yes, None));
        assert_eq!(update(10, &[rival(6, false)]), (Translates::Yes, Some(seconds(50))));
        assert_eq!(update(30, &[rival(6, false)]), (Translates::Yes, Some(seconds(50))));
        // Elected anew meanwhile.
        assert_eq!(update(40, &[]), (Translates::Yes, None));
        assert_eq!(update(60, &[rival(6, false)]), (Translates::Yes, Some(seconds(100))));
        assert_eq!(update(100, &[rival(6, false)]), (Translates::NoMore, None));
        assert_eq!(update(500, &[rival(1, true)]), (Translates::NoMore, None));
        assert_eq!(update(501, &[]), (Translates::Yes, None));
    }

    #[test]
    fn one_that_is_no_border_router_any_more() {
        for role in [CANDIDATE, ALWAYS] {
            let mut translator = Translator::default();
            translator.update(seconds(0), role, SELF, true, []);
            translator.update(seconds(1), role, SELF, false, []);
            assert_eq!(
                (translator.translates(), translator.poll_timeout()),
                (Translates::No, None)
            );
        }
        // Never elected: nothing is left of it.
        let mut translator = Translator::default();
        translator.update(seconds(0), ALWAYS, SELF, true, [rival(6, false)]);
        translator.update(seconds(1), CANDIDATE, SELF, true, [rival(6, false)]);
        assert_eq!(translator.translates(), Translates::No);
    }
}
