//! Limits on what comes in, and what becomes of what is too much.

use super::*;
use crate::{Limit, LimitAction, LimitKind};

fn channel(world: &World, most: u32, keep_filtered: bool) -> ChannelConfig {
    ChannelConfig {
        import_limit: Some(Limit { most, action: LimitAction::Block }),
        keep_filtered,
        ..ChannelConfig::new(world.table, Family::IPV4_UNICAST)
    }
}

fn announced(world: &mut World, nets: &[usize]) {
    let attributes = Announcement::by(alloc::vec![65002]).attributes();
    let nets: Vec<IpNet> = nets.iter().map(|index| net(*index)).collect();
    world.send(0, |writer, next_hop| {
        writer.announce(attributes.view(), Family::IPV4_UNICAST, next_hop, nets).expect("short");
    });
}

/// As in BIRD: what an import limit keeps out is like filtered where filtered routes are kept.
#[test]
fn what_the_import_limit_keeps_out_is_kept_as_filtered() {
    for keeps in [false, true] {
        let mut world = World::new();
        let (table, source) = (world.table, world.sources[0]);
        let config = channel(&world, 2, keeps);
        world.rib.peer_up(source, peer_config(0), [config]);
        world.neighbours[0].up = true;
        announced(&mut world, &[0, 1]);
        assert!(!world.rib.is_passed(source, table, LimitKind::Import));
        announced(&mut world, &[2]);
        assert!(world.rib.is_passed(source, table, LimitKind::Import));
        assert_eq!(world.rib.routes_of(source, table).0, 2);
        assert_eq!(world.rib.filtered_of(source, table), u32::from(keeps));
        let kept = world
            .rib
            .lookup(table, &net(2))
            .map(|net| net.paths().map(|path| (path.is_filtered(), path.best)).collect::<Vec<_>>());
        assert_eq!(kept, keeps.then(|| alloc::vec![(true, false)]));

        // With room again it comes in with the next announcement.
        world.take(Step::Withdraw(0, alloc::vec![0]));
        assert!(!world.rib.is_passed(source, table, LimitKind::Import));
        announced(&mut world, &[2]);
        assert_eq!(world.rib.routes_of(source, table).0, 2);
        assert_eq!(world.rib.filtered_of(source, table), 0);
        world.rib.peer_down(source, &[]);
        assert_eq!(world.rib.size(table), (0, 0));
        assert_eq!(world.rib.attribute_sets(), 0);
    }
}
