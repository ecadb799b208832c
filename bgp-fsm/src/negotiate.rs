//! What two OPENs agree on.

use core::net::Ipv4Addr;
use core::time::Duration;

use bgp_wire::{
    AddPathDirection, Afi, Capabilities, Capability, CapabilityCode, Context, Family,
    GracefulRestart, LongLivedFamily, Open, OpenError, OrfDirection, OrfType, Role,
};
use smallvec::SmallVec;

use crate::config::{FamilyConfig, SessionConfig};
use crate::event::Endpoints;

/// Some families.
pub type Families = SmallVec<[Family; 4]>;

/// What holds on an established session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// The OPEN that was sent
    pub local: Open,
    /// The OPEN that came
    pub remote: Open,
    /// Our AS
    pub local_as: u32,
    /// The neighbour's AS
    pub remote_as: u32,
    /// The neighbour's BGP identifier
    pub remote_id: Ipv4Addr,
    /// Families that both offer, in the order of the configuration
    pub families: Families,
    /// Format of what is sent
    pub send: Context,
    /// Format of what is received
    pub receive: Context,
    /// HoldTime; zero: no keepalives, no timer
    pub hold_time: Duration,
    /// KeepaliveTime; zero: none are sent
    pub keepalive_time: Duration,
    /// Families whose routes may have IPv6 next hops (RFC 8950)
    pub extended_next_hop: Families,
    /// Both know route refresh
    pub route_refresh: bool,
    /// Both know enhanced route refresh (RFC 7313): what the neighbour is told anew stands between
    /// [`RouteRefresh::begin`](bgp_wire::RouteRefresh::begin) and [`end`](bgp_wire::RouteRefresh::end), after the
    /// End-of-RIB marker
    pub enhanced_refresh: bool,
    /// Families for which the neighbour may put up filters: its routes wait for its first
    /// [`Event::RouteRefresh`](crate::Event::RouteRefresh) (RFC 5291 §6)
    pub filters_received: Families,
    /// Families for which we may put up filters
    pub filters_sent: Families,
    /// Both know that a next hop may be link-local alone
    pub link_local_next_hop: bool,
    /// What we are to the neighbour (RFC 9234)
    pub role: Option<Role>,
    /// What the neighbour says about its restart, reduced to the families of the session, with a Restart Time
    /// within our bounds, and the N bit where both have it. `None`: one of the two does not know it
    pub graceful_restart: Option<GracefulRestart>,
    /// The same of long-lived graceful restart (RFC 9494)
    pub long_lived: SmallVec<[LongLivedFamily; 2]>,
    /// The connection
    pub endpoints: Endpoints,
}

impl Negotiated {
    /// Whether the session is iBGP.
    pub fn is_internal(&self) -> bool {
        self.local_as == self.remote_as
    }

    /// Whether the neighbour keeps its forwarding while it restarts, for a family at least (RFC 4724 §4.2).
    pub fn survives_restart(&self) -> bool {
        self.graceful_restart.as_ref().is_some_and(|restart| !restart.families.is_empty())
            || !self.long_lived.is_empty()
    }

    /// Whether a NOTIFICATION lets routes stay (RFC 8538).
    pub fn survives_notification(&self) -> bool {
        self.graceful_restart.as_ref().is_some_and(|restart| restart.notification)
    }

    /// How many paths of a prefix the neighbour wants, where it says so.
    pub fn paths_limit(&self, family: Family) -> Option<u16> {
        self.remote.capabilities.paths_limit(family)
    }
}

