//! The rules clause by clause, as tables.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use bgp_wire::{Community, Family, NextHop, SegmentKind};

use super::announce::{Case as Outgoing, key};
use super::model::{Attributes, Path, v4};
use super::receive::Case as Incoming;
use super::sessions::{IDENTIFIER, MEMBER_AS, Neighbour, OTHER_MEMBER, REMOTE, ROUTER};
use super::sessions::{channel, peer};
use crate::channel::{ChannelConfig, NextHopMode, PeerConfig};
use crate::export::ExportRules;
use crate::import::Refusal;
use crate::options::{
    AigpSession, AnnounceOptions, LocalAs, MissingLinkLocal, ReceiveOptions, RemovePrivateAs,
};
use crate::policy::Filter;

const EXTERNAL: Neighbour = Neighbour::External(REMOTE);
/// An AS further away
const FAR: u32 = 64500;

/// A route that `from` announced, or the host itself, on its way to `to`.
fn outgoing(from: Option<Neighbour>, to: Neighbour, attributes: Attributes) -> Outgoing {
    let confederation = [from, Some(to)].contains(&Some(Neighbour::Member));
    let from = from.map(|from| peer(from, confederation, 11));
    Outgoing {
        next_hop: from.as_ref().and_then(|from| key("198.51.100.1", from.interface)),
        from,
        to: peer(to, confederation, 12),
        channel: channel(Family::IPV4_UNICAST),
        attributes,
        metric: Some(5),
        med_set: false,
        next_hop_set: false,
    }
}

impl Outgoing {
    fn announcing(mut self, change: impl FnOnce(&mut AnnounceOptions)) -> Self {
        change(&mut self.to.announce);
        self
    }

    fn to(mut self, change: impl FnOnce(&mut PeerConfig)) -> Self {
        change(&mut self.to);
        self
    }

    fn on(mut self, change: impl FnOnce(&mut ChannelConfig)) -> Self {
        change(&mut self.channel);
        self
    }

    fn path(&self) -> String {
        self.told().map_or("nothing".into(), |(told, _)| told.view().as_path().to_string())
    }

    fn next_hop(&self) -> String {
        self.told().map_or("nothing".into(), |(_, next_hop)| next_hop.to_string())
    }
}

fn incoming(from: Neighbour, attributes: Attributes) -> Incoming {
    Incoming {
        peer: peer(from, from == Neighbour::Member, 11),
        channel: channel(Family::IPV4_UNICAST),
        attributes,
        next_hop: NextHop::from(v4(11)),
    }
}

impl Incoming {
    fn at(mut self, change: impl FnOnce(&mut PeerConfig)) -> Self {
        change(&mut self.peer);
        self
    }

    fn on(mut self, change: impl FnOnce(&mut ChannelConfig)) -> Self {
        change(&mut self.channel);
        self
    }

    fn refusal(&self) -> Option<Refusal> {
        self.taken().err()
    }
}

fn with_path(path: Path) -> Attributes {
    Attributes { path, ..Attributes::by(&[]) }
}

fn with_community(community: Community) -> Attributes {
    Attributes { communities: vec![community], ..Attributes::by(&[FAR]) }
}

const ALL: [Neighbour; 5] = [
    Neighbour::NonClient,
    Neighbour::Client,
    Neighbour::Member,
    EXTERNAL,
    Neighbour::RouteServerClient,
];

#[test]
fn rfc4271_5_1_2_as_path() {
    for (from, to, path) in [
        (Some(EXTERNAL), Neighbour::NonClient, "64500"),
        (Some(EXTERNAL), Neighbour::External(8), "65010 64500"),
        (Some(Neighbour::NonClient), EXTERNAL, "65010 64500"),
    ] {
        assert_eq!(outgoing(from, to, Attributes::by(&[FAR])).path(), path, "{from:?} {to:?}");
    }
    // "the AS number … will be the only entry", and an empty path inside
    assert_eq!(outgoing(None, EXTERNAL, Attributes::by(&[])).path(), "65010");
    assert_eq!(outgoing(None, Neighbour::NonClient, Attributes::by(&[])).path(), "");
    // b 1: a full segment gets a new one in front; b 2: so does a set.
    let full = outgoing(None, EXTERNAL, Attributes::by(&[FAR; 255])).told().expect("told").0;
    let lengths: Vec<_> =
        full.view().as_path().segments().map(|segment| segment.asns().len()).collect();
    assert_eq!(lengths, [1, 255]);
    let set = with_path(vec![(SegmentKind::Set, vec![1, 2])]);
    assert_eq!(outgoing(None, EXTERNAL, set).path(), "65010 {1,2}");
}

