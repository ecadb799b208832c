//! RFC 9234 §5 clause by clause: UPDATEs in, tables and UPDATEs out.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

use bgp_wire::{
    AsPathBuilder, AttributeCode, Context, NextHop, Origin, SegmentKind, Update, UpdateWriter,
};
use bytes::{Bytes, BytesMut};
use ipnet::IpNet;

use super::*;
use crate::{
    AcceptAll, ChannelConfig, ChannelStatistics, Edited, Filter, Origination, Policy, Rib, Route,
    RouteSource, SourceId, TableId, UpdateOutcome, Verdict,
};

const LOCAL: u32 = 65000;
const REMOTE: u32 = 65001;
/// An AS further away
const OTHER: u32 = 65099;
const COVERED: [Family; 2] = [Family::IPV4_UNICAST, Family::IPV6_UNICAST];
const OTHERS: [Family; 2] = [Family::IPV4_MULTICAST, Family::IPV6_MULTICAST];
const ALL_ROLES: [Role; 5] =
    [Role::PROVIDER, Role::ROUTE_SERVER, Role::ROUTE_SERVER_CLIENT, Role::CUSTOMER, Role::PEER];

/// A router with a table for each of the families.
struct Router {
    rib: Rib,
    tables: Vec<(TableId, Family)>,
    local_as: u32,
}

fn net(family: Family) -> IpNet {
    let text = if family.afi == bgp_wire::Afi::IPV4 { "192.0.2.0/24" } else { "2001:db8::/32" };
    text.parse().expect("a prefix")
}

fn next_hop(family: Family) -> NextHop {
    let text = if family.afi == bgp_wire::Afi::IPV4 { "203.0.113.1" } else { "2001:db8::1" };
    NextHop::from(text.parse::<core::net::IpAddr>().expect("an address"))
}

/// Ours
fn own_next_hop(family: Family) -> NextHop {
    let text = if family.afi == bgp_wire::Afi::IPV4 { "203.0.113.250" } else { "2001:db8::250" };
    NextHop::from(text.parse::<core::net::IpAddr>().expect("an address"))
}

impl Router {
    fn new(local_as: u32) -> Self {
        let mut rib = Rib::new(1);
        let tables = COVERED.into_iter().chain(OTHERS);
        let tables = tables.map(|family| (rib.add_table("t", family), family)).collect();
        Self { rib, tables, local_as }
    }

    fn table(&self, family: Family) -> TableId {
        self.tables.iter().find(|(_, other)| *other == family).expect("there").0
    }

    /// A neighbour towards which we have `role`.
    fn peer(&mut self, role: Option<Role>, remote_as: u32) -> SourceId {
        self.filtered_peer(role, remote_as, Filter::All)
    }

    fn filtered_peer(&mut self, role: Option<Role>, remote_as: u32, import: Filter) -> SourceId {
        let id = self.rib.add_source(&remote_as.to_string(), RouteSource::Bgp, 100);
        let address = |last| core::net::IpAddr::from([203, 0, 113, last]);
        let base =
            PeerConfig::external(self.local_as, remote_as, address(250), address(id.0 as u8));
        let channels = self.tables.iter().map(|(table, family)| ChannelConfig {
            own_next_hop: Some(own_next_hop(*family)),
            import,
            ..ChannelConfig::new(*table, *family)
        });
        self.rib.peer_up(id, PeerConfig { role, ..base }, channels.collect::<Vec<_>>());
        id
    }

    fn originate(&mut self, family: Family, only_to_customer: Option<u32>) {
        let own = self.rib.add_source("own", RouteSource::Static, 200);
        let mut attributes = PathAttributes::default();
        if let Some(asn) = only_to_customer {
            set(&mut attributes, asn);
        }
        let route = Origination { attributes, ..Origination::default() };
        self.rib.originate(
            Duration::ZERO,
            own,
            self.table(family),
            net(family),
            &route,
            &mut AcceptAll,
        );
    }

    fn receive(&mut self, from: SourceId, update: &Update) -> UpdateOutcome {
        self.rib.handle_update(Duration::ZERO, from, update, &mut AcceptAll)
    }

    /// What is in the table: `None` for no route, else what its attribute says.
    fn kept(&self, family: Family) -> Option<Option<u32>> {
        let path = self.rib.lookup(self.table(family), &net(family))?.paths().next()?;
        Some(path.attributes().only_to_customer())
    }

    fn statistics(&self, from: SourceId, family: Family) -> ChannelStatistics {
        self.rib.statistics(from, self.table(family)).expect("a channel")
    }

