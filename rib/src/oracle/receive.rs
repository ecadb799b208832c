//! What is taken from a neighbour.

use bgp_wire::{Afi, Community, Family, NextHop, PathAttributes, Role, SegmentKind};
use proptest::prelude::*;

use super::announce::{Side, put_in_front, side};
use super::model::{Attributes, assert_same, attributes};
use super::sessions::{ROUTER, channels, next_hops, session};
use crate::channel::{ChannelConfig, NextHopMode, PeerConfig};
use crate::import::{Refusal, receive};
use crate::options::AigpSession;

/// A route from `peer`.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) peer: PeerConfig,
    pub(super) channel: ChannelConfig,
    pub(super) attributes: Attributes,
    pub(super) next_hop: NextHop,
}

impl Case {
    /// What the rules under test say.
    pub(super) fn taken(&self) -> Result<(PathAttributes, NextHop), Refusal> {
        let (encoded, mut edited) = (self.attributes.encode(), PathAttributes::default());
        let received =
            receive(&self.peer, &self.channel, encoded.view(), self.next_hop, &mut edited)?;
        let kept = received.attributes.to_path_attributes();
        // What was taken once would be taken as it is, apart from what is put in front of a path.
        if self.peer.as_migration.is_none() {
            let mut again = PathAttributes::default();
            let second = receive(&self.peer, &self.channel, kept.view(), self.next_hop, &mut again);
            assert_eq!(second.map(|second| second.attributes), Ok(kept.view()));
        }
        Ok((kept, received.next_hop))
    }

    /// What the RFCs say.
    fn slow(&self) -> Result<(Attributes, NextHop), ()> {
        if self.slow_path_is_bad() || self.slow_reflection_is_bad() || self.slow_next_hop_is_bad() {
            return Err(());
        }
        Ok((self.slow_attributes()?, self.slow_next_hop()))
    }

    fn slow_path_is_bad(&self) -> bool {
        let (peer, path) = (&self.peer, &self.attributes.path);
        let is_confed = |kind| matches!(kind, SegmentKind::ConfedSequence | SegmentKind::ConfedSet);
        let first = |wanted: SegmentKind| {
            path.first().and_then(|(kind, asns)| (*kind == wanted).then_some(asns[0]))
        };
        let enforced = peer.receive.enforce_first_as;
        match side(peer) {
            Side::Internal => {}
            Side::Member => {
                let first = first(SegmentKind::ConfedSequence);
                if first.is_none() || enforced && first != Some(peer.remote_as) {
                    return true;
                }
            }
            Side::External => {
                if path.iter().any(|(kind, _)| is_confed(*kind))
                    || enforced && first(SegmentKind::Sequence) != Some(peer.remote_as)
                {
                    return true;
                }
            }
        }
        let hops: usize = path
            .iter()
            .map(|(kind, asns)| match kind {
                SegmentKind::Sequence => asns.len(),
                SegmentKind::Set => 1,
                _ => 0,
            })
            .sum();
        let count = |asn: u32, within: &dyn Fn(SegmentKind) -> bool| {
            let segments = path.iter().filter(|(kind, _)| within(*kind));
            segments.flat_map(|(_, asns)| asns).filter(|other| **other == asn).count()
        };
        let everywhere = |_| true;
        let mut own = match peer.confederation {
            None => alloc::vec![count(peer.local_as, &everywhere)],
            Some(confederation) => alloc::vec![
                count(confederation.identifier, &everywhere),
                count(peer.local_as, &is_confed)
            ],
        };
        own.extend(peer.as_migration.map(|migration| count(migration.asn, &everywhere)));
        let limit = usize::from(peer.allow_local_as);
        let loops = limit < 255 && own.iter().any(|count| *count > limit);
        let too_long = peer
            .receive
            .most_as_hops
            .is_some_and(|most| hops > usize::try_from(most).expect("small"));
        loops || too_long || self.attributes.has_set() && !peer.allow_as_sets
    }

    fn slow_reflection_is_bad(&self) -> bool {
        side(&self.peer) == Side::Internal
            && (self.attributes.originator == Some(ROUTER)
                || self.attributes.clusters.contains(&self.peer.cluster_id))
    }

