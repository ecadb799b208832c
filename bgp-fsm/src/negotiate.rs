//! What two OPENs agree on.

use core::net::Ipv4Addr;
use core::time::Duration;

use bgp_wire::{Afi, Capability, Context, Family, Open, OpenError};
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
    /// Families that both offer
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
pub(crate) fn negotiate(
    config: &SessionConfig,
    local: &Open,
    remote: &Open,
    endpoints: Endpoints,
) -> Negotiated {
    let both = |capability: &Capability| {
        local.capabilities.contains(capability) && remote.capabilities.contains(capability)
    };
    let context = Context {
        four_octet_as: local.capabilities.four_octet_as().is_some()
            && remote.capabilities.four_octet_as().is_some(),
        extended_message: both(&Capability::ExtendedMessage),
        ..Context::default()
    };
    // RFC 4760 §8: a speaker that says nothing of families means IPv4 unicast.
    let offers = |open: &Open, family: Family| {
        let mut families = open.capabilities.families().peekable();
        if families.peek().is_none() {
            return family == Family::IPV4_UNICAST;
        }
        families.any(|other| other == family)
    };
    let hold_time = Duration::from_secs(u64::from(local.hold_time.min(remote.hold_time)));
    let third = hold_time / 3;
    let next_hop = |family: &&Family| {
        local.capabilities.has_extended_next_hop(**family, Afi::IPV6)
            && remote.capabilities.has_extended_next_hop(**family, Afi::IPV6)
    };
    Negotiated {
        remote_as: remote.asn(),
        remote_id: remote.bgp_identifier,
        families: config
            .families
            .iter()
            .copied()
            .filter(|family| offers(local, *family) && offers(remote, *family))
            .collect(),
        send: context.clone(),
        receive: context,
        hold_time,
        keepalive_time: config.keepalive_time.map_or(third, |time| time.min(third)),
        extended_next_hop: config.extended_next_hop.iter().filter(next_hop).copied().collect(),
        route_refresh: both(&Capability::RouteRefresh),
        endpoints,
        local: local.clone(),
        remote: remote.clone(),
    }
}
