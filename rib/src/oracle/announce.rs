//! What a neighbour is told.

use core::net::IpAddr;

use bgp_wire::{Afi, Community, Family, NextHop, Role, SegmentKind};
use proptest::prelude::*;

use super::model::{Attributes, Path, assert_same, assert_well_formed, attributes};
use super::sessions::{channels, next_hops, pair};
use crate::channel::{ChannelConfig, NextHopMode, PeerConfig, Source};
use crate::export::{ExportRules, Outgoing};
use crate::facts::AttributeFacts;
use crate::next_hop::NextHopKey;
use crate::options::{AigpSession, MissingLinkLocal, RemovePrivateAs};
use crate::route::RouteSource;

/// Where a neighbour stands, by its AS number alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Internal,
    Member,
    External,
}

pub(super) fn side(peer: &PeerConfig) -> Side {
    if peer.remote_as == peer.local_as {
        return Side::Internal;
    }
    match peer.confederation {
        Some(confederation) if confederation.member => Side::Member,
        _ => Side::External,
    }
}

pub(super) fn source(peer: Option<PeerConfig>) -> Source {
    let kind = if peer.is_some() { RouteSource::Bgp } else { RouteSource::Static };
    Source {
        up: true,
        name: "from".into(),
        kind,
        preference: 100,
        peer,
        channels: core::iter::empty().collect(),
    }
}

/// A route on the way to `to`.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) from: Option<PeerConfig>,
    pub(super) to: PeerConfig,
    pub(super) channel: ChannelConfig,
    pub(super) attributes: Attributes,
    pub(super) next_hop: Option<NextHopKey>,
    pub(super) metric: Option<u32>,
    pub(super) med_set: bool,
    pub(super) next_hop_set: bool,
}

impl Case {
    /// What the rules under test say; what they write has to be well-formed.
    pub(super) fn told(&self) -> Option<(bgp_wire::PathAttributes, NextHop)> {
        let rules = ExportRules::new(&self.to, &self.channel);
        let source = source(self.from.clone());
        let encoded = self.attributes.encode();
        if !rules.allows(&source, &AttributeFacts::new(encoded.view())) {
            return None;
        }
        let route = Outgoing {
            source: &source,
            attributes: encoded.view(),
            next_hop: self.next_hop,
            metric: self.metric,
            set: crate::Set { med: self.med_set, next_hop: self.next_hop_set },
        };
        let mut out = bgp_wire::PathAttributes::default();
        let next_hop = rules.write(&route, &mut out)?;
        // What is sent by agreement only, a decoder that knows of none would discard.
        let agreed = self.to.allow_local_pref || !matches!(self.channel.aigp, AigpSession::Usual);
        let external = side(&self.to) == Side::External && !agreed;
        if !(self.channel.family.afi == Afi::IPV6 && matches!(next_hop, NextHop::V4(_))) {
            assert_well_formed(out.view(), next_hop, self.channel.family, external);
        }
        Some((out, next_hop))
    }

    /// What the RFCs say.
    fn slow(&self) -> Option<(Attributes, NextHop)> {
        if !self.slow_allowed() {
            return None;
        }
        let (next_hop, is_own) = self.slow_next_hop()?;
        Some((self.slow_attributes(is_own)?, next_hop))
    }

