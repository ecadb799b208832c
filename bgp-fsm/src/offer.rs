//! The OPEN that is sent.

use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::{
    AS_TRANS, Afi, Capabilities, Capability, CapabilityCode, ExtendedNextHopEncoding,
    GracefulRestart, GracefulRestartFamily, LongLivedFamily, Notification, Open, OrfSupport,
    OrfType, subcode,
};

use crate::config::{FamilyConfig, Forwarding, RestartConfig, SessionConfig};

/// What a neighbour does not want to hear (RFC 5492 §3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Refused {
    #[default]
    Nothing,
    /// These capabilities: the codes, and the values of those that differ by value alone
    Some(Capabilities),
    /// Capabilities at all
    All,
}

impl Refused {
    /// What is refused from now on, after a NOTIFICATION of the neighbour to an OPEN with these capabilities.
    /// `None` when leaving something out would not help.
    pub(crate) fn after(
        &self,
        notification: &Notification,
        offered: &Capabilities,
    ) -> Option<Self> {
        offered.iter().next()?;
        if notification.subcode == subcode::open::UNSUPPORTED_OPTIONAL_PARAMETER
            || notification.data.is_empty()
        {
            return Some(Self::All);
        }
        let mut named = match self {
            Self::Some(before) => before.clone(),
            Self::Nothing | Self::All => Capabilities::default(),
        };
        let mut helps = false;
        for capability in &Capabilities::from_bytes(&notification.data)? {
            if offered.iter().any(|offer| is_meant(offer, capability)) {
                helps = true;
                named.push(capability.clone());
            }
        }
        helps.then_some(Self::Some(named))
    }

    fn has(&self, capability: &Capability) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Some(list) => list.iter().any(|refused| is_meant(capability, refused)),
        }
    }
}

/// Whether an offer is what a neighbour names as refused: by the code; and of several with the same code, which
/// MULTIPROTOCOL has, only the one with that value.
fn is_meant(offer: &Capability, refused: &Capability) -> bool {
    offer == refused
        || (offer.code() == refused.code() && offer.code() != CapabilityCode::MULTIPROTOCOL)
}

impl SessionConfig {
    /// The OPEN that is sent, without what the neighbour has refused. `restarted`: the R bit of RFC 4724.
    pub(crate) fn open(&self, refused: &Refused, restarted: bool) -> Open {
        let mut capabilities = if self.capabilities { self.offer(restarted) } else { Vec::new() };
        capabilities.retain(|capability| !refused.has(capability));
        let restarts = |one: &Capability| matches!(one, Capability::GracefulRestart(_));
        if !capabilities.iter().any(restarts) {
            // RFC 9494 §3.1
            capabilities.retain(|one| !matches!(one, Capability::LongLivedGracefulRestart(_)));
        }
        Open {
            my_as: u16::try_from(self.local_as).unwrap_or(AS_TRANS),
            hold_time: u16::try_from(self.hold_time.as_secs()).unwrap_or(u16::MAX),
            bgp_identifier: self.router_id,
            capabilities: capabilities.into_iter().collect(),
        }
    }

    fn offer(&self, restarted: bool) -> Vec<Capability> {
        let families = &self.families;
        let mut list: Vec<_> =
            families.iter().map(|one| Capability::Multiprotocol(one.family)).collect();
        let flags = [
            (self.route_refresh, Capability::RouteRefresh),
            (self.enhanced_refresh, Capability::EnhancedRouteRefresh),
            (self.extended_message, Capability::ExtendedMessage),
        ];
        list.extend(flags.into_iter().filter(|(on, _)| *on).map(|(_, capability)| capability));
        list.extend(self.role.filter(|_| self.may_be_external()).map(Capability::Role));
        list.extend(
            self.of_families(|one| {
                let encoding = ExtendedNextHopEncoding { family: one.family, next_hop: Afi::IPV6 };
                one.extended_next_hop.then_some(encoding)
            })
            .map(Capability::ExtendedNextHop),
        );
        list.extend(
            self.of_families(|one| Some((one.family, one.add_path?))).map(Capability::AddPath),
        );
        list.extend(
            self.of_families(|one| Some((one.family, one.paths_limit?)))
                .map(Capability::PathsLimit),
        );
        list.extend(self.of_families(filters).map(Capability::Orf));
        if self.four_octet_as {
            list.push(Capability::FourOctetAs(self.local_as));
        }
        if let Some(restart) = &self.graceful_restart {
            list.push(Capability::GracefulRestart(self.restart(restart, restarted)));
            if self.long_lived.is_some() {
                let families = families.iter().filter_map(long_lived).collect();
                list.push(Capability::LongLivedGracefulRestart(families));
            }
        }
        list.extend(self.other_capabilities.iter().cloned());
        list
    }

    /// `None` when it would be empty.
    fn of_families<T, C: FromIterator<T>>(
        &self,
        of: impl Fn(&FamilyConfig) -> Option<T>,
    ) -> Option<C> {
        let mut some = self.families.iter().filter_map(of).peekable();
        some.peek()?;
        Some(some.collect())
    }

    const fn may_be_external(&self) -> bool {
        use crate::config::RemoteAs;
        match self.remote_as {
            RemoteAs::Is(asn) => asn != self.local_as,
            RemoteAs::Internal => false,
            RemoteAs::External | RemoteAs::Any => true,
        }
    }

    fn restart(&self, config: &RestartConfig, restarted: bool) -> GracefulRestart {
        let family = |one: &FamilyConfig| {
            let forwarding = one.forwarding? == Forwarding::Preserved;
            Some(GracefulRestartFamily { family: one.family, forwarding })
        };
        GracefulRestart {
            restarted,
            notification: config.notification,
            restart_time: u16::try_from(config.restart_time.as_secs()).unwrap_or(4095).min(4095),
            families: self.families.iter().filter_map(family).collect(),
        }
    }
}

fn filters(one: &FamilyConfig) -> Option<OrfSupport> {
    let types = [(OrfType::ADDRESS_PREFIX, one.filters?)].into_iter().collect();
    Some(OrfSupport { family: one.family, types })
}

fn long_lived(one: &FamilyConfig) -> Option<LongLivedFamily> {
    let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
    Some(LongLivedFamily {
        family: one.family,
        forwarding: one.forwarding? == Forwarding::Preserved,
        stale_time: seconds(one.long_lived_stale_time?),
    })
}