/// Checks the neighbour's OPEN against the configuration (RFC 4271 §6.2).
pub(crate) fn check(config: &SessionConfig, remote: &Open) -> Result<(), OpenError> {
    let asn = remote.asn();
    if !config.remote_as.accepts(asn, config.local_as) {
        return Err(OpenError::BadPeerAs { asn });
    }
    // RFC 6286 §2.2: inside an AS the identifier is unique.
    if asn == config.local_as && remote.bgp_identifier == config.router_id {
        return Err(OpenError::BadBgpIdentifier { identifier: remote.bgp_identifier });
    }
    let hold_time = Duration::from_secs(remote.hold_time.into());
    if !hold_time.is_zero() && hold_time < config.least_hold_time {
        return Err(OpenError::UnacceptableHoldTime { seconds: remote.hold_time });
    }
    if asn != config.local_as {
        check_role(config, remote)?;
    }
    Ok(())
}

/// RFC 9234 §4.2
fn check_role(config: &SessionConfig, remote: &Open) -> Result<(), OpenError> {
    let Some(ours) = config.role else { return Ok(()) };
    let agrees = match remote.capabilities.role() {
        None => !config.strict_role,
        Some(theirs) => ours.agrees_with(theirs) && !remote.capabilities.has_conflicting_roles(),
    };
    if agrees { Ok(()) } else { Err(OpenError::RoleMismatch) }
}

/// Works out what both sides can do.
///
/// # Errors
/// When there is no family that both want, or something is missing that is required (RFC 5492 §3).
pub(crate) fn negotiate(
    config: &SessionConfig,
    local: Open,
    remote: Open,
    endpoints: Endpoints,
) -> Result<Negotiated, OpenError> {
    let (ours, theirs) = (&local.capabilities, &remote.capabilities);
    let families = common_families(config, &local, &remote);
    required(config, &local, &remote, &families)?;
    let both = |capability: &Capability| ours.contains(capability) && theirs.contains(capability);
    let of = |wanted: &dyn Fn(Family) -> bool| -> Families {
        families.iter().copied().filter(|family| wanted(*family)).collect()
    };
    let paths = |from: &Capabilities, to: &Capabilities| {
        of(&|family| sends(from.add_path(family)) && receives(to.add_path(family)))
    };
    let context = |sender, receiver, extended_message| Context {
        four_octet_as: ours.four_octet_as().is_some() && theirs.four_octet_as().is_some(),
        extended_message,
        external: remote.asn() != config.local_as && !config.confederation_member,
        allow_local_pref: config.allow_local_pref,
        allow_aigp: config.allow_aigp,
        add_path: paths(sender, receiver).into_iter().collect(),
    };
    let filters = |from: &Capabilities, to: &Capabilities| {
        let way = |of: &Capabilities, family| of.orf(family, OrfType::ADDRESS_PREFIX);
        of(&|family| {
            matches!(way(from, family), Some(OrfDirection::SEND | OrfDirection::BOTH))
                && matches!(way(to, family), Some(OrfDirection::RECEIVE | OrfDirection::BOTH))
        })
    };
    let hold_time = Duration::from_secs(u64::from(local.hold_time.min(remote.hold_time)));
    Ok(Negotiated {
        local_as: config.local_as,
        remote_as: remote.asn(),
        remote_id: remote.bgp_identifier,
        send: context(ours, theirs, both(&Capability::ExtendedMessage)),
        // RFC 8654 §4: who offers it has to take what the other sends.
        receive: context(theirs, ours, ours.contains(&Capability::ExtendedMessage)),
        hold_time,
        keepalive_time: keepalive_time(config, hold_time),
        extended_next_hop: of(&|family| {
            [ours, theirs].iter().all(|open| open.has_extended_next_hop(family, Afi::IPV6))
        }),
        route_refresh: both(&Capability::RouteRefresh),
        enhanced_refresh: both(&Capability::EnhancedRouteRefresh),
        filters_received: filters(theirs, ours),
        filters_sent: filters(ours, theirs),
        link_local_next_hop: both(&Capability::LinkLocalNextHop),
        role: config
            .role
            .filter(|_| remote.asn() != config.local_as && !config.confederation_member),
        graceful_restart: graceful_restart(config, &local, &remote, &families),
        long_lived: long_lived(config, &local, &remote, &families),
        families,
        endpoints,
        local,
        remote,
    })
}

