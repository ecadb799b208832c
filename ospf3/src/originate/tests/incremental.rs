//! Part by part is the same as all at once, and what is told keeps its Link State ID.

use bytes::BytesMut;
use proptest::prelude::*;

use super::*;
use crate::lsa::{Lsa, PrefixOptions, SequenceNumber};

/// Prefixes that lie within each other, and the default route.
const PREFIXES: [&str; 8] = [
    "::/0",
    "2001:db8::/32",
    "2001:db8::/40",
    "2001:db8:1::/48",
    "2001:db8:1:1::/64",
    "2001:db8:2::/48",
    "2001:db8:100::/40",
    "2001:db8:100:1::/64",
];
const AREAS: [AreaId; 3] = [AreaId::BACKBONE, AREA_1, AREA_2];

#[derive(Debug, Clone)]
enum Change {
    Interface { id: u32, area: usize, attachment: u8, prefixes: u8, neighbors: u8 },
    Route { to: usize, route: Option<(u8, usize, u32, u32)> },
    Router { id: u32, route: Option<(u8, usize, u32, u32)> },
    External { to: usize, path: u32, metric: Option<Metric>, forwarding: bool },
    Theirs { area: usize, to: usize, lsas: Vec<(u32, Metric, bool)> },
    Kind { area: usize, kind: u8, translates: u8 },
    Ranges { area: usize, ranges: u8, advertise: bool, transit: bool },
    Size { lsa_size: usize, stub: bool },
}

fn metric() -> impl Strategy<Value = Metric> {
    (any::<bool>(), 0u32..4).prop_map(|(one, cost)| match one {
        true => Metric::type1(cost),
        false => Metric::type2(cost),
    })
}

fn route() -> impl Strategy<Value = Option<(u8, usize, u32, u32)>> {
    proptest::option::weighted(0.8, (0u8..4, 0usize..3, 0u32..4, 0u32..6))
}

fn change() -> impl Strategy<Value = Change> {
    let to = 0..PREFIXES.len();
    let area = 0..AREAS.len();
    prop_oneof![
        4 => (0u32..6, area.clone(), 0u8..8, any::<u8>(), any::<u8>()).prop_map(
            |(id, area, attachment, prefixes, neighbors)| Change::Interface {
                id, area, attachment, prefixes, neighbors
            }
        ),
        6 => (to.clone(), route()).prop_map(|(to, route)| Change::Route { to, route }),
        2 => (1u32..4, route()).prop_map(|(id, route)| Change::Router { id, route }),
        3 => (to.clone(), 0u32..2, proptest::option::of(metric()), any::<bool>()).prop_map(
            |(to, path, metric, forwarding)| Change::External { to, path, metric, forwarding }
        ),
        3 => (area.clone(), to, proptest::collection::vec((4u32..7, metric(), any::<bool>()), 0..3))
            .prop_map(|(area, to, lsas)| Change::Theirs { area, to, lsas }),
        1 => (area.clone(), 0u8..5, 0u8..3).prop_map(
            |(area, kind, translates)| Change::Kind { area, kind, translates }
        ),
        1 => (area, any::<u8>(), any::<bool>(), any::<bool>()).prop_map(
            |(area, ranges, advertise, transit)| Change::Ranges { area, ranges, advertise, transit }
        ),
        1 => (40usize..120, any::<bool>()).prop_map(
            |(lsa_size, stub)| Change::Size { lsa_size, stub }
        ),
    ]
}

const KINDS: [RouteKind; 4] = [
    RouteKind::IntraArea,
    RouteKind::InterArea,
    RouteKind::ExternalType1,
    RouteKind::ExternalType2,
];

fn chosen(mask: u8) -> impl Iterator<Item = &'static str> {
    let chosen = move |(bit, _): &(usize, _)| mask >> bit & 1 == 1;
    PREFIXES.iter().enumerate().filter(chosen).map(|(_, text)| *text)
}

