//! What each rule of looking up means, by example; and how much is decided anew.

use bgp_wire::{
    AsPathBuilder, Context, Message, NextHop, Origin, PathAttributes, UpdateWriter, split_frame,
};
use bytes::BytesMut;

use super::*;

const NOW: Duration = Duration::ZERO;

/// A table with the routes of an IGP and one with those of BGP.
struct Pair {
    rib: Rib,
    igp: TableId,
    master: TableId,
    own: SourceId,
    peer: SourceId,
}

impl Pair {
    fn new() -> Self {
        let mut rib = Rib::new(1);
        let igp = rib.add_table("igp", Family::IPV4_UNICAST);
        let master = rib.add_table("master", Family::IPV4_UNICAST);
        let own = rib.add_source("own", RouteSource::Device, 240);
        let peer = rib.add_source("peer", RouteSource::Bgp, 100);
        Self { rib, igp, master, own, peer }
    }

    /// A network at hand.
    fn at_hand(&mut self, net: &str, interface: u32, metric: u32) {
        let mut extra = ExtraAttributes::default();
        extra.set_number(ExtraCode::INTERFACE, interface);
        extra.set_number(ExtraCode::IGP_METRIC, metric);
        let route = Origination { extra, ..Origination::default() };
        let net = net.parse().expect("a prefix");
        self.rib.originate(NOW, self.own, self.igp, net, &route, &mut AcceptAll);
    }

    fn key(&self, next_hop: &str, igp: TableId) -> NextHopKey {
        let next_hop = next_hop.parse::<IpAddr>().expect("an address").into();
        NextHopKey { next_hop, interface: None, igp: Some(IgpTable::new(igp)) }
    }

    /// A route of `kind` whose next hop is looked up in `igp`.
    fn route(
        &mut self,
        kind: RouteSource,
        net: &str,
        next_hop: &str,
        table: TableId,
        igp: TableId,
    ) {
        let next_hop = Some(self.key(next_hop, igp));
        let route = Origination { next_hop, kind: Some(kind), ..Origination::default() };
        let net = net.parse().expect("a prefix");
        self.rib.originate(NOW, self.peer, table, net, &route, &mut AcceptAll);
    }

    fn found(&self, next_hop: &str, igp: TableId) -> Option<&Resolution> {
        self.rib.resolution(&self.key(next_hop, igp))
    }

    fn metric(&self, next_hop: &str, igp: TableId) -> Option<u32> {
        self.found(next_hop, igp).expect("it is in use").metric
    }

    fn work(&mut self) {
        while self.rib.work(Duration::ZERO, 1000, &mut AcceptAll) {}
    }
}

fn gateway(address: &str, interface: u32) -> Gateway {
    Gateway { address: address.parse().expect("an address"), interface: Some(interface) }
}

#[test]
fn the_same_address_in_two_tables_is_two_next_hops() {
    let mut pair = Pair::new();
    let (igp, master) = (pair.igp, pair.master);
    pair.at_hand("10.0.0.0/8", 3, 7);
    pair.route(RouteSource::Bgp, "192.0.2.0/24", "10.0.0.1", master, igp);
    pair.route(RouteSource::Bgp, "198.51.100.0/24", "10.0.0.1", master, master);
    let found = pair.found("10.0.0.1", igp).expect("in use");
    assert_eq!((found.metric, found.gateways()), (Some(7), &[gateway("10.0.0.1", 3)][..]));
    assert_eq!(pair.found("10.0.0.1", master), Some(&Resolution::unreachable()));
}

#[test]
fn routes_of_bgp_carry_no_next_hops_of_bgp() {
    let mut pair = Pair::new();
    let (igp, master) = (pair.igp, pair.master);
    pair.at_hand("10.0.0.0/8", 3, 7);
    pair.route(RouteSource::Bgp, "192.0.2.0/24", "10.0.0.1", master, igp);
    // Over the first one, and over itself.
    pair.route(RouteSource::Bgp, "198.51.100.0/24", "192.0.2.1", master, master);
    pair.route(RouteSource::Bgp, "203.0.113.0/24", "203.0.113.1", master, master);
    pair.work();
    for (address, net) in [("192.0.2.1", "192.0.2.0/24"), ("203.0.113.1", "203.0.113.0/24")] {
        let found = pair.found(address, master).expect("in use");
        assert_eq!(found.metric, None);
        assert_eq!(found.rests_on, Some((master, net.parse().expect("a prefix"))));
    }
    // A static one does.
    pair.route(RouteSource::Static, "192.0.2.0/24", "10.0.0.1", master, igp);
    pair.work();
    let found = pair.found("192.0.2.1", master).expect("in use");
    assert_eq!((found.metric, found.gateways()), (Some(7), &[gateway("10.0.0.1", 3)][..]));
}

