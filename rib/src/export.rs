//! What a neighbour is told of a route, and with which attributes (RFC 4271 §5.1, RFC 4456, RFC 5065).

pub(crate) mod next_hop;

use core::net::Ipv4Addr;

use bgp_wire::{
    Aigp, AttributeCode, AttributesRef, Community, Context, Family, NextHop, Origin,
    PathAttributes, RawAttribute, Role,
};
use smallvec::SmallVec;

use self::next_hop::{Chosen, NextHopRules};
use crate::as_path::AsPathRule;
use crate::channel::{ChannelConfig, PeerConfig, Source};
use crate::facts::{AttributeFacts, Marks};
use crate::in_order::InOrder;
use crate::next_hop::NextHopKey;
use crate::only_to_customer as otc;
use crate::options::{AigpSession, SessionKind};
use crate::policy::Filter;
use crate::table::TableId;

/// Flags of attributes that are added here.
const WELL_KNOWN: u8 = 0x40;
const OPTIONAL: u8 = 0x80;
const OPTIONAL_TRANSITIVE: u8 = 0xc0;

/// All that decides what a neighbour is told: neighbours with equal rules form an update group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ExportRules {
    pub(crate) table: TableId,
    pub(crate) family: Family,
    pub(crate) filter: Filter,
    pub(crate) context: Context,
    kind: SessionKind,
    /// Marks that keep any route from the neighbour
    never: Marks,
    /// Marks that keep a received route from it
    not_onward: Marks,
    path: AsPathRule,
    next_hop: NextHopRules,
    /// Where it may come with the neighbour's routes: LOCAL_PREF of a route that has none
    local_pref: Option<u32>,
    route_server_client: bool,
    allow_med: bool,
    llgr_partial_deployment: bool,
    graceful_shutdown: bool,
    aigp: bool,
    aigp_originate: bool,
    /// Where the rules of RFC 9234 §5 are for this family.
    role: Option<Role>,
    /// Our AS as an Only to Customer attribute of ours says it
    shown_as: u32,
    /// Our Member-AS number, which is not to leave the confederation in such an attribute
    hidden_as: Option<u32>,
    reflection: Reflection,
}

/// RFC 4456, for internal neighbours; the same for all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Reflection {
    client: bool,
    client_to_client: bool,
    cluster_id: Ipv4Addr,
}

/// A route on its way to a neighbour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outgoing<'a> {
    pub(crate) source: &'a Source,
    /// Canonical, as they are in the table or as the export filter left them
    pub(crate) attributes: AttributesRef<'a>,
    pub(crate) next_hop: Option<NextHopKey>,
    /// Cost of reaching the next hop; `None`: it cannot be reached
    pub(crate) metric: Option<u32>,
    /// The export filter set MULTI_EXIT_DISC: it goes to any neighbour.
    pub(crate) med_set: bool,
    /// The export filter set the next hop: it goes out as it is.
    pub(crate) next_hop_set: bool,
}

impl ExportRules {
    pub(crate) fn new(peer: &PeerConfig, channel: &ChannelConfig) -> Self {
        let kind = peer.kind();
        let inside = kind.is_inside();
        let role = otc::role(peer).filter(|_| otc::covers(channel.family));
        let confederation = peer.confederation.filter(|_| !inside);
        let takes_local_pref = inside || peer.allow_local_pref;
        Self {
            table: channel.table,
            family: channel.family,
            filter: channel.export_filter(peer),
            context: peer.send.clone(),
            kind,
            never: never(peer, role),
            not_onward: not_onward(peer),
            path: AsPathRule::new(peer),
            next_hop: NextHopRules::new(peer, channel),
            local_pref: takes_local_pref.then_some(peer.default_local_pref),
            route_server_client: peer.route_server_client,
            allow_med: peer.announce.allow_med,
            llgr_partial_deployment: is_partial_deployment(peer),
            graceful_shutdown: channel.graceful_shutdown,
            aigp: channel.aigp.is_enabled(kind),
            aigp_originate: channel.aigp == AigpSession::Originate,
            role,
            shown_as: peer.shown_as(),
            hidden_as: confederation
                .filter(|confederation| confederation.identifier != peer.local_as)
                .map(|_| peer.local_as),
            reflection: Reflection::new(peer),
        }
    }