/// Changes the world, and says what changed.
fn apply(world: &mut World, change: &Change) -> Vec<Part> {
    match change.clone() {
        Change::Interface { id, area, attachment, prefixes, neighbors } => {
            let interface_id = InterfaceId(id);
            let old = world.interfaces.get(&interface_id).map(|interface| interface.area);
            let attachment = match attachment {
                0 => Attachment::Down,
                1 => Attachment::Loopback,
                2 => Attachment::Passive,
                3 => Attachment::PointToPoint,
                4 => Attachment::PointToMultipoint,
                5 => Attachment::Transit(Some((SELF, interface_id))),
                6 => Attachment::Transit(Some((RouterId(1), InterfaceId(101)))),
                _ => Attachment::Virtual { transit: AREA_1 },
            };
            let prefixes: Vec<_> = chosen(prefixes).collect();
            let neighbors: Vec<_> = (1..5).filter(|id| neighbors >> id & 1 == 1).collect();
            let area = match attachment {
                Attachment::Virtual { .. } => AreaId::BACKBONE,
                _ => AREAS[area],
            };
            let interface = world.interface(id, area, attachment, &prefixes, &neighbors);
            for (router, neighbor) in &mut interface.neighbors {
                neighbor.link_lsa = link_lsa(&[prefix(PREFIXES[router.0 as usize + 3])]);
            }
            let parts = [Part::Link(interface_id), Part::Area(area)].into_iter();
            parts.chain(old.map(Part::Area)).collect()
        }
        Change::Route { to, route } => {
            world.table.routes.remove(&net(PREFIXES[to]));
            if let Some((kind, area, cost, interface)) = route {
                let kind = KINDS[usize::from(kind)];
                world.table.add(PREFIXES[to], kind, AREAS[area], cost, interface);
            }
            Vec::from([Part::Prefix(net(PREFIXES[to]))])
        }
        Change::Router { id, route } => {
            world.table.routers.remove(&RouterId(id));
            if let Some((kind, area, cost, interface)) = route {
                let kind = KINDS[usize::from(kind % 2)];
                world.table.add_router(id, kind, AREAS[area], cost, interface);
            }
            Vec::from([Part::BoundaryRouter(RouterId(id))])
        }
        Change::External { to, path, metric, forwarding } => {
            let key = ExternalKey { prefix: net(PREFIXES[to]), path };
            world.externals.remove(&key);
            if let Some(metric) = metric {
                let forwarding_address = forwarding.then(|| net(PREFIXES[4]).addr());
                let external = External { metric, tag: None, forwarding_address, propagate: true };
                world.externals.insert(key, external);
            }
            Vec::from([Part::Prefix(net(PREFIXES[to]))])
        }
        Change::Theirs { area, to, lsas } => {
            let (area, to) =
                (Some(AREAS[area]).filter(|area| *area != AreaId::BACKBONE), PREFIXES[to]);
            let lsas = lsas.into_iter().map(|(router, metric, p)| {
                let options = if p { PrefixOptions::P } else { PrefixOptions::NONE };
                let lsa = ExternalLsa {
                    metric_type: metric.metric_type,
                    metric: metric.cost,
                    prefix: prefix(to).with(options),
                    forwarding_address: Some(prefix(PREFIXES[4]).address),
                    tag: None,
                    referenced: None,
                };
                (RouterId(router), lsa)
            });
            world.table.externals.insert((area, net(to)), lsas.collect());
            Vec::from([Part::Prefix(net(to))])
        }
        Change::Kind { .. } | Change::Ranges { .. } | Change::Size { .. } => {
            configure(world, change);
            Vec::new()
        }
    }
}

/// Changes the configuration: nobody needs to say that.
fn configure(world: &mut World, change: &Change) {
    match *change {
        Change::Kind { area, kind, translates } => {
            let translates = match translates {
                0 => Translates::No,
                // What is told in state NoMore depends on what was told before: not here.
                _ => Translates::Yes,
            };
            let nssa = |import_summaries| {
                AreaKind::Nssa(Nssa { import_summaries, translates, ..Nssa::default() })
            };
            world.area(AREAS[area]).kind = match kind {
                0 => AreaKind::Normal,
                1 => AreaKind::Stub(Stub::default()),
                2 => AreaKind::Stub(Stub { import_summaries: false, ..Stub::default() }),
                3 => nssa(true),
                _ => nssa(false),
            };
        }
        Change::Ranges { area, ranges, advertise, transit } => {
            let area = world.area(AREAS[area]);
            area.transit = transit;
            area.ranges =
                chosen(ranges).map(|text| (net(text), Range { advertise, cost: None })).collect();
            if let AreaKind::Nssa(nssa) = &mut area.kind {
                let range = NssaRange { advertise, tag: None };
                nssa.ranges = chosen(ranges).map(|text| (net(text), range)).collect();
            }
        }
        Change::Size { lsa_size, stub } => {
            world.router.lsa_size = lsa_size;
            world.router.stub = if stub { StubRouter::MaxLinkMetric } else { StubRouter::Off };
        }
        _ => {}
    }
}

type Told = BTreeMap<(ScopeId, LsaKey), LsaBody>;

/// What is told, whatever the Link State IDs and however it is spread over LSAs.
fn meaning(told: &Told) -> Vec<alloc::string::String> {
    let mut lines = Vec::new();
    for ((scope, key), body) in told {
        let mut line = |text| lines.push(alloc::format!("{scope:?} {} {text}", key.ls_type));
        match body {
            LsaBody::Router(lsa) => {
                line(alloc::format!("{:?} {:?}", lsa.flags, lsa.options));
                lsa.links.iter().for_each(|link| line(alloc::format!("{link:?}")));
            }
            LsaBody::IntraAreaPrefix(lsa) => {
                let of = lsa.referenced;
                lsa.prefixes.iter().for_each(|prefix| line(alloc::format!("{of:?} {prefix:?}")));
            }
            LsaBody::Network(_) | LsaBody::Link(_) => {
                line(alloc::format!("{} {body:?}", key.link_state_id));
            }
            other => line(alloc::format!("{other:?}")),
        }
    }
    lines.sort();
    // The flags of several Router-LSAs.
    lines.dedup();
    lines
}

