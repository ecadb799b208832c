//! Which received routes are taken, and what becomes of their attributes before a filter sees them (RFC 4271 §6.3,
//! §9, RFC 4456 §8, RFC 5065 §5).

use core::fmt;

use bgp_wire::{
    AsPath, AttributeCode, AttributesRef, Community, NextHop, PathAttributes, SegmentKind,
};
use smallvec::SmallVec;

use crate::as_path::{is_confederation, is_loop};
use crate::channel::{ChannelConfig, PeerConfig};
use crate::export::next_hop::{addresses, can_carry};
use crate::export::write_communities;
use crate::facts::{Marks, has_set};
use crate::in_order::in_order;
use crate::only_to_customer::{self as otc, Ingress};
use crate::options::SessionKind;

/// Flags of attributes that are added here.
const WELL_KNOWN: u8 = 0x40;

/// Why a received route is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// Our AS stands in AS_PATH (RFC 4271 §9.1.2, RFC 5065 §4).
    AsPathLoop,
    /// ORIGINATOR_ID is ours (RFC 4456 §8).
    OriginatorId,
    /// CLUSTER_LIST holds a cluster of ours (RFC 4456 §8).
    ClusterList,
    /// AS_PATH does not begin as it has to from this neighbour (RFC 4271 §6.3, RFC 5065 §5).
    FirstAs,
    /// AS_PATH has segments of a confederation, and the neighbour is in none of ours (RFC 5065 §5).
    ConfederationSegment,
    /// AS_PATH has an AS_SET or AS_CONFED_SET (RFC 9774 §3).
    AsSet,
    /// AS_PATH is too long.
    AsPathLength,
    /// The next hop is ourselves, or cannot be where the neighbour says (RFC 4271 §6.3).
    NextHop,
    /// It is leaked (RFC 9234 §5): what its Only to Customer attribute says.
    Leak(u32),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsPathLoop => "own AS in AS_PATH",
            Self::OriginatorId => "own ORIGINATOR_ID",
            Self::ClusterList => "own cluster in CLUSTER_LIST",
            Self::FirstAs => "AS_PATH does not begin with the neighbour's AS",
            Self::ConfederationSegment => "confederation segment in AS_PATH",
            Self::AsSet => "set in AS_PATH",
            Self::AsPathLength => "AS_PATH too long",
            Self::NextHop => "unusable next hop",
            Self::Leak(asn) => return write!(f, "route leak, for customers of AS {asn} only"),
        })
    }
}

/// A received route as it is kept, before the import filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received<'a> {
    pub(crate) attributes: AttributesRef<'a>,
    pub(crate) next_hop: NextHop,
}

/// Checks routes of a channel's family and edits their attributes, which are canonical, in `edited` where need be:
/// those that mean nothing from this neighbour are removed, LOCAL_PREF is always there.
pub(crate) fn receive<'a>(
    peer: &PeerConfig,
    channel: &ChannelConfig,
    attributes: AttributesRef<'a>,
    next_hop: NextHop,
    edited: &'a mut PathAttributes,
) -> Result<Received<'a>, Refusal> {
    check_path(peer, attributes)?;
    check_reflection(peer, attributes)?;
    let next_hop = usable_next_hop(peer, channel, next_hop)?;
    let only_to_customer = if otc::covers(channel.family) {
        match otc::ingress(peer, attributes) {
            Ingress::Leak(asn) => return Err(Refusal::Leak(asn)),
            Ingress::Add(asn) => Some(asn),
            Ingress::Keep => None,
        }
    } else {
        None
    };
    let edits = Edits { only_to_customer, ..Edits::new(peer, channel, attributes) };
    if edits.are_needed(attributes) {
        edits.write(attributes, edited);
        return Ok(Received { attributes: edited.view(), next_hop });
    }
    Ok(Received { attributes, next_hop })
}

