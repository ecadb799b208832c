//! Against the definition: after any changes an aggregate is what its parts say.

use std::collections::BTreeMap;

use bgp_wire::Family;
use proptest::prelude::*;

use super::*;
use crate::route::RouteSource;
use crate::{AcceptAll, ChannelConfig, Filter, PeerConfig};

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

const NETS: [&str; 6] =
    ["10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.2.0.0/16", "192.0.2.0/24", "0.0.0.0/0"];

fn attributes(origin: u8, path: &[u32], community: Option<u16>) -> PathAttributes {
    let mut attributes = PathAttributes::default();
    let mut builder = AsPathBuilder::default();
    if !path.is_empty() {
        builder.segment(SegmentKind::Sequence, path.iter().copied());
    }
    attributes.origin(Origin::decode(origin).expect("below 3")).as_path(&builder);
    attributes.communities(community.map(|value| Community::new(7, value)));
    attributes
}

struct World {
    rib: Rib,
    table: TableId,
    own: SourceId,
    aggregate: SourceId,
}

impl World {
    fn new() -> Self {
        let mut rib = Rib::new(1);
        let table = rib.add_table("master4", Family::IPV4_UNICAST);
        let own = rib.add_source("static1", RouteSource::Static, 200);
        let aggregate = rib.add_source("aggregate1", RouteSource::Static, 250);
        Self { rib, table, own, aggregate }
    }

    fn settle(&mut self) {
        let mut rounds = 0;
        while self.rib.work(Duration::ZERO, 3, &mut AcceptAll) {
            rounds += 1;
            assert!(rounds < 100, "it does not end");
        }
    }

    fn set(&mut self, of: &str, attributes: Option<&PathAttributes>) {
        match attributes {
            Some(attributes) => {
                let route =
                    Origination { attributes: attributes.clone(), ..Origination::default() };
                self.rib.originate(
                    Duration::ZERO,
                    self.own,
                    self.table,
                    net(of),
                    &route,
                    &mut AcceptAll,
                );
            }
            None => {
                self.rib.withdraw(self.own, self.table, &net(of));
            }
        }
    }

    fn found(&self, of: &str) -> Option<PathAttributes> {
        let view = self.rib.lookup(self.table, &net(of))?;
        let path = view.paths().find(|path| path.source() == self.aggregate)?;
        Some(path.attributes().to_path_attributes())
    }
}

/// RFC 4271 §9.2.2.2 and Appendix F.6, spelled out.
fn expected(
    config: &AggregateConfig,
    parts: &BTreeMap<IpNet, (u8, Vec<u32>, Option<u16>)>,
) -> Option<PathAttributes> {
    let parts: Vec<_> =
        parts.iter().filter(|(net, _)| config.stands_for(net)).map(|(_, part)| part).collect();
    let worst = parts.iter().map(|part| part.0).max()?;
    let mut wanted = PathAttributes::default();
    wanted.origin(Origin::decode(worst).expect("below 3"));
    let mut path = AsPathBuilder::default();
    if config.as_set {
        let first = &parts.first()?.1;
        let common: Vec<u32> = (0..first.len())
            .take_while(|at| parts.iter().all(|part| part.1.get(*at) == first.get(*at)))
            .map(|at| first[at])
            .collect();
        let mut rest: Vec<u32> = parts
            .iter()
            .flat_map(|part| &part.1)
            .copied()
            .filter(|asn| !common.contains(asn))
            .collect();
        rest.sort_unstable();
        rest.dedup();
        if !common.is_empty() {
            path.segment(SegmentKind::Sequence, common);
        }
        if !rest.is_empty() {
            path.segment(SegmentKind::Set, rest);
        }
        let mut communities: Vec<u16> = parts.iter().filter_map(|part| part.2).collect();
        communities.sort_unstable();
        communities.dedup();
        wanted.communities(communities.into_iter().map(|value| Community::new(7, value)));
    } else if parts.iter().any(|part| !part.1.is_empty()) {
        wanted.set(0x40, AttributeCode::ATOMIC_AGGREGATE, &[]);
    }
    wanted.as_path(&path);
    wanted.set(0xc0, AttributeCode::AGGREGATOR, &[0, 0, 253, 232, 1, 1, 1, 1]);
    Some(wanted)
}

