//! What a neighbour is told of a route, and with which attributes (RFC 4271 §5.1, RFC 4456).

use core::net::Ipv4Addr;

use bgp_wire::{
    AttributeCode, AttributesRef, Context, Family, NextHop, Origin, PathAttributes, Role,
};
use smallvec::SmallVec;

use crate::channel::{ChannelConfig, NextHopMode, PeerConfig, Source};
use crate::facts::AttributeFacts;
use crate::next_hop::NextHopKey;
use crate::only_to_customer as otc;
use crate::policy::Filter;
use crate::table::TableId;

/// Flags of attributes that are added here.
const WELL_KNOWN: u8 = 0x40;
const OPTIONAL: u8 = 0x80;

/// All that decides what a neighbour is told: neighbours with equal rules form an update group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ExportRules {
    pub(crate) table: TableId,
    pub(crate) family: Family,
    pub(crate) filter: Filter,
    pub(crate) context: Context,
    local_as: u32,
    internal: bool,
    reflector_client: bool,
    route_server_client: bool,
    /// Where the rules of RFC 9234 §5 are for this family.
    role: Option<Role>,
    router_id: Ipv4Addr,
    cluster_id: Ipv4Addr,
    own_next_hop: Option<NextHop>,
    next_hop_self: NextHopMode,
    next_hop_keep: NextHopMode,
    extended_next_hop: bool,
    interface: Option<u32>,
}

/// Our end of the connection, where the family can have it as a next hop.
fn own_next_hop(peer: &PeerConfig, channel: &ChannelConfig) -> Option<NextHop> {
    let next_hop = NextHop::from(peer.local_address);
    can_carry(channel.family, channel.extended_next_hop, &next_hop).then_some(next_hop)
}

/// Whether routes of `family` may have such a next hop (RFC 8950).
fn can_carry(family: Family, extended_next_hop: bool, next_hop: &NextHop) -> bool {
    match next_hop {
        NextHop::V4(_) => family == Family::IPV4_UNICAST,
        NextHop::V6(..) | NextHop::LinkLocal(_) => {
            family != Family::IPV4_UNICAST || extended_next_hop
        }
    }
}

impl ExportRules {
    pub(crate) fn new(peer: &PeerConfig, channel: &ChannelConfig) -> Self {
        Self {
            table: channel.table,
            family: channel.family,
            filter: channel.export,
            context: peer.send.clone(),
            local_as: peer.local_as,
            internal: peer.is_internal(),
            reflector_client: peer.reflector_client,
            route_server_client: peer.route_server_client,
            role: otc::role(peer).filter(|_| otc::covers(channel.family)),
            router_id: peer.router_id,
            cluster_id: peer.cluster_id,
            own_next_hop: channel.own_next_hop.or_else(|| own_next_hop(peer, channel)),
            next_hop_self: channel.next_hop_self,
            next_hop_keep: channel.next_hop_keep,
            extended_next_hop: channel.extended_next_hop,
            interface: peer.interface,
        }
    }

    /// Whether the protocol allows the route to be told at all.
    pub(crate) fn allows(&self, source: &Source, facts: &AttributeFacts) -> bool {
        // RFC 1997
        if facts.no_advertise || (facts.no_export && !self.internal) {
            return false;
        }
        // RFC 9234 §5, egress 2
        if facts.only_to_customer && self.role.is_some_and(otc::is_kept_back) {
            return false;
        }
        // RFC 4456 §6: between non-clients nothing is reflected.
        let from_non_client =
            source.peer.as_ref().is_some_and(|peer| peer.is_internal() && !peer.reflector_client);
        !(self.internal && from_non_client && !self.reflector_client)
    }

    /// The next hop that is announced; `None`: the route has none that the neighbour could use.
    pub(crate) fn next_hop(
        &self,
        source: &Source,
        received: Option<NextHopKey>,
    ) -> Option<NextHop> {
        let own = self.own_next_hop;
        let Some(received) = received else { return own };
        let internal = source.is_internal();
        if self.next_hop_self.applies(internal) {
            return own;
        }
        let from = source.peer.as_ref();
        let same_link = self.interface.is_some()
            && self.interface == from.map_or(received.interface, |peer| peer.interface);
        let keep = self.next_hop_keep.applies(internal)
            || self.route_server_client
            // RFC 4271 §5.1.3 1: between internal peers the next hop stays, and so does a static route's.
            || self.internal
            // RFC 4271 §5.1.3 2: a third party on the common link.
            || same_link;
        // A link-local address means something on its own link only.
        let usable = match received.next_hop {
            NextHop::LinkLocal(_) => same_link && received.interface == self.interface,
            NextHop::V4(_) | NextHop::V6(..) => true,
        };
        let kept = match received.next_hop {
            NextHop::V6(global, Some(_)) if !same_link => NextHop::V6(global, None),
            other => other,
        };
        if keep && usable && can_carry(self.family, self.extended_next_hop, &kept) {
            Some(kept)
        } else {
            own
        }
    }