#[test]
fn rfc4271_5_1_3_next_hop() {
    let far = || outgoing(Some(EXTERNAL), Neighbour::External(8), Attributes::by(&[REMOTE]));
    let near = |last: &str| {
        let case = far();
        let interface = case.to.interface;
        Outgoing { next_hop: key(last, interface), ..case }
    };
    // 1: to an internal neighbour it stays, unless "explicitly configured".
    let inside = || outgoing(Some(EXTERNAL), Neighbour::NonClient, Attributes::by(&[REMOTE]));
    assert_eq!(inside().next_hop(), "198.51.100.1");
    for (mode, next_hop) in [
        (NextHopMode::Always, "192.0.2.250"),
        (NextHopMode::External, "192.0.2.250"),
        (NextHopMode::Internal, "198.51.100.1"),
    ] {
        assert_eq!(inside().on(|channel| channel.next_hop_self = mode).next_hop(), next_hop);
    }
    // 2: a third party on the common subnet, else ourselves.
    assert_eq!(far().next_hop(), "192.0.2.250");
    assert_eq!(near("192.0.2.11").next_hop(), "192.0.2.11");
    assert_eq!(near("192.0.2.77").next_hop(), "192.0.2.77");
    // The neighbour itself is there even when the networks are not known.
    let unknown = |to: &mut PeerConfig| to.link.clear();
    assert_eq!(near("192.0.2.11").to(unknown).next_hop(), "192.0.2.11");
    assert_eq!(near("192.0.2.77").to(unknown).next_hop(), "192.0.2.250");
    // "MUST be able to support the disabling"
    let off = |options: &mut AnnounceOptions| options.third_party_next_hop = false;
    assert_eq!(near("192.0.2.77").announcing(off).next_hop(), "192.0.2.250");
    // Another interface is another subnet.
    assert_eq!(near("192.0.2.77").to(|to| to.interface = Some(2)).next_hop(), "192.0.2.250");
    // An internal router's far next hop is not on the subnet although the router is.
    let internal = outgoing(Some(Neighbour::NonClient), EXTERNAL, Attributes::by(&[]));
    assert_eq!(internal.next_hop(), "192.0.2.250");
    // 3: "exactly the same" by configuration
    let keep = |channel: &mut ChannelConfig| channel.next_hop_keep = NextHopMode::Always;
    let multihop = far().to(|to| to.interface = None);
    assert_eq!(multihop.clone().next_hop(), "192.0.2.250");
    assert_eq!(multihop.on(keep).next_hop(), "198.51.100.1");
    // The host's own routes are neither of iBGP nor of eBGP.
    let own = || Outgoing {
        next_hop: key("192.0.2.77", Some(1)),
        ..outgoing(None, Neighbour::NonClient, Attributes::by(&[]))
    };
    let mode = |mode| move |channel: &mut ChannelConfig| channel.next_hop_self = mode;
    assert_eq!(own().on(mode(NextHopMode::External)).next_hop(), "192.0.2.77");
    assert_eq!(own().on(mode(NextHopMode::Always)).next_hop(), "192.0.2.250");
}

#[test]
fn what_the_export_filter_set_goes_out() {
    let route = Attributes { med: Some(7), ..Attributes::by(&[REMOTE]) };
    let case = outgoing(Some(EXTERNAL), Neighbour::External(8), route);
    let med = |case: &Outgoing| case.told().expect("told").0.view().med();
    assert_eq!((med(&case), case.next_hop().as_str()), (None, "192.0.2.250"));
    let case = Outgoing { med_set: true, next_hop_set: true, ..case };
    assert_eq!((med(&case), case.next_hop().as_str()), (Some(7), "198.51.100.1"));
}

#[test]
fn rfc4271_5_1_4_multi_exit_disc() {
    let route = Attributes { med: Some(7), ..Attributes::by(&[FAR]) };
    let med = |case: Outgoing| case.told().expect("told").0.view().med();
    for to in ALL {
        // "MUST NOT be propagated to other neighbouring ASes"; RFC 5065 §5.2, RFC 7947 §2.2.3
        let wanted = (to != EXTERNAL).then_some(7);
        assert_eq!(med(outgoing(Some(Neighbour::External(8)), to, route.clone())), wanted);
        assert_eq!(med(outgoing(None, to, route.clone())), Some(7), "what the host says itself");
    }
    let allowed = outgoing(Some(Neighbour::External(8)), EXTERNAL, route.clone());
    assert_eq!(med(allowed.announcing(|options| options.allow_med = true)), Some(7));
    // "a mechanism … that allows the attribute to be removed", before the decision
    let kept = incoming(EXTERNAL, route).at(|peer| peer.receive.remove_med = true);
    assert_eq!(kept.taken().expect("taken").0.view().med(), None);
}

#[test]
fn rfc4271_5_1_5_local_pref() {
    let route = Attributes { local_pref: Some(7), ..Attributes::by(&[FAR]) };
    let sent = |case: Outgoing| case.told().expect("told").0.view().local_pref();
    let kept = |case: Incoming| case.taken().expect("taken").0.view().local_pref();
    for neighbour in ALL {
        let inside = !matches!(neighbour, EXTERNAL | Neighbour::RouteServerClient);
        let case = outgoing(Some(Neighbour::External(8)), neighbour, route.clone());
        assert_eq!(sent(case), inside.then_some(7), "{neighbour:?}");
        // "SHALL be included"
        let own = outgoing(None, neighbour, Attributes::by(&[]));
        assert_eq!(sent(own.to(|to| to.default_local_pref = 50)), inside.then_some(50));
    }
    let member = with_path(vec![(SegmentKind::ConfedSequence, vec![OTHER_MEMBER])]);
    let member = Attributes { local_pref: Some(7), ..member };
    assert_eq!(kept(incoming(Neighbour::Member, member)), Some(7));
    assert_eq!(kept(incoming(Neighbour::NonClient, route.clone())), Some(7));
    assert_eq!(kept(incoming(EXTERNAL, route.clone())), Some(100));
    // RFC 7938: by agreement
    let agreed = |peer: &mut PeerConfig| peer.allow_local_pref = true;
    assert_eq!(kept(incoming(EXTERNAL, route.clone()).at(agreed)), Some(7));
    assert_eq!(sent(outgoing(None, EXTERNAL, route).to(agreed)), Some(7));
}

#[test]
fn rfc4271_6_3_the_first_as() {
    let enforce = |peer: &mut PeerConfig| peer.receive.enforce_first_as = true;
    for (path, refused) in [(&[REMOTE, FAR][..], false), (&[FAR, REMOTE], true), (&[], true)] {
        let case = incoming(EXTERNAL, Attributes::by(path));
        assert_eq!(case.refusal(), None, "\"MAY check\"");
        let wanted = refused.then_some(Refusal::FirstAs);
        assert_eq!(case.at(enforce).refusal(), wanted, "{path:?}");
    }
    let internal = incoming(Neighbour::NonClient, Attributes::by(&[FAR]));
    assert_eq!(internal.at(enforce).refusal(), None);
}