proptest! {
    #[test]
    fn an_aggregate_is_what_its_parts_say(
        as_set: bool,
        steps in prop::collection::vec(
            (0..NETS.len(), prop::option::weighted(0.7, (0u8..3, prop::collection::vec(1u32..4, 0..3), prop::option::of(0u16..3))), any::<bool>()),
            1..40,
        ),
    ) {
        let mut world = World::new();
        let config = AggregateConfig {
            as_set,
            aggregator: Some((65000, Ipv4Addr::new(1, 1, 1, 1))),
            ..AggregateConfig::new(world.table, net("10.0.0.0/8"))
        };
        prop_assert!(world.rib.set_aggregate(world.aggregate, config.clone()));
        let mut parts = BTreeMap::new();
        for (at, part, settle) in steps {
            let wanted = part.as_ref().map(|(origin, path, community)| attributes(*origin, path, *community));
            world.set(NETS[at], wanted.as_ref());
            match part {
                Some(part) => parts.insert(net(NETS[at]), part),
                None => parts.remove(&net(NETS[at])),
            };
            if settle {
                world.settle();
                prop_assert_eq!(world.found("10.0.0.0/8"), expected(&config, &parts));
            }
        }
        world.rib.remove_source(world.aggregate);
        prop_assert_eq!(world.found("10.0.0.0/8"), None);
        for of in NETS {
            world.set(of, None);
        }
        prop_assert_eq!((world.rib.size(world.table), world.rib.attribute_sets()), ((0, 0), 0));
    }
}

/// What a neighbour is told from now on: announced, withdrawn.
fn told(world: &mut World, peer: SourceId) -> (u32, u32) {
    let (mut announced, mut withdrawn) = (0, 0);
    while let Some(chunk) = world.rib.poll_update(Duration::ZERO, peer, &mut AcceptAll) {
        announced += chunk.announced;
        withdrawn += chunk.withdrawn;
    }
    (announced, withdrawn)
}

fn neighbour(world: &mut World, config: ChannelConfig) -> SourceId {
    let peer = world.rib.add_source("up1", RouteSource::Bgp, 100);
    let [ours, theirs] = [[203, 0, 113, 1], [203, 0, 113, 2]].map(std::net::IpAddr::from);
    world.rib.peer_up(peer, PeerConfig::external(65000, 65001, ours, theirs), [config]);
    peer
}

#[test]
fn a_summary_is_told_in_place_of_its_parts() {
    let mut world = World::new();
    let config = AggregateConfig {
        summary_only: true,
        ..AggregateConfig::new(world.table, net("10.0.0.0/8"))
    };
    world.rib.set_aggregate(world.aggregate, config);
    let channel = ChannelConfig::new(world.table, Family::IPV4_UNICAST);
    let peer = neighbour(&mut world, channel);
    world.set("192.0.2.0/24", Some(&PathAttributes::default()));
    assert_eq!(told(&mut world, peer), (1, 0));
    world.set("10.1.0.0/16", Some(&PathAttributes::default()));
    world.set("10.2.0.0/16", Some(&PathAttributes::default()));
    world.settle();
    assert_eq!(told(&mut world, peer), (1, 0), "the summary alone");
    world.rib.remove_source(world.aggregate);
    assert_eq!(told(&mut world, peer), (2, 1), "the parts again");
}

#[test]
fn a_condition_chooses_the_filter() {
    let mut world = World::new();
    let channel = ChannelConfig::new(world.table, Family::IPV4_UNICAST);
    let (table, up) = (world.table, net("192.0.2.0/24"));
    let peer = neighbour(&mut world, channel);
    let condition =
        super::super::Condition { table, net: up, present: Filter::None, absent: Filter::All };
    world.rib.set_condition(peer, table, Some(condition));
    world.set("10.1.0.0/16", Some(&PathAttributes::default()));
    world.settle();
    assert_eq!(told(&mut world, peer), (1, 0));
    world.set("192.0.2.0/24", Some(&PathAttributes::default()));
    world.settle();
    let _ = told(&mut world, peer);
    assert_eq!(world.rib.told(peer, table), 0, "a backup says nothing while the other is there");
    world.set("192.0.2.0/24", None);
    world.settle();
    assert_eq!(told(&mut world, peer).0, 1);
    assert_eq!(world.rib.told(peer, table), 1);
}

#[test]
fn a_neighbour_may_be_told_a_default_route_of_our_own() {
    let mut world = World::new();
    world.set("0.0.0.0/0", Some(&attributes(0, &[1, 2, 3], None)));
    let channel = ChannelConfig::new(world.table, Family::IPV4_UNICAST);
    let own = ChannelConfig { default_originate: true, ..channel.clone() };
    let peer = neighbour(&mut world, own);
    let chunk =
        world.rib.poll_update(Duration::ZERO, peer, &mut AcceptAll).expect("the default route");
    // AS_PATH: 65000 alone, in four octets.
    let path = [0x40, 2, 6, 2, 1, 0, 0, 253, 232];
    assert!(chunk.bytes.windows(path.len()).any(|window| window == path), "{chunk:?}");
    assert_eq!((chunk.announced, told(&mut world, peer)), (1, (0, 0)));
    world.rib.reconfigure_channel(peer, channel);
    assert_eq!(told(&mut world, peer), (1, 1), "that of the table instead");
}