    /// What the neighbour is told: routes with what their attribute says, and how many withdrawals.
    fn tell(&mut self, to: SourceId) -> (Vec<(Family, Option<u32>)>, u32) {
        let (mut routes, mut withdrawn) = (Vec::new(), 0);
        while let Some(chunk) = self.rib.poll_update(Duration::ZERO, to, &mut AcceptAll) {
            withdrawn += chunk.withdrawn;
            for update in updates(chunk.bytes) {
                let otc = update.attributes().only_to_customer();
                routes.extend(update.reach().map(|reach| (reach.family, otc)));
            }
        }
        (routes, withdrawn)
    }
}

fn context() -> Context {
    Context { four_octet_as: true, ..Context::default() }
}

fn updates(messages: Bytes) -> Vec<Update> {
    let mut buffer = BytesMut::from(messages);
    core::iter::from_fn(|| bgp_wire::split_frame(&mut buffer, &context()).expect("well formed"))
        .map(|frame| Update::decode(frame.body, &context()))
        .collect()
}

fn set(attributes: &mut PathAttributes, asn: u32) {
    attributes.set(0xc0, AttributeCode::ONLY_TO_CUSTOMER, &asn.to_be_bytes());
}

fn attributes(path: &[u32], only_to_customer: Option<u32>) -> PathAttributes {
    let mut attributes = PathAttributes::default();
    let mut as_path = AsPathBuilder::default();
    as_path.segment(SegmentKind::Sequence, path.iter().copied());
    attributes.origin(Origin::Igp).as_path(&as_path);
    if let Some(asn) = only_to_customer {
        set(&mut attributes, asn);
    }
    attributes
}

fn write(attributes: &PathAttributes, family: Family) -> Update {
    let mut out = BytesMut::new();
    UpdateWriter::new(&mut out, &context())
        .announce(attributes.view(), family, &next_hop(family), [net(family)])
        .expect("short");
    updates(out.freeze()).pop().expect("one")
}

fn update(family: Family, only_to_customer: Option<u32>) -> Update {
    write(&attributes(&[REMOTE, OTHER], only_to_customer), family)
}

