//! What two OPENs agree on.

use core::net::Ipv4Addr;
use core::time::Duration;

use bgp_wire::{Afi, Capabilities, Capability, Context, Family, Open, OpenError, Update};
use smallvec::SmallVec;

use crate::config::SessionConfig;
use crate::event::Endpoints;

/// What holds on an established session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// The OPEN that was sent
    pub local: Open,
    /// The OPEN that came
    pub remote: Open,
    /// The neighbour's AS
    pub remote_as: u32,
    /// The neighbour's BGP identifier
    pub remote_id: Ipv4Addr,
    /// Families that both offer, in the order of the configuration
    pub families: SmallVec<[Family; 2]>,
    /// Format of what is sent
    pub send: Context,
    /// Format of what is received
    pub receive: Context,
    /// HoldTime; zero: no keepalives, no timer
    pub hold_time: Duration,
    /// KeepaliveTime; zero: none are sent
    pub keepalive_time: Duration,
    /// Families whose routes may have IPv6 next hops (RFC 8950)
    pub extended_next_hop: SmallVec<[Family; 2]>,
    /// Both know route refresh
    pub route_refresh: bool,
    /// The connection
    pub endpoints: Endpoints,
}

impl Negotiated {
    /// Whether the session is iBGP.
    pub fn is_internal(&self) -> bool {
        self.local.asn() == self.remote_as
    }
}

/// Checks the neighbour's OPEN against the configuration (RFC 4271 §6.2).
pub(crate) fn check(config: &SessionConfig, remote: &Open) -> Result<(), OpenError> {
    let asn = remote.asn();
    let expected = match config.remote_as {
        Some(expected) => asn == expected,
        None => asn != config.local_as,
    };
    if !expected {
        return Err(OpenError::BadPeerAs { asn });
    }
    // RFC 6286 §2.2: inside an AS the identifier is unique.
    if asn == config.local_as && remote.bgp_identifier == config.router_id {
        return Err(OpenError::BadBgpIdentifier { identifier: remote.bgp_identifier });
    }
    Ok(())
}

/// Works out what both sides can do.
///
/// # Errors
/// When there is no family that both want (RFC 5492 §3).
pub(crate) fn negotiate(
    config: &SessionConfig,
    local: &Open,
    remote: &Open,
    endpoints: Endpoints,
) -> Result<Negotiated, OpenError> {
    let families = common_families(config, local, remote);
    if families.is_empty() && !config.families.is_empty() {
        let wanted = config.families.iter().copied().map(Capability::Multiprotocol);
        let capabilities = wanted.collect::<Capabilities>().to_bytes();
        return Err(OpenError::MissingCapability { capabilities });
    }
    let both = |capability: &Capability| {
        local.capabilities.contains(capability) && remote.capabilities.contains(capability)
    };
    let context = Context {
        four_octet_as: local.capabilities.four_octet_as().is_some()
            && remote.capabilities.four_octet_as().is_some(),
        extended_message: both(&Capability::ExtendedMessage),
        external: remote.asn() != config.local_as,
        ..Context::default()
    };
    let hold_time = Duration::from_secs(u64::from(local.hold_time.min(remote.hold_time)));
    let third = hold_time / 3;
    let next_hop = |family: &&Family| {
        families.contains(family)
            && [local, remote]
                .iter()
                .all(|open| open.capabilities.has_extended_next_hop(**family, Afi::IPV6))
    };
    Ok(Negotiated {
        remote_as: remote.asn(),
        remote_id: remote.bgp_identifier,
        // RFC 8654 §4: who offers it has to take what the other sends.
        receive: Context {
            extended_message: local.capabilities.contains(&Capability::ExtendedMessage),
            ..context.clone()
        },
        send: context,
        hold_time,
        keepalive_time: match config.keepalive_time {
            Some(time) => time.max(Duration::from_secs(1)).min(third),
            None => third,
        },
        extended_next_hop: config.extended_next_hop.iter().filter(next_hop).copied().collect(),
        families,
        route_refresh: both(&Capability::RouteRefresh),
        endpoints,
        local: local.clone(),
        remote: remote.clone(),
    })
}

/// RFC 4760 §8; a speaker that says nothing of families means IPv4 unicast.
fn common_families(config: &SessionConfig, local: &Open, remote: &Open) -> SmallVec<[Family; 2]> {
    let offers = |open: &Open, family: Family| {
        let mut families = open.capabilities.families().peekable();
        if families.peek().is_none() {
            return family == Family::IPV4_UNICAST;
        }
        families.any(|other| other == family)
    };
    let common = |family: &&Family| offers(local, **family) && offers(remote, **family);
    config.families.iter().filter(common).copied().collect()
}

/// What of an UPDATE belongs to families that were negotiated; `None` when nothing does. RFC 4760 §7 lets a
/// speaker ignore the rest.
pub(crate) fn only_negotiated(mut update: Update, negotiated: &Negotiated) -> Option<Update> {
    let has = |family: Family| negotiated.families.contains(&family);
    if update.end_of_rib().is_some_and(|family| !has(family)) {
        return None;
    }
    let removed = update.retain_families(has);
    let routes = update.reach().next().is_some() || update.unreach().next().is_some();
    (!removed || routes).then_some(update)
}