#[test]
fn next_hops_lead_to_one_another_but_not_for_ever() {
    let mut pair = Pair::new();
    let (igp, master) = (pair.igp, pair.master);
    pair.at_hand("10.0.0.0/8", 3, 7);
    // 1.0.0.0/8 over 2.0.0.1 over 3.0.0.1 …, the last one over 10.0.0.1.
    let last = u8::try_from(MOST_LOOKUPS).expect("few");
    for first in 1..=last {
        let (net, next) =
            (alloc::format!("{first}.0.0.0/8"), alloc::format!("{}.0.0.1", first + 1));
        let next = if first == last { "10.0.0.1" } else { &next };
        pair.route(RouteSource::Static, &net, next, igp, igp);
    }
    pair.route(RouteSource::Bgp, "192.0.2.0/24", "1.0.0.1", master, igp);
    pair.work();
    assert_eq!(pair.metric("2.0.0.1", igp), Some(7));
    assert_eq!(pair.metric("1.0.0.1", igp), None, "one too many");
    // A ring
    pair.route(RouteSource::Static, "3.0.0.0/8", "2.0.0.1", igp, igp);
    pair.work();
    assert_eq!(pair.metric("2.0.0.1", igp), None);
    assert_eq!(pair.found("4.0.0.1", igp), None, "no longer in use");
    assert_eq!(pair.metric("5.0.0.1", igp), Some(7));
}

#[test]
fn default_routes_carry_next_hops_unless_told_otherwise() {
    let mut pair = Pair::new();
    let (igp, master) = (pair.igp, pair.master);
    pair.at_hand("0.0.0.0/0", 3, 7);
    pair.route(RouteSource::Bgp, "192.0.2.0/24", "10.0.0.1", master, igp);
    assert_eq!(pair.metric("10.0.0.1", igp), Some(7));
    let strict = Some(IgpTable { table: igp, default_route: false });
    let key = NextHopKey { igp: strict, ..pair.key("10.0.0.1", igp) };
    let route = Origination { next_hop: Some(key), ..Origination::default() };
    let net = "198.51.100.0/24".parse().expect("a prefix");
    pair.rib.originate(NOW, pair.peer, master, net, &route, &mut AcceptAll);
    assert_eq!(pair.rib.resolution(&key).expect("it is in use").metric, None);
}

#[test]
fn just_the_routes_concerned_are_decided_anew_and_each_once() {
    let mut pair = Pair::new();
    let (igp, master) = (pair.igp, pair.master);
    for net in ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"] {
        pair.at_hand(net, 1, 5);
    }
    for index in 0..300u16 {
        let [high, low] = index.to_be_bytes();
        let next_hop = alloc::format!("10.{}.0.1", index % 3 + 1);
        let net = alloc::format!("172.{}.{low}.0/24", high + 16);
        pair.route(RouteSource::Bgp, &net, &next_hop, master, igp);
    }
    pair.work();
    assert_eq!(pair.rib.decided_anew(), 0, "new next hops are looked up before their first route");
    pair.at_hand("10.1.0.0/16", 1, 6);
    assert!(pair.rib.has_work());
    pair.work();
    assert_eq!(pair.rib.decided_anew(), 100);
    // A network where no next hop lies, and one with a route that changes nothing.
    pair.at_hand("10.9.0.0/16", 1, 6);
    pair.at_hand("10.1.0.0/16", 1, 6);
    assert!(!pair.rib.has_work());
    // Two at once are one walk, and a call does as much as it was told to.
    pair.at_hand("10.1.0.0/16", 2, 6);
    pair.at_hand("10.2.0.0/16", 2, 6);
    let mut calls = 0;
    while pair.rib.work(Duration::ZERO, 50, &mut AcceptAll) {
        calls += 1;
        assert!(pair.rib.decided_anew() <= 100 + 2 * calls);
    }
    assert_eq!(pair.rib.decided_anew(), 300);
    assert!(calls >= 100, "{calls}");
}