#[test]
fn rfc4271_6_3_the_next_hop() {
    let refused = |from: Neighbour, address: &str, change: fn(&mut Incoming)| {
        let address: core::net::IpAddr = address.parse().expect("an address");
        let next_hop = NextHop::from(address);
        let mut case = Incoming { next_hop, ..incoming(from, Attributes::by(&[REMOTE])) };
        change(&mut case);
        case.refusal() == Some(Refusal::NextHop)
    };
    let same: fn(&mut Incoming) = |_| {};
    // a: "MUST NOT be the IP address of the receiving speaker"
    assert!(refused(EXTERNAL, "192.0.2.250", same));
    assert!(refused(Neighbour::NonClient, "192.0.2.250", same));
    let own = |case: &mut Incoming| {
        case.channel.own_next_hop = Some(NextHop::from(v4(77)));
    };
    assert!(refused(EXTERNAL, "192.0.2.77", own));
    // b: the sender, or "a common subnet"
    assert!(!refused(EXTERNAL, "192.0.2.11", same));
    assert!(!refused(EXTERNAL, "192.0.2.77", same));
    assert!(refused(EXTERNAL, "198.51.100.1", same));
    // "one IP hop away"; only from external neighbours
    assert!(!refused(EXTERNAL, "198.51.100.1", |case| case.peer.interface = None));
    assert!(!refused(Neighbour::NonClient, "198.51.100.1", same));
    // Not where the networks are not known, or by configuration
    assert!(!refused(EXTERNAL, "198.51.100.1", |case| case.peer.link.clear()));
    assert!(!refused(EXTERNAL, "198.51.100.1", |case| case.channel.any_next_hop = true));
    // RFC 8950 §4: IPv6 next hops of IPv4 routes have to be agreed upon.
    assert!(refused(EXTERNAL, "2001:db8::11", same));
    let extended: fn(&mut Incoming) = |case| case.channel.extended_next_hop = true;
    assert!(!refused(EXTERNAL, "2001:db8::11", extended));
    // A link-local address means nothing beyond the link.
    assert!(!refused(EXTERNAL, "fe80::11", extended));
    let far: fn(&mut Incoming) = |case| {
        case.channel.extended_next_hop = true;
        case.peer.interface = None;
    };
    assert!(refused(EXTERNAL, "fe80::11", far));
    // No host has it.
    assert!(refused(EXTERNAL, "224.0.0.1", |case| case.channel.any_next_hop = true));
}

#[test]
fn rfc4271_9_1_2_as_loops() {
    for (count, allowed, looped) in
        [(0, 0, false), (1, 0, true), (1, 1, false), (2, 1, true), (3, 255, false)]
    {
        let path = [&[REMOTE][..], &vec![MEMBER_AS; count]].concat();
        let case = incoming(EXTERNAL, Attributes::by(&path));
        let refusal = case.at(|peer| peer.allow_local_as = allowed).refusal();
        assert_eq!(refusal, looped.then_some(Refusal::AsPathLoop), "{count} {allowed}");
    }
    let most = |most| move |peer: &mut PeerConfig| peer.receive.most_as_hops = Some(most);
    let long = || incoming(EXTERNAL, Attributes::by(&[REMOTE, FAR, FAR]));
    assert_eq!(long().at(most(2)).refusal(), Some(Refusal::AsPathLength));
    assert_eq!(long().at(most(3)).refusal(), None);
}

#[test]
fn rfc1997_communities_of_received_routes() {
    for (community, told) in [
        (Community::NO_EXPORT, &[Neighbour::NonClient, Neighbour::Client, Neighbour::Member][..]),
        (Community::NO_ADVERTISE, &[]),
        (Community::NO_EXPORT_SUBCONFED, &[Neighbour::NonClient, Neighbour::Client]),
        (Community::new(1, 2), &ALL),
    ] {
        for to in ALL {
            let from = Neighbour::External(8);
            let case = || outgoing(Some(from), to, with_community(community));
            assert_eq!(case().told().is_some(), told.contains(&to), "{community} {to:?}");
            // BIRD's `interpret communities off`
            let off = |options: &mut AnnounceOptions| options.interpret_communities = false;
            assert!(case().announcing(off).told().is_some());
            // "All routes received": what the host sets itself is for the neighbour.
            assert!(outgoing(None, to, with_community(community)).told().is_some());
        }
    }
}

#[test]
fn rfc3765_2_nopeer() {
    let case = |to| outgoing(Some(Neighbour::External(8)), to, with_community(Community::NOPEER));
    let bilateral = |options: &mut AnnounceOptions| options.bilateral_peer = true;
    assert!(case(EXTERNAL).told().is_some(), "\"advisory\"");
    assert!(case(EXTERNAL).announcing(bilateral).told().is_none());
    assert!(case(Neighbour::NonClient).announcing(bilateral).told().is_some());
}

#[test]
fn rfc7999_3_2_blackhole() {
    let from = Neighbour::External(8);
    for to in ALL {
        let case = || outgoing(Some(from), to, with_community(Community::BLACKHOLE));
        let inside = !matches!(to, EXTERNAL | Neighbour::RouteServerClient);
        assert_eq!(case().told().is_some(), inside, "{to:?}");
        assert!(case().announcing(|options| options.blackhole = true).told().is_some());
        let own = outgoing(None, to, with_community(Community::BLACKHOLE));
        assert!(own.told().is_some(), "one's own blackhole is to be told");
    }
    let case = incoming(EXTERNAL, with_community(Community::BLACKHOLE));
    let kept = case.at(|peer| peer.receive.confine_blackhole = true).taken().expect("taken").0;
    let communities: Vec<_> = kept.view().communities().collect();
    assert_eq!(communities, [Community::BLACKHOLE, Community::NO_EXPORT]);
}

