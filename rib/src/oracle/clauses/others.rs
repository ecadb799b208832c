//! Route servers, attributes that stay inside, other AS numbers, AIGP, policies that are missing, link-local next hops.

use super::*;

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