fn check_path(peer: &PeerConfig, attributes: AttributesRef<'_>) -> Result<(), Refusal> {
    let path = attributes.as_path();
    let mut segments = path.segments();
    let first = segments.next();
    match peer.kind() {
        SessionKind::Internal => {}
        SessionKind::Confederation => {
            // RFC 5065 §5: from another Member-AS it begins with an AS_CONFED_SEQUENCE.
            let first = first
                .filter(|segment| segment.kind == SegmentKind::ConfedSequence)
                .ok_or(Refusal::FirstAs)?;
            if peer.receive.enforce_first_as && first.asns().next() != Some(peer.remote_as) {
                return Err(Refusal::FirstAs);
            }
        }
        SessionKind::External => {
            if path.segments().any(|segment| is_confederation(segment.kind)) {
                return Err(Refusal::ConfederationSegment);
            }
            if peer.receive.enforce_first_as && path.first() != Some(peer.remote_as) {
                return Err(Refusal::FirstAs);
            }
        }
    }
    if !peer.allow_as_sets && has_set(path) {
        return Err(Refusal::AsSet);
    }
    if peer.receive.most_as_hops.is_some_and(|most| path.len() > most) {
        return Err(Refusal::AsPathLength);
    }
    if is_loop(peer, path) { Err(Refusal::AsPathLoop) } else { Ok(()) }
}

/// RFC 4456 §8
fn check_reflection(peer: &PeerConfig, attributes: AttributesRef<'_>) -> Result<(), Refusal> {
    if !peer.is_internal() {
        return Ok(());
    }
    if attributes.originator_id() == Some(peer.router_id) {
        return Err(Refusal::OriginatorId);
    }
    let is_ours = |id| id == peer.cluster_id || peer.other_cluster_ids.contains(&id);
    if attributes.cluster_list().any(is_ours) { Err(Refusal::ClusterList) } else { Ok(()) }
}

/// RFC 4271 §6.3: a next hop that is semantically correct, as it is kept.
fn usable_next_hop(
    peer: &PeerConfig,
    channel: &ChannelConfig,
    received: NextHop,
) -> Result<NextHop, Refusal> {
    let own = channel.own_next_hop.map(|own| addresses(&own));
    let is_ours = |address| {
        address == peer.local_address
            || own.is_some_and(|(first, second)| first == address || second == Some(address))
    };
    let (address, link_local) = addresses(&received);
    if !received.is_host()
        || !can_carry(channel.family, channel.extended_next_hop, &received)
        || is_ours(address)
        || link_local.is_some_and(is_ours)
    {
        return Err(Refusal::NextHop);
    }
    // RFC 4271 §6.3 b: from an external neighbour one hop away, itself or on the common link
    let on_link = link_local.is_some()
        || address == peer.address
        || peer.link.iter().any(|net| net.contains(&address));
    let asked = peer.kind() == SessionKind::External
        && peer.interface.is_some()
        && !peer.link.is_empty()
        && !channel.any_next_hop
        && !peer.route_server_client;
    if asked && !on_link {
        return Err(Refusal::NextHop);
    }
    match received {
        // RFC 2545 §3: a link-local address means something on its own link only.
        NextHop::LinkLocal(_) if peer.interface.is_none() => Err(Refusal::NextHop),
        NextHop::V6(global, Some(_))
            if peer.interface.is_none()
                || channel.next_hop_prefer_global.applies(Some(peer.kind())) =>
        {
            Ok(NextHop::V6(global, None))
        }
        other => Ok(other),
    }
}

/// What changes in the attributes of a received route.
#[derive(Debug, Default)]
struct Edits {
    prepend: Option<u32>,
    local_pref: u32,
    remove_med: bool,
    communities: SmallVec<[Community; 2]>,
    remove_reflection: bool,
    remove_aigp: bool,
    remove_prefix_sid: bool,
    only_to_customer: Option<u32>,
}

