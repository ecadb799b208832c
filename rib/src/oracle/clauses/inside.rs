//! Route reflection (RFC 4456) and confederations (RFC 5065).

use super::*;

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
