//! What a neighbour is told of a route, and with which attributes (RFC 4271 §5.1, RFC 4456, RFC 5065).

pub(crate) mod next_hop;

use core::net::Ipv4Addr;
use core::time::Duration;

use bgp_wire::{
    Aigp, AsPath, AttributeCode, AttributesRef, Community, Context, Family, NextHop, Origin,
    PathAttributes, RawAttribute, Role,
};
use smallvec::SmallVec;

use self::next_hop::NextHopRules;
use crate::as_path::AsPathRule;
use crate::channel::{AddPath, ChannelConfig, Limit, PeerConfig, Source, SourceId};
use crate::facts::{AttributeFacts, Marks};
use crate::in_order::in_order;
use crate::next_hop::NextHopKey;
use crate::only_to_customer as otc;
use crate::options::{AigpSession, SessionKind};
use crate::policy::{Filter, Set};
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
    pub(crate) add_path: AddPath,
    pub(crate) min_route_advertisement_interval: Duration,
    pub(crate) enhanced_refresh: bool,
    pub(crate) default_originate: bool,
    limit: Option<Limit>,
    /// The one neighbour that has these rules
    alone: Option<SourceId>,
    /// Attributes that may have to be written although a route lacks them
    written: SmallVec<[AttributeCode; 8]>,
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
    /// What the export filter has set: MULTI_EXIT_DISC goes to any neighbour then, a next hop goes out as it is.
    pub(crate) set: Set,
}

impl ExportRules {
    pub(crate) fn new(peer: &PeerConfig, channel: &ChannelConfig) -> Self {
        let kind = peer.kind();
        let inside = kind.is_inside();
        let role = otc::role(peer).filter(|_| otc::covers(channel.family));
        let confederation = peer.confederation.filter(|_| !inside);
        let takes_local_pref = inside || peer.allow_local_pref;
        let (partial, originate) =
            (is_partial_deployment(peer), channel.aigp == AigpSession::Originate);
        let written = [
            (AttributeCode::ORIGIN, true),
            (AttributeCode::AS_PATH, true),
            (AttributeCode::LOCAL_PREF, takes_local_pref),
            (AttributeCode::COMMUNITIES, channel.graceful_shutdown || partial),
            (AttributeCode::ORIGINATOR_ID, kind == SessionKind::Internal),
            (AttributeCode::CLUSTER_LIST, kind == SessionKind::Internal),
            (AttributeCode::AIGP, originate),
            (AttributeCode::ONLY_TO_CUSTOMER, role.is_some_and(otc::is_added)),
        ];
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
            llgr_partial_deployment: partial,
            graceful_shutdown: channel.graceful_shutdown,
            aigp: channel.aigp.is_enabled(kind),
            aigp_originate: originate,
            role,
            shown_as: peer.shown_as(),
            hidden_as: confederation
                .filter(|confederation| confederation.identifier != peer.local_as)
                .map(|_| peer.local_as),
            reflection: Reflection::new(peer),
            add_path: if peer.send.has_add_path(channel.family) {
                channel.add_path
            } else {
                AddPath::Off
            },
            min_route_advertisement_interval: channel.min_route_advertisement_interval,
            enhanced_refresh: peer.enhanced_refresh,
            default_originate: channel.default_originate,
            limit: channel.export_limit,
            alone: None,
            written: written.iter().filter(|(_, may)| *may).map(|(code, _)| *code).collect(),
        }
    }

    /// The rules of this neighbour and no other.
    pub(crate) fn alone(self, source: SourceId) -> Self {
        Self { alone: Some(source), ..self }
    }

    /// Whether a network may be told with several paths (RFC 7911).
    pub(crate) fn adds_paths(&self) -> bool {
        self.add_path != AddPath::Off
    }

    /// The most routes that are told.
    pub(crate) const fn limit(&self) -> Option<Limit> {
        self.limit
    }

    /// Whether what is told of a route depends on the cost of reaching its next hop (RFC 7311 §3.4).
    pub(crate) const fn tells_cost(&self, source: &Source, facts: &AttributeFacts) -> bool {
        self.aigp && (facts.aigp.is_some() || (self.aigp_originate && source.peer.is_none()))
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
        let mut writing = Writing {
            rules: self,
            route,
            own_route: route.source.peer.is_none(),
            own_next_hop: chosen.is_own,
            reflected_from: self.reflected_from(route.source),
            added: Added::default(),
            hidden: false,
            out,
        };
        writing.add_communities();
        writing.out.clear();
        in_order(route.attributes, &self.written, |code, raw| writing.attribute(code, raw));
        (!writing.hidden).then_some(chosen.next_hop)
    }

    /// RFC 4360 §6: communities that are not transitive are removed at the boundary of the AS, not at that between
    /// members of a confederation. RFC 7947 §2.2.4: nor by a route server.
    const fn is_boundary(&self) -> bool {
        !self.kind.is_inside() && !self.route_server_client
    }

    fn hides(&self, only_to_customer: &[u8]) -> bool {
        self.hidden_as.is_some_and(|asn| asn.to_be_bytes() == *only_to_customer)
    }

    /// RFC 4456: the neighbour whose route is reflected, between internal ones.
    fn reflected_from<'a>(&self, source: &'a Source) -> Option<&'a PeerConfig> {
        let from = source.peer.as_ref()?;
        (self.kind == SessionKind::Internal && from.is_internal()).then_some(from)
    }
}