#[test]
fn rfc8326_4_graceful_shutdown() {
    let tagged = Attributes { local_pref: Some(7), ..with_community(Community::GRACEFUL_SHUTDOWN) };
    let kept = |case: Incoming| {
        let kept = case.taken().expect("taken").0;
        (kept.view().local_pref(), kept.view().communities().count())
    };
    let honor = |peer: &mut PeerConfig| peer.receive.honor_graceful_shutdown = true;
    // 4.1, "on all EBGP sessions"
    assert_eq!(kept(incoming(EXTERNAL, tagged.clone())), (Some(100), 1));
    assert_eq!(kept(incoming(EXTERNAL, tagged.clone()).at(honor)), (Some(0), 1));
    assert_eq!(kept(incoming(Neighbour::NonClient, tagged.clone()).at(honor)), (Some(7), 1));
    // 4.2, by who shuts down: inbound and outbound
    let shutdown = |channel: &mut ChannelConfig| channel.graceful_shutdown = true;
    let plain = Attributes { local_pref: Some(7), ..Attributes::by(&[FAR]) };
    assert_eq!(kept(incoming(EXTERNAL, plain.clone()).on(shutdown)), (Some(0), 1));
    assert_eq!(kept(incoming(EXTERNAL, tagged.clone()).on(shutdown)), (Some(0), 1));
    let sent = |from, to, attributes: &Attributes| {
        let case = outgoing(from, to, attributes.clone()).on(shutdown);
        let told = case.told().expect("told").0;
        (told.view().local_pref(), told.view().communities().count())
    };
    let other = Some(Neighbour::External(8));
    assert_eq!(sent(other, EXTERNAL, &plain), (None, 1));
    assert_eq!(sent(other, EXTERNAL, &tagged), (None, 1));
    // "routes originated by this router"
    assert_eq!(sent(None, Neighbour::NonClient, &plain), (Some(0), 1));
    assert_eq!(sent(other, Neighbour::NonClient, &plain), (Some(7), 0));
}

#[test]
fn rfc9494_4_3_4_6_long_lived_stale_routes() {
    for to in ALL {
        let case = || {
            let stale = with_community(Community::LLGR_STALE);
            outgoing(Some(Neighbour::External(8)), to, Attributes { local_pref: Some(7), ..stale })
        };
        let inside = !matches!(to, EXTERNAL | Neighbour::RouteServerClient);
        // 4.3
        assert!(case().told().is_none(), "{to:?}");
        let capable = case().to(|to| to.long_lived_graceful_restart = true);
        let (told, _) = capable.told().expect("told");
        assert_eq!(told.view().communities().collect::<Vec<_>>(), [Community::LLGR_STALE]);
        // 4.6
        let partial = |options: &mut AnnounceOptions| options.llgr_partial_deployment = true;
        let told = case().announcing(partial).told();
        assert_eq!(told.is_some(), inside, "{to:?}");
        if let Some((told, _)) = told {
            let communities: Vec<_> = told.view().communities().collect();
            assert_eq!(communities, [Community::LLGR_STALE, Community::NO_EXPORT]);
            assert_eq!(told.view().local_pref(), Some(0));
        }
        // Whoever has the capability needs no such help.
        let (told, _) = capable.announcing(partial).told().expect("told");
        assert_eq!(told.view().local_pref(), inside.then_some(7));
    }
}

#[test]
fn rfc9774_3_sets() {
    for kind in [SegmentKind::Set, SegmentKind::ConfedSet] {
        let mut path = vec![(kind, vec![1, 2])];
        if kind == SegmentKind::ConfedSet {
            path.insert(0, (SegmentKind::ConfedSequence, vec![OTHER_MEMBER]));
        }
        let off = |peer: &mut PeerConfig| peer.allow_as_sets = false;
        let from = if kind == SegmentKind::Set { EXTERNAL } else { Neighbour::Member };
        let case = || incoming(from, with_path(path.clone()));
        assert_eq!(case().refusal(), None);
        assert_eq!(case().at(off).refusal(), Some(Refusal::AsSet));
        let case = outgoing(Some(from), Neighbour::NonClient, with_path(path.clone()));
        assert!(case.told().is_some());
        assert!(case.to(off).told().is_none());
    }
}

#[test]
fn rfc4456_6_reflection() {
    let (client, other) = (Neighbour::Client, Neighbour::NonClient);
    for (from, to, told) in [
        (other, other, false),
        (other, client, true),
        (client, other, true),
        (client, client, true),
        (EXTERNAL, other, true),
        (client, EXTERNAL, true),
        (other, EXTERNAL, true),
        // RFC 5065: other members are no part of the cluster's AS.
        (other, Neighbour::Member, true),
        (Neighbour::Member, other, true),
    ] {
        let path = vec![(SegmentKind::ConfedSequence, vec![OTHER_MEMBER])];
        let route = if from == Neighbour::Member { with_path(path) } else { Attributes::by(&[]) };
        assert_eq!(outgoing(Some(from), to, route).told().is_some(), told, "{from:?} {to:?}");
    }
    // Clients that are fully meshed, of one cluster
    let off = |options: &mut AnnounceOptions| options.client_to_client = false;
    let case = |from, to| outgoing(Some(from), to, Attributes::by(&[])).announcing(off);
    assert!(case(client, client).told().is_none());
    assert!(case(client, other).told().is_some());
    assert!(case(other, client).told().is_some());
    let elsewhere = case(client, client).to(|to| to.cluster_id = [9; 4].into());
    assert!(elsewhere.told().is_some());
}