impl Edits {
    fn new(peer: &PeerConfig, channel: &ChannelConfig, attributes: AttributesRef<'_>) -> Self {
        let kind = peer.kind();
        let external = kind == SessionKind::External;
        // RFC 4271 §5.1.5: from an external neighbour LOCAL_PREF means nothing.
        let received = attributes.local_pref().filter(|_| !external || peer.allow_local_pref);
        let mut edits = Self {
            // RFC 7705 §3.1
            prepend: peer
                .as_migration
                .filter(|migration| external && !migration.no_prepend_inbound)
                .map(|migration| migration.asn),
            local_pref: received.unwrap_or(peer.default_local_pref),
            remove_med: peer.receive.remove_med,
            // RFC 7606 §7.9, §7.10; RFC 4456 §8 makes them for one AS.
            remove_reflection: kind != SessionKind::Internal,
            // RFC 7311 §3.3
            remove_aigp: !channel.aigp.is_enabled(kind),
            // RFC 8669 §4
            remove_prefix_sid: external,
            ..Self::default()
        };
        if external {
            edits.follow_communities(peer, channel, attributes);
        }
        edits
    }

    fn follow_communities(
        &mut self,
        peer: &PeerConfig,
        channel: &ChannelConfig,
        attributes: AttributesRef<'_>,
    ) {
        let value = attributes.value(AttributeCode::COMMUNITIES).unwrap_or_default();
        let marks = Marks::of_communities(value);
        // RFC 8326 §4.1, §4.2
        if channel.graceful_shutdown {
            self.communities.push(Community::GRACEFUL_SHUTDOWN);
            self.local_pref = 0;
        } else if peer.receive.honor_graceful_shutdown && marks.intersects(Marks::GRACEFUL_SHUTDOWN)
        {
            self.local_pref = 0;
        }
        // RFC 7999 §3.2
        if peer.receive.confine_blackhole && marks.intersects(Marks::BLACKHOLE) {
            self.communities.push(Community::NO_EXPORT);
        }
    }

    const fn removes(&self, code: AttributeCode) -> bool {
        match code {
            AttributeCode::MULTI_EXIT_DISC => self.remove_med,
            AttributeCode::ORIGINATOR_ID | AttributeCode::CLUSTER_LIST => self.remove_reflection,
            AttributeCode::AIGP => self.remove_aigp,
            AttributeCode::PREFIX_SID => self.remove_prefix_sid,
            _ => false,
        }
    }

    fn are_needed(&self, attributes: AttributesRef<'_>) -> bool {
        self.prepend.is_some()
            || !self.communities.is_empty()
            || self.only_to_customer.is_some()
            || attributes.local_pref() != Some(self.local_pref)
            || attributes.iter().any(|raw| self.removes(raw.code))
    }

    fn write(&self, attributes: AttributesRef<'_>, out: &mut PathAttributes) {
        const WRITTEN: [AttributeCode; 4] = [
            AttributeCode::AS_PATH,
            AttributeCode::LOCAL_PREF,
            AttributeCode::COMMUNITIES,
            AttributeCode::ONLY_TO_CUSTOMER,
        ];
        out.clear();
        in_order(attributes, &WRITTEN, |code, raw| match (code, raw) {
            _ if self.removes(code) => {}
            (AttributeCode::AS_PATH, raw) if let Some(asn) = self.prepend => {
                let path = raw.map_or_else(AsPath::default, |raw| AsPath::new(raw.value));
                out.append_prepended_path(asn, path);
            }
            (AttributeCode::LOCAL_PREF, _) => {
                out.append(WELL_KNOWN, code, &self.local_pref.to_be_bytes());
            }
            (AttributeCode::COMMUNITIES, raw) if !self.communities.is_empty() => {
                write_communities(raw, &self.communities, out);
            }
            (AttributeCode::ONLY_TO_CUSTOMER, None) => {
                if let Some(asn) = self.only_to_customer {
                    otc::append(asn, false, out);
                }
            }
            (_, Some(raw)) => {
                out.append(raw.flags, raw.code, raw.value);
            }
            (_, None) => {}
        });
    }
}