    /// Whether the protocol allows the route to be told at all.
    pub(crate) fn allows(&self, source: &Source, facts: &AttributeFacts) -> bool {
        if facts.marks.intersects(self.never) {
            return false;
        }
        // RFC 1997 speaks of received routes: what the host sets on its own ones is for the neighbour to read.
        source.peer.as_ref().is_none_or(|from| {
            !facts.marks.intersects(self.not_onward)
                && (self.kind != SessionKind::Internal || self.reflection.allows(from))
        })
    }

    /// Writes the attributes as the neighbour gets them, and says which next hop goes with them; `None`: the route
    /// cannot be told.
    pub(crate) fn write(&self, route: &Outgoing<'_>, out: &mut PathAttributes) -> Option<NextHop> {
        let chosen = self.next_hop.choose(route)?;
        let attributes = route.attributes;
        let own_route = route.source.peer.is_none();
        let mut left = InOrder::new(attributes.iter());
        out.clear();
        left.take(AttributeCode::ORIGIN);
        let origin = attributes.origin().unwrap_or(Origin::Igp);
        out.append(WELL_KNOWN, AttributeCode::ORIGIN, &[origin.code()]);
        left.take(AttributeCode::AS_PATH);
        self.path.write(attributes.as_path(), out);
        // RFC 4271 §5.1.4: MULTI_EXIT_DISC does not go on to other neighbouring ASes; RFC 5065 §5.2, RFC 7947
        // §2.2.3: to members of the confederation and to clients of a route server it does.
        let keep_med = self.kind.is_inside()
            || self.route_server_client
            || self.allow_med
            || route.med_set
            || own_route;
        if let Some(raw) = left.take(AttributeCode::MULTI_EXIT_DISC).filter(|_| keep_med) {
            out.append(OPTIONAL, raw.code, raw.value);
        }
        let added = self.added_communities(attributes, own_route);
        let received = left.take(AttributeCode::LOCAL_PREF);
        if let Some(default) = self.local_pref {
            let preference = match received.and_then(|raw| raw.value.try_into().ok()) {
                _ if added.is_last_resort && self.kind.is_inside() => 0,
                Some(value) => u32::from_be_bytes(value),
                None => default,
            };
            out.append(WELL_KNOWN, AttributeCode::LOCAL_PREF, &preference.to_be_bytes());
        }
        left.copy_below(AttributeCode::COMMUNITIES, out);
        write_communities(left.take(AttributeCode::COMMUNITIES), &added.list, out);
        self.write_reflection(route.source, &mut left, out);
        self.write_extended(left.take_after(AttributeCode::EXTENDED_COMMUNITIES, out), 8, out);
        self.write_extended(
            left.take_after(AttributeCode::IPV6_EXTENDED_COMMUNITIES, out),
            20,
            out,
        );
        let aigp = left.take_after(AttributeCode::AIGP, out);
        self.write_aigp(aigp, &chosen, route.metric, own_route, out);
        match (left.take_after(AttributeCode::ONLY_TO_CUSTOMER, out), self.role) {
            // RFC 9234 §5: it leaves a confederation with no other number than its identifier.
            (Some(raw), _) if self.hides(raw.value) => return None,
            (Some(raw), _) => {
                out.append(raw.flags, raw.code, raw.value);
            }
            // RFC 9234 §5, egress 1
            (None, Some(role)) if otc::is_added(role) => {
                otc::append(self.shown_as, own_route, out);
            }
            (None, _) => {}
        }
        // RFC 8669 §5: not outside the AS, unless that is configured.
        if let Some(raw) = left.take_after(AttributeCode::PREFIX_SID, out)
            && self.kind.is_inside()
        {
            out.append(raw.flags, raw.code, raw.value);
        }
        left.copy_rest(out);
        Some(chosen.next_hop)
    }

    fn hides(&self, only_to_customer: &[u8]) -> bool {
        self.hidden_as.is_some_and(|asn| asn.to_be_bytes() == *only_to_customer)
    }