#[test]
fn rfc4456_8_originator_id_and_cluster_list() {
    let (client, other) = (Neighbour::Client, Neighbour::NonClient);
    let cluster = |id: [u8; 4]| move |to: &mut PeerConfig| to.cluster_id = id.into();
    let lists = |case: Outgoing| {
        let told = case.told().expect("told").0;
        let view = told.view();
        let clusters: Vec<_> = view.cluster_list().map(|id| id.octets()[0]).collect();
        (view.originator_id().map(|id| id.octets()[0]), clusters)
    };
    let route = || Attributes::by(&[FAR]);
    assert_eq!(lists(outgoing(Some(client), other, route())), (Some(11), vec![1]));
    assert_eq!(lists(outgoing(Some(other), client, route())), (Some(11), vec![1]));
    assert_eq!(lists(outgoing(Some(client), client, route())), (Some(11), vec![1]));
    // "SHOULD NOT create an ORIGINATOR_ID attribute if one already exists"
    let before =
        Attributes { originator: Some([5; 4].into()), clusters: vec![[6; 4].into()], ..route() };
    assert_eq!(lists(outgoing(Some(client), other, before.clone())), (Some(5), vec![1, 6]));
    // Two clusters of ours
    let both = outgoing(Some(client), client, route()).to(cluster([2; 4]));
    assert_eq!(lists(both), (Some(11), vec![2, 1]));
    let one = outgoing(Some(client), other, route()).to(cluster([2; 4]));
    assert_eq!(lists(one), (Some(11), vec![1]));
    // Not reflected, so without; and nothing of it outside
    assert_eq!(lists(outgoing(Some(EXTERNAL), other, route())), (None, vec![]));
    assert_eq!(lists(outgoing(None, other, route())), (None, vec![]));
    assert_eq!(lists(outgoing(Some(client), EXTERNAL, before.clone())), (None, vec![]));
    assert_eq!(lists(outgoing(Some(client), Neighbour::Member, before)), (None, vec![]));
    // Loops
    let looped = |from, change: fn(&mut Attributes)| {
        let mut route = route();
        change(&mut route);
        incoming(from, route).at(|peer| peer.other_cluster_ids.push([9; 4].into())).refusal()
    };
    let own: fn(&mut Attributes) = |route| route.originator = Some(ROUTER);
    let cluster: fn(&mut Attributes) = |route| route.clusters = vec![[6; 4].into(), ROUTER];
    let second: fn(&mut Attributes) = |route| route.clusters = vec![[9; 4].into()];
    assert_eq!(looped(other, |_| {}), None);
    assert_eq!(looped(other, own), Some(Refusal::OriginatorId));
    assert_eq!(looped(client, cluster), Some(Refusal::ClusterList));
    assert_eq!(looped(client, second), Some(Refusal::ClusterList));
    // From outside they mean nothing, and are not kept.
    assert_eq!(looped(EXTERNAL, own), None);
    let foreign = Attributes { originator: Some(ROUTER), ..route() };
    let kept = incoming(EXTERNAL, foreign).taken().expect("taken").0;
    assert_eq!(kept.view().originator_id(), None);
}

#[test]
fn rfc5065_4_loops() {
    let confed = |asns: &[u32]| (SegmentKind::ConfedSequence, asns.to_vec());
    let sequence = |asns: &[u32]| (SegmentKind::Sequence, asns.to_vec());
    for (path, refusal) in [
        (vec![confed(&[OTHER_MEMBER])], None),
        (vec![confed(&[OTHER_MEMBER, MEMBER_AS])], Some(Refusal::AsPathLoop)),
        (vec![confed(&[OTHER_MEMBER]), sequence(&[IDENTIFIER])], Some(Refusal::AsPathLoop)),
        // Outside the confederation our Member-AS number is somebody else's.
        (vec![confed(&[OTHER_MEMBER]), sequence(&[MEMBER_AS])], None),
        (
            vec![confed(&[OTHER_MEMBER]), (SegmentKind::ConfedSet, vec![1, MEMBER_AS])],
            Some(Refusal::AsPathLoop),
        ),
    ] {
        assert_eq!(
            incoming(Neighbour::Member, with_path(path.clone())).refusal(),
            refusal,
            "{path:?}"
        );
    }
}

#[test]
fn rfc5065_4_1_as_path() {
    let confed = |asns: &[u32]| (SegmentKind::ConfedSequence, asns.to_vec());
    let sequence = |asns: &[u32]| (SegmentKind::Sequence, asns.to_vec());
    let sets = (SegmentKind::ConfedSet, vec![3]);
    let learned = vec![confed(&[OTHER_MEMBER]), sequence(&[FAR])];
    for (path, inside, member, outside) in [
        (learned, "(65020) 64500", "(65010 65020) 64500", "100 64500"),
        (vec![], "", "(65010)", "100"),
        (vec![sequence(&[FAR])], "64500", "(65010) 64500", "100 64500"),
        (vec![(SegmentKind::Set, vec![1])], "{1}", "(65010) {1}", "100 {1}"),
        (vec![sets, sequence(&[FAR])], "[3] 64500", "(65010) [3] 64500", "100 64500"),
        (vec![confed(&[OTHER_MEMBER])], "(65020)", "(65010 65020)", "100"),
    ] {
        let to = |to| {
            let case = outgoing(Some(Neighbour::Member), to, with_path(path.clone()));
            Outgoing { to: peer(to, true, 12), ..case }.path()
        };
        assert_eq!(to(Neighbour::NonClient), inside);
        assert_eq!(to(Neighbour::Member), member);
        assert_eq!(to(EXTERNAL), outside);
        // RFC 7947 §2.2.2.1 with §5: nothing of the confederation leaves it.
        let transparent = to(Neighbour::RouteServerClient);
        assert_eq!(transparent, outside.trim_start_matches("100").trim_start());
    }
    // b 1: a full segment
    let full = with_path(vec![confed(&[OTHER_MEMBER; 255])]);
    let told = outgoing(None, Neighbour::Member, full).told().expect("told").0;
    let lengths: Vec<_> =
        told.view().as_path().segments().map(|segment| segment.asns().len()).collect();
    assert_eq!(lengths, [1, 255]);
}

