//! What an area border router tells (RFC 2328 §12.4.3).

use super::*;
use crate::lsa::{InterAreaPrefixLsa, InterAreaRouterLsa, LS_INFINITY};

impl World {
    /// The prefixes of other areas that an area is told, with their metrics.
    fn summaries(&self, area: AreaId) -> Vec<(Prefix, u32)> {
        let told = self.told(ScopeId::Area(area), LsType::INTER_AREA_PREFIX).into_iter();
        let mut told: Vec<_> = told
            .map(|(_, body)| match body {
                LsaBody::InterAreaPrefix(InterAreaPrefixLsa { metric, prefix }) => (prefix, metric),
                other => panic!("{other:?}"),
            })
            .collect();
        told.sort();
        told
    }

    fn routers(&self, area: AreaId) -> Vec<(u32, u32)> {
        let told = self.told(ScopeId::Area(area), LsType::INTER_AREA_ROUTER).into_iter();
        let pair = |(_, body)| match body {
            LsaBody::InterAreaRouter(InterAreaRouterLsa { metric, destination_router, .. }) => {
                (destination_router.0, metric)
            }
            other => panic!("{other:?}"),
        };
        told.map(pair).collect()
    }
}

/// Interface 100 in the backbone, 101 in area 1, 102 in area 2.
fn border() -> World {
    World::attached(&[AreaId::BACKBONE, AREA_1, AREA_2])
}

const INTRA: RouteKind = RouteKind::IntraArea;
const INTER: RouteKind = RouteKind::InterArea;

/// Only intra-area routes into the backbone, both into the others; not into the area itself.
#[test]
fn which_routes_are_told_where() {
    let mut world = border();
    world.table.add("2001:db8:a::/48", INTRA, AREA_1, 7, 101);
    world.table.add("2001:db8:b::/48", INTRA, AreaId::BACKBONE, 8, 100);
    world.table.add("2001:db8:c::/48", INTER, AreaId::BACKBONE, 9, 100);
    for (kind, to) in [
        (RouteKind::ExternalType1, "2001:db8:d::/48"),
        (RouteKind::ExternalType2, "2001:db8:e::/48"),
    ] {
        world.table.add(to, kind, AreaId::BACKBONE, 10, 100);
    }
    let [a, b, c] = [("2001:db8:a::/48", 7), ("2001:db8:b::/48", 8), ("2001:db8:c::/48", 9)]
        .map(|(text, cost)| (prefix(text), cost));
    assert_eq!(world.summaries(AreaId::BACKBONE), [a]);
    assert_eq!(world.summaries(AREA_1), [b, c]);
    assert_eq!(world.summaries(AREA_2), [a, b, c]);
    // One that is no border router tells nothing.
    let mut inner = World::attached(&[AREA_2]);
    inner.table = world.table.clone();
    assert_eq!(inner.summaries(AREA_2), []);
}

/// An inter-area route is not told to the backbone, by whichever area it goes.
#[test]
fn inter_area_routes_never_go_to_the_backbone() {
    let mut world = border();
    world.table.add("2001:db8:c::/48", INTER, AREA_1, 9, 101);
    assert_eq!(world.summaries(AreaId::BACKBONE), []);
    assert_eq!(world.summaries(AREA_2), [(prefix("2001:db8:c::/48"), 9)]);
}

/// What goes through an area is not told there: split horizon.
#[test]
fn next_hops_within_the_area() {
    let mut world = border();
    // By a virtual link through area 1.
    world.table.add("2001:db8:b::/48", INTRA, AreaId::BACKBONE, 8, 101);
    let told = [(prefix("2001:db8:b::/48"), 8)];
    assert_eq!(world.summaries(AREA_1), []);
    assert_eq!(world.summaries(AREA_2), told);
    // This router's own prefix: no next hops.
    world.table.routes.values_mut().for_each(|route| route.next_hops = Arc::from([]));
    assert_eq!(world.summaries(AREA_1), told);
}

/// LSInfinity
#[test]
fn what_cannot_be_reached() {
    let mut world = border();
    for (cost, told) in [(LS_INFINITY - 1, 1), (LS_INFINITY, 0), (LS_INFINITY + 7, 0)] {
        world.table.add("2001:db8:b::/48", INTRA, AreaId::BACKBONE, cost, 100);
        world.table.add_router(9, INTRA, AreaId::BACKBONE, cost, 100);
        assert_eq!(world.summaries(AREA_1).len(), told);
        assert_eq!(world.routers(AREA_1).len(), told);
    }
}