/// A route while it is written.
struct Writing<'a> {
    rules: &'a ExportRules,
    route: &'a Outgoing<'a>,
    own_route: bool,
    own_next_hop: bool,
    reflected_from: Option<&'a PeerConfig>,
    added: Added,
    /// It says something that is not to leave the confederation.
    hidden: bool,
    out: &'a mut PathAttributes,
}

impl Writing<'_> {
    #[inline]
    fn attribute(&mut self, code: AttributeCode, raw: Option<RawAttribute<'_>>) {
        let rules = self.rules;
        match (code, raw) {
            // What did not come by BGP counts as of the AS.
            (AttributeCode::ORIGIN, None) => self.put(WELL_KNOWN, code, &[Origin::Igp.code()]),
            (AttributeCode::AS_PATH, raw) => {
                let path = raw.map_or_else(AsPath::default, |raw| AsPath::new(raw.value));
                rules.path.write(path, self.out);
            }
            (AttributeCode::MULTI_EXIT_DISC, Some(raw)) if self.keeps_med() => self.copy(&raw),
            (AttributeCode::MULTI_EXIT_DISC, _) => {}
            (AttributeCode::LOCAL_PREF, raw) => self.local_pref(raw),
            (AttributeCode::COMMUNITIES, raw) if !self.added.list.is_empty() => {
                write_communities(raw, &self.added.list, self.out);
            }
            // RFC 4456 §8: of no meaning where nothing is reflected
            (AttributeCode::ORIGINATOR_ID | AttributeCode::CLUSTER_LIST, raw) => {
                if let Some(from) = self.reflected_from {
                    self.reflection(from, code, raw);
                }
            }
            (AttributeCode::EXTENDED_COMMUNITIES, Some(raw)) if rules.is_boundary() => {
                self.transitive(&raw, 8);
            }
            (AttributeCode::IPV6_EXTENDED_COMMUNITIES, Some(raw)) if rules.is_boundary() => {
                self.transitive(&raw, 20);
            }
            (AttributeCode::AIGP, raw) => self.aigp(raw),
            (AttributeCode::ONLY_TO_CUSTOMER, raw) => self.only_to_customer(raw),
            // RFC 8669 §5: not outside the AS, unless that is configured.
            (AttributeCode::PREFIX_SID, Some(_)) if !rules.kind.is_inside() => {}
            (_, Some(raw)) => self.copy(&raw),
            (_, None) => {}
        }
    }

    fn put(&mut self, flags: u8, code: AttributeCode, value: &[u8]) {
        self.out.append(flags, code, value);
    }

    fn copy(&mut self, raw: &RawAttribute<'_>) {
        self.out.append(raw.flags, raw.code, raw.value);
    }

    /// RFC 4271 §5.1.4: MULTI_EXIT_DISC does not go on to other neighbouring ASes; RFC 5065 §5.2, RFC 7947 §2.2.3:
    /// to members of the confederation and to clients of a route server it does.
    const fn keeps_med(&self) -> bool {
        self.rules.kind.is_inside()
            || self.rules.route_server_client
            || self.rules.allow_med
            || self.route.set.med
            || self.own_route
    }

    /// RFC 4271 §5.1.5: to neighbours inside always.
    fn local_pref(&mut self, raw: Option<RawAttribute<'_>>) {
        let Some(default) = self.rules.local_pref else { return };
        let value = match raw {
            _ if self.added.is_last_resort && self.rules.kind.is_inside() => [0; 4],
            Some(raw) => return self.copy(&raw),
            None => default.to_be_bytes(),
        };
        self.put(WELL_KNOWN, AttributeCode::LOCAL_PREF, &value);
    }

    fn add_communities(&mut self) {
        let rules = self.rules;
        // RFC 9494 §4.6
        if rules.llgr_partial_deployment {
            let value = self.route.attributes.value(AttributeCode::COMMUNITIES);
            if Marks::of_communities(value.unwrap_or_default()).intersects(Marks::LLGR_STALE) {
                self.added.list.push(Community::NO_EXPORT);
                self.added.is_last_resort = true;
            }
        }
        // RFC 8326 §4.2: towards the neighbour whose session is shut down all routes, inside those of a router that
        // is shut down as a whole; the others have it since they came in.
        if rules.graceful_shutdown && (rules.kind == SessionKind::External || self.own_route) {
            self.added.list.push(Community::GRACEFUL_SHUTDOWN);
            self.added.is_last_resort = true;
        }
    }

    /// RFC 4456 §8
    fn reflection(
        &mut self,
        from: &PeerConfig,
        code: AttributeCode,
        raw: Option<RawAttribute<'_>>,
    ) {
        let value = raw.map(|raw| raw.value);
        if code == AttributeCode::ORIGINATOR_ID {
            let created = from.remote_id.octets();
            return self.put(OPTIONAL, code, value.unwrap_or(&created));
        }
        let to = &self.rules.reflection;
        let mut list: SmallVec<[u8; 64]> = SmallVec::new();
        // The route leaves the cluster it came from and enters that of the neighbour: mostly the same one.
        if to.client {
            list.extend_from_slice(&to.cluster_id.octets());
        }
        if from.reflector_client && !(to.client && to.cluster_id == from.cluster_id) {
            list.extend_from_slice(&from.cluster_id.octets());
        }
        list.extend_from_slice(value.unwrap_or_default());
        self.put(OPTIONAL, code, &list);
    }

    /// Writes the transitive ones of a list of communities of `size` octets.
    fn transitive(&mut self, raw: &RawAttribute<'_>, size: usize) {
        let is_transitive = |item: &[u8]| item.first().is_some_and(|kind| kind & 0x40 == 0);
        if raw.value.chunks_exact(size).all(is_transitive) {
            return self.copy(raw);
        }
        let items = raw.value.chunks_exact(size).filter(|item| is_transitive(item));
        let kept: SmallVec<[u8; 64]> = items.flatten().copied().collect();
        if !kept.is_empty() {
            self.put(raw.flags, raw.code, &kept);
        }
    }

    fn aigp(&mut self, raw: Option<RawAttribute<'_>>) {
        // RFC 7311 §3.3
        if !self.rules.aigp {
            return;
        }
        match (raw, self.route.metric) {
            // RFC 7311 §3.4.3: it does not change while the next hop stays.
            (Some(raw), _) if !self.own_next_hop => self.copy(&raw),
            // With ourselves as next hop it grows by the distance, and not by zero.
            (Some(raw), Some(metric)) => {
                if let Some(value) = increased_aigp(raw.value, metric.max(1)) {
                    self.put(raw.flags, raw.code, &value);
                }
            }
            // RFC 7311 §3.4.1
            (None, Some(metric))
                if self.rules.aigp_originate && self.own_route && self.own_next_hop =>
            {
                let mut value = [1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0];
                if let Some(place) = value.last_chunk_mut() {
                    *place = u64::from(metric).to_be_bytes();
                }
                self.put(OPTIONAL, AttributeCode::AIGP, &value);
            }
            _ => {}
        }
    }

    /// RFC 9234 §5
    fn only_to_customer(&mut self, raw: Option<RawAttribute<'_>>) {
        match (raw, self.rules.role) {
            // It leaves a confederation with no other number than its identifier.
            (Some(raw), _) if self.rules.hides(raw.value) => self.hidden = true,
            (Some(raw), _) => self.copy(&raw),
            // Egress 1
            (None, Some(role)) if otc::is_added(role) => {
                otc::append(self.rules.shown_as, self.own_route, self.out);
            }
            (None, _) => {}
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
