//! Networks to try.

use ospf3::originate::{AreaKind, External, ExternalKey, Metric, Nssa, Range, Stub};
use ospf3::{AddressFamily, AreaId};

use crate::plan::{Kind, NodeId, Plan, VirtualLink};
use crate::random::Random;

const BACKBONE: AreaId = AreaId::BACKBONE;
const V6: AddressFamily = AddressFamily::Ipv6Unicast;

fn external(plan: &mut Plan, node: NodeId, number: usize, metric: Metric) {
    let key = ExternalKey { prefix: plan.outside(number), path: 0 };
    let external = External { metric, tag: None, forwarding_address: None, propagate: true };
    plan.nodes[node].externals.insert(key, external);
}

/// One after another, with links of all kinds.
pub(crate) fn line(random: &mut Random, family: AddressFamily) -> Plan {
    let mut plan = Plan::new("a line", family, 6);
    let kinds = [Kind::PointToPoint, Kind::Broadcast, Kind::NonBroadcast, Kind::PointToMultipoint];
    for node in 0..5 {
        let kind = kinds[random.below(kinds.len())];
        let (one, other) = (random.within(1, 20), random.within(1, 20));
        plan.link(kind, BACKBONE, &[(node, one), (node + 1, other)]);
    }
    external(&mut plan, 0, 0, Metric::type2(3));
    plan
}

pub(crate) fn ring(random: &mut Random) -> Plan {
    let mut plan = Plan::new("a ring", V6, 8);
    for node in 0..8 {
        let (one, other) = (random.within(1, 3), random.within(1, 3));
        plan.link(Kind::PointToPoint, BACKBONE, &[(node, one), ((node + 1) % 8, other)]);
    }
    external(&mut plan, 2, 0, Metric::type1(3));
    external(&mut plan, 6, 0, Metric::type1(3));
    plan
}

/// Everybody with everybody, at small costs: many equal paths.
pub(crate) fn mesh(random: &mut Random) -> Plan {
    let mut plan = Plan::new("a mesh", V6, 6);
    for one in 0..6 {
        for other in 0..one {
            let ends = [(one, random.within(1, 2)), (other, random.within(1, 2))];
            plan.link(Kind::PointToPoint, BACKBONE, &ends);
        }
    }
    external(&mut plan, 1, 0, Metric::type2(3));
    plan
}

/// Twenty routers on one link, and a way around for some.
pub(crate) fn segment(random: &mut Random, kind: Kind) -> Plan {
    let mut plan = Plan::new("a segment", V6, 20);
    let ends: Vec<_> = (0..20).map(|node| (node, random.within(1, 10))).collect();
    plan.link(kind, BACKBONE, &ends);
    for (one, other) in [(0, 1), (5, 9)] {
        plan.link(Kind::PointToPoint, BACKBONE, &[(one, 3), (other, 3)]);
    }
    external(&mut plan, 7, 0, Metric::type2(3));
    plan
}

/// Anything.
pub(crate) fn random(random: &mut Random, family: AddressFamily) -> Plan {
    let count = 4 + random.below(8);
    let mut plan = Plan::new("a random network", family, count);
    let kinds = [Kind::PointToPoint, Kind::Broadcast, Kind::NonBroadcast, Kind::PointToMultipoint];
    // A tree, so that it hangs together, and some more.
    for node in 1..count {
        let other = random.below(node);
        let kind = kinds[random.below(kinds.len())];
        plan.link(kind, BACKBONE, &[(node, random.within(1, 9)), (other, random.within(1, 9))]);
    }
    for _ in 0..count / 2 {
        let kind = kinds[random.below(kinds.len())];
        let size = if kind == Kind::PointToPoint { 2 } else { 2 + random.below(3) };
        let mut ends: Vec<(NodeId, u16)> = Vec::new();
        while ends.len() < size {
            let node = random.below(count);
            if !ends.iter().any(|(other, _)| *other == node) {
                ends.push((node, random.within(1, 9)));
            }
        }
        plan.link(kind, BACKBONE, &ends);
    }
    for number in 0..3 {
        external(&mut plan, random.below(count), number, Metric::type2(3));
    }
    plan
}

