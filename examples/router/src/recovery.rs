//! The router has restarted, and its neighbours have kept its routes (RFC 4724 §4.1): it tells them nothing until it
//! has heard from all, or they would let go of routes that it has only not learned again yet.

use std::time::Duration;

use bgp_fsm::{Deferral, Negotiated};
use rib::SourceId;

use crate::bgp::wire_family;
use crate::config::RestartMode;
use crate::protocol::Protocol;
use crate::router::{LogClass, Router};

impl Router {
    /// Says that this is a restart, before [`Router::start`]: neighbours with graceful restart are told so, and that
    /// packets were forwarded all the time. Routes are announced when the neighbours have marked the end of theirs,
    /// or after `graceful restart wait`.
    pub fn recover(&mut self, now: Duration) {
        self.recovery = Some(Deferral::new(now + self.config.graceful_restart_wait));
    }

    /// Waits for all neighbours of the configuration that know graceful restart.
    pub(crate) fn begin_recovery(&mut self, now: Duration) {
        let Some(recovery) = &mut self.recovery else { return };
        for protocol in self.protocols.iter_mut().filter(|protocol| !protocol.disabled) {
            let source = protocol.source;
            let Some(bgp) = protocol.bgp_mut() else { continue };
            if bgp.config.graceful_restart == RestartMode::Off {
                continue;
            }
            bgp.session.set_restarted(true);
            let families = bgp.config.channels.iter().map(|channel| wire_family(channel.family));
            recovery.expect(source, families);
        }
        self.log(LogClass::Info, "Graceful restart started".into());
        self.end_recovery(now);
    }

    /// A session is up.
    pub(crate) fn recovery_established(&mut self, source: SourceId, negotiated: &Negotiated) {
        if let Some(recovery) = &mut self.recovery {
            recovery.handle_established(source, negotiated);
        }
    }

    /// Whether an instance is still told nothing.
    pub(crate) fn is_deferred(&self, protocol: &Protocol) -> bool {
        let Some(recovery) = &self.recovery else { return false };
        let established = protocol.bgp().and_then(|bgp| bgp.session.established());
        established.is_some_and(|(_, negotiated)| {
            negotiated.families.iter().any(|family| recovery.is_deferred(*family))
        })
    }

    /// Looks which neighbours have told all, and ends the recovery when nobody is waited for any more.
    pub(crate) fn end_recovery(&mut self, now: Duration) {
        let Some(recovery) = &mut self.recovery else { return };
        recovery.handle_timeout(now);
        for protocol in &self.protocols {
            let Some(bgp) = protocol.bgp() else { continue };
            let Some((_, negotiated)) = bgp.session.established() else { continue };
            for family in &negotiated.families {
                if bgp.session.end_of_rib_received(*family) {
                    recovery.handle_end_of_rib(protocol.source, *family);
                }
            }
        }
        while recovery.poll_ready().is_some() {}
        if !recovery.is_over() {
            return;
        }
        self.recovery = None;
        for bgp in self.protocols.iter_mut().filter_map(Protocol::bgp_mut) {
            bgp.session.set_restarted(false);
        }
        self.log(LogClass::Info, "Graceful restart done".into());
    }
}
