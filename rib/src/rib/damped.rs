//! Routes that come and go too often, in tables (RFC 2439). The arithmetic is tested where it stands.

use alloc::vec::Vec;
use std::net::IpAddr;

use bgp_wire::{Context, Message, NextHop, PathAttributes, UpdateWriter, split_frame};
use bytes::BytesMut;

use super::*;
use crate::{AcceptAll, DampingConfig, PeerConfig};

const NET: &str = "10.1.0.0/16";

struct World {
    rib: Rib,
    table: TableId,
    peer: SourceId,
}

impl World {
    fn new() -> Self {
        let mut rib = Rib::new(1);
        let table = rib.add_table("master4", Family::IPV4_UNICAST);
        let peer = rib.add_source("up1", RouteSource::Bgp, 100);
        let [ours, theirs] = [[203, 0, 113, 1], [203, 0, 113, 2]].map(IpAddr::from);
        let damping = Some(DampingConfig { suppress_threshold: 2500, ..DampingConfig::default() });
        let channel = ChannelConfig { damping, ..ChannelConfig::new(table, Family::IPV4_UNICAST) };
        rib.peer_up(peer, PeerConfig::external(65000, 65001, ours, theirs), [channel]);
        Self { rib, table, peer }
    }

    fn send(&mut self, second: u64, med: Option<u32>) {
        let context = Context { four_octet_as: true, ..Context::default() };
        let mut out = BytesMut::new();
        let mut writer = UpdateWriter::new(&mut out, &context);
        let nets = [NET.parse::<IpNet>().expect("a prefix")];
        match med {
            Some(med) => {
                let mut path = bgp_wire::AsPathBuilder::default();
                path.segment(bgp_wire::SegmentKind::Sequence, [65001]);
                let mut attributes = PathAttributes::default();
                attributes.origin(bgp_wire::Origin::Igp).as_path(&path).med(med);
                let next_hop = NextHop::from(IpAddr::from([203, 0, 113, 2]));
                let written =
                    writer.announce(attributes.view(), Family::IPV4_UNICAST, &next_hop, nets);
                written.expect("short");
            }
            None => writer.withdraw(Family::IPV4_UNICAST, nets),
        }
        while let Some(frame) = split_frame(&mut out, &context).expect("well formed") {
            let Ok(Message::Update(update)) = Message::decode(&frame, &context) else {
                panic!("no update")
            };
            let now = Duration::from_secs(second);
            self.rib.handle_update(now, self.peer, &update, &mut AcceptAll);
        }
    }

    /// Whether there is a path, and whether it is used.
    fn path(&self) -> Option<bool> {
        let view = self.rib.lookup(self.table, &NET.parse().expect("a prefix"))?;
        view.paths().next().map(|path| path.best)
    }
}

#[test]
fn a_route_that_flaps_is_used_again_when_it_is_stable() {
    let mut world = World::new();
    for flap in 0..3 {
        world.send(flap * 10, Some(1));
        assert_eq!(world.path(), Some(true), "flap {flap}");
        world.send(flap * 10 + 5, None);
        assert_eq!(world.path(), None);
    }
    world.send(30, Some(1));
    assert_eq!(world.path(), Some(false), "kept, not used");
    // Announced again as it is: nothing changes.
    world.send(31, Some(1));
    assert_eq!(world.path(), Some(false));
    let reuse = world.rib.poll_timeout().expect("it is to be used again");
    world.rib.handle_timeout(reuse - Duration::from_secs(1));
    assert_eq!(world.path(), Some(false));
    world.rib.handle_timeout(reuse);
    assert_eq!(world.path(), Some(true));
    let table = world.table;
    assert_eq!(world.rib.routes_of(world.peer, table), (1, 1));
}

#[test]
fn a_session_that_ends_takes_the_history_along() {
    let mut world = World::new();
    for med in 0..20 {
        world.send(u64::from(med), Some(med));
    }
    assert_eq!(world.path(), Some(false), "its attributes change too often");
    world.rib.peer_down(world.peer, &[]);
    assert_eq!((world.path(), world.rib.poll_timeout()), (None, None));
    let counted: Vec<usize> = [world.rib.attribute_sets(), world.rib.next_hops().count()].into();
    assert_eq!(counted, [0, 0]);
}
