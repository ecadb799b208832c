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

mod inside;
mod others;

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
