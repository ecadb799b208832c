//! What neighbours are told when nothing in the tables has changed for them but one thing.

use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::time::Duration;

use bgp_wire::{Context, Family, NextHop, PathAttributes, Update, UpdateWriter, split_frame};
use bytes::BytesMut;
use ipnet::IpNet;

use crate::{
    AcceptAll, AddPath, AigpSession, ChannelConfig, NextHopMode, PeerConfig, Rib, RouteSource,
    SourceId, TableId,
};

const V4: Family = Family::IPV4_UNICAST;
const NOW: Duration = Duration::ZERO;

struct Setup {
    rib: Rib,
    table: TableId,
}

impl Setup {
    fn new() -> Self {
        let mut rib = Rib::new(1);
        let table = rib.add_table("master4", V4);
        Self { rib, table }
    }

    /// An internal neighbour.
    fn peer(
        &mut self,
        host: u8,
        change: impl FnOnce(&mut PeerConfig, &mut ChannelConfig),
    ) -> SourceId {
        let id = self.rib.add_source("peer", RouteSource::Bgp, 100);
        let address = |host| Ipv4Addr::new(192, 0, 2, host).into();
        let mut peer = PeerConfig::external(65001, 65001, address(1), address(host));
        let mut channel = ChannelConfig::new(self.table, V4);
        change(&mut peer, &mut channel);
        self.rib.peer_up(id, peer, [channel]);
        id
    }

    fn announce(&mut self, from: SourceId, path_id: Option<u32>, metric: Option<u64>) {
        let mut context = Context { four_octet_as: true, ..Context::default() };
        let mut attributes = PathAttributes::default();
        attributes.origin(bgp_wire::Origin::Igp).local_pref(100);
        attributes.set(0x40, bgp_wire::AttributeCode::AS_PATH, &[]);
        if let Some(metric) = metric {
            let value: Vec<u8> = [1, 0, 11].into_iter().chain(metric.to_be_bytes()).collect();
            attributes.set(0x80, bgp_wire::AttributeCode::AIGP, &value);
        }
        let mut out = BytesMut::new();
        let next_hop = NextHop::V4(Ipv4Addr::new(203, 0, 113, 1));
        if path_id.is_some() {
            context.add_path.push(V4);
        }
        let mut writer = UpdateWriter::new(&mut out, &context);
        let written = match path_id {
            Some(id) => writer.announce(attributes.view(), V4, &next_hop, [(id, net())]),
            None => writer.announce(attributes.view(), V4, &next_hop, [net()]),
        };
        written.expect("short");
        while let Some(frame) = split_frame(&mut out, &context).expect("whole messages") {
            let update = Update::decode(frame.body, &context);
            self.rib.handle_update(NOW, from, &update, &mut AcceptAll);
        }
    }

    /// The next routes announced, and withdrawn, to a neighbour, until there are no more.
    fn told(&mut self, to: SourceId) -> (u32, u32) {
        let (mut announced, mut withdrawn) = (0, 0);
        while let Some(chunk) = self.rib.poll_update(NOW, to, &mut AcceptAll) {
            announced += chunk.announced;
            withdrawn += chunk.withdrawn;
        }
        (announced, withdrawn)
    }
}

fn net() -> IpNet {
    "198.51.100.0/24".parse().expect("a prefix")
}

fn all_paths(peer: &mut PeerConfig, channel: &mut ChannelConfig) {
    peer.reflector_client = true;
    peer.send.add_path.push(V4);
    channel.add_path = AddPath::All;
}

/// RFC 7311 §3.4.3: the cost of the next hop is part of what is told.
#[test]
fn a_route_with_aigp_is_told_anew_when_its_next_hop_costs_something_else() {
    for several in [false, true] {
        let mut setup = Setup::new();
        let from = setup.peer(2, |_, _| {});
        let to = setup.peer(3, |peer, channel| {
            peer.reflector_client = true;
            if several {
                all_paths(peer, channel);
            }
            channel.next_hop_self = NextHopMode::Always;
        });
        let without = setup.peer(4, |peer, channel| {
            peer.reflector_client = true;
            channel.aigp = AigpSession::Disabled;
        });
        setup.announce(from, None, Some(10));
        assert_eq!((setup.told(to), setup.told(without)), ((1, 0), (1, 0)));
        let (id, _) = setup.rib.poll_next_hop().expect("it is new");
        setup.rib.set_next_hop(id, Some(7));
        while setup.rib.work(NOW, 100, &mut AcceptAll) {}
        assert_eq!(setup.told(to), (1, 0), "several paths: {several}");
        setup.rib.set_next_hop(id, Some(7));
        while setup.rib.work(NOW, 100, &mut AcceptAll) {}
        assert_eq!(setup.told(to), (0, 0), "several paths: {several}");
    }
}

/// Where the others are told what is different, a neighbour that has just come has to be told all.
#[test]
fn a_neighbour_that_comes_while_a_path_changes_is_told_the_others_too() {
    let mut setup = Setup::new();
    let [first, second] = [2, 3].map(|host| setup.peer(host, |_, _| {}));
    let known = setup.peer(4, all_paths);
    setup.announce(first, None, None);
    assert_eq!(setup.told(known), (1, 0));
    setup.announce(second, None, Some(5));
    let new = setup.peer(5, all_paths);
    // What has changed is told by the walk over the table, and as a change.
    let (announced, withdrawn) = setup.told(new);
    assert!(announced >= 2 && withdrawn == 0, "{announced} announced");
    assert_eq!(setup.told(known), (1, 0));
    // What only one of them was told goes for both.
    setup.rib.peer_down(second, &[]);
    assert_eq!((setup.told(new), setup.told(known)), ((0, 1), (0, 1)));
}

/// A path that one neighbour was told before the others, and that is gone before they are.
#[test]
fn a_path_that_only_a_new_neighbour_was_told_is_withdrawn_from_it() {
    let mut setup = Setup::new();
    let [first, second] = [2, 3].map(|host| setup.peer(host, |_, _| {}));
    let known = setup.peer(4, all_paths);
    setup.announce(first, None, None);
    assert_eq!(setup.told(known), (1, 0));
    setup.announce(second, None, Some(5));
    let new = setup.peer(5, all_paths);
    // Its walk alone.
    let chunk = setup.rib.poll_update(NOW, new, &mut AcceptAll).expect("there are routes");
    assert!(chunk.announced > 0);
    setup.rib.peer_down(second, &[]);
    let (_, withdrawn) = setup.told(new);
    assert_eq!(withdrawn, 1);
}

/// RFC 7313 §4.1: all routes stand between the markers, also those that have just changed.
#[test]
fn a_refresh_leaves_out_nothing_that_has_changed() {
    let mut setup = Setup::new();
    let from = setup.peer(2, |_, _| {});
    let to = setup.peer(3, |peer, _| {
        peer.reflector_client = true;
        peer.enhanced_refresh = true;
    });
    setup.announce(from, None, None);
    assert_eq!(setup.told(to), (1, 0));
    setup.announce(from, None, Some(5));
    setup.rib.handle_route_refresh(to, V4);
    let chunks: Vec<u32> = core::iter::from_fn(|| setup.rib.poll_update(NOW, to, &mut AcceptAll))
        .map(|chunk| chunk.announced)
        .collect();
    assert_eq!(chunks[..3], [0, 1, 0], "begin, the route, end");
}
