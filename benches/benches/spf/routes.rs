//! The routing table of a router with one neighbour that has a grid of routers behind it, a prefix for each, as in
//! ospfbench.py; after changes of one LSA.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::net::Ipv6Addr;
use std::time::Duration;

use criterion::{BatchSize, Criterion};
use ospf3::lsa::{
    IntraAreaPrefix, IntraAreaPrefixLsa, RouterFlags, RouterLink, RouterLinkType, RouterLsa,
};
use ospf3::route::{Area, Externals, Input, Interface, Neighbor, RoutingTable, Rules};
use ospf3::{
    AddressFamily, AreaId, InterfaceId, LinkStateId, LsType, Lsa, LsaBody, LsaKey, Lsdb, Options,
    Prefix, RouterId, ScopeId, SequenceNumber,
};

const WIDTH: u32 = 71;
const OWN: RouterId = RouterId(0x0a00_0001);
const NEIGHBOR: RouterId = RouterId(0x0a00_00fe);

/// The databases of the router.
struct World {
    area: Lsdb,
    link: Lsdb,
    as_wide: Lsdb,
    sequence: i32,
}

type Changes = BTreeSet<(ScopeId, LsaKey)>;

fn router(x: u32, y: u32) -> RouterId {
    RouterId(0x0b00_0000 | (y * WIDTH + x + 1))
}

fn link(metric: u16, interface: u32, theirs: u32, to: RouterId) -> RouterLink {
    RouterLink {
        link_type: RouterLinkType::POINT_TO_POINT,
        metric,
        interface_id: InterfaceId(interface),
        neighbor_interface_id: InterfaceId(theirs),
        neighbor_router_id: to,
    }
}

impl World {
    fn new() -> Self {
        let (area, link, as_wide) = (Lsdb::new(), Lsdb::new(), Lsdb::new());
        let mut world = Self { area, link, as_wide, sequence: 0 };
        world.router_lsa(OWN, vec![link_to_neighbor()]);
        world.neighbor(Some(10));
        for (x, y) in (0..WIDTH).flat_map(|y| (0..WIDTH).map(move |x| (x, y))) {
            world.grid_router(x, y, 10);
            let groups = [0x3fff, 0, y, x].map(|group| u16::try_from(group).unwrap_or(0));
            let [a, b, c, d] = groups;
            let prefix = Prefix::v6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), 64);
            let referenced = key(LsType::ROUTER, router(x, y));
            let prefixes = vec![IntraAreaPrefix { prefix, metric: 10 }];
            let body = LsaBody::IntraAreaPrefix(IntraAreaPrefixLsa { referenced, prefixes });
            world.install(key(LsType::INTRA_AREA_PREFIX, router(x, y)), &body);
        }
        world
    }

    fn install(&mut self, key: LsaKey, body: &LsaBody) -> Changes {
        self.sequence += 1;
        let lsa = Lsa::new(0, key, SequenceNumber(self.sequence), body).expect("it is short");
        self.area.install(Duration::ZERO, lsa);
        BTreeSet::from([(ScopeId::Area(AreaId::BACKBONE), key)])
    }

    fn router_lsa(&mut self, id: RouterId, links: Vec<RouterLink>) -> Changes {
        let options = Options::V6 | Options::E | Options::R;
        let body = LsaBody::Router(RouterLsa { flags: RouterFlags::NONE, options, links });
        self.install(key(LsType::ROUTER, id), &body)
    }

    /// The LSA of the router between; `None`: the grid is cut off.
    fn neighbor(&mut self, cost: Option<u16>) -> Changes {
        let own = link(10, 2, 1, OWN);
        let grid = cost.map(|cost| link(cost, 9, 9, router(0, 0)));
        self.router_lsa(NEIGHBOR, [own].into_iter().chain(grid).collect())
    }

    /// A router of the grid, with this cost to the right.
    fn grid_router(&mut self, x: u32, y: u32, cost: u16) -> Changes {
        let mut links = Vec::new();
        for (interface, theirs, dx, dy) in
            [(1, 3, 1, 0), (2, 4, 0, 1), (3, 1, -1, 0), (4, 2, 0, -1)]
        {
            let (u, v) = (x.checked_add_signed(dx), y.checked_add_signed(dy));
            if let (Some(u), Some(v)) = (u.filter(|u| *u < WIDTH), v.filter(|v| *v < WIDTH)) {
                let cost = if interface == 1 { cost } else { 10 };
                links.push(link(cost, interface, theirs, router(u, v)));
            }
        }
        if (x, y) == (0, 0) {
            links.push(link(10, 9, 9, NEIGHBOR));
        }
        self.router_lsa(router(x, y), links)
    }

    fn input(&self) -> Input<'_> {
        let area = Area {
            lsdb: &self.area,
            externals: Externals::AsExternal,
            imports_summaries: true,
            ranges: Vec::new(),
        };
        let neighbor = Neighbor {
            router_id: NEIGHBOR,
            interface_id: InterfaceId(2),
            address: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2),
        };
        let interface =
            Interface { area: AreaId::BACKBONE, lsdb: Some(&self.link), neighbors: vec![neighbor] };
        Input {
            now: Duration::ZERO,
            router_id: OWN,
            family: AddressFamily::Ipv6Unicast,
            areas: BTreeMap::from([(AreaId::BACKBONE, area)]),
            as_lsdb: &self.as_wide,
            interfaces: BTreeMap::from([(InterfaceId(1), interface)]),
        }
    }
}

fn link_to_neighbor() -> RouterLink {
    link(10, 1, 2, NEIGHBOR)
}

const fn key(ls_type: LsType, advertising_router: RouterId) -> LsaKey {
    LsaKey { ls_type, advertising_router, link_state_id: LinkStateId(0) }
}

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("routes");
    let mut world = World::new();
    let mut table = RoutingTable::new(Rules::default());
    let all = (WIDTH * WIDTH) as usize;
    assert_eq!(table.update(&world.input(), &Changes::new()).prefixes.len(), all);
    let lsas = world.area.octets() / all;
    println!("memory of the routing table: {} octets for each router", table.octets() / all);
    println!("LSAs: {lsas} octets for each router");
    group.bench_function("from nothing", |b| {
        let input = world.input();
        b.iter_batched_ref(
            || RoutingTable::new(Rules::default()),
            |table| table.update(&input, &Changes::new()),
            BatchSize::LargeInput,
        );
    });
    let mut cost = 10;
    group.bench_function("all costs move", |b| {
        b.iter(|| {
            cost = if cost == 10 { 11 } else { 10 };
            let changes = world.neighbor(Some(cost));
            let done = table.update(&world.input(), &changes);
            assert_eq!(done.prefixes.len(), all);
            black_box(done);
        });
    });
    group.bench_function("cut off and back", |b| {
        b.iter(|| {
            for cost in [None, Some(10)] {
                let changes = world.neighbor(cost);
                let done = table.update(&world.input(), &changes);
                assert_eq!(done.prefixes.len(), all);
                black_box(done);
            }
        });
    });
    group.bench_function("a far link", |b| {
        b.iter(|| {
            cost = if cost == 8 { 6 } else { 8 };
            let changes = world.grid_router(WIDTH - 2, WIDTH - 1, cost);
            black_box(table.update(&world.input(), &changes));
        });
    });
    group.finish();
}