#[test]
fn rfc5065_5_what_begins_a_path() {
    let confed = (SegmentKind::ConfedSequence, vec![OTHER_MEMBER]);
    let sequence = (SegmentKind::Sequence, vec![REMOTE]);
    for (from, path, refusal) in [
        (Neighbour::Member, vec![confed.clone(), sequence.clone()], None),
        (Neighbour::Member, vec![sequence.clone()], Some(Refusal::FirstAs)),
        (Neighbour::Member, vec![], Some(Refusal::FirstAs)),
        (EXTERNAL, vec![sequence.clone()], None),
        (EXTERNAL, vec![sequence.clone(), confed.clone()], Some(Refusal::ConfederationSegment)),
        (Neighbour::NonClient, vec![confed.clone(), sequence], None),
    ] {
        assert_eq!(incoming(from, with_path(path.clone())).refusal(), refusal, "{from:?} {path:?}");
    }
    let enforce = |peer: &mut PeerConfig| peer.receive.enforce_first_as = true;
    let other = with_path(vec![(SegmentKind::ConfedSequence, vec![65030])]);
    assert_eq!(incoming(Neighbour::Member, other).at(enforce).refusal(), Some(Refusal::FirstAs));
}

#[test]
fn rfc5065_5_next_hop_stays_inside() {
    let case = outgoing(Some(EXTERNAL), Neighbour::Member, Attributes::by(&[REMOTE]));
    assert_eq!(case.next_hop(), "198.51.100.1");
    let own = case.on(|channel| channel.next_hop_self = NextHopMode::Always);
    assert_eq!(own.next_hop(), "192.0.2.250");
}

#[test]
fn rfc9234_5_a_confederation_shows_its_identifier() {
    let role = |to: &mut PeerConfig| to.role = Some(bgp_wire::Role::PROVIDER);
    let only_to = |case: &Outgoing| case.told().map(|(told, _)| told.view().only_to_customer());
    let case = |to, asn| {
        let route = Attributes { only_to_customer: asn, ..Attributes::by(&[FAR]) };
        let case = outgoing(None, to, route);
        Outgoing { to: peer(to, true, 12), ..case }.to(role)
    };
    assert_eq!(only_to(&case(EXTERNAL, None)), Some(Some(IDENTIFIER)));
    assert_eq!(only_to(&case(EXTERNAL, Some(FAR))), Some(Some(FAR)));
    // "MUST NOT contain an OTC Attribute with a value corresponding to any Member-AS Number"
    assert_eq!(only_to(&case(EXTERNAL, Some(MEMBER_AS))), None);
    // Between members there are no such rules.
    assert_eq!(only_to(&case(Neighbour::Member, None)), Some(None));
    assert_eq!(only_to(&case(Neighbour::Member, Some(MEMBER_AS))), Some(Some(MEMBER_AS)));
}

#[test]
fn rfc7947_2_2_a_route_server_is_transparent() {
    let (kept, removed) = ([0, 2, 0, 7, 0, 0, 0, 1], [0x40, 4, 0, 7, 0, 0, 0, 1]);
    let route = Attributes {
        med: Some(7),
        extended: vec![kept, removed],
        communities: vec![Community::new(1, 2)],
        ..Attributes::by(&[REMOTE, FAR])
    };
    let case = outgoing(Some(EXTERNAL), Neighbour::RouteServerClient, route.clone());
    let (told, next_hop) = case.told().expect("told");
    assert_eq!(next_hop.to_string(), "198.51.100.1");
    assert_eq!(told, route.encode());
    // 2.2.1: it "MUST be passed unmodified", so what cannot be passed on is not told.
    let v6 = Outgoing { next_hop: key("2001:db8::11", Some(1)), ..case.clone() };
    assert_eq!(v6.next_hop(), "nothing");
    // RFC 4360 §6: at any other boundary of an AS what is not transitive goes.
    let other = Outgoing { to: peer(Neighbour::External(8), false, 12), ..case };
    let (told, _) = other.told().expect("told");
    assert_eq!(told.view().extended_communities().map(|item| item.0).collect::<Vec<_>>(), [kept]);
}

#[test]
fn rfc4360_6_rfc8669_5_what_stays_inside() {
    let route = Attributes {
        extended: vec![[0x40, 4, 0, 7, 0, 0, 0, 1]],
        prefix_sid: true,
        ..Attributes::by(&[FAR])
    };
    for (to, stays) in [(Neighbour::NonClient, true), (Neighbour::Member, true), (EXTERNAL, false)]
    {
        let (told, _) = outgoing(None, to, route.clone()).told().expect("told");
        assert_eq!(told.view().extended_communities().count(), usize::from(stays), "{to:?}");
        assert_eq!(told.view().prefix_sid().is_some(), stays, "{to:?}");
    }
    let kept = incoming(EXTERNAL, route).taken().expect("taken").0;
    assert!(kept.view().prefix_sid().is_none());
}