    fn added_communities(&self, attributes: AttributesRef<'_>, own_route: bool) -> Added {
        let mut added = Added::default();
        // RFC 9494 §4.6
        let communities = || attributes.value(AttributeCode::COMMUNITIES).unwrap_or_default();
        if self.llgr_partial_deployment
            && Marks::of_communities(communities()).intersects(Marks::LLGR_STALE)
        {
            added.list.push(Community::NO_EXPORT);
            added.is_last_resort = true;
        }
        // RFC 8326 §4.2: towards the neighbour whose session is shut down all routes, inside those of a router that
        // is shut down as a whole; the others have it since they came in.
        if self.graceful_shutdown && (self.kind == SessionKind::External || own_route) {
            added.list.push(Community::GRACEFUL_SHUTDOWN);
            added.is_last_resort = true;
        }
        added
    }

    /// ORIGINATOR_ID and CLUSTER_LIST (RFC 4456 §8): between internal neighbours, and of no meaning to others.
    fn write_reflection<'a>(
        &self,
        source: &Source,
        left: &mut InOrder<'a, impl Iterator<Item = RawAttribute<'a>>>,
        out: &mut PathAttributes,
    ) {
        let originator = left.take_after(AttributeCode::ORIGINATOR_ID, out);
        let clusters = left.take_after(AttributeCode::CLUSTER_LIST, out);
        let Some(from) = source.peer.as_ref() else { return };
        if self.kind != SessionKind::Internal || !from.is_internal() {
            return;
        }
        let created = from.remote_id.octets();
        let originator = originator.map_or(&created[..], |raw| raw.value);
        out.append(OPTIONAL, AttributeCode::ORIGINATOR_ID, originator);
        let mut list: SmallVec<[u8; 64]> = SmallVec::new();
        // The route leaves the cluster it came from and enters that of the neighbour: mostly the same one.
        if self.reflection.client {
            list.extend_from_slice(&self.reflection.cluster_id.octets());
        }
        if from.reflector_client
            && !(self.reflection.client && self.reflection.cluster_id == from.cluster_id)
        {
            list.extend_from_slice(&from.cluster_id.octets());
        }
        list.extend_from_slice(clusters.map_or(&[], |raw| raw.value));
        out.append(OPTIONAL, AttributeCode::CLUSTER_LIST, &list);
    }

    /// RFC 4360 §6: communities that are not transitive are removed at the boundary of the AS, not at that between
    /// members of a confederation. RFC 7947 §2.2.4: nor by a route server.
    fn write_extended(&self, raw: Option<RawAttribute<'_>>, size: usize, out: &mut PathAttributes) {
        let Some(raw) = raw else { return };
        if self.kind.is_inside() || self.route_server_client {
            out.append(raw.flags, raw.code, raw.value);
            return;
        }
        let is_transitive = |item: &&[u8]| item.first().is_some_and(|kind| kind & 0x40 == 0);
        let items = raw.value.chunks_exact(size).filter(is_transitive);
        let transitive: SmallVec<[u8; 64]> = items.flatten().copied().collect();
        if !transitive.is_empty() {
            out.append(raw.flags, raw.code, &transitive);
        }
    }

    fn write_aigp(
        &self,
        raw: Option<RawAttribute<'_>>,
        chosen: &Chosen,
        metric: Option<u32>,
        own_route: bool,
        out: &mut PathAttributes,
    ) {
        // RFC 7311 §3.3
        if !self.aigp {
            return;
        }
        let code = AttributeCode::AIGP;
        match (raw, metric) {
            // RFC 7311 §3.4.3: it does not change while the next hop stays.
            (Some(raw), _) if !chosen.is_own => {
                out.append(raw.flags, raw.code, raw.value);
            }
            // With ourselves as next hop it grows by the distance, and not by zero.
            (Some(raw), Some(metric)) => {
                if let Some(value) = increased_aigp(raw.value, metric.max(1)) {
                    out.append(raw.flags, code, &value);
                }
            }
            // RFC 7311 §3.4.1
            (None, Some(metric)) if self.aigp_originate && own_route && chosen.is_own => {
                let mut value = [1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0];
                if let Some(place) = value.last_chunk_mut() {
                    *place = u64::from(metric).to_be_bytes();
                }
                out.append(OPTIONAL, code, &value);
            }
            _ => {}
        }
    }
}

/// What is added to the communities of a route.
#[derive(Default)]
struct Added {
    list: SmallVec<[Community; 2]>,
    /// Inside it gets LOCAL_PREF 0.
    is_last_resort: bool,
}