/// Neighbours are not told again of what is the same for them.
#[test]
fn another_way_of_packets_is_no_news_for_neighbours() {
    let mut pair = Pair::new();
    let (igp, master) = (pair.igp, pair.master);
    pair.at_hand("10.0.0.0/8", 1, 5);
    pair.route(RouteSource::Bgp, "192.0.2.0/24", "10.0.0.1", master, igp);
    let watcher = pair.rib.watch(master, false).expect("it is there");
    assert!(pair.rib.poll_change(watcher).is_some());
    let neighbour = |rib: &mut Rib, last| {
        let id = rib.add_source("to", RouteSource::Bgp, 100);
        let address = IpAddr::from([203, 0, 113, last]);
        let config = PeerConfig::external(65001, 65002, [203, 0, 113, 99].into(), address);
        rib.peer_up(id, config, [ChannelConfig::new(master, Family::IPV4_UNICAST)]);
        id
    };
    let announced = |rib: &mut Rib, to| {
        core::iter::from_fn(|| rib.poll_update(NOW, to, &mut AcceptAll))
            .map(|chunk| chunk.announced)
            .sum::<u32>()
    };
    let first = neighbour(&mut pair.rib, 1);
    assert_eq!(announced(&mut pair.rib, first), 1);
    pair.at_hand("10.0.0.0/8", 2, 5);
    pair.work();
    // One that comes while the change waits to be read is told, of course.
    let second = neighbour(&mut pair.rib, 2);
    assert_eq!(announced(&mut pair.rib, second), 1);
    assert_eq!(announced(&mut pair.rib, first), 0);
    assert!(pair.rib.poll_change(watcher).is_some_and(|change| change.present));
    assert_eq!(pair.rib.poll_change(watcher), None);
    // The cost alone concerns nobody while the best path stays.
    pair.at_hand("10.0.0.0/8", 2, 6);
    pair.work();
    assert_eq!(pair.rib.poll_change(watcher), None);
    assert_eq!((announced(&mut pair.rib, first), announced(&mut pair.rib, second)), (0, 0));
    assert_eq!(pair.rib.backlog(master), 0);
}

/// RFC 8950, and RFC 2545 §2 for the link-local address.
#[test]
fn ipv4_routes_have_ipv6_next_hops() {
    let mut rib = Rib::new(1);
    let master4 = rib.add_table("master4", Family::IPV4_UNICAST);
    let master6 = rib.add_table("master6", Family::IPV6_UNICAST);
    let own = rib.add_source("own", RouteSource::Device, 240);
    let peer = rib.add_source("peer", RouteSource::Bgp, 100);
    let mut extra = ExtraAttributes::default();
    extra.set_number(ExtraCode::INTERFACE, 4);
    let route = Origination { extra, ..Origination::default() };
    let link = "2001:db8::/64".parse().expect("a prefix");
    rib.originate(NOW, own, master6, link, &route, &mut AcceptAll);
    let local = "2001:db8::99".parse().expect("an address");
    let remote = "2001:db8::1".parse().expect("an address");
    let config = PeerConfig { interface: Some(9), ..PeerConfig::external(1, 2, local, remote) };
    let channel = ChannelConfig {
        igp_tables: IgpTables {
            ipv4: Some(IgpTable::new(master4)),
            ipv6: Some(IgpTable::new(master6)),
        },
        extended_next_hop: true,
        ..ChannelConfig::new(master4, Family::IPV4_UNICAST)
    };
    rib.peer_up(peer, config, [channel]);
    let context = Context { four_octet_as: true, ..Context::default() };
    let (global, link_local) =
        ("2001:db8::7".parse().expect("one"), "fe80::7".parse().expect("one"));
    let net: IpNet = "192.0.2.0/24".parse().expect("a prefix");
    let cases = [
        (NextHop::V6(global, None), "2001:db8::7", Some(4)),
        (NextHop::V6(global, Some(link_local)), "fe80::7", Some(4)),
        // Never looked up: it is on the link of the neighbour.
        (NextHop::LinkLocal(link_local), "fe80::7", Some(9)),
    ];
    for (next_hop, address, interface) in cases {
        let mut attributes = PathAttributes::default();
        attributes.origin(Origin::Igp).as_path(&AsPathBuilder::default());
        let mut out = BytesMut::new();
        UpdateWriter::new(&mut out, &context)
            .announce(attributes.view(), Family::IPV4_UNICAST, &next_hop, [net])
            .expect("short");
        let frame = split_frame(&mut out, &context).expect("well formed").expect("whole");
        let Ok(Message::Update(update)) = Message::decode(&frame, &context) else {
            panic!("no update")
        };
        rib.handle_update(NOW, peer, &update, &mut AcceptAll);
        let path = rib.lookup(master4, &net).and_then(|view| view.paths().next());
        let found = path.and_then(|path| path.resolution()).expect("it has a next hop");
        let address = address.parse().expect("an address");
        assert_eq!(found.gateways(), [Gateway { address, interface }], "{next_hop}");
    }
}