#[test]
fn rfc7705_3_another_as_is_shown() {
    let migrating = |no_prepend_inbound, replace_old_as| {
        move |peer: &mut PeerConfig| {
            peer.as_migration = Some(LocalAs { asn: 64510, no_prepend_inbound, replace_old_as });
        }
    };
    // 3.1: the customer's path, as the rest of the AS sees it
    let kept = |no_prepend| {
        let case = incoming(EXTERNAL, Attributes::by(&[64496])).at(migrating(no_prepend, false));
        case.taken().expect("taken").0.view().as_path().to_string()
    };
    assert_eq!((kept(false), kept(true)), ("64510 64496".into(), "64496".into()));
    // 3.2: the other way
    let sent = |replace| {
        let case = outgoing(None, EXTERNAL, Attributes::by(&[64499]));
        case.to(migrating(true, replace)).path()
    };
    assert_eq!((sent(false), sent(true)), ("64510 65010 64499".into(), "64510 64499".into()));
    // Both numbers are ours.
    for asn in [64510, MEMBER_AS] {
        let case = incoming(EXTERNAL, Attributes::by(&[REMOTE, asn])).at(migrating(true, true));
        assert_eq!(case.refusal(), Some(Refusal::AsPathLoop), "{asn}");
    }
    // It means nothing inside.
    let inside = outgoing(None, Neighbour::NonClient, Attributes::by(&[64499]));
    assert_eq!(inside.to(migrating(false, false)).path(), "64499");
    // An own number for private use goes with the others.
    let private = outgoing(None, EXTERNAL, Attributes::by(&[64499])).to(migrating(true, false));
    let always =
        |options: &mut AnnounceOptions| options.remove_private_as = RemovePrivateAs::Always;
    assert_eq!(private.announcing(always).path(), "64510 64499");
}

#[test]
fn rfc6996_5_private_numbers() {
    for (mode, mixed, all) in [
        (RemovePrivateAs::Never, "65010 64600 3 65534", "65010 64600 65534"),
        (RemovePrivateAs::IfAll, "65010 64600 3 65534", "65010"),
        (RemovePrivateAs::Always, "65010 3", "65010"),
        (RemovePrivateAs::ReplaceIfAll, "65010 64600 3 65534", "65010 65010 65010"),
        (RemovePrivateAs::Replace, "65010 65010 3 65010", "65010 65010 65010"),
    ] {
        let told = |path: &[u32]| {
            let case = outgoing(None, EXTERNAL, Attributes::by(path));
            case.announcing(|options| options.remove_private_as = mode).path()
        };
        assert_eq!(told(&[64600, 3, 65534]), mixed, "{mode:?}");
        assert_eq!(told(&[64600, 65534]), all, "{mode:?}");
    }
    let case = |to, path: &[u32]| {
        let always = |options: &mut AnnounceOptions| {
            options.remove_private_as = RemovePrivateAs::Always;
        };
        outgoing(None, to, Attributes::by(path)).announcing(always).path()
    };
    // The neighbour is to see its own loops.
    assert_eq!(case(Neighbour::External(64600), &[64600, 64601]), "65010 64600");
    let edges = [64511, 64512, 65534, 65535, 4_199_999_999, 4_200_000_000, 4_294_967_294, u32::MAX];
    assert_eq!(case(EXTERNAL, &edges), "65010 64511 65535 4199999999 4294967295");
    assert_eq!(case(Neighbour::NonClient, &[64600]), "64600");
}

#[test]
fn as_override_lets_another_site_take_the_route() {
    let case = || outgoing(None, EXTERNAL, Attributes::by(&[REMOTE, 3, REMOTE]));
    assert_eq!(case().path(), "65010 7 3 7");
    assert_eq!(
        case().announcing(|options| options.as_override = true).path(),
        "65010 65010 3 65010"
    );
    assert_eq!(case().announcing(|options| options.as_path_unchanged = true).path(), "7 3 7");
}

#[test]
fn rfc7311_3_3_where_aigp_goes() {
    let route = Attributes { aigp: Some(10), ..Attributes::by(&[REMOTE]) };
    let member = with_path(vec![(SegmentKind::ConfedSequence, vec![OTHER_MEMBER])]);
    for neighbour in [Neighbour::NonClient, Neighbour::Member, EXTERNAL] {
        let usual = neighbour != EXTERNAL;
        for (session, passes) in [
            (AigpSession::Usual, usual),
            (AigpSession::Disabled, false),
            (AigpSession::Enabled, true),
        ] {
            let set = |channel: &mut ChannelConfig| channel.aigp = session;
            let sent = outgoing(Some(Neighbour::External(8)), neighbour, route.clone()).on(set);
            let sent = sent.told().expect("told").0.view().aigp().is_some();
            let path = if neighbour == Neighbour::Member { &member.path } else { &route.path };
            let received = Attributes { path: path.clone(), ..route.clone() };
            let kept = incoming(neighbour, received).on(set);
            let kept = kept.taken().expect("taken").0.view().aigp().is_some();
            assert_eq!((sent, kept), (passes, passes), "{neighbour:?} {session:?}");
        }
    }
}

#[test]
fn rfc7311_3_4_what_aigp_says() {
    let metric = |case: &Outgoing| case.told().expect("told").0.view().aigp();
    let route = |aigp| Attributes { aigp: Some(aigp), ..Attributes::by(&[REMOTE]) };
    let case = |aigp, distance| {
        let case = outgoing(Some(EXTERNAL), Neighbour::NonClient, route(aigp));
        Outgoing { metric: distance, ..case }
    };
    let own = |channel: &mut ChannelConfig| channel.next_hop_self = NextHopMode::Always;
    // 3.4.3: unchanged with the next hop; else more by the distance, "by a non-zero amount", without wrapping
    assert_eq!(metric(&case(10, Some(5))), Some(10));
    assert_eq!(metric(&case(10, Some(5)).on(own)), Some(15));
    assert_eq!(metric(&case(10, Some(0)).on(own)), Some(11));
    assert_eq!(metric(&case(10, None).on(own)), None);
    assert_eq!(metric(&case(u64::MAX - 6, Some(5)).on(own)), Some(u64::MAX - 1));
    assert_eq!(metric(&case(u64::MAX - 5, Some(5)).on(own)), None, "§3.2: malformed");
    // 3.4.1: only by configuration, only with ourselves as next hop, only our own routes
    let originate = |channel: &mut ChannelConfig| channel.aigp = AigpSession::Originate;
    let fresh = || outgoing(None, Neighbour::NonClient, Attributes::by(&[]));
    assert_eq!(metric(&fresh()), None);
    assert_eq!(metric(&fresh().on(originate)), Some(5));
    let third = Outgoing { next_hop: key("192.0.2.77", Some(1)), ..fresh() };
    assert_eq!(metric(&third.on(originate)), None);
    let received = outgoing(Some(EXTERNAL), Neighbour::NonClient, Attributes::by(&[REMOTE]));
    assert_eq!(metric(&received.on(originate).on(own)), None);
}