    fn slow_allowed(&self) -> bool {
        let (to, route) = (&self.to, &self.attributes);
        let side = side(to);
        if let Some(from) = &self.from {
            if to.announce.interpret_communities {
                let barred = [
                    (Community::NO_ADVERTISE, true),
                    (Community::NO_EXPORT, side == Side::External),
                    (Community::NO_EXPORT_SUBCONFED, side != Side::Internal),
                    (Community::BLACKHOLE, side == Side::External && !to.announce.blackhole),
                    (Community::NOPEER, side == Side::External && to.announce.bilateral_peer),
                ];
                if barred.iter().any(|(community, applies)| *applies && route.has(*community)) {
                    return false;
                }
            }
            if from.is_internal() && side == Side::Internal {
                let within = from.reflector_client
                    && to.reflector_client
                    && from.cluster_id == to.cluster_id;
                if !from.reflector_client && !to.reflector_client
                    || within && !to.announce.client_to_client
                {
                    return false;
                }
            }
        }
        if route.has(Community::LLGR_STALE)
            && !to.long_lived_graceful_restart
            && !(to.announce.llgr_partial_deployment && side != Side::External)
        {
            return false;
        }
        if route.has_set() && !to.allow_as_sets {
            return false;
        }
        !(route.only_to_customer.is_some()
            && self.role().is_some_and(|role| {
                [Role::CUSTOMER, Role::PEER, Role::ROUTE_SERVER_CLIENT].contains(&role)
            }))
    }

    fn role(&self) -> Option<Role> {
        self.to.role.filter(|_| side(&self.to) == Side::External)
    }

    /// Our AS as a neighbour outside sees it.
    fn shown(&self) -> u32 {
        let outside = self
            .to
            .confederation
            .map_or(self.to.local_as, |confederation| confederation.identifier);
        self.to.as_migration.map_or(outside, |migration| migration.asn)
    }

    fn slow_path(&self) -> Path {
        let mut path = self.attributes.path.clone();
        match side(&self.to) {
            Side::Internal => return path,
            Side::Member => {
                put_in_front(SegmentKind::ConfedSequence, self.to.local_as, &mut path);
                return path;
            }
            Side::External => {}
        }
        path.retain(|(kind, _)| matches!(kind, SegmentKind::Set | SegmentKind::Sequence));
        if self.to.route_server_client || self.to.announce.as_path_unchanged {
            return path;
        }
        let is_private = |asn: u32| {
            (64512..=65534).contains(&asn) || (4_200_000_000..=4_294_967_294).contains(&asn)
        };
        let mode = self.to.announce.remove_private_as;
        let all_private = path.iter().flat_map(|(_, asns)| asns).all(|asn| is_private(*asn));
        let edited = match mode {
            RemovePrivateAs::Never => false,
            RemovePrivateAs::IfAll | RemovePrivateAs::ReplaceIfAll => all_private,
            RemovePrivateAs::Always | RemovePrivateAs::Replace => true,
        };
        let replace = matches!(mode, RemovePrivateAs::Replace | RemovePrivateAs::ReplaceIfAll);
        let remote = self.to.remote_as;
        for (_, asns) in &mut path {
            if edited && replace {
                asns.iter_mut()
                    .filter(|asn| is_private(**asn) && **asn != remote)
                    .for_each(|asn| *asn = self.shown());
            } else if edited {
                asns.retain(|asn| !is_private(*asn) || *asn == remote);
            }
            if self.to.announce.as_override {
                asns.iter_mut().filter(|asn| **asn == remote).for_each(|asn| *asn = self.shown());
            }
        }
        path.retain(|(_, asns)| !asns.is_empty());
        if let Some(migration) = self.to.as_migration {
            let own = self
                .to
                .confederation
                .map_or(self.to.local_as, |confederation| confederation.identifier);
            let hidden = mode != RemovePrivateAs::Never && is_private(own);
            if !migration.replace_old_as && !hidden {
                put_in_front(SegmentKind::Sequence, own, &mut path);
            }
        }
        put_in_front(SegmentKind::Sequence, self.shown(), &mut path);
        path
    }