    /// Writes the attributes as the neighbour gets them.
    pub(crate) fn write_attributes(
        &self,
        source: &Source,
        attributes: AttributesRef<'_>,
        out: &mut PathAttributes,
    ) {
        out.clear();
        let origin = attributes.origin().unwrap_or(Origin::Igp);
        out.append(WELL_KNOWN, AttributeCode::ORIGIN, &[origin.code()]);
        let path = attributes.as_path();
        if self.internal || self.route_server_client {
            out.append(WELL_KNOWN, AttributeCode::AS_PATH, path.bytes());
        } else {
            out.append_prepended_path(self.local_as, path);
        }
        // RFC 4271 §5.1.4: MULTI_EXIT_DISC does not go on to other neighbouring ASes.
        let own_route = source.peer.is_none();
        let keep_med = self.internal || self.route_server_client || own_route;
        if let Some(med) = attributes.med().filter(|_| keep_med) {
            out.append(OPTIONAL, AttributeCode::MULTI_EXIT_DISC, &med.to_be_bytes());
        }
        if self.internal {
            let preference = attributes.local_pref().unwrap_or(100);
            out.append(WELL_KNOWN, AttributeCode::LOCAL_PREF, &preference.to_be_bytes());
        }
        let reflected = source.peer.as_ref().filter(|peer| self.internal && peer.is_internal());
        let mut reflection = reflected
            .map(|peer| (attributes.originator_id().unwrap_or(peer.remote_id), attributes));
        // RFC 9234 §5, egress 1
        let mut only_to_customer = self.role.filter(|role| otc::is_added(*role, attributes));
        for raw in attributes.iter().filter(|raw| raw.code > AttributeCode::LOCAL_PREF) {
            if raw.code > AttributeCode::COMMUNITIES
                && let Some((originator, attributes)) = reflection.take()
            {
                self.write_reflection(originator, attributes, out);
            }
            if raw.code > AttributeCode::ONLY_TO_CUSTOMER && only_to_customer.take().is_some() {
                otc::append(self.local_as, own_route, out);
            }
            match raw.code {
                // Written above, and of no meaning outside the AS (RFC 4456 §8).
                AttributeCode::ORIGINATOR_ID | AttributeCode::CLUSTER_LIST => {}
                // RFC 7311 §3.3, RFC 8669 §5: only where it was enabled, outside the AS.
                AttributeCode::AIGP | AttributeCode::PREFIX_SID if !self.internal => {}
                AttributeCode::IPV6_EXTENDED_COMMUNITIES if !self.internal => {
                    let transitive: SmallVec<[u8; 60]> = attributes
                        .ipv6_extended_communities()
                        .filter(|community| community.is_transitive())
                        .flat_map(|community| community.0)
                        .collect();
                    if !transitive.is_empty() {
                        out.append(raw.flags, raw.code, &transitive);
                    }
                }
                AttributeCode::EXTENDED_COMMUNITIES if !self.internal => {
                    // RFC 4360 §6: non-transitive ones stay inside the AS.
                    let transitive: SmallVec<[u8; 64]> = attributes
                        .extended_communities()
                        .filter(|community| community.is_transitive())
                        .flat_map(|community| community.0)
                        .collect();
                    if !transitive.is_empty() {
                        out.append(raw.flags, raw.code, &transitive);
                    }
                }
                _ => {
                    out.append(raw.flags, raw.code, raw.value);
                }
            }
        }
        if let Some((originator, attributes)) = reflection {
            self.write_reflection(originator, attributes, out);
        }
        if only_to_customer.is_some() {
            otc::append(self.local_as, own_route, out);
        }
    }

    /// RFC 4456 §8
    fn write_reflection(
        &self,
        originator: Ipv4Addr,
        attributes: AttributesRef<'_>,
        out: &mut PathAttributes,
    ) {
        out.append(OPTIONAL, AttributeCode::ORIGINATOR_ID, &originator.octets());
        let mut clusters: SmallVec<[u8; 32]> = SmallVec::from_slice(&self.cluster_id.octets());
        clusters
            .extend_from_slice(attributes.value(AttributeCode::CLUSTER_LIST).unwrap_or_default());
        out.append(OPTIONAL, AttributeCode::CLUSTER_LIST, &clusters);
    }
}