const fn sends(direction: Option<AddPathDirection>) -> bool {
    matches!(direction, Some(AddPathDirection::SEND | AddPathDirection::BOTH))
}

const fn receives(direction: Option<AddPathDirection>) -> bool {
    matches!(direction, Some(AddPathDirection::RECEIVE | AddPathDirection::BOTH))
}

fn keepalive_time(config: &SessionConfig, hold_time: Duration) -> Duration {
    let third = hold_time / 3;
    match config.keepalive_time {
        Some(time) => time.max(Duration::from_secs(1)).min(third),
        None => third,
    }
}

/// RFC 4760 §8; a speaker that says nothing of families means IPv4 unicast.
fn common_families(config: &SessionConfig, local: &Open, remote: &Open) -> Families {
    let offers = |open: &Open, family: Family| {
        let mut families = open.capabilities.families().peekable();
        if families.peek().is_none() {
            return family == Family::IPV4_UNICAST;
        }
        families.any(|other| other == family)
    };
    let families = config.families.iter().map(|one| one.family);
    families.filter(|family| offers(local, *family) && offers(remote, *family)).collect()
}

/// RFC 5492 §3: the data of the error are the capabilities that are missing.
fn required(
    config: &SessionConfig,
    local: &Open,
    remote: &Open,
    common: &Families,
) -> Result<(), OpenError> {
    let none = common.is_empty() && !config.families.is_empty();
    let families = config.families.iter();
    let families = families.filter(|one| none || (one.required && !common.contains(&one.family)));
    let mut missing: Capabilities =
        families.map(|one| Capability::Multiprotocol(one.family)).collect();
    let has = |code: CapabilityCode| move |capability: &&Capability| capability.code() == code;
    for code in &config.required {
        if remote.capabilities.iter().any(|capability| has(*code)(&capability)) {
            continue;
        }
        let ours = local.capabilities.iter().find(has(*code)).cloned();
        missing.push(
            ours.unwrap_or_else(|| Capability::Unknown { code: *code, value: bytes::Bytes::new() }),
        );
    }
    if missing.iter().next().is_none() {
        return Ok(());
    }
    Err(OpenError::MissingCapability { capabilities: missing.to_bytes() })
}

fn graceful_restart(
    config: &SessionConfig,
    local: &Open,
    remote: &Open,
    families: &Families,
) -> Option<GracefulRestart> {
    let (Some(config), Some(ours)) =
        (&config.graceful_restart, local.capabilities.graceful_restart())
    else {
        return None;
    };
    let mut theirs = remote.capabilities.graceful_restart()?.clone();
    theirs.families.retain(|one| families.contains(&one.family));
    let (least, most) = config.neighbor_restart_time;
    let time = Duration::from_secs(theirs.restart_time.into()).max(least).min(most);
    theirs.restart_time = u16::try_from(time.as_secs()).unwrap_or(u16::MAX);
    theirs.notification &= ours.notification;
    Some(theirs)
}

fn long_lived(
    config: &SessionConfig,
    local: &Open,
    remote: &Open,
    families: &Families,
) -> SmallVec<[LongLivedFamily; 2]> {
    let (Some((least, most)), Some(_), Some(theirs)) = (
        config.long_lived,
        local.capabilities.long_lived_graceful_restart(),
        remote.capabilities.long_lived_graceful_restart(),
    ) else {
        return SmallVec::new();
    };
    let bounded = |one: &LongLivedFamily| {
        let time = Duration::from_secs(one.stale_time.into()).max(least).min(most);
        let stale_time = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        LongLivedFamily { stale_time, ..*one }
    };
    let common = theirs.iter().filter(|one| families.contains(&one.family) && one.stale_time > 0);
    common.map(bounded).collect()
}

impl SessionConfig {
    /// What is configured for a family.
    pub fn family(&self, family: Family) -> Option<&FamilyConfig> {
        self.families.iter().find(|one| one.family == family)
    }
}