/// RFC 5340 §4.4.3.5: routes to AS boundary routers, with the options of their Router-LSAs
#[test]
fn boundary_routers() {
    let mut world = border();
    world.table.add_router(9, INTRA, AREA_1, 12, 101);
    world.table.add_router(10, INTER, AreaId::BACKBONE, 13, 100);
    world.table.routers.get_mut(&RouterId(9)).expect("there").options = Options::V6 | Options::DC;
    assert_eq!(world.routers(AreaId::BACKBONE), [(9, 12)]);
    assert_eq!(world.routers(AREA_1), [(10, 13)]);
    assert_eq!(world.routers(AREA_2), [(9, 12), (10, 13)]);
    let LsaBody::InterAreaRouter(lsa) = world.only(BACKBONE, LsType::INTER_AREA_ROUTER).1 else {
        panic!("another body");
    };
    assert_eq!(lsa.options, Options::V6 | Options::DC);
    // Not into stub areas and NSSAs.
    world.area(AREA_1).kind = AreaKind::Stub(Stub::default());
    world.nssa(AREA_2);
    assert_eq!(world.routers(AREA_1), []);
    assert_eq!(world.routers(AREA_2), []);
}

fn range(advertise: bool, cost: Option<u32>) -> Range {
    Range { advertise, cost }
}

/// RFC 5340 §4.4.3.4: the cost of a range is the largest of its components
#[test]
fn ranges() {
    let mut world = border();
    world.table.add("2001:db8:a:1::/64", INTRA, AREA_1, 7, 101);
    world.table.add("2001:db8:a:2::/64", INTRA, AREA_1, 4, 101);
    world.table.add("2001:db8:b::/48", INTRA, AREA_1, 5, 101);
    world.area(AREA_1).ranges.insert(net("2001:db8:a::/48"), range(true, None));
    let told = [(prefix("2001:db8:a::/48"), 7), (prefix("2001:db8:b::/48"), 5)];
    assert_eq!(world.summaries(AreaId::BACKBONE), told);
    assert_eq!(world.summaries(AREA_2), told);
    assert_eq!(world.summaries(AREA_1), []);
    // With a cost of its own.
    world.area(AREA_1).ranges.insert(net("2001:db8:a::/48"), range(true, Some(99)));
    assert_eq!(world.summaries(AREA_2)[0].1, 99);
    // DoNotAdvertise
    world.area(AREA_1).ranges.insert(net("2001:db8:a::/48"), range(false, None));
    assert_eq!(world.summaries(AREA_2), told[1..]);
    // One in which nothing is.
    world.area(AREA_1).ranges.clear();
    world.area(AREA_1).ranges.insert(net("2001:db8:f::/48"), range(true, Some(1)));
    assert_eq!(world.summaries(AREA_2).len(), 3);
}

/// A range condenses its own area's intra-area routes only.
#[test]
fn a_range_of_another_area() {
    let mut world = border();
    world.area(AREA_1).ranges.insert(net("2001:db8:a::/48"), range(true, None));
    world.table.add("2001:db8:a:1::/64", INTRA, AREA_2, 7, 102);
    world.table.add("2001:db8:a:2::/64", INTER, AreaId::BACKBONE, 4, 100);
    let of_area_2 = (prefix("2001:db8:a:1::/64"), 7);
    assert_eq!(world.summaries(AreaId::BACKBONE), [of_area_2]);
    assert_eq!(world.summaries(AREA_1), [of_area_2, (prefix("2001:db8:a:2::/64"), 4)]);
}

/// RFC 2328 §C.2: of ranges within each other the longest counts.
#[test]
fn ranges_within_ranges() {
    let mut world = border();
    world.table.add("2001:db8:a:100::/64", INTRA, AREA_1, 7, 101);
    world.table.add("2001:db8:a:1::/64", INTRA, AREA_1, 4, 101);
    world.table.add("2001:db8:a::/48", INTRA, AREA_1, 2, 101);
    let ranges = &mut world.area(AREA_1).ranges;
    ranges.insert(net("2001:db8:a::/48"), range(true, None));
    ranges.insert(net("2001:db8:a:100::/56"), range(true, None));
    let told = [(prefix("2001:db8:a::/48"), 4), (prefix("2001:db8:a:100::/56"), 7)];
    assert_eq!(world.summaries(AREA_2), told);
    world.area(AREA_1).ranges.insert(net("2001:db8:a:100::/56"), range(false, None));
    assert_eq!(world.summaries(AREA_2), told[..1]);
}