    fn slow_attributes(&self, is_own: bool) -> Option<Attributes> {
        let (to, side) = (&self.to, side(&self.to));
        let (inside, own_route) = (side != Side::External, self.from.is_none());
        let mut route = Attributes { path: self.slow_path(), ..self.attributes.clone() };
        let transparent = to.route_server_client;
        if !(inside || transparent || own_route || self.med_set || to.announce.allow_med) {
            route.med = None;
        }
        let stale = route.has(Community::LLGR_STALE)
            && inside
            && to.announce.llgr_partial_deployment
            && !to.long_lived_graceful_restart;
        let shutdown = self.channel.graceful_shutdown && (own_route || !inside);
        let mut add = |community: Community| {
            if !route.communities.contains(&community) {
                route.communities.push(community);
            }
        };
        if stale {
            add(Community::NO_EXPORT);
        }
        if shutdown {
            add(Community::GRACEFUL_SHUTDOWN);
        }
        route.local_pref = match route.local_pref {
            _ if !inside && !to.allow_local_pref => None,
            _ if inside && (stale || shutdown) => Some(0),
            Some(value) => Some(value),
            None => Some(to.default_local_pref),
        };
        let reflected =
            self.from.as_ref().filter(|from| from.is_internal() && side == Side::Internal);
        match reflected {
            Some(from) => {
                route.originator = route.originator.or(Some(from.remote_id));
                // RFC 4456 §8: "prepend the local CLUSTER_ID", of the cluster left and of the one entered.
                let left = from.reflector_client.then_some(from.cluster_id);
                let entered = to.reflector_client.then_some(to.cluster_id);
                let both = left.into_iter().chain(entered.filter(|id| left != Some(*id)));
                both.for_each(|id| route.clusters.insert(0, id));
            }
            None => {
                route.originator = None;
                route.clusters.clear();
            }
        }
        if !inside && !transparent {
            route.extended.retain(|item| item[0] & 0x40 == 0);
        }
        route.prefix_sid &= inside;
        route.aigp = self.slow_aigp(is_own, inside);
        if !inside
            && let (Some(asn), Some(confederation)) = (route.only_to_customer, to.confederation)
            && asn == to.local_as
            && asn != confederation.identifier
        {
            return None;
        }
        if route.only_to_customer.is_none()
            && self.role().is_some_and(|role| {
                [Role::PROVIDER, Role::PEER, Role::ROUTE_SERVER].contains(&role)
            })
        {
            route.only_to_customer = Some(self.shown());
            route.only_to_customer_is_partial = !own_route;
        }
        Some(route)
    }

    fn slow_aigp(&self, is_own: bool, inside: bool) -> Option<u64> {
        let enabled = match self.channel.aigp {
            AigpSession::Usual => inside,
            AigpSession::Disabled => false,
            AigpSession::Enabled | AigpSession::Originate => true,
        };
        match (self.attributes.aigp, self.metric) {
            _ if !enabled => None,
            (Some(metric), _) if !is_own => Some(metric),
            (Some(metric), Some(distance)) => {
                let sum = metric.saturating_add(u64::from(distance.max(1)));
                // RFC 7311 §3.2: the maximum is malformed.
                Some(sum).filter(|sum| *sum != u64::MAX)
            }
            (None, Some(distance))
                if self.channel.aigp == AigpSession::Originate && is_own && self.from.is_none() =>
            {
                Some(distance.into())
            }
            _ => None,
        }
    }