/// What becomes of one route from a neighbour in AS `REMOTE` towards which we have `role`. One that was
/// there before must not stay when it is replaced by a leak.
fn received(role: Option<Role>, family: Family, only_to_customer: Option<u32>) -> Received {
    let mut router = Router::new(LOCAL);
    let peer = router.peer(role, REMOTE);
    let valid = if role == Some(Role::PEER) { Some(REMOTE) } else { None };
    router.receive(peer, &update(family, valid));
    assert!(router.kept(family).is_some(), "{role:?} {family} takes what is no leak");
    let outcome = router.receive(peer, &update(family, only_to_customer));
    let statistics = router.statistics(peer, family);
    assert_eq!(statistics.import_updates, 2);
    match (router.kept(family), outcome.leak) {
        (Some(value), None) => {
            assert_eq!(statistics.import_updates_rejected, 0);
            Received::Kept(value)
        }
        (None, Some(leak)) => {
            assert_eq!(statistics.import_updates_rejected, 1);
            assert_eq!(router.rib.attribute_sets(), 0);
            assert_eq!(leak, Leak { only_to_customer: only_to_customer.expect("it"), routes: 1 });
            Received::Leak
        }
        other => panic!("{role:?} {family}: {other:?}"),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Received {
    Kept(Option<u32>),
    Leak,
}

/// What a neighbour towards which we have `role` gets of one route: `None` for nothing.
fn told(role: Option<Role>, family: Family, only_to_customer: Option<u32>) -> Option<Option<u32>> {
    let mut router = Router::new(LOCAL);
    // From a session without a role, so that nothing is added on the way in
    let from = router.peer(None, 65002);
    let path = attributes(&[65002, OTHER], only_to_customer);
    router.receive(from, &write(&path, family));
    let to = router.peer(role, REMOTE);
    let (received, _) = router.tell(to);
    // A route of our own goes the same way.
    let mut router = Router::new(LOCAL);
    router.originate(family, only_to_customer);
    let to = router.peer(role, REMOTE);
    let (own, _) = router.tell(to);
    assert_eq!(received, own);
    match received.as_slice() {
        [] => None,
        [(_, value)] => Some(*value),
        more => panic!("{more:?}"),
    }
}

#[test]
fn rfc9234_5_ingress_1_from_a_customer_with_the_attribute_is_a_leak() {
    for family in COVERED {
        for asn in [REMOTE, OTHER, LOCAL] {
            assert_eq!(received(Some(Role::PROVIDER), family, Some(asn)), Received::Leak);
        }
        assert_eq!(received(Some(Role::PROVIDER), family, None), Received::Kept(None));
    }
}

#[test]
fn rfc9234_5_ingress_1_from_a_client_of_the_route_server_with_the_attribute_is_a_leak() {
    for family in COVERED {
        for asn in [REMOTE, OTHER, LOCAL] {
            assert_eq!(received(Some(Role::ROUTE_SERVER), family, Some(asn)), Received::Leak);
        }
        assert_eq!(received(Some(Role::ROUTE_SERVER), family, None), Received::Kept(None));
    }
}

#[test]
fn rfc9234_5_ingress_2_from_a_peer_with_another_as_is_a_leak() {
    for family in COVERED {
        for asn in [OTHER, LOCAL, 0] {
            assert_eq!(received(Some(Role::PEER), family, Some(asn)), Received::Leak);
        }
        let fine = received(Some(Role::PEER), family, Some(REMOTE));
        assert_eq!(fine, Received::Kept(Some(REMOTE)));
    }
}

#[test]
fn rfc9234_5_ingress_3_from_a_provider_a_peer_a_route_server_it_is_added() {
    for family in COVERED {
        for role in [Role::CUSTOMER, Role::PEER, Role::ROUTE_SERVER_CLIENT] {
            let value = received(Some(role), family, None);
            assert_eq!(value, Received::Kept(Some(REMOTE)), "{role:?}");
        }
    }
}

#[test]
fn rfc9234_5_ingress_from_a_provider_or_a_route_server_it_is_preserved() {
    for family in COVERED {
        for role in [Role::CUSTOMER, Role::ROUTE_SERVER_CLIENT] {
            for asn in [REMOTE, OTHER, LOCAL] {
                let value = received(Some(role), family, Some(asn));
                assert_eq!(value, Received::Kept(Some(asn)), "{role:?}");
            }
        }
    }
}

#[test]
fn rfc9234_5_egress_1_to_a_customer_a_peer_a_client_our_as_is_added() {
    for family in COVERED {
        for role in [Role::PROVIDER, Role::PEER, Role::ROUTE_SERVER] {
            assert_eq!(told(Some(role), family, None), Some(Some(LOCAL)), "{role:?}");
        }
        for role in [Role::CUSTOMER, Role::ROUTE_SERVER_CLIENT] {
            assert_eq!(told(Some(role), family, None), Some(None), "{role:?}");
        }
    }
}

#[test]
fn rfc9234_5_egress_to_a_customer_or_a_client_it_is_preserved() {
    for family in COVERED {
        for role in [Role::PROVIDER, Role::ROUTE_SERVER] {
            for asn in [REMOTE, OTHER, LOCAL] {
                assert_eq!(told(Some(role), family, Some(asn)), Some(Some(asn)), "{role:?}");
            }
        }
    }
}

#[test]
fn rfc9234_5_egress_2_providers_peers_route_servers_are_not_told_routes_with_it() {
    for family in COVERED {
        for role in [Role::CUSTOMER, Role::PEER, Role::ROUTE_SERVER_CLIENT] {
            for asn in [REMOTE, OTHER, LOCAL] {
                assert_eq!(told(Some(role), family, Some(asn)), None, "{role:?}");
            }
        }
    }
}

#[test]
fn rfc9234_5_other_families_are_left_alone() {
    for (family, role) in OTHERS.into_iter().flat_map(|family| ALL_ROLES.map(|role| (family, role)))
    {
        for value in [None, Some(REMOTE), Some(OTHER)] {
            assert_eq!(received(Some(role), family, value), Received::Kept(value), "{role:?}");
            assert_eq!(told(Some(role), family, value), Some(value), "{role:?}");
        }
    }
}

#[test]
fn without_a_role_that_is_known_nothing_is_done() {
    for role in [None, Some(Role(77))] {
        for value in [None, Some(REMOTE), Some(OTHER)] {
            let family = Family::IPV4_UNICAST;
            assert_eq!(received(role, family, value), Received::Kept(value));
            assert_eq!(told(role, family, value), Some(value));
        }
    }
}

/// One UPDATE can have routes of two families, and the rules may be for one of them only.
#[test]
fn rfc9234_5_families_of_one_update_are_judged_apart() {
    const V6: [u8; 26] = [
        0, 2, 1, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 32, 0x20, 1, 0xd,
        0xb8,
    ];
    const V4_MULTICAST: [u8; 13] = [0, 1, 2, 4, 203, 0, 113, 1, 0, 24, 192, 0, 2];
    let mixed = |mp_reach: &[u8], only_to_customer: Option<u32>| {
        let mut list = attributes(&[REMOTE], only_to_customer);
        list.set(0x40, AttributeCode::NEXT_HOP, &[203, 0, 113, 1]);
        list.set(0x80, AttributeCode::MP_REACH_NLRI, mp_reach);
        let list = list.into_bytes();
        let mut body = Vec::from([0, 0, 0, u8::try_from(list.len()).expect("short")]);
        body.extend(list);
        body.extend([24, 192, 0, 2]);
        let update = Update::decode(body.into(), &context());
        assert_eq!((update.reach().count(), update.flaws().len()), (2, 0));
        update
    };
    for (mp_reach, family) in
        [(&V6[..], Family::IPV6_UNICAST), (&V4_MULTICAST, Family::IPV4_MULTICAST)]
    {
        let is_covered = family == Family::IPV6_UNICAST;
        let mut router = Router::new(LOCAL);
        let provider = router.peer(Some(Role::CUSTOMER), REMOTE);
        router.receive(provider, &mixed(mp_reach, None));
        assert_eq!(router.kept(Family::IPV4_UNICAST), Some(Some(REMOTE)));
        assert_eq!(router.kept(family), Some(is_covered.then_some(REMOTE)));
        let mut router = Router::new(LOCAL);
        let customer = router.peer(Some(Role::PROVIDER), REMOTE);
        let outcome = router.receive(customer, &mixed(mp_reach, Some(OTHER)));
        let routes = 1 + u32::from(is_covered);
        assert_eq!(outcome.leak, Some(Leak { only_to_customer: OTHER, routes }));
        assert_eq!(router.kept(Family::IPV4_UNICAST), None);
        assert_eq!(router.kept(family), (!is_covered).then_some(Some(OTHER)));
    }
}

#[test]
fn rfc9234_5_malformed_is_treated_as_a_withdrawal() {
    for role in ALL_ROLES.map(Some).into_iter().chain([None]) {
        for length in [0, 3, 5, 8] {
            let mut router = Router::new(LOCAL);
            let peer = router.peer(role, REMOTE);
            router.receive(peer, &update(Family::IPV4_UNICAST, None));
            assert!(router.kept(Family::IPV4_UNICAST).is_some());
            let mut attributes = attributes(&[REMOTE], None);
            attributes.set(0xc0, AttributeCode::ONLY_TO_CUSTOMER, &[0; 8][..length]);
            let outcome = router.receive(peer, &write(&attributes, Family::IPV4_UNICAST));
            assert_eq!((outcome.leak, router.kept(Family::IPV4_UNICAST)), (None, None));
            assert_eq!(router.statistics(peer, Family::IPV4_UNICAST).import_withdraws_accepted, 1);
        }
    }
}

/// From a provider by iBGP through another router of ours: its peer is told nothing, its customer the value
/// that was added where the route came in.
#[test]
fn rfc9234_5_once_set_it_stays_through_our_as() {
    let family = Family::IPV4_UNICAST;
    let (mut edge, mut other) = (Router::new(LOCAL), Router::new(LOCAL));
    let provider = edge.peer(Some(Role::CUSTOMER), REMOTE);
    // A role on iBGP has no meaning.
    for role in ALL_ROLES.map(Some).into_iter().chain([None]) {
        let (inside, back) = (edge.peer(role, LOCAL), other.peer(role, LOCAL));
        edge.receive(provider, &update(family, None));
        while let Some(chunk) = edge.rib.poll_update(Duration::ZERO, inside, &mut AcceptAll) {
            for update in updates(chunk.bytes) {
                assert_eq!(other.receive(back, &update).leak, None);
            }
        }
        assert_eq!(other.kept(family), Some(Some(REMOTE)), "{role:?}");
        let to = [Role::PROVIDER, Role::PEER].map(|role| other.peer(Some(role), 65002));
        let [to_customer, to_peer] = to.map(|to| other.tell(to).0);
        assert_eq!((to_customer, to_peer), (Vec::from([(family, Some(REMOTE))]), Vec::new()));
        other.rib.peer_down(back, &[]);
    }
}

/// A route that gets the attribute is taken back from those who may not have it any more.
#[test]
fn rfc9234_5_egress_2_a_route_that_was_told_is_withdrawn() {
    let family = Family::IPV4_UNICAST;
    let mut router = Router::new(LOCAL);
    let (from, provider) = (router.peer(None, 65002), router.peer(Some(Role::CUSTOMER), REMOTE));
    router.receive(from, &write(&attributes(&[65002], None), family));
    assert_eq!(router.tell(provider), (Vec::from([(family, None)]), 0));
    router.receive(from, &write(&attributes(&[65002], Some(65002)), family));
    assert_eq!(router.tell(provider), (Vec::new(), 1));
    router.receive(from, &write(&attributes(&[65002], None), family));
    assert_eq!(router.tell(provider), (Vec::from([(family, None)]), 0));
}

/// On each session the neighbour sees the AS that it knows as its neighbour; that is what it compares with.
#[test]
fn rfc9234_5_egress_1_the_local_as_is_that_of_the_session() {
    let mut router = Router::new(LOCAL);
    router.originate(Family::IPV4_UNICAST, None);
    let first = router.peer(Some(Role::PEER), REMOTE);
    router.local_as = 64999;
    let second = router.peer(Some(Role::PEER), REMOTE);
    assert_eq!(router.tell(first).0, [(Family::IPV4_UNICAST, Some(LOCAL))]);
    assert_eq!(router.tell(second).0, [(Family::IPV4_UNICAST, Some(64999))]);
}

/// Messages are shared between neighbours of equal roles, and for other families between all.
#[test]
fn neighbours_of_different_roles_share_no_messages() {
    let mut router = Router::new(LOCAL);
    router.originate(Family::IPV4_UNICAST, None);
    router.originate(Family::IPV4_MULTICAST, None);
    let roles = [Role::PROVIDER, Role::PROVIDER, Role::CUSTOMER];
    let peers = roles.map(|role| router.peer(Some(role), REMOTE));
    for peer in peers {
        router.tell(peer);
    }
    // What changes now is made once for each group.
    router.originate(Family::IPV6_UNICAST, None);
    router.originate(Family::IPV6_MULTICAST, None);
    let [first, second, third] = peers.map(|peer| {
        let mut next =
            || router.rib.poll_update(Duration::ZERO, peer, &mut AcceptAll).expect("news").bytes;
        [next(), next()]
    });
    let shared = |a: &Bytes, b: &Bytes| a.as_ptr() == b.as_ptr();
    assert!(shared(&first[0], &second[0]) && shared(&first[1], &second[1]));
    assert!(!shared(&first[0], &third[0]) && shared(&first[1], &third[1]));
}

/// What is added stands in its place, with its flags: the route is the same as if it had come so.
#[test]
fn a_route_is_kept_once_whether_the_attribute_came_or_was_added() {
    let behind = |attributes: &mut PathAttributes| {
        attributes.local_pref(100).set(0xe0, AttributeCode(200), &[7; 300]);
        attributes.set(0xc0, AttributeCode::LARGE_COMMUNITIES, &[1; 12]);
    };
    for rest in [true, false] {
        let mut router = Router::new(LOCAL);
        // Two sessions with one neighbouring AS
        let peers = [(); 2].map(|()| router.peer(Some(Role::PEER), REMOTE));
        for (peer, value) in peers.into_iter().zip([None, Some(REMOTE)]) {
            let mut attributes = attributes(&[REMOTE], None);
            if value.is_some() {
                // Partial, as it is when somebody on the way adds it
                attributes.set(0xe0, AttributeCode::ONLY_TO_CUSTOMER, &REMOTE.to_be_bytes());
            }
            if rest {
                behind(&mut attributes);
            }
            router.receive(peer, &write(&attributes, Family::IPV4_UNICAST));
        }
        assert_eq!(router.rib.attribute_sets(), 1);
        let mut wanted = attributes(&[REMOTE], None);
        wanted.local_pref(100);
        wanted.set(0xe0, AttributeCode::ONLY_TO_CUSTOMER, &REMOTE.to_be_bytes());
        if rest {
            behind(&mut wanted);
        }
        let net = net(Family::IPV4_UNICAST);
        let found = router.rib.lookup(router.table(Family::IPV4_UNICAST), &net).expect("there");
        assert!(found.paths().all(|path| path.attributes() == wanted.view()));
    }
}

/// On the way out too.
#[test]
fn an_added_attribute_stands_in_order() {
    let mut router = Router::new(LOCAL);
    let from = router.peer(None, 65002);
    let mut attributes = attributes(&[65002], None);
    attributes.set(0xc0, AttributeCode::LARGE_COMMUNITIES, &[1; 12]);
    attributes.set(0xe0, AttributeCode(200), &[7; 300]).set(0xe0, AttributeCode(201), &[7]);
    router.receive(from, &write(&attributes, Family::IPV6_UNICAST));
    let customer = router.peer(Some(Role::PROVIDER), REMOTE);
    let chunk = router.rib.poll_update(Duration::ZERO, customer, &mut AcceptAll);
    // The End-of-RIB of IPv4 comes first.
    let chunk =
        chunk.and_then(|_| router.rib.poll_update(Duration::ZERO, customer, &mut AcceptAll));
    let sent = updates(chunk.expect("a route").bytes).pop().expect("one");
    assert!(sent.flaws().is_empty());
    let mut path = AsPathBuilder::default();
    path.segment(SegmentKind::Sequence, [LOCAL, 65002]);
    attributes.as_path(&path);
    attributes.set(0xe0, AttributeCode::ONLY_TO_CUSTOMER, &LOCAL.to_be_bytes());
    let mut scratch = Vec::new();
    assert_eq!(sent.canonical_attributes(&mut scratch), attributes.view());
}

#[test]
fn rfc4271_5_what_is_added_to_a_route_of_others_is_partial() {
    let flags = |router: &mut Router| {
        let to = router.peer(Some(Role::PROVIDER), REMOTE);
        let chunk = router.rib.poll_update(Duration::ZERO, to, &mut AcceptAll).expect("a route");
        let sent = updates(chunk.bytes).pop().expect("one");
        let raw = sent.attributes().iter().find(|raw| raw.code == AttributeCode::ONLY_TO_CUSTOMER);
        raw.expect("there").flags
    };
    let mut router = Router::new(LOCAL);
    router.originate(Family::IPV4_UNICAST, None);
    assert_eq!(flags(&mut router), 0xc0);
    // What came without the bit goes on without it, and with it goes on with it.
    for (role, received, wanted) in [
        (None, None, 0xe0),
        (None, Some(0xc0), 0xc0),
        (None, Some(0xe0), 0xe0),
        (Some(Role::CUSTOMER), None, 0xe0),
        (Some(Role::CUSTOMER), Some(0xc0), 0xc0),
    ] {
        let mut router = Router::new(LOCAL);
        let from = router.peer(role, 65002);
        let mut attributes = attributes(&[65002], None);
        if let Some(flags) = received {
            attributes.set(flags, AttributeCode::ONLY_TO_CUSTOMER, &OTHER.to_be_bytes());
        }
        router.receive(from, &write(&attributes, Family::IPV4_UNICAST));
        assert_eq!(flags(&mut router), wanted, "{role:?} {received:?}");
    }
}

/// Leaks do not get as far as the filter; what does has the attribute.
#[test]
fn filters_come_after_the_rules() {
    struct Seen(Vec<Option<u32>>);
    impl Policy for Seen {
        fn run(&mut self, _: u32, route: &Route<'_>, _: &mut Edited) -> Verdict {
            self.0.push(route.attributes.only_to_customer());
            Verdict::Accept
        }
    }
    let mut seen = Seen(Vec::new());
    let mut router = Router::new(LOCAL);
    let peer = router.filtered_peer(Some(Role::PEER), REMOTE, Filter::Run(0));
    for value in [None, Some(OTHER), Some(REMOTE)] {
        let update = update(Family::IPV4_UNICAST, value);
        router.rib.handle_update(Duration::ZERO, peer, &update, &mut seen);
    }
    assert_eq!(seen.0, [Some(REMOTE), Some(REMOTE)]);
}

/// A route that has come back to us is that first of all.
#[test]
fn a_loop_is_not_told_as_a_leak() {
    let mut router = Router::new(LOCAL);
    let customer = router.peer(Some(Role::PROVIDER), REMOTE);
    let attributes = attributes(&[REMOTE, LOCAL, OTHER], Some(LOCAL));
    let outcome = router.receive(customer, &write(&attributes, Family::IPV4_UNICAST));
    assert_eq!((outcome.leak, router.kept(Family::IPV4_UNICAST)), (None, None));
}

#[test]
fn a_leak_can_be_logged() {
    let leak = Leak { only_to_customer: OTHER, routes: 3 };
    assert_eq!(leak.to_string(), "route leak, for customers of AS 65099 only; routes refused: 3");
}