    fn slow_next_hop_is_bad(&self) -> bool {
        let (peer, channel) = (&self.peer, &self.channel);
        let parts = |next_hop: &NextHop| match *next_hop {
            NextHop::V4(address) => alloc::vec![address.into()],
            NextHop::V6(global, None) => alloc::vec![global.into()],
            NextHop::V6(global, Some(link_local)) => alloc::vec![global.into(), link_local.into()],
            NextHop::LinkLocal(address) => alloc::vec![core::net::IpAddr::from(address)],
        };
        let theirs = parts(&self.next_hop);
        let mut ours = alloc::vec![peer.local_address];
        ours.extend(channel.own_next_hop.iter().flat_map(parts));
        let other_family =
            matches!(self.next_hop, NextHop::V4(_)) != (channel.family.afi == Afi::IPV4);
        let one_hop = peer.interface.is_some();
        let has_link_local =
            matches!(self.next_hop, NextHop::LinkLocal(_) | NextHop::V6(_, Some(_)));
        let near = has_link_local
            || theirs.contains(&peer.address)
            || peer.link.iter().any(|net| net.contains(&theirs[0]));
        let asked = side(peer) == Side::External
            && one_hop
            && !channel.any_next_hop
            && !peer.route_server_client;
        theirs.iter().any(|address| ours.contains(address))
            || other_family && !channel.extended_next_hop
            || matches!(self.next_hop, NextHop::LinkLocal(_)) && !one_hop
            || asked && !near
    }

    fn slow_next_hop(&self) -> NextHop {
        let internal = side(&self.peer) == Side::Internal;
        let global = match self.channel.next_hop_prefer_global {
            NextHopMode::Never => false,
            NextHopMode::Always => true,
            NextHopMode::Internal => internal,
            NextHopMode::External => !internal,
        };
        match self.next_hop {
            NextHop::V6(address, Some(_)) if global || self.peer.interface.is_none() => {
                NextHop::V6(address, None)
            }
            other => other,
        }
    }

    fn slow_attributes(&self) -> Result<Attributes, ()> {
        let (peer, channel) = (&self.peer, &self.channel);
        let mut route = self.attributes.clone();
        let (side, external) = (side(peer), side(peer) == Side::External);
        if side != Side::Internal {
            route.originator = None;
            route.clusters.clear();
        }
        if peer.receive.remove_med {
            route.med = None;
        }
        if external && !peer.allow_local_pref {
            route.local_pref = None;
        }
        route.local_pref = route.local_pref.or(Some(peer.default_local_pref));
        let enabled = match channel.aigp {
            AigpSession::Usual => !external,
            AigpSession::Disabled => false,
            AigpSession::Enabled | AigpSession::Originate => true,
        };
        route.aigp = route.aigp.filter(|_| enabled);
        route.prefix_sid &= !external;
        if external {
            let asked = peer.receive.honor_graceful_shutdown;
            if channel.graceful_shutdown || asked && route.has(Community::GRACEFUL_SHUTDOWN) {
                route.local_pref = Some(0);
            }
            let blackhole = route.has(Community::BLACKHOLE) && peer.receive.confine_blackhole;
            for (community, applies) in [
                (Community::GRACEFUL_SHUTDOWN, channel.graceful_shutdown),
                (Community::NO_EXPORT, blackhole),
            ] {
                if applies && !route.has(community) {
                    route.communities.push(community);
                }
            }
            if let Some(migration) = peer.as_migration
                && !migration.no_prepend_inbound
            {
                put_in_front(SegmentKind::Sequence, migration.asn, &mut route.path);
            }
            let covered = [Family::IPV4_UNICAST, Family::IPV6_UNICAST].contains(&channel.family);
            self.slow_ingress(&mut route, covered)?;
        }
        Ok(route)
    }

    /// RFC 9234 §5
    fn slow_ingress(&self, route: &mut Attributes, covered: bool) -> Result<(), ()> {
        let Some(role) = self.peer.role.filter(|_| covered) else { return Ok(()) };
        let from_below = [Role::PROVIDER, Role::ROUTE_SERVER].contains(&role);
        match route.only_to_customer {
            Some(_) if from_below => return Err(()),
            Some(asn) if role == Role::PEER && asn != self.peer.remote_as => return Err(()),
            None if !from_below => {
                route.only_to_customer = Some(self.peer.remote_as);
                route.only_to_customer_is_partial = true;
            }
            _ => {}
        }
        Ok(())
    }
}

fn case() -> impl Strategy<Value = Case> {
    let peer = any::<bool>().prop_flat_map(|confederation| session(confederation, 11));
    (peer, channels(), attributes(), next_hops()).prop_map(
        |(peer, channel, attributes, next_hop)| Case { peer, channel, attributes, next_hop },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_route_is_taken_or_refused_as_the_rfcs_say(case in case()) {
        match (case.taken(), case.slow()) {
            (Err(_), Err(())) => {}
            (Ok((attributes, next_hop)), Ok((expected, expected_hop))) => {
                prop_assert_eq!(next_hop, expected_hop);
                assert_same(attributes.view(), &expected);
            }
            (taken, expected) => {
                prop_assert!(false, "taken {:?}, expected {:?}", taken, expected);
            }
        }
    }
}