    fn slow_next_hop(&self) -> Option<(NextHop, bool)> {
        let (to, channel) = (&self.to, &self.channel);
        let direct = to.interface.is_some();
        let fits = |next_hop: &NextHop| match next_hop {
            NextHop::V4(_) => channel.family == Family::IPV4_UNICAST || channel.extended_next_hop,
            _ => channel.family == Family::IPV6_UNICAST || channel.extended_next_hop,
        };
        let own = match channel.own_next_hop.unwrap_or_else(|| NextHop::from(to.local_address)) {
            NextHop::LinkLocal(_) if !direct => None,
            NextHop::V6(global, _) if !direct => Some(NextHop::V6(global, None)),
            other => Some(other),
        };
        let own = own.filter(fits).map(|own| (own, true));
        let Some(received) = self.next_hop else { return own };
        let applies = |mode| match mode {
            NextHopMode::Never => false,
            NextHopMode::Always => true,
            NextHopMode::Internal => self.from.as_ref().is_some_and(PeerConfig::is_internal),
            NextHopMode::External => self.from.as_ref().is_some_and(|from| !from.is_internal()),
        };
        if applies(channel.next_hop_self) && !self.next_hop_set {
            return own;
        }
        let one_link = direct && to.interface == received.interface;
        // RFC 4271 §5.1.3 2: "shares a common subnet with this address". A router that says a link-local address
        // is there, and so is the one that we speak with; a static route's was resolved on that interface.
        let on_subnet = one_link
            && match &self.from {
                None => true,
                Some(from) => {
                    let address = received.next_hop.address();
                    let listed = side(to) == Side::External
                        && to.link.iter().any(|net| net.contains(&address));
                    listed
                        || address == from.address
                        || matches!(
                            received.next_hop,
                            NextHop::LinkLocal(_) | NextHop::V6(_, Some(_))
                        )
                }
            };
        let third_party = on_subnet && to.announce.third_party_next_hop;
        let kept = self.next_hop_set
            || applies(channel.next_hop_keep)
            || to.route_server_client
            || side(to) != Side::External
            || third_party;
        if !kept {
            return own;
        }
        let from_internal = self.from.as_ref().is_some_and(PeerConfig::is_internal);
        if one_link
            && on_subnet
            && !from_internal
            && matches!(received.next_hop, NextHop::V6(_, None))
        {
            match channel.missing_link_local {
                MissingLinkLocal::Ignore => {}
                MissingLinkLocal::OwnNextHop => return own,
                MissingLinkLocal::Drop => return None,
            }
        }
        let stripped = match received.next_hop {
            NextHop::V6(global, _) if !one_link => Some(NextHop::V6(global, None)),
            NextHop::LinkLocal(_) if !one_link => None,
            other => Some(other),
        };
        match stripped.filter(fits) {
            Some(next_hop) => Some((next_hop, false)),
            None if to.route_server_client => None,
            None => own,
        }
    }
}

pub(super) fn put_in_front(kind: SegmentKind, asn: u32, path: &mut Path) {
    match path.first_mut() {
        Some((first, asns)) if *first == kind && asns.len() < 255 => asns.insert(0, asn),
        _ => path.insert(0, (kind, alloc::vec![asn])),
    }
}

fn case() -> impl Strategy<Value = Case> {
    let interface = prop::sample::select(alloc::vec![Some(1u32), Some(2), None]);
    let next_hop = prop::option::weighted(0.9, (next_hops(), interface));
    let metric = prop::option::weighted(0.8, 0u32..4);
    let set = (prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    (pair(), channels(), attributes(), next_hop, metric, set).prop_map(
        |((from, to), channel, attributes, next_hop, metric, set)| Case {
            // A neighbour's next hops come with its interface.
            next_hop: next_hop.map(|(next_hop, interface)| NextHopKey::direct(next_hop, interface)),
            from,
            to,
            channel,
            attributes,
            metric,
            med_set: set.0,
            next_hop_set: set.1,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_neighbour_is_told_what_the_rfcs_say(case in case()) {
        match (case.told(), case.slow()) {
            (None, None) => {}
            (Some((attributes, next_hop)), Some((expected, expected_hop))) => {
                prop_assert_eq!(next_hop, expected_hop);
                assert_same(attributes.view(), &expected);
            }
            (told, expected) => {
                prop_assert!(false, "told {:?}, expected {:?}", told, expected);
            }
        }
    }
}

/// A next hop learned on an interface
pub(super) fn key(address: &str, interface: Option<u32>) -> Option<NextHopKey> {
    let address: IpAddr = address.parse().expect("an address");
    Some(NextHopKey::direct(NextHop::from(address), interface))
}