/// What an LSA tells of, for those that tell of one thing.
fn destination(body: &LsaBody) -> Option<alloc::string::String> {
    match body {
        LsaBody::InterAreaPrefix(lsa) => Some(alloc::format!("{:?}", lsa.prefix)),
        LsaBody::InterAreaRouter(lsa) => Some(alloc::format!("{}", lsa.destination_router)),
        _ => None,
    }
}

fn install(told: &mut Told, wanted: Vec<Wanted>) {
    assert!(wanted.is_sorted_by(|one, next| (one.scope, one.key) < (next.scope, next.key)));
    for Wanted { scope, key, body } in wanted {
        match body {
            Some(body) => {
                if let Some(old) = told.insert((scope, key), body.clone()) {
                    assert_eq!(destination(&old), destination(&body), "a Link State ID moved");
                }
            }
            None => assert!(told.remove(&(scope, key)).is_some(), "{key} is not there"),
        }
    }
}

fn lsa(key: LsaKey, body: &LsaBody) -> Lsa {
    Lsa::new(0, key, SequenceNumber::INITIAL, body).expect("it fits")
}

proptest! {
    #[test]
    fn parts_are_as_the_whole(changes in proptest::collection::vec(change(), 1..40)) {
        let mut world = World::new(&AREAS);
        let mut originator = Originator::new();
        let mut told = Told::new();
        for change in &changes {
            let parts = apply(&mut world, change);
            let before = told.clone();
            install(&mut told, originator.update(&world.description(), parts));
            prop_assert_eq!(meaning(&told), meaning(&world.desired()), "{:?}", change);
            // What is told before and after has the Link State ID it had.
            for (place, body) in &before {
                let of = destination(body);
                let still = told.iter().find(|((scope, key), other)| {
                    (*scope, key.ls_type) == (place.0, place.1.ls_type) && of.is_some() && destination(other) == of
                });
                if let Some((now, _)) = still {
                    prop_assert_eq!(now, place);
                }
            }
            // LSAs keep within their size, unless they hold one thing only or cannot be spread.
            for ((_, key), body) in &told {
                let several = match body {
                    LsaBody::Router(lsa) => lsa.links.len() > 1,
                    LsaBody::IntraAreaPrefix(lsa) => lsa.prefixes.len() > 1,
                    _ => false,
                };
                prop_assert!(!several || lsa(*key, body).len() <= world.router.lsa_size);
            }
        }
        // Nothing changes where nothing changed.
        let again = originator.update(&world.description(), [Part::All]);
        let mut same = told.clone();
        install(&mut same, again);
        prop_assert_eq!(&same, &told);
        // After a restart, with what the others still had.
        let mut restarted = Originator::new();
        for ((scope, key), body) in &told {
            let mut octets = BytesMut::new();
            lsa(*key, body).put(0, &mut octets);
            let lsa = Lsa::decode(&mut octets.freeze()).expect("just made");
            prop_assert!(restarted.adopt(&world.router, *scope, &lsa), "{} {:?}", key, body);
            prop_assert!(!restarted.adopt(&world.router, *scope, &lsa));
        }
        install(&mut same, restarted.update(&world.description(), [Part::All]));
        prop_assert!(same.keys().eq(told.keys()));
        // Several routes to one prefix may have changed places.
        prop_assert_eq!(meaning(&same), meaning(&told));
    }
}

/// An item keeps its place while others come and go; what is spread too thin is put together.
#[test]
fn packing_is_stable() {
    let mut packing = packing::Packing::default();
    let mut pack = |items: &[u32]| packing.pack(items.iter().map(|item| (*item, 10)), 35);
    let fragments = |parts: &[(u32, &[u32])]| -> BTreeMap<u32, Vec<u32>> {
        parts.iter().map(|(fragment, items)| (*fragment, items.to_vec())).collect()
    };
    assert_eq!(pack(&[]), fragments(&[]));
    assert_eq!(pack(&[2, 4, 6, 8]), fragments(&[(0, &[2, 4, 6]), (1, &[8])]));
    assert_eq!(pack(&[1, 2, 4, 6, 8]), fragments(&[(0, &[2, 4, 6]), (1, &[1, 8])]));
    assert_eq!(pack(&[1, 2, 6, 8]), fragments(&[(0, &[2, 6]), (1, &[1, 8])]));
    assert_eq!(pack(&[1, 2, 6, 7, 8]), fragments(&[(0, &[2, 6, 7]), (1, &[1, 8])]));
    let many: Vec<u32> = (0..30).collect();
    assert_eq!(pack(&many).len(), 10);
    let few: Vec<u32> = (0..30).step_by(3).collect();
    let packed = pack(&few);
    assert_eq!(packed.values().flatten().count(), few.len());
    assert!(packed.len() <= 4 * 2 + 1, "{packed:?}");
    // One that is larger than the room.
    let large = packing.pack([(1, 50), (2, 50)].into_iter(), 35);
    assert_eq!(large.len(), 2);
}