/// A backbone of three routers; four areas of four routers each, every one with two border routers. The kinds of the areas
/// are given.
pub(crate) fn four_areas(random: &mut Random, family: AddressFamily, kinds: [AreaKind; 4]) -> Plan {
    let mut plan = Plan::new("four areas", family, 3 + 4 * 5);
    plan.link(Kind::Broadcast, BACKBONE, &[(0, 1), (1, 2), (2, 3)]);
    for (number, kind) in kinds.into_iter().enumerate() {
        let area = AreaId(u32::try_from(number).expect("small") + 1);
        plan.areas.insert(area, kind.clone());
        let first = 3 + 5 * number;
        let (one, other) = (first, first + 1);
        for border in [one, other] {
            for core in [number % 3, (number + 1) % 3] {
                let ends = [(border, random.within(1, 5)), (core, random.within(1, 5))];
                plan.link(Kind::PointToPoint, BACKBONE, &ends);
            }
        }
        // The border routers hear each other in their area too.
        let inner = [first + 2, first + 3, first + 4];
        for node in inner {
            plan.nodes[node].home = area;
        }
        plan.nodes[other].home = area;
        let ends = [(one, random.within(1, 5)), (inner[0], random.within(1, 5)), (inner[1], 2)];
        plan.link(Kind::Broadcast, area, &ends);
        let ends = [(other, random.within(1, 5)), (inner[1], random.within(1, 5)), (inner[2], 2)];
        plan.link(Kind::Broadcast, area, &ends);
        plan.link(Kind::PointToPoint, area, &[(inner[0], 2), (inner[2], 3)]);
        if !matches!(kind, AreaKind::Stub(_)) {
            external(&mut plan, inner[0], number, Metric::type2(2));
            external(&mut plan, inner[2], number, Metric::type1(2));
        }
    }
    external(&mut plan, 0, 5, Metric::type2(1));
    plan
}

pub(crate) fn all_kinds() -> [AreaKind; 4] {
    [
        AreaKind::Normal,
        AreaKind::Stub(Stub { default_cost: 7, import_summaries: true }),
        AreaKind::Stub(Stub { default_cost: 7, import_summaries: false }),
        AreaKind::Nssa(Nssa::default()),
    ]
}

pub(crate) fn nssas() -> [AreaKind; 4] {
    let inner = Nssa { import_summaries: false, ..Nssa::default() };
    [
        AreaKind::Nssa(Nssa::default()),
        AreaKind::Nssa(inner),
        AreaKind::Nssa(Nssa { default_metric: None, ..Nssa::default() }),
        AreaKind::Normal,
    ]
}

/// Border routers with ranges: one told, one told at a cost, one hidden.
pub(crate) fn ranges(random: &mut Random) -> Plan {
    let mut plan = four_areas(random, V6, [const { AreaKind::Normal }; 4]);
    plan.name = "areas with ranges";
    let ways = [
        Range { advertise: true, cost: None },
        Range { advertise: true, cost: Some(77) },
        Range { advertise: false, cost: None },
        Range { advertise: true, cost: None },
    ];
    for (number, range) in ways.into_iter().enumerate() {
        let area = AreaId(u32::try_from(number).expect("small") + 1);
        let links: Vec<_> =
            (0..plan.links.len()).filter(|link| plan.links[*link].area == area).collect();
        for border in [3 + 5 * number, 4 + 5 * number] {
            for link in &links[..2] {
                // Half of the address space of a link's neighbours.
                let net = plan.prefix(*link);
                let wider = net.supernet().expect("longer than nothing");
                plan.nodes[border].ranges.entry(area).or_default().insert(wider, range);
            }
        }
    }
    plan
}

/// An area that reaches the backbone through another one, and a backbone in two halves.
pub(crate) fn virtual_links(random: &mut Random) -> Plan {
    let mut plan = Plan::new("virtual links", V6, 9);
    let (transit, far) = (AreaId(1), AreaId(2));
    // 0 and 1 are one half of the backbone, 2 and 3 the other; area 1 is between 1, 2 and 5 by way of 4 and 6.
    plan.link(Kind::PointToPoint, BACKBONE, &[(0, 2), (1, 3)]);
    plan.link(Kind::Broadcast, BACKBONE, &[(2, 2), (3, 3), (8, 1)]);
    let cost = |random: &mut Random| random.within(1, 4);
    for (one, other) in [(1, 4), (4, 2), (1, 6), (6, 2), (4, 5), (6, 5)] {
        let ends = [(one, cost(random)), (other, cost(random))];
        plan.link(Kind::PointToPoint, transit, &ends);
    }
    plan.link(Kind::Broadcast, far, &[(5, 4), (7, 2)]);
    for node in [1, 2, 4, 5, 6] {
        plan.nodes[node].home = transit;
    }
    plan.nodes[7].home = far;
    plan.virtual_links.push(VirtualLink { ends: [1, 2], transit });
    plan.virtual_links.push(VirtualLink { ends: [1, 5], transit });
    plan.virtual_links.push(VirtualLink { ends: [2, 5], transit });
    external(&mut plan, 7, 0, Metric::type2(2));
    external(&mut plan, 3, 0, Metric::type2(2));
    external(&mut plan, 0, 1, Metric::type1(2));
    plan
}