/// One prefix as the range of one area and as a route of another: the cheaper.
#[test]
fn a_range_and_a_route_for_one_prefix() {
    let mut world = border();
    world.area(AREA_1).ranges.insert(net("2001:db8:a::/48"), range(true, None));
    world.table.add("2001:db8:a:1::/64", INTRA, AREA_1, 7, 101);
    world.table.add("2001:db8:a::/48", INTRA, AreaId::BACKBONE, 3, 100);
    assert_eq!(world.summaries(AREA_2), [(prefix("2001:db8:a::/48"), 3)]);
    assert_eq!(world.summaries(AreaId::BACKBONE), [(prefix("2001:db8:a::/48"), 7)]);
}

/// The backbone's ranges are ignored in transit areas.
#[test]
fn transit_areas() {
    let mut world = border();
    world.area(AreaId::BACKBONE).ranges.insert(net("2001:db8:b::/48"), range(true, None));
    world.area(AreaId::BACKBONE).ranges.insert(net("2001:db8:c::/48"), range(false, None));
    world.area(AREA_1).transit = true;
    world.table.add("2001:db8:b:1::/64", INTRA, AreaId::BACKBONE, 3, 100);
    world.table.add("2001:db8:c:1::/64", INTRA, AreaId::BACKBONE, 4, 100);
    let whole = [(prefix("2001:db8:b:1::/64"), 3), (prefix("2001:db8:c:1::/64"), 4)];
    assert_eq!(world.summaries(AREA_1), whole);
    assert_eq!(world.summaries(AREA_2), [(prefix("2001:db8:b::/48"), 3)]);
}

/// RFC 2328 §12.4.3.1: stub areas; RFC 3101 §2.7: NSSAs
#[test]
fn default_routes() {
    let kinds: [(AreaKind, &[(&str, u32)]); 6] = [
        (AreaKind::Normal, &[("::/0", 70), ("2001:db8:b::/48", 8)]),
        (
            AreaKind::Stub(Stub { default_cost: 3, import_summaries: true }),
            &[("::/0", 3), ("2001:db8:b::/48", 8)],
        ),
        (AreaKind::Stub(Stub { default_cost: 4, import_summaries: false }), &[("::/0", 4)]),
        (AreaKind::Nssa(Nssa::default()), &[("2001:db8:b::/48", 8)]),
        (
            AreaKind::Nssa(Nssa {
                import_summaries: false,
                default_metric: Some(Metric::type2(6)),
                ..Nssa::default()
            }),
            &[("::/0", 6)],
        ),
        (
            AreaKind::Nssa(Nssa {
                import_summaries: false,
                default_metric: None,
                ..Nssa::default()
            }),
            &[("::/0", 1)],
        ),
    ];
    for (kind, told) in kinds {
        let mut world = border();
        world.table.add("::/0", INTER, AreaId::BACKBONE, 70, 100);
        world.table.add("2001:db8:b::/48", INTRA, AreaId::BACKBONE, 8, 100);
        world.area(AREA_1).kind = kind;
        let told: Vec<_> = told.iter().map(|(text, cost)| (prefix(text), *cost)).collect();
        assert_eq!(world.summaries(AREA_1), told);
        // Not by a router that is no border router.
        world.interfaces.retain(|_, interface| interface.area == AREA_1);
        assert_eq!(world.summaries(AREA_1), []);
    }
}

/// RFC 5340 §4.4.3.5: Link State IDs say nothing, and are all different.
#[test]
fn link_state_ids() {
    let mut world = border();
    for number in 1..=50 {
        let to = alloc::format!("2001:db8:{number:x}::/48");
        world.table.add(&to, INTRA, AreaId::BACKBONE, number, 100);
        world.table.add_router(number, INTRA, AreaId::BACKBONE, number, 100);
    }
    for ls_type in [LsType::INTER_AREA_PREFIX, LsType::INTER_AREA_ROUTER] {
        let told = world.told(ScopeId::Area(AREA_1), ls_type);
        let ids: BTreeSet<_> = told.iter().map(|(id, _)| *id).collect();
        assert_eq!((told.len(), ids.len()), (50, 50));
    }
}