#[test]
fn rfc8212_3_nothing_without_a_policy() {
    for neighbour in ALL {
        let external = matches!(neighbour, EXTERNAL | Neighbour::RouteServerClient);
        let peer = peer(neighbour, false, 11);
        let channel = ChannelConfig {
            without_import_policy: true,
            without_export_policy: true,
            ..channel(Family::IPV4_UNICAST)
        };
        let wanted = if external { Filter::None } else { Filter::All };
        let filters = |peer: &PeerConfig| {
            (channel.import_filter(peer), ExportRules::new(peer, &channel).filter)
        };
        assert_eq!(filters(&peer), (wanted, wanted), "{neighbour:?}");
        let lax = PeerConfig { requires_policy: false, ..peer };
        assert_eq!(filters(&lax), (Filter::All, Filter::All));
    }
}

#[test]
fn rfc2545_3_link_local_next_hops() {
    let both = "2001:db8::11".parse().map(|global| NextHop::V6(global, "fe80::11".parse().ok()));
    let both = both.expect("an address");
    let case = |to, next_hop| {
        let case = outgoing(Some(EXTERNAL), to, Attributes::by(&[REMOTE]));
        let next_hop = Some(crate::NextHopKey::direct(next_hop, Some(1)));
        Outgoing { next_hop, channel: channel(Family::IPV6_UNICAST), ..case }
    };
    let alone = NextHop::LinkLocal("fe80::11".parse().expect("an address"));
    let global = NextHop::from("2001:db8::11".parse::<core::net::IpAddr>().expect("an address"));
    let own = |channel: &mut ChannelConfig| {
        let address: core::net::IpAddr = "2001:db8::250".parse().expect("an address");
        channel.own_next_hop = Some(NextHop::from(address));
    };
    let elsewhere = |to: &mut PeerConfig| to.interface = Some(2);
    // "if and only if the BGP speaker shares a common subnet with the entity … and the peer"
    for (to, next_hop, there, off_link) in [
        (Neighbour::NonClient, both, "2001:db8::11 fe80::11", "2001:db8::11"),
        (Neighbour::NonClient, alone, "fe80::11", "2001:db8::250"),
        (Neighbour::External(8), both, "2001:db8::11 fe80::11", "2001:db8::250"),
        (Neighbour::External(8), alone, "fe80::11", "2001:db8::250"),
        (Neighbour::External(8), global, "2001:db8::11", "2001:db8::250"),
    ] {
        assert_eq!(case(to, next_hop).on(own).next_hop(), there, "{to:?} {next_hop}");
        assert_eq!(case(to, next_hop).on(own).to(elsewhere).next_hop(), off_link);
    }
    // BIRD 1.6's `missing lladdr`
    for (missing, next_hop) in [
        (MissingLinkLocal::Ignore, "2001:db8::11"),
        (MissingLinkLocal::OwnNextHop, "2001:db8::250"),
        (MissingLinkLocal::Drop, "nothing"),
    ] {
        let case = case(Neighbour::External(8), global).on(own);
        let case = case.on(|channel| channel.missing_link_local = missing);
        assert_eq!(case.next_hop(), next_hop);
    }
    // Received ones: both are kept, or the global one where that is preferred.
    let kept = |change: fn(&mut Incoming)| {
        let mut case = incoming(EXTERNAL, Attributes::by(&[REMOTE]));
        (case.channel, case.next_hop) = (channel(Family::IPV6_UNICAST), both);
        change(&mut case);
        case.taken().expect("taken").1
    };
    assert_eq!(kept(|_| {}), both);
    assert_eq!(kept(|case| case.channel.next_hop_prefer_global = NextHopMode::Always), global);
    assert_eq!(kept(|case| case.peer.interface = None), global);
}

/// Neighbours that are told the same share a group; what makes no difference to them must not part them.
#[test]
fn equal_sessions_have_equal_rules() {
    let rules = |peer: &PeerConfig| ExportRules::new(peer, &channel(Family::IPV4_UNICAST));
    for neighbour in ALL {
        let (a, b) = (peer(neighbour, true, 11), peer(neighbour, true, 12));
        assert_eq!(rules(&a), rules(&b), "{neighbour:?}");
        let receive = ReceiveOptions { enforce_first_as: true, ..ReceiveOptions::default() };
        assert_eq!(rules(&a), rules(&PeerConfig { receive, allow_local_as: 3, ..b }));
    }
    let (a, b) = (peer(EXTERNAL, false, 11), peer(Neighbour::External(8), false, 12));
    assert_eq!(rules(&a), rules(&b), "whatever their AS");
    let (a, b) = (peer(Neighbour::NonClient, false, 11), peer(Neighbour::NonClient, false, 12));
    let other_cluster = PeerConfig { cluster_id: [9; 4].into(), ..b };
    assert_eq!(rules(&a), rules(&other_cluster), "it is no client");
}
