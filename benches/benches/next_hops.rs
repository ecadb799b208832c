//! A million routes whose next hops change: what it costs to find and decide those concerned, and what it costs routes on
//! their way in that next hops are looked up in their table. Medians of several runs, and ratios within a run.
#![allow(clippy::disallowed_methods, reason = "time is what is measured")]
#![allow(clippy::print_stdout, reason = "the result")]

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use bgp_wire::PathAttributes;
use ipnet::{IpNet, Ipv4Net};
use rib::{
    AcceptAll, ExtraAttributes, ExtraCode, Family, IgpTable, IgpTables, Origination, Rib,
    RouteSource, SourceId, TableId,
};

const ROUTES: u32 = 1_000_000;
const NEXT_HOPS: u32 = 1_000;
/// Routes that have their attributes in common.
const PACKED: u32 = 10;
const RUNS: usize = 7;

/// Where next hops are looked up.
#[derive(Debug, Clone, Copy)]
enum Gateway {
    Direct,
    OtherTable,
    SameTable,
}

struct World {
    rib: Rib,
    igp: TableId,
    own: SourceId,
}

fn net(address: u32, length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new(address.into(), length).expect("short enough"))
}

/// The next hop of a number: each has an IGP route of its own.
const fn next_hop(number: u32) -> u32 {
    0xc0a8_0001 + (number << 4)
}

impl World {
    fn new(gateway: Gateway) -> (Self, Duration) {
        let mut rib = Rib::new(1);
        let master = rib.add_table("master4", Family::IPV4_UNICAST);
        let other = rib.add_table("igp4", Family::IPV4_UNICAST);
        let igp = if matches!(gateway, Gateway::SameTable) { master } else { other };
        let own = rib.add_source("own", RouteSource::Static, 200);
        let peer = rib.add_source("peer", RouteSource::Bgp, 100);
        let mut world = Self { rib, igp, own };
        for number in 0..NEXT_HOPS {
            world.carry(number, 1);
        }
        let looked_up = !matches!(gateway, Gateway::Direct);
        let ipv4 = looked_up.then_some(IgpTable::new(igp));
        let tables = IgpTables { ipv4, ipv6: None };
        let begin = Instant::now();
        for number in 0..ROUTES {
            let mut attributes = PathAttributes::default();
            attributes.med(number / PACKED);
            let address = IpAddr::V4(Ipv4Addr::from(next_hop(number / PACKED % NEXT_HOPS)));
            let next_hop = Some(tables.key(address.into(), Some(1)));
            let route = Origination { next_hop, attributes, ..Origination::default() };
            let net = net(0x0b00_0000 + (number << 6), 26);
            world.rib.originate(Duration::ZERO, peer, master, net, &route, &mut AcceptAll);
        }
        let took = begin.elapsed();
        (world, took)
    }

    /// Sets the IGP route of a next hop.
    fn carry(&mut self, number: u32, interface: u32) {
        let mut extra = ExtraAttributes::default();
        extra.set_number(ExtraCode::INTERFACE, interface);
        let route = Origination { extra, ..Origination::default() };
        let net = net(next_hop(number) & !15, 28);
        self.rib.originate(Duration::ZERO, self.own, self.igp, net, &route, &mut AcceptAll);
    }

    /// The time until all is decided after `changed` IGP routes have changed, the time within which nine calls in ten
    /// return (the longest ones tell of the machine's other work), and how many networks were decided anew.
    fn work(&mut self, changed: u32, interface: u32, budget: usize) -> (Duration, Duration, u64) {
        let before = self.rib.decided_anew();
        (0..changed).for_each(|number| self.carry(number, interface));
        let begin = Instant::now();
        let mut calls = Vec::new();
        loop {
            let call = Instant::now();
            let more = self.rib.work(Duration::ZERO, budget, &mut AcceptAll);
            calls.push(call.elapsed());
            if !more {
                break;
            }
        }
        let took = begin.elapsed();
        calls.sort_unstable();
        let most = *calls.get(calls.len() * 9 / 10).expect("there was one");
        (took, most, self.rib.decided_anew() - before)
    }
}

fn median<T: Ord + Copy>(mut all: Vec<T>) -> T {
    all.sort_unstable();
    *all.get(all.len() / 2).expect("there are some")
}

fn main() {
    println!("{ROUTES} routes, {NEXT_HOPS} next hops");
    let mut times = [(); 3].map(|()| Vec::new());
    let mut kept = None;
    for _ in 0..RUNS.min(3) {
        for (gateway, times) in
            [Gateway::Direct, Gateway::OtherTable, Gateway::SameTable].iter().zip(&mut times)
        {
            let (world, took) = World::new(*gateway);
            times.push(took);
            kept = Some(world);
        }
    }
    let [direct, other, same] = times.map(median);
    let ratio = |took: Duration| took.as_secs_f64() / direct.as_secs_f64();
    println!("routes in, next hops direct: {direct:?}");
    println!("  looked up in another table: {other:?}, {:.2} times", ratio(other));
    println!("  looked up in the same table: {same:?}, {:.2} times", ratio(same));
    let mut world = kept.expect("it was made");
    let mut interface = 2;
    for (changed, budget) in [
        (1, usize::MAX),
        (10, usize::MAX),
        (NEXT_HOPS, usize::MAX),
        (1, 1 << 16),
        (NEXT_HOPS, 1 << 16),
    ] {
        let runs = (0..RUNS).map(|_| {
            interface += 1;
            world.work(changed, interface, budget)
        });
        let (took, most, decided) = median(runs.collect());
        println!(
            "{changed} changed, budget {budget}: {decided} decided anew in {took:?}, calls {most:?}"
        );
    }
}