impl Reflection {
    fn new(peer: &PeerConfig) -> Self {
        let is_client = peer.is_internal() && peer.reflector_client;
        Self {
            client: is_client,
            client_to_client: !is_client || peer.announce.client_to_client,
            cluster_id: if is_client { peer.cluster_id } else { Ipv4Addr::UNSPECIFIED },
        }
    }

    /// RFC 4456 §6: a route of a client goes to all, that of another internal neighbour to clients.
    fn allows(&self, from: &PeerConfig) -> bool {
        if !from.is_internal() {
            return true;
        }
        if from.reflector_client {
            // Clients that are fully meshed know it already.
            return self.client_to_client || !self.client || self.cluster_id != from.cluster_id;
        }
        self.client
    }
}

/// Marks that keep any route from the neighbour.
fn never(peer: &PeerConfig, role: Option<Role>) -> Marks {
    // RFC 9234 §5, egress 2
    let leak = Marks::ONLY_TO_CUSTOMER.when(role.is_some_and(otc::is_kept_back));
    // RFC 9774 §3
    let sets = Marks::AS_SET.when(!peer.allow_as_sets);
    // RFC 9494 §4.3
    let allowed = peer.long_lived_graceful_restart || is_partial_deployment(peer);
    leak.with(sets).with(Marks::LLGR_STALE.when(!allowed))
}

/// RFC 9494 §4.6: stale routes for a neighbour inside that does not have the capability.
const fn is_partial_deployment(peer: &PeerConfig) -> bool {
    peer.announce.llgr_partial_deployment
        && !peer.long_lived_graceful_restart
        && peer.kind().is_inside()
}

/// Marks that keep a received route from the neighbour.
fn not_onward(peer: &PeerConfig) -> Marks {
    let options = &peer.announce;
    if !options.interpret_communities {
        return Marks::NONE;
    }
    let (kind, external) = (peer.kind(), peer.kind() == SessionKind::External);
    // RFC 1997: beyond the confederation, to anybody, beyond the Member-AS
    Marks::NO_ADVERTISE
        .with(Marks::NO_EXPORT.when(external))
        .with(Marks::NO_EXPORT_SUBCONFED.when(kind != SessionKind::Internal))
        // RFC 7999 §3.2
        .with(Marks::BLACKHOLE.when(external && !options.blackhole))
        // RFC 3765 §2
        .with(Marks::NOPEER.when(external && options.bilateral_peer))
}

/// Writes COMMUNITIES with those of `added` that are not there yet.
pub(crate) fn write_communities(
    raw: Option<RawAttribute<'_>>,
    added: &[Community],
    out: &mut PathAttributes,
) {
    let (flags, value) = raw.map_or((OPTIONAL_TRANSITIVE, &[][..]), |raw| (raw.flags, raw.value));
    let added = added.iter().map(|community| community.0.to_be_bytes());
    let mut missing = added.filter(|item| !value.chunks_exact(4).any(|other| other == item));
    let Some(first) = missing.next() else {
        if let Some(raw) = raw {
            out.append(raw.flags, raw.code, raw.value);
        }
        return;
    };
    let mut list: SmallVec<[u8; 128]> = SmallVec::from_slice(value);
    list.extend_from_slice(&first);
    missing.for_each(|item| list.extend_from_slice(&item));
    out.append(flags, AttributeCode::COMMUNITIES, &list);
}

/// The attribute with the metric of its first AIGP TLV increased (RFC 7311 §3.4.3); all else stays. `None`: the
/// metric is at its maximum, which a receiver discards (§3.2).
fn increased_aigp(value: &[u8], by: u32) -> Option<SmallVec<[u8; 32]>> {
    let mut increased = SmallVec::from_slice(value);
    let mut start = 0;
    for tlv in Aigp::new(value).tlvs() {
        let end = start + 3 + tlv.value.len();
        if tlv.kind == 1 {
            let place = increased.get_mut(start + 3..end).and_then(|place| place.try_into().ok());
            if let Some(place) = place {
                let place: &mut [u8; 8] = place;
                let sum = u64::from_be_bytes(*place).saturating_add(by.into());
                if sum == u64::MAX {
                    return None;
                }
                *place = sum.to_be_bytes();
            }
            break;
        }
        start = end;
    }
    Some(increased)
}
